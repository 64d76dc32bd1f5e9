/* SPDX-License-Identifier: MIT */
/*
 * rtnl_nsid.c - RTM_NEWNSID, GETNSID: what one namespace calls another
 *
 * Rules N1.10 to N1.16. An id lasts until one of the two dies: there is no
 * RTM_DELNSID request.
 */

#include <linux/net_namespace.h>

#include "netlink/rtnl.h"

static const struct nla_policy nsid_policy[NETNSA_MAX + 1] = {
    [NETNSA_NSID] = {.type = NLA_S32},
    [NETNSA_PID] = {.type = NLA_U32},
    [NETNSA_FD] = {.type = NLA_U32},
    [NETNSA_TARGET_NSID] = {.type = NLA_S32},
};

static int fill(struct nlmsg_builder *b, int type, u16 flags, u32 seq, u32 portid,
		s32 id, const s32 *current)
{
	if (!nlmsg_begin(b, (u16)type, flags, seq, portid, sizeof(struct rtgenmsg)))
		return -EMSGSIZE;
	nla_put_s32(b, NETNSA_NSID, id);
	if (current)
		nla_put_s32(b, NETNSA_CURRENT_NSID, *current);
	return nlmsg_end(b);
}

/* The net that PID or FD name. Return: 0 with a user reference; -EINVAL without either
 */
static int named_net(struct nl_req *rq, const struct nlattr *const tb[],
		     struct net **out, const struct nlattr **by)
{
	int err;

	if (tb[NETNSA_PID]) {
		*by = tb[NETNSA_PID];
		err = caller_net_by_pid(&rq->caller, (int)nla_get_u32(*by), out);
	} else if (tb[NETNSA_FD]) {
		*by = tb[NETNSA_FD];
		err = caller_net_by_fd(&rq->caller, (int)nla_get_u32(*by), out);
	} else {
		ack_set(&rq->ack, "Peer netns reference is missing");
		return -EINVAL;
	}
	if (err)
		ack_attr(&rq->ack, *by, "Peer netns reference is invalid");
	return err;
}

static int nsid_new(struct nl_req *rq)
{
	const struct nlattr *tb[NETNSA_MAX + 1], *by;
	struct net *peer;
	s32 id;
	int err = rtnl_parse(rq, sizeof(struct rtgenmsg), tb, NETNSA_MAX, nsid_policy,
			     NL_VALIDATE_LIBERAL);

	if (err)
		return err;
	if (!tb[NETNSA_NSID]) {
		ack_set(&rq->ack, "nsid is missing");
		return -EINVAL;
	}
	id = nla_get_s32(tb[NETNSA_NSID]);
	err = named_net(rq, tb, &peer, &by);
	if (err)
		return err;
	if (nsid_of(rq->net, peer) != NSID_NONE) {
		ack_attr(&rq->ack, by, "Peer netns already has a nsid assigned");
		err = -EEXIST;
	} else {
		err = nsid_set(rq->net, peer, id < 0 ? -1 : id);
		if (err == -EBUSY) {
			ack_attr(&rq->ack, tb[NETNSA_NSID],
				 "The specified nsid is already used");
			err = -EEXIST;
		}
	}
	net_put(peer);
	return err;
}

static int find_peer(struct nl_req *rq, const struct nlattr *const tb[],
		     struct net **out)
{
	const struct nlattr *by;

	if (!tb[NETNSA_NSID])
		return named_net(rq, tb, out, &by);
	*out = nsid_find(rq->net, nla_get_s32(tb[NETNSA_NSID]));
	if (!*out) {
		ack_attr(&rq->ack, tb[NETNSA_NSID], "Peer netns reference is invalid");
		return -ENOENT;
	}
	net_get(*out);
	return 0;
}

static int nsid_get_one(struct nl_req *rq)
{
	const struct nlattr *tb[NETNSA_MAX + 1];
	struct net *peer, *viewer = rq->net;
	struct nl_buf nb;
	s32 current;
	int err = rtnl_parse(rq, sizeof(struct rtgenmsg), tb, NETNSA_MAX, nsid_policy,
			     rq->nk->strict ? NL_VALIDATE_STRICT : NL_VALIDATE_LIBERAL);

	if (err)
		return err;
	err = find_peer(rq, tb, &peer);
	if (err)
		return err;
	if (tb[NETNSA_TARGET_NSID]) {
		viewer = nsid_find(rq->net, nla_get_s32(tb[NETNSA_TARGET_NSID]));
		if (!viewer) {
			ack_attr(&rq->ack, tb[NETNSA_TARGET_NSID],
				 "Target netns reference is invalid");
			err = -EINVAL;
			goto err_peer;
		}
	}
	err = nl_buf_init(&nb, rq->net, 256);
	if (err)
		goto err_peer;
	current = nsid_of(rq->net, peer);
	err = fill(&nb.b, RTM_NEWNSID, 0, rq->nlh->nlmsg_seq, rq->nk->portid,
		   nsid_of(viewer, peer), viewer != rq->net ? &current : NULL);
	if (!err)
		nl_reply(rq, &nb.b);
	nl_buf_fini(&nb);
err_peer:
	net_put(peer);
	return err;
}

/* ---- dump ---- */

static int dump_start(struct nl_dump *d)
{
	const struct nlattr *tb[NETNSA_MAX + 1];
	struct nlattr_err bad = {0};
	const struct nlattr *target;
	int err =
	    nlmsg_parse(d->nlh, sizeof(struct rtgenmsg), tb, NETNSA_MAX, nsid_policy,
			d->strict ? NL_VALIDATE_STRICT : NL_VALIDATE_LIBERAL, &bad);

	if (err) {
		ack_attr(&d->ack, bad.attr, bad.msg);
		return err;
	}
	target = tb[NETNSA_TARGET_NSID];
	if (d->strict && (tb[NETNSA_NSID] || tb[NETNSA_PID] || tb[NETNSA_FD])) {
		ack_set(&d->ack, "Unsupported attribute in dump request");
		return -EINVAL;
	}
	if (!target)
		return 0;
	d->view = nsid_find(d->net, nla_get_s32(target));
	if (!d->view) {
		ack_attr(&d->ack, target, "Invalid target network namespace id");
		return -EINVAL;
	}
	net_get(d->view);
	return 0;
}

/* The list is in order of id: go on behind the last one told. args[0]: that + 1 */
static int dump_step(struct nl_dump *d, struct nlmsg_builder *b)
{
	const struct net *net = nl_dump_net(d);
	const struct nsid *id;

	list_for_each(id, &net->nsids, viewer_node) {
		s32 current;

		if ((u64)id->id < d->args[0])
			continue;
		current = nsid_of(d->net, id->of);
		if (fill(b, RTM_NEWNSID, d->flags, d->seq, d->portid, id->id,
			 d->view ? &current : NULL))
			return 1;
		d->args[0] = (u64)id->id + 1;
	}
	return 0;
}

static const struct nl_dump_ops nsid_dump = {
    .start = dump_start,
    .step = dump_step,
};

/* ---- events ---- */

static int fill_event(struct nlmsg_builder *b, struct net *net, const void *obj,
		      int type, u32 seq, u32 portid)
{
	(void)net;
	return fill(b, type, 0, seq, portid, ((const struct nsid *)obj)->id, NULL);
}

static int on_nsid(struct net *net, enum event_kind kind, void *obj)
{
	rtnl_notify(net, RTNLGRP_NSID, fill_event, obj,
		    kind == EV_NSID_NEW ? RTM_NEWNSID : RTM_DELNSID);
	return 0;
}

static const struct rtnl_handler nsid_handlers[] = {
    {.type = RTM_NEWNSID, .flags = RTNL_BARRIER, .request = nsid_new},
    {
	.type = RTM_GETNSID,
	.flags = RTNL_BARRIER,
	.request = nsid_get_one,
	.dump = &nsid_dump,
    },
};

int rtnl_nsid_boot(struct warren *w)
{
	int err =
	    rtnl_register(w, &rtnl_part, nsid_handlers, ARRAY_SIZE(nsid_handlers));

	if (!err)
		err = event_listen(w, &rtnl_part, EV_NSID_NEW, on_nsid);
	if (!err)
		err = event_listen(w, &rtnl_part, EV_NSID_DEL, on_nsid);
	return err;
}
