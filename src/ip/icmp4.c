/* SPDX-License-Identifier: MIT */
/*
 * icmp4.c - ICMP: errors with rate limits, echo, path MTU (RFC 792, 1122
 * §3.2.2, 1191, 1812 §4.3)
 *
 * Errors are sent only for what RFC 1122 allows: not for another error, not
 * for a fragment but the first, not for what went to or came from a group or
 * broadcast. Two limits, as in Linux: a bucket for each destination
 * (icmp_ratelimit, for the types in icmp_ratemask) and one for the net
 * (icmp_msgs_per_sec, icmp_msgs_burst).
 *
 * Errors that come in are checked, turned into a struct ip_error, and given to
 * the transport whose packet they quote.
 */

#include "ip/icmp4.h"

#include "core/tunable.h"
#include "ip/addr4.h"
#include "ip/ip4_impl.h"
#include "ip/ip_parts.h"
#include "wire/csum.h"
#include "wire/icmp.h"

#include <netinet/ip.h>

#define PEERS	   256 /* buckets by hash of destination: a collision only limits more */
#define QUOTE_MAX  576 /* RFC 1812 §4.3.2.3: the whole error message */
#define PEER_BURST 6

#define REDIRECTS	    9 /* in a row to one host that does not listen, then silence */
#define REDIRECT_LOAD_NS    (20 * NS_PER_MS)	/* doubles with each */
#define REDIRECT_SILENCE_NS (20480 * NS_PER_MS) /* after which all begins anew */

struct icmp_peer {
	u64 at_ns;
	u64 tokens_ns;
	u64 redirect_at_ns;
	u8 redirects;
};

struct icmp4_net {
	struct icmp_peer *peers; /* made at the first error */
	u64 bucket_at_ns;
	u32 bucket;
	bool bucket_used;
};

struct icmp4_warren {
	const struct icmp4_ping_ops *ping;
};

enum {
	T_ECHO_IGNORE_ALL,
	T_ECHO_IGNORE_BROADCASTS,
	T_IGNORE_BOGUS,
	T_RATELIMIT,
	T_RATEMASK,
	T_MSGS_PER_SEC,
	T_MSGS_BURST,
	T_INBOUND_IFADDR,
	T_FWMARK_REFLECT,
	T_NO_PMTU_DISC,
};

static const struct tunable icmp4_tunables[] = {
    [T_ECHO_IGNORE_ALL] = {.path = "net/ipv4/icmp_echo_ignore_all", .max = 1},
    [T_ECHO_IGNORE_BROADCASTS] =
	{
	    .path = "net/ipv4/icmp_echo_ignore_broadcasts",
	    .max = 1,
	    .def = {1},
	},
    [T_IGNORE_BOGUS] =
	{
	    .path = "net/ipv4/icmp_ignore_bogus_error_responses",
	    .max = 1,
	    .def = {1},
	},
    [T_RATELIMIT] = {.path = "net/ipv4/icmp_ratelimit",
		     .max = INT32_MAX,
		     .def = {1000}},
    [T_RATEMASK] = {.path = "net/ipv4/icmp_ratemask", .def = {6168}},
    [T_MSGS_PER_SEC] =
	{
	    .path = "net/ipv4/icmp_msgs_per_sec",
	    .max = INT32_MAX,
	    .def = {1000},
	},
    [T_MSGS_BURST] =
	{
	    .path = "net/ipv4/icmp_msgs_burst",
	    .max = INT32_MAX,
	    .def = {50},
	},
    [T_INBOUND_IFADDR] =
	{
	    .path = "net/ipv4/icmp_errors_use_inbound_ifaddr",
	    .max = 1,
	},
    [T_FWMARK_REFLECT] = {.path = "net/ipv4/fwmark_reflect", .max = 255},
    [T_NO_PMTU_DISC] = {.path = "net/ipv4/ip_no_pmtu_disc", .max = 255},
};

int icmp4_no_pmtu_disc(const struct net *net)
{
	return tunable_int(net, &icmp4_tunables[T_NO_PMTU_DISC]);
}

/* The mark of an answer to @p */
static u32 reply_mark(const struct net *net, const struct pkt *p)
{
	return tunable_int(net, &icmp4_tunables[T_FWMARK_REFLECT]) ? p->mark : 0;
}

static struct icmp4_net *icmp4_net(const struct net *net)
{
	return net_part(net, PART_ICMP4);
}

static const struct icmp4_ping_ops *ping_ops(const struct net *net)
{
	return ((struct icmp4_warren *)warren_part(net->w, PART_ICMP4))->ping;
}

void icmp4_ping_register(struct warren *w, const struct icmp4_ping_ops *ops)
{
	((struct icmp4_warren *)warren_part(w, PART_ICMP4))->ping = ops;
}

/* ---- rate limits ---- */

static bool limited_type(struct net *net, u8 type, u8 code)
{
	if (type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED)
		return false; /* path MTU discovery depends on it */
	return type < 32 &&
	       (u32)tunable_int(net, &icmp4_tunables[T_RATEMASK]) >> type & 1;
}

static bool net_allows(struct net *net)
{
	struct icmp4_net *in = icmp4_net(net);
	u32 rate = (u32)tunable_int(net, &icmp4_tunables[T_MSGS_PER_SEC]);
	u32 burst = (u32)tunable_int(net, &icmp4_tunables[T_MSGS_BURST]);
	u64 t = clock_now(net->w), add;

	if (!in->bucket_used) {
		in->bucket_used = true;
		in->bucket = burst;
		in->bucket_at_ns = t;
	}
	add = (t - in->bucket_at_ns) / NS_PER_US * rate / 1000000;
	if (add) {
		in->bucket = (u32)min((u64)in->bucket + add, (u64)burst);
		in->bucket_at_ns = t;
	}
	if (!in->bucket)
		return false;
	in->bucket--;
	return true;
}

static struct icmp_peer *peer_of(struct net *net, be32 dst)
{
	struct icmp4_net *in = icmp4_net(net);

	if (!in->peers) {
		in->peers = net_alloc(net, PEERS * sizeof(*in->peers));
		if (!in->peers)
			return NULL;
		for (int i = 0; i < PEERS; i++)
			in->peers[i].tokens_ns = UINT64_MAX / 2;
	}
	return &in->peers[hash3(&net->worker->key, (__force u32)dst, net->mix, 1) %
			  PEERS];
}

static bool peer_allows(struct net *net, be32 dst)
{
	u64 cost = (u64)tunable_int(net, &icmp4_tunables[T_RATELIMIT]) * NS_PER_MS;
	u64 t = clock_now(net->w);
	struct icmp_peer *peer;

	if (!cost)
		return true;
	peer = peer_of(net, dst);
	if (!peer)
		return false;
	peer->tokens_ns = min(peer->tokens_ns + (t - peer->at_ns), cost * PEER_BURST);
	peer->at_ns = t;
	if (peer->tokens_ns < cost)
		return false;
	peer->tokens_ns -= cost;
	return true;
}

/* Each redirect doubles the wait for the next; who never obeys is left alone */
static bool redirect_allows(struct net *net, be32 dst)
{
	struct icmp_peer *peer = peer_of(net, dst);
	u64 t = clock_now(net->w);

	if (!peer)
		return false;
	if (t > peer->redirect_at_ns + REDIRECT_SILENCE_NS)
		peer->redirects = 0;
	if (peer->redirects >= REDIRECTS) {
		peer->redirect_at_ns = t;
		return false;
	}
	if (peer->redirects &&
	    t <= peer->redirect_at_ns + (REDIRECT_LOAD_NS << peer->redirects))
		return false;
	peer->redirect_at_ns = t;
	peer->redirects++;
	return true;
}

static bool allowed(struct net *net, const struct route *rt, be32 dst, u8 type, u8 code)
{
	if (type == ICMP_REDIRECT)
		return redirect_allows(net, dst);
	if (!limited_type(net, type, code))
		return true;
	if (dev_is_lo(rt->dev))
		return true;
	if (!net_allows(net)) {
		MIB_ICMP(net, MIB_ICMP_LIMITED_ALL);
		return false;
	}
	if (!peer_allows(net, dst)) {
		MIB_ICMP(net, MIB_ICMP_LIMITED_HOST);
		return false;
	}
	return true;
}

/* ---- sending ---- */

static void icmp_seal(struct pkt *p)
{
	struct icmp_hdr *h = (struct icmp_hdr *)p->data;

	h->checksum = 0;
	h->checksum = csum_fold(pkt_csum(p, 0, p->len, 0));
	p->csum = PKT_CSUM_OK;
}

void icmp4_count_out(struct net *net, u8 type)
{
	struct mib *m = mib(net);

	m->icmp[ICMP_MIB_OUTMSGS]++;
	m->icmp_out[type]++;
}

/* @s: all but the protocol */
static void icmp_send(struct net *net, struct pkt *p, struct ip_send *s)
{
	const struct icmp_hdr *h = (struct icmp_hdr *)p->data;

	icmp4_count_out(net, h->type);
	icmp_seal(p);
	s->proto = IPPROTO_ICMP;
	ip4_output(net, p, s);
}

/* Is an ICMP error about this packet forbidden? */
static bool never(struct net *net, const struct pkt *p, const struct ip4_hdr *h)
{
	const u8 *l4 = (const u8 *)h + ip4_hdr_len(h);
	u32 have = (u32)(p->data + p->linear - l4);

	if (p->type == PKT_BROADCAST || p->type == PKT_MULTICAST)
		return true;
	if (ip4_is_multicast(h->daddr) || ip4_is_broadcast(h->daddr) || !h->saddr ||
	    ip4_is_multicast(h->saddr) || ip4_is_broadcast(h->saddr))
		return true;
	if (p->route &&
	    (p->route->type == RTN_BROADCAST || p->route->type == RTN_MULTICAST))
		return true;
	if (ip4_frag_off(h))
		return true;
	(void)net;
	return h->protocol == IPPROTO_ICMP && p->len > ip4_hdr_len(h) &&
	       (!have || icmp_is_error(l4[0]) || l4[0] > NR_ICMP_TYPES);
}

/* From which address? The one the packet was for if it is ours, else of the way out */
static be32 error_source(struct net *net, const struct pkt *p, const struct ip4_hdr *h)
{
	struct dev *in = p->iif ? dev_by_index(net, p->iif) : NULL;

	if (addr4_is_local(net, h->daddr))
		return h->daddr;
	if (in && tunable_int(net, &icmp4_tunables[T_INBOUND_IFADDR]))
		return addr4_select(net, in, 0, RT_SCOPE_LINK);
	return 0;
}

static struct pkt *error_build(struct net *net, const struct pkt *p, u32 from, u8 type,
			       u8 code, be32 info)
{
	u32 quote = min(p->len - from, (u32)(QUOTE_MAX - 20 - 8));
	struct pkt *e =
	    pkt_new(net->worker, PKT_HEADROOM, (u32)sizeof(struct icmp_hdr) + quote);
	struct icmp_hdr *h;

	if (!e)
		return NULL;
	h = (struct icmp_hdr *)pkt_put(e, sizeof(*h));
	h->type = type;
	h->code = code;
	h->rest = info;
	pkt_copy(p, from, pkt_put(e, quote), quote);
	return e;
}

void icmp4_send_error(struct pkt *p, u8 type, u8 code, be32 info)
{
	struct net *net = p->route ? p->route->net : p->dev ? p->dev->net : NULL;
	const struct ip4_hdr *h = pkt_l3(p);
	struct flow fl = {.family = AF_INET};
	struct route *rt;
	struct pkt *e;
	be32 src;

	if (!net || (const u8 *)h < p->data || p->linear < sizeof(*h) ||
	    never(net, p, h))
		return;
	src = error_source(net, p, h);
	fl.dst = ipaddr_v4(h->saddr);
	fl.src = ipaddr_v4(src);
	fl.proto = IPPROTO_ICMP;
	fl.tos = 0;
	fl.mark = reply_mark(net, p);
	fl.any_src = true;
	if (route_output(net, &fl, &rt))
		return;
	if (rt->type == RTN_BROADCAST || rt->type == RTN_MULTICAST ||
	    !allowed(net, rt, h->saddr, type, code))
		goto out;
	e = error_build(net, p, (u32)((const u8 *)h - p->data), type, code, info);
	if (e)
		icmp_send(net, e,
			  &(struct ip_send){
			      .route = rt,
			      .src = fl.src,
			      .dst = ipaddr_v4(h->saddr),
			      .tos = (u8)((h->tos & IPTOS_TOS_MASK) |
					  IPTOS_PREC_INTERNETCONTROL),
			      .mark = fl.mark,
			  });
out:
	route_put(rt);
}

/* Answer @p (at its ICMP header, which is turned into the reply) to who sent it.
 * Consumes. */
static void icmp_reply(struct net *net, struct pkt *p, u8 type)
{
	const struct ip4_hdr *ip = pkt_l3(p);
	struct icmp_hdr *h = (struct icmp_hdr *)p->data;
	be32 dst = ip->saddr, src = ip->daddr;
	struct flow fl = {
	    .family = AF_INET, .dst = ipaddr_v4(dst), .mark = reply_mark(net, p)};
	struct ip_send s = {.tos = ip->tos, .mark = fl.mark, .dst = fl.dst};
	struct ip4_opts o;
	struct route *rt;
	u8 opts[40];

	if (unlikely(ip4_hdr_len(ip) > sizeof(*ip)) &&
	    !ip4_parse_opts((const u8 *)ip, ip4_hdr_len(ip), &o)) {
		s.opts = opts;
		s.opt_len = (u8)ip4_opts_echo((const u8 *)ip, &o, opts);
	}
	if (p->route && p->route->type == RTN_LOCAL)
		fl.src = ipaddr_v4(src);
	if (route_output(net, &fl, &rt)) {
		pkt_drop(net, p, DROP_NO_ROUTE);
		return;
	}
	if (!allowed(net, rt, dst, type, 0)) {
		route_put(rt);
		pkt_drop(net, p, DROP_FILTER);
		return;
	}
	h->type = type;
	h->code = 0;
	pkt_scrub(p, false);
	s.route = rt;
	s.src = fl.src;
	icmp_send(net, p, &s);
	route_put(rt);
}

/* ---- receiving ---- */

static bool echo(struct net *net, struct pkt *p)
{
	if (tunable_int(net, &icmp4_tunables[T_ECHO_IGNORE_ALL])) {
		pkt_drop(net, p, DROP_FILTER);
		return true;
	}
	icmp_reply(net, p, ICMP_ECHOREPLY);
	return true;
}

/* RFC 792: milliseconds since midnight UT, twice */
static bool timestamp(struct net *net, struct pkt *p)
{
	be32 ms = cpu_to_be32((u32)(clock_wall(net->w) / NS_PER_MS % 86400000));

	if (!pkt_need(p, 20)) {
		MIB_ICMP(net, ICMP_MIB_INERRORS);
		pkt_drop(net, p, DROP_BAD_LENGTH);
		return true;
	}
	memcpy(p->data + 12, &ms, sizeof(ms));
	memcpy(p->data + 16, &ms, sizeof(ms));
	pkt_trim(p, 20);
	icmp_reply(net, p, ICMP_TIMESTAMPREPLY);
	return true;
}

static const struct {
	int err;
	bool fatal;
} unreach[] = {
    [ICMP_NET_UNREACH] = {ENETUNREACH, false},
    [ICMP_HOST_UNREACH] = {EHOSTUNREACH, false},
    [ICMP_PROT_UNREACH] = {ENOPROTOOPT, true},
    [ICMP_PORT_UNREACH] = {ECONNREFUSED, true},
    [ICMP_FRAG_NEEDED] = {EMSGSIZE, false},
    [ICMP_SR_FAILED] = {EOPNOTSUPP, false},
    [ICMP_NET_UNKNOWN] = {ENETUNREACH, true},
    [ICMP_HOST_UNKNOWN] = {EHOSTDOWN, true},
    [ICMP_HOST_ISOLATED] = {ENONET, true},
    [ICMP_NET_ANO] = {ENETUNREACH, true},
    [ICMP_HOST_ANO] = {EHOSTUNREACH, true},
    [ICMP_NET_UNR_TOS] = {ENETUNREACH, false},
    [ICMP_HOST_UNR_TOS] = {EHOSTUNREACH, false},
    [ICMP_PKT_FILTERED] = {EHOSTUNREACH, true},
    [ICMP_PREC_VIOLATION] = {EHOSTUNREACH, true},
    [ICMP_PREC_CUTOFF] = {EHOSTUNREACH, true},
};

/* The MTU that a router without RFC 1191 must have had: the next plateau below */
static u32 guess_mtu(u32 old)
{
	static const u16 plateaus[] = {32000, 17914, 8166, 4352, 2002, 1492,
				       576,   296,   216,  128,	 68};

	for (size_t i = 0; i < ARRAY_SIZE(plateaus); i++)
		if (old > plateaus[i])
			return plateaus[i];
	return 68;
}

static void fill_error(const struct icmp_hdr *h, const struct ip4_hdr *outer,
		       const struct ip4_hdr *inner, struct ip_error *e)
{
	*e = (struct ip_error){
	    .family = AF_INET,
	    .from = ipaddr_v4(outer->saddr),
	    .src = ipaddr_v4(inner->saddr),
	    .dst = ipaddr_v4(inner->daddr),
	    .type = h->type,
	    .code = h->code,
	    .ttl = outer->ttl,
	    .tos = outer->tos,
	};
	switch (h->type) {
	case ICMP_DEST_UNREACH:
		e->err = unreach[h->code].err;
		e->fatal = unreach[h->code].fatal;
		if (h->code == ICMP_FRAG_NEEDED) {
			e->info = be16_to_cpu(h->frag.mtu);
			if (!e->info)
				e->info = guess_mtu(be16_to_cpu(inner->tot_len));
		}
		break;
	case ICMP_PARAMETERPROB:
		e->err = EPROTO;
		e->fatal = true;
		e->info = h->pointer;
		break;
	case ICMP_TIME_EXCEEDED:
		e->err = EHOSTUNREACH;
		break;
	case ICMP_REDIRECT:
		e->info = be32_to_cpu(h->gateway);
		break;
	default: /* source quench: RFC 6633 says ignore */
		break;
	}
}

/* Only the gateway in use may name another one (RFC 1122 §3.2.2.2) */
static bool from_gateway(struct net *net, const struct ip_error *e)
{
	struct flow fl = {
	    .family = AF_INET, .src = e->src, .dst = e->dst, .any_src = true};
	struct route *rt;
	bool yes;

	if (route_output(net, &fl, &rt))
		return false;
	yes = rt->has_gateway && ipaddr_equal(&rt->nexthop, &e->from);
	route_put(rt);
	return yes;
}

static void learn(struct net *net, const struct ip_error *e, struct dev *dev)
{
	struct ipaddr gw;

	if (e->type == ICMP_DEST_UNREACH && e->code == ICMP_FRAG_NEEDED)
		route_learn_pmtu(net, &e->dst, &e->src, e->info);
	if (e->type != ICMP_REDIRECT || !conf4_get(net, dev, CONF4_ACCEPT_REDIRECTS))
		return;
	if (!from_gateway(net, e))
		return;
	gw = ipaddr_v4(cpu_to_be32(e->info));
	route_learn_redirect(net, &e->dst, &gw, dev);
}

/*
 * ip_no_pmtu_disc: 1, what the router says does not count, only that it is less; 2,
 * nothing is believed; 3, only what the transport can check by its sequence numbers
 */
static bool believes_pmtu(const struct net *net, u8 protocol, struct ip_error *e)
{
	switch (icmp4_no_pmtu_disc(net)) {
	case 0:
		return true;
	case 2:
		return false;
	case 3:
		return protocol == IPPROTO_TCP;
	default:
		e->info = 0;
		return true;
	}
}

/* An error about a packet that we sent, if it is true */
static void error_in(struct net *net, struct pkt *p)
{
	const struct ip4_hdr *outer;
	const struct ip_proto *proto;
	const struct ip4_hdr *inner;
	struct icmp_hdr h;
	struct ip_error e;
	u32 inner_len;
	u8 protocol;

	if (!pkt_need(p, sizeof(h) + sizeof(*inner)))
		goto bad;
	memcpy(&h, p->data, sizeof(h));
	inner = (const struct ip4_hdr *)(p->data + sizeof(h));
	inner_len = ip4_hdr_len(inner);
	if (inner_len < sizeof(*inner) || !pkt_need(p, (u32)sizeof(h) + inner_len + 8))
		goto bad;
	outer = pkt_l3(p);
	inner = (const struct ip4_hdr *)(p->data + sizeof(h));
	if (h.type == ICMP_DEST_UNREACH && h.code > NR_ICMP_UNREACH)
		goto bad;
	fill_error(&h, outer, inner, &e);
	protocol = inner->protocol;
	if (h.type == ICMP_DEST_UNREACH && h.code == ICMP_FRAG_NEEDED &&
	    !believes_pmtu(net, protocol, &e)) {
		pkt_free(p);
		return;
	}
	proto = ip4_proto(net, protocol);
	/* RFC 1122 §3.2.2: a quoted packet that we could not have sent teaches nothing
	 */
	if (addr4_is_local(net, inner->saddr))
		learn(net, &e, p->dev);
	pkt_pull(p, (u32)sizeof(h) + inner_len);
	ip4_raw_error(net, p, protocol, &e);
	if (proto && proto->error)
		proto->error(net, p, &e);
	pkt_free(p);
	return;
bad:
	MIB_ICMP(net, ICMP_MIB_INERRORS);
	pkt_drop(net, p, DROP_BAD_LENGTH);
}

static bool to_group(const struct pkt *p)
{
	return p->route &&
	       (p->route->type == RTN_BROADCAST || p->route->type == RTN_MULTICAST);
}

static bool icmp4_receive(struct net *net, struct pkt *p)
{
	struct mib *m = mib(net);
	u8 type;

	m->icmp[ICMP_MIB_INMSGS]++;
	if (p->csum == PKT_CSUM_NONE && csum_fold(pkt_csum(p, 0, p->len, 0))) {
		m->icmp[ICMP_MIB_CSUMERRORS]++;
		m->icmp[ICMP_MIB_INERRORS]++;
		pkt_drop(net, p, DROP_BAD_CSUM);
		return true;
	}
	if (!pkt_need(p, sizeof(struct icmp_hdr))) {
		m->icmp[ICMP_MIB_INERRORS]++;
		pkt_drop(net, p, DROP_BAD_LENGTH);
		return true;
	}
	type = p->data[0];
	m->icmp_in[type]++;
	if (to_group(p) && (type == ICMP_ECHO || type == ICMP_TIMESTAMP) &&
	    tunable_int(net, &icmp4_tunables[T_ECHO_IGNORE_BROADCASTS])) {
		pkt_drop(net, p, DROP_FILTER);
		return true;
	}
	switch (type) {
	case ICMP_ECHO:
		return echo(net, p);
	case ICMP_TIMESTAMP:
		return timestamp(net, p);
	case ICMP_DEST_UNREACH:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETERPROB:
	case ICMP_SOURCE_QUENCH:
	case ICMP_REDIRECT:
		error_in(net, p);
		return true;
	case ICMP_ECHOREPLY:
		if (ping_ops(net))
			ping_ops(net)->deliver(net, p);
		pkt_free(p);
		return true;
	default:
		pkt_drop(net, p, DROP_NO_PROTO);
		return true;
	}
}

/* An error about an ICMP message of ours: ping sockets */
static void icmp4_error(struct net *net, const struct pkt *p, const struct ip_error *e)
{
	if (ping_ops(net) && ping_ops(net)->error)
		ping_ops(net)->error(net, p, e);
}

static const struct ip_proto icmp4_proto = {
    .protocol = IPPROTO_ICMP,
    .family = AF_INET,
    .receive = icmp4_receive,
    .error = icmp4_error,
};

static int icmp4_boot(struct warren *w)
{
	int err = ip_proto_register(w, &icmp4_part, &icmp4_proto);

	if (err)
		return err;
	return tunable_register(w, &icmp4_part, icmp4_tunables,
				ARRAY_SIZE(icmp4_tunables));
}

static void icmp4_net_exit(struct net *net)
{
	net_free(net, icmp4_net(net)->peers);
	icmp4_net(net)->peers = NULL;
}

const struct part icmp4_part = {
    .name = "icmp4",
    .id = PART_ICMP4,
    .warren_size = sizeof(struct icmp4_warren),
    .net_size = sizeof(struct icmp4_net),
    .boot = icmp4_boot,
    .net_exit = icmp4_net_exit,
};
