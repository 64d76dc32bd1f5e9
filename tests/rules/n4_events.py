# SPDX-License-Identifier: MIT
"""N4.11 - N4.14: what a move does to the device, and who hears of it"""

import fcntl

from rules import *

SIOCADDMULTI, SIOCDELMULTI = 0x8931, 0x8932
KIND = {RTM_NEWLINK: "NEWLINK", RTM_DELLINK: "DELLINK", RTM_NEWADDR: "NEWADDR", RTM_DELADDR: "DELADDR",
        RTM_NEWROUTE: "NEWROUTE", RTM_DELROUTE: "DELROUTE", RTM_NEWNEIGH: "NEWNEIGH", RTM_DELNEIGH: "DELNEIGH",
        RTM_NEWNETCONF: "NEWNETCONF", RTM_DELNETCONF: "DELNETCONF"}
# links, neighbours, IPv4 addresses, routes, rules, netconf
GROUPS = (1, 3, 5, 7, 8, 24)


def setup(up=True):
    """e0 here, its peer p in c, and an empty b. -> descriptors of b and c"""
    sh("ip netns add b; ip netns add c; ip link add e0 type veth peer name p netns c", check=True)
    if up:
        sh("ip link set e0 up; ip -n c link set p up; ip addr add 10.0.0.1/24 dev e0", check=True)
        soon(lambda: "LOWER_UP" in sh("ip link show e0").out)
    return os.open(NAME + "b", os.O_RDONLY), os.open(NAME + "c", os.O_RDONLY)


def move(name, to, *more):
    ask(RTM_SETLINK, ifi(attr(IFLA_NET_NS_FD, to), *more, index=index_of(name)))


def listener(ns, groups=GROUPS):
    with inside(ns):
        return Netlink(groups=groups)


def said(n, limit=0.3):
    """-> [(word, Link or None)], IPv6's aside"""
    out = []
    for k, d in n.events(limit):
        if d[:1] == bytes([socket.AF_INET6]):
            continue
        out.append((KIND.get(k, k), Link(d) if k in (RTM_NEWLINK, RTM_DELLINK) else None))
    return out


def words(events):
    """The words in order, repeats in one"""
    out = []
    for w, _ in events:
        if not out or out[-1] != w:
            out.append(w)
    return out


@rule("N4.11")
def sequence(t):
    b, c = setup()
    me = my_ns()
    old, new = listener(me), listener(b)
    move("e0", b)
    events = said(old)
    got = words(events)
    t.ok("closed first", got[0] == "NEWLINK" and not events[0][1].flags & 1, got)
    t.ok("protocols before DELLINK", got.index("DELADDR") < got.index("DELLINK"), got)
    t.ok("netconf before DELLINK", got.index("DELNETCONF") < got.index("DELLINK"), got)
    t.eq("DELLINK last", got[-1], "DELLINK")
    got = words(said(new))
    t.eq("protocols before NEWLINK in the new one", got, ["NEWNETCONF", "NEWLINK"])


@rule("N4.14")
def old(t):
    b, c = setup()
    sh("ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev e0; ip route add 10.9.0.0/16 via 10.0.0.2;"
       "ip route add 10.8.0.0/16 dev e0", check=True)
    index = index_of("e0")
    n = listener(my_ns())
    move("e0", b, attr(IFLA_NEW_IFINDEX, 77))
    events = said(n)
    got = words(events)
    t.ok("NEWLINK, not up", got[0] == "NEWLINK" and not events[0][1].flags & 1, got)
    t.ok("DELNEIGH", "DELNEIGH" in got and got.index("DELNEIGH") < got.index("DELADDR"), got)
    t.ok("DELADDR, then DELROUTE of the local table", got.index("DELADDR") < got.index("DELROUTE"), got)
    t.ok("DELROUTE before DELNETCONF", got.index("DELROUTE") < got.index("DELNETCONF"), got)
    t.eq("order", [w for w in got if w not in ("NEWLINK",)], ["DELNEIGH", "DELADDR", "DELROUTE", "DELNETCONF", "DELLINK"])
    routes = [w for w, _ in events].count("DELROUTE")
    t.eq("no DELROUTE for each route", routes, 1)
    last = events[-1]
    t.eq("DELLINK ends it", last[0], "DELLINK")
    t.eq("its index", last[1].index, index)
    t.eq("where it went", last[1].num(IFLA_NEW_NETNSID), nsid(b))
    t.eq("and as what", last[1].num(IFLA_NEW_IFINDEX), 77)
    t.eq("routes are gone", sh("ip -4 route").out, "")


@rule("N4.14")
def kept_index(t):
    b, c = setup(False)
    n = listener(my_ns())
    index = index_of("e0")
    move("e0", b)
    last = [l for w, l in said(n) if w == "DELLINK"][-1]
    t.eq("index in DELLINK, kept", last.num(IFLA_NEW_IFINDEX), index)


@rule("N4.14")
def new(t):
    b, c = setup()
    n = listener(b)
    move("e0", b)
    events = said(n)
    t.eq("NEWNETCONF, NEWLINK", words(events), ["NEWNETCONF", "NEWLINK"])
    l = events[-1][1]
    t.eq("down", l.flags & 1, 0)
    with inside(b):
        t.eq("LINK_NETNSID", l.num(IFLA_LINK_NETNSID), nsid(c))
        with inside(c):
            p = index_of("p")
        t.eq("LINK", l.num(IFLA_LINK), p)


@rule("N4.14")
def peer(t):
    b, c = setup()
    n = listener(c, groups=(1,))
    move("e0", b, attr(IFLA_NEW_IFINDEX, 88))
    events = [l for w, l in said(n, 1.5) if w == "NEWLINK"]  # the kernel waits up to a second
    with inside(c):
        t.ok("NEWLINK of the peer", events and events[-1].name == "p")
        t.eq("new LINK", events[-1].num(IFLA_LINK), 88)
        t.eq("new LINK_NETNSID", events[-1].num(IFLA_LINK_NETNSID), nsid(b))
        t.ok("no carrier", "NO-CARRIER" in sh("ip link show p").out)


def mc(dev, addr, add=True):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCADDMULTI if add else SIOCDELMULTI,
                    struct.pack("16sH6s8x", dev.encode(), 0, bytes.fromhex(addr.replace(":", ""))))


@rule("N4.12")
def lost(t):
    b, c = setup()
    sh("ip route add 10.9.0.0/16 via 10.0.0.2; ip route add 10.8.0.0/16 dev e0 table 50;"
       "ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev e0 nud permanent", check=True)
    mc("e0", "01:00:5e:01:02:03")
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("224.5.5.5") +
                 struct.pack("=4xi", index_of("e0")))
    t.ok("joined before", "224.5.5.5" in sh("ip maddr show dev e0").out)
    for p, v in (("conf/e0/forwarding", "0"), ("conf/e0/rp_filter", "2"), ("neigh/e0/mcast_solicit", "9")):
        open("/proc/sys/net/ipv4/" + p, "w").write(v)
    with inside(b):
        open("/proc/sys/net/ipv4/conf/default/rp_filter", "w").write("1")
    move("e0", b)
    t.eq("routes", sh("ip -4 route show table all | grep -v ' lo '").out, "")
    t.eq("neighbours", sh("ip neigh").out, "")
    with inside(b):
        l = link("e0")
        t.eq("UP", l.flags & 1, 0)
        t.eq("addresses", sh("ip -4 addr show e0 | grep inet").out, "")
        t.eq("routes there", sh("ip -4 route show table all").out, "")
        t.eq("neighbours there", sh("ip neigh").out, "")
        t.eq("static multicast", [x for x in sh("ip maddr show dev e0").out.split() if x == "01:00:5e:01:02:03"], [])
        t.ok("joined groups", "224." not in sh("ip -4 maddr show dev e0").out)
        t.eq("queue", l.a[6], b"noop\0")
        t.eq("conf", open("/proc/sys/net/ipv4/conf/e0/rp_filter").read(), "1\n")
        t.eq("neigh", open("/proc/sys/net/ipv4/neigh/e0/mcast_solicit").read(), "3\n")
        back = os.open("/proc/%d/ns/net" % os.getppid(), os.O_RDONLY)
    sh("ip -n b link set e0 up; ip -n b addr add 10.0.0.1/24 dev e0", check=True)
    with inside(b):
        t.ok("the socket's membership", "224.5.5.5" not in sh("ip maddr show dev e0").out)
        s2 = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s2.bind(("", 5005))
    s.bind(("", 5005))
    sh("ip -n c addr add 10.0.0.2/24 dev p; ip -n c route add 224.0.0.0/4 dev p", check=True)
    with inside(c):
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("224.5.5.5", 5005))
    t.eq("hears nothing", select.select([s, s2], [], [], 0.3)[0], [])


@rule("N4.13")
def kept(t):
    b, c = setup()
    sh("ip link set e0 address 02:00:00:00:00:aa mtu 1400 txqueuelen 77 alias 'a word'; ip link set e0 group 9;"
       "ip link property add dev e0 altname other; ip link set e0 promisc on; ip link set e0 allmulticast on;"
       "ip link set e0 multicast off; ping -c1 -W1 -q 10.0.0.2", check=False)
    was = link("e0")
    move("e0", b)
    with inside(b):
        l = link("e0")
        for what, a in (("MAC", 1), ("MTU", 4), ("txqueuelen", 13), ("alias", 20), ("group", 27),
                        ("altnames", IFLA_PROP_LIST), ("promiscuity", 30), ("allmulti", 61)):
            t.ok(what, l.a.get(a) == was.a.get(a) and l.a.get(a), (l.a.get(a), was.a.get(a)))
        flags = 0x100 | 0x200 | 0x1000  # PROMISC, ALLMULTI, MULTICAST
        t.eq("flags", l.flags & flags, 0x300)
        t.eq("statistics", l.a[7][:16], was.a[7][:16])
        t.ok("had statistics", any(was.a[7][:16]))
        t.eq("index", l.index, was.index)
        t.eq("peer", l.num(IFLA_LINK), was.num(IFLA_LINK))


main()
