# SPDX-License-Identifier: MIT
"""N12.8: sockets are found by the dumps of sock_diag"""

from rules import *

UDP, TCP, INET = socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.AF_INET
SOL = socket.SOL_SOCKET


def diag(body):
    n = Netlink(4)
    try:
        return [b for k, b in n.ask(20, body, NLM_DUMP)]
    finally:
        n.close()


def inet(protocol):
    """-> {inode: (message, attributes)}"""
    got = diag(struct.pack("=BBBBI", INET, protocol, 0xFF, 0, 0xFFFFFFFF) + bytes(48))
    return {struct.unpack_from("=I", b, 68)[0]: (b, attrs(b[72:])) for b in got}


def inode(s):
    return os.fstat(s.fileno()).st_ino


def cookie(s):
    return struct.unpack("Q", s.getsockopt(SOL, 57, 8))[0]


@rule("N12.8")
def internet(t):
    sh("ip link add e0 type veth peer name e1; ip addr add 10.0.0.1/24 dev e0; ip link set e0 up; ip link set e1 up",
       check=True)
    l = socket.create_server(("127.0.0.1", 8400))
    c = socket.create_connection(("127.0.0.1", 8400))
    s, _ = l.accept()
    c.setsockopt(SOL, 36, 77)
    c.send(b"12345")
    soon(lambda: select.select([s], [], [], 0)[0])
    u = socket.socket(INET, UDP)
    u.setsockopt(SOL, socket.SO_BINDTODEVICE, b"e0\0")
    u.bind(("0.0.0.0", 8401))
    tcp, udp = inet(6), inet(17)
    for what, sock, of in (("TCP listener", l, tcp), ("TCP", c, tcp), ("TCP accepted", s, tcp), ("UDP", u, udp)):
        t.ok(what + " by its inode", inode(sock) in of, sorted(of))
    if inode(s) not in tcp:
        return
    b, a = tcp[inode(s)]
    t.eq("state", [tcp[inode(x)][0][1] for x in (l, c, s)], [10, 1, 1])
    t.eq("queue", struct.unpack_from("=I", b, 56)[0], 5)
    t.eq("cookie", struct.unpack_from("=Q", b, 44)[0], cookie(s))
    t.eq("skmeminfo", len(a.get(7, b"")), 36)
    t.eq("mark", struct.unpack("=I", tcp[inode(c)][1].get(15, bytes(4)))[0], 77)
    t.eq("bound ifindex", struct.unpack_from("=I", udp[inode(u)][0], 40)[0], index_of("e0"))
    t.eq("ports", struct.unpack_from("!HH", b, 4), (8400, c.getsockname()[1]))
    t.ok("TCP_INFO", len(a.get(2, b"")) >= 200)


@rule("N12.8")
def unix(t):
    place = tempfile.mkdtemp()
    l = socket.socket(socket.AF_UNIX)
    l.bind(place + "/s")
    l.listen(3)
    c = socket.socket(socket.AF_UNIX)
    c.connect(place + "/s")
    s, _ = l.accept()
    c.send(b"12345")
    p = socket.socketpair(socket.AF_UNIX, UDP)
    got = {struct.unpack_from("=I", b, 4)[0]: (b, attrs(b[16:])) for b in
           diag(struct.pack("=BBHIIIII", socket.AF_UNIX, 0, 0, 0xFFFFFFFF, 0, 0x3F, 0xFFFFFFFF, 0xFFFFFFFF))}
    for what, x in (("UNIX listener", l), ("UNIX connected", c), ("UNIX accepted", s), ("UNIX pair", p[0]), ("UNIX other", p[1])):
        t.ok(what + " by its inode", inode(x) in got, sorted(got))
    if inode(l) not in got:
        return
    a = got[inode(l)][1]
    t.eq("name", a.get(0, b"").rstrip(b"\0").decode(), place + "/s")
    t.eq("states", [got[inode(x)][0][2] for x in (l, c, s)], [10, 1, 1])
    t.eq("peer", struct.unpack("=I", got[inode(c)][1].get(2, bytes(4)))[0], inode(s))
    t.eq("queue", struct.unpack_from("=I", got[inode(s)][1].get(4, bytes(8)))[0], 5)
    t.eq("skmeminfo", len(a.get(5, b"")), 36)
    t.eq("cookie", struct.unpack_from("=Q", got[inode(s)][0], 8)[0], cookie(s))
    sh("ip netns add a", check=True)
    with inside("a"):
        t.eq("none in another", len(diag(struct.pack("=BBHIIIII", 1, 0, 0, 0xFFFFFFFF, 0, 0x3F, 0xFFFFFFFF, 0xFFFFFFFF))), 0)


@rule("N12.8")
def netlink(t):
    n = Netlink(pid=8500, groups=(1, 5))
    got = diag(struct.pack("=BBHIIII", socket.AF_NETLINK, 0, 0, 0, 3, 0xFFFFFFFF, 0xFFFFFFFF))
    mine = [b for b in got if struct.unpack_from("=I", b, 4)[0] == 8500]
    t.ok("by its port", mine)
    if not mine:
        return
    b, a = mine[0], attrs(mine[0][28:])
    t.eq("inode", struct.unpack_from("=I", b, 16)[0], inode(n.s))
    t.eq("cookie", struct.unpack_from("=Q", b, 20)[0], cookie(n.s))
    t.eq("groups", struct.unpack_from("=I", a.get(1, bytes(4)))[0], 0x11)
    t.eq("skmeminfo", len(a.get(0, b"")), 36)


@rule("N12.8")
def packet(t):
    try:
        p = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    except OSError as e:
        return t.ok("a packet socket", False, e)
    got = diag(struct.pack("=BBHIIII", socket.AF_PACKET, 0, 0, 0, 0x3F, 0xFFFFFFFF, 0xFFFFFFFF))
    mine = [b for b in got if struct.unpack_from("=I", b, 4)[0] == inode(p)]
    t.eq("packet by its inode", len(mine), 1)
    t.eq("packet protocol", struct.unpack_from("=H", mine[0], 2)[0] if mine else 0, 0x0800)


main()
