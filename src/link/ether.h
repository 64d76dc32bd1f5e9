/* SPDX-License-Identifier: MIT */
/*
 * ether.h - Ethernet: setup of a device, header off, header on
 */
#ifndef WARREN_LINK_ETHER_H
#define WARREN_LINK_ETHER_H

#include "core/dev.h"

/* Fill @dev as an Ethernet device: type, lengths, MTU 1500 (68 … 65535), broadcast */
void ether_setup(struct dev *dev);
/* A random, locally administered unicast address from the net's generator */
void ether_random_addr(struct net *net, u8 mac[6]);

#endif
