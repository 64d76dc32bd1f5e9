#!/bin/sh
#
#     confine -- warren run -- the scripts beside this one
#
# only: warren
# inside: no
# timeout: 300
#
# In a container with Docker's default profile, without any capability, unshare, setns,
# mount and pidfd_getfd are refused before warren can hear of them (confine/confine.c).
# The same scripts say the same, and rules hold; what does not is named.
. "$(dirname "$0")/lib.sh"

need cc python3
cc -O1 -w -o "$TMPDIR/confine" "$HERE/confine/confine.c" -lseccomp || exit 1
say 'the place'
show "$TMPDIR/confine" unshare -n true
show "$TMPDIR/confine" sh -c 'grep CapEff /proc/self/status | cut -f 2'
say 'scripts'
for name in two-namespaces router netns-commands processes udp views routes device-move monitor \
	sysctl tunables arp-neigh frag ttl ioctl netlink many raw tools-inside; do
	mkdir "$TMPDIR/now"
	env "TMPDIR=$TMPDIR/now" "$TMPDIR/confine" "$WARREN" run -- sh "$HERE/$name.sh" >"$TMPDIR/out" 2>/dev/null
	rm -rf "$TMPDIR/now"
	if cmp -s "$TMPDIR/out" "$HERE/expected/$name.out"; then
		echo "$name: the same"
	else
		echo "$name: NOT the same"
		diff "$HERE/expected/$name.out" "$TMPDIR/out" | head -n 6 >&2
	fi
done
say 'rules that hold outside and not here'
for name in n11_netns n11_commands n5_routes n7_conf n8_proc n8_tools n10_limits n2_setns; do
	for how in "$TMPDIR/confine" env; do
		SIDE=warren "$how" "$WARREN" run -r -- python3 "$HERE/../rules/$name.py" 2>/dev/null |
			grep 'FAIL' | cut -f 1 | sort >"$TMPDIR/fail.${how##*/}"
	done
	comm -23 "$TMPDIR/fail.confine" "$TMPDIR/fail.env"
done
