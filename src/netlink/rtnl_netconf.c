/* SPDX-License-Identifier: MIT */
/*
 * rtnl_netconf.c - RTM_GETNETCONF for IPv4: a few knobs of devices, and their events
 */

#include "ip/addr4.h"
#include "ip/conf4.h"
#include "netlink/rtnl.h"

#include <linux/netconf.h>

static const struct {
	u16 attr;
	enum conf4 knob;
} shown[] = {
    {NETCONFA_FORWARDING, CONF4_FORWARDING},
    {NETCONFA_RP_FILTER, CONF4_RP_FILTER},
    {NETCONFA_MC_FORWARDING, CONF4_MC_FORWARDING},
    {NETCONFA_BC_FORWARDING, CONF4_BC_FORWARDING},
    {NETCONFA_PROXY_NEIGH, CONF4_PROXY_ARP},
    {NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN, CONF4_IGNORE_ROUTES_WITH_LINKDOWN},
};

static const struct nla_policy netconf_policy[NETCONFA_MAX + 1] = {
    [NETCONFA_IFINDEX] = {.type = NLA_S32},
};

/* Whose: a device, or NETCONFA_IFINDEX_ALL, _DEFAULT */
struct target {
	struct dev *dev;
	s32 index;
	enum conf4 only;
};

/* @t->only: this knob alone, CONF4_NR: all of them */
static int fill(struct nlmsg_builder *b, struct net *net, const struct target *t,
		u16 type, u16 flags, u32 seq, u32 portid)
{
	struct netconfmsg *ncm = nlmsg_begin(b, type, flags, seq, portid, sizeof(*ncm));

	if (!ncm)
		return -EMSGSIZE;
	ncm->ncm_family = AF_INET;
	nla_put_s32(b, NETCONFA_IFINDEX, t->index);
	for (size_t i = 0; type == RTM_NEWNETCONF && i < ARRAY_SIZE(shown); i++)
		if (t->only == CONF4_NR || t->only == shown[i].knob)
			nla_put_s32(b, shown[i].attr,
				    conf4_raw(net, t->dev,
					      t->index == NETCONFA_IFINDEX_DEFAULT,
					      shown[i].knob));
	return nlmsg_end(b);
}

static int netconf_get(struct nl_req *rq)
{
	const struct nlattr *tb[NETCONFA_MAX + 1];
	struct target t;
	struct nl_buf nb;
	int err = rtnl_parse(rq, sizeof(struct netconfmsg), tb, NETCONFA_MAX,
			     netconf_policy, NL_VALIDATE_LIBERAL);

	if (err)
		return err;
	if (!tb[NETCONFA_IFINDEX])
		return -EINVAL;
	t.index = nla_get_s32(tb[NETCONFA_IFINDEX]);
	t.dev = NULL;
	t.only = CONF4_NR;
	if (t.index != NETCONFA_IFINDEX_ALL && t.index != NETCONFA_IFINDEX_DEFAULT) {
		t.dev = dev_by_index(rq->net, t.index);
		if (!t.dev || !in_dev4(t.dev))
			return -EINVAL;
	}
	err = nl_buf_init(&nb, rq->net, 512);
	if (err)
		return err;
	err = fill(&nb.b, rq->net, &t, RTM_NEWNETCONF, 0, rq->nlh->nlmsg_seq,
		   rq->nk->portid);
	if (!err)
		nl_reply(rq, &nb.b);
	nl_buf_fini(&nb);
	return err;
}

/* args[0]: of all and default, how many are told */
static int dump_step(struct nl_dump *d, struct nlmsg_builder *b)
{
	static const s32 last[] = {NETCONFA_IFINDEX_ALL, NETCONFA_IFINDEX_DEFAULT};
	struct dev_snap *s = d->data;

	d->gen = d->net->dev_gen + 1;
	for (struct dev *dev; (dev = dev_snap_at(s, d->net)); s->pos++) {
		const struct target t = {dev, dev->ifindex, CONF4_NR};

		if (in_dev4(dev) &&
		    fill(b, d->net, &t, RTM_NEWNETCONF, d->flags, d->seq, d->portid))
			return 1;
	}
	for (; d->args[0] < ARRAY_SIZE(last); d->args[0]++) {
		const struct target t = {NULL, last[d->args[0]], CONF4_NR};

		if (fill(b, d->net, &t, RTM_NEWNETCONF, d->flags, d->seq, d->portid))
			return 1;
	}
	return 0;
}

static int dump_start(struct nl_dump *d)
{
	return dev_snap_take(d, d->net);
}

static const struct nl_dump_ops netconf_dump = {
    .start = dump_start,
    .step = dump_step,
};

/* ---- events ---- */

static int fill_event(struct nlmsg_builder *b, struct net *net, const void *obj,
		      int type, u32 seq, u32 portid)
{
	(void)seq;
	(void)portid;
	return fill(b, net, obj, (u16)type, 0, 0, 0);
}

static void notify(struct net *net, struct dev *dev, s32 index, enum conf4 only,
		   int type)
{
	const struct target t = {dev, index, only};

	rtnl_notify(net, RTNLGRP_IPV4_NETCONF, fill_event, &t, type);
}

static int on_netconf(struct net *net, enum event_kind kind, void *obj)
{
	const struct conf4_event *ev = obj;
	s32 index = ev->dev   ? ev->dev->ifindex
		    : ev->def ? NETCONFA_IFINDEX_DEFAULT
			      : NETCONFA_IFINDEX_ALL;

	(void)kind;
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
		if (shown[i].knob == ev->knob)
			notify(net, ev->dev, index, ev->knob, RTM_NEWNETCONF);
	return 0;
}

static int on_register(struct net *net, enum event_kind kind, void *obj)
{
	struct dev *dev = obj;

	(void)kind;
	if (in_dev4(dev))
		notify(net, dev, dev->ifindex, CONF4_NR, RTM_NEWNETCONF);
	return 0;
}

static int on_unregister(struct net *net, enum event_kind kind, void *obj)
{
	struct dev *dev = obj;

	(void)kind;
	notify(net, dev, dev->ifindex, CONF4_NR, RTM_DELNETCONF);
	return 0;
}

static const struct rtnl_handler netconf_handlers[] = {
    {
	.type = RTM_GETNETCONF,
	.family = AF_INET,
	.request = netconf_get,
	.dump = &netconf_dump,
    },
    {.type = RTM_GETNETCONF, .family = AF_UNSPEC, .dump = &netconf_dump},
};

static int on_rename(struct net *net, enum event_kind kind, void *obj)
{
	on_unregister(net, kind, obj);
	return on_register(net, kind, obj);
}

/* Before and after the device's own messages */
int rtnl_netconf_late_boot(struct warren *w)
{
	return event_listen(w, &rtnl_part, EV_DEV_NAME, on_rename);
}

int rtnl_netconf_boot(struct warren *w)
{
	int err = rtnl_register(w, &rtnl_part, netconf_handlers,
				ARRAY_SIZE(netconf_handlers));

	if (!err)
		err = event_listen(w, &rtnl_part, EV_NETCONF, on_netconf);
	if (!err)
		err = event_listen(w, &rtnl_part, EV_DEV_REGISTER, on_register);
	if (!err)
		err = event_listen(w, &rtnl_part, EV_DEV_UNREGISTER, on_unregister);
	return err;
}
