/* SPDX-License-Identifier: MIT */
/*
 * pernet.c - N1.27 and N9: what a part may rely on at birth and death of a namespace
 *
 * Inside of a kernel no program can look; here a part of the test stands in the list of
 * parts of a whole stack, one more near its beginning, and they look at everything they
 * are called with. The same lines come out as from the other files of this directory,
 * "RULE label<TAB>ok", and tools/run-tests reads them; the kernel's column is
 * "internal".
 */

#include <stdio.h>
#include <stdlib.h>

#include "core/cross.h"
#include "core/dev.h"
#include "core/event.h"
#include "core/sock.h"
#include "core/tunable.h"
#include "core/view.h"
#include "parts.h"

enum { MAGIC = 0x5ca1ab1e, PARTS_MAX = 64 };

struct area {
	u32 magic;
	u32 rest[15];
};

/* What was seen, by the late part in the warren */
struct seen {
	char log[4096];
	size_t len;
	bool early_zero, late_zero, unlisted_at_init, listed_at_birth;
	bool late_at_early_exit, early_at_late_exit, value_at_exit;
	bool devs_at_pre_exit, no_devs_at_exit, unlisted_at_pre_exit, lo_last;
	int fail; /* the late part refuses with it */
};

static int bad;

static void check(const char *rule, const char *label, bool ok)
{
	printf("%s %s\t%s\n", rule, label, ok ? "ok" : "FAIL");
	bad += !ok;
}

static void not_here(const char *rule, const char *label, const char *reason)
{
	printf("%s %s\tn/a %s\n", rule, label, reason);
}

static struct seen *seen(const struct warren *w)
{
	return *(struct seen **)warren_part(w, PART_TEST);
}

static void note(const struct net *net, const char *what)
{
	struct seen *s = seen(net->w);
	int n = s ? snprintf(s->log + s->len, sizeof(s->log) - s->len, "%s ", what) : 0;

	if (n > 0 && s->len + (size_t)n < sizeof(s->log))
		s->len += (size_t)n;
}

static struct area *early(const struct net *net)
{
	return net_part(net, PART_ETHER); /* an id that no part has */
}

static struct area *late(const struct net *net)
{
	return net_part(net, PART_TEST);
}

static bool is_zero(const struct area *a)
{
	static const struct area zero;

	return !memcmp(a, &zero, sizeof(zero));
}

static bool is_listed(struct net *net)
{
	const struct net *n;

	list_for_each(n, &net->w->nets, node)
		if (n == net)
			return true;
	return net_by_cookie(net->w, net->cookie) != NULL;
}

static int early_init(struct net *net)
{
	if (seen(net->w))
		seen(net->w)->early_zero = is_zero(early(net));
	early(net)->magic = MAGIC;
	note(net, "early-init");
	return 0;
}

static void early_exit(struct net *net)
{
	struct seen *s = seen(net->w);

	if (s) {
		s->late_at_early_exit = late(net)->magic == MAGIC;
		s->no_devs_at_exit = list_empty(&net->devs);
	}
	note(net, "early-exit");
}

static int late_init(struct net *net)
{
	struct seen *s = seen(net->w);

	if (s) {
		s->late_zero = is_zero(late(net));
		s->unlisted_at_init = !is_listed(net);
		if (s->fail)
			return s->fail;
	}
	late(net)->magic = MAGIC;
	note(net, "late-init");
	return 0;
}

static void late_pre_exit(struct net *net)
{
	struct seen *s = seen(net->w);

	if (s) {
		s->devs_at_pre_exit = !list_empty(&net->devs);
		s->unlisted_at_pre_exit = !is_listed(net);
	}
	note(net, "late-pre_exit");
}

static void late_exit(struct net *net)
{
	struct seen *s = seen(net->w);

	if (s) {
		s->value_at_exit = late(net)->magic == MAGIC;
		s->early_at_late_exit = early(net)->magic == MAGIC;
	}
	note(net, "late-exit");
}

static bool others(const struct net *net)
{
	const struct dev *dev;

	list_for_each(dev, &net->devs, node)
		if (!dev_is_lo(dev))
			return true;
	return false;
}

static bool add_dummy(struct net *net)
{
	const struct dev_kind *kind = registry_find_name(net, REG_KIND, "dummy");
	struct dev *dev;

	return kind && !dev_new(net, kind, NULL, &dev) && !dev_register(dev);
}

static int on_event(struct net *net, enum event_kind kind, void *obj)
{
	const struct dev *dev = obj;
	char text[64];

	if (kind == EV_NET_BORN) {
		if (seen(net->w))
			seen(net->w)->listed_at_birth = is_listed(net);
		note(net, "born");
		return 0;
	}
	snprintf(text, sizeof(text), "%s:%s", kind == EV_DEV_REGISTER ? "reg" : "unreg",
		 dev->name);
	note(net, text);
	if (kind == EV_DEV_UNREGISTER && dev_is_lo(dev) && seen(net->w))
		seen(net->w)->lo_last = !others(net);
	return 0;
}

static int late_boot(struct warren *w);

static const struct part early_part = {
    .name = "early",
    .id = PART_ETHER,
    .net_size = sizeof(struct area),
    .net_init = early_init,
    .net_exit = early_exit,
};
static const struct part late_part = {
    .name = "late",
    .id = PART_TEST,
    .warren_size = sizeof(struct seen *),
    .net_size = sizeof(struct area),
    .boot = late_boot,
    .net_init = late_init,
    .net_pre_exit = late_pre_exit,
    .net_exit = late_exit,
};

static int late_boot(struct warren *w)
{
	static const enum event_kind kinds[] = {EV_NET_BORN, EV_DEV_REGISTER,
						EV_DEV_UNREGISTER};
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && !err; i++)
		err = event_listen(w, &late_part, kinds[i], on_event);
	return err;
}

/* A whole stack with the two. The caller frees it */
static struct warren *boot(struct fault *fault)
{
	static const struct part *parts[PARTS_MAX];
	struct warren_config cfg = {.seed = 7, .virtual_time = true, .fault = fault};
	struct warren *w = NULL;
	size_t n = 0;

	for (size_t i = 0; warren_parts[i] && n < PARTS_MAX - 3; i++) {
		if (!warren_parts[i + 1]) /* the last one makes lo */
			parts[n++] = &late_part;
		parts[n++] = warren_parts[i];
		if (i == 0) /* behind the devices themselves */
			parts[n++] = &early_part;
	}
	parts[n] = NULL;
	cfg.parts = parts;
	if (warren_new(&cfg, &w)) {
		fprintf(stderr, "no warren\n");
		exit(2);
	}
	return w;
}

static void turn(struct warren *w)
{
	worker_settle(w->worker);
}

static void look(struct warren *w, struct seen *s)
{
	memset(s, 0, sizeof(*s));
	*(struct seen **)warren_part(w, PART_TEST) = s;
}

static bool before(const char *log, const char *a, const char *b)
{
	const char *x = strstr(log, a), *y = strstr(log, b);

	return x && y && x < y;
}

/* ---- N9 ---- */

static void births_and_deaths(void)
{
	struct warren *w = boot(NULL);
	struct seen s;
	struct net *net;
	u64 count = w->mem.count;
	bool ok;

	look(w, &s);
	ok = !net_new(w, "a", &net);
	check("N9.1", "init of each part for a new namespace",
	      ok && strstr(s.log, "early-init") && strstr(s.log, "late-init"));
	check("N9.1", "in the order of the list",
	      before(s.log, "early-init", "late-init"));
	check("N9.1", "no part can come later",
	      registry_add(w, REG_VIEW, &late_part, "net/later", 0, &s) == -EBUSY);
	check("N9.2", "the area is zero before init", s.early_zero && s.late_zero);
	check("N9.3", "all parts before the first device",
	      before(s.log, "early-init", "reg:lo") &&
		  before(s.log, "late-init", "reg:lo"));
	check("N9.3", "lo is the first device",
	      !strncmp(strstr(s.log, "reg:"), "reg:lo", 6));
	check("N9.7", "not to be found before the last init", s.unlisted_at_init);
	check("N9.7", "to be found at birth", s.listed_at_birth);
	check("N9.7", "born once all is done", before(s.log, "late-init", "born"));

	check("N9.3", "another device", add_dummy(net));
	s.len = 0;
	memset(s.log, 0, sizeof(s.log));
	net_put(net);
	turn(w);
	check("N9.2", "the area keeps its value until exit", s.value_at_exit);
	check("N9.2", "and is there until the last exit", s.late_at_early_exit);
	check("N9.3", "exit backwards", before(s.log, "late-exit", "early-exit"));
	check("N9.3", "lo is the last device to go",
	      s.lo_last && before(s.log, "unreg:dummy0", "unreg:lo"));
	check("N9.4", "pre_exit before exit",
	      before(s.log, "late-pre_exit", "late-exit"));
	check("N9.4", "devices are there at pre_exit", s.devs_at_pre_exit);
	check("N9.4", "and gone at exit", s.no_devs_at_exit);
	check("N9.4", "a part may use the ones before it at exit",
	      s.early_at_late_exit);
	check("N9.4", "nobody can find it any more at pre_exit",
	      s.unlisted_at_pre_exit);
	check("N9.4", "devices go before exits",
	      before(s.log, "unreg:lo", "late-exit"));
	check("N9.2", "all memory is back", w->mem.count == count);
	look(w, &s);
	*(struct seen **)warren_part(w, PART_TEST) = NULL;
	warren_free(w);
	not_here("N9.5", "unregister",
		 "parts are given at the birth of a warren, and stay");
	not_here("N9.6", "concurrent births",
		 "one worker: nothing else runs meanwhile");
	not_here("N9.9", "families that refuse", "none of them exists");
}

/* ---- N9.8 ---- */

static int old_create(struct net *net, const struct caller *c, int type, int protocol,
		      struct sock **out)
{
	(void)net;
	(void)c;
	(void)type;
	(void)protocol;
	(void)out;
	return -EPROTONOSUPPORT; /* it is there */
}

static int old_text(struct net *net, const char *rel, struct text *out)
{
	(void)net;
	(void)rel;
	text_printf(out, "old\n");
	return 0;
}

struct old_seen {
	int frames, events;
};

static struct old_seen *old_seen(const struct warren *w)
{
	return warren_part(w, PART_TEST);
}

static void old_receive(struct dev *dev, struct pkt *p)
{
	old_seen(dev->net->w)->frames++;
	pkt_free(p);
}

static int old_event(struct net *net, enum event_kind kind, void *obj)
{
	(void)kind;
	(void)obj;
	old_seen(net->w)->events++;
	return 0;
}

static int loop_xmit(struct dev *dev, struct pkt *p)
{
	path_input(dev, p);
	return 0;
}

static bool loop_input(struct dev *dev, struct pkt *p)
{
	(void)dev;
	p->proto = cpu_to_be16(0x0805);
	return true;
}

static const struct dev_ops loop_ops = {.xmit = loop_xmit};

static void loop_setup(struct dev *dev)
{
	dev->ops = &loop_ops;
	dev->mtu = 1500;
	dev->link_input = loop_input;
}

static const struct dev_kind loop_kind = {
    .name = "loop", .pattern = "loop%d", .setup = loop_setup};
static const struct family old_family = {.family = AF_X25, .create = old_create};
static const struct view old_view = {.path = "net/old", .text = old_text};
static const struct tunable old_tunable = {.path = "net/old/knob", .def = {7}};
static const struct link_proto old_proto = {.ethertype = 0x0805,
					    .receive = old_receive};

static int old_boot(struct warren *w);
static const struct part kind_part = {.name = "loop", .id = PART_ETHER};
static const struct part old_part = {
    .name = "old",
    .id = PART_TEST,
    .init_only = true,
    .warren_size = sizeof(struct old_seen),
    .boot = old_boot,
};

static int old_boot(struct warren *w)
{
	int err = family_register(w, &old_part, &old_family);

	if (!err)
		err = view_register(w, &old_part, &old_view);
	if (!err)
		err = tunable_register(w, &old_part, &old_tunable, 1);
	if (!err)
		err = path_register(w, &old_part, &old_proto);
	if (!err)
		err = event_listen(w, &old_part, EV_DEV_UP, old_event);
	return err ? err : kind_register(w, &kind_part, &loop_kind);
}

/* A device in @net that comes up and sends itself a frame. Return: frames that arrived
 */
static int frames_in(struct net *net)
{
	struct old_seen *o = old_seen(net->w);
	int had = o->frames;
	struct dev *dev;
	struct pkt *p;

	if (dev_new(net, &loop_kind, NULL, &dev) || dev_register(dev) || dev_open(dev))
		return -1;
	p = pkt_new(net->worker, PKT_HEADROOM, 64);
	if (!p)
		return -1;
	path_transmit(dev, p);
	turn(net->w);
	return o->frames - had;
}

static void not_aware(void)
{
	static const struct part *const parts[] = {&dev_part, &sock_part, &kind_part,
						   &old_part, NULL};
	const struct warren_config cfg = {
	    .parts = parts, .seed = 7, .virtual_time = true};
	struct warren *w;
	struct net *net;
	struct sock *sk;
	struct caller c = {.caps = ~0ULL};
	int events;

	if (warren_new(&cfg, &w) || net_new(w, "child", &net)) {
		check("N9.8", "a warren", false);
		return;
	}
	c.net = w->init_net;
	check("N9.8", "socket in the initial one",
	      sock_create(w->init_net, &c, AF_X25, SOCK_STREAM, 0, &sk) ==
		  -EPROTONOSUPPORT);
	c.net = net;
	check("N9.8", "no socket in a child",
	      sock_create(net, &c, AF_X25, SOCK_STREAM, 0, &sk) == -EAFNOSUPPORT);
	check("N9.8", "frames in the initial one", frames_in(w->init_net) == 1);
	events = old_seen(w)->events;
	check("N9.8", "events in the initial one", events == 1);
	check("N9.8", "frames of a child are dropped", frames_in(net) == 0);
	check("N9.8", "events of a child are not heard", old_seen(w)->events == events);
	check("N9.8", "file in the initial one", view_mode(w->init_net, "net/old") > 0);
	check("N9.8", "no file in a child", view_mode(net, "net/old") == -ENOENT);
	check("N9.8", "sysctl in the initial one",
	      tunable_mode(w->init_net, "net/old/knob") > 0);
	check("N9.8", "no sysctl in a child",
	      tunable_mode(net, "net/old/knob") == -ENOENT);
	net_put(net);
	turn(w);
	warren_free(w);
}

/* ---- N1.27 ---- */

static void refused_births(void)
{
	struct warren *w = boot(NULL);
	struct net *net = NULL;
	struct seen s;
	u64 count = w->mem.count;
	u32 nets = w->n_nets;

	look(w, &s);
	s.fail = -ENOSPC;
	check("N1.27", "the errno of the part that fails",
	      net_new(w, "a", &net) == -ENOSPC && !net);
	check("N1.27", "what was done is undone",
	      strstr(s.log, "early-init") && strstr(s.log, "early-exit"));
	check("N1.27", "what was not done is not", !strstr(s.log, "late-exit"));
	check("N1.27", "nobody saw it", !strstr(s.log, "born") && w->n_nets == nets);
	check("N1.27", "memory is back", w->mem.count == count);
	s.fail = 0;
	check("N1.27", "the next one is born", !net_new(w, "a", &net));
	net_put(net);
	turn(w);
	*(struct seen **)warren_part(w, PART_TEST) = NULL;
	warren_free(w);
}

static void births_without_memory(void)
{
	struct fault fault = {0};
	struct warren *w = boot(&fault);
	bool errnos = true, undone = true, back = true, alive = true;
	u64 count = w->mem.count, bytes = w->mem.bytes;
	u32 nets = w->n_nets;
	struct seen s;
	int n = 0;

	for (int err = -ENOMEM; err; n++) {
		struct net *net = NULL;

		look(w, &s);
		fault.failed = 0;
		fault.countdown = (u64)n + 1;
		err = net_new(w, "a", &net);
		fault.countdown = 0;
		if (!err) {
			net_put(net);
			turn(w);
			if (!fault.failed)
				break;
			err = -ENOMEM; /* that one could be done without */
			continue;
		}
		errnos &= err == -ENOMEM && !net;
		undone &= !strstr(s.log, "early-init") == !strstr(s.log, "early-exit");
		back &= w->mem.count == count && w->mem.bytes == bytes;
		alive &=
		    w->n_nets == nets && w->init_net && dev_by_name(w->init_net, "lo");
	}
	check("N1.27", "ENOMEM at each allocation", errnos && n > 3);
	check("N1.27", "each time undone", undone);
	check("N1.27", "each time memory is back", back);
	check("N1.27", "each time the caller keeps its own", alive);
	*(struct seen **)warren_part(w, PART_TEST) = NULL;
	warren_free(w);
}

int main(void)
{
	births_and_deaths();
	not_aware();
	refused_births();
	births_without_memory();
	return bad != 0;
}
