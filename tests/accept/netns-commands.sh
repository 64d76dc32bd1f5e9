#!/bin/sh
#
#     (here)      red      blue      and files that are none of these
#
# What the commands about namespaces say, and with what status they end.
. "$(dirname "$0")/lib.sh"

say 'add'
show ip netns
show ip netns add red
show ip netns add red
show ip netns add 'a/b'
show ip netns add .
show ip netns add ..
show ip netns add ''
show ip netns add blue
sorted ip netns list
sorted ip -j netns list
sorted ls /run/netns
say 'exec'
show ip netns exec red true
show ip netns exec red sh -c 'exit 7'
show ip netns exec red sh -c 'kill -9 $$'
show ip netns exec nowhere true
show ip netns exec red no-such-command
show ip netns exec red
show ip -n nowhere link
show ip -n red -br link
show ip netns exec red ip netns exec blue ip netns identify
: >"$TMPDIR/plain"
say 'identify, pids'
[ -z "$(ip netns identify $$)" ] && echo 'here is no name'
show ip netns exec red ip netns identify
show ip netns identify 999999
ip netns exec red sleep 60 &
pid=$!
in_red() { [ "$(ip netns identify $pid)" = red ]; }
until_true 5 in_red
[ "$(ip netns pids red)" = "$pid" ] && echo 'pids of red: the one'
show ip netns pids blue
show ip netns pids nowhere
say 'who is where'
same() { [ "$(stat -Lc %d:%i "$1")" = "$(stat -Lc %d:%i "$2")" ] && echo same || echo other; }
same "/proc/$pid/ns/net" /run/netns/red
same /proc/self/ns/net /run/netns/red
same /proc/self/ns/net "/proc/$$/ns/net"
show readlink /proc/self/ns/net
[ "$(readlink /proc/self/ns/net)" = "$(readlink /proc/$pid/ns/net)" ] || echo 'red is elsewhere'
stat -Lc '%A' /run/netns/red
kill $pid
say 'numbers'
show ip netns set red 5
show ip netns list-id
show ip netns set red 6
show ip netns set blue 5
show ip netns set blue -1
show ip netns set blue auto
show ip netns list-id
sorted ip netns list
show ip -n red netns list-id
say 'attach'
ip netns exec red sleep 60 &
pid=$!
until_true 5 in_red
ip netns attach again $pid
same /run/netns/again /run/netns/red
show ip netns attach never 999999
show ip netns del never
kill $pid
say 'a namespace without a name lives while somebody is in it'
ip netns exec blue sleep 60 &
pid=$!
in_blue() { [ "$(ip netns identify $pid)" = blue ]; }
until_true 5 in_blue
show ip netns del blue
sorted ip netns list
ip netns attach blue2 $pid
show ip -n blue2 -br link
kill $pid
say 'delete'
show ip netns del red
show ip netns del red
show ip netns exec red true
show ip -n again -br link
sorted ip netns list
show ip -all netns del
show ip netns
say 'unshare and nsenter'
show unshare -n ip -br link
ip netns add green
show nsenter --net=/run/netns/green ip netns identify
show nsenter --net="$TMPDIR/plain" true
show ip -all netns exec true
show ip netns exec green unshare -n ip netns identify
