/* SPDX-License-Identifier: MIT */
/*
 * proc_igmp.c - /proc/net: igmp, mcfilter: multicast groups of the devices
 */

#include "ip/addr4.h"
#include "ip/igmp.h"
#include "view/views.h"

static const struct igmp_dev *groups_of(const struct dev *dev)
{
	const struct in_dev4 *in = in_dev4(dev);

	return in && in->igmp && in->igmp->n_groups ? in->igmp : NULL;
}

static int igmp_text(struct net *net, const char *rel, struct text *out)
{
	u64 now = clock_now(net->w);
	const struct igmp_group *g;
	const struct dev *dev;

	(void)rel;
	text_printf(out, "Idx\tDevice    : Count Querier\tGroup    Users Timer\t"
			 "Reporter\n");
	list_for_each(dev, &net->devs, node) {
		const struct igmp_dev *id = groups_of(dev);

		if (!id)
			continue;
		text_printf(out, "%d\t%-10s: %5u %7s\n", dev->ifindex, dev->name,
			    id->n_groups,
			    igmp_version(id) == 1   ? "V1"
			    : igmp_version(id) == 2 ? "V2"
						    : "V3");
		list_for_each(g, &id->groups, node)
			text_printf(out, "\t\t\t\t%08X %5u %d:%08llX\t\t%d\n",
				    (__force u32)g->addr, g->users,
				    timer_pending(&g->timer),
				    (unsigned long long)(igmp_timer_left(g, now) /
							 (10 * NS_PER_MS)),
				    g->reporter);
	}
	return 0;
}

static int mcfilter_text(struct net *net, const char *rel, struct text *out)
{
	const struct dev *dev;

	(void)rel;
	text_printf(out, "Idx Device        MCA        SRC    INC    EXC\n");
	list_for_each(dev, &net->devs, node) {
		const struct igmp_dev *id = groups_of(dev);
		const struct igmp_group *g;

		if (!id)
			continue;
		list_for_each(g, &id->groups, node) {
			const struct igmp_source *s;

			list_for_each(s, &g->sources, node) {
				if (!s->n[IGMP_INCLUDE] && !s->n[IGMP_EXCLUDE])
					continue; /* its end is still told */
				text_printf(out, "%3d %6.6s 0x%08x 0x%08x %6u %6u\n",
					    dev->ifindex, dev->name,
					    be32_to_cpu(g->addr), be32_to_cpu(s->addr),
					    s->n[IGMP_INCLUDE], s->n[IGMP_EXCLUDE]);
			}
		}
	}
	return 0;
}

static const struct view proc_igmp_views[] = {
    {.path = "net/igmp", .text = igmp_text},
    {.path = "net/mcfilter", .text = mcfilter_text},
};

int proc_igmp_boot(struct warren *w)
{
	return views_register(w, &proc_net_part, proc_igmp_views,
			      ARRAY_SIZE(proc_igmp_views));
}
