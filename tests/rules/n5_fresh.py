# SPDX-License-Identifier: MIT
"""N5.1 - N5.5: what a fresh namespace holds, and what lo brings and takes"""

from rules import *

V4 = ["0: from all lookup local", "32766: from all lookup main", "32767: from all lookup default"]


def lines(cmd, ns=None):
    return [" ".join(l.split()) for l in sh(cmd, ns=ns).out.strip().split("\n") if l.strip()]


@rule("N5.1", fresh=False)
def rules(t):
    unshare()
    t.eq("IPv4", lines("ip -4 rule"), V4)
    r = sh("ip -6 rule")
    t.eq("IPv6", [" ".join(l.split()) for l in r.out.strip().split("\n")], [V4[0], V4[1]])
    t.eq("multicast", lines("ip mrule | grep '^32767'"), ["32767: from all lookup default"])
    for pref in (0, 32766, 32767):
        t.eq("delete %d" % pref, sh("ip -4 rule del pref %d" % pref).rc, 0)
    t.eq("none left", lines("ip -4 rule"), [])
    t.fails("again", ENOENT, ask, RTM_DELRULE, struct.pack("=8BI", 2, 0, 0, 0, 254, 0, 0, 1, 0) + attr(6, 32766))
    unshare()
    t.eq("per namespace", lines("ip -4 rule"), V4)


@rule("N5.1")
def no_rules(t):
    """What a namespace without rules answers"""
    sh("ip -4 rule del pref 32766; ip -4 rule del pref 32767; ip -4 rule del pref 0", check=True)
    t.fails("connect", ENETUNREACH, socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect, ("127.0.0.1", 9))
    sh("ip rule add pref 5 lookup local", check=True)
    t.fails("connect, local again", 0, socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect, ("127.0.0.1", 9))


@rule("N5.2", fresh=False)
def empty(t):
    unshare()
    for what in ("-4 addr", "-4 route show table all", "neigh", "neigh show proxy", "nexthop", "xfrm state",
                 "xfrm policy", "tcp_metrics"):
        r = sh("ip " + what)
        t.eq(what, (r.rc, r.out, r.err), (0, "", ""))
    t.eq("-6 addr", lines("ip -6 addr"), [])
    t.eq("-6 route", lines("ip -6 route show table all"), [])
    t.eq("inet netconf", [l.split()[1] for l in lines("ip -4 netconf")], ["lo", "all", "default"])
    t.eq("inet6 netconf", [l.split()[1] for l in lines("ip -6 netconf")], ["lo", "all", "default"])
    t.eq("no IPv4 group", lines("ip -4 maddr show dev lo"), [])
    t.eq("IPv6 groups", lines("ip -6 maddr show dev lo"), ["1: lo", "inet6 ff02::1", "inet6 ff01::1"])
    try:
        text = open("/proc/net/ipv6_route").read().split()
    except OSError as e:
        return t.ok("ipv6_route", False, e)
    t.eq("ipv6_route", text[:10] * 2, ["0" * 32, "00", "0" * 32, "00", "0" * 32, "ffffffff", "00000001", "00000000",
                                       "00200200", "lo"] * 2)


@rule("N5.3", fresh=False)
def lo_up(t):
    unshare()
    sh("ip link set lo up", check=True)
    t.eq("127.0.0.1", lines("ip -4 -o addr show lo"),
         ["1: lo inet 127.0.0.1/8 scope host lo\\ valid_lft forever preferred_lft forever"])
    t.eq("local table", lines("ip -4 route show table all"),
         ["local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1",
          "local 127.0.0.1 dev lo table local proto kernel scope host src 127.0.0.1",
          "broadcast 127.255.255.255 dev lo table local proto kernel scope link src 127.0.0.1"])
    t.eq("group", lines("ip -4 maddr show dev lo"), ["1: lo", "inet 224.0.0.1"])
    l = " ".join(lines("ip link show lo"))
    t.ok("noqueue", "qdisc noqueue" in l, l)
    t.ok("UNKNOWN", "state UNKNOWN" in l, l)
    t.eq("::1", lines("ip -6 -o addr show lo | cut -d'\\' -f1"), ["1: lo inet6 ::1/128 scope host proto kernel_lo"]
         if "proto" in sh("ip -6 -o addr show lo").out else ["1: lo inet6 ::1/128 scope host"])
    t.ok("route of ::1", any(l.startswith("local ::1 dev lo table local") and "metric 0" in l
                             for l in lines("ip -6 route show table all")))


@rule("N5.4")
def tables(t):
    text = "ipv4: FIB table does not exist."
    rt = lambda table: struct.pack("=8BI", 2, 0, 0, 0, table, 0, 0, 0, 0)

    def dump(table):
        return ask(RTM_GETROUTE, rt(table), NLM_DUMP, strict=True)
    t.says("absent", ENOENT, "ipv4: FIB table does not exist", dump, 77)
    sh("ip rule add pref 100 lookup 77", check=True)
    t.says("a rule makes none", ENOENT, "ipv4: FIB table does not exist", dump, 77)
    r = sh("ip route add 10.0.0.0/8 via 10.9.9.9 table 77")
    t.ok("add fails", r.rc == 2)
    t.fails("but makes it", 0, dump, 77)
    sh("ip route add 10.0.0.0/8 dev lo table 78", check=True)
    t.eq("first route", len(dump(78)), 1)
    sh("ip route del 10.0.0.0/8 dev lo table 78", check=True)
    t.fails("stays when empty", 0, dump, 78)
    t.eq("not strict: nothing", ask(RTM_GETROUTE, rt(99), NLM_DUMP), ask(RTM_GETROUTE, rt(99), NLM_DUMP))
    t.ok("text of ip", text in sh("ip route show table 99").err)


@rule("N5.4")
def shared(t):
    def tries():
        out, name = {}, None
        for l in open("/proc/net/fib_trie"):
            if l[0].isalpha():
                name = l.strip().rstrip(":")
                out[name] = []
            else:
                out[name].append(l)
        return out
    sh("ip link add d0 type veth peer name e0; ip addr add 10.0.0.1/24 dev d0; ip link set d0 up; ip link set e0 up",
       check=True)
    got = tries()
    t.ok("one trie", got.get("Main") == got.get("Local") and got["Main"], sorted(got))
    sh("ip rule add pref 100 lookup 77", check=True)
    got = tries()
    t.ok("two with a rule", got.get("Main") != got.get("Local"), sorted(got))
    t.ok("local ones in Local alone", "host LOCAL" in "".join(got["Local"]) and
         "host LOCAL" not in "".join(got["Main"]))


@rule("N5.5")
def lo_down(t):
    sh("ip link set lo down", check=True)
    t.eq("address stays", "127.0.0.1/8" in sh("ip -4 addr show lo").out, True)
    t.eq("local routes stay, the broadcast goes", lines("ip -4 route show table all"),
         ["local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1",
          "local 127.0.0.1 dev lo table local proto kernel scope host src 127.0.0.1"])
    t.eq("::1 goes", sh("ip -6 addr show lo").out, "")
    sh("ip link set lo up", check=True)
    t.eq("comes back", len(lines("ip -4 route show table all")), 3)


main()
