/* SPDX-License-Identifier: MIT */
/*
 * stack.c - the packetdrill library: a warren, its device, its time
 *
 * Time is virtual. It moves when the script sleeps, and by a microsecond when it
 * looks at the clock twice in a row (packetdrill spins on the clock for the last
 * microseconds before an event). So a script of minutes runs in milliseconds and
 * always the same way.
 *
 * A call of the other thread that blocks is asked again at each round of news.
 * The mover of time waits until it has tried (seen_round), and if it then returns,
 * until it has also read the clock: packetdrill notes there when the call ended.
 */

#include "pd.h"

#include "base/bug.h"
#include "base/text.h"
#include "core/dev.h"
#include "core/warren.h"
#include "core/worker.h"
#include "ip/addr4.h"
#include "ip/fib.h"
#include "parts.h"
#include "wire/inet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define START_NS      (1000 * NS_PER_S) /* no timestamp is zero */
#define PATIENCE_NS   (600 * NS_PER_S)	/* of the script, for something to happen */
#define PATIENCE_REAL 2			/* seconds of the host, for the other thread */

/* ---- the device ---- */

static struct pd *pd_of(const struct dev *dev)
{
	return *(struct pd **)dev_priv(dev);
}

static int tun_xmit(struct dev *dev, struct pkt *p)
{
	struct pd *pd = pd_of(dev);

	if (pd->drop_all) {
		pkt_free(p);
		return -ENOBUFS;
	}
	BUG_ON(pkt_csum_finish(p) || pkt_linearize(p));
	pkt_scrub(p, true);
	p->stamp_ns = clock_wall(pd->w);
	list_add_tail(&pd->sent, &p->node);
	return 0;
}

static bool tun_input(struct dev *dev, struct pkt *p)
{
	(void)dev;
	p->proto = cpu_to_be16(ETH_P_IP);
	p->type = PKT_HOST;
	return true;
}

static const struct dev_ops tun_ops = {.xmit = tun_xmit};

static void tun_setup(struct dev *dev)
{
	dev->ops = &tun_ops;
	dev->type = ARPHRD_NONE;
	dev->flags = IFF_POINTOPOINT | IFF_NOARP | IFF_MULTICAST;
	dev->mtu = 1500;
	dev->min_mtu = 68;
	dev->max_mtu = 65535;
	dev->link_input = tun_input;
	dev->features_csum = dev->features_gso = true;
}

static const struct dev_kind tun_kind = {
    .name = "packetdrill",
    .pattern = "tun%d",
    .priv_size = sizeof(struct pd *),
    .setup = tun_setup,
};

int pd_packet_in(struct pd *pd, const void *ip, size_t n)
{
	struct pkt *p = pkt_new(pd->net->worker, 0, (u32)n);

	if (!p)
		return -ENOMEM;
	memcpy(pkt_put(p, (u32)n), ip, n);
	path_input(pd->dev, p);
	return 0;
}

/* ---- time ---- */

void pd_lock(struct pd *pd)
{
	pthread_mutex_lock(&pd->lock);
}

void pd_unlock(struct pd *pd)
{
	pthread_mutex_unlock(&pd->lock);
}

static struct timespec patience(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += PATIENCE_REAL;
	return ts;
}

/* Let the blocked call try again, and leave if it can */
static void tell_blocked(struct pd *pd)
{
	struct timespec end = patience();

	if (!pd->blocked)
		return;
	pd->round++;
	pthread_cond_broadcast(&pd->news);
	while ((pd->blocked && pd->seen_round != pd->round) || pd->leaving)
		if (pthread_cond_timedwait(&pd->settled, &pd->lock, &end))
			break;
}

void pd_settle(struct pd *pd)
{
	worker_settle(pd->w->worker);
	if (pthread_equal(pthread_self(), pd->script)) {
		tell_blocked(pd);
		worker_settle(pd->w->worker);
	}
}

static bool advance(struct pd *pd, u64 until)
{
	u64 next;

	pd_settle(pd);
	next = min(worker_deadline(pd->w->worker), until);
	if (pd->blocked && pd->wake_ns > pd_now(pd))
		next = min(next, pd->wake_ns);
	if (next <= pd_now(pd) && next == until)
		return false;
	clock_set(&pd->w->clock, next);
	pd_settle(pd);
	return true;
}

void pd_run_until(struct pd *pd, u64 ns)
{
	while (pd_now(pd) < ns && advance(pd, ns))
		;
}

bool pd_wait(struct pd *pd, u64 until)
{
	u64 round;

	if (pd_now(pd) >= until)
		return false;
	if (pthread_equal(pthread_self(), pd->script)) {
		if (until == ~0ULL)
			until = pd_now(pd) + PATIENCE_NS;
		return advance(pd, until);
	}
	round = pd->round;
	pd->blocked = true;
	pd->wake_ns = until;
	pd->seen_round = round;
	pthread_cond_broadcast(&pd->settled);
	while (pd->round == round)
		pthread_cond_wait(&pd->news, &pd->lock);
	return true;
}

void pd_leave(struct pd *pd)
{
	if (pthread_equal(pthread_self(), pd->script))
		return;
	pd->leaving = pd->blocked;
	pd->blocked = false;
	if (!pd->leaving)
		pthread_cond_broadcast(&pd->settled);
}

/* ---- birth and end ---- */

static bool flag(const char *flags, const char *name, char *out, size_t room)
{
	const char *p = flags ? strstr(flags, name) : NULL;
	size_t n;

	if (!p)
		return false;
	p += strlen(name);
	n = strcspn(p, ",");
	if (n >= room)
		return false;
	memcpy(out, p, n);
	out[n] = 0;
	return true;
}

static void tun_new(struct pd *pd, const char *flags)
{
	struct ifaddr4 a = {.scope = RT_SCOPE_UNIVERSE, .flags = IFA_F_PERMANENT};
	struct fib_config route = {
	    .family = AF_INET,
	    .dst = ipaddr_v4(0),
	    .type = RTN_UNICAST,
	    .scope = RT_SCOPE_LINK,
	    .protocol = RTPROT_STATIC,
	    .table = RT_TABLE_MAIN,
	    .nl_flags = NLM_F_CREATE | NLM_F_EXCL,
	};
	char text[64];

	BUG_ON(dev_new(pd->net, &tun_kind, "tun0", &pd->dev));
	*(struct pd **)dev_priv(pd->dev) = pd;
	if (flag(flags, "mtu=", text, sizeof(text)))
		pd->dev->mtu = (u32)atoi(text);
	BUG_ON(dev_register(pd->dev));
	dev_hold(pd->dev);
	dev_set_carrier(pd->dev, true);
	BUG_ON(dev_open(pd->dev));
	if (!flag(flags, "local=", text, sizeof(text)))
		strcpy(text, "192.168.0.1");
	BUG_ON(text_parse_ip4(text, &a.local));
	a.address = a.local;
	a.plen = 16;
	a.mask = ip4_mask(a.plen);
	a.valid_s = a.preferred_s = 0xffffffff;
	strcpy(a.label, "tun0");
	BUG_ON(addr4_add(pd->dev, &a, false, NULL));
	route.oif = pd->dev->ifindex;
	BUG_ON(fib_add(pd->net, &route, NULL));
}

struct pd *pd_new(const char *flags)
{
	struct warren_config cfg = {
	    .parts = warren_parts, .seed = 1, .virtual_time = true};
	struct pd *pd = calloc(1, sizeof(*pd));
	char text[256];

	BUG_ON(!pd);
	pthread_mutex_init(&pd->lock, NULL);
	pthread_cond_init(&pd->news, NULL);
	pthread_cond_init(&pd->settled, NULL);
	pd->script = pthread_self();
	list_init(&pd->sent);
	BUG_ON(warren_new(&cfg, &pd->w));
	clock_set(&pd->w->clock, START_NS);
	pd->net = pd->w->init_net;
	if (pd->net->lo)
		BUG_ON(dev_open(pd->net->lo));
	tun_new(pd, flags);
	if (flag(flags, "dir=", text, sizeof(text)))
		pd->dir = strdup(text);
	if (pd_files_init(pd)) {
		fprintf(stderr, "packetdrill library: cannot use %s\n", text);
		exit(EXIT_FAILURE);
	}
	pd_settle(pd);
	return pd;
}

void pd_free(struct pd *pd)
{
	struct pkt *p;

	pd_files_fini(pd);
	while ((p = list_first(&pd->sent, struct pkt, node))) {
		list_del(&p->node);
		pkt_free(p);
	}
	dev_unregister(pd->dev);
	dev_put(pd->dev);
	warren_free(pd->w);
	free((void *)(uintptr_t)pd->dir);
	free(pd);
}
