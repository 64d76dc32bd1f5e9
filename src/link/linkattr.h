/* SPDX-License-Identifier: MIT */
/*
 * linkattr.h - the attributes that every RTM_NEWLINK may carry
 *
 * Read by netlink/ for the device that is asked for, and by kinds whose own
 * attributes hold a second device (veth's peer). Pure bytes: nothing here
 * knows that a socket carried them.
 */
#ifndef WARREN_LINK_LINKATTR_H
#define WARREN_LINK_LINKATTR_H

#include "core/cred.h"
#include "core/dev.h"
#include "wire/nlattr.h"

/* The policy of IFLA_x, [IFLA_MAX + 1] */
extern const struct nla_policy link_policy[];

/*
 * Which net do IFLA_NET_NS_PID, IFLA_NET_NS_FD, IFLA_TARGET_NETNSID name?
 * @def: the answer when none is there
 * @out: one user reference
 * Return: 0, -EINVAL (two of them, unknown id), -EBADF, -ESRCH, -EPERM
 */
int link_attr_net(const struct caller *c, const struct nlattr *const tb[],
		  struct net *def, struct net **out, struct ext_ack *ack);

/*
 * Is a hardware address an Ethernet station's, and the MTU in [@min, @max]?
 * Return: 0, -EINVAL, -EADDRNOTAVAIL
 */
int link_check_ether(const struct nlattr *const tb[], u32 min, u32 max);

/*
 * Name, address, broadcast, MTU, queue length, group, ... of a device that is not
 * registered yet. Return: 0, -EINVAL, -EADDRNOTAVAIL ...
 */
int link_apply_attrs(struct dev *dev, const struct nlattr *const tb[],
		     struct ext_ack *ack);

#endif
