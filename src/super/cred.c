/* SPDX-License-Identifier: MIT */
/*
 * cred.c - who a process is: the identity that warren keeps for it with -r
 *
 * With -r a program sees itself as root. What it makes of that has to be
 * remembered: a daemon that became "www-data" asks who it is, must not get back
 * what it gave up, and may not configure the network any more. The host knows
 * nothing of it: for the host all programs are the user who started warren, and
 * files are opened with that user's rights.
 *
 * Where it stands. As the namespace (task.c), in the process itself: the soft
 * RLIMIT_RSS, which nothing has enforced since 2.4.30 and fork and exec hand on.
 * Infinity is root with all capabilities; otherwise
 *
 *	63      48 47       32 31                    0
 *	| tag     | 0         | index of a record     |
 *
 * Records are shared by their content and never change, so a million processes
 * that dropped to one user have one record, and a process that changed nothing
 * has none. Records that no process names any more are found by walking over
 * all, when there are twice as many as after the last walk; to be freed a record
 * must be missed by two walks, for processes are born meanwhile. A word whose
 * record is missing stands for nobody: no capability, a user that owns nothing.
 *
 * Differences from Linux, where credentials are a thread's: here they are the
 * process's. libc changes them in all threads anyway.
 *
 * Without -r this file knows one identity: the user's own, with all
 * capabilities over the warren.
 */

#include "super/cred.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "super/task.h"
#include "super/userns.h"

enum { WALK_AT_LEAST = 256 };

struct record {
	struct table_node node; /* creds.by_content */
	u32 index;
	u8 missed;
	bool seen;
	struct cred cred;
};

struct creds {
	struct table by_content;
	struct record **by_index; /* [0] is NULL */
	u32 cap, n, next, walk_at;
	u64 all;
	struct cred *base, *nobody;
};

/* ---- records ---- */

static size_t cred_size(u32 n_groups)
{
	return sizeof(struct cred) + n_groups * sizeof(u32);
}

static u32 cred_hash(const struct cred *c)
{
	const u8 *at = (const u8 *)c;
	u64 h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < cred_size(c->n_groups); i++)
		h = (h ^ at[i]) * 0x100000001b3ULL;
	return (u32)(h >> 32 ^ h);
}

static struct record *record_find(struct creds *cs, const struct cred *c)
{
	struct table_node *n = table_first(&cs->by_content, cred_hash(c));

	for (; n; n = table_next(n)) {
		struct record *r = container_of(n, struct record, node);

		if (r->cred.n_groups == c->n_groups &&
		    !memcmp(&r->cred, c, cred_size(c->n_groups)))
			return r;
	}
	return NULL;
}

static int record_index(struct creds *cs, u32 *index)
{
	struct record **grown;
	u32 cap;

	if (cs->n * 2 < cs->cap) {
		/* round robin: an index rests before it is used again */
		for (u32 i = 0; i < cs->cap; i++) {
			u32 at = (cs->next + i) % cs->cap;

			if (at && !cs->by_index[at]) {
				cs->next = at + 1;
				*index = at;
				return 0;
			}
		}
	}
	cap = cs->cap ? cs->cap * 2 : 64;
	grown = realloc(cs->by_index, cap * sizeof(struct record *));
	if (!grown)
		return -ENOMEM;
	memset(grown + cs->cap, 0, (cap - cs->cap) * sizeof(struct record *));
	cs->by_index = grown;
	*index = cs->cap ? cs->cap : 1;
	cs->next = *index + 1;
	cs->cap = cap;
	return 0;
}

static void record_del(struct super *s, struct record *r)
{
	struct creds *cs = s->creds;

	table_del(&cs->by_content, &r->node);
	cs->by_index[r->index] = NULL;
	cs->n--;
	userns_put(s, r->cred.ns);
	free(r);
}

static u32 word_get(const struct super *s, pid_t tid)
{
	struct rlimit lim;

	if (prlimit(tid, RLIMIT_RSS, NULL, &lim) || lim.rlim_cur >> 48 != s->tag)
		return 0;
	return (u32)lim.rlim_cur;
}

static int word_set(const struct super *s, pid_t tid, u32 index)
{
	struct rlimit lim = {RLIM_INFINITY, RLIM_INFINITY};

	if (index)
		lim.rlim_cur = (u64)s->tag << 48 | index;
	return prlimit(tid, RLIMIT_RSS, &lim, NULL) ? -errno : 0;
}

static void record_see(struct super *s, pid_t pid, void *arg)
{
	struct creds *cs = s->creds;
	u32 index = word_get(s, pid);

	(void)arg;
	if (index < cs->cap && cs->by_index[index])
		cs->by_index[index]->seen = true;
}

static void records_walk(struct super *s)
{
	struct creds *cs = s->creds;

	task_for_each(s, record_see, NULL);
	for (u32 i = 1; i < cs->cap; i++) {
		struct record *r = cs->by_index[i];

		if (!r)
			continue;
		r->missed = r->seen ? 0 : r->missed + 1;
		r->seen = false;
		if (r->missed > 1)
			record_del(s, r);
	}
	cs->walk_at = max(cs->n * 2, (u32)WALK_AT_LEAST);
}

static int record_new(struct super *s, const struct cred *c, struct record **out)
{
	struct creds *cs = s->creds;
	struct record *r;
	int err;

	if (cs->n >= cs->walk_at)
		records_walk(s);
	r = calloc(1, sizeof(*r) + c->n_groups * sizeof(u32));
	if (!r)
		return -ENOMEM;
	err = record_index(cs, &r->index);
	if (err)
		goto err_free;
	memcpy(&r->cred, c, cred_size(c->n_groups));
	err = table_add(&cs->by_content, &r->node, cred_hash(c));
	if (err)
		goto err_free;
	userns_get(r->cred.ns);
	cs->by_index[r->index] = r;
	cs->n++;
	*out = r;
	return 0;
err_free:
	free(r);
	return err;
}

/* ---- of processes ---- */

const struct cred *cred_of(struct super *s, pid_t tid)
{
	struct creds *cs = s->creds;
	u32 index;

	if (!s->map_root)
		return cs->base;
	index = word_get(s, tid);
	if (!index)
		return cs->base;
	return index < cs->cap && cs->by_index[index] ? &cs->by_index[index]->cred
						      : cs->nobody;
}

bool cred_is_base(const struct super *s, const struct cred *c)
{
	return c == s->creds->base;
}

int cred_set(struct super *s, pid_t tid, const struct cred *want)
{
	struct creds *cs = s->creds;
	struct record *r;
	int err;

	if (want->n_groups == cs->base->n_groups &&
	    !memcmp(want, cs->base, cred_size(want->n_groups)))
		return word_set(s, tid, 0);
	r = record_find(cs, want);
	if (!r) {
		err = record_new(s, want, &r);
		if (err)
			return err;
	}
	r->missed = 0;
	return word_set(s, tid, r->index);
}

struct cred *cred_copy(const struct cred *from, u32 n_groups)
{
	struct cred *c = calloc(1, cred_size(n_groups));
	u32 n = min(from->n_groups, n_groups);

	if (!c)
		return NULL;
	memcpy(c, from, cred_size(n));
	c->n_groups = n_groups;
	return c;
}

/* ---- what it can do ---- */

u64 cred_caps_in(const struct cred *c, const struct userns *ns)
{
	for (;; ns = ns->parent) {
		if (ns == c->ns)
			return c->effective;
		if (ns->level <= c->ns->level)
			return 0;
		/* who made a user namespace can do all in it, from the one above */
		if (ns->parent == c->ns && ns->owner == c->euid)
			return ~0ULL;
	}
}

bool cred_can(const struct cred *c, const struct userns *ns, int cap)
{
	return cred_caps_in(c, ns) >> cap & 1;
}

bool cred_may_read(const struct cred *c, const struct cred *of)
{
	if (c == of)
		return true;
	if (cred_can(c, of->ns, CAP_SYS_PTRACE))
		return true;
	return c->fsuid == of->uid && c->fsuid == of->euid && c->fsuid == of->suid &&
	       c->fsgid == of->gid && c->fsgid == of->egid && c->fsgid == of->sgid &&
	       c->ns == of->ns && !(of->permitted & ~c->effective);
}

bool cred_in_group(const struct cred *c, u32 gid)
{
	if (gid == c->fsgid || gid == c->egid)
		return true;
	for (u32 i = 0; i < c->n_groups; i++)
		if (c->groups[i] == gid)
			return true;
	return false;
}

/* ---- what changes of ids and execve() make of capabilities ---- */

static u32 cred_root(const struct cred *c)
{
	u32 root;

	return userns_to_base(c->ns, false, 0, &root) ? root : (u32)-1;
}

void cred_fix_setuid(struct cred *c, const struct cred *old)
{
	u32 root = cred_root(c);
	bool was = old->uid == root || old->euid == root || old->suid == root;
	bool is = c->uid == root || c->euid == root || c->suid == root;

	if (c->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (was && !is) {
		if (!(c->securebits & SECBIT_KEEP_CAPS))
			c->permitted = c->effective = 0;
		c->ambient = 0;
	}
	if (old->euid == root && c->euid != root)
		c->effective = 0;
	if (old->euid != root && c->euid == root)
		c->effective = c->permitted;
}

void cred_fix_setfsuid(struct cred *c, const struct cred *old)
{
	const u64 fs = 1ULL << CAP_CHOWN | 1ULL << CAP_MKNOD |
		       1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_DAC_READ_SEARCH |
		       1ULL << CAP_FOWNER | 1ULL << CAP_FSETID |
		       1ULL << CAP_LINUX_IMMUTABLE | 1ULL << CAP_MAC_OVERRIDE;
	u32 root = cred_root(c);

	if (c->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (old->fsuid == root && c->fsuid != root)
		c->effective &= ~fs;
	if (old->fsuid != root && c->fsuid == root)
		c->effective |= c->permitted & fs;
}

void cred_exec(struct cred *c, const struct cred_file *f)
{
	u32 root = cred_root(c);
	bool set = false, effective = f->has_caps && f->effective;
	u64 permitted = 0;

	if (f->setuid && !c->no_new_privs) {
		set |= f->uid != c->uid;
		c->euid = f->uid;
	}
	if (f->setgid && !c->no_new_privs) {
		set |= f->gid != c->gid;
		c->egid = f->gid;
	}
	c->suid = c->fsuid = c->euid;
	c->sgid = c->fsgid = c->egid;
	if (f->has_caps && !c->no_new_privs)
		permitted =
		    (f->permitted & c->bounding) | (f->inheritable & c->inheritable);
	if (!(c->securebits & SECBIT_NOROOT)) {
		if (c->euid == root || c->uid == root)
			permitted = c->bounding | c->inheritable;
		if (c->euid == root)
			effective = true;
	}
	if (set || f->has_caps)
		c->ambient = 0;
	c->permitted = permitted | c->ambient;
	c->effective = effective ? c->permitted : c->ambient;
	c->securebits &= ~(u32)SECBIT_KEEP_CAPS;
}

void cred_fill(const struct super *s, struct cred *c)
{
	c->inheritable = c->ambient = 0;
	c->permitted = c->effective = c->bounding = s->creds->all;
	c->securebits = 0;
}

/* ---- birth and death ---- */

u64 cred_all_caps(const struct super *s)
{
	return s->creds->all;
}

/* The last capability that the host's kernel knows */
static u64 probe_all_caps(void)
{
	FILE *f = fopen("/proc/sys/kernel/cap_last_cap", "re");
	unsigned last = CAP_LAST_CAP;

	if (f && fscanf(f, "%u", &last) != 1)
		last = CAP_LAST_CAP;
	if (f)
		fclose(f);
	return last < 63 ? (1ULL << (last + 1)) - 1 : ~0ULL;
}

static struct cred *cred_plain(struct super *s, u32 uid, u32 gid, u64 caps)
{
	struct cred *c = calloc(1, cred_size(0));

	if (!c)
		return NULL;
	c->uid = c->euid = c->suid = c->fsuid = uid;
	c->gid = c->egid = c->sgid = c->fsgid = gid;
	c->permitted = c->effective = caps;
	c->bounding = s->creds->all;
	c->ns = s->first_userns;
	return c;
}

/* Ours goes to every program; one that an outer warren left is not ours. */
static int word_prepare(const struct super *s)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_RSS, &lim))
		return -errno;
	if (lim.rlim_max != RLIM_INFINITY) {
		log_warn(&s->log, "the hard limit RLIMIT_RSS (ulimit -m) is not "
				  "unlimited: programs cannot change their user");
		return 0;
	}
	lim.rlim_cur = RLIM_INFINITY;
	return setrlimit(RLIMIT_RSS, &lim) ? -errno : 0;
}

int cred_init(struct super *s)
{
	struct creds *cs = calloc(1, sizeof(*cs));
	int err;

	if (!cs)
		return -ENOMEM;
	table_init(&cs->by_content);
	cs->walk_at = WALK_AT_LEAST;
	cs->all = probe_all_caps();
	s->creds = cs;
	err = userns_init(s);
	if (err)
		goto err_free;
	cs->base = cred_plain(s, s->uid, s->gid, cs->all);
	cs->nobody = cred_plain(s, USERNS_OVERFLOW, USERNS_OVERFLOW, 0);
	err = -ENOMEM;
	if (cs->base && cs->nobody)
		err = s->map_root ? word_prepare(s) : 0;
	if (!err)
		return 0;
	cred_fini(s);
	return err;
err_free:
	free(cs);
	s->creds = NULL;
	return err;
}

void cred_fini(struct super *s)
{
	struct creds *cs = s->creds;

	for (u32 i = 1; i < cs->cap; i++)
		if (cs->by_index[i])
			record_del(s, cs->by_index[i]);
	table_fini(&cs->by_content);
	free(cs->by_index);
	free(cs->base);
	free(cs->nobody);
	userns_fini(s);
	free(cs);
	s->creds = NULL;
}
