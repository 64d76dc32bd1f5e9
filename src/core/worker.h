/* SPDX-License-Identifier: MIT */
/*
 * worker.h - the loop
 *
 * worker_step() does one bounded turn and never blocks: dying nets, deferred
 * work, up to 64 packets of the backlog, due timers. A driver calls it until
 * it answers false, then sleeps until worker_deadline() or until its
 * descriptors have something.
 */
#ifndef WARREN_CORE_WORKER_H
#define WARREN_CORE_WORKER_H

#include "base/slab.h"
#include "base/wheel.h"
#include "core/block.h"
#include "core/warren.h"

struct dev;
struct pkt;

/* Something to do at the end of the turn; embedded in its owner. */
struct work {
	struct list node;
	void (*fn)(struct work *wk);
};

struct worker {
	struct warren *w;
	u32 id;
	struct wheel *wheel;
	struct list backlog; /* struct pkt, p->dev is the receiving device */
	u32 n_backlog;
	struct list works;
	struct list watched; /* struct dev, held: the carrier changed, see dev.c */
	struct list dying;   /* struct net */
	struct slab pkts;
	struct block_pool blocks;
	struct table taps;  /* path.c: those with an ethertype, by net, device, type */
	struct sip_key key; /* of this worker's tables */
	u64 turns;
	void *state[]; /* see worker_part */
};

int worker_new(struct warren *w, u32 id, struct worker **out);
void worker_free(struct worker *k);

/* Return: true when there is more to do at once */
bool worker_step(struct worker *k);
/* Turns until there is nothing to do at once. For virtual time, where it ends */
void worker_settle(struct worker *k);
/* Virtual time: all that happens until @ns, then it is @ns */
void worker_run_until(struct worker *k, u64 ns);
/* When the next timer is due, ns; ~0ULL: none. 0 when there is work at once. */
u64 worker_deadline(struct worker *k);

/* Take down the nets whose last user went, now. Not from inside the stack */
void worker_bury(struct worker *k);

void work_init(struct work *wk, void (*fn)(struct work *wk));
void work_defer(struct worker *k, struct work *wk); /* idempotent */
void work_cancel(struct work *wk);

static inline void *worker_part(const struct worker *k, enum part_id id)
{
	return (char *)(uintptr_t)k + k->w->worker_off[id];
}

#endif
