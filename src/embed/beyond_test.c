/* SPDX-License-Identifier: MIT */
/*
 * beyond_test.c - what the library has of namespaces beyond Linux, by its header
 * alone: hardware that comes home, death that is over when it returns
 */

#include "warren.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct lab {
	struct warren *w;
	struct warren_ns *a, *b;
};

static int setup(void **state)
{
	const struct warren_options o = {.seed = 7, .virtual_time = true};
	struct lab *l = calloc(1, sizeof(*l));

	assert_int_equal(warren_open(&o, &l->w), 0);
	assert_int_equal(warren_ns_new(l->w, "a", &l->a), 0);
	assert_int_equal(warren_ns_new(l->w, "b", &l->b), 0);
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

/* ---- devices ---- */

static void frame_out(void *arg, const void *frame, size_t len)
{
	(void)frame;
	*(size_t *)arg += len;
}

static void expect_at(struct warren_wire *wire, struct warren_ns *ns, const char *name)
{
	struct warren_ns *at;
	char buf[16];

	assert_int_equal(warren_wire_where(wire, &at, buf), 0);
	assert_ptr_equal(at, ns);
	assert_string_equal(buf, name);
}

/* N1.25 */
static void test_hardware_comes_home(void **state)
{
	struct lab *l = *state;
	struct warren_ns *init = warren_ns_initial(l->w), *ns;
	struct warren_wire *x, *y, *z, *home;
	char buf[32], taken[16];
	size_t sent = 0;

	assert_int_equal(warren_ns_new(l->w, "c", &ns), 0);
	assert_int_equal(warren_phys_new(init, "eth0", NULL, frame_out, &sent, &home),
			 0);
	assert_int_equal(warren_phys_new(init, "nic", NULL, frame_out, &sent, &x), 0);
	assert_int_equal(warren_link_move(init, "nic", ns, "eth0"), 0);
	assert_int_equal(warren_phys_new(ns, "eth1", NULL, frame_out, &sent, &y), 0);
	assert_int_equal(warren_phys_new(ns, "eth2", NULL, frame_out, &sent, &z), 0);
	assert_int_equal(warren_link_delete(ns, "eth0"), -EOPNOTSUPP);
	assert_int_equal(warren_link_up(ns, "eth0"), 0);
	assert_int_equal(warren_addr_add(ns, "eth0", "10.0.0.1/24"), 0);
	assert_int_equal(warren_wire_input(x, "0123456789abcdef", 16), 0);
	/* in the initial namespace two of their names are taken */
	assert_int_equal(warren_dummy(init, "dev3"), 0);
	assert_int_equal(warren_dummy(init, "dev0"), 0);
	warren_ns_free(ns);	    /* and it is over */
	expect_at(x, init, "dev1"); /* it was number 3: the first that is free */
	expect_at(y, init, "dev2");
	assert_int_equal(warren_wire_where(z, &ns, taken), 0);
	assert_ptr_equal(ns, init);
	assert_string_equal(taken, "dev4"); /* its own number */
	assert_int_equal(warren_wire_input(x, "0123456789abcdef", 16), -ENETDOWN);
	assert_int_equal(warren_link_up(init, "dev1"), 0);
	assert_int_equal(warren_wire_input(x, "0123456789abcdef", 16), 0);
	assert_true(warren_sysctl_get(init, "net/ipv4/conf/dev1/forwarding", buf,
				      sizeof(buf)) > 0);
	warren_wire_free(x);
	warren_wire_free(y);
	warren_wire_free(z);
	assert_int_equal(warren_link_up(init, "dev1"), -ENODEV);
	warren_wire_free(home);
}

static void test_hardware_ends_with_the_warren(void **state)
{
	const struct warren_options o = {.seed = 7, .virtual_time = true};
	struct warren_wire *x, *y;
	struct warren_ns *ns;
	struct warren *w;
	size_t sent;

	(void)state;
	assert_int_equal(warren_open(&o, &w), 0);
	assert_int_equal(warren_ns_new(w, "c", &ns), 0);
	assert_int_equal(warren_phys_new(ns, "x", NULL, frame_out, &sent, &x), 0);
	assert_int_equal(warren_phys_new(ns, "y", NULL, frame_out, &sent, &y), 0);
	warren_wire_free(x);
	warren_wire_free(y);
	warren_ns_free(ns);
	warren_close(w);
}

/* ---- death ---- */

static void test_death_is_over(void **state)
{
	struct lab *l = *state;
	uint64_t before = warren_memory(l->w);
	struct warren_ns *ns;

	assert_int_equal(warren_ns_new(l->w, "c", &ns), 0);
	assert_int_equal(warren_veth(ns, "eth0", l->a, "c0"), 0);
	assert_int_equal(warren_addr_add(ns, "eth0", "10.0.0.1/24"), 0);
	assert_int_equal(warren_link_up(ns, "eth0"), 0);
	assert_int_equal(warren_link_up(l->a, "c0"), 0);
	assert_int_equal(warren_route_add(ns, "default", "10.0.0.9", NULL), 0);
	warren_ns_free(ns);
	assert_int_equal(warren_link_up(l->a, "c0"), -ENODEV);
	while (warren_step(l->w))
		;
	assert_true(warren_memory(l->w) <= before + 4096); /* tables keep their size */
}

static void make_one(struct warren *w, struct warren_ns *hub, int i,
		     struct warren_ns **out)
{
	char name[16], addr[32];

	snprintf(name, sizeof(name), "v%d", i);
	snprintf(addr, sizeof(addr), "10.%d.%d.1/30", i >> 8 & 255, i & 255);
	assert_int_equal(warren_ns_new(w, name, out), 0);
	assert_int_equal(warren_veth(*out, "eth0", hub, name), 0);
	assert_int_equal(warren_link_up(*out, "lo"), 0);
	assert_int_equal(warren_link_up(*out, "eth0"), 0);
	assert_int_equal(warren_link_up(hub, name), 0);
	assert_int_equal(warren_addr_add(*out, "eth0", addr), 0);
}

/* 100,000 namespaces with a wire and an address each, at once; all comes back */
static void test_a_hundred_thousand(void **state)
{
	const struct warren_options o = {.seed = 7, .virtual_time = true};
	const int n = 100000;
	struct warren_ns **ns = calloc((size_t)n, sizeof(struct warren_ns *)), *hub;
	uint64_t before, full;
	struct warren *w;

	(void)state;
	assert_int_equal(warren_open(&o, &w), 0);
	assert_int_equal(warren_ns_new(w, "hub", &hub), 0);
	make_one(w, hub, n, &ns[0]);
	warren_ns_free(ns[0]); /* so that what is made once for all is there */
	warren_run_until(w, 1000000000);
	before = warren_memory(w);
	for (int i = 0; i < n; i++) {
		make_one(w, hub, i, &ns[i]);
		if (i % 64 == 0)
			while (warren_step(w))
				;
	}
	full = warren_memory(w);
	for (int i = 0; i < n; i++)
		warren_ns_free(ns[i]);
	while (warren_step(w))
		;
	print_message(
	    "%d namespaces: %llu bytes each, %lld more than before are left\n", n,
	    (unsigned long long)((full - before) / (uint64_t)n),
	    (long long)(warren_memory(w) - before));
	assert_true(full > before + (uint64_t)n * 1000);
	warren_ns_free(hub); /* its table of names had grown */
	assert_true(warren_memory(w) <= before);
	warren_close(w);
	free(ns);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_hardware_comes_home),
	    cmocka_unit_test(test_hardware_ends_with_the_warren),
	    T(test_death_is_over),
	    cmocka_unit_test(test_a_hundred_thousand),
	};

	return cmocka_run_group_tests_name("beyond", tests, NULL, NULL);
}
