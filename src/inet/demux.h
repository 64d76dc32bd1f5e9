/* SPDX-License-Identifier: MIT */
/*
 * demux.h - established, listening, bound: find the socket of a packet
 *
 * One table for each worker and protocol, shared by all nets, tagged; the hash
 * mixes net->mix and the comparison checks the net first.
 */
#ifndef WARREN_INET_DEMUX_H
#define WARREN_INET_DEMUX_H

#include "base/table.h"
#include "core/net.h"
#include "wire/inet.h"

struct inet_sock;

/* The four words of a connection */
struct tuple {
	struct ipaddr local, peer;
	be16 lport, pport;
	s32 bound_dev; /* of the packet's device when looking up */
	/* looking up: the packet, data at the transport header of so many bytes, for
	 * SO_ATTACH_REUSEPORT_CBPF; NULL: without */
	struct pkt *pkt;
	u32 hdr_len;
};

/* A connected thing: a full socket or one of TCP's small ones. */
struct demux_node {
	struct table_node node;
	struct net *net;
	struct tuple t;
	u8 kind; /* enum demux_kind */
};
enum demux_kind { DEMUX_FULL, DEMUX_REQUEST, DEMUX_TIMEWAIT };

struct demux {
	struct table connected; /* struct demux_node, by tuple */
	struct table bound;	/* struct bound_node, by (net, port): listeners and
				   unconnected datagram */
	u32 seq;		/* of the next bound_node */
};

struct bound_node {
	struct table_node node;
	struct inet_sock *is;
	struct ipaddr addr; /* rcv_local when it was added */
	be16 port;
	u32 seq; /* latest first among equals */
};

void demux_init(struct demux *d);
void demux_fini(struct demux *d);
int __must_check demux_add(struct demux *d,
			   struct demux_node *n); /* n->net, n->t filled; -ENOMEM */
void demux_del(struct demux *d, struct demux_node *n);
/* Exact match; a node bound to another device does not match. NULL */
struct demux_node *demux_find(const struct demux *d, const struct net *net,
			      const struct tuple *t);
int __must_check demux_bind(struct demux *d, struct bound_node *n,
			    struct inet_sock *is);
void demux_unbind(struct demux *d, struct bound_node *n);
/*
 * All sockets bound to (@net, @port) with address @addr, for copies of multicast and
 * broadcast: first with @n NULL, then with the last one found. NULL: no more
 */
struct bound_node *demux_next_bound(const struct demux *d, const struct net *net,
				    const struct ipaddr *addr, be16 port,
				    struct bound_node *n);
/*
 * Best listener or unconnected socket for a packet: exact address before any, bound
 * device before none, latest first; among equal SO_REUSEPORT sockets one by hash of
 * @t. @ok filters (may be NULL)
 */
struct inet_sock *demux_find_bound(const struct demux *d, const struct net *net,
				   const struct tuple *t,
				   bool (*ok)(const struct inet_sock *is));

#endif
