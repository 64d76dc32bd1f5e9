/* SPDX-License-Identifier: MIT */
/*
 * clock.h - the only source of time
 *
 * The clock is read once a turn and constant within it. Virtual time moves
 * only when clock_set() says so.
 */
#ifndef WARREN_CORE_CLOCK_H
#define WARREN_CORE_CLOCK_H

#include "base/types.h"

struct warren;

struct clock {
	bool is_virtual;
	u64 now_ns;	 /* monotonic */
	s64 wall_off_ns; /* wall = now + offset */
};

void clock_init(struct clock *c, bool is_virtual);
/* Real clock: read the host's. Virtual: nothing. */
void clock_tick(struct clock *c);
/* Virtual clock: go forward to @now_ns; backwards is ignored. */
void clock_set(struct clock *c, u64 now_ns);

u64 clock_now(const struct warren *w);	/* ns, monotonic, constant in a turn */
u64 clock_wall(const struct warren *w); /* ns since 1970 */

#endif
