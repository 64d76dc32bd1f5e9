/* SPDX-License-Identifier: MIT */
/*
 * clock.c - the only file that reads the host's clock
 */

#include "core/clock.h"

#include <time.h>

#include "core/warren.h"

/* Where virtual wall time begins, so that replays agree: 2020-01-01 */
#define VIRTUAL_EPOCH_NS (1577836800ULL * NS_PER_S)

static u64 host_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (u64)ts.tv_sec * NS_PER_S + (u64)ts.tv_nsec;
}

void clock_init(struct clock *c, bool is_virtual)
{
	c->is_virtual = is_virtual;
	if (is_virtual) {
		c->now_ns = 0;
		c->wall_off_ns = (s64)VIRTUAL_EPOCH_NS;
		return;
	}
	c->now_ns = host_ns(CLOCK_MONOTONIC);
	c->wall_off_ns = (s64)(host_ns(CLOCK_REALTIME) - c->now_ns);
}

void clock_tick(struct clock *c)
{
	if (!c->is_virtual)
		c->now_ns = host_ns(CLOCK_MONOTONIC);
}

void clock_set(struct clock *c, u64 now_ns)
{
	if (c->is_virtual && now_ns > c->now_ns)
		c->now_ns = now_ns;
}

u64 clock_now(const struct warren *w)
{
	return w->clock.now_ns;
}

u64 clock_wall(const struct warren *w)
{
	return w->clock.now_ns + (u64)w->clock.wall_off_ns;
}
