# METADATA
# title: Starter, sandbox only
# description: >-
#   Allows every operation on resources of the built-in sandbox provider, denies names that speak of production and
#   content over 4,096 characters, and leaves everything else to a person. A safe place to begin: copy it, then widen it.
package spacelift

provider := "sluice/sandbox"

max_content_length := 4096

deny contains message if {
	some name in names
	regex.match(`(^|[^a-z0-9])(prod|production|live)([^a-z0-9]|$)`, lower(name))
	message := sprintf("%q looks like production; the starter policy allows experiments only", [name])
}

deny contains message if {
	content := input.resource.proposed_state.content
	is_string(content)
	length := count(content)
	length > max_content_length
	message := sprintf("the content has %d characters; the starter policy allows %d", [length, max_content_length])
}

allow contains message if {
	input.resource.provider == provider
	message := sprintf("the sandbox may %s %s", [input.resource.operation, input.resource.resource_type])
}

sample := true

names contains input.resource.resource_id

names contains input.resource.proposed_state.name

names contains input.resource.proposed_state.path

names contains input.resource.proposed_state.prefix
