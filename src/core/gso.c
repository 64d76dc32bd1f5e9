/* SPDX-License-Identifier: MIT */
/*
 * gso.c - cut a big packet into segments
 *
 * A TCP packet may be up to 64 KiB long and travel uncut from one end of a
 * warren to the other. Where a device cannot take it (its MTU counts for
 * every packet of the wire, or it is a real one) it is cut here: the headers
 * are copied, the payload is shared. Each piece gets its length, its
 * identification, its sequence number; FIN and PSH go to the last, CWR to the
 * first (RFC 3168 §6.1.2).
 */

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <netinet/in.h>

#include "core/dev.h"
#include "core/worker.h"
#include "wire/csum.h"

enum { TCP_FIN = 0x01, TCP_PSH = 0x08, TCP_CWR = 0x80, TCP_FLAGS_OFF = 13 };

struct cut {
	u32 l3, l4, payload; /* offsets from data */
	u32 headers;
	bool tcp, v6;
};

static int measure(struct pkt *p, struct cut *c)
{
	u32 least;

	c->l3 = p->l3 - pkt_headroom(p);
	c->l4 = p->l4 - pkt_headroom(p);
	c->tcp = p->gso_type == GSO_TCP4 || p->gso_type == GSO_TCP6;
	least =
	    c->l4 + (c->tcp ? (u32)sizeof(struct tcphdr) : (u32)sizeof(struct udphdr));
	if (!p->gso_size || c->l4 < c->l3 + sizeof(struct iphdr) || !pkt_need(p, least))
		return -EINVAL;
	c->v6 = p->data[c->l3] >> 4 == 6;
	c->headers = c->tcp ? c->l4 + (p->data[c->l4 + 12] >> 4) * 4U : least;
	if (c->headers < least || !pkt_need(p, c->headers))
		return -EINVAL;
	c->payload = p->len - c->headers;
	return 0;
}

static void fix_ip(struct pkt *s, const struct cut *c, u16 nth)
{
	u8 *h = s->data + c->l3;

	if (c->v6) {
		struct ipv6hdr ip;

		memcpy(&ip, h, sizeof(ip));
		ip.payload_len = cpu_to_be16((u16)(s->len - c->l3 - sizeof(ip)));
		memcpy(h, &ip, sizeof(ip));
	} else {
		struct iphdr ip;

		memcpy(&ip, h, sizeof(ip));
		ip.tot_len = cpu_to_be16((u16)(s->len - c->l3));
		ip.id = cpu_to_be16((u16)(be16_to_cpu(ip.id) + nth));
		ip.check = 0;
		memcpy(h, &ip, sizeof(ip));
		ip.check =
		    (__force __sum16)csum_fold(csum_partial(h, c->l4 - c->l3, 0));
		memcpy(h + offsetof(struct iphdr, check), &ip.check, sizeof(ip.check));
	}
}

/* The sum over the pseudo-header, as a partial checksum wants it */
static void seed_csum(struct pkt *s, const struct cut *c)
{
	u8 *h = s->data + c->l3;
	u32 len = s->len - c->l4;
	u8 proto = c->tcp ? IPPROTO_TCP : IPPROTO_UDP;
	be16 sum;

	if (c->v6) {
		sum = csum_fold(csum_pseudo6(h + 8, h + 24, proto, len));
	} else {
		be32 a[2];

		memcpy(a, h + offsetof(struct iphdr, saddr), sizeof(a));
		sum = csum_fold(csum_pseudo4(a[0], a[1], proto, len));
	}
	sum = (__force be16)(u16) ~(__force u16)sum;
	s->csum = PKT_CSUM_PARTIAL;
	s->csum_start = s->l4;
	s->csum_off =
	    c->tcp ? offsetof(struct tcphdr, check) : offsetof(struct udphdr, check);
	memcpy(s->data + c->l4 + s->csum_off, &sum, sizeof(sum));
}

static void fix_l4(struct pkt *s, const struct cut *c, u32 off, bool first, bool last)
{
	u8 *h = s->data + c->l4;

	if (c->tcp) {
		be32 seq;

		memcpy(&seq, h + 4, sizeof(seq));
		seq = cpu_to_be32(be32_to_cpu(seq) + off);
		memcpy(h + 4, &seq, sizeof(seq));
		if (!last)
			h[TCP_FLAGS_OFF] &= (u8) ~(TCP_FIN | TCP_PSH);
		if (!first)
			h[TCP_FLAGS_OFF] &= (u8)~TCP_CWR;
	} else {
		be16 len = cpu_to_be16((u16)(s->len - c->l4));

		memcpy(h + 4, &len, sizeof(len));
	}
	seed_csum(s, c);
}

static struct pkt *piece(const struct pkt *p, const struct cut *c, u32 off, u32 len)
{
	struct pkt *s = pkt_new(p->worker, pkt_headroom(p), c->headers);

	if (!s)
		return NULL;
	memcpy(pkt_put(s, c->headers), p->data, c->headers);
	if (pkt_append_pkt(s, p, c->headers + off, len)) {
		pkt_free(s);
		return NULL;
	}
	s->dev = p->dev;
	s->l2 = p->l2;
	s->l3 = p->l3;
	s->l4 = p->l4;
	s->proto = p->proto;
	s->type = p->type;
	s->mark = p->mark;
	s->priority = p->priority;
	s->iif = p->iif;
	s->loop_iif = p->loop_iif;
	s->stamp_ns = p->stamp_ns;
	return s;
}

int gso_segment(struct pkt *p, struct list *out)
{
	struct cut c;
	int err = measure(p, &c);
	u16 nth = 0;

	if (err)
		goto err_drop;
	for (u32 off = 0; off < c.payload || !off; off += p->gso_size, nth++) {
		u32 len = min((u32)p->gso_size, c.payload - off);
		struct pkt *s = piece(p, &c, off, len);

		if (!s) {
			err = -ENOMEM;
			goto err_pieces;
		}
		fix_ip(s, &c, nth);
		fix_l4(s, &c, off, !off, off + len >= c.payload);
		list_add_tail(out, &s->node);
	}
	pkt_free(p);
	return 0;

err_pieces:
	while (!list_empty(out)) {
		struct pkt *s = list_entry(out->next, struct pkt, node);

		list_del(&s->node);
		pkt_free(s);
	}
err_drop:
	pkt_drop(p->dev->net, p, err == -EINVAL ? DROP_BAD_HEADER : DROP_NO_MEMORY);
	return err;
}
