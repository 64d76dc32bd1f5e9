/* SPDX-License-Identifier: MIT */
/*
 * lab.c - a warren in virtual time: hosts by name, bad wires, captures
 *
 * A wire is a pair of devices of a kind of its own. Each frame that enters it
 * becomes a flight with a timer; it arrives when the timer fires. What happens
 * to it on the way is drawn from the lab's generator in the order of sending.
 */

#include "lab.h"

#include "base/bug.h"
#include "base/random.h"
#include "core/warren.h"
#include "core/worker.h"
#include "ip/addr4.h"
#include "link/ether.h"
#include "parts.h"
#include "wire/inet.h"
#include "wire/pcapng.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/uio.h>

struct lab {
	struct warren *w;
	struct random random;
	struct fault fault;
	struct list wires, hosts;
	int n_wires;
	struct tap tap;
	bool capturing;
	u8 *cap;
	size_t cap_len, cap_room;
	struct list ifaces; /* struct iface: numbers in the capture */
	u32 n_ifaces;
	struct caller caller;
};

struct host {
	struct list node;
	char name[32];
	struct net *net;
};

struct iface {
	struct list node;
	const struct dev *dev;
	u32 id;
};

struct lab_wire {
	struct list node;
	struct lab *lab;
	struct lab_fault f;
	struct dev *dev[2]; /* held */
	struct list flights;
	u64 free_ns[2]; /* when the last frame of that direction is out */
	u32 waiting[2];
	u64 frames;
};

struct flight {
	struct list node;
	struct timer timer;
	struct lab_wire *wire;
	struct pkt *p;
	int to;
	bool queued;
};

struct wire_priv {
	struct lab_wire *wire;
	int end;
};

/* ---- wires ---- */

static struct wire_priv *priv(const struct dev *dev)
{
	return dev_priv(dev);
}

static void arrive(struct timer *t)
{
	struct flight *fl = container_of(t, struct flight, timer);
	struct lab_wire *w = fl->wire;
	struct dev *dev = w->dev[fl->to];

	list_del(&fl->node);
	if (fl->queued)
		w->waiting[fl->to]--;
	if (dev && dev->state == DEV_REGISTERED && dev_is_up(dev)) {
		w->frames++;
		path_input(dev, fl->p);
	} else {
		pkt_free(fl->p);
	}
	free(fl);
}

static bool happens(struct lab_wire *w, u32 of_10000)
{
	return of_10000 && random_below(&w->lab->random, 10000) < of_10000;
}

static void launch(struct lab_wire *w, struct pkt *p, int to, u64 at, bool queued)
{
	struct flight *fl = calloc(1, sizeof(*fl));

	BUG_ON(!fl);
	fl->wire = w;
	fl->p = p;
	fl->to = to;
	fl->queued = queued;
	w->waiting[to] += queued;
	list_add_tail(&w->flights, &fl->node);
	timer_init(&fl->timer, w->lab->w->worker->wheel, arrive);
	timer_set_at(&fl->timer, at);
}

static int wire_xmit(struct dev *dev, struct pkt *p)
{
	struct lab_wire *w = priv(dev)->wire;
	int to = !priv(dev)->end;
	u64 now = clock_now(w->lab->w), at = now + w->f.delay_ns;
	struct pkt *copy = NULL;

	dev->stats.tx_packets++;
	dev->stats.tx_bytes += p->len;
	if ((w->f.lose && w->f.lose(w->f.arg, p, priv(dev)->end)) ||
	    happens(w, w->f.loss)) {
		pkt_drop(dev->net, p, DROP_LAB_LOSS);
		return 0;
	}
	if (w->f.rate_bps) {
		u64 start = w->free_ns[to] > now ? w->free_ns[to] : now;

		if (w->waiting[to] >= (w->f.queue ? w->f.queue : 1000)) {
			pkt_drop(dev->net, p, DROP_LAB_LOSS);
			return 0;
		}
		w->free_ns[to] = start + (u64)p->len * 8 * NS_PER_S / w->f.rate_bps;
		at = w->free_ns[to] + w->f.delay_ns;
	}
	if (happens(w, w->f.reorder) && w->f.jitter_ns)
		at += random_next(&w->lab->random) % w->f.jitter_ns;
	pkt_scrub(p, true);
	if (happens(w, w->f.corrupt) && !pkt_linearize(p) && p->len) {
		u32 n = random_below(&w->lab->random, p->len);

		p->data[n] ^= (u8)(1 + random_below(&w->lab->random, 255));
	}
	if (!w->f.gso)
		p->csum = PKT_CSUM_NONE; /* nobody vouches for it */
	if (happens(w, w->f.duplicate))
		copy = pkt_clone(p);
	launch(w, p, to, at, w->f.rate_bps != 0);
	if (copy)
		launch(w, copy, to, at + w->f.delay_ns / 10, w->f.rate_bps != 0);
	return 0;
}

static const struct dev_ops wire_ops = {
    .xmit = wire_xmit,
};

static void wire_setup(struct dev *dev)
{
	ether_setup(dev);
	dev->ops = &wire_ops;
	ether_random_addr(dev->net, dev->addr);
}

static const struct dev_kind wire_kind = {
    .name = "wire",
    .pattern = "w%d",
    .priv_size = sizeof(struct wire_priv),
    .setup = wire_setup,
};

static struct dev *end_new(struct lab_wire *w, struct net *net, int end,
			   const char *name, const char *addr)
{
	struct ifaddr4 want = {.scope = RT_SCOPE_UNIVERSE, .flags = IFA_F_PERMANENT};
	char ip[32];
	const char *slash = strchr(addr, '/');
	struct dev *dev;

	BUG_ON(dev_new(net, &wire_kind, name, &dev));
	priv(dev)->wire = w;
	priv(dev)->end = end;
	if (w->f.mtu)
		dev->mtu = w->f.mtu;
	dev->features_csum = dev->features_gso = w->f.gso;
	BUG_ON(dev_register(dev));
	dev_hold(dev);
	dev_set_carrier(dev, true);
	BUG_ON(dev_open(dev));
	BUG_ON(!slash);
	memcpy(ip, addr, (size_t)(slash - addr));
	ip[slash - addr] = 0;
	BUG_ON(text_parse_ip4(ip, &want.local));
	want.address = want.local;
	want.plen = (u8)atoi(slash + 1);
	want.mask = ip4_mask(want.plen);
	want.broadcast = want.local | ~want.mask;
	want.valid_s = want.preferred_s = 0xffffffff;
	strncpy(want.label, name, sizeof(want.label) - 1);
	BUG_ON(addr4_add(dev, &want, false, NULL));
	return dev;
}

struct lab_wire *lab_wire(struct lab *lab, const char *a, const char *addr_a,
			  const char *b, const char *addr_b, const struct lab_fault *f)
{
	struct lab_wire *w = calloc(1, sizeof(*w));
	char name[IFNAMSIZ];

	BUG_ON(!w);
	w->lab = lab;
	if (f)
		w->f = *f;
	list_init(&w->flights);
	list_add_tail(&lab->wires, &w->node);
	text_format(name, sizeof(name), "w%d", lab->n_wires++);
	w->dev[0] = end_new(w, lab_host(lab, a), 0, name, addr_a);
	w->dev[1] = end_new(w, lab_host(lab, b), 1, name, addr_b);
	return w;
}

struct lab_fault *lab_wire_fault(struct lab_wire *w)
{
	return &w->f;
}

struct dev *lab_wire_dev(struct lab_wire *w, int end)
{
	return w->dev[end];
}

u64 lab_wire_frames(const struct lab_wire *w)
{
	return w->frames;
}

static void wire_free(struct lab_wire *w)
{
	while (!list_empty(&w->flights)) {
		struct flight *fl = list_entry(w->flights.next, struct flight, node);

		list_del(&fl->node);
		timer_cancel(&fl->timer);
		pkt_free(fl->p);
		free(fl);
	}
	for (int i = 0; i < 2; i++) {
		struct dev *dev = w->dev[i];

		w->dev[i] = NULL;
		if (dev->state == DEV_REGISTERED)
			dev_unregister(dev);
		dev_put(dev);
	}
	list_del(&w->node);
	free(w);
}

/* ---- the lab ---- */

struct lab *lab_new(u64 seed)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	struct warren_config cfg = {
	    .parts = warren_parts,
	    .seed = seed,
	    .virtual_time = true,
	    .fault = &lab->fault,
	};

	BUG_ON(!lab);
	list_init(&lab->wires);
	list_init(&lab->hosts);
	list_init(&lab->ifaces);
	random_seed(&lab->random, seed ^ 0x6c6162);
	BUG_ON(warren_new(&cfg, &lab->w));
	clock_set(&lab->w->clock, 1000 * NS_PER_S); /* no timestamp is zero */
	lab->caller.caps = ~0ULL;
	return lab;
}

void lab_free(struct lab *lab)
{
	struct host *h, *tmp;
	struct iface *i, *itmp;

	while (!list_empty(&lab->wires))
		wire_free(list_entry(lab->wires.next, struct lab_wire, node));
	if (lab->capturing)
		tap_del(&lab->tap);
	list_for_each_safe(h, tmp, &lab->hosts, node) {
		net_put(h->net);
		free(h);
	}
	list_for_each_safe(i, itmp, &lab->ifaces, node)
		free(i);
	warren_free(lab->w);
	free(lab->cap);
	free(lab);
}

struct warren *lab_warren(struct lab *lab)
{
	return lab->w;
}

struct net *lab_host(struct lab *lab, const char *name)
{
	struct host *h;

	list_for_each(h, &lab->hosts, node)
		if (!strcmp(h->name, name))
			return h->net;
	h = calloc(1, sizeof(*h));
	BUG_ON(!h);
	strncpy(h->name, name, sizeof(h->name) - 1);
	BUG_ON(net_new(lab->w, name, &h->net));
	if (h->net->lo)
		BUG_ON(dev_open(h->net->lo));
	list_add_tail(&lab->hosts, &h->node);
	return h->net;
}

void lab_fail_alloc(struct lab *lab, u64 nth)
{
	lab->fault.countdown = nth;
}

u64 lab_failed_allocs(const struct lab *lab)
{
	return lab->fault.failed;
}

/* ---- time ---- */

u64 lab_now(const struct lab *lab)
{
	return clock_now(lab->w);
}

void lab_settle(struct lab *lab)
{
	worker_settle(lab->w->worker);
}

bool lab_run_until(struct lab *lab, bool (*done)(void *arg), void *arg, u64 ns)
{
	u64 end = lab_now(lab) + ns;

	for (;;) {
		u64 next;

		lab_settle(lab);
		if (done && done(arg))
			return true;
		if (lab_now(lab) >= end)
			return false;
		next = worker_deadline(lab->w->worker);
		if (next > end)
			next = end;
		clock_set(&lab->w->clock, next);
	}
}

void lab_run(struct lab *lab, u64 ns)
{
	lab_run_until(lab, NULL, NULL, ns);
}

/* ---- captures ---- */

static void cap_add(struct lab *lab, const void *data, size_t len)
{
	if (lab->cap_len + len > lab->cap_room) {
		lab->cap_room = (lab->cap_len + len) * 2;
		lab->cap = realloc(lab->cap, lab->cap_room);
		BUG_ON(!lab->cap);
	}
	if (len)
		memcpy(lab->cap + lab->cap_len, data, len);
	lab->cap_len += len;
}

static u32 iface_id(struct lab *lab, const struct dev *dev)
{
	u8 buf[PCAPNG_INTERFACE_MAX];
	char name[96];
	struct iface *i;

	list_for_each(i, &lab->ifaces, node)
		if (i->dev == dev)
			return i->id;
	i = calloc(1, sizeof(*i));
	BUG_ON(!i);
	i->dev = dev;
	i->id = lab->n_ifaces++;
	list_add_tail(&lab->ifaces, &i->node);
	text_format(name, sizeof(name), "%s/%s", dev->net->name, dev->name);
	cap_add(lab, buf, pcapng_interface(buf, PCAPNG_LINK_ETHERNET, name, 0));
	return i->id;
}

static void see(struct tap *tap, struct dev *dev, const struct pkt *p, bool out)
{
	struct lab *lab = tap->arg;
	u8 head[PCAPNG_PACKET_HEAD], tail[PCAPNG_PACKET_TAIL_MAX];
	u32 dir = out ? PCAPNG_OUT : PCAPNG_IN, id = iface_id(lab, dev);
	u8 *data = malloc(p->len);

	BUG_ON(!data);
	pkt_copy(p, 0, data, p->len);
	cap_add(lab, head,
		pcapng_packet_head(head, id, clock_wall(lab->w), p->len, p->len, dir));
	cap_add(lab, data, p->len);
	cap_add(lab, tail, pcapng_packet_tail(tail, p->len, dir));
	free(data);
}

int lab_capture(struct lab *lab)
{
	u8 buf[PCAPNG_SECTION_MAX];

	cap_add(lab, buf, pcapng_section(buf, "warren lab"));
	lab->tap.see = see;
	lab->tap.arg = lab;
	capture_add(lab->w, &lab->tap);
	lab->capturing = true;
	return 0;
}

const u8 *lab_capture_bytes(const struct lab *lab, size_t *len)
{
	*len = lab->cap_len;
	return lab->cap;
}

/* ---- sockets ---- */

struct sock *lab_socket(struct lab *lab, const char *host, int type, int protocol)
{
	struct net *net = lab_host(lab, host);
	struct sock *sk;

	lab->caller.net = net;
	if (sock_create(net, &lab->caller, AF_INET, type, protocol, &sk))
		return NULL;
	return sk;
}

static struct sockaddr_in sin_of(const char *addr, u16 port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = cpu_to_be16(port)};
	be32 ip;

	BUG_ON(text_parse_ip4(addr, &ip));
	sin.sin_addr.s_addr = ip;
	return sin;
}

static struct caller root_of(const struct sock *sk)
{
	return (struct caller){.net = sk->net, .caps = ~0ULL};
}

int lab_bind(struct sock *sk, const char *addr, u16 port)
{
	struct sockaddr_in sin = sin_of(addr, port);
	struct caller c = root_of(sk);

	return sk->ops->bind(sk, &c, (struct sockaddr *)&sin, sizeof(sin));
}

int lab_connect(struct sock *sk, const char *addr, u16 port)
{
	struct sockaddr_in sin = sin_of(addr, port);
	struct caller c = root_of(sk);

	return sk->ops->connect(sk, &c, (struct sockaddr *)&sin, sizeof(sin));
}

ssize_t lab_send(struct sock *sk, const void *buf, size_t len, int flags)
{
	struct iovec v = {(void *)(uintptr_t)buf, len};
	struct caller c = root_of(sk);
	struct msg m = {.iov = &v, .n_iov = 1, .flags = flags, .caller = &c};

	return sk->ops->send(sk, &m);
}

ssize_t lab_recv(struct sock *sk, void *buf, size_t len, int flags)
{
	struct iovec v = {buf, len};
	struct caller c = root_of(sk);
	struct msg m = {.iov = &v, .n_iov = 1, .flags = flags, .caller = &c};

	return sk->ops->recv(sk, &m);
}

int lab_set_int(struct sock *sk, int level, int name, int v)
{
	struct caller c = root_of(sk);

	if (level == SOL_SOCKET)
		return sock_set_opt(sk, &c, level, name, &v, sizeof(v));
	return sk->ops->set_opt(sk, &c, level, name, &v, sizeof(v));
}

int lab_get_int(struct sock *sk, int level, int name)
{
	int v = 0, err;
	socklen_t len = sizeof(v);

	if (level == SOL_SOCKET)
		err = sock_get_opt(sk, level, name, &v, &len);
	else
		err = sk->ops->get_opt(sk, level, name, &v, &len);
	return err ? err : v;
}
