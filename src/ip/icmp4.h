/* SPDX-License-Identifier: MIT */
/*
 * icmp4.h - errors with rate limits, echo, path MTU (RFC 792, 1122 §3.2.2, 1191)
 */
#ifndef WARREN_IP_ICMP4_H
#define WARREN_IP_ICMP4_H

#include "ip/ip4.h"

#include "wire/icmp.h"

/*
 * Answer @p with an error if RFC 1122 allows it (not for errors, fragments but the
 * first, broadcasts) and the rate limit does. @p: borrowed, l3 set.
 */
void icmp4_send_error(struct pkt *p, u8 type, u8 code, be32 info);

/* Replies (echo, timestamp) that no kernel part consumes: ping sockets take them.
 * Return: true when taken (a copy was made) */
/* ip_no_pmtu_disc: not 0, sockets begin with IP_PMTUDISC_DONT */
int icmp4_no_pmtu_disc(const struct net *net);
/* A message of @type leaves: OutMsgs and OutTypeN of /proc/net/snmp */
void icmp4_count_out(struct net *net, u8 type);

struct icmp4_ping_ops {
	bool (*deliver)(struct net *net, const struct pkt *p);
	void (*error)(struct net *net, const struct pkt *p, const struct ip_error *e);
};
void icmp4_ping_register(struct warren *w, const struct icmp4_ping_ops *ops);

#endif
