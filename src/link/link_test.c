/* SPDX-License-Identifier: MIT */
/*
 * link_test.c - Ethernet, lo, veth, the attributes of links; big packets cut on the
 * way out
 *
 *	"see" takes what comes in with ethertype IPv4; a device of the kind "real"
 *	can neither cut nor sum and keeps what it was given.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/event.h"
#include "link/ether.h"
#include "link/linkattr.h"
#include "link/loopback.h"
#include "link/veth.h"
#include "wire/csum.h"
#include "wire/ether.h"
#include "wire/inet.h"
#include "wire/tcp.h"
#include "wire/udp.h"

#include <cmocka.h>

#include <linux/if_arp.h>

struct seen {
	struct list in;	 /* what "see" received */
	struct list out; /* what a real device sent */
};

static struct seen *seen(const struct warren *w)
{
	return warren_part(w, PART_TEST);
}

static void see_packet(struct dev *dev, struct pkt *p)
{
	list_add_tail(&seen(dev->net->w)->in, &p->node);
}

static const struct link_proto see_ip = {.ethertype = ETH_P_IP, .receive = see_packet};

static const struct part see_part;

static int see_boot(struct warren *w)
{
	list_init(&seen(w)->in);
	list_init(&seen(w)->out);
	return path_register(w, &see_part, &see_ip);
}

static const struct part see_part = {
    .name = "see",
    .id = PART_TEST,
    .warren_size = sizeof(struct seen),
    .boot = see_boot,
};

static const struct part *const parts[] = {
    &dev_part, &loopback_part, &veth_part, &see_part, NULL,
};

static int real_xmit(struct dev *dev, struct pkt *p)
{
	dev->stats.tx_packets++;
	list_add_tail(&seen(dev->net->w)->out, &p->node);
	return 0;
}

static const struct dev_ops real_ops = {.xmit = real_xmit};

static void real_setup(struct dev *dev)
{
	ether_setup(dev);
	dev->ops = &real_ops;
	ether_random_addr(dev->net, dev->addr);
}

static const struct dev_kind real_kind = {
    .name = "real",
    .pattern = "real%d",
    .setup = real_setup,
};

struct world {
	struct warren *w;
	struct net *a, *b;
	struct dev *real, *v0, *v1; /* v0 in a, v1 in b */
	struct fault fault;
};

static int setup(void **state)
{
	struct world *x = calloc(1, sizeof(*x));
	struct warren_config cfg = {
	    .parts = parts,
	    .seed = 3,
	    .virtual_time = true,
	    .fault = &x->fault,
	};

	assert_int_equal(warren_new(&cfg, &x->w), 0);
	assert_int_equal(net_new(x->w, "a", &x->a), 0);
	assert_int_equal(net_new(x->w, "b", &x->b), 0);
	assert_int_equal(veth_pair(x->a, "v0", x->b, "v1", &x->v0, &x->v1), 0);
	assert_int_equal(dev_new(x->a, &real_kind, "real", &x->real), 0);
	assert_int_equal(dev_register(x->real), 0);
	assert_int_equal(dev_open(x->a->lo), 0);
	assert_int_equal(dev_open(x->real), 0);
	assert_int_equal(dev_open(x->v0), 0);
	assert_int_equal(dev_open(x->v1), 0);
	*state = x;
	return 0;
}

static struct pkt *take(struct list *from)
{
	struct pkt *p = list_first(from, struct pkt, node);

	if (p)
		list_del(&p->node);
	return p;
}

static void run(struct world *x)
{
	worker_settle(x->w->worker);
}

static int teardown(void **state)
{
	struct world *x = *state;
	struct pkt *p;

	while ((p = take(&seen(x->w)->in)) || (p = take(&seen(x->w)->out)))
		pkt_free(p);
	if (x->a)
		net_put(x->a);
	net_put(x->b);
	run(x);
	warren_free(x->w);
	free(x);
	return 0;
}

/* ---- Ethernet ---- */

static void frame_in(struct world *x, struct dev *dev, const u8 *dst, u16 proto,
		     u32 len)
{
	struct pkt *p = pkt_new(x->w->worker, 0, 64);
	struct ether_hdr h = {.src = {2, 0, 0, 0, 0, 9}, .proto = cpu_to_be16(proto)};

	memcpy(h.dst, dst, ETH_ALEN);
	memset(pkt_put(p, 64), 0, 64);
	memcpy(p->data, &h, sizeof(h));
	pkt_trim(p, len);
	path_input(dev, p);
	run(x);
}

static void test_ether_in(void **state)
{
	static const u8 all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
			group[6] = {1, 0, 0x5e, 0, 0, 1}, other[6] = {2, 1, 1, 1, 1, 1};
	struct world *x = *state;
	const struct {
		const u8 *dst;
		u8 type;
	} cases[] = {
	    {x->real->addr, PKT_HOST},
	    {all, PKT_BROADCAST},
	    {group, PKT_MULTICAST},
	    {other, PKT_OTHERHOST},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pkt *p;

		frame_in(x, x->real, cases[i].dst, ETH_P_IP, 64);
		p = take(&seen(x->w)->in);
		assert_non_null(p);
		assert_int_equal(p->type, cases[i].type);
		assert_int_equal(p->len, 64 - ETH_HLEN);
		assert_int_equal(be16_to_cpu(p->proto), ETH_P_IP);
		assert_ptr_equal((u8 *)pkt_l2(p) + ETH_HLEN, pkt_l3(p));
		assert_int_equal(p->iif, x->real->ifindex);
		pkt_free(p);
	}
	assert_int_equal(x->real->stats.rx_packets, 4);
	assert_int_equal(x->real->stats.rx_bytes, 4 * 64);
	/* shorter than a header; nobody's ethertype; a length; a tag */
	frame_in(x, x->real, all, ETH_P_IP, ETH_HLEN - 1);
	assert_int_equal(x->real->stats.rx_errors, 1);
	assert_int_equal(x->a->drops[DROP_BAD_LENGTH], 1);
	frame_in(x, x->real, all, 0x1234, 64);
	frame_in(x, x->real, all, 46, 64);
	frame_in(x, x->real, all, ETH_P_8021Q, 64);
	assert_int_equal(x->a->drops[DROP_NO_PROTO], 3);
	frame_in(x, x->real, all, ETH_P_IP, ETH_HLEN); /* nothing behind it */
	assert_int_equal(list_first(&seen(x->w)->in, struct pkt, node)->len, 0);
	/* down */
	dev_close(x->real);
	frame_in(x, x->real, all, ETH_P_IP, 64);
	assert_int_equal(x->a->drops[DROP_DEV_DOWN], 1);
}

static void test_ether_out(void **state)
{
	static const u8 dst[6] = {2, 0, 0, 0, 0, 7}, src[6] = {2, 0, 0, 0, 0, 8};
	struct world *x = *state;
	struct dev *dev = x->real;
	struct pkt *p = pkt_new(x->w->worker, 0, 10);
	const struct ether_hdr *h;

	memset(pkt_put(p, 10), 'x', 10); /* no headroom: it grows */
	assert_int_equal(dev->link_header(dev, p, ETH_P_ARP, dst, NULL), 0);
	h = pkt_l2(p);
	assert_int_equal(p->len, 10 + ETH_HLEN);
	assert_memory_equal(h->dst, dst, 6);
	assert_memory_equal(h->src, dev->addr, 6);
	assert_int_equal(be16_to_cpu(h->proto), ETH_P_ARP);
	assert_memory_equal(h + 1, "xxxxxxxxxx", 10);
	pkt_pull(p, ETH_HLEN);
	assert_int_equal(dev->link_header(dev, p, ETH_P_IP, NULL, src), 0);
	h = pkt_l2(p);
	assert_memory_equal(h->dst, dev->broadcast, 6);
	assert_memory_equal(h->src, src, 6);
	/* longer than the device takes */
	pkt_free(p);
	p = pkt_new(x->w->worker, 0, dev->mtu + ETH_HLEN + 1);
	pkt_put(p, dev->mtu + ETH_HLEN + 1);
	assert_int_equal(path_transmit(dev, p), -EMSGSIZE);
	assert_int_equal(x->a->drops[DROP_TOO_BIG], 1);
	assert_true(dev->addr[0] & 2 && !(dev->addr[0] & 1));
}

/* ---- lo ---- */

static void test_loopback(void **state)
{
	struct world *x = *state;
	struct dev *lo = x->a->lo, *again;
	struct pkt *p = pkt_new(x->w->worker, PKT_HEADROOM, 30);

	assert_int_equal(lo->ifindex, 1);
	assert_int_equal(lo->mtu, 65536);
	assert_int_equal(lo->type, ARPHRD_LOOPBACK);
	memset(pkt_put(p, 30), 1, 30);
	p->mark = 7;
	assert_int_equal(lo->link_header(lo, p, ETH_P_IP, NULL, NULL), 0);
	assert_int_equal(path_transmit(lo, p), 0);
	run(x);
	p = take(&seen(x->w)->in);
	assert_non_null(p);
	assert_ptr_equal(p->dev, lo);
	assert_int_equal(p->type, PKT_HOST);
	assert_int_equal(p->mark, 7); /* stays: it is the same namespace */
	pkt_free(p);
	assert_int_equal(lo->stats.tx_packets, 1);
	assert_int_equal(lo->stats.rx_packets, 1);
	assert_int_equal(lo->stats.tx_bytes, 30);
	assert_int_equal(lo->stats.rx_bytes, 30);
	assert_int_equal(dev_move(lo, x->b, NULL, 0, NULL), -EINVAL);
	assert_int_equal(dev_new(x->a, lo->kind, "lo", &again), 0);
	assert_int_equal(dev_register(again), -EEXIST);
	dev_discard(again);
}

/* ---- veth ---- */

static int send_one(struct world *x, struct dev *dev, u32 mark)
{
	struct pkt *p = pkt_new(x->w->worker, PKT_HEADROOM, 30);
	int err;

	memset(pkt_put(p, 30), 1, 30);
	p->mark = mark;
	p->priority = 3;
	p->csum = PKT_CSUM_PARTIAL;
	p->csum_start = (u16)pkt_headroom(p);
	dev->link_header(dev, p, ETH_P_IP, NULL, NULL);
	err = path_transmit(dev, p);
	run(x);
	return err;
}

static void test_veth(void **state)
{
	struct world *x = *state;
	struct pkt *p;

	assert_true(x->v0->carrier && x->v1->carrier);
	assert_ptr_equal(x->v0->ops->peer(x->v0), x->v1);
	assert_int_equal(send_one(x, x->v0, 9), 0);
	p = take(&seen(x->w)->in);
	assert_non_null(p);
	assert_ptr_equal(p->dev, x->v1);
	assert_int_equal(p->iif, x->v1->ifindex);
	assert_int_equal(p->csum, PKT_CSUM_PARTIAL); /* as it was */
	assert_int_equal(p->mark, 0);		     /* of another namespace */
	pkt_free(p);
	assert_int_equal(x->v0->stats.tx_packets, 1);
	assert_int_equal(x->v1->stats.rx_packets, 1);
	assert_int_equal(x->v1->stats.rx_bytes, 30 + ETH_HLEN);
	/* the other end down: no carrier, what is sent all the same is counted */
	dev_close(x->v1);
	assert_false(x->v0->carrier || x->v1->carrier);
	send_one(x, x->v0, 0);
	assert_null(take(&seen(x->w)->in));
	assert_int_equal(x->v0->stats.tx_dropped, 1);
	assert_int_equal(x->a->drops[DROP_NO_CARRIER], 1);
	assert_int_equal(dev_open(x->v1), 0);
	assert_true(x->v0->carrier);
}

static void test_veth_ends(void **state)
{
	struct world *x = *state;
	struct dev *one, *two;

	/* one end deleted, both gone; so also when its namespace dies */
	assert_int_equal(veth_pair(x->a, "p0", x->b, "p1", &one, &two), 0);
	one->kind->dellink(one);
	assert_null(dev_by_name(x->a, "p0"));
	assert_null(dev_by_name(x->b, "p1"));
	assert_int_equal(veth_pair(x->a, "p0", x->a, "p1", &one, &two), 0);
	two->kind->dellink(two);
	assert_null(dev_by_name(x->a, "p0"));
	assert_int_equal(send_one(x, x->v1, 0), 0);
	pkt_free(take(&seen(x->w)->in));
	net_put(x->a);
	x->a = NULL;
	run(x);
	assert_null(dev_by_name(x->b, "v1"));
}

static void test_veth_refused(void **state)
{
	struct world *x = *state;
	struct dev *one, *two;
	u64 before;

	assert_int_equal(veth_pair(x->a, "v0", x->b, "new", &one, &two), -EEXIST);
	assert_null(dev_by_name(x->b, "new"));
	assert_int_equal(veth_pair(x->a, "new", x->b, "v1", &one, &two), -EEXIST);
	assert_null(dev_by_name(x->a, "new"));
	assert_int_equal(veth_pair(x->a, "a/b", x->b, "new", &one, &two), -EINVAL);
	assert_null(dev_by_name(x->b, "new"));
	before = x->w->mem.bytes;
	for (u64 n = 1;; n++) { /* each allocation fails once */
		int err;

		x->fault.countdown = n;
		err = veth_pair(x->a, "new", x->b, "new", &one, &two);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_null(dev_by_name(x->a, "new"));
		assert_null(dev_by_name(x->b, "new"));
		assert_true(x->w->mem.bytes <= before + 4096); /* tables may grow */
	}
	x->fault.countdown = 0;
	one->kind->dellink(one);
}

/* ---- attributes ---- */

/* Attributes of a message, by @build; parsed as RTM_NEWLINK's are */
struct attrs {
	u8 buf[512];
	const struct nlattr *tb[IFLA_MAX + 1];
};

static void parse(struct attrs *at, struct nlmsg_builder *b)
{
	struct nlattr_err bad;

	assert_int_equal(nlmsg_end(b), 0);
	assert_int_equal(nlmsg_parse((const void *)at->buf, 16, at->tb, IFLA_MAX,
				     link_policy, NL_VALIDATE_LIBERAL, &bad),
			 0);
}

static void begin(struct attrs *at, struct nlmsg_builder *b)
{
	nlmsg_builder_init(b, at->buf, sizeof(at->buf));
	assert_non_null(nlmsg_begin(b, 1, 16, 0, 0, 16));
}

static void test_apply(void **state)
{
	static const u8 mac[6] = {2, 9, 9, 9, 9, 9}, short_mac[4] = {2};
	struct world *x = *state;
	struct nlmsg_builder b;
	struct attrs at;
	struct dev *dev;

	assert_int_equal(dev_new(x->a, &real_kind, NULL, &dev), 0);
	begin(&at, &b);
	nla_put(&b, IFLA_IFNAME, 3, "e7");
	nla_put(&b, IFLA_ADDRESS, 6, mac);
	nla_put(&b, IFLA_MTU, 4, &(u32){900});
	nla_put(&b, IFLA_TXQLEN, 4, &(u32){5});
	nla_put(&b, IFLA_GROUP, 4, &(u32){8});
	parse(&at, &b);
	assert_int_equal(link_apply_attrs(dev, at.tb, NULL), 0);
	assert_string_equal(dev->name, "e7");
	assert_memory_equal(dev->addr, mac, 6);
	assert_int_equal(dev->mtu, 900);
	assert_int_equal(dev->txqlen, 5);
	assert_int_equal(dev->group, 8);

	begin(&at, &b);
	nla_put(&b, IFLA_ADDRESS, 4, short_mac);
	parse(&at, &b);
	assert_int_equal(link_apply_attrs(dev, at.tb, NULL), -EINVAL);
	begin(&at, &b);
	nla_put(&b, IFLA_MTU, 4, &(u32){67});
	parse(&at, &b);
	assert_int_equal(link_apply_attrs(dev, at.tb, NULL), -EINVAL);
	dev_discard(dev);
}

static int check_ether(const void *mac, u32 mac_len, u32 mtu)
{
	struct nlmsg_builder b;
	struct attrs at;

	begin(&at, &b);
	nla_put(&b, IFLA_ADDRESS, mac_len, mac);
	nla_put(&b, IFLA_MTU, 4, &mtu);
	parse(&at, &b);
	return link_check_ether(at.tb, 68, 9000);
}

static void test_check_ether(void **state)
{
	static const u8 good[6] = {2, 0, 0, 0, 0, 1}, group[6] = {1}, zero[6];

	(void)state;
	assert_int_equal(check_ether(good, 6, 68), 0);
	assert_int_equal(check_ether(good, 6, 9000), 0);
	assert_int_equal(check_ether(good, 6, 67), -EINVAL);
	assert_int_equal(check_ether(good, 6, 9001), -EINVAL);
	assert_int_equal(check_ether(good, 5, 68), -EINVAL);
	assert_int_equal(check_ether(group, 6, 68), -EADDRNOTAVAIL);
	assert_int_equal(check_ether(zero, 6, 68), -EADDRNOTAVAIL);
}

/* Descriptor 5, process 6: b */
static int by_number(const struct caller *c, int n, struct net **out)
{
	struct world *x = c->arg;

	if (n != 5 && n != 6)
		return n < 10 ? -EBADF : -ESRCH;
	*out = x->b;
	net_get(x->b);
	return 0;
}

static const struct caller_ops caller_ops = {by_number, by_number};

static int which_net(const struct caller *c, int type, s32 v, bool two,
		     struct net **out)
{
	struct world *x = c->arg;
	struct ext_ack ack = {0};
	struct nlmsg_builder b;
	struct attrs at;

	begin(&at, &b);
	if (type)
		nla_put(&b, (u16)type, 4, &v);
	if (two)
		nla_put(&b, IFLA_NET_NS_FD, 4, &(s32){5});
	parse(&at, &b);
	return link_attr_net(c, at.tb, x->a, out, &ack);
}

static void test_which_net(void **state)
{
	struct world *x = *state;
	struct caller c = {.net = x->a, .caps = ~0ULL, .ops = &caller_ops, .arg = x};
	struct net *net;

	assert_int_equal(which_net(&c, 0, 0, false, &net), 0);
	assert_ptr_equal(net, x->a);
	net_put(net);
	assert_int_equal(which_net(&c, IFLA_NET_NS_FD, 5, false, &net), 0);
	assert_ptr_equal(net, x->b);
	net_put(net);
	assert_int_equal(which_net(&c, IFLA_NET_NS_PID, 6, false, &net), 0);
	net_put(net);
	assert_int_equal(which_net(&c, IFLA_NET_NS_FD, 7, false, &net), -EBADF);
	assert_int_equal(which_net(&c, IFLA_NET_NS_PID, 77, false, &net), -ESRCH);
	assert_int_equal(which_net(&c, IFLA_NET_NS_PID, 6, true, &net), -EINVAL);
	assert_int_equal(which_net(&c, IFLA_TARGET_NETNSID, 3, false, &net), -EINVAL);
	assert_int_equal(nsid_set(x->a, x->b, 3), 0);
	assert_int_equal(which_net(&c, IFLA_TARGET_NETNSID, 3, false, &net), 0);
	net_put(net);
	c.caps = 0;
	assert_int_equal(which_net(&c, IFLA_NET_NS_FD, 5, false, &net), -EPERM);
}

/* ---- big packets ---- */

enum { PAYLOAD = 64000, PIECE = 1448, ID = 0xfffe };

#define FLAGS (TCPHDR_ACK | TCPHDR_PSH | TCPHDR_FIN | TCPHDR_CWR)
#define SEQ   0xffffff00U /* comes round on the way */

static u8 byte_of(u32 at)
{
	return (u8)(at * 31 + at / 251);
}

static void put_payload(struct world *x, struct pkt *p)
{
	for (u32 at = 0; at < PAYLOAD;) { /* odd blocks, some of it linear */
		u32 len = at ? min(8111U, PAYLOAD - at) : 37;
		struct block *b = block_new(x->w->worker, len);

		for (u32 i = 0; i < len; i++)
			b->data[i] = byte_of(at + i);
		if (at) {
			assert_int_equal(pkt_add_frag(p, b, 0, len), 0);
		} else {
			memcpy(pkt_put(p, len), b->data, len);
			block_put(b);
		}
		at += len;
	}
}

/* Ethernet, IPv4, TCP with timestamps or UDP, checksum partial */
static struct pkt *big(struct world *x, u8 proto)
{
	u32 l4_len = proto == IPPROTO_TCP ? 32 : 8;
	struct pkt *p = pkt_new(x->w->worker, PKT_HEADROOM, 200);
	struct ip4_hdr ip = {
	    .ver_ihl = 0x45,
	    .id = cpu_to_be16(ID),
	    .frag_off = cpu_to_be16(IP4_DF),
	    .ttl = 64,
	    .protocol = proto,
	    .saddr = cpu_to_be32(0x0a000001),
	    .daddr = cpu_to_be32(0x0a000002),
	    .tot_len = cpu_to_be16((u16)(20 + l4_len + PAYLOAD)),
	};
	struct tcp_hdr th = {
	    .source = cpu_to_be16(1000),
	    .dest = cpu_to_be16(80),
	    .seq = cpu_to_be32(SEQ),
	    .ack_seq = cpu_to_be32(77),
	    .doff_res = 8 << 4,
	    .flags = FLAGS,
	    .window = cpu_to_be16(500),
	};
	struct udp_hdr uh = {.source = th.source, .dest = th.dest};
	be16 sum = csum_fold(csum_pseudo4(ip.saddr, ip.daddr, proto, l4_len + PAYLOAD));

	sum = (__force be16)(u16) ~(__force u16)sum;
	th.check = uh.check = sum;
	ip.check = csum_ip4(&ip, sizeof(ip));
	pkt_set_l3(p);
	memcpy(pkt_put(p, sizeof(ip)), &ip, sizeof(ip));
	p->l4 = (u16)(p->l3 + sizeof(ip));
	if (proto == IPPROTO_TCP) {
		memcpy(pkt_put(p, sizeof(th)), &th, sizeof(th));
		memcpy(pkt_put(p, 12), "\1\1\10\12TSvaTSec", 12);
	} else {
		memcpy(pkt_put(p, sizeof(uh)), &uh, sizeof(uh));
	}
	put_payload(x, p);
	p->csum = PKT_CSUM_PARTIAL;
	p->csum_start = p->l4;
	p->csum_off = proto == IPPROTO_TCP ? 16 : 6;
	p->gso_size = PIECE;
	p->gso_segs = (PAYLOAD + PIECE - 1) / PIECE;
	p->gso_type = proto == IPPROTO_TCP ? GSO_TCP4 : GSO_UDP;
	x->real->link_header(x->real, p, ETH_P_IP, NULL, NULL);
	return p;
}

static void check_payload(const u8 *data, u32 len, u32 at)
{
	for (u32 i = 0; i < len; i++)
		assert_int_equal(data[i], byte_of(at + i));
}

/* The @n-th piece, and what all of them have. Return: bytes of payload */
static u32 check_piece(struct pkt *p, u8 proto, u32 n, u32 at)
{
	u32 l4_len = proto == IPPROTO_TCP ? 32 : 8;
	struct ip4_info i;
	const u8 *ip, *l4;

	assert_int_equal(pkt_linearize(p), 0);
	assert_int_not_equal(p->csum, PKT_CSUM_PARTIAL);
	ip = p->data + ETH_HLEN;
	assert_int_equal(ip4_parse(ip, p->len - ETH_HLEN, &i), 0);
	assert_true(i.csum_ok && i.dont_frag);
	assert_int_equal(i.tot_len, p->len - ETH_HLEN);
	assert_int_equal(be16_to_cpu(i.id), (u16)(ID + n));
	l4 = ip + 20;
	assert_int_equal(
	    csum_fold(csum_partial(l4, i.payload_len,
				   csum_pseudo4(i.src, i.dst, proto, i.payload_len))),
	    0);
	check_payload(l4 + l4_len, i.payload_len - l4_len, at);
	return i.payload_len - l4_len;
}

static void test_cut_tcp(void **state)
{
	struct world *x = *state;
	u32 at = 0, n = 0;
	struct pkt *p;

	assert_int_equal(path_transmit(x->real, big(x, IPPROTO_TCP)), 0);
	while ((p = take(&seen(x->w)->out))) {
		u32 len = check_piece(p, IPPROTO_TCP, n, at);
		bool last = at + len == PAYLOAD;
		struct tcp_hdr th;

		memcpy(&th, p->data + ETH_HLEN + 20, sizeof(th));
		assert_int_equal(len, last ? PAYLOAD % PIECE : PIECE);
		assert_int_equal(be32_to_cpu(th.seq), (u32)(SEQ + at));
		assert_int_equal(be32_to_cpu(th.ack_seq), 77);
		assert_int_equal(th.flags, TCPHDR_ACK | (n ? 0 : TCPHDR_CWR) |
					       (last ? TCPHDR_PSH | TCPHDR_FIN : 0));
		assert_memory_equal(p->data + ETH_HLEN + 40, "\1\1\10\12TSvaTSec", 12);
		pkt_free(p);
		at += len;
		n++;
	}
	assert_int_equal(at, PAYLOAD);
	assert_int_equal(x->real->stats.tx_packets, n);
}

static void test_cut_udp(void **state)
{
	struct world *x = *state;
	u32 at = 0, n = 0;
	struct pkt *p;

	assert_int_equal(path_transmit(x->real, big(x, IPPROTO_UDP)), 0);
	while ((p = take(&seen(x->w)->out))) {
		u32 len = check_piece(p, IPPROTO_UDP, n++, at);
		struct udp_hdr uh;

		memcpy(&uh, p->data + ETH_HLEN + 20, sizeof(uh));
		assert_int_equal(be16_to_cpu(uh.len), 8 + len);
		pkt_free(p);
		at += len;
	}
	assert_int_equal(at, PAYLOAD);
}

/* Who can take it gets it whole */
static void test_uncut(void **state)
{
	struct world *x = *state;
	u8 *all = malloc(PAYLOAD);
	struct pkt *p;

	assert_int_equal(path_transmit(x->v0, big(x, IPPROTO_TCP)), 0);
	run(x);
	p = take(&seen(x->w)->in);
	assert_non_null(p);
	assert_int_equal(p->gso_size, PIECE);
	assert_int_equal(p->len, 20 + 32 + PAYLOAD);
	pkt_copy(p, 52, all, PAYLOAD);
	check_payload(all, PAYLOAD, 0);
	assert_int_equal(x->v1->stats.rx_packets, p->gso_segs);
	pkt_free(p);
	free(all);
}

/* What can not be cut is dropped for a reason */
static void test_cut_refused(void **state)
{
	struct world *x = *state;
	struct pkt *p = big(x, IPPROTO_TCP);
	u64 bytes;

	p->data[ETH_HLEN + 20 + 12] = 4 << 4; /* a header of 16 bytes */
	assert_int_equal(path_transmit(x->real, p), -EINVAL);
	p = big(x, IPPROTO_TCP);
	p->data[ETH_HLEN + 20 + 12] = 15 << 4; /* the rest of it is in the payload */
	assert_int_equal(path_transmit(x->real, p), 0);
	while ((p = take(&seen(x->w)->out)))
		pkt_free(p);
	assert_int_equal(x->a->drops[DROP_BAD_HEADER], 1);
	bytes = x->w->mem.bytes;
	for (u64 n = 1; n < 5; n++) {
		p = big(x, IPPROTO_TCP);
		x->fault.countdown = n;
		path_transmit(x->real, p);
		x->fault.countdown = 0;
		while ((p = take(&seen(x->w)->out)))
			pkt_free(p);
		assert_true(x->w->mem.bytes <= bytes + 65536); /* slabs keep theirs */
	}
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WORLD_TEST(test_ether_in),	  WORLD_TEST(test_ether_out),
	    WORLD_TEST(test_loopback),	  WORLD_TEST(test_veth),
	    WORLD_TEST(test_veth_ends),	  WORLD_TEST(test_veth_refused),
	    WORLD_TEST(test_apply),	  WORLD_TEST(test_check_ether),
	    WORLD_TEST(test_which_net),	  WORLD_TEST(test_cut_tcp),
	    WORLD_TEST(test_cut_udp),	  WORLD_TEST(test_uncut),
	    WORLD_TEST(test_cut_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
