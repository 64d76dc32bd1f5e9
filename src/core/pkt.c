/* SPDX-License-Identifier: MIT */
/*
 * pkt.c - packet buffer: headroom, fragments, clone, ownership, memory charge
 *
 * The structure with its inline linear part comes from the worker's slab;
 * only its head is cleared. A linear part that does not fit lies in a block
 * of its own, which nobody shares (lin_block).
 */

#include "core/pkt.h"

#include "base/bug.h"
#include "core/dev.h"
#include "core/worker.h"
#include "wire/csum.h"

const char *const drop_names[DROP_NR] = {
    [DROP_NONE] = "none",
    [DROP_NO_MEMORY] = "no memory",
    [DROP_DEV_DOWN] = "device is down",
    [DROP_NO_CARRIER] = "no carrier",
    [DROP_BACKLOG_FULL] = "backlog full",
    [DROP_TOO_BIG] = "bigger than the MTU",
    [DROP_OTHERHOST] = "for another host",
    [DROP_NO_PROTO] = "unknown protocol",
    [DROP_BAD_HEADER] = "malformed header",
    [DROP_BAD_CSUM] = "bad checksum",
    [DROP_BAD_LENGTH] = "bad length",
    [DROP_BAD_OPTION] = "bad option",
    [DROP_MARTIAN] = "martian address",
    [DROP_NO_ROUTE] = "no route",
    [DROP_BLACKHOLE] = "blackhole route",
    [DROP_NOT_FORWARDING] = "forwarding is off",
    [DROP_TTL] = "time to live exceeded",
    [DROP_NEEDS_FRAG] = "fragmentation needed but forbidden",
    [DROP_FRAG_BAD] = "bad fragment",
    [DROP_FRAG_TIMEOUT] = "reassembly timed out",
    [DROP_FRAG_LIMIT] = "reassembly memory full",
    [DROP_NEIGH_FAILED] = "neighbour unreachable",
    [DROP_NEIGH_QUEUE_FULL] = "neighbour queue full",
    [DROP_ARP_BAD] = "bad ARP packet",
    [DROP_FILTER] = "dropped by a filter",
    [DROP_NO_SOCKET] = "no socket",
    [DROP_SOCKET_FULL] = "socket buffer full",
    [DROP_TCP_BAD_FLAGS] = "TCP flags make no sense",
    [DROP_TCP_OLD_ACK] = "TCP acknowledgement too old",
    [DROP_TCP_WINDOW] = "TCP segment outside the window",
    [DROP_TCP_MD5] = "TCP signature missing, wrong or not wanted",
    [DROP_TCP_PAWS] = "TCP timestamp too old",
    [DROP_TCP_OVERLAP] = "TCP data already received",
    [DROP_TCP_BACKLOG] = "TCP listen queue full",
    [DROP_TCP_RST] = "TCP reset",
    [DROP_LAB_LOSS] = "lost on the lab's wire",
    [DROP_NET_DYING] = "namespace is going away",
};

/* The block that holds a linear part too big for p->in, or NULL */
static struct block *lin_block(const struct pkt *p)
{
	return p->buf == p->in ? NULL : container_of(p->buf, struct block, data);
}

static struct pkt *pkt_get(struct worker *k, u32 cap)
{
	struct pkt *p = slab_get_raw(&k->pkts);

	if (!p)
		return NULL;
	memset(p, 0, offsetof(struct pkt, frag));
	list_init(&p->node);
	p->worker = k;
	p->buf = p->in;
	p->cap = PKT_INLINE;
	if (cap > PKT_INLINE) {
		struct block *b = block_new(k, cap);

		if (!b) {
			slab_put(&k->pkts, p);
			return NULL;
		}
		p->buf = b->data;
		p->cap = cap;
	}
	return p;
}

struct pkt *pkt_new(struct worker *k, u32 headroom, u32 size)
{
	struct pkt *p = pkt_get(k, headroom + size);

	if (!p)
		return NULL;
	p->data = p->buf + headroom;
	return p;
}

void pkt_orphan(struct pkt *p)
{
	void (*destroy)(struct pkt * p) = p->destroy;

	p->destroy = NULL;
	if (destroy)
		destroy(p);
	p->sk = NULL;
	p->charge = 0;
}

static void drop_route(struct pkt *p)
{
	if (p->route && p->route_put)
		p->route_put(p->route);
	p->route = NULL;
}

void pkt_free(struct pkt *p)
{
	struct block *b;

	if (!p)
		return;
	DEBUG_ASSERT(list_empty(&p->node));
	pkt_orphan(p);
	drop_route(p);
	for (int i = 0; i < p->n_frags; i++)
		block_put(p->frag[i].block);
	b = lin_block(p);
	if (b)
		block_put(b);
	slab_put(&p->worker->pkts, p);
}

void pkt_drop(struct net *net, struct pkt *p, enum drop why)
{
	if (!p)
		return;
	net->drops[why]++;
	pkt_free(p);
}

/* Metadata that a copy has too */
static void copy_meta(struct pkt *to, const struct pkt *from)
{
	to->dev = from->dev;
	to->linear = from->linear;
	to->len = from->len;
	to->l2 = from->l2;
	to->l3 = from->l3;
	to->l4 = from->l4;
	to->csum_start = from->csum_start;
	to->csum_off = from->csum_off;
	to->proto = from->proto;
	to->type = from->type;
	to->csum = from->csum;
	to->ip_summed_l3 = from->ip_summed_l3;
	to->forwarded = from->forwarded;
	to->ignore_df = from->ignore_df;
	to->looped = from->looped;
	to->gso_size = from->gso_size;
	to->gso_segs = from->gso_segs;
	to->gso_type = from->gso_type;
	to->mark = from->mark;
	to->priority = from->priority;
	to->iif = from->iif;
	to->loop_iif = from->loop_iif;
	to->stamp_ns = from->stamp_ns;
	memcpy(to->cb, from->cb, sizeof(to->cb));
}

struct pkt *pkt_clone(const struct pkt *p)
{
	u32 used = pkt_headroom(p) + p->linear;
	struct pkt *c = pkt_get(p->worker, used <= PKT_INLINE ? PKT_INLINE : used);

	if (!c)
		return NULL;
	copy_meta(c, p);
	memcpy(c->buf, p->buf, used);
	c->data = c->buf + pkt_headroom(p);
	for (int i = 0; i < p->n_frags; i++) {
		c->frag[i] = p->frag[i];
		block_get(c->frag[i].block);
	}
	c->n_frags = p->n_frags;
	return c;
}

void pkt_scrub(struct pkt *p, bool crosses_net)
{
	drop_route(p);
	pkt_orphan(p);
	p->ignore_df = 0;
	p->forwarded = 0;
	p->looped = 0;
	p->iif = 0;
	p->type = PKT_HOST;
	if (crosses_net) {
		p->mark = 0;
		p->stamp_ns = 0;
	}
}

u8 *pkt_put(struct pkt *p, u32 n)
{
	u8 *at;

	if (p->n_frags || n > pkt_tailroom(p))
		return NULL;
	at = p->data + p->linear;
	p->linear += n;
	p->len += n;
	return at;
}

u8 *pkt_push(struct pkt *p, u32 n)
{
	if (n > pkt_headroom(p))
		return NULL;
	p->data -= n;
	p->linear += n;
	p->len += n;
	return p->data;
}

/* Move the linear part to a buffer with @head bytes before it and @tail behind it */
static int relocate(struct pkt *p, u32 head, u32 tail)
{
	u32 cap = head + p->linear + tail;
	struct block *old = lin_block(p), *b = NULL;
	s32 shift = (s32)head - (s32)pkt_headroom(p);
	u8 *buf = p->in;
	u32 keep = min(head, pkt_headroom(p)); /* headers already pulled are kept too */

	if (cap > PKT_INLINE) {
		b = block_new(p->worker, cap);
		if (!b)
			return -ENOMEM;
		buf = b->data;
	} else {
		cap = PKT_INLINE;
	}
	memmove(buf + head - keep, p->data - keep, p->linear + keep);
	p->buf = buf;
	p->data = buf + head;
	p->cap = cap;
	p->l2 = (u16)(p->l2 + shift);
	p->l3 = (u16)(p->l3 + shift);
	p->l4 = (u16)(p->l4 + shift);
	p->csum_start = (u16)(p->csum_start + shift);
	if (old)
		block_put(old);
	return 0;
}

int pkt_headroom_grow(struct pkt *p, u32 n)
{
	if (pkt_headroom(p) >= n)
		return 0;
	return relocate(p, n, pkt_tailroom(p));
}

/* Drop @n bytes from the front of the frags */
static void frags_pull(struct pkt *p, u32 n)
{
	int gone = 0;

	while (n && gone < p->n_frags) {
		struct frag *f = &p->frag[gone];
		u32 take = min(n, f->len);

		f->off += take;
		f->len -= take;
		n -= take;
		if (f->len)
			break;
		block_put(f->block);
		gone++;
	}
	if (gone) {
		p->n_frags = (u8)(p->n_frags - gone);
		memmove(p->frag, p->frag + gone, p->n_frags * sizeof(p->frag[0]));
	}
}

bool pkt_need(struct pkt *p, u32 n)
{
	u32 more;

	if (likely(n <= p->linear))
		return true;
	if (n > p->len)
		return false;
	more = n - p->linear;
	if (more > pkt_tailroom(p) && relocate(p, pkt_headroom(p), more))
		return false;
	pkt_copy(p, p->linear, p->data + p->linear, more);
	frags_pull(p, more);
	p->linear = n;
	return true;
}

void pkt_pull(struct pkt *p, u32 n)
{
	u32 lin = min(n, p->linear);

	BUG_ON(n > p->len);
	p->data += lin;
	p->linear -= lin;
	p->len -= n;
	if (n > lin)
		frags_pull(p, n - lin);
}

void pkt_trim(struct pkt *p, u32 len)
{
	u32 left;
	int i;

	if (len >= p->len)
		return;
	p->len = len;
	if (len <= p->linear) {
		p->linear = len;
		left = 0;
	} else {
		left = len - p->linear;
	}
	for (i = 0; i < p->n_frags && left; i++) {
		p->frag[i].len = min(p->frag[i].len, left);
		left -= p->frag[i].len;
	}
	for (int j = i; j < p->n_frags; j++)
		block_put(p->frag[j].block);
	p->n_frags = (u8)i;
}

int pkt_linearize(struct pkt *p)
{
	return pkt_need(p, p->len) ? 0 : -ENOMEM;
}

int pkt_add_frag(struct pkt *p, struct block *b, u32 off, u32 len)
{
	struct frag *last = p->n_frags ? &p->frag[p->n_frags - 1] : NULL;

	if (!len) { /* a frag is never empty */
		block_put(b);
		return 0;
	}
	if (last && last->block == b && last->off + last->len == off) {
		last->len += len;
		p->len += len;
		block_put(b);
		return 0;
	}
	if (p->n_frags == PKT_FRAGS)
		return -ENOSPC;
	p->frag[p->n_frags++] = (struct frag){b, off, len};
	p->len += len;
	return 0;
}

int pkt_append(struct pkt *p, const void *data, u32 len)
{
	struct block *b;

	if (!len)
		return 0;
	if (!p->n_frags && len <= pkt_tailroom(p)) {
		memcpy(pkt_put(p, len), data, len);
		return 0;
	}
	b = block_new(p->worker, len);
	if (!b)
		return -ENOMEM;
	memcpy(b->data, data, len);
	b->used = len;
	if (pkt_add_frag(p, b, 0, len)) {
		/* Full: everything into one linear buffer, once */
		int err = pkt_linearize(p);

		if (!err && len > pkt_tailroom(p))
			err = relocate(p, pkt_headroom(p), len);
		if (!err)
			memcpy(pkt_put(p, len), data, len);
		block_put(b);
		return err;
	}
	return 0;
}

int pkt_append_pkt(struct pkt *p, const struct pkt *from, u32 off, u32 len)
{
	u32 pos = from->linear;

	BUG_ON(off + len > from->len);
	if (off < from->linear && len) {
		u32 n = min(len, from->linear - off);
		int err = pkt_append(p, from->data + off, n);

		if (err)
			return err;
		off += n;
		len -= n;
	}
	for (int i = 0; i < from->n_frags && len; pos += from->frag[i].len, i++) {
		const struct frag *f = &from->frag[i];
		u32 skip, n;

		if (off >= pos + f->len)
			continue;
		skip = off - pos;
		n = min(len, f->len - skip);
		block_get(f->block);
		if (pkt_add_frag(p, f->block, f->off + skip, n)) {
			int err = pkt_append(p, f->block->data + f->off + skip, n);

			block_put(f->block);
			if (err)
				return err;
		}
		off += n;
		len -= n;
	}
	return 0;
}

void pkt_copy(const struct pkt *p, u32 off, void *dst, u32 len)
{
	u8 *d = dst;
	u32 pos = p->linear;

	BUG_ON(off + len > p->len);
	if (off < p->linear) {
		u32 n = min(len, p->linear - off);

		memcpy(d, p->data + off, n);
		d += n;
		off += n;
		len -= n;
	}
	for (int i = 0; i < p->n_frags && len; pos += p->frag[i].len, i++) {
		const struct frag *f = &p->frag[i];
		u32 skip, n;

		if (off >= pos + f->len)
			continue;
		skip = off - pos;
		n = min(len, f->len - skip);
		memcpy(d, f->block->data + f->off + skip, n);
		d += n;
		off += n;
		len -= n;
	}
}

u32 pkt_truesize(const struct pkt *p)
{
	u32 n = sizeof(*p) + (p->cap > PKT_INLINE ? p->cap : 0);

	for (int i = 0; i < p->n_frags; i++)
		n += p->frag[i].len;
	return n;
}

u32 pkt_csum(const struct pkt *p, u32 off, u32 len, u32 sum)
{
	u32 pos = p->linear, done = 0;

	BUG_ON(off + len > p->len);
	if (off < p->linear && len) {
		u32 n = min(len, p->linear - off);

		sum = csum_partial(p->data + off, n, sum);
		off += n;
		len -= n;
		done = n;
	}
	for (int i = 0; i < p->n_frags && len; pos += p->frag[i].len, i++) {
		const struct frag *f = &p->frag[i];
		u32 skip, n;

		if (off >= pos + f->len)
			continue;
		skip = off - pos;
		n = min(len, f->len - skip);
		sum = csum_block_add(
		    sum, csum_partial(f->block->data + f->off + skip, n, 0), done);
		off += n;
		len -= n;
		done += n;
	}
	return sum;
}

int pkt_csum_finish(struct pkt *p)
{
	u32 start = p->csum_start - pkt_headroom(p); /* offset from data */
	u32 at = start + p->csum_off;
	be16 sum;

	if (p->csum != PKT_CSUM_PARTIAL)
		return 0;
	if (start > p->len || at + 2 > p->len)
		return -EINVAL;
	if (!pkt_need(p, at + 2))
		return -ENOMEM;
	sum = csum_fold(pkt_csum(p, start, p->len - start, 0));
	if (!sum) /* zero means "none" to UDP and is the same number to all others */
		sum = (__force be16)0xffff;
	memcpy(p->data + at, &sum, sizeof(sum));
	p->csum = PKT_CSUM_OK;
	return 0;
}
