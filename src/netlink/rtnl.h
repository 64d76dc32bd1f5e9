/* SPDX-License-Identifier: MIT */
/*
 * rtnl.h - rtnetlink: dispatch by message type and family
 */
#ifndef WARREN_NETLINK_RTNL_H
#define WARREN_NETLINK_RTNL_H

#include "core/dev.h"
#include "core/event.h"
#include "netlink/netlink.h"

#include <linux/rtnetlink.h>

enum {
	RTNL_BARRIER = 1, /* touches more than one net (architecture §7) */
};

/* One type of message, for one family (AF_UNSPEC: for those without their own) */
struct rtnl_handler {
	u16 type;
	u8 family;
	u8 flags;			   /* RTNL_x */
	int (*request)(struct nl_req *rq); /* NULL: dumps only */
	const struct nl_dump_ops *dump;	   /* NULL: not dumped */
};

int __must_check rtnl_register(struct warren *w, const struct part *part,
			       const struct rtnl_handler *h, size_t n);

/* The request that is being answered, for the numbers in the messages it causes; NULL:
 * none */
const struct nl_req *rtnl_current(const struct net *net);

/* Seq and port of the request in progress when it came from @net's own socket; else 0
 */
void rtnl_origin(const struct net *net, u32 *seq, u32 *portid);

/* Parse attributes; on failure the ack says which. */
int rtnl_parse(struct nl_req *rq, u32 hdrlen, const struct nlattr *tb[], int maxtype,
	       const struct nla_policy *policy, u32 validate);

/*
 * For strict dump requests: the header's @hdrlen bytes are there, and attributes.
 * @tb: [maxtype + 1]. @what: for the text, "link dump request".
 * Return: 0, -EINVAL with ack
 */
int rtnl_dump_parse(struct nl_dump *d, u32 hdrlen, const struct nlattr *tb[],
		    int maxtype, const struct nla_policy *policy, const char *what);

/* The interface indexes of a net in ascending order: what dumps walk, so that devices
 * may come and go between two parts. */
struct dev_snap {
	u32 n, pos;
	s32 index[];
};
int dev_snap_take(struct nl_dump *d, const struct net *net); /* into d->data */
/* The device at the position, NULL at the end; those that went are skipped */
struct dev *dev_snap_at(struct dev_snap *s, const struct net *net);

/* Multicast what a function builds, if somebody listens.
 * @fill: builds one message; nonzero: nothing is sent */
void rtnl_notify(struct net *net, u32 group,
		 int (*fill)(struct nlmsg_builder *b, struct net *net, const void *obj,
			     int type, u32 seq, u32 portid),
		 const void *obj, int type);

/* ---- the files of this room; each registers its handlers and listeners ---- */
int rtnl_link_boot(struct warren *w);
int rtnl_addr_boot(struct warren *w);
int rtnl_route_boot(struct warren *w);
int rtnl_rule_boot(struct warren *w);
int rtnl_neigh_boot(struct warren *w);
int rtnl_nsid_boot(struct warren *w);
int rtnl_netconf_boot(struct warren *w);
int rtnl_netconf_late_boot(struct warren *w);
int rtnl_stats_boot(struct warren *w);

/* rtnl_link.c: the name a device is told by in requests of other kinds */
struct rtnl_worker {
	const struct nl_req *req;
	const struct dev *creating; /* RTM_NEWLINK: announced when it is whole */
};
static inline struct rtnl_worker *rtnl_worker(const struct net *net)
{
	return worker_part(net->worker, PART_RTNL);
}

extern const struct part rtnl_part;

#endif
