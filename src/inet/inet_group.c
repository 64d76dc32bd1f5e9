/* SPDX-License-Identifier: MIT */
/*
 * inet_group.c - multicast groups of sockets: which are joined, from whom, and by
 * which device one sends
 *
 * A membership is of a socket and of a device, with a filter of sources: EXCLUDE
 * these (joined for any source), or INCLUDE these alone. The device sums them up
 * (ip/igmp.h). It may go first (N3.21): then the membership is only forgotten.
 *
 * IP_x speaks of addresses, MCAST_x of struct sockaddr_storage; both become a
 * struct request.
 */

#include "inet/inet_impl.h"

#include <string.h>

#include "core/dev.h"
#include "ip/addr4.h"
#include "ip/igmp.h"

struct membership {
	struct list node; /* inet_sock.mc_list */
	be32 group, addr; /* @addr: by which it was joined, 0: none given */
	s32 ifindex;
	enum igmp_mode mode;
	u32 n;
	be32 *sources; /* NULL: none */
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

static int join(struct inet_sock *is, const struct ip_mreqn *mr, enum igmp_mode mode)
{
	be32 group = (__force be32)mr->imr_multiaddr.s_addr;
	struct membership *mb;
	struct dev *dev;
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
	if (n >= igmp_max_memberships(is->sk.net))
		return -ENOBUFS;
	mb = net_alloc(is->sk.net, sizeof(*mb));
	if (!mb)
		return -ENOBUFS;
	err = igmp_join(dev, group, mode);
	if (err) {
		net_free(is->sk.net, mb);
		return -ENOBUFS;
	}
	mb->group = group;
	mb->addr = (__force be32)mr->imr_address.s_addr;
	mb->ifindex = dev->ifindex;
	mb->mode = mode;
	list_add_tail(&is->mc_list, &mb->node);
	return 0;
}

static struct igmp_filter filter_of(const struct membership *mb)
{
	return (struct igmp_filter){
	    .mode = mb->mode, .n = mb->n, .sources = mb->sources};
}

/* @sources: taken over on success. Return: 0, -ENOBUFS */
static int set_filter(struct inet_sock *is, struct membership *mb, enum igmp_mode mode,
		      be32 *sources, u32 n)
{
	struct dev *dev = dev_by_index(is->sk.net, mb->ifindex);
	struct igmp_filter from = filter_of(mb);
	struct igmp_filter to = {.mode = mode, .n = n, .sources = sources};

	if (dev && igmp_change(dev, mb->group, &from, &to))
		return -ENOBUFS;
	net_free(is->sk.net, mb->sources);
	mb->mode = mode;
	mb->n = n;
	mb->sources = sources;
	return 0;
}

static void leave_one(struct inet_sock *is, struct membership *mb)
{
	struct dev *dev = dev_by_index(is->sk.net, mb->ifindex);

	set_filter(is, mb, mb->mode, NULL, 0);
	if (dev)
		igmp_leave(dev, mb->group, mb->mode);
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
	return add ? join(is, &mr, IGMP_EXCLUDE) : leave(is, &mr);
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
	return add ? join(is, &mr, IGMP_EXCLUDE) : leave(is, &mr);
}

/* ---- sources ---- */

/* What IP_x_SOURCE and MCAST_x_SOURCE ask for */
struct request {
	struct ip_mreqn mr;
	be32 source;
};

static int read_request(int name, const void *val, socklen_t len, struct request *rq)
{
	struct group_source_req gsr;
	struct ip_mreq_source ms;
	struct sockaddr_in group, source;

	memset(rq, 0, sizeof(*rq));
	if (name < MCAST_JOIN_GROUP) {
		if (len != sizeof(ms))
			return -EINVAL;
		memcpy(&ms, val, sizeof(ms));
		rq->mr.imr_multiaddr = ms.imr_multiaddr;
		rq->mr.imr_address = ms.imr_interface;
		rq->source = (__force be32)ms.imr_sourceaddr.s_addr;
		return 0;
	}
	if (len != sizeof(gsr))
		return -EINVAL;
	memcpy(&gsr, val, sizeof(gsr));
	memcpy(&group, &gsr.gsr_group, sizeof(group));
	memcpy(&source, &gsr.gsr_source, sizeof(source));
	if (group.sin_family != AF_INET || source.sin_family != AF_INET)
		return -EADDRNOTAVAIL;
	rq->mr.imr_multiaddr = group.sin_addr;
	rq->mr.imr_ifindex = (int)gsr.gsr_interface;
	rq->source = (__force be32)source.sin_addr.s_addr;
	return 0;
}

static int add_source(struct inet_sock *is, struct membership *mb, enum igmp_mode mode,
		      be32 source)
{
	be32 *list;
	int err;

	if (mb->n >= (u32)igmp_max_sources(is->sk.net))
		return -ENOBUFS;
	for (u32 i = 0; i < mb->n; i++)
		if (mb->sources[i] == source)
			return -EADDRNOTAVAIL;
	list = net_alloc(is->sk.net, (mb->n + 1) * sizeof(*list));
	if (!list)
		return -ENOBUFS;
	if (mb->n)
		memcpy(list, mb->sources, mb->n * sizeof(*list));
	list[mb->n] = source;
	err = set_filter(is, mb, mode, list, mb->n + 1);
	if (err)
		net_free(is->sk.net, list);
	return err;
}

static int del_source(struct inet_sock *is, struct membership *mb, be32 source)
{
	be32 *list = NULL;
	u32 at = 0, n = 0;
	int err;

	while (at < mb->n && mb->sources[at] != source)
		at++;
	if (at == mb->n)
		return -EADDRNOTAVAIL;
	if (mb->n == 1 && mb->mode == IGMP_INCLUDE) { /* of none: it is left */
		leave_one(is, mb);
		return 0;
	}
	if (mb->n > 1) {
		list = net_alloc(is->sk.net, (mb->n - 1) * sizeof(*list));
		if (!list)
			return -ENOBUFS;
		for (u32 i = 0; i < mb->n; i++)
			if (i != at)
				list[n++] = mb->sources[i];
	}
	err = set_filter(is, mb, mb->mode, list, n);
	if (err)
		net_free(is->sk.net, list);
	return err;
}

int inet_set_source(struct inet_sock *is, int name, const void *val, socklen_t len)
{
	bool add = name == IP_BLOCK_SOURCE || name == IP_ADD_SOURCE_MEMBERSHIP ||
		   name == MCAST_BLOCK_SOURCE || name == MCAST_JOIN_SOURCE_GROUP;
	enum igmp_mode mode = name == IP_BLOCK_SOURCE || name == IP_UNBLOCK_SOURCE ||
				      name == MCAST_BLOCK_SOURCE ||
				      name == MCAST_UNBLOCK_SOURCE
				  ? IGMP_EXCLUDE
				  : IGMP_INCLUDE;
	struct membership *mb;
	struct request rq;
	struct dev *dev;
	int err = read_request(name, val, len, &rq);

	if (err)
		return err;
	if (add && mode == IGMP_INCLUDE) {
		err = join(is, &rq.mr, IGMP_INCLUDE);
		if (err && err != -EADDRINUSE)
			return err;
	}
	if (!ip4_is_multicast((__force be32)rq.mr.imr_multiaddr.s_addr))
		return -EINVAL;
	dev = group_dev(is, &rq.mr);
	if (!dev)
		return -ENODEV;
	mb = find_group(is, (__force be32)rq.mr.imr_multiaddr.s_addr, dev->ifindex);
	if (!mb || (mb->n && mb->mode != mode))
		return -EINVAL;
	if (mb->mode != mode) { /* of an empty list the mode may change */
		err = set_filter(is, mb, mode, NULL, 0);
		if (err)
			return err;
	}
	return add ? add_source(is, mb, mode, rq.source)
		   : del_source(is, mb, rq.source);
}

/* ---- whole filters: IP_MSFILTER, MCAST_MSFILTER ---- */

/* The fixed part of both, and where their sources stand */
struct msfilter {
	struct ip_mreqn mr;
	u32 mode, n;
	size_t head, step, at; /* first source, from one to the next, address in it */
};

static int read_msfilter(int name, const void *val, socklen_t len, struct msfilter *f)
{
	const struct ip_msfilter *ip = NULL;
	const struct group_filter *gf = NULL;
	struct sockaddr_in in;

	memset(f, 0, sizeof(*f));
	f->head = name == IP_MSFILTER ? offsetof(struct ip_msfilter, imsf_slist)
				      : offsetof(struct group_filter, gf_slist);
	f->step = name == IP_MSFILTER ? sizeof(be32) : sizeof(struct sockaddr_storage);
	f->at = name == IP_MSFILTER ? 0 : offsetof(struct sockaddr_in, sin_addr);
	if (len < f->head)
		return -EINVAL;
	if (name == IP_MSFILTER) {
		ip = val;
		memcpy(&f->mr.imr_multiaddr, &ip->imsf_multiaddr, 4);
		memcpy(&f->mr.imr_address, &ip->imsf_interface, 4);
		memcpy(&f->mode, &ip->imsf_fmode, sizeof(f->mode));
		memcpy(&f->n, &ip->imsf_numsrc, sizeof(f->n));
		return 0;
	}
	gf = val;
	memcpy(&in, &gf->gf_group, sizeof(in));
	if (in.sin_family != AF_INET)
		return -EINVAL;
	f->mr.imr_multiaddr = in.sin_addr;
	memcpy(&f->mr.imr_ifindex, &gf->gf_interface, sizeof(f->mr.imr_ifindex));
	memcpy(&f->mode, &gf->gf_fmode, sizeof(f->mode));
	memcpy(&f->n, &gf->gf_numsrc, sizeof(f->n));
	return 0;
}

int inet_set_msfilter(struct inet_sock *is, int name, const void *val, socklen_t len)
{
	struct msfilter f;
	struct membership *mb;
	struct dev *dev;
	be32 *list = NULL;
	int err = read_msfilter(name, val, len, &f);

	if (err)
		return err;
	if (f.n > (u32)igmp_max_sources(is->sk.net))
		return -ENOBUFS;
	if (len < f.head + f.n * f.step)
		return -EINVAL;
	if (!ip4_is_multicast((__force be32)f.mr.imr_multiaddr.s_addr) ||
	    f.mode > MCAST_INCLUDE)
		return -EINVAL;
	dev = group_dev(is, &f.mr);
	if (!dev)
		return -ENODEV;
	if (f.mode == MCAST_INCLUDE && !f.n)
		return leave(is, &f.mr);
	mb = find_group(is, (__force be32)f.mr.imr_multiaddr.s_addr, dev->ifindex);
	if (!mb)
		return -EINVAL;
	if (f.n) {
		list = net_alloc(is->sk.net, f.n * sizeof(*list));
		if (!list)
			return -ENOBUFS;
		for (u32 i = 0; i < f.n; i++)
			memcpy(&list[i], (const u8 *)val + f.head + i * f.step + f.at,
			       sizeof(*list));
	}
	err = set_filter(is, mb, (enum igmp_mode)f.mode, list, f.n);
	if (err)
		net_free(is->sk.net, list);
	return err;
}

int inet_get_msfilter(struct inet_sock *is, int name, void *val, socklen_t *len)
{
	struct msfilter f;
	const struct membership *mb;
	const struct dev *dev;
	u32 fmode, n;
	int err = read_msfilter(name, val, *len, &f);

	if (err)
		return err;
	if (!ip4_is_multicast((__force be32)f.mr.imr_multiaddr.s_addr))
		return -EINVAL;
	dev = group_dev(is, &f.mr);
	if (!dev)
		return -ENODEV;
	mb = find_group(is, (__force be32)f.mr.imr_multiaddr.s_addr, dev->ifindex);
	if (!mb)
		return -EADDRNOTAVAIL;
	fmode = mb->mode;
	n = min(min(mb->n, f.n), (u32)((*len - f.head) / f.step));
	if (name == IP_MSFILTER) {
		struct ip_msfilter *ip = val;

		memcpy(&ip->imsf_fmode, &fmode, sizeof(fmode));
		memcpy(&ip->imsf_numsrc, &mb->n, sizeof(mb->n));
	} else {
		struct group_filter *gf = val;

		memcpy(&gf->gf_fmode, &fmode, sizeof(fmode));
		memcpy(&gf->gf_numsrc, &mb->n, sizeof(mb->n));
	}
	for (u32 i = 0; i < n; i++) {
		u8 *to = (u8 *)val + f.head + i * f.step;

		if (name != IP_MSFILTER) {
			memset(to, 0, f.step);
			memcpy(to, &(sa_family_t){AF_INET}, sizeof(sa_family_t));
		}
		memcpy(to + f.at, &mb->sources[i], sizeof(be32));
	}
	*len = (socklen_t)(f.head + n * f.step);
	return 0;
}

/* ---- what comes in ---- */

bool inet_mc_wants(const struct inet_sock *is, const struct ipaddr *group,
		   const struct ipaddr *src, s32 ifindex)
{
	const struct membership *mb;
	u32 i = 0;

	if (!ipaddr_is_multicast(group))
		return true;
	list_for_each(mb, &is->mc_list, node) {
		if (mb->group != group->v4 || mb->ifindex != ifindex)
			continue;
		while (i < mb->n && mb->sources[i] != src->v4)
			i++;
		return (i < mb->n) == (mb->mode == IGMP_INCLUDE);
	}
	return is->mc_all;
}
