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
 *   a socket           holds a user of the struct net itself
 *
 * Each of these events only asks for a sweep. The sweep is the one place that
 * decides, and it looks at the truth, not at counts of ours.
 *
 * Calls. unshare() and clone() may carry flags that are the kernel's beside
 * ours. With ours alone nothing is left for the kernel and we answer; else the
 * call is run again with ours taken out (trace.c). A new mount namespace is
 * granted without making one: mount() is ours altogether, so nothing that a
 * program mounts reaches the host; what has no meaning here is EPERM.
 *
 * Not done: user namespaces as owners (every program
 * has all capabilities over the warren's namespaces).
 */

#include "super/netns.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/net.h"
#include "core/warren.h"
#include "super/files.h"
#include "super/memory.h"
#include "super/mounts.h"
#include "super/task.h"
#include "super/trace.h"

#ifndef NS_GET_ID
#define NS_GET_ID 0x8008b70d /* 6.18 */
#endif

enum {
	SWEEP_SOON_MS = 10,	/* lets a burst of ends pass first */
	SWEEP_SOCKETS_MS = 200, /* a namespace that only sockets keep */
	INDEX_MAX = 1 << 24,
	PIDFD_GET_NET_NAMESPACE_ = 0xff04,
	RETURN_FLAGS = CLONE_NEWNET | CLONE_NEWNS, /* what we take out */
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

static int ns_add(struct super *s, struct net *net, bool initial, struct netns **out)
{
	struct netns *ns = calloc(1, sizeof(*ns));
	int err;

	if (!ns)
		return -ENOMEM;
	ns->net = net;
	ns->initial = initial;
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
	list_add_tail(&s->netnses, &ns->node);
	*out = ns;
	return 0;
err_free:
	free(ns);
	return err;
}

int netns_new(struct super *s, const char *name, struct netns **out)
{
	struct net *net = NULL;
	int err = 0;

	if (s->w)
		err = net_new(s->w, name, &net);
	if (err)
		return err;
	err = ns_add(s, net, false, out);
	if (err && net)
		net_put(net);
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

static void ns_del(struct super *s, struct netns *ns)
{
	log_debug(&s->log, "namespace %u ends", ns->index);
	ns_unwitness(s, ns);
	if (ns->probe >= 0)
		close(ns->probe);
	task_drop_slot(s, ns);
	ns_free_file(s, ns);
	list_del(&ns->node);
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
	if (pid <= 0 || !task_is_ours(s, pid))
		return -ESRCH;
	*out = task_netns(s, pid);
	return 0;
}

/* The process that our descriptor @fd, a pidfd, names. 0: it is none; -1: it ended */
static pid_t pidfd_pid(int fd)
{
	char path[64], text[1024];
	const char *at;
	ssize_t n;
	int info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
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
		pid_t pid = pidfd_pid(copy);

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

static const struct caller_ops caller_ops = {
    .net_by_fd = caller_by_fd,
    .net_by_pid = caller_by_pid,
};

void netns_caller(struct super *s, const struct call *c, struct super_caller *out)
{
	memset(out, 0, sizeof(*out));
	out->s = s;
	out->c = c;
	out->caller.net = super_net(s, c);
	out->caller.uid = s->uid;
	out->caller.gid = s->gid;
	out->caller.pid = task_pid(s, c->tid);
	out->caller.caps = ~0ULL;
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

/*
 * A write lease is granted only when no other open file of the inode exists.
 * The descriptor we ask with stays: its close would be an event like others.
 */
static bool ns_is_open(struct super *s, struct netns *ns)
{
	if (ns->probe < 0)
		ns->probe = openat(files_ns_dir(s), ns->file, O_RDONLY | O_CLOEXEC);
	if (ns->probe < 0)
		return false;
	if (fcntl(ns->probe, F_SETLEASE, F_WRLCK))
		return errno == EAGAIN;
	fcntl(ns->probe, F_SETLEASE, F_UNLCK);
	return false;
}

static bool ns_has_sockets(const struct netns *ns)
{
	return ns->net && ns->net->users.n > 1;
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
		if (!ns_has_sockets(ns))
			ns_del(s, ns);
		else if (!s->sweep_ns)
			s->sweep_ns = super_now() + SWEEP_SOCKETS_MS * NS_PER_MS;
	}
}

static void inotify_event(struct super *s, struct source *src, u32 events)
{
	char buf[4096];

	(void)events;
	while (read(src->fd, buf, sizeof(buf)) > 0)
		;
	netns_kick(s);
}

/* ---- unshare, setns, clone ---- */

/* A call that the kernel runs with our flags taken out. */
struct leave {
	struct netns *to;   /* the new namespace, pinned */
	struct netns *back; /* clone: the parent's own, pinned */
};

static void leave_free(struct super *s, struct leave *lv)
{
	lv->to->pins--;
	if (lv->back)
		lv->back->pins--;
	free(lv);
	netns_kick(s);
}

static void unshare_done(struct super *s, pid_t tid, bool ok, s64 ret, void *arg)
{
	struct leave *lv = arg;

	if (ok && ret == 0)
		task_set_netns(s, tid, lv->to);
	leave_free(s, lv);
}

/* The child was born with our tag; the parent goes back. */
static void clone_done(struct super *s, pid_t tid, bool ok, s64 ret, void *arg)
{
	struct leave *lv = arg;

	(void)ok;
	(void)ret;
	task_set_netns(s, tid, lv->back);
	leave_free(s, lv);
}

static void plain_done(struct super *s, pid_t tid, bool ok, s64 ret, void *arg)
{
	(void)s, (void)tid, (void)ok, (void)ret, (void)arg;
}

static int leave_new(struct super *s, struct leave **out)
{
	struct leave *lv = calloc(1, sizeof(*lv));
	int err;

	if (!lv)
		return -ENOMEM;
	err = netns_new(s, "", &lv->to);
	if (err) {
		free(lv);
		return err;
	}
	lv->to->pins++;
	*out = lv;
	return 0;
}

static void call_unshare(struct super *s, struct call *c)
{
	u64 flags = c->args[0], rest = flags & ~(u64)RETURN_FLAGS;
	struct netns *ns;
	struct leave *lv;
	int err;

	if (!(flags & CLONE_NEWNET)) {
		if (rest)
			trace_rerun(s, c, rest, plain_done, NULL);
		else
			super_reply(s, c, 0);
		return;
	}
	if (rest) {
		err = leave_new(s, &lv);
		if (err)
			super_reply(s, c, err);
		else
			trace_rerun(s, c, rest, unshare_done, lv);
		return;
	}
	err = netns_new(s, "", &ns);
	if (!err)
		err = task_set_netns(s, c->tid, ns);
	netns_kick(s); /* what it left, or the new one when that failed */
	super_reply(s, c, err);
}

static void call_clone(struct super *s, struct call *c)
{
	struct leave *lv;
	int err = leave_new(s, &lv);

	if (!err) {
		lv->back = task_netns(s, c->tid);
		lv->back->pins++;
		err = task_set_netns(s, c->tid, lv->to);
		if (err)
			leave_free(s, lv);
	}
	if (err)
		super_reply(s, c, err);
	else
		trace_rerun(s, c, c->args[0] & ~(u64)RETURN_FLAGS, clone_done, lv);
}

static void call_setns(struct super *s, struct call *c)
{
	int fd = (int)c->args[0], type = (int)c->args[1];
	struct ident *id;
	struct netns *ns;
	int copy, err = task_ident(s, c, fd, &id, &copy);
	pid_t pid;

	if (err) {
		super_reply(s, c, err);
		return;
	}
	if (id && id->kind == IDENT_NETNS) {
		ns = container_of(id, struct netns, ident);
		if (fcntl(copy, F_GETFL) & O_NOATIME)
			err = -EBADF; /* opened with O_PATH */
		else if (type && type != CLONE_NEWNET)
			err = -EINVAL;
		else
			err = task_set_netns(s, c->tid, ns);
		netns_kick(s);
		goto out;
	}
	pid = pidfd_pid(copy);
	if (pid && type & CLONE_NEWNET) {
		err = netns_by_pid(s, pid, &ns);
		if (!err)
			err = task_set_netns(s, c->tid, ns);
		netns_kick(s);
		goto out;
	}
	err = -EINVAL;
	/* a namespace file of the host: never its network */
	if (type == CLONE_NEWNET || id || ioctl(copy, NS_GET_NSTYPE) == CLONE_NEWNET)
		goto out;
	close(copy);
	super_continue(s, c);
	return;
out:
	close(copy);
	super_reply(s, c, err);
}

/* ---- mount, umount2 ---- */

static int mount_read_type(const struct call *c, char *buf, size_t size)
{
	buf[0] = '\0';
	if (!c->args[2] || mem_read_str(c, c->args[2], buf, size))
		buf[0] = '\0';
	return 0;
}

static int mount_bind(struct super *s, struct call *c)
{
	struct path *from, *to;
	struct netns *ns = NULL;
	int err = -ENOMEM;

	from = malloc(sizeof(*from));
	to = malloc(sizeof(*to));
	if (!from || !to)
		goto out;
	err = files_path(s, c, AT_FDCWD, c->args[0], from);
	if (!err)
		err = files_path(s, c, AT_FDCWD, c->args[1], to);
	if (err)
		goto out;
	if (from->kind == PATH_NETNS_DIR && to->kind == PATH_NETNS_DIR)
		goto out;
	err = files_netns(s, c, from, &ns);
	if (!err)
		err = to->kind == PATH_NETNS_NAME ? files_bind_name(s, to->rest, ns)
						  : files_bind_path(s, c, to->abs, ns);
	else if (!strncmp(from->abs, "/etc/netns/", 11))
		err = mounts_bind_etc(s, c, from->rest, to->abs);
	else if (err != -ENOENT)
		err = -EPERM;
out:
	free(from);
	free(to);
	return err;
}

static void call_mount(struct super *s, struct call *c)
{
	u64 flags = c->args[3];
	char type[32];
	int err = -EPERM;

	mount_read_type(c, type, sizeof(type));
	if (flags & (MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE))
		err = 0; /* nothing of ours propagates */
	else if (flags & MS_BIND && !(flags & MS_REMOUNT))
		err = mount_bind(s, c);
	else if (!strcmp(type, "sysfs"))
		err = mounts_set_sysfs(s, c);
	super_reply(s, c, err);
}

static void call_umount2(struct super *s, struct call *c)
{
	struct path *p = malloc(sizeof(*p));
	int err = -ENOMEM;

	if (p) {
		err = files_path(s, c, AT_FDCWD, c->args[0], p);
		if (!err)
			err = files_unbind(s, p);
		if (!err)
			netns_kick(s);
	}
	free(p);
	super_reply(s, c, err);
}

/* ---- what would show the tag ---- */

static void call_getrlimit(struct super *s, struct call *c)
{
	struct rlimit lim = {RLIM_INFINITY, RLIM_INFINITY};

	super_reply(s, c, mem_write(c, c->args[1], &lim, sizeof(lim)));
}

static void call_setrlimit(struct super *s, struct call *c)
{
	super_reply(s, c, 0);
}

static void call_prlimit64(struct super *s, struct call *c)
{
	struct rlimit lim = {RLIM_INFINITY, RLIM_INFINITY};
	int err = 0;

	if (c->args[3])
		err = mem_write(c, c->args[3], &lim, sizeof(lim));
	super_reply(s, c, err);
}

/* getresuid, getresgid, with -r */
static void call_getres(struct super *s, struct call *c)
{
	u32 zero = 0;
	int err = 0;

	for (int i = 0; i < 3 && !err; i++)
		err = mem_write(c, c->args[i], &zero, sizeof(zero));
	super_reply(s, c, err);
}

/* ---- ioctl ---- */

static void reply_ns_fd(struct super *s, struct call *c, struct netns *ns)
{
	int fd = netns_open(s, ns, false);

	if (fd < 0) {
		super_reply(s, c, fd);
		return;
	}
	super_reply_fd(s, c, fd, true);
	close(fd);
}

static void ns_ioctl(struct super *s, struct call *c, const struct netns *ns)
{
	u64 id = ns->net ? ns->net->cookie : ns->index + 1;
	int fd;

	switch ((u32)c->args[1]) {
	case NS_GET_USERNS:
		fd = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			super_reply(s, c, -errno);
			return;
		}
		super_reply_fd(s, c, fd, true);
		close(fd);
		return;
	case NS_GET_NSTYPE:
		super_reply(s, c, CLONE_NEWNET);
		return;
	case NS_GET_PARENT:
	case NS_GET_OWNER_UID:
		super_reply(s, c, -EINVAL);
		return;
	case NS_GET_ID:
		super_reply(s, c, mem_write(c, c->args[2], &id, sizeof(id)));
		return;
	default:
		super_reply(s, c, -ENOTTY);
	}
}

bool netns_ioctl(struct super *s, struct call *c)
{
	u32 req = (u32)c->args[1];
	struct netns *ns;

	if (req == PIDFD_GET_NET_NAMESPACE_) {
		int err = netns_by_fd(s, c, (int)c->args[0], true, &ns);

		if (err == -EINVAL)
			return false;
		if (err)
			super_reply(s, c, err);
		else
			reply_ns_fd(s, c, ns);
		return true;
	}
	if ((req & 0xff00) != 0xb700 || netns_by_fd(s, c, (int)c->args[0], false, &ns))
		return false;
	ns_ioctl(s, c, ns);
	return true;
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
	err = ns_add(s, s->w ? s->w->init_net : NULL, true, &s->init_ns);
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

const struct call_row netns_rows[] = {
    {SCMP_SYS(unshare), call_unshare},	   {SCMP_SYS(setns), call_setns},
    {SCMP_SYS(clone), call_clone},	   {SCMP_SYS(mount), call_mount},
    {SCMP_SYS(umount2), call_umount2},	   {SCMP_SYS(getrlimit), call_getrlimit},
    {SCMP_SYS(setrlimit), call_setrlimit}, {SCMP_SYS(prlimit64), call_prlimit64},
    {SCMP_SYS(getresuid), call_getres},	   {SCMP_SYS(getresgid), call_getres},
};
const unsigned netns_rows_n = ARRAY_SIZE(netns_rows);
