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

static void settle(struct lab *l)
{
	while (warren_step(l->w))
		;
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
	warren_ns_free(ns);
	settle(l);
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

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_hardware_comes_home),
	    cmocka_unit_test(test_hardware_ends_with_the_warren),
	};

	return cmocka_run_group_tests_name("beyond", tests, NULL, NULL);
}
