/* SPDX-License-Identifier: MIT */
/*
 * fuzz_bpf.c - classic BPF: what is sound, what a program says, beside the kernel
 *
 * The input: a byte that says how many instructions, so many of eight bytes (the
 * code is drawn to one that exists half of the time), the packet. The kernel is
 * asked, too, by a filter on a pair of AF_UNIX sockets; that it cannot say what a
 * network header is, so loads that are not of the packet's own bytes are only run.
 */

#include <stdlib.h>

#include "fuzz.h"

#include "core/bpf.h"
#include "core/pkt.h"
#include "core/warren.h"
#include "core/worker.h"
#include "parts.h"

#include <sys/socket.h>
#include <unistd.h>

enum { PROG_MAX = 64, DATA_MAX = 600 };

static const u16 codes[] = {
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0c, 0x14, 0x15, 0x16, 0x1c,
    0x1d, 0x20, 0x24, 0x25, 0x28, 0x2c, 0x2d, 0x30, 0x34, 0x35, 0x3c, 0x3d, 0x40,
    0x44, 0x45, 0x48, 0x4c, 0x4d, 0x50, 0x54, 0x5c, 0x60, 0x61, 0x64, 0x6c, 0x74,
    0x7c, 0x80, 0x81, 0x84, 0x87, 0x94, 0x9c, 0xa4, 0xac, 0xb1, 0x20, 0x28, 0x30,
};

/* Does it ask for something that a packet of AF_UNIX does not have? */
static bool leaves_the_packet(const struct sock_filter *prog, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		u16 mode = BPF_MODE(prog[i].code);

		if (BPF_CLASS(prog[i].code) == BPF_LD &&
		    (mode == BPF_IND || (mode == BPF_ABS && (s32)prog[i].k < 0)))
			return true;
		if (BPF_CLASS(prog[i].code) == BPF_LDX && mode == BPF_MSH &&
		    (s32)prog[i].k < 0)
			return true;
	}
	return false;
}

/* What the kernel says. false: it does not take the program */
static bool kernel_run(const struct sock_filter *prog, size_t n, const u8 *data,
		       size_t len, ssize_t *kept)
{
	struct sock_fprog fp = {(u16)n, (struct sock_filter *)(uintptr_t)prog};
	u8 buf[DATA_MAX];
	bool taken;
	int pair[2];

	EXPECT(!socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair));
	taken = !setsockopt(pair[1], SOL_SOCKET, SO_ATTACH_FILTER, &fp, sizeof(fp));
	if (taken) {
		send(pair[0], data, len, 0);
		*kept = recv(pair[1], buf, sizeof(buf), 0);
	}
	close(pair[0]);
	close(pair[1]);
	return taken;
}

static u32 ours_run(struct worker *k, const struct sock_filter *prog, const u8 *data,
		    u32 len)
{
	struct pkt *p = pkt_new(k, 0, len / 2);
	u32 kept;

	EXPECT(p);
	memcpy(pkt_put(p, len / 2), data, len / 2); /* the rest in a block */
	EXPECT(!pkt_append(p, data + len / 2, len - len / 2));
	kept = bpf_run(prog, p, NULL);
	pkt_free(p);
	return kept;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct warren_config cfg = {
	    .parts = warren_parts, .seed = 1, .virtual_time = true};
	struct sock_filter prog[PROG_MAX];
	static struct warren *w; /* one for all: nothing of a run stays in it */
	ssize_t kept = 0;
	size_t n;
	u32 ours;
	bool taken;

	if (size < 2)
		return 0;
	n = data[0] % PROG_MAX + 1;
	if (size < 1 + n * sizeof(prog[0]))
		return 0;
	memcpy(prog, data + 1, n * sizeof(prog[0]));
	data += 1 + n * sizeof(prog[0]);
	size = min(size - 1 - n * sizeof(prog[0]), (size_t)DATA_MAX);
	for (size_t i = 0; i < n; i++)
		if (prog[i].code & 0x8000)
			prog[i].code = codes[prog[i].code % ARRAY_SIZE(codes)];
	taken = !bpf_check(prog, n);
	EXPECT(kernel_run(prog, n, data, size, &kept) == taken);
	if (!taken || !size)
		return 0;
	if (!w)
		EXPECT(!warren_new(&cfg, &w));
	ours = ours_run(w->worker, prog, data, (u32)size);
	if (!leaves_the_packet(prog, n))
		EXPECT((ours ? (ssize_t)min((size_t)ours, size) : -1) == kept);
	return 0;
}
