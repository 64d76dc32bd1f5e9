/* SPDX-License-Identifier: MIT */
/*
 * cli.h - the words a user types, and what they share
 */
#ifndef WARREN_CLI_CLI_H
#define WARREN_CLI_CLI_H

#include "base/types.h"

#include <stddef.h>

/* @argv[0]: the word itself. Return: the exit status of the program */
typedef int cli_fn(int argc, char **argv);

int cli_run(int argc, char **argv);
int cli_exec(int argc, char **argv);
int cli_ls(int argc, char **argv);
int cli_doctor(int argc, char **argv);
int cli_graph(int argc, char **argv);
int cli_ns(int argc, char **argv);

enum {
	CLI_FAILED = 125, /* warren itself failed; the program never ran */
};

/* Where warrens keep their private directories: made if need be, ours, 0700.
 * Return: 0 or a negative errno (said on stderr) */
int cli_runtime(char *out, size_t size);
/* May @name name a warren? */
bool cli_name_ok(const char *name);
/* waitpid()'s status as a shell shows it */
int cli_status(int status);

#endif
