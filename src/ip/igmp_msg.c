/* SPDX-License-Identifier: MIT */
/*
 * igmp_msg.c - IGMP on the wire: reports of changes, answers to queries
 *
 * A device speaks the oldest version that a querier spoke lately, or that
 * force_igmp_version says.
 *
 *	version 3: a change is told at once and again after a random time
 *	  (change_timer), all of the device in one report to 224.0.0.22
 *	version 2: a report to the group itself, at once and again; the group is
 *	  left by a message to 224.0.0.2 if the last report was ours
 *	version 1: as 2, and nothing is said when it is left
 *
 * A general query is answered for all groups at a random time (version 3:
 * general_timer) or for each at its own (group.timer); another host's report of the
 * group on the wire makes ours needless (version 1, 2).
 */

#include "core/tunable.h"
#include "ip/addr4.h"
#include "ip/igmp.h"
#include "ip/ip4.h"
#include "wire/csum.h"
#include "wire/igmp.h"

enum {
	SOON_MS = 8, /* several changes at a time are one report */
	OLDER_QUERIER_S = 260,
	REPORT_MAX = 1476, /* bytes behind the IP header and its option */
};

static u64 now(const struct igmp_dev *id)
{
	return clock_now(id->dev->net->w);
}

static u64 some_of(struct igmp_dev *id, u64 ns)
{
	return ns ? random_next(&id->dev->net->random) % ns : 0;
}

u8 igmp_version(const struct igmp_dev *id)
{
	int force = conf4_get(id->dev->net, id->dev, CONF4_FORCE_IGMP_VERSION);

	if (force >= 1 && force <= 3)
		return (u8)force;
	if (now(id) < id->v1_until_ns)
		return 1;
	return now(id) < id->v2_until_ns ? 2 : 3;
}

/* Between the first report of a change and the next, at most */
static u64 repeat_ns(const struct igmp_dev *id)
{
	return (u64)conf4_get(id->dev->net, id->dev,
			      igmp_version(id) < 3 ? CONF4_IGMPV2_INTERVAL
						   : CONF4_IGMPV3_INTERVAL) *
	       NS_PER_MS;
}

/* ---- sending ---- */

/* @p: an IGMP message without its checksum; consumes */
static void igmp_send(struct igmp_dev *id, struct pkt *p, be32 dst)
{
	static const u8 router_alert[4] = {0x94, 4, 0, 0}; /* RFC 2113 */
	struct net *net = id->dev->net;
	struct igmp_hdr *h = (struct igmp_hdr *)p->data;
	struct flow fl = {
	    .family = AF_INET,
	    .dst = ipaddr_v4(dst),
	    .src = ipaddr_any(AF_INET),
	    .oif = id->dev->ifindex,
	    .proto = IPPROTO_IGMP,
	    .any_src = true,
	};
	struct route *rt;

	h->csum = 0;
	h->csum = csum_fold(pkt_csum(p, 0, p->len, 0));
	if (!dev_is_up(id->dev) || route_output(net, &fl, &rt)) {
		pkt_free(p);
		return;
	}
	p->csum = PKT_CSUM_OK;
	ip4_output(net, p,
		   &(struct ip_send){
		       .route = rt,
		       .src = fl.src,
		       .dst = fl.dst,
		       .proto = IPPROTO_IGMP,
		       .ttl = 1,
		       .tos = 0xc0,
		       .df = true,
		       .df_ignore_mtu = true,
		       .opts = router_alert,
		       .opt_len = sizeof(router_alert),
		   });
	route_put(rt);
}

static void send_short(struct igmp_dev *id, u8 type, be32 group, be32 dst)
{
	struct pkt *p =
	    pkt_new(id->dev->net->worker, PKT_HEADROOM, sizeof(struct igmp_hdr));

	if (!p)
		return;
	*(struct igmp_hdr *)pkt_put(p, sizeof(struct igmp_hdr)) =
	    (struct igmp_hdr){.type = type, .group = group};
	igmp_send(id, p, dst);
}

/* ---- version 3 reports ---- */

struct report {
	struct igmp_dev *id;
	struct pkt *p; /* NULL: none begun */
	u16 n;
};

static void report_send(struct report *r)
{
	struct igmp_report3 *h;

	if (!r->p)
		return;
	h = (struct igmp_report3 *)r->p->data;
	h->n_records = cpu_to_be16(r->n);
	igmp_send(r->id, r->p,
		  cpu_to_be32(INADDR_ALLHOSTS_GROUP + 21)); /* 224.0.0.22 */
	r->p = NULL;
	r->n = 0;
}

/* Room for @n bytes; NULL: no memory */
static void *report_room(struct report *r, u32 n)
{
	u32 size = min(r->id->dev->mtu - 24, (u32)REPORT_MAX);

	if (r->p && r->p->len + n > size)
		report_send(r);
	if (!r->p) {
		r->p = pkt_new(r->id->dev->net->worker, PKT_HEADROOM, size);
		if (!r->p)
			return NULL;
		*(struct igmp_report3 *)pkt_put(r->p, sizeof(struct igmp_report3)) =
		    (struct igmp_report3){.type = IGMP_V3_REPORT};
	}
	return pkt_put(r->p, n);
}

static bool selects(const struct igmp_group *g, const struct igmp_source *s,
		    enum igmp_record type)
{
	bool includes = g->mode == IGMP_INCLUDE;

	switch (type) {
	case IGMP_ALLOW:
		return s->tell && s->wanted == includes;
	case IGMP_BLOCK:
		return s->tell && s->wanted != includes;
	case IGMP_IS_INCLUDE:
		if (g->asked_sources && includes)
			return s->wanted && s->asked;
		if (g->asked_sources)
			return !s->wanted && s->asked;
		return s->wanted;
	default:
		return s->wanted;
	}
}

static u32 count(const struct igmp_group *g, enum igmp_record type)
{
	const struct igmp_source *s;
	u32 n = 0;

	list_for_each(s, &g->sources, node)
		n += selects(g, s, type);
	return n;
}

/* What does not fit goes into a second record; of EXCLUDE it is left out (RFC 3376
 * §4.2.16) */
static void put_record(struct report *r, const struct igmp_group *g,
		       enum igmp_record type)
{
	u32 left = count(g, type), k, i = 0;
	const u32 most = (min(r->id->dev->mtu - 24, (u32)REPORT_MAX) - 16) / 4;
	struct igmp_record_hdr *h = NULL;
	const struct igmp_source *s;
	be32 *to = NULL;

	if (!left && (type == IGMP_ALLOW || type == IGMP_BLOCK))
		return;
	k = min(left, most);
	h = report_room(r, (u32)sizeof(*h) + k * 4);
	if (!h)
		return;
	*h = (struct igmp_record_hdr){
	    .type = (u8)type, .n_sources = cpu_to_be16((u16)k), .group = g->addr};
	r->n++;
	to = (be32 *)(void *)(h + 1);
	list_for_each(s, &g->sources, node)
		if (i < k && selects(g, s, type))
			to[i++] = s->addr;
}

static void told(struct igmp_group *g)
{
	struct igmp_source *s;

	if (g->tell_mode)
		g->tell_mode--;
	list_for_each(s, &g->sources, node)
		if (s->tell)
			s->tell--;
}

static bool has_news(const struct igmp_group *g)
{
	const struct igmp_source *s;

	if (g->tell_mode)
		return true;
	list_for_each(s, &g->sources, node)
		if (s->tell)
			return true;
	return false;
}

static void put_changes(struct report *r, struct igmp_group *g)
{
	if (g->tell_mode) {
		put_record(r, g,
			   g->mode == IGMP_EXCLUDE ? IGMP_TO_EXCLUDE : IGMP_TO_INCLUDE);
	} else {
		put_record(r, g, IGMP_ALLOW);
		put_record(r, g, IGMP_BLOCK);
	}
	told(g);
}

static void put_end(struct report *r, struct igmp_group *g)
{
	struct igmp_record_hdr *h;

	if (!g->tell_mode) {
		put_record(r, g, IGMP_BLOCK);
	} else {
		h = report_room(r, sizeof(*h));
		if (h) {
			*h = (struct igmp_record_hdr){.type = IGMP_TO_INCLUDE,
						      .group = g->addr};
			r->n++;
		}
	}
	told(g);
}

static void change_timer(struct timer *t)
{
	struct igmp_dev *id = container_of(t, struct igmp_dev, change_timer);
	struct report r = {.id = id};
	struct igmp_group *g, *tmp;

	list_for_each_safe(g, tmp, &id->gone, node) {
		put_end(&r, g);
		if (!has_news(g))
			igmp_free_gone(id, g);
	}
	list_for_each(g, &id->groups, node) {
		if (igmp_is_reported(id, g->addr) && has_news(g))
			put_changes(&r, g);
		igmp_prune(g);
	}
	report_send(&r);
	if (id->changes && --id->changes)
		timer_set_at(t, now(id) + some_of(id, repeat_ns(id)));
}

void igmp_tell_changes(struct igmp_dev *id)
{
	id->changes = igmp_robustness(id);
	timer_set_at(&id->change_timer, now(id) + SOON_MS * NS_PER_MS);
}

/* ---- version 1 and 2 ---- */

void igmp_tell_group(struct igmp_group *g)
{
	g->unsolicited = igmp_robustness(g->id);
	timer_set_at(&g->timer, now(g->id) + SOON_MS * NS_PER_MS);
}

void igmp_tell_leave(struct igmp_group *g)
{
	if (g->reporter && igmp_version(g->id) == 2)
		send_short(g->id, IGMP_V2_LEAVE, g->addr,
			   cpu_to_be32(INADDR_ALLHOSTS_GROUP + 1)); /* 224.0.0.2 */
}

/* ---- answers ---- */

static void put_state(struct report *r, struct igmp_group *g)
{
	/* of sources that were asked for, those that we would take */
	if (g->asked_sources)
		put_record(r, g, IGMP_IS_INCLUDE);
	else
		put_record(r, g,
			   g->mode == IGMP_EXCLUDE ? IGMP_IS_EXCLUDE : IGMP_IS_INCLUDE);
	g->asked_sources = false;
}

void igmp_group_timer(struct timer *t)
{
	struct igmp_group *g = container_of(t, struct igmp_group, timer);
	struct igmp_dev *id = g->id;
	struct report r = {.id = id};

	switch (igmp_version(id)) {
	case 1:
		send_short(id, IGMP_V1_REPORT, g->addr, g->addr);
		break;
	case 2:
		send_short(id, IGMP_V2_REPORT, g->addr, g->addr);
		break;
	default:
		put_state(&r, g);
		report_send(&r);
		break;
	}
	if (g->unsolicited && --g->unsolicited)
		timer_set_at(t, now(id) + some_of(id, repeat_ns(id)));
	g->reporter = true;
}

static void general_timer(struct timer *t)
{
	struct igmp_dev *id = container_of(t, struct igmp_dev, general_timer);
	struct report r = {.id = id};
	struct igmp_group *g;

	list_for_each(g, &id->groups, node)
		if (igmp_is_reported(id, g->addr))
			put_state(&r, g);
	report_send(&r);
}

void igmp_timers_init(struct igmp_dev *id)
{
	timer_init(&id->change_timer, id->dev->net->worker->wheel, change_timer);
	timer_init(&id->general_timer, id->dev->net->worker->wheel, general_timer);
}

/* At a random time, unless it answers sooner anyway */
static void answer_within(struct igmp_dev *id, struct timer *t, u64 max_ns)
{
	u64 at = now(id) + some_of(id, max_ns);

	if (!timer_pending(t) || t->expires_ns > at)
		timer_set_at(t, at);
}

/* The sources that a query names join those it named before. false: none of them
 * concerns us */
static bool mark_sources(struct igmp_group *g, const struct pkt *p, u32 n)
{
	struct igmp_source *s;
	bool any = g->mode == IGMP_EXCLUDE;

	if (!g->asked_sources)
		list_for_each(s, &g->sources, node)
			s->asked = false;
	for (u32 i = 0; i < n; i++) {
		be32 addr;

		pkt_copy(p, 12 + i * 4, &addr, sizeof(addr));
		list_for_each(s, &g->sources, node)
			if (s->addr == addr) {
				s->asked = true;
				any |= s->wanted;
			}
	}
	return any;
}

struct query {
	be32 group;
	u64 max_ns;
	u32 n_sources;
};

static void ask_group(struct igmp_group *g, const struct pkt *p, const struct query *q)
{
	bool pending = timer_pending(&g->timer);

	if (!igmp_is_reported(g->id, g->addr))
		return;
	if (!q->n_sources) {
		g->asked_sources = false;
	} else if (!pending || g->asked_sources) {
		if (!mark_sources(g, p, q->n_sources))
			return;
		g->asked_sources = true;
	}
	answer_within(g->id, &g->timer, q->max_ns);
}

/* false: it makes no sense */
static bool read_query(struct igmp_dev *id, const struct pkt *p,
		       const struct igmp_hdr *h, struct query *q)
{
	u64 older = OLDER_QUERIER_S * NS_PER_S;
	struct igmp_query3 q3;

	*q = (struct query){.group = h->group, .max_ns = h->code * (NS_PER_S / 10)};
	if (p->len == sizeof(*h)) {
		if (!h->code) { /* version 1: ten seconds, always */
			q->max_ns = 10 * NS_PER_S;
			q->group = 0;
			id->v1_until_ns = now(id) + older;
		} else {
			id->v2_until_ns = now(id) + older;
		}
		timer_cancel(&id->change_timer);
		timer_cancel(&id->general_timer);
		id->changes = 0;
		return true;
	}
	if (p->len < sizeof(*h) + sizeof(q3))
		return false;
	pkt_copy(p, sizeof(*h), &q3, sizeof(q3));
	q->n_sources = be16_to_cpu(q3.n_sources);
	if (p->len < sizeof(*h) + sizeof(q3) + q->n_sources * 4)
		return false;
	if (igmp_version(id) == 3) {
		q->max_ns = max(igmp_time(h->code), 1U) * (NS_PER_S / 10);
		id->robustness = q3.flags & 7;
	} else if (!h->code) {
		q->max_ns = 10 * NS_PER_S;
	}
	return q->group || !q->n_sources;
}

static void query_in(struct igmp_dev *id, const struct pkt *p, const struct igmp_hdr *h)
{
	struct igmp_group *g;
	struct query q;

	if (!read_query(id, p, h, &q))
		return;
	if (!q.group && igmp_version(id) == 3) {
		answer_within(id, &id->general_timer, q.max_ns);
		return;
	}
	if (q.group) {
		g = igmp_find(id, q.group);
		if (g)
			ask_group(g, p, &q);
		return;
	}
	list_for_each(g, &id->groups, node)
		ask_group(g, p, &q);
}

/* Another host told of a group of ours: routers know enough. */
static void heard_report(struct igmp_dev *id, const struct pkt *p, be32 group)
{
	struct igmp_group *g = p->looped ? NULL : igmp_find(id, group);

	if (!g || !igmp_is_reported(id, group))
		return;
	timer_cancel(&g->timer);
	g->unsolicited = 0;
	g->reporter = false;
}

static bool igmp_receive(struct net *net, struct pkt *p)
{
	const struct in_dev4 *in = p->dev ? in_dev4(p->dev) : NULL;
	struct igmp_hdr h;

	if (!pkt_need(p, sizeof(h))) {
		pkt_drop(net, p, DROP_BAD_LENGTH);
		return true;
	}
	if (csum_fold(pkt_csum(p, 0, p->len, 0))) {
		pkt_drop(net, p, DROP_BAD_CSUM);
		return true;
	}
	memcpy(&h, p->data, sizeof(h));
	if (in && in->igmp) {
		if (h.type == IGMP_QUERY)
			query_in(in->igmp, p, &h);
		else if (h.type == IGMP_V1_REPORT || h.type == IGMP_V2_REPORT)
			heard_report(in->igmp, p, h.group);
	}
	pkt_free(p);
	return true;
}

static const struct ip_proto igmp_proto = {
    .protocol = IPPROTO_IGMP,
    .family = AF_INET,
    .receive = igmp_receive,
};

int igmp_boot(struct warren *w)
{
	return ip_proto_register(w, &igmp_part, &igmp_proto);
}
