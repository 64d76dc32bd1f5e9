/* SPDX-License-Identifier: MIT */
/*
 * memory.c - a program's memory; the only file that may touch it
 *
 * process_vm_readv() and process_vm_writev() on the thread's number. They do
 * not stop the program, so another of its threads may write meanwhile: callers
 * copy once and judge the copy. They move whole pages until the first bad one;
 * a short count is therefore -EFAULT here.
 */

#include "super/memory.h"

#include <limits.h>

static int mem_result(ssize_t n, size_t want)
{
	if (n >= 0)
		return (size_t)n == want ? 0 : -EFAULT;
	return errno == ESRCH ? -ESRCH : -EFAULT;
}

static void *mem_ptr(u64 addr)
{
	return (void *)(uintptr_t)addr;
}

int mem_read(const struct call *c, u64 addr, void *buf, size_t len)
{
	struct iovec here = {buf, len}, there = {mem_ptr(addr), len};

	if (!len)
		return 0;
	return mem_result(process_vm_readv(c->tid, &here, 1, &there, 1, 0), len);
}

int mem_write(const struct call *c, u64 addr, const void *buf, size_t len)
{
	struct iovec here = {(void *)(uintptr_t)buf, len}, there = {mem_ptr(addr), len};

	if (!len)
		return 0;
	return mem_result(process_vm_writev(c->tid, &here, 1, &there, 1, 0), len);
}

int mem_read_str(const struct call *c, u64 addr, char *buf, size_t size)
{
	size_t done = 0;

	/* never across a page that the string may not reach */
	while (done < size) {
		size_t page = 4096 - ((addr + done) & 4095);
		size_t len = min(page, size - done);
		int err;

		len = min(len, (size_t)256);
		err = mem_read(c, addr + done, buf + done, len);
		if (err)
			return err;
		if (memchr(buf + done, '\0', len))
			return 0;
		done += len;
	}
	return -ENAMETOOLONG;
}

int mem_read_iov(const struct call *c, u64 addr, u64 n, struct iovec *iov,
		 size_t *total)
{
	size_t sum = 0;
	int err;

	if (n > MEM_IOV_MAX)
		return -EMSGSIZE;
	err = mem_read(c, addr, iov, n * sizeof(*iov));
	if (err)
		return err;
	for (u64 i = 0; i < n; i++) {
		if (iov[i].iov_len > SSIZE_MAX - sum)
			return -EINVAL;
		sum += iov[i].iov_len;
	}
	*total = sum;
	return 0;
}

/* Move @len bytes between @buf and the pieces, a batch of pieces at a time. */
static int mem_move(const struct call *c, const struct iovec *iov, u64 n, size_t skip,
		    char *buf, size_t len, bool write)
{
	struct iovec there[64];

	while (len) {
		size_t batch = 0;
		unsigned k = 0;
		struct iovec here;
		ssize_t moved;
		int err;

		for (; n && k < ARRAY_SIZE(there) && batch < len; iov++, n--) {
			size_t piece;

			if (skip >= iov->iov_len) {
				skip -= iov->iov_len;
				continue;
			}
			piece = min(iov->iov_len - skip, len - batch);
			there[k].iov_base = (char *)iov->iov_base + skip;
			there[k++].iov_len = piece;
			batch += piece;
			skip = 0;
		}
		if (!batch)
			return -EFAULT;
		here.iov_base = buf;
		here.iov_len = batch;
		moved = write ? process_vm_writev(c->tid, &here, 1, there, k, 0)
			      : process_vm_readv(c->tid, &here, 1, there, k, 0);
		err = mem_result(moved, batch);
		if (err)
			return err;
		buf += batch;
		len -= batch;
	}
	return 0;
}

int mem_gather(const struct call *c, const struct iovec *iov, u64 n, size_t skip,
	       void *buf, size_t len)
{
	return mem_move(c, iov, n, skip, buf, len, false);
}

int mem_scatter(const struct call *c, const struct iovec *iov, u64 n, size_t skip,
		const void *buf, size_t len)
{
	return mem_move(c, iov, n, skip, (char *)(uintptr_t)buf, len, true);
}
