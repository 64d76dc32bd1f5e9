/* SPDX-License-Identifier: MIT */
/*
 * packet_opt.c - AF_PACKET: options of SOL_PACKET
 *
 * Not known here, so ENOPROTOOPT: PACKET_TX_RING and PACKET_TX_HAS_OFF (sending by
 * a ring), PACKET_VNET_HDR, PACKET_QDISC_BYPASS.
 */

#include "family/packet_impl.h"

static bool ring_is_set(const struct packet_sock *ps)
{
	return ps->ring.share.mem;
}

static int set_int(struct packet_sock *ps, int name, int v)
{
	switch (name) {
	case PACKET_COPY_THRESH:
		ps->copy_thresh = (u32)v;
		return 0;
	case PACKET_VERSION:
		if (v != TPACKET_V1 && v != TPACKET_V2 && v != TPACKET_V3)
			return -EINVAL;
		if (ring_is_set(ps))
			return -EBUSY;
		ps->version = (u8)v;
		return 0;
	case PACKET_RESERVE:
		if (v < 0)
			return -EINVAL;
		if (ring_is_set(ps))
			return -EBUSY;
		ps->reserve = (u32)v;
		return 0;
	case PACKET_LOSS:
		if (ring_is_set(ps))
			return -EBUSY;
		ps->loss = v != 0;
		return 0;
	case PACKET_AUXDATA:
		ps->auxdata = v != 0;
		return 0;
	case PACKET_ORIGDEV:
		ps->origdev = v != 0;
		return 0;
	case PACKET_TIMESTAMP: /* there is one clock, whichever is asked for */
		ps->tstamp = (u32)v;
		return 0;
	default: /* PACKET_IGNORE_OUTGOING */
		if (v < 0 || v > 1)
			return -EINVAL;
		ps->ignore_outgoing = v != 0;
		return 0;
	}
}

int packet_set_opt(struct sock *sk, const struct caller *c, int level, int name,
		   const void *val, socklen_t len)
{
	struct packet_sock *ps = packet_sk(sk);
	int v;

	(void)c;
	if (level != SOL_PACKET)
		return -ENOPROTOOPT;
	switch (name) {
	case PACKET_ADD_MEMBERSHIP:
		return packet_member_add(ps, val, len);
	case PACKET_DROP_MEMBERSHIP:
		return packet_member_del(ps, val, len);
	case PACKET_RX_RING:
		return packet_ring_set(ps, val, len);
	case PACKET_FANOUT:
		return packet_fanout_join(ps, val, len);
	case PACKET_FANOUT_DATA:
		return packet_fanout_data(ps, val, len);
	case PACKET_VERSION:
	case PACKET_RESERVE:
	case PACKET_LOSS:
	case PACKET_TIMESTAMP:
	case PACKET_IGNORE_OUTGOING:
		if (len != sizeof(v))
			return -EINVAL;
		break;
	case PACKET_COPY_THRESH:
	case PACKET_AUXDATA:
	case PACKET_ORIGDEV:
		if (len < sizeof(v))
			return -EINVAL;
		break;
	default:
		return -ENOPROTOOPT;
	}
	memcpy(&v, val, sizeof(v));
	return set_int(ps, name, v);
}

/* Told once: what was counted since it was asked last */
static void get_statistics(struct packet_sock *ps, void *val, socklen_t *len)
{
	struct tpacket_stats_v3 st = {
	    .tp_packets = (u32)(ps->n_packets + ps->n_drops),
	    .tp_drops = (u32)ps->n_drops,
	    .tp_freeze_q_cnt = (u32)ps->ring.freezes,
	};
	socklen_t size =
	    ps->version == TPACKET_V3 ? sizeof(st) : sizeof(struct tpacket_stats);

	*len = min(*len, size);
	memcpy(val, &st, *len);
	ps->n_packets = ps->n_drops = ps->ring.freezes = 0;
}

static int get_hdrlen(void *val, socklen_t *len)
{
	int v;

	if (*len < sizeof(v))
		return -EINVAL;
	*len = sizeof(v);
	memcpy(&v, val, sizeof(v));
	switch (v) {
	case TPACKET_V1:
		v = sizeof(struct tpacket_hdr);
		break;
	case TPACKET_V2:
		v = sizeof(struct tpacket2_hdr);
		break;
	case TPACKET_V3:
		v = sizeof(struct tpacket3_hdr);
		break;
	default:
		return -EINVAL;
	}
	memcpy(val, &v, sizeof(v));
	return 0;
}

int packet_get_opt(struct sock *sk, int level, int name, void *val, socklen_t *len)
{
	struct packet_sock *ps = packet_sk(sk);
	int v;

	if (level != SOL_PACKET)
		return -ENOPROTOOPT;
	switch (name) {
	case PACKET_STATISTICS:
		get_statistics(ps, val, len);
		return 0;
	case PACKET_HDRLEN:
		return get_hdrlen(val, len);
	case PACKET_AUXDATA:
		v = ps->auxdata;
		break;
	case PACKET_ORIGDEV:
		v = ps->origdev;
		break;
	case PACKET_VERSION:
		v = ps->version;
		break;
	case PACKET_RESERVE:
		v = (int)ps->reserve;
		break;
	case PACKET_COPY_THRESH:
		v = (int)ps->copy_thresh;
		break;
	case PACKET_LOSS:
		v = ps->loss;
		break;
	case PACKET_TIMESTAMP:
		v = (int)ps->tstamp;
		break;
	case PACKET_FANOUT:
		v = (int)packet_fanout_word(ps);
		break;
	case PACKET_IGNORE_OUTGOING:
		v = ps->ignore_outgoing;
		break;
	default:
		return -ENOPROTOOPT;
	}
	*len = min(*len, (socklen_t)sizeof(v));
	memcpy(val, &v, *len);
	return 0;
}
