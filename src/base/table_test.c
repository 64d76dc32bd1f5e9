/* SPDX-License-Identifier: MIT */
/* table_test.c - against an array */

#include "base/table.h"

#include "base/random.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ITEMS = 3000, ROUNDS = 60000 };

struct item {
	struct table_node node;
	u32 key;
	bool in;
};

static struct item *find(const struct table *t, u32 key, u32 hash)
{
	for (struct table_node *n = table_first(t, hash); n; n = table_next(n)) {
		assert_int_equal(n->hash, hash);
		if (container_of(n, struct item, node)->key == key)
			return container_of(n, struct item, node);
	}
	return NULL;
}

/* @hash_mask: small makes many equal hashes */
static void against_array(u32 hash_mask)
{
	struct item *items = calloc(ITEMS, sizeof(*items));
	struct random rnd;
	struct table t;
	u32 in = 0;

	random_seed(&rnd, hash_mask);
	table_init(&t);
	for (int round = 0; round < ROUNDS; round++) {
		u32 i = random_below(&rnd, ITEMS), hash = (i * 2654435761U) & hash_mask;
		struct item *it = &items[i];

		it->key = i;
		assert_ptr_equal(find(&t, i, hash), it->in ? it : NULL);
		/* grow, and now and then shrink */
		if (it->in && (round / 10000) % 2) {
			table_del(&t, &it->node);
			it->in = false;
			in--;
		} else if (!it->in) {
			assert_int_equal(table_add(&t, &it->node, hash), 0);
			it->in = true;
			in++;
		}
		assert_int_equal(t.n, in);
	}
	for (u32 i = 0; i < ITEMS; i++) {
		if (items[i].in)
			table_del(&t, &items[i].node);
	}
	table_fini(&t);
	free(items);
}

static void test_oracle(void **state)
{
	(void)state;
	against_array(~0U);
	against_array(0xff);
	against_array(0xff00ff00);
}

static void test_del_while_iterating(void **state)
{
	struct item items[100] = {0};
	struct table t;
	int seen = 0;

	(void)state;
	table_init(&t);
	for (u32 i = 0; i < 100; i++)
		assert_int_equal(table_add(&t, &items[i].node, i % 10), 0);
	for (struct table_node *n = table_first(&t, 3), *next; n; n = next) {
		next = table_next(n);
		table_del(&t, n);
		seen++;
	}
	assert_int_equal(seen, 10);
	assert_null(table_first(&t, 3));
	assert_non_null(table_first(&t, 4));
	for (u32 i = 0; i < 100; i++)
		if (i % 10 != 3)
			table_del(&t, &items[i].node);
	table_fini(&t);
}

static void test_empty(void **state)
{
	struct table t;

	(void)state;
	table_init(&t);
	assert_null(table_first(&t, 1));
	table_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_oracle),
	    cmocka_unit_test(test_del_while_iterating),
	    cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
