/* SPDX-License-Identifier: MIT */
/*
 * proc_sock.c - /proc/net: tcp, udp, raw, icmp, ... and sockstat
 *
 * A line a socket, in order of birth; where Linux prints a bucket there is a
 * running number. Linux never shows a socket's real address in memory to
 * ordinary readers: the cookie takes its place.
 */

#include "core/registry.h"
#include "inet/inet.h"
#include "inet/tcp.h"
#include "view/views.h"

#include <linux/tcp.h>

#define TCP_WIDTH 149
#define UDP_WIDTH 127

static void pad_to(struct text *out, size_t start, int width)
{
	int n = (int)(out->len - start);

	text_printf(out, "%*s\n", n < width ? width - n : 0, "");
}

static u64 ticks(u64 ns) /* USER_HZ */
{
	return ns / (10 * NS_PER_MS);
}

static u64 ticks_until(const struct net *net, u64 when_ns)
{
	u64 now = clock_now(net->w);

	return when_ns > now ? ticks(when_ns - now) : 0;
}

static be32 v4(const struct ipaddr *a)
{
	return a->family == AF_INET ? a->v4 : 0;
}

/* ---- TCP ---- */

static bool is_tcp(const struct sock *sk)
{
	return sk->family == AF_INET && sk->type == SOCK_STREAM &&
	       sk->protocol == IPPROTO_TCP;
}

static void put_tcp(struct text *out, int i, const struct tcp_sock *tp)
{
	const struct inet_sock *is = &tp->is;
	const struct sock *sk = &is->sk;
	size_t start = out->len;
	u64 when = 0;
	u8 timer = tcp_timer_info(tp, &when);
	bool listens = sk->state == TCP_LISTEN;
	u32 rx = tcp_rx_queued(tp) + sock_front_queued(sk, true);
	u32 tx = listens ? 0 : tcp_tx_queued(tp) + sock_front_queued(sk, false);

	text_printf(out, "%4d: %08X:%04X %08X:%04X %02X %08X:%08X %02X:%08llX %08X ", i,
		    v4(&is->local), be16_to_cpu(is->lport), v4(&is->peer),
		    be16_to_cpu(is->pport), sk->state, tx, rx, timer,
		    (unsigned long long)(timer ? ticks_until(sk->net, when) : 0),
		    tp->retransmits);
	text_printf(out, "%5u %8d %llu %u %016llx %llu %llu %u %u %d", sk->uid,
		    tp->probes_out, (unsigned long long)sk->inode,
		    sk->refs.n + sk->counted, (unsigned long long)sk->cookie,
		    (unsigned long long)ticks(tp->rto_ns),
		    (unsigned long long)ticks(tp->ato_ms * NS_PER_MS),
		    (unsigned)(tp->quick << 1 | (tp->pingpong ? 1 : 0)), tp->cwnd,
		    listens			 ? 0
		    : tp->ssthresh >= 0x7fffffff ? -1
						 : (int)tp->ssthresh);
	pad_to(out, start, TCP_WIDTH);
}

struct mini_walk {
	struct text *out;
	struct net *net;
	int i;
};

static int put_mini(void *arg, const struct tcp_mini_info *mi)
{
	struct mini_walk *mw = arg;
	bool request = mi->state == TCP_SYN_RECV;
	size_t start = mw->out->len;

	text_printf(
	    mw->out,
	    "%4d: %08X:%04X %08X:%04X %02X %08X:%08X %02X:%08llX %08X %5u %8d %d "
	    "%d %016llx",
	    mw->i++, v4(&mi->t->local), be16_to_cpu(mi->t->lport), v4(&mi->t->peer),
	    be16_to_cpu(mi->t->pport), mi->state, 0, 0, request ? 1 : 3,
	    (unsigned long long)ticks_until(mw->net, mi->expires_ns), mi->retransmits,
	    request ? mi->uid : 0, 0, 0, request ? 0 : 3, 0ULL);
	pad_to(mw->out, start, TCP_WIDTH);
	return 0;
}

static int tcp_text(struct net *net, const char *rel, struct text *out)
{
	struct mini_walk mw = {.out = out, .net = net};
	size_t start = out->len;
	struct sock *sk;

	(void)rel;
	text_printf(out, "  sl  local_address rem_address   st tx_queue rx_queue tr "
			 "tm->when retrnsmt   uid  timeout inode");
	pad_to(out, start, TCP_WIDTH);
	list_for_each(sk, &net->socks, net_node)
		if (is_tcp(sk) && sk->state == TCP_LISTEN)
			put_tcp(out, mw.i++, tcp_sk(sk));
	list_for_each(sk, &net->socks, net_node)
		if (is_tcp(sk) && sk->state != TCP_LISTEN && sk->state != TCP_CLOSE)
			put_tcp(out, mw.i++, tcp_sk(sk));
	if (warren_has(net->w, PART_TCP))
		tcp_walk_mini(net, put_mini, &mw);
	return 0;
}

/* ---- UDP, raw, ping: one shape ---- */

static void put_dgram(struct text *out, int width, int i, const struct sock *sk)
{
	const struct inet_sock *is = inet_sk(sk);
	size_t start = out->len;
	bool raw = sk->type == SOCK_RAW;

	text_printf(out, "%*d: %08X:%04X %08X:%04X %02X %08X:%08X %02X:%08lX %08X %5u ",
		    width, i, v4(&is->local), raw ? is->num : be16_to_cpu(is->lport),
		    v4(&is->peer), raw ? 0 : be16_to_cpu(is->pport), sk->state,
		    sk->wmem + sock_front_queued(sk, false),
		    sk->rmem + sock_front_queued(sk, true), 0, 0L, 0, sk->uid);
	text_printf(out, "%8d %llu %u %016llx %llu", 0, (unsigned long long)sk->inode,
		    sk->refs.n + sk->counted, (unsigned long long)sk->cookie,
		    (unsigned long long)sk->rx_drops);
	if (raw)
		text_printf(out, "\n");
	else
		pad_to(out, start, UDP_WIDTH);
}

static bool is_dgram(const struct sock *sk, int type, int protocol)
{
	return sk->family == AF_INET && sk->type == type &&
	       (!protocol || sk->protocol == protocol) && inet_sk(sk)->num;
}

static int dgram_text(struct net *net, struct text *out, const char *head, int width,
		      int type, int protocol)
{
	size_t start = out->len;
	struct sock *sk;
	int i = 0;

	text_printf(out,
		    "%s local_address rem_address   st tx_queue rx_queue tr tm->when "
		    "retrnsmt   uid  timeout inode ref pointer drops",
		    head);
	if (type == SOCK_RAW)
		text_printf(out, "\n");
	else
		pad_to(out, start, UDP_WIDTH);
	list_for_each(sk, &net->socks, net_node)
		if (is_dgram(sk, type, protocol))
			put_dgram(out, width, i++, sk);
	return 0;
}

static int udp_text(struct net *net, const char *rel, struct text *out)
{
	(void)rel;
	return dgram_text(net, out, "   sl ", 5, SOCK_DGRAM, IPPROTO_UDP);
}

static int udplite_text(struct net *net, const char *rel, struct text *out)
{
	(void)rel;
	return dgram_text(net, out, "   sl ", 5, SOCK_DGRAM, IPPROTO_UDPLITE);
}

static int icmp_text(struct net *net, const char *rel, struct text *out)
{
	(void)rel;
	return dgram_text(net, out, "  sl ", 5, SOCK_DGRAM, IPPROTO_ICMP);
}

static int raw_text(struct net *net, const char *rel, struct text *out)
{
	(void)rel;
	return dgram_text(net, out, "  sl ", 4, SOCK_RAW, 0);
}

/* AF_UNIX sockets stay with the host: none of them is ours */
static int unix_text(struct net *net, const char *rel, struct text *out)
{
	(void)net;
	(void)rel;
	text_printf(out, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	return 0;
}

/* ---- counts ---- */

static int sockstat_text(struct net *net, const char *rel, struct text *out)
{
	u32 used = 0, tcp = 0, tcp_all = 0, udp = 0, lite = 0, raw = 0;
	u32 orphans = 0, tw = 0;
	struct sock *sk;

	(void)rel;
	list_for_each(sk, &net->socks, net_node) {
		used += sk->counted;
		if (is_tcp(sk)) {
			tcp_all++;
			tcp += sk->state != TCP_CLOSE;
		} else if (is_dgram(sk, SOCK_RAW, 0)) {
			raw++;
		} else if (is_dgram(sk, SOCK_DGRAM, IPPROTO_UDP)) {
			udp++;
		} else if (is_dgram(sk, SOCK_DGRAM, IPPROTO_UDPLITE)) {
			lite++;
		}
	}
	if (warren_has(net->w, PART_TCP)) {
		orphans = tcp_net(net)->n_orphans;
		tw = tcp_net(net)->n_timewaits;
	}
	text_printf(out, "sockets: used %u\n", used);
	text_printf(out, "TCP: inuse %u orphan %u tw %u alloc %u mem %u\n", tcp,
		    orphans, tw, tcp_all, 0);
	text_printf(out, "UDP: inuse %u mem %u\n", udp, 0);
	text_printf(out, "UDPLITE: inuse %u\nRAW: inuse %u\n", lite, raw);
	text_printf(out, "FRAG: inuse %u memory %u\n", 0, 0);
	return 0;
}

/* The letters say which operations the protocol has: close, connect, disconnect, ... */
static const struct {
	const char *name;
	u32 size;
	int family, type, protocol;
	bool slab, pressure; /* an own cache; its memory is counted */
	const char *ops;
} protocols[] = {
    {"PACKET", 1600, AF_PACKET, 0, 0, false, false,
     "n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n"},
    {"UDP-Lite", 1344, AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE, true, true,
     "y  y  y  n  y  y  y  n  y  y  y  y  n  n  y  y  y  n"},
    {"PING", 1016, AF_INET, SOCK_DGRAM, IPPROTO_ICMP, true, false,
     "y  y  y  n  n  y  n  n  y  y  y  y  y  y  n  y  y  n"},
    {"RAW", 1152, AF_INET, SOCK_RAW, 0, true, false,
     "y  y  y  n  y  y  y  n  y  y  y  y  y  y  y  y  n  n"},
    {"UDP", 1344, AF_INET, SOCK_DGRAM, IPPROTO_UDP, true, true,
     "y  y  y  n  y  y  y  n  y  y  y  y  n  n  y  y  y  n"},
    {"TCP", 2304, AF_INET, SOCK_STREAM, IPPROTO_TCP, true, true,
     "y  y  y  y  y  y  y  y  y  y  y  y  n  y  y  y  y  y"},
    {"NETLINK", 1096, AF_NETLINK, 0, 0, false, false,
     "n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n"},
};

/* Linux counts an INET socket when it has a port, a peer, or listens */
static bool is_in_use(const struct sock *sk, int family, int type, int protocol)
{
	if (sk->family != family || (type && sk->type != type))
		return false;
	if (family != AF_INET)
		return true;
	return type == SOCK_STREAM ? is_tcp(sk) && sk->state != TCP_CLOSE
				   : is_dgram(sk, type, protocol);
}

static int protocols_text(struct net *net, const char *rel, struct text *out)
{
	(void)rel;
	text_printf(out, "protocol  size sockets  memory press maxhdr  slab module     "
			 "cl co di ac io in de sh ss gs se re bi br ha uh gp em\n");
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		bool tcp = protocols[i].type == SOCK_STREAM;
		struct sock *sk;
		int n = 0;

		list_for_each(sk, &net->socks, net_node)
			n += is_in_use(sk, protocols[i].family, protocols[i].type,
				       protocols[i].protocol);
		if (!registry_by_key(net->w, REG_FAMILY, (u64)protocols[i].family))
			continue;
		text_printf(out, "%-9s %4u %6d  %6d   %-3s %6u   %-3s  %-10s  %s\n",
			    protocols[i].name, protocols[i].size, n,
			    protocols[i].pressure ? 0 : -1, tcp ? "no" : "NI",
			    tcp ? 192U : 0U, protocols[i].slab ? "yes" : "no", "kernel",
			    protocols[i].ops);
	}
	return 0;
}

static const struct view proc_sock_views[] = {
    {.path = "net/tcp", .text = tcp_text},
    {.path = "net/udp", .text = udp_text},
    {.path = "net/udplite", .text = udplite_text},
    {.path = "net/icmp", .text = icmp_text},
    {.path = "net/raw", .text = raw_text},
    {.path = "net/unix", .text = unix_text},
    {.path = "net/sockstat", .text = sockstat_text},
    {.path = "net/protocols", .text = protocols_text},
};

static int proc_sock_boot(struct warren *w)
{
	return views_register(w, &proc_sock_part, proc_sock_views,
			      ARRAY_SIZE(proc_sock_views));
}

const struct part proc_sock_part = {
    .name = "proc_sock",
    .id = PART_PROC_SOCK,
    .boot = proc_sock_boot,
};
