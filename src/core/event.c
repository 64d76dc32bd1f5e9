/* SPDX-License-Identifier: MIT */
/*
 * event.c - ordered, synchronous listeners
 *
 * Listeners are kept by kind in the order in which their parts booted, which
 * is the order of parts.c.
 */

#include "core/event.h"

#include "core/net.h"

struct listener {
	struct list node;
	const struct part *part;
	enum event_kind kind;
	event_fn *fn;
};

int event_listen(struct warren *w, const struct part *part, enum event_kind kind,
		 event_fn *fn)
{
	struct listener *l;

	if (w->frozen)
		return -EBUSY;
	l = mem_alloc(&w->mem, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->part = part;
	l->kind = kind;
	l->fn = fn;
	list_add_tail(&w->listeners[kind], &l->node);
	return 0;
}

int event_raise(struct net *net, enum event_kind kind, void *obj)
{
	const struct listener *l;

	list_for_each(l, &net->w->listeners[kind], node) {
		int err;

		if (l->part && l->part->init_only && !net_is_init(net))
			continue;
		err = l->fn(net, kind, obj);
		if (err && kind == EV_DEV_REGISTER)
			return err;
	}
	return 0;
}

int event_init(struct warren *w)
{
	w->listeners = mem_alloc(&w->mem, EV_NR * sizeof(*w->listeners));
	if (!w->listeners)
		return -ENOMEM;
	for (int i = 0; i < EV_NR; i++)
		list_init(&w->listeners[i]);
	return 0;
}

void event_fini(struct warren *w)
{
	struct listener *l, *tmp;

	if (!w->listeners)
		return;
	for (int i = 0; i < EV_NR; i++)
		list_for_each_safe(l, tmp, &w->listeners[i], node) {
			list_del(&l->node);
			mem_free(&w->mem, l);
		}
	mem_free(&w->mem, w->listeners);
	w->listeners = NULL;
}
