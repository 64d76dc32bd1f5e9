/* SPDX-License-Identifier: MIT */
/*
 * part.h - what a part of the stack is
 *
 * Everything that can be left out is a part: a const table named once, in
 * src/parts.c, in birth order. A part gives sizes; the core lays out one
 * block for each warren, worker and net that holds the state of all parts,
 * zeroed. A part reaches its state through a typed one-liner in its header:
 *
 *	static inline struct tcp_net *tcp_net(const struct net *net)
 *	{
 *		return net_part(net, PART_TCP);
 *	}
 */
#ifndef WARREN_CORE_PART_H
#define WARREN_CORE_PART_H

#include "base/types.h"

struct net;
struct warren;
struct worker;

/* The one place where a low floor mentions the upper ones: by number only. */
enum part_id {
	PART_DEV,
	PART_SOCK,
	PART_LOOPBACK,
	PART_VETH,
	PART_DUMMY,
	PART_ETHER,
	PART_NEIGH,
	PART_ARP,
	PART_ADDR4,
	PART_FIB,
	PART_RULE,
	PART_ROUTE,
	PART_IP4,
	PART_FRAG,
	PART_ICMP4,
	PART_IGMP,
	PART_INET,
	PART_UDP,
	PART_RAW,
	PART_PING,
	PART_TCP,
	PART_CC,
	PART_PACKET,
	PART_NETLINK,
	PART_RTNL,
	PART_UEVENT,
	PART_GENL,
	PART_NLOTHER,
	PART_DIAG,
	PART_PROC_NET,
	PART_PROC_SOCK,
	PART_SNMP,
	PART_SYSCTL,
	PART_TEST, /* tests bring a part of their own in this place */
	PART_NR,
};

struct part {
	const char *name;
	enum part_id id;
	bool init_only; /* not namespace-aware yet: absent outside the initial net */
	size_t warren_size, worker_size, net_size;
	int (*boot)(struct warren *w); /* register kinds, handlers, tunables, views */
	int (*worker_init)(
	    struct worker *k); /* tables shared by the nets of one worker */
	int (*net_init)(
	    struct net *net); /* undone by net_exit when a later part fails */
	void (*net_pre_exit)(struct net *net); /* stop: nothing new may start */
	void (*net_exit)(struct net *net);     /* free: nothing is left */
	void (*worker_exit)(struct worker *k);
	void (*halt)(struct warren *w);
};

#endif
