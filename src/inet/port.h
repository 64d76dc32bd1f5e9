/* SPDX-License-Identifier: MIT */
/*
 * port.h - ephemeral ports (RFC 6056), bind conflicts, reuse
 */
#ifndef WARREN_INET_PORT_H
#define WARREN_INET_PORT_H

#include "base/list.h"
#include "base/table.h"
#include "inet/inet.h"

#define PORT_STEPS 256

/* All that use one port of one net and protocol */
struct port_bucket {
	struct table_node node;
	struct net *net;
	u16 port;
	struct list owners; /* inet_sock.bind_node */
	struct list rests;  /* struct port_rest */
	u32 n;
	u32 n_bound; /* of those: not chosen by connect() */
};

/* What a TIME_WAIT holds of its port: new sockets without SO_REUSEADDR may not have it
 */
struct port_rest {
	struct list node;
	struct port_bucket *bucket; /* NULL: nothing held */
	struct ipaddr local;
	s32 bound_dev;
	bool reuse, reuse_port;
};

struct ports {
	struct table buckets;
	struct mem *mem;
	u32 step[PORT_STEPS]; /* RFC 6056 §3.3.4: the table of algorithm 4 */
};

void ports_init(struct ports *ps, struct mem *mem);
void ports_fini(struct ports *ps);
/*
 * Take @port (host order; 0: choose an ephemeral one at random) for a socket whose
 * rcv_local is set. Sets is->num, lport, bucket. Return: 0, -EADDRINUSE,
 * -EADDRNOTAVAIL (range exhausted), -ENOMEM
 */
int port_bind(struct ports *ps, struct inet_sock *is, u16 port);
/*
 * For connect(): choose a port, RFC 6056 algorithm 4, so that the tuple is free; @busy
 * says whether (port) is taken for this destination (it may recycle a TIME_WAIT).
 */
int port_connect(struct ports *ps, struct inet_sock *is,
		 bool (*busy)(struct inet_sock *is, be16 lport, void *arg), void *arg);
/* A child inherits the listener's port */
void port_inherit(struct inet_sock *child, const struct inet_sock *listener);
/* is->num becomes 0; what lport says is the caller's affair */
void port_release(struct ports *ps, struct inet_sock *is);
/* Keep the port of @is, which still has it, in @r's name */
void port_rest_add(struct port_rest *r, const struct inet_sock *is);
void port_rest_del(struct ports *ps, struct port_rest *r);
/* Listeners: may this socket listen on its port? -EADDRINUSE */
int port_listen_check(struct inet_sock *is);

#endif
