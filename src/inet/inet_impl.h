/* SPDX-License-Identifier: MIT */
/*
 * inet_impl.h - what the files of the family share among themselves
 */
#ifndef WARREN_INET_INET_IMPL_H
#define WARREN_INET_INET_IMPL_H

#include "inet/inet.h"

/* inet_err.c: forget what waits on the error queue */
void inet_purge_errors(struct inet_sock *is);

/* inet_opt.c: IP options as a program gives them, padded into @out (40 bytes).
 * -EINVAL, -EOPNOTSUPP (source routes) */
int inet_parse_ip_opts(const u8 *val, u32 len, u8 *out, u8 *out_len);

/* ---- inet_group.c ---- */

/* Leave all groups */
void inet_leave_groups(struct inet_sock *is);
/* IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP: struct ip_mreq or ip_mreqn.
 * -EINVAL, -ENODEV, -EADDRINUSE, -EADDRNOTAVAIL, -ENOBUFS */
int inet_set_membership(struct inet_sock *is, bool add, const void *val, socklen_t len);
/* MCAST_JOIN_GROUP, MCAST_LEAVE_GROUP: struct group_req */
int inet_set_group(struct inet_sock *is, bool add, const void *val, socklen_t len);
/* IP_x_SOURCE, MCAST_x_SOURCE. -EINVAL, -ENODEV, -EADDRNOTAVAIL, -ENOBUFS */
int inet_set_source(struct inet_sock *is, int name, const void *val, socklen_t len);
/* IP_MSFILTER, MCAST_MSFILTER; of reading, @val says which */
int inet_set_msfilter(struct inet_sock *is, int name, const void *val, socklen_t len);
int inet_get_msfilter(struct inet_sock *is, int name, void *val, socklen_t *len);
/* IP_MULTICAST_IF. -EINVAL, -EADDRNOTAVAIL */
int inet_set_mc_if(struct inet_sock *is, const void *val, socklen_t len);

/* ---- inet_ioctl_route.c ---- */

/* SIOCADDRT, SIOCDELRT: struct rtentry, whose rt_dev is a string here, or NULL.
 * SIOCGARP, SIOCSARP, SIOCDARP: struct arpreq. Others: -ENOIOCTLCMD */
int inet_ioctl_route(struct net *net, const struct caller *c, unsigned long req,
		     void *arg);

#endif
