/* SPDX-License-Identifier: MIT */
/*
 * inet_opt.c - IPPROTO_IP options (ip(7))
 *
 * An option that is not here is -ENOPROTOOPT. What is taken has the effect it has
 * on Linux; of IP_PASSSEC, IP_CHECKSUM, IP_NODEFRAG and IP_RECVERR_RFC4884 that is
 * none here: there are no security labels, no hardware that sums up, nothing that
 * puts together what a raw socket sends, and no ICMP extensions are looked for.
 */

#include "inet/inet_impl.h"

#include <string.h>

#include "core/dev.h"

#include <netinet/ip.h>

/* newer than some systems' headers */
enum {
	OPT_RECVERR_RFC4884 = 26,
	OPT_LOCAL_PORT_RANGE = 51,
	OPT_PROTOCOL = 52,
};

/* SO_PRIORITY that a type of service stands for, by its four bits (RFC 1349) */
static const u8 tos_priority[16] = {0, 0, 0, 0, 2, 2, 2, 2, 6, 6, 6, 6, 4, 4, 4, 4};

/* ---- options that are nothing but a switch ---- */

struct ip_switch {
	int name;
	size_t off;    /* of the u8 in struct inet_sock */
	bool must_say; /* an empty value is no 0 */
	bool strict;   /* 0 or 1, not anything */
};

#define SWITCH(n, field) .name = (n), .off = offsetof(struct inet_sock, field)

static const struct ip_switch switches[] = {
    {SWITCH(IP_HDRINCL, hdrincl)},
    {SWITCH(IP_RECVOPTS, rx_opts)},
    {SWITCH(IP_RETOPTS, rx_retopts)},
    {SWITCH(IP_PKTINFO, rx_pktinfo)},
    {SWITCH(IP_RECVERR, recverr)},
    {SWITCH(IP_RECVTTL, rx_ttl)},
    {SWITCH(IP_RECVTOS, rx_tos)},
    {SWITCH(IP_FREEBIND, freebind), .must_say = true},
    {SWITCH(IP_PASSSEC, rx_passsec)},
    {SWITCH(IP_TRANSPARENT, transparent), .must_say = true},
    {SWITCH(IP_RECVORIGDSTADDR, rx_origdst)},
    {SWITCH(IP_NODEFRAG, nodefrag)},
    {SWITCH(IP_CHECKSUM, rx_checksum)},
    {SWITCH(IP_BIND_ADDRESS_NO_PORT, bind_no_port)},
    {SWITCH(OPT_RECVERR_RFC4884, recverr_4884), .strict = true},
    {SWITCH(IP_MULTICAST_LOOP, mc_loop), .must_say = true},
    {SWITCH(IP_MULTICAST_ALL, mc_all), .must_say = true, .strict = true},
};

static const struct ip_switch *find_switch(int name)
{
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
		if (switches[i].name == name)
			return &switches[i];
	return NULL;
}

static u8 *switch_of(struct inet_sock *is, const struct ip_switch *sw)
{
	return (u8 *)is + sw->off;
}

/* ---- setsockopt ---- */

/* These may be given as a byte; nothing at all is 0 */
static int int_of(const void *val, socklen_t len)
{
	int v = 0;
	u8 byte;

	if (len >= sizeof(v)) {
		memcpy(&v, val, sizeof(v));
	} else if (len) {
		memcpy(&byte, val, 1);
		v = byte;
	}
	return v;
}

static int set_switch(struct inet_sock *is, const struct caller *c,
		      const struct ip_switch *sw, const void *val, socklen_t len)
{
	int v = int_of(val, len);

	switch (sw->name) {
	case IP_HDRINCL:
	case IP_NODEFRAG:
		if (is->sk.type != SOCK_RAW)
			return -ENOPROTOOPT;
		break;
	case IP_TRANSPARENT:
		if (v && !caller_can_in(c, is->sk.net, CAP_NET_ADMIN) &&
		    !caller_can_in(c, is->sk.net, CAP_NET_RAW))
			return -EPERM;
		break;
	case IP_RECVERR:
		if (!v)
			inet_purge_errors(is);
		break;
	default:
		break;
	}
	if ((sw->must_say && !len) || (sw->strict && v != 0 && v != 1))
		return -EINVAL;
	*switch_of(is, sw) = v != 0;
	return 0;
}

/* Low and high in one u32, RFC 6056's range for this socket */
static int set_range(struct inet_sock *is, const void *val, socklen_t len)
{
	u16 lo, hi;
	u32 v;

	if (len != sizeof(v))
		return -EINVAL;
	memcpy(&v, val, sizeof(v));
	lo = (u16)v;
	hi = (u16)(v >> 16);
	if (lo && hi && lo > hi)
		return -EINVAL;
	is->port_lo = lo;
	is->port_hi = hi;
	return 0;
}

/* The index in network order */
static int set_unicast_if(struct inet_sock *is, const void *val, socklen_t len)
{
	s32 ifindex;
	be32 v;

	if (len != sizeof(v))
		return -EINVAL;
	memcpy(&v, val, sizeof(v));
	ifindex = (s32)be32_to_cpu(v);
	if (!ifindex) {
		is->uc_ifindex = 0;
		return 0;
	}
	if (!dev_by_index(is->sk.net, ifindex))
		return -EADDRNOTAVAIL;
	if (is->sk.bound_dev)
		return -EINVAL;
	is->uc_ifindex = ifindex;
	return 0;
}

/* What stands behind the end of the list is nothing */
static void blank_behind_end(u8 *opts, u32 len)
{
	u32 off = 0, at;
	u8 type;

	while (ip4_opt_next(opts, len, &off, &type, &at) > 0)
		;
	for (; off < len; off++)
		opts[off] = IPOPT_EOL;
}

int inet_parse_ip_opts(const u8 *val, u32 len, u8 *out, u8 *out_len)
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
	blank_behind_end(hdr + 20, padded);
	memcpy(out, hdr + 20, padded);
	*out_len = (u8)padded;
	return 0;
}

static void set_tos(struct inet_sock *is, u8 tos)
{
	/* The ECN bits of a stream are TCP's */
	if (is->sk.type == SOCK_STREAM)
		tos = (u8)((tos & ~3) | (is->tos & 3));
	is->tos = tos;
	is->sk.priority = tos_priority[tos >> 1 & 0xf];
	route_put(is->route);
	is->route = NULL;
}

static int set_number(struct inet_sock *is, int name, const void *val, socklen_t len)
{
	int v = int_of(val, len);

	switch (name) {
	case IP_TTL:
		if (!len || (v != -1 && (v < 1 || v > 255)))
			return -EINVAL;
		is->ttl = (s16)v;
		return 0;
	case IP_TOS:
		set_tos(is, (u8)v);
		return 0;
	case IP_MTU_DISCOVER:
		if (v < IP_PMTUDISC_DONT || v > IP_PMTUDISC_OMIT)
			return -EINVAL;
		is->pmtudisc = (u8)v;
		return 0;
	case IP_RECVFRAGSIZE:
		if (is->sk.type != SOCK_RAW && is->sk.type != SOCK_DGRAM)
			return -EINVAL;
		is->rx_fragsize = v != 0;
		return 0;
	case IP_MINTTL:
		if (!len || v < 0 || v > 255)
			return -EINVAL;
		is->minttl = (u8)v;
		return 0;
	case IP_MULTICAST_TTL:
		if (is->sk.type == SOCK_STREAM || !len || v < -1 || v > 255)
			return -EINVAL;
		is->mc_ttl = v == -1 ? 1 : (u8)v;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int inet_set_opt(struct sock *sk, const struct caller *c, int level, int name,
		 const void *val, socklen_t len)
{
	struct inet_sock *is = inet_sk(sk);
	const struct ip_switch *sw;

	if (level != IPPROTO_IP)
		return -ENOPROTOOPT;
	sw = find_switch(name);
	if (sw)
		return set_switch(is, c, sw, val, len);
	switch (name) {
	case IP_OPTIONS:
		return inet_parse_ip_opts(val, len, is->opts, &is->opt_len);
	case IP_MULTICAST_IF:
		return sk->type == SOCK_STREAM ? -EINVAL : inet_set_mc_if(is, val, len);
	case IP_ADD_MEMBERSHIP:
	case IP_DROP_MEMBERSHIP:
		return sk->type == SOCK_STREAM
			   ? -EPROTO
			   : inet_set_membership(is, name == IP_ADD_MEMBERSHIP, val,
						 len);
	case MCAST_JOIN_GROUP:
	case MCAST_LEAVE_GROUP:
		return inet_set_group(is, name == MCAST_JOIN_GROUP, val, len);
	case IP_BLOCK_SOURCE:
	case IP_UNBLOCK_SOURCE:
	case IP_ADD_SOURCE_MEMBERSHIP:
	case IP_DROP_SOURCE_MEMBERSHIP:
	case MCAST_BLOCK_SOURCE:
	case MCAST_UNBLOCK_SOURCE:
	case MCAST_JOIN_SOURCE_GROUP:
	case MCAST_LEAVE_SOURCE_GROUP:
		return inet_set_source(is, name, val, len);
	case IP_MSFILTER:
	case MCAST_MSFILTER:
		return inet_set_msfilter(is, name, val, len);
	case IP_UNICAST_IF:
		return set_unicast_if(is, val, len);
	case OPT_LOCAL_PORT_RANGE:
		return set_range(is, val, len);
	case IP_ROUTER_ALERT: /* for routing daemons; not known */
		return sk->type == SOCK_RAW && is->num != IPPROTO_RAW ? -ENOPROTOOPT
								      : -EINVAL;
	default:
		return set_number(is, name, val, len);
	}
}

/* ---- getsockopt ---- */

static int get_mtu(struct inet_sock *is, int *v)
{
	struct route *rt;

	if (ipaddr_is_any(&is->peer) || inet_route(is, &rt))
		return -ENOTCONN;
	*v = (int)route_mtu(rt);
	return 0;
}

static int get_number(struct inet_sock *is, int name, int *v)
{
	switch (name) {
	case IP_TTL:
		*v = is->ttl > 0 ? is->ttl : ip4_default_ttl(is->sk.net);
		return 0;
	case IP_TOS:
		*v = is->tos;
		return 0;
	case IP_MTU_DISCOVER:
		*v = is->pmtudisc;
		return 0;
	case IP_MTU:
		return get_mtu(is, v);
	case IP_RECVFRAGSIZE:
		*v = is->rx_fragsize;
		return 0;
	case IP_MINTTL:
		*v = is->minttl;
		return 0;
	case OPT_LOCAL_PORT_RANGE:
		*v = (int)((u32)is->port_hi << 16 | is->port_lo);
		return 0;
	case IP_UNICAST_IF:
		*v = (int)(__force u32)cpu_to_be32((u32)is->uc_ifindex);
		return 0;
	case IP_MULTICAST_TTL:
		*v = is->mc_ttl;
		return 0;
	case IP_MULTICAST_IF:
		*v = (int)(__force u32)is->mc_addr.v4;
		return 0;
	case IP_ROUTER_ALERT:
		*v = 0;
		return 0;
	case OPT_PROTOCOL:
		*v = is->num;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int inet_get_opt(struct sock *sk, int level, int name, void *val, socklen_t *len)
{
	struct inet_sock *is = inet_sk(sk);
	const struct ip_switch *sw = find_switch(name);
	int v, err;

	if (level != IPPROTO_IP)
		return -EOPNOTSUPP;
	if (name == IP_MSFILTER || name == MCAST_MSFILTER)
		return inet_get_msfilter(is, name, val, len);
	if (name == IP_OPTIONS) {
		*len = min(*len, (socklen_t)is->opt_len);
		memcpy(val, is->opts, *len);
		return 0;
	}
	if (name == IP_PKTOPTIONS && sk->type == SOCK_STREAM) {
		*len = 0;
		return 0;
	}
	if (sw) {
		v = *switch_of(is, sw);
	} else {
		err = get_number(is, name, &v);
		if (err)
			return err;
	}
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
