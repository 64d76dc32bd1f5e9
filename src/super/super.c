/* SPDX-License-Identifier: MIT */
/*
 * super.c - start a program, hear its calls, give the answers
 *
 * The loop. One turn of the stack's worker, then epoll: listeners, program
 * sockets (plane.c), pidfds of tasks, signals. It sleeps until the next timer
 * of the stack. One call is received in a turn, so that the packets it caused
 * move before the next one.
 *
 * Job control. Program and supervisor share the process group, so the terminal
 * treats them as one job. The supervisor blocks the terminal's signals and
 * lets the program decide. When the program is stopped by the terminal, the
 * supervisor stops itself, so that the shell sees the job stopped; when it is
 * continued it continues the program.
 *
 * The end. When the first program has ended, what is left of its descendants
 * gets SIGTERM and, two seconds later, SIGKILL; with `wait` it is waited for.
 * The supervisor is a child subreaper, so no descendant escapes.
 *
 * launch.c starts programs, trap.c has the filter, held.c looks after calls that
 * wait, trace.c stops tasks, task.c knows them, memory.c reads them; plane.c moves
 * their data.
 */

#include "super/super.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/worker.h"
#include "super/calls.h"
#include "super/carried.h"
#include "super/control.h"
#include "super/cred.h"
#include "super/files.h"
#include "super/held.h"
#include "super/inside.h"
#include "super/launch.h"
#include "super/mounts.h"
#include "super/netns.h"
#include "super/nsfs.h"
#include "super/plane.h"
#include "super/roots.h"
#include "super/task.h"
#include "super/trace.h"
#include "super/unix_list.h"
#include "super/unix_ns.h"

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

enum {
	EVENTS_A_TURN = 64,
	GRACE_MS = 2000, /* between SIGTERM and SIGKILL */
	KILLS_MAX = 50,	 /* rounds of SIGKILL, 100 ms apart */
	NOTIF_SYNC_WAKE_UP = 1,
};

u64 super_now(void)
{
	struct clock clock;

	clock_init(&clock, false);
	clock_tick(&clock);
	return clock.now_ns;
}

/* ---- the epoll set ---- */

static int super_slot(struct super *s, u32 *slot)
{
	struct source_slot *grown;
	u32 n;

	for (u32 i = 0; i < s->n_slots; i++) {
		u32 at = (s->hint_slot + i) % s->n_slots;

		if (!s->slots[at].src) {
			s->hint_slot = at + 1;
			*slot = at;
			return 0;
		}
	}
	n = s->n_slots ? s->n_slots * 2 : 64;
	grown = realloc(s->slots, n * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + s->n_slots, 0, (n - s->n_slots) * sizeof(*grown));
	*slot = s->n_slots;
	s->hint_slot = *slot + 1;
	s->slots = grown;
	s->n_slots = n;
	return 0;
}

static int super_epoll(struct super *s, int op, const struct source *src)
{
	struct epoll_event ev = {
	    .events = src->events,
	    .data.u64 = (u64)src->serial << 32 | src->slot,
	};

	return epoll_ctl(s->epfd, op, src->fd, &ev) ? -errno : 0;
}

int super_watch(struct super *s, struct source *src, int fd, u32 events, source_fn *fn)
{
	int err = super_slot(s, &src->slot);

	if (err)
		return err;
	src->fd = fd;
	src->fn = fn;
	src->events = events;
	src->serial = ++s->next_serial ? s->next_serial : ++s->next_serial;
	err = super_epoll(s, EPOLL_CTL_ADD, src);
	if (err) {
		src->serial = 0;
		return err;
	}
	s->slots[src->slot].src = src;
	s->slots[src->slot].serial = src->serial;
	return 0;
}

int super_rewatch(struct super *s, struct source *src, u32 events)
{
	if (events == src->events && !(events & EPOLLET))
		return 0;
	src->events = events;
	return super_epoll(s, EPOLL_CTL_MOD, src);
}

void super_unwatch(struct super *s, struct source *src)
{
	if (!src->serial)
		return;
	super_epoll(s, EPOLL_CTL_DEL, src);
	s->slots[src->slot].src = NULL;
	s->hint_slot = src->slot;
	src->serial = 0;
}

/* ---- identities ---- */

static u32 ident_hash(u64 dev, u64 ino)
{
	u64 h = (ino ^ dev << 32) * 0x9e3779b97f4a7c15ULL;

	return (u32)(h >> 32);
}

int super_ident_add(struct super *s, struct ident *id, enum ident_kind kind, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	id->dev = st.st_dev;
	id->ino = st.st_ino;
	id->kind = kind;
	return table_add(&s->idents, &id->node, ident_hash(id->dev, id->ino));
}

void super_ident_del(struct super *s, struct ident *id)
{
	table_del(&s->idents, &id->node);
}

struct ident *super_ident(struct super *s, u64 dev, u64 ino)
{
	struct table_node *n = table_first(&s->idents, ident_hash(dev, ino));

	for (; n; n = table_next(n)) {
		struct ident *id = container_of(n, struct ident, node);

		if (id->dev == dev && id->ino == ino)
			return id;
	}
	return NULL;
}

/* ---- answers ---- */

static void call_end(struct super *s, struct call *c)
{
	held_forget(s, c);
	c->state = CALL_DONE;
	if (c->status_fd >= 0)
		close(c->status_fd);
	free(c);
}

static void call_send(const struct call *c, s64 ret, u32 flags)
{
	struct seccomp_notif_resp resp = {
	    .id = c->id,
	    .val = ret < 0 ? 0 : ret,
	    .error = ret < 0 ? (s32)ret : 0,
	    .flags = flags,
	};

	/* ENOENT: the caller was killed meanwhile, nobody waits */
	ioctl(c->from->src.fd, SECCOMP_IOCTL_NOTIF_SEND, &resp);
}

void super_reply(struct super *s, struct call *c, s64 ret)
{
	if (c->carried && ret == -EINVAL)
		ret = -INSIDE_EINVAL;
	log_debug(&s->log, "%d: call %d = %lld", (int)c->tid, c->nr, (long long)ret);
	call_send(c, ret, 0);
	call_end(s, c);
}

void super_continue(struct super *s, struct call *c)
{
	if (c->carried) { /* there is no such call in the kernel's hands */
		super_reply(s, c, c->nr == SYS_setns ? -EINVAL : -EPERM);
		return;
	}
	call_send(c, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
	call_end(s, c);
}

static int call_add_fd(const struct call *c, int fd, int at, bool cloexec, u32 flags)
{
	struct seccomp_notif_addfd add = {
	    .id = c->id,
	    .flags = flags,
	    .srcfd = (u32)fd,
	    .newfd = (u32)at,
	    .newfd_flags = cloexec ? O_CLOEXEC : 0,
	};
	int n = ioctl(c->from->src.fd, SECCOMP_IOCTL_NOTIF_ADDFD, &add);

	return n < 0 ? -errno : n;
}

int super_reply_fd(struct super *s, struct call *c, int fd, bool cloexec)
{
	int n = call_add_fd(c, fd, 0, cloexec, SECCOMP_ADDFD_FLAG_SEND);

	log_debug(&s->log, "%d: call %d = descriptor %d", (int)c->tid, c->nr, n);
	if (n < 0)
		call_send(c, n, 0);
	call_end(s, c);
	return n;
}

int super_add_fd(struct super *s, struct call *c, int fd, bool cloexec)
{
	(void)s;
	return call_add_fd(c, fd, 0, cloexec, 0);
}

int super_put_fd(struct super *s, struct call *c, int fd, int at, bool cloexec)
{
	(void)s;
	return call_add_fd(c, fd, at, cloexec, SECCOMP_ADDFD_FLAG_SETFD);
}

bool super_call_valid(struct super *s, const struct call *c)
{
	u64 id = c->id;

	(void)s;
	return ioctl(c->from->src.fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

void super_drop(struct super *s, struct call *c)
{
	call_end(s, c);
}

void super_task_gone(struct super *s)
{
	held_task_gone(s);
	plane_kick(s, true);
}

/* ---- calls ---- */

void super_call(struct super *s, struct call *c)
{
	call_fn *fn = NULL;

	if (c->nr == SYS_prctl && c->args[0] == INSIDE_PRCTL)
		fn = carried_call;
	else if (c->nr >= 0 && c->nr < SUPER_NR_MAX)
		fn = s->handlers[c->nr];
	if (!fn) {
		log_warn(&s->log, "%d: call %d has no handler", (int)c->tid, c->nr);
		super_reply(s, c, -ENOSYS);
		return;
	}
	fn(s, c);
}

static void super_dispatch(struct super *s, struct listener *l,
			   const struct seccomp_notif *req)
{
	struct call *c = calloc(1, sizeof(*c));

	if (!c) {
		struct call lost = {.from = l, .id = req->id};

		call_send(&lost, -ENOMEM, 0);
		return;
	}
	list_init(&c->node);
	c->status_fd = -1;
	c->from = l;
	c->id = req->id;
	c->tid = (pid_t)req->pid;
	c->nr = req->data.nr;
	for (int i = 0; i < 6; i++)
		c->args[i] = req->data.args[i];
	files_drain(s);
	super_call(s, c);
}

static void listener_del(struct super *s, struct listener *l)
{
	super_unwatch(s, &l->src);
	close(l->src.fd);
	list_del(&l->node);
	free(l);
	netns_kick(s);
}

static void super_reap(struct super *s);

static void listener_event(struct super *s, struct source *src, u32 events)
{
	struct listener *l = container_of(src, struct listener, src);
	union {
		struct seccomp_notif req;
		char room[256]; /* a later kernel's may be longer */
	} u;

	if (events & EPOLLIN) {
		memset(&u, 0, sizeof(u));
		if (!ioctl(src->fd, SECCOMP_IOCTL_NOTIF_RECV, &u.req))
			super_dispatch(s, l, &u.req);
		return;
	}
	if (events & (EPOLLHUP | EPOLLERR)) {
		super_task_gone(s); /* no held call names it any more */
		listener_del(s, l);
		super_reap(s);
	}
}

int super_listen(struct super *s, int fd, pid_t root)
{
	struct listener *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return -ENOMEM;
	l->root = root;
	err = super_watch(s, &l->src, fd, EPOLLIN, listener_event);
	if (err) {
		free(l);
		return err;
	}
	if (s->facilities & FAC_SYNC_WAKE_UP &&
	    ioctl(fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, NOTIF_SYNC_WAKE_UP))
		s->facilities &= ~(u32)FAC_SYNC_WAKE_UP;
	list_add_tail(&s->listeners, &l->node);
	return 0;
}

static void super_add_rows(struct super *s, const struct call_row *rows, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (rows[i].nr >= 0 && rows[i].nr < SUPER_NR_MAX)
			s->handlers[rows[i].nr] = rows[i].fn;
}

/* ---- the first program ---- */

int super_start(struct super *s, char *const argv[])
{
	struct launch la;
	const struct launch_how how = {
	    .root = s->root,
	    .dir = files_dir(s),
	    .preload = s->preload,
	    .map_root = s->map_root,
	    .facilities = s->facilities,
	    .mask = &s->old_mask,
	};
	int err = launch_begin(&la, argv, &how);

	if (err)
		return err;
	s->facilities &= la.facilities | ~(u32)FAC_WAIT_KILLABLE;
	s->own_mounts = la.own_mounts;
	err = super_listen(s, la.listener, la.pid);
	if (err) {
		launch_cancel(&la);
		return err;
	}
	s->child = la.pid;
	super_raise_nofile();
	return launch_go(&la);
}

/* ---- signals and processes ---- */

static void kill_one(struct super *s, pid_t pid, void *arg)
{
	int sig = *(int *)arg;

	(void)s;
	kill(pid, sig);
	if (sig == SIGTERM)
		kill(pid, SIGCONT);
}

static void super_kill_all(struct super *s, int sig)
{
	task_for_each(s, kill_one, &sig);
}

/* All that is left shall end. */
static void super_begin_end(struct super *s, int sig)
{
	if (!s->grace_ns)
		s->grace_ns = super_now() + GRACE_MS * NS_PER_MS;
	super_kill_all(s, sig);
}

static void super_child_event(struct super *s, int status)
{
	int sig;

	if (WIFEXITED(status) || WIFSIGNALED(status)) {
		s->child_status = status;
		s->child_ended = true;
		if (!s->wait)
			super_begin_end(s, SIGTERM);
		return;
	}
	sig = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
	if (sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU) {
		kill(getpid(), SIGSTOP);
		/* the shell continued us; it usually continued the program, too */
		kill(s->child, SIGCONT);
	}
}

/*
 * Take what waitpid() has: ends and stops of our children, and stops of tasks
 * that trace.c stopped, which need not be children.
 */
static void super_reap(struct super *s)
{
	for (;;) {
		siginfo_t si = {0};
		int status;
		pid_t pid;

		if (waitid(P_ALL, 0, &si,
			   WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL)) {
			/* the listeners end with the last task of their trees */
			if (errno == ECHILD && s->child_ended &&
			    list_empty(&s->listeners))
				s->finished = true;
			return;
		}
		if (!si.si_pid)
			return;
		pid = waitpid(si.si_pid, &status, WNOHANG | WUNTRACED | __WALL);
		if (pid <= 0)
			return;
		if (trace_event(s, pid, status))
			continue;
		if (pid == s->child)
			super_child_event(s, status);
		if (!WIFSTOPPED(status))
			netns_kick(s);
	}
}

static void super_signal(struct super *s, const struct signalfd_siginfo *si)
{
	int sig = (int)si->ssi_signo;

	if (sig != SIGCHLD)
		held_hint(s, 0);
	switch (sig) {
	case SIGCHLD:
		return; /* the loop reaps after each batch of signals */
	case SIGTERM:
	case SIGHUP:
		/* when our parent was killed, nobody waits for a kind end */
		super_begin_end(s, getppid() == s->parent ? sig : SIGKILL);
		return;
	case SIGINT:
	case SIGQUIT:
		/* from the terminal the program has it already and decides */
		if (si->ssi_code > 0)
			return;
		super_begin_end(s, sig);
		return;
	default:
		return; /* SIGTSTP and its kin: the program decides */
	}
}

static void signals_event(struct super *s, struct source *src, u32 events)
{
	struct signalfd_siginfo si;

	(void)events;
	while (read(src->fd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		super_signal(s, &si);
	super_reap(s);
}

static int super_init_signals(struct super *s)
{
	static const int sigs[] = {SIGCHLD, SIGINT,  SIGTERM, SIGHUP,
				   SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};
	sigset_t heard, blocked;
	int fd, err;

	sigemptyset(&heard);
	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++)
		sigaddset(&heard, sigs[i]);
	blocked = heard;
	sigaddset(&blocked, SIGPIPE);
	sigprocmask(SIG_BLOCK, &blocked, &s->old_mask);
	fd = signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	err = super_watch(s, &s->signals, fd, EPOLLIN, signals_event);
	if (err)
		close(fd);
	return err;
}

/* ---- the loop ---- */

static void super_tick(struct super *s)
{
	u64 now = super_now();

	if (s->watch_ns && now >= s->watch_ns)
		held_watch(s);
	if (s->alarm_ns && now >= s->alarm_ns)
		held_alarms(s);
	if (s->grace_ns && now >= s->grace_ns) {
		s->grace_ns = now + GRACE_MS * NS_PER_MS / 20;
		super_kill_all(s, SIGKILL);
		super_reap(s);
		if (++s->kills > KILLS_MAX) /* in the kernel, and does not return */
			s->finished = true;
	}
	if (s->sweep_ns && now >= s->sweep_ns)
		netns_sweep(s);
}

static u64 super_deadline(const struct super *s)
{
	u64 at = ~0ULL;

	if (s->watch_ns)
		at = min(at, s->watch_ns);
	if (s->alarm_ns)
		at = min(at, s->alarm_ns);
	if (s->grace_ns)
		at = min(at, s->grace_ns);
	if (s->sweep_ns)
		at = min(at, s->sweep_ns);
	return at;
}

/* How long to sleep, ns; ~0: until something happens */
static u64 super_sleep(struct super *s)
{
	u64 at = super_deadline(s), now = super_now(), left = ~0ULL;

	if (at != ~0ULL)
		left = at > now ? at - now : 0;
	if (s->w) {
		u64 due = worker_deadline(s->w->worker);

		clock_tick(&s->w->clock);
		now = clock_now(s->w);
		if (due != ~0ULL)
			left = min(left, due > now ? due - now : 0);
	}
	return left;
}

/* @calls: only of listeners, or only of all others */
static void super_event(struct super *s, const struct epoll_event *ev, bool calls)
{
	u32 slot = (u32)ev->data.u64, serial = (u32)(ev->data.u64 >> 32);
	struct source *src = s->slots[slot].src;

	if (src && s->slots[slot].serial == serial &&
	    (src->fn == listener_event) == calls)
		src->fn(s, src, ev->events);
}

static void super_wait(struct super *s, bool busy)
{
	struct epoll_event ev[EVENTS_A_TURN];
	u64 left = busy ? 0 : super_sleep(s);
	struct timespec ts = {(time_t)(left / NS_PER_S), (long)(left % NS_PER_S)};
	int n =
	    epoll_pwait2(s->epfd, ev, EVENTS_A_TURN, left == ~0ULL ? NULL : &ts, NULL);

	if (s->w) /* what is begun now shall not count the sleep */
		clock_tick(&s->w->clock);
	/* What a program did to a carrier before its call (a close() above all) comes
	 * before the call */
	for (int i = 0; i < n; i++)
		super_event(s, &ev[i], false);
	for (int i = 0; i < n; i++)
		super_event(s, &ev[i], true);
}

int super_loop(struct super *s)
{
	while (!s->finished) {
		bool more = s->w && worker_step(s->w->worker);

		super_wait(s, more);
		super_tick(s);
	}
	return s->child_status;
}

/* ---- birth and death ---- */

void super_raise_nofile(void)
{
	struct rlimit lim;

	if (!getrlimit(RLIMIT_NOFILE, &lim) && lim.rlim_cur < lim.rlim_max) {
		lim.rlim_cur = lim.rlim_max;
		setrlimit(RLIMIT_NOFILE, &lim);
	}
}

/*
 * Blocks of payload come and go all the time: do not hand their pages back to
 * the host and fault them in again.
 */
static void super_tune_malloc(void)
{
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	mallopt(M_TOP_PAD, 1 << 20);
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

int super_new(const struct super_config *cfg, struct super **out)
{
	struct super *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	super_tune_malloc();
	s->w = cfg->w;
	s->log = cfg->log;
	s->map_root = cfg->map_root;
	if (cfg->root) {
		s->root = realpath(cfg->root, NULL);
		s->other_roots = true;
	}
	s->uid = cfg->map_root ? 0 : getuid();
	s->gid = cfg->map_root ? 0 : getgid();
	s->host_uid = getuid();
	s->host_gid = getgid();
	s->wait = cfg->wait;
	s->preload = cfg->preload;
	s->signals.fd = -1;
	s->parent = getppid();
	list_init(&s->held);
	list_init(&s->traces);
	list_init(&s->netnses);
	list_init(&s->listeners);
	list_init(&s->tasks_lru);
	table_init(&s->idents);
	table_init(&s->tasks);
	unix_ns_init(s);
	super_add_rows(s, files_rows, files_rows_n);
	super_add_rows(s, netns_rows, netns_rows_n);
	super_add_rows(s, cred_rows, cred_rows_n);
	super_add_rows(s, roots_rows, roots_rows_n);
	super_add_rows(s, nsfs_rows, nsfs_rows_n);
	super_add_rows(s, calls_rows, calls_rows_n);
	super_add_rows(s, held_rows, held_rows_n);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	s->facilities = task_probe() & ~cfg->disable;
	if (cfg->root && !s->root) {
		err = -errno;
		goto err_free;
	}

	s->epfd = epoll_create1(EPOLL_CLOEXEC);
	err = -errno;
	if (s->epfd < 0)
		goto err_free;
	err = super_init_signals(s);
	if (err)
		goto err_epoll;
	err = task_init(s);
	if (err)
		goto err_signals;
	err = mounts_init(s);
	if (err)
		goto err_task;
	err = files_init(s, cfg->runtime, cfg->name);
	if (err)
		goto err_mounts;
	err = cred_init(s);
	if (err)
		goto err_files;
	err = netns_init(s);
	if (err)
		goto err_cred;
	err = plane_init(s);
	if (err)
		goto err_netns;
	err = control_init(s);
	if (err)
		goto err_plane;
	unix_list_init(s);
	*out = s;
	return 0;
err_plane:
	plane_fini(s);
err_netns:
	netns_fini(s);
err_cred:
	cred_fini(s);
err_files:
	files_fini(s);
err_mounts:
	mounts_fini(s);
err_task:
	task_fini(s);
err_signals:
	super_unwatch(s, &s->signals);
	close(s->signals.fd);
err_epoll:
	close(s->epfd);
	free(s->slots);
err_free:
	free(s->root);
	free(s);
	return err;
}

void super_free(struct super *s)
{
	struct listener *l;

	control_fini(s);
	trace_fini(s);
	super_task_gone(s);
	unix_list_fini(s);
	plane_fini(s);
	files_release(s);
	netns_fini(s);
	cred_fini(s);
	files_fini(s);
	mounts_fini(s);
	task_fini(s);
	while ((l = list_first(&s->listeners, struct listener, node)))
		listener_del(s, l);
	super_unwatch(s, &s->signals);
	close(s->signals.fd);
	close(s->epfd);
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
	table_fini(&s->idents);
	unix_ns_fini(s);
	free(s->slots);
	free(s->root);
	free(s);
}
