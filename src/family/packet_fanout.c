/* SPDX-License-Identifier: MIT */
/*
 * packet_fanout.c - PACKET_FANOUT: one of several sockets gets each frame
 *
 * The sockets of a group hear the same (net, device, ethertype) through one tap
 * of the group; for each frame a member is chosen. A socket joins while it is
 * running and stays until it is closed; while its device is down it has no place
 * among the members and keeps the group alive.
 *
 *	HASH      by the flow, the same for both directions
 *	LB        in turn
 *	CPU, QM   by processor or queue: there is one of each
 *	ROLLOVER  the first with room, from the last one used
 *	RND       at random
 *	CBPF      by a program (PACKET_FANOUT_DATA)
 *
 * With FLAG_ROLLOVER a full choice is passed over for the next with room.
 */

#include "family/packet_impl.h"

#include "wire/flow.h"

#include <linux/if_ether.h>

#ifndef PACKET_FANOUT_FLAG_IGNORE_OUTGOING /* newer than some systems' headers */
#define PACKET_FANOUT_FLAG_IGNORE_OUTGOING 0x4000
#endif

enum {
	MEMBERS_DEFAULT = 256,
	MEMBERS_MAX = 1 << 16,
	FLAGS = PACKET_FANOUT_FLAG_ROLLOVER | PACKET_FANOUT_FLAG_UNIQUEID |
		PACKET_FANOUT_FLAG_IGNORE_OUTGOING,
};

struct fanout {
	struct list node; /* packet_net.fanouts */
	struct net *net;
	struct tap tap; /* in place while there are members */
	u16 id, flags;
	u8 type;
	u16 num; /* what its sockets are bound to */
	struct dev *dev;
	u32 refs; /* sockets that joined */
	u32 max, n;
	u32 turn;	     /* LB */
	struct filter *prog; /* CBPF */
	struct packet_sock *members[];
};

bool packet_fanout_has(const struct fanout *f, const struct sock *sk)
{
	return sk && sk->family == AF_PACKET && packet_sk(sk)->fanout == f;
}

u32 packet_fanout_word(const struct packet_sock *ps)
{
	const struct fanout *f = ps->fanout;

	return f ? f->id | (u32)f->type << 16 | (u32)f->flags << 16 : 0;
}

/* ---- choice ---- */

static bool has_room(const struct packet_sock *ps)
{
	if (ps->ring.share.mem)
		return packet_ring_room(ps);
	return ps->sk.rmem < ps->sk.rcvbuf / 2;
}

static u32 first_with_room(const struct fanout *f, u32 from)
{
	for (u32 i = 0; i < f->n; i++)
		if (has_room(f->members[(from + i) % f->n]))
			return (from + i) % f->n;
	return from;
}

/* Both directions of a flow alike */
static u32 flow_hash(const struct fanout *f, const struct pkt *p)
{
	struct flow_key k, back;
	u8 word[40] = {0};

	if (pkt_headroom(p) + p->linear <= p->l3)
		return 0;
	flow_dissect(p->buf + p->l3, pkt_headroom(p) + p->linear - p->l3, &k);
	if (!(k.known & FLOW_L3))
		return be16_to_cpu(p->proto);
	back = k;
	flow_reverse(&back);
	if (memcmp(back.src.v6, k.src.v6, sizeof(k.src.v6)) < 0 ||
	    (ipaddr_equal(&k.src, &k.dst) &&
	     be16_to_cpu(back.sport) < be16_to_cpu(k.sport)))
		k = back;
	memcpy(word, k.src.v6, 16);
	memcpy(word + 16, k.dst.v6, 16);
	memcpy(word + 32, &k.sport, 2);
	memcpy(word + 34, &k.dport, 2);
	word[36] = k.proto;
	return (u32)siphash(&f->net->worker->key, word, sizeof(word));
}

static u32 choose(struct fanout *f, struct dev *dev, struct pkt *p, bool out)
{
	s32 shift;
	u32 v;

	switch (f->type) {
	case PACKET_FANOUT_HASH:
		return (u32)((u64)flow_hash(f, p) * f->n >> 32);
	case PACKET_FANOUT_LB:
		return f->turn++ % f->n;
	case PACKET_FANOUT_RND:
		return random_u32(f->net) % f->n;
	case PACKET_FANOUT_ROLLOVER:
		f->turn = first_with_room(f, f->turn % f->n);
		return f->turn;
	case PACKET_FANOUT_CBPF:
		if (!f->prog)
			return 0;
		shift = packet_shift(f->members[0], dev, p, out);
		pkt_shift(p, shift);
		v = bpf_run(f->prog->prog, p, dev);
		pkt_shift(p, -shift);
		return v % f->n;
	default: /* CPU, QM */
		return 0;
	}
}

static void fanout_see(struct tap *tap, struct dev *dev, const struct pkt *lent,
		       bool out)
{
	struct fanout *f = tap->arg;
	struct pkt *p = (struct pkt *)(uintptr_t)lent;
	u16 l3 = p->l3;
	u32 i;

	if (out && (f->flags & PACKET_FANOUT_FLAG_IGNORE_OUTGOING ||
		    packet_fanout_has(f, p->sk)))
		return;
	if (out)
		p->l3 = (u16)(pkt_headroom(p) + dev->header_len);
	i = choose(f, dev, p, out);
	p->l3 = l3;
	if (f->flags & PACKET_FANOUT_FLAG_ROLLOVER && !has_room(f->members[i]))
		i = first_with_room(f, i);
	packet_take(f->members[i], dev, p, out);
}

/* ---- membership ---- */

int packet_fanout_link(struct packet_sock *ps)
{
	struct fanout *f = ps->fanout;
	int err;

	if (!f->n) {
		f->tap = (struct tap){
		    .net = f->net,
		    .dev = f->dev,
		    .ethertype = f->num == ETH_P_ALL ? 0 : f->num,
		    .see = fanout_see,
		    .arg = f,
		};
		err = tap_add(&f->tap);
		if (err)
			return err;
	}
	f->members[f->n++] = ps;
	return 0;
}

void packet_fanout_unlink(struct packet_sock *ps)
{
	struct fanout *f = ps->fanout;

	for (u32 i = 0; i < f->n; i++) {
		if (f->members[i] != ps)
			continue;
		f->members[i] = f->members[--f->n];
		break;
	}
	if (!f->n)
		tap_del(&f->tap);
}

void packet_fanout_leave(struct packet_sock *ps)
{
	struct fanout *f = ps->fanout;

	ps->fanout = NULL;
	if (!f || --f->refs)
		return;
	list_del(&f->node);
	filter_put(f->prog);
	net_free(f->net, f);
}

void packet_fanout_forget(struct net *net, const struct dev *dev)
{
	struct fanout *f;

	list_for_each(f, &packet_net(net)->fanouts, node) {
		if (f->dev != dev)
			continue;
		f->dev = NULL;
		f->num = 0; /* nobody can join any more */
	}
}

static struct fanout *find(const struct net *net, u16 id)
{
	struct fanout *f;

	list_for_each(f, &packet_net(net)->fanouts, node)
		if (f->id == id)
			return f;
	return NULL;
}

static int unused_id(struct net *net, u16 *out)
{
	struct packet_net *pn = packet_net(net);

	for (u32 i = 0; i <= UINT16_MAX; i++) {
		u16 id = pn->next_fanout_id++;

		if (!find(net, id)) {
			*out = id;
			return 0;
		}
	}
	return -ENOMEM;
}

static int new_group(struct packet_sock *ps, const struct fanout_args *a, u16 id,
		     struct fanout **out)
{
	struct net *net = ps->sk.net;
	u32 max = a->max_num_members;
	struct fanout *f = net_alloc(net, sizeof(*f) + max * sizeof(f->members[0]));

	if (!f)
		return -ENOMEM;
	f->net = net;
	f->id = id;
	f->type = (u8)a->type_flags;
	f->flags = a->type_flags & 0xff00;
	f->num = ps->num;
	f->dev = ps->dev;
	f->max = max;
	list_add(&packet_net(net)->fanouts, &f->node);
	*out = f;
	return 0;
}

static int read_args(struct packet_sock *ps, const void *val, socklen_t len,
		     struct fanout_args *a)
{
	memset(a, 0, sizeof(*a));
	if (len != sizeof(int) && len != sizeof(*a))
		return -EINVAL;
	memcpy(a, val, len);
	switch ((u8)a->type_flags) {
	case PACKET_FANOUT_ROLLOVER:
		if (a->type_flags & PACKET_FANOUT_FLAG_ROLLOVER)
			return -EINVAL;
		break;
	case PACKET_FANOUT_HASH:
	case PACKET_FANOUT_LB:
	case PACKET_FANOUT_CPU:
	case PACKET_FANOUT_RND:
	case PACKET_FANOUT_QM:
	case PACKET_FANOUT_CBPF:
		break;
	default: /* EBPF: no such programs here */
		return -EINVAL;
	}
	if (a->type_flags & 0xff00 & ~FLAGS) /* DEFRAG: IP stands above us */
		return -EINVAL;
	if (ps->fanout)
		return -EALREADY;
	if (a->max_num_members > MEMBERS_MAX)
		return -EINVAL;
	return 0;
}

int packet_fanout_join(struct packet_sock *ps, const void *val, socklen_t len)
{
	struct fanout_args a;
	struct fanout *f;
	u16 id;
	int err = read_args(ps, val, len, &a);

	if (err)
		return err;
	id = a.id;
	if (a.type_flags & PACKET_FANOUT_FLAG_UNIQUEID) {
		if (id)
			return -EINVAL;
		err = unused_id(ps->sk.net, &id);
		if (err)
			return err;
		a.type_flags &= (u16)~PACKET_FANOUT_FLAG_UNIQUEID;
	}
	f = find(ps->sk.net, id);
	if (f && (f->flags != (a.type_flags & 0xff00) ||
		  (a.max_num_members && a.max_num_members != f->max)))
		return -EINVAL;
	if (!ps->running)
		return -EINVAL;
	if (f &&
	    (f->type != (u8)a.type_flags || f->num != ps->num || f->dev != ps->dev))
		return -EINVAL;
	if (f && f->refs >= f->max)
		return -ENOSPC;
	if (!a.max_num_members)
		a.max_num_members = MEMBERS_DEFAULT;
	err = f ? 0 : new_group(ps, &a, id, &f);
	if (err)
		return err;
	f->refs++;
	sock_get(&ps->sk);
	packet_unhook(ps);
	ps->fanout = f;
	err = packet_hook(ps);
	if (err) {
		packet_fanout_leave(ps);
		packet_hook(ps);
	}
	sock_put(&ps->sk);
	return err;
}

int packet_fanout_data(struct packet_sock *ps, const void *val, socklen_t len)
{
	struct fanout *f = ps->fanout;
	struct sock_fprog fp;
	struct filter *prog;
	int err;

	if (!f || f->type != PACKET_FANOUT_CBPF)
		return -EINVAL;
	if (ps->sk.filter_locked)
		return -EPERM;
	if (len != sizeof(fp))
		return -EINVAL;
	memcpy(&fp, val, sizeof(fp));
	err = filter_new(f->net, &fp, &prog);
	if (err)
		return err;
	filter_put(f->prog);
	f->prog = prog;
	return 0;
}
