/* SPDX-License-Identifier: MIT */
/*
 * views.h - the parts of this room
 */
#ifndef WARREN_VIEW_VIEWS_H
#define WARREN_VIEW_VIEWS_H

#include "core/part.h"
#include "core/view.h"

static inline int views_register(struct warren *w, const struct part *part,
				 const struct view *v, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = view_register(w, part, &v[i]);
	return err;
}

/* of the same part as proc_net.c */
int sysfs_boot(struct warren *w);
int fib_trie_boot(struct warren *w);
int proc_link_boot(struct warren *w);
int proc_igmp_boot(struct warren *w);

extern const struct part proc_net_part, proc_sock_part, snmp_part, sysctl_part;

#endif
