/* SPDX-License-Identifier: MIT */
/*
 * log.c - levelled log into the sink of a warren
 */

#include "base/log.h"

#include <stdio.h>

enum { LOG_LINE = 512 };

void log_printf(const struct log *l, enum log_level level, const char *fmt, ...)
{
	char line[LOG_LINE];
	va_list ap;

	if (!l || !l->sink || level > l->level)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	l->sink(l->arg, level, line);
}
