# shellcheck shell=sh
# packet.sh - AF_PACKET by hand: names, filters, groups, rings, devices that go
#
#	a (v0 10.0.0.1) ---- (v1 10.0.0.2) b
. "$(dirname "$0")/lib.sh"

netns a b
wire a v0 10.0.0.1/24 b v1 10.0.0.2/24
ip -n a link set v0 address 02:00:00:00:00:01
ip -n b link set v1 address 02:00:00:00:00:02

python3 -u - <<'END' | norm
import ctypes, errno, fcntl, mmap, os, select, socket, struct, subprocess, time

libc = ctypes.CDLL(None, use_errno=True)
PACKET, RAW, DGRAM, SOL = socket.AF_PACKET, socket.SOCK_RAW, socket.SOCK_DGRAM, 263
ALL = 3
MAC = {"a": b"\2\0\0\0\0\1", "b": b"\2\0\0\0\0\2"}
frame = MAC["b"] + MAC["a"] + b"\x88\xb5" + b"hello" + bytes(41)
to_b = ("v0", 0x88B5, 0, 0, MAC["b"])


def enter(name):
    fd = os.open("/run/netns/" + name, os.O_RDONLY)
    if libc.setns(fd, 0x40000000):
        raise OSError(ctypes.get_errno(), "setns")
    os.close(fd)


def make(ns, kind, proto=0, dev=None):
    enter(ns)
    s = socket.socket(PACKET, kind, socket.htons(proto))
    if dev:
        s.bind((dev, proto))
    s.settimeout(2)
    return s


def attempt(what, fn, *args):
    try:
        got = fn(*args)
    except OSError as e:
        got = "timeout" if isinstance(e, TimeoutError) else errno.errorcode[e.errno]
    print("%-24s %s" % (what, got))


def send(*args):  # by tx, as seen from a; when it returns it has arrived
    enter("a")
    n = tx.sendto(*args)
    time.sleep(0.03)
    return n


def quiet(s):
    s.setblocking(False)
    attempt("nothing more", s.recv, 10)
    s.settimeout(2)


def empty(s):
    while select.select([s], [], [], 0.05)[0]:
        s.recv(1)


def told(s, n=2000, flags=0):
    data, anc, fl, name = s.recvmsg(n, 500, flags)
    return len(data), data[12:19], name[1:], bool(fl & socket.MSG_TRUNC)


def code(*ins):
    buf = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *i) for i in ins))
    fp = struct.pack("HxxxxxxP", len(ins), ctypes.addressof(buf))
    return fp, buf


def attach(s, *ins, level=socket.SOL_SOCKET, opt=26):
    fp, buf = code(*ins)
    s.setsockopt(level, opt, fp)


RET = 0x06
print("-- raw")
tx, rx, near = make("a", RAW), make("b", RAW, ALL), make("a", RAW, ALL)
attempt("name", tx.getsockname)
attempt("SO_PROTOCOL", rx.getsockopt, socket.SOL_SOCKET, socket.SO_PROTOCOL)
attempt("sendto", send, frame, to_b)
attempt("short", send, frame[:10], to_b)
attempt("header alone", send, frame[:14], to_b)
attempt("too long", send, bytes(1600), to_b)
attempt("came", told, rx)
attempt("came", told, rx)
attempt("went", told, near)
attempt("cut", told, near, 13)
quiet(rx)
print("statistics", struct.unpack("II", rx.getsockopt(SOL, 6, 8)), struct.unpack("II", rx.getsockopt(SOL, 6, 8)))
near.setsockopt(SOL, 23, 1)
attempt("sendto", send, frame, to_b)
quiet(near)
attempt("length of a cut one", lambda: libc.recv(rx.fileno(), ctypes.create_string_buffer(10), 10, socket.MSG_TRUNC))

print("-- dgram")
dtx, drx = make("a", DGRAM), make("b", DGRAM, 0x88B6)
enter("a")
attempt("to another host", dtx.sendto, b"text", ("v0", 0x88B6, 0, 0, b"\2\0\0\0\0\x77"))
attempt("another type", dtx.sendto, b"text", ("v0", 0x88B7, 0, 0, MAC["b"]))
attempt("to all", dtx.sendto, b"all", ("v0", 0x88B6, 0, 0, b"\xff" * 6))
enter("b")
attempt("came", drx.recvfrom, 100)
attempt("came", drx.recvfrom, 100)
quiet(drx)

print("-- auxdata, stamps")
empty(rx)
rx.setsockopt(SOL, 8, 1)
send(frame, to_b)
for level, kind, data in rx.recvmsg(30, 500)[1]:
    st, ln, snap, mac, net, tci, tpid = struct.unpack("IIIHHHH", data)
    print(level, kind, "status", hex(st & 0x51), "len", ln, "snap", snap, "mac", mac, "net", net)
rx.setsockopt(SOL, 8, 0)
rx.setsockopt(socket.SOL_SOCKET, 29, 1)
send(frame, to_b)
print([(a, b, len(c)) for a, b, c in rx.recvmsg(30, 500)[1]])
rx.setsockopt(socket.SOL_SOCKET, 29, 0)

print("-- filters")
empty(rx)
sieve = [(0x28, 0, 0, 12), (0x15, 0, 1, 0x88B5), (RET, 0, 0, 20), (RET, 0, 0, 0)]
attempt("detach", rx.setsockopt, socket.SOL_SOCKET, 27, 0)
attempt("attach", attach, rx, *sieve)
attempt("no return", attach, rx, sieve[0])
attempt("jump too far", attach, rx, (0x15, 9, 1, 0), (RET, 0, 0, 0))
attempt("unwritten memory", attach, rx, (0x60, 0, 0, 3), (RET, 0, 0, 0))
attempt("no such load", attach, rx, (0x20, 0, 0, 0xFFFFF000 + 200), (RET, 0, 0, 0))
send(frame[:13] + b"\x99" + frame[14:], to_b)
send(frame, to_b)
attempt("cut by it", told, rx)
quiet(rx)
attempt("lock", rx.setsockopt, socket.SOL_SOCKET, 44, 1)
attempt("locked", attach, rx, *sieve)
attempt("locked", rx.setsockopt, socket.SOL_SOCKET, 27, 0)
attempt("unlock", rx.setsockopt, socket.SOL_SOCKET, 44, 0)

# A = what was loaded; the frame is kept when it is as it should be
anc = make("b", RAW, ALL)
for what, k, value in (("protocol", 0, 0x88B5), ("pkttype", 4, 0), ("hatype", 28, 1), ("vlan", 48, 0),
                       ("ifindex", 8, None), ("mark", 20, 0), ("cpu+1", 36, None)):
    enter("b")
    value = socket.if_nametoindex("v1") if k == 8 else value
    if value is None:
        continue
    attach(anc, (0x20, 0, 0, 0xFFFFF000 + k), (0x15, 0, 1, value), (RET, 0, 0, 99), (RET, 0, 0, 0))
    empty(anc)
    send(frame, to_b)
    attempt("loads " + what, lambda: len(anc.recv(2000)))
attach(anc, (0x28, 0, 0, 0xFFE00000 + 12), (0x15, 0, 3, 0x88B5), (0x30, 0, 0, 0xFFF00000), (0x15, 0, 1, ord("h")),
       (RET, 0, 0, 99), (RET, 0, 0, 0))
empty(anc)
send(frame, to_b)
attempt("link and net offsets", lambda: len(anc.recv(2000)))
anc.close()

print("-- a filter on UDP")
enter("b")
u = socket.socket(socket.AF_INET, DGRAM)
u.bind(("", 77))
u.settimeout(1)
attach(u, (0x30, 0, 0, 8), (0x15, 0, 1, ord("y")), (RET, 0, 0, 10), (RET, 0, 0, 0))
enter("a")
c = socket.socket(socket.AF_INET, DGRAM)
for word in b"no", b"yes, of course", b"never":
    c.sendto(word, ("10.0.0.2", 77))
attempt("udp", u.recv, 100)
quiet(u)

print("-- groups")
group = [make("b", RAW, ALL) for i in range(3)]
late = make("b", RAW, 0)
attempt("not running", late.setsockopt, SOL, 18, 5 | 1 << 16)
for g in group:
    attempt("join", g.setsockopt, SOL, 18, 5 | 1 << 16)
attempt("again", group[0].setsockopt, SOL, 18, 5 | 1 << 16)
attempt("another kind", make("b", RAW, ALL).setsockopt, SOL, 18, 5 | 0 << 16)
attempt("no such kind", make("b", RAW, ALL).setsockopt, SOL, 18, 6 | 77 << 16)
attempt("reads", lambda: hex(group[0].getsockopt(SOL, 18)))
enter("b")
attempt("bind of a member", group[0].bind, ("v1", ALL))
for i in range(6):
    send(frame, to_b)
for g in group:
    g.recv(100), g.recv(100)
    quiet(g)
for g in group:
    g.close()


def ring(s, version, req):
    s.setsockopt(SOL, 10, version)
    s.setsockopt(SOL, 5, req)
    return mmap.mmap(s.fileno(), req_size(req), mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)


def req_size(req):
    block, n = struct.unpack_from("II", req)
    return block * n


print("-- a ring of frames")
r2 = make("b", RAW, ALL)
attempt("version 7", r2.setsockopt, SOL, 10, 7)
r2.setsockopt(SOL, 10, 1)
for what, req in ("pages", (1000, 2, 500, 4)), ("frames", (4096, 2, 2048, 5)), ("small", (4096, 2, 16, 512)):
    attempt("bad " + what, r2.setsockopt, SOL, 5, struct.pack("IIII", *req))
m = ring(r2, 1, struct.pack("IIII", 4096, 2, 2048, 4))
attempt("again", r2.setsockopt, SOL, 5, struct.pack("IIII", 4096, 2, 2048, 4))
attempt("version", r2.setsockopt, SOL, 10, 2)
attempt("half of it", lambda: mmap.mmap(r2.fileno(), 4096, mmap.MAP_SHARED))
poll = select.poll()
poll.register(r2, select.POLLIN)
print("poll", poll.poll(50) != [])
for i in range(5):
    send(frame, to_b)
print("poll", poll.poll(1000) != [])
time.sleep(0.1)
for i in range(4):
    st, ln, snap, mac, net = struct.unpack_from("IIIHH", m, i * 2048)
    print("frame", i, "status", st & 1, ln, snap, "mac", mac, "net", net, m[i * 2048 + mac + 14 : i * 2048 + mac + 19])
print("from", m[32:52][8:18].hex())
print("statistics", struct.unpack("II", r2.getsockopt(SOL, 6, 8)))
for i in range(4):
    struct.pack_into("I", m, i * 2048, 0)
time.sleep(0.1)
print("poll", poll.poll(50) != [])
send(frame, to_b)
print("poll", poll.poll(1000) != [], "status", struct.unpack_from("I", m, 0)[0] & 1)

print("-- a ring of blocks")
r3 = make("b", RAW, ALL)
m = ring(r3, 2, struct.pack("IIIIIII", 8192, 2, 2048, 8, 60, 16, 0))
poll = select.poll()
poll.register(r3, select.POLLIN)
send(frame, to_b)
send(frame, to_b)
print("poll", poll.poll(1000) != [])
ver, priv, status, n, first, used = struct.unpack_from("IIIIII", m, 0)
print("version", ver, "private at", priv, "status", hex(status & 0x21), "frames", n, "first", first, "used", used)
at = first
for i in range(n):
    step, sec, nsec, snap, ln, st, mac, net = struct.unpack_from("IIIIIIHH", m, at)
    print("frame", snap, ln, "mac", mac, "net", net, "next", step, m[at + mac + 14 : at + mac + 19])
    at += step
struct.pack_into("I", m, 8, 0)
time.sleep(0.1)
print("poll", poll.poll(20) != [])

print("-- promiscuous, and a device that goes (N3.16)")
enter("b")
s = make("b", RAW, ALL, "v1")
i = socket.if_nametoindex("v1")


def mreq(kind, addr=b"", alen=None, dev=None):
    return struct.pack("iHH8s", dev or i, kind, len(addr) if alen is None else alen, addr)


def shown():
    text = subprocess.run(["ip", "-d", "link", "show", "v1"], capture_output=True, text=True).stdout.split()
    print("promiscuity", text[text.index("promiscuity") + 1], "allmulti", text[text.index("allmulti") + 1])


attempt("promiscuous", s.setsockopt, SOL, 1, mreq(1))
attempt("twice", s.setsockopt, SOL, 1, mreq(1))
attempt("all groups", s.setsockopt, SOL, 1, mreq(2))
shown()
attempt("drop one", s.setsockopt, SOL, 2, mreq(1))
shown()
attempt("drop two", s.setsockopt, SOL, 2, mreq(1))
shown()
attempt("drop three", s.setsockopt, SOL, 2, mreq(1))
attempt("group", s.setsockopt, SOL, 1, mreq(0, b"\1\0\x5e\1\2\3"))
attempt("short group", s.setsockopt, SOL, 1, mreq(0, b"\1\0\x5e\1\2"))
attempt("long group", s.setsockopt, SOL, 1, mreq(0, b"\1\0\x5e\1\2\3", 9))
attempt("no device", s.setsockopt, SOL, 1, mreq(1, dev=99))
os.system("ip maddr show dev v1 | grep 01:02:03")
os.system("ip link set v1 down")
attempt("down: recvfrom", s.recvfrom, 100)
attempt("down: sendto", s.sendto, frame, ("v1", 0))
os.system("ip link set v1 up")
attempt("up: sendto", s.sendto, frame, ("v1", 0))
empty(s)
os.system("ip link set v1 netns a")
attempt("gone: SO_ERROR", lambda: errno.errorcode[s.getsockopt(1, 4)])
attempt("gone: name", s.getsockname)
attempt("gone: sendmsg", s.sendmsg, [frame])
attempt("gone: bind", s.bind, ("v1", ALL))
os.system("ip -n a -d link show v1 | grep -o 'promiscuity [0-9]*'")
END
