/* SPDX-License-Identifier: MIT */
/*
 * files.h - paths that stand for something of the stack: /run/netns, /proc/net, …
 */
#ifndef WARREN_SUPER_FILES_H
#define WARREN_SUPER_FILES_H

#include "super/super.h"

/* What an absolute, normalised path means. */
enum path_kind {
	PATH_FOREIGN,	 /* the host's: let the kernel do it */
	PATH_NETNS_DIR,	 /* /run/netns */
	PATH_NETNS_NAME, /* /run/netns/NAME */
	PATH_NS_NET,	 /* /proc/PID/ns/net */
	PATH_PROC_NET,	 /* /proc/net/REST, /proc/PID/net/REST; REST may be empty */
	PATH_SYS_NET,	 /* /proc/sys/net/REST */
	PATH_CLASS_NET,	 /* /sys/class/net/REST */
	PATH_ETC,	 /* a file bound from /etc/netns/NAME */
};

struct path {
	enum path_kind kind;
	pid_t pid;	  /* PATH_NS_NET, PATH_PROC_NET: whose; 0: not given */
	const char *rest; /* into abs, behind the part that names the kind */
	char abs[4096];
};

/*
 * What the caller's path means, joined with its dirfd or working directory.
 * Return: 0, -EFAULT, -ENAMETOOLONG, -EBADF, -ENOENT
 */
int files_path(struct super *s, const struct call *c, int dirfd, u64 addr,
	       struct path *out);

/* The private directory that stands for /run/netns, and that of the files of
 * namespaces; descriptors, borrowed */
int files_names_dir(const struct super *s);
int files_ns_dir(const struct super *s);

/* cfg->runtime is used; sets s->files. Return: 0 or a negative errno */
int files_init(struct super *s, const char *runtime, const char *name);
void files_fini(struct super *s); /* removes the private directory */

extern const struct call_row files_rows[];
extern const unsigned files_rows_n;

#endif
