# shellcheck shell=sh
# lib.sh - helpers of the acceptance scripts
#
# A script prints what matters; the output is compared with what the kernel's
# own namespaces gave (expected/). What may differ from run to run is replaced
# by a word: times, hardware addresses, inode numbers, ephemeral ports.
#
# SIDE is kernel or warren; a script asks it only for what is no part of the
# test (making a namespace of the kernel silent about IPv6).
set -u

SIDE=${SIDE-warren}
HERE=${ACCEPT-$(dirname "$0")}
TMPDIR=${TMPDIR-/tmp}
export SIDE HERE

say() {
	printf '%s\n' "-- $*"
}

norm() {
	sed -E -e "s|$TMPDIR|TMP|g" \
		-e 's/\b02:00:00:00:/@2@/g; s/\b00:00:00:00:00:00\b/@0@/g; s/ff:ff:ff:ff:ff:ff/@F@/g' \
		-e 's/\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b/MAC/g' \
		-e 's/@2@/02:00:00:00:/g; s/@0@/00:00:00:00:00:00/g; s/@F@/ff:ff:ff:ff:ff:ff/g' \
		-e 's/time=[0-9.]+ ms/time=T/; s/time<[0-9.]+ ms/time=T/; s/(packet loss, time) [0-9]+ms/\1 T/' \
		-e 's/^rtt .*$/rtt T/; s/, pipe [0-9]+//' \
		-e 's/after [0-9]+ ms/after T ms/' \
		-e 's/expires [0-9]+sec/expires T/; s/ uid [0-9]+( |$)/ uid UID\1/' \
		-e 's/net:\[[0-9]+\]/net:[INO]/g' \
		-e 's/:(3[2-9]|4[0-9]|5[0-9]|6[0-9])[0-9]{3}\b/:EPHEMERAL/g' \
		-e 's/[[:space:]]+$//'
}

# show CMD...: the command, what it says, and its status when that is not 0
show() {
	printf '$ %s\n' "$*" | norm
	show_out=$("$@" 2>&1)
	show_rc=$?
	[ -z "$show_out" ] || printf '%s\n' "$show_out" | norm
	[ $show_rc = 0 ] || printf '(%s)\n' "$show_rc"
	return 0
}

# brief CMD...: as show, every run of spaces one space (for tables)
brief() {
	printf '$ %s\n' "$*" | norm
	show_out=$("$@" 2>&1)
	show_rc=$?
	[ -z "$show_out" ] || printf '%s\n' "$show_out" | norm | sed -E 's/[[:space:]]+/ /g; s/^ //'
	[ $show_rc = 0 ] || printf '(%s)\n' "$show_rc"
	return 0
}

# sorted CMD...: as show, for lists whose order means nothing
sorted() {
	printf '$ %s\n' "$*" | norm
	"$@" 2>&1 | norm | sort
}

in_ns() {
	in_ns_name=$1
	shift
	ip netns exec "$in_ns_name" "$@"
}

# netns NAME...: make them, with lo up
netns() {
	for ns; do
		ip netns add "$ns" || exit 1
		if [ "$SIDE" = kernel ]; then # IPv6 would chatter
			in_ns "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
				net.ipv6.conf.default.disable_ipv6=1
		fi
		ip -n "$ns" link set lo up
	done
}

# wire NS DEV ADDR/LEN NS DEV ADDR/LEN: a veth pair, both ends up
wire() {
	ip link add "$2" netns "$1" type veth peer name "$5" netns "$4" || exit 1
	ip -n "$1" addr add "$3" dev "$2"
	ip -n "$4" addr add "$6" dev "$5"
	ip -n "$1" link set "$2" up
	ip -n "$4" link set "$5" up
	settle "$1" "$2"
	settle "$4" "$5"
}

state_is() { # NS DEV STATE
	[ "$(ip -n "$1" -br link show "$2" | awk '{ print $2 }')" = "$3" ]
}

# settle NS DEV [STATE]: the kernel learns of a carrier a moment later
settle() {
	until_true 5 state_is "$1" "$2" "${3-UP}"
}

# until_true SECONDS CMD...: try it every tenth of a second
until_true() {
	until_n=$(($1 * 10))
	shift
	while ! "$@" >/dev/null 2>&1; do
		until_n=$((until_n - 1))
		if [ $until_n -le 0 ]; then
			echo "never came true: $*"
			return 1
		fi
		sleep 0.1
	done
}

listens() { # NS tcp|udp PORT
	[ -n "$(in_ns "$1" ss -Hln --"$2" "sport = :$3")" ]
}

wait_listen() {
	until_true 10 listens "$@"
}

skip() {
	echo "$*"
	exit 77
}

need() {
	for need_cmd; do
		command -v "$need_cmd" >/dev/null || skip "there is no $need_cmd here"
	done
}
