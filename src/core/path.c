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

static void see_taps(struct dev *dev, const struct pkt *p, bool out)
{
	struct tap *tap, *tmp;

	list_for_each_safe(tap, tmp, &dev->net->w->captures, node) {
		if (tap->net && tap->net != dev->net)
			continue;
		if (tap->ifindex && tap->ifindex != dev->ifindex)
			continue;
		tap->see(tap, dev, p, out);
	}
}

void tap_add(struct warren *w, struct tap *tap)
{
	list_add_tail(&w->captures, &tap->node);
}

void tap_del(struct tap *tap)
{
	list_del(&tap->node);
}

void path_input(struct dev *dev, struct pkt *p)
{
	cross_packet(dev, p);
}

void path_receive(struct dev *dev, struct pkt *p)
{
	const struct link_proto *lp;
	struct net *net = dev->net;

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
		see_taps(dev, p, false);
	if (dev->link_input &&
	    !dev->link_input(dev, p)) /* consumed: not for us, malformed */
		return;
	lp = registry_find_key(net, REG_PROTO, be16_to_cpu(p->proto));
	if (!lp) {
		dev->stats.rx_dropped++;
		pkt_drop(net, p, DROP_NO_PROTO);
		return;
	}
	pkt_set_l3(p);
	lp->receive(dev, p);
}

static int give(struct dev *dev, struct pkt *p)
{
	if (!list_empty(&dev->net->w->captures))
		see_taps(dev, p, true);
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
		return -ENETDOWN;
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
