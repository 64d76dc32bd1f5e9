/* SPDX-License-Identifier: MIT */
/*
 * inet_opt.c - IPPROTO_IP options and control messages (ip(7))
 *
 * An option that is not here is -ENOPROTOOPT: nothing is accepted and ignored.
 */

#include <string.h>

#include "inet/inet_impl.h"
#include "ip/addr4.h"
#include "wire/ether.h"

#include <netinet/ip.h>
#include <netinet/udp.h>

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif
#ifndef IP_PROTOCOL
#define IP_PROTOCOL 52
#endif
#ifndef IP_RECVERR_RFC4884
#define IP_RECVERR_RFC4884 26
#endif

enum { GROUPS_MAX = 20 }; /* igmp_max_memberships, as Linux starts */

/* ---- groups ---- */

struct membership {
	struct list node; /* inet_sock.mc_list */
	be32 group;
	s32 ifindex;
};

static struct membership *find_group(struct inet_sock *is, be32 group, s32 ifindex)
{
	struct membership *mb;

	list_for_each(mb, &is->mc_list, node)
		if (mb->group == group && (!ifindex || mb->ifindex == ifindex))
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

static int leave(struct inet_sock *is, const struct ip_mreqn *mr)
{
	struct membership *mb;
	struct dev *dev = group_dev(is, mr);

	if (!dev && (mr->imr_ifindex || mr->imr_address.s_addr))
		return mr->imr_ifindex ? -EADDRNOTAVAIL : -ENODEV;
	mb = find_group(is, (__force be32)mr->imr_multiaddr.s_addr,
			dev ? dev->ifindex : 0);
	if (!mb)
		return -EADDRNOTAVAIL;
	leave_one(is, mb);
	return 0;
}

void inet_leave_groups(struct inet_sock *is)
{
	struct membership *mb, *tmp;

	list_for_each_safe(mb, tmp, &is->mc_list, node)
		leave_one(is, mb);
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

bool inet_is_subnet_broadcast(const struct net *net, be32 addr)
{
	const struct fib_table *t = fib_table(net, AF_INET, RT_TABLE_LOCAL);
	struct lpm_node *n = t ? lpm_match(&t->lpm, &addr, sizeof(addr)) : NULL;
	const struct fib_route *r;

	if (!n)
		return false;
	r = list_first(&container_of(n, struct fib_prefix, lpm)->routes,
		       struct fib_route, node);
	return r && r->type == RTN_BROADCAST;
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

static int set_mc_if(struct inet_sock *is, const void *val, socklen_t len)
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

/* ---- setsockopt ---- */

/* IPPROTO_IP options may be given as a byte */
static int int_of(const void *val, socklen_t len, int *v)
{
	u8 byte;

	if (len >= sizeof(*v)) {
		memcpy(v, val, sizeof(*v));
	} else if (len >= 1) {
		memcpy(&byte, val, 1);
		*v = byte;
	} else {
		return -EINVAL;
	}
	return 0;
}

static int set_flag(u8 *flag, int v)
{
	*flag = v != 0;
	return 0;
}

static int set_range(struct inet_sock *is, int v)
{
	u16 lo = (u16)v, hi = (u16)((u32)v >> 16);

	if (lo && hi && lo > hi)
		return -EINVAL;
	is->port_lo = lo;
	is->port_hi = hi;
	return 0;
}

static int set_uc_if(struct inet_sock *is, int v)
{
	s32 ifindex = (s32)be32_to_cpu((__force be32)v);

	if (ifindex && !dev_by_index(is->sk.net, ifindex))
		return -EADDRNOTAVAIL;
	is->uc_ifindex = ifindex;
	return 0;
}

/* The protocol-independent way to join (RFC 3678 §5.1) */
static int set_group(struct inet_sock *is, bool leaving, const void *val, socklen_t len)
{
	struct group_req req;
	struct sockaddr_in in;
	struct ip_mreqn mr = {0};

	if (len < sizeof(req))
		return -EINVAL;
	memcpy(&req, val, sizeof(req));
	memcpy(&in, &req.gr_group, sizeof(in));
	if (in.sin_family != AF_INET)
		return -EINVAL;
	mr.imr_multiaddr = in.sin_addr;
	mr.imr_ifindex = (int)req.gr_interface;
	return leaving ? leave(is, &mr) : join(is, &mr);
}

static int set_ip_opts(struct inet_sock *is, const u8 *val, socklen_t len)
{
	u8 hdr[60] = {0x45};
	struct ip4_opts o;
	u32 padded = (len + 3) & ~3U;

	if (len > 40)
		return -EINVAL;
	memcpy(hdr + 20, val, len);
	hdr[0] = (u8)(0x40 | (20 + padded) / 4);
	if (ip4_parse_opts(hdr, 20 + padded, &o) || o.bad)
		return -EINVAL;
	if (o.srr) /* source routes are not followed here */
		return -EOPNOTSUPP;
	memcpy(is->opts, hdr + 20, padded);
	is->opt_len = (u8)padded;
	return 0;
}

static int set_int_opt(struct inet_sock *is, const struct caller *c, int name, int v)
{
	struct net *net = is->sk.net;

	switch (name) {
	case IP_TTL:
		if (v != -1 && (v < 1 || v > 255))
			return -EINVAL;
		is->ttl = (s16)v;
		return 0;
	case IP_TOS:
		/* The ECN bits of a stream are TCP's */
		is->tos =
		    is->sk.type == SOCK_STREAM ? (u8)((v & ~3) | (is->tos & 3)) : (u8)v;
		is->sk.priority = (v >> 1 & 0xf) >= 8 ? 6 : 0;
		route_put(is->route);
		is->route = NULL;
		return 0;
	case IP_HDRINCL:
		if (is->sk.type != SOCK_RAW)
			return -ENOPROTOOPT;
		return set_flag(&is->hdrincl, v);
	case IP_MTU_DISCOVER:
		if (v < IP_PMTUDISC_DONT || v > IP_PMTUDISC_OMIT)
			return -EINVAL;
		is->pmtudisc = (u8)v;
		return 0;
	case IP_RECVERR:
		if (!v)
			inet_purge_errors(is);
		return set_flag(&is->recverr, v);
	case IP_RECVERR_RFC4884:
		return v != 0 && v != 1 ? -EINVAL : set_flag(&is->recverr_4884, v);
	case IP_NODEFRAG:
		if (is->sk.type != SOCK_RAW)
			return -ENOPROTOOPT;
		return set_flag(&is->nodefrag, v);
	case IP_PKTINFO:
		return set_flag(&is->rx_pktinfo, v);
	case IP_RECVTTL:
		return set_flag(&is->rx_ttl, v);
	case IP_RECVTOS:
		return set_flag(&is->rx_tos, v);
	case IP_RECVOPTS:
		return set_flag(&is->rx_opts, v);
	case IP_RECVORIGDSTADDR:
		return set_flag(&is->rx_origdst, v);
	case IP_FREEBIND:
		return set_flag(&is->freebind, v);
	case IP_TRANSPARENT:
		if (v && !caller_can_in(c, net, CAP_NET_ADMIN) &&
		    !caller_can_in(c, net, CAP_NET_RAW))
			return -EPERM;
		return set_flag(&is->transparent, v);
	case IP_BIND_ADDRESS_NO_PORT:
		return set_flag(&is->bind_no_port, v);
	case IP_MINTTL:
		if (v < 0 || v > 255)
			return -EINVAL;
		is->minttl = (u8)v;
		return 0;
	case IP_UNICAST_IF:
		return set_uc_if(is, v);
	case IP_LOCAL_PORT_RANGE:
		return set_range(is, v);
	case IP_MULTICAST_TTL:
		if (is->sk.type == SOCK_STREAM || v < -1 || v > 255)
			return -EINVAL;
		is->mc_ttl = v == -1 ? 1 : (u8)v;
		return 0;
	case IP_MULTICAST_LOOP:
		return set_flag(&is->mc_loop, v);
	case IP_MULTICAST_ALL:
		if (v != 0 && v != 1)
			return -EINVAL;
		return set_flag(&is->mc_all, v);
	default:
		return -ENOPROTOOPT;
	}
}

int inet_set_opt(struct sock *sk, const struct caller *c, int level, int name,
		 const void *val, socklen_t len)
{
	struct inet_sock *is = inet_sk(sk);
	struct ip_mreqn mr;
	int v, err;

	if (level != IPPROTO_IP)
		return -ENOPROTOOPT;
	switch (name) {
	case IP_OPTIONS:
		return set_ip_opts(is, val, len);
	case IP_MULTICAST_IF:
		return sk->type == SOCK_STREAM ? -EINVAL : set_mc_if(is, val, len);
	case IP_ADD_MEMBERSHIP:
	case IP_DROP_MEMBERSHIP:
		err =
		    sk->type == SOCK_STREAM ? -EPROTO : get_mreqn(val, len, false, &mr);
		if (err)
			return err;
		return name == IP_ADD_MEMBERSHIP ? join(is, &mr) : leave(is, &mr);
	case MCAST_JOIN_GROUP:
	case MCAST_LEAVE_GROUP:
		return set_group(is, name == MCAST_LEAVE_GROUP, val, len);
	default:
		err = int_of(val, len, &v);
		return err ? err : set_int_opt(is, c, name, v);
	}
}

/* ---- getsockopt ---- */

static int get_mtu(struct inet_sock *is, int *v)
{
	struct route *rt;
	int err;

	if (ipaddr_is_any(&is->peer))
		return -ENOTCONN;
	err = inet_route(is, &rt);
	if (err)
		return -ENOTCONN;
	*v = (int)route_mtu(rt);
	return 0;
}

static int get_int_opt(struct inet_sock *is, int name, int *v)
{
	switch (name) {
	case IP_TTL:
		*v = is->ttl > 0 ? is->ttl : ip4_default_ttl(is->sk.net);
		return 0;
	case IP_TOS:
		*v = is->tos;
		return 0;
	case IP_HDRINCL:
		*v = is->hdrincl;
		return 0;
	case IP_MTU_DISCOVER:
		*v = is->pmtudisc;
		return 0;
	case IP_MTU:
		return get_mtu(is, v);
	case IP_RECVERR:
		*v = is->recverr;
		return 0;
	case IP_RECVERR_RFC4884:
		*v = is->recverr_4884;
		return 0;
	case IP_NODEFRAG:
		if (is->sk.type != SOCK_RAW)
			return -ENOPROTOOPT;
		*v = is->nodefrag;
		return 0;
	case IP_UNICAST_IF:
		*v = (int)(__force u32)cpu_to_be32((u32)is->uc_ifindex);
		return 0;
	case IP_PROTOCOL:
		*v = is->sk.protocol;
		return 0;
	case IP_PKTINFO:
		*v = is->rx_pktinfo;
		return 0;
	case IP_RECVTTL:
		*v = is->rx_ttl;
		return 0;
	case IP_RECVTOS:
		*v = is->rx_tos;
		return 0;
	case IP_RECVOPTS:
		*v = is->rx_opts;
		return 0;
	case IP_RECVORIGDSTADDR:
		*v = is->rx_origdst;
		return 0;
	case IP_FREEBIND:
		*v = is->freebind;
		return 0;
	case IP_TRANSPARENT:
		*v = is->transparent;
		return 0;
	case IP_BIND_ADDRESS_NO_PORT:
		*v = is->bind_no_port;
		return 0;
	case IP_MINTTL:
		*v = is->minttl;
		return 0;
	case IP_LOCAL_PORT_RANGE:
		*v = (int)((u32)is->port_hi << 16 | is->port_lo);
		return 0;
	case IP_MULTICAST_TTL:
		*v = is->mc_ttl;
		return 0;
	case IP_MULTICAST_LOOP:
		*v = is->mc_loop;
		return 0;
	case IP_MULTICAST_ALL:
		*v = is->mc_all;
		return 0;
	case IP_MULTICAST_IF:
		*v = (int)(__force u32)is->mc_addr.v4;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int inet_get_opt(struct sock *sk, int level, int name, void *val, socklen_t *len)
{
	struct inet_sock *is = inet_sk(sk);
	int v, err;

	if (level != IPPROTO_IP)
		return -ENOPROTOOPT;
	if (name == IP_OPTIONS) {
		*len = min(*len, (socklen_t)is->opt_len);
		memcpy(val, is->opts, *len);
		return 0;
	}
	err = get_int_opt(is, name, &v);
	if (err)
		return err;
	if (*len < sizeof(v) && *len > 0 && v >= 0 && v <= 255) {
		u8 byte = (u8)v;

		*len = 1;
		memcpy(val, &byte, 1);
		return 0;
	}
	*len = min(*len, (socklen_t)sizeof(v));
	memcpy(val, &v, *len);
	return 0;
}

/* ---- control messages ---- */

static int get_pktinfo(const struct inet_sock *is, const struct cmsghdr *h,
		       struct inet_cmsg *out)
{
	struct in_pktinfo info;

	if (h->cmsg_len != CMSG_LEN(sizeof(info)))
		return -EINVAL;
	memcpy(&info, CMSG_DATA(h), sizeof(info));
	if (info.ipi_ifindex) {
		if (is->sk.bound_dev && is->sk.bound_dev != info.ipi_ifindex)
			return -EINVAL;
		out->oif = info.ipi_ifindex;
	}
	out->src = ipaddr_v4((__force be32)info.ipi_spec_dst.s_addr);
	return 0;
}

static int get_int_cmsg(const struct cmsghdr *h, int *v)
{
	u8 byte;

	if (h->cmsg_len == CMSG_LEN(sizeof(*v))) {
		memcpy(v, CMSG_DATA(h), sizeof(*v));
	} else if (h->cmsg_len == CMSG_LEN(1)) {
		memcpy(&byte, CMSG_DATA(h), 1);
		*v = byte;
	} else {
		return -EINVAL;
	}
	return 0;
}

int inet_get_cmsgs(const struct inet_sock *is, const struct msg *m,
		   struct inet_cmsg *out)
{
	struct msghdr mh = {.msg_control = m->control,
			    .msg_controllen = m->control_len};

	*out = (struct inet_cmsg){.ttl = -1, .tos = -1, .src = ipaddr_any(AF_INET)};
	if (!m->control || !m->control_len)
		return 0;
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&mh); h; h = CMSG_NXTHDR(&mh, h)) {
		int v = 0, err = 0;

		if (h->cmsg_len < sizeof(*h) ||
		    h->cmsg_len > m->control_len - (size_t)((u8 *)h - (u8 *)m->control))
			return -EINVAL;
		if (h->cmsg_level == SOL_UDP && h->cmsg_type == UDP_SEGMENT &&
		    is->sk.protocol == IPPROTO_UDP) {
			if (h->cmsg_len != CMSG_LEN(sizeof(u16)))
				return -EINVAL;
			memcpy(&out->gso_size, CMSG_DATA(h), sizeof(u16));
		}
		if (h->cmsg_level != IPPROTO_IP)
			continue;
		switch (h->cmsg_type) {
		case IP_PKTINFO:
			err = get_pktinfo(is, h, out);
			break;
		case IP_TTL:
			err = get_int_cmsg(h, &v);
			if (!err && (v < 1 || v > 255))
				err = -EINVAL;
			out->ttl = (s16)v;
			break;
		case IP_TOS:
			err = get_int_cmsg(h, &v);
			if (!err && (v < 0 || v > 255))
				err = -EINVAL;
			out->tos = (s16)v;
			break;
		default:
			err = -EINVAL;
			break;
		}
		if (err)
			return err;
	}
	return 0;
}

void inet_put_cmsgs(struct inet_sock *is, const struct pkt *p, struct msg *m)
{
	const struct ip4_hdr *ip = pkt_l3(p);
	int v;

	if (is->rx_pktinfo) {
		struct in_pktinfo info = {
		    .ipi_ifindex = p->iif,
		    .ipi_spec_dst.s_addr = (__force u32)ip->daddr,
		    .ipi_addr.s_addr = (__force u32)ip->daddr,
		};

		if (!addr4_is_local(is->sk.net, ip->daddr)) {
			struct dev *dev = dev_by_index(is->sk.net, p->iif);

			info.ipi_spec_dst.s_addr =
			    dev ? (__force u32)addr4_select(
				      is->sk.net, dev, ip->saddr, RT_SCOPE_UNIVERSE)
				: 0;
		}
		msg_put_cmsg(m, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
	}
	if (is->rx_ttl) {
		v = ip->ttl;
		msg_put_cmsg(m, IPPROTO_IP, IP_TTL, &v, sizeof(v));
	}
	if (is->rx_tos)
		msg_put_cmsg(m, IPPROTO_IP, IP_TOS, &ip->tos, sizeof(ip->tos));
	if (is->rx_opts && ip4_hdr_len(ip) > sizeof(*ip))
		msg_put_cmsg(m, IPPROTO_IP, IP_RECVOPTS, ip + 1,
			     ip4_hdr_len(ip) - sizeof(*ip));
	if (is->rx_origdst && p->l4 + 4U <= p->cap) {
		const be16 *ports = pkt_l4(p);
		struct sockaddr_in to = {
		    .sin_family = AF_INET,
		    .sin_addr.s_addr = (__force u32)ip->daddr,
		    .sin_port = (__force u16)ports[1],
		};

		msg_put_cmsg(m, IPPROTO_IP, IP_ORIGDSTADDR, &to, sizeof(to));
	}
	if (is->sk.timestamp == 1) {
		struct timeval tv = {
		    .tv_sec = (time_t)(p->stamp_ns / NS_PER_S),
		    .tv_usec = (suseconds_t)(p->stamp_ns % NS_PER_S / NS_PER_US),
		};

		msg_put_cmsg(m, SOL_SOCKET, SO_TIMESTAMP_OLD, &tv, sizeof(tv));
	} else if (is->sk.timestamp == 2) {
		struct timespec ts = {
		    .tv_sec = (time_t)(p->stamp_ns / NS_PER_S),
		    .tv_nsec = (long)(p->stamp_ns % NS_PER_S),
		};

		msg_put_cmsg(m, SOL_SOCKET, SO_TIMESTAMPNS_OLD, &ts, sizeof(ts));
	}
	if (is->sk.rxq_ovfl) {
		u32 drops = (u32)is->sk.rx_drops;

		msg_put_cmsg(m, SOL_SOCKET, SO_RXQ_OVFL, &drops, sizeof(drops));
	}
}
