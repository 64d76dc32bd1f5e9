/* SPDX-License-Identifier: MIT */
/*
 * files.h - paths that stand for something of the stack: /run/netns, /proc/net, …
 */
#ifndef WARREN_SUPER_FILES_H
#define WARREN_SUPER_FILES_H

#include "super/super.h"

struct netns;

/* What an absolute, normalised path means. */
enum path_kind {
	PATH_FOREIGN,	 /* the host's: let the kernel do it */
	PATH_NETNS_DIR,	 /* /run/netns */
	PATH_NETNS_NAME, /* /run/netns/NAME */
	PATH_NS_NET,	 /* /proc/PID/ns/net */
	PATH_BOUND,	 /* a path that a namespace was bound to */
	PATH_VIEW,	 /* /proc/net/REST, /proc/PID/net/REST, /sys/class/net/REST */
	PATH_TUNABLE,	 /* /proc/sys/net/REST */
	PATH_MAX_NETNS,	 /* /proc/sys/user/max_net_namespaces */
	PATH_MOUNTINFO,	 /* /proc/PID/mountinfo */
	PATH_STATUS,	 /* /proc/PID/status, with -r */
	PATH_NS_USER,	 /* /proc/PID/ns/user, where it is one of ours */
	PATH_IDMAP,	 /* /proc/PID/uid_map, gid_map, setgroups, likewise */
	PATH_ETC,	 /* /etc/netns, or a file bound from it; rest: what instead */
};

struct path {
	enum path_kind kind;
	pid_t pid;	  /* whose namespace is meant; the caller's mostly */
	const char *rest; /* name, or what core/view.h and core/tunable.h call it */
	struct netns *ns; /* PATH_BOUND, PATH_TUNABLE by a directory; else NULL */
	bool gone;	  /* that directory's namespace is not there any more */
	char
	    root[4096]; /* the / it starts from, as the host names it; "": the host's */
	char abs[4096]; /* from there; "" when the caller's path was empty */
	char instead[4096]; /* PATH_ETC; scratch for rest */
};

/*
 * What the caller's path means, joined with @dirfd (of the caller, or AT_FDCWD).
 * Return: 0, -EFAULT, -ENAMETOOLONG
 */
int files_path(struct super *s, const struct call *c, int dirfd, u64 addr,
	       struct path *out);
/* The namespace that a path names. Return: 0, -ENOENT (no path of ours, or no such
 * name), -EINVAL (a name that is no namespace), -EACCES (a foreign process) */
int files_netns(struct super *s, const struct call *c, const struct path *p,
		struct netns **out);
/* The namespace under /run/netns/@name; the same errors */
int files_netns_by_name(struct super *s, const char *name, struct netns **out);

/* mount --bind of a namespace */
int files_bind_name(struct super *s, const char *name, struct netns *ns);
/* A name that is not there yet. -EEXIST, -EINVAL */
int files_add_name(struct super *s, const char *name, struct netns *ns);
void files_drop_name(struct super *s, const char *name);
int files_bind_path(struct super *s, const struct call *c, const struct path *p,
		    struct netns *ns);
int files_unbind(struct super *s, const struct path *p);

/* The directory of the files of namespaces; borrowed */
int files_ns_dir(const struct super *s);
/* What programs wrote to /proc/sys/net reaches the stack before their next call. */
void files_drain(struct super *s);

/*
 * Make the private directory @runtime/@name; sets s->files. What a killed
 * supervisor left in @runtime is removed. Return: 0, -EEXIST (a warren of that
 * name runs) or another negative errno
 */
int files_init(struct super *s, const char *runtime, const char *name);
/* Before the namespaces end: binds and open tunables refer to them. */
void files_release(struct super *s);
void files_fini(struct super *s); /* removes the private directory */
/* Of the private directory; borrowed */
const char *files_dir(const struct super *s);

extern const struct call_row files_rows[];
extern const unsigned files_rows_n;

#endif
