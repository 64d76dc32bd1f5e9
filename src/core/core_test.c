/* SPDX-License-Identifier: MIT */
/*
 * core_test.c - the objects of core/ together: birth with unwinding, death in
 * reverse, init_only parts, ids of namespaces, devices that move, packets
 *
 * The parts here are the test's own; they write down what was done to them.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/cross.h"
#include "core/dev.h"
#include "core/event.h"
#include "core/sock.h"
#include "core/tunable.h"
#include "core/view.h"

#include <cmocka.h>

/* ---- a part that is for the initial net only, and one that takes notes ---- */

struct notes {
	char s[4096];
	size_t len;
	bool fail_init;
};

static struct notes *notes(const struct warren *w)
{
	return warren_part(w, PART_TEST);
}

static void note(struct net *net, const char *what)
{
	struct notes *n = notes(net->w);

	n->len += (size_t)snprintf(n->s + n->len, sizeof(n->s) - n->len, "%s ", what);
}

static int note_init(struct net *net)
{
	void *p = net_alloc(net, 64);

	if (!p)
		return -ENOMEM;
	*(void **)net_part(net, PART_TEST) = p;
	if (notes(net->w)->fail_init) {
		net_free(net, p);
		return -ENOSPC;
	}
	note(net, "test-init");
	return 0;
}

static void note_exit(struct net *net)
{
	note(net, "test-exit");
	net_free(net, *(void **)net_part(net, PART_TEST));
}

static void note_pre_exit(struct net *net)
{
	note(net, "test-pre_exit");
}

static int early_init(struct net *net)
{
	note(net, "early-init");
	return 0;
}

static void early_exit(struct net *net)
{
	note(net, "early-exit");
}

static int note_event(struct net *net, enum event_kind kind, void *obj)
{
	struct dev *dev = obj;
	char buf[64];
	static const char *const names[EV_NR] = {
	    [EV_DEV_REGISTER] = "reg",	     [EV_DEV_UNREGISTER] = "unreg",
	    [EV_DEV_GONE] = "gone",	     [EV_DEV_UP] = "up",
	    [EV_DEV_GOING_DOWN] = "closing", [EV_DEV_DOWN] = "down",
	};

	snprintf(buf, sizeof(buf), "%s:%s", names[kind], dev->name);
	note(net, buf);
	return 0;
}

static int no_sock(struct net *net, const struct caller *c, int type, int protocol,
		   struct sock **out)
{
	(void)net;
	(void)c;
	(void)type;
	(void)protocol;
	(void)out;
	return -EPROTONOSUPPORT;
}

static int old_event(struct net *net, enum event_kind kind, void *obj)
{
	(void)kind;
	(void)obj;
	note(net, "old-part-saw-it");
	return 0;
}

static int old_text(struct net *net, const char *rel, struct text *out)
{
	(void)net;
	(void)rel;
	text_printf(out, "old\n");
	return 0;
}

static void old_receive(struct dev *dev, struct pkt *p)
{
	note(dev->net, "old-frame");
	pkt_free(p);
}

static const struct family old_family = {.family = AF_X25, .create = no_sock};
static const struct view old_view = {.path = "net/old", .text = old_text};
static const struct tunable old_tunables[] = {{.path = "net/old/knob", .def = {7}}};
static const struct link_proto old_proto = {.ethertype = 0x0805,
					    .receive = old_receive};
static int old_boot(struct warren *w);
static int note_boot(struct warren *w);

static const struct part early_part = {
    .name = "early",
    .id = PART_ARP,
    .net_init = early_init,
    .net_exit = early_exit,
};

static const struct part note_part = {
    .name = "notes",
    .id = PART_TEST,
    .warren_size = sizeof(struct notes),
    .net_size = sizeof(void *),
    .boot = note_boot,
    .net_init = note_init,
    .net_pre_exit = note_pre_exit,
    .net_exit = note_exit,
};

static const struct part old_part = {
    .name = "old",
    .id = PART_PACKET,
    .init_only = true,
    .boot = old_boot,
};

/* ---- a device kind whose frames come back in at once ---- */

static int echo_xmit(struct dev *dev, struct pkt *p)
{
	path_input(dev, p);
	return 0;
}

static bool echo_input(struct dev *dev, struct pkt *p)
{
	(void)dev;
	p->proto = cpu_to_be16(0x0805);
	return true;
}

static const struct dev_ops echo_ops = {.xmit = echo_xmit};

static void echo_setup(struct dev *dev)
{
	dev->ops = &echo_ops;
	dev->mtu = 1500;
	dev->min_mtu = 68;
	dev->max_mtu = 9000;
	dev->link_input = echo_input;
}

static const struct dev_kind echo_kind = {
    .name = "echo",
    .pattern = "echo%d",
    .setup = echo_setup,
};

static int note_boot(struct warren *w)
{
	static const enum event_kind kinds[] = {EV_DEV_REGISTER,   EV_DEV_UNREGISTER,
						EV_DEV_GONE,	   EV_DEV_UP,
						EV_DEV_GOING_DOWN, EV_DEV_DOWN};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (event_listen(w, &note_part, kinds[i], note_event))
			return -ENOMEM;
	return kind_register(w, &note_part, &echo_kind);
}

static int old_boot(struct warren *w)
{
	int err = family_register(w, &old_part, &old_family);

	if (!err)
		err = view_register(w, &old_part, &old_view);
	if (!err)
		err = tunable_register(w, &old_part, old_tunables, 1);
	if (!err)
		err = path_register(w, &old_part, &old_proto);
	if (!err)
		err = event_listen(w, &old_part, EV_DEV_UP, old_event);
	return err;
}

static const struct part *const parts[] = {&dev_part,  &sock_part, &early_part,
					   &note_part, &old_part,  NULL};

static struct warren *boot(struct fault *fault)
{
	const struct warren_config cfg = {
	    .parts = parts,
	    .seed = 42,
	    .virtual_time = true,
	    .fault = fault,
	};
	struct warren *w = NULL;

	assert_int_equal(warren_new(&cfg, &w), 0);
	return w;
}

static void clear(struct warren *w)
{
	memset(notes(w)->s, 0, sizeof(notes(w)->s));
	notes(w)->len = 0;
}

static void turn(struct warren *w)
{
	worker_settle(w->worker);
}

static struct dev *add_dev(struct net *net, const char *name)
{
	struct dev *dev;

	assert_int_equal(dev_new(net, &echo_kind, name, &dev), 0);
	assert_int_equal(dev_register(dev), 0);
	return dev;
}

/* ---- tests ---- */

static void birth_and_death_in_order(void **state)
{
	struct warren *w = boot(NULL);
	struct net *a;
	u64 before;

	(void)state;
	clear(w);
	before = w->mem.count;
	assert_int_equal(net_new(w, "a", &a), 0);
	assert_string_equal(notes(w)->s, "early-init test-init ");
	assert_ptr_equal(net_by_cookie(w, a->cookie), a);
	add_dev(a, NULL);
	clear(w);
	net_put(a);
	turn(w);
	assert_string_equal(
	    notes(w)->s, "test-pre_exit unreg:echo0 gone:echo0 test-exit early-exit ");
	assert_int_equal(w->mem.count, before);
	warren_free(w);
}

static void failed_birth_is_undone(void **state) /* N1.27 */
{
	struct warren *w = boot(NULL);
	struct net *a = NULL;

	(void)state;
	clear(w);
	notes(w)->fail_init = true;
	assert_int_equal(net_new(w, "a", &a), -ENOSPC);
	assert_null(a);
	assert_string_equal(notes(w)->s, "early-init early-exit ");
	assert_int_equal(w->n_nets, 1);
	warren_free(w);
}

static void every_allocation_may_fail(void **state)
{
	struct fault fault = {0};
	struct warren *w = boot(&fault);
	u64 before = w->mem.count;
	int failures = 0;

	(void)state;
	for (u64 n = 1;; n++) {
		struct net *a = NULL, *b = NULL;
		struct dev *dev = NULL;
		int err;

		fault.countdown = n;
		err = net_new(w, "a", &a);
		if (!err)
			err = net_new(w, "b", &b);
		if (!err)
			err = dev_new(a, &echo_kind, NULL, &dev);
		if (!err) {
			err = dev_register(dev);
			if (err)
				dev_discard(dev);
		}
		if (!err)
			err = nsid_set(a, b, -1);
		if (!err)
			err = tunable_write(a, "net/core/somaxconn", "5", 1);
		if (!err)
			err = dev_move(dev, b, NULL, 0, NULL);
		if (a)
			net_put(a);
		if (b)
			net_put(b);
		turn(w);
		assert_int_equal(w->mem.count, before);
		if (!err && fault.countdown) /* nothing was hit: done */
			break;
		assert_int_equal(err, -ENOMEM);
		failures++;
		assert_true(n < 1000);
	}
	assert_true(failures >= 5);
	fault.countdown = 0;
	warren_free(w);
}

static void init_only_part_is_absent_elsewhere(void **state) /* N9.8 */
{
	struct warren *w = boot(NULL);
	struct net *a, *init = w->init_net;
	struct dev *da, *di;
	struct text t;
	struct sock *sk;

	(void)state;
	assert_int_equal(net_new(w, "a", &a), 0);
	assert_int_equal(sock_create(init, NULL, AF_X25, SOCK_STREAM, 0, &sk),
			 -EPROTONOSUPPORT);
	assert_int_equal(sock_create(a, NULL, AF_X25, SOCK_STREAM, 0, &sk),
			 -EAFNOSUPPORT);
	text_init(&t);
	assert_int_equal(view_text(init, "net/old", &t), 0);
	assert_int_equal(view_text(a, "net/old", &t), -ENOENT);
	assert_int_equal(tunable_read(init, "net/old/knob", &t), 0);
	assert_int_equal(tunable_read(a, "net/old/knob", &t), -ENOENT);
	assert_int_equal(tunable_mode(a, "net/old"), -ENOENT);
	assert_true(S_ISDIR(tunable_mode(init, "net/old")));
	text_fini(&t);

	da = add_dev(a, "x");
	di = add_dev(init, "x");
	clear(w);
	assert_int_equal(dev_open(da), 0);
	assert_string_equal(notes(w)->s, "up:x ");
	clear(w);
	assert_int_equal(dev_open(di), 0);
	assert_string_equal(notes(w)->s, "up:x old-part-saw-it ");
	clear(w);
	path_transmit(da, pkt_new(w->worker, 64, 64));
	turn(w);
	assert_string_equal(notes(w)->s, "");
	assert_int_equal(a->drops[DROP_NO_PROTO], 1);
	path_transmit(di, pkt_new(w->worker, 64, 64));
	turn(w);
	assert_string_equal(notes(w)->s, "old-frame ");
	net_put(a);
	warren_free(w);
}

static void ids_of_namespaces(void **state) /* N1.10 to N1.16 */
{
	struct warren *w = boot(NULL);
	struct net *x, *y, *z;

	(void)state;
	assert_int_equal(net_new(w, "x", &x), 0);
	assert_int_equal(net_new(w, "y", &y), 0);
	assert_int_equal(net_new(w, "z", &z), 0);
	assert_int_equal(nsid_of(x, y), NSID_NONE);
	assert_int_equal(nsid_set(x, y, 1), 0);
	assert_int_equal(nsid_set(x, y, 4), -EEXIST);
	assert_int_equal(nsid_set(x, z, 1), -EBUSY);
	assert_int_equal(nsid_get(x, z), 0); /* lowest free */
	assert_int_equal(nsid_get(x, x), 2); /* itself too */
	assert_int_equal(nsid_of(y, x), NSID_NONE);
	assert_ptr_equal(nsid_find(x, 1), y);
	net_put(y);
	turn(w);
	assert_null(nsid_find(x, 1));
	assert_int_equal(nsid_set(x, w->init_net, -1), 0);
	assert_ptr_equal(nsid_find(x, 1), w->init_net);
	net_put(x);
	net_put(z);
	warren_free(w);
}

static void devices_move(void **state) /* N4.4 to N4.14 */
{
	struct warren *w = boot(NULL);
	struct net *a, *b;
	struct dev *dev, *other;
	struct ext_ack ack = {0};

	(void)state;
	assert_int_equal(net_new(w, "a", &a), 0);
	assert_int_equal(net_new(w, "b", &b), 0);
	dev = add_dev(a, "e0");
	other = add_dev(b, "e0");
	assert_int_equal(dev->ifindex, 1);
	assert_int_equal(dev_open(dev), 0);
	assert_int_equal(dev_move(dev, b, NULL, 0, &ack), -EEXIST);
	assert_string_equal(
	    ack.msg, "An interface with the same name exists in the target netns");
	assert_ptr_equal(dev_by_name(a, "e0"), dev);
	assert_true(dev_is_up(dev));
	assert_int_equal(dev_move(dev, b, "y", 1, NULL), -EBUSY);
	assert_int_equal(
	    dev_altname_add(dev, "a-long-name-that-is-longer-than-sixteen"), 0);
	clear(w);
	assert_int_equal(dev_move(dev, b, "pat%d", 0, NULL), 0);
	assert_string_equal(notes(w)->s,
			    "closing:e0 down:e0 unreg:e0 gone:e0 reg:pat0 ");
	assert_null(dev_by_name(a, "e0"));
	assert_ptr_equal(dev_by_name(b, "pat0"), dev);
	assert_ptr_equal(dev_by_name(b, "a-long-name-that-is-longer-than-sixteen"),
			 dev);
	assert_int_equal(dev->ifindex, 2); /* 1 was taken */
	assert_false(dev_is_up(dev));
	assert_ptr_equal(dev_by_index(b, 1), other);
	other->netns_immutable = true;
	assert_int_equal(dev_move(other, a, NULL, 0, NULL), -EINVAL);
	assert_int_equal(dev_rename(dev, "e0"), -EEXIST);
	assert_int_equal(dev_rename(dev, "has space"), -EINVAL);
	assert_int_equal(dev_rename(dev, "%d%d"), -EINVAL);
	assert_int_equal(dev_rename(dev, "new"), 0);
	assert_ptr_equal(dev_by_name(b, "new"), dev);
	net_put(a);
	net_put(b);
	warren_free(w);
}

static void tunables_are_private(void **state) /* N7.4, N7.10 */
{
	struct warren *w = boot(NULL);
	struct net *a;
	struct text t;

	(void)state;
	assert_int_equal(net_new(w, "a", &a), 0);
	assert_int_equal(tunable_write(a, "net/core/somaxconn", "12\n", 3), 0);
	assert_int_equal(sock_somaxconn(a), 12);
	assert_int_equal(sock_somaxconn(w->init_net), 4096);
	assert_int_equal(tunable_write(a, "net/core/somaxconn", "-1", 2), -EINVAL);
	assert_int_equal(tunable_write(a, "net/core/somaxconn", "x", 1), -EINVAL);
	assert_int_equal(tunable_write(a, "net/core/somaxconn", "", 0), -EINVAL);
	assert_int_equal(tunable_write(a, "net/core/nothing", "1", 1), -ENOENT);
	assert_int_equal(tunable_write(a, "net/core", "1", 1), -EISDIR);
	/* a global one is the initial net's, and read-only elsewhere (N7.3) */
	assert_int_equal(tunable_write(a, "net/core/rmem_max", "5000", 4), -EACCES);
	assert_int_equal(tunable_write(w->init_net, "net/core/rmem_max", "5000", 4), 0);
	text_init(&t);
	assert_int_equal(tunable_read(a, "net/core/rmem_max", &t), 0);
	assert_string_equal(t.s, "5000\n");
	text_fini(&t);
	net_put(a);
	warren_free(w);
}

static void packets_keep_their_bytes(void **state)
{
	struct warren *w = boot(NULL);
	struct random r;
	u8 want[4096], got[4096];

	(void)state;
	random_seed(&r, 7);
	for (int round = 0; round < 2000; round++) {
		struct pkt *p = pkt_new(w->worker, 32, 64);
		struct pkt *c;
		u32 len = 0, off, n;

		for (int i = 0; i < 12 && len < 3000; i++) {
			n = random_below(&r, 300);
			random_bytes(&r, want + len, n);
			if (random_below(&r, 2) && n) {
				struct block *b = block_new(w->worker, n + 5);

				memcpy(b->data + 5, want + len, n);
				if (pkt_add_frag(p, b, 5, n)) {
					block_put(b);
					assert_int_equal(pkt_append(p, want + len, n),
							 0);
				}
			} else {
				assert_int_equal(pkt_append(p, want + len, n), 0);
			}
			len += n;
		}
		assert_int_equal(p->len, len);
		off = random_below(&r, len + 1);
		n = random_below(&r, len - off + 1);
		pkt_copy(p, off, got, n);
		assert_memory_equal(got, want + off, n);
		c = pkt_clone(p);
		assert_true(pkt_need(c, n));
		pkt_pull(c, off);
		pkt_trim(c, n);
		assert_int_equal(c->len, n);
		pkt_copy(c, 0, got, n);
		assert_memory_equal(got, want + off, n);
		assert_int_equal(pkt_headroom_grow(c, 200), 0);
		memset(pkt_push(c, 200), 0xee, 200);
		pkt_copy(c, 200, got, n);
		assert_memory_equal(got, want + off, n);
		pkt_copy(p, 0, got, len);
		assert_memory_equal(got, want, len); /* the original is untouched */
		pkt_free(c);
		pkt_free(p);
	}
	warren_free(w);
}

static void mtu_and_names_are_checked(void **state)
{
	struct warren *w = boot(NULL);
	struct dev *dev = add_dev(w->init_net, "m");
	struct ext_ack ack = {0};

	(void)state;
	assert_int_equal(dev_set_mtu(dev, 67, &ack), -EINVAL);
	assert_string_equal(ack.msg, "mtu less than device minimum");
	assert_int_equal(dev_set_mtu(dev, 9001, NULL), -EINVAL);
	assert_int_equal(dev_set_mtu(dev, 9000, NULL), 0);
	assert_false(dev_name_ok(""));
	assert_false(dev_name_ok("a/b"));
	assert_false(dev_name_ok("a:b"));
	assert_false(dev_name_ok(".."));
	assert_false(dev_name_ok("sixteen-chars-xx"));
	assert_true(dev_name_ok("fifteen-chars-x"));
	warren_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(birth_and_death_in_order),
	    cmocka_unit_test(failed_birth_is_undone),
	    cmocka_unit_test(every_allocation_may_fail),
	    cmocka_unit_test(init_only_part_is_absent_elsewhere),
	    cmocka_unit_test(ids_of_namespaces),
	    cmocka_unit_test(devices_move),
	    cmocka_unit_test(tunables_are_private),
	    cmocka_unit_test(packets_keep_their_bytes),
	    cmocka_unit_test(mtu_and_names_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
