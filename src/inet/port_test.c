/* SPDX-License-Identifier: MIT */
/*
 * port_test.c - who may share a port: the same questions that tools/record-ports asked
 * Linux, with the same answers; and what RFC 6056 wants of a choice
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/dev.h"
#include "core/sock.h"
#include "core/tunable.h"
#include "inet/inet.h"
#include "inet/ports_linux.h"
#include "link/veth.h"
#include "parts.h"

#include <cmocka.h>

enum { PORT = 7000, ONLY = 7100 };

struct lab {
	struct warren *w;
	struct net *net;
	struct caller who;
};

static int setup(void **state)
{
	struct lab *l = calloc(1, sizeof(*l));
	struct warren_config cfg = {
	    .parts = warren_parts,
	    .seed = 5,
	    .virtual_time = true,
	};
	struct dev *a, *b;

	assert_int_equal(warren_new(&cfg, &l->w), 0);
	assert_int_equal(net_new(l->w, "ports", &l->net), 0);
	assert_int_equal(dev_open(l->net->lo), 0);
	assert_int_equal(veth_pair(l->net, "d0", l->net, "d1", &a, &b), 0);
	l->who = (struct caller){.net = l->net, .caps = ~0ULL};
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct lab *l = *state;

	net_put(l->net);
	warren_free(l->w);
	free(l);
	return 0;
}

static void run(struct lab *l)
{
	for (int i = 0; i < 1000 && worker_step(l->w->worker); i++)
		;
}

/* ---- sockets ---- */

static struct sockaddr_in name_of(char addr, u16 port)
{
	u32 a = addr == '*' ? 0 : addr == '1' ? 0x7f000001 : 0x7f000002;

	return (struct sockaddr_in){
	    .sin_family = AF_INET,
	    .sin_port = (__force u16)cpu_to_be16(port),
	    .sin_addr.s_addr = (__force u32)cpu_to_be32(a),
	};
}

static struct sock *plain(struct lab *l, int type, bool reuse)
{
	int on = reuse;
	struct sock *sk;

	assert_int_equal(sock_create(l->net, &l->who, AF_INET, type, 0, &sk), 0);
	sock_set_opt(sk, &l->who, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return sk;
}

/* A word of the tables: address, device, flags, user */
static struct sock *make(struct lab *l, int type, const char *word)
{
	const char *dev = word[1] == 'l' ? "lo" : word[1] == 'd' ? "d0" : NULL;
	int rport = word[3] == 'p';
	struct sock *sk;

	l->who.uid = (u32)(word[4] - '0');
	sk = plain(l, type, word[2] == 'a');
	l->who.uid = 0;
	sock_set_opt(sk, &l->who, SOL_SOCKET, SO_REUSEPORT, &rport, sizeof(rport));
	if (dev)
		assert_int_equal(sock_set_opt(sk, &l->who, SOL_SOCKET, SO_BINDTODEVICE,
					      dev, (socklen_t)strlen(dev)),
				 0);
	return sk;
}

static int bind_to(struct lab *l, struct sock *sk, char addr, u16 port)
{
	struct sockaddr_in in = name_of(addr, port);

	return sk->ops->bind(sk, &l->who, (struct sockaddr *)&in, sizeof(in));
}

static int connect_to(struct lab *l, struct sock *sk, u16 port)
{
	struct sockaddr_in in = name_of('1', port);
	int err = sk->ops->connect(sk, &l->who, (struct sockaddr *)&in, sizeof(in));

	run(l);
	return err == -EINPROGRESS ? sk->err : err;
}

static int listen_on(struct sock *sk)
{
	return sk->ops->listen(sk, 4);
}

/* A reset, so that nothing of it stays */
static void drop(struct lab *l, struct sock *sk)
{
	struct linger now = {.l_onoff = 1};

	sock_set_opt(sk, &l->who, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	sock_release(sk);
	run(l);
}

static struct sock *accepted(struct sock *lsn)
{
	struct sock *sk;

	assert_int_equal(lsn->ops->accept(lsn, &sk), 0);
	sock_adopt(sk);
	return sk;
}

static struct sock *listener(struct lab *l, u16 port, bool reuse)
{
	struct sock *sk = plain(l, SOCK_STREAM, reuse);

	assert_int_equal(bind_to(l, sk, '1', port), 0);
	assert_int_equal(listen_on(sk), 0);
	return sk;
}

/* '.', 'b' or 'l', as the tables say */
static char try_beside(struct lab *l, struct sock *sk, char addr, u16 port)
{
	int err = bind_to(l, sk, addr, port);

	if (err) {
		assert_int_equal(err, -EADDRINUSE);
		return 'b';
	}
	return sk->type == SOCK_STREAM && listen_on(sk) ? 'l' : '.';
}

/* ---- the tables ---- */

static char pair(struct lab *l, int type, char state, const char *first,
		 const char *second)
{
	struct sock *a = make(l, type, first), *b = make(l, type, second);
	char res;

	assert_int_equal(bind_to(l, a, first[0], PORT), 0);
	if (state == 'l')
		assert_int_equal(listen_on(a), 0);
	res = try_beside(l, b, second[0], PORT);
	sock_release(b);
	sock_release(a);
	return res;
}

struct words {
	const char *group, *words[16];
};

static const struct words all_words[] = {
    {"addr",
     {"*---0", "*--p0", "*-a-0", "*-ap0", "1---0", "1--p0", "1-a-0", "1-ap0", "2---0",
      "2--p0", "2-a-0", "2-ap0"}},
    {"dev",
     {"*---0", "*-a-0", "*l--0", "*la-0", "*d--0", "*da-0", "1---0", "1-a-0", "1l--0",
      "1la-0", "1d--0", "1da-0"}},
    {"user", {"*--p0", "*--p1", "1--p0", "1--p1", "*-a-1", "*-ap1"}},
};

static void matrix(struct lab *l, const char *kind, const char *group, char state,
		   const char *first, char *out)
{
	int type = strcmp(kind, "tcp") ? SOCK_DGRAM : SOCK_STREAM;

	for (size_t g = 0; g < ARRAY_SIZE(all_words); g++) {
		if (strcmp(all_words[g].group, group) != 0)
			continue;
		for (int i = 0; i < 16 && all_words[g].words[i]; i++)
			*out++ = pair(l, type, state, first, all_words[g].words[i]);
	}
	*out = 0;
}

/* Beside an accepted connection whose listener is gone */
static char child(struct lab *l, bool r1, bool r2, char addr)
{
	struct sock *lsn = listener(l, PORT, r1), *cli = plain(l, SOCK_STREAM, false);
	struct sock *srv, *sk;
	char res;

	assert_int_equal(connect_to(l, cli, PORT), 0);
	srv = accepted(lsn);
	sock_release(lsn);
	sk = plain(l, SOCK_STREAM, r2);
	res = try_beside(l, sk, addr, PORT);
	sock_release(sk);
	drop(l, cli);
	drop(l, srv);
	return res;
}

/* To the port that connect() chose */
static char client(struct lab *l, bool r1, bool r2, char addr)
{
	struct sock *lsn = listener(l, PORT, false), *cli = plain(l, SOCK_STREAM, r1);
	struct sock *srv, *sk;
	char res;

	assert_int_equal(connect_to(l, cli, PORT), 0);
	srv = accepted(lsn);
	sk = plain(l, SOCK_STREAM, r2);
	res = try_beside(l, sk, addr, inet_sk(cli)->num);
	sock_release(sk);
	drop(l, cli);
	drop(l, srv);
	sock_release(lsn);
	return res;
}

/* connect() and bind(0) with one port to choose from, and that taken */
static void choice(struct lab *l, char how, bool r1, bool r2, char addr, char *out)
{
	struct sock *lsn = listener(l, PORT, false);
	struct sock *lsn2 = listener(l, PORT + 1, false);
	struct sock *a = plain(l, SOCK_STREAM, r1), *sk;

	assert_int_equal(
	    tunable_write(l->net, "net/ipv4/ip_local_port_range", "7100 7100", 9), 0);
	if (how == 'c')
		assert_int_equal(connect_to(l, a, PORT + 1), 0);
	else
		assert_int_equal(bind_to(l, a, addr, ONLY), 0);
	if (how == 'l')
		assert_int_equal(listen_on(a), 0);
	sk = plain(l, SOCK_STREAM, r2);
	*out++ = connect_to(l, sk, PORT) ? 'x' : '.';
	drop(l, sk);
	sk = plain(l, SOCK_STREAM, r2);
	*out++ = bind_to(l, sk, '1', 0) ? 'x' : '.';
	*out = 0;
	sock_release(sk);
	drop(l, a);
	sock_release(lsn2);
	sock_release(lsn);
	run(l);
	assert_int_equal(
	    tunable_write(l->net, "net/ipv4/ip_local_port_range", "32768 60999", 11),
	    0);
}

static void answer(struct lab *l, const char *line, char *out)
{
	char kind[16], group[8], state, first[8];

	if (*line != 'c') {
		assert_int_equal(
		    sscanf(line, "%15s %7s %c %7s", kind, group, &state, first), 4);
		matrix(l, kind, group, state, first, out);
		return;
	}
	assert_int_equal(sscanf(line, "%15s %7s", kind, first), 2);
	out[1] = 0;
	if (!strcmp(kind, "child"))
		out[0] = child(l, first[0] == '1', first[1] == '1', first[2]);
	else if (!strcmp(kind, "client"))
		out[0] = client(l, first[0] == '1', first[1] == '1', first[2]);
	else
		choice(l, first[0], first[1] == '1', first[2] == '1', first[3], out);
}

static void test_as_linux(void **state)
{
	struct lab *l = *state;
	unsigned wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ports_linux); i++) {
		const char *line = ports_linux[i], *want = strrchr(line, ' ') + 1;
		char got[32] = "";

		answer(l, line, got);
		if (strcmp(got, want) != 0) {
			printf("# linux %s, we %s\n", line, got);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

/* ---- choices ---- */

/* All ports of a range are given out before none is left */
static void test_exhausted(void **state)
{
	struct lab *l = *state;
	struct sock *sk[65], *more;
	u8 seen[65] = {0};
	int n = 0;

	tunable_write(l->net, "net/ipv4/ip_local_port_range", "9000 9064", 9);
	tunable_write(l->net, "net/ipv4/ip_local_reserved_ports", "9003,9010-9012", 14);
	for (; n < 61; n++) {
		sk[n] = plain(l, SOCK_DGRAM, false);
		assert_int_equal(bind_to(l, sk[n], '*', 0), 0);
		assert_in_range(inet_sk(sk[n])->num, 9000, 9064);
		assert_int_equal(seen[inet_sk(sk[n])->num - 9000]++, 0);
	}
	assert_int_equal(seen[3] + seen[10] + seen[11] + seen[12], 0);
	more = plain(l, SOCK_DGRAM, false);
	assert_int_equal(bind_to(l, more, '*', 0), -EADDRINUSE);
	assert_int_equal(bind_to(l, more, '*', 9003), 0);
	sock_release(more);
	while (n)
		sock_release(sk[--n]);
}

/* What Linux 6.18 says: a list is refused whole, and read back sorted */
static void test_reserved(void **state)
{
	static const char path[] = "net/ipv4/ip_local_reserved_ports";
	static const struct {
		const char *write;
		int err;
		const char *read;
	} cases[] = {
	    {"80-82,7,9,8", 0, "7-9,80-82\n"},
	    {"5, 6", -EINVAL, "7-9,80-82\n"},
	    {" 5", -EINVAL, "7-9,80-82\n"},
	    {"5-", -EINVAL, "7-9,80-82\n"},
	    {"7-3", -EINVAL, "7-9,80-82\n"},
	    {"70000", -EINVAL, "7-9,80-82\n"},
	    {"1 2", -EINVAL, "7-9,80-82\n"},
	    {",5", -EINVAL, "7-9,80-82\n"},
	    {"5,,6", -EINVAL, "7-9,80-82\n"},
	    {"3-5-7", -EINVAL, "7-9,80-82\n"},
	    {"80x", -EINVAL, "7-9,80-82\n"},
	    {"5,\n", 0, "5\n"},
	    {"3,3,4\n", 0, "3-4\n"},
	    {"0-65535", 0, "0-65535\n"},
	    {"65535", 0, "65535\n"},
	    {"005", 0, "5\n"},
	    {"\n", 0, "\n"},
	};
	struct lab *l = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct text t;

		assert_int_equal(
		    tunable_write(l->net, path, cases[i].write, strlen(cases[i].write)),
		    cases[i].err);
		text_init(&t);
		assert_int_equal(tunable_read(l->net, path, &t), 0);
		assert_string_equal(t.s, cases[i].read);
		text_fini(&t);
	}
}

/* RFC 6056 §3.3.4: the port for one destination says nothing of that for another, and
 * the same seed gives the same */
static void test_not_a_sequence(void **state)
{
	struct lab *l = *state;
	int near = 0, last = 0;
	u32 odd = 0;

	for (u16 i = 0; i < 32; i++) {
		struct sock *lsn = listener(l, (u16)(PORT + i), false);
		struct sock *sk = plain(l, SOCK_STREAM, false), *srv;

		assert_int_equal(connect_to(l, sk, (u16)(PORT + i)), 0);
		near += abs(inet_sk(sk)->num - last) < 64;
		last = inet_sk(sk)->num;
		odd += last & 1;
		srv = accepted(lsn);
		drop(l, sk);
		drop(l, srv);
		sock_release(lsn);
	}
	assert_in_range(near, 0, 4);
	assert_int_equal(odd, 0); /* connect() keeps off the ports of bind() */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_as_linux, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_exhausted, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_reserved, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_not_a_sequence, setup, teardown),
	};

	return cmocka_run_group_tests_name("port", tests, NULL, NULL);
}
