# SPDX-License-Identifier: MIT
"""N1.21 - N1.27: how a namespace ends, as seen by others"""

from rules import *


def pair(up=True):
    """v0 here (10.3.0.1), v1 in a new namespace (10.3.0.2). -> its descriptor"""
    sh("ip netns add other; ip link add v0 type veth peer name v1 netns other", check=True)
    if up:
        sh("ip addr add 10.3.0.1/24 dev v0; ip link set v0 up; ip -n other link set lo up;"
           "ip -n other addr add 10.3.0.2/24 dev v1; ip -n other link set v1 up", check=True)
    with inside("other"):
        fd = my_ns()
    sh("ip netns del other", check=True)
    return fd


def by_id(number):
    return errno_of(ask, RTM_GETNSID, b"\0\0\0\0" + attr(NETNSA_NSID, number))


@rule("N1.21")
def order(t):
    fd = pair()
    t.eq("has an id", nsid(fd), 0)
    n = Netlink(groups=[28, 1])
    n.events(0.05)
    os.close(fd)
    first = []
    while not any(k == RTM_DELNSID for k, _ in first):
        got = n.receive(3)
        if not got:
            break
        first += [(k, b) for k, _, b in got]
        if any(k == RTM_DELNSID for k, _ in first):
            t.eq("not found by its id", by_id(0), ENOENT)
    rest = n.events()
    kinds = [k for k, _ in first + rest]
    t.eq("DELNSID first", kinds[:1], [RTM_DELNSID])
    t.ok("then the devices", RTM_DELLINK in kinds[1:], kinds)
    t.ok("the device is gone", soon(lambda: sh("ip link show v0").rc == 1))


@rule("N1.21")
def together(t):
    """Many at once"""
    fds = [new_ns(up=False) for _ in range(20)]
    for i, fd in enumerate(fds):
        sh("ip link add w%d type veth peer name w netns /proc/self/fd/%d" % (i, fd), check=False)
        with inside(fd):
            ask(RTM_NEWLINK, ifi(attr(IFLA_IFNAME, "x0"), kind_attr("veth")), NLM_CREATE | NLM_EXCL)
    for fd in fds:
        ask(RTM_NEWNSID, b"\0\0\0\0" + attr(NETNSA_NSID, 1000 + fd) + attr(NETNSA_FD, fd))
    n = Netlink(groups=[28])
    for fd in fds:
        os.close(fd)
    got, end = set(), time.monotonic() + 5
    while len(got) < 20 and time.monotonic() < end:
        got |= {s32(attrs(b[4:])[NETNSA_NSID]) for k, _, b in n.receive(1) if k == RTM_DELNSID}
    t.eq("each is told", len(got), 20)


def silent(s, seconds=0.4):
    """Segments and datagrams that come, without ARP and what autoconfigures. -> list"""
    got = []
    end = time.monotonic() + seconds
    while time.monotonic() < end and select.select([s], [], [], max(0, end - time.monotonic()))[0]:
        try:
            data = s.recv(2000)
        except OSError:  # the device went
            break
        if data[12:14] == b"\x08\x00":
            got.append(data)
    return got


@rule("N1.22")
def silence(t):
    fd = pair()
    li = socket.socket()
    li.bind(("10.3.0.1", 5))
    li.listen()
    with inside(fd):
        s = socket.create_connection(("10.3.0.1", 5))
        c, _ = li.accept()
        s.close()
        c.recv(1)
        c.close()
        t.ok("one in TIME_WAIT", soon(lambda: "TIME-WAIT" in sh("ss -tan").out))
    ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    ear.bind(("v0", 0))
    silent(ear, 0.1)
    w = Watch(fd)
    t.ok("ends", w.dead())
    t.eq("no FIN, no RST", len(silent(ear)), 0)
    # the port is free for a new namespace of the same addresses, at once
    t.ok("the device is gone", soon(lambda: sh("ip link show v0").rc == 1))
    fd = pair()
    with inside(fd):
        t.eq("nothing is left", sh("ss -Htan").out, "")


@rule("N1.22")
def queued(t):
    """Packets that wait for an address, fragments that wait for the rest"""
    fd = pair()
    with inside(fd):
        u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for i in range(3):
            u.sendto(b"x", ("10.3.0.%d" % (50 + i), 9))
        u.close()
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, 255)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28, 77, 0x2000, 64, 17, 0, socket.inet_aton("10.3.0.1"),
                     socket.inet_aton("10.3.0.2"))
    raw.sendto(ip + b"12345678", ("10.3.0.2", 0))
    time.sleep(0.1)
    t.ok("ends", Watch(fd).dead())


@rule("N1.23")
def still_readable(t):
    fd = pair()
    here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    here.bind(("10.3.0.1", 7))
    with inside(fd):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.sendto(b"last words", ("10.3.0.1", 7))
        s.close()
    t.ok("arrived", select.select([here], [], [], 2)[0])
    t.ok("ends", Watch(fd).dead())
    t.eq("readable", here.recv(100), b"last words")


@rule("N1.24")
def peers(t):
    fd = pair()
    n = Netlink(groups=[1])
    n.events(0.1)
    os.close(fd)
    got = n.events(0.5)
    links = [(k, Link(b)) for k, b in got if Link(b).name == "v0"]
    t.eq("carrier loss, then DELLINK", [k for k, _ in links][-2:], [RTM_NEWLINK, RTM_DELLINK])
    t.ok("no carrier", links and not links[0][1].flags & 0x10000, [hex(li.flags) for _, li in links])
    t.eq("one end", sum(k == RTM_DELLINK for k, _ in links), 1)
    t.eq("nothing is left", sh("ip -o link | wc -l").out.strip(), "1")
    t.ok("address and route, too", "10.3.0" not in sh("ip addr; ip route show table all").out)


@rule("N1.24")
def chain(t):
    """A namespace between two"""
    fd = new_ns()
    a, b = new_ns(), new_ns()
    for where, name in ((a, "l"), (b, "r")):
        with inside(where):
            ask(RTM_NEWLINK, ifi(attr(IFLA_IFNAME, name),
                                 kind_attr("veth", attr(1, ifi(attr(IFLA_IFNAME, name + "1"), attr(IFLA_NET_NS_FD, fd))))),
                NLM_CREATE | NLM_EXCL)
    with inside(fd):
        t.eq("three devices", sh("ip -o link | wc -l").out.strip(), "3")
    os.close(fd)

    def left():
        got = []
        for where in (a, b):
            with inside(where):
                got.append(sh("ip -o link | wc -l").out.strip())
        return got == ["1", "1"]
    t.ok("both peers go", soon(left))


@rule("N1.25")
def physical(t):
    t.na("goes to init", "there is no physical device to spare; the library's test of hardware shows it")


@rule("N1.26")
def tun(t):
    if not os.path.exists("/dev/net/tun"):
        return t.na("EBADFD", "there is no /dev/net/tun")
    f = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(f, 0x400454CA, struct.pack("16sH22x", b"tun0", 0x1001))
    sh("ip netns add a; ip link set tun0 netns a; ip netns del a", check=True)

    def write():
        os.write(f, b"E" + b"\0" * 40)
    t.ok("write", soon(lambda: errno_of(write) == EBADFD))
    t.fails("TUNGETIFF", EBADFD, fcntl.ioctl, f, 0x800454D2, bytearray(40))


@rule("N1.27")
def half_way(t):
    t.na("undone", "memory does not run out on request; src/core/core_test.c does it")


main()
