/* SPDX-License-Identifier: MIT */
/*
 * csum.c - the Internet checksum (RFC 1071, 1624)
 *
 * One's complement addition does not care how wide the words are, so the
 * inner loop adds words of 32 bits into 64-bit accumulators, where carries
 * gather in the upper half, and folds at the end. Nor does it care for the
 * byte order, as long as the result is stored in the order it was read.
 */

#include "wire/csum.h"

/* To 32 bits, carries added back in. */
static u32 fold64(u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	return (u32)sum;
}

static u64 load64(const u8 *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Add both halves; the sum of 2^32 of these fits in 64 bits. */
static u64 add_halves(u64 sum, u64 word)
{
	return sum + (word & 0xffffffff) + (word >> 32);
}

/* Up to seven bytes, as if zeros followed them in memory */
static u64 load_tail(const u8 *p, size_t len)
{
	u64 v = 0;

	memcpy(&v, p, len);
	return v;
}

u32 csum_partial(const void *data, size_t len, u32 sum)
{
	const u8 *p = data;
	u64 a = sum, b = 0;

	for (; len >= 32; p += 32, len -= 32) {
		a = add_halves(a, load64(p));
		b = add_halves(b, load64(p + 8));
		a = add_halves(a, load64(p + 16));
		b = add_halves(b, load64(p + 24));
	}
	for (; len >= 8; p += 8, len -= 8)
		a = add_halves(a, load64(p));
	if (len)
		a = add_halves(a, load_tail(p, len));
	return csum_add(fold64(a), fold64(b));
}

u32 csum_copy(void *dst, const void *src, size_t len, u32 sum)
{
	if (len)
		memcpy(dst, src, len);
	return csum_partial(dst, len, sum);
}

u32 csum_pseudo4(be32 src, be32 dst, u8 proto, u32 len)
{
	u64 sum = (u64)(__force u32)src + (__force u32)dst;

	sum += (__force u32)cpu_to_be32(proto);
	sum += (__force u32)cpu_to_be32(len);
	return fold64(sum);
}

u32 csum_pseudo6(const u8 src[16], const u8 dst[16], u8 proto, u32 len)
{
	u64 sum = (u64)(__force u32)cpu_to_be32(proto) + (__force u32)cpu_to_be32(len);

	return csum_partial(dst, 16, csum_partial(src, 16, fold64(sum)));
}

/* HC' = ~(~HC + ~m + m') */
static void update(be16 *check, u32 from, u32 to)
{
	u32 sum = (u16) ~(__force u16)*check;

	sum = csum_add(sum, ~from);
	sum = csum_add(sum, to);
	*check = csum_fold(sum);
}

void csum_update16(be16 *check, be16 from, be16 to)
{
	update(check, (__force u16)from, (__force u16)to);
}

void csum_update32(be16 *check, be32 from, be32 to)
{
	update(check, (__force u32)from, (__force u32)to);
}
