/* SPDX-License-Identifier: MIT */
/*
 * port_conf.c - ip_local_port_range, ip_local_reserved_ports,
 * ip_unprivileged_port_start
 */

#include "inet/port_conf.h"

#include "base/text.h"
#include "core/tunable.h"

static int unprivileged_changed(struct net *net, const struct tunable *t);
static int range_changed(struct net *net, const struct tunable *t);
static int read_reserved(struct net *net, const struct tunable *t, struct text *out);
static int write_reserved(struct net *net, const struct tunable *t, const char *s);

enum { T_RANGE, T_RESERVED, T_UNPRIVILEGED };

static const struct tunable conf[] = {
    [T_RANGE] =
	{
	    .path = "net/ipv4/ip_local_port_range",
	    .n = 2,
	    .min = 1,
	    .max = 65535,
	    .def = {32768, 60999},
	    .changed = range_changed,
	},
    [T_RESERVED] =
	{
	    .path = "net/ipv4/ip_local_reserved_ports",
	    .type = TUNABLE_CUSTOM,
	    .read = read_reserved,
	    .write = write_reserved,
	},
    [T_UNPRIVILEGED] =
	{
	    .path = "net/ipv4/ip_unprivileged_port_start",
	    .max = 65535,
	    .changed = unprivileged_changed,
	    .def = {1024},
	},
};

static int unprivileged_changed(struct net *net, const struct tunable *t)
{
	return tunable_get(net, t, 0) <= tunable_get(net, &conf[T_RANGE], 0) ? 0
									     : -EINVAL;
}

static int range_changed(struct net *net, const struct tunable *t)
{
	s64 low = tunable_get(net, t, 0);

	return low <= tunable_get(net, t, 1) &&
		       low >= tunable_get(net, &conf[T_UNPRIVILEGED], 0)
		   ? 0
		   : -EINVAL;
}

/* ---- reserved ports: a bit each ---- */

enum { PORTS = 65536, WORD = 64 };

static u64 **reserved(const struct net *net)
{
	struct port_net *pn = net_part(net, PART_INET);

	return &pn->reserved;
}

static bool has(const u64 *bits, u32 port)
{
	return bits[port / WORD] >> port % WORD & 1;
}

static bool next_number(const char **s, u32 *n)
{
	*n = 0;
	if (**s < '0' || **s > '9')
		return false;
	for (; **s >= '0' && **s <= '9'; (*s)++) {
		*n = *n * 10 + (u32)(**s - '0');
		if (*n >= PORTS)
			return false;
	}
	return true;
}

/* "a,b-c,...", no spaces, a comma and a newline may end it */
static int parse_ports(const char *s, u64 *bits)
{
	while (*s && *s != '\n') {
		u32 a, b;

		if (!next_number(&s, &a))
			return -EINVAL;
		b = a;
		if (*s == '-' && (s++, !next_number(&s, &b)))
			return -EINVAL;
		if (b < a)
			return -EINVAL;
		for (; a <= b; a++)
			bits[a / WORD] |= 1ULL << a % WORD;
		if (*s == ',')
			s++;
		else if (*s && *s != '\n')
			return -EINVAL;
	}
	return 0;
}

static int write_reserved(struct net *net, const struct tunable *t, const char *s)
{
	u64 *bits = net_alloc(net, PORTS / 8), **now = reserved(net);
	int err;

	(void)t;
	if (!bits)
		return -ENOMEM;
	err = parse_ports(s, bits);
	if (err || !*s || *s == '\n') { /* wrong, or none */
		net_free(net, bits);
		bits = NULL;
	}
	if (err)
		return err;
	net_free(net, *now);
	*now = bits;
	return 0;
}

static int read_reserved(struct net *net, const struct tunable *t, struct text *out)
{
	const u64 *bits = *reserved(net);
	const char *comma = "";

	(void)t;
	for (u32 a = 0; bits && a < PORTS; a++) {
		u32 b = a;

		if (!has(bits, a))
			continue;
		while (b + 1 < PORTS && has(bits, b + 1))
			b++;
		if (b > a)
			text_printf(out, "%s%u-%u", comma, a, b);
		else
			text_printf(out, "%s%u", comma, a);
		comma = ",";
		a = b;
	}
	text_add(out, "\n", 1);
	return 0;
}

bool inet_port_reserved(const struct net *net, u16 port)
{
	const u64 *bits = *reserved(net);

	return unlikely(bits) && has(bits, port);
}

void port_conf_net_exit(struct net *net)
{
	net_free(net, *reserved(net));
	*reserved(net) = NULL;
}

/* ---- ranges ---- */

void inet_port_range(const struct net *net, u16 *lo, u16 *hi)
{
	*lo = (u16)tunable_get(net, &conf[T_RANGE], 0);
	*hi = (u16)tunable_get(net, &conf[T_RANGE], 1);
}

u32 inet_port_unprivileged(const struct net *net)
{
	return (u32)tunable_get(net, &conf[T_UNPRIVILEGED], 0);
}

int port_conf_boot(struct warren *w, const struct part *part)
{
	return tunable_register(w, part, conf, ARRAY_SIZE(conf));
}
