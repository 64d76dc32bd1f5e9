/* SPDX-License-Identifier: MIT */
/*
 * unix_ns.c - which namespace an AF_UNIX socket of a program belongs to
 *
 * Such a socket is the host's and its data never comes near us, but it is
 * tagged with a namespace like any other (N3.1): for SO_NETNS_COOKIE, for
 * abstract names, and it keeps that namespace alive (N1.17). So socket() and
 * socketpair() are caught, the socket is made here and its inode noted. Sockets
 * of the host have inode numbers that come round after 2^32 of them; a row is
 * old long before.
 *
 * Nobody tells us of a close. When it matters, because a namespace may end, or
 * when there are twice as many rows as after the last look, the host is asked
 * for all AF_UNIX sockets (plane_loose.c), and rows of the others go.
 *
 * What accept() returns is made by the kernel and has no row: it belongs to
 * where its peer, the connecting socket, was made (N3.3).
 */

#include "super/unix_ns.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "super/calls.h"
#include "super/memory.h"
#include "super/netns.h"
#include "super/plane.h"
#include "super/task.h"

enum { WALK_AT_LEAST = 1024 };

struct unix_row {
	struct table_node node; /* super.unixes, by inode */
	struct list ns_node;	/* netns.unixes */
	struct netns *ns;
	u32 ino;
	pid_t maker; /* thread */
	u32 seen;    /* the last walk that saw it */
};

/* ---- rows ---- */

static u32 ino_hash(u32 ino)
{
	return ino * 0x9e3779b1U;
}

static struct unix_row *row_find(struct super *s, u32 ino)
{
	struct table_node *n = table_first(&s->unixes, ino_hash(ino));

	for (; n; n = table_next(n)) {
		struct unix_row *r = container_of(n, struct unix_row, node);

		if (r->ino == ino)
			return r;
	}
	return NULL;
}

static void row_del(struct super *s, struct unix_row *r)
{
	table_del(&s->unixes, &r->node);
	list_del(&r->ns_node);
	free(r);
}

/* Of socket @fd, made for the caller */
static int row_new(struct super *s, const struct call *c, int fd)
{
	struct unix_row *r;
	struct stat st;
	int err;

	if (fstat(fd, &st))
		return -errno;
	r = row_find(s, (u32)st.st_ino);
	if (r)
		row_del(s, r);
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->ino = (u32)st.st_ino;
	r->maker = c->tid;
	r->seen = s->unix_serial;
	r->ns = task_netns(s, c->tid);
	err = table_add(&s->unixes, &r->node, ino_hash(r->ino));
	if (err) {
		free(r);
		return err;
	}
	list_add_tail(&r->ns->unixes, &r->ns_node);
	if (s->unixes.n > s->unix_walk_at)
		unix_walk(s);
	return 0;
}

static void row_see(struct super *s, const struct unix_info *u, void *arg)
{
	struct unix_row *r = row_find(s, u->ino);

	(void)arg;
	if (r)
		r->seen = s->unix_serial;
}

void unix_walk(struct super *s)
{
	struct netns *ns;

	s->unix_serial++;
	if (s->plane && plane_unix_dump(s->plane, false, row_see, NULL))
		list_for_each(ns, &s->netnses, node) {
			struct unix_row *r, *tmp;

			list_for_each_safe(r, tmp, &ns->unixes, ns_node)
				if (r->seen != s->unix_serial)
					row_del(s, r);
		}
	s->unix_walk_at = max(s->unixes.n * 2, (u32)WALK_AT_LEAST);
}

void unix_forget(struct super *s, struct netns *ns)
{
	struct unix_row *r;

	while ((r = list_first(&ns->unixes, struct unix_row, ns_node)))
		row_del(s, r);
}

/* ---- whose is it? ---- */

static struct unix_row *peer_row(struct super *s, u32 ino)
{
	u32 peer = s->plane ? plane_unix_peer(s->plane, ino) : 0;

	return peer ? row_find(s, peer) : NULL;
}

const struct netns *unix_owner(struct super *s, u32 ino)
{
	const struct unix_row *r = row_find(s, ino);

	return r ? r->ns : NULL;
}

struct netns *unix_ns(struct super *s, const struct call *c, int fd)
{
	struct unix_row *r = NULL;
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st)) {
		r = row_find(s, (u32)st.st_ino);
		if (!r)
			r = peer_row(s, (u32)st.st_ino);
	}
	return r ? r->ns : task_netns(s, c->tid);
}

pid_t unix_peer_maker(struct super *s, int fd)
{
	struct unix_row *r;
	struct stat st;

	if (fstat(fd, &st))
		return 0;
	r = peer_row(s, (u32)st.st_ino);
	return r ? r->maker : 0;
}

/* ---- /proc/net/unix ---- */

struct showing {
	const struct netns *ns;
	struct text *t;
};

static void show_name(struct super *s, const struct unix_info *u, struct text *t)
{
	struct sockaddr_storage a = {.ss_family = AF_UNIX};
	struct sockaddr_un *un = (void *)&a;
	socklen_t at = offsetof(struct sockaddr_un, sun_path), len = u->name_len;

	len = min(len, (socklen_t)sizeof(un->sun_path));
	memcpy(un->sun_path, u->name, len);
	len = unix_from_host(s, &a, at + len) - at;
	text_add(t, " ", 1);
	for (socklen_t i = 0; i < len; i++) {
		if (un->sun_path[i])
			text_add(t, un->sun_path + i, 1);
		else if (i == 0 || un->sun_path[0] == '\0')
			text_add(t, "@", 1);
	}
}

static void show_one(struct super *s, const struct unix_info *u, void *arg)
{
	const struct showing *sh = arg;
	const struct unix_row *r = row_find(s, u->ino);
	bool listens = u->state == TCP_LISTEN, joined = u->state == TCP_ESTABLISHED;

	if (!r && u->peer)
		r = row_find(s, u->peer);
	if (!r || r->ns != sh->ns)
		return;
	text_printf(sh->t, "%016x: %08X %08X %08X %04X %02X %5u", 0, joined ? 3 : 2, 0,
		    listens ? 0x10000 : 0, u->type, joined ? 3 : 1, u->ino);
	if (u->name && u->name_len)
		show_name(s, u, sh->t);
	text_add(sh->t, "\n", 1);
}

void unix_show(struct super *s, const struct netns *ns, struct text *t)
{
	struct showing sh = {ns, t};

	if (s->plane)
		plane_unix_dump(s->plane, true, show_one, &sh);
}

/* ---- socket, socketpair ---- */

void unix_call_socket(struct super *s, struct call *c)
{
	int type = (int)c->args[1], err = 0;
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, (int)c->args[2]);

	if (fd < 0)
		err = -errno;
	else
		err = row_new(s, c, fd);
	if (err)
		super_reply(s, c, err);
	else
		super_reply_fd(s, c, fd, type & SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
}

static int give_pair(struct super *s, struct call *c, const int fd[2])
{
	int there[2] = {-1, -1}, err = row_new(s, c, fd[0]);

	if (!err)
		err = row_new(s, c, fd[1]);
	/* may it be written at all? Descriptors cannot be taken back */
	if (!err)
		err = mem_write(c, c->args[3], there, sizeof(there));
	for (int i = 0; i < 2 && !err; i++) {
		there[i] = super_add_fd(s, c, fd[i], c->args[1] & SOCK_CLOEXEC);
		if (there[i] < 0)
			err = there[i];
	}
	return err ? err : mem_write(c, c->args[3], there, sizeof(there));
}

void unix_call_socketpair(struct super *s, struct call *c)
{
	int fd[2], err;

	if (socketpair(AF_UNIX, (int)c->args[1] | SOCK_CLOEXEC, (int)c->args[2], fd)) {
		super_reply(s, c, -errno);
		return;
	}
	err = give_pair(s, c, fd);
	close(fd[0]);
	close(fd[1]);
	super_reply(s, c, err);
}

/* ---- the room's own birth and death ---- */

void unix_ns_init(struct super *s)
{
	table_init(&s->unixes);
	s->unix_walk_at = WALK_AT_LEAST;
}

void unix_ns_fini(struct super *s)
{
	table_fini(&s->unixes);
}
