#!/bin/sh
#
#     red                      blue
#   +------------+           +--------+
#   | v0 --- v1  |  v0 moves |        |      red calls blue 7, blue calls red 3
#   +------------+           +--------+
#
# timeout: 300
#
# What is told of links, in which order, in each namespace, and to a listener
# of red that hears all namespaces which have a number there.
. "$(dirname "$0")/lib.sh"

netns red blue
ip -n red netns set blue 7
ip -n blue netns set red 3
cat >"$TMPDIR/events.py" <<'END_OF_PY'
import os, struct, sys
sys.path.insert(0, os.environ["HERE"])
sys.dont_write_bytecode = True
from nlink import *
# the kernel may take a second to look at carriers
WAIT = 1.3 if os.environ["SIDE"] == "kernel" else 0.1
n, b = NL("red"), NL("blue")
blue = nsfd("blue")
groups = (1, 5, 7, 24, 28)
heard = (("red", NL("red", groups)), ("blue", NL("blue", groups)), ("all", NL("red", (1, 28), True)))
def told(what):
    print("==", what)
    for who, s in heard:
        # a state that is told twice is told once: how often it is looked at is chance
        lines = list(s.events(WAIT))
        for i, e in enumerate(lines):
            if i == 0 or lines[i - 1] != e: print("%6s: %s" % (who, e), flush=True)
def do(what, nl, kind, body, flags=ASK):
    nl.ask(None, kind, body, flags)
    told(what)
do("a pair", n, NEW, veth("v0", "v1"), CREATE)
do("v0 up", n, SET, ifm(0, 1, 1) + at(IFNAME="v0"))
do("v1 up", n, SET, ifm(0, 1, 1) + at(IFNAME="v1"))
for what, kw in (("mtu", dict(MTU=1400)), ("the same mtu", dict(MTU=1400)), ("alias", dict(IFALIAS=b"hello")),
                 ("group", dict(GROUP=5)), ("the same group", dict(GROUP=5)), ("queue length", dict(TXQLEN=5)),
                 ("the same length", dict(TXQLEN=5))):
    do(what, n, SET, ifm() + at(IFNAME="v0", **kw))
do("promiscuous", n, SET, ifm(0, 0x100, 0x100) + at(IFNAME="v0"))
do("alternative name", n, ADDPROP, ifm(n.index("v0")) + attr(52, [at(ALT_IFNAME="al")]))
do("v1 is w1", n, SET, ifm(n.index("v1")) + at(IFNAME="w1"))
do("v0, up, goes to blue", n, SET, ifm(n.index("v0")) + at(TARGET_NETNSID=7))
do("up there", b, SET, ifm(0, 1, 1) + at(IFNAME="v0"))
do("back, as zz with number 44", b, SET, ifm(b.index("v0")) + at(TARGET_NETNSID=3, IFNAME="zz", NEW_IFINDEX=44))
do("a pair in blue", b, NEW, veth("k0", "k1"), CREATE)
do("zz goes there under a name that is taken", n, SET, ifm(44) + at(TARGET_NETNSID=7, IFNAME="k0"))
do("and back with a bad mtu", b, SET, ifm(b.index("zz")) + at(TARGET_NETNSID=3, MTU=10))
do("a pair across", n, NEW, veth("c0", "c1", other_more=at(NET_NS_FD=blue)), CREATE)
do("a pair, the first end there", n, NEW, veth("d0", "d1", more=at(TARGET_NETNSID=7)), CREATE)
do("c0 up", n, SET, ifm(0, 1, 1) + at(IFNAME="c0"))
do("c1 up", b, SET, ifm(0, 1, 1) + at(IFNAME="c1"))
do("c1 down", b, SET, ifm(0, 0, 1) + at(IFNAME="c1"))
do("c0 deleted", n, DEL, ifm() + at(IFNAME="c0"))
do("d0 deleted from here", n, DEL, ifm() + at(IFNAME="d0", TARGET_NETNSID=7))
os.system("ip -n red addr add 10.1.0.1/24 dev w1; ip -n red route add 10.9.0.0/16 via 10.1.0.2")
told("configured")
do("w1 goes with its address", n, SET, ifm(n.index("w1")) + at(TARGET_NETNSID=7))
os.system("""ip netns add green; ip link add q0 netns green type veth peer name q1 netns red
ip -n green link show q0 >/dev/null; ip -n red link set q1 up; ip -n green link set q0 up""")
told("green")
os.system("ip netns del green")
told("green is dead")
END_OF_PY
python3 "$TMPDIR/events.py"
