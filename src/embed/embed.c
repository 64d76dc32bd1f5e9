/* SPDX-License-Identifier: MIT */
/*
 * embed.c - the embedding API: instance, time, namespaces, devices, addresses,
 * routes
 *
 * Thin: each function turns text into the words of the room that does the work.
 */

#include "warren.h"

#include "embed/embed.h"

#include <stdlib.h>

#include "core/dev.h"
#include "core/tunable.h"
#include "core/warren.h"
#include "image/clone.h"
#include "image/facts.h"
#include "image/graph.h"
#include "ip/addr4.h"
#include "ip/fib.h"
#include "link/dummy.h"
#include "link/veth.h"
#include "parts.h"

#define FOREVER 0xffffffffU

/* The log of warren_options, kept with the instance: it is const and outlives it */
struct log_to {
	void (*fn)(void *arg, int level, const char *line);
	void *arg;
};

static void log_line(void *arg, enum log_level level, const char *line)
{
	const struct log_to *to = arg;

	to->fn(to->arg, (int)level, line);
}

int warren_open(const struct warren_options *o, struct warren **out)
{
	const struct warren_options none = {0};
	struct warren_config cfg = {.parts = warren_parts};
	struct log_to *to = NULL;
	int err;

	o = o ? o : &none;
	cfg.seed = o->seed;
	cfg.virtual_time = o->virtual_time;
	cfg.memory_limit = o->memory_limit;
	if (o->log) {
		to = malloc(sizeof(*to));
		if (!to)
			return -ENOMEM;
		*to = (struct log_to){o->log, o->log_arg};
		cfg.log = (struct log){(enum log_level)o->log_level, log_line, to};
	}
	err = warren_new(&cfg, out);
	if (err)
		free(to);
	return err;
}

void warren_close(struct warren *w)
{
	void *to;

	if (!w)
		return;
	to = w->log.arg;
	warren_free(w);
	free(to);
}

const char *warren_version(void)
{
	return "0.1.0";
}

uint64_t warren_seed(const struct warren *w)
{
	return w->seed;
}

uint64_t warren_memory(const struct warren *w)
{
	return w->mem.bytes;
}

/* ---- time ---- */

uint64_t warren_now(const struct warren *w)
{
	return clock_now(w);
}

bool warren_step(struct warren *w)
{
	return worker_step(w->worker);
}

uint64_t warren_deadline(struct warren *w)
{
	return worker_deadline(w->worker);
}

void warren_run_until(struct warren *w, uint64_t ns)
{
	worker_run_until(w->worker, ns);
}

bool warren_run_next(struct warren *w)
{
	u64 next = worker_deadline(w->worker);

	if (next == UINT64_MAX)
		return false;
	clock_set(&w->clock, next); /* not backwards: what is due now is done now */
	worker_settle(w->worker);
	return true;
}

/* ---- namespaces ---- */

int warren_ns_new(struct warren *w, const char *name, struct warren_ns **out)
{
	struct net *net;
	int err = net_new(w, name, &net);

	if (!err)
		*out = net_ns(net);
	return err;
}

void warren_ns_free(struct warren_ns *ns)
{
	struct worker *k;

	if (!ns)
		return;
	k = ns_net(ns)->worker;
	net_put(ns_net(ns));
	worker_bury(k);
}

struct warren_ns *warren_ns_initial(struct warren *w)
{
	return net_ns(w->init_net);
}

int warren_sysctl_set(struct warren_ns *ns, const char *path, const char *value)
{
	return tunable_write(ns_net(ns), path, value, strlen(value));
}

ssize_t warren_sysctl_get(struct warren_ns *ns, const char *path, char *buf,
			  size_t size)
{
	struct text t;
	ssize_t ret;

	text_init(&t);
	ret = tunable_read(ns_net(ns), path, &t);
	if (!ret && t.failed)
		ret = -ENOMEM;
	if (!ret && t.len && t.s[t.len - 1] == '\n')
		t.s[--t.len] = 0;
	if (!ret && t.len >= size)
		ret = -ENOBUFS;
	if (!ret) {
		memcpy(buf, t.len ? t.s : "", t.len + 1);
		ret = (ssize_t)t.len;
	}
	text_fini(&t);
	return ret;
}

const char *warren_drops(const struct warren_ns *ns, unsigned i, uint64_t *count)
{
	if (i + 1 >= DROP_NR)
		return NULL;
	if (count)
		*count = ns_net(ns)->drops[i + 1];
	return drop_names[i + 1];
}

int warren_ns_clone(struct warren_ns *src, const char *name, bool wires,
		    struct warren_ns **out)
{
	struct warren_ns *ns;
	int err = warren_ns_new(ns_net(src)->w, name, &ns);

	if (err)
		return err;
	err = clone_net(ns_net(src), ns_net(ns), wires);
	if (err)
		warren_ns_free(ns);
	else
		*out = ns;
	return err;
}

int warren_ns_diff(struct warren_ns *a, struct warren_ns *b,
		   void (*write)(void *arg, const char *text, size_t len), void *arg)
{
	struct text t;
	int ret;

	text_init(&t);
	ret = facts_diff(ns_net(a), ns_net(b), &t);
	if (ret == 1 && write)
		write(arg, t.s, t.len);
	text_fini(&t);
	return ret;
}

int warren_graph(struct warren *w,
		 void (*write)(void *arg, const char *text, size_t len), void *arg)
{
	struct text t;
	int err;

	text_init(&t);
	graph_dot(w, &t);
	err = t.failed ? -ENOMEM : 0;
	if (!err)
		write(arg, t.s, t.len);
	text_fini(&t);
	return err;
}

int warren_quota_set(struct warren_ns *ns, const char *name, uint64_t limit)
{
	enum quota_kind kind;
	int err = quota_find(name, &kind);

	if (!err)
		quota_set(ns_net(ns), kind, limit);
	return err;
}

int warren_quota_get(const struct warren_ns *ns, unsigned i, struct warren_quota *out)
{
	struct quota q;

	if (i >= QUOTA_NR)
		return -ENOENT;
	q = quota_read(ns_net(ns), (enum quota_kind)i);
	*out = (struct warren_quota){quota_names[i], q.used, q.limit, q.refused};
	return 0;
}

/* ---- devices ---- */

int warren_dummy(struct warren_ns *ns, const char *name)
{
	struct dev *dev;

	return dummy_new(ns_net(ns), name, &dev);
}

int warren_veth(struct warren_ns *a, const char *name_a, struct warren_ns *b,
		const char *name_b)
{
	struct dev *da, *db;

	return veth_pair(ns_net(a), name_a, ns_net(b), name_b, &da, &db);
}

int warren_link_delete(struct warren_ns *ns, const char *name)
{
	struct dev *dev = dev_by_name(ns_net(ns), name);

	if (!dev)
		return -ENODEV;
	if (!dev->kind->name)
		return -EOPNOTSUPP;
	dev_delete(dev);
	return 0;
}

int warren_link_up(struct warren_ns *ns, const char *name)
{
	struct dev *dev = dev_by_name(ns_net(ns), name);

	return dev ? dev_open(dev) : -ENODEV;
}

int warren_link_down(struct warren_ns *ns, const char *name)
{
	struct dev *dev = dev_by_name(ns_net(ns), name);

	if (!dev)
		return -ENODEV;
	dev_close(dev);
	return 0;
}

int warren_link_mtu(struct warren_ns *ns, const char *name, unsigned mtu)
{
	struct dev *dev = dev_by_name(ns_net(ns), name);

	return dev ? dev_set_mtu(dev, mtu, NULL) : -ENODEV;
}

int warren_link_move(struct warren_ns *ns, const char *dev_name, struct warren_ns *to,
		     const char *name)
{
	struct dev *dev = dev_by_name(ns_net(ns), dev_name);

	return dev ? dev_move(dev, ns_net(to), name, 0, NULL) : -ENODEV;
}

int warren_link_mac(struct warren_ns *ns, const char *name, uint8_t mac[6])
{
	struct dev *dev = dev_by_name(ns_net(ns), name);

	if (!dev)
		return -ENODEV;
	memcpy(mac, dev->addr, 6);
	return 0;
}

/* ---- addresses and routes ---- */

int embed_prefix(const char *s, be32 *addr, u8 *plen)
{
	char buf[TEXT_IP4];
	const char *slash = strchr(s, '/');
	size_t n = slash ? (size_t)(slash - s) : strlen(s);
	u64 len = 32;

	if (n >= sizeof(buf))
		return -EINVAL;
	memcpy(buf, s, n);
	buf[n] = 0;
	if (text_parse_ip4(buf, addr) || (slash && text_parse_u64(slash + 1, &len)) ||
	    len > 32)
		return -EINVAL;
	*plen = (u8)len;
	return 0;
}

int warren_addr_add(struct warren_ns *ns, const char *name, const char *addr)
{
	struct dev *dev = dev_by_name(ns_net(ns), name);
	struct ifaddr4 want = {.valid_s = FOREVER, .preferred_s = FOREVER};
	int err = embed_prefix(addr, &want.local, &want.plen);

	if (err)
		return err;
	if (!dev)
		return -ENODEV;
	want.address = want.local;
	if (want.plen < 31)
		want.broadcast = want.local | ~ip4_mask(want.plen);
	if (ip4_is_loopback(want.local))
		want.scope = RT_SCOPE_HOST;
	return addr4_add(dev, &want, false, NULL);
}

int warren_addr_del(struct warren_ns *ns, const char *name, const char *addr)
{
	struct dev *dev = dev_by_name(ns_net(ns), name);
	struct ifaddr4 which = {0};
	int err = embed_prefix(addr, &which.local, &which.plen);

	if (err)
		return err;
	if (!dev)
		return -ENODEV;
	which.address = which.local;
	return addr4_del(dev, &which, NULL);
}

static int route_config(struct warren_ns *ns, const char *dst, const char *via,
			const char *name, struct fib_config *cfg)
{
	be32 addr = 0;
	u8 plen = 0;

	if (strcmp(dst, "default") && embed_prefix(dst, &addr, &plen))
		return -EINVAL;
	*cfg = (struct fib_config){
	    .family = AF_INET,
	    .dst = ipaddr_v4(addr),
	    .plen = plen,
	    .type = RTN_UNICAST,
	    .scope = via ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
	    .protocol = RTPROT_STATIC,
	    .table = RT_TABLE_MAIN,
	    .nl_flags = NLM_F_CREATE | NLM_F_EXCL,
	};
	if (via &&
	    (text_parse_ipaddr(via, &cfg->gateway) || cfg->gateway.family != AF_INET))
		return -EINVAL;
	if (name) {
		struct dev *dev = dev_by_name(ns_net(ns), name);

		if (!dev)
			return -ENODEV;
		cfg->oif = dev->ifindex;
	}
	return 0;
}

int warren_route_add(struct warren_ns *ns, const char *dst, const char *via,
		     const char *dev)
{
	struct fib_config cfg;
	int err = route_config(ns, dst, via, dev, &cfg);

	return err ? err : fib_add(ns_net(ns), &cfg, NULL);
}

int warren_route_del(struct warren_ns *ns, const char *dst, const char *via,
		     const char *dev)
{
	struct fib_config cfg;
	int err = route_config(ns, dst, via, dev, &cfg);

	if (err)
		return err;
	/* What is not said may be anything */
	cfg.scope = RT_SCOPE_NOWHERE;
	cfg.type = RTN_UNSPEC;
	cfg.protocol = RTPROT_UNSPEC;
	return fib_del(ns_net(ns), &cfg, NULL);
}
