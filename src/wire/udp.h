/* SPDX-License-Identifier: MIT */
/*
 * udp.h - UDP (RFC 768) and UDP-Lite (RFC 3828)
 */
#ifndef WARREN_WIRE_UDP_H
#define WARREN_WIRE_UDP_H

#include "base/types.h"

struct udp_hdr {
	be16 source;
	be16 dest;
	be16 len;   /* header included; UDP-Lite: bytes covered, 0 all */
	be16 check; /* 0: none */
} __packed_struct;
_Static_assert(sizeof(struct udp_hdr) == 8, "UDP header");

#endif
