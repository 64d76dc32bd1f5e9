/* SPDX-License-Identifier: MIT */
/*
 * neigh_conf.h - net/ipv4/neigh/DEV/: the times and counts of resolution
 */
#ifndef WARREN_IP_NEIGH_CONF_H
#define WARREN_IP_NEIGH_CONF_H

#include "core/dev.h"

enum neigh_knob {
	NC_MCAST_SOLICIT,
	NC_UCAST_SOLICIT,
	NC_APP_SOLICIT,
	NC_MCAST_RESOLICIT,
	NC_RETRANS_MS,
	NC_BASE_REACHABLE_MS,
	NC_DELAY_FIRST_S,
	NC_GC_STALE_S,
	NC_UNRES_QLEN_BYTES,
	NC_LOCKTIME_MS, /* a second answer this soon does not displace the first */
	NC_PROXY_DELAY_MS,
	NC_PROXY_QLEN,
	NC_ANYCAST_DELAY_MS,
	NC_INTERVAL_PROBE_MS,
	NC_GC_INTERVAL_S, /* these four exist in `default` only */
	NC_GC_THRESH1,
	NC_GC_THRESH2,
	NC_GC_THRESH3, /* entries of a net */
	NC_NR,
};

struct neigh_conf {
	s32 v[NC_NR];
};

/* dev->slot[DEV_SLOT_NEIGH4] */
struct neigh_dev {
	struct list neighs;
	struct neigh_conf *conf; /* NULL: the defaults */
};

s32 neigh_conf(const struct dev *dev, enum neigh_knob k);
/* What neigh/default of the initial net says */
s32 neigh_conf_default(const struct warren *w, enum neigh_knob k);
int neigh_conf_boot(struct warren *w, const struct part *part);

#endif
