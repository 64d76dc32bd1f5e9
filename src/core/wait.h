/* SPDX-License-Identifier: MIT */
/*
 * wait.h - wait queues and readiness masks
 *
 * Who waits is called with the events that happened, as POLLx bits; the call
 * comes from inside the stack, so it only notes or defers (core/worker.h
 * work) and never calls back into the socket.
 */
#ifndef WARREN_CORE_WAIT_H
#define WARREN_CORE_WAIT_H

#include "base/list.h"

#include <poll.h>

struct wait_queue {
	struct list waiters;
};

struct wait {
	struct list node;
	u32 mask;
	void (*fn)(struct wait *wt, u32 events);
};

void wait_queue_init(struct wait_queue *q);
void wait_init(struct wait *wt, void (*fn)(struct wait *wt, u32 events));
void wait_add(struct wait_queue *q, struct wait *wt, u32 mask);
void wait_del(struct wait *wt); /* idempotent */
/* Call who waits for any of @events; POLLERR and POLLHUP reach everyone. */
void wait_wake(struct wait_queue *q, u32 events);

#endif
