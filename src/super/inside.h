/* SPDX-License-Identifier: MIT */
/*
 * inside.h - how a program asks for a call that its place does not let through
 */
#ifndef WARREN_SUPER_INSIDE_H
#define WARREN_SUPER_INSIDE_H

#include <errno.h>
#include <stdint.h>

/* prctl(INSIDE_PRCTL, nr, &args): EINVAL where nobody listens */
#define INSIDE_PRCTL 0x77726e31 /* "wrn1" */
/* So this says that the call itself ended with EINVAL; no call ends with it */
#define INSIDE_EINVAL ENOTNAM

struct inside_args {
	uint64_t a[6];
};

#endif
