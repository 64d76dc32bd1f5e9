/* SPDX-License-Identifier: MIT */
/*
 * diag.h - NETLINK_SOCK_DIAG: what ss asks
 */
#ifndef WARREN_NETLINK_DIAG_H
#define WARREN_NETLINK_DIAG_H

#include "netlink/netlink.h"

/* A socket family that can be asked, found by AF_x */
struct diag_handler {
	u8 family;
	const struct nl_dump_ops *dump;
	/* One socket: found, or destroyed (SOCK_DESTROY). NULL: not possible */
	int (*request)(struct nl_req *rq);
};

int __must_check diag_register(struct warren *w, const struct part *part,
			       const struct diag_handler *h);

/* Sockets of a net as they were at the start of a dump, held; into d->data */
struct sock_snap {
	u32 n, pos;
	struct sock *socks[];
};
int sock_snap_take(struct nl_dump *d,
		   bool (*fits)(const struct nl_dump *d, const struct sock *sk));
void sock_snap_drop(struct nl_dump *d); /* done() of the dump */

/* struct sk_meminfo of SO_MEMINFO: SK_MEMINFO_VARS words */
void diag_put_meminfo(struct nlmsg_builder *b, u16 type, const struct sock *sk);

int inet_diag_boot(struct warren *w);	/* diag_inet.c */
int packet_diag_boot(struct warren *w); /* diag_packet.c */

extern const struct part diag_part;

#endif
