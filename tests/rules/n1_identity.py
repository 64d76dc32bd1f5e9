# SPDX-License-Identifier: MIT
"""N1.2 - N1.9: what a namespace is, and how one is told from another"""

from rules import *


@rule("N1.2", fresh=False)
def empty(t):
    unshare()
    t.eq("links", sh("ip -o link | wc -l").out.strip(), "1")
    t.ok("lo", sh("ip link show lo").out.startswith("1: lo: <LOOPBACK> "))
    t.eq("addresses", sh("ip -4 addr").out.count("inet"), 0)
    t.eq("routes", sh("ip -4 route show table all").out, "")
    t.eq("rules", sh("ip -4 rule").out.split("\n")[0].split(), ["0:", "from", "all", "lookup", "local"])
    t.eq("sockets", sh("ss -Htuanwx").out, "")


@rule("N1.3")
def peers(t):
    pid = os.fork()
    if pid == 0:
        unshare()
        os._exit(0)
    os.waitpid(pid, 0)
    fd = new_ns()
    import fcntl
    t.fails("parent", EINVAL, fcntl.ioctl, fd, NS_GET_PARENT)
    with inside(fd):
        t.ok("lives on", "LOOPBACK,UP" in sh("ip link show lo").out)


@rule("N1.4")
def numbers(t):
    text = os.readlink("/proc/self/ns/net")
    st = os.stat("/proc/self/ns/net")
    t.eq("link", text, "net:[%d]" % st.st_ino)
    t.eq("mode", st.st_mode & 0o7777, 0o444)
    home = ns_id()
    fd = new_ns()
    t.ok("differ", ns_id(fd) != home)
    with inside(fd):
        t.eq("same", ns_id(fd), ns_id())
    sh("ip netns add a", check=True)
    with inside("a"):
        t.eq("name", ns_id(NAME + "a"), ns_id())
    t.eq("statfs", sh("stat -f -c %T " + NAME + "a").out.strip(), "nsfs")


main()
