/* SPDX-License-Identifier: MIT */
/*
 * csum.h - the Internet checksum (RFC 1071, 1624)
 *
 * A sum is a u32 of one's complement arithmetic over 16-bit words as they lie
 * in memory, so it is neither host nor network order and is only added up,
 * and folded at the end:
 *
 *	udp->check = 0;
 *	sum = csum_pseudo4(saddr, daddr, IPPROTO_UDP, len);
 *	udp->check = csum_fold(csum_partial(udp, len, sum));
 *
 * To verify, sum everything, the checksum field included: csum_fold() is 0.
 */
#ifndef WARREN_WIRE_CSUM_H
#define WARREN_WIRE_CSUM_H

#include "base/types.h"

/* Add @len bytes to @sum. All pieces but the last must have an even length
 * (else csum_block_add). */
u32 csum_partial(const void *data, size_t len, u32 sum);
/* The same while copying from @src to @dst */
u32 csum_copy(void *dst, const void *src, size_t len, u32 sum);
/* The pseudo headers of RFC 9293 §3.1 and RFC 8200 §8.1; @len: of the upper layer */
u32 csum_pseudo4(be32 src, be32 dst, u8 proto, u32 len);
u32 csum_pseudo6(const u8 src[16], const u8 dst[16], u8 proto, u32 len);

static inline u32 csum_add(u32 a, u32 b)
{
	u32 sum = a + b;

	return sum + (sum < a);
}

static inline u32 csum_sub(u32 a, u32 b)
{
	return csum_add(a, ~b);
}

/* To sixteen bits, without the complement. */
static inline u16 csum_reduce(u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (u16)sum;
}

/* Return: what goes into a checksum field */
static inline be16 csum_fold(u32 sum)
{
	return (__force be16)(u16)~csum_reduce(sum);
}

/* As csum_fold(), but 0, which UDP means as "none", becomes 0xffff (RFC 768). */
static inline be16 csum_fold_nonzero(u32 sum)
{
	be16 check = csum_fold(sum);

	return check ? check : (__force be16)0xffff;
}

/* Add @sum2, computed over a block that starts at byte @off of the whole. */
static inline u32 csum_block_add(u32 sum, u32 sum2, size_t off)
{
	if (off & 1)
		sum2 = sum2 << 8 | sum2 >> 24;
	return csum_add(sum, sum2);
}

/* Subtract it */
static inline u32 csum_block_sub(u32 sum, u32 sum2, size_t off)
{
	return csum_block_add(sum, ~sum2, off);
}

/* Correct the checksum field *@check for a word that changed: RFC 1624, eqn. 3 */
void csum_update16(be16 *check, be16 from, be16 to);
void csum_update32(be16 *check, be32 from, be32 to);

/* Header checksum of IPv4; @hdr_len: a multiple of 4. 0 when it verifies */
static inline be16 csum_ip4(const void *hdr, size_t hdr_len)
{
	return csum_fold(csum_partial(hdr, hdr_len, 0));
}

#endif
