# SPDX-License-Identifier: MIT
"""N5.8, N5.9: what is a namespace's own, and what all of them share"""

from rules import *

UDP, TCP, INET = socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.AF_INET
V4 = "/proc/sys/net/ipv4/"


def read(path, ns=None):
    return sh("cat " + path, ns=ns).out.strip()


def write(path, value, ns=None):
    return sh("echo '%s' > %s" % (value, path), ns=ns)


def snmp(ns, group, name):
    rows = [l.split() for l in read("/proc/net/snmp", ns).split("\n") if l.startswith(group + ":")]
    return int(dict(zip(rows[0], rows[1]))[name])


@rule("N5.8")
def path_mtu(t):
    """a - r - s: r's far link is narrow; a learns it, z with the same addresses does not"""
    for n in ("a", "r", "s", "z", "y"):
        sh("ip netns add %s; ip -n %s link set lo up" % (n, n), check=True)
    veth("a0", "r0", "a", "r", "10.0.0.1/24", "10.0.0.2/24")
    veth("r1", "s0", "r", "s", "10.1.0.1/24", "10.1.0.2/24")
    veth("z0", "y0", "z", "y", "10.0.0.1/24", "10.0.0.2/24")
    sh("for n in a z; do ip -n $n route add default via 10.0.0.2; done; ip -n s route add default via 10.1.0.1;"
       "ip -n r link set r1 mtu 1300; ip -n s link set s0 mtu 1300; ip netns exec r sysctl -qw net.ipv4.ip_forward=1",
       check=True)
    sh("ip netns exec a ping -c1 -W1 -q -M do -s 1400 10.1.0.2")
    got = lambda n: sh("ip -n %s route get 10.1.0.2" % n).out
    t.ok("learned", soon(lambda: "mtu 1300" in got("a")), got("a"))
    t.ok("not by another", "mtu" not in got("z"), got("z"))
    sh("ip -n a route flush cache", check=True)
    t.ok("flushed", "mtu" not in got("a"), got("a"))


@rule("N5.8")
def neighbours(t):
    sh("ip netns add a; ip -n a link add e0 type veth peer name e1", check=True)
    sh("ip link add e0 type veth peer name e1", check=True)
    for name in ("gc_thresh1", "gc_thresh2", "gc_thresh3", "gc_interval"):
        t.eq(name + " not in a child", sh("test -e %sneigh/default/%s" % (V4, name), ns="a").rc, 1)
    r = sh("ip -n a ntable change name arp_cache thresh1 64")
    t.ok("ip ntable change thresh1 in a child", r.rc == 2 and "No such file" in r.err, r)
    sh("ip -n a ntable change name arp_cache dev e0 queue 5", check=True)
    t.ok("per device there", "queue 5" in sh("ip -n a ntable show dev e0").out and
         read(V4 + "neigh/e0/unres_qlen", "a") == "5", sh("ip -n a ntable show dev e0").out)
    t.ok("not here", read(V4 + "neigh/e0/unres_qlen") != "5")
    text = " ".join(sh("ip -n a ntable show name arp_cache").out.split())
    t.ok("the table and its limits", "inet arp_cache thresh1 128 thresh2 512 thresh3 1024 gc_int 30000" in text, text)
    t.ok("statistics", "hash_grows" in sh("ip -s -n a ntable show name arp_cache").out)
    sh("for n in 1 2; do ip -n a neigh add 10.0.0.$n lladdr 02:00:00:00:00:0$n dev e0; done;"
       "ip neigh add 10.0.0.1 lladdr 02:00:00:00:00:01 dev e0", check=True)
    text = " ".join(sh("ip -s ntable show name arp_cache").out.split())
    entries = int(text.split(" entries ")[1].split()[0]) if " entries " in text else -1
    t.ok("entries of all namespaces in one count", entries >= 3, text)
    t.eq("listed in a", sh("ip -n a neigh | wc -l").out.strip(), "2")
    t.eq("listed here", sh("ip neigh | wc -l").out.strip(), "1")


@rule("N5.9")
def pool(t):
    """The table of neighbours is everybody's: unresolved ones of a push out those of nobody else"""
    sh("ip netns add a; ip -n a link add e0 type veth peer name e1; ip -n a addr add 10.0.0.1/16 dev e0;"
       "ip -n a link set e0 up; ip -n a link set e1 up", check=True)
    sh("ip link add e0 type veth peer name e1; ip addr add 10.0.0.1/16 dev e0; ip link set e0 up; ip link set e1 up;"
       "ip neigh add 10.0.200.1 lladdr 02:00:00:00:00:01 dev e0 nud permanent;"
       "ip neigh add 10.0.200.2 lladdr 02:00:00:00:00:02 dev e0 nud reachable", check=True)
    with inside("a"):
        s = socket.socket(INET, UDP)
    s.setblocking(False)
    errs = {}
    for i in range(1400):
        e = errno_of(s.sendto, b"x", ("10.0.%d.%d" % (i // 200 + 1, i % 200 + 1), 9))
        errs[e] = errs.get(e, 0) + 1
    n = int(sh("ip -n a neigh show nud all | wc -l").out)
    t.ok("gc_thresh3 bounds it", 0 < n <= 1024, n)
    t.ok("permanent stays", "PERMANENT" in sh("ip neigh show 10.0.200.1").out)


@rule("N5.8")
def icmp_limits(t):
    sh("ip netns add a; ip netns add b", check=True)
    for n, what in (("a", "first"), ("b", "second")):
        t.eq("icmp_msgs_per_sec of the " + what, read(V4 + "icmp_msgs_per_sec", n), "10000"
             if read(V4 + "icmp_msgs_per_sec", n) == "10000" else "1000")
    write(V4 + "icmp_msgs_per_sec", 77, "a")
    t.ok("is its own", read(V4 + "icmp_msgs_per_sec", "a") == "77" and read(V4 + "icmp_msgs_per_sec", "b") != "77")
    write(V4 + "icmp_msgs_per_sec", 5, "a")
    write(V4 + "icmp_msgs_burst", 5, "a")
    write(V4 + "icmp_ratelimit", 0, "a")
    write(V4 + "icmp_ratelimit", 0, "b")
    sent = {}
    sh("ip netns add c; ip netns add d", check=True)
    veth("a0", "c0", "a", "c", "10.0.0.1/24", "10.0.0.2/24")
    veth("b0", "d0", "b", "d", "10.0.0.1/24", "10.0.0.2/24")
    for n, far in ("ac", "bd"):
        with inside(far):
            s = socket.socket(INET, UDP)
        with inside(n):
            before = snmp(n, "Icmp", "OutDestUnreachs")
            for i in range(30):
                s.sendto(b"x", ("10.0.0.1", 9))
            count = lambda: snmp(n, "Icmp", "OutDestUnreachs") - before
            soon(lambda: count() >= (30 if n == "b" else 5))
            sent[n] = count()
    t.eq("unlimited", sent["b"], 30)
    t.ok("limited by its own", sent["a"] <= 10, sent)


@rule("N5.8")
def fragments(t):
    sh("ip netns add a; ip netns add b; ip netns add c; ip -n c link set lo up", check=True)
    veth("v0", "v1", "a", "b", "10.0.0.1/24", "10.0.0.2/24")
    with inside("b"):
        r = socket.socket(INET, UDP)
        r.bind(("10.0.0.2", 4000))
    with inside("a"):
        socket.socket(INET, UDP).sendto(bytes(4000), ("10.0.0.2", 4000))
    t.eq("arrives whole", len(r.recv(9999)), 4000)
    t.eq("ReasmOKs there", snmp("b", "Ip", "ReasmOKs"), 1)
    t.eq("FragOKs where it was cut", (snmp("a", "Ip", "FragOKs"), snmp("a", "Ip", "FragCreates")), (1, 3))
    t.eq("nothing elsewhere", (snmp("c", "Ip", "ReasmOKs"), snmp("c", "Ip", "FragOKs")), (0, 0))
    write(V4 + "ipfrag_high_thresh", 0, "b")
    write(V4 + "ipfrag_low_thresh", 0, "b")
    if read(V4 + "ipfrag_high_thresh", "b") != "0":
        write(V4 + "ipfrag_low_thresh", 0, "b")
        write(V4 + "ipfrag_high_thresh", 0, "b")
    t.eq("threshold there", read(V4 + "ipfrag_high_thresh", "b"), "0")
    t.eq("threshold elsewhere", read(V4 + "ipfrag_high_thresh", "c"), "4194304")
    with inside("a"):
        socket.socket(INET, UDP).sendto(bytes(4000), ("10.0.0.2", 4000))
    t.eq("none may wait", select.select([r], [], [], 0.3)[0], [])
    t.ok("ReasmFails there", snmp("b", "Ip", "ReasmFails") >= 1)


@rule("N5.8")
def hashes(t):
    t.ok("tcp_ehash_entries: shared, negative", int(read(V4 + "tcp_ehash_entries") or 0) < 0, read(V4 + "tcp_ehash_entries"))
    write(V4 + "tcp_child_ehash_entries", 1000)
    write(V4 + "udp_child_hash_entries", 300)
    unshare()
    t.eq("own table, positive", read(V4 + "tcp_ehash_entries"), "1024")
    t.eq("own table of UDP", read(V4 + "udp_hash_entries"), "512")
    t.eq("for the next one only", read(V4 + "tcp_child_ehash_entries"), "0")
    sh("ip link set lo up", check=True)
    l = socket.create_server(("127.0.0.1", 9000))
    t.fails("works in it", 0, socket.create_connection, ("127.0.0.1", 9000))


@rule("N5.8")
def time_wait(t):
    for n in "ab":
        sh("ip netns add %s; ip -n %s link set lo up" % (n, n), check=True)
    with inside("a"):
        l = socket.create_server(("127.0.0.1", 9000))
        c = socket.create_connection(("127.0.0.1", 9000))
        s, _ = l.accept()
        c.close()
        s.recv(1)
        s.close()
    tw = lambda n: sh("cat /proc/net/sockstat", ns=n).out.split(" tw ")[1].split()[0]
    t.ok("counted there", soon(lambda: tw("a") == "1"), tw("a"))
    t.eq("not elsewhere", tw("b"), "0")
    write(V4 + "tcp_max_tw_buckets", 1, "a")
    t.eq("limit elsewhere", read(V4 + "tcp_max_tw_buckets", "b") != "1", True)
    with inside("a"):
        c = socket.create_connection(("127.0.0.1", 9000))
        s, _ = l.accept()
        c.close()
        s.recv(1)
        s.close()
        soon(lambda: False, 0.2)
    t.eq("limit keeps", tw("a"), "1")


@rule("N5.8")
def metrics(t):
    """The cache of TCP metrics is one table with the namespace in its entries"""
    sh("ip netns add a; ip netns add b", check=True)
    veth("v0", "v1", "a", "b", "10.0.0.1/24", "10.0.0.2/24")
    with inside("b"):
        l = socket.create_server(("10.0.0.2", 9000))
    with inside("a"):
        c = socket.create_connection(("10.0.0.2", 9000))
    s, _ = l.accept()
    for _ in range(20):
        c.send(b"x" * 1000)
        s.recv(5000)
    c.close()
    s.close()
    t.ok("kept there", soon(lambda: "10.0.0.2" in sh("ip -n a tcp_metrics").out), sh("ip -n a tcp_metrics"))
    t.eq("not in another", "10.0.0.2" in sh("ip tcp_metrics").out, False)
    sh("ip -n a tcp_metrics flush")
    t.eq("flushed", sh("ip -n a tcp_metrics").out, "")


main()
