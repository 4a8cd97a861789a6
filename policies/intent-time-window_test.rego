package spacelift_test

import data.spacelift

at(operation, when, approvals) := {
	"resource": {"resource_id": "a", "resource_type": "t", "operation": operation},
	"request": {"timestamp_ns": time.parse_rfc3339_ns(when), "approved_by": approvals},
}

test_passes_in_working_hours if {
	every when in ["2026-11-20T08:00:00+01:00", "2026-11-20T16:59:59+01:00", "2026-07-01T06:00:00Z"] {
		spacelift.deny == set() with input as at("create", when, [])
	}
}

test_denies_outside_of_them if {
	every when in ["2026-11-20T07:59:59+01:00", "2026-11-20T17:00:00+01:00", "2026-11-21T12:00:00+01:00", "2026-07-01T15:00:00Z"] {
		count(spacelift.deny) == 1 with input as at("update", when, [])
	}
}

test_passes_with_an_approval if spacelift.deny == set() with input as at("delete", "2026-11-21T12:00:00Z", ["ana"])

test_reads_at_all_hours if spacelift.deny == set() with input as at("refresh", "2026-11-21T03:00:00Z", [])

test_denies_without_a_time if {
	count(spacelift.deny) == 1 with input as {"resource": {"operation": "create"}, "request": {"approved_by": []}}
}
