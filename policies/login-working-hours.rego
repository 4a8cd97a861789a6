# METADATA
# title: People in working hours
# description: >-
#   Lets people in on working days from six to eight, in one time zone, and machines at all hours. A session that was
#   begun in time ends when its client comes back for a new token too late.
package spacelift

zone := "Europe/Warsaw"

opens := 6

closes := 20

free_days := {"Saturday", "Sunday"}

allow if input.session.member

deny contains message if {
	not input.session.machine
	not is_open
	message := sprintf("people sign in on working days from %d:00 to %d:00 (%s)", [opens, closes, zone])
}

is_open if {
	now := [input.request.timestamp_ns, zone]
	not time.weekday(now) in free_days
	[hour, _, _] := time.clock(now)
	hour >= opens
	hour < closes
}
