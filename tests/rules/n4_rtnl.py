# SPDX-License-Identifier: MIT
"""N4.20 - N4.23: what else rtnetlink and the ioctls answer about devices"""

import fcntl

from rules import *

NEW = NLM_CREATE | NLM_EXCL
SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCGIFMTU, SIOCSIFMTU = 0x8913, 0x8914, 0x8921, 0x8922
SIOCGIFINDEX, SIOCGIFNAME, SIOCGIFHWADDR, SIOCGIFADDR, SIOCSIFADDR = 0x8933, 0x8910, 0x8927, 0x8915, 0x8916
SIOCGIFNETMASK, SIOCSIFNETMASK, SIOCGIFBRDADDR, SIOCSIFNAME, SIOCSIFTXQLEN = 0x891B, 0x891C, 0x8919, 0x8923, 0x8943


@rule("N4.20")
def errors(t):
    sh("ip link add v type veth peer name w", check=True)
    t.fails("DELLINK lo", EOPNOTSUPP, ask, RTM_DELLINK, ifi(index=1))
    t.fails("DELLINK unknown index", ENODEV, ask, RTM_DELLINK, ifi(index=999))
    t.fails("DELLINK unknown name", ENODEV, ask, RTM_DELLINK, ifi(attr(IFLA_IFNAME, "nobody")))
    t.fails("DELLINK nothing said", EINVAL, ask, RTM_DELLINK, ifi())
    t.fails("SETLINK unknown index", ENODEV, ask, RTM_SETLINK, ifi(index=999))
    t.fails("SETLINK nothing said", EINVAL, ask, RTM_SETLINK, ifi())
    t.fails("GETLINK unknown index", ENODEV, ask, RTM_GETLINK, ifi(index=999))
    t.fails("GETLINK nothing said", EINVAL, ask, RTM_GETLINK, ifi())
    t.fails("exists", EEXIST, ask, RTM_NEWLINK, ifi(kind_attr("veth"), attr(IFLA_IFNAME, "v")), NEW)
    t.says("unknown kind", EOPNOTSUPP, "Unknown device type", ask, RTM_NEWLINK,
           ifi(kind_attr("nonsense"), attr(IFLA_IFNAME, "q")), NEW)
    t.says("no kind", EOPNOTSUPP, "Unknown device type", ask, RTM_NEWLINK, ifi(attr(IFLA_IFNAME, "q")), NEW)
    got = dropped(lambda: [errno_of(ask, RTM_NEWLINK, ifi(kind_attr("veth")), NEW),
                           errno_of(ask, RTM_DELLINK, ifi(attr(IFLA_IFNAME, "v"))),
                           errno_of(ask, RTM_SETLINK, ifi(attr(IFLA_IFNAME, "v"), flags=1, change=1)),
                           errno_of(ask, RTM_GETLINK, ifi(attr(IFLA_IFNAME, "v")))])
    t.eq("unprivileged NEWLINK", got[0], EPERM)
    t.eq("unprivileged DELLINK", got[1], EPERM)
    t.eq("unprivileged SETLINK", got[2], EPERM)
    t.eq("unprivileged GETLINK", got[3], 0)


def dump(kind, body, at, strict=True):
    """-> [{attribute: bytes}] with attributes from offset @at"""
    return [attrs(b[at:]) for _, b in ask(kind, body, NLM_DUMP, strict)]


@rule("N4.21")
def targets(t):
    sh("ip netns add b; ip -n b link set lo up; ip -n b link add in type veth peer name in2;"
       "ip -n b addr add 10.7.0.1/24 dev in", check=True)
    b = os.open(NAME + "b", os.O_RDONLY)
    n = struct.pack("=Bxxx", 0)
    ask(RTM_NEWNSID, n + attr(NETNSA_NSID, 4) + attr(NETNSA_FD, b))
    links = dump(RTM_GETLINK, ifi(attr(IFLA_TARGET_NETNSID, 4)), 16)
    t.eq("links", sorted(a[IFLA_IFNAME] for a in links), [b"in\0", b"in2\0", b"lo\0"])
    t.ok("each says where", all(s32(a.get(IFLA_TARGET_NETNSID)) == 4 for a in links))
    addr = struct.pack("=BBBBI", socket.AF_INET, 0, 0, 0, 0)
    got = dump(RTM_GETADDR, addr + attr(10, 4), 8)
    t.eq("addresses", sorted(socket.inet_ntoa(a[2]) for a in got), ["10.7.0.1", "127.0.0.1"])
    t.ok("each address says where", all(s32(a.get(10)) == 4 for a in got))
    text = "Invalid target network namespace id"
    t.says("unknown id, links", EINVAL, text, dump, RTM_GETLINK, ifi(attr(IFLA_TARGET_NETNSID, 9)), 16)
    t.says("unknown id, addresses", EINVAL, "ipv4: " + text, dump, RTM_GETADDR, addr + attr(10, 9), 8)
    for kind, what, hdr in ((RTM_GETROUTE, "routes", struct.pack("=8BI", 2, 0, 0, 0, 0, 0, 0, 0, 0)),
                            (RTM_GETNEIGH, "neighbours", struct.pack("=BxHiHBB", 2, 0, 0, 0, 0, 0))):
        t.says(what + " have none", EINVAL, "Unknown attribute type", dump, kind, hdr + attr(46, 4), 12)
    got = dropped(lambda: [errno_of(dump, RTM_GETLINK, ifi(attr(IFLA_TARGET_NETNSID, 4)), 16),
                           errno_of(dump, RTM_GETADDR, addr + attr(10, 4), 8)])
    t.eq("unprivileged, links", got[0], EACCES)
    t.eq("unprivileged, addresses", got[1], EACCES)
    t.eq("ip", sh("ip -o link show netns b").rc if False else sh("ip -n b -o link | wc -l").out.strip(), "3")


def ifr(name, data=b""):
    return struct.pack("16s24s", name.encode(), data)


@rule("N4.22")
def ioctls(t):
    sh("ip netns add b; ip -n b link add in type veth peer name in2; ip link add v type veth peer name w;"
       "ip addr add 10.1.0.1/16 brd + dev v", check=True)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with inside("b"):
        there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sin = lambda a: struct.pack("=HH4s8x", 2, 0, socket.inet_aton(a))
    gets = dict(SIOCGIFFLAGS=SIOCGIFFLAGS, SIOCGIFMTU=SIOCGIFMTU, SIOCGIFINDEX=SIOCGIFINDEX,
                SIOCGIFHWADDR=SIOCGIFHWADDR, SIOCGIFADDR=SIOCGIFADDR, SIOCGIFNETMASK=SIOCGIFNETMASK,
                SIOCGIFBRDADDR=SIOCGIFBRDADDR)
    for name, cmd in gets.items():
        t.fails(name + " own", 0, fcntl.ioctl, s, cmd, ifr("v"))
        t.fails(name + " foreign", ENODEV, fcntl.ioctl, s, cmd, ifr("in"))
    with inside("b"):
        t.fails("by the socket, not the caller", 0, fcntl.ioctl, s, SIOCGIFINDEX, ifr("v"))
        t.fails("nor of the caller", ENODEV, fcntl.ioctl, s, SIOCGIFINDEX, ifr("in"))
    t.fails("a socket of b", 0, fcntl.ioctl, there, SIOCGIFINDEX, ifr("in"))
    t.fails("SIOCGIFNAME unknown", ENODEV, fcntl.ioctl, s, SIOCGIFNAME, struct.pack("16si20x", b"", 999))
    sets = (("SIOCSIFFLAGS", SIOCSIFFLAGS, struct.pack("=H", 1)), ("SIOCSIFMTU", SIOCSIFMTU, struct.pack("=i", 1300)),
            ("SIOCSIFADDR", SIOCSIFADDR, sin("10.1.0.2")), ("SIOCSIFNETMASK", SIOCSIFNETMASK, sin("255.255.255.0")),
            ("SIOCSIFTXQLEN", SIOCSIFTXQLEN, struct.pack("=i", 50)))
    said = dropped(lambda: [errno_of(fcntl.ioctl, s, cmd, ifr("v", d)) for _, cmd, d in sets])
    for (name, cmd, data), got in zip(sets, said):
        t.eq(name + " without the right", got, EPERM)
        t.fails(name + " foreign", ENODEV, fcntl.ioctl, s, cmd, ifr("in", data))
        t.fails(name + " own", 0, fcntl.ioctl, s, cmd, ifr("v", data))
    l = sh("ip -o addr show v; ip -o link show v").out
    t.ok("took effect", all(x in l for x in ("mtu 1300", "10.1.0.2/24", "UP", "qlen 50")), l)


@rule("N4.23")
def sysfs(t):
    sh("ip netns add b; ip link add v type veth peer name w; ip link set v netns b", check=True)
    out = sh("ip netns exec b stat -c '%u %g' /sys/class/net/v/mtu").out
    t.eq("owner's root", out.strip(), "0 0")


main()
