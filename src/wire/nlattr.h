/* SPDX-License-Identifier: MIT */
/*
 * nlattr.h - netlink messages and attributes: policy, parse, build, nest
 *
 * Pure bytes: nothing here knows that a socket carries them. Structs and
 * numbers are those of <linux/netlink.h>. Buffers are aligned to 4.
 *
 * Reading: describe what is allowed in a table indexed by attribute type, let
 * nla_parse() check and sort the attributes, then take them with nla_get_...():
 *
 *	static const struct nla_policy policy[IFLA_MAX + 1] = {
 *		[IFLA_IFNAME] = {.type = NLA_STRING, .len = IFNAMSIZ - 1},
 *		[IFLA_MTU] = {.type = NLA_U32, .min = 68},
 *		[IFLA_LINKINFO] = {.type = NLA_NESTED},
 *	};
 *	const struct nlattr *tb[IFLA_MAX + 1];
 *
 *	err = nlmsg_parse(nlh, sizeof(struct ifinfomsg), tb, IFLA_MAX, policy,
 *			  NL_VALIDATE_LIBERAL, &e);
 *
 * Writing: into a buffer of the caller; see struct nlmsg_builder.
 */
#ifndef WARREN_WIRE_NLATTR_H
#define WARREN_WIRE_NLATTR_H

#include "base/types.h"
#include "wire/inet.h"

#include <linux/netlink.h>

/* ---- reading ---- */

enum nla_type {
	NLA_UNSPEC, /* anything of at least .len bytes */
	NLA_U8,
	NLA_U16,
	NLA_U32,
	NLA_U64,
	NLA_S8,
	NLA_S16,
	NLA_S32,
	NLA_S64,
	NLA_BE16,
	NLA_BE32,
	NLA_STRING,	  /* at most .len bytes without the NUL, which may be missing */
	NLA_NUL_STRING,	  /* the NUL is there */
	NLA_BINARY,	  /* at most .len bytes */
	NLA_EXACT_LEN,	  /* .len bytes */
	NLA_FLAG,	  /* empty */
	NLA_NESTED,	  /* .nested, .maxtype when given */
	NLA_NESTED_ARRAY, /* each element's inside by .nested, .maxtype */
	NLA_BITFIELD32,	  /* struct nla_bitfield32; .mask: what may be set */
	NLA_REJECT,	  /* not allowed here; .reject says why */
	NLA_TYPE_NR
};

struct nla_policy {
	u8 type; /* enum nla_type */
	u16 len; /* 0: no limit */
	u16 maxtype;
	const struct nla_policy *nested; /* [maxtype + 1] */
	/* For integers: the range, when one of them is not 0. max 0 with a min > 0:
	 * no upper end. */
	s64 min, max;
	u32 mask;
	const char *reject;
};

/* How strict: Linux's levels. What is old is parsed LIBERAL or DEPRECATED_STRICT */
enum {
	NL_VALIDATE_LIBERAL = 0,
	NL_VALIDATE_TRAILING = 1 << 0,	   /* no bytes behind the last attribute */
	NL_VALIDATE_MAXTYPE = 1 << 1,	   /* no type above maxtype */
	NL_VALIDATE_UNSPEC = 1 << 2,	   /* no type without a policy */
	NL_VALIDATE_STRICT_ATTRS = 1 << 3, /* integers of exactly their length */
	NL_VALIDATE_NESTED = 1 << 4,	   /* NLA_F_NESTED where nested, nowhere else */
	NL_VALIDATE_DEPRECATED_STRICT = NL_VALIDATE_TRAILING | NL_VALIDATE_MAXTYPE,
	NL_VALIDATE_STRICT = NL_VALIDATE_TRAILING | NL_VALIDATE_MAXTYPE |
			     NL_VALIDATE_UNSPEC | NL_VALIDATE_STRICT_ATTRS |
			     NL_VALIDATE_NESTED,
};

/* Why a message was refused, for the extended ack */
struct nlattr_err {
	const char *msg;  /* constant string, or NULL */
	const void *attr; /* the bad attribute in the message, or NULL */
};

/*
 * Check the @len bytes of attributes at @head and sort them by type.
 * @tb: [maxtype + 1], all set, NULL when absent, the last of equal ones. May be
 *	NULL: only check
 * @policy: [maxtype + 1], or NULL: no checks but of structure
 * @err: may be NULL
 *
 * Return: 0, -EINVAL or -ERANGE as Linux would
 */
int nla_parse(const struct nlattr *tb[], int maxtype, const void *head, u32 len,
	      const struct nla_policy *policy, u32 validate, struct nlattr_err *err);
/* The attributes inside @nla. NULL: all absent */
int nla_parse_nested(const struct nlattr *tb[], int maxtype, const struct nlattr *nla,
		     const struct nla_policy *policy, u32 validate,
		     struct nlattr_err *err);
/* The attributes of a message behind a family header of @hdrlen bytes; @nlh must have
 * passed nlmsg_ok(). -EINVAL also when the message is shorter than the header. */
int nlmsg_parse(const struct nlmsghdr *nlh, u32 hdrlen, const struct nlattr *tb[],
		int maxtype, const struct nla_policy *policy, u32 validate,
		struct nlattr_err *err);

/* Walk messages in a buffer: is there a whole one at @nlh, with @left bytes? */
bool nlmsg_ok(const struct nlmsghdr *nlh, u32 left);
/* Step; *@left may become 0 */
const struct nlmsghdr *nlmsg_next(const struct nlmsghdr *nlh, u32 *left);
static inline const void *nlmsg_data(const struct nlmsghdr *nlh)
{
	return (const u8 *)nlh + NLMSG_HDRLEN;
}
static inline u32 nlmsg_len(const struct nlmsghdr *nlh) /* of the payload */
{
	return nlh->nlmsg_len - NLMSG_HDRLEN;
}
/* Find the first of @type in a message, unchecked otherwise; NULL */
const struct nlattr *nlmsg_find(const struct nlmsghdr *nlh, u32 hdrlen, u16 type);

/* Walk attributes: is there a whole one at @nla, with @left bytes? */
bool nla_ok(const struct nlattr *nla, u32 left);
const struct nlattr *nla_next(const struct nlattr *nla, u32 *left);
#define nla_for_each(pos, head, total, left)                                           \
	for (pos = (const struct nlattr *)(const void *)(head), left = (total);        \
	     nla_ok(pos, left); pos = nla_next(pos, &(left)))
#define nla_for_each_nested(pos, nla, left)                                            \
	nla_for_each(pos, nla_data(nla), nla_len(nla), left)
const struct nlattr *nla_find(const void *head, u32 len, u16 type);

static inline u16 nla_type(const struct nlattr *nla) /* without the flags */
{
	return nla->nla_type & NLA_TYPE_MASK;
}
static inline const void *nla_data(const struct nlattr *nla)
{
	return (const u8 *)nla + NLA_HDRLEN;
}
static inline u32 nla_len(const struct nlattr *nla) /* of the payload */
{
	return nla->nla_len - (u32)NLA_HDRLEN;
}

/* An integer. Bytes that are missing (liberal parsing) are zero, more are ignored */
u8 nla_get_u8(const struct nlattr *nla);
u16 nla_get_u16(const struct nlattr *nla);
u32 nla_get_u32(const struct nlattr *nla);
u64 nla_get_u64(const struct nlattr *nla);
s32 nla_get_s32(const struct nlattr *nla);
s64 nla_get_s64(const struct nlattr *nla);
be16 nla_get_be16(const struct nlattr *nla);
be32 nla_get_be32(const struct nlattr *nla);
be64 nla_get_be64(const struct nlattr *nla);
static inline bool nla_get_flag(const struct nlattr *nla)
{
	return nla != NULL;
}
/* Only for NLA_NUL_STRING: borrowed, terminated */
static inline const char *nla_get_string(const struct nlattr *nla)
{
	return nla_data(nla);
}
/* Copy a string (the NUL may be missing) to @dst, always terminated. Return: its
 * length, which was cut when it is >= @size */
size_t nla_strscpy(char *dst, const struct nlattr *nla, size_t size);
/* Compare with a string; the NUL in the attribute may be missing */
bool nla_is_string(const struct nlattr *nla, const char *s);
/* Copy up to @size bytes, rest zero. Return: bytes copied */
u32 nla_memcpy(void *dst, const struct nlattr *nla, u32 size);
/* An address of 4 or 16 bytes as @family says. Return: 0 or -EINVAL */
int nla_get_ipaddr(const struct nlattr *nla, u16 family, struct ipaddr *out);

/* ---- writing ---- */

/*
 * Messages are built one behind the other in a buffer of the caller:
 *
 *	struct nlmsg_builder b;
 *
 *	nlmsg_builder_init(&b, buf, sizeof(buf));
 *	ifm = nlmsg_begin(&b, RTM_NEWLINK, NLM_F_MULTI, seq, pid, sizeof(*ifm));
 *	if (!ifm)
 *		return -EMSGSIZE;
 *	ifm->ifi_index = ...;
 *	nla_put_u32(&b, IFLA_MTU, dev->mtu);
 *	return nlmsg_end(&b);
 *
 * When something does not fit, `overflow` is set and further puts do nothing;
 * nlmsg_end() then takes the whole message back and says -EMSGSIZE. So single puts
 * need not be checked.
 */
struct nlmsg_builder {
	u8 *buf; /* aligned to 4 */
	u32 size;
	u32 len; /* complete messages and the one being built */
	u32 msg; /* offset of the message being built */
	bool overflow;
};

void nlmsg_builder_init(struct nlmsg_builder *b, void *buf, u32 size);
/* Return: the zeroed family header of @hdrlen bytes (at hdrlen 0: where it would be),
 * or NULL when there is no room; then nothing was begun */
void *nlmsg_begin(struct nlmsg_builder *b, u16 type, u16 flags, u32 seq, u32 pid,
		  u32 hdrlen);
/* Return: 0, or -EMSGSIZE and the message is gone (overflow is cleared) */
int nlmsg_end(struct nlmsg_builder *b);
/* Back out the message being built; clears overflow */
void nlmsg_cancel(struct nlmsg_builder *b);
/* Append bytes to the payload, padded. Return: where they are, zeroed, or NULL */
void *nlmsg_append(struct nlmsg_builder *b, u32 len);

/* Room for an attribute of @len bytes. Return: its payload, zeroed, or NULL */
void *nla_reserve(struct nlmsg_builder *b, u16 type, u32 len);
/* Return of all puts: 0, or -EMSGSIZE (b->overflow is set) */
int nla_put(struct nlmsg_builder *b, u16 type, u32 len, const void *data);
int nla_put_u8(struct nlmsg_builder *b, u16 type, u8 v);
int nla_put_u16(struct nlmsg_builder *b, u16 type, u16 v);
int nla_put_u32(struct nlmsg_builder *b, u16 type, u32 v);
int nla_put_u64(struct nlmsg_builder *b, u16 type, u64 v);
int nla_put_s32(struct nlmsg_builder *b, u16 type, s32 v);
int nla_put_be16(struct nlmsg_builder *b, u16 type, be16 v);
int nla_put_be32(struct nlmsg_builder *b, u16 type, be32 v);
int nla_put_be64(struct nlmsg_builder *b, u16 type, be64 v);
int nla_put_str(struct nlmsg_builder *b, u16 type, const char *s); /* with NUL */
int nla_put_flag(struct nlmsg_builder *b, u16 type);
/* The 4 or 16 bytes of @a */
int nla_put_ipaddr(struct nlmsg_builder *b, u16 type, const struct ipaddr *a);

/* @type as it is: rtnetlink's old nests have no NLA_F_NESTED, or it in.
 * Return: the offset of the nest, for nla_nest_end(); 0 on overflow */
u32 nla_nest_begin(struct nlmsg_builder *b, u16 type);
void nla_nest_end(struct nlmsg_builder *b, u32 nest);
/* Take the nest back with all in it, and clear an overflow within */
void nla_nest_cancel(struct nlmsg_builder *b, u32 nest);

#endif
