# SPDX-License-Identifier: MIT
"""N7.7, N7.8, N7.12: values of devices: conf/{all,default,DEV}, neigh/DEV; ip netconf"""

from rules import *

TOP = "/proc/sys/net/ipv4/"


def get(path):
    with open(TOP + path) as f:
        return f.read().rstrip("\n")


def put(path, value):
    with open(TOP + path, "w") as f:
        f.write(str(value))


@rule("N7.7")
def creator(t):
    """devconf_inherit_init_net=0: init's values, not the creator's"""
    base = get("conf/all/log_martians"), get("conf/default/log_martians")
    put("conf/all/log_martians", 1)
    put("conf/default/log_martians", 1)
    with inside(new_ns(up=False)):
        t.eq("not the creator's", (get("conf/all/log_martians"), get("conf/default/log_martians")), base)
        t.eq("lo as default", get("conf/lo/log_martians"), base[1])


@rule("N7.7", fresh=False)
def inherit(t):
    labels = ["mode %d: %s" % (m, w) for m in range(4) for w in ("all", "default", "lo", "of a child")]
    if not WARREN:
        for label in labels:
            t.na(label, "on the kernel the rules run in a child, and the sysctl is init's alone")
        return
    knob = "/proc/sys/net/core/devconf_inherit_init_net"
    put("conf/all/log_martians", 1)
    put("conf/default/log_martians", 1)
    parent = None
    for m, init, child in ((0, "1", "1"), (1, "1", "1"), (2, "0", "0"), (3, "1", "0")):
        with open(knob, "w") as f:
            f.write(str(m))
        fd = new_ns(up=False)
        with inside(fd):
            t.eq("mode %d: all" % m, get("conf/all/log_martians"), init)
            t.eq("mode %d: default" % m, get("conf/default/log_martians"), init)
            t.eq("mode %d: lo" % m, get("conf/lo/log_martians"), init)
            put("conf/all/log_martians", 0)
            unshare()
            t.eq("mode %d: of a child" % m, get("conf/all/log_martians"), child)
    with open(knob, "w") as f:
        f.write("0")
    put("conf/all/log_martians", 0)
    put("conf/default/log_martians", 0)


@rule("N7.8", fresh=False)
def devices(t):
    unshare()
    put("conf/default/rp_filter", 2)
    sh("ip link add a0 type veth peer name a1; ip link add b0 type veth peer name b1", check=True)
    t.eq("a new device begins with default", get("conf/a0/rp_filter"), "2")
    t.eq("directories", sorted(os.listdir(TOP + "conf")), ["a0", "a1", "all", "b0", "b1", "default", "lo"])
    t.eq("directories of neigh", sorted(os.listdir(TOP + "neigh")), ["a0", "a1", "b0", "b1", "lo"])
    t.eq("lo follows default before it has an address", get("conf/lo/rp_filter"), "2")
    put("conf/b0/rp_filter", 1)
    sh("ip addr add 10.1.1.1/24 dev a1; ip addr del 10.1.1.1/24 dev a1", check=True)
    put("conf/default/rp_filter", 0)
    t.eq("default: not what was written to default before the device was there", get("conf/a0/rp_filter"), "2")
    put("conf/default/bootp_relay", 1)
    t.eq("default: follows", (get("conf/a0/bootp_relay"), get("conf/b0/bootp_relay")), ("1", "1"))
    t.eq("default: not what was written", get("conf/b0/rp_filter"), "1")
    t.eq("default: not who had an address", get("conf/a1/rp_filter"), "2")
    put("conf/default/accept_local", 1)
    t.eq("written: that knob alone is fixed", get("conf/b0/accept_local"), "1")
    t.eq("address: all knobs are fixed", get("conf/a1/accept_local"), "0")
    put("conf/all/rp_filter", 1)
    t.eq("all changes no device", [get("conf/%s/rp_filter" % d) for d in ("a0", "a1", "b0", "default")], ["2", "2", "1", "0"])
    put("conf/a0/rp_filter", 2)
    t.eq("a device does not change all", get("conf/all/rp_filter"), "1")
    for where in ("ip_forward", "conf/all/forwarding"):
        put(where, 1)
        t.eq(where + " sets all", [get(x) for x in ("ip_forward", "conf/all/forwarding", "conf/default/forwarding", "conf/a0/forwarding",
                                                    "conf/b1/forwarding", "conf/lo/forwarding")], ["1"] * 6)
        t.eq(where + ": accept_redirects of all", get("conf/all/accept_redirects"), "0")
        t.eq(where + ": accept_redirects of devices", get("conf/a0/accept_redirects"), "1")
        put(where, 0)
        t.eq(where + " 0", [get(x) for x in ("ip_forward", "conf/all/forwarding", "conf/default/forwarding", "conf/a0/forwarding")], ["0"] * 4)
        t.eq(where + " 0: accept_redirects", get("conf/all/accept_redirects"), "1")
    put("conf/a0/forwarding", 1)
    t.eq("a device's forwarding is its own", [get(x) for x in ("ip_forward", "conf/a0/forwarding")], ["0", "1"])
    put("conf/default/forwarding", 1)
    t.eq("default's forwarding changes no device", get("conf/b1/forwarding"), "0")
    sh("ip link set a0 name z0", check=True)
    t.eq("rename", (get("conf/z0/rp_filter"), os.path.exists(TOP + "conf/a0"), os.path.exists(TOP + "neigh/z0")), ("2", False, True))
    sh("ip link del z0", check=True)
    t.eq("deleted", sorted(os.listdir(TOP + "conf")), ["all", "b0", "b1", "default", "lo"])
    t.eq("lo specials", (get("conf/lo/disable_policy"), get("conf/lo/disable_xfrm"), get("conf/b0/disable_policy")), ("1", "1", "0"))
    sh("ip link set lo up", check=True)
    put("conf/default/log_martians", 1)
    t.eq("lo up: is fixed", get("conf/lo/log_martians"), "0")


@rule("N7.8")
def moved(t):
    sh("ip link add a0 type veth peer name a1", check=True)
    put("conf/a0/rp_filter", 2)
    put("neigh/a0/ucast_solicit", 9)
    fd = new_ns()
    c = Child(lambda: setns(fd))
    sh("ip link set a0 netns %d" % c.pid, check=True)
    t.ok("gone here", not os.path.exists(TOP + "conf/a0"))
    with inside(fd):
        t.eq("anew there: conf", get("conf/a0/rp_filter"), "0")
        t.eq("anew there: neigh", get("neigh/a0/ucast_solicit"), "3")
    c.stop()


NETCONF = ("forwarding", "rp_filter", "mc_forwarding", "proxy_neigh", "ignore_routes_with_linkdown")


@rule("N7.8")
def netconf(t):
    sh("ip link add a0 type veth peer name a1", check=True)

    def show(what):
        rows = []
        for line in sh("ip -4 netconf show " + what).out.split("\n"):
            w = line.split()
            if w:
                rows.append(dict(zip(w[2::2], w[3::2]), interface=w[1], family=w[0]))
        return rows
    a0 = show("dev a0")[0]
    t.eq("netconf: fields", sorted(k for k in a0 if k not in ("family", "interface")), sorted(NETCONF))
    t.eq("netconf: off", [a0[k] for k in ("forwarding", "rp_filter", "proxy_neigh")], ["off", "off", "off"])
    put("conf/a0/forwarding", 1)
    put("conf/a0/rp_filter", 2)
    put("conf/a0/proxy_arp", 1)
    put("conf/a0/ignore_routes_with_linkdown", 1)
    a0 = show("dev a0")[0]
    t.eq("netconf: on", [a0[k] for k in ("forwarding", "rp_filter", "proxy_neigh", "ignore_routes_with_linkdown")], ["on", "loose", "on", "on"])
    text = sh("ip -4 netconf show dev a0").out.strip()
    t.eq("netconf: text", text, "inet a0 forwarding on rp_filter loose mc_forwarding off proxy_neigh on ignore_routes_with_linkdown on")
    names = [x.get("interface") for x in show("") if x.get("family") == "inet"]
    t.eq("netconf: dump", sorted(names), ["a0", "a1", "all", "default", "lo"])
    n = Netlink(groups=(24,))  # RTNLGRP_IPV4_NETCONF
    put("conf/a1/forwarding", 1)
    put("conf/all/rp_filter", 1)
    put("conf/default/proxy_arp", 1)
    put("conf/a1/log_martians", 1)
    put("conf/a1/forwarding", 1)
    idx = socket.if_nametoindex("a1")
    got = [(s32(attrs(b[4:]).get(1)), {k: s32(v) for k, v in attrs(b[4:]).items() if k != 1}) for k, b in n.events() if k == 80]
    t.eq("netconf: events", got, [(idx, {2: 1}), (-1, {3: 1}), (-2, {5: 1})])
    put("ip_forward", 1)
    got = {s32(attrs(b[4:]).get(1)): s32(attrs(b[4:]).get(2)) for k, b in n.events() if k == 80}
    t.ok("netconf: ip_forward tells of all", got.get(-1) == 1 and got.get(1) == 1, got)
    sh("ip link del a0", check=True)
    t.ok("netconf: deleted", idx in [s32(attrs(b[4:])[1]) for k, b in n.events() if k == 81])
    r = sh("ip -4 netconf show dev none")
    t.eq("netconf: no such device", r.rc != 0, True)


@rule("N7.12")
def neigh(t):
    t.ok("no default in a child", not os.path.exists(TOP + "neigh/default"))
    sh("ip link add a0 type veth peer name a1; ip link add b0 type veth peer name b1", check=True)
    t.eq("own directory", sorted(os.listdir(TOP + "neigh")), ["a0", "a1", "b0", "b1", "lo"])
    put("neigh/a0/base_reachable_time", 60)
    t.eq("seconds and milliseconds are one", get("neigh/a0/base_reachable_time_ms"), "60000")
    put("neigh/a0/base_reachable_time_ms", 12000)
    t.eq("milliseconds and seconds", get("neigh/a0/base_reachable_time"), "12")
    put("neigh/a0/retrans_time_ms", 2000)
    t.eq("hundredths", get("neigh/a0/retrans_time"), "200")
    t.eq("another is unaffected", (get("neigh/b0/base_reachable_time"), get("neigh/a1/retrans_time_ms")), ("30", "1000"))
    t.ok("no gc_thresh of a device", not os.path.exists(TOP + "neigh/a0/gc_thresh1"))
    t.eq("ip ntable", "base_reachable 12000" in sh("ip ntable show dev a0").out, True)


@rule("N7.12", fresh=False)
def neigh_default(t):
    labels = ("a device of a child takes init's", "existing ones are unaffected", "gc_thresh3 is default's")
    if not WARREN:
        for label in labels:
            t.na(label, "on the kernel the rules run in a child")
        return
    fd = new_ns()
    with inside(fd):
        sh("ip link add a0 type veth peer name a1", check=True)
    old = get("neigh/default/ucast_solicit")
    put("neigh/default/ucast_solicit", 7)
    with inside(fd):
        sh("ip link add b0 type veth peer name b1", check=True)
        t.eq(labels[0], get("neigh/b0/ucast_solicit"), "7")
        t.eq(labels[1], get("neigh/a0/ucast_solicit"), "3")
    put("neigh/default/ucast_solicit", old)
    t.ok(labels[2], os.path.exists(TOP + "neigh/default/gc_thresh3"))


main()
