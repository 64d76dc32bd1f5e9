/* SPDX-License-Identifier: MIT */
/*
 * ip_parts.h - the parts of this room, for parts.c
 */
#ifndef WARREN_IP_IP_PARTS_H
#define WARREN_IP_IP_PARTS_H

#include "core/part.h"

extern const struct part neigh_part, arp_part, addr4_part, fib_part, rule_part,
    route_part, ip4_part, frag_part, icmp4_part, igmp_part;

#endif
