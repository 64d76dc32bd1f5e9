#!/bin/sh
#
#     red: lo
#
# What a program sees of its sockets, call by call: readiness in every state,
# also edge-triggered, ends and errors, what blocks and what interrupts it,
# descriptors that are copied, inherited and passed, abstract names.
. "$(dirname "$0")/lib.sh"

netns red
ip -n red link set lo up
cd "$TMPDIR" || exit 1
cat >sockets.py <<'END'
import socket, select, errno, struct, os, sys, time, threading, signal, fcntl
A = sys.argv[1] if len(sys.argv) > 1 else '127.0.0.1'
def names(m):
    return '|'.join(n for n in ('IN','PRI','OUT','ERR','HUP','RDHUP') if m & getattr(select,'POLL'+n)) or '0'
def pl(s, t=0):
    p = select.poll(); p.register(s, select.POLLIN|select.POLLOUT|select.POLLPRI|select.POLLRDHUP)
    r = p.poll(t)
    return names(r[0][1]) if r else '0'
def settle(): time.sleep(0.05)
def tr(f, *a):
    try: return f(*a)
    except OSError as e: return errno.errorcode[e.errno]
def show(*a): print(*a, flush=True)
def listener(port, backlog=5):
    l = socket.socket(); l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    l.bind((A, port)); l.listen(backlog); return l
def pair(port):
    l = listener(port); c = socket.socket(); c.connect((A, port)); s, _ = l.accept(); l.close(); return c, s

def t_fresh():
    s = socket.socket(); show(pl(s)); show(tr(s.getpeername)); show(tr(s.shutdown, socket.SHUT_WR)); show(s.getsockname())
def t_listen():
    l = listener(5001); show(pl(l)); l.setblocking(False); show(tr(l.accept))
    c = socket.socket(); c.connect((A, 5001)); settle(); show(pl(l)); show(pl(c))
    c2 = socket.socket(); c2.connect((A, 5001)); settle()
    s, a = l.accept(); show(a == c.getsockname(), s.getsockname(), s.getpeername() == c.getsockname()); settle(); show(pl(l))
    s2, a = l.accept(); show(a == c2.getsockname()); settle(); show(pl(l)); show(tr(l.accept))
    show(l.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
def t_data():
    c, s = pair(5002); show(pl(c), pl(s)); c.send(b'hello'); settle(); show(pl(s)); show(s.recv(10, socket.MSG_PEEK)); show(s.recv(2)); show(s.recv(10)); show(pl(s))
    c.sendmsg([b'ab', b'cd']); settle(); show(s.recvmsg(10)); s.sendto(b'xy', (A, 1)); settle(); show(c.recvfrom(10))
    buf = bytearray(4); s.send(b'1234'); settle(); show(c.recv_into(buf), bytes(buf))
    ba = struct.unpack('i', fcntl.ioctl(s, 0x541b, b'\0'*4)); show(ba)
def t_halfclose():
    c, s = pair(5003); c.send(b'last'); c.shutdown(socket.SHUT_WR); settle(); show(pl(c), pl(s)); show(s.recv(10), s.recv(10)); show(tr(c.send, b'x'))
    s.send(b'answer'); settle(); show(c.recv(10)); show(pl(c)); s.close(); settle(); show(pl(c)); show(c.recv(10))
def t_close():
    c, s = pair(5004); s.send(b'bye'); s.close(); settle(); show(pl(c)); show(c.recv(10)); show(c.recv(10)); show(pl(c))
def t_both():
    c, s = pair(5005); c.shutdown(socket.SHUT_WR); s.shutdown(socket.SHUT_WR); settle(); show(pl(c), pl(s)); show(c.recv(1), s.recv(1)); c.close(); s.close()
def t_reset():
    c, s = pair(5006); s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); s.close(); settle(); show(pl(c)); show(tr(c.recv, 10)); show(tr(c.recv, 10)); show(pl(c)); show(tr(c.send, b'x'))
def t_reset2():
    c, s = pair(5007); s.send(b'data'); settle(); c.close(); settle(); show(pl(s)); show(tr(s.recv, 10))
def t_reset_err():
    c, s = pair(5008); c.send(b'unread'); settle(); s.close(); settle(); show(pl(c)); show(errno.errorcode.get(c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))); show(c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
def t_refused():
    c = socket.socket(); show(tr(c.connect, (A, 5999)))
    l = listener(5010); show(tr(c.connect, (A, 5010))); show(pl(c))
def t_refused_nb():
    c = socket.socket(); c.setblocking(False); e = select.epoll(); e.register(c, select.EPOLLIN|select.EPOLLOUT|select.EPOLLET|select.EPOLLRDHUP); show([names(m) for _, m in e.poll(0)])
    show(tr(c.connect, (A, 5998))); settle(); show([names(m) for _, m in e.poll(0.5)]); show(errno.errorcode.get(c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)))
def t_connect_nb():
    l = listener(5011); c = socket.socket(); c.setblocking(False); e = select.epoll(); e.register(c, select.EPOLLIN|select.EPOLLOUT|select.EPOLLET|select.EPOLLRDHUP); show([names(m) for _, m in e.poll(0)])
    show(tr(c.connect, (A, 5011))); show([names(m) for _, m in e.poll(0.5)]); show(c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)); show(tr(c.connect, (A, 5011))); show(tr(c.connect, (A, 5011)))
    s, _ = l.accept(); s.send(b'hi'); show([names(m) for _, m in e.poll(0.5)]); show(c.recv(10)); c.send(b'yo'); show(s.recv(10)); big = b'z'*300000
    t = threading.Thread(target=lambda: s.sendall(big)); t.start(); n = 0
    while n < len(big):
        e.poll(0.5)
        try:
            while True:
                d = c.recv(65536)
                if not d: break
                n += len(d)
        except BlockingIOError: pass
    t.join(); show(n)
def t_accept_block():
    l = listener(5012); r = []
    t = threading.Thread(target=lambda: r.append(l.accept()[0].recv(10))); t.start(); settle(); c = socket.socket(); c.connect((A, 5012)); c.send(b'x'); t.join(); show(r)
    l.settimeout(None); l.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack('ll', 0, 100000)); t0 = time.time(); show(tr(l.accept)); show(0.08 < time.time() - t0 < 0.4)
def t_eintr():
    l = listener(5013); signal.signal(signal.SIGALRM, lambda *a: (_ for _ in ()).throw(KeyError('alarm'))); signal.setitimer(signal.ITIMER_REAL, 0.1)
    try: l.accept()
    except KeyError: show('interrupted')
    pid = os.fork()
    if pid == 0: time.sleep(0.2); c = socket.socket(); c.connect((A, 5013)); os._exit(0)
    n = []; signal.signal(signal.SIGALRM, lambda *a: n.append(1)); signal.setitimer(signal.ITIMER_REAL, 0.05); l.accept(); show(n); os.waitpid(pid, 0)
def t_backpressure():
    c, s = pair(5014); c.setblocking(False); n = 0
    try:
        while True: n += c.send(b'q' * 65536)
    except BlockingIOError: pass
    show(pl(c)); m = 0
    s.settimeout(2)
    while m < n: m += len(s.recv(1 << 20))
    settle(); show(n == m, pl(c), n > 100000, n < 30000000)
def t_rebind():
    for i in range(3):
        l = socket.socket(); l.bind((A, 5015)); l.listen(1); l.close()
    l = socket.socket(); l.bind((A, 5015)); show('ok'); l2 = socket.socket(); show(tr(l2.bind, (A, 5015)))
def t_fork():
    c, s = pair(5016); pid = os.fork()
    if pid == 0: s.send(b'child'); os._exit(0)
    os.waitpid(pid, 0); show(c.recv(10)); d = s.dup(); s.close(); d.send(b'dup'); show(c.recv(10)); settle(); show(pl(c)); d.close(); settle(); show(pl(c))
def t_scm():
    c, s = pair(5017); a, b = socket.socketpair(); socket.send_fds(a, [b'f'], [s.fileno()]); s.close(); settle(); show(pl(c)); m, fds, f, ad = socket.recv_fds(b, 10, 4); n = socket.socket(fileno=fds[0]); n.send(b'passed'); show(c.recv(10)); show(n.getsockname())
def t_udp():
    a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); show(pl(a)); a.bind((A, 5100)); b.bind((A, 5101))
    b.sendto(b'one', (A, 5100)); b.sendto(b'two', (A, 5100)); settle(); show(pl(a)); show(a.recvfrom(10)); show(a.recv(10)); show(pl(a)); a.setblocking(False); show(tr(a.recv, 10)); show(tr(a.recvfrom, 10)); a.setblocking(True)
    b.connect((A, 5100)); b.send(b'conn'); show(a.recvfrom(10)); c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); c.sendto(b'c', (A, 5100)); b.send(b'bb'); settle(); show(a.recv(10)); show(a.recvfrom(10)[0]); b.send(b''); settle(); show(pl(a)); show(a.recvfrom(10)); b.send(b'0123456789'); settle(); show(a.recvmsg(4)[0::2]); b.send(b'0123456789'); settle(); show(a.recv(4, socket.MSG_PEEK)); show(a.recv(4, socket.MSG_TRUNC|socket.MSG_PEEK)[:4]); show(a.recv(20))
    b.send(b'x' * 60000); show(len(a.recv(65536))); show(tr(b.getpeername)); r = []
    t = threading.Thread(target=lambda: r.append(a.recvfrom(10))); t.start(); settle(); b.send(b'held'); t.join(); show(r)
    a.settimeout(None); a.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack('ll', 0, 100000)); t0 = time.time(); show(tr(a.recvfrom, 1)); show(tr(a.recv, 1)); show(time.time() - t0 < 1)
def t_opts():
    s = socket.socket(); show(s.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE), s.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN), s.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL)); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); show(s.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)); show(tr(s.setsockopt, 1, 9999, 1)); show(tr(socket.socket, 31, 1, 0))
def t_unix():
    l = socket.socket(socket.AF_UNIX); l.bind('\0abc'); l.listen(1); show(l.getsockname()); c = socket.socket(socket.AF_UNIX); c.connect('\0abc'); s, a = l.accept(); show(a, c.getpeername()); c.send(b'q'); show(s.recv(5)); x = socket.socket(socket.AF_UNIX); show(tr(x.bind, '\0abc')); show(tr(x.connect, '\0nope'))
    d = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); d.bind('\0dg'); e = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); e.sendto(b'z', '\0dg'); show(d.recv(10)); p = socket.socket(socket.AF_UNIX); p.bind('at'); p.listen(1); q = socket.socket(socket.AF_UNIX); q.connect('at'); show(q.getpeername()); os.unlink('at')
def t_etlisten():
    l = listener(5020); l.setblocking(False); e = select.epoll(); e.register(l, select.EPOLLIN|select.EPOLLET); cs = []
    for i in range(3): c = socket.socket(); c.connect((A, 5020)); cs.append(c)
    n = 0
    for i in range(10):
        if not e.poll(0.2): break
        while True:
            try: l.accept(); n += 1
            except BlockingIOError: break
    show(n); show(e.poll(0.05))
    for i in range(2): c = socket.socket(); c.connect((A, 5020)); cs.append(c)
    settle(); show([names(m) for _, m in e.poll(0.2)])
def t_shutlisten():
    l = listener(5021); t = []
    th = threading.Thread(target=lambda: t.append(tr(l.accept))); th.start(); settle(); l.shutdown(socket.SHUT_RD); th.join(2); show(t)
for name in sys.argv[2:] or [k for k in list(globals()) if k.startswith('t_')]:
    show('--', name)
    try: globals()[name]()
    except BaseException as e: show('EXC', repr(e))
END
show ip netns exec red python3 sockets.py 127.0.0.1
