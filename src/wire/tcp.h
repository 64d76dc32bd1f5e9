/* SPDX-License-Identifier: MIT */
/*
 * tcp.h - TCP header and options (RFC 9293 §3.1, 7323, 2018, 7413, 2385)
 */
#ifndef WARREN_WIRE_TCP_H
#define WARREN_WIRE_TCP_H

#include "base/types.h"

struct tcp_hdr {
	be16 source;
	be16 dest;
	be32 seq;
	be32 ack_seq;
	u8 doff_res; /* header length in words << 4 */
	u8 flags;    /* TCPHDR_... */
	be16 window;
	be16 check;
	be16 urg_ptr;
} __packed_struct;
_Static_assert(sizeof(struct tcp_hdr) == 20, "TCP header");

enum {
	TCPHDR_FIN = 0x01,
	TCPHDR_SYN = 0x02,
	TCPHDR_RST = 0x04,
	TCPHDR_PSH = 0x08,
	TCPHDR_ACK = 0x10,
	TCPHDR_URG = 0x20,
	TCPHDR_ECE = 0x40,
	TCPHDR_CWR = 0x80,

	TCP_OPTS_MAX = 40,
	TCP_HDR_MAX = 60,
	TCP_WSCALE_MAX = 14, /* RFC 7323 §2.3 */
	TCP_SACKS_MAX = 4,
	TCP_COOKIE_MIN = 4, /* fast open, RFC 7413 §4.1.1 */
	TCP_COOKIE_MAX = 16,
};

enum tcp_opt_kind {
	TCP_OPT_EOL = 0,
	TCP_OPT_NOP = 1,
	TCP_OPT_MSS = 2,
	TCP_OPT_WSCALE = 3,
	TCP_OPT_SACK_OK = 4,
	TCP_OPT_SACK = 5,
	TCP_OPT_TS = 8,
	TCP_OPT_MD5 = 19,
	TCP_OPT_FASTOPEN = 34,
	TCP_OPT_EXP = 254, /* RFC 6994; with magic 0xf989 the old fast open */
};

/* Bits of tcp_opts.present */
enum {
	TCP_HAS_MSS = 1 << 0,
	TCP_HAS_WSCALE = 1 << 1,
	TCP_HAS_SACK_OK = 1 << 2,
	TCP_HAS_TS = 1 << 3,
	TCP_HAS_SACK = 1 << 4,
	TCP_HAS_FASTOPEN = 1 << 5, /* cookie_len 0: a request */
	TCP_HAS_MD5 = 1 << 6,
};

struct tcp_sack {
	u32 start, end; /* [start, end) */
};

struct tcp_opts {
	u16 present;	   /* TCP_HAS_... */
	u16 mss;	   /* never 0 when present */
	u8 wscale;	   /* at most TCP_WSCALE_MAX */
	bool sack_ok;	   /* the same as TCP_HAS_SACK_OK */
	u8 n_sacks;	   /* 0 … 4 */
	u8 cookie_len;	   /* 0, or 4 … 16 */
	bool fastopen_exp; /* in the experimental option */
	u32 ts_val, ts_ecr;
	struct tcp_sack sacks[TCP_SACKS_MAX];
	u8 cookie[TCP_COOKIE_MAX];
	const u8 *md5; /* 16 bytes, borrowed from the segment */
};

static inline u32 tcp_hdr_len(const struct tcp_hdr *th)
{
	return (th->doff_res >> 4) * 4U;
}

static inline void tcp_set_hdr_len(struct tcp_hdr *th, u32 len)
{
	th->doff_res = (u8)(len / 4 << 4);
}

/*
 * Read the @len bytes of options at @opts. Unknown options are skipped, known ones
 * of the wrong length are ignored (RFC 9293 §3.1, MUST-6, MUST-7). Options that only
 * a SYN may carry (MSS, window scale, SACK permitted) are read wherever they stand;
 * the caller ignores them elsewhere.
 * Return: 0, or -EINVAL when the list is broken; what stood before is in @out
 */
int tcp_parse_opts(const u8 *opts, u32 len, struct tcp_opts *out);

/*
 * Write what in->present says, padded to four bytes. SACK blocks that do not fit are
 * left out. A place for MD5 is left zeroed when TCP_HAS_MD5 is set (in->md5 NULL) or
 * filled.
 * Return: bytes written, at most 40
 */
u32 tcp_build_opts(u8 *dst, const struct tcp_opts *in);

/* ---- sequence numbers: RFC 9293 §3.4 ---- */

static inline bool seq_before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}
static inline bool seq_after(u32 a, u32 b)
{
	return seq_before(b, a);
}
static inline bool seq_before_eq(u32 a, u32 b)
{
	return !seq_before(b, a);
}
static inline bool seq_after_eq(u32 a, u32 b)
{
	return !seq_before(a, b);
}
/* lo <= s <= hi */
static inline bool seq_between(u32 s, u32 lo, u32 hi)
{
	return hi - lo >= s - lo;
}

#endif
