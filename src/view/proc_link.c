/* SPDX-License-Identifier: MIT */
/*
 * proc_link.c - /proc/net: packet, ptype, dev_mcast: what stands at the devices
 */

#include "core/dev.h"
#include "core/registry.h"
#include "family/packet.h"
#include "view/views.h"

#include <linux/if_ether.h>

static int packet_text(struct net *net, const char *rel, struct text *out)
{
	struct packet_info pi;
	const struct sock *sk;

	(void)rel;
	text_printf(out, "sk               RefCnt Type Proto  Iface R Rmem   User   "
			 "Inode\n");
	list_for_each(sk, &net->socks, net_node) {
		if (sk->family != AF_PACKET)
			continue;
		packet_info(sk, &pi);
		text_printf(out, "%016llx %-6u %-4d %04x   %-5d %1d %-6u %-6u %-6llu\n",
			    (unsigned long long)sk->cookie, sk->refs.n + sk->counted,
			    sk->type, pi.num, pi.ifindex, pi.running,
			    sk->rmem + sock_front_queued(sk, true), sk->uid,
			    (unsigned long long)sk->inode);
	}
	return 0;
}

/* ---- who hears which frames ---- */

/* Linux keeps those with an ethertype in so many lists */
enum { PTYPE_LISTS = 16 };

static void put_all(struct net *net, struct text *out, bool bound)
{
	const struct sock *sk;

	list_for_each(sk, &net->socks, net_node) {
		struct packet_info pi;
		const struct dev *dev;

		if (sk->family != AF_PACKET)
			continue;
		packet_info(sk, &pi);
		dev = pi.ifindex > 0 ? dev_by_index(net, pi.ifindex) : NULL;
		if (pi.running && pi.num == ETH_P_ALL && !dev == !bound)
			text_printf(out, "ALL  %-8s packet_rcv\n",
				    dev ? dev->name : "");
	}
}

static void put_typed(struct net *net, struct text *out, u16 list)
{
	const struct registry *r = &net->w->registry[REG_PROTO];
	const struct sock *sk;

	list_for_each(sk, &net->socks, net_node) {
		struct packet_info pi;

		if (sk->family != AF_PACKET)
			continue;
		packet_info(sk, &pi);
		if (pi.running && pi.num != ETH_P_ALL && !pi.ifindex &&
		    pi.num % PTYPE_LISTS == list)
			text_printf(out, "%04x %-8s packet_rcv\n", pi.num, "");
	}
	for (u32 i = 0; i < r->n; i++) {
		const struct registry_entry *e = &r->entries[i];

		if (registry_hidden(e, net) || !e->key || e->key % PTYPE_LISTS != list)
			continue;
		text_printf(out, "%04x %-8s %s_rcv\n", (unsigned)e->key, "",
			    e->key == ETH_P_IP	  ? "ip"
			    : e->key == ETH_P_ARP ? "arp"
			    : e->part		  ? e->part->name
						  : "?");
	}
}

static int ptype_text(struct net *net, const char *rel, struct text *out)
{
	(void)rel;
	text_printf(out, "Type Device      Function\n");
	put_all(net, out, true);
	put_all(net, out, false);
	for (u16 list = 0; list < PTYPE_LISTS; list++)
		put_typed(net, out, list);
	return 0;
}

static int dev_mcast_text(struct net *net, const char *rel, struct text *out)
{
	const struct dev_mc *mc;
	struct dev *dev;

	(void)rel;
	list_for_each(dev, &net->devs, node)
		list_for_each(mc, &dev->mc, node) {
			text_printf(out, "%-4d %-15s %-5u %-5d ", dev->ifindex,
				    dev->name, mc->refs, 0);
			for (u8 i = 0; i < dev->addr_len; i++)
				text_printf(out, "%02x", mc->addr[i]);
			text_printf(out, "\n");
		}
	return 0;
}

static const struct view proc_link_views[] = {
    {.path = "net/packet", .text = packet_text},
    {.path = "net/ptype", .text = ptype_text},
    {.path = "net/dev_mcast", .text = dev_mcast_text},
};

int proc_link_boot(struct warren *w)
{
	return views_register(w, &proc_net_part, proc_link_views,
			      ARRAY_SIZE(proc_link_views));
}
