#!/bin/sh
#
#     red                              blue
#   +--------------------+           +-------------+
#   | r0 10.1.1.1 -------|-----------| b0 10.1.1.2 |
#   | d0 10.7.0.1        |           +-------------+
#   +--------------------+
#
# only: warren        (the kernel that the others are recorded on has no dummy)
#
# A dummy: what it shows, what it takes, its carrier, its moves.
. "$(dirname "$0")/lib.sh"

netns red blue
wire red r0 10.1.1.1/24 blue b0 10.1.1.2/24
show ip -n red link add d0 type dummy
show ip -n red -d link show d0
show ip -n red link set d0 up
show ip -n red link show d0
say 'without a name; with a number, an address, queues'
show ip -n red link add type dummy
show ip -n red link add d7 index 77 address 02:00:00:00:00:77 numtxqueues 4 numrxqueues 2 type dummy
show ip -n red -d link show d7
show ip -n red link add d7 type dummy
show ip -n red link add bad address 01:00:00:00:00:01 type dummy
say 'any mtu'
show ip -n red link set d7 mtu 100000
show ip -n red link set d7 mtu 0
ip -n red -o link show d7 | sed 's/.*\(mtu [0-9]*\).*/\1/'
say 'its address is reached from elsewhere; what it is sent is gone, without a question'
show ip -n red addr add 10.7.0.1/24 dev d0
show ip -n red route
ip -n blue route add default via 10.1.1.1
show ip netns exec blue ping -c 1 -W 2 10.7.0.1
ip netns exec red ping -c 2 -i 0.1 -W 0.1 10.7.0.9 >/dev/null
show ip -n red neigh show dev d0
ip -n red -s link show d0 | sed -n '/TX:/,$p' | awk '{ print $1, $2 }'
say 'carrier'
show ip -n red link set d0 carrier off
show ip -n red link show d0
show ip -n red route show dev d0
show ip -n red link set d0 carrier on
show ip -n red -br link show d0
say 'it moves as others do'
show ip -n red link set d0 netns blue
show ip -n blue link show d0
show ip -n red route
say 'and goes'
show ip -n blue link del d0
show ip -n blue link show d0
