/* SPDX-License-Identifier: MIT */
/*
 * count.h - reference counts
 *
 * struct count is plain: one worker, one thread. struct shared_count is
 * atomic and exists for the two things that workers share (the data block
 * under cloned packets, the holders of a net's memory).
 */
#ifndef WARREN_BASE_COUNT_H
#define WARREN_BASE_COUNT_H

#include "base/bug.h"
#include "base/types.h"

#include <stdatomic.h>

struct count {
	u32 n;
};

static inline void count_init(struct count *c)
{
	c->n = 1;
}

static inline void count_get(struct count *c)
{
	BUG_ON(c->n == 0);
	c->n++;
}

/* Return: true when this was the last reference */
static inline bool count_put(struct count *c)
{
	BUG_ON(c->n == 0);
	return --c->n == 0;
}

struct shared_count {
	atomic_uint n;
};

static inline void shared_count_init(struct shared_count *c)
{
	atomic_init(&c->n, 1);
}

static inline void shared_count_get(struct shared_count *c)
{
	atomic_fetch_add_explicit(&c->n, 1, memory_order_relaxed);
}

static inline bool shared_count_put(struct shared_count *c)
{
	return atomic_fetch_sub_explicit(&c->n, 1, memory_order_acq_rel) == 1;
}

#endif
