/* SPDX-License-Identifier: MIT */
/*
 * port.c - ephemeral ports (RFC 6056), bind conflicts, reuse
 *
 * A bucket is one port of one net and protocol, with all sockets on it. Who
 * may join is Linux's rule, for every pair whose devices and addresses overlap
 * ("any" overlaps with all):
 *
 *	both SO_REUSEADDR, the other one not listening	yes
 *	both SO_REUSEPORT, same user			yes
 *	else						no (EADDRINUSE)
 *
 * A port chosen for bind(0) is never shared by streams. connect() may share a
 * port with other connections whose port connect() chose, as long as the whole
 * tuple is new.
 *
 * Choice: bind() starts at a random place, connect() at one that depends on
 * the destination (RFC 6056 §3.3.4, algorithm 4: double hash). As Linux does,
 * connect() looks at ports of the parity of the range's start first, bind() at
 * the others, so that they seldom meet.
 */

#include "inet/port.h"
#include "inet/port_conf.h"

#include "base/bug.h"
#include "core/tunable.h"
#include "inet/tcp.h"

static u32 hash_port(const struct net *net, u16 port)
{
	return hash3(&net->worker->key, net->mix, port, 0);
}

void ports_init(struct ports *ps, struct mem *mem)
{
	table_init(&ps->buckets);
	ps->mem = mem;
	memset(ps->step, 0, sizeof(ps->step));
}

void ports_fini(struct ports *ps)
{
	table_fini(&ps->buckets);
}

static struct port_bucket *bucket_find(const struct ports *ps, const struct net *net,
				       u16 port)
{
	struct table_node *tn = table_first(&ps->buckets, hash_port(net, port));

	for (; tn; tn = table_next(tn)) {
		struct port_bucket *b = container_of(tn, struct port_bucket, node);

		if (b->net == net && b->port == port)
			return b;
	}
	return NULL;
}

static int join(struct ports *ps, struct inet_sock *is, u16 port, bool by_connect)
{
	struct port_bucket *b = bucket_find(ps, is->sk.net, port);

	if (!b) {
		b = mem_alloc(ps->mem, sizeof(*b));
		if (!b)
			return -ENOMEM;
		b->net = is->sk.net;
		b->port = port;
		list_init(&b->owners);
		list_init(&b->rests);
		if (table_add(&ps->buckets, &b->node, hash_port(b->net, port))) {
			mem_free(ps->mem, b);
			return -ENOMEM;
		}
	}
	list_add(&b->owners, &is->bind_node);
	b->n++;
	b->n_bound += !by_connect;
	is->port_auto = by_connect;
	is->bucket = b;
	is->num = port;
	is->lport = cpu_to_be16(port);
	return 0;
}

void port_inherit(struct inet_sock *child, const struct inet_sock *listener)
{
	struct port_bucket *b = listener->bucket;

	child->num = listener->num;
	child->lport = listener->lport;
	if (!b)
		return;
	list_add_tail(&b->owners, &child->bind_node);
	b->n++;
	b->n_bound++;
	child->port_auto = false;
	child->bucket = b;
}

static void free_unused(struct ports *ps, struct port_bucket *b)
{
	if (b->n || !list_empty(&b->rests))
		return;
	table_del(&ps->buckets, &b->node);
	mem_free(ps->mem, b);
}

void port_release(struct ports *ps, struct inet_sock *is)
{
	struct port_bucket *b = is->bucket;

	if (!b)
		return;
	list_del(&is->bind_node);
	b->n--;
	b->n_bound -= !is->port_auto;
	is->bucket = NULL;
	is->num = 0; /* lport stays for getsockname() */
	is->port_auto = false;
	free_unused(ps, b);
}

void port_rest_add(struct port_rest *r, const struct inet_sock *is)
{
	r->bucket = is->bucket;
	r->local = is->rcv_local;
	r->bound_dev = is->sk.bound_dev;
	r->reuse = is->sk.reuse;
	r->reuse_port = is->sk.reuse_port;
	if (r->bucket)
		list_add_tail(&r->bucket->rests, &r->node);
}

void port_rest_del(struct ports *ps, struct port_rest *r)
{
	struct port_bucket *b = r->bucket;

	if (!b)
		return;
	list_del(&r->node);
	r->bucket = NULL;
	free_unused(ps, b);
}

/* ---- conflicts ---- */

static bool overlap(const struct inet_sock *is, const struct ipaddr *y, s32 bound_dev)
{
	const struct ipaddr *x = &is->rcv_local;

	if (is->sk.bound_dev && bound_dev && is->sk.bound_dev != bound_dev)
		return false;
	return ipaddr_is_any(x) || ipaddr_is_any(y) || ipaddr_equal(x, y);
}

/* @exact: the user named the port */
static bool may_share(const struct sock *a, const struct sock *b, bool exact)
{
	bool stream = a->type == SOCK_STREAM;

	if (a->reuse && b->reuse && (exact || !stream) && b->state != TCP_LISTEN)
		return true;
	return a->reuse_port && b->reuse_port && (exact || !stream) && a->uid == b->uid;
}

static bool conflict(const struct inet_sock *is, const struct port_bucket *b,
		     bool exact)
{
	const struct inet_sock *other;
	const struct port_rest *r;

	list_for_each(other, &b->owners, bind_node) {
		if (other != is &&
		    overlap(is, &other->rcv_local, other->sk.bound_dev) &&
		    !may_share(&is->sk, &other->sk, exact))
			return true;
	}
	list_for_each(r, &b->rests, node) {
		bool share = exact && ((is->sk.reuse && r->reuse) ||
				       (is->sk.reuse_port && r->reuse_port));

		if (!share && overlap(is, &r->local, r->bound_dev))
			return true;
	}
	return false;
}

int port_listen_check(struct inet_sock *is)
{
	if (is->bucket && conflict(is, is->bucket, true))
		return -EADDRINUSE;
	return 0;
}

/* ---- choice ---- */

struct range {
	u32 low, n;
};

static struct range range_of(const struct inet_sock *is)
{
	u16 lo, hi;

	inet_port_range(is->sk.net, &lo, &hi);
	if (is->port_lo >= lo && is->port_lo <= hi)
		lo = is->port_lo;
	if (is->port_hi && is->port_hi <= hi && is->port_hi >= lo)
		hi = is->port_hi;
	return (struct range){.low = lo, .n = (u32)(hi - lo) + 1};
}

/*
 * The @i-th candidate, @i < r->n, of a walk that begins near @offset: first all of
 * one parity, then the others.
 */
static u16 candidate(const struct range *r, u32 offset, u32 i, bool odd_first)
{
	u32 evens = (r->n + 1) / 2, odds = r->n / 2;
	u32 first = odd_first ? odds : evens;
	bool odd = i < first ? odd_first : !odd_first;
	u32 k = i < first ? i : i - first;
	u32 m = odd ? odds : evens;

	return (u16)(r->low + ((offset / 2 + k) % m) * 2 + odd);
}

static int choose_for_bind(struct ports *ps, struct inet_sock *is)
{
	struct net *net = is->sk.net;
	struct range r = range_of(is);
	u32 offset = random_below(&net->random, r.n);

	for (u32 i = 0; i < r.n; i++) {
		u16 port = candidate(&r, offset, i, true);
		struct port_bucket *b;

		if (inet_port_reserved(net, port))
			continue;
		b = bucket_find(ps, net, port);
		if (!b || !conflict(is, b, false))
			return join(ps, is, port, false);
	}
	return -EADDRINUSE;
}

int port_bind(struct ports *ps, struct inet_sock *is, u16 port)
{
	struct port_bucket *b;

	BUG_ON(is->bucket);
	if (!port)
		return choose_for_bind(ps, is);
	b = bucket_find(ps, is->sk.net, port);
	if (b && conflict(is, b, true))
		return -EADDRINUSE;
	return join(ps, is, port, false);
}

static u64 hash_destination(const struct inet_sock *is)
{
	struct {
		u8 local[16], peer[16];
		u32 mix;
		be16 pport, zero;
	} key = {.mix = is->sk.net->mix, .pport = is->pport};

	memcpy(key.local, is->local.v6, sizeof(key.local));
	memcpy(key.peer, is->peer.v6, sizeof(key.peer));
	return siphash(&is->sk.net->w->key, &key, sizeof(key));
}

int port_connect(struct ports *ps, struct inet_sock *is,
		 bool (*busy)(struct inet_sock *is, be16 lport, void *arg), void *arg)
{
	struct net *net = is->sk.net;
	struct range r = range_of(is);
	u64 h = hash_destination(is);
	u32 *step = &ps->step[h >> 32 & (PORT_STEPS - 1)];
	u32 offset = (u32)((h & 0xffffffff) + *step) % r.n;

	BUG_ON(is->bucket);
	for (u32 i = 0; i < r.n; i++) {
		u16 port = candidate(&r, offset, i, false);
		struct port_bucket *b;
		int err;

		if (inet_port_reserved(net, port))
			continue;
		b = bucket_find(ps, net, port);
		if ((b && b->n_bound) || busy(is, cpu_to_be16(port), arg))
			continue;
		err = join(ps, is, port, true);
		if (!err)
			*step += i * 2 + 2;
		return err;
	}
	return -EADDRNOTAVAIL;
}
