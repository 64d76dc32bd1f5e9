/* SPDX-License-Identifier: MIT */
/*
 * userns.h - user namespaces of programs, as far as they own network namespaces
 */
#ifndef WARREN_SUPER_USERNS_H
#define WARREN_SUPER_USERNS_H

#include "super/super.h"

struct text;

enum {
	USERNS_LEVEL_MAX = 32,
	USERNS_EXTENTS = 340, /* lines of a map, as Linux has it */
	USERNS_OVERFLOW = 65534,
};

struct idmap_extent {
	u32 first, lower, count; /* lower: of the parent, as written */
	u32 base;		 /* the same in the warren's first one */
};

struct idmap {
	u32 n;
	struct idmap_extent *e; /* NULL: not written yet */
};

struct userns {
	struct ident ident;    /* IDENT_USERNS: its file; not of the first */
	struct list node;      /* super.usernses */
	struct userns *parent; /* held; NULL: the first */
	u32 level;
	u32 refs;
	u32 owner, group; /* who made it */
	u32 number;
	bool no_setgroups;
	struct idmap uids, gids;
	u32 max_netns;	    /* /proc/sys/user/max_net_namespaces */
	struct list counts; /* by user: network namespaces here and below */
	char file[24];
};

/* A child of @parent, with one reference. Return: 0, -ENOSPC (too deep), -ENOMEM … */
int userns_new(struct super *s, struct userns *parent, u32 owner, u32 group,
	       struct userns **out);
void userns_get(struct userns *ns);
void userns_put(struct super *s, struct userns *ns);
static inline bool userns_is_first(const struct userns *ns)
{
	return !ns->parent;
}

/* Into the numbers of the first one. Return: false: not mapped */
bool userns_to_base(const struct userns *ns, bool group, u32 id, u32 *base);
/* And back; what is not mapped is shown as USERNS_OVERFLOW */
u32 userns_from_base(const struct userns *ns, bool group, u32 base);

/* Its file, read-only. The first one's is the host's. Descriptor or negative errno */
int userns_open(struct super *s, const struct userns *ns);

/*
 * User @uid of @ns makes a network namespace: it counts here, and for who made @ns in
 * every one above. Return: 0, -ENOSPC (somewhere it is one too many), -ENOMEM
 */
int userns_charge(struct userns *ns, u32 uid);
void userns_uncharge(struct userns *ns, u32 uid);

/* /proc/PID/uid_map, gid_map, setgroups of a process in @ns, seen by one in @reader;
 * and the limit of @ns */
enum userns_file { USERNS_UID_MAP, USERNS_GID_MAP, USERNS_SETGROUPS, USERNS_MAX_NETNS };
void userns_show(const struct userns *ns, const struct userns *reader,
		 enum userns_file what, struct text *t);
/* A write by thread @tid. Return: 0, -EPERM, -EINVAL */
int userns_write(struct super *s, struct userns *ns, enum userns_file what, pid_t tid,
		 const char *buf, size_t len);

int userns_init(struct super *s);
void userns_fini(struct super *s);

#endif
