# SPDX-License-Identifier: MIT
"""N4.1 - N4.3: names and indexes of devices"""

from rules import *


_count = [0]


def make(name, index=0):
    """A device whose peer is out of the way, in a namespace of the peers"""
    if not os.path.exists(NAME + "peers"):
        sh("ip netns add peers", check=True)
    _count[0] += 1
    fd = os.open(NAME + "peers", os.O_RDONLY)
    try:
        peer = attr(1, ifi(attr(IFLA_IFNAME, "k%d.%d" % (os.getpid(), _count[0])), attr(IFLA_NET_NS_FD, fd)))
        return ask(RTM_NEWLINK, ifi(kind_attr("veth", peer), attr(IFLA_IFNAME, name), index=index),
                   NLM_CREATE | NLM_EXCL)
    finally:
        os.close(fd)


def prop(kind, dev, name):
    return ask(kind, ifi(attr(IFLA_IFNAME, dev), attr(IFLA_PROP_LIST | 0x8000, attr(IFLA_ALT_IFNAME, name))),
               NLM_CREATE | NLM_EXCL | 0x800 if kind == RTM_NEWLINKPROP else 0)


@rule("N4.1")
def names(t):
    sh("ip netns add a; ip netns add b", check=True)
    for n in "ab":
        with inside(n):
            t.fails("same name in " + n, 0, make, "same", 55)
            t.fails("same altname in " + n, 0, prop, RTM_NEWLINKPROP, "same", "other")
    t.fails("not here", ENODEV, link, "same")
    with inside("a"):
        t.eq("by index", index_of("same"), 55)
        t.fails("altname taken by a name", EEXIST, prop, RTM_NEWLINKPROP, "same", "same")
        t.fails("name taken by an altname", EEXIST, make, "other")
        t.fails("altname twice", EEXIST, prop, RTM_NEWLINKPROP, "same", "other")
        t.eq("by altname", sh("ip -o link show other").out.split()[1].split("@")[0], "same")
        t.fails("altname of no device", EINVAL, prop, RTM_DELLINKPROP, "same", "same")
        t.fails("altname unknown", ENOENT, prop, RTM_DELLINKPROP, "same", "nobody")
        t.fails("altname off", 0, prop, RTM_DELLINKPROP, "same", "other")
        t.fails("its name is free", 0, make, "other")


@rule("N4.1")
def allowed(t):
    for label, name in (("1", "x"), ("15", "x" * 15), ("percent", "a%"), ("utf-8", "\u00e9\u00e9"), ("dots", "..."),
                        ("pattern", "p%d"), ("pattern inside", "p%dq")):
        t.fails("good " + label, EINVAL if label == "percent" else 0, make, name)
    t.eq("pattern lowest", sh("ls /proc/sys/net/ipv4/conf | grep '^p'").out.split(), ["p0", "p0q"])
    make("p%d")
    t.ok("pattern next", link("p1").index)
    sh("ip link del p0", check=True)
    make("p%d")
    t.ok("pattern hole", link("p0").index)
    for label, name in (("empty", ""), ("slash", "a/b"), ("colon", "a:b"), ("space", "a b"), ("tab", "a\tb"),
                        ("newline", "a\n"), ("dot", "."), ("dotdot", ".."), ("%s", "p%s"), ("two %d", "p%d%d")):
        t.fails("bad " + label, EINVAL, make, name)
    t.says("16", ERANGE, "Attribute failed policy validation", make, "x" * 16)
    t.fails("rename bad", EINVAL, ask, RTM_SETLINK, ifi(attr(IFLA_IFNAME, "a/b"), index=index_of("x")))
    t.fails("rename taken", EEXIST, ask, RTM_SETLINK, ifi(attr(IFLA_IFNAME, "p1"), index=index_of("x")))
    t.fails("rename pattern", 0, ask, RTM_SETLINK, ifi(attr(IFLA_IFNAME, "r%d"), index=index_of("x")))
    t.ok("renamed", link("r0").index)


@rule("N4.2")
def indexes(t):
    t.eq("lo", index_of("lo"), 1)
    make("d0")
    make("d1")
    t.eq("next", (index_of("d0"), index_of("d1")), (2, 3))
    sh("ip link del d1", check=True)
    make("d2")
    t.eq("not reused", index_of("d2"), 4)
    make("d3", 100)
    t.eq("explicit", index_of("d3"), 100)
    make("d4")
    t.ok("after explicit", index_of("d4") in (5, 101), index_of("d4"))
    t.fails("taken", EEXIST, make, "d5", 100)
    t.fails("taken by lo", EEXIST, make, "d5", 1)
    t.says("negative", EINVAL, "ifindex can't be negative", make, "d5", -5)
    t.fails("top", 0, make, "d6", 2**31 - 1)
    make("d7")
    t.ok("beside the top", 1 < index_of("d7") < 2**31 - 1)


@rule("N4.2")
def indexes_of_each(t):
    sh("ip netns add a; ip netns add b", check=True)
    for n in "ab":
        with inside(n):
            make("d0")
            t.eq("first of " + n, index_of("d0"), 2)


@rule("N4.3")
def kinds(t):
    sh("ip link add x type veth peer name y", check=True)
    t.eq("peer first", (index_of("y"), index_of("x")), (2, 3))
    ask(RTM_NEWLINK, ifi(kind_attr("veth")), NLM_CREATE | NLM_EXCL)
    t.eq("pattern", [link("veth%d" % i).index for i in (0, 1)], [4, 5])
    sh("ip netns add a; ip -n a link add type veth", check=True)
    fd = os.open(NAME + "a", os.O_RDONLY)
    peer = attr(1, ifi(attr(IFLA_NET_NS_FD, fd)))
    ask(RTM_NEWLINK, ifi(kind_attr("veth", peer), attr(IFLA_NET_NS_FD, fd)), NLM_CREATE | NLM_EXCL)
    with inside("a"):
        t.eq("pattern of the target", [link("veth%d" % i).index for i in range(4)], [2, 3, 4, 5])
    t.fails("none here", ENODEV, link, "veth2")


main()
