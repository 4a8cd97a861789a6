package spacelift_test

import data.spacelift

at(when, machine) := {
	"session": {"member": true, "machine": machine},
	"request": {"timestamp_ns": time.parse_rfc3339_ns(when)},
}

test_lets_people_in_on_time if {
	every when in ["2026-11-20T06:00:00+01:00", "2026-11-20T19:59:59+01:00"] {
		spacelift.allow with input as at(when, false)
		spacelift.deny == set() with input as at(when, false)
	}
}

test_keeps_people_out_late if {
	every when in ["2026-11-20T05:59:59+01:00", "2026-11-20T20:00:00+01:00", "2026-11-21T12:00:00+01:00"] {
		count(spacelift.deny) == 1 with input as at(when, false)
	}
}

test_lets_machines_in_always if spacelift.deny == set() with input as at("2026-11-21T03:00:00Z", true)

test_keeps_people_out_without_a_time if {
	count(spacelift.deny) == 1 with input as {"session": {"member": true, "machine": false}, "request": {}}
}
