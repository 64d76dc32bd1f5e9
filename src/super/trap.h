/* SPDX-License-Identifier: MIT */
/*
 * trap.h - which system calls are caught: the seccomp filter
 */
#ifndef WARREN_SUPER_TRAP_H
#define WARREN_SUPER_TRAP_H

#include "base/types.h"

#include <linux/filter.h>

/*
 * Build the filter. @map_root: answer getuid() and its kin with 0.
 * @out: an array of *@n instructions, freed by the caller with free()
 * Return: 0 or a negative errno
 */
int trap_build(bool map_root, struct sock_filter **out, u16 *n);

/*
 * Give the calling thread the filter, for good.
 * @facilities: in: enum facility bits allowed; WAIT_KILLABLE is tried if there
 * Return: the listener's descriptor, or a negative errno
 */
int trap_install(const struct sock_filter *prog, u16 n, u32 *facilities);

#endif
