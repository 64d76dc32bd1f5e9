/* SPDX-License-Identifier: MIT */
/*
 * quota.h - how much of each kind of thing a namespace may have
 *
 * Hard limits, so that one namespace cannot starve another. What is counted is
 * counted always, so that a limit may be set at any time, also below what is
 * there: then nothing new comes until enough has gone.
 */
#ifndef WARREN_CORE_QUOTA_H
#define WARREN_CORE_QUOTA_H

#include "base/types.h"

struct net;
struct ext_ack;

enum quota_kind {
	QUOTA_SOCKETS,
	QUOTA_DEVICES, /* lo too */
	QUOTA_ROUTES,  /* those that addresses bring too, but they are never refused */
	QUOTA_NEIGHBOURS,
	QUOTA_QUEUED, /* bytes in the queues of sockets */
	QUOTA_MEMORY, /* bytes of the account of the namespace */
	QUOTA_NR,
};

#define QUOTA_NONE UINT64_MAX

struct quota {
	u64 used, limit;
	u64 refused; /* how often somebody was told no */
};

extern const char *const quota_names[QUOTA_NR]; /* "sockets", ... */

void quota_net_init(struct net *net);
/* QUOTA_MEMORY is read from the account. */
struct quota quota_read(const struct net *net, enum quota_kind kind);
/* @limit: QUOTA_NONE takes it away */
void quota_set(struct net *net, enum quota_kind kind, u64 limit);
/* @kind by its name. -EINVAL: there is none of that name */
int quota_find(const char *name, enum quota_kind *kind);

/* Is there room for @n more? A no is counted. */
bool quota_room(struct net *net, enum quota_kind kind, u64 n);
/* The same, to ask without being refused */
bool quota_fits(const struct net *net, enum quota_kind kind, u64 n);
/* As quota_room(), with the text and @err for who asked: 0 or @err */
int quota_check(struct net *net, enum quota_kind kind, int err, struct ext_ack *ack);
void quota_add(struct net *net, enum quota_kind kind, s64 n);

#endif
