#!/bin/sh
#
#     red: lo
#
# Calls of sockets at their edges: accept() without a free descriptor, recvmmsg() with a
# timeout, messages and connections by abstract names of AF_UNIX.
. "$(dirname "$0")/lib.sh"

netns red
cat >"$TMPDIR/calls.py" <<'END'
import array, ctypes, errno, os, resource, select, socket, struct, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def attempt(what, f, *a):
    try:
        r = f(*a)
        print(what, "->", r)
        return r
    except OSError as e:
        print(what, "->", errno.errorcode.get(e.errno, str(e)))

print("-- accept() without a free descriptor leaves the connection where it is")
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen(); at = l.getsockname()
a = socket.socket(); a.connect(at); a.send(b"first")
b = socket.socket(); b.connect(at); b.send(b"second")
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
top = os.dup(0); os.close(top)
resource.setrlimit(resource.RLIMIT_NOFILE, (top, hard))
attempt("accept", lambda: l.accept()[0])
attempt("accept", lambda: l.accept()[0])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
p = select.poll(); p.register(l, 1)
print("readable", p.poll(100) != [])
for i in range(2):
    c, _ = l.accept(); print(c.recv(10)); c.close()
print("readable", p.poll(100) != [])
l.setblocking(False); attempt("accept", l.accept)
# again, and nobody comes
l.setblocking(True)
d = socket.socket(); d.connect(at); d.send(b"third")
resource.setrlimit(resource.RLIMIT_NOFILE, (os.dup(0), hard)); attempt("accept", l.accept)
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
l.close(); attempt("the connection that nobody took", d.recv, 10)

print("-- recvmmsg() and its timeout")
class iovec(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]
class msghdr(ctypes.Structure): _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint), ("iov", ctypes.POINTER(iovec)), ("iovlen", ctypes.c_size_t), ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t), ("flags", ctypes.c_int)]
class mmsghdr(ctypes.Structure): _fields_ = [("h", msghdr), ("len", ctypes.c_uint)]
class timespec(ctypes.Structure): _fields_ = [("sec", ctypes.c_long), ("nsec", ctypes.c_long)]
N = 4
bufs = [ctypes.create_string_buffer(16) for _ in range(N)]
iovs = [iovec(ctypes.addressof(x), 16) for x in bufs]
msgs = (mmsghdr * N)()
for i in range(N):
    msgs[i].h.iov = ctypes.pointer(iovs[i]); msgs[i].h.iovlen = 1
def recvmmsg(s, ts, flags=0):
    ctypes.set_errno(0)
    t = time.time()
    n = libc.recvmmsg(s.fileno(), msgs, N, flags, ctypes.byref(ts) if ts else None)
    t = time.time() - t
    e = errno.errorcode[ctypes.get_errno()] if n < 0 else ""
    print("recvmmsg", n, e, [bufs[i].raw[:msgs[i].len] for i in range(max(n, 0))], "waits", int(t / 0.3 + 0.2),
          "left", round(ts.sec + ts.nsec / 1e9) if ts else "")
r = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); r.bind(("127.0.0.1", 0))
w = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); w.connect(r.getsockname())
def later(*ds):
    def run():
        for d in ds:
            time.sleep(0.3); w.send(b"at %.1f" % d)
    threading.Thread(target=run).start()
recvmmsg(r, timespec(0, -1)); recvmmsg(r, timespec(0, 1000000000))
for i in range(4): w.send(b"now%d" % i)
time.sleep(.05)
recvmmsg(r, timespec(5, 0))
later(.3, .6, .9); recvmmsg(r, timespec(0, 500000000)); time.sleep(.5)
recvmmsg(r, timespec(0, 0))
later(.3, .6, .9); recvmmsg(r, timespec(0, 0)); time.sleep(.8); recvmmsg(r, timespec(1, 0), socket.MSG_DONTWAIT)
later(.3, .6); recvmmsg(r, timespec(1, 0), 0x10000); time.sleep(.5); recvmmsg(r, None, 0x10000)
r.settimeout(None); r.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 200000))
recvmmsg(r, timespec(5, 0))
w.send(b"one"); time.sleep(.05); recvmmsg(r, timespec(5, 0))

print("-- names of AF_UNIX")
U = lambda t=socket.SOCK_DGRAM: socket.socket(socket.AF_UNIX, t)
a, b, c = U(), U(), U()
a.bind(b"\0name of a"); b.bind(b"\0b\0b"); c.bind(os.environ["TMPDIR"] + "/c")
print(a.getsockname(), b.getsockname())
attempt("bind again", U().bind, b"\0name of a")
a.sendto(b"to b", b"\0b\0b"); print(b.recvfrom(10))
a.sendmsg([b"to", b" b"], [], 0, b"\0b\0b"); print(b.recvmsg(3))
c.sendto(b"from c", b"\0b\0b"); n, f = b.recvfrom(10); print(n, os.path.basename(f))
n = U(); n.sendto(b"nameless", b"\0b\0b"); print(b.recvfrom(10))
b.connect(b"\0name of a"); print(b.getpeername()); b.send(b"joined"); print(a.recvfrom(10))
threading.Thread(target=lambda: (time.sleep(.2), b.send(b"late"))).start(); print(a.recvfrom(10))
a.setblocking(False); attempt("recvfrom", a.recvfrom, 10); a.settimeout(.1)
try: a.recvfrom(10)
except socket.timeout: print("timed out")
a.settimeout(None)
b.send(b"peeked"); print(a.recvfrom(3, socket.MSG_PEEK), a.recvfrom(3, socket.MSG_PEEK | socket.MSG_TRUNC)[0][:3], a.recvfrom(10))
b.sendmsg([b"with"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1]))])
m, anc, fl, f = a.recvmsg(10, 100); fds = array.array("i"); fds.frombytes(anc[0][2])
print(m, len(fds), [os.fstat(x).st_ino == os.fstat(y).st_ino for x, y in zip(fds, (0, 1))], f, fl)
b.sendmsg([b"lost"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1]))]); before = len(os.listdir("/proc/self/fd"))
print(a.recvmsg(10)[:3], len(os.listdir("/proc/self/fd")) - before)
s1, s2 = U(socket.SOCK_STREAM), U(socket.SOCK_STREAM); s1.bind(b"\0stream"); s1.listen(1); s2.connect(b"\0stream"); print(s2.getpeername(), s2.getsockname())
x, f = s1.accept(); print(f, x.getsockname(), x.getpeername()); s2.send(b"hi"); print(x.recvfrom(10)[0])
print("a full backlog blocks, and a full queue")
qs = [U(socket.SOCK_STREAM) for _ in range(3)]
def fill():
    for q in qs[:2]: q.connect(b"\0stream")
    t = time.time(); qs[2].connect(b"\0stream"); print("connected", time.time() - t > .2)
th = threading.Thread(target=fill); th.start(); time.sleep(.4); got = [s1.accept()[0]]; th.join()
q = U(); q.setblocking(False); n = 0
try:
    while True: q.sendto(b"x", b"\0name of a"); n += 1
except OSError as e: print(errno.errorcode[e.errno], n > 1)
q.setblocking(True)
def drain(): time.sleep(.3); a.recvfrom(10)
th = threading.Thread(target=drain); th.start(); t = time.time(); q.sendto(b"y", b"\0name of a"); print("sent", time.time() - t > .2); th.join()
END
show ip netns exec red python3 -u "$TMPDIR/calls.py"
