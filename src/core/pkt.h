/* SPDX-License-Identifier: MIT */
/*
 * pkt.h - packet buffer
 *
 * A packet is a private linear part (headers, small payloads) and up to
 * PKT_FRAGS pieces of counted, immutable blocks (payload). Clones share the
 * blocks and copy the linear part; so headers may always be written, and what
 * lies in blocks never.
 *
 *	buf      data                      tail          end
 *	|headroom|   linear (p->linear)    |   tailroom  |   + frag[0..n)
 *	          <-------------- p->len counts linear and frags ---------->
 *
 * Invariants: (1) exactly one owner; who takes a packet consumes it, also on
 * failure. (2) len == linear + sum of frags. (3) blocks are written only by
 * the one who made them, before the first share.
 */
#ifndef WARREN_CORE_PKT_H
#define WARREN_CORE_PKT_H

#include "base/list.h"
#include "core/block.h"
#include "core/drop.h"

struct dev;
struct net;
struct route;
struct sock;
struct worker;

#define PKT_FRAGS  8
#define PKT_INLINE 256 /* bytes of linear part without an allocation */
#define PKT_HEADROOM                                                                   \
	96 /* for link, IP and transport header without options: 14+20+60 */
#define PKT_LINK_HEADROOM 16 /* for a link header */
#define PKT_MAX		  65535

struct frag {
	struct block *block;
	u32 off, len;
};

enum pkt_type { PKT_HOST, PKT_BROADCAST, PKT_MULTICAST, PKT_OTHERHOST, PKT_OUTGOING };

enum pkt_csum {
	PKT_CSUM_NONE,	  /* on the wire, not verified yet */
	PKT_CSUM_OK,	  /* transport checksum verified or never in doubt */
	PKT_CSUM_PARTIAL, /* pseudo-header sum is in place, rest to be filled; as good
			   * as verified when it arrives over a virtual wire */
};

struct pkt {
	struct list node;
	struct worker *worker;
	struct dev *dev;     /* receiving, then sending device; borrowed but counted by
			      * dev_hold in queues (backlog, neighbour queue) */
	struct sock *sk;     /* transmit: whose send memory it is; see free_cb */
	struct route *route; /* held; put by pkt_free() through route_put */
	void (*route_put)(struct route *rt);
	void (*destroy)(
	    struct pkt *p); /* called once when freed or orphaned; uncharges sk */

	u8 *buf, *data; /* linear part */
	u32 cap;	/* bytes at buf */
	u32 linear, len;
	u16 l2, l3, l4;		  /* offsets from buf */
	u16 csum_start, csum_off; /* PKT_CSUM_PARTIAL: from buf; from csum_start */
	be16 proto;		  /* ethertype */
	u8 type;		  /* enum pkt_type */
	u8 csum;		  /* enum pkt_csum */
	u8 n_frags;
	u8 ip_summed_l3 : 1, forwarded : 1, ignore_df : 1, looped : 1, no_loop : 1;
	u16 gso_size; /* payload bytes a segment; 0: one packet */
	u16 gso_segs;
	u8 gso_type; /* enum gso_type */
	u32 mark, priority;
	s32 iif;      /* ifindex it came in by */
	s32 loop_iif; /* over lo: what iif will be; the device whose address it is for
		       */
	u32 rt_realm;
	u64 stamp_ns;
	u32 charge; /* bytes charged to a socket */
	u64 cb[6];  /* private to the present owner's room */
	struct frag frag[PKT_FRAGS];
	u8 in[PKT_INLINE];
};

enum gso_type { GSO_NONE, GSO_TCP4, GSO_TCP6, GSO_UDP };

/* @headroom + @size bytes of linear room; len 0. NULL: no memory */
struct pkt *pkt_new(struct worker *k, u32 headroom, u32 size);
/* Frees; never counted as a drop. NULL: nothing */
void pkt_free(struct pkt *p);
/* Frees and counts @why for @net; shown to captures */
void pkt_drop(struct net *net, struct pkt *p, enum drop why);
/* Shares blocks, copies the linear part and the metadata but not sk/destroy/route */
struct pkt *pkt_clone(const struct pkt *p);
/* Detach from the sending socket: calls destroy now */
void pkt_orphan(struct pkt *p);
/* Forget what must not cross to another namespace or device (N4.24) */
void pkt_scrub(struct pkt *p, bool crosses_net);

u8 *pkt_put(struct pkt *p,
	    u32 n); /* append to the linear part; NULL: no room. No frags yet */
u8 *pkt_push(struct pkt *p,
	     u32 n); /* prepend; NULL: no headroom (see pkt_headroom_grow) */
int pkt_headroom_grow(struct pkt *p, u32 n); /* at least @n bytes; 0, -ENOMEM */
/* Make the first @n bytes linear. Return: false when shorter or no memory */
bool pkt_need(struct pkt *p, u32 n);
/* Remove @n from the front; @n <= len. Frees emptied frags. */
void pkt_pull(struct pkt *p, u32 n);
void pkt_trim(struct pkt *p, u32 len); /* cut to @len */
int pkt_linearize(struct pkt *p);
/* Takes over the reference to @b. Return: 0, -ENOSPC (frags full; reference kept by
 * caller) */
int pkt_add_frag(struct pkt *p, struct block *b, u32 off, u32 len);
/* Append data by copying: linear tailroom first, then a new block. 0, -ENOMEM */
int pkt_append(struct pkt *p, const void *data, u32 len);
/* Append bytes [@off, @off + @len) of @from to @p by sharing blocks (linear bytes are
 * copied) */
int pkt_append_pkt(struct pkt *p, const struct pkt *from, u32 off, u32 len);
void pkt_copy(const struct pkt *p, u32 off, void *dst,
	      u32 len);					      /* off + len <= p->len */
u32 pkt_csum(const struct pkt *p, u32 off, u32 len, u32 sum); /* unfolded */
/* Fill in a partial checksum (before the bytes leave the virtual world). 0, -ENOMEM */
int pkt_csum_finish(struct pkt *p);

static inline u32 pkt_headroom(const struct pkt *p)
{
	return (u32)(p->data - p->buf);
}
static inline u32 pkt_tailroom(const struct pkt *p)
{
	return p->cap - pkt_headroom(p) - p->linear;
}
static inline void *pkt_l2(const struct pkt *p)
{
	return p->buf + p->l2;
}
static inline void *pkt_l3(const struct pkt *p)
{
	return p->buf + p->l3;
}
static inline void *pkt_l4(const struct pkt *p)
{
	return p->buf + p->l4;
}
static inline void pkt_set_l2(struct pkt *p)
{
	p->l2 = (u16)(p->data - p->buf);
}
static inline void pkt_set_l3(struct pkt *p)
{
	p->l3 = (u16)(p->data - p->buf);
}
static inline void pkt_set_l4(struct pkt *p)
{
	p->l4 = (u16)(p->data - p->buf);
}
/* Memory this packet really takes, for socket accounting */
u32 pkt_truesize(const struct pkt *p);

/*
 * Cut a GSO packet (data at the IP header or at the link header @l3_off bytes
 * before it) into packets of at most gso_size payload, on @out in order.
 * Consumes @p; what fails is a drop of p->dev's net.
 * Return: 0, -EINVAL, -ENOMEM (then @out is empty)
 */
int gso_segment(struct pkt *p, struct list *out);

#endif
