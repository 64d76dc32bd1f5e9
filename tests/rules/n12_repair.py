# SPDX-License-Identifier: MIT
"""N12.3 - N12.6: a TCP connection taken out of one socket and put into another"""

from rules import *

TCP = socket.IPPROTO_TCP
REPAIR, QUEUE, SEQ, OPTIONS, TIMESTAMP, WINDOW = 19, 20, 21, 22, 24, 29
NO_QUEUE, RECV, SEND = 0, 1, 2


def pair():
    ls = socket.socket()
    ls.bind(("127.0.0.1", 0))
    ls.listen()
    c = socket.socket()
    c.connect(ls.getsockname())
    s, _ = ls.accept()
    return ls, c, s


def u32(s, name):
    return s.getsockopt(TCP, name) & 0xFFFFFFFF


@rule("N12.3")
def switch(t):
    ls, c, s = pair()
    t.fails("on", 0, c.setsockopt, TCP, REPAIR, 1)
    t.eq("is on", c.getsockopt(TCP, REPAIR), 1)
    t.fails("off, silently", 0, c.setsockopt, TCP, REPAIR, -1)
    t.eq("is off", c.getsockopt(TCP, REPAIR), 0)
    t.fails("other", EINVAL, c.setsockopt, TCP, REPAIR, 2)
    t.fails("listener", EPERM, ls.setsockopt, TCP, REPAIR, 1)
    t.eq("without the right", dropped(lambda: errno_of(socket.socket().setsockopt, TCP, REPAIR, 1)), EPERM)


@rule("N12.4")
def queues(t):
    ls, c, s = pair()
    t.fails("queue outside repair", EPERM, c.setsockopt, TCP, QUEUE, RECV)
    c.setsockopt(TCP, REPAIR, 1)
    t.fails("bad queue", EINVAL, c.setsockopt, TCP, QUEUE, 3)
    c.setsockopt(TCP, QUEUE, NO_QUEUE)
    t.fails("no queue: get", EINVAL, c.getsockopt, TCP, SEQ)
    c.setsockopt(TCP, QUEUE, SEND)
    t.ok("sequence", u32(c, SEQ) != 0)
    t.fails("set when connected", EPERM, c.setsockopt, TCP, SEQ, 5)
    fresh = socket.socket()
    fresh.setsockopt(TCP, REPAIR, 1)
    fresh.setsockopt(TCP, QUEUE, SEND)
    t.fails("set when closed", 0, fresh.setsockopt, TCP, SEQ, 5)
    t.eq("was set", u32(fresh, SEQ), 5)


@rule("N12.5")
def options(t):
    ls, c, s = pair()
    t.fails("options outside repair", EINVAL, c.setsockopt, TCP, OPTIONS, struct.pack("=II", 2, 1000))
    t.fails("window outside repair", EPERM, c.getsockopt, TCP, WINDOW, 20)
    c.setsockopt(TCP, REPAIR, 1)
    t.eq("window", len(c.getsockopt(TCP, WINDOW, 20)), 20)
    t.ok("timestamp", u32(c, TIMESTAMP) >= 0)


@rule("N12.6")
def moved(t):
    ls, c, s = pair()
    name, peer = c.getsockname(), c.getpeername()
    c.setsockopt(TCP, REPAIR, 1)
    seq = []
    for q in (RECV, SEND):
        c.setsockopt(TCP, QUEUE, q)
        seq.append(u32(c, SEQ))
    stamp = u32(c, TIMESTAMP)
    window = c.getsockopt(TCP, WINDOW, 20)
    c.close()
    s.setblocking(False)
    time.sleep(0.05)
    t.fails("nothing was sent at close", EAGAIN, s.recv, 10)
    n = socket.socket()
    n.setsockopt(TCP, REPAIR, 1)
    n.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    n.bind(name)
    for q, v in ((RECV, seq[0]), (SEND, seq[1])):
        n.setsockopt(TCP, QUEUE, q)
        n.setsockopt(TCP, SEQ, struct.pack("=I", v))
    n.connect(peer)
    n.setsockopt(TCP, OPTIONS, struct.pack("=IIIIIIII", 2, 65495, 3, 7 | 7 << 16, 4, 0, 8, 0))
    n.setsockopt(TCP, TIMESTAMP, struct.pack("=I", stamp))
    n.setsockopt(TCP, WINDOW, window)
    n.setsockopt(TCP, REPAIR, 0)
    t.eq("peer's name", n.getpeername(), peer)
    n.send(b"from the new one")
    s.settimeout(5)
    t.eq("to the peer", s.recv(100), b"from the new one")
    s.send(b"and back")
    n.settimeout(5)
    t.eq("from the peer", n.recv(100), b"and back")


main()
