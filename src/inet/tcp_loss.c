/* SPDX-License-Identifier: MIT */
/*
 * tcp_loss.c - what was lost, how far to fall, and taking it back
 *
 * Each packet of the tree tp->rtx carries its marks (enum TX_x); the counts of
 * the socket follow them:
 *
 *	in flight = packets_out - sacked_out - lost_out + retrans_out
 *
 * Detection. With SACK: RACK (RFC 8985): a packet is lost when one sent later
 * was delivered and a round trip plus the reordering window went by; by_time
 * has the candidates in order of sending, so a scan stops at the first that is
 * too young. A tail loss probe makes the peer speak when nothing else would.
 * Without SACK: three duplicates (RFC 5681) and partial ACKs (RFC 6582). RTO:
 * all that RACK would call lost, and the head.
 *
 *	OPEN <-> DISORDER   duplicates or SACKs, nothing lost
 *	  |       |
 *	  +-------+--> RECOVERY   something lost: PRR (RFC 6937) down to ssthresh
 *	  +-------+--> CWR        reduction without a loss (probe repaired one)
 *	  any -------> LOSS       RTO: slow start from one; F-RTO (RFC 5682)
 *	all three end when high_seq is acknowledged
 *
 * Undo. A reduction is taken back when each retransmission was reported as a
 * duplicate (D-SACK, RFC 3708), or an ACK echoes a timestamp older than the
 * first retransmission (Eifel, RFC 3522), or F-RTO says so.
 */

#include "core/tunable.h"
#include "inet/tcp_impl.h"

#include <linux/tcp.h>

/* ---- round trip time: RFC 6298 ---- */

void tcp_set_rto(struct tcp_sock *tp)
{
	u64 rto = ((u64)(tp->srtt_us >> 3) + tp->rttvar_us) * NS_PER_US;
	u64 most = tcp_rto_max(tp);

	tp->rto_ns = min(rto, most);
}

/*
 * As §2.3 with two amendments for fast networks that Linux has: the deviation is
 * the greatest of a round trip and decays slowly; a sample far below the mean
 * raises it by an eighth only. The variance term is at least the minimum.
 */
void tcp_rtt_sample(struct tcp_sock *tp, u32 us)
{
	u32 floor_us = tcp_rto_min_us(tp);
	s64 err;

	us = clamp(us, 1U, 1U << 27);
	if (!tp->srtt_us) {
		tp->srtt_us = us << 3;
		tp->mdev_us = us << 1; /* four times us / 2 */
		tp->rttvar_us = max(tp->mdev_us, floor_us);
		tp->mdev_max_us = tp->rttvar_us;
		tp->rtt_seq = tp->snd_nxt;
		return;
	}
	err = (s64)us - (tp->srtt_us >> 3);
	tp->srtt_us = (u32)max((s64)tp->srtt_us + err, (s64)1);
	if (err < 0) {
		err = -err - (tp->mdev_us >> 2);
		if (err > 0)
			err >>= 3;
	} else {
		err -= tp->mdev_us >> 2;
	}
	tp->mdev_us = (u32)max((s64)tp->mdev_us + err, (s64)0);
	if (tp->mdev_us > tp->mdev_max_us) {
		tp->mdev_max_us = tp->mdev_us;
		tp->rttvar_us = max(tp->rttvar_us, tp->mdev_max_us);
	}
	if (seq_after(tp->snd_una, tp->rtt_seq)) {
		if (tp->mdev_max_us < tp->rttvar_us)
			tp->rttvar_us -= (tp->rttvar_us - tp->mdev_max_us) >> 2;
		tp->rtt_seq = tp->snd_nxt;
		tp->mdev_max_us = floor_us;
	}
	tp->rttvar_us = max(tp->rttvar_us, floor_us);
}

static void min_rtt_update(struct tcp_sock *tp, u32 us)
{
	if (!tp->min_rtt_us || us <= tp->min_rtt_us ||
	    tcp_now(tp) - tp->min_rtt_ns_stamp >
		(u64)tcp_tun(tcp_sknet(tp), T_MIN_RTT_WLEN) * NS_PER_S) {
		tp->min_rtt_us = max(us, 1U);
		tp->min_rtt_ns_stamp = tcp_now(tp);
	}
}

void tcp_synack_rtt(struct tcp_sock *tp, const struct tcp_seg *sg)
{
	u64 us = (tcp_now(tp) - tp->synack_ns) / NS_PER_US;

	if (tp->srtt_us)
		return;
	if (!tp->synack_ns || tp->total_retrans) {
		if (!sg->has_ts || !sg->o.ts_ecr)
			return;
		us = (u64)(tcp_ts_now(tp) - sg->o.ts_ecr) * 1000;
	} else {
		min_rtt_update(tp, (u32)min(us, 1ULL << 27));
	}
	if (us > 1U << 27)
		return;
	tcp_rtt_sample(tp, (u32)us);
	tcp_set_rto(tp);
}

/* ---- marks ---- */

static bool sent_after(u64 ns1, u32 end1, u64 ns2, u32 end2)
{
	return ns1 > ns2 || (ns1 == ns2 && seq_after(end1, end2));
}

void tcp_mark_lost(struct tcp_sock *tp, struct pkt *p)
{
	struct tcp_tx *tx = tcp_tx(p);

	if (tx->sacked & TX_SACKED)
		return;
	if (tx->sacked & TX_LOST && !(tx->sacked & TX_RETRANS))
		return;
	if (tx->sacked & TX_RETRANS) {
		tx->sacked &= (u8)~TX_RETRANS;
		tp->retrans_out -= tx->segs;
		MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPLOSTRETRANSMIT);
	}
	if (!(tx->sacked & TX_LOST)) {
		tx->sacked |= TX_LOST;
		tp->lost_out += tx->segs;
	}
	list_del(&p->node);
	list_add_tail(&tp->lost, &p->node);
}

void tcp_tx_uncount(struct tcp_sock *tp, struct pkt *p)
{
	struct tcp_tx *tx = tcp_tx(p);

	tp->packets_out -= tx->segs;
	if (tx->sacked & TX_SACKED)
		tp->sacked_out -= tx->segs;
	if (tx->sacked & TX_LOST)
		tp->lost_out -= tx->segs;
	if (tx->sacked & TX_RETRANS)
		tp->retrans_out -= tx->segs;
	list_del(&p->node);
	tree_remove(&tp->rtx, &tx->node);
	tp->n_rtx_pkts--;
}

/* ---- RACK: RFC 8985 §6.2 ---- */

static bool echoes_before(const struct tcp_sock *tp, const struct tcp_seg *sg, u64 ns)
{
	u32 ms = (u32)(ns / NS_PER_MS) + tp->tsoffset;

	return sg->has_ts && sg->o.ts_ecr && seq_before(sg->o.ts_ecr, ms);
}

/* A packet was delivered. Steps 1 and 2 */
static void rack_advance(struct tcp_sock *tp, const struct tcp_seg *sg, struct pkt *p)
{
	const struct tcp_tx *tx = tcp_tx(p);
	u32 rtt = (u32)(tcp_since(tp, p) / NS_PER_US);

	if (tx->sacked & TX_RETRANS && tx->sends > 1) {
		/* perhaps the original: too early for the retransmission? */
		if (echoes_before(tp, sg, p->stamp_ns) || rtt < tp->min_rtt_us)
			return;
	}
	tp->rack_rtt_us = max(rtt, 1U);
	if (!tp->rack_ns ||
	    sent_after(p->stamp_ns, tx->end_seq, tp->rack_ns, tp->rack_end)) {
		tp->rack_ns = p->stamp_ns;
		tp->rack_end = tx->end_seq;
	}
	tp->rack_advanced = true;
}

static void saw_reordering(struct tcp_sock *tp)
{
	tp->reord_seen = true;
	tp->reord_count++;
	MIB_EXT(tcp_sknet(tp),
		tp->sack_ok ? LINUX_MIB_TCPSACKREORDER : LINUX_MIB_TCPRENOREORDER);
}

/* Step 3: a packet sent once is delivered below the highest delivered */
static void check_reordering(struct tcp_sock *tp, const struct tcp_tx *tx,
			     struct tcp_ack *as)
{
	if (seq_after(tx->end_seq, tp->fack)) {
		tp->fack = tx->end_seq;
		return;
	}
	if (tx->sacked & TX_EVER || !seq_before(tx->seq, tp->fack))
		return;
	if (!as->reordered || seq_before(tx->seq, as->reord_seq))
		as->reord_seq = tx->seq;
	as->reordered = true;
}

/* @fack: what the lowest of them was below. One event an ACK */
static void note_reordering(struct tcp_sock *tp, struct tcp_ack *as, u32 fack)
{
	u32 mss = max(tp->mss_cache, 1U), span = fack - as->reord_seq;
	u32 most = (u32)tcp_tun(tcp_sknet(tp), T_MAX_REORDERING);

	if (!as->reordered)
		return;
	as->reordered = false;
	if (span > tp->reordering * mss)
		tp->reordering = min((span + mss - 1) / mss, most);
	saw_reordering(tp);
}

/* Step 4 */
static u64 reo_window_us(const struct tcp_sock *tp)
{
	u64 w;

	if (!tp->reord_seen) {
		if (tp->ca_state >= CA_RECOVERY)
			return 0;
		if (tp->sacked_out >= tp->reordering)
			return 0;
	}
	w = (u64)tp->min_rtt_us / 4 * max((u32)tp->rack_reo_steps, 1U);
	return min(w, (u64)(tp->srtt_us >> 3));
}

/* §6.2 "RACK.reo_wnd adaptation" by D-SACK, once a round trip */
static void reo_window_adapt(struct tcp_sock *tp)
{
	if (tp->rack_dsack && seq_after_eq(tp->snd_una, tp->rack_dsack_round)) {
		if (tp->rack_reo_steps < 255)
			tp->rack_reo_steps++;
		tp->rack_dsack_round = tp->snd_nxt;
		tp->rack_reo_persist = 16;
		tp->rack_dsack = false;
	}
}

/* Step 5. Return: true when something was marked */
static bool rack_detect(struct tcp_sock *tp, u64 *wait_ns)
{
	u64 now = tcp_now(tp);
	u64 wnd = (tp->rack_rtt_us + reo_window_us(tp)) * NS_PER_US;
	struct pkt *p, *tmp;
	bool found = false;

	*wait_ns = 0;
	if (!tp->rack_ns)
		return false;
	list_for_each_safe(p, tmp, &tp->by_time, node) {
		if (!sent_after(tp->rack_ns, tp->rack_end, p->stamp_ns,
				tcp_tx(p)->end_seq))
			break;
		if (p->stamp_ns + wnd <= now) {
			tcp_mark_lost(tp, p);
			found = true;
		} else {
			*wait_ns = max(*wait_ns, p->stamp_ns + wnd - now);
		}
	}
	return found;
}

/* ---- SACK ---- */

static struct pkt *find_covering(const struct tcp_sock *tp, u32 seq)
{
	struct tree_node *n = tp->rtx.root, *best = NULL;

	/* the first packet that ends behind @seq */
	while (n) {
		if (seq_after(tcp_tx(tcp_tx_pkt(n))->end_seq, seq)) {
			best = n;
			n = n->left;
		} else {
			n = n->right;
		}
	}
	return tcp_tx_pkt(best);
}

static void sack_one(struct tcp_sock *tp, const struct tcp_seg *sg, struct tcp_ack *as,
		     struct pkt *p)
{
	struct tcp_tx *tx = tcp_tx(p);

	if (tx->sacked & TX_SACKED)
		return;
	rack_advance(tp, sg, p);
	if (!(tx->sacked & TX_EVER)) {
		as->rtt_us = (s64)(tcp_since(tp, p) / NS_PER_US);
		if (!seq_after(tx->end_seq, tp->high_seq))
			as->orig_sacked = true;
	}
	check_reordering(tp, tx, as);
	if (tx->sacked & TX_RETRANS)
		tp->retrans_out -= tx->segs;
	if (tx->sacked & TX_LOST)
		tp->lost_out -= tx->segs;
	tx->sacked = (tx->sacked & TX_EVER) | TX_SACKED;
	tp->sacked_out += tx->segs;
	tp->delivered += tx->segs;
	list_del(&p->node);
	as->sack_seen = true;
}

/* Mark what lies in [b->start, b->end); @from: below is known to be marked */
static void sack_walk(struct tcp_sock *tp, const struct tcp_seg *sg, struct tcp_ack *as,
		      const struct tcp_sack *b, u32 from)
{
	u32 mss = max(tp->mss_cache, 1U);
	struct pkt *p = find_covering(tp, from);

	while (p && seq_before(tcp_tx(p)->seq, b->end)) {
		struct tcp_tx *tx = tcp_tx(p);
		struct pkt *next = tcp_tx_pkt(tree_next(&tx->node));

		if (tx->sacked & TX_SACKED || !p->len)
			goto next;
		if (seq_before(tx->seq, b->start)) {
			u32 skip = b->start - tx->seq;

			skip = (skip + mss - 1) / mss * mss;
			if (skip >= p->len || tcp_fragment(tp, p, skip, mss))
				goto next;
			p = tcp_tx_pkt(tree_next(&tx->node));
			continue;
		}
		if (seq_after(tx->end_seq, b->end)) {
			u32 in = b->end - tx->seq;

			/* the tail of the data may be SACKed without its FIN */
			if (in > p->len)
				goto next;
			if (in == p->len)
				goto next;
			in -= in % mss;
			if (!in || tcp_fragment(tp, p, in, mss))
				goto next;
		}
		sack_one(tp, sg, as, p);
	next:
		p = next;
	}
}

static bool check_dsack(struct tcp_sock *tp, const struct tcp_seg *sg, u32 prior_una)
{
	const struct tcp_sack *b = sg->o.sacks;
	u32 una = sg->ack;

	if (seq_before(b[0].start, una)) {
		MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPDSACKRECV);
	} else if (sg->o.n_sacks > 1 && !seq_after(b[0].end, b[1].end) &&
		   !seq_before(b[0].start, b[1].start)) {
		MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPDSACKOFORECV);
	} else {
		return false;
	}
	tp->dsack_dups++;
	tp->rack_dsack = true;
	if (tp->undo_marker && tp->undo_retrans > 0 &&
	    !seq_after(b[0].end, prior_una) && seq_after(b[0].end, tp->undo_marker)) {
		u32 n = (b[0].end - b[0].start + tp->mss_cache - 1) /
			max(tp->mss_cache, 1U);

		tp->undo_retrans = max(0, tp->undo_retrans - (s32)min(n, 1000U));
	}
	return true;
}

static bool sack_ok_block(const struct tcp_sock *tp, const struct tcp_sack *b)
{
	return seq_before(b->start, b->end) && !seq_after(b->end, tp->snd_nxt) &&
	       seq_after(b->end, tp->snd_una) && !seq_before(b->start, tp->snd_una);
}

/*
 * Mark what the blocks of @sg report. The blocks of the ACK before are known, so
 * only what is new in them is walked.
 * Return: true when something was newly SACKed
 */
bool tcp_sacktag(struct tcp_sock *tp, const struct tcp_seg *sg, struct tcp_ack *as)
{
	u32 before = tp->sacked_out;
	struct tcp_sack blocks[TCP_SACKS_MAX];
	unsigned n = 0, n_blocks = 0;
	struct tcp_sack_range keep[TCP_SACKS_MAX] = {{0, 0}};

	if (!sg->o.n_sacks || !tp->sack_ok)
		return false;
	as->dsack = check_dsack(tp, sg, as->prior_una);
	/* in order of sequence, so that two new ones are no reordering */
	for (unsigned i = as->dsack, j; i < sg->o.n_sacks; i++, n_blocks++) {
		for (j = n_blocks;
		     j && seq_before(sg->o.sacks[i].start, blocks[j - 1].start); j--)
			blocks[j] = blocks[j - 1];
		blocks[j] = sg->o.sacks[i];
	}
	for (unsigned i = 0; i < n_blocks; i++) {
		const struct tcp_sack *b = &blocks[i];
		u32 from = b->start;

		if (!sack_ok_block(tp, b)) {
			if (seq_after(b->end, tp->snd_una))
				MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPSACKDISCARD);
			continue;
		}
		for (int j = 0; j < TCP_SACKS_MAX; j++) {
			const struct tcp_sack_range *c = &tp->sack_cache[j];

			if (c->start == c->end)
				break;
			if (!seq_before(from, c->start) && seq_before(from, c->end))
				from = c->end;
		}
		if (seq_before(from, b->end))
			sack_walk(tp, sg, as, b, from);
		keep[n++] = (struct tcp_sack_range){b->start, b->end};
	}
	memcpy(tp->sack_cache, keep, sizeof(keep));
	note_reordering(tp, as, tp->fack);
	return tp->sacked_out != before;
}

/* ---- acknowledged ---- */

/* A packet is acknowledged in part: forget its front */
static void trim_front(struct tcp_sock *tp, struct pkt *p, struct tcp_ack *as)
{
	struct tcp_tx *tx = tcp_tx(p);
	u32 n = tp->snd_una - tx->seq;
	u16 segs, gone;

	if (n > p->len)
		n = p->len;
	if (!n)
		return;
	pkt_pull(p, n);
	p->charge -= n;
	sock_wmem_add(&tp->is.sk, -(s64)n);
	tx->seq += n;
	segs =
	    p->len ? (u16)((p->len + tp->mss_cache - 1) / max(tp->mss_cache, 1U)) : 1;
	segs = min(segs, tx->segs);
	gone = (u16)(tx->segs - segs);
	tp->packets_out -= gone;
	if (tx->sacked & TX_SACKED)
		tp->sacked_out -= gone;
	if (tx->sacked & TX_LOST)
		tp->lost_out -= gone;
	if (tx->sacked & TX_RETRANS)
		tp->retrans_out -= gone;
	if (!(tx->sacked & TX_SACKED))
		tp->delivered += gone;
	if (tx->sacked & TX_EVER)
		as->retrans_acked = true;
	as->acked_segs += gone;
	tx->segs = segs;
}

void tcp_clean_rtx(struct tcp_sock *tp, const struct tcp_seg *sg, struct tcp_ack *as)
{
	struct pkt *p;
	s64 rtt = -1;
	u32 fack = tp->fack;

	while ((p = tcp_rtx_head(tp))) {
		struct tcp_tx *tx = tcp_tx(p);

		if (seq_after(tx->end_seq, tp->snd_una)) {
			if (seq_after(tp->snd_una, tx->seq)) {
				if (!(tx->sacked & (TX_EVER | TX_SACKED)))
					rtt = (s64)(tcp_since(tp, p) / NS_PER_US);
				trim_front(tp, p, as);
				as->data_acked = true;
			}
			break;
		}
		as->acked_segs += tx->segs;
		if (tx->flags & TCPHDR_SYN)
			as->syn_acked = true;
		else
			as->data_acked = true;
		if (tx->flags & TCPHDR_FIN)
			as->fin_acked = true;
		if (tx->sacked & TX_EVER)
			as->retrans_acked = true;
		if (!(tx->sacked & TX_SACKED)) {
			if (!(tx->sacked & TX_EVER)) {
				rtt = (s64)(tcp_since(tp, p) / NS_PER_US);
				if (!seq_after(tx->end_seq, tp->high_seq))
					as->orig_sacked = true;
			}
			rack_advance(tp, sg, p);
			if (tp->sack_ok)
				check_reordering(tp, tx, as);
			tp->delivered += tx->segs;
		}
		if (tx->marks & TXM_ACKED)
			tcp_tx_stamps(tp, p, true);
		tcp_tx_uncount(tp, p);
		tcp_tx_free(tp, p);
	}
	note_reordering(tp, as, fack);
	tcp_mtu_probe_acked(tp);
	if (!tp->sack_ok && as->acked_segs) {
		/* duplicates counted packets that are acknowledged now */
		u32 n = min(tp->dupacks, as->acked_segs - 1);

		tp->dupacks -= n;
		tp->delivered -= n;
	}
	tp->dupacks = min(tp->dupacks, tp->packets_out ? tp->packets_out - 1 : 0);
	if (seq_before(tp->fack, tp->snd_una))
		tp->fack = tp->snd_una;
	if (!tp->rtx.root && !tcp_has_unsent(tp) && tp->wblock) {
		block_put(tp->wblock); /* an idle connection holds no block */
		tp->wblock = NULL;
	}
	if (!tp->packets_out)
		tcp_chrono_stop(tp, TCP_CHRONO_BUSY);
	if (rtt >= 0) {
		as->rtt_us = rtt;
	} else if (as->rtt_us < 0 && as->una_advanced && sg->has_ts && sg->o.ts_ecr) {
		/* RFC 7323 §4: good for retransmitted ones too */
		u32 ms = tcp_ts_now(tp) - sg->o.ts_ecr;

		if (ms < 1U << 20)
			as->rtt_us = max((s64)ms * 1000, (s64)1000);
	}
	if (as->rtt_us >= 0) {
		if (rtt >= 0)
			min_rtt_update(tp, (u32)min(as->rtt_us, (s64)1 << 27));
		tcp_rtt_sample(tp, (u32)min(as->rtt_us, (s64)1 << 27));
		tcp_set_rto(tp);
		tp->backoff = 0;
	} else if (as->una_advanced) {
		tp->backoff = 0;
		tcp_set_rto(tp);
	}
}

/* ---- reductions ---- */

static void begin_reduction(struct tcp_sock *tp)
{
	tp->high_seq = tp->snd_nxt;
	tp->tlp_high_seq = 0;
	tp->cwnd_cnt = 0;
	tp->prior_cwnd = tp->cwnd;
	tp->prr_delivered = 0;
	tp->prr_out = 0;
	tp->ssthresh = tp->cc->ssthresh(tp);
	tp->ecn_cwr = tp->ecn_ok;
}

static void begin_undo(struct tcp_sock *tp)
{
	tp->undo_marker = tp->snd_una ? tp->snd_una : 1;
	tp->undo_retrans = tp->retrans_out ? (s32)tp->retrans_out : -1;
}

void tcp_enter_cwr(struct tcp_sock *tp)
{
	if (tp->ca_state >= CA_CWR)
		return;
	tp->undo_marker = 0;
	begin_reduction(tp);
	tp->ca_state = CA_CWR;
}

static void end_reduction(struct tcp_sock *tp)
{
	if (tp->ssthresh < TCP_INFINITE &&
	    (tp->ca_state == CA_CWR || tp->undo_marker)) {
		tp->cwnd = tp->ssthresh;
		tp->cwnd_stamp_ns = tcp_now(tp);
	}
}

static void enter_recovery(struct tcp_sock *tp)
{
	MIB_EXT(tcp_sknet(tp),
		tp->sack_ok ? LINUX_MIB_TCPSACKRECOVERY : LINUX_MIB_TCPRENORECOVERY);
	tp->prior_ssthresh = 0;
	begin_undo(tp);
	if (tp->ca_state < CA_CWR) {
		tp->prior_ssthresh = tp->ssthresh;
		begin_reduction(tp);
	} else {
		tp->high_seq = tp->snd_nxt;
	}
	tp->ca_state = CA_RECOVERY;
}

/* PRR: RFC 6937 §3, with the slow start reduction bound while nothing more is lost */
static void prr(struct tcp_sock *tp, u32 delivered, u32 newly_lost, bool advanced)
{
	u32 flight = tcp_in_flight(tp);
	s64 delta = (s64)tp->ssthresh - flight, n;

	if (!delivered || !tp->prior_cwnd)
		return;
	tp->prr_delivered += delivered;
	if (delta < 0) {
		u64 part = (u64)tp->ssthresh * tp->prr_delivered + tp->prior_cwnd - 1;

		n = (s64)(part / tp->prior_cwnd) - tp->prr_out;
	} else {
		n = max((s64)tp->prr_delivered - tp->prr_out, (s64)delivered);
		if (advanced && !newly_lost)
			n++;
		n = min(delta, n);
	}
	n = max(n, (s64)(tp->prr_out ? 0 : 1)); /* the first retransmission goes out */
	tp->cwnd = flight + (u32)n;
}

/* RTO: everything is in doubt */
void tcp_enter_loss(struct tcp_sock *tp)
{
	struct net *net = tcp_sknet(tp);
	bool fresh = tp->ca_state < CA_RECOVERY;
	struct pkt *head = tcp_rtx_head(tp), *p;
	struct list ignore;
	bool renege = head && tcp_tx(head)->sacked & TX_SACKED;
	u64 wnd = (tp->rack_rtt_us + reo_window_us(tp)) * NS_PER_US;

	if (renege)
		MIB_EXT(net, LINUX_MIB_TCPSACKRENEGING);
	if (tp->ca_state <= CA_DISORDER || !seq_after(tp->high_seq, tp->snd_una) ||
	    (tp->ca_state == CA_LOSS && !tp->retransmits)) {
		tp->prior_ssthresh = tp->ssthresh;
		tp->prior_cwnd = tp->cwnd;
		tp->ssthresh = tp->cc->ssthresh(tp);
		tp->ecn_cwr = tp->ecn_ok;
		if (tp->cc->event)
			tp->cc->event(tp, CC_LOSS);
		begin_undo(tp);
	}
	memset(tp->sack_cache, 0, sizeof(tp->sack_cache));
	list_init(&ignore);
	for (p = head; p; p = tcp_tx_pkt(tree_next(&tcp_tx(p)->node))) {
		struct tcp_tx *tx = tcp_tx(p);

		if (renege && tx->sacked & TX_SACKED) {
			tx->sacked &= (u8)~TX_SACKED;
			tp->sacked_out -= tx->segs;
		}
		if (tx->sacked & TX_SACKED)
			continue;
		/* sent too recently to be lost (RFC 8985 §6.3) */
		if (p != head && tp->sack_ok && !renege && tp->rack_ns &&
		    p->stamp_ns + wnd > tcp_now(tp))
			continue;
		if (tx->sacked & TX_LOST && !(tx->sacked & TX_RETRANS)) {
			list_del(&p->node); /* again in order of sequence */
			list_add_tail(&tp->lost, &p->node);
			continue;
		}
		tcp_mark_lost(tp, p);
	}
	tp->dupacks = 0;
	tp->cwnd = tcp_in_flight(tp) + 1;
	tp->cwnd_cnt = 0;
	tp->cwnd_stamp_ns = tcp_now(tp);
	tp->ca_state = CA_LOSS;
	tp->high_seq = tp->snd_nxt;
	tp->tlp_high_seq = 0;
	tp->frto = tcp_tun(net, T_FRTO) && (fresh || tp->retransmits);
	MIB_EXT(net,
		tp->sack_ok ? LINUX_MIB_TCPSACKFAILURES : LINUX_MIB_TCPRENOFAILURES);
}

/* ---- undo ---- */

static bool ack_is_of_original(const struct tcp_sock *tp, const struct tcp_seg *sg)
{
	return tp->retrans_stamp_ns && sg->has_ts && sg->o.ts_ecr &&
	       seq_before(sg->o.ts_ecr, tp->retrans_stamp_ts);
}

static bool may_undo(const struct tcp_sock *tp, const struct tcp_seg *sg)
{
	return tp->undo_marker && (!tp->undo_retrans || ack_is_of_original(tp, sg));
}

static void undo(struct tcp_sock *tp, bool unmark)
{
	struct pkt *p;

	if (unmark) {
		while ((p = list_last(&tp->lost, struct pkt, node))) {
			list_del(&p->node);
			list_add(&tp->by_time, &p->node);
		}
		for (p = tcp_rtx_head(tp); p;
		     p = tcp_tx_pkt(tree_next(&tcp_tx(p)->node)))
			tcp_tx(p)->sacked &= (u8)~TX_LOST;
		tp->lost_out = 0;
	}
	if (tp->prior_ssthresh) {
		u32 cwnd = tp->cc->undo_cwnd ? tp->cc->undo_cwnd(tp) : tp->prior_cwnd;

		tp->cwnd = max(tp->cwnd, cwnd);
		tp->ssthresh = max(tp->ssthresh, tp->prior_ssthresh);
		if (tp->cc->event)
			tp->cc->event(tp, CC_UNDO);
	}
	tp->ecn_cwr = false;
	tp->cwnd_stamp_ns = tcp_now(tp);
	tp->undo_marker = 0;
	tp->rack_advanced = true;
}

static void to_open(struct tcp_sock *tp)
{
	tp->ca_state = CA_OPEN;
	tp->retrans_stamp_ns = 0;
	tp->undo_marker = 0;
}

/* ---- probes: RFC 8985 §7 ---- */

bool tcp_schedule_tlp(struct tcp_sock *tp)
{
	u64 delay, rto_at;

	if (tcp_tun(tcp_sknet(tp), T_EARLY_RETRANS) < 3 || !tp->sack_ok ||
	    tp->fo_synack || !tp->packets_out || tp->sacked_out || tp->tlp_high_seq ||
	    (tp->ca_state != CA_OPEN && tp->ca_state != CA_CWR))
		return false;
	if (tp->srtt_us) {
		delay = (u64)(tp->srtt_us >> 2) * NS_PER_US;
		delay += tp->packets_out == 1 ? TCP_RTO_MIN : 2 * NS_PER_MS;
	} else {
		delay = TCP_RTO_INIT;
	}
	rto_at = tcp_rtx_head(tp)->stamp_ns + tp->rto_ns;
	if (rto_at > tcp_now(tp)) /* the probe takes the RTO's place: §7.2 */
		delay = min(delay, rto_at - tcp_now(tp));
	tcp_rtx_set(tp, TCP_RTX_TLP, delay);
	return true;
}

void tcp_send_tlp(struct tcp_sock *tp)
{
	struct tree_node *last = tree_last(&tp->rtx);
	u32 mss = tcp_current_mss(tp), before = tp->snd_nxt;
	struct pkt *p = tcp_tx_pkt(last);

	if (!p || tp->tlp_high_seq)
		goto rearm;
	if (tcp_has_unsent(tp)) {
		tcp_write_xmit(tp, mss, false, 2);
		if (tp->snd_nxt != before) {
			tp->tlp_retrans = false;
			goto sent;
		}
	}
	if (tcp_tx(p)->sacked & TX_SACKED)
		goto rearm;
	/* the last segment of it */
	if (p->len > mss) {
		u32 cut = (p->len - 1) / mss * mss;

		if (tcp_fragment(tp, p, cut, mss))
			goto rearm;
		p = tcp_tx_pkt(tree_last(&tp->rtx));
	}
	if (tcp_retransmit(tp, p, 1))
		goto rearm;
	tp->tlp_retrans = true;
sent:
	tp->tlp_high_seq = tp->snd_nxt ? tp->snd_nxt : 1;
	MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPLOSSPROBES);
	tp->rtx_mode = TCP_RTX_NONE; /* a whole RTO from now */
rearm:
	tcp_rearm_rto(tp);
}

/* §7.4: did the probe repair a loss that nobody else saw? */
static void tlp_ack(struct tcp_sock *tp, const struct tcp_seg *sg,
		    const struct tcp_ack *as)
{
	if (!tp->tlp_high_seq || seq_before(sg->ack, tp->tlp_high_seq))
		return;
	if (!tp->tlp_retrans || as->dsack) {
		tp->tlp_high_seq = 0;
	} else if (seq_after(sg->ack, tp->tlp_high_seq)) {
		MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPLOSSPROBERECOVERY);
		tp->tlp_high_seq = 0;
		if (tp->ca_state < CA_CWR) {
			begin_reduction(tp);
			tp->ca_state = CA_CWR;
			end_reduction(tp);
			tp->ca_state = CA_OPEN;
		}
	} else if (!as->una_advanced && !as->sack_seen) {
		tp->tlp_high_seq = 0; /* a duplicate: the original was there */
	}
}

/* ---- the machine ---- */

static void add_dupack(struct tcp_sock *tp, const struct tcp_ack *as)
{
	if (tp->sack_ok || !as->dup)
		return;
	if (tp->dupacks + 1 < tp->packets_out) {
		tp->dupacks++;
		tp->delivered++;
	}
}

static void newreno_mark(struct tcp_sock *tp)
{
	struct pkt *head = tcp_rtx_head(tp);
	u32 mss = tcp_current_mss(tp);

	if (!head || tcp_tx(head)->sacked & TX_LOST)
		return;
	if (head->len > mss && tcp_fragment(tp, head, mss, mss))
		return;
	if (tp->dupacks && tp->dupacks >= tp->packets_out)
		tp->dupacks = tp->packets_out - 1;
	tcp_mark_lost(tp, head);
}

static void detect(struct tcp_sock *tp, const struct tcp_ack *as)
{
	u64 wait;

	if (!tp->sack_ok) {
		if ((tp->ca_state < CA_RECOVERY && tp->dupacks >= tp->reordering) ||
		    (tp->ca_state == CA_RECOVERY && as->una_advanced))
			newreno_mark(tp);
		return;
	}
	if (!(tcp_tun(tcp_sknet(tp), T_RECOVERY) & 1))
		tp->reord_seen = false;
	if (!tp->rack_advanced)
		return;
	tp->rack_advanced = false;
	rack_detect(tp, &wait);
	if (wait)
		tcp_rtx_set(tp, TCP_RTX_REO, wait + 2 * NS_PER_MS);
}

/* Is cwnd what limits? Only then it may grow (RFC 7661) */
static bool is_cwnd_limited(const struct tcp_sock *tp)
{
	if (tp->cwnd_limited)
		return true;
	return tp->cwnd < tp->ssthresh && tp->cwnd < 2 * tp->max_packets_out;
}

static void grow(struct tcp_sock *tp, const struct tcp_ack *as, u32 delivered)
{
	bool reorders = tp->reordering > (u32)tcp_tun(tcp_sknet(tp), T_REORDERING);

	/* only what arrives in order grows it, unless the path is known to reorder */
	if (!delivered || !(as->data_acked || (reorders && as->sack_seen)) ||
	    !is_cwnd_limited(tp))
		return;
	tp->cc->cong_avoid(tp, delivered);
	tp->cwnd = min(tp->cwnd, tp->cwnd_clamp);
	tp->cwnd_stamp_ns = tcp_now(tp);
}

/* The Loss state: F-RTO (RFC 5682 §3). Return: true: send new data, not the lost */
static bool in_loss(struct tcp_sock *tp, const struct tcp_seg *sg,
		    const struct tcp_ack *as)
{
	bool recovered = !seq_before(tp->snd_una, tp->high_seq);

	if (as->una_advanced && may_undo(tp, sg)) {
		undo(tp, true);
		MIB_EXT(tcp_sknet(tp), tp->undo_retrans ? LINUX_MIB_TCPLOSSUNDO
							: LINUX_MIB_TCPDSACKUNDO);
		tp->retransmits = 0;
		to_open(tp);
		return false;
	}
	if (tp->frto) {
		if (as->orig_sacked && tp->undo_marker) {
			undo(tp, true);
			MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPSPURIOUSRTOS);
			tp->retransmits = 0;
			to_open(tp);
			return false;
		}
		if (seq_after(tp->snd_nxt, tp->high_seq)) {
			if (as->sack_seen || as->dup)
				tp->frto = false;
		} else if (as->una_advanced && !recovered) {
			tp->high_seq = tp->snd_nxt;
			if (tcp_has_unsent(tp) &&
			    seq_after(tcp_wnd_end(tp), tp->snd_nxt))
				return true;
			tp->frto = false;
		}
	}
	if (recovered) {
		tp->retransmits = 0;
		to_open(tp);
	}
	return false;
}

/* After SACKs are marked and what is acknowledged is gone */
void tcp_recover(struct tcp_sock *tp, const struct tcp_seg *sg, struct tcp_ack *as)
{
	u32 delivered, newly_lost;
	bool new_data = false;

	if (tp->cc->acked)
		tp->cc->acked(tp, tp->delivered - as->prior_delivered,
			      as->rtt_us > 0 ? (u32)as->rtt_us : 0);
	tlp_ack(tp, sg, as);
	if (as->dsack)
		reo_window_adapt(tp);
	if (!tp->packets_out && tp->ca_state == CA_DISORDER)
		tp->ca_state = CA_OPEN;

	/* Ends of episodes */
	if (tp->ca_state == CA_CWR && seq_after(tp->snd_una, tp->high_seq)) {
		end_reduction(tp);
		to_open(tp);
	} else if (tp->ca_state == CA_RECOVERY &&
		   !seq_before(tp->snd_una, tp->high_seq)) {
		if (may_undo(tp, sg)) {
			MIB_EXT(tcp_sknet(tp), tp->undo_retrans
						   ? LINUX_MIB_TCPFULLUNDO
						   : LINUX_MIB_TCPDSACKUNDO);
			undo(tp, false);
		} else {
			end_reduction(tp);
			if (tp->rack_reo_persist && !--tp->rack_reo_persist)
				tp->rack_reo_steps = 1;
		}
		tp->dupacks = 0;
		to_open(tp);
	}

	switch (tp->ca_state) {
	case CA_RECOVERY:
		add_dupack(tp, as);
		if (as->una_advanced && may_undo(tp, sg)) {
			MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPPARTIALUNDO);
			undo(tp, true);
			to_open(tp);
			break;
		}
		detect(tp, as);
		break;
	case CA_LOSS:
		new_data = in_loss(tp, sg, as);
		if (!new_data)
			detect(tp, as);
		break;
	default:
		add_dupack(tp, as);
		if (as->una_advanced && !tp->sack_ok)
			tp->dupacks = 0;
		if (tp->undo_marker && !tp->undo_retrans && as->dsack) {
			MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPDSACKUNDO);
			undo(tp, false);
		}
		detect(tp, as);
		if (tp->lost_out && tcp_mtu_probe_lost(tp))
			tp->ca_state = CA_OPEN; /* it is sent again in smaller pieces */
		else if (tp->lost_out)
			enter_recovery(tp);
		else if (as->ece)
			tcp_enter_cwr(tp); /* RFC 3168 §6.1.2: as for a loss */
		else if (tp->ca_state != CA_CWR)
			tp->ca_state =
			    tp->sacked_out || tp->dupacks ? CA_DISORDER : CA_OPEN;
		break;
	}

	delivered = tp->delivered - as->prior_delivered;
	if (as->ece)
		tp->delivered_ce += delivered;
	newly_lost = tp->lost_out > as->prior_lost ? tp->lost_out - as->prior_lost : 0;
	if (tp->ca_state == CA_CWR || tp->ca_state == CA_RECOVERY)
		prr(tp, delivered, newly_lost, as->una_advanced);
	else
		grow(tp, as, delivered);
	if (new_data) {
		tcp_write_xmit(tp, tcp_current_mss(tp), false, 0);
		if (seq_after(tp->snd_nxt, tp->high_seq))
			return;
		tp->frto = false;
	}
	if (tp->lost_out)
		tcp_xmit_recovery(tp);
}

/* The reordering window of some packet is over: RFC 8985 §6.3 */
void tcp_rack_timeout(struct tcp_sock *tp)
{
	u32 before = tcp_in_flight(tp);
	u64 wait;
	bool found = rack_detect(tp, &wait);

	if (found && tcp_in_flight(tp) != before) {
		if (tp->ca_state < CA_RECOVERY) {
			enter_recovery(tp);
			tp->cwnd = tcp_in_flight(tp) + 1;
		} else if (tp->ca_state == CA_RECOVERY) {
			prr(tp, 1, before - tcp_in_flight(tp), false);
			tp->prr_delivered--;
		}
		tcp_xmit_recovery(tp);
	}
	if (wait)
		tcp_rtx_set(tp, TCP_RTX_REO, wait + 2 * NS_PER_MS);
	else if (tp->rtx_mode != TCP_RTX_RTO)
		tcp_rearm_rto(tp);
}
