/* SPDX-License-Identifier: MIT */
/*
 * udp.h - UDP sockets
 */
#ifndef WARREN_INET_UDP_H
#define WARREN_INET_UDP_H

#include "core/part.h"

extern const struct part udp_part;

#endif
