/* SPDX-License-Identifier: MIT */
/*
 * calls_map.c - mmap() of a socket: the ring of a packet socket
 *
 * The carrier cannot be mapped; the memory that can is a file of the stack's
 * socket (sock_ops.map). A mapping is made by the thread itself, so: that file is
 * put among the program's descriptors, the call is made to run anew with the new
 * number in the place of the socket's (trace.c), and the number is closed before
 * the thread goes on. The filter catches the second call, too; its descriptor is
 * none of ours, so the kernel does it.
 *
 * Only shared mappings of files are caught.
 */

#include "super/calls.h"

#include <unistd.h>

#include "super/memory.h"
#include "super/task.h"
#include "super/trace.h"

enum { ARG_LEN = 1, ARG_FD = 4, ARG_OFF = 5 };

/* Descriptor of the memory, in the program. Return: its number, negative errno */
static int put_memory(struct super *s, struct call *c, struct endpoint *ep)
{
	const struct sock_ops *ops = ep->sk->ops;
	int fd, n, err;

	if (!ops->map)
		return -ENODEV;
	err = ops->map(ep->sk, c->args[ARG_OFF], c->args[ARG_LEN], &fd);
	if (err)
		return err;
	n = super_add_fd(s, c, fd, true);
	if (n >= 0)
		ep_map(ep);
	return n;
}

void call_mmap(struct super *s, struct call *c)
{
	struct ident *id = NULL;
	struct endpoint *ep;
	int n;

	if (task_ident(s, c, (int)c->args[ARG_FD], &id, NULL)) {
		super_continue(s, c);
		return;
	}
	ep = ep_of(id);
	if (!ep) {
		super_continue(s, c);
		return;
	}
	n = put_memory(s, c, ep);
	if (n < 0)
		super_reply(s, c, n);
	else
		trace_rerun_mmap(s, c, n);
}
