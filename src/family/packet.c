/* SPDX-License-Identifier: MIT */
/*
 * packet.c - AF_PACKET: frames in and out of devices, past all protocols
 *
 * A packet socket is a tap (core/dev.h) with a queue behind it. It hears the
 * frames of one device or of all devices of its net, of one ethertype as they
 * come in, or with ETH_P_ALL everything, what goes out too (packet(7)):
 *
 *	path.c: tap.see --> packet_take(): filter --> rx_queue --> recvmsg()
 *	                         |              `---> ring, mapped by the program
 *	                         `- or first to a group, which chooses (fanout)
 *
 * SOCK_RAW: data with the link header. SOCK_DGRAM: without, and one is built
 * for what is sent.
 *
 * The states of the bound device (N3.16):
 *
 *	bind() -- device up --> running --down--> ENETDOWN --up--> running
 *	                          `--- gone: ENETDOWN, ifindex -1, ENXIO from send
 *
 * packet.c     life, bind, names, devices that come and go
 * packet_io.c  frames in and out      packet_ring.c    PACKET_RX_RING
 * packet_opt.c options                packet_fanout.c  groups of sockets
 * packet_member.c  PACKET_ADD_MEMBERSHIP
 *
 * Not here: SOCK_PACKET, sending by a ring, PACKET_VNET_HDR.
 */

#include "family/packet_impl.h"

#include "core/event.h"

#include <linux/if_ether.h>
#include <linux/packet_diag.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

/* ---- hearing ---- */

int packet_hook(struct packet_sock *ps)
{
	int err;

	if (ps->running)
		return 0;
	if (ps->fanout) {
		err = packet_fanout_link(ps);
	} else {
		ps->tap = (struct tap){
		    .net = ps->sk.net,
		    .dev = ps->dev,
		    .ethertype = ps->num == ETH_P_ALL ? 0 : ps->num,
		    .see = packet_see,
		    .arg = ps,
		};
		err = tap_add(&ps->tap);
	}
	if (err)
		return err;
	ps->running = true;
	sock_get(&ps->sk);
	return 0;
}

void packet_unhook(struct packet_sock *ps)
{
	if (!ps->running)
		return;
	ps->running = false;
	if (ps->fanout)
		packet_fanout_unlink(ps);
	else
		tap_del(&ps->tap);
	sock_put(&ps->sk);
}

/* ---- names ---- */

static int packet_bind(struct sock *sk, const struct caller *c,
		       const struct sockaddr *a, socklen_t len)
{
	struct packet_sock *ps = packet_sk(sk);
	struct dev *dev = NULL;
	struct sockaddr_ll ll;
	u16 num;

	(void)c;
	if (len < sizeof(ll))
		return -EINVAL;
	memcpy(&ll, a, sizeof(ll));
	if (ll.sll_family != AF_PACKET || ps->fanout)
		return -EINVAL;
	num = be16_to_cpu(ll.sll_protocol);
	if (!num)
		num = ps->num;
	if (ll.sll_ifindex) {
		dev = dev_by_index(sk->net, ll.sll_ifindex);
		if (!dev)
			return -ENODEV;
	}
	if (num == ps->num && dev == ps->dev && ps->ifindex >= 0)
		return 0;
	sock_get(sk);
	packet_unhook(ps);
	ps->num = num;
	ps->dev = dev;
	ps->ifindex = dev ? dev->ifindex : 0;
	sock_put(sk);
	if (!num)
		return 0;
	if (!dev || dev_is_up(dev))
		return packet_hook(ps);
	sock_set_error(sk, ENETDOWN);
	return 0;
}

static int packet_name(struct sock *sk, bool peer, struct sockaddr_storage *a,
		       socklen_t *len)
{
	const struct packet_sock *ps = packet_sk(sk);
	struct sockaddr_ll ll = {
	    .sll_family = AF_PACKET,
	    .sll_protocol = cpu_to_be16(ps->num),
	    .sll_ifindex = ps->ifindex,
	};

	if (peer)
		return -EOPNOTSUPP;
	if (ps->dev) {
		ll.sll_hatype = ps->dev->type;
		ll.sll_halen = ps->dev->addr_len;
		memcpy(ll.sll_addr, ps->dev->addr,
		       min(ll.sll_halen, (u8)sizeof(ll.sll_addr)));
	}
	memcpy(a, &ll, sizeof(ll));
	*len = (socklen_t)(offsetof(struct sockaddr_ll, sll_addr) + ll.sll_halen);
	return 0;
}

static int packet_ioctl(struct sock *sk, const struct caller *c, unsigned long req,
			void *arg)
{
	const struct pkt *p;

	(void)c;
	switch (req) {
	case SIOCINQ:
		p = sock_dequeue_rx(sk, true);
		*(int *)arg = p ? (int)p->len : 0;
		return 0;
	case SIOCOUTQ:
		*(int *)arg = (int)sk->wmem;
		return 0;
	default:
		return -ENOIOCTLCMD;
	}
}

/* ---- devices come and go ---- */

static void lose_device(struct packet_sock *ps, const struct dev *dev, bool gone)
{
	if (gone)
		packet_member_forget(ps, dev);
	if (ps->dev != dev)
		return;
	sock_get(&ps->sk);
	if (ps->running) {
		packet_unhook(ps);
		sock_set_error(&ps->sk, ENETDOWN);
	}
	if (gone) {
		ps->dev = NULL;
		ps->ifindex = -1;
	}
	sock_put(&ps->sk);
}

static int on_device(struct net *net, enum event_kind kind, void *obj)
{
	const struct dev *dev = obj;
	struct packet_sock *ps, *tmp;

	list_for_each_safe(ps, tmp, &packet_net(net)->socks, node) {
		if (kind != EV_DEV_UP)
			lose_device(ps, dev, kind == EV_DEV_UNREGISTER);
		else if (ps->dev == dev && ps->num)
			packet_hook(ps);
	}
	if (kind == EV_DEV_UNREGISTER)
		packet_fanout_forget(net, dev);
	return 0;
}

/* ---- life ---- */

static void packet_release(struct sock *sk)
{
	struct packet_sock *ps = packet_sk(sk);

	packet_unhook(ps);
	packet_fanout_leave(ps);
	packet_member_drop_all(ps);
	packet_ring_free(ps);
	list_del(&ps->node);
	ps->dev = NULL;
	sock_purge(sk);
}

static const struct sock_ops packet_ops = {
    .release = packet_release,
    .bind = packet_bind,
    .name = packet_name,
    .send = packet_send,
    .recv = packet_recv,
    .poll = packet_poll,
    .set_opt = packet_set_opt,
    .get_opt = packet_get_opt,
    .ioctl = packet_ioctl,
    .map = packet_map,
};

static int packet_create(struct net *net, const struct caller *c, int type,
			 int protocol, struct sock **out)
{
	struct packet_worker *pw = worker_part(net->worker, PART_PACKET);
	struct packet_sock *ps;
	int err;

	if (c && !caller_can_in(c, net, CAP_NET_RAW))
		return -EPERM;
	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	ps = slab_get(&pw->slab);
	if (!ps)
		return -ENOBUFS;
	sock_init(&ps->sk, net, &packet_ops, &pw->slab, AF_PACKET, type, 0);
	list_init(&ps->members);
	ps->num = be16_to_cpu((__force be16)(u16)protocol);
	ps->ring.share.fd = -1;
	list_init(&ps->node);
	list_add_tail(&packet_net(net)->socks, &ps->node);
	err = ps->num ? packet_hook(ps) : 0;
	if (err) {
		sock_release(&ps->sk);
		return err;
	}
	*out = &ps->sk;
	return 0;
}

static const struct family packet_family = {
    .family = AF_PACKET,
    .create = packet_create,
};

/* ---- for views and diag ---- */

void packet_info(const struct sock *sk, struct packet_info *out)
{
	const struct packet_sock *ps = packet_sk(sk);

	*out = (struct packet_info){
	    .num = ps->num,
	    .ifindex = ps->ifindex,
	    .running = ps->running,
	    .version = ps->version,
	    .reserve = ps->reserve,
	    .copy_thresh = ps->copy_thresh,
	    .tstamp = ps->tstamp,
	    .flags = (ps->running ? PDI_RUNNING : 0) | (ps->auxdata ? PDI_AUXDATA : 0) |
		     (ps->origdev ? PDI_ORIGDEV : 0) | (ps->loss ? PDI_LOSS : 0),
	    .fanout = packet_fanout_word(ps),
	    .filter = sk->filter ? sk->filter->prog : NULL,
	    .filter_n = sk->filter ? sk->filter->n : 0,
	    .ring = ps->ring.share.mem ? &ps->ring.req : NULL,
	};
}

/* ---- the part ---- */

static int packet_boot(struct warren *w)
{
	static const enum event_kind kinds[] = {EV_DEV_UP, EV_DEV_DOWN,
						EV_DEV_UNREGISTER};
	int err = family_register(w, &packet_part, &packet_family);

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && !err; i++)
		err = event_listen(w, &packet_part, kinds[i], on_device);
	return err;
}

static int packet_worker_init(struct worker *k)
{
	struct packet_worker *pw = worker_part(k, PART_PACKET);

	slab_init(&pw->slab, "packet", sizeof(struct packet_sock), &k->w->mem);
	return 0;
}

static void packet_worker_exit(struct worker *k)
{
	struct packet_worker *pw = worker_part(k, PART_PACKET);

	slab_fini(&pw->slab);
}

static int packet_net_init(struct net *net)
{
	list_init(&packet_net(net)->socks);
	list_init(&packet_net(net)->fanouts);
	return 0;
}

const struct part packet_part = {
    .name = "packet",
    .id = PART_PACKET,
    .worker_size = sizeof(struct packet_worker),
    .net_size = sizeof(struct packet_net),
    .boot = packet_boot,
    .worker_init = packet_worker_init,
    .net_init = packet_net_init,
    .worker_exit = packet_worker_exit,
};
