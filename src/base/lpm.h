/* SPDX-License-Identifier: MIT */
/*
 * lpm.h - longest-prefix-match trie, for prefixes of up to 128 bits
 *
 * Path-compressed binary trie. A node is embedded in the caller's prefix
 * object; inner nodes without a prefix are the trie's own.
 */
#ifndef WARREN_BASE_LPM_H
#define WARREN_BASE_LPM_H

#include "base/mem.h"

struct lpm_node {
	struct lpm_node *parent, *child[2];
	u8 key[16]; /* network order, bits behind plen are zero */
	u8 plen;
	bool glue; /* the trie's own inner node */
};

struct lpm_top;

struct lpm {
	struct lpm_node *root;
	struct mem *mem;
	u32 n;			/* prefixes, glue not counted */
	u32 top_at;		/* from how many on there is a top */
	struct lpm_top *top;	/* see lpm.c; NULL: few prefixes, or no memory */
	struct lpm_node *spare; /* see lpm.c: so that deletion cannot fail */
};

void lpm_init(struct lpm *t, struct mem *mem);

/* Add @n for the first @plen bits of @key (@key_len bytes: 4 or 16; longer
 * bits are cleared). Return: 0, -EEXIST (prefix is there), -ENOMEM */
int __must_check lpm_add(struct lpm *t, struct lpm_node *n, const void *key,
			 unsigned key_len, unsigned plen);
void lpm_del(struct lpm *t, struct lpm_node *n);
/* Exactly this prefix, or NULL */
struct lpm_node *lpm_find(const struct lpm *t, const void *key, unsigned key_len,
			  unsigned plen);
/* The longest prefix that covers @key (@key_len*8 bits), or NULL */
struct lpm_node *lpm_match(const struct lpm *t, const void *key, unsigned key_len);
/* The next shorter prefix that covers @n, or NULL */
struct lpm_node *lpm_shorter(const struct lpm_node *n);
/* In order of address, shorter prefix first: walk all */
struct lpm_node *lpm_first(const struct lpm *t);
struct lpm_node *lpm_after(const struct lpm_node *n);

#endif
