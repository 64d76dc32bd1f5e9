/* SPDX-License-Identifier: MIT */
/*
 * control.h - the control socket of a running warren
 */
#ifndef WARREN_SUPER_CONTROL_H
#define WARREN_SUPER_CONTROL_H

#include "super/super.h"

enum {
	CONTROL_VERSION = 2,
	CONTROL_NAME = 256,
	CONTROL_ARG = 1024,
};

enum control_op {
	CONTROL_HELLO, /* what must my filter be? */
	CONTROL_JOIN,  /* serve my child; its listener comes along */
	/* A file comes along, for the text of the answer (control_ask.c) */
	CONTROL_GRAPH,
	CONTROL_QUOTA, /* of netns; arg: "sockets=10 routes=none", or "" to look */
	CONTROL_DIFF,  /* of netns and arg, another one */
	CONTROL_CLONE, /* of netns, into arg, a new one; a '+' before it: with wires */
};

/* One SOCK_SEQPACKET message each way; both ends are the same program. */
struct control_request {
	u32 version;
	enum control_op op;
	pid_t pid;		  /* JOIN: the child that waits */
	char netns[CONTROL_NAME]; /* a name under /run/netns; "": the initial one */
	char arg[CONTROL_ARG];
};

struct control_reply {
	s32 err; /* 0 or a negative errno */
	u32 facilities;
	u32 map_root;
};

int control_init(struct super *s);
/* control_ask.c: what is asked of namespaces. Return: 0, 1 (DIFF: they differ), -errno
 */
int control_answer(struct super *s, const struct control_request *rq, int fd);
void control_fini(struct super *s);

/* The client's side. @dir: private directory of the warren.
 * Return: descriptor, or -ECONNREFUSED, -ENOENT … */
int control_connect(const char *dir);
/* @fd: goes along, or -1. Return: 0 when a reply came; its err is for the caller */
int control_ask(int sock, const struct control_request *rq, int fd,
		struct control_reply *rp);

#endif
