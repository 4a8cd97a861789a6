package spacelift_test

import data.spacelift

of(teams) := {"session": {"member": true, "teams": teams}}

test_lets_members_in_without_a_team if {
	spacelift.allow with input as of([])
	spacelift.roles == {} with input as of([])
}

test_gives_each_team_its_roles if {
	spacelift.roles == {"root": {"space-writer"}} with input as of(["platform"])
	spacelift.roles == {"root": {"space-writer", "space-reader"}} with input as of(["platform", "auditors"])
}

test_gives_other_teams_nothing if spacelift.roles == {} with input as of(["sales"])

test_keeps_strangers_out if not spacelift.allow with input as {"session": {"member": false, "teams": ["platform"]}}
