/* SPDX-License-Identifier: MIT */
/*
 * rtnl.c - rtnetlink: dispatch by message type and family
 *
 * Types come in fours: NEW, DEL, GET, SET. All but GET need CAP_NET_ADMIN. A
 * GET with one of the bits of NLM_F_DUMP lists. A family without a handler of
 * its own is served by that of AF_UNSPEC. What touches two nets runs with the
 * other workers standing still (RTNL_BARRIER).
 *
 * Events become multicast messages in the file of the object: rtnl_link.c for
 * devices, and so on. While a request is answered, rtnl_current() tells whose
 * it is, so that the messages that it causes carry its number, as Linux does.
 */

#include "netlink/rtnl.h"

#include "base/bug.h"
#include "core/cross.h"
#include "core/registry.h"

#define KIND_GET 2

static u64 key_of(u16 type, u8 family)
{
	return (u64)type << 8 | family;
}

int rtnl_register(struct warren *w, const struct part *part,
		  const struct rtnl_handler *h, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = registry_add(w, REG_RTNL, part, NULL,
				   key_of(h[i].type, h[i].family), &h[i]);
	return err;
}

static const struct rtnl_handler *handler(const struct net *net, u16 type, u8 family,
					  bool dump)
{
	const struct rtnl_handler *h =
	    registry_find_key(net, REG_RTNL, key_of(type, family));

	if (!h || (dump ? !h->dump : !h->request))
		h = registry_find_key(net, REG_RTNL, key_of(type, AF_UNSPEC));
	if (!h || (dump ? !h->dump : !h->request))
		return NULL;
	return h;
}

const struct nl_req *rtnl_current(const struct net *net)
{
	return rtnl_worker(net)->req;
}

void rtnl_origin(const struct net *net, u32 *seq, u32 *portid)
{
	const struct nl_req *rq = rtnl_worker(net)->req;

	*seq = rq && rq->net == net ? rq->nlh->nlmsg_seq : 0;
	*portid = rq && rq->net == net ? rq->nk->portid : 0;
}

static int call(struct nl_req *rq, const struct rtnl_handler *h)
{
	struct rtnl_worker *rw = rtnl_worker(rq->net);
	const struct nl_req *before = rw->req;
	int err;

	if (h->flags & RTNL_BARRIER)
		barrier_begin(rq->net->w);
	rw->req = rq;
	err = h->request(rq);
	rw->req = before;
	if (h->flags & RTNL_BARRIER)
		barrier_end(rq->net->w);
	return err;
}

static int rtnl_request(struct nl_req *rq)
{
	const struct nlmsghdr *nlh = rq->nlh;
	u16 type = nlh->nlmsg_type;
	const struct rtnl_handler *h;
	bool dump;
	u8 family;

	if (type < RTM_BASE || type > RTM_MAX)
		return -EOPNOTSUPP;
	if (nlmsg_len(nlh) < sizeof(struct rtgenmsg))
		return 0;
	family = ((const struct rtgenmsg *)nlmsg_data(nlh))->rtgen_family;
	if ((type & 3) != KIND_GET &&
	    !caller_can_in(&rq->caller, rq->net, CAP_NET_ADMIN))
		return -EPERM;
	dump = (type & 3) == KIND_GET && nlh->nlmsg_flags & NLM_F_DUMP;
	h = handler(rq->net, type, family, dump);
	if (!h)
		return -EOPNOTSUPP;
	return dump ? nl_dump_start(rq, h->dump, h) : call(rq, h);
}

/* ---- parsing ---- */

int rtnl_parse(struct nl_req *rq, u32 hdrlen, const struct nlattr *tb[], int maxtype,
	       const struct nla_policy *policy, u32 validate)
{
	struct nlattr_err bad = {0};
	int err;

	if (nlmsg_len(rq->nlh) < hdrlen) {
		ack_set(&rq->ack, "Invalid header length");
		return -EINVAL;
	}
	err = nlmsg_parse(rq->nlh, hdrlen, tb, maxtype, policy, validate, &bad);
	if (err)
		ack_attr(&rq->ack, bad.attr, bad.msg);
	return err;
}

int rtnl_dump_parse(struct nl_dump *d, u32 hdrlen, const struct nlattr *tb[],
		    int maxtype, const struct nla_policy *policy, const char *what)
{
	struct nlattr_err bad = {0};
	int err;

	if (nlmsg_len(d->nlh) < hdrlen) {
		ack_format(&d->ack, "Invalid header for %s", what);
		return -EINVAL;
	}
	err =
	    nlmsg_parse(d->nlh, hdrlen, tb, maxtype, policy, NL_VALIDATE_STRICT, &bad);
	if (err)
		ack_attr(&d->ack, bad.attr, bad.msg);
	return err;
}

/* ---- devices in order ---- */

static int by_index(const void *a, const void *b)
{
	s32 x = *(const s32 *)a, y = *(const s32 *)b;

	return x < y ? -1 : x > y;
}

int dev_snap_take(struct nl_dump *d, const struct net *net)
{
	struct dev_snap *s =
	    nl_dump_alloc(d, sizeof(*s) + net->n_devs * sizeof(s->index[0]));
	bool sorted = true;
	struct dev *dev;

	if (!s)
		return -ENOMEM;
	list_for_each(dev, &net->devs, node) {
		if (s->n && s->index[s->n - 1] > dev->ifindex)
			sorted = false;
		s->index[s->n++] = dev->ifindex;
	}
	if (!sorted)
		qsort(s->index, s->n, sizeof(s->index[0]), by_index);
	return 0;
}

struct dev *dev_snap_at(struct dev_snap *s, const struct net *net)
{
	struct dev *dev;

	for (; s->pos < s->n; s->pos++) {
		dev = dev_by_index(net, s->index[s->pos]);
		if (dev)
			return dev;
	}
	return NULL;
}

/* ---- events ---- */

void rtnl_notify(struct net *net, u32 group,
		 int (*fill)(struct nlmsg_builder *b, struct net *net, const void *obj,
			     int type, u32 seq, u32 portid),
		 const void *obj, int type)
{
	const struct nl_req *rq = rtnl_current(net);
	bool echo = rq && rq->net == net && rq->nlh->nlmsg_flags & NLM_F_ECHO;
	u32 seq, portid;
	struct nl_buf nb;

	if (!echo && !nl_has_listeners(net, NETLINK_ROUTE, group))
		return;
	if (nl_buf_init(&nb, net, NL_BUF))
		return;
	rtnl_origin(net, &seq, &portid);
	if (!fill(&nb.b, net, obj, type, seq, portid)) {
		nl_multicast(net, NETLINK_ROUTE, group, nb.b.buf, nb.b.len,
			     echo ? portid : 0);
		if (echo)
			nl_reply(rq, &nb.b);
	}
	nl_buf_fini(&nb);
}

/* ---- the part ---- */

static const struct nl_family rtnl_family = {
    .protocol = NETLINK_ROUTE,
    .n_groups = RTNLGRP_MAX,
    .open_recv = true,
    .request = rtnl_request,
};

static int rtnl_boot(struct warren *w)
{
	static int (*const boots[])(struct warren * w) = {
	    rtnl_netconf_boot, rtnl_link_boot,	rtnl_addr_boot,
	    rtnl_route_boot,   rtnl_rule_boot,	rtnl_neigh_boot,
	    rtnl_nsid_boot,    rtnl_stats_boot, rtnl_netconf_late_boot,
	};
	int err = nl_family_register(w, &rtnl_part, &rtnl_family);

	for (size_t i = 0; i < ARRAY_SIZE(boots) && !err; i++)
		err = boots[i](w);
	return err;
}

const struct part rtnl_part = {
    .name = "rtnl",
    .id = PART_RTNL,
    .worker_size = sizeof(struct rtnl_worker),
    .boot = rtnl_boot,
};
