/* SPDX-License-Identifier: MIT */
/* text_test.c - strings, addresses (against libc), numbers; the log */

#include "base/text.h"

#include "base/log.h"
#include "base/random.h"

#include <arpa/inet.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_grow(void **state)
{
	struct text t;

	(void)state;
	text_init(&t);
	assert_null(t.s);
	for (int i = 0; i < 1000; i++)
		text_printf(&t, "%d,", i % 10);
	text_add(&t, "end", 3);
	assert_int_equal(t.len, 2003);
	assert_int_equal(strlen(t.s), 2003);
	assert_memory_equal(t.s, "0,1,2,3,", 8);
	assert_string_equal(t.s + 1996, "8,9,end");
	assert_false(t.failed);
	text_fini(&t);
	text_init(&t);
	text_add(&t, "", 0);
	assert_string_equal(t.s, "");
	text_fini(&t);
}

static void test_format(void **state)
{
	char buf[5];

	(void)state;
	assert_int_equal(text_format(buf, sizeof(buf), "%s", "ab"), 2);
	assert_int_equal(text_format(buf, sizeof(buf), "%s", "abcdefg"), 4);
	assert_string_equal(buf, "abcd");
	assert_int_equal(text_format(buf, 0, "%s", "x"), 0);
}

static void test_ip4(void **state)
{
	static const char *const bad[] = {
	    "",	      "1.2.3",	  "1.2.3.4.", "1.2.3.4.5",  "256.1.1.1",
	    "1..2.3", " 1.2.3.4", "1.2.3.4 ", "1.2.3.0004", "a.b.c.d"};
	char buf[TEXT_IP4];
	be32 a;

	(void)state;
	assert_int_equal(text_parse_ip4("10.0.200.255", &a), 0);
	assert_int_equal(a, cpu_to_be32(0x0a00c8ff));
	assert_string_equal(text_ip4(buf, a), "10.0.200.255");
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(text_parse_ip4(bad[i], &a), -EINVAL);
}

static void test_ip6_parse(void **state)
{
	static const char *const good[] = {
	    "::",
	    "::1",
	    "1::",
	    "fe80::1",
	    "1:2:3:4:5:6:7:8",
	    "1::8",
	    "1:2:3::8",
	    "::ffff:1.2.3.4",
	    "::1.2.3.4",
	    "1:2:3:4:5:6:9.8.7.6",
	    "2001:DB8::A",
	    "1:2:3:4:5:6:7::",
	    "::2:3:4:5:6:7:8",
	};
	static const char *const bad[] = {
	    "",
	    ":",
	    ":1",
	    "1:",
	    "1:2:3:4:5:6:7",
	    "1:2:3:4:5:6:7:8:9",
	    "1::2::3",
	    "12345::",
	    ":::",
	    "1:::2",
	    "1:2:3:4:5:6:7:1.2.3.4",
	    "1.2.3.4",
	    "::1.2.3",
	    "::1 ",
	    "g::",
	    "1:2:3:4::5:6:7:8",
	    "::1.2.3.4:5",
	};
	u8 a[16], b[16];

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(text_parse_ip6(good[i], a), 0);
		assert_int_equal(inet_pton(AF_INET6, good[i], b), 1);
		assert_memory_equal(a, b, 16);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(text_parse_ip6(bad[i], a), -EINVAL);
}

static void test_ip6_print(void **state)
{
	struct random r;

	(void)state;
	random_seed(&r, 3);
	for (int i = 0; i < 20000; i++) {
		char mine[TEXT_IP6], libc[TEXT_IP6];
		u8 a[16], b[16];
		u64 holes = random_next(&r) & random_next(&r);

		for (int j = 0; j < 16; j++)
			a[j] = holes >> (j / 2 * 4) & 1 ? (u8)random_below(&r, 256) : 0;
		if (random_below(&r, 10) == 0)
			memcpy(a, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
		text_ip6(mine, a);
		inet_ntop(AF_INET6, a, libc, sizeof(libc));
		assert_string_equal(mine, libc);
		assert_int_equal(text_parse_ip6(mine, b), 0);
		assert_memory_equal(a, b, 16);
	}
}

static void test_mac(void **state)
{
	char buf[TEXT_MAC];
	u8 m[6];

	(void)state;
	assert_int_equal(text_parse_mac("02:00:aB:1:ff:10", m), 0);
	assert_string_equal(text_mac(buf, m), "02:00:ab:01:ff:10");
	assert_int_equal(text_parse_mac("02:00:ab:01:ff", m), -EINVAL);
	assert_int_equal(text_parse_mac("02:00:ab:01:ff:10:", m), -EINVAL);
	assert_int_equal(text_parse_mac("02:00:ab:01:ff:100", m), -EINVAL);
	assert_int_equal(text_parse_mac("02-00-ab-01-ff-10", m), -EINVAL);
}

static void test_numbers(void **state)
{
	u64 u;
	s64 s;

	(void)state;
	assert_int_equal(text_parse_u64("18446744073709551615", &u), 0);
	assert_int_equal(u, UINT64_MAX);
	assert_int_equal(text_parse_u64("0xFf", &u), 0);
	assert_int_equal(u, 255);
	assert_int_equal(text_parse_u64("18446744073709551616", &u), -EINVAL);
	assert_int_equal(text_parse_u64("", &u), -EINVAL);
	assert_int_equal(text_parse_u64("0x", &u), -EINVAL);
	assert_int_equal(text_parse_u64("1a", &u), -EINVAL);
	assert_int_equal(text_parse_u64("-1", &u), -EINVAL);
	assert_int_equal(text_parse_s64("-9223372036854775808", &s), 0);
	assert_int_equal(s, INT64_MIN);
	assert_int_equal(text_parse_s64("9223372036854775807", &s), 0);
	assert_int_equal(s, INT64_MAX);
	assert_int_equal(text_parse_s64("9223372036854775808", &s), -EINVAL);
	assert_int_equal(text_parse_s64("--1", &s), -EINVAL);
}

static void test_duration(void **state)
{
	static const struct {
		const char *s;
		u64 ns;
	} good[] = {
	    {"2s", 2 * NS_PER_S},
	    {"10ms", 10 * NS_PER_MS},
	    {"500us", 500 * NS_PER_US},
	    {"1.5s", 1500 * NS_PER_MS},
	    {"3", 3 * NS_PER_S},
	    {"0.25", 250 * NS_PER_MS},
	    {"7ns", 7},
	    {"2m", 120 * NS_PER_S},
	    {"1h", 3600 * NS_PER_S},
	    {"1.0000000000001s", NS_PER_S},
	};
	static const char *const bad[] = {"",	 "s",	  "-1s", "1.s",
					  "1 s", "1days", ".5",	 "99999999999999h"};
	u64 ns;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(text_parse_duration(good[i].s, &ns), 0);
		assert_int_equal(ns, good[i].ns);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(text_parse_duration(bad[i], &ns), -EINVAL);
}

static void keep_line(void *arg, enum log_level level, const char *line)
{
	(void)level;
	text_format(arg, 40, "%s", line);
}

static void test_log(void **state)
{
	char line[40] = "";
	struct log l = {.level = LOG_LEVEL_INFO, .sink = keep_line, .arg = line};

	(void)state;
	log_debug(&l, "not said");
	assert_string_equal(line, "");
	log_warn(&l, "net %s: %d", "blue", 7);
	assert_string_equal(line, "net blue: 7");
	l.sink = NULL;
	log_err(&l, "nobody hears");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_grow),      cmocka_unit_test(test_format),
	    cmocka_unit_test(test_ip4),	      cmocka_unit_test(test_ip6_parse),
	    cmocka_unit_test(test_ip6_print), cmocka_unit_test(test_mac),
	    cmocka_unit_test(test_numbers),   cmocka_unit_test(test_duration),
	    cmocka_unit_test(test_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
