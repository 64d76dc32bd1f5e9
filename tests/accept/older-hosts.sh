#!/bin/sh
#
#     warren run --disable FACILITY -- the scripts beside this one
#
# only: warren
# inside: no
# timeout: 300
#
# What newer kernels offer is used when it is there. Without each of these,
# and without all, the same scripts say the same.
. "$(dirname "$0")/lib.sh"

for without in wait-killable sync-wake-up pidfd-thread pidfd-getfd ioprio-hint unix-diag \
	wait-killable,sync-wake-up,pidfd-thread,ioprio-hint,unix-diag; do
	also=
	[ $without != pidfd-getfd ] || also=stress
	for name in two-namespaces processes udp static-program $also; do
		# without it all threads of a process move, not one
		case $without$name in *ioprio-hint*processes) continue ;; esac
		mkdir "$TMPDIR/now"
		TMPDIR=$TMPDIR/now "$WARREN" run --disable $without -- \
			sh "$HERE/$name.sh" >"$TMPDIR/out" 2>/dev/null
		rm -rf "$TMPDIR/now"
		if cmp -s "$TMPDIR/out" "$HERE/expected/$name.out"; then
			echo "without $without: $name: the same"
		else
			echo "without $without: $name: NOT the same"
			diff "$HERE/expected/$name.out" "$TMPDIR/out" | head -n 6 >&2
		fi
	done
done
