/* SPDX-License-Identifier: MIT */
/*
 * arp.c - address resolution for IPv4 over Ethernet (RFC 826, 5227)
 *
 * Asks for neigh.c and answers for addr4.c. What a packet teaches is given to
 * neigh_update(); who is answered obeys arp_ignore, arp_filter and proxy_arp,
 * which address is shown arp_announce.
 */

#include "base/bug.h"
#include "core/event.h"
#include "ip/addr4.h"
#include "ip/ip4_impl.h"
#include "ip/ip_parts.h"
#include "ip/neigh.h"
#include "ip/neigh_conf.h"
#include "ip/neigh_proxy.h"
#include "ip/route.h"
#include "wire/ether.h"

#include <linux/if_arp.h>

/* @dst, @tha NULL: broadcast, zeros */
static void arp_send(struct dev *dev, u16 op, const u8 *dst, be32 spa, const u8 *tha,
		     be32 tpa)
{
	struct pkt *p;
	struct arp_ether *a;

	if (dev->flags & (IFF_NOARP | IFF_LOOPBACK) || !dev->link_header ||
	    dev->addr_len != ETH_ALEN)
		return;
	p = pkt_new(dev->net->worker, PKT_HEADROOM, sizeof(*a));
	if (!p)
		return;
	a = (struct arp_ether *)pkt_put(p, sizeof(*a));
	a->htype = cpu_to_be16(ARP_HTYPE_ETHER);
	a->ptype = cpu_to_be16(ETH_P_IP);
	a->hlen = ETH_ALEN;
	a->plen = 4;
	a->op = cpu_to_be16(op);
	memcpy(a->sha, dev->addr, ETH_ALEN);
	a->spa = spa;
	if (tha)
		memcpy(a->tha, tha, ETH_ALEN);
	else
		memset(a->tha, 0, ETH_ALEN);
	a->tpa = tpa;
	pkt_set_l3(p);
	if (dev->link_header(dev, p, ETH_P_ARP, dst, NULL)) {
		pkt_free(p);
		return;
	}
	path_transmit(dev, p);
}

/* ---- asking ---- */

/* Which of our addresses to show (arp_announce) */
static be32 ask_from(struct dev *dev, be32 target, const struct pkt *why)
{
	struct net *net = dev->net;
	be32 src = 0;

	if (why && why->linear >= sizeof(struct ip4_hdr))
		src = ((const struct ip4_hdr *)why->data)->saddr;
	switch (conf4_get(net, dev, CONF4_ARP_ANNOUNCE)) {
	case 0:
		if (src && addr4_is_local(net, src))
			return src;
		break;
	case 1:
		if (src && addr4_is_local(net, src) && addr4_on_link(dev, target) &&
		    addr4_on_link(dev, src))
			return src;
		break;
	default:
		break;
	}
	return addr4_select(net, dev, target, RT_SCOPE_LINK);
}

static void arp_solicit(struct dev *dev, const struct ipaddr *target, const u8 *lladdr,
			const struct pkt *why)
{
	arp_send(dev, ARP_OP_REQUEST, lladdr, ask_from(dev, target->v4, why), NULL,
		 target->v4);
}

/* Nobody has the next hop: to whoever sent the packet it is an unreachable host */
static void arp_unreachable(struct pkt *p)
{
	ip4_link_failure(p->dev->net, p);
}

static const struct neigh_ops arp_ops = {
    .family = AF_INET,
    .solicit = arp_solicit,
    .unreachable = arp_unreachable,
};

/* ---- answering ---- */

/* arp_ignore: is the address one that this device answers for? */
static bool may_answer(struct dev *dev, be32 sender, be32 target)
{
	struct net *net = dev->net;
	struct dev *owner = addr4_dev(net, target);
	struct flow fl = {
	    .family = AF_INET, .dst = ipaddr_v4(sender), .src = ipaddr_v4(target)};
	struct route *rt;
	bool here;

	switch (conf4_get(net, dev, CONF4_ARP_IGNORE)) {
	case 0:
		break;
	case 1:
		if (owner != dev)
			return false;
		break;
	case 2:
		if (owner != dev || !addr4_on_link(dev, sender))
			return false;
		break;
	case 3: /* not for an address that is for this host alone */
		if (!addr4_in_scope(net, target, RT_SCOPE_LINK))
			return false;
		break;
	case 8:
		return false;
	default: /* 4 to 7 mean nothing yet */
		break;
	}
	if (!conf4_get(net, dev, CONF4_ARPFILTER))
		return true;
	if (route_output(net, &fl, &rt))
		return false;
	here = rt->dev == dev;
	route_put(rt);
	return here;
}

/* Would we forward to it, and out of another device? (proxy_arp, or told so) */
static bool may_proxy(struct dev *dev, be32 sender, be32 target)
{
	struct flow fl = {
	    .family = AF_INET, .src = ipaddr_v4(sender), .dst = ipaddr_v4(target)};
	struct route *rt;
	enum drop why;
	bool yes;

	if (!conf4_get(dev->net, dev, CONF4_FORWARDING) ||
	    (!conf4_get(dev->net, dev, CONF4_PROXY_ARP) &&
	     !neigh_proxy_for(dev, &fl.dst)) ||
	    route_input(dev, &fl, &rt, &why))
		return false;
	yes = rt->type == RTN_UNICAST && rt->dev != dev;
	route_put(rt);
	return yes;
}

/* @flags: NEIGH_UPDATE_x */
static void learn(struct dev *dev, const struct arp_ether *a, u16 state, u32 flags)
{
	struct ipaddr who = ipaddr_v4(a->spa);

	(void)neigh_update(dev, &who, a->sha, state, flags, 0, 0);
}

/* Of several that answer one question (proxies) the first one is believed */
static bool locked(struct dev *dev, be32 who)
{
	struct ipaddr addr = ipaddr_v4(who);
	const struct neigh *nt = neigh_find(dev, &addr);

	return nt &&
	       clock_now(dev->net->w) <=
		   nt->updated_ns + (u64)neigh_conf(dev, NC_LOCKTIME_MS) * NS_PER_MS;
}

static void arp_process(struct dev *dev, struct pkt *p, const struct arp_ether *a)
{
	struct net *net = dev->net;
	bool request = a->op == cpu_to_be16(ARP_OP_REQUEST);
	bool ours = a->tpa && addr4_is_local(net, a->tpa) && !ip4_is_loopback(a->tpa);
	bool gratuitous = a->spa == a->tpa;
	u32 flags = 0;

	/* A probe (RFC 5227 §2.1.1) teaches nothing and is answered */
	if (!a->spa) {
		if (request && ours && may_answer(dev, a->spa, a->tpa))
			arp_send(dev, ARP_OP_REPLY, a->sha, a->tpa, a->sha, a->spa);
		return;
	}
	if (request && ours) {
		if (!may_answer(dev, a->spa, a->tpa))
			return;
		learn(dev, a, NUD_STALE, NEIGH_UPDATE_CREATE | NEIGH_UPDATE_OVERRIDE);
		arp_send(dev, ARP_OP_REPLY, a->sha, a->tpa, a->sha, a->spa);
		return;
	}
	if (request && may_proxy(dev, a->spa, a->tpa)) {
		learn(dev, a, NUD_STALE, NEIGH_UPDATE_CREATE | NEIGH_UPDATE_OVERRIDE);
		arp_send(dev, ARP_OP_REPLY, a->sha, a->tpa, a->sha, a->spa);
		return;
	}
	if (gratuitous && conf4_get(net, dev, CONF4_DROP_GRATUITOUS_ARP))
		return;
	if (gratuitous && conf4_get(net, dev, CONF4_ARP_ACCEPT))
		flags |= NEIGH_UPDATE_CREATE;
	if (gratuitous || !locked(dev, a->spa))
		flags |= NEIGH_UPDATE_OVERRIDE;
	/* What we know already is refreshed; a unicast answer is a confirmation */
	learn(dev, a, !request && p->type == PKT_HOST ? NUD_REACHABLE : NUD_STALE,
	      flags);
}

static void arp_receive(struct dev *dev, struct pkt *p)
{
	const struct arp_ether *a;
	struct net *net = dev->net;

	if (p->type == PKT_OTHERHOST || dev->flags & (IFF_NOARP | IFF_LOOPBACK) ||
	    !in_dev4(dev)) {
		pkt_drop(net, p, DROP_OTHERHOST);
		return;
	}
	if (!pkt_need(p, sizeof(*a))) {
		pkt_drop(net, p, DROP_ARP_BAD);
		return;
	}
	a = (const struct arp_ether *)p->data;
	if (a->htype != cpu_to_be16(ARP_HTYPE_ETHER) ||
	    a->ptype != cpu_to_be16(ETH_P_IP) || a->hlen != ETH_ALEN || a->plen != 4 ||
	    (a->op != cpu_to_be16(ARP_OP_REQUEST) &&
	     a->op != cpu_to_be16(ARP_OP_REPLY)) ||
	    ip4_is_multicast(a->tpa) || ip4_is_loopback(a->tpa) ||
	    ip4_is_multicast(a->spa) || ip4_is_broadcast(a->spa)) {
		pkt_drop(net, p, DROP_ARP_BAD);
		return;
	}
	arp_process(dev, p, a);
	pkt_free(p);
}

static const struct link_proto arp_proto = {
    .ethertype = ETH_P_ARP,
    .receive = arp_receive,
};

/* arp_notify: say who we are when an address or the device comes up (RFC 5227 §3) */
static int arp_announce(struct net *net, enum event_kind kind, void *obj)
{
	struct dev *dev = obj;
	const struct ifaddr4 *ifa;

	(void)kind;
	if (!in_dev4(dev) || !conf4_get(net, dev, CONF4_ARP_NOTIFY))
		return 0;
	list_for_each(ifa, &in_dev4(dev)->addrs, node)
		arp_send(dev, ARP_OP_REQUEST, NULL, ifa->local, NULL, ifa->local);
	return 0;
}

static int arp_boot(struct warren *w)
{
	int err = path_register(w, &arp_part, &arp_proto);

	neigh_ops_register(w, &arp_ops);
	if (!err)
		err = event_listen(w, &arp_part, EV_DEV_UP, arp_announce);
	if (!err)
		err = event_listen(w, &arp_part, EV_DEV_ADDR, arp_announce);
	return err;
}

static void arp_halt(struct warren *w)
{
	struct neigh_conf **def = warren_part(w, PART_ARP);

	mem_free(&w->mem, *def);
	*def = NULL;
}

const struct part arp_part = {
    .name = "arp",
    .id = PART_ARP,
    .warren_size = sizeof(struct neigh_conf *),
    .boot = arp_boot,
    .halt = arp_halt,
};
