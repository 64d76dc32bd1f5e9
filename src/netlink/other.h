/* SPDX-License-Identifier: MIT */
/*
 * other.h - netlink protocols that have little or nothing to say here
 */
#ifndef WARREN_NETLINK_OTHER_H
#define WARREN_NETLINK_OTHER_H

#include "core/part.h"

extern const struct part nlother_part;

#endif
