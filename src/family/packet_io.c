/* SPDX-License-Identifier: MIT */
/*
 * packet_io.c - AF_PACKET: frames in and out
 *
 * In: the tap lends us a packet. The filter runs on it as it is, with its data
 * where the program of this kind of socket counts from (packet_shift); only what
 * passes is copied. Who sent it, and by which device, goes along in pkt.cb.
 *
 * Out: the frame goes straight to its device. What a socket sent it does not
 * hear, as in Linux.
 */

#include "family/packet_impl.h"

#include "wire/ether.h"

/* ---- where data begin ---- */

void pkt_shift(struct pkt *p, s32 n)
{
	p->data -= n;
	p->linear += (u32)n;
	p->len += (u32)n;
}

s32 packet_shift(const struct packet_sock *ps, const struct dev *dev,
		 const struct pkt *p, bool out)
{
	if (out)
		return ps->sk.type == SOCK_RAW ? 0 : -(s32)dev->header_len;
	return ps->sk.type == SOCK_RAW ? (s32)pkt_headroom(p) - p->l2 : 0;
}

/* ---- in ---- */

void packet_fill_cb(struct packet_cb *cb, const struct dev *dev, const struct pkt *p,
		    bool out)
{
	const struct ether_hdr *h =
	    (const struct ether_hdr *)(out ? p->data : p->buf + p->l2);

	memset(cb, 0, sizeof(*cb));
	cb->ifindex = dev->ifindex;
	cb->hatype = dev->type;
	cb->type = out ? PACKET_OUTGOING : p->type;
	cb->proto = p->proto;
	if (dev->header_len != ETH_HLEN)
		return;
	cb->halen = ETH_ALEN;
	memcpy(cb->addr, h->src, ETH_ALEN);
	if (out)
		cb->proto = h->proto;
}

u32 packet_status(const struct pkt *p, bool out)
{
	u32 status = TP_STATUS_USER;

	if (p->csum == PKT_CSUM_PARTIAL)
		status |= TP_STATUS_CSUMNOTREADY;
	else if (!out && p->csum == PKT_CSUM_OK)
		status |= TP_STATUS_CSUM_VALID;
	if (p->gso_size && p->gso_type != GSO_UDP)
		status |= TP_STATUS_GSO_TCP;
	return status;
}

static void lose(struct packet_sock *ps)
{
	ps->n_drops++;
	ps->sk.rx_drops++;
}

static void queue(struct packet_sock *ps, struct dev *dev, const struct pkt *p,
		  bool out, s32 shift, u32 keep)
{
	struct sock *sk = &ps->sk;
	struct pkt *c;

	if (sk->rmem >= sk->rcvbuf) {
		lose(ps);
		return;
	}
	c = pkt_clone(p);
	if (!c) {
		lose(ps);
		return;
	}
	if (out)
		c->l2 = (u16)pkt_headroom(c);
	packet_fill_cb(packet_cb(c), dev, c, out);
	if (out)
		c->l3 = (u16)(c->l2 + dev->header_len);
	pkt_shift(c, shift);
	packet_cb(c)->len = c->len;
	c->type = packet_cb(c)->type;
	if (keep < c->len)
		pkt_trim(c, keep);
	if (sock_queue_rx(sk, c)) {
		ps->n_drops++;
		pkt_drop(sk->net, c, DROP_SOCKET_FULL);
		return;
	}
	ps->n_packets++;
}

static void to_ring(struct packet_sock *ps, struct dev *dev, struct pkt *p, bool out,
		    s32 shift, u32 keep)
{
	u32 status = packet_status(p, out);
	struct packet_cb cb;
	bool copy;

	packet_fill_cb(&cb, dev, p, out);
	pkt_shift(p, shift);
	cb.len = p->len;
	copy = ps->copy_thresh && packet_ring_cuts(ps, p, keep);
	if (packet_ring_put(ps, p, &cb, keep, status | (copy ? TP_STATUS_COPY : 0)))
		ps->n_packets++;
	else
		lose(ps);
	pkt_shift(p, -shift);
	if (copy)
		queue(ps, dev, p, out, shift, keep);
}

void packet_take(struct packet_sock *ps, struct dev *dev, struct pkt *p, bool out)
{
	s32 shift = packet_shift(ps, dev, p, out);
	u16 l2 = p->l2, l3 = p->l3;
	u8 type = p->type;
	u32 keep;

	if (p->linear < dev->header_len && out)
		return;
	if (out) {
		p->l2 = (u16)pkt_headroom(p);
		p->l3 = (u16)(p->l2 + dev->header_len);
		p->type = PKT_OUTGOING;
	}
	pkt_shift(p, shift);
	keep = p->len;
	if (ps->sk.filter)
		keep = min(keep, bpf_run(ps->sk.filter->prog, p, dev));
	pkt_shift(p, -shift);
	if (keep) {
		if (ps->ring.share.mem)
			to_ring(ps, dev, p, out, shift, keep);
		else
			queue(ps, dev, p, out, shift, keep);
	}
	p->l2 = l2;
	p->l3 = l3;
	p->type = type;
}

void packet_see(struct tap *tap, struct dev *dev, const struct pkt *p, bool out)
{
	struct packet_sock *ps = tap->arg;

	if (out && (ps->ignore_outgoing || p->sk == &ps->sk))
		return;
	/* on loan: given back as it was */
	packet_take(ps, dev, (struct pkt *)(uintptr_t)p, out);
}

/* ---- to the program ---- */

struct sockaddr_ll packet_name_of(const struct packet_cb *cb)
{
	struct sockaddr_ll ll = {
	    .sll_family = AF_PACKET,
	    .sll_protocol = cb->proto,
	    .sll_ifindex = cb->ifindex,
	    .sll_hatype = cb->hatype,
	    .sll_pkttype = cb->type,
	    .sll_halen = cb->halen,
	};

	memcpy(ll.sll_addr, cb->addr, sizeof(ll.sll_addr));
	return ll;
}

static void put_auxdata(const struct pkt *p, struct msg *m)
{
	const struct packet_cb *cb = packet_cb(p);
	struct tpacket_auxdata aux = {
	    .tp_status = packet_status(p, cb->type == PACKET_OUTGOING),
	    .tp_len = cb->len,
	    .tp_snaplen = p->len,
	    .tp_net = (u16)(p->l3 - pkt_headroom(p)),
	};

	msg_put_cmsg(m, SOL_PACKET, PACKET_AUXDATA, &aux, sizeof(aux));
}

ssize_t packet_recv(struct sock *sk, struct msg *m)
{
	const int known = MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC | MSG_ERRQUEUE |
			  MSG_CMSG_CLOEXEC | MSG_NOSIGNAL;
	bool peek = m->flags & MSG_PEEK;
	u32 drops = (u32)sk->rx_drops;
	struct sockaddr_ll ll;
	struct pkt *p;
	size_t n;
	int err;

	if (m->flags & ~known)
		return -EINVAL;
	if (m->flags & MSG_ERRQUEUE)
		return -EAGAIN;
	err = sock_error(sk);
	if (err)
		return -err;
	p = sock_dequeue_rx(sk, peek);
	if (!p)
		return -EAGAIN;
	n = msg_give_pkt(m, p);
	sock_put_stamp(sk, p->stamp_ns, m);
	if (sk->rxq_ovfl && drops)
		msg_put_cmsg(m, SOL_SOCKET, SO_RXQ_OVFL, &drops, sizeof(drops));
	if (sk->rcv_mark)
		msg_put_cmsg(m, SOL_SOCKET, SO_MARK, &p->mark, sizeof(p->mark));
	if (m->name) {
		ll = packet_name_of(packet_cb(p));
		memcpy(m->name, &ll, sizeof(ll));
		m->name_len = sizeof(ll);
	}
	if (packet_sk(sk)->auxdata)
		put_auxdata(p, m);
	if (!peek)
		pkt_free(p);
	return (ssize_t)n;
}

u32 packet_poll(struct sock *sk)
{
	u32 mask = 0;

	if (sk->err)
		mask |= POLLERR;
	if (!list_empty(&sk->rx_queue) || packet_ring_ready(packet_sk(sk)))
		mask |= POLLIN | POLLRDNORM;
	if (sk->wmem * 2 <= sk->sndbuf)
		mask |= POLLOUT | POLLWRNORM | POLLWRBAND;
	return mask;
}

/* ---- out ---- */

/* Where a frame goes, and as what */
struct to {
	struct dev *dev;
	u16 ethertype;	/* 0: as its header says */
	const u8 *addr; /* SOCK_DGRAM; NULL: broadcast */
	u32 mark, priority;
};

static int read_name(const struct packet_sock *ps, const struct msg *m,
		     struct sockaddr_ll *ll, struct to *to)
{
	const socklen_t head = offsetof(struct sockaddr_ll, sll_addr);

	if (!m->name) {
		to->dev = ps->dev;
		to->ethertype = ps->num;
		return 0;
	}
	memcpy(ll, m->name, sizeof(*ll));
	if (m->name_len < sizeof(*ll) || m->name_len < ll->sll_halen + head)
		return -EINVAL;
	to->dev = dev_by_index(ps->sk.net, ll->sll_ifindex);
	to->ethertype = be16_to_cpu((__force be16)ll->sll_protocol);
	if (ps->sk.type != SOCK_DGRAM)
		return 0;
	if (to->dev && m->name_len < to->dev->addr_len + head)
		return -EINVAL;
	to->addr = ll->sll_addr;
	return 0;
}

static int read_cmsgs(const struct sock *sk, const struct msg *m, struct to *to)
{
	struct msghdr mh = {
	    .msg_control = m->control,
	    .msg_controllen = m->control_len,
	};
	bool may = !m->caller || caller_can_in(m->caller, sk->net, CAP_NET_RAW) ||
		   caller_can_in(m->caller, sk->net, CAP_NET_ADMIN);

	to->mark = sk->mark;
	to->priority = sk->priority;
	if (!m->control || !m->control_len)
		return 0;
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&mh); h; h = CMSG_NXTHDR(&mh, h)) {
		u32 v;

		if (h->cmsg_len < sizeof(*h) ||
		    h->cmsg_len > m->control_len - (size_t)((u8 *)h - (u8 *)m->control))
			return -EINVAL;
		if (h->cmsg_level != SOL_SOCKET)
			continue;
		if ((h->cmsg_type != SO_MARK && h->cmsg_type != SO_PRIORITY) ||
		    h->cmsg_len != CMSG_LEN(sizeof(v)))
			return -EINVAL;
		memcpy(&v, CMSG_DATA(h), sizeof(v));
		if (!may && (h->cmsg_type == SO_MARK || v > 6))
			return -EPERM;
		*(h->cmsg_type == SO_MARK ? &to->mark : &to->priority) = v;
	}
	return 0;
}

static int take_bytes(struct pkt *p, struct msg *m, size_t len)
{
	u8 buf[2048];
	size_t n;

	if (len <= pkt_tailroom(p)) {
		msg_take(m, pkt_put(p, (u32)len), len);
		return 0;
	}
	for (; len; len -= n) {
		n = msg_take(m, buf, min(len, sizeof(buf)));
		if (pkt_append(p, buf, (u32)n))
			return -ENOBUFS;
	}
	return 0;
}

/* The frame with its link header. 0, -EINVAL, -ENOBUFS */
static int build(const struct packet_sock *ps, const struct to *to, struct pkt *p,
		 struct msg *m, size_t len)
{
	struct dev *dev = to->dev;
	int err = take_bytes(p, m, len);

	if (err)
		return err;
	if (ps->sk.type == SOCK_DGRAM) {
		pkt_set_l3(p);
		p->proto = cpu_to_be16(to->ethertype);
		return dev->link_header
			   ? dev->link_header(dev, p, to->ethertype, to->addr, NULL)
			   : 0;
	}
	if (p->len < dev->header_len || !p->len || !pkt_need(p, dev->header_len))
		return -EINVAL;
	p->proto = cpu_to_be16(to->ethertype);
	if (dev->header_len == ETH_HLEN &&
	    (!to->ethertype || to->ethertype == ETH_P_ALL))
		p->proto = ((const struct ether_hdr *)p->data)->proto;
	pkt_set_l2(p);
	p->l3 = (u16)(p->l2 + dev->header_len);
	return 0;
}

ssize_t packet_send(struct sock *sk, struct msg *m)
{
	const struct packet_sock *ps = packet_sk(sk);
	size_t len = msg_len(m);
	struct to to = {.dev = NULL};
	struct sockaddr_ll ll;
	struct pkt *p;
	int err = read_name(ps, m, &ll, &to);

	if (err)
		return err;
	if (!to.dev)
		return -ENXIO;
	if (!dev_is_up(to.dev))
		return -ENETDOWN;
	err = read_cmsgs(sk, m, &to);
	if (err)
		return err;
	if (len > to.dev->mtu + (sk->type == SOCK_RAW ? to.dev->header_len : 0U))
		return -EMSGSIZE;
	err = sock_error(sk);
	if (err)
		return -err;
	p = pkt_new(sk->net->worker, PKT_LINK_HEADROOM, (u32)len);
	if (!p)
		return -ENOBUFS;
	err = build(ps, &to, p, m, len);
	if (!err)
		err = sock_charge_tx(sk, p);
	if (err) {
		pkt_free(p);
		return err;
	}
	p->mark = to.mark;
	p->priority = to.priority;
	err = path_transmit(to.dev, p);
	return err ? err : (ssize_t)len;
}
