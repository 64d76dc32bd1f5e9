/* SPDX-License-Identifier: MIT */
/*
 * netns.h - a namespace as programs see it: a file with an inode, names, members
 */
#ifndef WARREN_SUPER_NETNS_H
#define WARREN_SUPER_NETNS_H

#include "super/super.h"

/* One namespace. Alive while anything of N1.17 refers to it, see netns.c. */
struct netns {
	struct ident ident; /* IDENT_NETNS: its file */
	struct list node;   /* super.netnses */
	struct net *net;    /* one user reference; NULL without a stack */
	u32 index;	    /* in the tags of processes; 0: initial */
	u32 slot;	    /* in the priorities of threads; 0: none */
	u64 ino;
	u64 mark;	       /* used by the sweep */
	bool lonely;	       /* nobody was seen in it: look for its end */
	bool empty_seen;       /* no task in it at the last sweep */
	struct source witness; /* a pidfd of one member; fd -1: none */
};

/* A new, empty namespace; nobody is in it. Return: 0 or a negative errno */
int netns_new(struct super *s, const char *name, struct netns **out);
/* NULL: none */
struct netns *netns_by_index(struct super *s, u32 index);
struct netns *netns_by_net(struct super *s, const struct net *net);
/* The namespace that descriptor @fd of the caller names: a file of ours (also
 * opened as /proc/PID/ns/net). Return: 0, -EBADF, -EINVAL (not one), -ESRCH */
int netns_by_fd(struct super *s, const struct call *c, int fd, struct netns **out);
/* The namespace of process @pid. Return: 0 or -ESRCH (gone, zombie, not ours) */
int netns_by_pid(struct super *s, pid_t pid, struct netns **out);
/* Open its file, read-only and close-on-exec. Return: descriptor or negative errno */
int netns_open(struct super *s, const struct netns *ns);

/* Something that may have been the last reference went away; a sweep follows. */
void netns_kick(struct super *s);
void netns_sweep(struct super *s);

int netns_init(struct super *s);
void netns_fini(struct super *s);

extern const struct call_row netns_rows[];
extern const unsigned netns_rows_n;

#endif
