/* SPDX-License-Identifier: MIT */
/*
 * inet.c - the AF_INET family: making its sockets, their names, what bind() and
 * connect() check
 *
 * A socket is asked for by type and protocol; the protocols registered
 * themselves (inet_register). What all kinds share is here; IPPROTO_IP options
 * and control messages are in inet_opt.c, errors in inet_err.c, ioctls on
 * devices in inet_ioctl.c.
 */

#include "inet/inet.h"

#include "core/registry.h"
#include "core/tunable.h"
#include "inet/inet_impl.h"
#include "inet/port_conf.h"
#include "ip/addr4.h"
#include "ip/icmp4.h"

enum { STATE_ESTABLISHED = 1, STATE_CLOSE = 7 };
enum { T_NONLOCAL_BIND };

static const struct tunable inet_tunables[] = {
    [T_NONLOCAL_BIND] = {.path = "net/ipv4/ip_nonlocal_bind", .max = 255},
};

/* Registered under type and protocol; a kind that takes every protocol under 0xffff */
#define KEY(type, protocol) ((u64)(type) << 32 | (u32)(protocol))
#define ANY_PROTOCOL	    0xffff

enum { PROTOCOLS = 263 }; /* 262: MPTCP, Linux's last */

int inet_register(struct warren *w, const struct part *part, const struct inet_proto *p)
{
	return registry_add(w, REG_INET, part, NULL,
			    KEY(p->type, p->any_protocol ? ANY_PROTOCOL : p->protocol),
			    p);
}

/* Protocol 0: the first that was registered for the type */
static const struct inet_proto *find_proto(struct net *net, int type, int protocol)
{
	const struct registry *r = &net->w->registry[REG_INET];
	const struct inet_proto *p = NULL;

	if (protocol)
		p = registry_find_key(net, REG_INET, KEY(type, protocol));
	if (p)
		return p;
	for (u32 i = 0; i < r->n; i++) {
		p = r->entries[i].item;
		if (p->type == type && !registry_hidden(&r->entries[i], net) &&
		    (p->any_protocol || !protocol))
			return p;
	}
	return NULL;
}

/* Is there any kind of this type at all? */
static bool type_known(struct net *net, int type)
{
	const struct registry *r = &net->w->registry[REG_INET];

	for (u32 i = 0; i < r->n; i++)
		if (((const struct inet_proto *)r->entries[i].item)->type == type)
			return true;
	return false;
}

static int inet_create(struct net *net, const struct caller *c, int type, int protocol,
		       struct sock **out)
{
	const struct inet_proto *p;

	if (protocol < 0 || protocol >= PROTOCOLS)
		return -EINVAL;
	p = find_proto(net, type, protocol);
	if (!p)
		return type_known(net, type) ? -EPROTONOSUPPORT : -ESOCKTNOSUPPORT;
	if (p->cap >= 0 && c && !caller_can_in(c, net, p->cap))
		return -EPERM;
	return p->create(net, c, type, protocol ? protocol : p->protocol, out);
}

static const struct family inet_family = {
    .family = AF_INET,
    .create = inet_create,
    .dev_ioctl = inet_dev_ioctl,
};

/* ---- life ---- */

void inet_init(struct inet_sock *is)
{
	is->local = is->peer = is->rcv_local = is->mc_addr = ipaddr_any(AF_INET);
	is->ttl = -1;
	is->mc_ttl = 1;
	is->mc_loop = 1;
	is->mc_all = 1;
	is->pmtudisc =
	    icmp4_no_pmtu_disc(is->sk.net) ? IP_PMTUDISC_DONT : IP_PMTUDISC_WANT;
	list_init(&is->bind_node);
	list_init(&is->mc_list);
}

void inet_destroy(struct inet_sock *is)
{
	inet_leave_groups(is);
	route_put(is->route);
	is->route = NULL;
}

/* ---- names ---- */

int inet_addr_from_user(const struct inet_sock *is, const struct sockaddr *a,
			socklen_t len, struct ipaddr *addr, be16 *port)
{
	struct sockaddr_in in;

	(void)is;
	if (len < sizeof(in))
		return -EINVAL;
	memcpy(&in, a, sizeof(in));
	if (in.sin_family != AF_INET && in.sin_family != AF_UNSPEC)
		return -EAFNOSUPPORT;
	*addr = ipaddr_v4((__force be32)in.sin_addr.s_addr);
	*port = (__force be16)in.sin_port;
	return 0;
}

void inet_addr_to_user(const struct ipaddr *addr, be16 port, struct sockaddr_storage *a,
		       socklen_t *len)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET,
	    .sin_port = (__force u16)port,
	    .sin_addr.s_addr = (__force u32)addr->v4,
	};

	memcpy(a, &in, sizeof(in));
	*len = sizeof(in);
}

int inet_name(struct sock *sk, bool peer, struct sockaddr_storage *a, socklen_t *len)
{
	const struct inet_sock *is = inet_sk(sk);

	if (peer) {
		if (!is->pport)
			return -ENOTCONN;
		if (sk->state == STATE_CLOSE || sk->state == 2) /* SYN_SENT: not yet */
			return -ENOTCONN;
		inet_addr_to_user(&is->peer, is->pport, a, len);
		return 0;
	}
	inet_addr_to_user(ipaddr_is_any(&is->rcv_local) ? &is->local : &is->rcv_local,
			  is->lport, a, len);
	return 0;
}

/* May a socket of @net be bound to it? As long as the net never had an address nothing
 * says no (N3.8) */
static bool bindable(struct inet_sock *is, const struct ipaddr *addr)
{
	struct net *net = is->sk.net;

	return ipaddr_is_any(addr) || is->freebind || is->transparent ||
	       tunable_int(net, &inet_tunables[T_NONLOCAL_BIND]) ||
	       fib_addr_type(net, addr) != RTN_UNICAST;
}

void inet_set_local(struct inet_sock *is, const struct ipaddr *addr)
{
	u8 type = fib_addr_type(is->sk.net, addr);

	is->rcv_local = *addr;
	is->local = type == RTN_BROADCAST || type == RTN_MULTICAST
			? ipaddr_any(addr->family)
			: *addr;
}

int inet_bind_check(struct inet_sock *is, const struct caller *c,
		    const struct sockaddr *a, socklen_t len, struct ipaddr *addr,
		    be16 *port)
{
	int err = inet_addr_from_user(is, a, len, addr, port);

	if (err)
		return err;
	/* AF_UNSPEC is only good with the any-address, for old programs */
	if (a->sa_family == AF_UNSPEC && !ipaddr_is_any(addr))
		return -EAFNOSUPPORT;
	if (!bindable(is, addr))
		return -EADDRNOTAVAIL;
	if (*port && be16_to_cpu(*port) < inet_port_unprivileged(is->sk.net) && c &&
	    !caller_can_in(c, is->sk.net, CAP_NET_BIND_SERVICE))
		return -EACCES;
	return 0;
}

/* ---- routes ---- */

void inet_flow(const struct inet_sock *is, const struct ipaddr *dst, be16 dport,
	       struct flow *fl)
{
	*fl = (struct flow){
	    .family = dst->family,
	    .src = is->local,
	    .dst = *dst,
	    .oif = is->sk.bound_dev,
	    .tos = is->tos & 0x1c,
	    .proto = (u8)is->sk.protocol,
	    .scope = is->sk.dont_route ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
	    .mark = is->sk.mark,
	    .sport = is->lport,
	    .dport = dport,
	    .uid = is->sk.uid,
	    .any_src = is->transparent || is->hdrincl,
	};
	if (!ipaddr_is_multicast(dst)) {
		if (!fl->oif)
			fl->oif = is->uc_ifindex;
		return;
	}
	if (!fl->oif)
		fl->oif = is->mc_ifindex;
	if (ipaddr_is_any(&fl->src))
		fl->src = is->mc_addr;
}

int inet_connect_route(struct inet_sock *is, const struct ipaddr *dst, be16 port,
		       struct flow *fl, struct route **rt)
{
	struct net *net = is->sk.net;
	int err;

	inet_flow(is, dst, port, fl);
	err = route_output(net, fl, rt);
	/* "This host" was found to be an address: now the tables are asked */
	if (!err && ipaddr_is_any(dst)) {
		route_put(*rt);
		err = route_output(net, fl, rt);
	}
	if (err == -ENETUNREACH)
		MIB_IP(net, IPSTATS_MIB_OUTNOROUTES);
	return err;
}

int inet_route(struct inet_sock *is, struct route **out)
{
	struct flow fl;
	int err;

	if (!is->route || !route_valid(is->route)) {
		route_put(is->route);
		is->route = NULL;
		inet_flow(is, &is->peer, is->pport, &fl);
		err = route_output(is->sk.net, &fl, &is->route);
		if (err) {
			is->route = NULL;
			return err;
		}
	}
	*out = is->route;
	return 0;
}

void inet_opt_changed(struct sock *sk, int name)
{
	struct inet_sock *is = inet_sk(sk);

	if (name != SO_BINDTODEVICE && name != SO_BINDTOIFINDEX && name != SO_MARK)
		return;
	is->conn.t.bound_dev = sk->bound_dev; /* no part of the hash */
	route_put(is->route);
	is->route = NULL;
}

/* ---- the part ---- */

static int inet_boot(struct warren *w)
{
	int err = family_register(w, &inet_part, &inet_family);

	if (!err)
		err = port_conf_boot(w, &inet_part);
	if (!err)
		err = tunable_register(w, &inet_part, inet_tunables,
				       ARRAY_SIZE(inet_tunables));
	return err;
}

const struct part inet_part = {
    .name = "inet",
    .id = PART_INET,
    .net_size = sizeof(struct port_net),
    .boot = inet_boot,
    .net_exit = port_conf_net_exit,
};
