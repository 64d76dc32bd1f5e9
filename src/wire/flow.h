/* SPDX-License-Identifier: MIT */
/*
 * flow.h - the dissector: from the bytes of a packet to the key of its flow
 *
 * Used where many packets are sorted by whose they are: hashes of queues and
 * multipath, classifiers. It never fails on a packet: what cannot be read
 * stays zero, and `known` says how far it came.
 */
#ifndef WARREN_WIRE_FLOW_H
#define WARREN_WIRE_FLOW_H

#include "wire/inet.h"

enum {
	FLOW_L3 = 1 << 0,	  /* addresses, proto, tos, ttl */
	FLOW_PORTS = 1 << 1,	  /* sport, dport */
	FLOW_ICMP = 1 << 2,	  /* icmp_type, icmp_code, icmp_id */
	FLOW_TCP = 1 << 3,	  /* tcp_flags */
	FLOW_FRAG = 1 << 4,	  /* a fragment */
	FLOW_FRAG_LATER = 1 << 5, /* not the first one: no ports */
};

struct flow_key {
	struct ipaddr src, dst;
	be16 sport, dport;
	u8 proto;
	u8 known; /* FLOW_... */
	u8 tos, ttl;
	u8 tcp_flags;
	u8 icmp_type, icmp_code;
	be16 icmp_id; /* of echo */
	u32 flow_label;
	u32 l4_off; /* offset of the upper layer from the IP header; 0: not known */
};

/* @data: an IP header (version from its first nibble), @len bytes */
void flow_dissect(const u8 *data, u32 len, struct flow_key *out);
/* The same flow seen from the other side */
void flow_reverse(struct flow_key *key);
/* Equal in addresses, protocol and ports? */
bool flow_equal(const struct flow_key *a, const struct flow_key *b);

#endif
