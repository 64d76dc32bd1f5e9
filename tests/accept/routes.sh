#!/bin/sh
#
#     red                   router                     blue
#   +----------+     +-----------------------+     +----------+
#   | r0       |     | a0                 b0 |     |       b1 |
#   | 10.1.0.2 |-----| 10.1.0.1     10.2.0.1 |-----| 10.2.0.2 |
#   +----------+     +-----------------------+     +----------+
#
# Routes: kinds, metrics, tables, what is asked and what is refused.
. "$(dirname "$0")/lib.sh"

netns red router blue
wire red r0 10.1.0.2/24 router a0 10.1.0.1/24
wire router b0 10.2.0.1/24 blue b1 10.2.0.2/24
ip -n blue route add default via 10.2.0.1
in_ns router sysctl -qw net.ipv4.ip_forward=1
red_route() { ip -n red route "$@"; }

say 'what is there'
show red_route
show red_route show table local
show red_route show table all
show red_route show table 77
say 'added and refused'
show red_route add 10.2.0.0/24 via 10.1.0.1
show red_route add 10.2.0.0/24 via 10.1.0.1
show red_route add 10.2.0.0/24 via 10.1.0.1 metric 100
show red_route add 10.4.0.0/16 via 10.9.9.9
show red_route add 10.4.0.0/16 via 10.1.0.1 dev nothere
show red_route add 10.4.0.1/16 via 10.1.0.1
show red_route del 10.4.0.0/16
show red_route replace 10.2.0.0/24 via 10.1.0.1 src 10.1.0.2 mtu 1400
show red_route append 10.5.0.0/16 dev r0 scope link
show red_route
show red_route get 10.2.0.2
show red_route get 10.1.0.2
show red_route get 10.1.0.255
show red_route get 127.0.0.1
show red_route get 192.0.2.1
say 'the smaller metric wins, the longer prefix before it'
show red_route add 10.6.0.0/16 via 10.1.0.1 metric 20
show red_route add 10.6.0.0/16 dev r0 metric 10
show red_route get 10.6.0.1
show red_route del 10.6.0.0/16 metric 10
show red_route get 10.6.0.1
show red_route add 10.6.0.1 dev r0
show red_route get 10.6.0.1
show red_route show to match 10.6.0.1
show red_route show to root 10.6.0.0/16
say 'places one does not get to'
show red_route add blackhole 10.7.1.0/24
show red_route add unreachable 10.7.2.0/24
show red_route add prohibit 10.7.3.0/24
show red_route
for i in 1 2 3; do
	show red_route get 10.7.$i.1
	show ip netns exec red ping -c 1 -W 1 10.7.$i.1
	show ip netns exec red curl -sS http://10.7.$i.1/
done
say 'and when somebody else says so'
show red_route add default via 10.1.0.1
show ip -n router route add blackhole 10.8.1.0/24
show ip -n router route add unreachable 10.8.2.0/24
show ip -n router route add prohibit 10.8.3.0/24
for i in 1 2 3; do
	show ip netns exec red ping -c 1 -W 1 10.8.$i.1
done
show ip netns exec red curl -sS http://10.8.2.1/
say 'tables and rules'
show ip -n red rule
show red_route add 10.9.0.0/16 via 10.1.0.1 table 77
show red_route show table 77
show red_route add default via 10.9.0.1 table 77 onlink dev r0
show red_route show table 77
say 'a device goes down, its routes go'
show ip -n red link set r0 down
show red_route
show red_route show table local
show ip -n red link set r0 up
settle red r0
show red_route
show ip -n red addr del 10.1.0.2/24 dev r0
show red_route
show ip netns exec red cat /proc/net/route
