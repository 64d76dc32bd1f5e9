/* SPDX-License-Identifier: MIT */
/*
 * packet_member.c - PACKET_ADD_MEMBERSHIP: more frames than the device would take
 *
 * A device here takes every frame that reaches it, so a membership changes what
 * is counted and shown (promiscuity, allmulti, hardware groups), and goes with
 * the socket, or with its device.
 */

#include "family/packet_impl.h"

#include <linux/packet_diag.h>

enum { ADDR_MAX = 32 }; /* MAX_ADDR_LEN */

/* struct packet_mreq, whose address may be longer */
struct mreq {
	int mr_ifindex;
	u16 mr_type, mr_alen;
	u8 mr_address[ADDR_MAX];
};

struct member {
	struct list node;
	struct dev *dev; /* borrowed until the device goes */
	u32 count;
	u16 type, alen;
	u8 addr[ADDR_MAX];
};

/* @delta: 1 or -1. 0, -EINVAL, -ENOMEM */
static int apply(const struct member *mb, int delta)
{
	switch (mb->type) {
	case PACKET_MR_MULTICAST:
		if (mb->alen != mb->dev->addr_len)
			return -EINVAL;
		if (delta > 0)
			return dev_mc_add(mb->dev, mb->addr);
		dev_mc_del(mb->dev, mb->addr);
		return 0;
	case PACKET_MR_PROMISC:
		dev_promisc(mb->dev, delta);
		return 0;
	case PACKET_MR_ALLMULTI:
		dev_allmulti(mb->dev, delta);
		return 0;
	case PACKET_MR_UNICAST:
		return mb->alen == mb->dev->addr_len ? 0 : -EINVAL;
	default:
		return 0;
	}
}

static int read_mreq(const void *val, socklen_t len, struct mreq *mr)
{
	memset(mr, 0, sizeof(*mr));
	if (len < sizeof(struct packet_mreq))
		return -EINVAL;
	memcpy(mr, val, min((size_t)len, sizeof(*mr)));
	if (len < mr->mr_alen + offsetof(struct packet_mreq, mr_address))
		return -EINVAL;
	return 0;
}

static struct member *find(const struct packet_sock *ps, const struct mreq *mr)
{
	struct member *mb;

	list_for_each(mb, &ps->members, node)
		if (mb->dev->ifindex == mr->mr_ifindex && mb->type == mr->mr_type &&
		    mb->alen == mr->mr_alen &&
		    !memcmp(mb->addr, mr->mr_address, mb->alen))
			return mb;
	return NULL;
}

static void drop(struct packet_sock *ps, struct member *mb)
{
	list_del(&mb->node);
	apply(mb, -1);
	net_free(ps->sk.net, mb);
}

int packet_member_add(struct packet_sock *ps, const void *val, socklen_t len)
{
	struct mreq mr;
	struct member *mb;
	struct dev *dev;
	int err = read_mreq(val, len, &mr);

	if (err)
		return err;
	dev = dev_by_index(ps->sk.net, mr.mr_ifindex);
	if (!dev)
		return -ENODEV;
	if (mr.mr_alen > dev->addr_len)
		return -EINVAL;
	mb = find(ps, &mr);
	if (mb) {
		mb->count++;
		return 0;
	}
	mb = net_alloc(ps->sk.net, sizeof(*mb));
	if (!mb)
		return -ENOBUFS;
	mb->dev = dev;
	mb->count = 1;
	mb->type = mr.mr_type;
	mb->alen = mr.mr_alen;
	memcpy(mb->addr, mr.mr_address, mb->alen);
	err = apply(mb, 1);
	if (err) {
		net_free(ps->sk.net, mb);
		return err;
	}
	list_add(&ps->members, &mb->node);
	return 0;
}

int packet_member_del(struct packet_sock *ps, const void *val, socklen_t len)
{
	struct mreq mr;
	struct member *mb;
	int err = read_mreq(val, len, &mr);

	if (err)
		return err;
	mb = find(ps, &mr);
	if (mb && --mb->count == 0)
		drop(ps, mb);
	return 0;
}

void packet_member_forget(struct packet_sock *ps, const struct dev *dev)
{
	struct member *mb, *tmp;

	list_for_each_safe(mb, tmp, &ps->members, node) {
		if (mb->dev == dev)
			drop(ps, mb);
	}
}

void packet_member_drop_all(struct packet_sock *ps)
{
	struct member *mb, *tmp;

	list_for_each_safe(mb, tmp, &ps->members, node) {
		drop(ps, mb);
	}
}

bool packet_member_next(const struct sock *sk, u32 *pos, struct packet_diag_mclist *out)
{
	const struct packet_sock *ps = packet_sk(sk);
	const struct member *mb;
	u32 i = 0;

	list_for_each(mb, &ps->members, node) {
		if (i++ < *pos)
			continue;
		(*pos)++;
		memset(out, 0, sizeof(*out));
		out->pdmc_index = (u32)mb->dev->ifindex;
		out->pdmc_count = mb->count;
		out->pdmc_type = mb->type;
		out->pdmc_alen = mb->alen;
		memcpy(out->pdmc_addr, mb->addr, mb->alen);
		return true;
	}
	return false;
}
