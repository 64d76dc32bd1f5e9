/* SPDX-License-Identifier: MIT */
/*
 * lab.h - a warren in virtual time: hosts by name, bad wires, captures
 *
 * Everything is drawn from one seed and nothing from the host, so that a
 * scenario runs the same each time: two captures of it are equal byte for byte.
 */
#ifndef WARREN_TESTS_LAB_H
#define WARREN_TESTS_LAB_H

#include "core/dev.h"
#include "core/net.h"
#include "core/sock.h"

struct lab;
struct lab_wire;

/* What a wire does to a frame; per mille of frames, of ten thousand */
struct lab_fault {
	u64 delay_ns;
	u64 jitter_ns; /* reordering: some frames take up to that much longer */
	u32 loss, reorder, duplicate, corrupt; /* each: of 10000 frames */
	u64 rate_bps;			       /* 0: no limit */
	u32 queue; /* frames waiting for the rate; 0: 1000 */
	/* Called first for each frame; true: lose it */
	bool (*lose)(void *arg, const struct pkt *p, int end);
	void *arg;
	u32 mtu;  /* 0: 1500 */
	bool gso; /* hands on uncut packets with partial checksums, as veth does */
};

struct lab *lab_new(u64 seed);
void lab_free(struct lab *lab);
struct warren *lab_warren(struct lab *lab);
/* The namespace of that name; made when it is not there */
struct net *lab_host(struct lab *lab, const char *name);
/*
 * A wire between two hosts, devices "wN" on both ends, up, with addresses given as
 * "10.0.0.1/24". @f: copied, NULL: perfect
 */
struct lab_wire *lab_wire(struct lab *lab, const char *a, const char *addr_a,
			  const char *b, const char *addr_b, const struct lab_fault *f);
struct lab_fault *lab_wire_fault(struct lab_wire *w); /* may be changed at any time */
struct dev *lab_wire_dev(struct lab_wire *w, int end);
u64 lab_wire_frames(const struct lab_wire *w); /* that were carried */

/* The @nth allocation of the stack from now fails, once; 0: none */
void lab_fail_alloc(struct lab *lab, u64 nth);
u64 lab_failed_allocs(const struct lab *lab);

u64 lab_now(const struct lab *lab);
void lab_run(struct lab *lab, u64 ns); /* virtual time goes on by @ns */
/* Until @done says so. Return: false when @ns went by before */
bool lab_run_until(struct lab *lab, bool (*done)(void *arg), void *arg, u64 ns);
void lab_settle(struct lab *lab); /* all that happens without time going by */

/* Capture all frames of all hosts from now on, as pcapng */
int lab_capture(struct lab *lab);
const u8 *lab_capture_bytes(const struct lab *lab, size_t *len);

/* ---- sockets, as root of their host ---- */
struct sock *lab_socket(struct lab *lab, const char *host, int type, int protocol);
int lab_bind(struct sock *sk, const char *addr, u16 port);
int lab_connect(struct sock *sk, const char *addr, u16 port);
ssize_t lab_send(struct sock *sk, const void *buf, size_t len, int flags);
ssize_t lab_recv(struct sock *sk, void *buf, size_t len, int flags);
int lab_set_int(struct sock *sk, int level, int name, int v);
int lab_get_int(struct sock *sk, int level, int name);

#endif
