# SPDX-License-Identifier: MIT
"""N12.1, N12.2, N12.7, N12.9, N12.10: what must be carried to move an application, and that it can be read and set"""

from rules import *

UDP, TCP, RAW, INET = socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_RAW, socket.AF_INET
SOL = socket.SOL_SOCKET


def text(ns, what):
    return sh("ip -n %s %s" % (ns, what), check=True).out


@rule("N12.1")
def carried(t):
    """All of a is built again in b from what a says"""
    sh("ip netns add a; ip netns add b; ip netns add c", check=True)
    sh("ip -n a link set lo up; ip -n a link add e0 index 40 mtu 1400 address 02:00:00:00:00:40 type veth "
       "peer name p0 netns c; ip -n c link set p0 up; ip -n a link set e0 up;"
       "ip -n a addr add 10.0.0.1/24 dev e0 valid_lft 1000 preferred_lft 900; ip -n a addr add 10.0.0.5/24 dev e0;"
       "ip -n a route add 10.5.0.0/16 via 10.0.0.2 metric 7; ip -n a route add 10.6.0.0/16 via 10.0.0.2 table 88;"
       "ip -n a route add blackhole 10.7.0.0/16; ip -n a rule add pref 20 from 10.6.0.0/16 lookup 88;"
       "ip -n a neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 nud permanent dev e0;"
       "ip netns exec a sysctl -qw net.ipv4.conf.e0.rp_filter=2 net.ipv4.ip_default_ttl=99", check=True)
    kinds = ("addr", "route show table all", "rule", "neigh")
    before = {k: text("a", "-4 " + k) for k in kinds}
    with inside("a"):
        e0 = link("e0")
    t.eq("link is readable", (e0.index, e0.a[IFLA_ADDRESS].hex(), e0.num(IFLA_MTU)), (40, "020000000040", 1400))
    for kind in ("addr", "route", "rule"):
        t.eq(kind + " save", sh("ip -4 -n a %s save%s > $TMPDIR/%s" % (
            kind, " table all" if kind == "route" else "", kind)).err, "")
    sh("ip -n a link del e0", check=True)
    peer = attr(1, ifi(attr(IFLA_IFNAME, "p0"), attr(IFLA_NET_NS_FD, os.open(NAME + "c", os.O_RDONLY))))
    with inside("b"):
        sh("ip link set lo up", check=True)
        ask(RTM_NEWLINK, ifi(kind_attr("veth", peer), attr(IFLA_IFNAME, "e0"), attr(IFLA_MTU, e0.num(IFLA_MTU)),
                             attr(IFLA_ADDRESS, e0.a[IFLA_ADDRESS]), index=e0.index, flags=1, change=1),
            NLM_CREATE | NLM_EXCL)
    sh("ip -n c link set p0 up; ip -n b addr restore < $TMPDIR/addr; ip -n b route restore < $TMPDIR/route;"
       "ip -n b rule del pref 0; ip -n b rule del pref 32766; ip -n b rule del pref 32767;"
       "ip -n b rule restore < $TMPDIR/rule; ip -n b neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 nud permanent dev e0;"
       "ip netns exec b sysctl -qw net.ipv4.conf.e0.rp_filter=2 net.ipv4.ip_default_ttl=99")
    for k in kinds:
        cut = lambda s: [l for l in s.split("\n") if "link" not in l or k != "addr" if "valid_lft" not in l if "mtu" not in l]
        got = text("b", "-4 " + k)
        t.eq(k + " again", cut(got), cut(before[k]))
    got = text("b", "-4 addr show e0")
    left = [int(x[:-3]) for x in got.split() if x.endswith("sec")]
    t.ok("lifetimes", len(left) == 2 and 990 <= left[0] <= 1000 and 890 <= left[1] <= 900, got)
    with inside("b"):
        l = link("e0")
        t.eq("index, MAC, MTU", (l.index, l.a[IFLA_ADDRESS], l.num(IFLA_MTU)), (40, e0.a[IFLA_ADDRESS], 1400))
        t.eq("sysctl", open("/proc/sys/net/ipv4/conf/e0/rp_filter").read(), "2\n")


@rule("N12.1")
def announced(t):
    """Another MAC on arrival: arp_notify tells the neighbours"""
    sh("ip netns add a; ip netns add c", check=True)
    veth("e0", "p0", "a", "c", "10.0.0.1/24", "10.0.0.2/24")
    sh("ip netns exec c ping -c1 -W1 -q 10.0.0.1", check=True)
    sh("ip netns exec a sysctl -qw net.ipv4.conf.e0.arp_notify=1; ip -n a link set e0 address 02:00:00:00:00:77",
       check=True)
    t.ok("gratuitous ARP", soon(lambda: "02:00:00:00:00:77" in text("c", "neigh")), text("c", "neigh"))


@rule("N12.2")
def sockets(t):
    sh("ip link add e0 type veth peer name e1; ip addr add 10.0.0.1/24 dev e0; ip link set e0 up; ip link set e1 up",
       check=True)
    s = socket.socket(INET, TCP)
    for name, level, opt, v in (
            ("SO_REUSEADDR", SOL, socket.SO_REUSEADDR, 1), ("SO_REUSEPORT", SOL, socket.SO_REUSEPORT, 1),
            ("SO_KEEPALIVE", SOL, socket.SO_KEEPALIVE, 1), ("SO_MARK", SOL, 36, 9), ("SO_PRIORITY", SOL, 12, 3),
            ("SO_OOBINLINE", SOL, 10, 1), ("SO_RCVLOWAT", SOL, 18, 5),
            ("IP_TOS", 0, 1, 0x10), ("IP_TTL", 0, 2, 77), ("IP_MTU_DISCOVER", 0, 10, 2), ("IP_FREEBIND", 0, 15, 1),
            ("IP_RECVERR", 0, 11, 1), ("IP_MULTICAST_TTL", 0, 33, 7), ("IP_MULTICAST_LOOP", 0, 34, 0),
            ("TCP_NODELAY", 6, 1, 1), ("TCP_MAXSEG", 6, 2, 900), ("TCP_KEEPIDLE", 6, 4, 300),
            ("TCP_KEEPINTVL", 6, 5, 30), ("TCP_KEEPCNT", 6, 6, 4), ("TCP_SYNCNT", 6, 7, 3), ("TCP_LINGER2", 6, 8, 20),
            ("TCP_DEFER_ACCEPT", 6, 9, 3), ("TCP_QUICKACK", 6, 12, 1), ("TCP_USER_TIMEOUT", 6, 18, 5000),
            ("TCP_NOTSENT_LOWAT", 6, 25, 4096)):
        if name == "IP_MULTICAST_TTL" or name == "IP_MULTICAST_LOOP":
            u = socket.socket(INET, UDP)
        else:
            u = s
        t.fails(name + " set", 0, u.setsockopt, level, opt, v)
        t.eq(name + " get", u.getsockopt(level, opt), v)
    s.setsockopt(SOL, socket.SO_BINDTODEVICE, b"e0\0")
    s.bind(("10.0.0.1", 8000))
    s.listen(17)
    t.eq("family, type, protocol", [s.getsockopt(SOL, o) for o in (39, 3, 38)], [2, 1, 6])
    t.eq("address", s.getsockname(), ("10.0.0.1", 8000))
    t.eq("device", s.getsockopt(SOL, socket.SO_BINDTODEVICE, 16), b"e0\0")
    t.eq("listening", s.getsockopt(SOL, 30), 1)
    t.eq("backlog", sh("ss -Hltn").out.split()[2], "17")
    linger = struct.pack("ii", 1, 5)
    s.setsockopt(SOL, socket.SO_LINGER, linger)
    t.eq("SO_LINGER", s.getsockopt(SOL, socket.SO_LINGER, 8), linger)
    for opt in (20, 21):
        tv = struct.pack("ll", 3, 0)
        s.setsockopt(SOL, opt, tv)
        t.eq("timeout %d" % opt, s.getsockopt(SOL, opt, 16), tv)
    s.setsockopt(6, socket.TCP_CONGESTION, b"reno")
    t.eq("congestion control", s.getsockopt(6, socket.TCP_CONGESTION, 16).rstrip(b"\0"), b"reno")


@rule("N12.2")
def multicast(t):
    sh("ip link add e0 type veth peer name e1; ip addr add 10.0.0.1/24 dev e0; ip link set e0 up; ip link set e1 up",
       check=True)
    s = socket.socket(INET, UDP)
    ip = socket.inet_aton
    s.setsockopt(0, socket.IP_ADD_MEMBERSHIP, ip("239.1.1.1") + ip("10.0.0.1"))
    t.ok("membership is readable", "010101EF" in open("/proc/net/igmp").read())
    for src in ("10.0.0.7", "10.0.0.8"):
        s.setsockopt(0, 39, ip("239.2.2.2") + ip("10.0.0.1") + ip(src))  # IP_ADD_SOURCE_MEMBERSHIP
    import ctypes
    buf = ctypes.create_string_buffer(ip("239.2.2.2") + ip("10.0.0.1") + struct.pack("=II", 0, 8), 64)
    size = ctypes.c_uint(64)
    libc = ctypes.CDLL(None, use_errno=True)
    rc = libc.getsockopt(s.fileno(), 0, 41, buf, ctypes.byref(size))  # IP_MSFILTER
    mode, n = struct.unpack_from("=II", buf.raw, 8)
    t.eq("source filter is readable", (rc, mode, n, sorted([buf.raw[16:20], buf.raw[20:24]])),
         (0, 1, 2, [ip("10.0.0.7"), ip("10.0.0.8")]))
    t.ok("and in mcfilter", "0xef020202" in open("/proc/net/mcfilter").read().lower())


@rule("N12.2")
def contents(t):
    l = socket.create_server(("127.0.0.1", 8100))
    c = socket.create_connection(("127.0.0.1", 8100))
    s, _ = l.accept()
    c.send(b"queued")
    t.ok("data comes", select.select([s], [], [], 1)[0])
    t.eq("queued data can be looked at", s.recv(100, socket.MSG_PEEK), b"queued")
    t.eq("and are still there", s.recv(100), b"queued")
    c.shutdown(socket.SHUT_WR)
    t.ok("shut down by the peer", soon(lambda: "CLOSE-WAIT" in sh("ss -Hatn").out))
    t.ok("own half closed", soon(lambda: "FIN-WAIT-2" in sh("ss -Hatn").out), sh("ss -Hatn"))
    u = socket.socket(INET, UDP)
    u.connect(("127.0.0.1", 8101))
    u.send(b"x")
    t.eq("pending error", soon(lambda: u.getsockopt(SOL, socket.SO_ERROR)), ECONNREFUSED)
    t.eq("is told once", u.getsockopt(SOL, socket.SO_ERROR), 0)


def connection():
    sh("ip netns add a; ip netns add b", check=True)
    veth("v0", "v1", "a", "b", "10.0.0.1/24", "10.0.0.2/24")
    with inside("b"):
        l = socket.create_server(("10.0.0.2", 8200))
    with inside("a"):
        c = socket.create_connection(("10.0.0.2", 8200))
    s, _ = l.accept()
    return l, c, s


@rule("N12.7")
def answered(t):
    l, c, s = connection()
    s.setsockopt(SOL, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sh("ip -n b route add blackhole 10.0.0.1", check=True)  # its own RST gets nowhere
    l.close()
    s.close()
    soon(lambda: sh("ss -Htn", ns="b").out == "")
    sh("ip -n b route del blackhole 10.0.0.1", check=True)
    c.send(b"x")
    t.ok("host answers with RST", soon(lambda: c.getsockopt(SOL, socket.SO_ERROR) == ECONNRESET or
                                       "ESTAB" not in sh("ss -Htn", ns="a").out))


@rule("N12.7")
def silent(t):
    l, c, s = connection()
    sh("ip -n b link set v1 down", check=True)
    s.setsockopt(SOL, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
    l.close()
    c.send(b"x")
    time.sleep(0.5)
    t.eq("device down: no RST", c.getsockopt(SOL, socket.SO_ERROR), 0)
    t.ok("the peer stays", "ESTAB" in sh("ss -Htn", ns="a").out)


@rule("N12.9")
def others(t):
    a, b = socket.socketpair(socket.AF_UNIX, UDP)
    a.send(b"one")
    a.send(b"two")
    t.eq("UNIX queue", [b.recv(10, socket.MSG_PEEK), b.recv(10), b.recv(10)], [b"one", b"one", b"two"])
    n = Netlink(groups=(1,), pid=99)
    sh("ip link add v type veth peer name w", check=True)
    t.eq("netlink address", n.s.getsockname(), (99, 1))
    t.ok("netlink queue", n.s.recv(1 << 16, socket.MSG_PEEK) == n.s.recv(1 << 16))
    r = socket.socket(INET, RAW, socket.IPPROTO_ICMP)
    r.bind(("127.0.0.1", 0))
    sh("ping -c1 -q 127.0.0.1")
    t.ok("raw queue", r.recv(1 << 16, socket.MSG_PEEK) == r.recv(1 << 16))
    t.eq("raw address", r.getsockname(), ("127.0.0.1", 1))
    place = tempfile.mkdtemp()
    l = socket.socket(socket.AF_UNIX)
    l.bind(place + "/s")
    l.listen(1)
    sh("ip netns add a", check=True)
    with inside("a"):
        c = socket.socket(socket.AF_UNIX)
    c.connect(place + "/s")
    s, _ = l.accept()
    cookie = lambda x: x.getsockopt(SOL, SO_NETNS_COOKIE, 8)
    t.ok("ends of two namespaces can be told", cookie(c) == cookie(s) != cookie(l))


@rule("N12.10")
def timers(t):
    sh("ip netns add a; ip netns add b", check=True)
    veth("v0", "v1", "a", "b", "10.0.0.1/24", "10.0.0.2/24")
    sh("ip -n a addr add 10.0.0.3/24 dev v0 valid_lft 1 preferred_lft 1", check=True)
    t.ok("address with a life", "10.0.0.3" in text("a", "addr"))
    t.ok("which ends", soon(lambda: "10.0.0.3" not in text("a", "addr"), 4))
    with inside("b"):
        mac = link("v1").a[IFLA_ADDRESS].hex(":")
    sh("ip -n a neigh replace 10.0.0.2 lladdr %s nud stale dev v0" % mac, check=True)
    t.ok("neighbour STALE", "STALE" in text("a", "neigh show 10.0.0.2"))
    t.eq("is used", sh("ip netns exec a ping -c1 -W1 -q 10.0.0.2").rc, 0)
    t.ok("and asked again", any(x in text("a", "neigh show 10.0.0.2") for x in ("DELAY", "REACHABLE", "PROBE")))
    l, c, s = None, None, None
    with inside("b"):
        l = socket.create_server(("10.0.0.2", 8300))
    with inside("a"):
        c = socket.create_connection(("10.0.0.2", 8300))
    info = c.getsockopt(6, socket.TCP_INFO, 232)
    t.ok("RTO is readable", struct.unpack_from("I", info, 8)[0] >= 200000)
    c.setsockopt(SOL, socket.SO_KEEPALIVE, 1)
    t.ok("keepalive is shown", "keepalive" in sh("ss -Htno", ns="a").out)


@rule("N12.10")
def reports(t):
    """A group joined is reported, also when its device comes up in another place"""
    sh("ip netns add a; ip netns add b", check=True)
    veth("v0", "v1", "a", "b", "10.0.0.1/24", "10.0.0.2/24")
    with inside("b"):
        ear = socket.socket(INET, RAW, 2)
        ear.setsockopt(0, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("224.0.0.22") + bytes(4) +
                       struct.pack("i", index_of("v1")))
    with inside("a"):
        s = socket.socket(INET, UDP)
        s.setsockopt(0, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("239.9.9.9") + socket.inet_aton("10.0.0.1"))

    def heard():
        while select.select([ear], [], [], 2)[0]:
            if socket.inet_aton("239.9.9.9") in ear.recv(1000)[20:]:
                return True
        return False
    t.ok("IGMP report", heard())
    sh("ip -n a link set v0 down; ip -n a link set v0 up", check=True)
    t.ok("IGMP report again", heard())


main()
