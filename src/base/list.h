/* SPDX-License-Identifier: MIT */
/*
 * list.h - intrusive doubly linked list
 *
 * The node lives in the object. A node that is in no list points to itself
 * after list_init() or list_del(), so list_empty(node) also answers "is it
 * linked?" and list_del() may be called twice.
 */
#ifndef WARREN_BASE_LIST_H
#define WARREN_BASE_LIST_H

#include "base/types.h"

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_insert_between(struct list *n, struct list *prev,
				       struct list *next)
{
	n->prev = prev;
	n->next = next;
	prev->next = n;
	next->prev = n;
}

/* Put @n first in, or directly behind, @at. */
static inline void list_add(struct list *at, struct list *n)
{
	list_insert_between(n, at, at->next);
}

/* Put @n last in, or directly before, @at. */
static inline void list_add_tail(struct list *at, struct list *n)
{
	list_insert_between(n, at->prev, at);
}

static inline void list_del(struct list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}

/* Move all of @from to the end of @to; @from is empty afterwards. */
static inline void list_splice_tail(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)

#define list_first(head, type, member)                                                 \
	(list_empty(head) ? NULL : list_entry((head)->next, type, member))
#define list_last(head, type, member)                                                  \
	(list_empty(head) ? NULL : list_entry((head)->prev, type, member))

/* @pos: a typed pointer; the body must not remove it */
#define list_for_each(pos, head, member)                                               \
	for (pos = list_entry((head)->next, __typeof__(*pos), member);                 \
	     &pos->member != (head);                                                   \
	     pos = list_entry(pos->member.next, __typeof__(*pos), member))

/* the body may remove @pos, and nothing else */
#define list_for_each_safe(pos, tmp, head, member)                                     \
	for (pos = list_entry((head)->next, __typeof__(*pos), member),                 \
	    tmp = list_entry(pos->member.next, __typeof__(*pos), member);              \
	     &pos->member != (head);                                                   \
	     pos = tmp, tmp = list_entry(tmp->member.next, __typeof__(*tmp), member))

#endif
