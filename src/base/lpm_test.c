/* SPDX-License-Identifier: MIT */
/* lpm_test.c - against a plain list of prefixes */

#include "base/lpm.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PREFIXES = 300, ROUNDS = 4000 };

struct prefix {
	struct lpm_node node;
	u8 key[16];
	unsigned plen;
	bool in;
};

struct fixture {
	struct mem mem;
	struct lpm t;
	struct random rnd;
	unsigned key_len;
	struct prefix p[PREFIXES];
};

static bool covers(const struct prefix *p, const u8 *key)
{
	for (unsigned i = 0; i < p->plen; i++)
		if ((p->key[i / 8] ^ key[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

/* Few different bits, so that prefixes are often in each other. */
static void random_key(struct fixture *f, u8 key[16])
{
	for (unsigned i = 0; i < 16; i++)
		key[i] = (u8)(random_next(&f->rnd) & random_next(&f->rnd) & 0x93);
}

static struct prefix *oracle_match(struct fixture *f, const u8 *key)
{
	struct prefix *best = NULL;

	for (int i = 0; i < PREFIXES; i++) {
		struct prefix *p = &f->p[i];

		if (p->in && covers(p, key) && (!best || p->plen > best->plen))
			best = p;
	}
	return best;
}

static struct prefix *oracle_find(struct fixture *f, const u8 *key, unsigned plen)
{
	for (int i = 0; i < PREFIXES; i++)
		if (f->p[i].in && f->p[i].plen == plen && covers(&f->p[i], key))
			return &f->p[i];
	return NULL;
}

static void check_walk(struct fixture *f)
{
	struct lpm_node *n, *last = NULL;
	u32 seen = 0;

	for (n = lpm_first(&f->t); n; last = n, n = lpm_after(n)) {
		assert_false(n->glue);
		if (last) {
			int c = memcmp(last->key, n->key, 16);

			assert_true(c < 0 || (c == 0 && last->plen < n->plen));
		}
		seen++;
	}
	assert_int_equal(seen, f->t.n);
}

static void toggle(struct fixture *f, struct prefix *p)
{
	if (p->in) {
		lpm_del(&f->t, &p->node);
		p->in = false;
		return;
	}
	random_key(f, p->key);
	p->plen = random_below(&f->rnd, f->key_len * 8 + 1);
	if (oracle_find(f, p->key, p->plen)) {
		assert_int_equal(lpm_add(&f->t, &p->node, p->key, f->key_len, p->plen),
				 -EEXIST);
		return;
	}
	assert_int_equal(lpm_add(&f->t, &p->node, p->key, f->key_len, p->plen), 0);
	p->in = true;
}

static void against_oracle(unsigned key_len, u64 seed, u32 top_at)
{
	struct fixture f = {.key_len = key_len};

	random_seed(&f.rnd, seed);
	mem_init(&f.mem, NULL, NULL);
	lpm_init(&f.t, &f.mem);
	f.t.top_at = top_at;
	for (int i = 0; i < ROUNDS; i++) {
		unsigned plen = random_below(&f.rnd, key_len * 8 + 1);
		struct lpm_node *n, *shorter;
		struct prefix *want;
		u8 key[16];

		toggle(&f, &f.p[random_below(&f.rnd, PREFIXES)]);
		random_key(&f, key);
		n = lpm_match(&f.t, key, key_len);
		want = oracle_match(&f, key);
		assert_ptr_equal(n, want ? &want->node : NULL);
		if (n) {
			want->in = false;
			shorter = lpm_shorter(n);
			struct prefix *next = oracle_match(&f, key);
			assert_ptr_equal(shorter, next ? &next->node : NULL);
			want->in = true;
		}
		want = oracle_find(&f, key, plen);
		n = lpm_find(&f.t, key, key_len, plen);
		assert_ptr_equal(n, want ? &want->node : NULL);
		if (i % 50 == 0)
			check_walk(&f);
	}
	for (int i = 0; i < PREFIXES; i++)
		if (f.p[i].in)
			lpm_del(&f.t, &f.p[i].node);
	assert_null(f.t.root);
	assert_int_equal(f.mem.count, 0);
	assert_int_equal(f.mem.bytes, 0);
}

static void test_oracle(void **state)
{
	(void)state;
	for (u64 seed = 1; seed <= 5; seed++) {
		against_oracle(4, seed, 1000000);
		against_oracle(16, seed, 1000000);
		against_oracle(4, seed, 8); /* with a top, and now and then without */
		against_oracle(16, seed, 1);
	}
}

static void test_no_memory(void **state)
{
	struct fault fault = {0};
	struct mem mem;
	struct lpm t;
	struct lpm_node a, b, c;
	const u8 k0[4] = {10, 0, 0, 0}, k1[4] = {10, 128, 0, 0};

	(void)state;
	mem_init(&mem, NULL, &fault);
	lpm_init(&t, &mem);
	assert_int_equal(lpm_add(&t, &a, k0, 4, 16), 0);
	fault.countdown = 1;
	assert_int_equal(lpm_add(&t, &b, k1, 4, 16), -ENOMEM);
	assert_ptr_equal(lpm_match(&t, k0, 4), &a);
	assert_null(lpm_match(&t, k1, 4));
	assert_int_equal(lpm_add(&t, &b, k1, 4, 16), 0);
	assert_int_equal(lpm_add(&t, &c, k0, 4, 8), 0);
	fault.countdown = 1; /* deletion leaves glue and cannot fail */
	lpm_del(&t, &c);
	assert_int_equal(fault.failed, 1);
	lpm_del(&t, &a);
	lpm_del(&t, &b);
	assert_int_equal(mem.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_oracle),
	    cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
