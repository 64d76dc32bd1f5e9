#!/bin/sh
#
#     red                            blue
#   +-------------+              +-------------+
#   | r0 10.1.1.1 |--------------| b0 10.1.1.2 |
#   +-------------+     veth     +-------------+
#
# /proc/sys/net: each namespace its own, read and written as files are.
. "$(dirname "$0")/lib.sh"

netns red blue
wire red r0 10.1.1.1/24 blue b0 10.1.1.2/24
in_red() { in_ns red "$@"; }
for v in ipv4.ip_forward ipv4.ip_default_ttl ipv4.ip_local_port_range ipv4.ip_nonlocal_bind \
	ipv4.icmp_echo_ignore_all ipv4.tcp_syn_retries ipv4.tcp_timestamps ipv4.tcp_sack \
	ipv4.tcp_window_scaling ipv4.tcp_fin_timeout ipv4.tcp_keepalive_time \
	ipv4.conf.all.forwarding ipv4.conf.r0.forwarding ipv4.conf.default.rp_filter \
	ipv4.neigh.r0.ucast_solicit ipv4.neigh.default.base_reachable_time_ms core.somaxconn; do
	show in_red sysctl net.$v
done
say 'written here, not there'
show in_red sysctl -w net.ipv4.ip_default_ttl=33
show in_ns blue sysctl net.ipv4.ip_default_ttl
show in_ns blue ping -c 1 10.1.1.1
show in_red ping -c 1 -W 1 10.1.1.2
show in_ns blue sysctl -w net.ipv4.icmp_echo_ignore_all=1
show in_red ping -c 1 -W 1 10.1.1.2
show in_ns blue sysctl -w net.ipv4.icmp_echo_ignore_all=0
say 'forwarding of one is forwarding of all, and back'
show in_red sysctl -w net.ipv4.ip_forward=1
show in_red sysctl net.ipv4.conf.r0.forwarding net.ipv4.conf.all.forwarding
show in_red sysctl -w net.ipv4.conf.r0.forwarding=0
show in_red sysctl net.ipv4.ip_forward
say 'refused'
show in_red sh -c 'echo 999 >/proc/sys/net/ipv4/ip_default_ttl'
show in_red sh -c 'echo x >/proc/sys/net/ipv4/ip_forward'
show in_red sh -c 'echo 5 1 >/proc/sys/net/ipv4/ip_local_port_range'
show in_red sysctl -w net.ipv4.nonesuch=1
show in_red cat /proc/sys/net/ipv4/nonesuch
show in_red sysctl net.ipv4.conf.nothere.forwarding
show in_red ls /proc/sys/net/ipv4/conf
say 'a device brings and takes its own'
ip -n red link add x0 type veth peer name x1
show in_red ls /proc/sys/net/ipv4/conf
show in_red sysctl -w net.ipv4.conf.x0.rp_filter=2
ip -n red link set x0 name y0
show in_red sysctl net.ipv4.conf.y0.rp_filter
ip -n red link del y0
show in_red ls /proc/sys/net/ipv4/conf
say 'the range of ports is kept to'
show in_red sysctl -w 'net.ipv4.ip_local_port_range=5000 5002'
show in_red python3 -c '
import socket
s = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for i in range(4)]
for i in range(3): s[i].bind(("", 0))
print(sorted(x.getsockname()[1] for x in s[:3]))
try: s[3].bind(("", 0))
except OSError as e: print(e.strerror)'
show in_red sysctl -w net.ipv4.ip_unprivileged_port_start=100
show in_red sysctl net.ipv4.ip_unprivileged_port_start
say 'an open file means where it was opened'
show python3 -c '
import ctypes, os
libc = ctypes.CDLL(None)
libc.setns(os.open("/run/netns/red", os.O_RDONLY), 0)
f = open("/proc/sys/net/ipv4/ip_default_ttl")
libc.setns(os.open("/run/netns/blue", os.O_RDONLY), 0)
print(f.read().strip(), open("/proc/sys/net/ipv4/ip_default_ttl").read().strip())'
