# SPDX-License-Identifier: MIT
"""N8.4: what the old tools make of /proc/net: ifconfig, route, arp, netstat, nstat, ss"""

import re

from rules import *

SETUP = """
ip link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02
ip addr add 10.1.1.1/24 brd + dev v0; ip link set v0 up; ip link set v1 up
ip route add default via 10.1.1.2 metric 5
ip neigh add 10.1.1.9 lladdr 02:00:00:00:00:09 dev v0 nud permanent
ping -c 2 -i 0.2 127.0.0.1
"""


def without_counts(text):
    """The lines that do not depend on the traffic of IPv6"""
    return [x for x in text.split("\n") if "inet6" not in x and not re.match(r"\s+[RT]X (packets|errors)", x)]


@rule("N8.4")
def tools(t):
    sh(SETUP)
    t.eq("ifconfig -a", without_counts(sh("ifconfig -a").out), [
        "lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536", "        inet 127.0.0.1  netmask 255.0.0.0",
        "        loop  txqueuelen 1000  (Local Loopback)", "",
        "v0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500", "        inet 10.1.1.1  netmask 255.255.255.0  broadcast 10.1.1.255",
        "        ether 02:00:00:00:00:01  txqueuelen 1000  (Ethernet)", "",
        "v1: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500", "        ether 02:00:00:00:00:02  txqueuelen 1000  (Ethernet)", "", ""])
    t.ok("ifconfig: counters", re.search(r"RX packets 4  bytes 336 \(336.0 B\)\n        RX errors 0  dropped 0  overruns 0  frame 0", sh("ifconfig lo").out))
    t.eq("ifconfig: unknown", sh("ifconfig none").all, (1, "", "none: error fetching interface information: Device not found\n"))
    t.eq("route -n", sh("route -n").out,
         "Kernel IP routing table\n"
         "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n"
         "0.0.0.0         10.1.1.2        0.0.0.0         UG    5      0        0 v0\n"
         "10.1.1.0        0.0.0.0         255.255.255.0   U     0      0        0 v0\n")
    t.eq("netstat -rn", sh("netstat -rn").out,
         "Kernel IP routing table\n"
         "Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n"
         "0.0.0.0         10.1.1.2        0.0.0.0         UG        0 0          0 v0\n"
         "10.1.1.0        0.0.0.0         255.255.255.0   U         0 0          0 v0\n")
    t.eq("arp -n", sh("arp -n").out,
         "Address                  HWtype  HWaddress           Flags Mask            Iface\n"
         "10.1.1.9                 ether   02:00:00:00:00:09   CM                    v0\n")
    got = sh("netstat -in").out.split("\n")
    t.eq("netstat -in", [got[0]] + [x.split()[:2] + x.split()[-1:] for x in got[1:-1]],
         ["Kernel Interface table", ["Iface", "MTU", "Flg"], ["lo", "65536", "LRU"], ["v0", "1500", "BMRU"], ["v1", "1500", "BMRU"]])


@rule("N8.4")
def counts(t):
    sh(SETUP)
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.sendto(b"x", ("127.0.0.1", 9))
    ls = socket.socket()
    ls.bind(("127.0.0.1", 80))
    ls.listen()
    c = socket.create_connection(("127.0.0.1", 80))
    a, _ = ls.accept()
    got = sh("netstat -tuna").out.split("\n")
    port = c.getsockname()[1]
    t.eq("netstat -tuna", sorted(x.split()[:6] for x in got[2:-1]), sorted([
        ["tcp", "0", "0", "127.0.0.1:80", "0.0.0.0:*", "LISTEN"], ["tcp", "0", "0", "127.0.0.1:80", "127.0.0.1:%d" % port, "ESTABLISHED"],
        ["tcp", "0", "0", "127.0.0.1:%d" % port, "127.0.0.1:80", "ESTABLISHED"],
        ["udp", "0", "0", "0.0.0.0:%d" % u.getsockname()[1], "0.0.0.0:*"]]))
    text = sh("netstat -s").out
    for want in ("    Forwarding: 2", "    5 ICMP messages received", "        destination unreachable: 1\n        echo requests: 2\n        echo replies: 2",
                 "    5 ICMP messages sent", "        InType0: 2\n        InType3: 1\n        InType8: 2\n        OutType0: 2\n        OutType3: 1\n        OutType8: 2",
                 "    1 active connection openings\n    1 passive connection openings", "    2 connections established",
                 "    1 packets to unknown port received", "    1 packets sent", "    InNoECTPkts: "):
        t.ok("netstat -s: " + want.split("\n")[0].strip(), "\n" + want in text)
    t.eq("netstat -su: groups", [x for x in sh("netstat -su").out.split("\n") if x and x[0] != " "],
         ["IcmpMsg:", "Udp:", "UdpLite:", "IpExt:", "MPTcpExt:"])
    with tempfile.TemporaryDirectory() as d:
        got = sh("NSTAT_HISTORY=%s/h nstat -az IcmpInEchos UdpNoPorts TcpActiveOpens TcpExtTCPTimeouts" % d).out.split("\n")
        t.eq("nstat", [x.split() for x in got[:-1]], [["#kernel"], ["IcmpInEchos", "2", "0.0"], ["TcpActiveOpens", "1", "0.0"],
                                                      ["UdpNoPorts", "1", "0.0"], ["TcpExtTCPTimeouts", "0", "0.0"]])
        u.sendto(b"x", ("127.0.0.1", 9))
        got = sh("NSTAT_HISTORY=%s/h nstat UdpNoPorts" % d).out.split("\n")
        t.eq("nstat: since the last", [x.split()[:2] for x in got[1:2]], [["UdpNoPorts", "1"]])
    got = sh("ss -s").out.split("\n")
    t.ok("ss -s: estab", re.match(r"TCP:   \d \(estab 2, closed \d, orphaned \d+, timewait 0\)", got[1]), got[1])
    t.eq("ss -s: table", [x.split() for x in got[3:9]],
         [["Transport", "Total", "IP", "IPv6"], ["RAW", "0", "0", "0"], ["UDP", "1", "1", "0"], ["TCP", "3", "3", "0"],
          ["INET", "4", "4", "0"], ["FRAG", "0", "0", "0"]])
    t.eq("ss -s: total", got[0], "Total: 4")
    with inside(new_ns()):
        t.eq("another namespace", sh("netstat -tuna").out.count("\n"), 2)
        t.eq("another namespace: no counts", "OutType" in sh("netstat -s").out, False)


main()
