#!/bin/sh
#
#     red                   router                    blue
#   +----------+     +-----------------------+     +----------+
#   | r0       |     | a0                 b0 |     |       b1 |
#   | 10.1.0.2 |-----| 10.1.0.1     10.2.0.1 |-----| 10.2.0.2 |   web server on 80
#   +----------+     +-----------------------+     +----------+
#
# Forwarding: off, on, time to live, nets and hosts that are not there.
. "$(dirname "$0")/lib.sh"

netns red router blue
wire red r0 10.1.0.2/24 router a0 10.1.0.1/24
wire router b0 10.2.0.1/24 blue b1 10.2.0.2/24
show ip -n red route add default via 10.1.0.1
show ip -n blue route add default via 10.2.0.1
show ip netns exec router cat /proc/sys/net/ipv4/ip_forward
say 'a host does not forward'
show ip netns exec red ping -c 1 -W 1 10.2.0.2
say 'a router does'
show ip netns exec router sysctl -w net.ipv4.ip_forward=1
show ip netns exec router cat /proc/sys/net/ipv4/ip_forward
show ip netns exec red cat /proc/sys/net/ipv4/ip_forward
show ip netns exec red ping -c 2 -i 0.2 10.2.0.2
show ip netns exec red ping -c 1 10.2.0.1
say 'a step too far'
show ip netns exec red ping -c 1 -t 1 10.2.0.2
show ip netns exec red ping -c 1 -t 2 10.2.0.2
say 'no such net, no such host'
show ip netns exec red ping -c 1 10.3.0.1
show ip netns exec red ping -c 1 -W 5 10.2.0.99
say 'a page across the router'
mkdir "$TMPDIR/www" && cd "$TMPDIR/www" && echo 'the page of blue' >index.html
in_ns blue python3 -m http.server 80 >/dev/null 2>&1 &
wait_listen blue tcp 80
show ip netns exec red curl -s http://10.2.0.2/
show ip netns exec red curl -sS http://10.2.0.2:81/
show ip netns exec red curl -sS http://10.3.0.1/
show ip -n router route
show ip -n red route get 10.2.0.2
show ip -n router route get 10.2.0.2 from 10.1.0.2 iif a0
say 'the wire is cut'
show ip -n blue link set b1 down
settle router b0 DOWN
show ip -n router -br link
show ip -n router route
