/* SPDX-License-Identifier: MIT */
/*
 * plane.h - the data plane of programs' sockets
 *
 * What a program holds is the carrier: an AF_UNIX socket of the host, which
 * poll, epoll, read, write, sendfile and the rest work on natively. Behind it
 * stands an endpoint: our end of the carrier, and the stack's socket. plane.c
 * moves bytes between the two; calls*.c answer the calls that are caught.
 */
#ifndef WARREN_SUPER_PLANE_H
#define WARREN_SUPER_PLANE_H

#include "base/wheel.h"
#include "core/sock.h"
#include "core/worker.h"
#include "super/super.h"

#include <sys/un.h>

enum {
	PLANE_BUF = 262144, /* scratch: longest message, bytes moved at once */
	PLANE_CONTROL = 4096,
};

enum ep_kind {
	EP_STREAM,  /* carrier: an AF_UNIX stream socket, worked on in place */
	EP_MESSAGE, /* carrier: one end of a SOCK_SEQPACKET pair */
};

/* Of a stream's carrier */
enum ep_state {
	EP_FRESH,      /* not connected: our end does not exist */
	EP_CONNECTING, /* connected to our end, full of junk: not writable */
	EP_JOINED,     /* connected to our end: data moves */
	EP_LISTENING,  /* listening; our end, if any, is a connection waiting there */
	EP_DEAD,       /* refused, reset: our end is closed */
};

/* Bytes that one side did not take yet */
struct ep_rest {
	u8 *buf; /* malloc; NULL: none */
	size_t off, len;
};

/* What the stack said beside a message's bytes */
struct ep_meta {
	struct sockaddr_storage name;
	socklen_t name_len;
	int flags; /* MSG_x that the stack raised */
	size_t control_len;
	u8 control[256];
};

/* A message that waits until the carrier has been emptied */
struct ep_message {
	struct ep_meta meta;
	size_t len;
	u8 data[];
};

struct endpoint {
	struct ident ident; /* the carrier's inode */
	bool known;	    /* ident is in the table: a program may hold the carrier */
	struct list node;   /* plane.all */
	struct list loose;  /* plane.loose: its last close is looked for */
	struct plane *plane;
	struct sock *sk;  /* owned */
	struct wait wait; /* on sk */
	struct work work; /* sk has news */
	enum ep_kind kind;
	enum ep_state state;
	struct source src; /* our end; fd -1: none */
	pid_t tid;	   /* who named the carrier last, and how: a hint */
	int fd;
	u32 seen;	 /* sweep that saw it alive */
	bool in;	 /* our end may have something to read */
	bool full;	 /* our end takes no more for now */
	bool eof;	 /* the program writes no more; all it wrote was read */
	bool hup;	 /* the carrier may be closed */
	bool fin;	 /* the program was told that nothing more comes */
	bool prog_shut;	 /* the program called shutdown() */
	bool alarm;	 /* an empty message lies in the carrier to wake for err */
	bool failed;	 /* our end was closed so that poll() says POLLERR */
	bool urgent;	 /* a byte of urgent data is in our end */
	bool narrow;	 /* the carrier's send buffer is the smallest */
	u8 missed;	 /* sweeps that did not see it; kept carriers */
	bool deaf, mute; /* the stack takes, gives no more */
	u32 junk;	 /* bytes of it in our end; EP_CONNECTING */
	int err;	 /* pending error that the carrier cannot carry; positive */
	struct ep_rest to_stack, to_program;

	/* messages: what lies in the carrier has this meta, all of it */
	struct ep_meta meta;
	u32 pushed; /* how many were put there since it was known to be empty */
	struct ep_message *next;

	bool ring; /* plane_ring.c: the program reads frames from mapped memory */
	struct timer look; /* at what the program does: rings, error queues */

	/* listeners: where the carrier listens on the host */
	struct sockaddr_un listen_name;
	socklen_t listen_len;

	struct sock *spare; /* accepted, and nobody took it; owned */

	struct list erring; /* plane.erring: has an error queue to show */
	struct list ops;    /* struct op: held calls */
};

struct plane {
	struct super *s;
	pid_t pid; /* ours */
	struct list all, loose, erring;
	struct list ops; /* struct op: held calls on sockets that are not the stack's */
	struct source listener; /* carriers are connected to it */
	struct sockaddr_storage listener_name;
	socklen_t listener_len;
	bool keep;  /* no pidfd_getfd: carriers are kept while calls need them */
	int sndbuf; /* the host's default for a carrier, as setsockopt() takes it */
	int diag;   /* NETLINK_SOCK_DIAG of the host; -1: none */
	int probe;  /* asks whether a name is taken; -1: none */
	u32 sweep;  /* serial */
	const struct endpoint *busy; /* of the last call: no sweep takes it away */
	struct timer sweep_timer;
	u64 sweep_delay_ns;
	u8 buf[PLANE_BUF];  /* plane.c's, while it moves data */
	u8 user[PLANE_BUF]; /* of a caught call: the program's bytes */
	u8 control[PLANE_CONTROL];
	struct iovec iov[1024]; /* the program's, UIO_MAXIOV */
};

static inline struct endpoint *ep_of(struct ident *id)
{
	return id && id->kind == IDENT_SOCKET ? container_of(id, struct endpoint, ident)
					      : NULL;
}

/* ---- life ---- */

/*
 * An endpoint for @sk, whose reference it takes over on success.
 * @out_fd: the carrier to hand out; the caller closes its copy
 * Return: 0, -EMFILE, -ENOMEM …
 */
int ep_new(struct plane *pl, struct sock *sk, struct endpoint **out, int *out_fd);
/* For an accepted @sk: @carrier is what the program gets, @ours our end (taken over
 * on success; -1: make a pair and leave the carrier in *@carrier) */
int ep_new_joined(struct plane *pl, struct sock *sk, int *carrier, int ours,
		  struct endpoint **out);
/* Close: the stack's socket is released. Held calls end with EBADF. */
void ep_free(struct endpoint *ep);
/* The same, but the stack's socket stays: it is the caller's again. */
void ep_unmake(struct endpoint *ep);

/* Move what can be moved, both ways, and try held calls. Not from inside the stack. */
void ep_pump(struct endpoint *ep);
/* A duplicate of the carrier, found by the hint; -1: not found */
int ep_borrow(struct endpoint *ep);

/* ---- streams ---- */

/* The handshake is done: join @carrier (a duplicate) with our end. 0, negative errno */
int ep_join(struct endpoint *ep, int carrier);
/* The handshake goes on behind the program's back: not writable until it is done. */
int ep_connecting(struct endpoint *ep, int carrier);
/*
 * The stack's socket began anew (a failed connect() was told, it was disconnected), but
 * the carrier cannot: exchange it, and *@carrier, a duplicate, with it, in the program
 * that makes call @c. Return: 0, or a negative errno, and nothing has changed
 */
int ep_renew(struct endpoint *ep, struct call *c, int *carrier);
/* A message socket whose poll() said POLLERR: at its next call it goes on. */
void ep_mend(struct endpoint *ep, struct call *c, int *carrier);
/* What the program wrote reaches the stack first. Return: false: it is full */
bool ep_drain(struct endpoint *ep);
/* The carrier listens; a waiting connection makes it readable. */
int ep_listen(struct endpoint *ep, int carrier);
/* Make the carrier of a listener readable, or not, as the stack's socket is. */
void ep_show_pending(struct endpoint *ep);
/* Take the waiting connection. @carrier: the listener's. @ours: our end, now the
 * caller's. Return: descriptor of the program's end, -EAGAIN: none */
int ep_take_pending(struct endpoint *ep, int carrier, int *ours);

/* ---- messages ---- */

/*
 * Receive for a caught call: from the carrier what was pushed there, else from the
 * stack. @carrier: a duplicate. Return: as sock_ops.recv
 */
ssize_t ep_recv(struct endpoint *ep, int carrier, struct msg *m);
/* What was sent natively, and what came of it at once: has it been refused? */
void ep_settle(struct endpoint *ep);
/* The error that waits, positive, taken: 0: none */
int ep_take_error(struct endpoint *ep, int carrier);
/* What the program sent natively reaches the stack first. Return: false: it is full */
bool ep_flush(struct endpoint *ep);
/* What the stack has for the program is put where poll() sees it. */
void ep_fill(struct endpoint *ep);

/* ---- rings ---- */

/* The program maps memory of the socket: what it polls shows that from now on */
void ep_map(struct endpoint *ep);

/* ---- held calls ---- */

struct op;
/* Try to do it. Return: the call's result; -EAGAIN: not yet; OP_ANSWERED */
typedef s64 op_fn(struct op *op);
#define OP_ANSWERED (-4097)

struct op {
	struct list node; /* ep->ops when held */
	struct super *s;
	struct call *c;
	struct endpoint *ep; /* NULL: a socket of the program's own */
	op_fn *attempt;
	int dup; /* of the carrier, owned; closed by op_end() */
	bool held, block;
	void (*cancelled)(
	    struct op *op); /* may be NULL; a signal or the timer ended it */
	int timed_out;	    /* result when the time is over */
	u64 timeout_ns;	    /* 0: for ever */
	u64 retry_ns;	    /* try ever again, since nothing tells; 0: no need */
	u64 end_ns;	    /* when the time is over; held */
	u64 done;	    /* attempt's own */
	u64 until_ns;	    /* attempt's own: a time that its program gave */
	struct timer timer;
	struct source src; /* waits for @dup itself; fd -1: does not */
	u32 dup_events;	   /* EPOLLx to wait for at @dup */
};

/* Attempt; if it must wait and op->block, hold the call. @op on the caller's stack */
void op_run(struct op *op);
void op_try(struct op *op);
/*
 * The result of a call that does several things, of which op->done are done, and the
 * next said @ret: -EAGAIN: wait for the rest; a signal, or the end of the op's time,
 * then still tells what was done.
 */
s64 op_some(struct op *op, s64 ret);
/* Over, with this result; OP_ANSWERED: the attempt has replied */
void op_end(struct op *op, s64 ret);
void op_try_all(struct endpoint *ep);

/* ---- the room's ---- */

/* Return: 0 or a negative errno; sets s->plane, owned */
int plane_init(struct super *s);
/* All programs are gone: close what is left. */
void plane_fini(struct super *s);
/* Does a socket of a program keep @net alive? */
bool plane_uses_net(struct super *s, const struct net *net);
/* Look now for closed sockets that nothing tells us of. Return: true: some were */
bool plane_sweep(struct plane *pl);
/* Without pidfd_getfd it takes two looks to be sure. */
bool plane_sweep_hard(struct plane *pl);
/* An AF_UNIX socket as the host tells of it */
struct unix_info {
	u32 ino, peer; /* peer 0: none, or not asked for */
	u8 type, state;
	const char *name; /* sun_path, not terminated; NULL: none, or not asked for */
	u32 name_len;
};
/* Call @fn with every AF_UNIX socket of the host. @all: names and peers, too
 * Return: false: the host does not say */
bool plane_unix_dump(struct plane *pl, bool all,
		     void (*fn)(struct super *s, const struct unix_info *u, void *arg),
		     void *arg);
/* The inode of the socket that AF_UNIX socket @ino is connected to; 0: none, unknown */
u32 plane_unix_peer(struct plane *pl, u32 ino);
/* A process ended, or a call came: look soon. */
void plane_kick(struct super *s, bool soon);

#endif
