/* SPDX-License-Identifier: MIT */
/*
 * frag.h - reassembly, bounded per net
 */
#ifndef WARREN_IP_FRAG_H
#define WARREN_IP_FRAG_H

#include "core/pkt.h"

/*
 * A fragment for us, data at the IP header. Consumes.
 * Return: the whole datagram when this was the last piece, else NULL
 */
struct pkt *frag4_reassemble(struct net *net, struct pkt *p);
/* For sockstat: queues and bytes waiting */
void frag_count(const struct net *net, u32 *queues, u64 *bytes);

#endif
