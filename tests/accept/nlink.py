# SPDX-License-Identifier: MIT
"""nlink.py - rtnetlink by hand, for the scripts about links

Builds messages that no tool would, and prints answers and events in words:
kinds of messages, errno, the text and the place that came with it.
"""

import ctypes
import errno
import os
import socket
import struct

NEW, DEL, GET, SET, ADDPROP, DELPROP, NEWNSID, GETNSID, GETSTATS = 16, 17, 18, 19, 108, 109, 88, 90, 94
ASK = 5  # request, ack
CREATE = ASK | 0x400 | 0x200
NLMSG = {16: "NEWLINK", 17: "DELLINK", 20: "NEWADDR", 21: "DELADDR", 24: "NEWROUTE", 25: "DELROUTE",
         80: "NEWNETCONF", 81: "DELNETCONF", 88: "NEWNSID", 89: "DELNSID", 92: "NEWSTATS"}
A = dict(ADDRESS=1, BROADCAST=2, IFNAME=3, MTU=4, LINK=5, QDISC=6, MASTER=10, TXQLEN=13, MAP=14, OPERSTATE=16,
         LINKMODE=17, LINKINFO=18, NET_NS_PID=19, IFALIAS=20, NUM_VF=21, GROUP=27, NET_NS_FD=28, EXT_MASK=29,
         PROMISCUITY=30, NUM_TX=31, NUM_RX=32, CARRIER=33, LINK_NETNSID=37, PROTO_DOWN=39, GSO_MAX_SEGS=40,
         GSO_MAX_SIZE=41, NEW_NETNSID=45, TARGET_NETNSID=46, NEW_IFINDEX=49, MIN_MTU=50, MAX_MTU=51, PROP_LIST=52,
         ALT_IFNAME=53, PERM_ADDRESS=54, PROTO_DOWN_REASON=55, NETNS_IMMUTABLE=67)
libc = ctypes.CDLL(None, use_errno=True)


def setns(fd):
    if libc.setns(fd, 0x40000000):
        raise OSError(ctypes.get_errno(), "setns")


def nsfd(name):
    return os.open("/run/netns/" + name, os.O_RDONLY)


def attr(k, d):
    if isinstance(d, str):
        d = d.encode() + b"\0"
    if isinstance(d, int):
        d = struct.pack("i" if d < 0 else "I", d)
    if isinstance(d, list):
        d = b"".join(d)
        k |= 0x8000
    return struct.pack("HH", 4 + len(d), k) + d + bytes(-len(d) % 4)


def at(**kw):
    return b"".join(attr(A[k], v) for k, v in kw.items())


def kind(k, data=None):
    return attr(18, attr(1, k) + (attr(2, data) if data else b""))


def ifm(index=0, flags=0, change=0):
    return struct.pack("BxHiII", 0, 0, index, flags, change)


def peer(name, index=0, more=b""):
    return attr(1, ifm(index) + at(IFNAME=name) + more)


def veth(name, other, index=0, other_index=0, more=b"", other_more=b""):
    return ifm(index) + at(IFNAME=name) + more + kind("veth", peer(other, other_index, other_more))


def attrs(d):
    while len(d) >= 4:
        n, k = struct.unpack_from("HH", d)
        if n < 4:
            break
        yield k & 0x3fff, d[4:n]
        d = d[(n + 3) & ~3:]


def s32(b):
    return struct.unpack("i", b)[0]


def messages(data):
    while len(data) >= 16:
        n, t, f, seq, pid = struct.unpack_from("IHHII", data)
        yield n, t, f, data[:n]
        data = data[(n + 3) & ~3:]


def verdict(n, t, f, msg):
    """The words of an error, an ack, or the end of a dump"""
    e = -struct.unpack_from("i", msg, 16)[0] if n > 16 else 0
    text = ("done " if t == 3 else "") + (errno.errorcode[e] if e else "" if t == 3 else "ok")
    if f & 0x200:
        off = 20 if t == 3 else 36 + (0 if f & 0x100 else struct.unpack_from("I", msg, 20)[0] - 16)
        for a, d in attrs(msg[off:]):
            if a == 1:
                text += ' "%s"' % d.rstrip(b"\0").decode()
            if a == 2:
                text += " at %d" % s32(d)
    return text.strip()


class NL:
    def __init__(self, ns, groups=(), all_nsid=False):
        home, fd = os.open("/proc/self/ns/net", os.O_RDONLY), nsfd(ns)
        setns(fd)
        self.s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        setns(home)
        os.close(home)
        os.close(fd)
        self.s.setsockopt(270, 11, 1)
        self.s.setsockopt(270, 12, 1)
        self.s.bind((0, 0))
        self.s.settimeout(1)
        for g in groups:
            self.s.setsockopt(270, 1, g)
        if all_nsid:
            self.s.setsockopt(270, 8, 1)
        self.seq = 0

    def ask(self, what, k, body, flags=ASK):
        """Print what came back; @what None: silently. -> the messages' bodies"""
        self.seq += 1
        self.s.send(struct.pack("IHHII", 16 + len(body), k, flags, self.seq, 0) + body)
        words, bodies, more = [], [], True
        while more:
            for n, t, f, msg in messages(self.s.recv(1 << 17)):
                if t in (2, 3):
                    words.append(verdict(n, t, f, msg))
                    more = False
                    continue
                words.append(NLMSG[t])
                bodies.append(msg[16:])
                more = more and bool(f & 2 or flags & 4)
        if what is not None:
            print(what, "->", " ".join(w for i, w in enumerate(words) if i == 0 or words[i - 1] != w), flush=True)
        return bodies

    def index(self, name):
        return struct.unpack_from("i", self.ask(None, GET, ifm() + at(IFNAME=name), 1)[0], 4)[0]

    def events(self, wait):
        self.s.settimeout(wait)
        while True:
            try:
                data, cmsgs, _, _ = self.s.recvmsg(1 << 17, 256)
            except socket.timeout:
                return
            ids = [s32(d) for level, t, d in cmsgs if level == 270 and t == 8]
            for n, t, f, msg in messages(data):
                yield (link_words(t, msg[16:]) if t in (NEW, DEL) else NLMSG[t]) + "".join(" from %d" % i for i in ids)


def link_words(t, m):
    _, _, _, flags, change = struct.unpack_from("BxHiII", m)
    a = dict(attrs(m[16:]))
    x = [NLMSG[t], a[3][:-1].decode(), "up" if flags & 1 else "down", "change %x" % change]
    for k, w in ((37, "link-netnsid"), (45, "new-netnsid"), (49, "new-ifindex"), (46, "target")):
        if k in a:
            x.append("%s %d" % (w, s32(a[k])))
    return " ".join(x)
