#!/bin/sh
#
#     red: r0, ...      blue: b0, ...     messages as no tool would write them
#
# Links by rtnetlink: what is refused, with which errno and which text; names,
# numbers, moves, alternative names, groups, counters.
. "$(dirname "$0")/lib.sh"

netns red blue
cat >"$TMPDIR/links.py" <<'END_OF_PY'
import os, struct, sys, time
sys.path.insert(0, os.environ["HERE"])
sys.dont_write_bytecode = True
from nlink import *
n, b = NL("red"), NL("blue")
red, blue = nsfd("red"), nsfd("blue")
def say(s): print("--", s, flush=True)

say("making")
n.ask("a pair", NEW, veth("e0", "e1"), CREATE)
n.ask("the name is taken", NEW, veth("e0", "e5"), CREATE)
n.ask("the peer's name is taken", NEW, veth("e9", "e1"), CREATE)
n.ask("one name for both", NEW, veth("e9", "e9"), CREATE)
n.ask("numbers", NEW, veth("i0", "i1", 77, 78), CREATE)
n.ask("number taken", NEW, veth("j0", "j1", 77, 79), CREATE)
n.ask("peer's number taken", NEW, veth("j0", "j1", 80, 78), CREATE)
n.ask("one number for both", NEW, veth("j0", "j1", 80, 80), CREATE)
n.ask("negative", NEW, veth("j0", "j1", -3), CREATE)
n.ask("peer negative", NEW, veth("j0", "j1", 0, -3), CREATE)
for name in ("x%d", "x%s", "x%d%d", ".", "..", "a b", "a/b", "a:b", "a\tb", "", "123456789012345",
             "1234567890123456", "%", "%x", "a%db", "\u00e9"):
    n.ask("name %r" % name, NEW, veth(name, "pp%d"), CREATE)
n.ask("no names", NEW, ifm() + kind("veth"), CREATE)
n.ask("unknown kind", NEW, ifm() + at(IFNAME="u") + kind("nokind"), CREATE)
n.ask("no kind", NEW, ifm() + at(IFNAME="u"), CREATE)
n.ask("nothing at all", NEW, ifm(), CREATE)
n.ask("lo is no kind", NEW, ifm() + at(IFNAME="u") + kind("lo"), CREATE)
n.ask("without CREATE", NEW, ifm() + at(IFNAME="u") + kind("veth"))
n.ask("change by NEWLINK", NEW, ifm() + at(IFNAME="e0", MTU=1400))
n.ask("with its kind", NEW, ifm() + at(IFNAME="e0", MTU=1400) + kind("veth"))
n.ask("with data of its kind", NEW, ifm() + at(IFNAME="e0") + kind("veth", peer("e7")))
n.ask("replace", NEW, ifm() + at(IFNAME="e0", MTU=1400) + kind("veth"), ASK | 0x100)

say("deleting, asking")
n.ask("lo", DEL, ifm(1))
n.ask("number 99", DEL, ifm(99))
n.ask("neither", DEL, ifm())
n.ask("no such name", DEL, ifm() + at(IFNAME="nope"))
n.ask("negative", DEL, ifm(-1))
n.ask("negative", GET, ifm(-1), 1)
n.ask("neither", GET, ifm(), 1)
n.ask("name", GET, ifm() + at(IFNAME="e0"), 1)
n.ask("as alternative name", GET, ifm() + at(ALT_IFNAME="e0"), 1)
n.ask("too long", GET, ifm() + at(IFNAME="1234567890123456"), 1)
n.ask("type in the header", GET, struct.pack("BxHiII", 0, 1, 1, 0, 0), 1)
n.ask("flags in the header", GET, ifm(1, 1), 1)
n.ask("attribute of another", GET, ifm(1) + at(MTU=1), 1)
n.ask("unknown attribute", GET, ifm(1) + attr(200, 1), 1)

say("moving")
SELF = dict(IFNAME="e0")
n.ask("two namespaces", SET, ifm() + at(IFNAME="e0", NET_NS_FD=blue, NET_NS_PID=os.getpid()))
n.ask("two others", SET, ifm() + at(IFNAME="e0", NET_NS_FD=blue, TARGET_NETNSID=0))
for what, v in (("bad descriptor", 999), ("negative descriptor", -1), ("no namespace", os.open("/dev/null", 0))):
    n.ask(what, SET, ifm() + at(IFNAME="e0", NET_NS_FD=v))
for what, v in (("no process", 9999999), ("process 0", 0)):
    n.ask(what, SET, ifm() + at(IFNAME="e0", NET_NS_PID=v))
zombie = os.fork()
if not zombie: os._exit(0)
while b"Z" not in open("/proc/%d/stat" % zombie, "rb").read().rsplit(b")", 1)[1]: time.sleep(0.01)
n.ask("a zombie", SET, ifm() + at(IFNAME="e0", NET_NS_PID=zombie)); os.wait()
n.ask("no such id", SET, ifm() + at(IFNAME="e0", TARGET_NETNSID=7))
n.ask("id -1", SET, ifm() + at(IFNAME="e0", TARGET_NETNSID=-1))
n.ask("blue is 7", NEWNSID, bytes(4) + attr(1, 7) + attr(3, blue))
n.ask("where it is", SET, ifm() + at(IFNAME="e0", NET_NS_FD=red))
n.ask("lo", SET, ifm(1) + at(NET_NS_FD=blue))
n.ask("number taken", SET, ifm() + at(IFNAME="e0", NET_NS_FD=blue, NEW_IFINDEX=1))
n.ask("number 0", SET, ifm() + at(IFNAME="e0", NET_NS_FD=blue, NEW_IFINDEX=0))
n.ask("number -2", SET, ifm() + at(IFNAME="e0", NET_NS_FD=blue, NEW_IFINDEX=-2))
n.ask("number alone", SET, ifm() + at(IFNAME="e0", NEW_IFINDEX=66))
b.ask("blue: e0", NEW, veth("e0", "q0"), CREATE)
i = n.index("e0")
n.ask("its name is taken", SET, ifm(i) + at(NET_NS_FD=blue))
n.ask("the other name too", SET, ifm(i) + at(NET_NS_FD=blue, IFNAME="q0"))
n.ask("bad name", SET, ifm(i) + at(NET_NS_FD=blue, IFNAME="a/b"))
n.ask("bad pattern", SET, ifm(i) + at(NET_NS_FD=blue, IFNAME="a%s"))
n.ask("red: alternative name", ADDPROP, ifm(i) + attr(52, [at(ALT_IFNAME="al1")]))
b.ask("blue: the same", ADDPROP, ifm() + at(IFNAME="e0") + attr(52, [at(ALT_IFNAME="al1")]))
n.ask("it is taken", SET, ifm(i) + at(NET_NS_FD=blue, IFNAME="pat%d"))
b.ask("blue: no more", DELPROP, ifm() + at(IFNAME="e0") + attr(52, [at(ALT_IFNAME="al1")]))
b.ask("blue: foo", ADDPROP, ifm() + at(IFNAME="e0") + attr(52, [at(ALT_IFNAME="foo")]))
n.ask("taken as alternative", SET, ifm(i) + at(NET_NS_FD=blue, IFNAME="foo"))
n.ask("by id, pattern, number", SET, ifm(i) + at(TARGET_NETNSID=7, IFNAME="pat%d", NEW_IFINDEX=55))
print("   it is", dict(attrs(b.ask(None, GET, ifm(55), 1)[0][16:]))[3])
n.ask("seen from here", GET, ifm(55) + at(TARGET_NETNSID=7), 1)
n.ask("by its alternative name", GET, ifm() + at(TARGET_NETNSID=7, ALT_IFNAME="al1"), 1)
n.ask("in nowhere", GET, ifm(55) + at(TARGET_NETNSID=9), 1)
n.ask("deleted in nowhere", DEL, ifm(55) + at(TARGET_NETNSID=9))
n.ask("deleted from here", DEL, ifm(55) + at(TARGET_NETNSID=7))
say("its own name is free there, the one given is not: it has moved")
n.ask("a pair", NEW, veth("m0", "m1"), CREATE)
n.ask("m0 as q0", SET, ifm(n.index("i0")) + at(NET_NS_FD=blue, IFNAME="lo"))
b.ask("i0 is there", GET, ifm() + at(IFNAME="i0"), 1)

say("made elsewhere")
n.ask("in 7", NEW, veth("c0", "c1", more=at(TARGET_NETNSID=7)), CREATE)
n.ask("the peer is here", GET, ifm() + at(IFNAME="c1"), 1)
b.ask("and c0 there", GET, ifm() + at(IFNAME="c0"), 1)
n.ask("in 9", NEW, veth("c8", "c9", more=at(TARGET_NETNSID=9)), CREATE)
n.ask("a peer's id is not looked at", NEW, veth("c3", "c4", other_more=at(TARGET_NETNSID=9)), CREATE)
n.ask("link in 9", NEW, veth("c5", "c6", more=at(LINK_NETNSID=9)), CREATE)
n.ask("peer by descriptor", NEW, veth("c5", "c6", other_more=at(NET_NS_FD=blue)), CREATE)
n.ask("not to be set", SET, ifm() + at(IFNAME="m0", NETNS_IMMUTABLE=b"\1"))
n.ask("list of 7", GET, ifm() + at(TARGET_NETNSID=7), ASK | 0x300)
n.ask("list of 9", GET, ifm() + at(TARGET_NETNSID=9), ASK | 0x300)
for name in ("lo", "m0"):
    a = dict(attrs(n.ask(None, GET, ifm() + at(IFNAME=name), 1)[0][16:]))
    print(name, "immutable", a[67], "order", [k for k in a if k not in (31, 32, 62, 65, 66, 68, 69)])
END_OF_PY
python3 "$TMPDIR/links.py"
