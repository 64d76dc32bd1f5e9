/* SPDX-License-Identifier: MIT */
/*
 * net.c - birth, references, death of a namespace; nsid
 *
 * Birth: one allocation holds struct net and the state of all parts; net_init
 * of each part in the order of parts.c; then the net is listed and EV_NET_BORN
 * raised. A failure runs net_exit of those done, backwards, and nobody has
 * seen the net.
 *
 * Death (N1.21, synchronous here): (1) out of the list, so no lookup finds it;
 * (2) every viewer's id of it is withdrawn (EV_NSID_DEL); (3) pre_exit of each
 * part, backwards: dev's, the first part, comes last and unregisters the
 * devices in reverse order of birth, lo last, while everybody can still listen;
 * (4) exit of each part, backwards; (5) the memory, with the last holder.
 */

#include "core/net.h"

#include "base/bug.h"
#include "core/event.h"
#include "core/hook.h"
#include "core/sock.h"
#include "core/tunable.h"

static void exit_parts(struct net *net)
{
	while (net->n_init-- > 0) {
		const struct part *part = net->w->parts[net->n_init];

		if (part->net_exit)
			part->net_exit(net);
	}
	tunable_net_exit(net);
	table_fini(&net->dev_by_name);
	table_fini(&net->dev_by_index);
	table_fini(&net->dev_by_altname);
}

static int init_parts(struct net *net)
{
	for (; net->w->parts[net->n_init]; net->n_init++) {
		const struct part *part = net->w->parts[net->n_init];
		int err = part->net_init ? part->net_init(net) : 0;

		if (err)
			return err;
	}
	return 0;
}

int net_new(struct warren *w, const char *name, struct net **out)
{
	return net_new_by(w, name, NULL, out);
}

int net_new_by(struct warren *w, const char *name, const struct net *creator,
	       struct net **out)
{
	struct net *net = mem_alloc(&w->mem, w->net_size);
	int err;

	if (!net)
		return -ENOMEM;
	net->w = w;
	net->worker = w->worker;
	net->creator = creator;
	list_init(&net->node);
	list_init(&net->dying_node);
	count_init(&net->users);
	count_init(&net->holders);
	net->cookie = w->next_cookie++;
	strncpy(net->name, name, sizeof(net->name) - 1);
	random_seed(&net->random, random_next(&w->random));
	net->mix = random_u32(net);
	mem_init(&net->mem, &w->mem, w->mem.fault);
	quota_net_init(net);
	list_init(&net->devs);
	table_init(&net->dev_by_name);
	table_init(&net->dev_by_index);
	table_init(&net->dev_by_altname);
	list_init(&net->socks);
	list_init(&net->taps);
	for (int i = 0; i < HOOK_NR; i++)
		list_init(&net->hooks[i]);
	list_init(&net->nsids);
	list_init(&net->nsids_of_me);

	/* So that parts may ask net_is_init() while the first net is being born */
	if (list_empty(&w->nets) && !w->init_net)
		w->init_net = net;
	err = init_parts(net);
	if (err)
		goto err_parts;
	err = table_add(&w->net_by_cookie, &net->by_cookie, (u32)net->cookie);
	if (err)
		goto err_parts;
	net->creator = NULL;
	net->state = NET_ALIVE;
	list_add_tail(&w->nets, &net->node);
	w->n_nets++;
	event_raise(net, EV_NET_BORN, NULL);
	*out = net;
	return 0;

err_parts:
	if (w->init_net == net)
		w->init_net = NULL;
	net->state = NET_DYING;
	exit_parts(net);
	mem_free(&w->mem, net);
	return err;
}

void net_get(struct net *net)
{
	count_get(&net->users);
}

void net_put(struct net *net)
{
	if (count_put(&net->users) && net->state == NET_ALIVE)
		list_add_tail(&net->worker->dying, &net->dying_node);
}

void net_hold(struct net *net)
{
	count_get(&net->holders);
}

void net_release(struct net *net)
{
	struct warren *w = net->w;

	if (!count_put(&net->holders))
		return;
	BUG_ON(net->state != NET_DEAD);
	DEBUG_ASSERT(net->mem.count == 0);
	mem_free(&w->mem, net);
}

struct net *net_by_cookie(struct warren *w, u64 cookie)
{
	for (struct table_node *n = table_first(&w->net_by_cookie, (u32)cookie); n;
	     n = table_next(n)) {
		struct net *net = container_of(n, struct net, by_cookie);

		if (net->cookie == cookie)
			return net;
	}
	return NULL;
}

static void nsid_free(struct nsid *id)
{
	list_del(&id->viewer_node);
	list_del(&id->of_node);
	id->viewer->n_nsids--;
	net_free(id->viewer, id);
}

static void forget_nsids(struct net *net)
{
	struct nsid *id, *tmp;

	list_for_each_safe(id, tmp, &net->nsids_of_me, of_node) {
		if (id->viewer != net)
			event_raise(id->viewer, EV_NSID_DEL, id);
		nsid_free(id);
	}
	list_for_each_safe(id, tmp, &net->nsids, viewer_node)
		nsid_free(id);
}

void net_take_down(struct net *net)
{
	struct warren *w = net->w;

	BUG_ON(net->state != NET_ALIVE);
	net->state = NET_DYING;
	list_del(&net->dying_node);
	list_del(&net->node);
	w->n_nets--;
	table_del(&w->net_by_cookie, &net->by_cookie);
	event_raise(net, EV_NET_DYING, NULL);
	forget_nsids(net);
	for (int i = net->n_init; i-- > 0;)
		if (w->parts[i]->net_pre_exit)
			w->parts[i]->net_pre_exit(net);
	exit_parts(net);
	if (w->init_net == net)
		w->init_net = NULL;
	net->state = NET_DEAD;
	net_release(net);
}

/* ---- nsid ---- */

/* The entry stands in two lists; one of them is short (a hub names many, each of them
 * names few), so both are walked in step */
static struct nsid *nsid_entry(const struct net *viewer, const struct net *of)
{
	const struct list *a = viewer->nsids.next, *b = of->nsids_of_me.next;

	for (; a != &viewer->nsids && b != &of->nsids_of_me; a = a->next, b = b->next) {
		struct nsid *x = list_entry(a, struct nsid, viewer_node);
		struct nsid *y = list_entry(b, struct nsid, of_node);

		if (x->of == of)
			return x;
		if (y->viewer == viewer)
			return y;
	}
	return NULL;
}

s32 nsid_of(const struct net *viewer, const struct net *of)
{
	const struct nsid *id = nsid_entry(viewer, of);

	return id ? id->id : NSID_NONE;
}

struct net *nsid_find(const struct net *viewer, s32 want)
{
	const struct nsid *id;

	list_for_each(id, &viewer->nsids, viewer_node)
		if (id->id == want)
			return id->of;
	return NULL;
}

/* Behind which entry does @*want (< 0: the lowest free, told) belong? NULL: it is
 * taken. The viewer's list is kept in order of id, so a dump comes out sorted. */
static struct list *nsid_place(struct net *viewer, s32 *want)
{
	struct list *l = viewer->nsids.prev;
	s64 next = l == &viewer->nsids
		       ? 0
		       : list_entry(l, struct nsid, viewer_node)->id + (s64)1;
	s32 gap = 0;

	/* Nearly always: without a gap, or behind all */
	if (*want < 0 && next == viewer->n_nsids && next <= INT32_MAX)
		*want = (s32)next;
	if (*want >= next)
		return l;
	for (l = viewer->nsids.next; l != &viewer->nsids; l = l->next, gap++) {
		s32 id = list_entry(l, struct nsid, viewer_node)->id;

		if (*want == id)
			return NULL;
		if (*want >= 0 ? id > *want : id != gap)
			break;
	}
	if (*want < 0)
		*want = gap;
	return l->prev;
}

int nsid_set(struct net *viewer, struct net *of, s32 want)
{
	struct list *behind;
	struct nsid *id;

	if (nsid_entry(viewer, of))
		return -EEXIST;
	behind = nsid_place(viewer, &want);
	if (!behind)
		return -EBUSY;
	id = net_alloc(viewer, sizeof(*id));
	if (!id)
		return -ENOMEM;
	id->viewer = viewer;
	id->of = of;
	id->id = want;
	list_add_tail(behind->next, &id->viewer_node);
	list_add_tail(&of->nsids_of_me, &id->of_node);
	viewer->n_nsids++;
	event_raise(viewer, EV_NSID_NEW, id);
	return 0;
}

s32 nsid_get(struct net *viewer, struct net *of)
{
	s32 id = nsid_of(viewer, of);

	if (id != NSID_NONE)
		return id;
	if (viewer->state != NET_ALIVE || of->state != NET_ALIVE ||
	    nsid_set(viewer, of, -1))
		return NSID_NONE;
	return nsid_of(viewer, of);
}
