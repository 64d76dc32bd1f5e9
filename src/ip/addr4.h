/* SPDX-License-Identifier: MIT */
/*
 * addr4.h - IPv4 addresses of devices, scopes, source choice
 */
#ifndef WARREN_IP_ADDR4_H
#define WARREN_IP_ADDR4_H

#include "base/table.h"
#include "base/wheel.h"
#include "core/dev.h"

#include <linux/if_addr.h>

struct ifaddr4 {
	struct list
	    node; /* in_dev4->addrs: primaries before secondaries of one subnet */
	struct table_node by_addr; /* the worker's table, tagged */
	struct dev *dev;
	be32 local, address /* peer */, mask, broadcast;
	u8 plen, scope;
	u32 flags; /* IFA_F_x */
	u32 metric;
	u8 proto;
	char label[IFNAMSIZ];
	u32 valid_s, preferred_s; /* INFINITY_LIFE_TIME 0xffffffff */
	u64 created_ns, updated_ns;
	struct timer timer;
};

/* Per-device IPv4 state: dev->slot[DEV_SLOT_IP4] */
struct in_dev4 {
	struct dev *dev;
	struct list addrs;
	struct conf4_values *conf; /* conf4.c: NULL while it follows `default` in all */
	struct igmp_dev *igmp;	   /* igmp.c: its groups; NULL: never any */
	bool frozen;		   /* had an address */
};

static inline struct in_dev4 *in_dev4(const struct dev *dev)
{
	return dev->slot[DEV_SLOT_IP4];
}

struct ext_ack;
/*
 * Add as RTM_NEWADDR does; @want: local, address, plen, scope, flags, label, metric,
 * proto, broadcast, lifetimes filled by the caller; copied. Return: 0, -EEXIST,
 * -EINVAL, -ENOBUFS, -ENOMEM
 */
int addr4_add(struct dev *dev, const struct ifaddr4 *want, bool replace,
	      struct ext_ack *ack);
int addr4_del(struct dev *dev, const struct ifaddr4 *which,
	      struct ext_ack *ack); /* -EADDRNOTAVAIL */
void addr4_del_one(
    struct ifaddr4 *ifa); /* this very address, promoting secondaries as Linux does */

bool addr4_is_local(const struct net *net, be32 addr);
/* An address of ours of scope @scope or wider (RT_SCOPE_x) */
bool addr4_in_scope(const struct net *net, be32 addr, u8 scope);
/* Is @addr in a subnet of one of the device's addresses? */
bool addr4_on_link(const struct dev *dev, be32 addr);
struct dev *addr4_dev(const struct net *net, be32 addr); /* who has it; NULL */
/* Source address for a packet to @dst out of @dev, at most @scope; 0 when there is none
 */
be32 addr4_select(const struct net *net, const struct dev *dev, be32 dst, u8 scope);

/* Per-device tunables net/ipv4/conf/DEV/..., the effective value (all combined with
 * DEV) */
enum conf4 {
	CONF4_FORWARDING,
	CONF4_MC_FORWARDING,
	CONF4_ACCEPT_REDIRECTS,
	CONF4_SECURE_REDIRECTS,
	CONF4_SHARED_MEDIA,
	CONF4_RP_FILTER,
	CONF4_SEND_REDIRECTS,
	CONF4_ACCEPT_SOURCE_ROUTE,
	CONF4_ACCEPT_LOCAL,
	CONF4_SRC_VALID_MARK,
	CONF4_PROXY_ARP,
	CONF4_MEDIUM_ID,
	CONF4_BOOTP_RELAY,
	CONF4_LOG_MARTIANS,
	CONF4_TAG,
	CONF4_ARPFILTER,
	CONF4_ARP_ANNOUNCE,
	CONF4_ARP_IGNORE,
	CONF4_ARP_ACCEPT,
	CONF4_ARP_NOTIFY,
	CONF4_ARP_EVICT_NOCARRIER,
	CONF4_PROXY_ARP_PVLAN,
	CONF4_ROUTE_LOCALNET,
	CONF4_BC_FORWARDING,
	CONF4_IGMPV2_INTERVAL,
	CONF4_IGMPV3_INTERVAL,
	CONF4_IGNORE_ROUTES_WITH_LINKDOWN,
	CONF4_DROP_UNICAST_IN_L2_MULTICAST,
	CONF4_DROP_GRATUITOUS_ARP,
	CONF4_FORCE_IGMP_VERSION,
	CONF4_PROMOTE_SECONDARIES,
	CONF4_DISABLE_XFRM,
	CONF4_DISABLE_POLICY,
	CONF4_NR,
};
extern const char *const conf4_names[CONF4_NR];
/* Combined as the knob says (max, and, or); NULL dev: all */
int conf4_get(const struct net *net, const struct dev *dev, enum conf4 c);
/* The raw value of one directory: dev, or 0 all, 1 default when @dev is NULL */
int conf4_raw(const struct net *net, const struct dev *dev, int which, enum conf4 c);

#endif
