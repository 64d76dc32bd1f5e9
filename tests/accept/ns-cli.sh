#!/bin/sh
#
#     red                         blue
#   +-----------------+         +-------------+
#   | r0 10.1.1.1     |---------| b0 10.1.1.2 |      asked from outside
#   | d0 10.7.0.1     |         +-------------+
#   +-----------------+
#
# only: warren
# inside: no
#
# warren graph, warren ns quota, diff, clone.
. "$(dirname "$0")/lib.sh"

W=$WARREN
w() { "$W" "$@"; }
cat >"$TMPDIR/inside.sh" <<'END_OF_SH'
ip netns add red
ip netns add blue
ip link add r0 netns red type veth peer name b0 netns blue
ip -n red addr add 10.1.1.1/24 dev r0
ip -n blue addr add 10.1.1.2/24 dev b0
ip -n red link set r0 up
ip -n blue link set b0 up
ip -n red link set lo up
ip -n red link add d0 type dummy
ip -n red addr add 10.7.0.1/24 dev d0
ip -n red link set d0 up
ip -n red route add default via 10.1.1.2
ip -n red route add 10.9.0.0/16 dev d0 table 7
ip -n red rule add from 10.7.0.0/16 table 7 priority 100
ip -n red neigh add 10.7.0.9 lladdr 02:00:00:00:00:09 dev d0
ip netns exec red sysctl -qw net.ipv4.ip_forward=1
touch ready
while [ ! -e over ]; do sleep 0.1; done
END_OF_SH
cd "$TMPDIR" || exit
w graph; echo "nothing runs: $?"
w run -n lab -- sh inside.sh &
until_true 20 test -e ready
say 'a drawing'
w graph lab | sed -E 's/n[0-9]+_/nN_/g; s/cluster_[0-9]+/cluster_N/; s/\<r[0-9]+ \[/rN [/; s/e[0-9]+ \[/eN [/' | grep -v 'fontname'
w graph nowhere; echo "no such warren: $?"
w graph 'a/b' 2>/dev/null; echo "no name: $?"
say 'quotas'
w ns quota lab:red | awk '{ print $1, $3, $4 }'
w ns quota red devices=3 sockets=100; echo "set: $?"
w exec lab -- ip -n red link add d1 type dummy
w ns quota red | awk '$1 == "devices"'
w ns quota red devices=none
w exec lab -- ip -n red link add d1 type dummy
w exec lab -- ip -n red link del d1
w ns quota red elephants=3; echo "unknown: $?"
w ns quota green; echo "no such namespace: $?"
w ns quota red routes=4
w exec lab -- ip -n red route add 10.99.0.0/16 dev d0
w ns quota red routes=none sockets=0
w exec lab:red -- python3 -c 'import socket; socket.socket()' 2>&1 | tail -n 1
w ns quota red sockets=none
say 'a clone'
w ns clone --wires red green; echo "clone: $?"
w ns clone red green; echo "the name is taken: $?"
w ns diff red green; echo "diff: $?"
w exec lab -- ip -n green addr | norm
w exec lab -- ip -n green rule
w exec lab -- ip -n green route show table all | grep -v -e local -e broadcast
w exec lab -- ip -n blue -br link | norm | awk '{ print $1, $2 }'
w exec lab:green -- ping -c 1 10.7.0.1 | grep -c '1 received'
say 'it is changed, and they differ'
w exec lab -- ip -n green route del 10.9.0.0/16 table 7
w exec lab -- ip -n green link set d0 mtu 1400
w ns diff lab:red lab:green; echo "diff: $?"
w ns diff red red; echo "the same: $?"
w ns clone blue copy; echo "without wires: $?"
w exec lab -- ip -n copy -br link | norm
touch over
wait
