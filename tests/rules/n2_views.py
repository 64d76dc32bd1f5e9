# SPDX-License-Identifier: MIT
"""N2.11 - N2.14: what shows a namespace, and to whom"""

from rules import *


@rule("N2.11")
def proc_net(t):
    fd = new_ns()

    def there():
        setns(fd)
        sh("ip link add only0 type veth peer name only1", check=True)
    c = Child(there)
    path = "/proc/%d/net" % c.pid
    t.ok("shows PID's", "only0" in open(path + "/dev").read())
    t.eq("to any reader", dropped(lambda: "only0" in open(path + "/dev").read()), True)
    t.ok("task/TID", "only0" in open("/proc/%d/task/%d/net/dev" % (c.pid, c.pid)).read())
    d = os.open(path, os.O_RDONLY)
    t.ok("listed", "dev" in os.listdir(path))
    f = open(path + "/dev")
    t.fails("by the directory", 0, os.open, "dev", os.O_RDONLY, dir_fd=d)
    c.stop()
    t.fails("directory of the dead", ENOENT, os.open, "dev", os.O_RDONLY, dir_fd=d)
    t.ok("file of the dead", "only0" in f.read())
    t.fails("path of the dead", ENOENT, open, path + "/dev")
    zombie = os.fork()
    if zombie == 0:
        os._exit(0)
    time.sleep(0.05)
    t.fails("of a zombie", ENOENT, open, "/proc/%d/net/dev" % zombie)
    os.waitpid(zombie, 0)


@rule("N2.12")
def sysfs(t):
    sh("ip netns add a; ip -n a link add only0 type veth peer name only1", check=True)
    sh("ip link add here0 type veth peer name here1", check=True)
    mine = sh("ls /sys/class/net").out.split()
    t.ok("of the mount, not the caller", "here0" not in mine, mine)
    t.eq("nsenter", sh("nsenter --net=%sa ls /sys/class/net" % NAME).out.split(), mine)
    t.eq("virtual", sh("nsenter --net=%sa ls /sys/devices/virtual/net" % NAME).out.split(), mine)
    new = "unshare -m sh -c 'mount -t sysfs sysfs /sys; ls /sys/class/net'"
    t.ok("a new mount", "here0" in sh(new).out.split(), sh(new))
    t.ok("a new mount elsewhere", "only0" in sh("nsenter --net=%sa %s" % (NAME, new)).out.split())
    t.eq("unprivileged mount", dropped(lambda: sh("mount -t sysfs sysfs /sys").rc != 0), True)


@rule("N2.13")
def sysctl(t):
    fd = new_ns()
    ttl = "/proc/sys/net/ipv4/ip_default_ttl"
    with inside(fd):
        with open(ttl, "w") as f:
            f.write("33")
        there = os.open(ttl, os.O_RDONLY)
        write = os.open(ttl, os.O_WRONLY)
        directory = os.open("/proc/sys/net/ipv4", os.O_RDONLY)
        t.eq("follows the caller", open(ttl).read(), "33\n")
    t.eq("back here", open(ttl).read(), "64\n")
    t.eq("a file keeps meaning", os.read(there, 10), b"33\n")
    by = os.open("ip_default_ttl", os.O_RDONLY, dir_fd=directory)
    t.eq("a directory keeps meaning", os.read(by, 10), b"33\n")
    os.write(write, b"44")
    t.eq("a write goes there", open(ttl).read(), "64\n")
    with inside(fd):
        t.eq("and arrives", open(ttl).read(), "44\n")


@rule("N2.14")
def by_pid(t):
    fd = new_ns()
    c = Child(lambda: setns(fd))
    sh("ip link add d0 type veth peer name d1", check=True)
    sh("ip link set d0 netns %d" % c.pid, check=True)
    with inside(fd):
        t.eq("moved", sh("ip link show d0").rc, 0)
    index = index_of("d1")

    def other():
        """A user that owns a namespace, and a task it may not look at"""
        unshare(CLONE_NEWUSER | CLONE_NEWNET)
        ask(RTM_NEWLINK, ifi(attr(IFLA_IFNAME, "e0"), kind_attr("veth")), NLM_CREATE | NLM_EXCL)
        seen = errno_of(os.open, "/proc/%d/ns/net" % c.pid, os.O_RDONLY)
        moved = errno_of(ask, RTM_SETLINK, ifi(attr(IFLA_NET_NS_PID, c.pid), attr(IFLA_IFNAME, "e0")))
        n = nsid(pid=c.pid)
        return seen, moved, n
    got = dropped(other)
    t.eq("cannot be opened", name_of(got[0]), "EACCES")
    t.eq("refused for the owner, not for ptrace", name_of(got[1]), "EPERM")
    t.eq("its id asked", got[2], -1)

    def readable():
        return nsid(pid=c.pid)
    t.eq("asked by any", dropped(readable), nsid(fd))
    c.stop()
    t.ok("index", index > 0)


main()
