/* SPDX-License-Identifier: MIT */
/*
 * tcp_test.c - TCP over bad wires, in virtual time
 *
 * Two hosts, "a" calls and "b" answers. Every byte of a transfer is a function of
 * its place in the stream, so each is checked on arrival. A scenario that fails
 * says its seed and stops at the first wrong byte.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "inet/tcp.h"
#include "inet/tcp_impl.h"
#include "lab.h"
#include "wire/ether.h"

#include <linux/tcp.h>

#define A	"10.0.0.1"
#define B	"10.0.0.2"
#define PORT	80
#define CHUNK	65536
#define MIB	(1U << 20)

struct bench {
	struct lab *lab;
	struct lab_wire *wire;
	struct sock *listener;
	struct sock *a, *b; /* the caller's and the answerer's end */
};

static void bench_new(struct bench *t, u64 seed, const struct lab_fault *f)
{
	memset(t, 0, sizeof(*t));
	t->lab = lab_new(seed);
	t->wire = lab_wire(t->lab, "a", A "/24", "b", B "/24", f);
}

static void bench_free(struct bench *t)
{
	if (t->a)
		sock_release(t->a);
	if (t->b)
		sock_release(t->b);
	if (t->listener)
		sock_release(t->listener);
	lab_settle(t->lab);
	lab_free(t->lab);
}

static void listen_at_b(struct bench *t, int backlog)
{
	t->listener = lab_socket(t->lab, "b", SOCK_STREAM, 0);
	assert_non_null(t->listener);
	assert_int_equal(lab_bind(t->listener, B, PORT), 0);
	assert_int_equal(t->listener->ops->listen(t->listener, backlog), 0);
}

static bool accepted(void *arg)
{
	struct bench *t = arg;

	return !t->listener->ops->accept(t->listener, &t->b);
}

static void establish(struct bench *t)
{
	listen_at_b(t, 16);
	t->a = lab_socket(t->lab, "a", SOCK_STREAM, 0);
	assert_int_equal(lab_connect(t->a, B, PORT), -EINPROGRESS);
	assert_true(lab_run_until(t->lab, accepted, t, 100 * NS_PER_S));
	assert_int_equal(t->a->state, TCP_ESTABLISHED);
	assert_int_equal(t->b->state, TCP_ESTABLISHED);
	assert_int_equal(lab_connect(t->a, B, PORT), 0);
	assert_int_equal(lab_connect(t->a, B, PORT), -EISCONN);
}

/* ---- transfers ---- */

static u8 byte_at(u64 pos)
{
	u64 x = pos * 0x9e3779b97f4a7c15ULL;

	return (u8)(x >> 56);
}

struct flow_of_bytes {
	struct sock *from, *to;
	u64 size, sent, got;
	bool shut, eof;
	u8 *buf;
	size_t chunk;
	u64 wrong;
};

static bool pump(struct flow_of_bytes *x)
{
	ssize_t n;

	while (x->sent < x->size) {
		size_t len = x->size - x->sent < x->chunk ? (size_t)(x->size - x->sent)
							  : x->chunk;

		for (size_t i = 0; i < len; i++)
			x->buf[i] = byte_at(x->sent + i);
		n = lab_send(x->from, x->buf, len, 0);
		if (n == -EAGAIN)
			break;
		assert_true(n > 0);
		x->sent += (u64)n;
	}
	if (x->sent == x->size && !x->shut) {
		assert_int_equal(x->from->ops->shutdown(x->from, SHUT_WR), 0);
		x->shut = true;
	}
	while (!x->eof) {
		n = lab_recv(x->to, x->buf, CHUNK, 0);
		if (n == -EAGAIN)
			break;
		assert_true(n >= 0);
		if (!n)
			x->eof = true;
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(x->buf[i], byte_at(x->got + (u64)i));
		x->got += (u64)n;
	}
	return x->eof;
}

static bool pump_both(void *arg)
{
	struct flow_of_bytes *x = arg;
	bool one = pump(&x[0]);
	bool two = x[1].from ? pump(&x[1]) : true;

	return one && two;
}

static void transfer(struct bench *t, u64 size, bool both, size_t chunk, u64 limit_ns)
{
	struct flow_of_bytes x[2] = {
	    {.from = t->a, .to = t->b, .size = size, .chunk = chunk},
	    {.from = both ? t->b : NULL, .to = t->a, .size = size / 2, .chunk = chunk},
	};
	bool done;

	x[0].buf = malloc(CHUNK);
	x[1].buf = malloc(CHUNK);
	done = lab_run_until(t->lab, pump_both, x, limit_ns);
	if (!done)
		print_error("got %llu of %llu, %llu of %llu\n", (unsigned long long)x[0].got,
			    (unsigned long long)size, (unsigned long long)x[1].got,
			    (unsigned long long)x[1].size);
	assert_true(done);
	assert_true(x[0].got == size);
	free(x[0].buf);
	free(x[1].buf);
}

static void test_handshake(void **state)
{
	struct bench t;

	(void)state;
	bench_new(&t, 1, NULL);
	establish(&t);
	assert_int_equal(lab_send(t.a, "hello", 5, 0), 5);
	lab_run(t.lab, NS_PER_MS);
	char buf[16];
	assert_int_equal(lab_recv(t.b, buf, sizeof(buf), MSG_PEEK), 5);
	assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0), 5);
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0), -EAGAIN);
	bench_free(&t);
}

static void test_clean(void **state)
{
	struct lab_fault f = {.delay_ns = 100 * NS_PER_US};
	struct bench t;

	(void)state;
	bench_new(&t, 2, &f);
	establish(&t);
	transfer(&t, 64 * (u64)MIB, false, CHUNK, 600 * NS_PER_S);
	assert_int_equal(tcp_sk(t.a)->total_retrans, 0);
	bench_free(&t);
}

static void test_bad(void **state)
{
	struct lab_fault f = {
	    .delay_ns = 20 * NS_PER_MS,
	    .jitter_ns = 10 * NS_PER_MS,
	    .loss = 200,
	    .reorder = 500,
	    .duplicate = 100,
	    .corrupt = 50,
	};

	(void)state;
	for (u64 seed = 1; seed <= 4; seed++) {
		struct bench t;

		bench_new(&t, seed, &f);
		establish(&t);
		transfer(&t, 4 * (u64)MIB, true, seed & 1 ? CHUNK : 777, 3600 * NS_PER_S);
		bench_free(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_handshake),
	    cmocka_unit_test(test_clean),
	    cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
