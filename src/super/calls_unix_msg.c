/* SPDX-License-Identifier: MIT */
/*
 * calls_unix_msg.c - messages of AF_UNIX to and from abstract names
 *
 * A message to an abstract name is sent by us, on a duplicate of the program's
 * socket, to the name as the host has it (calls_unix.c). One that comes from such a
 * name is received by us, where the program asks for the name, to take the prefix
 * off; so the kernel is kept from it until one is there, and gets the call back when
 * it comes from anywhere else. Descriptors that travel along pass through our hands.
 */

#include "super/calls.h"

#include <seccomp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "super/memory.h"
#include "super/task.h"

/* ---- sendto, sendmsg, sendmmsg ---- */

/* Send @h, whose name is the program's, on the duplicate. Return: bytes or errno */
static s64 unix_send(struct super *s, const struct call *c, const struct target *t,
		     const struct msghdr *h, int flags)
{
	struct sockaddr_un host;
	struct msghdr m = *h;
	ssize_t n;

	if (t->dup < 0)
		return -EPERM;
	if (h->msg_name) {
		int len =
		    unix_to_host(s, c, t->dup, h->msg_name, h->msg_namelen, &host);

		if (len < 0)
			return len;
		m.msg_name = &host;
		m.msg_namelen = (socklen_t)len;
	}
	n = sendmsg(t->dup, &m, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
	return n < 0 ? -errno : n;
}

static s64 attempt_unix_sendto(struct op *op)
{
	const struct call *c = op->c;
	const struct target t = {.dup = op->dup};
	struct sockaddr_storage name;
	struct iovec iov = {op->s->plane->user, c->args[2]};
	struct msghdr h = {.msg_name = &name,
			   .msg_namelen = (socklen_t)c->args[5],
			   .msg_iov = &iov,
			   .msg_iovlen = 1};
	int err = addr_read(c, c->args[4], c->args[5], &name);

	if (err)
		return err;
	if (!unix_is_abstract(&name, h.msg_namelen))
		return -EINVAL; /* it was, a moment ago */
	if (c->args[2] > PLANE_BUF)
		return -EMSGSIZE;
	if (mem_read(c, c->args[1], op->s->plane->user, c->args[2]))
		return -EFAULT;
	return unix_send(op->s, c, &t, &h, (int)c->args[3]);
}

/* Descriptors that are passed become ours for a moment. Return: 0 or errno */
static int rights_take(struct super *s, const struct call *c, struct cmsghdr *cm)
{
	size_t n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	int *fds = (void *)CMSG_DATA(cm), err = 0;

	for (size_t i = 0; i < n; i++) {
		int fd = -1;

		if (!err)
			err = task_getfd(s, c, fds[i], &fd);
		fds[i] = err ? -1 : fd;
	}
	return err;
}

static void rights_give_back(struct cmsghdr *cm)
{
	const int *fds = (void *)CMSG_DATA(cm);

	for (size_t i = 0; i < (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static s64 unix_send_control(struct super *s, const struct call *c,
			     const struct target *t, struct msghdr *h, int flags)
{
	struct cmsghdr *cm;
	s64 ret = 0;

	for (cm = CMSG_FIRSTHDR(h); cm; cm = CMSG_NXTHDR(h, cm)) {
		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS ||
		    cm->cmsg_len < CMSG_LEN(0))
			return -EINVAL; /* credentials would be the supervisor's */
		if (cm != CMSG_FIRSTHDR(h))
			return -EINVAL;
	}
	cm = CMSG_FIRSTHDR(h);
	if (cm)
		ret = rights_take(s, c, cm);
	if (!ret)
		ret = unix_send(s, c, t, h, flags);
	if (cm)
		rights_give_back(cm);
	return ret;
}

/* One message of the program's. Return: bytes, or a negative errno */
static s64 unix_do_sendmsg(const struct op *op, u64 head, int flags)
{
	struct super *s = op->s;
	const struct call *c = op->c;
	const struct target t = {.dup = op->dup};
	struct plane *pl = s->plane;
	struct sockaddr_storage name;
	struct msghdr there, h = {0};
	struct iovec iov = {.iov_base = pl->user};
	int err;

	if (mem_read(c, head, &there, sizeof(there)))
		return -EFAULT;
	if (there.msg_name && there.msg_namelen) {
		err = addr_read(c, (uintptr_t)there.msg_name, there.msg_namelen, &name);
		if (err)
			return err;
		if (!unix_is_abstract(&name, there.msg_namelen))
			return -EINVAL; /* a path, which is not ours to follow */
		h.msg_name = &name;
		h.msg_namelen = there.msg_namelen;
	}
	err = mem_read_iov(c, (uintptr_t)there.msg_iov, there.msg_iovlen, pl->iov,
			   &iov.iov_len);
	if (err)
		return err == -ESRCH ? -EFAULT : err;
	if (iov.iov_len > PLANE_BUF)
		return -EMSGSIZE;
	if (there.msg_controllen > PLANE_CONTROL)
		return -ENOBUFS;
	h.msg_iov = &iov;
	h.msg_iovlen = 1;
	if (there.msg_control && there.msg_controllen) {
		h.msg_control = pl->control;
		h.msg_controllen = there.msg_controllen;
	}
	if (mem_gather(c, pl->iov, there.msg_iovlen, 0, pl->user, iov.iov_len) ||
	    mem_read(c, (uintptr_t)there.msg_control, pl->control, h.msg_controllen))
		return -EFAULT;
	return unix_send_control(s, c, &t, &h, flags);
}

static s64 attempt_unix_sendmsg(struct op *op)
{
	return unix_do_sendmsg(op, op->c->args[1], (int)op->c->args[2]);
}

static s64 attempt_unix_sendmmsg(struct op *op)
{
	const struct call *c = op->c;
	u64 n = min(c->args[2], (u64)MEM_IOV_MAX);
	s64 ret = 0;

	while (op->done < n) {
		u64 at = c->args[1] + op->done * sizeof(struct mmsghdr);
		u32 len;

		ret = unix_do_sendmsg(op, at, (int)c->args[3]);
		if (ret < 0)
			break;
		len = (u32)ret;
		if (mem_write(c, at + offsetof(struct mmsghdr, msg_len), &len,
			      sizeof(len)))
			ret = -EFAULT;
		if (ret < 0)
			break;
		op->done++;
	}
	return op_some(op, ret);
}

static void unix_send_run(struct super *s, struct call *c, const struct target *t,
			  op_fn *attempt, u64 flags)
{
	struct op op;

	op_init(&op, s, c, t, attempt);
	op.block = op.block && !(flags & MSG_DONTWAIT);
	op.timeout_ns = unix_timeout(t->dup, SO_SNDTIMEO);
	op.retry_ns = UNIX_RETRY_NS;
	op_run(&op);
}

/* Does the message at @head go to an abstract name? */
static bool unix_is_for_abstract(const struct call *c, u64 head)
{
	struct sockaddr_storage a;
	struct msghdr h;

	return !mem_read(c, head, &h, sizeof(h)) && h.msg_name && h.msg_namelen &&
	       !addr_read(c, (uintptr_t)h.msg_name, h.msg_namelen, &a) &&
	       unix_is_abstract(&a, h.msg_namelen);
}

void unix_sendto(struct super *s, struct call *c, const struct target *t)
{
	struct sockaddr_storage a;

	if (!s->plane || addr_read(c, c->args[4], c->args[5], &a) ||
	    !unix_is_abstract(&a, (socklen_t)c->args[5])) {
		unix_continue(s, c, t);
		return;
	}
	unix_send_run(s, c, t, attempt_unix_sendto, c->args[3]);
}

void unix_sendmsg(struct super *s, struct call *c, const struct target *t)
{
	if (!s->plane || !unix_is_for_abstract(c, c->args[1])) {
		unix_continue(s, c, t);
		return;
	}
	unix_send_run(s, c, t, attempt_unix_sendmsg, c->args[2]);
}

void unix_sendmmsg(struct super *s, struct call *c, const struct target *t)
{
	u64 n = min(c->args[2], (u64)MEM_IOV_MAX), i = 0;

	while (i < n &&
	       !unix_is_for_abstract(c, c->args[1] + i * sizeof(struct mmsghdr)))
		i++;
	if (!s->plane || i == n) {
		unix_continue(s, c, t);
		return;
	}
	unix_send_run(s, c, t, attempt_unix_sendmmsg, c->args[3]);
}

/* ---- recvfrom, recvmsg ---- */

/* What the program wants, from either call; iovecs in plane.iov */
struct unix_want {
	u64 head; /* its struct msghdr; 0: recvfrom() */
	u64 name, name_len_at, control;
	size_t n_iov, total, control_len;
	int flags;
};

static int want_read(const struct op *op, struct unix_want *w)
{
	const struct call *c = op->c;
	struct iovec *iov = op->s->plane->iov;
	struct msghdr h;

	memset(w, 0, sizeof(*w));
	if (c->nr == SCMP_SYS(recvfrom)) {
		iov->iov_base = (void *)(uintptr_t)c->args[1];
		iov->iov_len = w->total = min(c->args[2], (u64)PLANE_BUF);
		w->n_iov = 1;
		w->flags = (int)c->args[3];
		w->name = c->args[4];
		w->name_len_at = c->args[5];
		return 0;
	}
	if (mem_read(c, c->args[1], &h, sizeof(h)))
		return -EFAULT;
	w->head = c->args[1];
	w->flags = (int)c->args[2];
	w->name = (uintptr_t)h.msg_name;
	w->name_len_at = w->head + offsetof(struct msghdr, msg_namelen);
	w->control = (uintptr_t)h.msg_control;
	w->control_len =
	    min(h.msg_control ? h.msg_controllen : 0, (size_t)PLANE_CONTROL);
	w->n_iov = h.msg_iovlen;
	return mem_read_iov(c, (uintptr_t)h.msg_iov, h.msg_iovlen, iov, &w->total);
}

/* Descriptors that came become the program's, as many as it has room for. */
static void rights_pass(const struct op *op, struct cmsghdr *cm, bool cloexec)
{
	size_t n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int), done = 0;
	int *fds = (void *)CMSG_DATA(cm);

	for (size_t i = 0; i < n; i++) {
		int there = super_add_fd(op->s, op->c, fds[i], cloexec);

		close(fds[i]);
		if (there >= 0)
			fds[done++] = there;
	}
	cm->cmsg_len = CMSG_LEN(done * sizeof(int));
}

static s64 want_answer(const struct op *op, const struct unix_want *w, struct msghdr *h,
		       size_t n)
{
	const struct call *c = op->c;
	struct plane *pl = op->s->plane;
	struct cmsghdr *cm;
	u64 control_len = h->msg_controllen;
	int flags = h->msg_flags & ~MSG_CMSG_CLOEXEC;

	for (cm = CMSG_FIRSTHDR(h); cm; cm = CMSG_NXTHDR(h, cm))
		if (cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SCM_RIGHTS)
			rights_pass(op, cm, w->flags & MSG_CMSG_CLOEXEC);
	if (mem_scatter(c, pl->iov, w->n_iov, 0, pl->user, min(n, w->total)))
		return -EFAULT;
	if (addr_write(c, w->name, w->name_len_at, h->msg_name, h->msg_namelen))
		return -EFAULT;
	if (w->head && (mem_write(c, w->control, h->msg_control, control_len) ||
			mem_write(c, w->head + offsetof(struct msghdr, msg_controllen),
				  &control_len, sizeof(control_len)) ||
			mem_write(c, w->head + offsetof(struct msghdr, msg_flags),
				  &flags, sizeof(flags))))
		return -EFAULT;
	return (s64)n;
}

static s64 unix_do_recv(struct op *op)
{
	struct plane *pl = op->s->plane;
	struct sockaddr_storage a = {0};
	struct unix_want w;
	struct iovec iov = {.iov_base = pl->user};
	struct msghdr h = {.msg_name = &a,
			   .msg_namelen = sizeof(a),
			   .msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = pl->control};
	int err = want_read(op, &w);
	ssize_t n;

	if (err)
		return err == -ESRCH ? -EFAULT : err;
	iov.iov_len = min(w.total, (size_t)PLANE_BUF);
	h.msg_controllen = w.control_len;
	n = recvmsg(op->dup, &h,
		    (w.flags & (MSG_PEEK | MSG_TRUNC)) | MSG_DONTWAIT |
			MSG_CMSG_CLOEXEC);
	if (n < 0)
		return -errno;
	h.msg_namelen = unix_from_host(op->s, &a, h.msg_namelen);
	return want_answer(op, &w, &h, (size_t)n);
}

static s64 attempt_unix_recv(struct op *op)
{
	struct sockaddr_storage a = {0};
	struct msghdr h = {.msg_name = &a, .msg_namelen = sizeof(a)};
	ssize_t n = recvmsg(op->dup, &h, MSG_PEEK | MSG_DONTWAIT);

	if (n < 0)
		return -errno; /* an error is taken by whoever looks */
	if (unix_is_abstract(&a, h.msg_namelen))
		return unix_do_recv(op);
	super_continue(op->s, op->c);
	return OP_ANSWERED;
}

/* Does the call want to know from whom, and may an abstract name be the answer? */
static bool unix_wants_name(const struct call *c, int fd)
{
	struct msghdr h;
	int type;
	socklen_t len = sizeof(type);
	u64 flags = c->nr == SCMP_SYS(recvfrom) ? c->args[3] : c->args[2];

	if (flags & (MSG_ERRQUEUE | MSG_OOB))
		return false;
	if (c->nr == SCMP_SYS(recvmsg) &&
	    (mem_read(c, c->args[1], &h, sizeof(h)) || !h.msg_name))
		return false;
	return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) &&
	       type == SOCK_DGRAM && unix_is_socket(fd);
}

void unix_recv(struct super *s, struct call *c, const struct target *t)
{
	u64 flags = c->nr == SCMP_SYS(recvfrom) ? c->args[3] : c->args[2];
	struct op op;

	if (!s->plane || t->dup < 0 || !unix_wants_name(c, t->dup)) {
		unix_continue(s, c, t);
		return;
	}
	op_init(&op, s, c, t, attempt_unix_recv);
	op.block = op.block && !(flags & MSG_DONTWAIT);
	op.timeout_ns = unix_timeout(t->dup, SO_RCVTIMEO);
	op.dup_events = EPOLLIN;
	op_run(&op);
}
