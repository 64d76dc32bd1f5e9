/* SPDX-License-Identifier: MIT */
/*
 * tcp.c - TCP options: parse once into a struct, build from one
 */

#include "wire/tcp.h"

enum {
	MSS_LEN = 4,
	WSCALE_LEN = 3,
	SACK_OK_LEN = 2,
	SACK_LEN = 8, /* a block */
	TS_LEN = 10,
	MD5_LEN = 18,
	EXP_FASTOPEN_LEN = 4, /* kind, length, magic */
	EXP_FASTOPEN_MAGIC = 0xf989,
};

static u16 get16(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

static u32 get32(const u8 *p)
{
	return (u32)get16(p) << 16 | get16(p + 2);
}

static u8 *put16(u8 *p, u16 v)
{
	p[0] = (u8)(v >> 8);
	p[1] = (u8)v;
	return p + 2;
}

static u8 *put32(u8 *p, u32 v)
{
	return put16(put16(p, (u16)(v >> 16)), (u16)v);
}

/* ---- parse ---- */

static void parse_sack(const u8 *o, u32 len, struct tcp_opts *out)
{
	u32 n = (len - 2) / SACK_LEN;

	if (n == 0 || (len - 2) % SACK_LEN || n > TCP_SACKS_MAX)
		return;
	for (u32 i = 0; i < n; i++) {
		out->sacks[i].start = get32(o + 2 + i * SACK_LEN);
		out->sacks[i].end = get32(o + 6 + i * SACK_LEN);
	}
	out->n_sacks = (u8)n;
	out->present |= TCP_HAS_SACK;
}

/* @cookie: empty in a request. Odd or badly sized ones: RFC 7413 §4.1.1 */
static void parse_fastopen(const u8 *cookie, u32 len, bool exp, struct tcp_opts *out)
{
	if (len && (len < TCP_COOKIE_MIN || len > TCP_COOKIE_MAX || len % 2))
		return;
	memcpy(out->cookie, cookie, len);
	out->cookie_len = (u8)len;
	out->fastopen_exp = exp;
	out->present |= TCP_HAS_FASTOPEN;
}

/* @o: a whole option of @len bytes, at least 2 */
static void parse_one(const u8 *o, u32 len, struct tcp_opts *out)
{
	switch (o[0]) {
	case TCP_OPT_MSS:
		if (len != MSS_LEN || get16(o + 2) == 0)
			break;
		out->mss = get16(o + 2);
		out->present |= TCP_HAS_MSS;
		break;
	case TCP_OPT_WSCALE:
		if (len != WSCALE_LEN)
			break;
		out->wscale = min(o[2], (u8)TCP_WSCALE_MAX);
		out->present |= TCP_HAS_WSCALE;
		break;
	case TCP_OPT_SACK_OK:
		if (len != SACK_OK_LEN)
			break;
		out->sack_ok = true;
		out->present |= TCP_HAS_SACK_OK;
		break;
	case TCP_OPT_SACK:
		parse_sack(o, len, out);
		break;
	case TCP_OPT_TS:
		if (len != TS_LEN)
			break;
		out->ts_val = get32(o + 2);
		out->ts_ecr = get32(o + 6);
		out->present |= TCP_HAS_TS;
		break;
	case TCP_OPT_MD5:
		if (len != MD5_LEN)
			break;
		out->md5 = o + 2;
		out->present |= TCP_HAS_MD5;
		break;
	case TCP_OPT_FASTOPEN:
		parse_fastopen(o + 2, len - 2, false, out);
		break;
	case TCP_OPT_EXP:
		if (len >= EXP_FASTOPEN_LEN && get16(o + 2) == EXP_FASTOPEN_MAGIC)
			parse_fastopen(o + 4, len - EXP_FASTOPEN_LEN, true, out);
		break;
	default:
		break;
	}
}

int tcp_parse_opts(const u8 *opts, u32 len, struct tcp_opts *out)
{
	u32 off = 0;

	*out = (struct tcp_opts){0};
	while (off < len) {
		u32 n;

		if (opts[off] == TCP_OPT_EOL)
			return 0;
		if (opts[off] == TCP_OPT_NOP) {
			off++;
			continue;
		}
		if (len - off < 2)
			return -EINVAL;
		n = opts[off + 1];
		if (n < 2 || n > len - off)
			return -EINVAL;
		parse_one(opts + off, n, out);
		off += n;
	}
	return 0;
}

/* ---- build ---- */

/*
 * Options come in the order and the padding that Linux uses, so that 32-bit
 * fields are aligned and stacks that predict headers are happy: MD5, MSS,
 * timestamps (with SACK permitted in their padding), window scale, fast open,
 * SACK blocks.
 */
struct out {
	u8 *p;
	u32 left;
};

/* Room for an option of @len bytes behind @pad no-operations, or NULL */
static u8 *take(struct out *o, u32 pad, u32 len)
{
	u8 *p = o->p;

	if (pad + len > o->left)
		return NULL;
	memset(p, TCP_OPT_NOP, pad);
	o->p += pad + len;
	o->left -= pad + len;
	return p + pad;
}

static u8 *take_kind(struct out *o, u32 pad, u8 kind, u8 len)
{
	u8 *p = take(o, pad, len);

	if (!p)
		return NULL;
	p[0] = kind;
	p[1] = len;
	return p + 2;
}

static void build_sack_ok(struct out *o, u32 pad)
{
	(void)take_kind(o, pad, TCP_OPT_SACK_OK, SACK_OK_LEN);
}

static void build_ts(struct out *o, const struct tcp_opts *in, bool sack_ok)
{
	u8 *p;

	if (sack_ok)
		build_sack_ok(o, 0);
	p = take_kind(o, sack_ok ? 0 : 2, TCP_OPT_TS, TS_LEN);
	if (p)
		put32(put32(p, in->ts_val), in->ts_ecr);
}

static void build_fastopen(struct out *o, const struct tcp_opts *in)
{
	u8 head = in->fastopen_exp ? EXP_FASTOPEN_LEN : 2, n = in->cookie_len;
	u8 *p = take_kind(o, 0, in->fastopen_exp ? TCP_OPT_EXP : TCP_OPT_FASTOPEN,
			  (u8)(head + n));

	if (!p)
		return;
	if (in->fastopen_exp)
		p = put16(p, EXP_FASTOPEN_MAGIC);
	memcpy(p, in->cookie, n);
	while ((head + n) % 4) { /* what follows is aligned again */
		if (!take(o, 1, 0))
			return;
		head++;
	}
}

static void build_sacks(struct out *o, const struct tcp_opts *in)
{
	u32 n = in->n_sacks;
	u8 *p;

	if (o->left < 4 + SACK_LEN)
		return;
	n = min(n, (o->left - 4) / SACK_LEN);
	p = take_kind(o, 2, TCP_OPT_SACK, (u8)(2 + n * SACK_LEN));
	for (u32 i = 0; p && i < n; i++)
		p = put32(put32(p, in->sacks[i].start), in->sacks[i].end);
}

u32 tcp_build_opts(u8 *dst, const struct tcp_opts *in)
{
	struct out o = {.p = dst, .left = TCP_OPTS_MAX};
	bool sack_ok = in->sack_ok || (in->present & TCP_HAS_SACK_OK);
	u8 *p;

	if (in->present & TCP_HAS_MD5) {
		p = take_kind(&o, 2, TCP_OPT_MD5, MD5_LEN);
		if (in->md5)
			memcpy(p, in->md5, MD5_LEN - 2);
		else
			memset(p, 0, MD5_LEN - 2);
	}
	if (in->present & TCP_HAS_MSS) {
		p = take_kind(&o, 0, TCP_OPT_MSS, MSS_LEN);
		put16(p, in->mss);
	}
	if (in->present & TCP_HAS_TS)
		build_ts(&o, in, sack_ok);
	else if (sack_ok)
		build_sack_ok(&o, 2);
	if (in->present & TCP_HAS_WSCALE) {
		p = take_kind(&o, 1, TCP_OPT_WSCALE, WSCALE_LEN);
		if (p)
			*p = in->wscale;
	}
	if (in->present & TCP_HAS_FASTOPEN)
		build_fastopen(&o, in);
	if ((in->present & TCP_HAS_SACK) && in->n_sacks)
		build_sacks(&o, in);
	return TCP_OPTS_MAX - o.left;
}
