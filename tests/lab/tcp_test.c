/* SPDX-License-Identifier: MIT */
/*
 * tcp_test.c - TCP over bad wires, in virtual time
 *
 * Two hosts, "a" calls and "b" answers (pair.h).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "inet/tcp.h"
#include "inet/tcp_impl.h"
#include "lab.h"
#include "pair.h"
#include "wire/ether.h"

#include <linux/tcp.h>

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
		transfer(&t, 4 * (u64)MIB, true, seed & 1 ? CHUNK : 777,
			 3600 * NS_PER_S);
		bench_free(&t);
	}
}

/* ---- segments lost one at a time ---- */

struct loser {
	int end; /* whose */
	u32 nth; /* TCP frame of that end, from 0 */
	u32 seen;
	bool lost;
};

/* Flags of a TCP frame, -1: none */
static int flags_of(const struct pkt *p)
{
	u8 h[14 + 20 + 20];

	if (p->len < sizeof(h))
		return -1;
	pkt_copy(p, 0, h, sizeof(h));
	if (h[12] != 8 || h[13] || h[14] != 0x45 || h[23] != IPPROTO_TCP)
		return -1;
	return h[47];
}

static bool lose_nth(void *arg, const struct pkt *p, int end)
{
	struct loser *l = arg;

	if (end != l->end || flags_of(p) < 0 || l->seen++ != l->nth)
		return false;
	l->lost = true;
	return true;
}

static bool both_closed(void *arg)
{
	struct bench *t = arg;
	char c;

	return lab_recv(t->b, &c, 1, 0) == 0 && lab_recv(t->a, &c, 1, 0) == 0;
}

static bool nothing_left(void *arg)
{
	struct bench *t = arg;
	struct tcp_net *a = tcp_net(lab_host(t->lab, "a"));
	struct tcp_net *b = tcp_net(lab_host(t->lab, "b"));

	return !a->n_orphans && !b->n_orphans && !a->n_timewaits && !b->n_timewaits &&
	       !a->n_requests && !b->n_requests;
}

/* Handshake, one message each way, both close: lose each frame of each side in turn */
static void test_each_lost(void **state)
{
	(void)state;
	for (int end = 0; end < 2; end++) {
		for (u32 nth = 0;; nth++) {
			struct loser l = {.end = end, .nth = nth};
			struct lab_fault f = {
			    .delay_ns = NS_PER_MS, .lose = lose_nth, .arg = &l};
			struct bench t;
			char buf[8];

			bench_new(&t, 100 + nth, &f);
			listen_at_b(&t, 4);
			t.a = lab_socket(t.lab, "a", SOCK_STREAM, 0);
			assert_int_equal(lab_connect(t.a, B, PORT), -EINPROGRESS);
			assert_true(lab_run_until(t.lab, accepted, &t, 20 * NS_PER_S));
			assert_int_equal(lab_connect(t.a, B, PORT), 0);
			assert_int_equal(lab_send(t.a, "question", 8, 0), 8);
			lab_run(t.lab, 5 * NS_PER_S);
			assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0), 8);
			assert_int_equal(lab_send(t.b, "answer", 6, 0), 6);
			lab_run(t.lab, 5 * NS_PER_S);
			assert_int_equal(lab_recv(t.a, buf, sizeof(buf), 0), 6);
			assert_memory_equal(buf, "answer", 6);
			t.a->ops->shutdown(t.a, SHUT_WR);
			lab_run(t.lab, 5 * NS_PER_S);
			assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0), 0);
			t.b->ops->shutdown(t.b, SHUT_WR);
			assert_true(
			    lab_run_until(t.lab, both_closed, &t, 20 * NS_PER_S));
			sock_release(t.a);
			sock_release(t.b);
			t.a = t.b = NULL;
			assert_true(
			    lab_run_until(t.lab, nothing_left, &t, 200 * NS_PER_S));
			bench_free(&t);
			if (!l.lost)
				break;
		}
	}
}

static bool lose_each_50th(void *arg, const struct pkt *p, int end)
{
	u32 *seen = arg;

	return end == 0 && p->len > 1000 && ++*seen % 50 == 0;
}

/* Packets of two segments and an odd window: the place that is left is no reason not
 * to grow */
static void test_odd_window(void **state)
{
	u32 seen = 0;
	struct lab_fault f = {
	    .delay_ns = 20 * NS_PER_MS,
	    .lose = lose_each_50th,
	    .arg = &seen,
	};
	struct bench t;

	(void)state;
	bench_new(&t, 3, &f);
	establish(&t);
	transfer(&t, 4 * (u64)MIB, false, CHUNK, 18 * NS_PER_S); /* not 20 */
	bench_free(&t);
}

static void test_newreno(void **state)
{
	struct lab_fault f = {.delay_ns = 20 * NS_PER_MS, .loss = 100};
	struct bench t;
	struct text err;

	(void)state;
	bench_new(&t, 7, &f);
	text_init(&err);
	assert_int_equal(
	    tunable_write(lab_host(t.lab, "a"), "net/ipv4/tcp_sack", "0", 1), 0);
	assert_int_equal(
	    tunable_write(lab_host(t.lab, "b"), "net/ipv4/tcp_timestamps", "0", 1), 0);
	assert_int_equal(tunable_write(lab_host(t.lab, "a"),
				       "net/ipv4/tcp_congestion_control", "reno", 4),
			 0);
	establish(&t);
	assert_false(tcp_sk(t.a)->sack_ok);
	assert_false(tcp_sk(t.a)->ts_ok);
	assert_string_equal(tcp_sk(t.a)->cc->name, "reno");
	transfer(&t, 4 * (u64)MIB, true, CHUNK, 3600 * NS_PER_S);
	text_fini(&err);
	bench_free(&t);
}

static void test_rate(void **state)
{
	struct lab_fault f = {
	    .delay_ns = 10 * NS_PER_MS, .rate_bps = 100000000, .queue = 100};
	struct bench t;
	u64 start, bps;

	(void)state;
	bench_new(&t, 8, &f);
	establish(&t);
	start = lab_now(t.lab);
	transfer(&t, 32 * (u64)MIB, false, CHUNK, 600 * NS_PER_S);
	bps = 32 * (u64)MIB * 8 * NS_PER_S / (lab_now(t.lab) - start);
	print_message(
	    "bottleneck of 100 Mbit/s, 20 ms: %llu Mbit/s, %u retransmitted\n",
	    (unsigned long long)bps / 1000000, tcp_sk(t.a)->total_retrans);
	assert_true(bps > 70000000);
	bench_free(&t);
}

static void test_uncut(void **state)
{
	struct lab_fault f = {.delay_ns = 50 * NS_PER_US, .gso = true};
	struct bench t;
	u64 frames;

	(void)state;
	bench_new(&t, 9, &f);
	establish(&t);
	frames = lab_wire_frames(t.wire);
	transfer(&t, 64 * (u64)MIB, false, CHUNK, 600 * NS_PER_S);
	frames = lab_wire_frames(t.wire) - frames;
	print_message("64 MiB uncut: %llu frames both ways\n",
		      (unsigned long long)frames);
	assert_true(frames < 64 * 64); /* most of them are big */
	bench_free(&t);
}

static void test_uncut_bad(void **state)
{
	struct lab_fault f = {.delay_ns = 5 * NS_PER_MS,
			      .jitter_ns = 5 * NS_PER_MS,
			      .loss = 300,
			      .reorder = 500,
			      .duplicate = 100,
			      .gso = true};
	struct bench t;

	(void)state;
	bench_new(&t, 10, &f);
	establish(&t);
	transfer(&t, 16 * (u64)MIB, true, 20000, 3600 * NS_PER_S);
	bench_free(&t);
}

/* ---- opening and closing ---- */

static void test_simultaneous_open(void **state)
{
	struct lab_fault f = {.delay_ns = 10 * NS_PER_MS};
	struct bench t;
	char buf[4];

	(void)state;
	bench_new(&t, 11, &f);
	t.a = lab_socket(t.lab, "a", SOCK_STREAM, 0);
	t.b = lab_socket(t.lab, "b", SOCK_STREAM, 0);
	assert_int_equal(lab_bind(t.a, A, 1000), 0);
	assert_int_equal(lab_bind(t.b, B, 2000), 0);
	assert_int_equal(lab_connect(t.a, B, 2000), -EINPROGRESS);
	assert_int_equal(lab_connect(t.b, A, 1000), -EINPROGRESS);
	lab_run(t.lab, NS_PER_S);
	assert_int_equal(t.a->state, TCP_ESTABLISHED);
	assert_int_equal(t.b->state, TCP_ESTABLISHED);
	assert_int_equal(lab_send(t.a, "abc", 3, 0), 3);
	assert_int_equal(lab_send(t.b, "xyz", 3, 0), 3);
	lab_run(t.lab, NS_PER_S);
	assert_int_equal(lab_recv(t.b, buf, 4, 0), 3);
	assert_memory_equal(buf, "abc", 3);
	assert_int_equal(lab_recv(t.a, buf, 4, 0), 3);
	assert_memory_equal(buf, "xyz", 3);
	bench_free(&t);
}

static void test_simultaneous_close(void **state)
{
	struct lab_fault f = {.delay_ns = 10 * NS_PER_MS};
	struct bench t;

	(void)state;
	bench_new(&t, 12, &f);
	establish(&t);
	lab_run(t.lab, NS_PER_S);
	sock_release(t.a);
	sock_release(t.b);
	t.a = t.b = NULL;
	lab_run(t.lab, NS_PER_S);
	/* CLOSING on both sides, so TIME_WAIT on both */
	assert_int_equal(tcp_net(lab_host(t.lab, "a"))->n_timewaits, 1);
	assert_int_equal(tcp_net(lab_host(t.lab, "b"))->n_timewaits, 1);
	lab_run(t.lab, 59 * NS_PER_S);
	assert_int_equal(tcp_net(lab_host(t.lab, "a"))->n_timewaits, 1);
	lab_run(t.lab, 2 * NS_PER_S);
	assert_true(nothing_left(&t));
	bench_free(&t);
}

static void test_refused(void **state)
{
	struct bench t;

	(void)state;
	bench_new(&t, 13, NULL);
	t.a = lab_socket(t.lab, "a", SOCK_STREAM, 0);
	assert_int_equal(lab_connect(t.a, B, PORT), -EINPROGRESS);
	lab_run(t.lab, NS_PER_MS);
	assert_int_equal(t.a->state, TCP_CLOSE);
	assert_int_equal(t.a->ops->poll(t.a) & (POLLERR | POLLHUP), POLLERR | POLLHUP);
	assert_int_equal(lab_connect(t.a, B, PORT), -ECONNREFUSED);
	/* and the same socket may try again */
	listen_at_b(&t, 1);
	assert_int_equal(lab_connect(t.a, B, PORT), -EINPROGRESS);
	lab_run(t.lab, NS_PER_MS);
	assert_int_equal(t.a->state, TCP_ESTABLISHED);
	bench_free(&t);
}

static void test_unanswered(void **state)
{
	struct lab_fault f = {.loss = 10000};
	struct bench t;

	(void)state;
	bench_new(&t, 14, &f);
	t.a = lab_socket(t.lab, "a", SOCK_STREAM, 0);
	assert_int_equal(lab_set_int(t.a, IPPROTO_TCP, TCP_SYNCNT, 3), 0);
	assert_int_equal(lab_connect(t.a, B, PORT), -EINPROGRESS);
	lab_run(t.lab, 100 * NS_PER_S);
	assert_int_equal(t.a->state, TCP_CLOSE);
	/* without ARP's answer the network may say so first */
	int err = lab_connect(t.a, B, PORT);
	assert_true(err == -ETIMEDOUT || err == -EHOSTUNREACH);
	bench_free(&t);
}

/* Closing with unread data, SO_LINGER 0: the peer is told by a reset */
static void test_resets(void **state)
{
	char buf[64];

	(void)state;
	for (int way = 0; way < 2; way++) {
		struct bench t;

		bench_new(&t, 15, NULL);
		establish(&t);
		if (way) {
			struct linger lg = {.l_onoff = 1};
			struct caller c = {.net = t.b->net, .caps = ~0ULL};

			assert_int_equal(sock_set_opt(t.b, &c, SOL_SOCKET, SO_LINGER,
						      &lg, sizeof(lg)),
					 0);
		} else {
			assert_int_equal(lab_send(t.a, "unread", 6, 0), 6);
			lab_run(t.lab, NS_PER_MS);
		}
		sock_release(t.b);
		t.b = NULL;
		lab_run(t.lab, NS_PER_MS);
		assert_int_equal(t.a->state, TCP_CLOSE);
		assert_true(t.a->ops->poll(t.a) & POLLERR);
		assert_int_equal(lab_recv(t.a, buf, sizeof(buf), 0), -ECONNRESET);
		assert_int_equal(lab_recv(t.a, buf, sizeof(buf), 0), 0);
		assert_int_equal(lab_send(t.a, "x", 1, 0), -EPIPE);
		assert_true(nothing_left(&t));
		bench_free(&t);
	}
}

/* Data for a socket that is closed on both directions */
static void test_data_after_close(void **state)
{
	struct bench t;

	(void)state;
	bench_new(&t, 16, NULL);
	establish(&t);
	sock_release(t.b);
	t.b = NULL;
	lab_run(t.lab, NS_PER_MS);
	assert_int_equal(t.a->state, TCP_CLOSE_WAIT);
	assert_int_equal(lab_send(t.a, "late", 4, 0), 4);
	lab_run(t.lab, NS_PER_MS);
	assert_int_equal(t.a->state, TCP_CLOSE);
	assert_int_equal(t.a->err, EPIPE);
	bench_free(&t);
}

static void test_half_close(void **state)
{
	struct bench t;
	char buf[64];

	(void)state;
	bench_new(&t, 17, NULL);
	establish(&t);
	assert_int_equal(t.a->ops->shutdown(t.a, SHUT_WR), 0);
	lab_run(t.lab, NS_PER_MS);
	assert_int_equal(t.a->state, TCP_FIN_WAIT2);
	assert_int_equal(t.b->state, TCP_CLOSE_WAIT);
	assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0), 0);
	assert_int_equal(lab_send(t.a, "x", 1, 0), -EPIPE);
	for (int i = 0; i < 100; i++) {
		lab_run(t.lab, 10 * NS_PER_S);
		assert_int_equal(lab_send(t.b, "still here", 10, 0), 10);
		lab_run(t.lab, NS_PER_MS);
		assert_int_equal(lab_recv(t.a, buf, sizeof(buf), 0), 10);
	}
	sock_release(t.b);
	t.b = NULL;
	lab_run(t.lab, NS_PER_MS);
	assert_int_equal(lab_recv(t.a, buf, sizeof(buf), 0), 0);
	assert_int_equal(tcp_net(lab_host(t.lab, "a"))->n_timewaits, 1);
	assert_int_equal(tcp_net(lab_host(t.lab, "b"))->n_timewaits, 0);
	bench_free(&t);
}

/* ---- windows ---- */

static void test_zero_window(void **state)
{
	struct lab_fault f = {.delay_ns = NS_PER_MS};
	struct bench t;
	u8 buf[CHUNK];
	u64 sent = 0, got = 0;
	ssize_t n;

	(void)state;
	bench_new(&t, 18, &f);
	establish(&t);
	memset(buf, 7, sizeof(buf));
	for (int i = 0; i < 200; i++) {
		while ((n = lab_send(t.a, buf, sizeof(buf), 0)) > 0)
			sent += (u64)n;
		assert_int_equal(n, -EAGAIN);
		lab_run(t.lab, 100 * NS_PER_MS);
	}
	/* minutes later both are still there */
	lab_run(t.lab, 1000 * NS_PER_S);
	assert_int_equal(t.a->state, TCP_ESTABLISHED);
	assert_true(tcp_sk(t.a)->probes_out < 15);
	assert_true(t.b->rmem <= t.b->rcvbuf + CHUNK);
	while (got < sent) {
		n = lab_recv(t.b, buf, sizeof(buf), 0);
		if (n > 0)
			got += (u64)n;
		else
			lab_run(t.lab, 10 * NS_PER_MS);
		assert_true(lab_now(t.lab) < 3000 * NS_PER_S);
	}
	bench_free(&t);
}

static void test_tiny_segments(void **state)
{
	struct lab_fault f = {.delay_ns = 100 * NS_PER_US};
	struct bench t;
	u8 buf[CHUNK];
	u64 sent = 0, got = 0;

	(void)state;
	bench_new(&t, 19, &f);
	establish(&t);
	assert_int_equal(lab_set_int(t.a, IPPROTO_TCP, TCP_NODELAY, 1), 0);
	/* nobody reads: the overhead of small packets stays within bounds */
	for (int i = 0; i < 30000; i++) {
		if (lab_send(t.a, "abcdefgh", 8, 0) == 8)
			sent += 8;
		lab_run(t.lab, 20 * NS_PER_US);
	}
	assert_true(sent > 100000);
	lab_run(t.lab, NS_PER_S);
	assert_true(t.b->rmem <= t.b->rcvbuf);
	while (got < sent) {
		ssize_t n = lab_recv(t.b, buf, sizeof(buf), 0);

		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(buf[i], 'a' + (got + (u64)i) % 8);
		if (n > 0)
			got += (u64)n;
		else
			lab_run(t.lab, 10 * NS_PER_MS);
		assert_true(lab_now(t.lab) < 3000 * NS_PER_S);
	}
	bench_free(&t);
}

static void test_nagle_cork(void **state)
{
	struct lab_fault f = {.delay_ns = 50 * NS_PER_MS};
	struct bench t;
	u32 before;
	char buf[256];

	(void)state;
	bench_new(&t, 20, &f);
	establish(&t);
	lab_run(t.lab, NS_PER_S);
	before = tcp_sk(t.a)->data_segs_out;
	for (int i = 0; i < 10; i++)
		assert_int_equal(lab_send(t.a, "x", 1, 0), 1);
	assert_int_equal(tcp_sk(t.a)->data_segs_out - before, 1);
	lab_run(t.lab, NS_PER_S);
	assert_int_equal(tcp_sk(t.a)->data_segs_out - before, 2);
	assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0), 10);
	lab_set_int(t.a, IPPROTO_TCP, TCP_CORK, 1);
	before = tcp_sk(t.a)->data_segs_out;
	for (int i = 0; i < 10; i++)
		assert_int_equal(lab_send(t.a, "x", 1, 0), 1);
	assert_int_equal(tcp_sk(t.a)->data_segs_out, before);
	lab_set_int(t.a, IPPROTO_TCP, TCP_CORK, 0);
	assert_int_equal(tcp_sk(t.a)->data_segs_out - before, 1);
	lab_set_int(t.a, IPPROTO_TCP, TCP_NODELAY, 1);
	before = tcp_sk(t.a)->data_segs_out;
	for (int i = 0; i < 5; i++)
		assert_int_equal(lab_send(t.a, "x", 1, 0), 1);
	assert_int_equal(tcp_sk(t.a)->data_segs_out - before, 5);
	bench_free(&t);
}

/* ---- listeners ---- */

static void test_overflow(void **state)
{
	struct bench t;
	struct sock *sk[12], *child;
	int established = 0, n = 0;

	(void)state;
	bench_new(&t, 21, NULL);
	listen_at_b(&t, 3);
	for (int i = 0; i < 12; i++) {
		sk[i] = lab_socket(t.lab, "a", SOCK_STREAM, 0);
		lab_connect(sk[i], B, PORT);
		lab_run(t.lab, NS_PER_MS);
	}
	/* Linux lets one more than the backlog into the queue; the others' SYNs are
	 * lost
	 */
	assert_int_equal(tcp_sk(t.listener)->n_accept, 4);
	for (int i = 0; i < 12; i++)
		established += sk[i]->state == TCP_ESTABLISHED;
	assert_int_equal(established, 4);
	assert_true(mib(t.listener->net)->ext[LINUX_MIB_LISTENOVERFLOWS] >= 8);
	/* one after the other gets in */
	for (int i = 0; i < 200 && n < 12; i++) {
		while (!t.listener->ops->accept(t.listener, &child)) {
			n++;
			sock_release(child);
		}
		lab_run(t.lab, NS_PER_S);
	}
	assert_int_equal(n, 12);
	for (int i = 0; i < 12; i++)
		sock_release(sk[i]);
	bench_free(&t);
}

static void test_listener_closes(void **state)
{
	struct bench t;
	struct sock *sk[3];

	(void)state;
	bench_new(&t, 22, NULL);
	listen_at_b(&t, 5);
	for (int i = 0; i < 3; i++) {
		sk[i] = lab_socket(t.lab, "a", SOCK_STREAM, 0);
		lab_connect(sk[i], B, PORT);
	}
	lab_run(t.lab, NS_PER_MS);
	sock_release(t.listener);
	t.listener = NULL;
	lab_run(t.lab, NS_PER_MS);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sk[i]->state, TCP_CLOSE);
		assert_int_equal(sk[i]->err, ECONNRESET);
		sock_release(sk[i]);
	}
	assert_true(nothing_left(&t));
	bench_free(&t);
}

static void test_cookies(void **state)
{
	struct lab_fault f = {.delay_ns = 10 * NS_PER_MS};
	struct bench t;

	(void)state;
	bench_new(&t, 23, &f);
	assert_int_equal(
	    tunable_write(lab_host(t.lab, "b"), "net/ipv4/tcp_syncookies", "2", 1), 0);
	establish(&t);
	assert_int_equal(mib(t.b->net)->ext[LINUX_MIB_SYNCOOKIESRECV], 1);
	assert_true(tcp_sk(t.b)->sack_ok && tcp_sk(t.b)->wscale_ok);
	assert_int_equal(tcp_sk(t.b)->snd_wscale, tcp_sk(t.a)->rcv_wscale);
	transfer(&t, MIB, true, CHUNK, 60 * NS_PER_S);
	bench_free(&t);
}

/* ---- TIME_WAIT ---- */

static void test_time_wait(void **state)
{
	struct bench t;
	u16 port;

	(void)state;
	bench_new(&t, 24, NULL);
	establish(&t);
	port = inet_sk(t.a)->num;
	lab_set_int(t.a, SOL_SOCKET, SO_REUSEADDR,
		    1); /* what bind() asks a TIME_WAIT */
	sock_release(t.a);
	t.a = NULL;
	lab_run(t.lab, NS_PER_MS);
	sock_release(t.b);
	t.b = NULL;
	lab_run(t.lab, NS_PER_MS);
	assert_int_equal(tcp_net(lab_host(t.lab, "a"))->n_timewaits, 1);
	assert_int_equal(tcp_net(lab_host(t.lab, "b"))->n_timewaits, 0);
	/* from the other side the same four words: RFC 6191 at work is the SYN's
	 * receiver; here b calls a's old port */
	t.a = lab_socket(t.lab, "a", SOCK_STREAM, 0);
	lab_set_int(t.a, SOL_SOCKET, SO_REUSEADDR, 1);
	assert_int_equal(lab_bind(t.a, A, port), 0);
	assert_int_equal(t.a->ops->listen(t.a, 1), 0);
	lab_run(t.lab, 2 * NS_PER_S);
	t.b = lab_socket(t.lab, "b", SOCK_STREAM, 0);
	lab_set_int(t.b, SOL_SOCKET, SO_REUSEADDR, 1);
	sock_release(t.listener);
	t.listener = NULL;
	assert_int_equal(lab_bind(t.b, B, PORT), 0);
	assert_int_equal(lab_connect(t.b, A, port), -EINPROGRESS);
	lab_run(t.lab, NS_PER_MS);
	assert_int_equal(t.b->state, TCP_ESTABLISHED);
	assert_int_equal(tcp_net(lab_host(t.lab, "a"))->n_timewaits, 0);
	bench_free(&t);
}

static void test_fin_wait2_orphan(void **state)
{
	struct bench t;

	(void)state;
	bench_new(&t, 25, NULL);
	establish(&t);
	sock_release(t.a);
	t.a = NULL;
	lab_run(t.lab, 50 * NS_PER_S);
	assert_int_equal(tcp_net(lab_host(t.lab, "a"))->n_timewaits, 1);
	assert_int_equal(tcp_net(lab_host(t.lab, "a"))->n_orphans, 0);
	lab_run(t.lab, 20 * NS_PER_S);
	assert_int_equal(tcp_net(lab_host(t.lab, "a"))->n_timewaits, 0);
	bench_free(&t);
}

static void test_keepalive(void **state)
{
	struct bench t;
	u64 start;

	(void)state;
	bench_new(&t, 26, NULL);
	establish(&t);
	lab_set_int(t.a, IPPROTO_TCP, TCP_KEEPIDLE, 10);
	lab_set_int(t.a, IPPROTO_TCP, TCP_KEEPINTVL, 5);
	lab_set_int(t.a, IPPROTO_TCP, TCP_KEEPCNT, 3);
	lab_set_int(t.a, SOL_SOCKET, SO_KEEPALIVE, 1);
	lab_run(t.lab, 1000 * NS_PER_S);
	assert_int_equal(t.a->state, TCP_ESTABLISHED);
	lab_wire_fault(t.wire)->loss = 10000;
	start = lab_now(t.lab);
	while (t.a->state == TCP_ESTABLISHED && lab_now(t.lab) - start < 100 * NS_PER_S)
		lab_run(t.lab, NS_PER_S);
	assert_int_equal(t.a->state, TCP_CLOSE);
	assert_true(lab_now(t.lab) - start <= 27 * NS_PER_S);
	assert_true(t.a->err == ETIMEDOUT || t.a->err == EHOSTUNREACH);
	bench_free(&t);
}

static void test_user_timeout(void **state)
{
	struct bench t;

	(void)state;
	bench_new(&t, 27, NULL);
	establish(&t);
	lab_set_int(t.a, IPPROTO_TCP, TCP_USER_TIMEOUT, 5000);
	lab_wire_fault(t.wire)->loss = 10000;
	assert_int_equal(lab_send(t.a, "x", 1, 0), 1);
	lab_run(t.lab, 4 * NS_PER_S);
	assert_int_equal(t.a->state, TCP_ESTABLISHED);
	lab_run(t.lab, 6 * NS_PER_S);
	assert_int_equal(t.a->state, TCP_CLOSE);
	bench_free(&t);
}

static void test_urgent(void **state)
{
	struct bench t;
	char buf[16];

	(void)state;
	bench_new(&t, 28, NULL);
	establish(&t);
	assert_int_equal(lab_send(t.a, "abc", 3, 0), 3);
	assert_int_equal(lab_send(t.a, "!", 1, MSG_OOB), 1);
	assert_int_equal(lab_send(t.a, "def", 3, 0), 3);
	lab_run(t.lab, NS_PER_S);
	assert_true(t.b->ops->poll(t.b) & POLLPRI);
	assert_int_equal(lab_recv(t.b, buf, 1, MSG_OOB), 1);
	assert_int_equal(buf[0], '!');
	assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0), 3);
	assert_memory_equal(buf, "abc", 3);
	assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0), 3);
	assert_memory_equal(buf, "def", 3);
	bench_free(&t);
}

/* ---- paths ---- */

static void test_loopback(void **state)
{
	struct bench t;

	(void)state;
	memset(&t, 0, sizeof(t));
	t.lab = lab_new(30);
	t.listener = lab_socket(t.lab, "a", SOCK_STREAM, 0);
	assert_int_equal(lab_bind(t.listener, "127.0.0.1", PORT), 0);
	assert_int_equal(t.listener->ops->listen(t.listener, 4), 0);
	t.a = lab_socket(t.lab, "a", SOCK_STREAM, 0);
	assert_int_equal(lab_connect(t.a, "127.0.0.1", PORT), -EINPROGRESS);
	assert_true(lab_run_until(t.lab, accepted, &t, NS_PER_S));
	transfer(&t, 32 * (u64)MIB, true, CHUNK, 60 * NS_PER_S);
	assert_int_equal(tcp_sk(t.a)->total_retrans, 0);
	bench_free(&t);
}

static void test_self_connect(void **state)
{
	struct bench t;
	char buf[8];

	(void)state;
	memset(&t, 0, sizeof(t));
	t.lab = lab_new(31);
	t.a = lab_socket(t.lab, "a", SOCK_STREAM, 0);
	assert_int_equal(lab_bind(t.a, "127.0.0.1", PORT), 0);
	assert_int_equal(lab_connect(t.a, "127.0.0.1", PORT), -EINPROGRESS);
	lab_run(t.lab, NS_PER_S);
	assert_int_equal(t.a->state, TCP_ESTABLISHED);
	assert_int_equal(lab_send(t.a, "me", 2, 0), 2);
	lab_run(t.lab, NS_PER_S);
	assert_int_equal(lab_recv(t.a, buf, sizeof(buf), 0), 2);
	bench_free(&t);
}

static void add_route(struct net *net, const char *dst, u8 plen, const char *gw)
{
	struct fib_config cfg = {.family = AF_INET,
				 .plen = plen,
				 .type = RTN_UNICAST,
				 .protocol = RTPROT_STATIC,
				 .table = RT_TABLE_MAIN,
				 .nl_flags = 0x400 /* NLM_F_CREATE */};
	struct ext_ack ack = {.msg = NULL};

	assert_int_equal(text_parse_ipaddr(dst, &cfg.dst), 0);
	assert_int_equal(text_parse_ipaddr(gw, &cfg.gateway), 0);
	assert_int_equal(fib_add(net, &cfg, &ack), 0);
}

/*
 * a - r - b, and b's address on a wire further on, so that its MSS says nothing of the
 * way there. @near, @far: before and behind r
 */
static void connect_by_router(struct bench *t, const struct lab_fault *near,
			      const struct lab_fault *far)
{
	memset(t, 0, sizeof(*t));
	t->lab = lab_new(32);
	lab_wire(t->lab, "a", "10.1.0.1/24", "r", "10.1.0.2/24", near);
	t->wire = lab_wire(t->lab, "r", "10.2.0.1/24", "b", "10.2.0.2/24", far);
	lab_wire(t->lab, "b", "10.3.0.1/24", "c", "10.3.0.2/24", NULL);
	assert_int_equal(
	    tunable_write(lab_host(t->lab, "r"), "net/ipv4/ip_forward", "1", 1), 0);
	add_route(lab_host(t->lab, "a"), "10.2.0.0", 16, "10.1.0.2");
	add_route(lab_host(t->lab, "a"), "10.3.0.0", 16, "10.1.0.2");
	add_route(lab_host(t->lab, "r"), "10.3.0.0", 16, "10.2.0.2");
	add_route(lab_host(t->lab, "b"), "10.1.0.0", 16, "10.2.0.1");
	t->listener = lab_socket(t->lab, "b", SOCK_STREAM, 0);
	assert_int_equal(lab_bind(t->listener, "10.3.0.1", PORT), 0);
	assert_int_equal(
	    lab_set_int(t->listener, IPPROTO_TCP, TCP_WINDOW_CLAMP, 300000), 0);
	assert_int_equal(t->listener->ops->listen(t->listener, 4), 0);
	t->a = lab_socket(t->lab, "a", SOCK_STREAM, 0);
	assert_int_equal(lab_connect(t->a, "10.3.0.1", PORT), -EINPROGRESS);
	assert_true(lab_run_until(t->lab, accepted, t, 10 * NS_PER_S));
	/* pretend that b said 1460: only ICMP can help now */
	tcp_sk(t->a)->mss_clamp = 1460;
	tcp_sk(t->a)->pmtu = 0;
	tcp_mss_sync(tcp_sk(t->a));
	assert_int_equal(tcp_sk(t->a)->mss_cache, 1448);
}

/* A router with a smaller link behind it: ICMP tells (RFC 1191) */
static void test_path_mtu(void **state)
{
	struct lab_fault f = {.delay_ns = NS_PER_MS},
			 small = {.delay_ns = NS_PER_MS, .mtu = 1000};
	struct bench t;

	(void)state;
	connect_by_router(&t, &f, &small);
	transfer(&t, MIB, false, CHUNK, 60 * NS_PER_S);
	assert_int_equal(tcp_sk(t.a)->mss_cache, 1000 - 52);
	assert_true(lab_now(t.lab) < 1000 * NS_PER_S + 10 * NS_PER_S);
	bench_free(&t);
}

struct pieces {
	u32 whole, fragments;
};

static bool count_pieces(void *arg, const struct pkt *p, int end)
{
	struct pieces *n = arg;
	u8 h[14 + 20];

	if (end || p->len < sizeof(h))
		return false;
	pkt_copy(p, 0, h, sizeof(h));
	assert_true(p->len <= 14 + 600);
	if (h[12] == 8 && !h[13] && h[14 + 9] == IPPROTO_TCP) {
		bool frag = (h[14 + 6] << 8 | h[14 + 7]) & 0x3fff;

		n->fragments += frag;
		n->whole += !frag;
	}
	return false;
}

/* Big packets that the router must cut to segments, and those to fragments */
static void test_fragmented(void **state)
{
	struct pieces n = {0};
	struct lab_fault f = {.delay_ns = NS_PER_MS, .gso = true},
			 small = {
			     .delay_ns = NS_PER_MS,
			     .gso = true,
			     .mtu = 600,
			     .lose = count_pieces,
			     .arg = &n,
			 };
	struct bench t;

	(void)state;
	connect_by_router(&t, &f, &small);
	assert_int_equal(
	    lab_set_int(t.a, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT), 0);
	n = (struct pieces){0};
	transfer(&t, MIB, false, CHUNK, 60 * NS_PER_S);
	assert_int_equal(tcp_sk(t.a)->mss_cache, 1448);
	assert_int_equal(tcp_sk(t.a)->total_retrans, 0);
	/* each segment of 1500 is three; a few are smaller */
	assert_in_range(n.fragments, (MIB / 1448 - 20) * 3, (MIB / 1448 + 40) * 3);
	assert_in_range(n.whole, 0, 20);
	bench_free(&t);
}

/* The window shuts over data in flight and stays so: no time limit */
static void test_shrunk_window(void **state)
{
	struct lab_fault f = {.delay_ns = NS_PER_MS};
	struct bench t;
	static u8 buf[CHUNK];
	u64 sent = 0, got = 0;
	ssize_t n;

	(void)state;
	bench_new(&t, 33, &f);
	establish(&t);
	assert_int_equal(lab_set_int(t.b, SOL_SOCKET, SO_RCVBUF, 20000), 0);
	for (int i = 0; i < 2000; i++) {
		n = lab_send(t.a, buf, 3000, 0);
		if (n > 0)
			sent += (u64)n;
		lab_run(t.lab, NS_PER_S);
	}
	assert_int_equal(t.a->state, TCP_ESTABLISHED);
	while (got < sent && lab_now(t.lab) < 20000 * NS_PER_S) {
		n = lab_recv(t.b, buf, sizeof(buf), 0);
		if (n > 0)
			got += (u64)n;
		else
			lab_run(t.lab, 10 * NS_PER_MS);
	}
	assert_true(got == sent);
	bench_free(&t);
}

/* ---- things that must not break us ---- */

/* A wire that changes bytes and vouches for them: headers full of nonsense */
static void test_garbage(void **state)
{
	struct lab_fault f = {.delay_ns = NS_PER_MS,
			      .jitter_ns = 3 * NS_PER_MS,
			      .reorder = 1000,
			      .duplicate = 500,
			      .corrupt = 2000,
			      .gso = true};
	static u8 buf[CHUNK];

	(void)state;
	for (u64 seed = 1; seed <= 60; seed++) {
		struct bench t;

		bench_new(&t, 1000 + seed, &f);
		listen_at_b(&t, 4);
		for (int round = 0; round < 3; round++) {
			t.a = lab_socket(t.lab, "a", SOCK_STREAM, 0);
			lab_connect(t.a, B, PORT);
			lab_run_until(t.lab, accepted, &t, 10 * NS_PER_S);
			for (int i = 0; i < 60; i++) {
				lab_send(t.a, buf, 5000, i % 20 == 7 ? MSG_OOB : 0);
				if (t.b) {
					lab_send(t.b, buf, 3000, 0);
					lab_recv(t.b, buf, CHUNK, 0);
				}
				lab_recv(t.a, buf, CHUNK, 0);
				lab_run(t.lab, 20 * NS_PER_MS);
			}
			sock_release(t.a);
			t.a = NULL;
			if (t.b)
				sock_release(t.b);
			t.b = NULL;
		}
		lab_run(t.lab, 300 * NS_PER_S);
		bench_free(&t);
	}
}

/* Each allocation of a short connection fails in turn */
static void test_no_memory(void **state)
{
	struct lab_fault f = {.delay_ns = NS_PER_MS, .loss = 500};
	static u8 buf[CHUNK];
	u64 n;

	(void)state;
	for (n = 1; n < 400; n++) {
		struct bench t;
		bool failed;

		bench_new(&t, 5, &f);
		listen_at_b(&t, 4);
		lab_fail_alloc(t.lab, n);
		t.a = lab_socket(t.lab, "a", SOCK_STREAM, 0);
		if (t.a)
			lab_connect(t.a, B, PORT);
		lab_run_until(t.lab, accepted, &t, 5 * NS_PER_S);
		for (int i = 0; t.a && i < 20; i++) {
			lab_send(t.a, buf, 8000, 0);
			if (t.b) {
				lab_send(t.b, buf, 100, 0);
				lab_recv(t.b, buf, CHUNK, 0);
			}
			lab_recv(t.a, buf, CHUNK, 0);
			lab_run(t.lab, 10 * NS_PER_MS);
		}
		failed = lab_failed_allocs(t.lab) != 0;
		lab_fail_alloc(t.lab, 0);
		bench_free(&t);
		if (!failed)
			break;
	}
	assert_true(n > 10);
}

/* ---- the promise: one seed, one history ---- */

static u8 *history(u64 seed, size_t *len)
{
	struct lab_fault f = {
	    .delay_ns = 20 * NS_PER_MS,
	    .jitter_ns = 10 * NS_PER_MS,
	    .loss = 200,
	    .reorder = 500,
	    .duplicate = 100,
	    .corrupt = 50,
	};
	struct bench t;
	const u8 *bytes;
	u8 *copy;

	bench_new(&t, seed, &f);
	assert_int_equal(lab_capture(t.lab), 0);
	establish(&t);
	transfer(&t, MIB, true, 5000, 3600 * NS_PER_S);
	bytes = lab_capture_bytes(t.lab, len);
	copy = malloc(*len);
	memcpy(copy, bytes, *len);
	bench_free(&t);
	return copy;
}

static void test_replay(void **state)
{
	size_t n1, n2, n3;
	u8 *one = history(42, &n1), *two = history(42, &n2), *other = history(43, &n3);

	(void)state;
	assert_true(n1 > MIB);
	assert_true(n1 == n2);
	assert_int_equal(memcmp(one, two, n1), 0);
	assert_true(n1 != n3 || memcmp(one, other, n1));
	free(one);
	free(two);
	free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_handshake),
	    cmocka_unit_test(test_each_lost),
	    cmocka_unit_test(test_clean),
	    cmocka_unit_test(test_uncut),
	    cmocka_unit_test(test_rate),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_uncut_bad),
	    cmocka_unit_test(test_odd_window),
	    cmocka_unit_test(test_newreno),
	    cmocka_unit_test(test_simultaneous_open),
	    cmocka_unit_test(test_simultaneous_close),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_unanswered),
	    cmocka_unit_test(test_resets),
	    cmocka_unit_test(test_data_after_close),
	    cmocka_unit_test(test_half_close),
	    cmocka_unit_test(test_zero_window),
	    cmocka_unit_test(test_tiny_segments),
	    cmocka_unit_test(test_nagle_cork),
	    cmocka_unit_test(test_overflow),
	    cmocka_unit_test(test_listener_closes),
	    cmocka_unit_test(test_cookies),
	    cmocka_unit_test(test_time_wait),
	    cmocka_unit_test(test_fin_wait2_orphan),
	    cmocka_unit_test(test_keepalive),
	    cmocka_unit_test(test_user_timeout),
	    cmocka_unit_test(test_urgent),
	    cmocka_unit_test(test_loopback),
	    cmocka_unit_test(test_self_connect),
	    cmocka_unit_test(test_path_mtu),
	    cmocka_unit_test(test_fragmented),
	    cmocka_unit_test(test_shrunk_window),
	    cmocka_unit_test(test_garbage),
	    cmocka_unit_test(test_no_memory),
	    cmocka_unit_test(test_replay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
