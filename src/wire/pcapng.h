/* SPDX-License-Identifier: MIT */
/*
 * pcapng.h - blocks of a capture file (draft-ietf-opsawg-pcapng)
 *
 * Each function fills a buffer, the caller writes it out. Blocks are in the
 * byte order of this machine, as the format allows. A packet needs two parts
 * around its data, so that the data need not be copied:
 *
 *	n = pcapng_packet_head(head, iface, ns, len, len, dir);
 *	iov = { {head, n}, {data, len}, {tail, pcapng_packet_tail(tail, len, dir)} };
 */
#ifndef WARREN_WIRE_PCAPNG_H
#define WARREN_WIRE_PCAPNG_H

#include "base/types.h"

enum {
	PCAPNG_SECTION_MAX = 64,
	PCAPNG_INTERFACE_MAX = 128,
	PCAPNG_PACKET_HEAD = 28,
	PCAPNG_PACKET_TAIL_MAX = 24, /* padding, a flags option, length */

	PCAPNG_LINK_ETHERNET = 1,
	PCAPNG_LINK_RAW_IP = 101,

	PCAPNG_UNKNOWN = 0, /* direction */
	PCAPNG_IN = 1,
	PCAPNG_OUT = 2,
};

/* The first block. @buf: PCAPNG_SECTION_MAX bytes. Return: bytes */
u32 pcapng_section(u8 *buf, const char *application);
/* An interface, times in nanoseconds; they are numbered from 0 in order.
 * @buf: PCAPNG_INTERFACE_MAX bytes; @name: cut to 63 bytes; @snaplen 0: no limit */
u32 pcapng_interface(u8 *buf, u16 linktype, const char *name, u32 snaplen);
/* Before @cap_len bytes of data of a packet of @len. @buf: PCAPNG_PACKET_HEAD bytes */
u32 pcapng_packet_head(u8 *buf, u32 interface, u64 wall_ns, u32 cap_len, u32 len,
		       u32 direction);
/* Behind them; the same @direction. @buf: PCAPNG_PACKET_TAIL_MAX bytes */
u32 pcapng_packet_tail(u8 *buf, u32 cap_len, u32 direction);

#endif
