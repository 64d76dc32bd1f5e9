#!/bin/sh
#
#     red                            blue
#   +-------------+              +-------------+
#   | r0 10.1.1.1 |--------------| b0 10.1.1.2 |   echo on udp 7
#   +-------------+     veth     +-------------+
#
# UDP as programs use it: echo, refusal, boundaries, broadcast, time-outs.
. "$(dirname "$0")/lib.sh"

netns red blue
wire red r0 10.1.1.1/24 blue b0 10.1.1.2/24
cat >"$TMPDIR/echo.py" <<'END'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 7))
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
while True:
    data, who = s.recvfrom(65536)
    s.sendto(data, who)
END
in_ns blue python3 "$TMPDIR/echo.py" &
wait_listen blue udp 7
brief ip netns exec blue ss -Huan
cat >"$TMPDIR/client.py" <<'END'
import errno, select, socket
def udp(timeout=3):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
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
        print(what, "->", errno.errorcode[e.errno])

s = udp()
attempt("sendto", s.sendto, b"hello", ("10.1.1.2", 7))
attempt("recvfrom", s.recvfrom, 100)
s.connect(("10.1.1.2", 7))
print("names", s.getsockname()[0], s.getpeername())
for n in (0, 1, 1472, 1473, 9000, 65507):
    s.send(b"x" * n)
    print(n, "bytes come back:", len(s.recv(65536)))
attempt("65508 bytes", s.sendmsg, [b"x" * 65508])
s.send(b"0123456789")
attempt("cut off", s.recv, 4)
s.send(b"next")
attempt("then", s.recv, 100)
s.send(b"peek")
attempt("peek", s.recv, 100, socket.MSG_PEEK)
attempt("again", s.recv, 100)
attempt("nothing there", s.recv, 100, socket.MSG_DONTWAIT)
s.settimeout(0.2)
attempt("nothing comes", s.recv, 100)

print("-- nobody listens")
r = udp()
r.connect(("10.1.1.2", 9))
attempt("send", r.send, b"x")
select.select([r], [], [], 2)
attempt("recv", r.recvfrom, 100)
attempt("send", r.send, b"x")
select.select([r], [], [], 2)
print("SO_ERROR", errno.errorcode[r.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)])
u = udp(0.3)
attempt("unconnected: sendto", u.sendto, b"x", ("10.1.1.2", 9))
attempt("unconnected: hears nothing", u.recvfrom, 100)

print("-- names and ports")
a = udp()
attempt("bind", a.bind, ("10.1.1.1", 5000))
attempt("bind twice", a.bind, ("10.1.1.1", 5001))
b = udp()
attempt("taken", b.bind, ("10.1.1.1", 5000))
attempt("taken by any", b.bind, ("0.0.0.0", 5000))
attempt("not ours", b.bind, ("10.1.1.77", 5000))
b.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
attempt("reuse on one side only", b.bind, ("10.1.1.1", 5000))
attempt("another address", b.bind, ("127.0.0.1", 5000))
attempt("not connected", b.sendmsg, [b"x"])
attempt("to port 0", b.sendto, b"x", ("10.1.1.2", 0))
attempt("no route", udp().sendto, b"x", ("192.0.2.1", 7))
attempt("broadcast not allowed", udp().sendto, b"x", ("10.1.1.255", 7))
c = udp()
c.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
attempt("broadcast", c.sendto, b"all", ("10.1.1.255", 7))
attempt("answer", c.recvfrom, 100)

print("-- to oneself")
d = udp()
d.bind(("127.0.0.1", 0))
d.sendto(b"self", d.getsockname())
print(d.recvfrom(100)[0])
d.connect(d.getsockname())
d.send(b"again")
attempt("recv", d.recv, 100)
d.shutdown(socket.SHUT_RD)
attempt("shut", d.recvfrom, 100)

print("-- only from whom it is connected to")
e = udp(0.3)
e.bind(("10.1.1.1", 6000))
e.connect(("10.1.1.2", 7))
f = udp()
f.sendto(b"stranger", ("10.1.1.1", 6000))
attempt("stranger", e.recv, 100)
e.send(b"friend")
attempt("friend", e.recv, 100)
END
show ip netns exec red python3 "$TMPDIR/client.py"
