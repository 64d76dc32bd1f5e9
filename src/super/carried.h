/* SPDX-License-Identifier: MIT */
/*
 * carried.h - calls that come in by prctl(), because the place forbids them (inside.h)
 */
#ifndef WARREN_SUPER_CARRIED_H
#define WARREN_SUPER_CARRIED_H

#include "super/super.h"

/* Does the place refuse unshare() and its kin before we can hear of them? */
bool carried_needed(void);

/* Puts the library into the private directory @dirfd. Return: 0 or a negative errno */
int carried_install(int dirfd);
/* In the child, before execve: programs load the library from @dir, the private
 * directory's path, and then @before: LD_PRELOAD as it was, or NULL */
void carried_preload(const char *dir, const char *before);

/* A prctl() that is one of ours */
void carried_call(struct super *s, struct call *c);

#endif
