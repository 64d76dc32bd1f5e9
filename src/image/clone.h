/* SPDX-License-Identifier: MIT */
/*
 * clone.h - configure a namespace as another one is
 */
#ifndef WARREN_IMAGE_CLONE_H
#define WARREN_IMAGE_CLONE_H

#include "core/net.h"

/*
 * Give the fresh net @dst what is configured in @src: sysctls, devices, addresses,
 * routes, rules, permanent neighbours. Sockets, counters and what was learned are not
 * copied. A wire within @src becomes a wire within @dst. One that leads elsewhere gets,
 * with @wires, a new far end beside the old one, as the first free NAME_0, NAME_1, ...;
 * without, it is left out, and what needs it too. Hardware and ends held by programs
 * stay where they are.
 *
 * Return: 0; or the first errno, and @dst is as far as it got
 */
int clone_net(struct net *src, struct net *dst, bool wires);

#endif
