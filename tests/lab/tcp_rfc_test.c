/* SPDX-License-Identifier: MIT */
/*
 * tcp_rfc_test.c - one scenario for a mechanism, named by its RFC and section
 *
 * Two hosts, "a" calls and "b" answers (pair.h). What a mechanism does is seen on
 * the wire (struct seen) or in TCP_INFO's numbers.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "inet/tcp.h"
#include "inet/tcp_impl.h"
#include "lab.h"
#include "pair.h"

#include <linux/tcp.h>

enum { TCP_AT = 14 + 20 };

/* What went by, and what to do to it */
struct seen {
	struct bench *t;
	u32 syn_data[2];   /* payload bytes in a SYN, by end */
	u32 ect, ece, cwr; /* frames that said so */
	u32 frames[2], data[2];
	u32 mark_nth;	     /* CE into the nth data frame of a; 0: none */
	u32 lose_from, lose; /* data frames of a, from the nth, so many */
	u32 lose_syns;	     /* so many */
};

static bool tcp_of(const struct pkt *p, u8 h[TCP_AT + 20], u32 *payload)
{
	u32 len;

	if (p->len < TCP_AT + 20)
		return false;
	pkt_copy(p, 0, h, TCP_AT + 20);
	if (h[12] != 8 || h[13] || h[14] != 0x45 || h[23] != IPPROTO_TCP)
		return false;
	len = (u32)h[16] << 8 | h[17];
	*payload = len - 20 - (h[TCP_AT + 12] >> 4) * 4U;
	return true;
}

/* ECN field of the IP header to CE, checksum with it (RFC 1624) */
static void mark_ce(const struct pkt *p)
{
	u8 *ip = (u8 *)(uintptr_t)p->data + 14;
	u32 sum = 0;

	ip[1] |= 3;
	ip[10] = ip[11] = 0;
	for (int i = 0; i < 20; i += 2)
		sum += (u32)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
	ip[10] = (u8)(sum >> 8);
	ip[11] = (u8)sum;
}

static bool watch(void *arg, const struct pkt *p, int end)
{
	struct seen *s = arg;
	u8 h[TCP_AT + 20];
	u32 payload;
	u8 flags;

	if (!tcp_of(p, h, &payload))
		return false;
	flags = h[TCP_AT + 13];
	s->frames[end]++;
	if (flags & TCPHDR_SYN) {
		s->syn_data[end] += payload;
		if (end == 0 && s->lose_syns) {
			s->lose_syns--;
			return true;
		}
	}
	s->ect += payload && (h[15] & 3) == 2;
	s->ece += flags & TCPHDR_ECE && !(flags & TCPHDR_SYN);
	s->cwr += flags & TCPHDR_CWR && !(flags & TCPHDR_SYN);
	if (end == 1 || !payload)
		return false;
	s->data[0]++;
	if (s->data[0] == s->mark_nth)
		mark_ce(p);
	return s->lose && s->data[0] >= s->lose_from &&
	       s->data[0] < s->lose_from + s->lose;
}

static void begin(struct bench *t, struct seen *s, u64 delay_ns)
{
	struct lab_fault f = {.delay_ns = delay_ns, .lose = watch, .arg = s};

	memset(s, 0, sizeof(*s));
	s->t = t;
	bench_new(t, 7, &f);
}

static void set(struct bench *t, const char *host, const char *path, const char *v)
{
	assert_int_equal(tunable_write(lab_host(t->lab, host), path, v, strlen(v)), 0);
}

static ssize_t send_fast(struct sock *sk, const char *text)
{
	struct caller c = {.net = sk->net, .caps = ~0ULL};
	struct iovec v = {(void *)(uintptr_t)text, strlen(text)};
	struct sockaddr_storage ss = {0};
	struct sockaddr_in *in = (struct sockaddr_in *)&ss;
	struct msg m = {.iov = &v,
			.n_iov = 1,
			.flags = MSG_FASTOPEN,
			.name = &ss,
			.name_len = sizeof(*in),
			.caller = &c};
	be32 ip;

	assert_int_equal(text_parse_ip4(B, &ip), 0);
	in->sin_family = AF_INET;
	in->sin_port = cpu_to_be16(PORT);
	in->sin_addr.s_addr = ip;
	return sk->ops->send(sk, &m);
}

static void close_both(struct bench *t)
{
	sock_release(t->a);
	sock_release(t->b);
	t->a = t->b = NULL;
	lab_run(t->lab, 130 * NS_PER_S);
}

/* RFC 7413 §3: a cookie is asked for, then data rides on the SYN; §4.1.3: a SYN that is
 * repeated carries neither */
static void test_fastopen(void **state)
{
	struct bench t;
	struct seen s;
	char buf[16];

	(void)state;
	begin(&t, &s, 10 * NS_PER_MS);
	set(&t, "b", "net/ipv4/tcp_fastopen", "3");
	listen_at_b(&t, 4);
	assert_int_equal(lab_set_int(t.listener, IPPROTO_TCP, TCP_FASTOPEN, 4), 0);
	t.a = lab_socket(t.lab, "a", SOCK_STREAM, 0);
	assert_int_equal(send_fast(t.a, "first"), -EINPROGRESS);
	assert_true(lab_run_until(t.lab, accepted, &t, NS_PER_S));
	assert_int_equal(s.syn_data[0], 0);
	close_both(&t);

	/* now with data, and the server reads before the handshake is complete */
	t.a = lab_socket(t.lab, "a", SOCK_STREAM, 0);
	assert_int_equal(send_fast(t.a, "second"), 6);
	assert_true(lab_run_until(t.lab, accepted, &t, NS_PER_S));
	assert_true(tcp_sk(t.b)->fo_synack);
	assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0), 6);
	assert_memory_equal(buf, "second", 6);
	assert_int_equal(lab_send(t.b, "answer", 6, 0), 6);
	lab_run(t.lab, 11 * NS_PER_MS);
	assert_int_equal(lab_recv(t.a, buf, sizeof(buf), 0), 6);
	assert_int_equal(s.syn_data[0], 6);
	assert_true(tcp_sk(t.a)->syn_data_acked);
	close_both(&t);

	/* the SYN is lost: plain the second time, the data behind the handshake */
	s.lose_syns = 1;
	t.a = lab_socket(t.lab, "a", SOCK_STREAM, 0);
	assert_int_equal(send_fast(t.a, "third"), 5);
	assert_true(lab_run_until(t.lab, accepted, &t, 5 * NS_PER_S));
	lab_run(t.lab, NS_PER_S);
	assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0), 5);
	assert_memory_equal(buf, "third", 5);
	assert_false(tcp_sk(t.a)->syn_data_acked);
	close_both(&t);
	bench_free(&t);
}

/* RFC 3168 §6.1: ECT on new data, CE is echoed until CWR, the window is reduced once */
static void test_ecn(void **state)
{
	struct bench t;
	struct seen s;

	(void)state;
	begin(&t, &s, 10 * NS_PER_MS);
	set(&t, "a", "net/ipv4/tcp_ecn", "1");
	s.mark_nth = 20;
	establish(&t);
	assert_true(tcp_sk(t.a)->ecn_ok && tcp_sk(t.b)->ecn_ok);
	transfer(&t, MIB, false, CHUNK, 60 * NS_PER_S);
	assert_int_equal(tcp_sk(t.b)->received_ce, 1);
	assert_true(s.ect > 100 && s.ece > 0);
	assert_int_equal(s.cwr, 1);
	assert_int_equal(tcp_sk(t.a)->total_retrans, 0);
	assert_true(tcp_sk(t.a)->ssthresh < TCP_INFINITE);
	bench_free(&t);
}

/* RFC 3168 §6.1.1.1: a SYN with the bits that gets no answer is repeated without */
static void test_ecn_fallback(void **state)
{
	struct bench t;
	struct seen s;

	(void)state;
	begin(&t, &s, NS_PER_MS);
	set(&t, "a", "net/ipv4/tcp_ecn", "1");
	listen_at_b(&t, 4);
	s.lose_syns = 1;
	t.a = lab_socket(t.lab, "a", SOCK_STREAM, 0);
	assert_int_equal(lab_connect(t.a, B, PORT), -EINPROGRESS);
	assert_true(lab_run_until(t.lab, accepted, &t, 5 * NS_PER_S));
	assert_false(tcp_sk(t.a)->ecn_ok || tcp_sk(t.b)->ecn_ok);
	bench_free(&t);
}

/* RFC 8985 §7: the tail of a burst is lost, a probe repairs it before the RTO */
static void test_tail_loss(void **state)
{
	struct bench t;
	struct seen s;
	char buf[20000] = "";

	(void)state;
	begin(&t, &s, 50 * NS_PER_MS);
	establish(&t);
	s.lose_from = 8;
	s.lose = 1; /* the last of them */
	assert_int_equal(lab_send(t.a, buf, 8 * 1448, 0), 8 * 1448);
	lab_run(t.lab, 900 * NS_PER_MS);
	assert_int_equal(lab_recv(t.b, buf, sizeof(buf), 0), 8 * 1448);
	assert_int_equal(tcp_sk(t.a)->total_retrans, 1);
	assert_int_equal(mib(t.a->net)->ext[LINUX_MIB_TCPLOSSPROBES], 1);
	assert_int_equal(mib(t.a->net)->ext[LINUX_MIB_TCPTIMEOUTS], 0);
	bench_free(&t);
}

/* RFC 8985 §6.2, 6937 §3: a loss in the middle is found by RACK, no RTO */
static void test_fast_recovery(void **state)
{
	struct bench t;
	struct seen s;

	(void)state;
	begin(&t, &s, 20 * NS_PER_MS);
	establish(&t);
	s.lose_from = 100;
	s.lose = 3;
	transfer(&t, MIB, false, CHUNK, 60 * NS_PER_S);
	assert_int_equal(tcp_sk(t.a)->total_retrans, 3);
	assert_int_equal(mib(t.a->net)->ext[LINUX_MIB_TCPTIMEOUTS], 0);
	assert_true(tcp_sk(t.a)->ssthresh < TCP_INFINITE);
	bench_free(&t);
}

/* RFC 5682 §3, 3522: ACKs are late, not lost: the RTO was wrong, and is taken back */
static void test_spurious_rto(void **state)
{
	struct bench t;
	struct seen s;
	char buf[14480] = "";
	u32 cwnd;

	(void)state;
	begin(&t, &s, 10 * NS_PER_MS);
	establish(&t);
	lab_send(t.a, buf, sizeof(buf), 0);
	lab_run(t.lab, NS_PER_S);
	lab_recv(t.b, buf, sizeof(buf), 0);
	cwnd = tcp_sk(t.a)->cwnd;
	lab_wire_fault(t.wire)->delay_ns = NS_PER_S;
	lab_send(t.a, buf, sizeof(buf), 0);
	lab_run(t.lab, 900 * NS_PER_MS);
	lab_wire_fault(t.wire)->delay_ns = 10 * NS_PER_MS;
	lab_run(t.lab, 5 * NS_PER_S);
	assert_true(mib(t.a->net)->ext[LINUX_MIB_TCPTIMEOUTS] > 0);
	assert_int_equal(tcp_sk(t.a)->ca_state, CA_OPEN);
	assert_true(tcp_sk(t.a)->cwnd >= cwnd);
	bench_free(&t);
}

static void seq_of(struct sock *sk, int queue, u32 *seq)
{
	assert_int_equal(lab_set_int(sk, IPPROTO_TCP, TCP_REPAIR_QUEUE, queue), 0);
	*seq = (u32)lab_get_int(sk, IPPROTO_TCP, TCP_QUEUE_SEQ);
}

static void set_seq(struct sock *sk, int queue, u32 seq)
{
	assert_int_equal(lab_set_int(sk, IPPROTO_TCP, TCP_REPAIR_QUEUE, queue), 0);
	assert_int_equal(lab_set_int(sk, IPPROTO_TCP, TCP_QUEUE_SEQ, (int)seq), 0);
}

/* Rules N12.3 to N12.6: a connection is taken apart at a and made again */
static void test_repair(void **state)
{
	const struct tcp_repair_opt opts[] = {
	    {2, 1460}, {4, 0}, {8, 0}, {3, 7 | 7 << 16}};
	struct tcp_repair_window w;
	socklen_t len = sizeof(w);
	struct sockaddr_storage name;
	struct caller c;
	struct bench t;
	struct seen s;
	u32 snd, rcv, stamp, frames;
	char buf[16];
	u16 port;

	(void)state;
	begin(&t, &s, NS_PER_MS);
	establish(&t);
	assert_int_equal(lab_send(t.b, "unread", 6, 0), 6);
	lab_run(t.lab, NS_PER_S);
	assert_int_equal(lab_set_int(t.a, IPPROTO_TCP, TCP_REPAIR, 1), 0);
	seq_of(t.a, TCP_SEND_QUEUE, &snd);
	seq_of(t.a, TCP_RECV_QUEUE, &rcv);
	assert_int_equal(lab_recv(t.a, buf, sizeof(buf), 0), -EPERM);
	assert_int_equal(lab_recv(t.a, buf, sizeof(buf), MSG_PEEK), 6);
	stamp = (u32)lab_get_int(t.a, IPPROTO_TCP, TCP_TIMESTAMP);
	assert_int_equal(
	    t.a->ops->get_opt(t.a, IPPROTO_TCP, TCP_REPAIR_WINDOW, &w, &len), 0);
	len = sizeof(name);
	assert_int_equal(t.a->ops->name(t.a, false, &name, &len), 0);
	port = be16_to_cpu(((struct sockaddr_in *)&name)->sin_port);
	frames = s.frames[0];
	sock_release(t.a); /* without a word */
	lab_run(t.lab, NS_PER_S);
	assert_int_equal(s.frames[0], frames);
	assert_int_equal(t.b->state, TCP_ESTABLISHED);

	t.a = lab_socket(t.lab, "a", SOCK_STREAM, 0);
	c = (struct caller){.net = t.a->net, .caps = ~0ULL};
	assert_int_equal(lab_set_int(t.a, IPPROTO_TCP, TCP_REPAIR, 1), 0);
	assert_int_equal(lab_bind(t.a, A, port), 0);
	set_seq(t.a, TCP_SEND_QUEUE, snd);
	set_seq(t.a, TCP_RECV_QUEUE, rcv - 6);
	assert_int_equal(lab_connect(t.a, B, PORT), 0);
	assert_int_equal(t.a->ops->set_opt(t.a, &c, IPPROTO_TCP, TCP_REPAIR_OPTIONS,
					   opts, sizeof(opts)),
			 0);
	assert_int_equal(lab_send(t.a, "unread", 6, 0), 6);
	assert_int_equal(lab_set_int(t.a, IPPROTO_TCP, TCP_TIMESTAMP, (int)stamp), 0);
	assert_int_equal(
	    t.a->ops->set_opt(t.a, &c, IPPROTO_TCP, TCP_REPAIR_WINDOW, &w, sizeof(w)),
	    0);
	assert_int_equal(s.frames[0], frames);
	assert_int_equal(lab_set_int(t.a, IPPROTO_TCP, TCP_REPAIR, 0), 0);
	assert_int_equal(lab_recv(t.a, buf, sizeof(buf), 0), 6);
	assert_memory_equal(buf, "unread", 6);
	transfer(&t, 100000, true, CHUNK, 60 * NS_PER_S);
	bench_free(&t);
}

static int set_key(struct sock *sk, const char *peer, const char *key)
{
	struct caller c = {.net = sk->net, .caps = ~0ULL};
	struct tcp_md5sig sig = {.tcpm_keylen = (u16)strlen(key)};
	struct sockaddr_in *in = (struct sockaddr_in *)(void *)&sig.tcpm_addr;
	be32 ip;

	assert_int_equal(text_parse_ip4(peer, &ip), 0);
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = ip;
	memcpy(sig.tcpm_key, key, strlen(key));
	return sk->ops->set_opt(sk, &c, IPPROTO_TCP, TCP_MD5SIG, &sig, sizeof(sig));
}

/* RFC 2385 §2, §4: nothing without the right signature; with it everything, to the last
 * segment of a TIME_WAIT */
static void test_md5(void **state)
{
	struct bench t;
	struct seen s;

	(void)state;
	begin(&t, &s, NS_PER_MS);
	listen_at_b(&t, 4);
	assert_int_equal(set_key(t.listener, A, "secret"), 0);
	assert_int_equal(set_key(t.listener, "10.9.9.9", ""), -ENOENT);
	t.a = lab_socket(t.lab, "a", SOCK_STREAM, 0);
	assert_int_equal(lab_connect(t.a, B, PORT), -EINPROGRESS);
	lab_run(t.lab, 2 * NS_PER_S);
	assert_int_equal(t.a->state, TCP_SYN_SENT); /* without */
	sock_release(t.a);
	t.a = lab_socket(t.lab, "a", SOCK_STREAM, 0);
	assert_int_equal(set_key(t.a, B, "guess"), 0);
	assert_int_equal(lab_connect(t.a, B, PORT), -EINPROGRESS);
	lab_run(t.lab, 2 * NS_PER_S);
	assert_int_equal(t.a->state, TCP_SYN_SENT); /* a wrong one */
	assert_true(mib(t.listener->net)->ext[LINUX_MIB_TCPMD5NOTFOUND] > 0);
	assert_true(mib(t.listener->net)->ext[LINUX_MIB_TCPMD5FAILURE] > 0);
	sock_release(t.a);
	t.a = lab_socket(t.lab, "a", SOCK_STREAM, 0);
	assert_int_equal(set_key(t.a, B, "secret"), 0);
	assert_int_equal(lab_connect(t.a, B, PORT), -EINPROGRESS);
	assert_true(lab_run_until(t.lab, accepted, &t, 2 * NS_PER_S));
	assert_int_equal(lab_connect(t.a, B, PORT), 0);
	s.lose_from = 30;
	s.lose = 2; /* SACK and the signature share the room */
	transfer(&t, 300000, true, CHUNK, 60 * NS_PER_S);
	close_both(&t);
	assert_true(lab_run_until(t.lab, NULL, NULL, NS_PER_S) == false);
	bench_free(&t);
}

/* A path that swallows what is too big for it, and says nothing */
static bool black_hole(void *arg, const struct pkt *p, int end)
{
	(void)arg;
	(void)end;
	return p->len > 14 + 900;
}

/* RFC 4821 §7.6: larger segments are tried, and kept when they arrive; §7.7: a black
 * hole is found */
static void test_mtu_probing(void **state)
{
	struct bench t;
	struct seen s;

	(void)state;
	begin(&t, &s, 10 * NS_PER_MS);
	set(&t, "a", "net/ipv4/tcp_mtu_probing", "2");
	set(&t, "a", "net/ipv4/tcp_base_mss", "512");
	establish(&t);
	tcp_sk(t.a)->mss_cache = 500; /* as if the path had been small */
	tcp_sk(t.a)->search_low = 552;
	transfer(&t, MIB, false, CHUNK, 60 * NS_PER_S);
	assert_true(tcp_sk(t.a)->mss_cache > 1400);
	assert_true(mib(t.a->net)->ext[LINUX_MIB_TCPMTUPSUCCESS] > 1);
	bench_free(&t);

	begin(&t, &s, 10 * NS_PER_MS);
	set(&t, "a", "net/ipv4/tcp_mtu_probing", "1");
	establish(&t);
	lab_wire_fault(t.wire)->lose = black_hole;
	transfer(&t, 100000, false, CHUNK, 120 * NS_PER_S);
	assert_true(tcp_sk(t.a)->mss_cache <= 860);
	bench_free(&t);
}

/* SO_MAX_PACING_RATE: no more than that, and evenly */
static void test_pacing(void **state)
{
	struct bench t;
	struct seen s;
	u64 start;

	(void)state;
	begin(&t, &s, NS_PER_MS);
	establish(&t);
	assert_int_equal(lab_set_int(t.a, SOL_SOCKET, SO_MAX_PACING_RATE, 1000000), 0);
	start = lab_now(t.lab);
	transfer(&t, 2 * MIB, false, CHUNK, 60 * NS_PER_S);
	assert_true(lab_now(t.lab) - start > 2050 * NS_PER_MS);
	assert_true(lab_now(t.lab) - start < 2500 * NS_PER_MS);
	assert_int_equal(tcp_sk(t.a)->total_retrans, 0);
	bench_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fastopen),	  cmocka_unit_test(test_ecn),
	    cmocka_unit_test(test_ecn_fallback),  cmocka_unit_test(test_tail_loss),
	    cmocka_unit_test(test_fast_recovery), cmocka_unit_test(test_spurious_rto),
	    cmocka_unit_test(test_repair),	  cmocka_unit_test(test_md5),
	    cmocka_unit_test(test_mtu_probing),	  cmocka_unit_test(test_pacing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
