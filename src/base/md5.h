/* SPDX-License-Identifier: MIT */
/*
 * md5.h - MD5 (RFC 1321): for TCP's signatures (RFC 2385), not for anything new
 */
#ifndef WARREN_BASE_MD5_H
#define WARREN_BASE_MD5_H

#include "base/types.h"

enum { MD5_SIZE = 16 };

struct md5 {
	u32 state[4];
	u64 len; /* bytes so far */
	u8 buf[64];
};

void md5_init(struct md5 *m);
void md5_add(struct md5 *m, const void *data, size_t len);
void md5_end(struct md5 *m, u8 out[MD5_SIZE]);

#endif
