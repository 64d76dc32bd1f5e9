/* SPDX-License-Identifier: MIT */
/*
 * worker.c - the loop: inbox, deferred work, timers, the dying
 *
 * One turn: read the clock once; run deferred work; up to PACKETS packets of
 * the backlog; due timers; deferred work that these asked for; then take down
 * the nets whose last user went. Nothing here blocks.
 */

#include "core/worker.h"

#include "core/dev.h"
#include "core/net.h"

#define PACKETS 64
#define TIMERS	256

int worker_new(struct warren *w, u32 id, struct worker **out)
{
	struct worker *k = mem_alloc(&w->mem, w->worker_size);
	int err, i;

	if (!k)
		return -ENOMEM;
	k->w = w;
	k->id = id;
	list_init(&k->backlog);
	list_init(&k->works);
	list_init(&k->watched);
	list_init(&k->dying);
	slab_init(&k->pkts, "pkt", sizeof(struct pkt), &w->mem);
	table_init(&k->taps);
	random_bytes(&w->random, &k->key, sizeof(k->key));
	k->wheel = wheel_new(clock_now(w));
	if (!k->wheel) {
		err = -ENOMEM;
		goto err_free;
	}
	for (i = 0; w->parts[i]; i++) {
		if (!w->parts[i]->worker_init)
			continue;
		err = w->parts[i]->worker_init(k);
		if (err)
			goto err_parts;
	}
	*out = k;
	return 0;

err_parts:
	while (i-- > 0)
		if (w->parts[i]->worker_exit)
			w->parts[i]->worker_exit(k);
	wheel_free(k->wheel);
err_free:
	slab_fini(&k->pkts);
	mem_free(&w->mem, k);
	return err;
}

static void backlog_drop(struct worker *k)
{
	while (!list_empty(&k->backlog)) {
		struct pkt *p = list_entry(k->backlog.next, struct pkt, node);
		struct dev *dev = p->dev;

		list_del(&p->node);
		k->n_backlog--;
		pkt_drop(dev->net, p, DROP_NET_DYING);
		dev_put(dev);
	}
}

static void run_works(struct worker *k)
{
	struct list todo;

	dev_watch_run(k);
	list_init(&todo);
	list_splice_tail(&todo, &k->works);
	while (!list_empty(&todo)) {
		struct work *wk = list_entry(todo.next, struct work, node);

		list_del(&wk->node);
		wk->fn(wk);
	}
}

void worker_bury(struct worker *k)
{
	struct net *net;

	/* what one held may be the last that held another */
	while ((net = list_first(&k->dying, struct net, dying_node))) {
		list_del(&net->dying_node);
		net_take_down(net);
	}
}

void worker_free(struct worker *k)
{
	struct warren *w = k->w;
	int n = 0;

	backlog_drop(k);
	worker_bury(k);
	backlog_drop(k);
	dev_watch_run(k); /* they are gone: only the references are dropped */
	while (w->parts[n])
		n++;
	while (n-- > 0)
		if (w->parts[n]->worker_exit)
			w->parts[n]->worker_exit(k);
	wheel_free(k->wheel);
	table_fini(&k->taps);
	slab_fini(&k->pkts);
	block_pool_fini(k);
	mem_free(&w->mem, k);
}

static bool has_work(const struct worker *k)
{
	return !list_empty(&k->backlog) || !list_empty(&k->works) ||
	       !list_empty(&k->watched) || !list_empty(&k->dying);
}

bool worker_step(struct worker *k)
{
	clock_tick(&k->w->clock);
	k->turns++;
	run_works(k);
	for (int i = 0; i < PACKETS && !list_empty(&k->backlog); i++) {
		struct pkt *p = list_entry(k->backlog.next, struct pkt, node);
		struct dev *dev = p->dev;

		list_del(&p->node);
		k->n_backlog--;
		path_receive(dev, p);
		dev_put(dev);
	}
	wheel_run(k->wheel, clock_now(k->w), TIMERS);
	run_works(k);
	worker_bury(k);
	return has_work(k) || wheel_next(k->wheel) <= clock_now(k->w);
}

u64 worker_deadline(struct worker *k)
{
	return has_work(k) ? 0 : wheel_next(k->wheel);
}

void worker_settle(struct worker *k)
{
	while (worker_step(k))
		;
}

void worker_run_until(struct worker *k, u64 ns)
{
	for (;;) {
		u64 next;

		worker_settle(k);
		next = worker_deadline(k);
		if (next > ns)
			break;
		clock_set(&k->w->clock, next);
	}
	clock_set(&k->w->clock, ns);
	worker_settle(k);
}

void work_init(struct work *wk, void (*fn)(struct work *wk))
{
	list_init(&wk->node);
	wk->fn = fn;
}

void work_defer(struct worker *k, struct work *wk)
{
	if (list_empty(&wk->node))
		list_add_tail(&k->works, &wk->node);
}

void work_cancel(struct work *wk)
{
	list_del(&wk->node);
}
