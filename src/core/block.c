/* SPDX-License-Identifier: MIT */
/*
 * block.c - a counted piece of payload that packets share
 *
 * A stream needs and frees hundreds of blocks each turn. What malloc thinks of
 * that is to give the pages back to the host and to fetch them again, which costs
 * more than the copy of the bytes. So a worker keeps free blocks of the sizes that
 * streams and full packets use, up to a bound. It keeps none where memory is
 * limited: there others may need it more; none under AddressSanitizer, which
 * watches what malloc gave.
 *
 * A block is given back by the worker that made it.
 */

#include "core/block.h"

#include "base/slab.h"
#include "core/worker.h"

/* Capacity of the blocks of a class, and how many are kept: some megabytes */
static const struct {
	u32 size, keep;
} classes[BLOCK_CLASSES] = {
    {2048, 512},
    {16384, 256},
    {32768, 256},
};

/* The class whose blocks are not more than twice as big; -1: none */
static s8 class_of(const struct worker *k, u32 size)
{
	if (SLAB_EACH_ITS_MALLOC || k->w->mem.limit)
		return -1;
	for (int i = 0; i < BLOCK_CLASSES; i++)
		if (size <= classes[i].size)
			return (s8)(size > classes[i].size / 2 ? i : -1);
	return -1;
}

struct block *block_new(struct worker *k, u32 size)
{
	s8 class = class_of(k, size);
	struct block *b = class >= 0 ? k->blocks.free[class] : NULL;

	if (b && fault_hits(k->w->mem.fault))
		return NULL;
	if (b) {
		k->blocks.free[class] = b->next;
		k->blocks.n[class]--;
	} else {
		u32 room = class >= 0 ? classes[class].size : size;

		b = mem_alloc_raw(&k->w->mem, sizeof(*b) + room);
		if (!b)
			return NULL;
		b->worker = k;
		b->class = class;
	}
	shared_count_init(&b->refs);
	b->size = size;
	b->used = 0;
	return b;
}

void block_get(struct block *b)
{
	shared_count_get(&b->refs);
}

void block_put(struct block *b)
{
	struct worker *k = b->worker;

	if (!shared_count_put(&b->refs))
		return;
	if (b->class < 0 || k->blocks.n[b->class] >= classes[b->class].keep) {
		mem_free(&k->w->mem, b);
		return;
	}
	b->next = k->blocks.free[b->class];
	k->blocks.free[b->class] = b;
	k->blocks.n[b->class]++;
}

void block_pool_fini(struct worker *k)
{
	for (int i = 0; i < BLOCK_CLASSES; i++) {
		struct block *b;

		while ((b = k->blocks.free[i])) {
			k->blocks.free[i] = b->next;
			mem_free(&k->w->mem, b);
		}
		k->blocks.n[i] = 0;
	}
}
