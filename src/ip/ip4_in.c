/* SPDX-License-Identifier: MIT */
/*
 * ip4_in.c - IPv4 packets that came in: validate, route, deliver or forward
 *
 *   ip4_receive  header checked (wire/inet.c), PRE_ROUTING
 *   ip4_route_in options, route_input(): deliver, forward, or an ICMP error
 *   deliver      reassembly (frag.c), LOCAL_IN, raw sockets, the transport
 *   forward      TTL, FORWARD, MTU, redirect, then ip4_out.c
 *
 * The rules are those of RFC 1122 §3.2 and RFC 1812 §5; the counters are
 * Linux's.
 */

#include "base/bug.h"
#include "core/hook.h"
#include "core/tunable.h"
#include "ip/addr4.h"
#include "ip/frag.h"
#include "ip/icmp4.h"
#include "ip/ip4_impl.h"
#include "ip/ip_parts.h"
#include "ip/rule.h"

#include <linux/if_ether.h>
#include <netinet/ip.h>

struct ip4_warren {
	const struct ip_raw_ops *raw;
};

static const struct ip_raw_ops *raw_ops(const struct net *net)
{
	return ((struct ip4_warren *)warren_part(net->w, PART_IP4))->raw;
}

void ip_raw_register(struct warren *w, const struct ip_raw_ops *ops)
{
	((struct ip4_warren *)warren_part(w, PART_IP4))->raw = ops;
}

int ip_proto_register(struct warren *w, const struct part *part,
		      const struct ip_proto *proto)
{
	return registry_add(w, REG_IP, part, NULL, proto->protocol, proto);
}

const struct ip_proto *ip4_proto(const struct net *net, u8 protocol)
{
	return registry_find_key(net, REG_IP, protocol);
}

void ip4_raw_error(struct net *net, const struct pkt *p, u8 protocol,
		   const struct ip_error *e)
{
	const struct ip_raw_ops *raw = raw_ops(net);

	if (raw && raw->error)
		raw->error(net, p, protocol, e);
}

/* ---- deliver ---- */

static void to_transport(struct net *net, struct pkt *p)
{
	const struct ip4_hdr *h = pkt_l3(p);
	const struct ip_raw_ops *raw = raw_ops(net);
	u8 protocol = h->protocol;
	const struct ip_proto *proto = ip4_proto(net, protocol);
	bool taken;

	pkt_pull(p, ip4_hdr_len(h));
	pkt_set_l4(p);
	taken = raw && raw->deliver(net, p, protocol);
	if (proto) {
		if (proto->receive(net, p)) {
			MIB_IP(net, IPSTATS_MIB_INDELIVERS);
			return;
		}
		pkt_drop(net, p, DROP_NO_SOCKET);
		return;
	}
	if (taken) {
		MIB_IP(net, IPSTATS_MIB_INDELIVERS);
		pkt_free(p);
		return;
	}
	MIB_IP(net, IPSTATS_MIB_INUNKNOWNPROTOS);
	pkt_push(p, ip4_hdr_len(h));
	icmp4_send_error(p, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, 0);
	pkt_drop(net, p, DROP_NO_PROTO);
}

void ip4_local_deliver(struct net *net, struct pkt *p)
{
	const struct hook_state st = {
	    .net = net,
	    .point = HOOK_LOCAL_IN,
	    .family = AF_INET,
	    .in = p->dev,
	};

	if (hook_run(p, &st))
		to_transport(net, p);
}

static void deliver(struct net *net, struct pkt *p)
{
	if (ip4_is_frag(pkt_l3(p))) {
		p = frag4_reassemble(net, p);
		if (!p)
			return;
	}
	ip4_local_deliver(net, p);
}

/* ---- forward ---- */

static void forward_error(struct net *net, struct pkt *p, u8 type, u8 code, u32 info,
			  enum drop why)
{
	icmp4_send_error(p, type, code, cpu_to_be32(info));
	pkt_drop(net, p, why);
}

/* Where a timestamp is taken: @us, or whichever of our addresses is asked */
static be32 stamp_addr(const struct net *net, const struct ip4_hdr *h,
		       const struct ip4_opts *o, be32 us)
{
	const u8 *ts = (const u8 *)h + o->ts;
	be32 asked;

	if ((ts[3] & 0xf) != IP4_TS_PRESPEC || ts[2] + 7 > ts[1])
		return us;
	memcpy(&asked, ts + ts[2] - 1, sizeof(asked));
	return addr4_is_local(net, asked) ? asked : us;
}

/*
 * Route and time of what passes (RFC 791 §3.1).
 * @in: ours where it came in; @out: ours as the next one sees us
 */
static void record(struct pkt *p, const struct ip4_opts *o, be32 in, be32 out)
{
	const struct ip4_opts rr = {.rr = o->rr}, ts = {.ts = o->ts};
	const struct net *net = p->dev->net;
	struct ip4_hdr *h = pkt_l3(p);

	if (rr.rr)
		ip4_opts_stamp(h, &rr, out, 0);
	if (ts.ts)
		ip4_opts_stamp(h, &ts, stamp_addr(net, h, o, in), ip4_time_ms(net));
}

static void record_forward(struct pkt *p, const struct ip4_opts *o)
{
	const struct ip4_hdr *h = pkt_l3(p);
	const struct route *rt = p->route;
	be32 next = rt->has_gateway ? rt->nexthop.v4 : h->daddr;

	record(p, o, addr4_select(rt->net, p->dev, h->saddr, RT_SCOPE_UNIVERSE),
	       addr4_select(rt->net, rt->dev, next, RT_SCOPE_UNIVERSE));
}

static void record_local(struct pkt *p, const struct ip4_opts *o)
{
	const struct ip4_hdr *h = pkt_l3(p);
	be32 us = h->daddr;

	if (p->route->type != RTN_LOCAL)
		us = addr4_select(p->dev->net, p->dev, h->saddr, RT_SCOPE_UNIVERSE);
	record(p, o, us, us);
}

static void forward(struct net *net, struct pkt *p, const struct ip4_opts *o)
{
	struct route *rt = p->route;
	struct hook_state st = {
	    .net = net,
	    .point = HOOK_FORWARD,
	    .family = AF_INET,
	    .in = p->dev,
	    .out = rt->dev,
	};
	struct ip4_hdr *h = pkt_l3(p);
	u32 mtu = route_mtu_forward(rt);

	if (p->type != PKT_HOST) {
		pkt_drop(net, p, DROP_OTHERHOST);
		return;
	}
	if (h->ttl <= 1) {
		MIB_IP(net, IPSTATS_MIB_INHDRERRORS);
		forward_error(net, p, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, 0, DROP_TTL);
		return;
	}
	MIB_IP(net, IPSTATS_MIB_OUTFORWDATAGRAMS);
	if (!ip4_fits(p, mtu) && h->frag_off & cpu_to_be16(IP4_DF) && !p->ignore_df) {
		MIB_IP(net, IPSTATS_MIB_FRAGFAILS);
		forward_error(net, p, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, mtu,
			      DROP_NEEDS_FRAG);
		return;
	}
	if (rt->redirect_wanted) {
		icmp4_send_error(p, ICMP_REDIRECT, ICMP_REDIR_HOST,
				 rt->has_gateway ? rt->nexthop.v4 : h->daddr);
	}
	ip4_dec_ttl(h);
	if (unlikely(o->rr || o->ts))
		record_forward(p, o);
	p->priority = h->tos;
	p->forwarded = 1;
	if (hook_run(p, &st))
		ip4_finish_output(net, p, rt);
}

/* ---- receive ---- */

static void no_route(struct net *net, struct pkt *p, int err, enum drop why)
{
	switch (err) {
	case -EHOSTUNREACH:
		if (why == DROP_NOT_FORWARDING)
			MIB_IP(net, IPSTATS_MIB_INADDRERRORS);
		else
			icmp4_send_error(p, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
		break;
	case -ENETUNREACH:
		MIB_IP(net, IPSTATS_MIB_INNOROUTES);
		icmp4_send_error(p, ICMP_DEST_UNREACH, ICMP_NET_UNREACH, 0);
		break;
	case -EACCES:
		icmp4_send_error(p, ICMP_DEST_UNREACH, ICMP_PKT_FILTERED, 0);
		break;
	case -EXDEV:
		MIB_EXT(net, LINUX_MIB_IPRPFILTER);
		break;
	default:
		break;
	}
	pkt_drop(net, p, why);
}

/* Options that say how we should treat the packet. Return: false: it is gone */
static bool options_in(struct dev *dev, struct pkt *p, const struct ip4_opts *o)
{
	struct net *net = dev->net;

	if (o->bad) {
		MIB_IP(net, IPSTATS_MIB_INHDRERRORS);
		icmp4_send_error(p, ICMP_PARAMETERPROB, 0,
				 cpu_to_be32((u32)o->bad << 24));
		pkt_drop(net, p, DROP_BAD_OPTION);
		return false;
	}
	if (o->srr && !conf4_get(net, dev, CONF4_ACCEPT_SOURCE_ROUTE)) {
		pkt_drop(net, p, DROP_BAD_OPTION);
		return false;
	}
	return true;
}

/* What rules may ask for. A fragment other than the first has no ports */
static void flow_ports(struct pkt *p, const struct ip4_hdr *h, struct flow *fl)
{
	const u8 *l4 = (const u8 *)h + ip4_hdr_len(h);
	const be16 *ports = (const void *)l4;

	if (h->protocol != IPPROTO_TCP && h->protocol != IPPROTO_UDP &&
	    h->protocol != IPPROTO_SCTP && h->protocol != IPPROTO_UDPLITE)
		return;
	if (h->frag_off & cpu_to_be16(IP4_OFFMASK) || l4 + 4 > p->data + p->linear)
		return;
	fl->sport = ports[0];
	fl->dport = ports[1];
}

static void route_in(struct dev *dev, struct pkt *p, const struct ip4_opts *o)
{
	struct net *net = dev->net;
	const struct ip4_hdr *h = pkt_l3(p);
	struct flow fl = {
	    .family = AF_INET,
	    .src = ipaddr_v4(h->saddr),
	    .dst = ipaddr_v4(h->daddr),
	    .tos = h->tos & (IPTOS_TOS_MASK & ~3),
	    .proto = h->protocol,
	    .mark = p->mark,
	    .any_src = p->looped,
	};
	struct route *rt;
	enum drop why;
	int err;

	if (unlikely(rule_wants_ports(net) || fib_wants_ports(net)))
		flow_ports(p, h, &fl);
	err = route_input(dev, &fl, &rt, &why);
	if (err) {
		no_route(net, p, err, why);
		return;
	}
	p->route = rt;
	p->route_put = route_put;
	if (unlikely(o->rr || o->ts) && rt->type != RTN_UNICAST)
		record_local(p, o);
	switch (rt->type) {
	case RTN_UNICAST:
		forward(net, p, o);
		break;
	case RTN_BROADCAST:
		MIB_IP(net, IPSTATS_MIB_INBCASTPKTS);
		mib(net)->ip[IPSTATS_MIB_INBCASTOCTETS] += p->len;
		deliver(net, p);
		break;
	case RTN_MULTICAST:
		MIB_IP(net, IPSTATS_MIB_INMCASTPKTS);
		mib(net)->ip[IPSTATS_MIB_INMCASTOCTETS] += p->len;
		deliver(net, p);
		break;
	default:
		deliver(net, p);
		break;
	}
}

static void ip4_receive(struct dev *dev, struct pkt *p)
{
	struct net *net = dev->net;
	struct hook_state st = {
	    .net = net,
	    .point = HOOK_PRE_ROUTING,
	    .family = AF_INET,
	    .in = dev,
	};
	struct ip4_info info;
	struct mib *m = mib(net);
	int err;

	m->ip[IPSTATS_MIB_INPKTS]++;
	m->ip[IPSTATS_MIB_INOCTETS] += p->len;
	if (p->type == PKT_OTHERHOST) {
		pkt_drop(net, p, DROP_OTHERHOST);
		return;
	}
	if (!pkt_need(p, sizeof(struct ip4_hdr)) ||
	    !pkt_need(p, max(ip4_hdr_len((struct ip4_hdr *)p->data), 20U))) {
		m->ip[IPSTATS_MIB_INTRUNCATEDPKTS]++;
		pkt_drop(net, p, DROP_BAD_LENGTH);
		return;
	}
	/* the four counters stand in the order of the two bits (RFC 3168 §5) */
	m->ip[IPSTATS_MIB_NOECTPKTS + (((const struct ip4_hdr *)p->data)->tos & 3)] +=
	    max((u32)p->gso_segs, 1U);
	err = ip4_parse(p->data, p->linear, &info);
	if ((!err || err == -EMSGSIZE) && info.tot_len > p->len) {
		m->ip[IPSTATS_MIB_INTRUNCATEDPKTS]++;
		pkt_drop(net, p, DROP_BAD_LENGTH);
		return;
	}
	if (err == -EBADMSG || ((!err || err == -EMSGSIZE) && !info.csum_ok)) {
		m->ip[IPSTATS_MIB_CSUMERRORS]++;
		m->ip[IPSTATS_MIB_INHDRERRORS]++;
		pkt_drop(net, p, DROP_BAD_CSUM);
		return;
	}
	if (err && err != -EMSGSIZE) { /* that one only says: the rest is not linear */
		m->ip[IPSTATS_MIB_INHDRERRORS]++;
		pkt_drop(net, p, DROP_BAD_HEADER);
		return;
	}
	pkt_trim(p, info.tot_len);
	pkt_set_l3(p);
	p->l4 = (u16)(p->l3 + info.hdr_len);
	if (!hook_run(p, &st))
		return;
	if (unlikely(info.opts.len) && !options_in(dev, p, &info.opts))
		return;
	route_in(dev, p, &info.opts);
}

static const struct link_proto ip4_link = {
    .ethertype = ETH_P_IP,
    .receive = ip4_receive,
};

/* ---- the part ---- */

static const struct tunable ip4_tunables[] = {
    {.path = "net/ipv4/ip_default_ttl", .min = 1, .max = 255, .def = {64}},
};

u8 ip4_default_ttl(const struct net *net)
{
	return (u8)tunable_int(net, &ip4_tunables[0]);
}

static int ip4_boot(struct warren *w)
{
	int err = path_register(w, &ip4_part, &ip4_link);

	if (err)
		return err;
	return tunable_register(w, &ip4_part, ip4_tunables, ARRAY_SIZE(ip4_tunables));
}

static int ip4_worker_init(struct worker *k)
{
	random_bytes(&k->w->random, ip4_worker(k)->ids, sizeof(ip4_worker(k)->ids));
	return 0;
}

static void ip4_net_exit(struct net *net)
{
	net_free(net, ip4_net(net)->mib);
	ip4_net(net)->mib = NULL;
}

const struct part ip4_part = {
    .name = "ip4",
    .id = PART_IP4,
    .warren_size = sizeof(struct ip4_warren),
    .worker_size = sizeof(struct ip4_worker),
    .net_size = sizeof(struct ip4_net),
    .boot = ip4_boot,
    .worker_init = ip4_worker_init,
    .net_exit = ip4_net_exit,
};
