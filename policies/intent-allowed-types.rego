# METADATA
# title: Allowed resource types
# description: >-
#   Allows the listed resource types and denies every other one. Replace the list with your own; an entry ending in an
#   asterisk stands for all types that begin so.
package spacelift

allowed_types := {"sandbox_*", "aws_s3_bucket"}

allow contains message if {
	is_allowed
	message := sprintf("%s is on the list of allowed types", [input.resource.resource_type])
}

deny contains message if {
	not is_allowed
	message := sprintf("%v is not on the list of allowed types", [input.resource.resource_type])
}

is_allowed if {
	some allowed in allowed_types
	endswith(allowed, "*")
	startswith(input.resource.resource_type, trim_suffix(allowed, "*"))
}

is_allowed if input.resource.resource_type in allowed_types

sample := true
