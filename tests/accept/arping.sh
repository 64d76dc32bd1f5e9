# shellcheck shell=sh
# arping.sh - ARP by hand: who has it, is it free, tell the others
#
#	a (v0 10.0.0.1) ---- (v1 10.0.0.2) b
. "$(dirname "$0")/lib.sh"
need arping

netns a b
wire a v0 10.0.0.1/24 b v1 10.0.0.2/24

arp() {
	show in_ns a arping "$@"
}

timeless() {
	sed -E 's/\[[0-9A-F:]{17}\]/[MAC]/; s/ +[0-9.]+ms$/ T/'
}

say "is there"
in_ns a arping -c 2 -I v0 10.0.0.2 | timeless | norm
say "is not there"
arp -c 1 -w 1 -I v0 10.0.0.9
say "would be a duplicate"
in_ns a arping -D -c 1 -w 1 -I v0 10.0.0.2 | timeless | norm
arp -D -c 1 -w 1 -I v0 10.0.0.9
say "unasked: the other learns a new address"
in_ns a ping -q -c 1 10.0.0.2 >/dev/null
ip -n b neigh show 10.0.0.1 | awk '{ print $1, $4 }'
ip -n a link set v0 address 02:00:00:00:00:11
arp -U -c 1 -w 1 -I v0 10.0.0.1
brief ip -n b neigh show 10.0.0.1
say "no such device, a device that is down"
arp -c 1 -I v9 10.0.0.2
ip -n a link set v0 down
arp -c 1 -w 1 -I v0 10.0.0.2
