# SPDX-License-Identifier: MIT
"""N1.18 - N1.20: what does not keep a namespace alive; orphans; names"""

from rules import *


def not_kept(t, label, begin, after=None):
    """@begin(fd) -> something that is no reference"""
    fd = new_ns()
    thing = begin(fd)
    w = Watch(fd)
    t.ok(label, w.dead(), "lives on")
    if after:
        after(thing)


def has_dummy():
    return WARREN or sh("ip link add dm1 type dummy && ip link del dm1").rc == 0


@rule("N1.18")
def devices(t):
    def veth_in(fd):
        with inside(fd):
            sh("ip link add d0 type veth peer name d1; ip addr add 10.9.0.1/24 dev d0;"
               "ip link set d0 up; ip link set d1 up; ip route add 10.8.0.0/16 via 10.9.0.2", check=True)
    not_kept(t, "veth, addresses, routes", veth_in)
    t.eq("devices are gone", sh("ip link show d0 2>&1").rc, 1)

    def across(fd):
        sh("ip netns add h", check=True)
        with inside(fd):
            sh("ip link add d0 type veth peer name d1 netns h", check=True)

    def peer(_):
        t.ok("the peer, too", soon(lambda: sh("ip -n h link show d1").rc == 1))
    not_kept(t, "veth across", across, peer)

    def dummy(fd):
        with inside(fd):
            return sh("ip link add dm0 type dummy && ip link set dm0 up").rc
    not_kept(t, "dummy", dummy) if has_dummy() else t.na("dummy", "this kernel has no dummy")

    def neighbours(fd):
        with inside(fd):
            sh("ip link add d0 type veth peer name d1; ip link set d0 up; ip link set d1 up;"
               "ip neigh add 10.9.0.2 lladdr 2:0:0:0:0:9 dev d0; ip rule add from 10.1.1.1 lookup 7", check=True)
    not_kept(t, "neighbours, rules", neighbours)


@rule("N1.18")
def bridge(t):
    def bridge(fd):
        with inside(fd):
            sh("ip link add br0 type bridge; ip link set br0 up", check=True)
    not_kept(t, "bridge", bridge)


@rule("N1.18")
def tap(t):
    def begin(fd):
        with inside(fd):
            sh("ip tuntap add tap0 mode tap", check=True)
    not_kept(t, "persistent tap", begin)


@rule("N1.18")
def time_wait(t):
    def begin(fd):
        with inside(fd):
            li = socket.socket()
            li.bind(("127.0.0.1", 0))
            li.listen()
            s = socket.create_connection(li.getsockname())
            c, _ = li.accept()
            s.close()
            c.recv(1)
            c.close()
            li.close()
            t.ok("there is one", "TIME-WAIT" in sh("ss -tan").out)
    not_kept(t, "TIME_WAIT", begin)


@rule("N1.18")
def fin_wait2(t):
    other = []

    def begin(fd):
        sh("ip netns add f", check=True)
        with inside(fd):
            sh("ip link add e0 type veth peer name e1 netns f; ip addr add 10.7.0.1/24 dev e0; ip link set e0 up;"
               "ip -n f addr add 10.7.0.2/24 dev e1; ip -n f link set e1 up", check=True)
        with inside("f"):
            li = socket.socket()
            li.bind(("10.7.0.2", 9))
            li.listen()
        with inside(fd):
            s = socket.create_connection(("10.7.0.2", 9))
        c, _ = li.accept()
        s.close()
        t.eq("its FIN came", c.recv(1), b"")
        other.extend((c, li))
        time.sleep(0.1)
        with inside(fd):
            t.ok("there is one", "FIN-WAIT-2" in sh("ss -tan").out)
    not_kept(t, "orphaned FIN_WAIT2", begin)


@rule("N1.18")
def tasks(t):
    zombies = []

    def zombie(fd):
        pid = os.fork()
        if pid == 0:
            setns(fd)
            os._exit(0)
        zombies.append(pid)
        time.sleep(0.1)
    not_kept(t, "zombie", zombie)
    os.waitpid(zombies[0], 0)

    def pidfd(fd):
        c = Child(lambda: setns(fd))
        p = pidfd_open(c.pid)
        c.stop()
        return p
    not_kept(t, "pidfd of a dead task", pidfd)


@rule("N1.18")
def others(t):
    not_kept(t, "nsid", lambda fd: None)

    def sysctl(fd):
        with inside(fd):
            return os.open("/proc/sys/net/ipv4/ip_forward", os.O_RDONLY)

    def gone(f):
        def read():
            os.lseek(f, 0, 0)
            os.read(f, 10)
        soon(lambda: errno_of(read))
        t.fails("sysctl file, read", ENOENT, read)
    not_kept(t, "sysctl file", sysctl, gone)

    def directory(fd):
        c = Child(lambda: setns(fd))
        d = os.open("/proc/%d/net" % c.pid, os.O_RDONLY)
        c.stop()
        return d
    not_kept(t, "proc directory", directory)


@rule("N1.19", limit=60)
def orphan(t):
    """A FIN that nobody acknowledges: the peer's device is down"""
    sh("ip netns add f", check=True)
    fd = new_ns()
    with inside(fd):
        sh("ip link add e0 type veth peer name e1 netns f; ip addr add 10.7.0.1/24 dev e0; ip link set e0 up;"
           "ip -n f addr add 10.7.0.2/24 dev e1; ip -n f link set e1 up", check=True)
        with open("/proc/sys/net/ipv4/tcp_orphan_retries", "w") as f:
            f.write("3")
    with inside("f"):
        li = socket.socket()
        li.bind(("10.7.0.2", 9))
        li.listen()
    with inside(fd):
        s = socket.create_connection(("10.7.0.2", 9))
    c, _ = li.accept()
    c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    s.setblocking(False)
    with inside(fd):
        sh("ip neigh replace 10.7.0.2 lladdr 2:0:0:0:0:9 dev e0 nud permanent", check=True)
    s.send(b"x" * 1000)
    s.close()
    w = Watch(fd)
    t.ok("lives as long as the orphan", w.alive(0.4), "ended")
    t.ok("and no longer", w.dead(20), "lives on")

    fd = new_ns()
    with inside(fd):
        sh("ip link add d0 type veth peer name d1; ip addr add 10.9.0.1/24 dev d0; ip link set d0 up;"
           "ip link set d1 up; ip neigh add 10.9.0.2 lladdr 2:0:0:0:0:9 dev d0", check=True)
        s = socket.socket()
        s.setblocking(False)
        t.eq("connecting", s.connect_ex(("10.9.0.2", 1)), EINPROGRESS)
    s.close()
    t.ok("closed in SYN_SENT", Watch(fd).dead(), "lives on")


@rule("N1.20")
def names(t):
    sh("ip netns add a", check=True)
    with inside("a"):
        fd = my_ns()
        t.eq("lo up", sh("ip link set lo up; ip addr add 10.1.1.1/32 dev lo").rc, 0)
    number = ns_id(fd)
    c = Child(lambda: setns(fd))
    w = Watch(fd)
    t.eq("delete", sh("ip netns del a").rc, 0)
    t.ok("the name is gone", not os.path.exists(NAME + "a"))
    t.ok("lives", w.alive(0.1), "ended")
    t.eq("attach", sh("ip netns attach b %d" % c.pid).rc, 0)
    t.eq("the same", ns_id(NAME + "b"), number)
    t.ok("works", "10.1.1.1" in sh("ip -n b addr").out)
    c.stop()
    t.ok("the new name keeps it", w.alive(0.2), "ended")
    sh("ip netns del b", check=True)
    t.ok("then it ends", w.dead(), "lives on")


main()
