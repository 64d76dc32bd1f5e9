/* SPDX-License-Identifier: MIT */
/*
 * launch.c - start a program under the filter
 *
 * The parent forks. The child gives up new privileges, closes what it inherited
 * of the host's network, installs the filter, writes the number of the
 * listener's descriptor into a pipe and waits on another. The parent takes the
 * listener with pidfd_getfd, since a sendmsg of the child would be trapped
 * already and nobody would answer. When the parent serves the listener it
 * writes one byte, and the child goes on to execve. When the parent is gone
 * the child reads the end of the pipe and ends.
 *
 * The child dies with its parent (PDEATHSIG); its own children do not, but each
 * call that the filter traps then fails with ENOSYS.
 */

#include "super/launch.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
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

#include "super/trap.h"

enum {
	EXIT_NOT_FOUND = 127,
	EXIT_NOT_EXECUTABLE = 126,
};

/* What the child says before it waits. */
struct launch_word {
	int listener; /* number in the child, or a negative errno */
	u32 facilities;
};

struct launch_child {
	char *const *argv;
	const struct sock_filter *prog;
	u16 n;
	u32 facilities;
	pid_t parent;
	int up[2], down[2];
	const sigset_t *mask;
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

/* What the program inherits of the host's network would be a hole. */
static int launch_close_host_net(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *d;
	int bad = -1;

	if (!dir)
		return -errno;
	while ((d = readdir(dir))) {
		int fd = atoi(d->d_name);

		if (d->d_name[0] == '.' || fd == dirfd(dir) || !fd_is_host_net(fd))
			continue;
		if (fd <= STDERR_FILENO)
			bad = fd;
		else
			close(fd);
	}
	closedir(dir);
	if (bad < 0)
		return 0;
	dprintf(STDERR_FILENO,
		"warren: descriptor %d is a socket of the host's network; "
		"the program may not have it\n",
		bad);
	return -ENOTSOCK;
}

static __noreturn_fn void launch_run_child(struct launch_child *ch)
{
	struct launch_word word;
	char go;
	int err;

	close(ch->up[0]);
	close(ch->down[1]);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != ch->parent)
		_exit(EXIT_NOT_EXECUTABLE);
	sigprocmask(SIG_SETMASK, ch->mask, NULL);
	err = launch_close_host_net();
	word.facilities = ch->facilities;
	word.listener = err ? err : trap_install(ch->prog, ch->n, &word.facilities);
	if (write(ch->up[1], &word, sizeof(word)) != (ssize_t)sizeof(word) ||
	    word.listener < 0 || read(ch->down[0], &go, 1) != 1)
		_exit(EXIT_NOT_EXECUTABLE);
	close(word.listener);
	close(ch->up[1]);
	close(ch->down[0]);
	execvp(ch->argv[0], ch->argv);
	err = errno;
	dprintf(STDERR_FILENO, "warren: %s: %s\n", ch->argv[0], strerror(err));
	_exit(err == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

static int launch_take_listener(struct launch *la, int up)
{
	struct launch_word word;
	int pidfd, err = 0;

	if (read(up, &word, sizeof(word)) != (ssize_t)sizeof(word))
		return -ECHILD;
	if (word.listener < 0)
		return word.listener;
	la->facilities = word.facilities;
	pidfd = (int)syscall(SYS_pidfd_open, la->pid, 0);
	if (pidfd < 0)
		return -errno;
	la->listener = (int)syscall(SYS_pidfd_getfd, pidfd, word.listener, 0);
	if (la->listener < 0)
		err = -errno;
	close(pidfd);
	return err;
}

int launch_begin(struct launch *la, char *const argv[], bool map_root, u32 facilities,
		 const sigset_t *mask)
{
	struct launch_child ch = {
	    .argv = argv,
	    .facilities = facilities,
	    .parent = getpid(),
	    .mask = mask,
	};
	struct sock_filter *prog;
	int err = trap_build(map_root, &prog, &ch.n);

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
	la->pid = fork();
	if (la->pid == 0)
		launch_run_child(&ch);
	err = la->pid < 0 ? -errno : 0;
	close(ch.down[0]);
	close(ch.up[1]);
	ch.up[1] = -1;
	la->go = ch.down[1];
	if (!err) {
		err = launch_take_listener(la, ch.up[0]);
		if (err)
			launch_cancel(la);
	} else {
		close(la->go);
	}
out_up:
	close(ch.up[0]);
	if (ch.up[1] >= 0)
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
