#!/bin/sh
#
#     the warren's /        a tree of its own, --root
#       /jail               another root, entered by chroot
#
#     [red] v0 10.1.1.1 ---- 10.1.1.2 v1 [blue]
#
# only: warren
# inside: no
#
# The isolation recipe of docs/isolation.md: a root directory of its own, namespaces
# in it, and programs in namespaces that are chrooted once more.
. "$(dirname "$0")/lib.sh"

R=$TMPDIR/root
if ! unshare -Ur true 2>/dev/null; then
	echo 'the host allows no user namespaces'
	exit 77
fi

# Programs, and what they are linked with
put() {
	p=$(command -v "$1")
	mkdir -p "$R/bin"
	cp -L "$p" "$R/bin/$1"
	ldd "$p" 2>/dev/null | grep -o '/[^ ]*' | while read -r l; do
		mkdir -p "$R$(dirname "$l")"
		[ -e "$R$l" ] || cp -L "$l" "$R$l"
	done
}
mkdir -p "$R/proc" "$R/dev" "$R/sys" "$R/tmp" "$R/etc" "$R/run" "$R/jail/proc" "$R/jail/bin"
for b in sh ip ls cat mount umount readlink mkdir chroot id grep ping nsenter unshare env setpriv; do put $b; done
w() { env -i PATH=/bin "$WARREN" run "$@" 2>&1 | norm; }

say 'another root'
w --root "$R" -- ls -d /jail /proc/self
w --root "$R" -- sh -c 'ip -o link | grep -c lo; grep -c : /proc/net/dev; ls /sys/class/net; [ -e /etc/passwd ] || echo no /etc/passwd'
w --root "$R/nowhere" -- ls /
w -r --root "$R" -- id -u

say 'namespaces in it'
cat > "$R/net.sh" <<'END'
ip netns add red
ip netns add blue
ip netns
ls /run/netns
ip link add v0 netns red type veth peer name v1 netns blue
ip -n red addr add 10.1.1.1/24 dev v0
ip -n red link set v0 up
ip -n blue addr add 10.1.1.2/24 dev v1
ip -n blue link set v1 up
ip netns exec red ping -c1 -q -W2 10.1.1.2 | grep received
ip netns exec red ls /sys/class/net
nsenter --net=/run/netns/blue grep -c : /proc/net/dev
mkdir -p /etc/netns/red
echo red > /etc/netns/red/name
echo none > /etc/name
ip netns exec red cat /etc/name
cat /etc/name
END
w -r --root "$R" -- sh /net.sh

say 'a jail: chroot once more, in a namespace'
cat > "$R/jail.sh" <<'END'
for d in bin lib lib64 usr; do
	[ -d /$d ] && mkdir -p /jail/$d && mount --bind /$d /jail/$d
done
ip netns add red
ip -n red link add v0 type veth peer name v1
j() { ip netns exec red chroot /jail "$@"; }
echo 'no procfs in it:'
j sh -c '[ -e /proc/net/dev ] || echo no views; ip -o link show v0 | grep -c v0; ip netns'
mount --bind /proc /jail/proc
echo 'with a procfs:'
j sh -c 'grep -c v0 /proc/net/dev; cat /proc/sys/net/ipv4/ip_forward; [ -e /run/netns/red ] || echo no names'
[ "$(j readlink /proc/self/ns/net)" = "$(ip netns exec red readlink /proc/self/ns/net)" ] && echo same namespace
j sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'
ip netns exec red cat /proc/sys/net/ipv4/ip_forward
j setpriv --reuid 1000 --regid 1000 --clear-groups sh -c 'id -u; ip link set v0 up; echo 0 > /proc/sys/net/ipv4/ip_forward; chroot /'
umount /jail/proc
[ -e /jail/proc/self ] || echo unmounted
END
w -r --root "$R" -- sh /jail.sh

say 'chroot without --root'
w -r -- /usr/sbin/chroot "$R" sh -c 'ls -d /jail; id -u; ip -o link | grep -c lo; [ -e /proc/self ] || echo no procfs; chroot /jail /bin/none'
w -r -- setpriv --reuid 1000 --clear-groups /usr/sbin/chroot "$R" true
w -- /usr/sbin/chroot "$R" true
