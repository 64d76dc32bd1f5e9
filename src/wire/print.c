/* SPDX-License-Identifier: MIT */
/*
 * print.c - one line for a packet, as tcpdump would say it
 *
 * Nothing is read that is not there: a packet that was cut ends in "[|what]".
 */

#include "wire/print.h"

#include "wire/ether.h"
#include "wire/icmp.h"
#include "wire/inet.h"
#include "wire/tcp.h"
#include "wire/udp.h"

#include <stdarg.h>
#include <stdio.h>

/* What is written to; cut at the end of the buffer */
struct line {
	char *buf;
	size_t size, len;
};

static void say(struct line *l, const char *fmt, ...) __printf(2, 3);

static void say(struct line *l, const char *fmt, ...)
{
	size_t room = l->size - l->len;
	va_list ap;
	int n;

	if (room <= 1)
		return;
	va_start(ap, fmt);
	n = vsnprintf(l->buf + l->len, room, fmt, ap);
	va_end(ap);
	if (n > 0)
		l->len += min((size_t)n, room - 1);
}

static void say_addr(struct line *l, const struct ipaddr *a, be16 port, bool with_port)
{
	char text[TEXT_IP6];

	say(l, "%s", text_ipaddr(text, a));
	if (with_port)
		say(l, ".%u", be16_to_cpu(port));
}

/* What the printers of the upper layers need of the IP header */
struct ip_facts {
	struct ipaddr src, dst;
	u8 proto;
	const u8 *l4;
	u32 cap; /* bytes at l4 that are there */
	u32 len; /* that the packet has */
};

static void say_ends(struct line *l, const struct ip_facts *ip, const be16 *ports)
{
	say_addr(l, &ip->src, ports ? ports[0] : 0, ports != NULL);
	say(l, " > ");
	say_addr(l, &ip->dst, ports ? ports[1] : 0, ports != NULL);
	say(l, ": ");
}

/* ---- TCP, UDP ---- */

static void say_tcp_flags(struct line *l, u8 flags)
{
	static const struct {
		u8 flag;
		char letter;
	} letters[] = {
	    {TCPHDR_FIN, 'F'}, {TCPHDR_SYN, 'S'}, {TCPHDR_RST, 'R'}, {TCPHDR_PSH, 'P'},
	    {TCPHDR_ACK, '.'}, {TCPHDR_URG, 'U'}, {TCPHDR_ECE, 'E'}, {TCPHDR_CWR, 'W'},
	};

	say(l, "Flags [");
	if (!flags)
		say(l, "none");
	for (unsigned i = 0; i < ARRAY_SIZE(letters); i++)
		if (flags & letters[i].flag)
			say(l, "%c", letters[i].letter);
	say(l, "]");
}

static u32 be32_at(const u8 *p)
{
	be32 v;

	memcpy(&v, p, sizeof(v));
	return be32_to_cpu(v);
}

static u32 be16_at(const u8 *p)
{
	return (u32)(p[0] << 8 | p[1]);
}

static void say_sacks(struct line *l, const u8 *o, u32 len)
{
	u32 n = (len - 2) / 8;

	say(l, "sack %u ", n);
	for (u32 i = 0; i < n; i++)
		say(l, "{%u:%u}", be32_at(o + 2 + 8 * i), be32_at(o + 6 + 8 * i));
}

/* @o: a whole option */
static void say_tcp_option(struct line *l, const u8 *o, u32 len)
{
	if (o[0] == TCP_OPT_MSS && len == 4)
		say(l, "mss %u", be16_at(o + 2));
	else if (o[0] == TCP_OPT_WSCALE && len == 3)
		say(l, "wscale %u", o[2]);
	else if (o[0] == TCP_OPT_SACK_OK && len == 2)
		say(l, "sackOK");
	else if (o[0] == TCP_OPT_SACK)
		say_sacks(l, o, len);
	else if (o[0] == TCP_OPT_TS && len == 10)
		say(l, "TS val %u ecr %u", be32_at(o + 2), be32_at(o + 6));
	else if (o[0] == TCP_OPT_MD5 && len == 18)
		say(l, "md5 valid");
	else if (o[0] == TCP_OPT_FASTOPEN)
		say(l, len > 2 ? "tfo  cookie" : "tfo  cookiereq");
	else
		say(l, "unknown-%u", o[0]);
}

static void say_tcp_options(struct line *l, const u8 *o, u32 len)
{
	const char *comma = "";

	say(l, ", options [");
	for (u32 off = 0; off < len;) {
		u32 n = 1;

		say(l, "%s", comma);
		comma = ",";
		if (o[off] == TCP_OPT_EOL) {
			say(l, "eol");
			break;
		}
		if (o[off] == TCP_OPT_NOP) {
			say(l, "nop");
		} else {
			n = len - off >= 2 ? o[off + 1] : 0;
			if (n < 2 || n > len - off) {
				say(l, "bad opt");
				break;
			}
			say_tcp_option(l, o + off, n);
		}
		off += n;
	}
	say(l, "]");
}

static void say_tcp(struct line *l, const struct ip_facts *ip)
{
	const struct tcp_hdr *th = (const void *)ip->l4;
	u32 hdr_len, payload, seq;
	be16 ports[2];

	if (ip->cap < sizeof(*th)) {
		say_ends(l, ip, NULL);
		say(l, "[|tcp]");
		return;
	}
	ports[0] = th->source;
	ports[1] = th->dest;
	hdr_len = tcp_hdr_len(th);
	say_ends(l, ip, ports);
	say_tcp_flags(l, th->flags);
	if (hdr_len < sizeof(*th) || hdr_len > ip->len) {
		say(l, " [bad hdr length %u]", hdr_len);
		return;
	}
	payload = ip->len - hdr_len;
	seq = be32_to_cpu(th->seq);
	if (payload)
		say(l, ", seq %u:%u", seq, seq + payload);
	else if (th->flags & (TCPHDR_SYN | TCPHDR_FIN | TCPHDR_RST))
		say(l, ", seq %u", seq);
	if (th->flags & TCPHDR_ACK)
		say(l, ", ack %u", be32_to_cpu(th->ack_seq));
	say(l, ", win %u", be16_to_cpu(th->window));
	if (th->flags & TCPHDR_URG)
		say(l, ", urg %u", be16_to_cpu(th->urg_ptr));
	if (hdr_len > sizeof(*th)) {
		if (hdr_len > ip->cap)
			say(l, ", options [|tcp]");
		else
			say_tcp_options(l, ip->l4 + sizeof(*th),
					hdr_len - (u32)sizeof(*th));
	}
	say(l, ", length %u", payload);
}

static void say_udp(struct line *l, const struct ip_facts *ip)
{
	const struct udp_hdr *uh = (const void *)ip->l4;
	be16 ports[2];
	u32 len;

	if (ip->cap < sizeof(*uh)) {
		say_ends(l, ip, NULL);
		say(l, "[|udp]");
		return;
	}
	ports[0] = uh->source;
	ports[1] = uh->dest;
	len = be16_to_cpu(uh->len);
	say_ends(l, ip, ports);
	if (len < sizeof(*uh) || len > ip->len)
		say(l, "[bad udp length %u]", len);
	else
		say(l, "UDP, length %zu", len - sizeof(*uh));
}

/* ---- ICMP ---- */

/* The packet that an error quotes */
struct quoted {
	char dst[TEXT_IP4];
	u8 proto;
	bool has_port;
	u32 dport;
};

static bool read_quoted(const u8 *data, u32 cap, struct quoted *q)
{
	struct ip4_info i;

	if (ip4_parse(data, cap, &i) == -EINVAL)
		return false;
	text_ip4(q->dst, i.dst);
	q->proto = i.proto;
	q->has_port = !i.frag_off && cap - i.hdr_len >= 4;
	q->dport = q->has_port ? be16_at(data + i.hdr_len + 2) : 0;
	return true;
}

static void say_unreachable(struct line *l, const struct icmp_hdr *ih,
			    const struct quoted *q)
{
	switch (ih->code) {
	case ICMP_NET_UNREACH:
		say(l, "net %s unreachable", q->dst);
		break;
	case ICMP_HOST_UNREACH:
		say(l, "host %s unreachable", q->dst);
		break;
	case ICMP_PROT_UNREACH:
		say(l, "%s protocol %u unreachable", q->dst, q->proto);
		break;
	case ICMP_PORT_UNREACH:
		if (q->has_port && (q->proto == IPPROTO_UDP || q->proto == IPPROTO_TCP))
			say(l, "%s %s port %u unreachable", q->dst,
			    q->proto == IPPROTO_UDP ? "udp" : "tcp", q->dport);
		else
			say(l, "%s protocol %u port unreachable", q->dst, q->proto);
		break;
	case ICMP_FRAG_NEEDED:
		say(l, "%s unreachable - need to frag (mtu %u)", q->dst,
		    be16_to_cpu(ih->frag.mtu));
		break;
	case ICMP_NET_ANO:
	case ICMP_HOST_ANO:
	case ICMP_PKT_FILTERED:
		say(l, "host %s unreachable - admin prohibited", q->dst);
		break;
	default:
		say(l, "%s unreachable - code %u", q->dst, ih->code);
	}
}

static void say_redirect(struct line *l, const struct icmp_hdr *ih,
			 const struct quoted *q)
{
	char gw[TEXT_IP4];

	say(l, "redirect %s to %s %s", q->dst, ih->code & 1 ? "host" : "net",
	    text_ip4(gw, ih->gateway));
}

static void say_icmp_error(struct line *l, const struct icmp_hdr *ih,
			   const struct quoted *q)
{
	switch (ih->type) {
	case ICMP_DEST_UNREACH:
		say_unreachable(l, ih, q);
		break;
	case ICMP_SOURCE_QUENCH:
		say(l, "source quench");
		break;
	case ICMP_REDIRECT:
		say_redirect(l, ih, q);
		break;
	case ICMP_TIME_EXCEEDED:
		say(l, ih->code == ICMP_EXC_TTL ? "time exceeded in-transit"
						: "ip reassembly time exceeded");
		break;
	default:
		say(l, "parameter problem - octet %u", ih->pointer);
	}
}

static void say_icmp(struct line *l, const struct ip_facts *ip)
{
	const struct icmp_hdr *ih = (const void *)ip->l4;
	struct quoted q = {.dst = "?"};

	say_ends(l, ip, NULL);
	say(l, "ICMP ");
	if (ip->cap < sizeof(*ih)) {
		say(l, "[|icmp]");
		return;
	}
	if (ih->type == ICMP_ECHO || ih->type == ICMP_ECHOREPLY) {
		say(l, "echo %s, id %u, seq %u",
		    ih->type == ICMP_ECHO ? "request" : "reply",
		    be16_to_cpu(ih->echo.id), be16_to_cpu(ih->echo.seq));
	} else if (icmp_is_error(ih->type)) {
		(void)read_quoted(ip->l4 + sizeof(*ih), ip->cap - (u32)sizeof(*ih), &q);
		say_icmp_error(l, ih, &q);
	} else if (ih->type == ICMP_TIMESTAMP || ih->type == ICMP_TIMESTAMPREPLY) {
		say(l, "time stamp %s id %u seq %u",
		    ih->type == ICMP_TIMESTAMP ? "query" : "reply",
		    be16_to_cpu(ih->echo.id), be16_to_cpu(ih->echo.seq));
	} else {
		say(l, "type-#%u", ih->type);
	}
	say(l, ", length %u", ip->len);
}

static const struct {
	u8 type;
	const char *name;
} icmp6_names[] = {
    {1, "destination unreachable"},
    {2, "packet too big"},
    {3, "time exceeded"},
    {4, "parameter problem"},
    {128, "echo request"},
    {129, "echo reply"},
    {130, "multicast listener query"},
    {131, "multicast listener report"},
    {132, "multicast listener done"},
    {133, "router solicitation"},
    {134, "router advertisement"},
    {135, "neighbor solicitation"},
    {136, "neighbor advertisement"},
    {137, "redirect"},
    {143, "multicast listener report v2"},
};

static void say_icmp6(struct line *l, const struct ip_facts *ip)
{
	const char *name = NULL;
	u8 type;

	say_ends(l, ip, NULL);
	say(l, "ICMP6, ");
	if (ip->cap < sizeof(struct icmp_hdr)) {
		say(l, "[|icmp6]");
		return;
	}
	type = ip->l4[0];
	for (unsigned i = 0; i < ARRAY_SIZE(icmp6_names); i++)
		if (icmp6_names[i].type == type)
			name = icmp6_names[i].name;
	if (name)
		say(l, "%s", name);
	else
		say(l, "type-#%u", type);
	if (type == 128 || type == 129)
		say(l, ", id %u, seq %u", be16_at(ip->l4 + 4), be16_at(ip->l4 + 6));
	say(l, ", length %u", ip->len);
}

/* ---- IP ---- */

static void say_l4(struct line *l, const struct ip_facts *ip)
{
	switch (ip->proto) {
	case IPPROTO_TCP:
		say_tcp(l, ip);
		break;
	case IPPROTO_UDP:
		say_udp(l, ip);
		break;
	case IPPROTO_ICMP:
		say_icmp(l, ip);
		break;
	case IPPROTO_ICMPV6:
		say_icmp6(l, ip);
		break;
	default:
		say_ends(l, ip, NULL);
		say(l, "ip-proto-%u, length %u", ip->proto, ip->len);
	}
}

static void say_ip4(struct line *l, const u8 *data, u32 cap_len)
{
	struct ip_facts ip;
	struct ip4_info i;
	int err;

	say(l, "IP ");
	err = ip4_parse(data, cap_len, &i);
	if (err == -EINVAL) {
		say(l, cap_len < sizeof(struct ip4_hdr) ? "[|ip]" : "[bad header]");
		return;
	}
	ip = (struct ip_facts){
	    .src = ipaddr_v4(i.src),
	    .dst = ipaddr_v4(i.dst),
	    .proto = i.proto,
	    .l4 = data + i.hdr_len,
	    .len = i.payload_len,
	};
	ip.cap = min(cap_len - i.hdr_len, ip.len);
	if (i.is_frag)
		say(l, "(frag %u:%u@%u%s) ", be16_to_cpu(i.id), i.payload_len,
		    i.frag_off, i.more_frags ? "+" : "");
	if (err == -EBADMSG)
		say(l, "(bad cksum) ");
	if (i.frag_off) {
		say_ends(l, &ip, NULL);
		say(l, "ip-proto-%u", i.proto);
		return;
	}
	say_l4(l, &ip);
}

static void say_ip6(struct line *l, const u8 *data, u32 cap_len)
{
	struct ip_facts ip;
	struct ip6_info i;
	int err;

	say(l, "IP6 ");
	err = ip6_parse(data, cap_len, &i);
	if (err == -EINVAL) {
		say(l, cap_len < sizeof(struct ip6_hdr) ? "[|ip6]" : "[bad header]");
		return;
	}
	ip = (struct ip_facts){
	    .src = ipaddr_v6(i.src),
	    .dst = ipaddr_v6(i.dst),
	    .proto = i.proto,
	    .l4 = data + i.l4_off,
	    .len = i.payload_len + (u32)sizeof(struct ip6_hdr) - i.l4_off,
	};
	ip.cap = min(cap_len - min(cap_len, i.l4_off), ip.len);
	if (i.is_frag)
		say(l, "(frag 0x%08x:%u@%u%s) ", be32_to_cpu(i.frag_id), ip.len,
		    i.frag_off, i.more_frags ? "+" : "");
	if (i.frag_off || (err && ip6_is_ext_hdr(i.proto))) {
		say_ends(l, &ip, NULL);
		say(l, "ip-proto-%u", i.proto);
		return;
	}
	say_l4(l, &ip);
}

static void say_ip(struct line *l, const u8 *data, u32 cap_len, u32 len)
{
	if (cap_len == 0)
		say(l, "[|ip]");
	else if (data[0] >> 4 == 4)
		say_ip4(l, data, cap_len);
	else if (data[0] >> 4 == 6)
		say_ip6(l, data, cap_len);
	else
		say(l, "IP version %u, length %u", data[0] >> 4, len);
}

/* ---- Ethernet ---- */

static void say_arp(struct line *l, const u8 *data, u32 cap_len, u32 len)
{
	const struct arp_ether *a = (const void *)data;
	char spa[TEXT_IP4], tpa[TEXT_IP4], mac[TEXT_MAC];

	say(l, "ARP, ");
	if (cap_len < sizeof(*a)) {
		say(l, "[|arp]");
		return;
	}
	if (a->htype != cpu_to_be16(ARP_HTYPE_ETHER) ||
	    a->ptype != cpu_to_be16(ETH_P_IP) || a->hlen != ETH_ALEN || a->plen != 4) {
		say(l, "hardware type %u, length %u", be16_to_cpu(a->htype), len);
		return;
	}
	text_ip4(spa, a->spa);
	text_ip4(tpa, a->tpa);
	switch (be16_to_cpu(a->op)) {
	case ARP_OP_REQUEST:
		say(l, "Request who-has %s", tpa);
		if (!ether_is_zero(a->tha) && !ether_is_broadcast(a->tha))
			say(l, " (%s)", text_mac(mac, a->tha));
		say(l, " tell %s", spa);
		break;
	case ARP_OP_REPLY:
		say(l, "Reply %s is-at %s", spa, text_mac(mac, a->sha));
		break;
	default:
		say(l, "op %u, %s tell %s", be16_to_cpu(a->op), tpa, spa);
	}
	say(l, ", length %u", len);
}

static void say_unknown(struct line *l, const u8 *frame, u16 proto, u32 len)
{
	const struct ether_hdr *eh = (const void *)frame;
	char src[TEXT_MAC], dst[TEXT_MAC];

	say(l, "%s > %s, ", text_mac(src, eh->src), text_mac(dst, eh->dst));
	if (proto < ETH_P_802_3_MIN)
		say(l, "802.3, length %u", proto);
	else
		say(l, "ethertype Unknown (0x%04x), length %u", proto, len);
}

static void say_frame(struct line *l, const u8 *data, u32 cap_len, u32 len)
{
	u32 off = sizeof(struct ether_hdr);
	u16 proto;

	if (cap_len < off) {
		say(l, "[|ether]");
		return;
	}
	proto = be16_to_cpu(((const struct ether_hdr *)(const void *)data)->proto);
	while (proto == ETH_P_8021Q || proto == ETH_P_8021AD) {
		const struct vlan_hdr *vh = (const void *)(data + off);
		u16 tci;

		if (cap_len - off < sizeof(*vh)) {
			say(l, "[|vlan]");
			return;
		}
		tci = be16_to_cpu(vh->tci);
		say(l, "vlan %u, p %u, ", tci & VLAN_TCI_VID,
		    tci >> VLAN_TCI_PRIO_SHIFT);
		proto = be16_to_cpu(vh->proto);
		off += sizeof(*vh);
	}
	if (proto == ETH_P_ARP)
		say_arp(l, data + off, cap_len - off, len - off);
	else if (proto == ETH_P_IP || proto == ETH_P_IPV6)
		say_ip(l, data + off, cap_len - off, len - off);
	else
		say_unknown(l, data, proto, len);
}

size_t print_frame(char *buf, size_t size, const u8 *data, u32 cap_len, u32 len)
{
	struct line l = {.buf = buf, .size = size};

	if (size == 0)
		return 0;
	buf[0] = '\0';
	say_frame(&l, data, cap_len, max(len, cap_len));
	return l.len;
}

size_t print_ip(char *buf, size_t size, const u8 *data, u32 cap_len, u32 len)
{
	struct line l = {.buf = buf, .size = size};

	if (size == 0)
		return 0;
	buf[0] = '\0';
	say_ip(&l, data, cap_len, max(len, cap_len));
	return l.len;
}
