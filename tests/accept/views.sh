#!/bin/sh
#
#     red                            blue
#   +-------------+              +-------------+
#   | r0 10.1.1.1 |--------------| b0 10.1.1.2 |
#   +-------------+     veth     +-------------+
#
# /proc/net and /sys/class/net: what programs read there.
. "$(dirname "$0")/lib.sh"

netns red blue
wire red r0 10.1.1.1/24 blue b0 10.1.1.2/24
ip -n red route add default via 10.1.1.2
in_red() { in_ns red "$@"; }
in_red ping -c 2 -i 0.2 10.1.1.2 >/dev/null
show in_red cat /proc/net/dev
show in_red cat /proc/net/route
brief in_red cat /proc/net/arp
for f in tcp udp raw unix packet netlink; do
	in_red head -n 1 /proc/net/$f
done
in_red python3 -c '
import socket
l = socket.socket(); l.bind(("10.1.1.1", 80)); l.listen(7)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("", 53))
c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); c.bind(("10.1.1.1", 99)); c.connect(("10.1.1.2", 53))
def rows(f): return sorted(" ".join(l.split()[1:7]) for l in list(open("/proc/net/" + f))[1:])
print("tcp", *rows("tcp"), sep="\n")
print("udp", *rows("udp"), sep="\n")
print(len(list(open("/proc/net/tcp"))[1].rstrip("\n")), len(list(open("/proc/net/udp"))[1].rstrip("\n")))
ino = {l.split()[9] for f in ("tcp", "udp") for l in list(open("/proc/net/" + f))[1:]}
import os, re
print("inodes are those of the descriptors", ino == {re.search(r"\d+", os.readlink("/proc/self/fd/%d" % s.fileno())).group() for s in (l, u, c)})
print([l.strip() for l in open("/proc/net/sockstat") if l.startswith(("UDP:", "RAW"))][0].split()[:3])'
say 'counters by name'
in_red awk '/^Icmp:/ && n++ { print "Icmp in", $2, "out", $(NF > 27 ? 15 : 15) }' /proc/net/snmp
in_red awk '{ print $1, NF }' /proc/net/snmp | uniq | head -n 1
say 'who reads decides'
show ip netns exec blue head -n 4 /proc/self/net/route
show ip netns exec blue readlink /proc/net
in_red sleep 20 &
pid=$!
sleep 0.3
cut -f1-3 "/proc/$pid/net/route" | head -n 2
say sysfs
show in_red ls /sys/class/net
for f in mtu ifindex iflink operstate carrier flags type tx_queue_len addr_len; do
	printf '%s ' $f
	in_red cat /sys/class/net/r0/$f
done
in_red cat /sys/class/net/lo/address
show in_red cat /sys/class/net/r0/nothere
show ls /sys/class/net
say nstat
export NSTAT_HISTORY="$TMPDIR/nstat"
show in_red nstat -az IcmpOutEchos IcmpInEchoReps IcmpMsgOutType8
in_red ping -c 1 10.1.1.2 >/dev/null
show in_red nstat IcmpOutEchos
