/* SPDX-License-Identifier: MIT */
/*
 * cross.h - all that passes between workers: packets, calls, the barrier
 *
 * With one worker a packet goes to its backlog and the barrier is free; the
 * callers keep the rules, so more workers change this file alone.
 */
#ifndef WARREN_CORE_CROSS_H
#define WARREN_CORE_CROSS_H

#include "core/dev.h"
#include "core/pkt.h"
#include "core/worker.h"

/* @p arrives at @dev, on the worker of dev->net. Consumes. A full backlog is a full
 * wire. */
void cross_packet(struct dev *dev, struct pkt *p);

/* All other workers stand at the top of their loop until barrier_end() */
void barrier_begin(struct warren *w);
void barrier_end(struct warren *w);

#endif
