/* SPDX-License-Identifier: MIT */
/*
 * neigh.h - one neighbour state machine (RFC 4861 §7.3) for ARP and ND
 */
#ifndef WARREN_IP_NEIGH_H
#define WARREN_IP_NEIGH_H

#include "base/count.h"
#include "base/table.h"
#include "base/wheel.h"
#include "core/dev.h"
#include "wire/inet.h"

#include <linux/neighbour.h>

struct neigh_ops {
	u16 family;
	void (*solicit)(struct dev *dev, const struct ipaddr *target,
			const u8 *lladdr /* NULL: ask all */,
			const struct pkt *why /* may be NULL */);
	void (*unreachable)(
	    struct pkt *p); /* consumes: ICMP host unreachable and so on */
};

/* At boot, by the family: arp.c */
void neigh_ops_register(struct warren *w, const struct neigh_ops *ops);

struct neigh {
	struct table_node node; /* the worker's table */
	struct list dev_node;	/* of its device */
	struct list net_node;	/* of its net: dumps */
	struct count refs;
	const struct neigh_ops *ops;
	struct dev *dev;
	struct ipaddr addr;
	u8 lladdr[32];
	u16 state; /* NUD_x */
	u8 flags;  /* NTF_x */
	u8 type;   /* RTN_UNICAST, LOCAL, MULTICAST, BROADCAST */
	u8 protocol;
	u8 probes;
	bool dead;
	u64 confirmed_ns, updated_ns, used_ns;
	u64 reachable_ns; /* how long a confirmation holds, drawn at each */
	struct timer timer;
	struct list queue; /* packets waiting */
	u32 queue_bytes;
};

/* Send @p (at its IP header) to @nexthop on @dev: link header, resolution, queue.
 * Consumes. Return: 0 or -errno as path_transmit */
int neigh_output(struct dev *dev, const struct ipaddr *nexthop, struct pkt *p);
/* Upper layers say that the path works (RFC 4861 §7.3.1) */
void neigh_confirm(struct dev *dev, const struct ipaddr *nexthop);

struct neigh *neigh_find(struct dev *dev,
			 const struct ipaddr *addr); /* borrowed, or NULL */
/*
 * As Linux's neigh_update(): a fact from the wire or from an administrator.
 * @lladdr NULL: unknown. flags: NEIGH_UPDATE_x. Creates with NEIGH_UPDATE_CREATE.
 */
#define NEIGH_UPDATE_OVERRIDE 1
#define NEIGH_UPDATE_ADMIN    2
#define NEIGH_UPDATE_CREATE   4
int neigh_update(struct dev *dev, const struct ipaddr *addr, const u8 *lladdr,
		 u16 state, u32 flags, u8 ntf_flags, u8 protocol);
int neigh_del(struct dev *dev, const struct ipaddr *addr); /* -ENOENT */
void neigh_flush(struct dev *dev, bool keep_permanent);
/* All neighbours of a net, in a stable order; fn returns nonzero to stop */
int neigh_walk(struct net *net, int (*fn)(struct neigh *nt, void *arg), void *arg);

#endif
