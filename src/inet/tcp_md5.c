/* SPDX-License-Identifier: MIT */
/*
 * tcp_md5.c - signed segments (RFC 2385), for BGP
 *
 * A socket has a list of keys, each for a prefix of peers; the longest match
 * counts. A listener's keys are its requests', and a child gets a copy of the one
 * of its peer; a TIME_WAIT keeps its own. With a key every segment carries the
 * option and must arrive with it; without, none may. The digest covers the pseudo
 * header, the TCP header without options and with a zero checksum, the data, and
 * the key (§2.0); so packets are not sent uncut, and with 20 bytes gone there are
 * no timestamps.
 */

#include "base/md5.h"
#include "inet/tcp_impl.h"

#include <linux/tcp.h>

#define KEYS_MAX 4096 /* of a socket; Linux: by its optmem */

struct tcp_md5_key *tcp_md5_find(const struct tcp_sock *tp, const struct ipaddr *peer)
{
	struct tcp_md5_key *k, *best = NULL;

	list_for_each(k, &tp->md5_keys, node)
		if (k->family == peer->family &&
		    (peer->v4 & ip4_mask(k->plen)) == k->addr &&
		    (!best || k->plen > best->plen))
			best = k;
	return best;
}

struct tcp_md5_key *tcp_md5_copy(struct net *net, const struct tcp_md5_key *k)
{
	struct tcp_md5_key *c = mem_alloc(&net->w->mem, sizeof(*c));

	if (!c)
		return NULL;
	*c = *k;
	list_init(&c->node);
	return c;
}

void tcp_md5_free(struct net *net, struct tcp_md5_key *k)
{
	if (!k)
		return;
	list_del(&k->node);
	mem_free(&net->w->mem, k);
}

void tcp_md5_clear(struct tcp_sock *tp)
{
	struct tcp_md5_key *k;

	while ((k = list_first(&tp->md5_keys, struct tcp_md5_key, node)))
		tcp_md5_free(tcp_sknet(tp), k);
	tp->n_md5 = 0;
}

int tcp_md5_inherit(struct tcp_sock *tp, const struct tcp_sock *lp)
{
	const struct tcp_md5_key *k = tcp_md5_find(lp, &tp->is.peer);
	struct tcp_md5_key *c;

	if (!k)
		return 0;
	c = tcp_md5_copy(tcp_sknet(tp), k);
	if (!c)
		return -ENOMEM;
	c->addr = tp->is.peer.v4;
	c->plen = 32;
	list_add(&tp->md5_keys, &c->node);
	tp->n_md5 = 1;
	return 0;
}

static struct tcp_md5_key *find_exact(struct tcp_sock *tp, be32 addr, u8 plen)
{
	struct tcp_md5_key *k;

	list_for_each(k, &tp->md5_keys, node)
		if (k->addr == addr && k->plen == plen)
			return k;
	return NULL;
}

int tcp_md5_set(struct tcp_sock *tp, int name, const void *val, size_t len)
{
	struct net *net = tcp_sknet(tp);
	const struct sockaddr_in *in;
	struct tcp_md5sig sig;
	struct tcp_md5_key *k;
	u8 plen = 32;
	be32 addr;

	if (len < sizeof(sig))
		return -EINVAL;
	memcpy(&sig, val, sizeof(sig));
	in = (const struct sockaddr_in *)(const void *)&sig.tcpm_addr;
	if (in->sin_family != AF_INET)
		return -EINVAL;
	if (name == TCP_MD5SIG_EXT && sig.tcpm_flags & TCP_MD5SIG_FLAG_PREFIX) {
		plen = sig.tcpm_prefixlen;
		if (plen > 32)
			return -EINVAL;
	}
	if (name == TCP_MD5SIG_EXT && sig.tcpm_flags & TCP_MD5SIG_FLAG_IFINDEX)
		return -EINVAL; /* of a VRF, and there are none */
	addr = (__force be32)in->sin_addr.s_addr & ip4_mask(plen);
	k = find_exact(tp, addr, plen);
	if (!sig.tcpm_keylen) {
		if (!k)
			return -ENOENT;
		tcp_md5_free(net, k);
		tp->n_md5--;
		return 0;
	}
	if (sig.tcpm_keylen > sizeof(k->key))
		return -EINVAL;
	if (!k) {
		if (tp->n_md5 >= KEYS_MAX)
			return -ENOMEM;
		k = mem_alloc(&net->w->mem, sizeof(*k));
		if (!k)
			return -ENOMEM;
		k->family = AF_INET;
		k->addr = addr;
		k->plen = plen;
		list_add(&tp->md5_keys, &k->node);
		tp->n_md5++;
	}
	k->len = (u8)sig.tcpm_keylen;
	memcpy(k->key, sig.tcpm_key, k->len);
	tp->pmtu = 0; /* the MSS is smaller now */
	return 0;
}

/* ---- the digest ---- */

static void digest(const struct tcp_md5_key *k, const struct pkt *p, u32 hdr_len,
		   const struct ipaddr *src, const struct ipaddr *dst, u8 out[MD5_SIZE])
{
	u8 pseudo[12] = {0}, buf[1024], *csum;
	struct md5 m;

	md5_init(&m);
	memcpy(pseudo, &src->v4, 4);
	memcpy(pseudo + 4, &dst->v4, 4);
	pseudo[9] = IPPROTO_TCP;
	pseudo[10] = (u8)(p->len >> 8);
	pseudo[11] = (u8)p->len;
	md5_add(&m, pseudo, sizeof(pseudo));
	pkt_copy(p, 0, buf, sizeof(struct tcp_hdr));
	csum = buf + offsetof(struct tcp_hdr, check);
	csum[0] = csum[1] = 0;
	md5_add(&m, buf, sizeof(struct tcp_hdr));
	for (u32 off = hdr_len; off < p->len;) {
		u32 n = min(p->len - off, (u32)sizeof(buf));

		pkt_copy(p, off, buf, n);
		md5_add(&m, buf, n);
		off += n;
	}
	md5_add(&m, k->key, k->len);
	md5_end(&m, out);
}

void tcp_md5_sign(const struct tcp_md5_key *k, struct pkt *p, const struct ipaddr *src,
		  const struct ipaddr *dst)
{
	u32 hdr_len = tcp_hdr_len((const struct tcp_hdr *)(const void *)p->data);
	/* the option is the first, behind two bytes that align it */
	u8 *sig = p->data + sizeof(struct tcp_hdr) + 4;

	digest(k, p, hdr_len, src, dst, sig);
}

bool tcp_md5_ok(struct net *net, const struct tcp_md5_key *k, const struct pkt *p,
		struct tcp_seg *sg)
{
	bool has = sg->o.present & TCP_HAS_MD5;
	u8 want[MD5_SIZE];

	if (!k && !has)
		return true;
	if (!k || !has) {
		MIB_EXT(net, k ? LINUX_MIB_TCPMD5NOTFOUND : LINUX_MIB_TCPMD5UNEXPECTED);
		return false;
	}
	digest(k, p, sg->data_off, &sg->src, &sg->dst, want);
	if (memcmp(want, sg->o.md5, sizeof(want)) != 0) {
		MIB_EXT(net, LINUX_MIB_TCPMD5FAILURE);
		return false;
	}
	sg->md5 = k;
	return true;
}
