#!/bin/sh
#
#     red                      blue
#   +-----+                  +------+
#   | r0  |------------------|  b0  |     blue calls red 7
#   +-----+                  +------+
#
# only: warren
#
# Deletion is over when `ip netns del` returns: nothing here waits for it. The far
# end of the wire is gone, and who listens is told.
. "$(dirname "$0")/lib.sh"

cat >"$TMPDIR/del.py" <<'END_OF_PY'
import os, subprocess, sys
sys.path.insert(0, os.environ["HERE"])
sys.dont_write_bytecode = True
from nlink import *
heard = NL("blue", (1, 28))
subprocess.run(["ip", "netns", "del", "red"], check=True)
for e in heard.events(0.3):
    print(e)
END_OF_PY
make() {
	netns red
	ip -n blue netns set red 7
	wire red r0 10.1.1.1/24 blue b0 10.1.1.2/24
}
netns blue
say 'nothing holds it'
make
show python3 "$TMPDIR/del.py"
show ip -n blue -br link show b0
show ip -n blue netns list-id
say 'after programs were there'
make
ip netns exec red sh -c 'ping -c 1 10.1.1.2 >/dev/null; ip link >/dev/null'
ip netns exec blue sh -c 'ping -c 1 10.1.1.1 >/dev/null'
ip netns del red
show ip -n blue -br link show b0
say 'a process holds it: only the name goes, and the rest when the process ends'
make
ip netns exec red sleep 100 &
sleep 0.2
ip netns del red
ip -n blue -br link show b0 | awk '{ print $1, $2 }'
kill $!
gone() { ! ip -n blue link show b0; }
until_true 5 gone
say 'two names: with the last'
make
touch /run/netns/too
mount --bind /run/netns/red /run/netns/too
ip netns del red
ip -n blue -br link show b0 | awk '{ print $1, $2 }'
ip netns del too
show ip -n blue -br link show b0
say 'a hundred, each with a wire here'
for i in $(seq 100); do
	echo "netns add n$i"
	echo "link add x$i netns blue type veth peer name e0 netns n$i"
done >"$TMPDIR/batch"
ip -b "$TMPDIR/batch"
ip -n blue -br link | wc -l
for i in $(seq 100); do echo "netns del n$i"; done >"$TMPDIR/batch"
ip -b "$TMPDIR/batch"
ip -n blue -br link | wc -l
show ip netns
