/* SPDX-License-Identifier: MIT */
/*
 * text.c - bounded and growing strings; addresses and numbers in and out
 */

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_FIRST_CAP = 64 };

void text_init(struct text *t)
{
	*t = (struct text){0};
}

void text_fini(struct text *t)
{
	free(t->s);
	text_init(t);
}

/* Make room for @more bytes and the NUL. */
static bool reserve(struct text *t, size_t more)
{
	size_t need = t->len + more + 1, cap = max(t->cap, (size_t)TEXT_FIRST_CAP);
	char *s;

	if (t->failed)
		return false;
	if (need <= t->cap)
		return true;
	while (cap < need && cap <= SIZE_MAX / 2)
		cap *= 2;
	s = need > more && cap >= need ? realloc(t->s, cap) : NULL;
	if (!s) {
		t->failed = true;
		return false;
	}
	t->s = s;
	t->cap = cap;
	return true;
}

void text_add(struct text *t, const char *s, size_t len)
{
	if (!reserve(t, len))
		return;
	if (len)
		memcpy(t->s + t->len, s, len);
	t->len += len;
	t->s[t->len] = '\0';
}

void text_vprintf(struct text *t, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0) {
		t->failed = true;
		return;
	}
	if (!reserve(t, (size_t)n))
		return;
	vsnprintf(t->s + t->len, (size_t)n + 1, fmt, ap);
	t->len += (size_t)n;
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text_vprintf(t, fmt, ap);
	va_end(ap);
}

size_t text_format(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (size == 0)
		return 0;
	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	if (n < 0) {
		buf[0] = '\0';
		return 0;
	}
	return min((size_t)n, size - 1);
}

const char *text_ip4(char buf[static TEXT_IP4], be32 addr)
{
	u8 b[4];

	memcpy(b, &addr, sizeof(b));
	text_format(buf, TEXT_IP4, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
	return buf;
}

/* The longest run of at least two zero words, the first of equals: RFC 5952 §4.2.
 * Return: its length, 0 when there is none */
static int longest_zeros(const u16 w[8], int *start)
{
	int best = 0;

	for (int i = 0; i < 8; i++) {
		int n = 0;

		while (i + n < 8 && w[i + n] == 0)
			n++;
		if (n > best) {
			best = n;
			*start = i;
		}
		i += n;
	}
	return best >= 2 ? best : 0;
}

/* ::a.b.c.d and ::ffff:a.b.c.d are written so, as inet_ntop does (RFC 5952 §5) */
static bool ends_in_ip4(const u16 w[8], int zeros, int start)
{
	if (start != 0)
		return false;
	return (zeros == 6 && w[6]) || (zeros == 5 && w[5] == 0xffff);
}

const char *text_ip6(char buf[static TEXT_IP6], const u8 addr[16])
{
	int zeros, start = -1;
	size_t len = 0;
	u16 w[8];

	for (int i = 0; i < 8; i++)
		w[i] = (u16)(addr[2 * i] << 8 | addr[2 * i + 1]);
	zeros = longest_zeros(w, &start);
	buf[0] = '\0';
	if (zeros && ends_in_ip4(w, zeros, start)) {
		text_format(buf, TEXT_IP6, "%s%u.%u.%u.%u",
			    zeros == 6 ? "::" : "::ffff:", addr[12], addr[13], addr[14],
			    addr[15]);
		return buf;
	}
	for (int i = 0; i < 8; i++) {
		if (zeros && i == start) {
			len += text_format(buf + len, TEXT_IP6 - len, "::");
			i += zeros - 1;
			continue;
		}
		len += text_format(buf + len, TEXT_IP6 - len, "%s%x",
				   i == 0 || (zeros && i == start + zeros) ? "" : ":",
				   w[i]);
	}
	return buf;
}

const char *text_mac(char buf[static TEXT_MAC], const u8 mac[6])
{
	text_format(buf, TEXT_MAC, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
		    mac[2], mac[3], mac[4], mac[5]);
	return buf;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int text_parse_ip4(const char *s, be32 *addr)
{
	u8 b[4];

	for (int i = 0; i < 4; i++) {
		unsigned v = 0;
		int digits = 0;

		if (i && *s++ != '.')
			return -EINVAL;
		for (; is_digit(*s); s++) {
			v = v * 10 + (unsigned)(*s - '0');
			if (++digits > 3)
				return -EINVAL;
		}
		if (!digits || v > 255)
			return -EINVAL;
		b[i] = (u8)v;
	}
	if (*s)
		return -EINVAL;
	memcpy(addr, b, sizeof(b));
	return 0;
}

/* One group of one to four hex digits. Return: behind it, or NULL */
static const char *parse_group(const char *s, u16 *v)
{
	unsigned digits = 0, x = 0;

	for (; hex_value(*s) >= 0; s++) {
		if (++digits > 4)
			return NULL;
		x = x << 4 | (unsigned)hex_value(*s);
	}
	*v = (u16)x;
	return digits ? s : NULL;
}

int text_parse_ip6(const char *s, u8 addr[16])
{
	u8 b[16] = {0};
	int n = 0, gap = -1;

	if (s[0] == ':' && s[1] == ':') {
		gap = 0;
		s += 2;
	}
	while (*s) {
		const char *end;
		be32 v4;
		u16 v;

		if (n <= 12 && text_parse_ip4(s, &v4) == 0) {
			memcpy(b + n, &v4, 4);
			n += 4;
			break;
		}
		end = parse_group(s, &v);
		if (!end || n > 14)
			return -EINVAL;
		b[n++] = (u8)(v >> 8);
		b[n++] = (u8)v;
		s = end;
		if (!*s)
			break;
		if (*s++ != ':' || !*s)
			return -EINVAL;
		if (*s == ':') {
			if (gap >= 0)
				return -EINVAL;
			gap = n;
			s++;
		}
	}
	if (gap < 0 ? n != 16 : n > 14)
		return -EINVAL;
	memset(addr, 0, 16);
	if (gap < 0)
		gap = n;
	memcpy(addr, b, (size_t)gap);
	memcpy(addr + 16 - (n - gap), b + gap, (size_t)(n - gap));
	return 0;
}

int text_parse_mac(const char *s, u8 mac[6])
{
	u8 b[6];

	for (int i = 0; i < 6; i++) {
		u16 v;

		if (i && *s++ != ':')
			return -EINVAL;
		s = parse_group(s, &v);
		if (!s || v > 255)
			return -EINVAL;
		b[i] = (u8)v;
	}
	if (*s)
		return -EINVAL;
	memcpy(mac, b, sizeof(b));
	return 0;
}

int text_parse_u64(const char *s, u64 *v)
{
	unsigned base = 10;
	u64 x = 0;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	}
	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		int d = hex_value(*s);

		if (d < 0 || (unsigned)d >= base)
			return -EINVAL;
		if (__builtin_mul_overflow(x, (u64)base, &x) ||
		    __builtin_add_overflow(x, (u64)d, &x))
			return -EINVAL;
	}
	*v = x;
	return 0;
}

int text_parse_s64(const char *s, s64 *v)
{
	bool negative = *s == '-';
	u64 x, limit = (u64)INT64_MAX + negative;

	if (text_parse_u64(s + negative, &x) || x > limit)
		return -EINVAL;
	*v = negative ? (s64)(0 - x) : (s64)x;
	return 0;
}

static const struct {
	char name[4];
	u64 ns;
} duration_units[] = {
    {"", NS_PER_S}, {"s", NS_PER_S},	  {"ms", NS_PER_MS},	  {"us", NS_PER_US},
    {"ns", 1},	    {"m", 60 * NS_PER_S}, {"h", 3600 * NS_PER_S},
};

int text_parse_duration(const char *s, u64 *ns)
{
	u64 whole = 0, part = 0, scale = 1, unit = 0;

	if (!is_digit(*s))
		return -EINVAL;
	for (; is_digit(*s); s++)
		if (__builtin_mul_overflow(whole, 10ULL, &whole) ||
		    __builtin_add_overflow(whole, (u64)(*s - '0'), &whole))
			return -EINVAL;
	if (*s == '.') {
		if (!is_digit(*++s))
			return -EINVAL;
		for (; is_digit(*s); s++) {
			if (scale >= NS_PER_S)
				continue; /* finer than anybody asks */
			part = part * 10 + (u64)(*s - '0');
			scale *= 10;
		}
	}
	for (unsigned i = 0; i < ARRAY_SIZE(duration_units); i++)
		if (strcmp(s, duration_units[i].name) == 0)
			unit = duration_units[i].ns;
	if (!unit || __builtin_mul_overflow(whole, unit, &whole))
		return -EINVAL;
	part = (u64)((unsigned __int128)part * unit / scale);
	return __builtin_add_overflow(whole, part, ns) ? -EINVAL : 0;
}
