#!/bin/sh
#
#     lo: processes of threads that fight over a few sockets, and are killed
#
# only: warren
# timeout: 120
#
# Whatever programs do to their calls (stress/hammer.c), warren lives, answers the
# next one, and keeps no descriptor and no socket of theirs.
. "$(dirname "$0")/lib.sh"

need cc
cc -O1 -w -pthread -o "$TMPDIR/hammer" "$HERE/stress/hammer.c" || exit 1
ip link set lo up
warren=$PPID

fds() { find "/proc/$warren/fd" -mindepth 1 | wc -l; }
sockets() { ss -tuawnH state all exclude time-wait | wc -l; }
at_rest() { [ "$(fds)" -le "$before" ] && [ "$(sockets)" = 0 ]; }
settled() {
	if until_true 15 at_rest; then
		echo "$1: at rest"
	else
		echo "$1: descriptors $before, then $(fds); sockets $(sockets)"
		ss -tuawnepH state all exclude time-wait
	fi
}

true | cat                    # what the first programs need
before=$(($(fds) + 2)) # a process that lives on may be watched by now
for seed in 1 2 3; do
	"$TMPDIR/hammer" $seed 4 2>/dev/null
	settled "seed $seed"
done

cat >"$TMPDIR/storm.py" <<'END'
import os, signal, socket
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen(5)
# a storm of forks, each with a held call in it when it is killed
for i in range(20):
    pids = []
    for j in range(10):
        pid = os.fork()
        if not pid:
            try: [l.accept, lambda: l.recvmsg(1), socket.socket, os.getpid][j % 4]()
            finally: os._exit(0)
        pids.append(pid)
    for p in pids: os.kill(p, signal.SIGKILL)
    for p in pids: os.waitpid(p, 0)
c = socket.socket(); c.connect(l.getsockname()); s, _ = l.accept(); c.send(b"lives"); print(s.recv(9).decode())
END
python3 "$TMPDIR/storm.py"
settled storm
