/* SPDX-License-Identifier: MIT */
/*
 * launch.h - start a program under the filter
 */
#ifndef WARREN_SUPER_LAUNCH_H
#define WARREN_SUPER_LAUNCH_H

#include "base/types.h"

#include <signal.h>
#include <sys/types.h>

/* A child that has its filter and waits for the word to go on. */
struct launch {
	pid_t pid;
	int listener;	 /* ours; owned by the caller from launch_begin() on */
	u32 facilities;	 /* what was left of those asked for */
	int go;		 /* pipe to the child */
	bool own_mounts; /* it has a mount namespace of its own */
};

struct launch_how {
	const char *root;    /* what shall be its /; NULL: the host's */
	const char *dir;     /* the warren's private directory */
	const char *preload; /* LD_PRELOAD as it is, or NULL */
	bool map_root;
	u32 facilities;	      /* enum facility */
	const sigset_t *mask; /* of the program */
};

/*
 * Fork a child, give it the filter, take its listener.
 * Return: 0 or a negative errno; -ENOTSOCK: a standard descriptor is a socket of
 * the host's network (said on stderr)
 */
int launch_begin(struct launch *la, char *const argv[], const struct launch_how *how);
/* Let it execute the program, which may fail there: exit status 126 or 127. */
int launch_go(struct launch *la);
/* It ends instead; it is reaped. The listener is closed. */
void launch_cancel(struct launch *la);

#endif
