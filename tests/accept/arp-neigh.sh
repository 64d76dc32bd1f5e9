#!/bin/sh
#
#     red                            blue
#   +-------------+              +-------------+
#   | r0 10.1.1.1 |--------------| b0 10.1.1.2 |    nobody is 10.1.1.99
#   +-------------+     veth     +-------------+
#
# Neighbours: found, not found, given by hand, changed, listed.
. "$(dirname "$0")/lib.sh"

netns red blue
wire red r0 10.1.1.1/24 blue b0 10.1.1.2/24
ip -n red link set r0 address 02:00:00:00:00:01
ip -n blue link set b0 address 02:00:00:00:00:02
show ip -n red neigh
show ip netns exec red ping -c 1 10.1.1.2
show ip -n red neigh
say 'who was asked learns who asked'
ip -n blue neigh | sed 's/\(DELAY\|REACHABLE\|STALE\)$/known/' | norm
say 'nobody there'
show ip netns exec red ping -c 1 -W 5 10.1.1.99
show ip -n red neigh show 10.1.1.99
say 'given by hand'
show ip -n red neigh add 10.1.1.50 lladdr 02:00:00:00:00:50 dev r0
show ip -n red neigh add 10.1.1.50 lladdr 02:00:00:00:00:51 dev r0
show ip -n red neigh replace 10.1.1.50 lladdr 02:00:00:00:00:51 dev r0 nud stale
show ip -n red neigh show 10.1.1.50
show ip -n red neigh change 10.1.1.51 lladdr 02:00:00:00:00:51 dev r0
show ip -n red neigh get 10.1.1.50 dev r0
show ip -n red neigh get 10.1.1.52 dev r0
show ip -n red neigh del 10.1.1.50 dev r0
show ip -n red neigh del 10.1.1.50 dev r0
show ip -n red neigh add 10.1.1.50 lladdr 02:00:00:00:00:50 dev nothere
show ip -n red neigh add 10.1.1.60 lladdr 02:00:00:00:00:60 dev r0 nud permanent
show ip -n red neigh show nud permanent
sorted ip -n red neigh show dev r0
arp_table() { in_ns red cat /proc/net/arp | tr -s ' '; }
sorted arp_table
say 'a wrong address given by hand is believed'
show ip -n red neigh replace 10.1.1.2 lladdr 02:00:00:00:00:77 dev r0 nud permanent
show ip netns exec red ping -c 1 -W 1 10.1.1.2
show ip -n red neigh flush dev r0
show ip -n red neigh del 10.1.1.2 dev r0
show ip netns exec red ping -c 1 -W 1 10.1.1.2
say 'down and up: forgotten, but not what is permanent by hand'
show ip -n red link set r0 down
show ip -n red neigh
show ip -n red link set r0 up
settle red r0
until_true 5 ip netns exec red ping -c 1 -W 1 10.1.1.2
show ip -n red neigh show 10.1.1.2
