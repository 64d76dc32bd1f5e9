/* SPDX-License-Identifier: MIT */
/*
 * userns.c - user namespaces of programs, as far as they own network namespaces
 *
 * With -r a program that asks for a user namespace gets one of ours: the host
 * makes none and need not allow any. It is what capabilities are held over: it
 * owns the network namespaces that are made in it (N2.1), and who is root in it
 * can do all in those and nothing outside (N2.6, N2.9). Its maps of numbers are
 * written through /proc as Linux has it (user_namespaces(7)) and say what get*id
 * show. Files of the host know nothing of it.
 *
 * The first one is where all programs begin; for its file stands the host's.
 * Ours each have a file in the private directory, so that inodes tell them apart.
 *
 * Counted: by identities (cred.c), by children, by network namespaces. An open
 * file of one does not keep it; it then names nothing.
 */

#include "super/userns.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "super/cred.h"
#include "super/files.h"

/* ---- birth and death ---- */

static int userns_make_file(struct super *s, struct userns *ns)
{
	int fd, err;

	ns->number = ++s->last_userns;
	snprintf(ns->file, sizeof(ns->file), "user%u", ns->number);
	fd = openat(files_ns_dir(s), ns->file,
		    O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0444);
	if (fd < 0)
		return -errno;
	err = fchmod(fd, 0444) ? -errno : 0;
	if (!err)
		err = super_ident_add(s, &ns->ident, IDENT_USERNS, fd);
	if (err)
		unlinkat(files_ns_dir(s), ns->file, 0);
	close(fd);
	return err;
}

/* How many network namespaces a user has in a user namespace and below it */
struct count_of {
	struct list node;
	u32 uid, n;
};

int userns_new(struct super *s, struct userns *parent, u32 owner, u32 group,
	       struct userns **out)
{
	struct userns *ns;
	int err;

	if (parent->level + 1 > USERNS_LEVEL_MAX)
		return -ENOSPC;
	ns = calloc(1, sizeof(*ns));
	if (!ns)
		return -ENOMEM;
	err = userns_make_file(s, ns);
	if (err) {
		free(ns);
		return err;
	}
	userns_get(parent);
	ns->parent = parent;
	ns->level = parent->level + 1;
	ns->owner = owner;
	ns->group = group;
	ns->no_setgroups = parent->no_setgroups;
	ns->refs = 1;
	ns->max_netns = INT32_MAX;
	list_init(&ns->counts);
	list_add_tail(&s->usernses, &ns->node);
	*out = ns;
	return 0;
}

/* What is counted holds a reference, so nothing is left but in a warren that ends */
static void counts_free(struct userns *ns)
{
	struct count_of *c;

	while ((c = list_first(&ns->counts, struct count_of, node))) {
		list_del(&c->node);
		free(c);
	}
}

void userns_get(struct userns *ns)
{
	ns->refs++;
}

void userns_put(struct super *s, struct userns *ns)
{
	while (ns && --ns->refs == 0) {
		struct userns *parent = ns->parent;

		if (parent) {
			super_ident_del(s, &ns->ident);
			unlinkat(files_ns_dir(s), ns->file, 0);
			list_del(&ns->node);
		}
		counts_free(ns);
		free(ns->uids.e);
		free(ns->gids.e);
		free(ns);
		ns = parent;
	}
}

int userns_open(struct super *s, const struct userns *ns)
{
	int fd = userns_is_first(ns)
		     ? open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC)
		     : openat(files_ns_dir(s), ns->file, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* ---- how many network namespaces ---- */

static struct count_of *count_find(struct userns *ns, u32 uid)
{
	struct count_of *c;

	list_for_each(c, &ns->counts, node)
		if (c->uid == uid)
			return c;
	return NULL;
}

static int count_one(struct userns *ns, u32 uid)
{
	struct count_of *c = count_find(ns, uid);

	if ((c ? c->n : 0) >= ns->max_netns)
		return -ENOSPC;
	if (!c) {
		c = calloc(1, sizeof(*c));
		if (!c)
			return -ENOMEM;
		c->uid = uid;
		list_add(&ns->counts, &c->node);
	}
	c->n++;
	return 0;
}

/* From @ns up to, and without, @end */
static void uncount(struct userns *ns, const struct userns *end, u32 uid)
{
	for (; ns != end; uid = ns->owner, ns = ns->parent) {
		struct count_of *c = count_find(ns, uid);

		if (c && --c->n == 0) {
			list_del(&c->node);
			free(c);
		}
	}
}

int userns_charge(struct userns *ns, u32 uid)
{
	u32 by = uid;

	for (struct userns *at = ns; at; by = at->owner, at = at->parent) {
		int err = count_one(at, by);

		if (err) {
			uncount(ns, at, uid);
			return err;
		}
	}
	return 0;
}

void userns_uncharge(struct userns *ns, u32 uid)
{
	uncount(ns, NULL, uid);
}

static int write_max_netns(struct userns *ns, const char *buf, size_t len)
{
	char text[32], *end;
	unsigned long v;

	if (len >= sizeof(text))
		return -EINVAL;
	memcpy(text, buf, len);
	text[len] = '\0';
	v = strtoul(text, &end, 0);
	if (end == text || *text == '-' || v > INT32_MAX || (*end && *end != '\n'))
		return -EINVAL;
	ns->max_netns = (u32)v;
	return 0;
}

/* ---- numbers ---- */

static const struct idmap *map_of(const struct userns *ns, bool group)
{
	return group ? &ns->gids : &ns->uids;
}

bool userns_to_base(const struct userns *ns, bool group, u32 id, u32 *base)
{
	const struct idmap *m = map_of(ns, group);

	if (userns_is_first(ns)) {
		*base = id;
		return id != (u32)-1;
	}
	for (u32 i = 0; i < m->n; i++) {
		if (id - m->e[i].first >= m->e[i].count)
			continue;
		*base = m->e[i].base + (id - m->e[i].first);
		return true;
	}
	return false;
}

static bool from_base(const struct userns *ns, bool group, u32 base, u32 *id)
{
	const struct idmap *m = map_of(ns, group);

	if (userns_is_first(ns)) {
		*id = base;
		return true;
	}
	for (u32 i = 0; i < m->n; i++) {
		if (base - m->e[i].base >= m->e[i].count)
			continue;
		*id = m->e[i].first + (base - m->e[i].base);
		return true;
	}
	return false;
}

u32 userns_from_base(const struct userns *ns, bool group, u32 base)
{
	u32 id;

	return from_base(ns, group, base, &id) ? id : USERNS_OVERFLOW;
}

/* ---- files of /proc ---- */

static void map_show(const struct userns *ns, const struct userns *reader, bool group,
		     struct text *t)
{
	const struct idmap *m = map_of(ns, group);
	const struct userns *lower = reader == ns && ns->parent ? ns->parent : reader;

	if (userns_is_first(ns))
		text_printf(t, "%10u %10u %10u\n", 0, 0, (u32)-1);
	for (u32 i = 0; i < m->n; i++) {
		u32 at;

		if (!from_base(lower, group, m->e[i].base, &at))
			at = (u32)-1;
		text_printf(t, "%10u %10u %10u\n", m->e[i].first, at, m->e[i].count);
	}
}

void userns_show(const struct userns *ns, const struct userns *reader,
		 enum userns_file what, struct text *t)
{
	if (what == USERNS_SETGROUPS)
		text_printf(t, "%s\n", ns->no_setgroups ? "deny" : "allow");
	else if (what == USERNS_MAX_NETNS)
		text_printf(t, "%u\n", ns->max_netns);
	else
		map_show(ns, reader, what == USERNS_GID_MAP, t);
}

static bool extents_overlap(const struct idmap_extent *a, const struct idmap_extent *b)
{
	return (a->first <= b->first + b->count - 1 &&
		b->first <= a->first + a->count - 1) ||
	       (a->lower <= b->lower + b->count - 1 &&
		b->lower <= a->lower + a->count - 1);
}

static int map_parse(const char *buf, size_t len, struct idmap *m)
{
	char *copy = strndup(buf, len), *line, *save = NULL;
	int err = copy ? 0 : -ENOMEM;

	m->n = 0;
	m->e = err ? NULL : calloc(USERNS_EXTENTS, sizeof(*m->e));
	if (!err && !m->e)
		err = -ENOMEM;
	for (line = err ? NULL : strtok_r(copy, "\n", &save); line && !err;
	     line = strtok_r(NULL, "\n", &save)) {
		struct idmap_extent *e = &m->e[m->n];
		char more;

		if (m->n == USERNS_EXTENTS ||
		    sscanf(line, "%u %u %u %c", &e->first, &e->lower, &e->count,
			   &more) != 3 ||
		    !e->count || e->first + e->count < e->first ||
		    e->lower + e->count < e->lower)
			err = -EINVAL;
		for (u32 i = 0; i < m->n && !err; i++)
			if (extents_overlap(&m->e[i], e))
				err = -EINVAL;
		m->n++;
	}
	free(copy);
	return err ? err : m->n ? 0 : -EINVAL;
}

/* Its own number alone, or any with the right to set numbers above */
static bool map_is_allowed(const struct userns *ns, const struct cred *c, bool group,
			   const struct idmap *m)
{
	u32 base;

	if (m->n == 1 && m->e[0].count == 1 && ns->owner == c->euid &&
	    userns_to_base(ns->parent, group, m->e[0].lower, &base)) {
		if (!group && base == c->euid)
			return true;
		if (group && ns->no_setgroups && base == c->egid)
			return true;
	}
	return cred_can(c, ns->parent, group ? CAP_SETGID : CAP_SETUID);
}

static int map_write(struct userns *ns, const struct cred *c, bool group,
		     const char *buf, size_t len)
{
	struct idmap *to = group ? &ns->gids : &ns->uids, m;
	int err = -EPERM;

	if (userns_is_first(ns) || to->e || !cred_can(c, ns, CAP_SYS_ADMIN) ||
	    (c->ns != ns && c->ns != ns->parent))
		return err;
	err = map_parse(buf, len, &m);
	if (!err && !map_is_allowed(ns, c, group, &m))
		err = -EPERM;
	for (u32 i = 0; i < m.n && !err; i++) {
		u32 last;

		if (!userns_to_base(ns->parent, group, m.e[i].lower, &m.e[i].base) ||
		    !userns_to_base(ns->parent, group,
				    m.e[i].lower + (m.e[i].count - 1), &last) ||
		    last - m.e[i].base != m.e[i].count - 1)
			err = -EPERM;
	}
	if (err)
		free(m.e);
	else
		*to = m;
	return err;
}

static int setgroups_write(struct userns *ns, const struct cred *c, const char *buf,
			   size_t len)
{
	size_t n = strcspn(buf, "\n");

	if (!cred_can(c, ns, CAP_SYS_ADMIN))
		return -EPERM;
	n = min(n, len);
	if (n == 5 && !memcmp(buf, "allow", 5))
		return ns->no_setgroups ? -EPERM : 0;
	if (n != 4 || memcmp(buf, "deny", 4) != 0)
		return -EINVAL;
	if (userns_is_first(ns) || ns->gids.e)
		return -EPERM;
	ns->no_setgroups = true;
	return 0;
}

int userns_write(struct super *s, struct userns *ns, enum userns_file what, pid_t tid,
		 const char *buf, size_t len)
{
	const struct cred *c = cred_of(s, tid);

	if (what == USERNS_MAX_NETNS)
		return write_max_netns(ns, buf, len);
	if (what == USERNS_SETGROUPS)
		return setgroups_write(ns, c, buf, len);
	return map_write(ns, c, what == USERNS_GID_MAP, buf, len);
}

/* ---- the room's own birth and death ---- */

/* The first one has the limit that the host's has for us */
static u32 host_max_netns(void)
{
	FILE *f = fopen("/proc/sys/user/max_net_namespaces", "re");
	unsigned v = INT32_MAX;

	if (!f)
		return v;
	if (fscanf(f, "%u", &v) != 1 || v > INT32_MAX)
		v = INT32_MAX;
	fclose(f);
	return v;
}

int userns_init(struct super *s)
{
	list_init(&s->usernses);
	s->first_userns = calloc(1, sizeof(struct userns));
	if (!s->first_userns)
		return -ENOMEM;
	s->first_userns->refs = 1;
	s->first_userns->max_netns = host_max_netns();
	list_init(&s->first_userns->counts);
	return 0;
}

void userns_fini(struct super *s)
{
	userns_put(s, s->first_userns);
	s->first_userns = NULL;
}
