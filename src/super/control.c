/* SPDX-License-Identifier: MIT */
/*
 * control.c - the control socket of a running warren
 *
 * `warren exec` starts its program itself, so that terminal, environment and
 * waiting are its own, and hands the listener of the program's filter over
 * this socket. The supervisor then serves two trees of processes. The client
 * stays connected; when the supervisor ends, the client sees that and ends its
 * program, and when the client is killed, its program dies with it.
 *
 * The socket lies in the private directory (0700) and is 0600 itself.
 */

#include "super/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "super/files.h"
#include "super/mounts.h"
#include "super/netns.h"
#include "super/task.h"

struct client {
	struct list node;
	struct source src;
};

static void client_del(struct super *s, struct client *cl)
{
	super_unwatch(s, &cl->src);
	close(cl->src.fd);
	list_del(&cl->node);
	free(cl);
}

/* Receive a request and the descriptor with it. Return: bytes, 0 at the end */
static ssize_t client_receive(int sock, struct control_request *rq, int *fd)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} u;
	struct iovec iov = {rq, sizeof(*rq)};
	struct msghdr msg = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = u.room,
	    .msg_controllen = sizeof(u.room),
	};
	struct cmsghdr *cm;
	ssize_t n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	*fd = -1;
	cm = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	if (cm && cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(cm), sizeof(*fd));
	return n;
}

/* @fd is consumed on success */
static int client_join(struct super *s, const struct control_request *rq, int fd)
{
	struct task_tag tag = {0};
	struct netns *ns;
	int err;

	if (fd < 0 || rq->pid <= 0)
		return -EINVAL;
	if (rq->netns[0]) {
		err = files_netns_by_name(s, rq->netns, &ns);
		if (err)
			return err;
		tag.ns = ns->index;
		err = mounts_view(s, ns, &tag.view);
		if (err)
			return err;
	}
	err = task_set_tag(s, rq->pid, &tag);
	return err ? err : super_listen(s, fd, rq->pid);
}

static void client_event(struct super *s, struct source *src, u32 events)
{
	struct client *cl = container_of(src, struct client, src);
	struct control_reply rp = {
	    .facilities = s->facilities,
	    .map_root = s->map_root,
	};
	struct control_request rq;
	int fd;
	ssize_t n = client_receive(src->fd, &rq, &fd);

	(void)events;
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		client_del(s, cl);
		return;
	}
	rq.netns[CONTROL_NAME - 1] = '\0';
	rq.arg[CONTROL_ARG - 1] = '\0';
	if (n != (ssize_t)sizeof(rq) || rq.version != CONTROL_VERSION)
		rp.err = -EPROTO;
	else if (rq.op == CONTROL_JOIN)
		rp.err = client_join(s, &rq, fd);
	else if (rq.op >= CONTROL_GRAPH && rq.op <= CONTROL_CLONE)
		rp.err = fd < 0 ? -EPROTO : control_answer(s, &rq, fd);
	else if (rq.op != CONTROL_HELLO)
		rp.err = -EPROTO;
	if (fd >= 0 && (rp.err || rq.op != CONTROL_JOIN))
		close(fd);
	send(src->fd, &rp, sizeof(rp), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void control_event(struct super *s, struct source *src, u32 events)
{
	int fd = accept4(src->fd, NULL, NULL, SOCK_CLOEXEC);
	struct client *cl;

	(void)events;
	if (fd < 0)
		return;
	cl = calloc(1, sizeof(*cl));
	if (!cl || super_watch(s, &cl->src, fd, EPOLLIN, client_event)) {
		free(cl);
		close(fd);
		return;
	}
	list_add_tail(&s->clients, &cl->node);
}

static int control_address(const char *dir, struct sockaddr_un *sun)
{
	int n;

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	n = snprintf(sun->sun_path, sizeof(sun->sun_path), "%s/control", dir);
	return n < (int)sizeof(sun->sun_path) ? 0 : -ENAMETOOLONG;
}

int control_init(struct super *s)
{
	struct sockaddr_un sun;
	int fd, err = control_address(files_dir(s), &sun);

	list_init(&s->clients);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* nobody can connect before listen(), so the mode is never too wide */
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) ||
	    chmod(sun.sun_path, 0600) || listen(fd, 16)) {
		err = -errno;
		goto err_close;
	}
	err = super_watch(s, &s->control, fd, EPOLLIN, control_event);
	if (err)
		goto err_close;
	return 0;
err_close:
	close(fd);
	return err;
}

void control_fini(struct super *s)
{
	struct client *cl;

	while ((cl = list_first(&s->clients, struct client, node)))
		client_del(s, cl);
	super_unwatch(s, &s->control);
	close(s->control.fd);
}

/* ---- the client's side ---- */

int control_connect(const char *dir)
{
	struct sockaddr_un sun;
	int fd, err = control_address(dir, &sun);

	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (struct sockaddr *)&sun, sizeof(sun)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int control_ask(int sock, const struct control_request *rq, int fd,
		struct control_reply *rp)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} u;
	struct iovec iov = {(void *)(uintptr_t)rq, sizeof(*rq)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	memset(&u, 0, sizeof(u));
	if (fd >= 0) {
		u.align.cmsg_level = SOL_SOCKET;
		u.align.cmsg_type = SCM_RIGHTS;
		u.align.cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(&u.align), &fd, sizeof(fd));
		msg.msg_control = u.room;
		msg.msg_controllen = sizeof(u.room);
	}
	if (sendmsg(sock, &msg, MSG_NOSIGNAL) < 0)
		return -errno;
	if (recv(sock, rp, sizeof(*rp), 0) != (ssize_t)sizeof(*rp))
		return -ECONNRESET;
	return 0;
}
