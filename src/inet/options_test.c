/* SPDX-License-Identifier: MIT */
/*
 * options_test.c - socket options answer as Linux's do
 *
 * The table is recorded by tools/record-options: for each kind of socket, level
 * and name what a fresh socket says. The test asks the same questions in the same
 * order and compares the text. What differs on purpose stands in `differs`, with
 * the reason.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "core/dev.h"
#include "core/sock.h"
#include "inet/options_linux.h"
#include "parts.h"

#include <netinet/udp.h>

#include <cmocka.h>

/* Level and name; kind NULL: all */
static const struct difference {
	const char *kind;
	int level, name;
	const char *why;
} differs[] = {
    {"raw", IPPROTO_IP, IP_ROUTER_ALERT, "not known"},
    {NULL, SOL_UDP, UDP_ENCAP, "encapsulation comes with the tunnels"},
    {"udp", SOL_SOCKET, SO_TIMESTAMPING_OLD, "for TCP only"},
    {"raw", SOL_SOCKET, SO_TIMESTAMPING_OLD, "for TCP only"},
    {"own", SOL_SOCKET, SO_TIMESTAMPING_OLD, "for TCP only"},
    {"tcp", SOL_SOCKET, SO_TIMESTAMPING_OLD, "stamps of what is sent only"},
    {"tcp", IPPROTO_TCP, 37, "TCP_TX_DELAY: not known"},
    {"tcp", IPPROTO_TCP, 43, "TCP_AO_GET_KEYS: not known"},
    {NULL, SOL_SOCKET, SO_TIMESTAMPING_NEW, "not known"},
    {NULL, SOL_SOCKET, SO_WIFI_STATUS, "not known"},
    {NULL, SOL_SOCKET, SO_NOFCS, "not known"},
    {NULL, SOL_SOCKET, SO_PEEK_OFF, "not known"},
    {NULL, SOL_SOCKET, SO_LOCK_FILTER, "not known"},
    {NULL, SOL_SOCKET, SO_SELECT_ERR_QUEUE, "not known"},
    {NULL, SOL_SOCKET, SO_BPF_EXTENSIONS, "not known"},
    {NULL, SOL_SOCKET, SO_BUSY_POLL, "there is no device to poll"},
    {NULL, SOL_SOCKET, SO_PREFER_BUSY_POLL, "there is no device to poll"},
    {NULL, SOL_SOCKET, SO_INCOMING_CPU, "not known"},
    {NULL, SOL_SOCKET, 53, "SO_CNX_ADVICE: not known"},
    {"udp", SOL_SOCKET, SO_ZEROCOPY, "for TCP only"},
    {"raw", SOL_SOCKET, SO_ZEROCOPY, "for TCP only"},
    {"own", SOL_SOCKET, SO_ZEROCOPY, "for TCP only"},
    {NULL, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, "not known"},
    {"tcp", SOL_SOCKET, 74, "SO_TXREHASH: no path to choose anew"},
    {NULL, SOL_SOCKET, 73, "SO_RESERVE_MEM: not known"},
};

static const int ints[] = {-2, -1, 0, 1, 2, 5, 64, 255, 256};

static const struct {
	const char *word, *data;
	socklen_t len;
} bytes[] = {{"b1", "\1", 1}, {"b0", "\0", 1}, {"s1", "\1\0", 2}, {"e", "", 0}};

static const struct {
	const char *name;
	int type, protocol;
} kinds[] = {
    {"udp", SOCK_DGRAM, 0},
    {"tcp", SOCK_STREAM, 0},
    {"raw", SOCK_RAW, 1},
    {"own", SOCK_RAW, 255},
};

struct lab {
	struct warren *w;
	struct net *net;
	struct caller who;
};

static int setup(void **state)
{
	struct lab *l = calloc(1, sizeof(*l));
	struct warren_config cfg = {
	    .parts = warren_parts,
	    .seed = 3,
	    .virtual_time = true,
	};

	assert_int_equal(warren_new(&cfg, &l->w), 0);
	assert_int_equal(net_new(l->w, "options", &l->net), 0);
	assert_int_equal(dev_open(l->net->lo), 0);
	l->who = (struct caller){.net = l->net, .caps = ~0ULL};
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct lab *l = *state;

	net_put(l->net);
	warren_free(l->w);
	free(l);
	return 0;
}

static struct sock *fresh(struct lab *l, const char *kind)
{
	struct sock *sk = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, kind))
			assert_int_equal(sock_create(l->net, &l->who, AF_INET,
						     kinds[i].type, kinds[i].protocol,
						     &sk),
					 0);
	assert_non_null(sk);
	return sk;
}

static void ask(struct sock *sk, int level, int name, struct text *out)
{
	u8 buf[8];
	socklen_t len = sizeof(buf);
	s64 v = 0;
	s32 v4;
	s8 v1;
	int err;

	memset(buf, 0xee, sizeof(buf));
	err = sock_get_opt(sk, level, name, buf, &len);
	if (err) {
		text_printf(out, "%d", err);
		return;
	}
	memcpy(&v, buf, sizeof(v));
	memcpy(&v4, buf, sizeof(v4));
	memcpy(&v1, buf, sizeof(v1));
	v = len == 8 ? v : len == 4 ? v4 : len == 1 ? v1 : 0;
	text_printf(out, "%u=%lld", len, (long long)v);
}

static void change(struct lab *l, const char *kind, int level, int name,
		   const char *word, const void *data, socklen_t len, struct text *out)
{
	struct sock *sk = fresh(l, kind);
	int err = sock_set_opt(sk, &l->who, level, name, data, len);

	text_printf(out, " %s>%d", word, err);
	if (!err) {
		text_printf(out, ":");
		ask(sk, level, name, out);
	}
	sock_release(sk);
}

static void answer(struct lab *l, const char *kind, int level, int name,
		   struct text *out)
{
	struct sock *sk = fresh(l, kind);
	char word[16];

	text_printf(out, "%s %d %d get ", kind, level, name);
	ask(sk, level, name, out);
	sock_release(sk);
	for (size_t i = 0; i < ARRAY_SIZE(ints); i++) {
		text_format(word, sizeof(word), "%d", ints[i]);
		change(l, kind, level, name, word, &ints[i], sizeof(ints[i]), out);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bytes); i++)
		change(l, kind, level, name, bytes[i].word, bytes[i].data, bytes[i].len,
		       out);
}

static const char *reason(const char *kind, int level, int name)
{
	for (size_t i = 0; i < ARRAY_SIZE(differs); i++) {
		const struct difference *d = &differs[i];

		if (d->level == level && d->name == name &&
		    (!d->kind || !strcmp(d->kind, kind)))
			return d->why;
	}
	return NULL;
}

static void test_as_linux(void **state)
{
	struct lab *l = *state;
	unsigned wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(options_linux); i++) {
		char kind[8];
		int level, name;
		struct text t;

		assert_int_equal(
		    sscanf(options_linux[i], "%7s %d %d", kind, &level, &name), 3);
		text_init(&t);
		answer(l, kind, level, name, &t);
		if (strcmp(t.s, options_linux[i]) != 0 && !reason(kind, level, name)) {
			printf("# linux  %s\n# warren %s\n", options_linux[i], t.s);
			wrong++;
		}
		text_fini(&t);
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_as_linux, setup, teardown),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
