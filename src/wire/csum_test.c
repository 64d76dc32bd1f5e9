/* SPDX-License-Identifier: MIT */
/* csum_test.c - against the sum written down as RFC 1071 §4.1 says */

#include "wire/csum.h"

#include "base/random.h"

#include <netinet/in.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MAX = 2000, ROUNDS = 5000 };

/* In network order, word by word. Return: what goes into the field */
static u16 oracle(const u8 *p, size_t len, u64 sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (u64)(p[i] << 8 | p[i + 1]);
	if (len & 1)
		sum += (u64)p[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (u16)~sum;
}

static void test_partial(void **state)
{
	u8 buf[MAX + 8], copy[MAX];
	struct random r;

	(void)state;
	random_seed(&r, 1);
	for (int i = 0; i < ROUNDS; i++) {
		size_t off = random_below(&r, 8), len = random_below(&r, MAX);
		u8 *p = buf + off;
		u32 split;

		random_bytes(&r, buf, sizeof(buf));
		if (i % 10 == 0)
			memset(buf, i % 20 ? 0xff : 0, sizeof(buf));
		assert_int_equal(be16_to_cpu(csum_fold(csum_partial(p, len, 0))),
				 oracle(p, len, 0));
		assert_int_equal(csum_copy(copy, p, len, 77), csum_partial(p, len, 77));
		assert_memory_equal(copy, p, len);
		/* in two pieces, the second perhaps at an odd offset */
		split = random_below(&r, (u32)len + 1);
		u32 sum =
		    csum_block_add(csum_partial(p, split, 0),
				   csum_partial(p + split, len - split, 0), split);
		assert_int_equal(be16_to_cpu(csum_fold(sum)), oracle(p, len, 0));
		sum =
		    csum_block_sub(sum, csum_partial(p + split, len - split, 0), split);
		assert_int_equal(csum_fold(csum_partial(p, split, 0)) ==
					 csum_fold(sum) ||
				     csum_reduce(sum) % 0xffff == 0,
				 1);
	}
}

static void test_known(void **state)
{
	/* the header of RFC 1071's time, as books show it */
	const u8 h[20] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
			  0x00, 0x00, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};

	(void)state;
	assert_int_equal(be16_to_cpu(csum_ip4(h, sizeof(h))), 0xb861);
}

static void test_pseudo(void **state)
{
	u8 ph[40];
	struct random r;

	(void)state;
	random_seed(&r, 2);
	for (int i = 0; i < 1000; i++) {
		u32 len = random_below(&r, 65536);
		be32 s, d;

		random_bytes(&r, ph, sizeof(ph));
		memcpy(&s, ph, 4);
		memcpy(&d, ph + 4, 4);
		ph[8] = 0;
		ph[9] = IPPROTO_UDP;
		ph[10] = (u8)(len >> 8);
		ph[11] = (u8)len;
		assert_int_equal(
		    be16_to_cpu(csum_fold(csum_pseudo4(s, d, IPPROTO_UDP, len))),
		    oracle(ph, 12, 0));
		len |= i % 2 ? 0x12340000 : 0; /* a jumbogram */
		random_bytes(&r, ph, sizeof(ph));
		be32 wire_len = cpu_to_be32(len);
		memcpy(ph + 32, &wire_len, 4);
		memset(ph + 36, 0, 3);
		ph[39] = IPPROTO_TCP;
		assert_int_equal(
		    be16_to_cpu(csum_fold(csum_pseudo6(ph, ph + 16, IPPROTO_TCP, len))),
		    oracle(ph, 40, 0));
	}
}

static void test_update(void **state)
{
	u8 buf[64];
	struct random r;

	(void)state;
	random_seed(&r, 3);
	for (int i = 0; i < ROUNDS; i++) {
		size_t at16 = 2 + 2 * (size_t)random_below(&r, 31);
		size_t at32 = 4 + 4 * (size_t)random_below(&r, 15);
		be16 check, from16, to16;
		be32 from32, to32;

		random_bytes(&r, buf, sizeof(buf));
		memset(buf, 0, 2);
		check = csum_fold(csum_partial(buf, sizeof(buf), 0));

		memcpy(&from16, buf + at16, 2);
		to16 = (be16)random_next(&r);
		memcpy(buf + at16, &to16, 2);
		csum_update16(&check, from16, to16);

		memcpy(&from32, buf + at32, 4);
		to32 = (be32)random_next(&r);
		memcpy(buf + at32, &to32, 4);
		csum_update32(&check, from32, to32);

		memcpy(buf, &check, 2);
		assert_int_equal(csum_fold(csum_partial(buf, sizeof(buf), 0)), 0);
	}
}

static void test_udp_zero(void **state)
{
	(void)state;
	assert_int_equal(csum_fold(0xffff), 0);
	assert_int_equal(csum_fold_nonzero(0xffff), 0xffff);
	assert_int_equal(csum_fold_nonzero(0), 0xffff);
	assert_int_equal(csum_fold_nonzero(1), csum_fold(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_partial),  cmocka_unit_test(test_known),
	    cmocka_unit_test(test_pseudo),   cmocka_unit_test(test_update),
	    cmocka_unit_test(test_udp_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
