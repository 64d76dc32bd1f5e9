/* SPDX-License-Identifier: MIT */
/* fuzz_print.c - a line for any frame, in a buffer of any size */

#include "fuzz.h"

#include "wire/print.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	size_t room = size ? 1 + data[size - 1] * 2U : 1;
	char *line = malloc(room);
	size_t n;

	BUG_ON(!line);
	n = print_frame(line, room, data, (u32)size, (u32)size + 100);
	EXPECT(n < room && strlen(line) == n);
	n = print_ip(line, room, data, (u32)size, (u32)size);
	EXPECT(n < room && strlen(line) == n);
	for (size_t i = 0; i < n; i++)
		EXPECT(line[i] >= ' ' && line[i] <= '~');
	free(line);
	return 0;
}
