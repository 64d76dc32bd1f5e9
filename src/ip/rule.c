/* SPDX-License-Identifier: MIT */
/*
 * rule.c - policy rules
 *
 * A net is born with the three default rules (N5.1). As long as only these
 * exist nothing is stored: the list is made when somebody changes it, so an
 * empty namespace costs a pointer, and a lookup goes straight to the local,
 * the main and the default table.
 */

#include "ip/rule.h"

#include "core/event.h"
#include "ip/fib_impl.h"

#define RULE_MAIN_PRIORITY 32766 /* of the rule to the main table, from birth */

struct rules {
	struct list list;
	u32 want_ports; /* how many look at protocol or ports */
};

struct rule_net {
	struct rules *own; /* NULL: the three default ones */
	bool changed;	   /* a rule was added or deleted, once */
};

static struct rule_net *rule_net(const struct net *net)
{
	return net_part(net, PART_RULE);
}

static void make_default(struct net *net, struct rule *r, u32 priority, u32 table)
{
	memset(r, 0, sizeof(*r));
	list_init(&r->node);
	r->net = net;
	r->family = AF_INET;
	r->priority = priority;
	r->action = FR_ACT_TO_TBL;
	r->table = table;
	r->protocol = RTPROT_KERNEL;
	r->suppress_plen = r->suppress_group = -1;
	r->default_rule = true;
}

static void make_defaults(struct net *net, struct rule r[3])
{
	make_default(net, &r[0], 0, RT_TABLE_LOCAL);
	make_default(net, &r[1], RULE_MAIN_PRIORITY, RT_TABLE_MAIN);
	make_default(net, &r[2], RULE_MAIN_PRIORITY + 1, RT_TABLE_DEFAULT);
}

static void free_rules(struct net *net, struct rules *rs)
{
	struct rule *r, *tmp;

	list_for_each_safe(r, tmp, &rs->list, node) {
		list_del(&r->node);
		net_free(net, r);
	}
	net_free(net, rs);
}

bool rule_has_own(const struct net *net)
{
	return rule_net(net)->changed;
}

/* The net's own list, made of the defaults at the first change */
static struct rules *own_rules(struct net *net)
{
	struct rule_net *rn = rule_net(net);
	struct rule defaults[3];
	struct rules *rs;

	if (rn->own)
		return rn->own;
	rs = net_alloc(net, sizeof(*rs));
	if (!rs)
		return NULL;
	list_init(&rs->list);
	make_defaults(net, defaults);
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		struct rule *r = net_alloc(net, sizeof(*r));

		if (!r) {
			free_rules(net, rs);
			return NULL;
		}
		*r = defaults[i];
		list_add_tail(&rs->list, &r->node);
	}
	rn->own = rs;
	return rs;
}

static bool same_ports(struct rule_ports a, struct rule_ports b)
{
	return a.first == b.first && a.last == b.last;
}

static bool same_uids(const struct rule *a, const struct rule *b)
{
	return a->uid_given == b->uid_given && a->uid_first == b->uid_first &&
	       a->uid_last == b->uid_last;
}

/* As Linux compares: not the flags, and not where FR_ACT_GOTO leads */
static bool same_rule(const struct rule *a, const struct rule *b)
{
	return a->family == b->family && a->priority == b->priority &&
	       a->action == b->action && a->tos == b->tos && a->src_len == b->src_len &&
	       a->dst_len == b->dst_len && a->table == b->table && a->mark == b->mark &&
	       a->mark_mask == b->mark_mask && a->protocol == b->protocol &&
	       a->suppress_plen == b->suppress_plen &&
	       a->suppress_group == b->suppress_group && a->l3mdev == b->l3mdev &&
	       a->ip_proto == b->ip_proto && a->tun_id == b->tun_id &&
	       same_uids(a, b) && same_ports(a->sport, b->sport) &&
	       same_ports(a->dport, b->dport) && ipaddr_equal(&a->src, &b->src) &&
	       ipaddr_equal(&a->dst, &b->dst) && !strcmp(a->iif, b->iif) &&
	       !strcmp(a->oif, b->oif);
}

static bool wants_ports(const struct rule *r)
{
	return strcmp(r->iif, "lo") != 0 &&
	       (r->ip_proto || r->sport.first || r->dport.first);
}

bool rule_wants_ports(const struct net *net)
{
	const struct rules *rs = rule_net(net)->own;

	return rs && rs->want_ports;
}

/* The first rule behind @r that has the priority to which it leads, or NULL */
static const struct rule *goto_target(const struct rules *rs, const struct rule *r)
{
	const struct rule *to;

	for (const struct list *l = r->node.next; l != &rs->list; l = l->next) {
		to = list_entry(l, struct rule, node);
		if (to->priority == r->target)
			return to;
	}
	return NULL;
}

bool rule_resolved(const struct net *net, const struct rule *r)
{
	const struct rules *rs = rule_net(net)->own;

	return rs && goto_target(rs, r);
}

u32 rule_default_priority(const struct net *net)
{
	const struct rules *rs = rule_net(net)->own;
	const struct rule *r;
	int i = 0;

	if (!rs)
		return RULE_MAIN_PRIORITY - 1;
	list_for_each(r, &rs->list, node)
		if (i++ == 1)
			return r->priority ? r->priority - 1 : 0;
	return 0;
}

int rule_add(struct net *net, const struct rule *want, u16 nl_flags)
{
	struct rules *rs = own_rules(net);
	struct rule *r, *at;

	if (!rs)
		return -ENOMEM;
	r = net_alloc(net, sizeof(*r));
	if (!r)
		return -ENOMEM;
	*r = *want;
	list_init(&r->node);
	r->net = net;
	if (!r->priority_given)
		r->priority = rule_default_priority(net);
	if (nl_flags & NLM_F_EXCL)
		list_for_each(at, &rs->list, node)
			if (same_rule(at, r)) {
				net_free(net, r);
				return -EEXIST;
			}
	list_for_each(at, &rs->list, node)
		if (at->priority > r->priority)
			break;
	list_add_tail(&at->node, &r->node);
	rs->want_ports += wants_ports(r);
	rule_net(net)->changed = true;
	fib_bump(net);
	event_raise(net, EV_RULE_ADD, r);
	return 0;
}

static bool covers_more(const struct rule *want, const struct rule *r)
{
	if (want->protocol && want->protocol != r->protocol)
		return false;
	if (want->suppress_plen != -1 && want->suppress_plen != r->suppress_plen)
		return false;
	if (want->suppress_group != -1 && want->suppress_group != r->suppress_group)
		return false;
	if (want->l3mdev && !r->l3mdev)
		return false;
	if (want->uid_given && !same_uids(want, r))
		return false;
	if (want->ip_proto && want->ip_proto != r->ip_proto)
		return false;
	if (want->tun_id && want->tun_id != r->tun_id)
		return false;
	if (want->sport.first && !same_ports(want->sport, r->sport))
		return false;
	return !want->dport.first || same_ports(want->dport, r->dport);
}

/* Does @r have all that is set in @want? */
static bool covers(const struct rule *want, const struct rule *r)
{
	if (want->family != r->family)
		return false;
	if (want->src_len &&
	    (want->src_len != r->src_len || !ipaddr_equal(&want->src, &r->src)))
		return false;
	if (want->dst_len &&
	    (want->dst_len != r->dst_len || !ipaddr_equal(&want->dst, &r->dst)))
		return false;
	if (want->action && want->action != r->action)
		return false;
	if (want->table && want->table != r->table)
		return false;
	if (want->priority_given && want->priority != r->priority)
		return false;
	if (want->tos && want->tos != r->tos)
		return false;
	if (want->mark && want->mark != r->mark)
		return false;
	if (want->mark_mask && want->mark_mask != r->mark_mask)
		return false;
	if (want->iif[0] && strcmp(want->iif, r->iif))
		return false;
	if (want->oif[0] && strcmp(want->oif, r->oif))
		return false;
	return covers_more(want, r);
}

int rule_del(struct net *net, const struct rule *want)
{
	struct rules *rs = own_rules(net);
	struct rule *r;

	if (!rs)
		return -ENOMEM;
	list_for_each(r, &rs->list, node) {
		if (!covers(want, r))
			continue;
		if (r->flags & FIB_RULE_PERMANENT)
			return -EPERM;
		list_del(&r->node);
		rs->want_ports -= wants_ports(r);
		rule_net(net)->changed = true;
		fib_bump(net);
		event_raise(net, EV_RULE_DEL, r);
		net_free(net, r);
		return 0;
	}
	return -ENOENT;
}

int rule_walk(struct net *net, u16 family, int (*fn)(struct rule *r, void *arg),
	      void *arg)
{
	struct rules *rs = rule_net(net)->own;
	struct rule defaults[3], *r;
	int ret = 0;

	if (!rs) {
		make_defaults(net, defaults);
		for (int i = 0; i < 3 && !ret; i++)
			if (!family || family == defaults[i].family)
				ret = fn(&defaults[i], arg);
		return ret;
	}
	list_for_each(r, &rs->list, node) {
		if (family && family != r->family)
			continue;
		ret = fn(r, arg);
		if (ret)
			break;
	}
	return ret;
}

static bool dev_named(struct net *net, s32 ifindex, const char *name)
{
	const struct dev *dev = ifindex ? dev_by_index(net, ifindex) : NULL;

	return dev && !strcmp(dev->name, name);
}

static bool in_ports(struct rule_ports range, be16 port)
{
	return !range.first ||
	       (be16_to_cpu(port) >= range.first && be16_to_cpu(port) <= range.last);
}

static bool matches_sender(const struct rule *r, const struct flow *fl)
{
	return (!r->ip_proto || r->ip_proto == fl->proto) &&
	       in_ports(r->sport, fl->sport) && in_ports(r->dport, fl->dport) &&
	       (!r->uid_given || (fl->uid >= r->uid_first && fl->uid <= r->uid_last));
}

/* No device is a VRF's, and no packet has come out of a tunnel with a key */
static bool matches(struct net *net, const struct rule *r, const struct flow *fl)
{
	bool yes = (!r->src_len || ipaddr_in(&fl->src, &r->src, r->src_len)) &&
		   (!r->dst_len || ipaddr_in(&fl->dst, &r->dst, r->dst_len)) &&
		   (!r->tos || r->tos == fl->tos) &&
		   !((r->mark ^ fl->mark) & r->mark_mask) && !r->l3mdev && !r->tun_id &&
		   (!r->iif[0] || dev_named(net, fl->iif ? fl->iif : 1, r->iif)) &&
		   (!r->oif[0] || dev_named(net, fl->oif, r->oif)) &&
		   matches_sender(r, fl);

	return r->flags & FIB_RULE_INVERT ? !yes : yes;
}

static bool suppressed(const struct rule *r, const struct fib_result *res)
{
	const struct dev *dev = res->hop ? res->hop->dev : NULL;
	struct ipaddr dst;
	u8 plen;

	if (r->suppress_plen != -1) {
		fib_dst(res->route, &dst, &plen);
		if (plen <= r->suppress_plen)
			return true;
	}
	return r->suppress_group != -1 && dev && dev->group == (u32)r->suppress_group;
}

static int act(struct net *net, const struct rule *r, const struct flow *fl,
	       struct fib_result *res)
{
	int err;

	switch (r->action) {
	case FR_ACT_TO_TBL:
		err = fib_table_lookup(net, r->table, fl, res);
		return !err && suppressed(r, res) ? -EAGAIN : err;
	case FR_ACT_NOP:
		return -EAGAIN;
	case FR_ACT_UNREACHABLE:
		return -ENETUNREACH;
	case FR_ACT_PROHIBIT:
		return -EACCES;
	default: /* FR_ACT_BLACKHOLE, and numbers that nobody knows */
		return -EINVAL;
	}
}

static int lookup_own(struct net *net, const struct rules *rs, const struct flow *fl,
		      struct fib_result *res)
{
	const struct list *l = rs->list.next;
	int err;

	while (l != &rs->list) {
		const struct rule *r = list_entry(l, struct rule, node), *to;

		l = l->next;
		if (r->family != fl->family || !matches(net, r, fl))
			continue;
		if (r->action == FR_ACT_GOTO) {
			to = goto_target(rs, r);
			if (to)
				l = &to->node;
			continue;
		}
		err = act(net, r, fl, res);
		if (err != -EAGAIN)
			return err;
	}
	return -ENETUNREACH;
}

int rule_lookup(struct net *net, const struct flow *fl, struct fib_result *res)
{
	const struct rule_net *rn = rule_net(net);
	int err;

	if (unlikely(rn->changed))
		return lookup_own(net, rn->own, fl, res);
	err = fib_lookup_merged(net, fl, res);
	if (err == -EAGAIN)
		err = fib_table_lookup(net, RT_TABLE_DEFAULT, fl, res);
	return err == -EAGAIN ? -ENETUNREACH : err;
}

int rule_table_lookup(struct net *net, u32 table, const struct flow *fl,
		      struct fib_result *res)
{
	return fib_table_lookup(net, table, fl, res);
}

static void rule_net_exit(struct net *net)
{
	struct rule_net *rn = rule_net(net);

	if (rn->own)
		free_rules(net, rn->own);
	rn->own = NULL;
}

const struct part rule_part = {
    .name = "rule",
    .id = PART_RULE,
    .net_size = sizeof(struct rule_net),
    .net_exit = rule_net_exit,
};
