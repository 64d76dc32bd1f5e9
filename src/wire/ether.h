/* SPDX-License-Identifier: MIT */
/*
 * ether.h - Ethernet, 802.1Q, ARP
 *
 * Ethertypes (ETH_P_...), ETH_ALEN and ETH_HLEN are the system's. Structs of
 * wire/ are packed: they may lie at any address.
 */
#ifndef WARREN_WIRE_ETHER_H
#define WARREN_WIRE_ETHER_H

#include "base/types.h"

#include <linux/if_ether.h>

struct ether_hdr {
	u8 dst[ETH_ALEN];
	u8 src[ETH_ALEN];
	be16 proto; /* ETH_P_..., or below ETH_P_802_3_MIN a length */
} __packed_struct;
_Static_assert(sizeof(struct ether_hdr) == ETH_HLEN, "Ethernet header");

/* What follows an ethertype of ETH_P_8021Q or ETH_P_8021AD */
struct vlan_hdr {
	be16 tci;
	be16 proto; /* of what follows */
} __packed_struct;
_Static_assert(sizeof(struct vlan_hdr) == 4, "VLAN header");

enum {
	VLAN_TCI_VID = 0x0fff,
	VLAN_TCI_DEI = 0x1000,
	VLAN_TCI_PRIO_SHIFT = 13,
};

/* ARP for IPv4 over Ethernet: RFC 826 */
struct arp_ether {
	be16 htype; /* ARP_HTYPE_ETHER */
	be16 ptype; /* ETH_P_IP */
	u8 hlen, plen;
	be16 op;
	u8 sha[ETH_ALEN];
	be32 spa;
	u8 tha[ETH_ALEN];
	be32 tpa;
} __packed_struct;
_Static_assert(sizeof(struct arp_ether) == 28, "ARP packet");

enum {
	ARP_HTYPE_ETHER = 1,
	ARP_OP_REQUEST = 1,
	ARP_OP_REPLY = 2,
};

static inline bool ether_is_multicast(const u8 mac[ETH_ALEN])
{
	return mac[0] & 1; /* broadcast included */
}

static inline bool ether_is_broadcast(const u8 mac[ETH_ALEN])
{
	return (mac[0] & mac[1] & mac[2] & mac[3] & mac[4] & mac[5]) == 0xff;
}

static inline bool ether_is_zero(const u8 mac[ETH_ALEN])
{
	return !(mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]);
}

/* May it be the address of one station? */
static inline bool ether_is_valid(const u8 mac[ETH_ALEN])
{
	return !ether_is_multicast(mac) && !ether_is_zero(mac);
}

static inline bool ether_equal(const u8 a[ETH_ALEN], const u8 b[ETH_ALEN])
{
	return memcmp(a, b, ETH_ALEN) == 0;
}

/* The multicast MAC of an IPv4 group: RFC 1112 §6.4 */
static inline void ether_ip4_multicast(u8 mac[ETH_ALEN], be32 group)
{
	u32 g = be32_to_cpu(group);

	mac[0] = 0x01;
	mac[1] = 0x00;
	mac[2] = 0x5e;
	mac[3] = (g >> 16) & 0x7f;
	mac[4] = (u8)(g >> 8);
	mac[5] = (u8)g;
}

#endif
