/* SPDX-License-Identifier: MIT */
/*
 * calls.h - the socket calls: call number to handler
 */
#ifndef WARREN_SUPER_CALLS_H
#define WARREN_SUPER_CALLS_H

#include "super/super.h"

extern const struct call_row calls_rows[];
extern const unsigned calls_rows_n;

#endif
