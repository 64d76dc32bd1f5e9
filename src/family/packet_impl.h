/* SPDX-License-Identifier: MIT */
/*
 * packet_impl.h - what the files of AF_PACKET share
 */
#ifndef WARREN_FAMILY_PACKET_IMPL_H
#define WARREN_FAMILY_PACKET_IMPL_H

#include "base/share.h"
#include "base/slab.h"
#include "base/wheel.h"
#include "core/dev.h"
#include "core/filter.h"
#include "family/packet.h"

#include <linux/if_packet.h>

#ifndef TP_STATUS_GSO_TCP /* newer than some systems' headers */
#define TP_STATUS_GSO_TCP (1 << 8)
#endif

struct fanout;

/* Socket, or ring of it: PACKET_RX_RING */
struct packet_ring {
	struct tpacket_req3 req; /* the first four alone up to TPACKET_V2 */
	struct share share;	 /* the frames; none: no ring */
	u32 head;		 /* V1, V2: next frame; V3: current block */
	u32 block_used;		 /* V3: bytes of the current block */
	u32 block_last;		 /* V3: offset of the last frame in it, 0: none */
	u32 block_n;		 /* V3: frames in it */
	u64 block_seq;
	bool frozen;	/* V3: the current block is still the program's */
	u32 tick_block; /* V3: the current one when the timer fired last */
	u64 freezes;
	struct timer timer;
};

struct packet_sock {
	struct sock sk;
	struct list node;	/* packet_net.socks */
	u16 num;		/* ethertype, host order: 0: none, ETH_P_ALL: every */
	s32 ifindex;		/* 0: every device; -1: its device is gone */
	struct dev *dev;	/* borrowed; NULL: every, or gone */
	struct tap tap;		/* in place while running and in no fanout */
	bool running;		/* frames come in */
	struct list members;	/* struct member */
	u64 n_packets, n_drops; /* since PACKET_STATISTICS was asked */
	bool auxdata, origdev, loss, ignore_outgoing;
	u8 version; /* TPACKET_Vx */
	u32 reserve, copy_thresh, tstamp;
	struct packet_ring ring;
	struct fanout *fanout;
};

struct packet_net {
	struct list socks;
	struct list fanouts;
	u16 next_fanout_id;
};

struct packet_worker {
	struct slab slab;
};

static inline struct packet_sock *packet_sk(const struct sock *sk)
{
	return (struct packet_sock *)(uintptr_t)sk;
}

static inline struct packet_net *packet_net(const struct net *net)
{
	return net_part(net, PART_PACKET);
}

/* Of a queued frame, in pkt.cb */
struct packet_cb {
	u32 len;     /* before the filter cut it */
	s32 ifindex; /* sockaddr_ll */
	u16 hatype;
	be16 proto;
	u8 type, halen;
	u8 addr[8];
};
_Static_assert(sizeof(struct packet_cb) <= sizeof(((struct pkt *)NULL)->cb),
	       "packet_cb fits");

static inline struct packet_cb *packet_cb(const struct pkt *p)
{
	return (struct packet_cb *)(uintptr_t)p->cb;
}

/* ---- packet.c ---- */

/* Begin and stop to hear; both idempotent. Return: 0, -ENOMEM */
int packet_hook(struct packet_sock *ps);
void packet_unhook(struct packet_sock *ps);

/* ---- packet_io.c ---- */

void packet_see(struct tap *tap, struct dev *dev, const struct pkt *p, bool out);
/* A frame for this socket: filter, queue or ring. @p as tap.see() has it */
void packet_take(struct packet_sock *ps, struct dev *dev, struct pkt *p, bool out);
ssize_t packet_send(struct sock *sk, struct msg *m);
ssize_t packet_recv(struct sock *sk, struct msg *m);
u32 packet_poll(struct sock *sk);
/* Where data begin for @ps: at the link header or behind it. Undo with the negative */
s32 packet_shift(const struct packet_sock *ps, const struct dev *dev,
		 const struct pkt *p, bool out);
void pkt_shift(struct pkt *p,
	       s32 n); /* data move back by @n; both ways inside of buf */
void packet_fill_cb(struct packet_cb *cb, const struct dev *dev, const struct pkt *p,
		    bool out);
struct sockaddr_ll packet_name_of(const struct packet_cb *cb);
u32 packet_status(const struct pkt *p, bool out); /* TP_STATUS_x */

/* ---- packet_member.c ---- */

int packet_member_add(struct packet_sock *ps, const void *val, socklen_t len);
int packet_member_del(struct packet_sock *ps, const void *val, socklen_t len);
void packet_member_forget(struct packet_sock *ps, const struct dev *dev);
void packet_member_drop_all(struct packet_sock *ps);

/* ---- packet_opt.c ---- */

int packet_set_opt(struct sock *sk, const struct caller *c, int level, int name,
		   const void *val, socklen_t len);
int packet_get_opt(struct sock *sk, int level, int name, void *val, socklen_t *len);

/* ---- packet_ring.c ---- */

u32 packet_hdrlen(u8 version); /* of a frame's header, with room for the address */
int packet_ring_set(struct packet_sock *ps, const void *val, socklen_t len);
void packet_ring_free(struct packet_sock *ps);
/* @p: data where the program counts from; @keep bytes of it. false: it was full */
bool packet_ring_put(struct packet_sock *ps, const struct pkt *p,
		     const struct packet_cb *cb, u32 keep, u32 status);
/* Would a frame of the ring hold less than @keep bytes? */
bool packet_ring_cuts(const struct packet_sock *ps, const struct pkt *p, u32 keep);
bool packet_ring_room(const struct packet_sock *ps);  /* for one more frame */
bool packet_ring_ready(const struct packet_sock *ps); /* the program has something */
int packet_map(struct sock *sk, u64 off, u64 len, int *fd);

/* ---- packet_fanout.c ---- */

int packet_fanout_join(struct packet_sock *ps, const void *val, socklen_t len);
int packet_fanout_data(struct packet_sock *ps, const void *val, socklen_t len);
void packet_fanout_leave(struct packet_sock *ps);
/* The socket stops, goes on hearing: its place in the group */
void packet_fanout_unlink(struct packet_sock *ps);
int packet_fanout_link(struct packet_sock *ps);
/* @dev is gone: so are its members already */
void packet_fanout_forget(struct net *net, const struct dev *dev);
u32 packet_fanout_word(const struct packet_sock *ps); /* PACKET_FANOUT reads */
bool packet_fanout_has(const struct fanout *f, const struct sock *sk);

#endif
