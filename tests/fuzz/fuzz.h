/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - what a harness offers and may use
 *
 * A harness is one function over bytes. libFuzzer calls it with what it makes
 * up (tools/fuzz), replay_main.c with the files of corpus/ (the suite 'fuzz').
 */
#ifndef WARREN_TESTS_FUZZ_H
#define WARREN_TESTS_FUZZ_H

#include "base/bug.h"
#include "base/types.h"

/* @data: may not be written. Return: 0 */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* What must hold whatever the input is */
#define EXPECT(x) BUG_ON(!(x))

/* A copy of its own, so that a sanitizer sees a step beside it. Aligned as malloc's;
 * the caller frees it */
static inline u8 *fuzz_copy(const u8 *data, size_t size)
{
	u8 *copy = malloc(size ? size : 1);

	BUG_ON(!copy);
	if (size)
		memcpy(copy, data, size);
	return copy;
}

#endif
