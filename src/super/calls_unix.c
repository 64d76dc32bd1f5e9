/* SPDX-License-Identifier: MIT */
/*
 * calls_unix.c - abstract names of AF_UNIX are a namespace's own
 *
 * A program's AF_UNIX sockets are the host's, and paths are files. But an
 * abstract name (a first byte of zero) belongs to a network namespace, and the
 * host has one for all of ours. So the name gets a prefix that is different
 * for each warren and namespace, in a call that we make on a duplicate of the
 * program's socket, and getsockname() and getpeername() take it off again.
 * That a program names a socket of the host's, or of another namespace, is
 * thereby impossible: whatever it says, the prefix stands before it.
 *
 * Limits: the longest abstract name is PREFIX bytes shorter than on the host;
 * recvfrom() of datagrams shows a peer's name with its prefix; the peer of a
 * connection by abstract name is, for SO_PEERCRED, the supervisor. Without
 * pidfd_getfd there is no socket to do it on, and abstract names are refused.
 * A name that is a path is left to the kernel, which reads it anew: this keeps
 * namespaces apart for programs, not against one that changes it meanwhile.
 */

#include "super/calls.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/random.h"
#include "core/net.h"
#include "core/warren.h"
#include "super/memory.h"
#include "super/task.h"

enum {
	PREFIX = 9, /* 'w', 4 digits of the warren, 4 of the namespace */
	PATH_AT = offsetof(struct sockaddr_un, sun_path),
	RETRY_MS = 2,
};

bool unix_is_abstract(const struct sockaddr_storage *a, socklen_t len)
{
	const struct sockaddr_un *un = (const void *)a;

	return len > PATH_AT && a->ss_family == AF_UNIX && !un->sun_path[0];
}

static void unix_prefix(const struct super *s, const struct net *net, char *out)
{
	char text[PREFIX + 1];

	snprintf(text, sizeof(text), "w%04x%04x", s->tag & 0xffff,
		 (unsigned)(net->cookie & 0xffff));
	memcpy(out, text, PREFIX);
}

int unix_to_host(struct super *s, const struct call *c,
		 const struct sockaddr_storage *a, socklen_t len,
		 struct sockaddr_un *out)
{
	const struct sockaddr_un *un = (const void *)a;
	size_t n = len - PATH_AT - 1;

	memset(out, 0, sizeof(*out));
	if (n + 1 + PREFIX > sizeof(out->sun_path))
		return -EINVAL;
	out->sun_family = AF_UNIX;
	unix_prefix(s, super_net(s, c), out->sun_path + 1);
	memcpy(out->sun_path + 1 + PREFIX, un->sun_path + 1, n);
	return (int)(len + PREFIX);
}

socklen_t unix_from_host(struct super *s, struct sockaddr_storage *a, socklen_t len)
{
	struct sockaddr_un *un = (void *)a;
	char mark[6];

	snprintf(mark, sizeof(mark), "w%04x", s->tag & 0xffff);
	if (!unix_is_abstract(a, len) || len < PATH_AT + 1 + PREFIX ||
	    memcmp(un->sun_path + 1, mark, 5) != 0)
		return len;
	len -= PREFIX;
	memmove(un->sun_path + 1, un->sun_path + 1 + PREFIX, len - PATH_AT - 1);
	return len;
}

static void unix_reply(struct super *s, struct call *c, const struct target *t, s64 ret)
{
	close(t->dup);
	super_reply(s, c, ret);
}

static void unix_continue(struct super *s, struct call *c, const struct target *t)
{
	close(t->dup);
	super_continue(s, c);
}

/* ---- bind ---- */

/* bind() with a family alone: the kernel's choice of five digits, in our space */
static int unix_autobind(struct super *s, const struct call *c, int fd)
{
	struct sockaddr_storage any = {.ss_family = AF_UNIX};
	struct sockaddr_un host;
	int len;

	for (int tries = 0; tries < 1000; tries++) {
		struct sockaddr_un *un = (void *)&any;
		u32 v = (u32)(random_next(&s->w->random) >> 44);

		snprintf(un->sun_path + 1, 6, "%05x", v);
		len = unix_to_host(s, c, &any, PATH_AT + 6, &host);
		if (!bind(fd, (struct sockaddr *)&host, (socklen_t)len))
			return 0;
		if (errno != EADDRINUSE)
			return -errno;
	}
	return -ENOSPC;
}

static bool is_unix_socket(int fd)
{
	int domain;
	socklen_t len = sizeof(domain);

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) &&
	       domain == AF_UNIX;
}

void unix_bind(struct super *s, struct call *c, const struct target *t)
{
	struct sockaddr_storage a;
	struct sockaddr_un host;
	socklen_t given = (socklen_t)c->args[2];
	int len;

	if (!s->plane || addr_read(c, c->args[1], c->args[2], &a)) {
		unix_continue(s, c, t);
		return;
	}
	if (t->dup < 0 && (unix_is_abstract(&a, given) || given == PATH_AT)) {
		unix_reply(s, c, t, -EPERM);
		return;
	}
	if (t->dup < 0 || !is_unix_socket(t->dup)) {
		unix_continue(s, c, t);
		return;
	}
	if (given == PATH_AT && a.ss_family == AF_UNIX) {
		unix_reply(s, c, t, unix_autobind(s, c, t->dup));
		return;
	}
	if (!unix_is_abstract(&a, given)) {
		unix_continue(s, c, t);
		return;
	}
	len = unix_to_host(s, c, &a, given, &host);
	if (len > 0)
		len =
		    bind(t->dup, (struct sockaddr *)&host, (socklen_t)len) ? -errno : 0;
	unix_reply(s, c, t, len);
}

/* ---- connect ---- */

/* Never for long: a full backlog would hold the supervisor. */
static int unix_try_connect(const struct call *c, int fd,
			    const struct sockaddr_un *host, socklen_t len)
{
	struct timeval old, least = {.tv_usec = 1000};
	socklen_t old_len = sizeof(old);
	int err;

	if (target_nonblock(c, fd))
		return connect(fd, (const struct sockaddr *)host, len) ? -errno : 0;
	if (getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &old, &old_len) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &least, sizeof(least)))
		return -errno;
	err = connect(fd, (const struct sockaddr *)host, len) ? -errno : 0;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &old, old_len);
	return err;
}

void unix_connect(struct super *s, struct call *c, const struct target *t)
{
	struct sockaddr_storage a;
	struct sockaddr_un host;
	int len;

	if (!s->plane || addr_read(c, c->args[1], c->args[2], &a) ||
	    !unix_is_abstract(&a, (socklen_t)c->args[2])) {
		unix_continue(s, c, t);
		return;
	}
	if (t->dup < 0) {
		unix_reply(s, c, t, -EPERM);
		return;
	}
	if (!is_unix_socket(t->dup)) {
		unix_continue(s, c, t);
		return;
	}
	len = unix_to_host(s, c, &a, (socklen_t)c->args[2], &host);
	if (len > 0)
		len = unix_try_connect(c, t->dup, &host, (socklen_t)len);
	unix_reply(s, c, t, len);
}

/* ---- names ---- */

void unix_name(struct super *s, struct call *c, const struct target *t, bool peer)
{
	struct sockaddr_storage a = {0};
	socklen_t len = sizeof(a);
	int err = peer ? getpeername(t->dup, (struct sockaddr *)&a, &len)
		       : getsockname(t->dup, (struct sockaddr *)&a, &len);

	if (err || !unix_is_abstract(&a, len)) {
		unix_continue(s, c, t);
		return;
	}
	len = unix_from_host(s, &a, len);
	unix_reply(s, c, t, addr_write(c, c->args[1], c->args[2], &a, len));
}

/* ---- sendto, sendmsg ---- */

/* Send @h, whose name is the program's, on the duplicate. Return: bytes or errno */
static s64 unix_send(struct super *s, const struct call *c, const struct target *t,
		     const struct msghdr *h, int flags)
{
	struct sockaddr_un host;
	struct msghdr m = *h;
	int len = unix_to_host(s, c, h->msg_name, h->msg_namelen, &host);
	ssize_t n;

	if (len < 0)
		return len;
	if (t->dup < 0)
		return -EPERM;
	m.msg_name = &host;
	m.msg_namelen = (socklen_t)len;
	n = sendmsg(t->dup, &m, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
	m.msg_name = NULL;
	return n < 0 ? -errno : n;
}

void unix_sendto(struct super *s, struct call *c, const struct target *t,
		 const struct sockaddr_storage *a, socklen_t len)
{
	struct sockaddr_storage name = *a;
	struct iovec iov = {s->plane->user, c->args[2]};
	struct msghdr h = {
	    .msg_name = &name, .msg_namelen = len, .msg_iov = &iov, .msg_iovlen = 1};
	s64 ret;

	if (c->args[2] > PLANE_BUF)
		ret = -EMSGSIZE;
	else if (mem_read(c, c->args[1], s->plane->user, c->args[2]))
		ret = -EFAULT;
	else
		ret = unix_send(s, c, t, &h, (int)c->args[3]);
	unix_reply(s, c, t, ret);
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

static s64 unix_do_sendmsg(struct super *s, const struct call *c,
			   const struct target *t, const struct sockaddr_storage *a,
			   const struct msghdr *there)
{
	struct plane *pl = s->plane;
	struct sockaddr_storage name = *a;
	struct iovec iov = {pl->user, 0};
	struct msghdr h = {.msg_name = &name,
			   .msg_namelen = there->msg_namelen,
			   .msg_iov = &iov,
			   .msg_iovlen = 1};
	size_t total;
	int err = mem_read_iov(c, (uintptr_t)there->msg_iov, there->msg_iovlen, pl->iov,
			       &total);

	if (err)
		return err;
	if (total > PLANE_BUF)
		return -EMSGSIZE;
	if (there->msg_controllen > PLANE_CONTROL)
		return -ENOBUFS;
	iov.iov_len = total;
	if (there->msg_control && there->msg_controllen) {
		h.msg_control = pl->control;
		h.msg_controllen = there->msg_controllen;
	}
	if (mem_gather(c, pl->iov, there->msg_iovlen, 0, pl->user, total) ||
	    mem_read(c, (uintptr_t)there->msg_control, pl->control, h.msg_controllen))
		return -EFAULT;
	return unix_send_control(s, c, t, &h, (int)c->args[2]);
}

void unix_sendmsg(struct super *s, struct call *c, const struct target *t)
{
	struct sockaddr_storage a;
	struct msghdr there;

	if (!s->plane || mem_read(c, c->args[1], &there, sizeof(there)) ||
	    !there.msg_name || !there.msg_namelen ||
	    addr_read(c, (uintptr_t)there.msg_name, there.msg_namelen, &a) ||
	    !unix_is_abstract(&a, there.msg_namelen)) {
		unix_continue(s, c, t);
		return;
	}
	unix_reply(s, c, t, unix_do_sendmsg(s, c, t, &a, &there));
}
