/* SPDX-License-Identifier: MIT */
/*
 * trace.h - stop a task for a moment: signals for held calls, changed registers
 */
#ifndef WARREN_SUPER_TRACE_H
#define WARREN_SUPER_TRACE_H

#include "super/super.h"

/*
 * A signal is pending for the caller of held call @c: make its call end as the
 * kernel ends an interrupted one (EINTR or restart, exactly). The holder's
 * cancel function is called; @c is consumed.
 */
void trace_interrupt(struct super *s, struct call *c);

/* Ended or stopped in place of a failed attempt: called once. @ok: it was done. */
typedef void trace_done(struct super *s, pid_t tid, bool ok, s64 ret, void *arg);

/*
 * Run call @c anew in the kernel with argument 0 replaced by @arg0, then give
 * the program its own registers back. @done is called at the exit of the call,
 * the task stopped, with its result. @c is consumed.
 */
void trace_rerun(struct super *s, struct call *c, u64 arg0, trace_done *done,
		 void *arg);

/*
 * As trace_rerun(), but before call @c the thread makes another, number @nr with
 * @arg0; then @c arrives anew, whatever came of it.
 */
void trace_insert(struct super *s, struct call *c, int nr, u64 arg0, trace_done *done,
		  void *arg);

/* Is this the call that trace_rerun() made? Then the kernel has to do it. */
bool trace_is_rerun(const struct super *s, pid_t tid);

/*
 * Run mmap() call @c anew with the program's descriptor @fd, which is closed then.
 * @c is consumed.
 */
void trace_rerun_mmap(struct super *s, struct call *c, int fd);

/*
 * A write() of @tid is about to happen. Return: false: let the kernel do it; true: it
 * was done, @ret is its result
 */
typedef bool trace_write(struct super *s, pid_t tid, int fd, u64 iov_addr, u64 n,
			 bool is_vector, s64 *ret);

/*
 * Follow thread @tid, which is in a call that is not answered yet, and ask @fn about
 * each of its write() and writev(). Counted; until as many trace_leave().
 * Return: 0, or a negative errno (another tracer has it)
 */
int trace_follow(struct super *s, pid_t tid, trace_write *fn);
void trace_leave(struct super *s, pid_t tid);

/* Has it a tracer already? */
bool trace_is_traced(pid_t tid);

/* waitpid() said @status for @tid. Return: true when the stop was ours */
bool trace_event(struct super *s, pid_t tid, int status);
void trace_fini(struct super *s);

#endif
