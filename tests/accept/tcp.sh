#!/bin/sh
#
#     red                            blue
#   +-------------+              +-------------+
#   | r0 10.1.1.1 |--------------| b0 10.1.1.2 |
#   +-------------+     veth     +-------------+
#
# What a program sees of TCP: names, states, readiness, errors, ends.
. "$(dirname "$0")/lib.sh"

netns red blue
wire red r0 10.1.1.1/24 blue b0 10.1.1.2/24
cat >"$TMPDIR/tcp.py" <<'END'
import ctypes, errno, os, select, socket, struct, subprocess, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def enter(ns):
    fd = os.open("/run/netns/" + ns, os.O_RDONLY)
    assert libc.setns(fd, 0) == 0
    os.close(fd)
def tcp(timeout=5):
    s = socket.socket()
    s.settimeout(timeout)
    return s
def attempt(what, f, *a):
    try:
        r = f(*a)
        print(what, "->", r)
        return r
    except socket.timeout:
        print(what, "-> timed out")
    except OSError as e:
        print(what, "->", errno.errorcode.get(e.errno, e))
NAMES = [(select.POLLIN, "IN"), (select.POLLOUT, "OUT"), (select.POLLERR, "ERR"),
         (select.POLLHUP, "HUP"), (select.POLLRDHUP, "RDHUP")]
def poll(s, ms=0):
    p = select.poll()
    p.register(s, select.POLLIN | select.POLLOUT | select.POLLRDHUP)
    got = dict(p.poll(ms)).get(s.fileno(), 0)
    return " ".join(n for bit, n in NAMES if got & bit) or "nothing"
def soon(s, want, ms=2000):
    end = time.time() + ms / 1000
    while time.time() < end and want not in poll(s).split():
        time.sleep(0.01)
    return poll(s)
def state(s):
    return struct.unpack_from("B", s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104))[0]
def error(s):
    e = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return errno.errorcode[e] if e else 0

enter("blue")
l = tcp()
print("fresh:", poll(l), "state", state(l))
attempt("bind", l.bind, ("10.1.1.2", 80))
attempt("name", l.getsockname)
attempt("listen", l.listen, 5)
print("listener:", poll(l), "state", state(l))
m = tcp()
attempt("taken", m.bind, ("10.1.1.2", 80))
m.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
attempt("taken, reuse", m.bind, ("10.1.1.2", 80))
attempt("peer of a listener", l.getpeername)
attempt("accept, nobody comes", socket.socket.accept, (l.settimeout(0), l)[1])
l.settimeout(5)

enter("red")
c = tcp()
attempt("connect", c.connect, ("10.1.1.2", 80))
print("listener:", soon(l, "IN"))
a, who = l.accept()
print("accepted from", who[0], who == c.getsockname(), a.getsockname(), c.getpeername())
a.settimeout(5)
print("client:", poll(c), "state", state(c), "server:", poll(a), "state", state(a))
attempt("connect again", c.connect, ("10.1.1.2", 80))
attempt("send", c.sendall, b"hello")
print("server:", soon(a, "IN"))
attempt("peek", a.recv, 100, socket.MSG_PEEK)
attempt("two", a.recv, 2)
attempt("rest", a.recv, 100)
attempt("none", a.recv, 100, socket.MSG_DONTWAIT)
c.setblocking(False)
sent = 0
try:
    while True:
        sent += c.send(b"z" * 65536)
except BlockingIOError:
    pass
print("filled:", sent > 100000, "client:", poll(c))
got = 0
while got < sent:
    got += len(a.recv(1 << 20))
print("drained:", got == sent, "client:", soon(c, "OUT"))
c.setblocking(True)
attempt("half close", c.shutdown, socket.SHUT_WR)
print("server:", soon(a, "RDHUP"), "state", state(a))
attempt("end of file", a.recv, 100)
attempt("send after shutdown", c.send, b"x")
attempt("the other way still", a.sendall, b"bye")
attempt("arrives", c.recv, 100)
a.close()
print("client:", soon(c, "HUP"), "state", state(c))
attempt("end of file", c.recv, 100)
c.close()

print("-- refused, reset, unreachable")
c = tcp()
attempt("refused", c.connect, ("10.1.1.2", 81))
attempt("refused by oneself", tcp().connect, ("127.0.0.1", 81))
attempt("no route", tcp().connect, ("192.0.2.1", 80))
c = tcp()
c.setblocking(False)
print("connect_ex", errno.errorcode[c.connect_ex(("10.1.1.2", 81))])
print("client:", soon(c, "ERR"), "error", error(c), "then", error(c))
c = tcp()
c.setblocking(False)
print("connect_ex", errno.errorcode[c.connect_ex(("10.1.1.2", 80))], "client:", soon(c, "OUT"), "error", error(c))
a, _ = l.accept()
a.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
a.close()
print("reset:", soon(c, "ERR"))
attempt("recv", c.recv, 10)
attempt("recv", c.recv, 10)
attempt("send", c.send, b"x")
c = tcp()
c.connect(("10.1.1.2", 80))
a, _ = l.accept()
c.sendall(b"never read")
soon(a, "IN")
a.close()
print("closed with data unread:", soon(c, "HUP"))
attempt("recv", c.recv, 10)
attempt("not connected", tcp().recvfrom, 10)
attempt("not connected", tcp().sendmsg, [b"x"])
attempt("shutdown unconnected", tcp().shutdown, socket.SHUT_RDWR)
l2 = tcp()
attempt("listen unbound", l2.listen)
print("bound itself", l2.getsockname()[1] > 0)

print("-- a backlog that is full")
enter("blue")
b = tcp(); b.bind(("10.1.1.2", 90)); b.listen(1)
enter("red")
cs = []
for i in range(2):
    c = tcp(2); c.connect(("10.1.1.2", 90)); cs.append(c)
late = tcp(0.5)
attempt("one too many", late.connect, ("10.1.1.2", 90))
print("both accepted", b.accept()[1] == cs[0].getsockname(), b.accept()[1] == cs[1].getsockname())

print("-- options")
c = tcp(); c.connect(("10.1.1.2", 80)); a, _ = l.accept()
def opt(s, level, name, value=None):
    if value is not None:
        s.setsockopt(level, getattr(socket, name), value)
    print(name, s.getsockopt(level, getattr(socket, name)))
T, S = socket.IPPROTO_TCP, socket.SOL_SOCKET
opt(c, T, "TCP_NODELAY"); opt(c, T, "TCP_NODELAY", 1)
opt(c, T, "TCP_MAXSEG"); opt(c, T, "TCP_KEEPIDLE"); opt(c, T, "TCP_KEEPIDLE", 10)
opt(c, S, "SO_KEEPALIVE", 1); opt(c, S, "SO_TYPE"); opt(c, S, "SO_PROTOCOL"); opt(c, S, "SO_DOMAIN")
opt(l, S, "SO_ACCEPTCONN"); opt(c, S, "SO_ACCEPTCONN"); opt(c, S, "SO_ERROR"); opt(c, S, "SO_REUSEADDR")
opt(c, S, "SO_RCVBUF", 10000); opt(c, T, "TCP_USER_TIMEOUT", 3000); opt(c, socket.IPPROTO_IP, "IP_TTL", 9)
print("congestion", len(c.getsockopt(T, socket.TCP_CONGESTION, 16).rstrip(b"\0")) > 2)
attempt("unknown option", c.setsockopt, T, 9999, 1)
attempt("too short", c.setsockopt, T, socket.TCP_NODELAY, b"x")
attempt("family", socket.socket, 97, socket.SOCK_STREAM)
attempt("protocol", socket.socket, socket.AF_INET, socket.SOCK_STREAM, 17)

print("-- device and address")
attempt("bind to device", c.setsockopt, S, socket.SO_BINDTODEVICE, b"nothere\0")
d = tcp()
d.bind(("10.1.1.1", 0))
attempt("from an address", d.connect, ("10.1.1.2", 80))
l.accept()
d = tcp(1)
d.setsockopt(S, socket.SO_BINDTODEVICE, b"lo\0")
attempt("by the wrong device", d.connect, ("10.1.1.2", 80))
END
show ip netns exec red python3 "$TMPDIR/tcp.py"
say 'what ss shows'
ip netns exec blue python3 -c '
import socket, time
l = socket.socket(); l.bind(("10.1.1.2", 70)); l.listen()
a, _ = l.accept()
time.sleep(20)' &
wait_listen blue tcp 70
ip netns exec red python3 -c '
import socket, time
c = socket.socket(); c.bind(("10.1.1.1", 7070)); c.connect(("10.1.1.2", 70))
c.sendall(b"x" * 100)
time.sleep(20)' &
established() { in_ns red ss -Htn state established | grep -q .; }
until_true 5 established
connections() { in_ns "$1" ss -Htan | tr -s ' '; }
sorted connections red
brief ip netns exec blue ss -Htan 'sport = 70'
brief ip netns exec blue ss -Htan state established
brief ip netns exec blue awk 'FNR > 1 && $2 ~ /:0046$/ { print $2, $3, $4, $5 }' /proc/net/tcp
ip netns exec red ss -Htnp state established | grep -o 'users:(("python3",pid='
