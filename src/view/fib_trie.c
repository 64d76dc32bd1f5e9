/* SPDX-License-Identifier: MIT */
/*
 * fib_trie.c - /proc/net/fib_trie and /proc/net/fib_triestat
 *
 * Linux keeps its routes in a level-compressed trie (Nilsson and Karlsson,
 * "IP-address lookup using LC-tries") and shows that trie. Ours is another
 * (base/lpm.h), so the picture is computed: the addresses of a table in order
 * are the leaves, and a run of leaves that has more than one becomes a node at
 * the first bit where they differ, with as many bits as pay:
 *
 *	A node of b bits has 2^b children. It is doubled while
 *	50 * (children that are not empty + full ones) >= t * 2^b,
 *	t being 30 at the root and 50 elsewhere. A full child is a node
 *	that begins with the very next bit.
 *
 * Linux does the same step by step at each change, and halves late, so after
 * deletions its picture may differ for a while from ours.
 *
 * As long as a namespace has only the rules it was born with, Linux keeps
 * local and main in one trie and shows it twice.
 */

#include "ip/fib.h"
#include "ip/rule.h"
#include "view/views.h"

#include <stdlib.h>

enum { KEY_BITS = 32, ROOT_FILL = 30, FILL = 50, LEAF_SIZE = 48, ALIAS_SIZE = 56 };

struct entry {
	u32 addr; /* host order */
	u8 plen;
	const struct fib_prefix *p;
};

struct leaves {
	struct entry *at;
	u32 n;
};

struct shape { /* of a node */
	u32 bits, used, full;
};

struct trie_stat {
	u32 depth_sum, depth_max, leaves, prefixes, nodes, pointers, empty;
	u32 by_bits[KEY_BITS + 1];
};

struct trie_walk {
	const struct leaves *lv;
	struct text *out;	/* NULL: count only */
	struct trie_stat *stat; /* NULL: print only */
};

static int entry_cmp(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (x->plen != y->plen)
		return x->plen > y->plen ? -1 : 1;
	return (x->p->table->id < y->p->table->id) -
	       (x->p->table->id > y->p->table->id);
}

static void collect(struct leaves *lv, const struct fib_table *t)
{
	for (struct lpm_node *n = t ? lpm_first(&t->lpm) : NULL; n; n = lpm_after(n)) {
		be32 addr;

		memcpy(&addr, n->key, sizeof(addr));
		lv->at[lv->n++] = (struct entry){
		    .addr = be32_to_cpu(addr),
		    .plen = n->plen,
		    .p = container_of(n, struct fib_prefix, lpm),
		};
	}
}

/* The leaves of one or two tables in order; the caller frees lv->at */
static int leaves_of(struct net *net, const struct fib_table *a,
		     const struct fib_table *b, struct leaves *lv)
{
	u32 n = (a ? a->lpm.n : 0) + (b ? b->lpm.n : 0);

	lv->n = 0;
	lv->at = net_alloc(net, (n + 1) * sizeof(*lv->at));
	if (!lv->at)
		return -ENOMEM;
	collect(lv, a);
	collect(lv, b);
	qsort(lv->at, lv->n, sizeof(*lv->at), entry_cmp);
	return 0;
}

/* ---- nodes ---- */

static u32 first_difference(u32 a, u32 b)
{
	return (u32)__builtin_clz(a ^ b);
}

/* @n bits of @addr from bit @pos on, bit 0 being the first of the address */
static u32 bits_of(u32 addr, u32 pos, u32 n)
{
	return n ? addr << pos >> (KEY_BITS - n) : 0;
}

/* The end of the run from @from on that agrees in @n bits at @pos */
static u32 run_end(const struct leaves *lv, u32 from, u32 to, u32 pos, u32 n)
{
	u32 i = from;

	while (i < to &&
	       bits_of(lv->at[i].addr, pos, n) == bits_of(lv->at[from].addr, pos, n))
		i++;
	return i;
}

static void shape_fill(const struct leaves *lv, u32 from, u32 to, u32 pos,
		       struct shape *sh)
{
	sh->used = sh->full = 0;
	for (u32 i = from, end; i < to; i = end) {
		u32 first = lv->at[i].addr, last;

		end = run_end(lv, i, to, pos, sh->bits);
		last = lv->at[end - 1].addr;
		sh->used++;
		sh->full +=
		    first != last && first_difference(first, last) == pos + sh->bits;
	}
}

static struct shape shape_of(const struct leaves *lv, u32 from, u32 to, u32 pos,
			     bool root)
{
	struct shape sh = {.bits = 1};

	for (;;) {
		u64 size = 1ULL << sh.bits, fill = root ? ROOT_FILL : FILL;

		shape_fill(lv, from, to, pos, &sh);
		if (pos + sh.bits >= KEY_BITS ||
		    50ULL * (sh.used + sh.full) < fill * size)
			return sh;
		sh.bits++;
	}
}

static const char *const scopes[256] = {
    [RT_SCOPE_UNIVERSE] = "universe", [RT_SCOPE_SITE] = "site",
    [RT_SCOPE_LINK] = "link",	      [RT_SCOPE_HOST] = "host",
    [RT_SCOPE_NOWHERE] = "nowhere",
};
static const char *const types[] = {"UNSPEC",	"UNICAST",   "LOCAL",	  "BROADCAST",
				    "ANYCAST",	"MULTICAST", "BLACKHOLE", "UNREACHABLE",
				    "PROHIBIT", "THROW",     "NAT",	  "XRESOLVE"};

static void put_alias(struct text *out, const struct entry *e, int indent)
{
	const struct fib_route *r;

	list_for_each(r, &e->p->routes, node) {
		text_printf(out, "%*s/%u %s %s", indent, "", e->plen,
			    scopes[r->scope] ? scopes[r->scope] : "?",
			    r->type < ARRAY_SIZE(types) ? types[r->type] : "?");
		if (r->tos)
			text_printf(out, " tos=%d", r->tos);
		text_printf(out, "\n");
	}
}

/* All entries of one address */
static void walk_leaf(const struct trie_walk *w, u32 from, u32 to, u32 depth)
{
	int indent = (int)depth * 3 + 2;
	char s[TEXT_IP4];

	if (w->out)
		text_printf(w->out, "%*s|-- %s\n", indent, "",
			    text_ip4(s, cpu_to_be32(w->lv->at[from].addr)));
	for (u32 i = from; i < to; i++) {
		const struct fib_route *r;

		if (w->out)
			put_alias(w->out, &w->lv->at[i], indent + 3);
		if (w->stat)
			list_for_each(r, &w->lv->at[i].p->routes, node)
				w->stat->prefixes++;
	}
	if (w->stat) {
		w->stat->leaves++;
		w->stat->depth_sum += depth;
		w->stat->depth_max = max(w->stat->depth_max, depth);
	}
}

static void see_node(const struct trie_walk *w, u32 addr, u32 pos,
		     const struct shape *sh, u32 depth)
{
	u32 empty = (u32)((1ULL << sh->bits) - sh->used);
	char s[TEXT_IP4];

	if (w->out)
		text_printf(
		    w->out, "%*s+-- %s/%u %u %u %u\n", (int)depth * 3 + 2, "",
		    text_ip4(s,
			     cpu_to_be32(pos ? addr >> (32 - pos) << (32 - pos) : 0)),
		    pos, sh->bits, sh->full, empty);
	if (w->stat) {
		w->stat->nodes++;
		w->stat->by_bits[sh->bits]++;
		w->stat->pointers += 1U << sh->bits;
		w->stat->empty += empty;
	}
}

/* Recursion: each step is at a later bit, so 32 deep at most */
static void walk(const struct trie_walk *w, u32 from, u32 to, u32 depth)
{
	const struct leaves *lv = w->lv;
	u32 first = lv->at[from].addr, last = lv->at[to - 1].addr, pos;
	struct shape sh;

	if (first == last) {
		walk_leaf(w, from, to, depth);
		return;
	}
	pos = first_difference(first, last);
	sh = shape_of(lv, from, to, pos, depth == 0);
	see_node(w, first, pos, &sh, depth);
	for (u32 i = from, end; i < to; i = end) {
		end = run_end(lv, i, to, pos, sh.bits);
		walk(w, i, end, depth + 1);
	}
}

/* ---- files ---- */

static void put_name(struct text *out, u32 id)
{
	if (id == RT_TABLE_LOCAL)
		text_printf(out, "Local:\n");
	else if (id == RT_TABLE_MAIN)
		text_printf(out, "Main:\n");
	else
		text_printf(out, "Id %u:\n", id);
}

static int put_table(struct net *net, u32 id, const struct fib_table *a,
		     const struct fib_table *b, struct text *out,
		     void (*fn)(u32 id, const struct leaves *lv, struct text *out))
{
	struct leaves lv;
	int err = leaves_of(net, a, b, &lv);

	if (err)
		return err;
	fn(id, &lv, out);
	net_free(net, lv.at);
	return 0;
}

static int each_table(struct net *net, struct text *out,
		      void (*fn)(u32 id, const struct leaves *lv, struct text *out))
{
	struct fib_table *main = fib_table(net, AF_INET, RT_TABLE_MAIN);
	struct fib_table *local = fib_table(net, AF_INET, RT_TABLE_LOCAL);
	bool merged = !rule_has_own(net) && (main || local);
	struct fib_table *t;
	int err = 0;

	for (t = fib_table_first(net, AF_INET); t && !err; t = fib_table_next(t))
		if (!merged || (t != main && t != local))
			err = put_table(net, t->id, t, NULL, out, fn);
	if (merged && !err)
		err = put_table(net, RT_TABLE_MAIN, main, local, out, fn);
	if (merged && !err)
		err = put_table(net, RT_TABLE_LOCAL, main, local, out, fn);
	return err;
}

static void put_trie(u32 id, const struct leaves *lv, struct text *out)
{
	const struct trie_walk w = {.lv = lv, .out = out};

	if (!lv->n)
		return;
	put_name(out, id);
	walk(&w, 0, lv->n, 0);
}

static void put_stat(u32 id, const struct leaves *lv, struct text *out)
{
	struct trie_stat st = {0};
	const struct trie_walk w = {.lv = lv, .stat = &st};
	u32 average, bytes, top = KEY_BITS;

	if (lv->n)
		walk(&w, 0, lv->n, 0);
	average = st.leaves ? st.depth_sum * 100 / st.leaves : 0;
	put_name(out, id);
	text_printf(out, "\tAver depth:     %u.%02u\n\tMax depth:      %u\n",
		    average / 100, average % 100, st.depth_max);
	text_printf(out, "\tLeaves:         %u\n\tPrefixes:       %u\n", st.leaves,
		    st.prefixes);
	text_printf(out, "\tInternal nodes: %u\n\t", st.nodes);
	while (top && !st.by_bits[top])
		top--;
	for (u32 i = 1; i <= top; i++)
		if (st.by_bits[i])
			text_printf(out, "  %u: %u", i, st.by_bits[i]);
	text_printf(out, "\n\tPointers: %u\nNull ptrs: %u\n", st.pointers, st.empty);
	bytes = st.leaves * LEAF_SIZE + st.prefixes * ALIAS_SIZE +
		st.nodes * LEAF_SIZE + st.pointers * (u32)sizeof(void *);
	text_printf(out, "Total size: %u  kB\n", (bytes + 1023) / 1024);
}

static int fib_trie_text(struct net *net, const char *rel, struct text *out)
{
	(void)rel;
	return each_table(net, out, put_trie);
}

static int fib_triestat_text(struct net *net, const char *rel, struct text *out)
{
	(void)rel;
	text_printf(out,
		    "Basic info: size of leaf: 48 bytes, size of tnode: 40 bytes.\n");
	return each_table(net, out, put_stat);
}

static const struct view fib_trie_views[] = {
    {.path = "net/fib_trie", .text = fib_trie_text},
    {.path = "net/fib_triestat", .text = fib_triestat_text},
};

int fib_trie_boot(struct warren *w)
{
	return views_register(w, &proc_net_part, fib_trie_views,
			      ARRAY_SIZE(fib_trie_views));
}
