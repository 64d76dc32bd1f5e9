# SPDX-License-Identifier: MIT
"""N1.10 - N1.16: ids that a namespace gives to others"""

from rules import *

NSID_GROUP = 28


def newnsid(*parts):
    """-> 0 or (errno, text)"""
    n = Netlink()
    try:
        n.ask(RTM_NEWNSID, b"\0\0\0\0" + b"".join(parts))
        return 0
    except OSError as e:
        return (name_of(e.args[0]), e.args[1])
    finally:
        n.close()


def getnsid(*parts, flags=0):
    """-> [{attribute: number}], or the errno's name"""
    n = Netlink(strict=bool(flags))
    try:
        got = n.ask(RTM_GETNSID, b"\0\0\0\0" + b"".join(parts), flags)
        return [{k: s32(v) for k, v in attrs(b[4:]).items()} for kind, b in got if kind == RTM_NEWNSID]
    except OSError as e:
        return name_of(e.args[0])
    finally:
        n.close()


@rule("N1.10")
def per_viewer(t):
    x, y, z = new_ns(), new_ns(), new_ns()
    with inside(x):
        t.eq("assign", newnsid(attr(NETNSA_NSID, 5), attr(NETNSA_FD, y)), 0)
        t.eq("in x", nsid(y), 5)
    with inside(y):
        t.eq("in y", nsid(x), -1)
        t.eq("in y itself", nsid(y), -1)
    with inside(z):
        t.eq("in z", nsid(y), -1)
        t.eq("another in z", newnsid(attr(NETNSA_NSID, 9), attr(NETNSA_FD, y)), 0)
    with inside(x):
        t.eq("x unchanged", nsid(y), 5)
    t.eq("here", nsid(y), -1)
    c = Child(lambda: setns(z))
    t.eq("by pid", newnsid(attr(NETNSA_NSID, 77), attr(NETNSA_PID, c.pid)), 0)
    t.eq("by pid seen", nsid(z), 77)
    t.eq("by pid asked", nsid(pid=c.pid), 77)
    c.stop()
    sh("ip netns add a; ip netns add b; ip netns set b 5", check=True)
    t.eq("list-id", sh("ip -n b netns list-id").out, "")


@rule("N1.11")
def lowest_free(t):
    a, b, c = new_ns(), new_ns(), new_ns()
    newnsid(attr(NETNSA_NSID, 1), attr(NETNSA_FD, a))
    t.eq("first", newnsid(attr(NETNSA_NSID, -1), attr(NETNSA_FD, b)), 0)
    t.eq("is 0", nsid(b), 0)
    newnsid(attr(NETNSA_NSID, -1), attr(NETNSA_FD, c))
    t.eq("next is 2", nsid(c), 2)


@rule("N1.12")
def refused(t):
    a, b = new_ns(), new_ns()
    newnsid(attr(NETNSA_NSID, 3), attr(NETNSA_FD, a))
    t.eq("has one", newnsid(attr(NETNSA_NSID, 4), attr(NETNSA_FD, a)),
         ("EEXIST", "Peer netns already has a nsid assigned"))
    t.eq("used", newnsid(attr(NETNSA_NSID, 3), attr(NETNSA_FD, b)),
         ("EEXIST", "The specified nsid is already used"))
    t.eq("no nsid", newnsid(attr(NETNSA_FD, b)), ("EINVAL", "nsid is missing"))
    t.eq("no reference", newnsid(attr(NETNSA_NSID, 8)), ("EINVAL", "Peer netns reference is missing"))
    t.eq("bad fd", newnsid(attr(NETNSA_NSID, 8), attr(NETNSA_FD, 999)),
         ("EBADF", "Peer netns reference is invalid"))
    null = os.open("/dev/null", os.O_RDONLY)
    t.eq("no netns", newnsid(attr(NETNSA_NSID, 8), attr(NETNSA_FD, null)),
         ("EINVAL", "Peer netns reference is invalid"))
    t.eq("no pid", newnsid(attr(NETNSA_NSID, 8), attr(NETNSA_PID, 999999)),
         ("ESRCH", "Peer netns reference is invalid"))
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    time.sleep(0.05)
    t.eq("zombie", newnsid(attr(NETNSA_NSID, 8), attr(NETNSA_PID, pid)),
         ("ESRCH", "Peer netns reference is invalid"))
    os.waitpid(pid, 0)
    t.eq("itself", newnsid(attr(NETNSA_NSID, 12), attr(NETNSA_FD, my_ns())), 0)
    t.eq("itself seen", nsid(my_ns()), 12)
    t.eq("unprivileged", dropped(lambda: newnsid(attr(NETNSA_NSID, 8), attr(NETNSA_FD, b))), ("EPERM", ""))


@rule("N1.13")
def asked(t):
    a, b = new_ns(), new_ns()
    t.eq("none", getnsid(attr(NETNSA_FD, a)), [{NETNSA_NSID: -1}])
    newnsid(attr(NETNSA_NSID, 7), attr(NETNSA_FD, a))
    t.eq("one", getnsid(attr(NETNSA_FD, a)), [{NETNSA_NSID: 7}])
    t.eq("by id", getnsid(attr(NETNSA_NSID, 7)), [{NETNSA_NSID: 7}])
    t.eq("unknown id", getnsid(attr(NETNSA_NSID, 8)), "ENOENT")
    t.eq("no reference", getnsid(), "EINVAL")
    with inside(a):
        newnsid(attr(NETNSA_NSID, 70), attr(NETNSA_FD, b))
    t.eq("target", getnsid(attr(NETNSA_FD, b), attr(NETNSA_TARGET, 7)),
         [{NETNSA_NSID: 70, NETNSA_CURRENT: -1}])
    newnsid(attr(NETNSA_NSID, 2), attr(NETNSA_FD, b))
    t.eq("target, known here", getnsid(attr(NETNSA_FD, b), attr(NETNSA_TARGET, 7)),
         [{NETNSA_NSID: 70, NETNSA_CURRENT: 2}])
    t.eq("unknown target", getnsid(attr(NETNSA_FD, b), attr(NETNSA_TARGET, 55)), "EINVAL")
    t.eq("unprivileged", dropped(lambda: getnsid(attr(NETNSA_FD, b))), [{NETNSA_NSID: 2}])
    dump = getnsid(flags=NLM_DUMP)
    t.eq("dump", sorted(d[NETNSA_NSID] for d in dump), [2, 7])
    dump = getnsid(attr(NETNSA_TARGET, 7), flags=NLM_DUMP)
    t.eq("dump of a target", [(d[NETNSA_NSID], d.get(NETNSA_CURRENT)) for d in dump], [(70, 2)])


@rule("N1.14")
def no_delete(t):
    a = new_ns()
    newnsid(attr(NETNSA_NSID, 7), attr(NETNSA_FD, a))
    n = Netlink()
    t.fails("delete", EOPNOTSUPP, n.ask, RTM_DELNSID, b"\0\0\0\0" + attr(NETNSA_NSID, 7))
    t.eq("stays", nsid(a), 7)


@rule("N1.15")
def allocated(t):
    sh("ip netns add a; ip netns add b", check=True)
    n = Netlink(groups=[NSID_GROUP])
    sh("ip link add v0 type veth peer name v1", check=True)
    t.eq("before", [k for k, _ in n.events()], [])
    sh("ip link set v1 netns a", check=True)
    got = n.events()
    t.eq("event", [(k, s32(attrs(b[4:])[NETNSA_NSID])) for k, b in got], [(RTM_NEWNSID, 0)])
    t.ok("named", "link-netns a" in sh("ip link show v0").out or "link-netnsid 0" in sh("ip link show v0").out)
    with inside("a"):
        there = Netlink(groups=[NSID_GROUP])
        t.ok("the other way", "link-netnsid 0" in sh("ip link show v1").out.replace("link-netns a", ""))
    sh("ip link add w0 type veth peer name w1 netns b", check=True)
    sh("ip link show w0", check=True)
    got = n.events()
    t.eq("next", [(k, s32(attrs(b[4:])[NETNSA_NSID])) for k, b in got], [(RTM_NEWNSID, 1)])
    there.close()


@rule("N1.16")
def death(t):
    a, x, y = new_ns(), new_ns(), new_ns()
    ears = []
    for viewer, number in ((x, 4), (y, 40), (my_ns(), 400)):
        with inside(viewer):
            newnsid(attr(NETNSA_NSID, number), attr(NETNSA_FD, a))
            ears.append((Netlink(groups=[NSID_GROUP]), number))
    with inside(new_ns()):
        stranger = Netlink(groups=[NSID_GROUP])
    os.close(a)
    for n, number in ears:
        got = n.events()
        t.eq("event %d" % number, [(k, s32(attrs(b[4:])[NETNSA_NSID])) for k, b in got], [(RTM_DELNSID, number)])
    t.eq("a stranger", stranger.events(0.05), [])
    b = new_ns()
    t.eq("free again", newnsid(attr(NETNSA_NSID, 400), attr(NETNSA_FD, b)), 0)
    t.eq("unknown by id before", getnsid(attr(NETNSA_NSID, 401)), "ENOENT")


main()
