/* SPDX-License-Identifier: MIT */
/*
 * types.h - the words every file uses: integer widths, byte order, container_of
 *
 * be16, be32 and be64 are the system's __be types, so that they agree with
 * <linux/...> and sparse can tell network order from host order.
 */
#ifndef WARREN_BASE_TYPES_H
#define WARREN_BASE_TYPES_H

#include <errno.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;
typedef __be16 be16;
typedef __be32 be32;
typedef __be64 be64;

#ifdef __CHECKER__
#define __force __attribute__((force))
#else
#define __force
#endif

#define __must_check	__attribute__((warn_unused_result))
#define __printf(a, b)	__attribute__((format(printf, a, b)))
#define __maybe_unused	__attribute__((unused))
#define __packed_struct __attribute__((packed))
#define __noreturn_fn	__attribute__((noreturn))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define fallthrough	__attribute__((fallthrough))

#define container_of(ptr, type, member)                                                \
	((type *)(void *)((char *)(uintptr_t)(ptr)-offsetof(type, member)))

/* The names inside are new each time, so that min and max nest. */
#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)
#define PICK_(a, op, b, x, y)                                                          \
	({                                                                             \
		__typeof__(a) x = (a);                                                 \
		__typeof__(b) y = (b);                                                 \
		x op y ? x : y;                                                        \
	})
#define min(a, b) PICK_(a, <, b, PASTE(x_, __COUNTER__), PASTE(y_, __COUNTER__))
#define max(a, b) PICK_(a, >, b, PASTE(x_, __COUNTER__), PASTE(y_, __COUNTER__))
#define clamp(x, lo, hi)                                                               \
	({                                                                             \
		__typeof__(x) clamp_x_ = (x);                                          \
		__typeof__(x) clamp_lo_ = (lo);                                        \
		__typeof__(x) clamp_hi_ = (hi);                                        \
		clamp_x_<clamp_lo_ ? clamp_lo_ : clamp_x_> clamp_hi_ ? clamp_hi_       \
								     : clamp_x_;       \
	})

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BE_SWAP(bits, x) __builtin_bswap##bits(x)
#else
#define BE_SWAP(bits, x) (x)
#endif

static inline be16 cpu_to_be16(u16 x)
{
	return (__force be16)BE_SWAP(16, x);
}
static inline be32 cpu_to_be32(u32 x)
{
	return (__force be32)BE_SWAP(32, x);
}
static inline be64 cpu_to_be64(u64 x)
{
	return (__force be64)BE_SWAP(64, x);
}
static inline u16 be16_to_cpu(be16 x)
{
	return BE_SWAP(16, (__force u16)x);
}
static inline u32 be32_to_cpu(be32 x)
{
	return BE_SWAP(32, (__force u32)x);
}
static inline u64 be64_to_cpu(be64 x)
{
	return BE_SWAP(64, (__force u64)x);
}

#define NS_PER_US 1000ULL
#define NS_PER_MS 1000000ULL
#define NS_PER_S  1000000000ULL

#endif
