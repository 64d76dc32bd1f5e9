/* SPDX-License-Identifier: MIT */
/*
 * table.h - intrusive hash table that grows in small steps
 *
 * The node lives in the object and keeps its full hash. Growth doubles the
 * bucket array and moves a few buckets at each insertion, so there is no
 * pause. The caller computes the hash (keyed: random.h) and compares keys.
 *
 *	for (n = table_first(t, hash); n; n = table_next(n))
 *		if (same(container_of(n, struct foo, node), key)) ...
 *
 * table_first() and table_next() visit only nodes whose full hash is equal.
 */
#ifndef WARREN_BASE_TABLE_H
#define WARREN_BASE_TABLE_H

#include "base/types.h"

struct table_node {
	struct table_node *next;
	u32 hash;
};

struct table {
	struct table_node **buckets; /* current array, NULL until the first add */
	struct table_node **old;     /* array being emptied, or NULL */
	u32 mask, old_mask;
	u32 moved; /* buckets of old already moved */
	u32 n;	   /* nodes in the table */
};

void table_init(struct table *t);

/* The table must be empty. */
void table_fini(struct table *t);

/*
 * Return: 0, or -ENOMEM (only when the very first bucket array cannot be had;
 * a failed growth is not an error, the table stays as it is).
 */
int __must_check table_add(struct table *t, struct table_node *n, u32 hash);
/* After this table_add() cannot fail. Return: 0, -ENOMEM */
int __must_check table_reserve(struct table *t);
void table_del(struct table *t, struct table_node *n);

struct table_node *table_first(const struct table *t, u32 hash);
struct table_node *table_next(const struct table_node *n);

#endif
