/* SPDX-License-Identifier: MIT */
/*
 * inet_err.c - what an ICMP error does to a socket: its error, or, with
 * IP_RECVERR, a message on the error queue (ip(7))
 */

#include "inet/inet_impl.h"

#include "wire/icmp.h"

#include <linux/errqueue.h>
#include <time.h>

enum { ERRS_MAX = 256 }; /* more are not kept: nobody reads them */

/* In pkt.cb while on the error queue; the packet's data is what was quoted */
struct queued_error {
	struct sock_extended_err ee;
	be32 offender, dst;
	be16 dport;
	u64 stamp_ns; /* SO_TIMESTAMPING: wall time, 0: none */
	u8 ttl, tos;  /* of the ICMP message */
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
	    .ttl = e->ttl,
	    .tos = e->tos,
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

void inet_queue_notice(struct inet_sock *is, const struct pkt *p,
		       const struct sock_extended_err *ee, u64 stamp_ns)
{
	const struct queued_error q = {.ee = *ee, .stamp_ns = stamp_ns};
	struct pkt *none;

	if (p) {
		queue_error(is, p, 0, &q);
	} else {
		none = pkt_new(is->sk.net->worker, 0, 0);
		if (none)
			queue_error(is, none, 0, &q);
		pkt_free(none);
	}
	sock_wake(&is->sk, POLLERR);
}

void inet_tell_zerocopy(struct inet_sock *is)
{
	struct pkt *last = list_last(&is->sk.err_queue, struct pkt, node);
	u32 id = is->sk.zerocopy_id++;
	struct sock_extended_err ee = {
	    .ee_origin = SO_EE_ORIGIN_ZEROCOPY,
	    .ee_code = SO_EE_CODE_ZEROCOPY_COPIED,
	    .ee_info = id,
	    .ee_data = id,
	};

	if (last) { /* a range of them is one message */
		struct queued_error *q = (struct queued_error *)(void *)last->cb;

		if (q->ee.ee_origin == SO_EE_ORIGIN_ZEROCOPY &&
		    q->ee.ee_data + 1 == id) {
			q->ee.ee_data = id;
			sock_wake(&is->sk, POLLERR);
			return;
		}
	}
	inet_queue_notice(is, NULL, &ee, 0);
}

static bool is_error(const struct queued_error *q)
{
	return q->ee.ee_origin == SO_EE_ORIGIN_ICMP ||
	       q->ee.ee_origin == SO_EE_ORIGIN_LOCAL;
}

static void put_stamp(struct msg *m, u64 ns)
{
	/* struct scm_timestamping: software, (deprecated), hardware */
	const struct timespec ts[3] = {
	    {.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)}};

	if (ns)
		msg_put_cmsg(m, SOL_SOCKET, SO_TIMESTAMPING_OLD, ts, sizeof(ts));
}

/* What recvmsg() says of the ICMP message's own header */
static void put_ip_cmsgs(const struct inet_sock *is, const struct queued_error *q,
			 struct msg *m)
{
	int ttl = q->ttl;

	if (is->rx_ttl)
		msg_put_cmsg(m, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	if (is->rx_tos)
		msg_put_cmsg(m, IPPROTO_IP, IP_TOS, &q->tos, sizeof(q->tos));
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
	if (m->name && !is_error(&q)) {
		m->name_len = 0;
	} else if (m->name) {
		dst = ipaddr_v4(q.dst);
		inet_addr_to_user(&dst, q.dport, m->name, &m->name_len);
	}
	out.ee = q.ee;
	sock_put_stamp(&is->sk, p->stamp_ns ? p->stamp_ns : clock_wall(is->sk.net->w),
		       m);
	if (q.ee.ee_origin == SO_EE_ORIGIN_ICMP) {
		out.offender.sin_family = AF_INET;
		out.offender.sin_addr.s_addr = (__force u32)q.offender;
		put_ip_cmsgs(is, &q, m);
	}
	put_stamp(m, q.stamp_ns);
	msg_put_cmsg(m, IPPROTO_IP, IP_RECVERR, &out, sizeof(out));
	/* The socket's error is that of the next message */
	next = list_first(&is->sk.err_queue, struct pkt, node);
	if (is_error(&q))
		is->sk.err = 0;
	if (next) {
		memcpy(&after, next->cb, sizeof(after));
		if (is_error(&after))
			is->sk.err = (int)after.ee.ee_errno;
	}
	pkt_free(p);
	return (ssize_t)n;
}
