/* SPDX-License-Identifier: MIT */
/*
 * run.c - warren run: a program in a new warren
 */

#include "cli/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/front.h"
#include "core/warren.h"
#include "parts.h"
#include "super/super.h"

struct run_options {
	char name[80];
	const char *root;
	bool map_root, wait;
	int verbose;
	u32 disable;
};

static void run_log(void *arg, enum log_level level, const char *line)
{
	static const char *const prefix[LOG_LEVEL_NR] = {"error: ", "warning: ", "",
							 ""};

	(void)arg;
	fprintf(stderr, "warren: %s%s\n", prefix[level], line);
}

/* Names of facilities, for -v and for the switch of tests */
static const struct {
	u32 bit;
	const char *name;
} facilities[] = {
    {FAC_WAIT_KILLABLE, "wait-killable"}, {FAC_SYNC_WAKE_UP, "sync-wake-up"},
    {FAC_PIDFD_THREAD, "pidfd-thread"},	  {FAC_PIDFD_GETFD, "pidfd-getfd"},
    {FAC_IOPRIO_HINT, "ioprio-hint"},	  {FAC_UNIX_DIAG, "unix-diag"},
    {FAC_NS_CALLS, "namespace-calls"},
};

static u32 run_parse_disable(const char *list)
{
	u32 bits = 0;

	for (size_t i = 0; i < ARRAY_SIZE(facilities); i++)
		if (strstr(list, facilities[i].name))
			bits |= facilities[i].bit;
	return bits;
}

static void run_say_facilities(const struct super *s)
{
	fprintf(stderr, "warren: the host has:");
	for (size_t i = 0; i < ARRAY_SIZE(facilities); i++)
		fprintf(stderr, " %s%s", s->facilities & facilities[i].bit ? "" : "no ",
			facilities[i].name);
	fprintf(stderr, "\n");
}

/* Return: 0, or the exit status to end with */
static int run_parse(int argc, char **argv, struct run_options *o)
{
	static const struct option options[] = {
	    {"name", required_argument, NULL, 'n'},
	    {"map-root-user", no_argument, NULL, 'r'},
	    {"root", required_argument, NULL, 'R'},
	    {"wait", no_argument, NULL, 'w'},
	    {"verbose", no_argument, NULL, 'v'},
	    {"disable", required_argument, NULL, 'd'}, /* for tests */
	    {NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "+n:rv", options, NULL)) != -1) {
		switch (c) {
		case 'n':
			if (!cli_name_ok(optarg)) {
				fprintf(stderr, "warren: \"%s\" cannot name a warren\n",
					optarg);
				return CLI_FAILED;
			}
			text_format(o->name, sizeof(o->name), "%s", optarg);
			break;
		case 'r':
			o->map_root = true;
			break;
		case 'R':
			o->root = optarg;
			break;
		case 'w':
			o->wait = true;
			break;
		case 'v':
			o->verbose++;
			break;
		case 'd':
			o->disable = run_parse_disable(optarg);
			break;
		default:
			return CLI_FAILED;
		}
	}
	if (optind < argc)
		return 0;
	fprintf(stderr, "warren: run: which program? See warren --help\n");
	return CLI_FAILED;
}

static int run_start_failed(const struct run_options *o, int err)
{
	if (err == -EEXIST)
		fprintf(stderr, "warren: a warren called %s is running\n", o->name);
	else if (o->root && (err == -ENOENT || err == -ENOTDIR))
		fprintf(stderr, "warren: %s: %s\n", o->root, strerror(-err));
	else if (err != -ENOTSOCK)
		fprintf(stderr, "warren: cannot start: %s\n", strerror(-err));
	return CLI_FAILED;
}

static int run_in(const struct super_config *cfg, const struct run_options *o,
		  char **argv)
{
	struct super *s;
	int status, err;

	err = super_new(cfg, &s);
	if (err)
		return run_start_failed(o, err);
	err = super_start(s, argv);
	if (err) {
		status = run_start_failed(o, err);
	} else {
		if (o->verbose)
			run_say_facilities(s);
		status = cli_status(super_loop(s));
	}
	super_free(s);
	return status;
}

struct run {
	struct run_options o;
	char **argv;
};

static int run_super(void *arg)
{
	struct run *r = arg;
	struct run_options *o = &r->o;
	char runtime[4096];
	struct super_config cfg;
	struct warren_config wc = {.parts = warren_parts};
	struct warren *w;
	int status;

	if (!o->name[0])
		text_format(o->name, sizeof(o->name), "%d", (int)getpid());
	if (cli_runtime(runtime, sizeof(runtime)))
		return CLI_FAILED;
	wc.log.level = o->verbose > 1	 ? LOG_LEVEL_DEBUG
		       : o->verbose == 1 ? LOG_LEVEL_INFO
					 : LOG_LEVEL_WARN;
	wc.log.sink = run_log;
	status = warren_new(&wc, &w);
	if (status) {
		fprintf(stderr, "warren: cannot make a stack: %s\n", strerror(-status));
		return CLI_FAILED;
	}
	cfg = (struct super_config){
	    .name = o->name,
	    .runtime = runtime,
	    .root = o->root,
	    .preload = getenv("LD_PRELOAD"),
	    .map_root = o->map_root,
	    .wait = o->wait,
	    .disable = o->disable,
	    .w = w,
	    .log = wc.log,
	};
	status = run_in(&cfg, o, r->argv);
	warren_free(w);
	return status;
}

int cli_run(int argc, char **argv)
{
	struct run r = {0};
	int status = run_parse(argc, argv, &r.o);

	if (status)
		return status;
	r.argv = argv + optind;
	return front_run(run_super, &r);
}
