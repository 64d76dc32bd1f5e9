/* SPDX-License-Identifier: MIT */
/*
 * embed.h - what the files of the embedding API share
 *
 * The public handles are the internal objects under other names: a struct
 * warren_ns * is a struct net *. Sockets, wires and captures have an object of
 * their own, for callbacks.
 */
#ifndef WARREN_EMBED_EMBED_H
#define WARREN_EMBED_EMBED_H

#include "core/net.h"

struct warren_ns;

static inline struct net *ns_net(const struct warren_ns *ns)
{
	return (struct net *)(uintptr_t)ns;
}

static inline struct warren_ns *net_ns(struct net *net)
{
	return (struct warren_ns *)(void *)net;
}

/* "10.0.0.1/24"; without a length: 32. -EINVAL */
int embed_prefix(const char *s, be32 *addr, u8 *plen);

#endif
