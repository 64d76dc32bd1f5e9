/* SPDX-License-Identifier: MIT */
/*
 * escape.c - a program in a warren that wants a socket of the host
 *
 * Runs under warren only. Each try prints what came of it. With a process
 * outside that has a socket at descriptor N: escape PID N. At the end it
 * holds what it got until its input ends, so that one can look from outside.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_clone3
#define SYS_clone3 435
#endif

static void say(const char *what, long r)
{
	printf("%s: %s\n", what, r >= 0 ? "ok" : strerrorname_np(errno));
	fflush(stdout);
}

/* families that a warren has; the rest is not there for anybody */
static int ours(int family)
{
	return family == AF_UNIX || family == AF_INET || family == AF_INET6 ||
	       family == AF_NETLINK || family == AF_PACKET;
}

static void families(void)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM,	 SOCK_RAW,
				    SOCK_RDM,	 SOCK_SEQPACKET, SOCK_PACKET};
	int bad = 0;

	for (int f = 0; f < 64; f++)
		for (unsigned t = 0; t < sizeof(types) / sizeof(*types); t++) {
			long r = socket(f, types[t] | SOCK_CLOEXEC, 0);

			if (r < 0 && (ours(f) || errno == EAFNOSUPPORT))
				continue;
			if (r >= 0 && ours(f)) {
				close((int)r);
				continue;
			}
			printf("family %d type %d: %s\n", f, types[t],
			       r >= 0 ? "ok" : strerrorname_np(errno));
			bad = 1;
		}
	printf("families that are not ours: %s\n", bad ? "see above" : "EAFNOSUPPORT");
}

static void pairs(void)
{
	int fd[2], got = 0;

	for (int f = 0; f < 64; f++)
		for (int t = 1; t < 11; t++)
			if (f != AF_UNIX && socketpair(f, t, 0, fd) == 0) {
				printf("socketpair of family %d type %d\n", f, t);
				got = 1;
			}
	printf("pairs that are not AF_UNIX: %s\n", got ? "see above" : "none");
	say("socketpair AF_UNIX", socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
}

static void rings(void)
{
	char params[256] = "";

	say("io_uring_setup", syscall(SYS_io_uring_setup, 8, params));
	say("io_uring_enter", syscall(SYS_io_uring_enter, -1, 0, 0, 0, 0, 0));
	say("io_uring_register", syscall(SYS_io_uring_register, -1, 0, 0, 0));
}

#ifdef __x86_64__
static sigjmp_buf out;

static void on_signal(int sig)
{
	siglongjmp(out, sig);
}

static void other_doors(void)
{
	say("x32 socket", syscall(0x40000000 | 41, AF_INET, SOCK_STREAM, 0));
	say("x32 sendmsg", syscall(0x40000000 | 518, 0, 0, 0));
	say("x32 openat", syscall(0x40000000 | 257, AT_FDCWD, "/", O_RDONLY, 0));

	signal(SIGSEGV, on_signal);
	signal(SIGSYS, on_signal);
	static const struct {
		const char *what;
		int nr, a, b, c;
	} calls[] = {
	    {"int 0x80 socket", 359, AF_INET, SOCK_STREAM, 0},
	    {"int 0x80 socketcall", 102, 1, 0, 0},
	    {"int 0x80 clone", 120, CLONE_NEWNET | SIGCHLD, 0, 0},
	};
	for (unsigned i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		int sig = sigsetjmp(out, 1);
		long r = -EFAULT;

		if (!sig)
			__asm__ volatile("int $0x80"
					 : "=a"(r)
					 : "a"(calls[i].nr), "b"(calls[i].a),
					   "c"(calls[i].b), "d"(calls[i].c)
					 : "memory", "r8", "r9", "r10", "r11");
		/* a kernel without 32-bit calls sends SIGSEGV */
		printf("%s: %s\n", calls[i].what,
		       sig || (int)r == -ENOSYS ? "not there" : "THERE");
	}
}
#else
static void other_doors(void)
{
	for (const char *const *what =
		 (const char *const[]){
		     "x32 socket: ENOSYS", "x32 sendmsg: ENOSYS", "x32 openat: ENOSYS",
		     "int 0x80 socket: not there", "int 0x80 socketcall: not there",
		     "int 0x80 clone: not there", NULL};
	     *what; what++)
		puts(*what); /* this machine has no such doors */
}
#endif

static void inherited(void)
{
	int n = 0;

	for (int fd = 3; fd < 1024; fd++) {
		struct stat st;

		if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode)) {
			int domain = -1;
			socklen_t len = sizeof(domain);

			getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
			if (domain != AF_UNIX) {
				printf("inherited: descriptor %d of family %d\n", fd,
				       domain);
				n++;
			}
		}
	}
	printf("inherited sockets: %d\n", n);
}

/* A socket of the warren that was passed along is still one of the warren. */
static void passed(void)
{
	int pair[2], s = socket(AF_INET, SOCK_DGRAM, 0), got = -1;
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} u;
	char byte = 'x';
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = u.buf,
			   .msg_controllen = sizeof(u.buf)};

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair)) {
		say("socketpair", -1);
		return;
	}
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &s, sizeof(int));
	say("SCM_RIGHTS send", sendmsg(pair[0], &m, 0));
	memset(u.buf, 0, sizeof(u.buf));
	say("SCM_RIGHTS receive", recvmsg(pair[1], &m, MSG_DONTWAIT));
	c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&got, CMSG_DATA(c), sizeof(int));
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	to.sin_addr.s_addr = htonl(0x08080808);
	say("what arrived sends to the world",
	    sendto(got, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)));
}

static void child(const char *what, long pid)
{
	int status = -1;

	if (pid == 0) {
		struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
		int s = socket(AF_INET, SOCK_DGRAM, 0);

		to.sin_addr.s_addr = htonl(0x08080808);
		_exit(s >= 0 && connect(s, (struct sockaddr *)&to, sizeof(to)) == 0
			  ? 1
			  : 0);
	}
	if (pid < 0) {
		say(what, -1);
		return;
	}
	waitpid((pid_t)pid, &status, 0);
	printf("%s: the child reaches %s\n", what,
	       status == 0 ? "nothing" : "SOMETHING");
}

static void clones(void)
{
	struct {
		unsigned long long flags, rest[10];
	} args = {CLONE_NEWNET | CLONE_NEWUSER, {0}};

	fflush(stdout);
	long pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		_exit(0);
	say("clone3", pid);
	fflush(stdout);
	child("clone CLONE_NEWNET",
	      syscall(SYS_clone, CLONE_NEWNET | SIGCHLD, 0, 0, 0, 0));
	fflush(stdout);
	pid = fork();
	if (pid == 0 && unshare(CLONE_NEWNET))
		_exit(0);
	child("unshare CLONE_NEWNET", pid);
}

/* Take a descriptor from a process outside. */
static void stolen(int pid, int fd)
{
	char path[64];
	int p = (int)syscall(SYS_pidfd_open, pid, 0);

	say("pidfd_getfd from outside",
	    p < 0 ? -1 : syscall(SYS_pidfd_getfd, p, fd, 0));
	if (p >= 0)
		printf("setns to a process outside: %s\n",
		       setns(p, CLONE_NEWNET) ? "refused" : "ok");
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	say("open of its descriptor", open(path, O_RDWR));
}

static void world(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((unsigned short)port)};
	int s = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	say("connect to a server of the host",
	    connect(s, (struct sockaddr *)&to, sizeof(to)));
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	inherited();
	families();
	pairs();
	rings();
	other_doors();
	passed();
	clones();
	stolen(atoi(argv[1]), atoi(argv[2]));
	world(atoi(argv[3]));
	/* one of each, to be looked at from outside */
	socket(AF_INET, SOCK_STREAM, 0);
	socket(AF_INET, SOCK_DGRAM, 0);
	socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	socket(AF_NETLINK, SOCK_RAW, 0);
	socket(AF_PACKET, SOCK_RAW, 0);
	printf("holding %d\n", getpid());
	fflush(stdout);
	return getchar() == EOF ? 0 : 1;
}
