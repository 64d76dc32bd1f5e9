/* SPDX-License-Identifier: MIT */
/* random_test.c - published vectors, fairness in the rough */

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The reference vectors of SipHash-2-4: key 00..0f, input 00, 00 01, ... */
static void test_siphash(void **state)
{
	const struct sip_key key = {0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};
	u8 in[15];

	(void)state;
	for (u8 i = 0; i < 15; i++)
		in[i] = i;
	assert_int_equal(siphash(&key, in, 0), 0x726fdb47dd0e0e31ULL);
	assert_int_equal(siphash(&key, in, 1), 0x74f839c593dc67fdULL);
	assert_int_equal(siphash(&key, in, 8), 0x93f5f5799a932462ULL);
	assert_int_equal(siphash(&key, in, 15), 0xa129ca6149be45e5ULL);
}

static void test_hash3(void **state)
{
	const struct sip_key a = {1, 2}, b = {1, 3};

	(void)state;
	assert_int_equal(hash3(&a, 1, 2, 3), hash3(&a, 1, 2, 3));
	assert_int_not_equal(hash3(&a, 1, 2, 3), hash3(&b, 1, 2, 3));
	assert_int_not_equal(hash3(&a, 1, 2, 3), hash3(&a, 1, 3, 2));
}

static void test_same_seed_same_numbers(void **state)
{
	struct random a, b;
	u8 x[13], y[13];

	(void)state;
	random_seed(&a, 42);
	random_seed(&b, 42);
	for (int i = 0; i < 100; i++)
		assert_int_equal(random_next(&a), random_next(&b));
	random_bytes(&a, x, sizeof(x));
	random_bytes(&b, y, sizeof(y));
	assert_memory_equal(x, y, sizeof(x));
	random_seed(&b, 43);
	assert_int_not_equal(random_next(&a), random_next(&b));
}

static void test_below(void **state)
{
	unsigned hits[7] = {0};
	struct random r;

	(void)state;
	random_seed(&r, 1);
	for (int i = 0; i < 70000; i++)
		hits[random_below(&r, 7)]++;
	for (int i = 0; i < 7; i++)
		assert_in_range(hits[i], 9500, 10500);
	for (int i = 0; i < 100; i++)
		assert_int_equal(random_below(&r, 1), 0);
	for (int i = 0; i < 100; i++)
		assert_true(random_below(&r, 0xc0000001U) < 0xc0000001U);
}

static void test_host_seed(void **state)
{
	u64 a, b;

	(void)state;
	assert_int_equal(random_host_seed(&a), 0);
	assert_int_equal(random_host_seed(&b), 0);
	assert_int_not_equal(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_siphash),
	    cmocka_unit_test(test_hash3),
	    cmocka_unit_test(test_same_seed_same_numbers),
	    cmocka_unit_test(test_below),
	    cmocka_unit_test(test_host_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
