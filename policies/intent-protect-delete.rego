# METADATA
# title: Protect from delete
# description: >-
#   Denies deleting or replacing what is worth keeping: databases and stores of any kind, whatever carries the tag
#   protected, and whatever other resources still need. A replacement deletes too, so the plan is looked at as well.
package spacelift

protected_words := {"database", "db_instance", "bucket", "volume", "vault"}

deny contains message if {
	destroys
	some word in protected_words
	contains(input.resource.resource_type, word)
	message := sprintf("%s keeps data; this policy denies its deletion", [input.resource.resource_type])
}

deny contains message if {
	destroys
	some attribute in ["tags", "labels"]
	lower(sprintf("%v", [input.resource.current_state[attribute].protected])) in {"true", "yes", "1"}
	message := sprintf("%s is marked as protected", [input.resource.resource_id])
}

deny contains message if {
	input.resource.operation == "delete"
	some neighbor in input.dependencies.downstream
	message := sprintf("%s is still needed by %s", [input.resource.resource_id, neighbor.resource_id])
}

destroys if input.resource.operation == "delete"

destroys if "delete" in input.plan.actions
