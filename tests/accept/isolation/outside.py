"""outside.py WARREN ESCAPE - run ESCAPE in a warren and look at it from outside

It is given, as programs get it by accident, an inherited socket of the host;
it may know our pid and where our sockets are.
"""

import os
import re
import socket
import subprocess
import sys

server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
port = server.getsockname()[1]
gift = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
os.set_inheritable(gift.fileno(), True)

p = subprocess.Popen(
    [sys.argv[1], "run", "--", sys.argv[2], str(os.getpid()), str(server.fileno()), str(port)],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, pass_fds=[gift.fileno()],
)
pid = None
for line in p.stdout:
    m = re.match(r"holding (\d+)", line)
    if m:
        pid = int(m.group(1))
        break
    print(line, end="")

# every socket of the host that is no AF_UNIX socket
host = set()
for name, column in (("tcp", 9), ("tcp6", 9), ("udp", 9), ("udp6", 9), ("raw", 9), ("raw6", 9),
                     ("icmp", 9), ("netlink", 9), ("packet", 8)):
    try:
        with open("/proc/net/" + name) as f:
            host |= {l.split()[column] for l in list(f)[1:] if len(l.split()) > column}
    except OSError:
        pass
held = 0
if pid:
    base = "/proc/%d/fd/" % pid
    for fd in os.listdir(base):
        m = re.match(r"socket:\[(\d+)\]", os.readlink(base + fd))
        if m and m.group(1) in host:
            held += 1
            print("descriptor", fd, "is a socket of the host")
    print("sockets of the host it holds:", held)
    same = os.readlink("/proc/%d/ns/net" % pid) == os.readlink("/proc/self/ns/net")
    print("the kernel made it a namespace:", "no" if same else "YES")
p.stdin.close()
for line in p.stdout:
    print(line, end="")
print("ended with", p.wait())
