# SPDX-License-Identifier: MIT
"""rules - what the tests of the numbered rules share

docs/namespaces.md numbers what a program can observe of network namespaces;
a file here shows the rules of one section, in a form that runs unchanged on
the kernel as root and under `warren run -r` as an ordinary user:

    from rules import *

    @rule("N1.3")
    def peers(t):
        t.eq("parent", errno_of(ioctl, fd, NS_GET_PARENT), EINVAL)

    main()

Each function runs in a child of its own, in a fresh namespace with lo up
unless it says @rule("N1.3", fresh=False), and what it leaves is killed. Each
check prints one line that tools/run-tests reads:

    N1.3 parent<TAB>ok              or   FAIL got, wanted   or   n/a reason

A check is named by its rule and a label that is unique in the rule. What
warren does not do yet is listed in tests/rules/absent with the reason; a
check that is listed and passes is an error too.
"""

import ctypes
import errno
import fcntl
import os
import select
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from errno import *  # noqa: F401,F403

WARREN = os.environ.get("SIDE") == "warren"
CLONE_NEWNET = 0x40000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNS = 0x00020000
CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWPID = 0x04000000, 0x08000000, 0x20000000
O_PATH = 0o10000000
NS_GET_USERNS, NS_GET_PARENT, NS_GET_NSTYPE, NS_GET_OWNER_UID = 0xB701, 0xB702, 0xB703, 0xB704
NS_GET_ID, NS_GET_MNTNS_ID = 0x8008B70D, 0x8008B705
PIDFD_GET_NET_NAMESPACE = 0xFF04
SIOCGSKNS = 0x894C
SO_NETNS_COOKIE = 71
SO_BINDTOIFINDEX = 62
NAME = "/run/netns/"

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
SYS = {"x86_64": dict(setns=308, unshare=272, prctl=157, pidfd_open=434, clone=56, listns=470,
                      name_to_handle_at=303, open_by_handle_at=304, umount2=166, mount=165,
                      capget=125, capset=126, chroot=161, gettid=186),
       "aarch64": dict(setns=268, unshare=97, prctl=167, pidfd_open=434, clone=220, listns=470,
                       name_to_handle_at=264, open_by_handle_at=265, umount2=39, mount=40,
                      capget=90, capset=91, chroot=51, gettid=178),
       }[os.uname().machine]


def syscall(name, *args):
    """The system call itself. -> its result; OSError where it fails"""
    ctypes.set_errno(0)
    args = [ctypes.c_long(a) if isinstance(a, int) else a for a in args]
    n = _libc.syscall(ctypes.c_long(SYS[name] if isinstance(name, str) else name), *args)
    if n < 0:
        e = ctypes.get_errno()
        raise OSError(e, os.strerror(e))
    return n


def unshare(flags=CLONE_NEWNET):
    syscall("unshare", flags)


def setns(fd, kind=CLONE_NEWNET):
    syscall("setns", fd if isinstance(fd, int) else fd.fileno(), kind)


def pidfd_open(pid):
    return syscall("pidfd_open", pid, 0)


def errno_of(fn, *args, **kw):
    """0, or the errno with which fn(*args) fails"""
    try:
        fn(*args, **kw)
    except OSError as e:
        return e.errno
    return 0


def name_of(e):
    return errno.errorcode.get(e, e) if isinstance(e, int) and e > 0 else e


def my_ns():
    """A descriptor of the caller's namespace"""
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def ns_id(path="/proc/thread-self/ns/net"):
    """What tells two namespaces apart; a path, a descriptor or a pid"""
    if isinstance(path, int):
        st = os.fstat(path)
    else:
        st = os.stat(path)
    return st.st_dev, st.st_ino


def new_ns(up=True):
    """A new namespace, the caller stays where it is. -> descriptor"""
    home = my_ns()
    unshare()
    if up:
        sh("ip link set lo up", check=True)
    fd = my_ns()
    setns(home)
    os.close(home)
    return fd


class inside:
    """with inside(fd): the caller is in that namespace (a name works too)"""

    def __init__(self, ns):
        self.own = isinstance(ns, str)
        self.fd = os.open(NAME + ns, os.O_RDONLY) if self.own else ns

    def __enter__(self):
        self.home = my_ns()
        setns(self.fd)

    def __exit__(self, *_):
        setns(self.home)
        os.close(self.home)
        if self.own:
            os.close(self.fd)


class Result:
    def __init__(self, rc, out, err):
        self.rc, self.out, self.err = rc, out, err

    @property
    def all(self):
        return self.rc, self.out, self.err

    def __repr__(self):
        return "%d %r %r" % (self.rc, self.out, self.err)


def sh(text, ns=None, check=False, timeout=20, stdin=None):
    """Run a line of shell (in the named or opened namespace). -> Result"""
    def enter():
        if ns is not None:
            inside(ns).__enter__()
    p = subprocess.run(["sh", "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                       timeout=timeout, preexec_fn=enter if ns is not None else None,
                       stdin=subprocess.DEVNULL if stdin is None else None, input=stdin,
                       pass_fds=[ns] if isinstance(ns, int) else ())
    if check and p.returncode:
        raise AssertionError("%s: status %d %s" % (text, p.returncode, p.stderr.strip()))
    return Result(p.returncode, p.stdout, p.stderr)


def veth(a, b, ns_a=None, ns_b=None, addr_a=None, addr_b=None):
    """A veth pair, each end in a named namespace (None: here), up, with addresses"""
    one = "netns %s" % ns_a if ns_a else ""
    two = "netns %s" % ns_b if ns_b else ""
    sh("ip link add %s %s type veth peer name %s %s" % (a, one, b, two), check=True)
    for dev, ns, addr in ((a, ns_a, addr_a), (b, ns_b, addr_b)):
        n = "-n " + ns if ns else ""
        if addr:
            sh("ip %s addr add %s dev %s" % (n, addr, dev), check=True)
        sh("ip %s link set %s up" % (n, dev), check=True)


class Child:
    """A process that does fn() and then waits to be told; .pid, .stop()"""

    def __init__(self, fn, *args):
        self.r, w = os.pipe()
        r2, self.w = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.r)
            os.close(self.w)
            try:
                said = fn(*args)
                os.write(w, b"+" + repr(said).encode())
                os.read(r2, 1)
                os._exit(0)
            except BaseException as e:
                os.write(w, b"-" + repr(e).encode())
                os._exit(1)
        os.close(w)
        os.close(r2)
        got = os.read(self.r, 65536)
        if not got.startswith(b"+"):
            self.stop()
            raise AssertionError("child: " + got.decode())
        self.said = eval(got[1:])

    def stop(self):
        """-> exit status"""
        os.close(self.r)
        os.close(self.w)
        return os.waitpid(self.pid, 0)[1]


def in_child(fn, *args):
    """fn() in a process of its own. -> what it returned (by repr)"""
    c = Child(fn, *args)
    c.stop()
    return c.said


def dropped(fn, *args, uid=65534):
    """fn() in a process without privileges: another user, no capability. -> its result"""
    def run():
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        return fn(*args)
    return in_child(run)


def soon(fn, limit=2.0):
    """Wait until fn() is true: teardown is asynchronous on the kernel"""
    end = time.monotonic() + limit
    while True:
        got = fn()
        if got or time.monotonic() > end:
            return got
        time.sleep(0.01)


# ---- netlink ----------------------------------------------------------------

NETLINK_ROUTE = 0
SOL_NETLINK = 270
NLM_REQUEST, NLM_ACK, NLM_ROOT, NLM_EXCL, NLM_CREATE, NLM_DUMP = 1, 4, 0x100, 0x200, 0x400, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_SETLINK = 16, 17, 18, 19
RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR = 20, 21, 22
RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE = 24, 25, 26
RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH = 28, 29, 30
RTM_NEWRULE, RTM_DELRULE, RTM_GETRULE = 32, 33, 34
RTM_NEWNEIGHTBL, RTM_GETNEIGHTBL, RTM_SETNEIGHTBL = 64, 66, 67
RTM_NEWNETCONF, RTM_DELNETCONF, RTM_GETNETCONF = 80, 81, 82
RTM_NEWNSID, RTM_DELNSID, RTM_GETNSID = 88, 89, 90
RTM_NEWNEXTHOP, RTM_DELNEXTHOP, RTM_GETNEXTHOP = 104, 105, 106
RTM_NEWLINKPROP, RTM_DELLINKPROP = 108, 109
IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_LINK, IFLA_LINKINFO = 1, 3, 4, 5, 18
IFLA_NET_NS_PID, IFLA_NET_NS_FD, IFLA_TARGET_NETNSID, IFLA_NEW_IFINDEX = 19, 28, 46, 49
IFLA_LINK_NETNSID, IFLA_NEW_NETNSID, IFLA_NETNS_IMMUTABLE = 37, 45, 67
IFLA_PROP_LIST, IFLA_ALT_IFNAME = 52, 53
NETNSA_NSID, NETNSA_PID, NETNSA_FD, NETNSA_TARGET, NETNSA_CURRENT = 1, 2, 3, 4, 5


def attr(kind, value):
    """One attribute: int (u32/s32), bytes or str"""
    if isinstance(value, int):
        value = struct.pack("=I", value & 0xFFFFFFFF)
    elif isinstance(value, str):
        value = value.encode() + b"\0"
    return struct.pack("=HH", len(value) + 4, kind) + value + b"\0" * (-len(value) % 4)


def attrs(data):
    """-> {kind: bytes}"""
    got = {}
    while len(data) >= 4:
        n, kind = struct.unpack_from("=HH", data)
        if n < 4:
            break
        got[kind & 0x3FFF] = data[4:n]
        data = data[(n + 3) & ~3:]
    return got


def s32(data):
    return struct.unpack("=i", data[:4])[0] if data is not None else None


class Netlink:
    """A netlink socket in the caller's namespace"""

    def __init__(self, protocol=NETLINK_ROUTE, groups=(), pid=0, strict=False):
        self.s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        self.s.bind((pid, 0))
        for g in groups:
            self.s.setsockopt(SOL_NETLINK, 1, g)  # NETLINK_ADD_MEMBERSHIP
        self.s.setsockopt(SOL_NETLINK, 11, 1)  # NETLINK_EXT_ACK
        if strict:
            self.s.setsockopt(SOL_NETLINK, 12, 1)
        self.seq = 0

    def send(self, kind, body, flags=0):
        self.seq += 1
        self.s.send(struct.pack("=IHHII", 16 + len(body), kind, NLM_REQUEST | flags, self.seq, 0) + body)

    def receive(self, limit=2.0):
        """-> [(kind, flags, body)] of one datagram; [] when nothing comes"""
        if not select.select([self.s], [], [], limit)[0]:
            return []
        data, out = self.s.recv(1 << 17), []
        while len(data) >= 16:
            n, kind, flags, _, _ = struct.unpack_from("=IHHII", data)
            out.append((kind, flags, data[16:n]))
            data = data[(n + 3) & ~3:]
        return out

    def ask(self, kind, body, flags=0):
        """-> [(kind, body)] without the acks; OSError(errno, text of the extended ack)"""
        dump = flags & NLM_DUMP == NLM_DUMP
        self.send(kind, body, flags if dump else flags | NLM_ACK)
        out = []
        while True:
            got = self.receive()
            if not got:
                raise AssertionError("no answer")
            for k, fl, b in got:
                if k in (NLMSG_ERROR, NLMSG_DONE):
                    e = -struct.unpack_from("=i", b)[0]
                    if e:
                        at = 4 if k == NLMSG_DONE else 20 if fl & 0x100 else 4 + struct.unpack_from("=I", b, 4)[0]
                        msg = attrs(b[at:]).get(1, b"\0")[:-1].decode() if fl & 0x200 else ""
                        raise OSError(e, msg)
                    return out
                out.append((k, b))

    def events(self, limit=0.3):
        """All that comes until it is quiet for @limit seconds. -> [(kind, body)]"""
        out = []
        while True:
            got = self.receive(limit)
            if not got:
                return out
            out += [(k, b) for k, _, b in got]

    def close(self):
        self.s.close()


def ifi(*attributes, index=0, flags=0, change=0):
    """The body of a link message"""
    return struct.pack("=BxHiII", 0, 0, index, flags, change) + b"".join(attributes)


def kind_attr(kind, *data):
    """IFLA_LINKINFO of a device kind, with its IFLA_INFO_DATA"""
    inside = attr(1, kind) + (attr(2, b"".join(data)) if data else b"")
    return attr(IFLA_LINKINFO, inside)


def ask(kind, body, flags=0, strict=False):
    """One request from the caller's namespace. -> [(kind, body)]"""
    n = Netlink(strict=strict)
    try:
        return n.ask(kind, body, flags)
    finally:
        n.close()


class Link:
    """What the caller's namespace says of one device; index, flags, a: {attribute: bytes}"""

    def __init__(self, body):
        self.index, self.flags = struct.unpack_from("=iI", body, 4)
        self.a = attrs(body[16:])
        self.name = self.a.get(IFLA_IFNAME, b"\0")[:-1].decode()

    def num(self, kind):
        """An attribute as a signed number, None: not there"""
        return s32(self.a.get(kind))


def link(name):
    return Link(ask(RTM_GETLINK, ifi(attr(IFLA_IFNAME, name)))[0][1])


def index_of(name):
    return link(name).index


def nsid(fd=None, pid=None):
    """What the caller's namespace calls the other: its id, -1: none"""
    n = Netlink()
    body = struct.pack("=Bxxx", 0) + (attr(NETNSA_FD, fd) if fd is not None else attr(NETNSA_PID, pid))
    try:
        return s32(attrs(n.ask(RTM_GETNSID, body)[0][1][4:]).get(NETNSA_NSID))
    finally:
        n.close()


class Watch:
    """The oracle of N1.16: hears of the death of the namespace open at @fd, which it closes"""

    ids = 200

    def __init__(self, fd):
        Watch.ids += 1
        self.id, self.ear = nsid(fd), Netlink(groups=[28])
        if self.id < 0:
            self.id = Watch.ids
            self.ear.ask(RTM_NEWNSID, b"\0\0\0\0" + attr(NETNSA_NSID, self.id) + attr(NETNSA_FD, fd))
        self.ear.events(0)
        os.close(fd)
        self.gone = False

    def dead(self, limit=3.0):
        """Does it end, soon?"""
        end = time.monotonic() + limit
        while not self.gone and time.monotonic() < end:
            for k, _, b in self.ear.receive(max(0.0, end - time.monotonic())):
                self.gone |= k == RTM_DELNSID and s32(attrs(b[4:])[NETNSA_NSID]) == self.id
        return self.gone

    def alive(self, for_seconds=0.25):
        return not self.dead(for_seconds)


# ---- rules ------------------------------------------------------------------

_rules = []


class Test:
    def __init__(self, number):
        self.number, self.bad = number, 0

    def say(self, label, what):
        sys.stdout.write("%s %s\t%s\n" % (self.number, label, what))
        sys.stdout.flush()

    def ok(self, label, truth, detail=""):
        if truth:
            return self.say(label, "ok")
        self.bad += 1
        self.say(label, "FAIL " + " ".join(str(detail).split("\n")))

    def eq(self, label, got, want):
        self.ok(label, got == want, "got %.300r, wanted %.300r" % (got, want))

    def fails(self, label, want, fn, *args, **kw):
        """fn(*args) fails with errno @want (0: succeeds)"""
        got = errno_of(fn, *args, **kw)
        self.ok(label, got == want, "got %s, wanted %s" % (name_of(got), name_of(want)))

    def says(self, label, want, text, fn, *args, **kw):
        """fn(*args) fails with errno @want and that text of the extended ack"""
        try:
            fn(*args, **kw)
            got = 0, ""
        except OSError as e:
            got = e.errno, e.strerror or ""
        self.ok(label, got == (want, text),
                "got %s %r, wanted %s %r" % (name_of(got[0]), got[1], name_of(want), text))

    def na(self, label, reason):
        """This place cannot show it (not: warren lacks it, that is tests/rules/absent)"""
        self.say(label, "n/a " + reason)


def rule(number, fresh=True, limit=30):
    def keep(fn):
        _rules.append((number, fn, fresh, limit))
        return fn
    return keep


def _one(number, fn, fresh):
    os.setpgid(0, 0)
    t = Test(number)
    try:
        if fresh:
            unshare()
            sh("ip link set lo up", check=True)
        fn(t)
    except BaseException as e:
        tb = traceback.extract_tb(e.__traceback__)
        at = [f for f in tb if not f.filename.endswith(("subprocess.py", "rules.py"))] or tb
        t.say(fn.__name__, "FAIL %s: %s (line %d)" % (type(e).__name__, e, at[-1].lineno))
        t.bad += 1
    os._exit(1 if t.bad else 0)


def main():
    """Run the rules of this file (those named on the command line)"""
    bad = 0
    for number, fn, fresh, limit in _rules:
        if sys.argv[1:] and number not in sys.argv[1:]:
            continue
        pid = os.fork()
        if pid == 0:
            _one(number, fn, fresh)
        end = time.monotonic() + limit
        while True:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done or time.monotonic() > end:
                break
            time.sleep(0.002)
        try:
            os.killpg(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        if not done:
            _, status = os.waitpid(pid, 0)
            print("%s %s\tFAIL no end after %d s" % (number, fn.__name__, limit), flush=True)
        elif status and os.WIFSIGNALED(status):
            print("%s %s\tFAIL died of signal %d" % (number, fn.__name__, os.WTERMSIG(status)), flush=True)
        bad |= status != 0
        for n in os.listdir("/run/netns") if os.path.isdir("/run/netns") else []:
            subprocess.run(["ip", "netns", "del", n], stderr=subprocess.DEVNULL)
    sys.exit(1 if bad else 0)
