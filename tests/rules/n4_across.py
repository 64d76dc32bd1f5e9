# SPDX-License-Identifier: MIT
"""N4.15 - N4.19: devices whose other half is in another namespace"""

import fcntl

from rules import *

TUNSETIFF, TUNSETPERSIST, TUNGETIFF = 0x400454CA, 0x400454CB, 0x800454D2


def opened(name):
    sh("ip netns add " + name, check=True)
    return os.open(NAME + name, os.O_RDONLY)


def at(ns, fn, *args):
    with inside(ns):
        return fn(*args)


def state(ns, dev):
    """The flags that ip shows, and the state"""
    words = sh("ip -o link show " + dev, ns=ns).out.split()
    return words[2] + " " + words[words.index("state") + 1] if words else "none"


@rule("N4.15")
def created(t):
    a, b = opened("a"), opened("b")
    n = Netlink(groups=(1,))
    t.eq("create", sh("ip link add v0 netns a type veth peer name v1 netns b").rc, 0)
    t.eq("nothing here", n.events(), [])
    t.fails("not here", ENODEV, link, "v0")
    for ns, dev, other, peer in ((a, "v0", b, "v1"), (b, "v1", a, "v0")):
        with inside(ns):
            l = link(dev)
            t.eq(dev + " LINK", l.num(IFLA_LINK), at(other, index_of, peer))
            t.eq(dev + " LINK_NETNSID", l.num(IFLA_LINK_NETNSID), nsid(other))
    sh("ip -n a netns set b 3", check=False)
    text = sh("ip link show v0", ns=a).out
    t.ok("text", "v0@if%d:" % at(b, index_of, "v1") in text, text)
    t.ok("text of the namespace", " link-netns b" in text or " link-netnsid " in text, text)
    sh("ip link add h0 type veth peer name h1", check=True)
    t.eq("one namespace: no LINK_NETNSID", link("h0").num(IFLA_LINK_NETNSID), None)
    t.ok("one namespace: text", "h0@h1:" in sh("ip link show h0").out)
    t.eq("same name", sh("ip link add s netns a type veth peer name s netns b").rc, 0)
    t.eq("same name in one", sh("ip link add r netns a type veth peer name r netns a").rc, 2)


@rule("N4.16")
def carrier(t):
    a, b = opened("a"), opened("b")
    sh("ip link add v0 netns a type veth peer name v1 netns b", check=True)
    sh("ip -n a link set v0 up", check=True)
    t.ok("peer down", soon(lambda: "NO-CARRIER" in state(a, "v0")), state(a, "v0"))
    t.ok("peer elsewhere: DOWN", state(a, "v0").endswith(" DOWN"), state(a, "v0"))
    sh("ip link add h0 type veth peer name h1; ip link set h0 up", check=True)
    t.ok("peer here: LOWERLAYERDOWN", soon(lambda: state(None, "h0").endswith(" LOWERLAYERDOWN")), state(None, "h0"))
    sh("ip -n b link set v1 up", check=True)
    for n, d in ((a, "v0"), (b, "v1")):
        t.ok(d + " up", soon(lambda: "LOWER_UP" in state(n, d) and state(n, d).endswith(" UP")), state(n, d))
    sh("ip -n b link set v1 down", check=True)
    t.ok("peer down again", soon(lambda: "NO-CARRIER" in state(a, "v0")), state(a, "v0"))
    sh("ip -n b link del v1", check=True)
    t.fails("both gone", ENODEV, at, a, link, "v0")
    sh("ip link add v0 netns a type veth peer name v1 netns b; ip -n a link del v0", check=True)
    t.fails("both gone, other end", ENODEV, at, b, link, "v1")


@rule("N4.17")
def upper(t):
    a, b = opened("a"), opened("b")
    home = my_ns()
    r = sh("ip link add l0 type veth peer name lp; ip link set l0 up; ip link set lp up;"
           "ip link add mv link l0 type macvlan")
    t.eq("macvlan is made", r.rc, 0)
    if r.rc:
        return
    t.eq("moved", sh("ip link set mv netns b; ip -n b link set mv up").rc, 0)
    with inside(b):
        l = link("mv")
        t.eq("LINK", (l.num(IFLA_LINK), l.num(IFLA_LINK_NETNSID)), (at(home, index_of, "l0"), nsid(home)))
    t.ok("up", soon(lambda: "LOWER_UP" in state(b, "mv")))
    sh("ip link set l0 netns a; ip -n a link set l0 up", check=True)
    t.ok("stays when the lower moves", soon(lambda: "LOWER_UP" in state(b, "mv")), state(b, "mv"))
    sh("ip -n a link set l0 down", check=True)
    t.ok("follows the lower", soon(lambda: "NO-CARRIER" in state(b, "mv")), state(b, "mv"))
    n = at(b, lambda: Netlink(groups=(1,)))
    sh("ip -n a link del l0", check=True)
    t.fails("deleted with the lower", ENODEV, at, b, link, "mv")
    t.ok("with DELLINK there", any(k == RTM_DELLINK for k, _ in n.events()))
    sh("ip link add l0 type veth peer name lp; ip link add mv2 netns b link l0 type macvlan", check=True)
    t.ok("made there with a lower of here", at(b, link, "mv2").index)
    lower = attr(IFLA_LINK, index_of("l0"))
    a_id = nsid(a)
    sh("ip -n a link add q index 500 type veth peer name qp", check=True)
    got = errno_of(ask, RTM_NEWLINK, ifi(kind_attr("macvlan"), attr(IFLA_IFNAME, "mv3"), attr(IFLA_LINK, 500),
                                         attr(IFLA_LINK_NETNSID, a_id)), NLM_CREATE | NLM_EXCL)
    t.eq("LINK in LINK_NETNSID", got, 0)
    t.fails("LINK in the sender's", ENODEV, ask, RTM_NEWLINK,
            ifi(kind_attr("macvlan"), attr(IFLA_IFNAME, "mv4"), attr(IFLA_LINK, 500)), NLM_CREATE | NLM_EXCL)


@rule("N4.18")
def underlay(t):
    a, b = opened("a"), opened("b")
    r = sh("ip -n a link add vx type vxlan id 5 dstport 4789 remote 10.0.0.9")
    t.eq("vxlan is made", r.rc, 0)
    if r.rc:
        return
    sh("ip -n a link set vx netns b; ip -n b link set vx up", check=True)
    t.ok("port is open where it was made", ":4789" in sh("ss -uanH", ns=a).out)
    t.ok("and not where it is", ":4789" not in sh("ss -uanH", ns=b).out)
    os.close(a)
    sh("ip netns del a", check=True)
    t.ok("dies with its first namespace", soon(lambda: errno_of(at, b, link, "vx") == ENODEV))


def tun(fd, name, flags=0x1001):
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))


@rule("N4.19")
def tuns(t):
    a, b = opened("a"), opened("b")
    try:
        with inside(a):
            fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    except OSError as e:
        return t.ok("open /dev/net/tun", False, e)
    t.fails("attach from elsewhere", 0, at, b, tun, fd, "t0")
    t.ok("where it was opened", at(a, link, "t0").index)
    t.fails("not where the caller is", ENODEV, at, b, link, "t0")
    sh("ip -n a link set t0 netns b; ip -n b link set t0 up; ip -n b addr add 10.0.0.1/24 dev t0", check=True)
    t.fails("works after the move", 0, os.write, fd, b"\x45" + bytes(19))
    fd2 = at(a, os.open, "/dev/net/tun", os.O_RDWR)
    tun(fd2, "t0")
    t.ok("by name elsewhere: a new one", at(a, link, "t0").index)
    fd3 = at(b, os.open, "/dev/net/tun", os.O_RDWR)
    t.fails("second attach", EBUSY, tun, fd3, "t0")
    fcntl.ioctl(fd2, TUNSETPERSIST, 1)
    os.close(fd2)
    t.ok("persists", at(a, link, "t0").index)
    st = ns_id(a)
    os.close(a)
    sh("ip netns del a", check=True)
    t.ok("does not keep the namespace", True)


main()
