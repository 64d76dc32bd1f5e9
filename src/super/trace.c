/* SPDX-License-Identifier: MIT */
/*
 * trace.c - stop a task for a moment: signals for held calls, changed registers
 *
 * Some things can only happen in the calling thread itself and need ptrace, for
 * the length of a stop or a little longer:
 *
 *  - Interrupting a held call. The answer -512 (ERESTARTSYS) makes the kernel
 *    do what it does for an interrupted call: EINTR, or a restart after a
 *    handler with SA_RESTART. But should the signal be gone meanwhile (another
 *    thread took it), the program would see errno 512. A thread that is being
 *    stopped passes through signal delivery in any case, so: SEIZE, INTERRUPT,
 *    answer, wait for the stop, DETACH.
 *
 *  - Running a call with a changed argument: unshare and clone with the
 *    namespaces that are ours taken out of the flags. The answer -513
 *    (ERESTARTNOINTR) makes the kernel run the call again; at the stop before,
 *    the argument is changed, and after the call put back.
 *
 *        REQUESTED --stop--> (interrupt: detach, done)
 *                  --stop, arg changed--> AT_ENTRY --syscall stop--> AT_EXIT
 *                  --syscall stop, registers restored--> detach, done
 *        any state --another stop--> detach with that signal, not done: the
 *                  program's call arrives anew
 *
 *    mmap() of a socket (calls_map.c) goes this way, too: its descriptor is the
 *    changed argument. The kernel then makes the thread run one call more,
 *    close() of that descriptor, by the same system call instruction:
 *
 *        AT_EXIT --mmap done--> CLOSE_ENTRY --stop--> CLOSE_EXIT --stop-->
 *                  registers as mmap() left them, detach, done
 *
 *  - Refusing a write. What a program writes to a file of /proc/sys/net may be
 *    wrong, and write() has to say so, on a descriptor that the filter cannot
 *    tell from others. So a thread that opened one for writing is followed,
 *    from call to call, until it is closed: such threads live short.
 *
 * All of it is driven by the stops that waitpid() reports; nothing blocks, for
 * the stopped task may be a vfork child that others wait for. Where another
 * tracer is (strace, gdb), it cannot be done: an interrupt becomes a plain
 * EINTR, and a rerun fails.
 */

#include "super/trace.h"

#include <linux/elf.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "super/held.h"
#include "super/task.h"

enum {
	ERESTARTSYS_ = 512, /* the kernel's own; not in user headers */
	ERESTARTNOINTR_ = 513,
	SYSCALL_STOP = SIGTRAP | 0x80,
};

typedef struct user_regs_struct trace_regs;

enum trace_state {
	TRACE_REQUESTED,
	TRACE_AT_ENTRY,
	TRACE_AT_EXIT,
	TRACE_CLOSE_ENTRY,
	TRACE_CLOSE_EXIT,
	TRACE_FOLLOW
};

struct trace {
	struct list node; /* super.traces */
	pid_t tid;
	enum trace_state state;
	bool rerun;
	u64 arg0, old_arg0;
	u64 old_mask;
	int nr, old_nr; /* trace_insert(): the other call, and the caught one; else 0 */
	trace_done *done;
	void *arg;
	/* mmap(): the descriptor to map and to close, + 1; 0: another call */
	int map_fd;
	trace_regs after; /* as the program shall see them */
	/* TRACE_FOLLOW */
	trace_write *write;
	u32 users;    /* 0: leave at the next stop */
	bool in_call; /* between the two stops of a call */
	bool skipped; /* … that the kernel does not do */
	s64 ret;      /* … because this is its result */
};

/* ---- registers ---- */

static int regs_get(pid_t tid, trace_regs *r)
{
	struct iovec iov = {r, sizeof(*r)};

	return ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov) ? -errno : 0;
}

static int regs_set(pid_t tid, trace_regs *r)
{
	struct iovec iov = {r, sizeof(*r)};

	return ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &iov) ? -errno : 0;
}

#if defined(__x86_64__)

static u64 *regs_arg0(trace_regs *r)
{
	return (u64 *)&r->rdi;
}

static s64 regs_result(const trace_regs *r)
{
	return (s64)r->rax;
}

static void regs_restore_arg0(trace_regs *r, u64 v)
{
	r->rdi = v;
}

static int regs_nr(const trace_regs *r)
{
	return (int)r->orig_rax;
}

static void regs_args(const trace_regs *r, u64 args[3])
{
	args[0] = r->rdi;
	args[1] = r->rsi;
	args[2] = r->rdx;
}

static void regs_set_result(trace_regs *r, s64 ret)
{
	r->rax = (u64)ret;
}

static u64 *regs_arg4(trace_regs *r)
{
	return (u64 *)&r->r8;
}

/* At the exit of a call: once more, another one */
static void regs_call(trace_regs *r, int nr, u64 arg0)
{
	r->rip -= 2; /* the length of syscall */
	r->rax = (u64)nr;
	r->orig_rax = ~0ULL;
	r->rdi = arg0;
}

/* Before a call that is to be made again: another one */
static void regs_set_nr(trace_regs *r, int nr)
{
	r->orig_rax = (u64)nr;
}

/* At the stop before a call: there shall be none. */
static int regs_skip(pid_t tid, trace_regs *r)
{
	r->orig_rax = ~0ULL;
	return regs_set(tid, r);
}
#elif defined(__aarch64__)
static u64 *regs_arg0(trace_regs *r)
{
	return (u64 *)&r->regs[0];
}

static s64 regs_result(const trace_regs *r)
{
	return (s64)r->regs[0];
}

static void regs_restore_arg0(trace_regs *r, u64 v)
{
	/* the result stands where the argument stood */
	(void)r;
	(void)v;
}

static int regs_nr(const trace_regs *r)
{
	return (int)r->regs[8];
}

static void regs_args(const trace_regs *r, u64 args[3])
{
	memcpy(args, r->regs, 3 * sizeof(u64));
}

static void regs_set_result(trace_regs *r, s64 ret)
{
	r->regs[0] = (u64)ret;
}

static u64 *regs_arg4(trace_regs *r)
{
	return (u64 *)&r->regs[4];
}

static void regs_call(trace_regs *r, int nr, u64 arg0)
{
	r->pc -= 4; /* the length of svc */
	r->regs[8] = (u64)nr;
	r->regs[0] = arg0;
}

static void regs_set_nr(trace_regs *r, int nr)
{
	r->regs[8] = (u64)nr;
}

static int regs_skip(pid_t tid, trace_regs *r)
{
	int nr = -1;
	struct iovec iov = {&nr, sizeof(nr)};

	(void)r;
	return ptrace(PTRACE_SETREGSET, tid, NT_ARM_SYSTEM_CALL, &iov) ? -errno : 0;
}
#endif

/* ---- begin ---- */

static int trace_request(struct super *s, pid_t tid, struct trace **out)
{
	struct trace *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	if (ptrace(PTRACE_SEIZE, tid, NULL, (void *)PTRACE_O_TRACESYSGOOD)) {
		err = -errno;
		goto err_free;
	}
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL)) {
		err = -errno;
		ptrace(PTRACE_DETACH, tid, NULL, NULL);
		goto err_free;
	}
	t->tid = tid;
	list_add_tail(&s->traces, &t->node);
	*out = t;
	return 0;
err_free:
	free(t);
	return err;
}

void trace_interrupt(struct super *s, struct call *c)
{
	struct trace *t;
	int err;

	held_forget(s, c);
	c->state = CALL_INTERRUPT;
	c->cancel(s, c);
	if (c->partial > 0) {
		super_reply(s, c, c->partial);
		return;
	}
	err = trace_request(s, c->tid, &t);
	super_reply(s, c, err ? -EINTR : -ERESTARTSYS_);
}

void trace_rerun(struct super *s, struct call *c, u64 arg0, trace_done *done, void *arg)
{
	struct trace *t;
	pid_t tid = c->tid;
	int err = trace_request(s, tid, &t);

	if (err) {
		super_reply(s, c, err == -ENOMEM ? err : -EPERM);
		done(s, tid, false, err, arg);
		return;
	}
	t->rerun = true;
	t->arg0 = arg0;
	t->old_arg0 = c->args[0];
	t->done = done;
	t->arg = arg;
	super_reply(s, c, -ERESTARTNOINTR_);
}

void trace_rerun_mmap(struct super *s, struct call *c, int fd)
{
	struct trace *t;
	int err = trace_request(s, c->tid, &t);

	if (err) {
		super_reply(s, c, err == -ENOMEM ? err : -EPERM);
		return;
	}
	t->rerun = true;
	t->map_fd = fd + 1;
	t->old_arg0 = c->args[4];
	super_reply(s, c, -ERESTARTNOINTR_);
}

void trace_insert(struct super *s, struct call *c, int nr, u64 arg0, trace_done *done,
		  void *arg)
{
	struct trace *t;
	pid_t tid = c->tid;
	int err = trace_request(s, tid, &t);

	if (err) {
		super_reply(s, c, err == -ENOMEM ? err : -EPERM);
		done(s, tid, false, err, arg);
		return;
	}
	t->rerun = true;
	t->nr = nr;
	t->old_nr = c->nr;
	t->arg0 = arg0;
	t->old_arg0 = c->args[0];
	t->done = done;
	t->arg = arg;
	super_reply(s, c, -ERESTARTNOINTR_);
}

bool trace_is_rerun(const struct super *s, pid_t tid)
{
	const struct trace *t;

	list_for_each(t, &s->traces, node)
		if (t->tid == tid && t->state == TRACE_AT_EXIT)
			return true;
	return false;
}

/* ---- follow ---- */

static struct trace *trace_followed(struct super *s, pid_t tid)
{
	struct trace *t;

	list_for_each(t, &s->traces, node)
		if (t->tid == tid && t->state == TRACE_FOLLOW)
			return t;
	return NULL;
}

int trace_follow(struct super *s, pid_t tid, trace_write *fn)
{
	struct trace *t = trace_followed(s, tid);
	int err;

	if (!t) {
		err = trace_request(s, tid, &t);
		if (err)
			return err;
		t->state = TRACE_FOLLOW;
		t->write = fn;
	}
	t->users++;
	return 0;
}

void trace_leave(struct super *s, pid_t tid)
{
	struct trace *t = trace_followed(s, tid);

	if (t && --t->users == 0)
		ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
}

static void follow_entry(struct super *s, struct trace *t)
{
	trace_regs r;
	u64 args[3];
	int nr;

	if (regs_get(t->tid, &r))
		return;
	nr = regs_nr(&r);
	if (nr != SYS_write && nr != SYS_writev)
		return;
	regs_args(&r, args);
	if (t->write(s, t->tid, (int)args[0], args[1], args[2], nr == SYS_writev,
		     &t->ret))
		t->skipped = !regs_skip(t->tid, &r);
}

static void follow_exit(struct trace *t)
{
	trace_regs r;

	if (t->skipped && !regs_get(t->tid, &r)) {
		regs_set_result(&r, t->ret);
		regs_set(t->tid, &r);
	}
	t->skipped = false;
}

/* @sig: of the stop, without the mark of a call */
static void follow_stopped(struct super *s, struct trace *t, int sig, int event)
{
	pid_t tid = t->tid;

	if (sig == SYSCALL_STOP) {
		t->in_call = !t->in_call;
		if (t->in_call)
			follow_entry(s, t);
		else
			follow_exit(t);
		sig = 0;
	} else if (event) {
		/* the whole process is stopped: stay so, and hear of its end */
		if (event == PTRACE_EVENT_STOP && sig != SIGTRAP && t->users) {
			ptrace(PTRACE_LISTEN, tid, NULL, NULL);
			return;
		}
		sig = 0;
	}
	if (!t->users && !t->skipped) {
		list_del(&t->node);
		free(t);
		ptrace(PTRACE_DETACH, tid, NULL, (void *)(intptr_t)sig);
		return;
	}
	ptrace(PTRACE_SYSCALL, tid, NULL, (void *)(intptr_t)sig);
}

/* ---- stops ---- */

bool trace_is_traced(pid_t tid)
{
	return task_tracer(tid) != 0;
}

static void trace_end(struct super *s, struct trace *t, bool ok, s64 ret)
{
	list_del(&t->node);
	if (t->done)
		t->done(s, t->tid, ok, ret, t->arg);
	free(t);
}

/* The stop before the call: change the argument, keep signals away till then. */
static int trace_prepare(struct trace *t)
{
	u64 all = ~0ULL;
	trace_regs r;
	int err = regs_get(t->tid, &r);

	if (err)
		return err;
	if (ptrace(PTRACE_GETSIGMASK, t->tid, (void *)8, &t->old_mask) ||
	    ptrace(PTRACE_SETSIGMASK, t->tid, (void *)8, &all))
		return -errno;
	if (t->nr)
		regs_set_nr(&r, t->nr);
	if (t->map_fd)
		*regs_arg4(&r) = (u64)(t->map_fd - 1);
	else
		*regs_arg0(&r) = t->arg0;
	return regs_set(t->tid, &r);
}

static void trace_restore(struct trace *t, s64 *ret)
{
	trace_regs r;

	ptrace(PTRACE_SETSIGMASK, t->tid, (void *)8, &t->old_mask);
	if (regs_get(t->tid, &r))
		return;
	if (ret)
		*ret = regs_result(&r);
	if (t->nr && ret) {
		regs_call(&r, t->old_nr, t->old_arg0);
	} else if (t->nr) {
		regs_set_nr(&r, t->old_nr);
		*regs_arg0(&r) = t->old_arg0;
	} else if (t->map_fd) {
		*regs_arg4(&r) = t->old_arg0;
	} else if (t->arg0 == t->old_arg0) { /* execve(): they are a new program's */
		return;
	} else {
		regs_restore_arg0(&r, t->old_arg0);
	}
	regs_set(t->tid, &r);
}

/* mmap() is done: its descriptor goes, before the program sees anything */
static int trace_close(struct trace *t)
{
	trace_regs r;
	int err = regs_get(t->tid, &t->after);

	if (err)
		return err;
	*regs_arg4(&t->after) = t->old_arg0;
	r = t->after;
	regs_call(&r, SYS_close, (u64)(t->map_fd - 1));
	err = regs_set(t->tid, &r);
	if (err)
		return err;
	t->state = TRACE_CLOSE_ENTRY;
	return ptrace(PTRACE_SYSCALL, t->tid, NULL, NULL) ? -errno : 0;
}

static void trace_stopped(struct super *s, struct trace *t, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;
	pid_t tid = t->tid;
	s64 ret = 0;

	if (t->state == TRACE_FOLLOW) {
		follow_stopped(s, t, sig, event);
		return;
	}
	if (t->state == TRACE_REQUESTED && event == PTRACE_EVENT_STOP) {
		if (!t->rerun) {
			ptrace(PTRACE_DETACH, tid, NULL, NULL);
			trace_end(s, t, true, 0);
			return;
		}
		if (!trace_prepare(t) && !ptrace(PTRACE_SYSCALL, t->tid, NULL, NULL)) {
			t->state = TRACE_AT_ENTRY;
			return;
		}
	} else if (t->state == TRACE_AT_ENTRY && sig == SYSCALL_STOP) {
		/* a child made by clone shall not inherit our mask */
		if (!t->map_fd)
			ptrace(PTRACE_SETSIGMASK, t->tid, (void *)8, &t->old_mask);
		t->state = TRACE_AT_EXIT;
		ptrace(PTRACE_SYSCALL, t->tid, NULL, NULL);
		return;
	} else if (t->state == TRACE_AT_EXIT && sig == SYSCALL_STOP && t->map_fd) {
		if (!trace_close(t))
			return;
	} else if (t->state == TRACE_CLOSE_ENTRY && sig == SYSCALL_STOP) {
		t->state = TRACE_CLOSE_EXIT;
		ptrace(PTRACE_SYSCALL, t->tid, NULL, NULL);
		return;
	} else if (t->state == TRACE_CLOSE_EXIT && sig == SYSCALL_STOP) {
		ptrace(PTRACE_SETSIGMASK, t->tid, (void *)8, &t->old_mask);
		regs_set(t->tid, &t->after);
		ptrace(PTRACE_DETACH, tid, NULL, NULL);
		trace_end(s, t, true, 0);
		return;
	} else if (t->state == TRACE_AT_EXIT && sig == SYSCALL_STOP) {
		trace_restore(t, &ret);
		trace_end(s, t, ret > -ERESTARTSYS_ || ret < -ERESTARTSYS_ - 20, ret);
		ptrace(PTRACE_DETACH, tid, NULL, NULL);
		return;
	}
	/* a signal came first: let it through, the call is made anew */
	if (t->rerun && t->state != TRACE_REQUESTED)
		trace_restore(t, NULL);
	ptrace(PTRACE_DETACH, tid, NULL, (void *)(intptr_t)(event ? 0 : sig & 0x7f));
	trace_end(s, t, !t->rerun, 0);
}

bool trace_event(struct super *s, pid_t tid, int status)
{
	struct trace *t, *tmp;

	list_for_each_safe(t, tmp, &s->traces, node) {
		if (t->tid != tid)
			continue;
		if (WIFSTOPPED(status)) {
			trace_stopped(s, t, status);
			return true;
		}
		trace_end(s, t, false, -ESRCH);
		return false; /* its end is for others to know, too */
	}
	return false;
}

void trace_fini(struct super *s)
{
	struct trace *t;

	while ((t = list_first(&s->traces, struct trace, node)))
		trace_end(s, t, false, -ESRCH);
}
