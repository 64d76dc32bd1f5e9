/* SPDX-License-Identifier: MIT */
/*
 * igmp.c - multicast groups of devices (RFC 3376, 9776: the host's side)
 *
 * A socket has a filter for each group that it joined: only these sources
 * (INCLUDE), or all but these (EXCLUDE). A device has the sum: EXCLUDE as soon as
 * one of its sockets says so, with the sources that all of those exclude and
 * nobody includes; else INCLUDE of all that were named. We count, as Linux does:
 *
 *	group.n[mode]	sockets in that mode
 *	source.n[mode]	of those, sockets that named this source
 *
 * What of the sum was told to the routers stands beside it (group.mode,
 * source.wanted); what differs after a change is told by igmp_msg.c, as many times
 * as the robustness says. A group that nobody wants any more stays among the gone
 * until its end was told.
 *
 * 224.0.0.1 is joined by every device that is up, and is never told of.
 */

#include "ip/igmp.h"

#include "core/event.h"
#include "core/tunable.h"
#include "ip/addr4.h"
#include "wire/ether.h"
#include "wire/inet.h"

#include <linux/if_arp.h>

enum { T_MAX_MEMBERSHIPS, T_MAX_MSF, T_QRV, T_LINK_LOCAL };

static const struct tunable igmp_tunables[] = {
    [T_MAX_MEMBERSHIPS] = {.path = "net/ipv4/igmp_max_memberships", .def = {20}},
    [T_MAX_MSF] = {.path = "net/ipv4/igmp_max_msf", .def = {10}},
    [T_QRV] = {.path = "net/ipv4/igmp_qrv", .min = 1, .max = 255, .def = {2}},
    [T_LINK_LOCAL] = {.path = "net/ipv4/igmp_link_local_mcast_reports", .def = {1}},
};

int igmp_max_memberships(const struct net *net)
{
	return tunable_int(net, &igmp_tunables[T_MAX_MEMBERSHIPS]);
}

int igmp_max_sources(const struct net *net)
{
	return tunable_int(net, &igmp_tunables[T_MAX_MSF]);
}

u8 igmp_robustness(const struct igmp_dev *id)
{
	return id->robustness ? id->robustness
			      : (u8)tunable_int(id->dev->net, &igmp_tunables[T_QRV]);
}

bool igmp_is_reported(const struct igmp_dev *id, be32 group)
{
	if (group == cpu_to_be32(INADDR_ALLHOSTS_GROUP))
		return false;
	return !ip4_is_local_multicast(group) ||
	       tunable_int(id->dev->net, &igmp_tunables[T_LINK_LOCAL]);
}

/* ---- tables ---- */

static u32 hash_of(const struct igmp_dev *id, be32 group)
{
	return (u32)siphash(&id->dev->net->worker->key, &group, sizeof(group));
}

struct igmp_group *igmp_find(const struct igmp_dev *id, be32 group)
{
	for (struct table_node *n = table_first(&id->by_addr, hash_of(id, group)); n;
	     n = table_next(n)) {
		struct igmp_group *g = container_of(n, struct igmp_group, by_addr);

		if (g->addr == group)
			return g;
	}
	return NULL;
}

static struct igmp_group *find(const struct dev *dev, be32 group)
{
	const struct in_dev4 *in = in_dev4(dev);

	return in && in->igmp ? igmp_find(in->igmp, group) : NULL;
}

static struct igmp_source *find_source(const struct igmp_group *g, be32 addr)
{
	struct igmp_source *s;

	list_for_each(s, &g->sources, node)
		if (s->addr == addr)
			return s;
	return NULL;
}

static struct igmp_dev *igmp_dev_get(struct dev *dev)
{
	struct in_dev4 *in = in_dev4(dev);
	struct igmp_dev *id;

	if (!in || in->igmp)
		return in ? in->igmp : NULL;
	id = net_alloc(dev->net, sizeof(*id));
	if (!id)
		return NULL;
	id->dev = dev;
	list_init(&id->groups);
	list_init(&id->gone);
	table_init(&id->by_addr);
	igmp_timers_init(id);
	in->igmp = id;
	return id;
}

/* ---- the device's own filter ---- */

static bool has_mac(const struct dev *dev)
{
	return dev->type == ARPHRD_ETHER;
}

static int mac_add(struct igmp_group *g)
{
	u8 mac[ETH_ALEN];

	if (!has_mac(g->id->dev))
		return 0;
	ether_ip4_multicast(mac, g->addr);
	return dev_mc_add(g->id->dev, mac);
}

static void mac_del(struct igmp_group *g)
{
	u8 mac[ETH_ALEN];

	if (!has_mac(g->id->dev))
		return;
	ether_ip4_multicast(mac, g->addr);
	dev_mc_del(g->id->dev, mac);
}

/* ---- what is wanted ---- */

static u8 mode_of(const struct igmp_group *g)
{
	return g->n[IGMP_EXCLUDE] ? IGMP_EXCLUDE : IGMP_INCLUDE;
}

bool igmp_in_filter(const struct igmp_group *g, const struct igmp_source *s)
{
	if (mode_of(g) == IGMP_INCLUDE)
		return s->n[IGMP_INCLUDE];
	return !s->n[IGMP_INCLUDE] && s->n[IGMP_EXCLUDE] == g->n[IGMP_EXCLUDE];
}

bool igmp_is_member(const struct dev *dev, be32 group)
{
	return find(dev, group);
}

bool igmp_wants(const struct dev *dev, be32 group, be32 src, u8 protocol)
{
	const struct igmp_group *g = find(dev, group);
	const struct igmp_source *s;

	if (!g)
		return false;
	if (protocol == IPPROTO_IGMP || !src)
		return true;
	s = find_source(g, src);
	if (s)
		return s->n[IGMP_INCLUDE] || s->n[IGMP_EXCLUDE] != g->n[IGMP_EXCLUDE];
	return g->n[IGMP_EXCLUDE];
}

static void forget_source(struct igmp_group *g, struct igmp_source *s)
{
	list_del(&s->node);
	net_free(g->id->dev->net, s);
}

void igmp_prune(struct igmp_group *g)
{
	struct igmp_source *s, *tmp;

	list_for_each_safe(s, tmp, &g->sources, node) {
		if (!s->n[IGMP_INCLUDE] && !s->n[IGMP_EXCLUDE] && !s->tell)
			forget_source(g, s);
	}
}

/* Compare with what was told, and tell */
static void update(struct igmp_group *g)
{
	u8 mode = mode_of(g), times = igmp_robustness(g->id);
	struct igmp_source *s;
	bool news = mode != g->mode;

	if (news) {
		g->mode = mode;
		g->tell_mode = times;
	}
	list_for_each(s, &g->sources, node) {
		bool wanted = igmp_in_filter(g, s);

		if (g->tell_mode) { /* the whole list is told */
			s->tell = 0;
		} else if (wanted != s->wanted) {
			s->tell = times;
			news = true;
		}
		s->wanted = wanted;
	}
	igmp_prune(g);
	if (news && igmp_is_reported(g->id, g->addr) && igmp_version(g->id) == 3)
		igmp_tell_changes(g->id);
}

/* ---- sources ---- */

static int add_sources(struct igmp_group *g, const struct igmp_filter *f)
{
	struct net *net = g->id->dev->net;

	for (u32 i = 0; i < f->n; i++) {
		struct igmp_source *s = find_source(g, f->sources[i]);

		if (!s) {
			s = net_alloc(net, sizeof(*s));
			if (!s)
				return -ENOMEM;
			s->addr = f->sources[i];
			list_add_tail(&g->sources, &s->node);
		}
	}
	for (u32 i = 0; i < f->n; i++)
		find_source(g, f->sources[i])->n[f->mode]++;
	return 0;
}

static void del_sources(struct igmp_group *g, const struct igmp_filter *f)
{
	for (u32 i = 0; i < f->n; i++) {
		struct igmp_source *s = find_source(g, f->sources[i]);

		if (s && s->n[f->mode])
			s->n[f->mode]--;
	}
}

int igmp_change(struct dev *dev, be32 group, const struct igmp_filter *from,
		const struct igmp_filter *to)
{
	struct igmp_group *g = find(dev, group);
	int err;

	if (!g)
		return 0;
	err = add_sources(g, to);
	if (err)
		return err;
	del_sources(g, from);
	g->n[to->mode]++;
	g->n[from->mode]--;
	update(g);
	return 0;
}

/* ---- groups ---- */

static int group_new(struct igmp_dev *id, be32 addr, struct igmp_group **out)
{
	struct net *net = id->dev->net;
	struct igmp_group *g = net_alloc(net, sizeof(*g));
	int err;

	if (!g)
		return -ENOMEM;
	g->id = id;
	g->addr = addr;
	g->mode = IGMP_INCLUDE;
	list_init(&g->sources);
	timer_init(&g->timer, net->worker->wheel, igmp_group_timer);
	err = table_add(&id->by_addr, &g->by_addr, hash_of(id, addr));
	if (err)
		goto err_free;
	err = mac_add(g);
	if (err)
		goto err_table;
	list_add(&id->groups, &g->node);
	id->n_groups++;
	*out = g;
	return 0;
err_table:
	table_del(&id->by_addr, &g->by_addr);
err_free:
	net_free(net, g);
	return err;
}

void igmp_free_gone(struct igmp_dev *id, struct igmp_group *g)
{
	struct igmp_source *s, *tmp;

	list_for_each_safe(s, tmp, &g->sources, node)
		forget_source(g, s);
	timer_cancel(&g->timer);
	list_del(&g->node);
	net_free(id->dev->net, g);
}

/* The same group left a moment ago: its end need not be told any more */
static void forget_gone(struct igmp_dev *id, be32 addr)
{
	struct igmp_group *g, *tmp;

	list_for_each_safe(g, tmp, &id->gone, node) {
		if (g->addr == addr)
			igmp_free_gone(id, g);
	}
}

int igmp_join(struct dev *dev, be32 group, enum igmp_mode mode)
{
	struct igmp_dev *id = igmp_dev_get(dev);
	struct igmp_group *g;
	int err;

	if (!id)
		return -ENOMEM;
	g = igmp_find(id, group);
	if (g) {
		g->users++;
		g->n[mode]++;
		update(g);
		return 0;
	}
	err = group_new(id, group, &g);
	if (err)
		return err;
	forget_gone(id, group);
	g->users = 1;
	g->n[mode] = 1;
	if (!igmp_is_reported(id, group))
		g->mode = mode_of(g);
	else if (igmp_version(id) < 3)
		igmp_tell_group(g);
	update(g);
	return 0;
}

/* Out of the tables; its end is told, when anybody heard of its beginning */
static void group_end(struct igmp_group *g)
{
	struct igmp_dev *id = g->id;
	struct igmp_source *s;

	timer_cancel(&g->timer);
	table_del(&id->by_addr, &g->by_addr);
	list_del(&g->node);
	id->n_groups--;
	mac_del(g);
	if (igmp_is_reported(id, g->addr) && igmp_version(id) < 3)
		igmp_tell_leave(g);
	if (!igmp_is_reported(id, g->addr) || igmp_version(id) < 3 ||
	    !dev_is_up(id->dev)) {
		igmp_free_gone(id, g);
		return;
	}
	g->tell_mode = g->mode == IGMP_EXCLUDE ? igmp_robustness(id) : 0;
	list_for_each(s, &g->sources, node) {
		if (g->mode == IGMP_EXCLUDE)
			s->tell = 0; /* the end of the mode says it all */
		else if (s->wanted)
			s->tell = igmp_robustness(id);
		s->wanted = false;
	}
	list_add_tail(&id->gone, &g->node);
	igmp_tell_changes(id);
}

void igmp_leave(struct dev *dev, be32 group, enum igmp_mode mode)
{
	struct igmp_group *g = find(dev, group);

	if (!g)
		return;
	if (g->n[mode])
		g->n[mode]--;
	if (--g->users == 0)
		group_end(g);
	else
		update(g);
}

/* ---- devices ---- */

void igmp_forget(struct dev *dev)
{
	struct in_dev4 *in = in_dev4(dev);
	struct igmp_dev *id = in->igmp;
	struct igmp_group *g;

	if (!id)
		return;
	while ((g = list_first(&id->groups, struct igmp_group, node))) {
		table_del(&id->by_addr, &g->by_addr);
		mac_del(g);
		igmp_free_gone(id, g);
	}
	while ((g = list_first(&id->gone, struct igmp_group, node)))
		igmp_free_gone(id, g);
	timer_cancel(&id->change_timer);
	timer_cancel(&id->general_timer);
	table_fini(&id->by_addr);
	in->igmp = NULL;
	net_free(dev->net, id);
}

/* All is told anew, for who listens may be another one */
static void dev_up(struct dev *dev)
{
	struct igmp_dev *id;
	struct igmp_group *g;

	if (igmp_join(dev, cpu_to_be32(INADDR_ALLHOSTS_GROUP), IGMP_EXCLUDE))
		return;
	id = in_dev4(dev)->igmp;
	list_for_each(g, &id->groups, node) {
		if (!igmp_is_reported(id, g->addr))
			continue;
		if (igmp_version(id) < 3) {
			igmp_tell_group(g);
			continue;
		}
		g->tell_mode = igmp_robustness(id);
		igmp_tell_changes(id);
	}
}

static void dev_down(struct dev *dev)
{
	struct igmp_dev *id = in_dev4(dev)->igmp;
	struct igmp_group *g;

	if (!id)
		return;
	list_for_each(g, &id->groups, node)
		timer_cancel(&g->timer);
	while ((g = list_first(&id->gone, struct igmp_group, node)))
		igmp_free_gone(id, g);
	timer_cancel(&id->change_timer);
	timer_cancel(&id->general_timer);
	id->changes = 0;
	igmp_leave(dev, cpu_to_be32(INADDR_ALLHOSTS_GROUP), IGMP_EXCLUDE);
}

static int dev_event(struct net *net, enum event_kind kind, void *obj)
{
	struct dev *dev = obj;

	(void)net;
	if (!in_dev4(dev))
		return 0;
	if (kind == EV_DEV_UP)
		dev_up(dev);
	else
		dev_down(dev);
	return 0;
}

static int boot(struct warren *w)
{
	int err = event_listen(w, &igmp_part, EV_DEV_UP, dev_event);

	if (!err)
		err = event_listen(w, &igmp_part, EV_DEV_DOWN, dev_event);
	if (!err)
		err = tunable_register(w, &igmp_part, igmp_tunables,
				       ARRAY_SIZE(igmp_tunables));
	return err ? err : igmp_boot(w);
}

const struct part igmp_part = {
    .name = "igmp",
    .id = PART_IGMP,
    .boot = boot,
};
