#!/bin/sh
#
#     red                            blue
#   +-------------+              +-------------+
#   | r0 10.1.1.1 |--------------| b0 10.1.1.2 |   ip monitor runs in red
#   +-------------+     veth     +-------------+
#
# Whoever listens hears of every change, and only then.
. "$(dirname "$0")/lib.sh"

netns red blue
wire red r0 10.1.1.1/24 blue b0 10.1.1.2/24

# listen KIND: from here on to `heard`
listen() {
	ip netns exec red stdbuf -oL ip monitor "$1" >"$TMPDIR/seen" &
	monitor=$!
	sleep 0.5
}
heard() {
	sleep 0.3
	kill $monitor
	wait $monitor 2>/dev/null
	norm <"$TMPDIR/seen"
}

say 'address'
listen address
ip -n red addr add 10.9.0.1/24 dev r0
ip -n red addr add 10.9.0.2/24 dev r0
ip -n red addr del 10.9.0.1/24 dev r0
heard
say 'route'
listen route
ip -n red addr add 10.9.1.1/24 dev r0
ip -n red route add 10.8.0.0/16 via 10.1.1.2
ip -n red route replace 10.8.0.0/16 via 10.9.1.2
ip -n red route add blackhole 10.7.0.0/16
ip -n red route del 10.8.0.0/16
ip -n red addr del 10.9.1.1/24 dev r0
heard
say 'neigh'
listen neigh
ip -n red neigh add 10.1.1.50 lladdr 02:00:00:00:00:50 dev r0
ip -n red neigh change 10.1.1.50 lladdr 02:00:00:00:00:51 dev r0
ip -n red neigh del 10.1.1.50 dev r0
heard
say 'link: made, named, moved, gone'
listen link
ip -n red link add x0 type veth peer name x1
ip -n red link set x0 name x2
ip -n red link set x1 netns blue
ip -n red link del x2
heard | sed -n 's/^\(Deleted \)\{0,1\}[0-9]*: \([^:@]*\).*/\1\2/p' | sort -u
say 'what is refused is not told'
listen address
ip -n red addr add 10.1.1.1/24 dev r0 2>/dev/null
ip -n red addr del 10.77.1.1/24 dev r0 2>/dev/null
ip -n blue addr add 10.77.0.1/24 dev b0
heard
