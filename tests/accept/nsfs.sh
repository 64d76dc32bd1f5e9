#!/bin/sh
#
#     home         red          blue
#
# A namespace as a file: what one may ask it, and how long it lives.
. "$(dirname "$0")/lib.sh"

netns red blue
cat >"$TMPDIR/nsfs.py" <<'END'
import array, ctypes, errno, fcntl, os, select, socket, struct, threading, time
libc = ctypes.CDLL(None, use_errno=True)
NEWNET = 0x40000000
def name(e): return errno.errorcode.get(e, str(e))
def attempt(what, f, *a):
    try:
        r = f(*a)
        print(what, "->", "ok" if r is None else r)
        return r
    except OSError as e:
        print(what, "->", name(e.errno))
def setns(fd, kind=NEWNET):
    if libc.setns(fd, kind):
        raise OSError(ctypes.get_errno(), "setns")
def unshare(flags=NEWNET):
    if libc.unshare(flags):
        raise OSError(ctypes.get_errno(), "unshare")
def ns(path="/proc/thread-self/ns/net"): return os.open(path, os.O_RDONLY)
def ino(fd): return (os.fstat(fd).st_dev, os.fstat(fd).st_ino)
def ioc(fd, nr, arg=0):
    return fcntl.ioctl(fd, nr, arg)

home, red, blue = ns(), ns("/run/netns/red"), ns("/run/netns/blue")
print("three that differ", len({ino(home), ino(red), ino(blue)}) == 3)
print("type", hex(ioc(red, 0xb703)))
attempt("parent", ioc, red, 0xb702)
attempt("owner uid", ioc, red, 0xb704)
attempt("unknown question", ioc, red, 0xb7ff)
u = attempt("owner", lambda: ioc(red, 0xb701) >= 0)

print("-- cookies and sockets")
def cookie(s): return struct.unpack("Q", s.getsockopt(socket.SOL_SOCKET, 71, 8))[0]
a, b = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
setns(red)
c, d = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print("same here", cookie(a) == cookie(b), "same there", cookie(c) == cookie(d), "differ", cookie(a) != cookie(c), "none is 0", cookie(a) != 0)
attempt("set it", c.setsockopt, socket.SOL_SOCKET, 71, struct.pack("Q", 1))
f = attempt("namespace of a socket", lambda: ino(ioc(c.fileno(), 0x894C)) == ino(red))
f = attempt("of one from elsewhere", lambda: ino(ioc(a.fileno(), 0x894C)) == ino(home))
setns(home)

print("-- a socket keeps where it was made")
setns(red)
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
setns(home)
s.bind(("127.0.0.1", 7001)); s.listen()
t = socket.socket(); t.settimeout(1)
attempt("from home", t.connect, ("127.0.0.1", 7001))
setns(red)
t = socket.socket(); t.settimeout(1)
attempt("from red", t.connect, ("127.0.0.1", 7001))
setns(blue)
acc, _ = s.accept()
print("accepted belongs to the listener", cookie(acc) == cookie(s))
setns(home)

print("-- setns")
attempt("by pidfd", lambda: setns(os.pidfd_open(os.getpid())))
attempt("pidfd without a kind", lambda: setns(os.pidfd_open(os.getpid()), 0))
attempt("kind 0", setns, red, 0)
print("in red", ino(ns()) == ino(red))
attempt("back", setns, home)
attempt("again the same", setns, home)
r, w = os.pipe()
attempt("a pipe", setns, r)
attempt("a socket", setns, a.fileno())
attempt("O_PATH", lambda: setns(os.open("/run/netns/red", os.O_PATH)))
attempt("only the thread", lambda: None)
def thread():
    setns(red)
    print("thread", ino(ns()) == ino(red), "self", ino(ns("/proc/self/ns/net")) == ino(home))
th = threading.Thread(target=thread); th.start(); th.join()
print("main", ino(ns()) == ino(home))

print("-- unshare: empty")
unshare()
fresh = ns()
print("new", ino(fresh) not in (ino(home), ino(red), ino(blue)))
print("devices", socket.if_nameindex())
t = socket.socket()
attempt("loopback is down", t.connect, ("127.0.0.1", 1))
attempt("to nowhere", socket.socket().connect, ("10.0.0.1", 1))
attempt("bind to any address while there is none", socket.socket().bind, ("8.8.8.8", 0))
for v in ("ipv4/ip_forward", "ipv4/ip_default_ttl", "core/somaxconn", "ipv4/ip_local_port_range"):
    print(v, open("/proc/sys/net/" + v).read().split())
print("routes", len(open("/proc/net/route").readlines()) - 1, "tcp", len(open("/proc/net/tcp").readlines()) - 1)
setns(home)

print("-- what keeps one alive")
setns(fresh)
keep = socket.socket()
setns(home)
number = cookie(keep)
os.close(fresh)
again = ioc(keep.fileno(), 0x894C)
setns(again)
print("a socket does", cookie(socket.socket()) == number)
setns(home)
END
show python3 "$TMPDIR/nsfs.py"
