# METADATA
# title: Split by environment
# description: >-
#   What may be done depends on the environment of the project, read from its label environment:<name>. In development
#   everything is allowed; in staging nothing is deleted without a person; in production machines may only read, and
#   people need an approval. A project without the label is treated as production.
package spacelift

default environment := "production"

environment := "development" if "environment:development" in input.project.labels

environment := "staging" if {
	"environment:staging" in input.project.labels
	not "environment:development" in input.project.labels
}

reads if input.resource.operation in {"refresh", "import", "read", "dependency-add"}

approved if count(input.request.approved_by) > 0

allow contains "development is open to everyone" if environment == "development"

allow contains "staging allows all but deletion" if {
	environment == "staging"
	input.resource.operation != "delete"
}

allow contains "reading is allowed everywhere" if reads

allow contains "approved by a person" if approved

deny contains "machines do not change production" if {
	environment == "production"
	input.session.machine
	not reads
}
