/* SPDX-License-Identifier: MIT */
/*
 * hook.h - netfilter hook points: ordered functions and a verdict
 */
#ifndef WARREN_CORE_HOOK_H
#define WARREN_CORE_HOOK_H

#include "core/net.h"
#include "core/pkt.h"

enum hook_point {
	HOOK_PRE_ROUTING,
	HOOK_LOCAL_IN,
	HOOK_FORWARD,
	HOOK_LOCAL_OUT,
	HOOK_POST_ROUTING,
	HOOK_NR
};
enum hook_verdict { HOOK_ACCEPT, HOOK_DROP, HOOK_STOLEN };

_Static_assert(HOOK_NR == HOOK_POINTS, "net.h has a list for each point");

struct hook_state {
	struct net *net;
	enum hook_point point;
	u16 family;
	struct dev *in, *out; /* NULL where unknown */
	struct sock *sk;
};

struct hook {
	struct list node;
	u16 family; /* 0: every */
	int priority;
	enum hook_verdict (*fn)(struct hook *h, struct pkt *p,
				const struct hook_state *st);
};

void hook_add(struct net *net, enum hook_point point, struct hook *h);
void hook_del(struct hook *h);
/*
 * Run them all, lowest priority first. Return: true: go on with the packet;
 * false: it is gone (dropped and counted, or stolen)
 */
bool hook_run(struct pkt *p, const struct hook_state *st);

#endif
