/* SPDX-License-Identifier: MIT */
/* pcapng_test.c - read back what was written, by the format's words */

#include "wire/pcapng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static u32 at32(const u8 *p)
{
	u32 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static u16 at16(const u8 *p)
{
	u16 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void check_block(const u8 *p, u32 len, u32 type)
{
	assert_int_equal(len % 4, 0);
	assert_int_equal(at32(p), type);
	assert_int_equal(at32(p + 4), len);
	assert_int_equal(at32(p + len - 4), len);
}

/* Find option @code from @p. Return: its data, @len set; NULL at the end */
static const u8 *option(const u8 *p, u16 code, u16 *len)
{
	while (at16(p) != 0) {
		*len = at16(p + 2);
		if (at16(p) == code)
			return p + 4;
		p += 4 + ((*len + 3U) & ~3U);
	}
	return NULL;
}

static void test_section(void **state)
{
	u8 buf[PCAPNG_SECTION_MAX];
	u16 len;
	u32 n = pcapng_section(buf, "warren");

	(void)state;
	check_block(buf, n, 0x0a0d0d0a);
	assert_int_equal(at32(buf + 8), 0x1a2b3c4d);
	assert_int_equal(at16(buf + 12), 1);
	assert_memory_equal(option(buf + 24, 4, &len), "warren", 6);
	assert_int_equal(len, 6);
	n = pcapng_section(buf, "a name that is far too long for the space there is");
	assert_true(n <= PCAPNG_SECTION_MAX);
	check_block(buf, n, 0x0a0d0d0a);
}

static void test_interface(void **state)
{
	u8 buf[PCAPNG_INTERFACE_MAX];
	char name[100];
	u16 len;
	u32 n = pcapng_interface(buf, PCAPNG_LINK_ETHERNET, "veth0", 65535);

	(void)state;
	check_block(buf, n, 1);
	assert_int_equal(at16(buf + 8), 1);
	assert_int_equal(at32(buf + 12), 65535);
	assert_memory_equal(option(buf + 16, 2, &len), "veth0", 5);
	assert_int_equal(*option(buf + 16, 9, &len), 9);
	assert_int_equal(len, 1);
	memset(name, 'x', sizeof(name));
	name[99] = '\0';
	n = pcapng_interface(buf, PCAPNG_LINK_RAW_IP, name, 0);
	assert_true(n <= PCAPNG_INTERFACE_MAX);
	check_block(buf, n, 1);
	option(buf + 16, 2, &len);
	assert_int_equal(len, 63);
}

static void test_packet(void **state)
{
	const u64 when = 1700000000123456789ULL;

	(void)state;
	for (u32 cap = 0; cap < 9; cap++) {
		for (u32 dir = PCAPNG_UNKNOWN; dir <= PCAPNG_OUT; dir++) {
			u8 buf[PCAPNG_PACKET_HEAD + 8 + PCAPNG_PACKET_TAIL_MAX];
			u32 n = pcapng_packet_head(buf, 3, when, cap, 1500, dir);
			u16 len;

			assert_int_equal(n, PCAPNG_PACKET_HEAD);
			memset(buf + n, 0xee, cap);
			n += cap;
			n += pcapng_packet_tail(buf + n, cap, dir);
			check_block(buf, n, 6);
			assert_int_equal(at32(buf + 8), 3);
			assert_int_equal((u64)at32(buf + 12) << 32 | at32(buf + 16),
					 when);
			assert_int_equal(at32(buf + 20), cap);
			assert_int_equal(at32(buf + 24), 1500);
			if (dir == PCAPNG_UNKNOWN)
				continue;
			assert_int_equal(
			    at32(option(buf + 28 + ((cap + 3) & ~3U), 2, &len)), dir);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_section),
	    cmocka_unit_test(test_interface),
	    cmocka_unit_test(test_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
