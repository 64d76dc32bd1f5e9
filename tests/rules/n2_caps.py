# SPDX-License-Identifier: MIT
"""N2.9, N2.10: capabilities are checked in the owner of the namespace; who a process is"""

from rules import *

SO_MARK, SO_RCVBUFFORCE, SO_SNDBUFFORCE, SO_BINDTODEVICE, IP_TRANSPARENT = 36, 33, 32, 25, 19
CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW = 10, 12, 13


def udp():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def set_int(s, level, name, value):
    return errno_of(s.setsockopt, level, name, value)


def lo_up():
    return errno_of(ask, RTM_NEWLINK, ifi(index=1, flags=1, change=1))


def all_of(old=None):
    """Tries what needs a right. -> {what: errno}"""
    got = {}
    got["link"] = lo_up()
    got["address"] = errno_of(ask, RTM_NEWADDR, struct.pack("=BBBBI", 2, 32, 0, 0, 1) + attr(2, b"\x0a\x63\0\1"),
                              NLM_CREATE)
    got["rule"] = errno_of(ask, RTM_NEWRULE, struct.pack("=BBBBBBBBI", 2, 0, 0, 0, 254, 0, 0, 1, 0) +
                           attr(6, 4321), NLM_CREATE | NLM_EXCL)
    got["raw socket"] = errno_of(socket.socket, socket.AF_INET, socket.SOCK_RAW, 1)
    got["SO_MARK"] = set_int(udp(), socket.SOL_SOCKET, SO_MARK, 5)
    got["IP_TRANSPARENT"] = set_int(udp(), 0, IP_TRANSPARENT, 1)
    got["bind(81)"] = errno_of(udp().bind, ("0.0.0.0", 81))
    n = Netlink()
    got["listen-all"] = errno_of(n.s.setsockopt, SOL_NETLINK, 8, 1)
    n.close()
    return got


GOOD = {"link": 0, "address": 0, "rule": 0, "raw socket": 0, "SO_MARK": 0, "IP_TRANSPARENT": 0, "bind(81)": 0,
        "listen-all": 0}
BAD = {"link": EPERM, "address": EPERM, "rule": EPERM, "raw socket": EPERM, "SO_MARK": EPERM,
       "IP_TRANSPARENT": EPERM, "bind(81)": EACCES, "listen-all": EPERM}


def compare(t, label, got, want):
    for what in want:
        t.ok("%s, %s" % (label, what), got.get(what) == want[what],
             "got %s, wanted %s" % (name_of(got.get(what)), name_of(want[what])))


@rule("N2.9")
def rights(t):
    compare(t, "root", all_of(), GOOD)
    compare(t, "unprivileged", dropped(all_of), BAD)

    def child_root():
        unshare(CLONE_NEWUSER | CLONE_NEWNET)
        return all_of()
    compare(t, "root of the owner", in_child(child_root), GOOD)
    compare(t, "root of the owner, made by a user", dropped(child_root), GOOD)

    def no_owner():
        unshare(CLONE_NEWUSER)
        return all_of()
    compare(t, "root of another", in_child(no_owner), BAD)


@rule("N2.9")
def inherited(t):
    s, b = udp(), udp()

    def child_root():
        unshare(CLONE_NEWUSER | CLONE_NEWNET)
        own = udp()
        return (set_int(s, socket.SOL_SOCKET, SO_MARK, 5), errno_of(b.bind, ("0.0.0.0", 81)),
                set_int(own, socket.SOL_SOCKET, SO_RCVBUFFORCE, 5000),
                set_int(own, socket.SOL_SOCKET, SO_SNDBUFFORCE, 5000))
    got = in_child(child_root)
    t.eq("SO_MARK on an inherited socket", name_of(got[0]), "EPERM")
    t.eq("bind(81) on an inherited socket", name_of(got[1]), "EACCES")
    t.eq("SO_RCVBUFFORCE", name_of(got[2]), "EPERM")
    t.eq("SO_SNDBUFFORCE", name_of(got[3]), "EPERM")
    t.eq("SO_RCVBUFFORCE of root", set_int(udp(), socket.SOL_SOCKET, SO_RCVBUFFORCE, 5000), 0)


def sysctl(value):
    with open("/proc/sys/net/ipv4/ip_forward", "w") as f:
        f.write(value)


@rule("N2.9")
def sysctls(t):
    t.eq("root writes", errno_of(sysctl, "1"), 0)
    t.eq("unprivileged write", dropped(lambda: errno_of(sysctl, "0")), EACCES)
    t.eq("unprivileged read", dropped(lambda: open("/proc/sys/net/ipv4/ip_forward").read()), "1\n")

    def child_root():
        unshare(CLONE_NEWUSER | CLONE_NEWNET)
        with open("/proc/self/uid_map", "w") as f:
            f.write("0 0 1")
        return errno_of(sysctl, "1")
    t.eq("root of the owner writes", in_child(child_root), 0)


@rule("N2.9")
def one_by_one(t):
    """Each capability alone"""
    def only(*caps):
        def run():
            head = struct.pack("=Ii", 0x20080522, 0)
            mask = sum(1 << c for c in caps)
            data = struct.pack("=6I", mask, mask, 0, 0, 0, 0)
            syscall("capset", ctypes.c_char_p(head), ctypes.c_char_p(data))
            return all_of()
        return in_child(run)
    want = dict(GOOD, **{"raw socket": EPERM, "bind(81)": EACCES, "listen-all": EPERM})
    compare(t, "CAP_NET_ADMIN alone", only(CAP_NET_ADMIN), want)
    want = dict(BAD, **{"raw socket": 0, "SO_MARK": 0, "IP_TRANSPARENT": 0})
    compare(t, "CAP_NET_RAW alone", only(CAP_NET_RAW), want)
    compare(t, "CAP_NET_BIND_SERVICE alone", only(CAP_NET_BIND_SERVICE), dict(BAD, **{"bind(81)": 0}))
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", "w") as f:
        f.write("81")
    compare(t, "none, ports from 81", only(), dict(BAD, **{"bind(81)": 0}))


@rule("N2.9")
def sockets_tell(t):
    s = udp()
    s.bind(("127.0.0.1", 0))
    t.eq("uid of root", "uid:" in sh("ss -Huanep").out, False)

    def other():
        o = udp()
        o.bind(("127.0.0.1", 0))
        return sh("ss -Huane").out.count("uid:1234")
    t.eq("uid of another", dropped(other, uid=1234), 1)

    def pair():
        a, b = socket.socketpair()
        return struct.unpack("=iII", a.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1:]
    t.eq("SO_PEERCRED of root", pair(), (0, 0))
    t.eq("SO_PEERCRED of another", dropped(pair, uid=1234), (1234, 1234))


def status():
    with open("/proc/self/status") as f:
        got = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
    return [got[k].strip() for k in ("Uid", "Gid", "CapPrm", "CapEff", "CapAmb")]


@rule("N2.9")
def identity(t):
    def steps():
        got = [os.getresuid()]
        os.setresuid(5, 6, 7)
        got += [os.getresuid(), status()[2:4], errno_of(os.setuid, 0), errno_of(os.seteuid, 5)]
        got += [os.getresuid(), errno_of(os.setgroups, []), errno_of(os.setgid, 9)]
        return got
    t.eq("given up", in_child(steps), [(0, 0, 0), (5, 6, 7), ["0" * 16] * 2, EPERM, 0, (5, 5, 7), EPERM, EPERM])

    def back():
        os.seteuid(5)
        got = [os.getresuid(), status()[3], lo_up()]
        os.seteuid(0)
        return got + [os.getresuid(), lo_up()]
    t.eq("for a while", in_child(back), [(0, 5, 0), "0" * 16, EPERM, (0, 0, 0), 0])

    def groups():
        os.setgroups([7, 5])
        os.setresgid(3, 4, 3)
        return sorted(os.getgroups()), os.getresgid()
    t.eq("groups", in_child(groups), ([5, 7], (3, 4, 3)))

    def keep():
        syscall("prctl", 8, 1, 0, 0, 0)  # PR_SET_KEEPCAPS
        os.setresuid(5, 5, 5)
        head = struct.pack("=Ii", 0x20080522, 0)
        bits = 1 << CAP_NET_ADMIN
        syscall("capset", ctypes.c_char_p(head), ctypes.c_char_p(struct.pack("=6I", bits, bits, bits, 0, 0, 0)))
        return lo_up(), errno_of(socket.socket, socket.AF_INET, socket.SOCK_RAW, 1), sh("ip link set lo down").rc
    t.eq("kept over setuid, not over exec", in_child(keep), (0, EPERM, 2))
    t.eq("bounding set", sh("capsh --drop=cap_net_admin -- -c 'ip link set lo up'").rc, 2)
    t.eq("ambient over exec", sh("setpriv --reuid 5 --clear-groups --inh-caps +net_admin --ambient-caps +net_admin "
                                 "ip link set lo up").rc, 0)
    t.eq("setpriv", sh("setpriv --reuid 5 --regid 6 --groups 7,8 sh -c 'id -u; id -g; id -G'").out.split(),
         ["5", "6", "6", "7", "8"])
    t.eq("status", sh("setpriv --reuid 5 --regid 6 --clear-groups grep -E '^([UG]id|CapEff)' /proc/self/status").out,
         "Uid:\t5\t5\t5\t5\nGid:\t6\t6\t6\t6\nCapEff:\t0000000000000000\n")
    t.eq("inherited", in_child(lambda: (os.setresuid(5, 5, 5), in_child(os.getuid))[1]), 5)


@rule("N2.9")
def numbers(t):
    def run():
        before = os.getuid(), os.getgid()
        unshare(CLONE_NEWUSER)
        got = [os.getuid(), os.getgid()]
        with open("/proc/self/uid_map") as f:
            got.append(f.read())
        with open("/proc/self/uid_map", "w") as f:
            f.write("7 %d 1\n" % before[0])
        with open("/proc/self/setgroups", "w") as f:
            f.write("deny")
        with open("/proc/self/gid_map", "w") as f:
            f.write("8 %d 1\n" % before[1])

        def again():
            with open("/proc/self/uid_map", "w") as f:
                f.write("9 0 1\n")
        got += [os.getuid(), os.getgid(), errno_of(again), errno_of(os.setgroups, []), errno_of(os.setuid, 55)]
        with open("/proc/self/uid_map") as f:
            got.append(f.read().split())
        return got
    want = [65534, 65534, "", 7, 8, EPERM, EPERM, EINVAL]
    t.eq("of a user namespace", in_child(run), want + [["7", "0", "1"]])
    t.eq("unshare -r", sh("unshare -Urn sh -c 'id -u; ip link set lo up && echo up'").out.split(), ["0", "up"])
    t.eq("unshare -r by a user", sh("setpriv --reuid 1234 --regid 1234 --clear-groups "
                                    "unshare -Urn sh -c 'id -u; ip link set lo up && echo up'").out.split(), ["0", "up"])


@rule("N2.10")
def bind_to_device(t):
    sh("ip link add d0 type veth peer name d1", check=True)

    def bound():
        s = udp()
        got = [errno_of(s.setsockopt, socket.SOL_SOCKET, SO_BINDTODEVICE, b"d0\0")]
        got.append(errno_of(s.setsockopt, socket.SOL_SOCKET, SO_BINDTODEVICE, b"d1\0"))
        got.append(errno_of(s.setsockopt, socket.SOL_SOCKET, SO_BINDTODEVICE, b"\0"))
        got.append(errno_of(s.setsockopt, socket.SOL_SOCKET, SO_BINDTODEVICE, b"no\0"))
        got.append(errno_of(udp().setsockopt, socket.SOL_SOCKET, SO_BINDTODEVICE, b"no\0"))
        return got
    t.eq("unprivileged", [name_of(e) for e in dropped(bound)], [0, "EPERM", "EPERM", "ENODEV", "ENODEV"])
    t.eq("root", bound(), [0, 0, 0, ENODEV, ENODEV])


main()
