# SPDX-License-Identifier: MIT
"""N1.1 - N1.9: what a namespace is, and how one is told from another"""

from rules import *


@rule("N1.1", fresh=False)
def initial(t):
    # what is not replicated is administered from the initial namespace alone
    unshare()
    t.fails("global state", ENOENT, open, "/proc/sys/net/core/netdev_max_backlog")
    t.na("lives on", "a test is in a namespace of its own, never in the initial one")


@rule("N1.2", fresh=False)
def empty(t):
    unshare()
    t.eq("links", sh("ip -o link | wc -l").out.strip(), "1")
    t.ok("lo", sh("ip link show lo").out.startswith("1: lo: <LOOPBACK> "))
    t.eq("addresses", sh("ip -4 addr").out.count("inet"), 0)
    t.eq("routes", sh("ip -4 route show table all").out, "")
    t.eq("rules", sh("ip -4 rule").out.split("\n")[0].split(), ["0:", "from", "all", "lookup", "local"])
    t.eq("sockets", sh("ss -Htuanwx").out, "")


@rule("N1.3")
def peers(t):
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:  # in a namespace P makes another, and P ends
        unshare()
        fd = new_ns()
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.bind("\0")
        os.close(r)
        os.write(w, b"x")
        os._exit(0)
    os.waitpid(pid, 0)
    fd = new_ns()
    t.fails("parent", EINVAL, fcntl.ioctl, fd, NS_GET_PARENT)
    with inside(fd):
        t.ok("lives on", "LOOPBACK,UP" in sh("ip link show lo").out)
        child = new_ns()
    os.close(fd)
    time.sleep(0.1)
    with inside(child):
        t.ok("without its maker's", "LOOPBACK,UP" in sh("ip link show lo").out)


@rule("N1.4")
def numbers(t):
    text = os.readlink("/proc/self/ns/net")
    st = os.stat("/proc/self/ns/net")
    t.eq("link", text, "net:[%d]" % st.st_ino)
    t.eq("mode", st.st_mode & 0o7777, 0o444)
    t.ok("regular", stat.S_ISREG(st.st_mode))
    home = ns_id()
    fd = new_ns()
    t.ok("differ", ns_id(fd) != home)
    with inside(fd):
        t.eq("same", ns_id(fd), ns_id())
    sh("ip netns add a", check=True)
    with inside("a"):
        t.eq("name", ns_id(NAME + "a"), ns_id())
        c = Child(lambda: ns_id())
        t.eq("child", c.said, ns_id("/proc/%d/ns/net" % c.pid))
        t.eq("child and name", c.said, ns_id(NAME + "a"))
        c.stop()
    t.eq("statfs", sh("stat -f -c %T " + NAME + "a").out.strip(), "nsfs")
    t.eq("statfs of proc", sh("stat -L -f -c %T /proc/self/ns/net").out.strip(), "nsfs")
    t.fails("read", EINVAL, os.read, fd, 10)
    t.fails("write", EBADF, os.write, fd, b"x")
    t.fails("open for writing", EACCES if os.getuid() else EPERM, os.open, NAME + "a", os.O_WRONLY)


@rule("N1.5")
def number_again(t):
    fd = new_ns()
    a = ns_id(fd)
    os.close(fd)
    b = [new_ns() for _ in range(3)]
    t.eq("all that live differ", len({ns_id(f) for f in b}), 3)
    if WARREN:
        t.ok("a number is 32 bits", a[1] < 1 << 32)
    else:
        t.ok("a number is 32 bits", 0xF0000000 <= a[1] < 1 << 32)


@rule("N1.6")
def cookie(t):
    def of(s):
        return struct.unpack("=Q", s.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8))[0]
    kinds = ((socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET, socket.SOCK_DGRAM),
             (socket.AF_UNIX, socket.SOCK_STREAM), (socket.AF_NETLINK, socket.SOCK_RAW))
    socks = [socket.socket(f, k) for f, k in kinds]
    home = of(socks[0])
    t.ok("not zero", home)
    t.eq("udp", of(socks[1]), home)
    t.eq("unix", of(socks[2]), home)
    t.eq("netlink", of(socks[3]), home)
    t.fails("set", ENOPROTOOPT, socks[0].setsockopt, socket.SOL_SOCKET, SO_NETNS_COOKIE, struct.pack("=Q", 1))
    t.fails("set unix", ENOPROTOOPT, socks[2].setsockopt, socket.SOL_SOCKET, SO_NETNS_COOKIE, struct.pack("=Q", 1))
    t.fails("too short", EINVAL, socks[0].getsockopt, socket.SOL_SOCKET, SO_NETNS_COOKIE, 4)
    fd = new_ns()
    with inside(fd):
        one = [socket.socket(f, k) for f, k in kinds]
        t.ok("another", of(one[0]) != home)
        t.eq("unix there", of(one[2]), of(one[0]))
        t.eq("the socket's own", of(socks[0]), home)
        t.eq("the unix socket's own", of(socks[2]), home)
        old = of(one[0])
    t.eq("from outside", of(one[2]), old)
    for s in one:
        s.close()
    os.close(fd)
    seen = set()
    for _ in range(20):
        n = new_ns()
        with inside(n):
            seen.add(of(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)))
        os.close(n)
    t.ok("never again", len(seen) == 20 and old not in seen and home not in seen)


@rule("N1.7")
def ioctls(t):
    fd = new_ns()

    def id_of(f):
        b = bytearray(8)
        fcntl.ioctl(f, NS_GET_ID, b)
        return struct.unpack("=Q", b)[0]
    user = fcntl.ioctl(fd, NS_GET_USERNS)
    t.eq("userns", ns_id(user), ns_id("/proc/self/ns/user"))
    t.eq("userns type", fcntl.ioctl(user, NS_GET_NSTYPE), CLONE_NEWUSER)
    t.eq("userns cloexec", fcntl.fcntl(user, fcntl.F_GETFD), 1)
    t.eq("type", fcntl.ioctl(fd, NS_GET_NSTYPE), CLONE_NEWNET)
    t.fails("parent", EINVAL, fcntl.ioctl, fd, NS_GET_PARENT)
    t.fails("owner uid", EINVAL, fcntl.ioctl, fd, NS_GET_OWNER_UID, bytearray(4))
    t.fails("mntns id", EINVAL, fcntl.ioctl, fd, NS_GET_MNTNS_ID, bytearray(8))
    with inside(fd):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        cookie = struct.unpack("=Q", s.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8))[0]
    t.eq("id", id_of(fd), cookie)
    t.ok("id of another", id_of(my_ns()) != cookie)
    t.fails("unknown", ENOTTY, fcntl.ioctl, fd, 0xB799)
    t.fails("other family", ENOTTY, fcntl.ioctl, fd, 0x5401, bytearray(64))
    t.fails("null", EFAULT, fcntl.ioctl, fd, NS_GET_ID, 0)


@rule("N1.8")
def of_socket(t):
    fd = new_ns()
    with inside(fd):
        socks = [socket.socket(socket.AF_INET, socket.SOCK_STREAM), socket.socket(socket.AF_UNIX),
                 socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)]
    for label, s in zip(("inet", "unix", "netlink"), socks):
        n = fcntl.ioctl(s, SIOCGSKNS)
        t.eq(label, ns_id(n), ns_id(fd))
        t.eq(label + " cloexec", fcntl.fcntl(n, fcntl.F_GETFD), 1)
        os.close(n)
    t.eq("unprivileged", dropped(lambda: errno_of(fcntl.ioctl, socks[0], SIOCGSKNS)), EPERM)
    t.eq("unprivileged unix", dropped(lambda: errno_of(fcntl.ioctl, socks[1], SIOCGSKNS)), EPERM)

    def there():
        setns(fd)
    c = Child(there)
    p = pidfd_open(c.pid)
    n = fcntl.ioctl(p, PIDFD_GET_NET_NAMESPACE, 0)
    t.eq("of a pidfd", ns_id(n), ns_id(fd))
    t.fails("of a pidfd, argument", EINVAL, fcntl.ioctl, p, PIDFD_GET_NET_NAMESPACE, 1)
    c.stop()
    t.fails("of a dead pidfd", ESRCH, fcntl.ioctl, p, PIDFD_GET_NET_NAMESPACE, 0)
    try:
        tun = os.open("/dev/net/tun", os.O_RDWR)
    except OSError:
        t.na("of a tun", "there is no /dev/net/tun")
        return
    fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"tun0", 0x1001))
    n = fcntl.ioctl(tun, 0x54E3)
    t.eq("of a tun", ns_id(n), ns_id())


class Handle(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_uint), ("type", ctypes.c_int), ("data", ctypes.c_ubyte * 128)]


def handle_of(fd):
    h, mount = Handle(), ctypes.c_int()
    h.bytes = 128
    syscall("name_to_handle_at", fd, ctypes.c_char_p(b""), ctypes.byref(h), ctypes.byref(mount), 0x1000)
    return h


@rule("N1.9")
def handles(t):
    fd = new_ns()
    h = handle_of(fd)
    t.eq("bytes", h.bytes, 16)
    t.eq("type", h.type, 0xF1)
    with inside(fd):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        cookie = struct.unpack("=Q", s.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8))[0]
        s.close()
    got = struct.unpack("=QII", bytes(h.data[:16]))
    t.eq("content", got, (cookie, CLONE_NEWNET, ns_id(fd)[1]))
    small = Handle()
    small.bytes = 4
    m = ctypes.c_int()
    t.fails("too small", EOVERFLOW, syscall, "name_to_handle_at", fd, ctypes.c_char_p(b""),
            ctypes.byref(small), ctypes.byref(m), 0x1000)
    t.eq("room needed", small.bytes, 16)
    again = syscall("open_by_handle_at", -10003, ctypes.byref(h), os.O_RDONLY)
    t.eq("opened again", ns_id(again), ns_id(fd))
    t.eq("a namespace", fcntl.ioctl(again, NS_GET_NSTYPE), CLONE_NEWNET)
    os.close(again)
    os.close(fd)

    def reopen():
        os.close(syscall("open_by_handle_at", -10003, ctypes.byref(h), os.O_RDONLY))
    soon(lambda: errno_of(reopen))
    t.fails("a dead one", ESTALE, reopen)
    if os.uname().release.startswith("6.18"):
        t.fails("listns", ENOSYS, syscall, "listns", 0, 0, 0, 0)
    else:
        t.na("listns", "a later kernel has it")


main()
