/* SPDX-License-Identifier: MIT */
/*
 * event.h - "device up", "address added": ordered, synchronous listeners
 *
 * Objects do not announce themselves in netlink; they raise an event and
 * whoever cares listens. Listeners run in the order in which their parts
 * stand in parts.c; for the EV_DEV_DOWN, EV_DEV_UNREGISTER kinds too.
 */
#ifndef WARREN_CORE_EVENT_H
#define WARREN_CORE_EVENT_H

#include "core/warren.h"

enum event_kind {
	/* obj: struct dev. EV_DEV_REGISTER's listeners may refuse (errno). */
	EV_DEV_REGISTER,
	EV_DEV_UNREGISTER, /* addresses, routes, neighbours of it must go now */
	EV_DEV_GONE, /* raised last: rtnl sends RTM_DELLINK; the dev is still whole */
	EV_DEV_GOING_DOWN,
	EV_DEV_UP,
	EV_DEV_DOWN,
	EV_DEV_CHANGE, /* flags, operstate, carrier: see dev->change for flag bits */
	EV_DEV_MTU,
	EV_DEV_ADDR,
	EV_DEV_NAME,
	EV_DEV_UEVENT, /* struct dev_uevent: somebody asked for one */
	/* obj: the object of the room that raised it */
	EV_ADDR4_ADD, /* struct ifaddr4 */
	EV_ADDR4_DEL,
	EV_ROUTE_ADD, /* struct fib_event */
	EV_ROUTE_DEL,
	EV_RULE_ADD, /* struct rule */
	EV_RULE_DEL,
	EV_NEIGH_UPDATE, /* struct neigh */
	EV_NEIGH_DEL,
	EV_NETCONF,  /* struct conf4_event: a per-device tunable was written */
	EV_NSID_NEW, /* struct nsid, net is the viewer */
	EV_NSID_DEL,
	EV_NET_BORN, /* obj NULL */
	EV_NET_DYING,
	EV_SOCK_DESTROY, /* struct sock */
	EV_NR,
};

struct dev;
struct dev_uevent {
	const struct dev *dev;
	const char *action; /* "change" */
};

/* Return: 0, or an errno that stops EV_DEV_REGISTER and is ignored otherwise */
typedef int event_fn(struct net *net, enum event_kind kind, void *obj);

/* At boot. One function may listen to many kinds: once for each. */
int __must_check event_listen(struct warren *w, const struct part *part,
			      enum event_kind kind, event_fn *fn);
int event_raise(struct net *net, enum event_kind kind, void *obj);

/* warren.c alone: the lists of listeners */
int event_init(struct warren *w);
void event_fini(struct warren *w);

#endif
