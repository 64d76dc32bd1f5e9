/* SPDX-License-Identifier: MIT */
/*
 * netns.h - a namespace as programs see it: a file with an inode, names, members
 */
#ifndef WARREN_SUPER_NETNS_H
#define WARREN_SUPER_NETNS_H

#include "core/cred.h"
#include "super/super.h"

/* One namespace. Alive while anything of N1.17 refers to it, see netns.c. */
struct cred;

struct netns {
	struct ident ident; /* IDENT_NETNS: its file; ident.ino is what readlink says */
	struct list node;   /* super.netnses */
	struct net *net;    /* one user reference; NULL without a stack */
	u32 index;	    /* in the tags of processes; 0: initial */
	u32 slot;	    /* in the priorities of threads; 0: none */
	struct userns *owner; /* held */
	u32 uid;	      /* who made it, counted in owner */
	u32 pins;	      /* calls on their way that will need it; binds */
	bool initial;
	bool inhabited;	       /* the sweep saw a task in it */
	pid_t seen;	       /* that task */
	struct list unixes;    /* struct unix_row: AF_UNIX sockets of it */
	struct list views;     /* struct view_file: files of /proc/PID/net of it */
	struct source witness; /* pidfd of one member; not watched: none */
	int probe;	       /* descriptor of its file, to ask for leases; -1: none */
	char file[24];	       /* its file's name in the private directory */
};

/* A new, empty namespace, made by @by, who owns it, in @creator; nobody is in it, the
 * next sweep would end it.
 * @name: what people call it first, or "". Return: 0 or a negative errno */
int netns_new(struct super *s, const char *name, const struct cred *by,
	      const struct net *creator, struct netns **out);
/* NULL: none */
struct netns *netns_by_index(struct super *s, u32 index);
struct netns *netns_by_net(struct super *s, const struct net *net);
/* The namespace that descriptor @fd of the caller names: a file of ours, or a
 * pidfd with @pidfd_too. Return: 0, -EBADF, -EINVAL (not one), -ESRCH */
int netns_by_fd(struct super *s, const struct call *c, int fd, bool pidfd_too,
		struct netns **out);
/* The namespace of process @pid. Return: 0 or -ESRCH (gone, zombie, not ours) */
int netns_by_pid(struct super *s, pid_t pid, struct netns **out);
/* The process that descriptor @fd of the caller, a pidfd, names. 0: it is none; -1: it
 * ended */
pid_t pidfd_pid(const struct call *c, int fd);
/* A view of it that a program gets, @fd, keeps it alive while it is open (N1.17). */
void netns_keep_view(struct netns *ns, int fd);
/* Open its file, read-only and close-on-exec. @path: for O_PATH, which ADDFD does not
 * hand over; setns() refuses it all the same. Return: descriptor or negative errno */
int netns_open(struct super *s, const struct netns *ns, bool path);

/* The caller for the stack: its net, identity, and how its numbers are resolved.
 * Lives as long as the call's handler. */
struct super_caller {
	struct caller caller;
	const struct cred *cred;
	struct super *s;
	const struct call *c;
};
void netns_caller(struct super *s, const struct call *c, struct super_caller *out);

/*
 * ioctl() on namespace files and pidfds: NS_GET_*, PIDFD_GET_NET_NAMESPACE.
 * Return: true when it was one and is answered; false: not ours, go on
 */
bool netns_ioctl(struct super *s, struct call *c);

/* Something that may have been the last reference went away; a sweep follows. */
void netns_kick(struct super *s);
void netns_sweep(struct super *s);
/* A name of it went: it ends now, before anybody is answered, when nothing holds it */
void netns_unnamed(struct super *s, struct netns *ns);

int netns_init(struct super *s);
void netns_fini(struct super *s);

extern const struct call_row netns_rows[];
extern const unsigned netns_rows_n;

#endif
