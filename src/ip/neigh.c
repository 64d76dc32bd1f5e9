/* SPDX-License-Identifier: MIT */
/*
 * neigh.c - one neighbour state machine (RFC 4861 §7.3) for ARP and ND
 *
 *             packet                      answer
 *   (none) ----------> INCOMPLETE ----------------------> REACHABLE
 *                       | no answer, mcast_solicit           | reachable time over
 *                       v                                    v
 *                     FAILED <----- PROBE <----- DELAY <-- STALE
 *                              no answer   5 s     packet
 *
 *   REACHABLE and DELAY are confirmed by answers and by upper layers
 *   (neigh_confirm). PERMANENT and NOARP never move. A FAILED or long unused
 *   STALE entry is collected.
 *
 * One table a worker, tagged by the device, which is tagged by its net; each
 * entry is also in its device's and its net's list. An entry is held by its
 * table; packets that wait are in its queue and hold nothing.
 *
 * Times are those of net/ipv4/neigh/DEV/, whose tree is neigh_conf.c.
 */

#include "ip/neigh.h"
#include "ip/fib.h"
#include "ip/neigh_proxy.h"

#include "base/bug.h"
#include "base/slab.h"
#include "core/event.h"
#include "ip/addr4.h"
#include "ip/ip_parts.h"
#include "ip/neigh_conf.h"
#include "wire/ether.h"

#include <linux/if_arp.h>
#include <linux/rtnetlink.h>

#define NUD_HAS_LLADDR                                                                 \
	(NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY)
#define NUD_TIMED (NUD_INCOMPLETE | NUD_REACHABLE | NUD_DELAY | NUD_PROBE)

struct neigh_worker {
	struct table table;
	struct slab slab;
};

struct neigh_net {
	struct list neighs;
	u32 n;
	struct list proxies;
};

struct neigh_warren {
	const struct neigh_ops *ops4;
};

static struct neigh_worker *neigh_worker(const struct net *net)
{
	return worker_part(net->worker, PART_NEIGH);
}

static struct neigh_net *neigh_net(const struct net *net)
{
	return net_part(net, PART_NEIGH);
}

struct list *neigh_proxies(const struct net *net)
{
	return &neigh_net(net)->proxies;
}

void neigh_ops_register(struct warren *w, const struct neigh_ops *ops)
{
	struct neigh_warren *nw = warren_part(w, PART_NEIGH);

	nw->ops4 = ops;
}

static u64 now(const struct neigh *nt)
{
	return clock_now(nt->dev->net->w);
}

static u32 neigh_hash(const struct dev *dev, const struct ipaddr *addr)
{
	u64 hi, lo;

	ipaddr_words(addr, &hi, &lo);
	return hash3(&dev->net->worker->key, hi, lo,
		     (u64)dev->net->mix << 32 | (u32)dev->ifindex);
}

struct neigh *neigh_find(struct dev *dev, const struct ipaddr *addr)
{
	struct table *t = &neigh_worker(dev->net)->table;

	for (struct table_node *n = table_first(t, neigh_hash(dev, addr)); n;
	     n = table_next(n)) {
		struct neigh *nt = container_of(n, struct neigh, node);

		if (nt->dev == dev && ipaddr_equal(&nt->addr, addr))
			return nt;
	}
	return NULL;
}

/* ---- the queue of packets that wait for an address ---- */

static void queue_purge(struct neigh *nt, enum drop why)
{
	struct pkt *p;

	while ((p = list_first(&nt->queue, struct pkt, node))) {
		list_del(&p->node);
		pkt_drop(nt->dev->net, p, why);
	}
	nt->queue_bytes = 0;
}

/* Nobody answered: tell the senders, by ICMP through the family. @nt may be gone after
 * it. */
static void queue_fail(struct neigh *nt)
{
	const struct neigh_ops *ops = nt->ops;
	struct dev *dev = nt->dev;
	struct list todo;

	list_init(&todo);
	list_splice_tail(&todo, &nt->queue);
	nt->queue_bytes = 0;
	/* From here on @nt may go: an ICMP message may want its place in the table */
	dev_hold(dev);
	while (!list_empty(&todo)) {
		struct pkt *p = list_entry(todo.next, struct pkt, node);

		list_del(&p->node);
		if (ops->unreachable)
			ops->unreachable(p);
		else
			pkt_drop(dev->net, p, DROP_NEIGH_FAILED);
	}
	dev_put(dev);
}

static void queue_add(struct neigh *nt, struct pkt *p)
{
	u32 limit = (u32)neigh_conf(nt->dev, NC_UNRES_QLEN_BYTES);
	u32 size = pkt_truesize(p);

	/* The oldest gives way */
	while (!list_empty(&nt->queue) && nt->queue_bytes + size > limit) {
		struct pkt *old = list_first(&nt->queue, struct pkt, node);

		list_del(&old->node);
		nt->queue_bytes -= pkt_truesize(old);
		pkt_drop(nt->dev->net, old, DROP_NEIGH_QUEUE_FULL);
	}
	list_add_tail(&nt->queue, &p->node);
	nt->queue_bytes += size;
}

static int send_to(struct dev *dev, struct pkt *p, u16 family, const u8 *lladdr)
{
	u16 type = family == AF_INET ? ETH_P_IP : ETH_P_IPV6;
	int err = dev->link_header ? dev->link_header(dev, p, type, lladdr, NULL) : 0;

	if (err) {
		pkt_drop(dev->net, p, DROP_NO_MEMORY);
		return err;
	}
	if (!dev->link_header)
		p->proto = cpu_to_be16(type);
	return path_transmit(dev, p);
}

static void queue_send(struct neigh *nt)
{
	struct list todo;

	list_init(&todo);
	list_splice_tail(&todo, &nt->queue);
	nt->queue_bytes = 0;
	while (!list_empty(&todo)) {
		struct pkt *p = list_entry(todo.next, struct pkt, node);

		list_del(&p->node);
		send_to(nt->dev, p, nt->ops->family, nt->lladdr);
	}
}

/* ---- life ---- */

static void neigh_timer(struct timer *t);

static void neigh_free(struct neigh *nt)
{
	struct net *net = nt->dev->net;

	timer_cancel(&nt->timer);
	queue_purge(nt, DROP_NEIGH_FAILED);
	nt->dead = true;
	table_del(&neigh_worker(net)->table, &nt->node);
	list_del(&nt->dev_node);
	list_del(&nt->net_node);
	neigh_net(net)->n--;
	quota_add(net, QUOTA_NEIGHBOURS, -1);
	slab_put(&neigh_worker(net)->slab, nt);
}

static void neigh_remove(struct neigh *nt)
{
	event_raise(nt->dev->net, EV_NEIGH_DEL, nt);
	neigh_free(nt);
}

/* Over gc_thresh3: the oldest that nobody needs goes. Linux's limits are global; here a
 * net starves only itself. */
static bool make_room(struct net *net)
{
	struct neigh_net *nn = neigh_net(net);
	u32 most = (u32)neigh_conf_default(net->w, NC_GC_THRESH3);
	struct neigh *nt;

	if (nn->n < most && quota_fits(net, QUOTA_NEIGHBOURS, 1))
		return true;
	list_for_each(nt, &nn->neighs, net_node)
		if (!(nt->state & (NUD_PERMANENT | NUD_NOARP | NUD_TIMED))) {
			neigh_remove(nt);
			break;
		}
	return nn->n < most && quota_room(net, QUOTA_NEIGHBOURS, 1);
}

/* Whom nobody has to ask: the link says what the address is (RFC 1112 §6.4) */
static void settle_mapped(struct neigh *nt)
{
	const struct dev *dev = nt->dev;

	if (nt->type == RTN_MULTICAST && !dev_is_lo(dev))
		ether_ip4_multicast(nt->lladdr, nt->addr.v4);
	else if (dev_is_lo(dev) || dev->flags & IFF_NOARP)
		memcpy(nt->lladdr, dev->addr, dev->addr_len);
	else if (nt->type == RTN_BROADCAST)
		memcpy(nt->lladdr, dev->broadcast, dev->addr_len);
	else
		return;
	nt->state = NUD_NOARP;
}

static struct neigh *neigh_new(struct dev *dev, const struct ipaddr *addr)
{
	struct neigh_warren *nw = warren_part(dev->net->w, PART_NEIGH);
	struct neigh_dev *nd = dev->slot[DEV_SLOT_NEIGH4];
	struct net *net = dev->net;
	struct neigh *nt;

	if (!nd || !nw->ops4 || !make_room(net))
		return NULL;
	nt = slab_get(&neigh_worker(net)->slab);
	if (!nt)
		return NULL;
	count_init(&nt->refs);
	nt->ops = nw->ops4;
	nt->dev = dev;
	nt->addr = *addr;
	nt->state = NUD_NONE;
	nt->type = fib_addr_type(net, addr);
	settle_mapped(nt);
	nt->updated_ns = nt->used_ns = nt->confirmed_ns = now(nt);
	timer_init(&nt->timer, net->worker->wheel, neigh_timer);
	list_init(&nt->queue);
	if (table_add(&neigh_worker(net)->table, &nt->node, neigh_hash(dev, addr))) {
		slab_put(&neigh_worker(net)->slab, nt);
		return NULL;
	}
	list_add_tail(&nd->neighs, &nt->dev_node);
	list_add_tail(&neigh_net(net)->neighs, &nt->net_node);
	neigh_net(net)->n++;
	quota_add(net, QUOTA_NEIGHBOURS, 1);
	return nt;
}

/* ---- the machine ---- */

static u64 reachable_ns(struct neigh *nt)
{
	u32 base_ms = (u32)neigh_conf(nt->dev, NC_BASE_REACHABLE_MS);

	/* 0.5 … 1.5 of the base (RFC 4861 §6.3.2), drawn at each confirmation */
	return ((u64)base_ms / 2 +
		random_below(&nt->dev->net->random, max(base_ms, 1U))) *
	       NS_PER_MS;
}

static u64 retrans_ns(const struct neigh *nt)
{
	return (u64)neigh_conf(nt->dev, NC_RETRANS_MS) * NS_PER_MS;
}

static u32 max_probes(const struct neigh *nt)
{
	u32 n = (u32)neigh_conf(nt->dev, NC_UCAST_SOLICIT) +
		(u32)neigh_conf(nt->dev, NC_APP_SOLICIT);

	return nt->state & NUD_PROBE ? n + (u32)neigh_conf(nt->dev, NC_MCAST_RESOLICIT)
				     : n + (u32)neigh_conf(nt->dev, NC_MCAST_SOLICIT);
}

static void set_state(struct neigh *nt, u16 state)
{
	u64 t = now(nt);

	nt->state = state;
	switch (state) {
	case NUD_INCOMPLETE:
	case NUD_PROBE:
		timer_set_at(&nt->timer, t + retrans_ns(nt));
		break;
	case NUD_REACHABLE:
		nt->reachable_ns = reachable_ns(nt);
		timer_set_at(&nt->timer, t + nt->reachable_ns);
		break;
	case NUD_DELAY:
		timer_set_at(&nt->timer,
			     t + (u64)neigh_conf(nt->dev, NC_DELAY_FIRST_S) * NS_PER_S);
		break;
	case NUD_STALE:
	case NUD_FAILED:
		/* collected when it was not used for so long */
		timer_set_at(&nt->timer,
			     t + (u64)neigh_conf(nt->dev, NC_GC_STALE_S) * NS_PER_S);
		break;
	default:
		timer_cancel(&nt->timer);
		break;
	}
}

static void changed(struct neigh *nt)
{
	nt->updated_ns = now(nt);
	event_raise(nt->dev->net, EV_NEIGH_UPDATE, nt);
}

static void solicit(struct neigh *nt)
{
	const u8 *known = nt->state & NUD_PROBE ? nt->lladdr : NULL;
	const struct pkt *why = list_last(&nt->queue, struct pkt, node);

	/* After the unicast probes, ask everybody (mcast_resolicit) */
	if (known && nt->probes >= (u32)neigh_conf(nt->dev, NC_UCAST_SOLICIT))
		known = NULL;
	nt->probes++;
	nt->ops->solicit(nt->dev, &nt->addr, known, why);
}

static void neigh_timer(struct timer *t)
{
	struct neigh *nt = container_of(t, struct neigh, timer);
	u64 at = now(nt);

	switch (nt->state) {
	case NUD_REACHABLE:
		if (at < nt->confirmed_ns + nt->reachable_ns) {
			timer_set_at(t, nt->confirmed_ns + nt->reachable_ns);
			return;
		}
		set_state(nt, NUD_STALE);
		changed(nt);
		return;
	case NUD_DELAY:
		if (at < nt->confirmed_ns +
			     (u64)neigh_conf(nt->dev, NC_DELAY_FIRST_S) * NS_PER_S) {
			set_state(nt, NUD_REACHABLE);
			changed(nt);
			return;
		}
		nt->probes = 0;
		set_state(nt, NUD_PROBE);
		changed(nt);
		solicit(nt);
		return;
	case NUD_INCOMPLETE:
	case NUD_PROBE:
		if (nt->probes >= max_probes(nt)) {
			set_state(nt, NUD_FAILED);
			changed(nt);
			queue_fail(nt);
			return;
		}
		timer_set_at(t, at + retrans_ns(nt));
		solicit(nt);
		return;
	case NUD_STALE:
	case NUD_FAILED:
		if (at >= max(nt->used_ns, nt->updated_ns) +
			      (u64)neigh_conf(nt->dev, NC_GC_STALE_S) * NS_PER_S)
			neigh_remove(nt);
		else
			timer_set_at(t, max(nt->used_ns, nt->updated_ns) +
					    (u64)neigh_conf(nt->dev, NC_GC_STALE_S) *
						NS_PER_S);
		return;
	default:
		return;
	}
}

/* Begin to ask for an address. */
static void resolve(struct neigh *nt)
{
	nt->probes =
	    (u8)neigh_conf(nt->dev, NC_UCAST_SOLICIT); /* nobody to ask alone yet */
	set_state(nt, NUD_INCOMPLETE);
	nt->updated_ns = now(nt);
	solicit(nt);
}

static int output_resolved(struct neigh *nt, struct pkt *p)
{
	nt->used_ns = now(nt);
	if (nt->state & NUD_STALE) {
		set_state(nt, NUD_DELAY);
		changed(nt);
	}
	return send_to(nt->dev, p, nt->ops->family, nt->lladdr);
}

int neigh_output(struct dev *dev, const struct ipaddr *nexthop, struct pkt *p)
{
	struct neigh *nt;
	u8 mac[32];

	if (!dev->link_header || dev->flags & (IFF_NOARP | IFF_LOOPBACK))
		return send_to(dev, p, nexthop->family, dev->addr);
	if (ipaddr_is_broadcast(nexthop) || p->type == PKT_BROADCAST)
		return send_to(dev, p, nexthop->family, dev->broadcast);
	if (nexthop->family == AF_INET && ip4_is_multicast(nexthop->v4)) {
		ether_ip4_multicast(mac, nexthop->v4);
		return send_to(dev, p, nexthop->family, mac);
	}
	nt = neigh_find(dev, nexthop);
	if (!nt)
		nt = neigh_new(dev, nexthop);
	if (!nt) {
		pkt_drop(dev->net, p, DROP_NO_MEMORY);
		return -ENOBUFS;
	}
	if (likely(nt->state & NUD_HAS_LLADDR))
		return output_resolved(nt, p);
	nt->used_ns = now(nt);
	p->dev = dev;
	queue_add(nt, p);
	if (!(nt->state & NUD_INCOMPLETE))
		resolve(nt);
	return 0;
}

void neigh_confirm(struct dev *dev, const struct ipaddr *nexthop)
{
	struct neigh *nt = neigh_find(dev, nexthop);

	if (!nt)
		return;
	nt->confirmed_ns = now(nt);
	if (nt->state & (NUD_STALE | NUD_DELAY | NUD_PROBE)) {
		set_state(nt, NUD_REACHABLE);
		changed(nt);
	}
}

/* ---- facts from the wire and from administrators ---- */

int neigh_update(struct dev *dev, const struct ipaddr *addr, const u8 *lladdr,
		 u16 state, u32 flags, u8 ntf_flags, u8 protocol)
{
	struct neigh *nt = neigh_find(dev, addr);
	bool same, had;
	u16 old;

	if (!nt) {
		if (!(flags & NEIGH_UPDATE_CREATE))
			return -ENOENT;
		nt = neigh_new(dev, addr);
		if (!nt)
			return -ENOBUFS;
	}
	old = nt->state;
	had = old & NUD_HAS_LLADDR;
	if (!(flags & NEIGH_UPDATE_ADMIN) && old & (NUD_NOARP | NUD_PERMANENT))
		return -EPERM;
	if (flags & NEIGH_UPDATE_ADMIN) {
		nt->flags = ntf_flags;
		nt->protocol = protocol;
	}
	if (!(state & NUD_HAS_LLADDR)) {
		set_state(nt, state);
		if (state & NUD_INCOMPLETE)
			resolve(nt);
		changed(nt);
		if (state & NUD_FAILED)
			queue_fail(nt);
		return 0;
	}
	same = had && (!lladdr || !memcmp(nt->lladdr, lladdr, dev->addr_len));
	if (!lladdr && !had)
		return -EINVAL;
	if (state & (NUD_REACHABLE | NUD_PERMANENT | NUD_NOARP))
		nt->confirmed_ns = now(nt);
	if (had && !same && !(flags & NEIGH_UPDATE_OVERRIDE))
		return 0; /* a second answer: the first one holds (RFC 826, proxies) */
	if (same && state == NUD_STALE &&
	    old & (NUD_REACHABLE | NUD_DELAY | NUD_PROBE) &&
	    !(flags & NEIGH_UPDATE_ADMIN))
		return 0; /* nothing new, and what we know is better */
	if (lladdr)
		memcpy(nt->lladdr, lladdr, dev->addr_len);
	nt->probes = 0;
	set_state(nt, state);
	if (state != old || !same || flags & NEIGH_UPDATE_ADMIN)
		changed(nt);
	queue_send(nt);
	return 0;
}

int neigh_del(struct dev *dev, const struct ipaddr *addr)
{
	struct neigh *nt = neigh_find(dev, addr);

	if (!nt)
		return -ENOENT;
	/* Linux says FAILED first, then that it is gone */
	if (nt->state != NUD_FAILED) {
		set_state(nt, NUD_FAILED);
		changed(nt);
	}
	neigh_remove(nt);
	return 0;
}

void neigh_flush(struct dev *dev, bool keep_permanent)
{
	struct neigh_dev *nd = dev->slot[DEV_SLOT_NEIGH4];
	struct neigh *nt, *tmp;

	if (!nd)
		return;
	list_for_each_safe(nt, tmp, &nd->neighs, dev_node)
		if (!keep_permanent || !(nt->state & NUD_PERMANENT))
			neigh_remove(nt);
}

int neigh_walk(struct net *net, int (*fn)(struct neigh *nt, void *arg), void *arg)
{
	struct neigh *nt, *tmp;

	list_for_each_safe(nt, tmp, &neigh_net(net)->neighs, net_node) {
		int ret = fn(nt, arg);

		if (ret)
			return ret;
	}
	return 0;
}

/* ---- the part ---- */

static int dev_event(struct net *net, enum event_kind kind, void *obj)
{
	struct dev *dev = obj;
	struct neigh_dev *nd;

	switch (kind) {
	case EV_DEV_REGISTER:
		nd = net_alloc(dev->net, sizeof(*nd));
		if (!nd)
			return -ENOMEM;
		list_init(&nd->neighs);
		dev->slot[DEV_SLOT_NEIGH4] = nd;
		break;
	case EV_DEV_MTU:
		if (dev->mtu < IP4_MIN_MTU)
			neigh_flush(dev, false);
		break;
	case EV_DEV_DOWN:
	case EV_DEV_ADDR:
		neigh_flush(dev, false);
		break;
	case EV_DEV_CHANGE:
		if (dev->change & IFF_NOARP)
			neigh_flush(dev, false);
		if (!dev->carrier && conf4_get(net, dev, CONF4_ARP_EVICT_NOCARRIER))
			neigh_flush(dev, true);
		break;
	case EV_DEV_UNREGISTER:
		neigh_flush(dev, false);
		neigh_proxy_drop(dev->net, dev);
		nd = dev->slot[DEV_SLOT_NEIGH4];
		if (nd)
			net_free(dev->net, nd->conf);
		net_free(dev->net, nd);
		dev->slot[DEV_SLOT_NEIGH4] = NULL;
		break;
	default:
		break;
	}
	return 0;
}

static int neigh_boot(struct warren *w)
{
	static const enum event_kind kinds[] = {EV_DEV_REGISTER,   EV_DEV_DOWN,
						EV_DEV_ADDR,	   EV_DEV_CHANGE,
						EV_DEV_UNREGISTER, EV_DEV_MTU};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int err = event_listen(w, &neigh_part, kinds[i], dev_event);

		if (err)
			return err;
	}
	return neigh_conf_boot(w, &neigh_part);
}

static int neigh_worker_init(struct worker *k)
{
	struct neigh_worker *nw = worker_part(k, PART_NEIGH);

	table_init(&nw->table);
	slab_init(&nw->slab, "neigh", sizeof(struct neigh), &k->w->mem);
	return 0;
}

static void neigh_worker_exit(struct worker *k)
{
	struct neigh_worker *nw = worker_part(k, PART_NEIGH);

	table_fini(&nw->table);
	slab_fini(&nw->slab);
}

static int neigh_net_init(struct net *net)
{
	list_init(&neigh_net(net)->neighs);
	list_init(&neigh_net(net)->proxies);
	return 0;
}

static void neigh_net_exit(struct net *net)
{
	neigh_proxy_drop(net, NULL);
}

const struct part neigh_part = {
    .name = "neigh",
    .id = PART_NEIGH,
    .warren_size = sizeof(struct neigh_warren),
    .worker_size = sizeof(struct neigh_worker),
    .net_size = sizeof(struct neigh_net),
    .boot = neigh_boot,
    .worker_init = neigh_worker_init,
    .net_init = neigh_net_init,
    .net_exit = neigh_net_exit,
    .worker_exit = neigh_worker_exit,
};
