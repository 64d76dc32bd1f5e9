/* SPDX-License-Identifier: MIT */
/*
 * packet.h - AF_PACKET: frames in and out of devices, past all protocols
 */
#ifndef WARREN_FAMILY_PACKET_H
#define WARREN_FAMILY_PACKET_H

#include "core/bpf.h"
#include "core/sock.h"

extern const struct part packet_part;

/* What views and diag tell of a socket */
struct packet_info {
	u16 num;     /* ethertype, host order */
	s32 ifindex; /* 0: every device; -1: its device is gone */
	bool running;
	u8 version; /* TPACKET_Vx */
	u32 reserve, copy_thresh, tstamp;
	u32 flags;  /* PDI_x */
	u32 fanout; /* as PACKET_FANOUT reads; 0: none */
	const struct sock_filter *filter;
	u16 filter_n;
	const struct tpacket_req3 *ring; /* NULL: none */
};
void packet_info(const struct sock *sk, struct packet_info *out);

/* Memberships, one after the other, from *@pos, 0 at first. false: no more */
struct packet_diag_mclist;
bool packet_member_next(const struct sock *sk, u32 *pos,
			struct packet_diag_mclist *out);

#endif
