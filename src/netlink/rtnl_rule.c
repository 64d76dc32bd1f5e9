/* SPDX-License-Identifier: MIT */
/*
 * rtnl_rule.c - RTM_NEWRULE, DELRULE, GETRULE for IPv4
 *
 * Texts and the order of the checks are Linux's. What a rule may ask for and no
 * packet of ours has (a VRF, a tunnel's key) is kept and matches nothing.
 */

#include "ip/rule.h"
#include "netlink/rtnl.h"

static const struct nla_policy rule_policy[FRA_MAX + 1] = {
    [FRA_IIFNAME] = {.type = NLA_STRING, .len = IFNAMSIZ - 1},
    [FRA_OIFNAME] = {.type = NLA_STRING, .len = IFNAMSIZ - 1},
    [FRA_PRIORITY] = {.type = NLA_U32},
    [FRA_FWMARK] = {.type = NLA_U32},
    [FRA_FWMASK] = {.type = NLA_U32},
    [FRA_TABLE] = {.type = NLA_U32},
    [FRA_SUPPRESS_PREFIXLEN] = {.type = NLA_U32},
    [FRA_SUPPRESS_IFGROUP] = {.type = NLA_U32},
    [FRA_GOTO] = {.type = NLA_U32},
    [FRA_TUN_ID] = {.type = NLA_U64},
    [FRA_L3MDEV] = {.type = NLA_U8},
    [FRA_UID_RANGE] = {.type = NLA_UNSPEC, .len = sizeof(struct fib_rule_uid_range)},
    [FRA_PROTOCOL] = {.type = NLA_U8},
    [FRA_IP_PROTO] = {.type = NLA_U8},
    [FRA_SPORT_RANGE] = {.type = NLA_UNSPEC, .len = sizeof(struct fib_rule_port_range)},
    [FRA_DPORT_RANGE] = {.type = NLA_UNSPEC, .len = sizeof(struct fib_rule_port_range)},
};

static bool has_dev(const struct net *net, const char *name)
{
	return dev_by_name(net, name) != NULL;
}

static void put_ports(struct nlmsg_builder *b, int type, struct rule_ports p)
{
	struct fib_rule_port_range range = {.start = p.first, .end = p.last};

	if (p.first)
		nla_put(b, (u16)type, sizeof(range), &range);
}

/* What is only said where a rule has it */
static void put_selectors(struct nlmsg_builder *b, const struct rule *r)
{
	struct fib_rule_uid_range uids = {.start = r->uid_first, .end = r->uid_last};

	if (r->mark)
		nla_put_u32(b, FRA_FWMARK, r->mark);
	if (r->mark_mask || r->mark)
		nla_put_u32(b, FRA_FWMASK, r->mark_mask);
	if (r->tun_id)
		nla_put_u64(b, FRA_TUN_ID, r->tun_id);
	if (r->l3mdev)
		nla_put_u8(b, FRA_L3MDEV, 1);
	if (r->uid_given)
		nla_put(b, FRA_UID_RANGE, sizeof(uids), &uids);
	put_ports(b, FRA_SPORT_RANGE, r->sport);
	put_ports(b, FRA_DPORT_RANGE, r->dport);
	if (r->ip_proto)
		nla_put_u8(b, FRA_IP_PROTO, r->ip_proto);
	if (r->suppress_group != -1)
		nla_put_u32(b, FRA_SUPPRESS_IFGROUP, (u32)r->suppress_group);
}

static int rule_fill(struct nlmsg_builder *b, struct net *net, const struct rule *r,
		     int type, u16 flags, u32 seq, u32 portid)
{
	struct fib_rule_hdr *h =
	    nlmsg_begin(b, (u16)type, flags, seq, portid, sizeof(*h));

	if (!h)
		return -EMSGSIZE;
	h->family = AF_INET;
	h->dst_len = r->dst_len;
	h->src_len = r->src_len;
	h->tos = r->tos;
	h->table = r->table < 256 ? (u8)r->table : RT_TABLE_COMPAT;
	h->action = r->action;
	h->flags = r->flags;
	if (r->action == FR_ACT_GOTO && !rule_resolved(net, r))
		h->flags |= FIB_RULE_UNRESOLVED;
	if (r->iif[0] && !has_dev(net, r->iif))
		h->flags |= FIB_RULE_IIF_DETACHED;
	if (r->oif[0] && !has_dev(net, r->oif))
		h->flags |= FIB_RULE_OIF_DETACHED;
	nla_put_u32(b, FRA_TABLE, r->table);
	nla_put_u32(b, FRA_SUPPRESS_PREFIXLEN, (u32)r->suppress_plen);
	nla_put_u8(b, FRA_PROTOCOL, r->protocol);
	if (r->iif[0])
		nla_put_str(b, FRA_IIFNAME, r->iif);
	if (r->oif[0])
		nla_put_str(b, FRA_OIFNAME, r->oif);
	if (r->priority)
		nla_put_u32(b, FRA_PRIORITY, r->priority);
	put_selectors(b, r);
	if (r->action == FR_ACT_GOTO)
		nla_put_u32(b, FRA_GOTO, r->target);
	if (r->dst_len)
		nla_put_be32(b, FRA_DST, r->dst.v4);
	if (r->src_len)
		nla_put_be32(b, FRA_SRC, r->src.v4);
	return nlmsg_end(b);
}

/* ---- requests ---- */

static int invalid(struct nl_req *rq, const char *why)
{
	ack_set(&rq->ack, why);
	return -EINVAL;
}

static bool good_addr(const struct nlattr *nla, u8 len)
{
	return !len || (nla && len <= 32 && nla_len(nla) == 4);
}

static int read_addrs(struct nl_req *rq, const struct fib_rule_hdr *h,
		      const struct nlattr *const tb[], struct rule *want)
{
	if (!good_addr(tb[FRA_SRC], h->src_len))
		return invalid(rq, "Invalid source address");
	if (!good_addr(tb[FRA_DST], h->dst_len))
		return invalid(rq, "Invalid dst address");
	want->dst_len = h->dst_len;
	want->src_len = h->src_len;
	want->dst = ipaddr_v4(h->dst_len ? nla_get_be32(tb[FRA_DST]) : 0);
	want->src = ipaddr_v4(h->src_len ? nla_get_be32(tb[FRA_SRC]) : 0);
	return 0;
}

static int read_goto(struct nl_req *rq, const struct nlattr *const tb[],
		     struct rule *want)
{
	if (tb[FRA_GOTO]) {
		if (want->action != FR_ACT_GOTO)
			return invalid(rq, "Unexpected goto");
		want->target = nla_get_u32(tb[FRA_GOTO]);
		if (want->target <= (want->priority_given
					 ? want->priority
					 : rule_default_priority(rq->net)))
			return invalid(rq, "Backward goto not supported");
	} else if (want->action == FR_ACT_GOTO) {
		return invalid(rq, "Missing goto target for action goto");
	}
	return 0;
}

static bool read_ports(const struct nlattr *nla, struct rule_ports *out)
{
	const struct fib_rule_port_range *range;

	if (!nla)
		return true;
	range = nla_data(nla);
	if (!range->start || range->end == UINT16_MAX || range->start > range->end)
		return false;
	*out = (struct rule_ports){range->start, range->end};
	return true;
}

/* Whose packets, of which protocol and ports */
static int read_sender(struct nl_req *rq, const struct nlattr *const tb[],
		       struct rule *want)
{
	const struct fib_rule_uid_range *uids;

	if (tb[FRA_UID_RANGE]) {
		uids = nla_data(tb[FRA_UID_RANGE]);
		if (uids->start == UINT32_MAX || uids->end == UINT32_MAX ||
		    uids->start > uids->end)
			return invalid(rq, "Invalid uid range");
		want->uid_given = true;
		want->uid_first = uids->start;
		want->uid_last = uids->end;
	}
	if (tb[FRA_IP_PROTO])
		want->ip_proto = nla_get_u8(tb[FRA_IP_PROTO]);
	if (!read_ports(tb[FRA_SPORT_RANGE], &want->sport))
		return invalid(rq, "Invalid sport range");
	if (!read_ports(tb[FRA_DPORT_RANGE], &want->dport))
		return invalid(rq, "Invalid dport range");
	return 0;
}

static void read_names(const struct nlattr *const tb[], struct rule *want)
{
	if (tb[FRA_PROTOCOL])
		want->protocol = nla_get_u8(tb[FRA_PROTOCOL]);
	want->priority_given = tb[FRA_PRIORITY] != NULL;
	if (tb[FRA_PRIORITY])
		want->priority = nla_get_u32(tb[FRA_PRIORITY]);
	if (tb[FRA_IIFNAME])
		nla_strscpy(want->iif, tb[FRA_IIFNAME], sizeof(want->iif));
	if (tb[FRA_OIFNAME])
		nla_strscpy(want->oif, tb[FRA_OIFNAME], sizeof(want->oif));
	if (tb[FRA_FWMARK])
		want->mark = nla_get_u32(tb[FRA_FWMARK]);
	if (want->mark)
		want->mark_mask = UINT32_MAX;
	if (tb[FRA_FWMASK])
		want->mark_mask = nla_get_u32(tb[FRA_FWMASK]);
	if (tb[FRA_TUN_ID])
		want->tun_id = nla_get_u64(tb[FRA_TUN_ID]);
	want->suppress_plen = want->suppress_group = -1;
	if (tb[FRA_SUPPRESS_PREFIXLEN])
		want->suppress_plen = nla_get_s32(tb[FRA_SUPPRESS_PREFIXLEN]);
	if (tb[FRA_SUPPRESS_IFGROUP])
		want->suppress_group = nla_get_s32(tb[FRA_SUPPRESS_IFGROUP]);
}

static int read_rule(struct nl_req *rq, struct rule *want)
{
	const struct nlattr *tb[FRA_MAX + 1];
	const struct fib_rule_hdr *h;
	int err =
	    rtnl_parse(rq, sizeof(*h), tb, FRA_MAX, rule_policy, NL_VALIDATE_LIBERAL);

	if (err) {
		ack_set(&rq->ack, "Error parsing msg");
		return err;
	}
	h = nlmsg_data(rq->nlh);
	memset(want, 0, sizeof(*want));
	want->family = AF_INET;
	want->tos = h->tos;
	want->action = h->action;
	want->flags = h->flags & (u32)(FIB_RULE_PERMANENT | FIB_RULE_INVERT);
	want->table = tb[FRA_TABLE] ? nla_get_u32(tb[FRA_TABLE]) : h->table;
	err = read_addrs(rq, h, tb, want);
	if (err)
		return err;
	read_names(tb, want);
	if (tb[FRA_L3MDEV] && nla_get_u8(tb[FRA_L3MDEV]) != 1)
		return invalid(rq, "Invalid l3mdev attribute");
	want->l3mdev = tb[FRA_L3MDEV] != NULL;
	err = read_goto(rq, tb, want);
	if (err)
		return err;
	if (want->l3mdev && want->table)
		return invalid(rq, "l3mdev and table are mutually exclusive");
	return read_sender(rq, tb, want);
}

static int rule_new(struct nl_req *rq)
{
	struct rule want;
	int err = read_rule(rq, &want);

	if (err)
		return err;
	if (want.tos & 3)
		return invalid(rq, "Invalid dsfield (tos): ECN bits must be 0");
	if (want.tos & ~0x1e)
		return invalid(rq, "Invalid tos");
	if (want.action == FR_ACT_TO_TBL && !want.table && !want.l3mdev) {
		err = fib_table_unused(rq->net, AF_INET, &want.table);
		if (err)
			return err;
	}
	return rule_add(rq->net, &want, rq->nlh->nlmsg_flags);
}

static int rule_delete(struct nl_req *rq)
{
	struct rule want;
	int err = read_rule(rq, &want);

	return err ? err : rule_del(rq->net, &want);
}

static int rule_of_nobody(struct nl_req *rq)
{
	ack_set(&rq->ack, "Rule family not supported");
	return -EAFNOSUPPORT;
}

/* ---- dump: args[0] how many are told ---- */

struct walk {
	struct nl_dump *d;
	struct nlmsg_builder *b;
	u64 i;
};

static int tell(struct rule *r, void *arg)
{
	struct walk *wk = arg;
	struct nl_dump *d = wk->d;

	if (wk->i++ < d->args[0])
		return 0;
	if (rule_fill(wk->b, d->net, r, RTM_NEWRULE, d->flags, d->seq, d->portid))
		return 1;
	d->args[0] = wk->i;
	return 0;
}

static int dump_step(struct nl_dump *d, struct nlmsg_builder *b)
{
	struct walk wk = {.d = d, .b = b};

	if (d->strict && !d->args[1]) {
		const struct fib_rule_hdr *h = nlmsg_data(d->nlh);

		if (nlmsg_len(d->nlh) < sizeof(*h)) {
			ack_set(&d->ack, "Invalid header for fib rule dump request");
			return -EINVAL;
		}
		if (h->dst_len || h->src_len || h->tos || h->table || h->res1 ||
		    h->res2 || h->action || h->flags) {
			ack_set(&d->ack,
				"Invalid values in header for fib rule dump request");
			return -EINVAL;
		}
		if (nlmsg_len(d->nlh) > sizeof(*h)) {
			ack_set(&d->ack,
				"Invalid data after header in fib rule dump request");
			return -EINVAL;
		}
		d->args[1] = 1;
	}
	return rule_walk(d->net, AF_INET, tell, &wk) ? 1 : 0;
}

static const struct nl_dump_ops rule_dump = {
    .step = dump_step,
};

static int fill_event(struct nlmsg_builder *b, struct net *net, const void *obj,
		      int type, u32 seq, u32 portid)
{
	return rule_fill(b, net, obj, type, 0, seq, portid);
}

static int on_rule(struct net *net, enum event_kind kind, void *obj)
{
	rtnl_notify(net, RTNLGRP_IPV4_RULE, fill_event, obj,
		    kind == EV_RULE_ADD ? RTM_NEWRULE : RTM_DELRULE);
	return 0;
}

static const struct rtnl_handler rule_handlers[] = {
    {.type = RTM_NEWRULE, .family = AF_INET, .request = rule_new},
    {.type = RTM_DELRULE, .family = AF_INET, .request = rule_delete},
    {.type = RTM_NEWRULE, .family = AF_UNSPEC, .request = rule_of_nobody},
    {.type = RTM_DELRULE, .family = AF_UNSPEC, .request = rule_of_nobody},
    {.type = RTM_GETRULE, .family = AF_INET, .dump = &rule_dump},
    {.type = RTM_GETRULE, .family = AF_UNSPEC, .dump = &rule_dump},
};

int rtnl_rule_boot(struct warren *w)
{
	int err =
	    rtnl_register(w, &rtnl_part, rule_handlers, ARRAY_SIZE(rule_handlers));

	if (!err)
		err = event_listen(w, &rtnl_part, EV_RULE_ADD, on_rule);
	if (!err)
		err = event_listen(w, &rtnl_part, EV_RULE_DEL, on_rule);
	return err;
}
