/* SPDX-License-Identifier: MIT */
/*
 * abi.h - the table of functions that packetdrill wants of a stack
 *
 * packetdrill (--so_filename) looks up packetdrill_interface_init() in a shared
 * library and has it fill this table. The order and the types are its ABI;
 * calls answer as the system calls do, with -1 and errno.
 */
#ifndef WARREN_TESTS_PACKETDRILL_ABI_H
#define WARREN_TESTS_PACKETDRILL_ABI_H

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>

struct pd_table {
	void *self;
	void (*end)(void *self);
	int (*socket)(void *self, int family, int type, int protocol);
	int (*bind)(void *self, int fd, const struct sockaddr *a, socklen_t len);
	int (*listen)(void *self, int fd, int backlog);
	int (*accept)(void *self, int fd, struct sockaddr *a, socklen_t *len);
	int (*connect)(void *self, int fd, const struct sockaddr *a, socklen_t len);
	ssize_t (*read)(void *self, int fd, void *buf, size_t n);
	ssize_t (*readv)(void *self, int fd, const struct iovec *iov, int n);
	ssize_t (*recv)(void *self, int fd, void *buf, size_t n, int flags);
	ssize_t (*recvfrom)(void *self, int fd, void *buf, size_t n, int flags,
			    struct sockaddr *a, socklen_t *len);
	ssize_t (*recvmsg)(void *self, int fd, struct msghdr *m, int flags);
	ssize_t (*write)(void *self, int fd, const void *buf, size_t n);
	ssize_t (*writev)(void *self, int fd, const struct iovec *iov, int n);
	ssize_t (*send)(void *self, int fd, const void *buf, size_t n, int flags);
	ssize_t (*sendto)(void *self, int fd, const void *buf, size_t n, int flags,
			  const struct sockaddr *a, socklen_t len);
	ssize_t (*sendmsg)(void *self, int fd, const struct msghdr *m, int flags);
	int (*fcntl)(void *self, int fd, int cmd, ...);
	int (*ioctl)(void *self, int fd, unsigned long req, ...);
	int (*close)(void *self, int fd);
	int (*shutdown)(void *self, int fd, int how);
	int (*getsockopt)(void *self, int fd, int level, int name, void *val,
			  socklen_t *len);
	int (*setsockopt)(void *self, int fd, int level, int name, const void *val,
			  socklen_t len);
	int (*poll)(void *self, struct pollfd *fds, nfds_t n, int timeout_ms);
	/* An IP packet arrives */
	int (*packet_in)(void *self, const void *ip, size_t n);
	/* The next packet that was sent; @n: in room, out length (0: none);
	 * @us: when it was sent */
	int (*packet_out)(void *self, void *ip, size_t *n, long long *us);
	int (*usleep)(void *self, useconds_t us);
	int (*gettimeofday)(void *self, struct timeval *tv, struct timezone *tz);
	int (*epoll_create)(void *self, int size);
	int (*epoll_ctl)(void *self, int epfd, int op, int fd, struct epoll_event *ev);
	int (*epoll_wait)(void *self, int epfd, struct epoll_event *evs, int n,
			  int timeout_ms);
	int (*pipe)(void *self, int fds[2]);
	int (*splice)(void *self, int in, loff_t *off_in, int out, loff_t *off_out,
		      size_t n, unsigned flags);
};

void packetdrill_interface_init(const char *flags, struct pd_table *t);

#endif
