/* SPDX-License-Identifier: MIT */
/*
 * pair.h - two hosts, a wire, a TCP connection, and transfers that are checked
 *
 * "a" calls and "b" answers. Every byte of a transfer is a function of its place
 * in the stream, so each is checked on arrival. What goes wrong fails the test
 * (cmocka) at once.
 */
#ifndef WARREN_TESTS_PAIR_H
#define WARREN_TESTS_PAIR_H

#include "lab.h"

#define A     "10.0.0.1"
#define B     "10.0.0.2"
#define PORT  80
#define CHUNK 65536
#define MIB   (1U << 20)

struct bench {
	struct lab *lab;
	struct lab_wire *wire;
	struct sock *listener;
	struct sock *a, *b; /* the caller's and the answerer's end */
};

/* @f: of the wire; copied, NULL: perfect */
void bench_new(struct bench *t, u64 seed, const struct lab_fault *f);
void bench_free(struct bench *t);
void listen_at_b(struct bench *t, int backlog);
/* For lab_run_until(): b has taken the call. @arg: struct bench */
bool accepted(void *arg);
/* Connect a to b */
void establish(struct bench *t);

/*
 * @size bytes from a to b in writes of at most @chunk, half as many back when @both;
 * then the end of the stream. At most @limit_ns of virtual time.
 */
void transfer(struct bench *t, u64 size, bool both, size_t chunk, u64 limit_ns);

#endif
