#!/bin/sh
#
#     one process:  thread 1 here   thread 2 in a   thread 3 in b   their children
#
# Namespaces of threads, by unshare(), setns() and clone(), and what is refused.
. "$(dirname "$0")/lib.sh"

need python3
cat >"$TMPDIR/threads.py" <<'END'
import ctypes, errno, os, platform, signal, subprocess, threading

libc = ctypes.CDLL(None, use_errno=True)
NEWNET, NEWUTS, SIGCHLD = 0x40000000, 0x04000000, 17
CLONE = {"x86_64": 56, "aarch64": 220}[platform.machine()]

def call(fn, *args):
    r = fn(*args)
    return errno.errorcode[ctypes.get_errno()] if r < 0 else r

def here(who="self"):
    return os.readlink("/proc/%s/ns/net" % who)

home = here()
fd = os.open("/proc/self/ns/net", os.O_RDONLY)
print("inode", os.fstat(fd).st_ino == int(home[5:-1]))
print("unshare", call(libc.unshare, NEWNET), here() != home)
a = here()
fd_a = os.open("/proc/self/ns/net", os.O_RDONLY)

def child():
    return subprocess.run(["readlink", "/proc/self/ns/net"], capture_output=True, text=True).stdout.strip()

print("a child is there, too", child() == a)
print("setns", call(libc.setns, fd, NEWNET), here() == home)
print("setns without a type", call(libc.setns, fd_a, 0), here() == a)
print("wrong type", call(libc.setns, fd, 0x20000000))
print("no descriptor", call(libc.setns, 999, NEWNET))
null = os.open("/dev/null", os.O_RDONLY)
print("no namespace", call(libc.setns, null, NEWNET), call(libc.setns, null, 0))
call(libc.setns, fd, 0)

seen = {}
def work(n):
    ok = call(libc.unshare, NEWNET) == 0
    mine = here("thread-self")
    tid = threading.get_native_id()
    seen[n] = (mine, ok, here("self/task/%d" % tid) == mine, child() == mine)
ts = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print("three threads, three namespaces", len({v[0] for v in seen.values()}), [v[1:] for v in seen.values()])
print("the first stayed", here() == home, here("thread-self") == home, child() == home)

def back():
    call(libc.unshare, NEWNET)
    print("and back again", call(libc.setns, fd, NEWNET), here("thread-self") == home)
t = threading.Thread(target=back)
t.start()
t.join()

r, w = os.pipe()
pid = os.fork()
if pid == 0:
    call(libc.unshare, NEWNET)
    os.write(w, b"x")
    signal.pause()
os.read(r, 1)
pidfd = os.pidfd_open(pid)
print("by pidfd", call(libc.setns, pidfd, NEWNET), here() == here(pid), here() != home)
call(libc.setns, fd, 0)
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
print("of the dead", call(libc.setns, pidfd, NEWNET), here() == home)

os.set_inheritable(w, True)
pid = libc.syscall(CLONE, NEWNET | SIGCHLD, 0, 0, 0, 0)
if pid == 0:
    os.write(w, here().encode())
    os._exit(0)
os.waitpid(pid, 0)
print("clone", os.read(r, 100).decode() not in (home, a), here() == home)
END
python3 "$TMPDIR/threads.py"
