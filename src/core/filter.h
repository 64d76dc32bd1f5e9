/* SPDX-License-Identifier: MIT */
/*
 * filter.h - the filter of a socket: which packets it takes, and how much of them
 */
#ifndef WARREN_CORE_FILTER_H
#define WARREN_CORE_FILTER_H

#include "base/count.h"
#include "core/bpf.h"
#include "core/sock.h"

/* Counted: a connection has the filter of its listener. */
struct filter {
	struct count refs;
	struct mem *mem;
	u16 n;
	struct sock_filter prog[];
};

/* @fp points into this process. Return: 0, -EINVAL (not sound), -ENOMEM */
int filter_new(struct net *net, const struct sock_fprog *fp, struct filter **out);
void filter_put(struct filter *f); /* NULL: nothing */

/* The options of SOL_SOCKET that concern it; @val as setsockopt() has it. */
bool filter_is_opt(int name);
int filter_set_opt(struct sock *sk, int name, int v, const void *val, socklen_t len);
/* SO_GET_FILTER: *@len counts instructions, both ways. Return: 0, -EINVAL (too few) */
int filter_get(const struct sock *sk, void *val, socklen_t *len);
/* @child gets the filter of @parent, and its lock. */
void filter_inherit(struct sock *child, const struct sock *parent);

/*
 * May @p, whose data begin where programs of this kind of socket count from, go into
 * the queue of @sk? It is cut to what the filter keeps, but not below @least.
 */
bool filter_passes(const struct sock *sk, struct pkt *p, u32 least);

#endif
