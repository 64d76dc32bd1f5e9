#!/bin/sh
#
#     red                            blue
#   +-------------+              +-------------+
#   | r0 10.1.1.1 |--------------| b0 10.1.1.2 |
#   +-------------+     veth     +-------------+
#
# Whatever a process does to make other processes, they are where it was.
. "$(dirname "$0")/lib.sh"

netns red blue
wire red r0 10.1.1.1/24 blue b0 10.1.1.2/24
ino() { stat -Lc %i "$1"; }
red=$(ino /run/netns/red)
blue=$(ino /run/netns/blue)
home=$(ino /proc/self/ns/net)
export red blue home

cat >"$TMPDIR/where.py" <<'END'
import os, sys
def where(path="/proc/thread-self/ns/net"):
    ino = str(os.stat(path).st_ino)
    return {os.environ["red"]: "red", os.environ["blue"]: "blue", os.environ["home"]: "home"}.get(ino, "elsewhere")
if __name__ == "__main__":
    print(where())
END
W="$TMPDIR/where.py"
say 'a child, a child of a child, a pipe, a command in the background'
show ip netns exec red python3 "$W"
ip netns exec red sh -c "sh -c 'python3 $W; :'; :"
ip netns exec red sh -c "echo x | python3 $W"
ip netns exec red sh -c "python3 $W & wait"
python3 "$W"
say 'a daemon: twice forked, its father dead before it looks'
cat >"$TMPDIR/daemon.py" <<'END'
import os, sys, time
sys.path.insert(0, os.environ["TMPDIR"])
from where import where
r, w = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(0.2)
        os.write(w, where().encode())
        os._exit(0)
    os._exit(0)
os.wait()
print("daemon in", os.read(r, 100).decode())
# many at once, none waits
for i in range(50):
    if os.fork() == 0:
        if os.fork() == 0:
            os.write(w, (where() + "\n").encode())
        os._exit(0)
os.close(w)
seen = {}
for line in os.fdopen(r):
    seen[line.strip()] = seen.get(line.strip(), 0) + 1
print("fifty in", seen)
END
show ip netns exec red python3 "$TMPDIR/daemon.py"
show ip netns exec blue python3 "$TMPDIR/daemon.py"
say 'threads: each its own namespace'
cat >"$TMPDIR/threads.py" <<'END'
import ctypes, os, socket, subprocess, sys, threading
sys.path.insert(0, os.environ["TMPDIR"])
from where import where
libc = ctypes.CDLL(None, use_errno=True)
def enter(ns):
    fd = os.open("/run/netns/" + ns, os.O_RDONLY)
    assert libc.setns(fd, 0x40000000) == 0, os.strerror(ctypes.get_errno())
    os.close(fd)
lock, turn, out = threading.Lock(), threading.Barrier(3), {}
def work(ns):
    if ns:
        enter(ns)
    turn.wait()
    child = subprocess.run([sys.executable, os.environ["TMPDIR"] + "/where.py"],
                           capture_output=True, text=True).stdout.strip()
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        s.bind(("10.1.1.1", 999))
        bound = "binds"
    except OSError as e:
        bound = e.strerror
    turn.wait()
    out[ns or "-"] = (where(), child, bound)
ts = [threading.Thread(target=work, args=(ns,)) for ns in (None, "red", "blue")]
for t in ts: t.start()
for t in ts: t.join()
for k in sorted(out):
    print(k, *out[k])
print("main thread", where())
END
show ip netns exec red python3 "$TMPDIR/threads.py"
say 'there and back'
cat >"$TMPDIR/back.py" <<'END'
import ctypes, os, sys
sys.path.insert(0, os.environ["TMPDIR"])
from where import where
libc = ctypes.CDLL(None, use_errno=True)
old = os.open("/proc/self/ns/net", os.O_RDONLY)
for ns in ("red", "blue", "red"):
    fd = os.open("/run/netns/" + ns, os.O_RDONLY)
    print(libc.setns(fd, 0), where())
    os.close(fd)
print(libc.setns(old, 0x40000000), where())
def err(what, *a):
    r = libc.setns(*a)
    print(what, r, os.strerror(ctypes.get_errno()) if r else "")
err("not a namespace", os.open(os.environ["TMPDIR"] + "/where.py", os.O_RDONLY), 0x40000000)
err("closed", 999, 0x40000000)
err("other kind", old, 0x04000000)
print("unshare", libc.unshare(0x40000000), where())
END
show python3 "$TMPDIR/back.py"
say 'how they end'
show sh -c 'exit 3'
show sh -c 'kill -TERM $$'
show sh -c 'kill -SEGV $$'
show ip netns exec red sh -c 'kill -INT $$'
show ip netns exec red false
show timeout 0.3 ip netns exec red sleep 10
show timeout 0.3 ip netns exec blue python3 -c 'import socket; s = socket.socket(); s.bind(("", 1)); s.listen(); s.accept()'
say 'a signal comes while a call waits'
cat >"$TMPDIR/signals.py" <<'END'
import errno, os, select, signal, socket, threading, time
hits = []
def on(sig, frame): hits.append(sig)
def later(seconds=0.2):
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGUSR1)).start()
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen()
signal.signal(signal.SIGUSR1, on)
# python itself repeats a call that was interrupted; the raw call shows
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def attempt(what, f, *a):
    later()
    t = time.time()
    r = f(*a)
    e = ctypes.get_errno()
    print(what, r if r >= 0 else errno.errorcode[e], "hits", len(hits), "waited", time.time() - t > 0.1)
signal.siginterrupt(signal.SIGUSR1, True)
attempt("accept", libc.accept, l.fileno(), None, None)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("127.0.0.1", 0))
buf = ctypes.create_string_buffer(100)
attempt("recv", libc.recv, u.fileno(), buf, 100, 0)
signal.siginterrupt(signal.SIGUSR1, False)
def connect():
    c = socket.socket(); c.connect(l.getsockname())
threading.Timer(0.5, connect).start()
r = libc.accept(l.fileno(), None, None)
print("accepted", r > 0)
later()
threading.Timer(0.5, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", u.getsockname())).start()
print("restarted", libc.recv(u.fileno(), buf, 100, 0), "hits", len(hits))
END
show ip netns exec red python3 "$TMPDIR/signals.py"
say 'many sockets, many processes'
show ip netns exec red python3 -c '
import os, socket
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen(128)
for i in range(20):
    if os.fork() == 0:
        c = socket.socket(); c.connect(l.getsockname()); c.sendall(b"%d\n" % i); os._exit(0)
got = sorted(int(l.accept()[0].recv(10)) for i in range(20))
print(got == list(range(20)))'
