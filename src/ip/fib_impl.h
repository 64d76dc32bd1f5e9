/* SPDX-License-Identifier: MIT */
/*
 * fib_impl.h - what routing's files share among themselves
 */
#ifndef WARREN_IP_FIB_IMPL_H
#define WARREN_IP_FIB_IMPL_H

#include "ip/rule.h"

struct fib_net {
	struct list tables;		      /* struct fib_table, by id */
	struct fib_table *local, *main_table; /* the two that every packet asks */
	u32 gen;
};

static inline struct fib_net *fib_net(const struct net *net)
{
	return net_part(net, PART_FIB);
}

/* All cached answers are asked anew */
static inline void fib_bump(struct net *net)
{
	fib_net(net)->gen++;
}

/* Return: 0, -EAGAIN (nothing here, or throw), or the type's error */
int fib_table_lookup(struct net *net, u32 table, const struct flow *fl,
		     struct fib_result *res);
/* The local and the main table as one: the longest prefix of both, local first. As
 * fib_table_lookup() */
int fib_lookup_merged(struct net *net, const struct flow *fl, struct fib_result *res);
/* The one hop of @r for @fl; NULL: none can be used */
struct fib_hop *fib_pick_hop(struct net *net, struct fib_route *r,
			     const struct flow *fl);
int fib_hash_boot(struct warren *w); /* of fib.c's part */
void fib_route_put(struct fib_route *r);

extern const struct part fib_part;

#endif
