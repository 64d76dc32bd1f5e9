/* SPDX-License-Identifier: MIT */
/* inet_test.c - addresses, IPv4 headers and options, IPv6 extension headers */

#include "wire/inet.h"

#include "base/random.h"
#include "wire/csum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct ipaddr addr(const char *s)
{
	struct ipaddr a;

	assert_int_equal(text_parse_ipaddr(s, &a), 0);
	return a;
}

static void test_kinds(void **state)
{
	static const struct {
		const char *s;
		bool any, loop, mcast, bcast, link;
	} cases[] = {
	    {"0.0.0.0", .any = true},
	    {"127.0.0.1", .loop = true},
	    {"127.255.0.9", .loop = true},
	    {"128.0.0.1"},
	    {"224.0.0.1", .mcast = true},
	    {"239.255.255.255", .mcast = true},
	    {"240.0.0.1"},
	    {"255.255.255.255", .bcast = true},
	    {"169.254.1.1", .link = true},
	    {"10.0.0.1"},
	    {"::", .any = true},
	    {"::1", .loop = true},
	    {"::2"},
	    {"ff02::1", .mcast = true},
	    {"fe80::1", .link = true},
	    {"febf::1", .link = true},
	    {"fec0::1"},
	    {"2001:db8::1"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ipaddr a = addr(cases[i].s);
		char buf[TEXT_IP6];

		assert_int_equal(ipaddr_is_any(&a), cases[i].any);
		assert_int_equal(ipaddr_is_loopback(&a), cases[i].loop);
		assert_int_equal(ipaddr_is_multicast(&a), cases[i].mcast);
		assert_int_equal(ipaddr_is_broadcast(&a), cases[i].bcast);
		assert_int_equal(ipaddr_is_linklocal(&a), cases[i].link);
		assert_string_equal(text_ipaddr(buf, &a), cases[i].s);
	}
	struct ipaddr none = ipaddr_any(AF_UNSPEC), b;
	assert_true(ipaddr_is_any(&none));
	assert_false(ipaddr_is_loopback(&none));
	assert_int_equal(ipaddr_len(&none), 0);
	assert_int_equal(text_parse_ipaddr("blue", &b), -EINVAL);
}

static void test_compare(void **state)
{
	struct ipaddr a = addr("10.1.2.3"), b = addr("10.1.2.4"), c = addr("fe80::1");
	struct ipaddr d = ipaddr_any(AF_INET), e = ipaddr_any(AF_INET6);
	u64 hi, lo;

	(void)state;
	assert_true(ipaddr_equal(&a, &a));
	assert_false(ipaddr_equal(&a, &b));
	assert_true(ipaddr_equal(&c, &c));
	assert_false(ipaddr_equal(&d, &e));
	assert_true(ipaddr_cmp(&a, &b) < 0);
	assert_true(ipaddr_cmp(&c, &b) > 0);
	assert_int_equal(ipaddr_cmp(&c, &c), 0);
	ipaddr_words(&a, &hi, &lo);
	assert_true(hi == 0 && lo != 0);
	ipaddr_words(&c, &hi, &lo);
	assert_true(hi != 0 && lo != 0);
}

static void test_prefix(void **state)
{
	struct ipaddr a = addr("10.1.130.3"), net = addr("10.1.128.0");
	struct ipaddr c = addr("2001:db8::ff"), net6 = addr("2001:db8::");

	(void)state;
	assert_true(ipaddr_in(&a, &net, 17));
	assert_false(ipaddr_in(&a, &net, 23));
	assert_true(ipaddr_in(&a, &net, 22));
	assert_true(ipaddr_in(&a, &net, 0));
	assert_true(ipaddr_in(&a, &a, 32));
	assert_false(ipaddr_in(&a, &a, 33));
	assert_true(ipaddr_in(&c, &net6, 120));
	assert_false(ipaddr_in(&c, &net6, 121));
	assert_false(ipaddr_in(&c, &net, 0));
	ipaddr_mask(&a, 22);
	assert_int_equal(a.v4, cpu_to_be32(0x0a018000));
	ipaddr_mask(&c, 32);
	assert_true(ipaddr_equal(&c, &net6));
	ipaddr_mask(&c, 128);
	assert_true(ipaddr_equal(&c, &net6));
	for (unsigned i = 0; i <= 32; i++)
		assert_int_equal(ip4_mask_len(ip4_mask(i)), i);
	assert_int_equal(ip4_mask_len(cpu_to_be32(0xff00ff00)), -1);
}

static void test_mapped(void **state)
{
	struct ipaddr a = addr("10.1.2.3"), m = ipaddr_map(&a), b = ipaddr_unmap(&m);
	struct ipaddr c = addr("::10.1.2.3"), d = ipaddr_unmap(&c), e = ipaddr_map(&c);
	char buf[TEXT_IP6];

	(void)state;
	assert_string_equal(text_ipaddr(buf, &m), "::ffff:10.1.2.3");
	assert_true(ip6_is_v4mapped(m.v6));
	assert_true(ipaddr_equal(&a, &b));
	assert_true(ipaddr_equal(&c, &d));
	assert_true(ipaddr_equal(&c, &e));
}

/* ---- IPv4 ---- */

struct packet {
	u8 data[100];
	u32 len;
};

static struct packet packet4(const u8 *opts, u32 opt_len)
{
	struct packet p = {.len = 20 + opt_len + 8};
	struct ip4_hdr h = {
	    .ver_ihl = (u8)(0x40 | (20 + opt_len) / 4),
	    .tot_len = cpu_to_be16((u16)p.len),
	    .id = cpu_to_be16(77),
	    .ttl = 64,
	    .protocol = IPPROTO_UDP,
	    .saddr = cpu_to_be32(0x0a000001),
	    .daddr = cpu_to_be32(0x0a000002),
	};

	memcpy(p.data, &h, sizeof(h));
	if (opt_len)
		memcpy(p.data + 20, opts, opt_len);
	ip4_set_check((void *)p.data);
	return p;
}

static void test_ip4_good(void **state)
{
	struct packet p = packet4(NULL, 0);
	struct ip4_hdr *h = (void *)p.data;
	struct ip4_info i;

	(void)state;
	assert_int_equal(ip4_parse(p.data, sizeof(p.data), &i), 0); /* padding behind */
	assert_int_equal(i.hdr_len, 20);
	assert_int_equal(i.tot_len, 28);
	assert_int_equal(i.payload_len, 8);
	assert_int_equal(i.proto, IPPROTO_UDP);
	assert_int_equal(i.src, cpu_to_be32(0x0a000001));
	assert_true(i.csum_ok);
	assert_false(i.is_frag || i.dont_frag || i.more_frags);

	h->frag_off = cpu_to_be16(IP4_MF | 185);
	ip4_set_check(h);
	assert_int_equal(ip4_parse(p.data, p.len, &i), 0);
	assert_true(i.is_frag && i.more_frags && !i.dont_frag);
	assert_int_equal(i.frag_off, 1480);
	h->frag_off = cpu_to_be16(IP4_DF);
	ip4_set_check(h);
	assert_int_equal(ip4_parse(p.data, p.len, &i), 0);
	assert_true(!i.is_frag && i.dont_frag);
}

static void test_ip4_bad(void **state)
{
	struct packet good = packet4(NULL, 0), p;
	struct ip4_info i;

	(void)state;
	for (u32 len = 0; len < 20; len++)
		assert_int_equal(ip4_parse(good.data, len, &i), -EINVAL);
	for (u32 len = 20; len < 28; len++)
		assert_int_equal(ip4_parse(good.data, len, &i), -EMSGSIZE);
	p = good;
	p.data[0] = 0x65;
	assert_int_equal(ip4_parse(p.data, p.len, &i), -EINVAL);
	p.data[0] = 0x44;
	assert_int_equal(ip4_parse(p.data, p.len, &i), -EINVAL);
	p.data[0] = 0x4f; /* header longer than the packet */
	assert_int_equal(ip4_parse(p.data, p.len, &i), -EINVAL);
	p = good;
	p.data[3] = 19; /* shorter than its header */
	assert_int_equal(ip4_parse(p.data, p.len, &i), -EINVAL);
	p = good;
	p.data[8]--;
	assert_int_equal(ip4_parse(p.data, p.len, &i), -EBADMSG);
	assert_false(i.csum_ok);
	assert_int_equal(i.ttl, 63);
}

static void test_dec_ttl(void **state)
{
	struct random r;

	(void)state;
	random_seed(&r, 4);
	for (int i = 0; i < 20000; i++) {
		struct packet p = packet4(NULL, 0);
		struct ip4_hdr *h = (void *)p.data;
		struct ip4_info info;

		h->id = (be16)random_next(&r);
		h->ttl = (u8)(1 + random_below(&r, 255));
		h->tos = (u8)i;
		ip4_set_check(h);
		ip4_dec_ttl(h);
		assert_int_equal(ip4_parse(p.data, p.len, &info), 0);
	}
}

static void test_options(void **state)
{
	static const struct {
		const char *what;
		u8 opts[40];
		u32 len;
		u8 bad; /* in the header; 0: fine */
	} cases[] = {
	    {"nothing but nops", {1, 1, 1, 1}, 4, 0},
	    {"end, then rubbish", {0, 7, 99, 1}, 4, 0},
	    {"no length", {1, 1, 1, 7}, 4, 23},
	    {"length 1", {7, 1, 4, 0}, 4, 20},
	    {"too long", {7, 9, 4, 0}, 4, 20},
	    {"unknown", {99, 4, 1, 2}, 4, 0},
	    {"record route", {7, 7, 4, 0, 0, 0, 0, 0}, 8, 0},
	    {"record route, full", {7, 7, 8, 1, 2, 3, 4, 0}, 8, 0},
	    {"record route, half a place", {7, 7, 6, 0, 0, 0, 0, 0}, 8, 22},
	    {"record route, pointer 3", {7, 7, 3, 0, 0, 0, 0, 0}, 8, 22},
	    {"record route, no pointer", {7, 2, 1, 0}, 4, 21},
	    {"record route twice", {7, 3, 4, 7, 3, 4, 0, 0}, 8, 23},
	    {"strict source route", {137, 7, 4, 1, 2, 3, 4, 0}, 8, 0},
	    {"two source routes", {131, 3, 4, 137, 3, 4, 0, 0}, 8, 23},
	    {"source route, pointer", {131, 7, 0, 1, 2, 3, 4, 0}, 8, 22},
	    {"timestamp", {68, 8, 5, 0, 0, 0, 0, 0}, 8, 0},
	    {"timestamp, no room", {68, 8, 6, 0, 0, 0, 0, 0}, 8, 22},
	    {"timestamp and address", {68, 12, 5, 1}, 12, 0},
	    {"timestamp and address, short", {68, 8, 5, 1}, 8, 22},
	    {"timestamp, prespecified", {68, 12, 5, 3}, 12, 0},
	    {"timestamp, flag 2", {68, 12, 5, 2}, 12, 23},
	    {"timestamp, full", {68, 8, 9, 0xe0}, 8, 0},
	    {"timestamp, full and overflown", {68, 8, 9, 0xf0}, 8, 23},
	    {"timestamp, short", {68, 3, 5, 0}, 4, 21},
	    {"timestamp, pointer", {68, 8, 4, 0, 0, 0, 0, 0}, 8, 22},
	    {"router alert", {148, 4, 0, 0}, 4, 0},
	    {"router alert, short", {148, 3, 0, 0}, 4, 21},
	    {"cipso twice", {134, 2, 134, 2}, 4, 22},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct packet p = packet4(cases[i].opts, cases[i].len);
		struct ip4_info info;

		assert_int_equal(ip4_parse(p.data, p.len, &info), 0);
		if (info.opts.bad != cases[i].bad)
			fail_msg("%s: bad at %u", cases[i].what, info.opts.bad);
		assert_int_equal(info.opts.len, cases[i].len);
	}
}

static void test_option_facts(void **state)
{
	const u8 o[] = {1, 148, 4, 0, 0, 137, 3, 4, 7, 3, 4, 68, 4, 5, 0, 0};
	struct packet p = packet4(o, sizeof(o));
	struct ip4_info i;

	(void)state;
	assert_int_equal(ip4_parse(p.data, p.len, &i), 0);
	assert_int_equal(i.opts.bad, 0);
	assert_int_equal(i.opts.ra, 21);
	assert_true(i.opts.router_alert && i.opts.srr_strict);
	assert_int_equal(i.opts.srr, 25);
	assert_int_equal(i.opts.rr, 28);
	assert_int_equal(i.opts.ts, 31);
}

static void test_stamp(void **state)
{
	const u8 o[] = {7,  7,	4, 0, 0, 0, 0, /* record route, one place */
			68, 20, 5, 1, 0, 0, 0, 0, 0, 0, 0,
			0,  0,	0, 0, 0, 0, 0, 0, 0, 0};
	struct packet p = packet4(o, sizeof(o));
	const be32 us = cpu_to_be32(0x0a090807);
	struct ip4_info i;

	(void)state;
	assert_int_equal(ip4_parse(p.data, p.len, &i), 0);
	for (int n = 0; n < 3; n++)
		ip4_opts_stamp((void *)p.data, &i.opts, us, 0x01020304);
	assert_int_equal(ip4_parse(p.data, p.len, &i), 0);
	assert_int_equal(i.opts.bad, 0);
	const u8 *q = p.data + 20;
	assert_int_equal(q[2], 8);
	assert_memory_equal(q + 3, "\x0a\x09\x08\x07", 4);
	assert_int_equal(q[9], 21);
	assert_int_equal(q[10], 0x11); /* the third found no place */
	assert_memory_equal(q + 11, "\x0a\x09\x08\x07\x01\x02\x03\x04", 8);
	assert_memory_equal(q + 19, "\x0a\x09\x08\x07\x01\x02\x03\x04", 8);
}

static void test_stamp_prespecified(void **state)
{
	const u8 o[] = {68, 12, 5, 3, 10, 9, 8, 7, 0, 0, 0, 0};
	struct packet p = packet4(o, sizeof(o));
	struct ip4_info i;

	(void)state;
	assert_int_equal(ip4_parse(p.data, p.len, &i), 0);
	ip4_opts_stamp((void *)p.data, &i.opts, cpu_to_be32(0x01010101), 5);
	assert_memory_equal(p.data + 20, o, sizeof(o));
	ip4_opts_stamp((void *)p.data, &i.opts, cpu_to_be32(0x0a090807), 5);
	assert_int_equal(p.data[22], 13);
	assert_int_equal(p.data[31], 5);
	ip4_opts_stamp((void *)p.data, &i.opts, cpu_to_be32(0x0a090807), 5);
	assert_int_equal(p.data[22], 13);
}

/* Only the route and the time go back */
static void test_opts_echo(void **state)
{
	const u8 o[] = {1,  7, 7, 8, 10, 9, 8, 7, 148, 4, 0, 0,
			68, 8, 5, 0, 0,	 0, 0, 0, 0,   0, 0, 0};
	const u8 want[] = {7, 7, 8, 10, 9, 8, 7, 68, 8, 5, 0, 0, 0, 0, 0, 0};
	struct packet p = packet4(o, sizeof(o));
	struct ip4_info i;
	u8 out[40];

	(void)state;
	assert_int_equal(ip4_parse(p.data, p.len, &i), 0);
	assert_int_equal(ip4_opts_echo(p.data, &i.opts, out), sizeof(want));
	assert_memory_equal(out, want, sizeof(want));
	i.opts.bad = 21;
	assert_int_equal(ip4_opts_echo(p.data, &i.opts, out), 0);
}

static void test_opts_for_fragment(void **state)
{
	u8 o[] = {7, 3, 4, 1, 137, 3, 4, 68, 4, 5, 0, 0};
	const u8 want[] = {1, 1, 1, 1, 137, 3, 4, 1, 1, 1, 1, 0};

	(void)state;
	ip4_opts_for_fragment(o, sizeof(o));
	assert_memory_equal(o, want, sizeof(o));
}

/* ---- IPv6 ---- */

static u32 packet6(u8 *data, u8 next, const u8 *rest, u32 len)
{
	memset(data, 0, 40);
	data[0] = 0x6b; /* class 0xbc, flow label 0xd1234 */
	data[1] = 0xcd;
	data[2] = 0x12;
	data[3] = 0x34;
	data[5] = (u8)len;
	data[6] = next;
	data[7] = 33;
	memcpy(data + 40, rest, len);
	return 40 + len;
}

static void test_ip6(void **state)
{
	u8 data[200];
	const u8 plain[8] = {0};
	/* hop-by-hop, routing of 16 bytes, destination options, UDP */
	const u8 chain[40] = {43, 0, 1, 4, 0, 0, 0, 0, 60, 1, 0, 0, 0, 0, 0, 0,
			      0,  0, 0, 0, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0};
	const u8 frag[16] = {17, 0, 0x05, 0xc9, 0, 0, 0, 9};
	const u8 first[16] = {17, 0, 0x00, 0x01, 0, 0, 0, 9};
	const u8 ah[24] = {6, 2};
	struct ip6_info i;
	u32 len;

	(void)state;
	len = packet6(data, IPPROTO_UDP, plain, 8);
	assert_int_equal(ip6_parse(data, len, &i), 0);
	assert_int_equal(i.l4_off, 40);
	assert_int_equal(i.proto, IPPROTO_UDP);
	assert_int_equal(i.tclass, 0xbc);
	assert_int_equal(i.flow_label, 0xd1234);
	assert_int_equal(i.hop_limit, 33);
	assert_int_equal(i.next_ptr, 6);
	assert_int_equal(ip6_parse(data, len - 1, &i), -EMSGSIZE);
	assert_int_equal(ip6_parse(data, 39, &i), -EINVAL);

	len = packet6(data, IPPROTO_HOPOPTS, chain, 40);
	assert_int_equal(ip6_parse(data, len, &i), 0);
	assert_int_equal(i.hopopts, 40);
	assert_int_equal(i.routing, 48);
	assert_int_equal(i.dstopts, 64);
	assert_int_equal(i.l4_off, 72);
	assert_int_equal(i.next_ptr, 64);
	assert_int_equal(i.proto, IPPROTO_UDP);
	for (u32 cut = 1; cut < 32; cut++) {
		data[5] = (u8)cut;
		int err = ip6_parse(data, len, &i);
		assert_int_equal(err, -EMSGSIZE);
	}

	len = packet6(data, IPPROTO_FRAGMENT, frag, 16);
	assert_int_equal(ip6_parse(data, len, &i), 0);
	assert_true(i.is_frag && i.more_frags);
	assert_int_equal(i.frag_off, 0x5c8);
	assert_int_equal(i.frag_id, cpu_to_be32(9));
	assert_int_equal(i.frag_hdr, 40);
	assert_int_equal(i.l4_off, 48);

	len = packet6(data, IPPROTO_FRAGMENT, first, 16);
	assert_int_equal(ip6_parse(data, len, &i), 0);
	assert_true(i.is_frag && i.more_frags && i.frag_off == 0);

	len = packet6(data, IPPROTO_AH, ah, 24);
	assert_int_equal(ip6_parse(data, len, &i), 0);
	assert_int_equal(i.l4_off, 56);
	assert_int_equal(i.proto, IPPROTO_TCP);

	data[0] = 0x45;
	assert_int_equal(ip6_parse(data, len, &i), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_compare),
	    cmocka_unit_test(test_prefix),
	    cmocka_unit_test(test_mapped),
	    cmocka_unit_test(test_ip4_good),
	    cmocka_unit_test(test_ip4_bad),
	    cmocka_unit_test(test_dec_ttl),
	    cmocka_unit_test(test_options),
	    cmocka_unit_test(test_option_facts),
	    cmocka_unit_test(test_stamp),
	    cmocka_unit_test(test_stamp_prespecified),
	    cmocka_unit_test(test_opts_echo),
	    cmocka_unit_test(test_opts_for_fragment),
	    cmocka_unit_test(test_ip6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
