/* SPDX-License-Identifier: MIT */
/*
 * hook.c - netfilter hook points: ordered functions and a verdict
 */

#include "core/hook.h"

void hook_add(struct net *net, enum hook_point point, struct hook *h)
{
	struct hook *o;

	list_for_each(o, &net->hooks[point], node)
		if (o->priority > h->priority)
			break;
	list_add_tail(&o->node, &h->node); /* before @o, or last */
}

void hook_del(struct hook *h)
{
	list_del(&h->node);
}

bool hook_run(struct pkt *p, const struct hook_state *st)
{
	struct hook *h, *tmp;

	list_for_each_safe(h, tmp, &st->net->hooks[st->point], node) {
		if (h->family && h->family != st->family)
			continue;
		switch (h->fn(h, p, st)) {
		case HOOK_ACCEPT:
			break;
		case HOOK_DROP:
			pkt_drop(st->net, p, DROP_FILTER);
			return false;
		case HOOK_STOLEN:
			return false;
		}
	}
	return true;
}
