/* SPDX-License-Identifier: MIT */
/*
 * tcp_out.c - what to send now, and building it
 *
 * A program's bytes lie in blocks of up to 32 KiB; packets of the send queue are
 * runs of up to 64 KiB over them. What goes out shares the blocks, has a header
 * of its own and is left uncut (GSO) with its checksum partial: who cannot take
 * that cuts it at the device. So a byte is copied once on the way in.
 *
 * The queue has two halves. Not sent: list tp->unsent. Sent: tree tp->rtx by
 * sequence; each packet in it is also in one list at most: by_time (in flight,
 * for RACK), or lost (waits for its retransmission), or none (SACKed). When only
 * a part of a packet is SACKed, lost, or fits the window, the packet is split at
 * a multiple of the MSS: all marks are those of whole packets.
 *
 * Who may send: the peer's window (RFC 9293 §3.8.6), cwnd less what is in flight
 * (RFC 6675), Nagle with Minshall's amendment, TCP_CORK; a lone small packet
 * held by them waits for an ACK or for more data.
 */

#include "core/tunable.h"
#include "inet/tcp_impl.h"
#include "wire/csum.h"

#include <linux/tcp.h>

#define GSO_MAX (65535U - 20 - TCP_HDR_MAX)

/* ---- packets of the queue ---- */

struct pkt *tcp_tx_new(struct tcp_sock *tp)
{
	struct pkt *p = pkt_new(tcp_sknet(tp)->worker, 0, 0);

	if (!p)
		return NULL;
	memset(tcp_tx(p), 0, sizeof(struct tcp_tx));
	tcp_tx(p)->segs = 1;
	p->charge = sizeof(*p);
	sock_wmem_add(&tp->is.sk, p->charge);
	return p;
}

void tcp_tx_free(struct tcp_sock *tp, struct pkt *p)
{
	list_del(&p->node);
	sock_wmem_add(&tp->is.sk, -(s64)p->charge);
	p->charge = 0;
	pkt_free(p);
}

static u16 count_segs(u32 len, u32 mss)
{
	return len <= mss || !mss ? 1 : (u16)((len + mss - 1) / mss);
}

struct pkt *tcp_rtx_head(const struct tcp_sock *tp)
{
	return tcp_tx_pkt(tree_first(&tp->rtx));
}

bool tcp_has_unsent(const struct tcp_sock *tp)
{
	return !list_empty(&tp->unsent);
}

void tcp_rtx_insert(struct tcp_sock *tp, struct pkt *p)
{
	struct tcp_tx *tx = tcp_tx(p);
	struct tree_node *parent = tree_last(&tp->rtx), **where;

	/* Nearly always the newest */
	if (parent && seq_before_eq(tcp_tx(tcp_tx_pkt(parent))->seq, tx->seq)) {
		where = &parent->right;
	} else {
		where = &tp->rtx.root;
		parent = NULL;
		while (*where) {
			parent = *where;
			where = seq_before(tx->seq, tcp_tx(tcp_tx_pkt(parent))->seq)
				    ? &parent->left
				    : &parent->right;
		}
	}
	tree_insert(&tp->rtx, &tx->node, parent, where);
	tp->n_rtx_pkts++;
}

/* Counts of a packet in the tree change by @delta segments */
static void adjust_counts(struct tcp_sock *tp, const struct tcp_tx *tx, int delta)
{
	tp->packets_out += (u32)delta;
	if (tx->sacked & TX_SACKED)
		tp->sacked_out += (u32)delta;
	if (tx->sacked & TX_LOST)
		tp->lost_out += (u32)delta;
	if (tx->sacked & TX_RETRANS)
		tp->retrans_out += (u32)delta;
}

/*
 * Cut @p behind @len bytes of payload; the rest becomes the next packet of the
 * same half. Return: 0 or -ENOMEM
 */
int tcp_fragment(struct tcp_sock *tp, struct pkt *p, u32 len, u32 mss)
{
	struct tcp_tx *tx = tcp_tx(p), *tn;
	bool sent = seq_before(tx->seq, tp->snd_nxt);
	struct pkt *n;
	u32 rest = p->len - len;
	u16 old = tx->segs;
	int err;

	BUG_ON(len >= p->len);
	n = tcp_tx_new(tp);
	if (!n)
		return -ENOMEM;
	err = pkt_append_pkt(n, p, len, rest);
	if (err) {
		tcp_tx_free(tp, n);
		return err;
	}
	pkt_trim(p, len);
	n->charge += rest;
	p->charge -= rest;
	tn = tcp_tx(n);
	tn->seq = tx->seq + len;
	tn->end_seq = tx->end_seq;
	tn->flags = tx->flags;
	tn->sacked = tx->sacked;
	tn->sends = tx->sends;
	tn->marks = tx->marks;
	tx->marks = 0;
	n->stamp_ns = p->stamp_ns;
	tx->end_seq = tn->seq;
	tx->flags &= (u8) ~(TCPHDR_FIN | TCPHDR_PSH);
	tx->segs = count_segs(len, mss);
	tn->segs = count_segs(rest, mss);
	if (!sent) {
		list_add(&p->node, &n->node);
		return 0;
	}
	adjust_counts(tp, tx, (int)tx->segs + tn->segs - old);
	tcp_rtx_insert(tp, n);
	if (!list_empty(&p->node))
		list_add(&p->node, &n->node);
	return 0;
}

/* ---- MSS ---- */

u16 tcp_advmss(const struct route *rt)
{
	u32 adv = route_metric(rt, RTAX_ADVMSS), mtu = min(route_mtu(rt), 65535U);

	if (!adv)
		adv = mtu > 40 + 256 ? mtu - 40 : 256;
	return (u16)min(adv, 65495U);
}

static u32 sack_opt_len(const struct tcp_sock *tp)
{
	u32 n = tp->n_sacks + tp->dsack_pending;

	n = min(n, tcp_md5_of(tp) ? 2U : tp->ts_ok ? 3U : 4U);
	return n ? 4 + 8 * n : 0;
}

u32 tcp_current_mss(struct tcp_sock *tp)
{
	u32 mss, sack = sack_opt_len(tp);

	tcp_mss_sync(tp); /* without a route the old one stays */
	mss = tp->mss_cache;
	return sack && mss > sack + 8 ? mss - sack : mss;
}

/* ---- the receive window ---- */

u32 tcp_space(const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->is.sk;
	const struct quota *q = &sk->net->quotas[QUOTA_QUEUED];
	s64 room = (s64)sk->rcvbuf - sk->rmem;

	if (unlikely(q->limit != QUOTA_NONE && room > 0))
		room = q->used < q->limit ? (s64)min((u64)room, q->limit - q->used) : 0;
	/* Half of the buffer is for the overhead of small packets */
	return room > 0 ? (u32)room / 2 : 0;
}

void tcp_initial_window(struct net *net, u32 space, u32 mss, bool scaling, u32 clamp,
			u32 *wnd, u32 *clamp_out, u8 *wscale)
{
	u32 most = space;

	if (!clamp)
		clamp = 65535U << TCP_WSCALE_MAX;
	space = min(space, clamp);
	if (space > mss)
		space -= space % mss;
	*wnd = min(space, 65535U);
	*wscale = 0;
	if (scaling) {
		u32 top =
		    (u32)max(tunable_get(net, &tcp_tunables[T_RMEM], 2), (s64)most);

		top = min(top, clamp);
		while (top > 65535 && *wscale < TCP_WSCALE_MAX) {
			top >>= 1;
			(*wscale)++;
		}
	}
	*clamp_out = min(clamp, 65535U << *wscale);
}

/*
 * The window to offer: what there is room for, never less than was offered
 * (RFC 9293 MUST-34), no silly small steps (§3.8.6.2.2).
 */
static u32 new_window(struct tcp_sock *tp)
{
	u32 mss = max((u32)tp->rcv_mss, 1U);
	u64 most = tp->is.sk.net->quotas[QUOTA_QUEUED].limit; /* alone in its net */
	u32 full = (u32)min((u64)tp->is.sk.rcvbuf, most) / 2;
	u32 free = tcp_space(tp), wnd;

	full = min(full, tp->window_clamp);
	if (mss > full)
		mss = max(full, 1U);
	if (free < full / 2) {
		u32 align = 1U << tp->rcv_wscale;

		/* short of memory: no growth */
		tp->rcv_ssthresh = min(tp->rcv_ssthresh, 4U * max((u32)tp->advmss, 1U));
		free &= ~(align - 1);
		if (free < full >> 4 || free < mss)
			return 0;
	}
	free = min(free, tp->rcv_ssthresh);
	if (tp->rcv_wscale) {
		u32 unit = 1U << tp->rcv_wscale;

		return (free + unit - 1) & ~(unit - 1);
	}
	wnd = tp->rcv_wnd;
	if (wnd + mss <= free || wnd > free)
		wnd = free - free % mss;
	else if (mss == full && free > wnd + full / 2)
		wnd = free;
	return wnd;
}

u32 tcp_select_window(struct tcp_sock *tp)
{
	u32 old = tcp_rcv_window(tp), wnd = new_window(tp);
	u32 unit = 1U << tp->rcv_wscale;

	if (tp->ack_pending == ACK_NO_MEMORY) {
		tp->rcv_wnd = 0;
		tp->rcv_wup = tp->rcv_nxt;
		return 0;
	}
	if (wnd < old) {
		if (!wnd)
			MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPWANTZEROWINDOWADV);
		wnd = (old + unit - 1) & ~(unit - 1);
	}
	if (!tp->wscale_ok)
		wnd = min(wnd, 65535U);
	else
		wnd = min(wnd, 65535U << tp->rcv_wscale);
	if (!wnd && tp->rcv_wnd)
		MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPTOZEROWINDOWADV);
	if (wnd && !tp->rcv_wnd)
		MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPFROMZEROWINDOWADV);
	tp->rcv_wnd = wnd;
	tp->rcv_wup = tp->rcv_nxt;
	return wnd >> tp->rcv_wscale;
}

/* ---- building ---- */

/* Put the header before the payload of @p (its linear part has room). */
static u32 build_header(u8 *at, be16 sport, be16 dport, u32 seq, u32 ack, u8 flags,
			u32 wnd, const struct tcp_opts *o)
{
	struct tcp_hdr th = {
	    .source = sport,
	    .dest = dport,
	    .seq = cpu_to_be32(seq),
	    .ack_seq = cpu_to_be32(flags & TCPHDR_ACK ? ack : 0),
	    .flags = flags,
	    .window = cpu_to_be16((u16)min(wnd, 65535U)),
	};
	u32 len = (u32)sizeof(th) + tcp_build_opts(at + sizeof(th), o);

	tcp_set_hdr_len(&th, len);
	memcpy(at, &th, sizeof(th));
	return len;
}

static void start_csum(struct pkt *p, const struct ipaddr *src,
		       const struct ipaddr *dst)
{
	u32 sum = src->family == AF_INET6
		      ? csum_pseudo6(src->v6, dst->v6, IPPROTO_TCP, p->len)
		      : csum_pseudo4(src->v4, dst->v4, IPPROTO_TCP, p->len);
	u16 check = csum_reduce(sum);

	memcpy(p->data + offsetof(struct tcp_hdr, check), &check, sizeof(check));
	pkt_set_l4(p);
	p->csum = PKT_CSUM_PARTIAL;
	p->csum_start = p->l4;
	p->csum_off = offsetof(struct tcp_hdr, check);
}

static void conn_opts(struct tcp_sock *tp, u8 flags, struct tcp_opts *o)
{
	struct net *net = tcp_sknet(tp);

	memset(o, 0, offsetof(struct tcp_opts, cookie));
	o->md5 = NULL;
	if (tcp_md5_of(tp))
		o->present = TCP_HAS_MD5;
	if (flags & TCPHDR_SYN) {
		bool reply = flags & TCPHDR_ACK;
		bool no_ts = o->present & TCP_HAS_MD5; /* no room */

		o->present |= TCP_HAS_MSS;
		if (tp->is.route) /* its MTU may be smaller by now */
			tp->advmss = min(tp->advmss, tcp_advmss(tp->is.route));
		o->mss = tp->advmss;
		if (tp->fo_option)
			tcp_fo_option(tp, o);
		if (reply ? tp->ts_ok : tcp_tun(net, T_TIMESTAMPS) && !no_ts)
			o->present |= TCP_HAS_TS;
		if (reply ? tp->wscale_ok : tcp_tun(net, T_WINDOW_SCALING) != 0) {
			o->present |= TCP_HAS_WSCALE;
			o->wscale = tp->rcv_wscale;
		}
		if (reply ? tp->sack_ok : tcp_tun(net, T_SACK) != 0)
			o->present |= TCP_HAS_SACK_OK;
	} else {
		u32 room = o->present & TCP_HAS_MD5 ? 2 : tp->ts_ok ? 3 : 4;

		if (tp->ts_ok)
			o->present |= TCP_HAS_TS;
		if (tp->sack_ok && (tp->n_sacks || tp->dsack_pending)) {
			if (tp->dsack_pending)
				o->sacks[o->n_sacks++] =
				    (struct tcp_sack){tp->dsack.start, tp->dsack.end};
			for (u32 i = 0; i < tp->n_sacks && o->n_sacks < room; i++)
				o->sacks[o->n_sacks++] = (struct tcp_sack){
				    tp->sacks[i].start, tp->sacks[i].end};
			o->present |= TCP_HAS_SACK;
		}
	}
	o->sack_ok = o->present & TCP_HAS_SACK_OK;
	if (o->present & TCP_HAS_TS) {
		o->ts_val = tcp_ts_now(tp);
		o->ts_ecr = tp->ts_recent;
	}
}

static void ack_was_sent(struct tcp_sock *tp, u32 segs)
{
	if (tp->quick) {
		tp->quick -= (u8)min((u32)tp->quick, segs);
		if (!tp->quick)
			tp->ato_ms = 40;
	}
	tp->ack_pending = 0;
	tp->dsack_pending = false;
	timer_cancel(&tp->delack_timer);
	tp->last_ack_ns = tcp_now(tp);
}

/* A packet of @len bytes goes now: when may the next? The first ten are free. */
static void pace(struct tcp_sock *tp, u32 len)
{
	u64 rate = tcp_pacing_rate(tp);

	if (tp->is.sk.max_pacing == ~0ULL || tp->data_segs_out < 10 || !rate)
		return;
	tp->pace_ns = max(tp->pace_ns, tcp_now(tp)) + len * NS_PER_S / rate;
}

/*
 * Send @p's payload (NULL: none) at @seq. The packet stays in the queue.
 * Return: as ip4_output
 */
static int transmit(struct tcp_sock *tp, const struct pkt *p, u32 seq, u8 flags,
		    u32 mss)
{
	struct net *net = tcp_sknet(tp);
	struct inet_sock *is = &tp->is;
	struct pkt *out = pkt_new(net->worker, PKT_HEADROOM, TCP_HDR_MAX);
	struct ip_send s = {
	    .sk = &is->sk,
	    .src = is->local,
	    .dst = is->peer,
	    .proto = IPPROTO_TCP,
	    .ttl = is->ttl > 0 ? (u8)is->ttl : 0,
	    .tos = (u8)(is->tos & ~3),
	    .df = is->pmtudisc != IP_PMTUDISC_DONT,
	    .df_ignore_mtu = is->pmtudisc == IP_PMTUDISC_PROBE,
	    .opts = is->opts,
	    .opt_len = is->opt_len,
	    .mark = is->sk.mark,
	    .priority = is->sk.priority,
	};
	u8 hdr[TCP_HDR_MAX];
	struct tcp_opts o;
	u32 len, wnd, payload = p ? p->len : 0;
	int err;

	if (!out)
		return -ENOBUFS;
	err = inet_route(is, &s.route);
	if (err)
		goto err_free;
	conn_opts(tp, flags, &o);
	if (flags & TCPHDR_SYN)
		wnd = tp->rcv_wnd; /* never scaled in a SYN */
	else
		wnd = tcp_select_window(tp);
	if (tp->ecn_ok && !(flags & (TCPHDR_SYN | TCPHDR_RST))) {
		if (payload && seq_after_eq(seq, tp->snd_nxt)) {
			s.tos = (u8)(s.tos | 2); /* ECT(0): new data only, §6.1.5 */
			if (tp->ecn_cwr)
				flags |= TCPHDR_CWR;
			tp->ecn_cwr = false;
		}
		if (tp->ecn_echo)
			flags |= TCPHDR_ECE;
	}
	len = build_header(hdr, is->lport, is->pport, seq, tp->rcv_nxt, flags, wnd, &o);
	if (!(flags & TCPHDR_SYN) && seq_after(tp->snd_up, seq) &&
	    tp->snd_up - seq <= 0xffff) {
		be16 up = cpu_to_be16((u16)(tp->snd_up - seq));

		hdr[offsetof(struct tcp_hdr, flags)] |= TCPHDR_URG;
		memcpy(hdr + offsetof(struct tcp_hdr, urg_ptr), &up, sizeof(up));
	}
	memcpy(pkt_put(out, len), hdr, len);
	if (payload) {
		err = pkt_append_pkt(out, p, 0, payload);
		if (err)
			goto err_free;
		if (payload > mss) {
			out->gso_size = (u16)mss;
			out->gso_segs = count_segs(payload, mss);
			out->gso_type =
			    is->peer.family == AF_INET6 ? GSO_TCP6 : GSO_TCP4;
		}
		tp->data_segs_out += count_segs(payload, mss);
		tp->last_send_ns = tcp_now(tp);
		tp->bytes_sent += payload;
		pace(tp, payload + len);
		/* sending soon after receiving: an interactive session */
		if (tcp_now(tp) - tp->last_data_recv_ns < (u64)tp->ato_ms * NS_PER_MS)
			tp->pingpong = 1;
	}
	if (o.present & TCP_HAS_MD5)
		tcp_md5_sign(tcp_md5_of(tp), out, &is->local, &is->peer);
	start_csum(out, &is->local, &is->peer);
	tp->segs_out += count_segs(payload, mss);
	mib(net)->tcp[TCP_MIB_OUTSEGS] += count_segs(payload, mss);
	if (flags & TCPHDR_ACK)
		ack_was_sent(tp, 1);
	return ip4_output(net, out, &s);

err_free:
	pkt_free(out);
	return err;
}

int tcp_send_bare(struct net *net, const struct tcp_bare *b)
{
	struct flow fl = {
	    .family = b->t.local.family,
	    .src = b->t.local,
	    .dst = b->t.peer,
	    .oif = b->t.bound_dev,
	    .tos = b->tos,
	    .proto = IPPROTO_TCP,
	    .mark = b->mark,
	    .sport = b->t.lport,
	    .dport = b->t.pport,
	};
	struct ip_send s = {
	    .sk = b->sk,
	    .src = b->t.local,
	    .dst = b->t.peer,
	    .proto = IPPROTO_TCP,
	    .ttl = b->ttl > 0 ? (u8)b->ttl : 0,
	    .tos = b->tos,
	    .df = true,
	    .mark = b->mark,
	    .priority = b->priority,
	};
	u8 hdr[TCP_HDR_MAX];
	struct tcp_opts o;
	struct pkt *out;
	u32 len;
	int err = route_output(net, &fl, &s.route);

	if (err)
		return err;
	out = pkt_new(net->worker, PKT_HEADROOM, TCP_HDR_MAX);
	if (!out) {
		err = -ENOBUFS;
		goto out;
	}
	o = b->o;
	o.present |= b->md5 ? TCP_HAS_MD5 : 0;
	o.md5 = NULL;
	len = build_header(hdr, b->t.lport, b->t.pport, b->seq, b->ack, b->flags,
			   b->wnd, &o);
	memcpy(pkt_put(out, len), hdr, len);
	if (b->md5)
		tcp_md5_sign(b->md5, out, &b->t.local, &b->t.peer);
	start_csum(out, &b->t.local, &b->t.peer);
	MIB_TCP(net, TCP_MIB_OUTSEGS);
	if (b->flags & TCPHDR_RST)
		MIB_TCP(net, TCP_MIB_OUTRSTS);
	err = ip4_output(net, out, &s);
out:
	route_put(s.route);
	return err;
}

/* RFC 9293 §3.10.7.1: the answer to a segment that belongs to nothing */
void tcp_reply_reset(struct net *net, const struct tcp_seg *sg)
{
	struct tcp_bare b = {
	    .t = {.local = sg->dst,
		  .peer = sg->src,
		  .lport = sg->dport,
		  .pport = sg->sport},
	    .flags = TCPHDR_RST,
	    .md5 = sg->md5,
	};

	if (sg->flags & TCPHDR_RST)
		return;
	if (sg->o.present & TCP_HAS_MD5 && !sg->md5)
		return; /* its sender would not believe one without signature */
	if (sg->flags & TCPHDR_ACK) {
		b.seq = sg->ack;
	} else {
		b.flags |= TCPHDR_ACK;
		b.ack = sg->end_seq;
	}
	tcp_send_bare(net, &b);
}

/* ---- what the time goes to: RFC 4898's SndLim ---- */

static void chrono_set(struct tcp_sock *tp, enum tcp_chrono c)
{
	if (tp->chrono != TCP_CHRONO_NONE)
		tp->chrono_ns[tp->chrono] += tcp_now(tp) - tp->chrono_start_ns;
	tp->chrono = (u8)c;
	tp->chrono_start_ns = tcp_now(tp);
}

void tcp_chrono_start(struct tcp_sock *tp, enum tcp_chrono c)
{
	if (c > tp->chrono)
		chrono_set(tp, c);
}

void tcp_chrono_stop(struct tcp_sock *tp, enum tcp_chrono c)
{
	if (!tp->rtx.root && !tcp_has_unsent(tp))
		chrono_set(tp, TCP_CHRONO_NONE);
	else if (c == tp->chrono)
		chrono_set(tp, TCP_CHRONO_BUSY);
}

/* ---- the send queue moves ---- */

/* The clock stands still within a turn, but RACK must know what was sent first */
static u64 next_stamp(struct tcp_sock *tp)
{
	tp->tx_stamp_ns = max(tcp_now(tp), tp->tx_stamp_ns + 1);
	return tp->tx_stamp_ns;
}

/* @p was handed to IP for the first time: from unsent to the tree */
static void now_sent(struct tcp_sock *tp, struct pkt *p)
{
	struct tcp_tx *tx = tcp_tx(p);
	u32 prior = tp->packets_out;

	list_del(&p->node);
	p->stamp_ns = next_stamp(tp);
	tx->sends = 1;
	tp->snd_nxt = tx->end_seq;
	tcp_rtx_insert(tp, p);
	list_add_tail(&tp->by_time, &p->node);
	tp->packets_out += tx->segs;
	if (!(tx->flags & TCPHDR_SYN))
		tcp_chrono_start(tp, TCP_CHRONO_BUSY);
	if (!prior || tp->rtx_mode == TCP_RTX_TLP)
		tcp_rearm_rto(tp);
}

/* RFC 5681 §4.1: after an idle time of an RTO cwnd is stale */
static void check_idle(struct tcp_sock *tp)
{
	u64 idle = tcp_now(tp) - tp->last_send_ns, rto = tp->rto_ns;
	u32 restart = min((u32)TCP_INIT_CWND, tp->cwnd);

	if (tp->packets_out)
		return;
	if (tp->last_send_ns && tp->cc && tp->cc->event)
		tp->cc->event(tp, CC_TX_START);
	if (!tp->last_send_ns || idle <= rto ||
	    !tcp_tun(tcp_sknet(tp), T_SLOW_START_AFTER_IDLE))
		return;
	tp->ssthresh = max(tp->ssthresh, tp->cwnd / 4 * 3);
	while (idle > rto && tp->cwnd > restart) {
		tp->cwnd /= 2;
		idle -= rto;
	}
	tp->cwnd = max(tp->cwnd, restart);
	tp->cwnd_stamp_ns = tcp_now(tp);
	tp->cwnd_used = 0;
	if (tp->cc && tp->cc->event)
		tp->cc->event(tp, CC_RESTART);
}

/* RFC 7661: is cwnd what holds us back? */
static void cwnd_validate(struct tcp_sock *tp, bool limited)
{
	if (!seq_before(tp->snd_una, tp->cwnd_usage_seq) || limited ||
	    (!tp->cwnd_limited && tp->packets_out > tp->max_packets_out)) {
		tp->cwnd_limited = limited;
		tp->max_packets_out = tp->packets_out;
		tp->cwnd_usage_seq = tp->snd_nxt;
	}
}

/* May this last, small packet go? (RFC 9293 §3.7.4, Minshall) */
static bool nagle_ok(const struct tcp_sock *tp, u32 len, u8 flags, u32 mss)
{
	if (len >= mss || flags & TCPHDR_FIN)
		return true;
	if (seq_after(tp->snd_up, tp->snd_una)) /* urgent mode */
		return true;
	if (tp->cork)
		return false;
	if (tp->nodelay)
		return true;
	/* a small one is still in flight? */
	return !(tp->packets_out && seq_after(tp->snd_sml, tp->snd_una) &&
		 !seq_after(tp->snd_sml, tp->snd_nxt));
}

static u32 gso_limit(u32 mss)
{
	u32 segs = GSO_MAX / mss;

	return mss * max(segs, 1U);
}

/* The most of one packet; a signature is one segment's */
static u32 packet_limit(const struct tcp_sock *tp, u32 mss)
{
	return tcp_md5_of(tp) ? mss : gso_limit(mss);
}

u32 tcp_size_goal(const struct tcp_sock *tp, u32 mss)
{
	u32 most = tp->max_window > 536 ? tp->max_window / 2 : tp->max_window;
	u32 goal = min(packet_limit(tp, mss), TCP_PACKET);

	if (most)
		goal = min(goal, most);
	return max(goal - goal % mss, mss);
}

/* Twice (in slow start) or 1.2 times what a window in a round trip makes */
u64 tcp_pacing_rate(const struct tcp_sock *tp)
{
	enum tcp_tunable ratio =
	    tp->cwnd < tp->ssthresh / 2 ? T_PACING_SS : T_PACING_CA;
	u64 rate = (u64)tp->mss_cache * max(tp->cwnd, tp->packets_out) *
		   (u64)tcp_tun(tcp_sknet(tp), ratio);

	rate =
	    tp->srtt_us ? rate * (NS_PER_S / NS_PER_US / 100 * 8) / tp->srtt_us : ~0ULL;
	return min(rate, tp->is.sk.max_pacing);
}

/*
 * How big a packet should be: what the path carries in a millisecond, so that slow
 * paths see no bursts; the nearer a peer is, the more on top of that
 */
static u32 gso_goal(const struct tcp_sock *tp, u32 mss)
{
	u32 most = packet_limit(tp, mss), r;
	u64 bytes = tcp_pacing_rate(tp) >> 10;

	r = tp->min_rtt_us >> tcp_tun(tcp_sknet(tp), T_TSO_RTT_LOG);
	if (!tp->min_rtt_us || tp->min_rtt_us == ~0U)
		r = 32;
	if (r < 32)
		bytes = min(bytes, (u64)most) + (GSO_MAX >> r);
	bytes =
	    clamp(bytes, (u64)tcp_tun(tcp_sknet(tp), T_MIN_TSO_SEGS) * mss, (u64)most);
	return (u32)(bytes - bytes % mss);
}

/*
 * More waits than may be sent: a bigger packet soon is cheaper than a small one
 * now, as long as the sender is busy and an ACK that will open the window is near.
 */
static bool worth_waiting(const struct tcp_sock *tp, u32 limit, u32 mss, u32 goal)
{
	u32 wnd = (u32)min((u64)tp->snd_wnd, (u64)tp->cwnd * mss);
	u32 parts = (u32)tcp_tun(tcp_sknet(tp), T_TSO_WIN_DIVISOR);

	const struct pkt *head = tcp_rtx_head(tp);

	if (tp->ca_state >= CA_RECOVERY || !head ||
	    tcp_now(tp) - tp->last_send_ns > NS_PER_MS)
		return false;
	if (tcp_since(tp, head) < (u64)(tp->srtt_us >> 4) * NS_PER_US)
		return false;
	return limit < (parts ? min(wnd / parts, goal) : goal);
}

/* Under repair: what is queued counts as sent */
static void as_sent(struct tcp_sock *tp, u32 mss)
{
	struct pkt *p;

	while ((p = list_first(&tp->unsent, struct pkt, node))) {
		if (p->len > packet_limit(tp, mss) &&
		    tcp_fragment(tp, p, packet_limit(tp, mss), mss))
			break;
		tcp_tx(p)->segs = count_segs(p->len, mss);
		now_sent(tp, p);
	}
}

/*
 * RFC 4821 §7: send a segment larger than the others, when there is enough behind it
 * to see soon whether it was lost. Return: 1 sent, 0 wait (more is about to be
 * possible), -1 not now
 */
static int mtu_probe(struct tcp_sock *tp)
{
	struct pkt *p = list_first(&tp->unsent, struct pkt, node);
	u32 size = tcp_mtu_probe_size(tp), need, flight = tcp_in_flight(tp);

	if (!size || tp->ca_state != CA_OPEN || tp->cwnd < 11 || tp->n_sacks ||
	    tp->dsack_pending)
		return -1;
	need = size + (tp->reordering + 1) * tp->mss_cache;
	if (tcp_notsent(tp) < need || tp->snd_wnd < need || p->len < size)
		return -1;
	if (seq_after(tp->snd_nxt + need, tcp_wnd_end(tp)))
		return 0;
	if (flight + 2 > tp->cwnd)
		return flight ? 0 : -1;
	if (p->len > size && tcp_fragment(tp, p, size, size))
		return -1;
	tcp_tx(p)->segs = 1;
	if (transmit(tp, p, tcp_tx(p)->seq, TCPHDR_ACK, size))
		return -1;
	tp->cwnd--; /* it stands for more than one */
	tcp_mtu_probe_sent(tp, tcp_tx(p)->seq, size);
	now_sent(tp, p);
	return 1;
}

/*
 * Send new data. @nagle: small packets may be held; @push_one: 1 one packet, 2 one
 * even beyond cwnd (a loss probe). Return: true when nothing is in flight although
 * data waits: the persist timer must run
 */
bool tcp_write_xmit(struct tcp_sock *tp, u32 mss, bool nagle, int push_one)
{
	bool sent = false, cwnd_limited = false, rwnd_limited = false;
	struct pkt *p;

	if (tp->repair && tp->repair_queue == TCP_SEND_QUEUE) {
		as_sent(tp, mss);
		return false;
	}
	if (!push_one && tp->mtu_probing) {
		int probed = mtu_probe(tp);

		if (!probed)
			return false;
		sent = probed > 0;
	}
	while ((p = list_first(&tp->unsent, struct pkt, node)) &&
	       (push_one == 2 || !tcp_paced(tp))) {
		struct tcp_tx *tx = tcp_tx(p);
		u32 in_flight, quota, end, limit, goal;
		bool last;
		u8 flags;

		if (!tp->packets_out && !sent)
			check_idle(tp);
		in_flight = tcp_in_flight(tp);
		quota = in_flight < tp->cwnd ? tp->cwnd - in_flight : 0;
		if (!quota && tx->flags & TCPHDR_FIN && p->len <= mss)
			quota = 1; /* costs next to nothing */
		if (!quota) {
			cwnd_limited = true;
			if (push_one != 2)
				break;
			quota = 1;
		}
		/* two packets a window at least, so that ACKs keep coming */
		quota = min(quota, max(tp->cwnd / 2, 1U));
		end = tx->seq + min(p->len, mss);
		if (seq_after(end, tcp_wnd_end(tp))) {
			rwnd_limited = true;
			break;
		}
		/* the last one of the queue, and small: Nagle */
		last = p->node.next == &tp->unsent;
		if (last && nagle && !push_one && !nagle_ok(tp, p->len, tx->flags, mss))
			break;
		goal = gso_goal(tp, mss);
		limit = min(tcp_wnd_end(tp) - tx->seq, goal);
		if (push_one == 2)
			quota = 1;
		limit = (u32)min((u64)limit, (u64)quota * mss);
		if (p->len > limit && !push_one &&
		    worth_waiting(tp, limit, mss, goal)) {
			cwnd_limited |= (u64)quota * mss < tcp_wnd_end(tp) - tx->seq;
			break;
		}
		/* whole segments, unless it all fits */
		if (p->len > limit) {
			if (limit > mss)
				limit -= limit % mss;
			if (tcp_fragment(tp, p, limit, mss))
				break;
		} else if (last && nagle && p->len > mss && p->len % mss &&
			   !nagle_ok(tp, p->len % mss, tx->flags, mss) &&
			   tcp_fragment(tp, p, p->len - p->len % mss, mss)) {
			break;
		}
		tx->segs = count_segs(p->len, mss);
		/* more than one: a receiver that merges shall not wait for more */
		flags = TCPHDR_ACK | tx->flags | (tx->segs > 1 ? TCPHDR_PSH : 0);
		if (transmit(tp, p, tx->seq, flags, mss) == -ENOBUFS)
			break; /* it did not get out of this host */
		if (p->len && p->len % mss)
			tp->snd_sml = tx->end_seq;
		if (tx->marks & TXM_STAMPS)
			tcp_tx_stamps(tp, p, false);
		now_sent(tp, p);
		sent = true;
		tp->prr_out += tx->segs;
		if (push_one)
			break;
	}
	if (rwnd_limited)
		tcp_chrono_start(tp, TCP_CHRONO_RWND);
	else
		tcp_chrono_stop(tp, TCP_CHRONO_RWND);
	if (sent && !cwnd_limited && !tcp_has_unsent(tp) && tp->no_space)
		tcp_chrono_start(tp, TCP_CHRONO_SNDBUF);
	if (tp->packets_out) {
		cwnd_limited |= tcp_in_flight(tp) >= tp->cwnd;
		if (sent || cwnd_limited)
			cwnd_validate(tp, cwnd_limited && !rwnd_limited);
		if (sent && push_one != 2)
			tcp_schedule_tlp(tp);
		return false;
	}
	return tcp_has_unsent(tp);
}

void tcp_push_one(struct tcp_sock *tp)
{
	tcp_write_xmit(tp, tcp_current_mss(tp), true, 1);
}

void tcp_push_all(struct tcp_sock *tp)
{
	if (tcp_has_unsent(tp) &&
	    !tcp_state_in(tp, TCPF(CLOSE) | TCPF(SYN_SENT) | TCPF(LISTEN)) &&
	    tcp_write_xmit(tp, tcp_current_mss(tp), false, 0))
		tcp_check_probe(tp);
}

void tcp_push(struct tcp_sock *tp)
{
	if (!tcp_has_unsent(tp))
		return;
	if (tcp_state_in(tp, TCPF(CLOSE) | TCPF(SYN_SENT) | TCPF(LISTEN)))
		return;
	if (tcp_write_xmit(tp, tcp_current_mss(tp), true, 0))
		tcp_check_probe(tp);
}

/*
 * Send @p again, its first @segs segments at most. Return: 0; -EAGAIN when the
 * peer's window does not take it; else what IP says
 */
int tcp_retransmit(struct tcp_sock *tp, struct pkt *p, u32 segs)
{
	struct net *net = tcp_sknet(tp);
	struct tcp_tx *tx = tcp_tx(p);
	u32 mss, limit;
	u8 flags = tx->flags & TCPHDR_SYN ? 0 : TCPHDR_ACK;
	int err;

	if (seq_before(tx->seq, tp->snd_una) && p->len) {
		/* a part of it is acknowledged already: cut that off */
		u32 n = tp->snd_una - tx->seq;

		if (n < p->len) {
			pkt_pull(p, n);
			p->charge -= n;
			sock_wmem_add(&tp->is.sk, -(s64)n);
			tx->seq += n;
		}
	}
	mss = tcp_current_mss(tp);
	if (!seq_before(tx->seq, tcp_wnd_end(tp)) && tx->seq != tp->snd_una)
		return -EAGAIN;
	limit = (u32)min((u64)segs * mss, (u64)packet_limit(tp, mss));
	if (seq_after(tx->seq + limit, tcp_wnd_end(tp)) &&
	    seq_before(tx->seq, tcp_wnd_end(tp))) {
		u32 wnd = tcp_wnd_end(tp) - tx->seq;

		limit = wnd >= mss ? wnd - wnd % mss : wnd;
	}
	if (p->len > limit && limit) {
		err = tcp_fragment(tp, p, limit, mss);
		if (err)
			return err;
	} else if (p->len) {
		u16 n = count_segs(p->len, mss);

		adjust_counts(tp, tx, (int)n - tx->segs);
		tx->segs = n;
	}
	if (tx->flags & TCPHDR_SYN && tp->is.sk.state == TCP_SYN_RECV)
		flags = TCPHDR_ACK;
	if (tx->flags & TCPHDR_SYN && tp->ecn_ok) {
		/* perhaps it was the bits that made it disappear: §6.1.1.1 */
		if (tcp_tun(net, T_ECN_FALLBACK))
			tp->ecn_ok = false;
		else
			flags |= TCPHDR_ECE | TCPHDR_CWR;
	}
	flags |= tx->flags | (tx->segs > 1 ? TCPHDR_PSH : 0);
	err = transmit(tp, p, tx->seq, flags, mss);
	mib(net)->tcp[TCP_MIB_RETRANSSEGS] += tx->segs;
	if (tx->flags & TCPHDR_SYN)
		MIB_EXT(net, LINUX_MIB_TCPSYNRETRANS);
	tp->total_retrans += tx->segs;
	tp->bytes_retrans += p->len;
	if (err)
		MIB_EXT(net, LINUX_MIB_TCPRETRANSFAIL);
	if (err == -ENOBUFS) {
		tx->sacked |= TX_EVER; /* no round trip is measured by it any more */
		return err;
	}
	if (!tp->retrans_stamp_ns) {
		tp->retrans_stamp_ns = tcp_now(tp);
		tp->retrans_stamp_ts = tcp_ts_now(tp);
	}
	if (!(tx->sacked & TX_RETRANS)) {
		tx->sacked |= TX_RETRANS;
		tp->retrans_out += tx->segs;
	}
	tx->sacked |= TX_EVER;
	tx->sends += tx->sends < 255;
	tp->undo_retrans = max(tp->undo_retrans, 0) + tx->segs;
	p->stamp_ns = next_stamp(tp);
	list_del(&p->node);
	if (!(tx->sacked & TX_SACKED))
		list_add_tail(&tp->by_time, &p->node);
	return 0;
}

/* Recovery: what is lost first, within cwnd; oldest mark first */
void tcp_xmit_recovery(struct tcp_sock *tp)
{
	struct pkt *p;
	bool head = false;

	while (!tcp_paced(tp) && (p = list_first(&tp->lost, struct pkt, node))) {
		u32 in_flight = tcp_in_flight(tp);

		if (in_flight >= tp->cwnd)
			break;
		if (tp->is.sk.state == TCP_SYN_SENT && p->len)
			break; /* fast open: data only behind the handshake */
		head |= p == tcp_rtx_head(tp);
		if (tcp_retransmit(tp, p, tp->cwnd - in_flight))
			break;
		MIB_EXT(tcp_sknet(tp), tp->ca_state == CA_LOSS
					   ? LINUX_MIB_TCPSLOWSTARTRETRANS
					   : LINUX_MIB_TCPFASTRETRANS);
		tp->prr_out += tcp_tx(p)->segs;
	}
	if (head || (tp->packets_out && !timer_pending(&tp->rtx_timer))) {
		tp->rtx_mode = TCP_RTX_NONE;
		tcp_rearm_rto(tp);
	}
}

/* ---- control segments ---- */

static struct pkt *queue_control(struct tcp_sock *tp, u8 flags)
{
	struct pkt *p = tcp_tx_new(tp);

	if (!p)
		return NULL;
	tcp_tx(p)->seq = tp->write_seq;
	tcp_tx(p)->end_seq = ++tp->write_seq;
	tcp_tx(p)->flags = flags;
	list_add_tail(&tp->unsent, &p->node);
	return p;
}

/* Everything of the socket is set; the data is a packet of its own behind the SYN */
int tcp_send_syn(struct tcp_sock *tp, struct msg *m)
{
	struct pkt *p = queue_control(tp, TCPHDR_SYN), *data = NULL;
	int err;

	if (!p)
		return -ENOBUFS;
	if (m && tp->fo_space) {
		size_t left = min(msg_left(m), (size_t)tp->fo_space);

		while (left) {
			ssize_t n = tcp_append(tp, m, left);

			if (n < 0)
				break; /* what is there goes */
			left -= (size_t)n;
		}
		data = list_last(&tp->unsent, struct pkt, node);
		data = data == p ? NULL : data;
	}
	tp->fo_option = tp->syn_fastopen;
	err = transmit(tp, data ? data : p, tcp_tx(p)->seq,
		       TCPHDR_SYN | (tp->ecn_ok ? TCPHDR_ECE | TCPHDR_CWR : 0),
		       TCP_BLOCK);
	tp->fo_option = false;
	now_sent(tp, p);
	if (data) {
		tp->syn_data = true;
		tcp_tx(data)->flags |= TCPHDR_PSH;
		now_sent(tp, data);
		MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPORIGDATASENT);
	}
	MIB_TCP(tcp_sknet(tp), TCP_MIB_ACTIVEOPENS);
	return err == -ENOBUFS ? 0 : err;
}

void tcp_send_synack_full(struct tcp_sock *tp)
{
	transmit(tp, NULL, tp->iss,
		 TCPHDR_SYN | TCPHDR_ACK | (tp->ecn_ok ? TCPHDR_ECE : 0),
		 tp->mss_cache);
}

void tcp_send_ack(struct tcp_sock *tp)
{
	if (tp->is.sk.state == TCP_CLOSE)
		return;
	if (transmit(tp, NULL, tp->snd_nxt, TCPHDR_ACK, tp->mss_cache) == -ENOBUFS) {
		tp->ack_pending = ACK_DELAYED;
		timer_set_at(&tp->delack_timer, tcp_now(tp) + TCP_DELACK_MAX);
	}
}

/* RFC 5961 §7: not more often than the interval */
void tcp_send_challenge(struct tcp_sock *tp)
{
	struct net *net = tcp_sknet(tp);
	u64 gap = (u64)tcp_tun(net, T_INVALID_RATELIMIT) * NS_PER_MS;

	if (tp->challenge_ns && tcp_now(tp) - tp->challenge_ns < gap) {
		MIB_EXT(net, LINUX_MIB_TCPACKSKIPPEDCHALLENGE);
		return;
	}
	tp->challenge_ns = max(tcp_now(tp), (u64)1);
	MIB_EXT(net, LINUX_MIB_TCPCHALLENGEACK);
	tcp_send_ack(tp);
}

void tcp_send_fin(struct tcp_sock *tp)
{
	struct pkt *last = list_last(&tp->unsent, struct pkt, node);

	if (tp->fin_queued)
		return;
	tp->fin_queued = true;
	if (last) {
		tcp_tx(last)->flags |= TCPHDR_FIN;
		tcp_tx(last)->end_seq++;
		tp->write_seq++;
	} else if (!queue_control(tp, TCPHDR_FIN)) {
		/* No memory for a few bytes: the peer must not wait for ever */
		tcp_send_reset(tp);
		tcp_done(tp);
		return;
	}
	if (tcp_write_xmit(tp, tcp_current_mss(tp), false, 0))
		tcp_check_probe(tp);
}

void tcp_send_reset(struct tcp_sock *tp)
{
	MIB_TCP(tcp_sknet(tp), TCP_MIB_OUTRSTS);
	transmit(tp, NULL, tp->snd_nxt, TCPHDR_RST | TCPHDR_ACK, tp->mss_cache);
}

/* An old sequence number: the peer must answer with an ACK */
int tcp_send_keepalive(struct tcp_sock *tp)
{
	return transmit(tp, NULL, tp->snd_una - 1, TCPHDR_ACK, tp->mss_cache);
}

int tcp_send_probe(struct tcp_sock *tp)
{
	struct pkt *p = list_first(&tp->unsent, struct pkt, node);
	u32 mss = tcp_current_mss(tp), room;

	if (tp->is.sk.state == TCP_CLOSE)
		return -1;
	MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPWINPROBE);
	if (p && seq_before(tcp_tx(p)->seq, tcp_wnd_end(tp))) {
		/* there is a little room: what fits */
		room = min(tcp_wnd_end(tp) - tcp_tx(p)->seq, mss);
		if (p->len > room && tcp_fragment(tp, p, room, mss))
			return -1;
		tcp_tx(p)->segs = count_segs(p->len, mss);
		if (transmit(tp, p, tcp_tx(p)->seq,
			     TCPHDR_ACK | TCPHDR_PSH | tcp_tx(p)->flags,
			     mss) == -ENOBUFS)
			return -ENOBUFS;
		now_sent(tp, p);
		return 0;
	}
	return tcp_send_keepalive(tp);
}

/*
 * The reader took bytes: send an update when the window can grow by twice (RFC
 * 9293 §3.8.6.2.2), or an ACK is due anyway and the session is not interactive.
 */
void tcp_cleanup_rbuf(struct tcp_sock *tp, u32 copied)
{
	u32 old = tcp_rcv_window(tp), wnd;

	if (tcp_state_in(tp, TCPF(CLOSE) | TCPF(LISTEN) | TCPF(SYN_SENT)))
		return;
	if (tp->ack_pending && copied &&
	    (tp->rcv_nxt - tp->rcv_wup > tp->rcv_mss ||
	     (!tp->pingpong && list_empty(&tp->is.sk.rx_queue)))) {
		tcp_send_ack(tp);
		return;
	}
	if (!copied || tp->is.sk.shut & RCV_SHUTDOWN)
		return;
	if (2 * (u64)old > tp->window_clamp)
		return;
	wnd = new_window(tp);
	if (wnd && wnd >= 2 * (u64)old)
		tcp_send_ack(tp);
}
