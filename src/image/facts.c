/* SPDX-License-Identifier: MIT */
/*
 * facts.c - what is configured in a namespace, a line each; the difference of two
 *
 * Two namespaces are compared as two texts: each thing is told in one line that
 * holds all that a user set and nothing that is chance (indexes, hardware addresses
 * that were drawn, times). What the stack makes by itself, the local routes of
 * addresses and neighbours that were learned, is left out: it follows from the rest.
 * The lines are sorted and merged, so the cost is that of the sorting.
 */

#include "image/facts.h"

#include <stdlib.h>
#include <string.h>

#include "core/dev.h"
#include "core/tunable.h"
#include "ip/addr4.h"
#include "ip/fib.h"
#include "ip/neigh.h"
#include "ip/rule.h"

#include <linux/neighbour.h>

/* ---- lines ---- */

static void end_line(struct text *t)
{
	text_add(t, "", 1);
}

static void device(struct text *t, const struct dev *dev)
{
	const struct dev *peer = dev->ops->peer ? dev->ops->peer(dev) : NULL;
	const struct dev_altname *an;

	text_printf(t, "device %s", dev->name);
	if (dev->kind->name)
		text_printf(t, " type %s", dev->kind->name);
	text_printf(t, " %s mtu %u qlen %u", dev_is_up(dev) ? "up" : "down", dev->mtu,
		    dev->txqlen);
	if (dev->group)
		text_printf(t, " group %u", dev->group);
	if (dev->flags & IFF_PROMISC)
		text_printf(t, " promisc");
	if (dev->perm_addr_assigned && dev->addr_len == 6) {
		char mac[TEXT_MAC];

		text_printf(t, " address %s", text_mac(mac, dev->addr));
	}
	if (peer)
		text_printf(t, " peer %s%s", peer->name,
			    peer->net == dev->net ? "" : " elsewhere");
	list_for_each(an, &dev->altnames, node)
		text_printf(t, " altname %s", an->name);
	if (dev->alias)
		text_printf(t, " alias \"%s\"", dev->alias);
	end_line(t);
}

static void addresses(struct text *t, const struct dev *dev)
{
	const struct ifaddr4 *ifa;
	char a[TEXT_IP4], b[TEXT_IP4];

	if (!in_dev4(dev))
		return;
	list_for_each(ifa, &in_dev4(dev)->addrs, node) {
		text_printf(t, "address %s %s/%u", dev->name, text_ip4(a, ifa->local),
			    ifa->plen);
		if (ifa->address != ifa->local)
			text_printf(t, " peer %s", text_ip4(b, ifa->address));
		if (ifa->broadcast)
			text_printf(t, " brd %s", text_ip4(b, ifa->broadcast));
		text_printf(t, " scope %u", ifa->scope);
		if (strcmp(ifa->label, dev->name))
			text_printf(t, " label %s", ifa->label);
		if (ifa->metric)
			text_printf(t, " metric %u", ifa->metric);
		end_line(t);
	}
}

static const char *ip(char buf[TEXT_IP6], const struct ipaddr *a)
{
	if (a->family == AF_INET6)
		return text_ip6(buf, a->v6);
	return text_ip4(buf, a->v4);
}

static void route(struct text *t, const struct fib_route *r)
{
	char buf[TEXT_IP6];
	struct ipaddr dst;
	u8 plen;

	if (r->protocol == RTPROT_KERNEL)
		return;
	fib_dst(r, &dst, &plen);
	text_printf(t, "route %s/%u table %u type %u", ip(buf, &dst), plen,
		    r->prefix->table->id, r->type);
	if (r->tos)
		text_printf(t, " tos %u", r->tos);
	for (int i = 0; i < r->n_hops; i++) {
		const struct fib_hop *h = &r->hops[i];

		if (h->gateway.family != AF_UNSPEC)
			text_printf(t, " via %s", ip(buf, &h->gateway));
		if (h->dev)
			text_printf(t, " dev %s", h->dev->name);
		if (r->n_hops > 1)
			text_printf(t, " weight %u", h->weight);
		if (h->flags & RTNH_F_ONLINK)
			text_printf(t, " onlink");
	}
	if (r->prefsrc.family != AF_UNSPEC && !ipaddr_is_any(&r->prefsrc))
		text_printf(t, " src %s", ip(buf, &r->prefsrc));
	text_printf(t, " proto %u scope %u metric %u", r->protocol, r->scope,
		    r->priority);
	for (int i = 1; i < FIB_METRICS; i++)
		if (r->metrics[i])
			text_printf(t, " rta%d %u", i, r->metrics[i]);
	end_line(t);
}

static void routes(struct text *t, struct net *net)
{
	for (struct fib_table *tab = fib_table_first(net, AF_INET); tab;
	     tab = fib_table_next(tab))
		for (struct lpm_node *n = lpm_first(&tab->lpm); n; n = lpm_after(n)) {
			struct fib_prefix *px = container_of(n, struct fib_prefix, lpm);
			const struct fib_route *r;

			list_for_each(r, &px->routes, node)
				route(t, r);
		}
}

static int rule(struct rule *r, void *arg)
{
	struct text *t = arg;
	char buf[TEXT_IP6];

	text_printf(t, "rule %u:%s", r->priority,
		    r->flags & FIB_RULE_INVERT ? " not" : "");
	if (r->src_len)
		text_printf(t, " from %s/%u", ip(buf, &r->src), r->src_len);
	if (r->dst_len)
		text_printf(t, " to %s/%u", ip(buf, &r->dst), r->dst_len);
	if (r->mark || r->mark_mask)
		text_printf(t, " fwmark 0x%x/0x%x", r->mark, r->mark_mask);
	if (r->tos)
		text_printf(t, " tos %u", r->tos);
	if (r->iif[0])
		text_printf(t, " iif %s", r->iif);
	if (r->oif[0])
		text_printf(t, " oif %s", r->oif);
	if (r->ip_proto)
		text_printf(t, " ipproto %u", r->ip_proto);
	if (r->sport.first)
		text_printf(t, " sport %u-%u", r->sport.first, r->sport.last);
	if (r->dport.first)
		text_printf(t, " dport %u-%u", r->dport.first, r->dport.last);
	if (r->uid_given)
		text_printf(t, " uidrange %u-%u", r->uid_first, r->uid_last);
	if (r->suppress_plen >= 0)
		text_printf(t, " suppress_prefixlength %d", r->suppress_plen);
	if (r->suppress_group >= 0)
		text_printf(t, " suppress_ifgroup %d", r->suppress_group);
	text_printf(t, " action %u table %u", r->action, r->table);
	if (r->target)
		text_printf(t, " goto %u", r->target);
	end_line(t);
	return 0;
}

static int neighbour(struct neigh *nt, void *arg)
{
	struct text *t = arg;
	char buf[TEXT_IP6], mac[TEXT_MAC];

	if (!(nt->state & NUD_PERMANENT) || nt->type != RTN_UNICAST)
		return 0;
	text_printf(t, "neighbour %s dev %s lladdr %s", ip(buf, &nt->addr),
		    nt->dev->name, text_mac(mac, nt->lladdr));
	end_line(t);
	return 0;
}

/* ---- sysctls ---- */

struct walk {
	struct net *net;
	char path[256];
	void (*each)(void *arg, const char *path);
	void *arg;
};

static void entry(void *arg, const char *name, bool is_dir)
{
	struct walk *w = arg;
	size_t len = strlen(w->path);

	if (len + strlen(name) + 2 > sizeof(w->path))
		return;
	text_format(w->path + len, sizeof(w->path) - len, "/%s", name);
	if (is_dir) /* as deep as paths are long */
		tunable_list(w->net, w->path, entry, w);
	else
		w->each(w->arg, w->path);
	w->path[len] = 0;
}

void facts_sysctls(struct net *net, void (*each)(void *arg, const char *path),
		   void *arg)
{
	struct walk w = {.net = net, .path = "net", .each = each, .arg = arg};

	tunable_list(net, w.path, entry, &w);
}

struct sysctls {
	struct net *net;
	struct text *t;
};

static void sysctl(void *arg, const char *path)
{
	struct sysctls *s = arg;
	struct text v;

	text_init(&v);
	if (tunable_mode(s->net, path) & 0222 && !tunable_read(s->net, path, &v) &&
	    v.len) {
		while (v.len && v.s[v.len - 1] == '\n')
			v.len--;
		text_printf(s->t, "sysctl %s = %.*s", path, (int)v.len, v.s);
		end_line(s->t);
	}
	text_fini(&v);
}

/* ---- all of them ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines, when the text has stopped to move */
static int cut(struct facts *f)
{
	size_t n = 0, at = 0;

	for (size_t i = 0; i < f->text.len; i++)
		n += !f->text.s[i];
	f->line = calloc(n ? n : 1, sizeof(*f->line));
	if (!f->line)
		return -ENOMEM;
	for (; f->n < n; f->n++) {
		f->line[f->n] = f->text.s + at;
		at += strlen(f->text.s + at) + 1;
	}
	qsort(f->line, n, sizeof(*f->line), by_text);
	return 0;
}

int facts_of(struct net *net, struct facts *out)
{
	struct sysctls s = {net, &out->text};
	struct dev *dev;

	memset(out, 0, sizeof(*out));
	text_init(&out->text);
	list_for_each(dev, &net->devs, node) {
		device(&out->text, dev);
		addresses(&out->text, dev);
	}
	routes(&out->text, net);
	rule_walk(net, AF_INET, rule, &out->text);
	neigh_walk(net, neighbour, &out->text);
	facts_sysctls(net, sysctl, &s);
	if (out->text.failed || cut(out)) {
		facts_fini(out);
		return -ENOMEM;
	}
	return 0;
}

void facts_fini(struct facts *f)
{
	free(f->line);
	text_fini(&f->text);
}

int facts_diff(struct net *a, struct net *b, struct text *out)
{
	struct facts fa, fb;
	size_t i = 0, k = 0;
	int err = facts_of(a, &fa);

	if (err)
		return err;
	err = facts_of(b, &fb);
	if (err)
		goto err_a;
	while (i < fa.n || k < fb.n) {
		int order = i == fa.n	? 1
			    : k == fb.n ? -1
					: strcmp(fa.line[i], fb.line[k]);

		if (order < 0)
			text_printf(out, "- %s\n", fa.line[i]);
		if (order > 0)
			text_printf(out, "+ %s\n", fb.line[k]);
		i += order <= 0;
		k += order >= 0;
		err = err || order;
	}
	if (out->failed)
		err = -ENOMEM;
	facts_fini(&fb);
err_a:
	facts_fini(&fa);
	return err;
}
