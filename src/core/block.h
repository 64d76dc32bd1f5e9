/* SPDX-License-Identifier: MIT */
/*
 * block.h - a counted piece of payload that packets share
 *
 * Written only by who made it, before the first share; then it never changes.
 */
#ifndef WARREN_CORE_BLOCK_H
#define WARREN_CORE_BLOCK_H

#include "base/count.h"
#include "base/mem.h"

struct worker;

struct block {
	struct shared_count refs;
	u32 size; /* capacity */
	u32 used; /* filled by its maker */
	s8 class; /* of the pool, -1: malloc's */
	struct worker *worker;
	struct block *next; /* in the pool */
	u8 data[];
};

enum { BLOCK_CLASSES = 3 };

/* Free blocks of a worker, the last used on top */
struct block_pool {
	struct block *free[BLOCK_CLASSES];
	u32 n[BLOCK_CLASSES];
};

/* NULL: no memory */
struct block *block_new(struct worker *k, u32 size);
void block_get(struct block *b);
void block_put(struct block *b);
/* All blocks have been put */
void block_pool_fini(struct worker *k);

#endif
