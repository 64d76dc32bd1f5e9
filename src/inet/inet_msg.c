/* SPDX-License-Identifier: MIT */
/*
 * inet_msg.c - control messages of IPPROTO_IP: what sendmsg() asks for, and what
 * recvmsg() is told about a datagram (ip(7))
 */

#include "inet/inet_impl.h"

#include <string.h>

#include "core/dev.h"
#include "ip/addr4.h"

#include <netinet/ip.h>
#include <netinet/udp.h>

enum { OPT_PROTOCOL = 52 }; /* newer than some systems' headers */

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

static int ip_cmsg(const struct inet_sock *is, const struct cmsghdr *h,
		   struct inet_cmsg *out)
{
	int v = 0, err;

	switch (h->cmsg_type) {
	case IP_PKTINFO:
		return get_pktinfo(is, h, out);
	case IP_TTL: /* this one never as a byte */
		if (h->cmsg_len != CMSG_LEN(sizeof(v)))
			return -EINVAL;
		memcpy(&v, CMSG_DATA(h), sizeof(v));
		if (v < 1 || v > 255)
			return -EINVAL;
		out->ttl = (s16)v;
		return 0;
	case IP_TOS:
		err = get_int_cmsg(h, &v);
		if (err || v < 0 || v > 255)
			return -EINVAL;
		out->tos = (s16)v;
		return 0;
	case IP_RETOPTS:
		return inet_parse_ip_opts(CMSG_DATA(h),
					  (u32)min(h->cmsg_len - CMSG_LEN(0), 41UL),
					  out->opts, &out->opt_len);
	case OPT_PROTOCOL: /* for who looks up a route by it: nobody here */
		err = get_int_cmsg(h, &v);
		return err || v < 1 || v > 255 ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static int socket_cmsg(const struct inet_sock *is, const struct msg *m,
		       const struct cmsghdr *h, struct inet_cmsg *out)
{
	bool may = !m->caller || caller_can_in(m->caller, is->sk.net, CAP_NET_RAW) ||
		   caller_can_in(m->caller, is->sk.net, CAP_NET_ADMIN);
	u32 v;

	switch (h->cmsg_type) {
	case SO_MARK:
		if (!may)
			return -EPERM;
		if (h->cmsg_len != CMSG_LEN(sizeof(out->mark)))
			return -EINVAL;
		memcpy(&out->mark, CMSG_DATA(h), sizeof(out->mark));
		return 0;
	case SO_PRIORITY:
		if (h->cmsg_len != CMSG_LEN(sizeof(v)))
			return -EINVAL;
		memcpy(&v, CMSG_DATA(h), sizeof(v));
		if (v > 6 && !may)
			return -EPERM;
		out->priority = v;
		return 0;
	case SO_TIMESTAMPING_OLD: /* nobody asked for stamps by the option */
	case SO_TIMESTAMPING_NEW:
		return h->cmsg_len == CMSG_LEN(sizeof(v)) ? 0 : -EINVAL;
	case SCM_RIGHTS: /* of AF_UNIX: not looked at */
	case SCM_CREDENTIALS:
		return 0;
	default:
		return -EINVAL;
	}
}

static int udp_cmsg(const struct cmsghdr *h, struct inet_cmsg *out)
{
	if (h->cmsg_type != UDP_SEGMENT ||
	    h->cmsg_len != CMSG_LEN(sizeof(out->gso_size)))
		return -EINVAL;
	memcpy(&out->gso_size, CMSG_DATA(h), sizeof(out->gso_size));
	return 0;
}

int inet_get_cmsgs(const struct inet_sock *is, const struct msg *m,
		   struct inet_cmsg *out)
{
	struct msghdr mh = {
	    .msg_control = m->control,
	    .msg_controllen = m->control_len,
	};

	*out = (struct inet_cmsg){
	    .ttl = -1,
	    .tos = -1,
	    .src = ipaddr_any(AF_INET),
	    .mark = is->sk.mark,
	    .priority = is->sk.priority,
	    .opt_len = is->opt_len,
	};
	memcpy(out->opts, is->opts, is->opt_len);
	if (!m->control || !m->control_len)
		return 0;
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&mh); h; h = CMSG_NXTHDR(&mh, h)) {
		int err = 0;

		if (h->cmsg_len < sizeof(*h) ||
		    h->cmsg_len > m->control_len - (size_t)((u8 *)h - (u8 *)m->control))
			return -EINVAL;
		if (h->cmsg_level == IPPROTO_IP)
			err = ip_cmsg(is, h, out);
		else if (h->cmsg_level == SOL_SOCKET)
			err = socket_cmsg(is, m, h, out);
		else if (h->cmsg_level == SOL_UDP && is->sk.protocol == IPPROTO_UDP)
			err = udp_cmsg(h, out);
		if (err)
			return err;
	}
	return 0;
}

/* ---- what recvmsg() is told ---- */

static void put_pktinfo(const struct inet_sock *is, const struct pkt *p, struct msg *m)
{
	const struct ip4_hdr *ip = pkt_l3(p);
	struct in_pktinfo info = {
	    .ipi_ifindex = p->iif,
	    .ipi_spec_dst.s_addr = (__force u32)ip->daddr,
	    .ipi_addr.s_addr = (__force u32)ip->daddr,
	};

	/* from where one would answer */
	if (!addr4_is_local(is->sk.net, ip->daddr)) {
		struct dev *dev = dev_by_index(is->sk.net, p->iif);

		info.ipi_spec_dst.s_addr =
		    dev ? (__force u32)addr4_select(is->sk.net, dev, ip->saddr,
						    RT_SCOPE_UNIVERSE)
			: 0;
	}
	msg_put_cmsg(m, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
}

static void put_origdst(const struct pkt *p, struct msg *m)
{
	const struct ip4_hdr *ip = pkt_l3(p);
	be16 ports[2] = {0};
	struct sockaddr_in to = {
	    .sin_family = AF_INET,
	    .sin_addr.s_addr = (__force u32)ip->daddr,
	};

	/* whatever the protocol, as long as there are so many bytes */
	if (p->buf + p->l4 + sizeof(ports) > p->data + p->linear)
		return;
	memcpy(ports, pkt_l4(p), sizeof(ports));
	to.sin_port = (__force u16)ports[1];
	msg_put_cmsg(m, IPPROTO_IP, IP_ORIGDSTADDR, &to, sizeof(to));
}

/* To answer with */
static void put_retopts(const struct ip4_hdr *ip, struct msg *m)
{
	const u8 *hdr = (const u8 *)ip;
	struct ip4_opts o;
	u8 out[40];

	if (!ip4_parse_opts(hdr, ip4_hdr_len(ip), &o))
		msg_put_cmsg(m, IPPROTO_IP, IP_RETOPTS, out,
			     ip4_opts_echo(hdr, &o, out));
}

void inet_put_cmsgs(struct inet_sock *is, const struct pkt *p, struct msg *m)
{
	const struct ip4_hdr *ip = pkt_l3(p);
	u32 drops = (u32)is->sk.rx_drops, opts_len = ip4_hdr_len(ip) - sizeof(*ip);
	int ttl = ip->ttl;

	sock_put_stamp(&is->sk, p->stamp_ns, m);
	if (is->sk.rxq_ovfl && drops)
		msg_put_cmsg(m, SOL_SOCKET, SO_RXQ_OVFL, &drops, sizeof(drops));
	if (is->sk.rcv_mark)
		msg_put_cmsg(m, SOL_SOCKET, SO_MARK, &p->mark, sizeof(p->mark));
	if (is->rx_pktinfo)
		put_pktinfo(is, p, m);
	if (is->rx_ttl)
		msg_put_cmsg(m, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	if (is->rx_tos)
		msg_put_cmsg(m, IPPROTO_IP, IP_TOS, &ip->tos, sizeof(ip->tos));
	if (is->rx_opts && opts_len)
		msg_put_cmsg(m, IPPROTO_IP, IP_RECVOPTS, ip + 1, opts_len);
	if (is->rx_retopts && opts_len)
		put_retopts(ip, m);
	if (is->rx_origdst)
		put_origdst(p, m);
}
