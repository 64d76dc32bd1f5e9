/* SPDX-License-Identifier: MIT */
/*
 * genl.h - NETLINK_GENERIC: families of messages that are found by name
 */
#ifndef WARREN_NETLINK_GENL_H
#define WARREN_NETLINK_GENL_H

#include "netlink/netlink.h"

#include <linux/genetlink.h>

struct genl_op {
	u8 cmd;
	bool admin; /* needs CAP_NET_ADMIN */
	int (*request)(struct nl_req *rq);
	const struct nl_dump_ops *dump;
};

struct genl_family {
	const char *name;
	u16 id; /* the message type, above GENL_ID_CTRL; fixed here, dynamic on Linux */
	u8 version;
	u16 max_attr; /* as CTRL_CMD_GETFAMILY tells it */
	const struct genl_op *ops;
	u32 n_ops;
	const char *group; /* NULL: none */
	u32 group_id;
};

int __must_check genl_register(struct warren *w, const struct part *part,
			       const struct genl_family *f);

/* Begin an answer of @f: the netlink and the generic header. NULL: no room */
struct genlmsghdr *genl_begin(struct nlmsg_builder *b, const struct genl_family *f,
			      u8 cmd, u16 flags, u32 seq, u32 portid);

extern const struct part genl_part;

#endif
