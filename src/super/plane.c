/* SPDX-License-Identifier: MIT */
/*
 * plane.c - the data plane of programs' sockets
 */

#include "super/plane.h"

int plane_init(struct super *s)
{
	s->plane = NULL;
	return 0;
}

void plane_fini(struct super *s)
{
	(void)s;
}

bool plane_uses_net(struct super *s, const struct net *net)
{
	(void)s;
	(void)net;
	return false;
}
