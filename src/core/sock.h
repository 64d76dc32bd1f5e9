/* SPDX-License-Identifier: MIT */
/*
 * sock.h - socket base: state, buffers, options, memory, the families' operations
 *
 * Operations never block: they answer -EAGAIN (or -EINPROGRESS from connect)
 * and the caller waits on sk->wait. A socket is counted: its owner's
 * descriptor, tables, timers. It is tagged with its net for life; an open
 * socket of a program counts as a user of the net, an orphan as a holder.
 */
#ifndef WARREN_CORE_SOCK_H
#define WARREN_CORE_SOCK_H

#include "base/count.h"
#include "core/cred.h"
#include "core/net.h"
#include "core/pkt.h"
#include "core/wait.h"

#include <sys/socket.h>
#include <sys/uio.h>

struct sock;
struct filter;

/* What sendmsg and recvmsg take: all memory is the caller's, in this process. */
struct msg {
	const struct iovec *iov;
	size_t n_iov;
	struct sockaddr_storage *name; /* in for send, out for receive; NULL: none */
	socklen_t name_len;	       /* in: length given / room; out: real length */
	void *control;
	size_t control_len;  /* send: length. receive: bytes used so far, starts at 0 */
	size_t control_room; /* receive: room at @control */
	int flags;	     /* MSG_x in */
	int out_flags;	     /* MSG_TRUNC, MSG_CTRUNC, MSG_EOR, MSG_ERRQUEUE ... */
	const struct caller *caller;
	u64 offset; /* private: bytes consumed or filled so far */
};

size_t msg_len(const struct msg *m);  /* sum of the iovecs */
size_t msg_left(const struct msg *m); /* from m->offset */
/* Copy out of the iovecs (advance offset). Return: bytes copied, < len only at the end
 */
size_t msg_take(struct msg *m, void *dst, size_t len);
size_t msg_give(struct msg *m, const void *src, size_t len); /* into the iovecs */
/* As much of @p as there is room for; raises MSG_TRUNC. Return: what recvmsg() says */
size_t msg_give_pkt(struct msg *m, const struct pkt *p);
/* Append a control message; sets MSG_CTRUNC when there is no room */
void msg_put_cmsg(struct msg *m, int level, int type, const void *data, size_t len);

struct sock_ops {
	void (*release)(
	    struct sock *sk); /* the owner lets go: close. May leave an orphan */
	void (*destroy)(
	    struct sock *sk); /* last reference: free the family's own state */
	int (*bind)(struct sock *sk, const struct caller *c, const struct sockaddr *a,
		    socklen_t len);
	int (*connect)(struct sock *sk, const struct caller *c,
		       const struct sockaddr *a, socklen_t len);
	int (*listen)(struct sock *sk, int backlog);
	int (*accept)(struct sock *sk, struct sock **out); /* @out: one reference */
	int (*name)(struct sock *sk, bool peer, struct sockaddr_storage *a,
		    socklen_t *len);
	ssize_t (*send)(struct sock *sk, struct msg *m);
	ssize_t (*recv)(struct sock *sk, struct msg *m);
	int (*shutdown)(struct sock *sk, int how); /* SHUT_x */
	u32 (*poll)(struct sock *sk);		   /* POLLx */
	/* Called for levels that SOL_SOCKET does not serve. -ENOPROTOOPT */
	int (*set_opt)(struct sock *sk, const struct caller *c, int level, int name,
		       const void *val, socklen_t len);
	int (*get_opt)(struct sock *sk, int level, int name, void *val, socklen_t *len);
	/* @arg: in this process, of the size that the request has; -ENOIOCTLCMD is -515
	 */
	int (*ioctl)(struct sock *sk, const struct caller *c, unsigned long req,
		     void *arg);
	/* Memory of the socket that a program may map (rings): -EINVAL; @fd stays ours
	 */
	int (*map)(struct sock *sk, u64 off, u64 len, int *fd);
	/* A SOL_SOCKET option changed (SO_SNDBUF, SO_KEEPALIVE, ...); may be NULL */
	void (*opt_changed)(struct sock *sk, int name);
};

/* Found by AF_x */
struct family {
	int family;
	/* -EAFNOSUPPORT, -ESOCKTNOSUPPORT, -EPROTONOSUPPORT, -EPERM, -ENOMEM */
	int (*create)(struct net *net, const struct caller *c, int type, int protocol,
		      struct sock **out);
	/* AF_INET alone: SIOC* about devices and addresses, on sockets of any family */
	int (*dev_ioctl)(struct net *net, const struct caller *c, unsigned long req,
			 void *arg);
};

int __must_check family_register(struct warren *w, const struct part *part,
				 const struct family *f);

/* Which of SO_TIMESTAMP and its kin was asked for */
enum sock_stamp {
	SOCK_STAMP_NONE,
	SOCK_STAMP_US,
	SOCK_STAMP_NS,
	SOCK_STAMP_US_NEW,
	SOCK_STAMP_NS_NEW
};

/* What the stack has to ask whoever stands between a socket and its program */
struct sock_front {
	/* Bytes that it holds: for its program, or of it */
	u32 (*queued)(const struct sock *sk, bool to_program);
	/* Has the last holder of a listener closed it, and nobody said so? */
	bool (*gone)(const struct sock *sk);
};

struct sock {
	struct count refs;
	struct net *net;
	struct list net_node; /* net->socks */
	const struct sock_ops *ops;
	struct slab *slab; /* where it came from */
	u64 cookie;
	u64 inode; /* shown in views and by diag; the supervisor sets the real one */
	u32 uid;
	u16 family, type, protocol;
	u8 state;  /* TCP_x states, for every kind as Linux shows them (TCP_CLOSE 7 ...)
		    */
	u8 shut;   /* RCV_SHUTDOWN 1, SEND_SHUTDOWN 2 */
	bool dead; /* orphan: nobody holds a descriptor */
	bool counted; /* holds a user reference of net */
	int err, soft_err;
	struct wait_queue wait;

	/* receive queue of datagram sockets and others that keep packets */
	struct list rx_queue;
	u32 rx_queued;	  /* packets */
	u32 rmem, rcvbuf; /* charged, limit (bytes of truesize) */
	u32 wmem, sndbuf;
	u64 rx_drops;
	struct list err_queue;

	/* SOL_SOCKET */
	u8 reuse, reuse_port, broadcast, keepalive, no_check, oob_inline,
	    timestamp /* enum sock_stamp */, dont_route, pass_cred, rxq_ovfl, linger_on,
	    debug, rcv_mark;
	u8 rcvbuf_locked, sndbuf_locked;
	u32 linger_s;
	u64 rcv_timeo_ns,
	    snd_timeo_ns; /* 0: for ever. Used by who blocks: the call's front end */
	s32 bound_dev;	  /* ifindex, 0: none */
	u32 mark, priority, rcvlowat;
	u64 max_pacing;	  /* SO_MAX_PACING_RATE, bytes a second; ~0: none */
	u8 zerocopy;	  /* SO_ZEROCOPY */
	u32 zerocopy_id;  /* of the next MSG_ZEROCOPY */
	u32 stamping;	  /* SO_TIMESTAMPING: SOF_TIMESTAMPING_x */
	u32 stamp_key;	  /* OPT_ID counts from here */
	bool stamp_fresh; /* OPT_ID was just asked for: the protocol sets stamp_key */
	struct filter *filter; /* filter.h; NULL: takes all */
	bool filter_locked;
	struct filter *reuse_prog; /* SO_ATTACH_REUSEPORT_CBPF: which of the group */
	const struct sock_front *front; /* NULL: none */
	u32 writers; /* of the front end: sends that wait for room or the connection */
	void *owner; /* of the front end: plane's endpoint, embed's handle */
	/* the front end is told when the socket gets a new child, an error, ... by wait
	 */
};

#define RCV_SHUTDOWN  1
#define SEND_SHUTDOWN 2
#define ENOIOCTLCMD   515

/*
 * For families: fill the base of a zeroed object of @slab whose first member is
 * struct sock; one reference, a user of the net, in net->socks.
 */
void sock_init(struct sock *sk, struct net *net, const struct sock_ops *ops,
	       struct slab *slab, int family, int type, int protocol);
/* A child (accepted) or orphan does not count as a user until adopted */
void sock_adopt(struct sock *sk); /* now held by a program: counts as user of the net */
void sock_orphan(struct sock *sk); /* no longer; dead = true */
void sock_get(struct sock *sk);
void sock_put(
    struct sock *sk); /* last: ops->destroy, out of the lists, back to the slab */

int sock_create(struct net *net, const struct caller *c, int family, int type,
		int protocol, struct sock **out);
void sock_release(struct sock *sk); /* close by its owner; consumes the reference */
static inline u32 sock_front_queued(const struct sock *sk, bool to_program)
{
	return sk->front ? sk->front->queued(sk, to_program) : 0;
}
static inline bool sock_front_gone(const struct sock *sk)
{
	return sk->front && sk->front->gone(sk);
}
/* The socket's own ioctls, then those that every socket has: of devices.
 * -ENOIOCTLCMD: nobody knows it */
int sock_ioctl(struct sock *sk, const struct caller *c, unsigned long req, void *arg);
/* SO_TIMESTAMP and its kin, when the socket asked for one */
void sock_put_stamp(const struct sock *sk, u64 stamp_ns, struct msg *m);
void sock_wake(struct sock *sk, u32 events);
int sock_error(struct sock *sk); /* take the pending error: positive errno, 0 */
void sock_set_error(struct sock *sk, int err); /* positive errno; wakes */

/* SOL_SOCKET, complete; others go to ops. Of SO_GET_FILTER the length counts
 * instructions. */
int sock_set_opt(struct sock *sk, const struct caller *c, int level, int name,
		 const void *val, socklen_t len);
int sock_get_opt(struct sock *sk, int level, int name, void *val, socklen_t *len);

/* Charge @p to the receive memory and queue it. -ENOBUFS when full (rx_drops counted;
 * the caller drops the packet) */
int sock_queue_rx(struct sock *sk, struct pkt *p);
/* First packet: taken (the caller frees), or borrowed with @peek. NULL: none */
struct pkt *sock_dequeue_rx(struct sock *sk, bool peek);
void sock_purge(struct sock *sk);
/* Charge @p to send memory; its destroy hook gives back and wakes writers. -EAGAIN:
 * full */
int sock_charge_tx(struct sock *sk, struct pkt *p);

extern const struct part
    sock_part; /* net/core/{r,w}mem_{default,max}, somaxconn, optmem_max */
int sock_somaxconn(const struct net *net);

/* What is in the queues, also of the namespace's quota: every byte is counted by these
 */
static inline void sock_rmem_add(struct sock *sk, s64 n)
{
	sk->rmem += (u32)n;
	quota_add(sk->net, QUOTA_QUEUED, n);
}
static inline void sock_wmem_add(struct sock *sk, s64 n)
{
	sk->wmem += (u32)n;
	quota_add(sk->net, QUOTA_QUEUED, n);
}

#endif
