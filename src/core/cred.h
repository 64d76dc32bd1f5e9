/* SPDX-License-Identifier: MIT */
/*
 * cred.h - who asks: identity, capabilities, and what only the asker can resolve
 *
 * A caller is a process under the supervisor, or an embedding program. Its
 * descriptors and pids mean something only to whoever brought the call, so a
 * request that names a net by descriptor or pid asks through caller->ops.
 */
#ifndef WARREN_CORE_CRED_H
#define WARREN_CORE_CRED_H

#include "base/types.h"

#include <linux/capability.h>

struct caller;
struct net;

struct caller_ops {
	/* @out: one user reference. -EBADF, -EINVAL (not a net) */
	int (*net_by_fd)(const struct caller *c, int fd, struct net **out);
	/* -ESRCH */
	int (*net_by_pid)(const struct caller *c, int pid, struct net **out);
	/* Bits CAP_x over the owner of @net; NULL: caps, whoever owns it */
	u64 (*caps_in)(const struct caller *c, const struct net *net);
};

struct caller {
	struct net *net; /* where its new sockets are made */
	u32 uid, gid;
	s32 pid;
	u64 caps;		      /* over the warren's own user; bit CAP_x */
	u64 withheld;		      /* bits it may not use in this request */
	const struct caller_ops *ops; /* NULL: nothing can be resolved */
	void *arg;
};

/* What is not a namespace's own (N2.9: SO_RCVBUFFORCE) */
static inline bool caller_can(const struct caller *c, int cap)
{
	return (c->caps & ~c->withheld) >> cap & 1;
}

/* What @c can do to objects of @net (N2.9): a mask of CAP_x */
u64 caller_caps_in(const struct caller *c, const struct net *net);
/* May @c do what needs @cap to an object of @net? */
bool caller_can_in(const struct caller *c, const struct net *net, int cap);
int caller_net_by_fd(const struct caller *c, int fd, struct net **out);
int caller_net_by_pid(const struct caller *c, int pid, struct net **out);

/* Extended ack: why a request failed, and which attribute was it */
struct ext_ack {
	const char *msg;  /* constant, or points to @buf */
	const void *attr; /* offending attribute in the request, or NULL */
	char buf[96];
	u32 miss_type, miss_nest; /* NLMSGERR_ATTR_MISS_TYPE; 0: none */
};

/* @ack may be NULL. A message that stands already stays. */
void ack_set(struct ext_ack *ack, const char *msg);
void ack_format(struct ext_ack *ack, const char *fmt, ...) __printf(2, 3);
void ack_attr(struct ext_ack *ack, const void *attr, const char *msg);

#endif
