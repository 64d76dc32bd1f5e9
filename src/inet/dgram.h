/* SPDX-License-Identifier: MIT */
/*
 * dgram.h - what UDP, raw and ping sockets do alike
 */
#ifndef WARREN_INET_DGRAM_H
#define WARREN_INET_DGRAM_H

#include "inet/inet.h"

struct dgram_dest {
	struct ipaddr addr;
	be16 port;
	bool given; /* by this message, not by connect() */
};

/* -EDESTADDRREQ, or what the address is refused with */
int dgram_dest(const struct inet_sock *is, const struct msg *m, struct dgram_dest *d);
/*
 * The route for a message, held; the socket's own when it is connected.
 * -EACCES: a broadcast without SO_BROADCAST
 */
int dgram_route(struct inet_sock *is, const struct dgram_dest *d,
		const struct inet_cmsg *cm, bool dont_route, struct flow *fl,
		struct route **out);
/*
 * What every connect() begins with: the address, and a route to it that may be used.
 * @fl: filled; @rt: held. -EINVAL, -EAFNOSUPPORT, -EACCES, or what the lookup says
 */
int dgram_connect_route(struct inet_sock *is, const struct sockaddr *a, socklen_t len,
			struct flow *fl, be16 *port, struct route **rt);
/* Connected: takes over the reference to @rt; addresses not bound so far are the flow's
 */
void dgram_set_peer(struct inet_sock *is, const struct flow *fl, be16 port,
		    struct route *rt);
/* No peer any more: the socket of a kind without tables is as before connect() */
void dgram_forget_peer(struct inet_sock *is);
/* What the options, the message and the route say about the header */
void dgram_header(const struct inet_sock *is, const struct inet_cmsg *cm,
		  const struct flow *fl, struct ip_send *s);
/*
 * May @p (still without the @hdr bytes of its transport header) be sent as one
 * datagram? When not, the error queue is told. 0, -EMSGSIZE
 */
int dgram_fits(struct inet_sock *is, const struct pkt *p, const struct ip_send *s,
	       size_t hdr, be16 dport);
/* Append @len bytes of the message. 0, -ENOBUFS */
int dgram_take(struct pkt *p, struct msg *m, size_t len);
/* The bytes of @p into the message, MSG_TRUNC and control messages with it.
 * Return: what recvmsg() answers */
ssize_t dgram_give(struct inet_sock *is, const struct pkt *p, struct msg *m);
u32 dgram_poll(struct sock *sk);
/* SIOCINQ, SIOCOUTQ, and inet_ioctl() */
int dgram_ioctl(struct sock *sk, const struct caller *c, unsigned long req, void *arg);

#endif
