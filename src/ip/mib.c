/* SPDX-License-Identifier: MIT */
/*
 * mib.c - the counters of /proc/net/snmp and /proc/net/netstat
 */

#include "ip/mib.h"

#include "ip/ip4_impl.h"

struct mib *mib(struct net *net)
{
	struct ip4_net *in = ip4_net(net);

	if (unlikely(!in->mib)) {
		in->mib = net_alloc(net, sizeof(*in->mib));
		if (!in->mib)
			return &ip4_worker(net->worker)->scratch;
	}
	return in->mib;
}

const struct mib *mib_peek(const struct net *net)
{
	return ip4_net(net)->mib;
}
