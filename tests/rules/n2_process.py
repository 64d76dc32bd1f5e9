# SPDX-License-Identifier: MIT
"""N2.1 - N2.3: unshare, clone, inheritance; threads and what /proc says of them"""

import threading

from rules import *


def lo_up():
    """Without exec, which takes what a user namespace without a map gave"""
    return errno_of(ask, RTM_NEWLINK, ifi(index=1, flags=1, change=1))


def has_net(flags):
    """In a child: unshare(flags). -> did the namespace change?"""
    def run():
        old = ns_id()
        unshare(flags)
        return old != ns_id()
    return in_child(run)


@rule("N2.1")
def unshared(t):
    t.eq("unshare", has_net(CLONE_NEWNET), True)
    t.eq("with a mount namespace", has_net(CLONE_NEWNET | CLONE_NEWNS), True)
    t.eq("with a user namespace", has_net(CLONE_NEWNET | CLONE_NEWUSER), True)
    t.eq("with user and mount", has_net(CLONE_NEWNET | CLONE_NEWUSER | CLONE_NEWNS), True)
    t.eq("with user, uts, ipc", has_net(CLONE_NEWNET | CLONE_NEWUSER | CLONE_NEWUTS | CLONE_NEWIPC), True)
    t.eq("with user, pid", has_net(CLONE_NEWNET | CLONE_NEWUSER | CLONE_NEWPID), True)
    t.eq("unprivileged", dropped(lambda: errno_of(unshare, CLONE_NEWNET)), EPERM)
    t.eq("unprivileged, mount", dropped(lambda: errno_of(unshare, CLONE_NEWNS)), EPERM)
    t.eq("unprivileged, with a user namespace", dropped(lambda: has_net(CLONE_NEWNET | CLONE_NEWUSER)), True)
    t.fails("unknown flag", EINVAL, unshare, 0x1000)

    def owner():
        unshare(CLONE_NEWNET | CLONE_NEWUSER)
        return ns_id(fcntl.ioctl(my_ns(), NS_GET_USERNS)) == ns_id("/proc/self/ns/user")
    t.eq("owned by the new one", in_child(owner), True)

    def later():
        unshare(CLONE_NEWUSER)
        first = errno_of(unshare, CLONE_NEWNET)
        return first, lo_up()
    t.eq("a user namespace before", in_child(later), (0, 0))

    def configures():
        unshare(CLONE_NEWNET | CLONE_NEWUSER)
        return lo_up()
    t.eq("root in it", dropped(configures), 0)


def cloned(flags, fn):
    """clone(flags) -> what fn() returned in the child"""
    r, w = os.pipe()
    pid = syscall("clone", flags | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        try:
            os.write(w, repr(fn()).encode())
        except BaseException as e:
            os.write(w, repr(repr(e)).encode())
        os._exit(0)
    os.close(w)
    got = os.read(r, 65536)
    os.waitpid(pid, 0)
    return eval(got)


@rule("N2.1")
def clone(t):
    home = ns_id()
    there = cloned(CLONE_NEWNET, ns_id)
    t.ok("clone", there != home, there)
    t.eq("clone, parent stays", ns_id(), home)
    t.eq("clone, empty", cloned(CLONE_NEWNET, lambda: sh("ip -o link | wc -l").out.strip()), "1")
    t.ok("clone with a user namespace",
         cloned(CLONE_NEWNET | CLONE_NEWUSER, lambda: (ns_id() != home, lo_up())) == (True, 0))
    t.eq("clone, parent keeps its user namespace", sh("ip link add p0 type veth peer name p1").rc, 0)
    t.eq("unprivileged clone", dropped(lambda: errno_of(cloned, CLONE_NEWNET, ns_id)), EPERM)
    t.eq("unprivileged clone with a user namespace",
         dropped(lambda: cloned(CLONE_NEWNET | CLONE_NEWUSER, lambda: ns_id() != home)), True)


@rule("N2.2")
def inherited(t):
    home = ns_id()
    fd = new_ns()
    with inside(fd):
        there = ns_id()
        t.eq("fork", in_child(ns_id), there)
        t.eq("exec", sh("readlink /proc/self/ns/net").out.strip(), "net:[%d]" % there[1])
        t.eq("vfork", subprocess.run(["readlink", "/proc/self/ns/net"], stdout=subprocess.PIPE,
                                     close_fds=False).stdout.decode().strip(), "net:[%d]" % there[1])
        got = []
        th = threading.Thread(target=lambda: got.append(ns_id()))
        th.start()
        th.join()
        t.eq("thread", got, [there])
        t.eq("grandchild", in_child(lambda: in_child(ns_id)), there)
    t.ok("differs", there != home)


class Thread:
    """A thread that does what it is told"""

    def __init__(self):
        self.tid, self.go, self.come = None, threading.Semaphore(0), threading.Semaphore(0)
        self.t = threading.Thread(target=self.run, daemon=True)
        self.t.start()
        self.do(lambda: None)

    def run(self):
        self.tid = threading.get_native_id()
        while True:
            self.go.acquire()
            try:
                self.result = self.fn()
            except BaseException as e:
                self.result = e
            self.come.release()

    def do(self, fn):
        self.fn = fn
        self.go.release()
        self.come.acquire()
        return self.result


@rule("N2.2")
def threads(t):
    home = ns_id()
    a, b = Thread(), Thread()
    t.eq("unshare in a thread", a.do(unshare), None)
    there = a.do(ns_id)
    t.ok("it moved", there != home, there)
    t.eq("main stays", ns_id(), home)
    t.eq("another stays", b.do(ns_id), home)
    fd = new_ns()
    b.do(lambda: setns(fd))
    t.eq("setns in a thread", b.do(ns_id), ns_id(fd))
    t.eq("the first stays", a.do(ns_id), there)
    t.eq("its child", a.do(lambda: in_child(ns_id)), there)
    t.eq("its thread", a.do(lambda: Thread().do(ns_id)), there)
    s = b.do(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    t.eq("its socket", ns_id(fcntl.ioctl(s, SIOCGSKNS)), ns_id(fd))
    a.do(lambda: setns(fd))
    t.eq("moves again", a.do(ns_id), ns_id(fd))


@rule("N2.3")
def shown(t):
    home = ns_id("/proc/self/ns/net")
    sh("ip link add main0 type veth peer name main1", check=True)
    a = Thread()
    a.do(unshare)

    def dev(path):
        return lambda: "main0" in open(path + "/dev").read()
    own = a.do(lambda: ns_id("/proc/thread-self/ns/net"))
    t.ok("thread-self", own != home, own)
    t.eq("self is the leader's", a.do(lambda: ns_id("/proc/self/ns/net")), home)
    t.eq("PID is the leader's", a.do(lambda: ns_id("/proc/%d/ns/net" % os.getpid())), home)
    t.eq("task/TID", ns_id("/proc/self/task/%d/ns/net" % a.tid), own)
    t.eq("TID", ns_id("/proc/%d/ns/net" % a.tid), own)
    t.eq("/proc/net", a.do(dev("/proc/net")), True)
    t.eq("/proc/self/net", a.do(dev("/proc/self/net")), True)
    t.eq("/proc/thread-self/net", a.do(dev("/proc/thread-self/net")), False)
    t.eq("task/TID/net", dev("/proc/self/task/%d/net" % a.tid)(), False)
    t.eq("the link", os.readlink("/proc/net"), "self/net")

    def sysctl(path="/proc/sys/net/ipv4/conf/main0"):
        return os.path.exists(path)
    t.eq("/proc/sys/net of the thread", a.do(sysctl), False)
    t.eq("/proc/sys/net of the leader", sysctl(), True)

    def write():
        with open("/proc/sys/net/ipv4/ip_default_ttl", "w") as f:
            f.write("77")
        with open("/proc/sys/net/ipv4/ip_default_ttl") as f:
            return f.read()
    t.eq("written by the thread", a.do(write), "77\n")
    t.eq("not the leader's", open("/proc/sys/net/ipv4/ip_default_ttl").read(), "64\n")


main()
