/* SPDX-License-Identifier: MIT */
/*
 * share.h - memory that another process may map, too
 */
#ifndef WARREN_BASE_SHARE_H
#define WARREN_BASE_SHARE_H

#include "base/types.h"

struct share {
	u8 *mem; /* zeroed; NULL: none */
	size_t size;
	int fd; /* a file of the same memory, of a size that nobody can change */
};

/* @size: pages. Return: 0, or a negative errno */
int share_new(size_t size, struct share *out);
void share_free(struct share *s); /* those who mapped it keep it */

/* A word that both sides write: what was written before it is seen with it. */
static inline u32 share_get(const u32 *at)
{
	return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

static inline void share_set(u32 *at, u32 v)
{
	__atomic_store_n(at, v, __ATOMIC_RELEASE);
}

#endif
