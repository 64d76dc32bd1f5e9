/* SPDX-License-Identifier: MIT */
/*
 * control_ask.c - what the command line asks of a running warren's namespaces
 *
 * The client brings a file of its own (memory), into which the text of the answer
 * goes, so that nothing here waits for a slow reader. Who can connect to the control
 * socket is the user whose warren it is; there are no rights to look at.
 */

#include "super/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "image/clone.h"
#include "image/facts.h"
#include "image/graph.h"
#include "super/cred.h"
#include "super/files.h"
#include "super/netns.h"

static int find(struct super *s, const char *name, struct net **out)
{
	struct netns *ns = s->init_ns;
	int err = *name ? files_netns_by_name(s, name, &ns) : 0;

	if (!err)
		*out = ns->net;
	return err;
}

/* ---- quota ---- */

/* One "kind=limit". Return: 0, -EINVAL */
static int set_quota(struct net *net, char *word)
{
	char *eq = strchr(word, '=');
	enum quota_kind kind;
	u64 limit = QUOTA_NONE;

	if (!eq)
		return -EINVAL;
	*eq = '\0';
	if (quota_find(word, &kind) ||
	    (strcmp(eq + 1, "none") != 0 && text_parse_u64(eq + 1, &limit)))
		return -EINVAL;
	quota_set(net, kind, limit);
	return 0;
}

static void show_quotas(const struct net *net, struct text *out)
{
	text_printf(out, "%-12s %14s %14s %10s\n", "QUOTA", "USED", "LIMIT", "REFUSED");
	for (int i = 0; i < QUOTA_NR; i++) {
		struct quota q = quota_read(net, (enum quota_kind)i);

		text_printf(out, "%-12s %14llu ", quota_names[i],
			    (unsigned long long)q.used);
		if (q.limit == QUOTA_NONE)
			text_printf(out, "%14s", "none");
		else
			text_printf(out, "%14llu", (unsigned long long)q.limit);
		text_printf(out, " %10llu\n", (unsigned long long)q.refused);
	}
}

static int quotas(struct net *net, const char *arg, struct text *out)
{
	char *copy = strdup(arg), *rest = copy, *word;
	int err = copy ? 0 : -ENOMEM;

	while (!err && (word = strtok_r(rest, " ", &rest)))
		err = set_quota(net, word);
	if (!err && !*arg)
		show_quotas(net, out);
	free(copy);
	return err;
}

/* ---- clone ---- */

static int clone(struct super *s, struct net *src, const char *arg)
{
	const struct cred by = {.ns = s->first_userns, .euid = s->uid};
	bool wires = *arg == '+';
	const char *name = arg + wires;
	struct netns *ns;
	int err = netns_new(s, name, &by, src, &ns);

	if (err)
		return err;
	err = files_add_name(s, name, ns);
	if (!err) {
		err = clone_net(src, ns->net, wires);
		if (!err)
			return 0;
		files_drop_name(s, name);
	}
	netns_unnamed(s, ns); /* nobody has seen it: it goes */
	return err;
}

/* ---- all ---- */

static int write_all(int fd, const struct text *t)
{
	size_t done = 0;

	while (done < t->len) {
		ssize_t n = write(fd, t->s + done, t->len - done);

		if (n <= 0)
			return n ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

static int answer(struct super *s, const struct control_request *rq, struct text *out)
{
	struct net *net, *other;
	int err;

	if (rq->op == CONTROL_GRAPH) {
		graph_dot(s->w, out);
		return 0;
	}
	err = find(s, rq->netns, &net);
	if (err)
		return err;
	switch (rq->op) {
	case CONTROL_QUOTA:
		return quotas(net, rq->arg, out);
	case CONTROL_DIFF:
		err = find(s, rq->arg, &other);
		return err ? err : facts_diff(net, other, out);
	case CONTROL_CLONE:
		return clone(s, net, rq->arg);
	default:
		return -EPROTO;
	}
}

int control_answer(struct super *s, const struct control_request *rq, int fd)
{
	struct text t;
	int ret, err;

	text_init(&t);
	ret = answer(s, rq, &t);
	err = t.failed ? -ENOMEM : write_all(fd, &t);
	text_fini(&t);
	return err ? err : ret;
}
