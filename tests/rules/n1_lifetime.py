# SPDX-License-Identifier: MIT
"""N1.17: what keeps a namespace alive, each alone sufficient

Each check makes a namespace of which one thing is left, sees that it lives,
takes that away and sees that it ends (N1.16 is the witness).
"""

import array

from rules import *

MNT_DETACH, MS_BIND = 2, 4096


def kept(t, label, begin, end):
    """@begin(fd) -> what keeps it; @end(that) takes it away"""
    fd = new_ns()
    thing = begin(fd)
    w = Watch(fd)
    t.ok(label, w.alive(), "ended")
    end(thing)
    t.ok(label + ", gone", w.dead(), "lives on")


def sock_in(fd, *kind):
    with inside(fd):
        return socket.socket(*kind)


def close(s):
    s.close()


@rule("N1.17")
def tasks(t):
    def stop(c):
        c.stop()
    kept(t, "task", lambda fd: Child(lambda: setns(fd)), stop)

    def stopped(fd):
        c = Child(lambda: (setns(fd), os.close(fd))[0])
        os.kill(c.pid, signal.SIGSTOP)
        return c

    def kill(c):
        os.kill(c.pid, signal.SIGKILL)
        c.stop()
    kept(t, "stopped task", stopped, kill)

    def grandchild(fd):
        r, w = os.pipe()
        pid = os.fork()
        if pid == 0:
            setns(fd)
            os.close(fd)
            if os.fork():
                os._exit(0)
            os.setsid()
            os.write(w, b"%d" % os.getpid())
            time.sleep(60)
            os._exit(0)
        os.waitpid(pid, 0)
        return int(os.read(r, 20))
    kept(t, "daemon", grandchild, lambda pid: os.kill(pid, signal.SIGKILL))


@rule("N1.17")
def files(t):
    kept(t, "open file", os.dup, os.close)

    kept(t, "open in another", lambda fd: Child(lambda: None), lambda c: c.stop())


def opath(fd):
    with inside(fd):
        return os.open("/proc/self/ns/net", O_PATH)


@rule("N1.17")
def opath_file(t):
    kept(t, "O_PATH of proc", opath, os.close)
    sh("ip netns add p", check=True)
    with inside("p"):
        fd = my_ns()
    path = os.open(NAME + "p", O_PATH)
    w = Watch(fd)
    sh("ip netns del p", check=True)
    t.ok("O_PATH of a name", w.alive(), "ended")
    os.close(path)
    t.ok("O_PATH of a name, gone", w.dead(), "lives on")


@rule("N1.17")
def binds(t):
    def bind(fd):
        path = tempfile.mktemp()
        open(path, "w").close()
        with inside(fd):
            sh("mount --bind /proc/self/ns/net " + path, check=True)
        return path

    def umount(path):
        sh("umount " + path, check=True)
        os.unlink(path)
    kept(t, "bind", bind, umount)

    def name(fd):
        sh("ip netns add n", check=True)
        with inside("n"):
            return my_ns()
    n = name(None)
    w = Watch(n)
    t.ok("name", w.alive(), "ended")
    sh("ip netns del n", check=True)
    t.ok("name, gone", w.dead(), "lives on")


@rule("N1.17", limit=60)
def sockets(t):
    for label, kind in (("tcp", (socket.AF_INET, socket.SOCK_STREAM)), ("udp", (socket.AF_INET, socket.SOCK_DGRAM)),
                        ("raw", (socket.AF_INET, socket.SOCK_RAW, 1)), ("unix", (socket.AF_UNIX, socket.SOCK_STREAM)),
                        ("unix datagram", (socket.AF_UNIX, socket.SOCK_DGRAM)),
                        ("netlink", (socket.AF_NETLINK, socket.SOCK_RAW)),
                        ("packet", (socket.AF_PACKET, socket.SOCK_RAW)),
                        ("inet6", (socket.AF_INET6, socket.SOCK_DGRAM))):
        try:
            socket.socket(*kind).close()
        except OSError as e:
            t.ok(label, False, e)
            continue
        kept(t, label, lambda fd: sock_in(fd, *kind), close)


@rule("N1.17")
def syn_sent(t):
    def begin(fd):
        with inside(fd):
            sh("ip link add d0 type veth peer name d1; ip addr add 10.9.0.1/24 dev d0;"
               "ip link set d0 up; ip link set d1 up; ip neigh add 10.9.0.2 lladdr 2:0:0:0:0:9 dev d0", check=True)
            s = socket.socket()
            s.setblocking(False)
            assert s.connect_ex(("10.9.0.2", 1)) == EINPROGRESS
            return s
    kept(t, "syn-sent", begin, close)


@rule("N1.17")
def in_flight(t):
    def send(what):
        a, b = socket.socketpair()
        a.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [what]))])
        return a, b

    def end(pair):
        pair[0].close()
        pair[1].close()

    def file(fd):
        n = os.dup(fd)
        pair = send(n)
        os.close(n)
        return pair

    def sock(fd):
        s = sock_in(fd, socket.AF_INET, socket.SOCK_DGRAM)
        pair = send(s.fileno())
        s.close()
        return pair

    def tcp(fd):
        s = sock_in(fd, socket.AF_INET, socket.SOCK_STREAM)
        pair = send(s.fileno())
        s.close()
        return pair
    kept(t, "file in flight", file, end)
    kept(t, "udp in flight", sock, end)
    kept(t, "tcp in flight", tcp, end)


@rule("N1.17")
def proc_files(t):
    def begin(fd):
        c = Child(lambda: setns(fd))
        f = open("/proc/%d/net/dev" % c.pid)
        c.stop()
        return f

    def end(f):
        t.ok("proc file readable", "lo:" in f.read())
        f.close()
    kept(t, "proc file", begin, end)


@rule("N1.17")
def tun(t):
    if not os.path.exists("/dev/net/tun"):
        return t.na("tun", "there is no /dev/net/tun")

    def begin(fd):
        with inside(fd):
            return os.open("/dev/net/tun", os.O_RDWR)
    kept(t, "tun", begin, os.close)


main()
