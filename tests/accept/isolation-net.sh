#!/bin/sh
#
#     a1            a2             b1            b2
#   +----------+  +----------+   +----------+  +----------+
#   | 10.0.0.1 |--| 10.0.0.2 |   | 10.0.0.1 |--| 10.0.0.2 |   the same addresses,
#   +----------+  +----------+   +----------+  +----------+   the same ports
#
# Two pairs that are equal in everything know nothing of each other.
. "$(dirname "$0")/lib.sh"

netns a1 a2 b1 b2
wire a1 e0 10.0.0.1/24 a2 e0 10.0.0.2/24
wire b1 e0 10.0.0.1/24 b2 e0 10.0.0.2/24
for side in a b; do
	mkdir "$TMPDIR/$side" && echo "page of $side" >"$TMPDIR/$side/index.html"
	(cd "$TMPDIR/$side" && exec ip netns exec ${side}2 python3 -m http.server 80) >/dev/null 2>&1 &
	eval "server_$side=\$!"
	wait_listen ${side}2 tcp 80
done

say 'each reaches its own'
show ip netns exec a1 curl -s http://10.0.0.2/
show ip netns exec b1 curl -s http://10.0.0.2/

listeners() {
	in_ns "$1" awk 'FNR > 1 && $4 == "0A" { print $2, $3 }' /proc/net/tcp
}
say 'what each sees'
for ns in a1 a2 b1 b2; do
	show listeners $ns
	brief ip netns exec $ns ss -Htln
done

say 'the server of a ends: b does not notice'
# shellcheck disable=SC2154 # set by eval
kill "$server_a"
gone() { ! listens "$@"; }
until_true 5 gone a2 tcp 80
show ip netns exec a1 curl -sS http://10.0.0.2/
show ip netns exec b1 curl -s http://10.0.0.2/

say 'events stay at home'
in_ns a1 ip monitor >"$TMPDIR/seen-a" &
in_ns b1 ip monitor >"$TMPDIR/seen-b" &
sleep 0.5
ip -n b1 addr add 10.77.0.1/24 dev e0
ip -n b1 link set e0 down
sleep 0.5
echo "a1: $(grep -c . "$TMPDIR/seen-a") lines"
grep -q 'inet 10.77.0.1/24' "$TMPDIR/seen-b" && echo 'b1: saw its address'
ip -n b1 link set e0 up

say 'a wire that is cut in b is whole in a'
ip -n b2 link set e0 down
show ip netns exec a1 ping -c 1 -W 1 10.0.0.2
ip -n b1 -br link show e0 | awk '{ print $1, $2 }'
ip -n a1 -br link show e0 | awk '{ print $1, $2 }'

say 'names of sockets without a file'
cat >"$TMPDIR/abstract.py" <<'END'
import os, socket, sys

def enter(name):
    import ctypes
    fd = os.open("/run/netns/" + name, os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(fd, 0x40000000):
        raise OSError(ctypes.get_errno(), "setns")
    os.close(fd)

def attempt(what, f, *a):
    try:
        f(*a)
        print(what, "ok")
    except OSError as e:
        print(what, e.strerror)

keep = []
for ns in ("a1", "b1"):
    enter(ns)
    s = socket.socket(socket.AF_UNIX)
    attempt("bind in " + ns, s.bind, "\0warren-test")
    s.listen()
    keep.append(s)
    t = socket.socket(socket.AF_UNIX)
    attempt("again in " + ns, t.bind, "\0warren-test")
enter("a2")
attempt("connect in a2", socket.socket(socket.AF_UNIX).connect, "\0warren-test")
enter("a1")
attempt("connect in a1", socket.socket(socket.AF_UNIX).connect, "\0warren-test")
enter("b1")
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
attempt("udp port in b1", u.bind, ("10.0.0.1", 53))
enter("a1")
v = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
attempt("udp port in a1", v.bind, ("10.0.0.1", 53))
w = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
attempt("udp port in a1 again", w.bind, ("10.0.0.1", 53))
attempt("a socket keeps its namespace", u.connect, ("10.0.0.2", 1))
END
python3 "$TMPDIR/abstract.py"
