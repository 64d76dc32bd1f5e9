/* SPDX-License-Identifier: MIT */
/*
 * calls.c - the socket calls: call number to handler
 */

#include "super/calls.h"

#include <sys/syscall.h>

static void call_socket(struct super *s, struct call *c)
{
	super_reply(s, c, -EAFNOSUPPORT);
}

const struct call_row calls_rows[] = {
    {SYS_socket, call_socket},
};
const unsigned calls_rows_n = ARRAY_SIZE(calls_rows);
