/* SPDX-License-Identifier: MIT */
/*
 * dev.c - devices
 *
 * Life: dev_new -> (kind's setup) -> dev_register -> ... -> dev_unregister ->
 * last dev_put. A registered device is in its net's list (order of arrival)
 * and tables; from dev_unregister() on no lookup finds it, but whoever holds
 * it may still read it.
 *
 * Order of events, as Linux has it (N4.11, N4.14):
 *   up:    open, EV_DEV_CHANGE (IFF_UP), EV_DEV_UP
 *   down:  EV_DEV_GOING_DOWN, stop, EV_DEV_CHANGE (IFF_UP), EV_DEV_DOWN
 *   carrier: EV_DEV_CHANGE (no flag), when the turn's requests have been told
 *   gone:  down; out of the tables; EV_DEV_UNREGISTER; EV_DEV_GONE
 *   move:  gone from the old net (dev->move_to set), then EV_DEV_REGISTER in
 *          the new one
 *
 * Devices outlive their net's account (they move), so their memory is charged
 * to the warren; each holds the memory of its net.
 */

#include "core/dev.h"

#include <stdio.h>

#include "base/bug.h"
#include "core/event.h"
#include "core/registry.h"
#include "core/sock.h"

#define DEVS_BY_PATTERN_MAX 32768

int kind_register(struct warren *w, const struct part *part,
		  const struct dev_kind *kind)
{
	return registry_add(w, REG_KIND, part, kind->name, 0, kind);
}

const struct dev_kind *kind_find(const struct net *net, const char *name)
{
	return registry_find_name(net, REG_KIND, name);
}

/* ---- names and indexes ---- */

static u32 name_hash(const struct net *net, const char *name)
{
	return (u32)siphash(&net->worker->key, name, strlen(name));
}

bool dev_name_ok(const char *name)
{
	size_t len = strnlen(name, IFNAMSIZ);

	if (!len || len >= IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (; *name; name++)
		if (*name == '/' || *name == ':' || *name == ' ' ||
		    (*name >= '\t' && *name <= '\r'))
			return false;
	return true;
}

struct dev *dev_by_name(const struct net *net, const char *name)
{
	u32 hash = name_hash(net, name);

	for (struct table_node *n = table_first(&net->dev_by_name, hash); n;
	     n = table_next(n)) {
		struct dev *dev = container_of(n, struct dev, by_name);

		if (!strcmp(dev->name, name))
			return dev;
	}
	for (struct table_node *n = table_first(&net->dev_by_altname, hash); n;
	     n = table_next(n)) {
		struct dev_altname *an = container_of(n, struct dev_altname, by_name);

		if (!strcmp(an->name, name))
			return an->dev;
	}
	return NULL;
}

struct dev *dev_by_index(const struct net *net, s32 ifindex)
{
	for (struct table_node *n = table_first(&net->dev_by_index, (u32)ifindex); n;
	     n = table_next(n)) {
		struct dev *dev = container_of(n, struct dev, by_index);

		if (dev->ifindex == ifindex)
			return dev;
	}
	return NULL;
}

/* The one "%d" of @pattern; NULL when there is none. *@bad: other or more '%' */
static const char *pattern_at(const char *pattern, bool *bad)
{
	const char *at = strchr(pattern, '%');

	*bad = at && (at[1] != 'd' || strchr(at + 1, '%'));
	return at;
}

/*
 * @name, or the lowest number that makes it free in @net.
 * Return: 0, -EINVAL, -EEXIST, -ENFILE
 */
static int choose_name(const struct net *net, const struct dev *self, const char *name,
		       char out[IFNAMSIZ])
{
	char buf[IFNAMSIZ];
	struct dev *other;
	const char *at;
	bool bad;

	if (!dev_name_ok(name))
		return -EINVAL;
	at = pattern_at(name, &bad);
	if (bad)
		return -EINVAL;
	if (!at) {
		other = dev_by_name(net, name);
		/* its own alternative name is taken too, as in Linux */
		if (other && (other != self || strcmp(self->name, name)))
			return -EEXIST;
		memset(out, 0, IFNAMSIZ); /* programs see all of it */
		memcpy(out, name, strlen(name));
		return 0;
	}
	memset(buf, 0, sizeof(buf));
	for (int i = 0; i < DEVS_BY_PATTERN_MAX; i++) {
		int n = snprintf(buf, sizeof(buf), "%.*s%d%s", (int)(at - name), name,
				 i, at + 2);

		if (n >= IFNAMSIZ)
			return -ENFILE;
		if (!dev_by_name(net, buf)) {
			memcpy(out, buf, IFNAMSIZ);
			return 0;
		}
	}
	return -ENFILE;
}

static s32 next_ifindex(struct net *net)
{
	do {
		net->last_ifindex =
		    net->last_ifindex == INT32_MAX ? 1 : net->last_ifindex + 1;
	} while (dev_by_index(net, net->last_ifindex));
	return net->last_ifindex;
}

/* ---- birth ---- */

int dev_new(struct net *net, const struct dev_kind *kind, const char *name,
	    struct dev **out)
{
	struct dev *dev;
	bool bad;

	if (!name)
		name = kind->pattern;
	if (!name || !dev_name_ok(name))
		return -EINVAL;
	pattern_at(name, &bad);
	if (bad)
		return -EINVAL;
	dev = mem_alloc(&net->w->mem, sizeof(*dev) + kind->priv_size);
	if (!dev)
		return -ENOMEM;
	list_init(&dev->node);
	list_init(&dev->watch_node);
	list_init(&dev->altnames);
	list_init(&dev->mc);
	list_init(&dev->taps);
	count_init(&dev->holders);
	dev->net = net;
	net_hold(net);
	dev->kind = kind;
	strncpy(dev->name, name, IFNAMSIZ - 1);
	dev->carrier = true;
	dev->txqlen = 1000;
	dev->gso_max_size = 65536;
	dev->gso_max_segs = 65535;
	dev->n_txq = dev->n_rxq = 1;
	dev->operstate = IF_OPER_UNKNOWN;
	kind->setup(dev);
	*out = dev;
	return 0;
}

static void dev_destroy(struct dev *dev)
{
	struct net *net = dev->net;
	struct mem *m = &net->w->mem;
	struct dev_altname *an, *tmp;
	struct dev_mc *mc, *mtmp;

	if (dev->ops && dev->ops->free)
		dev->ops->free(dev);
	list_for_each_safe(an, tmp, &dev->altnames, node) {
		list_del(&an->node);
		mem_free(m, an);
	}
	list_for_each_safe(mc, mtmp, &dev->mc, node) {
		list_del(&mc->node);
		mem_free(m, mc);
	}
	mem_free(m, dev->alias);
	mem_free(m, dev);
	net_release(net);
}

void dev_discard(struct dev *dev)
{
	BUG_ON(dev->state != DEV_NEW);
	dev_put(dev);
}

void dev_put(struct dev *dev)
{
	if (count_put(&dev->holders))
		dev_destroy(dev);
}

/* Into the tables of dev->net; name and index are final. */
static int link_in(struct dev *dev)
{
	struct net *net = dev->net;
	struct dev_altname *an;
	int err;

	err = table_add(&net->dev_by_name, &dev->by_name, name_hash(net, dev->name));
	if (err)
		return err;
	err = table_add(&net->dev_by_index, &dev->by_index, (u32)dev->ifindex);
	if (err)
		goto err_name;
	list_for_each(an, &dev->altnames, node) {
		err = table_add(&net->dev_by_altname, &an->by_name,
				name_hash(net, an->name));
		if (err)
			goto err_alt; /* only the very first add of a table can fail */
	}
	list_add_tail(&net->devs, &dev->node);
	net->n_devs++;
	quota_add(net, QUOTA_DEVICES, 1);
	net->dev_gen++;
	return 0;

err_alt:
	table_del(&net->dev_by_index, &dev->by_index);
err_name:
	table_del(&net->dev_by_name, &dev->by_name);
	return err;
}

static void link_out(struct dev *dev)
{
	struct net *net = dev->net;
	struct dev_altname *an;

	list_for_each(an, &dev->altnames, node)
		table_del(&net->dev_by_altname, &an->by_name);
	table_del(&net->dev_by_index, &dev->by_index);
	table_del(&net->dev_by_name, &dev->by_name);
	list_del(&dev->node);
	net->n_devs--;
	quota_add(net, QUOTA_DEVICES, -1);
	net->dev_gen++;
}

int dev_register(struct dev *dev)
{
	struct net *net = dev->net;
	char name[IFNAMSIZ] = "", wanted[IFNAMSIZ];
	s32 wanted_index = dev->ifindex;
	int err;

	BUG_ON(dev->state != DEV_NEW);
	if (net->state > NET_ALIVE)
		return -ENODEV;
	memcpy(wanted, dev->name, IFNAMSIZ);
	err = choose_name(net, dev, dev->name, name);
	if (err)
		return err;
	if (net->state == NET_ALIVE && !quota_room(net, QUOTA_DEVICES, 1))
		return -ENOSPC;
	if (wanted_index > 0) {
		if (dev_by_index(net, wanted_index))
			return -EBUSY;
	} else {
		dev->ifindex = next_ifindex(net);
	}
	memcpy(dev->name, name, IFNAMSIZ);
	err = dev->ops->init ? dev->ops->init(dev) : 0;
	if (err)
		goto err_name;
	err = link_in(dev);
	if (err)
		goto err_init;
	dev->state = DEV_REGISTERED;
	err = event_raise(net, EV_DEV_REGISTER, dev);
	if (err)
		goto err_listed;
	return 0;

err_listed:
	event_raise(net, EV_DEV_UNREGISTER, dev);
	link_out(dev);
	dev->state = DEV_NEW;
err_init:
	if (dev->ops->uninit)
		dev->ops->uninit(dev);
err_name:
	memcpy(dev->name, wanted, IFNAMSIZ);
	dev->ifindex = wanted_index;
	return err;
}

void dev_unregister(struct dev *dev)
{
	struct net *net = dev->net;

	if (dev->state != DEV_REGISTERED)
		return;
	dev_close(dev);
	dev->state = DEV_UNREGISTERING;
	link_out(dev);
	event_raise(net, EV_DEV_UNREGISTER, dev);
	dev->opened = false;
	event_raise(net, EV_DEV_GONE, dev);
	if (dev->ops->uninit)
		dev->ops->uninit(dev);
	dev->state = DEV_GONE;
	dev_put(dev);
}

/* ---- names, later ---- */

int dev_rename(struct dev *dev, const char *name)
{
	struct net *net = dev->net;
	char chosen[IFNAMSIZ] = "", old[IFNAMSIZ];
	int err = choose_name(net, dev, name, chosen);

	if (err || !strcmp(chosen, dev->name))
		return err;
	table_del(&net->dev_by_name, &dev->by_name);
	memcpy(old, dev->name, IFNAMSIZ);
	memcpy(dev->name, chosen, IFNAMSIZ);
	err = table_add(&net->dev_by_name, &dev->by_name, name_hash(net, dev->name));
	BUG_ON(err); /* the table has its buckets */
	net->dev_gen++;
	dev->old_name = old;
	event_raise(net, EV_DEV_NAME, dev);
	dev->old_name = NULL;
	return 0;
}

int dev_altname_add(struct dev *dev, const char *name)
{
	struct net *net = dev->net;
	struct dev_altname *an;
	size_t len = strlen(name);
	int err;

	if (len >= sizeof(an->name))
		return -EINVAL;
	if (dev_by_name(net, name))
		return -EEXIST;
	an = mem_alloc(&net->w->mem, sizeof(*an));
	if (!an)
		return -ENOMEM;
	an->dev = dev;
	memcpy(an->name, name, len + 1);
	err = table_add(&net->dev_by_altname, &an->by_name, name_hash(net, name));
	if (err) {
		mem_free(&net->w->mem, an);
		return err;
	}
	list_add_tail(&dev->altnames, &an->node);
	net->dev_gen++;
	return 0;
}

int dev_altname_del(struct dev *dev, const char *name)
{
	struct dev_altname *an;

	list_for_each(an, &dev->altnames, node) {
		if (strcmp(an->name, name))
			continue;
		table_del(&dev->net->dev_by_altname, &an->by_name);
		list_del(&an->node);
		mem_free(&dev->net->w->mem, an);
		dev->net->dev_gen++;
		return 0;
	}
	return -ENOENT;
}

/* ---- to another net ---- */

static int check_move(struct dev *dev, struct net *to, const char *name, s32 ifindex,
		      char chosen[IFNAMSIZ], struct ext_ack *ack)
{
	struct dev_altname *an;
	int err;

	if (dev->netns_immutable) {
		ack_set(ack, "The interface netns is immutable");
		return -EINVAL;
	}
	if (to->state != NET_ALIVE)
		return -EINVAL;
	/* hardware that comes home is not asked */
	err = dev->kind->physical ? 0 : quota_check(to, QUOTA_DEVICES, -ENOSPC, ack);
	if (err)
		return err;
	err = choose_name(to, NULL, name ? name : dev->name, chosen);
	if (err && name)
		ack_format(
		    ack,
		    "Unable to use '%s' for the new interface name in the target netns",
		    name);
	else if (err)
		ack_set(ack,
			"An interface with the same name exists in the target netns");
	if (err == -EEXIST && name)
		ack_format(
		    ack,
		    "Unable to use '%s' for the new interface name in the target netns",
		    name);
	if (err)
		return err;
	list_for_each(an, &dev->altnames, node) {
		if (!dev_by_name(to, an->name))
			continue;
		ack_format(
		    ack,
		    "An interface with the altname %.40s exists in the target netns",
		    an->name);
		return -EEXIST;
	}
	if (ifindex && dev_by_index(to, ifindex)) {
		ack_format(ack, "The ifindex %d is not available in the target netns",
			   ifindex);
		return -EBUSY;
	}
	return 0;
}

static void forget_mc(struct dev *dev)
{
	struct dev_mc *mc, *tmp;

	list_for_each_safe(mc, tmp, &dev->mc, node) {
		list_del(&mc->node);
		mem_free(&dev->net->w->mem, mc);
	}
}

int dev_move(struct dev *dev, struct net *to, const char *name, s32 ifindex,
	     struct ext_ack *ack)
{
	struct net *from = dev->net;
	char chosen[IFNAMSIZ] = "";
	s32 old_last = to->last_ifindex;
	int err;

	if (to == from)
		return 0;
	err = check_move(dev, to, name, ifindex, chosen, ack);
	if (err)
		return err;
	if (!ifindex)
		ifindex =
		    dev_by_index(to, dev->ifindex) ? next_ifindex(to) : dev->ifindex;
	/* So that nothing can fail once the device has left */
	err = table_reserve(&to->dev_by_name);
	if (!err)
		err = table_reserve(&to->dev_by_index);
	if (!err && !list_empty(&dev->altnames))
		err = table_reserve(&to->dev_by_altname);
	if (err) {
		to->last_ifindex = old_last;
		return err;
	}

	dev_close(dev);
	dev->move_to = to;
	dev->move_ifindex = ifindex;
	dev->state = DEV_UNREGISTERING;
	link_out(dev);
	event_raise(from, EV_DEV_UNREGISTER, dev);
	dev->opened = false;
	event_raise(from, EV_DEV_GONE, dev);
	forget_mc(dev);
	dev->move_to = NULL;
	dev->net = to;
	net_hold(to);
	dev->ifindex = ifindex;
	memcpy(dev->name, chosen, IFNAMSIZ);
	err = link_in(dev);
	BUG_ON(err);
	dev->state = DEV_REGISTERED;
	/* A listener without memory leaves the device without its protocol, not lost */
	event_raise(to, EV_DEV_REGISTER, dev);
	net_release(from);
	return 0;
}

/* ---- up and down ---- */

static void raise_change(struct dev *dev, u32 change)
{
	dev->change = change;
	event_raise(dev->net, EV_DEV_CHANGE, dev);
	dev->change = 0;
}

/* The lower layer is down: as Linux sees it, by the index of the link's other end among
 * the devices of this net */
static bool lower_is_down(const struct dev *dev)
{
	const struct dev *other = dev->ops->peer ? dev->ops->peer(dev) : NULL;

	if (!other || other->ifindex == dev->ifindex)
		return false;
	other = dev_by_index(dev->net, other->ifindex);
	return other && !other->carrier;
}

static u8 operstate_of(const struct dev *dev)
{
	if (dev->carrier)
		return dev->dormant ? IF_OPER_DORMANT : IF_OPER_UP;
	return lower_is_down(dev) ? IF_OPER_LOWERLAYERDOWN : IF_OPER_DOWN;
}

/* @change: what is told; as on Linux more when it is not by request */
static int open_as(struct dev *dev, u32 change)
{
	bool opened;
	int err;

	if (dev_is_up(dev))
		return 0;
	if (dev->state != DEV_REGISTERED)
		return -ENODEV;
	dev->flags |= IFF_UP;
	opened = dev->opened;
	dev->opened = true;
	err = dev->ops->open ? dev->ops->open(dev) : 0;
	if (err) {
		dev->flags &= ~(u32)IFF_UP;
		dev->opened = opened;
		return err;
	}
	dev->net->dev_gen++;
	raise_change(dev, change);
	event_raise(dev->net, EV_DEV_UP, dev);
	return 0;
}

int dev_open(struct dev *dev)
{
	return open_as(dev, IFF_UP | IFF_RUNNING);
}

static void close_as(struct dev *dev, u32 change)
{
	if (!dev_is_up(dev))
		return;
	event_raise(dev->net, EV_DEV_GOING_DOWN, dev);
	dev->flags &= ~(u32)IFF_UP;
	if (dev->ops->stop)
		dev->ops->stop(dev);
	dev->net->dev_gen++;
	raise_change(dev, change);
	event_raise(dev->net, EV_DEV_DOWN, dev);
}

void dev_close(struct dev *dev)
{
	close_as(dev, IFF_UP | IFF_RUNNING);
}

int dev_set_flags(struct dev *dev, u32 flags, u32 mask)
{
	const u32 plain = IFF_DEBUG | IFF_NOTRAILERS | IFF_NOARP | IFF_DYNAMIC |
			  IFF_MULTICAST | IFF_PORTSEL | IFF_AUTOMEDIA;
	u32 changed = (dev->flags ^ flags) & mask;
	int err = 0;

	if (changed & plain)
		dev->flags ^= changed & plain;
	if (changed & IFF_PROMISC) {
		dev->flags ^= IFF_PROMISC;
		dev->promisc += dev->flags & IFF_PROMISC ? 1 : (u32)-1;
	}
	if (changed & IFF_ALLMULTI) {
		dev->flags ^= IFF_ALLMULTI;
		dev->allmulti += dev->flags & IFF_ALLMULTI ? 1 : (u32)-1;
	}
	if (changed & (plain | IFF_PROMISC | IFF_ALLMULTI))
		raise_change(dev, changed & (plain | IFF_PROMISC | IFF_ALLMULTI));
	if (changed & IFF_UP) {
		if (flags & IFF_UP)
			err = open_as(dev, IFF_UP);
		else
			close_as(dev, IFF_UP);
	}
	return err;
}

u32 dev_flags(const struct dev *dev)
{
	u32 flags = dev->flags & ~(u32)(IFF_RUNNING | IFF_LOWER_UP | IFF_DORMANT);

	if (!dev_is_up(dev))
		return flags;
	if (dev->operstate == IF_OPER_UP || dev->operstate == IF_OPER_UNKNOWN)
		flags |= IFF_RUNNING;
	if (dev->carrier)
		flags |= IFF_LOWER_UP;
	if (dev->dormant)
		flags |= IFF_DORMANT;
	return flags;
}

/*
 * A carrier comes and goes many times in a turn (a pair that is opened, moved,
 * deleted); who listens hears of the outcome, once, when what caused it has been told.
 */
static void watch(struct dev *dev)
{
	if (!list_empty(&dev->watch_node))
		return;
	dev_hold(dev);
	list_add_tail(&dev->net->worker->watched, &dev->watch_node);
}

static void watched(struct dev *dev)
{
	if (dev->state != DEV_REGISTERED)
		return;
	dev->operstate = operstate_of(dev);
	dev->net->dev_gen++;
	if (dev_is_up(dev))
		raise_change(dev, 0);
}

void dev_watch_run(struct worker *k)
{
	struct list todo;
	struct dev *dev;

	list_init(&todo);
	list_splice_tail(&todo, &k->watched);
	while ((dev = list_first(&todo, struct dev, watch_node))) {
		list_del(&dev->watch_node);
		watched(dev);
		dev_put(dev);
	}
}

void dev_set_carrier(struct dev *dev, bool on)
{
	if (dev->carrier == on)
		return;
	dev->carrier = on;
	if (dev->state == DEV_REGISTERED) {
		dev->carrier_changes++;
		if (on)
			dev->carrier_up++;
		else
			dev->carrier_down++;
	}
	watch(dev);
}

/* ---- attributes ---- */

int dev_set_mtu(struct dev *dev, u32 mtu, struct ext_ack *ack)
{
	u32 old = dev->mtu;
	int err;

	if (mtu == old)
		return 0;
	if (mtu < dev->min_mtu || mtu > INT32_MAX) {
		ack_set(ack, "mtu less than device minimum");
		return -EINVAL;
	}
	if (dev->max_mtu && mtu > dev->max_mtu) {
		ack_set(ack, "mtu greater than device maximum");
		return -EINVAL;
	}
	err = dev->ops->set_mtu ? dev->ops->set_mtu(dev, mtu) : 0;
	if (err)
		return err;
	dev->mtu = mtu;
	dev->net->dev_gen++;
	if (dev->state == DEV_REGISTERED)
		event_raise(dev->net, EV_DEV_MTU, dev);
	return 0;
}

int dev_set_addr(struct dev *dev, const u8 *addr)
{
	memcpy(dev->addr, addr, dev->addr_len);
	dev->net->dev_gen++;
	if (dev->state == DEV_REGISTERED)
		event_raise(dev->net, EV_DEV_ADDR, dev);
	return 0;
}

int dev_set_alias(struct dev *dev, const char *s, size_t len)
{
	struct mem *m = &dev->net->w->mem;
	char *own = NULL;

	if (len >= IFALIASZ)
		return -EINVAL;
	if (len && *s) {
		own = mem_alloc(m, len + 1);
		if (!own)
			return -ENOMEM;
		memcpy(own, s, len);
	}
	mem_free(m, dev->alias);
	dev->alias = own;
	return 0;
}

void dev_changed(struct dev *dev)
{
	raise_change(dev, 0);
}

int dev_mc_add(struct dev *dev, const u8 *addr)
{
	struct dev_mc *mc;

	list_for_each(mc, &dev->mc, node)
		if (!memcmp(mc->addr, addr, dev->addr_len)) {
			mc->refs++;
			return 0;
		}
	mc = mem_alloc(&dev->net->w->mem, sizeof(*mc));
	if (!mc)
		return -ENOMEM;
	memcpy(mc->addr, addr, dev->addr_len);
	mc->refs = 1;
	list_add_tail(&dev->mc, &mc->node);
	return 0;
}

void dev_mc_del(struct dev *dev, const u8 *addr)
{
	struct dev_mc *mc;

	list_for_each(mc, &dev->mc, node)
		if (!memcmp(mc->addr, addr, dev->addr_len)) {
			if (--mc->refs)
				return;
			list_del(&mc->node);
			mem_free(&dev->net->w->mem, mc);
			return;
		}
}

void dev_promisc(struct dev *dev, int delta)
{
	bool was = dev->promisc;

	dev->promisc += (u32)delta;
	if (was != !!dev->promisc && dev->state == DEV_REGISTERED)
		raise_change(dev, IFF_PROMISC);
}

void dev_allmulti(struct dev *dev, int delta)
{
	dev->allmulti += (u32)delta;
}

/* ---- the part ---- */

/*
 * Hardware goes home when its net dies (N1.25), under a name that says which it was.
 * Alternative names that somebody has there are lost.
 * Return: false when it must go with its net: memory is out, or there is no home
 */
static bool send_home(struct dev *dev)
{
	struct net *home = dev->net->w->init_net;
	struct dev_altname *an, *tmp;
	char name[IFNAMSIZ];

	if (!home || home == dev->net || home->state != NET_ALIVE)
		return false;
	list_for_each_safe(an, tmp, &dev->altnames, node)
		if (dev_by_name(home, an->name))
			dev_altname_del(dev, an->name);
	snprintf(name, sizeof(name), "dev%d", dev->ifindex);
	if (dev_by_name(home, name))
		snprintf(name, sizeof(name), "dev%%d");
	return !dev_move(dev, home, name, 0, NULL);
}

void dev_delete(struct dev *dev)
{
	if (dev->kind->dellink)
		dev->kind->dellink(dev);
	else
		dev_unregister(dev);
}

static void dev_net_pre_exit(struct net *net)
{
	struct dev *dev;

	while ((dev = list_last(&net->devs, struct dev, node)))
		if (!dev->kind->physical || !send_home(dev))
			dev_delete(dev);
	net->lo = NULL;
}

const struct part dev_part = {
    .name = "dev",
    .id = PART_DEV,
    .net_pre_exit = dev_net_pre_exit,
};
