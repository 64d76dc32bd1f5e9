/* SPDX-License-Identifier: MIT */
/*
 * nsfs.c - what else Linux says of a namespace's file: statfs(), file handles
 *
 * Our files lie on a tmpfs; programs are to see nsfs. A handle names a
 * namespace by its cookie for as long as it lives (N1.9), and opens it anew for
 * whoever is in it or administers its owner.
 */

#include "super/nsfs.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/net.h"
#include "super/cred.h"
#include "super/files.h"
#include "super/memory.h"
#include "super/netns.h"
#include "super/task.h"

enum {
	FD_NSFS_ROOT_ = -10003,
	FILEID_NSFS_ = 0xf1,
};

/* ---- statfs, fstatfs ---- */

static void reply_statfs(struct super *s, struct call *c)
{
	struct statfs fs = {
	    .f_type = NSFS_MAGIC,
	    .f_bsize = 4096,
	    .f_frsize = 4096,
	    .f_namelen = 255,
	    .f_flags = 0x20, /* ST_VALID */
	};

	super_reply(s, c, mem_write(c, c->args[1], &fs, sizeof(fs)));
}

static void call_statfs(struct super *s, struct call *c)
{
	struct netns *ns;
	struct path p;

	if (files_path(s, c, AT_FDCWD, c->args[0], &p) || files_netns(s, c, &p, &ns))
		super_continue(s, c);
	else
		reply_statfs(s, c);
}

static void call_fstatfs(struct super *s, struct call *c)
{
	struct ident *id;

	if (task_ident(s, c, (int)c->args[0], &id, NULL) || !id ||
	    (id->kind != IDENT_NETNS && id->kind != IDENT_USERNS))
		super_continue(s, c);
	else
		reply_statfs(s, c);
}

/* ---- handles ---- */

struct ns_handle {
	u32 bytes;
	s32 type;
	u64 id;
	u32 kind, inum;
};

_Static_assert(sizeof(struct ns_handle) == 24, "as struct file_handle with 16 bytes");

enum { HEAD = 8, BODY = 16 };

static struct ns_handle handle_of(const struct netns *ns)
{
	return (struct ns_handle){
	    .bytes = BODY,
	    .type = FILEID_NSFS_,
	    .id = ns->net->cookie,
	    .kind = CLONE_NEWNET,
	    .inum = (u32)ns->ident.ino,
	};
}

/* name_to_handle_at(fd, "", handle, mount_id, AT_EMPTY_PATH) of a namespace */
static void call_name_to_handle(struct super *s, struct call *c)
{
	struct ns_handle h;
	struct netns *ns;
	char path[2];
	u32 room;
	s32 mount = 0;
	int err;

	if (!(c->args[4] & AT_EMPTY_PATH) ||
	    mem_read_str(c, c->args[1], path, sizeof(path)) || path[0] ||
	    netns_by_fd(s, c, (int)c->args[0], false, &ns) || !ns->net) {
		super_continue(s, c);
		return;
	}
	h = handle_of(ns);
	err = mem_read(c, c->args[2], &room, sizeof(room));
	if (!err && room < BODY) {
		err = mem_write(c, c->args[2], &h, HEAD);
		if (!err)
			err = -EOVERFLOW;
	} else if (!err) {
		err = mem_write(c, c->args[2], &h, sizeof(h));
	}
	if (!err || err == -EOVERFLOW)
		mem_write(c, c->args[3], &mount, sizeof(mount));
	super_reply(s, c, err);
}

static int handle_open(struct super *s, const struct call *c, const struct ns_handle *h)
{
	const struct cred *cr = cred_of(s, c->tid);
	struct net *net = s->w ? net_by_cookie(s->w, h->id) : NULL;
	struct netns *ns = net ? netns_by_net(s, net) : NULL;

	if (!ns || h->kind != CLONE_NEWNET || h->inum != (u32)ns->ident.ino)
		return -ESTALE;
	if (task_netns(s, c->tid) != ns && !cred_can(cr, ns->owner, CAP_SYS_ADMIN))
		return -EPERM;
	return netns_open(s, ns, false);
}

static void call_open_by_handle(struct super *s, struct call *c)
{
	bool cloexec = c->args[2] & O_CLOEXEC;
	struct ns_handle h;
	int fd;

	if ((int)c->args[0] != FD_NSFS_ROOT_ || mem_read(c, c->args[1], &h, HEAD) ||
	    h.type != FILEID_NSFS_ || h.bytes != BODY ||
	    mem_read(c, c->args[1], &h, sizeof(h))) {
		super_continue(s, c); /* the host's root: it has none of ours */
		return;
	}
	fd = (c->args[2] & O_ACCMODE) == O_RDONLY ? handle_open(s, c, &h) : -EPERM;
	if (fd < 0) {
		super_reply(s, c, fd);
		return;
	}
	super_reply_fd(s, c, fd, cloexec);
	close(fd);
}

const struct call_row nsfs_rows[] = {
    {SCMP_SYS(statfs), call_statfs},
    {SCMP_SYS(fstatfs), call_fstatfs},
    {SCMP_SYS(name_to_handle_at), call_name_to_handle},
    {SCMP_SYS(open_by_handle_at), call_open_by_handle},
};
const unsigned nsfs_rows_n = ARRAY_SIZE(nsfs_rows);
