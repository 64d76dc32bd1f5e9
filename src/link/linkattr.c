/* SPDX-License-Identifier: MIT */
/*
 * linkattr.c - the attributes that every RTM_NEWLINK may carry
 */

#include "link/linkattr.h"

#define QUEUES_MAX 4096
#define REFUSED	   "Attribute failed policy validation"

const struct nla_policy link_policy[LINK_ATTR_MAX + 1] = {
    [IFLA_IFNAME] = {.type = NLA_STRING, .len = IFNAMSIZ - 1},
    [IFLA_ADDRESS] = {.type = NLA_BINARY, .len = 32},
    [IFLA_BROADCAST] = {.type = NLA_BINARY, .len = 32},
    [IFLA_MAP] = {.type = NLA_EXACT_LEN, .len = sizeof(struct rtnl_link_ifmap)},
    [IFLA_MTU] = {.type = NLA_U32},
    [IFLA_LINK] = {.type = NLA_U32},
    [IFLA_MASTER] = {.type = NLA_U32},
    [IFLA_CARRIER] = {.type = NLA_U8},
    [IFLA_TXQLEN] = {.type = NLA_U32},
    [IFLA_WEIGHT] = {.type = NLA_U32},
    [IFLA_OPERSTATE] = {.type = NLA_U8},
    [IFLA_LINKMODE] = {.type = NLA_U8},
    [IFLA_LINKINFO] = {.type = NLA_NESTED},
    [IFLA_NET_NS_PID] = {.type = NLA_U32},
    [IFLA_NET_NS_FD] = {.type = NLA_U32},
    [IFLA_IFALIAS] = {.type = NLA_BINARY, .len = 255},
    [IFLA_AF_SPEC] = {.type = NLA_NESTED},
    [IFLA_EXT_MASK] = {.type = NLA_U32},
    [IFLA_PROMISCUITY] = {.type = NLA_U32},
    [IFLA_NUM_TX_QUEUES] = {.type = NLA_U32},
    [IFLA_NUM_RX_QUEUES] = {.type = NLA_U32},
    [IFLA_GSO_MAX_SEGS] = {.type = NLA_U32},
    [IFLA_GSO_MAX_SIZE] = {.type = NLA_U32},
    [IFLA_CARRIER_CHANGES] = {.type = NLA_U32},
    [IFLA_LINK_NETNSID] = {.type = NLA_S32},
    [IFLA_PROTO_DOWN] = {.type = NLA_U8},
    [IFLA_GROUP] = {.type = NLA_U32},
    [IFLA_TARGET_NETNSID] = {.type = NLA_S32},
    [IFLA_NEW_IFINDEX] = {.type = NLA_S32, .min = 1, .max = INT32_MAX},
    [IFLA_ALT_IFNAME] = {.type = NLA_STRING, .len = 127},
    [IFLA_PROP_LIST] = {.type = NLA_NESTED},
    [IFLA_PERM_ADDRESS] = {.type = NLA_REJECT, .reject = REFUSED},
    [LINK_NETNS_IMMUTABLE] = {.type = NLA_REJECT, .reject = REFUSED},
    [IFLA_PROTO_DOWN_REASON] = {.type = NLA_NESTED},
    [IFLA_MIN_MTU] = {.type = NLA_U32},
    [IFLA_MAX_MTU] = {.type = NLA_U32},
};

/* Only who may configure it may put devices there */
static int checked_net(const struct caller *c, struct net **out)
{
	if (caller_can_in(c, *out, CAP_NET_ADMIN))
		return 0;
	net_put(*out);
	return -EPERM;
}

int link_attr_peer_net(const struct caller *c, const struct nlattr *const tb[],
		       struct net *def, struct net **out)
{
	const struct nlattr *pid = tb[IFLA_NET_NS_PID], *fd = tb[IFLA_NET_NS_FD];
	int err = 0;

	if (pid) {
		err = caller_net_by_pid(c, (int)nla_get_u32(pid), out);
	} else if (fd) {
		err = caller_net_by_fd(c, (int)nla_get_u32(fd), out);
	} else {
		*out = def;
		net_get(*out);
	}
	return err ? err : checked_net(c, out);
}

int link_attr_net(const struct caller *c, const struct nlattr *const tb[],
		  struct net *def, struct net **out, struct ext_ack *ack)
{
	const struct nlattr *pid = tb[IFLA_NET_NS_PID], *fd = tb[IFLA_NET_NS_FD],
			    *id = tb[IFLA_TARGET_NETNSID];

	if (!!pid + !!fd + !!id > 1) {
		ack_set(ack, "multiple netns identifying attributes specified");
		return -EINVAL;
	}
	if (!id)
		return link_attr_peer_net(c, tb, def, out);
	*out = nsid_find(c->net, nla_get_s32(id));
	if (!*out)
		return -EINVAL;
	net_get(*out);
	return checked_net(c, out);
}

int link_check_ether(const struct nlattr *const tb[], u32 lowest, u32 highest)
{
	const struct nlattr *mac = tb[IFLA_ADDRESS], *mtu = tb[IFLA_MTU];
	static const u8 zero[6];

	if (mac && nla_len(mac) != sizeof(zero))
		return -EINVAL;
	if (mac && (*(const u8 *)nla_data(mac) & 1 || !memcmp(nla_data(mac), zero, 6)))
		return -EADDRNOTAVAIL;
	if (mtu && (nla_get_u32(mtu) < lowest || nla_get_u32(mtu) > highest))
		return -EINVAL;
	return 0;
}

static int apply_hwaddr(u8 *to, const struct dev *dev, const struct nlattr *nla)
{
	if (nla_len(nla) < dev->addr_len)
		return -EINVAL;
	memcpy(to, nla_data(nla), dev->addr_len);
	return 0;
}

int link_check_gso(const struct nlattr *const tb[], struct ext_ack *ack)
{
	if (tb[IFLA_GSO_MAX_SIZE] &&
	    nla_get_u32(tb[IFLA_GSO_MAX_SIZE]) > TSO_MAX_SIZE) {
		ack_set(ack, "too big gso_max_size");
		return -EINVAL;
	}
	if (tb[IFLA_GSO_MAX_SEGS] &&
	    nla_get_u32(tb[IFLA_GSO_MAX_SEGS]) > TSO_MAX_SEGS) {
		ack_set(ack, "too big gso_max_segs");
		return -EINVAL;
	}
	return 0;
}

static int apply_queues(struct dev *dev, const struct nlattr *const tb[],
			struct ext_ack *ack)
{
	u32 tx = tb[IFLA_NUM_TX_QUEUES] ? nla_get_u32(tb[IFLA_NUM_TX_QUEUES]) : 1;
	u32 rx = tb[IFLA_NUM_RX_QUEUES] ? nla_get_u32(tb[IFLA_NUM_RX_QUEUES]) : 1;

	if (tx < 1 || tx > QUEUES_MAX) {
		ack_set(ack, "Invalid number of transmit queues");
		return -EINVAL;
	}
	if (rx < 1 || rx > QUEUES_MAX) {
		ack_set(ack, "Invalid number of receive queues");
		return -EINVAL;
	}
	dev->n_txq = (u16)tx;
	dev->n_rxq = (u16)rx;
	return 0;
}

int link_apply_attrs(struct dev *dev, const struct nlattr *const tb[],
		     struct ext_ack *ack)
{
	int err = link_check_gso(tb, ack);

	if (!err && tb[IFLA_IFNAME])
		nla_strscpy(dev->name, tb[IFLA_IFNAME], sizeof(dev->name));
	if (!err && tb[IFLA_MTU])
		err = dev_set_mtu(dev, nla_get_u32(tb[IFLA_MTU]), NULL); /* no text */
	if (!err && tb[IFLA_ADDRESS]) {
		err = apply_hwaddr(dev->addr, dev, tb[IFLA_ADDRESS]);
		dev->perm_addr_assigned = 1;
	}
	if (!err && tb[IFLA_BROADCAST])
		err = apply_hwaddr(dev->broadcast, dev, tb[IFLA_BROADCAST]);
	if (err)
		return err;
	if (tb[IFLA_TXQLEN])
		dev->txqlen = nla_get_u32(tb[IFLA_TXQLEN]);
	if (tb[IFLA_LINKMODE])
		dev->linkmode = nla_get_u8(tb[IFLA_LINKMODE]);
	if (tb[IFLA_GROUP])
		dev->group = nla_get_u32(tb[IFLA_GROUP]);
	if (tb[IFLA_GSO_MAX_SIZE])
		dev->gso_max_size = nla_get_u32(tb[IFLA_GSO_MAX_SIZE]);
	if (tb[IFLA_GSO_MAX_SEGS])
		dev->gso_max_segs = nla_get_u32(tb[IFLA_GSO_MAX_SEGS]);
	return apply_queues(dev, tb, ack);
}
