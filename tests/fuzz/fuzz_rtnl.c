/* SPDX-License-Identifier: MIT */
/*
 * fuzz_rtnl.c - sequences of netlink requests to a whole stack
 *
 * The input is a list of steps: a byte that says what, a byte of length, and as
 * many bytes. A message's header is mended so that most of them get past it;
 * bit 6 leaves the length as it comes. Descriptor 5 names a second namespace.
 */

#include "fuzz.h"

#include "core/dev.h"
#include "core/sock.h"
#include "netlink/netlink.h"
#include "parts.h"

#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>

enum { SOCKS = 4 };

struct world {
	struct warren *w;
	struct net *a, *b;
	struct caller who;
	struct sock *socks[SOCKS];
};

static int net_by_fd(const struct caller *c, int fd, struct net **out)
{
	struct world *wd = c->arg;

	if (fd != 5)
		return -EBADF;
	*out = wd->b;
	net_get(wd->b);
	return 0;
}

static const struct caller_ops ops = {.net_by_fd = net_by_fd};

static void open_one(struct world *wd, int i)
{
	static const int protocols[SOCKS] = {NETLINK_ROUTE, NETLINK_ROUTE,
					     NETLINK_ROUTE, NETLINK_SOCK_DIAG};
	struct caller c = wd->who;
	u32 one = 1;

	c.net = i == 1 ? wd->b : wd->a;
	EXPECT(
	    !sock_create(c.net, &c, AF_NETLINK, SOCK_RAW, protocols[i], &wd->socks[i]));
	sock_set_opt(wd->socks[i], &c, SOL_NETLINK, NETLINK_EXT_ACK, &one, 4);
	if (i == 2) {
		sock_set_opt(wd->socks[i], &c, SOL_NETLINK, NETLINK_GET_STRICT_CHK,
			     &one, 4);
		for (u32 g = 1; g <= RTNLGRP_MAX; g++)
			sock_set_opt(wd->socks[i], &c, SOL_NETLINK,
				     NETLINK_ADD_MEMBERSHIP, &g, 4);
	}
}

static void birth(struct world *wd)
{
	struct warren_config cfg = {
	    .parts = warren_parts,
	    .seed = 1,
	    .virtual_time = true,
	};

	EXPECT(!warren_new(&cfg, &wd->w));
	wd->a = wd->w->init_net;
	net_get(wd->a);
	EXPECT(!net_new(wd->w, "b", &wd->b));
	wd->who = (struct caller){
	    .net = wd->a,
	    .pid = 7,
	    .caps = ~0ULL,
	    .ops = &ops,
	    .arg = wd,
	};
	for (int i = 0; i < SOCKS; i++)
		open_one(wd, i);
}

static void death(struct world *wd)
{
	for (int i = 0; i < SOCKS; i++)
		sock_release(wd->socks[i]);
	net_put(wd->b);
	net_put(wd->a);
	warren_free(wd->w);
}

static void receive(struct world *wd, struct sock *sk, size_t room)
{
	u8 buf[16384];
	struct iovec iov = {buf, room};
	struct msg m = {.iov = &iov, .n_iov = 1, .caller = &wd->who};

	sk->ops->recv(sk, &m);
}

static void send_step(struct world *wd, struct sock *sk, u8 what, const u8 *data,
		      size_t len)
{
	u8 *copy = fuzz_copy(data, len);
	struct nlmsghdr *h = (void *)copy;
	struct iovec iov = {copy, len};
	struct msg m = {.iov = &iov, .n_iov = 1, .caller = &wd->who};

	if (len >= sizeof(*h)) {
		if (!(what & 0x40))
			h->nlmsg_len = (u32)len;
		h->nlmsg_flags |= NLM_F_REQUEST;
		if (sk->protocol == NETLINK_SOCK_DIAG)
			h->nlmsg_type = SOCK_DIAG_BY_FAMILY + (h->nlmsg_type & 1);
		else
			h->nlmsg_type =
			    (u16)(RTM_BASE + h->nlmsg_type % (RTM_MAX + 1 - RTM_BASE));
	}
	sk->ops->send(sk, &m);
	free(copy);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct world wd;
	size_t at = 0;

	birth(&wd);
	while (at + 2 <= size) {
		u8 what = data[at], len = data[at + 1];
		struct sock *sk = wd.socks[what % SOCKS];

		at += 2;
		len = (u8)min((size_t)len, size - at);
		if (what & 0x20)
			receive(&wd, sk, len * 32U);
		else
			send_step(&wd, sk, what, data + at, len);
		if (what & 0x10)
			clock_set(&wd.w->clock, clock_now(wd.w) + len * NS_PER_S / 8);
		for (int i = 0; i < 64 && worker_step(wd.w->worker); i++)
			;
		at += what & 0x20 ? 0 : len;
	}
	death(&wd);
	return 0;
}
