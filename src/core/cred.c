/* SPDX-License-Identifier: MIT */
/*
 * cred.c - who asks, and what only the asker can resolve
 */

#include "core/cred.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/net.h"

u64 caller_caps_in(const struct caller *c, const struct net *net)
{
	u64 caps = c->caps;

	if (c->ops && c->ops->caps_in)
		caps = c->ops->caps_in(c, net);
	return caps & ~c->withheld;
}

bool caller_can_in(const struct caller *c, const struct net *net, int cap)
{
	return caller_caps_in(c, net) >> cap & 1;
}

int caller_net_by_fd(const struct caller *c, int fd, struct net **out)
{
	if (!c || !c->ops || !c->ops->net_by_fd)
		return -EBADF;
	return c->ops->net_by_fd(c, fd, out);
}

int caller_net_by_pid(const struct caller *c, int pid, struct net **out)
{
	if (!c || !c->ops || !c->ops->net_by_pid)
		return -ESRCH;
	return c->ops->net_by_pid(c, pid, out);
}

void ack_set(struct ext_ack *ack, const char *msg)
{
	if (ack && !ack->msg)
		ack->msg = msg;
}

void ack_format(struct ext_ack *ack, const char *fmt, ...)
{
	va_list ap;

	if (!ack || ack->msg)
		return;
	va_start(ap, fmt);
	vsnprintf(ack->buf, sizeof(ack->buf), fmt, ap);
	va_end(ap);
	ack->msg = ack->buf;
}

void ack_attr(struct ext_ack *ack, const void *attr, const char *msg)
{
	if (!ack)
		return;
	if (!ack->attr)
		ack->attr = attr;
	ack_set(ack, msg);
}
