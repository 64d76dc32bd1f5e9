# SPDX-License-Identifier: MIT
"""N4.24, N4.25: what a packet loses and keeps on its way through a veth"""

from rules import *

SO_MARK, IP_RECVTTL = 36, 12


def marked(src, mark, dst="10.0.0.2", port=4000):
    with inside(src):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, SO_MARK, mark)
        s.sendto(b"x", (dst, port))


@rule("N4.24")
def mark(t):
    sh("ip netns add a; ip netns add b", check=True)
    veth("v0", "v1", "a", "b", "10.0.0.1/24", "10.0.0.2/24")
    sh("ip -n b rule add fwmark 7 blackhole", check=True)
    with inside("b"):
        open("/proc/sys/net/ipv4/conf/v1/src_valid_mark", "w").write("1")
        r = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        r.bind(("10.0.0.2", 4000))
    marked("a", 7)
    t.ok("cleared on the way", select.select([r], [], [], 1)[0])
    t.eq("ping with the mark", sh("ip netns exec a ping -m 7 -c1 -W1 -q 10.0.0.2").rc, 0)


@rule("N4.24")
def mark_kept(t):
    """Both ends in one namespace: only what is marked finds the table in which it is local"""
    sh("ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up", check=True)
    sh("ip addr add 10.0.0.1/24 dev v0", check=True)
    mac = link("v1").a[IFLA_ADDRESS]
    sh("ip neigh add 10.0.0.9 lladdr %s dev v0 nud permanent" % mac.hex(":"), check=True)
    for p in ("conf/all/accept_local", "conf/v1/accept_local", "ip_forward"):
        open("/proc/sys/net/ipv4/" + p, "w").write("1")
    for p in ("conf/all/rp_filter", "conf/v1/rp_filter"):
        open("/proc/sys/net/ipv4/" + p, "w").write("0")
    # a marked packet that comes in by v1 is for table 77: it is local there
    sh("ip rule add pref 1 iif v1 fwmark 7 lookup 77; ip route add local 10.0.0.9 dev lo table 77", check=True)
    r = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    r.bind(("0.0.0.0", 4000))
    r.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.sendto(b"plain", ("10.0.0.9", 4000))
    s.setsockopt(socket.SOL_SOCKET, SO_MARK, 7)
    s.sendto(b"marked", ("10.0.0.9", 4000))
    got = r.recv(100) if select.select([r], [], [], 1)[0] else b""
    t.eq("survives inside one namespace", got, b"marked")


@rule("N4.24")
def charge(t):
    """The sender's buffer is free again though the receiver has not read"""
    sh("ip netns add a; ip netns add b", check=True)
    veth("v0", "v1", "a", "b", "10.0.0.1/24", "10.0.0.2/24")
    with inside("b"):
        r = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        r.bind(("10.0.0.2", 4000))
    with inside("a"):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4608)
    s.setblocking(False)
    sent = 0
    for _ in range(40):
        sent += soon(lambda: errno_of(s.sendto, b"x" * 1000, ("10.0.0.2", 4000)) == 0)
    t.eq("sender not charged", sent, 40)


@rule("N4.25")
def unaltered(t):
    sh("ip netns add a; ip netns add b", check=True)
    veth("v0", "v1", "a", "b", "10.0.0.1/24", "10.0.0.2/24")
    with inside("b"):
        r = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        r.bind(("0.0.0.0", 4000))
        r.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
        r.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        r.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
        index = index_of("v1")
        before = link("v1").a[7]
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    with inside("a"):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 33)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0x48)
    s.sendto(bytes(range(256)), ("10.0.0.2", 4000))
    data, anc, _, src = r.recvmsg(1000, 1000)
    got = {kind: d for _, kind, d in anc}
    t.eq("payload", data, bytes(range(256)))
    t.eq("TTL", s32(got.get(2)), 33)
    t.eq("TOS", got.get(1, b"\0")[0], 0x48)
    t.eq("ingress on its own device", struct.unpack_from("i", got.get(8, bytes(4)))[0], index)
    t.eq("source", src[0], "10.0.0.1")
    packet = raw.recv(1000)
    s16 = sum(struct.unpack("!10H", packet[:20]))
    t.eq("header checksum", (s16 + (s16 >> 16)) & 0xFFFF, 0xFFFF)
    with inside("b"):
        t.ok("counted there", struct.unpack_from("I", link("v1").a[7])[0] > struct.unpack_from("I", before)[0])


main()
