/* SPDX-License-Identifier: MIT */
/*
 * uevent.h - NETLINK_KOBJECT_UEVENT: devices come, go and are renamed
 */
#ifndef WARREN_NETLINK_UEVENT_H
#define WARREN_NETLINK_UEVENT_H

#include "core/part.h"

extern const struct part uevent_part;

#endif
