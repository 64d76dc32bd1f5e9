# SPDX-License-Identifier: MIT
"""N2.4 - N2.8: setns, and who may"""

from rules import *


@rule("N2.4")
def kinds(t):
    home = my_ns()
    fd = new_ns()
    for label, kind in (("0", 0), ("CLONE_NEWNET", CLONE_NEWNET)):
        setns(fd, kind)
        t.eq(label, ns_id(), ns_id(fd))
        t.fails(label + ", there already", 0, setns, fd, kind)
        setns(home)
    t.fails("CLONE_NEWUTS", EINVAL, setns, fd, CLONE_NEWUTS)
    t.fails("CLONE_NEWNET and more", EINVAL, setns, fd, CLONE_NEWNET | CLONE_NEWUTS)
    t.fails("1", EINVAL, setns, fd, 1)
    null = os.open("/dev/null", os.O_RDONLY)
    with tempfile.TemporaryFile() as f:
        t.fails("regular file", EINVAL, setns, f.fileno(), 0)
        t.fails("regular file, CLONE_NEWNET", EINVAL, setns, f.fileno(), CLONE_NEWNET)
    t.fails("device", EINVAL, setns, null, CLONE_NEWNET)
    s = socket.socket()
    t.fails("socket", EINVAL, setns, s, CLONE_NEWNET)
    ipc = os.open("/proc/self/ns/ipc", os.O_RDONLY)
    t.fails("ipc namespace", EINVAL, setns, ipc, CLONE_NEWNET)
    t.fails("closed", EBADF, setns, 999, CLONE_NEWNET)
    t.fails("negative", EBADF, setns, -1, CLONE_NEWNET)
    path = os.open("/proc/self/ns/net", O_PATH)
    t.fails("O_PATH", EBADF, setns, path, CLONE_NEWNET)
    t.eq("still here", ns_id(), ns_id(home))
    sh("ip netns add a", check=True)
    with open(NAME + "a") as f:
        setns(f)
        t.ok("name", ns_id() != ns_id(home))
        setns(home)


@rule("N2.5")
def pidfds(t):
    home = my_ns()
    fd = new_ns()
    c = Child(lambda: setns(fd))
    p = pidfd_open(c.pid)
    setns(p, CLONE_NEWNET)
    t.eq("joins", ns_id(), ns_id(fd))
    setns(home)
    t.fails("with 0", EINVAL, setns, p, 0)
    t.fails("with a wrong flag", EINVAL, setns, p, CLONE_NEWNET | 1)
    t.eq("unprivileged", dropped(lambda: errno_of(setns, p, CLONE_NEWNET)), EPERM)
    zombie = os.fork()
    if zombie == 0:
        os._exit(0)
    z = pidfd_open(zombie)
    time.sleep(0.05)
    t.fails("zombie", ESRCH, setns, z, CLONE_NEWNET)
    os.waitpid(zombie, 0)
    t.fails("dead", ESRCH, setns, z, CLONE_NEWNET)
    c.stop()
    t.fails("dead since", ESRCH, setns, p, CLONE_NEWNET)
    t.eq("still here", ns_id(), ns_id(home))

    def both():
        unshare(CLONE_NEWUSER | CLONE_NEWNET)
    c = Child(both)
    p = pidfd_open(c.pid)

    def join():
        setns(p, CLONE_NEWUSER | CLONE_NEWNET)
        return (ns_id() == ns_id("/proc/%d/ns/net" % c.pid),
                ns_id("/proc/self/ns/user") == ns_id("/proc/%d/ns/user" % c.pid))
    t.eq("user and network", in_child(join), (True, True))
    c.stop()


@rule("N2.6")
def owners(t):
    home = my_ns()
    fd = new_ns()
    t.eq("unprivileged", dropped(lambda: errno_of(setns, fd)), EPERM)

    def child_root():
        unshare(CLONE_NEWUSER | CLONE_NEWNET)
        own = my_ns()
        return errno_of(setns, home), errno_of(setns, fd), errno_of(setns, own)
    t.eq("root of a child cannot return", in_child(child_root), (EPERM, EPERM, 0))

    def into(c):
        return errno_of(setns, pidfd_open(c.pid), CLONE_NEWNET)
    c = Child(lambda: unshare(CLONE_NEWUSER | CLONE_NEWNET))
    t.eq("from above", in_child(lambda: into(c)), 0)
    c.stop()

    def net_only():
        unshare(CLONE_NEWUSER)
        return errno_of(setns, fd), errno_of(setns, home)
    t.eq("no longer after CLONE_NEWUSER", in_child(net_only), (EPERM, EPERM))

    def siblings():
        c = Child(lambda: unshare(CLONE_NEWUSER | CLONE_NEWNET))
        other = os.open("/proc/%d/ns/net" % c.pid, os.O_RDONLY)
        unshare(CLONE_NEWUSER | CLONE_NEWNET)
        return errno_of(setns, other)
    t.eq("of a sibling", in_child(siblings), EPERM)

    def without_admin():
        unshare(CLONE_NEWUSER | CLONE_NEWNET)
        own = my_ns()
        keep_only()
        return errno_of(setns, own)
    t.eq("root without CAP_SYS_ADMIN", in_child(without_admin), EPERM)


def keep_only(*caps):
    """Give up all capabilities but these"""
    head = struct.pack("=Ii", 0x20080522, 0)
    mask = sum(1 << c for c in caps)
    low, high = mask & 0xFFFFFFFF, mask >> 32
    data = struct.pack("=6I", low, low, 0, high, high, 0)
    syscall("capset", ctypes.c_char_p(head), ctypes.c_char_p(data))


@rule("N2.7")
def looked_at(t):
    fd = new_ns()
    c = Child(lambda: setns(fd))
    path = "/proc/%d/ns/net" % c.pid
    t.eq("open", errno_of(os.open, path, os.O_RDONLY), 0)
    t.eq("unprivileged open", dropped(lambda: errno_of(os.open, path, os.O_RDONLY)), EACCES)
    t.eq("unprivileged readlink", dropped(lambda: errno_of(os.readlink, path)), EACCES)
    t.eq("unprivileged stat", dropped(lambda: errno_of(os.stat, path)), EACCES)
    t.eq("one's own", dropped(lambda: errno_of(os.open, "/proc/self/ns/net", os.O_RDONLY)), 0)
    t.eq("one's own by readlink", dropped(lambda: os.readlink("/proc/self/ns/net")[:5]), "net:[")

    def same_user():
        inner = Child(lambda: sh("true") and None)
        # a process that changed its user is closed to others until it executes
        p = subprocess.Popen(["sleep", "20"])
        time.sleep(0.1)
        got = errno_of(os.open, "/proc/%d/ns/net" % p.pid, os.O_RDONLY)
        p.kill()
        p.wait()
        inner.stop()
        return got
    t.eq("of the same user", dropped(same_user), 0)
    c.stop()
    zombie = os.fork()
    if zombie == 0:
        os._exit(0)
    time.sleep(0.05)
    path = "/proc/%d/ns/net" % zombie
    t.fails("zombie, open", ENOENT, os.open, path, os.O_RDONLY)
    t.fails("zombie, readlink", ENOENT, os.readlink, path)
    os.waitpid(zombie, 0)
    t.fails("dead, open", ENOENT, os.open, path, os.O_RDONLY)
    sh("ip netns add a", check=True)
    t.eq("a name by anyone", dropped(lambda: errno_of(os.open, NAME + "a", os.O_RDONLY)), 0)

    def enter():
        return errno_of(setns, os.open(NAME + "a", os.O_RDONLY))
    t.eq("but setns", dropped(enter), EPERM)
    t.eq("mode", stat.S_IMODE(os.stat(NAME + "a").st_mode), 0o444)


@rule("N2.8")
def sockets_stay(t):
    home = my_ns()
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    setns(new_ns())
    t.eq("udp", ns_id(fcntl.ioctl(s, SIOCGSKNS)), ns_id(home))
    t.eq("tcp", ns_id(fcntl.ioctl(u, SIOCGSKNS)), ns_id(home))
    t.ok("moved", ns_id() != ns_id(home))
    s.bind(("127.0.0.1", 7))
    setns(home)
    again = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    t.fails("bound there", EADDRINUSE, again.bind, ("127.0.0.1", 7))


main()
