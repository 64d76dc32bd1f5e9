/* SPDX-License-Identifier: MIT */
/*
 * ping.c - ping sockets: SOCK_DGRAM with IPPROTO_ICMP
 *
 * Echo without privilege, for the groups of ping_group_range. The "port" is the
 * identifier of the echo: bound, or chosen at the first message; replies come
 * to the socket that has it.
 */

#include "base/slab.h"
#include "core/filter.h"
#include "core/tunable.h"
#include "inet/dgram.h"
#include "inet/port.h"
#include "inet/raw.h"
#include "ip/icmp4.h"
#include "wire/csum.h"

enum { STATE_ESTABLISHED = 1, STATE_CLOSE = 7 };

struct ping_worker {
	struct demux demux;
	struct ports ports;
	struct slab slab;
};

/* Turned round it is empty, and written so that it says so */
static int range_changed(struct net *net, const struct tunable *t)
{
	s64 lo = tunable_get(net, t, 0), hi = tunable_get(net, t, 1);
	int err;

	if (lo <= hi || (lo == 1 && !hi))
		return 0;
	err = tunable_set(net, t, 0, 1);
	return err ? err : tunable_set(net, t, 1, 0);
}

static const struct tunable ping_tunables[] = {
    {
	.path = "net/ipv4/ping_group_range",
	.n = 2,
	.max = 4294967294,
	.def = {1, 0},
	.changed = range_changed,
    },
};

static struct ping_worker *ping_of(const struct net *net)
{
	return worker_part(net->worker, PART_PING);
}

static int take_id(struct inet_sock *is, u16 id)
{
	struct ping_worker *pw = ping_of(is->sk.net);
	int err = port_bind(&pw->ports, is, id);

	if (err)
		return err;
	err = demux_bind(&pw->demux, &is->bound, is);
	if (err)
		port_release(&pw->ports, is);
	return err;
}

static int ping_bind(struct sock *sk, const struct caller *c, const struct sockaddr *a,
		     socklen_t len)
{
	struct inet_sock *is = inet_sk(sk);
	struct ipaddr addr;
	be16 port;
	int err = inet_bind_check(is, c, a, len, &addr, &port);

	if (err == -EACCES) /* an identifier is no port */
		err = inet_addr_from_user(is, a, len, &addr, &port);
	if (err)
		return err;
	if (is->num)
		return -EINVAL;
	inet_set_local(is, &addr);
	err = take_id(is, be16_to_cpu(port));
	if (err) {
		is->rcv_local = is->local = ipaddr_any(AF_INET);
		return err;
	}
	is->bound_addr = !ipaddr_is_any(&addr);
	is->bound_port = port != 0;
	return 0;
}

static int ping_connect(struct sock *sk, const struct caller *c,
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
	err = is->num ? 0 : take_id(is, 0);
	if (err) {
		route_put(rt);
		return err;
	}
	dgram_set_peer(is, &fl, port, rt);
	sk->state = STATE_ESTABLISHED;
	return 0;
}

static ssize_t ping_send(struct sock *sk, struct msg *m)
{
	struct inet_sock *is = inet_sk(sk);
	struct ip_send s = {.sk = sk, .proto = IPPROTO_ICMP};
	size_t len = msg_len(m);
	struct inet_cmsg cm;
	struct dgram_dest d;
	struct icmp_hdr *h;
	struct flow fl;
	struct pkt *p;
	int err;

	if (len > 65535)
		return -EMSGSIZE;
	if (len < sizeof(*h))
		return -EINVAL;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	err = sock_error(sk);
	if (err)
		return -err;
	err = inet_get_cmsgs(is, m, &cm);
	if (!err)
		err = dgram_dest(is, m, &d);
	if (!err && !is->num)
		err = take_id(is, 0);
	if (err)
		return err;
	p = pkt_new(sk->net->worker, PKT_HEADROOM, (u32)len);
	if (!p)
		return -ENOBUFS;
	err = dgram_take(p, m, len);
	h = (struct icmp_hdr *)p->data;
	if (!err && (h->type != ICMP_ECHO || h->code))
		err = -EINVAL;
	if (!err)
		err =
		    dgram_route(is, &d, &cm, m->flags & MSG_DONTROUTE || sk->dont_route,
				&fl, &s.route);
	if (err) {
		pkt_free(p);
		return err;
	}
	h->echo.id = is->lport;
	h->checksum = 0;
	h->checksum = csum_fold(pkt_csum(p, 0, p->len, 0));
	p->csum = PKT_CSUM_OK;
	dgram_header(is, &cm, &fl, &s);
	err = dgram_fits(is, p, &s, 0, 0);
	if (!err)
		err = sock_charge_tx(sk, p);
	if (err) {
		pkt_free(p);
	} else {
		icmp4_count_out(sk->net, ICMP_ECHO);
		err = ip4_output(sk->net, p, &s);
	}
	route_put(s.route);
	if (err == -ENOBUFS && !is->recverr)
		err = 0;
	return err ? err : (ssize_t)len;
}

static ssize_t ping_recv(struct sock *sk, struct msg *m)
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
		return -EAGAIN;
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

static struct inet_sock *find(struct net *net, be32 local, be32 peer, be16 id, s32 iif)
{
	const struct tuple t = {
	    .local = ipaddr_v4(local),
	    .peer = ipaddr_v4(peer),
	    .lport = id,
	    .bound_dev = iif,
	};

	return demux_find_bound(&ping_of(net)->demux, net, &t, NULL);
}

static bool ping_deliver(struct net *net, const struct pkt *p)
{
	const struct ip4_hdr *ip = pkt_l3(p);
	const struct icmp_hdr *h = (const struct icmp_hdr *)p->data;
	struct inet_sock *is = find(net, ip->daddr, ip->saddr, h->echo.id, p->iif);
	struct pkt *c;

	if (!is)
		return false;
	c = pkt_clone(p);
	if (!c)
		return false;
	c->dev = p->dev;
	if (!filter_passes(&is->sk, c, 0)) {
		pkt_drop(net, c, DROP_FILTER);
		return false;
	}
	if (sock_queue_rx(&is->sk, c)) {
		pkt_drop(net, c, DROP_SOCKET_FULL);
		return false;
	}
	return true;
}

static void ping_error(struct net *net, const struct pkt *p, const struct ip_error *e)
{
	struct inet_sock *is;
	struct icmp_hdr h;

	if (p->len < sizeof(h))
		return;
	pkt_copy(p, 0, &h, sizeof(h));
	if (h.type != ICMP_ECHO)
		return;
	is = find(net, e->src.v4, e->dst.v4, h.echo.id, p->iif);
	if (is && (is->recverr || (e->fatal && is->sk.state == STATE_ESTABLISHED)))
		inet_error(is, p, e, 0);
}

static const struct icmp4_ping_ops ping_icmp_ops = {
    .deliver = ping_deliver,
    .error = ping_error,
};

static void ping_release(struct sock *sk)
{
	struct inet_sock *is = inet_sk(sk);

	if (is->num) {
		demux_unbind(&ping_of(sk->net)->demux, &is->bound);
		port_release(&ping_of(sk->net)->ports, is);
	}
	sock_purge(sk);
}

static void ping_destroy(struct sock *sk)
{
	inet_destroy(inet_sk(sk));
}

static const struct sock_ops ping_ops = {
    .release = ping_release,
    .opt_changed = inet_opt_changed,
    .destroy = ping_destroy,
    .bind = ping_bind,
    .connect = ping_connect,
    .name = inet_name,
    .send = ping_send,
    .recv = ping_recv,
    .poll = dgram_poll,
    .set_opt = inet_set_opt,
    .get_opt = inet_get_opt,
    .ioctl = dgram_ioctl,
};

static int ping_create(struct net *net, const struct caller *c, int type, int protocol,
		       struct sock **out)
{
	struct ping_worker *pw = ping_of(net);
	s64 lo = tunable_get(net, &ping_tunables[0], 0),
	    hi = tunable_get(net, &ping_tunables[0], 1);
	struct inet_sock *is;

	if (c && (c->gid < lo || c->gid > hi))
		return -EACCES;
	is = slab_get(&pw->slab);
	if (!is)
		return -ENOBUFS;
	sock_init(&is->sk, net, &ping_ops, &pw->slab, AF_INET, type, protocol);
	inet_init(is);
	is->sk.reuse =
	    1; /* as Linux has it from the start: identifiers may be shared */
	*out = &is->sk;
	return 0;
}

static const struct inet_proto ping_inet = {
    .type = SOCK_DGRAM,
    .protocol = IPPROTO_ICMP,
    .cap = -1,
    .create = ping_create,
};

static int ping_boot(struct warren *w)
{
	int err = inet_register(w, &ping_part, &ping_inet);

	icmp4_ping_register(w, &ping_icmp_ops);
	return err ? err
		   : tunable_register(w, &ping_part, ping_tunables,
				      ARRAY_SIZE(ping_tunables));
}

static int ping_worker_init(struct worker *k)
{
	struct ping_worker *pw = worker_part(k, PART_PING);

	demux_init(&pw->demux);
	ports_init(&pw->ports, &k->w->mem);
	slab_init(&pw->slab, "ping", sizeof(struct inet_sock), &k->w->mem);
	return 0;
}

static void ping_worker_exit(struct worker *k)
{
	struct ping_worker *pw = worker_part(k, PART_PING);

	demux_fini(&pw->demux);
	ports_fini(&pw->ports);
	slab_fini(&pw->slab);
}

const struct part ping_part = {
    .name = "ping",
    .id = PART_PING,
    .worker_size = sizeof(struct ping_worker),
    .boot = ping_boot,
    .worker_init = ping_worker_init,
    .worker_exit = ping_worker_exit,
};
