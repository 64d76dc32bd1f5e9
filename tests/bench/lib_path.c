/* SPDX-License-Identifier: MIT */
/*
 * lib_path.c - what a packet costs, by the library's own face, on one core
 *
 *	a 10.1.0.1 ---- 10.1.0.2 b          one hop
 *	a 10.1.0.1 -- r with many routes -- 10.2.0.2 c
 *
 * From socket to socket: the calls that send and receive are included.
 */

#include "lib_bench.h"
#include "warren.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 32, SIZE = 64, ROUTES = 100000 };

struct path {
	struct warren *w;
	struct warren_ns *a, *b, *r, *c;
};

static void must(int err)
{
	if (!err)
		return;
	fprintf(stderr, "lib_bench: %s\n", strerror(-err));
	exit(1);
}

static void settle(struct warren *w)
{
	while (warren_step(w))
		;
}

static void link_two(struct warren_ns *x, const char *x_dev, const char *x_addr,
		     struct warren_ns *y, const char *y_dev, const char *y_addr)
{
	must(warren_veth(x, x_dev, y, y_dev));
	must(warren_addr_add(x, x_dev, x_addr));
	must(warren_addr_add(y, y_dev, y_addr));
	must(warren_link_up(x, x_dev));
	must(warren_link_up(y, y_dev));
}

static void build(struct path *p)
{
	const struct warren_options o = {.seed = 1};

	must(warren_open(&o, &p->w));
	must(warren_ns_new(p->w, "a", &p->a));
	must(warren_ns_new(p->w, "b", &p->b));
	must(warren_ns_new(p->w, "r", &p->r));
	must(warren_ns_new(p->w, "c", &p->c));
	link_two(p->a, "v0", "10.1.0.1/24", p->b, "v0", "10.1.0.2/24");
	link_two(p->a, "v1", "10.3.0.1/24", p->r, "v0", "10.3.0.2/24");
	link_two(p->r, "v1", "10.2.0.1/24", p->c, "v0", "10.2.0.2/24");
	must(warren_route_add(p->a, "10.2.0.0/24", "10.3.0.2", NULL));
	must(warren_route_add(p->c, "10.3.0.0/24", "10.2.0.1", NULL));
	must(warren_sysctl_set(p->r, "net/ipv4/ip_forward", "1"));
}

static void fell(struct path *p)
{
	warren_ns_free(p->a);
	warren_ns_free(p->b);
	warren_ns_free(p->r);
	warren_ns_free(p->c);
	warren_close(p->w);
}

/* Prefixes of 16 to 28 bits all over, as a table of the Internet has them */
static void many_routes(struct path *p)
{
	double t0 = now_s();
	unsigned x = 1;

	for (int n = 0; n < ROUTES;) {
		unsigned plen, dst;
		char text[32];

		x = x * 1664525 + 1013904223;
		plen = 16 + (x >> 8) % 13;
		dst = (x * 2654435761U) & (~0U << (32 - plen));
		if (dst >> 24 == 0 || dst >> 24 == 10 || dst >> 24 >= 127)
			continue;
		snprintf(text, sizeof(text), "%u.%u.%u.%u/%u", dst >> 24,
			 dst >> 16 & 255, dst >> 8 & 255, dst & 255, plen);
		n += !warren_route_add(p->r, text, "10.2.0.2", NULL);
	}
	printf("route added, by text\t%.3f\tus\n", (now_s() - t0) / ROUTES * 1e6);
}

static struct warren_sock *udp(struct warren_ns *ns, int bound, const char *to)
{
	struct warren_sock *s;

	must(warren_socket(ns, SOCK_DGRAM, 0, &s));
	if (bound)
		must(warren_bind(s, NULL, 9));
	if (to)
		must(warren_connect(s, to, 9));
	return s;
}

/* Nanoseconds a datagram, @n of them */
static double datagrams(struct path *p, struct warren_ns *at, const char *to, long n)
{
	struct warren_sock *from = udp(p->a, 0, to), *in = udp(at, 1, NULL);
	char buf[SIZE] = "";
	long got = 0;
	double t0 = 0;

	for (long i = -1000; i < n; i += BATCH) {
		if (i < 0 || !t0) { /* neighbours are found, caches warm */
			got = 0;
			t0 = now_s();
			if (i >= 0)
				n += i, i = 0;
		}
		for (int k = 0; k < BATCH; k++)
			warren_send(from, buf, SIZE, 0);
		settle(p->w);
		while (warren_recv(in, buf, SIZE, MSG_DONTWAIT) == SIZE)
			got++;
	}
	t0 = now_s() - t0;
	warren_sock_close(from);
	warren_sock_close(in);
	if (got < n)
		printf("# %ld of %ld datagrams were lost\n", n - got, n);
	return t0 / (double)got * 1e9;
}

static void stream(struct path *p, double seconds)
{
	static char buf[65536];
	struct warren_sock *l, *from, *in = NULL;
	double t0, t;
	long long got = 0;
	ssize_t n;

	must(warren_socket(p->b, SOCK_STREAM, 0, &l));
	must(warren_bind(l, NULL, 80));
	must(warren_listen(l, 1));
	must(warren_socket(p->a, SOCK_STREAM, 0, &from));
	warren_connect(from, "10.1.0.2", 80);
	do
		settle(p->w);
	while (warren_accept(l, &in));
	t0 = now_s();
	do {
		for (int i = 0; i < 100; i++) {
			while (warren_send(from, buf, sizeof(buf), MSG_DONTWAIT) > 0)
				;
			settle(p->w);
			while ((n = warren_recv(in, buf, sizeof(buf), MSG_DONTWAIT)) >
			       0)
				got += n;
		}
		t = now_s() - t0;
	} while (t < seconds);
	printf("TCP, one stream over veth\t%.1f\tGbit/s\n", (double)got * 8 / t / 1e9);
	warren_sock_close(from);
	warren_sock_close(in);
	warren_sock_close(l);
}

static void connections(struct path *p, long n)
{
	struct warren_sock *l, *c, *s;
	double t0;

	must(warren_sysctl_set(p->a, "net/ipv4/ip_local_port_range", "1024 65535"));
	must(warren_socket(p->b, SOCK_STREAM, 0, &l));
	must(warren_bind(l, NULL, 81));
	must(warren_listen(l, 8));
	t0 = now_s();
	for (long i = 0; i < n; i++) {
		must(warren_socket(p->a, SOCK_STREAM, 0, &c));
		warren_connect(c, "10.1.0.2", 81);
		settle(p->w);
		must(warren_accept(l, &s));
		warren_sock_close(c);
		settle(p->w);
		warren_sock_close(s);
		settle(p->w);
	}
	printf("TCP connect and close\t%.0f\t1/s\n", (double)n / (now_s() - t0));
	warren_sock_close(l);
}

void bench_paths(double scale, const char *only)
{
	long n = (long)(2000000 * scale);
	struct path p;
	double one = 0, two;

	build(&p);
	if (!only || !strcmp(only, "udp")) {
		one = datagrams(&p, p.b, "10.1.0.2", n);
		printf("UDP of 64 bytes, one veth hop\t%.0f\tns\n", one);
		two = datagrams(&p, p.c, "10.2.0.2", n);
		printf("UDP of 64 bytes, by a router\t%.0f\tns more\n", two - one);
	}
	if (!only || !strcmp(only, "routes")) {
		many_routes(&p);
		two = datagrams(&p, p.c, "10.2.0.2", n);
		printf("UDP of 64 bytes, by a router with %d routes\t%.0f\tns more\n",
		       ROUTES, two - one);
	}
	if (!only || !strcmp(only, "stream"))
		stream(&p, 2 * scale);
	if (!only || !strcmp(only, "connect"))
		connections(&p, (long)(20000 * scale));
	fell(&p);
}
