# shellcheck shell=sh
# multicast.sh - groups: who joined, from whom, what is told, what arrives
#
#	a (v0 10.0.0.1) ---- (v1 10.0.0.2) b
. "$(dirname "$0")/lib.sh"
need tcpdump

netns a b
wire a v0 10.0.0.1/24 b v1 10.0.0.2/24
ip -n b addr add 10.0.0.3/24 dev v1
ip -n a link set v0 address 02:00:00:00:00:01
ip -n b link set v1 address 02:00:00:00:00:02
in_ns a ping -q -c 1 10.0.0.2 >/dev/null

say "nobody has joined"
in_ns a cat /proc/net/igmp
in_ns a grep -h 01005e /proc/net/dev_mcast | awk '{ print $2, $3, $4, $5 }'

listening() {
	grep -q 'listening on' "$TMPDIR/dump.err"
}

in_ns b tcpdump -i v1 -n -t -v -l igmp >"$TMPDIR/dump.out" 2>"$TMPDIR/dump.err" &
dump=$!
until_true 10 listening

python3 -u - <<'END' | norm
import ctypes, errno, os, select, socket, struct, time

libc = ctypes.CDLL(None, use_errno=True)
IP = socket.IPPROTO_IP
ip = socket.inet_aton


def enter(name):
    fd = os.open("/run/netns/" + name, os.O_RDONLY)
    libc.setns(fd, 0x40000000)
    os.close(fd)


def attempt(what, fn, *args):
    try:
        got = fn(*args)
    except OSError as e:
        got = errno.errorcode[e.errno]
    print("%-34s %s" % (what, got))


def shown():
    with open("/proc/thread-self/net/igmp") as f:
        rows = f.read().split("\n")
    names = [r.split() for r in rows[1:] if r]
    print("   ", [(r[0], r[1]) for r in names if len(r) == 4])
    with open("/proc/thread-self/net/mcfilter") as f:
        for row in sorted(f.read().split("\n")[1:]):
            if row:
                print("   ", row.split()[1:])


def make(port=5000):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", port))
    s.settimeout(0.5)
    return s


ADD, DROP, UNBLOCK, BLOCK, ADD_SRC, DROP_SRC, MSFILTER = 35, 36, 37, 38, 39, 40, 41
G, S1, S2, ME = "232.1.1.1", "10.0.0.2", "10.0.0.3", "10.0.0.1"


def src(group, source, me=ME):
    return ip(group) + ip(me) + ip(source)


def msf(mode, *sources, group=G, n=None):
    return ip(group) + ip(ME) + struct.pack("II", mode, len(sources) if n is None else n) + b"".join(map(ip, sources))


def get_msf(s, n=4):
    buf = ctypes.create_string_buffer(msf(0, n=n), 16 + 4 * n)
    size = ctypes.c_int(16 + 4 * n)
    if libc.getsockopt(s.fileno(), IP, MSFILTER, buf, ctypes.byref(size)):
        raise OSError(ctypes.get_errno(), "")
    raw = buf.raw[: size.value]
    mode, k = struct.unpack_from("II", raw, 8)
    return mode, k, sorted(socket.inet_ntoa(raw[i : i + 4]) for i in range(16, len(raw), 4))


enter("a")
s, t = make(), make()
print("-- any source")
attempt("join", s.setsockopt, IP, ADD, ip("239.1.1.1") + ip(ME))
attempt("again", s.setsockopt, IP, ADD, ip("239.1.1.1") + ip(ME))
attempt("another socket", t.setsockopt, IP, ADD, ip("239.1.1.1") + ip(ME))
shown()
attempt("no group", s.setsockopt, IP, ADD, ip("10.1.1.1") + ip(ME))
attempt("leave a group not joined", s.setsockopt, IP, DROP, ip("239.9.9.9") + ip(ME))
time.sleep(1.3)
attempt("leave", s.setsockopt, IP, DROP, ip("239.1.1.1") + ip(ME))
attempt("and the other", t.setsockopt, IP, DROP, ip("239.1.1.1") + ip(ME))
time.sleep(1.3)

print("-- by source")
attempt("add a source", s.setsockopt, IP, ADD_SRC, src(G, S1))
attempt("again", s.setsockopt, IP, ADD_SRC, src(G, S1))
time.sleep(1.3)
attempt("another", s.setsockopt, IP, ADD_SRC, src(G, S2))
attempt("block in that mode", s.setsockopt, IP, BLOCK, src(G, S1))
attempt("other size", s.setsockopt, IP, ADD_SRC, src(G, S1)[:8])
attempt("reads", get_msf, s)
attempt("reads one", get_msf, s, 1)
shown()
time.sleep(1.3)
attempt("drop one", s.setsockopt, IP, DROP_SRC, src(G, S1))
attempt("drop a stranger", s.setsockopt, IP, DROP_SRC, src(G, "10.0.0.77"))
shown()
time.sleep(1.3)
attempt("drop the last: it leaves", s.setsockopt, IP, DROP_SRC, src(G, S2))
attempt("reads", get_msf, s)
time.sleep(1.3)

print("-- all but")
attempt("block before a join", s.setsockopt, IP, BLOCK, src(G, S1))
attempt("join", s.setsockopt, IP, ADD, ip(G) + ip(ME))
attempt("block", s.setsockopt, IP, BLOCK, src(G, S1))
attempt("unblock another", s.setsockopt, IP, UNBLOCK, src(G, S2))
shown()
attempt("reads", get_msf, s)
attempt("a whole filter", s.setsockopt, IP, MSFILTER, msf(1, S1, S2))
attempt("reads", get_msf, s)
attempt("no such mode", s.setsockopt, IP, MSFILTER, msf(2, S1))
attempt("too short", s.setsockopt, IP, MSFILTER, msf(1, S1, n=2))
attempt("too many", s.setsockopt, IP, MSFILTER, msf(1, *(["10.0.0.9"] * 11)))
shown()
time.sleep(1.3)
attempt("include of nothing: it leaves", s.setsockopt, IP, MSFILTER, msf(1))
shown()
time.sleep(1.3)

print("-- the forms for both families")
i = socket.if_nametoindex("v0")


def sa(a):
    return struct.pack("HH4s", socket.AF_INET, 0, ip(a)) + bytes(120)


def gsr(group, source):
    return struct.pack("Ixxxx", i) + sa(group) + sa(source)


attempt("join a source", s.setsockopt, IP, 46, gsr(G, S1))
attempt("join group now", s.setsockopt, IP, 42, struct.pack("Ixxxx", i) + sa(G))
attempt("other family", s.setsockopt, IP, 46, struct.pack("Ixxxx", i) + sa(G) + struct.pack("H", 10) + bytes(126))
shown()
time.sleep(1.3)
attempt("leave the source", s.setsockopt, IP, 47, gsr(G, S1))
time.sleep(1.3)

print("-- what arrives")
s.setsockopt(IP, ADD_SRC, src(G, S1))
time.sleep(1.3)
t.setsockopt(IP, ADD, ip(G) + ip(ME))
t.setsockopt(IP, BLOCK, src(G, S1))
enter("b")
for who in S1, S2:
    c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    c.bind((who, 0))
    c.setsockopt(IP, socket.IP_MULTICAST_IF, ip(who))
    c.sendto(who.encode(), (G, 5000))
    c.sendto(b"not joined", ("239.7.7.7", 5000))
time.sleep(0.1)
for name, sock in ("include", s), ("exclude", t):
    attempt(name, sock.recv, 100)
    sock.setblocking(False)
    attempt(name, sock.recv, 100)
enter("a")
attempt("too many groups", lambda: [s.setsockopt(IP, ADD, ip("239.2.0.%d" % k) + ip(ME)) for k in range(30)] and 0)
END
sleep 0.5
kill $dump
wait $dump 2>/dev/null
say "told"
tr -d '\n' <"$TMPDIR/dump.out" | sed 's/IP (/\n/g' | grep -v '239\.2\.0' |
	sed -E 's/^.*\) +([0-9.]+ > [0-9.]+:)/\1/; s/^.*tos/tos/' | uniq | grep . | norm | head -40
