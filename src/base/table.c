/* SPDX-License-Identifier: MIT */
/*
 * table.c - intrusive hash table that grows in small steps
 *
 * While the table grows there are two arrays. A bucket of the old array with
 * an index below t->moved is empty and its nodes are in the new one; all other
 * hashes still live in the old array, also those added meanwhile. So a hash
 * has exactly one bucket at any time (bucket_of), and the two new buckets that
 * an old one is split into are empty before it is moved.
 *
 * Deletion never moves a node, so an iteration may delete the node it stands
 * on when it fetched the next one before.
 */

#include "base/table.h"

#include "base/bug.h"

#include <stdlib.h>

enum {
	TABLE_FIRST_SIZE = 8,
	TABLE_MOVES = 4, /* buckets moved at each insertion */
};

void table_init(struct table *t)
{
	*t = (struct table){0};
}

void table_fini(struct table *t)
{
	BUG_ON(t->n);
	free(t->buckets);
	free(t->old);
	table_init(t);
}

static struct table_node **bucket_of(const struct table *t, u32 hash)
{
	u32 i = hash & t->old_mask;

	if (t->old && i >= t->moved)
		return &t->old[i];
	return &t->buckets[hash & t->mask];
}

/* Split bucket @i of the old array, keeping the order of its nodes. */
static void move_bucket(struct table *t, u32 i)
{
	struct table_node **low = &t->buckets[i];
	struct table_node **high = &t->buckets[i + t->old_mask + 1];
	struct table_node *n = t->old[i];

	for (; n; n = n->next) {
		if (n->hash & (t->old_mask + 1)) {
			*high = n;
			high = &n->next;
		} else {
			*low = n;
			low = &n->next;
		}
	}
	*low = *high = NULL;
	t->old[i] = NULL;
}

static void move_some(struct table *t)
{
	for (int i = 0; i < TABLE_MOVES && t->moved <= t->old_mask; i++)
		move_bucket(t, t->moved++);
	if (t->moved <= t->old_mask)
		return;
	free(t->old);
	t->old = NULL;
	t->old_mask = 0;
	t->moved = 0;
}

static void grow(struct table *t)
{
	size_t size = ((size_t)t->mask + 1) * 2;
	struct table_node **buckets;

	if (size > UINT32_MAX)
		return;
	buckets = calloc(size, sizeof(struct table_node *));
	if (!buckets)
		return;
	t->old = t->buckets;
	t->old_mask = t->mask;
	t->moved = 0;
	t->buckets = buckets;
	t->mask = (u32)(size - 1);
}

int table_reserve(struct table *t)
{
	if (t->buckets)
		return 0;
	t->buckets = calloc(TABLE_FIRST_SIZE, sizeof(struct table_node *));
	if (!t->buckets)
		return -ENOMEM;
	t->mask = TABLE_FIRST_SIZE - 1;
	return 0;
}

int table_add(struct table *t, struct table_node *n, u32 hash)
{
	struct table_node **bucket;
	int err = table_reserve(t);

	if (err)
		return err;
	if (t->old)
		move_some(t);
	else if (t->n > t->mask)
		grow(t);

	bucket = bucket_of(t, hash);
	n->hash = hash;
	n->next = *bucket;
	*bucket = n;
	t->n++;
	return 0;
}

void table_del(struct table *t, struct table_node *n)
{
	struct table_node **at;

	BUG_ON(!t->buckets);
	for (at = bucket_of(t, n->hash); *at != n; at = &(*at)->next)
		BUG_ON(!*at);
	*at = n->next;
	t->n--;
}

static struct table_node *skip_others(struct table_node *n, u32 hash)
{
	while (n && n->hash != hash)
		n = n->next;
	return n;
}

struct table_node *table_first(const struct table *t, u32 hash)
{
	if (!t->buckets)
		return NULL;
	return skip_others(*bucket_of(t, hash), hash);
}

struct table_node *table_next(const struct table_node *n)
{
	return skip_others(n->next, n->hash);
}
