/* SPDX-License-Identifier: MIT */
/*
 * tcp.h - TCP: what the family, diag and the views see
 *
 * States carry Linux's numbers. Include <linux/tcp.h>, never <netinet/tcp.h>,
 * beside this file: they contradict each other.
 */
#ifndef WARREN_INET_TCP_H
#define WARREN_INET_TCP_H

#include "base/random.h"
#include "base/table.h"
#include "base/tree.h"
#include "base/wheel.h"
#include "inet/cc.h"
#include "inet/inet.h"
#include "inet/port.h"
#include "wire/tcp.h"

enum tcp_state {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT,
	TCP_SYN_RECV,
	TCP_FIN_WAIT1,
	TCP_FIN_WAIT2,
	TCP_TIME_WAIT,
	TCP_CLOSE,
	TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
	TCP_LISTEN,
	TCP_CLOSING,
	TCP_NEW_SYN_RECV,
	TCP_STATE_NR,
};

/* Congestion states, as tcpi_ca_state shows them */
enum tcp_ca { CA_OPEN, CA_DISORDER, CA_CWR, CA_RECOVERY, CA_LOSS };

/* What the retransmission timer is set for */
enum tcp_rtx_mode {
	TCP_RTX_NONE,
	TCP_RTX_RTO,
	TCP_RTX_PROBE0,
	TCP_RTX_TLP,
	TCP_RTX_REO
};

/* What a connection with something to send waits for; a later one hides an earlier */
enum tcp_chrono {
	TCP_CHRONO_NONE,
	TCP_CHRONO_BUSY,   /* the network */
	TCP_CHRONO_RWND,   /* the peer's window */
	TCP_CHRONO_SNDBUF, /* our own buffer */
	TCP_CHRONO_NR,
};

struct tcp_sack_range {
	u32 start, end;
};

/* Fast open: a cookie, or how to ask for one (len 0) */
struct tcp_cookie {
	u8 len;
	bool exp;  /* in the experimental option */
	bool none; /* not even a question */
	u8 val[TCP_COOKIE_MAX];
};

/* What a server makes cookies with: newest first */
struct tcp_fo_keys {
	u8 n;
	struct sip_key key[2];
};

struct tcp_sock {
	struct inet_sock is;

	/* ---- options agreed on in the handshake ---- */
	bool ts_ok, sack_ok, wscale_ok;
	u8 snd_wscale, rcv_wscale;
	u16 mss_clamp; /* what the peer said, or user's TCP_MAXSEG */
	u16 user_mss;  /* TCP_MAXSEG, 0: none */
	u16 advmss;    /* what we said */
	u32 mss_cache; /* payload a segment without SACK blocks */
	u32 pmtu;      /* mss_cache was made for it */
	/* probing the path: tcp_mtu.c; sizes are MTUs */
	bool mtu_probing;
	u32 search_low, search_high, probe_mtu /* in flight, 0: none */;
	u32 probe_start, probe_end;
	u64 probed_ns;
	u32 tsoffset;	  /* added to the millisecond clock */
	u32 ts_recent;	  /* RFC 7323 §4.3 */
	u64 ts_recent_ns; /* when it was set */
	u32 last_tsecr;

	/* ---- ECN: RFC 3168 §6.1 ---- */
	bool ecn_ok;   /* agreed on */
	bool ecn_seen; /* a packet came with ECT or CE */
	bool ecn_echo; /* CE arrived: ACKs say ECE until the peer says CWR */
	bool ecn_cwr;  /* we reduced: the next new data says CWR */

	/* ---- sending: RFC 9293 §3.3.1 ---- */
	u32 iss, snd_una, snd_nxt, snd_wnd, snd_wl1, snd_up;
	u32 write_seq;	     /* behind the last byte queued */
	u32 pushed_seq;	     /* last byte marked with PSH */
	u32 snd_sml;	     /* end of the last small segment sent (Minshall's Nagle) */
	u32 max_window;	     /* greatest snd_wnd seen */
	struct list unsent;  /* queue, struct pkt */
	struct tree rtx;     /* sent, not yet acknowledged, by seq (struct tcp_tx) */
	struct list by_time; /* of those: neither SACKed nor lost, by time sent */
	struct list lost;    /* of those: lost, not retransmitted since */
	struct block *wblock; /* being filled */
	u32 n_rtx_pkts;
	u64 tx_stamp_ns; /* of the packet sent last: no two have the same */
	bool nodelay, cork, fin_queued, syn_acked_data;
	u32 notsent_lowat; /* 0: the tunable */

	/* ---- loss: tcp_loss.c; counts in segments ---- */
	u8 ca_state; /* enum tcp_ca */
	u8 retransmits, backoff, probes_out;
	u32 packets_out, sacked_out, lost_out, retrans_out;
	u32 cwnd, ssthresh, cwnd_cnt, cwnd_clamp, prior_cwnd, prior_ssthresh;
	u32 cwnd_used;
	u64 cwnd_stamp_ns;
	u32 max_packets_out, cwnd_usage_seq;
	bool cwnd_limited;
	u32 high_seq;	 /* snd_nxt at the start of recovery */
	u32 undo_marker; /* 0: nothing to take back */
	s32 undo_retrans;
	u64 retrans_stamp_ns; /* first retransmission of this episode */
	u32 retrans_stamp_ts; /* our clock in it */
	u32 prr_delivered, prr_out;
	u32 reordering;
	struct tcp_sack_range sack_cache[TCP_SACKS_MAX]; /* walked already */
	u32 fack; /* highest sequence SACKed or acknowledged */
	bool frto;
	u32 dupacks; /* without SACK */
	/* RACK-TLP: RFC 8985 */
	u64 rack_ns; /* when the newest delivered segment was sent */
	u32 rack_end, rack_rtt_us;
	u8 rack_reo_steps, rack_reo_persist;
	bool rack_advanced, rack_dsack, reord_seen;
	u32 rack_dsack_round;
	u32 tlp_high_seq;
	bool tlp_retrans;

	/* ---- RTT: RFC 6298, microseconds as Linux scales them ---- */
	u32 srtt_us /* << 3 */, mdev_us /* << 2 */, mdev_max_us, rttvar_us, rtt_seq;
	u32 min_rtt_us;
	u64 min_rtt_ns_stamp;
	u64 synack_ns; /* a child's: when the SYN-ACK was sent, 0: not known */
	u64 rto_ns;
	u32 rto_max_ms, rto_min_us; /* 0: the tunables */
	bool thin_linear;	    /* TCP_THIN_LINEAR_TIMEOUTS */

	/* ---- receiving ---- */
	u32 irs, rcv_nxt, rcv_wnd, rcv_wup, copied_seq;
	u32 window_clamp, user_window_clamp, rcv_ssthresh;
	u16 rcv_mss;	 /* estimate of the peer's */
	struct tree ooo; /* out of order, by seq (struct tcp_rx) */
	u32 n_ooo;
	u32 n_sacks;
	struct tcp_sack_range sacks[TCP_SACKS_MAX]; /* newest first */
	bool dsack_pending;
	struct tcp_sack_range dsack;
	u8 quick, pingpong, ack_pending; /* ack_pending: TCP_ACK_x */
	bool quickack_user;
	bool inq; /* TCP_INQ */
	u32 ato_ms;
	u64 ato_timeout_ns;
	u64 last_recv_ns;
	/* auto-tuning: dynamic right-sizing */
	u32 rcv_space, rcv_space_seq;
	u64 rcv_space_ns;
	u32 rcv_rtt_us /* << 3 */, rcv_rtt_seq;
	u64 rcv_rtt_ns;
	/* urgent data */
	u32 urg_seq;
	u16 urg_data; /* TCP_URG_x | byte */

	/* ---- timers ---- */
	struct timer rtx_timer, delack_timer, keep_timer, pace_timer;
	u64 pace_ns; /* the next packet goes then */
	u8 rtx_mode; /* enum tcp_rtx_mode */
	u64 last_send_ns, last_ack_ns;
	s32 linger2_s;				 /* -1: at once; 0: the tunable */
	u32 keep_idle_s, keep_intvl_s, keep_cnt; /* 0: the tunable */
	u8 syn_retries, defer_accept;		 /* 0: the tunable; 0: off */
	u32 user_timeout_ms;
	u64 probe_start_ns; /* since when the window is shut */
	u64 confirmed_ns;   /* neighbour told that the path works */
	u64 challenge_ns;   /* last challenge ACK: RFC 5961 §7 */

	/* ---- a listener's ---- */
	struct list accept_queue; /* struct tcp_sock.accept_node: established */
	struct list requests;	  /* struct tcp_req.listener_node */
	u32 n_accept, n_requests, backlog;
	u8 save_syn;		   /* TCP_SAVE_SYN */
	struct tcp_saved_syn *syn; /* a child's, until it was read; NULL: none */

	/* ---- fast open: tcp_fastopen.c ---- */
	bool fo_connect, fo_no_cookie; /* options of the program */
	bool fo_defer;		       /* connect() waits for the first write */
	bool fo_option;		       /* the SYN being built carries fo_cookie */
	bool syn_fastopen, syn_data, syn_data_acked;
	bool fo_synack; /* a server's child whose SYN-ACK is not acknowledged */
	u32 fo_space;	/* bytes that the SYN may carry */
	struct tcp_cookie fo_cookie;
	u32 fo_max, fo_n;	 /* a listener's: most, now */
	struct list fo_children; /* those, by fo_node */
	struct list fo_node;
	struct tcp_sock *fo_listener; /* NULL: closed, or handshake done */
	struct tcp_fo_keys fo_keys;   /* a listener's own */

	/* ---- TCP_MD5SIG: tcp_md5.c ---- */
	struct list md5_keys; /* struct tcp_md5_key */
	u32 n_md5;

	/* ---- TCP_REPAIR: tcp_repair.c ---- */
	bool repair;
	u8 repair_queue; /* TCP_x_QUEUE */

	/* ---- a child's, waiting in it ---- */
	struct list accept_node;
	struct tcp_sock *listener; /* NULL when accepted */

	const struct cc_ops *cc;
	bool cc_set; /* by TCP_CONGESTION */
	u64 cc_priv[CC_PRIV / 8];

	u8 connecting;	 /* connect() has not reported yet */
	bool orphan_ref; /* the tables and timers hold a reference */
	bool done, hashed, bound_hashed;

	/* ---- counts for tcp_info ---- */
	u64 bytes_acked, bytes_received, bytes_sent, bytes_retrans;
	u32 segs_in, segs_out, data_segs_in, data_segs_out;
	u32 total_retrans, delivered, delivered_ce, received_ce, dsack_dups,
	    reord_count, rcv_ooopack;
	u64 last_data_recv_ns;
	u64 delivery_rate;
	u8 chrono;     /* enum tcp_chrono: what the time goes to */
	bool no_space; /* a program was told that the buffer is full */
	u64 chrono_start_ns, chrono_ns[TCP_CHRONO_NR];
};

static inline struct tcp_sock *tcp_sk(const struct sock *sk)
{
	return (struct tcp_sock *)(uintptr_t)sk;
}

/* A namespace's */
struct tcp_net {
	struct list requests, timewaits; /* the small ones */
	u32 n_requests, n_timewaits, n_orphans;
	const struct cc_ops *cc; /* NULL: the default */
	struct sip_key isn_key;	 /* RFC 6528; drawn at the first use */
	bool has_key;
	struct list peers; /* struct tcp_peer (tcp_fastopen.c), most recent first */
	u32 n_peers;
	struct tcp_fo_keys fo_keys;
	u32 fo_disabled; /* how often a black hole was found in a row */
	u64 fo_disabled_ns;
};

/* A worker's */
struct tcp_worker {
	struct demux demux;
	struct ports ports;
	struct slab socks, reqs, tws, peer_slab;
	struct table peers; /* struct tcp_peer of all nets */
};

extern const struct part tcp_part;

static inline struct tcp_net *tcp_net(const struct net *net)
{
	return net_part(net, PART_TCP);
}
static inline struct tcp_worker *tcp_worker(const struct net *net)
{
	return worker_part(net->worker, PART_TCP);
}

/* ---- for views and diag ---- */

/* A request (TCP_SYN_RECV) or a TIME_WAIT (also one in FIN_WAIT2) */
struct tcp_mini_info {
	u8 state; /* TCP_SYN_RECV, TCP_TIME_WAIT, TCP_FIN_WAIT2 */
	const struct tuple *t;
	u64 expires_ns; /* of its timer, absolute */
	u8 retransmits;
	u32 mark;
	u32 uid;		     /* requests: the listener's */
	const struct sock *listener; /* requests */
};
/* All small sockets of @net; stops when @fn answers nonzero, and returns that */
int tcp_walk_mini(struct net *net, int (*fn)(void *arg, const struct tcp_mini_info *mi),
		  void *arg);

/* Forget what is remembered of peers (fast open) */
void tcp_peers_flush(struct net *net);

/* What TCP_INFO gives: Linux 6.18's, of which older headers know the front only */
struct tcp_info_full {
	u8 state, ca_state, retransmits, probes, backoff, options;
	u8 wscale;	   /* snd, rcv << 4 */
	u8 app_limited_fo; /* delivery_rate_app_limited, fastopen_client_fail << 1 */
	u32 rto, ato, snd_mss, rcv_mss;
	u32 unacked, sacked, lost, retrans, fackets;
	u32 last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
	u32 pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
	u32 rcv_rtt, rcv_space, total_retrans;
	u64 pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
	u32 segs_out, segs_in, notsent_bytes, min_rtt, data_segs_in, data_segs_out;
	u64 delivery_rate, busy_time, rwnd_limited, sndbuf_limited;
	u32 delivered, delivered_ce;
	u64 bytes_sent, bytes_retrans;
	u32 dsack_dups, reord_seen, rcv_ooopack, snd_wnd, rcv_wnd, rehash;
	u16 total_rto, total_rto_recoveries;
	u32 total_rto_time, received_ce;
	u32 delivered_e1_bytes, delivered_e0_bytes, delivered_ce_bytes;
	u32 received_e1_bytes, received_e0_bytes, received_ce_bytes;
	u32 accecn;
};
_Static_assert(sizeof(struct tcp_info_full) == 280, "TCP_INFO");
void tcp_get_info(const struct tcp_sock *tp, struct tcp_info_full *info);
/* What /proc/net/tcp and inet_diag call "timer": 0 none, 1 retransmit, 2 keepalive,
 * 3 (TIME_WAIT), 4 probe. @when_ns: absolute */
u8 tcp_timer_info(const struct tcp_sock *tp, u64 *when_ns);
u32 tcp_rx_queued(const struct tcp_sock *tp); /* readable bytes; listeners: children */
u32 tcp_tx_queued(
    const struct tcp_sock *tp); /* bytes not acknowledged; listeners: backlog */
/* SOCK_DESTROY: kill with a reset */
void tcp_abort(struct tcp_sock *tp, int err);

#endif
