# SPDX-License-Identifier: MIT
"""N3.1 - N3.10, N3.21: sockets of the Internet belong to a namespace"""

import fcntl

from rules import *

SIOCGIFINDEX = 0x8933
UDP, TCP = socket.SOCK_DGRAM, socket.SOCK_STREAM


def sock(kind=UDP, family=socket.AF_INET):
    return socket.socket(family, kind)


def cookie(s):
    return struct.unpack("Q", s.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8))[0]


def here():
    with sock() as s:
        return cookie(s)


def owner(s):
    """The namespace of a socket, as ns_id()"""
    fd = fcntl.ioctl(s, SIOCGSKNS)
    try:
        return ns_id(fd)
    finally:
        os.close(fd)


def listener(port, host="127.0.0.1", kind=TCP):
    s = sock(kind)
    s.bind((host, port))
    if kind == TCP:
        s.listen(5)
    return s


def ifindex(s, name):
    return struct.unpack_from("i", fcntl.ioctl(s, SIOCGIFINDEX, struct.pack("16s24x", name.encode())), 16)[0]


@rule("N3.1")
def tagged(t):
    sh("ip netns add a; ip -n a link set lo up; ip -n a link add only-a type veth peer name q;"
       "ip -n a addr add 10.1.0.1/24 dev only-a; ip -n a link set only-a up; ip -n a link set q up", check=True)
    home = my_ns()
    with inside("a"):
        a, a_id = here(), ns_id()
        s, u, e = sock(TCP), sock(), sock()
        pair = socket.socketpair()
    t.ok("two cookies", a != here())
    t.eq("socket()", (cookie(s), owner(s)), (a, a_id))
    t.eq("socketpair()", [cookie(x) for x in pair], [a, a])
    t.fails("bind", 0, s.bind, ("127.0.0.1", 7001))
    with inside("a"):
        t.fails("bound there", EADDRINUSE, listener, 7001)
    t.fails("listen", 0, s.listen, 5)
    with inside("a"):
        c = sock(TCP)
        t.fails("reached there", 0, c.connect, ("127.0.0.1", 7001))
    t.fails("not reached from here", ECONNREFUSED, sock(TCP).connect, ("127.0.0.1", 7001))
    t.fails("free here", 0, lambda: listener(7001).close())
    t.fails("ioctl by name", 0, ifindex, u, "only-a")
    t.fails("ioctl by a name of here", ENODEV, ifindex, sock(), "only-a")
    t.fails("route lookup of connect", 0, e.connect, ("10.1.0.9", 9))
    t.eq("its own address", e.getsockname()[0], "10.1.0.1")
    t.fails("sendto", 0, u.sendto, b"x", ("10.1.0.9", 9))
    t.fails("sendto from here", ENETUNREACH, sock().sendto, b"x", ("10.1.0.9", 9))
    t.fails("setsockopt by name", 0, u.setsockopt, socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"only-a")
    t.fails("setsockopt from here", ENODEV, sock().setsockopt, socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"only-a")
    t.eq("for life", cookie(s), a)
    with inside("a"):
        t.eq("of the task at the time", cookie(sock()), a)
    t.ok("home again", ns_id(home) == ns_id())


@rule("N3.2")
def accepted(t):
    sh("ip netns add a; ip -n a link set lo up", check=True)
    with inside("a"):
        l, c, a = listener(7000), sock(TCP), here()
        c.connect(("127.0.0.1", 7000))
    s, _ = l.accept()
    t.ok("elsewhere", here() != a)
    t.eq("the listener's", cookie(s), a)
    t.eq("the listener's, by ioctl", owner(s), ns_id(NAME + "a"))
    with inside("a"):
        c = sock(TCP)
        c.connect(("127.0.0.1", 7000))
    sh("ip netns add b", check=True)
    with inside("b"):
        s2, _ = l.accept()
    t.eq("accepted in a third", cookie(s2), a)
    s2.send(b"hello")
    t.eq("works", c.recv(10), b"hello")


@rule("N3.5")
def ports(t):
    sh("ip netns add a; ip netns add b; ip -n a link set lo up; ip -n b link set lo up", check=True)
    for kind, what in ((TCP, "tcp"), (UDP, "udp")):
        held = [listener(7100, "127.0.0.1", kind)]
        for n in "ab":
            with inside(n):
                t.fails("%s in %s" % (what, n), 0, lambda: held.append(listener(7100, "127.0.0.1", kind)))
                t.fails("%s twice in %s" % (what, n), EADDRINUSE, listener, 7100, "127.0.0.1", kind)
                t.fails("%s any in %s" % (what, n), EADDRINUSE, listener, 7100, "0.0.0.0", kind)


@rule("N3.5")
def reuse(t):
    sh("ip netns add a; ip -n a link set lo up", check=True)

    def one(option):
        s = sock()
        s.setsockopt(socket.SOL_SOCKET, option, 1)
        s.bind(("127.0.0.1", 7200))
        return s
    here_group = [one(socket.SO_REUSEPORT) for _ in range(2)]
    with inside("a"):
        own = one(socket.SO_REUSEADDR)  # would not join a SO_REUSEPORT group
        sender = sock()
        for i in range(8):
            sender.sendto(b"x", ("127.0.0.1", 7200))
    t.fails("SO_REUSEADDR beside SO_REUSEPORT", EADDRINUSE, one, socket.SO_REUSEADDR)
    t.eq("group of here hears nothing", select.select(here_group, [], [], 0.1)[0], [])
    t.ok("group of there hears", select.select([own], [], [], 1)[0])
    for i in range(32):
        s = sock()
        s.sendto(b"y", ("127.0.0.1", 7200))
    t.eq("shared among the group", len(select.select(here_group, [], [], 1)[0]), 2)


@rule("N3.5")
def ephemeral(t):
    sh("ip netns add a; ip -n a link set lo up", check=True)
    path = "/proc/sys/net/ipv4/ip_local_port_range"
    with inside("a"):
        with open(path, "w") as f:
            f.write("40000 40001")
        got = [sock() for _ in range(2)]
        for s in got:
            s.bind(("127.0.0.1", 0))
        t.eq("of its range", sorted(s.getsockname()[1] for s in got), [40000, 40001])
        t.fails("used up", EADDRINUSE, sock().bind, ("127.0.0.1", 0))
    t.eq("range of here", open(path).read().split(), ["32768", "60999"])
    for port in (40000, 40001):
        t.fails("free here %d" % port, 0, sock().bind, ("127.0.0.1", port))
    t.fails("not used up here", 0, sock().bind, ("127.0.0.1", 0))


@rule("N3.6")
def apart(t):
    sh("ip netns add a; ip netns add b; ip -n a link set lo up; ip -n a addr add 10.3.0.1/32 dev lo", check=True)
    with inside("a"):
        one, two = listener(7300), listener(7300, "10.3.0.1")
        u = listener(7300, "10.3.0.1", UDP)
    t.fails("by loopback", ECONNREFUSED, sock(TCP).connect, ("127.0.0.1", 7300))
    t.fails("by its address", ENETUNREACH, sock(TCP).connect, ("10.3.0.1", 7300))
    with inside("b"):
        t.fails("lo down", ENETUNREACH, sock(TCP).connect, ("127.0.0.1", 7300))
    sh("ip addr add 10.3.0.1/32 dev lo", check=True)
    t.fails("the same address of one's own", ECONNREFUSED, sock(TCP).connect, ("10.3.0.1", 7300))
    sock().sendto(b"x", ("10.3.0.1", 7300))
    t.eq("nothing arrived", select.select([one, two, u], [], [], 0.2)[0], [])


@rule("N3.7", fresh=False)
def nothing_yet(t):
    unshare()
    for kind, what in ((TCP, "TCP"), (UDP, "UDP")):
        for dst in ("127.0.0.1", "0.0.0.0", "10.0.0.1"):
            t.fails("%s connect %s" % (what, dst), ENETUNREACH, sock(kind).connect, (dst, 9))
    s = sock()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    for dst in ("255.255.255.255", "224.0.0.1", "239.1.1.1"):
        t.fails("sendto " + dst, ENETUNREACH, s.sendto, b"x", (dst, 9))
    G = socket.inet_aton("224.5.5.5")
    join = lambda m: sock().setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, m)
    t.fails("join without an index", ENODEV, join, G + bytes(4))
    t.fails("join with index 1", 0, join, G + bytes(4) + struct.pack("i", 1))
    t.fails("join with a wrong index", ENODEV, join, G + bytes(4) + struct.pack("i", 9))


@rule("N3.7", fresh=False)
def nothing_yet_6(t):
    unshare()
    try:
        sock(UDP, socket.AF_INET6).close()
    except OSError as e:
        return t.ok("an IPv6 socket", False, e)
    for kind, what in ((TCP, "TCP"), (UDP, "UDP")):
        s6 = lambda: sock(kind, socket.AF_INET6)
        t.fails("%s IPv6 connect ::1" % what, EADDRNOTAVAIL, s6().connect, ("::1", 9))
        t.fails("%s IPv6 bind ::1" % what, EADDRNOTAVAIL, s6().bind, ("::1", 7000))
        t.fails("%s IPv6 bind another" % what, EADDRNOTAVAIL, s6().bind, ("fd00::1", 7000))
        t.fails("%s IPv6 bind ::" % what, 0, s6().bind, ("::", 7000))


@rule("N3.8", fresh=False)
def any_address(t):
    unshare()
    for a in ("8.8.8.8", "224.0.0.1", "127.0.0.1", "10.1.2.3"):
        for kind, what in ((TCP, "TCP"), (UDP, "UDP")):
            t.fails("%s %s" % (what, a), 0, sock(kind).bind, (a, 7400))
    sh("ip addr add 10.5.0.1/24 dev lo", check=True)
    for a, want in (("8.8.8.8", EADDRNOTAVAIL), ("10.5.0.1", 0), ("127.0.0.1", EADDRNOTAVAIL)):
        t.fails("after the first address, " + a, want, sock().bind, (a, 7401))
    t.fails("after the first address, multicast", 0, sock().bind, ("224.0.0.1", 7402))
    t.fails("after the first address, TCP multicast", 0, sock(TCP).bind, ("224.0.0.1", 7402))
    sh("ip addr del 10.5.0.1/24 dev lo", check=True)
    t.fails("after the last address", EADDRNOTAVAIL, sock().bind, ("8.8.8.8", 7403))
    with open("/proc/sys/net/ipv4/ip_nonlocal_bind", "w") as f:
        f.write("1")
    t.fails("ip_nonlocal_bind", 0, sock().bind, ("8.8.8.8", 7403))


@rule("N3.9")
def lo_down(t):
    sh("ip link set lo down", check=True)
    t.fails("bind 127.0.0.1", 0, sock().bind, ("127.0.0.1", 7500))
    t.fails("bind 127.9.9.9", 0, sock().bind, ("127.9.9.9", 7500))
    t.fails("bind another", EADDRNOTAVAIL, sock().bind, ("8.8.8.8", 7500))


def bound(name, kind=UDP):
    s = sock(kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name.encode() + b"\0")
    return s


def device(s):
    return s.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16)


@rule("N3.10")
def to_device(t):
    sh("ip netns add a; ip -n a link add there type veth peer name q; ip link add e0 type veth peer name p;"
       "ip addr add 10.6.0.1/24 dev e0; ip link set e0 up; ip link set p up", check=True)
    index = index_of("e0")
    t.fails("a name of elsewhere", ENODEV, bound, "there")
    with inside("a"):
        s = sock()
    t.fails("the socket's namespace counts", 0, s.setsockopt, socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"there\0")
    s = bound("e0")
    unsent = bound("e0", TCP)
    t.eq("name", device(s), b"e0\0")
    t.eq("index", s.getsockopt(socket.SOL_SOCKET, SO_BINDTOIFINDEX), index)
    sh("ip link set e0 down; ip link set e0 name new; ip link set new up", check=True)
    t.eq("renamed", device(s), b"new\0")
    t.fails("sends", 0, s.sendto, b"x", ("10.6.0.2", 9))
    sh("ip link set new netns a", check=True)
    t.fails("gone: getsockopt", ENODEV, device, s)
    t.fails("gone: send", ENODEV, s.sendto, b"x", ("10.6.0.2", 9))
    t.fails("gone: connect", ENODEV, s.connect, ("10.6.0.2", 9))
    t.eq("gone: index", s.getsockopt(socket.SOL_SOCKET, SO_BINDTOIFINDEX), index)
    t.fails("gone: bind", 0, unsent.bind, ("0.0.0.0", 7600))
    t.fails("gone: listen", 0, unsent.listen, 1)
    t.fails("unbind", 0, s.setsockopt, socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"\0")
    t.eq("unbound", device(s), b"")
    t.eq("no index", s.getsockopt(socket.SOL_SOCKET, SO_BINDTOIFINDEX), 0)
    c = bound("p", TCP)
    sh("ip link del p", check=False)
    sh("ip -n a link del new", check=False)
    t.fails("deleted: TCP connect", ENODEV, c.connect, ("10.6.0.2", 9))


@rule("N3.21")
def survives(t):
    sh("ip netns add a; ip link add e0 type veth peer name p; ip addr add 10.6.0.1/24 dev e0;"
       "ip link set e0 up; ip link set p up", check=True)
    l = listener(7700, "10.6.0.1")
    d = bound("e0", TCP)
    d.bind(("0.0.0.0", 7701))
    d.listen(5)
    u = sock()
    u.bind(("10.6.0.1", 7702))
    c = sock()
    c.connect(("10.6.0.2", 9))
    m = sock()
    index = index_of("e0")
    G = socket.inet_aton("224.5.5.5")
    by_index, by_address, by_none = G + bytes(4) + struct.pack("i", index), G + socket.inet_aton("10.6.0.1"), G + bytes(4)
    m.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, by_index)
    sh("ip link set e0 netns a", check=True)
    listening = sh("ss -Hltn").out
    t.ok("LISTEN, address gone", "10.6.0.1:7700" in listening, listening)
    t.ok("LISTEN, device gone", ":7701" in listening, listening)
    t.eq("getsockname", (l.getsockname(), u.getsockname()), (("10.6.0.1", 7700), ("10.6.0.1", 7702)))
    t.fails("UDP send", ENETUNREACH, u.sendto, b"x", ("10.6.0.2", 9))
    t.fails("connected UDP send", ENETUNREACH, c.send, b"x")
    t.fails("connected UDP sendmsg", ENETUNREACH, c.sendmsg, [b"x"])
    t.eq("connected getsockname", c.getsockname()[0], "10.6.0.1")
    drop = lambda what: m.setsockopt(socket.IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, what)
    t.fails("drop by address", EADDRNOTAVAIL, drop, by_address)
    t.fails("drop by nothing", ENODEV, drop, by_none)
    t.fails("drop by index", 0, drop, by_index)
    t.fails("drop by index again", EADDRNOTAVAIL, drop, by_index)
    sh("ip -n a link set e0 netns %d; ip link set e0 up; ip addr add 10.6.0.1/24 dev e0" % os.getpid(), check=True)
    k = sock(TCP)
    t.fails("works when it is back", 0, k.connect, ("10.6.0.1", 7700))
    l.close()
    d.close()


main()
