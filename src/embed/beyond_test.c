/* SPDX-License-Identifier: MIT */
/*
 * beyond_test.c - what the library has of namespaces beyond Linux, by its header
 * alone: hardware that comes home, death that is over when it returns
 */

#include "warren.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

struct lab {
	struct warren *w;
	struct warren_ns *a, *b;
};

static int setup(void **state)
{
	const struct warren_options o = {.seed = 7, .virtual_time = true};
	struct lab *l = calloc(1, sizeof(*l));

	assert_int_equal(warren_open(&o, &l->w), 0);
	assert_int_equal(warren_ns_new(l->w, "a", &l->a), 0);
	assert_int_equal(warren_ns_new(l->w, "b", &l->b), 0);
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct lab *l = *state;

	warren_ns_free(l->a);
	warren_ns_free(l->b);
	warren_close(l->w);
	free(l);
	return 0;
}

/* ---- devices ---- */

static void frame_out(void *arg, const void *frame, size_t len)
{
	(void)frame;
	*(size_t *)arg += len;
}

static void expect_at(struct warren_wire *wire, struct warren_ns *ns, const char *name)
{
	struct warren_ns *at;
	char buf[16];

	assert_int_equal(warren_wire_where(wire, &at, buf), 0);
	assert_ptr_equal(at, ns);
	assert_string_equal(buf, name);
}

/* N1.25 */
static void test_hardware_comes_home(void **state)
{
	struct lab *l = *state;
	struct warren_ns *init = warren_ns_initial(l->w), *ns;
	struct warren_wire *x, *y, *z, *home;
	char buf[32], taken[16];
	size_t sent = 0;

	assert_int_equal(warren_ns_new(l->w, "c", &ns), 0);
	assert_int_equal(warren_phys_new(init, "eth0", NULL, frame_out, &sent, &home),
			 0);
	assert_int_equal(warren_phys_new(init, "nic", NULL, frame_out, &sent, &x), 0);
	assert_int_equal(warren_link_move(init, "nic", ns, "eth0"), 0);
	assert_int_equal(warren_phys_new(ns, "eth1", NULL, frame_out, &sent, &y), 0);
	assert_int_equal(warren_phys_new(ns, "eth2", NULL, frame_out, &sent, &z), 0);
	assert_int_equal(warren_link_delete(ns, "eth0"), -EOPNOTSUPP);
	assert_int_equal(warren_link_up(ns, "eth0"), 0);
	assert_int_equal(warren_addr_add(ns, "eth0", "10.0.0.1/24"), 0);
	assert_int_equal(warren_wire_input(x, "0123456789abcdef", 16), 0);
	/* in the initial namespace two of their names are taken */
	assert_int_equal(warren_dummy(init, "dev3"), 0);
	assert_int_equal(warren_dummy(init, "dev0"), 0);
	warren_ns_free(ns);	    /* and it is over */
	expect_at(x, init, "dev1"); /* it was number 3: the first that is free */
	expect_at(y, init, "dev2");
	assert_int_equal(warren_wire_where(z, &ns, taken), 0);
	assert_ptr_equal(ns, init);
	assert_string_equal(taken, "dev4"); /* its own number */
	assert_int_equal(warren_wire_input(x, "0123456789abcdef", 16), -ENETDOWN);
	assert_int_equal(warren_link_up(init, "dev1"), 0);
	assert_int_equal(warren_wire_input(x, "0123456789abcdef", 16), 0);
	assert_true(warren_sysctl_get(init, "net/ipv4/conf/dev1/forwarding", buf,
				      sizeof(buf)) > 0);
	warren_wire_free(x);
	warren_wire_free(y);
	warren_wire_free(z);
	assert_int_equal(warren_link_up(init, "dev1"), -ENODEV);
	warren_wire_free(home);
}

static void test_hardware_ends_with_the_warren(void **state)
{
	const struct warren_options o = {.seed = 7, .virtual_time = true};
	struct warren_wire *x, *y;
	struct warren_ns *ns;
	struct warren *w;
	size_t sent;

	(void)state;
	assert_int_equal(warren_open(&o, &w), 0);
	assert_int_equal(warren_ns_new(w, "c", &ns), 0);
	assert_int_equal(warren_phys_new(ns, "x", NULL, frame_out, &sent, &x), 0);
	assert_int_equal(warren_phys_new(ns, "y", NULL, frame_out, &sent, &y), 0);
	warren_wire_free(x);
	warren_wire_free(y);
	warren_ns_free(ns);
	warren_close(w);
}

/* ---- death ---- */

static void test_death_is_over(void **state)
{
	struct lab *l = *state;
	uint64_t before = warren_memory(l->w);
	struct warren_ns *ns;

	assert_int_equal(warren_ns_new(l->w, "c", &ns), 0);
	assert_int_equal(warren_veth(ns, "eth0", l->a, "c0"), 0);
	assert_int_equal(warren_addr_add(ns, "eth0", "10.0.0.1/24"), 0);
	assert_int_equal(warren_link_up(ns, "eth0"), 0);
	assert_int_equal(warren_link_up(l->a, "c0"), 0);
	assert_int_equal(warren_route_add(ns, "default", "10.0.0.9", NULL), 0);
	warren_ns_free(ns);
	assert_int_equal(warren_link_up(l->a, "c0"), -ENODEV);
	while (warren_step(l->w))
		;
	assert_true(warren_memory(l->w) <= before + 4096); /* tables keep their size */
}

static void make_one(struct warren *w, struct warren_ns *hub, int i,
		     struct warren_ns **out)
{
	char name[16], addr[32];

	snprintf(name, sizeof(name), "v%d", i);
	snprintf(addr, sizeof(addr), "10.%d.%d.1/30", i >> 8 & 255, i & 255);
	assert_int_equal(warren_ns_new(w, name, out), 0);
	assert_int_equal(warren_veth(*out, "eth0", hub, name), 0);
	assert_int_equal(warren_link_up(*out, "lo"), 0);
	assert_int_equal(warren_link_up(*out, "eth0"), 0);
	assert_int_equal(warren_link_up(hub, name), 0);
	assert_int_equal(warren_addr_add(*out, "eth0", addr), 0);
}

/* 100,000 namespaces with a wire and an address each, at once; all comes back */
static void test_a_hundred_thousand(void **state)
{
	const struct warren_options o = {.seed = 7, .virtual_time = true};
	const int n = 100000;
	struct warren_ns **ns = calloc((size_t)n, sizeof(struct warren_ns *)), *hub;
	uint64_t before, full;
	struct warren *w;

	(void)state;
	assert_int_equal(warren_open(&o, &w), 0);
	assert_int_equal(warren_ns_new(w, "hub", &hub), 0);
	make_one(w, hub, n, &ns[0]);
	warren_ns_free(ns[0]); /* so that what is made once for all is there */
	warren_run_until(w, 1000000000);
	before = warren_memory(w);
	for (int i = 0; i < n; i++) {
		make_one(w, hub, i, &ns[i]);
		if (i % 64 == 0)
			while (warren_step(w))
				;
	}
	full = warren_memory(w);
	for (int i = 0; i < n; i++)
		warren_ns_free(ns[i]);
	while (warren_step(w))
		;
	print_message(
	    "%d namespaces: %llu bytes each, %lld more than before are left\n", n,
	    (unsigned long long)((full - before) / (uint64_t)n),
	    (long long)(warren_memory(w) - before));
	assert_true(full > before + (uint64_t)n * 1000);
	warren_ns_free(hub); /* its table of names had grown */
	assert_true(warren_memory(w) <= before);
	warren_close(w);
	free(ns);
}

/* ---- quotas ---- */

static struct warren_quota quota(struct warren_ns *ns, const char *kind)
{
	struct warren_quota q;

	for (unsigned i = 0; !warren_quota_get(ns, i, &q); i++)
		if (!strcmp(q.kind, kind))
			return q;
	fail();
	return q;
}

static void wired(struct lab *l)
{
	assert_int_equal(warren_veth(l->a, "eth0", l->b, "eth0"), 0);
	assert_int_equal(warren_addr_add(l->a, "eth0", "10.0.0.1/16"), 0);
	assert_int_equal(warren_addr_add(l->b, "eth0", "10.0.0.2/16"), 0);
	assert_int_equal(warren_link_up(l->a, "eth0"), 0);
	assert_int_equal(warren_link_up(l->b, "eth0"), 0);
}

static void pass(struct lab *l, uint64_t ms)
{
	warren_run_until(l->w, warren_now(l->w) + ms * 1000000);
}

static void test_quota_objects(void **state)
{
	struct lab *l = *state;
	struct warren_sock *s[3];
	struct warren_quota q;

	assert_int_equal(warren_quota_get(l->a, 99, &q), -ENOENT);
	assert_int_equal(warren_quota_set(l->a, "elephants", 1), -EINVAL);
	for (unsigned i = 0; !warren_quota_get(l->a, i, &q); i++) {
		assert_true(q.limit == WARREN_UNLIMITED);
		assert_int_equal(q.refused, 0);
	}
	assert_int_equal(quota(l->a, "devices").used, 1);
	assert_int_equal(warren_quota_set(l->a, "sockets", 2), 0);
	assert_int_equal(warren_socket(l->a, SOCK_DGRAM, 0, &s[0]), 0);
	assert_int_equal(warren_socket(l->a, SOCK_STREAM, 0, &s[1]), 0);
	assert_int_equal(warren_socket(l->a, SOCK_STREAM, 0, &s[2]), -ENOBUFS);
	assert_int_equal(quota(l->a, "sockets").refused, 1);
	warren_sock_close(s[0]);
	assert_int_equal(warren_socket(l->a, SOCK_STREAM, 0, &s[0]), 0);
	warren_sock_close(s[0]);
	warren_sock_close(s[1]);
	assert_int_equal(quota(l->a, "sockets").used, 0);

	assert_int_equal(warren_quota_set(l->a, "devices", 2), 0);
	wired(l);
	assert_int_equal(warren_dummy(l->a, "d0"), -ENOSPC);
	assert_int_equal(warren_veth(l->a, "x", l->b, "y"), -ENOSPC);
	assert_int_equal(warren_veth(l->b, "y", l->a, "x"), -ENOSPC);
	assert_int_equal(warren_link_up(l->b, "y"), -ENODEV); /* nothing is left */
	assert_int_equal(warren_dummy(l->b, "d0"), 0);
	assert_int_equal(warren_link_move(l->b, "d0", l->a, NULL), -ENOSPC);
	assert_int_equal(warren_quota_set(l->a, "devices", WARREN_UNLIMITED), 0);
	assert_int_equal(warren_link_move(l->b, "d0", l->a, NULL), 0);
	assert_int_equal(quota(l->a, "devices").used, 3);
	assert_int_equal(quota(l->a, "devices").refused, 4);

	assert_int_equal(
	    warren_quota_set(l->a, "routes", quota(l->a, "routes").used + 1), 0);
	assert_int_equal(warren_route_add(l->a, "10.9.0.0/16", "10.0.0.2", NULL), 0);
	assert_int_equal(warren_route_add(l->a, "10.8.0.0/16", "10.0.0.2", NULL),
			 -ENOBUFS);
	assert_int_equal(warren_addr_add(l->a, "eth0", "10.0.0.3/16"), 0);
	assert_int_equal(warren_quota_set(l->a, "memory", 1), 0);
	assert_int_equal(warren_addr_add(l->a, "eth0", "10.0.0.4/16"), -ENOBUFS);
	assert_true(quota(l->a, "memory").refused > 0);
	assert_int_equal(warren_quota_set(l->a, "memory", WARREN_UNLIMITED), 0);
	assert_int_equal(warren_addr_add(l->a, "eth0", "10.0.0.4/16"), 0);
}

static void test_quota_neighbours(void **state)
{
	struct lab *l = *state;
	struct warren_sock *s;
	char addr[16];

	wired(l);
	assert_int_equal(warren_quota_set(l->a, "neighbours", 10), 0);
	assert_int_equal(warren_socket(l->a, SOCK_DGRAM, 0, &s), 0);
	for (int i = 0; i < 100; i++) { /* nobody is there: each is asked for */
		snprintf(addr, sizeof(addr), "10.0.1.%d", i);
		warren_sendto(s, "x", 1, 0, addr, 9);
		assert_true(quota(l->a, "neighbours").used <= 10);
	}
	assert_int_equal(quota(l->a, "neighbours").used, 10);
	assert_int_equal(quota(l->a, "neighbours").refused, 90);
	pass(l, 100000); /* they have failed, and make way */
	warren_sendto(s, "x", 1, 0, "10.0.0.2", 9);
	pass(l, 100);
	assert_int_equal(quota(l->a, "neighbours").refused, 90);
	assert_int_equal(quota(l->b, "neighbours").used, 1); /* it has arrived */
	warren_sock_close(s);
}

static void test_quota_accept(void **state)
{
	struct lab *l = *state;
	struct warren_sock *ear, *one, *c[2];

	wired(l);
	assert_int_equal(warren_socket(l->a, SOCK_STREAM, 0, &ear), 0);
	assert_int_equal(warren_bind(ear, NULL, 80), 0);
	assert_int_equal(warren_listen(ear, 5), 0);
	assert_int_equal(warren_quota_set(l->a, "sockets", 2), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(warren_socket(l->b, SOCK_STREAM, 0, &c[i]), 0);
		assert_int_equal(warren_connect(c[i], "10.0.0.1", 80), -EINPROGRESS);
		pass(l, 100);
	}
	assert_int_equal(warren_accept(ear, &one), 0);
	warren_sock_close(one);
	assert_int_equal(warren_accept(ear, &one), -EAGAIN);
	assert_true(quota(l->a, "sockets").refused > 0);
	warren_sock_close(c[0]);
	pass(l, 5000); /* the handshake is tried again, and there is room */
	assert_int_equal(warren_accept(ear, &one), 0);
	warren_sock_close(one);
	warren_sock_close(c[1]);
	warren_sock_close(ear);
}

static void test_quota_datagrams(void **state)
{
	struct lab *l = *state;
	struct warren_sock *in, *out;
	char buf[1000] = "";
	int n = 0;

	wired(l);
	assert_int_equal(warren_quota_set(l->a, "queued", 16384), 0);
	assert_int_equal(warren_socket(l->a, SOCK_DGRAM, 0, &in), 0);
	assert_int_equal(warren_bind(in, NULL, 9), 0);
	assert_int_equal(warren_socket(l->b, SOCK_DGRAM, 0, &out), 0);
	for (int i = 0; i < 100; i++) {
		warren_sendto(out, buf, sizeof(buf), 0, "10.0.0.1", 9);
		pass(l, 1);
		assert_true(quota(l->a, "queued").used <= 16384);
	}
	assert_true(quota(l->a, "queued").refused > 0);
	while (warren_recv(in, buf, sizeof(buf), 0) > 0)
		n++;
	assert_true(n > 2 && n < 17);
	assert_int_equal(quota(l->a, "queued").used, 0);
	warren_sock_close(in);
	warren_sock_close(out);
}

/* A namespace with little room sends and receives all, if slowly; the other is free */
static void test_quota_streams(void **state)
{
	struct lab *l = *state;
	struct warren_sock *ear, *in, *out, *idle;
	size_t sent = 0, got = 0;
	static const char buf[100000];
	char sink[50000];
	ssize_t n;

	wired(l);
	assert_int_equal(warren_socket(l->b, SOCK_STREAM, 0, &ear), 0);
	assert_int_equal(warren_bind(ear, NULL, 80), 0);
	assert_int_equal(warren_listen(ear, 5), 0);
	assert_int_equal(warren_socket(l->a, SOCK_STREAM, 0, &out), 0);
	assert_int_equal(warren_connect(out, "10.0.0.2", 80), -EINPROGRESS);
	assert_int_equal(warren_socket(l->a, SOCK_STREAM, 0, &idle), 0);
	assert_int_equal(warren_connect(idle, "10.0.0.2", 80), -EINPROGRESS);
	pass(l, 100);
	assert_int_equal(warren_accept(ear, &in), 0);
	assert_int_equal(warren_quota_set(l->a, "queued", 40000), 0);
	while (got < 1000000) {
		assert_true(warren_now(l->w) < 600ULL * 1000000000); /* it goes on */
		n = warren_send(out, buf, sizeof(buf), 0);
		if (n > 0)
			sent += (size_t)n;
		else
			assert_int_equal(n, -EAGAIN);
		assert_true(quota(l->a, "queued").used <= 40000);
		if (sent < 100000 && !got) { /* nothing leaves: the others wait, too */
			assert_int_equal(warren_send(idle, "x", 1, 0), -EAGAIN);
			assert_int_equal(warren_poll(idle) & 4, 0);
		}
		pass(l, 1);
		while ((n = warren_recv(in, sink, sizeof(sink), 0)) > 0)
			got += (size_t)n;
	}
	pass(l, 1000);
	assert_int_equal(warren_poll(idle) & 4, 4);
	assert_int_equal(warren_send(idle, "x", 1, 0), 1);
	/* and the other way: the window is as wide as there is room */
	for (sent = 0; sent < 1000000;) {
		assert_true(warren_now(l->w) < 600ULL * 1000000000); /* it goes on */
		n = warren_send(in, buf, sizeof(buf), 0);
		sent += n > 0 ? (size_t)n : 0;
		pass(l, 1);
		assert_true(quota(l->a, "queued").used <= 40000 + 4096);
		if (n <= 0)
			while (warren_recv(out, sink, sizeof(sink), 0) > 0)
				;
	}
	warren_sock_close(ear);
	warren_sock_close(in);
	warren_sock_close(out);
	warren_sock_close(idle);
}

/* One takes all that it gets; the other has what it needs */
static void test_no_starving(void **state)
{
	const struct warren_options o = {
	    .seed = 7, .virtual_time = true, .memory_limit = 16 << 20};
	struct warren_sock **s = calloc(100000, sizeof(*s)), *x;
	struct warren_ns *greedy, *modest;
	struct warren *w;
	int n, err = 0;

	(void)state;
	assert_int_equal(warren_open(&o, &w), 0);
	assert_int_equal(warren_ns_new(w, "greedy", &greedy), 0);
	assert_int_equal(warren_ns_new(w, "modest", &modest), 0);
	assert_int_equal(warren_link_up(modest, "lo"), 0);
	for (n = 0; n < 100000 && !err; n++)
		err = warren_socket(greedy, SOCK_STREAM, 0, &s[n]);
	assert_true(err == -ENOBUFS || err == -ENOMEM); /* all memory of the warren */
	assert_int_not_equal(warren_socket(modest, SOCK_STREAM, 0, &x), 0);
	for (int i = 0; i < n - 1; i++)
		warren_sock_close(s[i]);
	assert_int_equal(warren_quota_set(greedy, "sockets", 1000), 0);
	for (n = 0, err = 0; n < 100000 && !err; n++)
		err = warren_socket(greedy, SOCK_STREAM, 0, &s[n]);
	assert_int_equal(err, -ENOBUFS);
	assert_int_equal(n, 1001);
	assert_int_equal(warren_socket(modest, SOCK_STREAM, 0, &x), 0);
	assert_int_equal(warren_bind(x, "127.0.0.1", 80), 0);
	warren_sock_close(x);
	for (int i = 0; i < n - 1; i++)
		warren_sock_close(s[i]);
	warren_close(w);
	free(s);
}

/* ---- clones, differences, drawings ---- */

static void collect(void *arg, const char *text, size_t len)
{
	char *to = arg;

	assert_true(strlen(to) + len < 65536);
	strncat(to, text, len);
}

static void test_clone(void **state)
{
	struct lab *l = *state;
	struct warren_ns *c;
	char *text = calloc(1, 65536), buf[64];

	wired(l);
	assert_int_equal(warren_link_up(l->a, "lo"), 0);
	assert_int_equal(warren_dummy(l->a, "d0"), 0);
	assert_int_equal(warren_link_mtu(l->a, "d0", 9000), 0);
	assert_int_equal(warren_link_up(l->a, "d0"), 0);
	assert_int_equal(warren_veth(l->a, "x0", l->a, "x1"), 0);
	assert_int_equal(warren_addr_add(l->a, "d0", "10.7.0.1/24"), 0);
	assert_int_equal(warren_route_add(l->a, "default", "10.0.0.2", NULL), 0);
	assert_int_equal(warren_route_add(l->a, "10.8.0.0/16", NULL, "d0"), 0);
	assert_int_equal(warren_sysctl_set(l->a, "net/ipv4/ip_forward", "1"), 0);
	assert_int_equal(warren_sysctl_set(l->a, "net/ipv4/conf/d0/rp_filter", "2"), 0);
	assert_int_equal(warren_ns_diff(l->a, l->a, collect, text), 0);
	assert_string_equal(text, "");
	assert_int_equal(warren_ns_clone(l->a, "c", true, &c), 0);
	warren_ns_diff(l->a, c, collect, text);
	/* only the far end has another name */
	assert_non_null(strstr(text, "- device eth0"));
	assert_non_null(strstr(text, "+ device eth0"));
	assert_non_null(strstr(text, "peer eth0_0 elsewhere"));
	assert_null(strstr(text, "address eth0 10"));
	assert_null(strstr(text, "route"));
	assert_null(strstr(text, "sysctl"));
	assert_null(strstr(text, "d0"));
	assert_null(strstr(text, "x0"));
	assert_int_equal(warren_sysctl_get(c, "net/ipv4/ip_forward", buf, sizeof(buf)),
			 1);
	assert_string_equal(buf, "1");
	assert_int_equal(warren_link_up(l->b, "eth0_0"), 0);
	/* they are two: a change of one is none of the other */
	assert_int_equal(warren_route_del(c, "10.8.0.0/16", NULL, "d0"), 0);
	text[0] = 0;
	assert_int_equal(warren_ns_diff(l->a, c, collect, text), 1);
	assert_non_null(strstr(text, "- route 10.8.0.0/16"));
	warren_ns_free(c);
	assert_int_equal(warren_link_up(l->b, "eth0_0"), -ENODEV);
	/* without wires: neither it nor what went over it */
	assert_int_equal(warren_ns_clone(l->a, "c", false, &c), 0);
	assert_int_equal(warren_link_up(c, "eth0"), -ENODEV);
	assert_int_equal(warren_link_up(c, "d0"), 0);
	assert_int_equal(warren_route_del(c, "default", NULL, NULL), -ESRCH);
	warren_ns_free(c);
	free(text);
}

static void test_graph(void **state)
{
	struct lab *l = *state;
	struct warren_ns *c;
	char *text = calloc(1, 65536);

	wired(l);
	assert_int_equal(warren_ns_new(l->w, "<b>&\"\n\\\x01", &c), 0);
	assert_int_equal(warren_dummy(c, "<i>\""), 0);
	assert_int_equal(warren_route_add(l->a, "default", "10.0.0.2", NULL), 0);
	assert_int_equal(warren_graph(l->w, collect, text), 0);
	assert_non_null(strstr(text, "&lt;b&gt;&amp;&quot;."));
	assert_non_null(strstr(text, "&lt;i&gt;&quot;"));
	assert_non_null(strstr(text, "10.0.0.1/16"));
	assert_non_null(strstr(text, "default via 10.0.0.2"));
	assert_non_null(strstr(text, " -- "));
	warren_ns_free(c);
	free(text);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_hardware_comes_home),
	    cmocka_unit_test(test_hardware_ends_with_the_warren),
	    T(test_death_is_over),
	    T(test_clone),
	    T(test_graph),
	    T(test_quota_objects),
	    T(test_quota_neighbours),
	    T(test_quota_accept),
	    T(test_quota_datagrams),
	    T(test_quota_streams),
	    cmocka_unit_test(test_no_starving),
	    cmocka_unit_test(test_a_hundred_thousand),
	};

	return cmocka_run_group_tests_name("beyond", tests, NULL, NULL);
}
