/* SPDX-License-Identifier: MIT */
/* fuzz_ip6.c - IPv6 headers and the walk over extension headers */

#include "fuzz.h"

#include "wire/inet.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct ip6_info i;

	if (ip6_parse(data, (u32)size, &i))
		return 0;
	EXPECT(i.payload_len <= size - 40);
	EXPECT(i.l4_off >= 40 && i.l4_off <= 40 + i.payload_len);
	EXPECT(i.next_ptr < i.l4_off && data[i.next_ptr] == i.proto);
	EXPECT(i.hopopts < i.l4_off && i.routing < i.l4_off && i.dstopts < i.l4_off);
	EXPECT(!ip6_is_ext_hdr(i.proto) || i.frag_off);
	return 0;
}
