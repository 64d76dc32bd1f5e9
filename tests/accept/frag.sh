#!/bin/sh
#
#     red                      router                       blue
#   +----------+ mtu 1500 +-----------------------+ mtu 1300 +----------+
#   | r0       |----------| a0                 b0 |----------|       b1 |
#   | 10.1.0.2 |          | 10.1.0.1     10.2.0.1 |          | 10.2.0.2 |
#   +----------+          +-----------------------+          +----------+
#
# What is too big is cut, put together again, or refused with the size that fits.
. "$(dirname "$0")/lib.sh"

netns red router blue
wire red r0 10.1.0.2/24 router a0 10.1.0.1/24
wire router b0 10.2.0.1/24 blue b1 10.2.0.2/24
ip -n red route add default via 10.1.0.1
ip -n blue route add default via 10.2.0.1
ip -n router link set b0 mtu 1300
ip -n blue link set b1 mtu 1300
in_ns router sysctl -qw net.ipv4.ip_forward=1

say 'cut by the sender'
show ip netns exec red ping -c 1 -s 3000 10.1.0.1
show ip netns exec red ping -c 1 -s 65507 10.1.0.1
show ip netns exec red ping -c 1 -s 65508 10.1.0.1
say 'not to be cut, too big for the own device'
show ip netns exec red ping -c 1 -W 1 -M 'do' -s 1473 10.1.0.1
show ip netns exec red ping -c 1 -M 'do' -s 1472 10.1.0.1
say 'cut again by the router'
show ip netns exec red ping -c 1 -M dont -s 1400 10.2.0.2
show ip netns exec red ping -c 1 -M dont -s 3000 10.2.0.2
say 'not to be cut, too big for the next wire'
show ip netns exec red ping -c 1 -W 1 -M 'do' -s 1400 10.2.0.2
say 'and the sender remembers'
show ip -n red route get 10.2.0.2
show ip netns exec red ping -c 1 -W 1 -M 'do' -s 1400 10.2.0.2
show ip netns exec red ping -c 1 -M 'do' -s 1272 10.2.0.2
say 'TCP finds the size that fits'
mkdir "$TMPDIR/www" && cd "$TMPDIR/www" && head -c 1000000 /dev/zero >zeros
in_ns red python3 -m http.server 80 >/dev/null 2>&1 &
wait_listen red tcp 80
ip netns exec blue curl -s http://10.1.0.2/zeros | wc -c
say 'counted'
in_ns blue awk '/^Ip:/ && n++ { print "reassembled", ($16 > 0), "failed", $17 }' /proc/net/snmp
