/* SPDX-License-Identifier: MIT */
/*
 * udp.c - UDP (RFC 768, 1122 §4.1)
 *
 * A socket is in one of two tables: connected ones by all four words, others
 * by port (demux.c). A datagram goes to the connected socket of its tuple, else
 * to the best unconnected one; a group's or broadcast's to every one that
 * matches. Received packets wait at their payload, with the headers still in
 * front of it: source address, TTL and so on are read from there.
 *
 * Checksums leave partial: nothing inside a warren can corrupt a packet, and
 * the sum is filled in when it is cut into fragments or leaves (pkt.h).
 */

#include "inet/udp.h"

#include "base/bug.h"
#include "base/slab.h"
#include "core/filter.h"
#include "inet/dgram.h"
#include "inet/port.h"
#include "ip/addr4.h"
#include "ip/icmp4.h"
#include "wire/csum.h"
#include "wire/icmp.h"
#include "wire/udp.h"

#include <netinet/udp.h>

enum { STATE_ESTABLISHED = 1, STATE_CLOSE = 7, SEGMENTS_MAX = 128 };

#define UDP_MAX (65535 - 8 - 20) /* bytes of one datagram */

struct udp_sock {
	struct inet_sock is;
	struct pkt *pending; /* MSG_MORE and UDP_CORK collect here, at the payload */
	struct ipaddr pending_dst;
	be16 pending_port;
	bool cork, gro, no_check6_tx, no_check6_rx;
	u16 segment; /* UDP_SEGMENT: cut a message into datagrams of that size */
};

struct udp_worker {
	struct demux demux;
	struct ports ports;
	struct slab slab;
};

static struct udp_worker *udp_worker(const struct worker *k)
{
	return worker_part(k, PART_UDP);
}

static struct udp_worker *udp_of(const struct sock *sk)
{
	return udp_worker(sk->net->worker);
}

static struct udp_sock *udp_sk(struct sock *sk)
{
	return (struct udp_sock *)(void *)sk;
}

/* ---- tables ---- */

static bool is_connected(const struct inet_sock *is)
{
	return is->sk.state == STATE_ESTABLISHED;
}

static void unhash(struct inet_sock *is)
{
	struct udp_worker *uw = udp_of(&is->sk);

	if (is_connected(is))
		demux_del(&uw->demux, &is->conn);
	else if (is->num)
		demux_unbind(&uw->demux, &is->bound);
}

static int take_port(struct inet_sock *is, u16 port)
{
	struct udp_worker *uw = udp_of(&is->sk);
	int err = port_bind(&uw->ports, is, port);

	if (err)
		return err;
	err = demux_bind(&uw->demux, &is->bound, is);
	if (err)
		port_release(&uw->ports, is);
	return err;
}

static int autobind(struct inet_sock *is)
{
	int err = is->num ? 0 : take_port(is, 0);

	return err == -EADDRINUSE || err == -EADDRNOTAVAIL ? -EAGAIN : err;
}

static int udp_bind(struct sock *sk, const struct caller *c, const struct sockaddr *a,
		    socklen_t len)
{
	struct inet_sock *is = inet_sk(sk);
	struct ipaddr addr;
	be16 port;
	int err;

	err = inet_bind_check(is, c, a, len, &addr, &port);
	if (err)
		return err;
	if (is->num)
		return -EINVAL;
	inet_set_local(is, &addr);
	err = take_port(is, be16_to_cpu(port));
	if (err) {
		is->rcv_local = is->local = ipaddr_any(addr.family);
		return err;
	}
	is->bound_addr = !ipaddr_is_any(&addr);
	is->bound_port = port != 0;
	return 0;
}

/* ---- connect ---- */

static int disconnect(struct inet_sock *is)
{
	struct udp_worker *uw = udp_of(&is->sk);
	int err = 0;

	if (!is_connected(is))
		return 0;
	demux_del(&uw->demux, &is->conn);
	is->sk.state = STATE_CLOSE;
	is->peer = ipaddr_any(AF_INET);
	is->pport = 0;
	if (!is->bound_addr)
		is->local = is->rcv_local = ipaddr_any(AF_INET);
	if (is->bound_port) {
		err = demux_bind(&uw->demux, &is->bound, is);
	} else {
		port_release(&uw->ports, is);
		is->lport = 0;
	}
	route_put(is->route);
	is->route = NULL;
	return err;
}

static int hash_connected(struct inet_sock *is)
{
	struct udp_worker *uw = udp_of(&is->sk);
	int err;

	is->conn.net = is->sk.net;
	is->conn.kind = DEMUX_FULL;
	is->conn.t = (struct tuple){
	    .local = is->rcv_local,
	    .peer = is->peer,
	    .lport = is->lport,
	    .pport = is->pport,
	    .bound_dev = is->sk.bound_dev,
	};
	demux_unbind(&uw->demux, &is->bound);
	err = demux_add(&uw->demux, &is->conn);
	if (err) {
		/* the place it just left is there: this cannot fail for memory */
		if (demux_bind(&uw->demux, &is->bound, is))
			port_release(&uw->ports, is);
		return err;
	}
	is->sk.state = STATE_ESTABLISHED;
	return 0;
}

static int udp_connect(struct sock *sk, const struct caller *c,
		       const struct sockaddr *a, socklen_t len)
{
	struct inet_sock *is = inet_sk(sk);
	struct route *rt;
	struct flow fl;
	be16 port;
	int err;

	(void)c;
	if (len < sizeof(sa_family_t))
		return -EINVAL;
	if (a->sa_family == AF_UNSPEC)
		return disconnect(is);
	err = autobind(is); /* which stays, whatever comes of the rest */
	if (!err)
		err = dgram_connect_route(is, a, len, &fl, &port, &rt);
	if (err)
		return err;
	/* From here on it is another connection, whatever it was */
	err = disconnect(is);
	if (!err)
		err = autobind(is);
	if (err) {
		route_put(rt);
		return err;
	}
	dgram_set_peer(is, &fl, port, rt);
	return hash_connected(is);
}

static int udp_shutdown(struct sock *sk, int how)
{
	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	if (!is_connected(inet_sk(sk)))
		return -ENOTCONN;
	sk->shut |= (u8)(how + 1);
	sock_wake(sk, POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	return 0;
}

/* ---- send ---- */

/* The header, with a partial checksum over the pseudo-header */
static int put_header(struct udp_sock *us, struct pkt *p, const struct flow *fl)
{
	u32 len = p->len + (u32)sizeof(struct udp_hdr);
	struct udp_hdr *h;

	if (pkt_headroom_grow(p, sizeof(*h) + 60 + PKT_LINK_HEADROOM))
		return -ENOBUFS;
	h = (struct udp_hdr *)pkt_push(p, sizeof(*h));
	h->source = us->is.lport;
	h->dest = fl->dport;
	h->len = cpu_to_be16((u16)len);
	h->check = 0;
	pkt_set_l4(p);
	if (us->is.sk.no_check) {
		p->csum = PKT_CSUM_OK;
		return 0;
	}
	h->check = (__force be16)(u16) ~(__force u16)csum_fold(
	    csum_pseudo4(fl->src.v4, fl->dst.v4, IPPROTO_UDP, len));
	p->csum = PKT_CSUM_PARTIAL;
	p->csum_start = p->l4;
	p->csum_off = offsetof(struct udp_hdr, check);
	return 0;
}

static int send_packet(struct udp_sock *us, struct pkt *p, const struct dgram_dest *d,
		       const struct inet_cmsg *cm, bool dont_route)
{
	struct inet_sock *is = &us->is;
	struct net *net = is->sk.net;
	struct ip_send s = {.sk = &is->sk, .proto = IPPROTO_UDP};
	struct flow fl;
	int err = dgram_route(is, d, cm, dont_route, &fl, &s.route);

	if (err)
		goto err_packet;
	fl.dport = d->port;
	dgram_header(is, cm, &fl, &s);
	if (p->len > (u32)UDP_MAX - s.opt_len)
		err = -EMSGSIZE;
	else if (is->sk.shut & SEND_SHUTDOWN)
		err = -EPIPE;
	else
		err = dgram_fits(is, p, &s, sizeof(struct udp_hdr), d->port);
	if (err)
		goto err_route;
	/* "Want": DF as long as it fits, fragments when it does not */
	if (is->pmtudisc == IP_PMTUDISC_WANT &&
	    p->len + sizeof(struct udp_hdr) + 20 + is->opt_len <= route_mtu(s.route))
		s.df = true;
	err = put_header(us, p, &fl);
	if (!err)
		err = sock_charge_tx(&is->sk, p);
	if (err)
		goto err_route;
	if (s.route->type == RTN_MULTICAST && !is->mc_loop)
		p->no_loop = 1;
	err = ip4_output(net, p, &s);
	route_put(s.route);
	if (err == -ENOBUFS && !is->recverr)
		err = 0; /* Linux: a full queue is only told to who asks */
	if (err)
		MIB_UDP(net, UDP_MIB_SNDBUFERRORS);
	else
		MIB_UDP(net, UDP_MIB_OUTDATAGRAMS);
	return err;

err_route:
	route_put(s.route);
err_packet:
	pkt_free(p);
	return err;
}

/* The message as datagrams of @size, the last one may be shorter */
static ssize_t send_segments(struct udp_sock *us, struct msg *m,
			     const struct dgram_dest *d, const struct inet_cmsg *cm,
			     u16 size)
{
	struct sock *sk = &us->is.sk;
	size_t len = msg_len(m), n;

	if (len > (size_t)size * SEGMENTS_MAX)
		return -EINVAL;
	for (size_t done = 0; done < len; done += n) {
		struct pkt *p;
		int err;

		n = min((size_t)size, len - done);
		p = pkt_new(sk->net->worker, PKT_HEADROOM, (u32)n);
		if (!p)
			return -ENOBUFS;
		err = dgram_take(p, m, n);
		if (err) {
			pkt_free(p);
			return err;
		}
		err = send_packet(us, p, d, cm,
				  m->flags & MSG_DONTROUTE || sk->dont_route);
		if (err)
			return done ? (ssize_t)len : err;
	}
	return (ssize_t)len;
}

static ssize_t udp_send(struct sock *sk, struct msg *m)
{
	struct udp_sock *us = udp_sk(sk);
	size_t len = msg_len(m);
	struct inet_cmsg cm;
	struct dgram_dest d;
	bool more = us->cork || m->flags & MSG_MORE;
	struct pkt *p;
	int err;

	err = autobind(&us->is);
	if (err)
		return err;
	if (len > 65535)
		return -EMSGSIZE;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	err = sock_error(sk);
	if (err)
		return -err;
	err = inet_get_cmsgs(&us->is, m, &cm);
	if (err)
		return err;
	if (us->pending) {
		d.addr = us->pending_dst;
		d.port = us->pending_port;
		d.given = true;
	} else {
		err = dgram_dest(&us->is, m, &d);
		if (err)
			return err;
	}
	if (!us->pending && !more && (cm.gso_size || us->segment)) {
		u16 size = cm.gso_size ? cm.gso_size : us->segment;

		if (len > size)
			return send_segments(us, m, &d, &cm, size);
	}
	p = us->pending;
	if (!p)
		p = pkt_new(sk->net->worker, PKT_HEADROOM, (u32)len);
	if (!p)
		return -ENOBUFS;
	us->pending = NULL;
	err = p->len && p->len + len > UDP_MAX ? -EMSGSIZE : dgram_take(p, m, len);
	if (err) {
		pkt_free(p);
		return err;
	}
	if (more) {
		us->pending = p;
		us->pending_dst = d.addr;
		us->pending_port = d.port;
		return (ssize_t)len;
	}
	err = send_packet(us, p, &d, &cm, m->flags & MSG_DONTROUTE || sk->dont_route);
	return err ? err : (ssize_t)len;
}

static int push_pending(struct udp_sock *us)
{
	struct dgram_dest d = {us->pending_dst, us->pending_port, true};
	const struct msg nothing = {0};
	struct pkt *p = us->pending;
	struct inet_cmsg cm;

	if (!p)
		return 0;
	us->pending = NULL;
	inet_get_cmsgs(&us->is, &nothing, &cm);
	return send_packet(us, p, &d, &cm, false);
}

/* ---- receive ---- */

static ssize_t udp_recv(struct sock *sk, struct msg *m)
{
	struct inet_sock *is = inet_sk(sk);
	bool peek = m->flags & MSG_PEEK;
	struct sockaddr_storage from;
	const struct udp_hdr *h;
	struct ipaddr src;
	struct pkt *p;
	ssize_t n;
	int err;

	if (m->flags & MSG_ERRQUEUE)
		return inet_recv_error(is, m);
	err = sock_error(sk);
	if (err)
		return -err;
	p = sock_dequeue_rx(sk, peek);
	if (!p)
		return sk->shut & RCV_SHUTDOWN ? 0 : -EAGAIN;
	h = pkt_l4(p);
	if (m->name) {
		src = ipaddr_v4(((const struct ip4_hdr *)pkt_l3(p))->saddr);
		inet_addr_to_user(&src, h->source, &from, &m->name_len);
		memcpy(m->name, &from, sizeof(struct sockaddr_in));
	}
	n = dgram_give(is, p, m);
	if (!peek)
		pkt_free(p);
	return n;
}

static bool csum_bad(const struct pkt *p, const struct udp_hdr *h)
{
	const struct ip4_hdr *ip = pkt_l3(p);

	if (p->csum != PKT_CSUM_NONE || !h->check)
		return false;
	return csum_fold(pkt_csum(
	    p, 0, p->len, csum_pseudo4(ip->saddr, ip->daddr, IPPROTO_UDP, p->len)));
}

/* Consumes. */
static void queue(struct inet_sock *is, struct pkt *p)
{
	struct net *net = is->sk.net;

	if (!filter_passes(&is->sk, p, sizeof(struct udp_hdr))) {
		is->sk.rx_drops++;
		MIB_UDP(net, UDP_MIB_INERRORS);
		pkt_drop(net, p, DROP_FILTER);
		return;
	}
	pkt_pull(p, sizeof(struct udp_hdr));
	p->route_put(p->route);
	p->route = NULL;
	if (sock_queue_rx(&is->sk, p)) {
		MIB_UDP(net, UDP_MIB_RCVBUFERRORS);
		MIB_UDP(net, UDP_MIB_INERRORS);
		pkt_drop(net, p, DROP_SOCKET_FULL);
		return;
	}
	MIB_UDP(net, UDP_MIB_INDATAGRAMS);
}

static bool wants(const struct inet_sock *is, const struct tuple *t)
{
	if (is->lport != t->lport || is->sk.shut & RCV_SHUTDOWN)
		return false;
	if (is_connected(is) &&
	    (is->pport != t->pport || !ipaddr_equal(&is->peer, &t->peer)))
		return false;
	if (!ipaddr_is_any(&is->rcv_local) && !ipaddr_equal(&is->rcv_local, &t->local))
		return false;
	if (is->sk.bound_dev && is->sk.bound_dev != t->bound_dev)
		return false;
	return inet_mc_wants(is, &t->local, &t->peer, t->bound_dev);
}

/* One more copy of @p, borrowed, for a socket that wants it */
static void copy_to(struct inet_sock *is, const struct pkt *p, const struct tuple *t)
{
	struct pkt *c = wants(is, t) ? pkt_clone(p) : NULL;

	if (!c)
		return;
	c->dev = p->dev;
	c->route = p->route;
	c->route_put = route_put;
	route_get(p->route);
	queue(is, c);
}

/* A group or broadcast: everybody who wants it gets a copy. Consumes. */
static void to_all(struct net *net, struct pkt *p, const struct tuple *t)
{
	const struct demux *d = &udp_worker(net->worker)->demux;
	const struct ipaddr any = ipaddr_any(AF_INET);
	const struct ipaddr *at[] = {&t->local, &any};
	struct demux_node *conn = demux_find(d, net, t);

	if (conn)
		copy_to(container_of(conn, struct inet_sock, conn), p, t);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		struct bound_node *n = NULL;

		while ((n = demux_next_bound(d, net, at[i], t->lport, n)))
			copy_to(n->is, p, t);
	}
	pkt_free(p);
}

static void nobody(struct net *net, struct pkt *p)
{
	MIB_UDP(net, UDP_MIB_NOPORTS);
	pkt_push(p, (u32)(p->l4 - p->l3));
	icmp4_send_error(p, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0);
	pkt_drop(net, p, DROP_NO_SOCKET);
}

static bool udp_receive(struct net *net, struct pkt *p)
{
	struct udp_worker *uw = udp_worker(net->worker);
	const struct ip4_hdr *ip;
	const struct udp_hdr *h;
	struct demux_node *n;
	struct inet_sock *is;
	struct tuple t;
	u32 len;

	if (!pkt_need(p, sizeof(*h)))
		goto bad;
	h = (const struct udp_hdr *)p->data;
	len = be16_to_cpu(h->len);
	if (len < sizeof(*h) || len > p->len)
		goto bad;
	pkt_trim(p, len);
	pkt_set_l4(p);
	if (csum_bad(p, h)) {
		MIB_UDP(net, UDP_MIB_CSUMERRORS);
		MIB_UDP(net, UDP_MIB_INERRORS);
		pkt_drop(net, p, DROP_BAD_CSUM);
		return true;
	}
	ip = pkt_l3(p);
	t = (struct tuple){
	    .local = ipaddr_v4(ip->daddr),
	    .peer = ipaddr_v4(ip->saddr),
	    .lport = h->dest,
	    .pport = h->source,
	    .bound_dev = p->iif,
	    .pkt = p,
	    .hdr_len = sizeof(*h),
	};
	if (p->route &&
	    (p->route->type == RTN_BROADCAST || p->route->type == RTN_MULTICAST)) {
		to_all(net, p, &t);
		return true;
	}
	n = demux_find(&uw->demux, net, &t);
	is = n ? container_of(n, struct inet_sock, conn)
	       : demux_find_bound(&uw->demux, net, &t, NULL);
	if (is)
		queue(is, p);
	else
		nobody(net, p);
	return true;
bad:
	MIB_UDP(net, UDP_MIB_INERRORS);
	pkt_drop(net, p, DROP_BAD_LENGTH);
	return true;
}

static void udp_error(struct net *net, const struct pkt *p, const struct ip_error *e)
{
	struct udp_worker *uw = udp_worker(net->worker);
	struct ip_error ours = *e;
	struct demux_node *n;
	struct inet_sock *is;
	struct udp_hdr h;
	struct tuple t;

	if (p->len < sizeof(h))
		return;
	pkt_copy(p, 0, &h, sizeof(h));
	t = (struct tuple){
	    .local = e->src,
	    .peer = e->dst,
	    .lport = h.source,
	    .pport = h.dest,
	    .bound_dev = p->iif,
	};
	n = demux_find(&uw->demux, net, &t);
	is = n ? container_of(n, struct inet_sock, conn)
	       : demux_find_bound(&uw->demux, net, &t, NULL);
	if (!is)
		return;
	if (e->type == ICMP_DEST_UNREACH && e->code == ICMP_FRAG_NEEDED) {
		if (is->pmtudisc == IP_PMTUDISC_DONT)
			return;
		ours.fatal = true;
	}
	if (!is->recverr && (!ours.fatal || !is_connected(is)))
		return;
	inet_error(is, p, &ours, h.dest);
}

/* ---- the rest of the socket ---- */

static int udp_set_opt(struct sock *sk, const struct caller *c, int level, int name,
		       const void *val, socklen_t len)
{
	struct udp_sock *us = udp_sk(sk);
	int v;

	if (level != SOL_UDP)
		return inet_set_opt(sk, c, level, name, val, len);
	if (len < sizeof(v))
		return -EINVAL;
	memcpy(&v, val, sizeof(v));
	switch (name) {
	case UDP_CORK:
		us->cork = v != 0;
		return v ? 0 : push_pending(us);
	case UDP_NO_CHECK6_TX: /* of sums that may be left out under IPv6 alone */
		us->no_check6_tx = v != 0;
		return 0;
	case UDP_NO_CHECK6_RX:
		us->no_check6_rx = v != 0;
		return 0;
	case UDP_SEGMENT:
		if (v < 0 || v > 65535)
			return -EINVAL;
		us->segment = (u16)v;
		return 0;
	case UDP_GRO: /* a permission, which we do not use */
		us->gro = v != 0;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int udp_get_opt(struct sock *sk, int level, int name, void *val, socklen_t *len)
{
	const struct udp_sock *us = udp_sk(sk);
	int v;

	if (level != SOL_UDP)
		return inet_get_opt(sk, level, name, val, len);
	switch (name) {
	case UDP_CORK:
		v = us->cork;
		break;
	case UDP_NO_CHECK6_TX:
		v = us->no_check6_tx;
		break;
	case UDP_NO_CHECK6_RX:
		v = us->no_check6_rx;
		break;
	case UDP_SEGMENT:
		v = us->segment;
		break;
	case UDP_GRO:
		v = us->gro;
		break;
	default:
		return -ENOPROTOOPT;
	}
	*len = min(*len, (socklen_t)sizeof(v));
	memcpy(val, &v, *len);
	return 0;
}

static void udp_release(struct sock *sk)
{
	struct inet_sock *is = inet_sk(sk);
	struct udp_sock *us = udp_sk(sk);

	unhash(is);
	sk->state = STATE_CLOSE;
	if (is->num)
		port_release(&udp_of(sk)->ports, is);
	pkt_free(us->pending);
	us->pending = NULL;
	sock_purge(sk);
}

static void udp_destroy(struct sock *sk)
{
	inet_destroy(inet_sk(sk));
}

static const struct sock_ops udp_ops = {
    .release = udp_release,
    .opt_changed = inet_opt_changed,
    .destroy = udp_destroy,
    .bind = udp_bind,
    .connect = udp_connect,
    .name = inet_name,
    .send = udp_send,
    .recv = udp_recv,
    .shutdown = udp_shutdown,
    .poll = dgram_poll,
    .set_opt = udp_set_opt,
    .get_opt = udp_get_opt,
    .ioctl = dgram_ioctl,
};

static int udp_create(struct net *net, const struct caller *c, int type, int protocol,
		      struct sock **out)
{
	struct slab *slab = &udp_worker(net->worker)->slab;
	struct udp_sock *us = slab_get(slab);

	(void)c;
	(void)protocol;
	if (!us)
		return -ENOBUFS;
	sock_init(&us->is.sk, net, &udp_ops, slab, AF_INET, type, IPPROTO_UDP);
	inet_init(&us->is);
	*out = &us->is.sk;
	return 0;
}

static const struct inet_proto udp_inet = {
    .type = SOCK_DGRAM,
    .protocol = IPPROTO_UDP,
    .cap = -1,
    .create = udp_create,
};

static const struct ip_proto udp_proto = {
    .protocol = IPPROTO_UDP,
    .family = AF_UNSPEC,
    .receive = udp_receive,
    .error = udp_error,
};

static int udp_boot(struct warren *w)
{
	int err = inet_register(w, &udp_part, &udp_inet);

	return err ? err : ip_proto_register(w, &udp_part, &udp_proto);
}

static int udp_worker_init(struct worker *k)
{
	struct udp_worker *uw = udp_worker(k);

	demux_init(&uw->demux);
	ports_init(&uw->ports, &k->w->mem);
	slab_init(&uw->slab, "udp", sizeof(struct udp_sock), &k->w->mem);
	return 0;
}

static void udp_worker_exit(struct worker *k)
{
	struct udp_worker *uw = udp_worker(k);

	demux_fini(&uw->demux);
	ports_fini(&uw->ports);
	slab_fini(&uw->slab);
}

const struct part udp_part = {
    .name = "udp",
    .id = PART_UDP,
    .worker_size = sizeof(struct udp_worker),
    .boot = udp_boot,
    .worker_init = udp_worker_init,
    .worker_exit = udp_worker_exit,
};
