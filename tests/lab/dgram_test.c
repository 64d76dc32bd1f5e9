/* SPDX-License-Identifier: MIT */
/*
 * dgram_test.c - UDP, raw and ping sockets between two hosts; ports; options
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/tunable.h"
#include "inet/inet.h"
#include "ip/mib.h"
#include "lab.h"
#include "wire/csum.h"
#include "wire/icmp.h"

#include <linux/errqueue.h>
#include <linux/sockios.h>
#include <net/route.h>
#include <netinet/udp.h>

#include <cmocka.h>

#define A "10.0.0.1"
#define B "10.0.0.2"

struct bench {
	struct lab *lab;
	struct sock *a, *b;
};

static void bench_new(struct bench *t, int type, int protocol)
{
	t->lab = lab_new(7);
	lab_wire(t->lab, "a", A "/24", "b", B "/24", NULL);
	t->a = lab_socket(t->lab, "a", type, protocol);
	t->b = lab_socket(t->lab, "b", type, protocol);
}

static void bench_free(struct bench *t)
{
	if (t->a)
		sock_release(t->a);
	if (t->b)
		sock_release(t->b);
	lab_free(t->lab);
}

static void run(struct bench *t)
{
	lab_run(t->lab, 10 * NS_PER_MS);
}

/* recvmsg with a name and control messages */
static ssize_t recv_all(struct sock *sk, void *buf, size_t len, int flags,
			struct msg *m, struct sockaddr_in *from)
{
	static const struct msg none;
	struct iovec iov = {.iov_base = buf, .iov_len = len};
	struct sockaddr_storage name;
	void *control = m->control;
	size_t room = m->control_room;
	ssize_t n;

	*m = none;
	m->iov = &iov;
	m->n_iov = 1;
	m->name = &name;
	m->name_len = sizeof(name);
	m->control = control;
	m->control_room = room;
	m->flags = flags;
	n = sk->ops->recv(sk, m);
	if (n >= 0)
		memcpy(from, &name, sizeof(*from));
	return n;
}

static void test_udp(void **state)
{
	u8 control[256], buf[4000], big[3000];
	struct msg m = {.control = control, .control_room = sizeof(control)};
	struct sockaddr_in from;
	struct cmsghdr *h = (struct cmsghdr *)control;
	struct bench t;
	u8 *huge;

	(void)state;
	bench_new(&t, SOCK_DGRAM, 0);
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (u8)(i * 7);
	assert_int_equal(lab_bind(t.b, "0.0.0.0", 53), 0);
	lab_set_int(t.b, IPPROTO_IP, IP_RECVTTL, 1);
	assert_int_equal(lab_connect(t.a, B, 53), 0);
	assert_int_equal(lab_send(t.a, "hello", 5, 0), 5);
	assert_int_equal(lab_send(t.a, "", 0, 0), 0);
	assert_int_equal(lab_send(t.a, big, sizeof(big), 0), sizeof(big));
	assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0), -EAGAIN);
	run(&t);
	assert_int_equal(lab_recv(t.b, buf, 2, MSG_PEEK), 2);
	assert_int_equal(recv_all(t.b, buf, 3, MSG_TRUNC, &m, &from), 5);
	assert_true(m.out_flags & MSG_TRUNC);
	assert_memory_equal(buf, "hello", 3);
	assert_int_equal(from.sin_port, inet_sk(t.a)->lport);
	assert_int_equal(h->cmsg_type, IP_TTL);
	assert_int_equal(*(int *)CMSG_DATA(h), 64);
	assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0), 0);
	assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0),
			 sizeof(big)); /* fragments */
	assert_memory_equal(buf, big, sizeof(big));
	/* connected: from nobody else */
	assert_int_equal(lab_recv(t.a, buf, sizeof(buf), 0), -EAGAIN);
	huge = calloc(1, 65508);
	assert_non_null(huge);
	assert_int_equal(lab_send(t.a, huge, 65508, 0), -EMSGSIZE);
	free(huge);
	lab_set_int(t.a, IPPROTO_UDP, UDP_SEGMENT, 1000);
	assert_int_equal(lab_send(t.a, big, 2500, 0), 2500);
	run(&t);
	assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0), 1000);
	assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0), 1000);
	assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0), 500);
	bench_free(&t);
}

static void test_refused(void **state)
{
	u8 control[256], buf[100];
	struct msg m = {.control = control, .control_room = sizeof(control)};
	struct sock_extended_err ee;
	struct sockaddr_in from;
	struct bench t;

	(void)state;
	bench_new(&t, SOCK_DGRAM, 0);
	assert_int_equal(lab_connect(t.a, B, 9), 0);
	assert_int_equal(lab_send(t.a, "x", 1, 0), 1);
	run(&t);
	assert_true(t.a->ops->poll(t.a) & POLLERR);
	assert_int_equal(lab_send(t.a, "x", 1, 0), -ECONNREFUSED);
	assert_int_equal(lab_set_int(t.a, IPPROTO_IP, IP_RECVERR, 1), 0);
	assert_int_equal(lab_send(t.a, "data", 4, 0), 4);
	run(&t);
	assert_int_equal(recv_all(t.a, buf, sizeof(buf), MSG_ERRQUEUE, &m, &from), 4);
	assert_memory_equal(buf, "data", 4);
	assert_int_equal(from.sin_port, (__force u16)cpu_to_be16(9));
	assert_true(m.out_flags & MSG_ERRQUEUE);
	memcpy(&ee, control + CMSG_LEN(0), sizeof(ee));
	assert_int_equal(ee.ee_errno, ECONNREFUSED);
	assert_int_equal(ee.ee_origin, SO_EE_ORIGIN_ICMP);
	assert_int_equal(recv_all(t.a, buf, sizeof(buf), MSG_ERRQUEUE, &m, &from),
			 -EAGAIN);
	assert_int_equal(lab_recv(t.a, buf, sizeof(buf), 0), -EAGAIN);
	/* disconnect: no peer, no port; then anew */
	assert_int_equal(t.a->ops->connect(t.a, NULL,
					   &(struct sockaddr){.sa_family = AF_UNSPEC},
					   sizeof(struct sockaddr)),
			 0);
	assert_int_equal(inet_sk(t.a)->lport, 0);
	assert_int_equal(lab_send(t.a, "x", 1, 0), -EDESTADDRREQ);
	assert_int_equal(lab_connect(t.a, B, 10), 0);
	assert_int_not_equal(inet_sk(t.a)->lport, 0);
	/* a broadcast asks for SO_BROADCAST */
	assert_int_equal(lab_connect(t.a, "10.0.0.255", 10), -EACCES);
	lab_set_int(t.a, SOL_SOCKET, SO_BROADCAST, 1);
	assert_int_equal(lab_connect(t.a, "10.0.0.255", 10), 0);
	bench_free(&t);
}

static void test_local_error(void **state)
{
	u8 control[256], buf[100], big[2000] = {0};
	struct msg m = {.control = control, .control_room = sizeof(control)};
	struct sock_extended_err ee;
	struct sockaddr_in from;
	struct bench t;

	(void)state;
	bench_new(&t, SOCK_DGRAM, 0);
	lab_set_int(t.a, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
	lab_set_int(t.a, IPPROTO_IP, IP_RECVERR, 1);
	assert_int_equal(lab_connect(t.a, B, 9), 0);
	assert_int_equal(lab_get_int(t.a, IPPROTO_IP, IP_MTU), 1500);
	assert_int_equal(lab_send(t.a, big, sizeof(big), 0), -EMSGSIZE);
	recv_all(t.a, buf, sizeof(buf), MSG_ERRQUEUE, &m, &from);
	memcpy(&ee, control + CMSG_LEN(0), sizeof(ee));
	assert_int_equal(ee.ee_errno, EMSGSIZE);
	assert_int_equal(ee.ee_origin, SO_EE_ORIGIN_LOCAL);
	assert_int_equal(ee.ee_info, 1500);
	bench_free(&t);
}

static void put_echo(u8 *buf, size_t len, u16 id)
{
	struct icmp_hdr h = {.type = ICMP_ECHO, .echo = {.id = cpu_to_be16(id)}};

	memset(buf, 'e', len);
	memcpy(buf, &h, sizeof(h));
	h.checksum = csum_fold(csum_partial(buf, len, 0));
	memcpy(buf, &h, sizeof(h));
}

static void test_raw(void **state)
{
	u8 echo[40], buf[200];
	struct bench t;
	int filter = ~(1 << ICMP_ECHOREPLY);
	const struct caller nobody = {.uid = 1000};
	struct sock *sk;

	(void)state;
	bench_new(&t, SOCK_RAW, IPPROTO_ICMP);
	assert_int_equal(
	    sock_create(t.a->net, &nobody, AF_INET, SOCK_RAW, IPPROTO_ICMP, &sk),
	    -EPERM);
	assert_int_equal(lab_connect(t.a, B, 0), 0);
	assert_int_equal(sock_set_opt(t.a, NULL, SOL_RAW, ICMP_FILTER, &filter, 4), 0);
	put_echo(echo, sizeof(echo), 77);
	assert_int_equal(lab_send(t.a, echo, sizeof(echo), 0), sizeof(echo));
	run(&t);
	/* b saw the request, a only the answer; both with the IP header */
	assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0), 20 + sizeof(echo));
	assert_int_equal(buf[20], ICMP_ECHO);
	assert_int_equal(lab_recv(t.a, buf, sizeof(buf), 0), 20 + sizeof(echo));
	assert_int_equal(buf[20], ICMP_ECHOREPLY);
	assert_memory_equal(buf + 24, echo + 4, sizeof(echo) - 4);
	assert_int_equal(lab_recv(t.a, buf, sizeof(buf), 0), -EAGAIN);
	bench_free(&t);
}

static void test_ping(void **state)
{
	u8 echo[40], buf[200];
	struct bench t;
	const struct caller somebody = {.uid = 1000, .gid = 1000};
	struct sock *sk;

	(void)state;
	bench_new(&t, SOCK_RAW, IPPROTO_ICMP);
	assert_int_equal(
	    sock_create(t.a->net, &somebody, AF_INET, SOCK_DGRAM, IPPROTO_ICMP, &sk),
	    -EACCES);
	assert_int_equal(
	    tunable_write(t.a->net, "net/ipv4/ping_group_range", "1000 1000", 9), 0);
	assert_int_equal(
	    sock_create(t.a->net, &somebody, AF_INET, SOCK_DGRAM, IPPROTO_ICMP, &sk),
	    0);
	assert_int_equal(lab_connect(sk, B, 0), 0);
	put_echo(echo, sizeof(echo), 1);
	assert_int_equal(lab_send(sk, echo, sizeof(echo), 0), sizeof(echo));
	run(&t);
	assert_int_equal(lab_recv(sk, buf, sizeof(buf), 0), sizeof(echo));
	assert_int_equal(buf[0], ICMP_ECHOREPLY);
	echo[0] = ICMP_ECHOREPLY;
	assert_memory_equal(buf + 8, echo + 8, sizeof(echo) - 8);
	/* the identifier is the socket's port, not what the program wrote */
	assert_memory_equal(buf + 4, &inet_sk(sk)->lport, 2);
	sock_release(sk);
	bench_free(&t);
}

/* Who may bind the second socket? As Linux answers */
static void test_ports(void **state)
{
	static const struct {
		int type, reuse_a, reuse_b, port_a, port_b;
		const char *addr_a, *addr_b;
		bool listen;
		int err;
	} rows[] = {
	    {SOCK_DGRAM, 0, 0, 0, 0, A, A, false, -EADDRINUSE},
	    {SOCK_DGRAM, 0, 0, 0, 0, A, "0.0.0.0", false, -EADDRINUSE},
	    {SOCK_DGRAM, 0, 0, 0, 0, A, "127.0.0.1", false, 0},
	    {SOCK_DGRAM, 1, 0, 0, 0, A, A, false, -EADDRINUSE},
	    {SOCK_DGRAM, 1, 1, 0, 0, A, A, false, 0},
	    {SOCK_DGRAM, 0, 0, 1, 0, A, A, false, -EADDRINUSE},
	    {SOCK_DGRAM, 0, 0, 1, 1, A, A, false, 0},
	    {SOCK_STREAM, 0, 0, 0, 0, A, A, false, -EADDRINUSE},
	    {SOCK_STREAM, 1, 1, 0, 0, A, A, false, 0},
	    {SOCK_STREAM, 1, 1, 0, 0, A, A, true, -EADDRINUSE},
	    {SOCK_STREAM, 1, 1, 0, 0, A, "127.0.0.1", true, 0},
	    {SOCK_STREAM, 0, 0, 1, 1, A, A, true, 0},
	    {SOCK_STREAM, 0, 1, 1, 0, A, "0.0.0.0", true, -EADDRINUSE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bench t;

		bench_new(&t, rows[i].type, 0);
		sock_release(t.b);
		t.b = lab_socket(t.lab, "a", rows[i].type, 0);
		lab_set_int(t.a, SOL_SOCKET, SO_REUSEADDR, rows[i].reuse_a);
		lab_set_int(t.b, SOL_SOCKET, SO_REUSEADDR, rows[i].reuse_b);
		lab_set_int(t.a, SOL_SOCKET, SO_REUSEPORT, rows[i].port_a);
		lab_set_int(t.b, SOL_SOCKET, SO_REUSEPORT, rows[i].port_b);
		assert_int_equal(lab_bind(t.a, rows[i].addr_a, 700), 0);
		if (rows[i].listen)
			assert_int_equal(t.a->ops->listen(t.a, 1), 0);
		assert_int_equal(lab_bind(t.b, rows[i].addr_b, 700), rows[i].err);
		bench_free(&t);
	}
}

static void test_ephemeral(void **state)
{
	struct bench t;
	struct sock *sk[6];

	(void)state;
	bench_new(&t, SOCK_DGRAM, 0);
	assert_int_equal(
	    tunable_write(t.a->net, "net/ipv4/ip_local_port_range", "5000 5005", 9), 0);
	assert_int_equal(tunable_write(t.a->net, "net/ipv4/ip_local_reserved_ports",
				       "5002,5004-5004", 14),
			 0);
	for (int i = 0; i < 6; i++) {
		sk[i] = lab_socket(t.lab, "a", SOCK_DGRAM, 0);
		assert_int_equal(lab_bind(sk[i], A, 0), i < 4 ? 0 : -EADDRINUSE);
		if (i < 4) {
			assert_in_range(inet_sk(sk[i])->num, 5000, 5005);
			assert_int_not_equal(inet_sk(sk[i])->num, 5002);
			assert_int_not_equal(inet_sk(sk[i])->num, 5004);
		}
	}
	for (int i = 0; i < 6; i++)
		sock_release(sk[i]);
	assert_int_equal(lab_bind(t.a, "10.9.9.9", 0), -EADDRNOTAVAIL);
	assert_int_equal(lab_set_int(t.a, IPPROTO_IP, IP_FREEBIND, 1), 0);
	assert_int_equal(lab_bind(t.a, "10.9.9.9", 0), 0);
	bench_free(&t);
}

static void test_options(void **state)
{
	static const struct {
		int type, name, value, set, get;
	} rows[] = {
	    {SOCK_DGRAM, IP_TOS, 255, 0, 255},
	    {SOCK_STREAM, IP_TOS, 255, 0, 252},
	    {SOCK_DGRAM, IP_TTL, 0, -EINVAL, 64},
	    {SOCK_DGRAM, IP_TTL, 256, -EINVAL, 64},
	    {SOCK_DGRAM, IP_TTL, 9, 0, 9},
	    {SOCK_DGRAM, IP_TTL, -1, 0, 64},
	    {SOCK_DGRAM, IP_HDRINCL, 1, -ENOPROTOOPT, 0},
	    {SOCK_DGRAM, IP_MTU_DISCOVER, 6, -EINVAL, 1},
	    {SOCK_DGRAM, IP_MTU_DISCOVER, 5, 0, 5},
	    {SOCK_DGRAM, IP_MINTTL, 256, -EINVAL, 0},
	    {SOCK_STREAM, IP_MULTICAST_TTL, 1, -EINVAL, 1},
	    {SOCK_DGRAM, IP_MULTICAST_TTL, -1, 0, 1},
	    {SOCK_DGRAM, IP_MULTICAST_ALL, 2, -EINVAL, 1},
	    {SOCK_DGRAM, IP_UNICAST_IF, (int)0xff000000, -EADDRNOTAVAIL, 0},
	    {SOCK_DGRAM, 999, 1, -ENOPROTOOPT, -ENOPROTOOPT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bench t;

		bench_new(&t, rows[i].type, 0);
		assert_int_equal(
		    lab_set_int(t.a, IPPROTO_IP, rows[i].name, rows[i].value),
		    rows[i].set);
		if (rows[i].name != IP_HDRINCL && rows[i].name != 999)
			assert_int_equal(lab_get_int(t.a, IPPROTO_IP, rows[i].name),
					 rows[i].get);
		bench_free(&t);
	}
}

/* Each allocation fails once: an errno, a lost datagram, never more */
static void use_all(struct bench *t)
{
	static const int kinds[][2] = {
	    {SOCK_DGRAM, 0}, {SOCK_RAW, IPPROTO_ICMP}, {SOCK_DGRAM, IPPROTO_ICMP}};
	const struct ip_mreqn mr = {.imr_multiaddr.s_addr =
					(__force u32)cpu_to_be32(0xe0010203),
				    .imr_ifindex = 1};
	u8 echo[2000], buf[2000], control[200];
	struct msg m = {.control = control, .control_room = sizeof(control)};
	struct sockaddr_in from;

	put_echo(echo, sizeof(echo), 3);
	tunable_write(lab_host(t->lab, "a"), "net/ipv4/ping_group_range", "0 0", 3);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct sock *a = lab_socket(t->lab, "a", kinds[i][0], kinds[i][1]);

		if (!a)
			continue;
		lab_set_int(a, IPPROTO_IP, IP_RECVERR, 1);
		sock_set_opt(a, NULL, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr, sizeof(mr));
		lab_bind(a, A, 0);
		lab_connect(a, B, 9);
		for (int n = 0; n < 3; n++) {
			lab_send(a, echo, sizeof(echo), 0);
			run(t);
			recv_all(a, buf, sizeof(buf), MSG_ERRQUEUE, &m, &from);
			lab_recv(a, buf, sizeof(buf), 0);
		}
		a->ops->connect(a, NULL, &(struct sockaddr){.sa_family = AF_UNSPEC},
				sizeof(struct sockaddr));
		lab_connect(a, B, 10);
		sock_release(a);
	}
}

static void test_no_memory(void **state)
{
	bool failed = true;
	u64 n;

	(void)state;
	for (n = 1; failed && n < 2000; n++) {
		struct bench t = {.lab = lab_new(7)};

		lab_wire(t.lab, "a", A "/24", "b", B "/24", NULL);
		lab_fail_alloc(t.lab, n);
		use_all(&t);
		failed = lab_failed_allocs(t.lab) != 0;
		lab_fail_alloc(t.lab, 0);
		bench_free(&t);
	}
	assert_in_range(n, 10, 1999);
}

/* A connected socket that is bound to a device hears only that */
static void test_bound_device(void **state)
{
	struct bench t;
	u8 buf[10];

	(void)state;
	bench_new(&t, SOCK_DGRAM, 0);
	assert_int_equal(lab_bind(t.a, A, 700), 0);
	assert_int_equal(lab_bind(t.b, B, 800), 0);
	assert_int_equal(lab_connect(t.a, B, 800), 0);
	assert_int_equal(lab_connect(t.b, A, 700), 0);
	lab_send(t.a, "1", 1, 0);
	run(&t);
	assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0), 1);
	assert_int_equal(lab_set_int(t.b, SOL_SOCKET, SO_BINDTOIFINDEX, 1), 0); /* lo */
	lab_send(t.a, "2", 1, 0);
	run(&t);
	assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0), -EAGAIN);
	bench_free(&t);
}

static void put_in(struct sockaddr *sa, u32 addr)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET,
	    .sin_addr.s_addr = (__force u32)cpu_to_be32(addr),
	};

	memcpy(sa, &in, sizeof(in));
}

/* route(8): SIOCADDRT and SIOCDELRT, with Linux's errors */
static void test_route_ioctl(void **state)
{
	const struct caller nobody = {.uid = 1000};
	const struct sock_ops *ops;
	char dev[IFNAMSIZ] = "nope";
	struct rtentry rt = {.rt_flags = RTF_UP | RTF_GATEWAY};
	struct bench t;

	(void)state;
	bench_new(&t, SOCK_DGRAM, 0);
	ops = t.a->ops;
	put_in(&rt.rt_dst, 0x0a4d0000);
	put_in(&rt.rt_genmask, 0xffff0000);
	put_in(&rt.rt_gateway, 0x0a000002);
	assert_int_equal(lab_connect(t.a, "10.77.1.1", 9), -ENETUNREACH);
	assert_int_equal(ops->ioctl(t.a, &nobody, SIOCADDRT, &rt), -EPERM);
	assert_int_equal(ops->ioctl(t.a, NULL, SIOCADDRT, &rt), 0);
	assert_int_equal(ops->ioctl(t.a, NULL, SIOCADDRT, &rt), -EEXIST);
	assert_int_equal(lab_connect(t.a, "10.77.1.1", 9), 0);
	assert_int_equal(ops->ioctl(t.a, NULL, SIOCDELRT, &rt), 0);
	assert_int_equal(ops->ioctl(t.a, NULL, SIOCDELRT, &rt), -ESRCH);
	put_in(&rt.rt_genmask, 0xff00ff00);
	assert_int_equal(ops->ioctl(t.a, NULL, SIOCADDRT, &rt), -EINVAL);
	put_in(&rt.rt_genmask, 0xff000000); /* bits behind the mask */
	assert_int_equal(ops->ioctl(t.a, NULL, SIOCADDRT, &rt), -EINVAL);
	put_in(&rt.rt_genmask, 0xffff0000);
	put_in(&rt.rt_gateway, 0x63090909);
	assert_int_equal(ops->ioctl(t.a, NULL, SIOCADDRT, &rt), -ENETUNREACH);
	rt.rt_dev = dev;
	assert_int_equal(ops->ioctl(t.a, NULL, SIOCADDRT, &rt), -ENODEV);
	bench_free(&t);
}

/* Packets of noise under a good header, at sockets that ask for all there is to know */
static void test_garbage(void **state)
{
	static const u8 protocols[] = {IPPROTO_ICMP, IPPROTO_UDP, 253, IPPROTO_TCP};
	static const int wants[] = {IP_PKTINFO,	 IP_RECVTTL, IP_RECVTOS,
				    IP_RECVOPTS, IP_RECVERR, IP_RECVORIGDSTADDR,
				    IP_RETOPTS};
	u8 packet[200], buf[300], control[400];
	struct msg m = {.control = control, .control_room = sizeof(control)};
	struct sock *sk[4];
	struct sockaddr_in from;
	struct random r;
	struct bench t;

	(void)state;
	random_seed(&r, 3);
	bench_new(&t, SOCK_DGRAM, 0);
	tunable_write(lab_host(t.lab, "b"), "net/ipv4/ping_group_range", "0 0", 3);
	sock_release(t.a);
	t.a = lab_socket(t.lab, "a", SOCK_RAW, IPPROTO_RAW);
	sk[0] = lab_socket(t.lab, "b", SOCK_DGRAM, 0);
	sk[1] = lab_socket(t.lab, "b", SOCK_RAW, IPPROTO_ICMP);
	sk[2] = lab_socket(t.lab, "b", SOCK_RAW, 253);
	sk[3] = lab_socket(t.lab, "b", SOCK_DGRAM, IPPROTO_ICMP);
	for (size_t i = 0; i < ARRAY_SIZE(sk); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(wants); j++)
			lab_set_int(sk[i], IPPROTO_IP, wants[j], 1);
		assert_int_equal(lab_bind(sk[i], "0.0.0.0", 2), 0);
	}
	assert_int_equal(lab_connect(t.a, B, 0), 0);
	for (int n = 0; n < 20000; n++) {
		u32 opts = random_below(&r, 4) ? 0 : random_below(&r, 11) * 4;
		u32 len = 20 + opts + random_below(&r, 100);
		struct ip4_hdr *h = (struct ip4_hdr *)packet;

		random_bytes(&r, packet, sizeof(packet));
		h->ver_ihl = (u8)(0x40 | (20 + opts) / 4);
		h->frag_off = random_below(&r, 20) ? 0 : cpu_to_be16(IP4_MF);
		h->ttl = 64;
		h->protocol = protocols[random_below(&r, ARRAY_SIZE(protocols))];
		h->saddr = cpu_to_be32(0x0a000001);
		h->daddr = cpu_to_be32(0x0a000002);
		if (random_below(&r, 2)) /* small numbers mean something */
			for (u32 i = 20 + opts; i < len; i++)
				packet[i] = (u8)random_below(&r, 4);
		if (h->protocol == IPPROTO_ICMP && random_below(&r, 2) &&
		    len > 56 + opts) {
			/* an error about something that b might have sent */
			memcpy(packet + 28 + opts, packet, 20);
			packet[28 + opts] = 0x45;
			memcpy(packet + 28 + opts + 12, &h->daddr, 4);
			memcpy(packet + 28 + opts + 16, &h->saddr, 4);
			packet[28 + opts + 9] = protocols[random_below(&r, 4)];
			packet[20 + opts] =
			    random_below(&r, 2) ? 3 : (u8)random_below(&r, 20);
			memset(packet + 22 + opts, 0, 2);
			*(be16 *)(void *)(packet + 22 + opts) = csum_fold(
			    csum_partial(packet + 20 + opts, len - 20 - opts, 0));
		}
		lab_send(t.a, packet, len, 0);
		if (n % 16)
			continue;
		lab_settle(t.lab);
		for (size_t i = 0; i < ARRAY_SIZE(sk); i++) {
			recv_all(sk[i], buf, sizeof(buf), MSG_ERRQUEUE, &m, &from);
			while (recv_all(sk[i], buf, sizeof(buf), 0, &m, &from) !=
			       -EAGAIN)
				;
		}
	}
	lab_run(t.lab, 60 * NS_PER_S);
	for (size_t i = 0; i < ARRAY_SIZE(sk); i++)
		sock_release(sk[i]);
	bench_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_udp),		cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_local_error), cmocka_unit_test(test_raw),
	    cmocka_unit_test(test_ping),	cmocka_unit_test(test_ports),
	    cmocka_unit_test(test_ephemeral),	cmocka_unit_test(test_options),
	    cmocka_unit_test(test_no_memory),	cmocka_unit_test(test_bound_device),
	    cmocka_unit_test(test_route_ioctl), cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
