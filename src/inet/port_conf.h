/* SPDX-License-Identifier: MIT */
/*
 * port_conf.h - which ports a net gives out: ip_local_port_range and its kin
 */
#ifndef WARREN_INET_PORT_CONF_H
#define WARREN_INET_PORT_CONF_H

#include "core/net.h"

/* The state of PART_INET in a net */
struct port_net {
	u64 *reserved; /* a bit a port; NULL: none */
};

void inet_port_range(const struct net *net, u16 *lo, u16 *hi);
bool inet_port_reserved(const struct net *net, u16 port);
u32 inet_port_unprivileged(const struct net *net); /* the first that needs no right */
int port_conf_boot(struct warren *w, const struct part *part);
void port_conf_net_exit(struct net *net);

#endif
