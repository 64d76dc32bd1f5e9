/* SPDX-License-Identifier: MIT */
/*
 * genl.c - NETLINK_GENERIC: families of messages that are found by name
 *
 * A program asks the family nlctrl for the number of the family it wants, and
 * uses that number as the type of its messages. Families, and the operations of
 * each, are const tables. What CTRL_CMD_GETFAMILY tells of an operation is
 * derived from its table.
 */

#include "netlink/genl.h"

#include "core/registry.h"

int genl_register(struct warren *w, const struct part *part,
		  const struct genl_family *f)
{
	int err = registry_add(w, REG_GENL, part, f->name, 0, f);

	return err ? err : registry_add(w, REG_GENL, part, NULL, f->id, f);
}

struct genlmsghdr *genl_begin(struct nlmsg_builder *b, const struct genl_family *f,
			      u8 cmd, u16 flags, u32 seq, u32 portid)
{
	struct genlmsghdr *h = nlmsg_begin(b, f->id, flags, seq, portid, GENL_HDRLEN);

	if (h)
		*h = (struct genlmsghdr){.cmd = cmd, .version = f->version};
	return h;
}

static const struct genl_op *find_op(const struct genl_family *f, u8 cmd, bool dump)
{
	for (u32 i = 0; i < f->n_ops; i++)
		if (f->ops[i].cmd == cmd &&
		    (dump ? f->ops[i].dump != NULL : f->ops[i].request != NULL))
			return &f->ops[i];
	return NULL;
}

static int genl_request(struct nl_req *rq)
{
	const struct nlmsghdr *nlh = rq->nlh;
	const struct genlmsghdr *h = nlmsg_data(nlh);
	bool dump = (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	const struct genl_family *f =
	    registry_find_key(rq->net, REG_GENL, nlh->nlmsg_type);
	const struct genl_op *op;

	if (!f)
		return -ENOENT;
	if (nlmsg_len(nlh) < GENL_HDRLEN)
		return -EINVAL;
	op = find_op(f, h->cmd, dump);
	if (!op)
		return -EOPNOTSUPP;
	if (op->admin && !caller_can_in(&rq->caller, rq->net, CAP_NET_ADMIN))
		return -EPERM;
	return dump ? nl_dump_start(rq, op->dump, op) : op->request(rq);
}

/* ---- nlctrl: which families there are ---- */

static const struct genl_family ctrl_family;

static void put_op(struct nlmsg_builder *b, u16 i, const struct genl_op *op)
{
	u32 nest = nla_nest_begin(b, i), flags = GENL_CMD_CAP_HASPOL;

	flags |= (op->admin ? GENL_ADMIN_PERM : 0) |
		 (op->request ? GENL_CMD_CAP_DO : 0) |
		 (op->dump ? GENL_CMD_CAP_DUMP : 0);
	nla_put_u32(b, CTRL_ATTR_OP_ID, op->cmd);
	nla_put_u32(b, CTRL_ATTR_OP_FLAGS, flags);
	nla_nest_end(b, nest);
}

static int family_fill(struct nlmsg_builder *b, const struct genl_family *f, u16 flags,
		       u32 seq, u32 portid)
{
	u32 nest, one;

	if (!genl_begin(b, &ctrl_family, CTRL_CMD_NEWFAMILY, flags, seq, portid))
		return -EMSGSIZE;
	nla_put_str(b, CTRL_ATTR_FAMILY_NAME, f->name);
	nla_put_u16(b, CTRL_ATTR_FAMILY_ID, f->id);
	nla_put_u32(b, CTRL_ATTR_VERSION, f->version);
	nla_put_u32(b, CTRL_ATTR_HDRSIZE, 0);
	nla_put_u32(b, CTRL_ATTR_MAXATTR, f->max_attr);
	if (f->n_ops) {
		nest = nla_nest_begin(b, CTRL_ATTR_OPS);
		for (u32 i = 0; i < f->n_ops; i++)
			put_op(b, (u16)(i + 1), &f->ops[i]);
		nla_nest_end(b, nest);
	}
	if (f->group) {
		nest = nla_nest_begin(b, CTRL_ATTR_MCAST_GROUPS);
		one = nla_nest_begin(b, 1);
		nla_put_u32(b, CTRL_ATTR_MCAST_GRP_ID, f->group_id);
		nla_put_str(b, CTRL_ATTR_MCAST_GRP_NAME, f->group);
		nla_nest_end(b, one);
		nla_nest_end(b, nest);
	}
	return nlmsg_end(b);
}

static int ctrl_get(struct nl_req *rq)
{
	static const struct nla_policy policy[CTRL_ATTR_FAMILY_NAME + 1] = {
	    [CTRL_ATTR_FAMILY_ID] = {.type = NLA_U16},
	    [CTRL_ATTR_FAMILY_NAME] = {.type = NLA_NUL_STRING, .len = GENL_NAMSIZ - 1},
	};
	const struct nlattr *tb[CTRL_ATTR_FAMILY_NAME + 1];
	const struct genl_family *f = NULL;
	struct nlattr_err bad = {0};
	struct nl_buf nb;
	char name[GENL_NAMSIZ];
	int err = nlmsg_parse(rq->nlh, GENL_HDRLEN, tb, CTRL_ATTR_FAMILY_NAME, policy,
			      NL_VALIDATE_LIBERAL, &bad);

	if (err) {
		ack_attr(&rq->ack, bad.attr, bad.msg);
		return err;
	}
	if (!tb[CTRL_ATTR_FAMILY_ID] && !tb[CTRL_ATTR_FAMILY_NAME])
		return -EINVAL;
	if (tb[CTRL_ATTR_FAMILY_ID])
		f = registry_find_key(rq->net, REG_GENL,
				      nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]));
	if (tb[CTRL_ATTR_FAMILY_NAME]) {
		nla_strscpy(name, tb[CTRL_ATTR_FAMILY_NAME], sizeof(name));
		f = registry_find_name(rq->net, REG_GENL, name);
	}
	if (!f)
		return -ENOENT;
	err = nl_buf_init(&nb, rq->net, NL_BUF);
	if (err)
		return err;
	err = family_fill(&nb.b, f, 0, rq->nlh->nlmsg_seq, rq->nk->portid);
	if (!err)
		err = nl_reply(rq, &nb.b);
	nl_buf_fini(&nb);
	return err;
}

/* args[0]: how many are told */
static int ctrl_dump_step(struct nl_dump *d, struct nlmsg_builder *b)
{
	const struct registry *r = &d->net->w->registry[REG_GENL];

	for (; d->args[0] < r->n; d->args[0]++) {
		const struct registry_entry *e = &r->entries[d->args[0]];

		if (e->name && !registry_hidden(e, d->net) &&
		    family_fill(b, e->item, d->flags, d->seq, d->portid))
			return 1;
	}
	return 0;
}

static const struct nl_dump_ops ctrl_dump = {.step = ctrl_dump_step};

static const struct genl_op ctrl_ops[] = {
    {.cmd = CTRL_CMD_GETFAMILY, .request = ctrl_get, .dump = &ctrl_dump},
};

static const struct genl_family ctrl_family = {
    .name = "nlctrl",
    .id = GENL_ID_CTRL,
    .version = 2,
    .ops = ctrl_ops,
    .n_ops = ARRAY_SIZE(ctrl_ops),
    .group = "notify",
    .group_id = GENL_ID_CTRL,
};

static const struct nl_family genl_netlink = {
    .protocol = NETLINK_GENERIC,
    .n_groups = 64,
    .open_recv = true,
    .request = genl_request,
};

static int genl_boot(struct warren *w)
{
	int err = nl_family_register(w, &genl_part, &genl_netlink);

	return err ? err : genl_register(w, &genl_part, &ctrl_family);
}

const struct part genl_part = {
    .name = "genl",
    .id = PART_GENL,
    .boot = genl_boot,
};
