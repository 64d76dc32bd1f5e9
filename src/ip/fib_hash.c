/* SPDX-License-Identifier: MIT */
/*
 * fib_hash.c - which of a route's next hops a flow takes
 *
 * Each hop has a share by its weight; where in the whole a flow falls is a hash of what
 * fib_multipath_hash_policy looks at. So the packets of a flow take one way, as long as
 * the hops are the same. The key of the hash is the worker's, and a random word of the
 * namespace goes in: who sends cannot choose the way.
 */

#include "core/tunable.h"
#include "ip/addr4.h"
#include "ip/fib_impl.h"
#include "ip/neigh.h"

static bool hop_usable(const struct fib_hop *h, const struct flow *fl)
{
	if (h->flags & RTNH_F_DEAD)
		return false;
	if (h->flags & RTNH_F_LINKDOWN &&
	    conf4_get(h->dev->net, h->dev, CONF4_IGNORE_ROUTES_WITH_LINKDOWN))
		return false;
	return !fl->oif || fl->oif == h->dev->ifindex;
}

/* The choice is another now: cached answers are asked anew */
static int hash_changed(struct net *net, const struct tunable *t)
{
	(void)t;
	fib_bump(net);
	return 0;
}

enum { T_POLICY, T_FIELDS, T_SEED, T_USE_NEIGH };

static const struct tunable fib_tunables[] = {
    [T_POLICY] = {.path = "net/ipv4/fib_multipath_hash_policy",
		  .max = 3,
		  .changed = hash_changed},
    [T_FIELDS] =
	{
	    .path = "net/ipv4/fib_multipath_hash_fields",
	    .min = 1,
	    .max = 0xfff,
	    .def = {7},
	    .changed = hash_changed,
	},
    [T_SEED] = {.path = "net/ipv4/fib_multipath_hash_seed",
		.max = UINT32_MAX,
		.changed = hash_changed},
    [T_USE_NEIGH] = {.path = "net/ipv4/fib_multipath_use_neigh",
		     .max = 1,
		     .changed = hash_changed},
};

/* fib_multipath_hash_fields; what is inside of a tunnel does not exist here */
enum {
	FIELD_SRC = 1,
	FIELD_DST = 2,
	FIELD_PROTO = 4,
	FIELD_SPORT = 16,
	FIELD_DPORT = 32,
	FIELDS_L3 = FIELD_SRC | FIELD_DST,
	FIELDS_L4 = FIELDS_L3 | FIELD_PROTO | FIELD_SPORT | FIELD_DPORT,
};

/* Policies 0 and 2: addresses; 1: ports, too; 3: what hash_fields says */
static u32 hash_fields(const struct net *net)
{
	switch (tunable_int(net, &fib_tunables[T_POLICY])) {
	case 1:
		return FIELDS_L4;
	case 3:
		return (u32)tunable_int(net, &fib_tunables[T_FIELDS]);
	default:
		return FIELDS_L3;
	}
}

bool fib_wants_ports(const struct net *net)
{
	return hash_fields(net) & ~(u32)FIELDS_L3;
}

static u32 flow_hash(const struct net *net, const struct flow *fl)
{
	u32 fields = hash_fields(net);
	u64 l3 = 0, l4 = 0;

	if (fields & FIELD_SRC)
		l3 = (u64)(__force u32)fl->src.w[0] << 32;
	if (fields & FIELD_DST)
		l3 |= (__force u32)fl->dst.w[0];
	if (fields & FIELD_PROTO)
		l4 = (u64)fl->proto << 32;
	if (fields & FIELD_SPORT)
		l4 |= (u64)(__force u16)fl->sport << 16;
	if (fields & FIELD_DPORT)
		l4 |= (__force u16)fl->dport;
	return hash3(&net->worker->key, l3, l4,
		     net->mix ^ (u32)tunable_get(net, &fib_tunables[T_SEED], 0));
}

/* fib_multipath_use_neigh: not by a neighbour that is known not to answer */
static bool hop_alive(const struct net *net, const struct fib_hop *h)
{
	const u16 valid = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE |
			  NUD_STALE | NUD_DELAY;
	const struct neigh *nt;

	if (!h->gateway.family || !tunable_int(net, &fib_tunables[T_USE_NEIGH]))
		return true;
	nt = neigh_find(h->dev, &h->gateway);
	return !nt || nt->state & valid;
}

static bool can_carry(const struct net *net, const struct fib_hop *h,
		      const struct flow *fl)
{
	return hop_usable(h, fl) && hop_alive(net, h);
}

/* What we send from an address goes out where that address is, if it can */
static bool has_source(struct net *net, const struct fib_hop *h, const struct flow *fl)
{
	be32 to = h->gateway.family ? h->gateway.v4 : fl->dst.v4;

	return fl->iif == 1 && fl->src.v4 &&
	       addr4_select(net, h->dev, to, h->scope) == fl->src.v4;
}

/* By weight and a hash of the flow; the namespace's own random word makes another
 * choice in each */
struct fib_hop *fib_pick_hop(struct net *net, struct fib_route *r,
			     const struct flow *fl)
{
	struct fib_hop *first = NULL, *own = NULL;
	u32 total = 0, at;
	int n = 0;

	for (int i = 0; i < r->n_hops; i++)
		if (can_carry(net, &r->hops[i], fl)) {
			first = first ? first : &r->hops[i];
			total += r->hops[i].weight;
			n++;
		}
	if (n < 2)
		return first;
	at = flow_hash(net, fl) % total;
	for (int i = 0; i < r->n_hops; i++) {
		struct fib_hop *h = &r->hops[i];
		bool drawn;

		if (!can_carry(net, h, fl))
			continue;
		drawn = at < h->weight;
		at = drawn ? UINT32_MAX : at - h->weight; /* one alone is drawn */
		if (has_source(net, h, fl)) {
			own = own ? own : h;
			if (drawn)
				return h;
		}
		if (drawn)
			first = h;
	}
	return own ? own : first;
}

int fib_hash_boot(struct warren *w)
{
	return tunable_register(w, &fib_part, fib_tunables, ARRAY_SIZE(fib_tunables));
}
