/* SPDX-License-Identifier: MIT */
/*
 * cc.c - congestion control: the registry, and Reno (RFC 5681, 6582)
 *
 * Read this before writing another: an algorithm is one file that ends with
 * its table, named in cc.h and registered by cc_boot().
 */

#include "inet/cc.h"

#include "core/registry.h"
#include "inet/tcp.h"

int cc_register(struct warren *w, const struct part *part, const struct cc_ops *ops)
{
	return registry_add(w, REG_CC, part, ops->name, 0, ops);
}

const struct cc_ops *cc_find(const struct net *net, const char *name)
{
	return registry_find_name(net, REG_CC, name);
}

u32 cc_slow_start(struct tcp_sock *tp, u32 acked)
{
	u32 cwnd = min(tp->cwnd + acked, tp->ssthresh);

	if (cwnd < tp->cwnd)
		cwnd = tp->cwnd;
	acked -= cwnd - tp->cwnd;
	tp->cwnd = min(cwnd, tp->cwnd_clamp);
	return acked;
}

void cc_grow_by(struct tcp_sock *tp, u32 w, u32 acked)
{
	if (w == 0)
		w = 1;
	if (tp->cwnd_cnt >= w) {
		tp->cwnd_cnt = 0;
		tp->cwnd++;
	}
	tp->cwnd_cnt += acked;
	if (tp->cwnd_cnt >= w) {
		u32 more = tp->cwnd_cnt / w;

		tp->cwnd_cnt -= more * w;
		tp->cwnd += more;
	}
	tp->cwnd = min(tp->cwnd, tp->cwnd_clamp);
}

/* ---- Reno ---- */

static u32 reno_ssthresh(struct tcp_sock *tp)
{
	return max(tp->cwnd / 2, 2U);
}

static void reno_cong_avoid(struct tcp_sock *tp, u32 acked)
{
	if (tp->cwnd < tp->ssthresh) {
		acked = cc_slow_start(tp, acked);
		if (!acked)
			return;
	}
	cc_grow_by(tp, tp->cwnd, acked);
}

const struct cc_ops cc_reno = {
    .name = "reno",
    .ssthresh = reno_ssthresh,
    .cong_avoid = reno_cong_avoid,
};

static int cc_boot(struct warren *w)
{
	int err = cc_register(w, &cc_part, &cc_reno);

	return err ? err : cc_register(w, &cc_part, &cc_cubic);
}

const struct part cc_part = {
    .name = "cc",
    .id = PART_CC,
    .boot = cc_boot,
};
