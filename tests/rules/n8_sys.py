# SPDX-License-Identifier: MIT
"""N8.5: /sys/class/net: attributes, who may write which, and what a write does"""

from rules import *

CLASS = "/sys/class/net/"
READ = """addr_assign_type addr_len address broadcast carrier_changes carrier_down_count carrier_up_count dev_id dev_port
dormant duplex ifindex iflink link_mode name_assign_type operstate speed testing type""".split()
WRITE = "carrier flags gro_flush_timeout ifalias mtu napi_defer_hard_irqs netdev_group proto_down threaded tx_queue_len uevent".split()
STATS = """collisions multicast rx_bytes rx_compressed rx_crc_errors rx_dropped rx_errors rx_fifo_errors rx_frame_errors
rx_length_errors rx_missed_errors rx_nohandler rx_over_errors rx_packets tx_aborted_errors tx_bytes tx_carrier_errors
tx_compressed tx_dropped tx_errors tx_fifo_errors tx_heartbeat_errors tx_packets tx_window_errors""".split()


def get(name, dev="v0"):
    """-> text, or the errno"""
    try:
        with open(CLASS + dev + "/" + name) as f:
            return f.read()
    except OSError as e:
        return e.errno


def put(name, value, dev="v0"):
    """-> how much was taken, or the errno of the open (negative) or of the write"""
    try:
        fd = os.open(CLASS + dev + "/" + name, os.O_WRONLY)
    except OSError as e:
        return -e.errno
    try:
        return ("took", os.write(fd, value.encode()))
    except OSError as e:
        return e.errno
    finally:
        os.close(fd)


def mount():
    """A sysfs of this namespace"""
    unshare(CLONE_NEWNS)
    syscall("mount", b"none", b"/", b"", 0x4000 | 0x80000, None)  # rec, slave
    syscall("umount2", b"/sys", 2)
    syscall("mount", b"here", b"/sys", b"sysfs", 0, None)


def pair():
    mount()
    sh("ip link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02", check=True)


@rule("N8.5")
def attributes(t):
    pair()
    t.eq("devices", sorted(os.listdir(CLASS)), ["lo", "v0", "v1"])
    have = os.listdir(CLASS + "v0")
    for n in READ + WRITE:
        t.ok(n + " listed", n in have)
        st = os.stat(CLASS + "v0/" + n)
        t.eq(n + " mode", (stat.S_IMODE(st.st_mode), st.st_uid, st.st_size), (0o644 if n in WRITE else 0o444, 0, 4096))
    t.eq("statistics", sorted(os.listdir(CLASS + "v0/statistics")), STATS)
    t.eq("statistics are 0", {get("statistics/" + n) for n in STATS}, {"0\n"})
    t.eq("queues", sorted(os.listdir(CLASS + "v0/queues")), ["rx-0", "tx-0"])
    index, peer = socket.if_nametoindex("v0"), socket.if_nametoindex("v1")
    down = dict(addr_assign_type="3\n", addr_len="6\n", address="02:00:00:00:00:01\n", broadcast="ff:ff:ff:ff:ff:ff\n",
                carrier=EINVAL, carrier_changes="1\n", carrier_down_count="1\n", carrier_up_count="0\n", dev_id="0x0\n",
                dev_port="0\n", dormant=EINVAL, duplex=EINVAL, flags="0x1002\n", gro_flush_timeout="0\n", ifalias="",
                ifindex="%d\n" % index, iflink="%d\n" % peer, link_mode="0\n", mtu="1500\n", name_assign_type="3\n",
                napi_defer_hard_irqs="0\n", netdev_group="0\n", operstate="down\n", proto_down="0\n", speed=EINVAL,
                testing=EINVAL, threaded="0\n", tx_queue_len="1000\n", type="1\n", uevent="INTERFACE=v0\nIFINDEX=%d\n" % index)
    for n, want in down.items():
        t.eq(n + " down", get(n), want)
    sh("ip link set v0 up", check=True)
    t.eq("half up", (get("carrier"), get("operstate"), get("flags")), ("0\n", "lowerlayerdown\n", "0x1003\n"))
    sh("ip link set v1 up", check=True)
    up = dict(carrier="1\n", operstate="up\n", flags="0x1003\n", speed="10000\n", duplex="full\n", dormant="0\n",
              testing="0\n", carrier_changes="2\n", carrier_up_count="1\n")
    for n, want in up.items():
        t.eq(n + " up", get(n), want)
    lo = dict(address="00:00:00:00:00:00\n", type="772\n", flags="0x9\n", mtu="65536\n", operstate="unknown\n", carrier="1\n",
              ifindex="1\n", iflink="1\n", addr_assign_type="0\n", name_assign_type="2\n", speed=EINVAL, duplex=EINVAL,
              tx_queue_len="1000\n")
    for n, want in lo.items():
        t.eq("lo " + n, get(n, "lo"), want)
    t.eq("no such device", get("mtu", "none"), ENOENT)
    t.eq("no such attribute", get("none"), ENOENT)
    t.eq("a directory", get("statistics"), EISDIR)
    t.eq("/sys/devices/virtual/net", open("/sys/devices/virtual/net/v0/ifindex").read(), "%d\n" % index)
    t.eq("the link", os.readlink(CLASS + "v0"), "../../devices/virtual/net/v0")


@rule("N8.5")
def follows(t):
    pair()
    t.eq("the mount's namespace, not the reader's", in_child(lambda: (unshare(), sorted(os.listdir(CLASS)))[1]), ["lo", "v0", "v1"])
    sh("ip link set v0 name w0", check=True)
    t.eq("renamed", (get("mtu"), get("mtu", "w0")), (ENOENT, "1500\n"))
    sh("ip link set w0 alias 'a text' mtu 1400 txqueuelen 5 group 7", check=True)
    t.eq("as ip set it", [get(n, "w0") for n in ("ifalias", "mtu", "tx_queue_len", "netdev_group")], ["a text\n", "1400\n", "5\n", "7\n"])
    fd = new_ns()
    c = Child(lambda: setns(fd))
    sh("ip link set v1 netns %d" % c.pid, check=True)
    t.eq("moved away", sorted(os.listdir(CLASS)), ["lo", "w0"])
    sh("ip addr add 10.1.1.1/24 dev w0; ip link set w0 up", check=True)
    with inside(fd):
        sh("ip addr add 10.1.1.2/24 dev v1; ip link set v1 up", check=True)
    sh("ping -c 1 -W 2 -s 1000 10.1.1.2", check=True)
    t.ok("statistics move", int(get("statistics/tx_bytes", "w0")) >= 1042 and int(get("statistics/rx_packets", "w0")) >= 2)
    c.stop()
    sh("ip link del w0", check=True)
    t.eq("deleted", os.listdir(CLASS), ["lo"])


@rule("N8.5")
def writes(t):
    pair()
    n = Netlink(groups=(1,))
    for label, name, value, want, after in (
            ("mtu", "mtu", "1400", ("took", 4), "1400\n"), ("mtu: newline", "mtu", "1300\n", ("took", 5), "1300\n"),
            ("mtu: hexadecimal", "mtu", "0x600", ("took", 5), "1536\n"), ("mtu: too small", "mtu", "67", EINVAL, "1536\n"),
            ("mtu: too big", "mtu", "65536", EINVAL, "1536\n"), ("mtu: no number", "mtu", "x", EINVAL, "1536\n"),
            ("mtu: two", "mtu", "1500 1400", EINVAL, "1536\n"), ("mtu: empty", "mtu", "\n", EINVAL, "1536\n"),
            ("ifalias", "ifalias", "hello", ("took", 5), "hello\n"), ("ifalias: newline", "ifalias", "a b\n", ("took", 4), "a b\n"),
            ("ifalias: none", "ifalias", "\n", ("took", 1), ""), ("ifalias: too long", "ifalias", "x" * 256, EINVAL, ""),
            ("tx_queue_len", "tx_queue_len", "77", ("took", 2), "77\n"), ("tx_queue_len: negative", "tx_queue_len", "-1", EINVAL, "77\n"),
            ("flags: up", "flags", "0x1003", ("took", 6), "0x1003\n"), ("flags: down", "flags", "0x1002", ("took", 6), "0x1002\n"),
            ("netdev_group", "netdev_group", "5", ("took", 1), "5\n"), ("netdev_group: negative", "netdev_group", "-1", EINVAL, "5\n"),
            ("carrier", "carrier", "0", ENOTSUP, EINVAL), ("proto_down", "proto_down", "1", ENOTSUP, "0\n"),
            ("threaded", "threaded", "1", ENOTSUP, "0\n"), ("gro_flush_timeout", "gro_flush_timeout", "100", ("took", 3), "100\n"),
            ("napi_defer_hard_irqs", "napi_defer_hard_irqs", "3", ("took", 1), "3\n"),
            ("address", "address", "1", -EACCES, "02:00:00:00:00:01\n"), ("operstate", "operstate", "up", -EACCES, "down\n"),
            ("statistics", "statistics/rx_bytes", "0", -EACCES, "0\n"), ("unknown", "none", "1", -ENOENT, ENOENT)):
        got = put(name, value)
        if label == "address" and got == EIO:
            got = -EACCES  # root may open it, and cannot write either
        if label in ("operstate", "statistics") and got == EIO:
            got = -EACCES
        t.eq("write " + label, got, want)
        t.eq("write " + label + ": after", get(name), after)
    t.eq("the other end", get("mtu", "v1"), "1500\n")
    t.ok("events", len([k for k, _ in n.events() if k == 16]) >= 4)
    t.eq("ip sees it", sh("ip -o link show v0").out.split(" mtu ")[1].split()[0], "1536")
    n = Netlink(protocol=15)
    n.s.close()
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15)
    s.bind((0, 1))
    t.eq("uevent", put("uevent", "change"), ("took", 6))
    got = s.recv(4096) if select.select([s], [], [], 1)[0] else b""
    t.eq("uevent: heard", got.split(b"\0")[0], b"change@/devices/virtual/net/v0")


main()
