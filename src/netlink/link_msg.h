/* SPDX-License-Identifier: MIT */
/*
 * link_msg.h - a device as a message: RTM_NEWLINK, RTM_DELLINK; dumps, events
 */
#ifndef WARREN_NETLINK_LINK_MSG_H
#define WARREN_NETLINK_LINK_MSG_H

#include "netlink/rtnl.h"

struct link_msg {
	const struct net *viewer; /* whose ids of other nets are told */
	u16 type, flags;
	u32 seq, portid;
	u32 change; /* ifi_change */
	u32 ext_mask;
	s32 target_nsid;	   /* IFLA_TARGET_NETNSID, NSID_NONE: not there */
	const struct net *new_net; /* where it goes, NULL: nowhere */
	s32 new_ifindex;
};

/* Return: 0 or -EMSGSIZE, and nothing is left in @b */
int link_fill(struct nlmsg_builder *b, const struct dev *dev, const struct link_msg *m);
void link_stats64(const struct dev *dev, struct rtnl_link_stats64 *out);
/* RTM_NEWLINK to the listeners of its net */
void link_notify(struct dev *dev, u32 change);
/* While a request makes @dev it is not announced; at the end it is, if registered */
void link_creation_begin(const struct dev *dev);
void link_creation_end(struct dev *dev);

extern const struct nl_dump_ops link_dump;
int link_msg_boot(struct warren *w); /* listeners */

#endif
