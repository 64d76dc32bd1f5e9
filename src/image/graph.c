/* SPDX-License-Identifier: MIT */
/*
 * graph.c - the topology of a warren as a drawing
 *
 * A namespace is a box (cluster); in it stand its devices, each a small table of name
 * and addresses, grey when it is down; lo only when it has an address of its own. A
 * wire is a line between two devices, dashed without carrier. Under the devices stands
 * what leads out by a gateway. Names are what users made up: all that is text is
 * escaped, for the HTML-like labels and for strings.
 */

#include "image/graph.h"

#include "core/dev.h"
#include "ip/addr4.h"
#include "ip/fib.h"

/* Into an HTML-like label. Bytes that are no text are shown as a dot. */
static void html(struct text *t, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '<')
			text_printf(t, "&lt;");
		else if (c == '>')
			text_printf(t, "&gt;");
		else if (c == '&')
			text_printf(t, "&amp;");
		else if (c == '"')
			text_printf(t, "&quot;");
		else if (c < 0x20 || c >= 0x7f)
			text_add(t, ".", 1);
		else
			text_add(t, s, 1);
	}
}

static void node_id(struct text *t, const struct dev *dev)
{
	text_printf(t, "n%llu_%d", (unsigned long long)dev->net->cookie, dev->ifindex);
}

static bool is_shown(const struct dev *dev)
{
	const struct ifaddr4 *ifa;

	if (!dev_is_lo(dev))
		return true;
	if (in_dev4(dev))
		list_for_each(ifa, &in_dev4(dev)->addrs, node)
			if (!ip4_is_loopback(ifa->local))
				return true;
	return false;
}

static bool anything_shown(const struct net *net)
{
	const struct dev *dev;

	list_for_each(dev, &net->devs, node)
		if (is_shown(dev))
			return true;
	return false;
}

static void device(struct text *t, const struct dev *dev)
{
	const struct ifaddr4 *ifa;
	bool up = dev_is_up(dev);
	char a[TEXT_IP4];

	text_printf(t, "\t\t");
	node_id(t, dev);
	text_printf(t,
		    " [label=<<table border=\"0\" cellborder=\"0\" cellspacing=\"1\">"
		    "<tr><td><b>");
	html(t, dev->name);
	text_printf(t, "</b>");
	if (dev->kind->name && strcmp(dev->kind->name, "veth"))
		text_printf(t, " <font point-size=\"8\">%s</font>", dev->kind->name);
	text_printf(t, "</td></tr>");
	if (in_dev4(dev))
		list_for_each(ifa, &in_dev4(dev)->addrs, node)
			text_printf(
			    t, "<tr><td><font point-size=\"9\">%s/%u</font></td></tr>",
			    text_ip4(a, ifa->local), ifa->plen);
	text_printf(t, "</table>>, fillcolor=\"%s\"%s];\n", up ? "#e8f0fe" : "#eeeeee",
		    up ? "" : ", fontcolor=\"#777777\", color=\"#999999\"");
}

/* "10.0.0.0/8 via 10.1.1.1 (eth0)", a line each; more than a few become a number */
static void gateways(struct text *t, struct net *net)
{
	enum { MOST = 8 };
	struct fib_table *tab = fib_table(net, AF_INET, RT_TABLE_MAIN);
	char a[TEXT_IP4], b[TEXT_IP4];
	u32 n = 0;

	for (struct lpm_node *l = tab ? lpm_first(&tab->lpm) : NULL; l;
	     l = lpm_after(l)) {
		struct fib_prefix *px = container_of(l, struct fib_prefix, lpm);
		const struct fib_route *r;
		struct ipaddr dst;
		u8 plen;

		list_for_each(r, &px->routes, node) {
			if (!r->n_hops || r->hops[0].gateway.family != AF_INET)
				continue;
			if (n++ >= MOST)
				continue;
			if (n == 1)
				text_printf(
				    t,
				    "\t\tr%llu [shape=plain, style=\"\", "
				    "fontcolor=\"#555555\", fontsize=9, label=\"",
				    (unsigned long long)net->cookie);
			fib_dst(r, &dst, &plen);
			if (plen)
				text_printf(t, "%s/%u", text_ip4(a, dst.v4), plen);
			else
				text_printf(t, "default");
			text_printf(t, " via %s%s\\l",
				    text_ip4(b, r->hops[0].gateway.v4),
				    r->n_hops > 1 ? " and others" : "");
		}
	}
	if (n > MOST)
		text_printf(t, "and %u more\\l", n - MOST);
	if (n)
		text_printf(t, "\"];\n");
}

static void wires(struct text *t, const struct dev *dev)
{
	const struct dev *peer = dev->ops->peer ? dev->ops->peer(dev) : NULL;
	u64 mine = dev->net->cookie;

	/* each pair once */
	if (!peer || peer->net->cookie < mine ||
	    (peer->net->cookie == mine && peer->ifindex < dev->ifindex))
		return;
	text_printf(t, "\t");
	node_id(t, dev);
	text_printf(t, " -- ");
	node_id(t, peer);
	text_printf(t, "%s;\n",
		    dev->carrier ? "" : " [style=dashed, color=\"#999999\"]");
}

static void space(struct text *t, struct net *net, const char *name)
{
	struct dev *dev;
	u32 n = 0;

	text_printf(t, "\tsubgraph cluster_%llu {\n\t\tlabel=<<b>",
		    (unsigned long long)net->cookie);
	html(t, name);
	text_printf(t, "</b>>;\n");
	list_for_each(dev, &net->devs, node)
		if (is_shown(dev)) {
			device(t, dev);
			n++;
		}
	gateways(t, net);
	if (!n)
		text_printf(t, "\t\te%llu [shape=plain, style=\"\", label=\"\"];\n",
			    (unsigned long long)net->cookie);
	text_printf(t, "\t}\n");
}

void graph_dot(struct warren *w, struct text *out)
{
	struct net *net;
	struct dev *dev;

	text_printf(
	    out,
	    "graph warren {\n"
	    "\tgraph [fontname=\"Helvetica\", fontsize=12, style=rounded, labeljust=l, "
	    "color=\"#5f6368\", nodesep=0.3, ranksep=0.7];\n"
	    "\tnode [fontname=\"Helvetica\", fontsize=10, shape=box, "
	    "style=\"rounded,filled\", color=\"#1a73e8\", margin=0.04];\n"
	    "\tedge [color=\"#202124\", penwidth=1.4];\n");
	list_for_each(net, &w->nets, node) {
		const char *name = net->name;

		if (net_is_init(net) && !anything_shown(net))
			continue; /* nobody uses it */
		if (!*name)
			name = net_is_init(net) ? "(initial)" : "(no name)";
		space(out, net, name);
	}
	list_for_each(net, &w->nets, node)
		list_for_each(dev, &net->devs, node)
			wires(out, dev);
	text_printf(out, "}\n");
}
