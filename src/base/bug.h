/* SPDX-License-Identifier: MIT */
/*
 * bug.h - the assertion policy
 *
 * BUG_ON() stays in release builds: for what would corrupt memory or cross
 * namespaces. DEBUG_ASSERT() is a comment that runs in debug builds. Neither
 * is ever applied to input: a packet can do anything but stop the stack.
 */
#ifndef WARREN_BASE_BUG_H
#define WARREN_BASE_BUG_H

#include <stdio.h>
#include <stdlib.h>

#define BUG_ON(x)                                                                      \
	do {                                                                           \
		if (__builtin_expect(!!(x), 0)) {                                      \
			fprintf(stderr, "warren: BUG at %s:%d: %s\n", __FILE__,        \
				__LINE__, #x);                                         \
			abort();                                                       \
		}                                                                      \
	} while (0)

#ifdef WARREN_DEBUG
#define DEBUG_ASSERT(x) BUG_ON(!(x))
#else
#define DEBUG_ASSERT(x)                                                                \
	do {                                                                           \
		if (0 && (x))                                                          \
			abort();                                                       \
	} while (0)
#endif

#endif
