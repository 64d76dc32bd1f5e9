/* SPDX-License-Identifier: MIT */
/*
 * neigh_proxy.h - addresses that a net answers for in another's place
 */
#ifndef WARREN_IP_NEIGH_PROXY_H
#define WARREN_IP_NEIGH_PROXY_H

#include "ip/neigh.h"

struct neigh_proxy {
	struct list node;
	struct dev *dev; /* NULL: whoever asks; its end takes the entry with it */
	struct ipaddr addr;
	u8 flags, protocol;
};

struct list *neigh_proxies(const struct net *net); /* struct neigh_proxy, by age */
struct neigh_proxy *neigh_proxy_find(const struct net *net, const struct dev *dev,
				     const struct ipaddr *addr);
/* Is @addr answered for on @dev? */
bool neigh_proxy_for(const struct dev *dev, const struct ipaddr *addr);
/* One that is there gets the flags. Return: 0, -ENOBUFS */
int neigh_proxy_add(struct net *net, struct dev *dev, const struct ipaddr *addr,
		    u8 flags, u8 protocol);
int neigh_proxy_del(struct net *net, const struct dev *dev,
		    const struct ipaddr *addr); /* -ENOENT */
/* Those of @dev; NULL: all */
void neigh_proxy_drop(struct net *net, const struct dev *dev);

#endif
