/* SPDX-License-Identifier: MIT */
/*
 * registry.c - named tables of const operations
 *
 * Lookups happen when something is made, or by a protocol number that has a
 * few entries: registries are scanned from the front. The two that packets
 * pass through (ethertype, IP protocol) hold a handful.
 */

#include "core/registry.h"

#include "core/net.h"

int registry_add(struct warren *w, enum registry_id id, const struct part *part,
		 const char *name, u64 key, const void *item)
{
	struct registry *r = &w->registry[id];

	if (w->frozen)
		return -EBUSY;
	if (name ? !!registry_by_name(w, id, name) : !!registry_by_key(w, id, key))
		return -EEXIST;
	if (r->n == r->cap) {
		u32 cap = r->cap ? r->cap * 2 : 8;
		struct registry_entry *e = mem_alloc(&w->mem, cap * sizeof(*e));

		if (!e)
			return -ENOMEM;
		if (r->n)
			memcpy(e, r->entries, r->n * sizeof(*e));
		mem_free(&w->mem, r->entries);
		r->entries = e;
		r->cap = cap;
	}
	r->entries[r->n++] = (struct registry_entry){
	    .name = name,
	    .key = key,
	    .item = item,
	    .part = part,
	};
	return 0;
}

const struct registry_entry *registry_by_name(const struct warren *w,
					      enum registry_id id, const char *name)
{
	const struct registry *r = &w->registry[id];

	for (u32 i = 0; i < r->n; i++)
		if (r->entries[i].name && !strcmp(r->entries[i].name, name))
			return &r->entries[i];
	return NULL;
}

const struct registry_entry *registry_by_key(const struct warren *w,
					     enum registry_id id, u64 key)
{
	const struct registry *r = &w->registry[id];

	for (u32 i = 0; i < r->n; i++)
		if (!r->entries[i].name && r->entries[i].key == key)
			return &r->entries[i];
	return NULL;
}

bool registry_hidden(const struct registry_entry *e, const struct net *net)
{
	return (e->init_only || (e->part && e->part->init_only)) && !net_is_init(net);
}

const void *registry_find_name(const struct net *net, enum registry_id id,
			       const char *name)
{
	const struct registry_entry *e = registry_by_name(net->w, id, name);

	return e && !registry_hidden(e, net) ? e->item : NULL;
}

const void *registry_find_key(const struct net *net, enum registry_id id, u64 key)
{
	const struct registry_entry *e = registry_by_key(net->w, id, key);

	return e && !registry_hidden(e, net) ? e->item : NULL;
}

/* The child of @dir on the way to @path, into @out. Return: 0 none, 1 leaf, 2 directory
 */
static int child_of(const char *path, const char *dir, char *out, size_t size)
{
	size_t len = strlen(dir), n;
	const char *rest = path;

	if (len) {
		if (strncmp(path, dir, len) || path[len] != '/')
			return 0;
		rest = path + len + 1;
	}
	n = strcspn(rest, "/");
	if (!n || n >= size)
		return 0;
	memcpy(out, rest, n);
	out[n] = 0;
	return rest[n] ? 2 : 1;
}

static bool seen_before(struct net *net, const struct registry *r, u32 end,
			const char *dir, const char *name)
{
	char other[64];

	for (u32 i = 0; i < end; i++)
		if (!registry_hidden(&r->entries[i], net) &&
		    child_of(r->entries[i].name, dir, other, sizeof(other)) &&
		    !strcmp(other, name))
			return true;
	return false;
}

int registry_list(struct net *net, enum registry_id id, enum registry_id id2,
		  const char *dir,
		  void (*each)(void *arg, const char *name, bool is_dir), void *arg)
{
	const enum registry_id ids[] = {id, id2};
	const struct registry *first = &net->w->registry[id];
	int found = 0;

	for (int k = 0; k < (id == id2 ? 1 : 2); k++) {
		const struct registry *r = &net->w->registry[ids[k]];

		for (u32 i = 0; i < r->n; i++) {
			char name[64];
			int kind;

			if (registry_hidden(&r->entries[i], net))
				continue;
			kind = child_of(r->entries[i].name, dir, name, sizeof(name));
			if (!kind || seen_before(net, r, i, dir, name) ||
			    (k && seen_before(net, first, first->n, dir, name)))
				continue;
			each(arg, name, kind == 2);
			found++;
		}
	}
	return found ? 0 : -ENOENT;
}
