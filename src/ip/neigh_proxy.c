/* SPDX-License-Identifier: MIT */
/*
 * neigh_proxy.c - addresses that a net answers for in another's place (RFC 1027)
 *
 * Written by an administrator (`ip neigh add proxy`), asked by ARP when a
 * neighbour looks for an address that is not ours. They are few, so they stand
 * in a list of the net; none of them has a life of its own.
 */

#include "ip/neigh_proxy.h"

struct neigh_proxy *neigh_proxy_find(const struct net *net, const struct dev *dev,
				     const struct ipaddr *addr)
{
	struct neigh_proxy *np;

	list_for_each(np, neigh_proxies(net), node)
		if (np->dev == dev && ipaddr_equal(&np->addr, addr))
			return np;
	return NULL;
}

bool neigh_proxy_for(const struct dev *dev, const struct ipaddr *addr)
{
	return neigh_proxy_find(dev->net, dev, addr) ||
	       neigh_proxy_find(dev->net, NULL, addr);
}

int neigh_proxy_add(struct net *net, struct dev *dev, const struct ipaddr *addr,
		    u8 flags, u8 protocol)
{
	struct neigh_proxy *np = neigh_proxy_find(net, dev, addr);

	if (!np) {
		np = net_alloc(net, sizeof(*np));
		if (!np)
			return -ENOBUFS;
		np->dev = dev;
		np->addr = *addr;
		list_add_tail(neigh_proxies(net), &np->node);
	}
	np->flags = flags;
	if (protocol)
		np->protocol = protocol;
	return 0;
}

int neigh_proxy_del(struct net *net, const struct dev *dev, const struct ipaddr *addr)
{
	struct neigh_proxy *np = neigh_proxy_find(net, dev, addr);

	if (!np)
		return -ENOENT;
	list_del(&np->node);
	net_free(net, np);
	return 0;
}

void neigh_proxy_drop(struct net *net, const struct dev *dev)
{
	struct neigh_proxy *np, *tmp;

	list_for_each_safe(np, tmp, neigh_proxies(net), node) {
		if (dev && np->dev != dev)
			continue;
		list_del(&np->node);
		net_free(net, np);
	}
}
