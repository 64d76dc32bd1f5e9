/* SPDX-License-Identifier: MIT */
/*
 * cred.h - who a process is: the identity that warren keeps for it with -r
 */
#ifndef WARREN_SUPER_CRED_H
#define WARREN_SUPER_CRED_H

#include "super/super.h"

struct userns;

enum { CRED_GROUPS_MAX = 65536 };

/* Numbers are those of the warren's first user namespace. Never changed in place:
 * copy, change, cred_set(). */
struct cred {
	u32 uid, euid, suid, fsuid;
	u32 gid, egid, sgid, fsgid;
	u64 inheritable, permitted, effective, bounding, ambient;
	u32 securebits;
	u32 no_new_privs;
	struct userns *ns; /* borrowed of the record, which holds it */
	u32 n_groups;
	u32 pad;
	u32 groups[]; /* rising */
};

/*
 * The identity of thread @tid. Borrowed until the next cred_set(). Never NULL:
 * one that is not known (of a former warren, or lost) can do nothing.
 */
const struct cred *cred_of(struct super *s, pid_t tid);
/*
 * Give the process of @tid identity @want, which is copied.
 * Return: 0, -ENOMEM, -ESRCH, -EPERM (the host's hard RLIMIT_RSS is in the way)
 */
int cred_set(struct super *s, pid_t tid, const struct cred *want);
/* Is @c what every program begins with? */
bool cred_is_base(const struct super *s, const struct cred *c);
/* A copy to change, with room for @n_groups; freed with free(). NULL: no memory */
struct cred *cred_copy(const struct cred *from, u32 n_groups);

/* What @c can do in @ns: a mask of CAP_x (N2.6, N2.9) */
u64 cred_caps_in(const struct cred *c, const struct userns *ns);
bool cred_can(const struct cred *c, const struct userns *ns, int cap);
/* May @c look into @of, as ptrace(2) says of PTRACE_MODE_READ? */
bool cred_may_read(const struct cred *c, const struct cred *of);
bool cred_in_group(const struct cred *c, u32 gid);

/* What capabilities become when user ids change from @old to @c */
void cred_fix_setuid(struct cred *c, const struct cred *old);
/* … when fsuid alone changed */
void cred_fix_setfsuid(struct cred *c, const struct cred *old);

/* All capabilities over c->ns, as for who makes or enters it */
void cred_fill(const struct super *s, struct cred *c);

/* What execve() of a file makes of it */
struct cred_file {
	bool setuid, setgid; /* to these, */
	u32 uid, gid;
	bool has_caps, effective; /* and these */
	u64 permitted, inheritable;
};
void cred_exec(struct cred *c, const struct cred_file *f);

/* All capabilities this host's kernel knows */
u64 cred_all_caps(const struct super *s);

int cred_init(struct super *s);
void cred_fini(struct super *s);

/* cred_calls.c */
extern const struct call_row cred_rows[];
extern const unsigned cred_rows_n;

#endif
