/* SPDX-License-Identifier: MIT */
/*
 * plane_held.c - calls that wait for a socket
 *
 * An op is tried when it arrives, when its socket has news (ep_pump), when its
 * carrier has (dup_events), until it has a result, its time is over, or a signal
 * or death ends it. It begins on its handler's stack and moves to the heap only
 * when it must wait.
 */

#include "super/plane.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/net.h"
#include "core/warren.h"

/* ---- held calls ---- */

static void op_arm(struct op *op)
{
	u64 at = op->end_ns;

	if (op->retry_ns)
		at = min(at, clock_now(op->s->w) + op->retry_ns);
	if (at != ~0ULL)
		timer_set_at(&op->timer, at);
}

static void op_timer(struct timer *t)
{
	struct op *op = container_of(t, struct op, timer);

	if (clock_now(op->s->w) < op->end_ns) {
		op_arm(op);
		op_try(op);
		return;
	}
	if (op->cancelled)
		op->cancelled(op);
	op_end(op, op->c->partial ? op->c->partial : op->timed_out);
}

static void op_source(struct super *s, struct source *src, u32 events)
{
	struct op *op = container_of(src, struct op, src);

	(void)s;
	(void)events;
	op_try(op);
}

static void op_forget(struct op *op)
{
	list_del(&op->node);
	if (op->src.fd >= 0)
		super_unwatch(op->s, &op->src);
	if (op->timer.wheel)
		timer_cancel(&op->timer);
	if (op->dup >= 0)
		close(op->dup);
}

static void op_cancel(struct super *s, struct call *c)
{
	struct op *op = c->held_by;

	(void)s;
	if (op->cancelled)
		op->cancelled(op);
	op_forget(op);
	free(op);
}

void op_end(struct op *op, s64 ret)
{
	struct super *s = op->s;
	struct call *c = op->c;
	bool held = op->held;

	op_forget(op);
	if (held)
		free(op);
	if (ret != OP_ANSWERED)
		super_reply(s, c, ret);
}

void op_try(struct op *op)
{
	s64 ret = op->attempt(op);

	if (ret != -EAGAIN)
		op_end(op, ret);
}

s64 op_some(struct op *op, s64 ret)
{
	if (ret == -EAGAIN && op->block) {
		op->c->partial = (s64)op->done;
		return ret;
	}
	return op->done ? (s64)op->done : ret;
}

void op_try_all(struct endpoint *ep)
{
	struct list todo;
	struct op *op;

	if (list_empty(&ep->ops))
		return;
	list_init(&todo);
	list_splice_tail(&todo, &ep->ops);
	while ((op = list_first(&todo, struct op, node))) {
		list_del(&op->node);
		list_add_tail(&ep->ops, &op->node);
		op_try(op);
	}
}

static int op_hold(const struct op *from)
{
	struct worker *k = from->s->w->worker;
	struct op *op = malloc(sizeof(*op));
	int err;

	if (!op)
		return -ENOMEM;
	*op = *from;
	op->held = true;
	list_init(&op->node);
	timer_init(&op->timer, k->wheel, op_timer);
	op->src.fd = -1;
	if (op->dup_events) {
		err = super_watch(op->s, &op->src, op->dup, op->dup_events, op_source);
		if (err) {
			free(op);
			return err;
		}
	}
	op->end_ns = op->timeout_ns ? clock_now(k->w) + op->timeout_ns : ~0ULL;
	op_arm(op);
	list_add_tail(op->ep ? &op->ep->ops : &op->s->plane->ops, &op->node);
	super_hold(op->s, op->c, op_cancel, op);
	return 0;
}

void op_run(struct op *op)
{
	s64 ret;

	op->src.fd = -1;
	op->timer.wheel = NULL;
	op->held = false;
	list_init(&op->node);
	ret = op->attempt(op);
	if (ret == -EAGAIN && op->block) {
		ret = op_hold(op);
		if (!ret)
			return;
	}
	op_end(op, ret);
}
