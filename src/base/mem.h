/* SPDX-License-Identifier: MIT */
/*
 * mem.h - memory that is charged, can be limited, and can fail on demand
 *
 * A struct mem is an account: a warren has one, each net has one whose parent
 * is the warren's. An allocation is charged to the account and all parents.
 * struct fault makes the n-th allocation fail, so that tests can walk every
 * error ladder.
 */
#ifndef WARREN_BASE_MEM_H
#define WARREN_BASE_MEM_H

#include "base/list.h"

struct fault {
	u64 countdown; /* 0: never fail; n: the n-th allocation from now fails, once */
	u64 failed;    /* how many were made to fail */
};

struct mem {
	struct mem *parent;
	struct fault *fault; /* borrowed, may be NULL */
	u64 bytes;	     /* in use, as malloc counts them */
	u64 limit;	     /* 0: none */
	u64 count;	     /* live allocations */
	u64 refused;	     /* allocations that failed by limit */
};

void mem_init(struct mem *m, struct mem *parent, struct fault *fault);

/* Return: zeroed memory, or NULL. mem_free(m, NULL) does nothing. */
void *mem_alloc(struct mem *m, size_t size) __attribute__((malloc));
void *mem_alloc_raw(struct mem *m, size_t size)
    __attribute__((malloc)); /* not zeroed */
void mem_free(struct mem *m, void *p);
char *mem_strdup(struct mem *m, const char *s);
/* Charge or return @n bytes that were not allocated through mem_alloc().
 * Return: false when the limit forbids it */
bool mem_charge(struct mem *m, u64 n);
void mem_uncharge(struct mem *m, u64 n);
/* True when the next allocation must fail (counts it); for other allocators. */
bool fault_hits(struct fault *f);

#endif
