#!/bin/sh
#
#     terminal 1                 terminal 2
#     warren run --name w ...    warren exec w:red ..., warren ls
#
# only: warren
# inside: no
#
# The words of the command line, and what they end with.
. "$(dirname "$0")/lib.sh"

W=$WARREN
w() { "$W" "$@"; }
alone() { sed "s|$W|warren|g" | norm; }

say 'words'
w --version | sed 's/[0-9.]*$/VERSION/'
w --help | head -n 3
[ "$(w --help | wc -l)" -le 24 ] && echo 'the help fits a screen'
w 2>/dev/null; echo "nothing: $?"
w nonsense; echo "nonsense: $?"
w run; echo "run nothing: $?"
w run --nonsense 2>/dev/null; echo "unknown option: $?"
say 'status'
w run -- true; echo "true: $?"
w run -- false; echo "false: $?"
w run -- sh -c 'exit 42'; echo "exit 42: $?"
w run -- sh -c 'kill -9 $$'; echo "kill -9: $?"
w run -- sh -c 'kill -TERM $$'; echo "kill -TERM: $?"
w run -- no-such-program 2>/dev/null; echo "no such program: $?"
w run -- /etc/passwd 2>/dev/null; echo "no program: $?"
w run true; echo "without --: $?"
say 'input, output, directory, environment'
echo 'through a pipe' | w run -- cat
w run -- sh -c 'echo out; echo err >&2' 2>&1 | sort
w run -- sh -c 'echo x >file'; cat file
here=$(pwd -P)
[ "$(w run -- pwd -P)" = "$here" ] && echo 'the same directory'
[ "$(VAR=value w run -- printenv VAR)" = value ] && echo 'the same environment'
[ "$(w run -- id -u)" = "$(id -u)" ] && echo 'the same user'
w run -r -- id -u
w run -r -- sh -c 'id -un; touch f; chown 0:0 f; echo $?'
head -c 10000000 /dev/zero | w run -- cat | wc -c
say 'two warrens know nothing of each other'
w run -- sh -c 'ip netns add one; ip netns list'
w run -- sh -c 'ip netns list; echo none'
say 'from another terminal'
mkfifo hold
w run --name lab -- sh -c 'ip netns add red; ip -n red link set lo up; echo up >ready; cat hold >/dev/null' &
lab=$!
until_true 5 test -e ready
w ls | awk 'FNR == 1 || $1 == "lab" { print $1, $3 }'
w exec lab -- ip netns list
w exec lab:red -- ip -br addr | norm
w exec lab:red -- sh -c 'ip netns identify $$; exit 5'; echo "status $?"
w exec lab -- ip netns add blue
w exec lab -- sh -c 'ip netns list | sort'
w exec lab:nowhere -- true 2>/dev/null; echo "no such namespace: $?"
w exec nowhere -- true 2>&1 | alone
w run --name lab -- true; echo "name taken: $?"
echo hi | w exec lab -- cat
stat -c %a "$XDG_RUNTIME_DIR/warren"
: >hold
wait $lab; echo "lab ended with $?"
w exec lab -- true 2>&1 | alone
w ls | wc -l
say 'what still runs when CMD ends'
w run -- sh -c 'sleep 300 & echo $! >pid'; echo "status $?"
gone() { ! kill -0 "$(cat pid)" 2>/dev/null; }
until_true 5 gone && echo 'it was ended'
w run -- sh -c 'trap "" TERM; (trap "" TERM; exec sleep 300) & echo $! >pid'
until_true 5 gone && echo 'also who does not listen to TERM'
w run --wait -- sh -c '(sleep 0.5; echo late) & :'
echo "status $?"
