/* SPDX-License-Identifier: MIT */
/*
 * sock.c - socket base
 *
 * References: the owner's (a descriptor), and one for each table or timer of
 * the family that may find the socket after the owner let go. A socket held by
 * a program is a user of its net (it keeps the namespace alive, N1.17); as an
 * orphan it holds only the memory, unless its family says otherwise.
 *
 * Memory: packets in the receive queue are charged by their true size to rmem,
 * packets on the way out to wmem until they are freed or orphaned. The limits
 * are the doubled values of SO_RCVBUF and SO_SNDBUF, as programs know it.
 */

#include "core/sock.h"

#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <sys/time.h>

#include "base/bug.h"
#include "core/dev.h"
#include "core/event.h"
#include "core/filter.h"
#include "core/registry.h"
#include "core/tunable.h"

#define TCP_CLOSE_STATE 7
#define MIN_SNDBUF	4608
#define MIN_RCVBUF	2304
#define SO_MAX		INT32_MAX

#define TCP_LISTEN_STATE 10
/* newer than some systems' headers */
#define SOF_TIMESTAMPING_OPT_ID_TCP_BIT (1U << 16)
enum { SO_TXREHASH_OPT = 74, SO_RCVMARK_OPT = 75, SO_PASSPIDFD_OPT = 76 };

static const struct tunable sock_tunables[] = {
    {
	.path = "net/core/rmem_default",
	.global = true,
	.min = MIN_RCVBUF,
	.max = SO_MAX,
	.def = {212992},
    },
    {
	.path = "net/core/wmem_default",
	.global = true,
	.min = MIN_SNDBUF,
	.max = SO_MAX,
	.def = {212992},
    },
    {
	.path = "net/core/rmem_max",
	.global = true,
	.min = MIN_RCVBUF,
	.max = SO_MAX,
	.def = {4194304},
    },
    {
	.path = "net/core/wmem_max",
	.global = true,
	.min = MIN_SNDBUF,
	.max = SO_MAX,
	.def = {4194304},
    },
    {
	.path = "net/core/somaxconn",
	.min = 0,
	.max = SO_MAX,
	.def = {4096},
    },
};

enum { T_RMEM_DEFAULT, T_WMEM_DEFAULT, T_RMEM_MAX, T_WMEM_MAX, T_SOMAXCONN };

int sock_somaxconn(const struct net *net)
{
	return tunable_int(net, &sock_tunables[T_SOMAXCONN]);
}

/* ---- life ---- */

int family_register(struct warren *w, const struct part *part, const struct family *f)
{
	return registry_add(w, REG_FAMILY, part, NULL, (u64)f->family, f);
}

void sock_init(struct sock *sk, struct net *net, const struct sock_ops *ops,
	       struct slab *slab, int family, int type, int protocol)
{
	count_init(&sk->refs);
	sk->net = net;
	net_hold(net);
	sk->ops = ops;
	sk->slab = slab;
	sk->family = (u16)family;
	sk->type = (u16)type;
	sk->protocol = (u16)protocol;
	sk->state = TCP_CLOSE_STATE;
	sk->cookie = net->w->next_cookie++;
	wait_queue_init(&sk->wait);
	list_init(&sk->rx_queue);
	list_init(&sk->err_queue);
	sk->rcvbuf = (u32)tunable_int(net, &sock_tunables[T_RMEM_DEFAULT]);
	sk->sndbuf = (u32)tunable_int(net, &sock_tunables[T_WMEM_DEFAULT]);
	sk->rcvlowat = 1;
	sk->max_pacing = ~0ULL;
	list_add_tail(&net->socks, &sk->net_node);
	net->n_socks++;
	quota_add(net, QUOTA_SOCKETS, 1);
}

void sock_adopt(struct sock *sk)
{
	if (sk->counted)
		return;
	sk->counted = true;
	sk->dead = false;
	net_get(sk->net);
}

void sock_orphan(struct sock *sk)
{
	sk->dead = true;
	sk->owner = NULL;
	sk->front = NULL;
	if (!sk->counted)
		return;
	sk->counted = false;
	net_put(sk->net);
}

void sock_get(struct sock *sk)
{
	count_get(&sk->refs);
}

void sock_put(struct sock *sk)
{
	struct net *net = sk->net;
	struct slab *slab = sk->slab;

	if (!count_put(&sk->refs))
		return;
	event_raise(net, EV_SOCK_DESTROY, sk);
	sock_purge(sk);
	if (sk->ops->destroy)
		sk->ops->destroy(sk);
	sock_orphan(sk);
	list_del(&sk->net_node);
	net->n_socks--;
	quota_add(net, QUOTA_SOCKETS, -1);
	filter_put(sk->filter);
	filter_put(sk->reuse_prog);
	slab_put(slab, sk);
	net_release(net);
}

int sock_create(struct net *net, const struct caller *c, int family, int type,
		int protocol, struct sock **out)
{
	const struct family *f = registry_find_key(net, REG_FAMILY, (u64)family);
	int err;

	if (!f)
		return -EAFNOSUPPORT;
	if (type < 0 || type > SOCK_PACKET)
		return -EINVAL;
	err = quota_check(net, QUOTA_SOCKETS, -ENOBUFS, NULL);
	if (!err)
		err = f->create(net, c, type, protocol, out);
	if (err)
		return err;
	(*out)->uid = c ? c->uid : 0;
	sock_adopt(*out);
	return 0;
}

void sock_release(struct sock *sk)
{
	sk->owner = NULL;
	sk->front = NULL;
	if (sk->ops->release)
		sk->ops->release(sk);
	sock_orphan(sk);
	sock_put(sk);
}

int sock_ioctl(struct sock *sk, const struct caller *c, unsigned long req, void *arg)
{
	const struct family *f = registry_find_key(sk->net, REG_FAMILY, AF_INET);
	int err = sk->ops->ioctl ? sk->ops->ioctl(sk, c, req, arg) : -ENOIOCTLCMD;

	if (err == -ENOIOCTLCMD && f && f->dev_ioctl)
		err = f->dev_ioctl(sk->net, c, req, arg);
	return err;
}

/* ---- waking and errors ---- */

void sock_wake(struct sock *sk, u32 events)
{
	wait_wake(&sk->wait, events);
}

int sock_error(struct sock *sk)
{
	int err = sk->err;

	sk->err = 0;
	return err;
}

void sock_set_error(struct sock *sk, int err)
{
	sk->err = err;
	sock_wake(sk, POLLERR | POLLIN | POLLOUT);
}

/* ---- queues ---- */

int sock_queue_rx(struct sock *sk, struct pkt *p)
{
	u32 size = pkt_truesize(p);

	/* One packet always fits, however small the buffer */
	if ((sk->rmem && sk->rmem + size > sk->rcvbuf) ||
	    !quota_room(sk->net, QUOTA_QUEUED, size)) {
		sk->rx_drops++;
		return -ENOBUFS;
	}
	sock_rmem_add(sk, size);
	sk->rx_queued++;
	p->charge = size;
	p->stamp_ns = clock_wall(sk->net->w);
	list_add_tail(&sk->rx_queue, &p->node);
	sock_wake(sk, POLLIN | POLLRDNORM);
	return 0;
}

struct pkt *sock_dequeue_rx(struct sock *sk, bool peek)
{
	struct pkt *p = list_first(&sk->rx_queue, struct pkt, node);

	if (!p || peek)
		return p;
	list_del(&p->node);
	sock_rmem_add(sk, -(s64)p->charge);
	sk->rx_queued--;
	p->charge = 0;
	return p;
}

void sock_purge(struct sock *sk)
{
	struct pkt *p;

	while ((p = sock_dequeue_rx(sk, false)))
		pkt_free(p);
	while ((p = list_first(&sk->err_queue, struct pkt, node))) {
		list_del(&p->node);
		pkt_free(p);
	}
}

static void give_back_tx(struct pkt *p)
{
	struct sock *sk = p->sk;

	sock_wmem_add(sk, -(s64)p->charge);
	if (sk->wmem + sk->wmem < sk->sndbuf)
		sock_wake(sk, POLLOUT | POLLWRNORM);
	sock_put(sk);
}

int sock_charge_tx(struct sock *sk, struct pkt *p)
{
	u32 size = pkt_truesize(p);

	if (sk->wmem && sk->wmem + size > sk->sndbuf)
		return -EAGAIN;
	if (!quota_room(sk->net, QUOTA_QUEUED, size))
		return -ENOBUFS;
	sock_wmem_add(sk, size);
	p->charge = size;
	p->sk = sk;
	sock_get(sk);
	p->destroy = give_back_tx;
	return 0;
}

/* ---- SOL_SOCKET ---- */

static u32 doubled(int v, int max, u32 floor)
{
	int most = min(max, SO_MAX / 2);
	/* Linux: a negative size is a great one */
	u32 n = v < 0 ? (u32)most : (u32)min(v, most);

	return max(n * 2, floor);
}

static int set_bound_dev(struct sock *sk, const struct caller *c, s32 ifindex)
{
	if (sk->bound_dev && !caller_can_in(c, sk->net, CAP_NET_RAW))
		return -EPERM;
	if (ifindex < 0)
		return -EINVAL;
	sk->bound_dev = ifindex;
	return 0;
}

static int bind_to_device(struct sock *sk, const struct caller *c, const void *val,
			  socklen_t len)
{
	char name[IFNAMSIZ] = "";
	struct dev *dev = NULL;

	memcpy(name, val, min(len, (socklen_t)(IFNAMSIZ - 1)));
	if (name[0]) {
		dev = dev_by_name(sk->net, name);
		if (!dev)
			return -ENODEV;
	}
	return set_bound_dev(sk, c, dev ? dev->ifindex : 0);
}

static int set_timeout(u64 *out, const void *val, socklen_t len)
{
	struct timeval tv;

	if (len < sizeof(tv))
		return -EINVAL;
	memcpy(&tv, val, sizeof(tv));
	if (tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return -EDOM;
	if (tv.tv_sec < 0)
		*out = 1; /* Linux: a negative time waits not at all */
	else if ((u64)tv.tv_sec > UINT64_MAX / NS_PER_S - 1)
		*out = 0;
	else
		*out = (u64)tv.tv_sec * NS_PER_S + (u64)tv.tv_usec * NS_PER_US;
	return 0;
}

static int set_linger(struct sock *sk, const void *val, socklen_t len)
{
	struct linger l;

	if (len < sizeof(l))
		return -EINVAL;
	memcpy(&l, val, sizeof(l));
	sk->linger_on = l.l_onoff != 0;
	if (l.l_onoff)
		sk->linger_s = (u32)l.l_linger;
	return 0;
}

static int set_priority(struct sock *sk, const struct caller *c, int v)
{
	if ((v < 0 || v > 6) && !caller_can_in(c, sk->net, CAP_NET_RAW) &&
	    !caller_can_in(c, sk->net, CAP_NET_ADMIN))
		return -EPERM;
	sk->priority = (u32)v;
	return 0;
}

/* Does the family tell a receiver who sent? */
static bool passes_cred(const struct sock *sk)
{
	return sk->family == AF_UNIX || sk->family == AF_NETLINK;
}

static enum sock_stamp stamp_of(int name)
{
	switch (name) {
	case SO_TIMESTAMP_OLD:
		return SOCK_STAMP_US;
	case SO_TIMESTAMPNS_OLD:
		return SOCK_STAMP_NS;
	case SO_TIMESTAMP_NEW:
		return SOCK_STAMP_US_NEW;
	default:
		return SOCK_STAMP_NS_NEW;
	}
}

static bool is_tcp(const struct sock *sk)
{
	return sk->type == SOCK_STREAM && sk->protocol == IPPROTO_TCP;
}

/* One at a time: the last wins, and none asks for none at all */
static void set_stamp(struct sock *sk, enum sock_stamp stamp, bool on)
{
	sk->timestamp = on ? stamp : SOCK_STAMP_NONE;
}

/* What is there of SO_TIMESTAMPING: stamps of what is sent, by TCP */
static int set_stamping(struct sock *sk, u32 v)
{
	const u32 known = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_SCHED |
			  SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE |
			  SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY |
			  SOF_TIMESTAMPING_OPT_ID_TCP_BIT;

	if (!is_tcp(sk))
		return -ENOPROTOOPT;
	if (v & ~known)
		return v & ~(u32)0xfffff ? -EINVAL : -EOPNOTSUPP;
	if (v & SOF_TIMESTAMPING_OPT_ID_TCP_BIT && !(v & SOF_TIMESTAMPING_OPT_ID))
		return -EINVAL;
	if (v & SOF_TIMESTAMPING_OPT_ID && !(sk->stamping & SOF_TIMESTAMPING_OPT_ID) &&
	    (sk->state == TCP_CLOSE_STATE || sk->state == TCP_LISTEN_STATE))
		return -EINVAL;
	sk->stamp_fresh = !(sk->stamping & SOF_TIMESTAMPING_OPT_ID);
	sk->stamping = v;
	return 0;
}

static int set_zerocopy(struct sock *sk, int v)
{
	if (!is_tcp(sk))
		return sk->type == SOCK_DGRAM ? -ENOPROTOOPT : -EOPNOTSUPP;
	if (v < 0 || v > 1)
		return -EINVAL;
	sk->zerocopy = (u8)v;
	return 0;
}

static int set_reuse_port(struct sock *sk, int on)
{
	if (on && sk->family != AF_INET && sk->family != AF_INET6)
		return -EOPNOTSUPP;
	sk->reuse_port = on != 0;
	return 0;
}

/* @v: the int in the option, 0 when it is shorter */
static int set_socket_opt(struct sock *sk, const struct caller *c, int name, int v,
			  const void *val, socklen_t len)
{
	const struct tunable *t = sock_tunables;
	struct net *net = sk->net;
	bool on = v != 0;

	switch (name) {
	case SO_DEBUG:
		if (on && !caller_can_in(c, net, CAP_NET_ADMIN))
			return -EACCES;
		sk->debug = on;
		return 0;
	case SO_REUSEADDR:
		sk->reuse = on;
		return 0;
	case SO_REUSEPORT:
		return set_reuse_port(sk, v);
	case SO_TYPE:
	case SO_PROTOCOL:
	case SO_DOMAIN:
	case SO_ERROR:
		return -ENOPROTOOPT;
	case SO_BSDCOMPAT: /* long without effect */
		return 0;
	case SO_DONTROUTE:
		sk->dont_route = on;
		return 0;
	case SO_BROADCAST:
		sk->broadcast = on;
		return 0;
	case SO_SNDBUF:
		sk->sndbuf_locked = 1;
		sk->sndbuf = doubled(v, tunable_int(net, &t[T_WMEM_MAX]), MIN_SNDBUF);
		sock_wake(sk, POLLOUT);
		return 0;
	case SO_SNDBUFFORCE:
		if (!caller_can(c, CAP_NET_ADMIN))
			return -EPERM;
		sk->sndbuf_locked = 1;
		sk->sndbuf = doubled(v, SO_MAX, MIN_SNDBUF);
		sock_wake(sk, POLLOUT);
		return 0;
	case SO_RCVBUF:
		sk->rcvbuf_locked = 1;
		sk->rcvbuf = doubled(v, tunable_int(net, &t[T_RMEM_MAX]), MIN_RCVBUF);
		return 0;
	case SO_RCVBUFFORCE:
		if (!caller_can(c, CAP_NET_ADMIN))
			return -EPERM;
		sk->rcvbuf_locked = 1;
		sk->rcvbuf = doubled(v, SO_MAX, MIN_RCVBUF);
		return 0;
	case SO_KEEPALIVE:
		sk->keepalive = on;
		return 0;
	case SO_OOBINLINE:
		sk->oob_inline = on;
		return 0;
	case SO_NO_CHECK:
		sk->no_check = on;
		return 0;
	case SO_PRIORITY:
		return set_priority(sk, c, v);
	case SO_LINGER:
		return set_linger(sk, val, len);
	case SO_PASSCRED:
		if (!passes_cred(sk))
			return -EOPNOTSUPP;
		sk->pass_cred = on;
		return 0;
	case SO_PASSSEC:
	case SO_PASSPIDFD_OPT:
	case SO_TXREHASH_OPT:
		return -EOPNOTSUPP;
	case SO_TIMESTAMPING_OLD:
		return set_stamping(sk, (u32)v);
	case SO_MAX_PACING_RATE: /* of TCP; others would need a queue that paces */
		sk->max_pacing = v == -1 ? ~0ULL : (u32)v;
		if (len >= sizeof(sk->max_pacing))
			memcpy(&sk->max_pacing, val, sizeof(sk->max_pacing));
		return 0;
	case SO_ZEROCOPY:
		return set_zerocopy(sk, v);
	case SO_TIMESTAMP_OLD:
	case SO_TIMESTAMPNS_OLD:
	case SO_TIMESTAMP_NEW:
	case SO_TIMESTAMPNS_NEW:
		set_stamp(sk, stamp_of(name), on);
		return 0;
	case SO_RCVMARK_OPT:
		if (!caller_can_in(c, net, CAP_NET_RAW) &&
		    !caller_can_in(c, net, CAP_NET_ADMIN))
			return -EPERM;
		sk->rcv_mark = on;
		return 0;
	case SO_RCVLOWAT:
		sk->rcvlowat = v < 0 ? SO_MAX : v ? (u32)v : 1;
		return 0;
	case SO_SNDLOWAT:
		return -ENOPROTOOPT;
	case SO_RCVTIMEO_OLD:
		return set_timeout(&sk->rcv_timeo_ns, val, len);
	case SO_SNDTIMEO_OLD:
		return set_timeout(&sk->snd_timeo_ns, val, len);
	case SO_BINDTODEVICE:
		return bind_to_device(sk, c, val, len);
	case SO_BINDTOIFINDEX:
		return set_bound_dev(sk, c, v);
	case SO_MARK:
		if (!caller_can_in(c, net, CAP_NET_RAW) &&
		    !caller_can_in(c, net, CAP_NET_ADMIN))
			return -EPERM;
		sk->mark = (u32)v;
		return 0;
	case SO_RXQ_OVFL:
		sk->rxq_ovfl = on;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int sock_set_opt(struct sock *sk, const struct caller *c, int level, int name,
		 const void *val, socklen_t len)
{
	int v = 0, err;

	if (level != SOL_SOCKET)
		return sk->ops->set_opt ? sk->ops->set_opt(sk, c, level, name, val, len)
					: -ENOPROTOOPT;
	if (name != SO_BINDTODEVICE) {
		if (len < sizeof(v))
			return -EINVAL;
		memcpy(&v, val, sizeof(v));
	}
	err = filter_is_opt(name) ? filter_set_opt(sk, name, v, val, len)
				  : set_socket_opt(sk, c, name, v, val, len);
	if (!err && sk->ops->opt_changed)
		sk->ops->opt_changed(sk, name);
	return err;
}

union opt_value {
	int v;
	u64 v64;
	struct linger linger;
	struct timeval tv;
	char name[IFNAMSIZ];
	struct {
		s32 pid;
		u32 uid, gid;
	} cred;
	u32 meminfo[9];
	struct {
		int flags, bind_phc;
	} stamping;
};

static struct timeval timeout_of(u64 ns)
{
	return (struct timeval){
	    .tv_sec = (time_t)(ns / NS_PER_S),
	    .tv_usec = (suseconds_t)(ns % NS_PER_S / NS_PER_US),
	};
}

static int get_bound_name(struct sock *sk, union opt_value *o, socklen_t *size)
{
	struct dev *dev;

	*size = 0;
	if (!sk->bound_dev)
		return 0;
	dev = dev_by_index(sk->net, sk->bound_dev);
	if (!dev)
		return -ENODEV;
	memcpy(o->name, dev->name, IFNAMSIZ);
	*size = (socklen_t)strlen(dev->name) + 1;
	return 0;
}

static int get_socket_opt(struct sock *sk, int name, union opt_value *o,
			  socklen_t *size)
{
	*size = sizeof(int);
	switch (name) {
	case SO_DEBUG:
		o->v = sk->debug;
		return 0;
	case SO_SNDLOWAT:
		o->v = 1;
		return 0;
	case SO_BSDCOMPAT:
		o->v = 0;
		return 0;
	case SO_REUSEADDR:
		o->v = sk->reuse;
		return 0;
	case SO_REUSEPORT:
		o->v = sk->reuse_port;
		return 0;
	case SO_TYPE:
		o->v = sk->type;
		return 0;
	case SO_PROTOCOL:
		o->v = sk->protocol;
		return 0;
	case SO_DOMAIN:
		o->v = sk->family;
		return 0;
	case SO_ERROR:
		o->v = sock_error(sk);
		if (!o->v) {
			o->v = sk->soft_err;
			sk->soft_err = 0;
		}
		return 0;
	case SO_DONTROUTE:
		o->v = sk->dont_route;
		return 0;
	case SO_BROADCAST:
		o->v = sk->broadcast;
		return 0;
	case SO_SNDBUF:
		o->v = (int)sk->sndbuf;
		return 0;
	case SO_RCVBUF:
		o->v = (int)sk->rcvbuf;
		return 0;
	case SO_KEEPALIVE:
		o->v = sk->keepalive;
		return 0;
	case SO_OOBINLINE:
		o->v = sk->oob_inline;
		return 0;
	case SO_NO_CHECK:
		o->v = sk->no_check;
		return 0;
	case SO_PRIORITY:
		o->v = (int)sk->priority;
		return 0;
	case SO_LINGER:
		o->linger.l_onoff = sk->linger_on;
		o->linger.l_linger = (int)sk->linger_s;
		*size = sizeof(o->linger);
		return 0;
	case SO_PASSCRED:
		if (!passes_cred(sk))
			return -EOPNOTSUPP;
		o->v = sk->pass_cred;
		return 0;
	case SO_PASSSEC:
	case SO_PASSPIDFD_OPT:
	case SO_TXREHASH_OPT:
		return -EOPNOTSUPP;
	case SO_TIMESTAMP_OLD:
	case SO_TIMESTAMPNS_OLD:
	case SO_TIMESTAMP_NEW:
	case SO_TIMESTAMPNS_NEW:
		o->v = sk->timestamp == stamp_of(name);
		return 0;
	case SO_TIMESTAMPING_OLD:
		if (!is_tcp(sk))
			return -ENOPROTOOPT;
		o->stamping.flags = (int)sk->stamping;
		*size = sizeof(o->stamping);
		return 0;
	case SO_ZEROCOPY:
		if (!is_tcp(sk))
			return -ENOPROTOOPT;
		o->v = sk->zerocopy;
		return 0;
	case SO_RCVMARK_OPT:
		o->v = sk->rcv_mark;
		return 0;
	case SO_RCVLOWAT:
		o->v = (int)sk->rcvlowat;
		return 0;
	case SO_RCVTIMEO_OLD:
		o->tv = timeout_of(sk->rcv_timeo_ns);
		*size = sizeof(o->tv);
		return 0;
	case SO_SNDTIMEO_OLD:
		o->tv = timeout_of(sk->snd_timeo_ns);
		*size = sizeof(o->tv);
		return 0;
	case SO_ACCEPTCONN:
		o->v = sk->state == 10; /* TCP_LISTEN */
		return 0;
	case SO_BINDTODEVICE:
		return get_bound_name(sk, o, size);
	case SO_BINDTOIFINDEX:
		o->v = sk->bound_dev;
		return 0;
	case SO_MARK:
		o->v = (int)sk->mark;
		return 0;
	case SO_RXQ_OVFL:
		o->v = sk->rxq_ovfl;
		return 0;
	case SO_LOCK_FILTER:
		o->v = sk->filter_locked;
		return 0;
	case SO_MAX_PACING_RATE:
		o->v64 = sk->max_pacing;
		*size = sizeof(o->v64);
		return 0;
	case SO_COOKIE:
		o->v64 = sk->cookie;
		*size = sizeof(o->v64);
		return 0;
	case SO_NETNS_COOKIE:
		o->v64 = sk->net->cookie;
		*size = sizeof(o->v64);
		return 0;
	case SO_PEERCRED:
		o->cred.pid = 0;
		o->cred.uid = o->cred.gid = (u32)-1;
		*size = sizeof(o->cred);
		return 0;
	case SO_MEMINFO:
		memset(o->meminfo, 0, sizeof(o->meminfo));
		o->meminfo[0] = sk->rmem;
		o->meminfo[1] = sk->rcvbuf;
		o->meminfo[2] = sk->wmem;
		o->meminfo[3] = sk->sndbuf;
		o->meminfo[5] = sk->wmem;
		o->meminfo[8] = (u32)sk->rx_drops;
		*size = sizeof(o->meminfo);
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int sock_get_opt(struct sock *sk, int level, int name, void *val, socklen_t *len)
{
	union opt_value o;
	socklen_t size;
	int err;

	if ((s32)*len < 0)
		return -EINVAL;
	if (level != SOL_SOCKET)
		return sk->ops->get_opt ? sk->ops->get_opt(sk, level, name, val, len)
					: -ENOPROTOOPT;
	memset(&o, 0, sizeof(o));
	if (name == SO_NETNS_COOKIE && *len != sizeof(u64))
		return -EINVAL;
	if (name == SO_BINDTODEVICE && sk->bound_dev && *len < IFNAMSIZ)
		return -EINVAL;
	if (name == SO_GET_FILTER)
		return filter_get(sk, val, len);
	err = get_socket_opt(sk, name, &o, &size);
	if (err)
		return err;
	if (name == SO_MAX_PACING_RATE && *len < size) { /* the old one was an int */
		o.v = (int)(u32)min(sk->max_pacing, (u64)UINT32_MAX);
		size = sizeof(o.v);
	}
	*len = min(*len, size);
	memcpy(val, &o, *len);
	return 0;
}

static int sock_boot(struct warren *w)
{
	return tunable_register(w, &sock_part, sock_tunables,
				ARRAY_SIZE(sock_tunables));
}

const struct part sock_part = {
    .name = "sock",
    .id = PART_SOCK,
    .boot = sock_boot,
};
