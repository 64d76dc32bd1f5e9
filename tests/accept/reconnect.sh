#!/bin/sh
#
#     red: lo
#
# A TCP socket that is used again: after a refused connect(), after connect(AF_UNSPEC),
# after shutdown() of a listener; in epoll sets and under two numbers meanwhile.
. "$(dirname "$0")/lib.sh"

netns red
cat >"$TMPDIR/reconnect.py" <<'END'
import errno, os, select, socket, sys, time
E = lambda e: errno.errorcode[e] if e else "0"
def attempt(what, f, *a):
    try:
        r = f(*a)
        print(what, "->", r)
        return r
    except OSError as e:
        print(what, "->", errno.errorcode.get(e.errno, str(e)))
NAMES = [("IN", 1), ("OUT", 4), ("ERR", 8), ("HUP", 16), ("RDHUP", 0x2000)]
def mask(ev):
    return "|".join(n for n, b in NAMES if ev & b) or "-"
def poll(what, s, ms=0):
    p = select.poll()
    p.register(s, 1 | 4 | 0x2000)
    r = p.poll(ms)
    print(what, "poll", mask(r[0][1]) if r else "-")
def settle(s):
    p = select.poll(); p.register(s, 4); p.poll(2000)
L = socket.socket(); L.bind(("127.0.0.1", 0)); L.listen()
good = L.getsockname()
x = socket.socket(); x.bind(("127.0.0.1", 0)); bad = x.getsockname()

print("-- refused, the error not taken")
s = socket.socket(); s.setblocking(False)
poll("fresh", s)
attempt("connect 1", s.connect, bad); settle(s)
poll("refused", s)
attempt("connect 2", s.connect, bad)
poll("told", s)
attempt("connect 3", s.connect, good); settle(s)
poll("connected", s)
print("SO_ERROR", E(s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)))
c, _ = L.accept()
s.send(b"hello"); time.sleep(.05); print(c.recv(10)); c.send(b"back"); settle(s); time.sleep(.05); print(s.recv(10))
attempt("connect 4", s.connect, good)
c.close(); s.close()

print("-- refused, SO_ERROR taken")
s = socket.socket(); s.setblocking(False)
attempt("connect 1", s.connect, bad); settle(s)
print("SO_ERROR", E(s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)))
poll("taken", s)
attempt("connect 2", s.connect, good)
poll("after", s)
attempt("connect 3", s.connect, good); settle(s)
c, _ = L.accept(); poll("connected", s)
attempt("connect 4", s.connect, good)
c.close(); s.close()

print("-- in epoll sets, level and edge, with a duplicate")
s = socket.socket(); s.setblocking(False)
d = os.dup(s.fileno())
lt, et = select.epoll(), select.epoll()
lt.register(s, select.EPOLLIN | select.EPOLLOUT); et.register(s, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
ltd = select.epoll(); ltd.register(d, select.EPOLLIN | select.EPOLLOUT)
def ev(what):
    time.sleep(.05)
    print(what, "level", [(f == s.fileno(), mask(e)) for f, e in lt.poll(0)], "edge", [(f == s.fileno(), mask(e)) for f, e in et.poll(0)],
          "dup", [(f == d, mask(e)) for f, e in ltd.poll(0)])
ev("fresh")
attempt("connect 1", s.connect, bad); ev("refused")
attempt("connect 2", s.connect, bad); 
lt.poll(0), et.poll(0)
attempt("connect 3", s.connect, good); ev("connected")
c, _ = L.accept()
c.send(b"data"); ev("data")
print(os.read(d, 10)); ev("read")
c.send(b"more"); ev("more"); print(s.recv(10))
c.close(); ev("closed")
lt.modify(s, select.EPOLLIN); lt.unregister(s); print("unregistered", lt.poll(0))
s.close(); os.close(d)

print("-- blocking connect after blocking refusals")
s = socket.socket()
attempt("connect 1", s.connect, bad)
attempt("connect 2", s.connect, bad)
attempt("connect 3", s.connect, good)
c, _ = L.accept(); s.send(b"hello"); print(c.recv(10)); c.close(); s.close()

print("-- AF_UNSPEC")
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def unspec(s):
    r = libc.connect(s.fileno(), bytes(16), 16)
    return E(ctypes.get_errno()) if r else 0
s = socket.socket(); 
attempt("unspec, fresh", unspec, s)
s.connect(good); c, _ = L.accept()
c.send(b"lost"); time.sleep(.05)
attempt("unspec, connected", unspec, s)
attempt("getpeername", s.getpeername)
print(s.getsockname()[0])
attempt("the peer reads", c.recv, 10); c.close()
attempt("recv", s.recvmsg, 10)
attempt("connect", s.connect, good); c, _ = L.accept()
s.send(b"anew"); print(c.recv(10)); c.send(b"yes"); print(s.recv(10)); s.shutdown(1); print(c.recv(10)); c.close()
attempt("end", s.recv, 10)
time.sleep(.1); poll("over", s)
attempt("connect when over", s.connect, good)
attempt("unspec when over", unspec, s)
attempt("connect", s.connect, good); c, _ = L.accept(); s.send(b"again"); print(c.recv(10)); c.close(); s.close()

print("-- AF_UNSPEC of a listener, and of a connect on the way")
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen(); at = l.getsockname()
a = socket.socket(); a.connect(at)
attempt("unspec", unspec, l)
poll("listener", l)
attempt("the connection that waited", a.recv, 10)
attempt("connect to it", socket.socket().connect, at)
attempt("listen", l.listen); print("same port", l.getsockname() == at); at = l.getsockname()
a = socket.socket(); a.connect(at); c, _ = l.accept(); a.send(b"well"); print(c.recv(10))
a.close(); c.close(); l.close()
print("-- shutdown of a listener")
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen(); at = l.getsockname()
attempt("shutdown", l.shutdown, socket.SHUT_RDWR)
poll("listener", l)
l.setblocking(False)
attempt("accept", l.accept)
attempt("listen again", l.listen); at = l.getsockname()
a = socket.socket(); attempt("connect", a.connect, at); attempt("accept", lambda: l.accept()[0].fileno() > 0)
END
show ip netns exec red python3 -u "$TMPDIR/reconnect.py"
