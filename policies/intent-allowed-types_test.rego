package spacelift_test

import data.spacelift

of(type) := {"resource": {"resource_id": "a", "resource_type": type, "operation": "create"}}

test_allows_a_listed_type if {
	spacelift.allow == {"aws_s3_bucket is on the list of allowed types"} with input as of("aws_s3_bucket")
	spacelift.deny == set() with input as of("aws_s3_bucket")
}

test_allows_by_prefix if {
	count(spacelift.allow) == 1 with input as of("sandbox_file")
	spacelift.deny == set() with input as of("sandbox_file")
}

test_denies_another_type if {
	spacelift.allow == set() with input as of("aws_instance")
	spacelift.deny == {"aws_instance is not on the list of allowed types"} with input as of("aws_instance")
}

test_denies_what_only_contains_a_listed_type if {
	count(spacelift.deny) == 1 with input as of("my_sandbox_file")
	count(spacelift.deny) == 1 with input as of("aws_s3_bucket_policy")
}

test_denies_a_type_that_is_no_text if {
	count(spacelift.deny) == 1 with input as of(null)
	count(spacelift.deny) == 1 with input as of(1)
}
