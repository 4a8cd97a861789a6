package spacelift_test

import data.spacelift

from(email, machine, address) := {
	"session": {"login": "ana", "email": email, "machine": machine},
	"request": {"remote_ip": address},
}

test_lets_the_company_in_from_the_office if {
	every address in ["192.0.2.7", "2001:db8::7"] {
		spacelift.allow with input as from("Ana@Example.com", false, address)
		spacelift.deny == set() with input as from("Ana@Example.com", false, address)
	}
}

test_lets_machines_in_from_the_office if {
	spacelift.allow with input as from(null, true, "192.0.2.7")
	spacelift.deny == set() with input as from(null, true, "192.0.2.7")
}

test_says_why_not_from_elsewhere if {
	not spacelift.allow with input as from("ana@example.com", false, "203.0.113.9")
	spacelift.deny == {"sign in from the office or its VPN"} with input as from("ana@example.com", false, "203.0.113.9")
}

test_keeps_out_other_domains if {
	every email in ["ana@example.org", "ana@example.com.evil.net", "example.com"] {
		not spacelift.allow with input as from(email, false, "192.0.2.7")
		count(spacelift.deny) == 1 with input as from(email, false, "192.0.2.7")
	}
}

test_keeps_out_whom_it_cannot_place if {
	not spacelift.allow with input as from("ana@example.com", false, null)
	count(spacelift.deny) == 1 with input as from("ana@example.com", false, null)
}

test_keeps_out_names_that_look_like_addresses if {
	session := {"login": "ana@example.com", "email": null, "machine": false}
	not spacelift.allow with input as {"session": session, "request": {"remote_ip": "192.0.2.7"}}
}
