#!/bin/sh
#
#     red                            blue
#   +-------------+              +-------------+
#   | r0          |              |          b0 |   python3 -m http.server 80
#   | 10.1.1.1/24 |--------------| 10.1.1.2/24 |
#   +-------------+     veth     +-------------+
#
# The first thing anybody does: a pair, a ping, a page, a device that moves.
. "$(dirname "$0")/lib.sh"

show ip netns add red
show ip netns add blue
if [ "$SIDE" = kernel ]; then
	for ns in red blue; do
		in_ns $ns sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	done
fi
show ip link add r0 netns red type veth peer name b0 netns blue
show ip -n red link
show ip -n red addr add 10.1.1.1/24 dev r0
show ip -n red link set r0 up
show ip -n red link set lo up
show ip -n red link
show ip -n blue addr add 10.1.1.2/24 dev b0
show ip -n blue link set b0 up
show ip -n blue link set lo up
settle red r0
settle blue b0
show ip -n blue addr

mkdir "$TMPDIR/www" && cd "$TMPDIR/www" && echo 'the page of blue' >index.html
in_ns blue python3 -m http.server 80 >/dev/null 2>&1 &
wait_listen blue tcp 80

show ip netns exec red ping -c 3 -i 0.2 10.1.1.2
brief ip -n blue -s link show b0
show ip netns exec red curl -s http://10.1.1.2/
show ip netns exec red curl -sS http://10.1.1.1/
show ip -n red link
show ip -n red route
show ip -n red neigh
brief ip netns exec blue ss -Htln
show ip -n red link set r0 netns blue name moved0
settle blue b0 LOWERLAYERDOWN
show ip -n red link
show ip -n blue link
show ip netns del red
show ip netns
show ip -n blue link
