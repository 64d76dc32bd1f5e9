/* SPDX-License-Identifier: MIT */
/*
 * ip4.h - IPv4 in and out: what the transports see of it
 */
#ifndef WARREN_IP_IP4_H
#define WARREN_IP_IP4_H

#include "core/sock.h"
#include "ip/route.h"

/* What an ICMP error says to a transport */
struct ip_error {
	u16 family;
	struct ipaddr from;	/* who sent the ICMP message */
	struct ipaddr src, dst; /* of the packet in it: src is ours */
	u8 type, code;
	u32 info;    /* next-hop MTU, gateway, pointer */
	int err;     /* positive errno that Linux gives a socket; 0: none */
	bool fatal;  /* reported to a connected socket without IP_RECVERR */
	u8 ttl, tos; /* of the ICMP message's own header */
};

/* A transport protocol, found by IP protocol number */
struct ip_proto {
	u8 protocol;
	u16 family; /* AF_INET; AF_UNSPEC: both */
	/* data at the transport header, p->l3 and p->l4 set, p->route held; consumes.
	 * Return: false when no socket wanted it (then IP answers protocol unreachable
	 * where that is right); the packet is still the caller's in that case. */
	bool (*receive)(struct net *net, struct pkt *p);
	/* data at the transport header of the packet quoted; borrowed */
	void (*error)(struct net *net, const struct pkt *p, const struct ip_error *e);
};

int __must_check ip_proto_register(struct warren *w, const struct part *part,
				   const struct ip_proto *proto);
/* A raw socket room may look at everything first: called before the protocol, borrowed
 * packet at the transport header. Return: true when some socket took a copy. */
struct ip_raw_ops {
	bool (*deliver)(struct net *net, const struct pkt *p, u8 protocol);
	void (*error)(struct net *net, const struct pkt *p, u8 protocol,
		      const struct ip_error *e);
};
void ip_raw_register(struct warren *w, const struct ip_raw_ops *ops);

struct ip_send {
	struct sock *sk;     /* may be NULL */
	struct route *route; /* borrowed; the packet takes its own reference */
	struct ipaddr src, dst;
	u8 proto, ttl /* 0: the route's or ip_default_ttl */, tos;
	bool df;	    /* PMTU discovery: set DF, -EMSGSIZE if too big */
	bool df_ignore_mtu; /* IP_PMTUDISC_PROBE */
	const u8 *opts;	    /* IP options, padded to 4 */
	u8 opt_len;
	u32 mark, priority;
};

/*
 * Build the header on @p (data at the transport header; checksum partial or complete),
 * then LOCAL_OUT, fragments, POST_ROUTING, neighbour. GSO packets are not fragmented.
 * Consumes. Return: 0, -EMSGSIZE, -ENOBUFS, -EPERM (filter), -ENETDOWN ...
 */
int ip4_output(struct net *net, struct pkt *p, const struct ip_send *s);
/* The header is already there (IP_HDRINCL, forwarded): from LOCAL_OUT on. Consumes. */
int ip4_output_raw(struct net *net, struct pkt *p, struct route *rt, struct sock *sk);
/* Forwarding's and output's last part: hooks done, TTL done. Consumes. */
int ip4_finish_output(struct net *net, struct pkt *p, struct route *rt);

u8 ip4_default_ttl(const struct net *net); /* net/ipv4/ip_default_ttl */

/* MIB counters: Linux's names, one array each in the net; see ip/mib.h */

#endif
