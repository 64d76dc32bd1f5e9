# shellcheck shell=sh
# dhcp.sh - addresses by DHCP: udhcpd serves, udhcpc and dhclient ask by packet sockets
#
#	s (v0 10.5.0.1) ---- (v1) c
. "$(dirname "$0")/lib.sh"
need busybox dhclient
busybox udhcpd --help 2>/dev/null || busybox --list | grep -q '^udhcpd$' || skip "busybox has no udhcpd here"

netns s c
ip link add v0 netns s type veth peer name v1 netns c
ip -n s addr add 10.5.0.1/24 dev v0
ip -n s link set v0 up
ip -n c link set v1 up
ip -n c link set v1 address 02:00:00:00:00:05
settle c v1

cat >"$TMPDIR/udhcpd.conf" <<END
start 10.5.0.50
end 10.5.0.60
interface v0
lease_file $TMPDIR/leases
pidfile $TMPDIR/udhcpd.pid
option subnet 255.255.255.0
option router 10.5.0.1
option lease 3600
static_lease 02:00:00:00:00:05 10.5.0.55
END
: >"$TMPDIR/leases"
in_ns s busybox udhcpd -f "$TMPDIR/udhcpd.conf" >"$TMPDIR/udhcpd.out" 2>&1 &
wait_listen s udp 67

cat >"$TMPDIR/got" <<'END'
#!/bin/sh
# as udhcpc and dhclient call it
case $1$reason in
bound | BOUND)
	ip addr add "${ip-$new_ip_address}/24" dev "$interface"
	ip route add default via "${router-$new_routers}"
	;;
esac
echo "$1$reason ${ip-$new_ip_address} ${subnet-$new_subnet_mask} ${router-$new_routers}"
END
chmod 755 "$TMPDIR/got"

shown() {
	ip -n c -o -4 addr show dev v1 | awk '{ print $4 }'
	ip -n c route
	in_ns c ping -q -c 1 10.5.0.1 | grep received | norm
	ip -n c addr flush dev v1
}

say "udhcpc"
in_ns c busybox udhcpc -i v1 -n -q -f -s "$TMPDIR/got" -t 5 -T 2 2>/dev/null
shown

say "dhclient"
in_ns c dhclient -4 -1 -sf "$TMPDIR/got" -lf "$TMPDIR/c.leases" -pf "$TMPDIR/c.pid" -cf /dev/null v1 2>/dev/null
shown
kill "$(cat "$TMPDIR/c.pid")"

say "nobody serves"
kill "$(cat "$TMPDIR/udhcpd.pid")"
wait
in_ns c busybox udhcpc -i v1 -n -q -f -s "$TMPDIR/got" -t 1 -T 1 2>/dev/null
echo "status $?"
