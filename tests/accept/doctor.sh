#!/bin/sh
#
#     warren doctor, outside, in a container, inside a warren, without room for a tag
#
# only: warren
# inside: no
#
# What a place allows, in plain words. What only newer kernels have is left out here.
. "$(dirname "$0")/lib.sh"

need cc python3
cc -O1 -w -o "$TMPDIR/confine" "$HERE/confine/confine.c" -lseccomp || exit 1
seen() {
	"$@" "$WARREN" doctor >"$TMPDIR/said"
	status=$?
	sed -e 1d -e '/a thread \|threads cannot\|files of a warren\|user namespaces\|\/dev\/shm/d' "$TMPDIR/said"
	echo "($status)"
}
say outside
seen env
say 'in a container'
seen "$TMPDIR/confine"
say 'inside a warren'
seen "$WARREN" run -- env | grep -v pidfd_getfd
say 'where file locks are limited'
seen python3 -c 'import os, resource, sys
resource.setrlimit(10, (100, 100))
os.execv(sys.argv[1], sys.argv[1:])'
say 'wrong'
"$WARREN" doctor who 2>&1
echo "($?)"
