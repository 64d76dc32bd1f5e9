/* SPDX-License-Identifier: MIT */
/*
 * warren.c - birth and death of an instance
 *
 * The order is: account, clock, chance; the layout of all parts' state; boot
 * of each part, which fills the registries; freeze; the worker; the initial
 * net. Death is the reverse. All state hangs off struct warren, so a process
 * may hold as many as it likes.
 */

#include "core/warren.h"

#include "base/bug.h"
#include "core/event.h"
#include "core/net.h"
#include "core/worker.h"

#define ALIGN_UP(n) (((n) + 15) & ~(size_t)15)

/* Where each part's state lies behind struct worker and struct net */
static int lay_out(struct warren *w)
{
	w->worker_size = ALIGN_UP(sizeof(struct worker));
	w->net_size = ALIGN_UP(sizeof(struct net));
	for (int i = 0; w->parts[i]; i++) {
		const struct part *part = w->parts[i];

		if ((unsigned)part->id >= PART_NR || w->by_id[part->id])
			return -EINVAL;
		w->by_id[part->id] = part;
		w->worker_off[part->id] = w->worker_size;
		w->worker_size += ALIGN_UP(part->worker_size);
		w->net_off[part->id] = w->net_size;
		w->net_size += ALIGN_UP(part->net_size);
		if (part->warren_size) {
			w->part[part->id] = mem_alloc(&w->mem, part->warren_size);
			if (!w->part[part->id])
				return -ENOMEM;
		}
	}
	return 0;
}

static void halt_parts(struct warren *w, int n)
{
	while (n-- > 0)
		if (w->parts[n]->halt)
			w->parts[n]->halt(w);
}

static void free_rest(struct warren *w)
{
	event_fini(w);
	table_fini(&w->net_by_cookie);
	for (int i = 0; i < REG_NR; i++)
		mem_free(&w->mem, w->registry[i].entries);
	for (int i = 0; i < PART_NR; i++)
		mem_free(&w->mem, w->part[i]);
	free(w);
}

int warren_new(const struct warren_config *cfg, struct warren **out)
{
	struct warren *w = calloc(1, sizeof(*w));
	int err, n = 0;

	if (!w)
		return -ENOMEM;
	w->parts = cfg->parts;
	w->log = cfg->log;
	mem_init(&w->mem, NULL, cfg->fault);
	w->mem.limit = cfg->memory_limit;
	list_init(&w->nets);
	list_init(&w->captures);
	table_init(&w->net_by_cookie);
	clock_init(&w->clock, cfg->virtual_time);
	w->seed = cfg->seed;
	err = w->seed ? 0 : random_host_seed(&w->seed);
	if (err)
		goto err_free;
	random_seed(&w->random, w->seed);
	random_bytes(&w->random, &w->key, sizeof(w->key));
	w->next_cookie = 1;

	err = event_init(w);
	if (err)
		goto err_free;
	err = lay_out(w);
	if (err)
		goto err_free;
	for (; w->parts[n]; n++) {
		err = w->parts[n]->boot ? w->parts[n]->boot(w) : 0;
		if (err)
			goto err_boot;
	}
	w->frozen = true;
	err = worker_new(w, 0, &w->worker);
	if (err)
		goto err_boot;
	err = net_new(w, "", &w->init_net);
	if (err)
		goto err_worker;
	*out = w;
	return 0;

err_worker:
	worker_free(w->worker);
err_boot:
	halt_parts(w, n);
err_free:
	free_rest(w);
	return err;
}

void warren_free(struct warren *w)
{
	struct net *net;
	int n = 0;

	if (!w)
		return;
	while (worker_step(w->worker) && !list_empty(&w->worker->dying))
		;
	while ((net = list_last(&w->nets, struct net, node)))
		net_take_down(net);
	worker_free(w->worker);
	while (w->parts[n])
		n++;
	halt_parts(w, n);
	free_rest(w);
}
