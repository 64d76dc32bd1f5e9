/* SPDX-License-Identifier: MIT */
/*
 * raw.h - raw and ping sockets
 */
#ifndef WARREN_INET_RAW_H
#define WARREN_INET_RAW_H

#include "core/part.h"

extern const struct part raw_part, ping_part;

#endif
