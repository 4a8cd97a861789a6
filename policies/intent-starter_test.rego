package spacelift_test

import data.spacelift

request(operation, id, proposed) := {"resource": {
	"resource_id": id,
	"resource_type": "sandbox_file",
	"provider": "sluice/sandbox",
	"provider_version": "1.0.0",
	"operation": operation,
	"current_state": null,
	"proposed_state": proposed,
}}

test_allows_each_operation_on_the_sandbox if {
	every operation in ["create", "update", "delete", "import", "refresh"] {
		spacelift.allow == {sprintf("the sandbox may %s sandbox_file", [operation])} with input as request(operation, "notes", {"content": "x"})
		spacelift.deny == set() with input as request(operation, "notes", {"content": "x"})
	}
}

test_allows_a_delete_without_a_proposed_state if {
	count(spacelift.allow) == 1 with input as request("delete", "notes", null)
	spacelift.deny == set() with input as request("delete", "notes", null)
}

test_denies_production_names if {
	every id in ["prod", "prod-db", "my_production_disk", "Live.site", "PROD"] {
		count(spacelift.deny) == 1 with input as request("create", id, {})
	}
}

test_lets_words_that_merely_contain_prod_pass if {
	every id in ["product", "reproduction", "alive", "prod2"] {
		spacelift.deny == set() with input as request("create", id, {})
	}
}

test_denies_a_production_path if {
	spacelift.deny == {"\"/srv/prod/a\" looks like production; the starter policy allows experiments only"} with input as request("create", "a", {"path": "/srv/prod/a"})
}

test_denies_a_production_prefix if count(spacelift.deny) == 1 with input as request("create", "a", {"prefix": "prod"})

test_denies_long_content if {
	text := sprintf("%04097d", [0])
	spacelift.deny == {"the content has 4097 characters; the starter policy allows 4096"} with input as request("create", "notes", {"content": text})
}

test_allows_content_at_the_limit if {
	text := sprintf("%04096d", [0])
	spacelift.deny == set() with input as request("create", "notes", {"content": text})
}

test_leaves_other_providers_to_a_person if {
	spacelift.allow == set() with input as object.union(request("create", "notes", {}), {"resource": {"provider": "hashicorp/aws"}})
	spacelift.deny == set() with input as object.union(request("create", "notes", {}), {"resource": {"provider": "hashicorp/aws"}})
}

test_keeps_samples if spacelift.sample
