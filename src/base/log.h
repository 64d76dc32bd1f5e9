/* SPDX-License-Identifier: MIT */
/*
 * log.h - levelled log into the sink of a warren
 */
#ifndef WARREN_BASE_LOG_H
#define WARREN_BASE_LOG_H

#include "base/types.h"

#include <stdarg.h>

enum log_level {
	LOG_LEVEL_ERR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_NR
};

/* @line: without newline */
typedef void log_sink(void *arg, enum log_level level, const char *line);

struct log {
	enum log_level level; /* what is more talkative is not formatted */
	log_sink *sink;	      /* NULL: nothing is said */
	void *arg;
};

void log_printf(const struct log *l, enum log_level level, const char *fmt, ...)
    __printf(3, 4);

#define log_err(l, ...)	  log_printf(l, LOG_LEVEL_ERR, __VA_ARGS__)
#define log_warn(l, ...)  log_printf(l, LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(l, ...)  log_printf(l, LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(l, ...) log_printf(l, LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
