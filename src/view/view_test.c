/* SPDX-License-Identifier: MIT */
/*
 * view_test.c - every file of the room in a fresh net and in one that is used
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/dev.h"
#include "core/sock.h"
#include "core/view.h"
#include "link/veth.h"
#include "parts.h"

#include <netinet/in.h>

#include <cmocka.h>

struct world {
	struct warren *w;
	struct net *a, *b;
	struct dev *v0, *v1;
};

static int setup(void **state)
{
	struct world *wd = calloc(1, sizeof(*wd));
	struct warren_config cfg = {
	    .parts = warren_parts,
	    .seed = 3,
	    .virtual_time = true,
	};

	assert_int_equal(warren_new(&cfg, &wd->w), 0);
	wd->a = wd->w->init_net;
	net_get(wd->a);
	assert_int_equal(net_new(wd->w, "b", &wd->b), 0);
	assert_int_equal(veth_pair(wd->a, "v0", wd->b, "v1", &wd->v0, &wd->v1), 0);
	*state = wd;
	return 0;
}

static int teardown(void **state)
{
	struct world *wd = *state;

	net_put(wd->a);
	net_put(wd->b);
	warren_free(wd->w);
	free(wd);
	return 0;
}

static char *read_view(struct net *net, const char *path)
{
	struct text t;
	char *s;

	text_init(&t);
	assert_int_equal(view_text(net, path, &t), 0);
	s = strdup(t.s ? t.s : "");
	text_fini(&t);
	return s;
}

static void expect_has(struct net *net, const char *path, const char *what)
{
	char *s = read_view(net, path);

	if (!strstr(s, what))
		fail_msg("%s: no \"%s\" in:\n%s", path, what, s);
	free(s);
}

static void expect_is(struct net *net, const char *path, const char *what)
{
	char *s = read_view(net, path);

	assert_string_equal(s, what);
	free(s);
}

struct visit {
	struct net *net;
	char dir[128];
	int files, depth;
};

/* Everything below, as a recursive listing would */
static void each(void *arg, const char *name, bool is_dir)
{
	struct visit *v = arg, sub = *v;
	struct text t;
	int n = snprintf(sub.dir, sizeof(sub.dir), "%s/%s", v->dir, name);

	assert_true(n < (int)sizeof(sub.dir));
	sub.depth++;
	sub.files = 0;
	if (is_dir) {
		assert_true(S_ISDIR(view_mode(v->net, sub.dir)));
		if (sub.depth < 6)
			view_list(v->net, sub.dir, each, &sub);
		v->files += sub.files;
		return;
	}
	assert_true(S_ISREG(view_mode(v->net, sub.dir)));
	text_init(&t);
	n = view_text(v->net, sub.dir, &t);
	assert_true(n == 0 || n == -EINVAL);
	text_fini(&t);
	v->files++;
}

static void all_files_can_be_read(void **state)
{
	struct world *wd = *state;
	struct visit v = {.net = wd->a, .dir = "net"};

	assert_int_equal(view_list(wd->a, "net", each, &v), 0);
	assert_true(v.files > 20);
	v = (struct visit){.net = wd->a, .dir = "class/net"};
	assert_int_equal(view_list(wd->a, "class/net", each, &v), 0);
	assert_true(v.files > 100);
}

static void devices_and_routes(void **state)
{
	struct world *wd = *state;

	expect_is(wd->a, "net/route", "");
	expect_has(wd->a, "net/dev", "    lo:       0       0    0 ");
	expect_has(wd->a, "net/dev", "    v0:");
	expect_is(wd->a, "class/net/v0/operstate", "down\n");
	expect_is(wd->a, "class/net/lo/mtu", "65536\n");
	expect_is(wd->a, "class/net/v0/statistics/rx_bytes", "0\n");
	assert_int_equal(view_mode(wd->a, "class/net/v1"), -ENOENT);
	assert_true(S_ISDIR(view_mode(wd->b, "class/net/v1")));
	assert_int_equal(view_mode(wd->a, "class/net/v0/nothing"), -ENOENT);
	dev_set_flags(wd->a->lo, IFF_UP, IFF_UP);
	expect_has(wd->a, "net/fib_trie", "/32 host LOCAL");
	expect_has(wd->a, "net/igmp", "010000E0");
	expect_is(wd->b, "net/fib_trie", "");
}

static void sockets(void **state)
{
	struct world *wd = *state;
	struct caller c = {.net = wd->a, .caps = ~0ULL, .uid = 42};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(80)};
	struct sock *tcp, *udp;

	assert_int_equal(sock_create(wd->a, &c, AF_INET, SOCK_STREAM, 0, &tcp), 0);
	assert_int_equal(tcp->ops->bind(tcp, &c, (void *)&in, sizeof(in)), 0);
	assert_int_equal(tcp->ops->listen(tcp, 5), 0);
	assert_int_equal(sock_create(wd->a, &c, AF_INET, SOCK_DGRAM, 0, &udp), 0);
	assert_int_equal(udp->ops->bind(udp, &c, (void *)&in, sizeof(in)), 0);
	expect_has(wd->a, "net/tcp",
		   "   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 "
		   "00000000    42        0 ");
	expect_has(wd->a, "net/udp", ": 00000000:0050 00000000:0000 07 ");
	expect_has(wd->a, "net/sockstat", "TCP: inuse 1 orphan 0 tw 0");
	expect_has(wd->b, "net/sockstat", "sockets: used 0\n");
	sock_release(tcp);
	sock_release(udp);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(all_files_can_be_read),
	    T(devices_and_routes),
	    T(sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
