package spacelift_test

import data.spacelift

of(type, operation, current) := {
	"resource": {"resource_id": "a", "resource_type": type, "operation": operation, "current_state": current, "proposed_state": null},
	"plan": {"actions": [operation]},
	"dependencies": {"upstream": [], "downstream": []},
}

test_denies_deleting_a_database if {
	spacelift.deny == {"aws_db_instance keeps data; this policy denies its deletion"} with input as of("aws_db_instance", "delete", {})
}

test_denies_replacing_a_bucket if {
	replaced := object.union(of("aws_s3_bucket", "update", {}), {"plan": {"actions": ["delete", "create"]}})
	count(spacelift.deny) == 1 with input as replaced
}

test_lets_a_bucket_change if spacelift.deny == set() with input as of("aws_s3_bucket", "update", {})

test_denies_deleting_what_is_marked if {
	every mark in [true, "true", "Yes", 1] {
		spacelift.deny == {"a is marked as protected"} with input as of("sandbox_file", "delete", {"tags": {"protected": mark}})
	}
}

test_lets_the_unmarked_go if {
	spacelift.deny == set() with input as of("sandbox_file", "delete", {"tags": {"protected": "false"}})
	spacelift.deny == set() with input as of("sandbox_file", "delete", {})
}

test_denies_deleting_what_is_needed if {
	needed := object.union(of("sandbox_file", "delete", {}), {"dependencies": {"downstream": [{"resource_id": "b", "resource_type": "t"}]}})
	spacelift.deny == {"a is still needed by b"} with input as needed
}

test_denies_a_database_without_plan_or_neighbors if {
	count(spacelift.deny) == 1 with input as {"resource": {"resource_id": "a", "resource_type": "x_database", "operation": "delete"}, "plan": null}
}
