/* SPDX-License-Identifier: MIT */
/*
 * pcapng.c - blocks of a capture file
 *
 * A block is its type, its length, the body, and the length again; all padded
 * to four bytes.
 */

#include "wire/pcapng.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	BYTE_ORDER_MAGIC = 0x1a2b3c4d,

	OPT_END = 0,
	OPT_SECTION_APPLICATION = 4,
	OPT_IF_NAME = 2,
	OPT_IF_TSRESOL = 9,
	OPT_PACKET_FLAGS = 2,

	TSRESOL_NS = 9, /* 10^-9 s */
	TEXT_MAX = 24,
	NAME_MAX_LEN = 63,
	FLAGS_OPTION = 12, /* the option and the end of options */
};

static u8 *put16(u8 *p, u16 v)
{
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static u8 *put32(u8 *p, u32 v)
{
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static u32 padding(u32 len)
{
	return -len & 3;
}

static u8 *put_option(u8 *p, u16 code, const void *data, u16 len)
{
	p = put16(p, code);
	p = put16(p, len);
	memcpy(p, data, len);
	memset(p + len, 0, padding(len));
	return p + len + padding(len);
}

/* Fill in both lengths of the block from @buf to @p. */
static u32 close_block(u8 *buf, u8 *p)
{
	u32 len = (u32)(p - buf) + 4;

	put32(buf + 4, len);
	put32(p, len);
	return len;
}

u32 pcapng_section(u8 *buf, const char *application)
{
	size_t len = strnlen(application, TEXT_MAX);
	u8 *p = put32(buf, BLOCK_SECTION);

	p = put32(p, 0);
	p = put32(p, BYTE_ORDER_MAGIC);
	p = put16(p, 1); /* version 1.0 */
	p = put16(p, 0);
	p = put32(p, ~0U); /* section length: not known */
	p = put32(p, ~0U);
	p = put_option(p, OPT_SECTION_APPLICATION, application, (u16)len);
	p = put32(p, OPT_END);
	return close_block(buf, p);
}

u32 pcapng_interface(u8 *buf, u16 linktype, const char *name, u32 snaplen)
{
	size_t len = strnlen(name, NAME_MAX_LEN);
	const u8 resolution = TSRESOL_NS;
	u8 *p = put32(buf, BLOCK_INTERFACE);

	p = put32(p, 0);
	p = put16(p, linktype);
	p = put16(p, 0);
	p = put32(p, snaplen);
	p = put_option(p, OPT_IF_NAME, name, (u16)len);
	p = put_option(p, OPT_IF_TSRESOL, &resolution, 1);
	p = put32(p, OPT_END);
	return close_block(buf, p);
}

static u32 packet_block_len(u32 cap_len, u32 direction)
{
	u32 options = direction == PCAPNG_UNKNOWN ? 0 : FLAGS_OPTION;

	return PCAPNG_PACKET_HEAD + cap_len + padding(cap_len) + options + 4;
}

u32 pcapng_packet_head(u8 *buf, u32 interface, u64 wall_ns, u32 cap_len, u32 len,
		       u32 direction)
{
	u8 *p = put32(buf, BLOCK_PACKET);

	p = put32(p, packet_block_len(cap_len, direction));
	p = put32(p, interface);
	p = put32(p, (u32)(wall_ns >> 32));
	p = put32(p, (u32)wall_ns);
	p = put32(p, cap_len);
	p = put32(p, len);
	return (u32)(p - buf);
}

u32 pcapng_packet_tail(u8 *buf, u32 cap_len, u32 direction)
{
	u8 *p = buf + padding(cap_len);

	memset(buf, 0, padding(cap_len));
	if (direction != PCAPNG_UNKNOWN) {
		p = put_option(p, OPT_PACKET_FLAGS, &direction, sizeof(direction));
		p = put32(p, OPT_END);
	}
	p = put32(p, packet_block_len(cap_len, direction));
	return (u32)(p - buf);
}
