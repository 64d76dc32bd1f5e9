/* SPDX-License-Identifier: MIT */
/*
 * main.c - words to functions, one table
 */

#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"

#ifndef WARREN_VERSION
#define WARREN_VERSION "unknown"
#endif

static const struct {
	const char *word;
	cli_fn *fn;
} words[] = {
    {"run", cli_run},	  {"exec", cli_exec}, {"ls", cli_ls},
    {"graph", cli_graph}, {"ns", cli_ns},     {"doctor", cli_doctor},
};

static int cli_help(FILE *out)
{
	fputs(
	    "Usage: warren run [OPTION]... [--] CMD [ARG]...\n"
	    "       warren exec NAME[:NETNS] [--] CMD [ARG]...\n"
	    "       warren ls\n"
	    "       warren graph [--svg|--png] [NAME] | warren doctor\n"
	    "       warren ns quota|diff|clone ...\n"
	    "\n"
	    "Run unmodified programs on a network stack of their own. Inside, network\n"
	    "namespaces are made as usual:\n"
	    "  warren run -- sh -c 'ip netns add red; ip netns exec red ip link'\n"
	    "\n"
	    "run    start CMD in a new warren; the warren ends with CMD\n"
	    "  -n, --name NAME      call it NAME, for exec and ls\n"
	    "  -r, --map-root-user  the programs believe to be root\n"
	    "      --root DIR       DIR is their /, with the host's /proc, /dev and "
	    "/sys\n"
	    "      --wait           stay until the last process has ended\n"
	    "  -v, --verbose        say what the host allows; -vv: every call\n"
	    "exec   start CMD in a running warren, in its namespace NETNS if given\n"
	    "ls     list the running warrens and their named namespaces\n"
	    "doctor say what this place allows, what will not work, and why\n"
	    "graph  draw namespaces, devices and wires: DOT, or by graphviz\n"
	    "ns     quota NS [KIND=N]... | diff A B | clone [--wires] SRC DST\n"
	    "\n"
	    "The exit status is CMD's; 128 + N when signal N ended it; 127 when it\n"
	    "was not found, 126 when it could not be run, 125 when warren failed.\n",
	    out);
	return out == stdout ? 0 : CLI_FAILED;
}

int cli_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool cli_name_ok(const char *name)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t n = strlen(name);

	return n && n <= 64 && name[0] != '.' && strspn(name, chars) == n;
}

static bool is_private_dir(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	       !(st.st_mode & 077);
}

int cli_runtime(char *out, size_t size)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");

	if (xdg && xdg[0] == '/' && is_private_dir(xdg)) {
		text_format(out, size, "%s/warren", xdg);
		if ((!mkdir(out, 0700) || errno == EEXIST) && is_private_dir(out))
			return 0;
	}
	text_format(out, size, "/tmp/warren-%u", (unsigned)geteuid());
	if (mkdir(out, 0700) && errno != EEXIST) {
		fprintf(stderr, "warren: %s: %s\n", out, strerror(errno));
		return -errno;
	}
	if (is_private_dir(out))
		return 0;
	fprintf(stderr, "warren: %s: must be a directory of yours alone (mode 0700)\n",
		out);
	return -EPERM;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return cli_help(stderr);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(argv[1], words[i].word))
			return words[i].fn(argc - 1, argv + 1);
	if (!strcmp(argv[1], "--version")) {
		printf("warren %s\n", WARREN_VERSION);
		return 0;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help"))
		return cli_help(stdout);
	fprintf(stderr, "warren: \"%s\": no such command; see warren --help\n",
		argv[1]);
	return CLI_FAILED;
}
