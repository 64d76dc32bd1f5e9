/* SPDX-License-Identifier: MIT */
/*
 * ask.c - warren graph, warren ns: questions to a running warren
 *
 * The answer's text comes in a file of memory that we hand over, so that the warren
 * never waits for us (super/control_ask.c). A namespace is WARREN:NAME, or NAME where
 * one warren only is running; the initial one has an empty NAME.
 */

#include "cli/cli.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "super/control.h"

/* The name of the only warren that is running. Return: 0, or said on stderr */
static int only_warren(const char *runtime, char *out, size_t size)
{
	DIR *dir = opendir(runtime);
	struct dirent *d;
	char path[4400];
	int n = 0, fd;

	while (dir && (d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		text_format(path, sizeof(path), "%s/%s", runtime, d->d_name);
		fd = control_connect(path);
		if (fd < 0)
			continue;
		close(fd);
		text_format(out, size, "%s", d->d_name);
		n++;
	}
	if (dir)
		closedir(dir);
	if (n == 1)
		return 0;
	fprintf(stderr,
		n ? "warren: several warrens are running: say which, see warren ls\n"
		  : "warren: no warren is running\n");
	return -ENOENT;
}

/* "WARREN:NAME" or "NAME" into both. @warren: where it was said before, or empty */
static int parse_ns(const char *arg, char warren[80], char ns[CONTROL_NAME])
{
	const char *colon = strchr(arg, ':');
	char name[80] = "";

	if (colon)
		text_format(name, sizeof(name), "%.*s", (int)(colon - arg), arg);
	if (colon && warren[0] && strcmp(warren, name) != 0) {
		fprintf(stderr, "warren: both namespaces must be of one warren\n");
		return -EINVAL;
	}
	if (colon && !cli_name_ok(name)) {
		fprintf(stderr, "warren: \"%s\" cannot name a warren\n", name);
		return -EINVAL;
	}
	if (colon)
		memcpy(warren, name, sizeof(name));
	text_format(ns, CONTROL_NAME, "%s", colon ? colon + 1 : arg);
	return 0;
}

/*
 * Ask, and copy the text of the answer to @out.
 * Return: what the warren answered (0, 1, -errno); -ENOTCONN: not reached, and said
 */
static int ask(const char *warren, const struct control_request *rq, FILE *out)
{
	char runtime[4096], name[80], path[4200], buf[4096];
	struct control_reply rp;
	int sock, fd, err;
	ssize_t n;

	if (cli_runtime(runtime, sizeof(runtime)))
		return -ENOTCONN;
	text_format(name, sizeof(name), "%s", warren);
	if (!*warren && only_warren(runtime, name, sizeof(name)))
		return -ENOTCONN;
	text_format(path, sizeof(path), "%s/%s", runtime, name);
	sock = control_connect(path);
	if (sock < 0) {
		fprintf(stderr, "warren: no warren called %s is running\n", name);
		return -ENOTCONN;
	}
	fd = memfd_create("answer", MFD_CLOEXEC);
	err = fd < 0 ? -errno : control_ask(sock, rq, fd, &rp);
	if (!err)
		err = rp.err;
	if (fd >= 0 && !lseek(fd, 0, SEEK_SET))
		while ((n = read(fd, buf, sizeof(buf))) > 0)
			fwrite(buf, 1, (size_t)n, out);
	if (fd >= 0)
		close(fd);
	close(sock);
	return err;
}

static int failed(const char *what, int err)
{
	if (err == -ENOTCONN)
		return CLI_FAILED;
	fprintf(stderr, "warren: %s: %s\n", what,
		err == -ENOENT ? "no such namespace" : strerror(-err));
	return CLI_FAILED;
}

/* ---- graph ---- */

/* Through graphviz. Return: exit status */
static int through_dot(const char *format, const char *text, size_t len)
{
	char flag[16];
	int fds[2], status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return CLI_FAILED;
	pid = fork();
	if (pid == 0) {
		dup2(fds[0], STDIN_FILENO);
		text_format(flag, sizeof(flag), "-T%s", format);
		execlp("dot", "dot", flag, (char *)NULL);
		fprintf(stderr, "warren: graph: %s needs graphviz's dot: %s\n", format,
			strerror(errno));
		_exit(CLI_FAILED);
	}
	close(fds[0]);
	for (size_t done = 0; pid > 0 && done < len;) {
		ssize_t n = write(fds[1], text + done, len - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	close(fds[1]);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return CLI_FAILED;
	return cli_status(status);
}

int cli_graph(int argc, char **argv)
{
	struct control_request rq = {.version = CONTROL_VERSION, .op = CONTROL_GRAPH};
	const char *format = "dot", *warren = "";
	char *text = NULL;
	size_t len = 0;
	int err, status = 0;
	FILE *out;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--svg"))
			format = "svg";
		else if (!strcmp(argv[i], "--png"))
			format = "png";
		else if (!*warren && cli_name_ok(argv[i]))
			warren = argv[i];
		else {
			fprintf(stderr,
				"warren: graph: [--svg | --png] [NAME], not %s\n",
				argv[i]);
			return CLI_FAILED;
		}
	}
	out = open_memstream(&text, &len);
	if (!out)
		return CLI_FAILED;
	err = ask(warren, &rq, out);
	fclose(out);
	if (err)
		status = failed("graph", err);
	else if (strcmp(format, "dot") != 0)
		status = through_dot(format, text, len);
	else
		fwrite(text, 1, len, stdout);
	free(text);
	return status;
}

/* ---- ns ---- */

static int ns_usage(void)
{
	fputs("warren: ns quota [WARREN:]NS [KIND=N|KIND=none]...\n"
	      "        ns diff [WARREN:]A [WARREN:]B\n"
	      "        ns clone [--wires] [WARREN:]SRC DST\n",
	      stderr);
	return CLI_FAILED;
}

static int ns_quota(int argc, char **argv)
{
	struct control_request rq = {.version = CONTROL_VERSION, .op = CONTROL_QUOTA};
	char warren[80] = "";
	size_t at = 0;
	int err;

	if (argc < 2)
		return ns_usage();
	if (parse_ns(argv[1], warren, rq.netns))
		return CLI_FAILED;
	for (int i = 2; i < argc; i++) {
		if (at + strlen(argv[i]) + 2 > sizeof(rq.arg))
			return failed("quota", -E2BIG);
		at += text_format(rq.arg + at, sizeof(rq.arg) - at, "%s%s",
				  at ? " " : "", argv[i]);
	}
	err = ask(warren, &rq, stdout);
	if (err == -EINVAL) {
		fprintf(stderr,
			"warren: quota: KIND=N or KIND=none; kinds are sockets, "
			"devices, routes, neighbours, queued, memory\n");
		return CLI_FAILED;
	}
	return err ? failed(argv[1], err) : 0;
}

static int ns_diff(int argc, char **argv)
{
	struct control_request rq = {.version = CONTROL_VERSION, .op = CONTROL_DIFF};
	char warren[80] = "", other[CONTROL_NAME];
	int err;

	if (argc != 3)
		return ns_usage();
	if (parse_ns(argv[1], warren, rq.netns) || parse_ns(argv[2], warren, other))
		return CLI_FAILED;
	text_format(rq.arg, sizeof(rq.arg), "%s", other);
	err = ask(warren, &rq, stdout);
	return err < 0 ? failed("diff", err) : err;
}

static int ns_clone(int argc, char **argv)
{
	struct control_request rq = {.version = CONTROL_VERSION, .op = CONTROL_CLONE};
	bool wires = argc > 1 && !strcmp(argv[1], "--wires");
	char warren[80] = "", name[CONTROL_NAME];
	int err;

	argc -= wires;
	argv += wires;
	if (argc != 3)
		return ns_usage();
	if (parse_ns(argv[1], warren, rq.netns) || parse_ns(argv[2], warren, name))
		return CLI_FAILED;
	text_format(rq.arg, sizeof(rq.arg), "%s%s", wires ? "+" : "", name);
	err = ask(warren, &rq, stdout);
	return err ? failed("clone", err) : 0;
}

int cli_ns(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "quota"))
		return ns_quota(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "diff"))
		return ns_diff(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "clone"))
		return ns_clone(argc - 1, argv + 1);
	return ns_usage();
}
