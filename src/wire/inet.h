/* SPDX-License-Identifier: MIT */
/*
 * inet.h - IP addresses of both families; headers of IPv4 and IPv6
 *
 * ip4_parse() and ip6_parse() look at the bytes once; behind them the header
 * may be trusted.
 */
#ifndef WARREN_WIRE_INET_H
#define WARREN_WIRE_INET_H

#include "base/text.h"
#include "base/types.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* ---- addresses ---- */

/* Bytes that the family does not use are zero when made by the functions below. */
struct ipaddr {
	u16 family; /* AF_INET, AF_INET6; AF_UNSPEC: none */
	union {
		be32 v4;
		u8 v6[16];
		be32 w[4];
	};
};

static inline struct ipaddr ipaddr_v4(be32 addr)
{
	return (struct ipaddr){.family = AF_INET, .w = {addr}};
}

static inline struct ipaddr ipaddr_v6(const u8 addr[16])
{
	struct ipaddr a = {.family = AF_INET6};

	memcpy(a.v6, addr, sizeof(a.v6));
	return a;
}

/* 0.0.0.0, ::, or none at all for AF_UNSPEC */
static inline struct ipaddr ipaddr_any(u16 family)
{
	return (struct ipaddr){.family = family};
}

static inline bool ipaddr_equal(const struct ipaddr *a, const struct ipaddr *b)
{
	if (a->family != b->family)
		return false;
	if (a->family == AF_INET)
		return a->v4 == b->v4;
	return a->family == AF_UNSPEC || memcmp(a->v6, b->v6, sizeof(a->v6)) == 0;
}

/* Bytes of an address of the family: 4, 16; else 0 */
static inline unsigned ip_addr_len(u16 family)
{
	return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

static inline unsigned ipaddr_len(const struct ipaddr *a)
{
	return ip_addr_len(a->family);
}

/* The bytes, ipaddr_len() of them: keys for lpm.h, attributes of netlink */
static inline const u8 *ipaddr_bytes(const struct ipaddr *a)
{
	return a->v6;
}

bool ipaddr_is_any(const struct ipaddr *a);	  /* zero, or no address at all */
bool ipaddr_is_loopback(const struct ipaddr *a);  /* 127/8, ::1 */
bool ipaddr_is_multicast(const struct ipaddr *a); /* 224/4, ff00::/8 */
bool ipaddr_is_broadcast(const struct ipaddr *a); /* 255.255.255.255 */
bool ipaddr_is_linklocal(const struct ipaddr *a); /* 169.254/16, fe80::/10 */
/* Are the first @plen bits those of @net? False for different families */
bool ipaddr_in(const struct ipaddr *a, const struct ipaddr *net, unsigned plen);
/* Clear all bits behind the first @plen */
void ipaddr_mask(struct ipaddr *a, unsigned plen);
/* Order for sorting: family, then bytes. Return: <0, 0, >0 */
int ipaddr_cmp(const struct ipaddr *a, const struct ipaddr *b);
/* Two words for a hash */
void ipaddr_words(const struct ipaddr *a, u64 *hi, u64 *lo);

/* ::ffff:a.b.c.d (RFC 4291 §2.5.5.2) */
bool ip6_is_v4mapped(const u8 addr[16]);
struct ipaddr ipaddr_unmap(const struct ipaddr *a); /* a mapped one as AF_INET */
struct ipaddr ipaddr_map(const struct ipaddr *a);   /* AF_INET as a mapped one */

const char *text_ipaddr(char buf[static TEXT_IP6], const struct ipaddr *a);
/* Either family. Return: 0 or -EINVAL */
int text_parse_ipaddr(const char *s, struct ipaddr *a);

static inline be32 ip4_mask(unsigned plen)
{
	return cpu_to_be32(plen ? ~0U << (32 - plen) : 0);
}

/* Return: the length, or -1 when the ones are not all in front */
int ip4_mask_len(be32 mask);

static inline bool ip4_is_loopback(be32 a)
{
	return (a & cpu_to_be32(0xff000000)) == cpu_to_be32(0x7f000000);
}
static inline bool ip4_is_multicast(be32 a)
{
	return (a & cpu_to_be32(0xf0000000)) == cpu_to_be32(0xe0000000);
}
static inline bool ip4_is_local_multicast(be32 a) /* 224.0.0/24: never forwarded */
{
	return (a & cpu_to_be32(0xffffff00)) == cpu_to_be32(0xe0000000);
}
static inline bool ip4_is_broadcast(be32 a)
{
	return a == cpu_to_be32(0xffffffff);
}
static inline bool ip4_is_zeronet(be32 a)
{
	return (a & cpu_to_be32(0xff000000)) == 0;
}
static inline bool ip4_is_linklocal(be32 a)
{
	return (a & cpu_to_be32(0xffff0000)) == cpu_to_be32(0xa9fe0000);
}

/* ---- IPv4 (RFC 791) ---- */

struct ip4_hdr {
	u8 ver_ihl;
	u8 tos;
	be16 tot_len;
	be16 id;
	be16 frag_off; /* IP4_DF, IP4_MF, offset in 8 bytes */
	u8 ttl;
	u8 protocol;
	be16 check;
	be32 saddr;
	be32 daddr;
} __packed_struct;
_Static_assert(sizeof(struct ip4_hdr) == 20, "IPv4 header");

enum {
	IP4_DF = 0x4000,
	IP4_MF = 0x2000,
	IP4_OFFMASK = 0x1fff,
	IP4_HDR_MAX = 60,
	IP4_MIN_MTU = 68,
};

/* In bytes. @h must have been parsed, or be ours */
static inline u32 ip4_hdr_len(const struct ip4_hdr *h)
{
	return (h->ver_ihl & 0xfU) * 4;
}

static inline bool ip4_is_frag(const struct ip4_hdr *h)
{
	return (h->frag_off & cpu_to_be16(IP4_MF | IP4_OFFMASK)) != 0;
}

/* In bytes */
static inline u32 ip4_frag_off(const struct ip4_hdr *h)
{
	return (be16_to_cpu(h->frag_off) & (u32)IP4_OFFMASK) * 8;
}

/* Compute the checksum anew. */
void ip4_set_check(struct ip4_hdr *h);
/* One hop less; the checksum follows (RFC 1141). TTL must not be 0 */
void ip4_dec_ttl(struct ip4_hdr *h);

enum ip4_opt {
	IP4_OPT_END = 0,
	IP4_OPT_NOP = 1,
	IP4_OPT_SEC = 130,
	IP4_OPT_LSRR = 131,
	IP4_OPT_TS = 68,
	IP4_OPT_CIPSO = 134,
	IP4_OPT_RR = 7,
	IP4_OPT_SID = 136,
	IP4_OPT_SSRR = 137,
	IP4_OPT_RA = 148, /* RFC 2113 */

	IP4_OPT_COPIED = 0x80, /* into each fragment */
};

/* Flags of the timestamp option */
enum {
	IP4_TS_ONLY = 0,
	IP4_TS_ADDR = 1,
	IP4_TS_PRESPEC = 3,
};

/* Where options are, as offsets from the header's first byte; 0: not there */
struct ip4_opts {
	u8 len;		   /* bytes of options, padding included */
	u8 srr, rr, ts;	   /* source route (LSRR or SSRR), record route, timestamp */
	u8 ra;		   /* router alert */
	u8 cipso;	   /* RFC 1108's relative; only found, not read */
	bool srr_strict;   /* SSRR */
	bool router_alert; /* with the value 0: "look at it" */
	u8 bad;		   /* not 0: a broken option; what ICMP's pointer says */
};

/*
 * One step of a walk over options. @off: offset in the @len bytes at @opts, starts
 * at 0. No-operations are skipped.
 * Return: the option's length with @type and @at set, @off moved behind it; 0 at
 * the end; -EINVAL when an option does not fit, with @at set
 */
int ip4_opt_next(const u8 *opts, u32 len, u32 *off, u8 *type, u32 *at);
/* Check all options of a header of @hdr_len bytes. Return: 0, -EINVAL with out->bad */
int ip4_parse_opts(const u8 *hdr, u32 hdr_len, struct ip4_opts *out);
/* Put @addr or @now_ms (milliseconds since midnight UT) into the next place of record
 * route and timestamp, as a router or the destination does; corrects the checksum. */
void ip4_opts_stamp(struct ip4_hdr *h, const struct ip4_opts *opts, be32 addr,
		    u32 now_ms);
/* The options an answer carries (RFC 1122 §3.2.2.6): record route and timestamp, as
 * they came, padded into @out. Return: bytes */
u32 ip4_opts_echo(const u8 *hdr, const struct ip4_opts *opts, u8 out[40]);
/* Overwrite with no-operations what is not copied into later fragments (RFC 791 §3.2)
 */
void ip4_opts_for_fragment(u8 *opts, u32 len);

struct ip4_info {
	u32 hdr_len;
	u32 tot_len;	 /* header included; what lies behind is link padding */
	u32 payload_len; /* tot_len - hdr_len */
	u32 frag_off;	 /* bytes */
	bool more_frags, dont_frag, is_frag;
	bool csum_ok;
	u8 tos, ttl, proto;
	be16 id;
	be32 src, dst;
	struct ip4_opts opts; /* opts.bad: answer with a parameter problem */
};

/*
 * Look at the IPv4 header at @data; @len: bytes there. Bad options are no error but
 * opts.bad.
 * Return: 0; -EINVAL not an IPv4 header. With these @out is filled all the same:
 * -EMSGSIZE shorter than it says (what an ICMP error quotes), -EBADMSG the checksum
 * is wrong
 */
int ip4_parse(const u8 *data, u32 len, struct ip4_info *out);

/* ---- IPv6 (RFC 8200) ---- */

struct ip6_hdr {
	be32 ver_class_flow;
	be16 payload_len;
	u8 next_hdr;
	u8 hop_limit;
	u8 saddr[16];
	u8 daddr[16];
} __packed_struct;
_Static_assert(sizeof(struct ip6_hdr) == 40, "IPv6 header");

enum {
	IP6_MIN_MTU = 1280,
};

struct ip6_frag_hdr {
	u8 next_hdr;
	u8 reserved;
	be16 off_more; /* offset << 3, lowest bit: more */
	be32 id;
} __packed_struct;
_Static_assert(sizeof(struct ip6_frag_hdr) == 8, "IPv6 fragment header");

struct ip6_info {
	u32 payload_len; /* behind the fixed header */
	u32 l4_off;	 /* of the upper layer, or where the walk stopped */
	u8 proto;	 /* what is at l4_off */
	u8 tclass, hop_limit;
	u32 flow_label;
	bool is_frag, more_frags;
	u32 frag_off; /* bytes */
	be32 frag_id;
	u32 frag_hdr; /* offset of the fragment header, when is_frag */
	/* offsets of extension headers, 0: not there */
	u32 hopopts, dstopts, routing;
	u32 next_ptr; /* offset of the next-header byte that names proto */
	const u8 *src, *dst;
};

/*
 * Look at the IPv6 header at @data and walk the extension headers up to the upper
 * layer, a header we do not know, or a fragment that is not the first.
 * Return: 0; -EINVAL not an IPv6 header; -EMSGSIZE shorter than it says, or an
 * extension header runs out of the packet
 */
int ip6_parse(const u8 *data, u32 len, struct ip6_info *out);

static inline bool ip6_is_ext_hdr(u8 proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING ||
	       proto == IPPROTO_FRAGMENT || proto == IPPROTO_AH ||
	       proto == IPPROTO_DSTOPTS;
}

#endif
