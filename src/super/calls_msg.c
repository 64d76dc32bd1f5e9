/* SPDX-License-Identifier: MIT */
/*
 * calls_msg.c - send and receive in the forms that are caught
 *
 * Without an address, send() and recv() are the kernel's, on the carrier. What
 * arrives here carries pointers: sendmsg, recvmsg, their mmsg forms, and sendto
 * and recvfrom with an address. On a stream the kernel does those, too, since
 * the carrier is a stream and nothing of theirs concerns the stack, unless an
 * address is asked for: TCP gives none, while AF_UNIX would.
 *
 * All forms become one struct umsg, read anew in each attempt.
 */

#include "super/calls.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/warren.h"
#include "super/memory.h"
#include "super/netns.h"
#include "super/task.h"

/* A program's message; iovecs in plane.iov */
struct umsg {
	u64 head; /* its struct msghdr; 0: none, an address alone */
	u64 name, name_len_at;
	u32 name_len;
	u64 n_iov;
	size_t total;
	u64 control;
	size_t control_len;
	int flags;
};

static int umsg_read(struct op *op, u64 head, int flags, struct umsg *um)
{
	const struct call *c = op->c;
	struct msghdr h;
	int err;

	memset(um, 0, sizeof(*um));
	if (mem_read(c, head, &h, sizeof(h)))
		return -EFAULT;
	um->head = head;
	um->flags = flags;
	um->name = (uintptr_t)h.msg_name;
	um->name_len = h.msg_name ? h.msg_namelen : 0;
	um->name_len_at = head + offsetof(struct msghdr, msg_namelen);
	um->n_iov = h.msg_iovlen;
	um->control = (uintptr_t)h.msg_control;
	um->control_len = h.msg_control ? h.msg_controllen : 0;
	if ((s32)um->name_len < 0)
		return -EINVAL;
	um->name_len = min(um->name_len, (u32)sizeof(struct sockaddr_storage));
	err = mem_read_iov(c, (uintptr_t)h.msg_iov, h.msg_iovlen, op->ep->plane->iov,
			   &um->total);
	if (err)
		return err == -ESRCH ? -EFAULT : err;
	return super_call_valid(op->s, c) ? 0 : -ESRCH;
}

/* sendto, recvfrom */
static int umsg_from_args(struct op *op, struct umsg *um)
{
	const struct call *c = op->c;
	struct iovec *iov = op->ep->plane->iov;

	memset(um, 0, sizeof(*um));
	iov->iov_base = (void *)(uintptr_t)c->args[1];
	iov->iov_len = c->args[2];
	um->n_iov = 1;
	um->total = c->args[2];
	um->flags = (int)c->args[3];
	um->name = c->args[4];
	if (um->total > INT32_MAX)
		um->total = iov->iov_len = INT32_MAX;
	return 0;
}

/* ---- sending ---- */

static s64 umsg_send(struct op *op, struct umsg *um)
{
	struct endpoint *ep = op->ep;
	struct plane *pl = ep->plane;
	struct sockaddr_storage name;
	struct super_caller sc;
	struct iovec iov = {pl->user, um->total};
	struct msg m = {
	    .iov = &iov,
	    .n_iov = 1,
	    .control = pl->control,
	    .control_len = um->control_len,
	    .flags = um->flags | MSG_DONTWAIT | MSG_NOSIGNAL,
	};
	s64 ret;
	int err;

	if (!ep->sk->ops->send)
		return -EOPNOTSUPP;
	if (!ep_flush(ep))
		return -EAGAIN;
	ep_mend(ep, op->c, &op->dup);
	err = ep_take_error(ep, op->dup);
	if (err)
		return -err;
	if (um->total > PLANE_BUF)
		return -EMSGSIZE;
	if (um->control_len > PLANE_CONTROL)
		return -ENOBUFS;
	if (mem_gather(op->c, pl->iov, um->n_iov, 0, pl->user, um->total) ||
	    mem_read(op->c, um->control, pl->control, um->control_len))
		return -EFAULT;
	if (um->name) {
		err = addr_read(op->c, um->name, um->name_len, &name);
		if (err)
			return err;
		m.name = &name;
		m.name_len = um->name_len;
	}
	netns_caller(op->s, op->c, &sc);
	m.caller = &sc.caller;
	ret = ep->sk->ops->send(ep->sk, &m);
	if (ep->sk->family == AF_NETLINK)
		ep_fill(ep); /* answers are there when the call returns */
	return ret;
}

/* A stream and an address, which TCP does not look at once it is connected */
static s64 stream_send(struct op *op, const struct umsg *um)
{
	struct plane *pl = op->ep->plane;
	size_t len = min(um->total, (size_t)PLANE_BUF);
	ssize_t n;

	/* as where it is switched off: programs call connect() then */
	if (um->flags & MSG_FASTOPEN && op->ep->state == EP_FRESH)
		return -EOPNOTSUPP;
	if (mem_gather(op->c, pl->iov, um->n_iov, 0, pl->user, len))
		return -EFAULT;
	n = send(op->dup, pl->user, len,
		 (um->flags & MSG_OOB) | MSG_DONTWAIT | MSG_NOSIGNAL);
	return n < 0 ? -errno : n;
}

/* By the stack itself, which tells in the error queue that it is done */
static s64 stream_send_told(struct op *op, const struct umsg *um)
{
	struct endpoint *ep = op->ep;
	struct plane *pl = ep->plane;
	struct iovec iov = {pl->user, min(um->total, (size_t)PLANE_BUF)};
	struct msg m = {
	    .iov = &iov, .n_iov = 1, .flags = um->flags | MSG_DONTWAIT | MSG_NOSIGNAL};

	if (!ep_drain(ep)) /* what was written natively goes first */
		return -EAGAIN;
	if (mem_gather(op->c, pl->iov, um->n_iov, 0, pl->user, iov.iov_len))
		return -EFAULT;
	return ep->sk->ops->send(ep->sk, &m);
}

static bool stream_tells(const struct endpoint *ep, u64 flags)
{
	return flags & MSG_ZEROCOPY && ep->sk->zerocopy && ep->state == EP_JOINED;
}

/* The op of a stream waits for the carrier itself. */
static void op_run_stream(struct op *op, u32 events)
{
	op->dup_events = events;
	op_run(op);
}

static s64 attempt_sendto(struct op *op)
{
	struct umsg um;

	umsg_from_args(op, &um);
	um.name_len = (u32)op->c->args[5];
	if (op->ep->kind != EP_STREAM)
		return umsg_send(op, &um);
	return stream_tells(op->ep, (u64)um.flags) ? stream_send_told(op, &um)
						   : stream_send(op, &um);
}

static s64 attempt_sendmsg(struct op *op)
{
	struct umsg um;
	int err = umsg_read(op, op->c->args[1], (int)op->c->args[2], &um);

	if (err)
		return err;
	if (op->ep->kind != EP_STREAM)
		return umsg_send(op, &um);
	return stream_tells(op->ep, (u64)um.flags) ? stream_send_told(op, &um)
						   : stream_send(op, &um);
}

void call_sendto(struct super *s, struct call *c)
{
	struct target t;
	struct op op;
	bool told;

	if (!target_get(s, c, &t))
		return;
	if (!t.ep) {
		unix_sendto(s, c, &t);
		return;
	}
	told = stream_tells(t.ep, c->args[3]);
	if (t.ep->kind == EP_STREAM && !told && (t.dup < 0 || !c->args[4])) {
		close(t.dup);
		super_continue(s, c);
		return;
	}
	op_init(&op, s, c, &t, attempt_sendto);
	op.block = op.block && !(c->args[3] & MSG_DONTWAIT);
	op.timeout_ns = t.ep->sk->snd_timeo_ns;
	if (t.ep->kind == EP_STREAM && !told)
		op_run_stream(&op, EPOLLOUT);
	else
		op_run(&op);
}

static bool names_address(const struct call *c)
{
	struct msghdr h;

	return !mem_read(c, c->args[1], &h, sizeof(h)) && h.msg_name;
}

/* TCP has words of its own for it, and AF_UNIX others. */
static bool stream_unconnected(const struct endpoint *ep)
{
	return ep->kind == EP_STREAM &&
	       (ep->state == EP_FRESH || ep->state == EP_LISTENING);
}

static void stream_refuse_send(struct super *s, struct call *c, const struct target *t)
{
	int err = sock_error(t->ep->sk);

	close(t->dup);
	if (!err && !(c->args[2] & MSG_NOSIGNAL))
		syscall(SYS_tgkill, task_pid(s, c->tid), c->tid, SIGPIPE);
	super_reply(s, c, err ? -err : -EPIPE);
}

void call_sendmsg(struct super *s, struct call *c)
{
	struct endpoint *ep;
	struct target t;
	struct op op;
	bool told;

	if (!target_get(s, c, &t))
		return;
	if (!t.ep) {
		unix_sendmsg(s, c, &t);
		return;
	}
	ep = t.ep;
	if (stream_unconnected(ep)) {
		stream_refuse_send(s, c, &t);
		return;
	}
	told = stream_tells(ep, c->args[2]);
	if (ep->kind == EP_STREAM && !told && (t.dup < 0 || !names_address(c))) {
		close(t.dup);
		super_continue(s, c);
		return;
	}
	op_init(&op, s, c, &t, attempt_sendmsg);
	op.block = op.block && !(c->args[2] & MSG_DONTWAIT);
	op.timeout_ns = ep->sk->snd_timeo_ns;
	if (ep->kind == EP_STREAM && !told) {
		op_run_stream(&op, EPOLLOUT);
		return;
	}
	op_run(&op);
}

static s64 attempt_sendmmsg(struct op *op)
{
	const struct call *c = op->c;
	u64 n = min(c->args[2], (u64)MEM_IOV_MAX);
	s64 ret = 0;

	while (op->done < n) {
		u64 at = c->args[1] + op->done * sizeof(struct mmsghdr);
		struct umsg um;
		u32 len;

		ret = umsg_read(op, at, (int)c->args[3], &um);
		if (!ret)
			ret = umsg_send(op, &um);
		if (ret < 0)
			break;
		len = (u32)ret;
		if (mem_write(c, at + offsetof(struct mmsghdr, msg_len), &len,
			      sizeof(len))) {
			ret = -EFAULT;
			break;
		}
		op->done++;
	}
	return op_some(op, ret);
}

void call_sendmmsg(struct super *s, struct call *c)
{
	struct target t;
	struct op op;

	if (!target_get(s, c, &t))
		return;
	if (!t.ep) {
		unix_sendmmsg(s, c, &t);
		return;
	}
	if (t.ep->kind == EP_STREAM) {
		close(t.dup);
		super_continue(s, c);
		return;
	}
	op_init(&op, s, c, &t, attempt_sendmmsg);
	op.block = op.block && !(c->args[3] & MSG_DONTWAIT);
	op.timeout_ns = t.ep->sk->snd_timeo_ns;
	op_run(&op);
}

/* ---- receiving ---- */

/* Everything but the bytes */
static int umsg_answer(struct op *op, const struct umsg *um, const struct msg *m)
{
	const struct call *c = op->c;
	u32 name_len = m->name ? m->name_len : 0;
	u64 control_len = m->control_len;
	int flags = m->out_flags | (um->flags & MSG_CMSG_CLOEXEC);

	if (!um->head)
		return um->name ? addr_write(c, um->name, um->name_len_at, m->name,
					     m->name_len)
				: 0;
	if (um->name && mem_write(c, um->name, m->name, min(name_len, um->name_len)))
		return -EFAULT;
	if (um->name && mem_write(c, um->name_len_at, &name_len, sizeof(name_len)))
		return -EFAULT;
	if (control_len && mem_write(c, um->control, m->control, control_len))
		return -EFAULT;
	if (mem_write(c, um->head + offsetof(struct msghdr, msg_controllen),
		      &control_len, sizeof(control_len)) ||
	    mem_write(c, um->head + offsetof(struct msghdr, msg_flags), &flags,
		      sizeof(flags)))
		return -EFAULT;
	return 0;
}

static s64 umsg_recv(struct op *op, const struct umsg *um)
{
	struct endpoint *ep = op->ep;
	struct plane *pl = ep->plane;
	struct sockaddr_storage name;
	size_t room = min(um->total, (size_t)PLANE_BUF);
	struct iovec iov = {pl->user, room};
	struct msg m = {
	    .iov = &iov,
	    .n_iov = 1,
	    .name = &name,
	    .name_len = sizeof(name),
	    .control = pl->control,
	    .control_room = min(um->control_len, (size_t)PLANE_CONTROL),
	    .flags = um->flags | MSG_DONTWAIT,
	};
	ssize_t n;
	int err;

	memset(&name, 0, sizeof(name));
	if (ep->kind == EP_STREAM && !(um->flags & MSG_ERRQUEUE)) {
		n = recv(op->dup, pl->user, room,
			 (um->flags & (MSG_PEEK | MSG_OOB)) | MSG_DONTWAIT);
		n = n < 0 ? -errno : n;
		m.name_len = 0;
	} else {
		ep_mend(ep, op->c, &op->dup);
		n = ep_recv(ep, op->dup, &m);
		/* shut down is the end for who waits, and nothing for who does not */
		if (!n && ep->sk->shut & RCV_SHUTDOWN && !name.ss_family) {
			m.name_len = 0;
			n = op->block ? 0 : -EAGAIN;
		}
	}
	if (n < 0)
		return n;
	if (mem_scatter(op->c, pl->iov, um->n_iov, 0, pl->user, min((size_t)n, room)))
		return -EFAULT;
	err = umsg_answer(op, um, &m);
	return err ? err : n;
}

static s64 attempt_recvfrom(struct op *op)
{
	struct umsg um;

	umsg_from_args(op, &um);
	um.name_len_at = op->c->args[5];
	return umsg_recv(op, &um);
}

static s64 attempt_recvmsg(struct op *op)
{
	struct umsg um;
	int err = umsg_read(op, op->c->args[1], (int)op->c->args[2], &um);

	return err ? err : umsg_recv(op, &um);
}

/* Run it; afterwards put the next message where poll() sees it */
static void recv_run(struct op *op, int flags)
{
	struct endpoint *ep = op->ep;

	op->block = op->block && !(flags & (MSG_DONTWAIT | MSG_ERRQUEUE));
	op->timeout_ns = ep->sk->rcv_timeo_ns;
	if (ep->kind == EP_STREAM) {
		op_run_stream(op, EPOLLIN | EPOLLRDHUP);
		return;
	}
	op_run(op);
	if (list_empty(&ep->ops))
		ep_pump(ep);
}

/* Nothing to receive: not connected, or disconnected, which is told once */
static void stream_refuse_recv(struct super *s, struct call *c, const struct target *t)
{
	int err = sock_error(t->ep->sk);

	close(t->dup);
	super_reply(s, c, err ? -err : -ENOTCONN);
}

void call_recvfrom(struct super *s, struct call *c)
{
	struct target t;
	struct op op;

	if (!target_get(s, c, &t))
		return;
	if (!t.ep) {
		unix_recv(s, c, &t);
		return;
	}
	if (t.ep->kind == EP_STREAM && t.dup < 0) {
		super_continue(s, c);
		return;
	}
	if (stream_unconnected(t.ep)) {
		stream_refuse_recv(s, c, &t);
		return;
	}
	op_init(&op, s, c, &t, attempt_recvfrom);
	recv_run(&op, (int)c->args[3]);
}

void call_recvmsg(struct super *s, struct call *c)
{
	struct target t;
	struct op op;

	if (!target_get(s, c, &t))
		return;
	if (!t.ep) {
		unix_recv(s, c, &t);
		return;
	}
	if (stream_unconnected(t.ep)) {
		stream_refuse_recv(s, c, &t);
		return;
	}
	if (t.ep->kind == EP_STREAM && !(c->args[2] & MSG_ERRQUEUE) &&
	    (t.dup < 0 || !names_address(c))) {
		close(t.dup);
		super_continue(s, c);
		return;
	}
	op_init(&op, s, c, &t, attempt_recvmsg);
	recv_run(&op, (int)c->args[2]);
}

/*
 * recvmmsg()'s own timeout. It is looked at when a message has come, as in Linux, so it
 * does not end the wait for one; what is left of it is told, when there were any.
 * Return: the result
 */
static s64 recvmmsg_end(struct op *op, s64 ret)
{
	const struct call *c = op->c;
	u64 now = clock_now(op->s->w),
	    left = op->until_ns > now ? op->until_ns - now : 0;
	struct timespec ts = {(time_t)(left / NS_PER_S), (long)(left % NS_PER_S)};

	if (ret > 0 && op->until_ns && mem_write(c, c->args[4], &ts, sizeof(ts)))
		return -EFAULT;
	return ret;
}

static int recvmmsg_begin(struct op *op)
{
	struct timespec ts;

	if (!op->c->args[4])
		return 0;
	if (mem_read(op->c, op->c->args[4], &ts, sizeof(ts)))
		return -EFAULT;
	if (ts.tv_sec < 0 || ts.tv_nsec < 0 || ts.tv_nsec >= (long)NS_PER_S)
		return -EINVAL;
	op->until_ns = clock_now(op->s->w) + (u64)ts.tv_nsec +
		       min((u64)ts.tv_sec, (u64)INT32_MAX) * NS_PER_S;
	return 0;
}

static s64 attempt_recvmmsg(struct op *op)
{
	const struct call *c = op->c;
	u64 n = min(c->args[2], (u64)MEM_IOV_MAX);
	int flags = (int)c->args[3] & ~MSG_WAITFORONE;
	s64 ret = 0;

	while (op->done < n) {
		u64 at = c->args[1] + op->done * sizeof(struct mmsghdr);
		struct umsg um;
		u32 len;

		ret = umsg_read(op, at, flags, &um);
		if (!ret)
			ret = umsg_recv(op, &um);
		if (ret < 0)
			break;
		len = (u32)ret;
		if (mem_write(c, at + offsetof(struct mmsghdr, msg_len), &len,
			      sizeof(len))) {
			ret = -EFAULT;
			break;
		}
		op->done++;
		if (c->args[3] & MSG_WAITFORONE)
			op->block = false;
		if (op->until_ns && op->until_ns <= clock_now(op->s->w))
			break;
	}
	ret = op_some(op, ret);
	return recvmmsg_end(op, ret);
}

void call_recvmmsg(struct super *s, struct call *c)
{
	struct target t;
	struct op op;
	int err;

	if (!target_ours(s, c, &t))
		return;
	if (t.ep->kind == EP_STREAM) {
		close(t.dup);
		super_continue(s, c);
		return;
	}
	op_init(&op, s, c, &t, attempt_recvmmsg);
	err = recvmmsg_begin(&op);
	if (err) {
		close(t.dup);
		super_reply(s, c, err);
		return;
	}
	recv_run(&op, (int)c->args[3]);
}
