/* SPDX-License-Identifier: MIT */
/*
 * doctor.c - warren doctor: what this place allows, and what follows
 *
 * Everything is tried, nothing is concluded from versions or names of places: what a
 * container, a module or a limit forbids says so by its errno. What can do harm or is
 * for ever (a filter, a new user namespace) is tried by a child.
 *
 * One line a matter:
 *	ok	it is there
 *	less	it is not, warren goes another way, and this is what differs
 *	no	it is not, and programs can not run here
 * The status is 0 when programs can run.
 */

#include "cli/cli.h"

#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/types.h"
#include "super/super.h"
#include "super/task.h"
#include "super/trap.h"

enum verdict { OK, LESS, NO };

static bool put(enum verdict v, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Return: may programs still run? */
static bool put(enum verdict v, const char *fmt, ...)
{
	static const char *const words[] = {"ok", "less", "no"};
	va_list ap;

	printf("%-5s ", words[v]);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	return v != NO;
}

/* @fn in a child: its errno, 0 when it succeeds */
static int tried(int (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return errno;
	if (pid == 0)
		_exit(fn() & 0xff);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return EIO;
	return WEXITSTATUS(status);
}

static int try_filter(void)
{
	u32 facilities = ~0U;
	struct sock_filter *prog;
	u16 n;
	int fd = trap_build(false, &prog, &n);

	if (fd)
		return -fd;
	fd = trap_install(prog, n, &facilities);
	return fd < 0 ? -fd : 0;
}

static int try_user_namespace(void)
{
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) ? errno : 0;
}

/* What a supervisor does with its programs: read their memory, stop them */
static int try_child(bool memory)
{
	char here[8] = "1234567", there[8] = "";
	struct iovec from = {here, sizeof(here)}, to = {there, sizeof(there)};
	pid_t pid = fork();
	int err = 0;

	if (pid < 0)
		return errno;
	if (pid == 0) {
		pause();
		_exit(0);
	}
	if (memory && process_vm_readv(pid, &to, 1, &from, 1, 0) != sizeof(here))
		err = errno;
	if (!memory && ptrace(PTRACE_SEIZE, pid, 0, 0))
		err = errno;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return err;
}

static bool doctor_filter(void)
{
	int err = tried(try_filter);

	switch (err) {
	case 0:
		return put(OK, "system calls can be caught (seccomp)");
	case EBUSY:
		return put(NO, "system calls cannot be caught: somebody does already "
			       "(inside a warren, or another program with a seccomp "
			       "listener)");
	case ENOSYS:
	case EINVAL:
		return put(NO,
			   "system calls cannot be caught: this kernel has no seccomp "
			   "user notification (Linux 5.14 or later is wanted)");
	default:
		return put(NO, "system calls cannot be caught: %s", strerror(err));
	}
}

static bool doctor_programs(void)
{
	int memory = try_child(true), stop = try_child(false);
	bool ok = true;

	if (memory)
		ok &= put(NO,
			  "the memory of programs cannot be read: %s "
			  "(process_vm_readv is forbidden here)",
			  strerror(memory));
	else
		ok &= put(OK, "the memory of programs can be read");
	if (stop)
		put(LESS,
		    "programs cannot be stopped (ptrace: %s): a signal ends a "
		    "waiting call late, and unshare with several flags is refused",
		    strerror(stop));
	else
		put(OK, "programs can be stopped for a moment (ptrace)");
	return ok;
}

static bool doctor_tags(void)
{
	struct rlimit lim;

	if (!getrlimit(RLIMIT_LOCKS, &lim) && lim.rlim_max == RLIM_INFINITY)
		return put(OK, "processes can be marked with their namespace");
	return put(NO,
		   "processes cannot be marked with their namespace: the hard limit "
		   "of file locks (RLIMIT_LOCKS) is not unlimited");
}

static bool doctor_files(void)
{
	char runtime[4096];

	if (cli_runtime(runtime, sizeof(runtime)))
		return put(NO, "there is no directory for the files of a warren (see "
			       "above)");
	put(OK, "files of a warren go to %s", runtime);
	if (access("/dev/shm", W_OK))
		put(LESS,
		    "/dev/shm cannot be written: names of namespaces are listed in "
		    "another order than Linux has");
	return true;
}

static void doctor_namespaces(u32 fac)
{
	int err;

	if (fac & FAC_NS_CALLS)
		put(OK, "programs may call unshare, setns, mount");
	else
		put(LESS,
		    "a filter of this place (a container's?) refuses unshare, setns, "
		    "mount: programs load a library that asks for them; static "
		    "programs, and clone() of a namespace, get EPERM");
	err = tried(try_user_namespace);
	if (err)
		put(LESS, "user namespaces cannot be made (%s): no `warren run --root`",
		    strerror(err));
	else
		put(OK, "user namespaces can be made (for --root)");
}

static void doctor_facilities(u32 fac)
{
	if (fac & FAC_PIDFD_GETFD)
		put(OK, "descriptors of programs can be borrowed (pidfd_getfd)");
	else
		put(LESS,
		    "pidfd_getfd is refused: a reset connection looks like its end "
		    "when "
		    "nothing is unread, abstract AF_UNIX names are EPERM, `ip netns "
		    "monitor` hears nothing");
	if (fac & FAC_IOPRIO_HINT)
		put(OK, "a thread may be in a namespace of its own");
	else
		put(LESS, "a thread that enters a namespace takes its process along "
			  "(wants Linux 6.5)");
	if (!(fac & FAC_PIDFD_THREAD))
		put(LESS, "threads cannot be named by a descriptor (wants Linux 6.9): "
			  "calls cost a little more");
}

static void doctor_limits(void)
{
	struct rlimit lim;

	if (!getrlimit(RLIMIT_NOFILE, &lim) && lim.rlim_max < 4096)
		put(LESS,
		    "at most %llu open files: so many sockets all programs of a "
		    "warren may have together",
		    (unsigned long long)lim.rlim_max);
}

int cli_doctor(int argc, char **argv)
{
	struct utsname u;
	u32 fac;
	bool ok;

	(void)argv;
	if (argc > 1) {
		fprintf(stderr, "warren: doctor takes no arguments\n");
		return CLI_FAILED;
	}
	setvbuf(stdout, NULL, _IONBF, 0); /* children must not say it again */
	if (!uname(&u))
		printf("%s %s, %s, user %u\n", u.sysname, u.release, u.machine,
		       (unsigned)geteuid());
	fac = task_probe();
	ok = doctor_filter();
	ok &= doctor_programs();
	ok &= doctor_tags();
	ok &= doctor_files();
	doctor_namespaces(fac);
	doctor_facilities(fac);
	doctor_limits();
	printf(ok ? "Programs can run here.\n" : "Programs cannot run here.\n");
	return ok ? 0 : CLI_FAILED;
}
