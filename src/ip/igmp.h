/* SPDX-License-Identifier: MIT */
/*
 * igmp.h - multicast groups of devices: who wants which sources, and telling routers
 */
#ifndef WARREN_IP_IGMP_H
#define WARREN_IP_IGMP_H

#include "base/table.h"
#include "base/wheel.h"
#include "core/dev.h"

/* As the sockets' MCAST_x */
enum igmp_mode { IGMP_EXCLUDE, IGMP_INCLUDE };

/* One source that some socket of a group named */
struct igmp_source {
	struct list node; /* igmp_group.sources */
	be32 addr;
	u32 n[2];    /* sockets that named it, by enum igmp_mode */
	bool wanted; /* is in the list of the group's filter, as told last */
	bool asked;  /* a query names it */
	u8 tell;     /* reports of its change still to send */
};

struct igmp_group {
	struct list node; /* igmp_dev.groups, or .gone */
	struct table_node by_addr;
	struct igmp_dev *id;
	be32 addr;
	u32 users;	     /* sockets, and the stack itself */
	u32 n[2];	     /* of them, by mode */
	u8 mode;	     /* enum igmp_mode: of the whole, as told last */
	u8 tell_mode;	     /* reports of its change still to send */
	u8 unsolicited;	     /* version 2: reports still to send */
	bool reporter;	     /* the last report of it on the wire was ours */
	bool asked_sources;  /* the query that waits for an answer names sources */
	struct list sources; /* struct igmp_source */
	struct timer timer;  /* a query waits for its answer */
};

/* Of a device; in_dev4.igmp, NULL: no group ever */
struct igmp_dev {
	struct dev *dev;
	struct list groups, gone; /* gone: whose leaving is still to be told */
	struct table by_addr;
	u32 n_groups;
	u8 robustness;		      /* the querier's */
	u8 changes;		      /* change reports still to send */
	u64 v1_until_ns, v2_until_ns; /* an older querier was heard */
	struct timer change_timer, general_timer;
};

/*
 * One more user of @group. Return: 0, -ENOMEM
 * @mode: what it begins with: EXCLUDE of nothing, or INCLUDE of nothing
 */
int igmp_join(struct dev *dev, be32 group, enum igmp_mode mode);
/* One less, whose sources were taken away before */
void igmp_leave(struct dev *dev, be32 group, enum igmp_mode mode);
/*
 * A user's filter changes from one mode and list to another; either list may be NULL.
 * Return: 0, -ENOMEM, and nothing has changed
 */
struct igmp_filter {
	enum igmp_mode mode;
	u32 n;
	const be32 *sources;
};
int igmp_change(struct dev *dev, be32 group, const struct igmp_filter *from,
		const struct igmp_filter *to);

bool igmp_is_member(const struct dev *dev, be32 group);
/* Does anybody here want a packet for @group from @src? */
bool igmp_wants(const struct dev *dev, be32 group, be32 src, u8 protocol);

int igmp_max_memberships(const struct net *net);
int igmp_max_sources(const struct net *net);

/* For views */
static inline u64 igmp_timer_left(const struct igmp_group *g, u64 now)
{
	return timer_pending(&g->timer) && g->timer.expires_ns > now
		   ? g->timer.expires_ns - now
		   : 0;
}
u8 igmp_version(const struct igmp_dev *id); /* spoken there at present */

/* addr4.c: @dev loses IPv4 */
void igmp_forget(struct dev *dev);

/* ---- between igmp.c and igmp_msg.c ---- */

struct igmp_group *igmp_find(const struct igmp_dev *id, be32 group);
bool igmp_in_filter(const struct igmp_group *g, const struct igmp_source *s);
/* The filter of @g changed: tell, now and again */
void igmp_tell_changes(struct igmp_dev *id);
void igmp_tell_group(struct igmp_group *g); /* version 1, 2: joined */
void igmp_tell_leave(struct igmp_group *g); /* version 2 */
void igmp_timers_init(struct igmp_dev *id);
void igmp_group_timer(struct timer *t);
/* Sources that nobody names any more, and of whose end all was told */
void igmp_prune(struct igmp_group *g);
void igmp_free_gone(struct igmp_dev *id, struct igmp_group *g);
bool igmp_is_reported(const struct igmp_dev *id, be32 group);
u8 igmp_robustness(const struct igmp_dev *id);
int igmp_boot(struct warren *w);

extern const struct part igmp_part;

#endif
