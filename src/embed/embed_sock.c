/* SPDX-License-Identifier: MIT */
/*
 * embed_sock.c - the embedding API: sockets with callbacks or polled readiness
 *
 * The stack wakes the wait of a socket from inside; that only defers a work, so
 * the callback runs at the end of the turn, where it may call anything.
 */

#include "warren.h"

#include "embed/embed.h"

#include <netinet/in.h>

#include "core/sock.h"
#include "wire/inet.h"

struct warren_sock {
	struct sock *sk; /* one reference */
	struct wait wait;
	struct work work;
	void (*fn)(void *arg, struct warren_sock *s, unsigned events);
	void *arg;
};

/* An embedding program owns its namespaces: every right over them */
static struct caller owner(struct net *net)
{
	return (struct caller){.net = net, .caps = ~0ULL};
}

static void woken(struct wait *wt, u32 events)
{
	struct warren_sock *s = container_of(wt, struct warren_sock, wait);

	(void)events;
	work_defer(s->sk->net->worker, &s->work);
}

static void tell(struct work *wk)
{
	struct warren_sock *s = container_of(wk, struct warren_sock, work);

	if (s->fn)
		s->fn(s->arg, s, warren_poll(s));
}

/* Takes over the reference to @sk, also on failure */
static int wrap(struct sock *sk, struct warren_sock **out)
{
	struct warren_sock *s = mem_alloc(&sk->net->w->mem, sizeof(*s));

	if (!s) {
		sock_release(sk);
		return -ENOMEM;
	}
	s->sk = sk;
	wait_init(&s->wait, woken);
	work_init(&s->work, tell);
	*out = s;
	return 0;
}

int warren_socket(struct warren_ns *ns, int type, int protocol,
		  struct warren_sock **out)
{
	struct caller c = owner(ns_net(ns));
	struct sock *sk;
	int err = sock_create(ns_net(ns), &c, AF_INET, type, protocol, &sk);

	return err ? err : wrap(sk, out);
}

void warren_sock_close(struct warren_sock *s)
{
	struct mem *m;

	if (!s)
		return;
	m = &s->sk->net->w->mem;
	wait_del(&s->wait);
	work_cancel(&s->work);
	sock_release(s->sk);
	mem_free(m, s);
}

static int to_sockaddr(const char *addr, uint16_t port, struct sockaddr_in *out)
{
	struct ipaddr a = ipaddr_any(AF_INET);

	if (addr && text_parse_ipaddr(addr, &a))
		return -EINVAL;
	if (a.family != AF_INET)
		return -EAFNOSUPPORT;
	memset(out, 0, sizeof(*out));
	out->sin_family = AF_INET;
	out->sin_port = (__force u16)cpu_to_be16(port);
	out->sin_addr.s_addr = (__force u32)a.v4;
	return 0;
}

static void from_sockaddr(const struct sockaddr_storage *ss, char *addr, uint16_t *port)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)ss;

	if (addr)
		text_ip4(addr, (__force be32)in->sin_addr.s_addr);
	if (port)
		*port = be16_to_cpu((__force be16)in->sin_port);
}

int warren_bind(struct warren_sock *s, const char *addr, uint16_t port)
{
	struct caller c = owner(s->sk->net);
	struct sockaddr_in in;
	int err = to_sockaddr(addr, port, &in);

	return err ? err
		   : s->sk->ops->bind(s->sk, &c, (struct sockaddr *)&in, sizeof(in));
}

int warren_connect(struct warren_sock *s, const char *addr, uint16_t port)
{
	struct caller c = owner(s->sk->net);
	struct sockaddr_in in;
	int err = to_sockaddr(addr, port, &in);

	return err ? err
		   : s->sk->ops->connect(s->sk, &c, (struct sockaddr *)&in, sizeof(in));
}

int warren_listen(struct warren_sock *s, int backlog)
{
	return s->sk->ops->listen ? s->sk->ops->listen(s->sk, backlog) : -EOPNOTSUPP;
}

int warren_accept(struct warren_sock *s, struct warren_sock **out)
{
	struct sock *child;
	int err = s->sk->ops->accept ? s->sk->ops->accept(s->sk, &child) : -EOPNOTSUPP;

	if (err)
		return err;
	sock_adopt(child);
	return wrap(child, out);
}

int warren_shutdown(struct warren_sock *s, int how)
{
	return s->sk->ops->shutdown ? s->sk->ops->shutdown(s->sk, how) : -EOPNOTSUPP;
}

ssize_t warren_sendto(struct warren_sock *s, const void *buf, size_t len, int flags,
		      const char *addr, uint16_t port)
{
	struct caller c = owner(s->sk->net);
	struct iovec iov = {(void *)(uintptr_t)buf, len};
	struct sockaddr_storage ss;
	struct msg m = {.iov = &iov, .n_iov = 1, .flags = flags, .caller = &c};
	int err = addr ? to_sockaddr(addr, port, (struct sockaddr_in *)&ss) : 0;

	if (err)
		return err;
	if (addr) {
		m.name = &ss;
		m.name_len = sizeof(struct sockaddr_in);
	}
	return s->sk->ops->send(s->sk, &m);
}

ssize_t warren_recvfrom(struct warren_sock *s, void *buf, size_t len, int flags,
			char *addr, uint16_t *port)
{
	struct caller c = owner(s->sk->net);
	struct iovec iov = {buf, len};
	struct sockaddr_storage ss = {0};
	struct msg m = {
	    .iov = &iov,
	    .n_iov = 1,
	    .flags = flags,
	    .caller = &c,
	    .name = addr || port ? &ss : NULL,
	    .name_len = sizeof(ss),
	};
	ssize_t n = s->sk->ops->recv(s->sk, &m);

	if (n >= 0 && m.name && m.name_len)
		from_sockaddr(&ss, addr, port);
	return n;
}

ssize_t warren_send(struct warren_sock *s, const void *buf, size_t len, int flags)
{
	return warren_sendto(s, buf, len, flags, NULL, 0);
}

ssize_t warren_recv(struct warren_sock *s, void *buf, size_t len, int flags)
{
	return warren_recvfrom(s, buf, len, flags, NULL, NULL);
}

int warren_sock_name(struct warren_sock *s, bool peer, char *addr, uint16_t *port)
{
	struct sockaddr_storage ss = {0};
	socklen_t len = sizeof(ss);
	int err = s->sk->ops->name(s->sk, peer, &ss, &len);

	if (!err)
		from_sockaddr(&ss, addr, port);
	return err;
}

int warren_setsockopt(struct warren_sock *s, int level, int name, const void *val,
		      size_t len)
{
	struct caller c = owner(s->sk->net);

	return sock_set_opt(s->sk, &c, level, name, val, (socklen_t)len);
}

int warren_getsockopt(struct warren_sock *s, int level, int name, void *val,
		      size_t *len)
{
	socklen_t n = (socklen_t)*len;
	int err = sock_get_opt(s->sk, level, name, val, &n);

	if (!err)
		*len = n;
	return err;
}

unsigned warren_poll(struct warren_sock *s)
{
	return s->sk->ops->poll(s->sk);
}

void warren_on_event(struct warren_sock *s,
		     void (*fn)(void *arg, struct warren_sock *s, unsigned events),
		     void *arg)
{
	s->fn = fn;
	s->arg = arg;
	wait_del(&s->wait);
	if (!fn)
		return;
	wait_add(&s->sk->wait, &s->wait, ~0U);
	work_defer(s->sk->net->worker, &s->work); /* what is ready already counts too */
}
