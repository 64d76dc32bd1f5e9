/* SPDX-License-Identifier: MIT */
/*
 * fib.c - tables of routes
 *
 * A table is a trie of prefixes; a prefix has a list of routes by TOS (wider
 * first when zero is last), then priority, then age. A table exists from its
 * first route, or the first try to add one (N5.4), to the end of its net.
 *
 * Routes hang off the devices of their next hops (DEV_SLOT_FIB), so that a
 * device that goes takes exactly its routes with it and nothing else is
 * walked. A route with several hops loses those of the device, and goes when
 * none is left. A route is counted: the table, and cached answers.
 *
 * Any change moves the net's generation; answers that were cached compare it.
 */

#include "ip/fib.h"

#include "base/bug.h"
#include "core/cred.h"
#include "core/event.h"
#include "ip/addr4.h"
#include "ip/fib_impl.h"

struct fib_worker {
	struct table by_source; /* struct fib_route, those with a prefsrc */
};

static struct table *by_source(const struct net *net)
{
	return &((struct fib_worker *)worker_part(net->worker, PART_FIB))->by_source;
}

static u32 source_hash(const struct net *net, const struct ipaddr *src)
{
	return hash3(&net->worker->key, (__force u32)src->w[0], PART_FIB, net->mix);
}

/* dev->slot[DEV_SLOT_FIB] */
struct fib_dev {
	struct list hops; /* struct fib_hop.dev_node */
};

static const int type_errors[RTN_MAX + 1] = {
    [RTN_BLACKHOLE] = -EINVAL, [RTN_UNREACHABLE] = -EHOSTUNREACH,
    [RTN_PROHIBIT] = -EACCES,  [RTN_THROW] = -EAGAIN,
    [RTN_NAT] = -EINVAL,       [RTN_XRESOLVE] = -EINVAL,
};

u32 fib_gen(const struct net *net)
{
	return fib_net(net)->gen;
}

/* ---- tables ---- */

struct fib_table *fib_table(const struct net *net, u16 family, u32 id)
{
	struct fib_net *fn = fib_net(net);
	struct fib_table *t;

	if (family == AF_INET && id == RT_TABLE_LOCAL)
		return fn->local;
	if (family == AF_INET && id == RT_TABLE_MAIN)
		return fn->main_table;
	list_for_each(t, &fn->tables, node)
		if (t->id == id && t->family == family)
			return t;
	return NULL;
}

struct fib_table *fib_table_next(struct fib_table *t)
{
	struct list *head = &fib_net(t->net)->tables, *l = &t->node;

	while ((l = l->next) != head) {
		struct fib_table *n = list_entry(l, struct fib_table, node);

		if (n->family == t->family)
			return n;
	}
	return NULL;
}

struct fib_table *fib_table_first(struct net *net, u16 family)
{
	struct fib_table *t;

	list_for_each(t, &fib_net(net)->tables, node)
		if (t->family == family)
			return t;
	return NULL;
}

static struct fib_table *table_make(struct net *net, u16 family, u32 id)
{
	struct fib_net *fn = fib_net(net);
	struct fib_table *t = fib_table(net, family, id), *at;

	if (t)
		return t;
	t = net_alloc(net, sizeof(*t));
	if (!t)
		return NULL;
	t->net = net;
	t->id = id;
	t->family = family;
	lpm_init(&t->lpm, &net->mem);
	list_for_each(at, &fn->tables, node)
		if (at->id > id)
			break;
	list_add_tail(&at->node, &t->node);
	if (family == AF_INET && id == RT_TABLE_LOCAL)
		fn->local = t;
	if (family == AF_INET && id == RT_TABLE_MAIN)
		fn->main_table = t;
	/* Without policy rules Linux keeps the two in one, so they come together */
	if (family == AF_INET && id == RT_TABLE_LOCAL && !rule_has_own(net) &&
	    !table_make(net, family, RT_TABLE_MAIN))
		return NULL;
	return t;
}

int fib_table_unused(struct net *net, u16 family, u32 *id)
{
	for (u32 i = 1; i < 256; i++) {
		if (fib_table(net, family, i))
			continue;
		*id = i;
		return table_make(net, family, i) ? 0 : -ENOMEM;
	}
	return -ENOBUFS;
}

void fib_dst(const struct fib_route *r, struct ipaddr *dst, u8 *plen)
{
	u16 family = r->prefix->table->family;

	*dst = ipaddr_any(family);
	memcpy(dst->v6, r->prefix->lpm.key, ip_addr_len(family));
	*plen = r->prefix->lpm.plen;
}

/* ---- routes ---- */

void fib_route_put(struct fib_route *r)
{
	if (!count_put(&r->refs))
		return;
	mem_free(r->mem, r);
}

/* Off its devices; from now on no lookup answers with it */
static void route_unhook(struct fib_route *r)
{
	for (int i = 0; i < r->n_hops; i++)
		list_del(&r->hops[i].dev_node);
	if (r->prefix && !ipaddr_is_any(&r->prefsrc))
		table_del(by_source(r->prefix->table->net), &r->by_source);
	r->dead = true;
}

static void prefix_drop(struct fib_prefix *px)
{
	if (!list_empty(&px->routes))
		return;
	lpm_del(&px->table->lpm, &px->lpm);
	net_free(px->table->net, px);
}

/* Out of the table. @ev: NULL: nobody is told (a device went; Linux is silent too,
 * N4.14) */
static void route_remove(struct fib_route *r, const struct fib_config *why)
{
	struct fib_prefix *px = r->prefix;
	struct fib_table *t = px->table;
	struct fib_event ev = {.route = r};

	list_del(&r->node);
	route_unhook(r);
	t->n_routes--;
	quota_add(t->net, QUOTA_ROUTES, -1);
	fib_bump(t->net);
	if (why) {
		ev.nl_flags = why->nl_flags;
		ev.seq = why->seq;
		ev.portid = why->portid;
		event_raise(t->net, EV_ROUTE_DEL, &ev);
	}
	r->prefix = NULL;
	fib_route_put(r);
	prefix_drop(px);
}

static int dev_hops(struct dev *dev, struct list **out)
{
	struct fib_dev *fd = dev->slot[DEV_SLOT_FIB];

	if (!fd) {
		fd = net_alloc(dev->net, sizeof(*fd));
		if (!fd)
			return -ENOMEM;
		list_init(&fd->hops);
		dev->slot[DEV_SLOT_FIB] = fd;
	}
	*out = &fd->hops;
	return 0;
}

/* ---- checking a request ---- */

static bool type_has_hops(u8 type)
{
	return type_errors[type] == 0;
}

u8 fib_addr_type(struct net *net, const struct ipaddr *addr)
{
	const struct flow fl = {.family = AF_INET, .dst = *addr};
	struct fib_result res = {0};

	if (ip4_is_zeronet(addr->v4) || ip4_is_broadcast(addr->v4))
		return RTN_BROADCAST;
	if (ip4_is_multicast(addr->v4))
		return RTN_MULTICAST;
	if (!fib_net(net)->local)
		return RTN_BROADCAST;
	if (rule_has_own(net) ? fib_table_lookup(net, RT_TABLE_LOCAL, &fl, &res)
			      : fib_lookup_merged(net, &fl, &res))
		return RTN_UNICAST;
	return res.route->type;
}

static int check_gateway(struct net *net, const struct fib_config *cfg,
			 struct fib_hop *h, struct ext_ack *ack)
{
	struct fib_result res;
	struct flow fl = {
	    .family = cfg->family,
	    .dst = h->gateway,
	    .oif = h->dev ? h->dev->ifindex : 0,
	    .iif = 1,
	    .scope = (u8)(cfg->scope + 1),
	};
	int err;

	if (h->flags & RTNH_F_ONLINK) {
		if (cfg->scope >= RT_SCOPE_LINK) {
			ack_set(ack, "Nexthop has invalid scope");
			return -EINVAL;
		}
		if (!h->dev) {
			ack_set(ack, "Nexthop device required for onlink");
			return -ENODEV;
		}
		if (!dev_is_up(h->dev)) {
			ack_set(ack, "Nexthop device is not up");
			return -ENETDOWN;
		}
		if (fib_addr_type(net, &h->gateway) != RTN_UNICAST) {
			ack_set(ack, "Nexthop has invalid gateway");
			return -EINVAL;
		}
		h->scope = RT_SCOPE_LINK;
		return 0;
	}
	if (fl.scope < RT_SCOPE_LINK)
		fl.scope = RT_SCOPE_LINK;
	err = rule_lookup(net, &fl, &res);
	if (err) {
		ack_set(ack, "Nexthop has invalid gateway");
		return err;
	}
	if (res.route->type != RTN_UNICAST && res.route->type != RTN_LOCAL) {
		ack_set(ack, "Nexthop has invalid gateway");
		return -EINVAL;
	}
	h->scope = res.route->scope;
	if (!h->dev)
		h->dev = res.hop ? res.hop->dev : NULL;
	if (!h->dev) {
		ack_set(ack, "No egress device for nexthop gateway");
		return -ENODEV;
	}
	return dev_is_up(h->dev) ? 0 : -ENETDOWN;
}

static int check_hop(struct net *net, const struct fib_config *cfg, struct fib_hop *h,
		     s32 oif, struct ext_ack *ack)
{
	if (oif) {
		h->dev = dev_by_index(net, oif);
		if (!h->dev)
			return -ENODEV;
	}
	if (h->gateway.family != AF_UNSPEC) {
		int err = check_gateway(net, cfg, h, ack);

		if (err)
			return err;
	} else {
		if (h->flags & (RTNH_F_PERVASIVE | RTNH_F_ONLINK)) {
			ack_set(ack, "Invalid flags for nexthop - PERVASIVE and ONLINK "
				     "can not be set");
			return -EINVAL;
		}
		if (!h->dev || !in_dev4(h->dev))
			return -ENODEV;
		if (!dev_is_up(h->dev)) {
			ack_set(ack, "Device for nexthop is not up");
			return -ENETDOWN;
		}
		h->scope = RT_SCOPE_HOST;
	}
	if (!h->dev->carrier)
		h->flags |= RTNH_F_LINKDOWN;
	return 0;
}

/* The widest scope that a route of each type may have */
static const u8 type_scopes[RTN_MAX + 1] = {
    [RTN_UNSPEC] = RT_SCOPE_NOWHERE, [RTN_LOCAL] = RT_SCOPE_HOST,
    [RTN_BROADCAST] = RT_SCOPE_LINK, [RTN_ANYCAST] = RT_SCOPE_LINK,
    [RTN_NAT] = RT_SCOPE_NOWHERE,    [RTN_XRESOLVE] = RT_SCOPE_NOWHERE,
};

static int check_prefix(const struct fib_config *cfg, struct ext_ack *ack)
{
	struct ipaddr masked = cfg->dst;

	if (cfg->plen > ip_addr_len(cfg->family) * 8) {
		ack_set(ack, "Invalid prefix length");
		return -EINVAL;
	}
	ipaddr_mask(&masked, cfg->plen);
	if (ipaddr_equal(&masked, &cfg->dst))
		return 0;
	ack_set(ack, "Invalid prefix for given prefix length");
	return -EINVAL;
}

/* What is wrong whatever the next hops are */
static int check_config(const struct fib_config *cfg, struct ext_ack *ack)
{
	if (cfg->type > RTN_MAX) {
		ack_set(ack, "Invalid route type");
		return -EINVAL;
	}
	if (type_scopes[cfg->type] > cfg->scope) {
		ack_set(ack, "Invalid scope");
		return -EINVAL;
	}
	if (cfg->flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) {
		ack_set(ack, "Invalid rtm_flags - can not contain DEAD or LINKDOWN");
		return -EINVAL;
	}
	return 0;
}

/* Several hops, and what the request says of a single one: the first must be that */
static int check_first_hop(const struct fib_config *cfg, struct ext_ack *ack)
{
	if (!cfg->n_hops)
		return 0;
	if (cfg->oif && cfg->hops[0].oif != cfg->oif) {
		ack_set(ack, "Nexthop device index does not match RTA_OIF");
		return -EINVAL;
	}
	if (cfg->gateway.family &&
	    !ipaddr_equal(&cfg->gateway, &cfg->hops[0].gateway)) {
		ack_set(ack, "Nexthop gateway does not match RTA_GATEWAY or RTA_VIA");
		return -EINVAL;
	}
	return 0;
}

static int check_type(const struct fib_config *cfg, struct ext_ack *ack)
{
	if (!type_has_hops(cfg->type)) {
		if (!cfg->oif && cfg->gateway.family == AF_UNSPEC && !cfg->n_hops)
			return 0;
		ack_set(ack, "Gateway, device and multipath can not be specified for "
			     "this route type");
		return -EINVAL;
	}
	if (cfg->type == RTN_UNSPEC) {
		ack_set(ack, "Invalid route type");
		return -EINVAL;
	}
	if (cfg->scope > RT_SCOPE_HOST) {
		ack_set(ack, "Invalid scope");
		return -EINVAL;
	}
	return 0;
}

static int check_prefsrc(struct net *net, const struct fib_config *cfg,
			 struct ext_ack *ack)
{
	if (cfg->prefsrc.family != AF_INET || !cfg->prefsrc.v4 ||
	    (cfg->type == RTN_LOCAL && ipaddr_equal(&cfg->dst, &cfg->prefsrc)))
		return 0;
	if (fib_addr_type(net, &cfg->prefsrc) == RTN_LOCAL)
		return 0;
	ack_set(ack, "Invalid prefsrc address");
	return -EINVAL;
}

/* Host scope: an address, which may be of a device that is down (N5.5) */
static int host_hop(struct net *net, const struct fib_config *cfg, struct fib_route *r,
		    struct ext_ack *ack)
{
	struct fib_hop *h = &r->hops[0];

	if (r->n_hops != 1) {
		ack_set(ack, "Route with host scope can not have multiple nexthops");
		return -EINVAL;
	}
	if (h->gateway.family != AF_UNSPEC) {
		ack_set(ack, "Route with host scope can not have a gateway");
		return -EINVAL;
	}
	h->scope = RT_SCOPE_NOWHERE;
	h->dev = dev_by_index(net, cfg->n_hops ? cfg->hops[0].oif : cfg->oif);
	return h->dev ? 0 : -ENODEV;
}

static int fill_hops(struct net *net, const struct fib_config *cfg, struct fib_route *r,
		     struct ext_ack *ack)
{
	int err = check_first_hop(cfg, ack);

	if (!err)
		err = check_type(cfg, ack);
	if (err)
		return err;
	if (!type_has_hops(cfg->type)) {
		r->n_hops = 0;
		r->flags = cfg->flags;
		return 0;
	}
	for (int i = 0; i < r->n_hops; i++) {
		struct fib_hop *h = &r->hops[i];

		h->route = r;
		h->gateway = cfg->n_hops ? cfg->hops[i].gateway : cfg->gateway;
		h->flags = (u8)(cfg->n_hops ? cfg->hops[i].flags : cfg->flags);
		h->weight =
		    cfg->n_hops && cfg->hops[i].weight ? cfg->hops[i].weight : 1;
	}
	if (cfg->scope == RT_SCOPE_HOST)
		return host_hop(net, cfg, r, ack);
	for (int i = 0; i < r->n_hops && !err; i++)
		err = check_hop(net, cfg, &r->hops[i],
				cfg->n_hops ? cfg->hops[i].oif : cfg->oif, ack);
	return err;
}

static int route_make(struct net *net, const struct fib_config *cfg,
		      struct fib_route **out, struct ext_ack *ack)
{
	u16 n = cfg->n_hops ? cfg->n_hops : 1;
	struct fib_route *r = net_alloc(net, sizeof(*r) + n * sizeof(r->hops[0]));
	int err;

	if (!r)
		return -ENOMEM;
	count_init(&r->refs);
	list_init(&r->node);
	r->mem = &net->mem;
	r->n_hops = n;
	for (int i = 0; i < n; i++)
		list_init(&r->hops[i].dev_node);
	r->tos = cfg->tos;
	r->type = cfg->type;
	r->scope = cfg->scope;
	r->protocol = cfg->protocol;
	r->priority = cfg->priority;
	r->table = cfg->table;
	r->prefsrc = cfg->prefsrc;
	memcpy(r->metrics, cfg->metrics, sizeof(r->metrics));
	memcpy(r->cc, cfg->cc, sizeof(r->cc));
	r->lock = cfg->lock;
	err = fill_hops(net, cfg, r, ack);
	if (err) {
		net_free(net, r);
		return err;
	}
	*out = r;
	return 0;
}

static bool same_hops(const struct fib_route *a, const struct fib_route *b)
{
	if (a->n_hops != b->n_hops)
		return false;
	for (int i = 0; i < a->n_hops; i++)
		if (a->hops[i].dev != b->hops[i].dev ||
		    !ipaddr_equal(&a->hops[i].gateway, &b->hops[i].gateway) ||
		    a->hops[i].weight != b->hops[i].weight ||
		    ((a->hops[i].flags ^ b->hops[i].flags) & RTNH_F_ONLINK))
			return false;
	return true;
}

static bool same_route(const struct fib_route *a, const struct fib_route *b)
{
	return a->type == b->type && a->scope == b->scope &&
	       a->protocol == b->protocol && ipaddr_equal(&a->prefsrc, &b->prefsrc) &&
	       !memcmp(a->metrics, b->metrics, sizeof(a->metrics)) && same_hops(a, b);
}

static int hook_devs(struct fib_route *r)
{
	for (int i = 0; i < r->n_hops; i++) {
		struct list *hops;
		int err = dev_hops(r->hops[i].dev, &hops);

		if (err) {
			route_unhook(r);
			return err;
		}
		list_add_tail(hops, &r->hops[i].dev_node);
	}
	return 0;
}

static struct fib_prefix *prefix_get(struct fib_table *t, const struct fib_config *cfg)
{
	unsigned len = ip_addr_len(t->family);
	struct lpm_node *n = lpm_find(&t->lpm, ipaddr_bytes(&cfg->dst), len, cfg->plen);
	struct fib_prefix *px;

	if (n)
		return container_of(n, struct fib_prefix, lpm);
	px = net_alloc(t->net, sizeof(*px));
	if (!px)
		return NULL;
	list_init(&px->routes);
	px->table = t;
	if (lpm_add(&t->lpm, &px->lpm, ipaddr_bytes(&cfg->dst), len, cfg->plen)) {
		net_free(t->net, px);
		return NULL;
	}
	return px;
}

/* Where a route of this TOS and priority begins; *@same: there is one already */
static struct list *place(struct fib_prefix *px, u8 tos, u32 priority, bool *same)
{
	struct fib_route *r;

	*same = false;
	list_for_each(r, &px->routes, node) {
		if (r->tos > tos || (r->tos == tos && r->priority < priority))
			continue;
		*same = r->tos == tos && r->priority == priority;
		return &r->node;
	}
	return &px->routes;
}

static void announce(struct net *net, const struct fib_config *cfg, struct fib_route *r,
		     u16 nl_flags)
{
	struct fib_event ev = {
	    .route = r,
	    .nl_flags = nl_flags,
	    .seq = cfg->seq,
	    .portid = cfg->portid,
	};

	fib_bump(net);
	event_raise(net, EV_ROUTE_ADD, &ev);
}

/* Put @r where it belongs among those of its prefix; on success the table owns it */
static int insert(struct fib_prefix *px, const struct fib_config *cfg,
		  struct fib_route *r)
{
	struct net *net = px->table->net;
	struct fib_route *old = NULL, *other;
	struct list *at;
	bool same;
	int err;

	at = place(px, r->tos, r->priority, &same);
	if (same) {
		if (cfg->nl_flags & NLM_F_EXCL)
			return -EEXIST;
		for (struct list *l = at; l != &px->routes; l = l->next) {
			other = list_entry(l, struct fib_route, node);
			if (other->tos != r->tos || other->priority != r->priority)
				break;
			if (!same_route(other, r)) {
				if (cfg->nl_flags & NLM_F_APPEND)
					at = l->next;
				continue;
			}
			/* Replacing the first by itself changes nothing */
			return cfg->nl_flags & NLM_F_REPLACE && l == at ? 1 : -EEXIST;
		}
		if (cfg->nl_flags & NLM_F_REPLACE)
			old = list_entry(at, struct fib_route, node);
	}
	if (!old && !(cfg->nl_flags & NLM_F_CREATE))
		return -ENOENT;
	if (!ipaddr_is_any(&r->prefsrc)) {
		err = table_reserve(by_source(net));
		if (err)
			return err;
	}
	err = hook_devs(r);
	if (err)
		return err;
	r->prefix = px;
	if (!ipaddr_is_any(&r->prefsrc)) {
		err = table_add(by_source(net), &r->by_source,
				source_hash(net, &r->prefsrc));
		BUG_ON(err);
	}
	list_add_tail(at, &r->node);
	px->table->n_routes++;
	quota_add(net, QUOTA_ROUTES, 1);
	announce(net, cfg, r,
		 cfg->nl_flags &
		     (NLM_F_REPLACE | NLM_F_APPEND | NLM_F_CREATE | NLM_F_EXCL));
	if (old)
		route_remove(old, NULL); /* the one message said REPLACE */
	return 0;
}

int fib_add(struct net *net, const struct fib_config *cfg, struct ext_ack *ack)
{
	struct fib_table *t;
	struct fib_prefix *px;
	struct fib_route *r;
	int err = check_prefix(cfg, ack);

	if (err)
		return err;
	/* Linux makes the table even when the route is refused (N5.4) */
	t = table_make(net, cfg->family, cfg->table);
	if (!t)
		return -ENOBUFS;
	err = check_config(cfg, ack);
	if (!err && cfg->protocol != RTPROT_KERNEL)
		err = quota_check(net, QUOTA_ROUTES, -ENOBUFS, ack);
	if (!err)
		err = route_make(net, cfg, &r, ack);
	if (err)
		return err;
	if (type_has_hops(cfg->type))
		err = check_prefsrc(net, cfg, ack);
	if (err)
		goto err_route;
	px = prefix_get(t, cfg);
	if (!px) {
		err = -ENOMEM;
		goto err_route;
	}
	err = insert(px, cfg, r);
	if (err)
		goto err_prefix;
	return 0;

err_prefix:
	prefix_drop(px);
err_route:
	fib_route_put(r);
	return min(err, 0);
}

/* ---- deleting ---- */

static bool hop_matches(const struct fib_config *cfg, const struct fib_route *r)
{
	if (cfg->n_hops && !cfg->oif && !cfg->gateway.family) {
		if (cfg->n_hops != r->n_hops)
			return false;
		for (int i = 0; i < r->n_hops; i++) {
			if (cfg->hops[i].oif &&
			    cfg->hops[i].oif != r->hops[i].dev->ifindex)
				return false;
			if (cfg->hops[i].gateway.family &&
			    !ipaddr_equal(&cfg->hops[i].gateway, &r->hops[i].gateway))
				return false;
		}
		return true;
	}
	if (!cfg->oif && !cfg->gateway.family)
		return true;
	if (!r->n_hops)
		return false;
	if (cfg->oif && cfg->oif != r->hops[0].dev->ifindex)
		return false;
	return !cfg->gateway.family || ipaddr_equal(&cfg->gateway, &r->hops[0].gateway);
}

static bool del_matches(const struct fib_config *cfg, const struct fib_route *r)
{
	if (r->tos != cfg->tos || (cfg->type && cfg->type != r->type))
		return false;
	if (cfg->scope != RT_SCOPE_NOWHERE && cfg->scope != r->scope)
		return false;
	if (cfg->prefsrc.family && !ipaddr_is_any(&cfg->prefsrc) &&
	    !ipaddr_equal(&cfg->prefsrc, &r->prefsrc))
		return false;
	if (cfg->protocol && cfg->protocol != r->protocol)
		return false;
	if (cfg->priority && cfg->priority != r->priority)
		return false;
	for (int i = 0; i < FIB_METRICS; i++)
		if (cfg->metrics[i] && cfg->metrics[i] != r->metrics[i])
			return false;
	return hop_matches(cfg, r);
}

int fib_del(struct net *net, const struct fib_config *cfg, struct ext_ack *ack)
{
	struct fib_table *t = fib_table(net, cfg->family, cfg->table);
	struct lpm_node *n;
	struct fib_route *r;
	int err = check_prefix(cfg, ack);

	if (err)
		return err;
	if (!t) {
		ack_set(ack, "FIB table does not exist");
		return -ESRCH;
	}
	n = lpm_find(&t->lpm, ipaddr_bytes(&cfg->dst), ip_addr_len(cfg->family),
		     cfg->plen);
	if (!n)
		return -ESRCH;
	list_for_each(r, &container_of(n, struct fib_prefix, lpm)->routes, node) {
		if (!del_matches(cfg, r))
			continue;
		route_remove(r, cfg);
		return 0;
	}
	return -ESRCH;
}

static void table_empty(struct fib_table *t, const struct fib_config *why)
{
	struct lpm_node *n;

	while ((n = lpm_first(&t->lpm))) {
		struct fib_prefix *px = container_of(n, struct fib_prefix, lpm);

		/* the last removal frees the prefix */
		route_remove(list_first(&px->routes, struct fib_route, node), why);
	}
}

void fib_drop_source(struct net *net, u32 table, be32 addr)
{
	const struct ipaddr src = ipaddr_v4(addr);
	u32 hash = source_hash(net, &src);
	struct table_node *n = table_first(by_source(net), hash);

	while (n) {
		struct fib_route *r = container_of(n, struct fib_route, by_source);

		n = table_next(n);
		if (r->table == table && r->prefix->table->net == net &&
		    ipaddr_equal(&r->prefsrc, &src))
			route_remove(r, NULL);
	}
}

int fib_flush_table(struct net *net, u16 family, u32 id)
{
	const struct fib_config why = {.family = family};
	struct fib_table *t = fib_table(net, family, id);

	if (!t)
		return -ENOENT;
	table_empty(t, &why);
	return 0;
}

/* ---- lookup ---- */

/* Return: 0, an error of a type, or -EAGAIN when a shorter prefix may answer; *@end:
 * no, it may not (throw) */
static int prefix_lookup(struct net *net, const struct lpm_node *n, u32 table,
			 const struct flow *fl, struct fib_result *res, bool *end)
{
	struct fib_prefix *px = container_of(n, struct fib_prefix, lpm);
	struct fib_route *r;

	list_for_each(r, &px->routes, node) {
		struct fib_hop *h;

		if ((r->tos && r->tos != fl->tos) || r->scope < fl->scope)
			continue;
		h = type_errors[r->type] ? NULL : fib_pick_hop(net, r, fl);
		if (!h && !type_errors[r->type])
			continue;
		res->route = r;
		res->hop = h;
		res->table = table;
		*end = true;
		return type_errors[r->type];
	}
	return -EAGAIN;
}

static struct lpm_node *match(const struct fib_table *t, const struct flow *fl)
{
	return t ? lpm_match(&t->lpm, ipaddr_bytes(&fl->dst), ip_addr_len(fl->family))
		 : NULL;
}

int fib_table_lookup(struct net *net, u32 id, const struct flow *fl,
		     struct fib_result *res)
{
	struct lpm_node *n = match(fib_table(net, fl->family, id), fl);
	bool end = false;
	int err = -EAGAIN;

	for (; n && !end; n = lpm_shorter(n))
		err = prefix_lookup(net, n, id, fl, res, &end);
	return err;
}

int fib_lookup_merged(struct net *net, const struct flow *fl, struct fib_result *res)
{
	const unsigned host = ip_addr_len(fl->family) * 8;
	struct lpm_node *l = match(fib_net(net)->local, fl), *m = NULL;
	bool end = false;
	int err = -EAGAIN;

	/* Nearly always, for what is ours */
	if (l && l->plen == host) {
		err = prefix_lookup(net, l, RT_TABLE_LOCAL, fl, res, &end);
		if (end)
			return err;
		l = lpm_shorter(l);
	}
	m = match(fib_net(net)->main_table, fl);
	while (!end && (l || m)) {
		if (l && (!m || l->plen >= m->plen)) {
			err = prefix_lookup(net, l, RT_TABLE_LOCAL, fl, res, &end);
			l = lpm_shorter(l);
		} else {
			err = prefix_lookup(net, m, RT_TABLE_MAIN, fl, res, &end);
			m = lpm_shorter(m);
		}
	}
	return err;
}

/* ---- devices come and go ---- */

/*
 * @dev cannot carry anything any more. Local routes of its addresses stay while it
 * is only down (N5.5).
 */
static void drop_hops(struct dev *dev, bool unregister)
{
	struct fib_dev *fd = dev->slot[DEV_SLOT_FIB];
	struct list todo;

	fib_bump(dev->net); /* also for what came in by it */
	if (!fd)
		return;
	list_init(&todo);
	list_splice_tail(&todo, &fd->hops);
	while (!list_empty(&todo)) {
		struct fib_hop *h = list_entry(todo.next, struct fib_hop, dev_node);
		struct fib_route *r = h->route;
		int alive = 0;

		list_del(&h->dev_node);
		if (!unregister && r->scope == RT_SCOPE_HOST && r->type == RTN_LOCAL) {
			list_add_tail(&fd->hops, &h->dev_node);
			continue;
		}
		h->flags |= RTNH_F_DEAD;
		for (int i = 0; i < r->n_hops; i++)
			alive += !(r->hops[i].flags & RTNH_F_DEAD);
		if (alive && !unregister) {
			list_add_tail(&fd->hops, &h->dev_node); /* may come back */
			continue;
		}
		route_remove(r, NULL);
	}
	if (unregister) {
		dev->slot[DEV_SLOT_FIB] = NULL;
		net_free(dev->net, fd);
	}
}

static void mark_hops(struct dev *dev, u8 clear, u8 set)
{
	struct fib_dev *fd = dev->slot[DEV_SLOT_FIB];
	struct fib_hop *h;

	fib_bump(dev->net);
	if (!fd)
		return;
	list_for_each(h, &fd->hops, dev_node)
		h->flags = (u8)((h->flags & ~clear) | set);
}

static int fib_dev_event(struct net *net, enum event_kind kind, void *obj)
{
	struct dev *dev = obj;

	(void)net;
	switch (kind) {
	case EV_DEV_UP:
		mark_hops(dev, RTNH_F_DEAD, 0);
		break;
	case EV_DEV_DOWN:
		drop_hops(dev, false);
		break;
	case EV_DEV_CHANGE:
		mark_hops(dev, dev->carrier ? RTNH_F_LINKDOWN : 0,
			  dev->carrier ? 0 : RTNH_F_LINKDOWN);
		break;
	case EV_DEV_UNREGISTER:
		drop_hops(dev, true);
		break;
	default: /* MTU: a link too small for a packet has no IPv4 */
		if (dev->mtu < IP4_MIN_MTU)
			drop_hops(dev, true);
		fib_bump(net);
		break;
	}
	return 0;
}

static int fib_boot(struct warren *w)
{
	static const enum event_kind kinds[] = {EV_DEV_UP, EV_DEV_DOWN, EV_DEV_CHANGE,
						EV_DEV_UNREGISTER, EV_DEV_MTU};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int err = event_listen(w, &fib_part, kinds[i], fib_dev_event);

		if (err)
			return err;
	}
	return fib_hash_boot(w);
}

static int fib_worker_init(struct worker *k)
{
	table_init(&((struct fib_worker *)worker_part(k, PART_FIB))->by_source);
	return 0;
}

static void fib_worker_exit(struct worker *k)
{
	table_fini(&((struct fib_worker *)worker_part(k, PART_FIB))->by_source);
}

static int fib_net_init(struct net *net)
{
	list_init(&fib_net(net)->tables);
	fib_net(net)->gen = 1;
	return 0;
}

static void fib_net_exit(struct net *net)
{
	struct fib_net *fn = fib_net(net);
	struct fib_table *t, *tmp;

	list_for_each_safe(t, tmp, &fn->tables, node) {
		table_empty(t, NULL);
		list_del(&t->node);
		net_free(net, t);
	}
	fn->local = fn->main_table = NULL;
}

const struct part fib_part = {
    .name = "fib",
    .id = PART_FIB,
    .worker_size = sizeof(struct fib_worker),
    .net_size = sizeof(struct fib_net),
    .boot = fib_boot,
    .worker_init = fib_worker_init,
    .net_init = fib_net_init,
    .net_exit = fib_net_exit,
    .worker_exit = fib_worker_exit,
};
