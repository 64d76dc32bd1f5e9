/* SPDX-License-Identifier: MIT */
/*
 * link_msg.c - a device as a message: RTM_NEWLINK, RTM_DELLINK; dumps, events
 *
 * Attributes come in Linux's order, all of those that a device of ours has.
 * When a device belongs with one of another net, that net must have an id in
 * the viewer's, so one is given it here (N1.15).
 *
 * Events (N4.14): the device that a request makes is announced when it is
 * whole; others that come with it (a veth's peer) when they are registered, so
 * without the link to the first.
 */

#include "netlink/link_msg.h"

#include "ip/addr4.h"
#include "link/linkattr.h"

#include <linux/ip.h>

/* ---- parts of the message ---- */

static void put_names(struct nlmsg_builder *b, const struct dev *dev)
{
	const struct dev_altname *an;
	u32 nest;

	if (list_empty(&dev->altnames))
		return;
	nest = nla_nest_begin(b, IFLA_PROP_LIST | NLA_F_NESTED);
	list_for_each(an, &dev->altnames, node)
		nla_put_str(b, IFLA_ALT_IFNAME, an->name);
	nla_nest_end(b, nest);
}

static void put_state(struct nlmsg_builder *b, const struct dev *dev)
{
	bool up = dev_is_up(dev);

	nla_put_u32(b, IFLA_TXQLEN, dev->txqlen);
	nla_put_u8(b, IFLA_OPERSTATE, up ? dev->operstate : IF_OPER_DOWN);
	nla_put_u8(b, IFLA_LINKMODE, dev->linkmode);
	nla_put_u8(b, LINK_NETNS_IMMUTABLE, dev->netns_immutable);
	nla_put_u32(b, IFLA_MTU, dev->mtu);
	nla_put_u32(b, IFLA_MIN_MTU, dev->min_mtu);
	nla_put_u32(b, IFLA_MAX_MTU, dev->max_mtu);
	nla_put_u32(b, IFLA_GROUP, dev->group);
	nla_put_u32(b, IFLA_PROMISCUITY, dev->promisc);
	nla_put_u32(b, IFLA_ALLMULTI, dev->allmulti);
	nla_put_u32(b, IFLA_NUM_TX_QUEUES, dev->n_txq);
	nla_put_u32(b, IFLA_GSO_MAX_SEGS, dev->gso_max_segs);
	nla_put_u32(b, IFLA_GSO_MAX_SIZE, dev->gso_max_size);
	nla_put_u32(b, IFLA_GRO_MAX_SIZE, 65536);
	nla_put_u32(b, LINK_GSO_IPV4_MAX_SIZE, min(dev->gso_max_size, 65536U));
	nla_put_u32(b, LINK_GRO_IPV4_MAX_SIZE, 65536);
	nla_put_u32(b, IFLA_TSO_MAX_SIZE, TSO_MAX_SIZE);
	nla_put_u32(b, IFLA_TSO_MAX_SEGS, TSO_MAX_SEGS);
	nla_put_u32(b, IFLA_NUM_RX_QUEUES, dev->n_rxq);
	nla_put_u8(b, IFLA_CARRIER, dev->carrier);
	if (dev->alias)
		nla_put_str(b, IFLA_IFALIAS, dev->alias);
	nla_put_u32(b, IFLA_CARRIER_CHANGES, dev->carrier_changes);
	nla_put_u32(b, IFLA_CARRIER_UP_COUNT, dev->carrier_up);
	nla_put_u32(b, IFLA_CARRIER_DOWN_COUNT, dev->carrier_down);
	nla_put_u8(b, IFLA_PROTO_DOWN, 0);
	if (dev->addr_len) {
		nla_put(b, IFLA_ADDRESS, dev->addr_len, dev->addr);
		nla_put(b, IFLA_BROADCAST, dev->addr_len, dev->broadcast);
	}
}

void link_stats64(const struct dev *dev, struct rtnl_link_stats64 *out)
{
	const struct dev_stats *s = &dev->stats;

	*out = (struct rtnl_link_stats64){
	    .rx_packets = s->rx_packets,
	    .tx_packets = s->tx_packets,
	    .rx_bytes = s->rx_bytes,
	    .tx_bytes = s->tx_bytes,
	    .rx_errors = s->rx_errors,
	    .tx_errors = s->tx_errors,
	    .rx_dropped = s->rx_dropped,
	    .tx_dropped = s->tx_dropped,
	    .multicast = s->multicast,
	    .collisions = s->collisions,
	};
}

static void put_stats(struct nlmsg_builder *b, const struct dev *dev)
{
	const struct dev_stats *s = &dev->stats;
	struct rtnl_link_stats64 l;
	struct rtnl_link_stats old = {
	    .rx_packets = (u32)s->rx_packets,
	    .tx_packets = (u32)s->tx_packets,
	    .rx_bytes = (u32)s->rx_bytes,
	    .tx_bytes = (u32)s->tx_bytes,
	    .rx_errors = (u32)s->rx_errors,
	    .tx_errors = (u32)s->tx_errors,
	    .rx_dropped = (u32)s->rx_dropped,
	    .tx_dropped = (u32)s->tx_dropped,
	    .multicast = (u32)s->multicast,
	    .collisions = (u32)s->collisions,
	};

	link_stats64(dev, &l);
	nla_put(b, IFLA_STATS64, sizeof(l), &l);
	nla_put(b, IFLA_STATS, sizeof(old), &old);
}

static void put_kind(struct nlmsg_builder *b, const struct dev *dev)
{
	u32 info, data;

	if (!dev->kind->name)
		return;
	info = nla_nest_begin(b, IFLA_LINKINFO);
	nla_put_str(b, IFLA_INFO_KIND, dev->kind->name);
	if (dev->kind->fill) {
		data = nla_nest_begin(b, IFLA_INFO_DATA);
		dev->kind->fill(dev, b);
		nla_nest_end(b, data);
	}
	nla_nest_end(b, info);
}

/* Our knobs in the order of IPV4_DEVCONF_x; 0: Linux has none there */
static const u8 devconf_order[IPV4_DEVCONF_MAX] = {
    [IPV4_DEVCONF_FORWARDING - 1] = CONF4_FORWARDING + 1,
    [IPV4_DEVCONF_MC_FORWARDING - 1] = CONF4_MC_FORWARDING + 1,
    [IPV4_DEVCONF_PROXY_ARP - 1] = CONF4_PROXY_ARP + 1,
    [IPV4_DEVCONF_ACCEPT_REDIRECTS - 1] = CONF4_ACCEPT_REDIRECTS + 1,
    [IPV4_DEVCONF_SECURE_REDIRECTS - 1] = CONF4_SECURE_REDIRECTS + 1,
    [IPV4_DEVCONF_SEND_REDIRECTS - 1] = CONF4_SEND_REDIRECTS + 1,
    [IPV4_DEVCONF_SHARED_MEDIA - 1] = CONF4_SHARED_MEDIA + 1,
    [IPV4_DEVCONF_RP_FILTER - 1] = CONF4_RP_FILTER + 1,
    [IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE - 1] = CONF4_ACCEPT_SOURCE_ROUTE + 1,
    [IPV4_DEVCONF_BOOTP_RELAY - 1] = CONF4_BOOTP_RELAY + 1,
    [IPV4_DEVCONF_LOG_MARTIANS - 1] = CONF4_LOG_MARTIANS + 1,
    [IPV4_DEVCONF_TAG - 1] = CONF4_TAG + 1,
    [IPV4_DEVCONF_ARPFILTER - 1] = CONF4_ARPFILTER + 1,
    [IPV4_DEVCONF_MEDIUM_ID - 1] = CONF4_MEDIUM_ID + 1,
    [IPV4_DEVCONF_NOXFRM - 1] = CONF4_DISABLE_XFRM + 1,
    [IPV4_DEVCONF_NOPOLICY - 1] = CONF4_DISABLE_POLICY + 1,
    [IPV4_DEVCONF_FORCE_IGMP_VERSION - 1] = CONF4_FORCE_IGMP_VERSION + 1,
    [IPV4_DEVCONF_ARP_ANNOUNCE - 1] = CONF4_ARP_ANNOUNCE + 1,
    [IPV4_DEVCONF_ARP_IGNORE - 1] = CONF4_ARP_IGNORE + 1,
    [IPV4_DEVCONF_PROMOTE_SECONDARIES - 1] = CONF4_PROMOTE_SECONDARIES + 1,
    [IPV4_DEVCONF_ARP_ACCEPT - 1] = CONF4_ARP_ACCEPT + 1,
    [IPV4_DEVCONF_ARP_NOTIFY - 1] = CONF4_ARP_NOTIFY + 1,
    [IPV4_DEVCONF_ACCEPT_LOCAL - 1] = CONF4_ACCEPT_LOCAL + 1,
    [IPV4_DEVCONF_SRC_VMARK - 1] = CONF4_SRC_VALID_MARK + 1,
    [IPV4_DEVCONF_PROXY_ARP_PVLAN - 1] = CONF4_PROXY_ARP_PVLAN + 1,
    [IPV4_DEVCONF_ROUTE_LOCALNET - 1] = CONF4_ROUTE_LOCALNET + 1,
    [IPV4_DEVCONF_IGMPV2_UNSOLICITED_REPORT_INTERVAL - 1] = CONF4_IGMPV2_INTERVAL + 1,
    [IPV4_DEVCONF_IGMPV3_UNSOLICITED_REPORT_INTERVAL - 1] = CONF4_IGMPV3_INTERVAL + 1,
    [IPV4_DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN - 1] =
	CONF4_IGNORE_ROUTES_WITH_LINKDOWN + 1,
    [IPV4_DEVCONF_DROP_UNICAST_IN_L2_MULTICAST - 1] =
	CONF4_DROP_UNICAST_IN_L2_MULTICAST + 1,
    [IPV4_DEVCONF_DROP_GRATUITOUS_ARP - 1] = CONF4_DROP_GRATUITOUS_ARP + 1,
    [IPV4_DEVCONF_BC_FORWARDING - 1] = CONF4_BC_FORWARDING + 1,
    [IPV4_DEVCONF_ARP_EVICT_NOCARRIER - 1] = CONF4_ARP_EVICT_NOCARRIER + 1,
};

static void put_af_spec(struct nlmsg_builder *b, const struct dev *dev)
{
	u32 spec, inet, *conf;

	if (!in_dev4(dev))
		return;
	spec = nla_nest_begin(b, IFLA_AF_SPEC);
	inet = nla_nest_begin(b, AF_INET);
	conf = nla_reserve(b, IFLA_INET_CONF, sizeof(u32) * IPV4_DEVCONF_MAX);
	for (u32 i = 0; conf && i < IPV4_DEVCONF_MAX; i++)
		if (devconf_order[i])
			conf[i] = (u32)conf4_raw(dev->net, dev, 0,
						 (enum conf4)(devconf_order[i] - 1));
	nla_nest_end(b, inet);
	nla_nest_end(b, spec);
}

/* Ids may be given out here, which is an event in the viewer's net */
static void put_nsid(struct nlmsg_builder *b, u16 type, const struct net *viewer,
		     const struct net *of)
{
	s32 id = nsid_get((struct net *)(uintptr_t)viewer, (struct net *)(uintptr_t)of);

	if (id != NSID_NONE)
		nla_put_s32(b, type, id);
}

int link_fill(struct nlmsg_builder *b, const struct dev *dev, const struct link_msg *m)
{
	const struct dev *peer = dev->ops->peer ? dev->ops->peer(dev) : NULL;
	struct ifinfomsg *ifm =
	    nlmsg_begin(b, m->type, m->flags, m->seq, m->portid, sizeof(*ifm));
	u32 xdp;

	if (!ifm)
		return -EMSGSIZE;
	ifm->ifi_family = AF_UNSPEC;
	ifm->ifi_type = dev->type;
	ifm->ifi_index = dev->ifindex;
	ifm->ifi_flags = dev_flags(dev);
	ifm->ifi_change = m->change;
	if (m->target_nsid != NSID_NONE)
		nla_put_s32(b, IFLA_TARGET_NETNSID, m->target_nsid);
	nla_put_str(b, IFLA_IFNAME, dev->name);
	put_state(b, dev);
	if (!(m->ext_mask & RTEXT_FILTER_SKIP_STATS))
		put_stats(b, dev);
	xdp = nla_nest_begin(b, IFLA_XDP);
	nla_put_u8(b, IFLA_XDP_ATTACHED, 0);
	nla_nest_end(b, xdp);
	put_kind(b, dev);
	if (m->new_net)
		put_nsid(b, IFLA_NEW_NETNSID, m->viewer, m->new_net);
	if (m->new_ifindex)
		nla_put_s32(b, IFLA_NEW_IFINDEX, m->new_ifindex);
	if (peer && peer->net != dev->net)
		put_nsid(b, IFLA_LINK_NETNSID, m->viewer, peer->net);
	if (dev->ops->peer &&
	    (!peer || peer->ifindex != dev->ifindex || peer->net != dev->net))
		nla_put_u32(b, IFLA_LINK, peer ? (u32)peer->ifindex : 0);
	nla_put_str(b, IFLA_QDISC, dev->opened ? "noqueue" : "noop");
	put_af_spec(b, dev);
	nla_reserve(b, IFLA_MAP, sizeof(struct rtnl_link_ifmap));
	put_names(b, dev);
	return nlmsg_end(b);
}

/* ---- dump ---- */

static int dump_attrs(struct nl_dump *d, const struct nlattr *const tb[])
{
	static const u16 known[] = {IFLA_TARGET_NETNSID, IFLA_EXT_MASK, IFLA_MASTER,
				    IFLA_LINKINFO};

	for (int i = 1; d->strict && i <= LINK_ATTR_MAX; i++) {
		bool ok = !tb[i];

		for (size_t k = 0; k < ARRAY_SIZE(known); k++)
			ok = ok || known[k] == i;
		if (!ok) {
			ack_set(&d->ack, "Unsupported attribute in link dump request");
			return -EINVAL;
		}
	}
	if (tb[IFLA_MASTER] && nla_get_u32(tb[IFLA_MASTER])) {
		d->args[1] = 1; /* no device of ours has a master: nothing fits */
		d->flags |= NLM_F_DUMP_FILTERED;
	}
	if (tb[IFLA_LINKINFO]) {
		const struct nlattr *kind =
		    nla_find(nla_data(tb[IFLA_LINKINFO]), nla_len(tb[IFLA_LINKINFO]),
			     IFLA_INFO_KIND);

		if (kind)
			d->flags |= NLM_F_DUMP_FILTERED;
	}
	return 0;
}

/* What the request asks is looked at with the first part, so that an error stands in
 * the dump's end as Linux has it */
static int dump_prepare(struct nl_dump *d)
{
	const struct nlattr *tb[LINK_ATTR_MAX + 1];
	const struct ifinfomsg *ifm = nlmsg_data(d->nlh);
	u32 hdrlen = sizeof(*ifm);
	struct nlattr_err bad = {0};
	int err;

	d->args[2] = (u64)NSID_NONE;
	if (d->strict) {
		err = rtnl_dump_parse(d, hdrlen, tb, LINK_ATTR_MAX, link_policy,
				      "link dump");
		if (err)
			return err;
		if (ifm->__ifi_pad || ifm->ifi_type || ifm->ifi_flags ||
		    ifm->ifi_change) {
			ack_set(&d->ack,
				"Invalid values in header for link dump request");
			return -EINVAL;
		}
		if (ifm->ifi_index) {
			ack_set(&d->ack,
				"Filter by device index not supported for link dumps");
			return -EINVAL;
		}
	} else {
		/* Old programs send a struct rtgenmsg alone */
		if (nlmsg_len(d->nlh) < hdrlen)
			hdrlen = sizeof(struct rtgenmsg);
		err = nlmsg_parse(d->nlh, hdrlen, tb, LINK_ATTR_MAX, link_policy,
				  NL_VALIDATE_LIBERAL, &bad);
		if (err)
			memset(tb, 0, sizeof(tb));
	}
	err = dump_attrs(d, tb);
	if (err)
		return err;
	if (tb[IFLA_EXT_MASK])
		d->args[3] = nla_get_u32(tb[IFLA_EXT_MASK]);
	if (tb[IFLA_TARGET_NETNSID]) {
		s32 id = nla_get_s32(tb[IFLA_TARGET_NETNSID]);

		err = nl_dump_target(d, id);
		if (err) {
			ack_set(&d->ack, "Invalid target network namespace id");
			return err;
		}
		d->args[2] = (u64)id;
	}
	err = dev_snap_take(d, nl_dump_net(d));
	return err;
}

static bool kind_fits(const struct nl_dump *d, const struct dev *dev)
{
	const struct nlattr *info, *kind;

	if (!(d->flags & NLM_F_DUMP_FILTERED))
		return true;
	if (d->args[1])
		return false;
	info = nlmsg_find(d->nlh, sizeof(struct ifinfomsg), IFLA_LINKINFO);
	kind = info ? nla_find(nla_data(info), nla_len(info), IFLA_INFO_KIND) : NULL;
	return !kind || (dev->kind->name && nla_is_string(kind, dev->kind->name));
}

static int dump_step(struct nl_dump *d, struct nlmsg_builder *b)
{
	struct link_msg m = {
	    .viewer = d->net,
	    .type = RTM_NEWLINK,
	    .flags = d->flags,
	    .seq = d->seq,
	    .portid = d->portid,
	};
	const struct net *net;
	struct dev_snap *s;
	struct dev *dev;

	if (!d->args[0]) {
		int err = dump_prepare(d);

		if (err)
			return err;
		d->args[0] = 1;
		m.flags = d->flags;
	}
	net = nl_dump_net(d);
	m.ext_mask = (u32)d->args[3];
	m.target_nsid = (s32)d->args[2];
	d->gen = net->dev_gen + 1;
	for (s = d->data; (dev = dev_snap_at(s, net)); s->pos++) {
		if (!kind_fits(d, dev))
			continue;
		if (link_fill(b, dev, &m))
			return 1;
	}
	return 0;
}

const struct nl_dump_ops link_dump = {
    .step = dump_step,
};

/* ---- events ---- */

/* What a message of @type would name gets its id also when nobody listens, so that ids
 * do not depend on that */
static void name_nets(struct dev *dev, u16 type)
{
	struct dev *peer = dev->ops->peer ? dev->ops->peer(dev) : NULL;

	if (type == RTM_DELLINK && dev->move_to)
		nsid_get(dev->net, dev->move_to);
	if (peer && peer->net != dev->net)
		nsid_get(dev->net, peer->net);
}

static void send_event(struct dev *dev, u16 type, u32 change)
{
	struct net *net = dev->net;
	struct link_msg m = {
	    .viewer = net,
	    .type = type,
	    .change = change,
	    .target_nsid = NSID_NONE,
	};
	struct nl_buf nb;

	if (!nl_has_listeners(net, NETLINK_ROUTE, RTNLGRP_LINK)) {
		name_nets(dev, type);
		return;
	}
	if (type == RTM_DELLINK && dev->move_to) {
		m.new_net = dev->move_to;
		nsid_get(net, dev->move_to); /* the first that needs one */
		m.new_ifindex = dev->move_ifindex;
	}
	if (nl_buf_init(&nb, net, NL_BUF))
		return;
	if (!link_fill(&nb.b, dev, &m))
		nl_multicast(net, NETLINK_ROUTE, RTNLGRP_LINK, nb.b.buf, nb.b.len, 0);
	nl_buf_fini(&nb);
}

void link_notify(struct dev *dev, u32 change)
{
	send_event(dev, RTM_NEWLINK, change);
}

void link_creation_begin(const struct dev *dev)
{
	rtnl_worker(dev->net)->creating = dev;
}

void link_creation_end(struct dev *dev)
{
	rtnl_worker(dev->net)->creating = NULL;
	if (dev->state == DEV_REGISTERED)
		link_notify(dev, ~0U);
}

/* Not announced yet */
static bool is_waiting(const struct dev *dev)
{
	return rtnl_worker(dev->net)->creating == dev;
}

static int on_register(struct net *net, enum event_kind kind, void *obj)
{
	struct dev *dev = obj;

	(void)net;
	(void)kind;
	if (!is_waiting(dev))
		link_notify(dev, ~0U);
	return 0;
}

static int on_gone(struct net *net, enum event_kind kind, void *obj)
{
	struct dev *dev = obj;

	(void)net;
	(void)kind;
	if (!is_waiting(dev))
		send_event(dev, RTM_DELLINK, ~0U);
	return 0;
}

static int on_change(struct net *net, enum event_kind kind, void *obj)
{
	struct dev *dev = obj;
	u32 change = kind == EV_DEV_CHANGE ? dev->change : 0;

	(void)net;
	if (dev->state == DEV_GONE || dev->state == DEV_NEW || is_waiting(dev))
		return 0;
	send_event(dev, RTM_NEWLINK, change);
	return 0;
}

int link_msg_boot(struct warren *w)
{
	static const struct {
		enum event_kind kind;
		event_fn *fn;
	} events[] = {
	    {EV_DEV_REGISTER, on_register}, {EV_DEV_GONE, on_gone},
	    {EV_DEV_CHANGE, on_change},	    {EV_DEV_MTU, on_change},
	    {EV_DEV_ADDR, on_change},	    {EV_DEV_NAME, on_change},
	};
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(events) && !err; i++)
		err = event_listen(w, &rtnl_part, events[i].kind, events[i].fn);
	return err;
}
