/* SPDX-License-Identifier: MIT */
/*
 * ether.c - Ethernet input: type, destination class; header build
 *
 * Input takes the header off, writes the ethertype to p->proto and the class
 * of the destination to p->type. Frames with an 802.3 length or a VLAN tag
 * have no receiver here and are dropped by ethertype.
 */

#include "link/ether.h"

#include "wire/ether.h"

#include <linux/if_arp.h>

static bool ether_input(struct dev *dev, struct pkt *p)
{
	const struct ether_hdr *h;

	if (!pkt_need(p, ETH_HLEN)) {
		dev->stats.rx_errors++;
		pkt_drop(dev->net, p, DROP_BAD_LENGTH);
		return false;
	}
	h = (const struct ether_hdr *)p->data;
	p->proto = h->proto;
	if (ether_is_broadcast(h->dst))
		p->type = PKT_BROADCAST;
	else if (ether_is_multicast(h->dst))
		p->type = PKT_MULTICAST;
	else if (ether_equal(h->dst, dev->addr))
		p->type = PKT_HOST;
	else
		p->type = PKT_OTHERHOST;
	pkt_pull(p, ETH_HLEN);
	return true;
}

static int ether_header(struct dev *dev, struct pkt *p, u16 ethertype, const u8 *dst,
			const u8 *src)
{
	struct ether_hdr *h;
	int err = pkt_headroom_grow(p, ETH_HLEN);

	if (err)
		return err;
	h = (struct ether_hdr *)pkt_push(p, ETH_HLEN);
	memcpy(h->dst, dst ? dst : dev->broadcast, ETH_ALEN);
	memcpy(h->src, src ? src : dev->addr, ETH_ALEN);
	h->proto = cpu_to_be16(ethertype);
	p->proto = h->proto;
	pkt_set_l2(p);
	return 0;
}

void ether_setup(struct dev *dev)
{
	dev->type = ARPHRD_ETHER;
	dev->addr_len = ETH_ALEN;
	dev->header_len = ETH_HLEN;
	dev->mtu = ETH_DATA_LEN;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = ETH_DATA_LEN;
	dev->flags = IFF_BROADCAST | IFF_MULTICAST;
	memset(dev->broadcast, 0xff, ETH_ALEN);
	dev->link_input = ether_input;
	dev->link_header = ether_header;
}

void ether_random_addr(struct net *net, u8 mac[6])
{
	random_bytes(&net->random, mac, ETH_ALEN);
	mac[0] = (u8)((mac[0] & 0xfe) | 0x02);
}
