/* SPDX-License-Identifier: MIT */
/*
 * carried.c - unshare, setns, mount and umount2 where a container forbids them
 *
 * inside.c, a library in the programs, brings them as prctl(INSIDE_PRCTL, nr, &args).
 * The arguments are copied once, and the call goes on to its usual handler as if the
 * kernel had brought it. What such a handler would leave to the kernel is what the
 * container forbids, or one of the host's namespaces, which nobody may enter:
 * super_continue() answers for the kernel.
 *
 * The library is a part of this program (a table of bytes, made by the build), written
 * into the private directory when it is needed and named by LD_PRELOAD.
 */

#include "super/carried.h"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "super/inside.h"
#include "super/inside_so.h"
#include "super/memory.h"

#define LIBRARY "inside.so"

bool carried_needed(void)
{
	return syscall(SYS_unshare, 0) && errno == EPERM;
}

int carried_install(int dirfd)
{
	int fd = openat(dirfd, LIBRARY, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0500);
	size_t n = sizeof(inside_so);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, inside_so, n) != (ssize_t)n)
		err = -ENOSPC;
	close(fd);
	return err;
}

void carried_preload(const char *dir, const char *before)
{
	char value[8192];

	if (before && *before)
		snprintf(value, sizeof(value), "%s/" LIBRARY ":%s", dir, before);
	else
		snprintf(value, sizeof(value), "%s/" LIBRARY, dir);
	setenv("LD_PRELOAD", value, 1);
}

/* Calls that may come so; of unshare() only what is all ours to do */
static bool may_be_carried(const struct super *s, int nr, const u64 *args)
{
	u64 ours = CLONE_NEWNET | CLONE_NEWNS;

	if (s->map_root)
		ours |= CLONE_NEWUSER;
	if (nr == SCMP_SYS(unshare))
		return args[0] && !(args[0] & ~ours);
	return nr == SCMP_SYS(setns) || nr == SCMP_SYS(mount) ||
	       nr == SCMP_SYS(umount2);
}

void carried_call(struct super *s, struct call *c)
{
	struct inside_args in;
	int nr = (int)c->args[1];

	if (mem_read(c, c->args[2], &in, sizeof(in))) {
		super_reply(s, c, -EFAULT);
		return;
	}
	if (!may_be_carried(s, nr, in.a)) {
		super_reply(s, c, -EPERM);
		return;
	}
	c->nr = nr;
	c->carried = true;
	memcpy(c->args, in.a, sizeof(c->args));
	super_call(s, c);
}
