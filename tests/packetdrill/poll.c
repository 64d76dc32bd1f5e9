/* SPDX-License-Identifier: MIT */
/*
 * poll.c - poll() and epoll over the stack's sockets
 *
 * An interest of epoll is a wait on its socket. What wakes it puts it on the
 * ready list; epoll_wait() asks the socket again and reports what is still true.
 * Level-triggered interests go back on the list, edge-triggered ones wait for the
 * next wake, and one-shot ones for EPOLL_CTL_MOD.
 */

#include "pd.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>

struct pd_epoll {
	struct list items, ready;
};

struct item {
	struct list node, ready;
	bool is_ready;
	struct wait wait;
	struct pd_epoll *ep;
	struct sock *sk;
	int fd;
	struct epoll_event ev;
};

static u64 until(const struct pd *pd, int timeout_ms)
{
	return timeout_ms < 0 ? ~0ULL : pd_now(pd) + (u64)timeout_ms * NS_PER_MS;
}

int pd_poll(struct pd *pd, struct pollfd *fds, unsigned long n, int timeout_ms)
{
	u64 end = until(pd, timeout_ms);

	for (;;) {
		int found = 0;

		for (unsigned long i = 0; i < n; i++) {
			int fd = fds[i].fd;
			struct sock *sk =
			    fd >= 0 && fd < PD_FDS ? pd->files[fd].sk : NULL;
			u32 want = (u32)(u16)fds[i].events | POLLERR | POLLHUP;

			fds[i].revents = 0;
			if (fd < 0)
				continue;
			fds[i].revents =
			    sk ? (short)(sk->ops->poll(sk) & want) : POLLNVAL;
			found += fds[i].revents != 0;
		}
		if (found || !pd_wait(pd, end))
			return found;
	}
}

static void make_ready(struct item *it)
{
	if (it->is_ready)
		return;
	it->is_ready = true;
	list_add_tail(&it->ep->ready, &it->ready);
}

static void woken(struct wait *wt, u32 events)
{
	struct item *it = container_of(wt, struct item, wait);

	if (events & it->ev.events)
		make_ready(it);
}

static void item_free(struct item *it)
{
	wait_del(&it->wait);
	if (it->is_ready)
		list_del(&it->ready);
	list_del(&it->node);
	free(it);
}

struct pd_epoll *pd_epoll_new(void)
{
	struct pd_epoll *ep = calloc(1, sizeof(*ep));

	if (!ep)
		return NULL;
	list_init(&ep->items);
	list_init(&ep->ready);
	return ep;
}

void pd_epoll_free(struct pd_epoll *ep)
{
	struct item *it, *tmp;

	list_for_each_safe(it, tmp, &ep->items, node)
		item_free(it);
	free(ep);
}

void pd_epoll_forget(struct pd *pd, struct sock *sk)
{
	for (int i = 0; i < PD_FDS; i++) {
		struct item *it, *tmp;

		if (!pd->files[i].ep)
			continue;
		list_for_each_safe(it, tmp, &pd->files[i].ep->items, node)
			if (it->sk == sk)
				item_free(it);
	}
}

static struct item *find(struct pd_epoll *ep, int fd)
{
	struct item *it;

	list_for_each(it, &ep->items, node)
		if (it->fd == fd)
			return it;
	return NULL;
}

static void set(struct item *it, const struct epoll_event *ev)
{
	it->ev = *ev;
	it->ev.events |= EPOLLERR | EPOLLHUP;
	if (it->sk->ops->poll(it->sk) & it->ev.events)
		make_ready(it);
}

int pd_epoll_ctl(struct pd *pd, struct pd_epoll *ep, int op, struct sock *sk, int fd,
		 const struct epoll_event *ev)
{
	struct item *it = find(ep, fd);

	(void)pd;
	if (op == EPOLL_CTL_ADD) {
		if (it)
			return -EEXIST;
		it = calloc(1, sizeof(*it));
		if (!it)
			return -ENOMEM;
		it->ep = ep;
		it->sk = sk;
		it->fd = fd;
		wait_init(&it->wait, woken);
		wait_add(&sk->wait, &it->wait, ~0U);
		list_add_tail(&ep->items, &it->node);
		set(it, ev);
		return 0;
	}
	if (!it)
		return -ENOENT;
	if (op == EPOLL_CTL_DEL)
		item_free(it);
	else if (op == EPOLL_CTL_MOD)
		set(it, ev);
	else
		return -EINVAL;
	return 0;
}

static int collect(struct pd_epoll *ep, struct epoll_event *evs, int n)
{
	struct list again;
	struct item *it;
	int found = 0;

	list_init(&again);
	while (found < n && (it = list_first(&ep->ready, struct item, ready))) {
		u32 now = it->sk->ops->poll(it->sk) & it->ev.events;

		list_del(&it->ready);
		it->is_ready = false;
		if (!now)
			continue;
		evs[found++] = (struct epoll_event){.events = now, .data = it->ev.data};
		if (it->ev.events & EPOLLONESHOT)
			it->ev.events = EPOLLONESHOT;
		else if (!(it->ev.events & EPOLLET))
			list_add_tail(&again, &it->ready);
	}
	while ((it = list_first(&again, struct item, ready))) {
		list_del(&it->ready);
		make_ready(it);
	}
	return found;
}

int pd_epoll_wait(struct pd *pd, struct pd_epoll *ep, struct epoll_event *evs, int n,
		  int timeout_ms)
{
	u64 end = until(pd, timeout_ms);

	for (;;) {
		int found = collect(ep, evs, n);

		if (found || !pd_wait(pd, end))
			return found;
	}
}
