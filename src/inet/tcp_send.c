/* SPDX-License-Identifier: MIT */
/*
 * tcp_send.c - TCP, the socket's side: send()
 *
 * Bytes are copied once, into blocks; packets are runs over them, filled up to
 * tcp_size_goal() before the next is begun. Whether there is room (SO_SNDBUF,
 * TCP_NOTSENT_LOWAT) is asked when a packet is begun, so a write may take a
 * packet more than the buffer has.
 *
 * What a program may ask about the fate of its bytes comes by the error queue:
 * MSG_ZEROCOPY (the bytes are copied, so it is told at once, and told so:
 * SO_EE_CODE_ZEROCOPY_COPIED), and SO_TIMESTAMPING's stamps, whose mark lies on
 * the packet that ends with the last byte of the write. MSG_EOR closes a packet
 * likewise: nothing is added to it.
 */

#include "inet/tcp.h"

#include "inet/tcp_impl.h"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/tcp.h>

/* The packet at the end of the queue, if it may grow */
static struct pkt *open_packet(const struct tcp_sock *tp)
{
	struct pkt *p = list_last(&tp->unsent, struct pkt, node);

	return p && !(tcp_tx(p)->flags & (TCPHDR_FIN | TCPHDR_SYN)) &&
		       !tcp_tx(p)->marks && p->len < TCP_PACKET
		   ? p
		   : NULL;
}

static struct pkt *fresh_packet(struct tcp_sock *tp)
{
	struct pkt *p = tcp_tx_new(tp);

	if (!p)
		return NULL;
	tcp_tx(p)->seq = tcp_tx(p)->end_seq = tp->write_seq;
	list_add_tail(&tp->unsent, &p->node);
	return p;
}

/* Room in the block being filled, or a new one */
static struct block *write_block(struct tcp_sock *tp, size_t want)
{
	struct block *b = tp->wblock;
	u32 size = TCP_BLOCK;

	if (b && b->used < b->size)
		return b;
	/* the first bytes of a quiet connection: as small as they are */
	if (!b && !tp->rtx.root && list_empty(&tp->unsent))
		size = (u32)clamp((want + 1023) & ~(size_t)1023, (size_t)1024,
				  (size_t)TCP_BLOCK);
	b = block_new(tcp_sknet(tp)->worker, size);
	if (!b)
		return NULL;
	if (tp->wblock)
		block_put(tp->wblock);
	tp->wblock = b;
	return b;
}

/* To the end of @p (NULL: of a new packet). Return: as tcp_append() */
static ssize_t append_to(struct tcp_sock *tp, struct pkt *p, struct msg *m, size_t left)
{
	struct sock *sk = &tp->is.sk;
	struct block *b = write_block(tp, left);
	u32 n, at;
	int err;

	if (!b)
		return -ENOBUFS;
	if (!p)
		p = fresh_packet(tp);
	if (!p)
		return -ENOBUFS;
	at = b->used;
	n = (u32)min(left, (size_t)(b->size - at));
	n = min(n, TCP_PACKET - p->len);
	n = (u32)msg_take(m, b->data + at, n);
	if (!n) {
		err = -EFAULT;
		goto err_empty;
	}
	block_get(b);
	if (pkt_add_frag(p, b, at, n)) {
		p = fresh_packet(tp);
		if (!p || pkt_add_frag(p, b, at, n)) {
			block_put(b);
			m->offset -= n;
			err = -ENOBUFS;
			goto err_empty;
		}
	}
	b->used += n;
	p->charge += n;
	sock_wmem_add(sk, n);
	tcp_tx(p)->end_seq += n;
	tp->write_seq += n;
	return n;

err_empty:
	p = list_last(&tp->unsent, struct pkt, node);
	if (p && !p->len && tcp_tx(p)->seq == tcp_tx(p)->end_seq)
		tcp_tx_free(tp, p);
	return err;
}

ssize_t tcp_append(struct tcp_sock *tp, struct msg *m, size_t left)
{
	return append_to(tp, open_packet(tp), m, left);
}

static bool half_window(const struct tcp_sock *tp)
{
	return tp->write_seq - tp->pushed_seq > tp->max_window / 2;
}

static void push_for(struct tcp_sock *tp, int flags)
{
	struct pkt *last = list_last(&tp->unsent, struct pkt, node);
	bool cork = tp->cork;

	if (last && (!(flags & MSG_MORE) || half_window(tp))) {
		tcp_tx(last)->flags |= TCPHDR_PSH;
		tp->pushed_seq = tp->write_seq;
	}
	if (flags & MSG_MORE)
		tp->cork = true;
	tcp_push(tp);
	tp->cork = cork;
}

/* A packet is full and more comes: send while the rest is copied */
static void packet_full(struct tcp_sock *tp, struct pkt *p)
{
	if (half_window(tp)) {
		tcp_tx(p)->flags |= TCPHDR_PSH;
		tp->pushed_seq = tp->write_seq;
		tcp_push_all(tp);
	} else if (p == list_first(&tp->unsent, struct pkt, node)) {
		tcp_push_one(tp);
	}
}

static bool has_room(const struct tcp_sock *tp)
{
	return tp->is.sk.wmem < tp->is.sk.sndbuf &&
	       tcp_notsent(tp) < tcp_notsent_low(tp);
}

/* What the namespace may still have in its queues, the packet itself not counted; when
 * it is nothing, it is remembered that one waits */
static size_t quota_left(struct tcp_sock *tp)
{
	struct net *net = tcp_sknet(tp);
	const struct quota *q = &net->quotas[QUOTA_QUEUED];

	if (likely(q->limit == QUOTA_NONE))
		return SIZE_MAX;
	if (quota_room(net, QUOTA_QUEUED, TCP_QUEUE_STEP))
		return q->limit - q->used - sizeof(struct pkt);
	net->quota_waited = true;
	return 0;
}

/* Return: bytes taken, or an error when none were */
static ssize_t take_all(struct tcp_sock *tp, struct msg *m, size_t left)
{
	u32 goal = tcp_size_goal(tp, tcp_current_mss(tp));
	size_t done = 0;

	while (left) {
		struct pkt *p = open_packet(tp);
		size_t most;
		ssize_t n;

		if (p && p->len >= goal)
			p = NULL;
		if ((!p && !has_room(tp)) || !(most = quota_left(tp))) {
			tp->no_space = true;
			return done ? (ssize_t)done : -EAGAIN;
		}
		most = min(most, (size_t)(goal - (p ? p->len : 0)));
		n = append_to(tp, p, m, min(left, most));
		if (n < 0)
			return done ? (ssize_t)done : n;
		done += (size_t)n;
		left -= (size_t)n;
		tcp_chrono_start(tp, TCP_CHRONO_BUSY);
		p = list_last(&tp->unsent, struct pkt, node);
		if (left && p && p->len >= goal)
			packet_full(tp, p);
	}
	return (ssize_t)done;
}

/* ---- what becomes of it ---- */

/* Packets that were queued by a write are not acknowledged yet: the last has the marks
 */
static void mark_end(struct tcp_sock *tp, const struct msg *m)
{
	struct sock *sk = &tp->is.sk;
	struct pkt *p = list_last(&tp->unsent, struct pkt, node);
	u8 marks = m->flags & MSG_EOR ? TXM_EOR : 0;

	if (sk->stamping & SOF_TIMESTAMPING_TX_SCHED)
		marks |= TXM_SCHED;
	if (sk->stamping & SOF_TIMESTAMPING_TX_SOFTWARE)
		marks |= TXM_SENT;
	if (sk->stamping & SOF_TIMESTAMPING_TX_ACK)
		marks |= TXM_ACKED;
	if (p && marks && p->len)
		tcp_tx(p)->marks |= marks;
}

static void tell_stamp(struct tcp_sock *tp, const struct pkt *p, u32 kind)
{
	const struct sock *sk = &tp->is.sk;
	struct sock_extended_err ee = {
	    .ee_errno = ENOMSG,
	    .ee_origin = SO_EE_ORIGIN_TIMESTAMPING,
	    .ee_info = kind,
	};

	if (!(sk->stamping & SOF_TIMESTAMPING_SOFTWARE))
		return;
	if (sk->stamping & SOF_TIMESTAMPING_OPT_ID)
		ee.ee_data = tcp_tx(p)->seq + p->len - 1 - sk->stamp_key;
	inet_queue_notice(&tp->is,
			  sk->stamping & SOF_TIMESTAMPING_OPT_TSONLY ? NULL : p, &ee,
			  clock_wall(sk->net->w));
}

void tcp_tx_stamps(struct tcp_sock *tp, const struct pkt *p, bool acked)
{
	u8 marks = tcp_tx(p)->marks;

	if (acked && marks & TXM_ACKED)
		tell_stamp(tp, p, SCM_TSTAMP_ACK);
	if (!acked && marks & TXM_SCHED)
		tell_stamp(tp, p, SCM_TSTAMP_SCHED);
	if (!acked && marks & TXM_SENT)
		tell_stamp(tp, p, SCM_TSTAMP_SND);
}

ssize_t tcp_send(struct sock *sk, struct msg *m)
{
	struct tcp_sock *tp = tcp_sk(sk);
	size_t left = msg_left(m);
	bool zerocopy = m->flags & MSG_ZEROCOPY && sk->zerocopy && left;
	ssize_t n;
	int err;

	if (m->flags & MSG_FASTOPEN || tp->fo_defer) {
		if (tcp_fo_send(tp, m, &n)) {
			if (n > 0 && zerocopy)
				inet_tell_zerocopy(&tp->is);
			return n;
		}
	}
	if (sk->err)
		goto err_pipe;
	if (tcp_state_in(tp, TCPF(SYN_SENT) | TCPF(SYN_RECV)) && !tp->fo_synack)
		return -EAGAIN;
	if (sk->shut & SEND_SHUTDOWN ||
	    !tcp_state_in(tp, TCPF(ESTABLISHED) | TCPF(CLOSE_WAIT) | TCPF(SYN_RECV)))
		goto err_pipe;
	if (tp->repair && tp->repair_queue == TCP_RECV_QUEUE)
		return tcp_repair_fill_rx(tp, m);
	if (tp->repair && tp->repair_queue == TCP_NO_QUEUE)
		return -EINVAL;
	n = take_all(tp, m, left);
	if (n > 0) {
		if (m->flags & MSG_OOB)
			tp->snd_up = tp->write_seq;
		if ((size_t)n == left || sk->stamping)
			mark_end(tp, m);
		/* what did not fit makes the caller wait: do not hold the rest */
		push_for(tp, (size_t)n < left ? 0 : m->flags);
		if (zerocopy)
			inet_tell_zerocopy(&tp->is);
	}
	return n;

err_pipe:
	err = sock_error(sk);
	return err ? -err : -EPIPE;
}
