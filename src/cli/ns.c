/* SPDX-License-Identifier: MIT */
/*
 * ns.c - warren exec, warren ls: running warrens and their namespaces
 *
 * exec starts the program as a child of its own, under the same filter as the
 * warren's programs, and hands the filter's listener to the supervisor
 * (super/control.c). Terminal, directory, environment and exit status are thus
 * as they would be without warren.
 */

#include "cli/cli.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "super/control.h"
#include "super/launch.h"

enum { GRACE_MS = 2000 }; /* between SIGTERM and SIGKILL */

/* ---- exec ---- */

/* NAME[:NETNS] into the directory of NAME and the name NETNS */
static int exec_target(char *arg, char *dir, size_t size, const char **netns)
{
	char runtime[4096];
	char *colon = strchr(arg, ':');

	*netns = "";
	if (colon) {
		*colon = '\0';
		*netns = colon + 1;
	}
	if (!cli_name_ok(arg)) {
		fprintf(stderr, "warren: \"%s\" cannot name a warren\n", arg);
		return -EINVAL;
	}
	if (cli_runtime(runtime, sizeof(runtime)))
		return -EINVAL;
	text_format(dir, size, "%s/%s", runtime, arg);
	return 0;
}

/* The child stopped by the terminal: so do we. Return: true when it ended */
static bool exec_reap(pid_t child, int *status)
{
	pid_t pid;

	while ((pid = waitpid(-1, status, WNOHANG | WUNTRACED)) > 0) {
		if (pid != child)
			continue;
		if (!WIFSTOPPED(*status))
			return true;
		kill(getpid(), SIGSTOP);
		kill(child, SIGCONT);
	}
	return false;
}

/* Wait for the child and for the end of the warren; hand signals on. */
static int exec_wait(int sock, int signals, pid_t child)
{
	struct pollfd fds[2] = {{signals, POLLIN, 0}, {sock, POLLIN, 0}};
	struct signalfd_siginfo si;
	int status = 0, patience = -1;

	while (!exec_reap(child, &status)) {
		int n = poll(fds, 2, patience);

		if (n == 0) {
			kill(child, SIGKILL);
			patience = -1;
		}
		if (n <= 0)
			continue;
		if (fds[1].revents) {
			/* the warren has ended */
			kill(child, SIGTERM);
			kill(child, SIGCONT);
			fds[1].fd = -1;
			patience = GRACE_MS;
		}
		if (read(signals, &si, sizeof(si)) != (ssize_t)sizeof(si))
			continue;
		if (si.ssi_signo == SIGTERM || si.ssi_signo == SIGHUP ||
		    (si.ssi_code <= 0 &&
		     (si.ssi_signo == SIGINT || si.ssi_signo == SIGQUIT)))
			kill(child, (int)si.ssi_signo);
	}
	return cli_status(status);
}

static int exec_signals(sigset_t *old)
{
	static const int sigs[] = {SIGCHLD, SIGINT,  SIGTERM, SIGHUP,
				   SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++)
		sigaddset(&set, sigs[i]);
	sigprocmask(SIG_BLOCK, &set, old);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int exec_join(int sock, const char *netns, struct launch *la)
{
	struct control_request rq = {
	    .version = CONTROL_VERSION,
	    .op = CONTROL_JOIN,
	    .pid = la->pid,
	};
	struct control_reply rp;
	int err;

	text_format(rq.netns, sizeof(rq.netns), "%s", netns);
	err = control_ask(sock, &rq, la->listener, &rp);
	if (!err)
		err = rp.err;
	if (err) {
		launch_cancel(la);
		return err;
	}
	close(la->listener);
	return launch_go(la);
}

static int exec_in(int sock, const char *dir, const char *netns, char **argv)
{
	struct control_request rq = {.version = CONTROL_VERSION, .op = CONTROL_HELLO};
	struct control_reply rp;
	struct launch la;
	sigset_t old;
	struct launch_how how = {
	    .dir = dir, .preload = getenv("LD_PRELOAD"), .mask = &old};
	int signals, err = control_ask(sock, &rq, -1, &rp);

	if (err || rp.err)
		return err ? err : rp.err;
	signals = exec_signals(&old);
	if (signals < 0)
		return -errno;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	how.map_root = rp.map_root;
	how.facilities = rp.facilities;
	err = launch_begin(&la, argv, &how);
	if (!err)
		err = exec_join(sock, netns, &la);
	if (!err)
		err = exec_wait(sock, signals, la.pid);
	close(signals);
	return err;
}

int cli_exec(int argc, char **argv)
{
	char dir[4200];
	const char *netns;
	int sock, status, first = 2;

	if (argc > 2 && !strcmp(argv[2], "--"))
		first = 3;
	if (argc <= first) {
		fprintf(stderr, "warren: exec: NAME[:NETNS] and a program, please\n");
		return CLI_FAILED;
	}
	if (exec_target(argv[1], dir, sizeof(dir), &netns))
		return CLI_FAILED;
	sock = control_connect(dir);
	if (sock < 0) {
		fprintf(stderr, "warren: no warren called %s is running\n", argv[1]);
		return CLI_FAILED;
	}
	status = exec_in(sock, dir, netns, argv + first);
	close(sock);
	if (status >= 0)
		return status;
	if (status == -ENOENT && *netns)
		fprintf(stderr, "warren: %s: no such namespace in warren %s\n", netns,
			argv[1]);
	else if (status != -ENOTSOCK)
		fprintf(stderr, "warren: exec: %s\n", strerror(-status));
	return CLI_FAILED;
}

/* ---- ls ---- */

/* Is the lock of the directory held, and by whom? */
static bool ls_is_alive(int dirfd, char *pid, size_t size)
{
	int fd = openat(dirfd, "lock", O_RDONLY | O_CLOEXEC);
	ssize_t n;
	bool alive;

	if (fd < 0)
		return false;
	alive = flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
	n = read(fd, pid, size - 1);
	pid[max(n, (ssize_t)0)] = '\0';
	close(fd);
	return alive;
}

static void ls_names(int dirfd)
{
	int fd = openat(dirfd, "data/netns", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.')
			printf(" %s", d->d_name);
	closedir(dir);
}

int cli_ls(int argc, char **argv)
{
	char runtime[4096], pid[32];
	struct dirent *d;
	DIR *dir;

	(void)argv;
	if (argc > 1) {
		fprintf(stderr, "warren: ls takes no argument\n");
		return CLI_FAILED;
	}
	if (cli_runtime(runtime, sizeof(runtime)))
		return CLI_FAILED;
	dir = opendir(runtime);
	if (!dir) {
		fprintf(stderr, "warren: %s: %s\n", runtime, strerror(errno));
		return CLI_FAILED;
	}
	printf("%-16s %8s  %s\n", "NAME", "PID", "NAMESPACES");
	while ((d = readdir(dir))) {
		int fd;

		if (d->d_name[0] == '.')
			continue;
		fd = openat(dirfd(dir), d->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (ls_is_alive(fd, pid, sizeof(pid))) {
			printf("%-16s %8s ", d->d_name, pid);
			ls_names(fd);
			printf("\n");
		}
		close(fd);
	}
	closedir(dir);
	return 0;
}
