/* SPDX-License-Identifier: MIT */
/*
 * netlink.h - AF_NETLINK: unicast, multicast, dump, ack, extended ack
 *
 * A protocol (NETLINK_ROUTE, ...) is a struct nl_family found by number. It
 * answers requests; acks, errors and the continuation of dumps are done here.
 */
#ifndef WARREN_NETLINK_NETLINK_H
#define WARREN_NETLINK_NETLINK_H

#include "base/slab.h"
#include "base/table.h"
#include "core/sock.h"
#include "wire/nlattr.h"

#include <linux/netlink.h>

#define NL_BUF	 8192  /* enough for one message of any kind we make */
#define NL_CHUNK 32448 /* a part of a dump, at most */

struct nl_dump;

/* A socket of a program */
struct nl_sock {
	struct sock sk;
	struct table_node node; /* the worker's table, by (net, protocol, port) */
	struct list mc_node;	/* netlink_net.members, while groups != 0 */
	struct list all_node;	/* netlink_worker.listen_all */
	u32 portid;
	bool bound;
	u32 dst_portid, dst_group; /* connect() */
	u64 groups;		   /* bit group - 1 */
	u64 opener_caps; /* N3.14: both the opener and the sender need a capability */
	u32 max_recv;	 /* largest buffer that a receive brought */
	bool pktinfo, no_enobufs, broadcast_error, listen_all, cap_ack, ext_ack, strict,
	    congested;
	struct nl_dump *dump; /* running, or NULL */
};

static inline struct nl_sock *nl_sk(const struct sock *sk)
{
	return (struct nl_sock *)(uintptr_t)sk;
}

/* One request, while it is answered */
struct nl_req {
	struct net *net; /* of the socket it came by */
	struct nl_sock *nk;
	struct caller caller; /* net as above; what sender and opener both may */
	const struct nlmsghdr *nlh;
	struct ext_ack ack;
};

/* What a dump does. Its state lives in struct nl_dump until the last part is read. */
struct nl_dump_ops {
	/* May be NULL. An error is answered by a plain error message */
	int (*start)(struct nl_dump *d);
	/*
	 * Add messages to @b, with d->flags, until it is full.
	 * Return: 1 more to come, 0 that was all, -errno: the dump ends with it
	 */
	int (*step)(struct nl_dump *d, struct nlmsg_builder *b);
	void (*done)(struct nl_dump *d); /* may be NULL */
};

struct nl_dump {
	const struct nl_dump_ops *ops;
	struct net *net;  /* of the socket */
	struct net *view; /* what is dumped: one user reference, or NULL for net */
	struct nl_sock *nk;
	const struct caller *caller; /* who asked; in start() and the first step only */
	const struct nlmsghdr *nlh;  /* the request, a copy */
	struct ext_ack ack;
	bool strict;	   /* NETLINK_GET_STRICT_CHK */
	u16 flags;	   /* for each message: NLM_F_MULTI, NLM_F_DUMP_FILTERED, ... */
	u32 gen, prev_gen; /* step sets gen: when it changes, NLM_F_DUMP_INTR */
	u32 seq, portid;
	u64 args[8]; /* private to ops */
	void *data;  /* from nl_dump_alloc(), freed after done() */
	const void *handler;
};

/*
 * Look at the net that d->net calls @id instead: sets d->view.
 * Return: 0, -EINVAL (unknown), -EACCES (it needs CAP_NET_ADMIN there, N4.21)
 */
int nl_dump_target(struct nl_dump *d, s32 id);

static inline struct net *nl_dump_net(const struct nl_dump *d)
{
	return d->view ? d->view : d->net;
}

/* A protocol */
struct nl_family {
	int protocol;
	u32 n_groups;	/* at most 64 */
	bool open_recv; /* no capability needed to join a group */
	bool open_send; /* ... to send to other programs */
	bool any_type;	/* request() gets all, also what is no request by its flags */
	/* NULL: nobody listens (ECONNREFUSED). Return: 0 or -errno, which is acked;
	 * 1: no ack now (a dump was started) */
	int (*request)(struct nl_req *rq);
};

int __must_check nl_family_register(struct warren *w, const struct part *part,
				    const struct nl_family *f);

/* ---- answers ---- */

/* A builder with memory of its own */
struct nl_buf {
	struct nlmsg_builder b;
	struct mem *mem;
};
int nl_buf_init(struct nl_buf *nb, struct net *net, u32 size); /* -ENOMEM */
void nl_buf_fini(struct nl_buf *nb);

/* Queue the messages in @b for who asked. Return: 0, -ENOBUFS */
int nl_reply(const struct nl_req *rq, const struct nlmsg_builder *b);

/* Start a dump for @rq. Return: 1, -EBUSY (one is running), -ENOMEM, or start()'s */
int nl_dump_start(struct nl_req *rq, const struct nl_dump_ops *ops,
		  const void *handler);
/* Memory for d->data */
void *nl_dump_alloc(struct nl_dump *d, size_t size);

/* ---- events ---- */

/* Would anybody hear it? Ask before building a message. */
bool nl_has_listeners(const struct net *net, int protocol, u32 group);
/*
 * To all sockets of @net that joined @group, and to those that listen to all
 * namespaces with an id (N3.13). @except: a port that gets nothing, 0: none
 */
void nl_multicast(struct net *net, int protocol, u32 group, const void *data, u32 len,
		  u32 except);

extern const struct part netlink_part;

#endif
