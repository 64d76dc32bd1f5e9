/* SPDX-License-Identifier: MIT */
/*
 * unix_list.c - unix_diag of a namespace: what ss -x asks
 *
 * AF_UNIX sockets of programs are the host's, so a request is passed on to the
 * host's unix_diag. Of its answers, what is of another namespace or of nobody
 * here is left out, and the prefix of abstract names is taken off.
 *
 * What accept() made has no row in unix_ns.c and belongs where its peer does.
 */

#include "super/unix_list.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>

#include "core/warren.h"
#include "super/calls.h"
#include "super/netns.h"
#include "super/plane.h"
#include "super/unix_ns.h"

/* ---- what the host has ---- */

struct peer {
	const struct unix_diag_msg *um;
	const struct nlattr *attrs;
	u32 len;
	u32 ino; /* of the other end; 0: none */
};

static const struct nlattr *next_attr(const struct nlattr *a, u32 *left)
{
	u32 step = NLA_ALIGN(a->nla_len);

	*left -= min(*left, step);
	return (const void *)((const u8 *)a + step);
}

static bool attr_ok(const struct nlattr *a, u32 left)
{
	return left >= sizeof(*a) && a->nla_len >= sizeof(*a) && a->nla_len <= left;
}

static struct peer read_peer(const struct nlmsghdr *h)
{
	struct peer p = {.um = NLMSG_DATA(h)};
	const struct nlattr *a;
	u32 left;

	p.attrs = (const void *)(p.um + 1);
	p.len = h->nlmsg_len - (u32)NLMSG_LENGTH(sizeof(*p.um));
	for (a = p.attrs, left = p.len; attr_ok(a, left); a = next_attr(a, &left))
		if (a->nla_type == UNIX_DIAG_PEER &&
		    a->nla_len >= NLA_HDRLEN + sizeof(p.ino))
			memcpy(&p.ino, (const u8 *)a + NLA_HDRLEN, sizeof(p.ino));
	return p;
}

/*
 * Ask the host, and call @each for each answer until it returns nonzero.
 * Return: 0, that, or -errno
 */
static int host_ask(struct super *s, const struct unix_diag_req *req, bool one,
		    int (*each)(struct super *s, const struct peer *p, void *arg),
		    void *arg)
{
	struct {
		struct nlmsghdr h;
		struct unix_diag_req r;
	} q = {
	    .h = {.nlmsg_len = sizeof(q),
		  .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		  .nlmsg_flags = (u16)(NLM_F_REQUEST | (one ? 0 : NLM_F_DUMP))},
	    .r = *req,
	};
	int err = 0;

	if (s->plane->diag < 0 ||
	    send(s->plane->diag, &q, sizeof(q), 0) != (ssize_t)sizeof(q))
		return -EIO;
	for (;;) {
		struct nlmsghdr *h = (void *)s->plane->buf;
		ssize_t n =
		    recv(s->plane->diag, s->plane->buf, sizeof(s->plane->buf), 0);

		if (n < (ssize_t)sizeof(*h))
			return -EIO;
		for (; NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n)) {
			struct peer p;

			if (h->nlmsg_type == NLMSG_DONE)
				return err;
			if (h->nlmsg_type == NLMSG_ERROR)
				return ((struct nlmsgerr *)NLMSG_DATA(h))->error;
			if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*p.um)))
				continue;
			p = read_peer(h);
			if (!err)
				err = each(s, &p, arg);
		}
		if (one)
			return err;
	}
}

/* Of the socket itself, or of its peer; NULL: not a program's */
static const struct netns *owner(struct super *s, const struct peer *p)
{
	const struct netns *ns = unix_owner(s, p->um->udiag_ino);

	return !ns && p->ino ? unix_owner(s, p->ino) : ns;
}

/* "@wTTTTNNNNname" of the host is "@name" here */
static size_t own_name(struct super *s, char *name, size_t len)
{
	struct sockaddr_storage a = {.ss_family = AF_UNIX};
	struct sockaddr_un *un = (void *)&a;
	size_t at = offsetof(struct sockaddr_un, sun_path);

	if (!len || len > sizeof(un->sun_path) || name[0])
		return len;
	memcpy(un->sun_path, name, len);
	len = unix_from_host(s, &a, (socklen_t)(at + len)) - at;
	memcpy(name, un->sun_path, len);
	return len;
}

struct forward {
	const struct net *net;
	u32 show;
	int (*each)(void *to, const void *msg, u32 len);
	void *to;
	bool found;
};

/* Attribute @a as the program shall see it, at the end of @msg */
static void put_attr(struct super *s, const struct nlattr *a, u8 *msg, u32 *len)
{
	struct nlattr *copy = (void *)(msg + *len);
	u32 n = a->nla_len - (u32)NLA_HDRLEN;

	memcpy(copy, a, a->nla_len);
	if (a->nla_type == UNIX_DIAG_NAME) {
		n = (u32)own_name(s, (char *)copy + NLA_HDRLEN, n);
		copy->nla_len = (u16)(NLA_HDRLEN + n);
	}
	memset((u8 *)copy + copy->nla_len, 0, NLA_ALIGN(copy->nla_len) - copy->nla_len);
	*len += NLA_ALIGN(copy->nla_len);
}

static int forward(struct super *s, const struct peer *p, void *arg)
{
	struct forward *fw = arg;
	const struct netns *ns = owner(s, p);
	const struct nlattr *a;
	u8 msg[8192];
	u32 len = sizeof(*p->um), left;

	if (!ns || ns->net != fw->net)
		return 0;
	fw->found = true;
	memcpy(msg, p->um, len);
	for (a = p->attrs, left = p->len; attr_ok(a, left); a = next_attr(a, &left)) {
		if (a->nla_type == UNIX_DIAG_PEER && !(fw->show & UDIAG_SHOW_PEER))
			continue;
		if (len + NLA_ALIGN(a->nla_len) <= sizeof(msg))
			put_attr(s, a, msg, &len);
	}
	return fw->each(fw->to, msg, len);
}

static int host_diag(void *arg, const struct net *net, const struct unix_diag_req *req,
		     bool one, int (*each)(void *to, const void *msg, u32 len),
		     void *to)
{
	struct forward fw = {
	    .net = net, .show = req->udiag_show, .each = each, .to = to};
	struct unix_diag_req ask = *req;
	int err;

	ask.udiag_show |= UDIAG_SHOW_PEER;
	err = host_ask(arg, &ask, one, forward, &fw);
	return err ? err : one && !fw.found ? -ENOENT : 0;
}

void unix_list_init(struct super *s)
{
	if (!s->plane)
		return;
	s->host_unix = (struct host_unix){.diag = host_diag, .arg = s};
	s->w->host_unix = &s->host_unix;
}

void unix_list_fini(struct super *s)
{
	if (s->w)
		s->w->host_unix = NULL;
}
