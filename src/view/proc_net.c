/* SPDX-License-Identifier: MIT */
/*
 * proc_net.c - /proc/net: devices, routes, neighbours, and files about the stack
 *
 * Formats as Linux prints them (rules N8.3, N8.4): widths, tabs and padding
 * included, since scripts cut by column. Files of things that this stack does
 * not have exist where Linux always has them, with their header alone.
 */

#include "core/dev.h"
#include "core/registry.h"
#include "ip/addr4.h"
#include "ip/fib.h"
#include "ip/neigh.h"
#include "ip/route.h"
#include "view/views.h"

#include <linux/if_arp.h>
#include <linux/route.h>

#define PADDED 127

static int dev_text(struct net *net, const char *rel, struct text *out)
{
	struct dev *dev;

	(void)rel;
	text_printf(out, "Inter-|   Receive                            "
			 "                    |  Transmit\n"
			 " face |bytes    packets errs drop fifo frame "
			 "compressed multicast|bytes    packets errs "
			 "drop fifo colls carrier compressed\n");
	list_for_each(dev, &net->devs, node) {
		const struct dev_stats *s = &dev->stats;

		text_printf(
		    out, "%6s: %7llu %7llu %4llu %4llu %4u %5u %10u %9llu ", dev->name,
		    (unsigned long long)s->rx_bytes, (unsigned long long)s->rx_packets,
		    (unsigned long long)s->rx_errors, (unsigned long long)s->rx_dropped,
		    0, 0, 0, (unsigned long long)s->multicast);
		text_printf(
		    out, "%8llu %7llu %4llu %4llu %4u %5llu %7u %10u\n",
		    (unsigned long long)s->tx_bytes, (unsigned long long)s->tx_packets,
		    (unsigned long long)s->tx_errors, (unsigned long long)s->tx_dropped,
		    0, (unsigned long long)s->collisions, 0, 0);
	}
	return 0;
}

/* ---- routes ---- */

/* What was written since @start, filled with spaces to PADDED */
static void pad(struct text *out, size_t start)
{
	size_t n = out->len - start;

	text_printf(out, "%*s\n", n < PADDED ? (int)(PADDED - n) : 0, "");
}

static void put_route(struct text *out, const struct fib_route *r)
{
	const struct fib_hop *h = r->n_hops ? &r->hops[0] : NULL;
	u32 flags = RTF_UP, advmss = r->metrics[RTAX_ADVMSS];
	size_t start = out->len;
	struct ipaddr dst;
	u8 plen;

	if (r->type == RTN_BROADCAST || r->type == RTN_MULTICAST)
		return;
	fib_dst(r, &dst, &plen);
	if (r->type == RTN_UNREACHABLE || r->type == RTN_PROHIBIT)
		flags |= RTF_REJECT;
	if (h && h->gateway.v4)
		flags |= RTF_GATEWAY;
	if (plen == 32)
		flags |= RTF_HOST;
	text_printf(out, "%s\t%08X\t%08X\t%04X\t%d\t%u\t%u\t%08X\t%u\t%u\t%u",
		    h && h->dev ? h->dev->name : "*", dst.v4, h ? h->gateway.v4 : 0,
		    flags, 0, 0, r->priority, ip4_mask(plen), advmss ? advmss + 40 : 0,
		    r->metrics[RTAX_WINDOW], r->metrics[RTAX_RTT] >> 3);
	pad(out, start);
}

static int route_text(struct net *net, const char *rel, struct text *out)
{
	struct fib_table *t = fib_table(net, AF_INET, RT_TABLE_MAIN);
	size_t start = out->len;

	(void)rel;
	if (!t && !fib_table(net, AF_INET, RT_TABLE_LOCAL))
		return 0;
	text_printf(out, "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\t"
			 "Mask\t\tMTU\tWindow\tIRTT");
	pad(out, start);
	for (struct lpm_node *n = t ? lpm_first(&t->lpm) : NULL; n; n = lpm_after(n)) {
		const struct fib_prefix *p = container_of(n, struct fib_prefix, lpm);
		const struct fib_route *r;

		list_for_each(r, &p->routes, node)
			put_route(out, r);
	}
	return 0;
}

static int rt_cache_text(struct net *net, const char *rel, struct text *out)
{
	size_t start = out->len;

	(void)net;
	(void)rel;
	text_printf(out, "Iface\tDestination\tGateway \tFlags\t\tRefCnt\tUse\tMetric\t"
			 "Source\t\tMTU\tWindow\tIRTT\tTOS\tHHRef\tHHUptod\tSpecDst");
	pad(out, start);
	return 0;
}

/* ---- neighbours, groups ---- */

static int put_neigh(struct neigh *nt, void *arg)
{
	const u16 valid = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE |
			  NUD_STALE | NUD_DELAY;
	struct text *out = arg;
	char ip[TEXT_IP4], mac[TEXT_MAC];
	u8 none[6] = {0};
	u32 flags = 0;

	if (nt->addr.family != AF_INET || !(nt->state & ~NUD_NOARP))
		return 0;
	if (nt->state & NUD_PERMANENT)
		flags = ATF_PERM | ATF_COM;
	else if (nt->state & valid)
		flags = ATF_COM;
	text_printf(out, "%-16s 0x%-10x0x%-10x%-17s     *        %s\n",
		    text_ip4(ip, nt->addr.v4), nt->dev->type, flags,
		    text_mac(mac, nt->state & valid ? nt->lladdr : none),
		    nt->dev->name);
	return 0;
}

static int arp_text(struct net *net, const char *rel, struct text *out)
{
	(void)rel;
	text_printf(out, "IP address       HW type     Flags       HW address"
			 "            Mask     Device\n");
	neigh_walk(net, put_neigh, out);
	return 0;
}

/* ---- the stack ---- */

static int softnet_text(struct net *net, const char *rel, struct text *out)
{
	u64 n = 0;
	struct dev *dev;

	(void)rel;
	list_for_each(dev, &net->devs, node)
		n += dev->stats.rx_packets;
	text_printf(out, "%08x", (u32)n);
	for (int i = 0; i < 14; i++)
		text_printf(out, " %08x", 0);
	text_printf(out, "\n");
	return 0;
}

/* A line for the one worker; what Linux counted of its old cache of routes is 0 there
 * too */
static int stat_rt_cache_text(struct net *net, const char *rel, struct text *out)
{
	u32 entries;
	const struct route_stat *st = route_stat(net->worker, &entries);

	(void)rel;
	text_printf(out,
		    "entries  in_hit   in_slow_tot in_slow_mc in_no_route in_brd   "
		    "in_martian_dst in_martian_src out_hit  out_slow_tot out_slow_mc "
		    "gc_total gc_ignored gc_goal_miss gc_dst_overflow in_hlist_search "
		    "out_hlist_search\n");
	text_printf(out,
		    "%08x %08x %08x    %08x    %08x    %08x %08x       %08x       %08x "
		    "%08x     %08x    %08x %08x   %08x     %08x        %08x        "
		    "%08x\n",
		    entries, 0, (u32)st->in, (u32)st->in_multicast,
		    (u32)st->in_no_route, (u32)st->in_broadcast,
		    (u32)st->in_martian_dst, (u32)st->in_martian_src, 0, (u32)st->out,
		    (u32)st->out_multicast, 0, 0, 0, 0, 0, 0);
	return 0;
}

/* ---- files that never change ---- */

static int psched_text(struct net *net, const char *rel, struct text *out)
{
	(void)net;
	(void)rel;
	text_printf(out, "000003e8 00000040 000f4240 3b9aca00\n");
	return 0;
}

/* Bytes and packets by route realm, of which there are none */
static int rt_acct_text(struct net *net, const char *rel, struct text *out)
{
	static const char zero[256 * 4 * sizeof(u32)];

	(void)net;
	(void)rel;
	text_add(out, zero, sizeof(zero));
	return 0;
}

static int ip_mr_vif_text(struct net *net, const char *rel, struct text *out)
{
	(void)net;
	(void)rel;
	text_printf(out, "Interface      BytesIn  PktsIn  BytesOut PktsOut Flags "
			 "Local    Remote\n");
	return 0;
}

static int ip_mr_cache_text(struct net *net, const char *rel, struct text *out)
{
	(void)net;
	(void)rel;
	text_printf(out, "Group    Origin   Iif     Pkts    Bytes    Wrong Oifs\n");
	return 0;
}

static const struct view proc_net_views[] = {
    {.path = "net/dev", .text = dev_text},
    {.path = "net/route", .text = route_text},
    {.path = "net/rt_cache", .text = rt_cache_text},
    {.path = "net/stat/rt_cache", .text = stat_rt_cache_text},
    {.path = "net/arp", .text = arp_text},
    {.path = "net/softnet_stat", .text = softnet_text},
    {.path = "net/rt_acct", .text = rt_acct_text},
    {.path = "net/psched", .text = psched_text},
    {.path = "net/ip_mr_vif", .text = ip_mr_vif_text},
    {.path = "net/ip_mr_cache", .text = ip_mr_cache_text},
};

static int proc_net_boot(struct warren *w)
{
	int err = views_register(w, &proc_net_part, proc_net_views,
				 ARRAY_SIZE(proc_net_views));

	if (!err)
		err = fib_trie_boot(w);
	if (!err)
		err = proc_link_boot(w);
	if (!err)
		err = proc_igmp_boot(w);
	return err ? err : sysfs_boot(w);
}

const struct part proc_net_part = {
    .name = "proc_net",
    .id = PART_PROC_NET,
    .boot = proc_net_boot,
};
