#!/bin/sh
#
#     red                            blue
#   +-------------+              +-------------+
#   | r0 10.1.1.1 |--------------| b0 10.1.1.2 |   the servers
#   +-------------+     veth     +-------------+
#
# inside.sh WHAT SECONDS DIR - one measurement in fresh namespaces: one number
set -u
what=$1 seconds=$2 dir=$3

ip netns add red
ip netns add blue
ip link add r0 netns red type veth peer name b0 netns blue
for side in red:r0:10.1.1.1 blue:b0:10.1.1.2; do
	ns=${side%%:*} rest=${side#*:}
	ip -n "$ns" addr add "${rest#*:}/24" dev "${rest%:*}"
	ip -n "$ns" link set "${rest%:*}" up
	ip -n "$ns" link set lo up
done
# else what is in TIME_WAIT takes all ports
ip netns exec red sysctl -qw net.ipv4.ip_local_port_range='1024 65535'

red() { ip netns exec red "$@"; }
serve() {
	ip netns exec blue "$@" >/dev/null 2>&1 &
	sleep 0.5
}

case $what in
tcp | conn)
	serve "$dir/rr" serve-tcp 7
	red "$dir/rr" "$what" 10.1.1.2 7 "$seconds"
	;;
udp)
	serve "$dir/rr" serve-udp 7
	red "$dir/rr" udp 10.1.1.2 7 "$seconds"
	;;
iperf3 | iperf3-back | iperf3-4)
	serve iperf3 -s
	case $what in
	iperf3) set -- ;;
	iperf3-back) set -- -R ;;
	iperf3-4) set -- -P 4 ;;
	esac
	red iperf3 -J -c 10.1.1.2 -t "$seconds" "$@" | python3 -c '
import json, sys
print(json.load(sys.stdin)["end"]["sum_received"]["bits_per_second"] / 1e9)'
	;;
add) # by ip itself, as people make them
	start=$(date +%s.%N)
	i=0
	while [ $i -lt 50 ]; do
		ip netns add "n$i"
		i=$((i + 1))
	done
	echo "$start $(date +%s.%N)" | awk '{ print 50 / ($2 - $1) }'
	;;
esac
