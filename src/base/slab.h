/* SPDX-License-Identifier: MIT */
/*
 * slab.h - pools of equal objects
 *
 * Objects come zeroed. In debug builds freed objects are poisoned (and, under
 * AddressSanitizer, every object is a malloc of its own). A pool belongs to
 * one worker; its memory comes from the account it was given.
 */
#ifndef WARREN_BASE_SLAB_H
#define WARREN_BASE_SLAB_H

#include "base/mem.h"

/* 1: every object is a malloc of its own, so that AddressSanitizer sees its end */
#if defined(__SANITIZE_ADDRESS__)
#define SLAB_EACH_ITS_MALLOC 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLAB_EACH_ITS_MALLOC 1
#endif
#endif
#ifndef SLAB_EACH_ITS_MALLOC
#define SLAB_EACH_ITS_MALLOC 0
#endif

struct slab {
	const char *name;
	struct mem *mem;
	u32 size;
	u32 per_page;
	u64 in_use;
	u64 pages;
	void *free; /* free objects, linked through their first word */
	struct list pages_list;
};

/* @name: lives as long as the slab */
void slab_init(struct slab *s, const char *name, u32 size, struct mem *mem);
/* All objects must have been returned (BUG otherwise). */
void slab_fini(struct slab *s);
void *slab_get(struct slab *s);	    /* zeroed, NULL: no memory */
void *slab_get_raw(struct slab *s); /* not zeroed */
void slab_put(struct slab *s, void *obj);

#endif
