/* SPDX-License-Identifier: MIT */
/*
 * packet_ring.c - PACKET_RX_RING: frames in memory that the program maps
 *
 * The memory belongs to the socket and to whoever mapped it; it is a file of its
 * own that nobody can shorten. A status word says whose turn it is:
 *
 *	TP_STATUS_KERNEL (0): ours to fill --TP_STATUS_USER--> the program's
 *	                               <-- 0, by the program --
 *
 * TPACKET_V1, V2: frames of one size, a status each.
 * TPACKET_V3: blocks, a status each, packed with frames. A block is handed over
 * when the next frame does not fit or when its time is over (a timer that looks
 * twice: a block with something in it at two looks is retired). When the next
 * block is still the program's the queue is frozen: frames are lost.
 *
 * We trust nothing that lies in the memory but the status words, and those only
 * say whether to write. What we need to know again is in struct packet_ring.
 */

#include "family/packet_impl.h"

enum {
	PAGE = 4096,
	MAC_ROOM = 16,
	V3_ALIGN = 8,
	RETIRE_DEFAULT_MS = 8,
	TS_SOFTWARE = 1 << 29, /* TP_STATUS_TS_SOFTWARE */
};

#define ALIGN_UP(x, a) (((x) + ((a)-1)) & ~(u32)((a)-1))

/* ---- sizes ---- */

u32 packet_hdrlen(u8 version)
{
	switch (version) {
	case TPACKET_V1:
		return TPACKET_HDRLEN;
	case TPACKET_V2:
		return TPACKET2_HDRLEN;
	default:
		return TPACKET3_HDRLEN;
	}
}

/* Of a block, up to its first frame */
static u32 block_head(const struct packet_ring *r)
{
	return ALIGN_UP((u32)sizeof(struct tpacket_block_desc), V3_ALIGN) +
	       ALIGN_UP(r->req.tp_sizeof_priv, V3_ALIGN);
}

static u8 *block_at(const struct packet_ring *r, u32 i)
{
	return r->share.mem + (size_t)i * r->req.tp_block_size;
}

static u8 *frame_at(const struct packet_ring *r, u32 i)
{
	u32 per_block = r->req.tp_block_size / r->req.tp_frame_size;

	return block_at(r, i / per_block) +
	       (size_t)(i % per_block) * r->req.tp_frame_size;
}

/* ---- status words: the only ones that both sides write ---- */

/* V1's is a long, of which 32 bits are used */
static u32 *frame_word(const struct packet_sock *ps, u32 i)
{
	u8 *at = frame_at(&ps->ring, i);

	return (u32 *)(void *)at;
}

static struct tpacket_hdr_v1 *block_hdr(const struct packet_ring *r, u32 i)
{
	return &((struct tpacket_block_desc *)(void *)block_at(r, i))->hdr.bh1;
}

static bool block_is_ours(const struct packet_ring *r, u32 i)
{
	return share_get(&block_hdr(r, i)->block_status) == TP_STATUS_KERNEL;
}

/* ---- V3: blocks ---- */

static void stamp(u64 ns, struct tpacket_bd_ts *out)
{
	out->ts_sec = (u32)(ns / NS_PER_S);
	out->ts_nsec = (u32)(ns % NS_PER_S);
}

/* The block at head is ours and empty: begin it */
static void block_open(struct packet_sock *ps)
{
	struct packet_ring *r = &ps->ring;
	struct tpacket_block_desc *bd = (void *)block_at(r, r->head);
	struct tpacket_hdr_v1 *h = &bd->hdr.bh1;

	bd->version = TPACKET_V3;
	bd->offset_to_priv = ALIGN_UP((u32)sizeof(*bd), V3_ALIGN);
	h->num_pkts = 0;
	h->offset_to_first_pkt = block_head(r);
	h->blk_len = block_head(r);
	h->seq_num = ++r->block_seq;
	stamp(clock_wall(ps->sk.net->w), &h->ts_first_pkt);
	h->ts_last_pkt = h->ts_first_pkt;
	r->block_used = block_head(r);
	r->block_last = 0;
	r->block_n = 0;
	r->frozen = false;
}

/* Hand over the current block, begin the next if it is ours */
static void block_retire(struct packet_sock *ps, u32 status)
{
	struct packet_ring *r = &ps->ring;
	struct tpacket_hdr_v1 *h = block_hdr(r, r->head);
	struct tpacket3_hdr *last;

	if (r->block_last) {
		last = (void *)(block_at(r, r->head) + r->block_last);
		last->tp_next_offset = 0;
		h->ts_last_pkt.ts_sec = last->tp_sec;
		h->ts_last_pkt.ts_nsec = last->tp_nsec;
	}
	if (ps->n_drops)
		status |= TP_STATUS_LOSING;
	h->num_pkts = r->block_n;
	h->blk_len = r->block_used;
	share_set(&h->block_status, TP_STATUS_USER | status);
	r->head = (r->head + 1) % r->req.tp_block_nr;
	if (block_is_ours(r, r->head)) {
		block_open(ps);
	} else {
		r->frozen = true;
		r->freezes++;
	}
	sock_wake(&ps->sk, POLLIN | POLLRDNORM);
}

static void retire_tick(struct timer *t)
{
	struct packet_sock *ps = container_of(t, struct packet_sock, ring.timer);
	struct packet_ring *r = &ps->ring;

	if (r->frozen && block_is_ours(r, r->head))
		block_open(ps);
	else if (!r->frozen && r->block_n && r->tick_block == r->head)
		block_retire(ps, TP_STATUS_BLK_TMO);
	r->tick_block = r->head;
	timer_set_at(t,
		     clock_now(ps->sk.net->w) + r->req.tp_retire_blk_tov * NS_PER_MS);
}

/* Room for @len bytes of a frame in the current block or the next; NULL: full */
static u8 *block_room(struct packet_sock *ps, u32 len)
{
	struct packet_ring *r = &ps->ring;
	u32 total = ALIGN_UP(len, V3_ALIGN);
	u8 *at;

	if (r->frozen) {
		if (!block_is_ours(r, r->head))
			return NULL;
		block_open(ps);
	}
	if (r->block_used + total >= r->req.tp_block_size) {
		block_retire(ps, 0);
		if (r->frozen)
			return NULL;
	}
	at = block_at(r, r->head) + r->block_used;
	((struct tpacket3_hdr *)(void *)at)->tp_next_offset = total;
	r->block_last = r->block_used;
	r->block_used += total;
	r->block_n++;
	return at;
}

/* ---- frames ---- */

struct place {
	u32 mac, net; /* offsets from the frame's header */
	u32 keep;
	u64 ns;
};

static void fill_v1(u8 *at, const struct packet_cb *cb, const struct place *pl)
{
	struct tpacket_hdr *h = (void *)at;

	h->tp_len = cb->len;
	h->tp_snaplen = pl->keep;
	h->tp_mac = (u16)pl->mac;
	h->tp_net = (u16)pl->net;
	h->tp_sec = (u32)(pl->ns / NS_PER_S);
	h->tp_usec = (u32)(pl->ns % NS_PER_S / NS_PER_US);
}

static void fill_v2(u8 *at, const struct packet_cb *cb, const struct place *pl)
{
	struct tpacket2_hdr *h = (void *)at;

	h->tp_len = cb->len;
	h->tp_snaplen = pl->keep;
	h->tp_mac = (u16)pl->mac;
	h->tp_net = (u16)pl->net;
	h->tp_sec = (u32)(pl->ns / NS_PER_S);
	h->tp_nsec = (u32)(pl->ns % NS_PER_S);
	h->tp_vlan_tci = h->tp_vlan_tpid = 0;
	memset(h->tp_padding, 0, sizeof(h->tp_padding));
}

static void fill_v3(u8 *at, const struct packet_cb *cb, const struct place *pl,
		    u32 status)
{
	struct tpacket3_hdr *h = (void *)at; /* tp_next_offset is there */

	h->tp_status = status;
	h->tp_len = cb->len;
	h->tp_snaplen = pl->keep;
	h->tp_mac = (u16)pl->mac;
	h->tp_net = (u16)pl->net;
	h->tp_sec = (u32)(pl->ns / NS_PER_S);
	h->tp_nsec = (u32)(pl->ns % NS_PER_S);
	memset(&h->hv1, 0, sizeof(h->hv1));
	memset(h->tp_padding, 0, sizeof(h->tp_padding));
}

static u32 header_size(u8 version)
{
	return packet_hdrlen(version) - (u32)sizeof(struct sockaddr_ll);
}

static void fill(const struct packet_sock *ps, u8 *at, const struct pkt *p,
		 const struct packet_cb *cb, const struct place *pl, u32 status)
{
	struct sockaddr_ll ll = packet_name_of(cb);

	pkt_copy(p, 0, at + pl->mac, pl->keep);
	memcpy(at + header_size(ps->version), &ll, sizeof(ll));
	if (ps->version == TPACKET_V1)
		fill_v1(at, cb, pl);
	else if (ps->version == TPACKET_V2)
		fill_v2(at, cb, pl);
	else
		fill_v3(at, cb, pl, status);
}

/* In V3 a frame has a block to itself, at most */
static u32 longest(const struct packet_ring *r, u8 version)
{
	return version == TPACKET_V3 ? r->req.tp_block_size - block_head(r) - V3_ALIGN
				     : r->req.tp_frame_size;
}

static void place(const struct packet_sock *ps, const struct pkt *p, u32 keep,
		  struct place *pl)
{
	u32 hdr = packet_hdrlen(ps->version), max = longest(&ps->ring, ps->version);
	u32 maclen = 0;

	if (ps->sk.type == SOCK_DGRAM) {
		pl->net = ALIGN_UP(hdr, TPACKET_ALIGNMENT) + MAC_ROOM + ps->reserve;
	} else {
		if (p->l3 > pkt_headroom(p))
			maclen = p->l3 - pkt_headroom(p);
		pl->net =
		    ALIGN_UP(hdr + max(maclen, (u32)MAC_ROOM), TPACKET_ALIGNMENT) +
		    ps->reserve;
	}
	pl->mac = min(pl->net - maclen, max);
	pl->keep = min(keep, max - pl->mac);
	pl->ns = p->stamp_ns ? p->stamp_ns : clock_wall(ps->sk.net->w);
}

bool packet_ring_cuts(const struct packet_sock *ps, const struct pkt *p, u32 keep)
{
	struct place pl;

	place(ps, p, keep, &pl);
	return ps->version != TPACKET_V3 && pl.keep < keep;
}

bool packet_ring_put(struct packet_sock *ps, const struct pkt *p,
		     const struct packet_cb *cb, u32 keep, u32 status)
{
	struct packet_ring *r = &ps->ring;
	struct place pl;
	u8 *at;

	place(ps, p, keep, &pl);
	status |= TS_SOFTWARE;
	if (ps->version == TPACKET_V3) {
		at = block_room(ps, pl.mac + pl.keep);
		if (at)
			fill(ps, at, p, cb, &pl, status);
		return at;
	}
	if (share_get(frame_word(ps, r->head)) != TP_STATUS_KERNEL)
		return false;
	if (ps->n_drops)
		status |= TP_STATUS_LOSING;
	fill(ps, frame_at(r, r->head), p, cb, &pl, status);
	share_set(frame_word(ps, r->head), status);
	r->head = (r->head + 1) % r->req.tp_frame_nr;
	sock_wake(&ps->sk, POLLIN | POLLRDNORM);
	return true;
}

bool packet_ring_room(const struct packet_sock *ps)
{
	const struct packet_ring *r = &ps->ring;

	if (ps->version == TPACKET_V3)
		return !r->frozen || block_is_ours(r, r->head);
	return share_get(frame_word(ps, r->head)) == TP_STATUS_KERNEL;
}

bool packet_ring_ready(const struct packet_sock *ps)
{
	const struct packet_ring *r = &ps->ring;
	u32 n, last;

	if (!r->share.mem)
		return false;
	n = ps->version == TPACKET_V3 ? r->req.tp_block_nr : r->req.tp_frame_nr;
	last = (r->head + n - 1) % n;
	if (ps->version == TPACKET_V3)
		return !block_is_ours(r, last);
	return share_get(frame_word(ps, last)) != TP_STATUS_KERNEL;
}

/* ---- life ---- */

void packet_ring_free(struct packet_sock *ps)
{
	struct packet_ring *r = &ps->ring;

	if (!r->share.mem)
		return;
	if (ps->version == TPACKET_V3)
		timer_cancel(&r->timer);
	mem_uncharge(&ps->sk.net->mem, r->share.size);
	share_free(&r->share);
	*r = (struct packet_ring){.share.fd = -1};
}

static int check(const struct packet_sock *ps, const struct tpacket_req3 *q)
{
	u32 min_frame = packet_hdrlen(ps->version) + ps->reserve, per_block;
	const struct packet_ring like = {.req = *q};

	if (!q->tp_block_nr)
		return q->tp_frame_nr ? -EINVAL : 0;
	if (!q->tp_block_size || q->tp_block_size > INT32_MAX ||
	    q->tp_block_size % PAGE)
		return -EINVAL;
	if (ps->version == TPACKET_V3 &&
	    (q->tp_sizeof_priv > q->tp_block_size ||
	     q->tp_block_size < block_head(&like) + min_frame))
		return -EINVAL;
	if (q->tp_frame_size < min_frame || q->tp_frame_size % TPACKET_ALIGNMENT)
		return -EINVAL;
	per_block = q->tp_block_size / q->tp_frame_size;
	if (!per_block || q->tp_block_nr > UINT32_MAX / q->tp_block_size ||
	    (u64)per_block * q->tp_block_nr != q->tp_frame_nr)
		return -EINVAL;
	return 0;
}

static int ring_new(struct packet_sock *ps, const struct tpacket_req3 *q)
{
	struct packet_ring *r = &ps->ring;
	size_t size = (size_t)q->tp_block_size * q->tp_block_nr;
	struct share share;
	int err;

	if (!mem_charge(&ps->sk.net->mem, size))
		return -ENOMEM;
	err = share_new(size, &share);
	if (err) {
		mem_uncharge(&ps->sk.net->mem, size);
		return err;
	}
	*r = (struct packet_ring){.req = *q, .share = share};
	if (ps->version != TPACKET_V3)
		return 0;
	if (!r->req.tp_retire_blk_tov)
		r->req.tp_retire_blk_tov = RETIRE_DEFAULT_MS;
	timer_init(&r->timer, ps->sk.net->worker->wheel, retire_tick);
	timer_set_at(&r->timer,
		     clock_now(ps->sk.net->w) + r->req.tp_retire_blk_tov * NS_PER_MS);
	block_open(ps);
	return 0;
}

int packet_ring_set(struct packet_sock *ps, const void *val, socklen_t len)
{
	struct tpacket_req3 q = {0};
	socklen_t size =
	    ps->version == TPACKET_V3 ? sizeof(q) : sizeof(struct tpacket_req);
	bool running = ps->running;
	int err;

	if (len < size)
		return -EINVAL;
	memcpy(&q, val, size);
	if (q.tp_block_nr && ps->ring.share.mem)
		return -EBUSY;
	err = check(ps, &q);
	if (err)
		return err;
	sock_get(&ps->sk);
	packet_unhook(ps);
	packet_ring_free(ps);
	if (q.tp_block_nr)
		err = ring_new(ps, &q);
	if (!err)
		sock_purge(&ps->sk);
	if (running)
		packet_hook(ps);
	sock_put(&ps->sk);
	return err;
}

int packet_map(struct sock *sk, u64 off, u64 len, int *fd)
{
	const struct packet_ring *r = &packet_sk(sk)->ring;

	if (off || !r->share.mem || len != r->share.size)
		return -EINVAL;
	*fd = r->share.fd;
	return 0;
}
