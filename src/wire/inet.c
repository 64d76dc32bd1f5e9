/* SPDX-License-Identifier: MIT */
/*
 * inet.c - IP addresses; headers of IPv4 and IPv6: validate, walk options
 *
 * What is accepted follows Linux where it is stricter or laxer than the RFCs:
 * IPv4 options that are broken do not make the header invalid, since the
 * sender is told by a parameter problem that points at the bad byte
 * (RFC 792). Options that we do not know are skipped.
 */

#include "wire/inet.h"

#include "wire/csum.h"

/* ---- addresses ---- */

bool ipaddr_is_any(const struct ipaddr *a)
{
	if (a->family == AF_INET)
		return a->v4 == 0;
	if (a->family == AF_INET6)
		return !(a->w[0] | a->w[1] | a->w[2] | a->w[3]);
	return true;
}

bool ipaddr_is_loopback(const struct ipaddr *a)
{
	if (a->family == AF_INET)
		return ip4_is_loopback(a->v4);
	if (a->family == AF_INET6)
		return !(a->w[0] | a->w[1] | a->w[2]) && a->w[3] == cpu_to_be32(1);
	return false;
}

bool ipaddr_is_multicast(const struct ipaddr *a)
{
	if (a->family == AF_INET)
		return ip4_is_multicast(a->v4);
	return a->family == AF_INET6 && a->v6[0] == 0xff;
}

bool ipaddr_is_broadcast(const struct ipaddr *a)
{
	return a->family == AF_INET && ip4_is_broadcast(a->v4);
}

bool ipaddr_is_linklocal(const struct ipaddr *a)
{
	if (a->family == AF_INET)
		return ip4_is_linklocal(a->v4);
	return a->family == AF_INET6 && a->v6[0] == 0xfe && (a->v6[1] & 0xc0) == 0x80;
}

bool ipaddr_in(const struct ipaddr *a, const struct ipaddr *net, unsigned plen)
{
	unsigned whole = plen / 8, rest = plen % 8;

	if (a->family != net->family || plen > ipaddr_len(a) * 8)
		return false;
	if (memcmp(a->v6, net->v6, whole) != 0)
		return false;
	return !rest || !((a->v6[whole] ^ net->v6[whole]) >> (8 - rest));
}

void ipaddr_mask(struct ipaddr *a, unsigned plen)
{
	unsigned len = ipaddr_len(a), at = plen / 8;

	if (at >= len)
		return;
	if (plen % 8)
		a->v6[at++] &= (u8)(0xff << (8 - plen % 8));
	memset(a->v6 + at, 0, len - at);
}

int ipaddr_cmp(const struct ipaddr *a, const struct ipaddr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->v6, b->v6, ipaddr_len(a));
}

void ipaddr_words(const struct ipaddr *a, u64 *hi, u64 *lo)
{
	*hi = *lo = 0;
	if (a->family == AF_INET) {
		*lo = (__force u32)a->v4;
	} else if (a->family == AF_INET6) {
		memcpy(hi, a->v6, 8);
		memcpy(lo, a->v6 + 8, 8);
	}
}

static const u8 v4mapped[12] = {[10] = 0xff, [11] = 0xff};

bool ip6_is_v4mapped(const u8 addr[16])
{
	return memcmp(addr, v4mapped, sizeof(v4mapped)) == 0;
}

struct ipaddr ipaddr_unmap(const struct ipaddr *a)
{
	if (a->family == AF_INET6 && ip6_is_v4mapped(a->v6))
		return ipaddr_v4(a->w[3]);
	return *a;
}

struct ipaddr ipaddr_map(const struct ipaddr *a)
{
	struct ipaddr m = {.family = AF_INET6};

	if (a->family != AF_INET)
		return *a;
	memcpy(m.v6, v4mapped, sizeof(v4mapped));
	m.w[3] = a->v4;
	return m;
}

const char *text_ipaddr(char buf[static TEXT_IP6], const struct ipaddr *a)
{
	if (a->family == AF_INET)
		return text_ip4(buf, a->v4);
	if (a->family == AF_INET6)
		return text_ip6(buf, a->v6);
	text_format(buf, TEXT_IP6, "none");
	return buf;
}

int text_parse_ipaddr(const char *s, struct ipaddr *a)
{
	u8 v6[16];
	be32 v4;

	if (text_parse_ip4(s, &v4) == 0) {
		*a = ipaddr_v4(v4);
		return 0;
	}
	if (text_parse_ip6(s, v6) == 0) {
		*a = ipaddr_v6(v6);
		return 0;
	}
	return -EINVAL;
}

int ip4_mask_len(be32 mask)
{
	u32 m = be32_to_cpu(mask);
	int plen = m == ~0U ? 32 : __builtin_clz(~m);

	return ip4_mask((unsigned)plen) == mask ? plen : -1;
}

/* ---- IPv4 ---- */

void ip4_set_check(struct ip4_hdr *h)
{
	h->check = 0;
	h->check = csum_ip4(h, ip4_hdr_len(h));
}

void ip4_dec_ttl(struct ip4_hdr *h)
{
	/* the TTL is the upper byte of its word; RFC 1141 with the 0xffff case */
	u32 check = (u32)be16_to_cpu(h->check) + 0x0100;

	h->check = cpu_to_be16((u16)(check + (check >= 0xffff)));
	h->ttl--;
}

int ip4_opt_next(const u8 *opts, u32 len, u32 *off, u8 *type, u32 *at)
{
	while (*off < len && opts[*off] == IP4_OPT_NOP)
		++*off;
	*at = *off;
	if (*off >= len || opts[*off] == IP4_OPT_END)
		return 0;
	if (len - *off < 2 || opts[*off + 1] < 2 || opts[*off + 1] > len - *off)
		return -EINVAL;
	*type = opts[*off];
	*off += opts[*at + 1];
	return opts[*at + 1];
}

/*
 * The checks of single options return how far behind the option's first byte
 * the bad one is, or -1 when all is well. @o: type, length, pointer, data.
 */
static int check_route(const u8 *o, int len, bool recorded)
{
	if (len < 3)
		return 1;
	if (o[2] < 4)
		return 2;
	/* a recorder needs a whole place, if any is left */
	if (recorded && o[2] <= len && o[2] + 3 > len)
		return 2;
	return -1;
}

static int check_timestamp(const u8 *o, int len)
{
	int place;

	if (len < 4)
		return 1;
	if (o[2] < 5)
		return 2;
	if (o[2] > len)
		return (o[3] >> 4) == 15 ? 3 : -1; /* full, and the count as well */
	switch (o[3] & 0xf) {
	case IP4_TS_ONLY:
		place = 4;
		break;
	case IP4_TS_ADDR:
	case IP4_TS_PRESPEC:
		place = 8;
		break;
	default:
		return 3;
	}
	return o[2] + place - 1 > len ? 2 : -1;
}

/* Note the option at @at of the header. Return: as above */
static int note_option(const u8 *o, int len, u8 at, struct ip4_opts *out)
{
	u8 *where;
	int bad;

	switch (o[0]) {
	case IP4_OPT_LSRR:
	case IP4_OPT_SSRR:
		where = &out->srr;
		bad = check_route(o, len, false);
		out->srr_strict = o[0] == IP4_OPT_SSRR;
		break;
	case IP4_OPT_RR:
		where = &out->rr;
		bad = check_route(o, len, true);
		break;
	case IP4_OPT_TS:
		where = &out->ts;
		bad = check_timestamp(o, len);
		break;
	case IP4_OPT_RA:
		if (len < 4)
			return 1;
		out->ra = at;
		out->router_alert = o[2] == 0 && o[3] == 0;
		return -1;
	case IP4_OPT_CIPSO:
		if (out->cipso)
			return 0;
		out->cipso = at;
		return -1;
	default:
		return -1;
	}
	if (*where)
		return 0; /* twice */
	*where = at;
	return bad;
}

int ip4_parse_opts(const u8 *hdr, u32 hdr_len, struct ip4_opts *out)
{
	const u8 *opts = hdr + sizeof(struct ip4_hdr);
	u32 len = hdr_len - (u32)sizeof(struct ip4_hdr), off = 0, at;
	u8 type;
	int n;

	*out = (struct ip4_opts){.len = (u8)len};
	while ((n = ip4_opt_next(opts, len, &off, &type, &at)) != 0) {
		u8 hdr_at = (u8)(at + sizeof(struct ip4_hdr));
		int bad = n < 0 ? 0 : note_option(opts + at, n, hdr_at, out);

		if (bad < 0)
			continue;
		out->bad = (u8)(hdr_at + bad);
		return -EINVAL;
	}
	return 0;
}

/* The place that pointer @o[2] names, which moves on by @size. Return: its offset in
 * the option, 0 when it is full */
static u8 take_place(u8 *o, u8 size)
{
	u8 at = o[2] - 1;

	if (at + size > o[1])
		return 0;
	o[2] += size;
	return at;
}

static void stamp_route(u8 *o, be32 addr)
{
	u8 at = take_place(o, 4);

	if (at)
		memcpy(o + at, &addr, 4);
}

static void stamp_time(u8 *o, be32 addr, u32 now_ms)
{
	be32 now = cpu_to_be32(now_ms);
	u8 mode = o[3] & 0xf, at;

	if (mode == IP4_TS_PRESPEC &&
	    (o[2] + 7 > o[1] || memcmp(o + o[2] - 1, &addr, 4) != 0))
		return; /* another one is asked */
	at = take_place(o, mode == IP4_TS_ONLY ? 4 : 8);
	if (!at) {
		if (o[3] >> 4 != 15)
			o[3] += 0x10; /* one more that found no place */
		return;
	}
	if (mode != IP4_TS_ONLY) {
		memcpy(o + at, &addr, 4);
		at += 4;
	}
	memcpy(o + at, &now, 4);
}

void ip4_opts_stamp(struct ip4_hdr *h, const struct ip4_opts *opts, be32 addr,
		    u32 now_ms)
{
	u8 *hdr = (u8 *)h;

	if (opts->bad || (!opts->rr && !opts->ts))
		return;
	if (opts->rr)
		stamp_route(hdr + opts->rr, addr);
	if (opts->ts)
		stamp_time(hdr + opts->ts, addr, now_ms);
	ip4_set_check(h);
}

u32 ip4_opts_echo(const u8 *hdr, const struct ip4_opts *opts, u8 out[40])
{
	const u8 at[] = {opts->rr, opts->ts};
	u32 n = 0;

	memset(out, 0, 40); /* end of options */
	if (opts->bad)
		return 0;
	for (int i = 0; i < 2; i++) {
		if (!at[i])
			continue;
		memcpy(out + n, hdr + at[i], hdr[at[i] + 1]);
		n += hdr[at[i] + 1];
	}
	return (n + 3) & ~3U;
}

void ip4_opts_for_fragment(u8 *opts, u32 len)
{
	u32 off = 0, at;
	u8 type;
	int n;

	while ((n = ip4_opt_next(opts, len, &off, &type, &at)) > 0)
		if (!(type & IP4_OPT_COPIED))
			memset(opts + at, IP4_OPT_NOP, (size_t)n);
}

int ip4_parse(const u8 *data, u32 len, struct ip4_info *out)
{
	const struct ip4_hdr *h = (const void *)data;
	u32 hdr_len, tot_len;
	u16 frag;

	if (len < sizeof(*h))
		return -EINVAL;
	hdr_len = ip4_hdr_len(h);
	if (h->ver_ihl >> 4 != 4 || hdr_len < sizeof(*h) || hdr_len > len)
		return -EINVAL;
	tot_len = be16_to_cpu(h->tot_len);
	if (tot_len < hdr_len)
		return -EINVAL;
	frag = be16_to_cpu(h->frag_off);
	*out = (struct ip4_info){
	    .hdr_len = hdr_len,
	    .tot_len = tot_len,
	    .payload_len = tot_len - hdr_len,
	    .frag_off = ip4_frag_off(h),
	    .more_frags = frag & IP4_MF,
	    .dont_frag = frag & IP4_DF,
	    .is_frag = ip4_is_frag(h),
	    .csum_ok = csum_ip4(h, hdr_len) == 0,
	    .tos = h->tos,
	    .ttl = h->ttl,
	    .proto = h->protocol,
	    .id = h->id,
	    .src = h->saddr,
	    .dst = h->daddr,
	};
	/* a broken option is told by opts.bad, for ICMP */
	if (hdr_len > sizeof(*h))
		(void)ip4_parse_opts(data, hdr_len, &out->opts);
	if (tot_len > len)
		return -EMSGSIZE;
	return out->csum_ok ? 0 : -EBADMSG;
}

/* ---- IPv6 ---- */

/* Bytes of an extension header that has its length in the second byte */
static u32 ext_len(u8 proto, u8 len_byte)
{
	/* AH counts words of 4, less two: RFC 4302 §2.2 */
	return proto == IPPROTO_AH ? (len_byte + 2U) * 4 : (len_byte + 1U) * 8;
}

static void note_ext(struct ip6_info *out, u8 proto, u32 off)
{
	if (proto == IPPROTO_HOPOPTS)
		out->hopopts = off;
	else if (proto == IPPROTO_ROUTING)
		out->routing = off;
	else if (proto == IPPROTO_DSTOPTS)
		out->dstopts = off;
}

static void note_frag(struct ip6_info *out, const struct ip6_frag_hdr *fh)
{
	u16 off_more = be16_to_cpu(fh->off_more);

	out->is_frag = true;
	out->frag_hdr = out->l4_off;
	out->frag_off = off_more & 0xfff8U;
	out->more_frags = off_more & 1;
	out->frag_id = fh->id;
}

/* Step over the extension headers. @end: of the packet */
static int walk_ext(const u8 *data, u32 end, struct ip6_info *out)
{
	while (ip6_is_ext_hdr(out->proto)) {
		const u8 *ext = data + out->l4_off;
		u32 left = end - out->l4_off, n;

		if (left < 8)
			return -EMSGSIZE;
		if (out->proto == IPPROTO_FRAGMENT) {
			note_frag(out, (const void *)ext);
			n = sizeof(struct ip6_frag_hdr);
		} else {
			note_ext(out, out->proto, out->l4_off);
			n = ext_len(out->proto, ext[1]);
		}
		if (n > left)
			return -EMSGSIZE;
		out->proto = ext[0];
		out->next_ptr = out->l4_off;
		out->l4_off += n;
		if (out->is_frag && out->frag_off)
			break; /* what follows is the middle of something */
	}
	return 0;
}

int ip6_parse(const u8 *data, u32 len, struct ip6_info *out)
{
	const struct ip6_hdr *h = (const void *)data;
	u32 first;

	if (len < sizeof(*h) || data[0] >> 4 != 6)
		return -EINVAL;
	first = be32_to_cpu(h->ver_class_flow);
	*out = (struct ip6_info){
	    .payload_len = be16_to_cpu(h->payload_len),
	    .l4_off = sizeof(*h),
	    .proto = h->next_hdr,
	    .tclass = (u8)(first >> 20),
	    .hop_limit = h->hop_limit,
	    .flow_label = first & 0xfffff,
	    .next_ptr = offsetof(struct ip6_hdr, next_hdr),
	    .src = h->saddr,
	    .dst = h->daddr,
	};
	if (out->payload_len > len - sizeof(*h))
		return -EMSGSIZE;
	return walk_ext(data, (u32)sizeof(*h) + out->payload_len, out);
}
