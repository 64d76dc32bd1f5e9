/* SPDX-License-Identifier: MIT */
/*
 * demux.c - find the socket of a packet
 *
 * Two hash tables. `connected` holds the exact tuples: full sockets and TCP's
 * small ones. `bound` holds listeners and unconnected datagram sockets by
 * (net, address, port), so that a packet asks twice: for its own address and
 * for none; a net with thousands of sockets on one port but different
 * addresses stays cheap. Only a SO_REUSEPORT group shares a chain.
 *
 * The keys mix net->mix, and every comparison looks at the net first: nothing
 * of one namespace is ever found from another.
 */

#include "inet/demux.h"

#include "core/filter.h"
#include "inet/inet.h"

static u32 hash_tuple(const struct net *net, const struct tuple *t)
{
	u64 lh, ll, ph, pl;
	u64 ports = (u64)(__force u16)t->lport << 16 | (__force u16)t->pport;

	ipaddr_words(&t->local, &lh, &ll);
	ipaddr_words(&t->peer, &ph, &pl);
	return hash3(&net->worker->key, ll ^ lh << 1, pl ^ ph << 1,
		     (u64)net->mix << 32 | ports);
}

static u32 hash_bound(const struct net *net, const struct ipaddr *addr, be16 port)
{
	u64 hi, lo;

	ipaddr_words(addr, &hi, &lo);
	return hash3(&net->worker->key, lo, hi,
		     (u64)net->mix << 32 | (__force u16)port);
}

void demux_init(struct demux *d)
{
	table_init(&d->connected);
	table_init(&d->bound);
	d->seq = 0;
}

void demux_fini(struct demux *d)
{
	table_fini(&d->connected);
	table_fini(&d->bound);
}

int demux_add(struct demux *d, struct demux_node *n)
{
	return table_add(&d->connected, &n->node, hash_tuple(n->net, &n->t));
}

void demux_del(struct demux *d, struct demux_node *n)
{
	table_del(&d->connected, &n->node);
}

struct demux_node *demux_find(const struct demux *d, const struct net *net,
			      const struct tuple *t)
{
	struct table_node *tn = table_first(&d->connected, hash_tuple(net, t));
	struct demux_node *best = NULL;

	for (; tn; tn = table_next(tn)) {
		struct demux_node *n = container_of(tn, struct demux_node, node);

		if (n->net != net || n->t.lport != t->lport || n->t.pport != t->pport ||
		    !ipaddr_equal(&n->t.peer, &t->peer) ||
		    !ipaddr_equal(&n->t.local, &t->local))
			continue;
		if (n->t.bound_dev && n->t.bound_dev == t->bound_dev)
			return n;
		if (!n->t.bound_dev)
			best = n;
	}
	return best;
}

int demux_bind(struct demux *d, struct bound_node *n, struct inet_sock *is)
{
	n->is = is;
	n->addr = is->rcv_local;
	if (ipaddr_is_any(&n->addr))
		n->addr = ipaddr_any(AF_UNSPEC);
	n->port = is->lport;
	n->seq = d->seq++;
	return table_add(&d->bound, &n->node,
			 hash_bound(is->sk.net, &n->addr, n->port));
}

void demux_unbind(struct demux *d, struct bound_node *n)
{
	table_del(&d->bound, &n->node);
	n->is = NULL;
}

static bool is_at(const struct bound_node *n, const struct net *net,
		  const struct ipaddr *addr, be16 port)
{
	return n->is->sk.net == net && n->port == port && ipaddr_equal(&n->addr, addr);
}

struct bound_node *demux_next_bound(const struct demux *d, const struct net *net,
				    const struct ipaddr *addr, be16 port,
				    struct bound_node *n)
{
	const struct ipaddr none = ipaddr_any(AF_UNSPEC);
	struct table_node *tn;

	if (ipaddr_is_any(addr))
		addr = &none;
	tn = n ? table_next(&n->node)
	       : table_first(&d->bound, hash_bound(net, addr, port));
	for (; tn; tn = table_next(tn)) {
		n = container_of(tn, struct bound_node, node);
		if (is_at(n, net, addr, port))
			return n;
	}
	return NULL;
}

/* How well does the device fit? 0: not at all */
static int fit(const struct inet_sock *is, const struct tuple *t)
{
	if (!is->sk.bound_dev)
		return 1;
	return is->sk.bound_dev == t->bound_dev ? 2 : 0;
}

/* A program of one of the group says which, counted in the order they were bound.
 * NULL: there is none, or it says nonsense */
static struct inet_sock *pick_by_program(const struct demux *d, const struct net *net,
					 const struct tuple *t,
					 const struct inet_sock *best, u32 members,
					 const struct ipaddr *addr,
					 const struct filter *prog)
{
	struct bound_node *n = NULL, *next = NULL;
	u32 at, last = 0;

	if (!prog || !t->pkt || t->hdr_len > t->pkt->linear)
		return NULL;
	pkt_pull(t->pkt, t->hdr_len);
	at = bpf_run(prog->prog, t->pkt, t->pkt->dev);
	pkt_push(t->pkt, t->hdr_len);
	if (at >= members)
		return NULL;
	for (u32 i = 0; i <= at; i++) {
		next = NULL;
		while ((n = demux_next_bound(d, net, addr, t->lport, n))) {
			if (!n->is->sk.reuse_port ||
			    n->is->sk.bound_dev != best->sk.bound_dev)
				continue;
			if ((!i || n->seq > last) && (!next || n->seq < next->seq))
				next = n;
		}
		if (!next)
			return NULL;
		last = next->seq;
	}
	return next->is;
}

static struct inet_sock *pick_of_group(const struct demux *d, const struct net *net,
				       const struct tuple *t,
				       const struct inet_sock *best, u32 members,
				       const struct ipaddr *addr,
				       bool (*ok)(const struct inet_sock *is))
{
	u32 at = (u32)(((u64)hash_tuple(net, t) * members) >> 32);
	struct bound_node *n = NULL;

	while ((n = demux_next_bound(d, net, addr, t->lport, n))) {
		if (!n->is->sk.reuse_port || n->is->sk.bound_dev != best->sk.bound_dev)
			continue;
		if (ok && !ok(n->is))
			continue;
		if (!at--)
			return n->is;
	}
	return NULL; /* not reached: the same nodes were counted */
}

static struct inet_sock *best_at(const struct demux *d, const struct net *net,
				 const struct tuple *t, const struct ipaddr *addr,
				 bool (*ok)(const struct inet_sock *is))
{
	struct bound_node *n = NULL, *best = NULL;
	const struct filter *prog = NULL;
	struct inet_sock *is;
	u32 members = 0;
	int best_fit = 0;

	while ((n = demux_next_bound(d, net, addr, t->lport, n))) {
		int f = ok && !ok(n->is) ? 0 : fit(n->is, t);

		if (!f || f < best_fit)
			continue;
		if (f > best_fit) {
			members = 0;
			best = NULL;
			prog = NULL;
		}
		members += n->is->sk.reuse_port;
		if (n->is->sk.reuse_port && n->is->sk.reuse_prog)
			prog = n->is->sk.reuse_prog;
		if (!best || (s32)(n->seq - best->seq) > 0)
			best = n;
		best_fit = f;
	}
	if (!best)
		return NULL;
	if (!best->is->sk.reuse_port || members < 2)
		return best->is;
	is = pick_by_program(d, net, t, best->is, members, addr, prog);
	return is ? is : pick_of_group(d, net, t, best->is, members, addr, ok);
}

struct inet_sock *demux_find_bound(const struct demux *d, const struct net *net,
				   const struct tuple *t,
				   bool (*ok)(const struct inet_sock *is))
{
	const struct ipaddr any = ipaddr_any(AF_UNSPEC);
	struct inet_sock *is = best_at(d, net, t, &t->local, ok);

	return is ? is : best_at(d, net, t, &any, ok);
}
