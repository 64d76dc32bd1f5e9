/* SPDX-License-Identifier: MIT */
/*
 * inet.h - the AF_INET family: what its sockets share; names, bind, options
 *
 * Addresses are family-neutral (struct ipaddr), so that AF_INET6 is another
 * family over the same sockets.
 */
#ifndef WARREN_INET_INET_H
#define WARREN_INET_INET_H

#include "base/table.h"
#include "core/sock.h"
#include "inet/demux.h"
#include "ip/ip4.h"
#include "ip/mib.h"
#include "ip/route.h"

#include <netinet/in.h>

/* The base of every AF_INET socket; its first member is struct sock. */
struct inet_sock {
	struct sock sk;
	struct ipaddr local, peer; /* any: not bound, not connected */
	struct ipaddr rcv_local; /* what bind() asked for: getsockname before connect */
	be16 lport, pport;
	u16 num; /* local port in host order, or protocol of a raw socket */
	bool bound_addr, bound_port; /* by the user: survive disconnect */
	bool port_auto;		     /* chosen by connect(): others may share it */
	struct demux_node conn;	     /* demux.c: connected */
	struct bound_node bound;     /* demux.c: listening, or unconnected datagram */
	struct list bind_node;	     /* port.c: the bucket's owners */
	struct port_bucket *bucket;
	struct route *route; /* cached, validated by route_valid() */

	/* IPPROTO_IP options */
	s16 ttl; /* -1: default */
	u8 tos, mc_ttl, mc_loop, pmtudisc, hdrincl, freebind, transparent, recverr,
	    bind_no_port, mc_all, minttl;
	u8 rx_pktinfo, rx_ttl, rx_tos, rx_opts, rx_retopts, rx_origdst, rx_checksum,
	    rx_fragsize, rx_passsec, recverr_4884, nodefrag;
	s32 mc_ifindex, uc_ifindex; /* IP_MULTICAST_IF, IP_UNICAST_IF */
	u32 n_errs;		    /* in sk.err_queue */
	struct ipaddr mc_addr;
	u8 opts[40], opt_len;
	struct list mc_list;
	u16 port_lo, port_hi; /* IP_LOCAL_PORT_RANGE */
};

static inline struct inet_sock *inet_sk(const struct sock *sk)
{
	return (struct inet_sock *)(uintptr_t)sk;
}

/* A kind of AF_INET socket, found by (type, protocol) */
struct inet_proto {
	int type, protocol; /* protocol 0 in a socket() call: the first of this type */
	bool any_protocol;  /* raw: every protocol */
	int cap;	    /* -1: none needed; CAP_NET_RAW */
	int (*create)(struct net *net, const struct caller *c, int type, int protocol,
		      struct sock **out);
};
int __must_check inet_register(struct warren *w, const struct part *part,
			       const struct inet_proto *p);

/* Shared by the protocols' sock_ops */
void inet_init(struct inet_sock *is);
void inet_destroy(struct inet_sock *is); /* what inet_init and the options hold */
/* Checks of bind(): family, length, address ours (or free), port rights. Fills @addr,
 * @port */
int inet_bind_check(struct inet_sock *is, const struct caller *c,
		    const struct sockaddr *a, socklen_t len, struct ipaddr *addr,
		    be16 *port);
/* Bound to @addr: what is received; and sent from, unless it is a group or a broadcast
 */
void inet_set_local(struct inet_sock *is, const struct ipaddr *addr);
/*
 * The route of a connection to @dst (the any-address: this host), with the flow that it
 * was found for. @rt: held. Return: as route_output()
 */
int inet_connect_route(struct inet_sock *is, const struct ipaddr *dst, be16 port,
		       struct flow *fl, struct route **rt);
int inet_addr_from_user(const struct inet_sock *is, const struct sockaddr *a,
			socklen_t len, struct ipaddr *addr,
			be16 *port); /* -EINVAL, -EAFNOSUPPORT */
void inet_addr_to_user(const struct ipaddr *addr, be16 port, struct sockaddr_storage *a,
		       socklen_t *len);
int inet_name(struct sock *sk, bool peer, struct sockaddr_storage *a, socklen_t *len);
int inet_set_opt(struct sock *sk, const struct caller *c, int level, int name,
		 const void *val, socklen_t len);
int inet_get_opt(struct sock *sk, int level, int name, void *val, socklen_t *len);
/* sock_ops.opt_changed: the device a socket is bound to is part of its tuple and route
 */
void inet_opt_changed(struct sock *sk, int name);
int inet_dev_ioctl(struct net *net, const struct caller *c, unsigned long req,
		   void *arg);
int inet_ioctl(struct sock *sk, const struct caller *c, unsigned long req, void *arg);
/* A flow from the socket's options to @dst:@dport */
void inet_flow(const struct inet_sock *is, const struct ipaddr *dst, be16 dport,
	       struct flow *fl);
/* The cached route if valid, else a new lookup, cached. Borrowed. */
int inet_route(struct inet_sock *is, struct route **out);
/* IP_PKTINFO and friends for a received datagram */
void inet_put_cmsgs(struct inet_sock *is, const struct pkt *p, struct msg *m);
/* Control messages of sendmsg: IP_TTL, IP_TOS, IP_PKTINFO, ... into @s/@fl */
struct inet_cmsg {
	s16 ttl, tos; /* -1: not given */
	struct ipaddr src;
	s32 oif;
	u32 mark, priority;   /* the socket's, if not given */
	u16 gso_size;	      /* UDP_SEGMENT, 0: not given */
	u8 opts[40], opt_len; /* IP options: the socket's, if not given */
};
int inet_get_cmsgs(const struct inet_sock *is, const struct msg *m,
		   struct inet_cmsg *out);
/* Queue on the error queue (IP_RECVERR) or set the error. */
void inet_error(struct inet_sock *is, const struct pkt *p, const struct ip_error *e,
		be16 dport);
/* An error found on the way out, for IP_RECVERR; @data: borrowed, at the payload */
void inet_local_error(struct inet_sock *is, const struct pkt *data, int err,
		      const struct ipaddr *dst, be16 dport, u32 info);
/* A message of the stack's own on the error queue; @p: payload to quote, borrowed, or
 * NULL; @stamp_ns: for SO_TIMESTAMPING, wall time, 0: none */
struct sock_extended_err;
void inet_queue_notice(struct inet_sock *is, const struct pkt *p,
		       const struct sock_extended_err *ee, u64 stamp_ns);
/* The bytes of a send() with MSG_ZEROCOPY are ours: the program may write over them */
void inet_tell_zerocopy(struct inet_sock *is);
ssize_t inet_recv_error(struct inet_sock *is, struct msg *m); /* MSG_ERRQUEUE */
/* May a datagram for @group that came in by @ifindex go to this socket? */
bool inet_mc_wants(const struct inet_sock *is, const struct ipaddr *group,
		   const struct ipaddr *src, s32 ifindex);

extern const struct part inet_part;

#endif
