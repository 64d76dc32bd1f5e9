/* SPDX-License-Identifier: MIT */
/*
 * tcp_mini.c - small sockets: SYN_RECV and TIME_WAIT; SYN cookies
 *
 * A SYN costs a struct tcp_req, not a socket: it knows enough to send and repeat
 * the SYN-ACK, and becomes a socket with the ACK that completes the handshake. A
 * connection that ended leaves a struct tcp_tw, which knows enough to acknowledge
 * a late FIN and to say no to old segments (RFC 9293 §3.10.7.4, RFC 1337). It also
 * stands for an orphan in FIN_WAIT2.
 *
 *	SYN -> tcp_req -> ACK -> tcp_sock (accept queue) -> accept()
 *	tcp_sock -> FINs -> tcp_tw -> 60 s, or a new SYN (RFC 6191)
 *
 * Both are in the connected table as a demux_node of their kind, in a list of
 * their net, and have one timer. When a listener has too many requests it
 * answers without keeping anything: the initial sequence number is a cookie
 * (D. J. Bernstein) that has the time and the MSS in it; what else was agreed on
 * hides in the low six bits of the timestamp.
 */

#include "core/filter.h"
#include "core/tunable.h"
#include "inet/tcp_impl.h"

#include <linux/tcp.h>

struct tcp_req {
	struct demux_node conn;
	struct list net_node, listener_node;
	struct timer timer;
	struct tcp_sock *listener; /* borrowed: it drops its requests when it closes */
	u32 peer_isn, isn, ts_recent, tsoffset;
	struct tcp_saved_syn *syn; /* owned; NULL: not wanted */
	u64 sent_ns;		   /* the first SYN-ACK */
	u32 wnd;		   /* what we offer */
	u32 clamp;
	u16 mss, peer_wnd;
	u8 snd_wscale, rcv_wscale, retries, tos;
	bool ts_ok, sack_ok, wscale_ok, ecn_ok, acked;
};

struct tcp_tw {
	struct demux_node conn;
	struct port_rest port;
	struct list net_node;
	struct timer timer;
	u32 rcv_nxt, snd_nxt, rcv_wnd, ts_recent, tsoffset, mark;
	u64 ts_recent_ns;
	struct tcp_md5_key *md5; /* owned; NULL: none */
	u8 state;		 /* TCP_TIME_WAIT, TCP_FIN_WAIT2 */
	u8 tos;
	bool ts_ok;
};
_Static_assert(sizeof(struct tcp_tw) <= 256, "TIME_WAIT is small");

u32 tcp_req_size(void)
{
	return sizeof(struct tcp_req);
}

u32 tcp_tw_size(void)
{
	return sizeof(struct tcp_tw);
}

static struct tcp_req *req_of(struct demux_node *n)
{
	return container_of(n, struct tcp_req, conn);
}

static struct tcp_tw *tw_of(struct demux_node *n)
{
	return container_of(n, struct tcp_tw, conn);
}

/* ---- requests ---- */

static void req_free(struct tcp_req *r)
{
	struct net *net = r->conn.net;

	timer_cancel(&r->timer);
	demux_del(&tcp_worker(net)->demux, &r->conn);
	list_del(&r->net_node);
	list_del(&r->listener_node);
	r->listener->n_requests--;
	tcp_net(net)->n_requests--;
	tcp_syn_free(net, r->syn);
	slab_put(&tcp_worker(net)->reqs, r);
}

void tcp_syn_free(struct net *net, struct tcp_saved_syn *syn)
{
	if (syn)
		mem_free(&net->w->mem, syn);
}

/* From the network header, with TCP_SAVE_SYN 2 from the link header on */
static struct tcp_saved_syn *save_syn(const struct tcp_sock *lp, const struct pkt *p,
				      const struct tcp_seg *sg)
{
	const u8 *from, *end = p->data + sg->data_off;
	struct tcp_saved_syn *syn;
	u32 len;

	if (!lp->save_syn)
		return NULL;
	from = lp->save_syn == 2 ? pkt_l2(p) : pkt_l3(p);
	len = (u32)(end - from);
	syn = mem_alloc(&tcp_sknet(lp)->w->mem, sizeof(*syn) + len);
	if (!syn)
		return NULL;
	syn->len = len;
	memcpy(syn->data, from, len);
	return syn;
}

int tcp_take_saved_syn(struct tcp_sock *tp, void *val, socklen_t *len)
{
	struct tcp_saved_syn *syn = tp->syn;

	if (!syn) {
		*len = 0;
		return 0;
	}
	if (*len < syn->len) {
		*len = syn->len;
		return -EINVAL;
	}
	*len = syn->len;
	memcpy(val, syn->data, syn->len);
	tcp_syn_free(tcp_sknet(tp), syn);
	tp->syn = NULL; /* once */
	return 0;
}

static void synack_opts(struct tcp_opts *o, struct net *net, const struct tuple *t,
			const struct tcp_req *r)
{
	struct flow fl = {
	    .family = t->local.family,
	    .src = t->local,
	    .dst = t->peer,
	    .oif = t->bound_dev,
	    .proto = IPPROTO_TCP,
	    .sport = t->lport,
	    .dport = t->pport,
	};
	struct route *rt;

	memset(o, 0, sizeof(*o));
	o->present = TCP_HAS_MSS;
	o->mss = 536;
	if (!route_output(net, &fl, &rt)) {
		o->mss = tcp_advmss(rt);
		route_put(rt);
	}
	if (r->listener->user_mss)
		o->mss = min(o->mss, r->listener->user_mss);
	if (r->wscale_ok) {
		o->present |= TCP_HAS_WSCALE;
		o->wscale = r->rcv_wscale;
	}
	if (r->sack_ok) {
		o->present |= TCP_HAS_SACK_OK;
		o->sack_ok = true;
	}
	if (r->ts_ok) {
		o->present |= TCP_HAS_TS;
		o->ts_val = tcp_clock_ms(net) + r->tsoffset;
		o->ts_ecr = r->ts_recent;
	}
}

/* @cookie_ts: timestamp that hides a SYN cookie's options, 0: none. @fo: a fast open
 * cookie to tell, NULL or empty: none */
static void send_synack(struct net *net, const struct tcp_req *r, const struct tuple *t,
			u32 cookie_ts, const struct tcp_cookie *fo)
{
	const struct inet_sock *is = &r->listener->is;
	struct tcp_bare b = {
	    .t = *t,
	    .seq = r->isn,
	    .ack = r->peer_isn + 1,
	    .flags = TCPHDR_SYN | TCPHDR_ACK | (r->ecn_ok ? TCPHDR_ECE : 0),
	    .wnd = min(r->wnd, 65535U),
	    .tos = is->tos,
	    .ttl = is->ttl,
	    .mark = is->sk.mark,
	    .priority = is->sk.priority,
	    .md5 = tcp_md5_find(r->listener, &t->peer),
	};

	synack_opts(&b.o, net, t, r);
	if (cookie_ts)
		b.o.ts_val = cookie_ts;
	if (fo && fo->len) {
		b.o.present |= TCP_HAS_FASTOPEN;
		b.o.fastopen_exp = fo->exp;
		b.o.cookie_len = fo->len;
		memcpy(b.o.cookie, fo->val, fo->len);
	}
	b.t.bound_dev = is->sk.bound_dev;
	tcp_send_bare(net, &b);
}

static void req_fire(struct timer *tm)
{
	struct tcp_req *r = container_of(tm, struct tcp_req, timer);
	struct net *net = r->conn.net;
	u64 delay = TCP_RTO_INIT;

	if (r->retries >= (r->listener->syn_retries
			       ? r->listener->syn_retries
			       : (u32)tcp_tun(net, T_SYNACK_RETRIES))) {
		MIB_TCP(net, TCP_MIB_ATTEMPTFAILS);
		MIB_EXT(net, LINUX_MIB_TCPTIMEOUTS);
		req_free(r);
		return;
	}
	r->retries++;
	send_synack(net, r, &r->conn.t, 0, NULL);
	MIB_TCP(net, TCP_MIB_RETRANSSEGS);
	MIB_EXT(net, LINUX_MIB_TCPSYNRETRANS);
	for (int i = 0; i < r->retries && delay < TCP_RTO_MAX; i++)
		delay *= 2;
	timer_set_at(&r->timer, clock_now(net->w) + min(delay, TCP_RTO_MAX));
}

/* ---- cookies ---- */

enum { COOKIE_PERIOD_S = 60, COOKIE_MAX_AGE = 2, COOKIE_OPTS = 63 };
static const u16 cookie_mss[] = {536, 1300, 1440, 1460};

static u32 cookie_hash(struct net *net, const struct tuple *t, u32 what)
{
	u32 words[12] = {
	    (__force u32)t->local.w[0],
	    (__force u32)t->local.w[1],
	    (__force u32)t->local.w[2],
	    (__force u32)t->local.w[3],
	    (__force u32)t->peer.w[0],
	    (__force u32)t->peer.w[1],
	    (__force u32)t->peer.w[2],
	    (__force u32)t->peer.w[3],
	    (u32)(__force u16)t->lport << 16 | (__force u16)t->pport,
	    what,
	    0x636f6f6b,
	};

	tcp_isn(net, t); /* draws the key if need be */
	return (u32)siphash(&tcp_net(net)->isn_key, words, sizeof(words));
}

static u32 cookie_time(const struct net *net)
{
	return (u32)(clock_now(net->w) / (COOKIE_PERIOD_S * NS_PER_S));
}

static u32 cookie_make(struct net *net, const struct tuple *t, u32 peer_isn, u32 idx)
{
	u32 now = cookie_time(net);

	return cookie_hash(net, t, ~0U) + peer_isn + (now << 24) +
	       ((cookie_hash(net, t, now & 0xff) + idx) & 0xffffff);
}

/* Return: index of the MSS, or -1 */
static int cookie_check(struct net *net, const struct tuple *t, u32 peer_isn,
			u32 cookie)
{
	u32 diff = cookie - cookie_hash(net, t, ~0U) - peer_isn;
	u32 then = diff >> 24;
	u32 idx;

	if (((cookie_time(net) - then) & 0xff) >= COOKIE_MAX_AGE)
		return -1;
	idx = (diff - cookie_hash(net, t, then)) & 0xffffff;
	return idx < ARRAY_SIZE(cookie_mss) ? (int)idx : -1;
}

/* What was agreed on, in a timestamp not later than now */
static u32 cookie_ts(struct net *net, const struct tcp_req *r)
{
	u32 now = tcp_clock_ms(net) + r->tsoffset;
	u32 o = (r->wscale_ok ? r->snd_wscale : 15U) | (r->sack_ok ? 16U : 0);
	u32 ts = (now & ~(u32)COOKIE_OPTS) | o;

	return seq_after(ts, now) ? ts - COOKIE_OPTS - 1 : ts;
}

/* ---- SYN at a listener: RFC 9293 §3.10.7.2 ---- */

static void req_fill(struct tcp_req *r, struct tcp_sock *lp, const struct tcp_seg *sg,
		     const struct tuple *t)
{
	struct net *net = tcp_sknet(lp);
	u32 space = (u32)tunable_get(net, &tcp_tunables[T_RMEM], 1) / 2;

	if (lp->is.sk.rcvbuf_locked)
		space = lp->is.sk.rcvbuf / 2;
	r->conn.net = net;
	r->conn.kind = DEMUX_REQUEST;
	r->conn.t = *t;
	r->conn.t.bound_dev = lp->is.sk.bound_dev;
	r->listener = lp;
	r->peer_isn = sg->seq;
	r->tos = sg->tos;
	r->ts_ok = sg->has_ts && tcp_tun(net, T_TIMESTAMPS) && !sg->md5;
	r->ts_recent = sg->o.ts_val;
	r->tsoffset = tcp_ts_offset(net, t);
	r->sack_ok = sg->o.sack_ok && tcp_tun(net, T_SACK);
	r->wscale_ok = sg->o.present & TCP_HAS_WSCALE && tcp_tun(net, T_WINDOW_SCALING);
	r->snd_wscale = r->wscale_ok ? sg->o.wscale : 0;
	r->mss = sg->o.present & TCP_HAS_MSS ? sg->o.mss : 536;
	r->mss = max(r->mss, (u16)48);
	if (lp->user_mss)
		r->mss = min(r->mss, lp->user_mss);
	r->peer_wnd = (u16)sg->wnd;
	tcp_initial_window(net, space, r->mss, r->wscale_ok, lp->user_window_clamp,
			   &r->wnd, &r->clamp, &r->rcv_wscale);
	r->isn = sg->tw_isn ? sg->tw_isn : tcp_isn(net, t);
	r->sent_ns = clock_now(net->w);
	/* RFC 3168 §6.1.1; the SYN itself must not be ECT */
	r->ecn_ok =
	    tcp_tun(net, T_ECN) && !(sg->tos & 3) &&
	    (sg->flags & (TCPHDR_ECE | TCPHDR_CWR)) == (TCPHDR_ECE | TCPHDR_CWR);
}

static struct tuple seg_tuple(const struct tcp_seg *sg, s32 iif)
{
	return (struct tuple){
	    .local = sg->dst,
	    .peer = sg->src,
	    .lport = sg->dport,
	    .pport = sg->sport,
	    .bound_dev = iif,
	};
}

static void answer_by_cookie(struct tcp_sock *lp, const struct tcp_seg *sg,
			     const struct tuple *t)
{
	struct net *net = tcp_sknet(lp);
	struct tcp_req r = {.listener = lp};
	u32 idx = ARRAY_SIZE(cookie_mss) - 1;

	req_fill(&r, lp, sg, t);
	while (idx && cookie_mss[idx] > r.mss)
		idx--;
	r.isn = cookie_make(net, t, sg->seq, idx);
	if (!r.ts_ok)
		r.sack_ok = r.wscale_ok = false; /* nowhere to remember them */
	r.ecn_ok = false;
	send_synack(net, &r, t, r.ts_ok ? cookie_ts(net, &r) : 0, NULL);
	MIB_EXT(net, LINUX_MIB_SYNCOOKIESSENT);
}

static void syn_drop(struct net *net, struct pkt *p)
{
	MIB_EXT(net, LINUX_MIB_LISTENDROPS);
	pkt_drop(net, p, DROP_TCP_BACKLOG);
}

/* ---- the handshake completes ---- */

static void inherit(struct tcp_sock *tp, const struct tcp_sock *lp)
{
	const struct inet_sock *li = &lp->is;
	struct inet_sock *is = &tp->is;
	const struct sock *ls = &li->sk;
	struct sock *sk = &is->sk;

	sk->uid = ls->uid;
	sk->rcvbuf = ls->rcvbuf_locked
			 ? ls->rcvbuf
			 : (u32)tunable_get(sk->net, &tcp_tunables[T_RMEM], 1);
	sk->sndbuf = ls->sndbuf;
	sk->rcvbuf_locked = ls->rcvbuf_locked;
	sk->sndbuf_locked = ls->sndbuf_locked;
	sk->reuse = ls->reuse;
	sk->reuse_port = ls->reuse_port;
	sk->keepalive = ls->keepalive;
	sk->oob_inline = ls->oob_inline;
	sk->timestamp = ls->timestamp;
	sk->dont_route = ls->dont_route;
	sk->linger_on = ls->linger_on;
	sk->zerocopy = ls->zerocopy;
	sk->max_pacing = ls->max_pacing;
	sk->stamping = ls->stamping;
	sk->linger_s = ls->linger_s;
	sk->rcv_timeo_ns = ls->rcv_timeo_ns;
	sk->snd_timeo_ns = ls->snd_timeo_ns;
	sk->bound_dev = ls->bound_dev;
	sk->mark = ls->mark;
	sk->priority = ls->priority;
	sk->rcvlowat = ls->rcvlowat;
	filter_inherit(sk, ls);
	is->ttl = li->ttl;
	is->tos = li->tos;
	is->pmtudisc = li->pmtudisc;
	is->freebind = li->freebind;
	is->transparent = li->transparent;
	is->recverr = li->recverr;
	is->minttl = li->minttl;
	is->mc_ttl = li->mc_ttl;
	is->mc_loop = li->mc_loop;
	is->port_lo = li->port_lo;
	is->port_hi = li->port_hi;
	tp->nodelay = lp->nodelay;
	tp->cork = lp->cork;
	tp->notsent_lowat = lp->notsent_lowat;
	tp->user_mss = lp->user_mss;
	tp->user_window_clamp = lp->user_window_clamp;
	tp->linger2_s = lp->linger2_s;
	tp->keep_idle_s = lp->keep_idle_s;
	tp->keep_intvl_s = lp->keep_intvl_s;
	tp->keep_cnt = lp->keep_cnt;
	tp->user_timeout_ms = lp->user_timeout_ms;
	tp->quickack_user = lp->quickack_user;
	tp->inq = lp->inq;
	tp->thin_linear = lp->thin_linear;
	tp->rto_max_ms = lp->rto_max_ms;
	tp->rto_min_us = lp->rto_min_us;
	if (lp->cc_set)
		tcp_set_cc(tp, lp->cc);
	tp->cc_set = lp->cc_set;
}

/* A socket in SYN_RECV, in the accept queue of its listener; NULL: no memory */
static struct tcp_sock *child_new(struct tcp_req *r)
{
	struct tcp_sock *lp = r->listener, *tp;
	struct inet_sock *is;

	if (!quota_room(tcp_sknet(lp), QUOTA_SOCKETS, 1))
		return NULL;
	tp = tcp_sock_new(tcp_sknet(lp));
	if (!tp)
		return NULL;
	is = &tp->is;
	inherit(tp, lp);
	is->local = r->conn.t.local;
	is->rcv_local = r->conn.t.local;
	is->peer = r->conn.t.peer;
	is->lport = r->conn.t.lport;
	is->pport = r->conn.t.pport;
	is->num = be16_to_cpu(is->lport);
	is->conn.net = r->conn.net;
	is->conn.kind = DEMUX_FULL;
	is->conn.t = r->conn.t;
	tp->iss = r->isn;
	tp->snd_una = r->isn;
	tp->snd_nxt = tp->write_seq = tp->pushed_seq = tp->snd_sml = tp->snd_up =
	    r->isn + 1;
	tp->high_seq = tp->fack = tp->snd_nxt;
	tp->irs = r->peer_isn;
	tp->rcv_nxt = tp->rcv_wup = tp->copied_seq = r->peer_isn + 1;
	tp->snd_wl1 = r->peer_isn;
	tp->snd_wnd = tp->max_window = r->peer_wnd;
	tp->rcv_wnd = r->wnd;
	tp->rcv_ssthresh = r->wnd;
	tp->window_clamp = r->clamp;
	tp->ts_ok = r->ts_ok;
	tp->ts_recent = r->ts_recent;
	tp->ts_recent_ns = tcp_now(tp);
	tp->tsoffset = r->tsoffset;
	tp->sack_ok = r->sack_ok;
	tp->ecn_ok = r->ecn_ok;
	tp->wscale_ok = r->wscale_ok;
	tp->snd_wscale = r->snd_wscale;
	tp->rcv_wscale = r->wscale_ok ? r->rcv_wscale : 0;
	tp->mss_clamp = r->mss;
	tp->last_recv_ns = tcp_now(tp);
	tp->synack_ns = r->sent_ns;
	tp->syn = r->syn;
	r->syn = NULL;
	tp->total_retrans = r->retries;
	if (r->retries)
		tp->rto_ns = TCP_RTO_FALLBACK;
	return tp;
}

/* Take the place of @old (NULL: a cookie had none) in the table and queue up */
static int child_enter(struct tcp_sock *tp, struct tcp_sock *lp, struct tcp_req *old)
{
	struct demux *d = &tcp_worker(tcp_sknet(tp))->demux;
	struct route *rt;

	if (old)
		req_free(old);
	if (tcp_md5_inherit(tp, lp))
		return -ENOMEM;
	if (demux_add(d, &tp->is.conn))
		return -ENOMEM;
	tp->hashed = true;
	port_inherit(&tp->is, &lp->is);
	tp->is.sk.state = TCP_SYN_RECV;
	if (!inet_route(&tp->is, &rt))
		tp->advmss = tcp_advmss(rt);
	else
		tp->advmss = 536;
	if (tp->user_mss)
		tp->advmss = min(tp->advmss, tp->user_mss);
	tp->pmtu = 0;
	tcp_mss_sync(tp);
	tp->rcv_mss = (u16)clamp(min((u32)tp->advmss, tp->mss_cache), 88U, 536U);
	tp->listener = lp;
	list_add_tail(&lp->accept_queue, &tp->accept_node);
	lp->n_accept++;
	return 0;
}

/*
 * Fast open: a socket now, and its SYN-ACK. Consumes @p when it succeeds.
 * Return: false: no memory
 */
static bool fast_child(struct tcp_req *r, struct pkt *p, struct tcp_seg *sg,
		       const struct tcp_cookie *answer)
{
	struct tcp_sock *lp = r->listener, *tp = child_new(r);

	if (!tp)
		return false;
	if (child_enter(tp, lp, NULL)) {
		sock_put(&tp->is.sk);
		return false;
	}
	MIB_TCP(tcp_sknet(tp), TCP_MIB_PASSIVEOPENS);
	tcp_fo_join(tp, lp);
	tcp_established(tp);
	tp->segs_in = p->gso_segs ? p->gso_segs : 1;
	tcp_take_syn_data(tp, p, sg);
	tp->fo_cookie = *answer;
	tp->fo_option = answer->len != 0;
	tcp_send_synack_full(tp);
	tp->fo_option = false;
	tcp_rtx_set(tp, TCP_RTX_RTO, TCP_RTO_INIT);
	sock_wake(&lp->is.sk, POLLIN | POLLRDNORM);
	return true;
}

void tcp_listen_syn(struct tcp_sock *lp, struct pkt *p, struct tcp_seg *sg)
{
	struct net *net = tcp_sknet(lp);
	struct tcp_worker *tw = tcp_worker(net);
	struct tuple t = seg_tuple(sg, p->iif);
	s64 cookies = tcp_tun(net, T_SYNCOOKIES);
	struct tcp_cookie fo;
	u32 most = (u32)tcp_tun(net, T_MAX_SYN_BACKLOG);
	struct tcp_req *r;

	if (lp->n_accept > lp->backlog) {
		MIB_EXT(net, LINUX_MIB_LISTENOVERFLOWS);
		syn_drop(net, p);
		return;
	}
	if (cookies == 2 || lp->n_requests >= max(lp->backlog, 1U)) {
		if (!cookies) {
			MIB_EXT(net, LINUX_MIB_TCPREQQFULLDROP);
			syn_drop(net, p);
			return;
		}
		MIB_EXT(net, LINUX_MIB_TCPREQQFULLDOCOOKIES);
		answer_by_cookie(lp, sg, &t);
		pkt_free(p);
		return;
	}
	if (!cookies && lp->n_requests >= most - (most >> 2)) {
		syn_drop(net, p);
		return;
	}
	r = slab_get(&tw->reqs);
	if (!r) {
		syn_drop(net, p);
		return;
	}
	list_init(&r->net_node);
	list_init(&r->listener_node);
	timer_init(&r->timer, net->worker->wheel, req_fire);
	req_fill(r, lp, sg, &t);
	r->syn = save_syn(lp, p, sg);
	if (tcp_fo_accept(lp, sg, &fo)) {
		bool made = fast_child(r, p, sg, &fo);

		tcp_syn_free(net, r->syn);
		slab_put(&tw->reqs, r);
		if (!made)
			syn_drop(net, p);
		return;
	}
	if (demux_add(&tw->demux, &r->conn)) {
		tcp_syn_free(net, r->syn);
		slab_put(&tw->reqs, r);
		syn_drop(net, p);
		return;
	}
	list_add_tail(&tcp_net(net)->requests, &r->net_node);
	list_add_tail(&lp->requests, &r->listener_node);
	lp->n_requests++;
	tcp_net(net)->n_requests++;
	timer_set_at(&r->timer, clock_now(net->w) + TCP_RTO_INIT);
	send_synack(net, r, &r->conn.t, 0, &fo);
	pkt_free(p);
}

/* Consumes @p. @r: a request in the tables, or one made from a cookie (@kept false) */
static void complete(struct tcp_req *r, bool kept, struct pkt *p, struct tcp_seg *sg)
{
	struct tcp_sock *lp = r->listener, *tp;
	struct net *net = tcp_sknet(lp);
	struct sock *sk;

	if (lp->n_accept > lp->backlog) {
		MIB_EXT(net, LINUX_MIB_LISTENOVERFLOWS);
		if (kept && tcp_tun(net, T_ABORT_ON_OVERFLOW)) {
			tcp_reply_reset(net, sg);
			req_free(r);
		}
		r->acked =
		    true; /* the peer believes it is connected; ask it again later */
		syn_drop(net, p);
		return;
	}
	tp = child_new(r);
	if (!tp) {
		syn_drop(net, p);
		return;
	}
	if (child_enter(tp, lp, kept ? r : NULL)) {
		sock_put(&tp->is.sk);
		syn_drop(net, p);
		return;
	}
	MIB_TCP(net, TCP_MIB_PASSIVEOPENS);
	sk = &tp->is.sk;
	sock_get(sk);
	tcp_process(tp, p, sg);
	if (tp->listener)
		sock_wake(&lp->is.sk, POLLIN | POLLRDNORM);
	sock_put(sk);
}

static void req_ack(struct net *net, const struct tcp_req *r)
{
	struct tcp_bare b = {
	    .t = r->conn.t,
	    .seq = r->isn + 1,
	    .ack = r->peer_isn + 1,
	    .flags = TCPHDR_ACK,
	    .wnd = r->wnd >> r->rcv_wscale,
	    .md5 = tcp_md5_find(r->listener, &r->conn.t.peer),
	};

	if (r->ts_ok) {
		b.o.present = TCP_HAS_TS;
		b.o.ts_val = tcp_clock_ms(net) + r->tsoffset;
		b.o.ts_ecr = r->ts_recent;
	}
	MIB_EXT(net, LINUX_MIB_TCPCHALLENGEACK);
	tcp_send_bare(net, &b);
}

void tcp_req_receive(struct net *net, struct demux_node *n, struct pkt *p,
		     struct tcp_seg *sg)
{
	struct tcp_req *r = req_of(n);
	bool paws = r->ts_ok && sg->has_ts && seq_before(sg->o.ts_val, r->ts_recent);
	u8 f = sg->flags & (TCPHDR_SYN | TCPHDR_ACK | TCPHDR_RST | TCPHDR_FIN);

	if (!tcp_filter(&r->listener->is.sk, p, sg))
		return;
	/* the SYN again: our answer was lost */
	if (sg->seq == r->peer_isn && f == TCPHDR_SYN && !paws) {
		send_synack(net, r, &r->conn.t, 0, NULL);
		MIB_TCP(net, TCP_MIB_RETRANSSEGS);
		MIB_EXT(net, LINUX_MIB_TCPSYNRETRANS);
		goto drop;
	}
	if (f & TCPHDR_ACK && sg->ack != r->isn + 1) {
		tcp_reply_reset(net, sg);
		goto drop;
	}
	if (paws || seq_before(sg->end_seq, r->peer_isn + 1) ||
	    seq_after(sg->seq, r->peer_isn + 1 + r->wnd)) {
		if (!(f & TCPHDR_RST))
			req_ack(net, r);
		if (paws)
			MIB_EXT(net, LINUX_MIB_PAWSESTABREJECTED);
		goto drop;
	}
	if (sg->seq == r->peer_isn)
		f &= (u8)~TCPHDR_SYN;
	if (f & TCPHDR_RST) {
		/* RFC 5961 §3.2 */
		if (sg->seq == r->peer_isn + 1) {
			MIB_TCP(net, TCP_MIB_ATTEMPTFAILS);
			MIB_EXT(net, LINUX_MIB_EMBRYONICRSTS);
			req_free(r);
		} else {
			req_ack(net, r);
		}
		goto drop;
	}
	if (f & TCPHDR_SYN) {
		req_ack(net, r);
		goto drop;
	}
	if (!(f & TCPHDR_ACK))
		goto drop;
	if (sg->has_ts && r->ts_ok && !seq_after(sg->seq, r->peer_isn + 1))
		r->ts_recent = sg->o.ts_val;
	/* TCP_DEFER_ACCEPT: wait for data */
	if (r->listener->defer_accept > r->retries && sg->end_seq == r->peer_isn + 1) {
		r->acked = true;
		MIB_EXT(net, LINUX_MIB_TCPDEFERACCEPTDROP);
		goto drop;
	}
	complete(r, true, p, sg);
	return;

drop:
	pkt_drop(net, p, sg->flags & TCPHDR_RST ? DROP_TCP_RST : DROP_TCP_BAD_FLAGS);
}

void tcp_req_error(struct net *net, struct demux_node *n, u32 seq)
{
	struct tcp_req *r = req_of(n);

	if (seq != r->isn) {
		MIB_EXT(net, LINUX_MIB_OUTOFWINDOWICMPS);
		return;
	}
	MIB_EXT(net, LINUX_MIB_LISTENDROPS);
	req_free(r);
}

/* An ACK at a listener that knows nothing of it: a cookie, or nonsense */
void tcp_listen_ack(struct tcp_sock *lp, struct pkt *p, struct tcp_seg *sg)
{
	struct net *net = tcp_sknet(lp);
	struct tuple t = seg_tuple(sg, p->iif);
	struct tcp_req r = {.listener = lp};
	int idx;

	if (!tcp_tun(net, T_SYNCOOKIES) || sg->flags & TCPHDR_SYN)
		goto reset;
	idx = cookie_check(net, &t, sg->seq - 1, sg->ack - 1);
	if (idx < 0) {
		MIB_EXT(net, LINUX_MIB_SYNCOOKIESFAILED);
		goto reset;
	}
	MIB_EXT(net, LINUX_MIB_SYNCOOKIESRECV);
	sg->seq--; /* as the SYN said it */
	req_fill(&r, lp, sg, &t);
	sg->seq++;
	r.isn = sg->ack - 1;
	r.sent_ns = 0; /* who knows */
	r.ecn_ok = false;
	r.mss = cookie_mss[idx];
	r.sack_ok = r.wscale_ok = false;
	if (r.ts_ok) {
		u32 o = sg->o.ts_ecr & COOKIE_OPTS;

		r.sack_ok = o & 16 && tcp_tun(net, T_SACK);
		r.wscale_ok = (o & 15) != 15 && tcp_tun(net, T_WINDOW_SCALING);
		r.snd_wscale = r.wscale_ok ? (u8)(o & 15) : 0;
	}
	tcp_initial_window(net, (u32)tunable_get(net, &tcp_tunables[T_RMEM], 1) / 2,
			   r.mss, r.wscale_ok, lp->user_window_clamp, &r.wnd, &r.clamp,
			   &r.rcv_wscale);
	complete(&r, false, p, sg);
	return;

reset:
	tcp_reply_reset(net, sg);
	pkt_drop(net, p, DROP_NO_SOCKET);
}

void tcp_listen_close(struct tcp_sock *lp)
{
	struct tcp_req *r;
	struct tcp_sock *tp;

	tcp_fo_listen_close(lp);
	while ((r = list_first(&lp->requests, struct tcp_req, listener_node)))
		req_free(r);
	while ((tp = list_first(&lp->accept_queue, struct tcp_sock, accept_node))) {
		struct sock *sk = &tp->is.sk;

		list_del(&tp->accept_node);
		lp->n_accept--;
		tp->listener = NULL;
		if (sk->state != TCP_CLOSE) {
			tcp_send_reset(tp);
			tcp_done(tp);
		}
		sock_put(sk); /* the queue's reference */
	}
}

/* ---- TIME_WAIT ---- */

static void tw_free(struct tcp_tw *tw)
{
	struct net *net = tw->conn.net;

	timer_cancel(&tw->timer);
	demux_del(&tcp_worker(net)->demux, &tw->conn);
	port_rest_del(&tcp_worker(net)->ports, &tw->port);
	list_del(&tw->net_node);
	tcp_net(net)->n_timewaits--;
	tcp_md5_free(net, tw->md5);
	slab_put(&tcp_worker(net)->tws, tw);
}

static void tw_fire(struct timer *tm)
{
	struct tcp_tw *tw = container_of(tm, struct tcp_tw, timer);

	MIB_EXT(tw->conn.net, LINUX_MIB_TIMEWAITED);
	tw_free(tw);
}

void tcp_time_wait(struct tcp_sock *tp, u8 state, u64 timeout_ns)
{
	struct net *net = tcp_sknet(tp);
	struct tcp_worker *wk = tcp_worker(net);
	struct tcp_tw *tw = NULL;
	u64 timeout = timeout_ns;

	if (tcp_net(net)->n_timewaits < (u32)tcp_tun(net, T_MAX_TW_BUCKETS))
		tw = slab_get(&wk->tws);
	if (!tw) {
		MIB_EXT(net, LINUX_MIB_TCPTIMEWAITOVERFLOW);
		tcp_done(tp);
		return;
	}
	tw->conn.net = net;
	tw->conn.kind = DEMUX_TIMEWAIT;
	tw->conn.t = tp->is.conn.t;
	tw->rcv_nxt = tp->rcv_nxt;
	tw->snd_nxt = tp->snd_nxt;
	tw->rcv_wnd = tcp_rcv_window(tp) >> tp->rcv_wscale;
	tw->ts_recent = tp->ts_recent;
	tw->ts_recent_ns = tp->ts_recent_ns;
	tw->tsoffset = tp->tsoffset;
	tw->ts_ok = tp->ts_ok;
	tw->tos = tp->is.tos;
	tw->mark = tp->is.sk.mark;
	tw->state = state;
	tw->md5 = NULL;
	if (tcp_md5_of(tp))
		tw->md5 = tcp_md5_copy(net, tcp_md5_of(tp));
	list_init(&tw->net_node);
	timer_init(&tw->timer, net->worker->wheel, tw_fire);
	port_rest_add(&tw->port, &tp->is);
	tcp_done(tp); /* leaves the table */
	if (demux_add(&wk->demux, &tw->conn)) {
		port_rest_del(&wk->ports, &tw->port);
		tcp_md5_free(net, tw->md5);
		slab_put(&wk->tws, tw);
		return;
	}
	list_add_tail(&tcp_net(net)->timewaits, &tw->net_node);
	tcp_net(net)->n_timewaits++;
	timer_set_at(&tw->timer, clock_now(net->w) + timeout);
}

static void tw_ack(struct net *net, const struct tcp_tw *tw)
{
	struct tcp_bare b = {
	    .t = tw->conn.t,
	    .seq = tw->snd_nxt,
	    .ack = tw->rcv_nxt,
	    .flags = TCPHDR_ACK,
	    .wnd = tw->rcv_wnd,
	    .tos = tw->tos,
	    .mark = tw->mark,
	    .md5 = tw->md5,
	};

	if (tw->ts_ok) {
		b.o.present = TCP_HAS_TS;
		b.o.ts_val = tcp_clock_ms(net) + tw->tsoffset;
		b.o.ts_ecr = tw->ts_recent;
	}
	tcp_send_bare(net, &b);
}

static void tw_restart(struct net *net, struct tcp_tw *tw)
{
	timer_set_at(&tw->timer, clock_now(net->w) + TCP_TIMEWAIT);
}

/* Return: true when all is done */
static bool fin_wait2(struct net *net, struct tcp_tw *tw, const struct tcp_seg *sg,
		      bool paws)
{
	if (paws || seq_before(sg->end_seq, tw->rcv_nxt) ||
	    seq_after(sg->seq, tw->rcv_nxt + max(tw->rcv_wnd, 1U))) {
		if (!(sg->flags & TCPHDR_RST))
			tw_ack(net, tw);
		return true;
	}
	if (sg->flags & TCPHDR_RST) {
		tw_free(tw);
		return true;
	}
	if (sg->flags & TCPHDR_SYN && !seq_before(sg->seq, tw->rcv_nxt)) {
		tcp_reply_reset(net, sg);
		return true;
	}
	if (!(sg->flags & TCPHDR_ACK) || !seq_after(sg->end_seq, tw->rcv_nxt) ||
	    sg->end_seq == sg->seq)
		return true;
	/* data for nobody */
	if (!(sg->flags & TCPHDR_FIN) || sg->end_seq != tw->rcv_nxt + 1) {
		tcp_reply_reset(net, sg);
		tw_free(tw);
		return true;
	}
	tw->state = TCP_TIME_WAIT;
	tw->rcv_nxt = sg->end_seq;
	if (sg->has_ts) {
		tw->ts_recent = sg->o.ts_val;
		tw->ts_recent_ns = clock_now(net->w);
	}
	tw_restart(net, tw);
	tw_ack(net, tw);
	return true;
}

bool tcp_tw_receive(struct net *net, struct demux_node *n, struct pkt *p,
		    struct tcp_seg *sg)
{
	struct tcp_tw *tw = tw_of(n);
	bool rst = sg->flags & TCPHDR_RST;
	bool paws = tw->ts_ok && sg->has_ts && tw->ts_recent && !rst &&
		    seq_before(sg->o.ts_val, tw->ts_recent);

	if (tw->state == TCP_FIN_WAIT2) {
		fin_wait2(net, tw, sg, paws);
		goto drop;
	}
	if (!paws && sg->seq == tw->rcv_nxt && (sg->seq == sg->end_seq || rst) &&
	    !(sg->flags & TCPHDR_SYN)) {
		if (rst) {
			/* RFC 1337: assassination, unless we are told to stand it */
			if (!tcp_tun(net, T_RFC1337))
				tw_free(tw);
			goto drop;
		}
		tw_restart(net, tw);
		if (sg->has_ts) {
			tw->ts_recent = sg->o.ts_val;
			tw->ts_recent_ns = clock_now(net->w);
		}
		goto drop;
	}
	/* RFC 6191: a new connection by the same four words */
	if (sg->flags & TCPHDR_SYN && !rst && !(sg->flags & TCPHDR_ACK) && !paws &&
	    (seq_after(sg->seq, tw->rcv_nxt) ||
	     (tw->ts_ok && sg->has_ts && seq_before(tw->ts_recent, sg->o.ts_val)))) {
		u32 isn = tw->snd_nxt + 65535 + 2;

		sg->tw_isn = isn ? isn : 1;
		tw_free(tw);
		return false;
	}
	if (paws)
		MIB_EXT(net, LINUX_MIB_PAWSESTABREJECTED);
	if (!rst) {
		if (paws || sg->flags & TCPHDR_ACK)
			tw_restart(net, tw);
		tw_ack(net, tw);
	}
drop:
	pkt_drop(net, p, rst ? DROP_TCP_RST : DROP_TCP_WINDOW);
	return true;
}

bool tcp_tw_recycle(struct net *net, struct demux_node *n, struct tcp_sock *tp)
{
	struct tcp_tw *tw = tw_of(n);
	s64 reuse = tcp_tun(net, T_TW_REUSE);

	if (reuse == 2 && !ipaddr_is_loopback(&tw->conn.t.peer) &&
	    !ipaddr_is_loopback(&tw->conn.t.local))
		reuse = 0;
	if (!reuse || !tw->ts_ok || !tw->ts_recent ||
	    clock_now(net->w) - tw->ts_recent_ns <
		(u64)tcp_tun(net, T_TW_REUSE_DELAY) * NS_PER_MS)
		return false;
	tp->write_seq = tw->snd_nxt + 65535 + 2;
	if (!tp->write_seq)
		tp->write_seq = 1;
	tp->ts_recent = tw->ts_recent;
	tp->ts_recent_ns = tw->ts_recent_ns;
	MIB_EXT(net, LINUX_MIB_TIMEWAITRECYCLED);
	tw_free(tw);
	return true;
}

const struct tcp_md5_key *tcp_mini_md5(const struct demux_node *n,
				       const struct tcp_seg *sg)
{
	if (n->kind == DEMUX_REQUEST)
		return tcp_md5_find(container_of(n, struct tcp_req, conn)->listener,
				    &sg->src);
	return container_of(n, struct tcp_tw, conn)->md5;
}

/* ---- a namespace ends; others look ---- */

void tcp_mini_net_exit(struct net *net)
{
	struct tcp_net *tn = tcp_net(net);
	struct tcp_req *r;
	struct tcp_tw *tw;

	while ((r = list_first(&tn->requests, struct tcp_req, net_node)))
		req_free(r);
	while ((tw = list_first(&tn->timewaits, struct tcp_tw, net_node)))
		tw_free(tw);
}

int tcp_walk_mini(struct net *net, int (*fn)(void *arg, const struct tcp_mini_info *mi),
		  void *arg)
{
	struct tcp_net *tn = tcp_net(net);
	struct tcp_req *r;
	struct tcp_tw *tw;

	list_for_each(r, &tn->requests, net_node) {
		struct tcp_mini_info mi = {
		    .state = TCP_SYN_RECV,
		    .t = &r->conn.t,
		    .expires_ns = r->timer.expires_ns,
		    .retransmits = r->retries,
		    .mark = r->listener->is.sk.mark,
		    .uid = r->listener->is.sk.uid,
		    .listener = &r->listener->is.sk,
		};
		int err = fn(arg, &mi);

		if (err)
			return err;
	}
	list_for_each(tw, &tn->timewaits, net_node) {
		struct tcp_mini_info mi = {
		    .state = tw->state,
		    .t = &tw->conn.t,
		    .expires_ns = tw->timer.expires_ns,
		    .mark = tw->mark,
		};
		int err = fn(arg, &mi);

		if (err)
			return err;
	}
	return 0;
}
