/* SPDX-License-Identifier: MIT */
/*
 * net.h - the namespace
 *
 * Two counts (N1.17, N1.21). Users: processes, open namespace files, names,
 * sockets of processes. Holders: what only needs the memory (packets on the
 * way, timers, the peer of a device). When the users reach zero the net goes
 * to its worker's list of the dying and is taken down there: pre_exit of each
 * part backwards, exit of each part backwards, devices by dev part; the
 * memory goes with the last holder.
 */
#ifndef WARREN_CORE_NET_H
#define WARREN_CORE_NET_H

#include "base/count.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/table.h"
#include "core/drop.h"
#include "core/quota.h"
#include "core/worker.h"

#define HOOK_POINTS 5

enum net_state { NET_BIRTH, NET_ALIVE, NET_DYING, NET_DEAD };

struct net {
	struct warren *w;
	struct worker *worker;
	struct list node; /* in w->nets while alive */
	struct list dying_node;
	struct count users;
	struct count holders;
	enum net_state state;
	u64 cookie; /* SO_NETNS_COOKIE: never reused */
	struct table_node by_cookie;
	u32 mix;       /* mixed into every shared hash */
	void *owner;   /* the front end's: whose it is, for caller_ops.caps_in */
	char name[64]; /* for people: what it was called first; may be empty */
	struct random random;
	struct mem mem;

	/* devices: dev.c */
	struct list devs; /* by ifindex order of registration */
	struct dev *lo;
	struct table dev_by_name, dev_by_index, dev_by_altname;
	s32 last_ifindex;
	u32 n_devs;
	u32 dev_gen; /* changes with every device change */

	struct list socks; /* all sockets of this net, struct sock.net_node */
	u32 n_socks;

	struct list taps;     /* path.c: of all devices and ethertypes */
	u32 n_typed_taps;     /* how many of ours are in worker.taps */
	struct list hooks[5]; /* hook.c, by point */
	struct list nsids;    /* struct nsid: ids that this net gave to others */
	u32 n_nsids;
	struct list nsids_of_me; /* struct nsid: ids that others gave to this one */
	u64 drops[DROP_NR];
	struct quota quotas[QUOTA_NR];
	bool quota_waited; /* a stream waits for room in QUOTA_QUEUED */
	void *tunables;	   /* tunable.c: private values, copied at the first write */
	u8 n_init;	   /* parts born so far, for unwinding */
	const struct net *creator; /* while it is being born; may be NULL */
};

/*
 * Born in the calling worker; state of all parts zeroed, net_init in order;
 * on failure what was done is undone in reverse (N1.27).
 * @out: one user reference, the caller's
 * Return: 0, -ENOMEM, -ENOSPC (limit), or what a part's net_init returned
 */
int net_new(struct warren *w, const char *name, struct net **out);
/* The same; @creator: the net of who asks (borrowed), NULL: nobody's */
int net_new_by(struct warren *w, const char *name, const struct net *creator,
	       struct net **out);

void net_get(struct net *net); /* one more user */
void net_put(
    struct net *net); /* may start its death; the caller must not touch it after */
void net_hold(struct net *net);
void net_release(struct net *net);
/* By cookie, only the living. NULL: none */
struct net *net_by_cookie(struct warren *w, u64 cookie);
/* Taken down now; called by the worker's turn and by warren_free(). */
void net_take_down(struct net *net);

static inline void *net_part(const struct net *net, enum part_id id)
{
	return (char *)(uintptr_t)net + net->w->net_off[id];
}
static inline bool net_is_init(const struct net *net)
{
	return net->w->init_net == net;
}
static inline u32 random_u32(struct net *net)
{
	return (u32)(random_next(&net->random) >> 32);
}
static inline void *net_alloc(struct net *net, size_t n)
{
	return mem_alloc(&net->mem, n);
}
static inline void net_free(struct net *net, void *p)
{
	mem_free(&net->mem, p);
}

/* ---- nsid: what @viewer calls @of (N1.10 to N1.16) ---- */

struct nsid {
	struct list viewer_node, of_node;
	struct net *viewer, *of;
	s32 id;
};

#define NSID_NONE (-1)
s32 nsid_of(const struct net *viewer, const struct net *of); /* NSID_NONE: none */
/* The id, allocating the lowest free one when there is none (raises EV_NSID_NEW);
 * NSID_NONE when memory is out or @of dies. */
s32 nsid_get(struct net *viewer, struct net *of);
/* @id < 0: lowest free. Return: 0, -EEXIST (@of has one), -EBUSY (@id taken), -ENOMEM
 */
int nsid_set(struct net *viewer, struct net *of, s32 id);
struct net *nsid_find(const struct net *viewer, s32 id); /* borrowed */

#endif
