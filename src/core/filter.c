/* SPDX-License-Identifier: MIT */
/*
 * filter.c - the filter of a socket
 *
 * Any kind of socket may have one. Its family asks filter_passes() before it
 * queues a packet, with the packet's data where Linux has them: at the link
 * header for a packet socket, at the IP header for a raw one, at the transport
 * header for UDP and TCP.
 */

#include "core/filter.h"

#include "core/dev.h"

int filter_new(struct net *net, const struct sock_fprog *fp, struct filter **out)
{
	size_t size = fp->len * sizeof(struct sock_filter);
	struct filter *f;
	int err;

	if (!fp->filter || !fp->len || fp->len > BPF_MAXINSNS)
		return -EINVAL;
	f = net_alloc(net, sizeof(*f) + size);
	if (!f)
		return -ENOMEM;
	count_init(&f->refs);
	f->mem = &net->mem;
	f->n = fp->len;
	memcpy(f->prog, fp->filter, size);
	err = bpf_check(f->prog, f->n);
	if (err) {
		filter_put(f);
		return err;
	}
	*out = f;
	return 0;
}

void filter_put(struct filter *f)
{
	if (f && count_put(&f->refs))
		mem_free(f->mem, f);
}

bool filter_is_opt(int name)
{
	return name == SO_ATTACH_FILTER || name == SO_DETACH_FILTER ||
	       name == SO_LOCK_FILTER || name == SO_ATTACH_REUSEPORT_CBPF ||
	       name == SO_DETACH_REUSEPORT_BPF;
}

/* @at: sk->filter, sk->reuse_prog */
static int attach(struct sock *sk, struct filter **at, const void *val, socklen_t len)
{
	struct sock_fprog fp;
	struct filter *f;
	int err;

	if (len != sizeof(fp))
		return -EINVAL;
	if (sk->filter_locked)
		return -EPERM;
	memcpy(&fp, val, sizeof(fp));
	err = filter_new(sk->net, &fp, &f);
	if (err)
		return err;
	filter_put(*at);
	*at = f;
	return 0;
}

static int detach(struct filter **at)
{
	if (!*at)
		return -ENOENT;
	filter_put(*at);
	*at = NULL;
	return 0;
}

int filter_set_opt(struct sock *sk, int name, int v, const void *val, socklen_t len)
{
	switch (name) {
	case SO_ATTACH_FILTER:
		return attach(sk, &sk->filter, val, len);
	case SO_DETACH_FILTER:
		if (sk->filter_locked)
			return -EPERM;
		return detach(&sk->filter);
	case SO_ATTACH_REUSEPORT_CBPF:
		if (!sk->reuse_port)
			return -EINVAL;
		return attach(sk, &sk->reuse_prog, val, len);
	case SO_DETACH_REUSEPORT_BPF:
		return sk->reuse_port ? detach(&sk->reuse_prog) : -EINVAL;
	default: /* SO_LOCK_FILTER */
		if (sk->filter_locked && !v)
			return -EPERM;
		sk->filter_locked = v != 0;
		return 0;
	}
}

int filter_get(const struct sock *sk, void *val, socklen_t *len)
{
	const struct filter *f = sk->filter;
	socklen_t room = *len;

	*len = f ? f->n : 0;
	if (!f || !room)
		return 0;
	if (room < f->n)
		return -EINVAL;
	memcpy(val, f->prog, f->n * sizeof(f->prog[0]));
	return 0;
}

void filter_inherit(struct sock *child, const struct sock *parent)
{
	child->filter_locked = parent->filter_locked;
	if (!parent->filter)
		return;
	count_get(&parent->filter->refs);
	child->filter = parent->filter;
}

bool filter_passes(const struct sock *sk, struct pkt *p, u32 least)
{
	u32 keep;

	if (likely(!sk->filter))
		return true;
	keep = bpf_run(sk->filter->prog, p, p->dev);
	if (!keep)
		return false;
	if (max(keep, least) < p->len)
		pkt_trim(p, max(keep, least));
	return true;
}
