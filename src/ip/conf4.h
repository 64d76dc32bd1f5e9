/* SPDX-License-Identifier: MIT */
/*
 * conf4.h - net/ipv4/conf/{all,default,DEV}/: what addr4.c needs of it
 */
#ifndef WARREN_IP_CONF4_H
#define WARREN_IP_CONF4_H

#include "core/dev.h"
#include "ip/addr4.h"

struct conf4_values {
	s32 v[CONF4_NR];
	u64 written; /* bit: was set on its own, does not follow `default` (N7.8) */
	bool frozen; /* had an address: nothing follows any more */
};

/* The state of PART_ADDR4 in a net: NULL pointers until a value differs */
struct conf4_net {
	struct conf4_values *all, *def;
};

/* obj of EV_NETCONF: a knob was written. @dev NULL: all, or default */
struct conf4_event {
	struct dev *dev;
	bool def;
	enum conf4 knob;
};

int conf4_boot(struct warren *w, const struct part *part);
int conf4_net_init(struct net *net);
void conf4_net_exit(struct net *net);
void conf4_freeze(struct dev *dev);
/* @dev has IPv4 now. What was written to `default` counts as written to it, and does
 * not follow later changes (N7.8). Return: 0, -ENOMEM */
int conf4_dev_init(struct dev *dev);
/* ip_forward of the net: all/forwarding */
bool conf4_forwarding(const struct net *net);

#endif
