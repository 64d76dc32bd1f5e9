/* SPDX-License-Identifier: MIT */
/*
 * netlink_test.c - requests as programs send them, built by libmnl, through the
 * sockets of a warren in virtual time with the real parts below
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/dev.h"
#include "core/worker.h"
#include "netlink/netlink.h"
#include "parts.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include <cmocka.h>

#define ADMIN (1ULL << CAP_NET_ADMIN | 1ULL << CAP_NET_BROADCAST)

struct lab {
	struct warren *w;
	struct net *a, *b;
	struct caller who; /* in a */
	struct caller_ops ops;
	struct fault fault;
	struct sock *sk; /* NETLINK_ROUTE of a */
	char buf[65536], rx[65536];
	struct nlmsghdr *nlh;
	u32 seq;
	struct sock *open[16]; /* also those of a test that failed */
	int n_open;
};

/* Descriptor 5 is net b */
static int net_by_fd(const struct caller *c, int fd, struct net **out)
{
	struct lab *l = c->arg;

	if (fd != 5)
		return -EBADF;
	*out = l->b;
	net_get(l->b);
	return 0;
}

static int net_by_pid(const struct caller *c, int pid, struct net **out)
{
	(void)c;
	(void)pid;
	(void)out;
	return -ESRCH;
}

static struct sock *open_in(struct lab *l, struct net *net, int protocol)
{
	struct caller c = l->who;
	struct sock *sk;
	int one = 1;

	c.net = net;
	assert_int_equal(sock_create(net, &c, AF_NETLINK, SOCK_RAW, protocol, &sk), 0);
	assert_int_equal(sock_set_opt(sk, &c, SOL_NETLINK, NETLINK_EXT_ACK, &one, 4),
			 0);
	l->open[l->n_open++] = sk;
	return sk;
}

static int setup(void **state)
{
	struct lab *l = calloc(1, sizeof(*l));
	struct warren_config cfg = {
	    .parts = warren_parts,
	    .seed = 7,
	    .virtual_time = true,
	    .fault = &l->fault,
	};

	assert_int_equal(warren_new(&cfg, &l->w), 0);
	l->a = l->w->init_net;
	net_get(l->a);
	assert_int_equal(net_new(l->w, "b", &l->b), 0);
	l->ops = (struct caller_ops){net_by_fd, net_by_pid};
	l->who = (struct caller){
	    .net = l->a,
	    .pid = 100,
	    .caps = ADMIN,
	    .ops = &l->ops,
	    .arg = l,
	};
	l->sk = open_in(l, l->a, NETLINK_ROUTE);
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct lab *l = *state;

	while (l->n_open)
		sock_release(l->open[--l->n_open]);
	net_put(l->b);
	net_put(l->a);
	warren_free(l->w);
	free(l);
	return 0;
}

static void run(struct lab *l)
{
	for (int i = 0; i < 1000 && worker_step(l->w->worker); i++)
		;
}

/* ---- building ---- */

static void begin(struct lab *l, int type, int flags)
{
	memset(l->buf, 0, 512);
	l->nlh = mnl_nlmsg_put_header(l->buf);
	l->nlh->nlmsg_type = (u16)type;
	l->nlh->nlmsg_flags = (u16)(NLM_F_REQUEST | flags);
	l->nlh->nlmsg_seq = ++l->seq;
}

static struct ifinfomsg *begin_link(struct lab *l, int type, int flags)
{
	begin(l, type, flags);
	return mnl_nlmsg_put_extra_header(l->nlh, sizeof(struct ifinfomsg));
}

static ssize_t send_raw(struct lab *l, struct sock *sk, const void *data, size_t len)
{
	struct iovec iov = {(void *)(uintptr_t)data, len};
	struct msg m = {.iov = &iov, .n_iov = 1, .caller = &l->who};

	return sk->ops->send(sk, &m);
}

static ssize_t recv_into(struct lab *l, struct sock *sk, size_t room)
{
	struct iovec iov = {l->rx, room};
	struct msg m = {.iov = &iov, .n_iov = 1, .caller = &l->who, .flags = MSG_TRUNC};

	return sk->ops->recv(sk, &m);
}

/* The text of an extended ack, "" when there is none */
static const char *ack_text(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	u32 skip = sizeof(*e);
	struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return "";
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
	mnl_attr_for_each(attr, nlh,
			  skip) if (mnl_attr_get_type(attr) ==
				    NLMSGERR_ATTR_MSG) return mnl_attr_get_str(attr);
	return "";
}

/* Send what was built, want an ack: its error */
static int ask(struct lab *l)
{
	const struct nlmsghdr *nlh = (void *)l->rx;
	ssize_t n;

	l->nlh->nlmsg_flags |= NLM_F_ACK;
	n = send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
	assert_int_equal(n, l->nlh->nlmsg_len);
	n = recv_into(l, l->sk, 4096);
	assert_true(n > 0);
	assert_true(mnl_nlmsg_ok(nlh, (int)n));
	assert_int_equal(nlh->nlmsg_seq, l->seq);
	assert_int_equal(nlh->nlmsg_type, NLMSG_ERROR);
	return ((struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->error;
}

static void expect_ack(struct lab *l, int err, const char *text)
{
	assert_int_equal(ask(l), err);
	assert_string_equal(ack_text((void *)l->rx), text);
}

/* Is there nothing to read? */
static void expect_silence(struct lab *l, struct sock *sk)
{
	assert_int_equal(recv_into(l, sk, 4096), -EAGAIN);
}

static const struct nlmsghdr *expect(struct lab *l, struct sock *sk, int type)
{
	ssize_t n = recv_into(l, sk, 4096);
	const struct nlmsghdr *nlh = (void *)l->rx;

	assert_true(n > 0);
	assert_int_equal(nlh->nlmsg_type, type);
	return nlh;
}

static const struct nlattr *attr_of(const struct nlmsghdr *nlh, size_t hdr, int type)
{
	struct nlattr *a;

	mnl_attr_for_each(a, nlh,
			  (unsigned)hdr) if (mnl_attr_get_type(a) == type) return a;
	return NULL;
}

static void build_veth(struct lab *l, const char *name, const char *peer,
		       bool peer_in_b)
{
	struct nlattr *info, *data, *p;

	begin_link(l, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	mnl_attr_put_str(l->nlh, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(l->nlh, IFLA_LINKINFO);
	mnl_attr_put_str(l->nlh, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(l->nlh, IFLA_INFO_DATA);
	p = mnl_attr_nest_start(l->nlh, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(l->nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_str(l->nlh, IFLA_IFNAME, peer);
	if (peer_in_b)
		mnl_attr_put_u32(l->nlh, IFLA_NET_NS_FD, 5);
	mnl_attr_nest_end(l->nlh, p);
	mnl_attr_nest_end(l->nlh, data);
	mnl_attr_nest_end(l->nlh, info);
}

static void add_veth(struct lab *l, const char *name, const char *peer, bool peer_in_b)
{
	build_veth(l, name, peer, peer_in_b);
	expect_ack(l, 0, "");
}

static void set_up(struct lab *l, struct net *net, const char *name)
{
	struct dev *dev = dev_by_name(net, name);

	(void)l;
	assert_non_null(dev);
	assert_int_equal(dev_set_flags(dev, IFF_UP, IFF_UP), 0);
}

static void join(struct lab *l, struct sock *sk, u32 group)
{
	assert_int_equal(
	    sock_set_opt(sk, &l->who, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, 4),
	    0);
}

static void build_addr(struct lab *l, int type, int flags, const char *dev,
		       const char *addr, int plen)
{
	struct dev *d = dev_by_name(l->a, dev);
	struct ifaddrmsg *ifm;
	u32 ip = inet_addr(addr);

	begin(l, type, flags);
	ifm = mnl_nlmsg_put_extra_header(l->nlh, sizeof(*ifm));
	ifm->ifa_family = AF_INET;
	ifm->ifa_prefixlen = (u8)plen;
	ifm->ifa_index = d ? (u32)d->ifindex : 999;
	mnl_attr_put_u32(l->nlh, IFA_LOCAL, ip);
	mnl_attr_put_u32(l->nlh, IFA_ADDRESS, ip);
}

static void build_route(struct lab *l, int type, int flags, const char *dst, int plen,
			const char *gw)
{
	struct rtmsg *rtm;

	begin(l, type, flags);
	rtm = mnl_nlmsg_put_extra_header(l->nlh, sizeof(*rtm));
	rtm->rtm_family = AF_INET;
	rtm->rtm_dst_len = (u8)plen;
	if (type != RTM_GETROUTE) {
		rtm->rtm_table = RT_TABLE_MAIN;
		rtm->rtm_protocol = RTPROT_BOOT;
		rtm->rtm_type = RTN_UNICAST;
	}
	if (dst)
		mnl_attr_put_u32(l->nlh, RTA_DST, inet_addr(dst));
	if (gw)
		mnl_attr_put_u32(l->nlh, RTA_GATEWAY, inet_addr(gw));
}

/* Read a dump with a buffer of @room: messages counted, the error of its end */
static int read_dump(struct lab *l, size_t room, int type, int *n_out, int *parts)
{
	int n = 0, p = 0;

	for (;;) {
		ssize_t len = recv_into(l, l->sk, room);
		const struct nlmsghdr *nlh = (void *)l->rx;
		int left = (int)len;

		assert_true(len > 0);
		assert_true((size_t)len <= room);
		p++;
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
			assert_int_equal(nlh->nlmsg_seq, l->seq);
			if (nlh->nlmsg_type == NLMSG_DONE) {
				*n_out = n;
				*parts = p;
				return *(int *)mnl_nlmsg_get_payload(nlh);
			}
			if (nlh->nlmsg_type == NLMSG_ERROR)
				return ((struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))
				    ->error;
			assert_int_equal(nlh->nlmsg_type, type);
			assert_true(nlh->nlmsg_flags & NLM_F_MULTI);
			n++;
		}
	}
}

/* ---- tests ---- */

static void a_new_net_lists_lo(void **state)
{
	struct lab *l = *state;
	const struct nlmsghdr *nlh = (void *)l->rx;
	int n, parts;

	begin_link(l, RTM_GETLINK, NLM_F_DUMP);
	send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
	assert_int_equal(read_dump(l, 32768, RTM_NEWLINK, &n, &parts), 0);
	assert_int_equal(n, 1);
	begin_link(l, RTM_GETLINK, 0);
	mnl_attr_put_str(l->nlh, IFLA_IFNAME, "lo");
	send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
	nlh = expect(l, l->sk, RTM_NEWLINK);
	assert_string_equal(
	    mnl_attr_get_str(attr_of(nlh, sizeof(struct ifinfomsg), IFLA_QDISC)),
	    "noop");
	assert_int_equal(
	    mnl_attr_get_u32(attr_of(nlh, sizeof(struct ifinfomsg), IFLA_MTU)), 65536);
}

static void ports_are_per_net(void **state)
{
	struct lab *l = *state;
	struct sock *a = open_in(l, l->a, NETLINK_ROUTE),
		    *b = open_in(l, l->b, NETLINK_ROUTE),
		    *again = open_in(l, l->a, NETLINK_ROUTE);
	struct sockaddr_nl nl = {.nl_family = AF_NETLINK, .nl_pid = 777};
	struct sockaddr_storage got;
	socklen_t len;

	assert_int_equal(a->ops->bind(a, &l->who, (void *)&nl, sizeof(nl)), 0);
	assert_int_equal(b->ops->bind(b, &l->who, (void *)&nl, sizeof(nl)), 0);
	assert_int_equal(again->ops->bind(again, &l->who, (void *)&nl, sizeof(nl)),
			 -EADDRINUSE);
	nl.nl_pid = 0;
	assert_int_equal(again->ops->bind(again, &l->who, (void *)&nl, sizeof(nl)), 0);
	again->ops->name(again, false, &got, &len);
	assert_int_equal(((struct sockaddr_nl *)&got)->nl_pid, 100);
	assert_int_equal(sock_create(l->a, &l->who, AF_NETLINK, SOCK_RAW, 8, &a),
			 -EPROTONOSUPPORT);
	assert_int_equal(sock_create(l->a, &l->who, AF_NETLINK, SOCK_STREAM, 0, &a),
			 -ESOCKTNOSUPPORT);
}

static void veth_across_nets(void **state)
{
	struct lab *l = *state;
	const size_t hdr = sizeof(struct ifinfomsg);
	const struct nlmsghdr *nlh;
	struct dev *peer;

	add_veth(l, "v0", "v0", true);
	peer = dev_by_name(l->b, "v0");
	assert_non_null(peer);
	begin_link(l, RTM_GETLINK, 0);
	mnl_attr_put_str(l->nlh, IFLA_IFNAME, "v0");
	send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
	nlh = expect(l, l->sk, RTM_NEWLINK);
	assert_int_equal(mnl_attr_get_u32(attr_of(nlh, hdr, IFLA_LINK)), peer->ifindex);
	assert_int_equal(mnl_attr_get_u32(attr_of(nlh, hdr, IFLA_LINK_NETNSID)), 0);
	build_veth(l, "v0", "x", false);
	expect_ack(l, -EEXIST, "");
	begin_link(l, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	mnl_attr_put_str(l->nlh, IFLA_IFNAME, "q");
	expect_ack(l, -EOPNOTSUPP, "Unknown device type");
	begin_link(l, RTM_DELLINK, 0);
	mnl_attr_put_str(l->nlh, IFLA_IFNAME, "lo");
	expect_ack(l, -EOPNOTSUPP, "");
	begin_link(l, RTM_DELLINK, 0);
	mnl_attr_put_str(l->nlh, IFLA_IFNAME, "nope");
	expect_ack(l, -ENODEV, "");
	begin_link(l, RTM_DELLINK, 0);
	mnl_attr_put_str(l->nlh, IFLA_IFNAME, "v0");
	expect_ack(l, 0, "");
	assert_null(dev_by_name(l->b, "v0"));
}

static void a_device_moves(void **state)
{
	struct lab *l = *state;
	struct sock *ea = open_in(l, l->a, NETLINK_ROUTE),
		    *eb = open_in(l, l->b, NETLINK_ROUTE);
	const size_t hdr = sizeof(struct ifinfomsg);
	const struct nlmsghdr *nlh;

	add_veth(l, "v0", "v1", false);
	join(l, ea, RTNLGRP_LINK);
	join(l, eb, RTNLGRP_LINK);
	begin_link(l, RTM_NEWLINK, 0);
	mnl_attr_put_str(l->nlh, IFLA_IFNAME, "v1");
	mnl_attr_put_u32(l->nlh, IFLA_NET_NS_FD, 9);
	expect_ack(l, -EBADF, "");
	begin_link(l, RTM_SETLINK, 0)->ifi_index = dev_by_name(l->a, "v1")->ifindex;
	mnl_attr_put_str(l->nlh, IFLA_IFNAME, "moved%d");
	mnl_attr_put_u32(l->nlh, IFLA_NET_NS_FD, 5);
	expect_ack(l, 0, "");
	nlh = expect(l, ea, RTM_DELLINK);
	assert_int_equal(mnl_attr_get_u32(attr_of(nlh, hdr, IFLA_NEW_NETNSID)), 0);
	assert_non_null(attr_of(nlh, hdr, IFLA_NEW_IFINDEX));
	expect_silence(l, ea); /* v0 is down: its carrier did not change */
	nlh = expect(l, eb, RTM_NEWLINK);
	assert_string_equal(mnl_attr_get_str(attr_of(nlh, hdr, IFLA_IFNAME)), "v1");
	nlh = expect(l, eb, RTM_NEWLINK); /* renamed where it arrived */
	assert_string_equal(mnl_attr_get_str(attr_of(nlh, hdr, IFLA_IFNAME)), "moved0");
	expect_silence(l, eb);
	begin_link(l, RTM_SETLINK, 0)->ifi_index = 1;
	mnl_attr_put_u32(l->nlh, IFLA_NET_NS_FD, 5);
	expect_ack(l, -EINVAL, "The interface netns is immutable");
}

static void addresses(void **state)
{
	struct lab *l = *state;
	struct sock *ev = open_in(l, l->a, NETLINK_ROUTE);
	int n, parts;

	join(l, ev, RTNLGRP_IPV4_IFADDR);
	add_veth(l, "v0", "v1", false);
	build_addr(l, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, "v0", "10.0.0.1", 24);
	expect_ack(l, 0, "");
	expect(l, ev, RTM_NEWADDR);
	build_addr(l, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, "v0", "10.0.0.1", 24);
	expect_ack(l, -EEXIST, "ipv4: Address already assigned");
	build_addr(l, RTM_NEWADDR, NLM_F_CREATE, "nope", "10.0.0.1", 24);
	expect_ack(l, -ENODEV, "ipv4: Device not found");
	build_addr(l, RTM_NEWADDR, NLM_F_CREATE, "v0", "10.0.0.1", 33);
	expect_ack(l, -EINVAL, "ipv4: Invalid prefix length");
	for (int i = 0; i < 200; i++) {
		char s[32];

		snprintf(s, sizeof(s), "10.1.%d.1", i);
		build_addr(l, RTM_NEWADDR, NLM_F_CREATE, "v0", s, 24);
		expect_ack(l, 0, "");
	}
	begin(l, RTM_GETADDR, NLM_F_DUMP);
	mnl_nlmsg_put_extra_header(l->nlh, sizeof(struct ifaddrmsg));
	send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
	assert_int_equal(read_dump(l, 4096, RTM_NEWADDR, &n, &parts), 0);
	assert_int_equal(n, 201);
	assert_true(parts > 3);
	build_addr(l, RTM_DELADDR, 0, "v0", "10.0.0.1", 24);
	expect_ack(l, 0, "");
	build_addr(l, RTM_DELADDR, 0, "v0", "10.0.0.1", 24);
	expect_ack(l, -EADDRNOTAVAIL, "ipv4: Address not found");
}

static int dump_table(struct lab *l, u32 table, int *n)
{
	struct rtmsg *rtm;
	int parts;

	begin(l, RTM_GETROUTE, NLM_F_DUMP);
	rtm = mnl_nlmsg_put_extra_header(l->nlh, sizeof(*rtm));
	rtm->rtm_family = AF_INET;
	if (table)
		mnl_attr_put_u32(l->nlh, RTA_TABLE, table);
	send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
	return read_dump(l, 4096, RTM_NEWROUTE, n, &parts);
}

static void routes(void **state)
{
	struct lab *l = *state;
	const struct nlmsghdr *nlh;
	const size_t hdr = sizeof(struct rtmsg);
	int one = 1, n;

	sock_set_opt(l->sk, &l->who, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, 4);
	assert_int_equal(dump_table(l, RT_TABLE_MAIN, &n), -ENOENT);
	add_veth(l, "v0", "v1", false);
	set_up(l, l->a, "v0");
	set_up(l, l->a, "v1");
	build_addr(l, RTM_NEWADDR, NLM_F_CREATE, "v0", "10.0.0.1", 24);
	expect_ack(l, 0, "");
	build_route(l, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, "20.0.0.0", 8,
		    "9.9.9.9");
	expect_ack(l, -ENETUNREACH, "Nexthop has invalid gateway");
	build_route(l, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, "20.0.0.0", 8,
		    "10.0.0.9");
	expect_ack(l, 0, "");
	build_route(l, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, "20.0.0.0", 8,
		    "10.0.0.9");
	expect_ack(l, -EEXIST, "");
	build_route(l, RTM_GETROUTE, 0, "20.1.2.3", 32, NULL);
	send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
	nlh = expect(l, l->sk, RTM_NEWROUTE);
	assert_int_equal(mnl_attr_get_u32(attr_of(nlh, hdr, RTA_GATEWAY)),
			 inet_addr("10.0.0.9"));
	assert_int_equal(mnl_attr_get_u32(attr_of(nlh, hdr, RTA_PREFSRC)),
			 inet_addr("10.0.0.1"));
	for (int i = 0; i < 500; i++) {
		char s[32];

		snprintf(s, sizeof(s), "30.%d.%d.0", i / 250, i % 250);
		build_route(l, RTM_NEWROUTE, NLM_F_CREATE, s, 24, "10.0.0.9");
		expect_ack(l, 0, "");
	}
	assert_int_equal(dump_table(l, RT_TABLE_MAIN, &n), 0);
	assert_int_equal(n, 502);
	assert_int_equal(dump_table(l, RT_TABLE_LOCAL, &n), 0);
	assert_int_equal(n, 2); /* v0: itself and the broadcast address */
	assert_int_equal(dump_table(l, 77, &n), -ENOENT);
	build_route(l, RTM_DELROUTE, 0, "20.0.0.0", 8, NULL);
	expect_ack(l, 0, "");
	build_route(l, RTM_DELROUTE, 0, "20.0.0.0", 8, NULL);
	assert_int_equal(ask(l), -ESRCH);
}

static void strict_requests(void **state)
{
	struct lab *l = *state;
	int one = 1, n, parts;

	sock_set_opt(l->sk, &l->who, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, 4);
	begin_link(l, RTM_GETLINK, NLM_F_DUMP)->ifi_index = 3;
	send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
	assert_int_equal(read_dump(l, 4096, RTM_NEWLINK, &n, &parts), -EINVAL);
	begin_link(l, RTM_GETLINK, NLM_F_DUMP);
	mnl_attr_put_u32(l->nlh, IFLA_MTU, 3);
	send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
	assert_int_equal(read_dump(l, 4096, RTM_NEWLINK, &n, &parts), -EINVAL);
	begin_link(l, RTM_GETLINK, NLM_F_DUMP);
	mnl_attr_put_u32(l->nlh, IFLA_TARGET_NETNSID, 33);
	send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
	assert_int_equal(read_dump(l, 4096, RTM_NEWLINK, &n, &parts), -EINVAL);
	begin(l, RTM_GETRULE, NLM_F_DUMP);
	mnl_nlmsg_put_extra_header(l->nlh, 12);
	send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
	assert_int_equal(read_dump(l, 4096, RTM_NEWRULE, &n, &parts), 0);
	assert_int_equal(n, 3);
	begin(l, RTM_GETNETCONF, NLM_F_DUMP);
	mnl_nlmsg_put_extra_header(l->nlh, 4);
	send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
	assert_int_equal(read_dump(l, 4096, RTM_NEWNETCONF, &n, &parts), 0);
	assert_int_equal(n, 3);
}

static void namespace_ids(void **state)
{
	struct lab *l = *state;
	struct sock *ev = open_in(l, l->a, NETLINK_ROUTE);
	const struct nlmsghdr *nlh;

	join(l, ev, RTNLGRP_NSID);
	begin(l, RTM_GETNSID, 0);
	mnl_nlmsg_put_extra_header(l->nlh, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(l->nlh, NETNSA_FD, 5);
	send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
	nlh = expect(l, l->sk, RTM_NEWNSID);
	assert_int_equal(
	    mnl_attr_get_u32(attr_of(nlh, sizeof(struct rtgenmsg), NETNSA_NSID)), ~0U);
	begin(l, RTM_NEWNSID, 0);
	mnl_nlmsg_put_extra_header(l->nlh, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(l->nlh, NETNSA_FD, 5);
	mnl_attr_put_u32(l->nlh, NETNSA_NSID, 200);
	expect_ack(l, 0, "");
	l->seq++;
	l->nlh->nlmsg_seq = l->seq;
	expect_ack(l, -EEXIST, "Peer netns already has a nsid assigned");
	expect(l, ev, RTM_NEWNSID);
	net_put(l->b);
	run(l);
	nlh = expect(l, ev, RTM_DELNSID);
	assert_int_equal(
	    mnl_attr_get_u32(attr_of(nlh, sizeof(struct rtgenmsg), NETNSA_NSID)), 200);
	assert_int_equal(net_new(l->w, "b", &l->b), 0);
	begin(l, RTM_DELNSID, 0);
	mnl_nlmsg_put_extra_header(l->nlh, sizeof(struct rtgenmsg));
	expect_ack(l, -EOPNOTSUPP, "");
}

static void without_rights(void **state)
{
	struct lab *l = *state;
	int n, parts;

	l->who.caps = 0;
	build_veth(l, "v0", "v1", false);
	expect_ack(l, -EPERM, "");
	begin_link(l, RTM_GETLINK, NLM_F_DUMP);
	send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
	assert_int_equal(read_dump(l, 4096, RTM_NEWLINK, &n, &parts), 0);
}

static void a_full_queue_says_so(void **state)
{
	struct lab *l = *state;
	struct sock *ev = open_in(l, l->a, NETLINK_ROUTE);
	int small = 1;

	join(l, ev, RTNLGRP_LINK);
	assert_int_equal(sock_set_opt(ev, &l->who, SOL_SOCKET, SO_RCVBUF, &small, 4),
			 0);
	for (int i = 0; i < 10; i++)
		dev_set_mtu(l->a->lo, 1000 + (u32)i, NULL);
	assert_int_equal(recv_into(l, ev, 8192), -ENOBUFS);
	assert_true(recv_into(l, ev, 8192) > 0);
	while (recv_into(l, ev, 8192) > 0)
		;
	dev_set_mtu(l->a->lo, 2000, NULL);
	expect(l, ev, RTM_NEWLINK);
}

/* Whatever allocation fails: an errno, and all is as it was or done */
static void without_memory(void **state)
{
	struct lab *l = *state;
	u64 failed = 0;

	for (u64 n = 1; n < 400 && failed == n - 1; n++) {
		l->fault.countdown = n;
		build_veth(l, "v0", "v1", n & 1);
		send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
		build_addr(l, RTM_NEWADDR, NLM_F_CREATE, "v0", "10.0.0.1", 24);
		send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
		begin_link(l, RTM_NEWLINK, 0)->ifi_flags = IFF_UP;
		mnl_attr_put_str(l->nlh, IFLA_IFNAME, "v0");
		mnl_attr_put_str(l->nlh, IFLA_IFALIAS, "an alias");
		send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
		build_route(l, RTM_NEWROUTE, NLM_F_CREATE, "20.0.0.0", 8, "10.0.0.9");
		send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
		begin(l, RTM_GETROUTE, NLM_F_DUMP);
		mnl_nlmsg_put_extra_header(l->nlh, sizeof(struct rtmsg));
		send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
		for (int i = 0; i < 20; i++)
			recv_into(l, l->sk, 8192);
		begin_link(l, RTM_DELLINK, 0);
		mnl_attr_put_str(l->nlh, IFLA_IFNAME, "v0");
		send_raw(l, l->sk, l->buf, l->nlh->nlmsg_len);
		run(l);
		failed = l->fault.failed;
	}
	assert_true(failed > 20);
	l->fault.countdown = 0;
	while (recv_into(l, l->sk, 8192) != -EAGAIN)
		;
	begin_link(l, RTM_DELLINK, 0);
	mnl_attr_put_str(l->nlh, IFLA_IFNAME, "v0");
	ask(l);
	add_veth(l, "v0", "v1", false);
}

/* What no program sends: nothing may happen but an answer */
static void nonsense(void **state)
{
	struct lab *l = *state;
	struct random r;

	random_seed(&r, 99);
	add_veth(l, "v0", "v1", true);
	for (int i = 0; i < 20000; i++) {
		static const u16 types[] = {RTM_NEWLINK,  RTM_DELLINK,	  RTM_GETLINK,
					    RTM_SETLINK,  RTM_NEWADDR,	  RTM_DELADDR,
					    RTM_GETADDR,  RTM_NEWROUTE,	  RTM_DELROUTE,
					    RTM_GETROUTE, RTM_NEWNEIGH,	  RTM_GETNEIGH,
					    RTM_NEWRULE,  RTM_GETRULE,	  RTM_NEWNSID,
					    RTM_GETNSID,  RTM_NEWLINKPROP};
		u32 len = 16 + random_below(&r, 200);
		struct nlmsghdr *h = (void *)l->buf;

		random_bytes(&r, l->buf, len);
		h->nlmsg_len = random_below(&r, 8) ? len : random_below(&r, 300);
		h->nlmsg_type = types[random_below(&r, ARRAY_SIZE(types))];
		h->nlmsg_flags |= NLM_F_REQUEST;
		l->buf[16] = AF_INET;
		for (u32 at = 16 + 4 * (1 + random_below(&r, 5)); at + 4 < len;) {
			struct nlattr *a = (void *)(l->buf + at);

			a->nla_len = (u16)(4 + random_below(&r, 40));
			a->nla_type = (u16)random_below(&r, 64);
			at += NLA_ALIGN(a->nla_len);
		}
		send_raw(l, l->sk, l->buf, len);
		while (recv_into(l, l->sk, 8192) >= 0 || l->sk->err)
			;
		if (i % 500 == 0)
			run(l);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_new_net_lists_lo),   T(ports_are_per_net), T(veth_across_nets),
	    T(a_device_moves),	     T(addresses),	   T(routes),
	    T(strict_requests),	     T(namespace_ids),	   T(without_rights),
	    T(a_full_queue_says_so), T(without_memory),	   T(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
