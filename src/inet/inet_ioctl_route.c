/* SPDX-License-Identifier: MIT */
/*
 * inet_ioctl_route.c - routes and neighbours by ioctl, as route(8) and arp(8) ask
 *
 * Each request becomes the one that netlink would bring. rt_dev points to a name in
 * this process. Proxy entries of arp(8) are not known.
 */

#include "inet/inet_impl.h"

#include <linux/sockios.h>
#include <net/if_arp.h>
#include <net/route.h>

#include "core/dev.h"
#include "ip/addr4.h"
#include "ip/neigh.h"

/* ---- routes ---- */

static be32 addr_in(const struct sockaddr *sa)
{
	struct sockaddr_in in;

	memcpy(&in, sa, sizeof(in));
	return (__force be32)in.sin_addr.s_addr;
}

static int route_prefix(const struct rtentry *rt, struct fib_config *cfg)
{
	be32 dst = addr_in(&rt->rt_dst), mask = addr_in(&rt->rt_genmask);

	if (rt->rt_dst.sa_family != AF_INET)
		return -EAFNOSUPPORT;
	cfg->dst = ipaddr_v4(dst);
	cfg->plen = 32;
	if (rt->rt_flags & RTF_HOST)
		return 0;
	if (rt->rt_genmask.sa_family != AF_INET && (mask || rt->rt_genmask.sa_family))
		return -EAFNOSUPPORT;
	if (ip4_mask_len(mask) < 0 || dst & ~mask)
		return -EINVAL;
	cfg->plen = (u8)ip4_mask_len(mask);
	return 0;
}

/* A device, or the label of an address, which is then the source */
static int route_dev(struct net *net, const struct rtentry *rt, struct fib_config *cfg)
{
	char name[IFNAMSIZ] = "";
	const struct ifaddr4 *ifa;
	struct dev *dev;
	char *colon;

	memcpy(name, rt->rt_dev, strnlen(rt->rt_dev, IFNAMSIZ - 1));
	colon = strchr(name, ':');
	if (colon)
		*colon = 0;
	dev = dev_by_name(net, name);
	if (!dev)
		return -ENODEV;
	cfg->oif = dev->ifindex;
	if (!colon)
		return 0;
	*colon = ':';
	if (in_dev4(dev))
		list_for_each(ifa, &in_dev4(dev)->addrs, node)
			if (!strncmp(ifa->label, name, IFNAMSIZ)) {
				cfg->prefsrc = ipaddr_v4(ifa->local);
				return 0;
			}
	return -ENODEV;
}

static void route_metrics(const struct rtentry *rt, struct fib_config *cfg)
{
	if (rt->rt_flags & RTF_MSS && rt->rt_mtu > 40)
		cfg->metrics[RTAX_ADVMSS] = (u32)rt->rt_mtu - 40;
	if (rt->rt_flags & RTF_WINDOW)
		cfg->metrics[RTAX_WINDOW] = (u32)rt->rt_window;
	if (rt->rt_flags & RTF_IRTT)
		cfg->metrics[RTAX_RTT] = (u32)rt->rt_irtt << 3;
}

static int route_config(struct net *net, unsigned long req, const struct rtentry *rt,
			struct fib_config *cfg)
{
	be32 gw = addr_in(&rt->rt_gateway);
	int err;

	*cfg = (struct fib_config){.family = AF_INET, .table = RT_TABLE_MAIN};
	err = route_prefix(rt, cfg);
	if (err)
		return err;
	/* counted from 1 */
	cfg->priority = rt->rt_metric ? (u32)rt->rt_metric - 1 : 0;
	cfg->scope = RT_SCOPE_NOWHERE;
	if (req == SIOCADDRT) {
		cfg->nl_flags = NLM_F_CREATE | NLM_F_EXCL;
		cfg->protocol = RTPROT_BOOT;
		cfg->type = RTN_UNICAST;
	}
	if (rt->rt_flags & RTF_REJECT) {
		cfg->scope = RT_SCOPE_HOST;
		cfg->type = RTN_UNREACHABLE;
		return 0;
	}
	if (rt->rt_dev) {
		err = route_dev(net, rt, cfg);
		if (err)
			return err;
	}
	if (rt->rt_gateway.sa_family == AF_INET && gw) {
		cfg->gateway = ipaddr_v4(gw);
		if (rt->rt_flags & RTF_GATEWAY)
			cfg->scope = RT_SCOPE_UNIVERSE;
	}
	if (req == SIOCDELRT)
		return 0;
	if (rt->rt_flags & RTF_GATEWAY && !cfg->gateway.family)
		return -EINVAL;
	if (cfg->scope == RT_SCOPE_NOWHERE)
		cfg->scope = RT_SCOPE_LINK;
	route_metrics(rt, cfg);
	return 0;
}

static int route_ioctl(struct net *net, const struct caller *c, unsigned long req,
		       const struct rtentry *rt)
{
	struct fib_config cfg;
	int err;

	if (c && !caller_can_in(c, net, CAP_NET_ADMIN))
		return -EPERM;
	err = route_config(net, req, rt, &cfg);
	if (err)
		return err;
	return req == SIOCADDRT ? fib_add(net, &cfg, NULL) : fib_del(net, &cfg, NULL);
}

/* ---- neighbours ---- */

/* By name, or the one by which the address is reached */
static int arp_dev(struct net *net, const struct arpreq *r, struct dev **out)
{
	struct flow fl = {.family = AF_INET, .dst = ipaddr_v4(addr_in(&r->arp_pa))};
	char name[IFNAMSIZ] = "";
	struct route *rt;
	int err;

	memcpy(name, r->arp_dev, IFNAMSIZ - 1);
	if (name[0]) {
		*out = dev_by_name(net, name);
		return *out ? 0 : -ENODEV;
	}
	err = route_output(net, &fl, &rt);
	if (err)
		return err;
	*out = rt->dev;
	route_put(rt);
	return 0;
}

static int arp_get(struct dev *dev, const struct ipaddr *addr, struct arpreq *r)
{
	const struct neigh *nt = neigh_find(dev, addr);

	if (!nt || nt->state & NUD_NOARP)
		return -ENXIO;
	r->arp_flags = nt->state & NUD_PERMANENT ? ATF_PERM | ATF_COM
		       : nt->state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE)
			   ? ATF_COM
			   : 0;
	memset(&r->arp_ha, 0, sizeof(r->arp_ha));
	r->arp_ha.sa_family = dev->type;
	memcpy(r->arp_ha.sa_data, nt->lladdr, min(dev->addr_len, (u8)14));
	memcpy(r->arp_dev, dev->name, IFNAMSIZ);
	return 0;
}

static int arp_set(struct dev *dev, const struct ipaddr *addr, const struct arpreq *r)
{
	const u8 *mac = r->arp_flags & ATF_COM ? (const u8 *)r->arp_ha.sa_data
					       : dev->addr; /* Linux: ours */

	if (r->arp_ha.sa_family && r->arp_ha.sa_family != dev->type)
		return -EINVAL;
	return neigh_update(
	    dev, addr, mac, r->arp_flags & ATF_PERM ? NUD_PERMANENT : NUD_STALE,
	    NEIGH_UPDATE_ADMIN | NEIGH_UPDATE_OVERRIDE | NEIGH_UPDATE_CREATE, 0, 0);
}

static int arp_ioctl(struct net *net, const struct caller *c, unsigned long req,
		     struct arpreq *r)
{
	struct ipaddr addr = ipaddr_v4(addr_in(&r->arp_pa));
	struct sockaddr_in all = {.sin_addr.s_addr = 0xffffffff};
	struct dev *dev;
	int err;

	if (req != SIOCGARP && c && !caller_can_in(c, net, CAP_NET_ADMIN))
		return -EPERM;
	if (r->arp_pa.sa_family != AF_INET)
		return -EPFNOSUPPORT;
	if (!(r->arp_flags & ATF_PUBL) && r->arp_flags & (ATF_NETMASK | ATF_DONTPUB))
		return -EINVAL;
	if (r->arp_flags & ATF_PUBL)
		return -EOPNOTSUPP;
	if (req == SIOCGARP && !r->arp_dev[0])
		return -ENODEV;
	err = arp_dev(net, r, &dev);
	if (err)
		return err;
	switch (req) {
	case SIOCGARP:
		memcpy(&r->arp_netmask, &all, sizeof(all));
		return arp_get(dev, &addr, r);
	case SIOCSARP:
		return arp_set(dev, &addr, r);
	default:
		return neigh_del(dev, &addr) ? -ENXIO : 0;
	}
}

int inet_ioctl_route(struct net *net, const struct caller *c, unsigned long req,
		     void *arg)
{
	switch (req) {
	case SIOCADDRT:
	case SIOCDELRT:
		return route_ioctl(net, c, req, arg);
	case SIOCGARP:
	case SIOCSARP:
	case SIOCDARP:
		return arp_ioctl(net, c, req, arg);
	default:
		return -ENOIOCTLCMD;
	}
}
