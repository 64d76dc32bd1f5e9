/* SPDX-License-Identifier: MIT */
/*
 * nsfs.h - what else Linux says of a namespace's file: statfs(), file handles
 */
#ifndef WARREN_SUPER_NSFS_H
#define WARREN_SUPER_NSFS_H

#include "super/super.h"

extern const struct call_row nsfs_rows[];
extern const unsigned nsfs_rows_n;

#endif
