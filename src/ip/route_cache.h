/* SPDX-License-Identifier: MIT */
/*
 * route_cache.h - the last answers about packets that came in
 */
#ifndef WARREN_IP_ROUTE_CACHE_H
#define WARREN_IP_ROUTE_CACHE_H

#include "ip/route.h"

enum { ROUTE_CACHE = 256 };

struct route_slot {
	const struct dev *dev; /* it came in by; NULL: empty */
	struct route *rt;      /* held */
	be32 src, dst;
	u32 mark;
	u8 tos;
};

/* One a worker */
struct route_cache {
	struct route_slot slot[ROUTE_CACHE];
};

/* Return: a route that is still right, one reference for the caller; NULL: ask */
struct route *route_cache_find(struct route_cache *rc, const struct dev *dev,
			       const struct flow *fl);
/* @rt: what a lookup said; @n: how many slots its net has */
void route_cache_add(struct route_cache *rc, const struct dev *dev,
		     const struct flow *fl, struct route *rt, u32 *(*n)(struct net *));
/* Forget what was said to @net; the cost is that of the cache */
void route_cache_drop(struct route_cache *rc, const struct net *net);

#endif
