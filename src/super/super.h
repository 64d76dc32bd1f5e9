/* SPDX-License-Identifier: MIT */
/*
 * super.h - the supervisor: runs programs on the stack and answers their calls
 *
 * One struct super serves one tree of processes. It holds the stack, one epoll
 * set and the seccomp listener; a system call that the filter (trap.c) caught
 * arrives as a struct call and is given to the handler that the table of
 * calls.c, files.c or netns.c names for its number.
 *
 * A handler ends in exactly one of super_reply(), super_reply_fd(),
 * super_continue() and super_hold(). After the first three the call is gone;
 * after super_hold() it stays until somebody replies to it later, or until its
 * cancel function is called.
 *
 * Results inside are 0 or positive, or a negative errno.
 */
#ifndef WARREN_SUPER_SUPER_H
#define WARREN_SUPER_SUPER_H

#include "base/list.h"
#include "base/log.h"
#include "base/table.h"
#include "base/types.h"
#include "core/host_unix.h"

#include <signal.h>
#include <sys/types.h>

struct call;
struct creds;
struct files;
struct mounts;
struct net;
struct netns;
struct plane;
struct super;
struct userns;
struct warren;

/* ---- the loop ---- */

struct source;
typedef void source_fn(struct super *s, struct source *src, u32 events);

/* A descriptor in the epoll set; embedded in its owner. */
struct source {
	int fd;
	source_fn *fn;
	u32 events; /* EPOLLIN, … as asked for */
	u32 slot;   /* super.c's */
	u32 serial; /* of the slot; 0: not watched */
};

/* Return: 0 or a negative errno. @events may hold EPOLLET */
int super_watch(struct super *s, struct source *src, int fd, u32 events, source_fn *fn);
int super_rewatch(struct super *s, struct source *src, u32 events);
/* Idempotent; after it no event of @src arrives, not even of this turn. */
void super_unwatch(struct super *s, struct source *src);

/* ---- calls ---- */

typedef void call_fn(struct super *s, struct call *c);

/*
 * The held call is over without a reply of its holder: the caller was killed,
 * or a signal interrupts it (the kernel then does EINTR or SA_RESTART; a
 * restarted call arrives anew). Undo what was prepared, forget @c; no reply.
 */
typedef void call_cancel(struct super *s, struct call *c);

enum call_state {
	CALL_NEW,	/* in its handler */
	CALL_HELD,	/* waits for somebody's reply; cancel is set */
	CALL_INTERRUPT, /* cancelled; the task is being stopped, see trace.c */
	CALL_DONE,	/* answered */
};

struct call {
	struct list node;      /* in super.held */
	struct listener *from; /* through which it came */
	u64 id;		       /* seccomp's cookie */
	pid_t tid;	       /* of the calling thread, in our pid namespace */
	int nr;		       /* native number */
	u64 args[6];	       /* registers: copied once, by the kernel */
	bool carried;	       /* it came in by prctl(), carried.c */
	enum call_state state;
	call_cancel *cancel;
	void *held_by; /* the holder's own */
	s64 partial;   /* > 0: result should a signal end the wait */
	/* held.c's */
	u64 held_ns, look_ns, look_delay_ns;
	int status_fd; /* of the thread, in /proc; -1: not opened yet */
};

/* A filter's listener: of the first program, and one for each `warren exec`. */
struct listener {
	struct list node; /* super.listeners */
	struct source src;
	pid_t root; /* the process whose descendants it serves */
};

/* One row of a dispatch table; handlers are found by number. */
struct call_row {
	int nr; /* -1: this machine has no such call */
	call_fn *fn;
};

/* @ret: what the program sees: >= 0, or a negative errno */
/* @c to the handler of its number */
void super_call(struct super *s, struct call *c);
void super_reply(struct super *s, struct call *c, s64 ret);
/*
 * Put a duplicate of @fd into the program, lowest free number, and return that
 * number from the call, in one step. @fd stays the caller's.
 * Return: the number, or a negative errno (the program has no free descriptor, or is
 * gone); then the call is answered with that errno, so undo, but do not reply.
 */
int super_reply_fd(struct super *s, struct call *c, int fd, bool cloexec);
/* Put a duplicate of @fd into the program without answering (SCM_RIGHTS).
 * Return: its number there, or a negative errno */
int super_add_fd(struct super *s, struct call *c, int fd, bool cloexec);
/* The same, in the place of the program's descriptor @at */
int super_put_fd(struct super *s, struct call *c, int fd, int at, bool cloexec);
/* Let the kernel do the call. Never for socket() of a family we serve. */
void super_continue(struct super *s, struct call *c);
void super_hold(struct super *s, struct call *c, call_cancel *cancel, void *held_by);
/* No answer: the caller is gone. */
void super_drop(struct super *s, struct call *c);
/* Is the caller still in this call? Ask after reading its memory or /proc. */
bool super_call_valid(struct super *s, const struct call *c);

/* ---- who stands behind a descriptor ---- */

enum ident_kind {
	IDENT_SOCKET,  /* plane.c: struct endpoint */
	IDENT_NETNS,   /* netns.c: struct netns */
	IDENT_USERNS,  /* userns.c: struct userns */
	IDENT_TUNABLE, /* files.c: an open /proc/sys/net file */
};

/* An open file that is ours, by inode; embedded in its owner. */
struct ident {
	struct table_node node;
	u64 dev, ino;
	enum ident_kind kind;
	/* Without FAC_PIDFD_GETFD its owner keeps a duplicate as long as calls will
	 * need one: that descriptor + 1. 0: none */
	int kept;
};

int super_ident_add(struct super *s, struct ident *id, enum ident_kind kind, int fd);
void super_ident_del(struct super *s, struct ident *id);
struct ident *super_ident(struct super *s, u64 dev, u64 ino); /* NULL: not ours */

/* ---- the instance ---- */

struct super_config {
	const char *name;    /* of the warren; NULL: warren-PID */
	const char *runtime; /* directory for private files, 0700; exists */
	const char *root;    /* /, for the programs; NULL: the host's */
	const char *preload; /* LD_PRELOAD as it is, or NULL; borrowed */
	bool map_root;	     /* the program shall see uid 0 */
	bool wait;	     /* stay until the last process ended */
	bool verbose;
	u32 disable;	  /* enum facility bits not to be used, for tests */
	struct warren *w; /* borrowed; NULL: namespaces without a stack */
	struct log log;
};

/* Of the epoll set: an event names slot and serial, so a stale one is seen. */
struct source_slot {
	struct source *src; /* NULL: free */
	u32 serial;
};

/* What the place allows, probed at start (interception: which kernel has what) */
enum facility {
	FAC_WAIT_KILLABLE = 1 << 0, /* 5.19 */
	FAC_SYNC_WAKE_UP = 1 << 1,  /* 6.6 */
	FAC_PIDFD_THREAD = 1 << 2,  /* 6.9 */
	FAC_PIDFD_GETFD = 1 << 3,   /* EPERM under a container's filter */
	FAC_IOPRIO_HINT = 1 << 4,   /* 6.5 */
	FAC_UNIX_DIAG = 1 << 5, /* a module of the host; plane_loose.c looks for it */
	FAC_NS_CALLS = 1 << 6,	/* unshare() and its kin: not in a container */
};

enum {
	SUPER_NR_MAX = 512, /* system call numbers that a table may name */
	SUPER_ALARMS = 16,
};

/* A timer of a program, whose signal may end a held call */
struct alarm {
	pid_t who;
	u64 at_ns, every_ns; /* 0: free; once */
};

struct super {
	struct warren *w;
	struct plane *plane;	    /* plane.c */
	struct host_unix host_unix; /* unix_list.c */
	struct files *files;	    /* files.c */
	const char *preload;	    /* of the first program, before ours */
	struct mounts *mounts;	    /* mounts.c */
	struct source control;	    /* control.c: listening socket */
	struct list clients;	    /* struct client */
	u32 n_clients;
	struct log log;
	u32 facilities;
	u32 tag; /* this warren's random word in the tags of task.c */
	bool map_root;
	bool wait;
	u32 uid, gid;		/* of all programs, as they see it at first */
	u32 host_uid, host_gid; /* as the host sees it */
	struct creds *creds;	/* cred.c */
	struct userns *first_userns;
	char *root;	      /* of --root, as the host names it; NULL */
	bool own_mounts;      /* programs have a mount namespace of their own */
	bool other_roots;     /* somebody may have another / than ours */
	pid_t chroot_asked;   /* for whom a user namespace was asked, roots.c */
	struct list usernses; /* struct userns, without the first */
	u32 last_userns;

	int epfd;
	struct list listeners;
	struct source signals;
	struct source_slot *slots;
	u32 n_slots, hint_slot, next_serial;
	sigset_t old_mask; /* what we were started with; programs get it back */

	pid_t parent;	  /* when it is another, ours was killed */
	pid_t child;	  /* the first program */
	int child_status; /* waitpid's; valid when child_ended */
	bool child_ended;
	bool finished;
	u64 grace_ns; /* when to send SIGKILL; 0: not ending */
	u32 kills;    /* rounds of SIGKILL so far */
	u64 watch_ns; /* when to look at held calls again; 0: none held */
	u64 alarm_ns; /* the first of alarms; 0: none */
	struct alarm alarms[SUPER_ALARMS];
	u64 sweep_ns; /* when to look for namespaces without users; 0: no need */

	struct list held; /* struct call */
	u32 n_held;
	struct list traces; /* struct trace: tasks that are being stopped */
	struct table idents;
	struct table tasks; /* struct task, by tid */
	struct list tasks_lru;
	u32 n_tasks;
	struct table unixes; /* AF_UNIX sockets of programs, unix_ns.c */
	u32 unix_serial, unix_walk_at;
	struct list netnses; /* struct netns */
	struct netns *init_ns;
	struct netns **ns_by_index;
	u32 ns_cap, ns_next, n_netns;
	struct source inotify;	   /* closed namespace files */
	struct netns **ns_by_slot; /* namespaces of threads, see task.c */
	u32 slots_used;
	call_fn *handlers[SUPER_NR_MAX];
};

int super_new(const struct super_config *cfg, struct super **out);
void super_free(struct super *s);
/* Start @argv in the initial namespace. Return: 0 or a negative errno */
int super_start(struct super *s, char *const argv[]);
/* Serve until all is over. Return: waitpid's status of the first program */
int super_loop(struct super *s);
u64 super_now(void); /* host's monotonic clock, ns */

/* Of a further tree of processes. @fd is owned on success; @root: its first */
int super_listen(struct super *s, int fd, pid_t root);
/* A task has gone: end the calls that it was held in. */
void super_task_gone(struct super *s);
/* We need a descriptor for each thread and socket: as many as we may have. */
void super_raise_nofile(void);

/* The net the calling thread is in; borrowed, alive until the turn ends. */
struct net *super_net(struct super *s, const struct call *c);

#endif
