# METADATA
# title: Working hours only
# description: >-
#   Denies changes outside of working hours, by the time of the request in one time zone. Reading goes on at all hours:
#   refresh and import change nothing. Someone who approved the operation in review lets it pass.
package spacelift

zone := "Europe/Warsaw"

opens := 8

closes := 17

free_days := {"Saturday", "Sunday"}

deny contains message if {
	changes_something
	count(object.get(input.request, "approved_by", [])) == 0
	not is_open
	message := sprintf("changes are made on working days from %d:00 to %d:00 (%s); ask for a review", [opens, closes, zone])
}

changes_something if input.resource.operation in {"create", "update", "delete"}

is_open if {
	now := [input.request.timestamp_ns, zone]
	not time.weekday(now) in free_days
	[hour, _, _] := time.clock(now)
	hour >= opens
	hour < closes
}
