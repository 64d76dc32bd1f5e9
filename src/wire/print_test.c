/* SPDX-License-Identifier: MIT */
/* print_test.c - lines that a user of tcpdump knows */

#include "wire/print.h"

#include "base/random.h"
#include "wire/csum.h"
#include "wire/ether.h"
#include "wire/icmp.h"
#include "wire/inet.h"
#include "wire/tcp.h"
#include "wire/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A packet that grows at its end */
struct packet {
	u8 data[512];
	u32 len;
};

static void add(struct packet *p, const void *data, u32 len)
{
	memcpy(p->data + p->len, data, len);
	p->len += len;
}

static struct packet ip4(u8 proto, u16 frag, const void *l4, u32 len, u32 more)
{
	struct packet p = {0};
	struct ip4_hdr h = {
	    .ver_ihl = 0x45,
	    .tot_len = cpu_to_be16((u16)(20 + len + more)),
	    .id = cpu_to_be16(7),
	    .frag_off = cpu_to_be16(frag),
	    .ttl = 64,
	    .protocol = proto,
	    .saddr = cpu_to_be32(0x0a000001),
	    .daddr = cpu_to_be32(0x0a000002),
	};

	ip4_set_check(&h);
	add(&p, &h, sizeof(h));
	add(&p, l4, len);
	p.len += more;
	return p;
}

static struct packet ip6(u8 next, const void *rest, u32 len)
{
	struct packet p = {0};
	struct ip6_hdr h = {
	    .ver_class_flow = cpu_to_be32(0x60000000),
	    .payload_len = cpu_to_be16((u16)len),
	    .next_hdr = next,
	    .saddr = {0xfe, 0x80, [15] = 1},
	    .daddr = {0xfe, 0x80, [15] = 2},
	};

	add(&p, &h, sizeof(h));
	add(&p, rest, len);
	return p;
}

static void expect_cut(const struct packet *p, u32 cap_len, const char *want)
{
	char line[PRINT_LINE];

	print_ip(line, sizeof(line), p->data, cap_len, p->len);
	assert_string_equal(line, want);
}

static void expect(struct packet p, const char *want)
{
	expect_cut(&p, p.len, want);
}

static void test_tcp(void **state)
{
	struct {
		struct tcp_hdr th;
		u8 opts[40];
	} __packed_struct s = {
	    .th = {.source = cpu_to_be16(40000),
		   .dest = cpu_to_be16(80),
		   .seq = cpu_to_be32(1000),
		   .window = cpu_to_be16(64240),
		   .flags = TCPHDR_SYN},
	};
	struct tcp_opts o = {
	    .present = TCP_HAS_MSS | TCP_HAS_SACK_OK | TCP_HAS_TS | TCP_HAS_WSCALE,
	    .mss = 1460,
	    .ts_val = 5,
	    .wscale = 7,
	};
	u32 n = tcp_build_opts(s.opts, &o);
	struct packet p;

	(void)state;
	tcp_set_hdr_len(&s.th, 20 + n);
	p = ip4(IPPROTO_TCP, 0, &s, 20 + n, 0);
	expect(p, "IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [S], seq 1000, win 64240, "
		  "options [mss 1460,sackOK,TS val 5 ecr 0,nop,wscale 7], length 0");
	expect_cut(&p, 44,
		   "IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [S], seq 1000, "
		   "win 64240, options [|tcp], length 0");
	expect_cut(&p, 39, "IP 10.0.0.1 > 10.0.0.2: [|tcp]");

	o = (struct tcp_opts){.present = TCP_HAS_SACK | TCP_HAS_FASTOPEN,
			      .n_sacks = 2,
			      .sacks = {{1, 2}, {3, 4}}};
	n = tcp_build_opts(s.opts, &o);
	tcp_set_hdr_len(&s.th, 20 + n);
	s.th.flags = TCPHDR_ACK | TCPHDR_PSH | TCPHDR_URG;
	s.th.ack_seq = cpu_to_be32(9);
	s.th.urg_ptr = cpu_to_be16(3);
	expect(ip4(IPPROTO_TCP, 0, &s, 20 + n, 100),
	       "IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [P.U], seq 1000:1100, ack 9, "
	       "win 64240, urg 3, options [tfo  cookiereq,nop,nop,nop,nop,"
	       "sack 2 {1:2}{3:4}], length 100");

	const u8 odd[28] = {19, 18, [18] = 99, 2, 34, 4, 1, 2, 0};
	memcpy(s.opts, odd, sizeof(odd));
	tcp_set_hdr_len(&s.th, 48);
	s.th.flags = 0;
	expect(ip4(IPPROTO_TCP, 0, &s, 48, 0),
	       "IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [none], win 64240, "
	       "options [md5 valid,unknown-99,tfo  cookie,eol], length 0");
	s.opts[1] = 60;
	s.th.flags = TCPHDR_FIN | TCPHDR_RST | TCPHDR_ECE | TCPHDR_CWR;
	expect(ip4(IPPROTO_TCP, 0, &s, 48, 0),
	       "IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [FREW], seq 1000, win 64240, "
	       "options [bad opt], length 0");
	tcp_set_hdr_len(&s.th, 16);
	expect(ip4(IPPROTO_TCP, 0, &s, 48, 0), "IP 10.0.0.1.40000 > 10.0.0.2.80: "
					       "Flags [FREW] [bad hdr length 16]");
}

static void test_udp(void **state)
{
	struct udp_hdr uh = {cpu_to_be16(53), cpu_to_be16(4000), cpu_to_be16(28), 0};
	struct packet p = ip4(IPPROTO_UDP, 0, &uh, sizeof(uh), 20);

	(void)state;
	expect(p, "IP 10.0.0.1.53 > 10.0.0.2.4000: UDP, length 20");
	expect_cut(&p, 25, "IP 10.0.0.1 > 10.0.0.2: [|udp]");
	p.data[8]--;
	expect(p, "IP (bad cksum) 10.0.0.1.53 > 10.0.0.2.4000: UDP, length 20");
	uh.len = cpu_to_be16(29);
	expect(ip4(IPPROTO_UDP, 0, &uh, sizeof(uh), 20),
	       "IP 10.0.0.1.53 > 10.0.0.2.4000: [bad udp length 29]");
	expect(ip6(IPPROTO_UDP, &uh, sizeof(uh)),
	       "IP6 fe80::1.53 > fe80::2.4000: [bad udp length 29]");
}

static void test_fragments(void **state)
{
	struct udp_hdr uh = {cpu_to_be16(53), cpu_to_be16(4000), cpu_to_be16(1000), 0};
	const u8 frag6[16] = {17, 0, 0x00, 0x08, 0, 0, 0, 9};

	(void)state;
	uh.len = cpu_to_be16(16);
	expect(ip4(IPPROTO_UDP, IP4_MF, &uh, sizeof(uh), 8),
	       "IP (frag 7:16@0+) 10.0.0.1.53 > 10.0.0.2.4000: UDP, length 8");
	expect(ip4(IPPROTO_UDP, 2, &uh, sizeof(uh), 8),
	       "IP (frag 7:16@16) 10.0.0.1 > 10.0.0.2: ip-proto-17");
	expect(ip6(IPPROTO_FRAGMENT, frag6, sizeof(frag6)),
	       "IP6 (frag 0x00000009:8@8) fe80::1 > fe80::2: ip-proto-17");
	expect(ip4(50, 0, &uh, 8, 0), "IP 10.0.0.1 > 10.0.0.2: ip-proto-50, length 8");
	expect(ip6(IPPROTO_HOPOPTS, "\x11\x09\0\0\0\0\0\0", 8),
	       "IP6 fe80::1 > fe80::2: ip-proto-0");
}

static struct packet icmp(u8 type, u8 code, u32 rest, u8 quoted_proto)
{
	struct {
		struct icmp_hdr ih;
		u8 quoted[28];
	} __packed_struct m = {
	    .ih = {.type = type, .code = code, .rest = cpu_to_be32(rest)},
	};
	struct udp_hdr uh = {cpu_to_be16(5), cpu_to_be16(53), cpu_to_be16(500), 0};
	struct packet in = ip4(quoted_proto, 0, &uh, 8, 492);

	memcpy(m.quoted, in.data, sizeof(m.quoted));
	return ip4(IPPROTO_ICMP, 0, &m, sizeof(m), 0);
}

static void test_icmp(void **state)
{
	static const struct {
		u8 type, code;
		u32 rest;
		u8 proto;
		const char *want;
	} cases[] = {
	    {8, 0, 0x00070001, 17, "echo request, id 7, seq 1"},
	    {0, 0, 0x00070001, 17, "echo reply, id 7, seq 1"},
	    {3, 0, 0, 17, "net 10.0.0.2 unreachable"},
	    {3, 1, 0, 17, "host 10.0.0.2 unreachable"},
	    {3, 2, 0, 99, "10.0.0.2 protocol 99 unreachable"},
	    {3, 3, 0, 17, "10.0.0.2 udp port 53 unreachable"},
	    {3, 3, 0, 6, "10.0.0.2 tcp port 53 unreachable"},
	    {3, 3, 0, 99, "10.0.0.2 protocol 99 port unreachable"},
	    {3, 4, 1400, 17, "10.0.0.2 unreachable - need to frag (mtu 1400)"},
	    {3, 13, 0, 17, "host 10.0.0.2 unreachable - admin prohibited"},
	    {3, 5, 0, 17, "10.0.0.2 unreachable - code 5"},
	    {4, 0, 0, 17, "source quench"},
	    {5, 1, 0x0a0000fe, 17, "redirect 10.0.0.2 to host 10.0.0.254"},
	    {5, 0, 0x0a0000fe, 17, "redirect 10.0.0.2 to net 10.0.0.254"},
	    {11, 0, 0, 17, "time exceeded in-transit"},
	    {11, 1, 0, 17, "ip reassembly time exceeded"},
	    {12, 0, 0x14000000, 17, "parameter problem - octet 20"},
	    {13, 0, 0x00010002, 17, "time stamp query id 1 seq 2"},
	    {14, 0, 0x00010002, 17, "time stamp reply id 1 seq 2"},
	    {40, 0, 0, 17, "type-#40"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct packet p =
		    icmp(cases[i].type, cases[i].code, cases[i].rest, cases[i].proto);
		char want[PRINT_LINE];

		text_format(want, sizeof(want),
			    "IP 10.0.0.1 > 10.0.0.2: ICMP %s, length 36",
			    cases[i].want);
		expect(p, want);
	}
	struct packet p = icmp(3, 1, 0, 17);
	expect_cut(&p, 27, "IP 10.0.0.1 > 10.0.0.2: ICMP [|icmp]");
	expect_cut(&p, 40,
		   "IP 10.0.0.1 > 10.0.0.2: ICMP host ? unreachable, length 36");
}

static void test_icmp6(void **state)
{
	u8 m[8] = {128, 0, 0, 0, 0, 7, 0, 1};
	struct packet p = ip6(IPPROTO_ICMPV6, m, 8);

	(void)state;
	expect(p, "IP6 fe80::1 > fe80::2: ICMP6, echo request, id 7, seq 1, length 8");
	expect_cut(&p, 47, "IP6 fe80::1 > fe80::2: ICMP6, [|icmp6]");
	m[0] = 135;
	expect(ip6(IPPROTO_ICMPV6, m, 8),
	       "IP6 fe80::1 > fe80::2: ICMP6, neighbor solicitation, length 8");
	m[0] = 200;
	expect(ip6(IPPROTO_ICMPV6, m, 8),
	       "IP6 fe80::1 > fe80::2: ICMP6, type-#200, length 8");
}

static void test_not_ip(void **state)
{
	struct packet p = {.len = 60};

	(void)state;
	expect_cut(&p, 0, "[|ip]");
	p.data[0] = 0x45;
	expect_cut(&p, 19, "IP [|ip]");
	p.data[0] = 0x41;
	expect_cut(&p, 60, "IP [bad header]");
	p.data[0] = 0x60;
	expect_cut(&p, 39, "IP6 [|ip6]");
	p.data[0] = 0x90;
	expect_cut(&p, 60, "IP version 9, length 60");
}

static void expect_frame(const struct packet *p, u32 cap_len, const char *want)
{
	char line[PRINT_LINE];

	print_frame(line, sizeof(line), p->data, cap_len, p->len);
	assert_string_equal(line, want);
}

static struct packet frame(u16 proto, const void *rest, u32 len)
{
	struct ether_hdr eh = {{2, 0, 0, 0, 0, 2}, {2, 0, 0, 0, 0, 1}, 0};
	struct packet p = {0};

	eh.proto = cpu_to_be16(proto);
	add(&p, &eh, sizeof(eh));
	add(&p, rest, len);
	return p;
}

static void test_arp(void **state)
{
	struct arp_ether a = {
	    .htype = cpu_to_be16(ARP_HTYPE_ETHER),
	    .ptype = cpu_to_be16(ETH_P_IP),
	    .hlen = 6,
	    .plen = 4,
	    .op = cpu_to_be16(ARP_OP_REQUEST),
	    .sha = {2, 0, 0, 0, 0, 1},
	    .spa = cpu_to_be32(0x0a000001),
	    .tpa = cpu_to_be32(0x0a000002),
	};
	struct packet p = frame(ETH_P_ARP, &a, sizeof(a));

	(void)state;
	expect_frame(&p, p.len,
		     "ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28");
	expect_frame(&p, 41, "ARP, [|arp]");
	a.tha[0] = 2;
	p = frame(ETH_P_ARP, &a, sizeof(a));
	expect_frame(&p, p.len,
		     "ARP, Request who-has 10.0.0.2 (02:00:00:00:00:00) tell "
		     "10.0.0.1, length 28");
	a.op = cpu_to_be16(ARP_OP_REPLY);
	p = frame(ETH_P_ARP, &a, sizeof(a));
	expect_frame(&p, p.len,
		     "ARP, Reply 10.0.0.1 is-at 02:00:00:00:00:01, length 28");
	a.op = cpu_to_be16(9);
	p = frame(ETH_P_ARP, &a, sizeof(a));
	expect_frame(&p, p.len, "ARP, op 9, 10.0.0.2 tell 10.0.0.1, length 28");
	a.hlen = 5;
	p = frame(ETH_P_ARP, &a, sizeof(a));
	expect_frame(&p, p.len, "ARP, hardware type 1, length 28");
}

static void test_frames(void **state)
{
	struct udp_hdr uh = {cpu_to_be16(1), cpu_to_be16(2), cpu_to_be16(8), 0};
	struct packet in = ip4(IPPROTO_UDP, 0, &uh, sizeof(uh), 0), p;
	u8 tagged[100] = {0x60, 0x07, 0x08, 0x00};

	(void)state;
	p = frame(ETH_P_IP, in.data, in.len);
	expect_frame(&p, p.len, "IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 0");
	expect_frame(&p, 13, "[|ether]");
	memcpy(tagged + 4, in.data, in.len);
	p = frame(ETH_P_8021Q, tagged, in.len + 4);
	expect_frame(&p, p.len,
		     "vlan 7, p 3, IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 0");
	expect_frame(&p, 17, "[|vlan]");
	p = frame(0x88cc, tagged, 20);
	expect_frame(
	    &p, p.len,
	    "02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype Unknown (0x88cc), "
	    "length 34");
	p = frame(20, tagged, 20);
	expect_frame(&p, p.len,
		     "02:00:00:00:00:01 > 02:00:00:00:00:02, 802.3, length 20");
}

static void test_small_buffer(void **state)
{
	struct udp_hdr uh = {cpu_to_be16(1), cpu_to_be16(2), cpu_to_be16(8), 0};
	struct packet in = ip4(IPPROTO_UDP, 0, &uh, sizeof(uh), 0);
	char line[10];

	(void)state;
	assert_int_equal(print_ip(line, sizeof(line), in.data, in.len, in.len), 9);
	assert_string_equal(line, "IP 10.0.0");
	assert_int_equal(print_ip(line, 1, in.data, in.len, in.len), 0);
	assert_string_equal(line, "");
	assert_int_equal(print_ip(line, 0, in.data, in.len, in.len), 0);
	assert_int_equal(print_frame(line, 0, in.data, in.len, in.len), 0);
}

static void test_noise(void **state)
{
	struct random r;

	(void)state;
	random_seed(&r, 8);
	for (int i = 0; i < 20000; i++) {
		static const u16 protos[] = {ETH_P_IP, ETH_P_IPV6, ETH_P_ARP,
					     ETH_P_8021Q};
		u8 rest[120];
		char line[PRINT_LINE];
		struct packet p;
		size_t n;

		random_bytes(&r, rest, sizeof(rest));
		if (i % 2)
			rest[0] = i % 4 == 1 ? 0x45 : 0x60;
		p = frame(protos[random_below(&r, 4)], rest, sizeof(rest));
		n = print_frame(line, sizeof(line), p.data, random_below(&r, p.len),
				p.len);
		assert_int_equal(n, strlen(line));
		assert_true(n < sizeof(line) - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tcp),		 cmocka_unit_test(test_udp),
	    cmocka_unit_test(test_fragments),	 cmocka_unit_test(test_icmp),
	    cmocka_unit_test(test_icmp6),	 cmocka_unit_test(test_not_ip),
	    cmocka_unit_test(test_arp),		 cmocka_unit_test(test_frames),
	    cmocka_unit_test(test_small_buffer), cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
