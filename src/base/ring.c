/* SPDX-License-Identifier: MIT */
/*
 * ring.c - single-producer single-consumer ring of pointers, lock-free
 *
 * head and tail count up for ever; their difference is the fill. Each side
 * keeps a copy of the other's counter and reads the shared one only when the
 * copy says full (or empty), so that the cache lines rarely travel.
 */

#include "base/ring.h"

#include "base/bug.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { CACHE_LINE = 64 };

struct ring {
	_Alignas(CACHE_LINE) atomic_uint tail; /* written by the producer */
	u32 head_seen;			       /* the producer's copy of head */
	_Alignas(CACHE_LINE) atomic_uint head; /* written by the consumer */
	u32 tail_seen;			       /* the consumer's copy of tail */
	_Alignas(CACHE_LINE) u32 mask;
	void *slots[];
};

struct ring *ring_new(u32 size)
{
	struct ring *r;
	size_t bytes;

	BUG_ON(size == 0 || (size & (size - 1)));
	bytes = sizeof(*r) + (size_t)size * sizeof(void *);
	bytes = (bytes + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
	r = aligned_alloc(CACHE_LINE, bytes);
	if (!r)
		return NULL;
	memset(r, 0, bytes);
	atomic_init(&r->head, 0);
	atomic_init(&r->tail, 0);
	r->mask = size - 1;
	return r;
}

void ring_free(struct ring *r)
{
	if (!r)
		return;
	BUG_ON(atomic_load(&r->head) != atomic_load(&r->tail));
	free(r);
}

bool ring_push(struct ring *r, void *p)
{
	u32 tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	if (tail - r->head_seen > r->mask) {
		r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
		if (tail - r->head_seen > r->mask)
			return false;
	}
	r->slots[tail & r->mask] = p;
	atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
	return true;
}

void *ring_pop(struct ring *r)
{
	u32 head = atomic_load_explicit(&r->head, memory_order_relaxed);
	void *p;

	if (head == r->tail_seen) {
		r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
		if (head == r->tail_seen)
			return NULL;
	}
	p = r->slots[head & r->mask];
	atomic_store_explicit(&r->head, head + 1, memory_order_release);
	return p;
}
