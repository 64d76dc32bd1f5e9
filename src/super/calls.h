/* SPDX-License-Identifier: MIT */
/*
 * calls.h - the socket calls: call number to handler
 */
#ifndef WARREN_SUPER_CALLS_H
#define WARREN_SUPER_CALLS_H

#include "super/plane.h"
#include "super/super.h"

#include <sys/un.h>

extern const struct call_row calls_rows[];
extern const unsigned calls_rows_n;

/* ---- what the calls*.c share ---- */

/* The socket that argument 0 of a call names. */
struct target {
	struct endpoint *ep; /* NULL: an open file that is none of ours */
	int dup;	     /* a duplicate; the taker closes it. -1: cannot be had */
};

/* Return: false: there is no such descriptor, the call is answered */
bool target_get(struct super *s, struct call *c, struct target *t);
/* As target_get, and what is not ours is left to the kernel, without a duplicate:
 * return: true when t->ep is there */
bool target_ours(struct super *s, struct call *c, struct target *t);
/* Is it an open file that does not block? */
bool target_nonblock(const struct call *c, int dup);
/* The rest of an op, from the call and the target, whose dup it takes over */
void op_init(struct op *op, struct super *s, struct call *c, const struct target *t,
	     op_fn *attempt);

/* A socket address out of the program. Return: 0, -EFAULT, -EINVAL (@len) */
int addr_read(const struct call *c, u64 addr, u64 len, struct sockaddr_storage *out);
/* Into the program: @len_addr names its int of the room, which gets the true length.
 * Return: 0, -EFAULT, -EINVAL (negative room) */
int addr_write(const struct call *c, u64 addr, u64 len_addr,
	       const struct sockaddr_storage *a, socklen_t len);

/* calls_msg.c */
call_fn call_sendto, call_recvfrom, call_sendmsg, call_recvmsg, call_sendmmsg,
    call_recvmmsg;
/* calls_map.c */
call_fn call_mmap;
/* calls_opt.c */
call_fn call_getsockopt, call_setsockopt, call_ioctl;

/* calls_unix.c: abstract names of AF_UNIX are a namespace's own */

/* Is it one that must be rewritten? */
bool unix_is_abstract(const struct sockaddr_storage *a, socklen_t len);
/* The name on the host, of the namespace of socket @fd (ours). Return: its length, or
 * -ENAMETOOLONG as -EINVAL */
int unix_to_host(struct super *s, const struct call *c, int fd,
		 const struct sockaddr_storage *a, socklen_t len,
		 struct sockaddr_un *out);
/* The way back, in place */
socklen_t unix_from_host(struct super *s, struct sockaddr_storage *a, socklen_t len);
/* The calls on a socket of the program's own; they consume t->dup */
void unix_bind(struct super *s, struct call *c, const struct target *t);
void unix_connect(struct super *s, struct call *c, const struct target *t);
void unix_name(struct super *s, struct call *c, const struct target *t, bool peer);
void unix_sendto(struct super *s, struct call *c, const struct target *t);
void unix_sendmsg(struct super *s, struct call *c, const struct target *t);
void unix_sendmmsg(struct super *s, struct call *c, const struct target *t);
void unix_recv(struct super *s, struct call *c, const struct target *t);
#define UNIX_RETRY_NS (2 * NS_PER_MS) /* nothing tells that a queue has room */
/* How long a call waits, by SO_RCVTIMEO or SO_SNDTIMEO, ns; 0: for ever */
u64 unix_timeout(int fd, int option);
/* Is it an AF_UNIX socket at all? */
bool unix_is_socket(int fd);
/* The answer, and the end of t->dup */
void unix_reply(struct super *s, struct call *c, const struct target *t, s64 ret);
void unix_continue(struct super *s, struct call *c, const struct target *t);

#endif
