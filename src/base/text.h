/* SPDX-License-Identifier: MIT */
/*
 * text.h - bounded and growing string builder; addresses and numbers in and out
 */
#ifndef WARREN_BASE_TEXT_H
#define WARREN_BASE_TEXT_H

#include "base/types.h"

#include <stdarg.h>

/* A growing string. After a failed allocation it stays as it was, @failed is
 * set and further writes do nothing; check once at the end. */
struct text {
	char *s; /* NUL-terminated once something was written, else NULL */
	size_t len, cap;
	bool failed;
};

void text_init(struct text *t);
void text_fini(struct text *t);
void text_add(struct text *t, const char *s, size_t len);
void text_printf(struct text *t, const char *fmt, ...) __printf(2, 3);
void text_vprintf(struct text *t, const char *fmt, va_list ap) __printf(2, 0);

/* snprintf into @buf that always terminates. Return: bytes written, without NUL */
size_t text_format(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

#define TEXT_IP4 16 /* buffer sizes, NUL included */
#define TEXT_IP6 46
#define TEXT_MAC 18
const char *text_ip4(char buf[static TEXT_IP4], be32 addr);
const char *text_ip6(char buf[static TEXT_IP6], const u8 addr[16]); /* RFC 5952 */
const char *text_mac(char buf[static TEXT_MAC], const u8 mac[6]);
/* Return: 0 or -EINVAL; the whole string must be consumed */
int text_parse_ip4(const char *s, be32 *addr);
int text_parse_ip6(const char *s, u8 addr[16]);
int text_parse_mac(const char *s, u8 mac[6]);
int text_parse_u64(const char *s, u64 *v); /* decimal or 0x hex */
int text_parse_s64(const char *s, s64 *v);
/* "10ms", "2s", "500us", "1.5s", plain number: seconds */
int text_parse_duration(const char *s, u64 *ns);

#endif
