/* SPDX-License-Identifier: MIT */
/*
 * dev.h - device: register, rename, move to another net, up, down, statistics
 *
 * A device is in exactly one net; its name and index are unique there. Other
 * rooms hang their per-device state into a slot. Queues and packets hold a
 * device with dev_hold(); unregistering waits for nobody: the memory goes
 * with the last holder, and dev->state says it is gone.
 */
#ifndef WARREN_CORE_DEV_H
#define WARREN_CORE_DEV_H

#include "base/count.h"
#include "base/list.h"
#include "base/table.h"
#include "core/net.h"
#include "core/pkt.h"

#include <netinet/in.h>
/* behind netinet/in.h, so that the two agree who defines what */
#include <linux/if.h>
#include <linux/if_link.h>

struct dev;
struct ext_ack;
struct nlattr;
struct nlmsg_builder;
struct caller;

enum dev_slot {
	DEV_SLOT_IP4,
	DEV_SLOT_NEIGH4,
	DEV_SLOT_IP6,
	DEV_SLOT_NEIGH6,
	DEV_SLOT_PORT,
	DEV_SLOT_QDISC,
	DEV_SLOT_FIB,
	DEV_SLOT_NR
};

enum dev_state { DEV_NEW, DEV_REGISTERED, DEV_UNREGISTERING, DEV_GONE };

struct dev_ops {
	int (*init)(struct dev *dev);	 /* at registration, before events */
	void (*uninit)(struct dev *dev); /* at unregistration, after events */
	int (*open)(struct dev *dev);
	void (*stop)(struct dev *dev);
	int (*xmit)(struct dev *dev, struct pkt *p); /* consumes; 0 or -ENOBUFS ... */
	int (*set_mtu)(struct dev *dev, u32 mtu);    /* NULL: within min_mtu..max_mtu */
	struct dev *(*peer)(const struct dev *dev);  /* IFLA_LINK; NULL: none */
	int (*change_carrier)(struct dev *dev, bool on); /* by a user; NULL: cannot */
	void (*free)(struct dev *dev); /* last holder gone: kind's own memory */
};

struct dev_kind {
	const char *name;    /* IFLA_INFO_KIND; NULL for lo (no rtnl link ops) */
	const char *pattern; /* "veth%d" */
	size_t priv_size;
	void (*setup)(struct dev *dev);
	/* Are the attributes of a request for this kind good, whatever it is about?
	 * @tb: IFLA_x; @data as below. NULL: nothing to say */
	int (*validate)(const struct nlattr *const tb[], const struct nlattr *data,
			struct ext_ack *ack);
	/*
	 * RTM_NEWLINK. @dev is allocated and set up, in @net, not registered; generic
	 * attributes (name, address, mtu, ...) are applied. The kind registers it
	 * (dev_register). @tb: the request's IFLA_x; @data: attributes of
	 * IFLA_INFO_DATA, raw, or NULL. @caller->net: where the request was made.
	 * NULL: dev_register alone.
	 */
	int (*newlink)(struct dev *dev, struct caller *caller,
		       const struct nlattr *const tb[], const struct nlattr *data,
		       struct ext_ack *ack);
	int (*changelink)(struct dev *dev, const struct nlattr *data,
			  struct ext_ack *ack);
	/* Unregister it and what cannot live without it, by dev_unregister(). NULL: it
	 * alone */
	void (*dellink)(struct dev *dev);
	void (*fill)(const struct dev *dev,
		     struct nlmsg_builder *b); /* IFLA_INFO_DATA's inside */
	bool no_create;			       /* only the stack itself makes it */
	/* As hardware: it cannot be deleted by request, and outlives its net: it goes
	 * back to the initial one (N1.25) */
	bool physical;
};

struct dev_stats {
	u64 rx_packets, tx_packets, rx_bytes, tx_bytes, rx_errors, tx_errors,
	    rx_dropped, tx_dropped, multicast, collisions;
};

struct dev {
	struct list node;	/* net->devs */
	struct list watch_node; /* worker->watched */
	struct table_node by_name, by_index;
	struct net
	    *net; /* borrowed: a net outlives its devices; holders keep the memory */
	const struct dev_kind *kind;
	const struct dev_ops *ops;
	struct count holders;
	enum dev_state state;
	char name[IFNAMSIZ];
	s32 ifindex;
	u16 type; /* ARPHRD_x */
	u8 addr_len, perm_addr_assigned;
	u8 addr[32], broadcast[32];
	u16 header_len; /* link header; 14 for Ethernet */
	/* Take the link header off: p->proto, p->type, data at the network header.
	 * Return: false when the packet was consumed. Set by ether_setup(). */
	bool (*link_input)(struct dev *dev, struct pkt *p);
	/* Put it on. @dst NULL: broadcast. 0, -ENOMEM; the packet stays the caller's */
	int (*link_header)(struct dev *dev, struct pkt *p, u16 ethertype, const u8 *dst,
			   const u8 *src /* NULL: the device's */);
	u32 flags; /* IFF_UP, BROADCAST, ...: administrative; see dev_flags() */
	u32 mtu, min_mtu, max_mtu;
	u32 txqlen, group;
	u32 promisc, allmulti; /* counts */
	bool carrier, dormant, netns_immutable;
	bool opened;  /* was up since it came to its net: has a queue, "noqueue" */
	u8 operstate; /* IF_OPER_x */
	u8 linkmode;
	u32 carrier_changes, carrier_up, carrier_down;
	char *alias;	      /* NULL: none */
	struct list altnames; /* struct dev_altname */
	struct list mc;	      /* struct dev_mc: hardware multicast addresses */
	struct list taps;     /* path.c: of this device, all ethertypes */
	u32 gso_max_size, gso_max_segs;
	u16 n_txq, n_rxq; /* what is shown; there is one queue at most */
	bool features_csum, features_gso; /* takes partial checksums; uncut segments */
	struct dev_stats stats;
	u32 change; /* flag bits that the event in progress changes */
	void *slot[DEV_SLOT_NR];
	/* while moving or dying: where it goes (DELLINK carries it) */
	const char *old_name; /* while EV_DEV_NAME is raised; else NULL */
	struct net *move_to;
	s32 move_ifindex;
	u64 priv[];
};

struct dev_altname {
	struct list node;
	struct table_node by_name;
	struct dev *dev;
	char name[128];
};

struct dev_mc {
	struct list node;
	u8 addr[32];
	u32 refs;
};

/* core: the registry of kinds */
int __must_check kind_register(struct warren *w, const struct part *part,
			       const struct dev_kind *kind);
const struct dev_kind *kind_find(const struct net *net, const char *name);

/*
 * Not registered yet. @name may be a pattern ("veth%d", NULL: the kind's).
 * Return: 0, -EINVAL (name), -ENOMEM
 */
int dev_new(struct net *net, const struct dev_kind *kind, const char *name,
	    struct dev **out);
/* Only for one never registered */
void dev_discard(struct dev *dev);
/*
 * Name and index get their final value; @dev->ifindex > 0 before: wanted.
 * Return: 0, -EEXIST (name), -EBUSY (index), or a listener's refusal; on failure
 * the device is as before and the caller discards it
 */
int dev_register(struct dev *dev);
void dev_unregister(
    struct dev *dev); /* down, events, out of the tables, last own reference */
/* As its kind wants it: with whatever cannot live without it */
void dev_delete(struct dev *dev);

struct dev *dev_by_name(const struct net *net,
			const char *name); /* also altnames; borrowed */
struct dev *dev_by_index(const struct net *net, s32 ifindex);
bool dev_name_ok(const char *name);
int dev_rename(struct dev *dev, const char *name); /* pattern allowed */
int dev_altname_add(struct dev *dev, const char *name);
int dev_altname_del(struct dev *dev, const char *name);
/*
 * N4.4 to N4.14. @name NULL: keep, pattern allowed; @ifindex 0: keep if free.
 * Return: 0, -EINVAL (immutable), -EEXIST (name, altname; ack says which), -EBUSY
 * (index), -ENOMEM
 */
int dev_move(struct dev *dev, struct net *to, const char *name, s32 ifindex,
	     struct ext_ack *ack);

int dev_open(struct dev *dev);
void dev_close(struct dev *dev);
/* As ifi_flags/ifi_change. Return: 0 or the open's errno */
int dev_set_flags(struct dev *dev, u32 flags, u32 mask);
u32 dev_flags(
    const struct dev *dev); /* with RUNNING, LOWER_UP, DORMANT: what a user sees */
int dev_set_mtu(struct dev *dev, u32 mtu, struct ext_ack *ack);
int dev_set_addr(struct dev *dev, const u8 *addr);
/* @len bytes, 0: none. -EINVAL (too long), -ENOMEM. The caller announces it */
int dev_set_alias(struct dev *dev, const char *s, size_t len);
/* Something that has no event of its own is another now */
void dev_changed(struct dev *dev);
/* The operational state follows in the next turn, with EV_DEV_CHANGE when it is up */
void dev_set_carrier(struct dev *dev, bool on);
void dev_watch_run(struct worker *k); /* worker.c alone */
int dev_mc_add(struct dev *dev, const u8 *addr);
void dev_mc_del(struct dev *dev, const u8 *addr);
/* Counts of who wants all frames, all groups. Not shown as flags, as in Linux: those
 * are what dev_set_flags() was asked for. */
void dev_promisc(struct dev *dev, int delta);
void dev_allmulti(struct dev *dev, int delta);

static inline void dev_hold(struct dev *dev)
{
	count_get(&dev->holders);
}
void dev_put(struct dev *dev);

static inline bool dev_is_up(const struct dev *dev)
{
	return dev->flags & IFF_UP;
}
static inline bool dev_is_lo(const struct dev *dev)
{
	return dev->flags & IFF_LOOPBACK;
}
static inline void *dev_priv(const struct dev *dev)
{
	return (void *)(uintptr_t)dev->priv;
}

extern const struct part dev_part;

/* ---- path.c: receive path and transmit path ---- */

struct link_proto {
	u16 ethertype; /* host order; 0: all (taps) */
	/* data at the network header, p->l3 set; consumes */
	void (*receive)(struct dev *dev, struct pkt *p);
};

int __must_check path_register(struct warren *w, const struct part *part,
			       const struct link_proto *lp);
/* A driver hands in a frame (data at the link header). Queued on the backlog of the
 * device's worker (cross.c), never passed by a nested call. Consumes. */
void path_input(struct dev *dev, struct pkt *p);
/* The worker's turn: one packet of the backlog */
void path_receive(struct dev *dev, struct pkt *p);
/* Link header is on; taps, queue, driver. Cuts GSO and finishes checksums if the device
 * cannot take them. Consumes. Return: 0, -ENETDOWN, -ENOBUFS, -EMSGSIZE */
int path_transmit(struct dev *dev, struct pkt *p);

/*
 * A tap sees frames of the devices it watches; the packet is borrowed. Data begin at
 * the link header when they go out, at the network header when they come in, with
 * p->l2 where the link header was. With an ethertype: only what comes in with it.
 * As a capture: both ways at the link header, and before anybody else.
 */
struct tap {
	struct list node;
	struct table_node by_type; /* in worker.taps, with an ethertype */
	struct net *net;	   /* captures: NULL: every net */
	struct dev *dev;	   /* NULL: every device; borrowed until tap_del() */
	u16 ethertype;		   /* host order; 0: all */
	void (*see)(struct tap *tap, struct dev *dev, const struct pkt *p, bool out);
	void *arg;
};
/* net, dev, ethertype, see are set. Return: 0, -ENOMEM (with an ethertype) */
int __must_check tap_add(struct tap *tap);
void capture_add(struct warren *w, struct tap *tap);
void tap_del(struct tap *tap); /* also of captures */

#endif
