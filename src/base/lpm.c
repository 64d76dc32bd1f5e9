/* SPDX-License-Identifier: MIT */
/*
 * lpm.c - longest-prefix-match trie
 *
 * A node stands for a prefix; its children are longer prefixes under it, told
 * apart by the first bit behind it. Where two prefixes part and nobody added
 * the common part, there is a glue node, which has always two children.
 *
 * Deleting a prefix that has two children leaves glue in its place. So that
 * deletion cannot fail, the trie owns a spare node for each such prefix:
 * number of spares = number of prefixes with two children, always.
 *
 * A match walks down from the root, and each step waits for memory. So a trie of
 * many prefixes has a top: for each value of the first TOP_BITS bits, where the walk
 * of such a key leaves the nodes shorter than that, and the best match up to there.
 * It is filled by the walks themselves. A prefix that comes or goes makes unknown
 * what it covers, and nothing else: nodes that other keys go on from are longer than
 * TOP_BITS, so they are not on its path.
 */

#include "base/lpm.h"

#include "base/bug.h"

enum { TOP_BITS = 14, TOP_AT = 4096 };

/* Both NULL: not known, or nothing there */
struct lpm_top {
	struct lpm_node *next, *best;
};

void lpm_init(struct lpm *t, struct mem *mem)
{
	*t = (struct lpm){.mem = mem, .top_at = TOP_AT};
}

static u32 word_of(const u8 *key)
{
	be32 w;

	memcpy(&w, key, sizeof(w));
	return be32_to_cpu(w);
}

/* A prefix of @plen bits has come or gone */
static void top_forget(struct lpm *t, const u8 *key, unsigned plen)
{
	size_t n = plen < TOP_BITS ? 1U << (TOP_BITS - plen) : 1;

	if (t->top)
		memset(&t->top[word_of(key) >> (32 - TOP_BITS)], 0,
		       n * sizeof(*t->top));
}

static void top_resize(struct lpm *t)
{
	if (!t->top && t->n >= t->top_at)
		t->top = mem_alloc(t->mem, sizeof(*t->top) << TOP_BITS);
	if (t->top && (t->n < t->top_at / 4 || !t->n)) {
		mem_free(t->mem, t->top);
		t->top = NULL;
	}
}

static unsigned bit_at(const u8 *key, unsigned i)
{
	return (key[i / 8] >> (7 - i % 8)) & 1;
}

/* How many of the first @max bits are equal. */
static unsigned common_bits(const u8 *a, const u8 *b, unsigned max)
{
	for (unsigned i = 0; i * 8 < max; i++) {
		u8 diff = a[i] ^ b[i];

		if (diff)
			return min(max, i * 8 + (unsigned)__builtin_clz(diff) - 24);
	}
	return max;
}

/* @out: the first @plen bits of @key, then zeros */
static void make_key(u8 out[16], const void *key, unsigned key_len, unsigned plen)
{
	BUG_ON(key_len > 16 || plen > key_len * 8);
	memset(out, 0, 16);
	memcpy(out, key, (plen + 7) / 8);
	if (plen % 8)
		out[plen / 8] &= (u8)(0xff << (8 - plen % 8));
}

static struct lpm_node **place_of(struct lpm *t, const struct lpm_node *n)
{
	if (!n->parent)
		return &t->root;
	return &n->parent->child[n->parent->child[1] == n];
}

static void adopt(struct lpm_node *parent, unsigned side, struct lpm_node *child)
{
	parent->child[side] = child;
	if (child)
		child->parent = parent;
}

/* Put @new, which has @old's key, where @old is. */
static void replace(struct lpm *t, struct lpm_node *old, struct lpm_node *new)
{
	*place_of(t, old) = new;
	new->parent = old->parent;
	adopt(new, 0, old->child[0]);
	adopt(new, 1, old->child[1]);
}

static void spare_push(struct lpm *t, struct lpm_node *n)
{
	n->parent = t->spare;
	t->spare = n;
}

static struct lpm_node *spare_pop(struct lpm *t)
{
	struct lpm_node *n = t->spare;

	BUG_ON(!n);
	t->spare = n->parent;
	return n;
}

static bool has_two(const struct lpm_node *n)
{
	return n->child[0] && n->child[1];
}

/* Link @n into the empty place *@where under @parent. */
static int add_leaf(struct lpm *t, struct lpm_node *n, struct lpm_node *parent,
		    struct lpm_node **where)
{
	if (parent && (parent->child[0] || parent->child[1])) {
		struct lpm_node *spare = mem_alloc(t->mem, sizeof(*spare));

		if (!spare)
			return -ENOMEM;
		spare_push(t, spare);
	}
	n->parent = parent;
	*where = n;
	return 0;
}

/* @n and the subtree at *@where part after @common bits. */
static int add_split(struct lpm *t, struct lpm_node *n, struct lpm_node **where,
		     unsigned common)
{
	struct lpm_node *below = *where, *glue;

	if (common == n->plen) {
		n->parent = below->parent;
		*where = n;
		adopt(n, bit_at(below->key, common), below);
		return 0;
	}
	glue = mem_alloc(t->mem, sizeof(*glue));
	if (!glue)
		return -ENOMEM;
	glue->glue = true;
	glue->plen = (u8)common;
	make_key(glue->key, n->key, 16, common);
	glue->parent = below->parent;
	*where = glue;
	adopt(glue, bit_at(below->key, common), below);
	adopt(glue, bit_at(n->key, common), n);
	return 0;
}

static int add_at(struct lpm *t, struct lpm_node *n)
{
	struct lpm_node **where = &t->root, *parent = NULL;

	while (*where) {
		struct lpm_node *cur = *where;
		unsigned common =
		    common_bits(cur->key, n->key, min(cur->plen, n->plen));

		if (common < cur->plen)
			return add_split(t, n, where, common);
		if (n->plen == cur->plen) {
			if (!cur->glue)
				return -EEXIST;
			replace(t, cur, n);
			spare_push(t, cur);
			return 0;
		}
		parent = cur;
		where = &cur->child[bit_at(n->key, cur->plen)];
	}
	return add_leaf(t, n, parent, where);
}

int lpm_add(struct lpm *t, struct lpm_node *n, const void *key, unsigned key_len,
	    unsigned plen)
{
	int err;

	*n = (struct lpm_node){.plen = (u8)plen};
	make_key(n->key, key, key_len, plen);
	err = add_at(t, n);
	if (err)
		return err;
	t->n++;
	top_forget(t, n->key, plen);
	top_resize(t);
	return 0;
}

/* Remove a node with at most one child; the child takes its place. */
static void unlink_node(struct lpm *t, struct lpm_node *n)
{
	struct lpm_node *child = n->child[0] ? n->child[0] : n->child[1];

	*place_of(t, n) = child;
	if (child)
		child->parent = n->parent;
}

void lpm_del(struct lpm *t, struct lpm_node *n)
{
	struct lpm_node *parent = n->parent;

	BUG_ON(n->glue || t->n == 0);
	t->n--;
	top_forget(t, n->key, n->plen);
	top_resize(t);
	if (has_two(n)) {
		struct lpm_node *glue = spare_pop(t);

		*glue = (struct lpm_node){.plen = n->plen, .glue = true};
		memcpy(glue->key, n->key, sizeof(glue->key));
		replace(t, n, glue);
	} else {
		bool leaf = !n->child[0] && !n->child[1];

		if (leaf && parent && parent->glue) {
			unlink_node(t, n);
			unlink_node(t, parent);
			mem_free(t->mem, parent);
		} else {
			if (leaf && parent && has_two(parent))
				mem_free(t->mem, spare_pop(t));
			unlink_node(t, n);
		}
	}
	*n = (struct lpm_node){0};
}

static bool covers(const struct lpm_node *n, const u8 *key, unsigned bits)
{
	if (n->plen > bits)
		return false;
	if (n->plen <= 32) {
		u32 differs = word_of(n->key) ^ word_of(key);

		return !n->plen || !(differs >> (32 - n->plen));
	}
	return common_bits(n->key, key, n->plen) == n->plen;
}

struct lpm_node *lpm_find(const struct lpm *t, const void *key, unsigned key_len,
			  unsigned plen)
{
	struct lpm_node *n = t->root;
	u8 k[16];

	make_key(k, key, key_len, plen);
	while (n && covers(n, k, plen)) {
		if (n->plen == plen)
			return n->glue ? NULL : n;
		n = n->child[bit_at(k, n->plen)];
	}
	return NULL;
}

/* Where the walk of @key stands behind its first TOP_BITS bits */
static struct lpm_top *top_of(const struct lpm *t, const u8 *key)
{
	struct lpm_top *top = &t->top[word_of(key) >> (32 - TOP_BITS)];
	struct lpm_node *n = t->root;

	if (top->next || top->best)
		return top;
	while (n && n->plen < TOP_BITS && covers(n, key, TOP_BITS)) {
		if (!n->glue)
			top->best = n;
		n = n->child[bit_at(key, n->plen)];
	}
	if (n && n->plen >= TOP_BITS && common_bits(n->key, key, TOP_BITS) == TOP_BITS)
		top->next = n;
	return top;
}

struct lpm_node *lpm_match(const struct lpm *t, const void *key, unsigned key_len)
{
	struct lpm_node *n = t->root, *best = NULL;
	unsigned bits = key_len * 8;

	if (t->top) {
		struct lpm_top *top = top_of(t, key);

		n = top->next;
		best = top->best;
	}
	while (n && covers(n, key, bits)) {
		if (!n->glue)
			best = n;
		if (n->plen == bits)
			break;
		n = n->child[bit_at(key, n->plen)];
	}
	return best;
}

struct lpm_node *lpm_shorter(const struct lpm_node *n)
{
	struct lpm_node *up = n->parent;

	while (up && up->glue)
		up = up->parent;
	return up;
}

/* The next node in order of address, glue included. */
static struct lpm_node *step(const struct lpm_node *n)
{
	if (n->child[0])
		return n->child[0];
	if (n->child[1])
		return n->child[1];
	for (; n->parent; n = n->parent) {
		struct lpm_node *parent = n->parent;

		if (parent->child[0] == n && parent->child[1])
			return parent->child[1];
	}
	return NULL;
}

struct lpm_node *lpm_after(const struct lpm_node *n)
{
	struct lpm_node *next = step(n);

	while (next && next->glue)
		next = step(next);
	return next;
}

struct lpm_node *lpm_first(const struct lpm *t)
{
	return t->root && t->root->glue ? lpm_after(t->root) : t->root;
}
