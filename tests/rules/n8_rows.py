# SPDX-License-Identifier: MIT
"""N8.4: the rows of /proc/net, with sockets, routes, neighbours and groups in them"""

import re

from rules import *


def lines(name, ns=None):
    if ns is None:
        with open("/proc/thread-self/net/" + name) as f:
            return f.read().split("\n")[:-1]
    with inside(ns):
        return lines(name)


def pair():
    """v0 10.1.1.1/24 here, v1 10.1.1.2/24 in another. -> its descriptor"""
    fd = new_ns()
    sh("ip link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02 netns /proc/self/fd/%d" % fd,
       check=False)
    if sh("ip link show v0").rc:
        c = Child(lambda: setns(fd))
        sh("ip link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02 netns %d" % c.pid,
           check=True)
        c.stop()
    sh("ip addr add 10.1.1.1/24 dev v0; ip link set v0 up", check=True)
    with inside(fd):
        sh("ip addr add 10.1.1.2/24 dev v1; ip link set v1 up", check=True)
    return fd


def row(text, pattern):
    return re.fullmatch(pattern, text) is not None


def match(t, label, text, pattern):
    t.ok(label, row(text, pattern), repr(text))


HEX = "[0-9A-F]{8}"
REST_TCP = r" 00:00000000 00000000 +\d+ +0 (\d+) \d+ [0-9a-f]{16} \d+ \d+ \d+ \d+ -?\d+ *"


def as_hex(addr, port):
    return "%08X:%04X" % (struct.unpack("=I", socket.inet_aton(addr))[0], port)


@rule("N8.4")
def tcp(t):
    ls = socket.socket()
    ls.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ls.bind(("127.0.0.1", 80))
    ls.listen(3)
    got = lines("tcp")
    t.eq("tcp: every line is 149 long", {len(x) for x in got}, {149})
    match(t, "tcp: listener", got[1], "   0: " + as_hex("127.0.0.1", 80) + " 00000000:0000 0A 00000000:00000000" + REST_TCP)
    t.eq("tcp: inode", int(got[1].split()[9]), os.fstat(ls.fileno()).st_ino)
    c = socket.create_connection(("127.0.0.1", 80))
    got = lines("tcp")
    t.eq("tcp: queue of the listener", got[1].split()[4], "00000000:00000001")
    port = c.getsockname()[1]
    mine = [x for x in got if x.split()[1] == as_hex("127.0.0.1", port)][0]
    match(t, "tcp: established", mine, r" +\d+: " + as_hex("127.0.0.1", port) + " " + as_hex("127.0.0.1", 80) + " 01 00000000:00000000" + REST_TCP)
    a, _ = ls.accept()
    c.send(b"12345")
    mine = soon(lambda: [x for x in lines("tcp") if x.split()[2] == as_hex("127.0.0.1", port) and x.split()[4] == "00000000:00000005"])
    t.ok("tcp: unread bytes", mine)
    t.eq("tcp: 17 columns", len(lines("tcp")[1].split()), 17)
    c.close()
    while a.recv(9):
        pass
    a.close()
    tw = soon(lambda: [x for x in lines("tcp") if x.split()[3] == "06"])
    match(t, "tcp: TIME_WAIT", tw[0] if tw else "", r" +\d+: " + as_hex("127.0.0.1", port) + " " + as_hex("127.0.0.1", 80) +
          r" 06 00000000:00000000 03:[0-9A-F]{8} 00000000     0        0 0 3 [0-9a-f]{16} *")
    t.eq("tcp: TIME_WAIT line", len(tw[0]) if tw else 0, 149)
    t.ok("tcp: in no other namespace", len(lines("tcp", new_ns())) == 1)
    got = [x.split() for x in lines("sockstat")]
    t.eq("sockstat: tw", got[1][5:7], ["tw", "1"])
    t.eq("sockstat: used", got[0], ["sockets:", "used", "1"])


@rule("N8.4")
def dgram(t):
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.bind(("", 53))
    got = lines("udp")
    t.eq("udp: lines", {len(x) for x in got}, {127})
    match(t, "udp: unconnected", got[1], r" *\d+: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000 +0 +0 \d+ 2 [0-9a-f]{16} 0 *")
    t.eq("udp: sl is five wide", got[1][5], ":")
    t.eq("udp: inode", int(got[1].split()[9]), os.fstat(u.fileno()).st_ino)
    c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    c.connect(("127.0.0.1", 53))
    mine = [x for x in lines("udp") if x.split()[2] == as_hex("127.0.0.1", 53)]
    t.eq("udp: connected", mine[0].split()[3] if mine else None, "01")
    c.send(b"x" * 100)
    t.ok("udp: rx_queue", soon(lambda: [x for x in lines("udp") if x.split()[1].endswith(":0035") and int(x.split()[4][9:], 16) > 0]))
    t.eq("sockstat: UDP", lines("sockstat")[2].split()[:3], ["UDP:", "inuse", "2"])
    r = socket.socket(socket.AF_INET, socket.SOCK_RAW, 89)
    got = lines("raw")
    match(t, "raw", got[1], r" {0,3}\d+: 00000000:0059 00000000:0000 07 00000000:00000000 00:00000000 00000000 +0 +0 \d+ 2 [0-9a-f]{16} 0")
    t.eq("raw: inode", int(got[1].split()[9]), os.fstat(r.fileno()).st_ino)
    t.eq("sockstat: RAW", lines("sockstat")[4], "RAW: inuse 1")
    sh("sysctl -wq net.ipv4.ping_group_range='0 0'", check=True)
    p = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
    p.bind(("127.0.0.1", 77))
    got = lines("icmp")
    t.eq("icmp: lines", {len(x) for x in got}, {127})
    match(t, "icmp", got[1], r" *\d+: 0100007F:004D 00000000:0000 07 00000000:00000000 00:00000000 00000000 +0 +0 \d+ \d [0-9a-f]{16} 0 *")


@rule("N8.4")
def routes(t):
    fd = pair()
    sh("ip route add default via 10.1.1.2; ip route add 10.2.0.0/16 dev v0 metric 7 mtu 1400 window 4000 rtt 80ms;"
       " ip route add unreachable 10.3.3.3; ip route add 10.4.4.4 via 10.1.1.2 advmss 1000; ip route add 10.5.0.0/16 dev v0 table 9", check=True)
    got = lines("route")
    t.eq("route: lines", {len(x) for x in got}, {127})
    t.eq("route: rows", [x.rstrip() for x in got[1:]], [
        "v0\t00000000\t0201010A\t0003\t0\t0\t0\t00000000\t0\t0\t0",
        "v0\t0001010A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
        "v0\t0000020A\t00000000\t0001\t0\t0\t7\t0000FFFF\t0\t4000\t80",
        "*\t0303030A\t00000000\t0205\t0\t0\t0\tFFFFFFFF\t0\t0\t0",
        "v0\t0404040A\t0201010A\t0007\t0\t0\t0\tFFFFFFFF\t1040\t0\t0"])
    sh("ip route del default; ip route flush table 9; ip route del unreachable 10.3.3.3; ip route del 10.4.4.4; ip route del 10.2.0.0/16")
    local = ["  +-- 0.0.0.0/1 2 0 2", "     +-- 10.1.1.0/24 2 0 2", "        +-- 10.1.1.0/31 1 0 0", "           |-- 10.1.1.0",
             "              /24 link UNICAST", "           |-- 10.1.1.1", "              /32 host LOCAL", "        |-- 10.1.1.255",
             "           /32 link BROADCAST", "     +-- 127.0.0.0/8 2 0 2", "        +-- 127.0.0.0/31 1 0 0", "           |-- 127.0.0.0",
             "              /8 host LOCAL", "           |-- 127.0.0.1", "              /32 host LOCAL", "        |-- 127.255.255.255",
             "           /32 link BROADCAST"]
    t.eq("fib_trie: merged while the rules are the default ones", lines("fib_trie"), ["Main:"] + local + ["Local:"] + local)
    t.eq("fib_triestat: an empty table is one", lines("fib_triestat")[1:10],
         ["Id 9:", "\tAver depth:     0.00", "\tMax depth:      0", "\tLeaves:         0", "\tPrefixes:       0",
          "\tInternal nodes: 0", "\t", "\tPointers: 0", "Null ptrs: 0"])
    t.eq("fib_triestat", lines("fib_triestat")[-9:],
         ["\tAver depth:     2.66", "\tMax depth:      3", "\tLeaves:         6", "\tPrefixes:       6",
          "\tInternal nodes: 5", "\t  1: 2  2: 3", "\tPointers: 16", "Null ptrs: 6", "Total size: 1  kB"])
    with inside(fd):
        sh("ip rule add from 10.9.9.9 table 9", check=True)
        got = lines("fib_trie")
        i = got.index("Local:")
        t.eq("fib_trie: apart with a rule of one's own", got[:i], ["Main:", "  |-- 10.1.1.0", "     /24 link UNICAST"])
        t.eq("fib_trie: local", got[i:i + 3], ["Local:", "  +-- 0.0.0.0/1 2 0 2", "     +-- 10.1.1.0/24 2 0 2"])


@rule("N8.4")
def neighbours(t):
    fd = pair()
    sh("ip neigh add 10.1.1.9 lladdr 02:00:00:00:00:09 dev v0 nud permanent", check=True)
    sh("ip neigh add proxy 10.1.1.8 dev v0")
    sh("ping -c 1 -W 2 10.1.1.2", check=True)
    got = sorted(lines("arp")[1:])
    proxy = "10.1.1.8         0x1         0xc         00:00:00:00:00:00     *        v0"
    t.eq("arp", [x for x in got if x != proxy], [
        "10.1.1.2         0x1         0x2         02:00:00:00:00:02     *        v0",
        "10.1.1.9         0x1         0x6         02:00:00:00:00:09     *        v0"])
    t.ok("arp: proxy", proxy in got)
    got = [x for x in lines("dev") if x.startswith("    v0:")][0]
    match(t, "dev: padding", got, r"    v0: +\d+ +\d+    0    \d    0     0          0         0 +\d+ +\d+    0    0    0     0       0          0")
    t.eq("dev: counters are numbers", len(got.split()), 17)
    with inside(fd):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("239.1.2.3") + socket.inet_aton("10.1.1.2"))
        idx = socket.if_nametoindex("v1")
        got = lines("igmp")
        i = [n for n, x in enumerate(got) if x.startswith("%d\tv1 " % idx)][0]
        t.eq("igmp: device", got[i], "%d\tv1        :     2      V3" % idx)
        t.ok("igmp: group", any(row(x, r"\t\t\t\t030201EF     1 \d:[0-9A-F]{8}\t\t\d") for x in got[i + 1:i + 3]), got)
        t.eq("igmp: everybody's", got[i + 2], "\t\t\t\t010000E0     1 0:00000000\t\t0")
        mc = [x for x in lines("dev_mcast") if x.split()[1] == "v1" and x.endswith("01005e010203")]
        t.eq("dev_mcast", mc, ["%-4d %-15s %-5d %-5d 01005e010203" % (idx, "v1", 1, 0)])
        t.ok("dev_mcast: everybody's group", any(x.split()[1] == "v1" and x.endswith("01005e000001") for x in lines("dev_mcast")))
        s2 = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # IP_ADD_SOURCE_MEMBERSHIP
        s2.setsockopt(socket.IPPROTO_IP, 39, socket.inet_aton("239.1.2.9") + socket.inet_aton("10.1.1.2") + socket.inet_aton("10.1.1.1"))
        t.eq("mcfilter", lines("mcfilter")[1:], ["%3d     v1 0xef010209 0x0a010101      1      0" % idx])
        sh("ip link set v1 down", check=True)
        got = lines("igmp")
        i = [n for n, x in enumerate(got) if x.startswith("%d\tv1 " % idx)][0]
        t.ok("igmp: a device that is down has its joined groups", sorted(x.split()[0] for x in got[i + 1:i + 3]) == ["030201EF", "090201EF"], got)


@rule("N8.4")
def netlink(t):
    n = Netlink(pid=4711, groups=(1,))
    mine = [x for x in lines("netlink") if x.split()[2] == "4711"]
    match(t, "netlink", mine[0] if mine else "",
          r"[0-9a-f]{16} 0   4711       00000001 0        0        0     2        0        %d *" % os.fstat(n.s.fileno()).st_ino)
    t.ok("netlink: in no other", not [x for x in lines("netlink", new_ns()) if " 4711 " in x])


@rule("N8.4")
def unix(t):
    s = socket.socket(socket.AF_UNIX)
    s.bind("\0rules-n8")
    s.listen(1)
    mine = [x for x in lines("unix") if x.endswith("@rules-n8")]
    match(t, "unix: abstract listener", mine[0] if mine else "",
          r"[0-9a-f]{16}: 00000002 00000000 00010000 0001 01 +%d @rules-n8" % os.fstat(s.fileno()).st_ino)


@rule("N8.4")
def packet(t):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    mine = lines("packet")[1:]
    match(t, "packet", mine[0] if mine else "", r"[0-9a-f]{16} \d      3    0003   0     1 0      0      %d *" % os.fstat(s.fileno()).st_ino)
    t.ok("ptype: ALL", any(row(x, r"ALL           \S+") for x in lines("ptype")), lines("ptype"))
    t.ok("ptype: not in another", not any(x.startswith("ALL") for x in lines("ptype", new_ns())))


main()
