#!/bin/sh
#
#     red: lo
#
# What waits and what tells: timeouts of sockets, signals of I/O, descriptors that are
# closed, shut down or replaced while another thread waits, MSG_ZEROCOPY.
. "$(dirname "$0")/lib.sh"

netns red
cat >"$TMPDIR/waiting.py" <<'END'
import errno, fcntl, os, select, signal, socket, struct, threading, time
def attempt(what, f, *a):
    t = time.time()
    try: r = f(*a)
    except OSError as e: r = errno.errorcode.get(e.errno, str(e))
    print(what, "->", r, "waits", int((time.time() - t) / 0.2 + 0.25), flush=True)
SOL, TCP, UDP = socket.SOL_SOCKET, socket.SOCK_STREAM, socket.SOCK_DGRAM
L = socket.socket(); L.bind(("127.0.0.1", 0)); L.listen(); at = L.getsockname()
def pair():
    c = socket.socket(); c.connect(at); s, _ = L.accept(); return c, s
def udp():
    a, b = socket.socket(socket.AF_INET, UDP), socket.socket(socket.AF_INET, UDP)
    a.bind(("127.0.0.1", 0)); b.connect(a.getsockname()); a.connect(b.getsockname()); return a, b
T = struct.pack("ll", 0, 200000)
def settle(): time.sleep(0.05)

print("-- SO_RCVTIMEO, SO_SNDTIMEO")
c, s = pair()
for x in (c, socket.socket()): print(x.getsockopt(SOL, socket.SO_RCVTIMEO, 16), x.getsockopt(SOL, socket.SO_SNDTIMEO, 16))
for o in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO): c.setsockopt(SOL, o, T)
print(struct.unpack("ll", c.getsockopt(SOL, socket.SO_RCVTIMEO, 16)))
attempt("too small a value", c.setsockopt, SOL, socket.SO_RCVTIMEO, b"x" * 8)
attempt("absurd", c.setsockopt, SOL, socket.SO_RCVTIMEO, struct.pack("ll", 1, 1000000))
attempt("negative", c.setsockopt, SOL, socket.SO_RCVTIMEO, struct.pack("ll", -1, 0))
attempt("recv at once", lambda: c.recv(1)); c.setsockopt(SOL, socket.SO_RCVTIMEO, T)
attempt("recv", lambda: c.recv(1)); attempt("recvfrom", lambda: c.recvfrom(1)); attempt("recvmsg", lambda: c.recvmsg(1)); attempt("read", os.read, c.fileno(), 1)
def fill(f): # until there is no more room behind it either
    for i in range(10):
        try:
            while True: f()
        except OSError as e: why = errno.errorcode[e.errno]
        settle()
    return why
fill(lambda: c.send(b"x" * 65536)); attempt("send", c.send, b"x"); attempt("sendmsg", c.sendmsg, [b"x"])
L.setsockopt(SOL, socket.SO_RCVTIMEO, T); attempt("accept", lambda: L.accept()); L.setsockopt(SOL, socket.SO_RCVTIMEO, bytes(16))
a, b = udp(); a.setsockopt(SOL, socket.SO_RCVTIMEO, T)
attempt("udp recv", lambda: a.recv(1)); attempt("udp recvfrom", lambda: a.recvfrom(1)); attempt("udp recvmsg", lambda: a.recvmsg(1))
attempt("MSG_DONTWAIT", lambda: a.recvfrom(1, socket.MSG_DONTWAIT))
c.close(); s.close()
c, s = pair(); c.setsockopt(SOL, socket.SO_RCVTIMEO, T); s.send(b"abc")
attempt("MSG_WAITALL", lambda: c.recv(5, socket.MSG_WAITALL))
c.setsockopt(SOL, socket.SO_RCVLOWAT, 4); s.send(b"abc"); settle(); print("LOWAT readable", bool(select.select([c], [], [], 0)[0]))
s.send(b"d"); settle(); print("LOWAT readable", bool(select.select([c], [], [], 0)[0])); print(c.recv(10)); c.close(); s.close()

print("-- signals of I/O")
got = []
signal.signal(signal.SIGIO, lambda n, f: got.append("IO")); signal.signal(signal.SIGUSR1, lambda n, f: got.append("USR1"))
def took():
    time.sleep(0.1); r = sorted(set(got)); got.clear(); return r
F_SETSIG, F_GETSIG, F_SETOWN_EX, F_GETOWN_EX = 10, 11, 15, 16
def asyn(s, how):
    fcntl.fcntl(s, fcntl.F_SETOWN, os.getpid())
    if how == "fcntl": fcntl.fcntl(s, fcntl.F_SETFL, fcntl.fcntl(s, fcntl.F_GETFL) | os.O_ASYNC)
    elif how == "FIOASYNC": fcntl.ioctl(s, 0x5452, struct.pack("i", 1))
    print("owner", fcntl.fcntl(s, fcntl.F_GETOWN) == os.getpid(), struct.unpack("i", fcntl.ioctl(s, 0x8903, bytes(4)))[0] == os.getpid())
for how in ("fcntl", "FIOASYNC"):
    a, b = udp(); asyn(a, how); took(); b.send(b"1"); print("udp", how, took()); a.recv(9); took(); b.send(b"2"); print("again", took())
    fcntl.fcntl(a, F_SETSIG, signal.SIGUSR1); b.send(b"3"); print("own signal", took(), fcntl.fcntl(a, F_GETSIG) == signal.SIGUSR1)
    a.close(); b.close()
    c, s = pair(); asyn(c, how); took(); s.send(b"1"); print("tcp", how, took()); c.recv(9); took(); s.send(b"2"); print("again", took())
    s.shutdown(1); print("end", took()); c.close(); s.close()
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen(); asyn(l, "fcntl"); took()
c = socket.socket(); c.connect(l.getsockname()); print("listener", took())
n, _ = l.accept(); print("accepted inherits", bool(fcntl.fcntl(n, fcntl.F_GETFL) & os.O_ASYNC), fcntl.fcntl(n, fcntl.F_GETOWN)); took()
fcntl.ioctl(n, 0x8902, struct.pack("i", os.getpid())); print("SIOCSPGRP", fcntl.fcntl(n, fcntl.F_GETOWN) == os.getpid())
n.close(); c.close(); l.close()
c = socket.socket(); c.setblocking(False); asyn(c, "fcntl"); took()
try: c.connect(at)
except BlockingIOError: pass
print("connected", took()); s, _ = L.accept(); c.close(); s.close()

print("-- closed while another thread waits")
def meanwhile(f, *a):
    t = threading.Thread(target=lambda: (time.sleep(0.2), f(*a))); t.start(); return t
for name, mk in (("tcp", pair), ("udp", udp)):
    for what in ("recv", "recvfrom", "recvmsg"):
        c, s = mk(); fd = c.fileno()
        meanwhile(lambda: (os.close(fd), time.sleep(0.2), s.send(b"late")))
        attempt("%s %s, closed" % (name, what), lambda: getattr(c, what)(9)[0:1] if what != "recv" else c.recv(9)); c.detach(); s.close()
    for what in ("recv", "recvfrom", "recvmsg"):
        c, s = mk(); meanwhile(c.shutdown, socket.SHUT_RDWR); attempt("%s %s, shut" % (name, what), lambda: getattr(c, what)(9)); c.close(); s.close()
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen(); a2 = l.getsockname(); meanwhile(l.shutdown, socket.SHUT_RDWR); attempt("accept, shut", l.accept); l.close()
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen(); a2 = l.getsockname(); fd = l.fileno()
def knock():
    os.close(fd); time.sleep(0.2)
    c = socket.socket(); c.connect(a2); c.send(b"x")
meanwhile(knock); attempt("accept, closed", lambda: len(l._accept())); l.detach()
c, s = pair(); p = select.poll(); p.register(c, 1); fd = c.fileno(); meanwhile(lambda: (os.close(fd), time.sleep(0.2), s.send(b"x"))); attempt("poll, closed", lambda: len(p.poll(1000))); c.detach()
e = select.epoll(); c, s = pair(); e.register(c, 1); fd = c.fileno(); meanwhile(lambda: (os.close(fd), time.sleep(0.1), s.send(b"x"))); attempt("epoll, closed", lambda: len(e.poll(0.6))); c.detach()
c, s = pair(); e.register(c, 1); d = os.dup(c.fileno()); c.close(); s.send(b"x"); settle(); print("a duplicate keeps it in the set", len(e.poll(0.2)), os.read(d, 9)); os.close(d)
c, s = pair(); fd = c.fileno(); meanwhile(lambda: (os.dup2(os.open("/dev/null", 0), fd), time.sleep(0.2), s.send(b"late"))); attempt("recvfrom, replaced", lambda: c.recvfrom(9)[0]); c.close(); s.close()

print("-- MSG_ZEROCOPY")
SO_ZEROCOPY, ZC, ERRQ = 60, 0x4000000, 0x2000
c, s = pair(); print(c.getsockopt(SOL, SO_ZEROCOPY))
attempt("without the option", c.send, b"plain", ZC); print(s.recv(9))
c.setsockopt(SOL, SO_ZEROCOPY, 1); print(c.getsockopt(SOL, SO_ZEROCOPY))
def notes(k):
    time.sleep(0.1)
    try:
        while True:
            _, anc, fl, _ = k.recvmsg(1, 200, ERRQ)
            for lev, ty, d in anc: print((lev, ty), struct.unpack("IBBBBII", d[:16]), bool(fl & ERRQ), end=" ")
    except OSError as e: print(errno.errorcode[e.errno])
attempt("zerocopy", c.send, b"z" * 5000, ZC); print(len(s.recv(5000, socket.MSG_WAITALL))); notes(c)
attempt("twice", c.send, b"z" * 5000, ZC); attempt("sendmsg", c.sendmsg, [b"z" * 5000], [], ZC); print(len(s.recv(10000, socket.MSG_WAITALL))); notes(c)
r = socket.socket(socket.AF_UNIX); attempt("of AF_UNIX", r.setsockopt, SOL, SO_ZEROCOPY, 1)
END
show ip netns exec red python3 -u "$TMPDIR/waiting.py"
