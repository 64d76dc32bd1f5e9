/* SPDX-License-Identifier: MIT */
/*
 * fuzz_nlattr.c - messages and attributes against a policy of every type
 *
 * The first byte is how strict; the rest a buffer of messages.
 */

#include "fuzz.h"

#include "wire/nlattr.h"

enum { MAXTYPE = NLA_TYPE_NR };

/* Refers to itself, so that any depth can be reached. Attribute n + 1 has type n. */
static const struct nla_policy policy[MAXTYPE + 1];
static const struct nla_policy policy[MAXTYPE + 1] = {
    [NLA_UNSPEC + 1] = {.type = NLA_UNSPEC, .len = 2},
    [NLA_U8 + 1] = {.type = NLA_U8, .max = 9},
    [NLA_U16 + 1] = {.type = NLA_U16, .min = 2},
    [NLA_U32 + 1] = {.type = NLA_U32},
    [NLA_U64 + 1] = {.type = NLA_U64, .min = 1, .max = 5},
    [NLA_S8 + 1] = {.type = NLA_S8, .min = -1, .max = 1},
    [NLA_S16 + 1] = {.type = NLA_S16, .min = -1, .max = 1},
    [NLA_S32 + 1] = {.type = NLA_S32, .min = -1, .max = 1},
    [NLA_S64 + 1] = {.type = NLA_S64, .min = -1, .max = 1},
    [NLA_BE16 + 1] = {.type = NLA_BE16, .max = 99},
    [NLA_BE32 + 1] = {.type = NLA_BE32, .max = 99},
    [NLA_STRING + 1] = {.type = NLA_STRING, .len = 7},
    [NLA_NUL_STRING + 1] = {.type = NLA_NUL_STRING, .len = 7},
    [NLA_BINARY + 1] = {.type = NLA_BINARY, .len = 16},
    [NLA_EXACT_LEN + 1] = {.type = NLA_EXACT_LEN, .len = 6},
    [NLA_FLAG + 1] = {.type = NLA_FLAG},
    [NLA_NESTED + 1] = {.type = NLA_NESTED, .nested = policy, .maxtype = MAXTYPE},
    [NLA_NESTED_ARRAY +
	1] = {.type = NLA_NESTED_ARRAY, .nested = policy, .maxtype = MAXTYPE},
    [NLA_BITFIELD32 + 1] = {.type = NLA_BITFIELD32, .mask = 15},
    [NLA_REJECT + 1] = {.type = NLA_REJECT, .reject = "no"},
};

/* What passed the policy may be used without looking again. */
static void use(const struct nlattr *nla, const u8 *end)
{
	char text[8];
	u8 *dst;

	EXPECT((const u8 *)nla_data(nla) + nla_len(nla) <= end);
	switch (nla_type(nla) - 1) {
	case NLA_U8:
		EXPECT(nla_get_u8(nla) <= 9);
		break;
	case NLA_U64:
		EXPECT(nla_get_u64(nla) - 1 < 5);
		break;
	case NLA_S32:
		EXPECT(nla_get_s32(nla) >= -1 && nla_get_s32(nla) <= 1);
		break;
	case NLA_STRING:
		EXPECT(nla_strscpy(text, nla, sizeof(text)) < sizeof(text));
		EXPECT(nla_is_string(nla, text));
		break;
	case NLA_NUL_STRING:
		EXPECT(strlen(nla_get_string(nla)) <= 7);
		break;
	case NLA_BINARY:
		dst = malloc(16);
		BUG_ON(!dst);
		EXPECT(nla_memcpy(dst, nla, 16) == nla_len(nla));
		free(dst);
		break;
	default:
		break;
	}
}

/* Build the message again from what was understood; it must be understood again. */
static void rebuild(const struct nlattr *const *tb, u32 validate)
{
	const struct nlattr *again[MAXTYPE + 1];
	size_t size = 32;
	struct nlmsg_builder b;
	struct nlattr_err err;
	u8 *buf;

	for (int i = 1; i <= MAXTYPE; i++)
		size += tb[i] ? NLA_ALIGN((size_t)tb[i]->nla_len) : 0;
	buf = malloc(size);
	BUG_ON(!buf);
	nlmsg_builder_init(&b, buf, (u32)size);
	EXPECT(nlmsg_begin(&b, 1, 2, 3, 4, 16) != NULL);
	for (int i = 1; i <= MAXTYPE; i++)
		if (tb[i])
			nla_put(&b, tb[i]->nla_type, nla_len(tb[i]), nla_data(tb[i]));
	EXPECT(nlmsg_end(&b) == 0);
	EXPECT(nlmsg_parse((const void *)buf, 16, again, MAXTYPE, policy, validate,
			   &err) == 0);
	for (int i = 1; i <= MAXTYPE; i++)
		EXPECT(!tb[i] == !again[i]);
	free(buf);
}

static void one_message(const struct nlmsghdr *nlh, u32 validate)
{
	const u8 *end = (const u8 *)nlh + nlh->nlmsg_len;
	const struct nlattr *tb[MAXTYPE + 1];
	struct nlattr_err err = {0};

	if (nlmsg_parse(nlh, 4, tb, MAXTYPE, policy, validate, &err)) {
		EXPECT(err.msg);
		EXPECT(!err.attr || ((const u8 *)err.attr > (const u8 *)nlh &&
				     (const u8 *)err.attr < end));
		return;
	}
	for (int i = 1; i <= MAXTYPE; i++)
		if (tb[i])
			use(tb[i], end);
	rebuild(tb, validate);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	const struct nlmsghdr *nlh;
	u32 left;
	u8 *copy;

	if (size == 0)
		return 0;
	left = (u32)size - 1;
	copy = fuzz_copy(data + 1, left);
	for (nlh = (const void *)copy; nlmsg_ok(nlh, left);
	     nlh = nlmsg_next(nlh, &left))
		one_message(nlh, data[0] & NL_VALIDATE_STRICT);
	free(copy);
	return 0;
}
