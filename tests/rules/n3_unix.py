# SPDX-License-Identifier: MIT
"""N3.3, N3.4, N3.11: AF_UNIX sockets, and descriptors that change hands"""

import array
import fcntl

from rules import *

STREAM, DGRAM, SEQ = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET


def unix(kind=STREAM):
    return socket.socket(socket.AF_UNIX, kind)


def cookie(s):
    return struct.unpack("Q", s.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8))[0]


def here():
    with socket.socket(socket.AF_INET, DGRAM) as s:
        return cookie(s)


def owner(s):
    fd = fcntl.ioctl(s, SIOCGSKNS)
    try:
        return ns_id(fd)
    finally:
        os.close(fd)


def setup():
    sh("ip netns add a; ip netns add b", check=True)
    out = {}
    for n in "ab":
        with inside(n):
            out[n] = here()
    return out


def bound(name, kind=STREAM):
    s = unix(kind)
    s.bind(name)
    if kind != DGRAM:
        s.listen(5)
    return s


@rule("N3.3")
def accepted(t):
    of = setup()
    place = tempfile.mkdtemp()
    for kind, what in ((STREAM, "stream"), (SEQ, "seqpacket")):
        path = "%s/%s" % (place, what)
        with inside("a"):
            l = bound(path, kind)
        with inside("b"):
            c = unix(kind)
            c.connect(path)
        s, _ = l.accept()
        t.eq(what + " listener", cookie(l), of["a"])
        t.eq(what + " connector", cookie(c), of["b"])
        t.eq(what + " accepted has the connector's", cookie(s), of["b"])
        t.eq(what + " accepted, by ioctl", owner(s), ns_id(NAME + "b"))


@rule("N3.4")
def passed(t):
    of = setup()
    with inside("a"):
        things = {"UDP": socket.socket(socket.AF_INET, DGRAM), "TCP": socket.socket(socket.AF_INET, STREAM),
                  "UNIX": unix(), "netlink": socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)}
    left, right = socket.socketpair()
    left.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                           array.array("i", [s.fileno() for s in things.values()]))])

    def receiver():
        with inside("b"):
            _, anc, _, _ = right.recvmsg(10, 200)
            fds = array.array("i", anc[0][2][:4 * len(things)])
            got = [socket.socket(fileno=fd) for fd in fds]
            return [cookie(s) for s in got]
    for what, got in zip(things, in_child(receiver)):
        t.eq("SCM_RIGHTS " + what, got, of["a"])

    def child():
        setns(os.open(NAME + "b", os.O_RDONLY))
        return [cookie(s) for s in things.values()]
    for what, got in zip(things, in_child(child)):
        t.eq("fork " + what, got, of["a"])
    code = ("import socket,struct,sys\n"
            "for fd in sys.argv[1:]:\n"
            "  s=socket.socket(fileno=int(fd)); print(struct.unpack('Q',s.getsockopt(1,71,8))[0])")
    fds = [s.fileno() for s in things.values()]
    out = subprocess.run(["ip", "netns", "exec", "b", "python3", "-c", code, *map(str, fds)], pass_fds=fds,
                         stdout=subprocess.PIPE, text=True).stdout.split()
    for what, got in zip(things, out + [""] * 4):
        t.eq("exec " + what, got, str(of["a"]))


@rule("N3.11")
def abstract(t):
    setup()
    name = "\0rules.%d" % os.getpid()
    with inside("a"):
        a = bound(name)
        t.fails("twice", EADDRINUSE, bound, name)
        t.fails("reached there", 0, unix().connect, name)
        d = bound(name + "d", DGRAM)
    t.fails("from elsewhere", ECONNREFUSED, unix().connect, name)
    t.fails("sendto from elsewhere", ECONNREFUSED, unix(DGRAM).sendto, b"x", name + "d")
    with inside("b"):
        t.fails("from another", ECONNREFUSED, unix().connect, name)
        t.fails("bindable there", 0, bound, name)
    t.fails("bindable here", 0, bound, name)
    t.eq("getsockname", a.getsockname(), name.encode())
    with inside("a"):
        s = unix()
    t.fails("the socket counts, not the caller", 0, s.connect, name)
    t.eq("getpeername", s.getpeername(), name.encode())


@rule("N3.11")
def paths(t):
    setup()
    place = tempfile.mkdtemp()
    with inside("a"):
        l, d = bound(place + "/s"), bound(place + "/d", DGRAM)
    for n in (None, "b"):
        with inside(n or "a"):
            c = unix()
            t.fails("connect from %s" % n, 0, c.connect, place + "/s")
            t.fails("sendto from %s" % n, 0, unix(DGRAM).sendto, b"hi", place + "/d")
    s, _ = l.accept()
    s, _ = l.accept()
    s.send(b"text")
    t.eq("stream across", c.recv(10), b"text")
    t.eq("datagram across", d.recv(10), b"hi")
    with inside("b"):
        t.fails("same path", EADDRINUSE, bound, place + "/s")


def listed(n):
    out = sh("cat /proc/net/unix", ns=n).out
    diag = sh("ss -Hxa", ns=n).out
    return out, diag


@rule("N3.11")
def lists(t):
    setup()
    place = tempfile.mkdtemp(prefix="rulesunix")
    path, name = place + "/s", "rules.abstract.%d" % os.getpid()
    with inside("a"):
        held = bound(path), bound("\0" + name), bound(place + "/d", DGRAM)
        ino = os.fstat(held[0].fileno()).st_ino
    text, diag = listed("a")
    t.eq("header", text.split("\n")[0], "Num       RefCount Protocol Flags    Type St Inode Path")
    line = [l.split() for l in text.split("\n") if l.endswith(" " + path)]
    t.ok("listener in the file", line and line[0][3:7] == ["00010000", "0001", "01", str(ino)], line)
    t.ok("abstract in the file", " @" + name + "\n" in text, text)
    t.ok("datagram in the file", " 00000000 0002 01 " in "".join(l for l in text.split("\n") if l.endswith(place + "/d")))
    t.ok("listener by unix_diag", any(path in l and "LISTEN" in l and " %d " % ino in l for l in diag.split("\n")), diag)
    t.ok("abstract by unix_diag", "@" + name in diag)
    for n in (None, "b"):
        text, diag = listed(n)
        where = n or "init"
        t.ok("file, absent in " + where, place not in text and name not in text, text)
        t.ok("unix_diag, absent in " + where, place not in diag and name not in diag, diag)
    with inside("b"):
        c = unix()
        c.connect(path)
    s, _ = held[0].accept()
    t.ok("the accepted one appears at the connector", path in listed("b")[0])
    pair = socket.socketpair()
    inos = [str(os.fstat(x.fileno()).st_ino) for x in pair]
    t.ok("a pair", all(" %s" % i in listed(None)[0] for i in inos))
    held[0].close()
    t.ok("gone after close", soon(lambda: path not in listed("a")[0]))


main()
