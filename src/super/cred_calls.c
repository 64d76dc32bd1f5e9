/* SPDX-License-Identifier: MIT */
/*
 * cred_calls.c - get*id, set*id, groups, capabilities and what execve() makes of them
 *
 * Caught with -r only (trap.c). Each answers as Linux does for a process with
 * the identity of cred.c; none changes anything on the host.
 *
 * execve() is caught, too, because it gives and takes capabilities. Nearly
 * always it changes nothing of the identity, and the kernel goes on at once.
 * Else the call is run under our eyes (trace.c), and the new identity is in
 * force when it has succeeded.
 */

#include "super/cred.h"

#include <endian.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "super/files.h"
#include "super/memory.h"
#include "super/task.h"
#include "super/trace.h"
#include "super/userns.h"

enum { KEEP = -1 }; /* setresuid(): leave this one */

/* The identity that a call changes */
struct change {
	const struct cred *old;
	struct cred *c;
	bool priv; /* CAP_SETUID or CAP_SETGID */
};

static int change_begin(struct super *s, const struct call *c, int cap,
			struct change *ch)
{
	ch->old = cred_of(s, c->tid);
	ch->c = cred_copy(ch->old, ch->old->n_groups);
	ch->priv = cred_can(ch->old, ch->old->ns, cap);
	return ch->c ? 0 : -ENOMEM;
}

static void change_end(struct super *s, struct call *c, struct change *ch, s64 ret)
{
	if (ret >= 0) {
		int err = cred_set(s, c->tid, ch->c);

		ret = err ? err : ret;
	}
	free(ch->c);
	super_reply(s, c, ret);
}

/* ---- get ---- */

static u32 shown(const struct cred *c, bool group, u32 id)
{
	return userns_from_base(c->ns, group, id);
}

static void call_getid(struct super *s, struct call *c)
{
	const struct cred *cr = cred_of(s, c->tid);
	u32 id = 0;
	bool group = c->nr == SCMP_SYS(getgid) || c->nr == SCMP_SYS(getegid);

	if (c->nr == SCMP_SYS(getuid))
		id = cr->uid;
	else if (c->nr == SCMP_SYS(geteuid))
		id = cr->euid;
	else if (c->nr == SCMP_SYS(getgid))
		id = cr->gid;
	else
		id = cr->egid;
	super_reply(s, c, shown(cr, group, id));
}

static void call_getres(struct super *s, struct call *c)
{
	const struct cred *cr = cred_of(s, c->tid);
	bool group = c->nr == SCMP_SYS(getresgid);
	u32 ids[3] = {group ? cr->gid : cr->uid, group ? cr->egid : cr->euid,
		      group ? cr->sgid : cr->suid};
	int err = 0;

	for (int i = 0; i < 3 && !err; i++) {
		ids[i] = shown(cr, group, ids[i]);
		err = mem_write(c, c->args[i], &ids[i], sizeof(ids[i]));
	}
	super_reply(s, c, err);
}

/* ---- set user and group ids: one code for both, on four numbers ---- */

struct four {
	u32 *r, *e, *s, *f;
};

static struct four four_of(struct cred *c, bool group)
{
	return group ? (struct four){&c->gid, &c->egid, &c->sgid, &c->fsgid}
		     : (struct four){&c->uid, &c->euid, &c->suid, &c->fsuid};
}

static bool is_group_call(int nr)
{
	return nr == SCMP_SYS(setgid) || nr == SCMP_SYS(setregid) ||
	       nr == SCMP_SYS(setresgid) || nr == SCMP_SYS(setfsgid) ||
	       nr == SCMP_SYS(setgroups);
}

/* Argument @i as a number of the first user namespace; @keep: what -1 stands for */
static int id_arg(const struct call *c, const struct cred *cr, int i, bool group,
		  u32 keep, u32 *id)
{
	if ((s32)c->args[i] == KEEP) {
		*id = keep;
		return 0;
	}
	return userns_to_base(cr->ns, group, (u32)c->args[i], id) ? 0 : -EINVAL;
}

static int set_one(struct change *ch, struct four f, u32 id)
{
	if (ch->priv)
		*f.r = *f.s = id;
	else if (id != *f.r && id != *f.s)
		return -EPERM;
	*f.e = *f.f = id;
	return 0;
}

static void call_setid(struct super *s, struct call *c)
{
	bool group = is_group_call(c->nr);
	struct change ch;
	u32 id;
	int err = change_begin(s, c, group ? CAP_SETGID : CAP_SETUID, &ch);

	if (!err && !userns_to_base(ch.c->ns, group, (u32)c->args[0], &id))
		err = -EINVAL;
	if (!err)
		err = set_one(&ch, four_of(ch.c, group), id);
	if (!err && !group)
		cred_fix_setuid(ch.c, ch.old);
	change_end(s, c, &ch, err);
}

static int set_re(struct change *ch, struct four f, u32 r, u32 e, bool r_given,
		  bool e_given)
{
	u32 old_r = *f.r, old_e = *f.e;

	if (r_given && !ch->priv && r != old_r && r != old_e)
		return -EPERM;
	if (e_given && !ch->priv && e != old_r && e != old_e && e != *f.s)
		return -EPERM;
	*f.r = r;
	*f.e = *f.f = e;
	if (r_given || (e_given && e != old_r))
		*f.s = e;
	return 0;
}

static void call_setre(struct super *s, struct call *c)
{
	bool group = is_group_call(c->nr);
	struct change ch;
	struct four f;
	u32 r, e;
	int err = change_begin(s, c, group ? CAP_SETGID : CAP_SETUID, &ch);

	if (!err) {
		f = four_of(ch.c, group);
		err = id_arg(c, ch.c, 0, group, *f.r, &r);
	}
	if (!err)
		err = id_arg(c, ch.c, 1, group, *f.e, &e);
	if (!err)
		err = set_re(&ch, f, r, e, (s32)c->args[0] != KEEP,
			     (s32)c->args[1] != KEEP);
	if (!err && !group)
		cred_fix_setuid(ch.c, ch.old);
	change_end(s, c, &ch, err);
}

static bool is_one_of(u32 id, u32 a, u32 b, u32 c)
{
	return id == a || id == b || id == c;
}

static void call_setres(struct super *s, struct call *c)
{
	bool group = is_group_call(c->nr);
	struct change ch;
	struct four f;
	u32 ids[3];
	int err = change_begin(s, c, group ? CAP_SETGID : CAP_SETUID, &ch);

	if (!err) {
		const u32 old[3] = {*four_of(ch.c, group).r, *four_of(ch.c, group).e,
				    *four_of(ch.c, group).s};

		f = four_of(ch.c, group);
		for (int i = 0; i < 3 && !err; i++)
			err = id_arg(c, ch.c, i, group, old[i], &ids[i]);
		for (int i = 0; i < 3 && !err; i++)
			if (!ch.priv && !is_one_of(ids[i], old[0], old[1], old[2]))
				err = -EPERM;
	}
	if (!err) {
		*f.r = ids[0];
		*f.e = *f.f = ids[1];
		*f.s = ids[2];
		if (!group)
			cred_fix_setuid(ch.c, ch.old);
	}
	change_end(s, c, &ch, err);
}

/* Never fails: the old number, whether it changed or not */
static void call_setfs(struct super *s, struct call *c)
{
	bool group = is_group_call(c->nr);
	struct change ch;
	struct four f;
	u32 id, old;
	int err = change_begin(s, c, group ? CAP_SETGID : CAP_SETUID, &ch);

	if (err) {
		super_reply(s, c, err);
		return;
	}
	f = four_of(ch.c, group);
	old = shown(ch.c, group, *f.f);
	if (userns_to_base(ch.c->ns, group, (u32)c->args[0], &id) &&
	    (ch.priv || id == *f.f || is_one_of(id, *f.r, *f.e, *f.s))) {
		*f.f = id;
		if (!group)
			cred_fix_setfsuid(ch.c, ch.old);
	}
	change_end(s, c, &ch, old);
}

/* ---- groups ---- */

static void call_getgroups(struct super *s, struct call *c)
{
	const struct cred *cr = cred_of(s, c->tid);
	s32 room = (s32)c->args[0];
	u32 *list;
	int err = 0;

	if (room < 0 || (room && (u32)room < cr->n_groups)) {
		super_reply(s, c, -EINVAL);
		return;
	}
	list = malloc(cr->n_groups * sizeof(u32) + 1);
	if (!list) {
		super_reply(s, c, -ENOMEM);
		return;
	}
	for (u32 i = 0; i < cr->n_groups; i++)
		list[i] = shown(cr, true, cr->groups[i]);
	if (room)
		err = mem_write(c, c->args[1], list, cr->n_groups * sizeof(u32));
	err = err ? err : (int)cr->n_groups;
	free(list);
	super_reply(s, c, err);
}

static int by_number(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

static void call_setgroups(struct super *s, struct call *c)
{
	const struct cred *old = cred_of(s, c->tid);
	u32 n = (u32)c->args[0];
	struct cred *cr;
	int err;

	if (!cred_can(old, old->ns, CAP_SETGID) || old->ns->no_setgroups ||
	    (old->ns->parent && !old->ns->gids.e)) {
		super_reply(s, c, -EPERM);
		return;
	}
	if (n > CRED_GROUPS_MAX) {
		super_reply(s, c, -EINVAL);
		return;
	}
	cr = cred_copy(old, n);
	err = cr ? mem_read(c, c->args[1], cr->groups, n * sizeof(u32)) : -ENOMEM;
	for (u32 i = 0; i < n && !err; i++)
		if (!userns_to_base(cr->ns, true, cr->groups[i], &cr->groups[i]))
			err = -EINVAL;
	if (!err) {
		qsort(cr->groups, n, sizeof(u32), by_number);
		err = cred_set(s, c->tid, cr);
	}
	free(cr);
	super_reply(s, c, err);
}

/* ---- capabilities ---- */

/* Of the header: how many words a set has. Return: 1, 2; 0: unknown, and said so */
static int cap_words(const struct call *c, struct __user_cap_header_struct *h)
{
	if (mem_read(c, c->args[0], h, sizeof(*h)))
		return -EFAULT;
	switch (h->version) {
	case _LINUX_CAPABILITY_VERSION_1:
		return 1;
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3:
		return 2;
	default:
		h->version = _LINUX_CAPABILITY_VERSION_3;
		return mem_write(c, c->args[0], &h->version, sizeof(h->version))
			   ? -EFAULT
			   : 0;
	}
}

static void call_capget(struct super *s, struct call *c)
{
	struct __user_cap_header_struct h;
	struct __user_cap_data_struct d[2];
	const struct cred *cr;
	int words = cap_words(c, &h);

	if (words <= 0) {
		super_reply(s, c, words < 0 ? words : c->args[1] ? -EINVAL : 0);
		return;
	}
	if (h.pid < 0 || (h.pid && !task_tgid(h.pid))) {
		super_reply(s, c, h.pid < 0 ? -EINVAL : -ESRCH);
		return;
	}
	cr = cred_of(s, h.pid ? h.pid : c->tid);
	for (int i = 0; i < 2; i++) {
		d[i].effective = (u32)(cr->effective >> 32 * i);
		d[i].permitted = (u32)(cr->permitted >> 32 * i);
		d[i].inheritable = (u32)(cr->inheritable >> 32 * i);
	}
	super_reply(
	    s, c,
	    c->args[1] ? mem_write(c, c->args[1], d, sizeof(d[0]) * (size_t)words) : 0);
}

static int cap_set(struct cred *c, const struct cred *old, u64 eff, u64 prm, u64 inh)
{
	bool setpcap = cred_can(old, old->ns, CAP_SETPCAP);

	if (!setpcap && inh & ~(old->inheritable | old->permitted))
		return -EPERM;
	if (inh & ~(old->inheritable | old->bounding))
		return -EPERM;
	if (prm & ~old->permitted || eff & ~prm)
		return -EPERM;
	c->effective = eff;
	c->permitted = prm;
	c->inheritable = inh;
	c->ambient &= prm & inh;
	return 0;
}

static void call_capset(struct super *s, struct call *c)
{
	struct __user_cap_header_struct h;
	struct __user_cap_data_struct d[2] = {{0}};
	u64 all = cred_all_caps(s);
	struct change ch;
	int err, words = cap_words(c, &h);

	if (words <= 0) {
		super_reply(s, c, words < 0 ? words : -EINVAL);
		return;
	}
	if (h.pid && h.pid != c->tid) {
		super_reply(s, c, -EPERM);
		return;
	}
	if (mem_read(c, c->args[1], d, sizeof(d[0]) * (size_t)words)) {
		super_reply(s, c, -EFAULT);
		return;
	}
	err = change_begin(s, c, CAP_SETPCAP, &ch);
	if (!err)
		err = cap_set(ch.c, ch.old,
			      (d[0].effective | (u64)d[1].effective << 32) & all,
			      (d[0].permitted | (u64)d[1].permitted << 32) & all,
			      (d[0].inheritable | (u64)d[1].inheritable << 32) & all);
	change_end(s, c, &ch, err);
}

/* ---- prctl ---- */

static s64 prctl_ambient(const struct super *s, struct cred *c, const u64 *args)
{
	u64 bit = 1ULL << (args[2] & 63);

	if (args[1] == PR_CAP_AMBIENT_CLEAR_ALL) {
		if (args[2] | args[3] | args[4])
			return -EINVAL;
		c->ambient = 0;
		return 0;
	}
	if (args[3] | args[4] || args[2] > 63 || !(bit & cred_all_caps(s)))
		return -EINVAL;
	switch (args[1]) {
	case PR_CAP_AMBIENT_IS_SET:
		return !!(c->ambient & bit);
	case PR_CAP_AMBIENT_RAISE:
		if (!(c->permitted & c->inheritable & bit) ||
		    c->securebits & SECBIT_NO_CAP_AMBIENT_RAISE)
			return -EPERM;
		c->ambient |= bit;
		return 0;
	case PR_CAP_AMBIENT_LOWER:
		c->ambient &= ~bit;
		return 0;
	default:
		return -EINVAL;
	}
}

static s64 prctl_securebits(struct change *ch, u64 bits)
{
	u32 old = ch->old->securebits, locks = SECURE_ALL_LOCKS;

	if ((old & locks) >> 1 & (old ^ (u32)bits) || old & locks & ~(u32)bits ||
	    bits & ~(u64)(SECURE_ALL_LOCKS | SECURE_ALL_BITS) || !ch->priv)
		return -EPERM;
	ch->c->securebits = (u32)bits;
	return 0;
}

static s64 prctl_keep(struct cred *c, u64 on)
{
	if (on > 1)
		return -EINVAL;
	if (c->securebits & SECBIT_KEEP_CAPS_LOCKED)
		return -EPERM;
	c->securebits &= ~(u32)SECBIT_KEEP_CAPS;
	c->securebits |= on ? SECBIT_KEEP_CAPS : 0;
	return 0;
}

static s64 prctl_bounding(const struct super *s, struct change *ch, bool drop, u64 cap)
{
	u64 bit = 1ULL << (cap & 63);

	if (!drop)
		return cap > 63 || !(bit & cred_all_caps(s))
			   ? -EINVAL
			   : !!(ch->c->bounding & bit);
	if (!ch->priv)
		return -EPERM;
	if (cap > 63 || !(bit & cred_all_caps(s)))
		return -EINVAL;
	ch->c->bounding &= ~bit;
	return 0;
}

static s64 do_prctl(const struct super *s, const struct call *c, struct change *ch)
{
	const u64 *a = c->args;

	switch ((int)a[0]) {
	case PR_CAPBSET_READ:
	case PR_CAPBSET_DROP:
		return prctl_bounding(s, ch, a[0] == PR_CAPBSET_DROP, a[1]);
	case PR_GET_SECUREBITS:
		return ch->c->securebits;
	case PR_SET_SECUREBITS:
		return prctl_securebits(ch, a[1]);
	case PR_GET_KEEPCAPS:
		return !!(ch->c->securebits & SECBIT_KEEP_CAPS);
	case PR_SET_KEEPCAPS:
		return prctl_keep(ch->c, a[1]);
	case PR_CAP_AMBIENT:
		return prctl_ambient(s, ch->c, a);
	case PR_GET_NO_NEW_PRIVS:
		return a[1] | a[2] | a[3] | a[4] ? -EINVAL : (s64)ch->c->no_new_privs;
	case PR_SET_NO_NEW_PRIVS:
		if (a[1] != 1 || a[2] | a[3] | a[4])
			return -EINVAL;
		ch->c->no_new_privs = 1;
		return 0;
	default:
		return -EINVAL;
	}
}

static void call_prctl(struct super *s, struct call *c)
{
	struct change ch;
	s64 ret = change_begin(s, c, CAP_SETPCAP, &ch);

	if (!ret)
		ret = do_prctl(s, c, &ch);
	change_end(s, c, &ch, ret);
}

/* ---- execve ---- */

/* The file's own bits. Scripts and what we cannot see have none. */
static void exec_file(struct super *s, const struct call *c, struct cred_file *f)
{
	bool at = c->nr == SCMP_SYS(execveat);
	struct vfs_ns_cap_data cap;
	char file[4200];
	struct path p;
	struct stat st;
	ssize_t n;

	memset(f, 0, sizeof(*f));
	if (files_path(s, c, at ? (int)c->args[0] : AT_FDCWD, c->args[at ? 1 : 0],
		       &p) ||
	    p.kind != PATH_FOREIGN || !p.abs[0])
		return;
	snprintf(file, sizeof(file), "/proc/%d/root%s", (int)c->tid, p.abs);
	if (stat(file, &st) || !S_ISREG(st.st_mode))
		return;
	f->setuid = st.st_mode & S_ISUID && st.st_uid != s->host_uid;
	f->setgid = st.st_mode & S_ISGID && st.st_mode & S_IXGRP;
	f->uid = st.st_uid;
	f->gid = st.st_gid;
	n = getxattr(file, "security.capability", &cap, sizeof(cap));
	if (n < (ssize_t)XATTR_CAPS_SZ_2)
		return;
	f->has_caps = true;
	f->effective = le32toh((__force u32)cap.magic_etc) & VFS_CAP_FLAGS_EFFECTIVE;
	f->permitted = le32toh((__force u32)cap.data[0].permitted) |
		       (u64)le32toh((__force u32)cap.data[1].permitted) << 32;
	f->inheritable = le32toh((__force u32)cap.data[0].inheritable) |
			 (u64)le32toh((__force u32)cap.data[1].inheritable) << 32;
}

static void exec_done(struct super *s, pid_t tid, bool ok, s64 ret, void *arg)
{
	struct cred *c = arg;

	if (ok && ret == 0)
		cred_set(s, tid, c);
	userns_put(s, c->ns);
	free(c);
}

static void call_execve(struct super *s, struct call *c)
{
	const struct cred *old = cred_of(s, c->tid);
	struct cred_file f;
	struct cred *next;

	if (cred_is_base(s, old) || trace_is_rerun(s, c->tid)) { /* root stays root */
		super_continue(s, c);
		return;
	}
	next = cred_copy(old, old->n_groups);
	if (!next) {
		super_reply(s, c, -ENOMEM);
		return;
	}
	exec_file(s, c, &f);
	cred_exec(next, &f);
	if (!memcmp(next, old, sizeof(*next))) {
		free(next);
		super_continue(s, c);
		return;
	}
	userns_get(next->ns);
	/* the thread that executes takes the number of its process: cannot be followed
	 */
	if (task_tgid(c->tid) != c->tid || trace_is_traced(c->tid)) {
		pid_t tid = c->tid;

		super_continue(s, c);
		exec_done(s, tid, true, 0, next);
		return;
	}
	trace_rerun(s, c, c->args[0], exec_done, next);
}

const struct call_row cred_rows[] = {
    {SCMP_SYS(getuid), call_getid},	   {SCMP_SYS(geteuid), call_getid},
    {SCMP_SYS(getgid), call_getid},	   {SCMP_SYS(getegid), call_getid},
    {SCMP_SYS(getresuid), call_getres},	   {SCMP_SYS(getresgid), call_getres},
    {SCMP_SYS(setuid), call_setid},	   {SCMP_SYS(setgid), call_setid},
    {SCMP_SYS(setreuid), call_setre},	   {SCMP_SYS(setregid), call_setre},
    {SCMP_SYS(setresuid), call_setres},	   {SCMP_SYS(setresgid), call_setres},
    {SCMP_SYS(setfsuid), call_setfs},	   {SCMP_SYS(setfsgid), call_setfs},
    {SCMP_SYS(getgroups), call_getgroups}, {SCMP_SYS(setgroups), call_setgroups},
    {SCMP_SYS(capget), call_capget},	   {SCMP_SYS(capset), call_capset},
    {SCMP_SYS(prctl), call_prctl},	   {SCMP_SYS(execve), call_execve},
    {SCMP_SYS(execveat), call_execve},
};
const unsigned cred_rows_n = ARRAY_SIZE(cred_rows);
