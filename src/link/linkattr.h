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

/* Attributes that this host's headers may be too old to know */
enum {
	LINK_GSO_IPV4_MAX_SIZE = 63,
	LINK_GRO_IPV4_MAX_SIZE = 64,
	LINK_NETNS_IMMUTABLE = 67,
	LINK_ATTR_MAX = 69,
};
_Static_assert((int)IFLA_MAX <= (int)LINK_ATTR_MAX,
	       "link_policy must hold all of IFLA_x");

/* The policy of IFLA_x, [LINK_ATTR_MAX + 1] */
extern const struct nla_policy link_policy[];

/* What IFLA_TSO_MAX_SIZE and SEGS say of every device, and so the upper ends of GSO's
 */
enum { TSO_MAX_SIZE = 524280, TSO_MAX_SEGS = 65535 };

/*
 * Which net do IFLA_NET_NS_PID, IFLA_NET_NS_FD, IFLA_TARGET_NETNSID name?
 * @def: the answer when none is there
 * @out: one user reference
 * Return: 0, -EINVAL (two of them, unknown id), -EBADF, -ESRCH, -EPERM
 */
int link_attr_net(const struct caller *c, const struct nlattr *const tb[],
		  struct net *def, struct net **out, struct ext_ack *ack);

/* As link_attr_net(), of a peer: Linux takes the pid, else the descriptor, and does not
 * look at ids (nor complain of two) */
int link_attr_peer_net(const struct caller *c, const struct nlattr *const tb[],
		       struct net *def, struct net **out);

/* IFLA_GSO_MAX_SIZE and SEGS within their limits? Return: 0, -EINVAL with text */
int link_check_gso(const struct nlattr *const tb[], struct ext_ack *ack);

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
