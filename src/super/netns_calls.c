/* SPDX-License-Identifier: MIT */
/*
 * netns_calls.c - unshare, setns, clone, mount, ioctls: namespaces as calls
 *
 * unshare() and clone() may carry flags that are the kernel's beside
 * ours. With ours alone nothing is left for the kernel and we answer; else the
 * call is run again with ours taken out (trace.c). A new mount namespace is
 * granted without making one: mount() is ours altogether, so nothing that a
 * program mounts reaches the host; what has no meaning here is EPERM.
 *
 * User namespaces. Without -r they are the host's, and every program has all
 * capabilities over the warren's namespaces. With -r they are ours (userns.c),
 * and the flag is taken out, too, unless something is left that needs the
 * host's: then it gets both.
 */

#include "super/netns.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/net.h"
#include "super/cred.h"
#include "super/files.h"
#include "super/memory.h"
#include "super/mounts.h"
#include "super/task.h"
#include "super/trace.h"
#include "super/userns.h"

#ifndef NS_GET_ID
#define NS_GET_ID 0x8008b70d /* 6.18 */
#endif
#ifndef NS_GET_MNTNS_ID
#define NS_GET_MNTNS_ID 0x8008b705 /* 6.11 */
#endif

enum {
	PIDFD_GET_NET_NAMESPACE_ = 0xff04,
	OURS = CLONE_NEWNET | CLONE_NEWNS, /* flags that we take out */
	/* all that a pidfd may be asked for */
	ANY_NS = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWUTS |
		 CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWCGROUP | 0x80 /* NEWTIME */,
};

/* ---- unshare, clone ---- */

/* What a caller, or its child, becomes. */
struct leave {
	struct netns *to;	/* pinned; NULL: stays */
	struct cred *cred;	/* holds its user namespace; NULL: stays */
	struct netns *back;	/* clone: the parent's own, pinned */
	struct cred *cred_back; /* … and its identity, likewise */
};

static struct cred *cred_keep(const struct cred *c)
{
	struct cred *copy = cred_copy(c, c->n_groups);

	if (copy)
		userns_get(copy->ns);
	return copy;
}

static void cred_drop(struct super *s, struct cred *c)
{
	if (c)
		userns_put(s, c->ns);
	free(c);
}

static void leave_free(struct super *s, struct leave *lv)
{
	if (lv->to)
		lv->to->pins--;
	if (lv->back)
		lv->back->pins--;
	cred_drop(s, lv->cred);
	cred_drop(s, lv->cred_back);
	free(lv);
	netns_kick(s);
}

static int leave_apply(struct super *s, pid_t tid, const struct leave *lv)
{
	int err = lv->to ? task_set_netns(s, tid, lv->to) : 0;

	if (!err && lv->cred)
		err = cred_set(s, tid, lv->cred);
	return err;
}

static void leave_return(struct super *s, pid_t tid, const struct leave *lv)
{
	if (lv->back)
		task_set_netns(s, tid, lv->back);
	if (lv->cred_back)
		cred_set(s, tid, lv->cred_back);
}

static void unshare_done(struct super *s, pid_t tid, bool ok, s64 ret, void *arg)
{
	struct leave *lv = arg;

	if (ok && ret == 0)
		leave_apply(s, tid, lv);
	leave_free(s, lv);
}

/* The child was born with our tag; the parent goes back. */
static void clone_done(struct super *s, pid_t tid, bool ok, s64 ret, void *arg)
{
	struct leave *lv = arg;

	(void)ok;
	(void)ret;
	leave_return(s, tid, lv);
	leave_free(s, lv);
}

/* Who makes a user namespace is root in it, and nobody outside */
static int enter_userns(struct super *s, const struct cred *old, struct cred **out)
{
	u32 uid, gid;
	struct cred *c;
	int err;

	if (old->ns->parent) { /* its own numbers must mean something (EPERM) */
		uid = userns_from_base(old->ns, false, old->euid);
		gid = userns_from_base(old->ns, true, old->egid);
		if (!userns_to_base(old->ns, false, uid, &uid) || uid != old->euid ||
		    !userns_to_base(old->ns, true, gid, &gid) || gid != old->egid)
			return -EPERM;
	}
	c = cred_copy(old, old->n_groups);
	if (!c)
		return -ENOMEM;
	err = userns_new(s, old->ns, old->euid, old->egid, &c->ns);
	if (err) {
		free(c);
		return err;
	}
	cred_fill(s, c);
	*out = c;
	return 0;
}

/* @flags: as of the call. Return: 0, or the errno it ends with */
static int leave_new(struct super *s, const struct call *c, u64 flags,
		     struct leave **out)
{
	struct leave *lv = calloc(1, sizeof(*lv));
	const struct cred *cr = cred_of(s, c->tid);
	int err = 0;

	if (!lv)
		return -ENOMEM;
	if (s->map_root && flags & CLONE_NEWUSER) {
		err = enter_userns(s, cr, &lv->cred);
		if (!err)
			cr = lv->cred;
	}
	if (!err && flags & (ANY_NS & ~(u64)CLONE_NEWUSER) &&
	    !cred_can(cr, cr->ns, CAP_SYS_ADMIN))
		err = -EPERM;
	if (!err && flags & CLONE_NEWNET)
		err = netns_new(s, "", cr, task_netns(s, c->tid)->net, &lv->to);
	if (err) {
		leave_free(s, lv);
		return err;
	}
	if (lv->to)
		lv->to->pins++;
	*out = lv;
	return 0;
}

/* What the kernel has to do of @flags */
static u64 rest_of(const struct super *s, u64 flags)
{
	u64 rest = flags & ~(u64)OURS;

	if (s->map_root && !(rest & (ANY_NS & ~(u64)CLONE_NEWUSER)))
		rest &= ~(u64)CLONE_NEWUSER;
	return rest;
}

static void call_unshare(struct super *s, struct call *c)
{
	u64 flags = c->args[0], rest = rest_of(s, flags);
	struct leave *lv;
	int err = 0;

	if (trace_is_rerun(s, c->tid)) {
		super_continue(s, c);
		return;
	}
	if (s->map_root && flags & CLONE_NEWUSER && !task_is_alone(c->tid))
		err = -EINVAL;
	if (!err)
		err = leave_new(s, c, flags, &lv);
	if (err) {
		super_reply(s, c, err);
		return;
	}
	if (rest) {
		trace_rerun(s, c, rest, unshare_done, lv);
		return;
	}
	err = leave_apply(s, c->tid, lv);
	leave_free(s, lv);
	super_reply(s, c, err);
}

static int clone_begin(struct super *s, const struct call *c, struct leave *lv)
{
	if (lv->to) {
		lv->back = task_netns(s, c->tid);
		lv->back->pins++;
	}
	if (lv->cred) {
		lv->cred_back = cred_keep(cred_of(s, c->tid));
		if (!lv->cred_back)
			return -ENOMEM;
	}
	return leave_apply(s, c->tid, lv);
}

static void call_clone(struct super *s, struct call *c)
{
	u64 flags = c->args[0];
	struct leave *lv;
	int err;

	if (trace_is_rerun(s, c->tid)) {
		super_continue(s, c);
		return;
	}
	err = leave_new(s, c, flags, &lv);
	if (!err) {
		err = clone_begin(s, c, lv);
		if (!err) {
			trace_rerun(s, c, rest_of(s, flags), clone_done, lv);
			return;
		}
		leave_return(s, c->tid, lv);
		leave_free(s, lv);
	}
	super_reply(s, c, err);
}

/* ---- setns ---- */

static int join_netns(struct super *s, const struct call *c, struct netns *ns)
{
	const struct cred *cr = cred_of(s, c->tid);

	if (!cred_can(cr, ns->owner, CAP_SYS_ADMIN) ||
	    !cred_can(cr, cr->ns, CAP_SYS_ADMIN))
		return -EPERM;
	netns_kick(s);
	return task_set_netns(s, c->tid, ns);
}

/* Of those with -r. */
static int join_userns(struct super *s, const struct call *c, struct userns *ns)
{
	const struct cred *cr = cred_of(s, c->tid);
	struct cred *next;
	int err;

	if (ns == cr->ns || !task_is_alone(c->tid))
		return -EINVAL;
	if (!cred_can(cr, ns, CAP_SYS_ADMIN))
		return -EPERM;
	next = cred_copy(cr, cr->n_groups);
	if (!next)
		return -ENOMEM;
	next->ns = ns;
	cred_fill(s, next);
	err = cred_set(s, c->tid, next);
	free(next);
	return err;
}

/* The user namespace that the file @copy is, of ours or of the host. NULL: none */
static struct userns *userns_of_file(struct super *s, struct ident *id, int copy)
{
	if (!s->map_root)
		return NULL;
	if (id)
		return id->kind == IDENT_USERNS ? container_of(id, struct userns, ident)
						: NULL;
	return ioctl(copy, NS_GET_NSTYPE) == CLONE_NEWUSER ? s->first_userns : NULL;
}

/* A process's: the network, and with it what is ours of the others (N2.5) */
static int join_pid(struct super *s, const struct call *c, pid_t pid, int type)
{
	const struct cred *cr = cred_of(s, c->tid), *of;
	struct netns *ns;
	int err;

	if (!type || type & ~ANY_NS)
		return -EINVAL;
	err = netns_by_pid(s, pid, &ns);
	if (err)
		return err;
	of = cred_of(s, pid);
	if (!cred_may_read(cr, of))
		return -EPERM;
	if (s->map_root && type & CLONE_NEWUSER) {
		err = join_userns(s, c, of->ns);
		if (err)
			return err;
	}
	return type & CLONE_NEWNET ? join_netns(s, c, ns) : 0;
}

static void call_setns(struct super *s, struct call *c)
{
	int fd = (int)c->args[0], type = (int)c->args[1];
	struct userns *user;
	struct ident *id;
	int copy, err = task_ident(s, c, fd, &id, &copy);
	bool native = false;
	pid_t pid;

	if (err) {
		super_reply(s, c, err);
		return;
	}
	user = userns_of_file(s, id, copy);
	pid = id ? 0 : pidfd_pid(c, fd);
	err = -EINVAL;
	if (id && id->kind == IDENT_NETNS) {
		if (fcntl(copy, F_GETFL) & O_NOATIME)
			err = -EBADF; /* opened with O_PATH */
		else if (!type || type == CLONE_NEWNET)
			err = join_netns(s, c, container_of(id, struct netns, ident));
	} else if (user) {
		if (!type || type == CLONE_NEWUSER)
			err = join_userns(s, c, user);
	} else if (pid && type & (CLONE_NEWNET | (s->map_root ? CLONE_NEWUSER : 0))) {
		err = pid < 0 ? -ESRCH : join_pid(s, c, pid, type);
	} else {
		/* a namespace file of the host: never its network */
		native = type != CLONE_NEWNET && !id &&
			 ioctl(copy, NS_GET_NSTYPE) != CLONE_NEWNET;
	}
	close(copy);
	if (native)
		super_continue(s, c);
	else
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

enum { MOUNT_IS_HOSTS = 1 }; /* nothing of ours: see call_mount() */

/* @from may be the host's, in another / */
static int bind_etc(struct super *s, const struct call *c, const struct path *from,
		    const struct path *to)
{
	char *path;
	int err;

	if (from->kind != PATH_FOREIGN || !from->root[0])
		return mounts_bind_etc(s, c, from->rest, to->abs);
	if (asprintf(&path, "%s%s", from->root, from->abs) < 0)
		return -ENOMEM;
	err = mounts_bind_etc(s, c, path, to->abs);
	free(path);
	return err;
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
						  : files_bind_path(s, c, to, ns);
	else if (!strncmp(from->abs, "/etc/netns/", 11))
		err = bind_etc(s, c, from, to);
	else if (from->kind == PATH_FOREIGN && to->kind == PATH_FOREIGN)
		err = MOUNT_IS_HOSTS;
	else if (err != -ENOENT)
		err = -EPERM;
out:
	free(from);
	free(to);
	return err;
}

/* Mounts need the right to, where the caller is */
static bool may_mount(struct super *s, const struct call *c)
{
	const struct cred *cr = cred_of(s, c->tid);

	return cred_can(cr, cr->ns, CAP_SYS_ADMIN);
}

static void call_mount(struct super *s, struct call *c)
{
	u64 flags = c->args[3];
	char type[32];
	int err = MOUNT_IS_HOSTS;

	mount_read_type(c, type, sizeof(type));
	if (!may_mount(s, c))
		err = -EPERM;
	else if (flags & (MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE))
		err = 0; /* nothing of ours propagates */
	else if (flags & MS_BIND && !(flags & MS_REMOUNT))
		err = mount_bind(s, c);
	else if (!strcmp(type, "sysfs"))
		err = mounts_set_sysfs(s, c);
	if (err != MOUNT_IS_HOSTS)
		super_reply(s, c, err);
	else if (s->own_mounts)
		super_continue(s, c); /* nobody outside sees it */
	else
		super_reply(s, c, -EPERM);
}

static void call_umount2(struct super *s, struct call *c)
{
	bool foreign = false;
	struct path *p = malloc(sizeof(*p));
	struct netns *ns = NULL;
	int err = -ENOMEM;

	if (!may_mount(s, c)) {
		err = -EPERM;
	} else if (p) {
		err = files_path(s, c, AT_FDCWD, c->args[0], p);
		if (!err && (p->kind != PATH_NETNS_NAME ||
			     files_netns_by_name(s, p->rest, &ns)))
			ns = NULL;
		if (!err)
			err = files_unbind(s, p);
		if (!err && ns)
			netns_unnamed(s, ns);
		else if (!err)
			netns_kick(s);
		foreign = p->kind == PATH_FOREIGN;
	}
	free(p);
	if (err == -EINVAL && foreign && s->own_mounts)
		super_continue(s, c);
	else
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

/* ---- ioctl ---- */

/* @fd is ours and goes; negative: an errno */
static void reply_own_fd(struct super *s, struct call *c, int fd)
{
	if (fd < 0) {
		super_reply(s, c, fd);
		return;
	}
	super_reply_fd(s, c, fd, true);
	close(fd);
}

/* A file of @ns, for who is in it or above it */
static void reply_userns(struct super *s, struct call *c, const struct userns *ns)
{
	const struct userns *at = ns, *own = cred_of(s, c->tid)->ns;

	while (at && at != own)
		at = at->parent;
	reply_own_fd(s, c, at ? userns_open(s, ns) : -EPERM);
}

static void netns_file_ioctl(struct super *s, struct call *c, const struct netns *ns)
{
	u64 id = ns->net ? ns->net->cookie : ns->index + 1;

	switch ((u32)c->args[1]) {
	case NS_GET_USERNS:
		reply_userns(s, c, ns->owner);
		return;
	case NS_GET_NSTYPE:
		super_reply(s, c, CLONE_NEWNET);
		return;
	case NS_GET_PARENT:
	case NS_GET_OWNER_UID:
	case NS_GET_MNTNS_ID:
		super_reply(s, c, -EINVAL);
		return;
	case NS_GET_ID:
		super_reply(s, c, mem_write(c, c->args[2], &id, sizeof(id)));
		return;
	default:
		super_reply(s, c, -ENOTTY);
	}
}

static void userns_file_ioctl(struct super *s, struct call *c, const struct userns *ns)
{
	u32 uid;

	switch ((u32)c->args[1]) {
	case NS_GET_USERNS:
	case NS_GET_PARENT:
		reply_userns(s, c, ns->parent);
		return;
	case NS_GET_NSTYPE:
		super_reply(s, c, CLONE_NEWUSER);
		return;
	case NS_GET_OWNER_UID:
		uid = userns_from_base(cred_of(s, c->tid)->ns, false, ns->owner);
		super_reply(s, c, mem_write(c, c->args[2], &uid, sizeof(uid)));
		return;
	default:
		super_reply(s, c, -ENOTTY);
	}
}

/* ioctl(pidfd, PIDFD_GET_NET_NAMESPACE). Return: false: it is no pidfd */
static bool pidfd_ioctl(struct super *s, struct call *c)
{
	struct ident *id;
	struct netns *ns;
	int copy, err = task_ident(s, c, (int)c->args[0], &id, &copy);
	pid_t pid;

	if (err)
		return false;
	pid = id ? 0 : pidfd_pid(c, (int)c->args[0]);
	close(copy);
	if (!pid)
		return false;
	err = c->args[2] ? -EINVAL : pid < 0 ? -ESRCH : netns_by_pid(s, pid, &ns);
	if (!err && !cred_may_read(cred_of(s, c->tid), cred_of(s, pid)))
		err = -EPERM;
	reply_own_fd(s, c, err ? err : netns_open(s, ns, false));
	return true;
}

bool netns_ioctl(struct super *s, struct call *c)
{
	u32 req = (u32)c->args[1];
	struct ident *id;

	if (req == PIDFD_GET_NET_NAMESPACE_)
		return pidfd_ioctl(s, c);
	if (((req & 0xff00) != 0xb700) ||
	    task_ident(s, c, (int)c->args[0], &id, NULL) || !id)
		return false;
	if (id->kind == IDENT_NETNS)
		netns_file_ioctl(s, c, container_of(id, struct netns, ident));
	else if (id->kind == IDENT_USERNS)
		userns_file_ioctl(s, c, container_of(id, struct userns, ident));
	else
		return false;
	return true;
}

const struct call_row netns_rows[] = {
    {SCMP_SYS(unshare), call_unshare},	   {SCMP_SYS(setns), call_setns},
    {SCMP_SYS(clone), call_clone},	   {SCMP_SYS(mount), call_mount},
    {SCMP_SYS(umount2), call_umount2},	   {SCMP_SYS(getrlimit), call_getrlimit},
    {SCMP_SYS(setrlimit), call_setrlimit}, {SCMP_SYS(prlimit64), call_prlimit64},
};
const unsigned netns_rows_n = ARRAY_SIZE(netns_rows);
