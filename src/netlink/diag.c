/* SPDX-License-Identifier: MIT */
/*
 * diag.c - NETLINK_SOCK_DIAG: what ss asks; unix and netlink sockets
 */

#include "netlink/diag.h"

#include "core/host_unix.h"
#include "core/registry.h"

#include <linux/netlink_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>

int diag_register(struct warren *w, const struct part *part,
		  const struct diag_handler *h)
{
	return registry_add(w, REG_DIAG, part, NULL, (u64)h->family << 8, h);
}

int sock_snap_take(struct nl_dump *d,
		   bool (*fits)(const struct nl_dump *d, const struct sock *sk))
{
	struct sock_snap *s =
	    nl_dump_alloc(d, sizeof(*s) + d->net->n_socks * sizeof(s->socks[0]));
	struct sock *sk;

	if (!s)
		return -ENOMEM;
	list_for_each(sk, &d->net->socks, net_node) {
		if (!fits(d, sk))
			continue;
		sock_get(sk);
		s->socks[s->n++] = sk;
	}
	return 0;
}

void sock_snap_drop(struct nl_dump *d)
{
	struct sock_snap *s = d->data;

	for (u32 i = 0; s && i < s->n; i++)
		sock_put(s->socks[i]);
}

void diag_put_meminfo(struct nlmsg_builder *b, u16 type, const struct sock *sk)
{
	u32 mem[SK_MEMINFO_VARS] = {
	    [SK_MEMINFO_RMEM_ALLOC] = sk->rmem,	 [SK_MEMINFO_RCVBUF] = sk->rcvbuf,
	    [SK_MEMINFO_WMEM_ALLOC] = sk->wmem,	 [SK_MEMINFO_SNDBUF] = sk->sndbuf,
	    [SK_MEMINFO_WMEM_QUEUED] = sk->wmem, [SK_MEMINFO_DROPS] = (u32)sk->rx_drops,
	};

	nla_put(b, type, sizeof(mem), mem);
}

/* ---- AF_UNIX: the host's answers, kept from the start of a dump ---- */

struct unix_snap {
	u32 len, pos;
	u8 bytes[]; /* each: u32 length, padded to 4; the message */
};

/* What the host says, in memory that grows */
struct unix_sink {
	struct mem *mem;
	u8 *bytes;
	u32 len, cap;
};

static int sink_add(void *arg, const void *msg, u32 len)
{
	struct unix_sink *sink = arg;
	u32 need = sink->len + (u32)sizeof(len) + NLMSG_ALIGN(len);
	u8 *to;

	if (need > sink->cap) {
		to = mem_alloc_raw(sink->mem, 2 * need);
		if (!to)
			return -ENOMEM;
		if (sink->len)
			memcpy(to, sink->bytes, sink->len);
		mem_free(sink->mem, sink->bytes);
		sink->bytes = to;
		sink->cap = 2 * need;
	}
	to = sink->bytes + sink->len;
	memcpy(to, &len, sizeof(len));
	memcpy(to + sizeof(len), msg, len);
	sink->len = need;
	return 0;
}

static int unix_ask(struct net *net, const struct nlmsghdr *nlh, bool one,
		    struct unix_sink *sink)
{
	const struct host_unix *host = net->w->host_unix;

	if (nlmsg_len(nlh) < sizeof(struct unix_diag_req))
		return -EINVAL;
	if (!host)
		return one ? -ENOENT : 0;
	return host->diag(host->arg, net, nlmsg_data(nlh), one, sink_add, sink);
}

static int unix_start(struct nl_dump *d)
{
	struct unix_sink sink = {.mem = &d->net->mem};
	int err = unix_ask(d->net, d->nlh, false, &sink);
	struct unix_snap *snap =
	    err ? NULL : nl_dump_alloc(d, sizeof(*snap) + sink.len);

	if (!err && !snap)
		err = -ENOMEM;
	if (snap && sink.len)
		memcpy(snap->bytes, sink.bytes, sink.len);
	if (snap)
		snap->len = sink.len;
	mem_free(sink.mem, sink.bytes);
	return err;
}

static int unix_put(struct nlmsg_builder *b, const u8 *kept, u16 flags, u32 seq,
		    u32 portid, u32 *len)
{
	void *to;

	memcpy(len, kept, sizeof(*len));
	to = nlmsg_begin(b, SOCK_DIAG_BY_FAMILY, flags, seq, portid, *len);
	if (!to)
		return -EMSGSIZE;
	memcpy(to, kept + sizeof(*len), *len);
	return nlmsg_end(b);
}

static int unix_step(struct nl_dump *d, struct nlmsg_builder *b)
{
	struct unix_snap *snap = d->data;
	u32 len;

	while (snap->pos < snap->len) {
		if (unix_put(b, snap->bytes + snap->pos, d->flags, d->seq, d->portid,
			     &len))
			return 1;
		snap->pos += (u32)sizeof(len) + NLMSG_ALIGN(len);
	}
	return 0;
}

static int unix_request(struct nl_req *rq)
{
	struct unix_sink sink = {.mem = &rq->net->mem};
	struct nl_buf nb;
	u32 len;
	int err = unix_ask(rq->net, rq->nlh, true, &sink);

	if (!err)
		err = nl_buf_init(&nb, rq->net, NL_BUF + sink.len);
	if (!err) {
		err = unix_put(&nb.b, sink.bytes, 0, rq->nlh->nlmsg_seq, rq->nk->portid,
			       &len);
		if (!err)
			err = nl_reply(rq, &nb.b);
		nl_buf_fini(&nb);
	}
	mem_free(sink.mem, sink.bytes);
	return err;
}

static const struct nl_dump_ops unix_dump = {.start = unix_start, .step = unix_step};
static const struct diag_handler unix_handler = {
    .family = AF_UNIX,
    .dump = &unix_dump,
    .request = unix_request,
};

/* ---- AF_NETLINK: args[0] entries of the stack's own ends told ---- */

static bool is_netlink(const struct nl_dump *d, const struct sock *sk)
{
	const struct netlink_diag_req *req = nlmsg_data(d->nlh);

	return sk->family == AF_NETLINK && (req->sdiag_protocol == NDIAG_PROTO_ALL ||
					    req->sdiag_protocol == sk->protocol);
}

static int netlink_fill(struct nlmsg_builder *b, const struct nl_dump *d, u8 protocol,
			const struct sock *sk)
{
	const struct netlink_diag_req *req = nlmsg_data(d->nlh);
	struct netlink_diag_msg *m = nlmsg_begin(b, SOCK_DIAG_BY_FAMILY, d->flags,
						 d->seq, d->portid, sizeof(*m));

	if (!m)
		return -EMSGSIZE;
	m->ndiag_family = AF_NETLINK;
	m->ndiag_type = sk ? (u8)sk->type : SOCK_DGRAM;
	m->ndiag_protocol = protocol;
	m->ndiag_state = sk && nl_sk(sk)->dst_portid ? NETLINK_CONNECTED : 0;
	if (sk) {
		m->ndiag_portid = nl_sk(sk)->portid;
		m->ndiag_dst_portid = nl_sk(sk)->dst_portid;
		m->ndiag_dst_group = nl_sk(sk)->dst_group;
		m->ndiag_ino = (u32)sk->inode;
		m->ndiag_cookie[0] = (u32)sk->cookie;
		m->ndiag_cookie[1] = (u32)(sk->cookie >> 32);
	}
	if (sk && req->ndiag_show & NDIAG_SHOW_GROUPS && nl_sk(sk)->groups)
		nla_put_u64(b, NETLINK_DIAG_GROUPS, nl_sk(sk)->groups);
	if (sk && req->ndiag_show & NDIAG_SHOW_MEMINFO)
		diag_put_meminfo(b, NETLINK_DIAG_MEMINFO, sk);
	return nlmsg_end(b);
}

static int netlink_dump_start(struct nl_dump *d)
{
	if (nlmsg_len(d->nlh) < sizeof(struct netlink_diag_req))
		return -EINVAL;
	return sock_snap_take(d, is_netlink);
}

static int netlink_dump_step(struct nl_dump *d, struct nlmsg_builder *b)
{
	const struct netlink_diag_req *req = nlmsg_data(d->nlh);
	const struct registry *r = &d->net->w->registry[REG_NETLINK];
	struct sock_snap *s = d->data;

	for (; d->args[0] < r->n; d->args[0]++) {
		const struct nl_family *f = r->entries[d->args[0]].item;

		if (registry_hidden(&r->entries[d->args[0]], d->net) ||
		    (req->sdiag_protocol != NDIAG_PROTO_ALL &&
		     req->sdiag_protocol != f->protocol))
			continue;
		if (netlink_fill(b, d, (u8)f->protocol, NULL))
			return 1;
	}
	for (; s->pos < s->n; s->pos++)
		if (netlink_fill(b, d, (u8)s->socks[s->pos]->protocol,
				 s->socks[s->pos]))
			return 1;
	return 0;
}

static const struct nl_dump_ops netlink_dump = {
    .start = netlink_dump_start,
    .step = netlink_dump_step,
    .done = sock_snap_drop,
};
static const struct diag_handler netlink_handler = {
    .family = AF_NETLINK,
    .dump = &netlink_dump,
};

/* ---- dispatch ---- */

static int diag_request(struct nl_req *rq)
{
	u16 type = rq->nlh->nlmsg_type;
	const struct diag_handler *h;

	if (type != SOCK_DIAG_BY_FAMILY && type != SOCK_DESTROY)
		return -EINVAL;
	if (nlmsg_len(rq->nlh) < sizeof(struct sock_diag_req))
		return -EINVAL;
	if (type == SOCK_DESTROY && !caller_can_in(&rq->caller, rq->net, CAP_NET_ADMIN))
		return -EPERM;
	h = registry_find_key(
	    rq->net, REG_DIAG,
	    (u64)((const struct sock_diag_req *)nlmsg_data(rq->nlh))->sdiag_family
		<< 8);
	if (!h)
		return -ENOENT;
	if (type == SOCK_DIAG_BY_FAMILY && rq->nlh->nlmsg_flags & NLM_F_DUMP)
		return nl_dump_start(rq, h->dump, h);
	return h->request ? h->request(rq) : -EOPNOTSUPP;
}

static const struct nl_family diag_family = {
    .protocol = NETLINK_SOCK_DIAG,
    .n_groups = 4, /* SKNLGRP_MAX: nothing is sent to them yet */
    .open_recv = true,
    .request = diag_request,
};

static int diag_boot(struct warren *w)
{
	static const struct diag_handler *const handlers[] = {&unix_handler,
							      &netlink_handler};
	int err = nl_family_register(w, &diag_part, &diag_family);

	for (size_t i = 0; i < ARRAY_SIZE(handlers) && !err; i++)
		err = diag_register(w, &diag_part, handlers[i]);
	if (!err)
		err = packet_diag_boot(w);
	return err ? err : inet_diag_boot(w);
}

const struct part diag_part = {
    .name = "diag",
    .id = PART_DIAG,
    .boot = diag_boot,
};
