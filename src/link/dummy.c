/* SPDX-License-Identifier: MIT */
/*
 * dummy.c - a device that takes every packet and says nothing
 *
 * The smallest kind that programs can make: read it before you write one. It
 * has no state. What it takes is counted as sent; nothing is ever received.
 * It asks no neighbour (NOARP), so an address of it is reached by whoever
 * routes there. Its carrier can be taken away, which no other kind allows.
 */

#include "link/dummy.h"

#include "link/ether.h"
#include "link/linkattr.h"

static int dummy_xmit(struct dev *dev, struct pkt *p)
{
	dev->stats.tx_packets += p->gso_segs ? p->gso_segs : 1;
	dev->stats.tx_bytes += p->len;
	pkt_free(p);
	return 0;
}

static int dummy_change_carrier(struct dev *dev, bool on)
{
	dev_set_carrier(dev, on);
	return 0;
}

static const struct dev_ops dummy_ops = {
    .xmit = dummy_xmit,
    .change_carrier = dummy_change_carrier,
};

static void dummy_setup(struct dev *dev)
{
	ether_setup(dev);
	dev->ops = &dummy_ops;
	dev->flags = IFF_BROADCAST | IFF_NOARP;
	dev->min_mtu = dev->max_mtu = 0; /* any */
	dev->features_csum = dev->features_gso = true;
	ether_random_addr(dev->net, dev->addr);
}

static int dummy_validate(const struct nlattr *const tb[], const struct nlattr *data,
			  struct ext_ack *ack)
{
	(void)data;
	(void)ack;
	return link_check_ether(tb, 0, INT32_MAX);
}

static const struct dev_kind dummy_kind = {
    .name = "dummy",
    .pattern = "dummy%d",
    .setup = dummy_setup,
    .validate = dummy_validate,
};

int dummy_new(struct net *net, const char *name, struct dev **out)
{
	int err = dev_new(net, &dummy_kind, name, out);

	if (err)
		return err;
	err = dev_register(*out);
	if (err)
		dev_discard(*out);
	return err;
}

static int dummy_boot(struct warren *w)
{
	return kind_register(w, &dummy_part, &dummy_kind);
}

const struct part dummy_part = {
    .name = "dummy",
    .id = PART_DUMMY,
    .boot = dummy_boot,
};
