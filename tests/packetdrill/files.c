/* SPDX-License-Identifier: MIT */
/*
 * files.c - what the commands of a script see and change
 *
 * The driver mounts an empty directory over /proc/sys/net for the script alone.
 * Here it is filled with a plain file for each tunable, so that the sysctl of the
 * system, or echo, works on it; what was written is taken into the stack before
 * the script goes on. What "ip", "tc" and "ethtool" were asked for comes the same
 * way: the driver's replacements write their words into .commands/. What scripts
 * look for in /proc/net is in .views/, as it was after the last packet.
 */

#include "pd.h"

#include "base/text.h"
#include "core/tunable.h"
#include "core/view.h"
#include "inet/tcp.h"
#include "ip/fib.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMMANDS ".commands"
#define VIEWS	 ".views"

struct watch {
	struct list node;
	int wd;
	char rel[256]; /* below "net/": "ipv4/" */
};

struct listing {
	struct pd *pd;
	const char *rel;
};

static int fill(struct pd *pd, const char *rel);

static void write_text(struct pd *pd, const char *rel, const struct text *text)
{
	char path[1024];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", pd->dir, rel);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	if (write(fd, text->s ? text->s : "", text->len) < 0)
		perror(path);
	close(fd);
}

static void write_file(struct pd *pd, const char *rel)
{
	struct text out;
	char name[300];

	snprintf(name, sizeof(name), "net/%s", rel);
	text_init(&out);
	if (!tunable_read(pd->net, name, &out))
		write_text(pd, rel, &out);
	text_fini(&out);
}

void pd_files_views(struct pd *pd)
{
	static const char *const views[] = {"tcp", "netstat", "snmp"};

	for (int i = 0; i < 3 && pd->dir; i++) {
		char name[32], rel[32];
		struct text out;

		snprintf(name, sizeof(name), "net/%s", views[i]);
		snprintf(rel, sizeof(rel), VIEWS "/%s", views[i]);
		text_init(&out);
		if (!view_text(pd->net, name, &out))
			write_text(pd, rel, &out);
		text_fini(&out);
	}
}

static void one(void *arg, const char *name, bool is_dir)
{
	struct listing *l = arg;
	char rel[256];

	snprintf(rel, sizeof(rel), "%s%s", l->rel, name);
	if (!is_dir) {
		write_file(l->pd, rel);
		return;
	}
	strncat(rel, "/", sizeof(rel) - strlen(rel) - 1);
	fill(l->pd, rel);
}

static int watch(struct pd *pd, const char *rel)
{
	struct watch *wt = calloc(1, sizeof(*wt));
	char path[1024];

	if (!wt)
		return -ENOMEM;
	snprintf(path, sizeof(path), "%s/%s", pd->dir, rel);
	if (mkdir(path, 0755) && errno != EEXIST)
		goto err;
	wt->wd = inotify_add_watch(pd->inotify, path, IN_CLOSE_WRITE);
	if (wt->wd < 0)
		goto err;
	snprintf(wt->rel, sizeof(wt->rel), "%s", rel);
	list_add_tail(&pd->watches, &wt->node);
	return 0;
err:
	free(wt);
	return -errno;
}

static int fill(struct pd *pd, const char *rel)
{
	struct listing l = {pd, rel};
	char name[300];
	size_t n;

	snprintf(name, sizeof(name), "net/%s", rel);
	n = strlen(name);
	name[n - 1] = 0;
	tunable_list(pd->net, name, one, &l);
	return watch(pd, rel); /* behind: our own writing is no news */
}

int pd_files_init(struct pd *pd)
{
	char path[1024];
	int err;

	list_init(&pd->watches);
	pd->inotify = -1;
	if (!pd->dir)
		return 0;
	pd->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (pd->inotify < 0)
		return -errno;
	snprintf(path, sizeof(path), "%s/" VIEWS, pd->dir);
	mkdir(path, 0755);
	pd_files_views(pd);
	err = watch(pd, COMMANDS "/");
	for (int i = 0; i < 2 && !err; i++) {
		const char *const top[] = {"ipv4/", "core/"};

		snprintf(path, sizeof(path), "%s/%s", pd->dir, top[i]);
		mkdir(path, 0755);
		err = fill(pd, top[i]);
	}
	return err;
}

void pd_files_fini(struct pd *pd)
{
	struct watch *wt, *tmp;

	list_for_each_safe(wt, tmp, &pd->watches, node)
		free(wt);
	if (pd->inotify >= 0)
		close(pd->inotify);
}

static ssize_t read_file(struct pd *pd, const char *rel, char *buf, size_t room)
{
	char path[1024];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", pd->dir, rel);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, room - 1);
	close(fd);
	buf[n > 0 ? n : 0] = 0;
	return n;
}

/* ---- ip, tc ---- */

/* "ip route change|replace|add DST via GW dev D [advmss N] [mtu [lock] N]" */
static void route_command(struct pd *pd, char *words)
{
	struct fib_config cfg = {
	    .family = AF_INET,
	    .type = RTN_UNICAST,
	    .protocol = RTPROT_BOOT,
	    .table = RT_TABLE_MAIN,
	    .oif = pd->dev->ifindex,
	    .nl_flags = NLM_F_CREATE | NLM_F_REPLACE,
	    .plen = 32,
	    .scope = RT_SCOPE_LINK,
	};
	char *save, *w = strtok_r(words, " \n", &save), *val;
	int metric;

	if (!w || text_parse_ipaddr(w, &cfg.dst))
		return;
	while ((w = strtok_r(NULL, " \n", &save)) &&
	       (val = strtok_r(NULL, " \n", &save))) {
		bool lock = !strcmp(val, "lock");

		metric = !strcmp(w, "mtu")	  ? RTAX_MTU
			 : !strcmp(w, "advmss")	  ? RTAX_ADVMSS
			 : !strcmp(w, "initcwnd") ? RTAX_INITCWND
						  : 0;
		if (!metric)
			continue; /* via, dev: there is one device, without neighbours
				   */
		if (lock)
			val = strtok_r(NULL, " \n", &save);
		if (!val)
			break;
		cfg.metrics[metric] = (u32)atoi(val);
		cfg.lock |= (u64)lock << metric;
	}
	if (fib_add(pd->net, &cfg, NULL))
		fprintf(stderr, "packetdrill library: ip route failed\n");
}

static void command(struct pd *pd, char *words)
{
	static const char *const verbs[] = {"ip route change ", "ip route replace ",
					    "ip route add "};

	for (int i = 0; i < 3; i++)
		if (!strncmp(words, verbs[i], strlen(verbs[i])))
			route_command(pd, words + strlen(verbs[i]));
	if (!strncmp(words, "tc qdisc ", 9))
		pd->drop_all = strstr(words, "limit 0") != NULL;
	if (!strncmp(words, "ethtool -K ", 11)) {
		if (strstr(words, "tso off"))
			pd->dev->features_gso = false;
		if (strstr(words, "tso on"))
			pd->dev->features_gso = true;
	}
	if (!strncmp(words, "ip tcp_metrics flush", 20))
		tcp_peers_flush(pd->net);
}

/* ---- what was written ---- */

static void taken(struct pd *pd, const char *rel)
{
	char text[1024], name[700];
	ssize_t n = read_file(pd, rel, text, sizeof(text));
	int err;

	if (n < 0)
		return;
	if (!strncmp(rel, COMMANDS "/", sizeof(COMMANDS))) {
		command(pd, text);
		return;
	}
	snprintf(name, sizeof(name), "net/%s", rel);
	err = tunable_write(pd->net, name, text, (size_t)n);
	if (err) {
		fprintf(stderr, "packetdrill library: %s = %s: %s\n", name, text,
			strerror(-err));
		exit(EXIT_FAILURE);
	}
}

void pd_files_sync(struct pd *pd)
{
	char buf[4096] __attribute__((aligned(8)));
	ssize_t n;

	if (pd->inotify < 0)
		return;
	while ((n = read(pd->inotify, buf, sizeof(buf))) > 0) {
		for (char *p = buf; p < buf + n;) {
			struct inotify_event *ev = (struct inotify_event *)(void *)p;
			struct watch *wt;
			char rel[600];

			p += sizeof(*ev) + ev->len;
			list_for_each(wt, &pd->watches, node)
				if (wt->wd == ev->wd && ev->len) {
					snprintf(rel, sizeof(rel), "%s%s", wt->rel,
						 ev->name);
					taken(pd, rel);
				}
		}
	}
}
