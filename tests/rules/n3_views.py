# SPDX-License-Identifier: MIT
"""N3.17, N3.19, N3.20: raw and ping sockets, vsock, and lists of sockets"""

from rules import *

UDP, TCP, RAW = socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_RAW
INET = socket.AF_INET


@rule("N3.17")
def raw(t):
    sh("ip netns add a; ip netns add b", check=True)
    veth("v0", "v1", "a", "b", "10.0.0.1/24", "10.0.0.2/24")
    sh("ip -n a link set lo up", check=True)
    made = {}
    for n in ("a", "b", None):
        with inside(n) if n else inside(my_ns()):
            made[n] = socket.socket(INET, RAW, socket.IPPROTO_ICMP)
    sh("ip netns exec a ping -c1 -W1 -q 127.0.0.1", check=True)
    t.ok("of its namespace", select.select([made["a"]], [], [], 1)[0])
    t.eq("of no other", select.select([made["b"], made[None]], [], [], 0.1)[0], [])
    sh("ping -c1 -W1 -q 127.0.0.1")
    t.ok("here", select.select([made[None]], [], [], 1)[0])
    sh("ip netns exec a ping -c1 -W1 -q 10.0.0.2", check=True)
    t.ok("what arrives by a device", select.select([made["b"]], [], [], 1)[0])


@rule("N3.17")
def ping(t):
    path = "/proc/sys/net/ipv4/ping_group_range"
    t.eq("fresh", open(path).read().split(), ["1", "0"])
    p = lambda: socket.socket(INET, UDP, socket.IPPROTO_ICMP).close()
    t.fails("nobody", EACCES, p)
    sh("ip netns add a; ip -n a link set lo up", check=True)
    with inside("a"):
        with open(path, "w") as f:
            f.write("0 2147483647")
        t.fails("allowed there", 0, p)
        s = socket.socket(INET, UDP, socket.IPPROTO_ICMP)
    t.fails("not here", EACCES, p)
    t.eq("not written here", open(path).read().split(), ["1", "0"])
    s.sendto(b"\x08\0\0\0\0\0\0\1data", ("127.0.0.1", 0))
    t.ok("works from anywhere", select.select([s], [], [], 1)[0] and s.recv(100)[:1] == b"\0")


@rule("N3.17")
def mark(t):
    s = socket.socket(INET, UDP)
    for v in (0, 1, 0x7FFFFFFF):
        s.setsockopt(socket.SOL_SOCKET, 36, v)
        t.eq("plain number %d" % v, s.getsockopt(socket.SOL_SOCKET, 36), v)
    got = dropped(lambda: errno_of(socket.socket(INET, UDP).setsockopt, socket.SOL_SOCKET, 36, 5))
    t.eq("without the right", got, EPERM)


@rule("N3.19")
def vsock(t):
    sh("ip netns add a; ip netns add b", check=True)

    def bound():
        s = socket.socket(40, TCP)
        s.bind((0xFFFFFFFF, 5432))
        return s
    try:
        with inside("a"):
            s = bound()
    except OSError as e:
        return t.ok("a vsock", False, e)
    with inside("b"):
        t.fails("taken in b", EADDRINUSE, bound)
    t.fails("taken here", EADDRINUSE, bound)
    s.close()


@rule("N3.20")
def lists(t):
    sh("ip netns add a; ip -n a link set lo up", check=True)
    with inside("a"):
        u = socket.socket(INET, UDP)
        u.bind(("127.0.0.1", 7801))
        l = socket.socket(INET, TCP)
        l.bind(("127.0.0.1", 7802))
        l.listen(5)
        c = socket.create_connection(("127.0.0.1", 7802))
        s, _ = l.accept()
        r = socket.socket(INET, RAW, 201)
        with open("/proc/sys/net/ipv4/ping_group_range", "w") as f:
            f.write("0 2147483647")
        i = socket.socket(INET, UDP, socket.IPPROTO_ICMP)
        i.bind(("127.0.0.1", 7803))
        n = Netlink(pid=7804)
    port = lambda p: ":%04X" % p
    for name, what in (("udp", port(7801)), ("tcp", port(7802)), ("raw", port(201)), ("icmp", port(7803)),
                       ("netlink", " 7804 ")):
        read = lambda ns: sh("cat /proc/net/" + name, ns=ns).out
        t.ok("/proc/net/%s there" % name, what in read("a"), read("a"))
        t.ok("/proc/net/%s not here" % name, what not in read(None), read(None))
    for name, what in (("u", ":7801"), ("t", ":7802"), ("w", "201")):
        diag = lambda ns: sh("ss -Han%s" % name, ns=ns).out
        t.ok("ss -%s there" % name, what in diag("a"), diag("a"))
        t.ok("ss -%s not here" % name, what not in diag(None), diag(None))
    with inside("a"):
        nl = Netlink(4)
    body = struct.pack("=BBBBI", INET, 6, 0, 0, 0xFFFFFFFF) + bytes(48)
    got = nl.ask(20, body, NLM_DUMP)
    t.ok("by the asking socket, not the caller", any(struct.unpack_from("!H", b, 4)[0] == 7802 for _, b in got))
    inode = os.fstat(l.fileno()).st_ino
    t.ok("with its inode", any(struct.unpack_from("=I", b, 68)[0] == inode for _, b in got))
    t.ok("sockstat there", "TCP: inuse 3" in sh("cat /proc/net/sockstat", ns="a").out,
         sh("cat /proc/net/sockstat", ns="a").out)
    t.ok("sockstat here", "TCP: inuse 0" in sh("cat /proc/net/sockstat").out)


main()
