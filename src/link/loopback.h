/* SPDX-License-Identifier: MIT */
/*
 * loopback.h - lo
 */
#ifndef WARREN_LINK_LOOPBACK_H
#define WARREN_LINK_LOOPBACK_H

#include "core/part.h"

extern const struct part loopback_part;

#endif
