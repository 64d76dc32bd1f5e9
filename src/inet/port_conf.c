/* SPDX-License-Identifier: MIT */
/*
 * port_conf.c - ip_local_port_range, ip_local_reserved_ports,
 * ip_unprivileged_port_start
 */

#include "inet/port_conf.h"

#include <stdlib.h>

#include "core/tunable.h"

static int unprivileged_changed(struct net *net, const struct tunable *t);
static int range_changed(struct net *net, const struct tunable *t);
static int reserved_changed(struct net *net, const struct tunable *t);

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
	    .type = TUNABLE_STRING,
	    .def_s = "",
	    .changed = reserved_changed,
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

/* The next "a" or "a-b" of a list. Return: 1, 0 at the end, -EINVAL */
static int next_range(const char **s, u32 *a, u32 *b)
{
	char *end;

	while (**s == ' ' || **s == ',')
		(*s)++;
	if (!**s)
		return 0;
	*a = *b = (u32)strtoul(*s, &end, 10);
	if (end == *s)
		return -EINVAL;
	*s = end;
	if (**s == '-') {
		*b = (u32)strtoul(*s + 1, &end, 10);
		if (end == *s + 1)
			return -EINVAL;
		*s = end;
	}
	if (*a > *b || *b > 65535 || (**s && **s != ','))
		return -EINVAL;
	return 1;
}

static int reserved_changed(struct net *net, const struct tunable *t)
{
	const char *s = tunable_str(net, t);
	u32 a, b;
	int ret;

	while ((ret = next_range(&s, &a, &b)) > 0)
		;
	return ret;
}

void inet_port_range(const struct net *net, u16 *lo, u16 *hi)
{
	*lo = (u16)tunable_get(net, &conf[T_RANGE], 0);
	*hi = (u16)tunable_get(net, &conf[T_RANGE], 1);
}

bool inet_port_reserved(const struct net *net, u16 port)
{
	const char *s = tunable_str(net, &conf[T_RESERVED]);
	u32 a, b;

	while (*s && next_range(&s, &a, &b) > 0)
		if (port >= a && port <= b)
			return true;
	return false;
}

u32 inet_port_unprivileged(const struct net *net)
{
	return (u32)tunable_get(net, &conf[T_UNPRIVILEGED], 0);
}

int port_conf_boot(struct warren *w, const struct part *part)
{
	return tunable_register(w, part, conf, ARRAY_SIZE(conf));
}
