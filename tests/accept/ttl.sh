#!/bin/sh
#
#     h0             h1             h2             h3
#   +----+ 10.0.1 +----+ 10.0.2 +----+ 10.0.3 +----+
#   |   .1|------|.2 .1|------|.2 .1|------|.2   |
#   +----+        +----+        +----+        +----+
#
# The way of a packet, step by step, by its time to live.
. "$(dirname "$0")/lib.sh"

netns h0 h1 h2 h3
wire h0 e1 10.0.1.1/24 h1 e0 10.0.1.2/24
wire h1 e1 10.0.2.1/24 h2 e0 10.0.2.2/24
wire h2 e1 10.0.3.1/24 h3 e0 10.0.3.2/24
ip -n h0 route add default via 10.0.1.2
ip -n h1 route add 10.0.3.0/24 via 10.0.2.2
ip -n h2 route add 10.0.1.0/24 via 10.0.2.1
ip -n h3 route add default via 10.0.3.1
for h in h1 h2; do
	in_ns $h sysctl -qw net.ipv4.ip_forward=1
done
for t in 1 2 3; do
	show ip netns exec h0 ping -c 1 -t $t 10.0.3.2
done
say 'a UDP datagram, a TCP connection'
cat >"$TMPDIR/trace.py" <<'END'
import errno, socket, struct
IP_RECVERR, MSG_ERRQUEUE = 11, 0x2000
for ttl in (1, 2, 3):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
    s.settimeout(3)
    s.sendto(b"who?", ("10.0.3.2", 33434))
    try:
        s.recvfrom(100)
    except OSError as e:
        print(ttl, errno.errorcode[e.errno], end=" ")
    data, anc, flags, dst = s.recvmsg(100, 512, MSG_ERRQUEUE)
    for level, kind, value in anc:
        no, origin, typ, code = struct.unpack_from("IBBB", value)
        print(errno.errorcode[no], "origin", origin, "type", typ, "code", code,
              "from", socket.inet_ntoa(value[20:24]), "to", dst[0])
t = socket.socket()
t.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 2)
t.settimeout(1)
try:
    t.connect(("10.0.3.2", 80))
except OSError as e:
    print("tcp", errno.errorcode.get(e.errno, "timed out"))
END
show ip netns exec h0 python3 "$TMPDIR/trace.py"
say 'counted'
in_ns h1 awk '/^Ip:/ && n++ { print "h1 forwarded", ($7 > 0) }' /proc/net/snmp
in_ns h3 awk '/^Udp:/ && n++ { print "h3 no port", $3 }' /proc/net/snmp
