/* SPDX-License-Identifier: MIT */
/* igmp_test.c - a host and a querier that is made by hand, in virtual time */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/dev.h"
#include "core/sock.h"
#include "core/worker.h"
#include "ip/addr4.h"
#include "ip/igmp.h"
#include "link/veth.h"
#include "parts.h"
#include "wire/csum.h"
#include "wire/ether.h"
#include "wire/igmp.h"
#include "wire/inet.h"

#include <linux/if_packet.h>

#include <cmocka.h>

#define GROUP cpu_to_be32(0xef010101) /* 239.1.1.1 */
#define S1    cpu_to_be32(0x0a000002)
#define S2    cpu_to_be32(0x0a000003)

struct world {
	struct warren *w;
	struct net *a, *b;
	struct dev *v0, *v1;
	struct sock *wire; /* at b */
};

static int setup(void **state)
{
	struct world *wd = calloc(1, sizeof(*wd));
	struct warren_config cfg = {
	    .parts = warren_parts, .seed = 5, .virtual_time = true};
	struct ifaddr4 ifa = {
	    .local = cpu_to_be32(0x0a000001),
	    .address = cpu_to_be32(0x0a000001),
	    .plen = 24,
	    .valid_s = ~0U,
	    .preferred_s = ~0U,
	};

	assert_int_equal(warren_new(&cfg, &wd->w), 0);
	wd->a = wd->w->init_net;
	net_get(wd->a);
	assert_int_equal(net_new(wd->w, "b", &wd->b), 0);
	assert_int_equal(veth_pair(wd->a, "v0", wd->b, "v1", &wd->v0, &wd->v1), 0);
	assert_int_equal(dev_open(wd->v0), 0);
	assert_int_equal(dev_open(wd->v1), 0);
	assert_int_equal(addr4_add(wd->v0, &ifa, false, NULL), 0);
	assert_int_equal(sock_create(wd->b, NULL, AF_PACKET, SOCK_RAW,
				     (__force u16)cpu_to_be16(ETH_P_IP), &wd->wire),
			 0);
	*state = wd;
	return 0;
}

static int teardown(void **state)
{
	struct world *wd = *state;

	sock_release(wd->wire);
	net_put(wd->a);
	net_put(wd->b);
	warren_free(wd->w);
	free(wd);
	return 0;
}

static void run(struct world *wd, u64 ns)
{
	worker_run_until(wd->w->worker, clock_now(wd->w) + ns);
}

/* The next IGMP message on the wire: its length, 0: none */
static size_t told(struct world *wd, u8 *out, size_t room)
{
	for (;;) {
		u8 buf[2000];
		struct iovec iov = {buf, sizeof(buf)};
		struct msg m = {.iov = &iov, .n_iov = 1};
		ssize_t n = wd->wire->ops->recv(wd->wire, &m);
		const struct ip4_hdr *h = (const struct ip4_hdr *)(buf + 14);
		size_t len;

		if (n < 0)
			return 0;
		if (h->protocol != IPPROTO_IGMP)
			continue;
		assert_int_equal(h->ttl, 1);
		assert_int_equal(ip4_hdr_len(h), 24); /* router alert */
		len = (size_t)n - 14 - 24;
		assert_int_equal(csum_fold(csum_partial(buf + 38, len, 0)), 0);
		assert_true(len <= room);
		memcpy(out, buf + 38, len);
		return len;
	}
}

static void ask(struct world *wd, const void *igmp, size_t len, be32 dst)
{
	u8 f[200] = {0};
	struct ether_hdr *e = (struct ether_hdr *)f;
	struct ip4_hdr *h = (struct ip4_hdr *)(f + 14);
	struct igmp_hdr *q = (struct igmp_hdr *)(f + 34);
	struct sockaddr_storage name = {0};
	struct sockaddr_ll *ll = (struct sockaddr_ll *)&name;
	struct iovec iov = {f, 34 + len};
	struct msg m = {
	    .iov = &iov, .n_iov = 1, .name = &name, .name_len = sizeof(*ll)};

	ether_ip4_multicast(e->dst, dst);
	e->proto = cpu_to_be16(ETH_P_IP);
	h->ver_ihl = 0x45;
	h->tot_len = cpu_to_be16((u16)(20 + len));
	h->ttl = 1;
	h->protocol = IPPROTO_IGMP;
	h->saddr = cpu_to_be32(0x0a0000fe);
	h->daddr = dst;
	ip4_set_check(h);
	memcpy(q, igmp, len);
	q->csum = 0;
	q->csum = csum_fold(csum_partial(q, len, 0));
	ll->sll_family = AF_PACKET;
	ll->sll_ifindex = wd->v1->ifindex;
	assert_true(wd->wire->ops->send(wd->wire, &m) > 0);
}

static void expect_record(const u8 *r, size_t len, u8 type, be32 group, u16 sources)
{
	const struct igmp_record_hdr *h = (const void *)(r + 8);

	assert_int_equal(r[0], IGMP_V3_REPORT);
	assert_int_equal(len, 16U + sources * 4U);
	assert_int_equal(h->type, type);
	assert_int_equal(h->group, group);
	assert_int_equal(be16_to_cpu(h->n_sources), sources);
}

static void test_changes(void **state)
{
	struct world *wd = *state;
	u8 r[200];

	run(wd, NS_PER_S);
	assert_int_equal(told(wd, r, sizeof(r)), 0); /* 224.0.0.1 is not told of */
	assert_int_equal(igmp_join(wd->v0, GROUP, IGMP_EXCLUDE), 0);
	run(wd, 2 * NS_PER_S);
	for (int i = 0; i < 2; i++)
		expect_record(r, told(wd, r, sizeof(r)), IGMP_TO_EXCLUDE, GROUP, 0);
	assert_int_equal(told(wd, r, sizeof(r)), 0);
	assert_true(igmp_wants(wd->v0, GROUP, S1, IPPROTO_UDP));
	igmp_leave(wd->v0, GROUP, IGMP_EXCLUDE);
	assert_false(igmp_is_member(wd->v0, GROUP));
	run(wd, 2 * NS_PER_S);
	for (int i = 0; i < 2; i++)
		expect_record(r, told(wd, r, sizeof(r)), IGMP_TO_INCLUDE, GROUP, 0);
	assert_int_equal(told(wd, r, sizeof(r)), 0);
}

/* One excludes a source, another wants nothing but it: all is wanted */
static void test_sum(void **state)
{
	struct world *wd = *state;
	const be32 one = S1;
	const struct igmp_filter none = {.mode = IGMP_EXCLUDE};
	const struct igmp_filter without = {IGMP_EXCLUDE, 1, &one};
	const struct igmp_filter nothing = {.mode = IGMP_INCLUDE};
	const struct igmp_filter only = {IGMP_INCLUDE, 1, &one};

	assert_int_equal(igmp_join(wd->v0, GROUP, IGMP_EXCLUDE), 0);
	assert_int_equal(igmp_change(wd->v0, GROUP, &none, &without), 0);
	assert_false(igmp_wants(wd->v0, GROUP, S1, IPPROTO_UDP));
	assert_true(igmp_wants(wd->v0, GROUP, S2, IPPROTO_UDP));
	assert_int_equal(igmp_join(wd->v0, GROUP, IGMP_INCLUDE), 0);
	assert_int_equal(igmp_change(wd->v0, GROUP, &nothing, &only), 0);
	assert_true(igmp_wants(wd->v0, GROUP, S1, IPPROTO_UDP));
	assert_int_equal(igmp_change(wd->v0, GROUP, &without, &none), 0);
	igmp_leave(wd->v0, GROUP, IGMP_EXCLUDE);
	assert_true(igmp_wants(wd->v0, GROUP, S1, IPPROTO_UDP));
	assert_false(igmp_wants(wd->v0, GROUP, S2, IPPROTO_UDP));
	run(wd, NS_PER_S);
	dev_unregister(wd->v0); /* with the group joined, and news to tell */
	wd->v0 = NULL;
}

static void test_queries(void **state)
{
	struct world *wd = *state;
	struct {
		struct igmp_hdr h;
		struct igmp_query3 q;
		be32 sources[1];
	} __packed_struct q3 = {.h = {.type = IGMP_QUERY, .code = 10}};
	struct igmp_hdr q2 = {.type = IGMP_QUERY, .code = 10};
	u8 r[200];

	assert_int_equal(igmp_join(wd->v0, GROUP, IGMP_EXCLUDE), 0);
	run(wd, 2 * NS_PER_S);
	while (told(wd, r, sizeof(r)))
		;
	ask(wd, &q3, 12, cpu_to_be32(0xe0000001));
	run(wd, 2 * NS_PER_S);
	expect_record(r, told(wd, r, sizeof(r)), IGMP_IS_EXCLUDE, GROUP, 0);
	/* of a group, and of sources of it */
	q3.h.group = GROUP;
	ask(wd, &q3, 12, GROUP);
	run(wd, 2 * NS_PER_S);
	expect_record(r, told(wd, r, sizeof(r)), IGMP_IS_EXCLUDE, GROUP, 0);
	q3.h.group = cpu_to_be32(0xef010102);
	ask(wd, &q3, 12, GROUP);
	run(wd, 2 * NS_PER_S);
	assert_int_equal(told(wd, r, sizeof(r)), 0);
	q3.h.group = GROUP;
	q3.q.n_sources = cpu_to_be16(200); /* more than there is */
	ask(wd, &q3, sizeof(q3), GROUP);
	run(wd, 2 * NS_PER_S);
	assert_int_equal(told(wd, r, sizeof(r)), 0);
	/* an older querier */
	ask(wd, &q2, sizeof(q2), cpu_to_be32(0xe0000001));
	run(wd, 2 * NS_PER_S);
	assert_int_equal(told(wd, r, sizeof(r)), 8);
	assert_int_equal(r[0], IGMP_V2_REPORT);
	igmp_leave(wd->v0, GROUP, IGMP_EXCLUDE);
	run(wd, NS_PER_S);
	assert_int_equal(told(wd, r, sizeof(r)), 8);
	assert_int_equal(r[0], IGMP_V2_LEAVE);
	run(wd, 300 * NS_PER_S); /* was not heard any more */
	assert_int_equal(igmp_join(wd->v0, GROUP, IGMP_EXCLUDE), 0);
	run(wd, NS_PER_S);
	expect_record(r, told(wd, r, sizeof(r)), IGMP_TO_EXCLUDE, GROUP, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_changes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_sum, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_queries, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
