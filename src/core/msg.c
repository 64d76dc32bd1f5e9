/* SPDX-License-Identifier: MIT */
/*
 * msg.c - the message of a sendmsg() or recvmsg(): bytes in and out of its vectors,
 * control messages
 */

#include "core/sock.h"

#include <sys/time.h>

size_t msg_len(const struct msg *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_iov; i++)
		n += m->iov[i].iov_len;
	return n;
}

size_t msg_left(const struct msg *m)
{
	return msg_len(m) - (size_t)m->offset;
}

/* Move between the iovecs at m->offset and @buf; returns the bytes moved */
static size_t msg_move(struct msg *m, u8 *buf, size_t len, bool into)
{
	size_t skip = (size_t)m->offset, done = 0;

	for (size_t i = 0; i < m->n_iov && done < len; i++) {
		const struct iovec *v = &m->iov[i];
		size_t n;

		if (skip >= v->iov_len) {
			skip -= v->iov_len;
			continue;
		}
		n = min(v->iov_len - skip, len - done);
		if (into)
			memcpy((u8 *)v->iov_base + skip, buf + done, n);
		else
			memcpy(buf + done, (u8 *)v->iov_base + skip, n);
		done += n;
		skip = 0;
	}
	m->offset += done;
	return done;
}

size_t msg_take(struct msg *m, void *dst, size_t len)
{
	return msg_move(m, dst, len, false);
}

size_t msg_give(struct msg *m, const void *src, size_t len)
{
	return msg_move(m, (u8 *)(uintptr_t)src, len, true);
}

void msg_put_cmsg(struct msg *m, int level, int type, const void *data, size_t len)
{
	struct cmsghdr h = {
	    .cmsg_len = CMSG_LEN(len),
	    .cmsg_level = level,
	    .cmsg_type = type,
	};
	size_t room = m->control_room - m->control_len;
	u8 *at = (u8 *)m->control + m->control_len;

	if (!m->control || room < sizeof(h)) {
		m->out_flags |= MSG_CTRUNC;
		return;
	}
	if (room < h.cmsg_len) {
		m->out_flags |= MSG_CTRUNC;
		h.cmsg_len = room;
	}
	memcpy(at, &h, sizeof(h));
	memcpy(at + CMSG_LEN(0), data, h.cmsg_len - CMSG_LEN(0));
	m->control_len += min(CMSG_SPACE(len), room);
}

size_t msg_give_pkt(struct msg *m, const struct pkt *p)
{
	size_t n = min((size_t)p->len, msg_left(m));
	size_t done = min(n, (size_t)p->linear);

	msg_give(m, p->data, done);
	for (int i = 0; i < p->n_frags && done < n; i++) {
		size_t len = min((size_t)p->frag[i].len, n - done);

		msg_give(m, p->frag[i].block->data + p->frag[i].off, len);
		done += len;
	}
	if (p->len > n)
		m->out_flags |= MSG_TRUNC;
	return m->flags & MSG_TRUNC ? p->len : n;
}

void sock_put_stamp(const struct sock *sk, u64 stamp_ns, struct msg *m)
{
	/* on 64-bit machines the old and the new are the same */
	struct timespec ts = {
	    .tv_sec = (time_t)(stamp_ns / NS_PER_S),
	    .tv_nsec = (long)(stamp_ns % NS_PER_S),
	};
	struct timeval tv = {
	    .tv_sec = ts.tv_sec,
	    .tv_usec = (suseconds_t)(stamp_ns % NS_PER_S / NS_PER_US),
	};

	switch (sk->timestamp) {
	case SOCK_STAMP_US:
		msg_put_cmsg(m, SOL_SOCKET, SO_TIMESTAMP_OLD, &tv, sizeof(tv));
		break;
	case SOCK_STAMP_NS:
		msg_put_cmsg(m, SOL_SOCKET, SO_TIMESTAMPNS_OLD, &ts, sizeof(ts));
		break;
	case SOCK_STAMP_US_NEW:
		msg_put_cmsg(m, SOL_SOCKET, SO_TIMESTAMP_NEW, &tv, sizeof(tv));
		break;
	case SOCK_STAMP_NS_NEW:
		msg_put_cmsg(m, SOL_SOCKET, SO_TIMESTAMPNS_NEW, &ts, sizeof(ts));
		break;
	default:
		break;
	}
}
