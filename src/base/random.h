/* SPDX-License-Identifier: MIT */
/*
 * random.h - seeded generator, keyed hash
 *
 * The generator is xoshiro256** seeded by splitmix64: fast, replayable, not
 * for secrets. Secrets (ISNs, ports, hash keys) come from SipHash-2-4 under a
 * key drawn at birth.
 */
#ifndef WARREN_BASE_RANDOM_H
#define WARREN_BASE_RANDOM_H

#include "base/types.h"

struct random {
	u64 s[4];
};

struct sip_key {
	u64 k0, k1;
};

void random_seed(struct random *r, u64 seed);
u64 random_next(struct random *r);
/* Uniform in [0, @n), @n > 0; no modulo bias */
u32 random_below(struct random *r, u32 n);
void random_bytes(struct random *r, void *buf, size_t len);

u64 siphash(const struct sip_key *key, const void *data, size_t len);
/* Three words, for hash tables: quick, and not to be foreseen without the key */
u32 hash3(const struct sip_key *key, u64 a, u64 b, u64 c);

/* The one place that asks the host for chance; used once, for a seed. */
int random_host_seed(u64 *seed);

#endif
