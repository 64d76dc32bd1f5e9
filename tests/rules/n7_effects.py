# SPDX-License-Identifier: MIT
"""N7.11: sysctls act on the sockets and packets of their namespace alone"""

from rules import *

TOP = "/proc/sys/net/"
IP_MTU_DISCOVER, IP_MTU = 10, 14


def put(path, value):
    with open(TOP + path, "w") as f:
        f.write(str(value))


def udp(ns=None):
    if ns is None:
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with inside(ns):
        return udp()


def pair(up=True):
    """v0 10.1.1.1/24 here, v1 10.1.1.2/24 there. -> descriptor of there"""
    fd = new_ns()
    c = Child(lambda: setns(fd))
    sh("ip link add v0 type veth peer name v1 netns %d" % c.pid, check=True)
    c.stop()
    sh("ip addr add 10.1.1.1/24 dev v0; ip link set v0 up", check=True)
    with inside(fd):
        sh("ip addr add 10.1.1.2/24 dev v1; ip link set v1 up", check=True)
    return fd


def counter(group, name, ns=None):
    if ns is not None:
        with inside(ns):
            return counter(group, name)
    for f in ("snmp", "netstat"):
        with open("/proc/thread-self/net/" + f) as file:
            rows = [x.split() for x in file if x.startswith(group + ":")]
        if rows and name in rows[0]:
            return int(rows[1][rows[0].index(name)])


@rule("N7.11")
def ports(t):
    fd = new_ns()
    put("ipv4/ip_local_port_range", "2000 2003")
    keep = [udp() for _ in range(5)]
    for s in keep[:4]:
        s.bind(("", 0))
    got = sorted(s.getsockname()[1] for s in keep[:4])
    t.eq("ip_local_port_range: all of it", got, [2000, 2001, 2002, 2003])
    t.fails("ip_local_port_range: no more", EADDRINUSE, keep[4].bind, ("", 0))
    s = udp(fd)
    s.bind(("", 0))
    t.ok("ip_local_port_range: not there", s.getsockname()[1] >= 32768)
    for s in keep:
        s.close()
    put("ipv4/ip_local_reserved_ports", "2000-2002")
    s = udp()
    s.bind(("", 0))
    t.eq("ip_local_reserved_ports", s.getsockname()[1], 2003)
    s = udp()
    t.fails("ip_local_reserved_ports: asked for by number", 0, s.bind, ("", 2001))

    def low(port):
        return dropped(lambda: errno_of(udp().bind, ("", port)))
    t.eq("ip_unprivileged_port_start 1024", (low(1023), low(1024)), (EACCES, 0))
    put("ipv4/ip_unprivileged_port_start", 80)
    t.eq("ip_unprivileged_port_start 80", (low(79), low(80)), (EACCES, 0))
    with inside(fd):
        t.eq("ip_unprivileged_port_start: not there", low(80), EACCES)

    def ping():
        return dropped(lambda: errno_of(socket.socket, socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP))
    t.eq("ping_group_range: nobody", ping(), EACCES)
    put("ipv4/ping_group_range", "65534 65534")
    t.eq("ping_group_range: that group", ping(), 0)
    put("ipv4/ping_group_range", "0 65533")
    t.eq("ping_group_range: others", ping(), EACCES)


@rule("N7.11")
def sockets(t):
    s = udp()
    t.fails("ip_nonlocal_bind 0", EADDRNOTAVAIL, s.bind, ("8.8.8.8", 0))
    put("ipv4/ip_nonlocal_bind", 1)
    t.fails("ip_nonlocal_bind 1", 0, s.bind, ("8.8.8.8", 0))
    put("ipv4/ip_nonlocal_bind", 0)
    t.eq("ip_no_pmtu_disc 0", udp().getsockopt(0, IP_MTU_DISCOVER), 1)
    put("ipv4/ip_no_pmtu_disc", 1)
    t.eq("ip_no_pmtu_disc 1: new sockets", udp().getsockopt(0, IP_MTU_DISCOVER), 0)
    put("ipv4/ip_no_pmtu_disc", 0)
    put("ipv4/ip_default_ttl", 99)
    t.eq("ip_default_ttl", udp().getsockopt(0, 2), 99)
    t.ok("ip_default_ttl: ping", "ttl=99" in sh("ping -c 1 -W 1 127.0.0.1").out)
    put("ipv4/icmp_echo_ignore_all", 1)
    t.eq("icmp_echo_ignore_all", sh("ping -c 1 -W 1 127.0.0.1").rc, 1)
    put("ipv4/icmp_echo_ignore_all", 0)
    put("core/somaxconn", 1)
    ls = socket.socket()
    ls.bind(("127.0.0.1", 0))
    ls.listen(100)
    t.eq("somaxconn", sh("ss -Hltn").out.split()[2], "1")


@rule("N7.11")
def routes(t):
    fd = pair()
    sh("ip route add 10.9.0.0/16 via 10.1.1.2", check=True)
    with inside(fd):
        sh("ip link add w0 mtu 1000 type veth peer name w1; ip addr add 10.9.0.1/16 dev w0; ip link set w0 up; ip link set w1 up", check=True)
        put("ipv4/ip_forward", 1)
        sh("ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:99 dev w0", check=True)

    def learned():
        got = sh("ip route get 10.9.0.2").out
        return int(got.split(" mtu ")[1].replace("lock ", "").split()[0]) if " mtu " in got else None

    def provoke():
        s = udp()
        s.setsockopt(0, IP_MTU_DISCOVER, 2)
        s.connect(("10.9.0.2", 9))
        s.send(b"x" * 1300)
        soon(lambda: learned() or s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 0.5)
        return learned()
    t.eq("pmtu: learned", provoke(), 1000)
    put("ipv4/route/flush", 1)
    t.eq("route/flush: forgotten", learned(), None)
    put("ipv4/ip_no_pmtu_disc", 1)
    t.eq("ip_no_pmtu_disc 1: the least", provoke(), 552)
    put("ipv4/route/flush", 1)
    put("ipv4/ip_no_pmtu_disc", 2)
    t.eq("ip_no_pmtu_disc 2: not believed", provoke(), None)
    put("ipv4/ip_no_pmtu_disc", 3)
    t.eq("ip_no_pmtu_disc 3: not for UDP", provoke(), None)
    put("ipv4/ip_no_pmtu_disc", 0)
    put("ipv4/route/min_pmtu", 1100)
    t.eq("route/min_pmtu", provoke(), 1100)


@rule("N7.11")
def multipath(t):
    sh("ip link add a0 type veth peer name a1; ip link add b0 type veth peer name b1; for d in a0 a1 b0 b1; do ip link set $d up; done;"
       " ip addr add 10.1.1.1/24 dev a0; ip addr add 10.1.2.1/24 dev b0;"
       " ip route add 10.9.0.0/16 nexthop via 10.1.1.2 dev a0 nexthop via 10.1.2.2 dev b0", check=True)

    def ways(n=24, what="sport"):
        out = ""
        for i in range(n):
            a = "10.9.0.1 ipproto udp sport %d dport 9" % (1000 + i) if what == "sport" else "10.9.0.%d" % i
            out += sh("ip route get " + a).out
        return {d for d in ("a0", "b0") if " dev %s " % d in out}
    t.eq("hash_policy 0: ports do not matter", len(ways()), 1)
    t.eq("hash_policy 0: addresses do", len(ways(what="dst")), 2)
    got = {sh("ip route get 10.9.0.%d from 10.1.2.1" % i).out.split(" dev ")[1].split()[0] for i in range(8)}
    t.eq("the hop that has the source address is preferred", got, {"b0"})
    put("ipv4/fib_multipath_hash_policy", 1)
    t.eq("hash_policy 1: ports do", len(ways()), 2)
    put("ipv4/fib_multipath_hash_policy", 3)
    t.eq("hash_policy 3: as fields say", len(ways()), 1)
    put("ipv4/fib_multipath_hash_fields", 0x37)
    t.eq("hash_fields: with ports", len(ways()), 2)
    put("ipv4/fib_multipath_hash_policy", 0)
    put("ipv4/fib_multipath_use_neigh", 1)
    sh("ip neigh add 10.1.1.2 dev a0 nud failed; ip neigh add 10.1.2.2 dev b0 lladdr 02:00:00:00:00:77 nud permanent", check=True)
    t.eq("use_neigh: not by one that failed", ways(what="dst"), {"b0"})
    put("ipv4/fib_multipath_use_neigh", 0)
    t.eq("use_neigh 0: by both", len(ways(what="dst")), 2)


def answered(dev, addr):
    """Does anybody answer an ARP question for @addr asked on @dev?"""
    sh("ip neigh flush dev %s" % dev)
    s = udp()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, dev.encode())
    s.sendto(b"x", (addr, 9))
    return bool(soon(lambda: "lladdr" in sh("ip neigh show %s dev %s" % (addr, dev)).out, 0.1))


@rule("N7.11")
def arp(t):
    fd = pair()
    with inside(fd):
        sh("ip addr add 10.2.2.2/24 dev lo; ip addr add 10.1.1.7/32 dev lo scope host; ip addr add 10.1.1.8/24 dev lo scope link", check=True)
    sh("ip route add 10.2.2.0/24 dev v0", check=True)

    def level(n):
        with inside(fd):
            put("ipv4/conf/v1/arp_ignore", n)
    for n, want in ((0, (True, True, True, True)), (1, (True, False, False, False)), (2, (True, False, False, False)),
                    (3, (True, True, False, True)), (4, (True, True, True, True)), (8, (False, False, False, False))):
        level(n)
        got = tuple(answered("v0", a) for a in ("10.1.1.2", "10.2.2.2", "10.1.1.7", "10.1.1.8"))
        t.eq("arp_ignore %d: the device's, another's, scope host, scope link" % n, got, want)


@rule("N7.11")
def fragments(t):
    fd = pair()
    sh("ping -c 1 -W 1 10.1.1.2", check=True)
    r = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def piece(ident, off, more, n=16):
        h = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + n, ident, (0x2000 if more else 0) | off // 8, 64, 17, 0,
                        socket.inet_aton("10.1.1.1"), socket.inet_aton("10.1.1.2"))
        r.sendto(h + b"x" * n, ("10.1.1.2", 0))

    def whole(between):
        """How many datagrams were put together, when so many other fragments came in between"""
        before = counter("Ip", "ReasmOKs", fd)
        piece(1, 0, True)
        for i in range(between):
            piece(100 + i, 0, True)
        piece(1, 16, False)
        time.sleep(0.05)
        return counter("Ip", "ReasmOKs", fd) - before
    t.eq("ipfrag_max_dist: near", whole(10), 1)
    with inside(fd):
        put("ipv4/ipfrag_max_dist", 5)
    t.eq("ipfrag_max_dist: far", whole(10), 0)
    with inside(fd):
        put("ipv4/ipfrag_max_dist", 0)
    # the last piece of before waits: it is completed by the first one of now
    piece(1, 0, True)
    time.sleep(0.05)
    t.eq("ipfrag_max_dist 0: no limit", whole(10), 1)
    with inside(fd):
        put("ipv4/ipfrag_time", 1)
    piece(7, 0, True)
    t.ok("ipfrag_time", soon(lambda: counter("Ip", "ReasmTimeout", fd), 3))


@rule("N7.11")
def marks(t):
    sh("ip route add unreachable 10.7.7.7 table 7; ip rule add fwmark 5 table 8; ip route add unreachable default table 8", check=True)

    def ping(mark):
        return sh("ping -c 1 -W 1 -m %d 127.0.0.1" % mark).rc
    t.eq("fwmark_reflect 0: the answer has no mark", ping(7), 0)
    put("ipv4/fwmark_reflect", 1)
    t.eq("fwmark_reflect 1: another mark", ping(7), 0)


main()
