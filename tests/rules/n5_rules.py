# SPDX-License-Identifier: MIT
"""N5.8: what hangs in containers of each namespace: rules and tables in use"""

from rules import *

NEW = NLM_CREATE | NLM_EXCL
UDP, TCP = socket.SOCK_DGRAM, socket.SOCK_STREAM
FRA_PRIORITY, FRA_FWMARK, FRA_SUPPRESS_PREFIXLEN, FRA_TABLE, FRA_FWMASK = 6, 10, 14, 15, 16
FRA_L3MDEV, FRA_UID_RANGE, FRA_IP_PROTO, FRA_SPORT_RANGE, FRA_DPORT_RANGE = 19, 20, 22, 23, 24


def setup():
    """Two ways to 10.9.0.1: by e0 (main) and by f0 (table 77), told apart by the source address"""
    sh("ip link add e0 type veth peer name e1; ip link add f0 type veth peer name f1;"
       "ip addr add 10.1.0.1/24 dev e0; ip addr add 10.2.0.1/24 dev f0;"
       "for d in e0 e1 f0 f1; do ip link set $d up; done;"
       "ip route add default via 10.1.0.2; ip route add default via 10.2.0.2 table 77", check=True)


def way(port=9, kind=UDP, bind=None, prepare=None, dst="10.9.0.1"):
    """The source address that connect() chooses"""
    s = socket.socket(socket.AF_INET, kind)
    s.setblocking(False)
    try:
        if prepare:
            prepare(s)
        if bind:
            s.bind(("0.0.0.0", bind))
        try:
            s.connect((dst, port))
        except BlockingIOError:
            pass
        return s.getsockname()[0]
    except OSError as e:
        return name_of(e.errno)
    finally:
        s.close()


def body(table, *attributes, action=1, tos=0, flags=0):
    return struct.pack("=8BI", 2, 0, 0, tos, table, 0, 0, action, flags) + b"".join(attributes)


def add(table, *attributes, **kw):
    return ask(RTM_NEWRULE, body(table, *attributes, **kw), NEW)


MAIN, OTHER = "10.1.0.1", "10.2.0.1"


@rule("N5.8")
def selectors(t):
    setup()
    t.eq("without a rule", way(), MAIN)

    def try_rule(what, text, hits, misses, then=MAIN):
        t.eq(what + " added", sh("ip rule add pref 50 %s lookup 77" % text).err, "")
        shown = sh("ip rule | grep ^50:").out
        t.ok(what + " shown", text.split("from")[-1].strip() in " ".join(shown.split()), shown)
        t.eq(what + " hits", hits(), OTHER)
        t.eq(what + " misses", misses(), MAIN)
        t.eq(what + " deleted", sh("ip rule del pref 50 %s lookup 77" % text).err, "")
        t.eq(what + " gone", hits(), then)
    mark = lambda v: lambda s: s.setsockopt(socket.SOL_SOCKET, 36, v)
    tos = lambda v: lambda s: s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, v)
    try_rule("to", "from all to 10.9.0.0/16", way, lambda: way(dst="10.8.0.1"))
    try_rule("fwmark", "from all fwmark 0x5", lambda: way(prepare=mark(5)), lambda: way(prepare=mark(6)))
    try_rule("fwmask", "from all fwmark 0x4/0x4", lambda: way(prepare=mark(12)), lambda: way(prepare=mark(3)))
    try_rule("tos", "from all tos 0x10", lambda: way(prepare=tos(0x10)), way)
    try_rule("dport", "from all dport 700-800", lambda: way(750), lambda: way(801))
    try_rule("one dport", "from all dport 700", lambda: way(700), lambda: way(701))
    try_rule("sport", "from all sport 7000-7001", lambda: way(bind=7001), lambda: way(bind=7002))
    try_rule("ipproto", "from all ipproto tcp", lambda: way(kind=TCP), way)
    try_rule("uidrange", "from all uidrange %d-%d" % (os.getuid(), os.getuid() + 5), way,
             lambda: dropped(way))
    try_rule("not", "not from all fwmark 0x5", way, lambda: way(prepare=mark(5)))
    try_rule("oif", "from all oif f0", lambda: way(prepare=lambda s: s.setsockopt(
        socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"f0\0")), way, OTHER)
    try_rule("several", "from all ipproto udp dport 53", lambda: way(53), lambda: way(53, kind=TCP))


@rule("N5.8")
def input_rules(t):
    """iif, and packets of others: forwarded by what they are"""
    sh("for n in a b c; do ip netns add $n; done", check=True)
    veth("a0", "r0", "a", None, "10.1.0.2/24", "10.1.0.1/24")
    veth("b0", "r1", "b", None, "10.2.0.2/24", "10.2.0.1/24")
    veth("c0", "r2", "c", None, "10.3.0.2/24", "10.3.0.1/24")
    sh("ip -n a route add default via 10.1.0.1; sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0;"
       "for n in b c; do ip -n $n link set lo up; ip -n $n addr add 10.9.0.1/32 dev lo; done;"
       "ip -n b route add default via 10.2.0.1; ip -n c route add default via 10.3.0.1;"
       "ip route add 10.9.0.1 via 10.2.0.2; ip route add 10.9.0.1 via 10.3.0.2 table 77", check=True)
    ears = {}
    for n in "bc":
        with inside(n):
            for port in (500, 501):
                ears[n, port] = s = socket.socket(socket.AF_INET, UDP)
                s.bind(("10.9.0.1", port))

    def goes(port):
        with inside("a"):
            s = socket.socket(socket.AF_INET, UDP)
            s.bind(("", 4000 + port))
            s.sendto(b"x", ("10.9.0.1", port))
        got = select.select(list(ears.values()), [], [], 1)[0]
        for s in got:
            s.recv(10)
        return [k for k, s in ears.items() if s in got]
    t.eq("main", goes(500), [("b", 500)])
    for what, text, hit, miss in (("iif", "iif r0", 500, None), ("iif of another", "iif r1", None, 500),
                                  ("dport", "iif r0 dport 500", 500, 501), ("sport", "sport 4500", 500, 501),
                                  ("ipproto", "ipproto udp", 500, None), ("ipproto of another", "ipproto icmp", None, 500),
                                  ("from", "from 10.1.0.0/24", 500, None)):
        sh("ip rule add pref 50 %s lookup 77" % text, check=True)
        if hit:
            t.eq(what + " hits", goes(hit), [("c", hit)])
        if miss:
            t.eq(what + " misses", goes(miss), [("b", miss)])
        sh("ip rule del pref 50", check=True)


@rule("N5.8")
def suppress(t):
    setup()
    sh("ip route add 10.9.0.0/16 via 10.2.0.2 table 77; ip rule add pref 50 lookup 77 suppress_prefixlength 0",
       check=True)
    t.eq("longer passes", way(), OTHER)
    t.eq("default suppressed", way(dst="10.8.0.1"), MAIN)
    t.ok("shown", "suppress_prefixlength 0" in sh("ip rule").out)
    sh("ip rule del pref 50; ip rule add pref 50 lookup 77 suppress_prefixlength 16", check=True)
    t.eq("16 suppressed", way(), MAIN)
    sh("ip rule del pref 50; ip link set e0 group 5; ip link set f0 group 6;"
       "ip rule add pref 50 lookup 77 suppress_ifgroup 6", check=True)
    t.eq("group suppressed", way(), MAIN)
    sh("ip link set f0 group 7", check=True)
    t.eq("another group passes", way(), OTHER)


@rule("N5.8")
def actions(t):
    setup()
    for action, want in (("blackhole", "EINVAL"), ("unreachable", "ENETUNREACH"), ("prohibit", "EACCES")):
        sh("ip rule add pref 50 to 10.9.0.0/16 " + action, check=True)
        t.eq(action, way(), want)
        t.eq(action + " of others", way(dst="10.8.0.1"), MAIN)
        sh("ip rule del pref 50", check=True)
    sh("ip rule add pref 60 to 10.9.0.0/16 lookup 77; ip rule add pref 50 to 10.9.0.0/16 goto 100", check=True)
    t.ok("goto nowhere yet", "unresolved" in sh("ip rule").out)
    t.eq("and ignored", way(), OTHER)
    sh("ip rule add pref 100 nop", check=True)
    t.ok("goto resolved", "unresolved" not in sh("ip rule").out, sh("ip rule").out)
    t.eq("goto", way(), MAIN)
    sh("ip rule del pref 100", check=True)
    t.ok("unresolved again", "unresolved" in sh("ip rule").out)


@rule("N5.8")
def refused(t):
    u16 = lambda a, b: struct.pack("=HH", a, b)
    t.says("priority twice", EEXIST, "", lambda: (add(77, attr(FRA_PRIORITY, 5)), add(77, attr(FRA_PRIORITY, 5))))
    got = lambda *a, **kw: errno_of(add, *a, **kw)
    t.eq("dport backwards", got(77, attr(FRA_DPORT_RANGE, u16(9, 5))), EINVAL)
    t.eq("dport from 0", got(77, attr(FRA_DPORT_RANGE, u16(0, 5))), EINVAL)
    t.eq("dport to 65535", got(77, attr(FRA_DPORT_RANGE, u16(1, 65535))), EINVAL)
    t.eq("uid backwards", got(77, attr(FRA_UID_RANGE, struct.pack("=II", 9, 5))), EINVAL)
    t.eq("protocol 0", got(77, attr(FRA_IP_PROTO, b"\0")), 0)
    t.eq("goto backwards", got(0, attr(FRA_PRIORITY, 50), attr(4, 40), action=2), EINVAL)
    t.eq("l3mdev with a table", got(77, attr(FRA_L3MDEV, b"\1")), EINVAL)
    t.eq("l3mdev", got(0, attr(FRA_L3MDEV, b"\1"), attr(FRA_PRIORITY, 70)), 0)
    t.ok("l3mdev shown", "70: from all lookup [l3mdev-table]" in " ".join(sh("ip rule").out.split()), sh("ip rule").out)
    t.eq("l3mdev 0", got(0, attr(FRA_L3MDEV, b"\0")), EINVAL)
    t.eq("iif too long", got(77, attr(3, "x" * 16)), ERANGE)
    t.eq("delete, none", errno_of(ask, RTM_DELRULE, body(99)), ENOENT)
    t.eq("delete by what differs", errno_of(ask, RTM_DELRULE, body(77, attr(FRA_PRIORITY, 5), attr(FRA_IP_PROTO, b"\6"))), ENOENT)
    t.eq("delete", errno_of(ask, RTM_DELRULE, body(77, attr(FRA_PRIORITY, 5))), 0)


@rule("N5.8")
def detached(t):
    sh("ip rule add pref 50 iif ghost lookup 77; ip rule add pref 51 oif ghost lookup 77", check=True)
    out = sh("ip rule").out
    t.ok("iif of nobody", "iif ghost [detached]" in out, out)
    t.ok("oif of nobody", "oif ghost [detached]" in out, out)
    sh("ip link add ghost type veth peer name g1", check=True)
    t.ok("attached", "detached" not in sh("ip rule").out)
    sh("ip netns add a; ip link set ghost netns a", check=True)
    t.eq("detached again", sh("ip rule").out.count("[detached]"), 2)


@rule("N5.8")
def dump_order(t):
    sh("ip link add d0 type veth peer name d1; ip addr add 10.0.0.1/24 dev d0; ip link set d0 up; ip link set d1 up",
       check=True)
    for p in ("10.3.0.0/16", "10.1.0.0/16", "10.3.0.0/24", "10.3.7.0/24", "default", "10.2.0.0/16", "9.0.0.0/8",
              "192.168.0.0/16", "10.3.0.0/20"):
        sh("ip route add %s via 10.0.0.2" % p, check=True)
    sh("ip route add 10.3.0.0/16 via 10.0.0.3 metric 5; ip route add 10.3.0.0/16 via 10.0.0.4 tos 0x10;"
       "ip route add 10.7.0.0/16 via 10.0.0.2 table 300; ip route add 10.7.0.0/16 via 10.0.0.2 table 10", check=True)
    t.eq("main", [" ".join(l.split()[:4]) for l in sh("ip route").out.strip().split("\n")],
         ["default via 10.0.0.2 dev", "9.0.0.0/8 via 10.0.0.2 dev", "10.0.0.0/24 dev d0 proto",
          "10.1.0.0/16 via 10.0.0.2 dev", "10.2.0.0/16 via 10.0.0.2 dev", "10.3.0.0/24 via 10.0.0.2 dev",
          "10.3.0.0/20 via 10.0.0.2 dev", "10.3.0.0/16 tos 0x10 via", "10.3.0.0/16 via 10.0.0.2 dev",
          "10.3.0.0/16 via 10.0.0.3 dev", "10.3.7.0/24 via 10.0.0.2 dev", "192.168.0.0/16 via 10.0.0.2 dev"])
    tables = [l.split("table ")[1].split()[0] if " table " in l else "main"
              for l in sh("ip -4 route show table all").out.strip().split("\n")]
    order = [x for i, x in enumerate(tables) if not i or tables[i - 1] != x]
    t.eq("tables", order, ["10", "300", "main", "local"])


@rule("N5.8")
def per_namespace(t):
    for n in "ab":
        sh("ip netns add " + n, check=True)
    sh("ip -n a link set lo up; ip -n a rule add pref 9 lookup 99; ip -n a nexthop add id 5 blackhole;"
       "ip -n a neigh add proxy 10.0.0.1 dev lo; ip -n a route add 10.0.0.0/8 dev lo table 99", check=False)
    t.ok("rule", "lookup 99" in sh("ip -n a rule").out and "lookup 99" not in sh("ip -n b rule").out)
    t.ok("table", "10.0.0.0/8" in sh("ip -n a route show table 99").out and
         "does not exist" in sh("ip -n b route show table 99").err)
    t.ok("nexthop", "id 5 blackhole" in sh("ip -n a nexthop").out and sh("ip -n b nexthop").out == "")
    t.ok("proxy", "10.0.0.1 dev lo proxy" in sh("ip -n a neigh show proxy").out and
         sh("ip -n b neigh show proxy").out == "", sh("ip -n a neigh show proxy"))


main()
