/* SPDX-License-Identifier: MIT */
/*
 * wheel.h - hierarchical timer wheel
 *
 * A timer is embedded in its owner. Time is u64 nanoseconds, given in by the
 * caller: the wheel never reads a clock. Timers fire in order of their
 * expiry; those with the same expiry in the order they were set. Never early.
 */
#ifndef WARREN_BASE_WHEEL_H
#define WARREN_BASE_WHEEL_H

#include "base/list.h"

struct timer;
struct wheel;

typedef void timer_fn(struct timer *t);

struct timer {
	struct list node;
	struct wheel *wheel;
	timer_fn *fn;
	u64 expires_ns;
};

struct wheel *wheel_new(u64 now_ns); /* NULL: no memory */
void wheel_free(struct wheel *wh);   /* no timer may be pending */
void wheel_stats(const struct wheel *wh, u64 *pending);

void timer_init(struct timer *t, struct wheel *wh, timer_fn *fn);
/* Set, or set anew, to fire at @expires_ns (absolute; the past: at once when run). */
void timer_set_at(struct timer *t, u64 expires_ns);
void timer_cancel(struct timer *t); /* idempotent; returns with it not pending */

static inline bool timer_pending(const struct timer *t)
{
	return !list_empty(&t->node);
}

/* Return: the earliest expiry, exactly; U64_MAX (~0ULL) when none is pending */
u64 wheel_next(struct wheel *wh);

/*
 * Fire all timers with expires_ns <= @now_ns. A function may set, cancel and
 * free any timer, its own included; one that it sets for a time up to @now_ns
 * fires in the same run. At most @max are fired.
 * Return: number fired
 */
unsigned wheel_run(struct wheel *wh, u64 now_ns, unsigned max);

#endif
