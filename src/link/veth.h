/* SPDX-License-Identifier: MIT */
/*
 * veth.h - a pair of devices, across namespaces and workers
 */
#ifndef WARREN_LINK_VETH_H
#define WARREN_LINK_VETH_H

#include "core/dev.h"

extern const struct part veth_part;

/*
 * Make a pair, both ends registered and down.
 * @name_a, @name_b: may be patterns; NULL: "veth%d"
 * Return: 0, -EEXIST, -EINVAL, -ENOMEM; on failure neither end exists
 */
int veth_pair(struct net *net_a, const char *name_a, struct net *net_b,
	      const char *name_b, struct dev **out_a, struct dev **out_b);

#endif
