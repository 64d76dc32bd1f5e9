/* SPDX-License-Identifier: MIT */
/*
 * trap.c - which system calls are caught: the seccomp filter
 *
 * The filter decides on registers only. It reads no memory, so no second
 * thread can change what it decided upon. Four answers:
 *
 *   let pass    the default: files, memory, processes
 *   notify      the supervisor gets the call (a struct call)
 *   errno 0     accepted and ignored, where nothing depends on it
 *   errno       refused: what would lead around the filter
 *
 * Invariants:
 *  1. No program gets a host socket of another family than AF_UNIX: socket()
 *     of the families we serve is notified and never continued, any other
 *     family is EAFNOSUPPORT. A family is an int to the kernel and 64 bits to
 *     the filter; what differs in the upper half falls to EAFNOSUPPORT.
 *  2. No other door leads to sockets: foreign architectures, x32 and io_uring
 *     are ENOSYS. clone3 is ENOSYS because its flags lie in memory; libc then
 *     uses clone, whose flags are a register.
 *  3. When the supervisor is gone, notified calls fail with ENOSYS: closed.
 *
 * The filter is built by libseccomp, which knows the numbers of every
 * architecture and makes a binary tree, and is installed by hand, since
 * libseccomp 2.5 does not know WAIT_KILLABLE_RECV. That flag keeps a call that
 * was received from being interrupted by any signal but a fatal one; trace.c
 * restores EINTR for calls that are held for long.
 */

#include "super/trap.h"
#include "super/inside.h"

#include "super/super.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

enum {
	NR_CLONE3 = 435, /* since 5.0 numbers are the same everywhere */
	NR_MOUNT_FIRST =
	    428, /* open_tree, move_mount, fsopen, fsconfig, fsmount, fspick */
	NR_MOUNT_LAST = 433,
	NR_IO_URING_FIRST = 425, /* setup, enter, register */
	NR_IO_URING_LAST = 427,
	NR_MOUNT_SETATTR = 442,
	NR_PIDFD_GETFD = 438,
	MAP_TYPE_MASK = 0x0f | MAP_ANONYMOUS,
};

/* Always notified */
static const int notify_always[] = {
    SCMP_SYS(bind),
    SCMP_SYS(connect),
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(shutdown),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(setns),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(chroot),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(name_to_handle_at),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(openat2),
    SCMP_SYS(creat),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(stat),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(getxattr),
    SCMP_SYS(lgetxattr),
    SCMP_SYS(rmdir),
    SCMP_SYS(inotify_add_watch),
    SCMP_SYS(kill),
    SCMP_SYS(tkill),
    SCMP_SYS(tgkill),
    SCMP_SYS(rt_sigqueueinfo),
    SCMP_SYS(rt_tgsigqueueinfo),
    SCMP_SYS(pidfd_send_signal),
    SCMP_SYS(alarm),
    SCMP_SYS(timer_settime),
};

/* Notified when argument @arg satisfies (arg & mask) == value */
static const struct {
	int nr;
	u32 arg;
	u64 mask, value;
} notify_masked[] = {
    {SCMP_SYS(socket), 0, ~0ULL, AF_UNIX},
    {SCMP_SYS(socketpair), 0, ~0ULL, AF_UNIX},
    {SCMP_SYS(socket), 0, ~0ULL, AF_INET},
    {SCMP_SYS(socket), 0, ~0ULL, AF_INET6},
    {SCMP_SYS(socket), 0, ~0ULL, AF_NETLINK},
    {SCMP_SYS(socket), 0, ~0ULL, AF_PACKET},
    {SCMP_SYS(clone), 0, CLONE_NEWNET, CLONE_NEWNET},
    {SCMP_SYS(unshare), 0, CLONE_NEWNET, CLONE_NEWNET},
    {SCMP_SYS(unshare), 0, CLONE_NEWNS, CLONE_NEWNS},
    {SCMP_SYS(setitimer), 0, 0xffffffff, ITIMER_REAL},
    {SCMP_SYS(getrlimit), 0, 0xffffffff, RLIMIT_LOCKS},
    {SCMP_SYS(setrlimit), 0, 0xffffffff, RLIMIT_LOCKS},
    {SCMP_SYS(prlimit64), 1, 0xffffffff, RLIMIT_LOCKS},
    {SCMP_SYS(newfstatat), 3, 0xffffffff, 0},
    {SCMP_SYS(statx), 2, AT_EMPTY_PATH, 0},
    {SCMP_SYS(mmap), 3, MAP_TYPE_MASK, MAP_SHARED},
    {SCMP_SYS(mmap), 3, MAP_TYPE_MASK, MAP_SHARED_VALIDATE},
    {SCMP_SYS(prctl), 0, ~0ULL, INSIDE_PRCTL},
    {SCMP_SYS(ioctl), 1, 0xffffff00, 0x8900}, /* SIOC* */
    {SCMP_SYS(ioctl), 1, 0xffffffff, 0x541b}, /* FIONREAD */
    {SCMP_SYS(ioctl), 1, 0x0000ff00, 0xb700}, /* NS_GET_*, with and without sizes */
    {SCMP_SYS(ioctl), 1, 0x0000ffff, 0xff04}, /* PIDFD_GET_NET_NAMESPACE */
    {SCMP_SYS(ioctl), 1, 0xffffffff, 0x54e3}, /* TUNGETDEVNETNS */
};

/* Answered with an errno, 0 for success, when the argument is @value */
static const struct {
	int nr;
	u32 arg;
	u64 value;
	u16 error;
} answer[] = {
    {SCMP_SYS(prctl), 0, PR_SET_DUMPABLE, 0},
    {SCMP_SYS(socketpair), 0, AF_INET, EOPNOTSUPP},
    {SCMP_SYS(socketpair), 0, AF_INET6, EOPNOTSUPP},
    {SCMP_SYS(socketpair), 0, AF_NETLINK, EOPNOTSUPP},
    {SCMP_SYS(socketpair), 0, AF_PACKET, EOPNOTSUPP},
};

/* With -r: the program is root as far as these calls say. */
static const int root_zero[] = {
    SCMP_SYS(chown),
    SCMP_SYS(fchown),
    SCMP_SYS(lchown),
    SCMP_SYS(fchownat),
};
/* … and may become another (cred.c). */
static const int root_notify[] = {
    SCMP_SYS(getuid),	 SCMP_SYS(geteuid),   SCMP_SYS(getgid),	   SCMP_SYS(getegid),
    SCMP_SYS(setuid),	 SCMP_SYS(setgid),    SCMP_SYS(setreuid),  SCMP_SYS(setregid),
    SCMP_SYS(setresuid), SCMP_SYS(setresgid), SCMP_SYS(setgroups), SCMP_SYS(setfsuid),
    SCMP_SYS(setfsgid),	 SCMP_SYS(getresuid), SCMP_SYS(getresgid), SCMP_SYS(getgroups),
    SCMP_SYS(capget),	 SCMP_SYS(capset),    SCMP_SYS(execve),	   SCMP_SYS(execveat),
};
/* What stands in this limit is ours. */
static const struct {
	int nr;
	u32 arg;
} root_rss[] = {
    {SCMP_SYS(getrlimit), 0},
    {SCMP_SYS(setrlimit), 0},
    {SCMP_SYS(prlimit64), 1},
};
static const int root_prctl[] = {
    PR_CAPBSET_READ,	 PR_CAPBSET_DROP,     PR_GET_SECUREBITS,
    PR_SET_SECUREBITS,	 PR_GET_KEEPCAPS,     PR_SET_KEEPCAPS,
    PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS, PR_CAP_AMBIENT,
};

static int trap_add_families(scmp_filter_ctx ctx)
{
	int err = 0;

	for (int af = 0; af <= AF_PACKET && !err; af++) {
		bool served = af == AF_INET || af == AF_INET6 || af == AF_NETLINK ||
			      af == AF_PACKET;

		if (af == AF_UNIX)
			continue;
		if (!served) {
			err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT),
					       SCMP_SYS(socket), 1,
					       SCMP_A0(SCMP_CMP_EQ, (u64)af));
			if (!err)
				err =
				    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT),
						     SCMP_SYS(socketpair), 1,
						     SCMP_A0(SCMP_CMP_EQ, (u64)af));
		}
	}
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT),
				       SCMP_SYS(socket), 1,
				       SCMP_A0(SCMP_CMP_GT, AF_PACKET));
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT),
				       SCMP_SYS(socketpair), 1,
				       SCMP_A0(SCMP_CMP_GT, AF_PACKET));
	return err;
}

static int trap_add_refused(scmp_filter_ctx ctx)
{
	int err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), NR_CLONE3, 0);

	/* a process outside may have a socket of the host */
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), NR_PIDFD_GETFD, 0);
	for (int nr = NR_IO_URING_FIRST; nr <= NR_IO_URING_LAST && !err; nr++)
		err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), nr, 0);
	for (int nr = NR_MOUNT_FIRST; nr <= NR_MOUNT_LAST && !err; nr++)
		err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), nr, 0);
	if (!err)
		err =
		    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), NR_MOUNT_SETATTR, 0);
	return err;
}

static int trap_add_rows(scmp_filter_ctx ctx)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(notify_always) && !err; i++)
		err = seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, notify_always[i], 0);
	for (size_t i = 0; i < ARRAY_SIZE(notify_masked) && !err; i++)
		err = seccomp_rule_add(
		    ctx, SCMP_ACT_NOTIFY, notify_masked[i].nr, 1,
		    SCMP_CMP(notify_masked[i].arg, SCMP_CMP_MASKED_EQ,
			     notify_masked[i].mask, notify_masked[i].value));
	/* of which the stack shall tell when it is done */
	if (!err)
		err = seccomp_rule_add(
		    ctx, SCMP_ACT_NOTIFY, SCMP_SYS(sendto), 1,
		    SCMP_A3(SCMP_CMP_MASKED_EQ, MSG_ZEROCOPY, MSG_ZEROCOPY));
	/* sendto and recvfrom with an address; without, the kernel does it */
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(sendto), 1,
				       SCMP_A4(SCMP_CMP_NE, 0));
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(recvfrom), 1,
				       SCMP_A4(SCMP_CMP_NE, 0));
	for (size_t i = 0; i < ARRAY_SIZE(answer) && !err; i++)
		err = seccomp_rule_add(
		    ctx, SCMP_ACT_ERRNO(answer[i].error), answer[i].nr, 1,
		    SCMP_CMP(answer[i].arg, SCMP_CMP_EQ, answer[i].value));
	return err;
}

static int trap_add_root(scmp_filter_ctx ctx)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(root_zero) && !err; i++)
		err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(0), root_zero[i], 0);
	for (size_t i = 0; i < ARRAY_SIZE(root_notify) && !err; i++)
		err = seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, root_notify[i], 0);
	for (size_t i = 0; i < ARRAY_SIZE(root_prctl) && !err; i++)
		err =
		    seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(prctl), 1,
				     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)root_prctl[i]));
	for (size_t i = 0; i < ARRAY_SIZE(root_rss) && !err; i++)
		err = seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, root_rss[i].nr, 1,
				       SCMP_CMP(root_rss[i].arg, SCMP_CMP_MASKED_EQ,
						0xffffffff, RLIMIT_RSS));
	if (!err)
		err = seccomp_rule_add(
		    ctx, SCMP_ACT_NOTIFY, SCMP_SYS(unshare), 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER));
	if (!err)
		err = seccomp_rule_add(
		    ctx, SCMP_ACT_NOTIFY, SCMP_SYS(clone), 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER));
	return err;
}

/* libseccomp writes the program to a descriptor only. */
static int trap_export(scmp_filter_ctx ctx, struct sock_filter **out, u16 *n)
{
	struct sock_filter *prog;
	struct stat st;
	int err, fd;

	fd = memfd_create("filter", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = seccomp_export_bpf(ctx, fd);
	if (err)
		goto out_close;
	err = -EIO;
	if (fstat(fd, &st) || st.st_size / (off_t)sizeof(*prog) > BPF_MAXINSNS)
		goto out_close;
	prog = malloc((size_t)st.st_size);
	err = -ENOMEM;
	if (!prog)
		goto out_close;
	err = -EIO;
	if (pread(fd, prog, (size_t)st.st_size, 0) != st.st_size)
		goto err_free;
	*out = prog;
	*n = (u16)((size_t)st.st_size / sizeof(*prog));
	close(fd);
	return 0;
err_free:
	free(prog);
out_close:
	close(fd);
	return err;
}

int trap_build(bool map_root, struct sock_filter **out, u16 *n)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int err;

	if (!ctx)
		return -ENOMEM;
	err = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
	if (!err)
		err = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!err)
		err = trap_add_families(ctx);
	if (!err)
		err = trap_add_refused(ctx);
	if (!err)
		err = trap_add_rows(ctx);
	if (!err && map_root)
		err = trap_add_root(ctx);
	if (!err)
		err = trap_export(ctx, out, n);
	seccomp_release(ctx);
	return err;
}

int trap_install(const struct sock_filter *prog, u16 n, u32 *facilities)
{
	struct sock_fprog fprog = {n, (struct sock_filter *)(uintptr_t)prog};
	unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	long fd = -1;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	if (*facilities & FAC_WAIT_KILLABLE)
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			     flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &fprog);
	if (fd < 0) {
		*facilities &= ~(u32)FAC_WAIT_KILLABLE;
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &fprog);
	}
	return fd < 0 ? -errno : (int)fd;
}
