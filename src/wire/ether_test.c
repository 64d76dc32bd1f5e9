/* SPDX-License-Identifier: MIT */
/* ether_test.c - kinds of MAC addresses */

#include "wire/ether.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_kinds(void **state)
{
	const u8 zero[6] = {0}, one[6] = {2, 0, 0, 0, 0, 1}, group[6] = {1, 0, 0x5e};
	const u8 all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const u8 nearly[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xfe};

	(void)state;
	assert_true(ether_is_zero(zero) && !ether_is_zero(one));
	assert_true(ether_is_multicast(group) && ether_is_multicast(all));
	assert_false(ether_is_multicast(one));
	assert_true(ether_is_broadcast(all) && !ether_is_broadcast(nearly));
	assert_true(ether_is_valid(one));
	assert_false(ether_is_valid(zero) || ether_is_valid(group));
	assert_true(ether_equal(one, one) && !ether_equal(one, zero));
}

static void test_group_address(void **state)
{
	const u8 want[6] = {0x01, 0x00, 0x5e, 0x7f, 0x01, 0x02};
	u8 mac[6];

	(void)state;
	ether_ip4_multicast(mac, cpu_to_be32(0xefff0102)); /* 239.255.1.2 */
	assert_memory_equal(mac, want, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_group_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
