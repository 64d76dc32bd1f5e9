/* SPDX-License-Identifier: MIT */
/* flow_test.c - keys of flows of both families */

#include "wire/flow.h"

#include "wire/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static u32 packet4(u8 *data, u8 proto, u16 frag, const u8 *l4, u32 len)
{
	struct ip4_hdr h = {
	    .ver_ihl = 0x45,
	    .tos = 0x10,
	    .tot_len = cpu_to_be16((u16)(20 + len)),
	    .frag_off = cpu_to_be16(frag),
	    .ttl = 7,
	    .protocol = proto,
	    .saddr = cpu_to_be32(0x0a000001),
	    .daddr = cpu_to_be32(0x0a000002),
	};

	memcpy(data, &h, sizeof(h));
	memcpy(data + 20, l4, len);
	return 20 + len;
}

static const u8 tcp[20] = {0x30, 0x39, 0x00, 0x50, [12] = 0x50, [13] = TCPHDR_SYN};
static const u8 echo[8] = {8, 0, 0, 0, 0x12, 0x34, 0, 1};

static void test_tcp4(void **state)
{
	u8 data[100];
	struct flow_key k, back;
	u32 len = packet4(data, IPPROTO_TCP, IP4_DF, tcp, sizeof(tcp));

	(void)state;
	flow_dissect(data, len, &k);
	assert_int_equal(k.known, FLOW_L3 | FLOW_PORTS | FLOW_TCP);
	assert_int_equal(k.sport, cpu_to_be16(12345));
	assert_int_equal(k.dport, cpu_to_be16(80));
	assert_int_equal(k.tcp_flags, TCPHDR_SYN);
	assert_int_equal(k.tos, 0x10);
	assert_int_equal(k.ttl, 7);
	assert_int_equal(k.l4_off, 20);
	assert_int_equal(k.src.v4, cpu_to_be32(0x0a000001));
	back = k;
	flow_reverse(&back);
	assert_false(flow_equal(&k, &back));
	assert_int_equal(back.sport, cpu_to_be16(80));
	flow_reverse(&back);
	assert_true(flow_equal(&k, &back));
	/* quoted by ICMP: 8 bytes of the upper layer */
	flow_dissect(data, 28, &k);
	assert_int_equal(k.known, FLOW_L3 | FLOW_PORTS);
	assert_int_equal(k.dport, cpu_to_be16(80));
	flow_dissect(data, 22, &k);
	assert_int_equal(k.known, FLOW_L3);
}

static void test_fragments(void **state)
{
	u8 data[100];
	struct flow_key k;
	u32 len = packet4(data, IPPROTO_TCP, IP4_MF, tcp, sizeof(tcp));

	(void)state;
	flow_dissect(data, len, &k);
	assert_int_equal(k.known, FLOW_L3 | FLOW_PORTS | FLOW_TCP | FLOW_FRAG);
	len = packet4(data, IPPROTO_TCP, 100, tcp, sizeof(tcp));
	flow_dissect(data, len, &k);
	assert_int_equal(k.known, FLOW_L3 | FLOW_FRAG | FLOW_FRAG_LATER);
	assert_int_equal(k.dport, 0);
}

static void test_icmp(void **state)
{
	u8 data[100];
	struct flow_key k;
	u32 len = packet4(data, IPPROTO_ICMP, 0, echo, sizeof(echo));

	(void)state;
	flow_dissect(data, len, &k);
	assert_int_equal(k.known, FLOW_L3 | FLOW_ICMP);
	assert_int_equal(k.icmp_type, 8);
	assert_int_equal(k.icmp_id, cpu_to_be16(0x1234));
	data[20] = 3;
	flow_dissect(data, len, &k);
	assert_int_equal(k.icmp_id, 0);
}

static void test_ip6(void **state)
{
	u8 data[100] = {0x60,
			0,
			0,
			9,
			0,
			28,
			IPPROTO_DSTOPTS,
			5,
			[23] = 1,
			[39] = 2,
			[40] = IPPROTO_TCP};
	struct flow_key k;

	(void)state;
	memcpy(data + 48, tcp, sizeof(tcp));
	flow_dissect(data, 68, &k);
	assert_int_equal(k.known, FLOW_L3 | FLOW_PORTS | FLOW_TCP);
	assert_int_equal(k.dport, cpu_to_be16(80));
	assert_int_equal(k.flow_label, 9);
	assert_int_equal(k.l4_off, 48);
	assert_int_equal(k.src.family, AF_INET6);
	data[6] = IPPROTO_FRAGMENT;
	data[43] = 8;
	flow_dissect(data, 68, &k);
	assert_int_equal(k.known, FLOW_L3 | FLOW_FRAG | FLOW_FRAG_LATER);
	data[6] = IPPROTO_ICMPV6;
	data[40] = 128;
	data[45] = 3;
	flow_dissect(data, 68, &k);
	assert_int_equal(k.known, FLOW_L3 | FLOW_ICMP);
	assert_int_equal(k.icmp_id, cpu_to_be16(3));
	flow_dissect(data, 50, &k); /* cut */
	assert_int_equal(k.known, FLOW_L3);
}

static void test_rubbish(void **state)
{
	const u8 data[64] = {0x12};
	struct flow_key k;

	(void)state;
	flow_dissect(data, 0, &k);
	assert_int_equal(k.known, 0);
	flow_dissect(data, sizeof(data), &k);
	assert_int_equal(k.known, 0);
	flow_dissect((const u8 *)"\x45", 1, &k);
	assert_int_equal(k.known, 0);
	flow_dissect((const u8 *)"\x60", 1, &k);
	assert_int_equal(k.known, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tcp4),    cmocka_unit_test(test_fragments),
	    cmocka_unit_test(test_icmp),    cmocka_unit_test(test_ip6),
	    cmocka_unit_test(test_rubbish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
