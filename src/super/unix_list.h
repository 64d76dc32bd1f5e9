/* SPDX-License-Identifier: MIT */
/*
 * unix_list.h - unix_diag of a namespace
 */
#ifndef WARREN_SUPER_UNIX_LIST_H
#define WARREN_SUPER_UNIX_LIST_H

#include "super/super.h"

/* The stack asks us from now on, until _fini */
void unix_list_init(struct super *s);
void unix_list_fini(struct super *s);

#endif
