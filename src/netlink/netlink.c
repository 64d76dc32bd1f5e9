/* SPDX-License-Identifier: MIT */
/*
 * netlink.c - AF_NETLINK: unicast, multicast, dump, ack, extended ack
 *
 * A request is answered inside sendmsg(): the protocol's handler builds
 * messages, which are copied into packets on the receive queue of the asking
 * socket. So an answer is there before sendmsg() returns, as in Linux.
 *
 * A dump is made in parts. The first is made at once; a next one whenever a
 * receive left the queue at most half full. Its position lives in struct
 * nl_dump of the socket, one at a time (-EBUSY). Each step tells a generation;
 * when it changed since the step before, messages carry NLM_F_DUMP_INTR. The
 * error of a dump stands in its NLMSG_DONE.
 *
 * A receive queue that is full loses the message and the socket's next call
 * says ENOBUFS, unless it asked not to hear of it.
 *
 * Sockets are found by (net, protocol, port) in a table of the worker (N3.12);
 * members of groups hang in a list of their net, those that listen to all
 * namespaces in a list of the worker.
 */

#include "netlink/netlink.h"

#include "base/bug.h"
#include "core/event.h"
#include "core/filter.h"
#include "core/registry.h"
#include "core/view.h"

#define NL_PROTOCOLS	32
#define NL_MAX_GROUPS	64
#define NL_PART		3776 /* the least room of a dump's part: what old readers expect */
#define NL_SEND_RESERVE 32

/* In pkt.cb of a queued message */
struct nl_cb {
	u32 portid, group;
	s32 nsid;
	u32 unused;
};

struct netlink_worker {
	struct table socks;
	struct slab slab;
	struct list listen_all;
};

struct netlink_net {
	struct list members;
};

static struct netlink_worker *netlink_worker(const struct net *net)
{
	return worker_part(net->worker, PART_NETLINK);
}

static struct netlink_net *netlink_net(const struct net *net)
{
	return net_part(net, PART_NETLINK);
}

static struct nl_cb *nl_cb(struct pkt *p)
{
	_Static_assert(sizeof(struct nl_cb) <= sizeof(p->cb), "fits");
	return (struct nl_cb *)p->cb;
}

int nl_family_register(struct warren *w, const struct part *part,
		       const struct nl_family *f)
{
	return registry_add(w, REG_NETLINK, part, NULL, (u64)f->protocol, f);
}

static const struct nl_family *family_of(const struct nl_sock *nk)
{
	return registry_find_key(nk->sk.net, REG_NETLINK, nk->sk.protocol);
}

/* ---- ports ---- */

static u32 port_hash(const struct net *net, int protocol, u32 portid)
{
	return hash3(&net->worker->key, net->mix, (u64)protocol, portid);
}

static struct nl_sock *find_port(const struct net *net, int protocol, u32 portid)
{
	struct table_node *n =
	    table_first(&netlink_worker(net)->socks, port_hash(net, protocol, portid));

	for (; n; n = table_next(n)) {
		struct nl_sock *nk = container_of(n, struct nl_sock, node);

		if (nk->sk.net == net && nk->sk.protocol == protocol &&
		    nk->portid == portid)
			return nk;
	}
	return NULL;
}

static int insert_port(struct nl_sock *nk, u32 portid)
{
	struct net *net = nk->sk.net;
	int err;

	if (find_port(net, nk->sk.protocol, portid))
		return -EADDRINUSE;
	nk->portid = portid;
	err = table_add(&netlink_worker(net)->socks, &nk->node,
			port_hash(net, nk->sk.protocol, portid));
	if (err)
		nk->portid = 0;
	else
		nk->bound = true;
	return err;
}

/* The process' number, else a random one that cannot be a process' (N3.12) */
static int autobind(struct nl_sock *nk, const struct caller *c)
{
	u32 portid = c && c->pid > 0 ? (u32)c->pid : (u32)-4097;
	int err;

	if (nk->bound)
		return 0;
	for (;;) {
		err = insert_port(nk, portid);
		if (err != -EADDRINUSE)
			return err;
		portid = (u32)-4096 - random_below(&nk->sk.net->random, 0x7fffefff);
	}
}

/* ---- groups ---- */

static void set_groups(struct nl_sock *nk, u64 groups)
{
	if (groups && !nk->groups)
		list_add_tail(&netlink_net(nk->sk.net)->members, &nk->mc_node);
	if (!groups && nk->groups)
		list_del(&nk->mc_node);
	nk->groups = groups;
}

static bool may_join(const struct nl_sock *nk, const struct caller *c)
{
	return family_of(nk)->open_recv ||
	       (c && caller_can_in(c, nk->sk.net, CAP_NET_ADMIN));
}

static bool may_send(const struct nl_sock *nk, const struct caller *c)
{
	return family_of(nk)->open_send ||
	       (c && caller_can_in(c, nk->sk.net, CAP_NET_ADMIN));
}

static bool hears(const struct nl_sock *nk, int protocol, u32 group)
{
	return nk->sk.protocol == protocol && nk->groups >> (group - 1) & 1;
}

bool nl_has_listeners(const struct net *net, int protocol, u32 group)
{
	struct nl_sock *nk;

	/* lo comes before this part has been born in the net */
	if (!netlink_net(net)->members.next)
		return false;
	list_for_each(nk, &netlink_net(net)->members, mc_node)
		if (hears(nk, protocol, group))
			return true;
	list_for_each(nk, &netlink_worker(net)->listen_all, all_node)
		if (hears(nk, protocol, group) && nk->sk.net != net &&
		    nsid_of(nk->sk.net, net) != NSID_NONE)
			return true;
	return false;
}

/* ---- queueing ---- */

static void overrun(struct nl_sock *nk)
{
	nk->sk.rx_drops++;
	if (nk->no_enobufs || nk->congested)
		return;
	nk->congested = true;
	sock_set_error(&nk->sk, ENOBUFS);
}

static int queue_msg(struct nl_sock *nk, const void *data, u32 len,
		     const struct nl_cb *cb)
{
	struct pkt *p = pkt_new(nk->sk.net->worker, 0, len);
	u8 *to;

	if (!p)
		goto err_lost;
	to = pkt_put(p, len);
	if (!to)
		goto err_pkt;
	memcpy(to, data, len);
	*nl_cb(p) = *cb;
	if (!filter_passes(&nk->sk, p, 0)) {
		pkt_free(p);
		return 0;
	}
	if (nk->congested || (nk->sk.rmem && nk->sk.rmem >= nk->sk.rcvbuf) ||
	    sock_queue_rx(&nk->sk, p))
		goto err_pkt;
	return 0;

err_pkt:
	pkt_free(p);
err_lost:
	overrun(nk);
	return -ENOBUFS;
}

static void deliver(struct nl_sock *nk, u32 group, const void *data, u32 len, s32 nsid,
		    u32 from)
{
	queue_msg(nk, data, len,
		  &(struct nl_cb){.group = group, .nsid = nsid, .portid = from});
}

static void multicast(struct net *net, int protocol, u32 group, const void *data,
		      u32 len, u32 except, u32 from)
{
	struct nl_sock *nk;

	list_for_each(nk, &netlink_net(net)->members, mc_node)
		if (hears(nk, protocol, group) && !(except && nk->portid == except))
			deliver(nk, group, data, len, NSID_NONE, from);
	list_for_each(nk, &netlink_worker(net)->listen_all, all_node) {
		s32 nsid;

		if (!hears(nk, protocol, group) || nk->sk.net == net)
			continue;
		nsid = nsid_of(nk->sk.net, net);
		if (nsid != NSID_NONE)
			deliver(nk, group, data, len, nsid, from);
	}
}

void nl_multicast(struct net *net, int protocol, u32 group, const void *data, u32 len,
		  u32 except)
{
	multicast(net, protocol, group, data, len, except, 0);
}

int nl_buf_init(struct nl_buf *nb, struct net *net, u32 size)
{
	void *p = mem_alloc_raw(&net->w->mem, size);

	if (!p)
		return -ENOMEM;
	nb->mem = &net->w->mem;
	nlmsg_builder_init(&nb->b, p, size);
	return 0;
}

void nl_buf_fini(struct nl_buf *nb)
{
	mem_free(nb->mem, nb->b.buf);
}

static int unicast(struct nl_sock *nk, const struct nlmsg_builder *b)
{
	return queue_msg(nk, b->buf, b->len, &(struct nl_cb){.nsid = NSID_NONE});
}

int nl_reply(const struct nl_req *rq, const struct nlmsg_builder *b)
{
	return unicast(rq->nk, b);
}

/* ---- acks ---- */

static bool in_request(const struct nlmsghdr *nlh, const void *attr)
{
	return attr && (const u8 *)attr >= (const u8 *)nlh + NLMSG_HDRLEN &&
	       (const u8 *)attr < (const u8 *)nlh + nlh->nlmsg_len;
}

static bool put_ack_attrs(struct nlmsg_builder *b, const struct nlmsghdr *nlh,
			  const struct ext_ack *ack, bool failed)
{
	u32 before = b->len;

	if (ack->msg)
		nla_put_str(b, NLMSGERR_ATTR_MSG, ack->msg);
	if (failed && nlh && in_request(nlh, ack->attr))
		nla_put_u32(b, NLMSGERR_ATTR_OFFS,
			    (u32)((const u8 *)ack->attr - (const u8 *)nlh));
	if (failed && ack->miss_type) {
		nla_put_u32(b, NLMSGERR_ATTR_MISS_TYPE, ack->miss_type);
		if (ack->miss_nest)
			nla_put_u32(b, NLMSGERR_ATTR_MISS_NEST, ack->miss_nest);
	}
	return b->len != before;
}

static struct nlmsghdr *current_msg(struct nlmsg_builder *b)
{
	return (struct nlmsghdr *)(void *)(b->buf + b->msg);
}

static void send_ack(struct nl_sock *nk, const struct nlmsghdr *nlh, int err,
		     const struct ext_ack *ack)
{
	bool whole = err && !nk->cap_ack;
	u32 body = whole ? nlmsg_len(nlh) : 0;
	struct nlmsgerr *e;
	struct nl_buf nb;

	if (nl_buf_init(&nb, nk->sk.net, body + 1024)) {
		overrun(nk);
		return;
	}
	e = nlmsg_begin(&nb.b, NLMSG_ERROR, whole ? 0 : NLM_F_CAPPED, nlh->nlmsg_seq,
			nk->portid, sizeof(*e) + body);
	BUG_ON(!e);
	e->error = err;
	memcpy(&e->msg, nlh, sizeof(*nlh) + body);
	if (nk->ext_ack && put_ack_attrs(&nb.b, nlh, ack, err != 0))
		current_msg(&nb.b)->nlmsg_flags |= NLM_F_ACK_TLVS;
	if (!nlmsg_end(&nb.b))
		unicast(nk, &nb.b);
	nl_buf_fini(&nb);
}

/* ---- dumps ---- */

void *nl_dump_alloc(struct nl_dump *d, size_t size)
{
	d->data = mem_alloc(&d->net->mem, size);
	return d->data;
}

static void dump_free(struct nl_dump *d)
{
	struct mem *m = &d->net->mem;

	if (d->ops->done)
		d->ops->done(d);
	if (d->view)
		net_put(d->view);
	mem_free(m, d->data);
	mem_free(m, (void *)(uintptr_t)d->nlh);
	mem_free(m, d);
}

static bool put_done(struct nl_dump *d, struct nlmsg_builder *b, int err)
{
	int *code =
	    nlmsg_begin(b, NLMSG_DONE, d->flags, d->seq, d->portid, sizeof(*code));

	if (!code)
		return false;
	*code = err;
	if (d->nk->ext_ack && err && put_ack_attrs(b, d->nlh, &d->ack, true))
		current_msg(b)->nlmsg_flags |= NLM_F_ACK_TLVS;
	return !nlmsg_end(b);
}

static void mark_interrupted(struct nlmsg_builder *b)
{
	for (u32 off = 0; off < b->len;) {
		struct nlmsghdr *h = (struct nlmsghdr *)(void *)(b->buf + off);

		h->nlmsg_flags |= NLM_F_DUMP_INTR;
		off += NLMSG_ALIGN(h->nlmsg_len);
	}
}

/* Make the next part. When it is the last, the dump is gone afterwards. */
static void dump_part(struct nl_sock *nk)
{
	struct nl_dump *d = nk->dump;
	u32 size = clamp(nk->max_recv, (u32)NL_PART, (u32)NL_CHUNK);
	bool finished = false;
	struct nl_buf nb;
	int err;

	if (nl_buf_init(&nb, nk->sk.net, size)) {
		sock_set_error(&nk->sk, ENOBUFS);
		return;
	}
	err = d->ops->step(d, &nb.b);
	if (err > 0 && !nb.b.len) {
		/* one message is larger than the reader's buffer: make room */
		nl_buf_fini(&nb);
		if (nl_buf_init(&nb, nk->sk.net, NL_CHUNK)) {
			sock_set_error(&nk->sk, ENOBUFS);
			return;
		}
		err = d->ops->step(d, &nb.b);
		if (err > 0 && !nb.b.len)
			err = -EMSGSIZE;
	}
	if (d->prev_gen && d->gen != d->prev_gen)
		d->flags |= NLM_F_DUMP_INTR;
	d->prev_gen = d->gen;
	if (d->flags & NLM_F_DUMP_INTR)
		mark_interrupted(&nb.b);
	if (err <= 0) {
		finished = put_done(d, &nb.b, err);
		if (!finished) {
			unicast(nk, &nb.b);
			nlmsg_builder_init(&nb.b, nb.b.buf, size);
			(void)put_done(d, &nb.b, err);
		}
		nk->dump = NULL;
	}
	unicast(nk, &nb.b);
	nl_buf_fini(&nb);
	if (err <= 0)
		dump_free(d);
}

static void dump_continue(struct nl_sock *nk)
{
	if (nk->dump && nk->sk.rmem <= nk->sk.rcvbuf / 2)
		dump_part(nk);
}

int nl_dump_target(struct nl_dump *d, s32 id)
{
	struct net *net = nsid_find(d->net, id);

	if (!net)
		return -EINVAL;
	if (!caller_can_in(d->caller, net, CAP_NET_ADMIN))
		return -EACCES;
	net_get(net);
	d->view = net;
	return 0;
}

int nl_dump_start(struct nl_req *rq, const struct nl_dump_ops *ops, const void *handler)
{
	struct nl_sock *nk = rq->nk;
	struct mem *m = &rq->net->mem;
	struct nlmsghdr *copy;
	struct nl_dump *d;
	int err;

	if (nk->dump)
		return -EBUSY;
	d = mem_alloc(m, sizeof(*d));
	copy = mem_alloc_raw(m, rq->nlh->nlmsg_len);
	if (!d || !copy) {
		mem_free(m, d);
		mem_free(m, copy);
		return -ENOMEM;
	}
	memcpy(copy, rq->nlh, rq->nlh->nlmsg_len);
	d->ops = ops;
	d->net = rq->net;
	d->nk = nk;
	d->nlh = copy;
	d->strict = nk->strict;
	d->flags = NLM_F_MULTI;
	d->seq = copy->nlmsg_seq;
	d->portid = nk->portid;
	d->handler = handler;
	d->caller = &rq->caller;
	err = ops->start ? ops->start(d) : 0;
	if (err) {
		/* its attribute points into the copy */
		if (in_request(copy, d->ack.attr))
			ack_attr(&rq->ack,
				 (const u8 *)rq->nlh +
				     ((const u8 *)d->ack.attr - (const u8 *)copy),
				 NULL);
		if (d->ack.msg == d->ack.buf)
			ack_format(&rq->ack, "%s", d->ack.buf);
		else
			ack_set(&rq->ack, d->ack.msg);
		dump_free(d);
		return err;
	}
	nk->dump = d;
	dump_part(nk);
	if (nk->dump)
		nk->dump->caller = NULL;
	return 1;
}

/* ---- requests ---- */

/* A handler's caller is a copy with less; what only the real one can resolve is asked
 * of the real one, which may be part of something larger */
static int real_by_fd(const struct caller *c, int fd, struct net **out)
{
	return caller_net_by_fd(c->arg, fd, out);
}

static int real_by_pid(const struct caller *c, int pid, struct net **out)
{
	return caller_net_by_pid(c->arg, pid, out);
}

static u64 real_caps_in(const struct caller *c, const struct net *net)
{
	return c->arg ? caller_caps_in(c->arg, net) : 0;
}

static const struct caller_ops real_ops = {
    .net_by_fd = real_by_fd,
    .net_by_pid = real_by_pid,
    .caps_in = real_caps_in,
};

static void one_request(struct nl_sock *nk, const struct nl_family *f,
			const struct msg *m, const struct nlmsghdr *nlh)
{
	struct nl_req rq = {
	    .net = nk->sk.net,
	    .nk = nk,
	    .nlh = nlh,
	};
	int err = 0;

	if (m->caller)
		rq.caller = *m->caller;
	rq.caller.ops = &real_ops;
	rq.caller.arg = (void *)(uintptr_t)m->caller;
	rq.caller.net = nk->sk.net;
	rq.caller.withheld |= ~nk->opener_caps;
	if (f->any_type ||
	    (nlh->nlmsg_flags & NLM_F_REQUEST && nlh->nlmsg_type >= NLMSG_MIN_TYPE))
		err = f->request(&rq);
	if (err == 1)
		return;
	if (err || nlh->nlmsg_flags & NLM_F_ACK)
		send_ack(nk, nlh, err, &rq.ack);
}

static void requests(struct nl_sock *nk, const struct nl_family *f, const struct msg *m,
		     const void *data, u32 len)
{
	const struct nlmsghdr *nlh = data;

	/* A message that says it is longer than what is there ends the walk, silently
	 */
	while (nlmsg_ok(nlh, len)) {
		one_request(nk, f, m, nlh);
		nlh = nlmsg_next(nlh, &len);
	}
}

static int send_target(const struct nl_sock *nk, const struct msg *m, u32 *pid,
		       u32 *group)
{
	const struct sockaddr_nl *a = (const void *)m->name;

	*pid = nk->dst_portid;
	*group = nk->dst_group;
	if (!m->name || !m->name_len)
		return 0;
	if (m->name_len < sizeof(*a) || a->nl_family != AF_NETLINK)
		return -EINVAL;
	*pid = a->nl_pid;
	*group = a->nl_groups ? (u32)__builtin_ffs((int)a->nl_groups) : 0;
	if ((*pid || *group) && !may_send(nk, m->caller))
		return -EPERM;
	return 0;
}

/* To another program: its queue takes the bytes as they are */
static int to_program(struct nl_sock *nk, u32 pid, u32 group, const void *data, u32 len)
{
	struct nl_sock *to;

	if (group)
		multicast(nk->sk.net, nk->sk.protocol, group, data, len, nk->portid,
			  nk->portid);
	if (!pid)
		return 0;
	to = find_port(nk->sk.net, nk->sk.protocol, pid);
	if (!to)
		return -ECONNREFUSED;
	return queue_msg(to, data, len,
			 &(struct nl_cb){.nsid = NSID_NONE, .portid = nk->portid})
		   ? -EAGAIN
		   : 0;
}

static ssize_t netlink_send(struct sock *sk, struct msg *m)
{
	struct nl_sock *nk = nl_sk(sk);
	const struct nl_family *f = family_of(nk);
	size_t len = msg_left(m);
	u32 pid, group;
	u8 *data;
	int err;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	err = send_target(nk, m, &pid, &group);
	if (!err)
		err = autobind(nk, m->caller);
	if (err)
		return err;
	if (len + NL_SEND_RESERVE > sk->sndbuf)
		return -EMSGSIZE;
	data = mem_alloc_raw(&sk->net->mem, len ? len : 1);
	if (!data)
		return -ENOBUFS;
	msg_take(m, data, len);
	sock_get(sk);
	if (pid || group)
		err = to_program(nk, pid, group, data, (u32)len);
	else if (f->request)
		requests(nk, f, m, data, (u32)len);
	else
		err = -ECONNREFUSED;
	mem_free(&sk->net->mem, data);
	sock_put(sk);
	return err ? err : (ssize_t)len;
}

/* ---- receiving ---- */

static void put_cmsgs(const struct nl_sock *nk, struct msg *m, const struct nl_cb *cb)
{
	if (nk->pktinfo) {
		struct nl_pktinfo info = {.group = cb->group};

		msg_put_cmsg(m, SOL_NETLINK, NETLINK_PKTINFO, &info, sizeof(info));
	}
	if (nk->listen_all && cb->nsid != NSID_NONE)
		msg_put_cmsg(m, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &cb->nsid,
			     sizeof(cb->nsid));
}

static void put_name(struct msg *m, const struct nl_cb *cb)
{
	struct sockaddr_nl a = {
	    .nl_family = AF_NETLINK,
	    .nl_pid = cb->portid,
	    .nl_groups = cb->group && cb->group <= 32 ? 1U << (cb->group - 1) : 0,
	};

	memcpy(m->name, &a, min(m->name_len, (socklen_t)sizeof(a)));
	m->name_len = sizeof(a);
}

static ssize_t netlink_recv(struct sock *sk, struct msg *m)
{
	struct nl_sock *nk = nl_sk(sk);
	bool peek = m->flags & MSG_PEEK;
	size_t room = msg_left(m), len;
	struct pkt *p;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (!sk->rx_queued)
		nk->congested = false;
	if (sk->err)
		return -sock_error(sk);
	if (!sk->rx_queued)
		dump_continue(nk); /* one that stopped for want of memory */
	p = sock_dequeue_rx(sk, peek);
	if (!p)
		return sk->err			 ? -sock_error(sk)
		       : sk->shut & RCV_SHUTDOWN ? 0
						 : -EAGAIN;
	nk->max_recv = max(nk->max_recv, (u32)min(room, (size_t)NL_CHUNK));
	len = p->len;
	if (len > room)
		m->out_flags |= MSG_TRUNC;
	msg_give(m, p->data, min(len, room));
	if (m->name)
		put_name(m, nl_cb(p));
	put_cmsgs(nk, m, nl_cb(p));
	if (!peek) {
		pkt_free(p);
		dump_continue(nk);
		if (!sk->rx_queued)
			nk->congested = false;
	}
	return (ssize_t)(m->flags & MSG_TRUNC ? len : min(len, room));
}

static u32 netlink_poll(struct sock *sk)
{
	u32 events = POLLOUT | POLLWRNORM;

	if (sk->rx_queued)
		events |= POLLIN | POLLRDNORM;
	if (sk->err)
		events |= POLLERR;
	return events;
}

/* ---- names ---- */

static int netlink_bind(struct sock *sk, const struct caller *c,
			const struct sockaddr *a, socklen_t len)
{
	struct nl_sock *nk = nl_sk(sk);
	struct sockaddr_nl nl;
	u64 groups;
	int err = 0;

	if (len < sizeof(nl))
		return -EINVAL;
	memcpy(&nl, a, sizeof(nl));
	if (nl.nl_family != AF_NETLINK)
		return -EINVAL;
	if (nl.nl_groups && !may_join(nk, c))
		return -EPERM;
	if (nk->bound && nl.nl_pid != nk->portid)
		return -EINVAL;
	if (!nk->bound)
		err = nl.nl_pid ? insert_port(nk, nl.nl_pid) : autobind(nk, c);
	if (err)
		return err;
	groups = (nk->groups & ~(u64)UINT32_MAX) | nl.nl_groups;
	if (family_of(nk)->n_groups < NL_MAX_GROUPS)
		groups &= (1ULL << family_of(nk)->n_groups) - 1;
	set_groups(nk, groups);
	return 0;
}

static int netlink_connect(struct sock *sk, const struct caller *c,
			   const struct sockaddr *a, socklen_t len)
{
	struct nl_sock *nk = nl_sk(sk);
	struct sockaddr_nl nl;
	int err;

	if (len < sizeof(a->sa_family))
		return -EINVAL;
	if (a->sa_family == AF_UNSPEC) {
		nk->dst_portid = nk->dst_group = 0;
		return 0;
	}
	if (a->sa_family != AF_NETLINK || len < sizeof(nl))
		return -EINVAL;
	memcpy(&nl, a, sizeof(nl));
	if ((nl.nl_groups || nl.nl_pid) && !may_send(nk, c))
		return -EPERM;
	err = autobind(nk, c);
	if (err)
		return err;
	nk->dst_portid = nl.nl_pid;
	nk->dst_group = nl.nl_groups ? (u32)__builtin_ffs((int)nl.nl_groups) : 0;
	return 0;
}

static int netlink_name(struct sock *sk, bool peer, struct sockaddr_storage *a,
			socklen_t *len)
{
	const struct nl_sock *nk = nl_sk(sk);
	struct sockaddr_nl nl = {.nl_family = AF_NETLINK};

	if (peer) {
		nl.nl_pid = nk->dst_portid;
		nl.nl_groups = nk->dst_group && nk->dst_group <= 32
				   ? 1U << (nk->dst_group - 1)
				   : 0;
	} else {
		nl.nl_pid = nk->portid;
		nl.nl_groups = (u32)nk->groups;
	}
	memcpy(a, &nl, sizeof(nl));
	*len = sizeof(nl);
	return 0;
}

/* ---- options ---- */

static int set_membership(struct nl_sock *nk, const struct caller *c, u32 group,
			  bool join)
{
	u64 bit;

	if (!may_join(nk, c))
		return -EPERM;
	if (!group || group > family_of(nk)->n_groups)
		return -EINVAL;
	bit = 1ULL << (group - 1);
	set_groups(nk, join ? nk->groups | bit : nk->groups & ~bit);
	return 0;
}

static int set_listen_all(struct nl_sock *nk, const struct caller *c, bool on)
{
	if (!c || !caller_can_in(c, nk->sk.net, CAP_NET_BROADCAST))
		return -EPERM;
	if (on && !nk->listen_all)
		list_add_tail(&netlink_worker(nk->sk.net)->listen_all, &nk->all_node);
	if (!on)
		list_del(&nk->all_node);
	nk->listen_all = on;
	return 0;
}

static bool *flag_of(struct nl_sock *nk, int name)
{
	switch (name) {
	case NETLINK_PKTINFO:
		return &nk->pktinfo;
	case NETLINK_BROADCAST_ERROR:
		return &nk->broadcast_error;
	case NETLINK_NO_ENOBUFS:
		return &nk->no_enobufs;
	case NETLINK_CAP_ACK:
		return &nk->cap_ack;
	case NETLINK_EXT_ACK:
		return &nk->ext_ack;
	case NETLINK_GET_STRICT_CHK:
		return &nk->strict;
	case NETLINK_LISTEN_ALL_NSID:
		return &nk->listen_all;
	default:
		return NULL;
	}
}

static int netlink_set_opt(struct sock *sk, const struct caller *c, int level, int name,
			   const void *val, socklen_t len)
{
	struct nl_sock *nk = nl_sk(sk);
	bool *flag;
	u32 v = 0;

	if (level != SOL_NETLINK)
		return -ENOPROTOOPT;
	if (len >= sizeof(v))
		memcpy(&v, val, sizeof(v));
	switch (name) {
	case NETLINK_ADD_MEMBERSHIP:
	case NETLINK_DROP_MEMBERSHIP:
		return set_membership(nk, c, v, name == NETLINK_ADD_MEMBERSHIP);
	case NETLINK_LISTEN_ALL_NSID:
		return set_listen_all(nk, c, v != 0);
	default:
		flag = flag_of(nk, name);
		if (!flag)
			return -ENOPROTOOPT;
		*flag = v != 0;
		if (name == NETLINK_NO_ENOBUFS && v)
			nk->congested = false;
		return 0;
	}
}

static int list_memberships(const struct nl_sock *nk, void *val, socklen_t *len)
{
	u32 words[2] = {(u32)nk->groups, (u32)(nk->groups >> 32)};
	socklen_t size = (family_of(nk)->n_groups + 31) / 32 * 4;

	memcpy(val, words, min(*len / 4 * 4, size));
	*len = size;
	return 0;
}

static int netlink_get_opt(struct sock *sk, int level, int name, void *val,
			   socklen_t *len)
{
	struct nl_sock *nk = nl_sk(sk);
	const bool *flag;
	int v;

	if (level != SOL_NETLINK)
		return -ENOPROTOOPT;
	if ((s32)*len < 0)
		return -EINVAL;
	if (name == NETLINK_LIST_MEMBERSHIPS)
		return list_memberships(nk, val, len);
	flag = flag_of(nk, name);
	if (!flag)
		return -ENOPROTOOPT;
	if (*len < sizeof(v))
		return -EINVAL;
	v = *flag;
	memcpy(val, &v, sizeof(v));
	*len = sizeof(v);
	return 0;
}

/* ---- life ---- */

static void netlink_release(struct sock *sk)
{
	struct nl_sock *nk = nl_sk(sk);

	if (nk->bound)
		table_del(&netlink_worker(sk->net)->socks, &nk->node);
	nk->bound = false;
	set_groups(nk, 0);
	list_del(&nk->all_node);
	sock_purge(sk);
	if (nk->dump)
		dump_free(nk->dump);
	nk->dump = NULL;
}

static const struct sock_ops netlink_ops = {
    .release = netlink_release,
    .bind = netlink_bind,
    .connect = netlink_connect,
    .name = netlink_name,
    .send = netlink_send,
    .recv = netlink_recv,
    .poll = netlink_poll,
    .set_opt = netlink_set_opt,
    .get_opt = netlink_get_opt,
};

static int netlink_create(struct net *net, const struct caller *c, int type,
			  int protocol, struct sock **out)
{
	struct netlink_worker *nw = netlink_worker(net);
	struct nl_sock *nk;

	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	if (protocol < 0 || protocol >= NL_PROTOCOLS ||
	    !registry_find_key(net, REG_NETLINK, (u64)protocol))
		return -EPROTONOSUPPORT;
	nk = slab_get(&nw->slab);
	if (!nk)
		return -ENOMEM;
	sock_init(&nk->sk, net, &netlink_ops, &nw->slab, AF_NETLINK, type, protocol);
	list_init(&nk->mc_node);
	list_init(&nk->all_node);
	nk->opener_caps = c ? caller_caps_in(c, net) : 0;
	*out = &nk->sk;
	return 0;
}

static const struct family netlink_family = {
    .family = AF_NETLINK,
    .create = netlink_create,
};

/* ---- /proc/net/netlink: the stack's own ends, then the programs' ---- */

static void put_line(struct text *out, u64 cookie, int protocol, u32 portid, u32 groups,
		     const struct nl_sock *nk)
{
	text_printf(out, "%016llx %-3d %-10u %08x %-8d %-8d %-5d %-8d %-8u %-8llu\n",
		    (unsigned long long)cookie, protocol, portid, groups,
		    nk ? nk->sk.rmem : 0, nk ? nk->sk.wmem : 0, nk && nk->dump ? 1 : 0,
		    nk ? nk->sk.refs.n + 1 : 2, nk ? (u32)nk->sk.rx_drops : 0,
		    (unsigned long long)(nk ? nk->sk.inode : 0));
}

static int netlink_text(struct net *net, const char *rel, struct text *out)
{
	const struct registry *r = &net->w->registry[REG_NETLINK];
	struct sock *sk;

	(void)rel;
	text_printf(out,
		    "sk               Eth Pid        Groups   Rmem     Wmem     Dump  "
		    "Locks    Drops    Inode\n");
	for (u32 i = 0; i < r->n; i++) {
		const struct nl_family *f = r->entries[i].item;

		if (!registry_hidden(&r->entries[i], net))
			put_line(out, 0, f->protocol, 0, 0, NULL);
	}
	list_for_each(sk, &net->socks, net_node)
		if (sk->family == AF_NETLINK)
			put_line(out, sk->cookie, sk->protocol, nl_sk(sk)->portid,
				 (u32)nl_sk(sk)->groups, nl_sk(sk));
	return 0;
}

static const struct view netlink_view = {.path = "net/netlink", .text = netlink_text};

static int netlink_boot(struct warren *w)
{
	int err = view_register(w, &netlink_part, &netlink_view);

	return err ? err : family_register(w, &netlink_part, &netlink_family);
}

static int netlink_worker_init(struct worker *k)
{
	struct netlink_worker *nw = worker_part(k, PART_NETLINK);

	table_init(&nw->socks);
	slab_init(&nw->slab, "netlink sockets", sizeof(struct nl_sock), &k->w->mem);
	list_init(&nw->listen_all);
	return 0;
}

static void netlink_worker_exit(struct worker *k)
{
	struct netlink_worker *nw = worker_part(k, PART_NETLINK);

	table_fini(&nw->socks);
	slab_fini(&nw->slab);
}

static int netlink_net_init(struct net *net)
{
	list_init(&netlink_net(net)->members);
	return 0;
}

const struct part netlink_part = {
    .name = "netlink",
    .id = PART_NETLINK,
    .worker_size = sizeof(struct netlink_worker),
    .net_size = sizeof(struct netlink_net),
    .boot = netlink_boot,
    .worker_init = netlink_worker_init,
    .worker_exit = netlink_worker_exit,
    .net_init = netlink_net_init,
};
