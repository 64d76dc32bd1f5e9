/* SPDX-License-Identifier: MIT */
/*
 * rr.c - request and response, as small as they get
 *
 *     rr serve-tcp PORT | rr serve-udp PORT
 *     rr tcp|udp|conn ADDR PORT SECONDS
 *
 * tcp, udp: one byte there and one back, over and over, on one socket.
 * conn: connect, one byte there and one back, close. Prints how many a second.
 * An ordinary program: the same binary runs on the kernel and on warren.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "rr: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct sockaddr_in address(const char *addr, const char *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET};

	at.sin_port = htons((unsigned short)strtoul(port, NULL, 10));
	if (addr && inet_pton(AF_INET, addr, &at.sin_addr) != 1) {
		errno = EINVAL;
		die(addr);
	}
	return at;
}

static void no_delay(int s)
{
	int one = 1;

	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static int serve_tcp(const char *port)
{
	struct sockaddr_in at = address(NULL, port);
	int one = 1, l = socket(AF_INET, SOCK_STREAM, 0), c;
	char buf[64];
	ssize_t n;

	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (l < 0 || bind(l, (struct sockaddr *)&at, sizeof(at)) || listen(l, 128))
		die("serve");
	while ((c = accept(l, NULL, NULL)) >= 0) {
		no_delay(c);
		while ((n = read(c, buf, sizeof(buf))) > 0)
			if (write(c, buf, (size_t)n) != n)
				break;
		close(c);
	}
	die("accept");
	return 1;
}

static int serve_udp(const char *port)
{
	struct sockaddr_in at = address(NULL, port), who;
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = sizeof(who);
	char buf[64];
	ssize_t n;

	if (s < 0 || bind(s, (struct sockaddr *)&at, sizeof(at)))
		die("serve");
	while ((n = recvfrom(s, buf, sizeof(buf), 0, (struct sockaddr *)&who, &len)) >=
	       0) {
		sendto(s, buf, (size_t)n, 0, (struct sockaddr *)&who, len);
		len = sizeof(who);
	}
	die("recvfrom");
	return 1;
}

static int connected(int type, const struct sockaddr_in *at)
{
	int s = socket(AF_INET, type, 0);

	if (s < 0 || connect(s, (const struct sockaddr *)at, sizeof(*at)))
		die("connect");
	if (type == SOCK_STREAM)
		no_delay(s);
	return s;
}

static void ask(int s)
{
	char byte = 'x';

	if (write(s, &byte, 1) != 1 || read(s, &byte, 1) != 1)
		die("ask");
}

static int client(const char *kind, const struct sockaddr_in *at, double seconds)
{
	int type = strcmp(kind, "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
	int each = strcmp(kind, "conn") == 0;
	int s = each ? -1 : connected(type, at);
	double start = now_s(), end = start + seconds, t = start;
	unsigned long n = 0;

	while (t < end) {
		if (each)
			s = connected(type, at);
		ask(s);
		if (each)
			close(s);
		n++;
		t = now_s();
	}
	printf("%.0f\n", (double)n / (t - start));
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "serve-tcp") == 0)
		return serve_tcp(argv[2]);
	if (argc == 3 && strcmp(argv[1], "serve-udp") == 0)
		return serve_udp(argv[2]);
	if (argc == 5) {
		struct sockaddr_in at = address(argv[2], argv[3]);

		return client(argv[1], &at, strtod(argv[4], NULL));
	}
	fprintf(
	    stderr,
	    "usage: rr serve-tcp|serve-udp PORT; rr tcp|udp|conn ADDR PORT SECONDS\n");
	return 2;
}
