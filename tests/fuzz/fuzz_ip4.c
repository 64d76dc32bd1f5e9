/* SPDX-License-Identifier: MIT */
/* fuzz_ip4.c - IPv4 headers: what was accepted stays valid when it is worked on */

#include "fuzz.h"

#include "wire/inet.h"

static void check_facts(const struct ip4_info *i, size_t size)
{
	EXPECT(i->hdr_len >= 20 && i->hdr_len <= 60 && i->hdr_len <= size);
	EXPECT(i->tot_len >= i->hdr_len);
	EXPECT(i->payload_len == i->tot_len - i->hdr_len);
	EXPECT(i->frag_off % 8 == 0 && i->frag_off <= 65528);
	EXPECT(i->is_frag == (i->more_frags || i->frag_off));
	EXPECT(i->opts.len == (i->hdr_len > 20 ? i->hdr_len - 20 : 0));
	EXPECT(i->opts.bad < i->hdr_len);
	EXPECT(i->opts.srr < i->hdr_len && i->opts.rr < i->hdr_len &&
	       i->opts.ts < i->hdr_len);
}

/* Stamps may use an option up so far that the next one finds half a place left, or no
 * place and the count of those who found none full. */
static bool is_used_up(const struct ip4_opts *o)
{
	return (o->rr && o->bad == o->rr + 2) ||
	       (o->ts && (o->bad == o->ts + 2 || o->bad == o->ts + 3));
}

static void work_on(u8 *packet, size_t size, const struct ip4_info *i)
{
	struct ip4_hdr *h = (void *)packet;
	struct ip4_info again;

	ip4_set_check(h);
	for (int n = 0; n < 20; n++)
		ip4_opts_stamp(h, &i->opts, cpu_to_be32(0x0a000001), 1000);
	EXPECT(ip4_parse(packet, (u32)size, &again) == 0);
	EXPECT(i->opts.bad || !again.opts.bad || is_used_up(&again.opts));
	if (h->ttl) {
		ip4_dec_ttl(h);
		EXPECT(ip4_parse(packet, (u32)size, &again) == 0);
		EXPECT(again.ttl == i->ttl - 1);
	}
	ip4_opts_for_fragment(packet + 20, i->hdr_len - 20);
	ip4_set_check(h);
	EXPECT(ip4_parse(packet, (u32)size, &again) == 0);
	EXPECT(i->opts.bad || (!again.opts.rr && !again.opts.ts));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 *packet = fuzz_copy(data, size);
	struct ip4_info i;
	int err = ip4_parse(packet, (u32)size, &i);

	if (err != -EINVAL) {
		check_facts(&i, size);
		if (err != -EMSGSIZE) {
			EXPECT(i.tot_len <= size);
			work_on(packet, size, &i);
		}
	}
	free(packet);
	return 0;
}
