#!/bin/sh
#
#     red                            blue
#   +-------------+              +-------------+
#   | r0 10.1.1.1 |--------------| b0 10.1.1.2 |
#   +-------------+     veth     +-------------+
#
# The old way to ask about devices, still the way of many programs.
. "$(dirname "$0")/lib.sh"

netns red blue
wire red r0 10.1.1.1/24 blue b0 10.1.1.2/24
cat >"$TMPDIR/ioctl.py" <<'END'
import errno, fcntl, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
x = socket.socket(socket.AF_UNIX)
def req(name, payload=b""): return struct.pack("16s24s", name.encode(), payload)
def ask(what, nr, name="r0", payload=b"", show=lambda r: r, sock=s):
    try:
        print(what, name, show(fcntl.ioctl(sock, nr, req(name, payload))[16:]))
    except OSError as e:
        print(what, name, errno.errorcode[e.errno])
num = lambda r: struct.unpack_from("i", r)[0]
short = lambda r: hex(struct.unpack_from("H", r)[0])
addr = lambda r: socket.inet_ntoa(r[4:8])
for name in ("lo", "r0", "nothere"):
    ask("index", 0x8933, name, show=num)
    ask("flags", 0x8913, name, show=short)
    ask("address", 0x8915, name, show=addr)
    ask("netmask", 0x891b, name, show=addr)
    ask("broadcast", 0x8919, name, show=addr)
    ask("mtu", 0x8921, name, show=num)
    ask("hwaddr type", 0x8927, name, show=short)
    ask("txqlen", 0x8942, name, show=num)
    ask("metric", 0x891d, name, show=num)
ask("index by AF_UNIX", 0x8933, "r0", show=num, sock=x)
def name_of(i):
    try:
        r = fcntl.ioctl(s, 0x8910, struct.pack("16si20x", b"", i))
        print("name", i, r[:16].rstrip(b"\0").decode())
    except OSError as e:
        print("name", i, errno.errorcode[e.errno])
for i in (1, 2, 77): name_of(i)
print(socket.if_nameindex(), socket.if_nametoindex("r0"), socket.if_indextoname(1))
import array
buf = array.array("B", bytes(400))
n, p = struct.unpack("iP", fcntl.ioctl(s, 0x8912, struct.pack("iP", 400, buf.buffer_info()[0])))
data = buf.tobytes()[:n]
print("all", [(data[i:i+16].rstrip(b"\0").decode(), socket.inet_ntoa(data[i+20:i+24])) for i in range(0, n, 40)])
print("-- set")
sa = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton("10.5.5.5"))
ask("set mtu", 0x8922, "r0", struct.pack("i", 1400), show=lambda r: "ok")
ask("mtu", 0x8921, "r0", show=num)
ask("set mtu", 0x8922, "r0", struct.pack("i", 10), show=lambda r: "ok")
ask("set down", 0x8914, "r0", struct.pack("H", 0x1002), show=lambda r: "ok")
ask("flags", 0x8913, "r0", show=short)
ask("set up", 0x8914, "r0", struct.pack("H", 0x1003), show=lambda r: "ok")
ask("flags and up", 0x8913, "r0", show=lambda r: struct.unpack_from("H", r)[0] & 1)
ask("set address", 0x8916, "r0", sa, show=lambda r: "ok")
ask("address", 0x8915, "r0", show=addr)
ask("netmask", 0x891b, "r0", show=addr)
ask("set of no device", 0x8914, "nothere", struct.pack("H", 1), show=lambda r: "ok")
ask("unknown", 0x89ff, "r0")
print("-- sockets")
t = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); t.bind(("127.0.0.1", 0))
s.sendto(b"12345", t.getsockname())
import termios, time
time.sleep(0.1)
def fionread(x): return struct.unpack("i", fcntl.ioctl(x, termios.FIONREAD, bytes(4)))[0]
print("FIONREAD", fionread(t)); t.recv(9); print("FIONREAD", fionread(t))
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen()
c = socket.socket(); c.connect(l.getsockname()); a, _ = l.accept()
c.sendall(b"x" * 1000); time.sleep(0.2)
print("FIONREAD", fionread(a), "SIOCOUTQ", struct.unpack("i", fcntl.ioctl(c, 0x5411, bytes(4)))[0])
END
show ip netns exec red python3 "$TMPDIR/ioctl.py"
show ip -n red addr show r0
