/* SPDX-License-Identifier: MIT */
/*
 * veth.c - a pair of devices: what one sends, the other receives
 *
 * The two ends may be in different namespaces, and are re-paired to nothing
 * when one goes: deleting either deletes both, also when its namespace dies
 * (N1.24, N4.16). Each has a carrier while both are up.
 *
 * A packet crosses uncut and with its checksum partial: nothing between the
 * ends can corrupt it. What must not cross is taken off by pkt_scrub() (N4.24).
 *
 * Creation numbers the peer first, as Linux does (N4.3).
 */

#include "link/veth.h"

#include "core/cross.h"
#include "link/ether.h"
#include "link/linkattr.h"

#include <linux/rtnetlink.h>
#include <linux/veth.h>

#define VETH_MIN_MTU 68
#define VETH_MAX_MTU 65535

struct veth {
	struct dev *peer; /* held; NULL before the pair is made and after it went */
};

static struct veth *veth(const struct dev *dev)
{
	return dev_priv(dev);
}

static int veth_xmit(struct dev *dev, struct pkt *p)
{
	struct dev *peer = veth(dev)->peer;

	if (!peer || peer->state != DEV_REGISTERED || !dev_is_up(peer)) {
		dev->stats.tx_dropped++;
		pkt_drop(dev->net, p, DROP_NO_CARRIER);
		return 0;
	}
	dev->stats.tx_packets += p->gso_segs ? p->gso_segs : 1;
	dev->stats.tx_bytes += p->len;
	pkt_scrub(p, dev->net != peer->net);
	cross_packet(peer, p);
	return 0;
}

/* A carrier needs both ends up */
static int veth_open(struct dev *dev)
{
	struct dev *peer = veth(dev)->peer;

	if (!peer)
		return -ENOTCONN;
	if (dev_is_up(peer)) {
		dev_set_carrier(dev, true);
		dev_set_carrier(peer, true);
	}
	return 0;
}

static void veth_stop(struct dev *dev)
{
	struct dev *peer = veth(dev)->peer;

	dev_set_carrier(dev, false);
	if (peer)
		dev_set_carrier(peer, false);
}

static struct dev *veth_peer(const struct dev *dev)
{
	return veth(dev)->peer;
}

static const struct dev_ops veth_ops = {
    .xmit = veth_xmit,
    .open = veth_open,
    .stop = veth_stop,
    .peer = veth_peer,
};

static void veth_setup(struct dev *dev)
{
	ether_setup(dev);
	dev->ops = &veth_ops;
	dev->max_mtu = VETH_MAX_MTU;
	dev->features_csum = dev->features_gso = true;
	ether_random_addr(dev->net, dev->addr);
}

static void veth_dellink(struct dev *dev)
{
	struct dev *peer = veth(dev)->peer;

	if (peer)
		veth(peer)->peer = NULL;
	veth(dev)->peer = NULL;
	dev_close(dev);
	if (peer)
		dev_close(peer);
	dev_unregister(dev);
	if (peer) {
		dev_unregister(peer);
		dev_put(peer); /* what dev held of it, and it of dev */
		dev_put(dev);
	}
}

/* Both are registered: hold each other, no carrier yet */
static void pair(struct dev *a, struct dev *b)
{
	dev_hold(a);
	dev_hold(b);
	veth(a)->peer = b;
	veth(b)->peer = a;
	dev_set_carrier(b, false);
	dev_set_carrier(a, false);
}

struct peer_spec {
	const struct nlattr *tb[LINK_ATTR_MAX + 1];
	struct ifinfomsg ifm;
	bool given;
};

static int read_peer(const struct nlattr *data, struct peer_spec *spec,
		     struct ext_ack *ack)
{
	const struct nlattr *info =
	    data ? nla_find(nla_data(data), nla_len(data), VETH_INFO_PEER) : NULL;
	struct nlattr_err bad = {0};
	int err;

	memset(spec, 0, sizeof(*spec));
	if (!info)
		return 0;
	if (nla_len(info) < sizeof(spec->ifm))
		return -EINVAL;
	spec->given = true;
	memcpy(&spec->ifm, nla_data(info), sizeof(spec->ifm));
	if (spec->ifm.ifi_index < 0) {
		ack_attr(ack, info, "ifindex can't be negative");
		return -EINVAL;
	}
	err = nla_parse(spec->tb, LINK_ATTR_MAX,
			(const u8 *)nla_data(info) + sizeof(spec->ifm),
			nla_len(info) - (u32)sizeof(spec->ifm), link_policy,
			NL_VALIDATE_LIBERAL, &bad);
	if (err)
		ack_attr(ack, bad.attr, bad.msg);
	return err;
}

static int new_peer(struct net *net, const struct peer_spec *spec,
		    const struct dev *like, struct dev **out, struct ext_ack *ack)
{
	struct dev *peer;
	int err = dev_new(net, like->kind, NULL, &peer);

	if (err)
		return err;
	peer->ifindex = spec->ifm.ifi_index;
	err = link_apply_attrs(peer, spec->tb, ack);
	if (!err)
		err = dev_register(peer);
	if (err) {
		dev_discard(peer);
		return err;
	}
	*out = peer;
	return 0;
}

static int veth_validate(const struct nlattr *const tb[], const struct nlattr *data,
			 struct ext_ack *ack)
{
	struct peer_spec spec;
	int err = link_check_ether(tb, VETH_MIN_MTU, VETH_MAX_MTU);

	if (!err)
		err = read_peer(data, &spec, ack);
	return err ? err : link_check_ether(spec.tb, VETH_MIN_MTU, VETH_MAX_MTU);
}

static int veth_newlink(struct dev *dev, struct caller *caller,
			const struct nlattr *const tb[], const struct nlattr *data,
			struct ext_ack *ack)
{
	struct peer_spec spec;
	struct net *net;
	struct dev *peer;
	int err = read_peer(data, &spec, ack);

	if (err)
		return err;
	if (!spec.given) { /* the peer is made as the first is, but for the name */
		memcpy(spec.tb, tb, sizeof(spec.tb));
		spec.tb[IFLA_IFNAME] = spec.tb[IFLA_ADDRESS] = NULL;
	}
	/* Without a word it is made where the request was */
	err = link_attr_peer_net(caller, spec.tb, caller->net, &net);
	if (err)
		return err;
	err = new_peer(net, &spec, dev, &peer, ack);
	net_put(net);
	if (err)
		return err;
	err = dev_register(dev);
	if (err) {
		dev_unregister(peer);
		return err;
	}
	pair(dev, peer);
	if (spec.given && spec.ifm.ifi_flags)
		dev_set_flags(peer, spec.ifm.ifi_flags,
			      spec.ifm.ifi_change ? spec.ifm.ifi_change : ~0U);
	return 0;
}

static const struct dev_kind veth_kind = {
    .name = "veth",
    .pattern = "veth%d",
    .priv_size = sizeof(struct veth),
    .setup = veth_setup,
    .validate = veth_validate,
    .newlink = veth_newlink,
    .dellink = veth_dellink,
};

static int new_end(struct net *net, const char *name, struct dev **out)
{
	int err = dev_new(net, &veth_kind, name, out);

	if (err)
		return err;
	err = dev_register(*out);
	if (err)
		dev_discard(*out);
	return err;
}

int veth_pair(struct net *net_a, const char *name_a, struct net *net_b,
	      const char *name_b, struct dev **out_a, struct dev **out_b)
{
	struct dev *a, *b;
	int err = new_end(net_b, name_b, &b);

	if (err)
		return err;
	err = new_end(net_a, name_a, &a);
	if (err) {
		dev_unregister(b);
		return err;
	}
	pair(a, b);
	*out_a = a;
	*out_b = b;
	return 0;
}

static int veth_boot(struct warren *w)
{
	return kind_register(w, &veth_part, &veth_kind);
}

const struct part veth_part = {
    .name = "veth",
    .id = PART_VETH,
    .boot = veth_boot,
};
