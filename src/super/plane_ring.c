/* SPDX-License-Identifier: MIT */
/*
 * plane_ring.c - packet sockets whose frames the program reads from mapped memory
 *
 * Nothing goes through the carrier then, but it is what the program polls. So
 * while the ring has something for it an empty message lies in the carrier, the
 * alarm. The program takes frames without telling us: as long as the alarm lies
 * there the ring is looked at each millisecond, and the alarm taken back out of
 * the program's end when all was read. Until then a poll() returns too early.
 *
 * A pending error (the device went down) must show as POLLERR (ep_fail), for good.
 * The errno itself waits for SO_ERROR.
 */

#include "super/plane_impl.h"

#include <sys/socket.h>
#include <unistd.h>

static void ring_clear(struct endpoint *ep)
{
	u8 byte;
	int carrier = ep_borrow(ep);

	if (carrier < 0)
		return;
	while (recv(carrier, &byte, sizeof(byte), MSG_DONTWAIT) >= 0)
		;
	close(carrier);
	ep->alarm = false;
	ep->pushed = 0;
}

static void ring_fail(struct endpoint *ep)
{
	int carrier = ep_borrow(ep);

	ep->err = sock_error(ep->sk);
	if (carrier < 0)
		return;
	ep_fail(ep, carrier);
	close(carrier);
}

void ring_show(struct endpoint *ep)
{
	bool ready = ep_sk_poll(ep) & POLLIN;

	if (ep->src.fd < 0)
		return;
	if (ep->sk->err) {
		ring_fail(ep);
		return;
	}
	if (ready && !ep->alarm) {
		send(ep->src.fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL);
		ep->alarm = true;
	} else if (!ready && ep->alarm) {
		ring_clear(ep);
	}
	if (ep->alarm)
		ep_look_soon(ep);
}

void ep_map(struct endpoint *ep)
{
	if (ep->ring)
		return;
	ep->ring = true;
	ring_clear(ep);
	ring_show(ep);
}
