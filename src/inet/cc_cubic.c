/* SPDX-License-Identifier: MIT */
/*
 * cc_cubic.c - CUBIC (RFC 9438)
 *
 * After a loss at W_max the window follows W(t) = C (t - K)^3 + W_max, with
 * K = cbrt((W_max - cwnd_epoch) / C): fast back towards W_max, slow around it,
 * then faster beyond. Where Reno with the same average would be quicker
 * (§4.3), its estimate W_est is the target.
 *
 * Slow start ends early (HyStart, as Linux has it; RFC 9406 is its successor, whose
 * conservative phase is not here) when of a round, with more than eight samples, the
 * shortest round trip is an eighth above the shortest ever, or when ACKs that follow
 * each other closely make a train as long as half the shortest round trip.
 *
 * Arithmetic is in integers: time in 1/1024 s, windows in segments; C = 0.4 is
 * 2/5, beta = 0.7 is 717/1024.
 */

#include "inet/cc.h"
#include "inet/tcp.h"

#define BETA	    717U /* /1024 */
#define TICKS	    1024ULL
#define HY_LOW_CWND 16
#define HY_SAMPLES  8
#define HY_MIN_US   4000U
#define HY_MAX_US   16000U
#define HY_TRAIN_NS (2 * NS_PER_MS)

struct cubic {
	u32 w_max;  /* window before the last reduction */
	u32 origin; /* W_max of this epoch */
	u32 k;	    /* ticks from the epoch to the origin */
	u32 w_est;  /* Reno's window */
	u32 est_cnt, ack_cnt;
	u32 per_ack;  /* acknowledged segments for one more in cwnd */
	u64 epoch_ns; /* 0: none */
	u64 tx_idle_ns;
	u32 last_cwnd;
	u64 last_ns;
	/* HyStart, this round */
	u32 round_end, round_min_us, min_us, samples;
	u64 round_ns, last_ack_ns;
	bool found;
};
_Static_assert(sizeof(struct cubic) <= CC_PRIV, "private bytes of an algorithm");

static struct cubic *cubic(struct tcp_sock *tp)
{
	return (struct cubic *)(void *)tp->cc_priv;
}

static u64 now(const struct tcp_sock *tp)
{
	return clock_now(tp->is.sk.net->w);
}

static u32 cube_root(u64 a)
{
	u64 lo = 0, hi = 2642245; /* cbrt(2^64) */

	while (lo < hi) {
		u64 mid = (lo + hi + 1) / 2;

		if (mid * mid * mid <= a)
			lo = mid;
		else
			hi = mid - 1;
	}
	return (u32)lo;
}

static void cubic_init(struct tcp_sock *tp)
{
	cubic(tp)->round_end = tp->snd_nxt;
}

static void epoch_begin(struct tcp_sock *tp, struct cubic *cu)
{
	cu->epoch_ns = now(tp);
	cu->w_est = tp->cwnd;
	cu->est_cnt = 0;
	if (cu->w_max <= tp->cwnd) {
		cu->k = 0;
		cu->origin = tp->cwnd;
		return;
	}
	/* K^3 = (W_max - cwnd) / 0.4 in seconds; in ticks times 2^30 */
	cu->k = cube_root((u64)(cu->w_max - tp->cwnd) * 5 / 2 << 30);
	cu->origin = cu->w_max;
}

/* Sets per_ack: how many acknowledged segments earn one */
static void cubic_update(struct tcp_sock *tp, struct cubic *cu, u32 acked)
{
	u64 t, d, delta;
	u32 target, cwnd = tp->cwnd;

	cu->ack_cnt += acked;
	if (cu->last_cwnd == cwnd && now(tp) - cu->last_ns < NS_PER_S / 32)
		return;
	if (cu->epoch_ns && cu->last_ns == now(tp))
		goto friendly;
	cu->last_cwnd = cwnd;
	cu->last_ns = now(tp);
	if (!cu->epoch_ns)
		epoch_begin(tp, cu);

	/* where the curve is one round trip (the shortest: queues do not count) from
	 * now: RFC 9438 §4.4 */
	t = (now(tp) - cu->epoch_ns + (u64)cu->min_us * NS_PER_US) / (NS_PER_S / TICKS);
	d = t < cu->k ? cu->k - t : t - cu->k;
	if (d > 200000) /* beyond any window */
		d = 200000;
	delta = (d * d * d >> 30) * 2 / 5;
	if (t < cu->k)
		target = delta < cu->origin ? cu->origin - (u32)delta : 0;
	else
		target = cu->origin + (u32)delta;
	target = min(target, cwnd + cwnd / 2);
	cu->per_ack = target > cwnd ? cwnd / (target - cwnd) : 100 * cwnd;
	if (!cu->w_max && cu->per_ack > 20)
		cu->per_ack = 20;

friendly:
	/* W_est grows by 3(1 - beta)/(1 + beta) = 0.53 a round trip */
	cu->est_cnt += cu->ack_cnt;
	cu->ack_cnt = 0;
	while (cu->est_cnt > cwnd * 15 / 8) {
		cu->est_cnt -= cwnd * 15 / 8;
		cu->w_est++;
	}
	if (cu->w_est > cwnd)
		cu->per_ack = min(cu->per_ack, max(cwnd / (cu->w_est - cwnd), 1U));
	cu->per_ack = max(cu->per_ack, 2U);
}

static void cubic_cong_avoid(struct tcp_sock *tp, u32 acked)
{
	struct cubic *cu = cubic(tp);

	if (tp->cwnd < tp->ssthresh) {
		acked = cc_slow_start(tp, acked);
		if (!acked)
			return;
	}
	cubic_update(tp, cu, acked);
	cc_grow_by(tp, cu->per_ack, acked);
}

static u32 cubic_ssthresh(struct tcp_sock *tp)
{
	struct cubic *cu = cubic(tp);

	cu->epoch_ns = 0;
	/* Fast convergence, §4.7 */
	if (tp->cwnd < cu->w_max)
		cu->w_max = (u32)((u64)tp->cwnd * (1024 + BETA) / 2048);
	else
		cu->w_max = tp->cwnd;
	return max((u32)((u64)tp->cwnd * BETA / 1024), 2U);
}

static void cubic_event(struct tcp_sock *tp, enum cc_event ev)
{
	struct cubic *cu = cubic(tp);

	switch (ev) {
	case CC_LOSS:
		memset(cu, 0, sizeof(*cu));
		cu->round_end = tp->snd_nxt;
		break;
	case CC_TX_START:
		/* Time without data does not count: move the epoch */
		if (cu->epoch_ns && tp->last_send_ns && now(tp) > tp->last_send_ns)
			cu->epoch_ns =
			    min(now(tp), cu->epoch_ns + (now(tp) - tp->last_send_ns));
		break;
	case CC_RESTART:
	case CC_UNDO:
		break;
	}
}

static void hystart(struct tcp_sock *tp, struct cubic *cu, u32 rtt_us)
{
	if (!cu->round_ns || seq_after(tp->snd_una, cu->round_end)) {
		cu->round_end = tp->snd_nxt;
		cu->round_ns = cu->last_ack_ns = now(tp);
		cu->round_min_us = ~0U;
		cu->samples = 0;
	}
	if (now(tp) - cu->last_ack_ns <= HY_TRAIN_NS) {
		cu->last_ack_ns = now(tp);
		if (now(tp) - cu->round_ns > (u64)cu->min_us * NS_PER_US / 2)
			cu->found = true;
	}
	cu->round_min_us = min(cu->round_min_us, rtt_us);
	if (cu->samples < HY_SAMPLES)
		cu->samples++;
	else if (cu->round_min_us >
		 cu->min_us + clamp(cu->min_us / 8, HY_MIN_US, HY_MAX_US))
		cu->found = true;
	if (cu->found)
		tp->ssthresh = tp->cwnd;
}

static void cubic_acked(struct tcp_sock *tp, u32 acked, u32 rtt_us)
{
	struct cubic *cu = cubic(tp);

	(void)acked;
	if (!rtt_us || (cu->epoch_ns && now(tp) - cu->epoch_ns < NS_PER_S))
		return;
	if (!cu->min_us || rtt_us < cu->min_us)
		cu->min_us = rtt_us;
	if (!cu->found && tp->cwnd < tp->ssthresh && tp->cwnd >= HY_LOW_CWND)
		hystart(tp, cu, rtt_us);
}

const struct cc_ops cc_cubic = {
    .name = "cubic",
    .init = cubic_init,
    .ssthresh = cubic_ssthresh,
    .cong_avoid = cubic_cong_avoid,
    .event = cubic_event,
    .acked = cubic_acked,
};
