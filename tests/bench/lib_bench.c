/* SPDX-License-Identifier: MIT */
/*
 * lib_bench.c - what the library costs: namespaces born and dead, packets
 *
 * Prints one figure a line: name, value, unit. Never a pass or a fail.
 * Arguments: how many namespaces are alive at most, how long the rest takes (1);
 * 0 leaves either out; which of the rest alone (udp, routes, stream, connect).
 */

#include "lib_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/lpm.h"
#include "core/net.h"
#include "core/worker.h"
#include "parts.h"

double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void settle(struct warren *w)
{
	worker_settle(w->worker);
}

/* Birth and death of @n nets while @alive others live */
static void births(struct warren *w, struct net **nets, size_t alive, size_t n)
{
	double t0, t1, t2;

	t0 = now_s();
	for (size_t i = 0; i < n; i++)
		if (net_new(w, "", &nets[alive + i]))
			exit(1);
	t1 = now_s();
	for (size_t i = 0; i < n; i++)
		net_put(nets[alive + i]);
	settle(w);
	t2 = now_s();
	printf("namespace birth, %zu alive\t%.3f\tus\n", alive,
	       (t1 - t0) / (double)n * 1e6);
	printf("namespace death, %zu alive\t%.3f\tus\n", alive,
	       (t2 - t1) / (double)n * 1e6);
}

/* Prefixes of 16 to 28 bits all over, as a table of the Internet has them, and keys
 * that never come again */
static void prefixes(size_t n, long lookups)
{
	struct lpm_node *nodes = calloc(n, sizeof(*nodes));
	struct random r;
	struct mem mem;
	struct lpm t;
	size_t hits = 0;
	double t0;

	if (!nodes)
		return;
	mem_init(&mem, NULL, NULL);
	lpm_init(&t, &mem);
	random_seed(&r, 1);
	for (size_t i = 0; i < n;) {
		u32 key = (u32)random_next(&r);

		i += !lpm_add(&t, &nodes[i], &key, 4, 16 + random_below(&r, 13));
	}
	t0 = now_s();
	for (long i = 0; i < lookups; i++) {
		u32 key = (u32)random_next(&r);

		hits += lpm_match(&t, &key, 4) != NULL;
	}
	t0 = now_s() - t0;
	printf("prefix of any address, %zu known\t%.0f\tns\n", n,
	       t0 / (double)lookups * 1e9);
	if (!hits)
		printf("# none was found\n");
	while (t.n)
		lpm_del(&t, lpm_first(&t));
	free(nodes);
}

static int namespaces(size_t most)
{
	const struct warren_config cfg = {
	    .parts = warren_parts,
	    .seed = 1,
	    .virtual_time = true,
	};
	struct net **nets = calloc(most + 10000, sizeof(*nets));
	struct warren *w;
	u64 before;

	if (!nets || warren_new(&cfg, &w))
		return 1;
	before = w->mem.bytes;
	for (size_t i = 0; i < 1000; i++)
		if (net_new(w, "", &nets[i]))
			return 1;
	printf("namespace memory\t%.0f\tbytes\n",
	       (double)(w->mem.bytes - before) / 1000);
	births(w, nets, 1000, 10000);
	for (size_t i = 1000; i < most; i++)
		if (net_new(w, "", &nets[i]))
			return 1;
	births(w, nets, most, 10000);
	for (size_t i = 0; i < most; i++)
		net_put(nets[i]);
	settle(w);
	warren_free(w);
	free(nets);
	return 0;
}

int main(int argc, char **argv)
{
	size_t most = argc > 1 ? (size_t)strtoull(argv[1], NULL, 10) : 1000000;
	double scale = argc > 2 ? strtod(argv[2], NULL) : 1;

	if (most && namespaces(max(most, (size_t)1000)))
		return 1;
	if (scale > 0) {
		prefixes(100000, (long)(3000000 * scale));
		bench_paths(scale, argc > 3 ? argv[3] : NULL);
	}
	return 0;
}
