/* SPDX-License-Identifier: MIT */
/*
 * nsmake.c - make N network namespaces and hold them
 *
 * Says "ready" and waits for a line, makes them, says how many a second,
 * waits for a line, and ends. So one outside can look at memory between.
 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
	struct rlimit files;
	double start;

	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	puts("ready");
	fflush(stdout);
	getchar();
	start = now_s();
	for (unsigned long i = 0; i < n; i++)
		if (unshare(CLONE_NEWNET) ||
		    open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC) < 0) {
			fprintf(stderr, "nsmake: after %lu: %s\n", i, strerror(errno));
			return 1;
		}
	printf("%.1f\n", (double)n / (now_s() - start));
	fflush(stdout);
	getchar();
	return 0;
}
