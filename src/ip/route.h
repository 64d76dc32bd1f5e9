/* SPDX-License-Identifier: MIT */
/*
 * route.h - a lookup's answer: device, next hop, MTU, metrics; cached in the socket
 */
#ifndef WARREN_IP_ROUTE_H
#define WARREN_IP_ROUTE_H

#include "ip/fib.h"

struct flow {
	u16 family;
	struct ipaddr src, dst; /* src any: choose */
	s32 oif, iif;		/* iif: ifindex it came in by, for input lookups */
	u8 tos, proto;
	u8 scope; /* RT_SCOPE_UNIVERSE; RT_SCOPE_LINK for MSG_DONTROUTE */
	u32 mark;
	be16 sport, dport;
	u32 uid;
	bool any_src; /* source need not be ours (transparent, hdrincl) */
};

struct route {
	struct count refs;
	struct net *net;
	struct dev *dev; /* held: leaves by (output, forward), or lo / the address'
			    device (local) */
	struct ipaddr nexthop; /* gateway, or the destination itself */
	struct ipaddr src;     /* chosen or given source */
	struct ipaddr prefsrc;
	u8 type; /* RTN_UNICAST, LOCAL, BROADCAST, MULTICAST */
	u8 scope;
	bool has_gateway;
	s32 loop_iif; /* output, local: as what device it comes back; pkt.loop_iif */
	u32 table;
	struct fib_route *fib; /* held, may be NULL */
	u32 gen;
	struct timer *expiry; /* unused: PMTU exceptions expire by time */
	u32 pmtu;	      /* 0: none learned */
	u64 pmtu_expires_ns;
	u32 pmtu_gen;
	bool redirect_wanted; /* forward: in and out device are the same subnet */
};

/*
 * Route for something we send. @out held by the caller (route_put).
 * Return: 0, -ENETUNREACH, -EHOSTUNREACH (unreachable route), -EACCES (prohibit),
 * -EINVAL (blackhole), -ENODEV (oif), -EADDRNOTAVAIL ...
 */
int route_output(struct net *net, struct flow *fl, struct route **out);
/*
 * Route for what came in by @dev, from the header's addresses.
 * Return: 0; else @why says how it is dropped: -EHOSTUNREACH (ICMP wanted),
 * -ENETUNREACH, -EACCES, -EINVAL (martian, blackhole), -ENOMEM
 */
int route_input(struct dev *dev, struct flow *fl, struct route **out, enum drop *why);

/* What a worker looked up, /proc/net/stat/rt_cache */
struct route_stat {
	u64 in, in_multicast, in_no_route, in_broadcast, in_martian_dst, in_martian_src;
	u64 out, out_multicast;
};
/* @entries: routes that somebody holds */
const struct route_stat *route_stat(struct worker *k, u32 *entries);

void route_get(struct route *rt);
void route_put(struct route *rt); /* NULL: nothing */
/* Still what a lookup would answer? */
bool route_valid(const struct route *rt);
u32 route_mtu(
    const struct route *rt); /* path MTU: learned, else route's, else device's */
u32 route_metric(const struct route *rt, int rtax); /* 0: not set */
/* For a packet that is forwarded: what was learned counts with ip_forward_use_pmtu */
u32 route_mtu_forward(const struct route *rt);
bool route_metric_locked(const struct route *rt, int rtax);
/* An ICMP "fragmentation needed" said so; remembered per (net, destination) */
void route_learn_pmtu(struct net *net, const struct ipaddr *dst,
		      const struct ipaddr *src, u32 mtu);
void route_learn_redirect(struct net *net, const struct ipaddr *dst,
			  const struct ipaddr *gw, struct dev *dev);

#endif
