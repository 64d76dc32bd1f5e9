# SPDX-License-Identifier: MIT
"""N4.4 - N4.10: moving a device to another namespace: how one asks, and what is refused"""

import fcntl

from rules import *

MULTIPLE = "multiple netns identifying attributes specified"
NEW = NLM_CREATE | NLM_EXCL


def setup():
    """e0 here, its peer p in b. -> (index, descriptor of b)"""
    sh("ip netns add b; ip link add e0 type veth peer name p netns b", check=True)
    return index_of("e0"), os.open(NAME + "b", os.O_RDONLY)


def move(index, *attributes):
    return ask(RTM_SETLINK, ifi(*attributes, index=index))


def assign(fd, n):
    ask(RTM_NEWNSID, struct.pack("=Bxxx", 0) + attr(NETNSA_NSID, n) + attr(NETNSA_FD, fd))


@rule("N4.4")
def asked(t):
    e0, b = setup()
    me = os.getpid()
    t.says("fd and pid", EINVAL, MULTIPLE, move, e0, attr(IFLA_NET_NS_FD, b), attr(IFLA_NET_NS_PID, me))
    t.says("fd and nsid", EINVAL, MULTIPLE, move, e0, attr(IFLA_NET_NS_FD, b), attr(IFLA_TARGET_NETNSID, 0))
    t.says("pid and nsid", EINVAL, MULTIPLE, move, e0, attr(IFLA_NET_NS_PID, me), attr(IFLA_TARGET_NETNSID, 0))
    t.says("at creation", EINVAL, MULTIPLE, ask, RTM_NEWLINK,
           ifi(kind_attr("veth"), attr(IFLA_NET_NS_FD, b), attr(IFLA_NET_NS_PID, me)), NEW)
    t.fails("bad fd", EBADF, move, e0, attr(IFLA_NET_NS_FD, 999))
    with open("/dev/null") as f:
        t.fails("fd of no namespace", EINVAL, move, e0, attr(IFLA_NET_NS_FD, f.fileno()))
    other = os.open("/proc/self/ns/uts", os.O_RDONLY)
    t.fails("fd of another kind", EINVAL, move, e0, attr(IFLA_NET_NS_FD, other))
    t.fails("no pid", ESRCH, move, e0, attr(IFLA_NET_NS_PID, 4000000))
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    t.fails("zombie", ESRCH, move, e0, attr(IFLA_NET_NS_PID, pid))
    os.waitpid(pid, 0)
    t.fails("unassigned nsid", EINVAL, move, e0, attr(IFLA_TARGET_NETNSID, 77))
    t.fails("unassigned nsid at creation", EINVAL, ask, RTM_NEWLINK,
            ifi(kind_attr("veth"), attr(IFLA_TARGET_NETNSID, 77)), NEW)
    t.eq("stayed", index_of("e0"), e0)
    there = Child(setns, b)
    a = {"fd": attr(IFLA_NET_NS_FD, b), "nsid": attr(IFLA_TARGET_NETNSID, nsid(b)),
         "pid": attr(IFLA_NET_NS_PID, there.pid)}
    for label, how in a.items():
        t.fails("by " + label, 0, move, index_of("e0"), how)
        t.fails("gone by " + label, ENODEV, link, "e0")
        t.eq("arrived by " + label, in_ns(b, lambda: link("e0").name), "e0")
        back(b)
    there.stop()


def back(b):
    """e0 comes home from b"""
    home = my_ns()
    with inside(b):
        move(index_of("e0"), attr(IFLA_NET_NS_FD, home))
    os.close(home)


@rule("N4.4")
def permitted(t):
    """No right in the target's owner: a process with none at all"""
    e0, b = setup()
    said = dropped(lambda: [errno_of(move, e0, attr(IFLA_NET_NS_FD, b)),
                            errno_of(ask, RTM_NEWLINK, ifi(kind_attr("veth"), attr(IFLA_NET_NS_FD, b)), NEW)])
    t.eq("unprivileged move", said[0], EPERM)
    t.eq("unprivileged creation", said[1], EPERM)


@rule("N4.4")
def foreign_owner(t):
    """All rights here, none in the owner of the target"""
    e0, b = setup()

    def other_owner():
        os.setresuid(65534, 65534, 65534)
        syscall("prctl", 4, 1, 0, 0, 0)  # PR_SET_DUMPABLE
        unshare(CLONE_NEWUSER)
        with open("/proc/self/uid_map", "w") as f:
            f.write("0 65534 1")
        unshare()
        sh("ip link add own0 type veth peer name own1", check=True)
        return [errno_of(move, index_of("own0"), attr(IFLA_NET_NS_FD, b)),
                errno_of(ask, RTM_NEWLINK, ifi(kind_attr("veth"), attr(IFLA_NET_NS_FD, b)), NEW),
                errno_of(lambda: link("own0"))]
    try:
        said = in_child(other_owner)
    except AssertionError as e:
        return t.ok("user namespace", False, e)
    t.eq("move into a foreign owner's", said[0], EPERM)
    t.eq("creation in a foreign owner's", said[1], EPERM)
    t.eq("stayed with its owner", said[2], 0)


@rule("N4.5")
def same(t):
    e0, b = setup()
    sh("ip link set e0 up; ip addr add 10.0.0.1/24 dev e0", check=True)
    me = my_ns()
    n = Netlink(groups=(1,))
    t.fails("fd", 0, move, e0, attr(IFLA_NET_NS_FD, me))
    t.fails("pid", 0, move, e0, attr(IFLA_NET_NS_PID, os.getpid()))
    t.ok("still up", link("e0").flags & 1)
    t.ok("address kept", "10.0.0.1/24" in sh("ip addr show e0").out)
    t.eq("index", index_of("e0"), e0)
    t.ok("no DELLINK", all(k != RTM_DELLINK for k, _ in n.events()))


@rule("N4.6")
def index(t):
    e0, b = setup()
    with inside(b):
        sh("ip link add x index 55 type veth peer name y", check=True)
    t.says("wanted, taken", EBUSY, "The ifindex 55 is not available in the target netns", move, e0,
           attr(IFLA_NET_NS_FD, b), attr(IFLA_NEW_IFINDEX, 55))
    t.fails("wanted 0", ERANGE, move, e0, attr(IFLA_NET_NS_FD, b), attr(IFLA_NEW_IFINDEX, 0))
    t.fails("wanted -1", ERANGE, move, e0, attr(IFLA_NET_NS_FD, b), attr(IFLA_NEW_IFINDEX, -1))
    t.eq("stayed", index_of("e0"), e0)
    t.fails("without a move", 0, move, e0, attr(IFLA_NEW_IFINDEX, 99))
    t.eq("ignored", index_of("e0"), e0)
    me = my_ns()
    t.fails("same namespace", 0, move, e0, attr(IFLA_NET_NS_FD, me), attr(IFLA_NEW_IFINDEX, 99))
    t.eq("ignored in place", index_of("e0"), e0)
    t.fails("wanted, free", 0, move, e0, attr(IFLA_NET_NS_FD, b), attr(IFLA_NEW_IFINDEX, 99))
    with inside(b):
        t.eq("has it", index_of("e0"), 99)
        move(99, attr(IFLA_NET_NS_FD, me))
    t.eq("kept on the way home", index_of("e0"), 99)
    sh("ip link add z index 55 type veth peer name zp", check=True)
    t.fails("taken, none wanted", 0, move, 55, attr(IFLA_NET_NS_FD, b))
    with inside(b):
        got = index_of("z")
        t.ok("a new one", got not in (55, 1), got)


@rule("N4.7")
def taken(t):
    e0, b = setup()
    sh("ip -n b link add e0 type veth peer name q; ip link set e0 up; ip addr add 10.0.0.1/24 dev e0", check=True)
    go = attr(IFLA_NET_NS_FD, b)
    text = "An interface with the same name exists in the target netns"

    def unchanged(label):
        got = link("e0")
        t.ok("unchanged, " + label, got.index == e0 and got.flags & 1 and "10.0.0.1" in sh("ip addr show e0").out)

    t.says("name", EEXIST, text, move, e0, go)
    unchanged("name")
    sh("ip -n b link del e0; ip -n b link add w type veth peer name q; ip -n b link property add dev w altname e0",
       check=True)
    t.says("their altname", EEXIST, text, move, e0, go)
    unchanged("their altname")
    sh("ip -n b link property del dev w altname e0; ip -n b link property add dev w altname alt;"
       "ip link property add dev e0 altname alt", check=True)
    text = "An interface with the altname alt exists in the target netns"
    t.says("altname and altname", EEXIST, text, move, e0, go)
    sh("ip -n b link property del dev w altname alt; ip -n b link set w name alt", check=True)
    t.says("altname and name", EEXIST, text, move, e0, go)
    unchanged("altname")
    t.says("altname, with a name", EEXIST, text, move, e0, go, attr(IFLA_IFNAME, "free"))
    unchanged("altname, with a name")


@rule("N4.8")
def named(t):
    e0, b = setup()
    n = in_ns(b, lambda: Netlink(groups=(1,)))

    def names():
        return [l.name for l in (Link(d) for k, d in n.events() if k == RTM_NEWLINK) if l.name != "p"]
    go = attr(IFLA_NET_NS_FD, b)
    t.fails("new name", 0, move, e0, go, attr(IFLA_IFNAME, "blue"))
    t.ok("arrived", in_ns(b, lambda: link("blue").index))
    t.eq("old name free: renamed there at once", names(), ["e0", "blue"])
    sh("ip link add e0 type veth peer name e0p; ip -n b link add pat0 type veth peer name pat2;"
       "ip -n b link add e0 type veth peer name o", check=True)
    names()
    t.fails("old name taken", 0, move, index_of("e0"), go, attr(IFLA_IFNAME, "red"))
    t.eq("arrives under the new one", names(), ["red"])
    sh("ip -n b link del e0; ip link add e0 type veth peer name e1", check=True)
    t.fails("pattern", 0, move, index_of("e0"), go, attr(IFLA_IFNAME, "pat%d"))
    t.ok("lowest of the target", in_ns(b, lambda: link("pat1").index))
    sh("ip link add e0 type veth peer name e2", check=True)
    t.fails("wanted one taken", EEXIST, move, index_of("e0"), go, attr(IFLA_IFNAME, "pat0"))
    t.eq("has moved by then", in_ns(b, lambda: link("e0").name), "e0")


def in_ns(fd, fn):
    with inside(fd):
        return fn()


@rule("N4.9")
def target(t):
    e0, b = setup()
    sh("ip -n b link add in type veth peer name in2", check=True)
    assign_to = nsid(b)
    to = attr(IFLA_TARGET_NETNSID, assign_to)
    t.ok("has an id", assign_to >= 0)
    t.fails("create", 0, ask, RTM_NEWLINK, ifi(kind_attr("veth"), attr(IFLA_IFNAME, "made"), to), NEW)
    t.fails("created not here", ENODEV, link, "made")
    t.ok("created there", in_ns(b, lambda: link("made").index))
    got = Link(ask(RTM_GETLINK, ifi(attr(IFLA_IFNAME, "in"), to))[0][1])
    t.eq("get", (got.name, got.index), ("in", in_ns(b, lambda: index_of("in"))))
    t.eq("get says where", got.num(IFLA_TARGET_NETNSID), assign_to)
    t.fails("get, not there", ENODEV, ask, RTM_GETLINK, ifi(attr(IFLA_IFNAME, "e0"), to))
    t.fails("get by index", 0, ask, RTM_GETLINK, ifi(to, index=got.index))
    t.fails("delete, not there", ENODEV, ask, RTM_DELLINK, ifi(attr(IFLA_IFNAME, "e0"), to))
    t.fails("delete", 0, ask, RTM_DELLINK, ifi(attr(IFLA_IFNAME, "in"), to))
    t.fails("deleted", ENODEV, in_ns, b, lambda: link("in"))
    t.fails("set moves the sender's", 0, ask, RTM_SETLINK, ifi(to, index=e0))
    t.ok("moved", in_ns(b, lambda: link("e0").index))
    t.fails("set of theirs", ENODEV, ask, RTM_SETLINK, ifi(attr(IFLA_IFNAME, "e0"), to))


@rule("N4.10")
def immutable(t):
    sh("ip netns add b", check=True)
    b = os.open(NAME + "b", os.O_RDONLY)
    text = "The interface netns is immutable"
    t.says("lo", EINVAL, text, move, 1, attr(IFLA_NET_NS_FD, b))
    t.eq("lo says so", link("lo").a.get(IFLA_NETNS_IMMUTABLE), b"\1")
    sh("ip link add v type veth peer name w", check=True)
    t.eq("veth says not", link("v").a.get(IFLA_NETNS_IMMUTABLE), b"\0")
    t.fails("veth", 0, move, index_of("v"), attr(IFLA_NET_NS_FD, b))
    r = sh("ip link add br0 type bridge")
    t.eq("bridge is made", r.rc, 0)
    if r.rc == 0:
        t.says("bridge", EINVAL, text, move, index_of("br0"), attr(IFLA_NET_NS_FD, b))
        t.eq("bridge says so", link("br0").a.get(IFLA_NETNS_IMMUTABLE), b"\1")


main()
