/* SPDX-License-Identifier: MIT */
/*
 * dgram.c - what UDP, raw and ping sockets do alike: where a message goes, with
 * which header, and how one is handed out
 */

#include "inet/dgram.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

enum { STATE_ESTABLISHED = 1, STATE_CLOSE = 7 };

int dgram_dest(const struct inet_sock *is, const struct msg *m, struct dgram_dest *d)
{
	if (m->name && m->name_len) {
		int err = inet_addr_from_user(is, (const struct sockaddr *)m->name,
					      m->name_len, &d->addr, &d->port);

		if (err)
			return err;
		d->given = true;
		return is->sk.protocol == IPPROTO_UDP && !d->port ? -EINVAL : 0;
	}
	if (is->sk.state != STATE_ESTABLISHED)
		return -EDESTADDRREQ;
	d->addr = is->peer;
	d->port = is->pport;
	d->given = false;
	return 0;
}

int dgram_connect_route(struct inet_sock *is, const struct sockaddr *a, socklen_t len,
			struct flow *fl, be16 *port, struct route **rt)
{
	struct ipaddr dst;
	int err = inet_addr_from_user(is, a, len, &dst, port);

	if (err)
		return err;
	err = inet_connect_route(is, &dst, *port, fl, rt);
	if (err)
		return err;
	if ((*rt)->type == RTN_BROADCAST && !is->sk.broadcast) {
		route_put(*rt);
		return -EACCES;
	}
	return 0;
}

void dgram_set_peer(struct inet_sock *is, const struct flow *fl, be16 port,
		    struct route *rt)
{
	route_put(is->route);
	is->route = rt;
	if (ipaddr_is_any(&is->local))
		is->local = fl->src;
	if (ipaddr_is_any(&is->rcv_local))
		is->rcv_local = fl->src;
	is->peer = fl->dst;
	is->pport = port;
}

void dgram_forget_peer(struct inet_sock *is)
{
	is->sk.state = STATE_CLOSE;
	is->peer = ipaddr_any(AF_INET);
	if (!is->bound_addr)
		is->local = is->rcv_local = ipaddr_any(AF_INET);
	route_put(is->route);
	is->route = NULL;
}

int dgram_route(struct inet_sock *is, const struct dgram_dest *d,
		const struct inet_cmsg *cm, bool dont_route, struct flow *fl,
		struct route **out)
{
	bool own = !d->given && ipaddr_is_any(&cm->src) && !cm->oif && !dont_route &&
		   cm->mark == is->sk.mark;
	int err;

	inet_flow(is, &d->addr, d->port, fl);
	if (own && is->route && route_valid(is->route)) {
		fl->src = is->local;
		route_get(is->route);
		*out = is->route;
		return 0;
	}
	fl->mark = cm->mark;
	if (!ipaddr_is_any(&cm->src))
		fl->src = cm->src;
	if (cm->oif)
		fl->oif = cm->oif;
	if (dont_route)
		fl->scope = RT_SCOPE_LINK;
	err = route_output(is->sk.net, fl, out);
	if (err == -ENETUNREACH)
		MIB_IP(is->sk.net, IPSTATS_MIB_OUTNOROUTES);
	if (err)
		return err;
	if ((*out)->type == RTN_BROADCAST && !is->sk.broadcast) {
		route_put(*out);
		return -EACCES;
	}
	if (own) {
		route_put(is->route);
		is->route = *out;
		route_get(*out);
	}
	return 0;
}

void dgram_header(const struct inet_sock *is, const struct inet_cmsg *cm,
		  const struct flow *fl, struct ip_send *s)
{
	s->src = fl->src;
	s->dst = fl->dst;
	s->tos = cm->tos >= 0 ? (u8)cm->tos : is->tos;
	s->df = is->pmtudisc == IP_PMTUDISC_DO || is->pmtudisc == IP_PMTUDISC_PROBE;
	s->df_ignore_mtu = is->pmtudisc == IP_PMTUDISC_PROBE;
	s->opts = cm->opts;
	s->opt_len = cm->opt_len;
	s->mark = cm->mark;
	s->priority = cm->priority;
	if (cm->ttl >= 0)
		s->ttl = (u8)cm->ttl;
	else if (s->route->type == RTN_MULTICAST)
		s->ttl = is->mc_ttl;
	else if (is->ttl > 0)
		s->ttl = (u8)is->ttl;
}

int dgram_fits(struct inet_sock *is, const struct pkt *p, const struct ip_send *s,
	       size_t hdr, be16 dport)
{
	u32 mtu = s->df_ignore_mtu ? s->route->dev->mtu : route_mtu(s->route);
	size_t len = p->len + hdr + 20 + s->opt_len;

	if (len <= (s->df ? mtu : 65535))
		return 0;
	inet_local_error(is, p, EMSGSIZE, &s->dst, dport, mtu);
	return -EMSGSIZE;
}

int dgram_take(struct pkt *p, struct msg *m, size_t len)
{
	if (!p->n_frags && len <= pkt_tailroom(p)) {
		msg_take(m, pkt_put(p, (u32)len), len);
		return 0;
	}
	while (len) {
		u8 buf[2048];
		size_t n = msg_take(m, buf, min(len, sizeof(buf)));

		if (pkt_append(p, buf, (u32)n))
			return -ENOBUFS;
		len -= n;
	}
	return 0;
}

ssize_t dgram_give(struct inet_sock *is, const struct pkt *p, struct msg *m)
{
	size_t n = msg_give_pkt(m, p);

	inet_put_cmsgs(is, p, m);
	return (ssize_t)n;
}

u32 dgram_poll(struct sock *sk)
{
	u32 mask = 0;

	if (sk->err || !list_empty(&sk->err_queue))
		mask |= POLLERR;
	if (!list_empty(&sk->rx_queue) || sk->shut & RCV_SHUTDOWN)
		mask |= POLLIN | POLLRDNORM;
	if (sk->shut & RCV_SHUTDOWN)
		mask |= POLLRDHUP;
	if (sk->shut == (RCV_SHUTDOWN | SEND_SHUTDOWN))
		mask |= POLLHUP;
	if (sk->wmem * 2 <= sk->sndbuf)
		mask |= POLLOUT | POLLWRNORM | POLLWRBAND;
	return mask;
}

int dgram_ioctl(struct sock *sk, const struct caller *c, unsigned long req, void *arg)
{
	const struct pkt *p;

	switch (req) {
	case SIOCINQ:
		p = sock_dequeue_rx(sk, true);
		*(int *)arg = p ? (int)p->len : 0;
		return 0;
	case SIOCOUTQ:
		*(int *)arg = (int)sk->wmem;
		return 0;
	default:
		return inet_ioctl(sk, c, req, arg);
	}
}
