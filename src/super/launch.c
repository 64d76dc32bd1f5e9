/* SPDX-License-Identifier: MIT */
/*
 * launch.c - start a program under the filter
 *
 * The child is made with CLONE_FILES: until it says otherwise, parent and child
 * have one table of descriptors. It gives up new privileges and installs the
 * filter, so the listener appears in the parent, too; a sendmsg would be
 * trapped already and nobody would answer, and pidfd_getfd is forbidden in some
 * containers. Then it takes a table of its own, closes what it inherited of
 * the host's network, writes the number of the listener into a pipe and waits
 * on another. When the parent serves the listener it writes one byte, and the
 * child goes on to execve. When the parent is gone the child reads the end of
 * the pipe and ends.
 *
 * The child dies with its parent (PDEATHSIG); its own children do not, but each
 * call that the filter traps then fails with ENOSYS.
 */

#include "super/launch.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/magic.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "super/carried.h"
#include "super/roots.h"
#include "super/trap.h"

enum {
	EXIT_NOT_FOUND = 127,
	EXIT_NOT_EXECUTABLE = 126,
	LAUNCH_POLL_MS = 20,
};

/* What the child says before it waits. */
struct launch_word {
	int listener; /* number in the child, or a negative errno */
	u32 facilities;
	bool own_mounts;
};

struct launch_child {
	char *const *argv;
	const struct launch_how *how;
	const struct sock_filter *prog;
	u16 n;
	pid_t parent;
	int up[2], down[2];
};

static bool fd_is_host_net(int fd)
{
	int domain;
	socklen_t len = sizeof(domain);
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st))
		return false;
	if (S_ISSOCK(st.st_mode))
		return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) ||
		       domain != AF_UNIX;
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(10, 200)) /* /dev/net/tun */
		return true;
	return !fstatfs(fd, &fs) && fs.f_type == NSFS_MAGIC;
}

/* Descriptors of the host's network, found before the filter traps open() */
struct doomed {
	int fd[256];
	unsigned n;
};

static int launch_find_host_net(struct doomed *doomed)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *d;
	int bad = -1, err = 0;

	doomed->n = 0;
	if (!dir)
		return -errno;
	while ((d = readdir(dir))) {
		int fd = atoi(d->d_name);

		if (d->d_name[0] == '.' || fd == dirfd(dir) || !fd_is_host_net(fd))
			continue;
		if (fd <= STDERR_FILENO)
			bad = fd;
		else if (doomed->n == ARRAY_SIZE(doomed->fd))
			err = -EMFILE;
		else
			doomed->fd[doomed->n++] = fd;
	}
	closedir(dir);
	if (bad < 0)
		return err;
	dprintf(STDERR_FILENO,
		"warren: descriptor %d is a socket of the host's network; "
		"the program may not have it\n",
		bad);
	return -ENOTSOCK;
}

/* A table of descriptors of one's own. A container forbids unshare(), and allows this
 */
static int launch_own_files(void)
{
	if (!unshare(CLONE_FILES))
		return 0;
	return (int)syscall(SYS_close_range, ~0U, ~0U, CLOSE_RANGE_UNSHARE);
}

/* In the shared table; then alone. Return: the listener's number, or an errno */
static int launch_filter(struct launch_child *ch, u32 *facilities)
{
	struct doomed doomed;
	int listener, err = launch_find_host_net(&doomed);

	if (err)
		return err;
	*facilities = ch->how->facilities;
	listener = trap_install(ch->prog, ch->n, facilities);
	if (launch_own_files())
		_exit(EXIT_NOT_EXECUTABLE);
	/* what the program inherits of the host's network would be a hole */
	for (unsigned i = 0; i < doomed.n; i++)
		close(doomed.fd[i]);
	return listener;
}

static __noreturn_fn void launch_run_child(struct launch_child *ch)
{
	struct launch_word word;
	char go;
	int err;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != ch->parent)
		_exit(EXIT_NOT_EXECUTABLE);
	sigprocmask(SIG_SETMASK, ch->how->mask, NULL);
	memset(&word, 0, sizeof(word));
	word.listener = ch->how->root ? roots_enter(ch->how->root, ch->how->map_root,
						    &word.own_mounts)
				      : 0;
	if (!word.listener)
		word.listener = launch_filter(ch, &word.facilities);
	else
		word.listener = -ENOTSOCK; /* said already */
	if (word.listener < 0 && launch_own_files())
		_exit(EXIT_NOT_EXECUTABLE);
	close(ch->down[1]); /* ours: the end of the parent shall be seen */
	if (write(ch->up[1], &word, sizeof(word)) != (ssize_t)sizeof(word) ||
	    word.listener < 0 || read(ch->down[0], &go, 1) != 1)
		_exit(EXIT_NOT_EXECUTABLE);
	if (!(ch->how->facilities & FAC_NS_CALLS))
		carried_preload(ch->how->dir, ch->how->preload);
	execvp(ch->argv[0], ch->argv);
	err = errno;
	dprintf(STDERR_FILENO, "warren: %s: %s\n", ch->argv[0], strerror(err));
	_exit(err == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

static bool launch_ended(pid_t pid)
{
	siginfo_t si = {0};

	return waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) || si.si_pid;
}

static int launch_take_listener(struct launch *la, const struct launch_child *ch)
{
	struct pollfd fds = {ch->up[0], POLLIN, 0};
	struct launch_word word;

	/* we have the other end ourselves: its close would not be seen */
	while (poll(&fds, 1, LAUNCH_POLL_MS) == 0)
		if (launch_ended(la->pid))
			return -ECHILD;
	if (read(ch->up[0], &word, sizeof(word)) != (ssize_t)sizeof(word))
		return -ECHILD;
	if (word.listener < 0)
		return word.listener;
	la->facilities = word.facilities;
	la->own_mounts = word.own_mounts;
	la->listener = word.listener;
	return 0;
}

int launch_begin(struct launch *la, char *const argv[], const struct launch_how *how)
{
	struct launch_child ch = {.argv = argv, .how = how, .parent = getpid()};
	struct sock_filter *prog;
	int err = trap_build(how->map_root, &prog, &ch.n);

	if (err)
		return err;
	ch.prog = prog;
	if (pipe2(ch.up, O_CLOEXEC)) {
		err = -errno;
		goto out_free;
	}
	if (pipe2(ch.down, O_CLOEXEC)) {
		err = -errno;
		goto out_up;
	}
	la->listener = -1;
	la->pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (la->pid == 0)
		launch_run_child(&ch);
	err = la->pid < 0 ? -errno : launch_take_listener(la, &ch);
	close(ch.down[0]);
	la->go = ch.down[1];
	if (err && la->pid > 0)
		launch_cancel(la);
	else if (err)
		close(la->go);
out_up:
	close(ch.up[0]);
	close(ch.up[1]);
out_free:
	free(prog);
	return err;
}

int launch_go(struct launch *la)
{
	int err = write(la->go, "g", 1) == 1 ? 0 : -EPIPE;

	close(la->go);
	return err;
}

void launch_cancel(struct launch *la)
{
	close(la->go);
	if (la->listener >= 0)
		close(la->listener);
	waitpid(la->pid, NULL, 0);
}
