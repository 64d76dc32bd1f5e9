#!/bin/sh
#
#     red                            blue
#   +-------------+              +-------------+
#   | r0 10.1.1.1 |--------------| b0 10.1.1.2 |   web server on 80: 256 MiB
#   +-------------+     veth     +-------------+
#
# timeout: 300
#
# A large file by curl arrives as it was sent, twice at once also.
. "$(dirname "$0")/lib.sh"

netns red blue
wire red r0 10.1.1.1/24 blue b0 10.1.1.2/24
mkdir "$TMPDIR/www" && cd "$TMPDIR/www" || exit 1
head -c 268435456 /dev/urandom >big
head -c 10485760 big >small
in_ns blue python3 -m http.server 80 >/dev/null 2>&1 &
wait_listen blue tcp 80

fetch() {
	in_ns red curl -s "http://10.1.1.2/$1" | sha256sum
}
same() {
	[ "$(fetch "$1")" = "$(sha256sum <"$1")" ] && echo "$1: the same" || echo "$1: NOT the same"
}
same big
same small >"$TMPDIR/one" &
one=$!
same small >"$TMPDIR/two" &
two=$!
wait $one $two
cat "$TMPDIR/one" "$TMPDIR/two"
say 'a reader that leaves early'
in_ns red curl -s http://10.1.1.2/big 2>/dev/null | head -c 1000000 | wc -c
same small
