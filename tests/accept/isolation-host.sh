#!/bin/sh
#
#     the host                       a warren
#   +---------------------+        +------------------------------+
#   | outside.py          |        | escape: tries every door     |
#   |   a server, a gift  |   /    |   to a socket of the host    |
#   +---------------------+        +------------------------------+
#
# only: warren
# inside: no
#
# A program in a warren can't get a socket of the host.
. "$(dirname "$0")/lib.sh"

need cc python3
cc -O1 -w -o "$TMPDIR/escape" "$HERE/isolation/escape.c" || exit 1
python3 "$HERE/isolation/outside.py" "$WARREN" "$TMPDIR/escape"
