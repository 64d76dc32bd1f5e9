/* SPDX-License-Identifier: MIT */
/*
 * igmp.h - IGMP versions 1 to 3 (RFC 1112, 2236, 3376/9776)
 */
#ifndef WARREN_WIRE_IGMP_H
#define WARREN_WIRE_IGMP_H

#include "base/types.h"

enum {
	IGMP_QUERY = 0x11,
	IGMP_V1_REPORT = 0x12,
	IGMP_V2_REPORT = 0x16,
	IGMP_V2_LEAVE = 0x17,
	IGMP_V3_REPORT = 0x22,
};

/* Of a record in a version 3 report */
enum igmp_record {
	IGMP_IS_INCLUDE = 1,
	IGMP_IS_EXCLUDE,
	IGMP_TO_INCLUDE,
	IGMP_TO_EXCLUDE,
	IGMP_ALLOW,
	IGMP_BLOCK,
};

struct igmp_hdr {
	u8 type;
	u8 code; /* query: longest time to answer, tenths of a second; 0: version 1 */
	be16 csum;
	be32 group;
} __packed_struct;

/* What a version 3 query has more */
struct igmp_query3 {
	u8 flags; /* suppress, and the querier's robustness in three bits */
	u8 qqic;
	be16 n_sources;
	/* be32 sources[] */
} __packed_struct;

struct igmp_report3 {
	u8 type, reserved;
	be16 csum;
	be16 reserved2, n_records;
} __packed_struct;

struct igmp_record_hdr {
	u8 type;
	u8 aux_words;
	be16 n_sources;
	be32 group;
	/* be32 sources[] */
} __packed_struct;

_Static_assert(sizeof(struct igmp_hdr) == 8, "IGMP header");
_Static_assert(sizeof(struct igmp_record_hdr) == 8, "IGMP record");

/* A time coded in a byte: up to 127 as it is, then a float (RFC 3376 §4.1.1) */
static inline u32 igmp_time(u8 code)
{
	return code < 128 ? code : ((code & 0xfU) | 0x10) << ((code >> 4 & 7) + 3);
}

#endif
