/* SPDX-License-Identifier: MIT */
/*
 * other.c - netlink protocols that have little or nothing to say here
 *
 * A program may open a socket of each protocol that Linux has (N3.12), for
 * programs talk to each other by them, too. What stands at the kernel's end:
 *
 * - fib_lookup answers with what one table says of an address;
 * - xfrm has no states and no policies, and refuses to make any;
 * - audit refuses, as it does to any user namespace but the first;
 * - nfnetlink has no subsystem, so each message is EINVAL;
 * - usersock, selinux and connector have nobody (ECONNREFUSED).
 */

#include "netlink/other.h"

#include "ip/rule.h"
#include "netlink/netlink.h"

#include <linux/audit.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/xfrm.h>

/* ---- fib_lookup ---- */

/* Question and answer; no header of Linux shows it to programs */
struct fib_question {
	be32 addr;
	u32 mark;
	u8 tos, scope, table_in;
	u8 table, plen, hop, type, found_scope;
	s32 err;
};

static int look_up(struct net *net, struct fib_question *q, struct fib_result *res)
{
	struct flow fl = {
	    .family = AF_INET,
	    .dst = ipaddr_v4(q->addr),
	    .iif = 1,
	    .tos = q->tos,
	    .scope = q->scope,
	    .mark = q->mark,
	};
	u32 table = q->table_in ? q->table_in : RT_TABLE_MAIN;
	bool shared =
	    !rule_has_own(net) && (table == RT_TABLE_MAIN || table == RT_TABLE_LOCAL);
	int err;

	q->table = (u8)table;
	if (!shared)
		return rule_table_lookup(net, table, &fl, res);
	err = rule_table_lookup(net, RT_TABLE_LOCAL, &fl, res);
	return err == -EAGAIN ? rule_table_lookup(net, RT_TABLE_MAIN, &fl, res) : err;
}

static int fib_request(struct nl_req *rq)
{
	struct fib_result res = {0};
	struct fib_question q;
	struct ipaddr dst;
	struct nl_buf nb;
	void *answer;
	int err;

	if (nlmsg_len(rq->nlh) < sizeof(q))
		return 1;
	memcpy(&q, nlmsg_data(rq->nlh), sizeof(q));
	err = nl_buf_init(&nb, rq->net, 256);
	if (err)
		return 1;
	q.table = q.plen = q.hop = q.type = q.found_scope = 0;
	q.err = look_up(rq->net, &q, &res);
	if (!q.err) {
		fib_dst(res.route, &dst, &q.plen);
		q.type = res.route->type;
		q.found_scope = res.route->scope;
		q.hop = res.hop ? (u8)(res.hop - res.route->hops) : 0;
	}
	answer = nlmsg_begin(&nb.b, rq->nlh->nlmsg_type, rq->nlh->nlmsg_flags,
			     rq->nlh->nlmsg_seq, rq->nk->portid, sizeof(q));
	memcpy(answer, &q, sizeof(q));
	if (!nlmsg_end(&nb.b))
		nl_reply(rq, &nb.b);
	nl_buf_fini(&nb);
	return 1; /* no ack, whatever the flags */
}

/* ---- xfrm ---- */

static int nothing(struct nl_dump *d, struct nlmsg_builder *b)
{
	(void)d;
	(void)b;
	return 0;
}

static const struct nl_dump_ops empty_dump = {.step = nothing};

/* By type, from XFRM_MSG_BASE: the size of the header, and what a table that is empty
 * says; 1: nothing to do, -EOPNOTSUPP: we do not do IPsec */
static const struct {
	u16 size;
	s16 err;
} xfrm_types[] = {
    [XFRM_MSG_NEWSA - XFRM_MSG_BASE] = {sizeof(struct xfrm_usersa_info), -EOPNOTSUPP},
    [XFRM_MSG_DELSA - XFRM_MSG_BASE] = {sizeof(struct xfrm_usersa_id), -ESRCH},
    [XFRM_MSG_GETSA - XFRM_MSG_BASE] = {sizeof(struct xfrm_usersa_id), -ESRCH},
    [XFRM_MSG_NEWPOLICY -
	XFRM_MSG_BASE] = {sizeof(struct xfrm_userpolicy_info), -EOPNOTSUPP},
    [XFRM_MSG_DELPOLICY - XFRM_MSG_BASE] = {sizeof(struct xfrm_userpolicy_id), -ENOENT},
    [XFRM_MSG_GETPOLICY - XFRM_MSG_BASE] = {sizeof(struct xfrm_userpolicy_id), -ENOENT},
    [XFRM_MSG_ALLOCSPI -
	XFRM_MSG_BASE] = {sizeof(struct xfrm_userspi_info), -EOPNOTSUPP},
    [XFRM_MSG_ACQUIRE -
	XFRM_MSG_BASE] = {sizeof(struct xfrm_user_acquire), -EOPNOTSUPP},
    [XFRM_MSG_EXPIRE - XFRM_MSG_BASE] = {sizeof(struct xfrm_user_expire), -ENOENT},
    [XFRM_MSG_UPDPOLICY -
	XFRM_MSG_BASE] = {sizeof(struct xfrm_userpolicy_info), -EOPNOTSUPP},
    [XFRM_MSG_UPDSA - XFRM_MSG_BASE] = {sizeof(struct xfrm_usersa_info), -ESRCH},
    [XFRM_MSG_POLEXPIRE -
	XFRM_MSG_BASE] = {sizeof(struct xfrm_user_polexpire), -ENOENT},
    [XFRM_MSG_FLUSHSA - XFRM_MSG_BASE] = {sizeof(struct xfrm_usersa_flush), 1},
    [XFRM_MSG_FLUSHPOLICY - XFRM_MSG_BASE] = {0, 1},
    [XFRM_MSG_NEWAE - XFRM_MSG_BASE] = {sizeof(struct xfrm_aevent_id), -EOPNOTSUPP},
    [XFRM_MSG_GETAE - XFRM_MSG_BASE] = {sizeof(struct xfrm_aevent_id), -ESRCH},
    [XFRM_MSG_REPORT - XFRM_MSG_BASE] = {sizeof(struct xfrm_user_report), -EOPNOTSUPP},
    [XFRM_MSG_MIGRATE -
	XFRM_MSG_BASE] = {sizeof(struct xfrm_userpolicy_id), -EOPNOTSUPP},
    [XFRM_MSG_NEWSADINFO - XFRM_MSG_BASE] = {0, -EINVAL},
    [XFRM_MSG_GETSADINFO - XFRM_MSG_BASE] = {sizeof(u32), -EOPNOTSUPP},
    [XFRM_MSG_NEWSPDINFO - XFRM_MSG_BASE] = {sizeof(u32), -EOPNOTSUPP},
    [XFRM_MSG_GETSPDINFO - XFRM_MSG_BASE] = {sizeof(u32), -EOPNOTSUPP},
    [XFRM_MSG_MAPPING -
	XFRM_MSG_BASE] = {sizeof(struct xfrm_user_mapping), -EOPNOTSUPP},
    [XFRM_MSG_SETDEFAULT -
	XFRM_MSG_BASE] = {sizeof(struct xfrm_userpolicy_default), -EOPNOTSUPP},
    [XFRM_MSG_GETDEFAULT -
	XFRM_MSG_BASE] = {sizeof(struct xfrm_userpolicy_default), -EOPNOTSUPP},
};

static int xfrm_request(struct nl_req *rq)
{
	u16 type = rq->nlh->nlmsg_type;
	int err;

	if (type < XFRM_MSG_BASE || type - XFRM_MSG_BASE >= (int)ARRAY_SIZE(xfrm_types))
		return -EINVAL;
	if (!caller_can_in(&rq->caller, rq->net, CAP_NET_ADMIN))
		return -EPERM;
	err = xfrm_types[type - XFRM_MSG_BASE].err;
	if ((type == XFRM_MSG_GETSA || type == XFRM_MSG_GETPOLICY) &&
	    rq->nlh->nlmsg_flags & NLM_F_DUMP)
		return nl_dump_start(rq, &empty_dump, NULL);
	if (nlmsg_len(rq->nlh) < xfrm_types[type - XFRM_MSG_BASE].size) {
		ack_set(&rq->ack, "Invalid header length");
		return -EINVAL;
	}
	if (err == -EOPNOTSUPP)
		ack_set(&rq->ack, "IPsec is not there");
	return err == 1 ? 0 : err;
}

/* ---- audit, nfnetlink ---- */

static int audit_request(struct nl_req *rq)
{
	(void)rq;
	return -ECONNREFUSED;
}

static int nf_request(struct nl_req *rq)
{
	if (!caller_can_in(&rq->caller, rq->net, CAP_NET_ADMIN))
		return -EPERM;
	return nlmsg_len(rq->nlh) < sizeof(struct nfgenmsg) ? 0 : -EINVAL;
}

static const struct nl_family families[] = {
    {.protocol = NETLINK_USERSOCK, .n_groups = 32, .open_send = true},
    {.protocol = NETLINK_XFRM, .n_groups = 32, .request = xfrm_request},
    {.protocol = NETLINK_SELINUX, .n_groups = 32, .open_recv = true},
    {.protocol = NETLINK_AUDIT, .n_groups = 32, .request = audit_request},
    {
	.protocol = NETLINK_FIB_LOOKUP,
	.n_groups = 32,
	.any_type = true,
	.request = fib_request,
    },
    {.protocol = NETLINK_CONNECTOR, .n_groups = 32, .open_recv = true},
    {.protocol = NETLINK_NETFILTER, .n_groups = 32, .request = nf_request},
};

static int other_boot(struct warren *w)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(families) && !err; i++)
		err = nl_family_register(w, &nlother_part, &families[i]);
	return err;
}

const struct part nlother_part = {
    .name = "nlother",
    .id = PART_NLOTHER,
    .boot = other_boot,
};
