# SPDX-License-Identifier: MIT
"""executor - do the operations that tools/differ chose, and say what came of each

Runs unchanged on the kernel (root, in private namespaces) and under
`warren run -r`. A line of standard input is a JSON list of operations, each
["name", namespace number, argument...]; for each sequence there are three
fresh namespaces, 0 to 2. The answer is a line, a JSON list with a text for
each operation: "ok ...", or the errno with the text of the extended ack.
What may differ from run to run (hardware addresses made by chance, times) is
left out here, so that the two sides can be compared as they are.
"""

import errno
import json
import os
import select
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "rules"))
from rules import Netlink, attr, attrs, my_ns, setns, unshare  # noqa: E402

N_NS = 3
GIVEN = {"020000000001", "020000000002", "ffffffffffff"}  # hardware addresses of tools/differ
IFLA = {1: "address", 2: "broadcast", 3: "name", 4: "mtu", 5: "link", 6: "qdisc", 13: "txqlen", 17: "mode", 20: "alias", 27: "group", 30: "promisc", 33: "carrier", 37: "nsid", 50: "minmtu", 51: "maxmtu"}
IFA = {1: "address", 2: "local", 3: "label", 4: "brd", 8: "flags", 9: "metric", 11: "proto"}
RTA = {1: "dst", 2: "src", 3: "iif", 4: "oif", 5: "via", 6: "metric", 7: "prefsrc", 8: "metrics", 9: "multipath",
       11: "flow", 15: "table", 16: "mark", 18: "via6", 30: "nhid"}
NDA = {1: "dst", 2: "lladdr", 8: "ifindex", 12: "proto"}
FRA = {1: "dst", 2: "src", 3: "iif", 4: "goto", 6: "prio", 10: "mark", 11: "flow", 13: "supgroup", 14: "suplen",
       15: "table", 16: "mask", 17: "oif", 19: "l3mdev", 20: "uid", 21: "proto", 22: "ipproto", 23: "sport", 24: "dport"}
KINDS = {  # dump: (request, reply, header length, names of attributes)
    "link": (18, 16, 16, IFLA),
    "addr": (22, 20, 8, IFA),
    "route": (26, 24, 12, RTA),
    "neigh": (30, 28, 12, NDA),
    "rule": (34, 32, 12, FRA),
}
TEXT = {"name", "qdisc", "alias", "label", "iif@rule", "oif@rule"}


def ip4(text):
    return socket.inet_aton(text)


def tell(value):
    """A value of an attribute, to be read by people too"""
    if len(value) == 4:
        return struct.unpack("=I", value)[0]
    return value.hex()


class Place:
    """One namespace of a sequence: a descriptor, a netlink socket in it, its sockets."""

    def __init__(self):
        unshare()
        self.fd = my_ns()
        self.nl = Netlink(strict=True)
        self.watch = None

    def close(self):
        if self.nl:
            self.nl.close()
        if self.watch:
            self.watch.close()
        os.close(self.fd)


class Sequence:
    def __init__(self):
        self.home = my_ns()
        self.ns = []
        for _ in range(N_NS):
            self.ns.append(Place())
            setns(self.home)
        self.socks = {}

    def close(self):
        for s in self.socks.values():
            s.close()
        for n in self.ns:
            n.close()
        os.close(self.home)

    def run(self, op):
        name, ns, *args = op
        setns(self.ns[ns].fd)
        try:
            said = getattr(self, "do_" + name)(self.ns[ns], *args)
            return "ok" if said is None else "ok %s" % (said,)
        except OSError as e:
            text = e.strerror if e.strerror and e.strerror != os.strerror(e.errno) else ""
            return ("%s %s" % (errno.errorcode.get(e.errno, e.errno), text)).strip()
        finally:
            setns(self.home)

    # -- links

    def link_attrs(self, o):
        b = b""
        for k, v in o.items():
            if k == "name":
                b += attr(3, v)
            elif k == "mac":
                b += attr(1, bytes.fromhex(v))
            elif k in ("mtu", "txqlen", "group"):
                b += attr({"mtu": 4, "txqlen": 13, "group": 27}[k], v)
            elif k == "alias":
                b += attr(20, v.encode())
            elif k == "ns":
                b += attr(28, self.ns[v].fd)  # IFLA_NET_NS_FD
            elif k == "newindex":
                b += attr(49, v)
        return b

    @staticmethod
    def ifinfo(index=0, flags=0, change=0):
        return struct.pack("=BxHiII", 0, 0, index, flags, change)

    def do_link_add(self, p, kind, o, peer):
        data = b""
        if kind == "veth" and peer is not None:
            at = self.ifinfo(peer.pop("index", 0)) + self.link_attrs(peer)
            data = attr(2, attr(1, at))
        body = self.ifinfo(o.pop("index", 0)) + self.link_attrs(o) + attr(18, attr(1, kind) + data)
        p.nl.ask(16, body, 0x600)

    def do_link_del(self, p, name):
        p.nl.ask(17, self.ifinfo() + attr(3, name))

    def do_link_set(self, p, name, o):
        flags, change = o.pop("flags", 0), o.pop("change", 0)
        index = self.index(p, name)
        p.nl.ask(16, self.ifinfo(index, flags, change) + self.link_attrs(o))

    def index(self, p, name):
        if isinstance(name, int):
            return name
        try:
            return socket.if_nametoindex(name)
        except OSError:
            raise OSError(errno.ENODEV, "(no such name)")

    # -- addresses, routes, rules, neighbours

    def do_addr(self, p, kind, flags, dev, local, plen, o):
        b = struct.pack("=BBBBI", 2, plen, o.get("flags", 0), o.get("scope", 0), self.index(p, dev))
        b += attr(2, ip4(local)) + attr(1, ip4(o.get("peer", local)))
        if "brd" in o:
            b += attr(4, ip4(o["brd"]))
        if "label" in o:
            b += attr(3, o["label"])
        if "metric" in o:
            b += attr(9, o["metric"])
        p.nl.ask(kind, b, flags)

    def do_route(self, p, kind, flags, dst, plen, o):
        b = struct.pack("=BBBBBBBBI", 2, plen, 0, o.get("tos", 0), o.get("table", 254), o.get("proto", 4),
                        o.get("scope", 0), o.get("type", 1), o.get("flags", 0))
        if dst:
            b += attr(1, ip4(dst))
        for k, n in (("via", 5), ("prefsrc", 7)):
            if k in o:
                b += attr(n, ip4(o[k]))
        if "dev" in o:
            b += attr(4, self.index(p, o["dev"]))
        if "metric" in o:
            b += attr(6, o["metric"])
        if "mtu" in o:
            b += attr(8, attr(2, o["mtu"]))
        if "hops" in o:
            hops = b""
            for via, dev, weight in o["hops"]:
                at = attr(5, ip4(via)) if via else b""
                hops += struct.pack("=HBBi", 8 + len(at), 0, weight, self.index(p, dev) if dev else 0) + at
            b += attr(9, hops)
        p.nl.ask(kind, b, flags)

    def do_route_get(self, p, dst, o):
        b = struct.pack("=BBBBBBBBI", 2, 32, 32 if "src" in o else 0, o.get("tos", 0), 0, 0, 0, 0, o.get("flags", 0))
        b += attr(1, ip4(dst))
        if "src" in o:
            b += attr(2, ip4(o["src"]))
        for k, n in (("oif", 4), ("iif", 3)):
            if k in o:
                b += attr(n, self.index(p, o[k]))
        if "mark" in o:
            b += attr(16, o["mark"])
        return [self.show("route", body) for _, body in p.nl.ask(26, b)]

    def do_rule(self, p, kind, flags, o):
        b = struct.pack("=BBBBBBBBI", 2, o.get("dlen", 0), o.get("slen", 0), o.get("tos", 0), o.get("table", 0), 0, 0,
                        o.get("action", 1), o.get("flags", 0))
        for k, n in (("dst", 1), ("src", 2)):
            if k in o:
                b += attr(n, ip4(o[k]))
        for k, n in (("prio", 6), ("mark", 10), ("mask", 16), ("goto", 4), ("suplen", 14)):
            if k in o:
                b += attr(n, o[k])
        for k, n in (("iif", 3), ("oif", 17)):
            if k in o:
                b += attr(n, o[k])
        p.nl.ask(kind, b, flags)

    def do_neigh(self, p, kind, flags, dev, dst, o):
        b = struct.pack("=BxxxiHBB", 2, self.index(p, dev), o.get("state", 0x80), o.get("flags", 0), 0)
        b += attr(1, ip4(dst))
        if "mac" in o:
            b += attr(2, bytes.fromhex(o["mac"]))
        p.nl.ask(kind, b, flags)

    def do_nsid(self, p, other, number):
        p.nl.ask(88, struct.pack("=Bxxx", 0) + attr(1, number) + attr(3, self.ns[other].fd))

    def do_sysctl(self, p, path, value):
        if value is not None:
            with open("/proc/sys/net/" + path, "wb", 0) as f:
                f.write(value.encode())
        with open("/proc/sys/net/" + path) as f:
            return f.read().strip()

    # -- dumps

    def show(self, kind, body):
        _, _, head, names = KINDS[kind]
        got, out = attrs(body[head:]), []
        if kind == "link":
            _, hw, index, flags, _ = struct.unpack_from("=BxHiII", body)
            out.append("%d hw=%d flags=%x" % (index, hw, flags & ~0x40))  # RUNNING comes late on the kernel
        elif kind == "addr":
            out.append("plen=%d flags=%x scope=%d index=%d" % struct.unpack_from("=xBBBI", body))
        elif kind == "neigh":
            index, state, flags, of = struct.unpack_from("=4xiHBB", body)
            if not state & 0x80 and not flags & 8:  # permanent; proxy
                return None
            out.append("%d state=%x flags=%x type=%d" % (index, state, flags, of))
        elif kind == "route":
            *bytes8, flags = struct.unpack_from("=8BI", body)
            out.append("plen=%d/%d tos=%d table=%d proto=%d scope=%d type=%d flags=%x" %
                       (*bytes8[1:], flags & ~0x10))  # LINKDOWN is as late
        else:
            out.append(body[:head].hex())
        for k in sorted(got):
            if k not in names:
                continue
            name, v = names[k], got[k]
            if name in TEXT or name + "@" + kind in TEXT:
                v = v[:-1].decode("latin-1")
            elif name in ("address", "lladdr", "broadcast") and kind in ("link", "neigh"):
                v = v.hex() if v.hex() in GIVEN or not any(v) else "made"
            elif name in ("dst", "src", "via", "prefsrc", "local", "brd", "address") and len(v) == 4:
                v = socket.inet_ntoa(v)
            else:
                v = tell(v)
            out.append("%s=%s" % (name, v))
        if kind == "link" and 18 in got:
            out.append("kind=" + attrs(got[18]).get(1, b"?\0")[:-1].decode())
        return " ".join(out)

    def do_dump(self, p, kind):
        request, reply, head, _ = KINDS[kind]
        family = 0 if kind == "link" else 2
        said = [self.show(kind, b) for k, b in p.nl.ask(request, bytes([family]) + bytes(head - 1), 0x300) if k == reply]
        said = [s for s in said if s is not None]
        return sorted(said) if kind == "neigh" else said  # a hash table has no order

    def do_events(self, p):
        """What was told since the last time: kinds of messages and what they are about"""
        if p.watch is None:
            p.watch = Netlink(groups=(1, 5, 7, 8))  # LINK, IPV4_IFADDR, IPV4_ROUTE, IPV4_RULE
            return
        kinds = {16: "link", 17: "link", 20: "addr", 21: "addr", 24: "route", 25: "route", 32: "rule", 33: "rule"}
        return [("-" if k & 1 else "+") + kinds[k] + " " + str(self.show(kinds[k], b))
                for k, b in p.watch.events(0.01) if k in kinds]

    # -- sockets

    def do_socket(self, p, key, kind):
        if key in self.socks:
            self.socks.pop(key).close()
        s = socket.socket(socket.AF_INET, {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}[kind])
        s.setblocking(False)
        self.socks[key] = s

    def sock(self, key):
        if key not in self.socks:
            raise OSError(errno.EBADF, None)
        return self.socks[key]

    def do_sock_close(self, p, key):
        self.sock(key)
        self.socks.pop(key).close()

    def do_bind(self, p, key, addr, port):
        s = self.sock(key)
        s.bind((addr, port))
        return self.names(s)

    @staticmethod
    def names(s):
        out = []
        for fn in (s.getsockname, s.getpeername):
            try:
                a, port = fn()
                out.append("%s:%s" % (a, port if port < 32768 else "chosen"))
            except OSError as e:
                out.append(errno.errorcode[e.errno])
        return " ".join(out)

    def do_names(self, p, key):
        return self.names(self.sock(key))

    def do_option(self, p, key, level, name, value):
        s = self.sock(key)
        s.setsockopt(level, name, value.encode() if isinstance(value, str) else value)
        return s.getsockopt(level, name) if isinstance(value, int) else None

    def do_connect(self, p, key, addr, port):
        s = self.sock(key)
        e = s.connect_ex((addr, port))
        if e == errno.EINPROGRESS:
            select.select([], [s], [], 0.05)
            e = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            return "then %s %s" % (errno.errorcode.get(e, e), self.names(s))
        if e:
            raise OSError(e, None)
        return self.names(s)

    def do_listen(self, p, key, backlog):
        self.sock(key).listen(backlog)

    def do_accept(self, p, key, new):
        s = self.sock(key)
        select.select([s], [], [], 0.01)
        c, _ = s.accept()
        c.setblocking(False)
        if new in self.socks:
            self.socks.pop(new).close()
        self.socks[new] = c
        return self.names(c)

    def do_send(self, p, key, n, to):
        s = self.sock(key)
        return s.sendto(b"x" * n, tuple(to)) if to else s.send(b"x" * n)

    def do_recv(self, p, key):
        s = self.sock(key)
        select.select([s], [], [], 0.01)
        data, _, flags, at = s.recvmsg(65536)
        return "%d %x %s" % (len(data), flags, at[0] if at else "")

    def do_shutdown(self, p, key, how):
        self.sock(key).shutdown(how)


def main():
    for line in sys.stdin:
        seq = Sequence()
        said = [seq.run(op) for op in json.loads(line)]
        seq.close()
        print(json.dumps(said), flush=True)


main()
