/* SPDX-License-Identifier: MIT */
/*
 * rtnl_stats.c - RTM_GETSTATS: counters of devices, by a mask of what is wanted
 *
 * Of the groups that Linux knows, each device of ours has the plain counters.
 * The groups of slaves and of families are empty; that of hardware offload
 * says that nothing is offloaded. Nothing can be set.
 */

#include "netlink/link_msg.h"

#include "netlink/rtnl.h"

enum { STATS_ALL = (1 << IFLA_STATS_MAX) - 1 };

static const struct nla_policy filters_policy[IFLA_STATS_MAX + 1] = {
    [IFLA_STATS_LINK_OFFLOAD_XSTATS] = {.type = NLA_U32},
};

static const struct nla_policy stats_policy[IFLA_STATS_GETSET_MAX + 1] = {
    [IFLA_STATS_GET_FILTERS] = {.type = NLA_NESTED,
				.nested = filters_policy,
				.maxtype = IFLA_STATS_MAX},
};

struct stats_want {
	u32 mask,
	    offload; /* IFLA_STATS_FILTER_BIT(IFLA_STATS_x, IFLA_OFFLOAD_XSTATS_x) */
};

static bool wanted(u32 mask, int what)
{
	return mask & IFLA_STATS_FILTER_BIT(what);
}

static void put_offload(struct nlmsg_builder *b)
{
	u32 nest = nla_nest_begin(b, IFLA_STATS_LINK_OFFLOAD_XSTATS), info, l3;

	info = nla_nest_begin(b, IFLA_OFFLOAD_XSTATS_HW_S_INFO | NLA_F_NESTED);
	l3 = nla_nest_begin(b, IFLA_OFFLOAD_XSTATS_L3_STATS | NLA_F_NESTED);
	nla_put_u8(b, IFLA_OFFLOAD_XSTATS_HW_S_INFO_REQUEST, 0);
	nla_put_u8(b, IFLA_OFFLOAD_XSTATS_HW_S_INFO_USED, 0);
	nla_nest_end(b, l3);
	nla_nest_end(b, info);
	nla_nest_end(b, nest);
}

static int fill(struct nlmsg_builder *b, const struct dev *dev,
		const struct stats_want *want, u16 flags, u32 seq, u32 portid)
{
	struct if_stats_msg *ism =
	    nlmsg_begin(b, RTM_NEWSTATS, flags, seq, portid, sizeof(*ism));
	struct rtnl_link_stats64 st;

	if (!ism)
		return -EMSGSIZE;
	ism->ifindex = (u32)dev->ifindex;
	ism->filter_mask = want->mask;
	if (wanted(want->mask, IFLA_STATS_LINK_64)) {
		link_stats64(dev, &st);
		nla_put(b, IFLA_STATS_LINK_64, sizeof(st), &st);
	}
	if (wanted(want->mask, IFLA_STATS_LINK_OFFLOAD_XSTATS) &&
	    wanted(want->offload, IFLA_OFFLOAD_XSTATS_HW_S_INFO))
		put_offload(b);
	if (wanted(want->mask, IFLA_STATS_AF_SPEC))
		nla_nest_end(b, nla_nest_begin(b, IFLA_STATS_AF_SPEC));
	return nlmsg_end(b);
}

static int check(const struct nlmsghdr *nlh, bool strict, bool dump,
		 struct ext_ack *ack, struct stats_want *want)
{
	const struct nlattr *tb[IFLA_STATS_GETSET_MAX + 1];
	const struct if_stats_msg *ism = nlmsg_data(nlh);
	const struct nlattr *filters, *offload;
	struct nlattr_err bad = {0};
	int err;

	if (nlmsg_len(nlh) < sizeof(*ism)) {
		ack_set(ack, "Invalid header for stats dump");
		return -EINVAL;
	}
	if (strict && (ism->pad1 || ism->pad2 || (dump && ism->ifindex))) {
		ack_set(ack, "Invalid values in header for stats dump request");
		return -EINVAL;
	}
	if (strict && ism->filter_mask & ~(u32)STATS_ALL) {
		ack_set(ack, "Invalid stats requested through filter mask");
		return -EINVAL;
	}
	if (!ism->filter_mask) {
		ack_set(ack, dump ? "Filter mask must be set for stats dump"
				  : "Filter mask must be set for stats get");
		return -EINVAL;
	}
	*want = (struct stats_want){ism->filter_mask, ~0U};
	err = nlmsg_parse(nlh, sizeof(*ism), tb, IFLA_STATS_GETSET_MAX, stats_policy,
			  NL_VALIDATE_STRICT, &bad);
	if (err) {
		ack_attr(ack, bad.attr, bad.msg);
		return err;
	}
	filters = tb[IFLA_STATS_GET_FILTERS];
	offload = filters ? nla_find(nla_data(filters), nla_len(filters),
				     IFLA_STATS_LINK_OFFLOAD_XSTATS)
			  : NULL;
	if (offload)
		want->offload = nla_get_u32(offload);
	return 0;
}

static int stats_get(struct nl_req *rq)
{
	const struct if_stats_msg *ism = nlmsg_data(rq->nlh);
	const struct dev *dev;
	struct nl_buf nb;
	struct stats_want want;
	int err;

	if (nlmsg_len(rq->nlh) >= sizeof(*ism)) {
		if ((s32)ism->ifindex <= 0)
			return -EINVAL;
		dev = dev_by_index(rq->net, (s32)ism->ifindex);
		if (!dev)
			return -ENODEV;
	}
	err = check(rq->nlh, rq->nk->strict, false, &rq->ack, &want);
	if (!err)
		err = nl_buf_init(&nb, rq->net, NL_BUF);
	if (err)
		return err;
	dev = dev_by_index(rq->net, (s32)ism->ifindex);
	err = fill(&nb.b, dev, &want, 0, rq->nlh->nlmsg_seq, rq->nk->portid);
	if (!err)
		nl_reply(rq, &nb.b);
	nl_buf_fini(&nb);
	return err;
}

static int dump_step(struct nl_dump *d, struct nlmsg_builder *b)
{
	struct stats_want want = {(u32)d->args[0], (u32)d->args[1]};
	struct dev_snap *s;
	struct dev *dev;

	if (!d->data) {
		int err = check(d->nlh, d->strict, true, &d->ack, &want);

		if (!err)
			err = dev_snap_take(d, d->net);
		if (err)
			return err;
		d->args[0] = want.mask;
		d->args[1] = want.offload;
	}
	d->gen = d->net->dev_gen + 1;
	for (s = d->data; (dev = dev_snap_at(s, d->net)); s->pos++)
		if (fill(b, dev, &want, d->flags, d->seq, d->portid))
			return 1;
	return 0;
}

static const struct nl_dump_ops stats_dump = {.step = dump_step};

static const struct rtnl_handler stats_handlers[] = {
    {.type = RTM_GETSTATS, .request = stats_get, .dump = &stats_dump},
};

int rtnl_stats_boot(struct warren *w)
{
	return rtnl_register(w, &rtnl_part, stats_handlers, ARRAY_SIZE(stats_handlers));
}
