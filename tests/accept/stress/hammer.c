/* SPDX-License-Identifier: MIT */
/*
 * hammer.c - calls that meet each other: hammer SEED SECONDS
 *
 * Processes that are killed at any moment, and forked anew; in each, threads that
 * share a few descriptors and do to them whatever can be done: one waits in recv(),
 * accept(), connect(), poll() while another closes, replaces, shuts down the same
 * socket, or takes the memory away that it receives into; and signals interrupt them.
 * Nothing is expected of a call but that it returns.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	FIRST = 100, /* descriptors FIRST … FIRST+FDS-1 are everybody's */
	FDS = 12,
	PORTS = 4,
	WORKERS = 4,
	THREADS = 5,
};

static char *page; /* mapped and unmapped all the time */

static unsigned rnd(unsigned *seed, unsigned n)
{
	return (unsigned)rand_r(seed) % n;
}

static struct sockaddr_in some_addr(unsigned *r)
{
	struct sockaddr_in a = {.sin_family = AF_INET};

	a.sin_port = htons((unsigned short)(5000 + rnd(r, PORTS)));
	a.sin_addr.s_addr = htonl(rnd(r, 16) ? INADDR_LOOPBACK : 0x0a090807);
	if (!rnd(r, 16))
		a.sin_family = AF_UNSPEC;
	return a;
}

/* Memory of every kind: good, read-only, absent, absurd, gone in a moment */
static void *some_memory(unsigned *r, void *good)
{
	switch (rnd(r, 12)) {
	case 0:
		return NULL;
	case 1:
		return (void *)-4096L;
	case 2:
		return (void *)"read-only";
	case 3:
	case 4:
		return page + 4096 - 8;
	default:
		return good;
	}
}

static void do_socket(unsigned *r, int slot)
{
	static const int kinds[][3] = {
	    {AF_INET, SOCK_STREAM, 0},	       {AF_INET, SOCK_STREAM, 0},
	    {AF_INET, SOCK_STREAM, 0},	       {AF_INET, SOCK_DGRAM, 0},
	    {AF_INET, SOCK_DGRAM, 0},	       {AF_NETLINK, SOCK_RAW, NETLINK_ROUTE},
	    {AF_UNIX, SOCK_DGRAM, 0},	       {AF_UNIX, SOCK_STREAM, 0},
	    {AF_INET, SOCK_RAW, IPPROTO_ICMP},
	};
	const int *k = kinds[rnd(r, 9)];
	int one = 1, fd = socket(k[0], k[1] | (rnd(r, 3) ? 0 : SOCK_NONBLOCK), k[2]);

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	dup2(fd, slot);
	close(fd);
}

static void do_bind(unsigned *r, int fd)
{
	struct sockaddr_in a = some_addr(r);

	if (rnd(r, 4)) {
		bind(fd, some_memory(r, &a), rnd(r, 8) ? sizeof(a) : rnd(r, 200));
	} else {
		char un[20] = {AF_UNIX, 0, 0, 'x', (char)('a' + rnd(r, 4))};

		bind(fd, (struct sockaddr *)un, 5);
	}
}

static void do_connect(unsigned *r, int fd)
{
	struct sockaddr_in a = some_addr(r);
	char un[20] = {AF_UNIX, 0, 0, 'x', (char)('a' + rnd(r, 4))};

	if (rnd(r, 5))
		connect(fd, some_memory(r, &a), rnd(r, 8) ? sizeof(a) : rnd(r, 200));
	else
		connect(fd, (struct sockaddr *)un, 5);
}

static void do_accept(unsigned *r, int fd, int slot)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	int n = rnd(r, 2) ? accept(fd, NULL, NULL)
			  : accept4(fd, some_memory(r, &a), &len, SOCK_CLOEXEC);

	if (n >= 0) {
		dup2(n, slot);
		close(n);
	}
}

static void do_recv(unsigned *r, int fd)
{
	char buf[3000], control[300];
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	struct iovec iov = {some_memory(r, buf), sizeof(buf)};
	struct msghdr h = {.msg_name = &a,
			   .msg_namelen = sizeof(a),
			   .msg_iov = some_memory(r, &iov),
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct mmsghdr mm[3] = {{h, 0}, {h, 0}, {h, 0}};
	static const int flagses[] = {0,	0, MSG_PEEK, MSG_DONTWAIT, MSG_ERRQUEUE,
				      MSG_TRUNC};
	int flags = flagses[rnd(r, 6)];

	switch (rnd(r, 6)) {
	case 0:
		recv(fd, some_memory(r, buf), sizeof(buf), flags);
		break;
	case 1:
		recvfrom(fd, some_memory(r, buf), sizeof(buf), flags, (void *)&a,
			 some_memory(r, &len));
		break;
	case 2:
	case 3:
		recvmsg(fd, some_memory(r, &h), flags);
		break;
	case 4:
		recvmmsg(fd, some_memory(r, mm), 3, flags | MSG_WAITFORONE, NULL);
		break;
	default:
		if (read(fd, some_memory(r, buf), 100) < 0)
			return;
	}
}

static void do_send(unsigned *r, int fd)
{
	char buf[60000] = {0};
	struct sockaddr_in a = some_addr(r);
	size_t n = rnd(r, rnd(r, 4) ? 1000 : sizeof(buf));
	struct iovec iov = {some_memory(r, buf), n};
	struct msghdr h = {.msg_name = rnd(r, 2) ? &a : NULL,
			   .msg_namelen = sizeof(a),
			   .msg_iov = some_memory(r, &iov),
			   .msg_iovlen = 1};
	struct mmsghdr mm[2] = {{h, 0}, {h, 0}};
	struct {
		struct nlmsghdr nh;
		struct ifinfomsg ifi;
	} req = {.nh = {sizeof(req), RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}};
	int flags = rnd(r, 3) ? MSG_NOSIGNAL : MSG_NOSIGNAL | MSG_DONTWAIT;

	switch (rnd(r, 6)) {
	case 0:
		send(fd, some_memory(r, buf), n, flags);
		break;
	case 1:
		sendto(fd, some_memory(r, buf), n, flags, some_memory(r, &a),
		       sizeof(a));
		break;
	case 2:
		sendmsg(fd, some_memory(r, &h), flags);
		break;
	case 3:
		sendmmsg(fd, some_memory(r, mm), 2, flags);
		break;
	case 4:
		send(fd, &req, sizeof(req), flags);
		break;
	default:
		sendto(fd, buf, 100, flags, (void *)&a, sizeof(a));
	}
}

static void do_wait(unsigned *r, int fd)
{
	struct pollfd p[2] = {{fd, POLLIN, 0}, {FIRST + (int)rnd(r, FDS), POLLOUT, 0}};
	struct epoll_event ev = {.events = EPOLLIN | (rnd(r, 2) ? EPOLLET : 0)};
	int ep;

	if (rnd(r, 2)) {
		poll(p, 2, (int)rnd(r, 5));
		return;
	}
	ep = epoll_create1(0);
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
	epoll_wait(ep, &ev, 1, (int)rnd(r, 5));
	close(ep);
}

static void do_ask(unsigned *r, int fd)
{
	char buf[512] = {0};
	socklen_t len = sizeof(buf);
	struct sockaddr_storage a;

	switch (rnd(r, 7)) {
	case 0:
		getsockopt(fd, SOL_SOCKET, (int)rnd(r, 60), some_memory(r, buf),
			   some_memory(r, &len));
		break;
	case 1:
		getsockopt(fd, rnd(r, 2) ? 0 : 6, (int)rnd(r, 60), some_memory(r, buf),
			   &len);
		break;
	case 2:
		setsockopt(fd, (int[]){0, 1, 6}[rnd(r, 3)], (int)rnd(r, 60),
			   some_memory(r, buf), rnd(r, 40));
		break;
	case 3:
		ioctl(fd, 0x8900 + rnd(r, 100), some_memory(r, buf));
		break;
	case 4:
		ioctl(fd, FIONREAD, some_memory(r, buf));
		break;
	case 5:
		len = sizeof(a);
		getsockname(fd, some_memory(r, &a), &len);
		break;
	default:
		len = sizeof(a);
		getpeername(fd, some_memory(r, &a), some_memory(r, &len));
	}
}

static void do_process(unsigned *r, int fd)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == 1 || rnd(r, 2))
			raise(SIGKILL);
		if (rnd(r, 2))
			do_accept(r, fd, fd);
		_exit(0);
	}
	if (pid > 0) {
		usleep(rnd(r, 2000));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

static void do_pass(unsigned *r, int fd)
{
	int pair[2], n;
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} u = {.h = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
	char c = 0;
	struct iovec iov = {&c, 1};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = &u,
			   .msg_controllen = sizeof(u)};

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return;
	memcpy(CMSG_DATA(&u.h), &fd, sizeof(fd));
	sendmsg(pair[0], &m, 0);
	if (rnd(r, 2)) {
		close(fd);
		m.msg_controllen = sizeof(u);
		if (recvmsg(pair[1], &m, MSG_DONTWAIT) > 0 && m.msg_controllen) {
			memcpy(&n, CMSG_DATA(&u.h), sizeof(n));
			dup2(n, fd);
			close(n);
		}
	}
	close(pair[0]);
	close(pair[1]);
}

static void *hammer(void *arg)
{
	unsigned seed = (unsigned)(size_t)arg, *r = &seed;

	for (;;) {
		int fd = FIRST + (int)rnd(r, FDS), other = FIRST + (int)rnd(r, FDS);
		unsigned what = rnd(r, 100);

		if (what < 12)
			do_socket(r, fd);
		else if (what < 20)
			do_bind(r, fd);
		else if (what < 26)
			listen(fd, (int)rnd(r, 4));
		else if (what < 38)
			do_connect(r, fd);
		else if (what < 50)
			do_accept(r, fd, other);
		else if (what < 62)
			do_recv(r, fd);
		else if (what < 76)
			do_send(r, fd);
		else if (what < 80)
			do_wait(r, fd);
		else if (what < 86)
			do_ask(r, fd);
		else if (what < 90)
			close(fd);
		else if (what < 93)
			dup2(fd, other);
		else if (what < 96)
			shutdown(fd, (int)rnd(r, 3));
		else if (what < 97)
			do_pass(r, fd);
		else if (what < 98)
			do_process(r, fd);
		else if (what < 99)
			munmap(page, 4096);
		else
			mmap(page, 4096, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	}
	return NULL;
}

static void nothing(int sig)
{
	(void)sig;
}

/* A process of threads, which interrupts them until it is killed */
static void worker(unsigned seed)
{
	struct sigaction sa = {.sa_handler = nothing};
	pthread_t t[THREADS];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGUSR1, &sa, NULL);
	sa.sa_flags = SA_RESTART;
	sigaction(SIGUSR2, &sa, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, hammer,
			       (void *)(size_t)(seed + (unsigned)i));
	for (;;) {
		usleep(1000 + rnd(&seed, 3000));
		pthread_kill(t[rnd(&seed, THREADS)], rnd(&seed, 3) ? SIGUSR1 : SIGUSR2);
	}
}

int main(int argc, char **argv)
{
	unsigned seed = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
	time_t end = time(NULL) + (argc > 2 ? atoi(argv[2]) : 5);
	pid_t pids[WORKERS] = {0};
	unsigned killed = 0;

	signal(SIGPIPE, SIG_IGN);
	page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	page += 4096;
	while (time(NULL) < end) {
		int i = (int)rnd(&seed, WORKERS);

		if (pids[i]) {
			kill(pids[i], SIGKILL);
			waitpid(pids[i], NULL, 0);
			killed++;
		}
		pids[i] = fork();
		if (!pids[i])
			worker(seed);
		usleep(1000 * rnd(&seed, 100));
	}
	for (int i = 0; i < WORKERS; i++) {
		if (!pids[i])
			continue;
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	fprintf(stderr, "%u killed\n", killed);
	return 0;
}
