/* SPDX-License-Identifier: MIT */
/*
 * plane_loose.c - the last close of a carrier that cannot tell of it
 *
 * A carrier that is connected to our end hangs up. Others (fresh, listening,
 * dead) are loose; of those the host is asked (unix_diag, by inode): when a task
 * ended, when an address is in use that might not be any more, and after calls,
 * ever more rarely. Without pidfd_getfd we ourselves hold some carriers; there, and
 * where the host has no unix_diag, the descriptors of all our processes are looked
 * through instead.
 */

#include "super/plane_impl.h"

#include <dirent.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/net.h"
#include "core/warren.h"
#include "super/task.h"

#define SWEEP_FIRST (50 * NS_PER_MS)
#define SWEEP_LAST  (2 * NS_PER_S)

bool carrier_empty(const struct endpoint *ep)
{
	int queued = 0;

	return !ioctl(ep->src.fd, SIOCOUTQ, &queued) && !queued;
}

/* ---- the last close of what tells us nothing ---- */

struct diag_req {
	struct nlmsghdr h;
	struct unix_diag_req r;
};

static struct diag_req diag_request(u32 ino, bool dump)
{
	return (struct diag_req){
	    .h = {.nlmsg_len = sizeof(struct diag_req),
		  .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		  .nlmsg_flags = (u16)(NLM_F_REQUEST | (dump ? NLM_F_DUMP : 0))},
	    .r = {.sdiag_family = AF_UNIX,
		  .udiag_states = ~0U,
		  .udiag_ino = ino,
		  .udiag_cookie = {~0U, ~0U}},
	};
}

/* Is there a socket of this inode on the host? When we cannot know: yes */
static bool diag_knows(int diag, u64 ino)
{
	struct diag_req req = diag_request((u32)ino, false);
	struct {
		struct nlmsghdr h;
		int error;
		u8 more[1024];
	} ans;
	ssize_t n;

	if (diag < 0 || send(diag, &req, sizeof(req), 0) != (ssize_t)sizeof(req))
		return true;
	n = recv(diag, &ans, sizeof(ans), 0);
	return n < (ssize_t)(sizeof(ans.h) + sizeof(ans.error)) ||
	       ans.h.nlmsg_type != NLMSG_ERROR || ans.error != -ENOENT;
}

bool carrier_alive(struct endpoint *ep)
{
	return diag_knows(ep->plane->diag, ep->ident.ino);
}

void plane_open_diag(struct plane *pl, bool use)
{
	struct stat st;

	pl->diag =
	    use ? socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG) : -1;
	if (pl->diag < 0 ||
	    (!fstat(pl->listener.fd, &st) && diag_knows(pl->diag, st.st_ino)))
		return;
	close(pl->diag); /* it says of what is there that it is not */
	pl->diag = -1;
}

static u32 unread_by_ioctl(struct endpoint *ep)
{
	int n = 0, carrier = ep_borrow(ep);

	if (carrier < 0)
		return 0;
	ioctl(carrier, FIONREAD, &n);
	close(carrier);
	return (u32)n;
}

/* Bytes in the carrier that the program has not read */
u32 carrier_unread(struct endpoint *ep)
{
	struct diag_req req = diag_request((u32)ep->ident.ino, false);
	struct {
		struct nlmsghdr h;
		struct unix_diag_msg um;
		struct nlattr nla;
		struct unix_diag_rqlen len;
		u8 more[256];
	} got;

	if (carrier_empty(ep))
		return 0;
	if (ep->plane->diag < 0)
		return unread_by_ioctl(ep);
	req.r.udiag_show = UDIAG_SHOW_RQLEN;
	if (send(ep->plane->diag, &req, sizeof(req), 0) != (ssize_t)sizeof(req) ||
	    recv(ep->plane->diag, &got, sizeof(got), 0) <
		(ssize_t)offsetof(__typeof__(got), more) ||
	    got.h.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    got.nla.nla_type != UNIX_DIAG_RQLEN)
		return 0;
	return got.len.udiag_rqueue;
}

static void sweep_mark(struct plane *pl, u64 dev, const struct nlmsghdr *h, size_t len)
{
	for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		const struct unix_diag_msg *um = NLMSG_DATA(h);
		struct endpoint *ep;

		if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY)
			continue;
		ep = ep_of(super_ident(pl->s, dev, um->udiag_ino));
		if (ep)
			ep->seen = pl->sweep;
	}
}

/* All at once. Return: false: nothing is known */
static bool sweep_dump(struct plane *pl, u64 dev)
{
	struct diag_req req = diag_request(0, true);
	struct nlmsghdr *h = (void *)pl->buf;
	ssize_t n;

	if (send(pl->diag, &req, sizeof(req), 0) != (ssize_t)sizeof(req))
		return false;
	do {
		n = recv(pl->diag, pl->buf, sizeof(pl->buf), 0);
		if (n < (ssize_t)sizeof(*h) || h->nlmsg_type == NLMSG_ERROR)
			return false;
		sweep_mark(pl, dev, h, (size_t)n);
	} while (h->nlmsg_type != NLMSG_DONE);
	return true;
}

static struct unix_info unix_info_of(const struct nlmsghdr *h)
{
	const struct unix_diag_msg *um = NLMSG_DATA(h);
	struct unix_info u = {
	    .ino = um->udiag_ino,
	    .type = um->udiag_type,
	    .state = um->udiag_state,
	};
	const u8 *at = (const u8 *)(um + 1), *end = (const u8 *)h + h->nlmsg_len;

	while (end - at >= (ptrdiff_t)sizeof(struct nlattr)) {
		struct nlattr a;
		u32 len;

		memcpy(&a, at, sizeof(a));
		len = a.nla_len;
		if (len < sizeof(a) || len > (size_t)(end - at))
			break;
		if (a.nla_type == UNIX_DIAG_NAME) {
			u.name = (const char *)at + sizeof(a);
			u.name_len = len - (u32)sizeof(a);
		} else if (a.nla_type == UNIX_DIAG_PEER && len >= sizeof(a) + 4) {
			memcpy(&u.peer, at + sizeof(a), 4);
		}
		at += min((len + 3) & ~3U, (u32)(end - at));
	}
	return u;
}

bool plane_unix_dump(struct plane *pl, bool all,
		     void (*fn)(struct super *s, const struct unix_info *u, void *arg),
		     void *arg)
{
	struct diag_req req = diag_request(0, true);
	struct nlmsghdr *h;
	ssize_t n;

	if (all)
		req.r.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER;
	if (pl->diag < 0 ||
	    send(pl->diag, &req, sizeof(req), 0) != (ssize_t)sizeof(req))
		return false;
	for (;;) {
		size_t len;

		n = recv(pl->diag, pl->buf, sizeof(pl->buf), 0);
		h = (void *)pl->buf;
		if (n < (ssize_t)sizeof(*h) || h->nlmsg_type == NLMSG_ERROR)
			return false;
		for (len = (size_t)n; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
			struct unix_info u;

			if (h->nlmsg_type == NLMSG_DONE)
				return true;
			if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY)
				continue;
			u = unix_info_of(h);
			fn(pl->s, &u, arg);
		}
	}
}

u32 plane_unix_peer(struct plane *pl, u32 ino)
{
	struct diag_req req = diag_request(ino, false);
	struct {
		struct nlmsghdr h;
		struct unix_diag_msg um;
		struct nlattr nla;
		u32 peer;
		u8 more[256];
	} got;

	req.r.udiag_show = UDIAG_SHOW_PEER;
	if (pl->diag < 0 ||
	    send(pl->diag, &req, sizeof(req), 0) != (ssize_t)sizeof(req) ||
	    recv(pl->diag, &got, sizeof(got), 0) <
		(ssize_t)offsetof(__typeof__(got), more) ||
	    got.h.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    got.nla.nla_type != UNIX_DIAG_PEER)
		return 0;
	return got.peer;
}

/* ---- the same without pidfd_getfd: we hold them, too, so look who else does ---- */

static void sweep_process(struct super *s, pid_t pid, void *arg)
{
	u64 dev = *(u64 *)arg;
	char path[64], text[64];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (!dir)
		return;
	while ((d = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), d->d_name, text, sizeof(text) - 1);
		unsigned long long ino;
		struct endpoint *ep;

		text[max(n, (ssize_t)0)] = '\0';
		if (sscanf(text, "socket:[%llu]", &ino) != 1)
			continue;
		ep = ep_of(super_ident(s, dev, ino));
		if (ep)
			ep->seen = s->plane->sweep;
	}
	closedir(dir);
}

/* Nobody has its carrier any more */
static void sweep_end(struct endpoint *ep)
{
	ep->hup = true;
	ep->prog_shut = false;
	if (ep->src.fd >= 0 && ep->state == EP_JOINED)
		ep_pump(ep); /* what it wrote before */
	else
		ep_free(ep);
}

static bool sweep_files(struct plane *pl)
{
	struct endpoint *ep = list_first(&pl->loose, struct endpoint, loose), *tmp;
	bool any = false;

	if (!ep)
		return false;
	pl->sweep++;
	task_for_each(pl->s, sweep_process, &ep->ident.dev);
	list_for_each_safe(ep, tmp, &pl->loose, loose) {
		if (ep->seen == pl->sweep || ep == pl->busy) {
			ep->missed = 0;
		} else if (++ep->missed >= 2) { /* once: it may be in flight */
			any = true;
			sweep_end(ep);
		}
	}
	return any;
}

bool plane_sweep(struct plane *pl)
{
	struct endpoint *ep = list_first(&pl->loose, struct endpoint, loose), *tmp;
	bool few, any = false;

	if (pl->keep || pl->diag < 0)
		return sweep_files(pl);
	if (!ep)
		return false;
	few = ep->loose.next == &pl->loose || ep->loose.next->next == &pl->loose;
	pl->sweep++;
	if (!few && !sweep_dump(pl, ep->ident.dev))
		return false;
	list_for_each_safe(ep, tmp, &pl->loose, loose) {
		if (ep == pl->busy || (few ? carrier_alive(ep) : ep->seen == pl->sweep))
			continue;
		any = true;
		sweep_end(ep);
	}
	return any;
}

bool plane_sweep_hard(struct plane *pl)
{
	bool any = plane_sweep(pl);

	return pl->keep || pl->diag < 0 ? plane_sweep(pl) || any : any;
}

void plane_sweep_timer(struct timer *t)
{
	struct plane *pl = container_of(t, struct plane, sweep_timer);

	pl->busy = NULL; /* no call is being done now */
	plane_sweep(pl);
	pl->sweep_delay_ns = min(pl->sweep_delay_ns * 2, SWEEP_LAST);
	if (!list_empty(&pl->loose))
		timer_set_at(t, clock_now(pl->s->w) + pl->sweep_delay_ns);
}

void plane_kick(struct super *s, bool soon)
{
	struct plane *pl = s->plane;

	if (!pl || list_empty(&pl->loose))
		return;
	if (soon)
		pl->sweep_delay_ns = SWEEP_FIRST;
	else if (timer_pending(&pl->sweep_timer))
		return;
	if (!pl->sweep_delay_ns)
		pl->sweep_delay_ns = SWEEP_FIRST;
	timer_set_at(&pl->sweep_timer,
		     clock_now(s->w) + (soon ? NS_PER_MS : pl->sweep_delay_ns));
}
