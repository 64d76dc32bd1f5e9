/* SPDX-License-Identifier: MIT */
/*
 * lib_bench.h - what the files of lib_bench share
 */
#ifndef WARREN_TESTS_LIB_BENCH_H
#define WARREN_TESTS_LIB_BENCH_H

/* Of the processor, so that what else the machine does counts little */
double now_s(void);
/* Packets over veth and through a router, TCP. @scale: 1 some seconds;
 * @only: one of udp, routes, stream, connect; NULL: all */
void bench_paths(double scale, const char *only);

#endif
