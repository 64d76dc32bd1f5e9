# SPDX-License-Identifier: MIT
"""N8.1 - N8.4: /proc/net: which files there are, their modes, headers and empty lines"""

import re

from rules import *

IPV6 = ["anycast6", "dev_snmp6", "icmp6", "if_inet6", "igmp6", "ip6_flowlabel", "ip6_mr_cache",
        "ip6_mr_vif", "ipv6_route", "mcfilter6", "raw6", "rt6_stats", "snmp6", "sockstat6", "tcp6",
        "udp6", "udplite6"]
NETFILTER = ["arp_tables_matches", "arp_tables_names", "arp_tables_targets", "ip6_tables_matches",
             "ip6_tables_names", "ip6_tables_targets", "ip_tables_matches", "ip_tables_names",
             "ip_tables_targets", "nf_conntrack", "nf_conntrack_expect", "netfilter/nf_log"]
IPV4 = ["arp", "dev", "dev_mcast", "fib_trie", "fib_triestat", "icmp", "igmp", "ip_mr_cache", "ip_mr_vif",
        "mcfilter", "netlink", "netstat", "packet", "protocols", "psched", "ptype", "raw", "route", "rt_acct",
        "rt_cache", "snmp", "sockstat", "softnet_stat", "tcp", "udp", "udplite", "unix", "stat/rt_cache", "xfrm_stat"]


def text(name, ns=None):
    if ns is None:
        with open("/proc/thread-self/net/" + name) as f:
            return f.read()
    with inside(ns):
        return text(name)


def lines(name, ns=None):
    return text(name, ns).split("\n")[:-1]


@rule("N8.1")
def names(t):
    have = set(os.listdir("/proc/thread-self/net"))
    for n in IPV4 + IPV6 + NETFILTER:
        t.ok(n, os.path.exists("/proc/thread-self/net/" + n))
        if "/" not in n:
            t.ok(n + " listed", n in have)
    for n in ("connector", "ipconfig", "pnp", "stat/arp_cache", "stat/ndisc_cache"):
        t.fails("no " + n, ENOENT, os.stat, "/proc/thread-self/net/" + n)
    t.eq("/proc/net is a link", os.readlink("/proc/net"), "self/net")
    t.fails("unknown", ENOENT, open, "/proc/net/none")
    fd = new_ns()
    sh("ip link add seen type veth peer name seen2", check=True)
    t.ok("per task: here", "seen:" in text("dev"))
    t.ok("per task: there", "seen:" not in text("dev", fd))
    c = Child(lambda: setns(fd))
    with open("/proc/%d/net/dev" % c.pid) as f:
        t.ok("per task: of another", "seen:" not in f.read())
    c.stop()


@rule("N8.2")
def modes(t):
    for n in IPV4 + IPV6 + NETFILTER:
        try:
            st = os.stat("/proc/thread-self/net/" + n)
        except FileNotFoundError:
            continue  # N8.1 says so
        if stat.S_ISDIR(st.st_mode):
            t.eq(n, stat.S_IMODE(st.st_mode), 0o555)
            continue
        want = 0o440 if "_tables_" in n or n.startswith("nf_conn") else 0o444
        t.eq(n, (stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid), (want, 0, 0))
    t.fails("no writing", EACCES if not WARREN else EACCES, dropped_open, "/proc/thread-self/net/dev")
    t.ok("directory", stat.S_IMODE(os.stat("/proc/thread-self/net/").st_mode) == 0o555)
    t.eq("size 0", os.stat("/proc/thread-self/net/route").st_size, 0)


def dropped_open(path):
    def run():
        return errno_of(os.open, path, os.O_WRONLY)
    e = dropped(run)
    if e:
        raise OSError(e, "")


@rule("N8.3")
def shared(t):
    fd = new_ns()
    t.eq("psched", text("psched", fd), text("psched"))
    t.eq("rt_acct", text("rt_acct", fd), text("rt_acct"))
    t.eq("rt_acct: size", len(text("rt_acct")), 4096)

    def columns(ns):
        return [[w for i, w in enumerate(line.split()) if i not in (2, 3)] for line in lines("protocols", ns)]
    t.eq("protocols", columns(fd), columns(None))
    with inside(fd):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("", 0))

    def count(name, ns):
        return [int(line.split()[2]) for line in lines("protocols", ns) if line.split()[0] == name][0]
    t.eq("protocols: sockets there", count("UDP", fd), 1)
    t.eq("protocols: sockets here", count("UDP", None), 0)
    s.close()
    t.eq("ptype", lines("ptype", fd), lines("ptype"))
    t.eq("softnet_stat: columns", {len(line.split()) for line in lines("softnet_stat")}, {15})
    t.ok("softnet_stat: hex", all(re.fullmatch("([0-9a-f]{8} ){14}[0-9a-f]{8}", line) for line in lines("softnet_stat")))


EMPTY = {
    "arp": "IP address       HW type     Flags       HW address            Mask     Device\n",
    "mcfilter": "Idx Device        MCA        SRC    INC    EXC\n",
    "ip_mr_vif": "Interface      BytesIn  PktsIn  BytesOut PktsOut Flags Local    Remote\n",
    "ip_mr_cache": "Group    Origin   Iif     Pkts    Bytes    Wrong Oifs\n",
    "packet": "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n",
    "unix": "Num       RefCount Protocol Flags    Type St Inode Path\n",
    "rt_cache": "Iface\tDestination\tGateway \tFlags\t\tRefCnt\tUse\tMetric\tSource\t\tMTU\tWindow\tIRTT\tTOS\tHHRef\tHHUptod\tSpecDst".ljust(127) + "\n",
    "raw": "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n",
    "tcp": "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode".ljust(149) + "\n",
    "udp": "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops".ljust(127) + "\n",
    "udplite": "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops".ljust(127) + "\n",
    "icmp": "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops".ljust(127) + "\n",
    "igmp": "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n",
    "fib_trie": "",
    "fib_triestat": "Basic info: size of leaf: 48 bytes, size of tnode: 40 bytes.\n",
    "route": "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT".ljust(127) + "\n",
    "dev_mcast": "",
    "psched": "000003e8 00000040 000f4240 3b9aca00\n",
    "sockstat": None, "snmp": None, "netstat": None, "dev": None, "netlink": None, "ptype": None, "protocols": None,
    "rt6_stats": "0000 0000 0000 0000 0000 0000 0000\n", "ip6_flowlabel": "Label S Owner  Users  Linger Expires  Dst                              Opt\n",
}
HEAD = {
    "dev": ["Inter-|   Receive                                                |  Transmit",
            " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed",
            "    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0"],
    "netlink": ["sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode"],
    "ptype": ["Type Device      Function", "0800          ip_rcv"],
    "protocols": ["protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss gs se re bi br ha uh gp em"],
    "sockstat": ["sockets: used 0"],
}


@rule("N8.4", fresh=False)
def fresh(t):
    """Each file in a namespace where nothing has happened: to the byte"""
    fd = new_ns(up=False)
    for name, want in sorted(EMPTY.items()):
        if want is None:
            continue
        try:
            got = text(name, fd)
        except FileNotFoundError:
            got = "no such file"
        if name == "route" and got == "":
            want = ""  # before there is any table
        t.eq(name + " fresh", got, want)
    for name, want in sorted(HEAD.items()):
        t.eq(name + " head", lines(name, fd)[:len(want)], want)
    got = lines("sockstat", fd)
    t.ok("sockstat TCP", re.fullmatch(r"TCP: inuse 0 orphan \d+ tw 0 alloc \d+ mem \d+", got[1]))
    t.ok("sockstat UDP", re.fullmatch(r"UDP: inuse 0 mem \d+", got[2]))
    t.eq("sockstat rest", got[3:], ["UDPLITE: inuse 0", "RAW: inuse 0", "FRAG: inuse 0 memory 0"])
    fam = sorted(int(line.split()[1]) for line in lines("netlink", fd)[1:])
    for p, n in ((0, "route"), (4, "sock_diag"), (6, "xfrm"), (9, "audit"), (10, "fib_lookup"), (12, "netfilter"),
                 (15, "uevent"), (16, "generic")):
        t.ok("netlink kernel end: " + n, p in fam)
    t.ok("netlink rows", all(re.fullmatch(r"[0-9a-f]{16} (\d+) {1,2} ?0          00000000 0        0        0     2        0        \d+ *", line)
                             for line in lines("netlink", fd)[1:]))


SNMP = {"Ip": 20, "Icmp": 29, "Tcp": 15, "Udp": 9, "UdpLite": 9}
NETSTAT = {"TcpExt": 135, "IpExt": 18, "MPTcpExt": 76}


@rule("N8.4", fresh=False)
def counters(t):
    fd = new_ns(up=False)
    for name, groups in (("snmp", SNMP), ("netstat", NETSTAT)):
        got = lines(name, fd)
        t.eq(name + " groups", [line.split(":")[0] for line in got[::2]], list(groups))
        for head, row in zip(got[::2], got[1::2]):
            g = head.split(":")[0]
            t.eq("%s %s fields" % (name, g), (len(head.split()) - 1, len(row.split()) - 1), (groups[g], groups[g]))
            zero = {k: v for k, v in zip(head.split()[1:], row.split()[1:]) if v != "0"}
            want = {"Ip": {"Forwarding": "2", "DefaultTTL": "64"},
                    "Tcp": {"RtoAlgorithm": "1", "RtoMin": "200", "RtoMax": "120000", "MaxConn": "-1"}}.get(g, {})
            t.eq("%s %s start" % (name, g), zero, want)
    with inside(fd):
        sh("sysctl -wq net.ipv4.ip_forward=1; ip link set lo up", check=True)
        t.eq("Forwarding", lines("snmp")[1].split()[1], "1")
        sh("ping -c 1 -W 1 127.0.0.1", check=True)
        got = lines("snmp")
        t.eq("IcmpMsg names", [x for x in got if x.startswith("IcmpMsg")][0], "IcmpMsg: InType0 InType8 OutType0 OutType8")
        t.eq("IcmpMsg values", [x for x in got if x.startswith("IcmpMsg")][1], "IcmpMsg: 1 1 1 1")
        t.eq("Ip moves", got[1].split()[3], "2")
    t.ok("only with its traffic", "IcmpMsg" not in text("snmp", new_ns()))


main()
