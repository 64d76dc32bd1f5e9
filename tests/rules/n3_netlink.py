# SPDX-License-Identifier: MIT
"""N3.12 - N3.15, N3.18: netlink sockets, what they hear, and of whom"""

from rules import *

LISTEN_ALL_NSID = 8
HERE = (0, 2, 4, 6, 7, 9, 10, 11, 12, 15, 16)
KERNEL_ENDS = {0: 1, 4: 1, 6: 1, 9: 1, 10: 1, 12: 1, 15: 1, 16: 1}


def raw(protocol=0, pid=None):
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
    if pid is not None:
        s.bind((pid, 0))
    return s


def at(ns, fn, *args, **kw):
    with inside(ns):
        return fn(*args, **kw)


@rule("N3.12")
def protocols(t):
    sh("ip netns add a", check=True)
    for where in (None, "a"):
        with inside(where or "a") if where else inside(my_ns()):
            for p in range(0, 24):
                t.fails("protocol %d in %s" % (p, where or "the first"), 0 if p in HERE else EPROTONOSUPPORT,
                        lambda: raw(p).close())
    t.fails("protocol 32", EPROTONOSUPPORT, raw, 32)
    t.fails("another type", ESOCKTNOSUPPORT, socket.socket, socket.AF_NETLINK, socket.SOCK_STREAM, 0)


@rule("N3.12")
def kernel_ends(t):
    """In a child namespace: who takes a message at all"""
    noop = struct.pack("=IHHII", 16, 1, 1, 1, 0)  # NLMSG_NOOP
    for p in HERE:
        want = 0 if p in KERNEL_ENDS else ECONNREFUSED
        t.fails("send to %d" % p, want, raw(p).sendto, noop, (0, 0))


@rule("N3.12")
def ends_answer(t):
    """What each kernel end says to a request it does not know"""
    def answer(p, kind, body=b"", flags=5):
        s = raw(p, 0)
        s.send(struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body)
        if not select.select([s], [], [], 1)[0]:
            return "silence"
        got = s.recv(65536)
        return name_of(-struct.unpack_from("=i", got, 16)[0]) if struct.unpack_from("=IH", got)[1] == 2 else "data"
    t.eq("route", answer(0, 9999), "ENOTSUP")
    t.eq("sock_diag", answer(4, 99), "EINVAL")
    t.eq("xfrm", answer(6, 99), "EINVAL")
    t.ok("audit", answer(9, 1000) in ("EPERM", "ECONNREFUSED"), answer(9, 1000))
    t.eq("netfilter", answer(12, 99 << 8, bytes(4)), "EINVAL")
    t.eq("generic", answer(16, 0x7F, struct.pack("BBH", 1, 1, 0)), "ENOENT")


@rule("N3.12")
def generic(t):
    """nlctrl tells of itself; what it does not know"""
    def family(*attributes, flags=0):
        n = Netlink(16)
        try:
            return [attrs(b[4:]) for _, b in n.ask(16, struct.pack("=BBH", 3, 1, 0) + b"".join(attributes), flags)]
        finally:
            n.close()
    a = family(attr(2, "nlctrl"))[0]
    t.eq("name and id", (a[2], a[1]), (b"nlctrl\0", b"\x10\0"))
    t.eq("version", a[3], struct.pack("=I", 2))
    t.ok("its group", b"notify\0" in a[7])
    t.eq("by id", family(attr(1, b"\x10\0"))[0][2], b"nlctrl\0")
    t.ok("dump", any(x[2] == b"nlctrl\0" for x in family(flags=NLM_DUMP)))
    t.fails("unknown name", ENOENT, family, attr(2, "nobody"))
    t.fails("unknown id", ENOENT, family, attr(1, b"\x7f\x7f"))
    t.fails("neither", EINVAL, family)
    n = Netlink(16)
    t.fails("unknown command", EOPNOTSUPP, n.ask, 16, struct.pack("=BBH", 200, 1, 0))
    t.fails("no header", EINVAL, n.ask, 16, b"")


@rule("N3.12")
def fib_lookup(t):
    def ask_fib(dst):
        s = raw(10, 0)
        body = socket.inet_aton(dst) + bytes(16)
        s.sendto(struct.pack("=IHHII", 16 + len(body), 0, 1, 1, 0) + body, (0, 0))
        return struct.unpack_from("=BBBBBi", s.recv(1000), 16 + 11)
    t.eq("local", ask_fib("127.0.0.1"), (254, 32, 0, 2, 254, 0))
    t.eq("none", ask_fib("9.9.9.9"), (254, 0, 0, 0, 0, -EAGAIN))


@rule("N3.12")
def ports(t):
    sh("ip netns add a; ip netns add b", check=True)
    held = [at(n, raw, 0, 777) for n in "ab"]
    t.eq("777 in a and b", [s.getsockname()[0] for s in held], [777, 777])
    t.fails("twice in a", EADDRINUSE, at, "a", raw, 0, 777)
    t.fails("of another protocol", 0, at, "a", raw, 15, 777)
    t.fails("here", 0, raw, 0, 777)
    a = at("a", raw, 2)
    t.eq("autobind", (a.bind((0, 0)), a.getsockname()[0])[1], os.getpid())
    b = at("a", raw, 2)
    b.bind((0, 0))
    t.ok("a second of one process", b.getsockname()[0] > 1 << 31, b.getsockname())
    t.fails("bind again elsewhere", EINVAL, b.bind, (5, 0))
    one, two, other = at("a", raw, 2, 5), at("a", raw, 2, 6), at("b", raw, 2, 6)
    t.fails("unicast", 0, one.sendto, b"hello", (6, 0))
    t.ok("arrives in its namespace", select.select([two], [], [], 1)[0])
    t.eq("and in no other", select.select([other], [], [], 0.1)[0], [])
    t.fails("unicast to nobody", ECONNREFUSED, one.sendto, b"hello", (99, 0))


@rule("N3.12")
def events(t):
    sh("ip netns add a; ip netns add b", check=True)
    a, b, h = at("a", Netlink, groups=(1,)), at("b", Netlink, groups=(1,)), Netlink(groups=(1,))
    sh("ip -n a link set lo up", check=True)
    t.ok("heard where it happened", a.events())
    t.eq("not in another", b.events(0.05), [])
    t.eq("nor in the first", h.events(0.05), [])
    t.fails("group 0", EINVAL, a.s.setsockopt, SOL_NETLINK, 1, 0)
    t.fails("a group too many", EINVAL, a.s.setsockopt, SOL_NETLINK, 1, 5000)
    a.s.setsockopt(SOL_NETLINK, 2, 1)
    sh("ip -n a link set lo down", check=True)
    t.eq("left", a.events(0.1), [])


@rule("N3.13")
def all_namespaces(t):
    sh("ip netns add a; ip netns add b", check=True)
    n = Netlink(groups=(1,))
    n.s.setsockopt(SOL_NETLINK, LISTEN_ALL_NSID, 1)
    t.eq("reads back 1", n.s.getsockopt(SOL_NETLINK, LISTEN_ALL_NSID), 1)
    fd = os.open(NAME + "a", os.O_RDONLY)

    def heard(limit=0.3):
        out = []
        while select.select([n.s], [], [], limit)[0]:
            data, anc, _, _ = n.s.recvmsg(65536, 256)
            ids = [struct.unpack("i", d[:4])[0] for level, kind, d in anc if (level, kind) == (SOL_NETLINK, 8)]
            out.append((struct.unpack_from("=IH", data)[1], ids))
        return out
    sh("ip -n a link set lo up", check=True)
    t.eq("no nsid: silent", heard(0.1), [])
    ask(RTM_NEWNSID, struct.pack("=Bxxx", 0) + attr(NETNSA_NSID, 12) + attr(NETNSA_FD, fd))
    sh("ip -n a link set lo down; ip -n b link set lo up", check=True)
    got = heard()
    t.ok("with its nsid", got and all(x == (RTM_NEWLINK, [12]) for x in got), got)
    sh("ip link set lo down; ip link set lo up", check=True)
    got = heard()
    t.ok("own ones have none", got and all(x == (RTM_NEWLINK, []) for x in got), got)
    sh("ip -n a link add v0 type veth peer name v1", check=True)
    got = heard()
    t.eq("of each", got, [(RTM_NEWLINK, [12])] * len(got))
    out = sh("timeout 1 ip monitor all-nsid link & sleep 0.4; ip -n a link set lo up; ip link set lo down; wait").out
    t.ok("ip monitor all-nsid", "[nsid 12]" in out and "[nsid current]" in out, out)
    sh("ip link set lo up; ip -n a link set lo down", check=True)
    heard()
    n.s.setsockopt(SOL_NETLINK, LISTEN_ALL_NSID, 0)
    sh("ip -n a link set lo up", check=True)
    t.eq("off", heard(0.1), [])
    t.eq("reads back 0", n.s.getsockopt(SOL_NETLINK, LISTEN_ALL_NSID), 0)
    got = dropped(lambda: errno_of(raw(0, 0).setsockopt, SOL_NETLINK, LISTEN_ALL_NSID, 1))
    t.eq("without CAP_NET_BROADCAST", got, EPERM)


@rule("N3.13")
def all_by_group(t):
    """Other groups than links, and an id that comes later or goes"""
    sh("ip netns add a; ip -n a link add v0 type veth peer name v1", check=True)
    n = Netlink(groups=(5, 7))
    n.s.setsockopt(SOL_NETLINK, LISTEN_ALL_NSID, 1)
    fd = os.open(NAME + "a", os.O_RDONLY)
    ask(RTM_NEWNSID, struct.pack("=Bxxx", 0) + attr(NETNSA_NSID, 3) + attr(NETNSA_FD, fd))
    os.close(fd)
    sh("ip -n a addr add 10.0.0.1/24 dev v0; ip -n a link set v0 up", check=True)
    kinds = {k for k, _ in n.events()}
    t.eq("addresses and routes", kinds, {RTM_NEWADDR, RTM_NEWROUTE})
    sh("ip netns del a; ip netns add a; ip -n a link add v0 type veth peer name v1;"
       "ip -n a addr add 10.0.0.2/24 dev v0", check=True)
    soon(lambda: False, 0.3)
    got = [k for k, d in n.events() if k == RTM_NEWADDR]
    t.eq("another of that name has no id", got, [])


@rule("N3.14")
def both_may(t):
    n = Netlink()
    up = ifi(index=1, flags=1, change=1)
    t.fails("opener and sender may", 0, n.ask, RTM_SETLINK, up)
    t.eq("sender may not", dropped(lambda: errno_of(n.ask, RTM_SETLINK, up)), EPERM)
    t.eq("sender may ask", dropped(lambda: errno_of(n.ask, RTM_GETLINK, up)), 0)
    r, w = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)

    def opener():
        s = raw()
        socket.send_fds(w, [b"x"], [s.fileno()])
        return 0
    dropped(opener)
    fds = socket.recv_fds(r, 10, 1)[1]
    s = socket.socket(fileno=fds[0])
    weak = Netlink.__new__(Netlink)
    weak.s, weak.seq = s, 0
    t.fails("opener might not", EPERM, weak.ask, RTM_SETLINK, up)
    t.fails("opener might ask", 0, weak.ask, RTM_GETLINK, up)
    hdr = struct.pack("=IHHIIBBH", 20, (10 << 8) | 1, 0x305, 1, 0, 2, 0, 0)  # nft tables

    def nft():
        s = raw(12, 0)
        s.send(hdr)
        return -struct.unpack_from("=i", s.recv(1000), 16)[0]
    t.eq("nfnetlink dump", dropped(nft), EPERM)


@rule("N3.15")
def acks(t):
    sh("ip netns add a; ip -n a link set lo up", check=True)
    with inside("a"):
        bad = ifi(kind_attr("nonsense"), attr(IFLA_IFNAME, "q"))
        t.says("EXT_ACK", EOPNOTSUPP, "Unknown device type", ask, RTM_NEWLINK, bad, NLM_CREATE | NLM_EXCL)
        n = Netlink()
        n.s.setsockopt(SOL_NETLINK, 11, 0)
        t.says("without", EOPNOTSUPP, "", n.ask, RTM_NEWLINK, bad, NLM_CREATE | NLM_EXCL)
        t.eq("reads back", [n.s.getsockopt(SOL_NETLINK, o) for o in (11, 12)], [0, 0])
        body = struct.pack("=BBBBI", 2, 0, 0, 0, 99)
        t.fails("strict: no such device", ENODEV, ask, RTM_GETADDR, body, NLM_DUMP, strict=True)
        t.eq("not strict: all", len(ask(RTM_GETADDR, body, NLM_DUMP)), 1)
        body = struct.pack("=BBBBI", 2, 0, 0, 0, 1)
        t.eq("strict: filtered", len(ask(RTM_GETADDR, body, NLM_DUMP, strict=True)), 1)
        t.says("text in NLMSG_DONE", EINVAL, "ipv4: Invalid values in header for address dump request",
               ask, RTM_GETADDR, struct.pack("=BBBBI", 2, 9, 0, 0, 0), NLM_DUMP, strict=True)


@rule("N3.18")
def uevents(t):
    sh("ip netns add a", check=True)

    def ear():
        s = raw(15)
        s.bind((0, 1))
        return s

    def heard(s):
        out = []
        while select.select([s], [], [], 0.2)[0]:
            out.append(s.recv(65536).split(b"\0"))
        return [(l[0].decode(), dict(x.decode().split("=", 1) for x in l[1:] if b"=" in x)) for l in out]
    a, h = at("a", ear), ear()
    sh("ip -n a link add v0 type veth peer name v1", check=True)
    got = heard(a)
    names = [g[0] for g in got]
    for q in ("", "/queues/rx-0", "/queues/tx-0"):
        t.ok("add@.../v0" + q, "add@/devices/virtual/net/v0" + q in names, names)
    t.eq("not elsewhere", heard(h), [])
    of = dict(got).get("add@/devices/virtual/net/v0", {})
    t.eq("words", {k: of.get(k) for k in ("ACTION", "DEVPATH", "SUBSYSTEM", "INTERFACE")},
         dict(ACTION="add", DEVPATH="/devices/virtual/net/v0", SUBSYSTEM="net", INTERFACE="v0"))
    t.eq("IFINDEX", of.get("IFINDEX"), str(at("a", index_of, "v0")))
    t.ok("SEQNUM", of.get("SEQNUM", "").isdigit())
    sh("ip -n a link set v0 name w0", check=True)
    got = heard(a)
    t.ok("rename", any(g[0] == "move@/devices/virtual/net/w0" and g[1].get("DEVPATH_OLD") ==
                       "/devices/virtual/net/v0" for g in got), got)
    sh("ip -n a link set w0 netns %d" % os.getpid(), check=True)
    t.ok("leaves: remove", "remove@/devices/virtual/net/w0" in [g[0] for g in heard(a)])
    t.ok("arrives: add", "add@/devices/virtual/net/w0" in [g[0] for g in heard(h)])
    n = Netlink(15)
    t.fails("a program's own", 0, n.ask, 16, b"add@/x\0ACTION=add\0")
    t.ok("reaches its namespace", [g for g in heard(h) if g[0] == "add@/x" and g[1]["SEQNUM"].isdigit()])
    t.eq("and no other", [g[0] for g in heard(a) if g[0] == "add@/x"], [])
    t.eq("without the right", dropped(lambda: errno_of(n.ask, 16, b"add@/x\0ACTION=add\0")), EPERM)
    sh("ip link del w0", check=True)
    t.ok("deleted: remove", "remove@/devices/virtual/net/w0" in [g[0] for g in heard(h)])
    t.ok("peer deleted: remove", "remove@/devices/virtual/net/v1" in [g[0] for g in heard(a)])


main()
