/* SPDX-License-Identifier: MIT */
/* fuzz_flow.c - the dissector, there and back */

#include "fuzz.h"

#include "wire/flow.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct flow_key key, back;

	flow_dissect(data, (u32)size, &key);
	EXPECT(key.known || flow_equal(&key, &(struct flow_key){0}));
	EXPECT(!(key.known & FLOW_PORTS) || key.l4_off + 4 <= size);
	EXPECT(!(key.known & FLOW_TCP) || key.l4_off + 20 <= size);
	EXPECT(!(key.known & FLOW_FRAG_LATER) || !(key.known & FLOW_PORTS));
	EXPECT(key.l4_off <= size);
	back = key;
	flow_reverse(&back);
	flow_reverse(&back);
	EXPECT(flow_equal(&key, &back));
	return 0;
}
