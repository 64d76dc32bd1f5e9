/* SPDX-License-Identifier: MIT */
/*
 * tcp_mtu.c - how big a segment may be: the MSS, and probing the path (RFC 4821)
 *
 * The MSS follows the route's MTU, which ICMP makes smaller (RFC 1191). Where no
 * ICMP comes back, probing finds out: between search_low, known to pass, and
 * search_high, known not to or never tried, a segment of the middle is sent. When
 * it is acknowledged the lower bound rises, and the MSS with it; when it alone is
 * lost the upper bound falls, and nothing else is held against the path.
 *
 * net.ipv4.tcp_mtu_probing: 0 never; 1 when retransmissions suggest a black hole;
 * 2 always, from tcp_base_mss upwards.
 */

#include "inet/tcp_impl.h"

#include <linux/tcp.h>

static u32 headers(const struct tcp_sock *tp)
{
	return 40U + tp->is.opt_len;
}

/* Payload that fits in @mtu, as mss_cache counts it */
static u32 to_mss(const struct tcp_sock *tp, u32 mtu)
{
	u32 mss = mtu > headers(tp) ? mtu - headers(tp) : 0;

	mss = min(mss, (u32)tp->mss_clamp);
	if (tp->user_mss)
		mss = min(mss, (u32)tp->user_mss);
	mss = max(mss, (u32)tcp_tun(tcp_sknet(tp), T_BASE_MIN_SND_MSS));
	if (tp->ts_ok)
		mss -= 12;
	if (tcp_md5_of(tp))
		mss = mss > 20 + 48 ? mss - 20 : 48;
	return mss;
}

static u32 to_mtu(const struct tcp_sock *tp, u32 mss)
{
	return mss + headers(tp) + (tp->ts_ok ? 12 : 0) + (tcp_md5_of(tp) ? 20 : 0);
}

int tcp_mss_sync(struct tcp_sock *tp)
{
	struct route *rt;
	u32 mtu, mss;
	int err = inet_route(&tp->is, &rt);

	if (err)
		return err;
	mtu = min(route_mtu(rt), 65535U);
	if (tp->pmtu == mtu)
		return 0;
	tp->pmtu = mtu;
	tp->search_high = min(tp->search_high, mtu);
	mss = to_mss(tp, mtu);
	if (tp->mtu_probing) /* what is in use is known to pass, too */
		mss = min(mss, max(to_mss(tp, tp->search_low), tp->mss_cache));
	/* Never a segment of more than half the greatest window: no deadlock of silly
	 * windows */
	if (tp->max_window > 536 && mss > tp->max_window / 2)
		mss = tp->max_window / 2;
	tp->mss_cache = max(mss, 8U);
	return 0;
}

static void sync_anew(struct tcp_sock *tp)
{
	tp->pmtu = 0;
	tcp_mss_sync(tp);
}

void tcp_mtu_init(struct tcp_sock *tp)
{
	struct net *net = tcp_sknet(tp);

	tp->mtu_probing = tcp_tun(net, T_MTU_PROBING) > 1;
	tp->search_high = (u32)tp->mss_clamp + headers(tp);
	tp->search_low = (u32)tcp_tun(net, T_BASE_MSS) + headers(tp);
	tp->probe_mtu = 0;
	tp->probed_ns = tcp_now(tp);
}

/* The search is over; begin again when paths may have changed */
static void search_again(struct tcp_sock *tp)
{
	u64 interval = (u64)tcp_tun(tcp_sknet(tp), T_PROBE_INTERVAL) * NS_PER_S;

	if (tcp_now(tp) - tp->probed_ns < interval)
		return;
	tp->search_high = (u32)tp->mss_clamp + headers(tp);
	tp->search_low = to_mtu(tp, tp->mss_cache);
	tp->probed_ns = tcp_now(tp);
}

u32 tcp_mtu_probe_size(struct tcp_sock *tp)
{
	u32 size;

	if (!tp->mtu_probing || tp->probe_mtu)
		return 0;
	size = to_mss(tp, (tp->search_high + tp->search_low) / 2);
	if (tp->search_high <= tp->search_low || size <= tp->mss_cache ||
	    size > to_mss(tp, tp->search_high) ||
	    tp->search_high - tp->search_low <
		(u32)tcp_tun(tcp_sknet(tp), T_PROBE_THRESHOLD)) {
		search_again(tp);
		return 0;
	}
	return size;
}

void tcp_mtu_probe_sent(struct tcp_sock *tp, u32 seq, u32 size)
{
	tp->probe_mtu = to_mtu(tp, size);
	tp->probe_start = seq;
	tp->probe_end = seq + size;
}

void tcp_mtu_probe_acked(struct tcp_sock *tp)
{
	if (!tp->probe_mtu || seq_after(tp->probe_end, tp->snd_una))
		return;
	/* as many bytes in the window as before */
	tp->cwnd =
	    max((u32)((u64)tp->cwnd * to_mtu(tp, tp->mss_cache) / tp->probe_mtu), 1U);
	tp->cwnd_cnt = 0;
	tp->cwnd_stamp_ns = tcp_now(tp);
	tp->search_low = tp->probe_mtu;
	tp->probe_mtu = 0;
	sync_anew(tp);
	MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPMTUPSUCCESS);
}

bool tcp_mtu_probe_lost(struct tcp_sock *tp)
{
	if (!tp->probe_mtu || tp->probe_start != tp->snd_una)
		return false;
	tp->search_high = tp->probe_mtu - 1;
	tp->probe_mtu = 0;
	tp->cwnd++;
	MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPMTUPFAIL);
	return true;
}

void tcp_mtu_black_hole(struct tcp_sock *tp)
{
	struct net *net = tcp_sknet(tp);
	u32 mss;

	if (!tcp_tun(net, T_MTU_PROBING))
		return;
	if (!tp->mtu_probing) {
		tp->mtu_probing = true;
		tp->probed_ns = tcp_now(tp);
	} else {
		mss =
		    min(to_mss(tp, tp->search_low) / 2, (u32)tcp_tun(net, T_BASE_MSS));
		mss = max(mss, (u32)tcp_tun(net, T_PROBE_FLOOR));
		mss = max(mss, (u32)tcp_tun(net, T_BASE_MIN_SND_MSS));
		tp->search_low = to_mtu(tp, mss);
	}
	tp->mss_cache = min(tp->mss_cache, to_mss(tp, tp->search_low));
	sync_anew(tp);
}
