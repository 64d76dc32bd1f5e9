/* SPDX-License-Identifier: MIT */
/*
 * held.c - held calls, and the signals that end them
 *
 * With WAIT_KILLABLE_RECV the kernel does not interrupt a call that we have received,
 * so that no signal comes between what we do for it and its answer. But then a
 * handled signal would do nothing during a held accept(), and nothing tells us of it.
 * So the pending signals of the threads of held calls are looked at, in /proc, and
 * trace.c ends a call as the kernel would. A look costs some twenty microseconds;
 * when to spend them:
 *
 *  - Who sends a signal from inside calls kill() or its kin, which are caught, left
 *    to the kernel, and followed by looks at the target: after 30 us, 60, 120, …
 *  - A signal of the terminal comes to us, too, and the end of a child, which is a
 *    signal to its parent, is seen: the same for all held calls, when they are few.
 *  - alarm(), setitimer() and timer_settime() are caught likewise, and their time is
 *    remembered, of the last few.
 *  - For others (processes outside) each call is looked at ever more rarely,
 *    after a 16th of the time that it has waited, between 1 and 20 ms. With many
 *    held calls that would be much work: then the 20 ms grow with their number.
 */

#include "super/held.h"

#include <limits.h>
#include <seccomp.h>
#include <sys/time.h>
#include <time.h>

#include "super/memory.h"
#include "super/task.h"
#include "super/trace.h"

#define LOOK_FIRST (30 * NS_PER_US)   /* after a hint */
#define LOOK_LEAST (1 * NS_PER_MS)    /* without one */
#define LOOK_MOST  (20 * NS_PER_MS)   /* with few held calls … */
#define LOOK_EACH  (1250 * NS_PER_US) /* … and so much for each: 2 % of a core */

enum {
	AGE_SHIFT = 4,
	HINT_ALL_MAX = 64, /* held calls that a hint for nobody in particular wakes */
};

static void held_arm(struct super *s, struct call *c, u64 now, u64 delay)
{
	c->look_delay_ns = delay;
	c->look_ns = now + delay;
	if (!s->watch_ns || c->look_ns < s->watch_ns)
		s->watch_ns = c->look_ns;
}

void super_hold(struct super *s, struct call *c, call_cancel *cancel, void *held_by)
{
	c->state = CALL_HELD;
	c->cancel = cancel;
	c->held_by = held_by;
	c->held_ns = super_now();
	list_add_tail(&s->held, &c->node);
	s->n_held++;
	held_arm(s, c, c->held_ns, LOOK_LEAST);
}

void held_forget(struct super *s, struct call *c)
{
	list_del(&c->node);
	if (c->state == CALL_HELD)
		s->n_held--;
	c->state = CALL_NEW;
}

/* The caller is gone; nobody waits for an answer. */
static void held_abandon(struct super *s, struct call *c)
{
	held_forget(s, c);
	c->cancel(s, c);
	super_drop(s, c);
}

void held_task_gone(struct super *s)
{
	struct call *c, *tmp;

	list_for_each_safe(c, tmp, &s->held, node)
		if (!super_call_valid(s, c))
			held_abandon(s, c);
}

/* Was the caller killed, does a signal wait for it? Else: look again, later. */
static void held_look(struct super *s, struct call *c, u64 now)
{
	u64 most = max(LOOK_MOST, s->n_held * (u64)LOOK_EACH);
	u64 usual = clamp((now - c->held_ns) >> AGE_SHIFT, (u64)LOOK_LEAST, most);

	if (!super_call_valid(s, c))
		held_abandon(s, c);
	else if (task_signal_pending(c->tid, &c->status_fd))
		trace_interrupt(s, c);
	else
		held_arm(s, c, now,
			 c->look_delay_ns < LOOK_LEAST ? c->look_delay_ns * 2 : usual);
}

void held_watch(struct super *s)
{
	u64 now = super_now();
	struct list look;
	struct call *c;

	/* a cancel function may end other held calls: take them one by one */
	list_init(&look);
	list_splice_tail(&look, &s->held);
	s->watch_ns = 0;
	while ((c = list_first(&look, struct call, node))) {
		list_del(&c->node);
		list_add_tail(&s->held, &c->node);
		if (c->look_ns <= now)
			held_look(s, c, now);
		else
			held_arm(s, c, now, c->look_ns - now);
	}
}

void held_hint(struct super *s, pid_t who)
{
	u64 now;
	struct call *c;

	if (list_empty(&s->held) || (who <= 0 && s->n_held > HINT_ALL_MAX))
		return;
	now = super_now();
	list_for_each(c, &s->held, node)
		if (who <= 0 || c->tid == who || task_pid(s, c->tid) == who)
			held_arm(s, c, now, LOOK_FIRST);
}

/* ---- kill() and its kin ---- */

/* The kernel does it; we look at who gets it. */
static void call_kill(struct super *s, struct call *c)
{
	bool thread = c->nr == SCMP_SYS(tgkill) || c->nr == SCMP_SYS(rt_tgsigqueueinfo);
	bool by_pidfd = c->nr == SCMP_SYS(pidfd_send_signal);
	pid_t who = by_pidfd ? 0 : (pid_t)c->args[thread ? 1 : 0];

	super_continue(s, c);
	held_hint(s, who);
}

/* ---- timers ---- */

static u64 ns_of(s64 sec, s64 nsec)
{
	return (u64)clamp(sec, (s64)0, (s64)INT32_MAX) * NS_PER_S + (u64)nsec;
}

/* When it will be due, and how often again. Return: false: never, or not known */
static bool alarm_of(const struct call *c, u64 *delay, u64 *every)
{
	struct itimerval itv;
	struct itimerspec its;

	*every = 0;
	if (c->nr == SCMP_SYS(timer_settime)) {
		if ((int)c->args[1] & TIMER_ABSTIME ||
		    mem_read(c, c->args[2], &its, sizeof(its)))
			return false;
		*delay = ns_of(its.it_value.tv_sec, its.it_value.tv_nsec);
		*every = ns_of(its.it_interval.tv_sec, its.it_interval.tv_nsec);
	} else if (c->nr == SCMP_SYS(setitimer)) {
		if (mem_read(c, c->args[1], &itv, sizeof(itv)))
			return false;
		*delay = ns_of(itv.it_value.tv_sec, itv.it_value.tv_usec * 1000);
		*every = ns_of(itv.it_interval.tv_sec, itv.it_interval.tv_usec * 1000);
	} else {
		*delay = ns_of((u32)c->args[0], 0);
	}
	return *delay > 0;
}

static void alarm_arm(struct super *s, const struct alarm *a)
{
	if (!s->alarm_ns || a->at_ns < s->alarm_ns)
		s->alarm_ns = a->at_ns;
}

static void alarm_set(struct super *s, pid_t who, u64 delay, u64 every)
{
	struct alarm *a = s->alarms;

	/* its own place, a free one, or that of the first to come */
	for (unsigned i = 0; i < SUPER_ALARMS; i++) {
		struct alarm *b = &s->alarms[i];

		if (b->who == who) {
			a = b;
			break;
		}
		if (b->at_ns < a->at_ns)
			a = b;
	}
	*a = (struct alarm){who, super_now() + delay, every};
	alarm_arm(s, a);
}

void held_alarms(struct super *s)
{
	u64 now = super_now();

	s->alarm_ns = 0;
	for (unsigned i = 0; i < SUPER_ALARMS; i++) {
		struct alarm *a = &s->alarms[i];

		if (!a->at_ns)
			continue;
		if (a->at_ns <= now) {
			held_hint(s, a->who);
			/* nobody waits: then it is only to be found by chance */
			if (a->every_ns < LOOK_LEAST || list_empty(&s->held))
				memset(a, 0, sizeof(*a));
			else
				a->at_ns = now + a->every_ns;
		}
		if (a->at_ns)
			alarm_arm(s, a);
	}
}

static void call_alarm(struct super *s, struct call *c)
{
	u64 delay, every;
	bool due = alarm_of(c, &delay, &every);
	pid_t who = due ? task_pid(s, c->tid) : 0;

	super_continue(s, c);
	if (due && who)
		alarm_set(s, who, delay, every);
}

const struct call_row held_rows[] = {
    {SCMP_SYS(kill), call_kill},
    {SCMP_SYS(tkill), call_kill},
    {SCMP_SYS(tgkill), call_kill},
    {SCMP_SYS(rt_sigqueueinfo), call_kill},
    {SCMP_SYS(rt_tgsigqueueinfo), call_kill},
    {SCMP_SYS(pidfd_send_signal), call_kill},
    {SCMP_SYS(alarm), call_alarm},
    {SCMP_SYS(setitimer), call_alarm},
    {SCMP_SYS(timer_settime), call_alarm},
};
const unsigned held_rows_n = ARRAY_SIZE(held_rows);
