/* SPDX-License-Identifier: MIT */
/*
 * embed_wire.c - the embedding API: a device whose other end is the embedding
 * program, and captures
 */

#include "warren.h"

#include "embed/embed.h"

#include <linux/if_ether.h>

#include "base/text.h"
#include "core/dev.h"
#include "link/ether.h"
#include "wire/pcapng.h"

struct warren_wire {
	struct warren *w;
	struct dev *dev; /* held */
	void (*output)(void *arg, const void *frame, size_t len);
	void *arg;
};

static int wire_xmit(struct dev *dev, struct pkt *p)
{
	struct warren_wire **wire = dev_priv(dev);

	if (!*wire || pkt_csum_finish(p) || pkt_linearize(p)) {
		dev->stats.tx_dropped++;
		pkt_drop(dev->net, p, *wire ? DROP_NO_MEMORY : DROP_NO_CARRIER);
		return 0;
	}
	dev->stats.tx_packets++;
	dev->stats.tx_bytes += p->len;
	(*wire)->output((*wire)->arg, p->data, p->len);
	pkt_free(p);
	return 0;
}

static const struct dev_ops wire_ops = {.xmit = wire_xmit};

static void wire_setup(struct dev *dev)
{
	ether_setup(dev);
	dev->ops = &wire_ops;
	dev->max_mtu = 65535;
	ether_random_addr(dev->net, dev->addr);
}

static const struct dev_kind wire_kind = {
    .name = "wire",
    .pattern = "wire%d",
    .priv_size = sizeof(struct warren_wire *),
    .setup = wire_setup,
    .no_create = true,
};

static const struct dev_kind phys_kind = {
    .pattern = "eth%d",
    .priv_size = sizeof(struct warren_wire *),
    .setup = wire_setup,
    .no_create = true,
    .physical = true,
};

static int wire_new(struct warren_ns *ns, const struct dev_kind *kind, const char *name,
		    const uint8_t mac[6],
		    void (*output)(void *arg, const void *frame, size_t len), void *arg,
		    struct warren_wire **out)
{
	struct net *net = ns_net(ns);
	struct warren_wire *wire = mem_alloc(&net->w->mem, sizeof(*wire));
	struct dev *dev;
	int err;

	if (!wire)
		return -ENOMEM;
	err = dev_new(net, kind, name, &dev);
	if (err)
		goto err_wire;
	if (mac)
		memcpy(dev->addr, mac, ETH_ALEN);
	err = dev_register(dev);
	if (err)
		goto err_dev;
	dev_hold(dev);
	*wire = (struct warren_wire){net->w, dev, output, arg};
	*(struct warren_wire **)dev_priv(dev) = wire;
	*out = wire;
	return 0;

err_dev:
	dev_discard(dev);
err_wire:
	mem_free(&net->w->mem, wire);
	return err;
}

int warren_wire_new(struct warren_ns *ns, const char *name, const uint8_t mac[6],
		    void (*output)(void *arg, const void *frame, size_t len), void *arg,
		    struct warren_wire **out)
{
	return wire_new(ns, &wire_kind, name, mac, output, arg, out);
}

int warren_phys_new(struct warren_ns *ns, const char *name, const uint8_t mac[6],
		    void (*output)(void *arg, const void *frame, size_t len), void *arg,
		    struct warren_wire **out)
{
	return wire_new(ns, &phys_kind, name, mac, output, arg, out);
}

int warren_wire_where(const struct warren_wire *wire, struct warren_ns **ns,
		      char name[16])
{
	const struct dev *dev = wire->dev;

	if (dev->state != DEV_REGISTERED)
		return -ENODEV;
	*ns = net_ns(dev->net);
	memcpy(name, dev->name, IFNAMSIZ);
	return 0;
}

void warren_wire_free(struct warren_wire *wire)
{
	struct dev *dev;

	if (!wire)
		return;
	dev = wire->dev;
	*(struct warren_wire **)dev_priv(dev) = NULL;
	dev_unregister(dev);
	mem_free(&wire->w->mem, wire);
	dev_put(dev);
}

int warren_wire_input(struct warren_wire *wire, const void *frame, size_t len)
{
	struct dev *dev = wire->dev;
	struct pkt *p;

	if (len < ETH_HLEN || len > PKT_MAX)
		return -EINVAL;
	if (dev->state != DEV_REGISTERED || !dev_is_up(dev))
		return -ENETDOWN;
	p = pkt_new(dev->net->worker, 0, (u32)len);
	if (!p)
		return -ENOMEM;
	memcpy(pkt_put(p, (u32)len), frame, len);
	path_input(dev, p);
	return 0;
}

/* ---- captures ---- */

/*
 * Interfaces are numbered as they are first seen. Devices come and go, so they are
 * named by net and name, not by pointer.
 */
struct seen {
	struct list node;
	u64 cookie;
	char name[IFNAMSIZ];
	u32 number;
};

struct warren_capture {
	struct warren *w;
	struct tap tap;
	struct list seen;
	u32 n_seen;
	void (*write)(void *arg, const void *bytes, size_t len);
	void *arg;
};

static bool interface_of(struct warren_capture *c, const struct dev *dev, u32 *number)
{
	u8 buf[PCAPNG_INTERFACE_MAX];
	char name[96];
	struct seen *s;

	list_for_each(s, &c->seen, node)
		if (s->cookie == dev->net->cookie && !strcmp(s->name, dev->name)) {
			*number = s->number;
			return true;
		}
	s = mem_alloc(&c->w->mem, sizeof(*s));
	if (!s)
		return false;
	s->cookie = dev->net->cookie;
	memcpy(s->name, dev->name, IFNAMSIZ);
	s->number = c->n_seen++;
	list_add_tail(&c->seen, &s->node);
	text_format(name, sizeof(name), "%s:%s", dev->net->name, dev->name);
	c->write(c->arg, buf, pcapng_interface(buf, PCAPNG_LINK_ETHERNET, name, 0));
	*number = s->number;
	return true;
}

static void see(struct tap *tap, struct dev *dev, const struct pkt *p, bool out)
{
	struct warren_capture *c = tap->arg;
	u8 head[PCAPNG_PACKET_HEAD], tail[PCAPNG_PACKET_TAIL_MAX];
	u32 dir = out ? PCAPNG_OUT : PCAPNG_IN, number, n;

	if (!interface_of(c, dev, &number))
		return;
	n = pcapng_packet_head(head, number, clock_wall(c->w), p->len, p->len, dir);
	c->write(c->arg, head, n);
	c->write(c->arg, p->data, p->linear);
	for (int i = 0; i < p->n_frags; i++)
		c->write(c->arg, p->frag[i].block->data + p->frag[i].off,
			 p->frag[i].len);
	c->write(c->arg, tail, pcapng_packet_tail(tail, p->len, dir));
}

int warren_capture_begin(struct warren *w, struct warren_ns *ns,
			 void (*write)(void *arg, const void *bytes, size_t len),
			 void *arg, struct warren_capture **out)
{
	struct warren_capture *c = mem_alloc(&w->mem, sizeof(*c));
	u8 buf[PCAPNG_SECTION_MAX];

	if (!c)
		return -ENOMEM;
	c->w = w;
	c->write = write;
	c->arg = arg;
	list_init(&c->seen);
	c->tap = (struct tap){.net = ns ? ns_net(ns) : NULL, .see = see, .arg = c};
	list_init(&c->tap.node);
	capture_add(w, &c->tap);
	write(arg, buf, pcapng_section(buf, "warren"));
	*out = c;
	return 0;
}

void warren_capture_end(struct warren_capture *c)
{
	struct seen *s, *tmp;

	if (!c)
		return;
	tap_del(&c->tap);
	list_for_each_safe(s, tmp, &c->seen, node) {
		list_del(&s->node);
		mem_free(&c->w->mem, s);
	}
	mem_free(&c->w->mem, c);
}
