/* SPDX-License-Identifier: MIT */
/*
 * inet_ioctl.c - SIOC*: devices and addresses by name (netdevice(7))
 *
 * Old programs and a few new ones ask this way. Devices are those of the
 * socket's net (N4.22). The argument lies in this process; what it points to
 * (SIOCGIFCONF's buffer) too.
 */

#include <linux/sockios.h>
#include <stdio.h>

#include "inet/inet_impl.h"
#include "ip/addr4.h"
#include "wire/ether.h"

#include <net/if_arp.h>

/* A label ("eth0:1") names an address, its first part a device */
static struct dev *find_dev(struct net *net, const struct ifreq *ifr)
{
	char name[IFNAMSIZ];
	char *colon;

	memcpy(name, ifr->ifr_name, IFNAMSIZ - 1);
	name[IFNAMSIZ - 1] = 0;
	colon = strchr(name, ':');
	if (colon)
		*colon = 0;
	return dev_by_name(net, name);
}

static struct ifaddr4 *find_addr(struct dev *dev, const struct ifreq *ifr)
{
	const struct in_dev4 *in = in_dev4(dev);
	struct ifaddr4 *ifa;

	if (in)
		list_for_each(ifa, &in->addrs, node)
			if (!strncmp(ifa->label, ifr->ifr_name, IFNAMSIZ))
				return ifa;
	return NULL;
}

static void put_addr(struct sockaddr *sa, be32 addr)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET,
	    .sin_addr.s_addr = (__force u32)addr,
	};

	memcpy(sa, &in, sizeof(in));
}

static int get_addr(struct dev *dev, unsigned long req, struct ifreq *ifr)
{
	struct ifaddr4 *ifa = find_addr(dev, ifr);

	if (!ifa)
		return -EADDRNOTAVAIL;
	switch (req) {
	case SIOCGIFADDR:
		put_addr(&ifr->ifr_addr, ifa->local);
		return 0;
	case SIOCGIFBRDADDR:
		put_addr(&ifr->ifr_addr, ifa->broadcast);
		return 0;
	case SIOCGIFDSTADDR:
		put_addr(&ifr->ifr_addr, ifa->address);
		return 0;
	default:
		put_addr(&ifr->ifr_addr, ifa->mask);
		return 0;
	}
}

/* The class decides, as in 1985 */
static u8 class_plen(u32 addr)
{
	if (addr >> 24 == 0 || addr == ~0U)
		return 0;
	return addr >> 31 == 0 ? 8 : addr >> 30 == 2 ? 16 : addr >> 29 == 6 ? 24 : 32;
}

/* Changing one field of an address is deleting it and adding another */
static int set_addr(struct dev *dev, unsigned long req, struct ifreq *ifr)
{
	struct ifaddr4 *old = find_addr(dev, ifr);
	struct ifaddr4 want = {.valid_s = ~0U, .preferred_s = ~0U};
	struct sockaddr_in in;
	be32 addr;

	memcpy(&in, &ifr->ifr_addr, sizeof(in));
	if (in.sin_family != AF_INET)
		return -EINVAL;
	addr = (__force be32)in.sin_addr.s_addr;
	if (old) {
		want = (struct ifaddr4){
		    .local = old->local,
		    .address = old->address,
		    .broadcast = old->broadcast,
		    .plen = old->plen,
		    .scope = old->scope,
		    .valid_s = ~0U,
		    .preferred_s = ~0U,
		};
	} else if (req != SIOCSIFADDR) {
		return -EADDRNOTAVAIL;
	}
	memcpy(want.label, ifr->ifr_name, IFNAMSIZ - 1);
	switch (req) {
	case SIOCSIFADDR:
		if (ip4_is_multicast(addr))
			return -EINVAL;
		want.local = want.address = addr;
		want.plen = class_plen(be32_to_cpu(addr));
		want.broadcast = 0;
		want.scope = ip4_is_loopback(addr) ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
		if (!(dev->flags & IFF_POINTOPOINT) && want.plen < 31 &&
		    !dev_is_lo(dev))
			want.broadcast = addr | ~ip4_mask(want.plen);
		break;
	case SIOCSIFBRDADDR:
		want.broadcast = addr;
		break;
	case SIOCSIFDSTADDR:
		want.address = addr;
		break;
	default:
		if (ip4_mask_len(addr) < 0)
			return -EINVAL;
		want.plen = (u8)ip4_mask_len(addr);
		if (want.plen < 31 && want.broadcast)
			want.broadcast = want.local | ~addr;
		break;
	}
	if (old)
		addr4_del_one(old);
	if (req == SIOCSIFADDR && !addr)
		return 0;
	return addr4_add(dev, &want, false, NULL);
}

static int get_dev(struct dev *dev, unsigned long req, struct ifreq *ifr)
{
	switch (req) {
	case SIOCGIFFLAGS:
		ifr->ifr_flags = (short)dev_flags(dev);
		return 0;
	case SIOCGIFMTU:
		ifr->ifr_mtu = (int)dev->mtu;
		return 0;
	case SIOCGIFINDEX:
		ifr->ifr_ifindex = dev->ifindex;
		return 0;
	case SIOCGIFTXQLEN:
		ifr->ifr_qlen = (int)dev->txqlen;
		return 0;
	case SIOCGIFMAP: /* no device here has memory of its own */
		memset(&ifr->ifr_map, 0, sizeof(ifr->ifr_map));
		return 0;
	case SIOCGIFMETRIC:
		ifr->ifr_metric = 0;
		return 0;
	case SIOCGIFSLAVE: /* long without meaning */
		return -EINVAL;
	default:
		memset(&ifr->ifr_hwaddr, 0, sizeof(ifr->ifr_hwaddr));
		ifr->ifr_hwaddr.sa_family = dev->type;
		memcpy(ifr->ifr_hwaddr.sa_data, dev->addr, min(dev->addr_len, (u16)14));
		return 0;
	}
}

/* Of a label: the address goes when it is not up */
static int set_flags(struct dev *dev, const struct ifreq *ifr)
{
	struct ifaddr4 *ifa;

	if (!memchr(ifr->ifr_name, ':', IFNAMSIZ))
		return dev_set_flags(dev, (u32)(u16)ifr->ifr_flags, 0xffff);
	ifa = find_addr(dev, ifr);
	if (!ifa)
		return -EADDRNOTAVAIL;
	if (!(ifr->ifr_flags & IFF_UP))
		addr4_del_one(ifa);
	return 0;
}

static int set_mac(struct dev *dev, const struct ifreq *ifr)
{
	const u8 *mac = (const u8 *)ifr->ifr_hwaddr.sa_data;

	if (ifr->ifr_hwaddr.sa_family != dev->type)
		return -EINVAL;
	if (dev->type == ARPHRD_ETHER &&
	    (ether_is_multicast(mac) || ether_is_zero(mac)))
		return -EADDRNOTAVAIL;
	return dev_set_addr(dev, mac);
}

static int change_mc(struct dev *dev, unsigned long req, const struct ifreq *ifr)
{
	const u8 *mac = (const u8 *)ifr->ifr_hwaddr.sa_data;

	if (dev->type != ARPHRD_ETHER || ifr->ifr_hwaddr.sa_family != AF_UNSPEC)
		return -EINVAL;
	if (req == SIOCADDMULTI)
		return dev_mc_add(dev, mac);
	dev_mc_del(dev, mac);
	return 0;
}

static int set_dev(struct dev *dev, unsigned long req, struct ifreq *ifr)
{
	char name[IFNAMSIZ] = "";

	switch (req) {
	case SIOCSIFFLAGS:
		return set_flags(dev, ifr);
	case SIOCSIFMTU:
		return ifr->ifr_mtu < 0 ? -EINVAL
					: dev_set_mtu(dev, (u32)ifr->ifr_mtu, NULL);
	case SIOCSIFTXQLEN:
		if (ifr->ifr_qlen < 0)
			return -EINVAL;
		dev->txqlen = (u32)ifr->ifr_qlen;
		return 0;
	case SIOCSIFNAME:
		memcpy(name, ifr->ifr_newname, IFNAMSIZ - 1);
		return dev_rename(dev, name);
	case SIOCADDMULTI:
	case SIOCDELMULTI:
		return change_mc(dev, req, ifr);
	case SIOCSIFHWADDR:
		return set_mac(dev, ifr);
	default: /* what some devices know */
		return -EOPNOTSUPP;
	}
}

/* Every address of every device; without a buffer: how long it would be */
static int get_conf(struct net *net, struct ifconf *ifc)
{
	int room = ifc->ifc_buf ? ifc->ifc_len : 0, used = 0;
	struct dev *dev;

	if (ifc->ifc_buf && room < 0)
		return -EINVAL;
	list_for_each(dev, &net->devs, node) {
		const struct in_dev4 *in = in_dev4(dev);
		const struct ifaddr4 *ifa;

		if (!in)
			continue;
		list_for_each(ifa, &in->addrs, node) {
			struct ifreq ifr = {0};

			if (ifc->ifc_buf && used + (int)sizeof(ifr) > room)
				goto out;
			memcpy(ifr.ifr_name, ifa->label, IFNAMSIZ);
			put_addr(&ifr.ifr_addr, ifa->local);
			if (ifc->ifc_buf)
				memcpy(ifc->ifc_buf + used, &ifr, sizeof(ifr));
			used += (int)sizeof(ifr);
		}
	}
out:
	ifc->ifc_len = used;
	return 0;
}

static bool is_set(unsigned long req)
{
	switch (req) {
	case SIOCSIFFLAGS:
	case SIOCSIFMTU:
	case SIOCSIFTXQLEN:
	case SIOCSIFNAME:
	case SIOCSIFHWADDR:
	case SIOCSIFADDR:
	case SIOCSIFBRDADDR:
	case SIOCSIFDSTADDR:
	case SIOCSIFNETMASK:
	case SIOCADDMULTI:
	case SIOCDELMULTI:
	case SIOCSIFMETRIC:
	case SIOCSIFMAP:
	case SIOCSIFHWBROADCAST:
	case SIOCGMIIPHY:
	case SIOCGMIIREG:
	case SIOCSMIIREG:
	case SIOCWANDEV:
		return true;
	default:
		return req >= SIOCDEVPRIVATE && req <= SIOCDEVPRIVATE + 15;
	}
}

int inet_dev_ioctl(struct net *net, const struct caller *c, unsigned long req,
		   void *arg)
{
	struct ifreq *ifr = arg;
	struct dev *dev;

	switch (req) {
	case SIOCGIFCONF:
		return get_conf(net, arg);
	case SIOCGIFNAME:
		dev = dev_by_index(net, ifr->ifr_ifindex);
		if (!dev)
			return -ENODEV;
		memcpy(ifr->ifr_name, dev->name, IFNAMSIZ);
		return 0;
	case SIOCGIFFLAGS:
	case SIOCGIFMTU:
	case SIOCGIFINDEX:
	case SIOCGIFTXQLEN:
	case SIOCGIFMAP:
	case SIOCGIFMETRIC:
	case SIOCGIFHWADDR:
	case SIOCGIFSLAVE:
	case SIOCGIFADDR:
	case SIOCGIFBRDADDR:
	case SIOCGIFDSTADDR:
	case SIOCGIFNETMASK:
		break;
	case SIOCGIFPFLAGS:
	case SIOCSIFPFLAGS:
		return -EINVAL; /* long without meaning */
	case SIOCGIFMEM:
	case SIOCSIFMEM:
		return -ENOIOCTLCMD;
	default:
		if (!is_set(req))
			return inet_ioctl_route(net, c, req, arg);
		if (c && !caller_can_in(c, net, CAP_NET_ADMIN))
			return -EPERM;
		break;
	}
	dev = find_dev(net, ifr);
	if (!dev)
		return -ENODEV;
	switch (req) {
	case SIOCGIFADDR:
	case SIOCGIFBRDADDR:
	case SIOCGIFDSTADDR:
	case SIOCGIFNETMASK:
		return get_addr(dev, req, ifr);
	case SIOCSIFADDR:
	case SIOCSIFBRDADDR:
	case SIOCSIFDSTADDR:
	case SIOCSIFNETMASK:
		return set_addr(dev, req, ifr);
	default:
		return is_set(req) ? set_dev(dev, req, ifr) : get_dev(dev, req, ifr);
	}
}

int inet_ioctl(struct sock *sk, const struct caller *c, unsigned long req, void *arg)
{
	return inet_dev_ioctl(sk->net, c, req, arg);
}
