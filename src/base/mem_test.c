/* SPDX-License-Identifier: MIT */
/* mem_test.c - accounts, limits, faults, and slabs on top of them */

#include "base/mem.h"
#include "base/slab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_account(void **state)
{
	struct mem top, sub;
	char *s;
	u8 *p;

	(void)state;
	mem_init(&top, NULL, NULL);
	mem_init(&sub, &top, NULL);
	p = mem_alloc(&sub, 100);
	assert_non_null(p);
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	assert_true(sub.bytes >= 100 && top.bytes == sub.bytes);
	s = mem_strdup(&top, "burrow");
	assert_string_equal(s, "burrow");
	assert_int_equal(top.count, 2);
	assert_int_equal(sub.count, 1);
	mem_free(&sub, p);
	mem_free(&sub, NULL);
	mem_free(&top, s);
	assert_int_equal(top.bytes, 0);
	assert_int_equal(sub.bytes, 0);
	assert_int_equal(top.count, 0);
}

static void test_limit(void **state)
{
	struct mem top, sub;
	void *p;

	(void)state;
	mem_init(&top, NULL, NULL);
	mem_init(&sub, &top, NULL);
	top.limit = 1000;
	p = mem_alloc(&sub, 600);
	assert_non_null(p);
	assert_null(mem_alloc(&sub, 600));
	assert_int_equal(top.refused, 1);
	assert_int_equal(sub.refused, 0);
	assert_int_equal(sub.bytes, top.bytes);
	mem_free(&sub, p);
	assert_true(mem_charge(&sub, 1000));
	assert_false(mem_charge(&sub, 1));
	assert_false(mem_charge(&sub, ~0ULL));
	mem_uncharge(&sub, 1000);
	assert_int_equal(top.bytes, 0);
}

static void test_fault(void **state)
{
	struct fault fault = {.countdown = 2};
	struct mem m;
	void *p, *q;

	(void)state;
	mem_init(&m, NULL, &fault);
	p = mem_alloc(&m, 1);
	assert_non_null(p);
	assert_null(mem_alloc_raw(&m, 1));
	q = mem_alloc_raw(&m, 1);
	assert_non_null(q);
	assert_int_equal(fault.failed, 1);
	mem_free(&m, p);
	mem_free(&m, q);
	assert_false(fault_hits(NULL));
}

static void test_slab(void **state)
{
	enum { N = 1000, SIZE = 200 };
	struct fault fault = {0};
	struct mem m;
	struct slab s;
	void *obj[N];

	(void)state;
	mem_init(&m, NULL, &fault);
	slab_init(&s, "things", SIZE, &m);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < N; i++) {
			u8 *b = obj[i] = slab_get(&s);

			assert_non_null(b);
			assert_int_equal((uintptr_t)b % 16, 0);
			for (int j = 0; j < SIZE; j++)
				assert_int_equal(b[j], 0);
			memset(b, i, SIZE);
		}
		assert_int_equal(s.in_use, N);
		assert_true(m.bytes >= N * SIZE);
		for (int i = 0; i < N; i++) {
			assert_int_equal(((u8 *)obj[i])[SIZE - 1], (u8)i);
			slab_put(&s, obj[i]);
		}
	}
	fault.countdown = 1;
	assert_null(slab_get(&s));
	obj[0] = slab_get_raw(&s);
	assert_non_null(obj[0]);
	slab_put(&s, obj[0]);
	slab_fini(&s);
	assert_int_equal(m.bytes, 0);
}

static void test_slab_limit(void **state)
{
	struct mem m;
	struct slab s;

	(void)state;
	mem_init(&m, NULL, NULL);
	m.limit = 100;
	slab_init(&s, "big", 100 * 1000, &m);
	assert_null(slab_get(&s));
	m.limit = 0;
	void *p = slab_get(&s);
	assert_non_null(p);
	slab_put(&s, p);
	slab_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_account),    cmocka_unit_test(test_limit),
	    cmocka_unit_test(test_fault),      cmocka_unit_test(test_slab),
	    cmocka_unit_test(test_slab_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
