/* SPDX-License-Identifier: MIT */
/*
 * parts.h - the list that warren_config.parts wants
 */
#ifndef WARREN_PARTS_H
#define WARREN_PARTS_H

struct part;

extern const struct part *const warren_parts[];

#endif
