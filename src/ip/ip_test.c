/* SPDX-License-Identifier: MIT */
/*
 * ip_test.c - IPv4 over veth in virtual time: two hosts and a router
 *
 *   a (10.1.1.1/24) --- (10.1.1.254) r (10.2.2.254) --- (10.2.2.1/24) b
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cred.h"
#include "core/sock.h"
#include "core/tunable.h"
#include "ip/addr4.h"
#include "ip/icmp4.h"
#include "ip/ip_parts.h"
#include "ip/mib.h"
#include "ip/neigh.h"
#include "ip/rule.h"
#include "link/loopback.h"
#include "link/veth.h"
#include "wire/csum.h"
#include "wire/icmp.h"

#include <cmocka.h>

struct seen {
	int replies, errors;
	u8 type, code;
	u32 info, len;
};

/* Notes what ping sockets would get */
static struct seen *seen(const struct warren *w)
{
	return warren_part(w, PART_TEST);
}

static bool see_reply(struct net *net, const struct pkt *p)
{
	seen(net->w)->replies++;
	seen(net->w)->len = p->len;
	return true;
}

static void see_error(struct net *net, const struct pkt *p, const struct ip_error *e)
{
	(void)p;
	seen(net->w)->errors++;
	seen(net->w)->type = e->type;
	seen(net->w)->code = e->code;
	seen(net->w)->info = e->info;
}

static const struct icmp4_ping_ops see_ops = {.deliver = see_reply, .error = see_error};

static int see_boot(struct warren *w)
{
	icmp4_ping_register(w, &see_ops);
	return 0;
}

static const struct part see_part = {
    .name = "see",
    .id = PART_TEST,
    .warren_size = sizeof(struct seen),
    .boot = see_boot,
};

static const struct part *const parts[] = {
    &dev_part, &sock_part,  &loopback_part, &veth_part, &neigh_part,
    &arp_part, &addr4_part, &fib_part,	    &rule_part, &route_part,
    &ip4_part, &frag_part,  &icmp4_part,    &see_part,	NULL,
};

struct world {
	struct warren *w;
	struct net *a, *r, *b;
	struct dev *a0, *r0, *r1, *b0;
};

static void run_ms(struct warren *w, u64 ms)
{
	u64 end = clock_now(w) + ms * NS_PER_MS, next;

	for (;;) {
		while (worker_step(w->worker))
			;
		next = worker_deadline(w->worker);
		if (next > end)
			break;
		clock_set(&w->clock, next);
	}
	clock_set(&w->clock, end);
}

static be32 ip(const char *s)
{
	be32 a;

	assert_int_equal(text_parse_ip4(s, &a), 0);
	return a;
}

static void add_addr(struct dev *dev, const char *addr, u8 plen)
{
	struct ifaddr4 want = {
	    .local = ip(addr),
	    .address = ip(addr),
	    .plen = plen,
	    .valid_s = ~0U,
	    .preferred_s = ~0U,
	};

	assert_int_equal(addr4_add(dev, &want, false, NULL), 0);
}

static int add_route(struct net *net, const char *dst, u8 plen, const char *gw,
		     struct dev *dev, u8 type, struct ext_ack *ack)
{
	struct fib_config cfg = {
	    .family = AF_INET,
	    .dst = ipaddr_v4(ip(dst)),
	    .plen = plen,
	    .type = type,
	    .scope = gw ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
	    .protocol = RTPROT_BOOT,
	    .table = RT_TABLE_MAIN,
	    .oif = dev ? dev->ifindex : 0,
	    .nl_flags = NLM_F_CREATE | NLM_F_EXCL,
	};

	if (type != RTN_UNICAST)
		cfg.scope = RT_SCOPE_UNIVERSE;
	if (gw)
		cfg.gateway = ipaddr_v4(ip(gw));
	return fib_add(net, &cfg, ack);
}

static void build(struct world *x, struct fault *fault)
{
	const struct warren_config cfg = {
	    .parts = parts,
	    .seed = 7,
	    .virtual_time = true,
	    .fault = fault,
	};

	assert_int_equal(warren_new(&cfg, &x->w), 0);
	assert_int_equal(net_new(x->w, "a", &x->a), 0);
	assert_int_equal(net_new(x->w, "r", &x->r), 0);
	assert_int_equal(net_new(x->w, "b", &x->b), 0);
	assert_int_equal(veth_pair(x->a, "a0", x->r, "r0", &x->a0, &x->r0), 0);
	assert_int_equal(veth_pair(x->b, "b0", x->r, "r1", &x->b0, &x->r1), 0);
	dev_open(x->a->lo);
	dev_open(x->r->lo);
	dev_open(x->a0);
	dev_open(x->r0);
	dev_open(x->r1);
	dev_open(x->b0);
	add_addr(x->a0, "10.1.1.1", 24);
	add_addr(x->r0, "10.1.1.254", 24);
	add_addr(x->r1, "10.2.2.254", 24);
	add_addr(x->b0, "10.2.2.1", 24);
	assert_int_equal(
	    add_route(x->a, "0.0.0.0", 0, "10.1.1.254", NULL, RTN_UNICAST, NULL), 0);
	assert_int_equal(
	    add_route(x->b, "0.0.0.0", 0, "10.2.2.254", NULL, RTN_UNICAST, NULL), 0);
	assert_int_equal(tunable_write(x->r, "net/ipv4/ip_forward", "1", 1), 0);
}

static void demolish(struct world *x)
{
	net_put(x->a);
	net_put(x->r);
	net_put(x->b);
	while (worker_step(x->w->worker))
		;
	assert_int_equal(x->w->n_nets, 1);
	warren_free(x->w);
}

static int ping(struct net *net, const char *dst, u32 size, bool df, u8 ttl)
{
	struct flow fl = {.family = AF_INET, .dst = ipaddr_v4(ip(dst))};
	struct ip_send s = {.proto = IPPROTO_ICMP, .df = df, .ttl = ttl};
	struct icmp_hdr *h;
	struct pkt *p;
	int err = route_output(net, &fl, &s.route);

	if (err)
		return err;
	s.src = fl.src;
	s.dst = fl.dst;
	p = pkt_new(net->worker, PKT_HEADROOM, (u32)sizeof(*h) + size);
	if (!p) {
		route_put(s.route);
		return -ENOMEM;
	}
	h = (struct icmp_hdr *)pkt_put(p, sizeof(*h));
	memset(h, 0, sizeof(*h));
	h->type = ICMP_ECHO;
	memset(pkt_put(p, size), 'x', size);
	h->checksum = csum_fold(csum_partial(h, sizeof(*h) + size, 0));
	err = ip4_output(net, p, &s);
	route_put(s.route);
	return err;
}

static void forwarding_works(void **state)
{
	struct world x;

	(void)state;
	build(&x, NULL);
	assert_int_equal(ping(x.a, "10.2.2.1", 56, false, 0), 0);
	run_ms(x.w, 100);
	assert_int_equal(seen(x.w)->replies, 1);
	assert_int_equal(seen(x.w)->len, 64);
	assert_int_equal(mib(x.r)->ip[IPSTATS_MIB_OUTFORWDATAGRAMS], 2);
	assert_int_equal(ping(x.a, "127.0.0.1", 56, false, 0), 0);
	assert_int_equal(ping(x.a, "10.1.1.1", 56, false, 0), 0);
	run_ms(x.w, 100);
	assert_int_equal(seen(x.w)->replies, 3);
	demolish(&x);
}

static void ttl_runs_out(void **state)
{
	struct world x;

	(void)state;
	build(&x, NULL);
	assert_int_equal(ping(x.a, "10.2.2.1", 56, false, 1), 0);
	run_ms(x.w, 100);
	assert_int_equal(seen(x.w)->errors, 1);
	assert_int_equal(seen(x.w)->type, ICMP_TIME_EXCEEDED);
	assert_int_equal(x.r->drops[DROP_TTL], 1);
	demolish(&x);
}

static void big_packets_are_cut_and_put_together(void **state)
{
	struct world x;

	(void)state;
	build(&x, NULL);
	assert_int_equal(ping(x.a, "10.2.2.1", 60000, false, 0), 0);
	run_ms(x.w, 100);
	assert_int_equal(seen(x.w)->replies, 1);
	assert_int_equal(seen(x.w)->len, 60008);
	assert_int_equal(mib(x.b)->ip[IPSTATS_MIB_REASMOKS], 1);
	demolish(&x);
}

static void path_mtu_is_learned(void **state)
{
	struct world x;

	(void)state;
	build(&x, NULL);
	assert_int_equal(dev_set_mtu(x.r1, 1000, NULL), 0);
	assert_int_equal(ping(x.a, "10.2.2.1", 1400, true, 0), 0);
	run_ms(x.w, 100);
	assert_int_equal(seen(x.w)->errors, 1);
	assert_int_equal(seen(x.w)->code, ICMP_FRAG_NEEDED);
	assert_int_equal(seen(x.w)->info, 1000);
	assert_int_equal(ping(x.a, "10.2.2.1", 1400, true, 0), -EMSGSIZE);
	assert_int_equal(ping(x.a, "10.2.2.1", 972, true, 0), 0);
	run_ms(x.w, 100);
	assert_int_equal(seen(x.w)->replies, 1);
	run_ms(x.w, 700 * 1000); /* mtu_expires */
	assert_int_equal(ping(x.a, "10.2.2.1", 1400, true, 0), 0);
	demolish(&x);
}

static void neighbours_live_and_die(void **state)
{
	struct ipaddr b = ipaddr_v4(ip("10.2.2.1")), none = ipaddr_v4(ip("10.2.2.77"));
	struct world x;
	struct neigh *nt;

	(void)state;
	build(&x, NULL);
	assert_int_equal(ping(x.r, "10.2.2.1", 56, false, 0), 0);
	nt = neigh_find(x.r1, &b);
	assert_int_equal(nt->state, NUD_INCOMPLETE);
	run_ms(x.w, 10);
	assert_int_equal(nt->state, NUD_REACHABLE);
	assert_memory_equal(nt->lladdr, x.b0->addr, 6);
	run_ms(x.w, 46 * 1000);
	assert_int_equal(nt->state, NUD_STALE);
	assert_int_equal(ping(x.r, "10.2.2.1", 56, false, 0), 0);
	assert_int_equal(nt->state, NUD_DELAY);
	run_ms(x.w, 5500);
	assert_int_equal(nt->state, NUD_REACHABLE); /* probed and answered */
	/* nobody there: three questions, then the sender hears of it */
	assert_int_equal(ping(x.r, "10.2.2.77", 56, false, 0), 0);
	run_ms(x.w, 3500);
	assert_int_equal(neigh_find(x.r1, &none)->state, NUD_FAILED);
	assert_int_equal(seen(x.w)->errors, 1);
	assert_int_equal(seen(x.w)->code, ICMP_HOST_UNREACH);
	run_ms(x.w, 120 * 1000);
	assert_null(neigh_find(x.r1, &none));
	demolish(&x);
}

static void routes_refuse_as_linux(void **state) /* N5.6 */
{
	struct ext_ack ack = {0};
	struct route *rt;
	struct flow fl;
	struct world x;

	(void)state;
	build(&x, NULL);
	assert_int_equal(
	    add_route(x.a, "0.0.0.0", 0, "10.1.1.254", NULL, RTN_UNICAST, NULL),
	    -EEXIST);
	assert_int_equal(
	    add_route(x.a, "10.50.0.0", 16, NULL, NULL, RTN_BLACKHOLE, NULL), 0);
	assert_int_equal(
	    add_route(x.a, "10.51.0.0", 16, NULL, NULL, RTN_UNREACHABLE, NULL), 0);
	assert_int_equal(
	    add_route(x.a, "10.52.0.0", 16, NULL, NULL, RTN_PROHIBIT, NULL), 0);
	fl = (struct flow){.dst = ipaddr_v4(ip("10.50.1.1"))};
	assert_int_equal(route_output(x.a, &fl, &rt), -EINVAL);
	fl = (struct flow){.dst = ipaddr_v4(ip("10.51.1.1"))};
	assert_int_equal(route_output(x.a, &fl, &rt), -EHOSTUNREACH);
	fl = (struct flow){.dst = ipaddr_v4(ip("10.52.1.1"))};
	assert_int_equal(route_output(x.a, &fl, &rt), -EACCES);
	dev_close(x.b0);
	memset(&ack, 0, sizeof(ack));
	assert_int_equal(add_route(x.b, "10.9.0.0", 16, NULL, x.b0, RTN_UNICAST, &ack),
			 -ENETDOWN);
	assert_string_equal(ack.msg, "Device for nexthop is not up");
	memset(&ack, 0, sizeof(ack));
	assert_int_equal(
	    add_route(x.b, "10.9.0.0", 16, "10.7.7.7", NULL, RTN_UNICAST, &ack),
	    -ENETUNREACH);
	assert_string_equal(ack.msg, "Nexthop has invalid gateway");
	demolish(&x);
}

static void a_device_takes_its_routes_along(void **state)
{
	struct fib_table *t;
	struct world x;
	u32 before;

	(void)state;
	build(&x, NULL);
	t = fib_table(x.a, AF_INET, RT_TABLE_MAIN);
	before = t->n_routes;
	assert_int_equal(before, 2);
	assert_int_equal(dev_move(x.a0, x.b, NULL, 0, NULL), 0);
	assert_int_equal(t->n_routes, 0);
	assert_int_equal(ping(x.a, "10.2.2.1", 56, false, 0), -ENETUNREACH);
	assert_true(addr4_is_local(x.a, ip("127.0.0.1")));
	assert_false(addr4_is_local(x.a, ip("10.1.1.1")));
	demolish(&x);
}

static void errors_are_rate_limited(void **state)
{
	struct world x;

	(void)state;
	build(&x, NULL);
	for (int i = 0; i < 20; i++)
		assert_int_equal(ping(x.a, "10.2.2.1", 56, false, 1), 0);
	run_ms(x.w, 1);
	assert_int_equal(seen(x.w)->errors, 6); /* the burst of one destination */
	run_ms(x.w, 1000);
	assert_int_equal(ping(x.a, "10.2.2.1", 56, false, 1), 0);
	run_ms(x.w, 1);
	assert_int_equal(seen(x.w)->errors, 7);
	demolish(&x);
}

static void out_of_memory_loses_packets_only(void **state)
{
	struct fault fault = {0};
	struct world x;

	(void)state;
	build(&x, &fault);
	for (u64 n = 1; n < 120; n++) {
		fault.countdown = n;
		(void)ping(x.a, "10.2.2.1", 3000, false, 0);
		run_ms(x.w, 10);
		fault.countdown = 0;
		run_ms(x.w, 60 * 1000);
	}
	seen(x.w)->replies = 0;
	assert_int_equal(ping(x.a, "10.2.2.1", 3000, false, 0), 0);
	run_ms(x.w, 4000);
	assert_int_equal(seen(x.w)->replies, 1);
	demolish(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(forwarding_works),
	    cmocka_unit_test(ttl_runs_out),
	    cmocka_unit_test(big_packets_are_cut_and_put_together),
	    cmocka_unit_test(path_mtu_is_learned),
	    cmocka_unit_test(neighbours_live_and_die),
	    cmocka_unit_test(routes_refuse_as_linux),
	    cmocka_unit_test(a_device_takes_its_routes_along),
	    cmocka_unit_test(errors_are_rate_limited),
	    cmocka_unit_test(out_of_memory_loses_packets_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
