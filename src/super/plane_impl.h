/* SPDX-License-Identifier: MIT */
/*
 * plane_impl.h - what the files of the data plane share
 */
#ifndef WARREN_SUPER_PLANE_IMPL_H
#define WARREN_SUPER_PLANE_IMPL_H

#include "super/plane.h"

/* ---- plane.c ---- */

void ep_rest_clear(struct ep_rest *r);
int ep_rest_keep(struct ep_rest *r, const void *data, size_t len); /* 0, -ENOMEM */
u32 ep_sk_poll(const struct endpoint *ep);
/* On behalf of whoever wrote it natively. Return: as sock_ops.send */
ssize_t ep_sk_send(struct endpoint *ep, const void *data, size_t len, int flags);
/* Of sock_front: a carrier that listens is closed without a word */
bool ep_listener_gone(const struct sock *sk);
/* Pump in a millisecond, for what the program does without telling */
void ep_look_soon(struct endpoint *ep);
void ep_abort(struct endpoint *ep); /* its release will be a reset */
/* Shall room in our end be told? */
void ep_watch_out(struct endpoint *ep, bool on);
int ep_set_ours(struct endpoint *ep, int fd); /* takes @fd over on success */
void ep_close_ours(struct endpoint *ep);
void ep_make_loose(struct endpoint *ep);
void ep_keep(struct endpoint *ep, int carrier);
void ep_unkeep(struct endpoint *ep);

/* ---- plane_message.c ---- */

/* From now on poll() says POLLERR of the carrier; @carrier: a duplicate */
void ep_fail(struct endpoint *ep, int carrier);

/* ---- plane_stream.c, plane_message.c ---- */

void stream_pump(struct endpoint *ep);
void message_pump(struct endpoint *ep);
int plane_make_listener(struct plane *pl);

/* ---- plane_ring.c ---- */

/* Shall the carrier be readable? */
void ring_show(struct endpoint *ep);

/* ---- plane_loose.c ---- */

/* Sets pl->diag, when the host has unix_diag and it is to be used. After the listener
 */
void plane_open_diag(struct plane *pl, bool use);
/* Everything that we put into the carrier was read. */
bool carrier_empty(const struct endpoint *ep);
/* Does somebody hold the carrier? When we cannot know: yes */
bool carrier_alive(struct endpoint *ep);
u32 carrier_unread(struct endpoint *ep); /* bytes */
void plane_sweep_timer(struct timer *t);

#endif
