/* SPDX-License-Identifier: MIT */
/*
 * path.c - receive path and transmit path of a device
 *
 * In:  driver -> path_input -> backlog (cross.c) -> the worker's turn ->
 *      path_receive: counters, taps, link header off, protocol by ethertype
 * Out: path_transmit: up? fits? taps, cut and checksum where the device needs
 *      it, the driver
 */

#include "core/cross.h"
#include "core/dev.h"
#include "core/registry.h"

int path_register(struct warren *w, const struct part *part,
		  const struct link_proto *lp)
{
	return registry_add(w, REG_PROTO, part, NULL, lp->ethertype, lp);
}

/* ---- taps ---- */

static u32 type_hash(const struct net *net, const struct dev *dev, u16 ethertype)
{
	const u32 key[] = {net->mix, dev ? (u32)dev->ifindex : 0, ethertype};

	return (u32)siphash(&net->worker->key, key, sizeof(key));
}

int tap_add(struct tap *tap)
{
	struct net *net = tap->net;
	int err;

	list_init(&tap->node);
	if (tap->ethertype) {
		err = table_add(&net->worker->taps, &tap->by_type,
				type_hash(net, tap->dev, tap->ethertype));
		if (err)
			return err;
		net->n_typed_taps++;
		return 0;
	}
	list_add_tail(tap->dev ? &tap->dev->taps : &net->taps, &tap->node);
	return 0;
}

void capture_add(struct warren *w, struct tap *tap)
{
	list_add_tail(&w->captures, &tap->node);
}

void tap_del(struct tap *tap)
{
	if (!tap->ethertype) {
		list_del(&tap->node);
		return;
	}
	table_del(&tap->net->worker->taps, &tap->by_type);
	tap->net->n_typed_taps--;
}

static void capture(struct dev *dev, const struct pkt *p, bool out)
{
	struct tap *tap;

	list_for_each(tap, &dev->net->w->captures, node)
		if (!tap->net || tap->net == dev->net)
			tap->see(tap, dev, p, out);
}

static void see_list(struct list *taps, struct dev *dev, const struct pkt *p, bool out)
{
	struct tap *tap, *tmp;

	list_for_each_safe(tap, tmp, taps, node)
		tap->see(tap, dev, p, out);
}

/* Return: did anybody see it? */
static bool see_all(struct dev *dev, const struct pkt *p, bool out)
{
	bool net = !list_empty(&dev->net->taps), own = !list_empty(&dev->taps);

	if (net)
		see_list(&dev->net->taps, dev, p, out);
	if (own)
		see_list(&dev->taps, dev, p, out);
	return net || own;
}

static bool see_typed(struct dev *dev, const struct dev *bound, const struct pkt *p)
{
	struct net *net = dev->net;
	u16 ethertype = be16_to_cpu(p->proto);
	struct table_node *n, *next;
	bool seen = false;

	for (n = table_first(&net->worker->taps, type_hash(net, bound, ethertype)); n;
	     n = next) {
		struct tap *tap = container_of(n, struct tap, by_type);

		next = table_next(n);
		if (tap->net != net || tap->dev != bound || tap->ethertype != ethertype)
			continue;
		tap->see(tap, dev, p, false);
		seen = true;
	}
	return seen;
}

/* ---- receive ---- */

void path_input(struct dev *dev, struct pkt *p)
{
	cross_packet(dev, p);
}

void path_receive(struct dev *dev, struct pkt *p)
{
	const struct link_proto *lp;
	struct net *net = dev->net;
	bool seen;

	if (dev->state != DEV_REGISTERED || !dev_is_up(dev)) {
		dev->stats.rx_dropped++;
		pkt_drop(net, p, DROP_DEV_DOWN);
		return;
	}
	pkt_set_l2(p);
	p->iif = p->loop_iif && dev_is_lo(dev) ? p->loop_iif : dev->ifindex;
	p->loop_iif = 0;
	if (!p->stamp_ns)
		p->stamp_ns = clock_wall(net->w);
	dev->stats.rx_packets += p->gso_segs ? p->gso_segs : 1;
	/* Linux takes the header off before it counts what lo carries */
	dev->stats.rx_bytes += p->len - (dev_is_lo(dev) ? dev->header_len : 0U);
	if (!list_empty(&net->w->captures))
		capture(dev, p, false);
	if (dev->link_input &&
	    !dev->link_input(dev, p)) /* consumed: not for us, malformed */
		return;
	pkt_set_l3(p);
	p->dev = dev;
	seen = see_all(dev, p, false);
	if (net->n_typed_taps) {
		seen |= see_typed(dev, NULL, p);
		seen |= see_typed(dev, dev, p);
	}
	lp = registry_find_key(net, REG_PROTO, be16_to_cpu(p->proto));
	if (lp) {
		lp->receive(dev, p);
	} else if (seen) {
		pkt_free(p);
	} else {
		dev->stats.rx_dropped++;
		pkt_drop(net, p, DROP_NO_PROTO);
	}
}

/* ---- transmit ---- */

static int give(struct dev *dev, struct pkt *p)
{
	if (!list_empty(&dev->net->w->captures))
		capture(dev, p, true);
	see_all(dev, p, true);
	return dev->ops->xmit(dev, p);
}

static int give_pieces(struct dev *dev, struct pkt *p)
{
	struct list pieces;
	int err;

	list_init(&pieces);
	err = gso_segment(p, &pieces);
	while (!list_empty(&pieces)) {
		struct pkt *s = list_entry(pieces.next, struct pkt, node);
		int e;

		list_del(&s->node);
		e = dev->features_csum ? 0 : pkt_csum_finish(s);
		if (e)
			pkt_drop(dev->net, s, DROP_NO_MEMORY);
		else
			e = give(dev, s);
		if (e && !err)
			err = e;
	}
	return err;
}

int path_transmit(struct dev *dev, struct pkt *p)
{
	struct net *net = dev->net;
	int err;

	if (dev->state != DEV_REGISTERED || !dev_is_up(dev)) {
		dev->stats.tx_dropped++;
		pkt_drop(net, p, DROP_DEV_DOWN);
		return 0; /* as Linux, whose devices that are down swallow all */
	}
	p->dev = dev;
	if (p->gso_size && !dev->features_gso)
		return give_pieces(dev, p);
	if (!p->gso_size && p->len > dev->mtu + dev->header_len) {
		dev->stats.tx_errors++;
		pkt_drop(net, p, DROP_TOO_BIG);
		return -EMSGSIZE;
	}
	if (!dev->features_csum && p->csum == PKT_CSUM_PARTIAL) {
		err = pkt_csum_finish(p);
		if (err) {
			pkt_drop(net, p, DROP_NO_MEMORY);
			return err;
		}
	}
	return give(dev, p);
}
