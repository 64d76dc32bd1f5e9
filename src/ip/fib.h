/* SPDX-License-Identifier: MIT */
/*
 * fib.h - tables of routes, next hops, multipath; family-neutral
 */
#ifndef WARREN_IP_FIB_H
#define WARREN_IP_FIB_H

#include "base/count.h"
#include "base/lpm.h"
#include "core/dev.h"
#include "wire/inet.h"

#include <linux/rtnetlink.h>

#define FIB_METRICS (RTAX_MAX + 1)

struct fib_hop {
	struct dev
	    *dev; /* NULL: none (blackhole, ...); borrowed, its events remove it */
	struct ipaddr gateway; /* family AF_UNSPEC: on link */
	u8 flags;	       /* RTNH_F_x */
	u8 scope;	       /* of the gateway */
	u16 weight;
	struct fib_route *route;
	struct list dev_node;
};

/* One route: prefix + tos + priority in one table. */
struct fib_route {
	struct list node; /* of its prefix, by tos, then priority, then age */
	struct fib_prefix *prefix;
	struct count refs; /* table and cached answers */
	struct mem *mem;   /* charged account; a cached answer may outlive the table */
	u8 tos, type, scope, protocol;
	u32 priority, table, flags;
	struct ipaddr prefsrc;
	struct table_node by_source; /* of the worker, when there is a prefsrc */
	u32 metrics[FIB_METRICS];    /* by RTAX_x; 0: not set */
	u64 lock;		     /* bit RTAX_x */
	char cc[16];
	bool dead;
	u16 n_hops;
	struct fib_hop hops[];
};

struct fib_prefix {
	struct lpm_node lpm;
	struct list routes;
	struct fib_table *table;
};

struct fib_table {
	struct list node; /* by id */
	struct net *net;
	u32 id;
	u16 family;
	struct lpm lpm;
	u32 n_routes;
};

/* What RTM_NEWROUTE and RTM_DELROUTE ask */
struct fib_config {
	u16 family;
	struct ipaddr dst;
	u8 plen, tos, type, scope, protocol;
	bool scope_given;
	u32 table, priority, flags; /* RTNH_F_ONLINK, ... of the single hop */
	struct ipaddr prefsrc, gateway;
	s32 oif; /* 0: none */
	u32 metrics[FIB_METRICS];
	u64 lock;
	char cc[16];
	u16 nl_flags;	 /* NLM_F_CREATE, EXCL, REPLACE, APPEND */
	u32 seq, portid; /* of the request, for the event */
	/* multipath: n_hops > 0 and then oif, gateway are not used */
	u16 n_hops;
	struct {
		s32 oif;
		struct ipaddr gateway;
		u8 flags;
		u16 weight;
	} hops[16];
};

/* obj of EV_ROUTE_ADD, EV_ROUTE_DEL */
struct fib_event {
	const struct fib_route *route;
	u16 nl_flags;	 /* NLM_F_REPLACE ... */
	u32 seq, portid; /* of the request, 0 */
};

/* Errors and texts as Linux (N5.6): -ENETUNREACH "Nexthop has invalid gateway",
 * -ENETDOWN "Device for nexthop is not up", -EEXIST, -ESRCH (delete), -EINVAL ... */
int fib_add(struct net *net, const struct fib_config *cfg, struct ext_ack *ack);
int fib_del(struct net *net, const struct fib_config *cfg, struct ext_ack *ack);
struct fib_table *fib_table(const struct net *net, u16 family, u32 id); /* NULL: none */
/* The lowest number that is free, made empty: for a rule that names no table. -ENOMEM,
 * -ENOBUFS (all 255 are there) */
int fib_table_unused(struct net *net, u16 family, u32 *id);
struct fib_table *fib_table_first(struct net *net, u16 family); /* by id, for dumps */
struct fib_table *fib_table_next(struct fib_table *t);
/* RTN_x of an IPv4 address, as the local table has it; RTN_BROADCAST as long as there
 * is none (N3.8) */
u8 fib_addr_type(struct net *net, const struct ipaddr *addr);
/* Address of a route's prefix */
void fib_dst(const struct fib_route *r, struct ipaddr *dst, u8 *plen);
/* Changes whenever an answer could be different: cached routes compare it */
u32 fib_gen(const struct net *net);
/* An address is gone: the routes of @table that would send from it go too, untold */
void fib_drop_source(struct net *net, u32 table, be32 addr);
/* Does the choice among several next hops look at ports? Then flows must have them */
bool fib_wants_ports(const struct net *net);
int fib_flush_table(struct net *net, u16 family, u32 id);

#endif
