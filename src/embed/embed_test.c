/* SPDX-License-Identifier: MIT */
/*
 * embed_test.c - the public API, by its header alone: what a program would do with
 * it, each error that the header promises, and the same twice with one seed
 */

#include "warren.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <cmocka.h>

#define MS 1000000ULL
#define S  (1000 * MS)

struct lab {
	struct warren *w;
	struct warren_ns *a, *b;
};

static void start(struct lab *l, uint64_t seed)
{
	const struct warren_options o = {.seed = seed, .virtual_time = true};

	assert_int_equal(warren_open(&o, &l->w), 0);
	assert_int_equal(warren_ns_new(l->w, "a", &l->a), 0);
	assert_int_equal(warren_ns_new(l->w, "b", &l->b), 0);
	assert_int_equal(warren_veth(l->a, "eth0", l->b, "eth0"), 0);
	assert_int_equal(warren_addr_add(l->a, "eth0", "10.0.0.1/24"), 0);
	assert_int_equal(warren_addr_add(l->b, "eth0", "10.0.0.2/24"), 0);
	assert_int_equal(warren_link_up(l->a, "eth0"), 0);
	assert_int_equal(warren_link_up(l->b, "eth0"), 0);
}

static int setup(void **state)
{
	struct lab *l = calloc(1, sizeof(*l));

	start(l, 11);
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

static void settle(struct lab *l)
{
	while (warren_step(l->w))
		;
}

static struct warren_sock *open_sock(struct warren_ns *ns, int type)
{
	struct warren_sock *s;

	assert_int_equal(warren_socket(ns, type, 0, &s), 0);
	return s;
}

/* ---- time ---- */

static void test_time(void **state)
{
	struct lab *l = *state;
	struct warren_options real = {0};
	struct warren *w;
	uint64_t before;

	assert_int_equal(warren_now(l->w), 0);
	warren_run_until(l->w, 3 * S);
	assert_int_equal(warren_now(l->w), 3 * S);
	warren_run_until(l->w, 1 * S); /* never backwards */
	assert_int_equal(warren_now(l->w), 3 * S);
	assert_int_equal(warren_seed(l->w), 11);

	assert_int_equal(warren_open(&real, &w), 0);
	before = warren_now(w);
	assert_int_not_equal(warren_seed(w), 0);
	while (warren_step(w))
		;
	assert_true(warren_now(w) >= before);
	assert_true(warren_memory(w) > 0);
	warren_close(w);
	assert_int_equal(warren_open(NULL, &w), 0);
	warren_close(w);
	warren_close(NULL);
}

static void test_nothing_is_due(void **state)
{
	const struct warren_options o = {.seed = 1, .virtual_time = true};
	struct warren *w;

	(void)state;
	assert_int_equal(warren_open(&o, &w), 0);
	while (warren_step(w))
		;
	assert_int_equal(warren_deadline(w), UINT64_MAX);
	assert_false(warren_run_next(w));
	warren_close(w);
}

/* ---- configuration: what is refused ---- */

static void test_refused(void **state)
{
	struct lab *l = *state;
	char buf[16];

	assert_int_equal(warren_veth(l->a, "eth0", l->b, "x"), -EEXIST);
	assert_int_equal(warren_veth(l->a, "x", l->b, "eth0"), -EEXIST);
	assert_int_equal(warren_link_up(l->a, "x"),
			 -ENODEV); /* nothing is left of it */
	assert_int_equal(warren_veth(l->a, "a/b", l->b, "x"), -EINVAL);
	assert_int_equal(warren_link_delete(l->a, "lo"), -EOPNOTSUPP);
	assert_int_equal(warren_link_delete(l->a, "no"), -ENODEV);
	assert_int_equal(warren_link_mtu(l->a, "eth0", 10), -EINVAL);
	assert_int_equal(warren_link_move(l->a, "lo", l->b, "lo0"), -EINVAL);
	assert_int_equal(warren_link_move(l->a, "eth0", l->b, NULL), -EEXIST);
	assert_int_equal(warren_addr_add(l->a, "eth0", "10.0.0.1/24"), -EEXIST);
	assert_int_equal(warren_addr_add(l->a, "eth0", "10.0.0.1/33"), -EINVAL);
	assert_int_equal(warren_addr_add(l->a, "eth0", "10.0.0"), -EINVAL);
	assert_int_equal(warren_addr_add(l->a, "eth0", ""), -EINVAL);
	assert_int_equal(warren_addr_add(l->a, "no", "10.0.0.3/24"), -ENODEV);
	assert_int_equal(warren_addr_del(l->a, "eth0", "10.9.9.9/24"), -EADDRNOTAVAIL);
	assert_int_equal(warren_route_add(l->a, "default", "10.7.0.1", NULL),
			 -ENETUNREACH);
	assert_int_equal(warren_route_add(l->a, "nowhere", "10.0.0.2", NULL), -EINVAL);
	assert_int_equal(warren_route_add(l->a, "default", "::1", NULL), -EINVAL);
	assert_int_equal(warren_route_add(l->a, "10.8.0.0/16", NULL, "no"), -ENODEV);
	assert_int_equal(warren_route_add(l->a, "default", "10.0.0.2", NULL), 0);
	assert_int_equal(warren_route_add(l->a, "default", "10.0.0.2", NULL), -EEXIST);
	assert_int_equal(warren_route_del(l->a, "default", NULL, NULL), 0);
	assert_int_equal(warren_route_del(l->a, "default", NULL, NULL), -ESRCH);

	assert_int_equal(warren_sysctl_set(l->a, "net/ipv4/nothing", "1"), -ENOENT);
	assert_int_equal(warren_sysctl_set(l->a, "net/ipv4/ip_forward", "x"), -EINVAL);
	assert_int_equal(warren_sysctl_set(l->a, "net/ipv4/ip_forward", "1"), 0);
	assert_int_equal(
	    warren_sysctl_get(l->a, "net/ipv4/ip_forward", buf, sizeof(buf)), 1);
	assert_string_equal(buf, "1");
	assert_int_equal(
	    warren_sysctl_get(l->b, "net/ipv4/ip_forward", buf, sizeof(buf)), 1);
	assert_string_equal(buf, "0");
	assert_int_equal(
	    warren_sysctl_get(l->b, "net/ipv4/ip_local_port_range", buf, 3), -ENOBUFS);
}

static void test_memory_limit(void **state)
{
	const struct warren_options o = {
	    .seed = 1, .virtual_time = true, .memory_limit = 1 << 20};
	struct warren_ns *ns[4096];
	struct warren *w;
	int n = 0, err;

	(void)state;
	assert_int_equal(warren_open(&o, &w), 0);
	while (!(err = warren_ns_new(w, "", &ns[n])) && ++n < 4096)
		;
	assert_int_equal(err, -ENOMEM);
	assert_true(n > 1 && warren_memory(w) <= 1 << 20);
	while (n)
		warren_ns_free(ns[--n]);
	warren_close(w);
}

/* ---- sockets ---- */

struct heard {
	struct warren_sock *child;
	char got[4096];
	size_t n;
	int calls;
	unsigned last;
	bool closed;
};

static void on_child(void *arg, struct warren_sock *s, unsigned events)
{
	struct heard *h = arg;
	ssize_t n;

	h->calls++;
	h->last = events;
	if (!(events & POLLIN))
		return;
	while ((n = warren_recv(s, h->got + h->n, sizeof(h->got) - h->n, 0)) > 0)
		h->n += (size_t)n;
	if (n)
		return;
	warren_sock_close(s); /* from inside its own callback */
	h->closed = true;
	h->child = NULL;
}

static void on_listener(void *arg, struct warren_sock *s, unsigned events)
{
	struct heard *h = arg;

	if (events & POLLIN && !warren_accept(s, &h->child))
		warren_on_event(h->child, on_child, h);
}

static void on_error(void *arg, struct warren_sock *s, unsigned events)
{
	unsigned *seen = arg;

	(void)s;
	*seen = events;
}

static void test_callbacks(void **state)
{
	struct lab *l = *state;
	struct warren_sock *lsn = open_sock(l->b, SOCK_STREAM);
	struct warren_sock *cli = open_sock(l->a, SOCK_STREAM);
	struct heard h = {0};
	char addr[46];
	uint16_t port;

	assert_int_equal(warren_bind(lsn, "10.0.0.2", 80), 0);
	assert_int_equal(warren_listen(lsn, 4), 0);
	warren_on_event(lsn, on_listener, &h);
	assert_int_equal(warren_connect(cli, "10.0.0.2", 80), -EINPROGRESS);
	assert_int_equal(warren_recv(cli, addr, sizeof(addr), 0), -EAGAIN);
	settle(l);
	assert_non_null(h.child);
	assert_true(warren_poll(cli) & POLLOUT);
	assert_int_equal(warren_sock_name(cli, true, addr, &port), 0);
	assert_string_equal(addr, "10.0.0.2");
	assert_int_equal(port, 80);
	assert_int_equal(warren_sock_name(h.child, true, addr, NULL), 0);
	assert_string_equal(addr, "10.0.0.1");
	assert_int_equal(warren_send(cli, "hello", 5, 0), 5);
	settle(l);
	assert_int_equal(h.n, 5);
	assert_memory_equal(h.got, "hello", 5);
	assert_int_equal(warren_shutdown(cli, SHUT_WR), 0);
	settle(l);
	assert_true(h.closed);
	warren_sock_close(cli);
	warren_sock_close(lsn);
}

static void test_refused_connection(void **state)
{
	struct lab *l = *state;
	struct warren_sock *s = open_sock(l->a, SOCK_STREAM);
	unsigned seen = 0;
	int err = 0;
	size_t len = sizeof(err);

	warren_on_event(s, on_error, &seen);
	assert_int_equal(warren_connect(s, "10.0.0.2", 81), -EINPROGRESS);
	settle(l);
	assert_true(seen & POLLERR);
	assert_int_equal(warren_getsockopt(s, SOL_SOCKET, SO_ERROR, &err, &len), 0);
	assert_int_equal(err, ECONNREFUSED);
	warren_on_event(s, NULL, NULL);
	warren_sock_close(s);
}

static void test_datagrams(void **state)
{
	struct lab *l = *state;
	struct warren_sock *a = open_sock(l->a, SOCK_DGRAM);
	struct warren_sock *b = open_sock(l->b, SOCK_DGRAM), *raw;
	uint16_t port, from;
	char buf[64], addr[46];
	int size = 100000;

	assert_int_equal(warren_bind(b, NULL, 53), 0);
	assert_int_equal(warren_sendto(a, "query", 5, 0, "10.0.0.2", 53), 5);
	assert_int_equal(warren_sendto(a, "", 0, 0, "10.0.0.2", 53), 0);
	settle(l);
	assert_int_equal(warren_recvfrom(b, buf, sizeof(buf), 0, addr, &from), 5);
	assert_string_equal(addr, "10.0.0.1");
	assert_int_equal(warren_sock_name(a, false, NULL, &port), 0);
	assert_int_equal(from, port);
	assert_int_equal(warren_recv(b, buf, sizeof(buf), 0), 0);
	assert_int_equal(warren_recv(b, buf, sizeof(buf), 0), -EAGAIN);
	assert_int_equal(warren_sendto(b, "answer", 6, 0, addr, from), 6);
	settle(l);
	assert_true(warren_poll(a) & POLLIN);
	assert_int_equal(warren_recv(a, buf, 3, MSG_PEEK), 3);
	assert_int_equal(warren_recv(a, buf, 3, MSG_TRUNC), 6);

	assert_int_equal(warren_sendto(a, "x", 1, 0, "nonsense", 53), -EINVAL);
	assert_int_equal(warren_sendto(a, "x", 1, 0, "172.16.0.1", 53), -ENETUNREACH);
	assert_int_equal(warren_send(a, "x", 1, 0), -EDESTADDRREQ);
	assert_int_equal(warren_bind(a, "10.0.0.77", 53), -EADDRNOTAVAIL);
	assert_int_equal(warren_bind(a, "10.0.0.1", 53), -EINVAL); /* has a port */
	assert_int_equal(warren_listen(a, 1), -EOPNOTSUPP);
	assert_int_equal(warren_accept(a, &raw), -EOPNOTSUPP);
	assert_int_equal(
	    warren_setsockopt(a, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	assert_int_equal(warren_setsockopt(a, 77, 1, &size, sizeof(size)),
			 -ENOPROTOOPT);
	assert_int_equal(warren_socket(l->a, 77, 0, &raw), -EINVAL);
	assert_int_equal(warren_socket(l->a, SOCK_RAW, IPPROTO_ICMP, &raw), 0);
	warren_sock_close(raw);
	warren_sock_close(a);
	warren_sock_close(b);
	warren_sock_close(NULL);
}

/* ---- wires ---- */

struct wire_end {
	struct warren_wire *wire, *to; /* @to: every frame goes there */
	unsigned char last[1600];
	size_t len;
	int frames;
};

static void frame_out(void *arg, const void *frame, size_t len)
{
	struct wire_end *e = arg;

	e->frames++;
	e->len = len;
	memcpy(e->last, frame, len < sizeof(e->last) ? len : sizeof(e->last));
	if (e->to)
		assert_int_equal(warren_wire_input(e->to, frame, len), 0);
}

/* The program is the other host: it is asked for its address and answers */
static void test_wire(void **state)
{
	static const unsigned char mac[6] = {2, 0, 0, 0, 0, 0x51};
	static const unsigned char ask[42] = {
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,	 0x99, 8, 6,
	    0,	  1,	8,    0,    6,	  4,	0, 1, 2, 0, 0,	 0,    0, 0x99,
	    192,  168,	5,    9,    0,	  0,	0, 0, 0, 0, 192, 168,  5, 1};
	struct lab *l = *state;
	struct wire_end e = {0};
	unsigned char got[6];
	struct warren_wire *other;

	assert_int_equal(warren_wire_new(l->a, "w0", mac, frame_out, &e, &e.wire), 0);
	assert_int_equal(warren_wire_new(l->a, "w0", mac, frame_out, &e, &other),
			 -EEXIST);
	assert_int_equal(warren_wire_new(l->a, "a/b", mac, frame_out, &e, &other),
			 -EINVAL);
	assert_int_equal(warren_wire_input(e.wire, ask, sizeof(ask)), -ENETDOWN);
	assert_int_equal(warren_link_up(l->a, "w0"), 0);
	assert_int_equal(warren_addr_add(l->a, "w0", "192.168.5.1/24"), 0);
	settle(l);
	assert_int_equal(warren_link_mac(l->a, "w0", got), 0);
	assert_memory_equal(got, mac, 6);
	e.frames = 0;
	assert_int_equal(warren_wire_input(e.wire, ask, 13), -EINVAL);
	assert_int_equal(warren_wire_input(e.wire, ask, sizeof(ask)), 0);
	settle(l);
	assert_int_equal(e.frames, 1);
	assert_int_equal(e.len, 42);
	assert_memory_equal(e.last, ask + 6, 6); /* to whom it asked */
	assert_memory_equal(e.last + 6, mac, 6);
	assert_int_equal(e.last[21], 2); /* an answer */
	warren_wire_free(e.wire);
	assert_int_equal(warren_link_up(l->a, "w0"), -ENODEV);
	warren_wire_free(NULL);
}

/* Two wires joined by the program, with a call from inside the callback */
static void test_wires_joined(void **state)
{
	struct lab *l = *state;
	struct wire_end a = {0}, b = {0};
	struct warren_sock *s, *r;
	char buf[16];

	assert_int_equal(warren_wire_new(l->a, "w0", NULL, frame_out, &a, &a.wire), 0);
	assert_int_equal(warren_wire_new(l->b, "w0", NULL, frame_out, &b, &b.wire), 0);
	assert_int_equal(warren_addr_add(l->a, "w0", "10.5.0.1/24"), 0);
	assert_int_equal(warren_addr_add(l->b, "w0", "10.5.0.2/24"), 0);
	assert_int_equal(warren_link_up(l->a, "w0"), 0);
	assert_int_equal(warren_link_up(l->b, "w0"), 0);
	a.to = b.wire;
	b.to = a.wire;
	s = open_sock(l->a, SOCK_DGRAM);
	r = open_sock(l->b, SOCK_DGRAM);
	assert_int_equal(warren_bind(r, "10.5.0.2", 7), 0);
	assert_int_equal(warren_sendto(s, "over", 4, 0, "10.5.0.2", 7), 4);
	settle(l);
	assert_int_equal(warren_recv(r, buf, sizeof(buf), 0), 4);
	warren_sock_close(s);
	warren_sock_close(r);
	/* One of the namespaces goes before its wire */
	warren_ns_free(l->b);
	l->b = NULL;
	settle(l);
	assert_int_equal(warren_wire_input(b.wire, buf, 16), -ENETDOWN);
	warren_wire_free(b.wire);
	warren_wire_free(a.wire);
}

/* ---- captures, and the same twice ---- */

struct file {
	unsigned char *bytes;
	size_t len;
};

static void write_file(void *arg, const void *bytes, size_t len)
{
	struct file *f = arg;

	f->bytes = realloc(f->bytes, f->len + len);
	memcpy(f->bytes + f->len, bytes, len);
	f->len += len;
}

static struct file story(uint64_t seed)
{
	struct file f = {0}, of_a = {0};
	struct warren_capture *all, *one;
	struct lab l;
	struct warren_sock *lsn, *cli, *srv;
	char buf[100];

	start(&l, seed);
	assert_int_equal(warren_capture_begin(l.w, NULL, write_file, &f, &all), 0);
	assert_int_equal(warren_capture_begin(l.w, l.a, write_file, &of_a, &one), 0);
	lsn = open_sock(l.b, SOCK_STREAM);
	cli = open_sock(l.a, SOCK_STREAM);
	assert_int_equal(warren_bind(lsn, NULL, 80), 0);
	assert_int_equal(warren_listen(lsn, 1), 0);
	warren_connect(cli, "10.0.0.2", 80);
	settle(&l);
	assert_int_equal(warren_accept(lsn, &srv), 0);
	assert_int_equal(warren_send(cli, "once", 4, 0), 4);
	warren_run_until(l.w, warren_now(l.w) + 100 * MS);
	assert_int_equal(warren_recv(srv, buf, sizeof(buf), 0), 4);
	warren_sock_close(cli);
	warren_run_until(l.w, warren_now(l.w) + 10 * S);
	warren_sock_close(srv);
	warren_sock_close(lsn);
	warren_run_until(l.w, warren_now(l.w) + 100 * S);
	warren_capture_end(one);
	warren_capture_end(all);
	warren_capture_end(NULL);
	assert_true(f.len > of_a.len && of_a.len > 200);
	assert_memory_equal(f.bytes, "\n\r\r\n", 4);
	free(of_a.bytes);
	warren_ns_free(l.a);
	warren_ns_free(l.b);
	warren_close(l.w);
	return f;
}

static void test_replay(void **state)
{
	struct file x = story(5), y = story(5), z = story(6);

	(void)state;
	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.bytes, y.bytes, x.len);
	assert_true(x.len != z.len || memcmp(x.bytes, z.bytes, x.len) != 0);
	free(x.bytes);
	free(y.bytes);
	free(z.bytes);
}

/* ---- the rest ---- */

static void test_move_and_drops(void **state)
{
	struct lab *l = *state;
	const char *name;
	uint64_t n, sum = 0;
	unsigned i;

	assert_int_equal(warren_link_move(l->a, "eth0", l->b, "moved"), 0);
	assert_int_equal(warren_link_up(l->b, "moved"), 0);
	assert_int_equal(warren_link_up(l->a, "eth0"), -ENODEV);
	assert_int_equal(warren_link_down(l->b, "moved"), 0);
	assert_int_equal(warren_link_delete(l->b, "moved"), 0);
	assert_int_equal(warren_link_up(l->b, "eth0"), -ENODEV); /* its peer went too */
	for (i = 0; (name = warren_drops(l->b, i, &n)); i++) {
		assert_true(*name);
		sum += n;
	}
	assert_true(i > 10);
	assert_int_equal(sum, 0);
}

static void on_log(void *arg, int level, const char *line)
{
	(void)level;
	assert_non_null(line);
	++*(int *)arg;
}

/* Many at once, none knows of the others */
static void test_many(void **state)
{
	struct lab *l[20];
	int logged = 0;
	struct warren_options o = {.seed = 3,
				   .virtual_time = true,
				   .log = on_log,
				   .log_arg = &logged,
				   .log_level = 3};
	struct warren *w;

	(void)state;
	for (int i = 0; i < 20; i++) {
		l[i] = calloc(1, sizeof(*l[i]));
		start(l[i], (uint64_t)i + 1);
		assert_ptr_not_equal(warren_ns_initial(l[i]->w), l[i]->a);
	}
	for (int i = 0; i < 20; i++) {
		void *p = l[i];

		warren_run_until(l[i]->w, (uint64_t)i * S);
		assert_int_equal(warren_now(l[i]->w), (uint64_t)i * S);
		teardown(&p);
	}
	assert_int_equal(warren_open(&o, &w), 0);
	warren_close(w);
	assert_string_equal(warren_version(), "0.1.0");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_time),	    cmocka_unit_test(test_nothing_is_due),
	    T(test_refused),	    cmocka_unit_test(test_memory_limit),
	    T(test_callbacks),	    T(test_refused_connection),
	    T(test_datagrams),	    T(test_wire),
	    T(test_wires_joined),   cmocka_unit_test(test_replay),
	    T(test_move_and_drops), cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("embed", tests, NULL, NULL);
}
