/* SPDX-License-Identifier: MIT */
/*
 * linkattr.c - the attributes that every RTM_NEWLINK may carry
 */

#include "link/linkattr.h"

const struct nla_policy link_policy[IFLA_MAX + 1] = {
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
    [IFLA_MIN_MTU] = {.type = NLA_U32},
    [IFLA_MAX_MTU] = {.type = NLA_U32},
};

int link_attr_net(const struct caller *c, const struct nlattr *const tb[],
		  struct net *def, struct net **out, struct ext_ack *ack)
{
	const struct nlattr *pid = tb[IFLA_NET_NS_PID], *fd = tb[IFLA_NET_NS_FD],
			    *id = tb[IFLA_TARGET_NETNSID];
	int err = 0;

	if (!!pid + !!fd + !!id > 1) {
		ack_set(ack, "multiple netns identifying attributes specified");
		return -EINVAL;
	}
	if (pid) {
		err = caller_net_by_pid(c, (int)nla_get_u32(pid), out);
	} else if (fd) {
		err = caller_net_by_fd(c, (int)nla_get_u32(fd), out);
	} else {
		*out = id ? nsid_find(c->net, nla_get_s32(id)) : def;
		if (!*out)
			return -EINVAL;
		net_get(*out);
	}
	if (err)
		return err;
	if (!caller_can_in(c, *out, CAP_NET_ADMIN)) {
		net_put(*out);
		return -EPERM;
	}
	return 0;
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

int link_apply_attrs(struct dev *dev, const struct nlattr *const tb[],
		     struct ext_ack *ack)
{
	int err = 0;

	if (tb[IFLA_IFNAME])
		nla_strscpy(dev->name, tb[IFLA_IFNAME], sizeof(dev->name));
	if (!err && tb[IFLA_MTU])
		err = dev_set_mtu(dev, nla_get_u32(tb[IFLA_MTU]), ack);
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
	return 0;
}
