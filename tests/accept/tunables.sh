#!/bin/sh
#
#     (here)      red
#
# /proc/sys/net: read, write, refuse; each namespace has its own.
. "$(dirname "$0")/lib.sh"

need sysctl python3
f=/proc/sys/net/ipv4/ip_forward
ip netns add red
say 'read and write'
show cat $f
show ip netns exec red sh -c "echo 1 >$f"
show ip netns exec red cat $f
show cat $f
show ip netns exec red sh -c "echo 0 | tee $f"
show ip netns exec red cat $f
show ip netns exec red sysctl -w net.ipv4.ip_forward=1
show ip netns exec red sysctl -n net.ipv4.ip_forward
show sysctl net/ipv4/ip_forward
say 'refused'
show sysctl -w net.ipv4.ip_forward=abc
show sysctl -w net.core.somaxconn=-1
show sysctl net.ipv4.no_such_thing
show sysctl -w net.ipv4.no_such_thing=1
sh -c "echo x >$f" 2>/dev/null; echo "status $?"
python3 - <<'END'
import errno, os
def write(path, what, flags=os.O_WRONLY):
    try:
        fd = os.open(path, flags)
    except OSError as e:
        return "open " + errno.errorcode[e.errno]
    try:
        return os.write(fd, what)
    except OSError as e:
        return errno.errorcode[e.errno]
    finally:
        os.close(fd)
f = "/proc/sys/net/ipv4/ip_forward"
print(write(f, b"1\n"), open(f).read())
print(write(f, b"0"), open(f).read())
print(write(f, b"none\n"), write(f, b"1 2") in (2, 3), open(f).read())
print(write(f, b" 1 "), open(f).read())
print(write(f, b"0\n", os.O_RDWR | os.O_TRUNC), open(f).read())
print(write("/proc/sys/net/ipv4", b"1"), write("/proc/sys/net/ipv4/none", b"1"))
print(os.access(f, os.R_OK), os.path.isdir("/proc/sys/net/core"), os.path.isfile(f), os.path.exists(f + "x"))
print("ip_forward" in os.listdir("/proc/sys/net/ipv4"), "ipv4" in os.listdir("/proc/sys/net"))
END
cd /proc/sys/net/ipv4 2>/dev/null || true
show cat $f
