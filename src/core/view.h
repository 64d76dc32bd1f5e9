/* SPDX-License-Identifier: MIT */
/*
 * view.h - registry of text views: the files of /proc/net and /sys/class/net
 */
#ifndef WARREN_CORE_VIEW_H
#define WARREN_CORE_VIEW_H

#include "base/text.h"
#include "core/net.h"

struct view {
	const char
	    *path; /* below /proc: "net/dev"; below /sys: "class/net/" (a tree) */
	u16 mode;  /* 0444; of all files of a tree without mode_of */
	int (*text)(struct net *net, const char *rel,
		    struct text *out); /* @rel: for trees */
	/* NULL: cannot be written. @s ends in a NUL. 0 or a negative errno */
	int (*write)(struct net *net, const char *rel, const char *s);
	/* trees only (path ends in "/"): permissions of a file; NULL: those of mode */
	u16 (*mode_of)(struct net *net, const char *rel);
	/* children of @dir */
	int (*list)(struct net *net, const char *dir,
		    void (*each)(void *arg, const char *name, bool is_dir), void *arg);
};

int __must_check view_register(struct warren *w, const struct part *part,
			       const struct view *v);
/* @path: "net/tcp", "class/net/eth0/mtu". -ENOENT, -EISDIR, -ENOMEM */
int view_text(struct net *net, const char *path, struct text *out);
/* At most a page of text. -ENOENT, -EISDIR, -EACCES, -EINVAL, or what the file says */
int view_write(struct net *net, const char *path, const char *s, size_t len);
/* S_IFREG|mode, S_IFDIR|0555, -ENOENT */
int view_mode(struct net *net, const char *path);
int view_list(struct net *net, const char *dir,
	      void (*each)(void *arg, const char *name, bool is_dir), void *arg);

#endif
