/* SPDX-License-Identifier: MIT */
/* wheel_test.c - against a list of timers sorted by hand */

#include "base/wheel.h"

#include "base/random.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { TIMERS = 200 };

struct item {
	struct timer timer;
	struct world *world;
	u64 set; /* serial of the last set */
	bool pending;
};

struct world {
	struct wheel *wh;
	struct random rnd;
	u64 now, sets;
	unsigned fired;
	struct item items[TIMERS];
};

static bool sooner(const struct item *a, const struct item *b)
{
	if (a->timer.expires_ns != b->timer.expires_ns)
		return a->timer.expires_ns < b->timer.expires_ns;
	return a->set < b->set;
}

static struct item *oracle_first(struct world *wd)
{
	struct item *first = NULL;

	for (int i = 0; i < TIMERS; i++) {
		struct item *it = &wd->items[i];

		assert_int_equal(timer_pending(&it->timer), it->pending);
		if (it->pending && (!first || sooner(it, first)))
			first = it;
	}
	return first;
}

static u64 oracle_next(struct world *wd)
{
	struct item *first = oracle_first(wd);

	return first ? first->timer.expires_ns : ~0ULL;
}

static void set(struct item *it, u64 when)
{
	it->set = ++it->world->sets;
	it->pending = true;
	timer_set_at(&it->timer, when);
}

static u64 random_time(struct world *wd)
{
	u64 delta = random_next(&wd->rnd) >> (20 + random_below(&wd->rnd, 44));

	if (random_below(&wd->rnd, 10) == 0)
		return wd->now - min(wd->now, delta);
	if (random_below(&wd->rnd, 4) == 0)
		return wd->now + random_below(&wd->rnd, 4); /* many equal ones */
	return wd->now + delta;
}

static void change_one(struct world *wd)
{
	struct item *it = &wd->items[random_below(&wd->rnd, TIMERS)];

	if (random_below(&wd->rnd, 4) == 0) {
		timer_cancel(&it->timer);
		it->pending = false;
	} else {
		set(it, random_time(wd));
	}
}

static void on_timer(struct timer *t)
{
	struct item *it = container_of(t, struct item, timer);
	struct world *wd = it->world;

	assert_true(t->expires_ns <= wd->now);
	assert_true(it->pending);
	it->pending = false;
	/* nobody who is still pending should have been first */
	for (int i = 0; i < TIMERS; i++)
		if (wd->items[i].pending)
			assert_true(sooner(it, &wd->items[i]));
	wd->fired++;
	if (random_below(&wd->rnd, 3) == 0)
		change_one(wd);
	if (random_below(&wd->rnd, 8) == 0)
		set(it, random_time(wd));
}

static void against_oracle(u64 seed)
{
	struct world wd = {.now = seed % 2 ? 1000 : ~0ULL >> 2};
	u64 pending;

	random_seed(&wd.rnd, seed);
	wd.wh = wheel_new(wd.now);
	for (int i = 0; i < TIMERS; i++) {
		wd.items[i].world = &wd;
		timer_init(&wd.items[i].timer, wd.wh, on_timer);
	}
	for (int round = 0; round < 3000; round++) {
		unsigned most = random_below(&wd.rnd, 40) + 1, n;

		for (u32 i = random_below(&wd.rnd, 10); i > 0; i--)
			change_one(&wd);
		if (random_below(&wd.rnd, 3))
			assert_int_equal(wheel_next(wd.wh), oracle_next(&wd));
		if (random_below(&wd.rnd, 2) && oracle_first(&wd))
			wd.now = max(wd.now, oracle_next(&wd));
		else
			wd.now +=
			    random_next(&wd.rnd) >> (30 + random_below(&wd.rnd, 34));
		wd.fired = 0;
		n = wheel_run(wd.wh, wd.now, most);
		assert_int_equal(n, wd.fired);
		assert_true(n <= most);
		if (n < most)
			assert_true(oracle_next(&wd) > wd.now);
		assert_int_equal(wheel_next(wd.wh), oracle_next(&wd));
	}
	for (int i = 0; i < TIMERS; i++)
		timer_cancel(&wd.items[i].timer);
	wheel_stats(wd.wh, &pending);
	assert_int_equal(pending, 0);
	assert_int_equal(wheel_next(wd.wh), ~0ULL);
	wheel_free(wd.wh);
}

static void test_oracle(void **state)
{
	(void)state;
	for (u64 seed = 1; seed <= 6; seed++)
		against_oracle(seed);
}

static void ignore(struct timer *t)
{
	(void)t;
}

static void test_never_early(void **state)
{
	struct wheel *wh = wheel_new(0);
	struct timer t;

	(void)state;
	timer_init(&t, wh, ignore);
	timer_cancel(&t);
	timer_set_at(&t, 123456789);
	assert_int_equal(wheel_run(wh, 123456788, 9), 0);
	assert_int_equal(wheel_next(wh), 123456789);
	assert_int_equal(wheel_run(wh, 123456789, 9), 1);
	assert_false(timer_pending(&t));
	timer_set_at(&t, ~0ULL - 1);
	assert_int_equal(wheel_next(wh), ~0ULL - 1);
	assert_int_equal(wheel_run(wh, ~0ULL - 2, 9), 0);
	assert_int_equal(wheel_run(wh, ~0ULL, 9), 1);
	wheel_free(wh);
}

/* Many timers that expire in one slot, re-armed as a busy server does; seconds when
 * finding the next one reads them all */
static void test_many(void **state)
{
	enum { MANY = 50000, TURNS = 200000 };
	struct timer *t = calloc(MANY, sizeof(*t));
	struct wheel *wh = wheel_new(0);
	u64 now = 1ULL << 33;

	(void)state;
	for (u32 i = 0; i < MANY; i++) {
		timer_init(&t[i], wh, ignore);
		/* the first ones from the last to the first */
		timer_set_at(&t[i], now + (i < 1000 ? 1000 - i : i));
	}
	for (u32 i = 0; i < TURNS; i++) {
		timer_set_at(&t[i % MANY], now + MANY + i);
		assert_true(wheel_next(wh) <= now + MANY + i);
	}
	assert_int_equal(wheel_next(wh), now + TURNS);
	assert_int_equal(wheel_run(wh, ~0ULL, ~0U), MANY);
	wheel_free(wh);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_oracle),
	    cmocka_unit_test(test_never_early),
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
