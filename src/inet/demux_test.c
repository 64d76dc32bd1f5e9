/* SPDX-License-Identifier: MIT */
/*
 * demux_test.c - the tables against a search through everything
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "inet/inet.h"

#include <cmocka.h>

enum { N = 300, LOOKUPS = 20000, NETS = 3 };

struct world {
	struct worker k;
	struct net net[NETS];
	struct demux d;
	struct random r;
	struct inet_sock is[N];
	bool connected[N];
};

static struct ipaddr some_addr(struct random *r)
{
	return ipaddr_v4(cpu_to_be32(0x0a000000 + random_below(r, 4)));
}

static struct tuple some_tuple(struct random *r)
{
	return (struct tuple){
	    .local = some_addr(r),
	    .peer = some_addr(r),
	    .lport = cpu_to_be16((u16)(80 + random_below(r, 4))),
	    .pport = cpu_to_be16((u16)(9000 + random_below(r, 4))),
	    .bound_dev = (s32)random_below(r, 3),
	};
}

static void enter(struct world *w, unsigned i)
{
	struct inet_sock *is = &w->is[i];
	struct tuple t = some_tuple(&w->r);

	memset(is, 0, sizeof(*is));
	is->sk.net = &w->net[random_below(&w->r, NETS)];
	is->sk.bound_dev = t.bound_dev;
	w->connected[i] = random_below(&w->r, 2);
	if (w->connected[i]) {
		is->conn.net = is->sk.net;
		is->conn.t = t;
		assert_int_equal(demux_add(&w->d, &is->conn), 0);
		return;
	}
	is->rcv_local = random_below(&w->r, 3) ? t.local : ipaddr_any(AF_INET);
	is->lport = t.lport;
	is->sk.reuse_port = (u8)random_below(&w->r, 2);
	assert_int_equal(demux_bind(&w->d, &is->bound, is), 0);
}

static void leave(struct world *w, unsigned i)
{
	if (w->connected[i])
		demux_del(&w->d, &w->is[i].conn);
	else
		demux_unbind(&w->d, &w->is[i].bound);
}

static bool tuple_fits(const struct demux_node *n, const struct tuple *t)
{
	return n->t.lport == t->lport && n->t.pport == t->pport &&
	       ipaddr_equal(&n->t.local, &t->local) &&
	       ipaddr_equal(&n->t.peer, &t->peer) &&
	       (!n->t.bound_dev || n->t.bound_dev == t->bound_dev);
}

static void check_connected(struct world *w, struct net *net, const struct tuple *t)
{
	const struct demux_node *got = demux_find(&w->d, net, t);
	int best = -1;

	for (unsigned i = 0; i < N; i++) {
		const struct demux_node *n = &w->is[i].conn;

		if (w->connected[i] && n->net == net && tuple_fits(n, t))
			best = max(best, n->t.bound_dev ? 1 : 0);
	}
	if (best < 0) {
		assert_null(got);
		return;
	}
	assert_non_null(got);
	assert_true(got->net == net && tuple_fits(got, t));
	assert_int_equal(got->t.bound_dev != 0, best);
}

/* 0: does not fit; the address weighs more than the device */
static int bound_score(const struct inet_sock *is, const struct tuple *t)
{
	bool any = ipaddr_is_any(&is->rcv_local);

	if (is->lport != t->lport ||
	    (!any && !ipaddr_equal(&is->rcv_local, &t->local)) ||
	    (is->sk.bound_dev && is->sk.bound_dev != t->bound_dev))
		return 0;
	return 1 + 2 * !any + (is->sk.bound_dev != 0);
}

static void check_bound(struct world *w, struct net *net, const struct tuple *t)
{
	const struct inet_sock *got = demux_find_bound(&w->d, net, t, NULL);
	const struct inet_sock *latest = NULL;
	int best = 0;

	for (unsigned i = 0; i < N; i++) {
		const struct inet_sock *is = &w->is[i];
		int s = w->connected[i] || is->sk.net != net ? 0 : bound_score(is, t);

		if (!s || s < best)
			continue;
		if (s > best || (s32)(is->bound.seq - latest->bound.seq) > 0)
			latest = is;
		best = s;
	}
	if (!best) {
		assert_null(got);
		return;
	}
	assert_non_null(got);
	assert_ptr_equal(got->sk.net, net);
	assert_int_equal(bound_score(got, t), best);
	if (latest->sk.reuse_port)
		assert_true(got->sk.reuse_port);
	else
		assert_ptr_equal(got, latest);
	/* one flow always finds the same of a group */
	assert_ptr_equal(demux_find_bound(&w->d, net, t, NULL), got);
}

static void test_against_search(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	(void)state;
	assert_non_null(w);
	random_seed(&w->r, 5);
	w->k.key = (struct sip_key){1, 2};
	for (u32 i = 0; i < NETS; i++) {
		w->net[i].worker = &w->k;
		w->net[i].mix = i * 77;
	}
	demux_init(&w->d);
	for (unsigned i = 0; i < N; i++)
		enter(w, i);
	for (int n = 0; n < LOOKUPS; n++) {
		struct tuple t = some_tuple(&w->r);
		struct net *net = &w->net[random_below(&w->r, NETS)];

		check_connected(w, net, &t);
		check_bound(w, net, &t);
		if (n % 8 == 0) {
			unsigned i = random_below(&w->r, N);

			leave(w, i);
			enter(w, i);
		}
	}
	for (unsigned i = 0; i < N; i++)
		leave(w, i);
	demux_fini(&w->d);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_search)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
