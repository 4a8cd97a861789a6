package spacelift_test

import data.spacelift

of(operation, proposed) := {"resource": {"resource_id": "a", "resource_type": "t", "operation": operation, "proposed_state": proposed}}

test_passes_with_all_tags if {
	spacelift.deny == set() with input as of("create", {"tags": {"owner": "ana", "environment": "dev"}})
}

test_denies_each_missing_tag if {
	spacelift.deny == {"tags of a need \"owner\"", "tags of a need \"environment\""} with input as of("create", {"tags": {}})
}

test_denies_a_blank_tag if {
	spacelift.deny == {"labels of a need \"owner\""} with input as of("update", {"labels": {"owner": " ", "environment": "dev"}})
}

test_denies_a_tag_that_is_no_text if {
	count(spacelift.deny) == 1 with input as of("create", {"tags": {"owner": 1, "environment": "dev"}})
}

test_denies_tags_set_to_null if count(spacelift.deny) == 2 with input as of("create", {"tags": null})

test_leaves_resources_without_tags_alone if spacelift.deny == set() with input as of("create", {"content": "x"})

test_leaves_deletes_alone if spacelift.deny == set() with input as of("delete", null)
