/* SPDX-License-Identifier: MIT */
/*
 * rtnl_route.c - RTM_NEWROUTE, DELROUTE, GETROUTE for IPv4
 *
 * A GETROUTE without a dump is a lookup: the answer is told as a cloned host
 * route, or, with RTM_F_FIB_MATCH, as the route that matched. A dump walks the
 * tables in order of id and the prefixes in order of address; its place is the
 * prefix told last, so that routes may come and go between two parts.
 */

#include <stdlib.h>

#include "ip/addr4.h"
#include "ip/fib.h"
#include "ip/igmp.h"
#include "ip/route.h"
#include "ip/rule.h"
#include "netlink/rtnl.h"

#include <linux/in_route.h>

static const struct nla_policy route_policy[RTA_MAX + 1] = {
    [RTA_DST] = {.type = NLA_U32},
    [RTA_SRC] = {.type = NLA_U32},
    [RTA_IIF] = {.type = NLA_U32},
    [RTA_OIF] = {.type = NLA_U32},
    [RTA_GATEWAY] = {.type = NLA_U32},
    [RTA_PRIORITY] = {.type = NLA_U32},
    [RTA_PREFSRC] = {.type = NLA_U32},
    [RTA_METRICS] = {.type = NLA_NESTED},
    [RTA_MULTIPATH] = {.type = NLA_UNSPEC, .len = sizeof(struct rtnexthop)},
    [RTA_FLOW] = {.type = NLA_U32},
    [RTA_ENCAP_TYPE] = {.type = NLA_U16},
    [RTA_ENCAP] = {.type = NLA_NESTED},
    [RTA_UID] = {.type = NLA_U32},
    [RTA_MARK] = {.type = NLA_U32},
    [RTA_TABLE] = {.type = NLA_U32},
    [RTA_IP_PROTO] = {.type = NLA_U8},
    [RTA_SPORT] = {.type = NLA_U16},
    [RTA_DPORT] = {.type = NLA_U16},
    [RTA_NH_ID] = {.type = NLA_U32},
};

/* ---- the message ---- */

static bool has_metrics(const u32 *metrics, const char *cc)
{
	for (int i = 1; i <= RTAX_MAX; i++)
		if (metrics[i])
			return true;
	return cc[0] != 0;
}

static void put_metrics(struct nlmsg_builder *b, const u32 *metrics, u64 lock,
			const char *cc)
{
	u32 nest;

	if (!has_metrics(metrics, cc) && !lock)
		return;
	nest = nla_nest_begin(b, RTA_METRICS);
	if (lock)
		nla_put_u32(b, RTAX_LOCK, (u32)lock);
	for (u16 i = RTAX_LOCK + 1; i < FIB_METRICS; i++)
		if (i == RTAX_CC_ALGO) {
			if (cc[0])
				nla_put_str(b, i, cc);
		} else if (metrics[i]) {
			nla_put_u32(b, i, metrics[i]);
		}
	nla_nest_end(b, nest);
}

static u8 hop_flags(const struct fib_hop *h)
{
	u8 flags = h->flags & (RTNH_F_ONLINK | RTNH_F_PERVASIVE | RTNH_F_DEAD);

	if (h->dev && dev_is_up(h->dev) && !h->dev->carrier) {
		flags |= RTNH_F_LINKDOWN;
		if (conf4_get(h->dev->net, h->dev, CONF4_IGNORE_ROUTES_WITH_LINKDOWN))
			flags |= RTNH_F_DEAD;
	}
	return flags;
}

static void put_gateway(struct nlmsg_builder *b, const struct fib_hop *h)
{
	if (h->gateway.family == AF_INET && h->gateway.v4)
		nla_put_be32(b, RTA_GATEWAY, h->gateway.v4);
}

static void put_multipath(struct nlmsg_builder *b, const struct fib_route *r)
{
	u32 nest = nla_nest_begin(b, RTA_MULTIPATH);

	for (u16 i = 0; i < r->n_hops; i++) {
		const struct fib_hop *h = &r->hops[i];
		struct rtnexthop *nh = nlmsg_append(b, sizeof(*nh));
		u32 start = b->len - (u32)sizeof(*nh);

		if (!nh)
			return;
		nh->rtnh_flags = hop_flags(h);
		nh->rtnh_hops = (u8)(h->weight ? h->weight - 1 : 0);
		nh->rtnh_ifindex = h->dev ? h->dev->ifindex : 0;
		put_gateway(b, h);
		if (!b->overflow)
			nh->rtnh_len = (u16)(b->len - start);
	}
	nla_nest_end(b, nest);
}

struct route_msg {
	u16 type, flags;
	u32 seq, portid;
	/* of a lookup's answer, 0: the route's */
	u32 table;
	u8 type_now;
};

static int route_fill(struct nlmsg_builder *b, const struct fib_route *r,
		      const struct route_msg *m)
{
	struct rtmsg *rtm =
	    nlmsg_begin(b, m->type, m->flags, m->seq, m->portid, sizeof(*rtm));
	u32 table = m->table ? m->table : r->table;
	struct ipaddr dst;
	u8 plen;

	if (!rtm)
		return -EMSGSIZE;
	fib_dst(r, &dst, &plen);
	rtm->rtm_family = AF_INET;
	rtm->rtm_dst_len = plen;
	rtm->rtm_tos = r->tos;
	rtm->rtm_table = table < 256 ? (u8)table : RT_TABLE_COMPAT;
	rtm->rtm_protocol = r->protocol;
	rtm->rtm_scope = r->scope;
	rtm->rtm_type = m->type_now ? m->type_now : r->type;
	rtm->rtm_flags = r->n_hops == 1 ? hop_flags(&r->hops[0]) : r->flags;
	nla_put_u32(b, RTA_TABLE, table);
	if (plen)
		nla_put_be32(b, RTA_DST, dst.v4);
	if (r->priority)
		nla_put_u32(b, RTA_PRIORITY, r->priority);
	put_metrics(b, r->metrics, r->lock, r->cc);
	if (r->prefsrc.v4)
		nla_put_be32(b, RTA_PREFSRC, r->prefsrc.v4);
	if (r->n_hops == 1) {
		put_gateway(b, &r->hops[0]);
		if (r->hops[0].dev)
			nla_put_u32(b, RTA_OIF, (u32)r->hops[0].dev->ifindex);
	} else if (r->n_hops > 1) {
		put_multipath(b, r);
	}
	return nlmsg_end(b);
}

/* ---- NEWROUTE, DELROUTE ---- */

static int read_metrics(const struct nlattr *nla, struct fib_config *cfg,
			struct ext_ack *ack)
{
	const struct nlattr *tb[RTAX_MAX + 1];
	int err = nla_parse_nested(tb, RTAX_MAX, nla, NULL, NL_VALIDATE_LIBERAL, NULL);

	if (err)
		return err;
	for (int i = 1; i <= RTAX_MAX; i++) {
		u32 v;

		if (!tb[i])
			continue;
		if (i == RTAX_CC_ALGO) {
			nla_strscpy(cfg->cc, tb[i], sizeof(cfg->cc));
			continue;
		}
		if (nla_len(tb[i]) != sizeof(u32)) {
			ack_attr(ack, tb[i], "Invalid attribute in metrics");
			return -EINVAL;
		}
		v = nla_get_u32(tb[i]);
		if (i == RTAX_ADVMSS && v > 65535 - 40)
			v = 65535 - 40;
		if (i == RTAX_MTU && v > 65535 - 15)
			v = 65535 - 15;
		if (i == RTAX_HOPLIMIT && v > 255)
			v = 255;
		if (i == RTAX_FEATURES && v & ~(u32)RTAX_FEATURE_MASK)
			return -EINVAL;
		if (i == RTAX_LOCK)
			cfg->lock = v;
		else
			cfg->metrics[i] = v;
	}
	return 0;
}

static int read_hop(const struct rtnexthop *nh, u16 n, struct fib_config *cfg,
		    struct ext_ack *ack)
{
	const struct nlattr *gw = nla_find(
	    (const u8 *)nh + sizeof(*nh), nh->rtnh_len - (u32)sizeof(*nh), RTA_GATEWAY);

	if (nh->rtnh_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) {
		ack_set(ack,
			"Invalid flags for nexthop - can not contain DEAD or LINKDOWN");
		return -EINVAL;
	}
	cfg->hops[n].oif = nh->rtnh_ifindex;
	cfg->hops[n].flags = nh->rtnh_flags;
	cfg->hops[n].weight = (u16)(nh->rtnh_hops + 1);
	if (gw && nla_len(gw) >= 4 && nla_get_be32(gw))
		cfg->hops[n].gateway = ipaddr_v4(nla_get_be32(gw));
	return 0;
}

static int read_multipath(const struct nlattr *nla, struct fib_config *cfg,
			  struct ext_ack *ack)
{
	const u8 *at = nla_data(nla);
	u32 left = nla_len(nla);

	while (left >= sizeof(struct rtnexthop)) {
		const struct rtnexthop *nh = (const void *)at;
		u32 step;
		int err;

		if (nh->rtnh_len < sizeof(*nh) || nh->rtnh_len > left) {
			ack_set(
			    ack,
			    "Invalid nexthop configuration - extra data after nexthop");
			return -EINVAL;
		}
		if (cfg->n_hops == ARRAY_SIZE(cfg->hops)) {
			ack_attr(ack, nla, "Too many nexthops");
			return -EINVAL;
		}
		err = read_hop(nh, cfg->n_hops++, cfg, ack);
		if (err)
			return err;
		step = min(NLMSG_ALIGN((u32)nh->rtnh_len), left);
		at += step;
		left -= step;
	}
	if (cfg->n_hops)
		return 0;
	ack_set(ack, "Invalid nexthop configuration - invalid length");
	return -EINVAL;
}

static int read_header(struct nl_req *rq, const struct rtmsg *rtm,
		       struct fib_config *cfg)
{
	if (rtm->rtm_dst_len > 32) {
		ack_set(&rq->ack, "Invalid prefix length");
		return -EINVAL;
	}
	if (rtm->rtm_src_len) {
		ack_set(&rq->ack, "Invalid source prefix length");
		return -EINVAL;
	}
	if (rtm->rtm_tos & 3) {
		ack_set(&rq->ack, "Invalid dsfield (tos): ECN bits must be 0");
		return -EINVAL;
	}
	if (rtm->rtm_type > RTN_MAX) {
		ack_set(&rq->ack, "Invalid route type");
		return -EINVAL;
	}
	cfg->family = AF_INET;
	cfg->dst = ipaddr_v4(0);
	cfg->plen = rtm->rtm_dst_len;
	cfg->tos = rtm->rtm_tos;
	cfg->type = rtm->rtm_type;
	cfg->scope = rtm->rtm_scope;
	cfg->scope_given = true;
	cfg->protocol = rtm->rtm_protocol;
	cfg->table = rtm->rtm_table ? rtm->rtm_table : RT_TABLE_MAIN;
	cfg->flags = rtm->rtm_flags;
	cfg->nl_flags = rq->nlh->nlmsg_flags;
	cfg->seq = rq->nlh->nlmsg_seq;
	cfg->portid = rq->nk->portid;
	return 0;
}

static int read_attrs(struct nl_req *rq, const struct nlattr *const tb[],
		      struct fib_config *cfg)
{
	int err = 0;

	if (tb[RTA_GATEWAY] && tb[RTA_VIA]) {
		ack_set(&rq->ack,
			"Nexthop configuration can not contain both GATEWAY and VIA");
		return -EINVAL;
	}
	if (tb[RTA_VIA] || tb[RTA_ENCAP] || tb[RTA_ENCAP_TYPE]) {
		ack_attr(&rq->ack, tb[RTA_VIA] ? tb[RTA_VIA] : tb[RTA_ENCAP],
			 tb[RTA_VIA] ? "IPv6 support not enabled in kernel"
				     : "CONFIG_LWTUNNEL is not enabled in this kernel");
		return -EOPNOTSUPP;
	}
	if (tb[RTA_NH_ID] && nla_get_u32(tb[RTA_NH_ID])) {
		ack_set(&rq->ack, "Nexthop id does not exist");
		return -EINVAL;
	}
	if (tb[RTA_DST])
		cfg->dst = ipaddr_v4(nla_get_be32(tb[RTA_DST]));
	if (tb[RTA_OIF])
		cfg->oif = (s32)nla_get_u32(tb[RTA_OIF]);
	if (tb[RTA_GATEWAY] && nla_get_be32(tb[RTA_GATEWAY]))
		cfg->gateway = ipaddr_v4(nla_get_be32(tb[RTA_GATEWAY]));
	if (tb[RTA_PRIORITY])
		cfg->priority = nla_get_u32(tb[RTA_PRIORITY]);
	if (tb[RTA_PREFSRC])
		cfg->prefsrc = ipaddr_v4(nla_get_be32(tb[RTA_PREFSRC]));
	if (tb[RTA_TABLE] && nla_get_u32(tb[RTA_TABLE]))
		cfg->table = nla_get_u32(tb[RTA_TABLE]);
	if (tb[RTA_METRICS])
		err = read_metrics(tb[RTA_METRICS], cfg, &rq->ack);
	if (!err && tb[RTA_MULTIPATH] && nla_len(tb[RTA_MULTIPATH]))
		err = read_multipath(tb[RTA_MULTIPATH], cfg, &rq->ack);
	return err;
}

static int read_route(struct nl_req *rq, struct fib_config *cfg)
{
	const struct nlattr *tb[RTA_MAX + 1];
	int err = rtnl_parse(rq, sizeof(struct rtmsg), tb, RTA_MAX, route_policy,
			     NL_VALIDATE_LIBERAL);

	memset(cfg, 0, sizeof(*cfg));
	if (!err)
		err = read_header(rq, nlmsg_data(rq->nlh), cfg);
	return err ? err : read_attrs(rq, tb, cfg);
}

static int route_new(struct nl_req *rq)
{
	struct fib_config cfg;
	int err = read_route(rq, &cfg);

	return err ? err : fib_add(rq->net, &cfg, &rq->ack);
}

static int route_del(struct nl_req *rq)
{
	struct fib_config cfg;
	int err = read_route(rq, &cfg);

	return err ? err : fib_del(rq->net, &cfg, &rq->ack);
}

/* ---- GETROUTE: a lookup ---- */

static const struct {
	u8 type;
	u32 flags;
} lookup_flags[] = {
    {RTN_LOCAL, RTCF_LOCAL},
    {RTN_BROADCAST, RTCF_BROADCAST | RTCF_LOCAL},
    {RTN_MULTICAST, RTCF_MULTICAST},
};

/* Linux keeps the local and the main table in one as long as there never was another
 * rule, and then a lookup calls both main (N5.4) */
static u32 shown_table(const struct net *net, u32 table)
{
	return table == RT_TABLE_LOCAL && !rule_has_own(net) ? RT_TABLE_MAIN : table;
}

static void put_answer_metrics(struct nlmsg_builder *b, const struct route *rt, u64 now)
{
	u32 metrics[FIB_METRICS] = {0};
	const char *cc = "";
	u64 lock = 0;

	if (rt->fib) {
		memcpy(metrics, rt->fib->metrics, sizeof(metrics));
		lock = rt->fib->lock;
		cc = rt->fib->cc;
	}
	if (rt->pmtu && rt->pmtu_expires_ns > now)
		metrics[RTAX_MTU] = rt->pmtu;
	put_metrics(b, metrics, lock, cc);
}

static bool to_us(const struct route *rt)
{
	return rt->type == RTN_LOCAL || rt->type == RTN_BROADCAST ||
	       rt->type == RTN_MULTICAST;
}

/* Does something sent so come back to us? */
static bool loops(const struct route *rt, const struct ipaddr *dst)
{
	if (rt->type == RTN_MULTICAST)
		return igmp_is_member(rt->dev, dst->v4);
	return dev_is_lo(rt->dev) || rt->type == RTN_BROADCAST;
}

static int answer_fill(struct nlmsg_builder *b, const struct nl_req *rq,
		       const struct flow *asked, const struct flow *fl,
		       const struct route *rt, bool lookup_table)
{
	struct rtmsg *rtm = nlmsg_begin(b, RTM_NEWROUTE, 0, rq->nlh->nlmsg_seq,
					rq->nk->portid, sizeof(*rtm));
	u32 table = lookup_table ? shown_table(rq->net, rt->table) : RT_TABLE_MAIN;
	struct rta_cacheinfo ci = {0};
	u64 now = clock_now(rq->net->w);

	if (!rtm)
		return -EMSGSIZE;
	rtm->rtm_family = AF_INET;
	rtm->rtm_dst_len = 32;
	rtm->rtm_tos = rt->fib ? rt->fib->tos : 0; /* what matched */
	rtm->rtm_table = table < 256 ? (u8)table : RT_TABLE_COMPAT;
	rtm->rtm_type = rt->type;
	rtm->rtm_scope = RT_SCOPE_UNIVERSE;
	rtm->rtm_flags = RTM_F_CLONED;
	for (size_t i = 0; i < ARRAY_SIZE(lookup_flags); i++)
		if (lookup_flags[i].type == rt->type)
			rtm->rtm_flags |= lookup_flags[i].flags;
	if (asked->iif ? rt->type == RTN_MULTICAST : loops(rt, &fl->dst))
		rtm->rtm_flags |= RTCF_LOCAL;
	if (rt->redirect_wanted)
		rtm->rtm_flags |= RTCF_DOREDIRECT;
	nla_put_u32(b, RTA_TABLE, table);
	nla_put_be32(b, RTA_DST, asked->dst.v4);
	if (asked->src.v4) {
		rtm->rtm_src_len = 32;
		nla_put_be32(b, RTA_SRC, asked->src.v4);
	}
	if (rt->dev) /* what is for us is said to leave by lo */
		nla_put_u32(b, RTA_OIF,
			    asked->iif && to_us(rt) ? 1U : (u32)rt->dev->ifindex);
	if (!asked->iif && rt->src.v4 && rt->src.v4 != asked->src.v4)
		nla_put_be32(b, RTA_PREFSRC, rt->src.v4);
	if (rt->has_gateway)
		nla_put_be32(b, RTA_GATEWAY, rt->nexthop.v4);
	put_answer_metrics(b, rt, now);
	if (asked->mark)
		nla_put_u32(b, RTA_MARK, asked->mark);
	if (asked->uid != UINT32_MAX)
		nla_put_u32(b, RTA_UID, asked->uid);
	if (asked->iif)
		nla_put_u32(b, RTA_IIF, (u32)asked->iif);
	if (rt->pmtu && rt->pmtu_expires_ns > now)
		ci.rta_expires = (s32)((rt->pmtu_expires_ns - now) / (10 * NS_PER_MS));
	nla_put(b, RTA_CACHEINFO, sizeof(ci), &ci);
	return nlmsg_end(b);
}

static int read_lookup(struct nl_req *rq, const struct rtmsg *rtm,
		       const struct nlattr *const tb[], struct flow *fl)
{
	memset(fl, 0, sizeof(*fl));
	if (rq->nk->strict &&
	    ((rtm->rtm_src_len && rtm->rtm_src_len != 32) ||
	     (rtm->rtm_dst_len && rtm->rtm_dst_len != 32) || rtm->rtm_table ||
	     rtm->rtm_protocol || rtm->rtm_scope || rtm->rtm_type)) {
		ack_set(&rq->ack,
			"ipv4: Invalid values in header for route get request");
		return -EINVAL;
	}
	fl->family = AF_INET;
	fl->tos = rtm->rtm_tos & 0xfc;
	fl->dst = ipaddr_v4(tb[RTA_DST] ? nla_get_be32(tb[RTA_DST]) : 0);
	fl->src = ipaddr_v4(tb[RTA_SRC] ? nla_get_be32(tb[RTA_SRC]) : 0);
	fl->iif = tb[RTA_IIF] ? (s32)nla_get_u32(tb[RTA_IIF]) : 0;
	fl->oif = tb[RTA_OIF] ? (s32)nla_get_u32(tb[RTA_OIF]) : 0;
	fl->mark = tb[RTA_MARK] ? nla_get_u32(tb[RTA_MARK]) : 0;
	fl->proto = tb[RTA_IP_PROTO] ? nla_get_u8(tb[RTA_IP_PROTO]) : 0;
	fl->sport = tb[RTA_SPORT] ? nla_get_be16(tb[RTA_SPORT]) : 0;
	fl->dport = tb[RTA_DPORT] ? nla_get_be16(tb[RTA_DPORT]) : 0;
	fl->uid = fl->iif ? UINT32_MAX : rq->caller.uid;
	if (tb[RTA_UID])
		fl->uid = nla_get_u32(tb[RTA_UID]);
	return 0;
}

static int look_up(struct nl_req *rq, struct flow *fl, struct route **rt)
{
	enum drop why = DROP_NONE;
	struct dev *dev;

	if (!fl->iif)
		return route_output(rq->net, fl, rt);
	dev = dev_by_index(rq->net, fl->iif);
	return dev ? route_input(dev, fl, rt, &why) : -ENODEV;
}

static int route_get_one(struct nl_req *rq)
{
	const struct nlattr *tb[RTA_MAX + 1];
	const struct rtmsg *rtm;
	struct flow asked, fl;
	struct route *rt;
	struct nl_buf nb;
	int err = rtnl_parse(rq, sizeof(*rtm), tb, RTA_MAX, route_policy,
			     NL_VALIDATE_LIBERAL);

	if (err)
		return err;
	rtm = nlmsg_data(rq->nlh);
	err = read_lookup(rq, rtm, tb, &asked);
	if (err)
		return err;
	fl = asked;
	err = look_up(rq, &fl, &rt);
	if (err)
		return err;
	err = nl_buf_init(&nb, rq->net, NL_BUF);
	if (err)
		goto err_route;
	if (!(rtm->rtm_flags & RTM_F_FIB_MATCH))
		err = answer_fill(&nb.b, rq, &asked, &fl, rt,
				  rtm->rtm_flags & RTM_F_LOOKUP_TABLE);
	else if (rt->fib)
		err = route_fill(
		    &nb.b, rt->fib,
		    &(struct route_msg){.type = RTM_NEWROUTE,
					.seq = rq->nlh->nlmsg_seq,
					.portid = rq->nk->portid,
					.type_now = rt->type,
					.table = rtm->rtm_flags & RTM_F_LOOKUP_TABLE
						     ? shown_table(rq->net, rt->table)
						     : RT_TABLE_MAIN});
	else
		err = -EHOSTUNREACH;
	if (!err)
		nl_reply(rq, &nb.b);
	nl_buf_fini(&nb);
err_route:
	route_put(rt);
	return err;
}

/* ---- dump ---- */

struct route_filter {
	bool ready, nothing, placed;
	bool any_table; /* all tables, or none is asked for */
	u32 table;
	s32 oif;
	u8 type, protocol;
	/* the place: the routes of this prefix of this table before @skip are told */
	u32 at_table, skip;
	u8 key[16], plen;
	u32 n_tables, pos;
	u32 tables[]; /* in the order in which Linux tells them */
};

static int filter_strict(struct nl_dump *d, struct route_filter *f)
{
	const struct rtmsg *rtm = nlmsg_data(d->nlh);
	const struct nlattr *tb[RTA_MAX + 1];
	int err = rtnl_dump_parse(d, sizeof(*rtm), tb, RTA_MAX, route_policy,
				  "FIB dump request");

	if (err)
		return err;
	if (rtm->rtm_dst_len || rtm->rtm_src_len || rtm->rtm_tos || rtm->rtm_scope) {
		ack_set(&d->ack, "Invalid values in header for FIB dump request");
		return -EINVAL;
	}
	if (rtm->rtm_flags & ~(u32)(RTM_F_CLONED | RTM_F_PREFIX)) {
		ack_set(&d->ack, "Invalid flags for FIB dump request");
		return -EINVAL;
	}
	for (int i = 1; i <= RTA_MAX; i++)
		if (tb[i] && i != RTA_TABLE && i != RTA_OIF) {
			ack_set(&d->ack, "Unsupported attribute in dump request");
			return -EINVAL;
		}
	f->nothing = rtm->rtm_flags != 0;
	f->protocol = rtm->rtm_protocol;
	f->type = rtm->rtm_type;
	f->table = tb[RTA_TABLE] ? nla_get_u32(tb[RTA_TABLE]) : rtm->rtm_table;
	f->oif = tb[RTA_OIF] ? (s32)nla_get_u32(tb[RTA_OIF]) : 0;
	if (f->protocol || f->type || f->table || f->oif)
		d->flags |= NLM_F_DUMP_FILTERED;
	if (f->oif && !dev_by_index(d->net, f->oif))
		return -ENODEV;
	return 0;
}

static int filter_prepare(struct nl_dump *d, struct route_filter *f)
{
	const struct rtmsg *rtm = nlmsg_data(d->nlh);

	f->ready = true;
	if (d->strict) {
		int err = filter_strict(d, f);

		if (err)
			return err;
	} else if (nlmsg_len(d->nlh) >= sizeof(*rtm)) {
		f->nothing = rtm->rtm_flags & (RTM_F_CLONED | RTM_F_PREFIX);
	}
	f->any_table = !f->table;
	if (f->table && !fib_table(d->net, AF_INET, f->table)) {
		if (rtm->rtm_family != AF_INET) {
			f->nothing = true;
			return 0;
		}
		ack_set(&d->ack, "ipv4: FIB table does not exist");
		return -ENOENT;
	}
	return 0;
}

static bool route_fits(const struct route_filter *f, const struct fib_route *r)
{
	if ((f->type && f->type != r->type) ||
	    (f->protocol && f->protocol != r->protocol))
		return false;
	if (!f->oif)
		return true;
	for (u16 i = 0; i < r->n_hops; i++)
		if (r->hops[i].dev && r->hops[i].dev->ifindex == f->oif)
			return true;
	return false;
}

static int dump_prefix(struct nl_dump *d, struct route_filter *f,
		       struct nlmsg_builder *b, const struct fib_prefix *p)
{
	const struct route_msg m = {RTM_NEWROUTE, d->flags, d->seq, d->portid};
	const struct fib_route *r;
	u32 i = 0;

	list_for_each(r, &p->routes, node) {
		if (i++ < f->skip)
			continue;
		if (route_fits(f, r) && route_fill(b, r, &m))
			return 1;
		f->skip = i;
	}
	f->skip = 0;
	return 0;
}

/*
 * Linux tells the prefixes of one address from the longest to the shortest,
 * our trie has them the other way round: a run is all prefixes of an address.
 */
struct run {
	struct lpm_node *nodes[33];
	int n;
	struct lpm_node *next; /* of the next address */
};

static void run_take(struct run *run, struct lpm_node *first)
{
	struct lpm_node *n = first;

	run->n = 0;
	for (; n && !memcmp(n->key, first->key, 4); n = lpm_after(n))
		run->nodes[run->n++] = n;
	run->next = n;
}

/* The first prefix of the address at the place, or of the first address behind it */
static struct lpm_node *place(const struct fib_table *t, struct route_filter *f)
{
	struct lpm_node *n;

	if (!f->placed || f->at_table != t->id)
		return lpm_first(&t->lpm);
	for (unsigned plen = 0; plen <= 32; plen++) {
		n = lpm_find(&t->lpm, f->key, 4, (u8)plen);
		if (n && !memcmp(n->key, f->key, 4)) /* a shorter one masks the key */
			return n;
	}
	for (n = lpm_first(&t->lpm); n; n = lpm_after(n))
		if (memcmp(n->key, f->key, 4) > 0)
			break;
	return n;
}

static bool is_place(const struct fib_table *t, const struct route_filter *f,
		     const struct lpm_node *n)
{
	return f->placed && f->at_table == t->id && !memcmp(f->key, n->key, 4);
}

static int dump_table(struct nl_dump *d, struct route_filter *f,
		      struct nlmsg_builder *b, struct fib_table *t)
{
	struct run run;

	for (struct lpm_node *n = place(t, f); n; n = run.next) {
		run_take(&run, n);
		for (int i = run.n - 1; i >= 0; i--) {
			n = run.nodes[i];
			if (is_place(t, f, n) && n->plen > f->plen)
				continue; /* told before the place */
			if (!is_place(t, f, n) || n->plen != f->plen)
				f->skip = 0;
			f->placed = true;
			f->at_table = t->id;
			memcpy(f->key, n->key, sizeof(f->key));
			f->plen = n->plen;
			if (dump_prefix(d, f, b,
					container_of(n, struct fib_prefix, lpm)))
				return 1;
			f->skip = UINT32_MAX; /* all of it is told */
		}
	}
	return 0;
}

/* Linux walks 256 lists of tables, by the last byte of their number */
static int by_bucket(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	if ((x ^ y) & 0xff)
		return (x & 0xff) < (y & 0xff) ? -1 : 1;
	return x < y ? 1 : x > y ? -1 : 0;
}

static int route_dump_start(struct nl_dump *d)
{
	struct route_filter *f;
	struct fib_table *t;
	u32 n = 0;

	for (t = fib_table_first(d->net, AF_INET); t; t = fib_table_next(t))
		n++;
	f = nl_dump_alloc(d, sizeof(*f) + n * sizeof(f->tables[0]));
	if (!f)
		return -ENOMEM;
	for (t = fib_table_first(d->net, AF_INET); t; t = fib_table_next(t))
		f->tables[f->n_tables++] = t->id;
	qsort(f->tables, f->n_tables, sizeof(f->tables[0]), by_bucket);
	return 0;
}

static int route_dump_step(struct nl_dump *d, struct nlmsg_builder *b)
{
	struct route_filter *f = d->data;

	if (!f->ready) {
		int err = filter_prepare(d, f);

		if (err)
			return err;
	}
	d->gen = fib_gen(d->net) + 1;
	if (f->nothing)
		return 0;
	for (; f->pos < f->n_tables; f->pos++) {
		struct fib_table *t = fib_table(d->net, AF_INET, f->tables[f->pos]);

		if (t && (f->any_table || t->id == f->table) && dump_table(d, f, b, t))
			return 1;
	}
	return 0;
}

static const struct nl_dump_ops route_dump = {
    .start = route_dump_start,
    .step = route_dump_step,
};

/* ---- events ---- */

static int on_route(struct net *net, enum event_kind kind, void *obj)
{
	const struct fib_event *ev = obj;
	const struct nl_req *rq = rtnl_current(net);
	struct route_msg m = {
	    .type = kind == EV_ROUTE_ADD ? RTM_NEWROUTE : RTM_DELROUTE,
	    .flags = ev->nl_flags &
		     (NLM_F_REPLACE | NLM_F_APPEND | NLM_F_CREATE | NLM_F_EXCL),
	    .seq = ev->seq,
	    .portid = ev->portid,
	};
	bool echo = rq && rq->net == net && rq->nlh->nlmsg_flags & NLM_F_ECHO;
	struct nl_buf nb;

	if (kind == EV_ROUTE_DEL)
		m.flags = 0;
	if (!echo && !nl_has_listeners(net, NETLINK_ROUTE, RTNLGRP_IPV4_ROUTE))
		return 0;
	if (nl_buf_init(&nb, net, NL_BUF))
		return 0;
	if (!route_fill(&nb.b, ev->route, &m)) {
		nl_multicast(net, NETLINK_ROUTE, RTNLGRP_IPV4_ROUTE, nb.b.buf, nb.b.len,
			     echo ? rq->nk->portid : 0);
		if (echo)
			nl_reply(rq, &nb.b);
	}
	nl_buf_fini(&nb);
	return 0;
}

static const struct rtnl_handler route_handlers[] = {
    {.type = RTM_NEWROUTE, .family = AF_INET, .request = route_new},
    {.type = RTM_DELROUTE, .family = AF_INET, .request = route_del},
    {
	.type = RTM_GETROUTE,
	.family = AF_INET,
	.request = route_get_one,
	.dump = &route_dump,
    },
    {.type = RTM_GETROUTE, .family = AF_UNSPEC, .dump = &route_dump},
};

int rtnl_route_boot(struct warren *w)
{
	int err =
	    rtnl_register(w, &rtnl_part, route_handlers, ARRAY_SIZE(route_handlers));

	if (!err)
		err = event_listen(w, &rtnl_part, EV_ROUTE_ADD, on_route);
	if (!err)
		err = event_listen(w, &rtnl_part, EV_ROUTE_DEL, on_route);
	return err;
}
