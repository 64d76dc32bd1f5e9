/* SPDX-License-Identifier: MIT */
/*
 * frag.c - reassembly (RFC 791, 815, 1122 §3.3.2)
 *
 * A queue collects the pieces of one datagram: same source, destination,
 * identification, protocol and device. Pieces lie in order of offset; a piece
 * that repeats one exactly is dropped, one that overlaps otherwise condemns the
 * whole queue (as Linux does since the overlap attacks). When the last piece is
 * there and no gap is left the datagram is put together by sharing blocks.
 *
 * A queue ends by completion, after ipfrag_time (then the sender of the first
 * piece hears ICMP time exceeded, code 1), or when its net has more than
 * ipfrag_high_thresh bytes waiting: a net can exhaust only itself. ipfrag_max_dist
 * bounds how many fragments of the same sender may come in between.
 */

#include "ip/frag.h"

#include "base/wheel.h"
#include "core/dev.h"
#include "core/tunable.h"
#include "ip/icmp4.h"
#include "ip/ip4_impl.h"
#include "ip/ip_parts.h"

/* A sender with unfinished datagrams: how many of its fragments came */
struct frag_source {
	struct table_node node;
	struct net *net;
	be32 addr;
	u32 count;
	u32 users; /* queues */
};

struct frag_queue {
	struct table_node node;
	struct frag_source *source;
	u32 seen; /* source->count at our last fragment */
	struct list net_node;
	struct net *net;
	be32 src, dst;
	be16 id;
	u8 proto;
	s32 ifindex;
	struct timer timer;
	struct list pieces; /* struct pkt, data at the IP header, by offset */
	u32 have;	    /* payload bytes */
	u32 total;	    /* payload bytes of the datagram; 0: last piece not seen */
	u32 biggest;	    /* piece on the wire, header included */
	u32 bytes;	    /* charged */
	bool df;
};

struct frag_net {
	struct list queues;
	u32 n;
	u64 bytes;
};

struct frag_worker {
	struct table queues, sources;
};

/* In pkt.cb while a piece waits */
struct piece {
	u32 off, end; /* of its payload */
};

enum { T_HIGH, T_LOW, T_TIME, T_MAX_DIST };

static int thresh_changed(struct net *net, const struct tunable *t);

static const struct tunable frag_tunables[] = {
    [T_HIGH] = {.path = "net/ipv4/ipfrag_high_thresh",
		.max = INT64_MAX,
		.changed = thresh_changed,
		.def = {4194304}},
    [T_LOW] = {.path = "net/ipv4/ipfrag_low_thresh",
	       .max = INT64_MAX,
	       .changed = thresh_changed,
	       .def = {3145728}},
    [T_TIME] = {.path = "net/ipv4/ipfrag_time",
		.min = -2147483,
		.max = 2147483,
		.def = {30}},
    [T_MAX_DIST] = {.path = "net/ipv4/ipfrag_max_dist", .max = INT32_MAX, .def = {64}},
};

static int thresh_changed(struct net *net, const struct tunable *t)
{
	(void)t;
	return tunable_get(net, &frag_tunables[T_LOW], 0) <=
		       tunable_get(net, &frag_tunables[T_HIGH], 0)
		   ? 0
		   : -EINVAL;
}

static struct frag_net *frag_net(const struct net *net)
{
	return net_part(net, PART_FRAG);
}

static struct table *queues(const struct net *net)
{
	return &((struct frag_worker *)worker_part(net->worker, PART_FRAG))->queues;
}

void frag_count(const struct net *net, u32 *n, u64 *bytes)
{
	*n = frag_net(net)->n;
	*bytes = frag_net(net)->bytes;
}

/* ---- who sends ---- */

static struct table *sources(const struct net *net)
{
	return &((struct frag_worker *)worker_part(net->worker, PART_FRAG))->sources;
}

static struct frag_source *source_get(struct net *net, be32 addr)
{
	u32 hash = hash3(&net->worker->key, (__force u32)addr, 0, net->mix);
	struct frag_source *fs;

	for (struct table_node *n = table_first(sources(net), hash); n;
	     n = table_next(n)) {
		fs = container_of(n, struct frag_source, node);
		if (fs->net == net && fs->addr == addr) {
			fs->users++;
			return fs;
		}
	}
	fs = net_alloc(net, sizeof(*fs));
	if (!fs)
		return NULL;
	fs->net = net;
	fs->addr = addr;
	fs->users = 1;
	if (table_add(sources(net), &fs->node, hash)) {
		net_free(net, fs);
		return NULL;
	}
	return fs;
}

static void source_put(struct frag_source *fs)
{
	if (--fs->users)
		return;
	table_del(sources(fs->net), &fs->node);
	net_free(fs->net, fs);
}

static struct piece *piece(struct pkt *p)
{
	return (struct piece *)p->cb;
}

static void queue_empty(struct frag_queue *q, enum drop why)
{
	struct pkt *p;

	frag_net(q->net)->bytes -= q->bytes;
	q->bytes = 0;
	while ((p = list_first(&q->pieces, struct pkt, node))) {
		list_del(&p->node);
		pkt_drop(q->net, p, why);
	}
}

static void queue_free(struct frag_queue *q, enum drop why)
{
	struct frag_net *fn = frag_net(q->net);

	timer_cancel(&q->timer);
	table_del(queues(q->net), &q->node);
	list_del(&q->net_node);
	fn->n--;
	queue_empty(q, why);
	source_put(q->source);
	net_free(q->net, q);
}

/*
 * ipfrag_max_dist: so many fragments of the same sender came since our last one that
 * the identification may have gone round (RFC 4963); what is there belongs to an older
 * datagram
 */
static void queue_check_distance(struct frag_queue *q)
{
	u32 most = (u32)tunable_int(q->net, &frag_tunables[T_MAX_DIST]);
	u32 before = q->seen;

	q->seen = ++q->source->count;
	if (!most || list_empty(&q->pieces) || q->seen - before <= most)
		return;
	MIB_IP(q->net, IPSTATS_MIB_REASMFAILS);
	queue_empty(q, DROP_FRAG_TIMEOUT);
	q->have = q->total = q->biggest = 0;
	q->df = false;
}

static void queue_expire(struct timer *t)
{
	struct frag_queue *q = container_of(t, struct frag_queue, timer);
	struct pkt *first = list_first(&q->pieces, struct pkt, node);

	MIB_IP(q->net, IPSTATS_MIB_REASMTIMEOUT);
	MIB_IP(q->net, IPSTATS_MIB_REASMFAILS);
	/* Only who has the first piece can be told (RFC 1122 §3.3.2) */
	if (first)
		first->dev = dev_by_index(q->net, q->ifindex);
	if (first && first->dev && !piece(first)->off)
		icmp4_send_error(first, ICMP_TIME_EXCEEDED, ICMP_EXC_FRAGTIME, 0);
	queue_free(q, DROP_FRAG_TIMEOUT);
}

static u32 queue_hash(const struct net *net, const struct ip4_hdr *h)
{
	return hash3(&net->worker->key,
		     (u64)(__force u32)h->saddr << 32 | (__force u32)h->daddr,
		     (u64)(__force u16)h->id << 8 | h->protocol, net->mix);
}

static struct frag_queue *queue_find(struct net *net, const struct ip4_hdr *h,
				     s32 ifindex)
{
	u32 hash = queue_hash(net, h);
	struct frag_queue *q;

	for (struct table_node *n = table_first(queues(net), hash); n;
	     n = table_next(n)) {
		q = container_of(n, struct frag_queue, node);
		if (q->net == net && q->id == h->id && q->src == h->saddr &&
		    q->dst == h->daddr && q->proto == h->protocol &&
		    q->ifindex == ifindex)
			return q;
	}
	q = net_alloc(net, sizeof(*q));
	if (!q)
		return NULL;
	q->net = net;
	q->src = h->saddr;
	q->dst = h->daddr;
	q->id = h->id;
	q->proto = h->protocol;
	q->ifindex = ifindex;
	list_init(&q->pieces);
	timer_init(&q->timer, net->worker->wheel, queue_expire);
	q->source = source_get(net, h->saddr);
	if (!q->source)
		goto err_free;
	if (table_add(queues(net), &q->node, hash))
		goto err_source;
	timer_set_at(&q->timer,
		     clock_now(net->w) +
			 (u64)max(tunable_int(net, &frag_tunables[T_TIME]), 0) *
			     NS_PER_S);
	list_add_tail(&frag_net(net)->queues, &q->net_node);
	frag_net(net)->n++;
	return q;
err_source:
	source_put(q->source);
err_free:
	net_free(net, q);
	return NULL;
}

/* Return: 1 in its place, 0 a duplicate, -EINVAL an overlap */
static int queue_place(struct frag_queue *q, struct pkt *p)
{
	struct piece *c = piece(p);
	struct pkt *at = list_last(&q->pieces, struct pkt, node);

	/* Nearly always the next one in order */
	if (at && c->off >= piece(at)->end) {
		list_add_tail(&q->pieces, &p->node);
		return 1;
	}
	list_for_each(at, &q->pieces, node) {
		if (piece(at)->off == c->off && piece(at)->end == c->end)
			return 0;
		if (c->off < piece(at)->end && piece(at)->off < c->end)
			return -EINVAL;
		if (c->end <= piece(at)->off)
			break;
	}
	list_add_tail(&at->node, &p->node);
	return 1;
}

/*
 * All pieces are there: one packet, the first one's header in front. It goes on
 * where the piece that completed it was about to go (@dev, @rt; the route is taken
 * over), for only that one's device is sure to be still there.
 */
static struct pkt *put_together(struct frag_queue *q, struct dev *dev, struct route *rt)
{
	struct pkt *first = list_first(&q->pieces, struct pkt, node), *at, *out;
	u32 hdr_len = ip4_hdr_len((struct ip4_hdr *)first->data);
	struct ip4_hdr *h;

	if (hdr_len + q->total > PKT_MAX)
		return NULL;
	out = pkt_new(first->worker, PKT_HEADROOM, hdr_len + q->total);
	if (!out)
		return NULL;
	memcpy(pkt_put(out, hdr_len), first->data, hdr_len);
	list_for_each(at, &q->pieces, node)
		pkt_copy(at, ip4_hdr_len((struct ip4_hdr *)at->data),
			 pkt_put(out, piece(at)->end - piece(at)->off),
			 piece(at)->end - piece(at)->off);
	pkt_set_l3(out);
	out->l4 = (u16)(out->l3 + hdr_len);
	out->dev = dev;
	out->iif = first->iif;
	out->type = first->type;
	out->proto = first->proto;
	out->mark = first->mark;
	out->stamp_ns = first->stamp_ns;
	out->route = rt;
	out->route_put = rt ? route_put : NULL;
	h = pkt_l3(out);
	h->tot_len = cpu_to_be16((u16)out->len);
	h->frag_off = q->df ? cpu_to_be16(IP4_DF) : 0;
	ip4_set_check(h);
	return out;
}

/* Over the limit: the oldest datagrams of this net go */
static void make_room(struct net *net)
{
	struct frag_net *fn = frag_net(net);
	u64 high = (u64)tunable_get(net, &frag_tunables[T_HIGH], 0);

	while (fn->bytes > high && !list_empty(&fn->queues)) {
		MIB_IP(net, IPSTATS_MIB_REASMFAILS);
		queue_free(list_first(&fn->queues, struct frag_queue, net_node),
			   DROP_FRAG_LIMIT);
	}
}

static struct pkt *bad(struct net *net, struct frag_queue *q, struct pkt *p)
{
	MIB_IP(net, IPSTATS_MIB_REASMFAILS);
	pkt_drop(net, p, DROP_FRAG_BAD);
	if (q)
		queue_free(q, DROP_FRAG_BAD);
	return NULL;
}

struct pkt *frag4_reassemble(struct net *net, struct pkt *p)
{
	const struct ip4_hdr *h = pkt_l3(p);
	bool more = h->frag_off & cpu_to_be16(IP4_MF);
	u32 off = ip4_frag_off(h), len = p->len - ip4_hdr_len(h), charge;
	struct dev *dev = p->dev;
	struct route *rt;
	struct frag_queue *q;
	struct pkt *whole;
	int placed;

	MIB_IP(net, IPSTATS_MIB_REASMREQDS);
	make_room(net);
	if (!len || off + len > 65535 || (more && len & 7))
		return bad(net, NULL, p);
	q = queue_find(net, h, p->iif);
	if (!q) {
		MIB_IP(net, IPSTATS_MIB_REASMFAILS);
		pkt_drop(net, p, DROP_NO_MEMORY);
		return NULL;
	}
	queue_check_distance(q);
	/* The end must be where everybody says it is, and nothing behind it */
	if ((!more && q->total && q->total != off + len) ||
	    (q->total && off + len > q->total))
		return bad(net, q, p);
	*piece(p) = (struct piece){.off = off, .end = off + len};
	placed = queue_place(q, p);
	if (placed < 0)
		return bad(net, q, p);
	if (!placed) {
		pkt_drop(net, p, DROP_FRAG_BAD);
		return NULL;
	}
	/* What waits holds neither its device nor its route: both may go meanwhile */
	rt = p->route;
	p->route = NULL;
	p->dev = NULL;
	charge = pkt_truesize(p);
	q->bytes += charge;
	frag_net(net)->bytes += charge;
	q->have += len;
	q->df |= (h->frag_off & cpu_to_be16(IP4_DF)) != 0;
	q->biggest = max(q->biggest, p->len);
	if (!more) {
		struct pkt *last = list_last(&q->pieces, struct pkt, node);

		q->total = off + len;
		if (last != p) {
			MIB_IP(net, IPSTATS_MIB_REASMFAILS);
			queue_free(q, DROP_FRAG_BAD);
			q = NULL;
		}
	}
	if (!q || !q->total || q->have != q->total) {
		route_put(rt);
		return NULL;
	}
	whole = put_together(q, dev, rt);
	if (!whole)
		route_put(rt);
	MIB_IP(net, whole ? IPSTATS_MIB_REASMOKS : IPSTATS_MIB_REASMFAILS);
	queue_free(q, DROP_NONE);
	return whole;
}

/* ---- the part ---- */

static int frag_boot(struct warren *w)
{
	return tunable_register(w, &frag_part, frag_tunables,
				ARRAY_SIZE(frag_tunables));
}

static int frag_worker_init(struct worker *k)
{
	struct frag_worker *fw = worker_part(k, PART_FRAG);

	table_init(&fw->queues);
	table_init(&fw->sources);
	return 0;
}

static void frag_worker_exit(struct worker *k)
{
	struct frag_worker *fw = worker_part(k, PART_FRAG);

	table_fini(&fw->queues);
	table_fini(&fw->sources);
}

static int frag_net_init(struct net *net)
{
	list_init(&frag_net(net)->queues);
	return 0;
}

/* While the devices that the pieces hold still know their net */
static void frag_net_pre_exit(struct net *net)
{
	struct frag_queue *q;

	while ((q = list_first(&frag_net(net)->queues, struct frag_queue, net_node)))
		queue_free(q, DROP_NET_DYING);
}

const struct part frag_part = {
    .name = "frag",
    .id = PART_FRAG,
    .worker_size = sizeof(struct frag_worker),
    .net_size = sizeof(struct frag_net),
    .boot = frag_boot,
    .worker_init = frag_worker_init,
    .net_init = frag_net_init,
    .net_pre_exit = frag_net_pre_exit,
    .net_exit = frag_net_pre_exit,
    .worker_exit = frag_worker_exit,
};
