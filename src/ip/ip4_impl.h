/* SPDX-License-Identifier: MIT */
/*
 * ip4_impl.h - what the files of IPv4 share among themselves
 */
#ifndef WARREN_IP_IP4_IMPL_H
#define WARREN_IP_IP4_IMPL_H

#include "ip/ip4.h"
#include "ip/mib.h"

#define IP4_IDS 2048

struct ip4_net {
	struct mib *mib; /* made at the first count */
};

struct ip4_worker {
	struct mib scratch;
	u16 ids[IP4_IDS]; /* identification counters, by keyed hash of net, dst and
			     protocol */
};

static inline struct ip4_net *ip4_net(const struct net *net)
{
	return net_part(net, PART_IP4);
}

static inline struct ip4_worker *ip4_worker(const struct worker *k)
{
	return worker_part(k, PART_IP4);
}

extern const struct part ip4_part; /* ip4_in.c */

/* ip4_in.c: the rest of receiving, for what frag.c has put together. Consumes. */
void ip4_local_deliver(struct net *net, struct pkt *p);
/* ip4_out.c: header built by others; cut to the route's MTU and send the pieces.
 * Consumes. */
int ip4_fragment(struct net *net, struct pkt *p, struct route *rt, u32 mtu);
/* Is @p (at its IP header), or each segment that it will be cut into, small enough? */
bool ip4_fits(const struct pkt *p, u32 mtu);
/* The next hop of @p (at its IP header) did not answer: ICMP host unreachable.
 * Consumes. */
void ip4_link_failure(struct net *net, struct pkt *p);
const struct ip_proto *ip4_proto(const struct net *net, u8 protocol); /* NULL: none */
void ip4_raw_error(struct net *net, const struct pkt *p, u8 protocol,
		   const struct ip_error *e);
u32 ip4_time_ms(const struct net *net); /* since midnight UT, for timestamps */
u16 ip4_next_id(struct net *net, be32 dst, u8 proto);

#endif
