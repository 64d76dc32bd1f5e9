# SPDX-License-Identifier: MIT
"""N3.16: packet sockets see the devices of their namespace"""

from rules import *

ETH_P_ALL = 3


def packet(dev=None, proto=ETH_P_ALL):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(proto))
    s.settimeout(1)
    if dev is not None:
        s.bind((dev, proto))
    return s


@rule("N3.16")
def devices(t):
    sh("ip netns add a; ip netns add b", check=True)
    veth("p0", "p1", "a", "b", "10.9.0.1/24", "10.9.0.2/24")
    t.fails("foreign name", ENODEV, packet, "p0")
    with inside("a"):
        s = packet("p0")
        every = packet()
    with inside("b"):
        t.eq("bound to one that is down", packet("lo").getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), ENETDOWN)
        sh("ip link set lo up", check=True)
        other = packet("lo")
    sh("ip netns exec a ping -c 1 -W 2 10.9.0.2", check=True)
    t.ok("hears its device", len(s.recv(2000)) > 0)
    t.ok("hears all of its namespace", len(every.recv(2000)) > 0)
    other.setblocking(False)
    t.fails("not another's lo", EAGAIN, other.recv, 2000)
    sh("ip -n a link set p0 netns b", check=True)
    t.eq("left: error", s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), ENETDOWN)
    t.eq("left: index", s.getsockname()[0:1], ("",))
    t.fails("left: send", ENXIO, s.send, b"\xff" * 60)
    with inside("b"):
        t.fails("found where it is", 0, packet, "p0")


@rule("N3.16")
def promiscuous(t):
    sh("ip netns add a; ip netns add b", check=True)
    veth("p0", "p1", "a", "b")

    def count(ns):
        return sh("ip -n %s -d link show p0 | grep -o 'promiscuity [0-9]*'" % ns).out.strip()
    with inside("a"):
        s = packet("p0")
        index = socket.if_nametoindex("p0")
    s.setsockopt(263, 1, struct.pack("=iHH8s", index, 1, 0, b""))  # PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC
    t.eq("membership", count("a"), "promiscuity 1")
    sh("ip -n a link set p0 netns b", check=True)
    t.eq("dropped when it leaves", count("b"), "promiscuity 0")


main()
