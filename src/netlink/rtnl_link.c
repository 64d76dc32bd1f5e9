/* SPDX-License-Identifier: MIT */
/*
 * rtnl_link.c - RTM_NEWLINK, DELLINK, GETLINK, SETLINK, and link properties
 *
 * NEWLINK makes a device or changes one; SETLINK only changes. A device is
 * named by index, else by name or alternative name, in the sender's net (N4.9)
 * or, to be made, in the net where it shall be. Changes are made in Linux's
 * order: move to another net first (under its new name only if the old one is
 * taken there), then the rest.
 * What fails in the middle leaves the earlier changes made, as in Linux.
 */

#include "link/linkattr.h"
#include "netlink/link_msg.h"

#include <linux/if_arp.h>

static const struct nla_policy info_policy[IFLA_INFO_MAX + 1] = {
    [IFLA_INFO_KIND] = {.type = NLA_STRING, .len = 55},
    [IFLA_INFO_DATA] = {.type = NLA_NESTED},
    [IFLA_INFO_SLAVE_KIND] = {.type = NLA_STRING, .len = 55},
    [IFLA_INFO_SLAVE_DATA] = {.type = NLA_NESTED},
};

struct link_req {
	const struct ifinfomsg *ifm;
	const struct nlattr *tb[LINK_ATTR_MAX + 1];
	const struct nlattr *info[IFLA_INFO_MAX + 1];
	char name[IFNAMSIZ]; /* IFLA_IFNAME or empty */
	char kind_name[56];  /* or empty */
	const struct dev_kind *kind;
};

static int parse(struct nl_req *rq, struct link_req *lr)
{
	struct nlattr_err bad = {0};
	int err = rtnl_parse(rq, sizeof(*lr->ifm), lr->tb, LINK_ATTR_MAX, link_policy,
			     NL_VALIDATE_LIBERAL);

	if (err)
		return err;
	lr->ifm = nlmsg_data(rq->nlh);
	lr->name[0] = lr->kind_name[0] = 0;
	lr->kind = NULL;
	memset(lr->info, 0, sizeof(lr->info));
	if (lr->tb[IFLA_IFNAME])
		nla_strscpy(lr->name, lr->tb[IFLA_IFNAME], sizeof(lr->name));
	if (!lr->tb[IFLA_LINKINFO])
		return 0;
	err = nla_parse_nested(lr->info, IFLA_INFO_MAX, lr->tb[IFLA_LINKINFO],
			       info_policy, NL_VALIDATE_LIBERAL, &bad);
	if (err) {
		ack_attr(&rq->ack, bad.attr, bad.msg);
		return err;
	}
	if (lr->info[IFLA_INFO_KIND])
		nla_strscpy(lr->kind_name, lr->info[IFLA_INFO_KIND],
			    sizeof(lr->kind_name));
	if (lr->kind_name[0])
		lr->kind = kind_find(rq->net, lr->kind_name);
	return 0;
}

/* By index, name or alternative name. NULL also when none is given: see @given */
static struct dev *find_dev(const struct net *net, const struct link_req *lr,
			    bool *given)
{
	char alt[128];

	*given = true;
	if (lr->ifm->ifi_index > 0)
		return dev_by_index(net, lr->ifm->ifi_index);
	if (lr->name[0])
		return dev_by_name(net, lr->name);
	if (lr->tb[IFLA_ALT_IFNAME]) {
		nla_strscpy(alt, lr->tb[IFLA_ALT_IFNAME], sizeof(alt));
		return dev_by_name(net, alt);
	}
	*given = false;
	return NULL;
}

/* ---- changing ---- */

static int check_addr(const struct dev *dev, const struct nlattr *nla)
{
	return nla && nla_len(nla) < dev->addr_len ? -EINVAL : 0;
}

static int set_hwaddr(struct dev *dev, const struct nlattr *nla)
{
	const u8 *mac = nla_data(nla);
	static const u8 zero[6];

	if (!memcmp(mac, dev->addr, dev->addr_len))
		return 0;
	if ((dev->type == ARPHRD_ETHER || dev_is_lo(dev)) &&
	    (mac[0] & 1 || !memcmp(mac, zero, 6)))
		return -EADDRNOTAVAIL;
	return dev_set_addr(dev, mac);
}

/* No kind of ours takes others under it */
static int set_master(const struct dev *dev, const struct nlattr *nla)
{
	s32 index = (s32)nla_get_u32(nla);

	if (!index)
		return 0;
	return dev_by_index(dev->net, index) ? -EOPNOTSUPP : -EINVAL;
}

/* What only is a number or a text. *@changed: worth an announcement of its own */
static int set_plain(struct dev *dev, const struct link_req *lr, bool *changed)
{
	const struct nlattr *const *tb = lr->tb;
	int err = 0;

	if (tb[IFLA_GROUP]) { /* told also when it is the same */
		dev->group = nla_get_u32(tb[IFLA_GROUP]);
		*changed = true;
	}
	if (lr->ifm->ifi_index > 0 && lr->name[0] && strcmp(lr->name, dev->name))
		err = dev_rename(dev, lr->name);
	if (!err && tb[IFLA_IFALIAS]) {
		err = dev_set_alias(dev, nla_data(tb[IFLA_IFALIAS]),
				    nla_len(tb[IFLA_IFALIAS]));
		*changed = true;
	}
	if (!err && tb[IFLA_BROADCAST]) {
		memcpy(dev->broadcast, nla_data(tb[IFLA_BROADCAST]), dev->addr_len);
		*changed = true;
	}
	if (!err && tb[IFLA_MASTER])
		err = set_master(dev, tb[IFLA_MASTER]);
	return err;
}

static int set_late(struct dev *dev, const struct link_req *lr, bool *changed,
		    struct ext_ack *ack)
{
	const struct nlattr *const *tb = lr->tb;

	int err;

	if (tb[IFLA_CARRIER]) {
		err = dev->ops->change_carrier
			  ? dev->ops->change_carrier(dev, nla_get_u8(tb[IFLA_CARRIER]))
			  : -EOPNOTSUPP;
		if (err)
			return err;
	}
	if (tb[IFLA_TXQLEN] && nla_get_u32(tb[IFLA_TXQLEN]) != dev->txqlen) {
		dev->txqlen = nla_get_u32(tb[IFLA_TXQLEN]);
		*changed = true;
	}
	err = link_check_gso(tb, ack);
	if (err)
		return err;
	if (tb[IFLA_GSO_MAX_SIZE] &&
	    nla_get_u32(tb[IFLA_GSO_MAX_SIZE]) != dev->gso_max_size) {
		dev->gso_max_size = nla_get_u32(tb[IFLA_GSO_MAX_SIZE]);
		*changed = true;
	}
	if (tb[IFLA_GSO_MAX_SEGS] &&
	    nla_get_u32(tb[IFLA_GSO_MAX_SEGS]) != dev->gso_max_segs) {
		dev->gso_max_segs = nla_get_u32(tb[IFLA_GSO_MAX_SEGS]);
		*changed = true;
	}
	if (tb[IFLA_LINKMODE]) {
		*changed = *changed || dev->linkmode != nla_get_u8(tb[IFLA_LINKMODE]);
		dev->linkmode = nla_get_u8(tb[IFLA_LINKMODE]);
	}
	if (tb[IFLA_PROTO_DOWN] || tb[IFLA_PROTO_DOWN_REASON]) {
		ack_set(ack, "Protodown not supported by device");
		return -EOPNOTSUPP;
	}
	return 0;
}

static int move(struct nl_req *rq, struct dev *dev, const struct link_req *lr)
{
	const struct nlattr *const *tb = lr->tb;
	struct net *to;
	s32 index = tb[IFLA_NEW_IFINDEX] ? nla_get_s32(tb[IFLA_NEW_IFINDEX]) : 0;
	int err;

	if (!tb[IFLA_NET_NS_PID] && !tb[IFLA_NET_NS_FD] && !tb[IFLA_TARGET_NETNSID])
		return 0;
	err = link_attr_net(&rq->caller, tb, dev->net, &to, &rq->ack);
	if (err)
		return err;
	/* The new name is for the new net, and needed on the way only when the old one
	 * is taken there; else the device is renamed when it has arrived (N4.8) */
	err = dev_move(dev, to,
		       lr->name[0] && dev_by_name(to, dev->name) ? lr->name : NULL,
		       index, &rq->ack);
	net_put(to);
	return err;
}

static int set_link(struct nl_req *rq, struct dev *dev, const struct link_req *lr)
{
	const struct ifinfomsg *ifm = lr->ifm;
	bool changed = false;
	int err = check_addr(dev, lr->tb[IFLA_ADDRESS]);

	if (!err)
		err = check_addr(dev, lr->tb[IFLA_BROADCAST]);
	if (err)
		return err;
	dev_hold(dev);
	err = move(rq, dev, lr);
	if (!err && lr->tb[IFLA_MAP])
		err = -EOPNOTSUPP;
	if (!err && lr->tb[IFLA_ADDRESS])
		err = set_hwaddr(dev, lr->tb[IFLA_ADDRESS]);
	if (!err && lr->tb[IFLA_MTU])
		err = dev_set_mtu(dev, nla_get_u32(lr->tb[IFLA_MTU]), &rq->ack);
	if (!err)
		err = set_plain(dev, lr, &changed);
	if (!err && (ifm->ifi_flags || ifm->ifi_change))
		err = dev_set_flags(dev, ifm->ifi_flags,
				    ifm->ifi_change ? ifm->ifi_change : ~0U);
	if (!err)
		err = set_late(dev, lr, &changed, &rq->ack);
	if (changed) {
		dev->net->dev_gen++;
		if (dev_is_up(dev))
			link_notify(dev, 0);
	}
	dev_put(dev);
	return err;
}

static int link_set(struct nl_req *rq)
{
	struct link_req lr;
	struct dev *dev;
	bool given;
	int err = parse(rq, &lr);

	if (err)
		return err;
	dev = find_dev(rq->net, &lr, &given);
	if (!given)
		return -EINVAL;
	return dev ? set_link(rq, dev, &lr) : -ENODEV;
}

/* ---- making ---- */

static int check_new(struct nl_req *rq, const struct link_req *lr)
{
	const struct nlattr *id = lr->tb[IFLA_LINK_NETNSID];

	if (id && !nsid_find(rq->net, nla_get_s32(id))) {
		ack_set(&rq->ack, "Unknown network namespace id");
		return -EINVAL;
	}
	if (lr->tb[IFLA_MAP] || lr->tb[IFLA_PROTINFO])
		return -EOPNOTSUPP;
	if (!lr->kind || lr->kind->no_create) {
		ack_set(&rq->ack, "Unknown device type");
		return -EOPNOTSUPP;
	}
	return 0;
}

static int make(struct nl_req *rq, const struct link_req *lr, struct net *net)
{
	const struct ifinfomsg *ifm = lr->ifm;
	struct caller caller = rq->caller;
	struct dev *dev;
	int err = check_new(rq, lr);

	if (err)
		return err;
	err = dev_new(net, lr->kind, NULL, &dev);
	if (err)
		return err;
	dev->ifindex = ifm->ifi_index;
	err = link_apply_attrs(dev, lr->tb, &rq->ack);
	if (err)
		goto err_new;
	link_creation_begin(dev);
	caller.net = rq->net; /* where the request was made */
	err = lr->kind->newlink ? lr->kind->newlink(dev, &caller, lr->tb,
						    lr->info[IFLA_INFO_DATA], &rq->ack)
				: dev_register(dev);
	if (!err)
		dev_hold(dev);
	link_creation_end(dev);
	if (err)
		goto err_new;
	if (ifm->ifi_flags || ifm->ifi_change)
		err = dev_set_flags(dev, ifm->ifi_flags,
				    ifm->ifi_change ? ifm->ifi_change : ~0U);
	if (!err && lr->tb[IFLA_MASTER])
		err = set_master(dev, lr->tb[IFLA_MASTER]);
	if (err)
		dev_delete(dev);
	dev_put(dev);
	return err;

err_new:
	if (dev->state == DEV_NEW)
		dev_discard(dev);
	return err;
}

static int change_existing(struct nl_req *rq, struct dev *dev, struct link_req *lr)
{
	u16 flags = rq->nlh->nlmsg_flags;
	int err = 0;

	if (flags & NLM_F_EXCL)
		return -EEXIST;
	if (flags & NLM_F_REPLACE)
		return -EOPNOTSUPP;
	if (lr->info[IFLA_INFO_DATA]) {
		if (!lr->kind || lr->kind != dev->kind || !lr->kind->changelink)
			return -EOPNOTSUPP;
		err = lr->kind->changelink(dev, lr->info[IFLA_INFO_DATA], &rq->ack);
	}
	return err ? err : set_link(rq, dev, lr);
}

static int change_group(struct nl_req *rq, struct link_req *lr)
{
	u32 group = nla_get_u32(lr->tb[IFLA_GROUP]);
	struct dev *dev, *tmp;
	int err = 0;

	list_for_each_safe(dev, tmp, &rq->net->devs, node) {
		if (dev->group == group)
			err = set_link(rq, dev, lr);
		if (err)
			return err;
	}
	return 0;
}

static int link_new(struct nl_req *rq)
{
	const u16 create = NLM_F_CREATE | NLM_F_EXCL;
	u16 flags = rq->nlh->nlmsg_flags;
	struct link_req lr;
	struct net *target;
	struct dev *dev;
	bool given;
	int err = parse(rq, &lr);

	if (err)
		return err;
	if (lr.kind && lr.kind->validate)
		err = lr.kind->validate(lr.tb, lr.info[IFLA_INFO_DATA], &rq->ack);
	if (!err && lr.ifm->ifi_index < 0) {
		ack_set(&rq->ack, "ifindex can't be negative");
		err = -EINVAL;
	}
	if (!err)
		err = link_attr_net(&rq->caller, lr.tb, rq->net, &target, &rq->ack);
	if (err)
		return err;
	dev = find_dev((flags & create) == create ? target : rq->net, &lr, &given);
	if (dev)
		err = change_existing(rq, dev, &lr);
	else if (flags & NLM_F_CREATE)
		err = make(rq, &lr, target);
	else if (!given && lr.tb[IFLA_GROUP])
		err = change_group(rq, &lr);
	else
		err = -ENODEV; /* ip asks with nothing at all whether we know NEWLINK */
	net_put(target);
	return err;
}

/* ---- deleting ---- */

static int delete_group(struct net *net, u32 group)
{
	struct dev *dev;
	bool any = false;

	if (!group)
		return -EPERM;
	list_for_each(dev, &net->devs, node) {
		if (dev->group != group)
			continue;
		if (!dev->kind->name)
			return -EOPNOTSUPP;
		any = true;
	}
	if (!any)
		return -ENODEV;
	while (any) { /* deleting one may delete its neighbour in the list */
		any = false;
		list_for_each(dev, &net->devs, node)
			if (dev->group == group) {
				dev_delete(dev);
				any = true;
				break;
			}
	}
	return 0;
}

/* The net that IFLA_TARGET_NETNSID says, or the sender's. One user reference. */
static int addressed_net(struct nl_req *rq, const struct link_req *lr, struct net **out,
			 s32 *id)
{
	const struct nlattr *nla = lr->tb[IFLA_TARGET_NETNSID];

	*id = nla ? nla_get_s32(nla) : NSID_NONE;
	*out = nla ? nsid_find(rq->net, *id) : rq->net;
	if (!*out)
		return -EINVAL;
	if (nla && !caller_can_in(&rq->caller, *out, CAP_NET_ADMIN))
		return -EACCES;
	net_get(*out);
	return 0;
}

static int link_del(struct nl_req *rq)
{
	struct link_req lr;
	struct net *net;
	struct dev *dev;
	bool given;
	s32 id;
	int err = parse(rq, &lr);

	if (!err)
		err = addressed_net(rq, &lr, &net, &id);
	if (err)
		return err;
	dev = find_dev(net, &lr, &given);
	if (!given)
		err = lr.tb[IFLA_GROUP]
			  ? delete_group(net, nla_get_u32(lr.tb[IFLA_GROUP]))
			  : -EINVAL;
	else if (!dev)
		err = -ENODEV;
	else if (!dev->kind->name)
		err = -EOPNOTSUPP;
	else
		dev_delete(dev);
	net_put(net);
	return err;
}

/* ---- asking ---- */

/* What a socket with NETLINK_GET_STRICT_CHK may ask */
static int check_get(struct nl_req *rq)
{
	const struct nlattr *tb[LINK_ATTR_MAX + 1];
	const struct ifinfomsg *ifm = nlmsg_data(rq->nlh);
	int err;

	if (nlmsg_len(rq->nlh) < sizeof(*ifm)) {
		ack_set(&rq->ack, "Invalid header for get link");
		return -EINVAL;
	}
	if (ifm->__ifi_pad || ifm->ifi_type || ifm->ifi_flags || ifm->ifi_change) {
		ack_set(&rq->ack, "Invalid values in header for get link request");
		return -EINVAL;
	}
	err = rtnl_parse(rq, sizeof(*ifm), tb, LINK_ATTR_MAX, link_policy,
			 NL_VALIDATE_DEPRECATED_STRICT);
	for (int i = 0; i <= LINK_ATTR_MAX && !err; i++)
		if (tb[i] && i != IFLA_IFNAME && i != IFLA_ALT_IFNAME &&
		    i != IFLA_EXT_MASK && i != IFLA_TARGET_NETNSID) {
			ack_set(&rq->ack, "Unsupported attribute in get link request");
			err = -EINVAL;
		}
	return err;
}

static int link_get(struct nl_req *rq)
{
	struct link_msg m = {
	    .viewer = rq->net,
	    .type = RTM_NEWLINK,
	    .seq = rq->nlh->nlmsg_seq,
	    .portid = rq->nk->portid,
	};
	struct link_req lr;
	struct net *net;
	struct dev *dev;
	struct nl_buf nb;
	bool given;
	int err = rq->nk->strict ? check_get(rq) : 0;

	if (!err)
		err = parse(rq, &lr);
	if (!err)
		err = addressed_net(rq, &lr, &net, &m.target_nsid);
	if (err)
		return err;
	if (lr.tb[IFLA_EXT_MASK])
		m.ext_mask = nla_get_u32(lr.tb[IFLA_EXT_MASK]);
	dev = find_dev(net, &lr, &given);
	err = dev ? nl_buf_init(&nb, net, NL_CHUNK) : given ? -ENODEV : -EINVAL;
	if (err)
		goto err_net;
	err = link_fill(&nb.b, dev, &m);
	if (!err)
		nl_reply(rq, &nb.b);
	nl_buf_fini(&nb);
err_net:
	net_put(net);
	return err;
}

/* ---- alternative names ---- */

static int one_name(struct nl_req *rq, struct dev *dev, const struct nlattr *nla,
		    bool add)
{
	char name[128];
	int err;

	if (nla_len(nla) > sizeof(name) ||
	    nla_strscpy(name, nla, sizeof(name)) >= sizeof(name)) {
		ack_attr(&rq->ack, nla, "Attribute failed policy validation");
		return -ERANGE;
	}
	err = add ? dev_altname_add(dev, name) : dev_altname_del(dev, name);
	if (err == -ENOENT && dev_by_name(rq->net, name))
		err = -EINVAL; /* a name of another kind, or of another device */
	return err;
}

static int link_prop(struct nl_req *rq)
{
	bool add = rq->nlh->nlmsg_type == RTM_NEWLINKPROP, given;
	const struct nlattr *nla;
	struct link_req lr;
	struct dev *dev;
	u32 left, n = 0;
	int err = parse(rq, &lr);

	if (err)
		return err;
	dev = find_dev(rq->net, &lr, &given);
	if (!dev)
		return given ? -ENODEV : -EINVAL;
	if (!lr.tb[IFLA_PROP_LIST])
		return 0;
	nla_for_each_nested(nla, lr.tb[IFLA_PROP_LIST], left)
	{
		if (nla_type(nla) != IFLA_ALT_IFNAME)
			continue;
		err = one_name(rq, dev, nla, add);
		if (err)
			break;
		n++;
	}
	if (n && dev_is_up(dev))
		link_notify(dev, 0);
	return err;
}

static const struct rtnl_handler link_handlers[] = {
    {.type = RTM_NEWLINK, .flags = RTNL_BARRIER, .request = link_new},
    {.type = RTM_DELLINK, .flags = RTNL_BARRIER, .request = link_del},
    {.type = RTM_SETLINK, .flags = RTNL_BARRIER, .request = link_set},
    {
	.type = RTM_GETLINK,
	.flags = RTNL_BARRIER,
	.request = link_get,
	.dump = &link_dump,
    },
    {.type = RTM_NEWLINKPROP, .request = link_prop},
    {.type = RTM_DELLINKPROP, .request = link_prop},
};

int rtnl_link_boot(struct warren *w)
{
	int err =
	    rtnl_register(w, &rtnl_part, link_handlers, ARRAY_SIZE(link_handlers));

	return err ? err : link_msg_boot(w);
}
