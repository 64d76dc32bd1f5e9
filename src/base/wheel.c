/* SPDX-License-Identifier: MIT */
/*
 * wheel.c - hierarchical timer wheel
 *
 * Time is cut into digits of six bits; level 0 is the lowest digit, eleven
 * levels hold all 64 bits. The wheel stands at a time `cur`. Where a timer is
 * follows from `cur` and its expiry alone:
 *
 *	expires <  cur	in the list `past`, sorted by expiry
 *	expires >= cur	on the level of the highest digit in which the two
 *			differ (level 0 when they are equal), in the slot of
 *			that digit of the expiry
 *
 * Invariants:
 *  1. A timer on a lower level is earlier than any on a higher level; in one
 *     level a lower slot is earlier. So the first timer is in the lowest slot
 *     of the lowest level that has any, and a slot of level 0 is one instant.
 *  2. `cur` moves only when nothing is earlier than where it goes. Then just
 *     one slot must be sorted out anew: the one `cur` steps into (advance()).
 *  3. Timers of equal expiry are always in the same list, in the order they
 *     were set, since each move takes whole lists from front to back.
 *
 * Set and cancel cost a few instructions. The exact time of the next expiry
 * is remembered; when the timer that had it was cancelled, it is found again at
 * the head of the first slot, which must be sorted for that. Timers are mostly
 * set in the order in which they expire, so a slot is kept sorted as long as
 * that costs a few steps (SORTED_STEPS), and else sorted when asked: by natural
 * merges, which for a sorted list with some new ones behind it are two passes.
 */

#include "base/wheel.h"

#include "base/bug.h"

#include <stdlib.h>

enum {
	DIGIT_BITS = 6,
	SLOTS = 1 << DIGIT_BITS,
	LEVELS = (64 + DIGIT_BITS - 1) / DIGIT_BITS,
	SORTED_STEPS = 8,
};

struct wheel {
	u64 cur;
	u64 pending;
	u64 next; /* the earliest expiry, when next_known */
	bool next_known;
	struct list past;
	u64 used[LEVELS];     /* a bit for each slot that is not empty */
	u64 unsorted[LEVELS]; /* a bit for each slot that is not in order of expiry */
	struct list slots[LEVELS][SLOTS];
};

struct wheel *wheel_new(u64 now_ns)
{
	struct wheel *wh = calloc(1, sizeof(*wh));

	if (!wh)
		return NULL;
	wh->cur = now_ns;
	list_init(&wh->past);
	for (int l = 0; l < LEVELS; l++)
		for (int s = 0; s < SLOTS; s++)
			list_init(&wh->slots[l][s]);
	return wh;
}

void wheel_free(struct wheel *wh)
{
	if (!wh)
		return;
	BUG_ON(wh->pending);
	free(wh);
}

void wheel_stats(const struct wheel *wh, u64 *pending)
{
	*pending = wh->pending;
}

void timer_init(struct timer *t, struct wheel *wh, timer_fn *fn)
{
	*t = (struct timer){.wheel = wh, .fn = fn};
	list_init(&t->node);
}

static unsigned level_of(const struct wheel *wh, u64 time)
{
	u64 diff = time ^ wh->cur;

	return diff ? (63U - (unsigned)__builtin_clzll(diff)) / DIGIT_BITS : 0;
}

static unsigned digit(u64 time, unsigned level)
{
	return (time >> (level * DIGIT_BITS)) & (SLOTS - 1);
}

/* The first instant of a slot. */
static u64 slot_start(const struct wheel *wh, unsigned level, unsigned slot)
{
	unsigned shift = level * DIGIT_BITS;
	u64 above = shift + DIGIT_BITS < 64 ? ~0ULL << (shift + DIGIT_BITS) : 0;

	return (wh->cur & above) | (u64)slot << shift;
}

static u64 expiry(const struct list *node)
{
	return list_entry(node, const struct timer, node)->expires_ns;
}

/* Insert into a sorted list, behind equals; at most @steps from its end.
 * Return: false when that was not enough, and nothing was done */
static bool insert_sorted(struct list *head, struct timer *t, u64 steps)
{
	struct list *at = head;

	while (at->prev != head && expiry(at->prev) > t->expires_ns) {
		if (steps-- == 0)
			return false;
		at = at->prev;
	}
	list_add_tail(at, &t->node);
	return true;
}

/* Move the sorted beginning of @from to the end of @run. */
static void take_run(struct list *from, struct list *run)
{
	u64 last = 0;

	while (!list_empty(from) && expiry(from->next) >= last) {
		struct list *n = from->next;

		last = expiry(n);
		list_del(n);
		list_add_tail(run, n);
	}
}

/* Move both sorted lists to the end of @out, of equals @a's first. */
static void merge(struct list *out, struct list *a, struct list *b)
{
	while (!list_empty(a) && !list_empty(b)) {
		struct list *n = expiry(a->next) <= expiry(b->next) ? a->next : b->next;

		list_del(n);
		list_add_tail(out, n);
	}
	list_splice_tail(out, a);
	list_splice_tail(out, b);
}

/* Natural merge sort: equals keep their order. */
static void sort(struct list *l)
{
	unsigned merged;

	do {
		struct list out, a, b;

		list_init(&out);
		list_init(&a);
		list_init(&b);
		for (merged = 0; !list_empty(l); merged++) {
			take_run(l, &a);
			take_run(l, &b);
			merge(&out, &a, &b);
		}
		list_splice_tail(l, &out);
	} while (merged > 1);
}

static void insert(struct wheel *wh, struct timer *t)
{
	unsigned level, slot;

	if (t->expires_ns < wh->cur) {
		insert_sorted(&wh->past, t, ~0ULL);
		return;
	}
	level = level_of(wh, t->expires_ns);
	slot = digit(t->expires_ns, level);
	wh->used[level] |= 1ULL << slot;
	if (level && !(wh->unsorted[level] & 1ULL << slot) &&
	    insert_sorted(&wh->slots[level][slot], t, SORTED_STEPS))
		return;
	list_add_tail(&wh->slots[level][slot], &t->node);
	wh->unsorted[level] |= 1ULL << slot;
}

static void slot_is_empty(struct wheel *wh, unsigned level, unsigned slot)
{
	wh->used[level] &= ~(1ULL << slot);
	wh->unsorted[level] &= ~(1ULL << slot);
}

/* Unlink a pending timer, and keep `used` right. */
static void unlink_timer(struct wheel *wh, struct timer *t)
{
	unsigned level, slot;

	list_del(&t->node);
	wh->pending--;
	if (t->expires_ns < wh->cur)
		return;
	level = level_of(wh, t->expires_ns);
	slot = digit(t->expires_ns, level);
	if (list_empty(&wh->slots[level][slot]))
		slot_is_empty(wh, level, slot);
}

void timer_set_at(struct timer *t, u64 expires_ns)
{
	struct wheel *wh = t->wheel;

	timer_cancel(t);
	t->expires_ns = expires_ns;
	insert(wh, t);
	if (wh->pending++ == 0) {
		wh->next = expires_ns;
		wh->next_known = true;
	} else if (expires_ns < wh->next) {
		wh->next = expires_ns;
	}
}

void timer_cancel(struct timer *t)
{
	struct wheel *wh = t->wheel;

	if (!timer_pending(t))
		return;
	unlink_timer(wh, t);
	if (t->expires_ns == wh->next)
		wh->next_known = false;
}

/* Return: false when the levels are all empty */
static bool first_slot(const struct wheel *wh, unsigned *level, unsigned *slot)
{
	for (unsigned l = 0; l < LEVELS; l++) {
		if (!wh->used[l])
			continue;
		*level = l;
		*slot = (unsigned)__builtin_ctzll(wh->used[l]);
		return true;
	}
	return false;
}

static u64 find_next(struct wheel *wh)
{
	unsigned level, slot;

	if (!list_empty(&wh->past))
		return expiry(wh->past.next);
	if (!first_slot(wh, &level, &slot))
		return ~0ULL;
	if (level && (wh->unsorted[level] & 1ULL << slot)) {
		sort(&wh->slots[level][slot]);
		wh->unsorted[level] &= ~(1ULL << slot);
	}
	return expiry(wh->slots[level][slot].next);
}

u64 wheel_next(struct wheel *wh)
{
	if (wh->pending == 0)
		return ~0ULL;
	if (!wh->next_known) {
		wh->next = find_next(wh);
		wh->next_known = true;
	}
	return wh->next;
}

/* Stand at @to; no timer is earlier. */
static void advance(struct wheel *wh, u64 to)
{
	unsigned level = level_of(wh, to), slot = digit(to, level);
	struct list moved;

	wh->cur = to;
	if (level == 0 || !(wh->used[level] & 1ULL << slot))
		return;
	list_init(&moved);
	list_splice_tail(&moved, &wh->slots[level][slot]);
	slot_is_empty(wh, level, slot);
	while (!list_empty(&moved)) {
		struct timer *t = list_entry(moved.next, struct timer, node);

		list_del(&t->node);
		insert(wh, t);
	}
}

/* Return: the first timer with expiry up to @now, or NULL */
static struct timer *first_due(struct wheel *wh, u64 now)
{
	struct timer *t = list_first(&wh->past, struct timer, node);
	unsigned level, slot;

	if (t)
		return t->expires_ns <= now ? t : NULL;
	while (first_slot(wh, &level, &slot)) {
		u64 start = slot_start(wh, level, slot);

		if (start > now)
			return NULL;
		advance(wh, start);
		if (level == 0)
			return list_first(&wh->slots[0][slot], struct timer, node);
	}
	return NULL;
}

unsigned wheel_run(struct wheel *wh, u64 now_ns, unsigned max)
{
	unsigned fired = 0;

	while (fired < max) {
		struct timer *t = first_due(wh, now_ns);

		if (!t) {
			if (now_ns > wh->cur)
				advance(wh, now_ns);
			break;
		}
		unlink_timer(wh, t);
		wh->next_known = false;
		fired++;
		t->fn(t);
	}
	return fired;
}
