/* SPDX-License-Identifier: MIT */
/*
 * addr4.c - IPv4 addresses of devices
 *
 * Each device with IPv4 has a struct in_dev4 (its slot) with the addresses in
 * Linux's order: primaries first, by scope; secondaries (same subnet as an
 * earlier primary) last. All addresses are also in one table of the worker,
 * tagged by net, which answers "is it ours?" for every packet.
 *
 * An address brings routes: its own in the local table, its subnet in the main
 * table while the device is up, and the broadcast addresses of the subnet.
 * They follow the address and the state of the device (N5.3, N5.5).
 *
 * Per-device knobs are in conf4.c.
 */

#include "ip/addr4.h"

#include "base/bug.h"
#include "core/cred.h"
#include "core/event.h"
#include "ip/conf4.h"
#include "ip/fib.h"
#include "ip/igmp.h"
#include "ip/ip_parts.h"

struct addr4_worker {
	struct table by_addr; /* struct ifaddr4 */
};

static struct table *by_addr(const struct net *net)
{
	return &((struct addr4_worker *)worker_part(net->worker, PART_ADDR4))->by_addr;
}

static u32 addr_hash(const struct net *net, be32 addr)
{
	return hash3(&net->worker->key, (__force u32)addr, net->mix, AF_INET);
}

static struct ifaddr4 *find_local(const struct net *net, be32 addr)
{
	for (struct table_node *n = table_first(by_addr(net), addr_hash(net, addr)); n;
	     n = table_next(n)) {
		struct ifaddr4 *ifa = container_of(n, struct ifaddr4, by_addr);

		if (ifa->dev->net == net && ifa->local == addr)
			return ifa;
	}
	return NULL;
}

static bool subnet_has(const struct ifaddr4 *ifa, be32 addr)
{
	return !((ifa->address ^ addr) & ifa->mask);
}

/* Anything of 127/8 is ours as long as lo has its address: that is a route's business
 */
bool addr4_is_local(const struct net *net, be32 addr)
{
	const struct fib_table *t = fib_table(net, AF_INET, RT_TABLE_LOCAL);
	struct lpm_node *n;
	struct fib_route *r;

	if (find_local(net, addr))
		return true;
	n = t ? lpm_match(&t->lpm, &addr, sizeof(addr)) : NULL;
	if (!n)
		return false;
	r = list_first(&container_of(n, struct fib_prefix, lpm)->routes,
		       struct fib_route, node);
	return r && r->type == RTN_LOCAL;
}

struct dev *addr4_dev(const struct net *net, be32 addr)
{
	struct ifaddr4 *ifa = find_local(net, addr);

	if (ifa)
		return ifa->dev;
	return addr4_is_local(net, addr) ? net->lo : NULL;
}

bool addr4_in_scope(const struct net *net, be32 addr, u8 scope)
{
	const struct ifaddr4 *ifa = find_local(net, addr);

	return ifa && ifa->scope <= scope;
}

bool addr4_on_link(const struct dev *dev, be32 addr)
{
	const struct in_dev4 *in = in_dev4(dev);
	const struct ifaddr4 *ifa;

	if (!in)
		return false;
	list_for_each(ifa, &in->addrs, node)
		if (subnet_has(ifa, addr))
			return true;
	return false;
}

/* The first primary that fits, preferring one in the destination's subnet */
static be32 select_on(const struct dev *dev, be32 dst, u8 scope)
{
	const struct in_dev4 *in = in_dev4(dev);
	const struct ifaddr4 *ifa;
	be32 found = 0;

	if (!in)
		return 0;
	list_for_each(ifa, &in->addrs, node) {
		if (ifa->flags & IFA_F_SECONDARY || ifa->scope > scope)
			continue;
		if (!dst || subnet_has(ifa, dst))
			return ifa->local;
		if (!found)
			found = ifa->local;
	}
	return found;
}

be32 addr4_select(const struct net *net, const struct dev *dev, be32 dst, u8 scope)
{
	const struct dev *other;
	be32 found = dev ? select_on(dev, dst, scope) : 0;

	if (found)
		return found;
	/* None on that device: another one's, as long as it is not for its link alone
	 */
	list_for_each(other, &net->devs, node) {
		const struct in_dev4 *in = in_dev4(other);
		const struct ifaddr4 *ifa;

		if (other == dev || !in)
			continue;
		list_for_each(ifa, &in->addrs, node)
			if (!(ifa->flags & IFA_F_SECONDARY) &&
			    ifa->scope != RT_SCOPE_LINK && ifa->scope <= scope)
				return ifa->local;
	}
	return 0;
}

/* ---- routes that belong to an address ---- */

/* What is sent by way of a secondary's routes has the primary's address */
static be32 source_of(const struct ifaddr4 *ifa)
{
	const struct ifaddr4 *at;

	if (ifa->flags & IFA_F_SECONDARY)
		list_for_each(at, &in_dev4(ifa->dev)->addrs, node)
			if (!(at->flags & IFA_F_SECONDARY) && at->mask == ifa->mask &&
			    subnet_has(at, ifa->address))
				return at->local;
	return ifa->local;
}

static void magic(bool add, u32 table, u8 type, be32 dst, u8 plen, u32 metric,
		  const struct ifaddr4 *ifa)
{
	struct net *net = ifa->dev->net;
	struct fib_config cfg = {
	    .family = AF_INET,
	    .dst = ipaddr_v4(dst),
	    .plen = plen,
	    .type = type,
	    .scope = type == RTN_LOCAL ? RT_SCOPE_HOST : RT_SCOPE_LINK,
	    .protocol = RTPROT_KERNEL,
	    .table = table,
	    .priority = metric,
	    .prefsrc = ipaddr_v4(source_of(ifa)),
	    .oif = ifa->dev->ifindex,
	    .nl_flags = NLM_F_CREATE | NLM_F_APPEND,
	};

	/* Already there by another address, or gone with its device: both are fine */
	if (add)
		(void)fib_add(net, &cfg, NULL);
	else
		(void)fib_del(net, &cfg, NULL);
}

static bool has_prefix_route(const struct ifaddr4 *ifa)
{
	be32 prefix = ifa->address & ifa->mask;

	return !(ifa->flags & (IFA_F_SECONDARY | IFA_F_NOPREFIXROUTE)) &&
	       (ifa->plen < 32 || prefix != ifa->local) && !ip4_is_zeronet(prefix);
}

/* The subnet and its broadcast addresses: while the device is up */
static void subnet_routes(bool add, const struct ifaddr4 *ifa)
{
	be32 net_addr = ifa->address & ifa->mask;
	be32 last = net_addr | ~ifa->mask;

	if (!dev_is_up(ifa->dev) && add)
		return;
	if (ifa->broadcast && !ip4_is_broadcast(ifa->broadcast))
		magic(add, RT_TABLE_LOCAL, RTN_BROADCAST, ifa->broadcast, 32, 0, ifa);
	if (!has_prefix_route(ifa))
		return;
	magic(add, dev_is_lo(ifa->dev) ? RT_TABLE_LOCAL : RT_TABLE_MAIN,
	      dev_is_lo(ifa->dev) ? RTN_LOCAL : RTN_UNICAST, net_addr, ifa->plen,
	      ifa->metric, ifa);
	if (ifa->plen < 31)
		magic(add, RT_TABLE_LOCAL, RTN_BROADCAST, last, 32, 0, ifa);
}

static void add_routes(struct ifaddr4 *ifa)
{
	magic(true, RT_TABLE_LOCAL, RTN_LOCAL, ifa->local, 32, 0, ifa);
	subnet_routes(true, ifa);
}

static bool another_has(const struct ifaddr4 *gone, be32 local)
{
	const struct ifaddr4 *ifa;

	list_for_each(ifa, &in_dev4(gone->dev)->addrs, node)
		if (ifa != gone && ifa->local == local)
			return true;
	return false;
}

static bool another_subnet(const struct ifaddr4 *gone)
{
	const struct ifaddr4 *ifa;

	list_for_each(ifa, &in_dev4(gone->dev)->addrs, node)
		if (ifa != gone && !(ifa->flags & IFA_F_SECONDARY) &&
		    ifa->plen == gone->plen && subnet_has(ifa, gone->address) &&
		    ifa->local == gone->local)
			return true;
	return false;
}

static void del_routes(struct ifaddr4 *ifa)
{
	if (!another_subnet(ifa))
		subnet_routes(false, ifa);
	if (another_has(ifa, ifa->local))
		return;
	magic(false, RT_TABLE_LOCAL, RTN_LOCAL, ifa->local, 32, 0, ifa);
	if (!addr4_is_local(ifa->dev->net, ifa->local))
		fib_drop_source(ifa->dev->net, RT_TABLE_MAIN, ifa->local);
}

/* ---- adding and deleting ---- */

static struct in_dev4 *in_dev4_get(struct dev *dev)
{
	struct in_dev4 *in = in_dev4(dev);

	if (in || dev->mtu < IP4_MIN_MTU)
		return in;
	in = net_alloc(dev->net, sizeof(*in));
	if (!in)
		return NULL;
	in->dev = dev;
	list_init(&in->addrs);
	dev->slot[DEV_SLOT_IP4] = in;
	if (conf4_dev_init(dev)) {
		dev->slot[DEV_SLOT_IP4] = NULL;
		net_free(dev->net, in);
		return NULL;
	}
	return in;
}

static void unlink_addr(struct ifaddr4 *ifa)
{
	timer_cancel(&ifa->timer);
	table_del(by_addr(ifa->dev->net), &ifa->by_addr);
	list_del(&ifa->node);
}

/* A primary goes: the first secondary of its subnet takes its place, when that is
 * wanted, else they go with it. */
static struct ifaddr4 *settle_secondaries(struct ifaddr4 *gone)
{
	struct in_dev4 *in = in_dev4(gone->dev);
	struct ifaddr4 *ifa, *tmp, *promoted = NULL;
	bool promote = conf4_get(gone->dev->net, gone->dev, CONF4_PROMOTE_SECONDARIES);

	list_for_each_safe(ifa, tmp, &in->addrs, node) {
		if (ifa == gone || !(ifa->flags & IFA_F_SECONDARY) ||
		    ifa->mask != gone->mask || !subnet_has(ifa, gone->address))
			continue;
		if (promote) /* it comes back with its new primary's address */
			magic(false, RT_TABLE_LOCAL, RTN_LOCAL, ifa->local, 32, 0, ifa);
		if (!promote) {
			unlink_addr(ifa);
			event_raise(gone->dev->net, EV_ADDR4_DEL, ifa);
			magic(false, RT_TABLE_LOCAL, RTN_LOCAL, ifa->local, 32, 0, ifa);
			net_free(gone->dev->net, ifa);
		} else if (!promoted) {
			promoted = ifa;
		}
	}
	return promoted;
}

/* Linux's order: primaries from narrow scopes to wide ones, a secondary last */
static void place(struct in_dev4 *in, struct ifaddr4 *ifa)
{
	struct list *behind = &in->addrs;
	struct ifaddr4 *at;

	if (ifa->flags & IFA_F_SECONDARY) {
		list_add_tail(&in->addrs, &ifa->node);
		return;
	}
	list_for_each(at, &in->addrs, node)
		if (!(at->flags & IFA_F_SECONDARY) && at->scope >= ifa->scope)
			behind = &at->node;
	list_add_tail(behind->next, &ifa->node);
}

void addr4_del_one(struct ifaddr4 *ifa)
{
	struct dev *dev = ifa->dev;
	struct net *net = dev->net;
	struct ifaddr4 *promoted = NULL;

	if (!(ifa->flags & IFA_F_SECONDARY))
		promoted = settle_secondaries(ifa);
	unlink_addr(ifa);
	event_raise(net, EV_ADDR4_DEL,
		    ifa); /* told before its routes are, as in Linux */
	del_routes(ifa);
	net_free(net, ifa);
	if (!promoted)
		return;
	list_del(&promoted->node);
	promoted->flags &= ~(u32)IFA_F_SECONDARY;
	place(in_dev4(dev), promoted);
	event_raise(net, EV_ADDR4_ADD, promoted);
	add_routes(promoted);
	list_for_each(ifa, &in_dev4(dev)->addrs, node)
		if (ifa->flags & IFA_F_SECONDARY && ifa->mask == promoted->mask &&
		    subnet_has(promoted, ifa->address))
			add_routes(ifa);
}

/* Lifetimes: preferred first makes it deprecated, then valid ends it */
static void arm_lifetime(struct ifaddr4 *ifa)
{
	u32 s = ifa->valid_s;

	if (ifa->preferred_s < s && !(ifa->flags & IFA_F_DEPRECATED))
		s = ifa->preferred_s;
	if (s == 0xffffffffU) {
		timer_cancel(&ifa->timer);
		return;
	}
	timer_set_at(&ifa->timer, ifa->updated_ns + (u64)s * NS_PER_S);
}

static void lifetime_over(struct timer *t)
{
	struct ifaddr4 *ifa = container_of(t, struct ifaddr4, timer);
	struct net *net = ifa->dev->net;
	u64 age_s = (clock_now(net->w) - ifa->updated_ns) / NS_PER_S;

	if (ifa->valid_s != 0xffffffffU && age_s >= ifa->valid_s) {
		addr4_del_one(ifa);
		return;
	}
	ifa->flags |= IFA_F_DEPRECATED;
	event_raise(net, EV_ADDR4_ADD, ifa);
	arm_lifetime(ifa);
}

static struct ifaddr4 *find_same(struct in_dev4 *in, const struct ifaddr4 *want)
{
	struct ifaddr4 *ifa;

	list_for_each(ifa, &in->addrs, node)
		if (ifa->plen == want->plen && subnet_has(ifa, want->address) &&
		    ifa->local == want->local)
			return ifa;
	return NULL;
}

static void take_lifetime(struct ifaddr4 *ifa, const struct ifaddr4 *want)
{
	ifa->valid_s = want->valid_s;
	ifa->preferred_s = want->preferred_s;
	ifa->flags &= ~(u32)(IFA_F_PERMANENT | IFA_F_DEPRECATED);
	if (ifa->valid_s == 0xffffffffU)
		ifa->flags |= IFA_F_PERMANENT;
	if (!ifa->preferred_s)
		ifa->flags |= IFA_F_DEPRECATED;
	ifa->updated_ns = clock_now(ifa->dev->net->w);
	arm_lifetime(ifa);
}

static int change(struct ifaddr4 *ifa, const struct ifaddr4 *want)
{
	if (ifa->metric != want->metric) {
		subnet_routes(false, ifa);
		ifa->metric = want->metric;
		subnet_routes(true, ifa);
	}
	ifa->proto = want->proto;
	take_lifetime(ifa, want);
	event_raise(ifa->dev->net, EV_ADDR4_ADD, ifa);
	return 0;
}

/* Another address of the same subnet makes it a secondary, unless the scope differs */
static int classify(struct in_dev4 *in, struct ifaddr4 *ifa)
{
	struct ifaddr4 *at;

	ifa->flags &= ~(u32)IFA_F_SECONDARY;
	list_for_each(at, &in->addrs, node) {
		if (at->mask != ifa->mask || !subnet_has(at, ifa->address))
			continue;
		if (at->local == ifa->local)
			return -EEXIST;
		if (at->scope != ifa->scope)
			return -EINVAL;
		ifa->flags |= IFA_F_SECONDARY;
	}
	return 0;
}

int addr4_add(struct dev *dev, const struct ifaddr4 *want, bool replace,
	      struct ext_ack *ack)
{
	struct net *net = dev->net;
	struct in_dev4 *in = in_dev4_get(dev);
	struct ifaddr4 *ifa;
	int err;

	if (!in)
		return -ENOBUFS;
	if (!want->local)
		return 0; /* as Linux: taken, and nothing comes of it */
	ifa = find_same(in, want);
	if (ifa)
		return replace ? change(ifa, want) : -EEXIST;
	ifa = net_alloc(net, sizeof(*ifa));
	if (!ifa)
		return -ENOBUFS;
	*ifa = *want;
	list_init(&ifa->node);
	ifa->dev = dev;
	ifa->mask = ip4_mask(ifa->plen);
	if (!ifa->label[0])
		memcpy(ifa->label, dev->name, IFNAMSIZ);
	ifa->created_ns = clock_now(net->w);
	timer_init(&ifa->timer, net->worker->wheel, lifetime_over);
	err = classify(in, ifa);
	if (err) {
		if (err == -EINVAL)
			ack_set(ack, "ipv4: Invalid scope value");
		goto err_free;
	}
	err = table_add(by_addr(net), &ifa->by_addr, addr_hash(net, ifa->local));
	if (err)
		goto err_free;
	place(in, ifa);
	take_lifetime(ifa, want);
	conf4_freeze(dev);
	event_raise(net, EV_ADDR4_ADD, ifa);
	add_routes(ifa);
	return 0;

err_free:
	net_free(net, ifa);
	return err;
}

int addr4_del(struct dev *dev, const struct ifaddr4 *which, struct ext_ack *ack)
{
	struct in_dev4 *in = in_dev4(dev);
	struct ifaddr4 *ifa;

	if (in)
		list_for_each(ifa, &in->addrs, node) {
			if (which->local && ifa->local != which->local)
				continue;
			if (which->label[0] && strcmp(which->label, ifa->label))
				continue;
			if (which->address && (which->plen != ifa->plen ||
					       !subnet_has(ifa, which->address)))
				continue;
			addr4_del_one(ifa);
			return 0;
		}
	ack_set(ack, "ipv4: Address not found");
	return -EADDRNOTAVAIL;
}

/* ---- devices come and go ---- */

/* lo is born without an address and gets one when it goes up (N5.3) */
static void lo_address(struct dev *dev)
{
	const struct ifaddr4 want = {
	    .local = cpu_to_be32(INADDR_LOOPBACK),
	    .address = cpu_to_be32(INADDR_LOOPBACK),
	    .plen = 8,
	    .scope = RT_SCOPE_HOST,
	    .valid_s = 0xffffffffU,
	    .preferred_s = 0xffffffffU,
	};

	(void)addr4_add(dev, &want, false,
			NULL); /* -EEXIST: somebody gave it already */
}

static void dev_up(struct dev *dev)
{
	struct in_dev4 *in = in_dev4(dev);
	struct ifaddr4 *ifa;

	if (!in)
		return;
	if (dev_is_lo(dev))
		lo_address(dev);
	list_for_each(ifa, &in->addrs, node)
		subnet_routes(true, ifa);
}

static void dev_gone(struct dev *dev)
{
	struct in_dev4 *in = in_dev4(dev);
	struct ifaddr4 *ifa;

	if (!in)
		return;
	while ((ifa = list_last(&in->addrs, struct ifaddr4, node)))
		addr4_del_one(ifa);
	igmp_forget(dev);
	dev->slot[DEV_SLOT_IP4] = NULL;
	net_free(dev->net, in->conf);
	net_free(dev->net, in);
}

/* A link too small for a packet has no IPv4 at all (RFC 791 §3.2) */
static void dev_mtu_changed(struct dev *dev)
{
	if (dev->mtu < IP4_MIN_MTU)
		dev_gone(dev);
	else
		(void)in_dev4_get(dev);
}

/* Labels follow the name of the device: the first becomes it, those behind keep what
 * stands after their colon, or get a number */
static void dev_renamed(struct dev *dev)
{
	struct in_dev4 *in = in_dev4(dev);
	struct ifaddr4 *ifa;
	unsigned n = 0;

	if (!in)
		return;
	list_for_each(ifa, &in->addrs, node) {
		char old[IFNAMSIZ], number[16], *tail;
		size_t keep;

		memcpy(old, ifa->label, sizeof(old));
		memcpy(ifa->label, dev->name, sizeof(ifa->label));
		if (++n == 1)
			continue;
		snprintf(number, sizeof(number), ":%u", n);
		tail = strchr(old, ':');
		if (!tail)
			tail = number;
		keep = min(strlen(dev->name), IFNAMSIZ - 1 - strlen(tail));
		memcpy(ifa->label + keep, tail, strlen(tail) + 1);
	}
}

static int dev_event(struct net *net, enum event_kind kind, void *obj)
{
	struct dev *dev = obj;

	(void)net;
	switch (kind) {
	case EV_DEV_REGISTER:
		return in_dev4_get(dev) || dev->mtu < IP4_MIN_MTU ? 0 : -ENOMEM;
	case EV_DEV_UP:
		dev_up(dev);
		break;
	case EV_DEV_UNREGISTER:
		dev_gone(dev);
		break;
	case EV_DEV_NAME:
		dev_renamed(dev);
		break;
	case EV_DEV_MTU:
		dev_mtu_changed(dev);
		break;
	default:
		break;
	}
	return 0;
}

static int addr4_boot(struct warren *w)
{
	static const enum event_kind kinds[] = {
	    EV_DEV_REGISTER, EV_DEV_UP, EV_DEV_UNREGISTER, EV_DEV_NAME, EV_DEV_MTU};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int err = event_listen(w, &addr4_part, kinds[i], dev_event);

		if (err)
			return err;
	}
	return conf4_boot(w, &addr4_part);
}

static int addr4_worker_init(struct worker *k)
{
	table_init(&((struct addr4_worker *)worker_part(k, PART_ADDR4))->by_addr);
	return 0;
}

static void addr4_worker_exit(struct worker *k)
{
	table_fini(&((struct addr4_worker *)worker_part(k, PART_ADDR4))->by_addr);
}

const struct part addr4_part = {
    .name = "addr4",
    .id = PART_ADDR4,
    .worker_size = sizeof(struct addr4_worker),
    .net_size = sizeof(struct conf4_net),
    .boot = addr4_boot,
    .worker_init = addr4_worker_init,
    .net_init = conf4_net_init,
    .net_exit = conf4_net_exit,
    .worker_exit = addr4_worker_exit,
};
