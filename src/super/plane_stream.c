/* SPDX-License-Identifier: MIT */
/*
 * plane_stream.c - streams: joined in place, bytes both ways, listeners
 *
 * How a carrier passes through its states is told in plane.c. A read that
 * brings less than it asked for has emptied our end; the next write is an event
 * (EPOLLET), so no read is wasted on EAGAIN. What TCP cannot take yet stays in
 * the carrier, which then blocks the program; what the program does not read
 * stays in the stack, whose window shuts.
 */

#include "super/plane_impl.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	STATE_ESTABLISHED = 1, /* sock.state, as Linux numbers them */
	STATE_SYN_SENT = 2,
	STATE_SYN_RECV = 3,
	READ_MIN = 16384,	/* bytes asked of a program's stream at least */
	TO_PROGRAM_MAX = 65536, /* bytes taken from the stack at once */
	TURN_MAX = 1 << 20,	/* bytes one endpoint moves in a turn */
};

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
	if (!ep->ident.kept) /* else no hang-up tells of the last close */
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
	if (state == STATE_ESTABLISHED || !(ep_sk_poll(ep) & POLLERR)) {
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
		ssize_t n = ep_sk_send(ep, data, len, 0);

		if (n == -EAGAIN || n == 0) {
			if (ep_rest_keep(&ep->to_stack, data, len))
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

static bool stream_at_mark(const struct endpoint *ep)
{
	int at = 0;

	return !ioctl(ep->src.fd, SIOCATMARK, &at) && at;
}

/* The byte that the program sent with MSG_OOB. Return: false: the stack is full */
static bool stream_urgent_to_stack(struct endpoint *ep)
{
	u8 byte;
	ssize_t n;

	if (recv(ep->src.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 1) {
		ep->urgent = false;
		return true;
	}
	n = ep->deaf ? 1 : ep_sk_send(ep, &byte, 1, MSG_OOB);
	if (n == -EAGAIN)
		return false;
	recv(ep->src.fd, &byte, 1, MSG_DONTWAIT);
	ep->urgent = false;
	return true;
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

		if (!ep->deaf && !(ep_sk_poll(ep) & (POLLOUT | POLLERR | POLLHUP)))
			break;
		if (unlikely(ep->urgent) && stream_at_mark(ep)) {
			if (!stream_urgent_to_stack(ep))
				break;
			continue;
		}
		n = recv(ep->src.fd, ep->plane->buf, want, MSG_DONTWAIT);
		if (n == 0) {
			stream_ended(ep);
			break;
		}
		if (n < 0) {
			ep->in = false;
			if (errno == ECONNRESET) {
				/* closed with something unread: TCP resets */
				ep_abort(ep);
				ep->eof = ep->hup = true;
			}
			break;
		}
		/* less than asked for: it was emptied; the next write is an event */
		if ((size_t)n < want && !ep->hup && !ep->prog_shut && !ep->urgent)
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
			if (ep_rest_keep(&ep->to_program, data, len))
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

static ssize_t sk_recv(struct endpoint *ep, void *buf, size_t len, int flags)
{
	struct iovec iov = {buf, len};
	struct msg m = {.iov = &iov, .n_iov = 1, .flags = flags | MSG_DONTWAIT};

	return ep->sk->ops->recv(ep->sk, &m);
}

/* Is the urgent byte the next to read? (RFC 6093) */
static bool sk_at_mark(struct endpoint *ep)
{
	int at = 0;

	return ep_sk_poll(ep) & POLLPRI && !sock_ioctl(ep->sk, NULL, SIOCATMARK, &at) &&
	       at;
}

/*
 * The urgent byte, as the carrier's own out-of-band data: poll(), SIGURG, the mark and
 * SO_OOBINLINE are then the host's. Return: false: our end is full
 */
static bool stream_urgent_to_program(struct endpoint *ep)
{
	bool in_line = ep->sk->oob_inline;
	u8 byte;

	if (sk_recv(ep, &byte, 1, MSG_PEEK | (in_line ? 0 : MSG_OOB)) != 1)
		return false;
	if (send(ep->src.fd, &byte, 1, MSG_OOB | MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
	    errno == EAGAIN) {
		ep->full = true;
		ep_watch_out(ep, true);
		return false;
	}
	sk_recv(ep, &byte, 1, in_line ? 0 : MSG_OOB);
	return true;
}

/* Stack to program. Return: bytes moved */
static size_t stream_to_program(struct endpoint *ep)
{
	size_t moved = 0;

	if (ep->to_program.buf && !ep->full)
		stream_deliver_rest(ep);
	while (!ep->full && !ep->fin && !ep->to_program.buf && moved < TURN_MAX &&
	       ep->src.fd >= 0) {
		ssize_t n;

		if (unlikely(sk_at_mark(ep)) && !stream_urgent_to_program(ep))
			break;
		n = sk_recv(ep, ep->plane->buf, TO_PROGRAM_MAX, 0);
		if (n == -EAGAIN || n == -EPERM) /* nothing, or under TCP_REPAIR */
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

void stream_pump(struct endpoint *ep)
{
	size_t moved;

	if (ep->state == EP_CONNECTING)
		stream_check_connect(ep);
	if (ep->state != EP_JOINED)
		return;
	moved = stream_to_stack(ep);
	moved += ep->state == EP_JOINED ? stream_to_program(ep) : 0;
	/* After its end of file the other side can still reset: now nobody takes what
	 * the program sends, and it is told so (EPIPE) */
	if (ep->state == EP_JOINED && ep->fin && ep_sk_poll(ep) & POLLERR) {
		ep->state = EP_DEAD;
		ep_close_ours(ep);
	}
	if (moved >= TURN_MAX)
		work_defer(ep->sk->net->worker, &ep->work);
}

bool ep_drain(struct endpoint *ep)
{
	ep->in = true;
	stream_to_stack(ep);
	return !ep->to_stack.buf && !ep->in;
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

/* Its name is free again when the last descriptor of the carrier is closed */
bool ep_listener_gone(const struct sock *sk)
{
	struct endpoint *ep = sk->owner;
	struct plane *pl = ep->plane;

	if (ep->state != EP_LISTENING || pl->keep)
		return false;
	if (pl->probe < 0 ||
	    bind(pl->probe, (struct sockaddr *)&ep->listen_name, ep->listen_len))
		return false;
	close(pl->probe);
	pl->probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ep_make_loose(ep);
	plane_kick(pl->s, true);
	return true;
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
	if (ep->spare || ep_sk_poll(ep) & POLLIN)
		listen_show(ep);
}

int plane_make_listener(struct plane *pl)
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
