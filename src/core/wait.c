/* SPDX-License-Identifier: MIT */
/*
 * wait.c - wait queues and readiness masks
 */

#include "core/wait.h"

void wait_queue_init(struct wait_queue *q)
{
	list_init(&q->waiters);
}

void wait_init(struct wait *wt, void (*fn)(struct wait *wt, u32 events))
{
	list_init(&wt->node);
	wt->mask = 0;
	wt->fn = fn;
}

void wait_add(struct wait_queue *q, struct wait *wt, u32 mask)
{
	list_del(&wt->node);
	wt->mask = mask | POLLERR | POLLHUP;
	list_add_tail(&q->waiters, &wt->node);
}

void wait_del(struct wait *wt)
{
	list_del(&wt->node);
}

/*
 * A woken function may remove or add any waiter, itself and its neighbours
 * too: a marker keeps the place.
 */
void wait_wake(struct wait_queue *q, u32 events)
{
	struct list todo;

	list_init(&todo);
	list_splice_tail(&todo, &q->waiters);
	while (!list_empty(&todo)) {
		struct wait *wt = list_entry(todo.next, struct wait, node);

		list_del(&wt->node);
		list_add_tail(&q->waiters, &wt->node);
		if (wt->mask & events)
			wt->fn(wt, events);
	}
}
