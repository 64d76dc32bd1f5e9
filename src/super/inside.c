/* SPDX-License-Identifier: MIT */
/*
 * inside.c - a library that is loaded before a program's own, where it must be
 *
 * The filter of a container (Docker's default, for one) answers unshare, setns, mount
 * and umount2 with EPERM, and the kernel takes the strictest of all filters: the
 * supervisor never hears of the call. So these four, when they fail that way, are asked
 * for again by a prctl() that every container lets through and that the supervisor's
 * filter catches (carried.c).
 *
 * This only asks. What a program may do is decided where it always is; a program that
 * does not load this (a static one) has the container's EPERM.
 */

#include "super/inside.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/syscall.h>

/* The calls that a container refuses, by libc's names */
int unshare(int flags);
int setns(int fd, int type);
int mount(const char *from, const char *to, const char *type, unsigned long flags,
	  const void *data);
int umount2(const char *to, int flags);
int umount(const char *to);
long syscall(long nr, ...);

static long raw(long nr, const struct inside_args *a)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = (long)a->a[3];
	register long r8 __asm__("r8") = (long)a->a[4];
	register long r9 __asm__("r9") = (long)a->a[5];
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a->a[0]), "S"(a->a[1]), "d"(a->a[2]), "r"(r10),
			   "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = (long)a->a[0];
	register long x1 __asm__("x1") = (long)a->a[1];
	register long x2 __asm__("x2") = (long)a->a[2];
	register long x3 __asm__("x3") = (long)a->a[3];
	register long x4 __asm__("x4") = (long)a->a[4];
	register long x5 __asm__("x5") = (long)a->a[5];

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
#else
#error "which registers?"
#endif
}

static long finish(long ret)
{
	if (ret > -4096 && ret < 0) {
		errno = (int)-ret;
		return -1;
	}
	return ret;
}

/* The call itself, and where it is refused by the supervisor's way */
static long ask(long nr, const struct inside_args *a)
{
	const struct inside_args carrier = {
	    {INSIDE_PRCTL, (uint64_t)nr, (uint64_t)(uintptr_t)a}};
	long ret = raw(nr, a), other;

	if (ret != -EPERM)
		return finish(ret);
	other = raw(SYS_prctl, &carrier);
	if (other == -EINVAL)
		return finish(ret);
	return finish(other == -INSIDE_EINVAL ? -EINVAL : other);
}

int unshare(int flags)
{
	const struct inside_args a = {{(uint64_t)(unsigned)flags}};

	return (int)ask(SYS_unshare, &a);
}

int setns(int fd, int type)
{
	const struct inside_args a = {
	    {(uint64_t)(unsigned)fd, (uint64_t)(unsigned)type}};

	return (int)ask(SYS_setns, &a);
}

int mount(const char *from, const char *to, const char *type, unsigned long flags,
	  const void *data)
{
	const struct inside_args a = {
	    {(uint64_t)(uintptr_t)from, (uint64_t)(uintptr_t)to,
	     (uint64_t)(uintptr_t)type, flags, (uint64_t)(uintptr_t)data}};

	return (int)ask(SYS_mount, &a);
}

int umount2(const char *to, int flags)
{
	const struct inside_args a = {
	    {(uint64_t)(uintptr_t)to, (uint64_t)(unsigned)flags}};

	return (int)ask(SYS_umount2, &a);
}

int umount(const char *to)
{
	return umount2(to, 0);
}

long syscall(long nr, ...)
{
	struct inside_args a;
	va_list ap;

	va_start(ap, nr);
	for (int i = 0; i < 6; i++)
		a.a[i] = va_arg(ap, uint64_t);
	va_end(ap);
	if (nr == SYS_unshare || nr == SYS_setns || nr == SYS_mount ||
	    nr == SYS_umount2)
		return ask(nr, &a);
	return finish(raw(nr, &a));
}
