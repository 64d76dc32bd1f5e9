/* SPDX-License-Identifier: MIT */
/* nlattr_test.c - policies as Linux checks them, messages there and back */

#include "wire/nlattr.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
	A_U8 = 1,
	A_U16,
	A_U32,
	A_U64,
	A_S32,
	A_STRING,
	A_NUL_STRING,
	A_BINARY,
	A_EXACT,
	A_FLAG,
	A_NEST,
	A_ARRAY,
	A_BITS,
	A_REJECT,
	A_ANY,
	A_BE16,
	A_BE32,
	A_S8,
	A_S16,
	A_S64,
	A_MAX = A_S64,
};

static const struct nla_policy inner[] = {
    [1] = {.type = NLA_U32},
    [2] = {.type = NLA_FLAG},
};

static const struct nla_policy policy[A_MAX + 1] = {
    [A_U8] = {.type = NLA_U8, .max = 200},
    [A_U16] = {.type = NLA_U16},
    [A_U32] = {.type = NLA_U32, .min = 68},
    [A_U64] = {.type = NLA_U64, .min = 5, .max = 10},
    [A_S32] = {.type = NLA_S32, .min = -1, .max = 3},
    [A_STRING] = {.type = NLA_STRING, .len = 4},
    [A_NUL_STRING] = {.type = NLA_NUL_STRING, .len = 4},
    [A_BINARY] = {.type = NLA_BINARY, .len = 6},
    [A_EXACT] = {.type = NLA_EXACT_LEN, .len = 3},
    [A_FLAG] = {.type = NLA_FLAG},
    [A_NEST] = {.type = NLA_NESTED, .nested = inner, .maxtype = 2},
    [A_ARRAY] = {.type = NLA_NESTED_ARRAY, .nested = inner, .maxtype = 2},
    [A_BITS] = {.type = NLA_BITFIELD32, .mask = 7},
    [A_REJECT] = {.type = NLA_REJECT, .reject = "not here"},
    [A_ANY] = {.len = 2},
    [A_BE16] = {.type = NLA_BE16, .max = 1000},
    [A_BE32] = {.type = NLA_BE32, .max = 1000},
    [A_S8] = {.type = NLA_S8, .min = -2, .max = 2},
    [A_S16] = {.type = NLA_S16, .min = -2, .max = 2},
    [A_S64] = {.type = NLA_S64, .min = -2, .max = 2},
};

/* One attribute in a buffer */
struct one {
	_Alignas(4) u8 data[64];
	u32 len;
};

static struct one one(u16 type, const void *payload, u16 len)
{
	struct one o = {.len = NLA_ALIGN(NLA_HDRLEN + len)};
	struct nlattr nla = {.nla_type = type, .nla_len = (u16)(NLA_HDRLEN + len)};

	memcpy(o.data, &nla, sizeof(nla));
	if (len)
		memcpy(o.data + NLA_HDRLEN, payload, len);
	return o;
}

static int parse(const struct one *o, u32 validate, struct nlattr_err *err)
{
	const struct nlattr *tb[A_MAX + 1];

	*err = (struct nlattr_err){0};
	return nla_parse(tb, A_MAX, o->data, o->len, policy, validate, err);
}

static void test_policy(void **state)
{
	static const char *const failed = "Attribute failed policy validation";
	static const char *const range = "integer out of range";
	static const char *const length = "invalid attribute length";
	static const struct {
		u16 type;
		u16 len;
		u8 b[12];
		u32 validate;
		int code;
		const char *const *msg;
	} cases[] = {
	    {A_U8, 1, {200}, 0, 0, NULL},
	    {A_U8, 1, {201}, 0, -ERANGE, &range},
	    {A_U8, 0, {0}, 0, -ERANGE, &failed},
	    {A_U16, 1, {1}, 0, -ERANGE, &failed},
	    {A_U16, 4, {1}, 0, 0, NULL}, /* more is fine, once */
	    {A_U16, 4, {1}, NL_VALIDATE_STRICT, -EINVAL, &length},
	    {A_U16, 2, {1}, NL_VALIDATE_STRICT, 0, NULL},
	    {A_U32, 4, {[3] = 1}, 0, 0, NULL},
	    {A_U32, 4, {0xff, 0xff, 0xff, 0xff}, 0, 0, NULL},
	    {A_U32, 4, {0}, 0, -ERANGE, &range},
	    {A_S32, 4, {0xff, 0xff, 0xff, 0xff}, 0, 0, NULL},
	    {A_S32, 4, {0xfe, 0xff, 0xff, 0xff}, 0, -ERANGE, &range},
	    {A_S8, 1, {0xfe}, 0, 0, NULL},
	    {A_S8, 1, {0xfd}, 0, -ERANGE, &range},
	    {A_S16, 2, {0xff, 0xff}, 0, 0, NULL},
	    {A_S16, 2, {0x01, 0x01}, 0, -ERANGE, &range},
	    {A_S64, 8, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 0, 0, NULL},
	    {A_S64, 8, {0xff, 0xff, 0xff, 0xff}, 0, -ERANGE, &range},
	    {A_BE16, 2, {0x03, 0xe8}, 0, 0, NULL},
	    {A_BE16, 2, {0x03, 0xe9}, 0, -ERANGE, &range},
	    {A_BE32, 4, {0, 0, 0x03, 0xe8}, 0, 0, NULL},
	    {A_BE32, 4, {0, 0, 0x03, 0xe9}, 0, -ERANGE, &range},
	    {A_STRING, 4, "abcd", 0, 0, NULL},
	    {A_STRING, 5, "abcd", 0, 0, NULL},
	    {A_STRING, 5, "abcde", 0, -ERANGE, &failed},
	    {A_STRING, 0, "", 0, -ERANGE, &failed},
	    {A_STRING, 1, "", 0, 0, NULL},
	    {A_NUL_STRING, 5, "abcd", 0, 0, NULL},
	    {A_NUL_STRING, 4, "abcd", 0, -EINVAL, &failed},
	    {A_NUL_STRING, 6, "abcde", 0, -EINVAL, &failed},
	    {A_NUL_STRING, 0, "", 0, -EINVAL, &failed},
	    {A_BINARY, 6, {0}, 0, 0, NULL},
	    {A_BINARY, 0, {0}, 0, 0, NULL},
	    {A_BINARY, 7, {0}, 0, -ERANGE, &failed},
	    {A_EXACT, 3, {0}, 0, 0, NULL},
	    {A_EXACT, 4, {0}, 0, -ERANGE, &failed},
	    {A_EXACT, 4, {0}, NL_VALIDATE_STRICT, -EINVAL, &length},
	    {A_FLAG, 0, {0}, 0, 0, NULL},
	    {A_FLAG, 1, {0}, 0, -ERANGE, &failed},
	    {A_NEST, 0, {0}, 0, 0, NULL},
	    {A_NEST, 3, {0}, 0, -ERANGE, &failed},
	    {A_ARRAY, 0, {0}, 0, 0, NULL},
	    {A_ARRAY, 3, {0}, 0, -ERANGE, &failed},
	    {A_BITS, 8, {3, 0, 0, 0, 7, 0, 0, 0}, 0, 0, NULL},
	    {A_BITS, 8, {8, 0, 0, 0, 8, 0, 0, 0}, 0, -EINVAL, &failed},
	    {A_BITS, 8, {3, 0, 0, 0, 1, 0, 0, 0}, 0, -EINVAL, &failed},
	    {A_BITS, 4, {3, 0, 0, 0}, 0, -ERANGE, &failed},
	    {A_ANY, 2, {0}, 0, 0, NULL},
	    {A_ANY, 1, {0}, 0, -ERANGE, &failed},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct one o = one(cases[i].type, cases[i].b, cases[i].len);
		struct nlattr_err err;
		int code = parse(&o, cases[i].validate, &err);

		if (code != cases[i].code)
			fail_msg("case %u: %d %s", i, code, err.msg ? err.msg : "");
		if (!code)
			continue;
		assert_string_equal(err.msg, *cases[i].msg);
		assert_ptr_equal(err.attr, o.data);
	}
}

static void test_strictness(void **state)
{
	struct one o = one(A_MAX + 1, "", 0), nest = one(A_NEST, "", 0);
	struct one flagged = one(A_U8 | NLA_F_NESTED, "", 1);
	struct nlattr_err err;

	(void)state;
	assert_int_equal(parse(&o, NL_VALIDATE_LIBERAL, &err), 0);
	assert_int_equal(parse(&o, NL_VALIDATE_DEPRECATED_STRICT, &err), -EINVAL);
	assert_string_equal(err.msg, "Unknown attribute type");
	o = one(0, "", 0);
	assert_int_equal(parse(&o, NL_VALIDATE_LIBERAL, &err), 0);
	assert_int_equal(parse(&o, NL_VALIDATE_MAXTYPE, &err), -EINVAL);

	o = one(A_U8, "", 1);
	o.len += 2;
	assert_int_equal(parse(&o, NL_VALIDATE_LIBERAL, &err), 0);
	assert_int_equal(parse(&o, NL_VALIDATE_TRAILING, &err), -EINVAL);
	assert_string_equal(err.msg, "bytes leftover after parsing attributes");

	assert_int_equal(parse(&nest, NL_VALIDATE_LIBERAL, &err), 0);
	assert_int_equal(parse(&nest, NL_VALIDATE_STRICT, &err), -EINVAL);
	assert_string_equal(err.msg, "NLA_F_NESTED is missing");
	assert_int_equal(parse(&flagged, NL_VALIDATE_LIBERAL, &err), 0);
	assert_int_equal(parse(&flagged, NL_VALIDATE_STRICT, &err), -EINVAL);
	assert_string_equal(err.msg, "NLA_F_NESTED not expected");

	o = one(A_ANY, "ab", 2);
	assert_int_equal(parse(&o, NL_VALIDATE_STRICT, &err), -EINVAL);
	assert_string_equal(err.msg, "Unsupported attribute");
	o = one(A_REJECT, "", 0);
	assert_int_equal(parse(&o, NL_VALIDATE_LIBERAL, &err), -EINVAL);
	assert_string_equal(err.msg, "not here");
	assert_int_equal(nla_parse(NULL, A_MAX, o.data, o.len, policy, 0, NULL),
			 -EINVAL);
	assert_int_equal(nla_parse(NULL, A_MAX, o.data, o.len, NULL, 0, NULL), 0);
}

static void test_build_and_parse(void **state)
{
	_Alignas(4) u8 buf[1024];
	const struct nlattr *tb[A_MAX + 1], *in[3];
	const u8 v6[16] = {0x20, 1, [15] = 9};
	struct ipaddr a4 = ipaddr_v4(cpu_to_be32(0x0a000001)), a6 = ipaddr_v6(v6), got;
	struct nlmsg_builder b;
	const struct nlmsghdr *nlh;
	const struct nlattr *el;
	struct nlattr_err err;
	u32 nest, sub, left;
	char name[3];
	int n = 0;

	(void)state;
	nlmsg_builder_init(&b, buf, sizeof(buf));
	u32 *head = nlmsg_begin(&b, 16, NLM_F_MULTI, 5, 6, 4);
	assert_int_equal(*head, 0);
	*head = 99;
	assert_int_equal(nla_put_u8(&b, A_U8, 1), 0);
	nla_put_u16(&b, A_U16, 2);
	nla_put_u32(&b, A_U32, 300);
	nla_put_u64(&b, A_U64, 7);
	nla_put_s32(&b, A_S32, -1);
	nla_put_str(&b, A_STRING, "eth0");
	nla_put_str(&b, A_NUL_STRING, "eth1");
	nla_put_flag(&b, A_FLAG);
	nla_put_be16(&b, A_BE16, cpu_to_be16(80));
	nla_put_be32(&b, A_BE32, cpu_to_be32(81));
	nla_put_be64(&b, A_S64, 0);
	nest = nla_nest_begin(&b, A_NEST | NLA_F_NESTED);
	nla_put_u32(&b, 1, 77);
	nla_put_flag(&b, 2);
	nla_nest_end(&b, nest);
	nest = nla_nest_begin(&b, A_ARRAY | NLA_F_NESTED);
	for (u16 i = 1; i <= 3; i++) {
		sub = nla_nest_begin(&b, i | NLA_F_NESTED);
		nla_put_u32(&b, 1, i);
		nla_nest_end(&b, sub);
	}
	nla_nest_end(&b, nest);
	nest = nla_nest_begin(&b, A_NEST); /* thought better of */
	nla_put_u32(&b, 1, 78);
	nla_nest_cancel(&b, nest);
	assert_int_equal(nlmsg_end(&b), 0);

	nlh = (const void *)buf;
	assert_true(nlmsg_ok(nlh, b.len));
	assert_int_equal(nlh->nlmsg_len, b.len);
	assert_int_equal(nlh->nlmsg_type, 16);
	assert_int_equal(nlh->nlmsg_flags, NLM_F_MULTI);
	assert_int_equal(nlh->nlmsg_seq, 5);
	assert_int_equal(nlh->nlmsg_pid, 6);
	assert_int_equal(nlmsg_len(nlh), b.len - 16);
	assert_int_equal(*(const u32 *)nlmsg_data(nlh), 99);
	assert_int_equal(
	    nlmsg_parse(nlh, 4, tb, A_MAX, policy, NL_VALIDATE_STRICT, &err), 0);
	assert_int_equal(nla_get_u8(tb[A_U8]), 1);
	assert_int_equal(nla_get_u16(tb[A_U16]), 2);
	assert_int_equal(nla_get_u32(tb[A_U32]), 300);
	assert_int_equal(nla_get_u64(tb[A_U64]), 7);
	assert_int_equal(nla_get_s32(tb[A_S32]), -1);
	assert_int_equal(nla_get_s64(tb[A_S64]), 0);
	assert_int_equal(nla_get_be64(tb[A_S64]), 0);
	assert_true(nla_get_flag(tb[A_FLAG]));
	assert_false(nla_get_flag(tb[A_BITS]));
	assert_int_equal(nla_get_be16(tb[A_BE16]), cpu_to_be16(80));
	assert_int_equal(nla_get_be32(tb[A_BE32]), cpu_to_be32(81));
	assert_string_equal(nla_get_string(tb[A_NUL_STRING]), "eth1");
	assert_true(nla_is_string(tb[A_STRING], "eth0"));
	assert_false(nla_is_string(tb[A_STRING], "eth"));
	assert_false(nla_is_string(tb[A_STRING], "eth01"));
	assert_int_equal(nla_strscpy(name, tb[A_STRING], sizeof(name)), 4);
	assert_string_equal(name, "et");
	assert_ptr_equal(nlmsg_find(nlh, 4, A_U16), tb[A_U16]);
	assert_null(nlmsg_find(nlh, 4, A_BITS));

	assert_int_equal(
	    nla_parse_nested(in, 2, tb[A_NEST], inner, NL_VALIDATE_STRICT, &err), 0);
	assert_int_equal(nla_get_u32(in[1]), 77);
	assert_non_null(in[2]);
	assert_int_equal(nla_parse_nested(in, 2, NULL, inner, NL_VALIDATE_STRICT, &err),
			 0);
	assert_null(in[1]);
	assert_int_equal(
	    nla_parse_nested(in, 2, tb[A_U8], inner, NL_VALIDATE_STRICT, &err),
	    -EINVAL);
	nla_for_each_nested(el, tb[A_ARRAY], left)
	{
		assert_int_equal(nla_type(el), ++n);
	}
	assert_int_equal(n, 3);
	assert_int_equal(left, 0);

	nlmsg_builder_init(&b, buf, sizeof(buf));
	nlmsg_begin(&b, 16, 0, 0, 0, 0);
	nla_put_ipaddr(&b, 1, &a4);
	nla_put_ipaddr(&b, 2, &a6);
	assert_int_equal(nlmsg_end(&b), 0);
	const struct nlattr *x = nlmsg_find(nlh, 0, 1), *y = nlmsg_find(nlh, 0, 2);
	assert_int_equal(nla_get_ipaddr(x, AF_INET, &got), 0);
	assert_true(ipaddr_equal(&got, &a4));
	assert_int_equal(nla_get_ipaddr(y, AF_INET6, &got), 0);
	assert_true(ipaddr_equal(&got, &a6));
	assert_int_equal(nla_get_ipaddr(y, AF_INET, &got), -EINVAL);
	assert_int_equal(nla_get_ipaddr(y, AF_UNIX, &got), -EINVAL);
}

static void test_missing_bytes_are_zero(void **state)
{
	struct one o = one(1, "\x01\x02\x03", 3);
	const struct nlattr *nla = (const void *)o.data;
	u8 out[5];

	(void)state;
	memset(o.data + 7, 0xff, 8);
	be32 got = nla_get_be32(nla);
	assert_memory_equal(&got, "\x01\x02\x03\x00", 4);
	assert_int_equal(nla_memcpy(out, nla, sizeof(out)), 3);
	assert_memory_equal(out, "\x01\x02\x03\x00\x00", 5);
	assert_int_equal(nla_memcpy(out, nla, 2), 2);
}

static void test_overflow(void **state)
{
	_Alignas(4) u8 buf[64];
	struct nlmsg_builder b;
	u32 nest;

	(void)state;
	nlmsg_builder_init(&b, buf, sizeof(buf));
	assert_non_null(nlmsg_begin(&b, 1, 0, 0, 0, 8));
	assert_int_equal(nla_put_u32(&b, 1, 1), 0);
	assert_int_equal(nlmsg_end(&b), 0);
	assert_int_equal(b.len, 32);
	assert_non_null(nlmsg_begin(&b, 1, 0, 0, 0, 8));
	assert_int_equal(nla_put_u32(&b, 1, 1), 0);
	assert_int_equal(nla_put_flag(&b, 2), -EMSGSIZE);
	assert_int_equal(nla_put_u32(&b, 3, 1), -EMSGSIZE); /* sticks */
	assert_int_equal(nla_nest_begin(&b, 4), 0);
	nla_nest_end(&b, 0);
	nla_nest_cancel(&b, 0);
	assert_int_equal(nlmsg_end(&b), -EMSGSIZE);
	assert_int_equal(b.len, 32);
	assert_false(b.overflow);

	assert_non_null(nlmsg_begin(&b, 1, 0, 0, 0, 8));
	nest = nla_nest_begin(&b, 4); /* an inner part that may be left out */
	assert_int_not_equal(nest, 0);
	nla_put_u32(&b, 1, 1);
	assert_true(b.overflow);
	nla_nest_cancel(&b, nest);
	assert_int_equal(nlmsg_end(&b), 0);
	assert_int_equal(b.len, 56);
	assert_null(nlmsg_begin(&b, 1, 0, 0, 0, 0));
	assert_null(nlmsg_begin(&b, 1, 0, 0, 0, ~0U));
	assert_false(b.overflow);
	assert_int_equal(b.len, 56);

	nlmsg_builder_init(&b, buf, sizeof(buf));
	nlmsg_begin(&b, 1, 0, 0, 0, 0);
	assert_null(nla_reserve(&b, 1, ~0U));
	nlmsg_cancel(&b);
	assert_int_equal(b.len, 0);
	nlmsg_begin(&b, 1, 0, 0, 0, 5);
	assert_non_null(nlmsg_append(&b, 4));
	assert_int_equal(nlmsg_end(&b), 0);
	assert_int_equal(((struct nlmsghdr *)(void *)buf)->nlmsg_len, 28);
	/* a payload without attributes keeps its own length */
	nlmsg_begin(&b, 1, 0, 0, 0, 5);
	assert_int_equal(nlmsg_end(&b), 0);
	assert_int_equal(((struct nlmsghdr *)(void *)(buf + 28))->nlmsg_len, 21);
}

static void test_nest_too_long(void **state)
{
	static const u8 payload[40000] = {0};
	_Alignas(4) u8 buf[90000];
	struct nlmsg_builder b;
	u32 nest;

	(void)state;
	nlmsg_builder_init(&b, buf, sizeof(buf));
	nlmsg_begin(&b, 1, 0, 0, 0, 0);
	nest = nla_nest_begin(&b, 1);
	nla_put(&b, 1, sizeof(payload), payload);
	nla_put(&b, 1, sizeof(payload), payload);
	nla_nest_end(&b, nest);
	assert_int_equal(nlmsg_end(&b), -EMSGSIZE);
}

static void test_messages(void **state)
{
	_Alignas(4) u8 buf[256];
	struct nlmsg_builder b;
	const struct nlmsghdr *nlh;
	const struct nlattr *tb[2];
	struct nlattr_err err;
	u32 left;
	u16 n = 0;

	(void)state;
	nlmsg_builder_init(&b, buf, sizeof(buf));
	for (u16 i = 1; i <= 3; i++) {
		nlmsg_begin(&b, i, 0, 0, 0, i);
		assert_int_equal(nlmsg_end(&b), 0);
	}
	left = b.len - 1; /* the last one without its padding */
	for (nlh = (const void *)buf; nlmsg_ok(nlh, left); nlh = nlmsg_next(nlh, &left))
		assert_int_equal(nlh->nlmsg_type, ++n);
	assert_int_equal(n, 3);
	assert_int_equal(left, 0);
	nlh = (const void *)buf;
	assert_false(nlmsg_ok(nlh, 15));
	assert_false(nlmsg_ok(nlh, 16));
	assert_int_equal(nlmsg_parse(nlh, 2, tb, 1, NULL, 0, &err), -EINVAL);
	assert_string_equal(err.msg, "Invalid header length");
	assert_int_equal(nlmsg_parse(nlh, 1, tb, 1, NULL, NL_VALIDATE_STRICT, &err), 0);
}

/* A policy that nests in itself */
static const struct nla_policy deep[2];
static const struct nla_policy deep[2] = {
    [1] = {.type = NLA_NESTED, .nested = deep, .maxtype = 1},
};

static void test_depth(void **state)
{
	for (unsigned levels = 1; levels < 20; levels++) {
		_Alignas(4) u8 buf[256];
		struct nlmsg_builder b;
		u32 nest[20];
		struct nlattr_err err;
		int code;

		nlmsg_builder_init(&b, buf, sizeof(buf));
		nlmsg_begin(&b, 1, 0, 0, 0, 0);
		for (unsigned i = 0; i < levels; i++)
			nest[i] = nla_nest_begin(&b, 1);
		for (unsigned i = levels; i-- > 0;)
			nla_nest_end(&b, nest[i]);
		assert_int_equal(nlmsg_end(&b), 0);
		code = nlmsg_parse((const void *)buf, 0, NULL, 1, deep, 0, &err);
		assert_int_equal(code, levels > 10 ? -EINVAL : 0);
	}
	(void)state;
}

/* Whatever the bytes: nothing is read outside (the sanitizers watch). */
static void test_noise(void **state)
{
	struct random r;

	(void)state;
	random_seed(&r, 6);
	for (int i = 0; i < 20000; i++) {
		const struct nlattr *tb[A_MAX + 1];
		_Alignas(4) u8 buf[64];
		u32 len = random_below(&r, sizeof(buf) + 1);

		random_bytes(&r, buf, sizeof(buf));
		for (u32 j = 0; j + 4 <= len; j += 4 * (1 + random_below(&r, 4))) {
			buf[j] = (u8)(4 + random_below(&r, 16));
			buf[j + 1] = 0;
			buf[j + 2] = (u8)random_below(&r, A_MAX + 2);
			buf[j + 3] &= 0x80;
		}
		if (nla_parse(tb, A_MAX, buf, len, policy, (u32)i & 31, NULL))
			continue;
		for (int t = 0; t <= A_MAX; t++)
			if (tb[t])
				assert_true((const u8 *)nla_data(tb[t]) +
						nla_len(tb[t]) <=
					    buf + len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy),
	    cmocka_unit_test(test_strictness),
	    cmocka_unit_test(test_build_and_parse),
	    cmocka_unit_test(test_missing_bytes_are_zero),
	    cmocka_unit_test(test_overflow),
	    cmocka_unit_test(test_nest_too_long),
	    cmocka_unit_test(test_messages),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
