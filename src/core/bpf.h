/* SPDX-License-Identifier: MIT */
/*
 * bpf.h - classic BPF: is a program sound, and what does it say of a packet
 */
#ifndef WARREN_CORE_BPF_H
#define WARREN_CORE_BPF_H

#include "base/types.h"

#include <linux/filter.h>

struct dev;
struct pkt;

/* A program that bpf_check() let pass ends on every packet, in at most @n steps.
 * Return: 0, -EINVAL */
int bpf_check(const struct sock_filter *prog, size_t n);

/*
 * What @prog says of @p, whose data begin where the program counts from: for a
 * socket's filter the bytes to keep, 0: none. Loads outside of the packet end with
 * 0. @dev: whose packet it is; may be NULL
 */
u32 bpf_run(const struct sock_filter *prog, const struct pkt *p, const struct dev *dev);

#endif
