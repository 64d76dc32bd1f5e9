/* SPDX-License-Identifier: MIT */
/*
 * mib.h - the counters of /proc/net/snmp and /proc/net/netstat, one block a net
 *
 * Linux's names, in Linux's order, so that nstat and netstat read them. The
 * enums come from the system's <linux/snmp.h>.
 */
#ifndef WARREN_IP_MIB_H
#define WARREN_IP_MIB_H

#include "core/net.h"

#include <linux/snmp.h>

#define MIB_ICMP_TYPES 256

/* What <linux/snmp.h> of 2023 does not name yet */
enum {
	MIB_ICMP_LIMITED_ALL = ICMP_MIB_CSUMERRORS + 1, /* ICMP_MIB_RATELIMITGLOBAL */
	MIB_ICMP_LIMITED_HOST,
	MIB_ICMP_NR,
};

struct mib {
	u64 ip[__IPSTATS_MIB_MAX];
	u64 icmp[MIB_ICMP_NR];
	u64 icmp_in[MIB_ICMP_TYPES], icmp_out[MIB_ICMP_TYPES];
	u64 tcp[__TCP_MIB_MAX];
	u64 udp[__UDP_MIB_MAX];
	u64 ext[__LINUX_MIB_MAX];
};

/* The block is made at the first count; a fresh net costs a pointer (PART_IP4 state
 * begins with it). mib() never answers NULL: without memory counts go into a scratch
 * block of the worker. */
struct mib *mib(struct net *net);
/* For readers: NULL when nothing was ever counted */
const struct mib *mib_peek(const struct net *net);

#define MIB_IP(net, x)	 (mib(net)->ip[x]++)
#define MIB_ICMP(net, x) (mib(net)->icmp[x]++)
#define MIB_TCP(net, x)	 (mib(net)->tcp[x]++)
#define MIB_UDP(net, x)	 (mib(net)->udp[x]++)
#define MIB_EXT(net, x)	 (mib(net)->ext[x]++)

#endif
