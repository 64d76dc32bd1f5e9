/* SPDX-License-Identifier: MIT */
/* fuzz_tcp_opts.c - parse, build, parse: the second time says the same */

#include "fuzz.h"

#include "wire/tcp.h"

static void check_same(const struct tcp_opts *a, const struct tcp_opts *b)
{
	u16 lost = a->present & (u16)~b->present;

	EXPECT((b->present & ~a->present) == 0);
	/* together they may be too long; what is left out first is known */
	EXPECT((lost & ~(TCP_HAS_SACK | TCP_HAS_FASTOPEN)) == 0);
	EXPECT(a->mss == b->mss && a->wscale == b->wscale && a->sack_ok == b->sack_ok);
	EXPECT(a->ts_val == b->ts_val && a->ts_ecr == b->ts_ecr);
	EXPECT(b->n_sacks <= a->n_sacks);
	EXPECT(memcmp(a->sacks, b->sacks, b->n_sacks * sizeof(a->sacks[0])) == 0);
	if (a->present & TCP_HAS_MD5)
		EXPECT(memcmp(a->md5, b->md5, 16) == 0);
	if (b->present & TCP_HAS_FASTOPEN) {
		EXPECT(a->cookie_len == b->cookie_len);
		EXPECT(memcmp(a->cookie, b->cookie, a->cookie_len) == 0);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u32 len = (u32)min(size, (size_t)TCP_OPTS_MAX);
	u8 *opts = fuzz_copy(data, len);
	u8 *built = malloc(TCP_OPTS_MAX);
	struct tcp_opts first, second;

	BUG_ON(!built);
	(void)tcp_parse_opts(opts, len, &first);
	EXPECT(first.n_sacks <= TCP_SACKS_MAX && first.wscale <= TCP_WSCALE_MAX);
	EXPECT(first.cookie_len <= TCP_COOKIE_MAX);
	len = tcp_build_opts(built, &first);
	EXPECT(len % 4 == 0 && len <= TCP_OPTS_MAX);
	EXPECT(tcp_parse_opts(built, len, &second) == 0);
	check_same(&first, &second);
	free(built);
	free(opts);
	return 0;
}
