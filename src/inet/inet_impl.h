/* SPDX-License-Identifier: MIT */
/*
 * inet_impl.h - what the files of the family share among themselves
 */
#ifndef WARREN_INET_INET_IMPL_H
#define WARREN_INET_INET_IMPL_H

#include "inet/inet.h"

/* inet_err.c: forget what waits on the error queue */
void inet_purge_errors(struct inet_sock *is);
/* inet_opt.c: leave all groups that IP_ADD_MEMBERSHIP joined */
void inet_leave_groups(struct inet_sock *is);
/* Is @addr the broadcast address of a subnet of @net? */
bool inet_is_subnet_broadcast(const struct net *net, be32 addr);

#endif
