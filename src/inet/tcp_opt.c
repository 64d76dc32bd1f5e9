/* SPDX-License-Identifier: MIT */
/*
 * tcp_opt.c - TCP, the socket's side: options, TCP_INFO, ioctls (tcp(7))
 *
 * An option that is not here is -ENOPROTOOPT: nothing is accepted and ignored.
 */

#include "inet/tcp.h"

#include "base/bug.h"
#include "core/tunable.h"
#include "inet/tcp_impl.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <sys/ioctl.h>

/* newer than some systems' headers */
enum { OPT_RTO_MAX_MS = 44, OPT_RTO_MIN_US = 45 };

static int set_cc_by_name(struct tcp_sock *tp, const struct caller *c, const void *val,
			  socklen_t len)
{
	char name[CC_NAME_MAX] = "";
	const struct cc_ops *cc;

	if (len < 1)
		return -EINVAL;
	memcpy(name, val, min((size_t)len, sizeof(name) - 1));
	cc = cc_find(tcp_sknet(tp), name);
	if (!cc)
		return -ENOENT;
	if (cc->restricted && c && !caller_can_in(c, tcp_sknet(tp), CAP_NET_ADMIN))
		return -EPERM;
	tcp_set_cc(tp, cc);
	tp->cc_set = true;
	return 0;
}

static void set_keep_idle(struct tcp_sock *tp, u32 s)
{
	u64 quiet = tcp_now(tp) - tp->last_recv_ns, idle = s * NS_PER_S;

	tp->keep_idle_s = s;
	if (tp->is.sk.keepalive && !tcp_state_in(tp, TCPF(CLOSE) | TCPF(LISTEN)))
		tcp_keepalive_set(tp, idle > quiet ? idle - quiet : 0);
}

static int set_int(struct tcp_sock *tp, int name, int v)
{
	struct sock *sk = &tp->is.sk;

	switch (name) {
	case TCP_NODELAY:
		tp->nodelay = v != 0;
		if (v)
			tcp_push_all(tp);
		return 0;
	case TCP_CORK:
		tp->cork = v != 0;
		if (!v)
			tcp_push(tp);
		return 0;
	case TCP_MAXSEG:
		if (v && (v < TCP_MIN_MSS || v > 32767))
			return -EINVAL;
		tp->user_mss = (u16)v;
		return 0;
	case TCP_KEEPIDLE:
		if (v < 1 || v > 32767)
			return -EINVAL;
		set_keep_idle(tp, (u32)v);
		return 0;
	case TCP_KEEPINTVL:
		if (v < 1 || v > 32767)
			return -EINVAL;
		tp->keep_intvl_s = (u32)v;
		return 0;
	case TCP_KEEPCNT:
		if (v < 1 || v > 127)
			return -EINVAL;
		tp->keep_cnt = (u32)v;
		return 0;
	case TCP_SYNCNT:
		if (v < 1 || v > 127)
			return -EINVAL;
		tp->syn_retries = (u8)v;
		return 0;
	case TCP_LINGER2:
		if (v < 0)
			tp->linger2_s = -1;
		else
			tp->linger2_s = min(v, 120);
		return 0;
	case TCP_DEFER_ACCEPT: {
		u32 s = 1, t = 1, n = v > 0;

		/* seconds as the retransmissions that take as long */
		for (; v > 0 && (u32)v > s && n < 255; n++) {
			t = min(t * 2, 120U);
			s += t;
		}
		tp->defer_accept = (u8)n;
		return 0;
	}
	case TCP_WINDOW_CLAMP:
		if (!v) {
			if (sk->state != TCP_CLOSE)
				return -EINVAL;
			tp->user_window_clamp = 0;
			return 0;
		}
		tp->user_window_clamp = (u32)max(v, 2304 / 2);
		if (!tcp_state_in(tp, TCPF(CLOSE) | TCPF(LISTEN))) {
			tp->window_clamp = tp->user_window_clamp;
			tp->rcv_ssthresh = min(tp->rcv_ssthresh, tp->window_clamp);
		}
		return 0;
	case TCP_QUICKACK:
		if (!v) {
			tp->pingpong = 1;
			tp->quickack_user = false;
		} else {
			tp->pingpong = 0;
			if (tcp_state_in(tp, TCPF(ESTABLISHED) | TCPF(CLOSE_WAIT)) &&
			    tp->ack_pending) {
				tcp_send_ack(tp);
				if (!(v & 1))
					tp->pingpong = 1;
			}
		}
		return 0;
	case TCP_USER_TIMEOUT:
		if (v < 0)
			return -EINVAL;
		tp->user_timeout_ms = (u32)v;
		return 0;
	case TCP_NOTSENT_LOWAT:
		tp->notsent_lowat = (u32)v;
		tcp_write_space(tp);
		return 0;
	case TCP_THIN_LINEAR_TIMEOUTS:
		if (v < 0 || v > 1)
			return -EINVAL;
		tp->thin_linear = v != 0;
		return 0;
	case TCP_THIN_DUPACK: /* Linux takes it, too, and does nothing */
		return v < 0 || v > 1 ? -EINVAL : 0;
	case TCP_SAVE_SYN:
		if (v < 0 || v > 2)
			return -EINVAL;
		tp->save_syn = (u8)v;
		return 0;
	case OPT_RTO_MAX_MS:
		if (v < 1000 || v > 120000)
			return -EINVAL;
		tp->rto_max_ms = (u32)v;
		return 0;
	case OPT_RTO_MIN_US:
		if (v < 2000 || v > 200000)
			return -EINVAL;
		tp->rto_min_us = (u32)v;
		return 0;
	case TCP_INQ:
		if (v < 0 || v > 1)
			return -EINVAL;
		tp->inq = v != 0;
		return 0;
	case TCP_FASTOPEN:
		if (v < 0 || !tcp_state_in(tp, TCPF(CLOSE) | TCPF(LISTEN)))
			return -EINVAL;
		tp->fo_max = (u32)min(v, sock_somaxconn(sk->net));
		return 0;
	case TCP_FASTOPEN_CONNECT:
		if (v < 0 || v > 1)
			return -EINVAL;
		if (!tcp_fo_client(sk->net))
			return -EOPNOTSUPP;
		if (sk->state != TCP_CLOSE)
			return -EINVAL;
		tp->fo_connect = v != 0;
		return 0;
	case TCP_FASTOPEN_NO_COOKIE:
		if (v < 0 || v > 1 || !tcp_state_in(tp, TCPF(CLOSE) | TCPF(LISTEN)))
			return -EINVAL;
		tp->fo_no_cookie = v != 0;
		return 0;
	default:
		return tcp_repair_set(tp, name, v);
	}
}

int tcp_set_opt(struct sock *sk, const struct caller *c, int level, int name,
		const void *val, socklen_t len)
{
	struct tcp_sock *tp = tcp_sk(sk);
	int v;

	if (level != IPPROTO_TCP)
		return inet_set_opt(sk, c, level, name, val, len);
	if (name == TCP_CONGESTION)
		return set_cc_by_name(tp, c, val, len);
	if (name == TCP_MD5SIG || name == TCP_MD5SIG_EXT)
		return tcp_md5_set(tp, name, val, len);
	if (name == TCP_REPAIR_OPTIONS)
		return tcp_repair_options(tp, val, len);
	if (name == TCP_REPAIR_WINDOW)
		return tcp_repair_set_window(tp, val, len);
	if (name == TCP_FASTOPEN_KEY)
		return tcp_fo_set_keys(&tp->fo_keys, val, len);
	if (len < sizeof(v))
		return -EINVAL;
	memcpy(&v, val, sizeof(v));
	if (name == TCP_REPAIR)
		return tcp_repair_switch(tp, c, v);
	return set_int(tp, name, v);
}

static u32 us_since(const struct tcp_sock *tp, u64 ns)
{
	return (u32)((tcp_now(tp) - ns) / NS_PER_MS);
}

void tcp_get_info(const struct tcp_sock *tp, struct tcp_info_full *info)
{
	const struct sock *sk = &tp->is.sk;
	u64 ns[TCP_CHRONO_NR];

	memset(info, 0, sizeof(*info));
	info->state = sk->state;
	info->snd_cwnd = tp->cwnd;
	info->reordering = tp->reordering;
	if (sk->state == TCP_LISTEN) {
		info->unacked = tp->n_accept;
		info->sacked = tp->backlog;
		return;
	}
	info->ca_state = tp->ca_state;
	info->retransmits = tp->retransmits;
	info->probes = tp->probes_out;
	info->backoff = tp->backoff;
	if (tp->ts_ok)
		info->options |= 1; /* TCPI_OPT_TIMESTAMPS */
	if (tp->sack_ok)
		info->options |= 2;
	if (tp->wscale_ok) {
		info->options |= 4;
		info->wscale = (u8)((tp->snd_wscale & 15) | tp->rcv_wscale << 4);
	}
	if (tp->ecn_ok)
		info->options |= 8; /* TCPI_OPT_ECN */
	if (tp->ecn_seen)
		info->options |= 16; /* TCPI_OPT_ECN_SEEN */
	info->delivered_ce = tp->delivered_ce;
	info->received_ce = tp->received_ce;
	info->accecn = tp->ecn_ok ? 1 : 0; /* tcpi_ecn_mode: RFC 3168 */
	if (tp->syn_data_acked)
		info->options |= 32; /* TCPI_OPT_SYN_DATA */
	info->rto = (u32)(tp->rto_ns / NS_PER_US);
	info->ato = tp->ato_ms * 1000;
	info->snd_mss = tp->mss_cache;
	info->rcv_mss = tp->rcv_mss;
	info->unacked = tp->packets_out;
	info->sacked = tp->sacked_out + tp->dupacks;
	info->lost = tp->lost_out;
	info->retrans = tp->retrans_out;
	info->last_data_sent = us_since(tp, tp->last_send_ns);
	info->last_data_recv = us_since(tp, tp->last_data_recv_ns);
	info->last_ack_recv = us_since(tp, tp->last_recv_ns);
	info->pmtu = tp->pmtu;
	info->rcv_ssthresh = tp->rcv_ssthresh;
	info->rtt = tp->srtt_us >> 3;
	info->rttvar = tp->mdev_us >> 2;
	info->snd_ssthresh = tp->ssthresh;
	info->advmss = tp->advmss;
	info->rcv_rtt = tp->rcv_rtt_us >> 3;
	info->rcv_space = tp->rcv_space;
	info->total_retrans = tp->total_retrans;
	info->pacing_rate = tcp_pacing_rate(tp);
	info->max_pacing_rate = ~0ULL;
	info->bytes_acked = tp->bytes_acked;
	info->bytes_received = tp->bytes_received;
	info->segs_out = tp->segs_out;
	info->segs_in = tp->segs_in;
	info->notsent_bytes = tcp_notsent(tp);
	info->min_rtt = tp->min_rtt_us;
	info->data_segs_in = tp->data_segs_in;
	info->data_segs_out = tp->data_segs_out;
	info->delivery_rate = tp->delivery_rate;
	memcpy(ns, tp->chrono_ns, sizeof(ns));
	ns[tp->chrono] += tcp_now(tp) - tp->chrono_start_ns;
	info->busy_time =
	    (ns[TCP_CHRONO_BUSY] + ns[TCP_CHRONO_RWND] + ns[TCP_CHRONO_SNDBUF]) /
	    NS_PER_US;
	info->rwnd_limited = ns[TCP_CHRONO_RWND] / NS_PER_US;
	info->sndbuf_limited = ns[TCP_CHRONO_SNDBUF] / NS_PER_US;
	info->rcv_wnd = tp->rcv_wnd;
	info->delivered = tp->delivered;
	info->bytes_sent = tp->bytes_sent;
	info->bytes_retrans = tp->bytes_retrans;
	info->dsack_dups = tp->dsack_dups;
	info->reord_seen = tp->reord_count;
	info->rcv_ooopack = tp->rcv_ooopack;
	info->snd_wnd = tp->snd_wnd;
}

u8 tcp_timer_info(const struct tcp_sock *tp, u64 *when_ns)
{
	if (timer_pending(&tp->rtx_timer)) {
		*when_ns = tp->rtx_timer.expires_ns;
		return tp->rtx_mode == TCP_RTX_PROBE0 ? 4 : 1;
	}
	if (timer_pending(&tp->keep_timer)) {
		*when_ns = tp->keep_timer.expires_ns;
		return 2;
	}
	*when_ns = 0;
	return 0;
}

static int put_bytes(void *val, socklen_t *len, const void *from, size_t n)
{
	*len = (socklen_t)min((size_t)*len, n);
	memcpy(val, from, *len);
	return 0;
}

static u32 defer_seconds(u32 n)
{
	u32 s = 0, t = 1;

	while (n--) {
		s += t;
		t = min(t * 2, 120U);
	}
	return s;
}

int tcp_get_opt(struct sock *sk, int level, int name, void *val, socklen_t *len)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct tcp_info_full info;
	int v;

	if (level != IPPROTO_TCP)
		return inet_get_opt(sk, level, name, val, len);
	if ((int)*len < 0)
		return -EINVAL;
	switch (name) {
	case TCP_INFO:
		tcp_get_info(tp, &info);
		return put_bytes(val, len, &info, sizeof(info));
	case TCP_CONGESTION: {
		char cc[CC_NAME_MAX] = "";

		memcpy(cc, tp->cc->name, min(strlen(tp->cc->name), sizeof(cc) - 1));
		return put_bytes(val, len, cc, sizeof(cc));
	}
	case TCP_REPAIR_WINDOW:
		return tcp_repair_get_window(tp, val, len);
	case TCP_CC_INFO:
		*len = 0; /* no algorithm has anything to say */
		return 0;
	case TCP_FASTOPEN_KEY: {
		u8 keys[2 * sizeof(struct sip_key)];
		int n = tcp_fo_get_keys(tp, keys);

		return put_bytes(val, len, keys, (size_t)n);
	}
	case TCP_THIN_LINEAR_TIMEOUTS:
		v = tp->thin_linear;
		break;
	case TCP_THIN_DUPACK:
		v = 0;
		break;
	case TCP_SAVE_SYN:
		v = tp->save_syn;
		break;
	case TCP_SAVED_SYN:
		return tcp_take_saved_syn(tp, val, len);
	case OPT_RTO_MAX_MS:
		v = (int)(tcp_rto_max(tp) / NS_PER_MS);
		break;
	case OPT_RTO_MIN_US:
		v = (int)tcp_rto_min_us(tp);
		break;
	case TCP_INQ:
		v = tp->inq;
		break;
	case TCP_FASTOPEN:
		v = (int)tp->fo_max;
		break;
	case TCP_FASTOPEN_CONNECT:
		v = tp->fo_connect;
		break;
	case TCP_FASTOPEN_NO_COOKIE:
		v = tp->fo_no_cookie;
		break;
	case TCP_NODELAY:
		v = tp->nodelay;
		break;
	case TCP_CORK:
		v = tp->cork;
		break;
	case TCP_MAXSEG:
		v = (int)tp->mss_cache;
		if (tp->user_mss && tcp_state_in(tp, TCPF(CLOSE) | TCPF(LISTEN)))
			v = tp->user_mss;
		break;
	case TCP_KEEPIDLE:
		v = (int)tcp_keep_idle(tp);
		break;
	case TCP_KEEPINTVL:
		v = (int)tcp_keep_intvl(tp);
		break;
	case TCP_KEEPCNT:
		v = (int)tcp_keep_cnt(tp);
		break;
	case TCP_SYNCNT:
		v = tp->syn_retries ? tp->syn_retries
				    : (int)tcp_tun(sk->net, T_SYN_RETRIES);
		break;
	case TCP_LINGER2:
		v = tp->linger2_s ? tp->linger2_s
				  : (int)tcp_tun(sk->net, T_FIN_TIMEOUT);
		break;
	case TCP_DEFER_ACCEPT:
		v = (int)defer_seconds(tp->defer_accept);
		break;
	case TCP_WINDOW_CLAMP:
		v = (int)(tp->window_clamp ? tp->window_clamp : tp->user_window_clamp);
		break;
	case TCP_QUICKACK:
		v = !tp->pingpong;
		break;
	case TCP_USER_TIMEOUT:
		v = (int)tp->user_timeout_ms;
		break;
	case TCP_NOTSENT_LOWAT:
		v = (int)tp->notsent_lowat;
		break;
	case TCP_TIMESTAMP:
		v = (int)tcp_ts_now(tp);
		break;
	default: {
		int err = tcp_repair_get(tp, name, &v);

		if (err)
			return err;
		break;
	}
	}
	return put_bytes(val, len, &v, sizeof(v));
}

int tcp_ioctl(struct sock *sk, const struct caller *c, unsigned long req, void *arg)
{
	struct tcp_sock *tp = tcp_sk(sk);
	int v;

	switch (req) {
	case SIOCINQ:
		if (sk->state == TCP_LISTEN)
			return -EINVAL;
		v = (int)tcp_rx_queued(tp);
		break;
	case SIOCATMARK:
		v = tp->urg_data && tp->urg_seq == tp->copied_seq;
		break;
	case SIOCOUTQ:
		if (sk->state == TCP_LISTEN)
			return -EINVAL;
		v = tcp_state_in(tp, TCPF(SYN_SENT) | TCPF(SYN_RECV))
			? 0
			: (int)(tp->write_seq - tp->snd_una);
		break;
	case SIOCOUTQNSD:
		if (sk->state == TCP_LISTEN)
			return -EINVAL;
		v = tcp_state_in(tp, TCPF(SYN_SENT) | TCPF(SYN_RECV))
			? 0
			: (int)tcp_notsent(tp);
		break;
	default:
		return inet_ioctl(sk, c, req, arg);
	}
	memcpy(arg, &v, sizeof(v));
	return 0;
}

void tcp_opt_changed(struct sock *sk, int name)
{
	struct tcp_sock *tp = tcp_sk(sk);

	switch (name) {
	case SO_TIMESTAMPING_OLD:
		if (sk->stamp_fresh)
			sk->stamp_key =
			    sk->stamping & 1U << 16 ? tp->write_seq : tp->snd_una;
		sk->stamp_fresh = false;
		break;
	case SO_KEEPALIVE:
		if (tcp_state_in(tp, TCPF(CLOSE) | TCPF(LISTEN)))
			break;
		if (sk->keepalive)
			tcp_keepalive_set(tp, tcp_keep_idle(tp) * NS_PER_S);
		else
			timer_cancel(&tp->keep_timer);
		break;
	case SO_RCVBUF:
	case SO_RCVBUFFORCE:
		if (!tcp_state_in(tp, TCPF(CLOSE) | TCPF(LISTEN) | TCPF(SYN_SENT)))
			tp->window_clamp = max(sk->rcvbuf / 2, tp->rcv_wnd);
		break;
	case SO_SNDBUF:
		if (sk->state != TCP_CLOSE && sk->state != TCP_LISTEN)
			tcp_write_space(tp);
		break;
	case SO_RCVLOWAT:
		if (tcp_rx_queued(tp) >= max(sk->rcvlowat, 1U) &&
		    sk->state != TCP_LISTEN)
			sock_wake(sk, POLLIN | POLLRDNORM);
		break;
	default:
		inet_opt_changed(sk, name);
		break;
	}
}
