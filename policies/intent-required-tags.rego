# METADATA
# title: Required tags
# description: >-
#   Denies creating or updating a resource whose configuration has tags or labels but lacks one of the required ones, or
#   leaves one empty. Resources without such an attribute are not its business. Attach it beside a policy that allows.
package spacelift

required := {"owner", "environment"}

deny contains message if {
	input.resource.operation in {"create", "update"}
	some attribute in ["tags", "labels"]
	tags := tags_of(input.resource.proposed_state[attribute])
	some name in required
	not has_value(tags, name)
	message := sprintf("%s of %s need %q", [attribute, input.resource.resource_id, name])
}

tags_of(value) := value if is_object(value)

# An attribute that is set to null has no tags at all.
tags_of(null) := {}

has_value(tags, name) if trim_space(tags[name]) != ""
