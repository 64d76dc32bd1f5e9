#!/bin/sh
#
#     red             mid             blue
#   r0 10.1.1.1 --- m0 10.1.1.2
#                   m1 10.2.2.2 --- b0 10.2.2.1
#
# Record route and timestamps (RFC 791 §3.1), there and back.
. "$(dirname "$0")/lib.sh"

netns red mid blue
wire red r0 10.1.1.1/24 mid m0 10.1.1.2/24
wire mid m1 10.2.2.2/24 blue b0 10.2.2.1/24
ip -n red route add default via 10.1.1.2
ip -n blue route add default via 10.2.2.2
in_ns mid sysctl -qw net.ipv4.ip_forward=1
in_ns red ping -q -c1 -W2 10.2.2.1 >/dev/null # neighbours are known now

# the times are what they are
opts() {
	printf '$ ping %s\n' "$*"
	in_ns red ping -c1 -W2 "$@" | sed -n '/^RR/,/^$/p; /^TS/,/^$/p; /transmitted/p' |
		sed -E 's/[0-9]+ absolute/T/; s/\t[0-9]+$/\tT/; s/, time.*//'
}
opts -R 10.2.2.1
opts -R 10.1.1.2
opts -R 10.1.1.1
opts -R 127.0.0.1
opts -T tsandaddr 10.2.2.1
opts -T tsonly 10.2.2.1
opts -T tsprespec 10.1.1.1 10.2.2.2 10.2.2.1 10.2.2.1
