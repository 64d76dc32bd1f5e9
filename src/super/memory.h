/* SPDX-License-Identifier: MIT */
/*
 * memory.h - a program's memory; the only door to it
 *
 * All functions: 0 or -EFAULT (a bad address, or any part of it), -ESRCH (the
 * thread is gone). Copy once, then look: another thread may be writing. After
 * a read, super_call_valid() says whether it was the caller's memory.
 */
#ifndef WARREN_SUPER_MEMORY_H
#define WARREN_SUPER_MEMORY_H

#include "super/super.h"

#include <sys/uio.h>

enum {
	MEM_PATH_MAX = 4096,
	MEM_IOV_MAX = 1024, /* UIO_MAXIOV */
};

int mem_read(const struct call *c, u64 addr, void *buf, size_t len);
int mem_write(const struct call *c, u64 addr, const void *buf, size_t len);
/* A string with its NUL. Also -ENAMETOOLONG when @size does not hold it */
int mem_read_str(const struct call *c, u64 addr, char *buf, size_t size);

/*
 * Read the program's array of @n struct iovec at @addr.
 * @iov: room for MEM_IOV_MAX entries, or as many as @n
 * @total: sum of the lengths
 * Return: 0, -EFAULT, -EMSGSIZE (@n > MEM_IOV_MAX), -EINVAL (sum overflows)
 */
int mem_read_iov(const struct call *c, u64 addr, u64 n, struct iovec *iov,
		 size_t *total);
/* Between @buf and the pieces that @iov names in the program, first @len bytes,
 * beginning @skip bytes into the pieces. Return: 0 or -EFAULT */
int mem_gather(const struct call *c, const struct iovec *iov, u64 n, size_t skip,
	       void *buf, size_t len);
int mem_scatter(const struct call *c, const struct iovec *iov, u64 n, size_t skip,
		const void *buf, size_t len);

#endif
