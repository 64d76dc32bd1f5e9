/* SPDX-License-Identifier: MIT */
/*
 * sysfs.c - /sys/class/net: a directory a device, a file an attribute
 */

#include "core/dev.h"
#include "core/event.h"
#include "view/views.h"

#include <stdio.h>
#include <stdlib.h>

/* Return: 0, or -EINVAL where Linux' file exists but cannot be read now */
typedef int attr_fn(const struct dev *dev, struct text *out);

static int num(struct text *out, u64 v)
{
	text_printf(out, "%llu\n", (unsigned long long)v);
	return 0;
}

static int hwaddr(const struct dev *dev, const u8 *addr, struct text *out)
{
	for (u8 i = 0; i < dev->addr_len; i++)
		text_printf(out, "%s%02x", i ? ":" : "", addr[i]);
	text_printf(out, "\n");
	return 0;
}

static int a_addr_assign(const struct dev *dev, struct text *out)
{
	if (dev_is_lo(dev))
		return num(out, 0);
	return num(out, dev->perm_addr_assigned ? 3 : 1);
}
static int a_addr_len(const struct dev *dev, struct text *out)
{
	return num(out, dev->addr_len);
}
static int a_address(const struct dev *dev, struct text *out)
{
	return hwaddr(dev, dev->addr, out);
}
static int a_broadcast(const struct dev *dev, struct text *out)
{
	return hwaddr(dev, dev->broadcast, out);
}
static int a_carrier(const struct dev *dev, struct text *out)
{
	return dev_is_up(dev) ? num(out, dev->carrier) : -EINVAL;
}
static int a_carrier_changes(const struct dev *dev, struct text *out)
{
	return num(out, dev->carrier_changes);
}
static int a_carrier_down(const struct dev *dev, struct text *out)
{
	return num(out, dev->carrier_down);
}
static int a_carrier_up(const struct dev *dev, struct text *out)
{
	return num(out, dev->carrier_up);
}
static int a_dev_id(const struct dev *dev, struct text *out)
{
	(void)dev;
	text_printf(out, "0x0\n");
	return 0;
}
static int a_zero(const struct dev *dev, struct text *out)
{
	(void)dev;
	return num(out, 0);
}
static int a_dormant(const struct dev *dev, struct text *out)
{
	return dev_is_up(dev) ? num(out, dev->dormant) : -EINVAL;
}
static int a_testing(const struct dev *dev, struct text *out)
{
	return dev_is_up(dev) ? num(out, 0) : -EINVAL;
}
/* A veth says what ethtool would: 10 Gbit/s, full duplex */
static int a_duplex(const struct dev *dev, struct text *out)
{
	if (!dev_is_up(dev) || dev_is_lo(dev))
		return -EINVAL;
	text_printf(out, "full\n");
	return 0;
}
static int a_speed(const struct dev *dev, struct text *out)
{
	return !dev_is_up(dev) || dev_is_lo(dev) ? -EINVAL : num(out, 10000);
}
static int a_flags(const struct dev *dev, struct text *out)
{
	text_printf(out, "0x%x\n", dev->flags & ~(u32)(IFF_RUNNING | IFF_LOWER_UP));
	return 0;
}
static int a_ifalias(const struct dev *dev, struct text *out)
{
	if (dev->alias)
		text_printf(out, "%s\n", dev->alias);
	return 0;
}
static int a_ifindex(const struct dev *dev, struct text *out)
{
	return num(out, (u64)dev->ifindex);
}
static int a_iflink(const struct dev *dev, struct text *out)
{
	const struct dev *peer = dev->ops->peer ? dev->ops->peer(dev) : NULL;

	return num(out, (u64)(peer ? peer->ifindex : dev->ifindex));
}
static int a_link_mode(const struct dev *dev, struct text *out)
{
	return num(out, dev->linkmode);
}
static int a_mtu(const struct dev *dev, struct text *out)
{
	return num(out, dev->mtu);
}
static int a_name_assign(const struct dev *dev, struct text *out)
{
	return num(out, dev_is_lo(dev) ? 2 : 3);
}
static int a_group(const struct dev *dev, struct text *out)
{
	return num(out, dev->group);
}
static int a_operstate(const struct dev *dev, struct text *out)
{
	static const char *const names[] = {
	    "unknown", "notpresent", "down", "lowerlayerdown",
	    "testing", "dormant",    "up"};
	u8 state = dev_is_up(dev) ? dev->operstate : IF_OPER_DOWN;

	text_printf(out, "%s\n", state < ARRAY_SIZE(names) ? names[state] : "unknown");
	return 0;
}
static int a_tx_queue_len(const struct dev *dev, struct text *out)
{
	return num(out, dev->txqlen);
}
static int a_type(const struct dev *dev, struct text *out)
{
	return num(out, dev->type);
}
static int a_uevent(const struct dev *dev, struct text *out)
{
	text_printf(out, "INTERFACE=%s\nIFINDEX=%d\n", dev->name, dev->ifindex);
	return 0;
}

/* ---- writing ---- */

/* As kstrtoul(s, 0): the whole text is one number, a newline may end it */
static int number(const char *s, u64 *v)
{
	char *end;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	*v = strtoull(s, &end, 0);
	if (*end == '\n')
		end++;
	return errno || *end ? -EINVAL : 0;
}

static int w_alias(struct dev *dev, const char *s)
{
	size_t len = strlen(s);
	int err;

	if (len && s[len - 1] == '\n')
		len--;
	err = dev_set_alias(dev, s, len);
	if (!err)
		dev_changed(dev);
	return err;
}
static int w_flags(struct dev *dev, const char *s)
{
	u64 v;
	int err = number(s, &v);

	return err ? err : dev_set_flags(dev, (u32)v, ~0U);
}
static int w_group(struct dev *dev, const char *s)
{
	u64 v;

	if (number(s, &v) || v > INT32_MAX)
		return -EINVAL;
	dev->group = (u32)v;
	return 0;
}
static int w_mtu(struct dev *dev, const char *s)
{
	u64 v;

	if (number(s, &v) || v > UINT32_MAX)
		return -EINVAL;
	return dev_set_mtu(dev, (u32)v, NULL);
}
static int w_tx_queue_len(struct dev *dev, const char *s)
{
	u64 v;

	if (number(s, &v))
		return -EINVAL;
	if (v > UINT32_MAX)
		return -ERANGE;
	if (v == dev->txqlen)
		return 0;
	dev->txqlen = (u32)v;
	dev_changed(dev);
	return 0;
}
/* The name of an action alone; an id and variables of one's own are not taken */
static int w_uevent(struct dev *dev, const char *s)
{
	static const char *const actions[] = {"add",	"remove",  "change", "move",
					      "online", "offline", "bind",   "unbind"};
	size_t len = strcspn(s, "\n");

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		struct dev_uevent ev = {dev, actions[i]};

		if (strlen(actions[i]) != len || memcmp(actions[i], s, len) != 0)
			continue;
		event_raise(dev->net, EV_DEV_UEVENT, &ev);
		return 0;
	}
	return -EINVAL;
}
/* carrier, proto_down, threaded: no device of ours can be told; there is no NAPI */
static int w_cannot(struct dev *dev, const char *s)
{
	u64 v;

	(void)dev;
	return number(s, &v) ? -EINVAL : -EOPNOTSUPP;
}

static const struct {
	const char *name;
	attr_fn *fn;
	int (*write)(struct dev *dev, const char *s); /* NULL: 0444 */
} attrs[] = {
    {"addr_assign_type", a_addr_assign},
    {"addr_len", a_addr_len},
    {"address", a_address},
    {"broadcast", a_broadcast},
    {"carrier", a_carrier, w_cannot},
    {"carrier_changes", a_carrier_changes},
    {"carrier_down_count", a_carrier_down},
    {"carrier_up_count", a_carrier_up},
    {"dev_id", a_dev_id},
    {"dev_port", a_zero},
    {"dormant", a_dormant},
    {"duplex", a_duplex},
    {"flags", a_flags, w_flags},
    {"gro_flush_timeout", a_zero, w_cannot},
    {"ifalias", a_ifalias, w_alias},
    {"ifindex", a_ifindex},
    {"iflink", a_iflink},
    {"link_mode", a_link_mode},
    {"mtu", a_mtu, w_mtu},
    {"name_assign_type", a_name_assign},
    {"napi_defer_hard_irqs", a_zero, w_cannot},
    {"netdev_group", a_group, w_group},
    {"operstate", a_operstate},
    {"proto_down", a_zero, w_cannot},
    {"speed", a_speed},
    {"testing", a_testing},
    {"threaded", a_zero, w_cannot},
    {"tx_queue_len", a_tx_queue_len, w_tx_queue_len},
    {"type", a_type},
    {"uevent", a_uevent, w_uevent},
};

/* statistics/: the offset in struct dev_stats, or NO_STAT: always 0 */
#define NO_STAT 0xffff
#define STAT(f) offsetof(struct dev_stats, f)
static const struct {
	const char *name;
	u16 off;
} stats[] = {
    {"collisions", STAT(collisions)}, {"multicast", STAT(multicast)},
    {"rx_bytes", STAT(rx_bytes)},     {"rx_compressed", NO_STAT},
    {"rx_crc_errors", NO_STAT},	      {"rx_dropped", STAT(rx_dropped)},
    {"rx_errors", STAT(rx_errors)},   {"rx_fifo_errors", NO_STAT},
    {"rx_frame_errors", NO_STAT},     {"rx_length_errors", NO_STAT},
    {"rx_missed_errors", NO_STAT},    {"rx_nohandler", NO_STAT},
    {"rx_over_errors", NO_STAT},      {"rx_packets", STAT(rx_packets)},
    {"tx_aborted_errors", NO_STAT},   {"tx_bytes", STAT(tx_bytes)},
    {"tx_carrier_errors", NO_STAT},   {"tx_compressed", NO_STAT},
    {"tx_dropped", STAT(tx_dropped)}, {"tx_errors", STAT(tx_errors)},
    {"tx_fifo_errors", NO_STAT},      {"tx_heartbeat_errors", NO_STAT},
    {"tx_packets", STAT(tx_packets)}, {"tx_window_errors", NO_STAT},
};

/* The device that @rel begins with; @rest: behind its name and a slash, or "" */
static struct dev *find(const struct net *net, const char *rel, const char **rest)
{
	char name[IFNAMSIZ] = "";
	size_t n = strcspn(rel, "/");
	struct dev *dev;

	if (!n || n >= sizeof(name))
		return NULL;
	memcpy(name, rel, n);
	*rest = rel[n] ? rel + n + 1 : "";
	dev = dev_by_name(net, name);
	/* by its name alone, not by an alternative one */
	return dev && !strcmp(dev->name, name) ? dev : NULL;
}

static int stat_text(const struct dev *dev, const char *name, struct text *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(stats); i++)
		if (!strcmp(stats[i].name, name)) {
			u64 v = 0;

			if (stats[i].off != NO_STAT)
				memcpy(&v, (const u8 *)&dev->stats + stats[i].off,
				       sizeof(v));
			return num(out, v);
		}
	return -ENOENT;
}

static int attr_index(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(attrs); i++)
		if (!strcmp(attrs[i].name, name))
			return (int)i;
	return -ENOENT;
}

static int class_text(struct net *net, const char *rel, struct text *out)
{
	const char *rest;
	const struct dev *dev = find(net, rel, &rest);
	int i;

	if (!dev)
		return -ENOENT;
	if (!*rest || !strcmp(rest, "statistics") || !strcmp(rest, "queues"))
		return -EISDIR;
	if (!strncmp(rest, "statistics/", 11))
		return stat_text(dev, rest + 11, out);
	i = attr_index(rest);
	return i < 0 ? i : attrs[i].fn(dev, out);
}

static u16 class_mode(struct net *net, const char *rel)
{
	const char *rest;
	int i = find(net, rel, &rest) ? attr_index(rest) : -ENOENT;

	return i >= 0 && attrs[i].write ? 0644 : 0444;
}

static int class_write(struct net *net, const char *rel, const char *s)
{
	const char *rest;
	struct dev *dev = find(net, rel, &rest);
	int i = dev ? attr_index(rest) : -ENOENT;

	if (i < 0)
		return i;
	return attrs[i].write ? attrs[i].write(dev, s) : -EACCES;
}

static int class_list(struct net *net, const char *dir,
		      void (*each)(void *arg, const char *name, bool is_dir), void *arg)
{
	const char *rest = "";
	struct dev *dev;

	if (!*dir) {
		list_for_each(dev, &net->devs, node)
			each(arg, dev->name, true);
		return 0;
	}
	dev = find(net, dir, &rest);
	if (!dev)
		return -ENOENT;
	if (!*rest) {
		for (size_t i = 0; i < ARRAY_SIZE(attrs); i++)
			each(arg, attrs[i].name, false);
		each(arg, "statistics", true);
		each(arg, "queues", true);
		return 0;
	}
	if (!strcmp(rest, "statistics")) {
		for (size_t i = 0; i < ARRAY_SIZE(stats); i++)
			each(arg, stats[i].name, false);
		return 0;
	}
	if (!strcmp(rest, "queues")) {
		each(arg, "rx-0", true);
		each(arg, "tx-0", true);
		return 0;
	}
	return strcmp(rest, "queues/rx-0") && strcmp(rest, "queues/tx-0") ? -ENOTDIR
									  : 0;
}

static const struct view class_view = {
    .path = "class/net/",
    .text = class_text,
    .write = class_write,
    .mode_of = class_mode,
    .list = class_list,
};

int sysfs_boot(struct warren *w)
{
	return view_register(w, &proc_net_part, &class_view);
}
