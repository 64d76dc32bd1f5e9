/* SPDX-License-Identifier: MIT */
/*
 * calls.c - the packetdrill library: system calls, one after the other
 *
 * The stack never blocks, so what blocks is a loop here: try, and when the answer
 * is "not now" and the descriptor is a blocking one, wait for news (pd_wait).
 *
 * packetdrill asks the kernel, not the table, for TCP_INFO in a script's %{ }%, and
 * for sendfile(). The driver preloads this library too, and its getsockopt() and
 * sendfile() stand before the C library's: a descriptor of ours is answered by the
 * stack, all others by the kernel.
 */

#include "abi.h"
#include "pd.h"

#include "base/bug.h"
#include "core/warren.h"
#include "inet/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SPLICE_MOST 65536

/* The one that the preloaded functions look at: packetdrill makes one a process */
static struct pd *the_pd;

static struct pd *enter(void *self)
{
	struct pd *pd = self;

	pd_lock(pd);
	pd_files_sync(pd);
	pd->looked = false;
	return pd;
}

/* Let the stack do what the call made possible, and answer as a system call does */
static ssize_t leave(struct pd *pd, ssize_t res)
{
	pd_leave(pd);
	pd_settle(pd);
	pd_unlock(pd);
	if (res >= 0)
		return res;
	errno = (int)-res;
	return -1;
}

static struct pd_file *file(struct pd *pd, int fd)
{
	return fd >= 0 && fd < PD_FDS && (pd->files[fd].sk || pd->files[fd].ep)
		   ? &pd->files[fd]
		   : NULL;
}

static struct sock *sock(struct pd *pd, int fd)
{
	struct pd_file *f = file(pd, fd);

	return f ? f->sk : NULL;
}

static int reserve(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	BUG_ON(fd < 0 || fd >= PD_FDS);
	return fd;
}

static int new_sock(struct pd *pd, struct sock *sk, bool nonblock)
{
	int fd = reserve();

	pd->files[fd] = (struct pd_file){.sk = sk, .nonblock = nonblock};
	return fd;
}

static bool blocks(struct pd *pd, int fd, int flags)
{
	return !pd->files[fd].nonblock && !(flags & MSG_DONTWAIT);
}

static u64 deadline(struct pd *pd, u64 timeo_ns)
{
	return timeo_ns ? pd_now(pd) + timeo_ns : ~0ULL;
}

/* ---- life of a socket ---- */

static int call_socket(void *self, int family, int type, int protocol)
{
	struct pd *pd = enter(self);
	struct caller c = pd_caller(pd);
	struct sock *sk;
	int err = sock_create(pd->net, &c, family, type & 0xf, protocol, &sk);

	if (!err)
		err = new_sock(pd, sk, type & SOCK_NONBLOCK);
	return (int)leave(pd, err);
}

static int call_bind(void *self, int fd, const struct sockaddr *a, socklen_t len)
{
	struct pd *pd = enter(self);
	struct caller c = pd_caller(pd);
	struct sock *sk = sock(pd, fd);

	return (int)leave(pd, sk ? sk->ops->bind(sk, &c, a, len) : -EBADF);
}

static int call_listen(void *self, int fd, int backlog)
{
	struct pd *pd = enter(self);
	struct sock *sk = sock(pd, fd);
	int most = sk ? sock_somaxconn(pd->net) : 0;

	if (!sk)
		return (int)leave(pd, -EBADF);
	return (int)leave(
	    pd,
	    sk->ops->listen(sk, (unsigned)backlog > (unsigned)most ? most : backlog));
}

static void give_name(struct sock *sk, bool peer, struct sockaddr *a, socklen_t *len)
{
	struct sockaddr_storage ss;
	socklen_t n = sizeof(ss);

	if (!a)
		return;
	if (sk->ops->name(sk, peer, &ss, &n)) { /* it is dead already */
		struct sockaddr_in *in = (struct sockaddr_in *)&ss;

		n = sizeof(*in);
		memset(in, 0, n);
		in->sin_family = AF_INET;
		in->sin_port = inet_sk(sk)->pport;
		in->sin_addr.s_addr = inet_sk(sk)->peer.v4;
	}
	memcpy(a, &ss, min(*len, n));
	*len = n;
}

static int call_accept(void *self, int fd, struct sockaddr *a, socklen_t *len)
{
	struct pd *pd = enter(self);
	struct sock *sk = sock(pd, fd), *child;
	u64 end;
	int err;

	if (!sk)
		return (int)leave(pd, -EBADF);
	end = deadline(pd, sk->rcv_timeo_ns);
	while ((err = sk->ops->accept(sk, &child)) == -EAGAIN && blocks(pd, fd, 0) &&
	       pd_wait(pd, end))
		;
	if (!err) {
		give_name(child, true, a, len);
		err = new_sock(pd, child, false);
	}
	return (int)leave(pd, err);
}

static int call_connect(void *self, int fd, const struct sockaddr *a, socklen_t len)
{
	struct pd *pd = enter(self);
	struct caller c = pd_caller(pd);
	struct sock *sk = sock(pd, fd);
	u64 end;
	int err;

	if (!sk)
		return (int)leave(pd, -EBADF);
	end = deadline(pd, sk->snd_timeo_ns);
	err = sk->ops->connect(sk, &c, a, len);
	if (blocks(pd, fd, 0))
		while (err == -EINPROGRESS || err == -EALREADY) {
			if (!pd_wait(pd, end)) {
				err = -EINPROGRESS;
				break;
			}
			err = sk->ops->connect(sk, &c, a, len);
		}
	return (int)leave(pd, err);
}

static int call_close(void *self, int fd)
{
	struct pd *pd = enter(self);
	struct pd_file *f = file(pd, fd);

	if (!f) { /* of a pipe, say */
		leave(pd, 0);
		return close(fd);
	}
	if (f->ep)
		pd_epoll_free(f->ep);
	if (f->sk) {
		pd_epoll_forget(pd, f->sk);
		sock_release(f->sk);
	}
	*f = (struct pd_file){0};
	close(fd);
	return (int)leave(pd, 0);
}

static int call_shutdown(void *self, int fd, int how)
{
	struct pd *pd = enter(self);
	struct sock *sk = sock(pd, fd);

	return (int)leave(pd, sk ? sk->ops->shutdown(sk, how) : -EBADF);
}

/* ---- receiving ---- */

/* The stack is given memory that is there; the kernel would find out itself */
static bool bad_memory(const struct msg *m)
{
	for (size_t i = 0; i < m->n_iov; i++)
		if (m->iov[i].iov_len && !m->iov[i].iov_base)
			return true;
	return false;
}

static ssize_t receive(struct pd *pd, int fd, struct msg *m)
{
	struct sock *sk = sock(pd, fd);
	bool stream = sk && sk->type == SOCK_STREAM;
	size_t want = msg_len(m);
	ssize_t n, sum = 0;
	u64 end;

	if (!sk)
		return -EBADF;
	if (bad_memory(m))
		return -EFAULT;
	end = deadline(pd, sk->rcv_timeo_ns);
	for (;;) {
		n = sk->ops->recv(sk, m);
		if (n > 0)
			sum += n;
		if (n > 0 && stream && m->flags & MSG_WAITALL && (size_t)sum < want)
			continue;
		if (n != -EAGAIN || !blocks(pd, fd, m->flags) ||
		    m->flags & MSG_ERRQUEUE || (sum && !(m->flags & MSG_WAITALL)) ||
		    !pd_wait(pd, end))
			return sum ? sum : n;
	}
}

static ssize_t call_recvmsg(void *self, int fd, struct msghdr *h, int flags)
{
	struct pd *pd = enter(self);
	struct caller c = pd_caller(pd);
	struct sockaddr_storage name;
	struct msg m = {.iov = h->msg_iov,
			.n_iov = h->msg_iovlen,
			.name = h->msg_name ? &name : NULL,
			.name_len = sizeof(name),
			.control = h->msg_control,
			.control_room = h->msg_control ? h->msg_controllen : 0,
			.flags = flags,
			.caller = &c};
	ssize_t n = receive(pd, fd, &m);

	if (n >= 0) {
		if (h->msg_name) {
			memcpy(h->msg_name, &name, min(h->msg_namelen, m.name_len));
			h->msg_namelen = m.name_len;
		}
		h->msg_controllen = m.control_len;
		h->msg_flags = m.out_flags;
	}
	return leave(pd, n);
}

static ssize_t call_recvfrom(void *self, int fd, void *buf, size_t n, int flags,
			     struct sockaddr *a, socklen_t *len)
{
	struct iovec v = {buf, n};
	struct msghdr h = {
	    .msg_iov = &v, .msg_iovlen = 1, .msg_name = a, .msg_namelen = a ? *len : 0};
	ssize_t res = call_recvmsg(self, fd, &h, flags);

	if (res >= 0 && a)
		*len = h.msg_namelen;
	return res;
}

static ssize_t call_recv(void *self, int fd, void *buf, size_t n, int flags)
{
	return call_recvfrom(self, fd, buf, n, flags, NULL, NULL);
}

static ssize_t call_read(void *self, int fd, void *buf, size_t n)
{
	return call_recv(self, fd, buf, n, 0);
}

static ssize_t call_readv(void *self, int fd, const struct iovec *iov, int n)
{
	struct msghdr h = {.msg_iov = (struct iovec *)(uintptr_t)iov,
			   .msg_iovlen = (size_t)n};

	return call_recvmsg(self, fd, &h, 0);
}

/* ---- sending ---- */

static ssize_t transmit(struct pd *pd, int fd, struct msg *m)
{
	struct sock *sk = sock(pd, fd);
	size_t want = msg_len(m);
	ssize_t n, sum = 0;
	bool again, syn = false;
	u64 end;

	if (!sk)
		return -EBADF;
	if (bad_memory(m))
		return -EFAULT;
	end = deadline(pd, sk->snd_timeo_ns);
	for (;;) {
		n = sk->ops->send(sk, m);
		if (n > 0)
			sum += n;
		if (n > 0 && (size_t)sum >= want) {
			/* fast open: who blocks waits for the handshake */
			while (sk->state == TCP_SYN_SENT && blocks(pd, fd, m->flags) &&
			       pd_wait(pd, end))
				;
			if (sk->state == TCP_CLOSE && sk->err)
				return -sock_error(sk);
			return sum;
		}
		if (n < 0 && n != -EAGAIN && n != -EINPROGRESS && n != -EALREADY)
			return sum && !syn ? sum : n;
		syn = sk->state == TCP_SYN_SENT;
		if (!blocks(pd, fd, m->flags) || (!want && n >= 0))
			return sum ? sum : n;
		sk->writers++;
		do
			again = pd_wait(pd, end);
		while (again && !(sk->ops->poll(sk) & (POLLOUT | POLLERR | POLLHUP)));
		sk->writers--;
		if (!again)
			return sum ? sum : n;
	}
}

static ssize_t call_sendmsg(void *self, int fd, const struct msghdr *h, int flags)
{
	struct pd *pd = enter(self);
	struct caller c = pd_caller(pd);
	struct sockaddr_storage name;
	struct msg m = {.iov = h->msg_iov,
			.n_iov = h->msg_iovlen,
			.control = h->msg_control,
			.control_len = h->msg_control ? h->msg_controllen : 0,
			.flags = flags,
			.caller = &c};

	if (h->msg_name && h->msg_namelen) {
		memcpy(&name, h->msg_name,
		       min(h->msg_namelen, (socklen_t)sizeof(name)));
		m.name = &name;
		m.name_len = h->msg_namelen;
	}
	return leave(pd, transmit(pd, fd, &m));
}

static ssize_t call_sendto(void *self, int fd, const void *buf, size_t n, int flags,
			   const struct sockaddr *a, socklen_t len)
{
	struct iovec v = {(void *)(uintptr_t)buf, n};
	struct msghdr h = {.msg_iov = &v,
			   .msg_iovlen = 1,
			   .msg_name = (void *)(uintptr_t)a,
			   .msg_namelen = a ? len : 0};

	return call_sendmsg(self, fd, &h, flags);
}

static ssize_t call_send(void *self, int fd, const void *buf, size_t n, int flags)
{
	return call_sendto(self, fd, buf, n, flags, NULL, 0);
}

static ssize_t call_write(void *self, int fd, const void *buf, size_t n)
{
	return call_send(self, fd, buf, n, 0);
}

static ssize_t call_writev(void *self, int fd, const struct iovec *iov, int n)
{
	struct msghdr h = {.msg_iov = (struct iovec *)(uintptr_t)iov,
			   .msg_iovlen = (size_t)n};

	return call_sendmsg(self, fd, &h, 0);
}

/* ---- between a pipe, or a file, and a socket ---- */

static int call_pipe(void *self, int fds[2])
{
	(void)self;
	return pipe(fds);
}

static ssize_t to_sock(struct pd *pd, int fd, const void *buf, size_t n, int flags)
{
	struct caller c = pd_caller(pd);
	struct iovec v = {(void *)(uintptr_t)buf, n};
	struct msg m = {.iov = &v, .n_iov = 1, .flags = flags, .caller = &c};

	return transmit(pd, fd, &m);
}

static int call_splice(void *self, int in, loff_t *off_in, int out, loff_t *off_out,
		       size_t n, unsigned flags)
{
	struct pd *pd = enter(self);
	struct caller c = pd_caller(pd);
	char *buf = malloc(SPLICE_MOST);
	struct iovec v = {buf, min(n, (size_t)SPLICE_MOST)};
	struct msg m = {.iov = &v, .n_iov = 1, .caller = &c};
	ssize_t got;

	(void)off_in;
	(void)off_out;
	if (flags & SPLICE_F_NONBLOCK)
		m.flags |= MSG_DONTWAIT;
	if (!buf)
		return (int)leave(pd, -ENOMEM);
	if (file(pd, in)) {
		/* splice() stops at the urgent mark, and then says 0 */
		if (tcp_sk(pd->files[in].sk)->urg_data &&
		    tcp_sk(pd->files[in].sk)->urg_seq ==
			tcp_sk(pd->files[in].sk)->copied_seq)
			got = 0;
		else
			got = receive(pd, in, &m);
		if (got > 0 && write(out, buf, (size_t)got) != got)
			got = -EPIPE;
	} else {
		got = read(in, buf, v.iov_len);
		got = got < 0 ? -errno
			      : to_sock(pd, out, buf, (size_t)got,
					flags & SPLICE_F_MORE ? MSG_MORE : 0);
	}
	free(buf);
	return (int)leave(pd, got);
}

__attribute__((visibility("default"))) ssize_t sendfile(int out, int in, off_t *off,
							size_t n)
{
	struct pd *pd = the_pd;
	ssize_t got;
	char *buf;

	if (!pd || !file(pd, out))
		return syscall(SYS_sendfile, out, in, off, n);
	buf = malloc(n ? n : 1);
	if (!buf)
		return -1;
	got = off ? pread(in, buf, n, *off) : read(in, buf, n);
	enter(pd);
	if (got > 0)
		got = to_sock(pd, out, buf, (size_t)got, 0);
	free(buf);
	return leave(pd, got);
}

/* Here "sendfile" is sendfile64(); packetdrill was built without that */
ssize_t pd_sendfile(int out, int in, off_t *off, size_t n) __asm__("sendfile");

__attribute__((visibility("default"))) ssize_t pd_sendfile(int out, int in, off_t *off,
							   size_t n)
{
	return sendfile(out, in, off, n);
}

/* ---- options ---- */

static int call_setsockopt(void *self, int fd, int level, int name, const void *val,
			   socklen_t len)
{
	struct pd *pd = enter(self);
	struct caller c = pd_caller(pd);
	struct sock *sk = sock(pd, fd);

	if (!sk)
		return (int)leave(pd, -EBADF);
	return (int)leave(pd, level == SOL_SOCKET
				  ? sock_set_opt(sk, &c, level, name, val, len)
				  : sk->ops->set_opt(sk, &c, level, name, val, len));
}

static int call_getsockopt(void *self, int fd, int level, int name, void *val,
			   socklen_t *len)
{
	struct pd *pd = enter(self);
	struct sock *sk = sock(pd, fd);

	if (!sk)
		return (int)leave(pd, -EBADF);
	return (int)leave(pd, level == SOL_SOCKET
				  ? sock_get_opt(sk, level, name, val, len)
				  : sk->ops->get_opt(sk, level, name, val, len));
}

__attribute__((visibility("default"))) int
getsockopt(int fd, int level, int name, void *restrict val, socklen_t *restrict len)
{
	if (the_pd && file(the_pd, fd))
		return call_getsockopt(the_pd, fd, level, name, val, len);
	return (int)syscall(SYS_getsockopt, fd, level, name, val, len);
}

static int call_fcntl(void *self, int fd, int cmd, ...)
{
	struct pd *pd = enter(self);
	struct pd_file *f = file(pd, fd);
	va_list ap;
	int arg;

	va_start(ap, cmd);
	arg = va_arg(ap, int);
	va_end(ap);
	if (!f) {
		leave(pd, 0);
		return fcntl(fd, cmd, arg);
	}
	switch (cmd) {
	case F_GETFL:
		return (int)leave(pd, O_RDWR | (f->nonblock ? O_NONBLOCK : 0));
	case F_SETFL:
		f->nonblock = arg & O_NONBLOCK;
		return (int)leave(pd, 0);
	}
	return (int)leave(pd, -EINVAL);
}

static int call_ioctl(void *self, int fd, unsigned long req, ...)
{
	struct pd *pd = enter(self);
	struct caller c = pd_caller(pd);
	struct sock *sk = sock(pd, fd);
	va_list ap;
	void *arg;
	int err;

	va_start(ap, req);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!sk)
		return (int)leave(pd, -EBADF);
	if (req == FIONBIO) {
		pd->files[fd].nonblock = *(int *)arg;
		return (int)leave(pd, 0);
	}
	err = sk->ops->ioctl(sk, &c, req, arg);
	return (int)leave(pd, err == -ENOIOCTLCMD ? -ENOTTY : err);
}

/* ---- waiting ---- */

static int call_poll(void *self, struct pollfd *fds, nfds_t n, int timeout_ms)
{
	struct pd *pd = enter(self);

	return (int)leave(pd, pd_poll(pd, fds, n, timeout_ms));
}

static int call_epoll_create(void *self, int size)
{
	struct pd *pd = enter(self);
	int fd;

	if (size <= 0)
		return (int)leave(pd, -EINVAL);
	fd = reserve();
	pd->files[fd] = (struct pd_file){.ep = pd_epoll_new()};
	return (int)leave(pd, fd);
}

static int call_epoll_ctl(void *self, int epfd, int op, int fd, struct epoll_event *ev)
{
	struct pd *pd = enter(self);
	struct pd_file *f = file(pd, epfd);
	struct sock *sk = sock(pd, fd);

	if (!f || !sk)
		return (int)leave(pd, -EBADF);
	return (int)leave(pd,
			  f->ep ? pd_epoll_ctl(pd, f->ep, op, sk, fd, ev) : -EINVAL);
}

static int call_epoll_wait(void *self, int epfd, struct epoll_event *evs, int n,
			   int timeout_ms)
{
	struct pd *pd = enter(self);
	struct pd_file *f = file(pd, epfd);

	if (!f || !f->ep)
		return (int)leave(pd, f ? -EINVAL : -EBADF);
	return (int)leave(pd, pd_epoll_wait(pd, f->ep, evs, n, timeout_ms));
}

/* ---- packets and time ---- */

static int call_packet_in(void *self, const void *ip, size_t n)
{
	struct pd *pd = enter(self);
	int err = pd_packet_in(pd, ip, n);

	pd_settle(pd);
	pd_files_views(pd);
	return (int)leave(pd, err);
}

static int call_packet_out(void *self, void *ip, size_t *n, long long *us)
{
	struct pd *pd = enter(self);
	struct pkt *p;

	pd_settle(pd);
	while (list_empty(&pd->sent))
		if (!pd_wait(pd, ~0ULL)) {
			*n = 0;
			return (int)leave(pd, 0);
		}
	p = list_first(&pd->sent, struct pkt, node);
	list_del(&p->node);
	*n = min(*n, (size_t)p->len);
	pkt_copy(p, 0, ip, (u32)*n);
	*us = (long long)(p->stamp_ns / NS_PER_US);
	pkt_free(p);
	return (int)leave(pd, 0);
}

static int call_usleep(void *self, useconds_t us)
{
	struct pd *pd = enter(self);

	if (pd->ended) {
		/* the other thread has an end of a call to note, which needs the lock
		 * that its caller has let go now */
		pd->ended = false;
		pd_unlock(pd);
		usleep(5000);
		pd_lock(pd);
	}
	pd_run_until(pd, pd_now(pd) + us * NS_PER_US);
	return (int)leave(pd, 0);
}

static int call_gettimeofday(void *self, struct timeval *tv, struct timezone *tz)
{
	struct pd *pd = self;
	u64 us;

	(void)tz;
	pd_lock(pd);
	if (pd->leaving && !pthread_equal(pthread_self(), pd->script)) {
		pd->leaving = false;
		pd->ended = true;
		pthread_cond_broadcast(&pd->settled);
	} else {
		pd_files_sync(pd);
		if (pd->looked)
			pd_run_until(pd, pd_now(pd) + NS_PER_US);
		pd->looked = true;
	}
	us = clock_wall(pd->w) / NS_PER_US;
	tv->tv_sec = (time_t)(us / 1000000);
	tv->tv_usec = (suseconds_t)(us % 1000000);
	pd_unlock(pd);
	return 0;
}

static void call_end(void *self)
{
	struct pd *pd = self;

	the_pd = NULL;
	for (int fd = 0; fd < PD_FDS; fd++) {
		struct pd_file *f = &pd->files[fd];

		if (f->ep)
			pd_epoll_free(f->ep);
		if (f->sk) {
			pd_epoll_forget(pd, f->sk);
			sock_release(f->sk);
		}
		*f = (struct pd_file){0};
	}
	pd_free(pd);
}

__attribute__((visibility("default"))) void
packetdrill_interface_init(const char *flags, struct pd_table *t)
{
	*t = (struct pd_table){
	    .self = pd_new(flags),
	    .end = call_end,
	    .socket = call_socket,
	    .bind = call_bind,
	    .listen = call_listen,
	    .accept = call_accept,
	    .connect = call_connect,
	    .read = call_read,
	    .readv = call_readv,
	    .recv = call_recv,
	    .recvfrom = call_recvfrom,
	    .recvmsg = call_recvmsg,
	    .write = call_write,
	    .writev = call_writev,
	    .send = call_send,
	    .sendto = call_sendto,
	    .sendmsg = call_sendmsg,
	    .fcntl = call_fcntl,
	    .ioctl = call_ioctl,
	    .close = call_close,
	    .shutdown = call_shutdown,
	    .getsockopt = call_getsockopt,
	    .setsockopt = call_setsockopt,
	    .poll = call_poll,
	    .packet_in = call_packet_in,
	    .packet_out = call_packet_out,
	    .usleep = call_usleep,
	    .gettimeofday = call_gettimeofday,
	    .epoll_create = call_epoll_create,
	    .epoll_ctl = call_epoll_ctl,
	    .epoll_wait = call_epoll_wait,
	    .pipe = call_pipe,
	    .splice = call_splice,
	};
	the_pd = t->self;
}
