/* SPDX-License-Identifier: MIT */
/*
 * diag_inet.c - inet_diag: TCP, UDP and raw sockets
 *
 * A dump takes down at its start what there is: sockets are held, TCP's small
 * ones (requests, TIME_WAIT) copied. Filters are of two kinds: the states and
 * ports of the request, and a program of jumps (INET_DIAG_REQ_BYTECODE) that ss
 * makes of its command line. The program is checked before it runs; it only
 * ever jumps forward.
 */

#include "inet/cc.h"
#include "inet/inet.h"
#include "inet/tcp.h"
#include "netlink/diag.h"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>

#define ST_LISTEN 10

/* One socket, full or small */
struct entry {
	struct sock *sk; /* held; NULL: small */
	u8 state, timer, retrans;
	struct ipaddr local, peer;
	be16 lport, pport;
	s32 bound_dev;
	u32 mark, uid;
	u64 expires_ns;
};

struct inet_snap {
	u32 n, cap, pos;
	bool prepared;
	struct inet_diag_req_v2 req;
	u8 protocol;
	u32 code_len; /* of the filter in the request, 0: none */
	const void *code;
	struct entry entries[];
};

/* ---- the filter ---- */

/* Bytes of an operation with its arguments; 0: unknown */
static u32 op_len(const struct inet_diag_bc_op *op, u32 len)
{
	const struct inet_diag_hostcond *cond;
	u32 addr;

	switch (op->code) {
	case INET_DIAG_BC_NOP:
	case INET_DIAG_BC_JMP:
	case INET_DIAG_BC_AUTO:
		return sizeof(*op);
	case INET_DIAG_BC_S_GE:
	case INET_DIAG_BC_S_LE:
	case INET_DIAG_BC_D_GE:
	case INET_DIAG_BC_D_LE:
	case INET_DIAG_BC_S_EQ:
	case INET_DIAG_BC_D_EQ:
	case INET_DIAG_BC_DEV_COND:
		return sizeof(*op) + 4;
	case INET_DIAG_BC_MARK_COND:
	case INET_DIAG_BC_CGROUP_COND:
		return sizeof(*op) + 8;
	case INET_DIAG_BC_S_COND:
	case INET_DIAG_BC_D_COND:
		if (len < sizeof(*op) + sizeof(*cond))
			return 0;
		cond = (const void *)(op + 1);
		addr = cond->family == AF_UNSPEC ? 0 : ip_addr_len(cond->family);
		if ((cond->family != AF_UNSPEC && !addr) || cond->prefix_len > addr * 8)
			return 0;
		return sizeof(*op) + sizeof(*cond) + addr;
	default:
		return 0;
	}
}

static int check_code(const u8 *code, u32 len)
{
	if (!len || len % 4)
		return -EINVAL;
	while (len) {
		const struct inet_diag_bc_op *op = (const void *)code;
		u32 need = op_len(op, len);

		if (!need || need > len || op->yes < need || op->yes > len + 4 ||
		    op->yes % 4)
			return -EINVAL;
		if (op->code != INET_DIAG_BC_NOP &&
		    (op->no < sizeof(*op) || op->no > len + 4 || op->no % 4))
			return -EINVAL;
		if (op->yes > len)
			return -EINVAL;
		code += op->yes;
		len -= op->yes;
	}
	return 0;
}

static bool host_fits(const struct inet_diag_hostcond *cond, const struct ipaddr *addr,
		      be16 port)
{
	struct ipaddr want = {.family = cond->family};

	if (cond->port != -1 && cond->port != be16_to_cpu(port))
		return false;
	if (cond->family == AF_UNSPEC || !cond->prefix_len)
		return cond->family == AF_UNSPEC || cond->family == AF_INET ||
		       cond->family == addr->family;
	memcpy(want.v6, cond->addr, ip_addr_len(cond->family));
	if (cond->family == AF_INET6 && ip6_is_v4mapped(want.v6) &&
	    cond->prefix_len >= 96) {
		want = ipaddr_unmap(&want);
		return ipaddr_in(addr, &want, cond->prefix_len - 96U);
	}
	return ipaddr_in(addr, &want, cond->prefix_len);
}

static bool op_says_yes(const struct inet_diag_bc_op *op, const struct entry *e)
{
	const struct inet_diag_markcond *mark;
	u32 index;

	switch (op->code) {
	case INET_DIAG_BC_JMP:
	case INET_DIAG_BC_CGROUP_COND:
		return false;
	case INET_DIAG_BC_S_EQ:
		return be16_to_cpu(e->lport) == op[1].no;
	case INET_DIAG_BC_S_GE:
		return be16_to_cpu(e->lport) >= op[1].no;
	case INET_DIAG_BC_S_LE:
		return be16_to_cpu(e->lport) <= op[1].no;
	case INET_DIAG_BC_D_EQ:
		return be16_to_cpu(e->pport) == op[1].no;
	case INET_DIAG_BC_D_GE:
		return be16_to_cpu(e->pport) >= op[1].no;
	case INET_DIAG_BC_D_LE:
		return be16_to_cpu(e->pport) <= op[1].no;
	case INET_DIAG_BC_AUTO:
		return !e->sk || !inet_sk(e->sk)->bound_port;
	case INET_DIAG_BC_S_COND:
		return host_fits((const void *)(op + 1), &e->local, e->lport);
	case INET_DIAG_BC_D_COND:
		return host_fits((const void *)(op + 1), &e->peer, e->pport);
	case INET_DIAG_BC_DEV_COND:
		memcpy(&index, op + 1, sizeof(index));
		return (s32)index == e->bound_dev;
	case INET_DIAG_BC_MARK_COND:
		mark = (const void *)(op + 1);
		return (e->mark & mark->mask) == mark->mark;
	default:
		return true;
	}
}

/* The end exactly reached: yes; jumped over: no */
static bool code_accepts(const u8 *code, u32 code_len, const struct entry *e)
{
	s64 len = code_len;

	while (len > 0) {
		const struct inet_diag_bc_op *op = (const void *)code;
		u32 need = (u32)len < sizeof(*op) ? 0 : op_len(op, (u32)len), step;

		if (!need || need > len)
			return false; /* a jump into the middle of something */
		step = op_says_yes(op, e) ? op->yes : op->no;
		if (step < sizeof(*op))
			return false;
		code += step;
		len -= step;
	}
	return len == 0;
}

/* ---- gathering ---- */

static bool is_of(const struct sock *sk, u8 protocol)
{
	if (sk->family != AF_INET)
		return false;
	if (protocol == IPPROTO_RAW || protocol == IPPROTO_IP)
		return protocol == IPPROTO_RAW && sk->type == SOCK_RAW;
	if (sk->type == SOCK_RAW || sk->protocol != protocol)
		return false;
	/* only what the tables have */
	return protocol == IPPROTO_TCP ? sk->state != TCP_CLOSE : inet_sk(sk)->num != 0;
}

static void fill_entry(struct entry *e, struct sock *sk)
{
	const struct inet_sock *is = inet_sk(sk);

	*e = (struct entry){
	    .sk = sk,
	    .state = sk->state,
	    .local = is->local,
	    .peer = is->peer,
	    .lport = is->lport,
	    .pport = is->pport,
	    .bound_dev = sk->bound_dev,
	    .mark = sk->mark,
	    .uid = sk->uid,
	};
	if (sk->type == SOCK_RAW)
		e->lport = cpu_to_be16(is->num);
	if (sk->protocol == IPPROTO_TCP && sk->type == SOCK_STREAM) {
		const struct tcp_sock *tp = tcp_sk(sk);

		e->timer = tcp_timer_info(tp, &e->expires_ns);
		e->retrans = e->timer == 1 ? tp->retransmits
			     : e->timer	   ? tp->probes_out
					   : 0;
	}
}

static int note_mini(void *arg, const struct tcp_mini_info *mi)
{
	struct inet_snap *s = arg;

	if (s->n == s->cap)
		return 1;
	s->entries[s->n++] = (struct entry){
	    .state = mi->state,
	    .timer = mi->state == TCP_SYN_RECV ? 1 : 3,
	    .retrans = mi->retransmits,
	    .local = mi->t->local,
	    .peer = mi->t->peer,
	    .lport = mi->t->lport,
	    .pport = mi->t->pport,
	    .bound_dev = mi->t->bound_dev,
	    .mark = mi->mark,
	    .uid = mi->uid,
	    .expires_ns = mi->expires_ns,
	};
	return 0;
}

static int read_request(struct nl_dump *d, struct inet_diag_req_v2 *req, u8 *protocol,
			const struct nlattr **code)
{
	const struct nlattr *tb[INET_DIAG_REQ_MAX + 1];
	int err;

	if (nlmsg_len(d->nlh) < sizeof(*req))
		return -EINVAL;
	memcpy(req, nlmsg_data(d->nlh), sizeof(*req));
	err = nlmsg_parse(d->nlh, sizeof(*req), tb, INET_DIAG_REQ_MAX, NULL,
			  NL_VALIDATE_LIBERAL, NULL);
	if (err)
		return err;
	*protocol = req->sdiag_protocol;
	if (tb[INET_DIAG_REQ_PROTOCOL] && nla_len(tb[INET_DIAG_REQ_PROTOCOL]) >= 4)
		*protocol = (u8)nla_get_u32(tb[INET_DIAG_REQ_PROTOCOL]);
	*code = tb[INET_DIAG_REQ_BYTECODE];
	return *code ? check_code(nla_data(*code), nla_len(*code)) : 0;
}

static bool is_served(u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ||
	       protocol == IPPROTO_UDPLITE || protocol == IPPROTO_RAW;
}

static int inet_dump_start(struct nl_dump *d)
{
	const struct tcp_net *tn = tcp_net(d->net);
	struct inet_diag_req_v2 req;
	const struct nlattr *code;
	struct inet_snap *s;
	struct sock *sk;
	u32 cap = 0;
	u8 protocol;
	int err = read_request(d, &req, &protocol, &code);

	if (err)
		return err;
	if (!is_served(protocol))
		return -ENOENT;
	if (req.sdiag_family == AF_INET) {
		bool small = protocol == IPPROTO_TCP && warren_has(d->net->w, PART_TCP);

		cap = d->net->n_socks + (small ? tn->n_requests + tn->n_timewaits : 0);
	}
	s = nl_dump_alloc(d, sizeof(*s) + cap * sizeof(s->entries[0]));
	if (!s)
		return -ENOMEM;
	s->cap = cap;
	s->req = req;
	s->protocol = protocol;
	if (code) {
		s->code = nla_data(code);
		s->code_len = nla_len(code);
	}
	if (!cap)
		return 0;
	list_for_each(sk, &d->net->socks, net_node) {
		if (!is_of(sk, protocol))
			continue;
		sock_get(sk);
		fill_entry(&s->entries[s->n++], sk);
	}
	if (protocol == IPPROTO_TCP && warren_has(d->net->w, PART_TCP))
		tcp_walk_mini(d->net, note_mini, s);
	return 0;
}

static void inet_dump_done(struct nl_dump *d)
{
	struct inet_snap *s = d->data;

	for (u32 i = 0; s && i < s->n; i++)
		if (s->entries[i].sk)
			sock_put(s->entries[i].sk);
}

/* ---- the message ---- */

struct inet_msg {
	u16 flags;
	u32 seq, portid;
	u8 ext;
	bool admin; /* may see marks */
};

static bool wants(const struct inet_msg *m, int ext)
{
	return m->ext >> (ext - 1) & 1;
}

static void put_id(struct inet_diag_sockid *id, const struct entry *e)
{
	u64 cookie = e->sk ? e->sk->cookie : 0;

	id->idiag_sport = e->lport;
	id->idiag_dport = e->pport;
	if (e->local.family == AF_INET)
		id->idiag_src[0] = e->local.v4;
	if (e->peer.family == AF_INET)
		id->idiag_dst[0] = e->peer.v4;
	id->idiag_if = (u32)e->bound_dev;
	id->idiag_cookie[0] = (u32)cookie;
	id->idiag_cookie[1] = (u32)(cookie >> 32);
}

static void put_sockopt(struct nlmsg_builder *b, const struct inet_sock *is)
{
	struct inet_diag_sockopt o = {
	    .recverr = is->recverr != 0,
	    .is_icsk = is->sk.type == SOCK_STREAM,
	    .freebind = is->freebind != 0,
	    .hdrincl = is->hdrincl != 0,
	    .mc_loop = is->mc_loop != 0,
	    .transparent = is->transparent != 0,
	    .mc_all = is->mc_all != 0,
	    .bind_address_no_port = is->bind_no_port != 0,
	};

	nla_put(b, INET_DIAG_SOCKOPT, sizeof(o), &o);
}

static void put_tcp(struct nlmsg_builder *b, const struct inet_msg *m,
		    const struct tcp_sock *tp)
{
	struct tcp_info_full info;

	if (wants(m, INET_DIAG_INFO)) {
		memset(&info, 0, sizeof(info));
		tcp_get_info(tp, &info);
		nla_put(b, INET_DIAG_INFO, sizeof(info), &info);
	}
	if (wants(m, INET_DIAG_CONG) && tp->cc)
		nla_put_str(b, INET_DIAG_CONG, tp->cc->name);
}

static void put_full(struct nlmsg_builder *b, const struct inet_msg *m,
		     const struct entry *e, struct inet_diag_msg *r)
{
	const struct sock *sk = e->sk;
	bool tcp = sk->protocol == IPPROTO_TCP && sk->type == SOCK_STREAM;

	r->idiag_uid = sk->uid;
	r->idiag_inode = (u32)sk->inode;
	r->idiag_rqueue = tcp ? tcp_rx_queued(tcp_sk(sk)) : sk->rmem;
	r->idiag_wqueue = tcp ? tcp_tx_queued(tcp_sk(sk)) : sk->wmem;
	r->idiag_rqueue += sock_front_queued(sk, true);
	r->idiag_wqueue += sock_front_queued(sk, false);
	nla_put_u8(b, INET_DIAG_SHUTDOWN, sk->shut);
	if (wants(m, INET_DIAG_TOS))
		nla_put_u8(b, INET_DIAG_TOS, inet_sk(sk)->tos);
	if (m->admin)
		nla_put_u32(b, INET_DIAG_MARK, sk->mark);
	put_sockopt(b, inet_sk(sk));
	if (wants(m, INET_DIAG_MEMINFO)) {
		struct inet_diag_meminfo mem = {
		    .idiag_rmem = sk->rmem,
		    .idiag_wmem = sk->wmem,
		    .idiag_tmem = sk->wmem,
		};

		nla_put(b, INET_DIAG_MEMINFO, sizeof(mem), &mem);
	}
	if (wants(m, INET_DIAG_SKMEMINFO))
		diag_put_meminfo(b, INET_DIAG_SKMEMINFO, sk);
	if (tcp)
		put_tcp(b, m, tcp_sk(sk));
}

static int inet_fill(struct nlmsg_builder *b, struct net *net, const struct entry *e,
		     const struct inet_msg *m)
{
	struct inet_diag_msg *r = nlmsg_begin(b, SOCK_DIAG_BY_FAMILY, m->flags, m->seq,
					      m->portid, sizeof(*r));
	u64 now = clock_now(net->w);

	if (!r)
		return -EMSGSIZE;
	r->idiag_family = AF_INET;
	r->idiag_state = e->state;
	r->idiag_timer = e->timer;
	r->idiag_retrans = e->retrans;
	put_id(&r->id, e);
	if (e->timer && e->expires_ns > now)
		r->idiag_expires = (u32)((e->expires_ns - now) / NS_PER_MS);
	r->idiag_uid = e->uid;
	if (e->sk)
		put_full(b, m, e, r);
	return nlmsg_end(b);
}

static bool entry_fits(const struct inet_snap *s, const struct entry *e)
{
	const struct inet_diag_sockid *id = &s->req.id;
	u8 state = e->state;

	if (e->sk)
		state = e->sk->state; /* may have gone on since the start */
	if (!(s->req.idiag_states >> state & 1))
		return false;
	if (id->idiag_sport && id->idiag_sport != e->lport)
		return false;
	if (id->idiag_dport && id->idiag_dport != e->pport)
		return false;
	return !s->code_len || code_accepts(s->code, s->code_len, e);
}

static int inet_dump_step(struct nl_dump *d, struct nlmsg_builder *b)
{
	struct inet_snap *s = d->data;
	const struct inet_msg m = {
	    .flags = d->flags,
	    .seq = d->seq,
	    .portid = d->portid,
	    .ext = s->req.idiag_ext,
	    .admin = d->nk->opener_caps >> CAP_NET_ADMIN & 1,
	};

	for (; s->pos < s->n; s->pos++) {
		struct entry *e = &s->entries[s->pos];

		if (e->sk) {
			struct sock *sk = e->sk;

			if (!is_of(sk, s->protocol))
				continue; /* closed meanwhile */
			fill_entry(e, sk);
		}
		if (entry_fits(s, e) && inet_fill(b, d->net, e, &m))
			return 1;
	}
	return 0;
}

static const struct nl_dump_ops inet_dump = {
    .start = inet_dump_start,
    .step = inet_dump_step,
    .done = inet_dump_done,
};

/* ---- one socket ---- */

static bool is_meant(const struct entry *e, const struct inet_diag_sockid *id)
{
	static const u32 none = INET_DIAG_NOCOOKIE;
	u64 cookie = (u64)id->idiag_cookie[1] << 32 | id->idiag_cookie[0];
	bool any = id->idiag_cookie[0] == none && id->idiag_cookie[1] == none;

	return e->lport == id->idiag_sport && e->pport == id->idiag_dport &&
	       e->local.v4 == id->idiag_src[0] && e->peer.v4 == id->idiag_dst[0] &&
	       (any || !cookie || cookie == e->sk->cookie);
}

static int find_one(struct nl_req *rq, const struct inet_diag_req_v2 *req,
		    struct entry *e)
{
	struct sock *sk;

	list_for_each(sk, &rq->net->socks, net_node) {
		if (!is_of(sk, req->sdiag_protocol))
			continue;
		fill_entry(e, sk);
		if (is_meant(e, &req->id))
			return 0;
	}
	return -ENOENT;
}

static int inet_request(struct nl_req *rq)
{
	struct inet_diag_req_v2 req;
	struct nl_buf nb;
	struct entry e;
	int err;

	if (nlmsg_len(rq->nlh) < sizeof(req))
		return -EINVAL;
	memcpy(&req, nlmsg_data(rq->nlh), sizeof(req));
	err = is_served(req.sdiag_protocol) ? find_one(rq, &req, &e) : -ENOENT;
	if (err)
		return err;
	if (rq->nlh->nlmsg_type == SOCK_DESTROY) {
		if (req.sdiag_protocol != IPPROTO_TCP)
			return -EOPNOTSUPP;
		tcp_abort(tcp_sk(e.sk), ECONNABORTED);
		return 0;
	}
	err = nl_buf_init(&nb, rq->net, 2048);
	if (err)
		return err;
	err = inet_fill(&nb.b, rq->net, &e,
			&(struct inet_msg){
			    .seq = rq->nlh->nlmsg_seq,
			    .portid = rq->nk->portid,
			    .ext = req.idiag_ext,
			    .admin = caller_can(&rq->caller, CAP_NET_ADMIN),
			});
	if (!err)
		nl_reply(rq, &nb.b);
	nl_buf_fini(&nb);
	return err;
}

static const struct diag_handler inet_handler = {
    .family = AF_INET,
    .dump = &inet_dump,
    .request = inet_request,
};

/* There is no AF_INET6 socket: an empty list, not an error */
static const struct diag_handler inet6_handler = {
    .family = AF_INET6,
    .dump = &inet_dump,
};

int inet_diag_boot(struct warren *w)
{
	int err = diag_register(w, &diag_part, &inet_handler);

	return err ? err : diag_register(w, &diag_part, &inet6_handler);
}
