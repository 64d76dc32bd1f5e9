/* SPDX-License-Identifier: MIT */
/*
 * rule.h - policy rules: which tables are asked, in which order
 */
#ifndef WARREN_IP_RULE_H
#define WARREN_IP_RULE_H

#include "ip/route.h"

#include <linux/fib_rules.h>

/* first 0: any */
struct rule_ports {
	u16 first, last;
};

struct rule {
	struct list node; /* by priority, then age */
	struct net *net;
	u16 family;
	u32 priority, flags; /* FIB_RULE_INVERT, ... */
	u8 action;	     /* FR_ACT_x */
	u8 tos, src_len, dst_len, protocol;
	u32 table, mark, mark_mask, target; /* target: priority of FR_ACT_GOTO */
	/* A route that was found does not count: with a prefix this short, by a device
	 * of that group. -1: none */
	s32 suppress_plen, suppress_group;
	bool l3mdev;	/* the table is the one of the device's VRF */
	bool uid_given; /* of the sender's socket: uid_first to uid_last */
	u32 uid_first, uid_last;
	u8 ip_proto; /* 0: any */
	struct rule_ports sport, dport;
	u64 tun_id; /* of a tunnel's key, network order; 0: any */
	struct ipaddr src, dst;
	char iif[IFNAMSIZ], oif[IFNAMSIZ];
	bool priority_given; /* by who deletes */
	bool default_rule;   /* one of the three that every net is born with */
};

/* @want is copied. No priority given: one below the second rule's. -EEXIST with
 * NLM_F_EXCL, -ENOMEM */
int rule_add(struct net *net, const struct rule *want, u16 nl_flags);
/* The first that matches what is set in @want. -ENOENT, -EPERM (FIB_RULE_PERMANENT) */
int rule_del(struct net *net, const struct rule *want);
/* Was a rule ever added or deleted here? (Linux then keeps the local and the main
 * table apart, N5.4) */
bool rule_has_own(const struct net *net);
/* Of a rule that gives none: one below the second rule's */
u32 rule_default_priority(const struct net *net);
/* All rules in order; @fn stops the walk by a non-zero answer */
int rule_walk(struct net *net, u16 family, int (*fn)(struct rule *r, void *arg),
	      void *arg);

/* Is there a rule to which FR_ACT_GOTO of @r leads? */
bool rule_resolved(const struct net *net, const struct rule *r);
/* Does a rule look at protocol and ports, so that input has to find them? */
bool rule_wants_ports(const struct net *net);

struct fib_result {
	struct fib_route *route;
	struct fib_hop *hop; /* NULL: a type without next hop */
	u32 table;
};

/*
 * Ask the tables that the rules name. Borrowed result.
 * Return: 0; -ENETUNREACH nothing found; -EINVAL blackhole, -EHOSTUNREACH unreachable,
 * -EACCES prohibit
 */
int rule_lookup(struct net *net, const struct flow *fl, struct fib_result *res);

/* One table alone. Return: 0; -EAGAIN nothing found; as above */
int rule_table_lookup(struct net *net, u32 table, const struct flow *fl,
		      struct fib_result *res);

extern const struct part rule_part;

#endif
