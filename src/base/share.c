/* SPDX-License-Identifier: MIT */
/*
 * share.c - memory that another process may map, too
 *
 * A file in memory, sealed: were it cut, touching our own mapping would kill us.
 */

#include "base/share.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int share_new(size_t size, struct share *out)
{
	int err, fd = memfd_create("shared", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *mem;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		goto err_close;
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED)
		goto err_close;
	*out = (struct share){.mem = mem, .size = size, .fd = fd};
	return 0;
err_close:
	err = -errno;
	close(fd);
	return err;
}

void share_free(struct share *s)
{
	if (!s->mem)
		return;
	munmap(s->mem, s->size);
	close(s->fd);
	*s = (struct share){.fd = -1};
}
