#!/bin/sh
#
#     here: messages as no tool would write them
#
# What is wrong is refused with an errno, and the next request is served.
. "$(dirname "$0")/lib.sh"

netns red
ip -n red link add r0 type veth peer name r1
ip -n red addr add 10.1.1.1/24 dev r0
cat >"$TMPDIR/netlink.py" <<'END'
import errno, socket, struct
NLM_REQUEST, NLM_ACK, NLM_DUMP = 1, 4, 0x300
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
s.bind((0, 0)); s.settimeout(1)
print("port", s.getsockname()[0] != 0, s.getsockname()[1])
seq = 0
def msg(kind, flags, body, length=None):
    global seq
    seq += 1
    return struct.pack("IHHII", 16 + len(body) if length is None else length, kind, flags, seq, 0) + body
def attr(kind, data): return struct.pack("HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)
def answers():
    out = []
    while True:
        try: data, who = s.recvfrom(65536)
        except socket.timeout: return out + ["nothing"] if not out else out
        assert who[0] == 0
        while len(data) >= 16:
            n, kind, flags, q, pid = struct.unpack_from("IHHII", data)
            if kind == 2:
                e = -struct.unpack_from("i", data, 16)[0]
                out.append(errno.errorcode[e] if e else "ack")
                if q == seq:
                    return out
                data = data[(n + 3) & ~3:]
                flags = 2
                continue
            if kind == 3:
                return out + ["done"]
            out.append(kind)
            data = data[(n + 3) & ~3:]
        if not flags & 2: return out
def ask(what, data, dest=(0, 0)):
    try:
        s.sendto(data, dest)
        print(what, "->", *answers())
    except OSError as e:
        print(what, "->", errno.errorcode.get(e.errno, e))
link = struct.pack("BxHiII", 0, 0, 0, 0, 0)
RA = NLM_REQUEST | NLM_ACK
ask("dump links", msg(18, NLM_REQUEST | NLM_DUMP, link))
ask("one link", msg(18, NLM_REQUEST, struct.pack("BxHiII", 0, 0, 1, 0, 0)))
ask("no such link", msg(18, NLM_REQUEST, struct.pack("BxHiII", 0, 0, 99, 0, 0)))
ask("neither index nor name", msg(18, NLM_REQUEST, link))
ask("unknown type", msg(500, RA, link))
ask("noop", msg(1, RA, b""))
ask("short body", msg(18, RA, b"\0"))
ask("length too small", msg(18, RA, link, 8))
ask("length too large", msg(18, RA, link, 9999))
ask("attribute too long", msg(16, RA, struct.pack("BxHiII", 0, 0, 2, 0, 0) + struct.pack("HH", 60, 3) + b"abcd"))
ask("attribute too short", msg(16, RA, struct.pack("BxHiII", 0, 0, 2, 0, 0) + attr(4, b"x")))
ask("name not ended", msg(16, RA, struct.pack("BxHiII", 0, 0, 2, 0, 0) + attr(3, b"a" * 16)))
ask("name empty", msg(16, RA, struct.pack("BxHiII", 0, 0, 2, 0, 0) + attr(3, b"\0")))
ask("unknown attribute", msg(16, RA, struct.pack("BxHiII", 0, 0, 2, 0, 0) + attr(900, b"1234")))
ask("two in one", msg(16, RA, struct.pack("BxHiII", 0, 0, 99, 0, 0)) + msg(1, RA, b""))
ask("new kind", msg(16, RA | 0x600, link + attr(18, attr(1, b"nosuch\0"))))
ask("exists", msg(16, RA | 0x600, link + attr(3, b"r0\0") + attr(18, attr(1, b"veth\0"))))
ask("namespace by a wrong descriptor", msg(16, RA, struct.pack("BxHiII", 0, 0, 2, 0, 0) + attr(28, struct.pack("i", 999))))
ask("namespace by what is none", msg(16, RA, struct.pack("BxHiII", 0, 0, 2, 0, 0) + attr(28, struct.pack("i", s.fileno()))))
ask("namespace by a pid that is none", msg(16, RA, struct.pack("BxHiII", 0, 0, 2, 0, 0) + attr(19, struct.pack("i", 999999))))
ask("namespace named twice", msg(16, RA, struct.pack("BxHiII", 0, 0, 2, 0, 0) + attr(28, struct.pack("i", 999)) + attr(19, struct.pack("i", 1))))
ask("address of the wrong length", msg(20, RA | 0x600, struct.pack("BBBBi", 2, 24, 0, 0, 2) + attr(2, b"\1\2\3")))
ask("prefix of 33", msg(20, RA | 0x600, struct.pack("BBBBi", 2, 33, 0, 0, 2) + attr(2, b"\1\2\3\4")))
ask("address twice", msg(20, RA | 0x600, struct.pack("BBBBi", 2, 24, 0, 0, 2) + attr(2, bytes([10, 1, 1, 1])) + attr(1, bytes([10, 1, 1, 1]))))
ask("address to no device", msg(20, RA | 0x600, struct.pack("BBBBi", 2, 24, 0, 0, 99) + attr(2, b"\1\2\3\4")))
ask("delete no address", msg(21, RA, struct.pack("BBBBi", 2, 24, 0, 0, 2) + attr(2, b"\1\2\3\4")))
ask("dump addresses", msg(22, NLM_REQUEST | NLM_DUMP, struct.pack("BBBBi", 2, 0, 0, 0, 0)))
ask("dump routes", msg(26, NLM_REQUEST | NLM_DUMP, struct.pack("BBBBBBBBI", 2, 0, 0, 0, 0, 0, 0, 0, 0)))
ask("to a port that is none", msg(18, RA, link), (54321, 0))
print("-- strict")
s.setsockopt(270, 12, 1); s.setsockopt(270, 11, 1)
ask("dump with a wrong header", msg(18, NLM_REQUEST | NLM_DUMP, struct.pack("BxHiII", 0, 7, 0, 0, 0)))
ask("dump of one device", msg(22, NLM_REQUEST | NLM_DUMP, struct.pack("BBBBi", 2, 0, 0, 0, 1)))
ask("dump of no device", msg(22, NLM_REQUEST | NLM_DUMP, struct.pack("BBBBi", 2, 0, 0, 0, 99)))
ask("still well", msg(18, NLM_REQUEST, struct.pack("BxHiII", 0, 0, 1, 0, 0)))
print("-- sockets")
def attempt(what, f, *a):
    try: print(what, "->", f(*a))
    except OSError as e: print(what, "->", errno.errorcode[e.errno])
t = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 0)
attempt("port taken", t.bind, (s.getsockname()[0], 0))
attempt("port 777", t.bind, (777, 0)); print(t.getsockname())
attempt("again", t.bind, (778, 0))
attempt("group", t.setsockopt, 270, 1, 1)
attempt("group too high", t.setsockopt, 270, 1, 9999)
attempt("no protocol", socket.socket, socket.AF_NETLINK, socket.SOCK_RAW, 99)
attempt("no type", socket.socket, socket.AF_NETLINK, socket.SOCK_STREAM, 0)
attempt("nothing", t.recv, 10, socket.MSG_DONTWAIT)
attempt("listen", t.listen)
t.connect((0, 0)); print(t.getpeername())
s.sendto(msg(18, NLM_REQUEST, struct.pack("BxHiII", 0, 0, 1, 0, 0)), (0, 0))
n = len(s.recv(65536, socket.MSG_PEEK))
print("cut off", len(s.recv(20)), "whole", n > 500, "by MSG_TRUNC", end=" ")
s.sendto(msg(18, NLM_REQUEST, struct.pack("BxHiII", 0, 0, 1, 0, 0)), (0, 0))
print(s.recv_into(bytearray(20), 20, socket.MSG_TRUNC) == n)
END
show ip netns exec red python3 "$TMPDIR/netlink.py"
