/* SPDX-License-Identifier: MIT */
/*
 * registry.h - named tables of const operations
 *
 * Filled at boot, frozen before the first net is born. An entry is found by
 * name or by a 64-bit key whose meaning the kind of registry says.
 */
#ifndef WARREN_CORE_REGISTRY_H
#define WARREN_CORE_REGISTRY_H

#include "base/mem.h"
#include "core/part.h"

enum registry_id {
	REG_KIND,    /* struct dev_kind, name */
	REG_PROTO,   /* struct link_proto, key: ethertype in host order */
	REG_FAMILY,  /* struct family, key: AF_x */
	REG_IP,	     /* struct ip_proto, key: IP protocol number */
	REG_INET,    /* struct inet_proto, key: type << 8 | protocol */
	REG_CC,	     /* struct cc_ops, name */
	REG_NETLINK, /* struct nl_family, key: NETLINK_x */
	REG_RTNL,    /* struct rtnl_handler, key: type << 8 | family */
	REG_GENL,    /* struct genl_family, name; and again, key: its id */
	REG_DIAG,    /* struct diag_handler, key: family << 8 | protocol */
	REG_TUNABLE, /* struct tunable, name: path */
	REG_TREE,    /* struct tunable_tree, name: prefix ending in a slash */
	REG_VIEW,    /* struct view, name: path */
	REG_NR,
};

struct registry_entry {
	const char *name;
	u64 key;
	const void *item;
	const struct part *part;
	bool init_only; /* this entry alone, whatever its part says */
};

struct registry {
	struct registry_entry *entries;
	u32 n, cap;
};

/*
 * @name: borrowed for the warren's life; NULL when found by key
 * Return: 0, -EEXIST, -EBUSY (frozen), -ENOMEM
 */
int __must_check registry_add(struct warren *w, enum registry_id id,
			      const struct part *part, const char *name, u64 key,
			      const void *item);
const struct registry_entry *registry_by_name(const struct warren *w,
					      enum registry_id id, const char *name);
const struct registry_entry *registry_by_key(const struct warren *w,
					     enum registry_id id, u64 key);
/* True when an init_only part must not be seen in @net */
bool registry_hidden(const struct registry_entry *e, const struct net *net);
/* Lookup and init_only rule in one: the item, or NULL */
const void *registry_find_name(const struct net *net, enum registry_id id,
			       const char *name);
const void *registry_find_key(const struct net *net, enum registry_id id, u64 key);

/*
 * For registries whose names are paths: each direct child of directory @dir (no slash
 * at either end) among @id and @id2 once. Return: 0, -ENOENT when there is none
 */
int registry_list(struct net *net, enum registry_id id, enum registry_id id2,
		  const char *dir,
		  void (*each)(void *arg, const char *name, bool is_dir), void *arg);

#endif
