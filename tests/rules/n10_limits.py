# SPDX-License-Identifier: MIT
"""N10.1 - N10.3: how many namespaces, which numbers, and the errnos in one place"""

from rules import *

LIMIT = "/proc/sys/user/max_net_namespaces"
RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK = 16, 17, 18


def put(path, text):
    """-> 0, the errno of the write, or minus that of the open"""
    try:
        fd = os.open(path, os.O_WRONLY)
    except OSError as e:
        return -e.errno
    try:
        os.write(fd, text.encode())
        return 0
    except OSError as e:
        return e.errno
    finally:
        os.close(fd)


def get(path):
    with open(path) as f:
        return f.read().strip()


def in_userns(fn, *args):
    """fn() as root of a user namespace of its own, and in a network namespace of it"""
    def run():
        uid, gid = os.getuid(), os.getgid()
        unshare(CLONE_NEWUSER | CLONE_NEWNET)
        put("/proc/self/setgroups", "deny")
        put("/proc/self/uid_map", "0 %d 1" % uid)
        put("/proc/self/gid_map", "0 %d 1" % gid)
        return fn(*args)
    return in_child(run)


@rule("N10.1")
def limit(t):
    t.ok("is a number", get(LIMIT).isdigit())
    st = os.stat(LIMIT)
    t.eq("mode, owner", (stat.S_IMODE(st.st_mode), st.st_uid), (0o644, 0))
    t.eq("a child user namespace's", in_userns(lambda: get(LIMIT)), "2147483647")

    def two():
        put(LIMIT, "1")
        return get(LIMIT), errno_of(unshare)
    t.eq("1: a second is one too many", in_userns(two), ("1", ENOSPC))

    def some():
        put(LIMIT, "3")
        fds = []
        got = []
        for _ in range(4):
            got.append(errno_of(unshare))
            fds.append(my_ns())
        return got
    t.eq("3: those that are held count", in_userns(some), [0, 0, ENOSPC, ENOSPC])

    def again():
        put(LIMIT, "2")
        a = errno_of(unshare)
        return a, bool(soon(lambda: not errno_of(unshare)))
    t.eq("released ones do not", in_userns(again), (0, True))

    def clone():
        put(LIMIT, "1")
        return errno_of(syscall, "clone", CLONE_NEWNET | signal.SIGCHLD, 0, 0, 0, 0)
    t.eq("clone", in_userns(clone), ENOSPC)
    t.eq("ip netns add", in_userns(lambda: (put(LIMIT, "1"), sh("unshare -n true").all)[1]),
         (1, "", "unshare: unshare failed: No space left on device\n"))

    def values():
        return [put(LIMIT, v) for v in ("0", "2147483647", "-1", "2147483648", "x", "7\n")] + [get(LIMIT)]
    t.eq("what can be written", in_userns(values), [0, 0, EINVAL, EINVAL, EINVAL, 0, "7"])

    def below():
        put(LIMIT, "2")
        inner = in_userns(lambda: errno_of(unshare))
        return inner
    t.eq("what is made below counts above", in_userns(below), ENOSPC)

    def user():
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        return put(LIMIT, "5")
    t.eq("without CAP_SYS_RESOURCE", in_child(user), -EACCES)


@rule("N10.2")
def errnos(t):
    fd = new_ns()
    n = Netlink()

    def link(flags=0, kind=RTM_NEWLINK, index=0, *more):
        return errno_of(n.ask, kind, struct.pack("=BxHiII", 0, 0, index, 0, 0) + b"".join(more), flags)
    sh("ip link add v0 type veth peer name v1", check=True)
    v0 = socket.if_nametoindex("v0")
    t.eq("EPERM unshare", dropped(lambda: errno_of(unshare)), EPERM)
    t.eq("EPERM setns", dropped(lambda: errno_of(setns, fd)), EPERM)

    def ask(kind, body):
        return dropped(lambda: errno_of(Netlink().ask, kind, body))
    t.eq("EPERM link", ask(RTM_NEWLINK, struct.pack("=BxHiII", 0, 0, v0, 1, 1)), EPERM)
    t.eq("EPERM nsid", ask(RTM_NEWNSID, struct.pack("=Bxxx", 0) + attr(NETNSA_NSID, 3) + attr(NETNSA_FD, fd)), EPERM)
    t.eq("EACCES sysctl", dropped(lambda: put("/proc/sys/net/ipv4/ip_forward", "1")), -EACCES)
    t.eq("EACCES namespace of another", dropped(lambda: errno_of(os.open, "/proc/1/ns/net", os.O_RDONLY)), EACCES)
    t.eq("EACCES port", dropped(lambda: errno_of(socket.socket().bind, ("", 80))), EACCES)
    t.eq("EACCES ping group", dropped(lambda: errno_of(socket.socket, 2, 2, 1)), EACCES)
    with open("/etc/passwd") as f:
        t.fails("EINVAL a file that is no namespace", EINVAL, setns, f)
    t.fails("EINVAL wrong kind", EINVAL, setns, fd, CLONE_NEWNS)
    t.eq("EINVAL unknown target", link(0, RTM_GETLINK, 1, attr(46, 55)), EINVAL)  # IFLA_TARGET_NETNSID
    t.eq("EINVAL immutable device", link(0, RTM_NEWLINK, 1, attr(28, fd)), EINVAL)  # IFLA_NET_NS_FD
    t.fails("EBADF", EBADF, setns, 999)
    p = os.open("/proc/self/ns/net", os.O_PATH)
    t.fails("EBADF O_PATH", EBADF, setns, p)
    t.eq("ESRCH no such pid", link(0, RTM_NEWLINK, v0, attr(19, 4194300)), ESRCH)  # IFLA_NET_NS_PID
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    time.sleep(0.1)
    t.eq("ESRCH zombie", link(0, RTM_NEWLINK, v0, attr(19, pid)), ESRCH)
    pidfd = pidfd_open(pid)
    t.fails("ESRCH pidfd of a zombie", ESRCH, setns, pidfd)
    t.fails("ENOENT namespace of a zombie", ENOENT, os.open, "/proc/%d/ns/net" % pid, os.O_RDONLY)
    os.waitpid(pid, 0)
    t.fails("ENOENT nsid", ENOENT, n.ask, RTM_GETNSID, struct.pack("=Bxxx", 0) + attr(NETNSA_NSID, 99))
    t.eq("ENODEV name", sh("ip link show none").rc, 1)
    t.eq("ENODEV index", link(0, RTM_NEWLINK, 999), ENODEV)
    t.fails("ENODEV SO_BINDTODEVICE", ENODEV, socket.socket().setsockopt, socket.SOL_SOCKET, 25, b"none\0")
    t.eq("EEXIST name", link(NLM_CREATE | NLM_EXCL, RTM_NEWLINK, 0, attr(3, "v0"), attr(18, attr(1, "veth"))), EEXIST)
    nsid(fd=fd)
    body = struct.pack("=Bxxx", 0) + attr(NETNSA_FD, fd)
    n.ask(RTM_NEWNSID, body + attr(NETNSA_NSID, 4))
    t.fails("EEXIST nsid", EEXIST, n.ask, RTM_NEWNSID, body + attr(NETNSA_NSID, 5))
    t.eq("ERANGE name too long", link(NLM_CREATE | NLM_EXCL, RTM_NEWLINK, 0, attr(3, "x" * 16), attr(18, attr(1, "veth"))), ERANGE)
    t.eq("EOPNOTSUPP RTM_DELNSID", errno_of(n.ask, RTM_DELNSID, body), EOPNOTSUPP)
    t.eq("EOPNOTSUPP lo", link(0, RTM_DELLINK, 1), EOPNOTSUPP)
    t.eq("EOPNOTSUPP unknown kind", link(NLM_CREATE | NLM_EXCL, RTM_NEWLINK, 0, attr(3, "q0"), attr(18, attr(1, "nosuchkind"))), EOPNOTSUPP)
    s = socket.socket()
    s.bind(("127.0.0.1", 5555))
    t.fails("EADDRINUSE port", EADDRINUSE, socket.socket().bind, ("127.0.0.1", 5555))
    u = socket.socket(socket.AF_UNIX)
    u.bind("\0n10")
    t.fails("EADDRINUSE abstract name", EADDRINUSE, socket.socket(socket.AF_UNIX).bind, "\0n10")
    m = Netlink(pid=4242)
    t.fails("EADDRINUSE nl_pid", EADDRINUSE, Netlink, pid=4242)
    m.close()
    with inside(new_ns(up=False)):
        t.fails("ENETUNREACH", ENETUNREACH, socket.socket().connect, ("127.0.0.1", 9))
        t.fails("ECONNREFUSED foreign abstract name", ECONNREFUSED, socket.socket(socket.AF_UNIX).connect, "\0n10")
    t.fails("EADDRNOTAVAIL", EADDRNOTAVAIL, socket.socket().bind, ("8.8.8.8", 0))
    k = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    k.bind(("v0", 3))
    sh("ip link set v0 up; ip link del v0", check=True)
    t.eq("ENETDOWN packet socket", k.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), ENETDOWN)
    t.fails("ENXIO packet socket", ENXIO, k.send, b"x" * 60)


@rule("N10.3")
def numbers(t):
    fd = new_ns()
    n = Netlink()
    body = struct.pack("=Bxxx", 0) + attr(NETNSA_FD, fd)
    t.eq("nsid 2^31-1", errno_of(n.ask, RTM_NEWNSID, body + attr(NETNSA_NSID, 2**31 - 1)), 0)
    t.eq("nsid 2^31-1: reads back", nsid(fd=fd), 2**31 - 1)
    other = new_ns()
    t.eq("nsid -1 is none", nsid(fd=other), -1)
    body = struct.pack("=Bxxx", 0) + attr(NETNSA_FD, other)
    t.eq("nsid -1 of a request: any", errno_of(n.ask, RTM_NEWNSID, body + attr(NETNSA_NSID, -1)), 0)
    t.eq("nsid: lowest free", nsid(fd=other), 0)

    def add(name, index):
        return errno_of(n.ask, RTM_NEWLINK, struct.pack("=BxHiII", 0, 0, index, 0, 0) + attr(3, name) + attr(18, attr(1, "veth")),
                        NLM_CREATE | NLM_EXCL)
    t.eq("ifindex 2^31-1", add("v0", 2**31 - 1), 0)
    t.eq("ifindex 2^31-1: is it", socket.if_nametoindex("v0"), 2**31 - 1)
    t.eq("ifindex: taken", add("v2", 2**31 - 1) in (EBUSY, EEXIST), True)
    t.eq("ifindex: negative", add("v3", -5), EINVAL)


main()
