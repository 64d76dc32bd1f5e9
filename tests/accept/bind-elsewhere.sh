#!/bin/sh
#
#     TMP/ns --- a namespace        /run/netns/green --- another
#
# A namespace bound to any file, found by its inode, entered by its name.
. "$(dirname "$0")/lib.sh"

need unshare nsenter python3
# umount(8) would look whether the user is root
unmount() {
	python3 -c 'import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
print("umount2", libc.umount2(sys.argv[1].encode(), 0), ctypes.get_errno())' "$1"
}
f=$TMPDIR/ns
ino() { stat -Lc %i "$1"; }
: >"$f"
show unshare --net="$f" true
show nsenter --net="$f" ip -br link
[ "$(nsenter --net="$f" readlink /proc/self/ns/net)" = "net:[$(ino "$f")]" ] && echo 'the same inode'
[ "$(ino "$f")" = "$(ino /proc/self/ns/net)" ] || echo 'not ours'
stat -c '%A %F %s' "$f"
rm -f "$f" 2>/dev/null; echo "rm: $?"
say 'a name for it'
ip netns add green
nsenter --net="$f" sleep 60 &
pid=$!
there() { [ "$(readlink /proc/$pid/ns/net)" = "net:[$(ino "$f")]" ]; }
until_true 5 there
ip netns attach blue $pid && echo 'attached'
[ "$(ino /run/netns/blue)" = "$(ino "$f")" ] && echo 'three names'
show ip netns exec blue ip netns identify
kill $pid
wait $pid 2>/dev/null
unmount "$f"
stat -c '%F' "$f"
show nsenter --net="$f" true
show ip -n blue -br link
unmount "$f"
unshare --net="$TMPDIR/missing" true 2>&1 | norm | sed 's,/proc/[0-9]*/,/proc/PID/,'
say 'processes'
unshare -n sleep 60 &
pid=$!
moved() { [ "$(readlink /proc/$pid/ns/net)" != "$(readlink /proc/self/ns/net)" ]; }
until_true 5 moved
nsenter -t $pid -n ip -br link | norm
[ "$(nsenter -t $pid -n readlink /proc/self/ns/net)" = "$(readlink /proc/$pid/ns/net)" ] && echo 'entered'
kill $pid
