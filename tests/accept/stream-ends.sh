#!/bin/sh
# How a stream ends and what it says out of its order: resets after the end of file,
# connections that are over before they are accepted, listeners that are gone,
# urgent data (RFC 6093) with select(), SIGURG, the mark and SO_OOBINLINE.
#
#	lo 127.0.0.1
. "$ACCEPT/lib.sh"

ip link set lo up
cat >"$TMPDIR/ends.py" <<'END'
import array, errno, fcntl, os, select, signal, socket, struct, time

def pair():
    ls = socket.socket(); ls.bind(('127.0.0.1', 0)); ls.listen()
    c = socket.socket(); c.connect(ls.getsockname()); s, _ = ls.accept(); ls.close()
    return c, s

def t(f):
    try:
        r = f()
        return 'a name' if isinstance(r, tuple) else r
    except OSError as e:
        return errno.errorcode[e.errno] if e.errno else 'late'

def ready(s):
    return [len(x) for x in select.select([s], [s], [s], 0)]

print('-- closed, and written to')
c, s = pair(); c.send(b'x'); c.close(); time.sleep(.05)
print(s.recv(10), s.recv(10), t(lambda: s.send(b'a')))
time.sleep(.05); print(t(lambda: s.send(b'b')), t(lambda: s.recv(1)))

print('-- reset before it is accepted, and after')
for accept_first in True, False:
    ls = socket.socket(); ls.bind(('127.0.0.1', 0)); ls.listen()
    c = socket.socket(); c.connect(ls.getsockname())
    if accept_first: s, _ = ls.accept()
    c.send(b'data'); c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); c.close()
    if not accept_first: s, _ = ls.accept()
    time.sleep(.05)
    print([t(f) for f in (s.getpeername, lambda: s.recv(1), lambda: s.recv(9), lambda: s.recv(9), lambda: s.send(b'x'))])

print('-- nobody listens any more')
seen = set()
for i in range(200):
    ls = socket.socket(); ls.bind(('127.0.0.1', 0)); ls.listen(); at = ls.getsockname(); ls.close()
    seen.add(str(t(lambda: socket.create_connection(at)))[:20])
print(seen)

def mark(s):
    b = array.array('i', [0]); fcntl.ioctl(s, 0x8905, b); return b[0]

for inline in 0, 1:
    print('-- urgent,', 'in line' if inline else 'apart')
    c, s = pair(); s.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, inline); s.settimeout(.2)
    hits = []; signal.signal(signal.SIGURG, lambda *a: hits.append(1)); fcntl.fcntl(s, fcntl.F_SETOWN, os.getpid())
    c.send(b'abc'); c.send(b'xyZ', socket.MSG_OOB); time.sleep(.05); c.send(b'def'); time.sleep(.05)
    print(ready(s), 'SIGURG', len(hits) > 0, 'mark', mark(s))
    print(t(lambda: s.recv(100)), 'mark', mark(s), ready(s))
    print(t(lambda: s.recv(1, socket.MSG_OOB | socket.MSG_PEEK)), t(lambda: s.recv(1, socket.MSG_OOB)), ready(s))
    print(t(lambda: s.recv(100)), mark(s), t(lambda: s.recv(100)), t(lambda: s.recv(1, socket.MSG_OOB)))
END
python3 "$TMPDIR/ends.py"
