#!/bin/sh
#
#   lo   v0 10.0.0.1 ---- v1      one namespace
#
# Sockets bound to a device, and what comes back to us by an address of one: it came
# by the device that has the address, whichever way it went.
. "$(dirname "$0")/lib.sh"

netns red
ip -n red link add v0 type veth peer name v1
ip -n red addr add 10.0.0.1/24 dev v0
ip -n red link set v0 up
ip -n red link set v1 up
cat >"$TMPDIR/bound.py" <<'END'
import errno, itertools, os, socket
port = 5000
for kind, dev, cdev, dst in itertools.product(("udp", "tcp"), (b"v0", b"lo", None), (None, b"lo", b"v0"), ("10.0.0.1", "127.0.0.1")):
    port += 1
    type = socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, type) as l, socket.socket(socket.AF_INET, type) as c:
        if dev: l.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, dev)
        if cdev: c.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, cdev)
        l.bind(("", port)); l.settimeout(0.2); c.settimeout(0.2)
        l.setsockopt(socket.IPPROTO_IP, 8, 1)
        try:
            if kind == "udp":
                c.connect((dst, port)); c.send(b"x")
                res = "by device %d" % int.from_bytes(l.recvmsg(9, 99)[1][0][2][:4], "little")
            else:
                l.listen(); c.connect((dst, port))
                with l.accept()[0] as a: res = "accepted"
        except OSError as e: res = errno.errorcode.get(e.errno, "timeout")
        print(kind, "listener on", dev, "client on", cdev, "to", dst, res)
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as r:
    r.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"v0"); r.settimeout(0.2)
    os.system("ping -q -c1 -W1 10.0.0.1 >/dev/null")
    print("raw on v0 heard", len(r.recv(1000)))
END
show in_ns red python3 -u "$TMPDIR/bound.py"
