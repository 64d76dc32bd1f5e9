/* SPDX-License-Identifier: MIT */
/*
 * plane_message.c - messages: datagrams, netlink, raw
 *
 * What lies in the carrier all carries ep->meta beside its bytes, so a caught
 * receive that takes a message out of it knows from whom it came. See plane.c.
 */

#include "super/plane_impl.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "core/net.h"
#include "super/task.h"

enum { MESSAGES_A_TURN = 64 };

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

void ep_fail(struct endpoint *ep, int carrier)
{
	u32 pushed = ep->pushed;

	send(carrier, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	ep_close_ours(ep);
	ep->pushed = pushed; /* is still to be read */
	ep->failed = true;
}

static void message_fail(struct endpoint *ep)
{
	int carrier = ep_borrow(ep);

	list_del(&ep->erring);
	if (carrier < 0)
		return;
	if (ep->alarm) {
		recv(carrier, ep->plane->buf, 1, MSG_DONTWAIT);
		ep->pushed = 0;
	}
	ep->alarm = false;
	ep_fail(ep, carrier);
	close(carrier);
}

/*
 * Who has asked for an error queue waits for POLLERR and nothing else. But a native
 * send() must not meet a carrier that fails: wait until the program polls. Return:
 * false: an alarm will do
 */
static bool message_show_queue(struct endpoint *ep)
{
	struct plane *pl = ep->plane;
	struct endpoint *other, *tmp;

	if (list_empty(&ep->sk->err_queue) || pl->keep)
		return false;
	switch (task_does(ep->tid, ep->fd)) {
	case TASK_POLLS:
		message_fail(ep);
		list_for_each_safe(other, tmp, &pl->erring, erring) {
			if (other->tid == ep->tid && !list_empty(&other->sk->err_queue))
				message_fail(other);
		}
		return ep->failed;
	case TASK_RUNS:
		if (list_empty(&ep->erring))
			list_add_tail(&pl->erring, &ep->erring);
		ep_look_soon(ep);
		return true;
	default:
		return false;
	}
}

/*
 * The socket has an error (ICMP), or something in its error queue. No carrier can
 * carry that, so it waits for the next caught call. An empty message in the
 * carrier, the alarm, wakes who polls; who reads it natively gets nothing. An error
 * queue must show as POLLERR: the carrier is made to fail, and exchanged when the
 * queue was read (plane_renew.c).
 */
static void message_check_error(struct endpoint *ep)
{
	const struct ep_meta none = {0};

	if (ep->ring || ep->failed)
		return;
	if (ep->alarm && carrier_empty(ep)) {
		ep->alarm = false; /* a native call had it */
		ep->pushed = 0;
		ep->err = 0;
	}
	if (ep->sk->err)
		ep->err = sock_error(ep->sk);
	if (message_show_queue(ep))
		return;
	if (ep->alarm || (!ep->err && list_empty(&ep->sk->err_queue)) || ep->next ||
	    (ep->pushed && !carrier_empty(ep)))
		return; /* no need, or something wakes already */
	ep->pushed = 0;
	ep->alarm = message_push(ep, &none, "", 0);
}

/* Nothing waits any more */
static void message_calm(struct endpoint *ep, int carrier)
{
	if (ep->ring || !ep->alarm || ep->err || !list_empty(&ep->sk->err_queue))
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
	if (ep->src.fd < 0)
		return;
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
		if (!(ep_sk_poll(ep) & POLLIN)) {
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

/* One message of the program; and who wrote it, where our end asks for that */
static ssize_t carrier_take(struct endpoint *ep)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec iov = {ep->plane->buf, sizeof(ep->plane->buf)};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *c;
	struct ucred who;
	ssize_t n;

	if (ep->sk->family != AF_NETLINK)
		return recv(ep->src.fd, iov.iov_base, iov.iov_len, MSG_DONTWAIT);
	h.msg_control = &control;
	h.msg_controllen = sizeof(control);
	n = recvmsg(ep->src.fd, &h, MSG_DONTWAIT);
	c = n < 0 ? NULL : CMSG_FIRSTHDR(&h);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS) {
		memcpy(&who, CMSG_DATA(c), sizeof(who));
		if (who.pid > 0)
			ep->tid = who.pid;
	}
	return n;
}

static void message_to_stack(struct endpoint *ep)
{
	if (ep->src.fd < 0)
		return;
	for (int i = 0; i < MESSAGES_A_TURN; i++) {
		ssize_t n;

		if (ep->to_stack.buf) {
			n = ep_sk_send(ep, ep->to_stack.buf, ep->to_stack.len, 0);
			if (n == -EAGAIN)
				return;
			ep_rest_clear(&ep->to_stack);
		}
		if (!ep->in)
			return;
		message_check_error(ep);
		n = carrier_take(ep);
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
		n = (ssize_t)ep_sk_send(ep, ep->plane->buf, (size_t)n, 0) == -EAGAIN
			? n
			: 0;
		if (n && ep_rest_keep(&ep->to_stack, ep->plane->buf, (size_t)n))
			return;
	}
	work_defer(ep->sk->net->worker, &ep->work);
}

void message_pump(struct endpoint *ep)
{
	if (ep->src.fd < 0)
		return;
	message_to_stack(ep);
	if (ep->ring)
		ring_show(ep);
	else
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
		if (n >= 0)
			ep->err = 0; /* the socket's is that of the next one */
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
