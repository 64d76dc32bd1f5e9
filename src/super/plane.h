/* SPDX-License-Identifier: MIT */
/*
 * plane.h - the data plane of programs' sockets
 */
#ifndef WARREN_SUPER_PLANE_H
#define WARREN_SUPER_PLANE_H

#include "super/super.h"

/* Return: 0 or a negative errno; sets s->plane, owned */
int plane_init(struct super *s);
/* All programs are gone: close what is left. */
void plane_fini(struct super *s);
/* Does a socket of a program keep @net alive? */
bool plane_uses_net(struct super *s, const struct net *net);

#endif
