# SPDX-License-Identifier: MIT
"""N5.6, N5.7: what a route, an address, a neighbour and a rule may name; each namespace for itself"""

from rules import *

NEW = NLM_CREATE | NLM_EXCL


def ip4(a):
    return socket.inet_aton(a)


def route(dst, *attributes, plen=24, kind=1, table=254, scope=0, flags=NEW, cmd=RTM_NEWROUTE):
    head = struct.pack("=8BI", 2, plen, 0, 0, table, 3, scope, kind, 0)
    return ask(cmd, head + attr(1, ip4(dst)) + b"".join(attributes), flags)


@rule("N5.6")
def devices(t):
    sh("ip netns add a; ip -n a link add there index 500 type veth peer name q; ip link add d0 type veth peer name e0",
       check=True)
    d = index_of("d0")
    t.says("DOWN device", ENETDOWN, "Device for nexthop is not up", route, "10.1.0.0", attr(4, d), scope=253)
    sh("ip addr add 10.0.0.1/24 dev d0; ip link set d0 up; ip link set e0 up", check=True)
    t.fails("UP device", 0, route, "10.1.0.0", attr(4, d), scope=253)
    t.says("gateway nowhere", ENETUNREACH, "Nexthop has invalid gateway", route, "10.2.0.0", attr(5, ip4("10.9.0.1")))
    t.fails("gateway on link", 0, route, "10.2.0.0", attr(5, ip4("10.0.0.2")))
    t.fails("the same again", EEXIST, route, "10.2.0.0", attr(5, ip4("10.0.0.2")))
    t.fails("route by a foreign index", ENODEV, route, "10.3.0.0", attr(4, 500), scope=253)
    addr = struct.pack("=BBBBI", 2, 24, 0, 0, 500) + attr(2, ip4("10.4.0.1"))
    t.says("address on a foreign index", ENODEV, "ipv4: Device not found", ask, RTM_NEWADDR, addr, NEW)
    neigh = struct.pack("=BxxxiHBB", 2, 500, 0x80, 0, 0) + attr(1, ip4("10.0.0.9")) + attr(2, b"\2\0\0\0\0\1")
    t.fails("neighbour on a foreign index", ENODEV, ask, RTM_NEWNEIGH, neigh, NEW)
    rule_ = struct.pack("=8BI", 2, 0, 0, 0, 77, 0, 0, 1, 0) + attr(6, 50)
    t.fails("rule", 0, ask, RTM_NEWRULE, rule_, NEW)
    t.fails("rule twice", EEXIST, ask, RTM_NEWRULE, rule_, NEW)
    t.fails("rule twice without EXCL", 0, ask, RTM_NEWRULE, rule_, NLM_CREATE)
    t.eq("two of them", sh("ip rule | grep -c '^50:'").out.strip(), "2")


@rule("N5.7")
def independent(t):
    for n in "ab":
        sh("ip netns add %s; ip -n %s link set lo up; ip -n %s link add d0 type veth peer name e0;"
           "ip -n %s link set d0 up; ip -n %s link set e0 up; ip -n %s addr add 10.0.0.1/24 dev d0;"
           "ip -n %s route add 10.5.0.0/16 via 10.0.0.2; ip -n %s neigh add 10.0.0.2 lladdr 02:00:00:00:00:01 dev d0;"
           "ip -n %s rule add pref 9 from 10.5.0.0/16 lookup 77" % ((n,) * 9), check=True)
    for what in ("-4 addr", "-4 route show table all", "neigh", "rule"):
        one, two = (sh("ip -n %s %s | sed 's/link.*//'" % (n, what)).out for n in "ab")
        t.ok("same in both, " + what, one == two and one, (one, two))
    sh("ip -n a route del 10.5.0.0/16; ip -n a addr flush dev d0; ip -n a rule del pref 9; ip -n a neigh flush dev d0 nud all")
    t.ok("one's loss is not the other's", "10.5.0.0/16" in sh("ip -n b route").out and
         "10.0.0.1/24" in sh("ip -n b addr").out and "lookup 77" in sh("ip -n b rule").out and
         "10.0.0.2" in sh("ip -n b neigh").out)
    t.ok("here nothing of it", sh("ip -4 route").out == "" and "10.0.0.1" not in sh("ip addr").out)


main()
