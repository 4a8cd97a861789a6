# METADATA
# title: Roles by team
# description: >-
#   Lets in everybody who has an account, and gives teams roles in spaces for as long as the session lasts: what is bound
#   to people stays besides. Copy it, and put in your own teams, spaces and roles, by slug or id.
package spacelift

roles_of := {
	"platform": {"root": ["space-writer"]},
	"auditors": {"root": ["space-reader"]},
}

allow if input.session.member

roles[space] contains role if {
	some team in input.session.teams
	some space, names in roles_of[team]
	some role in names
}
