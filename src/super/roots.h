/* SPDX-License-Identifier: MIT */
/*
 * roots.h - programs whose / is not the host's
 */
#ifndef WARREN_SUPER_ROOTS_H
#define WARREN_SUPER_ROOTS_H

#include "super/super.h"

/*
 * Before the filter, in the first program: its / becomes @dir, in a mount namespace of
 * its own where the place allows one, with the host's /proc, /dev and /sys where @dir
 * has directories of that name. What fails is said on stderr.
 * @map_root: the owner of files is shown as root
 * @own_mounts: set when it got a mount namespace
 * Return: 0 or a negative errno
 */
int roots_enter(const char *dir, bool map_root, bool *own_mounts);

/* The / of thread @tid as the host names it, "" for the host's own. Return: 0, errno */
int roots_of(const struct super *s, pid_t tid, char *out, size_t size);
/* Is the / @root the warren's own, where all its paths are? */
bool roots_is_ours(const struct super *s, const char *root);
/* Is a filesystem of type @magic mounted on directory @name of the thread's /? */
bool roots_has_mounted(pid_t tid, const char *name, long magic);

extern const struct call_row roots_rows[];
extern const unsigned roots_rows_n;

#endif
