/* SPDX-License-Identifier: MIT */
/*
 * dummy.h - a device that takes every packet and says nothing
 */
#ifndef WARREN_LINK_DUMMY_H
#define WARREN_LINK_DUMMY_H

#include "core/dev.h"

/* @name: may be a pattern; NULL: "dummy%d". Return: 0, -EEXIST, -EINVAL, -ENOMEM.
 * @out: borrowed */
int dummy_new(struct net *net, const char *name, struct dev **out);

extern const struct part dummy_part;

#endif
