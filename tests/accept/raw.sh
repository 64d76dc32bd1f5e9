#!/bin/sh
#
#     red                            blue
#   +-------------+              +-------------+
#   | r0 10.1.1.1 |--------------| b0 10.1.1.2 |
#   +-------------+     veth     +-------------+
#
# Raw sockets and ping sockets, by hand.
. "$(dirname "$0")/lib.sh"

netns red blue
wire red r0 10.1.1.1/24 blue b0 10.1.1.2/24
cat >"$TMPDIR/raw.py" <<'END'
import errno, socket, struct, sys
def attempt(what, f, *a):
    try:
        r = f(*a)
        print(what, "->", r)
        return r
    except socket.timeout:
        print(what, "-> timed out")
    except OSError as e:
        print(what, "->", errno.errorcode[e.errno])
def csum(b):
    if len(b) % 2: b += b"\0"
    s = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    while s >> 16: s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff
def echo(ident, seq, data=b"data"):
    h = struct.pack("!BBHHH", 8, 0, 0, ident, seq)
    return struct.pack("!BBHHH", 8, 0, csum(h + data), ident, seq) + data
def parse(p):
    ihl = (p[0] & 15) * 4
    return dict(ttl=p[8], proto=p[9], src=socket.inet_ntoa(p[12:16]), dst=socket.inet_ntoa(p[16:20]),
                len=struct.unpack("!H", p[2:4])[0], l4=p[ihl:])
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP); s.settimeout(2)
s.sendto(echo(7, 1), ("10.1.1.2", 0))
p = parse(s.recv(2000))
print("reply", p["ttl"], p["proto"], p["src"], p["dst"], p["len"], p["l4"][:2], p["l4"][8:])
s.setsockopt(socket.SOL_RAW if hasattr(socket, "SOL_RAW") else 255, 1, struct.pack("I", 1 << 0))
s.sendto(echo(7, 2), ("10.1.1.2", 0))
s.settimeout(0.3)
attempt("filtered", s.recv, 2000)
print("-- with a header of our own")
h = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
r = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP); r.settimeout(2)
body = echo(8, 1)
ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 4242, 0, 9, 1, 0, socket.inet_aton("10.1.1.1"), socket.inet_aton("10.1.1.2"))
attempt("send", h.sendto, ip + body, ("10.1.1.2", 0))
print(parse(r.recv(2000))["l4"][8:])
attempt("too big", h.sendto, b"E" + bytes(2000), ("10.1.1.2", 0))
print("-- a protocol nobody has")
q = socket.socket(socket.AF_INET, socket.SOCK_RAW, 253); q.settimeout(1)
attempt("send", q.sendto, b"hello", ("10.1.1.2", 0))
attempt("nobody there", q.recv, 100)
attempt("to oneself", q.sendto, b"hello", ("10.1.1.1", 0))
print(parse(q.recv(100))["l4"])
q.bind(("10.1.1.1", 0)); print(q.getsockname())
q.connect(("10.1.1.1", 0)); q.send(b"connected"); print(parse(q.recv(100))["l4"])
print("-- UDP seen by a raw socket")
w = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP); w.settimeout(1)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("10.1.1.1", 5353))
u.sendto(b"to me", ("10.1.1.1", 5353))
p = parse(w.recv(100)); print(p["l4"][:4], p["l4"][8:], u.recv(100))
print("-- ping sockets")
attempt("nobody may", socket.socket, socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
open("/proc/sys/net/ipv4/ping_group_range", "w").write("0 2147483647")
g = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP); g.settimeout(2)
g.bind(("10.1.1.1", 777)); print(g.getsockname())
g.sendto(echo(0, 5, b"ping"), ("10.1.1.2", 0))
d, who = g.recvfrom(100); print(d[:2], struct.unpack("!HH", d[4:8]), d[8:], who)
attempt("not an echo", g.sendto, b"\x0d" + bytes(11), ("10.1.1.2", 0))
END
show ip netns exec red python3 "$TMPDIR/raw.py"
brief ip netns exec red ss -Hwan
