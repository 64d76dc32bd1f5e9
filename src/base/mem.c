/* SPDX-License-Identifier: MIT */
/*
 * mem.c - memory that is charged, can be limited, and can fail on demand
 *
 * What is charged is what malloc really took (malloc_usable_size), so that the
 * size need not be stored beside the object.
 */

#include "base/mem.h"

#include "base/bug.h"

#include <malloc.h>
#include <stdlib.h>

void mem_init(struct mem *m, struct mem *parent, struct fault *fault)
{
	*m = (struct mem){.parent = parent, .fault = fault};
}

bool fault_hits(struct fault *f)
{
	if (!f || f->countdown == 0 || --f->countdown)
		return false;
	f->failed++;
	return true;
}

bool mem_charge(struct mem *m, u64 n)
{
	for (struct mem *a = m; a; a = a->parent) {
		if (a->limit && (n > a->limit || a->bytes > a->limit - n)) {
			a->refused++;
			return false;
		}
	}
	for (struct mem *a = m; a; a = a->parent)
		a->bytes += n;
	return true;
}

void mem_uncharge(struct mem *m, u64 n)
{
	for (struct mem *a = m; a; a = a->parent) {
		BUG_ON(a->bytes < n);
		a->bytes -= n;
	}
}

/* Charge what malloc gave. Return: @p, or NULL and @p is freed. */
static void *charged(struct mem *m, void *p)
{
	if (!p)
		return NULL;
	if (!mem_charge(m, malloc_usable_size(p))) {
		free(p);
		return NULL;
	}
	for (struct mem *a = m; a; a = a->parent)
		a->count++;
	return p;
}

void *mem_alloc(struct mem *m, size_t size)
{
	if (fault_hits(m->fault))
		return NULL;
	return charged(m, calloc(1, size ? size : 1));
}

void *mem_alloc_raw(struct mem *m, size_t size)
{
	if (fault_hits(m->fault))
		return NULL;
	return charged(m, malloc(size ? size : 1));
}

void mem_free(struct mem *m, void *p)
{
	if (!p)
		return;
	mem_uncharge(m, malloc_usable_size(p));
	for (struct mem *a = m; a; a = a->parent) {
		BUG_ON(a->count == 0);
		a->count--;
	}
	free(p);
}

char *mem_strdup(struct mem *m, const char *s)
{
	size_t size = strlen(s) + 1;
	char *copy = mem_alloc_raw(m, size);

	if (copy)
		memcpy(copy, s, size);
	return copy;
}
