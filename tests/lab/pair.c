/* SPDX-License-Identifier: MIT */
/* pair.c - two hosts, a wire, a TCP connection, and transfers that are checked */

#include "pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <netinet/tcp.h>

void bench_new(struct bench *t, u64 seed, const struct lab_fault *f)
{
	memset(t, 0, sizeof(*t));
	t->lab = lab_new(seed);
	t->wire = lab_wire(t->lab, "a", A "/24", "b", B "/24", f);
}

void bench_free(struct bench *t)
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

void listen_at_b(struct bench *t, int backlog)
{
	t->listener = lab_socket(t->lab, "b", SOCK_STREAM, 0);
	assert_non_null(t->listener);
	assert_int_equal(lab_bind(t->listener, B, PORT), 0);
	assert_int_equal(t->listener->ops->listen(t->listener, backlog), 0);
}

bool accepted(void *arg)
{
	struct bench *t = arg;

	return !t->listener->ops->accept(t->listener, &t->b);
}

void establish(struct bench *t)
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

/* Bytes of the stream, a word at a time */
static u64 word_at(u64 n)
{
	u64 x = (n + 1) * 0x9e3779b97f4a7c15ULL;

	return x ^ x >> 29;
}

static void fill(u8 *buf, size_t len, u64 pos)
{
	while (len) {
		u64 word = word_at(pos / 8);
		size_t n = min(len, (size_t)(8 - pos % 8));

		memcpy(buf, (u8 *)&word + pos % 8, n);
		buf += n;
		pos += n;
		len -= n;
	}
}

static void check(const u8 *buf, const u8 *want, size_t len, u64 pos)
{
	if (!memcmp(buf, want, len))
		return;
	for (size_t i = 0; i < len; i++)
		if (buf[i] != want[i])
			fail_msg("byte %llu is %02x, not %02x",
				 (unsigned long long)(pos + i), buf[i], want[i]);
}

struct flow_of_bytes {
	struct sock *from, *to;
	u64 size, sent, got;
	bool shut, eof;
	size_t chunk;
	u8 out[2 * CHUNK]; /* of the stream, from @out_at on; 0 bytes at first */
	u64 out_at;
	size_t out_len;
	u8 in[CHUNK], want[CHUNK];
};

/* The next @len bytes to send: made once, also when few of them are taken */
static const u8 *to_send(struct flow_of_bytes *x, size_t len)
{
	if (x->sent + len > x->out_at + x->out_len) {
		x->out_at = x->sent;
		x->out_len = sizeof(x->out);
		fill(x->out, x->out_len, x->out_at);
	}
	return x->out + (x->sent - x->out_at);
}

static bool pump(struct flow_of_bytes *x)
{
	ssize_t n;

	while (x->sent < x->size) {
		size_t len = x->size - x->sent < x->chunk ? (size_t)(x->size - x->sent)
							  : x->chunk;

		n = lab_send(x->from, to_send(x, len), len, 0);
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
		n = lab_recv(x->to, x->in, CHUNK, 0);
		if (n == -EAGAIN)
			break;
		assert_true(n >= 0);
		if (!n)
			x->eof = true;
		fill(x->want, (size_t)n, x->got);
		check(x->in, x->want, (size_t)n, x->got);
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

void transfer(struct bench *t, u64 size, bool both, size_t chunk, u64 limit_ns)
{
	struct flow_of_bytes *x = calloc(2, sizeof(*x));

	assert_non_null(x);
	x[0].from = t->a;
	x[0].to = t->b;
	x[0].size = size;
	x[1].from = both ? t->b : NULL;
	x[1].to = t->a;
	x[1].size = size / 2;
	x[0].chunk = x[1].chunk = chunk;
	if (!lab_run_until(t->lab, pump_both, x, limit_ns))
		fail_msg("got %llu of %llu, %llu of %llu", (unsigned long long)x[0].got,
			 (unsigned long long)size, (unsigned long long)x[1].got,
			 (unsigned long long)x[1].size);
	assert_true(x[0].got == size);
	free(x);
}
