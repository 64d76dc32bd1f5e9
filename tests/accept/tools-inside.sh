#!/bin/sh
#
#     here: strace, gdb, make, timeout, xargs, a pipeline, bash, perl
#
# What programs do to programs works as without.
. "$(dirname "$0")/lib.sh"

need strace gdb make cc
cd "$TMPDIR" || exit 1
say strace
strace -f -o trace sh -c 'cat /etc/hostname >/dev/null; ip link set lo up; ping -c 1 127.0.0.1' | head -n 1
grep -q 'socket(AF_INET' trace && echo 'saw a socket'
strace -o /dev/null -e trace=none sh -c 'exit 6'
echo "status $?"
say gdb
cat >prog.c <<'END'
#include <stdio.h>
#include <sys/socket.h>
int answer(int n) { return n + 40; }
int main(void) { int s = socket(2, 1, 0); printf("%d %d\n", answer(2), s >= 0); return 0; }
END
cc -g -O0 -o prog prog.c || exit 1
gdb -q -batch -ex 'break answer' -ex run -ex 'print n' -ex finish -ex continue ./prog 2>&1 |
	grep -E '^\$1 = |^Value returned|^42 |exited normally' | sed 's/^\$2/$1/; s/process [0-9]*/process/; s/ ([^)]*)//'
say make
cat >Makefile <<'END'
all: one two three
one two: ; @echo $@; sleep 0.1
three: one two ; @echo three
END
make -s -j 3 | sort
say 'the usual'
seq 100 | xargs -n 10 -P 4 echo | wc -l
timeout 0.2 sleep 5
echo "timeout $?"
find /usr/bin -maxdepth 1 -name 'l*' | wc -l | grep -qv '^0$' && echo find
# shellcheck disable=SC3001 # it is bash that reads this
bash -c 'diff <(echo a) <(echo a) && echo same; coproc cat; echo x >&${COPROC[1]}; read -r y <&${COPROC[0]}; echo $y'
python3 -c '
import subprocess, multiprocessing
print(subprocess.run(["echo", "sub"], capture_output=True, text=True).stdout.strip())
with multiprocessing.Pool(3) as p: print(p.map(abs, range(-3, 0)))'
python3 -c '
import asyncio
async def main():
    async def echo(r, w):
        w.write(await r.read(100)); await w.drain(); w.close()
    s = await asyncio.start_server(echo, "127.0.0.1", 0)
    at = s.sockets[0].getsockname()
    async def talk(i):
        r, w = await asyncio.open_connection(*at)
        w.write(b"%d" % i); w.write_eof()
        return int(await r.read())
    print(sorted(await asyncio.gather(*[talk(i) for i in range(30)])) == list(range(30)))
asyncio.run(main())'
mkfifo pipe
(echo through >pipe) &
cat pipe
ls -l /proc/self/fd >/dev/null && echo 'proc'
