# shellcheck shell=sh
# traceroute.sh - who is on the way, and what is there: traceroute, mtr, nmap
#
#	a (v0 10.0.0.2) -- (r0 10.0.0.1) r (r1 10.0.1.1) -- (v1 10.0.1.2) b
# timeout: 120
. "$(dirname "$0")/lib.sh"
need traceroute mtr nmap

netns a r b
wire a v0 10.0.0.2/24 r r0 10.0.0.1/24
wire r r1 10.0.1.1/24 b v1 10.0.1.2/24
ip -n a route add default via 10.0.0.1
ip -n b route add default via 10.0.1.1
in_ns r sysctl -qw net.ipv4.ip_forward=1
for ns in r b; do
	in_ns $ns sysctl -qw net.ipv4.icmp_ratelimit=0
done
in_ns b python3 -m http.server 80 >/dev/null 2>&1 &
wait_listen b tcp 80
in_ns a ping -q -c 1 10.0.1.2 >/dev/null

# One answer of three is enough: how long traceroute waits depends on how fast the first came
timeless() {
	sed -E 's/[0-9.]+ ms/T/g; s/^(HOST|Start):.*/\1/; s/[0-9.]+s latency/T latency/; s/in [0-9.]+ seconds/in T/;
		s/^( *[0-9]+ +)(\* +)+([0-9])/\1\3/; s/T( +(T|\*))*$/T/;
		s/at [0-9-]+ [0-9:]+ [A-Z]+$/at T/; s/([0-9]+\.[0-9]%) +([0-9]+) .*/\1 \2/'
}

for how in "" -I "-T -p 80" "-U -p 53"; do
	say "traceroute $how"
	sleep 1 # so that no limit of ICMP messages is met
	# shellcheck disable=SC2086
	in_ns a traceroute -n $how 10.0.1.2 2>&1 | timeless | norm
done
say "to nowhere, with a limit"
sleep 1
in_ns a traceroute -n -m 2 -q 1 -w 1 10.0.2.2 2>&1 | timeless | norm

for how in "" -u "-T -P 80"; do
	say "mtr $how"
	# shellcheck disable=SC2086
	in_ns a mtr -n -r -c 2 -i 1 $how 10.0.1.2 2>&1 | timeless | norm
done

say "nmap by connect()"
in_ns a nmap -n -sT -p 79-81 10.0.1.2 2>&1 | timeless | norm
say "nmap: who is there"
in_ns a nmap -n -sn --unprivileged 10.0.1.1-3 2>&1 | timeless | norm
