/* SPDX-License-Identifier: MIT */
/*
 * clone.c - configure a namespace as another one is
 *
 * In the order in which an administrator would: sysctls that new devices take over,
 * devices, up, addresses (which bring their own routes), routes on links, routes by
 * gateways, rules, neighbours, sysctls of devices. Everything goes through the
 * functions that requests use, so a clone cannot have what could not be configured,
 * quotas hold, and who listens hears of it. Devices are found again by name: indexes
 * are @dst's own.
 *
 * Everything is copied: the cost is that of what is configured.
 */

#include "image/clone.h"

#include <string.h>

#include "core/dev.h"
#include "core/tunable.h"
#include "image/facts.h"
#include "ip/addr4.h"
#include "ip/fib.h"
#include "ip/neigh.h"
#include "ip/rule.h"
#include "link/dummy.h"
#include "link/veth.h"

#include <linux/neighbour.h>

struct clone {
	struct net *src, *dst;
	bool wires;
	bool gateways; /* which routes are to be copied now */
	int err;
};

static void note(struct clone *cl, int err)
{
	if (err && !cl->err)
		cl->err = err;
}

static struct dev *twin(const struct clone *cl, const struct dev *dev)
{
	return dev ? dev_by_name(cl->dst, dev->name) : NULL;
}

/* ---- sysctls ---- */

static void sysctl(void *arg, const char *path)
{
	struct clone *cl = arg;
	struct text a, b;

	text_init(&a);
	text_init(&b);
	if (tunable_mode(cl->dst, path) > 0 && tunable_mode(cl->dst, path) & 0222 &&
	    !tunable_read(cl->src, path, &a) && !tunable_read(cl->dst, path, &b) &&
	    a.len && (a.len != b.len || memcmp(a.s, b.s, a.len) != 0)) {
		while (a.len && a.s[a.len - 1] == '\n')
			a.len--;
		note(cl, tunable_write(cl->dst, path, a.s, a.len));
	}
	if (a.failed || b.failed)
		note(cl, -ENOMEM);
	text_fini(&a);
	text_fini(&b);
}

/* ---- devices ---- */

/* The far end's name beside the old one */
static void far_name(char out[IFNAMSIZ], const struct dev *peer)
{
	text_format(out, IFNAMSIZ, "%.9s_%%d", peer->name);
	for (char *c = out; *c && c[1] != 'd'; c++)
		if (*c == '%')
			*c = '_'; /* only ours is a pattern */
}

static int make_wire(struct clone *cl, const struct dev *dev, const struct dev *peer)
{
	char far[IFNAMSIZ];
	struct dev *a, *b;

	if (!peer)
		return 0;
	if (peer->net == cl->src)
		return veth_pair(cl->dst, dev->name, cl->dst, peer->name, &a, &b);
	if (!cl->wires)
		return 0;
	far_name(far, peer);
	return veth_pair(cl->dst, dev->name, peer->net, far, &a, &b);
}

static int make(struct clone *cl, const struct dev *dev)
{
	const char *kind = dev->kind->name;
	struct dev *made;

	if (twin(cl, dev) || !kind)
		return 0;
	if (!strcmp(kind, "dummy"))
		return dummy_new(cl->dst, dev->name, &made);
	if (!strcmp(kind, "veth"))
		return make_wire(cl, dev, dev->ops->peer(dev));
	return 0;
}

static int set_attrs(struct dev *to, const struct dev *from)
{
	const u32 plain = IFF_NOARP | IFF_MULTICAST | IFF_PROMISC | IFF_ALLMULTI;
	const struct dev_altname *an;
	int err = to->mtu == from->mtu ? 0 : dev_set_mtu(to, from->mtu, NULL);

	if (!err && !dev_is_lo(to) && from->addr_len == to->addr_len)
		err = dev_set_addr(to, from->addr);
	if (!err && from->alias)
		err = dev_set_alias(to, from->alias, strlen(from->alias));
	list_for_each(an, &from->altnames, node)
		if (!err)
			err = dev_altname_add(to, an->name);
	to->txqlen = from->txqlen;
	to->group = from->group;
	to->perm_addr_assigned = from->perm_addr_assigned;
	if (!err)
		err = dev_set_flags(to, from->flags, plain);
	if (!err && dev_is_up(from))
		err = dev_open(to);
	return err;
}

static void devices(struct clone *cl)
{
	struct dev *dev, *to;

	list_for_each(dev, &cl->src->devs, node)
		note(cl, make(cl, dev));
	list_for_each(dev, &cl->src->devs, node) {
		to = twin(cl, dev);
		if (to)
			note(cl, set_attrs(to, dev));
	}
}

/* ---- addresses ---- */

static void addresses(struct clone *cl)
{
	const struct ifaddr4 *ifa;
	struct dev *dev, *to;
	int err;

	list_for_each(dev, &cl->src->devs, node) {
		to = twin(cl, dev);
		if (!to || !in_dev4(dev))
			continue;
		list_for_each(ifa, &in_dev4(dev)->addrs, node) {
			struct ifaddr4 want = {
			    .local = ifa->local,
			    .address = ifa->address,
			    .mask = ifa->mask,
			    .broadcast = ifa->broadcast,
			    .plen = ifa->plen,
			    .scope = ifa->scope,
			    .flags = ifa->flags & ~(u32)IFA_F_SECONDARY,
			    .metric = ifa->metric,
			    .proto = ifa->proto,
			    .valid_s = ifa->valid_s,
			    .preferred_s = ifa->preferred_s,
			};

			memcpy(want.label, ifa->label, sizeof(want.label));
			err = addr4_add(to, &want, false, NULL);
			if (err != -EEXIST) /* lo has brought its own */
				note(cl, err);
		}
	}
}

/* ---- routes ---- */

/* Return: false when a device of it was left out */
static bool hop_config(const struct clone *cl, const struct fib_route *r,
		       struct fib_config *cfg)
{
	for (int i = 0; i < r->n_hops; i++) {
		const struct fib_hop *h = &r->hops[i];
		struct dev *dev = twin(cl, h->dev);

		if (!dev)
			return false;
		if (r->n_hops == 1) {
			cfg->oif = dev->ifindex;
			cfg->gateway = h->gateway;
			cfg->flags = h->flags & RTNH_F_ONLINK;
			return true;
		}
		cfg->hops[i].oif = dev->ifindex;
		cfg->hops[i].gateway = h->gateway;
		cfg->hops[i].flags = h->flags & RTNH_F_ONLINK;
		cfg->hops[i].weight = h->weight;
		cfg->n_hops++;
	}
	return true;
}

static bool by_gateway(const struct fib_route *r)
{
	for (int i = 0; i < r->n_hops; i++)
		if (r->hops[i].gateway.family != AF_UNSPEC)
			return true;
	return false;
}

static void route(struct clone *cl, const struct fib_route *r)
{
	struct fib_config cfg = {
	    .family = AF_INET,
	    .tos = r->tos,
	    .type = r->type,
	    .scope = r->scope,
	    .scope_given = true,
	    .protocol = r->protocol,
	    .table = r->prefix->table->id,
	    .priority = r->priority,
	    .prefsrc = r->prefsrc,
	    .lock = r->lock,
	    .nl_flags = NLM_F_CREATE | NLM_F_APPEND,
	};

	if (r->protocol == RTPROT_KERNEL || by_gateway(r) != cl->gateways)
		return;
	if (r->n_hops > (int)ARRAY_SIZE(cfg.hops)) {
		note(cl, -E2BIG);
		return;
	}
	fib_dst(r, &cfg.dst, &cfg.plen);
	memcpy(cfg.metrics, r->metrics, sizeof(cfg.metrics));
	memcpy(cfg.cc, r->cc, sizeof(cfg.cc));
	if (hop_config(cl, r, &cfg))
		note(cl, fib_add(cl->dst, &cfg, NULL));
}

static void routes(struct clone *cl, bool gateways)
{
	cl->gateways = gateways;
	for (struct fib_table *t = fib_table_first(cl->src, AF_INET); t;
	     t = fib_table_next(t))
		for (struct lpm_node *n = lpm_first(&t->lpm); n; n = lpm_after(n)) {
			struct fib_prefix *px = container_of(n, struct fib_prefix, lpm);
			const struct fib_route *r;

			list_for_each(r, &px->routes, node)
				route(cl, r);
		}
}

/* ---- rules, neighbours ---- */

static int drop_rule(struct rule *r, void *arg)
{
	struct rule *first = arg;

	*first = *r;
	first->priority_given = true;
	return 1;
}

static int add_rule(struct rule *r, void *arg)
{
	struct clone *cl = arg;

	struct rule want = *r;

	want.priority_given = true;
	note(cl, rule_add(cl->dst, &want, NLM_F_CREATE));
	return 0;
}

static int differs(struct rule *r, void *arg)
{
	(void)arg;
	return !r->default_rule;
}

static int count(struct rule *r, void *arg)
{
	(void)r;
	++*(int *)arg;
	return 0;
}

static void rules(struct clone *cl)
{
	struct rule first;
	int n = 0;

	rule_walk(cl->src, AF_INET, count, &n);
	if (n == 3 && !rule_walk(cl->src, AF_INET, differs, NULL))
		return; /* as every net is born */
	while (rule_walk(cl->dst, AF_INET, drop_rule, &first))
		if (rule_del(cl->dst, &first))
			break;
	rule_walk(cl->src, AF_INET, add_rule, cl);
}

static int neighbour(struct neigh *nt, void *arg)
{
	struct clone *cl = arg;
	struct dev *dev = twin(cl, nt->dev);

	if (dev && nt->state & NUD_PERMANENT && nt->type == RTN_UNICAST)
		note(cl, neigh_update(dev, &nt->addr, nt->lladdr, NUD_PERMANENT,
				      NEIGH_UPDATE_ADMIN | NEIGH_UPDATE_CREATE |
					  NEIGH_UPDATE_OVERRIDE,
				      nt->flags, nt->protocol));
	return 0;
}

int clone_net(struct net *src, struct net *dst, bool wires)
{
	struct clone cl = {.src = src, .dst = dst, .wires = wires};

	facts_sysctls(dst, sysctl, &cl);
	devices(&cl);
	addresses(&cl);
	routes(&cl, false);
	routes(&cl, true);
	rules(&cl);
	neigh_walk(src, neighbour, &cl);
	facts_sysctls(dst, sysctl, &cl); /* those that came with devices */
	return cl.err;
}
