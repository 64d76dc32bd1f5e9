/* SPDX-License-Identifier: MIT */
/*
 * tcp_repair.c - TCP_REPAIR: taking a connection apart and putting it together
 * (rules N12.3 to N12.6)
 *
 * A program with the right (CAP_NET_ADMIN over the net) may look at both queues of
 * a connection without reading them, and set numbers, options and windows of a
 * socket that is not connected yet. While tp->repair is set:
 *
 *	connect()  ESTABLISHED at once, without a packet
 *	send()     to the receive queue, as if it had arrived; or to the send
 *		   queue, as if it had been sent
 *	recv()     MSG_PEEK only, from the queue that TCP_REPAIR_QUEUE chose
 *	close()    without a word to the peer
 *
 * What was put into the send queue is in flight like everything else: when
 * nothing acknowledges it, the retransmission timer sends it.
 */

#include "inet/tcp_impl.h"

#include <linux/tcp.h>

/* struct tcp_repair_opt: code is an option's kind */
enum { FIX_MSS = 2, FIX_WINDOW = 3, FIX_SACK = 4, FIX_TS = 8 };

int tcp_repair_switch(struct tcp_sock *tp, const struct caller *c, int v)
{
	struct sock *sk = &tp->is.sk;

	if (sk->state == TCP_LISTEN || (c && !caller_can_in(c, sk->net, CAP_NET_ADMIN)))
		return -EPERM;
	switch (v) {
	case TCP_REPAIR_ON:
		tp->repair = true;
		tp->repair_queue = TCP_NO_QUEUE;
		return 0;
	case TCP_REPAIR_OFF:
		tp->repair = false;
		if (sk->state == TCP_ESTABLISHED)
			tcp_send_keepalive(tp); /* the peer's answer opens the window */
		return 0;
	case TCP_REPAIR_OFF_NO_WP:
		tp->repair = false;
		return 0;
	default:
		return -EINVAL;
	}
}

int tcp_repair_set(struct tcp_sock *tp, int name, int v)
{
	switch (name) {
	case TCP_REPAIR_QUEUE:
		if (!tp->repair)
			return -EPERM;
		if (v < 0 || v >= TCP_QUEUES_NR)
			return -EINVAL;
		tp->repair_queue = (u8)v;
		return 0;
	case TCP_QUEUE_SEQ:
		if (tp->is.sk.state != TCP_CLOSE)
			return -EPERM;
		if (tp->repair_queue == TCP_SEND_QUEUE) {
			if (tp->rtx.root)
				return -EPERM;
			tp->write_seq = (u32)v;
		} else if (tp->repair_queue == TCP_RECV_QUEUE) {
			if (tp->rcv_nxt != tp->copied_seq)
				return -EPERM;
			tp->rcv_nxt = tp->copied_seq = (u32)v;
		} else {
			return -EINVAL;
		}
		return 0;
	case TCP_TIMESTAMP:
		if (!tp->repair)
			return -EPERM;
		tp->tsoffset = (u32)v - tcp_clock_ms(tcp_sknet(tp));
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int tcp_repair_get(const struct tcp_sock *tp, int name, int *v)
{
	switch (name) {
	case TCP_REPAIR:
		*v = tp->repair;
		return 0;
	case TCP_REPAIR_QUEUE:
		if (!tp->repair)
			return -EINVAL;
		*v = tp->repair_queue;
		return 0;
	case TCP_QUEUE_SEQ:
		if (tp->repair_queue == TCP_SEND_QUEUE)
			*v = (int)tp->write_seq;
		else if (tp->repair_queue == TCP_RECV_QUEUE)
			*v = (int)tp->rcv_nxt;
		else
			return -EINVAL;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int fix(struct tcp_sock *tp, const struct tcp_repair_opt *o)
{
	switch (o->opt_code) {
	case FIX_MSS:
		tp->mss_clamp = (u16)min(o->opt_val, 65495U);
		break;
	case FIX_WINDOW: {
		u16 snd = (u16)o->opt_val, rcv = (u16)(o->opt_val >> 16);

		if (snd > TCP_WSCALE_MAX || rcv > TCP_WSCALE_MAX)
			return -EFBIG;
		tp->snd_wscale = (u8)snd;
		tp->rcv_wscale = (u8)rcv;
		tp->wscale_ok = true;
		break;
	}
	case FIX_SACK:
		if (o->opt_val)
			return -EINVAL;
		tp->sack_ok = true;
		break;
	case FIX_TS:
		if (o->opt_val)
			return -EINVAL;
		tp->ts_ok = true;
		break;
	default: /* one that we do not have */
		break;
	}
	return 0;
}

int tcp_repair_options(struct tcp_sock *tp, const void *val, size_t len)
{
	struct tcp_repair_opt o;
	int err = 0;

	if (!tp->repair)
		return -EINVAL;
	if (tp->is.sk.state != TCP_ESTABLISHED || tp->bytes_sent)
		return -EPERM;
	for (size_t at = 0; len - at >= sizeof(o) && !err; at += sizeof(o)) {
		memcpy(&o, (const u8 *)val + at, sizeof(o));
		err = fix(tp, &o);
	}
	tp->pmtu = 0; /* the MSS depends on them */
	tcp_mss_sync(tp);
	return err;
}

int tcp_repair_set_window(struct tcp_sock *tp, const void *val, size_t len)
{
	struct tcp_repair_window w;

	if (!tp->repair)
		return -EPERM;
	if (len != sizeof(w))
		return -EINVAL;
	memcpy(&w, val, sizeof(w));
	if (w.max_window < w.snd_wnd || seq_after(w.snd_wl1, tp->rcv_nxt + w.rcv_wnd) ||
	    seq_after(w.rcv_wup, tp->rcv_nxt))
		return -EINVAL;
	tp->snd_wl1 = w.snd_wl1;
	tp->snd_wnd = w.snd_wnd;
	tp->max_window = w.max_window;
	tp->rcv_wnd = w.rcv_wnd;
	tp->rcv_wup = w.rcv_wup;
	return 0;
}

int tcp_repair_get_window(const struct tcp_sock *tp, void *val, socklen_t *len)
{
	const struct tcp_repair_window w = {
	    .snd_wl1 = tp->snd_wl1,
	    .snd_wnd = tp->snd_wnd,
	    .max_window = tp->max_window,
	    .rcv_wnd = tp->rcv_wnd,
	    .rcv_wup = tp->rcv_wup,
	};

	if (*len != sizeof(w))
		return -EINVAL;
	if (!tp->repair)
		return -EPERM;
	memcpy(val, &w, sizeof(w));
	return 0;
}

void tcp_repair_connect(struct tcp_sock *tp)
{
	tp->ts_ok = tp->sack_ok = tp->wscale_ok = tp->ecn_ok = false;
	tp->rcv_wup = tp->copied_seq = tp->rcv_nxt;
	tp->irs = tp->rcv_nxt - 1;
	tp->snd_wl1 = tp->rcv_nxt;
	tp->last_recv_ns = tcp_now(tp);
	tp->mss_clamp = tp->advmss;
	tp->pmtu = 0;
	tp->rcv_mss = (u16)min((u32)tp->advmss, 536U);
	tcp_set_state(tp, TCP_ESTABLISHED);
	tcp_established(tp);
	sock_wake(&tp->is.sk, POLLOUT | POLLWRNORM);
}

ssize_t tcp_repair_fill_rx(struct tcp_sock *tp, struct msg *m)
{
	struct sock *sk = &tp->is.sk;
	size_t left = msg_left(m), done = 0;

	while (left) {
		u32 n = (u32)min(left, (size_t)TCP_BLOCK);
		struct pkt *p = pkt_new(sk->net->worker, 0, n);

		if (!p)
			break;
		if (msg_take(m, pkt_put(p, n), n) != n) {
			pkt_free(p);
			return done ? (ssize_t)done : -EFAULT;
		}
		tcp_rx_fill(tp, p);
		done += n;
		left -= n;
	}
	return done || !msg_len(m) ? (ssize_t)done : -ENOMEM;
}

/* Bytes of one packet from @skip on to the reader. Return: false: a bad address */
static bool peek(struct msg *m, const struct pkt *p, size_t *done)
{
	u8 buf[4096];

	for (u32 off = 0; off < p->len && msg_left(m);) {
		u32 n = (u32)min(min((size_t)(p->len - off), msg_left(m)), sizeof(buf));

		pkt_copy(p, off, buf, n);
		if (msg_give(m, buf, n) != n)
			return false;
		off += n;
		*done += n;
	}
	return true;
}

ssize_t tcp_repair_peek_tx(struct tcp_sock *tp, struct msg *m)
{
	size_t done = 0;
	struct pkt *p;

	for (p = tcp_rtx_head(tp); p; p = tcp_tx_pkt(tree_next(&tcp_tx(p)->node)))
		if (!peek(m, p, &done))
			return -EFAULT;
	list_for_each(p, &tp->unsent, node)
		if (!peek(m, p, &done))
			return -EFAULT;
	return (ssize_t)done;
}
