package spacelift_test

import data.spacelift

of(type, operation, proposed) := {"resource": {"resource_id": "a", "resource_type": type, "operation": operation, "proposed_state": proposed}}

test_passes_at_the_cap if spacelift.deny == set() with input as of("sandbox_string", "create", {"length": 64})

test_denies_over_the_cap if {
	spacelift.deny == {"length is 65; at most 64 is allowed for sandbox_string"} with input as of("sandbox_string", "create", {"length": 65})
}

test_denies_on_update_too if count(spacelift.deny) == 1 with input as of("aws_ebs_volume", "update", {"size": 501})

test_denies_what_cannot_be_compared if {
	spacelift.deny == {"length must be a number to be held against its cap"} with input as of("sandbox_string", "create", {"length": "999"})
}

test_passes_an_attribute_that_is_not_set if {
	spacelift.deny == set() with input as of("sandbox_string", "create", {"length": null})
	spacelift.deny == set() with input as of("sandbox_string", "create", {})
}

test_leaves_other_types_alone if spacelift.deny == set() with input as of("other", "create", {"length": 1000})

test_leaves_deletes_alone if spacelift.deny == set() with input as of("sandbox_string", "delete", null)
