/* SPDX-License-Identifier: MIT */
/*
 * task.h - threads of programs: their descriptors and their namespace
 */
#ifndef WARREN_SUPER_TASK_H
#define WARREN_SUPER_TASK_H

#include "super/super.h"

#include <sys/stat.h>

/*
 * A duplicate of the caller's descriptor @fd (close-on-exec, the caller owns
 * it). Return: 0, -EBADF, -ESRCH (the thread is gone), -EPERM (the place
 * forbids pidfd_getfd)
 */
int task_getfd(struct super *s, const struct call *c, int fd, int *out);

/*
 * Who is descriptor @fd of the caller?
 * @id: ours, or NULL: a file that is none of ours
 * @dup: NULL, or where to leave a duplicate (-1: cannot be had; caller owns it)
 * Return: 0, -EBADF, -ESRCH, -EPERM
 */
int task_ident(struct super *s, const struct call *c, int fd, struct ident **id,
	       int *dup);

/* The tag of a process as a whole. */
struct task_tag {
	u32 ns;	  /* netns.index; 0: initial */
	u16 view; /* of mounts, files.c; 0: none */
};
void task_get_tag(struct super *s, pid_t tid, struct task_tag *tag);
int task_set_tag(struct super *s, pid_t tid, const struct task_tag *tag);

/* The namespace thread @tid is in; never NULL (initial when not known). */
struct netns *task_netns(struct super *s, pid_t tid);
/*
 * Move thread @tid into @ns: its whole process when it has one thread, that
 * thread alone otherwise. Return: 0, -ESRCH, or what the host said
 */
int task_set_netns(struct super *s, pid_t tid, struct netns *ns);
/* Call @mark for each process and namespace it, or a thread of it, is in. Walks all
 * processes. */
void task_mark(struct super *s, void (*mark)(struct netns *ns, pid_t pid));
/* @ns ends: its slot, if any, is free again. */
void task_drop_slot(struct super *s, struct netns *ns);

/* The process of thread @tid; 0: gone */
pid_t task_tgid(pid_t tid);
/* What do the threads of @tid's process do at this moment? */
enum task_does {
	TASK_UNKNOWN,
	TASK_RUNS,     /* or some call that waits for no descriptor */
	TASK_POLLS,    /* one of them waits in poll(), select(), epoll_wait() */
	TASK_RECEIVES, /* one of them waits in read(), recv() of the descriptor */
};
enum task_does task_does(pid_t tid, int fd);
/* The O_x of descriptor @fd of the caller, out of /proc. Return: or a negative errno */
int task_fd_flags(const struct call *c, int fd);
/* The same, remembered as long as the thread lives */
pid_t task_pid(struct super *s, pid_t tid);
/* The capabilities that the host gives it */
u64 task_host_caps(pid_t tid);
/* Who traces it; 0: nobody */
pid_t task_tracer(pid_t tid);
/* Is it there, and no zombie? */
bool task_is_alive(pid_t tid);
/* Is it the only thread of its process? */
bool task_is_alone(pid_t tid);
/* Is @pid one of the processes we serve (a descendant of ours)? */
bool task_is_ours(struct super *s, pid_t pid);
u32 task_umask(pid_t tid);
/* A signal that is pending and not blocked: would an interruptible sleep end? */
bool task_signal_pending(pid_t tid, int *status_fd);
/* Call @fn for each process we serve. */
void task_for_each(struct super *s, void (*fn)(struct super *s, pid_t pid, void *arg),
		   void *arg);

/* Signal each child of this process (not their children). */
void task_kill_children(int sig);

/* What the host can carry, for super.facilities; changes nothing lasting. */
u32 task_probe(void);
int task_init(struct super *s);
void task_fini(struct super *s);

#endif
