/* SPDX-License-Identifier: MIT */
/*
 * pd.h - what the files of the packetdrill library share
 *
 * One warren in virtual time with one namespace and one device, "tun0", whose
 * other end is the script. One lock around all of it, since packetdrill has two
 * threads: the one that runs the script, and one for calls that block. The first
 * moves time; while the second is in the stack, time stands still.
 */
#ifndef WARREN_TESTS_PACKETDRILL_PD_H
#define WARREN_TESTS_PACKETDRILL_PD_H

#include "core/net.h"
#include "core/sock.h"

#include <pthread.h>

#define PD_FDS 256

/* What a descriptor is; its number is reserved by a real one */
struct pd_file {
	struct sock *sk; /* or */
	struct pd_epoll *ep;
	bool nonblock;
};

struct pd {
	pthread_mutex_t lock;
	pthread_cond_t news;	/* for who is blocked */
	pthread_cond_t settled; /* for who moves time */
	pthread_t script;	/* who moves time */
	struct warren *w;
	struct net *net;
	struct dev *dev;
	struct pd_file files[PD_FDS];
	struct list sent; /* struct pkt; stamp_ns is when */
	bool drop_all;	  /* "tc ... limit 0": the device takes nothing */
	bool looked;	  /* the last thing that the script did was look at the clock */

	/* the blocked call: at most one, packetdrill has no more */
	bool blocked, leaving, ended;
	u64 round, seen_round; /* a round of news, and the last one it has tried */
	u64 wake_ns;	       /* it wants to be asked again then */

	/* files of tunables and commands: files.c */
	const char *dir; /* NULL: none */
	int inotify;
	struct list watches;
};

/* ---- stack.c ---- */
struct pd *pd_new(const char *flags);
void pd_free(struct pd *pd);
void pd_lock(struct pd *pd);
void pd_unlock(struct pd *pd);
void pd_settle(struct pd *pd);
void pd_run_until(struct pd *pd, u64 ns);
/*
 * Wait for something to happen, at most until @until_ns (~0: for ever): the script's
 * thread lets time go by, the other sleeps. Return: false when the time is over, or
 * nothing will ever happen
 */
bool pd_wait(struct pd *pd, u64 until_ns);
/* A call that may have blocked ends, or is not blocked any more */
void pd_leave(struct pd *pd);
int pd_packet_in(struct pd *pd, const void *ip, size_t n);

static inline u64 pd_now(const struct pd *pd)
{
	return clock_now(pd->w);
}

static inline struct caller pd_caller(const struct pd *pd)
{
	return (struct caller){.net = pd->net, .caps = ~0ULL};
}

/* ---- files.c: what commands of a script see and change ---- */
int pd_files_init(struct pd *pd);
void pd_files_fini(struct pd *pd);
void pd_files_sync(struct pd *pd);
void pd_files_views(struct pd *pd); /* /proc/net as it is now */

/* ---- poll.c ---- */
struct pd_epoll *pd_epoll_new(void);
void pd_epoll_free(struct pd_epoll *ep);
void pd_epoll_forget(struct pd *pd, struct sock *sk); /* its descriptor is closed */

struct pollfd;
struct epoll_event;
/* Answers -errno; the caller holds the lock */
int pd_poll(struct pd *pd, struct pollfd *fds, unsigned long n, int timeout_ms);
int pd_epoll_ctl(struct pd *pd, struct pd_epoll *ep, int op, struct sock *sk, int fd,
		 const struct epoll_event *ev);
int pd_epoll_wait(struct pd *pd, struct pd_epoll *ep, struct epoll_event *evs, int n,
		  int timeout_ms);

#endif
