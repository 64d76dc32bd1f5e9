/* SPDX-License-Identifier: MIT */
/*
 * fuzz_frame.c - what comes over a wire, to two namespaces with sockets
 *
 *	the input -- w0 [a: 10.0.0.1, 10.1.0.1, forwards] v0 -- v0 [b: 10.1.0.2]
 *
 * The input is a byte of options and a list of steps: a byte that says what, a
 * byte of length, and as many bytes. We sit at 10.0.0.2. What we send gets right
 * checksums, and TCP numbers count from what the stack sent last on the same
 * flow, so that little noise gets far: a flow may be opened, filled, acknowledged
 * in part, closed. What the stack sends is checked: it is a valid packet whatever
 * came before.
 */

#include "fuzz.h"
#include "warren.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <linux/icmp.h>

#include "wire/csum.h"
#include "wire/ether.h"
#include "wire/inet.h"
#include "wire/tcp.h"
#include "wire/udp.h"

enum {
	FLOWS = 4,
	SOCKS = 8,
	FRAME_MAX = 2048,
	TURNS_MAX = 20000, /* after that many something runs in circles */

	/* options */
	OPT_SILENT = 1, /* questions of ARP stay without an answer */
	OPT_SMALL = 2,	/* a small MTU on w0 */
	OPT_WAIT = 4,	/* at the end everything is closed and times out */

	OPT_LAX = 16, /* source routes, redirects, timestamps off */
};

/* As far as we can see it */
struct peer_flow {
	u16 ours, theirs;
	be32 to;
	u32 next, acked, ts;
};

struct world {
	struct warren *w;
	struct warren_ns *a, *b;
	struct warren_wire *wire;
	struct warren_sock *sock[SOCKS];
	struct peer_flow flow[FLOWS];
	bool silent, raw;   /* raw: a program wrote what it liked */
	u8 last[FRAME_MAX]; /* IP packet that the stack sent last */
	u32 last_len;
	u8 sent[FRAME_MAX]; /* frame that we sent last */
	u32 sent_len;
};

/* The bytes of one step, eaten from the front; behind the end there are zeros */
struct bytes {
	const u8 *at, *end;
};

static u8 eat(struct bytes *b)
{
	return b->at < b->end ? *b->at++ : 0;
}

static u16 eat16(struct bytes *b)
{
	u16 hi = eat(b);

	return (u16)(hi << 8 | eat(b));
}

static be32 addr(u8 a, u8 b, u8 c, u8 d)
{
	return cpu_to_be32((u32)a << 24 | (u32)b << 16 | (u32)c << 8 | d);
}

static const u8 our_mac[6] = {2, 0, 0, 0, 0, 2};
static const u8 w0_mac[6] = {2, 0, 0, 0, 0, 1};

/* ---- what the stack sends ---- */

static void answer_arp(struct world *wd, const u8 *frame, size_t len)
{
	struct ether_hdr eth = {.proto = cpu_to_be16(ETH_P_ARP)};
	u8 out[sizeof(eth) + sizeof(struct arp_ether)];
	struct arp_ether arp;

	EXPECT(len >= sizeof(out));
	memcpy(&arp, frame + sizeof(eth), sizeof(arp));
	if (arp.op != cpu_to_be16(ARP_OP_REQUEST) || wd->silent)
		return;
	memcpy(eth.dst, arp.sha, 6);
	memcpy(eth.src, our_mac, 6);
	arp.op = cpu_to_be16(ARP_OP_REPLY);
	memcpy(arp.tha, arp.sha, 6);
	memcpy(arp.sha, our_mac, 6);
	{
		be32 asked = arp.tpa;

		arp.tpa = arp.spa;
		arp.spa = asked;
	}
	memcpy(out, &eth, sizeof(eth));
	memcpy(out + sizeof(eth), &arp, sizeof(arp));
	warren_wire_input(wd->wire, out, sizeof(out));
}

static u32 l4_sum(const struct ip4_info *i, const u8 *l4)
{
	return csum_partial(l4, i->payload_len,
			    csum_pseudo4(i->src, i->dst, i->proto, i->payload_len));
}

/* A segment of a itself is valid. What one says is remembered */
static void see_tcp(struct world *wd, const struct ip4_info *i, const u8 *l4)
{
	bool by_a = i->src == addr(10, 0, 0, 1); /* else it may be ours, come back */
	struct tcp_opts opts = {0};
	struct tcp_hdr th = {0};
	u32 hdr_len;

	memcpy(&th, l4, min(sizeof(th), (size_t)i->payload_len));
	hdr_len = tcp_hdr_len(&th);
	if (hdr_len < 20 || hdr_len > i->payload_len ||
	    tcp_parse_opts(l4 + 20, hdr_len - 20, &opts)) {
		EXPECT(!by_a);
		return;
	}
	EXPECT(!by_a || csum_fold(l4_sum(i, l4)) == 0);
	for (int n = 0; n < FLOWS; n++) {
		struct peer_flow *f = &wd->flow[n];

		if (th.dest != cpu_to_be16(f->ours) || i->src != f->to)
			continue;
		if (f->theirs && th.source != cpu_to_be16(f->theirs))
			continue;
		f->theirs = be16_to_cpu(th.source);
		f->next = be32_to_cpu(th.seq) + i->payload_len - hdr_len +
			  !!(th.flags & TCPHDR_SYN) + !!(th.flags & TCPHDR_FIN);
		if (th.flags & TCPHDR_ACK)
			f->acked = be32_to_cpu(th.ack_seq);
		if (opts.present & TCP_HAS_TS)
			f->ts = opts.ts_val;
		return;
	}
}

static void see_ip(struct world *wd, const u8 *data, u32 len)
{
	struct ip4_info i;

	EXPECT(ip4_parse(data, len, &i) == 0 && i.csum_ok);
	EXPECT(i.tot_len == len);
	wd->last_len = min(len, (u32)FRAME_MAX);
	memcpy(wd->last, data, wd->last_len);
	if (i.is_frag || wd->raw)
		return;
	if (i.proto == IPPROTO_TCP)
		see_tcp(wd, &i, data + i.hdr_len);
	if (i.proto == IPPROTO_ICMP && i.src == addr(10, 0, 0, 1))
		EXPECT(i.payload_len >= 8 &&
		       csum_fold(csum_partial(data + i.hdr_len, i.payload_len, 0)) ==
			   0);
}

static void output(void *arg, const void *frame, size_t len)
{
	struct world *wd = arg;
	struct ether_hdr eth;

	EXPECT(len >= sizeof(eth) && len <= 1500 + sizeof(eth));
	memcpy(&eth, frame, sizeof(eth));
	if (eth.proto == cpu_to_be16(ETH_P_ARP))
		answer_arp(wd, frame, len);
	else if (eth.proto == cpu_to_be16(ETH_P_IP))
		see_ip(wd, (const u8 *)frame + sizeof(eth), (u32)(len - sizeof(eth)));
}

/* ---- what we send ---- */

static void input(struct world *wd, const u8 *frame, u32 len)
{
	u8 *copy = fuzz_copy(frame, len);

	wd->sent_len = min(len, (u32)FRAME_MAX);
	memmove(wd->sent, frame, wd->sent_len);
	warren_wire_input(wd->wire, copy, len);
	free(copy);
}

/* Right checksums, as far as there is something to be right */
static void mend(u8 *ip, u32 len)
{
	struct ip4_hdr *h = (void *)ip;
	u32 hdr_len, at = 0;
	struct ip4_info i;

	if (len < sizeof(*h) || h->ver_ihl >> 4 != 4)
		return;
	hdr_len = ip4_hdr_len(h);
	if (hdr_len < 20 || hdr_len > len)
		return;
	h->check = 0;
	h->check = csum_ip4(h, hdr_len);
	if (ip4_parse(ip, len, &i) || i.is_frag)
		return;
	at = i.proto == IPPROTO_TCP ? 16 : i.proto == IPPROTO_UDP ? 6 : 2;
	if (i.payload_len < at + 2 ||
	    (i.proto != IPPROTO_TCP && i.proto != IPPROTO_UDP &&
	     i.proto != IPPROTO_ICMP))
		return;
	memset(ip + hdr_len + at, 0, 2);
	{
		be16 sum = csum_fold(i.proto == IPPROTO_ICMP
					 ? csum_partial(ip + hdr_len, i.payload_len, 0)
					 : l4_sum(&i, ip + hdr_len));

		memcpy(ip + hdr_len + at, &sum, 2);
	}
}

static void input_ip(struct world *wd, const u8 *ip, u32 len)
{
	struct ether_hdr eth = {.proto = cpu_to_be16(ETH_P_IP)};
	u8 frame[FRAME_MAX];

	BUG_ON(len > FRAME_MAX - sizeof(eth));
	memcpy(eth.dst, w0_mac, 6);
	memcpy(eth.src, our_mac, 6);
	memcpy(frame, &eth, sizeof(eth));
	memcpy(frame + sizeof(eth), ip, len);
	mend(frame + sizeof(eth), len);
	input(wd, frame, (u32)sizeof(eth) + len);
}

/* @l4: @len bytes behind the header */
static void input_l4(struct world *wd, be32 from, be32 to, u8 proto, u16 id, u16 frag,
		     const u8 *l4, u32 len)
{
	struct ip4_hdr h = {
	    .ver_ihl = 0x45,
	    .tot_len = cpu_to_be16((u16)(sizeof(h) + len)),
	    .id = cpu_to_be16(id),
	    .frag_off = cpu_to_be16(frag),
	    .ttl = 3,
	    .protocol = proto,
	    .saddr = from,
	    .daddr = to,
	};
	u8 ip[FRAME_MAX - 32];

	len = min(len, (u32)(sizeof(ip) - sizeof(h)));
	memcpy(ip, &h, sizeof(h));
	memcpy(ip + sizeof(h), l4, len);
	input_ip(wd, ip, (u32)sizeof(h) + len);
}

static u32 build_opts(const struct peer_flow *f, u8 what, struct bytes *b, u8 *out)
{
	struct tcp_opts o = {0};
	u32 una = f->next;

	if (what & 1)
		o.present |= TCP_HAS_TS;
	o.ts_val = 1000 + eat16(b);
	o.ts_ecr = f->ts;
	if (what & 2) {
		o.present |= TCP_HAS_MSS | TCP_HAS_WSCALE | TCP_HAS_SACK_OK;
		o.mss = (u16)(eat16(b) | 1);
		o.wscale = eat(b) % (TCP_WSCALE_MAX + 1);
		o.sack_ok = true;
	}
	if (what & 4) {
		o.present |= TCP_HAS_SACK;
		o.n_sacks = 1 + eat(b) % 3;
		for (int i = 0; i < o.n_sacks; i++) {
			o.sacks[i].start = una - eat16(b);
			o.sacks[i].end = o.sacks[i].start + eat16(b);
		}
	}
	return tcp_build_opts(out, &o);
}

static void step_tcp(struct world *wd, struct bytes b)
{
	u8 head = eat(&b), seg[FRAME_MAX / 2];
	const struct peer_flow *f = &wd->flow[head % FLOWS];
	u32 opt_len = 0, len;
	struct tcp_hdr th = {
	    .source = cpu_to_be16(f->ours),
	    .dest = cpu_to_be16(f->theirs ? f->theirs : 80),
	    .flags = eat(&b),
	};
	s32 unit = head & 0x80 ? 1400 : 1;

	th.seq = cpu_to_be32(f->acked + (u32)(unit * (s8)eat(&b)));
	th.ack_seq = cpu_to_be32(f->next + (u32)(unit * (s8)eat(&b)));
	th.window = cpu_to_be16(eat16(&b));
	th.urg_ptr = head & 0x40 ? cpu_to_be16(eat(&b)) : 0;
	if (head & 0x1c)
		opt_len = build_opts(f, head >> 2 & 7, &b, seg + sizeof(th));
	tcp_set_hdr_len(&th, (u32)sizeof(th) + opt_len);
	memcpy(seg, &th, sizeof(th));
	len = (u32)sizeof(th) + opt_len;
	if (head & 0x20) { /* much to carry */
		memset(seg + len, 'x', 800);
		len += 800;
	}
	while (b.at < b.end && len < sizeof(seg))
		seg[len++] = eat(&b);
	input_l4(wd, addr(10, 0, 0, 2), f->to, IPPROTO_TCP, 7, 0, seg, len);
}

static void step_ip(struct world *wd, struct bytes b)
{
	static const u8 protos[8] = {IPPROTO_UDP,  IPPROTO_ICMP, IPPROTO_TCP,
				     IPPROTO_IGMP, 253,		 IPPROTO_UDP,
				     IPPROTO_ICMP, IPPROTO_UDP};
	const be32 tos[8] = {
	    addr(10, 0, 0, 1),	addr(10, 1, 0, 2),    addr(10, 0, 0, 1),
	    addr(224, 0, 0, 1), addr(10, 0, 0, 255),  addr(255, 255, 255, 255),
	    addr(10, 0, 0, 2),	addr(192, 168, 0, 1),
	};
	u8 head = eat(&b);
	u16 id = eat(&b), frag = eat16(&b);

	/* Offsets are small so that pieces meet */
	frag =
	    (u16)((frag & (IP4_DF | IP4_MF)) | (frag & (frag & 0x1000 ? 0x1fff : 63)));
	input_l4(wd, head & 0x40 ? addr(10, 0, 0, eat(&b)) : addr(10, 0, 0, 2),
		 tos[head & 7], protos[head >> 3 & 7], id, head & 0x80 ? frag : 0, b.at,
		 (u32)(b.end - b.at));
}

/* An error about what the stack sent last */
static void step_error(struct world *wd, struct bytes b)
{
	u8 icmp[FRAME_MAX / 2] = {0};
	u32 quoted = min(wd->last_len, 28U + eat(&b));
	be32 from = eat(&b) & 1 ? addr(10, 0, 0, 2) : addr(10, 0, 0, 9);

	for (int i = 0; i < 8; i++)
		icmp[i] = eat(&b);
	memcpy(icmp + 8, wd->last, quoted);
	while (b.at < b.end) { /* with mistakes */
		u8 at = eat(&b);

		icmp[8 + at] ^= eat(&b);
	}
	input_l4(wd, from, addr(10, 0, 0, 1), IPPROTO_ICMP, 0, 0, icmp, 8 + quoted);
}

/* What we sent last, once more, with changes */
static void step_again(struct world *wd, struct bytes b)
{
	u8 head = eat(&b), frame[FRAME_MAX];
	u32 len = wd->sent_len;

	memcpy(frame, wd->sent, len);
	while (b.at < b.end) {
		u16 at = eat(&b);

		if (at < len)
			frame[at] ^= eat(&b);
	}
	if (head & 2)
		len -= min(len, (u32)(head >> 2));
	if (head & 1 && len > ETH_HLEN)
		mend(frame + ETH_HLEN, len - ETH_HLEN);
	input(wd, frame, len);
}

static void step_frame(struct world *wd, bool mended, struct bytes b)
{
	u8 frame[FRAME_MAX];
	u32 len = (u32)(b.end - b.at);

	if (!mended) {
		input(wd, b.at, len);
		return;
	}
	memcpy(frame, b.at, len);
	if (len >= ETH_HLEN) {
		struct ether_hdr *eth = (void *)frame;

		if (!(eth->dst[0] & 1))
			memcpy(eth->dst, w0_mac, 6);
		if (eth->proto == cpu_to_be16(ETH_P_IP))
			mend(frame + ETH_HLEN, len - ETH_HLEN);
	}
	input(wd, frame, len);
}

/* ---- the programs at both ends ---- */

static void replace(struct warren_sock **where, struct warren_sock *by)
{
	warren_sock_close(*where);
	*where = by;
}

static void open_again(struct world *wd, struct warren_sock **where, u8 what)
{
	const int types[4][2] = {
	    {SOCK_STREAM, 0},
	    {SOCK_DGRAM, 0},
	    {SOCK_DGRAM, IPPROTO_ICMP},
	    {SOCK_RAW, what & 8 ? IPPROTO_RAW : IPPROTO_ICMP},
	};
	struct warren_ns *ns = what & 4 ? wd->b : wd->a;
	struct warren_sock *s;

	wd->raw |= (what & 3) == 3;
	if (!warren_socket(ns, types[what & 3][0], types[what & 3][1], &s))
		replace(where, s);
}

static void set_option(struct warren_sock *s, struct bytes *b)
{
	static const int levels[4] = {SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP, IPPROTO_RAW};
	u8 head = eat(b), name = eat(b), val[32];
	int level = levels[head & 3];
	size_t len = head >> 3;

	for (size_t i = 0; i < sizeof(val); i++)
		val[i] = eat(b);
	if (head & 4)
		warren_setsockopt(s, level, name, val, len);
	else
		warren_getsockopt(s, level, name, val, &len);
}

static void step_sock(struct world *wd, struct bytes b)
{
	u8 head = eat(&b), buf[20000], flags = eat(&b);
	struct warren_sock **where = &wd->sock[head % SOCKS], *s = *where, *child;
	static const char *const tos[4] = {"10.0.0.2", "10.1.0.2", "10.0.0.1",
					   "127.0.0.1"};
	char name[46];
	uint16_t port;

	if (!s) {
		open_again(wd, where, flags);
		return;
	}
	memset(buf, head, sizeof(buf));
	wd->raw |= s == wd->sock[5] || s == wd->sock[6];
	switch (head >> 3 & 15) {
	case 0:
		warren_send(s, buf, eat(&b) * 64U, MSG_NOSIGNAL | flags);
		break;
	case 1:
		warren_recvfrom(s, buf, eat(&b) * 64U, MSG_DONTWAIT | flags, name,
				&port);
		break;
	case 2:
		warren_shutdown(s, flags % 4);
		break;
	case 3:
		replace(where, NULL);
		break;
	case 4:
		if (!warren_accept(s, &child))
			replace(&wd->sock[flags % SOCKS], child);
		break;
	case 5:
		warren_connect(s, tos[flags & 3], flags & 4 ? 80 : 9);
		break;
	case 6:
		warren_sendto(s, buf, eat(&b) * 16U, flags & ~0x0f, tos[flags & 3],
			      eat(&b));
		break;
	case 7:
		warren_bind(s, flags & 1 ? tos[flags >> 1 & 3] : NULL, eat(&b));
		break;
	case 8:
		warren_listen(s, flags);
		break;
	case 9:
		open_again(wd, where, flags);
		break;
	case 10:
		warren_poll(s);
		warren_sock_name(s, flags & 1, name, &port);
		break;
	default:
		set_option(s, &b);
		break;
	}
}

/* ---- the lab ---- */

static void quiet(struct world *wd)
{
	int n = 0;

	while (warren_step(wd->w))
		EXPECT(++n < TURNS_MAX);
}

static void pass_time(struct world *wd, struct bytes b)
{
	u64 ns = (u64)eat(&b) << (eat(&b) % 32);

	warren_run_until(wd->w, warren_now(wd->w) + ns);
}

static void birth(struct world *wd, u8 options)
{
	const struct warren_options o = {.seed = 1, .virtual_time = true};

	EXPECT(!warren_open(&o, &wd->w));
	EXPECT(!warren_ns_new(wd->w, "a", &wd->a));
	EXPECT(!warren_ns_new(wd->w, "b", &wd->b));
	EXPECT(!warren_wire_new(wd->a, "w0", w0_mac, output, wd, &wd->wire));
	EXPECT(!warren_veth(wd->a, "v0", wd->b, "v0"));
	EXPECT(!warren_addr_add(wd->a, "w0", "10.0.0.1/24"));
	EXPECT(!warren_addr_add(wd->a, "v0", "10.1.0.1/24"));
	EXPECT(!warren_addr_add(wd->b, "v0", "10.1.0.2/24"));
	if (options & OPT_SMALL)
		EXPECT(!warren_link_mtu(wd->a, "w0", 300));
	EXPECT(!warren_link_up(wd->a, "lo") && !warren_link_up(wd->b, "lo"));
	EXPECT(!warren_link_up(wd->a, "w0") && !warren_link_up(wd->a, "v0"));
	EXPECT(!warren_link_up(wd->b, "v0"));
	EXPECT(!warren_route_add(wd->b, "default", "10.1.0.1", NULL));
	EXPECT(!warren_sysctl_set(wd->a, "net/ipv4/ip_forward", "1"));
	EXPECT(!warren_sysctl_set(wd->a, "net/ipv4/ping_group_range", "0 99"));
	if (options & OPT_LAX) {
		warren_sysctl_set(wd->a, "net/ipv4/conf/all/accept_source_route", "1");
		warren_sysctl_set(wd->a, "net/ipv4/conf/w0/accept_redirects", "1");
		warren_sysctl_set(wd->a, "net/ipv4/conf/w0/forwarding", "0");
		warren_sysctl_set(wd->a, "net/ipv4/conf/w0/secure_redirects", "0");
		warren_sysctl_set(wd->a, "net/ipv4/conf/all/secure_redirects", "0");
		warren_sysctl_set(wd->a, "net/ipv4/tcp_congestion_control", "reno");
		warren_sysctl_set(wd->a, "net/ipv4/icmp_echo_ignore_broadcasts", "0");
		warren_sysctl_set(wd->a, "net/ipv4/tcp_timestamps", "0");
	}
	wd->silent = options & OPT_SILENT;
}

static struct warren_sock *open_at(struct warren_ns *ns, int type, int protocol,
				   uint16_t port)
{
	struct warren_sock *s;

	EXPECT(!warren_socket(ns, type, protocol, &s));
	if (port)
		EXPECT(!warren_bind(s, NULL, port));
	if (type == SOCK_STREAM && port)
		EXPECT(!warren_listen(s, 2));
	return s;
}

static void open_all(struct world *wd)
{
	wd->sock[0] = open_at(wd->a, SOCK_STREAM, 0, 80);
	wd->sock[1] = open_at(wd->b, SOCK_STREAM, 0, 80);
	wd->sock[2] = open_at(wd->a, SOCK_STREAM, 0, 0); /* calls us */
	wd->sock[3] = open_at(wd->a, SOCK_DGRAM, 0, 53);
	warren_setsockopt(wd->sock[3], IPPROTO_IP, IP_RECVERR, &(int){1}, sizeof(int));
	wd->sock[4] = open_at(wd->a, SOCK_DGRAM, IPPROTO_ICMP, 0);
	wd->sock[5] = open_at(wd->a, SOCK_RAW, IPPROTO_ICMP, 0);
	wd->sock[6] = open_at(wd->a, SOCK_RAW, 253, 0);
	for (u16 i = 0; i < FLOWS; i++)
		wd->flow[i] = (struct peer_flow){
		    .ours = (u16)(1000 + i),
		    .theirs = 80,
		    .to = i == 3 ? addr(10, 1, 0, 2) : addr(10, 0, 0, 1),
		    .acked = (u32)i << 30,
		};
	wd->flow[0].ours = 9;
	wd->flow[0].theirs = 0; /* whatever calls us */
	EXPECT(warren_connect(wd->sock[2], "10.0.0.2", 9) == -EINPROGRESS);
}

static void death(struct world *wd, bool waits)
{
	for (int i = 0; i < SOCKS; i++)
		warren_sock_close(wd->sock[i]);
	quiet(wd);
	if (waits)
		warren_run_until(wd->w, warren_now(wd->w) + 2000000000000ULL);
	warren_wire_free(wd->wire);
	warren_ns_free(wd->a);
	warren_ns_free(wd->b);
	quiet(wd);
	warren_close(wd->w);
}

static void step(struct world *wd, u8 what, struct bytes b)
{
	switch (what & 7) {
	case 0:
		step_frame(wd, what & 8, b);
		break;
	case 1:
		step_ip(wd, b);
		break;
	case 2:
		step_error(wd, b);
		break;
	case 3:
		step_again(wd, b);
		break;
	case 4:
		pass_time(wd, b);
		break;
	case 5:
		step_sock(wd, b);
		break;
	default:
		step_tcp(wd, b);
		break;
	}
	if (!(what & 0x80)) /* else several come at once */
		quiet(wd);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct bytes b = {data, data + size};
	struct world wd = {0};
	u8 options = eat(&b);

	birth(&wd, options);
	open_all(&wd);
	quiet(&wd);
	while (b.end - b.at >= 2) {
		u8 what = eat(&b);
		size_t len = eat(&b);

		len = min(len, (size_t)(b.end - b.at));
		step(&wd, what, (struct bytes){b.at, b.at + len});
		b.at += len;
	}
	death(&wd, options & OPT_WAIT);
	return 0;
}
