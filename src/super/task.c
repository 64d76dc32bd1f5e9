/* SPDX-License-Identifier: MIT */
/*
 * task.c - threads of programs: their descriptors and their namespace
 *
 * Descriptors. A call names a descriptor of its thread. A pidfd for each
 * thread that ever named one is kept; pidfd_getfd gives a duplicate, and its
 * device and inode say which object of ours it is. So there is no table of
 * descriptors to keep in step with dup, fork, exec and SCM_RIGHTS. When a
 * pidfd says that its task ended, the entry goes, and held calls and
 * namespaces are looked at.
 *
 * Namespaces. Which namespace a process is in stands in the process: its soft
 * RLIMIT_LOCKS, 64 bits that the kernel has not enforced since 2.4 and that
 * fork and exec hand on. We read and write it from outside with prlimit().
 * Infinity is the initial namespace; otherwise
 *
 *	63      48 47       32 31      24 23          0
 *	| tag     | view      | 0        | ns index    |
 *
 * where tag is random for each warren, so that the word of a nested or former
 * warren is not taken for ours. Programs that ask for the limit are told
 * "unlimited" (netns.c).
 *
 * A thread that moves alone, while its process has others, gets a slot: a
 * number of 10 bits in the hint of its I/O priority, which thread creation,
 * fork and exec hand on, too. A thread's slot outranks the word of its
 * process. Where the kernel has no hints (before 6.5) the whole process moves.
 * Slot numbers are the supervisor's, one for each namespace that needs one.
 *
 * Reuse of thread numbers does no harm: nothing but the pidfd is remembered by
 * number, and a pidfd never means another task.
 */

#include "super/task.h"
#include "super/carried.h"

#include <dirent.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/random.h"
#include "super/held.h"
#include "super/netns.h"

enum {
	PIDFD_OF_THREAD = O_EXCL, /* PIDFD_THREAD, 6.9 */
	TASKS_MAX = 4096,	  /* pidfds kept */
	SLOTS = 1024,		  /* 10 bits; 0: none */
	IOPRIO_WHO_TASK = 1,
	IOPRIO_BE_4 = 2 << 13 | 4, /* best effort, level 4: the default */
	IOPRIO_HINT_SHIFT = 3,
	IOPRIO_HINT_MASK = 0x3ff,
};

/* A thread whose descriptors were asked for. */
struct task {
	struct table_node node;
	struct list lru;
	pid_t tid;
	pid_t tgid;	   /* 0: not asked yet */
	struct source src; /* its pidfd; readable when it ended */
};

/* ---- pidfds ---- */

static u32 tid_hash(pid_t tid)
{
	return (u32)tid * 0x9e3779b1U;
}

static struct task *task_find(struct super *s, pid_t tid)
{
	struct table_node *n = table_first(&s->tasks, tid_hash(tid));

	for (; n; n = table_next(n)) {
		struct task *t = container_of(n, struct task, node);

		if (t->tid == tid)
			return t;
	}
	return NULL;
}

static void task_del(struct super *s, struct task *t)
{
	super_unwatch(s, &t->src);
	close(t->src.fd);
	table_del(&s->tasks, &t->node);
	list_del(&t->lru);
	s->n_tasks--;
	free(t);
}

static void task_event(struct super *s, struct source *src, u32 events)
{
	(void)events;
	task_del(s, container_of(src, struct task, src));
	super_task_gone(s);
	held_hint(s, 0);
	netns_kick(s);
}

static int task_open_pidfd(const struct super *s, pid_t tid)
{
	bool thread = s->facilities & FAC_PIDFD_THREAD;
	pid_t pid = thread ? tid : task_tgid(tid);
	int fd;

	if (!pid)
		return -ESRCH;
	fd = (int)syscall(SYS_pidfd_open, pid, thread ? PIDFD_OF_THREAD : 0);
	return fd < 0 ? -errno : fd;
}

static int task_new(struct super *s, pid_t tid, struct task **out)
{
	struct task *t;
	int err, fd;

	while (s->n_tasks >= TASKS_MAX)
		task_del(s, list_last(&s->tasks_lru, struct task, lru));
	fd = task_open_pidfd(s, tid);
	if (fd < 0)
		return fd;
	t = calloc(1, sizeof(*t));
	err = -ENOMEM;
	if (!t)
		goto err_close;
	t->tid = tid;
	list_init(&t->lru);
	err = table_add(&s->tasks, &t->node, tid_hash(tid));
	if (err)
		goto err_free;
	err = super_watch(s, &t->src, fd, EPOLLIN, task_event);
	if (err)
		goto err_table;
	list_add(&s->tasks_lru, &t->lru);
	s->n_tasks++;
	*out = t;
	return 0;
err_table:
	table_del(&s->tasks, &t->node);
err_free:
	free(t);
err_close:
	close(fd);
	return err;
}

static int task_get(struct super *s, pid_t tid, struct task **out)
{
	struct task *t = task_find(s, tid);

	if (!t)
		return task_new(s, tid, out);
	list_del(&t->lru);
	list_add(&s->tasks_lru, &t->lru);
	*out = t;
	return 0;
}

/* Be told of its end. */
static void task_watch(struct super *s, pid_t tid)
{
	struct task *t;

	if (task_get(s, tid, &t))
		netns_kick(s);
}

/* Of a thread's descriptor, by its name in /proc: files only, sockets are ENXIO */
static int task_reopen(const struct call *c, int fd, int *out)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)c->tid, fd);
	*out = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*out >= 0)
		return 0;
	return errno == ENOENT ? -EBADF : -errno;
}

int task_getfd(struct super *s, const struct call *c, int fd, int *out)
{
	struct task *t;
	int err, n;

	if (!(s->facilities & FAC_PIDFD_GETFD))
		return task_reopen(c, fd, out);

	for (int attempt = 0; attempt < 2; attempt++) {
		err = task_get(s, c->tid, &t);
		if (err)
			return err;
		n = (int)syscall(SYS_pidfd_getfd, t->src.fd, fd, 0);
		if (n >= 0) {
			*out = n;
			return 0;
		}
		err = -errno;
		if (err != -ESRCH)
			return err;
		task_del(s, t); /* an earlier thread of this number */
	}
	return err;
}

/* Without pidfd_getfd: what /proc says of the descriptor, and a kept duplicate */
static int task_ident_by_name(struct super *s, const struct call *c, int fd,
			      struct ident **id, int *dup)
{
	char path[64];
	struct stat st;

	task_watch(s, c->tid);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)c->tid, fd);
	if (stat(path, &st))
		return errno == ENOENT ? -EBADF : -errno;
	*id = super_ident(s, st.st_dev, st.st_ino);
	if (!dup)
		return 0;
	if (!*id || !(*id)->kept)
		return task_reopen(c, fd, dup) == -EBADF ? -EBADF : 0;
	*dup = fcntl((*id)->kept - 1, F_DUPFD_CLOEXEC, 0);
	return *dup < 0 ? -errno : 0;
}

int task_ident(struct super *s, const struct call *c, int fd, struct ident **id,
	       int *dup)
{
	struct stat st;
	int copy, err;

	if (dup)
		*dup = -1;
	if (!(s->facilities & FAC_PIDFD_GETFD))
		return task_ident_by_name(s, c, fd, id, dup);
	err = task_getfd(s, c, fd, &copy);
	if (err)
		return err;
	*id = fstat(copy, &st) ? NULL : super_ident(s, st.st_dev, st.st_ino);
	if (dup)
		*dup = copy;
	else
		close(copy);
	return 0;
}

/* ---- /proc ---- */

static int proc_read(pid_t tid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return 0;
}

static enum task_does call_is(int nr)
{
	switch (nr) {
	case SCMP_SYS(poll):
	case SCMP_SYS(ppoll):
	case SCMP_SYS(select):
	case SCMP_SYS(pselect6):
	case SCMP_SYS(epoll_wait):
	case SCMP_SYS(epoll_pwait):
	case SCMP_SYS(epoll_pwait2):
		return TASK_POLLS;
	case SCMP_SYS(read):
	case SCMP_SYS(readv):
	case SCMP_SYS(recvfrom):
	case SCMP_SYS(recvmsg):
	case SCMP_SYS(recvmmsg):
		return TASK_RECEIVES;
	default:
		return TASK_RUNS;
	}
}

enum task_does task_does(pid_t tid, int fd)
{
	enum task_does most = TASK_UNKNOWN;
	char path[64], text[128];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)tid);
	dir = opendir(path);
	if (!dir)
		return most;
	while ((d = readdir(dir))) {
		pid_t t = atoi(d->d_name);
		enum task_does does = TASK_RUNS;
		unsigned arg0;
		int nr;

		if (t <= 0 || proc_read(t, "syscall", text, sizeof(text)) < 0)
			continue;
		if (sscanf(text, "%d %x", &nr, &arg0) == 2)
			does = call_is(nr);
		if (does == TASK_RECEIVES && (int)arg0 != fd)
			does = TASK_RUNS;
		most = max(most, does);
	}
	closedir(dir);
	return most;
}

/* The number behind "\n@name:" in a status file */
static bool status_field(const char *status, const char *name, int base, u64 *v)
{
	char key[32];
	const char *at;

	snprintf(key, sizeof(key), "\n%s:", name);
	at = strstr(status, key);
	if (!at)
		return false;
	*v = strtoull(at + strlen(key), NULL, base);
	return true;
}

pid_t task_tgid(pid_t tid)
{
	char status[4096];
	u64 tgid;

	if (proc_read(tid, "status", status, sizeof(status)) ||
	    !status_field(status, "Tgid", 10, &tgid))
		return 0;
	return (pid_t)tgid;
}

pid_t task_pid(struct super *s, pid_t tid)
{
	struct task *t;

	if (task_get(s, tid, &t))
		return task_tgid(tid);
	if (!t->tgid)
		t->tgid = task_tgid(tid);
	return t->tgid;
}

int task_fd_flags(const struct call *c, int fd)
{
	char name[32], text[256];
	u64 flags;
	int err;

	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	err = proc_read(c->tid, name, text, sizeof(text));
	if (err)
		return err;
	return status_field(text, "flags", 8, &flags) ? (int)flags : -EINVAL;
}

u32 task_umask(pid_t tid)
{
	char status[4096];
	u64 mask;

	if (proc_read(tid, "status", status, sizeof(status)) ||
	    !status_field(status, "Umask", 8, &mask))
		return 022;
	return (u32)mask;
}

bool task_signal_pending(pid_t tid, int *status_fd)
{
	char status[4096], path[64];
	u64 own, shared, blocked;
	ssize_t n;

	if (*status_fd < 0) {
		snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
		*status_fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	n = pread(*status_fd, status, sizeof(status) - 1, 0);
	if (n < 0)
		return false;
	status[n] = '\0';
	if (!status_field(status, "SigPnd", 16, &own) ||
	    !status_field(status, "ShdPnd", 16, &shared) ||
	    !status_field(status, "SigBlk", 16, &blocked))
		return false;
	return (own | shared) & ~blocked;
}

u64 task_host_caps(pid_t tid)
{
	char status[4096];
	u64 caps;

	if (proc_read(tid, "status", status, sizeof(status)) ||
	    !status_field(status, "CapEff", 16, &caps))
		return 0;
	return caps;
}

pid_t task_tracer(pid_t tid)
{
	char status[4096];
	u64 pid;

	if (proc_read(tid, "status", status, sizeof(status)) ||
	    !status_field(status, "TracerPid", 10, &pid))
		return 0;
	return (pid_t)pid;
}

bool task_is_alone(pid_t tid)
{
	char status[4096];
	u64 n;

	return proc_read(tid, "status", status, sizeof(status)) ||
	       !status_field(status, "Threads", 10, &n) || n <= 1;
}

/* ---- all processes ---- */

struct family {
	pid_t *pids, *parents;
	size_t n, cap;
};

static int family_add(struct family *f, pid_t pid, pid_t parent)
{
	if (f->n == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : 256;
		pid_t *a = realloc(f->pids, cap * sizeof(*a)), *b;

		if (!a)
			return -ENOMEM;
		f->pids = a;
		b = realloc(f->parents, cap * sizeof(*b));
		if (!b)
			return -ENOMEM;
		f->parents = b;
		f->cap = cap;
	}
	f->pids[f->n] = pid;
	f->parents[f->n++] = parent;
	return 0;
}

static pid_t proc_parent(pid_t pid, char *state)
{
	char stat[512];
	const char *at;
	int parent = 0;

	*state = 'X';
	if (proc_read(pid, "stat", stat, sizeof(stat)))
		return 0;
	at = strrchr(stat, ')'); /* the name may hold anything */
	if (at)
		sscanf(at + 1, " %c %d", state, &parent);
	return parent;
}

static int family_read(struct family *f)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	int err = 0;

	if (!dir)
		return -errno;
	while (!err && (d = readdir(dir))) {
		pid_t pid = (pid_t)atoi(d->d_name);
		char state;
		pid_t parent;

		if (pid <= 0)
			continue;
		parent = proc_parent(pid, &state);
		if (parent && state != 'Z' && state != 'X')
			err = family_add(f, pid, parent);
	}
	closedir(dir);
	return err;
}

static void family_free(struct family *f)
{
	free(f->pids);
	free(f->parents);
}

static bool task_is_root(const struct super *s, pid_t pid)
{
	const struct listener *l;

	if (pid == getpid())
		return true;
	list_for_each(l, &s->listeners, node)
		if (l->root == pid)
			return true;
	return false;
}

/* /proc lists in rising order. Return: the place of @pid, or f->n */
static size_t family_find(const struct family *f, pid_t pid)
{
	size_t lo = 0, hi = f->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->pids[mid] < pid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < f->n && f->pids[lo] == pid ? lo : f->n;
}

static bool family_is_ours(const struct super *s, const struct family *f, size_t i)
{
	/* a chain of parents is no longer than there are processes */
	for (size_t step = 0; step <= f->n; step++) {
		pid_t parent = f->parents[i];

		if (f->pids[i] == getpid())
			return false;
		if (task_is_root(s, f->pids[i]) || parent == getpid())
			return true;
		i = family_find(f, parent);
		if (i == f->n)
			return false;
	}
	return false;
}

void task_for_each(struct super *s, void (*fn)(struct super *s, pid_t pid, void *arg),
		   void *arg)
{
	struct family f = {0};

	if (!family_read(&f))
		for (size_t i = 0; i < f.n; i++)
			if (family_is_ours(s, &f, i))
				fn(s, f.pids[i], arg);
	family_free(&f);
}

bool task_is_ours(struct super *s, pid_t pid)
{
	char state;

	for (int depth = 0; pid > 1 && depth < 1000; depth++) {
		if (pid == getpid())
			return depth > 0;
		if (task_is_root(s, pid))
			return true;
		pid = proc_parent(pid, &state);
	}
	return false;
}

void task_kill_children(int sig)
{
	struct family f = {0};

	if (!family_read(&f))
		for (size_t i = 0; i < f.n; i++)
			if (f.parents[i] == getpid())
				kill(f.pids[i], sig);
	family_free(&f);
}

bool task_is_alive(pid_t tid)
{
	char state;

	proc_parent(tid, &state);
	return state != 'Z' && state != 'X';
}

/* ---- the tag ---- */

void task_get_tag(struct super *s, pid_t tid, struct task_tag *tag)
{
	struct rlimit lim;

	tag->ns = 0;
	tag->view = 0;
	if (prlimit(tid, RLIMIT_LOCKS, NULL, &lim) || lim.rlim_cur >> 48 != s->tag)
		return;
	tag->ns = lim.rlim_cur & 0xffffff;
	tag->view = (u16)(lim.rlim_cur >> 32);
}

int task_set_tag(struct super *s, pid_t tid, const struct task_tag *tag)
{
	struct rlimit lim = {RLIM_INFINITY, RLIM_INFINITY};

	if (tag->ns || tag->view)
		lim.rlim_cur = (u64)s->tag << 48 | (u64)tag->view << 32 | tag->ns;
	return prlimit(tid, RLIMIT_LOCKS, &lim, NULL) ? -errno : 0;
}

static u32 task_get_slot(pid_t tid)
{
	long prio = syscall(SYS_ioprio_get, IOPRIO_WHO_TASK, tid);

	return prio < 0 ? 0 : (u32)prio >> IOPRIO_HINT_SHIFT & IOPRIO_HINT_MASK;
}

static int task_set_slot(pid_t tid, u32 slot)
{
	long prio = slot ? IOPRIO_BE_4 | (long)slot << IOPRIO_HINT_SHIFT : 0;

	return syscall(SYS_ioprio_set, IOPRIO_WHO_TASK, tid, prio) ? -errno : 0;
}

/* A slot for @ns; it keeps it until it ends. */
static int slot_for(struct super *s, struct netns *ns)
{
	if (!s->ns_by_slot)
		s->ns_by_slot = calloc(SLOTS, sizeof(struct netns *));
	if (!s->ns_by_slot)
		return -ENOMEM;
	for (u32 i = 1; i < SLOTS && !ns->slot; i++) {
		if (s->ns_by_slot[i])
			continue;
		s->ns_by_slot[i] = ns;
		ns->slot = i;
		s->slots_used++;
	}
	return ns->slot ? 0 : -ENOSPC;
}

void task_drop_slot(struct super *s, struct netns *ns)
{
	if (!ns->slot)
		return;
	s->ns_by_slot[ns->slot] = NULL;
	s->slots_used--;
	ns->slot = 0;
}

struct netns *task_netns(struct super *s, pid_t tid)
{
	struct task_tag tag;
	struct netns *ns = NULL;

	if (s->slots_used) {
		u32 slot = task_get_slot(tid);

		ns = s->ns_by_slot[slot];
		if (slot && ns)
			return ns;
	}
	task_get_tag(s, tid, &tag);
	ns = tag.ns ? netns_by_index(s, tag.ns) : NULL;
	return ns ? ns : s->init_ns;
}

int task_set_netns(struct super *s, pid_t tid, struct netns *ns)
{
	struct task_tag tag;
	int err;

	if (s->facilities & FAC_IOPRIO_HINT && !task_is_alone(tid)) {
		err = slot_for(s, ns);
		return err ? err : task_set_slot(tid, ns->slot);
	}
	task_get_tag(s, tid, &tag);
	tag.ns = ns->index;
	err = task_set_tag(s, tid, &tag);
	if (!err && s->slots_used && task_get_slot(tid))
		err = task_set_slot(tid, 0);
	return err;
}

/* ---- marking, for the sweep of netns.c ---- */

static void mark_threads(struct super *s, pid_t pid,
			 void (*mark)(struct netns *, pid_t))
{
	char path[64];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (!dir)
		return;
	while ((d = readdir(dir))) {
		pid_t tid = (pid_t)atoi(d->d_name);
		u32 slot = tid > 0 ? task_get_slot(tid) : 0;

		if (slot && s->ns_by_slot[slot])
			mark(s->ns_by_slot[slot], pid);
	}
	closedir(dir);
}

struct marking {
	void (*mark)(struct netns *ns, pid_t pid);
};

static void mark_one(struct super *s, pid_t pid, void *arg)
{
	const struct marking *m = arg;
	struct task_tag tag;
	struct netns *ns;

	task_get_tag(s, pid, &tag);
	ns = tag.ns ? netns_by_index(s, tag.ns) : s->init_ns;
	if (ns)
		m->mark(ns, pid);
	if (s->slots_used)
		mark_threads(s, pid, m->mark);
}

void task_mark(struct super *s, void (*mark)(struct netns *ns, pid_t pid))
{
	struct marking m = {mark};

	task_for_each(s, mark_one, &m);
}

/* ---- birth and death ---- */

static bool probe_ioprio_hint(void)
{
	long old = syscall(SYS_ioprio_get, IOPRIO_WHO_TASK, 0);
	bool ok = !task_set_slot(0, SLOTS - 1) && task_get_slot(0) == SLOTS - 1;

	if (old < 0 || syscall(SYS_ioprio_set, IOPRIO_WHO_TASK, 0, old & 0xffff))
		task_set_slot(0, 0);
	return ok;
}

u32 task_probe(void)
{
	/* the first three are tried where they are used */
	u32 fac = FAC_WAIT_KILLABLE | FAC_SYNC_WAKE_UP | FAC_UNIX_DIAG;
	int fd = (int)syscall(SYS_pidfd_open, getpid(), PIDFD_OF_THREAD), dup;

	if (fd >= 0)
		fac |= FAC_PIDFD_THREAD;
	else
		fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	dup = fd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, fd, fd, 0);
	if (dup >= 0) {
		fac |= FAC_PIDFD_GETFD;
		close(dup);
	}
	if (fd >= 0)
		close(fd);
	if (probe_ioprio_hint())
		fac |= FAC_IOPRIO_HINT;
	if (!carried_needed())
		fac |= FAC_NS_CALLS;
	return fac;
}

int task_init(struct super *s)
{
	struct rlimit lim;
	u64 seed;
	int err = random_host_seed(&seed);

	if (err)
		return err;
	/* never the upper half of a limit that somebody would set */
	s->tag = 0x4000 | (seed & 0x3fff);
	if (getrlimit(RLIMIT_LOCKS, &lim))
		return -errno;
	if (lim.rlim_max != RLIM_INFINITY) {
		log_err(&s->log,
			"the hard limit of file locks (RLIMIT_LOCKS, ulimit -x) "
			"must be unlimited: namespaces are noted there");
		return -EPERM;
	}
	lim.rlim_cur = RLIM_INFINITY; /* a nested warren starts in its initial one */
	return setrlimit(RLIMIT_LOCKS, &lim) ? -errno : 0;
}

void task_fini(struct super *s)
{
	struct task *t;

	while ((t = list_first(&s->tasks_lru, struct task, lru)))
		task_del(s, t);
	table_fini(&s->tasks);
	free(s->ns_by_slot);
	s->ns_by_slot = NULL;
}
