#!/bin/sh
#
#     red                            blue
#   +-------------+              +-------------+
#   | r0 10.1.1.1 |--------------| b0 10.1.1.2 |
#   +-------------+     veth     +-------------+
#
# only: kernel
#
# Corners where warren does not do as the kernel does, because the host answers
# the call on the AF_UNIX socket that the program holds. Run on the kernel only,
# until one is closed and moves to where it belongs.
. "$(dirname "$0")/lib.sh"

netns red blue
wire red r0 10.1.1.1/24 blue b0 10.1.1.2/24
cat >"$TMPDIR/corners.py" <<'END'
import errno, fcntl, os, select, socket, struct, termios, time
def attempt(what, f, *a):
    try:
        print(what, "->", f(*a))
    except socket.timeout:
        print(what, "-> timed out")
    except OSError as e:
        print(what, "->", errno.errorcode[e.errno])
# warren: EINVAL, ENOTCONN
attempt("recv of TCP, not connected", socket.socket().recv, 10)
attempt("send of TCP, not connected", socket.socket().send, b"x")
# warren: taken, and dropped by the stack
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.connect(("10.1.1.2", 9))
attempt("a datagram of 65508 bytes", u.send, b"x" * 65508)
# warren: of all datagrams
t = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); t.bind(("127.0.0.1", 0))
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.sendto(b"12345", t.getsockname()); u.sendto(b"123", t.getsockname()); time.sleep(0.1)
print("FIONREAD", struct.unpack("i", fcntl.ioctl(t, termios.FIONREAD, bytes(4)))[0])
# warren: b"", it is an ordinary file
attempt("read of a namespace", os.read, os.open("/run/netns/red", os.O_RDONLY), 1)
END
show ip netns exec red python3 "$TMPDIR/corners.py"
