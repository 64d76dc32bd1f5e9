/* SPDX-License-Identifier: MIT */
/*
 * files.c - paths that stand for something of the stack
 *
 *	/run/netns, /var/run/netns	a private directory, names in it
 *	/proc/PID/ns/net		the file of a namespace
 *	/proc/net, /proc/PID/net	views of the stack (core/view.h)
 *	/sys/class/net			the same
 *	/proc/sys/net			tunables (core/tunable.h)
 *	/proc/PID/mountinfo		the host's, and the names of namespaces
 *	/etc/X				after `ip netns exec`: /etc/netns/NAME/X
 *
 * The calls that take a path are trapped as far as they are likely to meet one
 * of these (trap.c). The path is copied, joined with the directory it starts
 * from, made canonical by its text alone, and compared. Nearly always it is
 * the host's, and the kernel does the call. A program that hides the path
 * behind a symbolic link, or changes it in between, sees the host's file: this
 * is convenience, not the boundary; what it opens that way gives no network.
 *
 * The private directory of a warren, RUNTIME/NAME, mode 0700:
 *
 *	lock		held by the supervisor; a free lock means a dead supervisor
 *	control		socket of `warren exec`
 *	data/ns/N	one file for each namespace
 *	data/netns/	stands for /run/netns: listing it and names relative to it
 *			are native
 *	data/dir/	directories that stand for ours, filled when opened
 *	data/etc/	stands for /etc/netns where the host has none
 *
 * Where RUNTIME is no tmpfs, data is a link to a directory on one: names are
 * then listed in the kernel's order, newest first, and . and .. before all
 * others, which `sysctl -a` takes for granted. It has a lock, too.
 *
 * A view is opened as a memfd with the text of that moment. A tunable opened
 * for writing is one end of a SOCK_SEQPACKET pair: every write() is a message,
 * and all messages are read before the next call of any program is looked at,
 * so that a written value is in force for whoever asks. The thread that opened
 * it is followed (trace.c), and its writes are done by us, so that it sees
 * EINVAL; a value that a child of it writes is logged when it is refused.
 */

#include "super/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/text.h"
#include "core/net.h"
#include "core/tunable.h"
#include "core/view.h"
#include "super/carried.h"
#include "super/cred.h"
#include "super/memory.h"
#include "super/mounts.h"
#include "super/netns.h"
#include "super/roots.h"
#include "super/task.h"
#include "super/trace.h"
#include "super/unix_ns.h"
#include "super/userns.h"

enum { TUNABLE_MAX = 4096, TREE_DEPTH = 16, STALE_S = 60 };

#define TMPFS_TEMPLATE "/dev/shm/warren-XXXXXX"

/* A namespace bound to a path that is not below /run/netns; pins it. */
struct bind {
	struct list node;
	struct netns *ns;
	char path[];
};

/* An open tunable, or map of a user namespace: our end of the pair. */
struct tunable_file {
	struct list node;
	struct ident ident; /* of the program's end */
	pid_t tid;	    /* who is followed for it (trace.c); 0: nobody */
	struct source src;
	struct net *net;     /* one user; NULL: */
	struct userns *user; /* held, and: */
	enum userns_file what;
	bool view; /* of /sys/class/net */
	char path[];
};

struct files {
	char *dir;
	int dirfd, data, names, ns, dirs, lock, data_lock;
	char names_path[4096]; /* as /proc/PID/fd shows it */
	char dirs_path[4096];
	char etc_path[4096]; /* ours, where the host has no /etc/netns; else "" */
	struct list binds, tunables;
};

int files_ns_dir(const struct super *s)
{
	return s->files->ns;
}

const char *files_dir(const struct super *s)
{
	return s->files->dir;
}

/* ---- what a path means ---- */

/* Join and make canonical by text: no //, no /./, no /x/.. */
static int path_join(const char *base, const char *rel, char *out, size_t size)
{
	const char *parts[2] = {base, rel};
	size_t len = 0;

	for (int i = rel[0] == '/'; i < 2; i++) {
		const char *at = parts[i];

		while (*at) {
			size_t n = strcspn(at, "/");

			if (n == 2 && !memcmp(at, "..", 2)) {
				while (len && out[--len] != '/')
					;
			} else if (n && !(n == 1 && *at == '.')) {
				if (len + n + 2 > size)
					return -ENAMETOOLONG;
				out[len++] = '/';
				memcpy(out + len, at, n);
				len += n;
			}
			at += n;
			at += strspn(at, "/");
		}
	}
	if (!len)
		out[len++] = '/';
	out[len] = '\0';
	return 0;
}

/* Where a relative path starts. Return: false: not known, the kernel will say why */
static bool path_base(const struct call *c, int dirfd, char *out, size_t size)
{
	char link[64];
	ssize_t n;

	if (dirfd == AT_FDCWD)
		snprintf(link, sizeof(link), "/proc/%d/cwd", (int)c->tid);
	else
		snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)c->tid, dirfd);
	n = readlink(link, out, size - 1);
	if (n <= 0 || out[0] != '/')
		return false;
	out[n] = '\0';
	return true;
}

/* What is behind @dir in @path: "" for the directory itself, NULL: not below it */
static const char *path_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (strncmp(path, dir, n))
		return NULL;
	if (path[n] == '\0')
		return path + n;
	return path[n] == '/' ? path + n + 1 : NULL;
}

/* Skip one component that must be @word */
static const char *path_word(const char *at, const char *word)
{
	const char *rest = path_below(at, word);

	return rest;
}

static void path_set(struct path *p, enum path_kind kind, const char *rest)
{
	p->kind = kind;
	p->rest = rest;
}

/* "net/" + @rest, as views are called; @rest may be empty */
static void path_set_view(struct path *p, const char *prefix, const char *rest)
{
	size_t n = text_format(p->instead, sizeof(p->instead), "%s/%s", prefix, rest);

	if (!*rest)
		p->instead[n - 1] = '\0';
	path_set(p, PATH_VIEW, p->instead);
}

/* /proc/net and /proc/self are those of the process, not of the calling thread */
static void path_set_self(struct path *p)
{
	pid_t tgid = task_tgid(p->pid);

	if (tgid)
		p->pid = tgid;
}

/* What says who a process is */
static bool path_classify_identity(struct super *s, struct path *p, const char *rest,
				   bool self)
{
	enum path_kind kind = PATH_IDMAP;

	if (!strcmp(rest, "status"))
		kind = PATH_STATUS;
	else if (!strcmp(rest, "ns/user"))
		kind = PATH_NS_USER;
	else if (strcmp(rest, "uid_map") != 0 && strcmp(rest, "gid_map") != 0 &&
		 strcmp(rest, "setgroups") != 0)
		return false;
	if (self)
		path_set_self(p);
	/* the first user namespace is the host's own */
	if (kind != PATH_STATUS && userns_is_first(cred_of(s, p->pid)->ns))
		return false;
	path_set(p, kind, rest);
	return true;
}

static void path_classify_proc(struct super *s, struct path *p, const char *at)
{
	const char *rest;
	bool self;
	char *end;

	rest = path_word(at, "net");
	if (rest) {
		path_set_view(p, "net", rest);
		path_set_self(p);
		return;
	}
	rest = path_word(at, "sys/net");
	if (rest) {
		path_set(p, PATH_TUNABLE, at + 4); /* "net/…" */
		return;
	}
	if (!strcmp(at, "sys/user/max_net_namespaces")) {
		path_set(p, PATH_MAX_NETNS, at);
		return;
	}
	rest = path_word(at, "self");
	self = rest != NULL;
	if (rest && (!strcmp(rest, "ns/net") || path_word(rest, "net")))
		path_set_self(p);
	if (!rest)
		rest = path_word(at, "thread-self");
	if (!rest) {
		long pid = strtol(at, &end, 10);

		if (end == at || *end != '/' || pid <= 0)
			return;
		p->pid = (pid_t)pid;
		rest = end + 1;
	}
	at = path_word(rest, "task");
	if (at) {
		long tid = strtol(at, &end, 10);

		if (end == at || *end != '/' || tid <= 0)
			return;
		p->pid = (pid_t)tid;
		rest = end + 1;
	}
	if (!strcmp(rest, "mountinfo")) {
		path_set(p, PATH_MOUNTINFO, rest);
		return;
	}
	if (s->map_root && path_classify_identity(s, p, rest, self))
		return;
	if (!strcmp(rest, "ns/net")) {
		path_set(p, PATH_NS_NET, rest);
		return;
	}
	rest = path_word(rest, "net");
	if (rest)
		path_set_view(p, "net", rest);
}

static void path_classify_etc(struct super *s, struct path *p, const struct call *c)
{
	const char *rest = path_below(p->abs, "/etc/netns");

	if (rest && s->files->etc_path[0]) {
		text_format(p->instead, sizeof(p->instead), *rest ? "%s/%s" : "%s%s",
			    s->files->etc_path, rest);
		path_set(p, PATH_ETC, p->instead);
	} else if (mounts_etc(s, c->tid, p->abs, p->instead, sizeof(p->instead))) {
		path_set(p, PATH_ETC, p->instead);
	}
}

/* Is it in our own /etc/netns, where programs may make and remove files? */
static bool path_is_own_etc(const struct super *s, const struct path *p)
{
	return p->kind == PATH_ETC && s->files->etc_path[0] &&
	       path_below(p->instead, s->files->etc_path);
}

/* Below the private directories: by descriptors that we handed out */
static bool path_classify_private(struct super *s, struct path *p)
{
	struct files *f = s->files;
	const char *rest = path_below(p->abs, f->names_path);
	bool of_ns;
	char *end;
	long number;

	if (rest) {
		path_set(p, *rest ? PATH_NETNS_NAME : PATH_NETNS_DIR, rest);
		return true;
	}
	rest = path_below(p->abs, f->dirs_path);
	if (!rest)
		return false;
	/* dir/PID/net/REST, dir/PID/class/net/REST, dir/nsN/sys/net/REST */
	of_ns = !strncmp(rest, "ns", 2);
	if (of_ns)
		rest += 2;
	number = strtol(rest, &end, 10);
	if (end == rest || *end != '/')
		return false;
	if (of_ns) { /* an open directory keeps meaning what it meant (N2.13) */
		p->ns = number ? netns_by_index(s, (u32)number) : s->init_ns;
		p->gone = !p->ns;
		path_set(p, PATH_TUNABLE, end + 5);
	} else {
		p->pid = (pid_t)number;
		path_set(p, PATH_VIEW, end + 1);
	}
	return true;
}

static bool bind_is_at(const struct bind *b, const struct path *p)
{
	size_t n = strlen(p->root);

	return !strncmp(b->path, p->root, n) && !strcmp(b->path + n, p->abs);
}

static void path_classify(struct super *s, struct path *p, const struct call *c)
{
	const char *rest;
	struct bind *b;
	bool own;

	p->kind = PATH_FOREIGN;
	p->pid = c->tid;
	p->rest = p->abs;
	p->ns = NULL;
	p->gone = false;
	if (path_classify_private(s, p))
		return;
	own = roots_is_ours(s, p->root);
	rest = own ? path_below(p->abs, "/run/netns") : NULL;
	if (own && !rest)
		rest = path_below(p->abs, "/var/run/netns");
	if (rest) {
		path_set(p, *rest ? PATH_NETNS_NAME : PATH_NETNS_DIR, rest);
		return;
	}
	rest = path_below(p->abs, "/proc");
	if (rest) {
		if (!p->root[0] || roots_has_mounted(c->tid, "proc", PROC_SUPER_MAGIC))
			path_classify_proc(s, p, rest);
		return;
	}
	rest = path_below(p->abs, "/sys/class/net");
	if (!rest)
		rest = path_below(p->abs, "/sys/devices/virtual/net");
	if (rest) {
		if (!p->root[0] || roots_has_mounted(c->tid, "sys", SYSFS_MAGIC))
			path_set_view(p, "class/net", rest);
		return;
	}
	if (own && path_below(p->abs, "/etc"))
		path_classify_etc(s, p, c);
	list_for_each(b, &s->files->binds, node) {
		if (!bind_is_at(b, p))
			continue;
		p->ns = b->ns;
		path_set(p, PATH_BOUND, p->abs);
		return;
	}
}

int files_path(struct super *s, const struct call *c, int dirfd, u64 addr,
	       struct path *out)
{
	char raw[4096], base[4096];
	int err = mem_read_str(c, addr, raw, sizeof(raw));

	out->kind = PATH_FOREIGN;
	out->abs[0] = out->root[0] = '\0';
	if (err)
		return err;
	if (!raw[0])
		return 0;
	base[0] = '\0';
	if (raw[0] != '/' && !path_base(c, dirfd, base, sizeof(base)))
		return 0;
	if (roots_of(s, c->tid, out->root, sizeof(out->root)))
		return 0;
	err = path_join(base, raw, out->abs, sizeof(out->abs));
	if (err)
		return err;
	if (out->root[0] && raw[0] != '/') {
		const char *inside = path_below(out->abs, out->root);
		size_t n = strlen(out->root);

		if (inside)
			memmove(out->abs, *inside ? out->abs + n : "/",
				*inside ? strlen(out->abs + n) + 1 : 2);
		else
			out->root[0] = '\0'; /* by a descriptor from outside */
	}
	path_classify(s, out, c);
	return 0;
}

/* ---- namespaces by path ---- */

int files_netns_by_name(struct super *s, const char *name, struct netns **out)
{
	struct ident *id;
	struct stat st;

	if (fstatat(s->files->names, name, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	id = super_ident(s, st.st_dev, st.st_ino);
	if (!id || id->kind != IDENT_NETNS)
		return -EINVAL;
	*out = container_of(id, struct netns, ident);
	return 0;
}

static int path_task_netns(struct super *s, const struct call *c, pid_t pid,
			   struct netns **out)
{
	char dir[32];
	int err;

	if (pid == c->tid) {
		*out = task_netns(s, pid);
		return 0;
	}
	err = netns_by_pid(s, pid, out);
	if (!err)
		return 0;
	snprintf(dir, sizeof(dir), "/proc/%d", (int)pid);
	return access(dir, F_OK) || !task_is_alive(pid) ? -ENOENT : -EACCES;
}

/* /proc/PID/ns/X asks more than /proc/PID/net (N2.7, N2.11) */
static bool path_may_read(struct super *s, const struct call *c, pid_t pid)
{
	return pid == c->tid || cred_may_read(cred_of(s, c->tid), cred_of(s, pid));
}

int files_netns(struct super *s, const struct call *c, const struct path *p,
		struct netns **out)
{
	int err;

	switch (p->kind) {
	case PATH_NETNS_NAME:
		return files_netns_by_name(s, p->rest, out);
	case PATH_NS_NET:
		err = path_task_netns(s, c, p->pid, out);
		if (!err && !path_may_read(s, c, p->pid))
			err = -EACCES;
		return err;
	case PATH_BOUND:
		*out = p->ns;
		return 0;
	default:
		return -ENOENT;
	}
}

static bool name_is_plain(const char *name)
{
	return *name && !strchr(name, '/');
}

int files_bind_name(struct super *s, const char *name, struct netns *ns)
{
	struct files *f = s->files;
	struct stat st;

	if (!name_is_plain(name) || fstatat(f->names, name, &st, AT_SYMLINK_NOFOLLOW))
		return -ENOENT;
	unlinkat(f->data, "new", 0);
	if (linkat(f->ns, ns->file, f->data, "new", 0))
		return -errno;
	/* rename of a link over another link of the same file does nothing */
	if (renameat(f->data, "new", f->names, name))
		return -errno;
	unlinkat(f->data, "new", 0);
	if (ns->net && !ns->net->name[0])
		text_format(ns->net->name, sizeof(ns->net->name), "%s", name);
	return 0;
}

int files_add_name(struct super *s, const char *name, struct netns *ns)
{
	struct files *f = s->files;
	int fd, err;

	if (!name_is_plain(name) || !strcmp(name, ".") || !strcmp(name, ".."))
		return -EINVAL;
	fd = openat(f->names, name, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	close(fd);
	err = files_bind_name(s, name, ns);
	if (err)
		unlinkat(f->names, name, 0);
	return err;
}

void files_drop_name(struct super *s, const char *name)
{
	unlinkat(s->files->names, name, 0);
}

int files_bind_path(struct super *s, const struct call *c, const struct path *p,
		    struct netns *ns)
{
	size_t n = strlen(p->root) + strlen(p->abs) + 1;
	char seen[4200];
	struct bind *b;

	snprintf(seen, sizeof(seen), "/proc/%d/root%s", (int)c->tid, p->abs);
	if (access(seen, F_OK))
		return -errno;
	b = malloc(sizeof(*b) + n);
	if (!b)
		return -ENOMEM;
	text_format(b->path, n, "%s%s", p->root, p->abs);
	b->ns = ns;
	ns->pins++;
	list_add(&s->files->binds, &b->node);
	return 0;
}

static void bind_del(struct bind *b)
{
	b->ns->pins--;
	list_del(&b->node);
	free(b);
}

int files_unbind(struct super *s, const struct path *p)
{
	struct files *f = s->files;
	struct netns *ns;
	struct bind *b;
	int fd;

	if (p->kind == PATH_NETNS_NAME) {
		int err = files_netns_by_name(s, p->rest, &ns);

		if (err)
			return err;
		/* the file that was there before the bind: empty, mode 0 */
		fd = openat(f->data, "new", O_RDONLY | O_CREAT | O_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
		close(fd);
		return renameat(f->data, "new", f->names, p->rest) ? -errno : 0;
	}
	if (p->kind == PATH_BOUND) {
		list_for_each(b, &f->binds, node) {
			if (!bind_is_at(b, p))
				continue;
			bind_del(b);
			return 0;
		}
	}
	/* what `ip netns exec` takes away before it mounts its own */
	if (!strcmp(p->abs, "/sys"))
		return 0;
	return -EINVAL;
}

/* ---- views as files and directories ---- */

static int text_memfd(const struct text *t)
{
	int fd = memfd_create("view", MFD_CLOEXEC), ro;
	char path[64];

	if (fd < 0)
		return -errno;
	if (t->len && write(fd, t->s, t->len) != (ssize_t)t->len) {
		close(fd);
		return -ENOSPC;
	}
	fchmod(fd, 0444);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ro = open(path, O_RDONLY | O_CLOEXEC);
	close(fd);
	return ro < 0 ? -errno : ro;
}

/* The lines of @fd, which is closed, but those of the host's own /run/netns */
static void mountinfo_copy(int fd, struct text *out)
{
	FILE *f = fdopen(fd, "r");
	char *line = NULL, *at;
	size_t size = 0;
	ssize_t n;

	if (!f) {
		close(fd);
		return;
	}
	while ((n = getline(&line, &size, f)) > 0) {
		at = line;
		for (int i = 0; i < 4 && at; i++) /* id, parent, device, root */
			at = strchr(at + 1, ' ');
		if (!at || (strncmp(at, " /run/netns", 11) != 0 &&
			    strncmp(at, " /var/run/netns", 15) != 0))
			text_add(out, line, (size_t)n);
	}
	free(line);
	fclose(f);
}

/* A file of the host, with a NUL behind it; freed by the caller. 0, negative errno */
static int file_read_all(const char *path, char **out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct text t;
	char buf[4096];
	ssize_t n;

	if (fd < 0)
		return -errno;
	text_init(&t);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		text_add(&t, buf, (size_t)n);
	close(fd);
	*out = t.failed ? NULL : strndup(t.s ? t.s : "", t.len);
	text_fini(&t);
	return *out ? 0 : -ENOMEM;
}

/* The host's mountinfo, and a line for each named namespace (lsns reads them) */
static int mountinfo_open(struct super *s, const struct path *p)
{
	struct files *f = s->files;
	char buf[64];
	struct dirent *d;
	struct bind *b;
	struct netns *ns;
	struct text t;
	DIR *dir;
	int fd;

	snprintf(buf, sizeof(buf), "/proc/%d/mountinfo", (int)p->pid);
	fd = open(buf, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	text_init(&t);
	mountinfo_copy(fd, &t);
	text_printf(&t,
		    "1000000 1 0:4 /netns /run/netns rw shared:1 - tmpfs tmpfs rw\n");
	fd = openat(f->data, "netns", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && (d = readdir(dir)))
		if (!files_netns_by_name(s, d->d_name, &ns))
			text_printf(&t,
				    "%u 1 0:4 net:[%llu] /run/netns/%s rw shared:1 - "
				    "nsfs nsfs rw\n",
				    1000001 + ns->index,
				    (unsigned long long)ns->ident.ino, d->d_name);
	if (dir)
		closedir(dir);
	list_for_each(b, &f->binds, node)
		text_printf(&t, "%u 1 0:4 net:[%llu] %s rw shared:1 - nsfs nsfs rw\n",
			    1000001 + b->ns->index,
			    (unsigned long long)b->ns->ident.ino, b->path);
	fd = t.failed ? -ENOMEM : text_memfd(&t);
	text_fini(&t);
	return fd;
}

static struct netns *path_stack(struct super *s, const struct call *c,
				const struct path *p, int *err)
{
	struct netns *ns;

	*err = p->gone ? -ENOENT : 0;
	if (p->ns || p->gone)
		ns = p->ns;
	else if (p->kind == PATH_VIEW && path_below(p->rest, "class/net"))
		ns = mounts_sysfs(s, p->pid);
	else
		*err = path_task_netns(s, c, p->pid, &ns);
	if (*err)
		return NULL;
	if (ns && ns->net)
		return ns;
	*err = -ENOENT;
	return NULL;
}

static struct net *path_net(struct super *s, const struct call *c, const struct path *p,
			    int *err)
{
	struct netns *ns = path_stack(s, c, p, err);

	return ns ? ns->net : NULL;
}

/*
 * The mode that counts for the caller: who administers the namespace has the
 * owner's part, and so has root (N2.9).
 */
static int tunable_mode_for(struct super *s, const struct call *c,
			    const struct netns *ns, int mode)
{
	const struct cred *cr = cred_of(s, c->tid);

	if (!s->map_root || cr->euid == 0 || cred_can(cr, ns->owner, CAP_NET_ADMIN))
		return mode >> 6 & 7;
	return cred_in_group(cr, 0) ? mode >> 3 & 7 : mode & 7;
}

/* The file's type and mode. Return: st_mode or a negative errno */
static int path_mode(struct net *net, const struct path *p)
{
	return p->kind == PATH_TUNABLE ? tunable_mode(net, p->rest)
				       : view_mode(net, p->rest);
}

static int path_text(struct net *net, const struct path *p, struct text *out)
{
	return p->kind == PATH_TUNABLE ? tunable_read(net, p->rest, out)
				       : view_text(net, p->rest, out);
}

struct dir_fill {
	int fd;
};

static void dir_entry(void *arg, const char *name, bool is_dir)
{
	const struct dir_fill *fill = arg;
	int fd;

	if (is_dir) {
		mkdirat(fill->fd, name, 0700);
		return;
	}
	fd = openat(fill->fd, name, O_RDONLY | O_CREAT | O_CLOEXEC, 0400);
	if (fd >= 0)
		close(fd);
}

static void dir_empty(int fd)
{
	DIR *dir = fdopendir(fcntl(fd, F_DUPFD_CLOEXEC, 3));
	struct dirent *d;

	if (!dir)
		return;
	rewinddir(dir);
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.' && unlinkat(fd, d->d_name, 0))
			unlinkat(fd, d->d_name, AT_REMOVEDIR);
	closedir(dir);
}

static int mkdir_all(int dirfd, char *path)
{
	for (char *at = strchr(path, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdirat(dirfd, path, 0700);
		*at = '/';
	}
	return mkdirat(dirfd, path, 0700) && errno != EEXIST ? -errno : 0;
}

/* A real directory with the names of now; opening what is in it comes to us again. */
static int dir_open(struct super *s, struct netns *ns, const struct path *p)
{
	struct net *net = ns->net;
	struct files *f = s->files;
	struct dir_fill fill;
	char path[4200];
	int err;

	if (p->kind == PATH_TUNABLE)
		snprintf(path, sizeof(path), "ns%u/sys/%s", ns->index, p->rest);
	else
		snprintf(path, sizeof(path), "%d/%s", (int)p->pid, p->rest);
	err = mkdir_all(f->dirs, path);
	if (err)
		return err;
	fill.fd = openat(f->dirs, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fill.fd < 0)
		return -errno;
	dir_empty(fill.fd);
	err = p->kind == PATH_TUNABLE ? tunable_list(net, p->rest, dir_entry, &fill)
				      : view_list(net, p->rest, dir_entry, &fill);
	if (!err && !lseek(fill.fd, 0, SEEK_SET))
		return fill.fd;
	close(fill.fd);
	return err;
}

/* ---- tunables that are written ---- */

static void tunable_del(struct super *s, struct tunable_file *t)
{
	super_unwatch(s, &t->src);
	close(t->src.fd);
	super_ident_del(s, &t->ident);
	if (t->tid)
		trace_leave(s, t->tid);
	list_del(&t->node);
	if (t->net)
		net_put(t->net);
	userns_put(s, t->user);
	free(t);
}

/* @tid: who writes, as far as it is known */
static int tunable_take(struct super *s, const struct tunable_file *t, pid_t tid,
			const char *buf, size_t n)
{
	if (!t->net)
		return userns_write(s, t->user, t->what, tid, buf, n);
	return t->view ? view_write(t->net, t->path, buf, n)
		       : tunable_write(t->net, t->path, buf, n);
}

static void tunable_event(struct super *s, struct source *src, u32 events)
{
	struct tunable_file *t = container_of(src, struct tunable_file, src);
	char buf[TUNABLE_MAX];
	ssize_t n;

	(void)events;
	while ((n = recv(src->fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		int err = tunable_take(s, t, t->tid, buf, (size_t)n);

		if (err)
			log_warn(&s->log, "%s/%s: \"%.*s\" refused: %s",
				 t->view ? "/sys" : "/proc/sys", t->path,
				 (int)min(n, (ssize_t)40), buf, strerror(-err));
	}
	if (n == 0)
		tunable_del(s, t);
}

void files_drain(struct super *s)
{
	struct tunable_file *t, *tmp;

	list_for_each_safe(t, tmp, &s->files->tunables, node)
		tunable_event(s, &t->src, EPOLLIN);
}

/* A followed thread writes: is it to a tunable? */
static bool tunable_written(struct super *s, pid_t tid, int fd, u64 addr, u64 n,
			    bool is_vector, s64 *ret)
{
	const struct call c = {.tid = tid};
	const struct tunable_file *t;
	struct iovec iov[16] = {{(void *)(uintptr_t)addr, n}};
	char buf[TUNABLE_MAX];
	struct ident *id;
	size_t len = n;
	int err;

	if (task_ident(s, &c, fd, &id, NULL) || !id || id->kind != IDENT_TUNABLE)
		return false;
	t = container_of(id, struct tunable_file, ident);
	err = 0;
	if (is_vector)
		err = n > ARRAY_SIZE(iov) ? -EINVAL
					  : mem_read_iov(&c, addr, n, iov, &len);
	if (!err)
		err = mem_gather(&c, iov, is_vector ? n : 1, 0, buf,
				 min(len, sizeof(buf)));
	if (!err && len)
		err = tunable_take(s, t, tid, buf, min(len, sizeof(buf)));
	*ret = err ? err : (s64)len;
	return true;
}

/* Return: the program's end, or a negative errno. @out: borrowed */
static int tunable_pair(struct super *s, const struct call *c, const char *path,
			struct tunable_file **out)
{
	size_t n = strlen(path) + 1;
	struct tunable_file *t;
	int pair[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	err = -ENOMEM;
	t = calloc(1, sizeof(*t) + n);
	if (!t)
		goto err_close;
	memcpy(t->path, path, n);
	err = super_ident_add(s, &t->ident, IDENT_TUNABLE, pair[1]);
	if (err)
		goto err_free;
	err = super_watch(s, &t->src, pair[0], EPOLLIN, tunable_event);
	if (err)
		goto err_ident;
	if (!trace_follow(s, c->tid, tunable_written))
		t->tid = c->tid;
	list_add_tail(&s->files->tunables, &t->node);
	*out = t;
	return pair[1];
err_ident:
	super_ident_del(s, &t->ident);
err_free:
	free(t);
err_close:
	close(pair[0]);
	close(pair[1]);
	return err;
}

static int tunable_open(struct super *s, const struct call *c, struct net *net,
			const struct path *p, int flags)
{
	struct tunable_file *t;
	struct text text;
	int fd = tunable_pair(s, c, p->rest, &t);

	if (fd < 0)
		return fd;
	net_get(net);
	t->net = net;
	t->view = p->kind == PATH_VIEW;
	if ((flags & O_ACCMODE) == O_RDWR) {
		text_init(&text);
		if (!path_text(net, p, &text) && text.len)
			send(t->src.fd, text.s, text.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		text_fini(&text);
	}
	shutdown(t->src.fd, SHUT_WR);
	return fd;
}

/* ---- who a process is ---- */

static int idmap_open(struct super *s, const struct call *c, const struct path *p,
		      int flags)
{
	const struct cred *cr = cred_of(s, p->pid);
	struct userns *ns = cr->ns;
	struct tunable_file *t;
	enum userns_file what = p->kind == PATH_MAX_NETNS     ? USERNS_MAX_NETNS
				: !strcmp(p->rest, "uid_map") ? USERNS_UID_MAP
				: !strcmp(p->rest, "gid_map") ? USERNS_GID_MAP
							      : USERNS_SETGROUPS;
	struct text text;
	int fd;

	if (what == USERNS_MAX_NETNS && (flags & O_ACCMODE) != O_RDONLY &&
	    !cred_can(cr, ns, CAP_SYS_RESOURCE))
		return -EACCES;
	text_init(&text);
	userns_show(ns, cred_of(s, c->tid)->ns, what, &text);
	if ((flags & O_ACCMODE) == O_RDONLY) {
		fd = text.failed ? -ENOMEM : text_memfd(&text);
		text_fini(&text);
		return fd;
	}
	fd = tunable_pair(s, c, p->rest, &t);
	if (fd >= 0) {
		userns_get(ns);
		t->user = ns;
		t->what = what;
		if ((flags & O_ACCMODE) == O_RDWR)
			send(t->src.fd, text.s, text.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		shutdown(t->src.fd, SHUT_WR);
	}
	text_fini(&text);
	return fd;
}

static void status_line(struct text *t, const char *line, size_t n,
			const struct cred *c, const struct userns *reader)
{
	const struct {
		const char *name;
		u64 set;
	} sets[] = {
	    {"CapInh:", c->inheritable}, {"CapPrm:", c->permitted},
	    {"CapEff:", c->effective},	 {"CapBnd:", c->bounding},
	    {"CapAmb:", c->ambient},
	};
	const u32 uids[4] = {c->uid, c->euid, c->suid, c->fsuid};
	const u32 gids[4] = {c->gid, c->egid, c->sgid, c->fsgid};
	bool group = line[0] == 'G';

	if (!strncmp(line, "Uid:", 4) || !strncmp(line, "Gid:", 4)) {
		text_printf(t, "%.4s", line);
		for (int i = 0; i < 4; i++)
			text_printf(
			    t, "\t%u",
			    userns_from_base(reader, group, group ? gids[i] : uids[i]));
		text_printf(t, "\n");
		return;
	}
	if (!strncmp(line, "Groups:", 7)) {
		text_printf(t, "Groups:\t");
		for (u32 i = 0; i < c->n_groups; i++)
			text_printf(t, "%u ",
				    userns_from_base(reader, true, c->groups[i]));
		text_printf(t, "%s\n", c->n_groups ? "" : " ");
		return;
	}
	if (!strncmp(line, "NoNewPrivs:", 11)) {
		text_printf(t, "NoNewPrivs:\t%u\n", c->no_new_privs);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		if (strncmp(line, sets[i].name, 7) != 0)
			continue;
		text_printf(t, "%s\t%016llx\n", sets[i].name,
			    (unsigned long long)sets[i].set);
		return;
	}
	text_add(t, line, n);
}

/* The host's, with who the process is for us (with -r) */
static int status_open(struct super *s, const struct call *c, const struct path *p)
{
	const struct cred *of = cred_of(s, p->pid);
	const struct userns *reader = cred_of(s, c->tid)->ns;
	char name[64], *buf = NULL, *at;
	struct text t;
	int fd, err;

	snprintf(name, sizeof(name), "/proc/%d/status", (int)p->pid);
	err = file_read_all(name, &buf);
	if (err)
		return err;
	text_init(&t);
	for (at = buf; *at;) {
		size_t n = strcspn(at, "\n");

		n += at[n] == '\n';
		if (task_is_ours(s, p->pid))
			status_line(&t, at, n, of, reader);
		else
			text_add(&t, at, n);
		at += n;
	}
	free(buf);
	fd = t.failed ? -ENOMEM : text_memfd(&t);
	text_fini(&t);
	return fd;
}

/* ---- open ---- */

static int view_open(struct super *s, const struct netns *ns, const struct path *p)
{
	struct text t;
	int fd;

	text_init(&t);
	fd = path_text(ns->net, p, &t);
	if (!fd && p->kind == PATH_VIEW && !strcmp(p->rest, "net/unix"))
		unix_show(s, ns, &t);
	if (!fd && t.failed)
		fd = -ENOMEM;
	if (!fd)
		fd = text_memfd(&t);
	text_fini(&t);
	return fd;
}

static int stack_file_open(struct super *s, const struct call *c, const struct path *p,
			   int flags)
{
	bool write = (flags & O_ACCMODE) != O_RDONLY;
	int err, mode, fd;
	struct netns *ns = path_stack(s, c, p, &err);

	if (!ns)
		return err;
	mode = path_mode(ns->net, p);
	if (mode < 0)
		return mode;
	if (S_ISDIR(mode))
		return write ? -EISDIR : dir_open(s, ns, p);
	if (flags & O_DIRECTORY)
		return -ENOTDIR;
	mode = tunable_mode_for(s, c, ns, mode);
	if ((write && !(mode & 2)) || ((flags & O_ACCMODE) != O_WRONLY && !(mode & 4)))
		return -EACCES;
	if (write)
		return tunable_open(s, c, ns->net, p, flags);
	fd = view_open(s, ns, p);
	if (fd >= 0 && p->kind == PATH_VIEW && path_below(p->rest, "net"))
		netns_keep_view(ns, fd);
	return fd;
}

/* Nobody writes to a namespace; who may all is told so in another word */
static int ns_write_error(struct super *s, const struct call *c)
{
	const struct cred *cr = cred_of(s, c->tid);

	return s->map_root && cred_can(cr, s->first_userns, CAP_DAC_OVERRIDE) ? -EPERM
									      : -EACCES;
}

static int name_open(struct super *s, const struct call *c, const struct path *p,
		     int flags, mode_t mode)
{
	struct netns *ns;
	int fd;

	if (!name_is_plain(p->rest))
		return -ENOENT;
	if (flags & O_CREAT)
		mode &= ~(mode_t)task_umask(c->tid);
	if (!files_netns_by_name(s, p->rest, &ns)) {
		if (flags & O_PATH)
			return netns_open(s, ns, true);
		if ((flags & O_ACCMODE) != O_RDONLY)
			return ns_write_error(s, c);
	}
	fd = openat(s->files->names, p->rest,
		    (flags & ~O_PATH) | O_CLOEXEC | O_NOFOLLOW, mode);
	return fd < 0 ? -errno : fd;
}

/* Return: a descriptor for the program, owned, or a negative errno */
static int path_open(struct super *s, const struct call *c, const struct path *p,
		     int flags, mode_t mode)
{
	struct netns *ns;
	int fd, err;

	switch (p->kind) {
	case PATH_NETNS_DIR:
		fd = openat(s->files->data, "netns", (flags & ~O_PATH) | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	case PATH_NETNS_NAME:
		return name_open(s, c, p, flags, mode);
	case PATH_NS_NET:
	case PATH_BOUND:
		err = files_netns(s, c, p, &ns);
		if (err)
			return err;
		if ((flags & O_ACCMODE) != O_RDONLY)
			return ns_write_error(s, c);
		if (flags & O_DIRECTORY)
			return -ENOTDIR;
		return netns_open(s, ns, flags & O_PATH);
	case PATH_VIEW:
	case PATH_TUNABLE:
		return stack_file_open(s, c, p, flags);
	case PATH_MOUNTINFO:
		return mountinfo_open(s, p);
	case PATH_STATUS:
		return (flags & O_ACCMODE) == O_RDONLY ? status_open(s, c, p) : -EACCES;
	case PATH_NS_USER:
		if (!path_may_read(s, c, p->pid))
			return -EACCES;
		return userns_open(s, cred_of(s, p->pid)->ns);
	case PATH_MAX_NETNS:
	case PATH_IDMAP:
		return idmap_open(s, c, p, flags);
	case PATH_ETC:
		fd = open(p->instead, flags | O_CLOEXEC,
			  mode & ~(mode_t)task_umask(c->tid));
		return fd < 0 ? -errno : fd;
	case PATH_FOREIGN:
		break;
	}
	return -ENOENT;
}

static void do_open(struct super *s, struct call *c, int dirfd, u64 addr, int flags,
		    mode_t mode)
{
	struct path p;
	int fd, err = files_path(s, c, dirfd, addr, &p);

	if (err || p.kind == PATH_FOREIGN) {
		super_continue(s, c); /* the kernel finds the same error */
		return;
	}
	fd = path_open(s, c, &p, flags, mode);
	if (fd < 0) {
		super_reply(s, c, fd);
		return;
	}
	super_reply_fd(s, c, fd, flags & O_CLOEXEC);
	close(fd);
}

static void call_open(struct super *s, struct call *c)
{
	do_open(s, c, AT_FDCWD, c->args[0], (int)c->args[1], (mode_t)c->args[2]);
}

static void call_creat(struct super *s, struct call *c)
{
	do_open(s, c, AT_FDCWD, c->args[0], O_CREAT | O_WRONLY | O_TRUNC,
		(mode_t)c->args[1]);
}

static void call_openat(struct super *s, struct call *c)
{
	do_open(s, c, (int)c->args[0], c->args[1], (int)c->args[2], (mode_t)c->args[3]);
}

static void call_openat2(struct super *s, struct call *c)
{
	struct open_how how;

	if (c->args[3] < sizeof(how) || mem_read(c, c->args[2], &how, sizeof(how)))
		super_continue(s, c);
	else
		do_open(s, c, (int)c->args[0], c->args[1], (int)how.flags,
			(mode_t)how.mode);
}

/* ---- stat and its kin ---- */

/* Only opening it is ours, or nothing is. */
static bool path_is_host(const struct path *p)
{
	return p->kind == PATH_FOREIGN || p->kind == PATH_MOUNTINFO ||
	       p->kind == PATH_STATUS || p->kind == PATH_IDMAP ||
	       p->kind == PATH_MAX_NETNS;
}

/* Is it a symbolic link of the host that leads to ours? */
static bool path_is_link(const struct path *p)
{
	return p->kind == PATH_NS_NET || p->kind == PATH_NS_USER ||
	       !strcmp(p->abs, "/proc/net");
}

/* A stat of what the path stands for; made up where no file stands behind it */
static int path_stat(struct super *s, const struct call *c, const struct path *p,
		     struct stat *st)
{
	struct netns *ns;
	struct stat own;
	struct net *net;
	int err, mode;

	switch (p->kind) {
	case PATH_NETNS_DIR:
		return fstat(s->files->names, st) ? -errno : 0;
	case PATH_NETNS_NAME:
		return fstatat(s->files->names, p->rest, st, AT_SYMLINK_NOFOLLOW)
			   ? -errno
			   : 0;
	case PATH_NS_NET:
	case PATH_BOUND:
		err = files_netns(s, c, p, &ns);
		if (err)
			return err;
		return fstatat(s->files->ns, ns->file, st, 0) ? -errno : 0;
	case PATH_NS_USER:
		if (!path_may_read(s, c, p->pid))
			return -EACCES;
		return fstatat(s->files->ns, cred_of(s, p->pid)->ns->file, st, 0)
			   ? -errno
			   : 0;
	case PATH_ETC:
		return stat(p->instead, st) ? -errno : 0;
	default:
		break;
	}
	net = path_net(s, c, p, &err);
	mode = net ? path_mode(net, p) : err;
	if (mode < 0)
		return mode;
	memset(st, 0, sizeof(*st));
	st->st_mode = (mode_t)mode;
	st->st_nlink = S_ISDIR(mode) ? 2 : 1;
	st->st_blksize = 1024;
	if (S_ISREG(mode) && path_below(p->rest, "class"))
		st->st_size = 4096; /* as sysfs says of every attribute */
	if (!fstat(s->files->dirs, &own))
		st->st_atim = st->st_mtim = st->st_ctim = own.st_mtim;
	st->st_ino = 1;
	for (const char *at = p->rest; *at; at++)
		st->st_ino = (st->st_ino * 31 + (u8)*at) & 0xffffffff;
	return 0;
}

static void do_stat(struct super *s, struct call *c, int dirfd, u64 addr, u64 to)
{
	struct path p;
	struct stat st;
	int err = files_path(s, c, dirfd, addr, &p);

	if (err || path_is_host(&p)) {
		super_continue(s, c);
		return;
	}
	err = path_stat(s, c, &p, &st);
	if (!err)
		err = mem_write(c, to, &st, sizeof(st));
	super_reply(s, c, err);
}

static void call_stat(struct super *s, struct call *c)
{
	do_stat(s, c, AT_FDCWD, c->args[0], c->args[1]);
}

static void call_newfstatat(struct super *s, struct call *c)
{
	do_stat(s, c, (int)c->args[0], c->args[1], c->args[2]);
}

static void statx_from(const struct stat *st, struct statx *x)
{
	memset(x, 0, sizeof(*x));
	x->stx_mask = STATX_BASIC_STATS;
	x->stx_blksize = (u32)st->st_blksize;
	x->stx_nlink = (u32)st->st_nlink;
	x->stx_uid = st->st_uid;
	x->stx_gid = st->st_gid;
	x->stx_mode = (u16)st->st_mode;
	x->stx_ino = st->st_ino;
	x->stx_size = (u64)st->st_size;
	x->stx_blocks = (u64)st->st_blocks;
	x->stx_atime.tv_sec = st->st_atim.tv_sec;
	x->stx_mtime.tv_sec = st->st_mtim.tv_sec;
	x->stx_ctime.tv_sec = st->st_ctim.tv_sec;
	x->stx_dev_major = (u32)(st->st_dev >> 8 & 0xfff);
	x->stx_dev_minor = (u32)((st->st_dev & 0xff) | (st->st_dev >> 12 & 0xfff00));
}

static void call_statx(struct super *s, struct call *c)
{
	struct path p;
	struct stat st;
	struct statx x;
	int err = files_path(s, c, (int)c->args[0], c->args[1], &p);
	bool link = c->args[2] & AT_SYMLINK_NOFOLLOW && path_is_link(&p);

	if (err || link || path_is_host(&p)) {
		super_continue(s, c);
		return;
	}
	err = path_stat(s, c, &p, &st);
	if (!err) {
		statx_from(&st, &x);
		err = mem_write(c, c->args[4], &x, sizeof(x));
	}
	super_reply(s, c, err);
}

static void do_access(struct super *s, struct call *c, int dirfd, u64 addr, int mode)
{
	struct path p;
	struct stat st;
	int err = files_path(s, c, dirfd, addr, &p);

	if (err || path_is_host(&p)) {
		super_continue(s, c);
		return;
	}
	err = path_stat(s, c, &p, &st);
	if (!err && mode & W_OK && !(st.st_mode & 0222))
		err = -EACCES;
	if (!err && mode & X_OK && !(st.st_mode & 0111))
		err = -EACCES;
	super_reply(s, c, err);
}

static void call_access(struct super *s, struct call *c)
{
	do_access(s, c, AT_FDCWD, c->args[0], (int)c->args[1]);
}

static void call_faccessat(struct super *s, struct call *c)
{
	do_access(s, c, (int)c->args[0], c->args[1], (int)c->args[2]);
}

static s64 readlink_answer(const struct call *c, u64 to, u64 size, const char *text,
			   size_t n)
{
	int err;

	n = min(n, (size_t)(u32)size);
	err = (s32)size <= 0 ? -EINVAL : mem_write(c, to, text, n);
	return err ? err : (s64)n;
}

/* /sys/class/net/DEV leads to /sys/devices/virtual/net/DEV */
static bool path_is_class_link(const struct path *p)
{
	const char *dev = path_below(p->abs, "/sys/class/net");

	return p->kind == PATH_VIEW && dev && name_is_plain(dev);
}

static void path_class_link(struct super *s, struct call *c, const struct path *p,
			    u64 to, u64 size)
{
	char text[128];
	struct stat st;
	int err = path_stat(s, c, p, &st);
	size_t n = text_format(text, sizeof(text), "../../devices/virtual/net/%s",
			       strrchr(p->abs, '/') + 1);

	n = min(n, (size_t)(u32)size);
	if (!err)
		err = (s32)size <= 0 ? -EINVAL : mem_write(c, to, text, n);
	super_reply(s, c, err ? err : (s64)n);
}

static void do_readlink(struct super *s, struct call *c, int dirfd, u64 addr, u64 to,
			u64 size)
{
	struct path p;
	struct netns *ns;
	char text[32];
	struct stat st;
	size_t n;
	int err = files_path(s, c, dirfd, addr, &p);

	if (err || path_is_host(&p) || p.kind == PATH_ETC ||
	    (p.kind == PATH_VIEW && !strcmp(p.rest, "net"))) {
		super_continue(s, c);
		return;
	}
	if (path_is_class_link(&p)) {
		path_class_link(s, c, &p, to, size);
		return;
	}
	if (p.kind == PATH_NS_USER) {
		err = path_stat(s, c, &p, &st);
		n = text_format(text, sizeof(text), "user:[%llu]",
				(unsigned long long)st.st_ino);
		super_reply(s, c, err ? err : readlink_answer(c, to, size, text, n));
		return;
	}
	if (p.kind != PATH_NS_NET) { /* realpath() asks of each step: it is no link */
		err = path_stat(s, c, &p, &st);
		super_reply(s, c, err ? err : -EINVAL);
		return;
	}
	err = files_netns(s, c, &p, &ns);
	if (err) {
		super_reply(s, c, err);
		return;
	}
	n = text_format(text, sizeof(text), "net:[%llu]",
			(unsigned long long)ns->ident.ino);
	super_reply(s, c, readlink_answer(c, to, size, text, n));
}

static void call_readlink(struct super *s, struct call *c)
{
	do_readlink(s, c, AT_FDCWD, c->args[0], c->args[1], c->args[2]);
}

static void call_readlinkat(struct super *s, struct call *c)
{
	do_readlink(s, c, (int)c->args[0], c->args[1], c->args[2], c->args[3]);
}

/* `ls -l` asks for access lists; ours have none */
static void call_getxattr(struct super *s, struct call *c)
{
	struct path p;
	int err = files_path(s, c, AT_FDCWD, c->args[0], &p);

	if (err || path_is_host(&p) || p.kind == PATH_ETC)
		super_continue(s, c);
	else
		super_reply(s, c, -ENODATA);
}

/* ---- mkdir, unlink ---- */

static void do_mkdir(struct super *s, struct call *c, int dirfd, u64 addr, mode_t mode)
{
	struct path p;
	struct stat st;
	int err = files_path(s, c, dirfd, addr, &p);

	if (!err && path_is_own_etc(s, &p)) {
		mode &= ~(mode_t)task_umask(c->tid);
		super_reply(s, c, mkdir(p.instead, mode) ? -errno : 0);
		return;
	}
	if (err || path_is_host(&p) || p.kind == PATH_ETC)
		super_continue(s, c);
	else if (!path_stat(s, c, &p, &st))
		super_reply(s, c, -EEXIST);
	else
		super_reply(s, c, p.kind == PATH_NETNS_NAME ? -EPERM : -ENOENT);
}

static void call_mkdir(struct super *s, struct call *c)
{
	do_mkdir(s, c, AT_FDCWD, c->args[0], (mode_t)c->args[1]);
}

static void call_mkdirat(struct super *s, struct call *c)
{
	do_mkdir(s, c, (int)c->args[0], c->args[1], (mode_t)c->args[2]);
}

static int name_unlink(struct super *s, const struct path *p, int flags)
{
	struct netns *ns;

	if (!files_netns_by_name(s, p->rest, &ns))
		return -EBUSY; /* something is mounted on it */
	return unlinkat(s->files->names, p->rest, flags) ? -errno : 0;
}

static void do_unlink(struct super *s, struct call *c, int dirfd, u64 addr, int flags)
{
	struct path p;
	int err = files_path(s, c, dirfd, addr, &p);

	if (!err && path_is_own_etc(s, &p))
		super_reply(s, c, unlinkat(AT_FDCWD, p.instead, flags) ? -errno : 0);
	else if (err || path_is_host(&p) || p.kind == PATH_ETC)
		super_continue(s, c);
	else if (p.kind == PATH_NETNS_NAME)
		super_reply(s, c, name_unlink(s, &p, flags));
	else
		super_reply(s, c,
			    p.kind == PATH_BOUND     ? -EBUSY
			    : p.kind == PATH_TUNABLE ? -EACCES
						     : -EPERM);
}

static void call_unlink(struct super *s, struct call *c)
{
	do_unlink(s, c, AT_FDCWD, c->args[0], 0);
}

static void call_rmdir(struct super *s, struct call *c)
{
	do_unlink(s, c, AT_FDCWD, c->args[0], AT_REMOVEDIR);
}

static void call_unlinkat(struct super *s, struct call *c)
{
	do_unlink(s, c, (int)c->args[0], c->args[1], (int)c->args[2]);
}

/* ---- inotify ---- */

/* `ip netns monitor` watches the directory of names */
static void call_inotify_add_watch(struct super *s, struct call *c)
{
	struct path p;
	char seen[64];
	int fd, n, err = files_path(s, c, AT_FDCWD, c->args[1], &p);

	if (err || p.kind != PATH_NETNS_DIR) {
		super_continue(s, c);
		return;
	}
	err = task_getfd(s, c, (int)c->args[0], &fd);
	if (err) {
		super_reply(s, c, err);
		return;
	}
	snprintf(seen, sizeof(seen), "/proc/self/fd/%d", s->files->names);
	n = inotify_add_watch(fd, seen, (u32)c->args[2] & ~(u32)IN_DONT_FOLLOW);
	super_reply(s, c, n < 0 ? -errno : n);
	close(fd);
}

/* ---- the private directory ---- */

static void tree_remove_all(int dirfd, const char *name, int depth);

/* The directory on a tmpfs that our link leads to */
static void tree_remove_target(int dirfd, const char *name, int depth)
{
	char target[sizeof(TMPFS_TEMPLATE)];
	ssize_t n = readlinkat(dirfd, name, target, sizeof(target));

	if (n != (ssize_t)sizeof(target) - 1 ||
	    memcmp(target, TMPFS_TEMPLATE, sizeof(target) - sizeof("XXXXXX")))
		return;
	target[n] = '\0';
	if (!strchr(target + sizeof("/dev/shm/") - 1, '/'))
		tree_remove_all(AT_FDCWD, target, depth - 1);
}

/* Remove what is below @name of @dirfd; no deeper than we make it. */
static void tree_remove_all(int dirfd, const char *name, int depth)
{

	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct dirent *d;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (depth && (d = readdir(dir))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		tree_remove_target(fd, d->d_name, depth);
		if (unlinkat(fd, d->d_name, 0))
			tree_remove_all(fd, d->d_name, depth - 1);
	}
	closedir(dir);
	unlinkat(dirfd, name, AT_REMOVEDIR);
}

/* Return: a locked descriptor, -EWOULDBLOCK (alive), or another errno */
static int dir_lock(int dirfd)
{
	int fd = openat(dirfd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	close(fd);
	return -EWOULDBLOCK;
}

/* What supervisors left that could not clean up */
static void remove_stale(int runtime)
{
	DIR *dir = fdopendir(fcntl(runtime, F_DUPFD_CLOEXEC, 3));
	struct dirent *d;

	if (!dir)
		return;
	rewinddir(dir);
	while ((d = readdir(dir))) {
		int fd, lock;

		if (d->d_name[0] == '.')
			continue;
		fd = openat(runtime, d->d_name,
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			continue;
		lock = dir_lock(fd);
		if (lock >= 0) {
			tree_remove_all(runtime, d->d_name, TREE_DEPTH);
			close(lock);
		}
		close(fd);
	}
	closedir(dir);
}

static int private_subdir(int dirfd, const char *name)
{
	int fd;

	if (mkdirat(dirfd, name, 0755))
		return -errno;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

static bool is_tmpfs(const char *path, int fd)
{
	struct statfs fs;

	return !(path ? statfs(path, &fs) : fstatfs(fd, &fs)) &&
	       fs.f_type == TMPFS_MAGIC;
}

static int private_data(int dirfd)
{
	char path[] = TMPFS_TEMPLATE;
	int fd;

	if (is_tmpfs(NULL, dirfd) || !is_tmpfs("/dev/shm", -1) || !mkdtemp(path))
		return private_subdir(dirfd, "data");
	if (symlinkat(path, dirfd, "data")) {
		fd = -errno;
		rmdir(path);
		return fd;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

/*
 * Directories on the tmpfs whose link was lost with RUNTIME. Others begin there with
 * a RUNTIME of their own: leave them a minute to take their lock.
 */
static void remove_stale_data(int data)
{
	const char *base = "/dev/shm";
	struct stat own, st;
	struct dirent *d;
	DIR *dir;

	if (fstat(data, &own))
		return;
	dir = opendir(base);
	while (dir && (d = readdir(dir))) {
		int fd, lock;

		if (strncmp(d->d_name, "warren-", 7) != 0)
			continue;
		fd = openat(dirfd(dir), d->d_name,
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			continue;
		lock = -1;
		if (!fstat(fd, &st) && st.st_uid == own.st_uid &&
		    own.st_mtime - st.st_mtime > STALE_S)
			lock = dir_lock(fd);
		if (lock >= 0) {
			tree_remove_all(dirfd(dir), d->d_name, TREE_DEPTH);
			close(lock);
		}
		close(fd);
	}
	if (dir)
		closedir(dir);
}

static int private_path(int fd, char *out, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, out, size - 1);
	if (n < 0)
		return -errno;
	out[n] = '\0';
	return 0;
}

/* Where the host has no /etc/netns programs get one of their own; not in a tree of
 * theirs */
static int private_etc(struct files *f)
{
	int fd, err;

	if (!access("/etc/netns", F_OK))
		return 0;
	fd = private_subdir(f->data, "etc");
	if (fd < 0)
		return fd;
	err = private_path(fd, f->etc_path, sizeof(f->etc_path));
	close(fd);
	return err;
}

static int private_make(struct super *s, struct files *f, int runtime, const char *name)
{
	int err;

	remove_stale(runtime);
	if (mkdirat(runtime, name, 0700))
		return -errno;
	f->dirfd = openat(runtime, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->dirfd < 0)
		return -errno;
	f->lock = dir_lock(f->dirfd);
	if (f->lock >= 0)
		dprintf(f->lock, "%d", (int)getpid());
	f->data = private_data(f->dirfd);
	if (f->data < 0)
		return f->data;
	f->data_lock = dir_lock(f->data);
	remove_stale_data(f->data);
	f->names = private_subdir(f->data, "netns");
	f->ns = private_subdir(f->data, "ns");
	f->dirs = private_subdir(f->data, "dir");
	if (f->lock < 0 || f->names < 0 || f->ns < 0 || f->dirs < 0)
		return -EIO;
	err = s->facilities & FAC_NS_CALLS ? 0 : carried_install(f->dirfd);
	if (!err && !s->root)
		err = private_etc(f);
	if (!err)
		err = private_path(f->names, f->names_path, sizeof(f->names_path));
	return err ? err : private_path(f->dirs, f->dirs_path, sizeof(f->dirs_path));
}

static void close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void files_free(struct files *f)
{
	close_if(f->names);
	close_if(f->ns);
	close_if(f->dirs);
	close_if(f->data);
	if (f->dirfd >= 0)
		tree_remove_all(AT_FDCWD, f->dir, TREE_DEPTH);
	close_if(f->dirfd);
	close_if(f->lock);
	close_if(f->data_lock);
	free(f->dir);
	free(f);
}

int files_init(struct super *s, const char *runtime, const char *name)
{
	struct files *f = calloc(1, sizeof(*f));
	char path[4096];
	int fd, err;

	if (!f)
		return -ENOMEM;
	list_init(&f->binds);
	list_init(&f->tunables);
	f->dirfd = f->data = f->names = f->ns = f->dirs = f->lock = f->data_lock = -1;
	text_format(path, sizeof(path), "%s/%s", runtime, name);
	f->dir = strdup(path);
	err = -ENOMEM;
	if (!f->dir)
		goto err_free;
	fd = open(runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = -errno;
	if (fd < 0)
		goto err_free;
	err = private_make(s, f, fd, name);
	close(fd);
	if (err)
		goto err_free;
	s->files = f;
	return 0;
err_free:
	files_free(f);
	return err;
}

void files_release(struct super *s)
{
	struct tunable_file *t;
	struct bind *b;

	while ((t = list_first(&s->files->tunables, struct tunable_file, node)))
		tunable_del(s, t);
	while ((b = list_first(&s->files->binds, struct bind, node)))
		bind_del(b);
}

void files_fini(struct super *s)
{
	files_free(s->files);
	s->files = NULL;
}

const struct call_row files_rows[] = {
    {SCMP_SYS(open), call_open},
    {SCMP_SYS(creat), call_creat},
    {SCMP_SYS(openat), call_openat},
    {SCMP_SYS(openat2), call_openat2},
    {SCMP_SYS(stat), call_stat},
    {SCMP_SYS(newfstatat), call_newfstatat},
    {SCMP_SYS(statx), call_statx},
    {SCMP_SYS(access), call_access},
    {SCMP_SYS(faccessat), call_faccessat},
    {SCMP_SYS(faccessat2), call_faccessat},
    {SCMP_SYS(readlink), call_readlink},
    {SCMP_SYS(readlinkat), call_readlinkat},
    {SCMP_SYS(getxattr), call_getxattr},
    {SCMP_SYS(lgetxattr), call_getxattr},
    {SCMP_SYS(mkdir), call_mkdir},
    {SCMP_SYS(mkdirat), call_mkdirat},
    {SCMP_SYS(unlink), call_unlink},
    {SCMP_SYS(unlinkat), call_unlinkat},
    {SCMP_SYS(rmdir), call_rmdir},
    {SCMP_SYS(inotify_add_watch), call_inotify_add_watch},
};
const unsigned files_rows_n = ARRAY_SIZE(files_rows);
