#!/bin/sh
#
#     red: v0 --- v1
#
# Attributes of links, when they are made and later; alternative names; groups;
# RTM_GETSTATS. Each with every value that is refused.
. "$(dirname "$0")/lib.sh"

netns red
cat >"$TMPDIR/set.py" <<'END_OF_PY'
import os, struct, sys
sys.path.insert(0, os.environ["HERE"])
sys.dont_write_bytecode = True
from nlink import *
n = NL("red")
def say(s): print("--", s, flush=True)
def change(what, body): n.ask(what, SET, ifm() + at(IFNAME="v0") + body)
def make(what, body):
    n.ask(what, NEW, veth("w0", "w1", more=body), CREATE)
    n.ask(None, DEL, ifm() + at(IFNAME="w0"))
MAC = b"\2\0\0\0\0"
n.ask("a pair", NEW, veth("v0", "v1"), CREATE)
for how in change, make:
    say(how.__name__)
    for v in (68, 67, 65535, 65536, 0x80000000, 0): how("mtu %d" % v, at(MTU=v))
    how("mtu, short", at(MTU=b"\0"))
    for v in (bytes(6), b"\1\0\0\0\0\1", MAC, MAC + b"\0\0", MAC + b"\0\0\3", b"\2" * 33, b""):
        how("address %s" % v.hex(), at(ADDRESS=v))
    how("broadcast, short", at(BROADCAST=MAC))
    how("broadcast", at(BROADCAST=MAC + b"\7"))
    for v in (0x80000000, 0, 55): how("queue length %d" % v, at(TXQLEN=v))
    how("group", at(GROUP=7))
    how("alias 255", at(IFALIAS=b"a" * 255))
    how("alias 256", at(IFALIAS=b"a" * 256))
    how("alias, empty", at(IFALIAS=b""))
    for v in (0, 4, 4096, 4097):
        how("queues to send %d" % v, at(NUM_TX=v))
        how("queues to receive %d" % v, at(NUM_RX=v))
    for v in (1000, 9000, 70000, 600000): how("gso size %d" % v, at(GSO_MAX_SIZE=v))
    for v in (0, 10, 70000): how("gso segments %d" % v, at(GSO_MAX_SEGS=v))
    how("carrier", at(CARRIER=b"\0"))
    how("protodown", at(PROTO_DOWN=b"\1"))
    how("protodown's reason", attr(55, []))
    for v in b"\1\0\3": how("mode %d" % v, at(LINKMODE=bytes([v])))
    for v in (99, 0, 1): how("master %d" % v, at(MASTER=v))
    how("link", at(LINK=99))
    how("map", at(MAP=bytes(32)))
    how("map, short", at(MAP=bytes(28)))
    for name in ("MIN_MTU", "PROMISCUITY", "NUM_VF", "EXT_MASK", "NEW_NETNSID"): how(name, at(**{name: 3}))
    how("permanent address", at(PERM_ADDRESS=MAC + b"\2"))
    how("unknown", attr(200, b"abcd"))
say("up")
n.ask("up", SET, ifm(0, 1, 1) + at(IFNAME="v0"))
change("address", at(ADDRESS=MAC + b"\5"))
say("lo")
for what, v in (("address", at(ADDRESS=MAC + b"\5")), ("no address", at(ADDRESS=bytes(6))), ("mtu 0", at(MTU=0)),
                ("mtu 2^31", at(MTU=0x80000000)), ("mtu 70000", at(MTU=70000)), ("carrier", at(CARRIER=b"\0")),
                ("name", at(IFNAME="loo")), ("its name", at(IFNAME="lo"))):
    n.ask(what, SET, ifm(1) + v)
say("alternative names")
i = n.index("v0")
def names(what, kind, *l): n.ask(what, kind, ifm(i) + attr(52, [at(ALT_IFNAME=x) for x in l]))
for what, l in (("one", ["al"]), ("again", ["al"]), ("another's name", ["v1"]), ("its own", ["v0"]), ("empty", [""]),
                ("127", ["x" * 127]), ("128", ["x" * 128]), ("slash", ["a/b"]), ("space", ["a b"]), ("dot", ["."]),
                ("percent", ["a%d"]), ("two", ["m1", "m2"]), ("two, one bad", ["m3", "al"]), ("none", [])):
    names(what, ADDPROP, *l)
n.ask("no list", ADDPROP, ifm(i))
n.ask("something else", ADDPROP, ifm(i) + attr(52, [attr(4, 5)]))
for what, l in (("one", "m1"), ("unknown", "zz"), ("another's name", "v1"), ("its own name", "v0")):
    names("delete " + what, DELPROP, l)
n.ask("found by it", SET, ifm() + at(ALT_IFNAME="al", MTU=1300))
n.ask("as if it were the name", SET, ifm() + at(IFNAME="al", MTU=1301))
n.ask("renamed to it", SET, ifm(i) + at(IFNAME="al"))
n.ask("another renamed to it", SET, ifm(n.index("v1")) + at(IFNAME="al"))
n.ask("a new one of that name", NEW, veth("al", "kk"), CREATE)
n.ask("no such device", ADDPROP, ifm(99) + attr(52, [at(ALT_IFNAME="q")]))
n.ask("none said", ADDPROP, ifm() + attr(52, [at(ALT_IFNAME="q")]))
print(sorted(d for k, d in attrs(dict(attrs(n.ask(None, GET, ifm(i), 1)[0][16:]))[52])))
say("groups")
n.ask("change 7", NEW, ifm() + at(GROUP=7, MTU=1450))
n.ask("change 77", NEW, ifm() + at(GROUP=77, MTU=1450))
for g in (0, 5, 7): n.ask("delete %d" % g, DEL, ifm() + at(GROUP=g))
say("counters")
def st(i, mask): return struct.pack("BxHII", 0, 0, i, mask)
for what, body, flags in (("lo", st(1, 1), 1), ("none", st(99, 1), 1), ("no number", st(0, 1), 1),
                          ("no mask", st(1, 0), 1), ("unknown mask", st(1, 1 << 20), 1), ("of slaves", st(1, 2), 1),
                          ("all", st(1, 31), 1), ("short", bytes(4), 1), ("type", struct.pack("BxHII", 0, 3, 1, 1), 1),
                          ("filter", st(1, 8) + attr(1, [attr(4, 1)]), 1),
                          ("filter of another", st(1, 8) + attr(1, [attr(5, 1)]), 1),
                          ("list", st(0, 1), ASK | 0x300), ("list of one", st(1, 1), ASK | 0x300),
                          ("list of nothing", st(0, 0), ASK | 0x300), ("list of unknown", st(0, 1 << 20), ASK | 0x300)):
    for d in n.ask(what, GETSTATS, body, flags)[:1]:
        print("  ", struct.unpack_from("BBHII", d), [(k, len(v)) for k, v in attrs(d[12:])])
END_OF_PY
python3 "$TMPDIR/set.py"
