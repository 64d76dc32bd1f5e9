/* SPDX-License-Identifier: MIT */
/*
 * inet_err.c - what an ICMP error does to a socket: its error, or, with
 * IP_RECVERR, a message on the error queue (ip(7))
 */

#include "inet/inet.h"

#include "wire/icmp.h"

#include <linux/errqueue.h>

/* In pkt.cb while on the error queue; the packet's data is what was quoted */
struct queued_error {
	u32 err, info;
	u8 type, code;
	be16 dport;
	be32 offender, dst;
};
_Static_assert(sizeof(struct queued_error) <= sizeof(((struct pkt *)0)->cb),
	       "fits in cb");

static void queue_error(struct inet_sock *is, const struct pkt *p,
			const struct ip_error *e, be16 dport)
{
	struct pkt *c = pkt_clone(p);

	if (!c)
		return;
	*(struct queued_error *)c->cb = (struct queued_error){
	    .err = (u32)e->err,
	    .info = e->type == ICMP_DEST_UNREACH && e->code == ICMP_FRAG_NEEDED
			? e->info
			: 0,
	    .type = e->type,
	    .code = e->code,
	    .dport = dport,
	    .offender = e->from.v4,
	    .dst = e->dst.v4,
	};
	/* the transport header is no part of what the program sent */
	if (is->sk.protocol == IPPROTO_UDP && c->len >= 8)
		pkt_pull(c, 8);
	list_add_tail(&is->sk.err_queue, &c->node);
}

void inet_error(struct inet_sock *is, const struct pkt *p, const struct ip_error *e,
		be16 dport)
{
	if (!e->err)
		return;
	if (is->recverr)
		queue_error(is, p, e, dport);
	sock_set_error(&is->sk, e->err);
}

ssize_t inet_recv_error(struct inet_sock *is, struct msg *m)
{
	struct pkt *p = list_first(&is->sk.err_queue, struct pkt, node);
	struct {
		struct sock_extended_err ee;
		struct sockaddr_in offender;
	} out = {0};
	struct queued_error q;
	struct ipaddr dst;
	u8 buf[2048];
	size_t n;

	if (!p)
		return -EAGAIN;
	list_del(&p->node);
	q = *(struct queued_error *)p->cb;
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
	out.ee.ee_errno = q.err;
	out.ee.ee_origin = SO_EE_ORIGIN_ICMP;
	out.ee.ee_type = q.type;
	out.ee.ee_code = q.code;
	out.ee.ee_info = q.info;
	out.offender.sin_family = AF_INET;
	out.offender.sin_addr.s_addr = (__force u32)q.offender;
	msg_put_cmsg(m, IPPROTO_IP, IP_RECVERR, &out, sizeof(out));
	pkt_free(p);
	return (ssize_t)n;
}
