/* SPDX-License-Identifier: MIT */
/*
 * front.h - the process the shell sees, in front of the supervisor
 */
#ifndef WARREN_CLI_FRONT_H
#define WARREN_CLI_FRONT_H

/*
 * Run @fn in a child and be its shadow until it ended.
 * Return: what @fn returned, as an exit status; 128 + N when signal N ended it
 */
int front_run(int (*fn)(void *arg), void *arg);

#endif
