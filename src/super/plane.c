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

#include <fcntl.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/net.h"
#include "core/warren.h"
#include "super/netns.h"
#include "super/plane_impl.h"
#include "super/task.h"

#define LOOK_NS NS_PER_MS

static void ep_source(struct super *s, struct source *src, u32 events);

/* ---- bytes left over ---- */

void ep_rest_clear(struct ep_rest *r)
{
	free(r->buf);
	memset(r, 0, sizeof(*r));
}

int ep_rest_keep(struct ep_rest *r, const void *data, size_t len)
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

u32 ep_sk_poll(const struct endpoint *ep)
{
	return ep->sk->ops->poll ? ep->sk->ops->poll(ep->sk) : 0;
}

/* The caller of what a program wrote natively: the carrier tells it (SO_PASSCRED) */
static void ep_caller(struct endpoint *ep, struct call *fake, struct super_caller *sc)
{
	memset(fake, 0, sizeof(*fake));
	fake->tid = ep->tid;
	netns_caller(ep->plane->s, fake, sc);
	sc->caller.net = ep->sk->net;
}

ssize_t ep_sk_send(struct endpoint *ep, const void *data, size_t len, int flags)
{
	struct iovec iov = {(void *)(uintptr_t)data, len};
	struct msg m = {
	    .iov = &iov, .n_iov = 1, .flags = flags | MSG_DONTWAIT | MSG_NOSIGNAL};
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

static void ep_look(struct timer *t)
{
	ep_pump(container_of(t, struct endpoint, look));
}

void ep_look_soon(struct endpoint *ep)
{
	timer_set_at(&ep->look, clock_now(ep->sk->net->w) + LOOK_NS);
}

void ep_abort(struct endpoint *ep)
{
	struct linger l = {1, 0};

	sock_set_opt(ep->sk, NULL, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
}

/* ---- our end ---- */

#define EP_EVENTS (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET)

void ep_watch_out(struct endpoint *ep, bool on)
{
	u32 events = EP_EVENTS | (on ? EPOLLOUT : 0);

	if (ep->src.fd >= 0 && ep->src.events != events)
		super_rewatch(ep->plane->s, &ep->src, events);
}

int ep_set_ours(struct endpoint *ep, int fd)
{
	int err = super_watch(ep->plane->s, &ep->src, fd, EP_EVENTS, ep_source);

	if (err) {
		ep->src.fd = -1;
		return err;
	}
	ep->in = true;
	ep->full = false;
	return 0;
}

void ep_make_loose(struct endpoint *ep)
{
	if (list_empty(&ep->loose))
		list_add_tail(&ep->plane->loose, &ep->loose);
	plane_kick(ep->plane->s, false);
}

void ep_close_ours(struct endpoint *ep)
{
	if (ep->src.fd < 0)
		return;
	super_unwatch(ep->plane->s, &ep->src);
	close(ep->src.fd);
	ep->src.fd = -1;
	ep->in = ep->full = false;
	ep->pushed = 0;
	ep_rest_clear(&ep->to_program);
	ep_make_loose(ep);
}

/*
 * Without pidfd_getfd a duplicate is all we will ever have of a carrier. It is
 * kept until a stream is joined, for good for listeners and messages; and while
 * it is kept, no hang-up tells of the program's last close.
 */
void ep_keep(struct endpoint *ep, int carrier)
{
	if (!ep->plane->keep)
		return;
	ep->ident.kept = fcntl(carrier, F_DUPFD_CLOEXEC, 0) + 1;
	ep_make_loose(ep);
}

void ep_unkeep(struct endpoint *ep)
{
	if (!ep->ident.kept)
		return;
	close(ep->ident.kept - 1);
	ep->ident.kept = 0;
	if (ep->src.fd >= 0)
		list_del(&ep->loose);
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

/* What `ss` shows beside the stack's own queues */
static u32 front_queued(const struct sock *sk, bool to_program)
{
	struct endpoint *ep = sk->owner;
	int n = 0;

	if (!ep || ep->src.fd < 0 || ep->state != EP_JOINED)
		return 0;
	if (to_program)
		return carrier_unread(ep) + (u32)ep->to_program.len +
		       (ep->next ? (u32)ep->next->len : 0);
	ioctl(ep->src.fd, FIONREAD, &n);
	return (u32)n + (u32)ep->to_stack.len;
}

static const struct sock_front front = {
    .queued = front_queued,
    .gone = ep_listener_gone,
};

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
	list_init(&ep->erring);
	wait_init(&ep->wait, ep_wake);
	work_init(&ep->work, ep_work);
	timer_init(&ep->look, pl->s->w->worker->wheel, ep_look);
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
	ep->sk->front = &front;
	wait_add(&ep->sk->wait, &ep->wait, ~0U);
	return 0;
}

void ep_unmake(struct endpoint *ep)
{
	struct op *op;

	if (ep->known)
		super_ident_del(ep->plane->s, &ep->ident);
	ep->known = false;
	ep->sk->owner = NULL;
	ep->sk->front = NULL;
	while ((op = list_first(&ep->ops, struct op, node)))
		op_end(op, -EBADF);
	ep_close_ours(ep);
	ep_unkeep(ep);
	work_cancel(&ep->work);
	timer_cancel(&ep->look);
	list_del(&ep->erring);
	wait_del(&ep->wait);
	list_del(&ep->loose);
	list_del(&ep->node);
	ep_rest_clear(&ep->to_stack);
	ep_rest_clear(&ep->to_program);
	if (ep->spare)
		sock_release(ep->spare);
	free(ep->next);
	free(ep);
}

void ep_free(struct endpoint *ep)
{
	struct sock *sk = ep->sk;

	ep_unmake(ep);
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
		if (sk->family == AF_NETLINK) {
			const int on = 1;

			setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
		}
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
	ep_unmake(ep);
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
	ep_unmake(ep);
err_close:
	if (ours < 0) {
		close(pair[0]);
		close(pair[1]);
	}
	return err;
}

/* ---- events ---- */

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

void ep_pump(struct endpoint *ep)
{
	if (ep->kind == EP_STREAM)
		stream_pump(ep);
	else
		message_pump(ep);
	if (ep_is_closed(ep)) {
		if (ep->to_program.buf)
			ep_abort(ep);
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
	if (events & EPOLLPRI)
		ep->urgent = true;
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
	list_init(&pl->erring);
	list_init(&pl->ops);
	timer_init(&pl->sweep_timer, s->w->worker->wheel, plane_sweep_timer);
	err = plane_make_listener(pl);
	if (err) {
		free(pl);
		return err;
	}
	plane_open_diag(pl, s->facilities & FAC_UNIX_DIAG);
	pl->probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	s->plane = pl;
	return 0;
}

void plane_fini(struct super *s)
{
	struct plane *pl = s->plane;
	struct endpoint *ep;
	struct op *op;

	if (!pl)
		return;
	while ((ep = list_first(&pl->all, struct endpoint, node)))
		ep_free(ep);
	while ((op = list_first(&pl->ops, struct op, node)))
		op_end(op, -EBADF);
	timer_cancel(&pl->sweep_timer);
	super_unwatch(s, &pl->listener);
	close(pl->listener.fd);
	if (pl->diag >= 0)
		close(pl->diag);
	if (pl->probe >= 0)
		close(pl->probe);
	free(pl);
	s->plane = NULL;
}
