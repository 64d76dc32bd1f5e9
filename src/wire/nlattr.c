/* SPDX-License-Identifier: MIT */
/*
 * nlattr.c - netlink messages and attributes: policy, parse, build, nest
 *
 * What is refused, with which number and which words, is Linux's, since
 * programs print the words of the extended ack.
 */

#include "wire/nlattr.h"

enum {
	NLA_DEPTH_MAX = 10, /* policies nested in policies */
};

static int fail(struct nlattr_err *err, const struct nlattr *nla, const char *msg,
		int code)
{
	if (err)
		*err = (struct nlattr_err){.msg = msg, .attr = nla};
	return code;
}

/* ---- walk ---- */

bool nla_ok(const struct nlattr *nla, u32 left)
{
	return left >= sizeof(*nla) && nla->nla_len >= sizeof(*nla) &&
	       nla->nla_len <= left;
}

const struct nlattr *nla_next(const struct nlattr *nla, u32 *left)
{
	u32 n = NLA_ALIGN((u32)nla->nla_len);

	n = min(n, *left); /* the padding of the last one may be missing */
	*left -= n;
	return (const void *)((const u8 *)nla + n);
}

const struct nlattr *nla_find(const void *head, u32 len, u16 type)
{
	const struct nlattr *nla;
	u32 left;

	nla_for_each(nla, head, len, left)
	{
		if (nla_type(nla) == type)
			return nla;
	}
	return NULL;
}

bool nlmsg_ok(const struct nlmsghdr *nlh, u32 left)
{
	return left >= sizeof(*nlh) && nlh->nlmsg_len >= sizeof(*nlh) &&
	       nlh->nlmsg_len <= left;
}

const struct nlmsghdr *nlmsg_next(const struct nlmsghdr *nlh, u32 *left)
{
	u32 n = nlh->nlmsg_len;

	n = *left - n < NLMSG_ALIGNTO ? *left : NLMSG_ALIGN(n);
	*left -= n;
	return (const void *)((const u8 *)nlh + n);
}

/* Attributes behind a family header: where, and how many bytes */
static const void *attrs_of(const struct nlmsghdr *nlh, u32 hdrlen, u32 *len)
{
	u32 skip = NLMSG_HDRLEN + NLMSG_ALIGN(hdrlen);

	*len = nlh->nlmsg_len > skip ? nlh->nlmsg_len - skip : 0;
	return (const u8 *)nlh + min(skip, nlh->nlmsg_len);
}

const struct nlattr *nlmsg_find(const struct nlmsghdr *nlh, u32 hdrlen, u16 type)
{
	const void *head;
	u32 len;

	head = attrs_of(nlh, hdrlen, &len);
	return nla_find(head, len, type);
}

/* ---- check against a policy ---- */

static const u8 int_sizes[NLA_TYPE_NR] = {
    [NLA_U8] = 1,  [NLA_U16] = 2, [NLA_U32] = 4, [NLA_U64] = 8,	 [NLA_S8] = 1,
    [NLA_S16] = 2, [NLA_S32] = 4, [NLA_S64] = 8, [NLA_BE16] = 2, [NLA_BE32] = 4,
};

static bool in_range_signed(const struct nla_policy *pol, s64 v)
{
	return v >= pol->min && v <= pol->max;
}

static bool in_range_unsigned(const struct nla_policy *pol, u64 v)
{
	if (pol->min > 0 && v < (u64)pol->min)
		return false;
	return (pol->max == 0 && pol->min > 0) || v <= (u64)pol->max;
}

static bool in_range(const struct nla_policy *pol, const struct nlattr *nla)
{
	switch (pol->type) {
	case NLA_S8:
		return in_range_signed(pol, (s8)nla_get_u8(nla));
	case NLA_S16:
		return in_range_signed(pol, (s16)nla_get_u16(nla));
	case NLA_S32:
		return in_range_signed(pol, nla_get_s32(nla));
	case NLA_S64:
		return in_range_signed(pol, nla_get_s64(nla));
	case NLA_U8:
		return in_range_unsigned(pol, nla_get_u8(nla));
	case NLA_U16:
		return in_range_unsigned(pol, nla_get_u16(nla));
	case NLA_BE16:
		return in_range_unsigned(pol, be16_to_cpu(nla_get_be16(nla)));
	case NLA_U32:
		return in_range_unsigned(pol, nla_get_u32(nla));
	case NLA_BE32:
		return in_range_unsigned(pol, be32_to_cpu(nla_get_be32(nla)));
	default:
		return in_range_unsigned(pol, nla_get_u64(nla));
	}
}

static int bad_length(struct nlattr_err *err, const struct nlattr *nla, int code)
{
	return fail(err, nla, "Attribute failed policy validation", code);
}

static int check_int(const struct nlattr *nla, const struct nla_policy *pol,
		     u32 validate, struct nlattr_err *err)
{
	u32 size = int_sizes[pol->type], len = nla_len(nla);

	if (len != size && (validate & NL_VALIDATE_STRICT_ATTRS))
		return fail(err, nla, "invalid attribute length", -EINVAL);
	if (len < size)
		return bad_length(err, nla, -ERANGE);
	if ((pol->min || pol->max) && !in_range(pol, nla))
		return fail(err, nla, "integer out of range", -ERANGE);
	return 0;
}

static int check_string(const struct nlattr *nla, const struct nla_policy *pol,
			struct nlattr_err *err)
{
	const char *s = nla_data(nla);
	u32 len = nla_len(nla), seen = pol->len ? min(len, pol->len + 1U) : len;

	if (pol->type == NLA_NUL_STRING && (!seen || !memchr(s, 0, seen)))
		return bad_length(err, nla, -EINVAL);
	if (len == 0)
		return bad_length(err, nla, -ERANGE);
	if (s[len - 1] == '\0')
		len--;
	if (pol->len && len > pol->len)
		return bad_length(err, nla, -ERANGE);
	return 0;
}

static int check_bitfield(const struct nlattr *nla, const struct nla_policy *pol,
			  struct nlattr_err *err)
{
	struct nla_bitfield32 bf;

	if (nla_len(nla) != sizeof(bf))
		return bad_length(err, nla, -ERANGE);
	memcpy(&bf, nla_data(nla), sizeof(bf));
	if ((bf.selector | bf.value) & ~pol->mask || bf.value & ~bf.selector)
		return bad_length(err, nla, -EINVAL);
	return 0;
}

static int parse_depth(const struct nlattr *tb[], int maxtype, const void *head,
		       u32 len, const struct nla_policy *policy, u32 validate,
		       struct nlattr_err *err, int depth);

static int check_nested(const struct nlattr *nla, const struct nla_policy *pol,
			u32 validate, struct nlattr_err *err, int depth)
{
	if (nla_len(nla) == 0)
		return 0; /* an empty nest is one */
	if (nla_len(nla) < NLA_HDRLEN)
		return bad_length(err, nla, -ERANGE);
	if (!pol->nested)
		return 0;
	return parse_depth(NULL, pol->maxtype, nla_data(nla), nla_len(nla), pol->nested,
			   validate, err, depth + 1);
}

static int check_array(const struct nlattr *nla, const struct nla_policy *pol,
		       u32 validate, struct nlattr_err *err, int depth)
{
	const struct nlattr *el;
	u32 left;

	if (nla_len(nla) && nla_len(nla) < NLA_HDRLEN)
		return bad_length(err, nla, -ERANGE);
	nla_for_each_nested(el, nla, left)
	{
		int code;

		if (nla_len(el) == 0)
			continue;
		if (nla_len(el) < NLA_HDRLEN)
			return fail(err, el, "Array element too short", -ERANGE);
		code = check_nested(el, pol, validate, err, depth);
		if (code)
			return code;
	}
	return 0;
}

static bool is_nest(const struct nla_policy *pol)
{
	return pol->type == NLA_NESTED || pol->type == NLA_NESTED_ARRAY;
}

static int check_nest_flag(const struct nlattr *nla, const struct nla_policy *pol,
			   struct nlattr_err *err)
{
	bool flag = nla->nla_type & NLA_F_NESTED;

	if (is_nest(pol) && !flag)
		return fail(err, nla, "NLA_F_NESTED is missing", -EINVAL);
	if (!is_nest(pol) && pol->type != NLA_UNSPEC && flag)
		return fail(err, nla, "NLA_F_NESTED not expected", -EINVAL);
	return 0;
}

static int check(const struct nlattr *nla, const struct nla_policy *pol, u32 validate,
		 struct nlattr_err *err, int depth)
{
	int code;

	if (validate & NL_VALIDATE_NESTED) {
		code = check_nest_flag(nla, pol, err);
		if (code)
			return code;
	}
	switch (pol->type) {
	case NLA_REJECT:
		return fail(err, nla, pol->reject, -EINVAL);
	case NLA_FLAG:
		return nla_len(nla) ? bad_length(err, nla, -ERANGE) : 0;
	case NLA_STRING:
	case NLA_NUL_STRING:
		return check_string(nla, pol, err);
	case NLA_BINARY:
		if (pol->len && nla_len(nla) > pol->len)
			return bad_length(err, nla, -ERANGE);
		return 0;
	case NLA_EXACT_LEN:
		if (nla_len(nla) == pol->len)
			return 0;
		return validate & NL_VALIDATE_STRICT_ATTRS
			   ? fail(err, nla, "invalid attribute length", -EINVAL)
			   : bad_length(err, nla, -ERANGE);
	case NLA_NESTED:
		return check_nested(nla, pol, validate, err, depth);
	case NLA_NESTED_ARRAY:
		return check_array(nla, pol, validate, err, depth);
	case NLA_BITFIELD32:
		return check_bitfield(nla, pol, err);
	case NLA_UNSPEC:
		if (validate & NL_VALIDATE_UNSPEC)
			return fail(err, nla, "Unsupported attribute", -EINVAL);
		return nla_len(nla) < pol->len ? bad_length(err, nla, -ERANGE) : 0;
	default:
		return check_int(nla, pol, validate, err);
	}
}

/* Recursion is bounded by NLA_DEPTH_MAX. */
static int parse_depth(const struct nlattr *tb[], int maxtype, const void *head,
		       u32 len, const struct nla_policy *policy, u32 validate,
		       struct nlattr_err *err, int depth)
{
	const struct nlattr *nla;
	u32 left;

	if (depth >= NLA_DEPTH_MAX)
		return fail(err, NULL, "allowed policy recursion depth exceeded",
			    -EINVAL);
	for (int i = 0; tb && i <= maxtype; i++)
		tb[i] = NULL;
	nla_for_each(nla, head, len, left)
	{
		u16 type = nla_type(nla);

		if (type == 0 || type > maxtype) {
			if (validate & NL_VALIDATE_MAXTYPE)
				return fail(err, nla, "Unknown attribute type",
					    -EINVAL);
			continue;
		}
		if (policy) {
			int code = check(nla, &policy[type], validate, err, depth);

			if (code)
				return code;
		}
		if (tb)
			tb[type] = nla;
	}
	if (left && (validate & NL_VALIDATE_TRAILING))
		return fail(err, NULL, "bytes leftover after parsing attributes",
			    -EINVAL);
	return 0;
}

int nla_parse(const struct nlattr *tb[], int maxtype, const void *head, u32 len,
	      const struct nla_policy *policy, u32 validate, struct nlattr_err *err)
{
	return parse_depth(tb, maxtype, head, len, policy, validate, err, 0);
}

int nla_parse_nested(const struct nlattr *tb[], int maxtype, const struct nlattr *nla,
		     const struct nla_policy *policy, u32 validate,
		     struct nlattr_err *err)
{
	if (!nla)
		return nla_parse(tb, maxtype, NULL, 0, policy, validate, err);
	if ((validate & NL_VALIDATE_NESTED) && !(nla->nla_type & NLA_F_NESTED))
		return fail(err, nla, "NLA_F_NESTED is missing", -EINVAL);
	return nla_parse(tb, maxtype, nla_data(nla), nla_len(nla), policy, validate,
			 err);
}

int nlmsg_parse(const struct nlmsghdr *nlh, u32 hdrlen, const struct nlattr *tb[],
		int maxtype, const struct nla_policy *policy, u32 validate,
		struct nlattr_err *err)
{
	const void *head;
	u32 len;

	if (nlh->nlmsg_len < NLMSG_HDRLEN + hdrlen)
		return fail(err, NULL, "Invalid header length", -EINVAL);
	head = attrs_of(nlh, hdrlen, &len);
	return nla_parse(tb, maxtype, head, len, policy, validate, err);
}

/* ---- get ---- */

u32 nla_memcpy(void *dst, const struct nlattr *nla, u32 size)
{
	u32 n = min(size, nla_len(nla));

	memcpy(dst, nla_data(nla), n);
	if (n < size)
		memset((u8 *)dst + n, 0, size - n);
	return n;
}

u8 nla_get_u8(const struct nlattr *nla)
{
	u8 v;

	nla_memcpy(&v, nla, sizeof(v));
	return v;
}

u16 nla_get_u16(const struct nlattr *nla)
{
	u16 v;

	nla_memcpy(&v, nla, sizeof(v));
	return v;
}

u32 nla_get_u32(const struct nlattr *nla)
{
	u32 v;

	nla_memcpy(&v, nla, sizeof(v));
	return v;
}

u64 nla_get_u64(const struct nlattr *nla)
{
	u64 v;

	nla_memcpy(&v, nla, sizeof(v));
	return v;
}

s32 nla_get_s32(const struct nlattr *nla)
{
	return (s32)nla_get_u32(nla);
}

s64 nla_get_s64(const struct nlattr *nla)
{
	return (s64)nla_get_u64(nla);
}

be16 nla_get_be16(const struct nlattr *nla)
{
	return (__force be16)nla_get_u16(nla);
}

be32 nla_get_be32(const struct nlattr *nla)
{
	return (__force be32)nla_get_u32(nla);
}

be64 nla_get_be64(const struct nlattr *nla)
{
	return (__force be64)nla_get_u64(nla);
}

size_t nla_strscpy(char *dst, const struct nlattr *nla, size_t size)
{
	size_t len = strnlen(nla_data(nla), nla_len(nla)), n;

	if (size == 0)
		return len;
	n = min(len, size - 1);
	memcpy(dst, nla_data(nla), n);
	dst[n] = '\0';
	return len;
}

bool nla_is_string(const struct nlattr *nla, const char *s)
{
	size_t len = strnlen(nla_data(nla), nla_len(nla));

	return len == strlen(s) && memcmp(nla_data(nla), s, len) == 0;
}

int nla_get_ipaddr(const struct nlattr *nla, u16 family, struct ipaddr *out)
{
	if (!ip_addr_len(family) || nla_len(nla) != ip_addr_len(family))
		return -EINVAL;
	*out = ipaddr_any(family);
	memcpy(out->v6, nla_data(nla), nla_len(nla));
	return 0;
}

/* ---- build ---- */

void nlmsg_builder_init(struct nlmsg_builder *b, void *buf, u32 size)
{
	*b = (struct nlmsg_builder){.buf = buf, .size = size};
}

/* @len bytes and their padding at the end, zeroed, or NULL and overflow */
static void *extend(struct nlmsg_builder *b, u32 len)
{
	u32 room = b->size - b->len;
	void *p = b->buf + b->len;

	if (b->overflow || len > room || NLA_ALIGN(len) > room) {
		b->overflow = true;
		return NULL;
	}
	memset(p, 0, NLA_ALIGN(len));
	b->len += NLA_ALIGN(len);
	return p;
}

void *nlmsg_begin(struct nlmsg_builder *b, u16 type, u16 flags, u32 seq, u32 pid,
		  u32 hdrlen)
{
	struct nlmsghdr *nlh;

	b->msg = b->len;
	nlh = hdrlen < b->size ? extend(b, NLMSG_HDRLEN + hdrlen) : NULL;
	if (!nlh) {
		b->overflow = false;
		return NULL;
	}
	nlh->nlmsg_len = NLMSG_HDRLEN + hdrlen;
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = seq;
	nlh->nlmsg_pid = pid;
	return (u8 *)nlh + NLMSG_HDRLEN;
}

void nlmsg_cancel(struct nlmsg_builder *b)
{
	b->len = b->msg;
	b->overflow = false;
}

int nlmsg_end(struct nlmsg_builder *b)
{
	struct nlmsghdr *nlh = (void *)(b->buf + b->msg);

	if (b->overflow) {
		nlmsg_cancel(b);
		return -EMSGSIZE;
	}
	/* a header alone keeps its own length, however it is padded */
	if (NLMSG_ALIGN(nlh->nlmsg_len) < b->len - b->msg)
		nlh->nlmsg_len = b->len - b->msg;
	return 0;
}

void *nlmsg_append(struct nlmsg_builder *b, u32 len)
{
	return extend(b, len);
}

void *nla_reserve(struct nlmsg_builder *b, u16 type, u32 len)
{
	struct nlattr *nla;

	if (len > UINT16_MAX - NLA_HDRLEN) {
		b->overflow = true;
		return NULL;
	}
	nla = extend(b, NLA_HDRLEN + len);
	if (!nla)
		return NULL;
	nla->nla_type = type;
	nla->nla_len = (u16)(NLA_HDRLEN + len);
	return (u8 *)nla + NLA_HDRLEN;
}

int nla_put(struct nlmsg_builder *b, u16 type, u32 len, const void *data)
{
	void *p = nla_reserve(b, type, len);

	if (!p)
		return -EMSGSIZE;
	if (len)
		memcpy(p, data, len);
	return 0;
}

int nla_put_u8(struct nlmsg_builder *b, u16 type, u8 v)
{
	return nla_put(b, type, sizeof(v), &v);
}

int nla_put_u16(struct nlmsg_builder *b, u16 type, u16 v)
{
	return nla_put(b, type, sizeof(v), &v);
}

int nla_put_u32(struct nlmsg_builder *b, u16 type, u32 v)
{
	return nla_put(b, type, sizeof(v), &v);
}

int nla_put_u64(struct nlmsg_builder *b, u16 type, u64 v)
{
	return nla_put(b, type, sizeof(v), &v);
}

int nla_put_s32(struct nlmsg_builder *b, u16 type, s32 v)
{
	return nla_put(b, type, sizeof(v), &v);
}

int nla_put_be16(struct nlmsg_builder *b, u16 type, be16 v)
{
	return nla_put(b, type, sizeof(v), &v);
}

int nla_put_be32(struct nlmsg_builder *b, u16 type, be32 v)
{
	return nla_put(b, type, sizeof(v), &v);
}

int nla_put_be64(struct nlmsg_builder *b, u16 type, be64 v)
{
	return nla_put(b, type, sizeof(v), &v);
}

int nla_put_str(struct nlmsg_builder *b, u16 type, const char *s)
{
	return nla_put(b, type, (u32)strlen(s) + 1, s);
}

int nla_put_flag(struct nlmsg_builder *b, u16 type)
{
	return nla_put(b, type, 0, NULL);
}

int nla_put_ipaddr(struct nlmsg_builder *b, u16 type, const struct ipaddr *a)
{
	return nla_put(b, type, ipaddr_len(a), ipaddr_bytes(a));
}

u32 nla_nest_begin(struct nlmsg_builder *b, u16 type)
{
	u32 at = b->len;

	return nla_reserve(b, type, 0) ? at : 0;
}

void nla_nest_end(struct nlmsg_builder *b, u32 nest)
{
	struct nlattr *nla = (void *)(b->buf + nest);

	if (b->overflow)
		return;
	if (b->len - nest > UINT16_MAX) {
		b->overflow = true;
		return;
	}
	nla->nla_len = (u16)(b->len - nest);
}

void nla_nest_cancel(struct nlmsg_builder *b, u32 nest)
{
	if (nest == 0)
		return; /* never begun: the overflow is older */
	b->len = nest;
	b->overflow = false;
}
