/* SPDX-License-Identifier: MIT */
/*
 * flow.c - the dissector: from the bytes of a packet to the key of its flow
 */

#include "wire/flow.h"

#include "wire/icmp.h"
#include "wire/tcp.h"

#ifndef IPPROTO_UDPLITE
#define IPPROTO_UDPLITE 136
#endif

static bool has_ports(u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_UDPLITE || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_DCCP;
}

static bool is_echo(u8 proto, u8 type)
{
	if (proto == IPPROTO_ICMP)
		return type == ICMP_ECHO || type == ICMP_ECHOREPLY ||
		       type == ICMP_TIMESTAMP || type == ICMP_TIMESTAMPREPLY;
	return type == 128 || type == 129; /* RFC 4443 §4 */
}

static void dissect_l4(const u8 *l4, u32 len, struct flow_key *out)
{
	if (has_ports(out->proto) && len >= 4) {
		memcpy(&out->sport, l4, 2);
		memcpy(&out->dport, l4 + 2, 2);
		out->known |= FLOW_PORTS;
	}
	if (out->proto == IPPROTO_TCP && len >= sizeof(struct tcp_hdr)) {
		out->tcp_flags = l4[offsetof(struct tcp_hdr, flags)];
		out->known |= FLOW_TCP;
	}
	if ((out->proto == IPPROTO_ICMP || out->proto == IPPROTO_ICMPV6) && len >= 4) {
		out->icmp_type = l4[0];
		out->icmp_code = l4[1];
		out->known |= FLOW_ICMP;
		if (len >= sizeof(struct icmp_hdr) && is_echo(out->proto, l4[0]))
			memcpy(&out->icmp_id, l4 + 4, 2);
	}
}

static void dissect4(const u8 *data, u32 len, struct flow_key *out)
{
	struct ip4_info i;
	int err = ip4_parse(data, len, &i);

	/* a wrong checksum is not our business, nor is a cut payload */
	if (err == -EINVAL)
		return;
	out->src = ipaddr_v4(i.src);
	out->dst = ipaddr_v4(i.dst);
	out->proto = i.proto;
	out->tos = i.tos;
	out->ttl = i.ttl;
	out->known |= FLOW_L3;
	out->l4_off = i.hdr_len;
	if (i.is_frag)
		out->known |= FLOW_FRAG;
	if (i.frag_off)
		out->known |= FLOW_FRAG_LATER;
	else
		dissect_l4(data + i.hdr_len, min(len, i.tot_len) - i.hdr_len, out);
}

static void dissect6(const u8 *data, u32 len, struct flow_key *out)
{
	struct ip6_info i;
	int err = ip6_parse(data, len, &i);

	if (err == -EINVAL)
		return;
	out->src = ipaddr_v6(i.src);
	out->dst = ipaddr_v6(i.dst);
	out->proto = i.proto;
	out->tos = i.tclass;
	out->ttl = i.hop_limit;
	out->flow_label = i.flow_label;
	out->known |= FLOW_L3;
	if (err)
		return;
	out->l4_off = i.l4_off;
	if (i.is_frag)
		out->known |= FLOW_FRAG;
	if (i.frag_off)
		out->known |= FLOW_FRAG_LATER;
	else
		dissect_l4(data + i.l4_off,
			   (u32)sizeof(struct ip6_hdr) + i.payload_len - i.l4_off, out);
}

void flow_dissect(const u8 *data, u32 len, struct flow_key *out)
{
	*out = (struct flow_key){0};
	if (len == 0)
		return;
	if (data[0] >> 4 == 4)
		dissect4(data, len, out);
	else if (data[0] >> 4 == 6)
		dissect6(data, len, out);
}

void flow_reverse(struct flow_key *key)
{
	struct ipaddr addr = key->src;
	be16 port = key->sport;

	key->src = key->dst;
	key->dst = addr;
	key->sport = key->dport;
	key->dport = port;
}

bool flow_equal(const struct flow_key *a, const struct flow_key *b)
{
	return a->proto == b->proto && a->sport == b->sport && a->dport == b->dport &&
	       a->icmp_id == b->icmp_id && ipaddr_equal(&a->src, &b->src) &&
	       ipaddr_equal(&a->dst, &b->dst);
}
