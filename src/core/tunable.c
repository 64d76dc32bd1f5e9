/* SPDX-License-Identifier: MIT */
/*
 * tunable.c - typed sysctls
 *
 * Descriptions are const and shared by all nets. A net owns values only for
 * what was written in it: a small open hash keyed by the description, made at
 * the first write. So a fresh namespace costs a null pointer, and a read that
 * finds no value answers the default.
 *
 * Paths are found in the registry by name; trees (net/ipv4/conf/...) by
 * prefix. Both happen when a person or a program opens a file, not when a
 * packet passes.
 */

#include "core/tunable.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/registry.h"

#define VALUES_MIN 16

struct value {
	const struct tunable *t; /* NULL: free */
	s64 v[TUNABLE_INTS];
	char *s; /* TUNABLE_STRING, else NULL */
};

struct values {
	u32 n, cap; /* cap is a power of two, n at most half of it */
	struct value at[];
};

int tunable_register(struct warren *w, const struct part *part,
		     const struct tunable *ts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int err = registry_add(w, REG_TUNABLE, part, ts[i].path, 0, &ts[i]);

		if (err)
			return err;
		w->registry[REG_TUNABLE]
		    .entries[w->registry[REG_TUNABLE].n - 1]
		    .init_only = ts[i].init_only;
	}
	return 0;
}

int tunable_tree_register(struct warren *w, const struct part *part,
			  const struct tunable_tree *tree)
{
	return registry_add(w, REG_TREE, part, tree->prefix, 0, tree);
}

/* ---- values ---- */

static struct value *slot(struct values *vs, const struct tunable *t)
{
	u32 i = (u32)((uintptr_t)t / sizeof(*t)) * 2654435761U;

	for (i &= vs->cap - 1; vs->at[i].t && vs->at[i].t != t;
	     i = (i + 1) & (vs->cap - 1))
		;
	return &vs->at[i];
}

static const struct value *find_value(const struct net *net, const struct tunable *t)
{
	struct values *vs = net->tunables;
	const struct value *v = vs ? slot(vs, t) : NULL;

	return v && v->t ? v : NULL;
}

static struct values *grow(struct net *net)
{
	struct values *old = net->tunables, *vs;
	u32 cap = old ? old->cap * 2 : VALUES_MIN;

	if (old && (old->n + 1) * 2 <= old->cap)
		return old;
	vs = net_alloc(net, sizeof(*vs) + cap * sizeof(vs->at[0]));
	if (!vs)
		return NULL;
	vs->cap = cap;
	for (u32 i = 0; old && i < old->cap; i++)
		if (old->at[i].t) {
			*slot(vs, old->at[i].t) = old->at[i];
			vs->n++;
		}
	net_free(net, old);
	net->tunables = vs;
	return vs;
}

/* The net's own value, made from the default. NULL: no memory */
static struct value *own_value(struct net *net, const struct tunable *t)
{
	struct values *vs = grow(net);
	struct value *v;

	if (!vs)
		return NULL;
	v = slot(vs, t);
	if (v->t)
		return v;
	if (t->type == TUNABLE_STRING) {
		v->s = mem_strdup(&net->mem, t->def_s ? t->def_s : "");
		if (!v->s)
			return NULL;
	}
	v->t = t;
	memcpy(v->v, t->def, sizeof(v->v));
	vs->n++;
	return v;
}

static const struct net *holder(const struct net *net, const struct tunable *t)
{
	return t->global && net->w->init_net ? net->w->init_net : net;
}

s64 tunable_get(const struct net *net, const struct tunable *t, unsigned i)
{
	const struct value *v = find_value(holder(net, t), t);

	return v ? v->v[i] : t->def[i];
}

const char *tunable_str(const struct net *net, const struct tunable *t)
{
	const struct value *v = find_value(holder(net, t), t);

	return v ? v->s : t->def_s ? t->def_s : "";
}

static bool in_range(const struct tunable *t, s64 v)
{
	if (!t->min && !t->max)
		return v >= INT32_MIN && v <= INT32_MAX;
	return v >= t->min && v <= t->max;
}

/* Put @v in place, ask the part, put the old back if it refuses */
static int replace_ints(struct net *net, const struct tunable *t,
			const s64 v[TUNABLE_INTS])
{
	struct value *own = own_value(net, t);
	s64 old[TUNABLE_INTS];
	int err;

	if (!own)
		return -ENOMEM;
	memcpy(old, own->v, sizeof(old));
	memcpy(own->v, v, sizeof(old));
	err = t->changed ? t->changed(net, t) : 0;
	if (err) {
		own = own_value(
		    net, t); /* changed() may have written others: the slots move */
		if (own)
			memcpy(own->v, old, sizeof(old));
	}
	return err;
}

int tunable_set(struct net *net, const struct tunable *t, unsigned i, s64 v)
{
	s64 all[TUNABLE_INTS];

	if (!in_range(t, v))
		return -EINVAL;
	for (unsigned j = 0; j < TUNABLE_INTS; j++)
		all[j] = j == i ? v : tunable_get(net, t, j);
	return replace_ints(net, t, all);
}

void tunable_net_exit(struct net *net)
{
	struct values *vs = net->tunables;

	for (u32 i = 0; vs && i < vs->cap; i++)
		net_free(net, vs->at[i].s);
	net_free(net, vs);
	net->tunables = NULL;
}

/* ---- files ---- */

static const struct tunable *find(struct net *net, const char *path)
{
	return registry_find_name(net, REG_TUNABLE, path);
}

static const struct tunable_tree *find_tree(struct net *net, const char *path,
					    const char **rel)
{
	const struct registry *r = &net->w->registry[REG_TREE];

	for (u32 i = 0; i < r->n; i++) {
		const struct tunable_tree *tree = r->entries[i].item;
		size_t len = strlen(tree->prefix); /* ends in '/' */

		if (registry_hidden(&r->entries[i], net))
			continue;
		if (!strncmp(path, tree->prefix, len)) {
			*rel = path + len;
			return tree;
		}
		if (strlen(path) == len - 1 && !strncmp(path, tree->prefix, len - 1)) {
			*rel = "";
			return tree;
		}
	}
	return NULL;
}

static int mode_of(struct net *net, const struct tunable *t)
{
	int mode = t->mode ? t->mode : 0644;

	if (t->global && !net_is_init(net))
		mode &= 0444;
	return S_IFREG | mode;
}

/* Is there anything below @path? */
static bool is_dir(struct net *net, const char *path)
{
	size_t len = strlen(path);

	for (int id = REG_TUNABLE; id <= REG_TREE; id += REG_TREE - REG_TUNABLE) {
		const struct registry *r = &net->w->registry[id];

		for (u32 i = 0; i < r->n; i++) {
			const char *name = r->entries[i].name;

			if (strncmp(name, path, len) || (len && name[len] != '/'))
				continue;
			if (!registry_hidden(&r->entries[i], net))
				return true;
		}
	}
	return false;
}

int tunable_mode(struct net *net, const char *path)
{
	const struct tunable *t = find(net, path);
	const struct tunable_tree *tree;
	const char *rel;

	if (t)
		return mode_of(net, t);
	tree = find_tree(net, path, &rel);
	if (tree && *rel)
		return tree->mode(net, rel);
	return tree || is_dir(net, path) ? S_IFDIR | 0555 : -ENOENT;
}

int tunable_read(struct net *net, const char *path, struct text *out)
{
	const struct tunable *t = find(net, path);
	const struct tunable_tree *tree;
	const char *rel;
	int mode;

	if (!t) {
		mode = tunable_mode(net, path);
		if (mode < 0)
			return mode;
		if (S_ISDIR(mode))
			return -EISDIR;
		tree = find_tree(net, path, &rel);
		return tree->read(net, rel, out);
	}
	if (t->type == TUNABLE_CUSTOM)
		return t->read ? t->read(net, t, out) : -EACCES;
	if (t->type == TUNABLE_STRING) {
		text_printf(out, "%s\n", tunable_str(net, t));
		return 0;
	}
	for (unsigned i = 0; i < (t->n ? t->n : 1U); i++)
		text_printf(out, "%s%lld", i ? "\t" : "",
			    (long long)tunable_get(net, t, i));
	text_add(out, "\n", 1);
	return 0;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* As proc_dointvec: up to t->n numbers between spaces; fewer set the first ones */
static int write_ints(struct net *net, const struct tunable *t, const char *s)
{
	s64 v[TUNABLE_INTS];
	unsigned n = 0, want = t->n ? t->n : 1U;

	for (unsigned i = 0; i < TUNABLE_INTS; i++)
		v[i] = tunable_get(net, t, i);
	for (; n < want; n++) {
		char *end;

		while (is_space(*s))
			s++;
		if (!*s)
			break;
		errno = 0;
		v[n] = strtoll(s, &end, 0);
		if (end == s || *s == '+' || errno || (*end && !is_space(*end)) ||
		    !in_range(t, v[n]))
			return -EINVAL;
		s = end;
	}
	return n ? replace_ints(net, t, v) : -EINVAL;
}

static int write_string(struct net *net, const struct tunable *t, const char *s)
{
	struct value *own = own_value(net, t);
	char *old, *new;
	size_t len = strlen(s);
	int err;

	while (len && is_space(s[len - 1]))
		len--;
	new = own ? net_alloc(net, len + 1) : NULL;
	if (!new)
		return -ENOMEM;
	memcpy(new, s, len);
	old = own->s;
	own->s = new;
	err = t->changed ? t->changed(net, t) : 0;
	if (err) {
		own = own_value(net, t);
		own->s = old;
		old = new;
	}
	net_free(net, old);
	return err;
}

static int write_text(struct net *net, const char *path, const char *s)
{
	const struct tunable *t = find(net, path);
	const struct tunable_tree *tree;
	const char *rel;
	int mode = tunable_mode(net, path);

	if (mode < 0)
		return mode;
	if (S_ISDIR(mode))
		return -EISDIR;
	if (!(mode & 0222))
		return -EACCES;
	if (!t) {
		tree = find_tree(net, path, &rel);
		return tree->write(net, rel, s);
	}
	switch (t->type) {
	case TUNABLE_INT:
		return write_ints(net, t, s);
	case TUNABLE_STRING:
		return write_string(net, t, s);
	case TUNABLE_CUSTOM:
		return t->write ? t->write(net, t, s) : -EACCES;
	}
	return -EINVAL;
}

int tunable_write(struct net *net, const char *path, const char *s, size_t len)
{
	char *copy;
	int err;

	if (len > 4096)
		return -EINVAL;
	copy = net_alloc(net, len + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, s, len);
	err = write_text(net, path, copy);
	net_free(net, copy);
	return err;
}

int tunable_list(struct net *net, const char *dir,
		 void (*each)(void *arg, const char *name, bool is_dir), void *arg)
{
	const char *rel;
	const struct tunable_tree *tree = find_tree(net, dir, &rel);

	if (tree)
		return tree->list(net, rel, each, arg);
	return registry_list(net, REG_TUNABLE, REG_TREE, dir, each, arg);
}
