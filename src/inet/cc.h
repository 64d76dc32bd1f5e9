/* SPDX-License-Identifier: MIT */
/*
 * cc.h - congestion control: the seam
 *
 * An algorithm is a const table of functions over a connection's cwnd and
 * ssthresh (in segments) and CC_PRIV bytes of its own. Loss detection, recovery
 * and undo are TCP's (tcp_loss.c); the algorithm says how far to fall and how
 * to grow. Found by name; net/ipv4/tcp_congestion_control gives the default.
 */
#ifndef WARREN_INET_CC_H
#define WARREN_INET_CC_H

#include "core/net.h"

struct part;
struct tcp_sock;

enum { CC_PRIV = 104, CC_NAME_MAX = 16 };

enum cc_event {
	CC_TX_START, /* first transmission when nothing is in flight */
	CC_RESTART,  /* cwnd was reduced after an idle time */
	CC_LOSS,     /* entered the Loss state: RTO */
	CC_UNDO,     /* a reduction was taken back */
};

struct cc_ops {
	const char *name;
	bool restricted;		   /* unprivileged programs may not choose it */
	void (*init)(struct tcp_sock *tp); /* may be NULL; private bytes are zeroed */
	/* Slow start threshold after a loss, in segments; required */
	u32 (*ssthresh)(struct tcp_sock *tp);
	/* @acked segments were newly acknowledged while cwnd was fully used; required
	 */
	void (*cong_avoid)(struct tcp_sock *tp, u32 acked);
	/* cwnd to go back to after a false alarm; NULL: the greatest seen before */
	u32 (*undo_cwnd)(struct tcp_sock *tp);
	void (*event)(struct tcp_sock *tp, enum cc_event ev); /* may be NULL */
	/* @rtt_us: of the newest delivered segment, 0: no sample; may be NULL */
	void (*acked)(struct tcp_sock *tp, u32 acked, u32 rtt_us);
};

extern const struct part cc_part;
extern const struct cc_ops cc_reno, cc_cubic;

int __must_check cc_register(struct warren *w, const struct part *part,
			     const struct cc_ops *ops);
const struct cc_ops *cc_find(const struct net *net, const char *name); /* or NULL */

/* ---- what algorithms share ---- */

/* Slow start (RFC 5681 §3.1). Return: what of @acked is left for avoidance */
u32 cc_slow_start(struct tcp_sock *tp, u32 acked);
/* One segment more for every @w acknowledged */
void cc_grow_by(struct tcp_sock *tp, u32 w, u32 acked);

#endif
