/* SPDX-License-Identifier: MIT */
/*
 * calls.c - the socket calls: call number to handler
 *
 * A handler finds the endpoint behind a descriptor, copies what the program's
 * memory says, asks the stack's socket and answers. What may have to wait is an
 * op (plane.h): an attempt, tried now and again whenever the socket has news,
 * that reads everything anew from the call's registers and so needs no state.
 *
 * What is not the stack's is the kernel's: an AF_UNIX socket that the program
 * made itself never reaches the code here, but for abstract names, which
 * belong to a namespace (calls_unix.c).
 */

#include "super/calls.h"
#include "inet/inet.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/net.h"
#include "super/memory.h"
#include "super/netns.h"
#include "super/task.h"
#include "super/unix_ns.h"

enum {
	TYPE_MASK = 0xf,
	STATE_SYN_SENT = 2,
	STATE_SYN_RECV = 3,
	STATE_CLOSE = 7,
	STATE_LISTEN = 10,
};

/* ---- what all share ---- */

bool target_get(struct super *s, struct call *c, struct target *t)
{
	struct ident *id;
	int err = task_ident(s, c, (int)c->args[0], &id, &t->dup);

	if (err) {
		super_reply(s, c, err);
		return false;
	}
	t->ep = ep_of(id);
	if (t->ep) {
		s->plane->busy = t->ep;
		t->ep->tid = c->tid;
		t->ep->fd = (int)c->args[0];
		plane_kick(s, false);
	}
	return true;
}

bool target_ours(struct super *s, struct call *c, struct target *t)
{
	if (!target_get(s, c, t))
		return false;
	if (t->ep)
		return true;
	close(t->dup);
	super_continue(s, c);
	return false;
}

bool target_nonblock(const struct call *c, int dup)
{
	int flags = dup < 0 ? task_fd_flags(c, (int)c->args[0]) : fcntl(dup, F_GETFL);

	return flags >= 0 && flags & O_NONBLOCK;
}

void op_init(struct op *op, struct super *s, struct call *c, const struct target *t,
	     op_fn *attempt)
{
	memset(op, 0, sizeof(*op));
	op->s = s;
	op->c = c;
	op->ep = t->ep;
	op->dup = t->dup;
	op->attempt = attempt;
	op->timed_out = -EAGAIN;
	op->block = !target_nonblock(c, t->dup);
}

int addr_read(const struct call *c, u64 addr, u64 len, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if ((s32)len < 0 || (u32)len > sizeof(*out))
		return -EINVAL;
	return mem_read(c, addr, out, (u32)len) ? -EFAULT : 0;
}

int addr_write(const struct call *c, u64 addr, u64 len_addr,
	       const struct sockaddr_storage *a, socklen_t len)
{
	s32 room;

	if (mem_read(c, len_addr, &room, sizeof(room)))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (mem_write(c, addr, a, min((socklen_t)room, len)))
		return -EFAULT;
	return mem_write(c, len_addr, &len, sizeof(len)) ? -EFAULT : 0;
}

/* The answer to a call that cannot wait; the duplicate goes */
static void target_reply(struct super *s, struct call *c, const struct target *t,
			 s64 ret)
{
	close(t->dup);
	super_reply(s, c, ret);
}

/* ---- socket ---- */

static void call_socket(struct super *s, struct call *c)
{
	int type = (int)c->args[1], fd, n, err;
	struct super_caller sc;
	struct endpoint *ep;
	struct sock *sk;

	if (c->args[0] == AF_UNIX) {
		unix_call_socket(s, c);
		return;
	}
	if (!s->plane) {
		super_reply(s, c, -EAFNOSUPPORT);
		return;
	}
	if (type & ~(TYPE_MASK | SOCK_CLOEXEC | SOCK_NONBLOCK)) {
		super_reply(s, c, -EINVAL);
		return;
	}
	netns_caller(s, c, &sc);
	err = sock_create(sc.caller.net, &sc.caller, (int)c->args[0], type & TYPE_MASK,
			  (int)c->args[2], &sk);
	if (err) {
		super_reply(s, c, err);
		return;
	}
	err = ep_new(s->plane, sk, &ep, &fd);
	if (err) {
		sock_release(sk);
		super_reply(s, c, err);
		return;
	}
	if (type & SOCK_NONBLOCK)
		fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
	ep->tid = c->tid;
	n = super_reply_fd(s, c, fd, type & SOCK_CLOEXEC);
	close(fd);
	if (n < 0)
		ep_free(ep);
	else
		ep->fd = n;
}

/* ---- bind, connect, listen ---- */

static int sock_bind(struct endpoint *ep, const struct caller *caller,
		     const struct sockaddr_storage *a, socklen_t len)
{
	const struct sock_ops *ops = ep->sk->ops;

	return ops->bind ? ops->bind(ep->sk, caller, (const struct sockaddr *)a, len)
			 : -EOPNOTSUPP;
}

static void call_bind(struct super *s, struct call *c)
{
	struct sockaddr_storage a;
	struct super_caller sc;
	struct target t;
	int err;

	if (!target_get(s, c, &t))
		return;
	if (!t.ep) {
		unix_bind(s, c, &t);
		return;
	}
	err = addr_read(c, c->args[1], c->args[2], &a);
	if (!err) {
		netns_caller(s, c, &sc);
		err = sock_bind(t.ep, &sc.caller, &a, (socklen_t)c->args[2]);
		if (err == -EADDRINUSE && plane_sweep_hard(s->plane))
			err = sock_bind(t.ep, &sc.caller, &a, (socklen_t)c->args[2]);
	}
	target_reply(s, c, &t, err);
}

static int sock_connect(struct op *op)
{
	const struct call *c = op->c;
	struct sock *sk = op->ep->sk;
	struct sockaddr_storage a;
	struct super_caller sc;
	int err = addr_read(c, c->args[1], c->args[2], &a);

	if (err)
		return err;
	if (!sk->ops->connect)
		return -EOPNOTSUPP;
	netns_caller(op->s, c, &sc);
	return sk->ops->connect(sk, &sc.caller, (struct sockaddr *)&a,
				(socklen_t)c->args[2]);
}

/* connect() succeeded, also the one that only tells so, or undoes an earlier one */
static s64 joined_result(struct op *op)
{
	struct endpoint *ep = op->ep;

	if (ep->kind != EP_STREAM || ep->state != EP_FRESH ||
	    ep->sk->state == STATE_CLOSE)
		return 0;
	return ep_join(ep, op->dup);
}

/* The stack's answer to connect(), in words for the carrier */
static s64 connect_result(struct op *op, int err)
{
	struct endpoint *ep = op->ep;
	int joined;

	switch (err) {
	case 0:
		return joined_result(op);
	case -EINPROGRESS:
		if (ep->state == EP_DEAD)
			return -ECONNABORTED; /* it could not be renewed */
		op->done = 1;
		if (op->block)
			return -EAGAIN;
		if (ep->state == EP_FRESH)
			joined = ep_connecting(ep, op->dup);
		else
			joined = 0;
		return joined ? joined : -EINPROGRESS;
	case -EALREADY:
		op->done = 1;
		return op->block ? -EAGAIN : -EALREADY;
	default:
		return err;
	}
}

/* The stack's socket began anew, and its carrier is used up */
static bool ep_is_stale(const struct endpoint *ep)
{
	return ep->kind == EP_STREAM && ep->state != EP_FRESH &&
	       ep->sk->state == STATE_CLOSE && !ep->sk->shut;
}

static s64 attempt_connect(struct op *op)
{
	struct endpoint *ep = op->ep;
	int err;

	if (op->done) {
		if (ep->sk->state == STATE_SYN_SENT || ep->sk->state == STATE_SYN_RECV)
			return -EAGAIN;
		if (ep->sk->state == STATE_CLOSE && !ep->sk->shut) {
			err = sock_error(ep->sk); /* disconnected meanwhile */
			return err ? -err : -ECONNABORTED;
		}
		err = sock_connect(op); /* reports what became of it */
		return err == -EISCONN	     ? connect_result(op, 0)
		       : err == -EINPROGRESS ? -ECONNABORTED
					     : connect_result(op, err);
	}
	if (ep->kind == EP_MESSAGE)
		ep_flush(ep);
	err = sock_connect(op);
	if (err == -EADDRNOTAVAIL && plane_sweep_hard(ep->plane))
		err = sock_connect(op);
	if (ep_is_stale(ep))
		ep_renew(ep, op->c, &op->dup);
	return connect_result(op, err);
}

/* The handshake goes on without the call */
static void connect_cancelled(struct op *op)
{
	if (op->ep->state == EP_FRESH)
		ep_connecting(op->ep, op->dup);
}

static void call_connect(struct super *s, struct call *c)
{
	struct target t;
	struct op op;

	if (!target_get(s, c, &t))
		return;
	if (!t.ep) {
		unix_connect(s, c, &t);
		return;
	}
	op_init(&op, s, c, &t, attempt_connect);
	op.timed_out = -EINPROGRESS;
	op.timeout_ns = t.ep->sk->snd_timeo_ns;
	op.cancelled = connect_cancelled;
	op_run(&op);
}

static void call_listen(struct super *s, struct call *c)
{
	const struct sock_ops *ops;
	struct target t;
	int err;

	if (!target_ours(s, c, &t))
		return;
	ops = t.ep->sk->ops;
	err = ops->listen ? ops->listen(t.ep->sk, (int)c->args[1]) : -EOPNOTSUPP;
	if (err == -EADDRINUSE && plane_sweep_hard(s->plane))
		err = ops->listen(t.ep->sk, (int)c->args[1]);
	if (!err)
		err = ep_listen(t.ep, t.dup);
	target_reply(s, c, &t, err);
}

/* ---- accept ---- */

static int accept_name(const struct call *c, struct sock *child)
{
	struct sockaddr_storage a = {0};
	socklen_t len = sizeof(a);
	int err;

	if (!c->args[1])
		return 0;
	err = child->ops->name(child, true, &a, &len);
	if (err == -ENOTCONN && child->family == AF_INET) {
		/* it is over already, and accepted all the same */
		inet_addr_to_user(&inet_sk(child)->peer, inet_sk(child)->pport, &a,
				  &len);
		err = 0;
	}
	return err ? -ECONNABORTED : addr_write(c, c->args[1], c->args[2], &a, len);
}

static s64 accept_child(struct op *op, struct sock *child, int flags)
{
	struct endpoint *ep = op->ep, *born;
	struct plane *pl = ep->plane;
	int ours = -1, carrier, n, err;
	pid_t tid = op->c->tid;

	carrier = ep_take_pending(ep, op->dup, &ours);
	if (carrier < 0)
		carrier = ours = -1;
	err = ep_new_joined(pl, child, &carrier, ours, &born);
	if (err)
		goto err_release;
	err = accept_name(op->c, child);
	if (err)
		goto err_endpoint;
	if (flags & SOCK_NONBLOCK)
		fcntl(carrier, F_SETFL, O_RDWR | O_NONBLOCK);
	n = super_reply_fd(op->s, op->c, carrier, flags & SOCK_CLOEXEC);
	close(carrier);
	if (n < 0) {
		/* it waits for the next accept(), as in the kernel */
		ep_unmake(born);
		ep->spare = child;
	} else {
		born->tid = tid;
		born->fd = n;
		ep_pump(born);
	}
	ep_show_pending(ep);
	return OP_ANSWERED;
err_endpoint:
	close(carrier);
	ep_free(born);
	ep_show_pending(ep);
	return err;
err_release:
	if (carrier >= 0) {
		close(carrier);
		close(ours);
	}
	sock_release(child);
	return err;
}

static s64 attempt_accept(struct op *op)
{
	struct sock *sk = op->ep->sk, *child;
	int flags = op->c->nr == SCMP_SYS(accept4) ? (int)op->c->args[3] : 0, err;

	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	if (!sk->ops->accept)
		return -EOPNOTSUPP;
	if (sk->state != STATE_LISTEN)
		return -EINVAL;
	child = op->ep->spare;
	op->ep->spare = NULL;
	if (child)
		return accept_child(op, child, flags);
	err = sk->ops->accept(sk, &child);
	if (err)
		return err;
	sock_adopt(child);
	return accept_child(op, child, flags);
}

static void call_accept(struct super *s, struct call *c)
{
	struct target t;
	struct op op;

	if (!target_ours(s, c, &t))
		return;
	op_init(&op, s, c, &t, attempt_accept);
	op.timeout_ns = t.ep->sk->rcv_timeo_ns;
	op_run(&op);
}

/* ---- names ---- */

static void call_name(struct super *s, struct call *c, bool peer)
{
	struct sockaddr_storage a = {0};
	socklen_t len = sizeof(a);
	struct target t;
	int err = -EOPNOTSUPP;

	if (!target_get(s, c, &t))
		return;
	if (!t.ep) {
		unix_name(s, c, &t, peer);
		return;
	}
	if (t.ep->sk->ops->name)
		err = t.ep->sk->ops->name(t.ep->sk, peer, &a, &len);
	if (!err)
		err = addr_write(c, c->args[1], c->args[2], &a, len);
	target_reply(s, c, &t, err);
}

static void call_getsockname(struct super *s, struct call *c)
{
	call_name(s, c, false);
}

static void call_getpeername(struct super *s, struct call *c)
{
	call_name(s, c, true);
}

/* ---- shutdown ---- */

static int shutdown_stream(struct endpoint *ep, struct call *c, int *dup, int how)
{
	struct sock *sk = ep->sk;
	int carrier = *dup;

	if (ep->state != EP_JOINED) {
		int err = sk->ops->shutdown ? sk->ops->shutdown(sk, how) : -EOPNOTSUPP;

		if (!err && (!ep_is_stale(ep) || ep_renew(ep, c, dup)))
			shutdown(*dup, how);
		return err;
	}
	ep->prog_shut = true;
	if (carrier >= 0 && shutdown(carrier, how))
		return -errno;
	if (how != SHUT_WR && sk->ops->shutdown)
		sk->ops->shutdown(sk, SHUT_RD);
	ep->in = true; /* what was written, then the end of it */
	return 0;
}

static void call_shutdown(struct super *s, struct call *c)
{
	int how = (int)c->args[1], err;
	struct target t;

	if (!target_ours(s, c, &t))
		return;
	if (how < SHUT_RD || how > SHUT_RDWR) {
		err = -EINVAL;
	} else if (t.ep->kind == EP_STREAM) {
		err = shutdown_stream(t.ep, c, &t.dup, how);
	} else {
		const struct sock_ops *ops = t.ep->sk->ops;

		ep_flush(t.ep);
		err = ops->shutdown ? ops->shutdown(t.ep->sk, how) : -EOPNOTSUPP;
		if (!err) {
			t.ep->prog_shut = true;
			shutdown(t.dup, how);
		}
	}
	if (!err && t.dup < 0)
		super_continue(s, c); /* the carrier itself, by the kernel */
	else
		target_reply(s, c, &t, err);
	ep_pump(t.ep);
}

const struct call_row calls_rows[] = {
    {SCMP_SYS(socket), call_socket},
    {SCMP_SYS(socketpair), unix_call_socketpair},
    {SCMP_SYS(bind), call_bind},
    {SCMP_SYS(connect), call_connect},
    {SCMP_SYS(listen), call_listen},
    {SCMP_SYS(accept), call_accept},
    {SCMP_SYS(accept4), call_accept},
    {SCMP_SYS(getsockname), call_getsockname},
    {SCMP_SYS(getpeername), call_getpeername},
    {SCMP_SYS(shutdown), call_shutdown},
    {SCMP_SYS(getsockopt), call_getsockopt},
    {SCMP_SYS(setsockopt), call_setsockopt},
    {SCMP_SYS(ioctl), call_ioctl},
    {SCMP_SYS(mmap), call_mmap},
    {SCMP_SYS(sendto), call_sendto},
    {SCMP_SYS(recvfrom), call_recvfrom},
    {SCMP_SYS(sendmsg), call_sendmsg},
    {SCMP_SYS(recvmsg), call_recvmsg},
    {SCMP_SYS(sendmmsg), call_sendmmsg},
    {SCMP_SYS(recvmmsg), call_recvmmsg},
};
const unsigned calls_rows_n = ARRAY_SIZE(calls_rows);
