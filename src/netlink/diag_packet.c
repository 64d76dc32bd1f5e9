/* SPDX-License-Identifier: MIT */
/*
 * diag_packet.c - NETLINK_SOCK_DIAG about AF_PACKET: ss -0
 */

#include "family/packet.h"
#include "netlink/diag.h"

#include <linux/if_packet.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>

static bool is_packet(const struct nl_dump *d, const struct sock *sk)
{
	(void)d;
	return sk->family == AF_PACKET;
}

static int packet_dump_start(struct nl_dump *d)
{
	const struct packet_diag_req *req = nlmsg_data(d->nlh);

	if (nlmsg_len(d->nlh) < sizeof(*req) || req->sdiag_protocol)
		return -EINVAL;
	return sock_snap_take(d, is_packet);
}

static void put_info(struct nlmsg_builder *b, const struct packet_info *pi)
{
	struct packet_diag_info info = {
	    .pdi_index = (u32)pi->ifindex,
	    .pdi_version = pi->version,
	    .pdi_reserve = pi->reserve,
	    .pdi_copy_thresh = pi->copy_thresh,
	    .pdi_tstamp = pi->tstamp,
	    .pdi_flags = pi->flags,
	};

	nla_put(b, PACKET_DIAG_INFO, sizeof(info), &info);
}

static void put_members(struct nlmsg_builder *b, const struct sock *sk)
{
	struct packet_diag_mclist mc[32];
	u32 pos = 0, n = 0;

	while (n < ARRAY_SIZE(mc) && packet_member_next(sk, &pos, &mc[n]))
		n++;
	nla_put(b, PACKET_DIAG_MCLIST, n * (u32)sizeof(mc[0]), mc);
}

static void put_ring(struct nlmsg_builder *b, const struct packet_info *pi)
{
	struct packet_diag_ring r = {
	    .pdr_block_size = pi->ring->tp_block_size,
	    .pdr_block_nr = pi->ring->tp_block_nr,
	    .pdr_frame_size = pi->ring->tp_frame_size,
	    .pdr_frame_nr = pi->ring->tp_frame_nr,
	};

	if (pi->version == TPACKET_V3) {
		r.pdr_retire_tmo = pi->ring->tp_retire_blk_tov;
		r.pdr_sizeof_priv = pi->ring->tp_sizeof_priv;
		r.pdr_features = pi->ring->tp_feature_req_word;
	}
	nla_put(b, PACKET_DIAG_RX_RING, sizeof(r), &r);
}

static int packet_fill(struct nl_dump *d, struct nlmsg_builder *b,
		       const struct sock *sk)
{
	const struct packet_diag_req *req = nlmsg_data(d->nlh);
	struct packet_diag_msg *m = nlmsg_begin(b, SOCK_DIAG_BY_FAMILY, d->flags,
						d->seq, d->portid, sizeof(*m));
	struct packet_info pi;

	if (!m)
		return -EMSGSIZE;
	packet_info(sk, &pi);
	m->pdiag_family = AF_PACKET;
	m->pdiag_type = (u8)sk->type;
	m->pdiag_num = pi.num;
	m->pdiag_ino = (u32)sk->inode;
	m->pdiag_cookie[0] = (u32)sk->cookie;
	m->pdiag_cookie[1] = (u32)(sk->cookie >> 32);
	if (req->pdiag_show & PACKET_SHOW_INFO) {
		put_info(b, &pi);
		nla_put_u32(b, PACKET_DIAG_UID, sk->uid);
	}
	if (req->pdiag_show & PACKET_SHOW_MCLIST)
		put_members(b, sk);
	if (req->pdiag_show & PACKET_SHOW_RING_CFG && pi.ring)
		put_ring(b, &pi);
	if (req->pdiag_show & PACKET_SHOW_FANOUT && pi.fanout)
		nla_put_u32(b, PACKET_DIAG_FANOUT, pi.fanout);
	if (req->pdiag_show & PACKET_SHOW_MEMINFO)
		diag_put_meminfo(b, PACKET_DIAG_MEMINFO, sk);
	if (req->pdiag_show & PACKET_SHOW_FILTER && pi.filter)
		nla_put(b, PACKET_DIAG_FILTER, pi.filter_n * (u32)sizeof(pi.filter[0]),
			pi.filter);
	return nlmsg_end(b);
}

static int packet_dump_step(struct nl_dump *d, struct nlmsg_builder *b)
{
	struct sock_snap *s = d->data;

	for (; s->pos < s->n; s->pos++)
		if (packet_fill(d, b, s->socks[s->pos]))
			return 1;
	return 0;
}

static const struct nl_dump_ops packet_dump = {
    .start = packet_dump_start,
    .step = packet_dump_step,
    .done = sock_snap_drop,
};

static const struct diag_handler packet_handler = {
    .family = AF_PACKET,
    .dump = &packet_dump,
};

int packet_diag_boot(struct warren *w)
{
	return diag_register(w, &diag_part, &packet_handler);
}
