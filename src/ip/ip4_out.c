/* SPDX-License-Identifier: MIT */
/*
 * ip4_out.c - IPv4 packets that go out: build, LOCAL_OUT, fragment,
 * POST_ROUTING, to the neighbour
 *
 * A packet for one of our own addresses takes the same way: its route's device
 * is lo. A broadcast or multicast that leaves by a real device is heard by
 * ourselves too: a copy comes in again (p->looped).
 *
 * Identification: a counter for each (net, destination, protocol) by keyed
 * hash, so that numbers of one net tell nothing about another (N5.8).
 */

#include "core/hook.h"
#include "ip/icmp4.h"
#include "ip/ip4_impl.h"
#include "ip/ip_parts.h"
#include "ip/neigh.h"

#include <linux/if_ether.h>

u16 ip4_next_id(struct net *net, be32 dst, u8 proto)
{
	u32 h = hash3(&net->worker->key, (__force u32)dst, proto, net->mix);

	return ip4_worker(net->worker)->ids[h % IP4_IDS]++;
}

void ip4_link_failure(struct net *net, struct pkt *p)
{
	if (pkt_need(p, sizeof(struct ip4_hdr))) {
		pkt_set_l3(p);
		icmp4_send_error(p, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
	}
	pkt_drop(net, p, DROP_NEIGH_FAILED);
}

/* ---- fragments ---- */

static struct pkt *fragment(const struct pkt *p, u32 hdr_len, u32 off, u32 len)
{
	struct pkt *f = pkt_new(p->worker, PKT_HEADROOM, hdr_len + len);

	if (!f)
		return NULL;
	memcpy(pkt_put(f, hdr_len), p->data, hdr_len);
	pkt_copy(p, hdr_len + off, pkt_put(f, len), len);
	pkt_set_l3(f);
	f->proto = p->proto;
	f->type = p->type;
	f->mark = p->mark;
	f->priority = p->priority;
	f->iif = p->iif;
	f->loop_iif = p->loop_iif;
	f->dev = p->dev;
	f->forwarded = p->forwarded;
	return f;
}

static void fix_fragment(struct pkt *f, u32 hdr_len, u32 off, bool more)
{
	struct ip4_hdr *h = pkt_l3(f);
	u32 first = be16_to_cpu(h->frag_off);

	h->tot_len = cpu_to_be16((u16)f->len);
	h->frag_off = cpu_to_be16((u16)(((first & IP4_OFFMASK) + off / 8) |
					(more || first & IP4_MF ? IP4_MF : 0)));
	if (off && hdr_len > sizeof(*h))
		ip4_opts_for_fragment((u8 *)(h + 1), hdr_len - (u32)sizeof(*h));
	ip4_set_check(h);
	f->csum = PKT_CSUM_OK;
}

int ip4_fragment(struct net *net, struct pkt *p, struct route *rt, u32 mtu)
{
	u32 hdr_len = ip4_hdr_len(pkt_l3(p)), payload = p->len - hdr_len;
	u32 room = (mtu - hdr_len) & ~7U;
	int err = pkt_csum_finish(p);

	if (!err && mtu < hdr_len + 8)
		err = -EMSGSIZE;
	for (u32 off = 0; !err && off < payload; off += room) {
		u32 len = min(room, payload - off);
		struct pkt *f = fragment(p, hdr_len, off, len);

		if (!f) {
			err = -ENOMEM;
			break;
		}
		fix_fragment(f, hdr_len, off, off + len < payload);
		err = neigh_output(rt->dev, &rt->nexthop, f);
		if (!err)
			MIB_IP(net, IPSTATS_MIB_FRAGCREATES);
	}
	if (err) {
		MIB_IP(net, IPSTATS_MIB_FRAGFAILS);
		pkt_drop(net, p, DROP_NO_MEMORY);
		return err;
	}
	MIB_IP(net, IPSTATS_MIB_FRAGOKS);
	pkt_free(p);
	return 0;
}

bool ip4_fits(const struct pkt *p, u32 mtu)
{
	u32 hdr_len = (u32)(p->l4 - p->l3);

	if (!p->gso_size)
		return p->len <= mtu;
	if (p->gso_type == GSO_TCP4 && p->linear >= hdr_len + 20)
		hdr_len += (p->data[hdr_len + 12] >> 4) * 4U;
	else
		hdr_len += 8;
	return hdr_len + p->gso_size <= mtu;
}

/* Segments too big for the way, and may be cut further. Consumes. */
static int segment_and_fragment(struct net *net, struct pkt *p, struct route *rt,
				u32 mtu)
{
	struct list segs;
	struct pkt *s;
	int err;

	list_init(&segs);
	err = gso_segment(p, &segs);
	while ((s = list_first(&segs, struct pkt, node))) {
		int ret;

		list_del(&s->node);
		ret = s->len > mtu ? ip4_fragment(net, s, rt, mtu)
				   : neigh_output(rt->dev, &rt->nexthop, s);
		err = err ? err : ret;
	}
	return err;
}

/* ---- the last part ---- */

/* We hear our own broadcasts: a copy comes in by the device */
static void loop_back(struct pkt *p, struct route *rt)
{
	struct pkt *c;

	if (dev_is_lo(rt->dev) || !rt->dev->link_header || p->no_loop)
		return;
	c = pkt_clone(p);
	if (!c)
		return;
	if (c->csum == PKT_CSUM_NONE)
		c->csum = PKT_CSUM_OK;
	c->looped = 1;
	if (rt->dev->link_header(rt->dev, c, ETH_P_IP, rt->dev->broadcast, NULL)) {
		pkt_free(c);
		return;
	}
	path_input(rt->dev, c);
}

static int too_big(struct net *net, struct pkt *p, u32 mtu)
{
	MIB_IP(net, IPSTATS_MIB_FRAGFAILS);
	icmp4_send_error(p, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, cpu_to_be32(mtu));
	pkt_drop(net, p, DROP_NEEDS_FRAG);
	return -EMSGSIZE;
}

int ip4_finish_output(struct net *net, struct pkt *p, struct route *rt)
{
	const struct hook_state st = {
	    .net = net,
	    .point = HOOK_POST_ROUTING,
	    .family = AF_INET,
	    .out = rt->dev,
	    .sk = p->sk,
	};
	const struct ip4_hdr *h = pkt_l3(p);
	struct mib *m = mib(net);
	u32 mtu = p->forwarded ? route_mtu_forward(rt) : min(rt->dev->mtu, 65535U);
	u8 type = rt->type;
	int err;

	m->ip[IPSTATS_MIB_OUTOCTETS] += p->len;
	if (type == RTN_BROADCAST || type == RTN_MULTICAST) {
		m->ip[type == RTN_BROADCAST ? IPSTATS_MIB_OUTBCASTPKTS
					    : IPSTATS_MIB_OUTMCASTPKTS]++;
		m->ip[type == RTN_BROADCAST ? IPSTATS_MIB_OUTBCASTOCTETS
					    : IPSTATS_MIB_OUTMCASTOCTETS] += p->len;
		loop_back(p, rt);
		if (type == RTN_MULTICAST && !h->ttl) {
			pkt_free(p);
			return 0;
		}
	}
	p->type = type == RTN_BROADCAST ? PKT_BROADCAST : PKT_OUTGOING;
	p->dev = rt->dev;
	if (!hook_run(p, &st))
		return -EPERM;
	/* The packet may hold the only reference to its route */
	route_get(rt);
	if (!ip4_fits(p, mtu)) {
		if (h->frag_off & cpu_to_be16(IP4_DF) && !p->ignore_df)
			err = too_big(net, p, mtu);
		else if (p->gso_size)
			err = segment_and_fragment(net, p, rt, mtu);
		else
			err = ip4_fragment(net, p, rt, mtu);
	} else {
		err = neigh_output(rt->dev, &rt->nexthop, p);
	}
	route_put(rt);
	return err;
}

static int local_out(struct net *net, struct pkt *p, struct route *rt, struct sock *sk)
{
	const struct hook_state st = {
	    .net = net,
	    .point = HOOK_LOCAL_OUT,
	    .family = AF_INET,
	    .out = rt->dev,
	    .sk = sk,
	};

	p->proto = cpu_to_be16(ETH_P_IP);
	p->iif = 0;
	p->loop_iif = rt->loop_iif;
	MIB_IP(net, IPSTATS_MIB_OUTPKTS); /* OutRequests */
	if (!hook_run(p, &st))
		return -EPERM;
	return ip4_finish_output(net, p, rt);
}

int ip4_output_raw(struct net *net, struct pkt *p, struct route *rt, struct sock *sk)
{
	pkt_set_l3(p);
	return local_out(net, p, rt, sk);
}

/* ---- building ---- */

static u8 default_ttl(struct net *net, const struct ip_send *s)
{
	u32 metric;

	if (s->ttl)
		return s->ttl;
	if (s->route->type == RTN_MULTICAST)
		return 1;
	metric = route_metric(s->route, RTAX_HOPLIMIT);
	return metric ? (u8)metric : ip4_default_ttl(net);
}

u32 ip4_time_ms(const struct net *net)
{
	return (u32)(clock_wall(net->w) / NS_PER_MS % 86400000);
}

/* The first to be recorded is who sends */
static void put_options(struct net *net, struct ip4_hdr *h, u32 hdr_len,
			const struct ip_send *s)
{
	struct ip4_opts o;

	memcpy(h + 1, s->opts, s->opt_len);
	if (!ip4_parse_opts((const u8 *)h, hdr_len, &o))
		ip4_opts_stamp(h, &o, s->src.v4, ip4_time_ms(net));
}

int ip4_output(struct net *net, struct pkt *p, const struct ip_send *s)
{
	u32 hdr_len = (u32)sizeof(struct ip4_hdr) + s->opt_len;
	u32 mtu = s->df_ignore_mtu ? s->route->dev->mtu : route_mtu(s->route);
	struct ip4_hdr *h;

	if (p->len + hdr_len > PKT_MAX) {
		pkt_drop(net, p, DROP_TOO_BIG);
		return -EMSGSIZE;
	}
	if (!p->gso_size && s->df && p->len + hdr_len > mtu) {
		MIB_IP(net, IPSTATS_MIB_FRAGFAILS);
		pkt_drop(net, p, DROP_NEEDS_FRAG);
		return -EMSGSIZE;
	}
	if (pkt_headroom_grow(p, hdr_len + PKT_LINK_HEADROOM)) {
		pkt_drop(net, p, DROP_NO_MEMORY);
		return -ENOBUFS;
	}
	pkt_set_l4(p);
	h = (struct ip4_hdr *)pkt_push(p, hdr_len);
	pkt_set_l3(p);
	h->ver_ihl = (u8)(0x40 | hdr_len / 4);
	h->tos = s->tos;
	h->tot_len = cpu_to_be16((u16)p->len);
	h->frag_off = s->df ? cpu_to_be16(IP4_DF) : 0;
	/* An atomic datagram's identification means nothing (RFC 6864 §4.1) */
	h->id = s->df && !p->gso_size && s->proto != IPPROTO_TCP
		    ? 0
		    : cpu_to_be16(ip4_next_id(net, s->dst.v4, s->proto));
	h->ttl = default_ttl(net, s);
	h->protocol = s->proto;
	h->saddr = s->src.v4;
	h->daddr = s->dst.v4;
	if (s->opt_len)
		put_options(net, h, hdr_len, s);
	ip4_set_check(h);
	if (s->mark)
		p->mark = s->mark;
	p->priority = s->priority;
	return local_out(net, p, s->route, s->sk);
}
