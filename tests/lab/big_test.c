/* SPDX-License-Identifier: MIT */
/*
 * big_test.c - a long transfer over a bad wire
 *
 * 256 MiB, each byte checked, while one frame of fifty is lost and one of twenty
 * overtaken: what goes wrong once in a hundred thousand segments is met here.
 */

#include "pair.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "inet/tcp_impl.h"

static void test_bad_wire(void **state)
{
	struct lab_fault f = {
	    .delay_ns = 20 * NS_PER_MS,
	    .jitter_ns = 10 * NS_PER_MS,
	    .loss = 200,
	    .reorder = 500,
	};
	struct bench t;

	(void)state;
	bench_new(&t, 1, &f);
	establish(&t);
	transfer(&t, 256 * (u64)MIB, false, CHUNK, 3600 * NS_PER_S);
	/* 185,000 segments, one of fifty lost: little more was sent again */
	assert_in_range(tcp_sk(t.a)->total_retrans, 3500, 5000);
	bench_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bad_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
