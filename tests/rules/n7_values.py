# SPDX-License-Identifier: MIT
"""N7.1 - N7.6, N7.9, N7.10: the tree of /proc/sys/net: names, modes, values, whose they are, ranges"""

from rules import *

TOP = "/proc/sys/net/"
INIT_ONLY = """core/bpf_jit_enable core/bpf_jit_harden core/bpf_jit_kallsyms core/bpf_jit_limit core/busy_poll core/busy_read
core/default_qdisc core/dev_weight core/dev_weight_rx_bias core/dev_weight_tx_bias core/devconf_inherit_init_net
core/fb_tunnels_only_for_init_net core/flow_limit_cpu_bitmap core/flow_limit_table_len core/gro_normal_batch
core/high_order_alloc_disable core/max_skb_frags core/mem_pcpu_rsv core/message_burst core/message_cost core/netdev_budget
core/netdev_budget_usecs core/netdev_max_backlog core/netdev_rss_key core/netdev_tstamp_prequeue
core/netdev_unregister_timeout_secs core/rps_sock_flow_entries core/skb_defer_max core/warnings ipv4/fib_sync_mem
ipv4/inet_peer_maxttl ipv4/inet_peer_minttl ipv4/inet_peer_threshold ipv4/ipfrag_secret_interval ipv4/tcp_available_ulp
ipv4/tcp_low_latency ipv4/tcp_max_orphans ipv4/tcp_mem ipv4/udp_mem ipv4/route/error_burst ipv4/route/error_cost
ipv4/route/gc_elasticity ipv4/route/gc_interval ipv4/route/gc_min_interval ipv4/route/gc_min_interval_ms ipv4/route/gc_thresh
ipv4/route/gc_timeout ipv4/route/max_size ipv4/route/redirect_load ipv4/route/redirect_number ipv4/route/redirect_silence
ipv4/neigh/default/mcast_solicit ipv4/neigh/default/gc_thresh1""".split()
GLOBAL = """core/rmem_max core/rmem_default core/wmem_max core/wmem_default ipv4/tcp_allowed_congestion_control
ipv4/tcp_available_congestion_control ipv4/tcp_ehash_entries ipv4/udp_hash_entries""".split()


def values():
    """-> [(mode, path, value)] of a fresh child"""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "sysctl.values")) as f:
        for line in f:
            if line[0] != "#":
                mode, path, value = line.rstrip("\n").split(" ", 2)
                yield int(mode, 8), path, value


def get(path):
    with open(TOP + path) as f:
        return f.read().rstrip("\n").replace("\t", "|")


def put(path, value):
    """-> 0, the errno of the write, or minus that of the open"""
    try:
        fd = os.open(TOP + path, os.O_WRONLY)
    except OSError as e:
        return -e.errno
    try:
        os.write(fd, value.encode())
        return 0
    except OSError as e:
        return e.errno
    finally:
        os.close(fd)


def tree():
    return sorted(os.path.join(base, f)[len(TOP):] for base, _, files in os.walk(TOP) for f in files)


@rule("N7.1")
def whose(t):
    fd = new_ns(up=False)
    put("ipv4/ip_default_ttl", "33")
    t.eq("here", get("ipv4/ip_default_ttl"), "33")
    with inside(fd):
        t.eq("there", get("ipv4/ip_default_ttl"), "64")
        names = tree()
    t.eq("the same names", names, tree())
    f = os.open(TOP + "ipv4/ip_default_ttl", os.O_RDONLY)
    with inside(fd):
        t.eq("an open file stays with its namespace", os.read(f, 9), b"33\n")
    for n in ("ipv6/bindv6only", "netfilter/nf_conntrack_max"):
        t.ok("tree: " + n.split("/")[0], os.path.exists(TOP + n))
    for n in ("core", "ipv4", "unix", "ipv4/conf/all", "ipv4/conf/default", "ipv4/conf/lo", "ipv4/neigh/lo", "ipv4/route"):
        t.ok("directory " + n, os.path.isdir(TOP + n))


@rule("N7.2")
def init_only(t):
    for n in INIT_ONLY:
        t.fails("no " + n, ENOENT, os.stat, TOP + n)
    t.ok("not listed", not set(tree()) & set(INIT_ONLY))
    t.eq("sysctl says", sh("sysctl net.core.netdev_max_backlog").all,
         (1, "", "sysctl: cannot stat /proc/sys/net/core/netdev_max_backlog: No such file or directory\n"))


@rule("N7.2", fresh=False)
def in_init(t):
    for n in INIT_ONLY:
        if WARREN:
            t.ok("init has " + n, os.path.exists(TOP + n))
        else:
            t.na("init has " + n, "on the kernel the rules run in a child")


@rule("N7.3")
def live_views(t):
    for n in GLOBAL:
        try:
            st = os.stat(TOP + n)
        except FileNotFoundError:
            t.ok("0444 " + n, False, "no such file")
            continue
        t.eq("0444 " + n, stat.S_IMODE(st.st_mode), 0o444)
        t.eq("EACCES " + n, put(n, get(n).split("|")[0]), -EACCES)


@rule("N7.3", fresh=False)
def live_follow(t):
    if not WARREN:
        return t.na("follows init", "on the kernel the rules run in a child")
    fd = new_ns()
    old = get("core/rmem_max")
    put("core/rmem_max", "5000000")
    with inside(fd):
        t.eq("follows init", get("core/rmem_max"), "5000000")
    put("core/rmem_max", old)


def others(value):
    """Values that a number may have instead"""
    n = int(value)
    return [str(n + 1), str(n - 1) if n else "2", "1", "3"]


@rule("N7.4", limit=60)
def private(t):
    """Each writable number: written here, it is so here and nowhere else"""
    fd = new_ns(up=False)
    for mode, path, value in values():
        if mode != 0o644 or "|" in value or not value.lstrip("-").isdigit():
            continue
        if not os.path.exists(TOP + path):
            t.ok(path, False, "no such file")
            continue
        before = get(path)
        took = next((v for v in (others(before) if "neigh/" not in path else [str(int(before) * 2 + 4)]) if not put(path, v)), None)
        mine = get(path)
        with inside(fd):
            there = get(path)
        if "neigh/" in path or path.endswith("ratelimit"):
            took = mine if mine != before else None  # rounded to ticks, or to frames
        if "unres_qlen" in path:
            before = there
        t.eq(path, (mine, there), (took, before))
        put(path, before)


@rule("N7.5")
def fresh_defaults(t):
    for path, v in (("ipv4/ip_default_ttl", "77"), ("core/somaxconn", "55"), ("ipv4/ping_group_range", "0\t5"),
                    ("ipv4/ip_local_port_range", "2000\t3000"), ("ipv4/conf/all/rp_filter", "1"), ("ipv4/conf/default/rp_filter", "2"),
                    ("ipv4/ip_forward", "1"), ("ipv4/tcp_rmem", "4096\t5000\t6000"), ("ipv4/tcp_wmem", "4096\t5000\t6000")):
        t.eq("set " + path, put(path, v), 0)
    with inside(new_ns(up=False)):
        for path, v in (("ipv4/ip_default_ttl", "64"), ("core/somaxconn", "4096"), ("ipv4/ping_group_range", "1|0"),
                        ("ipv4/ip_local_port_range", "32768|60999"), ("ipv4/conf/all/rp_filter", "0"),
                        ("ipv4/conf/default/rp_filter", "0"), ("ipv4/ip_forward", "0")):
            t.eq("not the creator's " + path, get(path), v)
        t.ok("not the creator's ipv4/tcp_rmem", get("ipv4/tcp_rmem") != "4096|5000|6000")
        t.ok("not the creator's ipv4/tcp_wmem", get("ipv4/tcp_wmem") != "4096|5000|6000")


@rule("N7.5", fresh=False)
def from_init(t):
    if not WARREN:
        for n in ("tcp_rmem", "tcp_wmem", "tcp_congestion_control"):
            t.na("init's " + n, "on the kernel the rules run in a child")
        return
    for n, v in (("tcp_rmem", "4096\t5000\t6000"), ("tcp_wmem", "4096\t5000\t6000"), ("tcp_congestion_control", "reno")):
        old = get("ipv4/" + n)
        put("ipv4/" + n, v)
        with inside(new_ns(up=False)):
            t.eq("init's " + n, get("ipv4/" + n), v.replace("\t", "|"))
        put("ipv4/" + n, old.replace("|", "\t"))


@rule("N7.6", fresh=False)
def defaults(t):
    fd = new_ns(up=False)
    with inside(fd):
        have = set(tree())
        for mode, path, value in values():
            if path not in have:
                t.ok(path, False, "no such file")
            elif value == "?":
                t.ok(path, stat.S_IMODE(os.stat(TOP + path).st_mode) == mode)
            else:
                t.eq(path, (stat.S_IMODE(os.stat(TOP + path).st_mode), get(path)), (mode, value))
        known = {p for _, p, _ in values()}
        t.eq("and no others", sorted(p for p in have - known if p.startswith(("core/", "ipv4/", "unix/"))), [])


@rule("N7.9")
def modes(t):
    for n in ("", "core", "ipv4", "ipv4/conf", "ipv4/conf/lo", "ipv4/neigh", "ipv4/route"):
        st = os.stat(TOP + n)
        t.eq("directory /" + n, (stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid), (0o555, 0, 0))
    for n, mode in (("core/somaxconn", 0o644), ("ipv4/ip_forward", 0o644), ("ipv4/tcp_fastopen_key", 0o600),
                    ("ipv4/route/flush", 0o200), ("ipv4/conf/lo/mc_forwarding", 0o444)):
        st = os.stat(TOP + n)
        t.eq(n, (stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid), (mode, 0, 0))
        t.eq(n + ": size", st.st_size, 0)
    t.fails("flush cannot be read", EACCES, open, TOP + "ipv4/route/flush")
    t.eq("flush can be written", put("ipv4/route/flush", "1"), 0)
    t.eq("mc_forwarding cannot", put("ipv4/conf/lo/mc_forwarding", "1"), -EACCES)
    t.eq("create", errno_of(os.open, TOP + "ipv4/new", os.O_CREAT | os.O_WRONLY) in (EACCES, ENOENT), True)
    t.fails("unlink", EACCES, os.unlink, TOP + "ipv4/ip_forward")
    fd = new_ns(up=False)

    def user():
        setns(fd)
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        return put("ipv4/ip_forward", "1"), get("ipv4/ip_forward")
    t.eq("others read, and do not write", in_child(user), (-EACCES, "0"))
    t.eq("sysctl -a", sh("sysctl -a 2>/dev/null | grep -c '^net.ipv4.conf.lo'").out, sh("ls /proc/sys/net/ipv4/conf/lo | wc -l").out)
    t.eq("sysctl -w", sh("sysctl -w net.ipv4.ip_default_ttl=33").all, (0, "net.ipv4.ip_default_ttl = 33\n", ""))
    t.eq("sysctl", sh("sysctl net.ipv4.ip_default_ttl").all, (0, "net.ipv4.ip_default_ttl = 33\n", ""))
    t.eq("sysctl -n, slashes", sh("sysctl -n net/ipv4/ip_default_ttl").all, (0, "33\n", ""))
    t.eq("sysctl -w bad", sh("sysctl -w net.ipv4.ip_default_ttl=0").all,
         (1, "", "sysctl: setting key \"net.ipv4.ip_default_ttl\": Invalid argument\n"))


# path, what is taken, what is not
RANGES = [
    ("core/somaxconn", ["0", "1", "2147483647"], ["-1", "2147483648", "x", "1x"]),
    ("core/optmem_max", ["0", "2147483647"], ["-1"]), ("core/txrehash", ["0", "1"], ["2", "-1"]),
    ("core/tstamp_allow_data", ["0", "1"], ["2", "-1"]),
    ("ipv4/ip_default_ttl", ["1", "255"], ["0", "256", "-1"]),
    ("ipv4/ip_forward", ["0", "1", "2", "-7", "2147483647"], ["2147483648", "x"]),
    ("ipv4/ip_no_pmtu_disc", ["0", "3", "255"], ["-1", "256"]), ("ipv4/ip_forward_use_pmtu", ["0", "255"], ["256"]),
    ("ipv4/ip_forward_update_priority", ["0", "1"], ["2"]), ("ipv4/ip_early_demux", ["0", "255"], ["256"]),
    ("ipv4/ip_dynaddr", ["0", "255"], ["256"]), ("ipv4/ip_nonlocal_bind", ["0", "1", "255"], ["256", "-1"]),
    ("ipv4/ip_autobind_reuse", ["0", "1"], ["2"]), ("ipv4/fwmark_reflect", ["0", "255"], ["256"]),
    ("ipv4/fib_multipath_hash_policy", ["0", "3"], ["4", "-1"]), ("ipv4/fib_multipath_hash_fields", ["1", "4095"], ["0", "4096"]),
    ("ipv4/fib_multipath_hash_seed", ["0", "4294967295"], ["-1", "4294967296"]), ("ipv4/fib_multipath_use_neigh", ["0", "1"], ["2"]),
    ("ipv4/fib_notify_on_flag_change", ["0", "2"], ["3"]), ("ipv4/icmp_echo_ignore_all", ["0", "1"], ["2", "-1"]),
    ("ipv4/icmp_echo_ignore_broadcasts", ["0", "1"], ["2"]), ("ipv4/icmp_echo_enable_probe", ["0", "1"], ["2"]),
    ("ipv4/icmp_errors_use_inbound_ifaddr", ["0", "1"], ["2"]), ("ipv4/icmp_ignore_bogus_error_responses", ["0", "1"], ["2"]),
    ("ipv4/icmp_msgs_burst", ["0", "2147483647"], ["-1"]), ("ipv4/icmp_msgs_per_sec", ["0", "2147483647"], ["-1"]),
    ("ipv4/icmp_ratelimit", ["0", "1000"], ["-1", "2147483648"]), ("ipv4/icmp_ratemask", ["0", "-1", "2147483647"], ["2147483648"]),
    ("ipv4/ipfrag_max_dist", ["0", "2147483647"], ["-1"]), ("ipv4/ipfrag_time", ["0", "30", "2147483"], ["2147484000", "x"]),
    ("ipv4/ipfrag_high_thresh", ["3145728", "9000000000"], ["3145727", "-1"]), ("ipv4/ipfrag_low_thresh", ["0", "4194304"], ["4194305", "-1"]),
    ("ipv4/route/min_adv_mss", ["-1", "0", "2147483647"], ["2147483648"]), ("ipv4/route/min_pmtu", ["68", "552", "2147483647"], ["67", "-1"]),
    ("ipv4/route/mtu_expires", ["-1", "0", "600"], ["x"]), ("ipv4/udp_rmem_min", ["1", "2147483647"], ["0", "-1"]),
    ("ipv4/udp_wmem_min", ["1"], ["0"]), ("ipv4/udp_early_demux", ["0", "255"], ["256"]), ("ipv4/udp_l3mdev_accept", ["0", "1"], ["2"]),
    ("ipv4/raw_l3mdev_accept", ["0", "1"], ["2"]), ("ipv4/nexthop_compat_mode", ["0", "1"], ["2"]),
    ("ipv4/ip_unprivileged_port_start", ["0", "1024", "32768"], ["-1", "32769", "65536"]),
    ("unix/max_dgram_qlen", ["-1", "0", "2147483647"], ["2147483648"]),
    ("ipv4/conf/all/rp_filter", ["0", "2", "-5"], ["x", "2147483648"]), ("ipv4/conf/lo/arp_ignore", ["0", "8", "77"], ["x"]),
    ("ipv4/neigh/lo/mcast_solicit", ["0", "2147483647"], ["-1", "x"]), ("ipv4/neigh/lo/base_reachable_time_ms", ["1", "100000"], ["-1", "x"]),
    ("ipv4/neigh/lo/locktime", ["0", "100"], ["x"]), ("ipv4/neigh/lo/unres_qlen_bytes", ["0", "1000000"], ["-1"]),
]


@rule("N7.10")
def ranges(t):
    for path, good, bad in RANGES:
        before = get(path) if os.path.exists(TOP + path) else "?"
        t.eq(path + " takes", [v for v in good if put(path, v)], [])
        t.eq(path + " refuses", [(v, put(path, v)) for v in bad], [(v, EINVAL) for v in bad])
        if before != "?":
            put(path, before)
    for v, want, after in (("0x10", 0, "16"), ("010", 0, "8"), (" 9 ", 0, "9"), ("9\n", 0, "9"), ("9 8", 0, "9"), ("9,8", EINVAL, "9"),
                           ("", 0, "9"), ("1e1", EINVAL, "9"), ("+5", EINVAL, "9")):
        t.eq("text %r" % v, (put("ipv4/ip_default_ttl", v), get("ipv4/ip_default_ttl")), (want, after))
    for path, v, want in (("ipv4/ip_local_port_range", "100 50", EINVAL), ("ipv4/ip_local_port_range", "0 100", EINVAL),
                          ("ipv4/ip_local_port_range", "1024 65536", EINVAL), ("ipv4/ip_local_port_range", "1000 3000", EINVAL), ("ipv4/ip_local_port_range", "2000 3000", 0),
                          ("ipv4/ping_group_range", "5 1", 0), ("ipv4/ping_group_range", "0 4294967294", 0),
                          ("ipv4/ping_group_range", "-1 5", EINVAL), ("ipv4/ip_local_reserved_ports", "80,100-200", 0),
                          ("ipv4/ip_local_reserved_ports", "70000", EINVAL), ("ipv4/ip_local_reserved_ports", "x", EINVAL),
                          ("ipv4/tcp_congestion_control", "none", ENOENT), ("ipv4/tcp_congestion_control", "reno", 0),
                          ("ipv4/nothing", "1", -ENOENT), ("ipv4/conf/none/forwarding", "1", -ENOENT)):
        t.eq("%s %s" % (path, v), put(path, v), want)
    t.eq("ip_local_reserved_ports reads back", get("ipv4/ip_local_reserved_ports"), "80,100-200")
    t.eq("ping_group_range: reads back", get("ipv4/ping_group_range"), "0|4294967294")
    put("ipv4/ping_group_range", "5 1")
    t.eq("ping_group_range: turned round is nobody", get("ipv4/ping_group_range"), "1|0")
    t.eq("ip_forward reads back as written", (put("ipv4/ip_forward", "7"), get("ipv4/ip_forward")), (0, "7"))
    t.eq("EISDIR", put("ipv4", "1"), -EISDIR)


main()
