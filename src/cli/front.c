/* SPDX-License-Identifier: MIT */
/*
 * front.c - the process the shell sees, in front of the supervisor
 *
 * Two processes watch each other, so that nothing of a warren stays behind
 * whichever of them is killed. The front forks the supervisor and waits.
 *
 *   the front is killed        the supervisor is told (PDEATHSIG, SIGTERM),
 *                              ends all programs and cleans up
 *   the supervisor is killed   its orphans fall to the front, a subreaper,
 *                              which kills them one generation after another;
 *                              the directory goes when the next warren starts
 *
 * Otherwise the front is a shadow: it hands on signals that were sent to it by
 * name (the terminal's reach the whole job anyway), stops when the supervisor
 * stops, and ends as it ends.
 */

#include "cli/front.h"

#include "cli/cli.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "super/task.h"

/* Return: true when the supervisor ended; its status */
static bool front_reap(pid_t super, int *status)
{
	pid_t pid;
	int st;

	while ((pid = waitpid(-1, &st, WNOHANG | WUNTRACED)) > 0) {
		if (pid != super)
			continue;
		*status = st;
		if (!WIFSTOPPED(st))
			return true;
		kill(getpid(), SIGSTOP);
		kill(super, SIGCONT);
	}
	return false;
}

static void front_kill_orphans(void)
{
	do {
		task_kill_children(SIGKILL);
	} while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
}

static int front_wait(const sigset_t *heard, pid_t super)
{
	siginfo_t si;
	int status = 0;

	while (!front_reap(super, &status)) {
		int sig = sigwaitinfo(heard, &si);

		if (sig <= 0 || sig == SIGCHLD || sig == SIGTSTP || sig == SIGTTIN ||
		    sig == SIGTTOU)
			continue;
		if (si.si_code <= 0 || sig == SIGHUP || sig == SIGTERM)
			kill(super, sig);
	}
	if (WIFSIGNALED(status))
		front_kill_orphans();
	return cli_status(status);
}

int front_run(int (*fn)(void *arg), void *arg)
{
	static const int sigs[] = {SIGCHLD, SIGINT,  SIGTERM, SIGHUP,
				   SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};
	sigset_t heard, old;
	pid_t front = getpid(), super;

	sigemptyset(&heard);
	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++)
		sigaddset(&heard, sigs[i]);
	sigprocmask(SIG_BLOCK, &heard, &old);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	super = fork();
	if (super < 0)
		return CLI_FAILED;
	if (super == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != front)
			_exit(CLI_FAILED);
		sigprocmask(SIG_SETMASK, &old, NULL);
		return fn(arg);
	}
	return front_wait(&heard, super);
}
