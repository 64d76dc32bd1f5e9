#!/bin/sh
#
#   lo   v0 ---- v1      one namespace, no address yet
#
# Addresses, flags, names, routes and neighbours set by ioctl, as ifconfig, route
# and arp do: every request once well and in each way that is wrong.
. "$(dirname "$0")/lib.sh"

netns red
ip -n red link add v0 address 02:00:00:00:00:01 type veth peer name v1 \
	address 02:00:00:00:00:02
cat >"$TMPDIR/set.py" <<'END'
import array, ctypes, errno, fcntl, os, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
GFLAGS, SFLAGS, GADDR, SADDR, GDST, SDST = 0x8913, 0x8914, 0x8915, 0x8916, 0x8917, 0x8918
GBRD, SBRD, GMASK, SMASK, GMTU, SMTU = 0x8919, 0x891a, 0x891b, 0x891c, 0x8921, 0x8922
SNAME, SHW, GHW, ADDMULTI, DELMULTI = 0x8923, 0x8924, 0x8927, 0x8931, 0x8932
GTXQ, STXQ = 0x8942, 0x8943

def addr(a, family=socket.AF_INET):
    return struct.pack("=HH4s8x", family, 0, socket.inet_aton(a))
def num(n): return struct.pack("=i", n)
def flags(n): return struct.pack("=h", n)
def mac(last, family=1, first=2): return struct.pack("=H6B", family, first, 0, 0, 0, 0, last)
def call(nr, arg, *what):
    try:
        fcntl.ioctl(s, nr, arg, True)
        return True
    except OSError as e:
        print(*what, errno.errorcode[e.errno])
def do(word, nr, name, data=b"", said=""):
    arg = bytearray(name.encode().ljust(16, b"\0") + data.ljust(24, b"\0"))
    if call(nr, arg, word, name, said):
        if nr == GFLAGS: arg[16] &= ~0x40  # RUNNING: the kernel learns of a lost carrier later
        print(word, name, said, bytes(arg[16:]).rstrip(b"\0").hex())
def state(name):
    for word, nr in ("address", GADDR), ("mask", GMASK), ("broadcast", GBRD), ("peer", GDST), ("flags", GFLAGS):
        do("  " + word, nr, name)
def set_addr(word, nr, name, a, *family):
    do("set " + word, nr, name, addr(a, *family), a)

print("-- what no device knows")
for word, nr in ("mii", 0x8947), ("wan", 0x894a), ("private", 0x89f0), ("metric", 0x891e), \
        ("slave", 0x8929), ("pflags", 0x8935), ("mem", 0x891f):
    for name in "lo", "v0", "nodev", "v0:1", "":
        do(word, nr, name)
print("-- addresses")
set_addr("address", SADDR, "v0", "10.0.0.1"); state("v0")
set_addr("mask", SMASK, "v0", "255.255.255.0"); state("v0")
set_addr("mask", SMASK, "v0", "255.0.255.0")
set_addr("broadcast", SBRD, "v0", "10.0.0.254")
set_addr("peer", SDST, "v0", "10.0.0.9"); state("v0")
do("set up", SFLAGS, "v0", flags(0x1043)); do("flags", GFLAGS, "v0")
set_addr("address", SADDR, "v0:1", "10.0.1.1"); state("v0:1")
for a in "172.16.0.1", "192.168.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255":
    set_addr("address", SADDR, "v0", a); state("v0")
for family in 0, 10: set_addr("address", SADDR, "v0", "10.0.0.1", family)
for word, nr in ("address", SADDR), ("mask", SMASK): set_addr(word, nr, "nodev", "10.0.0.1")
set_addr("address", SADDR, "lo", "127.0.0.5"); state("lo")
set_addr("address", SADDR, "lo", "127.0.0.1"); state("lo")
do("alias down", SFLAGS, "v0:1", flags(0x1042)); state("v0:1")
set_addr("address", SADDR, "v0", "0.0.0.0"); state("v0")
for word, nr in ("mask", SMASK), ("broadcast", SBRD), ("peer", SDST): set_addr(word, nr, "v0", "255.0.0.0")
print("-- devices")
for n in 1400, 10, -1, 70000, 0: do("set mtu", SMTU, "v0", num(n), n); do("mtu", GMTU, "v0")
do("set mtu", SMTU, "lo", num(70000)); do("mtu", GMTU, "lo")
for n in 77, -1: do("set queue", STXQ, "v0", num(n), n); do("queue", GTXQ, "v0")
for m in mac(5), mac(6, 772), mac(6, 1, 1), mac(0, 1, 0): do("set mac", SHW, "v0", m, m.hex()); do("mac", GHW, "v0")
do("set mac", SHW, "lo", mac(6, 772))
for name in "lo", "v0", "nodev":
    do("join", ADDMULTI, name, mac(1, 0, 1)); do("join", ADDMULTI, name, mac(1, 1, 1)); do("leave", DELMULTI, name, mac(1, 0, 1))
do("set down", SFLAGS, "v0", flags(0x1002))
for a, b in ("v0", "w0"), ("w0", "v1"), ("w0", ""), ("w0", "a/b"), ("w0", "eth%d"), ("nodev", "x"), ("eth0", "eth0"):
    do("rename", SNAME, a, b.encode(), b)
do("set promisc", SFLAGS, "eth0", flags(0x100)); do("flags", GFLAGS, "eth0")
do("set", SFLAGS, "eth0", flags(0x281)); do("flags", GFLAGS, "eth0")
for n in 0, 10, 40, 79, 80, 400:
    buf = array.array("B", b"\xee" * max(n, 1))
    arg = array.array("B", struct.pack("iL", n, buf.buffer_info()[0] if n else 0))
    if call(0x8912, arg, "list", n):
        used = struct.unpack_from("i", arg)[0]
        print("list", n, used, [bytes(buf[i:i + 40]).rstrip(b"\0").hex() for i in range(0, used if n else 0, 40)])

print("-- neighbours")
os.system("ip link set eth0 up; ip link set v1 up; ip addr add 10.9.0.1/24 dev eth0")
def arp(word, nr, ip, last=0x77, how=0, dev="", family=1):
    arg = bytearray(addr(ip) + mac(last, family).ljust(16, b"\0") + num(how) + addr("0.0.0.0", 0) + dev.encode().ljust(16, b"\0"))
    if call(nr, arg, word, ip, how, dev):
        print(word, ip, how, dev, bytes(arg).hex() if word == "get" else "")
GET, SET, DEL = ("get", 0x8954), ("set", 0x8955), ("delete", 0x8953)
arp(*GET, "10.9.0.2", dev="eth0")
for ip, how, dev in ("10.9.0.2", 2, "eth0"), ("10.9.0.3", 2, ""), ("10.9.0.4", 6, "eth0"), ("10.9.0.5", 0, "eth0"):
    arp(*SET, ip, 0x77, how, dev); arp(*GET, ip); arp(*GET, ip, dev="eth0")
for ip, dev in ("10.9.0.2", "eth0"), ("10.9.0.2", "eth0"), ("10.9.0.77", "eth0"), ("10.9.0.3", ""):
    arp(*DEL, ip, dev=dev)
arp(*SET, "10.88.0.3", how=2); arp(*GET, "10.9.0.1", dev="nodev"); arp(*SET, "10.9.0.9", how=2, dev="eth0", family=5)
arp(*GET, "10.9.0.9", dev="lo"); arp(*SET, "10.9.0.9", how=2, dev="lo")
os.system("ip neigh | sort")

print("-- routes")
def route(word, nr, dst, gw, mask, how, dev=None, metric=0, mtu=0, win=0):
    name = ctypes.create_string_buffer(dev.encode()) if dev else None
    arg = bytearray(struct.pack("L16s16s16sHh4xLPh6xPLLH", 0, addr(dst), addr(gw) if gw else b"", addr(mask), how, 0, 0, 0,
                                metric, ctypes.addressof(name) if name else 0, mtu, win, 0).ljust(120, b"\0"))
    if call(nr, arg, word, dst, gw, mask, how, dev, metric): print(word, dst, gw, mask, how, dev, metric)
ADD, DEL = ("add", 0x890b), ("delete", 0x890c)
U, G, H, REJECT, MSS, WINDOW = 1, 2, 4, 0x200, 0x40, 0x80
for r in ("10.20.0.0", None, "255.255.0.0", U, "eth0"), ("10.20.0.0", None, "255.255.0.0", U, "eth0"), \
        ("10.21.0.1", None, "255.255.255.255", U | H, "eth0"), ("0.0.0.0", "10.9.0.254", "0.0.0.0", U | G), \
        ("10.22.0.0", "10.9.0.254", "255.255.0.0", U | G, "eth0", 5, 1400, 1000), \
        ("10.30.0.0", "10.9.0.254", "255.255.0.0", U | G | MSS | WINDOW, "eth0", 0, 1400, 1000), \
        ("10.23.0.1", None, "255.255.0.0", U, "eth0"), ("10.24.0.0", "10.99.0.254", "255.255.0.0", U | G), \
        ("10.25.0.0", None, "255.255.0.0", U | REJECT), ("10.26.0.0", None, "255.255.0.0", U), \
        ("10.27.0.0", None, "255.255.0.0", U, "nodev"), ("10.27.0.0", None, "255.0.255.0", U, "eth0"), \
        ("10.28.0.0", None, "0.0.0.0", U | H, "eth0"), ("10.29.0.0", None, "255.255.0.0", 0, "eth0"), \
        ("10.31.0.0", None, "255.255.0.0", U | G, "eth0"):
    route(*ADD, *r)
os.system("ip -d route")
for r in ("10.20.0.0", None, "255.255.0.0", U, "eth0"), ("10.20.0.0", None, "255.255.0.0", U, "eth0"), \
        ("0.0.0.0", "10.9.0.253", "0.0.0.0", U | G), ("0.0.0.0", None, "0.0.0.0", U | G), \
        ("10.22.0.0", None, "255.255.0.0", 0, None, 5), ("10.25.0.0", None, "255.255.0.0", U | REJECT):
    route(*DEL, *r)
os.system("ip -d route")
END
show ip netns exec red python3 -u "$TMPDIR/set.py"
