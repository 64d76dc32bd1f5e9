/* SPDX-License-Identifier: MIT */
/*
 * tunable.h - typed sysctls: name, range, default, per net
 *
 * A tunable is one number (or a few, or a string) of a namespace, at a path
 * below /proc/sys. Values are shared defaults, copied at the first write. Its
 * part reads it by the handle: tunable_int(net, &ip_forward_tunable).
 * Per-device trees (conf/DEV/..., neigh/DEV/...) are served by a tree.
 */
#ifndef WARREN_CORE_TUNABLE_H
#define WARREN_CORE_TUNABLE_H

#include "base/text.h"
#include "core/net.h"

#define TUNABLE_INTS 4

enum tunable_type { TUNABLE_INT, TUNABLE_STRING, TUNABLE_CUSTOM };

struct tunable {
	const char *path; /* "net/ipv4/ip_forward" */
	u16 mode;	  /* 0644; 0: 0644 */
	enum tunable_type type;
	u8 n;		       /* how many numbers; 0: 1 */
	s64 min, max;	       /* both 0: any int */
	s64 def[TUNABLE_INTS]; /* in a fresh net */
	const char *def_s;     /* TUNABLE_STRING */
	bool init_only;	       /* exists in the initial net alone */
	bool global; /* one value, the initial net's; others show it read-only */
	/* after a write; may refuse (then the old value is put back) */
	int (*changed)(struct net *net, const struct tunable *t);
	/* TUNABLE_CUSTOM */
	int (*read)(struct net *net, const struct tunable *t, struct text *out);
	int (*write)(struct net *net, const struct tunable *t, const char *s);
};

/* A subtree that exists by device or otherwise: paths below @prefix are asked of it. */
struct tunable_tree {
	const char *prefix; /* "net/ipv4/conf/" */
	/* Directory listing: call @each for each child of @dir (relative; "" is the
	 * top) */
	int (*list)(struct net *net, const char *dir,
		    void (*each)(void *arg, const char *name, bool is_dir), void *arg);
	int (*read)(struct net *net, const char *rel, struct text *out); /* -ENOENT */
	int (*write)(struct net *net, const char *rel, const char *s);
	int (*mode)(struct net *net, const char *rel); /* 0644 | S_IFDIR..., -ENOENT */
};

int __must_check tunable_register(struct warren *w, const struct part *part,
				  const struct tunable *ts, size_t n);
int __must_check tunable_tree_register(struct warren *w, const struct part *part,
				       const struct tunable_tree *tree);

s64 tunable_get(const struct net *net, const struct tunable *t, unsigned i);
static inline int tunable_int(const struct net *net, const struct tunable *t)
{
	return (int)tunable_get(net, t, 0);
}
int tunable_set(struct net *net, const struct tunable *t, unsigned i, s64 v);
const char *tunable_str(const struct net *net, const struct tunable *t); /* borrowed */

/* What the front end calls; @path without leading slash: "net/ipv4/ip_forward".
 * -ENOENT, -EINVAL, -EACCES, -EISDIR */
int tunable_read(struct net *net, const char *path, struct text *out);
int tunable_write(struct net *net, const char *path, const char *s, size_t len);
int tunable_mode(struct net *net,
		 const char *path); /* S_IFREG|0644, S_IFDIR|0555, -ENOENT */
int tunable_list(struct net *net, const char *dir,
		 void (*each)(void *arg, const char *name, bool is_dir), void *arg);

void tunable_net_exit(struct net *net); /* core/net.c calls it */

#endif
