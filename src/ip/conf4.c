/* SPDX-License-Identifier: MIT */
/*
 * conf4.c - the knobs of net/ipv4/conf/{all,default,DEV}/ and ip_forward
 *
 * A net that never wrote `all` or `default` keeps nothing: the compiled values
 * answer. A new net starts with copies of the initial net's, or of another as
 * devconf_inherit_init_net says (N7.7), which is nothing again as long as nobody wrote
 * there.
 *
 * A device follows `default` in everything that was not written for itself (nor for
 * `default` before the device was there),
 * until it gets its first address; from then on nothing follows (N7.8). What a
 * frozen device needs to remember is made only when `default` is about to
 * change. `all` changes no device's value: the two are combined when asked,
 * each knob in its way.
 */

#include "ip/conf4.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/event.h"
#include "core/tunable.h"
#include "ip/fib_impl.h"
#include "ip/ip_parts.h"

const char *const conf4_names[CONF4_NR] = {
    [CONF4_FORWARDING] = "forwarding",
    [CONF4_MC_FORWARDING] = "mc_forwarding",
    [CONF4_ACCEPT_REDIRECTS] = "accept_redirects",
    [CONF4_SECURE_REDIRECTS] = "secure_redirects",
    [CONF4_SHARED_MEDIA] = "shared_media",
    [CONF4_RP_FILTER] = "rp_filter",
    [CONF4_SEND_REDIRECTS] = "send_redirects",
    [CONF4_ACCEPT_SOURCE_ROUTE] = "accept_source_route",
    [CONF4_ACCEPT_LOCAL] = "accept_local",
    [CONF4_SRC_VALID_MARK] = "src_valid_mark",
    [CONF4_PROXY_ARP] = "proxy_arp",
    [CONF4_MEDIUM_ID] = "medium_id",
    [CONF4_BOOTP_RELAY] = "bootp_relay",
    [CONF4_LOG_MARTIANS] = "log_martians",
    [CONF4_TAG] = "tag",
    [CONF4_ARPFILTER] = "arp_filter",
    [CONF4_ARP_ANNOUNCE] = "arp_announce",
    [CONF4_ARP_IGNORE] = "arp_ignore",
    [CONF4_ARP_ACCEPT] = "arp_accept",
    [CONF4_ARP_NOTIFY] = "arp_notify",
    [CONF4_ARP_EVICT_NOCARRIER] = "arp_evict_nocarrier",
    [CONF4_PROXY_ARP_PVLAN] = "proxy_arp_pvlan",
    [CONF4_ROUTE_LOCALNET] = "route_localnet",
    [CONF4_BC_FORWARDING] = "bc_forwarding",
    [CONF4_IGMPV2_INTERVAL] = "igmpv2_unsolicited_report_interval",
    [CONF4_IGMPV3_INTERVAL] = "igmpv3_unsolicited_report_interval",
    [CONF4_IGNORE_ROUTES_WITH_LINKDOWN] = "ignore_routes_with_linkdown",
    [CONF4_DROP_UNICAST_IN_L2_MULTICAST] = "drop_unicast_in_l2_multicast",
    [CONF4_DROP_GRATUITOUS_ARP] = "drop_gratuitous_arp",
    [CONF4_FORCE_IGMP_VERSION] = "force_igmp_version",
    [CONF4_PROMOTE_SECONDARIES] = "promote_secondaries",
    [CONF4_DISABLE_XFRM] = "disable_xfrm",
    [CONF4_DISABLE_POLICY] = "disable_policy",
};

static s32 compiled(bool is_default, enum conf4 c)
{
	switch (c) {
	case CONF4_ACCEPT_REDIRECTS:
	case CONF4_SECURE_REDIRECTS:
	case CONF4_SEND_REDIRECTS:
	case CONF4_SHARED_MEDIA:
	case CONF4_ARP_EVICT_NOCARRIER:
		return 1;
	case CONF4_ACCEPT_SOURCE_ROUTE:
		return is_default;
	case CONF4_IGMPV2_INTERVAL:
		return 10000;
	case CONF4_IGMPV3_INTERVAL:
		return 1000;
	default:
		return 0;
	}
}

static struct conf4_net *conf4_net(const struct net *net)
{
	return net_part(net, PART_ADDR4);
}

static s32 net_value(const struct net *net, bool is_default, enum conf4 c)
{
	const struct conf4_net *cn = conf4_net(net);
	const struct conf4_values *own = is_default ? cn->def : cn->all;

	return own ? own->v[c] : compiled(is_default, c);
}

/* What a device has that was never written: `default`, but for two of lo's */
static s32 followed(const struct dev *dev, enum conf4 c)
{
	if (dev_is_lo(dev) && (c == CONF4_DISABLE_POLICY || c == CONF4_DISABLE_XFRM))
		return 1;
	return net_value(dev->net, true, c);
}

int conf4_raw(const struct net *net, const struct dev *dev, int which, enum conf4 c)
{
	const struct in_dev4 *in = dev ? in_dev4(dev) : NULL;

	if (!dev)
		return net_value(net, which == 1, c);
	if (in && in->conf && (in->conf->frozen || in->conf->written >> c & 1))
		return in->conf->v[c];
	return followed(dev, c);
}

int conf4_get(const struct net *net, const struct dev *dev, enum conf4 c)
{
	int all = net_value(net, false, c);
	int own;

	if (!dev)
		return all;
	own = conf4_raw(net, dev, 0, c);
	switch (c) {
	case CONF4_RP_FILTER:
	case CONF4_ARP_ANNOUNCE:
	case CONF4_ARP_IGNORE:
	case CONF4_ARP_ACCEPT:
	case CONF4_ARP_NOTIFY:
		return max(all, own);
	case CONF4_ACCEPT_SOURCE_ROUTE:
	case CONF4_BOOTP_RELAY:
	case CONF4_ARP_EVICT_NOCARRIER:
	case CONF4_BC_FORWARDING:
		return all && own;
	case CONF4_SRC_VALID_MARK:
	case CONF4_ACCEPT_LOCAL:
	case CONF4_LOG_MARTIANS:
	case CONF4_PROXY_ARP:
	case CONF4_SHARED_MEDIA:
	case CONF4_SEND_REDIRECTS:
	case CONF4_SECURE_REDIRECTS:
	case CONF4_PROMOTE_SECONDARIES:
	case CONF4_ROUTE_LOCALNET:
	case CONF4_IGNORE_ROUTES_WITH_LINKDOWN:
	case CONF4_ARPFILTER:
	case CONF4_DROP_UNICAST_IN_L2_MULTICAST:
	case CONF4_DROP_GRATUITOUS_ARP:
		return all || own;
	case CONF4_ACCEPT_REDIRECTS:
		return conf4_raw(net, dev, 0, CONF4_FORWARDING) ? all && own
								: all || own;
	default:
		return own;
	}
}

bool conf4_forwarding(const struct net *net)
{
	return net_value(net, false, CONF4_FORWARDING) != 0;
}

/* ---- writing ---- */

static struct conf4_values *own_net(struct net *net, bool is_default)
{
	struct conf4_net *cn = conf4_net(net);
	struct conf4_values **at = is_default ? &cn->def : &cn->all;
	struct conf4_values *made = *at;

	if (!made) {
		made = net_alloc(net, sizeof(*made));
		for (int c = 0; made && c < CONF4_NR; c++)
			made->v[c] = compiled(is_default, (enum conf4)c);
		*at = made;
	}
	return made;
}

static struct conf4_values *own_dev(struct dev *dev)
{
	struct in_dev4 *in = in_dev4(dev);
	struct conf4_values *conf;

	if (!in)
		return NULL;
	if (in->conf)
		return in->conf;
	conf = net_alloc(dev->net, sizeof(*conf));
	for (int c = 0; conf && c < CONF4_NR; c++)
		conf->v[c] = conf4_raw(dev->net, dev, 0, (enum conf4)c);
	in->conf = conf;
	return conf;
}

void conf4_freeze(struct dev *dev)
{
	in_dev4(dev)->frozen = true;
}

int conf4_dev_init(struct dev *dev)
{
	const struct conf4_values *def = conf4_net(dev->net)->def;

	if (!def || !def->written)
		return 0;
	if (!own_dev(dev))
		return -ENOMEM;
	in_dev4(dev)->conf->written = def->written;
	return 0;
}

/* `default` is about to change: what does not follow it any more gets its own copy */
static int settle_frozen(struct net *net)
{
	struct dev *dev;

	list_for_each(dev, &net->devs, node) {
		struct in_dev4 *in = in_dev4(dev);
		u64 written;

		if (!in || !in->frozen || (in->conf && in->conf->frozen))
			continue;
		if (!own_dev(dev))
			return -ENOMEM;
		written = in->conf->written;
		for (int c = 0; c < CONF4_NR; c++)
			if (!(written >> c & 1))
				in->conf->v[c] = followed(dev, (enum conf4)c);
		in->conf->frozen = true;
	}
	return 0;
}

static int set_dev(struct dev *dev, enum conf4 c, s32 v)
{
	struct conf4_values *conf = own_dev(dev);

	if (!conf)
		return -ENOMEM;
	conf->v[c] = v;
	conf->written |= 1ULL << c;
	return 0;
}

static int set_default(struct net *net, enum conf4 c, s32 v)
{
	struct conf4_values *def;
	int err = settle_frozen(net);

	if (err)
		return err;
	def = own_net(net, true);
	if (!def)
		return -ENOMEM;
	def->v[c] = v;
	return 0;
}

static void tell(struct net *net, struct dev *dev, bool def, enum conf4 c)
{
	struct conf4_event ev = {.dev = dev, .def = def, .knob = c};

	event_raise(net, EV_NETCONF, &ev);
}

/* ip_forward: all, default, and every device (N7.8) */
static int set_forwarding(struct net *net, s32 v)
{
	struct conf4_values *all = own_net(net, false);
	struct dev *dev;
	int err;

	if (!all)
		return -ENOMEM;
	err = set_default(net, CONF4_FORWARDING, v);
	list_for_each(dev, &net->devs, node)
		if (!err && in_dev4(dev))
			err = set_dev(dev, CONF4_FORWARDING, v);
	if (err)
		return err;
	all->v[CONF4_FORWARDING] = v;
	all->v[CONF4_ACCEPT_REDIRECTS] = !v;
	tell(net, NULL, false, CONF4_FORWARDING);
	tell(net, NULL, true, CONF4_FORWARDING);
	list_for_each(dev, &net->devs, node)
		if (in_dev4(dev))
			tell(net, dev, false, CONF4_FORWARDING);
	return 0;
}

static int set_all(struct net *net, enum conf4 c, s32 v)
{
	struct conf4_values *all = own_net(net, false);

	if (!all)
		return -ENOMEM;
	all->v[c] = v;
	return 0;
}

static int set_net_default(struct net *net, enum conf4 c, s32 v)
{
	int err = set_default(net, c, v);

	if (!err)
		conf4_net(net)->def->written |= 1ULL << c;
	return err;
}

/* Who listens hears of changes alone; a value written again is noted as written */
static int set_value(struct net *net, const char *where, enum conf4 c, s32 v)
{
	bool all = !strcmp(where, "all"), def = !strcmp(where, "default");
	struct dev *dev = all || def ? NULL : dev_by_name(net, where);
	bool same;
	int err;

	if (!all && !def && !dev)
		return -ENOENT;
	same = conf4_raw(net, dev, def, c) == v;
	if (all && c == CONF4_FORWARDING)
		err = same ? 0 : set_forwarding(net, v);
	else if (all)
		err = set_all(net, c, v);
	else
		err = def ? set_net_default(net, c, v) : set_dev(dev, c, v);
	if (!err && !same && !(all && c == CONF4_FORWARDING))
		tell(net, dev, def, c);
	fib_bump(net); /* forwarding, rp_filter, ... decide about routes */
	return err;
}

/* ---- files ---- */

/* "eth0/forwarding" -> where, knob. Return: 1 a directory, 0 a file, -ENOENT */
static int split(struct net *net, const char *rel, char where[IFNAMSIZ], enum conf4 *c)
{
	const char *slash = strchr(rel, '/');
	size_t n = slash ? (size_t)(slash - rel) : strlen(rel);

	if (n >= IFNAMSIZ)
		return -ENOENT;
	memcpy(where, rel, n);
	where[n] = 0;
	if (strcmp(where, "all") && strcmp(where, "default") &&
	    !dev_by_name(net, where))
		return -ENOENT;
	if (!slash)
		return 1;
	for (int i = 0; i < CONF4_NR; i++)
		if (!strcmp(slash + 1, conf4_names[i])) {
			*c = (enum conf4)i;
			return 0;
		}
	return -ENOENT;
}

static int tree_read(struct net *net, const char *rel, struct text *out)
{
	char where[IFNAMSIZ];
	struct dev *dev;
	enum conf4 c;
	int err = split(net, rel, where, &c);

	if (err)
		return err > 0 ? -EISDIR : err;
	dev = dev_by_name(net, where);
	if (!strcmp(where, "all") || !strcmp(where, "default"))
		dev = NULL;
	text_printf(out, "%d\n", conf4_raw(net, dev, !strcmp(where, "default"), c));
	return 0;
}

static int tree_write(struct net *net, const char *rel, const char *s)
{
	char where[IFNAMSIZ], *end;
	enum conf4 c;
	int err = split(net, rel, where, &c);
	long v;

	if (err)
		return err > 0 ? -EISDIR : err;
	if (c == CONF4_MC_FORWARDING)
		return -EACCES;
	errno = 0;
	v = strtol(s, &end, 0);
	if (end == s || errno || v < INT32_MIN || v > INT32_MAX ||
	    (*end && !strchr(" \t\n\r\v\f", *end)))
		return -EINVAL;
	return set_value(net, where, c, (s32)v);
}

static int tree_mode(struct net *net, const char *rel)
{
	char where[IFNAMSIZ];
	enum conf4 c = CONF4_NR;
	int err = split(net, rel, where, &c);

	if (err)
		return err > 0 ? S_IFDIR | 0555 : err;
	return S_IFREG | (c == CONF4_MC_FORWARDING ? 0444 : 0644);
}

static int tree_list(struct net *net, const char *dir,
		     void (*each)(void *arg, const char *name, bool is_dir), void *arg)
{
	char where[IFNAMSIZ];
	struct dev *dev;
	enum conf4 c;

	if (*dir) {
		int err = split(net, dir, where, &c);

		if (err <= 0)
			return err ? err : -ENOTDIR;
		for (int i = 0; i < CONF4_NR; i++)
			each(arg, conf4_names[i], false);
		return 0;
	}
	each(arg, "all", true);
	each(arg, "default", true);
	list_for_each(dev, &net->devs, node)
		each(arg, dev->name, true);
	return 0;
}

static const struct tunable_tree conf4_tree = {
    .prefix = "net/ipv4/conf/",
    .list = tree_list,
    .read = tree_read,
    .write = tree_write,
    .mode = tree_mode,
};

static int forward_read(struct net *net, const struct tunable *t, struct text *out)
{
	(void)t;
	text_printf(out, "%d\n", net_value(net, false, CONF4_FORWARDING));
	return 0;
}

static int forward_write(struct net *net, const struct tunable *t, const char *s)
{
	(void)t;
	return tree_write(net, "all/forwarding", s);
}

enum { T_FORWARD, T_INHERIT };

static const struct tunable conf4_tunables[] = {
    [T_INHERIT] =
	{
	    .path = "net/core/devconf_inherit_init_net",
	    .max = 3,
	    .init_only = true,
	},
    [T_FORWARD] =
	{
	    .path = "net/ipv4/ip_forward",
	    .type = TUNABLE_CUSTOM,
	    .read = forward_read,
	    .write = forward_write,
	},
};

int conf4_boot(struct warren *w, const struct part *part)
{
	int err = tunable_tree_register(w, part, &conf4_tree);

	if (err)
		return err;
	return tunable_register(w, part, conf4_tunables, ARRAY_SIZE(conf4_tunables));
}

static int copy_of(struct net *net, const struct conf4_values *from,
		   struct conf4_values **to)
{
	if (!from)
		return 0;
	*to = net_alloc(net, sizeof(**to));
	if (!*to)
		return -ENOMEM;
	**to = *from;
	return 0;
}

/* devconf_inherit_init_net: whose `all` and `default` a new net begins with */
static const struct net *heir_of(const struct net *net)
{
	switch (tunable_int(net->w->init_net, &conf4_tunables[T_INHERIT])) {
	case 2:
		return NULL;
	case 3:
		return net->creator ? net->creator : net->w->init_net;
	default:
		return net->w->init_net;
	}
}

int conf4_net_init(struct net *net)
{
	const struct net *from = net_is_init(net) ? NULL : heir_of(net);
	struct conf4_net *cn = conf4_net(net);
	int err;

	if (!from)
		return 0;
	err = copy_of(net, conf4_net(from)->all, &cn->all);
	if (!err)
		err = copy_of(net, conf4_net(from)->def, &cn->def);
	if (err)
		conf4_net_exit(net);
	return err;
}

void conf4_net_exit(struct net *net)
{
	struct conf4_net *cn = conf4_net(net);

	net_free(net, cn->all);
	net_free(net, cn->def);
	cn->all = cn->def = NULL;
}
