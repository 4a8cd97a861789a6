# METADATA
# title: Caps on sizes and counts
# description: >-
#   Denies a create or update in which a number is over its cap. Caps are listed by resource type and attribute; an
#   attribute that is not a number is denied too, because it cannot be compared. Attach it beside a policy that allows.
package spacelift

caps := {
	"sandbox_string": {"length": 64},
	"sandbox_pet": {"length": 5},
	"aws_instance": {"cpu_core_count": 8},
	"aws_ebs_volume": {"size": 500},
}

deny contains message if {
	some attribute, cap in wanted_caps
	value := input.resource.proposed_state[attribute]
	is_number(value)
	value > cap
	message := sprintf("%s is %v; at most %v is allowed for %s", [attribute, value, cap, input.resource.resource_type])
}

deny contains message if {
	some attribute, _ in wanted_caps
	value := input.resource.proposed_state[attribute]
	not is_number(value)
	value != null
	message := sprintf("%s must be a number to be held against its cap", [attribute])
}

wanted_caps := caps[input.resource.resource_type] if input.resource.operation in {"create", "update"}
