/* SPDX-License-Identifier: MIT */
/*
 * calls_opt.c - getsockopt, setsockopt, and the ioctls of sockets
 *
 * Options are the stack's. A few concern how long a native call on the carrier
 * waits, so the carrier gets them, too. SO_ERROR also takes what the host has
 * pending on the carrier.
 *
 * SIOC* on any socket, also an AF_UNIX one of the program's own, speaks of the
 * devices of the namespace. Pointers inside an argument are followed here:
 * the stack sees memory of this process only.
 */

#include "super/calls.h"

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "super/cred.h"
#include "super/memory.h"
#include "super/netns.h"
#include "super/task.h"
#include "super/unix_ns.h"
#include "super/userns.h"

enum {
	OPT_MAX = 16 << 20, /* rule sets of iptables travel this way */
	OPT_STACK = 256,
	IFCONF_MAX = 65536,
	SO_NETNS_COOKIE_ = 71,
	SIOCGSKNS_ = 0x894c, /* <linux/sockios.h> has it twice over */
};

/* ---- options ---- */

/* Whoever waits in the kernel waits as long as the stack's socket would. */
static bool opt_concerns_carrier(int level, int name)
{
	return level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_SNDTIMEO ||
				       name == SO_RCVLOWAT || name == SO_OOBINLINE);
}

/* Is its value a struct sock_fprog, which points to instructions? */
static bool opt_is_program(int level, int name)
{
	return (level == SOL_SOCKET &&
		(name == SO_ATTACH_FILTER || name == SO_ATTACH_REUSEPORT_CBPF)) ||
	       (level == SOL_PACKET && name == PACKET_FANOUT_DATA);
}

/* @val: as the program gave it. Its instructions are copied here: @out, malloced;
 * NULL: the value speaks for itself. 0, -EFAULT, -ENOMEM */
static int opt_read_program(const struct call *c, void *val, s32 len, void **out)
{
	struct sock_fprog fp;
	size_t size;

	*out = NULL;
	if (len != sizeof(fp))
		return 0;
	memcpy(&fp, val, sizeof(fp));
	if (!fp.filter || !fp.len || fp.len > BPF_MAXINSNS)
		return 0; /* is refused without a look */
	size = fp.len * sizeof(fp.filter[0]);
	*out = malloc(size);
	if (!*out)
		return -ENOMEM;
	if (mem_read(c, (uintptr_t)fp.filter, *out, size))
		return -EFAULT;
	fp.filter = *out;
	memcpy(val, &fp, sizeof(fp));
	return 0;
}

/*
 * What tells of single writes, or rides on a read, does not go with bytes that the
 * host's kernel moves: a program that hears "no" does without, one that hears "yes"
 * would wait for what never comes.
 */
static bool opt_needs_calls(const struct endpoint *ep, int level, int name)
{
	if (ep->kind == EP_MESSAGE)
		return false;
	if (level == SOL_SOCKET)
		return name == SO_TIMESTAMPING;
	return level == IPPROTO_TCP && name == TCP_INQ;
}

static int opt_set(struct super *s, struct call *c, const struct target *t)
{
	int level = (int)c->args[1], name = (int)c->args[2];
	s32 len = (s32)c->args[4];
	struct super_caller sc;
	u8 small[OPT_STACK], *val = small;
	void *prog = NULL;
	int err;

	if (len < 0 || len > OPT_MAX)
		return -EINVAL;
	if ((size_t)len > sizeof(small)) {
		val = malloc((size_t)len);
		if (!val)
			return -ENOMEM;
	}
	if (t->ep->kind == EP_MESSAGE)
		ep_flush(t->ep); /* what was sent before is sent as it was then */
	err = mem_read(c, c->args[3], val, (size_t)len) ? -EFAULT : 0;
	if (!err && opt_needs_calls(t->ep, level, name))
		err = -ENOPROTOOPT;
	if (!err && opt_is_program(level, name))
		err = opt_read_program(c, val, len, &prog);
	if (!err) {
		netns_caller(s, c, &sc);
		err = sock_set_opt(t->ep->sk, &sc.caller, level, name, val,
				   (socklen_t)len);
	}
	if (!err && t->dup >= 0 && opt_concerns_carrier(level, name))
		setsockopt(t->dup, level, name, val, (socklen_t)len);
	free(prog);
	if (val != small)
		free(val);
	return err;
}

void call_setsockopt(struct super *s, struct call *c)
{
	struct target t;
	int err;

	if (!target_ours(s, c, &t))
		return;
	err = opt_set(s, c, &t);
	if (!err && t.dup < 0 &&
	    opt_concerns_carrier((int)c->args[1], (int)c->args[2])) {
		super_continue(s, c);
		return;
	}
	close(t.dup);
	super_reply(s, c, err);
}

static int opt_error(const struct target *t, void *val, socklen_t *len)
{
	int host, err;
	socklen_t host_len = sizeof(host);

	ep_settle(t->ep);
	err = ep_take_error(t->ep, t->dup);
	if (t->dup >= 0)
		getsockopt(t->dup, SOL_SOCKET, SO_ERROR, &host, &host_len);
	if (!err)
		return sock_get_opt(t->ep->sk, SOL_SOCKET, SO_ERROR, val, len);
	*len = min(*len, (socklen_t)sizeof(err));
	memcpy(val, &err, *len);
	return 0;
}

static int opt_get(struct super *s, struct call *c, const struct target *t)
{
	int level = (int)c->args[1], name = (int)c->args[2], err;
	u8 small[OPT_STACK], *val = small;
	u32 unit = level == SOL_SOCKET && name == SO_GET_FILTER
		       ? sizeof(struct sock_filter) /* what its length counts */
		       : 1;
	socklen_t len;
	s32 room;

	(void)s;
	if (mem_read(c, c->args[4], &room, sizeof(room)))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	len = (socklen_t)min(room, (s32)(OPT_MAX / unit));
	if (len * unit > sizeof(small)) {
		val = malloc(len * unit);
		if (!val)
			return -ENOMEM;
	}
	/* some options are also asked with a value */
	err = mem_read(c, c->args[3], val, len * unit) ? -EFAULT : 0;
	if (!err && level == SOL_SOCKET && name == SO_ERROR)
		err = opt_error(t, val, &len);
	else if (!err)
		err = sock_get_opt(t->ep->sk, level, name, val, &len);
	if (!err && (mem_write(c, c->args[3], val, room ? len * unit : 0) ||
		     mem_write(c, c->args[4], &len, sizeof(len))))
		err = -EFAULT;
	if (val != small)
		free(val);
	return err;
}

/* ---- options of a socket of the program's own that the kernel does not know ---- */

/* @len bytes at @val, as many as the program has room for. @least: that it must have */
static int opt_answer(const struct call *c, const void *val, socklen_t len, s32 least)
{
	s32 room;

	if (mem_read(c, c->args[4], &room, sizeof(room)))
		return -EFAULT;
	if (room < least)
		return -EINVAL;
	len = min((socklen_t)room, len);
	if (mem_write(c, c->args[3], val, len) ||
	    mem_write(c, c->args[4], &len, sizeof(len)))
		return -EFAULT;
	return 0;
}

/*
 * For the host all programs are one user. Who the peer is now stands for who it was
 * when they met; where we made or joined the two, who made the other end.
 */
static int opt_peercred(struct super *s, const struct call *c, int fd)
{
	const struct cred *reader = cred_of(s, c->tid), *peer;
	struct ucred uc;
	socklen_t len = sizeof(uc);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &uc, &len))
		return -errno;
	if (uc.pid == getpid())
		uc.pid = task_tgid(unix_peer_maker(s, fd));
	if (s->map_root && uc.pid && task_is_ours(s, uc.pid)) {
		peer = cred_of(s, uc.pid);
		uc.uid = userns_from_base(reader->ns, false, peer->euid);
		uc.gid = userns_from_base(reader->ns, true, peer->egid);
	}
	return opt_answer(c, &uc, len, 0);
}

static int opt_cookie(struct super *s, const struct call *c, int fd)
{
	u64 cookie = unix_ns(s, c, fd)->net->cookie;

	return opt_answer(c, &cookie, sizeof(cookie), sizeof(cookie));
}

static void opt_foreign(struct super *s, struct call *c, const struct target *t)
{
	int level = (int)c->args[1], name = (int)c->args[2], err = 0;
	bool known = t->dup >= 0 && level == SOL_SOCKET && s->plane &&
		     (name == SO_PEERCRED || name == SO_NETNS_COOKIE_) &&
		     unix_is_socket(t->dup);

	if (known)
		err = name == SO_PEERCRED ? opt_peercred(s, c, t->dup)
					  : opt_cookie(s, c, t->dup);
	if (t->dup >= 0)
		close(t->dup);
	if (known)
		super_reply(s, c, err);
	else
		super_continue(s, c);
}

void call_getsockopt(struct super *s, struct call *c)
{
	struct target t;
	int err;

	if (!target_get(s, c, &t))
		return;
	if (!t.ep) {
		opt_foreign(s, c, &t);
		return;
	}
	err = opt_get(s, c, &t);
	close(t.dup);
	super_reply(s, c, err);
}

/* ---- ioctl ---- */

/* Of the argument; 0: not a request that the stack could know */
static size_t ioctl_size(unsigned req)
{
	switch (req) {
	case SIOCATMARK:
		return sizeof(int);
	case SIOCADDRT:
	case SIOCDELRT:
		return sizeof(struct rtentry);
	case SIOCGARP:
	case SIOCSARP:
	case SIOCDARP:
		return sizeof(struct arpreq);
	case SIOCGIFCONF:
		return sizeof(struct ifconf);
	default:
		return req >= SIOCGIFNAME && req <= 0x89ff ? sizeof(struct ifreq) : 0;
	}
}

static int sk_ioctl(struct super *s, const struct call *c, struct sock *sk,
		    unsigned req, void *arg)
{
	struct super_caller sc;

	netns_caller(s, c, &sc);
	return sock_ioctl(sk, &sc.caller, req, arg);
}

static int ioctl_ifconf(struct super *s, const struct call *c, struct sock *sk)
{
	struct ifconf ifc;
	u64 there;
	char *buf;
	int err;

	if (mem_read(c, c->args[2], &ifc, sizeof(ifc)))
		return -EFAULT;
	if (ifc.ifc_len < 0)
		return -EINVAL;
	there = (uintptr_t)ifc.ifc_buf;
	ifc.ifc_len = min(ifc.ifc_len, (int)IFCONF_MAX);
	buf = calloc(1, (size_t)ifc.ifc_len + 1);
	if (!buf)
		return -ENOMEM;
	ifc.ifc_buf = there ? buf : NULL;
	err = sk_ioctl(s, c, sk, SIOCGIFCONF, &ifc);
	if (!err && there && mem_write(c, there, buf, (size_t)max(ifc.ifc_len, 0)))
		err = -EFAULT;
	free(buf);
	ifc.ifc_buf = (char *)(uintptr_t)there;
	if (!err && mem_write(c, c->args[2], &ifc, sizeof(ifc)))
		err = -EFAULT;
	return err;
}

static int ioctl_route(struct super *s, const struct call *c, struct sock *sk,
		       unsigned req)
{
	struct rtentry rt;
	char dev[IFNAMSIZ] = "";

	if (mem_read(c, c->args[2], &rt, sizeof(rt)))
		return -EFAULT;
	if (rt.rt_dev) {
		int err = mem_read_str(c, (uintptr_t)rt.rt_dev, dev, sizeof(dev));

		if (err)
			return err == -ENAMETOOLONG ? -ENODEV : -EFAULT;
		rt.rt_dev = dev;
	}
	return sk_ioctl(s, c, sk, req, &rt);
}

static int ioctl_plain(struct super *s, const struct call *c, struct sock *sk,
		       unsigned req)
{
	u8 arg[128] = {0};
	size_t size = ioctl_size(req);
	int err;

	if (req == SIOCETHTOOL || req > SIOCDEVPRIVATE) /* of drivers: none has any */
		return -EOPNOTSUPP;
	if (mem_read(c, c->args[2], arg, size))
		return -EFAULT;
	err = sk_ioctl(s, c, sk, req, arg);
	if (err < 0)
		return err;
	return mem_write(c, c->args[2], arg, size) ? -EFAULT : err;
}

static int ioctl_on(struct super *s, const struct call *c, struct sock *sk)
{
	unsigned req = (unsigned)c->args[1];
	int err;

	if (req == SIOCGIFCONF)
		err = ioctl_ifconf(s, c, sk);
	else if (req == SIOCADDRT || req == SIOCDELRT)
		err = ioctl_route(s, c, sk, req);
	else
		err = ioctl_plain(s, c, sk, req);
	return err == -ENOIOCTLCMD ? -ENOTTY : err;
}

/* A socket of the program's own asks about devices. */
static int ioctl_foreign(struct super *s, const struct call *c)
{
	struct super_caller sc;
	struct sock *sk;
	int err;

	netns_caller(s, c, &sc);
	err = sock_create(sc.caller.net, &sc.caller, AF_INET, SOCK_DGRAM, 0, &sk);
	if (err)
		return -ENOTTY;
	err = ioctl_on(s, c, sk);
	sock_release(sk);
	return err;
}

/* Does the kernel know better, also of a carrier: owners, AF_UNIX's own? */
static bool ioctl_is_native(unsigned req)
{
	return (req >= FIOSETOWN && req <= SIOCGPGRP) || req == 0x89e0;
}

/* FIONREAD: of a datagram socket it is the first one's length. */
static void ioctl_unread(struct super *s, struct call *c)
{
	struct target t;
	ssize_t n;
	int len, err;

	if (!target_ours(s, c, &t))
		return;
	if (t.ep->kind == EP_STREAM || t.dup < 0) {
		close(t.dup);
		super_continue(s, c);
		return;
	}
	n = recv(t.dup, &len, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
	len = n < 0 ? 0 : (int)n;
	err = mem_write(c, c->args[2], &len, sizeof(len)) ? -EFAULT : 0;
	close(t.dup);
	super_reply(s, c, err);
}

/* The namespace of a socket, as an open file */
static void ioctl_netns(struct super *s, struct call *c, const struct target *t)
{
	struct netns *ns =
	    t->ep ? netns_by_net(s, t->ep->sk->net) : unix_ns(s, c, t->dup);
	int fd = -ENOENT;

	if (ns && !cred_can(cred_of(s, c->tid), ns->owner, CAP_NET_ADMIN))
		fd = -EPERM;
	else if (ns)
		fd = netns_open(s, ns, false);
	close(t->dup);
	if (fd < 0) {
		super_reply(s, c, fd);
		return;
	}
	super_reply_fd(s, c, fd, true);
	close(fd);
}

/* Is the caller's descriptor, the first argument, a socket? @dup: ours of it, or -1 */
static bool is_socket(const struct call *c, int dup)
{
	char path[64];
	struct stat st;

	if (dup >= 0)
		return !fstat(dup, &st) && S_ISSOCK(st.st_mode);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)c->tid, (int)c->args[0]);
	return !stat(path, &st) && S_ISSOCK(st.st_mode);
}

void call_ioctl(struct super *s, struct call *c)
{
	unsigned req = (unsigned)c->args[1];
	struct target t;
	int err;

	if (netns_ioctl(s, c))
		return;
	if (req == FIONREAD) {
		ioctl_unread(s, c);
		return;
	}
	if ((req & ~0xffU) != 0x8900 || ioctl_is_native(req) || !s->plane) {
		super_continue(s, c);
		return;
	}
	if (!target_get(s, c, &t))
		return;
	if (!t.ep && !is_socket(c, t.dup)) {
		close(t.dup); /* no socket at all */
		super_continue(s, c);
		return;
	}
	if (req == SIOCGSKNS_) {
		ioctl_netns(s, c, &t);
		return;
	}
	close(t.dup);
	if (req == SIOCATMARK && t.ep && t.ep->kind == EP_STREAM) {
		super_continue(s, c); /* the carrier has the mark */
		return;
	}
	if (!ioctl_size(req))
		err = -ENOTTY;
	else
		err = t.ep ? ioctl_on(s, c, t.ep->sk) : ioctl_foreign(s, c);
	super_reply(s, c, err);
}
