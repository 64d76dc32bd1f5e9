# SPDX-License-Identifier: MIT
"""N11.6 - N11.13: ip -n, identify, pids, attach, set, list-id, monitor; unshare, nsenter, lsns"""

import json

from rules import *


def ends(t, label, command, rc, out="", err="", **kw):
    t.eq(label, sh(command, **kw).all, (rc, out, err))


def begin(*names):
    """No names but these"""
    sh("ip -all netns del")
    for n in names:
        sh("ip netns add " + n, check=True)


def sleeper(ns, n=1):
    """@n processes that sleep in the namespace @ns. -> their ids"""
    pids = []
    for _ in range(n):
        pid = os.fork()
        if pid == 0:
            inside(ns).__enter__()
            os.execvp("sleep", ["sleep", "60"])
        pids.append(pid)
    soon(lambda: all("sleep" in open("/proc/%d/comm" % p).read() for p in pids))
    return pids


def end(pids):
    for p in pids:
        os.kill(p, signal.SIGKILL)
        os.waitpid(p, 0)


@rule("N11.6")
def dash_n(t):
    begin("a")
    out = "lo               DOWN           00:00:00:00:00:00 <LOOPBACK> \n"
    ends(t, "-n", "ip -n a -br link", 0, out)
    ends(t, "-netns", "ip -netns a -br link", 0, out)
    bad = 'Cannot open network namespace "x": No such file or directory\n'
    ends(t, "no such", "ip -n x link", 255, "", bad)
    open(NAME + "plain", "w").close()
    ends(t, "no namespace", "ip -n plain link", 255, "",
         'setting the network namespace "plain" failed: Invalid argument\n')
    ends(t, "batch", "printf 'link set lo up\\nlink set lo mtu 1500\\n' | ip -n a -b -", 0)
    t.ok("batch: done", "mtu 1500" in sh("ip -n a link show lo").out)
    ends(t, "bridge -n", "bridge -n a fdb show", 0)
    t.eq("ss -N", sh("ss -N a -Hltn").all, (0, "", ""))
    ends(t, "ss -N no such", "ss -N x -Hltn", 1, "", bad)


@rule("N11.7")
def identify(t):
    begin("a", "b")
    ends(t, "none", "ip netns identify", 0, "\n")
    ends(t, "self", "ip netns exec a ip netns identify", 0, "a\n")
    pids = sleeper("a", 3)
    ends(t, "by pid", "ip netns identify %d" % pids[0], 0, "a\n")
    sh("ip netns attach a2 %d" % pids[0], check=True)
    # of several names the last in the order of the directory
    ends(t, "one of two names", "ip netns identify %d" % pids[0], 0, os.listdir(NAME)[-1 if "b" != os.listdir(NAME)[-1] else -2] + "\n")
    ends(t, "no such pid", "ip netns identify 4194300", 1, "",
         "Cannot open network namespace: No such file or directory\n")
    ends(t, "bad pid", "ip netns identify x", 1, "", "Specified string 'x' is not a pid\n")
    t.eq("pids", sorted(map(int, sh("ip netns pids a").out.split())), sorted(pids))
    t.eq("pids by the other name", sorted(map(int, sh("ip netns pids a2").out.split())), sorted(pids))
    ends(t, "pids: none", "ip netns pids b", 0)
    ends(t, "pids: no such", "ip netns pids x", 1, "",
         "Cannot open network namespace: No such file or directory\n")
    end(pids)
    t.eq("pids: ended", sh("ip netns pids a").out, "")


@rule("N11.8")
def attach(t):
    begin("a")
    pids = sleeper("a")
    ends(t, "silent", "ip netns attach n %d" % pids[0], 0)
    t.eq("the same", ns_id(NAME + "n"), ns_id(NAME + "a"))
    ends(t, "exists", "ip netns attach n %d" % pids[0], 1, "",
         'Cannot create namespace file "/run/netns/n": File exists\n')
    ends(t, "bad pid", "ip netns attach m 4194300", 1, "",
         "Bind /proc/4194300/ns/net -> /run/netns/m failed: No such file or directory\n")
    t.ok("bad pid: leaves nothing", not os.path.exists(NAME + "m"))
    ends(t, "no pid", "ip netns attach m", 1, "", "No netns name and PID specified\n")
    ends(t, "bad name", "ip netns attach a/b 1", 255, "", 'Invalid netns name "a/b"\n')
    sh("ip netns del a", check=True)
    ends(t, "one name of two is left", "ip netns identify %d" % pids[0], 0, "n\n")
    end(pids)
    ends(t, "the name keeps it", "ip -n n link set lo up", 0)
    pids = [os.fork()]
    if pids[0] == 0:
        unshare()
        os.execvp("sleep", ["sleep", "60"])
    soon(lambda: "sleep" in open("/proc/%d/comm" % pids[0]).read())
    ends(t, "an unnamed one", "ip netns attach u %d" % pids[0], 0)
    t.eq("an unnamed one: named", ns_id(NAME + "u"), ns_id("/proc/%d/ns/net" % pids[0]))
    end(pids)


@rule("N11.9")
def ids(t):
    begin("a", "b", "c")
    ends(t, "set", "ip netns set a 3", 0)
    ends(t, "auto", "ip netns set b auto", 0)
    ends(t, "list-id", "ip netns list-id", 0,
         "nsid 0 (iproute2 netns name: b)\nnsid 3 (iproute2 netns name: a)\n")
    ends(t, "again", "ip netns set a 4", 2, "", "Error: Peer netns already has a nsid assigned.\n")
    ends(t, "taken", "ip netns set c 3", 2, "", "Error: The specified nsid is already used.\n")
    ends(t, "negative", "ip netns set c -1", 255, "",
         'Error: argument "-1" is wrong: "netnsid" value should be >= 0\n')
    ends(t, "not a number", "ip netns set c x", 255, "",
         'Error: argument "x" is wrong: Invalid "netnsid" value\n')
    ends(t, "no such", "ip netns set x 9", 1, "",
         'Cannot open network namespace "x": No such file or directory\n')
    ends(t, "no id", "ip netns set c", 1, "", "No nsid specified\n")
    ends(t, "nsid K", "ip netns list-id nsid 3", 0, "nsid 3 (iproute2 netns name: a)\n")
    ends(t, "nsid of nobody", "ip netns list-id nsid 77", 2, "",
         "Error: Peer netns reference is invalid.\n")
    ends(t, "bad nsid", "ip netns list-id nsid x", 255, "",
         'Error: argument "x" is wrong: "nsid" value is invalid\n')
    ends(t, "another view is empty", "ip -n a netns list-id", 0)
    sh("ip -n a netns set c 5; ip netns set c 8", check=True)
    ends(t, "target-nsid", "ip netns list-id target-nsid 3", 0,
         "nsid 5 current-nsid 8 (iproute2 netns name: c)\n")
    t.eq("target-nsid of nobody", sh("ip netns list-id target-nsid 70").rc, 1)
    got = json.loads(sh("ip -j netns list-id").out)
    t.eq("json", got, [{"nsid": 0, "name": "b"}, {"nsid": 3, "name": "a"}, {"nsid": 8, "name": "c"}])
    pids = sleeper("b")
    sh("ip netns del b", check=True)
    ends(t, "unnamed", "ip netns list-id nsid 0", 0, "nsid 0 \n")
    end(pids)
    t.ok("gone with the namespace", soon(lambda: "nsid 0" not in sh("ip netns list-id").out))


def heard(argv, what, want, limit=5):
    """What a monitor prints while what() is done, until it has @want lines or the time is over"""
    p = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=False)
    time.sleep(0.3)
    what()
    out, stop = b"", time.monotonic() + limit
    while out.count(b"\n") < want and time.monotonic() < stop:
        if select.select([p.stdout], [], [], 0.1)[0]:
            out += os.read(p.stdout.fileno(), 65536)
    p.kill()
    p.wait()
    return out.decode()


@rule("N11.10")
def monitor(t):
    begin("a")

    def change():
        sh("ip netns add m1; ip netns add m2; ip netns del m1; touch /run/netns/file", check=True)
    t.eq("add, delete", heard(["stdbuf", "-oL", "ip", "netns", "monitor"], change, 4),
         "add m1\nadd m2\ndelete m1\nadd file\n")

    def number():
        sh("ip netns set a 41", check=True)
        sh("ip netns del a", check=True)
    got = heard(["stdbuf", "-oL", "ip", "monitor", "nsid"], number, 2).split("\n")
    t.eq("ip monitor nsid: assigned", got[0], "nsid 41 (iproute2 netns name: a)")
    t.eq("ip monitor nsid: deleted", got[1][:16], "Deleted nsid 41 ")


@rule("N11.11")
def move(t):
    begin("a", "b")
    sh("ip link add v0 type veth peer name v1", check=True)
    ends(t, "by name", "ip link set v0 netns a", 0)
    t.ok("by name: there", "v0" in sh("ip -n a -br link").out)
    pids = sleeper("b")
    ends(t, "by pid", "ip link set v1 netns %d" % pids[0], 0)
    t.ok("by pid: there", "v1" in sh("ip -n b -br link").out)
    end(pids)
    ends(t, "unknown", "ip link set lo netns nowhere", 255, "",
         'Error: argument "nowhere" is wrong: Invalid "netns" value\n\n')
    t.eq("no such pid", sh("ip link set lo netns 4194300").rc, 2)
    ends(t, "kernel's text", "ip link set lo netns a", 2, "",
         "Error: The interface netns is immutable.\n")
    ends(t, "no such device", "ip link set none netns a", 1, "", 'Cannot find device "none"\n')
    sh("ip link add w0 type veth peer name w1", check=True)
    ends(t, "name and index", "ip link set w0 netns a name x0 index 77", 0)
    t.ok("name and index: both", sh("ip -n a link show x0").out.startswith("77: x0@"))
    sh("ip link add y0 type veth peer name y1; ip -n a link add y0 type veth peer name z1", check=True)
    ends(t, "name taken", "ip link set y0 netns a", 2, "", "Error: An interface with the same name exists in the target netns.\n")
    ends(t, "netns 1 of add", "ip link add q0 netns a type veth peer name q1 netns b", 0)
    t.ok("created there", "q0" in sh("ip -n a -br link").out and "q1" in sh("ip -n b -br link").out)


@rule("N11.12")
def util_linux(t):
    begin("a")
    home = ns_id()
    ends(t, "unshare -n", "unshare -n ip -br link", 0,
         "lo               DOWN           00:00:00:00:00:00 <LOOPBACK> \n")
    t.eq("unshare -n: status", sh("unshare -n sh -c 'exit 5'").rc, 5)
    sh("ip link add v0 type veth peer name v1", check=True)
    t.eq("unshare -n: /sys as before", sh("unshare -n ls /sys/class/net").out.split(), sh("ls /sys/class/net").out.split())
    t.eq("the caller stays", ns_id(), home)
    with tempfile.TemporaryDirectory() as d:
        f = d + "/ns"
        r = sh("unshare --net=%s true" % f)
        t.eq("unshare --net=FILE: must exist", r.rc, 1)
        t.ok("unshare --net=FILE: why", r.err.endswith("/ns/net on %s failed: No such file or directory\n" % f))
        open(f, "w").close()
        ends(t, "unshare --net=FILE", "unshare --net=%s ip link set lo up" % f, 0)
        t.ok("--net=FILE: lives on", "UP" in sh("nsenter --net=%s ip link show lo" % f).out)
        t.ok("--net=FILE: is one", ns_id(f) != home and os.stat(f).st_mode & 0o777 == 0o444)
        ends(t, "umount", "umount " + f, 0)
        t.eq("umounted", os.stat(f).st_size, 0)
        ends(t, "nsenter: no namespace", "nsenter --net=%s true" % f, 1, "",
             "nsenter: reassociate to namespace 'ns/net' failed: Invalid argument\n")
    ends(t, "nsenter --net=FILE", "nsenter --net=/run/netns/a ip netns identify", 0, "a\n")
    t.eq("nsenter: /sys as before", sh("nsenter --net=/run/netns/a ls /sys/class/net").out, sh("ls /sys/class/net").out)
    pids = sleeper("a")
    ends(t, "nsenter -t PID -n", "nsenter -t %d -n ip netns identify" % pids[0], 0, "a\n")
    end(pids)
    t.eq("nsenter: missing file", sh("nsenter --net=/run/netns/none true").all,
         (1, "", "nsenter: cannot open /run/netns/none: No such file or directory\n"))
    t.eq("nsenter -t: no such pid", sh("nsenter -t 4194300 -n true").rc, 1)


@rule("N11.13")
def lsns(t):
    begin("a", "b")
    ino = {n: str(os.stat(NAME + n).st_ino) for n in "ab"}

    def rows(columns="NS,NPROCS,NETNSID,NSFS"):
        got = json.loads(sh("lsns -J -t net -o " + columns, check=True).out)["namespaces"]
        return {str(r["ns"]): r for r in got}
    t.ok("empty ones are absent", ino["a"] not in rows())
    pids = sleeper("a", 2)
    row = rows().get(ino["a"])
    t.ok("with a task", row)
    t.eq("NPROCS", int(row["nprocs"]), 2)
    t.eq("unassigned", row["netnsid"], "unassigned")
    t.eq("NSFS", row["nsfs"], "/run/netns/a")
    sh("ip netns set a 6", check=True)
    t.eq("NETNSID", str(rows()[ino["a"]]["netnsid"]), "6")
    t.ok("the caller's own", str(os.stat("/proc/self/ns/net").st_ino) in rows())
    sh("ip netns attach a2 %d" % pids[0], check=True)
    t.eq("NSFS: all names", sorted(rows()[ino["a"]]["nsfs"].split()), ["/run/netns/a", "/run/netns/a2"])
    t.eq("PID", int(rows("NS,PID")[ino["a"]]["pid"]), min(pids))
    t.eq("by task", str(json.loads(sh("lsns -J -t net -p %d -o NS" % pids[0]).out)["namespaces"][0]["ns"]), ino["a"])
    end(pids)
    t.ok("gone with the tasks", ino["a"] not in rows())


main()
