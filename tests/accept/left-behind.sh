#!/bin/sh
#
#     a shell --- warren run --- a program, its children
#                    |
#              $XDG_RUNTIME_DIR/warren/NAME
#
# only: warren
# inside: no
#
# However it ends, nothing stays: no process, no directory, no socket.
. "$(dirname "$0")/lib.sh"

lists() {
	find "$XDG_RUNTIME_DIR" -mindepth 2 | wc -l
}
none_left() {
	! grep -lqs WARREN_TEST_MARK=1 /proc/[0-9]*/environ
}
check() {
	if until_true 8 none_left; then
		echo "$1: no process"
		return
	fi
	grep -ls WARREN_TEST_MARK=1 /proc/[0-9]*/environ | tr -dc '0-9\n' | while read -r left; do
		echo "left: $(tr '\0' ' ' <"/proc/$left/cmdline")"
		kill -9 "$left"
	done
}
nothing_there() { [ "$(lists)" = 0 ]; }
directories() {
	until_true 3 nothing_there && echo "$1: no file"
}

PROG='ip netns add red; ip -n red link set lo up
	ip netns exec red python3 -m http.server 80 >/dev/null 2>&1 &
	setsid sleep 1000 &
	(sleep 1000 &)
	echo up >up
	sleep 1000'
start() {
	rm -f up
	env --default-signal=INT WARREN_TEST_MARK=1 "$WARREN" run --name "$1" -- sh -c "$PROG" 2>/dev/null &
	pid=$!
	until_true 8 test -e up
}

say 'CMD ends'
WARREN_TEST_MARK=1 "$WARREN" run -- sh -c 'ip netns add red; sleep 1000 & setsid sleep 1000 & exit 3'
echo "status $?"
check end
directories end
for sig in INT TERM HUP; do
	say "SIG$sig to warren"
	start "by-$sig"
	kill -s $sig $pid
	wait $pid 2>/dev/null
	check $sig
	directories $sig
done
say 'SIGKILL to warren'
start by-KILL
kill -KILL $pid
wait $pid 2>/dev/null
check KILL
# the next one sweeps up
"$WARREN" run -- true
directories KILL
say 'SIGKILL to the program'
rm -f pid
WARREN_TEST_MARK=1 "$WARREN" run -- sh -c 'echo $$ >pid; sleep 1000 & exec sleep 1000' &
w=$!
until_true 5 test -s pid
sleep 0.2
kill -KILL "$(cat pid)"
wait $w
echo "status $?"
check program
directories program
say 'a program is killed while a call waits'
WARREN_TEST_MARK=1 "$WARREN" run -- sh -c '
	ip link set lo up
	for what in "l.accept()" "socket.create_connection(l.getsockname()).recv(1)" "u.recvfrom(9)"; do
		timeout -s KILL 0.3 python3 -c "
import socket
l = socket.socket(); l.bind((\"127.0.0.1\", 0)); l.listen()
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind((\"127.0.0.1\", 0))
$what"
	done
	ss -Htan | grep -v TIME-WAIT | wc -l
	ss -Huan | wc -l'
check call
