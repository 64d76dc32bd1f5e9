/* SPDX-License-Identifier: MIT */
/*
 * bpf.c - classic BPF
 *
 * The machine of McCanne and Jacobson: an accumulator A, an index X, sixteen
 * words of memory, jumps that only go forward. So a program ends; what could
 * hurt is found before it runs:
 *
 *  1. Only instructions that exist, and jumps that stay inside.
 *  2. No division by a constant zero, no shift by 32 or more.
 *  3. Memory words below 16, and none read that was not written on every way
 *     that leads there.
 *  4. The last instruction returns.
 *
 * As Linux has it, an absolute load from SKF_AD_OFF on asks about the packet
 * instead of reading it (ancillary data), and negative offsets from SKF_NET_OFF
 * and SKF_LL_OFF count from the network and the link header.
 *
 * A load outside of the packet, and a division by an X of zero, end the program
 * with 0: the packet is not wanted.
 */

#include "core/bpf.h"

#include <linux/if_arp.h>
#include <linux/netlink.h>

#include "core/dev.h"
#include "core/pkt.h"
#include "core/warren.h"
#include "wire/flow.h"

/* ---- is it sound? ---- */

/* The codes add parts that are 0 here and there, for the reader */
// NOLINTBEGIN(misc-redundant-expression)
static bool is_known(u16 code)
{
	switch (code) {
	case BPF_ALU | BPF_ADD | BPF_K:
	case BPF_ALU | BPF_ADD | BPF_X:
	case BPF_ALU | BPF_SUB | BPF_K:
	case BPF_ALU | BPF_SUB | BPF_X:
	case BPF_ALU | BPF_MUL | BPF_K:
	case BPF_ALU | BPF_MUL | BPF_X:
	case BPF_ALU | BPF_DIV | BPF_K:
	case BPF_ALU | BPF_DIV | BPF_X:
	case BPF_ALU | BPF_MOD | BPF_K:
	case BPF_ALU | BPF_MOD | BPF_X:
	case BPF_ALU | BPF_AND | BPF_K:
	case BPF_ALU | BPF_AND | BPF_X:
	case BPF_ALU | BPF_OR | BPF_K:
	case BPF_ALU | BPF_OR | BPF_X:
	case BPF_ALU | BPF_XOR | BPF_K:
	case BPF_ALU | BPF_XOR | BPF_X:
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_LSH | BPF_X:
	case BPF_ALU | BPF_RSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_X:
	case BPF_ALU | BPF_NEG:
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LD | BPF_W | BPF_IND:
	case BPF_LD | BPF_H | BPF_IND:
	case BPF_LD | BPF_B | BPF_IND:
	case BPF_LD | BPF_IMM:
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_B | BPF_MSH:
	case BPF_LDX | BPF_IMM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
	case BPF_JMP | BPF_JA:
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JEQ | BPF_X:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_X:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_X:
	case BPF_JMP | BPF_JSET | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_X:
		return true;
	default:
		return false;
	}
}
// NOLINTEND(misc-redundant-expression)

static bool is_ancillary(u32 k)
{
	switch (k - (u32)SKF_AD_OFF) {
	case SKF_AD_PROTOCOL:
	case SKF_AD_PKTTYPE:
	case SKF_AD_IFINDEX:
	case SKF_AD_NLATTR:
	case SKF_AD_NLATTR_NEST:
	case SKF_AD_MARK:
	case SKF_AD_QUEUE:
	case SKF_AD_HATYPE:
	case SKF_AD_RXHASH:
	case SKF_AD_CPU:
	case SKF_AD_ALU_XOR_X:
	case SKF_AD_VLAN_TAG:
	case SKF_AD_VLAN_TAG_PRESENT:
	case SKF_AD_PAY_OFFSET:
	case SKF_AD_RANDOM:
	case SKF_AD_VLAN_TPID:
		return true;
	default:
		return false;
	}
}

/* @left: instructions that follow this one */
static bool is_sound(const struct sock_filter *i, size_t left)
{
	if (!is_known(i->code))
		return false;
	switch (i->code) {
	case BPF_ALU | BPF_DIV | BPF_K:
	case BPF_ALU | BPF_MOD | BPF_K:
		return i->k != 0;
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		return i->k < 32;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return i->k < BPF_MEMWORDS;
	case BPF_JMP | BPF_JA:
		return i->k < left;
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
		return i->k < (u32)SKF_AD_OFF || is_ancillary(i->k);
	default:
		if (BPF_CLASS(i->code) == BPF_JMP)
			return i->jt < left && i->jf < left;
		return true;
	}
}

/* Is no memory word read before it was written? @written: for each instruction the
 * words that are on every way to it from a jump */
static bool memory_is_sound(const struct sock_filter *prog, size_t n, u16 *written)
{
	u16 now = 0; /* words known to be written here */

	memset(written, 0xff, n * sizeof(*written));
	for (size_t pc = 0; pc < n; pc++) {
		const struct sock_filter *i = &prog[pc];

		now &= written[pc];
		switch (i->code) {
		case BPF_ST:
		case BPF_STX:
			now |= (u16)(1 << i->k);
			break;
		case BPF_LD | BPF_MEM:
		case BPF_LDX | BPF_MEM:
			if (!(now & 1 << i->k))
				return false;
			break;
		case BPF_JMP | BPF_JA:
			written[pc + 1 + i->k] &= now;
			now = 0xffff; /* nobody comes to the next one from here */
			break;
		default:
			if (BPF_CLASS(i->code) != BPF_JMP)
				break;
			written[pc + 1 + i->jt] &= now;
			written[pc + 1 + i->jf] &= now;
			now = 0xffff;
			break;
		}
	}
	return true;
}

int bpf_check(const struct sock_filter *prog, size_t n)
{
	u16 written[BPF_MAXINSNS];

	if (!n || n > BPF_MAXINSNS)
		return -EINVAL;
	for (size_t pc = 0; pc < n; pc++)
		if (!is_sound(&prog[pc], n - pc - 1))
			return -EINVAL;
	if (BPF_CLASS(prog[n - 1].code) != BPF_RET)
		return -EINVAL;
	return memory_is_sound(prog, n, written) ? 0 : -EINVAL;
}

/* ---- loads ---- */

/* Where offset @k lies, from p->data. false: nowhere */
static bool place(const struct pkt *p, s32 k, s64 *out)
{
	s64 head = (s64)pkt_headroom(p);

	if (k >= 0) {
		*out = k;
		return true;
	}
	if (k >= SKF_NET_OFF)
		*out = (s64)p->l3 - head + k - SKF_NET_OFF;
	else if (k >= SKF_LL_OFF)
		*out = (s64)p->l2 - head + k - SKF_LL_OFF;
	else
		return false;
	return *out >= -head;
}

static bool load(const struct pkt *p, u32 k, u32 size, u32 *out)
{
	u8 b[4];
	s64 at;

	if (!place(p, (s32)k, &at) || at + size > p->len)
		return false;
	if (at + size <= p->linear)
		memcpy(b, p->data + at, size);
	else if (at >= 0)
		pkt_copy(p, (u32)at, b, size);
	else
		return false;
	if (size == 4)
		*out = (u32)b[0] << 24 | (u32)b[1] << 16 | (u32)b[2] << 8 | b[3];
	else
		*out = size == 2 ? (u32)b[0] << 8 | b[1] : b[0];
	return true;
}

/* Where the payload begins, from p->data; as far as it can be told */
static u32 payload_offset(const struct pkt *p)
{
	u32 end = pkt_headroom(p) + p->linear;
	struct flow_key key;
	u32 off;

	if (p->l3 < pkt_headroom(p) || p->l3 >= end)
		return 0;
	flow_dissect(p->buf + p->l3, end - p->l3, &key);
	if (!key.l4_off)
		return 0;
	off = p->l3 - pkt_headroom(p) + key.l4_off;
	switch (key.proto) {
	case IPPROTO_TCP:
		if (key.known & FLOW_TCP)
			off += max((p->data[off + 12] >> 4) * 4U, 20U);
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
	case IPPROTO_IGMP:
		off += 8;
		break;
	default:
		break;
	}
	return off;
}

/* The first attribute of @type in [@at, @end): its offset, 0: none */
static u32 find_attr(const struct pkt *p, u32 at, u32 end, u32 type)
{
	struct nlattr nla;

	while (at + sizeof(nla) <= end) {
		pkt_copy(p, at, &nla, sizeof(nla));
		if (nla.nla_len < sizeof(nla) || nla.nla_len > end - at)
			return 0;
		if ((nla.nla_type & NLA_TYPE_MASK) == type)
			return at;
		at += NLA_ALIGN(nla.nla_len);
	}
	return 0;
}

static u32 nested_attr(const struct pkt *p, u32 at, u32 type)
{
	struct nlattr nla;

	if (p->len < sizeof(nla) || at > p->len - sizeof(nla))
		return 0;
	pkt_copy(p, at, &nla, sizeof(nla));
	if (nla.nla_len < sizeof(nla) || nla.nla_len > p->len - at)
		return 0;
	return find_attr(p, at + sizeof(nla), at + nla.nla_len, type);
}

static u32 ancillary(u32 what, const struct pkt *p, const struct dev *dev, u32 a, u32 x)
{
	switch (what) {
	case SKF_AD_PROTOCOL:
		return be16_to_cpu(p->proto);
	case SKF_AD_PKTTYPE:
		return p->type;
	case SKF_AD_IFINDEX:
		return dev ? (u32)dev->ifindex : 0;
	case SKF_AD_NLATTR:
		if (p->len < sizeof(struct nlattr) || a > p->len)
			return 0;
		return find_attr(p, a, p->len, x);
	case SKF_AD_NLATTR_NEST:
		return nested_attr(p, a, x);
	case SKF_AD_MARK:
		return p->mark;
	case SKF_AD_HATYPE:
		return dev ? dev->type : 0;
	case SKF_AD_ALU_XOR_X:
		return a ^ x;
	case SKF_AD_PAY_OFFSET:
		return payload_offset(p);
	case SKF_AD_RANDOM:
		return (u32)(random_next(&p->worker->w->random) >> 32);
	default: /* one queue, one processor, no hash by hardware, no tag taken off */
		return 0;
	}
}

/* ---- run ---- */

static u32 alu(u16 op, u32 a, u32 v)
{
	switch (op) {
	case BPF_ADD:
		return a + v;
	case BPF_SUB:
		return a - v;
	case BPF_MUL:
		return a * v;
	case BPF_DIV:
		return a / v;
	case BPF_MOD:
		return a % v;
	case BPF_AND:
		return a & v;
	case BPF_OR:
		return a | v;
	case BPF_XOR:
		return a ^ v;
	case BPF_LSH:
		return a << (v & 31);
	case BPF_RSH:
		return a >> (v & 31);
	default: /* BPF_NEG */
		return 0U - a;
	}
}

static bool jumps(u16 op, u32 a, u32 v)
{
	switch (op) {
	case BPF_JEQ:
		return a == v;
	case BPF_JGT:
		return a > v;
	case BPF_JGE:
		return a >= v;
	default: /* BPF_JSET */
		return a & v;
	}
}

static u32 load_size(u16 code)
{
	return BPF_SIZE(code) == BPF_W ? 4 : BPF_SIZE(code) == BPF_H ? 2 : 1;
}

u32 bpf_run(const struct sock_filter *prog, const struct pkt *p, const struct dev *dev)
{
	u32 mem[BPF_MEMWORDS] = {0};
	u32 a = 0, x = 0;

	for (const struct sock_filter *i = prog;; i++) {
		u32 v = BPF_SRC(i->code) == BPF_X ? x : i->k;

		switch (BPF_CLASS(i->code)) {
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? a : i->k;
		case BPF_LD:
			switch (BPF_MODE(i->code)) {
			case BPF_ABS:
				if (i->k >= (u32)SKF_AD_OFF)
					a = ancillary(i->k - (u32)SKF_AD_OFF, p, dev, a,
						      x);
				else if (!load(p, i->k, load_size(i->code), &a))
					return 0;
				break;
			case BPF_IND:
				if (!load(p, x + i->k, load_size(i->code), &a))
					return 0;
				break;
			case BPF_LEN:
				a = p->len;
				break;
			case BPF_MEM:
				a = mem[i->k];
				break;
			default:
				a = i->k;
				break;
			}
			break;
		case BPF_LDX:
			switch (BPF_MODE(i->code)) {
			case BPF_MSH:
				if (!load(p, i->k, 1, &x))
					return 0;
				x = (x & 0xf) * 4;
				break;
			case BPF_LEN:
				x = p->len;
				break;
			case BPF_MEM:
				x = mem[i->k];
				break;
			default:
				x = i->k;
				break;
			}
			break;
		case BPF_ST:
			mem[i->k] = a;
			break;
		case BPF_STX:
			mem[i->k] = x;
			break;
		case BPF_ALU:
			if (!v &&
			    (BPF_OP(i->code) == BPF_DIV || BPF_OP(i->code) == BPF_MOD))
				return 0;
			a = alu(BPF_OP(i->code), a, v);
			break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA)
				i += i->k;
			else
				i += jumps(BPF_OP(i->code), a, v) ? i->jt : i->jf;
			break;
		default: /* BPF_MISC */
			if (BPF_MISCOP(i->code) == BPF_TAX)
				x = a;
			else
				a = x;
			break;
		}
	}
}
