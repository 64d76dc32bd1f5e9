/* SPDX-License-Identifier: MIT */
/*
 * plane.c - the data plane of programs' sockets
 *
 * A program holds the carrier, an AF_UNIX socket of the host; we hold the
 * other end of it, `ours`, and the stack's socket. Nothing of the carrier is
 * kept here: whenever a call needs it, task.c borrows it by pidfd_getfd, and
 * the endpoint is found by its inode. So dup(), fork(), exec and SCM_RIGHTS
 * need no book-keeping, and `ours` hangs up when the last descriptor is closed.
 *
 *	program          |  supervisor                       | stack
 *	read/write/poll  |  epoll                            | sk->wait
 *	carrier <--------+--> ours <-- ep_pump(), plane.buf -+--> struct sock
 *
 * Streams. The carrier is handed out unconnected and is connected, in place,
 * to a listener of ours once the stack's handshake is done; so an epoll set
 * that holds it already misses nothing, and poll() says of it what it says of
 * a TCP socket in the same state:
 *
 *	FRESH       OUT HUP, as an unconnected TCP socket
 *	CONNECTING  connected in place, with the smallest send buffer, full of
 *	            junk: not writable. Taking the junk out gives POLLOUT.
 *	JOINED      data moves
 *	LISTENING   listens; a connection of ours waits in its queue while the
 *	            stack's listener has something to accept, so that it is readable
 *	DEAD        `ours` was closed with something unread: ERR, HUP, ECONNRESET
 *
 * A blocking connect() is held and never sees CONNECTING.
 *
 * Messages (datagrams, netlink, raw). The carrier is one end of a SEQPACKET
 * pair: boundaries are kept and the last close is seen. The stack's messages
 * are put into it at once, so that poll() and a plain recv() are native. What a
 * message carries beside its bytes (address, control messages) is remembered
 * once: further messages follow only if they carry the same; another waits in
 * ep->next until the carrier is empty, which the host tells (SIOCOUTQ).
 *
 * Invariants
 *  1. Order: carrier, then to_program or next, then the stack's queue; the same
 *     the other way round. Nothing overtakes.
 *  2. Back-pressure: what one side does not take is kept once, in ep_rest, and
 *     no more is read until it is gone.
 *  3. sk->wait only defers work; the stack is entered from the loop alone.
 *  4. `ours` gone and carrier open: the endpoint is loose, and its last close is
 *     looked for: when a process ends, when bind() finds the address in use, and
 *     ever more rarely after calls.
 */

#include "super/plane.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/net.h"
#include "core/warren.h"
#include "super/netns.h"
#include "super/task.h"

enum {
	STATE_ESTABLISHED = 1, /* sock.state, as Linux numbers them */
	STATE_SYN_SENT = 2,
	STATE_SYN_RECV = 3,
	READ_MIN = 16384,	/* bytes asked of a program's stream at least */
	TO_PROGRAM_MAX = 65536, /* bytes taken from the stack at once */
	TURN_MAX = 1 << 20,	/* bytes one endpoint moves in a turn */
	MESSAGES_A_TURN = 64,
};

#define SWEEP_FIRST (50 * NS_PER_MS)
#define SWEEP_LAST  (2 * NS_PER_S)

static void ep_source(struct super *s, struct source *src, u32 events);
static void ep_close_ours(struct endpoint *ep);
static bool carrier_alive(struct endpoint *ep);
static bool carrier_empty(const struct endpoint *ep);

/* ---- bytes left over ---- */

static void rest_clear(struct ep_rest *r)
{
	free(r->buf);
	memset(r, 0, sizeof(*r));
}

static int rest_keep(struct ep_rest *r, const void *data, size_t len)
{
	r->buf = malloc(len ? len : 1);
	if (!r->buf)
		return -ENOMEM;
	memcpy(r->buf, data, len);
	r->off = 0;
	r->len = len;
	return 0;
}

/* ---- the stack's side ---- */

static u32 sk_poll(const struct endpoint *ep)
{
	return ep->sk->ops->poll ? ep->sk->ops->poll(ep->sk) : 0;
}

/* The caller of what a program wrote natively: whoever named the socket last */
static void ep_caller(struct endpoint *ep, struct call *fake, struct super_caller *sc)
{
	memset(fake, 0, sizeof(*fake));
	fake->tid = ep->tid;
	netns_caller(ep->plane->s, fake, sc);
	sc->caller.net = ep->sk->net;
}

static ssize_t sk_send(struct endpoint *ep, const void *data, size_t len)
{
	struct iovec iov = {(void *)(uintptr_t)data, len};
	struct msg m = {.iov = &iov, .n_iov = 1, .flags = MSG_DONTWAIT | MSG_NOSIGNAL};
	struct super_caller sc;
	struct call fake;

	if (!ep->sk->ops->send)
		return -EOPNOTSUPP;
	if (ep->sk->family == AF_NETLINK) {
		ep_caller(ep, &fake, &sc);
		m.caller = &sc.caller;
	}
	return ep->sk->ops->send(ep->sk, &m);
}

static void ep_wake(struct wait *wt, u32 events)
{
	struct endpoint *ep = container_of(wt, struct endpoint, wait);

	(void)events;
	work_defer(ep->sk->net->worker, &ep->work);
}

static void ep_work(struct work *wk)
{
	ep_pump(container_of(wk, struct endpoint, work));
}

static void sk_abort(struct endpoint *ep)
{
	struct linger l = {1, 0};

	sock_set_opt(ep->sk, NULL, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
}

/* ---- our end ---- */

static void ep_watch_out(struct endpoint *ep, bool on)
{
	u32 events = EPOLLIN | EPOLLRDHUP | EPOLLET | (on ? EPOLLOUT : 0);

	if (ep->src.fd >= 0 && ep->src.events != events)
		super_rewatch(ep->plane->s, &ep->src, events);
}

static int ep_set_ours(struct endpoint *ep, int fd)
{
	int err = super_watch(ep->plane->s, &ep->src, fd,
			      EPOLLIN | EPOLLRDHUP | EPOLLET, ep_source);

	if (err) {
		ep->src.fd = -1;
		return err;
	}
	ep->in = true;
	ep->full = false;
	return 0;
}

static void ep_make_loose(struct endpoint *ep)
{
	if (list_empty(&ep->loose))
		list_add_tail(&ep->plane->loose, &ep->loose);
	plane_kick(ep->plane->s, false);
}

static void ep_close_ours(struct endpoint *ep)
{
	if (ep->src.fd < 0)
		return;
	super_unwatch(ep->plane->s, &ep->src);
	close(ep->src.fd);
	ep->src.fd = -1;
	ep->in = ep->full = false;
	ep->pushed = 0;
	rest_clear(&ep->to_program);
	ep_make_loose(ep);
}

/*
 * Without pidfd_getfd a duplicate is all we will ever have of a carrier. It is
 * kept until a stream is joined, for good for listeners and messages; and while
 * it is kept, no hang-up tells of the program's last close.
 */
static void ep_keep(struct endpoint *ep, int carrier)
{
	if (!ep->plane->keep)
		return;
	ep->ident.kept = fcntl(carrier, F_DUPFD_CLOEXEC, 0) + 1;
	ep_make_loose(ep);
}

static void ep_unkeep(struct endpoint *ep)
{
	if (!ep->ident.kept)
		return;
	close(ep->ident.kept - 1);
	ep->ident.kept = 0;
}

int ep_borrow(struct endpoint *ep)
{
	struct call fake = {.tid = ep->tid};
	struct stat st;
	int fd;

	if (ep->plane->keep)
		return ep->ident.kept ? fcntl(ep->ident.kept - 1, F_DUPFD_CLOEXEC, 0)
				      : -1;
	if (ep->fd < 0 || task_getfd(ep->plane->s, &fake, ep->fd, &fd))
		return -1;
	if (!fstat(fd, &st) && st.st_ino == ep->ident.ino && st.st_dev == ep->ident.dev)
		return fd;
	close(fd);
	return -1;
}

static u32 carrier_unread(const struct endpoint *ep);

/* What `ss` shows beside the stack's own queues */
static u32 front_queued(const struct sock *sk, bool to_program)
{
	const struct endpoint *ep = sk->owner;
	int n = 0;

	if (!ep || ep->src.fd < 0 || ep->state != EP_JOINED)
		return 0;
	if (to_program)
		return carrier_unread(ep) + (u32)ep->to_program.len +
		       (ep->next ? (u32)ep->next->len : 0);
	ioctl(ep->src.fd, FIONREAD, &n);
	return (u32)n + (u32)ep->to_stack.len;
}

/* ---- life ---- */

static int ep_alloc(struct plane *pl, struct sock *sk, struct endpoint **out)
{
	struct endpoint *ep = calloc(1, sizeof(*ep));

	if (!ep)
		return -ENOMEM;
	ep->plane = pl;
	ep->sk = sk;
	ep->src.fd = -1;
	ep->fd = -1;
	list_init(&ep->loose);
	list_init(&ep->ops);
	wait_init(&ep->wait, ep_wake);
	work_init(&ep->work, ep_work);
	ep->kind = sk->type == SOCK_STREAM ? EP_STREAM : EP_MESSAGE;
	list_add_tail(&pl->all, &ep->node);
	*out = ep;
	return 0;
}

static int ep_register(struct endpoint *ep, int carrier)
{
	int err = super_ident_add(ep->plane->s, &ep->ident, IDENT_SOCKET, carrier);

	if (err)
		return err;
	ep->known = true;
	ep->sk->inode = ep->ident.ino;
	ep->sk->owner = ep;
	ep->sk->front_queued = front_queued;
	wait_add(&ep->sk->wait, &ep->wait, ~0U);
	return 0;
}

/* Without the socket, which stays its owner's */
static void ep_dispose(struct endpoint *ep)
{
	struct op *op;

	if (ep->known)
		super_ident_del(ep->plane->s, &ep->ident);
	ep->known = false;
	while ((op = list_first(&ep->ops, struct op, node)))
		op_end(op, -EBADF);
	ep_close_ours(ep);
	ep_unkeep(ep);
	work_cancel(&ep->work);
	wait_del(&ep->wait);
	list_del(&ep->loose);
	list_del(&ep->node);
	rest_clear(&ep->to_stack);
	rest_clear(&ep->to_program);
	free(ep->next);
	free(ep);
}

void ep_free(struct endpoint *ep)
{
	struct sock *sk = ep->sk;

	ep_dispose(ep);
	sock_release(sk);
}

int ep_new(struct plane *pl, struct sock *sk, struct endpoint **out, int *out_fd)
{
	struct endpoint *ep;
	int pair[2] = {-1, -1}, err = ep_alloc(pl, sk, &ep);

	if (err)
		return err;
	if (ep->kind == EP_STREAM) {
		pair[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		err = pair[0] < 0 ? -errno : 0;
	} else {
		err = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)
			  ? -errno
			  : 0;
	}
	if (err)
		goto err_dispose;
	err = ep_register(ep, pair[0]);
	if (err)
		goto err_close;
	if (ep->kind == EP_MESSAGE) {
		err = ep_set_ours(ep, pair[1]);
		if (err)
			goto err_close;
		ep->state = EP_JOINED;
	} else {
		ep_make_loose(ep);
	}
	ep_keep(ep, pair[0]);
	*out = ep;
	*out_fd = pair[0];
	return 0;
err_close:
	close(pair[0]);
	if (pair[1] >= 0)
		close(pair[1]);
err_dispose:
	ep_dispose(ep);
	return err;
}

int ep_new_joined(struct plane *pl, struct sock *sk, int *carrier, int ours,
		  struct endpoint **out)
{
	struct endpoint *ep;
	int pair[2] = {*carrier, ours}, err;

	if (ours < 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	err = ep_alloc(pl, sk, &ep);
	if (err)
		goto err_close;
	err = ep_register(ep, pair[0]);
	if (err)
		goto err_dispose;
	err = ep_set_ours(ep, pair[1]);
	if (err)
		goto err_dispose;
	ep->state = EP_JOINED;
	*carrier = pair[0];
	*out = ep;
	return 0;
err_dispose:
	ep_dispose(ep);
err_close:
	if (ours < 0) {
		close(pair[0]);
		close(pair[1]);
	}
	return err;
}

/* ---- streams ---- */

/* Only what we ourselves connected: the name of our listener is for all to see. */
static bool is_our_own(const struct plane *pl, int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) &&
	       cred.pid == pl->pid;
}

/* Connect @carrier, which is borrowed, to our listener. Return: our end */
static int stream_connect(struct plane *pl, int carrier)
{
	int fd;

	if (connect(carrier, (struct sockaddr *)&pl->listener_name, pl->listener_len))
		return -errno;
	for (;;) {
		fd = accept4(pl->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return -errno;
		if (is_our_own(pl, fd))
			return fd;
		close(fd);
	}
}

/* The smallest backlog of connections of others that we could meet is thrown away. */
static void listener_event(struct super *s, struct source *src, u32 events)
{
	int fd = accept4(src->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)s;
	(void)events;
	if (fd >= 0)
		close(fd);
}

static int stream_set_ours(struct endpoint *ep, int fd)
{
	int on = 1, err;

	/* a byte sent as out-of-band data comes in its place */
	setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
	err = ep_set_ours(ep, fd);
	if (err)
		return err;
	list_del(&ep->loose);
	return 0;
}

int ep_join(struct endpoint *ep, int carrier)
{
	int err, fd = stream_connect(ep->plane, carrier);

	if (fd < 0)
		return fd;
	err = stream_set_ours(ep, fd);
	if (err) {
		close(fd);
		return err;
	}
	ep->state = EP_JOINED;
	ep_unkeep(ep);
	return 0;
}

int ep_connecting(struct endpoint *ep, int carrier)
{
	int least = 0, err, fd;
	ssize_t n;

	if (setsockopt(carrier, SOL_SOCKET, SO_SNDBUF, &least, sizeof(least)))
		return -errno;
	fd = stream_connect(ep->plane, carrier);
	if (fd < 0)
		return fd;
	memset(ep->plane->buf, 0, 8192);
	n = send(carrier, ep->plane->buf, 8192, MSG_DONTWAIT | MSG_NOSIGNAL);
	err = n < 0 ? -errno : stream_set_ours(ep, fd);
	if (err) {
		close(fd);
		return err;
	}
	ep->junk = (u32)n;
	ep->narrow = true;
	ep->state = EP_CONNECTING;
	return 0;
}

/*
 * Give the carrier the host's usual send buffer. That wakes who waits for
 * POLLOUT, so it is done when the program has just written something.
 */
static void stream_widen(struct endpoint *ep)
{
	int carrier = ep_borrow(ep);

	ep->narrow = false;
	if (carrier < 0)
		return;
	setsockopt(carrier, SOL_SOCKET, SO_SNDBUF, &ep->plane->sndbuf,
		   sizeof(ep->plane->sndbuf));
	close(carrier);
}

/* The handshake is done: take the junk out, which makes the carrier writable. */
static void stream_established(struct endpoint *ep)
{
	while (ep->junk) {
		ssize_t n = recv(ep->src.fd, ep->plane->buf, ep->junk, MSG_DONTWAIT);

		if (n <= 0)
			break;
		ep->junk -= (u32)n;
	}
	if (ep->plane->keep)
		stream_widen(ep);
	ep_unkeep(ep);
	ep->state = EP_JOINED;
	ep->in = true;
}

/*
 * The connection is over with an error. Unread bytes in our end when it is
 * closed are what the host tells the program as ECONNRESET.
 */
static void stream_fail(struct endpoint *ep, int err)
{
	int carrier;

	if (!ep->err)
		ep->err = err;
	ep->state = EP_DEAD;
	if (ep->src.fd < 0)
		return;
	carrier = ep->junk ? -1 : ep_borrow(ep);
	if (carrier >= 0) {
		send(carrier, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		close(carrier);
	}
	ep_close_ours(ep);
}

static void stream_check_connect(struct endpoint *ep)
{
	u8 state = ep->sk->state;

	if (state == STATE_SYN_SENT || state == STATE_SYN_RECV)
		return;
	if (state == STATE_ESTABLISHED || !(sk_poll(ep) & POLLERR)) {
		stream_established(ep);
		return;
	}
	/* the socket keeps the error for SO_ERROR or the next connect() */
	ep->state = EP_DEAD;
	ep_close_ours(ep);
}

/* How much to read: what the stack has room for, more or less */
static size_t stream_room(const struct endpoint *ep)
{
	const struct sock *sk = ep->sk;
	size_t room = sk->sndbuf > sk->wmem ? sk->sndbuf - sk->wmem : 0;

	return clamp(room, (size_t)READ_MIN, (size_t)PLANE_BUF);
}

/* Offer @data; what is not taken is kept. Return: false: the stack is full or deaf */
static bool stream_offer(struct endpoint *ep, const u8 *data, size_t len)
{
	while (len && !ep->deaf) {
		ssize_t n = sk_send(ep, data, len);

		if (n == -EAGAIN || n == 0) {
			if (rest_keep(&ep->to_stack, data, len))
				ep->deaf = true;
			return false;
		}
		if (n < 0) {
			ep->deaf = true;
			if (!ep->err && n != -EPIPE)
				ep->err = (int)-n;
			return false;
		}
		data += n;
		len -= (size_t)n;
	}
	return !ep->deaf;
}

static void stream_offer_rest(struct endpoint *ep)
{
	struct ep_rest r = ep->to_stack;

	memset(&ep->to_stack, 0, sizeof(ep->to_stack));
	stream_offer(ep, r.buf + r.off, r.len);
	free(r.buf);
}

static void stream_ended(struct endpoint *ep)
{
	ep->eof = true;
	ep->in = false;
	if (ep->sk->ops->shutdown && !ep->deaf)
		ep->sk->ops->shutdown(ep->sk, SHUT_WR);
	ep->deaf = true;
}

/* Program to stack. Return: bytes moved */
static size_t stream_to_stack(struct endpoint *ep)
{
	size_t moved = 0;

	if (ep->to_stack.buf && !ep->deaf)
		stream_offer_rest(ep);
	while (ep->in && !ep->eof && !ep->to_stack.buf && moved < TURN_MAX) {
		size_t want = ep->deaf ? PLANE_BUF : stream_room(ep);
		ssize_t n;

		if (!ep->deaf && !(sk_poll(ep) & (POLLOUT | POLLERR | POLLHUP)))
			break;
		n = recv(ep->src.fd, ep->plane->buf, want, MSG_DONTWAIT);
		if (n == 0) {
			stream_ended(ep);
			break;
		}
		if (n < 0) {
			ep->in = false;
			if (errno == ECONNRESET) {
				/* closed with something unread: TCP resets */
				sk_abort(ep);
				ep->eof = ep->hup = true;
			}
			break;
		}
		/* less than asked for: it was emptied; the next write is an event */
		if ((size_t)n < want && !ep->hup && !ep->prog_shut)
			ep->in = false;
		if (ep->narrow)
			stream_widen(ep);
		moved += (size_t)n;
		if (!ep->deaf)
			stream_offer(ep, ep->plane->buf, (size_t)n);
	}
	return moved;
}

/* Return: false: our end is full, or nobody reads */
static bool stream_deliver(struct endpoint *ep, const u8 *data, size_t len)
{
	while (len && !ep->mute) {
		ssize_t n = send(ep->src.fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			if (rest_keep(&ep->to_program, data, len))
				ep->mute = true;
			ep->full = true;
			ep_watch_out(ep, true);
			return false;
		}
		if (n < 0) {
			ep->mute = true; /* shut down for reading, or closed */
			return false;
		}
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static void stream_deliver_rest(struct endpoint *ep)
{
	struct ep_rest r = ep->to_program;

	memset(&ep->to_program, 0, sizeof(ep->to_program));
	stream_deliver(ep, r.buf + r.off, r.len);
	free(r.buf);
	if (!ep->full)
		ep_watch_out(ep, false);
}

static ssize_t sk_recv(struct endpoint *ep, void *buf, size_t len)
{
	struct iovec iov = {buf, len};
	struct msg m = {.iov = &iov, .n_iov = 1, .flags = MSG_DONTWAIT};

	return ep->sk->ops->recv(ep->sk, &m);
}

/* Stack to program. Return: bytes moved */
static size_t stream_to_program(struct endpoint *ep)
{
	size_t moved = 0;

	if (ep->to_program.buf && !ep->full)
		stream_deliver_rest(ep);
	while (!ep->full && !ep->fin && !ep->to_program.buf && moved < TURN_MAX &&
	       ep->src.fd >= 0) {
		ssize_t n = sk_recv(ep, ep->plane->buf, TO_PROGRAM_MAX);

		if (n == -EAGAIN)
			break;
		if (n == 0 && !ep->err) {
			ep->fin = true;
			shutdown(ep->src.fd, SHUT_WR);
			break;
		}
		if (n <= 0) {
			stream_fail(ep, n ? (int)-n : ep->err);
			break;
		}
		moved += (size_t)n;
		stream_deliver(ep, ep->plane->buf, (size_t)n);
	}
	return moved;
}

/* The carrier hung up, and all it said was passed on: closed, or only shut down? */
static bool ep_is_closed(struct endpoint *ep)
{
	if (!ep->hup)
		return false;
	if (ep->kind == EP_STREAM && (!ep->eof || ep->to_stack.buf) && !ep->deaf)
		return false;
	if (ep->kind == EP_MESSAGE && ep->in)
		return false;
	if (!ep->prog_shut)
		return true;
	if (carrier_alive(ep)) {
		ep->hup = false;
		ep_make_loose(ep);
		return false;
	}
	return true;
}

static void stream_pump(struct endpoint *ep)
{
	size_t moved;

	if (ep->state == EP_CONNECTING)
		stream_check_connect(ep);
	if (ep->state != EP_JOINED)
		return;
	moved = stream_to_stack(ep);
	moved += ep->state == EP_JOINED ? stream_to_program(ep) : 0;
	if (moved >= TURN_MAX)
		work_defer(ep->sk->net->worker, &ep->work);
}

/* ---- listeners ---- */

int ep_listen(struct endpoint *ep, int carrier)
{
	struct sockaddr_un any = {.sun_family = AF_UNIX};

	if (ep->state == EP_LISTENING)
		return 0;
	if (bind(carrier, (struct sockaddr *)&any, sizeof(any.sun_family)) &&
	    errno != EINVAL) /* bound by an earlier attempt */
		return -errno;
	ep->listen_len = sizeof(ep->listen_name);
	if (getsockname(carrier, (struct sockaddr *)&ep->listen_name, &ep->listen_len))
		return -errno;
	if (listen(carrier, 16))
		return -errno;
	ep->state = EP_LISTENING;
	return 0;
}

/* Put a connection of ours into the carrier's queue */
static void listen_show(struct endpoint *ep)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return;
	if (!connect(fd, (struct sockaddr *)&ep->listen_name, ep->listen_len) &&
	    !stream_set_ours(ep, fd))
		return;
	close(fd);
	ep_make_loose(ep);
	plane_kick(ep->plane->s, true); /* it may be closed */
}

int ep_take_pending(struct endpoint *ep, int carrier, int *ours)
{
	struct pollfd p = {carrier, POLLIN, 0};
	int fd;

	while (ep->src.fd >= 0) {
		if (poll(&p, 1, 0) != 1)
			return -EAGAIN;
		fd = accept4(carrier, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			return -errno;
		if (!is_our_own(ep->plane, fd)) {
			close(fd);
			continue;
		}
		super_unwatch(ep->plane->s, &ep->src);
		*ours = ep->src.fd;
		ep->src.fd = -1;
		ep_make_loose(ep);
		return fd;
	}
	return -EAGAIN;
}

void ep_show_pending(struct endpoint *ep)
{
	if (ep->state != EP_LISTENING || ep->src.fd >= 0)
		return;
	if (sk_poll(ep) & POLLIN)
		listen_show(ep);
}

/* ---- messages ---- */

static void message_recv_init(struct plane *pl, struct ep_meta *meta, struct iovec *iov,
			      struct msg *m)
{
	memset(m, 0, sizeof(*m));
	meta->name_len = sizeof(meta->name);
	iov->iov_base = pl->buf;
	iov->iov_len = sizeof(pl->buf);
	m->iov = iov;
	m->n_iov = 1;
	m->name = &meta->name;
	m->name_len = sizeof(meta->name);
	m->control = meta->control;
	m->control_room = sizeof(meta->control);
	m->flags = MSG_DONTWAIT;
}

static bool meta_equal(const struct ep_meta *a, const struct ep_meta *b)
{
	return !a->control_len && !b->control_len && a->flags == b->flags &&
	       a->name_len == b->name_len && !memcmp(&a->name, &b->name, a->name_len);
}

static bool carrier_empty(const struct endpoint *ep)
{
	int queued = 0;

	return !ioctl(ep->src.fd, SIOCOUTQ, &queued) && !queued;
}

/* Return: false: it did not fit, or must not lie beside what is there */
static bool message_push(struct endpoint *ep, const struct ep_meta *meta,
			 const void *data, size_t len)
{
	if (ep->pushed && !meta_equal(&ep->meta, meta)) {
		if (!carrier_empty(ep))
			return false;
		ep->pushed = 0;
	}
	if (send(ep->src.fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		/* EPIPE: nobody will read it; EMSGSIZE cannot be helped */
		return errno != EAGAIN;
	}
	if (!ep->pushed)
		ep->meta = *meta;
	ep->pushed++;
	return true;
}

/*
 * The socket has an error (ICMP), or something in its error queue. No carrier can
 * carry that, so it waits for the next caught call. An empty message in the
 * carrier, the alarm, wakes who polls; who reads it natively gets nothing.
 */
static void message_check_error(struct endpoint *ep)
{
	const struct ep_meta none = {0};

	if (ep->alarm && carrier_empty(ep)) {
		ep->alarm = false; /* a native call had it */
		ep->pushed = 0;
		ep->err = 0;
	}
	if (ep->sk->err)
		ep->err = sock_error(ep->sk);
	if (ep->alarm || (!ep->err && list_empty(&ep->sk->err_queue)) || ep->next ||
	    (ep->pushed && !carrier_empty(ep)))
		return; /* no need, or something wakes already */
	ep->pushed = 0;
	ep->alarm = message_push(ep, &none, "", 0);
}

/* Nothing waits any more */
static void message_calm(struct endpoint *ep, int carrier)
{
	if (!ep->alarm || ep->err || !list_empty(&ep->sk->err_queue))
		return;
	if (!carrier_empty(ep))
		recv(carrier, ep->plane->buf, 1, MSG_DONTWAIT);
	ep->alarm = false;
	ep->pushed = 0;
}

int ep_take_error(struct endpoint *ep, int carrier)
{
	int err;

	if (ep->kind == EP_MESSAGE && ep->src.fd >= 0)
		message_check_error(ep);
	err = ep->err;
	ep->err = 0;
	message_calm(ep, carrier);
	return err;
}

static int message_keep(struct endpoint *ep, const struct ep_meta *meta,
			const void *data, size_t len)
{
	struct ep_message *em = malloc(sizeof(*em) + len);

	if (!em)
		return -ENOMEM;
	em->meta = *meta;
	em->len = len;
	memcpy(em->data, data, len);
	ep->next = em;
	return 0;
}

static void message_to_program(struct endpoint *ep)
{
	struct ep_meta meta;

	message_check_error(ep);
	for (int i = 0; i < MESSAGES_A_TURN; i++) {
		struct iovec iov;
		struct msg m;
		ssize_t n;

		if (ep->next) {
			if (!message_push(ep, &ep->next->meta, ep->next->data,
					  ep->next->len)) {
				ep_watch_out(ep, true);
				return;
			}
			free(ep->next);
			ep->next = NULL;
			continue;
		}
		if (!(sk_poll(ep) & POLLIN)) {
			ep_watch_out(ep, ep->alarm);
			return;
		}
		message_recv_init(ep->plane, &meta, &iov, &m);
		n = ep->sk->ops->recv(ep->sk, &m);
		if (n < 0) {
			if (n != -EAGAIN)
				ep->err = (int)-n;
			return;
		}
		meta.name_len = m.name_len;
		meta.flags = m.out_flags;
		meta.control_len = m.control_len;
		if (!message_push(ep, &meta, ep->plane->buf, (size_t)n) &&
		    message_keep(ep, &meta, ep->plane->buf, (size_t)n))
			return;
	}
	work_defer(ep->sk->net->worker, &ep->work);
}

static void message_to_stack(struct endpoint *ep)
{
	for (int i = 0; i < MESSAGES_A_TURN; i++) {
		ssize_t n;

		if (ep->to_stack.buf) {
			n = sk_send(ep, ep->to_stack.buf, ep->to_stack.len);
			if (n == -EAGAIN)
				return;
			rest_clear(&ep->to_stack);
		}
		if (!ep->in)
			return;
		message_check_error(ep);
		n = recv(ep->src.fd, ep->plane->buf, sizeof(ep->plane->buf),
			 MSG_DONTWAIT);
		if (n < 0 && errno == ECONNRESET) {
			ep->hup =
			    true; /* closed with unread messages: ours still count */
			continue;
		}
		if (n < 0 || (n == 0 && (ep->hup || ep->prog_shut))) {
			ep->in = false;
			ep->eof = true;
			return;
		}
		n = (ssize_t)sk_send(ep, ep->plane->buf, (size_t)n) == -EAGAIN ? n : 0;
		if (n && rest_keep(&ep->to_stack, ep->plane->buf, (size_t)n))
			return;
	}
	work_defer(ep->sk->net->worker, &ep->work);
}

static void message_pump(struct endpoint *ep)
{
	if (ep->src.fd < 0)
		return;
	message_to_stack(ep);
	message_to_program(ep);
}

/* What lies in the carrier, for a caught call */
static ssize_t carrier_recv(struct endpoint *ep, int carrier, struct msg *m)
{
	struct iovec iov[64];
	struct msghdr h = {.msg_iov = iov};
	size_t k = min(m->n_iov, ARRAY_SIZE(iov));
	ssize_t n;

	memcpy(iov, m->iov, k * sizeof(*iov));
	h.msg_iovlen = k;
	n = recvmsg(carrier, &h, (m->flags & (MSG_PEEK | MSG_TRUNC)) | MSG_DONTWAIT);
	if (n < 0)
		return -errno;
	m->out_flags |= (h.msg_flags & MSG_TRUNC) | ep->meta.flags;
	if (m->name)
		memcpy(m->name, &ep->meta.name, ep->meta.name_len);
	m->name_len = ep->meta.name_len;
	m->control_len = min(ep->meta.control_len, m->control_room);
	if (m->control_len < ep->meta.control_len)
		m->out_flags |= MSG_CTRUNC;
	if (m->control_len)
		memcpy(m->control, ep->meta.control, m->control_len);
	if (!(m->flags & MSG_PEEK) && ep->pushed)
		ep->pushed--;
	return n;
}

ssize_t ep_recv(struct endpoint *ep, int carrier, struct msg *m)
{
	ssize_t n = -EAGAIN;

	if (!ep->sk->ops->recv)
		return -EOPNOTSUPP;
	if (m->flags & MSG_ERRQUEUE) {
		ep_settle(ep);
		n = ep->sk->ops->recv(ep->sk, m);
		message_calm(ep, carrier);
		return n;
	}
	message_to_stack(ep);
	n = -ep_take_error(ep, carrier);
	if (n)
		return n;
	n = -EAGAIN;
	if (ep->pushed && ep->prog_shut && carrier_empty(ep))
		ep->pushed = 0; /* shut down: what it says is not a message */
	if (ep->pushed && !ep->alarm) {
		n = carrier_recv(ep, carrier, m);
		if (n == -EAGAIN)
			ep->pushed = 0;
	}
	if (n == -EAGAIN && ep->next) {
		/* the carrier is empty now: through it, so that PEEK works */
		message_to_program(ep);
		n = carrier_recv(ep, carrier, m);
	}
	if (n == -EAGAIN)
		n = ep->sk->ops->recv(ep->sk, m);
	return n;
}

bool ep_flush(struct endpoint *ep)
{
	if (ep->src.fd >= 0) {
		ep->in = true;
		message_to_stack(ep);
	}
	return !ep->to_stack.buf;
}

void ep_fill(struct endpoint *ep)
{
	if (ep->src.fd >= 0)
		message_to_program(ep);
}

void ep_settle(struct endpoint *ep)
{
	struct worker *k = ep->sk->net->worker;

	if (ep->kind != EP_MESSAGE)
		return;
	ep_flush(ep);
	for (int i = 0; i < 16 && k->n_backlog; i++)
		worker_step(k);
}

/* ---- events ---- */

void ep_pump(struct endpoint *ep)
{
	if (ep->kind == EP_STREAM)
		stream_pump(ep);
	else
		message_pump(ep);
	if (ep_is_closed(ep)) {
		if (ep->to_program.buf)
			sk_abort(ep);
		ep_free(ep);
		return;
	}
	op_try_all(ep);
	ep_show_pending(ep);
}

static void ep_source(struct super *s, struct source *src, u32 events)
{
	struct endpoint *ep = container_of(src, struct endpoint, src);
	const struct sock *sk = ep->sk;

	(void)s;
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		ep->in = true;
	if (events & EPOLLOUT)
		ep->full = false;
	if (events & EPOLLHUP || (events & (EPOLLRDHUP | EPOLLERR) && !ep->prog_shut))
		ep->hup = true;
	if (ep->hup && !ep->prog_shut) {
		if (ep->state != EP_JOINED || (sk->linger_on && !sk->linger_s)) {
			ep_free(ep);
			return;
		}
	}
	ep_pump(ep);
}

/* ---- held calls ---- */

static void op_timer(struct timer *t)
{
	struct op *op = container_of(t, struct op, timer);

	if (op->cancelled)
		op->cancelled(op);
	op_end(op, op->timed_out);
}

static void op_source(struct super *s, struct source *src, u32 events)
{
	struct op *op = container_of(src, struct op, src);

	(void)s;
	(void)events;
	op_try(op);
}

static void op_forget(struct op *op)
{
	list_del(&op->node);
	if (op->src.fd >= 0)
		super_unwatch(op->s, &op->src);
	if (op->timer.wheel)
		timer_cancel(&op->timer);
	if (op->dup >= 0)
		close(op->dup);
}

static void op_cancel(struct super *s, struct call *c)
{
	struct op *op = c->held_by;

	(void)s;
	if (op->cancelled)
		op->cancelled(op);
	op_forget(op);
	free(op);
}

void op_end(struct op *op, s64 ret)
{
	struct super *s = op->s;
	struct call *c = op->c;
	bool held = op->held;

	op_forget(op);
	if (held)
		free(op);
	if (ret != OP_ANSWERED)
		super_reply(s, c, ret);
}

void op_try(struct op *op)
{
	s64 ret = op->attempt(op);

	if (ret != -EAGAIN)
		op_end(op, ret);
}

void op_try_all(struct endpoint *ep)
{
	struct list todo;
	struct op *op;

	if (list_empty(&ep->ops))
		return;
	list_init(&todo);
	list_splice_tail(&todo, &ep->ops);
	while ((op = list_first(&todo, struct op, node))) {
		list_del(&op->node);
		list_add_tail(&ep->ops, &op->node);
		op_try(op);
	}
}

static int op_hold(const struct op *from)
{
	struct worker *k = from->ep->sk->net->worker;
	struct op *op = malloc(sizeof(*op));
	int err;

	if (!op)
		return -ENOMEM;
	*op = *from;
	op->held = true;
	list_init(&op->node);
	timer_init(&op->timer, k->wheel, op_timer);
	op->src.fd = -1;
	if (op->dup_events) {
		err = super_watch(op->s, &op->src, op->dup, op->dup_events, op_source);
		if (err) {
			free(op);
			return err;
		}
	}
	if (op->timeout_ns)
		timer_set_at(&op->timer, clock_now(k->w) + op->timeout_ns);
	list_add_tail(&op->ep->ops, &op->node);
	super_hold(op->s, op->c, op_cancel, op);
	return 0;
}

void op_run(struct op *op)
{
	s64 ret;

	op->src.fd = -1;
	op->timer.wheel = NULL;
	op->held = false;
	list_init(&op->node);
	ret = op->attempt(op);
	if (ret == -EAGAIN && op->block) {
		ret = op_hold(op);
		if (!ret)
			return;
	}
	op_end(op, ret);
}

/* ---- the last close of what tells us nothing ---- */

struct diag_req {
	struct nlmsghdr h;
	struct unix_diag_req r;
};

static struct diag_req diag_request(u32 ino, bool dump)
{
	return (struct diag_req){
	    .h = {.nlmsg_len = sizeof(struct diag_req),
		  .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		  .nlmsg_flags = (u16)(NLM_F_REQUEST | (dump ? NLM_F_DUMP : 0))},
	    .r = {.sdiag_family = AF_UNIX,
		  .udiag_states = ~0U,
		  .udiag_ino = ino,
		  .udiag_cookie = {~0U, ~0U}},
	};
}

/* Is there a socket of this inode on the host? When we cannot know: yes */
static bool carrier_alive(struct endpoint *ep)
{
	struct diag_req req = diag_request((u32)ep->ident.ino, false);
	struct {
		struct nlmsghdr h;
		int error;
		u8 more[1024];
	} ans;
	ssize_t n;

	if (ep->plane->diag < 0 ||
	    send(ep->plane->diag, &req, sizeof(req), 0) != (ssize_t)sizeof(req))
		return true;
	n = recv(ep->plane->diag, &ans, sizeof(ans), 0);
	return n < (ssize_t)(sizeof(ans.h) + sizeof(ans.error)) ||
	       ans.h.nlmsg_type != NLMSG_ERROR || ans.error != -ENOENT;
}

/* Bytes in the carrier that the program has not read */
static u32 carrier_unread(const struct endpoint *ep)
{
	struct diag_req req = diag_request((u32)ep->ident.ino, false);
	struct {
		struct nlmsghdr h;
		struct unix_diag_msg um;
		struct nlattr nla;
		struct unix_diag_rqlen len;
		u8 more[256];
	} got;

	if (ep->plane->diag < 0 || carrier_empty(ep))
		return 0;
	req.r.udiag_show = UDIAG_SHOW_RQLEN;
	if (send(ep->plane->diag, &req, sizeof(req), 0) != (ssize_t)sizeof(req) ||
	    recv(ep->plane->diag, &got, sizeof(got), 0) <
		(ssize_t)offsetof(__typeof__(got), more) ||
	    got.h.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    got.nla.nla_type != UNIX_DIAG_RQLEN)
		return 0;
	return got.len.udiag_rqueue;
}

static void sweep_mark(struct plane *pl, u64 dev, const struct nlmsghdr *h, size_t len)
{
	for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		const struct unix_diag_msg *um = NLMSG_DATA(h);
		struct endpoint *ep;

		if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY)
			continue;
		ep = ep_of(super_ident(pl->s, dev, um->udiag_ino));
		if (ep)
			ep->seen = pl->sweep;
	}
}

/* All at once. Return: false: nothing is known */
static bool sweep_dump(struct plane *pl, u64 dev)
{
	struct diag_req req = diag_request(0, true);
	struct nlmsghdr *h = (void *)pl->buf;
	ssize_t n;

	if (send(pl->diag, &req, sizeof(req), 0) != (ssize_t)sizeof(req))
		return false;
	do {
		n = recv(pl->diag, pl->buf, sizeof(pl->buf), 0);
		if (n < (ssize_t)sizeof(*h) || h->nlmsg_type == NLMSG_ERROR)
			return false;
		sweep_mark(pl, dev, h, (size_t)n);
	} while (h->nlmsg_type != NLMSG_DONE);
	return true;
}

static bool sweep_kept(struct plane *pl);

bool plane_sweep(struct plane *pl)
{
	struct endpoint *ep = list_first(&pl->loose, struct endpoint, loose), *tmp;
	bool few, any = false;

	if (pl->keep)
		return sweep_kept(pl);
	if (!ep || pl->diag < 0)
		return false;
	few = ep->loose.next == &pl->loose || ep->loose.next->next == &pl->loose;
	pl->sweep++;
	if (!few && !sweep_dump(pl, ep->ident.dev))
		return false;
	list_for_each_safe(ep, tmp, &pl->loose, loose) {
		if (few ? carrier_alive(ep) : ep->seen == pl->sweep)
			continue;
		any = true;
		ep->hup = true;
		ep->prog_shut = false;
		if (ep->src.fd >= 0 && ep->state == EP_JOINED)
			ep_pump(ep); /* what it wrote before */
		else
			ep_free(ep);
	}
	return any;
}

bool plane_sweep_hard(struct plane *pl)
{
	bool any = plane_sweep(pl);

	return pl->keep ? plane_sweep(pl) || any : any;
}

/* ---- the same without pidfd_getfd: we hold them, too, so look who else does ---- */

static void sweep_process(struct super *s, pid_t pid, void *arg)
{
	u64 dev = *(u64 *)arg;
	char path[64], text[64];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (!dir)
		return;
	while ((d = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), d->d_name, text, sizeof(text) - 1);
		unsigned long long ino;
		struct endpoint *ep;

		text[max(n, (ssize_t)0)] = '\0';
		if (sscanf(text, "socket:[%llu]", &ino) != 1)
			continue;
		ep = ep_of(super_ident(s, dev, ino));
		if (ep)
			ep->seen = s->plane->sweep;
	}
	closedir(dir);
}

static bool sweep_kept(struct plane *pl)
{
	struct endpoint *ep = list_first(&pl->loose, struct endpoint, loose), *tmp;
	bool any = false;

	if (!ep)
		return false;
	pl->sweep++;
	task_for_each(pl->s, sweep_process, &ep->ident.dev);
	list_for_each_safe(ep, tmp, &pl->loose, loose) {
		if (ep->seen == pl->sweep) {
			ep->missed = 0;
		} else if (++ep->missed >= 2) { /* once: it may be in flight */
			any = true;
			ep_free(ep);
		}
	}
	return any;
}

static void sweep_timer(struct timer *t)
{
	struct plane *pl = container_of(t, struct plane, sweep_timer);

	plane_sweep(pl);
	pl->sweep_delay_ns = min(pl->sweep_delay_ns * 2, SWEEP_LAST);
	if (!list_empty(&pl->loose))
		timer_set_at(t, clock_now(pl->s->w) + pl->sweep_delay_ns);
}

void plane_kick(struct super *s, bool soon)
{
	struct plane *pl = s->plane;

	if (!pl || list_empty(&pl->loose))
		return;
	if (soon)
		pl->sweep_delay_ns = SWEEP_FIRST;
	else if (timer_pending(&pl->sweep_timer))
		return;
	if (!pl->sweep_delay_ns)
		pl->sweep_delay_ns = SWEEP_FIRST;
	timer_set_at(&pl->sweep_timer,
		     clock_now(s->w) + (soon ? NS_PER_MS : pl->sweep_delay_ns));
}

/* ---- the room's ---- */

bool plane_uses_net(struct super *s, const struct net *net)
{
	const struct sock *sk;

	(void)s;
	if (!net)
		return false;
	list_for_each(sk, &net->socks, net_node)
		if (sk->counted)
			return true;
	return false;
}

static int plane_make_listener(struct plane *pl)
{
	struct sockaddr_un any = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(pl->sndbuf);
	int err, fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &pl->sndbuf, &len))
		goto err_close;
	pl->sndbuf /= 2; /* the kernel doubles what it is given */
	pl->listener_len = sizeof(pl->listener_name);
	if (bind(fd, (struct sockaddr *)&any, sizeof(any.sun_family)) ||
	    listen(fd, 128) ||
	    getsockname(fd, (struct sockaddr *)&pl->listener_name, &pl->listener_len))
		goto err_close;
	err = super_watch(pl->s, &pl->listener, fd, EPOLLIN, listener_event);
	if (!err)
		return 0;
	close(fd);
	return err;
err_close:
	err = -errno;
	close(fd);
	return err;
}

int plane_init(struct super *s)
{
	struct plane *pl;
	int err;

	s->plane = NULL;
	if (!s->w)
		return 0;
	pl = calloc(1, sizeof(*pl));
	if (!pl)
		return -ENOMEM;
	pl->s = s;
	pl->pid = getpid();
	pl->keep = !(s->facilities & FAC_PIDFD_GETFD);
	list_init(&pl->all);
	list_init(&pl->loose);
	timer_init(&pl->sweep_timer, s->w->worker->wheel, sweep_timer);
	err = plane_make_listener(pl);
	if (err) {
		free(pl);
		return err;
	}
	pl->diag = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	s->plane = pl;
	return 0;
}

void plane_fini(struct super *s)
{
	struct plane *pl = s->plane;
	struct endpoint *ep;

	if (!pl)
		return;
	while ((ep = list_first(&pl->all, struct endpoint, node)))
		ep_free(ep);
	timer_cancel(&pl->sweep_timer);
	super_unwatch(s, &pl->listener);
	close(pl->listener.fd);
	if (pl->diag >= 0)
		close(pl->diag);
	free(pl);
	s->plane = NULL;
}
