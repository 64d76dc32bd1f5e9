/* SPDX-License-Identifier: MIT */
/*
 * tcp_in.c - a segment arrives: RFC 9293 §3.10.7 in its order
 *
 * tcp_receive() reads the segment once into a struct tcp_seg, finds who it is
 * for (connection, request, TIME_WAIT, listener; else a reset answers, §3.10.7.1)
 * and hands both on. For a connection in a synchronized state the steps of
 * §3.10.7.4 are, in this order and each in a function:
 *
 *	1 sequence number    validate(): PAWS (RFC 7323 §5), window
 *	2 RST                validate(): exact, else a challenge (RFC 5961 §3.2)
 *	4 SYN                validate(): a challenge (RFC 5961 §4.2)
 *	5 ACK                ack(): bounds (RFC 5961 §5.2), SACK, window, tcp_loss.c
 *	6 URG                urgent()
 *	7 text               data(): in order, duplicate, out of order
 *	8 FIN                fin()
 *
 * then what may be sent is sent, and an ACK now or delayed (RFC 5681 §4.2).
 *
 * Receive side invariants: (1) packets in sk->rx_queue are contiguous, may
 * overlap at their fronts, and end at rcv_nxt; a reader begins at copied_seq.
 * (2) the tree ooo has packets beyond rcv_nxt, none inside another. (3) rmem is
 * the sum of the charge of both. The window is made of half of the free buffer;
 * small packets are merged so that overhead stays within the other half.
 */

#include "core/filter.h"
#include "core/tunable.h"
#include "inet/tcp_impl.h"
#include "ip/neigh.h"
#include "wire/csum.h"

#include <linux/tcp.h>

#define MERGE_SMALL 1024U /* payload worth copying to save a packet */
#define MERGE_BLOCK 16384U
#define PAWS_VALID  (24ULL * 24 * 3600 * NS_PER_S) /* RFC 7323 §5.5 */

/* ---- the receive queues ---- */

static void charge_rx(struct tcp_sock *tp, struct pkt *p)
{
	p->charge = pkt_truesize(p);
	sock_rmem_add(&tp->is.sk, p->charge);
}

static void free_rx(struct tcp_sock *tp, struct pkt *p)
{
	sock_rmem_add(&tp->is.sk, -(s64)p->charge);
	p->charge = 0;
	pkt_free(p);
}

void tcp_clear_ooo(struct tcp_sock *tp)
{
	struct pkt *p;

	while ((p = tcp_rx_pkt(tree_first(&tp->ooo)))) {
		tree_remove(&tp->ooo, &tcp_rx(p)->node);
		free_rx(tp, p);
	}
	tp->n_ooo = 0;
	tp->n_sacks = 0;
}

/* Make the bytes of @p a part of @last. Return: true when @p is gone */
static bool merge(struct pkt *last, struct pkt *p)
{
	struct frag *f;

	if (p->n_frags && !p->linear) {
		if (last->n_frags + p->n_frags > PKT_FRAGS)
			return false;
		if (last->len + p->len > 2 * PKT_MAX)
			return false;
		/* the blocks move; contiguous ones become one piece */
		if (pkt_append_pkt(last, p, 0, p->len))
			return false;
		pkt_free(p);
		return true;
	}
	if (p->len > MERGE_SMALL || last->len + p->len > PKT_MAX)
		return false;
	if (!last->n_frags && p->len <= pkt_tailroom(last)) {
		pkt_copy(p, 0, pkt_put(last, p->len), p->len);
		pkt_free(p);
		return true;
	}
	/* into a block of the receiver's own, at the end of @last */
	f = last->n_frags ? &last->frag[last->n_frags - 1] : NULL;
	if (!f || f->block->size != MERGE_BLOCK || f->off + f->len != f->block->used ||
	    f->block->used + p->len > f->block->size) {
		struct block *b;

		if (last->n_frags == PKT_FRAGS)
			return false;
		b = block_new(p->worker, MERGE_BLOCK);
		if (!b)
			return false;
		pkt_copy(p, 0, b->data, p->len);
		b->used = p->len;
		if (pkt_add_frag(last, b, 0, p->len)) {
			block_put(b);
			return false;
		}
	} else {
		pkt_copy(p, 0, f->block->data + f->block->used, p->len);
		f->block->used += p->len;
		f->len += p->len;
		last->len += p->len;
	}
	pkt_free(p);
	return true;
}

/* To the end of the queue the reader reads; advances rcv_nxt */
static void queue_in_order(struct tcp_sock *tp, struct pkt *p)
{
	struct sock *sk = &tp->is.sk;
	struct pkt *last = list_last(&sk->rx_queue, struct pkt, node);
	u32 end = tcp_rx(p)->end_seq, seq = tcp_rx(p)->seq;
	u32 data_end = seq + p->len;

	tp->bytes_received +=
	    seq_after(data_end, tp->rcv_nxt) ? data_end - tp->rcv_nxt : 0;
	tp->rcv_nxt = end;
	if (!p->len) {
		pkt_free(p);
		return;
	}
	if (last && seq == tcp_rx(last)->end_seq) {
		u32 old = last->charge;

		if (merge(last, p)) {
			tcp_rx(last)->end_seq = data_end;
			last->charge = pkt_truesize(last);
			sock_rmem_add(sk, (s64)last->charge - old);
			MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPRCVCOALESCE);
			return;
		}
	}
	tcp_rx(p)->end_seq = data_end;
	charge_rx(tp, p);
	list_add_tail(&sk->rx_queue, &p->node);
	sk->rx_queued++;
}

void tcp_rx_fill(struct tcp_sock *tp, struct pkt *p)
{
	tcp_rx(p)->seq = tp->rcv_nxt;
	tcp_rx(p)->end_seq = tp->rcv_nxt + p->len;
	tcp_rx(p)->flags = 0;
	queue_in_order(tp, p);
	sock_wake(&tp->is.sk, POLLIN | POLLRDNORM);
}

/* ---- SACK that we send ---- */

static void dsack(struct tcp_sock *tp, u32 start, u32 end, bool old)
{
	if (!tp->sack_ok || !tcp_tun(tcp_sknet(tp), T_DSACK))
		return;
	MIB_EXT(tcp_sknet(tp),
		old ? LINUX_MIB_TCPDSACKOLDSENT : LINUX_MIB_TCPDSACKOFOSENT);
	tp->dsack_pending = true;
	tp->dsack = (struct tcp_sack_range){start, end};
}

/* RFC 2018 §4: the block with the newest segment first */
static void sack_add(struct tcp_sock *tp, u32 start, u32 end)
{
	u32 n = 0;
	struct tcp_sack_range r = {start, end}, keep[TCP_SACKS_MAX] = {0};

	for (u32 i = 0; i < tp->n_sacks; i++) {
		const struct tcp_sack_range *s = &tp->sacks[i];

		if (seq_after(s->start, r.end) || seq_before(s->end, r.start)) {
			if (n < TCP_SACKS_MAX - 1)
				keep[n++] = *s;
			continue;
		}
		if (seq_before(s->start, r.start))
			r.start = s->start;
		if (seq_after(s->end, r.end))
			r.end = s->end;
	}
	tp->sacks[0] = r;
	memcpy(tp->sacks + 1, keep, n * sizeof(keep[0]));
	tp->n_sacks = n + 1;
}

static void sack_trim(struct tcp_sock *tp)
{
	u32 n = 0;

	for (u32 i = 0; i < tp->n_sacks; i++)
		if (seq_after(tp->sacks[i].start, tp->rcv_nxt))
			tp->sacks[n++] = tp->sacks[i];
	tp->n_sacks = n;
}

/* ---- when to ACK ---- */

void tcp_enter_quickack(struct tcp_sock *tp, u32 most)
{
	u32 n = tp->rcv_wnd / (2 * max((u32)tp->rcv_mss, 1U));

	n = clamp(n, 2U, most);
	tp->quick = (u8)max((u32)tp->quick, n);
	tp->pingpong = 0;
	tp->ato_ms = 40;
}

static void guess_rcv_mss(struct tcp_sock *tp, const struct pkt *p)
{
	u32 len = p->gso_size ? p->gso_size : p->len;

	if (len >= tp->rcv_mss)
		tp->rcv_mss = (u16)min(len, (u32)max((u32)tp->advmss, 88U));
	else if (len >= 536 && tp->rcv_mss > len && p->len == len)
		tp->rcv_mss = (u16)((tp->rcv_mss * 7U + len) / 8);
}

/* The buffer may hold more than the window says: open it (slowly at first) */
static void grow_window(struct tcp_sock *tp, const struct pkt *p)
{
	u32 top = min(tp->window_clamp, tcp_space(tp)), step;

	if (tp->rcv_ssthresh >= top)
		return;
	/* packets that are mostly overhead earn nothing */
	if (pkt_truesize(p) > 2 * p->len + 2048)
		return;
	step = 2 * max((u32)tp->advmss, p->len);
	tp->rcv_ssthresh += min(step, top - tp->rcv_ssthresh);
	tp->quick |= 1;
}

static void rcv_rtt_sample(struct tcp_sock *tp, u64 us, bool window_based)
{
	u32 m = (u32)clamp(us, 1ULL, 1ULL << 27);

	if (!tp->rcv_rtt_us)
		tp->rcv_rtt_us = m << 3;
	else if (!window_based)
		tp->rcv_rtt_us = tp->rcv_rtt_us - (tp->rcv_rtt_us >> 3) + m;
	else
		tp->rcv_rtt_us = min(tp->rcv_rtt_us, m << 3);
}

static void measure_rcv_rtt(struct tcp_sock *tp, const struct tcp_seg *sg)
{
	/* a window full takes at least a round trip */
	if (!tp->rcv_rtt_ns || !seq_before(tp->rcv_nxt, tp->rcv_rtt_seq)) {
		if (tp->rcv_rtt_ns)
			rcv_rtt_sample(tp, (tcp_now(tp) - tp->rcv_rtt_ns) / NS_PER_US,
				       true);
		tp->rcv_rtt_seq = tp->rcv_nxt + tp->rcv_wnd;
		tp->rcv_rtt_ns = tcp_now(tp);
	}
	if (sg->has_ts && sg->o.ts_ecr && sg->o.ts_ecr != tp->last_tsecr &&
	    sg->len >= tp->rcv_mss) {
		u32 ms = tcp_ts_now(tp) - sg->o.ts_ecr;

		tp->last_tsecr = sg->o.ts_ecr;
		if (ms < 1U << 20)
			rcv_rtt_sample(tp, ms ? ms * 1000ULL : 500, false);
	}
}

/* The marks of a data packet: RFC 3168 §6.1.3 */
static void ecn_arrived(struct tcp_sock *tp, const struct tcp_seg *sg)
{
	if (!tp->ecn_ok)
		return;
	if (sg->flags & TCPHDR_CWR) {
		tp->ecn_echo = false;
		tp->ack_pending = ACK_NOW; /* its window may be a single packet */
	}
	switch (sg->tos & 3) {
	case 0: /* the peer sent it again, it is in trouble */
		if (tp->ecn_seen)
			tcp_enter_quickack(tp, 2);
		break;
	case 3:
		tp->received_ce++;
		if (!tp->ecn_echo)
			tcp_enter_quickack(tp, 2);
		tp->ecn_echo = true;
		tp->ecn_seen = true;
		break;
	default:
		tp->ecn_seen = true;
		break;
	}
}

static void data_arrived(struct tcp_sock *tp, const struct pkt *p,
			 const struct tcp_seg *sg)
{
	u64 now = tcp_now(tp);

	tp->ack_pending = max(tp->ack_pending, (u8)ACK_DELAYED);
	ecn_arrived(tp, sg);
	guess_rcv_mss(tp, p);
	measure_rcv_rtt(tp, sg);
	if (!tp->ato_ms) {
		/* the first: the peer is in slow start and wants ACKs */
		u32 n = tp->rcv_wnd / (2 * max((u32)tp->rcv_mss, 1U));

		tp->quick = (u8)clamp(n, 2U, 16U);
		tp->ato_ms = 40;
	} else {
		u64 ms = (now - tp->last_data_recv_ns) / NS_PER_MS;

		if (ms <= 20)
			tp->ato_ms = tp->ato_ms / 2 + 20;
		else if (ms < tp->ato_ms)
			tp->ato_ms =
			    (u32)min(tp->ato_ms / 2 + ms, tp->rto_ns / NS_PER_MS);
		else if (ms > tp->rto_ns / NS_PER_MS)
			tp->quick = max(tp->quick, (u8)16); /* it was idle: restart */
	}
	tp->last_data_recv_ns = now;
	if (sg->len >= 128)
		grow_window(tp, p);
}

static void ack_check(struct tcp_sock *tp)
{
	if (!tp->ack_pending || tp->is.sk.state == TCP_CLOSE)
		return;
	if (tp->rcv_nxt - tp->rcv_wup > tp->rcv_mss || tp->ack_pending >= ACK_NOW ||
	    (tp->quick && !tp->pingpong) || tp->quickack_user || tp->ooo.root) {
		tcp_send_ack(tp);
		return;
	}
	tcp_delack_set(tp);
}

/* ---- buffer auto-tuning (dynamic right-sizing) ---- */

void tcp_init_rcv_space(struct tcp_sock *tp)
{
	tp->rcv_space = min(tp->rcv_wnd, TCP_INIT_CWND * (u32)tp->advmss);
	tp->rcv_space_ns = tcp_now(tp);
	tp->rcv_space_seq = tp->copied_seq;
}

/* The reader has read: twice of what it took in a round trip shall fit */
void tcp_rcv_space_adjust(struct tcp_sock *tp)
{
	struct net *net = tcp_sknet(tp);
	struct sock *sk = &tp->is.sk;
	u32 copied;

	if (!tp->rcv_rtt_us ||
	    tcp_now(tp) - tp->rcv_space_ns < (u64)(tp->rcv_rtt_us >> 3) * NS_PER_US)
		return;
	copied = tp->copied_seq - tp->rcv_space_seq;
	if (copied > tp->rcv_space) {
		if (tcp_tun(net, T_MODERATE_RCVBUF) && !sk->rcvbuf_locked) {
			u64 most = (u64)tunable_get(net, &tcp_tunables[T_RMEM], 2);
			u64 want = 2ULL * copied + 16ULL * tp->advmss;

			/* still growing: leave room for the next doubling */
			want += 2 * (want * (copied - tp->rcv_space) /
				     max(tp->rcv_space, 1U));
			want = min(2 * want, most);
			if (want > sk->rcvbuf) {
				sk->rcvbuf = (u32)want;
				tp->window_clamp = (u32)(want / 2);
				if (tp->user_window_clamp)
					tp->window_clamp = min(tp->window_clamp,
							       tp->user_window_clamp);
			}
		}
		tp->rcv_space = copied;
	}
	tp->rcv_space_seq = tp->copied_seq;
	tp->rcv_space_ns = tcp_now(tp);
}

/* ---- step 8: FIN ---- */

static void fin(struct tcp_sock *tp)
{
	struct sock *sk = &tp->is.sk;

	sk->shut |= RCV_SHUTDOWN;
	tp->ack_pending = ACK_NOW;
	switch (sk->state) {
	case TCP_SYN_RECV:
	case TCP_ESTABLISHED:
		tcp_set_state(tp, TCP_CLOSE_WAIT);
		tp->pingpong = 1;
		break;
	case TCP_FIN_WAIT1:
		tcp_send_ack(tp);
		tcp_set_state(tp, TCP_CLOSING);
		break;
	case TCP_FIN_WAIT2:
		tcp_send_ack(tp);
		tcp_time_wait(tp, TCP_TIME_WAIT, TCP_TIMEWAIT);
		break;
	default: /* CLOSE_WAIT, CLOSING, LAST_ACK: a FIN again */
		break;
	}
	tcp_clear_ooo(tp);
	sock_wake(sk, POLLIN | POLLRDNORM | POLLRDHUP |
			  (sk->shut == 3 || sk->state == TCP_CLOSE ? POLLHUP : 0));
}

/* ---- step 7: text ---- */

static void drain_ooo(struct tcp_sock *tp)
{
	struct pkt *p;

	while ((p = tcp_rx_pkt(tree_first(&tp->ooo)))) {
		struct tcp_rx *rx = tcp_rx(p);
		bool is_fin = rx->flags & TCPHDR_FIN;

		if (seq_after(rx->seq, tp->rcv_nxt))
			break;
		tree_remove(&tp->ooo, &rx->node);
		tp->n_ooo--;
		sock_rmem_add(&tp->is.sk, -(s64)p->charge);
		p->charge = 0;
		if (!seq_after(rx->end_seq, tp->rcv_nxt)) {
			pkt_free(p);
			continue;
		}
		queue_in_order(tp, p);
		if (is_fin) {
			fin(tp);
			break;
		}
	}
	sack_trim(tp);
}

/* In the socket's buffer and in what its namespace may queue */
static bool fits(const struct sock *sk, u32 need)
{
	return (u64)sk->rmem + need <= sk->rcvbuf &&
	       quota_fits(sk->net, QUOTA_QUEUED, need);
}

/* Room for @p, if need be at the cost of what is furthest out of order */
static bool make_room(struct tcp_sock *tp, const struct pkt *p, u32 seq)
{
	struct sock *sk = &tp->is.sk;
	u32 need = pkt_truesize(p);

	while (!fits(sk, need)) {
		struct pkt *last = tcp_rx_pkt(tree_last(&tp->ooo));

		if (!last || seq_before(tcp_rx(last)->seq, seq))
			break;
		MIB_EXT(tcp_sknet(tp), LINUX_MIB_OFOPRUNED);
		tree_remove(&tp->ooo, &tcp_rx(last)->node);
		tp->n_ooo--;
		free_rx(tp, last);
		tp->n_sacks = 0; /* we take back what we said: RFC 2018 §8 */
	}
	return fits(sk, need);
}

static void queue_ooo(struct tcp_sock *tp, struct pkt *p, const struct tcp_seg *sg)
{
	struct tree_node *parent = NULL, **where = &tp->ooo.root, *n;
	struct tcp_rx *rx = tcp_rx(p);
	struct net *net = tcp_sknet(tp);

	MIB_EXT(net, LINUX_MIB_TCPOFOQUEUE);
	tp->ack_pending = ACK_NOW;
	tp->rcv_ooopack += p->gso_segs ? p->gso_segs : 1;
	if (!make_room(tp, p, sg->seq)) {
		MIB_EXT(net, LINUX_MIB_TCPOFODROP);
		pkt_drop(net, p, DROP_SOCKET_FULL);
		return;
	}
	while (*where) {
		parent = *where;
		where = seq_before(rx->seq, tcp_rx(tcp_rx_pkt(parent))->seq)
			    ? &parent->left
			    : &parent->right;
	}
	tree_insert(&tp->ooo, &rx->node, parent, where);
	tp->n_ooo++;
	charge_rx(tp, p);
	/* inside the one before? */
	n = tree_prev(&rx->node);
	if (n && !seq_after(rx->end_seq, tcp_rx(tcp_rx_pkt(n))->end_seq)) {
		MIB_EXT(net, LINUX_MIB_TCPOFOMERGE);
		dsack(tp, rx->seq, rx->end_seq, false);
		sack_add(tp, rx->seq, rx->end_seq);
		goto drop;
	}
	/* those that lie inside this one go */
	while ((n = tree_next(&rx->node))) {
		struct pkt *q = tcp_rx_pkt(n);

		if (seq_after(tcp_rx(q)->end_seq, rx->end_seq))
			break;
		dsack(tp, tcp_rx(q)->seq, tcp_rx(q)->end_seq, false);
		tree_remove(&tp->ooo, n);
		tp->n_ooo--;
		free_rx(tp, q);
	}
	if (tp->sack_ok)
		sack_add(tp, rx->seq, rx->end_seq);
	return;

drop:
	tree_remove(&tp->ooo, &rx->node);
	tp->n_ooo--;
	free_rx(tp, p);
}

static void data_ready(struct tcp_sock *tp)
{
	struct sock *sk = &tp->is.sk;

	if (tp->rcv_nxt - tp->copied_seq >= max(sk->rcvlowat, 1U) ||
	    sk->shut & RCV_SHUTDOWN)
		sock_wake(sk, POLLIN | POLLRDNORM);
}

/* Consumes @p (data at the payload) */
static void data(struct tcp_sock *tp, struct pkt *p, struct tcp_seg *sg)
{
	struct net *net = tcp_sknet(tp);
	struct sock *sk = &tp->is.sk;
	u32 wnd = tcp_rcv_window(tp);

	if (sg->seq == sg->end_seq) {
		pkt_free(p);
		return;
	}
	if (!seq_after(sg->end_seq, tp->rcv_nxt)) {
		/* all of it was here already: our ACK was lost */
		MIB_EXT(net, LINUX_MIB_DELAYEDACKLOST);
		dsack(tp, sg->seq, sg->end_seq, true);
		goto out_of_window;
	}
	if (!seq_before(sg->seq, tp->rcv_nxt + max(wnd, sg->len ? 0U : 1U)))
		goto out_of_window;
	/* what lies behind the window is not ours to take */
	if (seq_after(sg->seq + p->len, tp->rcv_nxt + wnd)) {
		u32 keep = tp->rcv_nxt + wnd - sg->seq;

		pkt_trim(p, keep);
		sg->flags &= (u8)~TCPHDR_FIN;
		sg->end_seq = sg->seq + keep;
		sg->len = keep;
		if (!seq_after(sg->end_seq, tp->rcv_nxt))
			goto out_of_window;
	}
	tcp_rx(p)->seq = sg->seq;
	tcp_rx(p)->end_seq = sg->end_seq;
	tcp_rx(p)->flags = sg->flags;
	if (seq_after(sg->seq, tp->rcv_nxt)) {
		data_arrived(tp, p, sg);
		queue_ooo(tp, p, sg);
		return;
	}
	if (seq_before(sg->seq, tp->rcv_nxt)) {
		dsack(tp, sg->seq, tp->rcv_nxt, true);
		tp->ack_pending = ACK_NOW;
	}
	if (p->len && !make_room(tp, p, tp->rcv_nxt) &&
	    (sk->rmem > sk->rcvbuf ||
	     !quota_room(sk->net, QUOTA_QUEUED, pkt_truesize(p)))) {
		MIB_EXT(net, LINUX_MIB_TCPRCVQDROP);
		tp->ack_pending = ACK_NO_MEMORY;
		pkt_drop(net, p, DROP_SOCKET_FULL);
		return;
	}
	if (p->len)
		data_arrived(tp, p, sg);
	tp->data_segs_in += p->gso_segs ? p->gso_segs : (p->len != 0);
	queue_in_order(tp, p);
	if (sg->flags & TCPHDR_FIN)
		fin(tp);
	else if (tp->ooo.root)
		drain_ooo(tp);
	if (tp->n_sacks)
		sack_trim(tp);
	if (sk->state != TCP_CLOSE)
		data_ready(tp);
	return;

out_of_window:
	tcp_enter_quickack(tp, 16);
	tp->ack_pending = ACK_NOW;
	pkt_drop(net, p,
		 seq_after(sg->end_seq, tp->rcv_nxt) ? DROP_TCP_WINDOW
						     : DROP_TCP_OVERLAP);
}

/* ---- step 6: URG (RFC 6093) ---- */

#define URG_NOTYET 0x0200
#define URG_VALID  0x0100

static void urgent(struct tcp_sock *tp, const struct pkt *p, const struct tcp_seg *sg,
		   u32 data_off)
{
	struct sock *sk = &tp->is.sk;

	if (sg->flags & TCPHDR_URG) {
		u32 at = sg->seq + sg->urg;

		if (sg->urg && !tcp_tun(tcp_sknet(tp), T_STDURG))
			at--; /* the byte before, as everybody does */
		if (!seq_after(tp->copied_seq, at) && !seq_before(at, tp->rcv_nxt) &&
		    (!tp->urg_data || seq_after(at, tp->urg_seq))) {
			tp->urg_seq = at;
			tp->urg_data = URG_NOTYET;
			sock_wake(sk, POLLPRI);
		}
	}
	if (tp->urg_data == URG_NOTYET && !seq_before(tp->urg_seq, sg->seq) &&
	    tp->urg_seq - sg->seq < sg->len) {
		u8 byte;

		pkt_copy(p, data_off + tp->urg_seq - sg->seq, &byte, 1);
		tp->urg_data = (u16)(URG_VALID | byte);
		sock_wake(sk, POLLPRI);
	}
}

/* ---- step 5: ACK ---- */

static void store_ts(struct tcp_sock *tp, const struct tcp_seg *sg)
{
	if (!sg->has_ts || seq_after(sg->seq, tp->rcv_wup))
		return;
	if (tp->ts_recent && seq_before(sg->o.ts_val, tp->ts_recent) &&
	    tcp_now(tp) - tp->ts_recent_ns < PAWS_VALID)
		return;
	tp->ts_recent = sg->o.ts_val;
	tp->ts_recent_ns = tcp_now(tp);
}

static void update_window(struct tcp_sock *tp, const struct tcp_seg *sg,
			  struct tcp_ack *as)
{
	u32 wnd = sg->flags & TCPHDR_SYN ? sg->wnd : sg->wnd << tp->snd_wscale;

	if (!seq_after(sg->ack, tp->snd_una) && !seq_after(sg->seq, tp->snd_wl1) &&
	    !(sg->seq == tp->snd_wl1 && (wnd > tp->snd_wnd || !wnd)))
		return;
	tp->snd_wl1 = sg->seq;
	if (tp->snd_wnd == wnd)
		return;
	as->wnd_update = true;
	tp->snd_wnd = wnd;
	if (wnd > tp->max_window) {
		tp->max_window = wnd;
		tp->pmtu = 0; /* the MSS depends on it */
	}
}

/* The answer to a probe, or a window update with nothing in flight */
static void probe_answered(struct tcp_sock *tp)
{
	struct pkt *p = list_first(&tp->unsent, struct pkt, node);

	if (!p) {
		if (tp->rtx_mode == TCP_RTX_PROBE0)
			tcp_rtx_stop(tp);
		return;
	}
	if (!seq_after(tcp_tx(p)->seq + min(p->len, tp->mss_cache), tcp_wnd_end(tp))) {
		tp->backoff = 0;
		tp->probe_start_ns = 0;
		tcp_rtx_stop(tp);
	} else if (tp->rtx_mode == TCP_RTX_NONE) {
		tcp_check_probe(tp);
	}
}

static void confirm_neighbour(struct tcp_sock *tp)
{
	struct route *rt = tp->is.route;

	/* once a second is enough: reachable times are longer */
	if (!rt || tcp_now(tp) - tp->confirmed_ns < NS_PER_S)
		return;
	tp->confirmed_ns = tcp_now(tp);
	neigh_confirm(rt->dev, &rt->nexthop);
}

/* Return: false when the segment must be dropped (an ACK was sent if one is due) */
static bool ack(struct tcp_sock *tp, const struct tcp_seg *sg, struct tcp_ack *as)
{
	struct net *net = tcp_sknet(tp);

	as->rtt_us = -1;
	as->prior_una = tp->snd_una;
	as->prior_in_flight = tcp_in_flight(tp);
	as->prior_delivered = tp->delivered;
	as->prior_packets = tp->packets_out;
	as->prior_lost = tp->lost_out;
	if (seq_before(sg->ack, tp->snd_una)) {
		if (seq_before(sg->ack, tp->snd_una - tp->max_window)) {
			tcp_send_challenge(tp);
			return false;
		}
		/* old, but its SACK blocks may be news */
		if (sg->o.n_sacks && tp->packets_out &&
		    (tcp_sacktag(tp, sg, as) || as->dsack))
			tcp_recover(tp, sg, as);
		return true;
	}
	if (seq_after(sg->ack, tp->snd_nxt)) {
		tcp_send_challenge(tp);
		return false;
	}
	as->ece = tp->ecn_ok && (sg->flags & (TCPHDR_ECE | TCPHDR_SYN)) == TCPHDR_ECE;
	as->una_advanced = seq_after(sg->ack, tp->snd_una);
	if (as->una_advanced) {
		tp->retransmits = 0;
		as->bytes_acked = sg->ack - tp->snd_una;
	}
	store_ts(tp, sg);
	update_window(tp, sg, as);
	tp->bytes_acked += as->bytes_acked;
	tp->snd_una = sg->ack;
	tp->is.sk.soft_err = 0;
	tp->probes_out = 0;
	tp->last_recv_ns = tcp_now(tp);
	if (!as->prior_packets) {
		probe_answered(tp);
		return true;
	}
	as->dup = !as->una_advanced && !sg->len && !as->wnd_update &&
		  !(sg->flags & (TCPHDR_SYN | TCPHDR_FIN));
	if (!sg->len)
		MIB_EXT(net, LINUX_MIB_TCPPUREACKS);
	tcp_sacktag(tp, sg, as);
	if (as->una_advanced)
		tcp_clean_rtx(tp, sg, as);
	if (as->una_advanced) {
		confirm_neighbour(tp);
		tcp_rearm_rto(tp);
	}
	tcp_recover(tp, sg, as);
	if (as->una_advanced && tp->packets_out && tp->rtx_mode == TCP_RTX_RTO)
		tcp_schedule_tlp(tp);
	if (!tp->packets_out)
		probe_answered(tp);
	if (as->una_advanced && tp->srtt_us)
		tp->delivery_rate =
		    (u64)(tp->delivered - as->prior_delivered + as->prior_in_flight) *
		    tp->mss_cache * 1000000 / max(tp->srtt_us >> 3, 1U);
	return true;
}

/* ---- steps 1, 2, 4 ---- */

static bool paws_ok(const struct tcp_sock *tp, const struct tcp_seg *sg)
{
	if (!tp->ts_ok || !sg->has_ts || !tp->ts_recent)
		return true;
	if (!seq_before(sg->o.ts_val, tp->ts_recent))
		return true;
	return tcp_now(tp) - tp->ts_recent_ns >= PAWS_VALID;
}

static void dup_ack(struct tcp_sock *tp, const struct tcp_seg *sg)
{
	if (sg->end_seq != sg->seq && seq_before(sg->seq, tp->rcv_nxt)) {
		u32 end =
		    seq_after(sg->end_seq, tp->rcv_nxt) ? tp->rcv_nxt : sg->end_seq;

		MIB_EXT(tcp_sknet(tp), LINUX_MIB_DELAYEDACKLOST);
		tcp_enter_quickack(tp, 16);
		dsack(tp, sg->seq, end, true);
	}
	tcp_send_ack(tp);
}

/* Return: DROP_NONE to go on, else why it goes no further */
static enum drop validate(struct tcp_sock *tp, const struct tcp_seg *sg)
{
	struct net *net = tcp_sknet(tp);
	bool rst = sg->flags & TCPHDR_RST;

	if (tp->fo_synack && sg->seq == tp->irs &&
	    (sg->flags & (TCPHDR_SYN | TCPHDR_ACK | TCPHDR_RST)) == TCPHDR_SYN) {
		tcp_send_synack_full(tp); /* it was lost */
		return DROP_TCP_OVERLAP;
	}
	if (!rst && !paws_ok(tp, sg)) {
		/* a pure ACK that was overtaken says nothing new */
		if (sg->len || sg->flags & (TCPHDR_SYN | TCPHDR_FIN) ||
		    seq_after(sg->ack, tp->snd_una)) {
			MIB_EXT(net, LINUX_MIB_PAWSESTABREJECTED);
			dup_ack(tp, sg);
		}
		return DROP_TCP_PAWS;
	}
	if (seq_before(sg->end_seq, tp->rcv_wup) ||
	    seq_after(sg->seq, tp->rcv_nxt + tcp_rcv_window(tp))) {
		if (!rst) {
			if (sg->flags & TCPHDR_SYN)
				tcp_send_challenge(tp);
			else
				dup_ack(tp, sg);
		}
		return DROP_TCP_WINDOW;
	}
	if (rst) {
		if (sg->seq == tp->rcv_nxt) {
			tcp_reset(tp, 0);
			return DROP_TCP_RST;
		}
		/* one that stands at the end of what is SACKed is exact, too */
		for (u32 i = 0; i < tp->n_sacks; i++)
			if (sg->seq == tp->sacks[i].end) {
				tcp_reset(tp, 0);
				return DROP_TCP_RST;
			}
		tcp_send_challenge(tp);
		return DROP_TCP_RST;
	}
	if (sg->flags & TCPHDR_SYN && tp->is.sk.state == TCP_SYN_RECV &&
	    sg->flags & TCPHDR_ACK && sg->seq + 1 == tp->rcv_nxt &&
	    sg->ack == tp->snd_nxt)
		return DROP_NONE; /* both called: its answer to our SYN */
	if (sg->flags & TCPHDR_SYN) {
		MIB_EXT(net, LINUX_MIB_TCPSYNCHALLENGE);
		tcp_send_challenge(tp);
		return DROP_TCP_BAD_FLAGS;
	}
	return DROP_NONE;
}

/* ---- SYN-SENT: §3.10.7.3 ---- */

static void take_syn(struct tcp_sock *tp, const struct tcp_seg *sg)
{
	tp->irs = sg->seq;
	tp->rcv_nxt = sg->seq + 1;
	tp->rcv_wup = tp->rcv_nxt;
	tp->copied_seq = tp->rcv_nxt;
	tp->snd_wl1 = sg->seq;
	tp->snd_wnd = sg->wnd;
	tp->max_window = sg->wnd;
	tp->ts_ok = tp->ts_ok && sg->has_ts;
	if (tp->ts_ok) {
		tp->ts_recent = sg->o.ts_val;
		tp->ts_recent_ns = tcp_now(tp);
	}
	tp->sack_ok = tp->sack_ok && sg->o.sack_ok;
	tp->ecn_ok =
	    tp->ecn_ok &&
	    (sg->flags & (TCPHDR_ECE | TCPHDR_CWR)) ==
		(sg->flags & TCPHDR_ACK ? TCPHDR_ECE : TCPHDR_ECE | TCPHDR_CWR);
	tp->wscale_ok = tp->wscale_ok && sg->o.present & TCP_HAS_WSCALE;
	if (tp->wscale_ok) {
		tp->snd_wscale = sg->o.wscale;
	} else {
		tp->rcv_wscale = 0;
		tp->window_clamp = min(tp->window_clamp, 65535U);
		tp->rcv_wnd = min(tp->rcv_wnd, 65535U);
	}
	tp->mss_clamp = sg->o.present & TCP_HAS_MSS ? sg->o.mss : 536;
	tp->pmtu = 0;
	tcp_mss_sync(tp);
	tp->rcv_mss = (u16)clamp((u32)min((u32)tp->advmss, tp->mss_cache), 88U, 536U);
	tp->last_recv_ns = tcp_now(tp);
}

void tcp_take_syn_data(struct tcp_sock *tp, struct pkt *p, struct tcp_seg *sg)
{
	u32 ssthresh = tp->rcv_ssthresh;

	tp->syn_data_acked |= sg->len != 0;
	sg->seq++;
	sg->flags &= (u8)~TCPHDR_SYN;
	pkt_pull(p, sg->data_off);
	data(tp, p, sg);
	sg->seq--;
	tp->rcv_ssthresh = ssthresh; /* nothing is known of its reader yet */
}

/* Consumes @p */
static void syn_sent(struct tcp_sock *tp, struct pkt *p, struct tcp_seg *sg)
{
	struct net *net = tcp_sknet(tp);
	struct tcp_ack as = {.rtt_us = -1, .una_advanced = true};

	if (sg->flags & TCPHDR_ACK) {
		if (!seq_after(sg->ack, tp->snd_una) ||
		    seq_after(sg->ack, tp->snd_nxt)) {
			tcp_reply_reset(net, sg);
			goto drop;
		}
		if (sg->has_ts && sg->o.ts_ecr &&
		    (s32)(tcp_ts_now(tp) - sg->o.ts_ecr) < 0) {
			MIB_EXT(net, LINUX_MIB_PAWSACTIVEREJECTED);
			tcp_reply_reset(net, sg);
			goto drop;
		}
		if (sg->flags & TCPHDR_RST) {
			tcp_reset(tp, ECONNREFUSED);
			goto drop;
		}
		if (!(sg->flags & TCPHDR_SYN))
			goto drop;
		as.prior_una = tp->snd_una;
		take_syn(tp, sg);
		tp->snd_una = sg->ack;
		tp->retransmits = 0;
		tcp_clean_rtx(tp, sg, &as);
		tcp_rtx_stop(tp);
		tcp_rearm_rto(tp);
		tp->ca_state = CA_OPEN;
		tp->undo_marker = 0;
		tcp_set_state(tp, TCP_ESTABLISHED);
		tcp_established(tp);
		tp->rcv_ssthresh = tp->rcv_wnd;
		tcp_fo_synack(tp, sg);
		if (tp->syn_data && !tp->lost_out)
			tcp_take_syn_data(tp, p, sg);
		else
			pkt_free(p);
		sock_wake(&tp->is.sk, POLLOUT | POLLWRNORM);
		if (tp->lost_out) {
			tcp_xmit_recovery(tp); /* carries the ACK */
		} else if (tp->is.sk.writers && !tp->ack_pending) {
			/* data comes at once and takes it along */
			tp->ack_pending = ACK_DELAYED;
			tp->last_data_recv_ns = tcp_now(tp);
			tcp_enter_quickack(tp, 16);
			tcp_delack_set(tp);
		} else {
			tcp_send_ack(tp);
		}
		if (tp->is.sk.state != TCP_CLOSE)
			tcp_push(tp);
		return;
	}
	if (sg->flags & TCPHDR_RST || !(sg->flags & TCPHDR_SYN))
		goto drop;
	/* both sides called: §3.5 figure 7 */
	take_syn(tp, sg);
	tcp_set_state(tp, TCP_SYN_RECV);
	tcp_send_synack_full(tp);
drop:
	pkt_drop(net, p, sg->flags & TCPHDR_RST ? DROP_TCP_RST : DROP_TCP_BAD_FLAGS);
}

/* ---- a segment for a connection ---- */

/* After our FIN was acknowledged, or in SYN_RECV. @fast: fast open has begun already.
 * Return: false: stop here */
static bool after_ack(struct tcp_sock *tp, const struct tcp_seg *sg, bool fast)
{
	struct sock *sk = &tp->is.sk;
	bool all = tp->fin_queued && tp->snd_una == tp->write_seq;

	switch (sk->state) {
	case TCP_SYN_RECV:
		tp->snd_wnd = sg->wnd << tp->snd_wscale;
		tp->snd_wl1 = sg->seq;
		tp->max_window = max(tp->max_window, tp->snd_wnd);
		tp->pmtu = 0;
		tp->delivered++; /* the SYN-ACK */
		tcp_synack_rtt(tp, sg);
		tcp_set_state(tp, TCP_ESTABLISHED);
		if (!fast)
			tcp_established(tp);
		sock_wake(sk, POLLOUT | POLLWRNORM);
		break;
	case TCP_FIN_WAIT1: {
		u64 tmo;

		if (!all)
			break;
		tcp_set_state(tp, TCP_FIN_WAIT2);
		sk->shut |= SEND_SHUTDOWN;
		if (!sk->dead) {
			sock_wake(sk, POLLOUT);
			break;
		}
		if (tp->linger2_s < 0) {
			tcp_done(tp);
			MIB_EXT(sk->net, LINUX_MIB_TCPABORTONDATA);
			return false;
		}
		if (sg->end_seq != sg->seq &&
		    seq_after(sg->end_seq - !!(sg->flags & TCPHDR_FIN), tp->rcv_nxt)) {
			MIB_EXT(sk->net, LINUX_MIB_TCPABORTONDATA);
			tcp_reply_reset(sk->net, sg);
			tcp_done(tp);
			return false;
		}
		tmo = tcp_fin_time(tp);
		if (tmo > TCP_TIMEWAIT || sg->flags & TCPHDR_FIN) {
			tcp_keepalive_set(tp, tmo > TCP_TIMEWAIT ? tmo - TCP_TIMEWAIT
								 : tmo);
		} else {
			tcp_time_wait(tp, TCP_FIN_WAIT2, tmo);
			return false;
		}
		break;
	}
	case TCP_CLOSING:
		if (all) {
			tcp_time_wait(tp, TCP_TIME_WAIT, TCP_TIMEWAIT);
			return false;
		}
		break;
	case TCP_LAST_ACK:
		if (all) {
			tcp_done(tp);
			return false;
		}
		break;
	default:
		break;
	}
	return true;
}

/* Consumes @p, which is at the TCP header */
static void synchronized(struct tcp_sock *tp, struct pkt *p, struct tcp_seg *sg)
{
	struct net *net = tcp_sknet(tp);
	struct sock *sk = &tp->is.sk;
	struct tcp_ack as = {.rtt_us = -1};
	enum drop why = validate(tp, sg);
	bool fast;

	if (why)
		goto drop;
	why = DROP_TCP_BAD_FLAGS;
	if (!(sg->flags & TCPHDR_ACK))
		goto drop;
	why = DROP_TCP_OLD_ACK;
	if (sk->state == TCP_SYN_RECV &&
	    (!seq_after(sg->ack, tp->snd_una) || seq_after(sg->ack, tp->snd_nxt))) {
		tcp_reply_reset(net, sg);
		goto drop;
	}
	if (!ack(tp, sg, &as))
		goto drop;
	if (sk->state == TCP_CLOSE) /* recovery's output may have ended it */
		goto drop;
	fast = tp->fo_synack;
	if (fast) {
		tcp_fo_leave(tp);
		tp->retransmits = 0;
		tcp_rtx_stop(tp);
		tcp_rearm_rto(tp);
	}
	if (sk->state != TCP_ESTABLISHED && !after_ack(tp, sg, fast)) {
		pkt_free(p);
		return;
	}
	if (sg->flags & TCPHDR_URG || tp->urg_data)
		urgent(tp, p, sg, sg->data_off);
	/* data for a reader that is gone: RFC 9293 §3.6.1 (MUST-reset) */
	if (sk->shut & RCV_SHUTDOWN &&
	    tcp_state_in(tp, TCPF(FIN_WAIT1) | TCPF(FIN_WAIT2)) && sk->dead &&
	    sg->len &&
	    seq_after(sg->end_seq - !!(sg->flags & TCPHDR_FIN), tp->rcv_nxt)) {
		MIB_EXT(net, LINUX_MIB_TCPABORTONDATA);
		tcp_reply_reset(net, sg);
		tcp_done(tp);
		goto drop;
	}
	if (tcp_state_in(tp, TCPF(CLOSE_WAIT) | TCPF(CLOSING) | TCPF(LAST_ACK))) {
		/* behind the FIN there is nothing; an old segment wants an ACK */
		if (sg->seq != sg->end_seq) {
			if (seq_before(sg->seq, tp->rcv_nxt))
				dsack(tp, sg->seq,
				      seq_after(sg->end_seq, tp->rcv_nxt) ? tp->rcv_nxt
									  : sg->end_seq,
				      true);
			tp->ack_pending = ACK_NOW;
		}
		pkt_free(p);
	} else {
		pkt_pull(p, sg->data_off);
		data(tp, p, sg);
	}
	if (sk->state == TCP_CLOSE || tp->done)
		return;
	if (tcp_has_unsent(tp))
		tcp_push(tp);
	if (as.bytes_acked)
		tcp_write_space(tp);
	ack_check(tp);
	return;

drop:
	pkt_drop(net, p, why);
}

void tcp_process(struct tcp_sock *tp, struct pkt *p, struct tcp_seg *sg)
{
	struct sock *sk = &tp->is.sk;

	sock_get(sk);
	tp->segs_in += p->gso_segs ? p->gso_segs : 1;
	switch (sk->state) {
	case TCP_CLOSE:
	case TCP_LISTEN:
	case TCP_TIME_WAIT:
		pkt_drop(sk->net, p, DROP_NO_SOCKET);
		break;
	case TCP_SYN_SENT:
		syn_sent(tp, p, sg);
		break;
	default:
		synchronized(tp, p, sg);
		break;
	}
	sock_put(sk);
}

/* ---- from IP ---- */

/* Return: DROP_NONE, with @sg filled */
static enum drop read_segment(struct pkt *p, struct tcp_seg *sg)
{
	const struct tcp_hdr *th;
	const u8 *l3;
	u32 hl;

	if (!pkt_need(p, sizeof(*th)))
		return DROP_BAD_HEADER;
	hl = tcp_hdr_len((const struct tcp_hdr *)(const void *)p->data);
	if (hl < sizeof(*th) || !pkt_need(p, hl))
		return DROP_BAD_HEADER;
	l3 = pkt_l3(p);
	if (l3[0] >> 4 == 6) {
		sg->src = ipaddr_v6(l3 + 8);
		sg->dst = ipaddr_v6(l3 + 24);
		sg->tos = (u8)(l3[0] << 4 | l3[1] >> 4);
		if (p->csum == PKT_CSUM_NONE &&
		    csum_fold(
			pkt_csum(p, 0, p->len,
				 csum_pseudo6(l3 + 8, l3 + 24, IPPROTO_TCP, p->len))))
			return DROP_BAD_CSUM;
	} else {
		struct ip4_hdr ip;

		memcpy(&ip, l3, sizeof(ip));
		sg->src = ipaddr_v4(ip.saddr);
		sg->dst = ipaddr_v4(ip.daddr);
		sg->tos = ip.tos;
		if (p->csum == PKT_CSUM_NONE &&
		    csum_fold(pkt_csum(
			p, 0, p->len,
			csum_pseudo4(ip.saddr, ip.daddr, IPPROTO_TCP, p->len))))
			return DROP_BAD_CSUM;
	}
	th = (const struct tcp_hdr *)(const void *)p->data;
	sg->sport = th->source;
	sg->dport = th->dest;
	sg->seq = be32_to_cpu(th->seq);
	sg->ack = be32_to_cpu(th->ack_seq);
	sg->wnd = be16_to_cpu(th->window);
	sg->urg = be16_to_cpu(th->urg_ptr);
	sg->flags = th->flags;
	sg->data_off = hl;
	sg->len = p->len - hl;
	sg->end_seq =
	    sg->seq + sg->len + !!(sg->flags & TCPHDR_SYN) + !!(sg->flags & TCPHDR_FIN);
	memset(&sg->o, 0, sizeof(sg->o));
	if (hl > sizeof(*th))
		tcp_parse_opts(p->data + sizeof(*th), hl - (u32)sizeof(*th), &sg->o);
	sg->has_ts = sg->o.present & TCP_HAS_TS;
	return DROP_NONE;
}

static u8 l3_ttl(const struct pkt *p)
{
	const u8 *l3 = pkt_l3(p);

	return l3[0] >> 4 == 6 ? l3[7] : l3[8];
}

static bool is_listener(const struct inet_sock *is)
{
	return is->sk.state == TCP_LISTEN && !sock_front_gone(&is->sk);
}

static void listener(struct tcp_sock *lp, struct pkt *p, struct tcp_seg *sg)
{
	struct net *net = tcp_sknet(lp);

	if (sg->flags & TCPHDR_RST) {
		pkt_drop(net, p, DROP_TCP_RST);
	} else if (sg->flags & TCPHDR_ACK) {
		tcp_listen_ack(lp, p, sg);
	} else if (!(sg->flags & TCPHDR_SYN) || sg->flags & TCPHDR_FIN) {
		pkt_drop(net, p, DROP_TCP_BAD_FLAGS);
	} else {
		tcp_listen_syn(lp, p, sg);
	}
}

bool tcp_filter(const struct sock *sk, struct pkt *p, struct tcp_seg *sg)
{
	u32 cut = p->len;

	if (!filter_passes(sk, p, sg->data_off)) {
		pkt_drop(sk->net, p, DROP_FILTER);
		return false;
	}
	cut -= p->len;
	sg->len -= cut;
	sg->end_seq -= cut;
	return true;
}

bool tcp_receive(struct net *net, struct pkt *p)
{
	struct demux *d = &tcp_worker(net)->demux;
	struct demux_node *n;
	struct inet_sock *is;
	struct tcp_seg sg = {.seq = 0};
	struct tuple t;
	enum drop why;

	if (p->type != PKT_HOST) {
		pkt_drop(net, p, DROP_OTHERHOST);
		return true;
	}
	mib(net)->tcp[TCP_MIB_INSEGS] += p->gso_segs ? p->gso_segs : 1;
	why = read_segment(p, &sg);
	if (why) {
		MIB_TCP(net, TCP_MIB_INERRS);
		if (why == DROP_BAD_CSUM)
			MIB_TCP(net, TCP_MIB_CSUMERRORS);
		pkt_drop(net, p, why);
		return true;
	}
	t = (struct tuple){
	    .local = sg.dst,
	    .peer = sg.src,
	    .lport = sg.dport,
	    .pport = sg.sport,
	    .bound_dev = p->iif,
	    .pkt = p,
	    .hdr_len = sg.data_off,
	};
	n = demux_find(d, net, &t);
	if (n && n->kind == DEMUX_FULL) {
		is = container_of(n, struct inet_sock, conn);
		if (is->minttl && l3_ttl(p) < is->minttl) {
			MIB_EXT(net, LINUX_MIB_TCPMINTTLDROP);
			pkt_drop(net, p, DROP_TTL);
			return true;
		}
		if (!tcp_md5_ok(net, tcp_md5_of(tcp_sk(&is->sk)), p, &sg)) {
			pkt_drop(net, p, DROP_TCP_MD5);
			return true;
		}
		if (tcp_filter(&is->sk, p, &sg))
			tcp_process(tcp_sk(&is->sk), p, &sg);
		return true;
	}
	if (n && !tcp_md5_ok(net, tcp_mini_md5(n, &sg), p, &sg)) {
		pkt_drop(net, p, DROP_TCP_MD5);
		return true;
	}
	if (n && n->kind == DEMUX_REQUEST) {
		tcp_req_receive(net, n, p, &sg);
		return true;
	}
	if (n && tcp_tw_receive(net, n, p, &sg))
		return true;
	is = demux_find_bound(d, net, &t, is_listener);
	if (is && !tcp_md5_ok(net, tcp_md5_find(tcp_sk(&is->sk), &sg.src), p, &sg)) {
		pkt_drop(net, p, DROP_TCP_MD5);
		return true;
	}
	if (is) {
		if (tcp_filter(&is->sk, p, &sg))
			listener(tcp_sk(&is->sk), p, &sg);
		return true;
	}
	tcp_reply_reset(net, &sg);
	pkt_drop(net, p, DROP_NO_SOCKET);
	return true;
}

/* ---- ICMP errors: RFC 9293 §3.9.2.2, RFC 5927 ---- */

static void path_mtu(struct tcp_sock *tp, u32 mtu)
{
	struct pkt *p, *next;
	u32 old = tp->pmtu, mss;

	(void)mtu;
	if (tp->is.pmtudisc == IP_PMTUDISC_DONT)
		return;
	tcp_mss_sync(tp);
	if (tp->pmtu >= old)
		return;
	/* what was too big never arrived: send it again in smaller pieces, cwnd as it
	 * is (RFC 1191 §6.5) */
	mss = tcp_current_mss(tp);
	for (p = tcp_rtx_head(tp); p; p = next) {
		next = tcp_tx_pkt(tree_next(&tcp_tx(p)->node));
		if (tcp_tx(p)->sacked & TX_SACKED ||
		    (p->len <= mss && tp->is.sk.state != TCP_SYN_SENT))
			continue;
		tcp_mark_lost(tp, p);
	}
	if (!tp->lost_out)
		return;
	tp->undo_marker = 0;
	if (tp->ca_state < CA_RECOVERY) {
		tp->high_seq = tp->snd_nxt;
		tp->ssthresh = tp->cwnd;
		tp->prior_cwnd = tp->cwnd;
		tp->prr_delivered = tp->prr_out = 0;
		tp->ca_state = CA_LOSS;
	}
	tcp_xmit_recovery(tp);
}

void tcp_error(struct net *net, const struct pkt *p, const struct ip_error *e)
{
	struct tcp_hdr th;
	struct demux_node *n;
	struct tcp_sock *tp;
	struct sock *sk;
	struct tuple t;
	u32 seq;

	if (p->len < 8)
		return;
	memset(&th, 0, sizeof(th));
	pkt_copy(p, 0, &th, 8);
	t = (struct tuple){
	    .local = e->src,
	    .peer = e->dst,
	    .lport = th.source,
	    .pport = th.dest,
	    .bound_dev = p->iif,
	};
	seq = be32_to_cpu(th.seq);
	n = demux_find(&tcp_worker(net)->demux, net, &t);
	if (!n || n->kind == DEMUX_TIMEWAIT) {
		if (!n)
			MIB_ICMP(net, ICMP_MIB_INERRORS);
		return;
	}
	if (n->kind == DEMUX_REQUEST) {
		tcp_req_error(net, n, seq);
		return;
	}
	tp = tcp_sk(&container_of(n, struct inet_sock, conn)->sk);
	sk = &tp->is.sk;
	if (sk->state == TCP_CLOSE)
		return;
	/* only for what is really in flight */
	if (sk->state != TCP_LISTEN && !seq_between(seq, tp->snd_una, tp->snd_nxt)) {
		MIB_EXT(net, LINUX_MIB_OUTOFWINDOWICMPS);
		return;
	}
	sock_get(sk);
	if (e->err == EMSGSIZE) {
		if (sk->state != TCP_LISTEN)
			path_mtu(tp, e->info);
		goto out;
	}
	if (!e->err)
		goto out;
	if (tcp_state_in(tp, TCPF(SYN_SENT) | TCPF(SYN_RECV))) {
		/* hard or soft: connect() fails now */
		if (tp->is.recverr)
			inet_error(&tp->is, p, e, th.dest);
		sk->err = e->err;
		tcp_purge_send(tp);
		tcp_done(tp);
	} else if (tp->is.recverr) {
		inet_error(&tp->is, p, e, th.dest);
	} else {
		sk->soft_err = e->err; /* said when the connection times out */
	}
out:
	sock_put(sk);
}
