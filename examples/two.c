/* SPDX-License-Identifier: MIT */
/*
 * two.c - two namespaces exchange a line over TCP, in virtual time
 *
 *	a 10.0.0.1 (eth0) ------ (eth0) 10.0.0.2 b
 *
 *	cc two.c -lwarren && ./a.out
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <warren.h>

static void check(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(-err));
	exit(1);
}

int main(void)
{
	const struct warren_options options = {.seed = 1, .virtual_time = true};
	struct warren_sock *listener, *client, *server;
	struct warren_ns *a, *b;
	struct warren *w;
	char line[64] = "";
	int err;

	check(warren_open(&options, &w), "open");
	check(warren_ns_new(w, "a", &a), "namespace a");
	check(warren_ns_new(w, "b", &b), "namespace b");
	check(warren_veth(a, "eth0", b, "eth0"), "veth");
	check(warren_addr_add(a, "eth0", "10.0.0.1/24"), "address of a");
	check(warren_addr_add(b, "eth0", "10.0.0.2/24"), "address of b");
	check(warren_link_up(a, "eth0"), "a up");
	check(warren_link_up(b, "eth0"), "b up");

	check(warren_socket(b, SOCK_STREAM, 0, &listener), "socket");
	check(warren_bind(listener, NULL, 80), "bind");
	check(warren_listen(listener, 1), "listen");
	check(warren_socket(a, SOCK_STREAM, 0, &client), "socket");
	err =
	    warren_connect(client, "10.0.0.2", 80); /* -EINPROGRESS: it never blocks */

	while ((err = warren_accept(listener, &server)) && warren_run_next(w))
		;
	check(err, "accept");
	warren_send(client, "hello from a", 12, 0);
	while (warren_recv(server, line, sizeof(line) - 1, 0) <= 0 &&
	       warren_run_next(w))
		;
	printf("%s, after %llu ns of virtual time\n", line,
	       (unsigned long long)warren_now(w));

	warren_sock_close(client);
	warren_sock_close(server);
	warren_sock_close(listener);
	warren_ns_free(a);
	warren_ns_free(b);
	warren_close(w);
	return strcmp(line, "hello from a") != 0;
}
