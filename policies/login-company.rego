# METADATA
# title: Company and office only
# description: >-
#   Lets in people whose verified e-mail address is one of the company, and machines, from the office's networks. The rest are
#   told why not. Copy it, and put in your own domain and networks.
package spacelift

domain := "@example.com"

networks := ["192.0.2.0/24", "2001:db8::/32"]

allow if {
	known
	in_office
}

known if input.session.machine

known if endswith(lower(input.session.email), domain)

in_office if {
	some network in networks
	net.cidr_contains(network, input.request.remote_ip)
}

deny contains "sign in from the office or its VPN" if not in_office

deny contains sprintf("sign in with your %s account", [domain]) if not known
