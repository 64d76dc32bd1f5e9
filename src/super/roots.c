/* SPDX-License-Identifier: MIT */
/*
 * roots.c - programs whose / is not the host's
 *
 * chroot() changes nothing about namespaces (N2.15). What it changes is what a
 * path means. In another / the names of /run/netns and of /etc/netns are files
 * like others, and the views of /proc and /sys are there when a procfs and a
 * sysfs are mounted there, as on Linux. files.c asks here which / a path starts
 * from; until somebody has called chroot() nothing is asked.
 *
 * `warren run --root DIR` begins in DIR, and that is the warren's own /, with
 * all of its paths. It has a mount namespace of its own, in which programs may
 * mount (with -r), since nobody outside sees it.
 *
 * The right to. An ordinary user may not chroot on the host, but in a user
 * namespace of his own he may. So when a program with -r, which may as far as
 * its own identity goes (cred.c), calls chroot(), the thread is first made to
 * unshare a user namespace of the host (trace.c), in which the user is root,
 * and the call is made again, by the kernel. Files then seem to belong to root
 * when they are the user's, and to nobody when they are root's. Where the host
 * forbids user namespaces, and to a process of several threads, it is EPERM.
 */

#include "super/roots.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "super/cred.h"
#include "super/task.h"
#include "super/trace.h"

/* ---- a user namespace of the host ---- */

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int err;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	err = n < 0 ? -errno : 0;
	close(fd);
	return err;
}

/* One user and one group. @who: "self" or a number */
static int map_ids(const char *who, u32 uid, u32 gid, u32 as_uid, u32 as_gid)
{
	char path[64], text[64];
	int err;

	snprintf(path, sizeof(path), "/proc/%s/setgroups", who);
	err = write_file(path, "deny");
	if (err)
		return err;
	snprintf(path, sizeof(path), "/proc/%s/uid_map", who);
	snprintf(text, sizeof(text), "%u %u 1", as_uid, uid);
	err = write_file(path, text);
	if (err)
		return err;
	snprintf(path, sizeof(path), "/proc/%s/gid_map", who);
	snprintf(text, sizeof(text), "%u %u 1", as_gid, gid);
	return write_file(path, text);
}

/* ---- warren run --root ---- */

static int own_mount_namespace(bool map_root)
{
	u32 uid = geteuid(), gid = getegid();
	int err;

	if (unshare(CLONE_NEWNS)) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
			return -errno;
		err = map_ids("self", uid, gid, map_root ? 0 : uid, map_root ? 0 : gid);
		if (err)
			return err;
	}
	/* nothing that is mounted from now on is seen outside */
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ? -errno : 0;
}

static int bind_host_dir(const char *dir, const char *name)
{
	char to[4200];
	struct stat st, host;

	snprintf(to, sizeof(to), "%s%s", dir, name);
	if (stat(to, &st) || !S_ISDIR(st.st_mode) || stat(name, &host) ||
	    (st.st_dev == host.st_dev && st.st_ino == host.st_ino))
		return 0; /* it has no place for it, or has it */
	return mount(name, to, NULL, MS_BIND | MS_REC, NULL) ? -errno : 0;
}

int roots_enter(const char *dir, bool map_root, bool *own_mounts)
{
	static const char *const names[] = {"/proc", "/dev", "/sys"};
	int err = own_mount_namespace(map_root);

	*own_mounts = !err;
	for (size_t i = 0; i < ARRAY_SIZE(names) && !err; i++) {
		int failed = bind_host_dir(dir, names[i]);

		if (failed)
			dprintf(STDERR_FILENO, "warren: %s is not in %s: %s\n",
				names[i], dir, strerror(-failed));
	}
	if (!chroot(dir) && !chdir("/"))
		return 0;
	if (!err)
		err = -errno;
	dprintf(STDERR_FILENO, "warren: cannot make %s the root: %s%s\n", dir,
		strerror(-err),
		*own_mounts ? "" : " (the host allows no user namespaces)");
	return err;
}

/* ---- what a path starts from ---- */

int roots_of(const struct super *s, pid_t tid, char *out, size_t size)
{
	char link[64];
	ssize_t n;

	out[0] = '\0';
	if (!s->other_roots)
		return 0;
	snprintf(link, sizeof(link), "/proc/%d/root", (int)tid);
	n = readlink(link, out, size - 1);
	if (n < 0)
		return -errno;
	out[n] = '\0';
	if (n == 1)
		out[0] = '\0';
	return 0;
}

bool roots_is_ours(const struct super *s, const char *root)
{
	return !root[0] || (s->root && !strcmp(root, s->root));
}

bool roots_has_mounted(pid_t tid, const char *name, long magic)
{
	char path[64];
	struct statfs fs;

	snprintf(path, sizeof(path), "/proc/%d/root/%s", (int)tid, name);
	return !statfs(path, &fs) && fs.f_type == magic;
}

/* ---- chroot ---- */

static void userns_made(struct super *s, pid_t tid, bool ok, s64 ret, void *arg)
{
	char who[16];
	int err;

	(void)arg;
	if (!ok || ret)
		return; /* the call that is made again will say EPERM */
	snprintf(who, sizeof(who), "%d", (int)tid);
	err = map_ids(who, s->host_uid, s->host_gid, 0, 0);
	if (err)
		log_warn(&s->log, "%d: chroot: no user map: %s", (int)tid,
			 strerror(-err));
}

static void call_chroot(struct super *s, struct call *c)
{
	const struct cred *cr = cred_of(s, c->tid);
	bool has = task_host_caps(c->tid) >> CAP_SYS_CHROOT & 1;

	s->other_roots = true;
	if (s->map_root && !cred_can(cr, cr->ns, CAP_SYS_CHROOT)) {
		super_reply(s, c, -EPERM);
		return;
	}
	if (!s->map_root || has || s->chroot_asked == c->tid) {
		s->chroot_asked = 0;
		super_continue(s, c);
		return;
	}
	if (!task_is_alone(c->tid)) {
		super_reply(s, c, -EPERM);
		return;
	}
	s->chroot_asked = c->tid; /* once */
	trace_insert(s, c, SYS_unshare, CLONE_NEWUSER, userns_made, NULL);
}

const struct call_row roots_rows[] = {
    {SCMP_SYS(chroot), call_chroot},
};
const unsigned roots_rows_n = ARRAY_SIZE(roots_rows);
