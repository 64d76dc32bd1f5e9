/* SPDX-License-Identifier: MIT */
/*
 * icmp.h - ICMP for IPv4 (RFC 792)
 *
 * Types and codes (ICMP_...) are the system's.
 */
#ifndef WARREN_WIRE_ICMP_H
#define WARREN_WIRE_ICMP_H

#include "base/types.h"

#include <netinet/in.h>
/* behind netinet/in.h, which it knows how to live with */
#include <linux/icmp.h>

struct icmp_hdr {
	u8 type;
	u8 code;
	be16 checksum;
	union {
		struct {
			be16 id;
			be16 seq;
		} __packed_struct echo;
		be32 gateway; /* redirect */
		struct {
			be16 unused;
			be16 mtu; /* RFC 1191 */
		} __packed_struct frag;
		u8 pointer; /* parameter problem */
		be32 rest;
	};
} __packed_struct;
_Static_assert(sizeof(struct icmp_hdr) == 8, "ICMP header");

/* Types that report an error and quote a packet: RFC 1122 §3.2.2 */
static inline bool icmp_is_error(u8 type)
{
	return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH ||
	       type == ICMP_REDIRECT || type == ICMP_TIME_EXCEEDED ||
	       type == ICMP_PARAMETERPROB;
}

#endif
