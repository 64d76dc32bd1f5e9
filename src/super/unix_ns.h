/* SPDX-License-Identifier: MIT */
/*
 * unix_ns.h - which namespace an AF_UNIX socket of a program belongs to
 */
#ifndef WARREN_SUPER_UNIX_NS_H
#define WARREN_SUPER_UNIX_NS_H

#include "super/super.h"

struct netns;
struct text;

/* socket(AF_UNIX, …) and socketpair() */
call_fn unix_call_socket, unix_call_socketpair;

/*
 * The namespace of the socket @fd, ours, of the caller: where it was made; of an
 * accepted one where its connector was made (N3.3); else the caller's. Never NULL
 */
struct netns *unix_ns(struct super *s, const struct call *c, int fd);
/* Where the socket @ino was made; NULL: it has no row */
const struct netns *unix_owner(struct super *s, u32 ino);
/* Who made the other end of @fd, a thread; 0: not known */
pid_t unix_peer_maker(struct super *s, int fd);

/* The lines of /proc/net/unix in @ns; freshly asked of the host */
void unix_show(struct super *s, const struct netns *ns, struct text *t);

/* Forget sockets that are closed: then ns->unixes says what keeps a namespace. */
void unix_walk(struct super *s);
/* @ns ends: forget all of it. */
void unix_forget(struct super *s, struct netns *ns);

void unix_ns_init(struct super *s);
void unix_ns_fini(struct super *s);

#endif
