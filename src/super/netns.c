/* SPDX-License-Identifier: MIT */
/*
 * netns.c - namespaces of processes: unshare, setns, clone, mount, and their end
 *
 * A namespace is seen by programs as a file. Each has one real file in the
 * private directory (files.c), so that fstat() on any open descriptor of it,
 * and the text of readlink, name the same inode. A "bind mount" of it onto
 * /run/netns/NAME is a hard link renamed over NAME; how many names there are
 * is the link count. A bind onto any other path is a row in a table.
 *
 * What keeps a namespace alive (N1.17), and how we hear that it stopped:
 *
 *   a task in it       its tag (task.c); one task of each unnamed namespace is
 *                      watched by pidfd, a witness, and when it ends another
 *                      is looked for
 *   a name             the link count; names go through our umount2
 *   a bind elsewhere   pins
 *   an open file       a write lease can be had only when nobody has the file
 *                      open (also not by dup, fork, or in flight); inotify
 *                      tells of the last close
 *   an open view       likewise: a second descriptor of each is kept, to ask
 *   (/proc/PID/net/X)  with; nothing tells, so it is looked at now and then
 *   a socket           holds a user of the struct net itself; AF_UNIX: unix_ns.c
 *
 * Each of these events only asks for a sweep. The sweep is the one place that
 * decides, and it looks at the truth, not at counts of ours.
 *
 * netns_calls.c has the calls.
 */

#include "super/netns.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/net.h"
#include "core/warren.h"
#include "super/cred.h"
#include "super/files.h"
#include "super/task.h"
#include "super/unix_ns.h"
#include "super/userns.h"

enum {
	SWEEP_SOON_MS = 10,	/* lets a burst of ends pass first */
	SWEEP_SOCKETS_MS = 200, /* a namespace that only sockets keep */
	INDEX_MAX = 1 << 24,
};

/* ---- birth and death ---- */

static int ns_index(struct super *s, u32 *index)
{
	struct netns **grown;
	u32 cap;

	if (s->n_netns * 2 < s->ns_cap) {
		/* round robin: an index rests before it is used again */
		for (u32 i = 0; i < s->ns_cap; i++) {
			u32 at = (s->ns_next + i) % s->ns_cap;

			if (at && !s->ns_by_index[at]) {
				s->ns_next = at + 1;
				*index = at;
				return 0;
			}
		}
	}
	if (s->ns_cap >= INDEX_MAX)
		return -ENOSPC;
	cap = s->ns_cap ? s->ns_cap * 2 : 64;
	grown = realloc(s->ns_by_index, cap * sizeof(struct netns *));
	if (!grown)
		return -ENOMEM;
	memset(grown + s->ns_cap, 0, (cap - s->ns_cap) * sizeof(struct netns *));
	s->ns_by_index = grown;
	*index = s->ns_cap ? s->ns_cap : 1;
	s->ns_next = *index + 1;
	s->ns_cap = cap;
	return 0;
}

/* Its file, with an identity. The name rests, too: programs remember inodes. */
static int ns_make_file(struct super *s, struct netns *ns)
{
	char path[64];
	int fd, err;

	snprintf(ns->file, sizeof(ns->file), "%u", ns->index);
	fd = openat(files_ns_dir(s), ns->file,
		    O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0444);
	if (fd < 0)
		return -errno;
	err = fchmod(fd, 0444) ? -errno : 0;
	if (!err)
		err = super_ident_add(s, &ns->ident, IDENT_NETNS, fd);
	if (err)
		unlinkat(files_ns_dir(s), ns->file, 0);
	/* without a watch (the user has too many) the sweep comes late, not never */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	inotify_add_watch(s->inotify.fd, path, IN_CLOSE_NOWRITE | IN_CLOSE_WRITE);
	close(fd);
	return err;
}

static void ns_free_file(struct super *s, struct netns *ns)
{
	super_ident_del(s, &ns->ident);
	unlinkat(files_ns_dir(s), ns->file, 0);
}

static int ns_add(struct super *s, struct net *net, struct userns *owner, bool initial,
		  struct netns **out)
{
	struct netns *ns = calloc(1, sizeof(*ns));
	int err;

	if (!ns)
		return -ENOMEM;
	ns->net = net;
	ns->initial = initial;
	list_init(&ns->views);
	list_init(&ns->unixes);
	ns->witness.fd = -1;
	ns->probe = -1;
	if (!initial) {
		err = ns_index(s, &ns->index);
		if (err)
			goto err_free;
	}
	err = ns_make_file(s, ns);
	if (err)
		goto err_free;
	if (!initial) {
		s->ns_by_index[ns->index] = ns;
		s->n_netns++;
	}
	userns_get(owner);
	ns->owner = owner;
	if (net)
		net->owner = owner;
	list_add_tail(&s->netnses, &ns->node);
	*out = ns;
	return 0;
err_free:
	free(ns);
	return err;
}

int netns_new(struct super *s, const char *name, const struct cred *by,
	      const struct net *creator, struct netns **out)
{
	struct net *net = NULL;
	int err = userns_charge(by->ns, by->euid);

	if (err)
		return err;
	if (s->w)
		err = net_new_by(s->w, name, creator, &net);
	if (err)
		goto err_charge;
	err = ns_add(s, net, by->ns, false, out);
	if (err)
		goto err_net;
	(*out)->uid = by->euid;
	return 0;
err_net:
	if (net)
		net_put(net);
err_charge:
	userns_uncharge(by->ns, by->euid);
	return err;
}

static void ns_unwitness(struct super *s, struct netns *ns)
{
	if (ns->witness.fd < 0)
		return;
	super_unwatch(s, &ns->witness);
	close(ns->witness.fd);
	ns->witness.fd = -1;
}

/* ---- open files ---- */

/*
 * A write lease is granted only when no other open file of the inode exists.
 * The descriptor we ask with stays: its close would be an event like others.
 */
static bool is_open_elsewhere(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_WRLCK))
		return errno == EAGAIN;
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return false;
}

/* A view that a program got, as far as we know still open */
struct view_file {
	struct list node; /* netns.views, the longest unseen first */
	int probe;
};

static void view_del(struct view_file *v)
{
	close(v->probe);
	list_del(&v->node);
	free(v);
}

/* Look at the first one. Return: is it open? */
static bool views_look(struct netns *ns)
{
	struct view_file *v = list_first(&ns->views, struct view_file, node);

	if (!v)
		return false;
	if (!is_open_elsewhere(v->probe)) {
		view_del(v);
		return false;
	}
	list_del(&v->node);
	list_add_tail(&ns->views, &v->node);
	return true;
}

static bool ns_is_viewed(struct netns *ns)
{
	while (!list_empty(&ns->views))
		if (views_look(ns))
			return true;
	return false;
}

void netns_keep_view(struct netns *ns, int fd)
{
	struct view_file *v;
	char path[32];

	if (ns->initial)
		return;
	/* each looks at two before it: so closed ones do not add up */
	views_look(ns);
	views_look(ns);
	v = calloc(1, sizeof(*v));
	if (!v)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	v->probe = open(path, O_RDONLY | O_CLOEXEC);
	if (v->probe >= 0)
		list_add_tail(&ns->views, &v->node);
	else
		free(v);
}

static void ns_del(struct super *s, struct netns *ns)
{
	struct view_file *v;

	log_debug(&s->log, "namespace %u ends", ns->index);
	while ((v = list_first(&ns->views, struct view_file, node)))
		view_del(v);
	unix_forget(s, ns);
	ns_unwitness(s, ns);
	if (ns->probe >= 0)
		close(ns->probe);
	task_drop_slot(s, ns);
	ns_free_file(s, ns);
	list_del(&ns->node);
	if (ns->net)
		ns->net->owner = NULL;
	if (!ns->initial)
		userns_uncharge(ns->owner, ns->uid);
	userns_put(s, ns->owner);
	if (!ns->initial) {
		s->ns_by_index[ns->index] = NULL;
		s->n_netns--;
		if (ns->net)
			net_put(ns->net);
	}
	free(ns);
}

/* ---- finding ---- */

struct netns *netns_by_index(struct super *s, u32 index)
{
	return index < s->ns_cap ? s->ns_by_index[index] : NULL;
}

struct netns *netns_by_net(struct super *s, const struct net *net)
{
	struct netns *ns;

	list_for_each(ns, &s->netnses, node)
		if (ns->net == net)
			return ns;
	return NULL;
}

struct net *super_net(struct super *s, const struct call *c)
{
	return task_netns(s, c->tid)->net;
}

int netns_by_pid(struct super *s, pid_t pid, struct netns **out)
{
	if (pid <= 0 || !task_is_alive(pid) || !task_is_ours(s, pid))
		return -ESRCH;
	*out = task_netns(s, pid);
	return 0;
}

pid_t pidfd_pid(const struct call *c, int fd)
{
	char path[64], text[1024];
	const char *at;
	ssize_t n;
	int info;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)c->tid, fd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return 0;
	n = read(info, text, sizeof(text) - 1);
	close(info);
	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, "\nPid:");
	return at ? (pid_t)atoi(at + 5) : 0;
}

int netns_by_fd(struct super *s, const struct call *c, int fd, bool pidfd_too,
		struct netns **out)
{
	struct ident *id;
	int copy, err = task_ident(s, c, fd, &id, &copy);

	if (err)
		return err;
	err = -EINVAL;
	if (id && id->kind == IDENT_NETNS) {
		*out = container_of(id, struct netns, ident);
		err = 0;
	} else if (pidfd_too) {
		pid_t pid = pidfd_pid(c, fd);

		if (pid)
			err = netns_by_pid(s, pid, out);
	}
	close(copy);
	return err;
}

int netns_open(struct super *s, const struct netns *ns, bool path)
{
	/* a flag without effect stands for O_PATH */
	int fd = openat(files_ns_dir(s), ns->file,
			O_RDONLY | O_CLOEXEC | (path ? O_NOATIME : 0));

	return fd < 0 ? -errno : fd;
}

/* ---- the caller, for the stack ---- */

static int caller_by_fd(const struct caller *caller, int fd, struct net **out)
{
	const struct super_caller *sc = caller->arg; /* @caller may be a copy */
	struct netns *ns;
	int err = netns_by_fd(sc->s, sc->c, fd, false, &ns);

	if (err)
		return err == -EBADF ? err : -EINVAL;
	net_get(ns->net);
	*out = ns->net;
	return 0;
}

static int caller_by_pid(const struct caller *caller, int pid, struct net **out)
{
	const struct super_caller *sc = caller->arg; /* @caller may be a copy */
	struct netns *ns;
	int err = netns_by_pid(sc->s, pid, &ns);

	if (err)
		return err;
	net_get(ns->net);
	*out = ns->net;
	return 0;
}

static u64 caller_caps_of(const struct caller *caller, const struct net *net)
{
	const struct super_caller *sc = caller->arg;

	return cred_caps_in(sc->cred, net->owner ? net->owner : sc->s->first_userns);
}

static const struct caller_ops caller_ops = {
    .net_by_fd = caller_by_fd,
    .net_by_pid = caller_by_pid,
    .caps_in = caller_caps_of,
};

void netns_caller(struct super *s, const struct call *c, struct super_caller *out)
{
	memset(out, 0, sizeof(*out));
	out->s = s;
	out->c = c;
	out->caller.net = super_net(s, c);
	out->cred = cred_of(s, c->tid);
	out->caller.uid = out->cred->fsuid;
	out->caller.gid = out->cred->egid;
	out->caller.pid = task_pid(s, c->tid);
	out->caller.caps = cred_caps_in(out->cred, s->first_userns);
	out->caller.ops = &caller_ops;
	out->caller.arg = out;
}

/* ---- the sweep ---- */

void netns_kick(struct super *s)
{
	u64 at = super_now() + SWEEP_SOON_MS * NS_PER_MS;

	if (s->n_netns && (!s->sweep_ns || s->sweep_ns > at))
		s->sweep_ns = at;
}

/* Names are hard links beside the file itself. */
static bool ns_is_named(struct super *s, const struct netns *ns)
{
	struct stat st;

	return !fstatat(files_ns_dir(s), ns->file, &st, 0) && st.st_nlink > 1;
}

static bool ns_is_open(struct super *s, struct netns *ns)
{
	if (ns->probe < 0)
		ns->probe = openat(files_ns_dir(s), ns->file, O_RDONLY | O_CLOEXEC);
	if (ns->probe < 0)
		return false;
	return is_open_elsewhere(ns->probe);
}

static bool ns_has_sockets(struct super *s, struct netns *ns)
{
	if (ns->net && ns->net->users.n > 1)
		return true;
	if (!list_empty(&ns->unixes))
		unix_walk(s);
	return !list_empty(&ns->unixes);
}

static void witness_event(struct super *s, struct source *src, u32 events)
{
	(void)events;
	ns_unwitness(s, container_of(src, struct netns, witness));
	netns_kick(s);
}

static void ns_mark(struct netns *ns, pid_t pid)
{
	ns->inhabited = true;
	ns->seen = pid;
}

/* Be told when a member ends, so that the next sweep comes then. */
static void ns_witness(struct super *s, struct netns *ns)
{
	int fd;

	if (ns->witness.fd >= 0)
		return;
	fd = (int)syscall(SYS_pidfd_open, ns->seen, 0);
	if (fd < 0) {
		netns_kick(s);
		return;
	}
	if (super_watch(s, &ns->witness, fd, EPOLLIN, witness_event)) {
		close(fd);
		ns->witness.fd = -1;
	}
}

static bool sweep_is_needed(struct super *s)
{
	struct netns *ns;

	list_for_each(ns, &s->netnses, node) {
		ns->inhabited = false;
		if (!ns->initial && !ns->pins && !ns_is_named(s, ns))
			return true;
	}
	return false;
}

void netns_sweep(struct super *s)
{
	struct netns *ns, *tmp;

	s->sweep_ns = 0;
	if (!sweep_is_needed(s))
		return;
	list_for_each(ns, &s->netnses, node)
		ns->inhabited = false;
	task_mark(s, ns_mark);
	list_for_each_safe(ns, tmp, &s->netnses, node) {
		if (ns->initial || ns->pins || ns_is_named(s, ns))
			continue;
		if (ns->inhabited) {
			ns_witness(s, ns);
			continue;
		}
		if (ns_is_open(s, ns))
			continue; /* inotify will tell */
		if (!ns_has_sockets(s, ns) && !ns_is_viewed(ns))
			ns_del(s, ns);
		else if (!s->sweep_ns)
			s->sweep_ns = super_now() + SWEEP_SOCKETS_MS * NS_PER_MS;
	}
}

void netns_unnamed(struct super *s, struct netns *ns)
{
	if (ns->initial || ns->pins || ns_is_named(s, ns))
		return;
	if (ns_is_open(s, ns) || ns_has_sockets(s, ns) || ns_is_viewed(ns)) {
		netns_kick(s);
		return;
	}
	ns->inhabited = false;
	task_mark(s, ns_mark);
	if (ns->inhabited) {
		ns_witness(s, ns);
		return;
	}
	ns_del(s, ns);
	worker_bury(s->w->worker);
}

static void inotify_event(struct super *s, struct source *src, u32 events)
{
	char buf[4096];

	(void)events;
	while (read(src->fd, buf, sizeof(buf)) > 0)
		;
	netns_kick(s);
}

/* ---- the room's own birth and death ---- */

int netns_init(struct super *s)
{
	int err, fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd < 0)
		return -errno;
	err = super_watch(s, &s->inotify, fd, EPOLLIN, inotify_event);
	if (err)
		goto err_close;
	err =
	    ns_add(s, s->w ? s->w->init_net : NULL, s->first_userns, true, &s->init_ns);
	if (err)
		goto err_unwatch;
	return 0;
err_unwatch:
	super_unwatch(s, &s->inotify);
err_close:
	close(fd);
	return err;
}

void netns_fini(struct super *s)
{
	struct netns *ns;

	while ((ns = list_last(&s->netnses, struct netns, node)))
		ns_del(s, ns);
	s->init_ns = NULL;
	free(s->ns_by_index);
	s->ns_by_index = NULL;
	super_unwatch(s, &s->inotify);
	close(s->inotify.fd);
}
