/* SPDX-License-Identifier: MIT */
/*
 * raw.c - raw sockets
 *
 * A raw socket sees a copy of every packet of its protocol that is delivered
 * to its net, with the IP header, before the transport has it; and sends
 * payload under a header of ours, or, with IP_HDRINCL, its own.
 * IPPROTO_RAW (255) only sends, and always with its own header.
 */

#include "inet/raw.h"

#include "base/slab.h"
#include "core/filter.h"
#include "inet/dgram.h"
#include "ip/addr4.h"
#include "ip/icmp4.h"
#include "wire/csum.h"
#include "wire/icmp.h"

enum { STATE_ESTABLISHED = 1, STATE_CLOSE = 7 };

struct raw_sock {
	struct inet_sock is;
	struct list node; /* raw_net.socks */
	struct icmp_filter filter;
};

struct raw_net {
	struct list socks;
};

struct raw_worker {
	struct slab slab;
};

static struct raw_net *raw_net(const struct net *net)
{
	return net_part(net, PART_RAW);
}

static struct raw_sock *raw_sk(struct sock *sk)
{
	return (struct raw_sock *)(void *)sk;
}

/* ---- names ---- */

static int raw_bind(struct sock *sk, const struct caller *c, const struct sockaddr *a,
		    socklen_t len)
{
	struct inet_sock *is = inet_sk(sk);
	struct ipaddr addr;
	be16 port;
	int err;

	if (len < sizeof(struct sockaddr_in))
		return -EINVAL;
	if (sk->state != STATE_CLOSE)
		return -EINVAL;
	err = inet_bind_check(is, c, a, len, &addr, &port);
	if (err == -EACCES) /* the port field says nothing here */
		err = inet_addr_from_user(is, a, len, &addr, &port);
	if (err)
		return err;
	is->rcv_local = addr;
	is->local = ipaddr_is_multicast(&addr) || ipaddr_is_broadcast(&addr)
			? ipaddr_any(AF_INET)
			: addr;
	is->bound_addr = !ipaddr_is_any(&addr);
	return 0;
}

static int raw_connect(struct sock *sk, const struct caller *c,
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
	if (a->sa_family == AF_UNSPEC) {
		dgram_forget_peer(is);
		return 0;
	}
	err = dgram_connect_route(is, a, len, &fl, &port, &rt);
	if (err)
		return err;
	dgram_set_peer(is, &fl, port, rt);
	sk->state = STATE_ESTABLISHED;
	return 0;
}

static int raw_shutdown(struct sock *sk, int how)
{
	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	if (sk->state != STATE_ESTABLISHED)
		return -ENOTCONN;
	sk->shut |= (u8)(how + 1);
	sock_wake(sk, POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	return 0;
}

/* ---- send ---- */

/* The program's own header: what we must fill in (raw(7)). -EINVAL: it makes no sense
 */
static int fix_header(struct net *net, struct pkt *p, const struct flow *fl)
{
	struct ip4_hdr *h;
	u32 hdr_len;

	if (!pkt_need(p, sizeof(*h)))
		return -EINVAL;
	h = (struct ip4_hdr *)p->data;
	hdr_len = ip4_hdr_len(h);
	if (hdr_len < sizeof(*h) || !pkt_need(p, hdr_len))
		return -EINVAL;
	h = (struct ip4_hdr *)p->data;
	if (!h->saddr)
		h->saddr = fl->src.v4;
	h->tot_len = cpu_to_be16((u16)p->len);
	if (!h->id)
		h->id = cpu_to_be16((u16)random_u32(net));
	ip4_set_check(h);
	pkt_set_l3(p);
	p->l4 = (u16)(p->l3 + hdr_len);
	return 0;
}

static int send_own_header(struct raw_sock *rs, struct pkt *p, struct route *rt,
			   const struct flow *fl)
{
	struct net *net = rs->is.sk.net;
	int err = p->len > rt->dev->mtu ? -EMSGSIZE : fix_header(net, p, fl);

	if (err == -EMSGSIZE)
		inet_local_error(&rs->is, p, EMSGSIZE, &fl->dst, fl->dport,
				 rt->dev->mtu);
	if (!err)
		err = sock_charge_tx(&rs->is.sk, p);
	if (err) {
		pkt_free(p);
		return err;
	}
	p->csum = PKT_CSUM_OK;
	return ip4_output_raw(net, p, rt, &rs->is.sk);
}

static ssize_t raw_send(struct sock *sk, struct msg *m)
{
	struct raw_sock *rs = raw_sk(sk);
	struct inet_sock *is = &rs->is;
	struct ip_send s = {.sk = sk, .proto = (u8)sk->protocol};
	size_t len = msg_len(m);
	struct inet_cmsg cm;
	struct dgram_dest d;
	struct flow fl;
	struct pkt *p;
	int err;

	if (len > 65535)
		return -EMSGSIZE;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (sk->shut & SEND_SHUTDOWN)
		return -EPIPE;
	err = sock_error(sk);
	if (err)
		return -err;
	err = inet_get_cmsgs(is, m, &cm);
	if (!err)
		err = dgram_dest(is, m, &d);
	if (err)
		return err;
	p = pkt_new(sk->net->worker, PKT_HEADROOM, (u32)len);
	if (!p)
		return -ENOBUFS;
	err = dgram_take(p, m, len);
	if (!err)
		err =
		    dgram_route(is, &d, &cm, m->flags & MSG_DONTROUTE || sk->dont_route,
				&fl, &s.route);
	if (err) {
		pkt_free(p);
		return err;
	}
	if (is->hdrincl) {
		err = send_own_header(rs, p, s.route, &fl);
	} else {
		dgram_header(is, &cm, &fl, &s);
		err = dgram_fits(is, p, &s, 0, 0);
		if (!err)
			err = sock_charge_tx(sk, p);
		if (err) {
			pkt_free(p);
		} else {
			p->csum = PKT_CSUM_OK;
			if (s.route->type == RTN_MULTICAST && !is->mc_loop)
				p->no_loop = 1;
			if (is->num == IPPROTO_ICMP && len)
				icmp4_count_out(sk->net, p->data[0]);
			err = ip4_output(sk->net, p, &s);
		}
	}
	route_put(s.route);
	if (err == -ENOBUFS && !is->recverr)
		err = 0;
	return err ? err : (ssize_t)len;
}

/* ---- receive ---- */

static ssize_t raw_recv(struct sock *sk, struct msg *m)
{
	struct inet_sock *is = inet_sk(sk);
	bool peek = m->flags & MSG_PEEK;
	struct sockaddr_storage from;
	struct ipaddr src;
	struct pkt *p;
	ssize_t n;
	int err;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (m->flags & MSG_ERRQUEUE)
		return inet_recv_error(is, m);
	err = sock_error(sk);
	if (err)
		return -err;
	p = sock_dequeue_rx(sk, peek);
	if (!p)
		return sk->shut & RCV_SHUTDOWN ? 0 : -EAGAIN;
	if (m->name) {
		src = ipaddr_v4(((const struct ip4_hdr *)pkt_l3(p))->saddr);
		inet_addr_to_user(&src, 0, &from, &m->name_len);
		memcpy(m->name, &from, sizeof(struct sockaddr_in));
	}
	n = dgram_give(is, p, m);
	if (!peek)
		pkt_free(p);
	return n;
}

static bool wants(const struct raw_sock *rs, const struct pkt *p, u8 protocol)
{
	const struct inet_sock *is = &rs->is;
	const struct ip4_hdr *ip = pkt_l3(p);
	struct ipaddr src = ipaddr_v4(ip->saddr), dst = ipaddr_v4(ip->daddr);

	if (is->sk.protocol != protocol || is->sk.shut & RCV_SHUTDOWN)
		return false;
	if (!ipaddr_is_any(&is->peer) && !ipaddr_equal(&is->peer, &src))
		return false;
	if (!ipaddr_is_any(&is->rcv_local) && !ipaddr_equal(&is->rcv_local, &dst))
		return false;
	if (is->sk.bound_dev && is->sk.bound_dev != p->iif)
		return false;
	if (!inet_mc_wants(is, &dst, &src, p->iif))
		return false;
	if (protocol == IPPROTO_ICMP && p->linear && p->data[0] < 32)
		return !(rs->filter.data >> p->data[0] & 1);
	return true;
}

static bool raw_deliver(struct net *net, const struct pkt *p, u8 protocol)
{
	struct raw_sock *rs;
	bool taken = false;

	list_for_each(rs, &raw_net(net)->socks, node) {
		struct pkt *c;

		if (!wants(rs, p, protocol))
			continue;
		taken = true;
		c = pkt_clone(p);
		if (!c)
			continue;
		pkt_push(c,
			 (u32)(c->l4 - c->l3)); /* a raw socket gets the header too */
		if (!filter_passes(&rs->is.sk, c, 0))
			pkt_drop(net, c, DROP_FILTER);
		else if (sock_queue_rx(&rs->is.sk, c))
			pkt_drop(net, c, DROP_SOCKET_FULL);
	}
	return taken;
}

static void raw_error(struct net *net, const struct pkt *p, u8 protocol,
		      const struct ip_error *e)
{
	struct raw_sock *rs;

	list_for_each(rs, &raw_net(net)->socks, node) {
		struct inet_sock *is = &rs->is;

		if (is->sk.protocol != protocol ||
		    (!ipaddr_is_any(&is->peer) && !ipaddr_equal(&is->peer, &e->dst)) ||
		    (!ipaddr_is_any(&is->rcv_local) &&
		     !ipaddr_equal(&is->rcv_local, &e->src)))
			continue;
		if (is->recverr || (e->fatal && is->sk.state == STATE_ESTABLISHED))
			inet_error(is, p, e, 0);
	}
}

static const struct ip_raw_ops raw_ip_ops = {.deliver = raw_deliver,
					     .error = raw_error};

/* ---- options ---- */

static int raw_set_opt(struct sock *sk, const struct caller *c, int level, int name,
		       const void *val, socklen_t len)
{
	struct raw_sock *rs = raw_sk(sk);

	if (level != SOL_RAW)
		return inet_set_opt(sk, c, level, name, val, len);
	if (name != ICMP_FILTER)
		return -ENOPROTOOPT;
	if (sk->protocol != IPPROTO_ICMP)
		return -EOPNOTSUPP;
	memcpy(&rs->filter, val, min((size_t)len, sizeof(rs->filter)));
	return 0;
}

static int raw_get_opt(struct sock *sk, int level, int name, void *val, socklen_t *len)
{
	struct raw_sock *rs = raw_sk(sk);

	if (level != SOL_RAW)
		return inet_get_opt(sk, level, name, val, len);
	if (name != ICMP_FILTER)
		return -ENOPROTOOPT;
	if (sk->protocol != IPPROTO_ICMP)
		return -EOPNOTSUPP;
	*len = min(*len, (socklen_t)sizeof(rs->filter));
	memcpy(val, &rs->filter, *len);
	return 0;
}

static void raw_release(struct sock *sk)
{
	list_del(&raw_sk(sk)->node);
	sock_purge(sk);
}

static void raw_destroy(struct sock *sk)
{
	inet_destroy(inet_sk(sk));
}

static const struct sock_ops raw_ops = {
    .release = raw_release,
    .opt_changed = inet_opt_changed,
    .destroy = raw_destroy,
    .bind = raw_bind,
    .connect = raw_connect,
    .name = inet_name,
    .send = raw_send,
    .recv = raw_recv,
    .shutdown = raw_shutdown,
    .poll = dgram_poll,
    .set_opt = raw_set_opt,
    .get_opt = raw_get_opt,
    .ioctl = dgram_ioctl,
};

static int raw_create(struct net *net, const struct caller *c, int type, int protocol,
		      struct sock **out)
{
	struct raw_worker *rw = worker_part(net->worker, PART_RAW);
	struct raw_sock *rs;

	(void)c;
	if (!protocol) /* Linux: no protocol is no raw socket */
		return -EPROTONOSUPPORT;
	rs = slab_get(&rw->slab);
	if (!rs)
		return -ENOBUFS;
	sock_init(&rs->is.sk, net, &raw_ops, &rw->slab, AF_INET, type, protocol);
	inet_init(&rs->is);
	rs->is.sk.reuse = 1; /* as Linux has it from the start */
	rs->is.num = (u16)protocol;
	rs->is.lport = cpu_to_be16((u16)protocol); /* as getsockname() shows it */
	rs->is.hdrincl = protocol == IPPROTO_RAW;
	rs->is.sk.reuse = 1; /* as it shows */
	list_init(&rs->node);
	list_add_tail(&raw_net(net)->socks, &rs->node);
	*out = &rs->is.sk;
	return 0;
}

static const struct inet_proto raw_inet = {
    .type = SOCK_RAW,
    .any_protocol = true,
    .cap = CAP_NET_RAW,
    .create = raw_create,
};

static int raw_boot(struct warren *w)
{
	ip_raw_register(w, &raw_ip_ops);
	return inet_register(w, &raw_part, &raw_inet);
}

static int raw_worker_init(struct worker *k)
{
	struct raw_worker *rw = worker_part(k, PART_RAW);

	slab_init(&rw->slab, "raw", sizeof(struct raw_sock), &k->w->mem);
	return 0;
}

static void raw_worker_exit(struct worker *k)
{
	struct raw_worker *rw = worker_part(k, PART_RAW);

	slab_fini(&rw->slab);
}

static int raw_net_init(struct net *net)
{
	list_init(&raw_net(net)->socks);
	return 0;
}

const struct part raw_part = {
    .name = "raw",
    .id = PART_RAW,
    .worker_size = sizeof(struct raw_worker),
    .net_size = sizeof(struct raw_net),
    .boot = raw_boot,
    .worker_init = raw_worker_init,
    .net_init = raw_net_init,
    .worker_exit = raw_worker_exit,
};
