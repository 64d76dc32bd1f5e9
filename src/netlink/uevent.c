/* SPDX-License-Identifier: MIT */
/*
 * uevent.c - NETLINK_KOBJECT_UEVENT: devices come, go and are renamed
 *
 * Text of NUL-separated lines, for the listeners of the device's own net only
 * (N3.18). What a program sends with CAP_SYS_ADMIN is told the same way.
 */

#include "netlink/uevent.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/dev.h"
#include "core/event.h"
#include "netlink/netlink.h"

#include <linux/netlink.h>

struct uevent_warren {
	u64 seq;
};

struct lines {
	char buf[512];
	size_t len;
};

/* A line more, with its NUL; one that does not fit is left out */
__printf(2, 3) static void add(struct lines *l, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->buf + l->len, sizeof(l->buf) - l->len, fmt, ap);
	va_end(ap);
	if (n > 0 && l->len + (size_t)n < sizeof(l->buf))
		l->len += (size_t)n + 1;
}

static bool heard(const struct net *net)
{
	return nl_has_listeners(net, NETLINK_KOBJECT_UEVENT, 1);
}

static void send_line(struct net *net, const char *action, const char *path,
		      const struct dev *dev, const char *subsystem, bool asked)
{
	struct uevent_warren *uw = warren_part(net->w, PART_UEVENT);
	struct lines l;

	uw->seq++;
	if (!heard(net))
		return;
	l.len = 0;
	add(&l, "%s@%s", action, path);
	add(&l, "ACTION=%s", action);
	add(&l, "DEVPATH=%s", path);
	add(&l, "SUBSYSTEM=%s", subsystem);
	if (asked)
		add(&l, "SYNTH_UUID=0");
	if (dev && dev->old_name)
		add(&l, "DEVPATH_OLD=/devices/virtual/net/%s", dev->old_name);
	if (dev) {
		add(&l, "INTERFACE=%s", dev->name);
		add(&l, "IFINDEX=%d", dev->ifindex);
	}
	add(&l, "SEQNUM=%llu", (unsigned long long)uw->seq);
	nl_multicast(net, NETLINK_KOBJECT_UEVENT, 1, l.buf, (u32)l.len, 0);
}

static void send_queue(struct net *net, const char *action, const struct dev *dev,
		       const char *queue)
{
	char path[96];

	snprintf(path, sizeof(path), "/devices/virtual/net/%s/queues/%s", dev->name,
		 queue);
	send_line(net, action, path, NULL, "queues", false);
}

static int on_dev(struct net *net, enum event_kind kind, void *obj)
{
	struct uevent_warren *uw = warren_part(net->w, PART_UEVENT);
	const struct dev *dev = obj;
	char path[64];

	if (!heard(net)) { /* numbered all the same */
		uw->seq += kind == EV_DEV_NAME ? 1 : 3;
		return 0;
	}
	snprintf(path, sizeof(path), "/devices/virtual/net/%s", dev->name);
	if (kind == EV_DEV_REGISTER) {
		send_line(net, "add", path, dev, "net", false);
		send_queue(net, "add", dev, "rx-0");
		send_queue(net, "add", dev, "tx-0");
	} else if (kind == EV_DEV_GONE) {
		send_queue(net, "remove", dev, "rx-0");
		send_queue(net, "remove", dev, "tx-0");
		send_line(net, "remove", path, dev, "net", false);
	} else {
		send_line(net, "move", path, dev, "net", false);
	}
	return 0;
}

/* A write to /sys/class/net/DEV/uevent */
static int on_asked(struct net *net, enum event_kind kind, void *obj)
{
	const struct dev_uevent *ev = obj;
	char path[64];

	(void)kind;
	snprintf(path, sizeof(path), "/devices/virtual/net/%s", ev->dev->name);
	send_line(net, ev->action, path, ev->dev, "net", true);
	return 0;
}

/* A container's manager sends events of its own: the text, with our number */
static int uevent_request(struct nl_req *rq)
{
	struct uevent_warren *uw = warren_part(rq->net->w, PART_UEVENT);
	u32 len = nlmsg_len(rq->nlh);
	char *text;
	int n;

	if (!caller_can_in(&rq->caller, rq->net, CAP_SYS_ADMIN))
		return -EPERM;
	text = mem_alloc_raw(&rq->net->mem, len + 40);
	if (!text)
		return -ENOMEM;
	memcpy(text, nlmsg_data(rq->nlh), len);
	n = snprintf(text + len, 40, "SEQNUM=%llu", (unsigned long long)++uw->seq);
	nl_multicast(rq->net, NETLINK_KOBJECT_UEVENT, 1, text, len + (u32)n + 1, 0);
	mem_free(&rq->net->mem, text);
	return 0;
}

static const struct nl_family uevent_family = {
    .protocol = NETLINK_KOBJECT_UEVENT,
    .n_groups = 32,
    .open_recv = true,
    .request = uevent_request,
};

static int uevent_boot(struct warren *w)
{
	int err = nl_family_register(w, &uevent_part, &uevent_family);

	if (!err)
		err = event_listen(w, &uevent_part, EV_DEV_REGISTER, on_dev);
	if (!err)
		err = event_listen(w, &uevent_part, EV_DEV_GONE, on_dev);
	if (!err)
		err = event_listen(w, &uevent_part, EV_DEV_NAME, on_dev);
	if (!err)
		err = event_listen(w, &uevent_part, EV_DEV_UEVENT, on_asked);
	return err;
}

const struct part uevent_part = {
    .name = "uevent",
    .id = PART_UEVENT,
    .warren_size = sizeof(struct uevent_warren),
    .boot = uevent_boot,
};
