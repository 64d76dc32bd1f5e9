/* SPDX-License-Identifier: MIT */
/*
 * ring.h - single-producer single-consumer ring of pointers, lock-free
 */
#ifndef WARREN_BASE_RING_H
#define WARREN_BASE_RING_H

#include "base/types.h"

struct ring;

struct ring *ring_new(u32 size);	 /* a power of two; NULL: no memory */
void ring_free(struct ring *r);		 /* must be empty */
bool ring_push(struct ring *r, void *p); /* producer; false: full */
void *ring_pop(struct ring *r);		 /* consumer; NULL: empty */

#endif
