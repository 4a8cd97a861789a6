package spacelift_test

import data.spacelift

of(labels, operation, machine, approvals) := {
	"resource": {"resource_id": "a", "resource_type": "t", "operation": operation},
	"project": {"labels": labels},
	"session": {"machine": machine},
	"request": {"approved_by": approvals},
}

test_development_is_open if {
	spacelift.allow == {"development is open to everyone"} with input as of(["environment:development"], "delete", true, [])
	spacelift.deny == set() with input as of(["environment:development"], "delete", true, [])
}

test_staging_allows_an_update if {
	spacelift.allow == {"staging allows all but deletion"} with input as of(["environment:staging"], "update", true, [])
}

test_staging_leaves_a_delete_to_a_person if {
	spacelift.allow == set() with input as of(["environment:staging"], "delete", false, [])
	spacelift.deny == set() with input as of(["environment:staging"], "delete", false, [])
}

test_production_denies_machines if {
	spacelift.deny == {"machines do not change production"} with input as of(["environment:production"], "create", true, ["ana"])
}

test_production_needs_an_approval if {
	spacelift.allow == set() with input as of([], "create", false, [])
	spacelift.allow == {"approved by a person"} with input as of([], "create", false, ["ana"])
}

test_production_may_be_read if {
	spacelift.allow == {"reading is allowed everywhere"} with input as of([], "refresh", true, [])
	spacelift.deny == set() with input as of([], "refresh", true, [])
}

test_two_labels_do_not_clash if {
	spacelift.environment == "development" with input as of(["environment:development", "environment:staging"], "create", false, [])
}

test_a_project_without_labels_is_production if spacelift.environment == "production" with input as {"project": {}}
