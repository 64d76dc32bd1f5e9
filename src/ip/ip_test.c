/* SPDX-License-Identifier: MIT */
/*
 * ip_test.c - IPv4 over veth in virtual time: two hosts and a router
 *
 *   a (10.1.1.1/24) --- (10.1.1.254) r (10.2.2.254) --- (10.2.2.1/24) b
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cred.h"
#include "core/event.h"
#include "core/sock.h"
#include "core/tunable.h"
#include "ip/addr4.h"
#include "ip/fib_impl.h"
#include "ip/frag.h"
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
	int addr_adds, addr_dels;
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

static int see_event(struct net *net, enum event_kind kind, void *obj)
{
	(void)obj;
	if (kind == EV_ADDR4_ADD)
		seen(net->w)->addr_adds++;
	else
		seen(net->w)->addr_dels++;
	return 0;
}

static const struct part see_part;

static int see_boot(struct warren *w)
{
	int err = event_listen(w, &see_part, EV_ADDR4_ADD, see_event);

	icmp4_ping_register(w, &see_ops);
	return err ? err : event_listen(w, &see_part, EV_ADDR4_DEL, see_event);
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
	worker_run_until(w->worker, clock_now(w) + ms * NS_PER_MS);
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
	worker_settle(x->w->worker);
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

static int del_route(struct net *net, const char *dst, u8 plen)
{
	struct fib_config cfg = {
	    .family = AF_INET,
	    .dst = ipaddr_v4(ip(dst)),
	    .plen = plen,
	    .scope = RT_SCOPE_NOWHERE,
	    .table = RT_TABLE_MAIN,
	};

	return fib_del(net, &cfg, NULL);
}

static bool reaches(struct world *x)
{
	int before = seen(x->w)->replies;

	ping(x->a, "10.2.2.1", 10, false, 0);
	run_ms(x->w, 50);
	return seen(x->w)->replies > before;
}

static void set(struct net *net, const char *path, const char *value)
{
	assert_int_equal(tunable_write(net, path, value, strlen(value)), 0);
}

/* What was found for one packet is not believed when anything it stands on changed */
static void what_was_found_is_forgotten_in_time(void **state)
{
	struct world x;
	struct ext_ack ack = {0};

	(void)state;
	build(&x, NULL);
	assert_true(reaches(&x) && reaches(&x));
	set(x.r, "net/ipv4/ip_forward", "0");
	assert_false(reaches(&x));
	set(x.r, "net/ipv4/ip_forward", "1");
	assert_true(reaches(&x));
	assert_int_equal(
	    add_route(x.r, "10.2.2.1", 32, NULL, NULL, RTN_BLACKHOLE, &ack), 0);
	assert_false(reaches(&x));
	assert_int_equal(del_route(x.r, "10.2.2.1", 32), 0);
	assert_true(reaches(&x));
	/* ours, and then not */
	add_addr(x.r1, "10.2.2.77", 24);
	ping(x.a, "10.2.2.77", 10, false, 0);
	run_ms(x.w, 50);
	dev_close(x.r1);
	assert_false(reaches(&x));
	assert_int_equal(dev_open(x.r1), 0);
	assert_true(reaches(&x));
	demolish(&x); /* and no net is held by what it said */
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

/* ---- routes against a list ---- */

struct plain_route {
	u32 dst, priority;
	u8 plen, tos, type;
	bool here;
};

enum { N_PLAIN = 400 };

/* What a table should answer: the longest prefix, then its TOS over none, then the
 * smallest priority */
static const struct plain_route *plain_lookup(const struct plain_route *r, u32 dst,
					      u8 tos)
{
	const struct plain_route *best = NULL;

	for (int i = 0; i < N_PLAIN; i++) {
		u32 mask = r[i].plen ? ~0U << (32 - r[i].plen) : 0;

		if (!r[i].here || (dst & mask) != r[i].dst ||
		    (r[i].tos && r[i].tos != tos))
			continue;
		if (!best || r[i].plen > best->plen ||
		    (r[i].plen == best->plen &&
		     (r[i].tos > best->tos ||
		      (r[i].tos == best->tos && r[i].priority < best->priority))))
			best = &r[i];
	}
	return best;
}

static struct fib_config plain_config(const struct plain_route *r,
				      const struct dev *dev)
{
	return (struct fib_config){
	    .family = AF_INET,
	    .dst = ipaddr_v4(cpu_to_be32(r->dst)),
	    .plen = r->plen,
	    .tos = r->tos,
	    .priority = r->priority,
	    .type = r->type,
	    .scope = r->type == RTN_UNICAST ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
	    .protocol = RTPROT_STATIC,
	    .table = 77,
	    .oif = r->type == RTN_UNICAST ? dev->ifindex : 0,
	    .nl_flags = NLM_F_CREATE | NLM_F_EXCL,
	};
}

static void compare_lookups(struct world *x, struct random *rnd,
			    const struct plain_route *plain)
{
	for (int i = 0; i < 300; i++) {
		u32 dst = random_below(rnd, 4) ? plain[random_below(rnd, N_PLAIN)].dst |
						     random_below(rnd, 1 << 12)
					       : (u32)random_next(rnd);
		struct flow fl = {
		    .family = AF_INET,
		    .dst = ipaddr_v4(cpu_to_be32(dst)),
		    .tos = (u8)(random_below(rnd, 3) * 8),
		};
		const struct plain_route *want = plain_lookup(plain, dst, fl.tos);
		struct fib_result res = {0};
		int err = fib_table_lookup(x->r, 77, &fl, &res);

		if (!want) {
			assert_int_equal(err, -EAGAIN);
			continue;
		}
		assert_int_equal(err, want->type == RTN_UNICAST	    ? 0
				      : want->type == RTN_BLACKHOLE ? -EINVAL
								    : -EACCES);
		assert_int_equal(res.route->priority, want->priority);
		assert_int_equal(res.route->tos, want->tos);
		assert_int_equal(res.route->prefix->lpm.plen, want->plen);
	}
}

static void routes_answer_as_a_list_would(void **state)
{
	static const u8 types[] = {RTN_UNICAST, RTN_UNICAST, RTN_BLACKHOLE,
				   RTN_PROHIBIT};
	struct plain_route *plain = test_calloc(N_PLAIN, sizeof(*plain));
	struct random rnd;
	struct world x;
	u32 n = 0;

	(void)state;
	build(&x, NULL);
	random_seed(&rnd, 11);
	for (int turn = 0; turn < 3000; turn++) {
		struct plain_route *r = &plain[random_below(&rnd, N_PLAIN)];
		struct fib_config cfg;

		if (!r->here) {
			r->plen = (u8)random_below(&rnd, 33);
			r->dst = r->plen ? ((10U << 24 | random_below(&rnd, 1 << 14))
					    << (random_below(&rnd, 2) * 4)) &
					       ~0U << (32 - r->plen)
					 : 0;
			r->tos = (u8)(random_below(&rnd, 3) * 8);
			r->priority = 1 + random_below(&rnd, 3);
			r->type = types[random_below(&rnd, ARRAY_SIZE(types))];
			cfg = plain_config(r, x.r0);
			if (!fib_add(x.r, &cfg, NULL)) {
				r->here = true;
				n++;
			} /* else another slot has it: -EEXIST */
		} else {
			cfg = plain_config(r, x.r0);
			assert_int_equal(fib_del(x.r, &cfg, NULL), 0);
			r->here = false;
			n--;
		}
		assert_int_equal(fib_table(x.r, AF_INET, 77)->n_routes, n);
		if (turn % 100 == 99)
			compare_lookups(&x, &rnd, plain);
	}
	assert_int_equal(fib_flush_table(x.r, AF_INET, 77), 0);
	assert_int_equal(fib_table(x.r, AF_INET, 77)->n_routes, 0);
	test_free(plain);
	demolish(&x);
}

/* ---- fragments by hand ---- */

/* A piece of an echo request from 10.2.2.254 to b comes in by @dev */
static void give_piece(struct dev *dev, u16 id, u32 off, u32 len, bool more)
{
	struct pkt *p =
	    pkt_new(dev->net->worker, PKT_HEADROOM, (u32)sizeof(struct ip4_hdr) + len);
	struct ip4_hdr *h = (struct ip4_hdr *)pkt_put(p, sizeof(*h));
	u8 *eth;

	memset(h, 0, sizeof(*h));
	h->ver_ihl = 0x45;
	h->tot_len = cpu_to_be16((u16)(sizeof(*h) + len));
	h->id = cpu_to_be16(id);
	h->frag_off = cpu_to_be16((u16)(off / 8 | (more ? IP4_MF : 0)));
	h->ttl = 64;
	h->protocol = IPPROTO_ICMP;
	h->saddr = ip("10.2.2.254");
	h->daddr = ip("10.2.2.1");
	ip4_set_check(h);
	memset(pkt_put(p, len), 0, len);
	/* zeros behind the first words: one sum fits all */
	if (!off) {
		p->data[sizeof(*h)] = ICMP_ECHO;
		p->data[sizeof(*h) + 2] = 0xf7;
		p->data[sizeof(*h) + 3] = 0xff;
	}
	eth = pkt_push(p, 14);
	memset(eth, 2, 14); /* the sender's address does not matter */
	memcpy(eth, dev->addr, 6);
	eth[12] = 0x08;
	eth[13] = 0x00;
	path_input(dev, p);
	worker_settle(dev->net->worker);
}

static void pieces_come_in_any_order(void **state)
{
	struct random rnd;
	struct world x;
	u32 queues;
	u64 bytes;

	(void)state;
	build(&x, NULL);
	random_seed(&rnd, 3);
	for (u16 id = 1; id <= 50; id++) {
		u8 order[40];

		for (u32 i = 0; i < 40; i++) {
			u32 j = random_below(&rnd, i + 1);

			order[i] = order[j];
			order[j] = (u8)i;
		}
		for (u32 i = 0; i < 40; i++) {
			give_piece(x.b0, id, order[i] * 16U, 16, order[i] < 39);
			if (i % 7 == 0 && i < 39) /* the wire repeats one */
				give_piece(x.b0, id, order[i] * 16U, 16, order[i] < 39);
		}
	}
	run_ms(x.w, 100);
	assert_int_equal(seen(x.w)->len, 640);
	assert_int_equal(seen(x.w)->replies, 50);
	frag_count(x.b, &queues, &bytes);
	assert_int_equal(queues, 0);
	assert_int_equal(bytes, 0);
	demolish(&x);
}

static void overlaps_and_lies_condemn(void **state)
{
	struct world x;
	u32 queues;
	u64 bytes;

	(void)state;
	build(&x, NULL);
	give_piece(x.b0, 1, 0, 64, true);
	give_piece(x.b0, 1, 32, 64, true); /* overlaps: all of it goes */
	frag_count(x.b, &queues, &bytes);
	assert_int_equal(queues, 0);
	give_piece(x.b0, 2, 64, 16, false);
	give_piece(x.b0, 2, 80, 16, false); /* another end */
	frag_count(x.b, &queues, &bytes);
	assert_int_equal(queues, 0);
	give_piece(x.b0, 3, 128, 16, true);
	give_piece(x.b0, 3, 64, 16, false);    /* something lies behind the end */
	give_piece(x.b0, 4, 0, 20, true);      /* not a multiple of eight */
	give_piece(x.b0, 5, 65528, 64, false); /* longer than a datagram can be */
	frag_count(x.b, &queues, &bytes);
	assert_int_equal(queues, 0);
	assert_int_equal(bytes, 0);
	assert_int_equal(x.b->drops[DROP_FRAG_BAD], 8);
	/* nothing comes any more: the sender hears of it, once (RFC 1122 §3.3.2) */
	give_piece(x.b0, 6, 0, 64, true);
	give_piece(x.b0, 7, 64, 64, true); /* without the first: nobody hears */
	run_ms(x.w, 31 * 1000);
	frag_count(x.b, &queues, &bytes);
	assert_int_equal(queues, 0);
	assert_int_equal(mib(x.b)->icmp_out[ICMP_TIME_EXCEEDED], 1);
	assert_int_equal(mib(x.b)->ip[IPSTATS_MIB_REASMTIMEOUT], 2);
	demolish(&x);
}

static void pieces_outlive_their_device(void **state)
{
	struct world x;
	u32 queues;
	u64 bytes;
	s32 index;

	(void)state;
	build(&x, NULL);
	index = x.b0->ifindex;
	give_piece(x.b0, 1, 0, 64, true);
	give_piece(x.b0, 2, 0, 64, true);
	assert_int_equal(dev_move(x.b0, x.a, NULL, 0, NULL), 0);
	/* another one with its number brings the rest */
	assert_int_equal(dev_move(x.a0, x.b, NULL, index, NULL), 0);
	assert_int_equal(x.a0->ifindex, index);
	dev_open(x.a0);
	add_addr(x.a0, "10.2.2.1", 24);
	give_piece(x.a0, 1, 64, 64, false);
	assert_int_equal(mib(x.b)->ip[IPSTATS_MIB_REASMOKS], 1);
	run_ms(x.w, 31 * 1000);
	frag_count(x.b, &queues, &bytes);
	assert_int_equal(queues, 0);
	assert_int_equal(bytes, 0);
	demolish(&x);
}

static void a_net_keeps_so_many_pieces(void **state)
{
	struct world x;
	u32 queues;
	u64 bytes;

	(void)state;
	build(&x, NULL);
	assert_int_equal(tunable_write(x.b, "net/ipv4/ipfrag_low_thresh", "20000", 5),
			 0);
	assert_int_equal(tunable_write(x.b, "net/ipv4/ipfrag_high_thresh", "50000", 5),
			 0);
	for (u16 id = 0; id < 1000; id++)
		give_piece(x.b0, id, 0, 64, true);
	frag_count(x.b, &queues, &bytes);
	assert_true(bytes < 55000);
	assert_true(queues > 10);
	assert_true(x.b->drops[DROP_FRAG_LIMIT] > 800);
	demolish(&x);
}

static void a_better_gateway_is_learned(void **state)
{
	struct flow fl = {.dst = ipaddr_v4(ip("10.3.0.1"))};
	struct ipaddr better = ipaddr_v4(ip("10.1.1.77"));
	struct route *rt;
	struct world x;

	(void)state;
	build(&x, NULL);
	assert_int_equal(
	    add_route(x.r, "10.3.0.0", 16, "10.1.1.77", NULL, RTN_UNICAST, NULL), 0);
	for (int i = 0; i < 30; i++) /* by r as long as the first has not come back */
		assert_int_equal(ping(x.a, "10.3.0.1", 56, false, 0), 0);
	run_ms(x.w, 10);
	assert_int_equal(mib(x.r)->icmp_out[ICMP_REDIRECT], 1);
	assert_int_equal(route_output(x.a, &fl, &rt), 0);
	assert_true(ipaddr_equal(&rt->nexthop, &better));
	assert_true(route_valid(rt));
	route_put(rt);
	run_ms(x.w, 301 * 1000); /* and forgotten, and learned again */
	for (int again = 0; again < 2; again++) {
		fl.src = ipaddr_v4(0);
		assert_int_equal(route_output(x.a, &fl, &rt), 0);
		assert_int_equal(ipaddr_equal(&rt->nexthop, &better), again);
		route_put(rt);
		assert_int_equal(ping(x.a, "10.3.0.1", 56, false, 0), 0);
		run_ms(x.w, 10);
	}
	demolish(&x);
}

static void who_is_not_the_gateway_redirects_nobody(void **state)
{
	struct ipaddr dst = ipaddr_v4(ip("10.3.0.1")),
		      rt_gw = ipaddr_v4(ip("10.1.1.254"));
	struct flow fl = {.dst = dst};
	struct route *rt;
	struct world x;

	(void)state;
	build(&x, NULL);
	assert_int_equal(
	    add_route(x.r, "10.3.0.0", 16, "10.1.1.77", NULL, RTN_UNICAST, NULL), 0);
	add_addr(x.r0, "10.1.1.253",
		 24); /* a's gateway is the other one from here on */
	assert_int_equal(
	    add_route(x.a, "10.3.0.0", 24, "10.1.1.253", NULL, RTN_UNICAST, NULL), 0);
	assert_int_equal(ping(x.a, "10.3.0.1", 56, false, 0), 0);
	run_ms(x.w, 10);
	assert_int_equal(mib(x.r)->icmp_out[ICMP_REDIRECT], 1); /* from .254 */
	rt_gw = ipaddr_v4(ip("10.1.1.253"));
	assert_int_equal(route_output(x.a, &fl, &rt), 0);
	assert_true(ipaddr_equal(&rt->nexthop, &rt_gw));
	route_put(rt);
	demolish(&x);
}

static bool has_addr(struct world *x, const char *a)
{
	return addr4_is_local(x->a, ip(a));
}

static void addresses_follow_their_primary(void **state)
{
	const struct ifaddr4 first = {
	    .local = ip("10.1.1.1"), .address = ip("10.1.1.1"), .plen = 24};
	struct world x;
	struct seen *s;

	(void)state;
	for (int promote = 0; promote < 2; promote++) {
		build(&x, NULL);
		if (promote)
			assert_int_equal(
			    tunable_write(x.a, "net/ipv4/conf/all/promote_secondaries",
					  "1", 1),
			    0);
		add_addr(x.a0, "10.1.1.2", 24);
		add_addr(x.a0, "10.1.1.3", 24);
		add_addr(x.a0, "10.1.5.1", 24);
		s = seen(x.w);
		s->addr_adds = s->addr_dels = 0;
		assert_int_equal(addr4_del(x.a0, &first, NULL), 0);
		assert_false(has_addr(&x, "10.1.1.1"));
		assert_int_equal(has_addr(&x, "10.1.1.2"), promote);
		assert_int_equal(has_addr(&x, "10.1.1.3"), promote);
		assert_true(has_addr(&x, "10.1.5.1"));
		assert_int_equal(s->addr_dels, promote ? 1 : 3);
		assert_int_equal(s->addr_adds, promote);
		assert_int_equal(addr4_del(x.a0, &first, NULL), -EADDRNOTAVAIL);
		/* the default route is still there, but only an address of the subnet
		 * is answered */
		assert_int_equal(ping(x.a, "10.1.1.254", 56, false, 0), 0);
		run_ms(x.w, 100);
		assert_int_equal(s->replies, promote);
		demolish(&x);
	}
}

static void addresses_grow_old(void **state)
{
	struct ifaddr4 want = {
	    .local = ip("10.1.7.1"),
	    .address = ip("10.1.7.1"),
	    .plen = 24,
	    .valid_s = 10,
	    .preferred_s = 5,
	};
	const struct ifaddr4 *ifa;
	struct world x;

	(void)state;
	build(&x, NULL);
	assert_int_equal(addr4_add(x.a0, &want, false, NULL), 0);
	assert_int_equal(addr4_add(x.a0, &want, false, NULL), -EEXIST);
	ifa = list_last(&in_dev4(x.a0)->addrs, struct ifaddr4, node);
	assert_int_equal(ifa->local, want.local);
	assert_int_equal(ifa->flags & (IFA_F_DEPRECATED | IFA_F_PERMANENT), 0);
	run_ms(x.w, 5100);
	assert_int_equal(ifa->flags & IFA_F_DEPRECATED, IFA_F_DEPRECATED);
	want.preferred_s = 20;
	want.valid_s = 30;
	assert_int_equal(addr4_add(x.a0, &want, true, NULL), 0);
	assert_int_equal(ifa->flags & IFA_F_DEPRECATED, 0);
	run_ms(x.w, 29 * 1000);
	assert_true(has_addr(&x, "10.1.7.1"));
	run_ms(x.w, 1100);
	assert_false(has_addr(&x, "10.1.7.1"));
	assert_true(has_addr(&x, "10.1.1.1"));
	demolish(&x);
}

/* More neighbours than a net may have, all of them unreachable: each gives its place
 * while it tells the sender */
static void neighbours_are_bounded(void **state)
{
	struct world x;
	char dst[32];

	(void)state;
	build(&x, NULL);
	assert_int_equal(
	    tunable_write(x.w->init_net, "net/ipv4/neigh/default/gc_thresh3", "16", 2),
	    0);
	assert_int_equal(
	    tunable_write(x.r, "net/ipv4/neigh/default/gc_thresh3", "16", 2), -ENOENT);
	for (int i = 0; i < 200; i++) {
		(void)snprintf(dst, sizeof(dst), "10.2.2.%d", 2 + i);
		(void)ping(x.a, dst, 56, false, 0);
		run_ms(x.w, 230);
	}
	run_ms(x.w, 5000);
	assert_true(seen(x.w)->errors > 0);
	assert_int_equal(ping(x.a, "10.2.2.1", 56, false, 0), 0);
	run_ms(x.w, 5000);
	assert_int_equal(seen(x.w)->replies, 1);
	demolish(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(forwarding_works),
	    cmocka_unit_test(what_was_found_is_forgotten_in_time),
	    cmocka_unit_test(ttl_runs_out),
	    cmocka_unit_test(big_packets_are_cut_and_put_together),
	    cmocka_unit_test(path_mtu_is_learned),
	    cmocka_unit_test(neighbours_live_and_die),
	    cmocka_unit_test(routes_refuse_as_linux),
	    cmocka_unit_test(a_device_takes_its_routes_along),
	    cmocka_unit_test(errors_are_rate_limited),
	    cmocka_unit_test(out_of_memory_loses_packets_only),
	    cmocka_unit_test(routes_answer_as_a_list_would),
	    cmocka_unit_test(pieces_come_in_any_order),
	    cmocka_unit_test(overlaps_and_lies_condemn),
	    cmocka_unit_test(pieces_outlive_their_device),
	    cmocka_unit_test(a_net_keeps_so_many_pieces),
	    cmocka_unit_test(a_better_gateway_is_learned),
	    cmocka_unit_test(who_is_not_the_gateway_redirects_nobody),
	    cmocka_unit_test(addresses_follow_their_primary),
	    cmocka_unit_test(addresses_grow_old),
	    cmocka_unit_test(neighbours_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
