/* SPDX-License-Identifier: MIT */
/*
 * plane_renew.c - a stream that begins anew gets a new carrier
 *
 * A TCP socket can be used again: after a refused connect() was reported, after
 * connect(AF_UNSPEC), after shutdown() of a listener. Its carrier can not: an
 * AF_UNIX socket that was connected or listened once stays what it is. So a fresh
 * one is put in the place of the old one, wherever the calling process holds it:
 * under each number of its descriptors, and in each of its epoll sets, where it is
 * known by number and open file.
 *
 * An epoll set says in /proc what it holds. Only a process in which a socket has
 * that very number can put it there, so a child of ours, whose descriptors are its
 * own, does that.
 *
 * A message socket with an error queue had its carrier made to fail, so that poll()
 * said POLLERR (plane_message.c). At its next call it goes on likewise.
 *
 * Limits: another process that holds the socket keeps the old carrier, which is dead.
 * Without pidfd_getfd epoll sets cannot be reached.
 */

#include "super/plane_impl.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "super/task.h"

/* One place where the old carrier was */
struct place {
	int fd;	 /* its number in the program */
	int set; /* a duplicate of the epoll set that holds it, owned; -1: none */
	struct epoll_event ev;
};

struct places {
	struct place *at; /* malloc */
	size_t n, cap;
};

static int places_add(struct places *pl, const struct place *p)
{
	if (pl->n == pl->cap) {
		size_t cap = pl->cap ? pl->cap * 2 : 16;
		struct place *at = realloc(pl->at, cap * sizeof(*at));

		if (!at)
			return -ENOMEM;
		pl->at = at;
		pl->cap = cap;
	}
	pl->at[pl->n++] = *p;
	return 0;
}

static void places_fini(struct places *pl)
{
	for (size_t i = 0; i < pl->n; i++)
		if (pl->at[i].set >= 0)
			close(pl->at[i].set);
	free(pl->at);
}

/* What the program's epoll set @fd has of the socket @ino */
static void places_in_set(struct super *s, const struct call *c, int fd, u64 ino,
			  struct places *pl)
{
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)c->tid, fd);
	f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		unsigned long long data, node;
		struct place p;

		if (sscanf(line, "tfd: %d events: %x data: %llx pos:%*d ino:%llx",
			   &p.fd, &p.ev.events, &data, &node) != 4 ||
		    node != ino)
			continue;
		p.ev.data.u64 = data;
		if (!task_getfd(s, c, fd, &p.set) && places_add(pl, &p))
			close(p.set);
	}
	fclose(f);
}

/* Wherever the caller's process has the socket @ino */
static void places_find(struct super *s, const struct call *c, u64 ino,
			struct places *pl)
{
	char path[64], text[64], name[64];
	struct dirent *d;
	DIR *dir;

	snprintf(name, sizeof(name), "socket:[%llu]", (unsigned long long)ino);
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)c->tid);
	dir = opendir(path);
	if (!dir)
		return;
	while ((d = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), d->d_name, text, sizeof(text) - 1);
		struct place p = {.fd = atoi(d->d_name), .set = -1};

		text[max(n, (ssize_t)0)] = '\0';
		if (!strcmp(text, name))
			places_add(pl, &p);
		else if (!strcmp(text, "anon_inode:[eventpoll]"))
			places_in_set(s, c, p.fd, ino, pl);
	}
	closedir(dir);
}

/* The duplicate in our hands may stand where the socket shall go: away with it. */
static int move_aside(int fd, int from)
{
	return fd > from ? fd : fcntl(fd, F_DUPFD, from + 1);
}

/* In the child: @from out of the set, @to into it, both under the program's number */
static void set_exchange(const struct place *p, int from, int to)
{
	struct epoll_event ev = p->ev;
	int above = p->fd, set = move_aside(p->set, above);

	from = move_aside(from, above);
	to = move_aside(to, above);
	if (set < 0 || from < 0 || to < 0)
		return;
	if (dup2(from, p->fd) == p->fd)
		epoll_ctl(set, EPOLL_CTL_DEL, p->fd, NULL);
	if (dup2(to, p->fd) == p->fd)
		epoll_ctl(set, EPOLL_CTL_ADD, p->fd, &ev);
}

static void sets_exchange(const struct places *pl, int from, int to)
{
	pid_t pid;
	size_t i;

	for (i = 0; i < pl->n && pl->at[i].set < 0; i++)
		;
	if (i == pl->n)
		return;
	pid = fork();
	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (pid)
		return;
	for (; i < pl->n; i++)
		if (pl->at[i].set >= 0)
			set_exchange(&pl->at[i], from, to);
	_exit(0);
}

/* What the program asked of the old carrier itself */
static void carrier_copy_settings(int from, int to)
{
	static const int options[] = {SO_RCVTIMEO, SO_SNDTIMEO, SO_RCVLOWAT};
	struct f_owner_ex owner;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		struct timeval val; /* the largest of them */
		socklen_t len = sizeof(val);

		if (!getsockopt(from, SOL_SOCKET, options[i], &val, &len))
			setsockopt(to, SOL_SOCKET, options[i], &val, len);
	}
	if (!fcntl(from, F_GETOWN_EX, &owner) && owner.pid)
		fcntl(to, F_SETOWN_EX, &owner);
	fcntl(to, F_SETSIG, fcntl(from, F_GETSIG));
	fcntl(to, F_SETFL, fcntl(from, F_GETFL));
}

static void ep_reset(struct endpoint *ep)
{
	ep_close_ours(ep);
	ep_unkeep(ep);
	ep_rest_clear(&ep->to_stack);
	ep->eof = ep->hup = ep->fin = ep->prog_shut = false;
	ep->narrow = ep->deaf = ep->mute = false;
	ep->junk = 0;
	ep->err = 0;
	ep->missed = 0;
	ep->state = EP_FRESH;
	ep_make_loose(ep);
}

static int ident_exchange(struct endpoint *ep, int from, int to)
{
	struct super *s = ep->plane->s;
	int err;

	super_ident_del(s, &ep->ident);
	err = super_ident_add(s, &ep->ident, IDENT_SOCKET, to);
	if (err && super_ident_add(s, &ep->ident, IDENT_SOCKET, from))
		ep->known = false;
	ep->sk->inode = ep->ident.ino;
	return err;
}

/* Under all its numbers in the program. Return: 0 when the caller's own was one */
static int names_exchange(struct super *s, struct call *c, const struct places *pl,
			  int to)
{
	int own = (int)c->args[0], err = -EBADF;

	for (size_t i = 0; i < pl->n; i++) {
		int fd = pl->at[i].fd, flags = task_fd_flags(c, fd), n;

		if (pl->at[i].set >= 0 || flags < 0)
			continue;
		n = super_put_fd(s, c, to, fd, flags & O_CLOEXEC);
		if (fd == own)
			err = min(n, 0);
	}
	return err;
}

static int fresh_pair(const struct endpoint *ep, int pair[2])
{
	pair[1] = -1;
	if (ep->kind == EP_MESSAGE)
		return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)
			   ? -errno
			   : 0;
	pair[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return pair[0] < 0 ? -errno : 0;
}

/* The new carrier is in its place, with @ours as our end; what the program has not
 * read of the old one goes along */
static void message_begin(struct endpoint *ep, int old, int ours)
{
	socklen_t len = sizeof(int);
	ssize_t n;
	int err;

	getsockopt(old, SOL_SOCKET, SO_ERROR, &err, &len); /* is in the way */
	while ((n = recv(old, ep->plane->buf, sizeof(ep->plane->buf), MSG_DONTWAIT)) >
	       0)
		send(ours, ep->plane->buf, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	list_del(&ep->loose);
	ep->alarm = ep->failed = false;
	ep->state = EP_JOINED;
	if (ep_set_ours(ep, ours))
		close(ours);
	work_defer(ep->sk->net->worker, &ep->work);
}

int ep_renew(struct endpoint *ep, struct call *c, int *carrier)
{
	struct super *s = ep->plane->s;
	u64 old = ep->ident.ino;
	struct places pl = {0};
	int pair[2], fresh, err = fresh_pair(ep, pair);
	u32 pushed;
	int pending;

	if (err)
		return err;
	fresh = pair[0];
	carrier_copy_settings(*carrier, fresh);
	places_find(s, c, old, &pl);
	err = ident_exchange(ep, *carrier, fresh);
	if (err)
		goto err_close;
	err = names_exchange(s, c, &pl, fresh);
	if (err)
		goto err_ident;
	sets_exchange(&pl, *carrier, fresh);
	places_fini(&pl);
	pushed = ep->pushed;
	pending = ep->err;
	ep_reset(ep);
	if (ep->kind == EP_MESSAGE) {
		message_begin(ep, *carrier, pair[1]);
		ep->pushed = pushed;
		ep->err = pending;
	}
	ep_keep(ep, fresh);
	close(*carrier);
	*carrier = fresh;
	return 0;
err_ident:
	ident_exchange(ep, fresh, *carrier);
err_close:
	places_fini(&pl);
	close(fresh);
	if (pair[1] >= 0)
		close(pair[1]);
	return err;
}

void ep_mend(struct endpoint *ep, struct call *c, int *carrier)
{
	if (ep->failed && !ep->ring && *carrier >= 0)
		ep_renew(ep, c, carrier);
}
