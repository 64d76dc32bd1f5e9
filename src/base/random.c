/* SPDX-License-Identifier: MIT */
/*
 * random.c - xoshiro256** (Blackman, Vigna 2018) and SipHash (Aumasson,
 * Bernstein 2012)
 */

#include "base/random.h"

#include <sys/random.h>

static u64 rotl(u64 x, int n)
{
	return x << n | x >> (64 - n);
}

static u64 splitmix64(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

void random_seed(struct random *r, u64 seed)
{
	for (unsigned i = 0; i < ARRAY_SIZE(r->s); i++)
		r->s[i] = splitmix64(&seed);
}

u64 random_next(struct random *r)
{
	u64 *s = r->s;
	u64 result = rotl(s[1] * 5, 7) * 9;
	u64 t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

u32 random_below(struct random *r, u32 n)
{
	u32 unfair = -n % n; /* that many of 2^32 products have one hit too much */

	for (;;) {
		u64 product = (random_next(r) >> 32) * n;

		if ((u32)product >= unfair)
			return (u32)(product >> 32);
	}
}

void random_bytes(struct random *r, void *buf, size_t len)
{
	u8 *b = buf;

	while (len) {
		u64 word = random_next(r);
		size_t n = min(len, sizeof(word));

		memcpy(b, &word, n);
		b += n;
		len -= n;
	}
}

struct sip {
	u64 v0, v1, v2, v3;
};

static void sip_start(struct sip *s, const struct sip_key *key)
{
	s->v0 = key->k0 ^ 0x736f6d6570736575ULL;
	s->v1 = key->k1 ^ 0x646f72616e646f6dULL;
	s->v2 = key->k0 ^ 0x6c7967656e657261ULL;
	s->v3 = key->k1 ^ 0x7465646279746573ULL;
}

static void sip_rounds(struct sip *s, int n)
{
	while (n-- > 0) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = rotl(s->v1, 13) ^ s->v0;
		s->v3 = rotl(s->v3, 16) ^ s->v2;
		s->v0 = rotl(s->v0, 32);
		s->v2 += s->v1;
		s->v0 += s->v3;
		s->v1 = rotl(s->v1, 17) ^ s->v2;
		s->v3 = rotl(s->v3, 21) ^ s->v0;
		s->v2 = rotl(s->v2, 32);
	}
}

static void sip_word(struct sip *s, u64 m, int rounds)
{
	s->v3 ^= m;
	sip_rounds(s, rounds);
	s->v0 ^= m;
}

static u64 sip_end(struct sip *s, int rounds)
{
	s->v2 ^= 0xff;
	sip_rounds(s, rounds);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* @n: up to eight bytes, the first the lowest */
static u64 load_le(const u8 *b, size_t n)
{
	u64 v = 0;

	while (n-- > 0)
		v = v << 8 | b[n];
	return v;
}

u64 siphash(const struct sip_key *key, const void *data, size_t len)
{
	const u8 *b = data;
	u64 last = (u64)len << 56;
	struct sip s;

	sip_start(&s, key);
	for (; len >= 8; b += 8, len -= 8)
		sip_word(&s, load_le(b, 8), 2);
	sip_word(&s, last | load_le(b, len), 2);
	return sip_end(&s, 4);
}

static u64 fold(u64 a, u64 b)
{
	unsigned __int128 r = (unsigned __int128)a * b;

	return (u64)r ^ (u64)(r >> 64);
}

/* Products of what the key hides; as wyhash and its kind */
u32 hash3(const struct sip_key *key, u64 a, u64 b, u64 c)
{
	u64 h = fold(a ^ key->k0 ^ 0xa0761d6478bd642fULL,
		     b ^ key->k1 ^ 0x9e3779b97f4a7c15ULL);

	h = fold(h ^ c, key->k0 ^ 0xd6e8feb86659fd93ULL);
	return (u32)(h ^ h >> 32);
}

int random_host_seed(u64 *seed)
{
	ssize_t n;

	do {
		n = getrandom(seed, sizeof(*seed), 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == (ssize_t)sizeof(*seed) ? 0 : -EIO;
}
