# shellcheck shell=sh
# reuseport.sh - SO_REUSEPORT: who of a group gets it, by flow or by a program
. "$(dirname "$0")/lib.sh"

netns a
in_ns a python3 -u - <<'END'
import ctypes, errno, select, socket, struct

AT = ("127.0.0.1", 5000)
libc = ctypes.CDLL(None)


def attempt(what, fn, *args):
    try:
        got = fn(*args)
    except OSError as e:
        got = errno.errorcode[e.errno]
    print("%-24s %s" % (what, got))


def attach(s, *ins, opt=51):
    buf = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *i) for i in ins))
    s.setsockopt(socket.SOL_SOCKET, opt, struct.pack("HxxxxxxP", len(ins), ctypes.addressof(buf)))


def make(kind=socket.SOCK_DGRAM):
    s = socket.socket(socket.AF_INET, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(AT)
    return s


# payload "2": the third; more than there are: as without
by_digit = (0x30, 0, 0, 0), (0x14, 0, 0, ord("0")), (0x16, 0, 0, 0)
group = [make() for i in range(3)]
c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def who():
    ready = select.select(group, [], [], 1)[0]
    return sorted((group.index(s), s.recv(10)) for s in ready)


plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
attempt("without SO_REUSEPORT", lambda: attach(plain, *by_digit))
attempt("not sound", lambda: attach(group[0], by_digit[0]))
attempt("detach none", group[0].setsockopt, socket.SOL_SOCKET, 68, 0)
attempt("attach", lambda: attach(group[1], *by_digit))
for word in b"0", b"1", b"2", b"0", b"2":
    c.sendto(word, AT)
    attempt("to", who)
c.sendto(b"9", AT)
attempt("out of range: to", lambda: len(who()))
attempt("detach", group[1].setsockopt, socket.SOL_SOCKET, 68, 0)

seen = set()
for i in range(64):
    d = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    d.sendto(b"x", AT)
    seen |= set(w[0] for w in who())
print("by flow: all get some", sorted(seen))
d.connect(AT)
first = []
for i in range(5):
    d.send(b"y")
    first += [w[0] for w in who()]
print("one flow, one socket", len(set(first)))

print("listeners")
ls = [make(socket.SOCK_STREAM) for i in range(3)]
for s in ls:
    s.listen()
attempt("attach", lambda: attach(ls[0], (0x06, 0, 0, 1)))
for i in range(4):
    e = socket.create_connection(AT)
    ready = select.select(ls, [], [], 1)[0]
    print([ls.index(s) for s in ready])
    for s in ready:
        s.accept()[0].close()
    e.close()
END
