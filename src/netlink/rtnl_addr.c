/* SPDX-License-Identifier: MIT */
/*
 * rtnl_addr.c - RTM_NEWADDR, DELADDR, GETADDR for IPv4
 */

#include "ip/addr4.h"
#include "ip/fib.h"
#include "netlink/rtnl.h"

#define INFINITE 0xffffffffU

static const struct nla_policy addr_policy[IFA_MAX + 1] = {
    [IFA_LOCAL] = {.type = NLA_U32},
    [IFA_ADDRESS] = {.type = NLA_U32},
    [IFA_BROADCAST] = {.type = NLA_U32},
    [IFA_LABEL] = {.type = NLA_STRING, .len = IFNAMSIZ - 1},
    [IFA_CACHEINFO] = {.type = NLA_UNSPEC, .len = sizeof(struct ifa_cacheinfo)},
    [IFA_FLAGS] = {.type = NLA_U32},
    [IFA_RT_PRIORITY] = {.type = NLA_U32},
    [IFA_TARGET_NETNSID] = {.type = NLA_S32},
    [IFA_PROTO] = {.type = NLA_U8},
};

/* ---- the message ---- */

struct addr_msg {
	u16 type, flags;
	u32 seq, portid;
	s32 target; /* IFA_TARGET_NETNSID, NSID_NONE: not there */
};

static u32 left_of(u32 life_s, u32 age_s)
{
	if (life_s == INFINITE)
		return INFINITE;
	return life_s > age_s ? life_s - age_s : 0;
}

static void put_cacheinfo(struct nlmsg_builder *b, const struct ifaddr4 *ifa)
{
	struct ifa_cacheinfo ci = {
	    .ifa_prefered = INFINITE,
	    .ifa_valid = INFINITE,
	    .cstamp = (u32)(ifa->created_ns / (10 * NS_PER_MS)),
	    .tstamp = (u32)(ifa->updated_ns / (10 * NS_PER_MS)),
	};
	u64 now = clock_now(ifa->dev->net->w);
	u32 age_s = (u32)((now - min(now, ifa->updated_ns)) / NS_PER_S);

	if (!(ifa->flags & IFA_F_PERMANENT)) {
		ci.ifa_prefered = left_of(ifa->preferred_s, age_s);
		ci.ifa_valid = left_of(ifa->valid_s, age_s);
	}
	nla_put(b, IFA_CACHEINFO, sizeof(ci), &ci);
}

static int addr_fill(struct nlmsg_builder *b, const struct ifaddr4 *ifa,
		     const struct addr_msg *m)
{
	struct ifaddrmsg *ifm =
	    nlmsg_begin(b, m->type, m->flags, m->seq, m->portid, sizeof(*ifm));

	if (!ifm)
		return -EMSGSIZE;
	ifm->ifa_family = AF_INET;
	ifm->ifa_prefixlen = ifa->plen;
	ifm->ifa_flags = (u8)ifa->flags;
	ifm->ifa_scope = ifa->scope;
	ifm->ifa_index = (u32)ifa->dev->ifindex;
	if (m->target != NSID_NONE)
		nla_put_s32(b, IFA_TARGET_NETNSID, m->target);
	if (ifa->address)
		nla_put_be32(b, IFA_ADDRESS, ifa->address);
	if (ifa->local)
		nla_put_be32(b, IFA_LOCAL, ifa->local);
	if (ifa->broadcast)
		nla_put_be32(b, IFA_BROADCAST, ifa->broadcast);
	if (ifa->label[0])
		nla_put_str(b, IFA_LABEL, ifa->label);
	if (ifa->proto)
		nla_put_u8(b, IFA_PROTO, ifa->proto);
	nla_put_u32(b, IFA_FLAGS, ifa->flags);
	if (ifa->metric)
		nla_put_u32(b, IFA_RT_PRIORITY, ifa->metric);
	put_cacheinfo(b, ifa);
	return nlmsg_end(b);
}

/* ---- requests ---- */

static int find_dev(struct nl_req *rq, const struct ifaddrmsg *ifm, struct dev **out)
{
	*out = dev_by_index(rq->net, (s32)ifm->ifa_index);
	if (*out)
		return 0;
	ack_set(&rq->ack, "ipv4: Device not found");
	return -ENODEV;
}

static int read_lifetimes(struct nl_req *rq, const struct nlattr *nla,
			  struct ifaddr4 *want)
{
	struct ifa_cacheinfo ci;

	want->valid_s = want->preferred_s = INFINITE;
	if (!nla)
		return 0;
	memcpy(&ci, nla_data(nla), sizeof(ci));
	if (!ci.ifa_valid || ci.ifa_prefered > ci.ifa_valid) {
		ack_attr(&rq->ack, nla, "ipv4: address lifetime invalid");
		return -EINVAL;
	}
	want->valid_s = ci.ifa_valid;
	want->preferred_s = ci.ifa_prefered;
	return 0;
}

static int read_addr(struct nl_req *rq, struct ifaddr4 *want, struct dev **dev)
{
	const struct nlattr *tb[IFA_MAX + 1];
	const struct ifaddrmsg *ifm;
	int err =
	    rtnl_parse(rq, sizeof(*ifm), tb, IFA_MAX, addr_policy, NL_VALIDATE_LIBERAL);

	if (err)
		return err;
	ifm = nlmsg_data(rq->nlh);
	if (ifm->ifa_prefixlen > 32) {
		ack_set(&rq->ack, "ipv4: Invalid prefix length");
		return -EINVAL;
	}
	if (!tb[IFA_LOCAL]) {
		ack_set(&rq->ack, "ipv4: Local address is not supplied");
		return -EINVAL;
	}
	err = find_dev(rq, ifm, dev);
	if (err)
		return err;
	memset(want, 0, sizeof(*want));
	want->dev = *dev;
	want->local = nla_get_be32(tb[IFA_LOCAL]);
	want->address = tb[IFA_ADDRESS] ? nla_get_be32(tb[IFA_ADDRESS]) : want->local;
	want->plen = ifm->ifa_prefixlen;
	want->mask = ip4_mask(want->plen);
	want->scope = ifm->ifa_scope;
	want->flags = tb[IFA_FLAGS] ? nla_get_u32(tb[IFA_FLAGS]) : ifm->ifa_flags;
	if (want->flags & IFA_F_MCAUTOJOIN) {
		ack_set(&rq->ack, "ipv4: Multicast auto join failed");
		return -EINVAL;
	}
	want->flags &= IFA_F_NOPREFIXROUTE; /* all that means something to IPv4 */
	if (tb[IFA_BROADCAST])
		want->broadcast = nla_get_be32(tb[IFA_BROADCAST]);
	if (tb[IFA_LABEL])
		nla_strscpy(want->label, tb[IFA_LABEL], sizeof(want->label));
	else
		memcpy(want->label, (*dev)->name, sizeof(want->label));
	if (tb[IFA_RT_PRIORITY])
		want->metric = nla_get_u32(tb[IFA_RT_PRIORITY]);
	if (tb[IFA_PROTO])
		want->proto = nla_get_u8(tb[IFA_PROTO]);
	return read_lifetimes(rq, tb[IFA_CACHEINFO], want);
}

static int addr_new(struct nl_req *rq)
{
	u16 flags = rq->nlh->nlmsg_flags;
	struct ifaddr4 want;
	struct dev *dev;
	int err = read_addr(rq, &want, &dev);

	if (err)
		return err;
	err = addr4_add(dev, &want, !(flags & NLM_F_EXCL) && flags & NLM_F_REPLACE,
			&rq->ack);
	if (err == -EEXIST)
		ack_set(&rq->ack, "ipv4: Address already assigned");
	return err;
}

static bool is_meant(const struct ifaddr4 *ifa, const struct ifaddrmsg *ifm,
		     const struct nlattr *const tb[])
{
	if (tb[IFA_LOCAL] && ifa->local != nla_get_be32(tb[IFA_LOCAL]))
		return false;
	if (tb[IFA_LABEL] && !nla_is_string(tb[IFA_LABEL], ifa->label))
		return false;
	return !tb[IFA_ADDRESS] ||
	       (ifm->ifa_prefixlen == ifa->plen &&
		!((nla_get_be32(tb[IFA_ADDRESS]) ^ ifa->address) & ifa->mask));
}

static int addr_del(struct nl_req *rq)
{
	const struct nlattr *tb[IFA_MAX + 1];
	const struct ifaddrmsg *ifm;
	struct ifaddr4 *ifa;
	struct dev *dev;
	int err =
	    rtnl_parse(rq, sizeof(*ifm), tb, IFA_MAX, addr_policy, NL_VALIDATE_LIBERAL);

	if (err)
		return err;
	ifm = nlmsg_data(rq->nlh);
	err = find_dev(rq, ifm, &dev);
	if (err)
		return err;
	if (!in_dev4(dev)) {
		ack_set(&rq->ack, "ipv4: Device not found");
		return -ENODEV;
	}
	list_for_each(ifa, &in_dev4(dev)->addrs, node)
		if (is_meant(ifa, ifm, tb)) {
			addr4_del_one(ifa);
			return 0;
		}
	ack_set(&rq->ack, "ipv4: Address not found");
	return -EADDRNOTAVAIL;
}

/* ---- dump: args[0] prepared, [1] place in the device, [2] only this index, [3] id
 * ---- */

static int dump_prepare(struct nl_dump *d)
{
	const struct ifaddrmsg *ifm = nlmsg_data(d->nlh);
	const struct nlattr *tb[IFA_MAX + 1];
	int err;

	d->args[3] = (u64)NSID_NONE;
	if (!d->strict)
		return dev_snap_take(d, d->net);
	err = rtnl_dump_parse(d, sizeof(*ifm), tb, IFA_MAX, addr_policy,
			      "address dump request");
	if (err)
		return err;
	if (ifm->ifa_prefixlen || ifm->ifa_flags || ifm->ifa_scope) {
		ack_set(&d->ack,
			"ipv4: Invalid values in header for address dump request");
		return -EINVAL;
	}
	for (int i = 1; i <= IFA_MAX; i++)
		if (tb[i] && i != IFA_TARGET_NETNSID) {
			ack_set(&d->ack, "ipv4: Unsupported attribute in dump request");
			return -EINVAL;
		}
	if (tb[IFA_TARGET_NETNSID]) {
		err = nl_dump_target(d, nla_get_s32(tb[IFA_TARGET_NETNSID]));
		if (err) {
			ack_attr(&d->ack, tb[IFA_TARGET_NETNSID],
				 "ipv4: Invalid target network namespace id");
			return err;
		}
		d->args[3] = (u64)nla_get_s32(tb[IFA_TARGET_NETNSID]);
	}
	if (ifm->ifa_index) {
		d->args[2] = ifm->ifa_index;
		d->flags |= NLM_F_DUMP_FILTERED;
		if (!dev_by_index(nl_dump_net(d), (s32)ifm->ifa_index))
			return -ENODEV;
	}
	return dev_snap_take(d, nl_dump_net(d));
}

static int dump_dev(struct nl_dump *d, struct nlmsg_builder *b, const struct dev *dev)
{
	const struct addr_msg m = {
	    .type = RTM_NEWADDR,
	    .flags = d->flags,
	    .seq = d->seq,
	    .portid = d->portid,
	    .target = (s32)d->args[3],
	};
	const struct ifaddr4 *ifa;
	u64 i = 0;

	list_for_each(ifa, &in_dev4(dev)->addrs, node) {
		if (i++ < d->args[1])
			continue;
		if (addr_fill(b, ifa, &m))
			return 1;
		d->args[1] = i;
	}
	d->args[1] = 0;
	return 0;
}

static int dump_step(struct nl_dump *d, struct nlmsg_builder *b)
{
	const struct net *net;
	struct dev_snap *s;
	struct dev *dev;

	if (!d->args[0]) {
		int err = dump_prepare(d);

		if (err)
			return err;
		d->args[0] = 1;
	}
	net = nl_dump_net(d);
	d->gen = net->dev_gen + fib_gen(net) + 1;
	for (s = d->data; (dev = dev_snap_at(s, net)); s->pos++) {
		if (!in_dev4(dev) || (d->args[2] && d->args[2] != (u64)dev->ifindex))
			continue;
		if (dump_dev(d, b, dev))
			return 1;
	}
	return 0;
}

static const struct nl_dump_ops addr_dump = {
    .step = dump_step,
};

/* ---- events ---- */

static int fill_event(struct nlmsg_builder *b, struct net *net, const void *obj,
		      int type, u32 seq, u32 portid)
{
	const struct addr_msg m = {
	    .type = (u16)type,
	    .seq = seq,
	    .portid = portid,
	    .target = NSID_NONE,
	};

	(void)net;
	return addr_fill(b, obj, &m);
}

static int on_addr(struct net *net, enum event_kind kind, void *obj)
{
	rtnl_notify(net, RTNLGRP_IPV4_IFADDR, fill_event, obj,
		    kind == EV_ADDR4_ADD ? RTM_NEWADDR : RTM_DELADDR);
	return 0;
}

static const struct rtnl_handler addr_handlers[] = {
    {.type = RTM_NEWADDR, .family = AF_INET, .request = addr_new},
    {.type = RTM_DELADDR, .family = AF_INET, .request = addr_del},
    {.type = RTM_GETADDR, .family = AF_INET, .dump = &addr_dump},
    {.type = RTM_GETADDR, .family = AF_UNSPEC, .dump = &addr_dump},
};

int rtnl_addr_boot(struct warren *w)
{
	int err =
	    rtnl_register(w, &rtnl_part, addr_handlers, ARRAY_SIZE(addr_handlers));

	if (!err)
		err = event_listen(w, &rtnl_part, EV_ADDR4_ADD, on_addr);
	if (!err)
		err = event_listen(w, &rtnl_part, EV_ADDR4_DEL, on_addr);
	return err;
}
