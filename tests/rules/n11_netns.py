# SPDX-License-Identifier: MIT
"""N11.1 - N11.5: ip netns add, del, list, exec, and -all"""

import json

from rules import *


def names():
    return sorted(os.listdir(NAME)) if os.path.isdir(NAME) else []


def empty_names():
    """The directory is the mount namespace's, not the network namespace's: begin without one"""
    sh("ip -all netns del")


def ends(t, label, command, rc, out="", err="", **kw):
    """@command ends with that status and says exactly that"""
    t.eq(label, sh(command, **kw).all, (rc, out, err))


@rule("N11.1")
def add(t):
    empty_names()
    ends(t, "silent", "ip netns add a", 0)
    st = os.stat("/run/netns")
    t.eq("directory 0755", stat.S_IMODE(st.st_mode), 0o755)
    t.ok("directory is one", stat.S_ISDIR(st.st_mode))
    t.eq("the name is in it", names(), ["a"])
    st = os.stat(NAME + "a")
    t.eq("the file is the namespace's: 0444", stat.S_IMODE(st.st_mode), 0o444)
    t.ok("another than the caller's", ns_id(NAME + "a") != ns_id())
    with inside("a"):
        t.eq("the very one that setns enters", ns_id(), ns_id(NAME + "a"))
    with open("/proc/self/mountinfo") as f:
        lines = [line.split() for line in f]
    mine = [m for m in lines if m[4] == NAME + "a"]
    t.ok("mounted", mine and mine[0][mine[0].index("-") + 1] == "nsfs")
    t.ok("mounted: its root names it", mine and mine[0][3] == "net:[%d]" % st.st_ino)
    top = [m for m in lines if m[4] == "/run/netns"]
    t.ok("directory is a shared mount", top and any(o.startswith("shared:") for o in top[-1][6:]))
    home = ns_id()
    ends(t, "exists", "ip netns add a", 1, "", 'Cannot create namespace file "/run/netns/a": File exists\n')
    t.eq("the caller stays", ns_id(), home)
    for label, name in (("empty", ""), ("slash", "a/b"), ("dot", "."), ("dotdot", ".."),
                        ("256 bytes", "x" * 256)):
        ends(t, label, "ip netns add '%s'" % name, 255, "", 'Invalid netns name "%s"\n' % name)
    long = "y" * 255
    ends(t, "255 bytes", "ip netns add " + long, 0)
    t.ok("255 bytes: is there", long in names())
    sh("ip netns add lo-down", check=True)
    t.ok("lo DOWN", sh("ip -n lo-down -br link").out.split()[:2] == ["lo", "DOWN"])
    ends(t, "no name", "ip netns add", 1, "", "No netns name specified\n")
    ends(t, "spaces", "ip netns add 'with space'", 0)
    ends(t, "spaces: used", "ip -n 'with space' link set lo up", 0)


@rule("N11.1")
def add_by_hand(t):
    """The steps of iproute2, each call by itself: as another program would do them"""
    empty_names()
    sh("ip netns add first", check=True)
    fd = os.open(NAME + "b", os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0)
    os.close(fd)
    t.eq("a plain file, mode 0", os.stat(NAME + "b").st_mode, stat.S_IFREG)
    t.fails("O_EXCL again", EEXIST, os.open, NAME + "b", os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0)
    home = my_ns()
    unshare()
    made = ns_id()
    syscall("mount", b"/proc/self/ns/net", (NAME + "b").encode(), b"none", 4096, None)
    setns(home)
    t.eq("bound", ns_id(NAME + "b"), made)
    t.fails("unlink of a mount point", EBUSY, os.unlink, NAME + "b")
    syscall("umount2", (NAME + "b").encode(), 2)
    t.eq("plain again", os.stat(NAME + "b").st_size, 0)
    t.ok("plain again: no namespace", ns_id(NAME + "b") != made)
    os.unlink(NAME + "b")
    t.eq("gone", names(), ["first"])


@rule("N11.2")
def delete(t):
    empty_names()
    sh("ip netns add a", check=True)
    ends(t, "silent", "ip netns del a", 0)
    t.eq("gone", names(), [])
    missing = 'Cannot remove namespace file "/run/netns/a": No such file or directory\n'
    ends(t, "missing", "ip netns del a", 1, "", missing)
    ends(t, "delete is del", "ip netns add d; ip netns delete d", 0)
    with open(NAME + "plain", "w") as f:
        f.write("x")
    ends(t, "plain file", "ip netns del plain", 0)
    t.eq("plain file gone", names(), [])
    sh("ip netns add a; ip netns add b; touch /run/netns/c", check=True)
    ends(t, "all", "ip -all netns del", 0)
    t.eq("all gone", names(), [])
    ends(t, "all of none", "ip -all netns del", 0)
    ends(t, "no name", "ip netns del", 1, "", "No netns name specified\n")
    ends(t, "bad name", "ip netns del a/b", 255, "", 'Invalid netns name "a/b"\n')
    # the directory of the namespaces is not removed
    t.ok("directory stays", os.path.isdir("/run/netns"))


@rule("N11.3")
def listing(t):
    empty_names()
    ends(t, "none", "ip netns", 0)
    for n in ("b", "c", "a"):
        sh("ip netns add " + n, check=True)
    order = os.listdir(NAME)
    t.eq("order of the directory", sh("ip netns").out.split("\n")[:-1], order)
    t.eq("list is the default", sh("ip netns list").all, sh("ip netns").all)
    sh("ip netns set b 7", check=True)
    want = ["%s (id: 7)" % n if n == "b" else n for n in order]
    t.eq("id", sh("ip netns list").out.split("\n")[:-1], want)
    got = json.loads(sh("ip -j netns list").out)
    t.eq("json", got, [{"name": n, "id": 7} if n == "b" else {"name": n} for n in order])
    inner = sh("ip netns exec a ip netns list").out.split("\n")[:-1]
    t.eq("inside exec: the same names, ids of there", inner, order)
    open(NAME + "plain", "w").close()
    r = sh("ip netns list")
    t.eq("plain file: status", r.rc, 0)
    t.ok("plain file: listed", "plain" in r.out.split("\n"))
    t.eq("plain file: complaint", set(r.err.split("\n")), {"Error: Peer netns reference is invalid.", ""})


@rule("N11.4")
def execute(t):
    empty_names()
    sh("ip netns add a; ip netns add b", check=True)
    for label, cmd, rc in (("rc 0", "true", 0), ("rc 7", "sh -c 'exit 7'", 7),
                           ("signal", "sh -c 'kill -9 $$'", 137)):
        t.eq(label, sh("ip netns exec a " + cmd).rc, rc)
    ends(t, "no such", "ip netns exec x true", 255, "",
         'Cannot open network namespace "x": No such file or directory\n')
    open(NAME + "plain", "w").close()
    ends(t, "no namespace", "ip netns exec plain true", 255, "",
         'setting the network namespace "plain" failed: Invalid argument\n')
    ends(t, "no command", "ip netns exec a no-such-command", 1, "",
         'exec of "no-such-command" failed: No such file or directory\n')
    ends(t, "not executable", "ip netns exec a /etc/passwd", 1, "",
         'exec of "/etc/passwd" failed: Permission denied\n')
    ends(t, "nothing", "ip netns exec a", 1, "", "No command specified\n")
    ends(t, "no name", "ip netns exec", 1, "", "No netns name specified\n")
    t.eq("is there", sh("ip netns exec a readlink /proc/self/ns/net").out.strip(),
         "net:[%d]" % os.stat(NAME + "a").st_ino)
    ends(t, "nested", "ip netns exec a ip netns exec b ip netns identify", 0, "b\n")
    sh("ip link add v0 netns a type veth peer name v1 netns b", check=True)
    t.eq("sysfs is of there", sorted(sh("ip netns exec a ls /sys/class/net").out.split()), ["lo", "v0"])
    t.eq("sysfs of the caller is as before", sh("ls /sys/class/net").out.split(), ["lo"])
    t.eq("sysctl is of there", sh("ip netns exec a sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward;"
                                  " cat /proc/sys/net/ipv4/ip_forward'").out, "1\n")
    t.eq("sysctl: own alone", sh("cat /proc/sys/net/ipv4/ip_forward").out, "0\n")
    with tempfile.NamedTemporaryFile("w") as f:
        f.write("seen\n")
        f.flush()
        ends(t, "files are the caller's", "ip netns exec a cat " + f.name, 0, "seen\n")
    t.eq("environment", sh("X=5 ip netns exec a sh -c 'echo $X'").out, "5\n")
    t.eq("stdin", sh("ip netns exec a cat", stdin="hello").out, "hello")
    t.eq("working directory", sh("cd /usr && ip netns exec a pwd").out, "/usr\n")


@rule("N11.4")
def etc(t):
    """/etc/netns/NAME/ENTRY over /etc/ENTRY"""
    empty_names()
    sh("ip netns add a; ip netns add b", check=True)
    if not WARREN and not os.path.isdir("/etc/netns"):
        # a layer over the host's /etc, seen here alone
        sh("unshare -m true; mkdir /run/u /run/w && mount -t overlay -o lowerdir=/etc,upperdir=/run/u,workdir=/run/w overlay /etc",
           check=True)
    if not os.path.isdir("/etc/netns"):
        os.mkdir("/etc/netns")
    os.mkdir("/etc/netns/a")
    with open("/etc/netns/a/hosts", "w") as f:
        f.write("10.9.8.7 there\n")
    before = sh("cat /etc/hosts").out
    ends(t, "bound", "ip netns exec a cat /etc/hosts", 0, "10.9.8.7 there\n")
    t.eq("bound: used by libc", sh("ip netns exec a getent hosts there").out.split()[:2], ["10.9.8.7", "there"])
    t.eq("in no other", sh("ip netns exec b cat /etc/hosts").out, before)
    t.eq("not for the caller", sh("cat /etc/hosts").out, before)
    t.eq("not with ip -n", sh("nsenter --net=/run/netns/a cat /etc/hosts").out, before)
    t.eq("inherited", sh("ip netns exec a sh -c 'sh -c \"cat /etc/hosts\"'").out, "10.9.8.7 there\n")
    open("/etc/netns/a/no-such-in-etc", "w").close()
    ends(t, "missing target", "ip netns exec a echo goes on", 0, "goes on\n",
         "Bind /etc/netns/a/no-such-in-etc -> /etc/no-such-in-etc failed: No such file or directory\n")
    os.unlink("/etc/netns/a/no-such-in-etc")
    ends(t, "missing target: removed", "ip netns exec a true", 0)
    os.unlink("/etc/netns/a/hosts")
    os.rmdir("/etc/netns/a")
    ends(t, "without a directory", "ip netns exec a true", 0)


@rule("N11.5")
def everywhere(t):
    empty_names()
    ends(t, "none", "ip -all netns exec true", 0)
    sh("ip netns add a; ip netns add b", check=True)
    order = os.listdir(NAME)
    text = "".join("\nnetns: %s\n" % n for n in order)
    ends(t, "banner", "ip -all netns exec true", 0, text)
    ends(t, "status is 0", "ip -all netns exec false", 0, text)
    r = sh("ip -all netns exec sh -c 'ip netns identify; exit 9'")
    t.eq("each in its own", r.out, "".join("\nnetns: %s\n%s\n" % (n, n) for n in order))
    t.eq("status is still 0", r.rc, 0)
    ends(t, "without a command", "ip -all netns exec", 1, "", "No command specified\n")


main()
