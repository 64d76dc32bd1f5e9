/* SPDX-License-Identifier: MIT */
/*
 * parts.c - every part of the stack, in birth order: lo, the first device, is made when
 * all others are ready (N9.3)
 *
 * Leave a line out and the stack still builds and works without that part.
 */

#include "parts.h"

#include "core/dev.h"
#include "core/part.h"
#include "core/sock.h"
#include "family/packet.h"
#include "inet/cc.h"
#include "inet/inet.h"
#include "inet/raw.h"
#include "inet/tcp.h"
#include "inet/udp.h"
#include "ip/ip_parts.h"
#include "link/dummy.h"
#include "link/loopback.h"
#include "link/veth.h"
#include "netlink/diag.h"
#include "netlink/genl.h"
#include "netlink/netlink.h"
#include "netlink/other.h"
#include "netlink/rtnl.h"
#include "netlink/uevent.h"
#include "view/views.h"

const struct part *const warren_parts[] = {
    &dev_part,	   &sock_part,	   &veth_part,	   &dummy_part,	    &neigh_part,
    &arp_part,	   &addr4_part,	   &fib_part,	   &rule_part,	    &route_part,
    &ip4_part,	   &frag_part,	   &icmp4_part,	   &igmp_part,	    &inet_part,
    &udp_part,	   &raw_part,	   &ping_part,	   &tcp_part,	    &cc_part,
    &packet_part,  &netlink_part,  &rtnl_part,	   &uevent_part,    &genl_part,
    &nlother_part, &diag_part,	   &proc_net_part, &proc_sock_part, &snmp_part,
    &sysctl_part,  &loopback_part, NULL,
};
