/* SPDX-License-Identifier: MIT */
/*
 * fuzz_calls.c - sequences of calls of the library, in any order
 *
 * The input is a list of calls: a byte that says which, bytes for the arguments.
 * Names, addresses, routes, options come from small sets so that they meet.
 * Whatever is called, it answers, and at the end everything can be taken down in
 * any order without a byte left over (the warren looks when it closes).
 */

#include "fuzz.h"
#include "warren.h"

#include <netinet/in.h>
#include <sys/socket.h>

enum { NETS = 4, SOCKS = 8, WIRES = 3, CALLS_MAX = 200, TURNS_MAX = 20000 };

struct world {
	struct warren *w;
	struct warren_ns *ns[NETS];
	struct warren_sock *sock[SOCKS];
	struct warren_wire *wire[WIRES];
	struct warren_capture *cap;
	u64 captured;
};

struct bytes {
	const u8 *at, *end;
};

static u8 eat(struct bytes *b)
{
	return b->at < b->end ? *b->at++ : 0;
}

static const char *pick(struct bytes *b, const char *const *from, unsigned n)
{
	return from[eat(b) % n];
}

static const char *a_dev(struct bytes *b)
{
	static const char *const names[] = {
	    "v0",  "v1", "v2", "w0",  "lo",
	    "v%d", "",	 ".",  "a/b", "a-name-that-is-too-long"};

	return pick(b, names, ARRAY_SIZE(names));
}

static const char *a_prefix(struct bytes *b)
{
	static const char *const addrs[] = {
	    "10.0.0.1/24",     "10.0.0.2/24", "10.0.1.1/24", "10.0.0.1/32",
	    "10.0.0.3/31",     "127.0.0.2/8", "0.0.0.0/0",   "224.0.0.1/4",
	    "255.255.255.255", "10.0.0.1/33", "10.0.0/24",   "::1/128",
	    "10.0.0.0/8",      "default",     "1.2.3.4/0",   "169.254.1.1/16",
	};

	return pick(b, addrs, ARRAY_SIZE(addrs));
}

static const char *an_addr(struct bytes *b)
{
	static const char *const addrs[] = {
	    "10.0.0.1",	  "10.0.0.2", "10.0.1.1",	 "127.0.0.1",
	    "0.0.0.0",	  "10.0.0.9", "255.255.255.255", "224.0.0.5",
	    "10.0.0.255", "::1",      "nonsense",	 "1.1.1.1",
	};
	u8 n = eat(b) % (ARRAY_SIZE(addrs) + 1);

	return n < ARRAY_SIZE(addrs) ? addrs[n] : NULL;
}

static void set_sysctl(struct warren_ns *ns, struct bytes *b)
{
	static const char *const paths[] = {
	    "net/ipv4/ip_forward",
	    "net/ipv4/ip_local_port_range",
	    "net/ipv4/ip_local_reserved_ports",
	    "net/ipv4/ping_group_range",
	    "net/ipv4/tcp_rmem",
	    "net/ipv4/tcp_wmem",
	    "net/ipv4/conf/all/rp_filter",
	    "net/ipv4/conf/v0/forwarding",
	    "net/ipv4/neigh/default/base_reachable_time_ms",
	    "net/core/somaxconn",
	    "net/ipv4/icmp_ratelimit",
	    "no/such/thing",
	};
	static const char *const values[] = {
	    "0",
	    "1",
	    "2",
	    "80 82",
	    "80-85,7,1000-1001",
	    "",
	    "-1",
	    "4096 8192 9000",
	    "99999999999999999999",
	    "a",
	    "65535",
	    "1 0",
	};
	const char *path = pick(b, paths, ARRAY_SIZE(paths));
	char buf[512];
	ssize_t n;

	warren_sysctl_set(ns, path, pick(b, values, ARRAY_SIZE(values)));
	n = warren_sysctl_get(ns, path, buf, 1 + eat(b) * 2U);
	EXPECT(n < (ssize_t)sizeof(buf) && (n < 0 || strlen(buf) == (size_t)n));
}

/* ---- namespaces and devices ---- */

static void wire_output(void *arg, const void *frame, size_t len)
{
	(void)arg;
	EXPECT(frame && len >= 14);
}

static void captured(void *arg, const void *bytes, size_t len)
{
	struct world *wd = arg;

	EXPECT(bytes || !len);
	wd->captured += len;
}

static void call_ns(struct world *wd, struct bytes *b)
{
	struct warren_ns **ns = &wd->ns[eat(b) % NETS];
	u64 count;

	if (*ns) {
		for (unsigned i = 0; warren_drops(*ns, i, &count); i++)
			;
		warren_ns_free(*ns);
		*ns = NULL;
	} else {
		EXPECT(!warren_ns_new(wd->w, eat(b) & 1 ? "n" : "", ns));
	}
}

static void call_wire(struct world *wd, struct warren_ns *ns, struct bytes *b)
{
	struct warren_wire **wire = &wd->wire[eat(b) % WIRES];
	u8 what = eat(b), frame[300];
	static const u8 head[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
				  0,	0,    0,    0,	  1,	8};

	if (!*wire) {
		const char *name = a_dev(b);

		if (warren_wire_new(ns, name, what & 1 ? head + 6 : NULL, wire_output,
				    wd, wire))
			*wire = NULL;
	} else if (what & 7) {
		memset(frame, what, sizeof(frame));
		memcpy(frame, head, sizeof(head));
		frame[13] = what & 8 ? 6 : 0;
		warren_wire_input(*wire, frame, eat(b));
	} else {
		warren_wire_free(*wire);
		*wire = NULL;
	}
}

static void call_link(struct world *wd, struct warren_ns *ns, struct warren_ns *other,
		      struct bytes *b)
{
	u8 what = eat(b), mac[6];
	const char *dev = a_dev(b);

	switch (what % 8) {
	case 0:
		warren_veth(ns, dev, other, a_dev(b));
		break;
	case 1:
		warren_link_delete(ns, dev);
		break;
	case 2:
		warren_link_up(ns, dev);
		break;
	case 3:
		warren_link_down(ns, dev);
		break;
	case 4:
		warren_link_mtu(ns, dev, eat(b) * (what & 8 ? 300U : 8U));
		break;
	case 5:
		warren_link_move(ns, dev, other, what & 8 ? a_dev(b) : NULL);
		break;
	case 6:
		warren_link_mac(ns, dev, mac);
		break;
	default:
		call_wire(wd, ns, b);
		break;
	}
}

static void call_addr(struct warren_ns *ns, struct bytes *b)
{
	u8 what = eat(b);
	const char *dev = a_dev(b), *prefix = a_prefix(b);
	const char *via = what & 4 ? an_addr(b) : NULL;

	switch (what & 3) {
	case 0:
		warren_addr_add(ns, dev, prefix);
		break;
	case 1:
		warren_addr_del(ns, dev, prefix);
		break;
	case 2:
		warren_route_add(ns, prefix, via, what & 8 ? NULL : dev);
		break;
	default:
		warren_route_del(ns, prefix, via, what & 8 ? NULL : dev);
		break;
	}
}

/* ---- sockets ---- */

static void replace(struct warren_sock **where, struct warren_sock *by)
{
	warren_sock_close(*where);
	*where = by;
}

static void on_event(void *arg, struct warren_sock *s, unsigned events)
{
	struct world *wd = arg;

	(void)events;
	warren_poll(s);
	if (wd->captured & 1) /* now and then it closes itself */
		for (int i = 0; i < SOCKS; i++)
			if (wd->sock[i] == s)
				replace(&wd->sock[i], NULL);
}

static void open_one(struct warren_ns *ns, struct warren_sock **where, struct bytes *b)
{
	static const int types[8][2] = {
	    {SOCK_STREAM, 0},	      {SOCK_STREAM, IPPROTO_TCP},
	    {SOCK_DGRAM, 0},	      {SOCK_DGRAM, IPPROTO_ICMP},
	    {SOCK_RAW, IPPROTO_ICMP}, {SOCK_RAW, IPPROTO_RAW},
	    {SOCK_RAW, IPPROTO_UDP},  {SOCK_STREAM, IPPROTO_UDP},
	};
	u8 what = eat(b);
	struct warren_sock *s;

	if (!warren_socket(ns, types[what & 7][0], types[what & 7][1], &s))
		replace(where, s);
}

static void option(struct warren_sock *s, struct bytes *b)
{
	static const int levels[4] = {SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP, IPPROTO_RAW};
	u8 head = eat(b), name = eat(b), *val;
	size_t len = head >> 3;

	val = malloc(len + 1); /* exactly as long as is said */
	BUG_ON(!val);
	for (size_t i = 0; i < len; i++)
		val[i] = eat(b);
	if (head & 4)
		warren_setsockopt(s, levels[head & 3], name, val, len);
	else if (!warren_getsockopt(s, levels[head & 3], name, val, &len))
		EXPECT(len <= (size_t)(head >> 3));
	free(val);
}

static void transfer(struct warren_sock *s, u8 what, struct bytes *b)
{
	size_t len = eat(b) * 256U;
	u8 *buf = calloc(1, len + 1);
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (eat(b) & 0x7f);
	char name[46];
	uint16_t port;
	ssize_t n;

	BUG_ON(!buf);
	if (what & 1)
		n = warren_recvfrom(s, buf, len, flags, name, &port);
	else if (what & 2)
		n = warren_sendto(s, buf, len, flags, an_addr(b), eat(b));
	else
		n = warren_send(s, buf, len, flags);
	EXPECT(n <= (ssize_t)len || flags & MSG_TRUNC);
	free(buf);
}

static void call_sock(struct world *wd, struct warren_ns *ns, struct bytes *b)
{
	struct warren_sock **where = &wd->sock[eat(b) % SOCKS], *s = *where, *child;
	u8 what = eat(b);
	char name[46];
	uint16_t port;

	if (!s) {
		open_one(ns, where, b);
		return;
	}
	switch (what >> 2 & 15) {
	case 0:
		replace(where, NULL);
		break;
	case 1:
		warren_bind(s, an_addr(b), eat(b));
		break;
	case 2:
		warren_connect(s, an_addr(b), eat(b));
		break;
	case 3:
		warren_listen(s, (s8)eat(b));
		break;
	case 4:
		if (!warren_accept(s, &child))
			replace(&wd->sock[eat(b) % SOCKS], child);
		break;
	case 5:
		warren_shutdown(s, eat(b) % 4);
		break;
	case 6:
		warren_sock_name(s, what & 1, name, &port);
		break;
	case 7:
		warren_on_event(s, what & 1 ? on_event : NULL, wd);
		break;
	case 8:
	case 9:
		option(s, b);
		break;
	case 10:
		open_one(ns, where, b);
		break;
	default:
		transfer(s, what, b);
		break;
	}
}

/* ---- all of it ---- */

static void quiet(struct world *wd)
{
	int n = 0;

	while (warren_step(wd->w))
		EXPECT(++n < TURNS_MAX);
}

static void call_world(struct world *wd, struct bytes *b)
{
	u8 what = eat(b);

	switch (what & 3) {
	case 0:
		quiet(wd);
		break;
	case 1:
		quiet(wd);
		warren_run_until(wd->w,
				 warren_now(wd->w) +
				     ((u64)eat(b) << (what >> 2)) % 600000000000ULL);
		break;
	case 2:
		if (wd->cap) {
			warren_capture_end(wd->cap);
			wd->cap = NULL;
		} else {
			EXPECT(!warren_capture_begin(wd->w, wd->ns[what >> 2 & 3],
						     captured, wd, &wd->cap));
		}
		break;
	default:
		warren_run_next(wd->w);
		break;
	}
}

static void death(struct world *wd, u8 order)
{
	warren_capture_end(wd->cap);
	if (order & 1)
		for (int i = 0; i < NETS; i++)
			if (wd->ns[i])
				warren_ns_free(wd->ns[i]);
	if (order & 2)
		quiet(wd);
	for (int i = 0; i < SOCKS; i++)
		warren_sock_close(wd->sock[i]);
	for (int i = 0; i < WIRES; i++)
		warren_wire_free(wd->wire[i]);
	if (!(order & 1))
		for (int i = 0; i < NETS; i++)
			if (wd->ns[i])
				warren_ns_free(wd->ns[i]);
	if (order & 4)
		quiet(wd);
	warren_close(wd->w);
}

static void call(struct world *wd, struct bytes *b)
{
	u8 what = eat(b);
	struct warren_ns *ns = wd->ns[what >> 4 & 3], *other = wd->ns[what >> 6];

	if (!ns)
		ns = warren_ns_initial(wd->w);
	if (!other)
		other = warren_ns_initial(wd->w);
	switch (what & 15) {
	case 0:
		call_ns(wd, b);
		break;
	case 1:
	case 2:
		call_link(wd, ns, other, b);
		break;
	case 3:
	case 4:
		call_addr(ns, b);
		break;
	case 5:
		set_sysctl(ns, b);
		break;
	case 6:
	case 7:
		call_world(wd, b);
		break;
	default:
		call_sock(wd, ns, b);
		break;
	}
}

/* Two namespaces that reach each other, so that little input suffices */
static void prepare(struct world *wd)
{
	EXPECT(!warren_ns_new(wd->w, "0", &wd->ns[0]));
	EXPECT(!warren_ns_new(wd->w, "1", &wd->ns[1]));
	EXPECT(!warren_veth(wd->ns[0], "v0", wd->ns[1], "v0"));
	EXPECT(!warren_addr_add(wd->ns[0], "v0", "10.0.0.1/24"));
	EXPECT(!warren_addr_add(wd->ns[1], "v0", "10.0.0.2/24"));
	for (int i = 0; i < 2; i++) {
		EXPECT(!warren_link_up(wd->ns[i], "v0"));
		EXPECT(!warren_link_up(wd->ns[i], "lo"));
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	const struct warren_options o = {.seed = 1, .virtual_time = true};
	struct bytes b = {data, data + size};
	struct world wd = {0};
	u8 order = eat(&b);

	EXPECT(!warren_open(&o, &wd.w));
	if (!(order & 8))
		prepare(&wd);
	for (int i = 0; i < CALLS_MAX && b.at < b.end; i++)
		call(&wd, &b);
	death(&wd, order);
	return 0;
}
