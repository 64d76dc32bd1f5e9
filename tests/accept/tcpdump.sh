# shellcheck shell=sh
# tcpdump.sh - captures: tcpdump on a device, on any, with a filter, into a file
#
#	a (v0 10.0.0.1) ---- (v1 10.0.0.2) b
#
# libpcap reads from a ring that it shares with the stack; python below does so
# by hand.
. "$(dirname "$0")/lib.sh"
need tcpdump

netns a b
wire a v0 10.0.0.1/24 b v1 10.0.0.2/24
show in_ns a ping -c 1 -W 2 10.0.0.2 # the neighbours know each other

listening() {
	grep -q '^listening on\|^tcpdump: listening on' "$TMPDIR/dump.err"
}

# dump NS ARG...: in the background; frames to dump.out
dump() {
	dump_ns=$1
	shift
	: >"$TMPDIR/dump.err"
	in_ns "$dump_ns" tcpdump -n -t "$@" >"$TMPDIR/dump.out" 2>"$TMPDIR/dump.err" &
	dump_pid=$!
	until_true 10 listening
}

# dumped: wait for its end and show what it saw
dumped() {
	wait $dump_pid
	echo "status $?"
	sed -E -e 's/id [0-9]+,/id ID,/; s/^(.*) In +ethertype.*$/\1/' \
		-e 's/\.[0-9]{5} > 10/.PORT > 10/; s/ > ([0-9.]+)\.[0-9]{5}: / > \1.PORT: /' \
		"$TMPDIR/dump.out" | norm
	grep -E 'captured|dropped|link-type' "$TMPDIR/dump.err" | norm
}

say "one device, by number of frames, IP alone"
dump b -i v1 -c 4 ip
in_ns a ping -q -c 2 -i 0.2 10.0.0.2 >/dev/null
dumped

say "every device; what goes out and what comes in; lo once"
dump a -i any -c 6 icmp
in_ns a ping -q -c 2 -i 0.2 10.0.0.2 >/dev/null
in_ns a ping -q -c 1 127.0.0.1 >/dev/null
dumped

say "one direction, one frame at a time"
dump a -i v0 -Q in --immediate-mode -c 2 icmp
in_ns a ping -q -c 2 -i 0.2 10.0.0.2 >/dev/null
dumped

say "a filter by port"
dump b -i v1 -c 1 udp and port 77
in_ns a python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for port in 76, 78, 77:
    s.sendto(b"hello", ("10.0.0.2", port))'
dumped

say "into a file and back, cut"
dump b -i v1 -c 2 -s 40 -w "$TMPDIR/dump.pcap" icmp
in_ns a ping -q -c 1 10.0.0.2 >/dev/null
wait $dump_pid
tcpdump -n -t -e -r "$TMPDIR/dump.pcap" 2>/dev/null | sed -E 's/id [0-9]+,/id ID,/' | norm

say "promiscuous while it runs"
dump b -i v1 -c 1 icmp
ip -n b -d link show v1 | grep -o 'promiscuity [0-9]*'
in_ns b ss -0 -n -H | awk '{ print $1, $5 }'
in_ns a ping -q -c 1 10.0.0.2 >/dev/null
dumped
ip -n b -d link show v1 | grep -o 'promiscuity [0-9]*'

say "no such device"
show in_ns b tcpdump -i v7 -c 1
