/* SPDX-License-Identifier: MIT */
/*
 * quota.c - how much of each kind of thing a namespace may have
 *
 * Whoever makes a thing asks quota_room() first, gives the errno that Linux
 * gives when it cannot have more of that thing, and counts by quota_add():
 *
 *   sockets      socket(): ENOBUFS, as socket(2) says of insufficient
 *                resources; EMFILE and ENFILE would speak of descriptors, which
 *                there are. A connection that comes in is not accepted: its
 *                last ACK is dropped, as when memory is out, and tried again.
 *   devices      ENOSPC: what Linux says when a count, not memory, is full
 *                (namespaces(7), inotify(7)).
 *   routes       ENOBUFS: what Linux says when it cannot have another route.
 *   neighbours   ENOBUFS, and the packet is dropped: Linux's "neighbour table
 *                overflow". Entries that nobody needs go first.
 *   queued       received packets are dropped, as when SO_RCVBUF is full; what
 *                a program sends gets ENOBUFS (datagrams) or waits, EAGAIN
 *                (streams). TCP's window closes.
 *   memory       ENOMEM, or what the call makes of it.
 *
 * A stream that waits for room which others hold is woken when a quarter of the
 * limit is free: rarely, so that the walk over the sockets of the namespace is
 * paid for by what was freed.
 */

#include "core/quota.h"

#include "core/cred.h"
#include "core/net.h"
#include "core/sock.h"

#include <poll.h>

const char *const quota_names[QUOTA_NR] = {
    [QUOTA_SOCKETS] = "sockets", [QUOTA_DEVICES] = "devices",
    [QUOTA_ROUTES] = "routes",	 [QUOTA_NEIGHBOURS] = "neighbours",
    [QUOTA_QUEUED] = "queued",	 [QUOTA_MEMORY] = "memory",
};

void quota_net_init(struct net *net)
{
	for (int i = 0; i < QUOTA_NR; i++)
		net->quotas[i].limit = QUOTA_NONE;
}

struct quota quota_read(const struct net *net, enum quota_kind kind)
{
	if (kind != QUOTA_MEMORY)
		return net->quotas[kind];
	return (struct quota){
	    .used = net->mem.bytes,
	    .limit = net->mem.limit ? net->mem.limit : QUOTA_NONE,
	    .refused = net->mem.refused,
	};
}

int quota_find(const char *name, enum quota_kind *kind)
{
	for (int i = 0; i < QUOTA_NR; i++)
		if (!strcmp(name, quota_names[i])) {
			*kind = (enum quota_kind)i;
			return 0;
		}
	return -EINVAL;
}

/* Streams that stopped for want of room may go on */
static void wake_all(struct net *net)
{
	struct sock *sk;

	net->quota_waited = false;
	list_for_each(sk, &net->socks, net_node)
		sock_wake(sk, POLLOUT | POLLWRNORM);
}

static bool is_quarter_free(const struct quota *q)
{
	return q->used <= q->limit - q->limit / 4;
}

void quota_set(struct net *net, enum quota_kind kind, u64 limit)
{
	struct quota *q = &net->quotas[kind];

	if (kind == QUOTA_MEMORY) {
		/* an account says 0 for no limit, and nothing is less than a byte */
		net->mem.limit = limit == QUOTA_NONE ? 0 : max(limit, (u64)1);
		return;
	}
	q->limit = limit;
	if (kind == QUOTA_QUEUED && net->quota_waited && is_quarter_free(q))
		wake_all(net);
}

bool quota_fits(const struct net *net, enum quota_kind kind, u64 n)
{
	const struct quota *q = &net->quotas[kind];

	return q->used <= q->limit && n <= q->limit - q->used;
}

bool quota_room(struct net *net, enum quota_kind kind, u64 n)
{
	if (likely(quota_fits(net, kind, n)))
		return true;
	net->quotas[kind].refused++;
	return false;
}

int quota_check(struct net *net, enum quota_kind kind, int err, struct ext_ack *ack)
{
	if (quota_room(net, kind, 1))
		return 0;
	ack_format(ack, "The namespace's quota of %s is used up", quota_names[kind]);
	return err;
}

void quota_add(struct net *net, enum quota_kind kind, s64 n)
{
	struct quota *q = &net->quotas[kind];

	q->used += (u64)n;
	if (unlikely(n < 0 && kind == QUOTA_QUEUED && net->quota_waited &&
		     is_quarter_free(q)))
		wake_all(net);
}
