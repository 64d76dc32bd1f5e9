/* SPDX-License-Identifier: MIT */
/* tcp_test.c - options there and back, broken ones, sequence numbers */

#include "wire/tcp.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_syn(void **state)
{
	/* as Linux sends it */
	const u8 wire[20] = {2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0,
			     0, 1, 0,	 0,    0, 2, 1, 3,  3, 7};
	struct tcp_opts o = {
	    .present = TCP_HAS_MSS | TCP_HAS_SACK_OK | TCP_HAS_TS | TCP_HAS_WSCALE,
	    .mss = 1460,
	    .ts_val = 1,
	    .ts_ecr = 2,
	    .wscale = 7,
	};
	struct tcp_opts back;
	u8 buf[TCP_OPTS_MAX];

	(void)state;
	assert_int_equal(tcp_build_opts(buf, &o), sizeof(wire));
	assert_memory_equal(buf, wire, sizeof(wire));
	assert_int_equal(tcp_parse_opts(wire, sizeof(wire), &back), 0);
	assert_int_equal(back.present, o.present);
	assert_int_equal(back.mss, 1460);
	assert_int_equal(back.wscale, 7);
	assert_true(back.sack_ok);
	assert_int_equal(back.ts_val, 1);
	assert_int_equal(back.ts_ecr, 2);
}

static void random_opts(struct random *r, struct tcp_opts *o)
{
	*o = (struct tcp_opts){.present = (u16)random_below(r, 64)};
	o->sack_ok = o->present & TCP_HAS_SACK_OK;
	if (o->present & TCP_HAS_MSS)
		o->mss = (u16)(1 + random_below(r, 65535));
	if (o->present & TCP_HAS_WSCALE)
		o->wscale = (u8)random_below(r, TCP_WSCALE_MAX + 1);
	if (o->present & TCP_HAS_TS) {
		o->ts_val = (u32)random_next(r);
		o->ts_ecr = (u32)random_next(r);
	}
	if (o->present & TCP_HAS_SACK)
		o->n_sacks = (u8)(1 + random_below(r, 4));
	for (int i = 0; i < o->n_sacks; i++)
		o->sacks[i] =
		    (struct tcp_sack){(u32)random_next(r), (u32)random_next(r)};
	if (o->present & TCP_HAS_FASTOPEN) {
		o->cookie_len =
		    (u8)(random_below(r, 2) ? 2 * (2 + random_below(r, 7)) : 0);
		random_bytes(r, o->cookie, o->cookie_len);
		o->fastopen_exp = random_below(r, 2);
	}
}

/* What fits must come back; only SACK blocks and the cookie may be left out. */
static void test_round_trip(void **state)
{
	struct random r;

	(void)state;
	random_seed(&r, 5);
	for (int i = 0; i < 20000; i++) {
		struct tcp_opts o, back;
		u8 buf[TCP_OPTS_MAX];
		u32 len;
		u16 lost;

		random_opts(&r, &o);
		len = tcp_build_opts(buf, &o);
		assert_int_equal(len % 4, 0);
		assert_true(len <= TCP_OPTS_MAX);
		assert_int_equal(tcp_parse_opts(buf, len, &back), 0);
		lost = o.present & (u16)~back.present;
		assert_int_equal(lost & ~(TCP_HAS_SACK | TCP_HAS_FASTOPEN), 0);
		assert_int_equal(back.present & ~o.present, 0);
		if (lost)
			assert_true(len >= 24);
		assert_int_equal(back.mss, o.mss);
		assert_int_equal(back.wscale, o.wscale);
		assert_int_equal(back.sack_ok, o.sack_ok);
		assert_int_equal(back.ts_val, o.ts_val);
		assert_int_equal(back.ts_ecr, o.ts_ecr);
		assert_true(back.n_sacks <= o.n_sacks);
		assert_memory_equal(back.sacks, o.sacks,
				    back.n_sacks * sizeof(o.sacks[0]));
		if (back.present & TCP_HAS_FASTOPEN) {
			assert_int_equal(back.cookie_len, o.cookie_len);
			assert_memory_equal(back.cookie, o.cookie, o.cookie_len);
			assert_int_equal(back.fastopen_exp, o.fastopen_exp);
		}
	}
}

static void test_sacks_and_ts(void **state)
{
	struct tcp_opts o = {.present = TCP_HAS_TS | TCP_HAS_SACK,
			     .n_sacks = 4,
			     .sacks = {{1, 2}, {3, 4}, {5, 6}, {7, 8}}};
	struct tcp_opts back;
	u8 buf[TCP_OPTS_MAX];
	u32 len;

	(void)state;
	len = tcp_build_opts(buf, &o);
	assert_int_equal(len, 40);
	assert_int_equal(tcp_parse_opts(buf, len, &back), 0);
	assert_int_equal(back.n_sacks, 3); /* RFC 2018 §3 */
	o.present = TCP_HAS_SACK;
	len = tcp_build_opts(buf, &o);
	assert_int_equal(len, 36);
	assert_int_equal(tcp_parse_opts(buf, len, &back), 0);
	assert_int_equal(back.n_sacks, 4);
	assert_int_equal(back.sacks[3].end, 8);
}

static void test_md5(void **state)
{
	const u8 digest[16] = "0123456789abcdef";
	struct tcp_opts o = {.present = TCP_HAS_MD5 | TCP_HAS_TS, .md5 = digest}, back;
	u8 buf[TCP_OPTS_MAX];
	u32 len;

	(void)state;
	len = tcp_build_opts(buf, &o);
	assert_int_equal(len, 32);
	assert_int_equal(tcp_parse_opts(buf, len, &back), 0);
	assert_memory_equal(back.md5, digest, 16);
	o.md5 = NULL;
	tcp_build_opts(buf, &o);
	assert_int_equal(tcp_parse_opts(buf, len, &back), 0);
	assert_int_equal(back.md5[15], 0);
}

static void test_odd_input(void **state)
{
	static const struct {
		const char *what;
		u8 b[40];
		u32 len;
		int err;
		u16 present;
	} cases[] = {
	    {"empty", {0}, 0, 0, 0},
	    {"end at once", {0, 2, 4, 5, 0xb4}, 5, 0, 0},
	    {"nops", {1, 1, 1}, 3, 0, 0},
	    {"kind alone", {1, 2}, 2, -EINVAL, 0},
	    {"length 0", {3, 3, 5, 99, 0}, 5, -EINVAL, TCP_HAS_WSCALE},
	    {"length 1", {99, 1, 0, 0}, 4, -EINVAL, 0},
	    {"too long", {2, 5, 5, 0xb4}, 4, -EINVAL, 0},
	    {"unknown, skipped", {200, 5, 2, 4, 1, 3, 3, 5}, 8, 0, TCP_HAS_WSCALE},
	    {"mss of 3", {2, 3, 5}, 3, 0, 0},
	    {"mss 0", {2, 4, 0, 0}, 4, 0, 0},
	    {"wscale of 4", {3, 4, 1, 1}, 4, 0, 0},
	    {"sack ok of 3", {4, 3, 1}, 3, 0, 0},
	    {"sack of 7", {5, 7, 0, 0, 0, 0, 0}, 7, 0, 0},
	    {"sack, no block", {5, 2}, 2, 0, 0},
	    {"ts of 9", {8, 9, 0, 0, 0, 0, 0, 0, 0}, 9, 0, 0},
	    {"md5 of 4", {19, 4, 0, 0}, 4, 0, 0},
	    {"cookie of 5", {34, 7, 1, 2, 3, 4, 5}, 7, 0, 0},
	    {"cookie of 2", {34, 4, 1, 2}, 4, 0, 0},
	    {"cookie asked for", {34, 2}, 2, 0, TCP_HAS_FASTOPEN},
	    {"experiment of others", {254, 4, 1, 2}, 4, 0, 0},
	    {"old cookie", {254, 4, 0xf9, 0x89}, 4, 0, TCP_HAS_FASTOPEN},
	    {"wscale 15", {3, 3, 15}, 3, 0, TCP_HAS_WSCALE},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tcp_opts o;

		if (tcp_parse_opts(cases[i].b, cases[i].len, &o) != cases[i].err ||
		    o.present != cases[i].present)
			fail_msg("%s: present %x", cases[i].what, o.present);
		assert_true(o.wscale <= TCP_WSCALE_MAX);
	}
}

static void test_header_len(void **state)
{
	struct tcp_hdr th = {0};

	(void)state;
	for (u32 n = 20; n <= 60; n += 4) {
		tcp_set_hdr_len(&th, n);
		assert_int_equal(tcp_hdr_len(&th), n);
	}
}

static void test_seq(void **state)
{
	(void)state;
	assert_true(seq_before(1, 2));
	assert_false(seq_before(2, 2));
	assert_true(seq_before(0xfffffff0, 5));
	assert_true(seq_after(5, 0xfffffff0));
	assert_true(seq_before_eq(7, 7) && seq_after_eq(7, 7));
	assert_false(seq_before_eq(8, 7));
	assert_true(seq_between(5, 0xfffffff0, 10));
	assert_true(seq_between(10, 10, 10));
	assert_false(seq_between(11, 0xfffffff0, 10));
	assert_false(seq_between(0xffffffef, 0xfffffff0, 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_syn),		 cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_sacks_and_ts), cmocka_unit_test(test_md5),
	    cmocka_unit_test(test_odd_input),	 cmocka_unit_test(test_header_len),
	    cmocka_unit_test(test_seq),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
