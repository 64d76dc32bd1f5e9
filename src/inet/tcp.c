/* SPDX-License-Identifier: MIT */
/*
 * tcp.c - TCP, the socket's side: connect, listen, accept, send, receive, close
 *
 * Nothing here blocks: what cannot be done now answers -EAGAIN (-EINPROGRESS for
 * connect()), and the front end waits on sk->wait. MSG_WAITALL, MSG_DONTWAIT,
 * SO_RCVTIMEO, SO_LINGER's wait are the front end's, too.
 *
 * Who holds a socket: its descriptor, or its listener's accept queue, by the
 * first reference; and after close() the connection itself, by one of its own
 * (orphan_ref), and the net a user, until tcp_done(). Being in the table is no
 *reference: tcp_done() and the destroy function take it out.
 *
 *	              listen()  connect()
 *	CLOSE --------> LISTEN    SYN_SENT ---> ESTABLISHED ---> ... ---> tcp_done():
 *	  ^                                                                CLOSE
 *	  +---- connect(AF_UNSPEC) ----- tcp_disconnect() <----------------+
 *
 * Order in this file: tables and numbers (RFC 6528), life of a socket, opening,
 * closing, receiving, the part. Sending is in tcp_send.c, options are in tcp_opt.c.
 */

#include "inet/tcp.h"

#include "base/bug.h"
#include "core/tunable.h"
#include "inet/tcp_impl.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <sys/ioctl.h>

#define ORPHANS_DEFAULT 16384
#define TUN(_path, lo, hi, value)                                                      \
	{                                                                              \
		.path = "net/ipv4/" _path, .min = (lo), .max = (hi), .def = {value},   \
	}

const struct tunable tcp_tunables[T_NR] = {
    [T_RMEM] = {.path = "net/ipv4/tcp_rmem",
		.n = 3,
		.min = 1,
		.max = INT32_MAX,
		.def = {4096, 131072, 6291456}},
    [T_WMEM] = {.path = "net/ipv4/tcp_wmem",
		.n = 3,
		.min = 1,
		.max = INT32_MAX,
		.def = {4096, 16384, 4194304}},
    [T_SACK] = TUN("tcp_sack", 0, 255, 1),
    [T_DSACK] = TUN("tcp_dsack", 0, 255, 1),
    [T_TIMESTAMPS] = TUN("tcp_timestamps", 0, 255, 1),
    [T_WINDOW_SCALING] = TUN("tcp_window_scaling", 0, 255, 1),
    [T_SYN_RETRIES] = TUN("tcp_syn_retries", 1, 127, 6),
    [T_SYNACK_RETRIES] = TUN("tcp_synack_retries", 0, 255, 5),
    [T_RETRIES1] = TUN("tcp_retries1", 0, 255, 3),
    [T_RETRIES2] = TUN("tcp_retries2", 0, 255, 15),
    [T_ORPHAN_RETRIES] = TUN("tcp_orphan_retries", 0, 255, 0),
    [T_FIN_TIMEOUT] = TUN("tcp_fin_timeout", 0, INT32_MAX, 60),
    [T_KEEPALIVE_TIME] = TUN("tcp_keepalive_time", 0, INT32_MAX, 7200),
    [T_KEEPALIVE_PROBES] = TUN("tcp_keepalive_probes", 0, 255, 9),
    [T_KEEPALIVE_INTVL] = TUN("tcp_keepalive_intvl", 0, INT32_MAX, 75),
    [T_TW_REUSE] = TUN("tcp_tw_reuse", 0, 2, 2),
    [T_MAX_SYN_BACKLOG] = TUN("tcp_max_syn_backlog", 0, INT32_MAX, 2048),
    [T_MAX_TW_BUCKETS] = TUN("tcp_max_tw_buckets", 0, INT32_MAX, 131072),
    [T_SYNCOOKIES] = TUN("tcp_syncookies", 0, 255, 1),
    [T_ABORT_ON_OVERFLOW] = TUN("tcp_abort_on_overflow", 0, 255, 0),
    [T_NOTSENT_LOWAT] = TUN("tcp_notsent_lowat", 0, UINT32_MAX, UINT32_MAX),
    [T_MODERATE_RCVBUF] = TUN("tcp_moderate_rcvbuf", 0, 255, 1),
    [T_SLOW_START_AFTER_IDLE] = TUN("tcp_slow_start_after_idle", 0, 255, 1),
    [T_REORDERING] = TUN("tcp_reordering", 0, INT32_MAX, 3),
    [T_MAX_REORDERING] = TUN("tcp_max_reordering", 0, INT32_MAX, 300),
    [T_RECOVERY] = TUN("tcp_recovery", 0, 255, 1),
    [T_EARLY_RETRANS] = TUN("tcp_early_retrans", 0, 4, 3),
    [T_FRTO] = TUN("tcp_frto", 0, 255, 2),
    [T_RFC1337] = TUN("tcp_rfc1337", 0, 255, 0),
    [T_STDURG] = TUN("tcp_stdurg", 0, 255, 0),
    [T_BASE_MIN_SND_MSS] = TUN("tcp_min_snd_mss", 48, 65535, 48),
    [T_INVALID_RATELIMIT] = TUN("tcp_invalid_ratelimit", 0, INT32_MAX, 500),
    [T_RTO_MIN_US] = TUN("tcp_rto_min_us", 1, INT32_MAX, 200000),
    [T_RTO_MAX_MS] = TUN("tcp_rto_max_ms", 1000, 120000, 120000),
    [T_SYN_LINEAR] = TUN("tcp_syn_linear_timeouts", 0, 127, 4),
    [T_TW_REUSE_DELAY] = TUN("tcp_tw_reuse_delay", 0, 60000, 1000),
    [T_MIN_RTT_WLEN] = TUN("tcp_min_rtt_wlen", 0, 86400, 300),
    [T_MIN_TSO_SEGS] = TUN("tcp_min_tso_segs", 1, 255, 2),
    [T_TSO_RTT_LOG] = TUN("tcp_tso_rtt_log", 0, 31, 9),
    [T_THIN_LINEAR] = TUN("tcp_thin_linear_timeouts", 0, 1, 0),
    [T_MTU_PROBING] = TUN("tcp_mtu_probing", 0, 2, 0),
    [T_BASE_MSS] = TUN("tcp_base_mss", 0, INT32_MAX, 1024),
    [T_PROBE_FLOOR] = TUN("tcp_mtu_probe_floor", 48, 65535, 48),
    [T_PROBE_INTERVAL] = TUN("tcp_probe_interval", 0, INT32_MAX, 600),
    [T_PROBE_THRESHOLD] = TUN("tcp_probe_threshold", 0, INT32_MAX, 8),
    /* 0 never, 1 ask and agree, 2 agree; Linux's 3 to 5 are accurate ECN */
    [T_ECN] = TUN("tcp_ecn", 0, 2, 2),
    [T_ECN_FALLBACK] = TUN("tcp_ecn_fallback", 0, 1, 1),
    [T_TSO_WIN_DIVISOR] = TUN("tcp_tso_win_divisor", 0, 255, 3),
    [T_PACING_SS] = TUN("tcp_pacing_ss_ratio", 0, 1000, 200),
    [T_PACING_CA] = TUN("tcp_pacing_ca_ratio", 0, 1000, 120),
    [T_FASTOPEN] = TUN("tcp_fastopen", 0, 0, 1),
    [T_FO_BLACKHOLE] = TUN("tcp_fastopen_blackhole_timeout_sec", 0, INT32_MAX, 0),
    [T_MAX_ORPHANS] = {.path = "net/ipv4/tcp_max_orphans",
		       .max = INT32_MAX,
		       .def = {ORPHANS_DEFAULT},
		       .init_only = true},
};

static void op_destroy(struct sock *sk);
static const struct sock_ops tcp_ops;

/* ---- numbers ---- */

static const struct sip_key *isn_key(struct net *net)
{
	struct tcp_net *tn = tcp_net(net);

	if (!tn->has_key) {
		random_bytes(&net->random, &tn->isn_key, sizeof(tn->isn_key));
		tn->has_key = true;
	}
	return &tn->isn_key;
}

static u64 tuple_hash(struct net *net, const struct tuple *t, bool ports)
{
	u32 w[9] = {
	    (__force u32)t->local.w[0], (__force u32)t->local.w[1],
	    (__force u32)t->local.w[2], (__force u32)t->local.w[3],
	    (__force u32)t->peer.w[0],	(__force u32)t->peer.w[1],
	    (__force u32)t->peer.w[2],	(__force u32)t->peer.w[3],
	};

	if (ports)
		w[8] = (u32)(__force u16)t->lport << 16 | (__force u16)t->pport;
	return siphash(isn_key(net), w, sizeof(w));
}

/* RFC 6528: F(four words, secret) + a clock of 64 ns */
u32 tcp_isn(struct net *net, const struct tuple *t)
{
	u32 isn = (u32)tuple_hash(net, t, true) + (u32)(clock_now(net->w) >> 6);

	return isn ? isn : 1;
}

/* The same for all ports of a pair of hosts, so that TIME_WAIT can compare (RFC 7323
 * §5.4, appendix B.2) */
u32 tcp_ts_offset(struct net *net, const struct tuple *t)
{
	return (u32)(tuple_hash(net, t, false) >> 32);
}

/* ---- life ---- */

static void reinit(struct tcp_sock *tp)
{
	struct net *net = tcp_sknet(tp);

	tp->done = false;
	tp->cwnd = TCP_INIT_CWND;
	tp->ssthresh = TCP_INFINITE;
	tp->cwnd_clamp = TCP_INFINITE;
	tp->reordering = (u32)tcp_tun(net, T_REORDERING);
	tp->rto_ns = TCP_RTO_INIT;
	tp->mdev_us = (u32)(TCP_RTO_INIT / NS_PER_US);
	tp->rttvar_us = tp->mdev_us;
	tp->srtt_us = 0;
	tp->mss_cache = 536;
	tp->mss_clamp = 536;
	tp->advmss = 536;
	tp->rcv_mss = 536;
	tp->rack_reo_steps = 1;
	tp->ca_state = CA_OPEN;
	tp->rtx_mode = TCP_RTX_NONE;
}

struct tcp_sock *tcp_sock_new(struct net *net)
{
	struct tcp_worker *wk = tcp_worker(net);
	struct tcp_sock *tp = slab_get(&wk->socks);
	struct sock *sk;

	if (!tp)
		return NULL;
	sk = &tp->is.sk;
	sock_init(sk, net, &tcp_ops, &wk->socks, AF_INET, SOCK_STREAM, IPPROTO_TCP);
	inet_init(&tp->is);
	sk->state = TCP_CLOSE;
	sk->rcvbuf = (u32)tunable_get(net, &tcp_tunables[T_RMEM], 1);
	sk->sndbuf = (u32)tunable_get(net, &tcp_tunables[T_WMEM], 1);
	list_init(&tp->unsent);
	list_init(&tp->by_time);
	list_init(&tp->lost);
	list_init(&tp->accept_queue);
	list_init(&tp->requests);
	list_init(&tp->accept_node);
	list_init(&tp->fo_children);
	list_init(&tp->fo_node);
	list_init(&tp->md5_keys);
	tcp_timers_init(tp);
	tp->cc = tcp_net(net)->cc ? tcp_net(net)->cc : &cc_cubic;
	reinit(tp);
	return tp;
}

static int create(struct net *net, const struct caller *c, int type, int protocol,
		  struct sock **out)
{
	struct tcp_sock *tp = tcp_sock_new(net);

	(void)c;
	(void)type;
	(void)protocol;
	if (!tp)
		return -ENOBUFS;
	*out = &tp->is.sk;
	return 0;
}

void tcp_set_state(struct tcp_sock *tp, u8 state)
{
	struct mib *m = mib(tcp_sknet(tp));
	u8 old = tp->is.sk.state;

	if (state == TCP_ESTABLISHED && old != TCP_ESTABLISHED)
		m->tcp[TCP_MIB_CURRESTAB]++;
	if (state == TCP_CLOSE && (old == TCP_CLOSE_WAIT || old == TCP_ESTABLISHED))
		m->tcp[TCP_MIB_ESTABRESETS]++;
	if (old == TCP_ESTABLISHED && state != TCP_ESTABLISHED &&
	    state != TCP_CLOSE_WAIT)
		m->tcp[TCP_MIB_CURRESTAB]--;
	if (old == TCP_CLOSE_WAIT && state != TCP_CLOSE_WAIT)
		m->tcp[TCP_MIB_CURRESTAB]--;
	tp->is.sk.state = state;
}

void tcp_purge_send(struct tcp_sock *tp)
{
	struct pkt *p;

	while ((p = list_first(&tp->unsent, struct pkt, node)))
		tcp_tx_free(tp, p);
	while ((p = tcp_rtx_head(tp))) {
		tcp_tx_uncount(tp, p);
		tcp_tx_free(tp, p);
	}
	tp->dupacks = 0;
	if (tp->wblock)
		block_put(tp->wblock);
	tp->wblock = NULL;
}

static void leave_tables(struct tcp_sock *tp, bool keep_port)
{
	struct tcp_worker *wk = tcp_worker(tcp_sknet(tp));

	if (tp->hashed)
		demux_del(&wk->demux, &tp->is.conn);
	tp->hashed = false;
	if (tp->bound_hashed)
		demux_unbind(&wk->demux, &tp->is.bound);
	tp->bound_hashed = false;
	if (!keep_port && tp->is.bucket)
		port_release(&wk->ports, &tp->is);
}

static void leave_listener(struct tcp_sock *tp)
{
	/* it stays in the accept queue: accept() hands out a dead one, as Linux does */
	(void)tp;
}

void tcp_done(struct tcp_sock *tp)
{
	struct sock *sk = &tp->is.sk;

	if (tp->done)
		return;
	tp->done = true;
	if (sk->state == TCP_SYN_SENT || sk->state == TCP_SYN_RECV)
		MIB_TCP(sk->net, TCP_MIB_ATTEMPTFAILS);
	tcp_set_state(tp, TCP_CLOSE);
	tcp_timers_stop(tp);
	tcp_fo_leave(tp);
	tcp_purge_send(tp);
	tcp_clear_ooo(tp);
	leave_tables(tp, tp->is.bound_port && !sk->dead);
	leave_listener(tp);
	sk->shut = RCV_SHUTDOWN | SEND_SHUTDOWN;
	if (!sk->dead)
		sock_wake(sk, POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLHUP |
				  POLLRDHUP | (sk->err ? POLLERR : 0));
	if (tp->orphan_ref) {
		struct net *net = sk->net;

		tp->orphan_ref = false;
		tcp_net(net)->n_orphans--;
		sock_put(sk);
		net_put(net);
	}
}

void tcp_reset(struct tcp_sock *tp, int err)
{
	struct sock *sk = &tp->is.sk;

	if (sk->state == TCP_CLOSE)
		return;
	if (!err)
		err = sk->state == TCP_SYN_SENT	    ? ECONNREFUSED
		      : sk->state == TCP_CLOSE_WAIT ? EPIPE
						    : ECONNRESET;
	sk->err = err;
	tcp_done(tp);
}

void tcp_abort(struct tcp_sock *tp, int err)
{
	struct sock *sk = &tp->is.sk;

	sock_get(sk);
	if (sk->state == TCP_LISTEN) {
		tcp_listen_close(tp);
		sk->err = err;
		tcp_done(tp);
	} else if (sk->state != TCP_CLOSE) {
		sk->err = err;
		if (!tcp_state_in(tp, TCPF(SYN_SENT) | TCPF(TIME_WAIT)))
			tcp_send_reset(tp);
		tcp_done(tp);
	}
	sock_put(sk);
}

static void op_destroy(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);

	if (sk->state == TCP_LISTEN)
		tcp_listen_close(tp);
	BUG_ON(!list_empty(&tp->accept_queue) || !list_empty(&tp->requests));
	tcp_timers_stop(tp);
	tcp_purge_send(tp);
	tcp_clear_ooo(tp);
	leave_tables(tp, false);
	tcp_md5_clear(tp);
	tcp_syn_free(sk->net, tp->syn);
	inet_destroy(&tp->is);
}

/* ---- an established connection begins ---- */

void tcp_set_cc(struct tcp_sock *tp, const struct cc_ops *cc)
{
	tp->cc = cc;
	memset(tp->cc_priv, 0, sizeof(tp->cc_priv));
	if (tcp_state_in(tp, TCPF(CLOSE) | TCPF(LISTEN) | TCPF(SYN_SENT)))
		return;
	if (cc->init)
		cc->init(tp);
}

/* As much as cwnd may have in flight, twice */
void tcp_sndbuf_expand(struct tcp_sock *tp)
{
	struct sock *sk = &tp->is.sk;
	u64 most = (u64)tunable_get(sk->net, &tcp_tunables[T_WMEM], 2);
	u64 want = 2ULL * max(tp->cwnd, (u32)TCP_INIT_CWND) *
		   ((u64)max(tp->mss_cache, 536U) + 1024);

	if (sk->sndbuf_locked)
		return;
	sk->sndbuf = (u32)max((u64)sk->sndbuf, min(want, most));
}

/* RFC 6928, unless the route says otherwise */
static u32 initial_cwnd(const struct tcp_sock *tp)
{
	u32 n = tp->is.route ? route_metric(tp->is.route, RTAX_INITCWND) : 0;

	return n ? n : TCP_INIT_CWND;
}

void tcp_established(struct tcp_sock *tp)
{
	struct net *net = tcp_sknet(tp);

	tcp_mss_sync(tp);
	tcp_mtu_init(tp);
	tcp_set_cc(tp, tp->cc);
	/* RFC 6928 §3: a handshake that was lost more than once begins with one */
	tp->cwnd = tp->total_retrans > 1 ? 1 : initial_cwnd(tp);
	tp->ssthresh = TCP_INFINITE;
	tp->cwnd_stamp_ns = tcp_now(tp);
	tp->last_send_ns = 0;
	tp->last_data_recv_ns = tcp_now(tp);
	tp->last_recv_ns = tcp_now(tp);
	tp->fack = tp->snd_una;
	tp->ato_ms = 0;
	tp->pingpong = 0;
	if (!tp->is.sk.sndbuf_locked)
		tcp_sndbuf_expand(tp);
	if (!tp->is.sk.rcvbuf_locked)
		tp->is.sk.rcvbuf = max(tp->is.sk.rcvbuf,
				       (u32)tunable_get(net, &tcp_tunables[T_RMEM], 1));
	if (!tp->window_clamp || tp->window_clamp > tp->is.sk.rcvbuf / 2)
		tp->window_clamp = max(tp->is.sk.rcvbuf / 2, tp->rcv_wnd);
	tp->rcv_ssthresh = min(max(tp->rcv_ssthresh, tp->rcv_wnd), tp->window_clamp);
	tcp_init_rcv_space(tp);
	tcp_keepalive_start(tp);
}

/* ---- bind, connect ---- */

static int op_bind(struct sock *sk, const struct caller *c, const struct sockaddr *a,
		   socklen_t len)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct inet_sock *is = &tp->is;
	struct ipaddr addr;
	be16 port;
	int err = inet_bind_check(is, c, a, len, &addr, &port);

	if (err)
		return err;
	if (sk->state != TCP_CLOSE || is->bucket)
		return -EINVAL;
	inet_set_local(is, &addr);
	if (port || !is->bind_no_port) {
		err = port_bind(&tcp_worker(sk->net)->ports, is, be16_to_cpu(port));
		if (err) {
			is->rcv_local = is->local = ipaddr_any(sk->family);
			return err;
		}
	}
	is->bound_addr = !ipaddr_is_any(&addr);
	is->bound_port = port != 0;
	return 0;
}

static struct tuple tuple_of(const struct tcp_sock *tp, be16 lport)
{
	return (struct tuple){
	    .local = tp->is.local,
	    .peer = tp->is.peer,
	    .lport = lport,
	    .pport = tp->is.pport,
	    .bound_dev = tp->is.sk.bound_dev,
	};
}

/* Is the tuple with @lport taken? A TIME_WAIT may give way */
static bool port_busy(struct inet_sock *is, be16 lport, void *arg)
{
	struct tcp_sock *tp = tcp_sk(&is->sk);
	struct tuple t = tuple_of(tp, lport);
	struct net *net = is->sk.net;
	struct demux_node *n = demux_find(&tcp_worker(net)->demux, net, &t);

	(void)arg;
	if (!n)
		return false;
	if (n->kind != DEMUX_TIMEWAIT)
		return true;
	return !tcp_tw_recycle(net, n, tp);
}

static void start_numbers(struct tcp_sock *tp)
{
	struct net *net = tcp_sknet(tp);
	struct tuple t = tuple_of(tp, tp->is.lport);
	u32 isn = tp->write_seq ? tp->write_seq : tcp_isn(net, &t);

	tp->tsoffset = tcp_ts_offset(net, &t);
	tp->iss = isn;
	tp->write_seq = tp->snd_una = tp->snd_nxt = tp->snd_sml = tp->snd_up = isn;
	tp->pushed_seq = tp->fack = tp->high_seq = tp->rtt_seq = isn;
	tp->snd_wnd = 0;
	if (!tp->repair)
		tp->rcv_nxt = tp->rcv_wup = tp->copied_seq = 0;
	tp->retransmits = 0;
	tp->ts_ok = tcp_tun(net, T_TIMESTAMPS) != 0;
	tp->sack_ok = tcp_tun(net, T_SACK) != 0;
	tp->wscale_ok = tcp_tun(net, T_WINDOW_SCALING) != 0;
	tp->ecn_ok = tcp_tun(net, T_ECN) == 1; /* we ask */
	tp->ecn_seen = tp->ecn_echo = tp->ecn_cwr = false;
}

/* Route, source address, buffers: all that the SYN says */
static int prepare(struct tcp_sock *tp, const struct ipaddr *dst, be16 dport)
{
	struct inet_sock *is = &tp->is;
	struct net *net = tcp_sknet(tp);
	struct route *rt;
	struct flow fl;
	u32 wnd, clamp;
	int err;

	err = inet_connect_route(is, dst, dport, &fl, &rt);
	if (err)
		return err;
	if (rt->type == RTN_BROADCAST || rt->type == RTN_MULTICAST) {
		route_put(rt);
		return -ENETUNREACH;
	}
	is->peer = *dst;
	is->pport = dport;
	if (ipaddr_is_any(&is->peer))
		is->peer = ipaddr_v4(cpu_to_be32(INADDR_LOOPBACK));
	if (ipaddr_is_any(&is->local))
		is->local = rt->src;
	if (ipaddr_is_any(&is->rcv_local))
		is->rcv_local = is->local;
	tp->advmss = tcp_advmss(rt);
	if (tp->user_mss)
		tp->advmss = min(tp->advmss, tp->user_mss);
	route_put(rt);
	tp->mss_clamp = 65495;
	tp->pmtu = 0;
	tp->ts_ok = false;
	err = tcp_mss_sync(tp);
	if (err)
		return err;
	tp->mss_cache = min(tp->mss_cache, (u32)tp->advmss);
	tcp_initial_window(net, is->sk.rcvbuf / 2, tp->advmss,
			   tcp_tun(net, T_WINDOW_SCALING) != 0, tp->user_window_clamp,
			   &wnd, &clamp, &tp->rcv_wscale);
	tp->rcv_wnd = wnd;
	tp->rcv_ssthresh = wnd;
	tp->window_clamp = clamp;
	return 0;
}

static void forget_peer(struct tcp_sock *tp)
{
	struct inet_sock *is = &tp->is;

	leave_tables(tp, is->bound_port);
	is->peer = ipaddr_any(AF_UNSPEC);
	is->pport = 0;
	if (!is->bound_addr)
		is->local = is->rcv_local = ipaddr_any(is->sk.family);
	if (!is->bound_port) {
		is->lport = 0;
		is->num = 0;
	}
	if (is->route)
		route_put(is->route);
	is->route = NULL;
}

/* Back to what socket() made, as far as the program's own settings go */
static void tcp_disconnect(struct tcp_sock *tp)
{
	struct sock *sk = &tp->is.sk;
	struct pkt *p;

	if (sk->state == TCP_LISTEN) {
		tcp_listen_close(tp);
	} else if (tp->repair) {
		sk->err = ECONNABORTED;
	} else if (tcp_state_in(tp, TCPF(ESTABLISHED) | TCPF(CLOSE_WAIT) |
					TCPF(FIN_WAIT1) | TCPF(FIN_WAIT2) |
					TCPF(SYN_RECV))) {
		tcp_send_reset(tp);
		sk->err = ECONNRESET;
	} else if (sk->state == TCP_SYN_SENT) {
		sk->err = ECONNRESET;
	}
	tcp_set_state(tp, TCP_CLOSE);
	tcp_timers_stop(tp);
	while ((p = list_first(&sk->rx_queue, struct pkt, node))) {
		list_del(&p->node);
		sock_rmem_add(sk, -(s64)p->charge);
		p->charge = 0;
		pkt_free(p);
	}
	sk->rx_queued = 0;
	tcp_purge_send(tp);
	tcp_clear_ooo(tp);
	forget_peer(tp);
	sk->shut = 0;
	sk->soft_err = 0;
	tp->write_seq = 0;
	tp->fin_queued = false;
	tp->urg_data = 0;
	tp->ts_recent = 0;
	tp->backoff = tp->probes_out = tp->retransmits = 0;
	tp->packets_out = tp->sacked_out = tp->lost_out = tp->retrans_out = 0;
	tp->undo_marker = 0;
	tp->retrans_stamp_ns = 0;
	tp->rack_ns = 0;
	tp->tlp_high_seq = 0;
	tp->dsack_pending = false;
	tp->ack_pending = 0;
	tp->window_clamp = 0;
	tp->max_window = 0;
	tp->connecting = 0;
	tp->fo_defer = false;
	reinit(tp);
	sock_wake(sk, POLLIN | POLLOUT | POLLHUP | (sk->err ? POLLERR : 0));
}

static int connect_result(struct tcp_sock *tp)
{
	struct sock *sk = &tp->is.sk;
	int err;

	if (tcp_state_in(tp, TCPF(SYN_SENT) | TCPF(SYN_RECV)))
		return -EALREADY;
	tp->connecting = 0;
	if (sk->state != TCP_CLOSE)
		return 0;
	err = sock_error(sk);
	forget_peer(tp);
	sk->shut = 0;
	tp->write_seq = 0;
	reinit(tp);
	return err ? -err : -ECONNABORTED;
}

/* Undo what begin() did */
static int connect_failed(struct tcp_sock *tp, int err)
{
	tp->write_seq = 0;
	forget_peer(tp);
	return err;
}

int tcp_connect_now(struct tcp_sock *tp, struct msg *m)
{
	int err;

	if (m || tp->fo_connect)
		tcp_fo_syn(tp, m);
	else
		tp->syn_fastopen = tp->syn_data = false;
	tp->fo_defer = false;
	err = tcp_send_syn(tp, m);
	if (err && err != -ENOBUFS) {
		/* what the network says at once: no route, a filter */
		tcp_set_state(tp, TCP_CLOSE);
		tcp_timers_stop(tp);
		tcp_purge_send(tp);
		return connect_failed(tp, err);
	}
	tp->connecting = 1;
	return -EINPROGRESS;
}

/* @m: data to go with the SYN; NULL: connect() */
static int begin(struct sock *sk, const struct sockaddr *a, socklen_t len,
		 struct msg *m)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct inet_sock *is = &tp->is;
	struct tcp_worker *wk = tcp_worker(sk->net);
	struct ipaddr dst;
	be16 dport;
	int err;

	if (tp->connecting)
		return connect_result(tp);
	if (sk->state != TCP_CLOSE || tp->done) /* over is still connected */
		return -EISCONN;
	err = inet_addr_from_user(is, a, len, &dst, &dport);
	if (err)
		return err;
	err = prepare(tp, &dst, dport);
	if (err)
		return connect_failed(tp, err);
	if (!is->bucket) {
		err = port_connect(&wk->ports, is, port_busy, NULL);
		if (err)
			return connect_failed(tp, err);
	} else if (port_busy(is, is->lport, NULL)) {
		return connect_failed(tp, -EADDRNOTAVAIL);
	}
	start_numbers(tp);
	sk->err = 0; /* of what it was before */
	is->conn.net = sk->net;
	is->conn.kind = DEMUX_FULL;
	is->conn.t = tuple_of(tp, is->lport);
	err = demux_add(&wk->demux, &is->conn);
	if (err)
		return connect_failed(tp, err);
	tp->hashed = true;
	if (tp->repair) {
		tcp_repair_connect(tp);
		return 0;
	}
	tcp_set_state(tp, TCP_SYN_SENT);
	if (!m && tcp_fo_defers(tp)) {
		tp->fo_defer = true;
		return 0;
	}
	return tcp_connect_now(tp, m);
}

static int op_connect(struct sock *sk, const struct caller *c, const struct sockaddr *a,
		      socklen_t len)
{
	(void)c;
	if (len < sizeof(a->sa_family))
		return -EINVAL;
	if (a->sa_family == AF_UNSPEC) {
		tcp_disconnect(tcp_sk(sk));
		return 0;
	}
	return begin(sk, a, len, NULL);
}

int tcp_connect_data(struct tcp_sock *tp, struct msg *m)
{
	return begin(&tp->is.sk, (const struct sockaddr *)m->name, m->name_len, m);
}

/* ---- listen, accept ---- */

static int op_listen(struct sock *sk, int backlog)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct tcp_worker *wk = tcp_worker(sk->net);
	int err;

	if (sk->state != TCP_CLOSE && sk->state != TCP_LISTEN)
		return -EINVAL;
	tp->backlog = min((u32)backlog, (u32)sock_somaxconn(sk->net));
	if (sk->state == TCP_LISTEN)
		return 0;
	if (tp->connecting || tp->done) /* what is over is still connected */
		return -EINVAL;
	if (!tp->is.bucket) {
		err = port_bind(&wk->ports, &tp->is, 0);
		if (err)
			return err;
	}
	err = port_listen_check(&tp->is);
	if (err)
		return err;
	tcp_fo_listen(tp);
	sk->state = TCP_LISTEN;
	err = demux_bind(&wk->demux, &tp->is.bound, &tp->is);
	if (err) {
		sk->state = TCP_CLOSE;
		return err;
	}
	tp->bound_hashed = true;
	tp->done = false;
	sk->shut = 0;
	return 0;
}

static int op_accept(struct sock *sk, struct sock **out)
{
	struct tcp_sock *lp = tcp_sk(sk), *tp;

	if (sk->state != TCP_LISTEN)
		return -EINVAL;
	tp = list_first(&lp->accept_queue, struct tcp_sock, accept_node);
	if (!tp)
		return -EAGAIN;
	list_del(&tp->accept_node);
	lp->n_accept--;
	tp->listener = NULL;
	sock_adopt(&tp->is.sk);
	*out = &tp->is.sk;
	return 0;
}

/* ---- close, shutdown ---- */

/* The sending direction ends. Return: true when a FIN is due */
static bool close_state(struct tcp_sock *tp)
{
	switch (tp->is.sk.state) {
	case TCP_ESTABLISHED:
	case TCP_SYN_RECV:
		tcp_set_state(tp, TCP_FIN_WAIT1);
		return true;
	case TCP_CLOSE_WAIT:
		tcp_set_state(tp, TCP_LAST_ACK);
		return true;
	case TCP_SYN_SENT:
		tcp_done(tp);
		return false;
	default:
		return false;
	}
}

static bool drop_unread(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);
	bool unread = false;
	struct pkt *p;

	while ((p = list_first(&sk->rx_queue, struct pkt, node))) {
		unread |= seq_after(tcp_rx(p)->end_seq, tp->copied_seq);
		list_del(&p->node);
		sock_rmem_add(sk, -(s64)p->charge);
		p->charge = 0;
		pkt_free(p);
	}
	sk->rx_queued = 0;
	return unread;
}

static void become_orphan(struct tcp_sock *tp)
{
	struct sock *sk = &tp->is.sk;
	struct tcp_net *tn = tcp_net(sk->net);
	u64 tmo;

	sk->dead = true;
	if (sk->state == TCP_CLOSE)
		return;
	sock_get(sk);
	net_get(sk->net); /* what was sent shall arrive (N1.19) */
	tp->orphan_ref = true;
	tn->n_orphans++;
	if (sk->state == TCP_FIN_WAIT2) {
		tmo = tcp_fin_time(tp);
		if (tp->linger2_s < 0) {
			MIB_EXT(sk->net, LINUX_MIB_TCPABORTONLINGER);
			tcp_send_reset(tp);
			tcp_done(tp);
		} else if (tmo > TCP_TIMEWAIT) {
			tcp_keepalive_set(tp, tmo - TCP_TIMEWAIT);
		} else {
			tcp_time_wait(tp, TCP_FIN_WAIT2, tmo);
		}
	} else if (tn->n_orphans > (u32)tcp_tun(sk->net, T_MAX_ORPHANS)) {
		MIB_EXT(sk->net, LINUX_MIB_TCPABORTONMEMORY);
		tcp_send_reset(tp);
		tcp_done(tp);
	}
}

static void op_release(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);
	bool unread;

	sk->shut = RCV_SHUTDOWN | SEND_SHUTDOWN;
	if (sk->state == TCP_LISTEN) {
		tcp_listen_close(tp);
		sk->dead = true;
		tcp_done(tp);
		return;
	}
	unread = drop_unread(sk);
	if (sk->state == TCP_CLOSE) {
		sk->dead = true;
		leave_tables(tp, false);
		return;
	}
	if (tp->repair) {
		sk->dead = true;
		tcp_done(tp); /* the peer shall notice nothing */
		return;
	}
	if (unread) {
		/* RFC 2525 §2.17: the peer must know that nobody read it */
		MIB_EXT(sk->net, LINUX_MIB_TCPABORTONCLOSE);
		sk->dead = true;
		tcp_send_reset(tp);
		tcp_done(tp);
		return;
	}
	if (sk->linger_on && !sk->linger_s) {
		MIB_EXT(sk->net, LINUX_MIB_TCPABORTONDATA);
		sk->dead = true;
		if (sk->state != TCP_SYN_SENT)
			tcp_send_reset(tp);
		tcp_done(tp);
		return;
	}
	if (sk->state == TCP_SYN_SENT)
		sk->dead = true;
	if (close_state(tp))
		tcp_send_fin(tp);
	become_orphan(tp);
}

static int op_shutdown(struct sock *sk, int how)
{
	struct tcp_sock *tp = tcp_sk(sk);
	u8 bits;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	bits = (u8)(how + 1);
	switch (sk->state) {
	case TCP_CLOSE:
		return -ENOTCONN;
	case TCP_LISTEN:
		if (!(bits & RCV_SHUTDOWN))
			return 0;
		tcp_disconnect(tp);
		return 0;
	case TCP_SYN_SENT:
		tcp_disconnect(tp);
		return 0;
	default:
		break;
	}
	sk->shut |= bits;
	if (bits & SEND_SHUTDOWN && close_state(tp))
		tcp_send_fin(tp);
	sock_wake(sk, POLLIN | POLLRDNORM | POLLOUT | POLLRDHUP |
			  (sk->shut == 3 ? POLLHUP : 0));
	return 0;
}

/* ---- readiness ---- */

u32 tcp_notsent(const struct tcp_sock *tp)
{
	return tp->write_seq - tp->snd_nxt;
}

u32 tcp_notsent_low(const struct tcp_sock *tp)
{
	return tp->notsent_lowat ? tp->notsent_lowat
				 : (u32)tcp_tun(tcp_sknet(tp), T_NOTSENT_LOWAT);
}

static bool writable(const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->is.sk;
	/* half of what stops a writer: so that waking one is worth it */
	return sk->sndbuf > sk->wmem && sk->sndbuf - sk->wmem >= sk->wmem / 2 &&
	       quota_fits(sk->net, QUOTA_QUEUED, TCP_QUEUE_STEP) &&
	       2ULL * tcp_notsent(tp) < tcp_notsent_low(tp);
}

void tcp_write_space(struct tcp_sock *tp)
{
	/* only who could send more is helped by a larger buffer */
	if (tp->no_space && tcp_in_flight(tp) < tp->cwnd)
		tcp_sndbuf_expand(tp);
	if (!writable(tp))
		return;
	tp->no_space = false;
	tcp_chrono_stop(tp, TCP_CHRONO_SNDBUF);
	sock_wake(&tp->is.sk, POLLOUT | POLLWRNORM);
}

static u32 poll_mask(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);
	u32 mask = 0;

	if (sk->state == TCP_LISTEN)
		return list_empty(&tp->accept_queue) ? 0 : POLLIN | POLLRDNORM;
	if (sk->shut == (RCV_SHUTDOWN | SEND_SHUTDOWN) || sk->state == TCP_CLOSE)
		mask |= POLLHUP;
	if (sk->shut & RCV_SHUTDOWN)
		mask |= POLLIN | POLLRDNORM | POLLRDHUP;
	if (sk->state == TCP_SYN_SENT && tp->fo_defer)
		mask |= POLLOUT | POLLWRNORM;
	if (!tcp_state_in(tp, TCPF(SYN_SENT) | TCPF(SYN_RECV)) || tp->fo_synack) {
		u32 target = max(sk->rcvlowat, 1U);

		if (tcp_rx_queued(tp) >= target)
			mask |= POLLIN | POLLRDNORM;
		if (sk->shut & SEND_SHUTDOWN || writable(tp))
			mask |= POLLOUT | POLLWRNORM;
		if (tp->urg_data & 0x0100)
			mask |= POLLPRI;
	}
	if (sk->err || !list_empty(&sk->err_queue))
		mask |= POLLERR;
	return mask;
}

u32 tcp_rx_queued(const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->is.sk;
	u32 n;

	if (sk->state == TCP_LISTEN)
		return tp->n_accept;
	if (list_empty(&sk->rx_queue))
		return 0;
	n = tp->rcv_nxt - tp->copied_seq;
	if (n && sk->shut & RCV_SHUTDOWN) {
		const struct pkt *last =
		    list_entry(sk->rx_queue.prev, struct pkt, node);

		n = tcp_rx(last)->end_seq - tp->copied_seq; /* without the FIN */
	}
	return n;
}

u32 tcp_tx_queued(const struct tcp_sock *tp)
{
	if (tp->is.sk.state == TCP_LISTEN)
		return tp->backlog;
	return tp->write_seq - tp->snd_una;
}

/* ---- receive ---- */

static ssize_t recv_urgent(struct tcp_sock *tp, struct msg *m)
{
	struct sock *sk = &tp->is.sk;
	u8 byte = (u8)tp->urg_data;

	if (sk->oob_inline || !tp->urg_data || tp->urg_data == 0x0400)
		return -EINVAL;
	if (sk->state == TCP_CLOSE && !tp->done)
		return -ENOTCONN;
	if (tp->urg_data & 0x0100) {
		if (!(m->flags & MSG_PEEK))
			tp->urg_data = 0x0400; /* read */
		m->out_flags |= MSG_OOB;
		if (!msg_left(m)) {
			m->out_flags |= MSG_TRUNC;
			return 0;
		}
		if (!(m->flags & MSG_TRUNC))
			msg_give(m, &byte, 1);
		return 1;
	}
	if (sk->state == TCP_CLOSE || sk->shut & RCV_SHUTDOWN)
		return 0;
	return -EAGAIN;
}

/* Payload bytes [@off, @off + @len) of @p to the reader. Return: false: a bad address
 */
static bool give(struct msg *m, const struct pkt *p, u32 off, u32 len)
{
	u32 pos = p->linear;

	if (off < p->linear) {
		u32 n = min(len, p->linear - off);

		if (msg_give(m, p->data + off, n) != n)
			return false;
		off += n;
		len -= n;
	}
	for (int i = 0; i < p->n_frags && len; pos += p->frag[i].len, i++) {
		const struct frag *f = &p->frag[i];
		u32 skip, n;

		if (off >= pos + f->len)
			continue;
		skip = off - pos;
		n = min(len, f->len - skip);
		if (msg_give(m, f->block->data + f->off + skip, n) != n)
			return false;
		off += n;
		len -= n;
	}
	return true;
}

static void drop_read(struct tcp_sock *tp, struct pkt *p)
{
	struct sock *sk = &tp->is.sk;

	list_del(&p->node);
	sk->rx_queued--;
	sock_rmem_add(sk, -(s64)p->charge);
	p->charge = 0;
	pkt_free(p);
}

/*
 * Copy what is there. @seq: where the reader is, moves.
 * Return: bytes, or -EFAULT when none
 */
static ssize_t copy_out(struct tcp_sock *tp, struct msg *m, u32 *seq, bool peek)
{
	struct sock *sk = &tp->is.sk;
	size_t want = msg_left(m), done = 0;
	struct pkt *p, *tmp;

	list_for_each_safe(p, tmp, &sk->rx_queue, node) {
		u32 off = *seq - tcp_rx(p)->seq, n;

		if (done == want)
			break;
		if (off >= p->len)
			goto next;
		n = (u32)min((size_t)(p->len - off), want - done);
		if (tp->urg_data && tp->urg_seq - *seq < n) {
			u32 to = tp->urg_seq - *seq;

			if (!to && !sk->oob_inline) {
				/* the urgent byte is not in the stream */
				(*seq)++;
				off++;
				n--;
				if (!n)
					goto next;
			} else if (to) {
				n = to; /* a read stops at the mark */
				want = done + n;
			} else if (done) {
				break;
			}
		}
		if (!(m->flags & MSG_TRUNC) && !give(m, p, off, n)) {
			if (!done)
				return -EFAULT;
			break;
		}
		*seq += n;
		done += n;
	next:
		if (tp->urg_data && seq_after(*seq, tp->urg_seq) && !peek &&
		    tp->urg_data != 0x0200)
			tp->urg_data = 0;
		if (*seq - tcp_rx(p)->seq >= p->len && !peek)
			drop_read(tp, p);
	}
	return (ssize_t)done;
}

/* TCP_INQ: what is left to read; 1 when that is the end of file */
static void put_inq(struct tcp_sock *tp, struct msg *m)
{
	int v = (int)tcp_rx_queued(tp);

	if (!v && tp->is.sk.shut & RCV_SHUTDOWN)
		v = 1;
	msg_put_cmsg(m, IPPROTO_TCP, TCP_CM_INQ, &v, sizeof(v));
}

static ssize_t op_recv(struct sock *sk, struct msg *m)
{
	struct tcp_sock *tp = tcp_sk(sk);
	bool peek = m->flags & MSG_PEEK;
	u32 seq = tp->copied_seq;
	ssize_t n;

	if (m->flags & MSG_ERRQUEUE)
		return inet_recv_error(&tp->is, m);
	if (sk->state == TCP_LISTEN)
		return -ENOTCONN;
	if (tp->repair) {
		if (!peek)
			return -EPERM;
		if (tp->repair_queue == TCP_SEND_QUEUE)
			return tcp_repair_peek_tx(tp, m);
		if (tp->repair_queue == TCP_NO_QUEUE)
			return -EINVAL;
	}
	if (m->flags & MSG_OOB)
		return recv_urgent(tp, m);
	m->name_len = 0; /* a stream names nobody */
	n = copy_out(tp, m, &seq, peek);
	if (n < 0)
		return n;
	if (!peek && seq != tp->copied_seq) {
		u32 moved = seq - tp->copied_seq;

		tp->copied_seq = seq;
		tcp_rcv_space_adjust(tp);
		tcp_cleanup_rbuf(tp, moved);
	}
	if (n && tp->inq)
		put_inq(tp, m);
	if (n || !msg_len(m))
		return n;
	if (sk->err)
		return -sock_error(sk);
	if (sk->shut & RCV_SHUTDOWN)
		return 0;
	if (sk->state == TCP_CLOSE)
		return -ENOTCONN;
	return -EAGAIN;
}

static const struct sock_ops tcp_ops = {
    .release = op_release,
    .destroy = op_destroy,
    .bind = op_bind,
    .connect = op_connect,
    .listen = op_listen,
    .accept = op_accept,
    .name = inet_name,
    .send = tcp_send,
    .recv = op_recv,
    .shutdown = op_shutdown,
    .poll = poll_mask,
    .set_opt = tcp_set_opt,
    .get_opt = tcp_get_opt,
    .ioctl = tcp_ioctl,
    .opt_changed = tcp_opt_changed,
};

/* ---- the part ---- */

static int cc_text(struct net *net, const struct tunable *t, struct text *out)
{
	const struct cc_ops *cc = tcp_net(net)->cc;

	(void)t;
	text_printf(out, "%s\n", cc ? cc->name : cc_cubic.name);
	return 0;
}

static int cc_choose(struct net *net, const struct tunable *t, const char *s)
{
	char name[CC_NAME_MAX] = "";
	size_t n = strcspn(s, " \t\n");
	const struct cc_ops *cc;

	(void)t;
	if (!n || n >= sizeof(name))
		return -ENOENT;
	memcpy(name, s, n);
	cc = cc_find(net, name);
	if (!cc)
		return -ENOENT;
	tcp_net(net)->cc = cc;
	return 0;
}

static int cc_list(struct net *net, const struct tunable *t, struct text *out)
{
	const struct registry *r = &net->w->registry[REG_CC];

	(void)t;
	for (u32 i = 0; i < r->n; i++)
		text_printf(out, "%s%s", i ? " " : "", r->entries[i].name);
	text_printf(out, "\n");
	return 0;
}

static const struct tunable cc_tunables[] = {
    {
	.path = "net/ipv4/tcp_congestion_control",
	.type = TUNABLE_CUSTOM,
	.read = cc_text,
	.write = cc_choose,
    },
    {
	.path = "net/ipv4/tcp_available_congestion_control",
	.mode = 0444,
	.type = TUNABLE_CUSTOM,
	.read = cc_list,
    },
    {
	.path = "net/ipv4/tcp_allowed_congestion_control",
	.mode = 0444,
	.type = TUNABLE_CUSTOM,
	.read = cc_list,
    },
};

static const struct ip_proto tcp_ip = {
    .protocol = IPPROTO_TCP,
    .family = AF_UNSPEC,
    .receive = tcp_receive,
    .error = tcp_error,
};

static const struct inet_proto tcp_inet = {
    .type = SOCK_STREAM,
    .protocol = IPPROTO_TCP,
    .cap = -1,
    .create = create,
};

static int tcp_boot(struct warren *w)
{
	int err = tunable_register(w, &tcp_part, tcp_tunables, T_NR);

	if (!err)
		err = tunable_register(w, &tcp_part, cc_tunables,
				       ARRAY_SIZE(cc_tunables));
	if (!err)
		err = tunable_register(w, &tcp_part, &tcp_fo_tunable, 1);
	if (!err)
		err = ip_proto_register(w, &tcp_part, &tcp_ip);
	if (!err)
		err = inet_register(w, &tcp_part, &tcp_inet);
	return err;
}

static int tcp_worker_init(struct worker *k)
{
	struct tcp_worker *wk = worker_part(k, PART_TCP);
	struct mem *m = &k->w->mem;

	demux_init(&wk->demux);
	ports_init(&wk->ports, m);
	slab_init(&wk->socks, "tcp_sock", sizeof(struct tcp_sock), m);
	slab_init(&wk->reqs, "tcp_req", tcp_req_size(), m);
	slab_init(&wk->tws, "tcp_tw", tcp_tw_size(), m);
	slab_init(&wk->peer_slab, "tcp_peer", tcp_peer_size(), m);
	table_init(&wk->peers);
	return 0;
}

static void tcp_worker_exit(struct worker *k)
{
	struct tcp_worker *wk = worker_part(k, PART_TCP);

	table_fini(&wk->peers);
	slab_fini(&wk->peer_slab);
	slab_fini(&wk->tws);
	slab_fini(&wk->reqs);
	slab_fini(&wk->socks);
	ports_fini(&wk->ports);
	demux_fini(&wk->demux);
}

/* What Linux takes over from the initial namespace at birth */
static void copy_from_init(struct net *net)
{
	struct net *init = net->w->init_net;
	const enum tcp_tunable copied[] = {T_RMEM, T_WMEM};

	if (!init || init == net)
		return;
	tcp_net(net)->cc = tcp_net(init)->cc;
	for (unsigned i = 0; i < ARRAY_SIZE(copied); i++) {
		const struct tunable *t = &tcp_tunables[copied[i]];

		for (unsigned j = 0; j < 3; j++) {
			s64 v = tunable_get(init, t, j);

			if (v != t->def[j])
				tunable_set(net, t, j, v);
		}
	}
}

static int tcp_net_init(struct net *net)
{
	struct tcp_net *tn = tcp_net(net);

	list_init(&tn->requests);
	list_init(&tn->timewaits);
	list_init(&tn->peers);
	copy_from_init(net);
	return 0;
}

/* No new connection may begin; orphans end without a word, as the devices do */
static void tcp_net_pre_exit(struct net *net)
{
	struct sock *sk;
	bool again = true;

	tcp_mini_net_exit(net);
	tcp_peers_flush(net);
	while (again) {
		again = false;
		list_for_each(sk, &net->socks, net_node) {
			struct tcp_sock *tp = tcp_sk(sk);

			if (sk->ops != &tcp_ops || !tp->orphan_ref)
				continue;
			tcp_done(tp); /* drops the last reference: the list changed */
			again = true;
			break;
		}
	}
}

static void tcp_net_exit(struct net *net)
{
	tcp_net_pre_exit(net);
}

const struct part tcp_part = {
    .name = "tcp",
    .id = PART_TCP,
    .worker_size = sizeof(struct tcp_worker),
    .net_size = sizeof(struct tcp_net),
    .boot = tcp_boot,
    .worker_init = tcp_worker_init,
    .net_init = tcp_net_init,
    .net_pre_exit = tcp_net_pre_exit,
    .net_exit = tcp_net_exit,
    .worker_exit = tcp_worker_exit,
};
