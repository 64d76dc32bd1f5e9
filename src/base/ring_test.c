/* SPDX-License-Identifier: MIT */
/* ring_test.c - full, empty, around the corner, and two threads */

#include "base/ring.h"

#include <pthread.h>
#include <sched.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void *number(uintptr_t n)
{
	return (void *)n;
}

static void test_order(void **state)
{
	struct ring *r = ring_new(4);
	uintptr_t in = 1, out = 1;

	(void)state;
	assert_null(ring_pop(r));
	for (int round = 0; round < 100; round++) {
		while (ring_push(r, number(in)))
			in++;
		assert_int_equal(in - out, 4);
		for (int i = 0; i < 1 + round % 4; i++)
			assert_ptr_equal(ring_pop(r), number(out++));
	}
	while (out < in)
		assert_ptr_equal(ring_pop(r), number(out++));
	assert_null(ring_pop(r));
	ring_free(r);
}

enum { CROSSINGS = 200000 };

static void *produce(void *arg)
{
	for (uintptr_t i = 1; i <= CROSSINGS; i++)
		while (!ring_push(arg, number(i)))
			sched_yield();
	return NULL;
}

static void test_threads(void **state)
{
	struct ring *r = ring_new(64);
	pthread_t producer;

	(void)state;
	assert_int_equal(pthread_create(&producer, NULL, produce, r), 0);
	for (uintptr_t i = 1; i <= CROSSINGS; i++) {
		void *p;

		while (!(p = ring_pop(r)))
			sched_yield();
		assert_ptr_equal(p, number(i));
	}
	pthread_join(producer, NULL);
	ring_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
