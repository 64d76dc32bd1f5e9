/* SPDX-License-Identifier: MIT */
/*
 * tcp_timer.c - retransmit, persist, keepalive, delayed ACK
 *
 * Three timers lie in the socket. rtx_timer is set for one thing at a time
 * (enum tcp_rtx_mode): RTO, a loss probe, the end of a reordering window, or the
 * probe of a window that is shut. keep_timer is for keepalive, and for an
 * orphan that waits in FIN_WAIT2 longer than a TIME_WAIT does. Each function
 * holds the socket while it runs, since it may end it.
 */

#include "core/tunable.h"
#include "inet/tcp_impl.h"

#include <linux/tcp.h>

enum { THIN_RETRIES = 6 };

void tcp_rtx_set(struct tcp_sock *tp, enum tcp_rtx_mode mode, u64 delay_ns)
{
	u64 most = tcp_rto_max(tp);

	tp->rtx_mode = mode;
	timer_set_at(&tp->rtx_timer, tcp_now(tp) + min(delay_ns, most));
}

void tcp_rtx_stop(struct tcp_sock *tp)
{
	tp->rtx_mode = TCP_RTX_NONE;
	timer_cancel(&tp->rtx_timer);
}

/*
 * RFC 6298 §5.2, 5.3: an RTO from now; instead of a loss probe or the end of a
 * reordering window, what is left of it since the oldest segment was sent
 */
void tcp_rearm_rto(struct tcp_sock *tp)
{
	const struct pkt *head = tcp_rtx_head(tp);
	u64 at;

	if (tp->fo_synack)
		return; /* the timer is the SYN-ACK's */
	if (!head) {
		if (tp->rtx_mode != TCP_RTX_PROBE0)
			tcp_rtx_stop(tp);
		return;
	}
	at = tcp_now(tp) + tp->rto_ns;
	if (tp->rtx_mode == TCP_RTX_TLP || tp->rtx_mode == TCP_RTX_REO)
		at = head->stamp_ns + tp->rto_ns;
	tcp_rtx_set(tp, TCP_RTX_RTO,
		    at > tcp_now(tp) + NS_PER_MS ? at - tcp_now(tp) : NS_PER_MS);
}

/* ---- giving up ---- */

static void give_up(struct tcp_sock *tp)
{
	int err = tp->is.sk.soft_err ? tp->is.sk.soft_err : ETIMEDOUT;

	MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPABORTONTIMEOUT);
	tp->is.sk.err = err;
	tcp_purge_send(tp);
	tcp_done(tp);
}

/* How long @n doubled timeouts from the minimum take */
static u64 total_timeout(u32 n)
{
	u64 sum = 0, rto = TCP_RTO_MIN;

	for (u32 i = 0; i <= n && i < 255; i++) {
		sum += rto;
		rto = min(rto * 2, (u64)TCP_RTO_MAX);
	}
	return sum;
}

/* Retransmitting, without an answer, for so long (0: not at all) */
static u64 silent_ns(const struct tcp_sock *tp)
{
	u64 since = tp->retrans_stamp_ns;

	if (!tp->retransmits)
		return 0;
	if (!since) {
		const struct pkt *head = tcp_rtx_head(tp);

		since = head ? head->stamp_ns : tcp_now(tp);
	}
	return tcp_now(tp) > since ? tcp_now(tp) - since : 0;
}

static bool lasted_retries(const struct tcp_sock *tp, u32 retries)
{
	return silent_ns(tp) && silent_ns(tp) >= total_timeout(retries);
}

static bool lasted(const struct tcp_sock *tp, u32 retries)
{
	u64 ns = silent_ns(tp);

	if (tp->user_timeout_ms)
		return ns && ns >= tp->user_timeout_ms * NS_PER_MS;
	return lasted_retries(tp, retries);
}

static u32 orphan_retries(const struct tcp_sock *tp, bool alive)
{
	u32 n = (u32)tcp_tun(tcp_sknet(tp), T_ORPHAN_RETRIES);

	if (tp->is.sk.soft_err && !alive)
		return 0;
	return n == 0 && alive ? 8 : n;
}

/* Return: true when the connection is over */
static bool write_timeout(struct tcp_sock *tp)
{
	struct net *net = tcp_sknet(tp);
	u32 retries;
	bool over;

	if (tcp_state_in(tp, TCPF(SYN_SENT) | TCPF(SYN_RECV))) {
		retries = tp->syn_retries ? tp->syn_retries
					  : (u32)tcp_tun(net, T_SYN_RETRIES);
		if (tp->is.sk.state == TCP_SYN_SENT) /* those do not count */
			retries += (u32)tcp_tun(net, T_SYN_LINEAR);
		over = tp->retransmits >= retries;
		if (tp->user_timeout_ms && tp->retransmits)
			over |= lasted(tp, 0);
	} else {
		if (lasted_retries(tp, (u32)tcp_tun(net, T_RETRIES1)))
			tcp_mtu_black_hole(tp);
		retries = (u32)tcp_tun(net, T_RETRIES2);
		if (tp->is.sk.dead) {
			bool alive = tp->rto_ns < TCP_RTO_MAX;

			retries = orphan_retries(tp, alive);
			if (tcp_net(net)->n_orphans >
			    (u32)tcp_tun(net, T_MAX_ORPHANS)) {
				MIB_EXT(net, LINUX_MIB_TCPABORTONMEMORY);
				tcp_send_reset(tp);
				give_up(tp);
				return true;
			}
		}
		over = lasted(tp, retries);
	}
	if (over)
		give_up(tp);
	return over;
}

/* ---- retransmission: RFC 6298 §5.4 to 5.6 ---- */

static bool is_thin(const struct tcp_sock *tp)
{
	return tp->is.sk.state == TCP_ESTABLISHED && tp->packets_out < 4 &&
	       tp->ssthresh < TCP_INFINITE &&
	       (tp->thin_linear || tcp_tun(tcp_sknet(tp), T_THIN_LINEAR));
}

static void back_off(struct tcp_sock *tp)
{
	bool linear = tp->is.sk.state == TCP_SYN_SENT &&
		      tp->retransmits <= (u32)tcp_tun(tcp_sknet(tp), T_SYN_LINEAR);

	if (linear)
		return;
	if (is_thin(tp) && tp->retransmits <= THIN_RETRIES) {
		tcp_set_rto(tp); /* too few in flight for anything but the timer */
		tp->backoff = 0;
		return;
	}
	if (tp->backoff < 32)
		tp->backoff++;
	tp->rto_ns = min(tp->rto_ns * 2, tcp_rto_max(tp));
}

/* Fast open: the SYN-ACK of a child again */
static void synack_again(struct tcp_sock *tp)
{
	struct net *net = tcp_sknet(tp);
	u32 most =
	    tp->syn_retries ? tp->syn_retries : (u32)tcp_tun(net, T_SYNACK_RETRIES) + 1;

	if (tp->retransmits >= most) {
		give_up(tp);
		return;
	}
	if (tp->retransmits == 1)
		tcp_enter_loss(tp); /* what is in flight is in doubt, too */
	tcp_send_synack_full(tp);
	tp->retransmits++;
	tp->total_retrans++;
	MIB_EXT(net, LINUX_MIB_TCPTIMEOUTS);
	MIB_EXT(net, LINUX_MIB_TCPSYNRETRANS);
	MIB_TCP(net, TCP_MIB_RETRANSSEGS);
	tcp_rtx_set(tp, TCP_RTX_RTO, TCP_RTO_INIT << min((u32)tp->retransmits, 7U));
}

static void rto(struct tcp_sock *tp)
{
	struct net *net = tcp_sknet(tp);
	struct pkt *head = tcp_rtx_head(tp);

	tp->rtx_mode = TCP_RTX_NONE;
	if (tp->fo_synack) {
		synack_again(tp);
		return;
	}
	if (!head)
		return;
	if (!tp->snd_wnd && !tp->is.sk.dead && tp->is.sk.state != TCP_SYN_SENT &&
	    tp->is.sk.state != TCP_SYN_RECV) {
		/* The window was shut over what is in flight: as long as the peer
		 * answers this is a probe, not a failure (RFC 9293 §3.8.6.1) */
		if (tcp_now(tp) - tp->last_recv_ns > 2 * TCP_RTO_MAX + tp->rto_ns) {
			give_up(tp);
			return;
		}
		tcp_enter_loss(tp);
		tcp_retransmit(tp, head, 1);
		tp->retrans_stamp_ns =
		    tcp_now(tp); /* what counts against us begins later */
		back_off(tp);
		tcp_rtx_set(tp, TCP_RTX_RTO, tp->rto_ns);
		return;
	}
	if (write_timeout(tp))
		return;
	if (!tp->retransmits) {
		if (tp->ca_state == CA_RECOVERY)
			MIB_EXT(net, tp->sack_ok ? LINUX_MIB_TCPSACKRECOVERYFAIL
						 : LINUX_MIB_TCPRENORECOVERYFAIL);
		else if (tp->ca_state == CA_DISORDER)
			MIB_EXT(net, tp->sack_ok ? LINUX_MIB_TCPSACKFAILURES
						 : LINUX_MIB_TCPRENOFAILURES);
	}
	MIB_EXT(net, LINUX_MIB_TCPTIMEOUTS);
	tcp_enter_loss(tp);
	tp->retransmits++;
	if (tp->is.sk.state == TCP_SYN_SENT)
		tcp_fo_timeout(tp);
	head = tcp_rtx_head(tp);
	if (tcp_retransmit(tp, head, 1)) {
		/* could not even try: soon again, without doubling */
		tcp_rtx_set(tp, TCP_RTX_RTO, min(tp->rto_ns, (u64)TCP_RESOURCE_PROBE));
		return;
	}
	back_off(tp);
	tcp_rtx_set(tp, TCP_RTX_RTO, tp->rto_ns);
}

/* ---- persist: RFC 9293 §3.8.6.1 ---- */

static u64 probe_delay(const struct tcp_sock *tp)
{
	u64 d = tp->rto_ns;

	for (u32 i = 0; i < tp->backoff && d < TCP_RTO_MAX; i++)
		d *= 2;
	return max(min(d, (u64)TCP_RTO_MAX), (u64)TCP_RTO_MIN);
}

void tcp_check_probe(struct tcp_sock *tp)
{
	if (tp->packets_out || !tcp_has_unsent(tp) || tp->rtx_mode != TCP_RTX_NONE)
		return;
	tcp_rtx_set(tp, TCP_RTX_PROBE0, probe_delay(tp));
}

/* TCP_USER_TIMEOUT ends it on time */
static u64 probe_until_timeout(const struct tcp_sock *tp, u64 wait)
{
	u64 end = tp->probe_start_ns + tp->user_timeout_ms * NS_PER_MS;

	if (!tp->user_timeout_ms || !tp->probe_start_ns)
		return wait;
	return min(wait, end > tcp_now(tp) ? max(end - tcp_now(tp), 2 * NS_PER_MS)
					   : 2 * NS_PER_MS);
}

static void probe(struct tcp_sock *tp)
{
	struct net *net = tcp_sknet(tp);
	u32 most;
	u64 wait;
	int err;

	tp->rtx_mode = TCP_RTX_NONE;
	if (tp->packets_out || !tcp_has_unsent(tp)) {
		tp->probes_out = 0;
		tp->probe_start_ns = 0;
		return;
	}
	if (!tp->probe_start_ns)
		tp->probe_start_ns = tcp_now(tp);
	else if (tp->user_timeout_ms &&
		 tcp_now(tp) - tp->probe_start_ns >= tp->user_timeout_ms * NS_PER_MS) {
		give_up(tp);
		return;
	}
	most = (u32)tcp_tun(net, T_RETRIES2);
	if (tp->is.sk.dead)
		most = orphan_retries(tp, probe_delay(tp) < TCP_RTO_MAX);
	if (tp->probes_out >= most) {
		give_up(tp);
		return;
	}
	err = tcp_send_probe(tp);
	if (tp->packets_out) {
		/* data went out after all */
		tp->probes_out = 0;
		tp->backoff = 0;
		return;
	}
	if (tp->probes_out < 255)
		tp->probes_out++;
	if (err == -ENOBUFS) { /* local: soon again, without doubling */
		wait = TCP_RESOURCE_PROBE;
	} else {
		if (tp->backoff < 32)
			tp->backoff++;
		wait = probe_delay(tp);
	}
	tcp_rtx_set(tp, TCP_RTX_PROBE0, probe_until_timeout(tp, wait));
}

static void rtx_fire(struct timer *t)
{
	struct tcp_sock *tp = container_of(t, struct tcp_sock, rtx_timer);
	struct sock *sk = &tp->is.sk;

	if (sk->state == TCP_CLOSE || sk->state == TCP_LISTEN)
		return;
	sock_get(sk);
	switch (tp->rtx_mode) {
	case TCP_RTX_RTO:
		rto(tp);
		break;
	case TCP_RTX_PROBE0:
		probe(tp);
		break;
	case TCP_RTX_TLP:
		tcp_send_tlp(tp);
		break;
	case TCP_RTX_REO:
		tcp_rack_timeout(tp);
		break;
	default:
		break;
	}
	sock_put(sk);
}

/* ---- delayed ACK: RFC 9293 §3.8.6.3 ---- */

void tcp_delack_set(struct tcp_sock *tp)
{
	u64 ato = max((u64)tp->ato_ms * NS_PER_MS, (u64)TCP_DELACK_MIN), at;

	if (ato > TCP_DELACK_MIN) {
		u64 most = tp->pingpong ? TCP_DELACK_MAX : 500 * NS_PER_MS;

		if (tp->srtt_us)
			most = min(most, max((u64)(tp->srtt_us >> 3) * NS_PER_US,
					     (u64)TCP_DELACK_MIN));
		ato = min(ato, most);
	}
	at = tcp_now(tp) + ato;
	if (timer_pending(&tp->delack_timer) && tp->delack_timer.expires_ns <= at)
		return;
	timer_set_at(&tp->delack_timer, at);
}

static void delack_fire(struct timer *t)
{
	struct tcp_sock *tp = container_of(t, struct tcp_sock, delack_timer);
	struct sock *sk = &tp->is.sk;

	if (sk->state == TCP_CLOSE || sk->state == TCP_LISTEN || !tp->ack_pending)
		return;
	sock_get(sk);
	if (!tp->pingpong) {
		/* missed: the delay was too short to be useful */
		tp->ato_ms = (u32)min((u64)tp->ato_ms * 2, tp->rto_ns / NS_PER_MS);
	} else {
		tp->pingpong = 0;
		tp->ato_ms = 40;
	}
	tcp_send_ack(tp);
	MIB_EXT(tcp_sknet(tp), LINUX_MIB_DELAYEDACKS);
	sock_put(sk);
}

/* ---- keepalive: RFC 9293 §3.8.4; FIN_WAIT2 of orphans ---- */

u32 tcp_keep_idle(const struct tcp_sock *tp)
{
	return tp->keep_idle_s ? tp->keep_idle_s
			       : (u32)tcp_tun(tcp_sknet(tp), T_KEEPALIVE_TIME);
}

u32 tcp_keep_intvl(const struct tcp_sock *tp)
{
	return tp->keep_intvl_s ? tp->keep_intvl_s
				: (u32)tcp_tun(tcp_sknet(tp), T_KEEPALIVE_INTVL);
}

u32 tcp_keep_cnt(const struct tcp_sock *tp)
{
	return tp->keep_cnt ? tp->keep_cnt
			    : (u32)tcp_tun(tcp_sknet(tp), T_KEEPALIVE_PROBES);
}

u64 tcp_fin_time(const struct tcp_sock *tp)
{
	u64 t = (tp->linger2_s > 0 ? (u64)tp->linger2_s
				   : (u64)tcp_tun(tcp_sknet(tp), T_FIN_TIMEOUT)) *
		NS_PER_S;

	return max(t, tp->rto_ns * 7 / 2);
}

void tcp_keepalive_set(struct tcp_sock *tp, u64 delay_ns)
{
	timer_set_at(&tp->keep_timer, tcp_now(tp) + delay_ns);
}

void tcp_keepalive_start(struct tcp_sock *tp)
{
	if (tp->is.sk.keepalive)
		tcp_keepalive_set(tp, tcp_keep_idle(tp) * NS_PER_S);
}

static void keepalive(struct tcp_sock *tp)
{
	u64 idle_ns = tcp_keep_idle(tp) * NS_PER_S;
	u64 quiet = tcp_now(tp) - tp->last_recv_ns;
	if (tp->packets_out || tcp_has_unsent(tp)) {
		tcp_keepalive_set(tp, idle_ns);
		return;
	}
	if (quiet < idle_ns) {
		tcp_keepalive_set(tp, idle_ns - quiet);
		return;
	}
	if (tp->user_timeout_ms
		? quiet >= tp->user_timeout_ms * NS_PER_MS && tp->probes_out > 0
		: tp->probes_out >= tcp_keep_cnt(tp)) {
		tcp_send_reset(tp);
		give_up(tp);
		return;
	}
	tcp_send_keepalive(tp);
	MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPKEEPALIVE);
	tp->probes_out++;
	tcp_keepalive_set(tp, tcp_keep_intvl(tp) * NS_PER_S);
}

static void keep_fire(struct timer *t)
{
	struct tcp_sock *tp = container_of(t, struct tcp_sock, keep_timer);
	struct sock *sk = &tp->is.sk;

	if (sk->state == TCP_LISTEN || sk->state == TCP_CLOSE)
		return;
	sock_get(sk);
	if (sk->state == TCP_FIN_WAIT2 && sk->dead) {
		u64 tmo = tcp_fin_time(tp);

		if (tp->linger2_s >= 0 && tmo > TCP_TIMEWAIT) {
			tcp_time_wait(tp, TCP_FIN_WAIT2, tmo - TCP_TIMEWAIT);
		} else {
			tcp_send_reset(tp);
			tcp_done(tp);
		}
	} else if (sk->keepalive && sk->state != TCP_SYN_SENT) {
		keepalive(tp);
	}
	sock_put(sk);
}

/* ---- pacing ---- */

static void pace_fire(struct timer *t)
{
	struct tcp_sock *tp = container_of(t, struct tcp_sock, pace_timer);
	struct sock *sk = &tp->is.sk;

	sock_get(sk);
	if (tp->lost_out && tp->ca_state >= CA_RECOVERY)
		tcp_xmit_recovery(tp);
	tcp_push(tp);
	sock_put(sk);
}

bool tcp_paced(struct tcp_sock *tp)
{
	if (tp->is.sk.max_pacing == ~0ULL || tp->pace_ns <= tcp_now(tp))
		return false;
	timer_set_at(&tp->pace_timer, tp->pace_ns);
	return true;
}

void tcp_timers_init(struct tcp_sock *tp)
{
	struct wheel *wh = tcp_sknet(tp)->worker->wheel;

	timer_init(&tp->rtx_timer, wh, rtx_fire);
	timer_init(&tp->delack_timer, wh, delack_fire);
	timer_init(&tp->keep_timer, wh, keep_fire);
	timer_init(&tp->pace_timer, wh, pace_fire);
}

void tcp_timers_stop(struct tcp_sock *tp)
{
	tcp_rtx_stop(tp);
	timer_cancel(&tp->delack_timer);
	timer_cancel(&tp->keep_timer);
	timer_cancel(&tp->pace_timer);
}
