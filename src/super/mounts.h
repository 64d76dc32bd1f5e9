/* SPDX-License-Identifier: MIT */
/*
 * mounts.h - what a process sees mounted: /sys, and files of /etc/netns over /etc
 */
#ifndef WARREN_SUPER_MOUNTS_H
#define WARREN_SUPER_MOUNTS_H

#include "super/super.h"

struct netns;

int mounts_init(struct super *s);
void mounts_fini(struct super *s);

/* The number of the view with a /sys of @ns and nothing else, for struct task_tag.
 * Return: 0, -ENOMEM, -ENOSPC */
int mounts_view(struct super *s, const struct netns *ns, u16 *view);
/* The caller mounts a sysfs: it shows the namespace the caller is in now.
 * Return: 0, -ENOMEM, -ENOSPC */
int mounts_set_sysfs(struct super *s, const struct call *c);
/* The namespace that /sys shows to process @pid: the one current at the mount it sees,
 * the initial one when nobody mounted. NULL: that one is gone */
struct netns *mounts_sysfs(struct super *s, pid_t pid);

/* @from, a file below /etc/netns/NAME/, is bound over @to, below /etc, for the caller
 * and its children. Return: 0, -EPERM, -ENOENT, -ENOMEM, -ENOSPC */
int mounts_bind_etc(struct super *s, const struct call *c, const char *from,
		    const char *to);
/* Is something bound over @abs, below /etc, for @tid? Then its path is in @out */
bool mounts_etc(struct super *s, pid_t tid, const char *abs, char *out, size_t size);

#endif
