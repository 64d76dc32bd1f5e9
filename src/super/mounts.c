/* SPDX-License-Identifier: MIT */
/*
 * mounts.c - what a process sees mounted
 *
 * No program here mounts anything in truth. What `ip netns exec NAME` mounts is
 * remembered and looked at when a path is opened:
 *
 *	/sys		shows the namespace that was current when it was mounted
 *			(N2.12), not the one the reader is in
 *	/etc/X		is /etc/netns/NAME/X where that exists
 *
 * Both belong to a mount namespace and are inherited by fork and exec. So a
 * *view* is a pair of the two, views are numbered, and the number stands in the
 * tag of the process (task.c) beside its namespace. 0 is what everybody begins
 * with: the initial namespace's /sys and the host's /etc.
 *
 * Views are found by what they are, so as many exist as there are different
 * pairs. One whose namespace has ended serves for the next pair when there are
 * many: a process that still has it would see a /sys that nobody can expect.
 */

#include "super/mounts.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "super/netns.h"
#include "super/task.h"

enum { VIEWS_MAX = UINT16_MAX - 1, VIEWS_PLENTY = 256 };

struct view {
	u32 sysfs; /* netns.index; 0: the initial one */
	char *etc; /* directory of /etc/netns, or NULL */
};

/* A file bound from /etc/netns/NAME, seen by processes with this view. */
struct etc_bind {
	struct list node;
	u16 view;
	char *from, *to;
};

struct mounts {
	struct view *views; /* number - 1 */
	u16 n;
	struct list etc;
};

static struct view *view_at(const struct mounts *m, u16 number)
{
	return number && number <= m->n ? &m->views[number - 1] : NULL;
}

static bool same_etc(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static void etc_bind_free(struct etc_bind *b)
{
	free(b->from);
	free(b->to);
	free(b);
}

/* View @number begins anew: what was bound for it is forgotten */
static void view_forget(struct mounts *m, u16 number)
{
	struct etc_bind *b, *tmp;

	list_for_each_safe(b, tmp, &m->etc, node)
		if (b->view == number) {
			list_del(&b->node);
			etc_bind_free(b);
		}
	free(m->views[number - 1].etc);
	m->views[number - 1].etc = NULL;
}

/* A number for a new view. Return: 0 where there is none */
static u16 view_number(struct super *s)
{
	struct mounts *m = s->mounts;
	struct view *grown;

	if (m->n >= VIEWS_PLENTY)
		for (u16 i = 0; i < m->n; i++)
			if (m->views[i].sysfs &&
			    !netns_by_index(s, m->views[i].sysfs)) {
				view_forget(m, i + 1);
				return i + 1;
			}
	if (m->n == VIEWS_MAX)
		return 0;
	grown = realloc(m->views, (m->n + 1U) * sizeof(*grown));
	if (!grown)
		return 0;
	m->views = grown;
	grown[m->n] = (struct view){0};
	return ++m->n;
}

/* The view that is this pair, made where there is none. Return: its number */
static int view_get(struct super *s, u32 sysfs, const char *etc, u16 *number)
{
	struct mounts *m = s->mounts;
	char *own = NULL;

	*number = 0;
	if (!sysfs && !etc)
		return 0;
	for (u16 i = 0; i < m->n; i++)
		if (m->views[i].sysfs == sysfs && same_etc(m->views[i].etc, etc)) {
			*number = i + 1;
			return 0;
		}
	if (etc) {
		own = strdup(etc);
		if (!own)
			return -ENOMEM;
	}
	*number = view_number(s);
	if (!*number) {
		free(own);
		return -ENOSPC;
	}
	m->views[*number - 1] = (struct view){.sysfs = sysfs, .etc = own};
	return 0;
}

int mounts_view(struct super *s, const struct netns *ns, u16 *view)
{
	return view_get(s, ns->index, NULL, view);
}

int mounts_set_sysfs(struct super *s, const struct call *c)
{
	const struct view *v;
	struct task_tag tag;
	int err;

	task_get_tag(s, c->tid, &tag);
	v = view_at(s->mounts, tag.view);
	err = view_get(s, task_netns(s, c->tid)->index, v ? v->etc : NULL, &tag.view);
	return err ? err : task_set_tag(s, c->tid, &tag);
}

struct netns *mounts_sysfs(struct super *s, pid_t pid)
{
	const struct view *v;
	struct task_tag tag;

	task_get_tag(s, pid, &tag);
	v = view_at(s->mounts, tag.view);
	return v && v->sysfs ? netns_by_index(s, v->sysfs) : s->init_ns;
}

/* ---- /etc ---- */

/* What is behind @dir in @path: "" for the directory itself, NULL: not below it */
static const char *below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (strncmp(path, dir, n))
		return NULL;
	if (path[n] == '\0')
		return path + n;
	return path[n] == '/' ? path + n + 1 : NULL;
}

static int etc_bind_new(struct mounts *m, u16 view, const char *from, const char *to)
{
	struct etc_bind *b;

	list_for_each(b, &m->etc, node)
		if (b->view == view && !strcmp(b->to, to))
			return 0;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->view = view;
	b->from = strdup(from);
	b->to = strdup(to);
	if (!b->from || !b->to) {
		etc_bind_free(b);
		return -ENOMEM;
	}
	list_add_tail(&m->etc, &b->node);
	return 0;
}

int mounts_bind_etc(struct super *s, const struct call *c, const char *from,
		    const char *to)
{
	const char *slash = strrchr(from, '/');
	const struct view *v;
	struct task_tag tag;
	char dir[4096];
	int err;

	if (!below(to, "/etc"))
		return -EPERM;
	/* @to as the caller sees it, in whatever / */
	text_format(dir, sizeof(dir), "/proc/%d/root%s", (int)c->tid, to);
	if (access(dir, F_OK) || access(from, F_OK))
		return -errno;
	text_format(dir, sizeof(dir), "%.*s", (int)(slash - from), from);
	task_get_tag(s, c->tid, &tag);
	v = view_at(s->mounts, tag.view);
	err = view_get(s, v ? v->sysfs : 0, dir, &tag.view);
	if (!err)
		err = etc_bind_new(s->mounts, tag.view, from, to);
	return err ? err : task_set_tag(s, c->tid, &tag);
}

bool mounts_etc(struct super *s, pid_t tid, const char *abs, char *out, size_t size)
{
	const struct etc_bind *b;
	struct task_tag tag;

	if (list_empty(&s->mounts->etc))
		return false;
	task_get_tag(s, tid, &tag);
	if (!tag.view)
		return false;
	list_for_each(b, &s->mounts->etc, node) {
		const char *rest = b->view == tag.view ? below(abs, b->to) : NULL;

		if (!rest)
			continue;
		text_format(out, size, *rest ? "%s/%s" : "%s%s", b->from, rest);
		return true;
	}
	return false;
}

int mounts_init(struct super *s)
{
	s->mounts = calloc(1, sizeof(*s->mounts));
	if (!s->mounts)
		return -ENOMEM;
	list_init(&s->mounts->etc);
	return 0;
}

void mounts_fini(struct super *s)
{
	struct mounts *m = s->mounts;
	struct etc_bind *b;

	if (!m)
		return;
	while ((b = list_first(&m->etc, struct etc_bind, node))) {
		list_del(&b->node);
		etc_bind_free(b);
	}
	for (u16 i = 0; i < m->n; i++)
		free(m->views[i].etc);
	free(m->views);
	free(m);
	s->mounts = NULL;
}
