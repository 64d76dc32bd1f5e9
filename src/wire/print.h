/* SPDX-License-Identifier: MIT */
/*
 * print.h - one line for a packet, as tcpdump would say it
 */
#ifndef WARREN_WIRE_PRINT_H
#define WARREN_WIRE_PRINT_H

#include "base/types.h"

enum {
	PRINT_LINE = 512, /* enough for any packet */
};

/*
 * Describe the Ethernet frame of @len bytes at @data, of which @cap_len are there.
 * @buf is always terminated. Return: its length
 */
size_t print_frame(char *buf, size_t size, const u8 *data, u32 cap_len, u32 len);
/* The same from the IP header on */
size_t print_ip(char *buf, size_t size, const u8 *data, u32 cap_len, u32 len);

#endif
