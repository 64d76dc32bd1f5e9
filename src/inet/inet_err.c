/* SPDX-License-Identifier: MIT */
/*
 * inet_err.c - what an ICMP error does to a socket: its error, or, with
 * IP_RECVERR, a message on the error queue (ip(7))
 */

#include "inet/inet_impl.h"

#include "wire/icmp.h"

#include <linux/errqueue.h>

enum { ERRS_MAX = 256 }; /* more are not kept: nobody reads them */

/* In pkt.cb while on the error queue; the packet's data is what was quoted */
struct queued_error {
	struct sock_extended_err ee;
	be32 offender, dst;
	be16 dport;
};
_Static_assert(sizeof(struct queued_error) <= sizeof(((struct pkt *)0)->cb),
	       "fits in cb");

void inet_purge_errors(struct inet_sock *is)
{
	struct pkt *p;

	while ((p = list_first(&is->sk.err_queue, struct pkt, node))) {
		list_del(&p->node);
		pkt_free(p);
	}
	is->n_errs = 0;
}

/* @skip: bytes of @p, borrowed, that are no part of what the program sent */
static void queue_error(struct inet_sock *is, const struct pkt *p, u32 skip,
			const struct queued_error *q)
{
	struct pkt *c = is->n_errs < ERRS_MAX ? pkt_clone(p) : NULL;

	if (!c)
		return;
	pkt_pull(c, min(skip, c->len));
	memcpy(c->cb, q, sizeof(*q));
	list_add_tail(&is->sk.err_queue, &c->node);
	is->n_errs++;
}

void inet_error(struct inet_sock *is, const struct pkt *p, const struct ip_error *e,
		be16 dport)
{
	const struct queued_error q = {
	    .ee =
		{
		    .ee_errno = (u32)e->err,
		    .ee_origin = SO_EE_ORIGIN_ICMP,
		    .ee_type = e->type,
		    .ee_code = e->code,
		    .ee_info = e->type == ICMP_REDIRECT ? 0 : e->info,
		},
	    .offender = e->from.v4,
	    .dst = e->dst.v4,
	    .dport = dport,
	};

	if (!e->err)
		return;
	if (is->recverr)
		queue_error(is, p, is->sk.type == SOCK_DGRAM ? 8 : 0, &q);
	sock_set_error(&is->sk, e->err);
}

void inet_local_error(struct inet_sock *is, const struct pkt *data, int err,
		      const struct ipaddr *dst, be16 dport, u32 info)
{
	const struct queued_error q = {
	    .ee =
		{
		    .ee_errno = (u32)err,
		    .ee_origin = SO_EE_ORIGIN_LOCAL,
		    .ee_info = info,
		},
	    .dst = dst->v4,
	    .dport = dport,
	};

	if (!is->recverr)
		return;
	queue_error(is, data, 0, &q);
	sock_wake(&is->sk, POLLERR);
}

ssize_t inet_recv_error(struct inet_sock *is, struct msg *m)
{
	struct pkt *p = list_first(&is->sk.err_queue, struct pkt, node), *next;
	struct {
		struct sock_extended_err ee;
		struct sockaddr_in offender;
	} out = {0};
	struct queued_error q, after;
	struct ipaddr dst;
	u8 buf[2048];
	size_t n;

	if (!p)
		return -EAGAIN;
	list_del(&p->node);
	is->n_errs--;
	memcpy(&q, p->cb, sizeof(q));
	n = min(min((size_t)p->len, msg_left(m)), sizeof(buf));
	pkt_copy(p, 0, buf, (u32)n);
	msg_give(m, buf, n);
	if (p->len > n)
		m->out_flags |= MSG_TRUNC;
	m->out_flags |= MSG_ERRQUEUE;
	if (m->name) {
		dst = ipaddr_v4(q.dst);
		inet_addr_to_user(&dst, q.dport, m->name, &m->name_len);
	}
	out.ee = q.ee;
	if (q.ee.ee_origin == SO_EE_ORIGIN_ICMP) {
		out.offender.sin_family = AF_INET;
		out.offender.sin_addr.s_addr = (__force u32)q.offender;
	}
	msg_put_cmsg(m, IPPROTO_IP, IP_RECVERR, &out, sizeof(out));
	/* The socket's error is that of the next message */
	next = list_first(&is->sk.err_queue, struct pkt, node);
	is->sk.err = 0;
	if (next) {
		memcpy(&after, next->cb, sizeof(after));
		is->sk.err = (int)after.ee.ee_errno;
	}
	pkt_free(p);
	return (ssize_t)n;
}
