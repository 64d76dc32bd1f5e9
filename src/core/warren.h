/* SPDX-License-Identifier: MIT */
/*
 * warren.h - one instance of the stack
 *
 * Birth: registries (boot of each part, in order), then the workers, then the
 * initial net. Registries are frozen before the first net is born. A process
 * may hold many warrens; they share nothing.
 */
#ifndef WARREN_CORE_WARREN_H
#define WARREN_CORE_WARREN_H

#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/table.h"
#include "core/clock.h"
#include "core/part.h"
#include "core/registry.h"

struct capture;
struct host_unix;

struct warren_config {
	const struct part *const *parts; /* NULL-terminated, birth order; src/parts.c */
	u64 seed;			 /* 0: drawn from the host */
	bool virtual_time; /* starts at 0 ns and moves by clock_set() only */
	struct log log;
	struct fault *fault; /* borrowed; may be NULL */
	u64 memory_limit;    /* bytes, 0: none */
};

struct warren {
	const struct part *const *parts;
	const struct part *by_id[PART_NR];
	struct clock clock;
	struct random random;
	struct sip_key key; /* for tables; each worker mixes its own */
	u64 seed;
	struct mem mem;
	struct log log;
	struct registry registry[REG_NR];
	struct list *listeners; /* event.c: EV_NR lists */
	bool frozen;

	const struct host_unix *host_unix; /* AF_UNIX of programs; NULL: none */

	struct worker *worker; /* one for now; rules of the seam obeyed */
	struct list nets;      /* alive, in order of birth */
	u32 n_nets;
	struct net *init_net;
	u64 next_cookie; /* SO_NETNS_COOKIE */
	struct table net_by_cookie;

	size_t worker_off[PART_NR], net_off[PART_NR];
	size_t worker_size, net_size;
	void *part[PART_NR];  /* warren_size bytes each, or NULL */
	struct list captures; /* path.c: taps over all devices */
};

/* Return: 0, -EINVAL, -ENOMEM or what a part's boot returned; @out owned by the caller
 */
int warren_new(const struct warren_config *cfg, struct warren **out);
/* Takes down all nets that are left, in reverse order of birth. */
void warren_free(struct warren *w);

static inline void *warren_part(const struct warren *w, enum part_id id)
{
	return w->part[id];
}

static inline bool warren_has(const struct warren *w, enum part_id id)
{
	return w->by_id[id];
}

#endif
