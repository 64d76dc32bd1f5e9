/* SPDX-License-Identifier: MIT */
/*
 * cross.c - all that passes between workers
 *
 * A packet is queued at the receiving device's worker, never passed by a
 * nested call, so stack depth is bounded however long the chain of devices.
 * The queue holds the device; a full queue is a full wire.
 */

#include "core/cross.h"

#define BACKLOG_MAX 4096

void cross_packet(struct dev *dev, struct pkt *p)
{
	struct worker *k = dev->net->worker;

	if (k->n_backlog >= BACKLOG_MAX) {
		dev->stats.rx_dropped++;
		pkt_drop(dev->net, p, DROP_BACKLOG_FULL);
		return;
	}
	dev_hold(dev);
	p->dev = dev;
	list_add_tail(&k->backlog, &p->node);
	k->n_backlog++;
}

void barrier_begin(struct warren *w)
{
	DEBUG_ASSERT(w->worker);
	(void)w;
}

void barrier_end(struct warren *w)
{
	(void)w;
}
