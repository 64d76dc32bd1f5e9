/* SPDX-License-Identifier: MIT */
/*
 * tcp_impl.h - what TCP's own files share
 *
 * A packet of the send queue carries payload only in frags; its private bytes
 * are a struct tcp_tx, its stamp_ns the time it was last sent. One of a receive
 * queue has its headers pulled; its private bytes are a struct tcp_rx.
 */
#ifndef WARREN_INET_TCP_IMPL_H
#define WARREN_INET_TCP_IMPL_H

#include "base/bug.h"
#include "core/dev.h"
#include "core/pkt.h"
#include "core/tunable.h"
#include "core/worker.h"
#include "inet/tcp.h"

#define TCP_RTO_MIN	   (200 * NS_PER_MS)
#define TCP_RTO_MAX	   (120 * NS_PER_S)
#define TCP_RTO_INIT	   (1 * NS_PER_S)
#define TCP_RTO_FALLBACK   (3 * NS_PER_S) /* SYN was retransmitted: RFC 6298 §5.7 */
#define TCP_TIMEWAIT	   (60 * NS_PER_S)
#define TCP_DELACK_MIN	   (40 * NS_PER_MS)
#define TCP_DELACK_MAX	   (200 * NS_PER_MS)
#define TCP_RESOURCE_PROBE (500 * NS_PER_MS)
#define TCP_INIT_CWND	   10
#define TCP_MIN_MSS	   88
#define TCP_BLOCK	   32768U		  /* bytes of payload in one block */
#define TCP_PACKET	   (2 * TCP_BLOCK - 1024) /* most in one packet of the queue */
#define TCP_INFINITE	   0x7fffffffU

/* tcp_sock.ack_pending: 0 nothing to say */
enum {
	ACK_DELAYED = 1,
	ACK_NOW = 2,
	ACK_NO_MEMORY = 3, /* now, and the window is shut although we promised more */
};

/* Send queue */
/* The least that a stream adds to its queue: a packet and a byte */
#define TCP_QUEUE_STEP (sizeof(struct pkt) + 1)

struct tcp_tx {
	struct tree_node node;
	u32 seq, end_seq;
	u8 flags;  /* TCPHDR_SYN, FIN, PSH, URG */
	u8 sacked; /* TX_x */
	u16 segs;
	u8 sends; /* how often sent, saturating */
	u8 marks; /* TXM_x */
};
_Static_assert(sizeof(struct tcp_tx) <= sizeof(((struct pkt *)0)->cb), "cb");

enum {
	TX_SACKED = 1,
	TX_LOST = 2,
	TX_RETRANS = 4, /* retransmitted, and not known to be lost again */
	TX_EVER = 8,	/* retransmitted once or more: no RTT sample (Karn) */
};

/* Of the last byte: when a packet is cut they go with its second half */
enum {
	TXM_EOR = 1,   /* nothing may be added (MSG_EOR, or a stamp is wanted) */
	TXM_SCHED = 2, /* the program wants to know when it enters a queue, */
	TXM_SENT = 4,  /* leaves, */
	TXM_ACKED = 8, /* and was acknowledged: SO_TIMESTAMPING */
	TXM_STAMPS = TXM_SCHED | TXM_SENT | TXM_ACKED,
};

/* Receive queues */
struct tcp_rx {
	struct tree_node node;
	u32 seq, end_seq;
	u8 flags;
};
_Static_assert(sizeof(struct tcp_rx) <= sizeof(((struct pkt *)0)->cb), "cb");

static inline struct tcp_tx *tcp_tx(const struct pkt *p)
{
	return (struct tcp_tx *)(uintptr_t)p->cb;
}
static inline struct tcp_rx *tcp_rx(const struct pkt *p)
{
	return (struct tcp_rx *)(uintptr_t)p->cb;
}
static inline struct pkt *tcp_tx_pkt(const struct tree_node *n)
{
	return n ? container_of(container_of(n, struct tcp_tx, node), struct pkt, cb)
		 : NULL;
}
static inline struct pkt *tcp_rx_pkt(const struct tree_node *n)
{
	return n ? container_of(container_of(n, struct tcp_rx, node), struct pkt, cb)
		 : NULL;
}

/* A segment that arrived, read once */
struct tcp_seg {
	u32 seq, end_seq, ack, len; /* len: payload; end_seq counts SYN and FIN */
	u32 wnd;		    /* not scaled */
	u16 urg;
	u8 flags, tos;
	struct ipaddr src, dst;
	be16 sport, dport;
	u32 data_off; /* from the TCP header */
	bool has_ts;
	u32 tw_isn; /* a SYN took the place of a TIME_WAIT: our ISN; 0: none */
	struct tcp_opts o;
	const struct tcp_md5_key *md5; /* that it was signed with; borrowed */
};
struct tcp_md5_key;

enum tcp_tunable {
	T_RMEM,
	T_WMEM,
	T_SACK,
	T_DSACK,
	T_TIMESTAMPS,
	T_WINDOW_SCALING,
	T_SYN_RETRIES,
	T_SYNACK_RETRIES,
	T_RETRIES1,
	T_RETRIES2,
	T_ORPHAN_RETRIES,
	T_FIN_TIMEOUT,
	T_KEEPALIVE_TIME,
	T_KEEPALIVE_PROBES,
	T_KEEPALIVE_INTVL,
	T_TW_REUSE,
	T_MAX_SYN_BACKLOG,
	T_MAX_TW_BUCKETS,
	T_SYNCOOKIES,
	T_ABORT_ON_OVERFLOW,
	T_NOTSENT_LOWAT,
	T_MODERATE_RCVBUF,
	T_SLOW_START_AFTER_IDLE,
	T_REORDERING,
	T_MAX_REORDERING,
	T_RECOVERY,
	T_EARLY_RETRANS,
	T_FRTO,
	T_RFC1337,
	T_STDURG,
	T_BASE_MIN_SND_MSS,
	T_INVALID_RATELIMIT,
	T_RTO_MIN_US,
	T_RTO_MAX_MS,
	T_MAX_ORPHANS,
	T_SYN_LINEAR,
	T_TW_REUSE_DELAY,
	T_MIN_RTT_WLEN,
	T_MIN_TSO_SEGS,
	T_TSO_RTT_LOG,
	T_THIN_LINEAR,
	T_MTU_PROBING,
	T_BASE_MSS,
	T_PROBE_FLOOR,
	T_PROBE_INTERVAL,
	T_PROBE_THRESHOLD,
	T_ECN,
	T_ECN_FALLBACK,
	T_TSO_WIN_DIVISOR,
	T_PACING_SS,
	T_PACING_CA,
	T_FASTOPEN,
	T_FO_BLACKHOLE,
	T_NR,
};
extern const struct tunable tcp_tunables[T_NR];

static inline s64 tcp_tun(const struct net *net, enum tcp_tunable t)
{
	return tunable_get(net, &tcp_tunables[t], 0);
}

static inline struct net *tcp_sknet(const struct tcp_sock *tp)
{
	return tp->is.sk.net;
}
static inline u64 tcp_now(const struct tcp_sock *tp)
{
	return clock_now(tp->is.sk.net->w);
}
/* Since @p was sent, ns */
static inline u64 tcp_since(const struct tcp_sock *tp, const struct pkt *p)
{
	return tcp_now(tp) > p->stamp_ns ? tcp_now(tp) - p->stamp_ns : 0;
}
static inline u32 tcp_clock_ms(const struct net *net)
{
	return (u32)(clock_now(net->w) / NS_PER_MS);
}
static inline u32 tcp_ts_now(const struct tcp_sock *tp)
{
	return tcp_clock_ms(tp->is.sk.net) + tp->tsoffset;
}
static inline u64 tcp_rto_max(const struct tcp_sock *tp) /* ns */
{
	return (tp->rto_max_ms ? tp->rto_max_ms
			       : (u64)tcp_tun(tp->is.sk.net, T_RTO_MAX_MS)) *
	       NS_PER_MS;
}
static inline u32 tcp_rto_min_us(const struct tcp_sock *tp)
{
	return tp->rto_min_us ? tp->rto_min_us
			      : (u32)tcp_tun(tp->is.sk.net, T_RTO_MIN_US);
}
static inline u32 tcp_in_flight(const struct tcp_sock *tp)
{
	u32 left = tp->sacked_out + tp->lost_out;
	u32 n = tp->packets_out + tp->retrans_out;

	left += tp->dupacks;
	return n > left ? n - left : 0;
}
static inline u32 tcp_wnd_end(const struct tcp_sock *tp)
{
	/* until its SYN is acknowledged, a fast open child's snd_una is before it */
	return tp->snd_una + tp->snd_wnd + tp->fo_synack;
}
static inline u32 tcp_rcv_window(const struct tcp_sock *tp) /* still open, RFC 9293 */
{
	s32 w = (s32)(tp->rcv_wup + tp->rcv_wnd - tp->rcv_nxt);

	return w > 0 ? (u32)w : 0;
}
static inline bool tcp_state_in(const struct tcp_sock *tp, u32 mask)
{
	return mask >> tp->is.sk.state & 1;
}
#define TCPF(x) (1U << TCP_##x)

/* ---- tcp.c ---- */
struct tcp_sock *tcp_sock_new(struct net *net); /* NULL: no memory */
void tcp_set_state(struct tcp_sock *tp, u8 state);
/* Closed for good: out of the tables, timers off; the owner is woken, an orphan freed
 * with its last holder */
void tcp_done(struct tcp_sock *tp);
void tcp_reset(struct tcp_sock *tp, int err); /* the peer or a timeout killed it */
void tcp_established(struct tcp_sock *tp);    /* buffers, windows, algorithm */
void tcp_set_cc(struct tcp_sock *tp, const struct cc_ops *cc);
void tcp_write_space(struct tcp_sock *tp);
void tcp_purge_send(struct tcp_sock *tp);
u32 tcp_isn(struct net *net, const struct tuple *t);
u32 tcp_ts_offset(struct net *net, const struct tuple *t);
void tcp_sndbuf_expand(struct tcp_sock *tp);

/* connect() to m->name with data. Return: as connect() */
int tcp_connect_data(struct tcp_sock *tp, struct msg *m);
/* The connect() that was put off: the SYN, with data. Return: -EINPROGRESS, an error */
int tcp_connect_now(struct tcp_sock *tp, struct msg *m);
u32 tcp_notsent_low(const struct tcp_sock *tp); /* TCP_NOTSENT_LOWAT in effect */

/* ---- tcp_send.c ---- */
ssize_t tcp_send(struct sock *sk, struct msg *m);
/* @p was sent first (@acked false), or acknowledged: tell who asked for it */
void tcp_tx_stamps(struct tcp_sock *tp, const struct pkt *p, bool acked);
/* Copy up to @left bytes of @m to the end of the queue. Return: bytes, or -ENOBUFS,
 * -EFAULT when none */
ssize_t tcp_append(struct tcp_sock *tp, struct msg *m, size_t left);

/* ---- tcp_fastopen.c ---- */
u32 tcp_peer_size(void);
bool tcp_fo_client(const struct net *net); /* may programs use it? */
bool tcp_fo_defers(struct tcp_sock *tp);   /* shall connect() wait for data? */
/* A SYN is about to be built: fo_cookie, fo_space for data of @m (NULL: none) */
void tcp_fo_syn(struct tcp_sock *tp, struct msg *m);
void tcp_fo_option(const struct tcp_sock *tp, struct tcp_opts *o);
void tcp_fo_synack(struct tcp_sock *tp, const struct tcp_seg *sg);
void tcp_fo_timeout(struct tcp_sock *tp); /* the SYN was lost */
/*
 * send() with MSG_FASTOPEN, or the first behind a connect() that was put off.
 * Return: true: @res is the answer: bytes that went with the SYN, -EINPROGRESS,
 * -EALREADY, ...; false: connected, go on as always
 */
bool tcp_fo_send(struct tcp_sock *tp, struct msg *m, ssize_t *res);
/* A SYN at a listener. Return: true: make a socket now. @answer: cookie to tell */
bool tcp_fo_accept(struct tcp_sock *lp, const struct tcp_seg *sg,
		   struct tcp_cookie *answer);
void tcp_fo_listen(struct tcp_sock *lp);
void tcp_fo_join(struct tcp_sock *tp, struct tcp_sock *lp);
void tcp_fo_leave(struct tcp_sock *tp); /* the handshake is over; idempotent */
void tcp_fo_listen_close(struct tcp_sock *lp);
/* 16 or 32 bytes. -EINVAL */
int tcp_fo_set_keys(struct tcp_fo_keys *k, const void *val, size_t len);
int tcp_fo_get_keys(struct tcp_sock *tp, void *val); /* bytes, at most 32 */
extern const struct tunable tcp_fo_tunable;

/* ---- tcp_mtu.c ---- */
int tcp_mss_sync(struct tcp_sock *tp);	/* route and its MTU; errors of the route */
void tcp_mtu_init(struct tcp_sock *tp); /* of an established connection */
u32 tcp_mtu_probe_size(struct tcp_sock *tp); /* payload to try; 0: none now */
void tcp_mtu_probe_sent(struct tcp_sock *tp, u32 seq, u32 size);
void tcp_mtu_probe_acked(struct tcp_sock *tp); /* snd_una moved */
/* Something is lost. Return: true: the probe, and that is no congestion */
bool tcp_mtu_probe_lost(struct tcp_sock *tp);
void tcp_mtu_black_hole(struct tcp_sock *tp); /* retransmissions get no answer */

/* ---- tcp_md5.c: RFC 2385 ---- */
struct tcp_md5_key {
	struct list node;
	u16 family;
	u8 plen, len;
	be32 addr;
	u8 key[80];
};
/* The key for @peer, borrowed; NULL: none */
struct tcp_md5_key *tcp_md5_find(const struct tcp_sock *tp, const struct ipaddr *peer);
struct tcp_md5_key *tcp_md5_copy(struct net *net, const struct tcp_md5_key *k);
void tcp_md5_free(struct net *net, struct tcp_md5_key *k); /* NULL: nothing */
void tcp_md5_clear(struct tcp_sock *tp);
int tcp_md5_inherit(struct tcp_sock *tp, const struct tcp_sock *lp); /* 0, -ENOMEM */
/* TCP_MD5SIG, TCP_MD5SIG_EXT. -EINVAL, -ENOENT, -ENOMEM */
int tcp_md5_set(struct tcp_sock *tp, int name, const void *val, size_t len);
/* Fill in the option of @p, which begins with its TCP header and is complete but for
 * the checksum */
void tcp_md5_sign(const struct tcp_md5_key *k, struct pkt *p, const struct ipaddr *src,
		  const struct ipaddr *dst);
/* Is the segment signed as it should? @k NULL: not at all. Sets sg->md5 */
bool tcp_md5_ok(struct net *net, const struct tcp_md5_key *k, const struct pkt *p,
		struct tcp_seg *sg);
static inline const struct tcp_md5_key *tcp_md5_of(const struct tcp_sock *tp)
{
	return list_empty(&tp->md5_keys) ? NULL : tcp_md5_find(tp, &tp->is.peer);
}

/* ---- tcp_repair.c: errors as N12.3 to N12.5 say ---- */
int tcp_repair_switch(struct tcp_sock *tp, const struct caller *c, int v);
int tcp_repair_set(struct tcp_sock *tp, int name, int v); /* QUEUE, SEQ, TIMESTAMP */
int tcp_repair_get(const struct tcp_sock *tp, int name, int *v);
int tcp_repair_options(struct tcp_sock *tp, const void *val, size_t len);
int tcp_repair_set_window(struct tcp_sock *tp, const void *val, size_t len);
int tcp_repair_get_window(const struct tcp_sock *tp, void *val, socklen_t *len);
void tcp_repair_connect(struct tcp_sock *tp); /* the tables know it: ESTABLISHED */
ssize_t tcp_repair_fill_rx(struct tcp_sock *tp, struct msg *m);
ssize_t tcp_repair_peek_tx(struct tcp_sock *tp, struct msg *m);

/* ---- tcp_out.c ---- */
struct pkt *tcp_tx_new(struct tcp_sock *tp);
void tcp_tx_free(struct tcp_sock *tp, struct pkt *p);
u32 tcp_current_mss(struct tcp_sock *tp);
u16 tcp_advmss(const struct route *rt);
void tcp_initial_window(struct net *net, u32 space, u32 mss, bool scaling, u32 clamp,
			u32 *wnd, u32 *clamp_out, u8 *wscale);
void tcp_push(struct tcp_sock *tp);	/* send what may be sent now */
void tcp_push_all(struct tcp_sock *tp); /* what Nagle or TCP_CORK held, too */
bool tcp_write_xmit(struct tcp_sock *tp, u32 mss, bool nagle, int push_one);
int tcp_retransmit(struct tcp_sock *tp, struct pkt *p, u32 segs);
void tcp_xmit_recovery(struct tcp_sock *tp);
int tcp_fragment(struct tcp_sock *tp, struct pkt *p, u32 len, u32 mss);
/* The SYN of connect(); with fast open, it takes tp->fo_space bytes of @m along */
int tcp_send_syn(struct tcp_sock *tp, struct msg *m);
void tcp_send_synack_full(struct tcp_sock *tp); /* simultaneous open */
void tcp_send_ack(struct tcp_sock *tp);
void tcp_send_challenge(struct tcp_sock *tp);
void tcp_send_fin(struct tcp_sock *tp);
void tcp_send_reset(struct tcp_sock *tp); /* active abort */
int tcp_send_probe(struct tcp_sock *tp);  /* window probe: <0 nothing could be sent */
int tcp_send_keepalive(struct tcp_sock *tp);
u32 tcp_select_window(struct tcp_sock *tp);
u32 tcp_space(const struct tcp_sock *tp);
void tcp_chrono_start(struct tcp_sock *tp, enum tcp_chrono c);
void tcp_chrono_stop(struct tcp_sock *tp, enum tcp_chrono c);
/* A packet of new data is filled up to this */
u32 tcp_size_goal(const struct tcp_sock *tp, u32 mss);
void tcp_push_one(struct tcp_sock *tp);
/* SO_MAX_PACING_RATE: must the next packet wait? Then it is sent when its time comes */
bool tcp_paced(struct tcp_sock *tp);
u64 tcp_pacing_rate(const struct tcp_sock *tp); /* bytes a second; ~0: none known */
/* The reader took bytes: is a window update due? */
void tcp_cleanup_rbuf(struct tcp_sock *tp, u32 copied);
void tcp_rtx_insert(struct tcp_sock *tp, struct pkt *p);
struct pkt *tcp_rtx_head(const struct tcp_sock *tp);
/* A segment without a connection's send queue: RST, ACK of TIME_WAIT, SYN-ACK */
struct tcp_bare {
	struct tuple t;
	u32 seq, ack, wnd;
	u8 flags, tos;
	s16 ttl;
	u32 mark, priority;
	struct tcp_opts o;
	struct sock *sk;
	const struct tcp_md5_key *md5;
};
int tcp_send_bare(struct net *net, const struct tcp_bare *b);
void tcp_reply_reset(struct net *net, const struct tcp_seg *sg);
bool tcp_has_unsent(const struct tcp_sock *tp);

/* ---- tcp_in.c ---- */
bool tcp_receive(struct net *net, struct pkt *p);
/* Does the filter of @sk let it pass, perhaps cut? false: @p was dropped */
bool tcp_filter(const struct sock *sk, struct pkt *p, struct tcp_seg *sg);
void tcp_error(struct net *net, const struct pkt *p, const struct ip_error *e);
/* First segment for a fresh child (the ACK of the handshake). Consumes @p. */
void tcp_process(struct tcp_sock *tp, struct pkt *p, struct tcp_seg *sg);
/* As if @p, all payload, had arrived in order; consumes it */
void tcp_rx_fill(struct tcp_sock *tp, struct pkt *p);
/* The data that a SYN brought. Consumes @p, which is at the TCP header. */
void tcp_take_syn_data(struct tcp_sock *tp, struct pkt *p, struct tcp_seg *sg);
void tcp_enter_quickack(struct tcp_sock *tp, u32 max);
void tcp_rcv_space_adjust(struct tcp_sock *tp);
void tcp_clear_ooo(struct tcp_sock *tp);
void tcp_init_rcv_space(struct tcp_sock *tp);

/* ---- tcp_loss.c ---- */
struct tcp_ack {
	u32 prior_una, prior_in_flight, prior_delivered, prior_packets, prior_lost;
	bool ece, una_advanced, data_acked, syn_acked, sack_seen, dsack, wnd_update,
	    retrans_acked, orig_sacked, dup, fin_acked;
	u32 acked_segs;
	bool reordered; /* something sent once was delivered below what was before */
	u32 reord_seq;	/* the lowest of those */
	s64 rtt_us;	/* of the newest segment sent once, -1: none */
	u32 bytes_acked;
};
bool tcp_sacktag(struct tcp_sock *tp, const struct tcp_seg *sg, struct tcp_ack *as);
void tcp_clean_rtx(struct tcp_sock *tp, const struct tcp_seg *sg, struct tcp_ack *as);
void tcp_recover(struct tcp_sock *tp, const struct tcp_seg *sg, struct tcp_ack *as);
void tcp_enter_loss(struct tcp_sock *tp);
void tcp_mark_lost(struct tcp_sock *tp, struct pkt *p);
void tcp_enter_cwr(struct tcp_sock *tp);
void tcp_rack_timeout(struct tcp_sock *tp);
bool tcp_schedule_tlp(struct tcp_sock *tp);
void tcp_send_tlp(struct tcp_sock *tp);
void tcp_rtt_sample(struct tcp_sock *tp, u32 us);
void tcp_set_rto(struct tcp_sock *tp);
/* The handshake of a child is complete: its round trip, if sent once */
void tcp_synack_rtt(struct tcp_sock *tp, const struct tcp_seg *sg);
void tcp_tx_uncount(struct tcp_sock *tp, struct pkt *p); /* leaves the rtx tree */

/* ---- tcp_timer.c ---- */
void tcp_timers_init(struct tcp_sock *tp);
void tcp_timers_stop(struct tcp_sock *tp);
void tcp_rtx_set(struct tcp_sock *tp, enum tcp_rtx_mode mode, u64 delay_ns);
void tcp_rtx_stop(struct tcp_sock *tp);
void tcp_rearm_rto(struct tcp_sock *tp);
void tcp_delack_set(struct tcp_sock *tp);
void tcp_keepalive_set(struct tcp_sock *tp, u64 delay_ns);
void tcp_keepalive_start(struct tcp_sock *tp);
void tcp_check_probe(struct tcp_sock *tp); /* start the persist timer if needed */
u64 tcp_fin_time(const struct tcp_sock *tp);
u32 tcp_keep_idle(const struct tcp_sock *tp);
u32 tcp_keep_intvl(const struct tcp_sock *tp);
u32 tcp_keep_cnt(const struct tcp_sock *tp);

/* ---- tcp_mini.c ---- */
struct tcp_req;
struct tcp_tw;
void tcp_listen_syn(struct tcp_sock *lp, struct pkt *p,
		    struct tcp_seg *sg); /* consumes */
/* A segment for a request. Consumes @p. */
void tcp_req_receive(struct net *net, struct demux_node *n, struct pkt *p,
		     struct tcp_seg *sg);
void tcp_listen_close(struct tcp_sock *lp); /* drops requests and children */
void tcp_listen_ack(struct tcp_sock *lp, struct pkt *p,
		    struct tcp_seg *sg); /* cookies */
/* @return: a SYN that may reuse it goes on to a listener: false, the TIME_WAIT is gone
 */
/* The key that a segment for this request or TIME_WAIT must be signed with */
const struct tcp_md5_key *tcp_mini_md5(const struct demux_node *n,
				       const struct tcp_seg *sg);
bool tcp_tw_receive(struct net *net, struct demux_node *n, struct pkt *p,
		    struct tcp_seg *sg);
/* The full socket ends; its place is taken by a small one. @state: TCP_TIME_WAIT or
 * TCP_FIN_WAIT2 */
void tcp_time_wait(struct tcp_sock *tp, u8 state, u64 timeout_ns);
/* connect() wants this tuple: may the TIME_WAIT give way? Sets the next ISN, ts_recent
 */
bool tcp_tw_recycle(struct net *net, struct demux_node *n, struct tcp_sock *tp);
void tcp_mini_net_exit(struct net *net);
/* TCP_SAVE_SYN: the headers of the SYN that began a connection */
struct tcp_saved_syn {
	u32 len;
	u8 data[];
};
void tcp_syn_free(struct net *net, struct tcp_saved_syn *syn); /* NULL: nothing */
int tcp_take_saved_syn(struct tcp_sock *tp, void *val, socklen_t *len);
void tcp_req_error(struct net *net, struct demux_node *n, u32 seq);
u32 tcp_req_size(void);
u32 tcp_tw_size(void);

/* tcp_opt.c: of struct sock_ops */
int tcp_set_opt(struct sock *sk, const struct caller *c, int level, int name,
		const void *val, socklen_t len);
int tcp_get_opt(struct sock *sk, int level, int name, void *val, socklen_t *len);
int tcp_ioctl(struct sock *sk, const struct caller *c, unsigned long req, void *arg);
void tcp_opt_changed(struct sock *sk, int name);
/* tcp.c: bytes written and not sent yet */
u32 tcp_notsent(const struct tcp_sock *tp);

#endif
