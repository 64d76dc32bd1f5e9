/* SPDX-License-Identifier: MIT */
/*
 * route.c - a lookup's answer
 *
 * route_output() and route_input() ask the rules and tables (rule.c, fib.c) and
 * add what only the two ends know: source choice, martians, reverse path,
 * broadcast and multicast, learned path MTUs and redirects. An answer is
 * counted and may be cached; route_valid() says whether a new lookup would
 * answer the same: the net's generation has not moved and nothing learned has
 * run out.
 *
 * Exceptions (RFC 1191, redirects) are one small table a net, by destination,
 * made at the first one and bounded.
 */

#include "ip/route.h"

#include "base/bug.h"
#include "base/slab.h"
#include "core/tunable.h"
#include "ip/addr4.h"
#include "ip/fib_impl.h"
#include "ip/igmp.h"
#include "ip/ip_parts.h"
#include "ip/route_cache.h"

#define EXCEPTIONS_MAX 4096

struct exception {
	struct table_node node;
	struct list list; /* oldest first */
	struct ipaddr dst;
	struct ipaddr gateway; /* AF_UNSPEC: no redirect */
	u32 mtu;	       /* 0: none */
	u64 expires_ns;
};

struct exceptions {
	struct table by_dst;
	struct list list;
	u32 n;
};

struct route_net {
	struct exceptions *ex; /* NULL: none */
	u32 n_cached;
};

struct route_worker {
	struct slab routes;
	struct route_stat stat;
	struct route_cache in;
};

static struct route_stat *stat_of(const struct net *net)
{
	struct route_worker *rw = worker_part(net->worker, PART_ROUTE);

	return &rw->stat;
}

const struct route_stat *route_stat(struct worker *k, u32 *entries)
{
	struct route_worker *rw = worker_part(k, PART_ROUTE);

	*entries = (u32)rw->routes.in_use;
	return &rw->stat;
}

static int flush(struct net *net, const struct tunable *t, const char *s);

enum { T_MTU_EXPIRES, T_MIN_PMTU, T_MIN_ADV_MSS, T_FORWARD_USE_PMTU, T_FLUSH };

static const struct tunable route_tunables[] = {
    [T_MTU_EXPIRES] = {.path = "net/ipv4/route/mtu_expires",
		       .min = -2147483,
		       .max = 2147483,
		       .def = {600}},
    [T_MIN_PMTU] =
	{
	    .path = "net/ipv4/route/min_pmtu",
	    .min = 68,
	    .max = INT32_MAX,
	    .def = {552},
	},
    [T_MIN_ADV_MSS] =
	{
	    .path = "net/ipv4/route/min_adv_mss",
	    .min = INT32_MIN,
	    .max = INT32_MAX,
	    .def = {256},
	},
    [T_FORWARD_USE_PMTU] = {.path = "net/ipv4/ip_forward_use_pmtu", .max = 255},
    [T_FLUSH] =
	{
	    .path = "net/ipv4/route/flush",
	    .mode = 0200,
	    .type = TUNABLE_CUSTOM,
	    .write = flush,
	},
};

static struct route_net *route_net(const struct net *net)
{
	return net_part(net, PART_ROUTE);
}

static struct slab *routes(const struct net *net)
{
	struct route_worker *rw = worker_part(net->worker, PART_ROUTE);

	return &rw->routes;
}

/* ---- life ---- */

void route_get(struct route *rt)
{
	count_get(&rt->refs);
}

void route_put(struct route *rt)
{
	struct net *net;

	if (!rt || !count_put(&rt->refs))
		return;
	net = rt->net;
	if (rt->fib)
		fib_route_put(rt->fib);
	dev_put(rt->dev);
	slab_put(routes(net), rt);
	net_release(net);
}

bool route_valid(const struct route *rt)
{
	return rt->gen == fib_gen(rt->net) &&
	       (!rt->pmtu || clock_now(rt->net->w) < rt->pmtu_expires_ns);
}

u32 route_metric(const struct route *rt, int rtax)
{
	return rt->fib ? rt->fib->metrics[rtax] : 0;
}

bool route_metric_locked(const struct route *rt, int rtax)
{
	return rt->fib && rt->fib->lock >> rtax & 1;
}

/* What the device and the route say, whatever was learned */
static u32 given_mtu(const struct route *rt)
{
	u32 mtu = rt->dev->mtu, metric = route_metric(rt, RTAX_MTU);

	if (metric && (metric < mtu || route_metric_locked(rt, RTAX_MTU)))
		mtu = metric;
	return mtu;
}

u32 route_mtu_forward(const struct route *rt)
{
	if (tunable_int(rt->net, &route_tunables[T_FORWARD_USE_PMTU]))
		return route_mtu(rt);
	return min(given_mtu(rt), 65535U);
}

u32 route_mtu(const struct route *rt)
{
	u32 mtu = given_mtu(rt);

	if (rt->pmtu && rt->pmtu < mtu && !route_metric_locked(rt, RTAX_MTU) &&
	    clock_now(rt->net->w) < rt->pmtu_expires_ns)
		mtu = rt->pmtu;
	return min(mtu, 65535U);
}

/* ---- exceptions ---- */

static u32 dst_hash(const struct net *net, const struct ipaddr *dst)
{
	u64 hi, lo;

	ipaddr_words(dst, &hi, &lo);
	return hash3(&net->worker->key, hi, lo, net->mix);
}

static struct exception *exception_find(const struct net *net, const struct ipaddr *dst)
{
	const struct exceptions *ex = route_net(net)->ex;

	if (!ex)
		return NULL;
	for (struct table_node *n = table_first(&ex->by_dst, dst_hash(net, dst)); n;
	     n = table_next(n)) {
		struct exception *e = container_of(n, struct exception, node);

		if (ipaddr_equal(&e->dst, dst))
			return e;
	}
	return NULL;
}

static void exception_free(struct net *net, struct exception *e)
{
	struct exceptions *ex = route_net(net)->ex;

	table_del(&ex->by_dst, &e->node);
	list_del(&e->list);
	ex->n--;
	net_free(net, e);
}

static struct exception *exception_get(struct net *net, const struct ipaddr *dst)
{
	struct route_net *rn = route_net(net);
	struct exception *e = exception_find(net, dst);

	if (e)
		return e;
	if (!rn->ex) {
		rn->ex = net_alloc(net, sizeof(*rn->ex));
		if (!rn->ex)
			return NULL;
		table_init(&rn->ex->by_dst);
		list_init(&rn->ex->list);
	}
	if (rn->ex->n >= EXCEPTIONS_MAX)
		exception_free(net, list_first(&rn->ex->list, struct exception, list));
	e = net_alloc(net, sizeof(*e));
	if (!e)
		return NULL;
	e->dst = *dst;
	if (table_add(&rn->ex->by_dst, &e->node, dst_hash(net, dst))) {
		net_free(net, e);
		return NULL;
	}
	list_add_tail(&rn->ex->list, &e->list);
	rn->ex->n++;
	return e;
}

void route_learn_pmtu(struct net *net, const struct ipaddr *dst,
		      const struct ipaddr *src, u32 mtu)
{
	struct flow fl = {
	    .family = dst->family, .dst = *dst, .src = *src, .any_src = true};
	u32 floor = (u32)tunable_int(net, &route_tunables[T_MIN_PMTU]);
	struct exception *e;
	struct route *rt;
	u32 now;

	if (route_output(net, &fl, &rt))
		return;
	now = route_mtu(rt);
	floor = min(floor, rt->dev->mtu);
	route_put(rt);
	mtu = max(mtu, floor);
	if (mtu >= now)
		return; /* RFC 1191 §6.3: never raised by a message */
	e = exception_get(net, dst);
	if (!e)
		return;
	if (clock_now(net->w) >= e->expires_ns)
		e->gateway = (struct ipaddr){0};
	e->mtu = mtu;
	e->expires_ns =
	    clock_now(net->w) +
	    (u64)max(tunable_int(net, &route_tunables[T_MTU_EXPIRES]), 0) * NS_PER_S;
	fib_bump(net);
}

void route_learn_redirect(struct net *net, const struct ipaddr *dst,
			  const struct ipaddr *gw, struct dev *dev)
{
	struct exception *e;

	/* Only a neighbour on the same link may become the gateway (RFC 1122 §3.2.2.2)
	 */
	if (gw->family != AF_INET || !addr4_on_link(dev, gw->v4))
		return;
	e = exception_get(net, dst);
	if (!e)
		return;
	if (clock_now(net->w) >= e->expires_ns) { /* new, or what it said is over */
		e->mtu = 0;
		e->expires_ns = clock_now(net->w) + 300 * NS_PER_S;
	}
	e->gateway = *gw;
	fib_bump(net);
}

static void exceptions_empty(struct net *net)
{
	struct route_net *rn = route_net(net);

	while (rn->ex && !list_empty(&rn->ex->list))
		exception_free(net, list_first(&rn->ex->list, struct exception, list));
}

/* Whatever is written: all that was learned is forgotten */
static int flush(struct net *net, const struct tunable *t, const char *s)
{
	(void)t;
	(void)s;
	exceptions_empty(net);
	fib_bump(net);
	return 0;
}

static void apply_exception(struct route *rt, const struct ipaddr *dst)
{
	const struct exception *e = exception_find(rt->net, dst);

	if (!e || clock_now(rt->net->w) >= e->expires_ns)
		return;
	if (e->mtu) {
		rt->pmtu = e->mtu;
		rt->pmtu_expires_ns = e->expires_ns;
	}
	if (e->gateway.family != AF_UNSPEC && rt->has_gateway)
		rt->nexthop = e->gateway;
}

/* ---- making an answer ---- */

static struct route *route_make(struct net *net, const struct flow *fl, u8 type,
				struct dev *dev, const struct fib_result *res)
{
	struct route *rt = slab_get(routes(net));

	if (!rt)
		return NULL;
	count_init(&rt->refs);
	rt->net = net;
	net_hold(net); /* a cached answer may be the last that knows the net */
	rt->dev = dev;
	dev_hold(dev);
	rt->type = type;
	rt->src = fl->src;
	rt->nexthop = fl->dst;
	rt->gen = fib_gen(net);
	if (res && res->route) {
		rt->fib = res->route;
		count_get(&rt->fib->refs);
		rt->scope = res->route->scope;
		rt->table = res->table;
		rt->prefsrc = res->route->prefsrc;
		if (type == RTN_UNICAST && res->hop &&
		    res->hop->gateway.family != AF_UNSPEC &&
		    res->hop->scope == RT_SCOPE_LINK) {
			rt->nexthop = res->hop->gateway;
			rt->has_gateway = true;
		}
	}
	if (type == RTN_UNICAST && unlikely(route_net(net)->ex))
		apply_exception(rt, &fl->dst);
	return rt;
}

static int answer(struct net *net, const struct flow *fl, u8 type, struct dev *dev,
		  const struct fib_result *res, struct route **out)
{
	*out = route_make(net, fl, type, dev, res);
	return *out ? 0 : -ENOBUFS;
}

/* ---- output ---- */

static be32 hop_source(struct net *net, const struct fib_result *res, be32 dst)
{
	if (res->route->prefsrc.family == AF_INET && res->route->prefsrc.v4)
		return res->route->prefsrc.v4;
	if (res->hop->gateway.family == AF_INET)
		dst = res->hop->gateway.v4;
	return addr4_select(net, res->hop->dev, dst, res->route->scope);
}

static u8 wire_type(be32 dst)
{
	if (ip4_is_broadcast(dst))
		return RTN_BROADCAST;
	return ip4_is_multicast(dst) ? RTN_MULTICAST : RTN_UNICAST;
}

/* Return: 0, or 1 when that answers the whole question */
static int check_source(struct net *net, struct flow *fl, struct route **out)
{
	be32 src = fl->src.v4;

	if (ip4_is_multicast(src) || ip4_is_broadcast(src) ||
	    (ip4_is_zeronet(src) && src))
		return -EINVAL;
	/* A group or the broadcast address leaves by the device of a given source */
	if (!fl->oif &&
	    (ip4_is_multicast(fl->dst.v4) || ip4_is_broadcast(fl->dst.v4))) {
		struct dev *dev = addr4_dev(net, src);

		int err;

		if (!dev)
			return fl->any_src ? 0 : -ENETUNREACH;
		fl->oif = dev->ifindex;
		err = answer(net, fl, wire_type(fl->dst.v4), dev, NULL, out);
		return err ? err : 1;
	}
	return fl->any_src || addr4_is_local(net, src) ? 0 : -ENETUNREACH;
}

/* A packet from 127.0.0.0/8 stays here (RFC 1122 §3.2.1.3) */
static bool may_leave(const struct dev *dev, be32 src)
{
	return !ip4_is_loopback(src) || dev_is_lo(dev) ||
	       conf4_get(dev->net, dev, CONF4_ROUTE_LOCALNET);
}

/* A device was named: some destinations need no table. Return: 1 when answered */
static int output_by_dev(struct net *net, struct flow *fl, struct dev *dev,
			 struct route **out)
{
	be32 dst = fl->dst.v4;
	int err;

	if (!dev_is_up(dev) || !in_dev4(dev))
		return -ENETUNREACH;
	if (ip4_is_local_multicast(dst) || ip4_is_broadcast(dst)) {
		if (!fl->src.v4)
			fl->src = ipaddr_v4(addr4_select(net, dev, 0, RT_SCOPE_LINK));
		if (!may_leave(dev, fl->src.v4))
			return -EINVAL;
		err = answer(net, fl, wire_type(dst), dev, NULL, out);
		return err ? err : 1;
	}
	if (!fl->src.v4) {
		if (ip4_is_multicast(dst))
			fl->src = ipaddr_v4(addr4_select(net, dev, 0, fl->scope));
		else if (!dst)
			fl->src = ipaddr_v4(addr4_select(net, dev, 0, RT_SCOPE_HOST));
	}
	return 0;
}

static int output_found(struct net *net, struct flow *fl, const struct fib_result *res,
			struct route **out)
{
	struct dev *dev = res->hop->dev;
	u8 type = res->route->type;
	int err;

	if (type == RTN_LOCAL) {
		if (net->lo && !in_dev4(net->lo))
			return -EINVAL;
		if (!fl->src.v4)
			fl->src = res->route->prefsrc.family == AF_INET &&
					  res->route->prefsrc.v4
				      ? res->route->prefsrc
				      : fl->dst;
		type = wire_type(fl->dst.v4);
		err = answer(net, fl, type == RTN_UNICAST ? RTN_LOCAL : type,
			     net->lo ? net->lo : dev, res, out);
		if (!err)
			(*out)->loop_iif = fl->oif ? fl->oif : dev->ifindex;
		return err;
	}
	if (!fl->src.v4)
		fl->src = ipaddr_v4(hop_source(net, res, fl->dst.v4));
	if (!may_leave(dev, fl->src.v4))
		return -EINVAL;
	if (type == RTN_UNICAST)
		type = wire_type(fl->dst.v4);
	return answer(net, fl, type, dev, res, out);
}

static int output(struct net *net, struct flow *fl, struct route **out)
{
	struct fib_result res = {0};
	struct dev *dev = NULL;
	int err;

	fl->family = AF_INET;
	fl->src.family = fl->dst.family = AF_INET;
	fl->iif = 1;
	if (fl->src.v4) {
		err = check_source(net, fl, out);
		if (err)
			return min(err, 0);
	}
	if (fl->oif) {
		dev = dev_by_index(net, fl->oif);
		if (!dev)
			return -ENODEV;
		err = output_by_dev(net, fl, dev, out);
		if (err)
			return min(err, 0);
	}
	if (!fl->dst.v4) { /* this host, whatever the state of lo */
		if (!net->lo || !in_dev4(net->lo))
			return -EINVAL;
		fl->dst = fl->src;
		if (!fl->dst.v4)
			fl->dst = fl->src = ipaddr_v4(cpu_to_be32(INADDR_LOOPBACK));
		fl->oif = 0;
		return answer(net, fl, RTN_LOCAL, net->lo, NULL, out);
	}
	if (ip4_is_zeronet(fl->dst.v4))
		return -EINVAL;
	err = rule_lookup(net, fl, &res);
	if (!err)
		return output_found(net, fl, &res, out);
	if (dev && err == -ENETUNREACH) {
		/* Somebody said which wire: the destination is taken to be on it */
		if (!fl->src.v4)
			fl->src = ipaddr_v4(addr4_select(net, dev, 0, RT_SCOPE_LINK));
		if (!may_leave(dev, fl->src.v4))
			return -EINVAL;
		return answer(net, fl, wire_type(fl->dst.v4), dev, NULL, out);
	}
	return err;
}

int route_output(struct net *net, struct flow *fl, struct route **out)
{
	struct route_stat *st = stat_of(net);
	int err = output(net, fl, out);

	if (!err && (*out)->type == RTN_MULTICAST)
		st->out_multicast++;
	else if (!err)
		st->out++;
	return err;
}

/* ---- input ---- */

/* May a packet from @src come in by @dev? (RFC 1812 §5.3.8, RFC 3704) */
static int check_reverse_path(struct dev *dev, const struct flow *fl)
{
	struct net *net = dev->net;
	int rp = conf4_get(net, dev, CONF4_RP_FILTER);
	struct fib_result res = {0};
	struct flow back = {
	    .family = AF_INET,
	    .src = fl->dst,
	    .dst = fl->src,
	    .iif = 1,
	    .tos = fl->tos,
	    .mark = conf4_get(net, dev, CONF4_SRC_VALID_MARK) ? fl->mark : 0,
	    .proto = fl->proto,
	    .sport = fl->sport,
	    .dport = fl->dport,
	};
	int err;

	if (!fl->src.v4) /* DHCP and its kind: to a broadcast only, checked before */
		return 0;
	if (!rp && !rule_has_own(net)) {
		if (!conf4_get(net, dev, CONF4_ACCEPT_LOCAL) && !dev_is_lo(dev) &&
		    addr4_is_local(net, fl->src.v4))
			return -EINVAL;
		return 0;
	}
	err = rule_lookup(net, &back, &res);
	if (err)
		return rp ? -EXDEV : 0;
	if (res.route->type != RTN_UNICAST &&
	    (res.route->type != RTN_LOCAL ||
	     (!conf4_get(net, dev, CONF4_ACCEPT_LOCAL) && !dev_is_lo(dev))))
		return -EINVAL;
	if (rp == 1 && res.hop->dev != dev && !dev_is_lo(dev))
		return -EXDEV;
	return 0;
}

static bool martian(struct dev *dev, const struct flow *fl)
{
	be32 src = fl->src.v4, dst = fl->dst.v4;

	if (ip4_is_multicast(src) || ip4_is_broadcast(src) ||
	    (src && ip4_is_zeronet(src)))
		return true;
	if (dst && ip4_is_zeronet(dst))
		return true;
	if (dev_is_lo(dev) || conf4_get(dev->net, dev, CONF4_ROUTE_LOCALNET))
		return false;
	return ip4_is_loopback(src) || ip4_is_loopback(dst);
}

static int input_local(struct dev *dev, struct flow *fl, u8 type,
		       const struct fib_result *res, struct route **out, enum drop *why)
{
	int err = answer(dev->net, fl, type, dev, res, out);

	if (err)
		*why = DROP_NO_MEMORY;
	return err;
}

static int input_forward(struct dev *dev, struct flow *fl, const struct fib_result *res,
			 struct route **out, enum drop *why)
{
	struct net *net = dev->net;
	struct dev *to = res->hop->dev;
	int err;

	if (!conf4_get(net, dev, CONF4_FORWARDING)) {
		*why = DROP_NOT_FORWARDING;
		return -EHOSTUNREACH;
	}
	if (res->route->type != RTN_UNICAST) {
		*why = DROP_MARTIAN;
		return -EINVAL;
	}
	err = check_reverse_path(dev, fl);
	if (err) {
		*why = DROP_MARTIAN;
		return err == -EXDEV ? -EXDEV : -EINVAL;
	}
	err = answer(net, fl, RTN_UNICAST, to, res, out);
	if (err) {
		*why = DROP_NO_MEMORY;
		return err;
	}
	/* Out where it came in, and the source is on that wire: it could go directly */
	(*out)->redirect_wanted =
	    to == dev && conf4_get(net, dev, CONF4_SEND_REDIRECTS) &&
	    addr4_on_link(dev, fl->src.v4) && addr4_on_link(dev, (*out)->nexthop.v4);
	return 0;
}

static int input_slow(struct dev *dev, struct flow *fl, struct route **out,
		      enum drop *why)
{
	struct net *net = dev->net;
	struct route_stat *st = stat_of(net);
	struct fib_result res = {0};
	int err;

	*why = DROP_MARTIAN;
	if (!in_dev4(dev) || martian(dev, fl)) {
		if (ip4_is_zeronet(fl->dst.v4) || ip4_is_loopback(fl->dst.v4))
			st->in_martian_dst++;
		else
			st->in_martian_src++;
		return -EINVAL;
	}
	if (ip4_is_multicast(fl->dst.v4)) {
		if (!igmp_wants(dev, fl->dst.v4, fl->src.v4, fl->proto)) {
			*why = DROP_NO_ROUTE;
			return -EINVAL;
		}
		st->in_multicast++;
		return input_local(dev, fl, RTN_MULTICAST, NULL, out, why);
	}
	if (ip4_is_broadcast(fl->dst.v4) || (!fl->src.v4 && !fl->dst.v4)) {
		if (fl->src.v4 && !fl->any_src &&
		    check_reverse_path(dev, fl) == -EINVAL)
			return -EINVAL;
		st->in_broadcast++;
		return input_local(dev, fl, RTN_BROADCAST, NULL, out, why);
	}
	if (!fl->src.v4 || !fl->dst.v4)
		return -EINVAL;

	err = rule_lookup(net, fl, &res);
	if (err) {
		st->in_no_route++;
		*why = err == -EINVAL ? DROP_BLACKHOLE : DROP_NO_ROUTE;
		if (err != -EINVAL && !conf4_get(net, dev, CONF4_FORWARDING)) {
			*why = DROP_NOT_FORWARDING;
			return -EHOSTUNREACH;
		}
		return err;
	}
	if (res.route->type == RTN_BROADCAST)
		st->in_broadcast++;
	else
		st->in++;
	if (res.route->type == RTN_LOCAL || res.route->type == RTN_BROADCAST) {
		if (!fl->any_src && check_reverse_path(dev, fl))
			return -EINVAL;
		return input_local(dev, fl, res.route->type, &res, out, why);
	}
	return input_forward(dev, fl, &res, out, why);
}

static u32 *n_cached(struct net *net)
{
	return &route_net(net)->n_cached;
}

/* Rules of one's own may ask for more than the cache compares */
static bool may_cache(const struct net *net, const struct flow *fl)
{
	return !fl->any_src && !rule_has_own(net) && net->state == NET_ALIVE;
}

/* Of several hops the choice may hang on more, ports for one */
static bool cacheable(const struct route *rt)
{
	return (rt->type == RTN_UNICAST || rt->type == RTN_LOCAL) &&
	       (!rt->fib || rt->fib->n_hops == 1);
}

int route_input(struct dev *dev, struct flow *fl, struct route **out, enum drop *why)
{
	struct net *net = dev->net;
	struct route_worker *rw = worker_part(net->worker, PART_ROUTE);
	int err;

	fl->family = AF_INET;
	fl->iif = dev->ifindex;
	if (!may_cache(net, fl))
		return input_slow(dev, fl, out, why);
	*out = route_cache_find(&rw->in, dev, fl);
	if (*out) {
		rw->stat.in++;
		return 0;
	}
	err = input_slow(dev, fl, out, why);
	if (!err && cacheable(*out))
		route_cache_add(&rw->in, dev, fl, *out, n_cached);
	return err;
}

/* ---- the part ---- */

static int route_boot(struct warren *w)
{
	return tunable_register(w, &route_part, route_tunables,
				ARRAY_SIZE(route_tunables));
}

static int route_worker_init(struct worker *k)
{
	struct route_worker *rw = worker_part(k, PART_ROUTE);

	slab_init(&rw->routes, "route", sizeof(struct route), &k->w->mem);
	return 0;
}

static void route_worker_exit(struct worker *k)
{
	struct route_worker *rw = worker_part(k, PART_ROUTE);

	slab_fini(&rw->routes);
}

static void route_net_exit(struct net *net)
{
	struct route_worker *rw = worker_part(net->worker, PART_ROUTE);
	struct route_net *rn = route_net(net);

	if (rn->n_cached)
		route_cache_drop(&rw->in, net);
	rn->n_cached = 0;
	if (!rn->ex)
		return;
	exceptions_empty(net);
	table_fini(&rn->ex->by_dst);
	net_free(net, rn->ex);
	rn->ex = NULL;
}

const struct part route_part = {
    .name = "route",
    .id = PART_ROUTE,
    .worker_size = sizeof(struct route_worker),
    .net_size = sizeof(struct route_net),
    .boot = route_boot,
    .worker_init = route_worker_init,
    .net_exit = route_net_exit,
    .worker_exit = route_worker_exit,
};
