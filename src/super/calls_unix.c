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
 * Limits: the longest abstract name is PREFIX bytes shorter than on the host. Without
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
#include "super/netns.h"
#include "super/task.h"
#include "super/unix_ns.h"

enum {
	PREFIX = 9, /* 'w', 4 digits of the warren, 4 of the namespace */
	PATH_AT = offsetof(struct sockaddr_un, sun_path),
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

int unix_to_host(struct super *s, const struct call *c, int fd,
		 const struct sockaddr_storage *a, socklen_t len,
		 struct sockaddr_un *out)
{
	const struct sockaddr_un *un = (const void *)a;
	size_t n = len - PATH_AT - 1;

	memset(out, 0, sizeof(*out));
	if (n + 1 + PREFIX > sizeof(out->sun_path))
		return -EINVAL;
	out->sun_family = AF_UNIX;
	unix_prefix(s, unix_ns(s, c, fd)->net, out->sun_path + 1);
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

void unix_reply(struct super *s, struct call *c, const struct target *t, s64 ret)
{
	close(t->dup);
	super_reply(s, c, ret);
}

void unix_continue(struct super *s, struct call *c, const struct target *t)
{
	close(t->dup);
	super_continue(s, c);
}

u64 unix_timeout(int fd, int option)
{
	struct timeval tv = {0};
	socklen_t len = sizeof(tv);

	if (getsockopt(fd, SOL_SOCKET, option, &tv, &len))
		return 0;
	return (u64)tv.tv_sec * NS_PER_S + (u64)tv.tv_usec * NS_PER_US;
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
		len = unix_to_host(s, c, fd, &any, PATH_AT + 6, &host);
		if (!bind(fd, (struct sockaddr *)&host, (socklen_t)len))
			return 0;
		if (errno != EADDRINUSE)
			return -errno;
	}
	return -ENOSPC;
}

bool unix_is_socket(int fd)
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
	if (t->dup < 0 || !unix_is_socket(t->dup)) {
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
	len = unix_to_host(s, c, t->dup, &a, given, &host);
	if (len > 0)
		len =
		    bind(t->dup, (struct sockaddr *)&host, (socklen_t)len) ? -errno : 0;
	unix_reply(s, c, t, len);
}

/* ---- connect ---- */

/* Never for long: a full backlog would hold the supervisor. -EAGAIN: it is full */
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

static s64 attempt_unix_connect(struct op *op)
{
	const struct call *c = op->c;
	struct sockaddr_storage a;
	struct sockaddr_un host;
	int len = addr_read(c, c->args[1], c->args[2], &a);

	if (len)
		return len;
	if (!unix_is_abstract(&a, (socklen_t)c->args[2]))
		return -EINVAL; /* it was, a moment ago */
	len = unix_to_host(op->s, c, op->dup, &a, (socklen_t)c->args[2], &host);
	return len < 0 ? len : unix_try_connect(c, op->dup, &host, (socklen_t)len);
}

void unix_connect(struct super *s, struct call *c, const struct target *t)
{
	struct sockaddr_storage a;
	struct op op;

	if (!s->plane || addr_read(c, c->args[1], c->args[2], &a) ||
	    !unix_is_abstract(&a, (socklen_t)c->args[2])) {
		unix_continue(s, c, t);
		return;
	}
	if (t->dup < 0) {
		unix_reply(s, c, t, -EPERM);
		return;
	}
	if (!unix_is_socket(t->dup)) {
		unix_continue(s, c, t);
		return;
	}
	op_init(&op, s, c, t, attempt_unix_connect);
	op.timeout_ns = unix_timeout(t->dup, SO_SNDTIMEO);
	op.retry_ns = UNIX_RETRY_NS; /* nothing tells that a backlog has room */
	op_run(&op);
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
