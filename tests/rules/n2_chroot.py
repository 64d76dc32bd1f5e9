# SPDX-License-Identifier: MIT
"""N2.15: chroot and mount namespaces beside network namespaces"""

from rules import *


def in_root(path, fn):
    """fn() in a child whose / is path"""
    def run():
        syscall("chroot", ctypes.c_char_p(path.encode()))
        os.chdir("/")
        return fn()
    return in_child(run)


def mine():
    """The caller's namespace, without a procfs"""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    return ns_id(fcntl.ioctl(s, SIOCGSKNS))


@rule("N2.15")
def root(t):
    home = ns_id()
    sh("ip link add own0 type veth peer name own1; ip netns add a", check=True)
    with tempfile.TemporaryDirectory() as d:
        os.chmod(d, 0o755)
        os.mkdir(d + "/proc")
        os.mkdir(d + "/below")
        t.eq("stays", in_root(d, mine), home)
        t.eq("of a thread that moved", in_root(d, lambda: (unshare(), mine() != home)[1]), True)
        t.eq("no view without a procfs", in_root(d, lambda: errno_of(open, "/proc/net/dev")), ENOENT)
        t.eq("no namespace file either", in_root(d, lambda: errno_of(os.stat, "/proc/self/ns/net")), ENOENT)
        t.eq("no tunable either", in_root(d, lambda: errno_of(open, "/proc/sys/net/ipv4/ip_forward")), ENOENT)
        t.eq("no devices without a sysfs", in_root(d, lambda: errno_of(os.listdir, "/sys/class/net")), ENOENT)
        t.eq("no names", in_root(d, lambda: errno_of(os.open, NAME + "a", os.O_RDONLY)), ENOENT)
        proc = os.open("/proc", os.O_RDONLY)

        def by_directory():
            with open(os.open("self/net/dev", os.O_RDONLY, dir_fd=proc)) as f:
                return "own0" in f.read()
        t.eq("by a directory from outside", in_root(d, by_directory), True)
        t.eq("again", in_root(d, lambda: in_root("/below", mine)), home)
        t.eq("unprivileged", dropped(lambda: errno_of(os.chroot, "/")), EPERM)
        with inside("a"):
            t.eq("joined before", in_root(d, mine), ns_id())
        if sh("mount --bind /proc %s/proc" % d).rc:
            t.ok("with a procfs", False, "no mount")
            return
        t.eq("with a procfs", in_root(d, lambda: "own0" in open("/proc/net/dev").read()), True)
        t.eq("with a procfs, namespace file", in_root(d, ns_id), home)
        sh("umount %s/proc" % d, check=True)


@rule("N2.15")
def mount_namespace(t):
    home = ns_id()

    def new():
        unshare(CLONE_NEWNS)
        return ns_id()
    t.eq("stays in a new mount namespace", in_child(new), home)
    sh("unshare -m --propagation private ip netns add hidden", check=True)
    t.ok("a name made there is not seen", not sh("ip netns exec hidden true").rc == 0)


main()
