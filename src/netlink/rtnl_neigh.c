/* SPDX-License-Identifier: MIT */
/*
 * rtnl_neigh.c - RTM_NEWNEIGH, DELNEIGH, GETNEIGH, and the tables' parameters
 *
 * A dump notes at its start which neighbours there are (device and address),
 * so it goes on at the right place however many come and go.
 */

#include "ip/neigh.h"
#include "ip/neigh_conf.h"
#include "ip/neigh_proxy.h"
#include "netlink/rtnl.h"

#define NUD_WITH_LLADDR                                                                \
	(NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY)

static const struct nla_policy neigh_policy[NDA_MAX + 1] = {
    [NDA_DST] = {.type = NLA_BINARY, .len = 32},
    [NDA_LLADDR] = {.type = NLA_BINARY, .len = 32},
    [NDA_CACHEINFO] = {.type = NLA_UNSPEC, .len = sizeof(struct nda_cacheinfo)},
    [NDA_PROBES] = {.type = NLA_U32},
    [NDA_IFINDEX] = {.type = NLA_U32},
    [NDA_MASTER] = {.type = NLA_U32},
    [NDA_PROTOCOL] = {.type = NLA_U8},
    [NDA_FLAGS_EXT] = {.type = NLA_U32},
};

/* ---- the message ---- */

struct neigh_msg {
	u16 type, flags;
	u32 seq, portid;
};

static u32 ago(u64 now, u64 then)
{
	return (u32)((now - min(now, then)) / (10 * NS_PER_MS));
}

static int neigh_fill(struct nlmsg_builder *b, const struct neigh *nt,
		      const struct neigh_msg *m)
{
	u64 now = clock_now(nt->dev->net->w);
	struct nda_cacheinfo ci = {
	    .ndm_confirmed = ago(now, nt->confirmed_ns),
	    .ndm_used = ago(now, nt->used_ns),
	    .ndm_updated = ago(now, nt->updated_ns),
	    .ndm_refcnt = nt->refs.n - 1,
	};
	struct ndmsg *ndm =
	    nlmsg_begin(b, m->type, m->flags, m->seq, m->portid, sizeof(*ndm));

	if (!ndm)
		return -EMSGSIZE;
	ndm->ndm_family = (u8)nt->addr.family;
	ndm->ndm_flags = nt->flags;
	ndm->ndm_type = nt->type;
	ndm->ndm_ifindex = nt->dev->ifindex;
	ndm->ndm_state = nt->state;
	nla_put_ipaddr(b, NDA_DST, &nt->addr);
	if (nt->state & NUD_WITH_LLADDR)
		nla_put(b, NDA_LLADDR, nt->dev->addr_len, nt->lladdr);
	nla_put_u32(b, NDA_PROBES, nt->probes);
	nla_put(b, NDA_CACHEINFO, sizeof(ci), &ci);
	if (nt->protocol)
		nla_put_u8(b, NDA_PROTOCOL, nt->protocol);
	return nlmsg_end(b);
}

/* ---- requests ---- */

struct neigh_req {
	const struct ndmsg *ndm;
	const struct nlattr *tb[NDA_MAX + 1];
	struct ipaddr addr;
	struct dev *dev;
};

static int read_neigh(struct nl_req *rq, struct neigh_req *nr)
{
	const struct nlattr *dst;
	int err = rtnl_parse(rq, sizeof(*nr->ndm), nr->tb, NDA_MAX, neigh_policy,
			     NL_VALIDATE_LIBERAL);

	if (err)
		return err;
	nr->ndm = nlmsg_data(rq->nlh);
	dst = nr->tb[NDA_DST];
	nr->dev = NULL;
	if (!dst) {
		ack_set(&rq->ack, "Network address not specified");
		return -EINVAL;
	}
	if (nr->ndm->ndm_ifindex) {
		nr->dev = dev_by_index(rq->net, nr->ndm->ndm_ifindex);
		if (!nr->dev)
			return -ENODEV;
	}
	if (nr->ndm->ndm_family != AF_INET)
		return -EAFNOSUPPORT;
	if (nla_get_ipaddr(dst, AF_INET, &nr->addr)) {
		ack_set(&rq->ack, "Invalid network address");
		return -EINVAL;
	}
	if (!nr->dev && !(nr->ndm->ndm_flags & NTF_PROXY)) {
		ack_set(&rq->ack, "Device not specified");
		return -EINVAL;
	}
	return 0;
}

static int neigh_new(struct nl_req *rq)
{
	u16 flags = rq->nlh->nlmsg_flags;
	u32 how = NEIGH_UPDATE_ADMIN;
	const struct nlattr *mac;
	struct neigh_req nr;
	int err = read_neigh(rq, &nr);

	if (err)
		return err;
	if (nr.ndm->ndm_flags & NTF_PROXY)
		return neigh_proxy_add(
		    rq->net, nr.dev, &nr.addr, nr.ndm->ndm_flags,
		    nr.tb[NDA_PROTOCOL] ? nla_get_u8(nr.tb[NDA_PROTOCOL]) : 0);
	mac = nr.tb[NDA_LLADDR];
	if (mac && nla_len(mac) < nr.dev->addr_len) {
		ack_attr(&rq->ack, mac, "Invalid link address");
		return -EINVAL;
	}
	if (!neigh_find(nr.dev, &nr.addr)) {
		if (!(flags & NLM_F_CREATE))
			return -ENOENT;
		how |= NEIGH_UPDATE_CREATE | NEIGH_UPDATE_OVERRIDE;
		/* Where nobody is asked for addresses there is one neighbour for all */
		if (dev_is_lo(nr.dev))
			nr.addr = ipaddr_v4(0);
	} else {
		if (flags & NLM_F_EXCL)
			return -EEXIST;
		if (flags & NLM_F_REPLACE)
			how |= NEIGH_UPDATE_OVERRIDE;
	}
	err = neigh_update(nr.dev, &nr.addr, mac ? nla_data(mac) : NULL,
			   nr.ndm->ndm_state, how,
			   nr.ndm->ndm_flags & (NTF_ROUTER | NTF_EXT_LEARNED),
			   nr.tb[NDA_PROTOCOL] ? nla_get_u8(nr.tb[NDA_PROTOCOL]) : 0);
	if (err == -EINVAL && !mac)
		ack_set(&rq->ack, "No link layer address given");
	return err;
}

static int neigh_delete(struct nl_req *rq)
{
	struct neigh_req nr;
	int err = read_neigh(rq, &nr);

	if (err)
		return err;
	if (nr.ndm->ndm_flags & NTF_PROXY)
		return neigh_proxy_del(rq->net, nr.dev, &nr.addr);
	return neigh_del(nr.dev, &nr.addr);
}

static int neigh_get(struct nl_req *rq)
{
	const struct neigh_msg m = {
	    .type = RTM_NEWNEIGH,
	    .seq = rq->nlh->nlmsg_seq,
	    .portid = rq->nk->portid,
	};
	const struct neigh *nt;
	struct neigh_req nr;
	struct nl_buf nb;
	int err = read_neigh(rq, &nr);

	if (err)
		return err;
	nt = neigh_find(nr.dev, &nr.addr);
	if (!nt) {
		ack_set(&rq->ack, "Neighbour entry not found");
		return -ENOENT;
	}
	err = nl_buf_init(&nb, rq->net, 512);
	if (err)
		return err;
	err = neigh_fill(&nb.b, nt, &m);
	if (!err)
		nl_reply(rq, &nb.b);
	nl_buf_fini(&nb);
	return err;
}

/* ---- dump ---- */

struct neigh_key {
	s32 index;
	struct ipaddr addr;
};

struct neigh_snap {
	u32 n, cap, pos;
	s32 only; /* NDA_IFINDEX, 0: all */
	bool prepared, nothing, proxies;
	struct neigh_key keys[];
};

static int count(struct neigh *nt, void *arg)
{
	(void)nt;
	++*(u32 *)arg;
	return 0;
}

static int note(struct neigh *nt, void *arg)
{
	struct neigh_snap *s = arg;

	if (s->n == s->cap)
		return 1;
	s->keys[s->n++] = (struct neigh_key){nt->dev->ifindex, nt->addr};
	return 0;
}

static int dump_start(struct nl_dump *d)
{
	struct neigh_snap *s;
	u32 n = 0;

	neigh_walk(d->net, count, &n);
	s = nl_dump_alloc(d, sizeof(*s) + n * sizeof(s->keys[0]));
	if (!s)
		return -ENOMEM;
	s->cap = n;
	neigh_walk(d->net, note, s);
	return 0;
}

static int dump_prepare(struct nl_dump *d, struct neigh_snap *s)
{
	const struct ndmsg *ndm = nlmsg_data(d->nlh);
	const struct nlattr *tb[NDA_MAX + 1] = {0};
	bool whole = nlmsg_len(d->nlh) >= sizeof(*ndm);
	int err = 0;

	s->prepared = true;
	if (d->strict)
		err = rtnl_dump_parse(d, sizeof(*ndm), tb, NDA_MAX, neigh_policy,
				      "neighbor dump request");
	else if (whole)
		err = nlmsg_parse(d->nlh, sizeof(*ndm), tb, NDA_MAX, neigh_policy,
				  NL_VALIDATE_LIBERAL, NULL);
	if (err)
		return d->strict ? err : 0;
	if (d->strict && (ndm->ndm_pad1 || ndm->ndm_pad2 || ndm->ndm_ifindex ||
			  ndm->ndm_state || ndm->ndm_type)) {
		ack_set(&d->ack, "Invalid values in header for neighbor dump request");
		return -EINVAL;
	}
	if (d->strict && ndm->ndm_flags & ~NTF_PROXY) {
		ack_set(&d->ack, "Invalid flags in header for neighbor dump request");
		return -EINVAL;
	}
	for (int i = 1; d->strict && i <= NDA_MAX; i++)
		if (tb[i] && i != NDA_IFINDEX && i != NDA_MASTER) {
			ack_set(&d->ack,
				"Unsupported attribute in neighbor dump request");
			return -EINVAL;
		}
	s->proxies = whole && ndm->ndm_flags == NTF_PROXY;
	s->nothing = tb[NDA_MASTER] && nla_get_u32(tb[NDA_MASTER]);
	s->only = tb[NDA_IFINDEX] ? (s32)nla_get_u32(tb[NDA_IFINDEX]) : 0;
	if (s->only || tb[NDA_MASTER])
		d->flags |= NLM_F_DUMP_FILTERED;
	return 0;
}

static int proxy_fill(struct nlmsg_builder *b, const struct neigh_proxy *np,
		      const struct neigh_msg *m)
{
	struct ndmsg *ndm =
	    nlmsg_begin(b, m->type, m->flags, m->seq, m->portid, sizeof(*ndm));

	if (!ndm)
		return -EMSGSIZE;
	ndm->ndm_family = (u8)np->addr.family;
	ndm->ndm_flags = np->flags | NTF_PROXY;
	ndm->ndm_type = RTN_UNICAST;
	ndm->ndm_ifindex = np->dev ? np->dev->ifindex : 0;
	ndm->ndm_state = NUD_NONE;
	nla_put_ipaddr(b, NDA_DST, &np->addr);
	if (np->protocol)
		nla_put_u8(b, NDA_PROTOCOL, np->protocol);
	return nlmsg_end(b);
}

/* Kept by age: the place is how many were told */
static int dump_proxies(struct nl_dump *d, struct neigh_snap *s,
			struct nlmsg_builder *b, const struct neigh_msg *m)
{
	const struct neigh_proxy *np;
	u32 i = 0;

	list_for_each(np, neigh_proxies(d->net), node) {
		if (i++ < s->pos || s->nothing ||
		    (s->only && (!np->dev || np->dev->ifindex != s->only)))
			continue;
		if (proxy_fill(b, np, m))
			return 1;
		s->pos = i;
	}
	return 0;
}

static int dump_step(struct nl_dump *d, struct nlmsg_builder *b)
{
	struct neigh_msg m = {
	    .type = RTM_NEWNEIGH,
	    .seq = d->seq,
	    .portid = d->portid,
	};
	struct neigh_snap *s = d->data;

	if (!s->prepared) {
		int err = dump_prepare(d, s);

		if (err)
			return err;
	}
	m.flags = d->flags;
	if (s->proxies)
		return dump_proxies(d, s, b, &m);
	for (; !s->nothing && s->pos < s->n; s->pos++) {
		const struct neigh_key *key = &s->keys[s->pos];
		struct dev *dev = dev_by_index(d->net, key->index);
		const struct neigh *nt = dev ? neigh_find(dev, &key->addr) : NULL;

		if (!nt || (s->only && s->only != key->index))
			continue;
		if (neigh_fill(b, nt, &m))
			return 1;
	}
	return 0;
}

static const struct nl_dump_ops neigh_dump = {
    .start = dump_start,
    .step = dump_step,
};

/* ---- tables: args[0] the table's own message is told ---- */

static void put_parms(struct nlmsg_builder *b, const struct dev *dev, bool named)
{
	static const struct {
		u16 attr;
		enum neigh_knob knob;
	} counts[] = {
	    {NDTPA_APP_PROBES, NC_APP_SOLICIT},
	    {NDTPA_UCAST_PROBES, NC_UCAST_SOLICIT},
	    {NDTPA_MCAST_PROBES, NC_MCAST_SOLICIT},
	    {NDTPA_MCAST_REPROBES, NC_MCAST_RESOLICIT},
	};
	u32 nest = nla_nest_begin(b, NDTA_PARMS);

	if (named)
		nla_put_u32(b, NDTPA_IFINDEX, (u32)dev->ifindex);
	nla_put_u32(b, NDTPA_REFCNT, 1);
	nla_put_u32(b, NDTPA_QUEUE_LENBYTES, (u32)neigh_conf(dev, NC_UNRES_QLEN_BYTES));
	nla_put_u32(b, NDTPA_QUEUE_LEN,
		    (u32)neigh_conf(dev, NC_UNRES_QLEN_BYTES) / 2090);
	nla_put_u32(b, NDTPA_PROXY_QLEN, 64);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		nla_put_u32(b, counts[i].attr, (u32)neigh_conf(dev, counts[i].knob));
	nla_put_u64(b, NDTPA_REACHABLE_TIME,
		    (u64)neigh_conf(dev, NC_BASE_REACHABLE_MS));
	nla_put_u64(b, NDTPA_BASE_REACHABLE_TIME,
		    (u64)neigh_conf(dev, NC_BASE_REACHABLE_MS));
	nla_put_u64(b, NDTPA_GC_STALETIME, (u64)neigh_conf(dev, NC_GC_STALE_S) * 1000);
	nla_put_u64(b, NDTPA_DELAY_PROBE_TIME,
		    (u64)neigh_conf(dev, NC_DELAY_FIRST_S) * 1000);
	nla_put_u64(b, NDTPA_RETRANS_TIME, (u64)neigh_conf(dev, NC_RETRANS_MS));
	nla_put_u64(b, NDTPA_ANYCAST_DELAY, 1000);
	nla_put_u64(b, NDTPA_PROXY_DELAY, 800);
	nla_put_u64(b, NDTPA_LOCKTIME, 1000);
	nla_nest_end(b, nest);
}

static int table_fill(struct nlmsg_builder *b, const struct nl_dump *d,
		      const struct dev *dev, bool own)
{
	struct ndtmsg *ndt =
	    nlmsg_begin(b, RTM_NEWNEIGHTBL, d->flags, d->seq, d->portid, sizeof(*ndt));

	if (!ndt)
		return -EMSGSIZE;
	ndt->ndtm_family = AF_INET;
	nla_put_str(b, NDTA_NAME, "arp_cache");
	if (own) {
		struct ndt_config conf = {.ndtc_key_len = 4, .ndtc_entry_size = 328};
		struct ndt_stats stats = {0};

		neigh_walk(d->net, count, &conf.ndtc_entries);
		nla_put_u64(b, NDTA_GC_INTERVAL, 30000);
		nla_put_u32(b, NDTA_THRESH1, 128);
		nla_put_u32(b, NDTA_THRESH2, 512);
		nla_put_u32(b, NDTA_THRESH3, 1024);
		nla_put(b, NDTA_CONFIG, sizeof(conf), &conf);
		nla_put(b, NDTA_STATS, sizeof(stats), &stats);
	}
	put_parms(b, dev, !own);
	return nlmsg_end(b);
}

static int tables_start(struct nl_dump *d)
{
	return dev_snap_take(d, d->net);
}

static int tables_step(struct nl_dump *d, struct nlmsg_builder *b)
{
	struct dev_snap *s = d->data;

	if (!d->args[0] && d->net->lo) {
		if (table_fill(b, d, d->net->lo, true))
			return 1;
		d->args[0] = 1;
	}
	for (struct dev *dev; (dev = dev_snap_at(s, d->net)); s->pos++)
		if (table_fill(b, d, dev, false))
			return 1;
	return 0;
}

static const struct nl_dump_ops tables_dump = {
    .start = tables_start,
    .step = tables_step,
};

/* ---- events ---- */

static int fill_event(struct nlmsg_builder *b, struct net *net, const void *obj,
		      int type, u32 seq, u32 portid)
{
	const struct neigh_msg m = {.type = (u16)type, .portid = portid};

	(void)net;
	(void)seq;
	return neigh_fill(b, obj, &m);
}

static int on_neigh(struct net *net, enum event_kind kind, void *obj)
{
	rtnl_notify(net, RTNLGRP_NEIGH, fill_event, obj,
		    kind == EV_NEIGH_UPDATE ? RTM_NEWNEIGH : RTM_DELNEIGH);
	return 0;
}

static const struct rtnl_handler neigh_handlers[] = {
    {.type = RTM_NEWNEIGH, .request = neigh_new},
    {.type = RTM_DELNEIGH, .request = neigh_delete},
    {.type = RTM_GETNEIGH, .request = neigh_get, .dump = &neigh_dump},
    {.type = RTM_GETNEIGHTBL, .dump = &tables_dump},
};

int rtnl_neigh_boot(struct warren *w)
{
	int err =
	    rtnl_register(w, &rtnl_part, neigh_handlers, ARRAY_SIZE(neigh_handlers));

	if (!err)
		err = event_listen(w, &rtnl_part, EV_NEIGH_UPDATE, on_neigh);
	if (!err)
		err = event_listen(w, &rtnl_part, EV_NEIGH_DEL, on_neigh);
	return err;
}
