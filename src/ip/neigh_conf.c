/* SPDX-License-Identifier: MIT */
/*
 * neigh_conf.c - the knobs of net/ipv4/neigh/
 *
 * A device keeps values of its own from the first write on. neigh/default is
 * the initial net's alone, and a new device of any net begins with it (N7.12): so
 * every device gets its own values before neigh/default changes.
 *
 * Three values have two names and two units: base_reachable_time and
 * retrans_time in seconds and hundredths of seconds beside their _ms.
 */

#include "ip/neigh_conf.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "core/tunable.h"
#include "ip/ip_parts.h"

static const struct knob {
	const char *name;
	enum neigh_knob k;
	s32 unit; /* of the file in the unit of the value */
	s32 def;  /* in the value's unit */
	bool default_only;
} knobs[] = {
    {"mcast_solicit", NC_MCAST_SOLICIT, 1, 3, false},
    {"ucast_solicit", NC_UCAST_SOLICIT, 1, 3, false},
    {"app_solicit", NC_APP_SOLICIT, 1, 0, false},
    {"mcast_resolicit", NC_MCAST_RESOLICIT, 1, 0, false},
    {"retrans_time_ms", NC_RETRANS_MS, 1, 1000, false},
    {"retrans_time", NC_RETRANS_MS, 10, 1000, false},
    {"base_reachable_time_ms", NC_BASE_REACHABLE_MS, 1, 30000, false},
    {"base_reachable_time", NC_BASE_REACHABLE_MS, 1000, 30000, false},
    {"delay_first_probe_time", NC_DELAY_FIRST_S, 1, 5, false},
    {"gc_stale_time", NC_GC_STALE_S, 1, 60, false},
    {"unres_qlen_bytes", NC_UNRES_QLEN_BYTES, 1, 212992, false},
    {"unres_qlen", NC_UNRES_QLEN_BYTES, 2090, 212992, false}, /* full frames */
    {"locktime", NC_LOCKTIME_MS, 10, 1000, false},
    {"proxy_delay", NC_PROXY_DELAY_MS, 10, 800, false},
    {"proxy_qlen", NC_PROXY_QLEN, 1, 64, false},
    {"anycast_delay", NC_ANYCAST_DELAY_MS, 10, 1000, false},
    {"interval_probe_time_ms", NC_INTERVAL_PROBE_MS, 1, 5000, false},
    {"gc_interval", NC_GC_INTERVAL_S, 1, 30, true},
    {"gc_thresh1", NC_GC_THRESH1, 1, 128, true},
    {"gc_thresh2", NC_GC_THRESH2, 1, 512, true},
    {"gc_thresh3", NC_GC_THRESH3, 1, 1024, true},
};

static s32 compiled(enum neigh_knob k)
{
	for (size_t i = 0; i < ARRAY_SIZE(knobs); i++)
		if (knobs[i].k == k)
			return knobs[i].def;
	return 0;
}

/* neigh/default: PART_ARP's state in the warren, see arp.c */
static struct neigh_conf **defaults(const struct warren *w)
{
	return warren_part(w, PART_ARP);
}

s32 neigh_conf_default(const struct warren *w, enum neigh_knob k)
{
	const struct neigh_conf *def = *defaults(w);

	return def ? def->v[k] : compiled(k);
}

s32 neigh_conf(const struct dev *dev, enum neigh_knob k)
{
	const struct neigh_dev *nd = dev->slot[DEV_SLOT_NEIGH4];

	return nd && nd->conf ? nd->conf->v[k] : neigh_conf_default(dev->net->w, k);
}

static struct neigh_conf *own(struct warren *w, struct mem *m, struct neigh_conf **at)
{
	bool is_default = at == defaults(w);
	struct neigh_conf *made = *at;

	if (!made) {
		made = mem_alloc(m, sizeof(*made));
		for (int k = 0; made && k < NC_NR; k++)
			made->v[k] = is_default
					 ? compiled((enum neigh_knob)k)
					 : neigh_conf_default(w, (enum neigh_knob)k);
		*at = made;
	}
	return made;
}

/* neigh/default changes: devices that are there keep what it was (N7.12) */
static int settle_devices(struct warren *w)
{
	struct net *net;
	struct dev *dev;

	list_for_each(net, &w->nets, node)
		list_for_each(dev, &net->devs, node) {
			struct neigh_dev *nd = dev->slot[DEV_SLOT_NEIGH4];

			if (nd && !own(w, &net->mem, &nd->conf))
				return -ENOMEM;
		}
	return 0;
}

/* Return: 1 a directory, 0 a file, -ENOENT. *@dev: NULL for default */
static int split(struct net *net, const char *rel, struct dev **dev,
		 const struct knob **kn)
{
	const char *slash = strchr(rel, '/');
	size_t n = slash ? (size_t)(slash - rel) : strlen(rel);
	char where[IFNAMSIZ];

	if (n >= IFNAMSIZ)
		return -ENOENT;
	memcpy(where, rel, n);
	where[n] = 0;
	*dev = NULL;
	if (strcmp(where, "default")) {
		*dev = dev_by_name(net, where);
		if (!*dev)
			return -ENOENT;
	} else if (!net_is_init(net)) {
		return -ENOENT;
	}
	if (!slash)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(knobs); i++)
		if (!strcmp(slash + 1, knobs[i].name) &&
		    (!*dev || !knobs[i].default_only)) {
			*kn = &knobs[i];
			return 0;
		}
	return -ENOENT;
}

static int tree_read(struct net *net, const char *rel, struct text *out)
{
	const struct knob *kn;
	struct dev *dev;
	int err = split(net, rel, &dev, &kn);
	s32 v;

	if (err)
		return err > 0 ? -EISDIR : err;
	v = dev ? neigh_conf(dev, kn->k) : neigh_conf_default(net->w, kn->k);
	text_printf(out, "%d\n", v / kn->unit);
	return 0;
}

static int tree_write(struct net *net, const char *rel, const char *s)
{
	const struct knob *kn;
	struct neigh_dev *nd;
	struct neigh_conf *conf;
	struct dev *dev;
	char *end;
	long v;
	int err = split(net, rel, &dev, &kn);

	if (err)
		return err > 0 ? -EISDIR : err;
	errno = 0;
	v = strtol(s, &end, 0);
	if (end == s || errno || v < 0 || v > INT32_MAX / kn->unit ||
	    (*end && !strchr(" \t\n\r\v\f", *end)))
		return -EINVAL;
	if (dev) {
		nd = dev->slot[DEV_SLOT_NEIGH4];
		conf = nd ? own(net->w, &net->mem, &nd->conf) : NULL;
	} else {
		err = settle_devices(net->w);
		if (err)
			return err;
		conf = own(net->w, &net->w->mem, defaults(net->w));
	}
	if (!conf)
		return -ENOMEM;
	conf->v[kn->k] = (s32)v * kn->unit;
	return 0;
}

static int tree_mode(struct net *net, const char *rel)
{
	const struct knob *kn;
	struct dev *dev;
	int err = split(net, rel, &dev, &kn);

	if (err)
		return err > 0 ? S_IFDIR | 0555 : err;
	return S_IFREG | 0644;
}

static int tree_list(struct net *net, const char *dir,
		     void (*each)(void *arg, const char *name, bool is_dir), void *arg)
{
	const struct knob *kn;
	struct dev *dev;

	if (*dir) {
		int err = split(net, dir, &dev, &kn);

		if (err <= 0)
			return err ? err : -ENOTDIR;
		for (size_t i = 0; i < ARRAY_SIZE(knobs); i++)
			if (!dev || !knobs[i].default_only)
				each(arg, knobs[i].name, false);
		return 0;
	}
	if (net_is_init(net))
		each(arg, "default", true);
	list_for_each(dev, &net->devs, node)
		each(arg, dev->name, true);
	return 0;
}

static const struct tunable_tree neigh_tree = {
    .prefix = "net/ipv4/neigh/",
    .list = tree_list,
    .read = tree_read,
    .write = tree_write,
    .mode = tree_mode,
};

int neigh_conf_boot(struct warren *w, const struct part *part)
{
	return tunable_tree_register(w, part, &neigh_tree);
}
