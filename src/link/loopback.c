/* SPDX-License-Identifier: MIT */
/*
 * loopback.c - lo: what is sent comes back
 *
 * The first device of every net, always with index 1, made at the net's birth
 * and taken down last (N1.2, N4.2). It cannot be deleted or moved. Frames have
 * an Ethernet header of zeros, as in Linux, so captures look the same.
 */

#include "link/loopback.h"

#include "link/ether.h"

#include <linux/if_arp.h>

static int loopback_xmit(struct dev *dev, struct pkt *p)
{
	dev->stats.tx_packets += p->gso_segs ? p->gso_segs : 1;
	dev->stats.tx_bytes += p->len - dev->header_len;
	pkt_scrub(p, false);
	path_input(dev, p);
	return 0;
}

static const struct dev_ops loopback_ops = {
    .xmit = loopback_xmit,
};

static void loopback_setup(struct dev *dev)
{
	ether_setup(dev);
	dev->ops = &loopback_ops;
	dev->type = ARPHRD_LOOPBACK;
	dev->flags = IFF_LOOPBACK;
	dev->mtu = 65536;
	dev->min_mtu = 0;
	dev->max_mtu = 0; /* no upper end */
	memset(dev->broadcast, 0, sizeof(dev->broadcast));
	dev->features_csum = dev->features_gso = true;
	dev->netns_immutable = true;
}

static const struct dev_kind loopback_kind = {
    .pattern = "lo",
    .setup = loopback_setup,
    .no_create = true,
};

static int loopback_net_init(struct net *net)
{
	struct dev *dev;
	int err = dev_new(net, &loopback_kind, "lo", &dev);

	if (err)
		return err;
	err = dev_register(dev);
	if (err) {
		dev_discard(dev);
		return err;
	}
	net->lo = dev;
	return 0;
}

/* Reached with lo alive only when a later part's birth failed; dev.c's pre_exit has
 * taken it down otherwise. */
static void loopback_net_exit(struct net *net)
{
	if (net->lo)
		dev_unregister(net->lo);
	net->lo = NULL;
}

const struct part loopback_part = {
    .name = "loopback",
    .id = PART_LOOPBACK,
    .net_init = loopback_net_init,
    .net_exit = loopback_net_exit,
};
