/* SPDX-License-Identifier: MIT */
/*
 * tcp_fastopen.c - TCP Fast Open: data in the SYN (RFC 7413)
 *
 * The client. What a peer said in its SYN-ACK (cookie, MSS) is remembered in the
 * net by the pair of addresses (struct tcp_peer), the least recently used is
 * forgotten. With a cookie the SYN carries it and up to a segment of data;
 * without one the SYN asks for it. A SYN that is repeated has neither (§4.1.3):
 * what is in the way may be the option. A peer that answered without a cookie is
 * asked by the experimental option next (RFC 6994), and then no more than by the
 * first one again.
 *
 * TCP_FASTOPEN_CONNECT puts connect() off until the first write: it answers 0 and
 * the socket waits in SYN_SENT with nothing sent (tp->fo_defer).
 *
 * The server. A cookie is SipHash of the addresses under the listener's key, or
 * the net's (both may have a second, older one). A SYN with a good cookie becomes
 * a socket at once, in the accept queue, in SYN_RECV with tp->fo_synack: its
 * retransmission timer repeats the SYN-ACK, whatever else is in flight, until the
 * handshake is complete. A listener has at most fo_max of them (§5.1).
 */

#include "core/tunable.h"
#include "inet/tcp_impl.h"

#include <linux/tcp.h>

#define PEERS_MAX 1024 /* of a net */
#define COOKIE	  8    /* bytes of the cookies that we make */

/* Bits of net.ipv4.tcp_fastopen */
enum {
	FO_CLIENT = 0x1,
	FO_SERVER = 0x2,
	FO_CLIENT_NO_COOKIE = 0x4,
	FO_SERVER_NO_COOKIE = 0x200,
	FO_ALL_LISTENERS = 0x400,
};

/* What we know of a peer */
struct tcp_peer {
	struct table_node node;
	struct list lru; /* tcp_net.peers, most recent first */
	struct ipaddr local, peer;
	struct tcp_cookie cookie;
	u16 mss;
	u8 try_exp; /* 1: ask by the experimental option; 2: did */
};

u32 tcp_peer_size(void)
{
	return sizeof(struct tcp_peer);
}

/* ---- peers ---- */

static u32 peer_hash(struct net *net, const struct inet_sock *is)
{
	struct ipaddr both[2] = {is->local, is->peer};
	struct {
		u32 w[8];
		u64 net;
	} key;

	for (int i = 0; i < 8; i++)
		key.w[i] = (__force u32)both[i / 4].w[i % 4];
	key.net = net->cookie;
	return (u32)siphash(&net->worker->key, &key, sizeof(key));
}

static void peer_free(struct net *net, struct tcp_peer *pe)
{
	struct tcp_worker *wk = tcp_worker(net);

	table_del(&wk->peers, &pe->node);
	list_del(&pe->lru);
	tcp_net(net)->n_peers--;
	slab_put(&wk->peer_slab, pe);
}

void tcp_peers_flush(struct net *net)
{
	struct tcp_peer *pe;

	while ((pe = list_first(&tcp_net(net)->peers, struct tcp_peer, lru)))
		peer_free(net, pe);
}

static struct tcp_peer *peer_find(struct tcp_sock *tp)
{
	struct net *net = tcp_sknet(tp);
	u32 hash = peer_hash(net, &tp->is);
	struct table_node *n;

	for (n = table_first(&tcp_worker(net)->peers, hash); n; n = table_next(n)) {
		struct tcp_peer *pe = container_of(n, struct tcp_peer, node);

		if (ipaddr_equal(&pe->local, &tp->is.local) &&
		    ipaddr_equal(&pe->peer, &tp->is.peer)) {
			list_del(&pe->lru);
			list_add(&tcp_net(net)->peers, &pe->lru);
			return pe;
		}
	}
	return NULL;
}

/* NULL: no memory; then we ask again next time */
static struct tcp_peer *peer_get(struct tcp_sock *tp)
{
	struct net *net = tcp_sknet(tp);
	struct tcp_worker *wk = tcp_worker(net);
	struct tcp_net *tn = tcp_net(net);
	struct tcp_peer *pe = peer_find(tp);

	if (pe)
		return pe;
	if (tn->n_peers >= PEERS_MAX)
		peer_free(net, list_last(&tn->peers, struct tcp_peer, lru));
	pe = slab_get(&wk->peer_slab);
	if (!pe)
		return NULL;
	pe->local = tp->is.local;
	pe->peer = tp->is.peer;
	if (table_add(&wk->peers, &pe->node, peer_hash(net, &tp->is))) {
		slab_put(&wk->peer_slab, pe);
		return NULL;
	}
	list_add(&tn->peers, &pe->lru);
	tn->n_peers++;
	return pe;
}

static void peer_learn(struct tcp_sock *tp, u16 mss, const struct tcp_cookie *c,
		       u8 try_exp)
{
	struct tcp_peer *pe = peer_get(tp);

	if (!pe)
		return;
	if (mss)
		pe->mss = mss;
	if (c && c->len)
		pe->cookie = *c;
	else if (try_exp > pe->try_exp && !pe->cookie.len && !pe->cookie.exp)
		pe->try_exp = try_exp;
}

/* ---- the client ---- */

bool tcp_fo_client(const struct net *net)
{
	return tcp_tun(net, T_FASTOPEN) & FO_CLIENT;
}

/* Middleboxes that swallow such SYNs: nobody tries for a time that doubles */
static bool blackholed(const struct tcp_sock *tp)
{
	const struct tcp_net *tn = tcp_net(tcp_sknet(tp));
	u64 wait = (u64)tcp_tun(tcp_sknet(tp), T_FO_BLACKHOLE) * NS_PER_S;

	if (!wait || !tn->fo_disabled)
		return false;
	return tcp_now(tp) - tn->fo_disabled_ns < wait << min(tn->fo_disabled - 1, 6U);
}

void tcp_fo_timeout(struct tcp_sock *tp)
{
	struct tcp_net *tn = tcp_net(tcp_sknet(tp));

	if (!(tp->syn_fastopen || tp->syn_data) || tp->retransmits != 2 ||
	    !tcp_tun(tcp_sknet(tp), T_FO_BLACKHOLE))
		return;
	tn->fo_disabled++;
	tn->fo_disabled_ns = tcp_now(tp);
	MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPFASTOPENBLACKHOLE);
}

/*
 * What do we know of the peer? @mss: of its SYN-ACK, 0: unknown.
 * Return: true when data may go with the SYN
 */
static bool cookie_for(struct tcp_sock *tp, struct tcp_cookie *c, u16 *mss)
{
	const struct tcp_peer *pe = peer_find(tp);

	memset(c, 0, sizeof(*c));
	*mss = pe ? pe->mss : 0;
	if (blackholed(tp)) {
		c->none = true;
		return false;
	}
	if (pe) {
		*c = pe->cookie;
		if (!c->len && pe->try_exp == 1)
			c->exp = true;
	}
	if (tp->fo_no_cookie ||
	    tcp_tun(tcp_sknet(tp), T_FASTOPEN) & FO_CLIENT_NO_COOKIE) {
		c->none = true;
		return true;
	}
	return c->len > 0;
}

bool tcp_fo_defers(struct tcp_sock *tp)
{
	struct tcp_cookie c;
	u16 mss;

	return tp->fo_connect && cookie_for(tp, &c, &mss);
}

void tcp_fo_syn(struct tcp_sock *tp, struct msg *m)
{
	u16 mss;
	u32 space;
	bool data;

	tp->syn_fastopen = tp->syn_data = tp->syn_data_acked = false;
	tp->fo_space = 0;
	data = cookie_for(tp, &tp->fo_cookie, &mss);
	if (tp->fo_cookie.none && !data)
		return;
	tp->syn_fastopen = !tp->fo_cookie.none;
	if (!data || !m || !msg_left(m))
		return;
	/* a segment as the peer takes it, with room for all options */
	space = tp->pmtu - 40;
	if (mss)
		space = min(space, (u32)mss);
	if (tp->user_mss)
		space = min(space, (u32)tp->user_mss);
	tp->fo_space = space > TCP_OPTS_MAX ? space - TCP_OPTS_MAX : 0;
}

void tcp_fo_option(const struct tcp_sock *tp, struct tcp_opts *o)
{
	o->present |= TCP_HAS_FASTOPEN;
	o->fastopen_exp = tp->fo_cookie.exp;
	o->cookie_len = tp->fo_cookie.len;
	memcpy(o->cookie, tp->fo_cookie.val, tp->fo_cookie.len);
}

/*
 * The SYN-ACK of a connect() that tried. What it did not acknowledge of the data
 * goes out now, as if it had been lost (§4.1.3.1, §4.2.2).
 */
void tcp_fo_synack(struct tcp_sock *tp, const struct tcp_seg *sg)
{
	struct tcp_cookie c = {.len = 0};
	u16 mss = sg->o.present & TCP_HAS_MSS ? sg->o.mss : 536;
	struct pkt *p = tcp_rtx_head(tp);
	u8 try_exp = 0;

	if (!tp->syn_fastopen && !tp->syn_data)
		return;
	if (sg->o.present & TCP_HAS_FASTOPEN && tp->syn_fastopen) {
		c.len = sg->o.cookie_len;
		c.exp = sg->o.fastopen_exp;
		memcpy(c.val, sg->o.cookie, c.len);
	}
	if (tp->syn_fastopen && !tp->total_retrans && !c.len && !tp->syn_data)
		try_exp = tp->fo_cookie.exp ? 2 : 1;
	peer_learn(tp, mss, &c, try_exp);
	if (!tp->syn_data)
		return;
	if (p) {
		MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPFASTOPENACTIVEFAIL);
		for (; p; p = tcp_tx_pkt(tree_next(&tcp_tx(p)->node)))
			tcp_mark_lost(tp, p);
		return;
	}
	tp->syn_data_acked = true;
	MIB_EXT(tcp_sknet(tp), LINUX_MIB_TCPFASTOPENACTIVE);
	if (tp->delivered > 1)
		tp->delivered--; /* a SYN and its data are one segment */
}

bool tcp_fo_send(struct tcp_sock *tp, struct msg *m, ssize_t *res)
{
	struct sock *sk = &tp->is.sk;
	u64 before = m->offset;
	int err;

	if (tp->fo_defer) {
		err = tcp_connect_now(tp, m);
	} else if (before && !tp->connecting) {
		return false; /* what is left of one that began so */
	} else if (!tcp_fo_client(sk->net) || !m->name ||
		   ((const struct sockaddr *)m->name)->sa_family == AF_UNSPEC) {
		*res = -EOPNOTSUPP;
		return true;
	} else if (sk->state == TCP_CLOSE || tp->connecting) {
		err = tcp_connect_data(tp, m);
		if (!err)
			return false;
	} else {
		err = -EISCONN;
	}
	*res = m->offset > before ? (ssize_t)(m->offset - before) : err;
	return true;
}

/* ---- the server ---- */

static void cookie_make(const struct sip_key *key, const struct tcp_seg *sg,
			struct tcp_cookie *c)
{
	u8 both[2 * 16];
	u32 n = sg->src.family == AF_INET6 ? 16 : 4;
	u64 h;

	memcpy(both, &sg->src.w, n);
	memcpy(both + n, &sg->dst.w, n);
	h = siphash(key, both, 2 * (size_t)n);
	for (int i = 0; i < COOKIE; i++)
		c->val[i] = (u8)(h >> 8 * i);
	c->len = COOKIE;
}

/* Net's keys come to be when somebody needs them */
static const struct tcp_fo_keys *net_keys(struct net *net)
{
	struct tcp_net *tn = tcp_net(net);

	if (!tn->fo_keys.n) {
		random_bytes(&net->random, tn->fo_keys.key, sizeof(tn->fo_keys.key[0]));
		tn->fo_keys.n = 1;
	}
	return &tn->fo_keys;
}

static const struct tcp_fo_keys *keys_of(struct tcp_sock *lp)
{
	return lp->fo_keys.n ? &lp->fo_keys : net_keys(tcp_sknet(lp));
}

static bool has_room(const struct tcp_sock *lp)
{
	if (!lp->fo_max)
		return false;
	if (lp->fo_n < lp->fo_max)
		return true;
	MIB_EXT(tcp_sknet(lp), LINUX_MIB_TCPFASTOPENLISTENOVERFLOW);
	return false;
}

bool tcp_fo_accept(struct tcp_sock *lp, const struct tcp_seg *sg,
		   struct tcp_cookie *answer)
{
	struct net *net = tcp_sknet(lp);
	s64 how = tcp_tun(net, T_FASTOPEN);
	bool asked = sg->o.present & TCP_HAS_FASTOPEN;
	const struct tcp_fo_keys *keys;

	memset(answer, 0, sizeof(*answer));
	if (asked && !sg->o.cookie_len)
		MIB_EXT(net, LINUX_MIB_TCPFASTOPENCOOKIEREQD);
	if (!(how & FO_SERVER) || !(sg->len || asked) || !has_room(lp))
		return false;
	if (sg->len && (how & FO_SERVER_NO_COOKIE || lp->fo_no_cookie))
		goto yes;
	if (!asked)
		return false;
	keys = keys_of(lp);
	for (u8 i = 0; i < keys->n && sg->o.cookie_len; i++) {
		struct tcp_cookie c;

		cookie_make(&keys->key[i], sg, &c);
		if (sg->o.cookie_len != c.len || memcmp(sg->o.cookie, c.val, c.len))
			continue;
		if (i) { /* an old key: tell the new cookie */
			cookie_make(&keys->key[0], sg, answer);
			answer->exp = sg->o.fastopen_exp;
			MIB_EXT(net, LINUX_MIB_TCPFASTOPENPASSIVEALTKEY);
		}
		goto yes;
	}
	if (sg->o.cookie_len)
		MIB_EXT(net, LINUX_MIB_TCPFASTOPENPASSIVEFAIL);
	cookie_make(&keys->key[0], sg, answer);
	answer->exp = sg->o.fastopen_exp;
	return false;
yes:
	MIB_EXT(net, LINUX_MIB_TCPFASTOPENPASSIVE);
	return true;
}

void tcp_fo_listen(struct tcp_sock *lp)
{
	s64 how = tcp_tun(tcp_sknet(lp), T_FASTOPEN);

	if (how & FO_ALL_LISTENERS && how & FO_SERVER && !lp->fo_max) {
		lp->fo_max = lp->backlog;
		net_keys(tcp_sknet(lp));
	}
}

void tcp_fo_join(struct tcp_sock *tp, struct tcp_sock *lp)
{
	tp->fo_synack = true;
	tp->fo_listener = lp;
	list_add_tail(&lp->fo_children, &tp->fo_node);
	lp->fo_n++;
}

void tcp_fo_leave(struct tcp_sock *tp)
{
	tp->fo_synack = false;
	if (!tp->fo_listener)
		return;
	tp->fo_listener->fo_n--;
	tp->fo_listener = NULL;
	list_del(&tp->fo_node);
}

void tcp_fo_listen_close(struct tcp_sock *lp)
{
	struct tcp_sock *tp;

	while ((tp = list_first(&lp->fo_children, struct tcp_sock, fo_node))) {
		list_del(&tp->fo_node);
		tp->fo_listener = NULL;
		lp->fo_n--;
	}
}

/* ---- keys, by socket and by sysctl ---- */

int tcp_fo_set_keys(struct tcp_fo_keys *k, const void *val, size_t len)
{
	if (len != sizeof(k->key[0]) && len != sizeof(k->key))
		return -EINVAL;
	for (size_t i = 0; i < len / sizeof(k->key[0]); i++) {
		const u8 *p = (const u8 *)val + i * sizeof(k->key[0]);
		struct sip_key *key = &k->key[i];

		key->k0 = key->k1 = 0;
		for (int j = 0; j < 8; j++) {
			key->k0 |= (u64)p[j] << 8 * j;
			key->k1 |= (u64)p[8 + j] << 8 * j;
		}
	}
	k->n = (u8)(len / sizeof(k->key[0]));
	return 0;
}

int tcp_fo_get_keys(struct tcp_sock *tp, void *val)
{
	const struct tcp_fo_keys *k =
	    tp->fo_keys.n ? &tp->fo_keys : &tcp_net(tcp_sknet(tp))->fo_keys;
	u8 *p = val;

	for (u8 i = 0; i < k->n; i++)
		for (int j = 0; j < 16; j++)
			*p++ = (u8)((j < 8 ? k->key[i].k0 : k->key[i].k1) >> j % 8 * 8);
	return k->n * (int)sizeof(k->key[0]);
}

static void key_text(const struct sip_key *k, struct text *out)
{
	text_printf(out, "%08x-%08x-%08x-%08x", (u32)k->k0, (u32)(k->k0 >> 32),
		    (u32)k->k1, (u32)(k->k1 >> 32));
}

static int keys_read(struct net *net, const struct tunable *t, struct text *out)
{
	const struct tcp_fo_keys *k = &tcp_net(net)->fo_keys;

	(void)t;
	key_text(&k->key[0], out); /* zeros as long as there is none */
	if (k->n > 1) {
		text_printf(out, ",");
		key_text(&k->key[1], out);
	}
	text_printf(out, "\n");
	return 0;
}

/* Four words of up to eight hex digits. Return: what is behind, or NULL */
static const char *key_parse(const char *s, struct sip_key *k)
{
	u32 w[4] = {0};

	for (int i = 0; i < 4; i++) {
		int n = 0;

		for (; n < 8; n++, s++) {
			int c = *s | 0x20, v = c >= '0' && c <= '9'   ? c - '0'
					       : c >= 'a' && c <= 'f' ? c - 'a' + 10
								      : -1;

			if (v < 0)
				break;
			w[i] = w[i] << 4 | (u32)v;
		}
		if (!n || (i < 3 && *s++ != '-'))
			return NULL;
	}
	k->k0 = w[0] | (u64)w[1] << 32;
	k->k1 = w[2] | (u64)w[3] << 32;
	return s;
}

static int keys_write(struct net *net, const struct tunable *t, const char *s)
{
	struct tcp_fo_keys k = {.n = 1};

	(void)t;
	s = key_parse(s, &k.key[0]);
	if (s && *s == ',') {
		k.n = 2;
		s = key_parse(s + 1, &k.key[1]);
	}
	if (!s || strspn(s, " \t\n") != strlen(s))
		return -EINVAL;
	tcp_net(net)->fo_keys = k;
	return 0;
}

const struct tunable tcp_fo_tunable = {
    .path = "net/ipv4/tcp_fastopen_key",
    .mode = 0600,
    .type = TUNABLE_CUSTOM,
    .read = keys_read,
    .write = keys_write,
};
