/* SPDX-License-Identifier: MIT */
/*
 * view.c - registry of text views
 */

#include "core/view.h"

#include <sys/stat.h>

#include "core/registry.h"

int view_register(struct warren *w, const struct part *part, const struct view *v)
{
	return registry_add(w, REG_VIEW, part, v->path, 0, v);
}

static bool is_tree(const struct view *v)
{
	return v->path[strlen(v->path) - 1] == '/';
}

static const struct view *find(struct net *net, const char *path, const char **rel)
{
	const struct view *v = registry_find_name(net, REG_VIEW, path);
	const struct registry *r = &net->w->registry[REG_VIEW];

	*rel = "";
	if (v)
		return v;
	for (u32 i = 0; i < r->n; i++) {
		size_t len;

		v = r->entries[i].item;
		if (!is_tree(v) || registry_hidden(&r->entries[i], net))
			continue;
		len = strlen(v->path);
		if (strncmp(path, v->path, len - 1) ||
		    (path[len - 1] && path[len - 1] != '/'))
			continue;
		*rel = path[len - 1] ? path + len : "";
		return v;
	}
	return NULL;
}

static void count_child(void *arg, const char *name, bool is_dir)
{
	(void)name;
	(void)is_dir;
	++*(int *)arg;
}

int view_text(struct net *net, const char *path, struct text *out)
{
	const char *rel;
	const struct view *v = find(net, path, &rel);
	int err;

	if (!v)
		return view_mode(net, path) > 0 ? -EISDIR : -ENOENT;
	if (is_tree(v) && !*rel)
		return -EISDIR;
	err = v->text(net, rel, out);
	if (err)
		return err;
	return out->failed ? -ENOMEM : 0;
}

int view_write(struct net *net, const char *path, const char *s, size_t len)
{
	const char *rel;
	const struct view *v = find(net, path, &rel);
	int err, mode = view_mode(net, path);
	char *copy;

	if (mode < 0)
		return mode;
	if (S_ISDIR(mode))
		return -EISDIR;
	if (!(mode & 0222) || !v->write)
		return -EACCES;
	if (len > 4096)
		return -EINVAL;
	copy = net_alloc(net, len + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, s, len);
	err = v->write(net, rel, copy);
	net_free(net, copy);
	return err;
}

static int file_mode(struct net *net, const struct view *v, const char *rel)
{
	u16 mode = v->mode_of ? v->mode_of(net, rel) : v->mode;

	return S_IFREG | (mode ? mode : 0444);
}

int view_mode(struct net *net, const char *path)
{
	const char *rel;
	const struct view *v = find(net, path, &rel);
	struct text t;
	int n = 0, err;

	if (v && !is_tree(v))
		return file_mode(net, v, rel);
	if (!v) {
		registry_list(net, REG_VIEW, REG_VIEW, path, count_child, &n);
		return n ? S_IFDIR | 0555 : -ENOENT;
	}
	if (!*rel || !v->list(net, rel, count_child, &n))
		return S_IFDIR | 0555;
	text_init(&t);
	err = v->text(net, rel, &t);
	text_fini(&t);
	return err == -ENOENT ? -ENOENT : file_mode(net, v, rel);
}

int view_list(struct net *net, const char *dir,
	      void (*each)(void *arg, const char *name, bool is_dir), void *arg)
{
	const char *rel;
	const struct view *v = find(net, dir, &rel);

	if (v)
		return is_tree(v) ? v->list(net, rel, each, arg) : -ENOTDIR;
	return registry_list(net, REG_VIEW, REG_VIEW, dir, each, arg);
}
