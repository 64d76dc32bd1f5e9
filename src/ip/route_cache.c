/* SPDX-License-Identifier: MIT */
/*
 * route_cache.c - the last answers about packets that came in
 *
 * Packets come in flows. What was found for one (is it ours, may it come in here,
 * where does it leave) is right for the next with the same addresses, mark and TOS
 * on the same device, as long as route_valid() says that nothing changed. One small
 * table a worker, each slot written over by whoever falls on it; so a stream of
 * addresses that never repeat costs a comparison and no memory.
 *
 * A slot does not hold the device it is about: when that goes, or moves, the net's
 * generation does too.
 *
 * A slot holds its route and by it the net's memory: a net that goes counts its
 * slots and has them emptied.
 */

#include "ip/route_cache.h"

static struct route_slot *slot_of(struct route_cache *rc, const struct dev *dev,
				  const struct flow *fl)
{
	u64 x = (u64)(__force u32)fl->dst.v4 << 32 | (__force u32)fl->src.v4;

	/* who makes them fall together has a cache that does not help */
	x = (x ^ dev->net->mix ^ (u32)dev->ifindex ^ fl->tos) * 0x9e3779b97f4a7c15ULL;
	return &rc->slot[x >> 56];
}

static bool fits(const struct route_slot *s, const struct dev *dev,
		 const struct flow *fl)
{
	return s->dev == dev && s->rt->net == dev->net && s->dst == fl->dst.v4 &&
	       s->src == fl->src.v4 && s->mark == fl->mark && s->tos == fl->tos;
}

static void empty(struct route_slot *s)
{
	struct route *rt = s->rt;

	s->dev = NULL;
	s->rt = NULL;
	route_put(rt);
}

struct route *route_cache_find(struct route_cache *rc, const struct dev *dev,
			       const struct flow *fl)
{
	struct route_slot *s = slot_of(rc, dev, fl);

	if (!fits(s, dev, fl) || !route_valid(s->rt))
		return NULL;
	route_get(s->rt);
	return s->rt;
}

void route_cache_add(struct route_cache *rc, const struct dev *dev,
		     const struct flow *fl, struct route *rt, u32 *(*n)(struct net *))
{
	struct route_slot *s = slot_of(rc, dev, fl);

	if (s->dev) {
		--*n(s->rt->net);
		empty(s);
	}
	route_get(rt);
	*s = (struct route_slot){
	    .dev = dev,
	    .rt = rt,
	    .src = fl->src.v4,
	    .dst = fl->dst.v4,
	    .mark = fl->mark,
	    .tos = fl->tos,
	};
	++*n(rt->net);
}

void route_cache_drop(struct route_cache *rc, const struct net *net)
{
	for (int i = 0; i < ROUTE_CACHE; i++)
		if (rc->slot[i].dev && rc->slot[i].rt->net == net)
			empty(&rc->slot[i]);
}
