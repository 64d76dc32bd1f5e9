/* SPDX-License-Identifier: MIT */
/*
 * inet_group.c - multicast groups of sockets: which are joined, and by which device
 * one sends
 *
 * A membership is of a socket and of a device; the device gets the group's Ethernet
 * address. The device may go first (N3.21): then the membership is only forgotten.
 */

#include "inet/inet_impl.h"

#include <string.h>

#include "core/dev.h"
#include "ip/addr4.h"
#include "wire/ether.h"

enum { GROUPS_MAX = 20 }; /* igmp_max_memberships, as Linux starts */

struct membership {
	struct list node; /* inet_sock.mc_list */
	be32 group, addr; /* @addr: by which it was joined, 0: none given */
	s32 ifindex;
};

static struct membership *find_group(struct inet_sock *is, be32 group, s32 ifindex)
{
	struct membership *mb;

	list_for_each(mb, &is->mc_list, node)
		if (mb->group == group && mb->ifindex == ifindex)
			return mb;
	return NULL;
}

/* By index, by address, or by the route to the group */
static struct dev *group_dev(struct inet_sock *is, const struct ip_mreqn *mr)
{
	struct net *net = is->sk.net;
	struct flow fl = {.family = AF_INET};
	struct route *rt;
	struct dev *dev;

	if (mr->imr_ifindex)
		return dev_by_index(net, mr->imr_ifindex);
	if (mr->imr_address.s_addr)
		return addr4_dev(net, (__force be32)mr->imr_address.s_addr);
	fl.dst = ipaddr_v4((__force be32)mr->imr_multiaddr.s_addr);
	if (route_output(net, &fl, &rt))
		return NULL;
	dev = rt->dev;
	route_put(rt);
	return dev;
}

static int join(struct inet_sock *is, const struct ip_mreqn *mr)
{
	be32 group = (__force be32)mr->imr_multiaddr.s_addr;
	struct membership *mb;
	struct dev *dev;
	u8 mac[ETH_ALEN];
	int n = 0, err;

	if (!ip4_is_multicast(group))
		return -EINVAL;
	dev = group_dev(is, mr);
	if (!dev)
		return -ENODEV;
	if (find_group(is, group, dev->ifindex))
		return -EADDRINUSE;
	list_for_each(mb, &is->mc_list, node)
		n++;
	if (n >= GROUPS_MAX)
		return -ENOBUFS;
	mb = net_alloc(is->sk.net, sizeof(*mb));
	if (!mb)
		return -ENOBUFS;
	ether_ip4_multicast(mac, group);
	err = dev_mc_add(dev, mac);
	if (err) {
		net_free(is->sk.net, mb);
		return err;
	}
	mb->group = group;
	mb->addr = (__force be32)mr->imr_address.s_addr;
	mb->ifindex = dev->ifindex;
	list_add_tail(&is->mc_list, &mb->node);
	return 0;
}

static void leave_one(struct inet_sock *is, struct membership *mb)
{
	struct dev *dev = dev_by_index(is->sk.net, mb->ifindex);
	u8 mac[ETH_ALEN];

	ether_ip4_multicast(mac, mb->group);
	if (dev)
		dev_mc_del(dev, mac);
	list_del(&mb->node);
	net_free(is->sk.net, mb);
}

/* The one joined by that device, else by that address; with neither, any */
static int leave(struct inet_sock *is, const struct ip_mreqn *mr)
{
	be32 group = (__force be32)mr->imr_multiaddr.s_addr;
	be32 addr = (__force be32)mr->imr_address.s_addr;
	struct membership *mb;

	if (!mr->imr_ifindex && !addr && !group_dev(is, mr))
		return -ENODEV;
	list_for_each(mb, &is->mc_list, node) {
		if (mb->group != group)
			continue;
		if (mr->imr_ifindex ? mb->ifindex != mr->imr_ifindex
				    : addr && mb->addr != addr)
			continue;
		leave_one(is, mb);
		return 0;
	}
	return -EADDRNOTAVAIL;
}

void inet_leave_groups(struct inet_sock *is)
{
	struct membership *mb, *tmp;

	list_for_each_safe(mb, tmp, &is->mc_list, node)
		leave_one(is, mb);
}

/* struct ip_mreq, ip_mreqn or, for IP_MULTICAST_IF, an address */
static int get_mreqn(const void *val, socklen_t len, bool addr_only,
		     struct ip_mreqn *mr)
{
	memset(mr, 0, sizeof(*mr));
	if (len >= sizeof(*mr)) {
		memcpy(mr, val, sizeof(*mr));
	} else if (len >= sizeof(struct ip_mreq)) {
		memcpy(mr, val, sizeof(struct ip_mreq));
	} else if (addr_only && len >= sizeof(struct in_addr)) {
		memcpy(&mr->imr_address, val, sizeof(struct in_addr));
	} else {
		return -EINVAL;
	}
	return 0;
}

int inet_set_mc_if(struct inet_sock *is, const void *val, socklen_t len)
{
	struct ip_mreqn mr;
	struct dev *dev;
	int err = get_mreqn(val, len, true, &mr);

	if (err)
		return err;
	if (!mr.imr_ifindex && !mr.imr_address.s_addr) {
		is->mc_ifindex = 0;
		is->mc_addr = ipaddr_any(AF_INET);
		return 0;
	}
	dev = mr.imr_ifindex
		  ? dev_by_index(is->sk.net, mr.imr_ifindex)
		  : addr4_dev(is->sk.net, (__force be32)mr.imr_address.s_addr);
	if (!dev)
		return -EADDRNOTAVAIL;
	if (is->sk.bound_dev && is->sk.bound_dev != dev->ifindex)
		return -EINVAL;
	is->mc_ifindex = dev->ifindex;
	is->mc_addr = ipaddr_v4((__force be32)mr.imr_address.s_addr);
	return 0;
}

int inet_set_membership(struct inet_sock *is, bool add, const void *val, socklen_t len)
{
	struct ip_mreqn mr;
	int err = get_mreqn(val, len, false, &mr);

	if (err)
		return err;
	return add ? join(is, &mr) : leave(is, &mr);
}

/* The same, named for both families */
int inet_set_group(struct inet_sock *is, bool add, const void *val, socklen_t len)
{
	struct group_req gr;
	struct sockaddr_in in;
	struct ip_mreqn mr = {0};

	if (len < sizeof(gr))
		return -EINVAL;
	memcpy(&gr, val, sizeof(gr));
	memcpy(&in, &gr.gr_group, sizeof(in));
	if (in.sin_family != AF_INET)
		return -EINVAL;
	mr.imr_multiaddr = in.sin_addr;
	mr.imr_ifindex = (int)gr.gr_interface;
	return add ? join(is, &mr) : leave(is, &mr);
}

bool inet_mc_wants(const struct inet_sock *is, const struct ipaddr *group, s32 ifindex)
{
	const struct membership *mb;

	if (!ipaddr_is_multicast(group) || is->mc_all)
		return true;
	list_for_each(mb, &is->mc_list, node)
		if (mb->group == group->v4 && mb->ifindex == ifindex)
			return true;
	return false;
}
