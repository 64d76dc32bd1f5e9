/* SPDX-License-Identifier: MIT */
/*
 * held.h - held calls, and the signals that end them
 */
#ifndef WARREN_SUPER_HELD_H
#define WARREN_SUPER_HELD_H

#include "super/super.h"

extern const struct call_row held_rows[];
extern const unsigned held_rows_n;

/* super.watch_ns has come: look at those held calls whose time it is. */
void held_watch(struct super *s);
/*
 * A signal may be on its way to process or thread @who (<= 0: to anybody): look at its
 * held calls soon.
 */
void held_hint(struct super *s, pid_t who);
/* super.alarm_ns has come: a program's timer is due. */
void held_alarms(struct super *s);
/* Some task has gone: end the calls that it was held in. */
void held_task_gone(struct super *s);
/* @c is held no more. */
void held_forget(struct super *s, struct call *c);

#endif
