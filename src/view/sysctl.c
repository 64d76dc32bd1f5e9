/* SPDX-License-Identifier: MIT */
/*
 * sysctl.c - entries of /proc/sys/net that are kept and change nothing
 *
 * Programs and files like /etc/sysctl.d set them and want no error; what they
 * set in Linux does not exist here: an offload, a cache, a limit of a queue
 * that is another. Each has Linux's default, range, and place (every namespace,
 * or the initial one alone, N7.2), and stands in docs/sysctls.md as one without
 * effect. An entry that gets its mechanism moves to the file of that.
 */

#include "core/part.h"
#include "core/tunable.h"
#include "view/views.h"

#define ANY(p, d)                                                                      \
	{                                                                              \
		.path = "net/" p, .def = { d }                                         \
	}
#define TO(p, d, a, b)                                                                 \
	{                                                                              \
		.path = "net/" p, .def = {d}, .min = (a), .max = (b)                   \
	}
#define INIT(p, d, a, b)                                                               \
	{                                                                              \
		.path = "net/" p, .def = {d}, .min = (a), .max = (b),                  \
		.init_only = true                                                      \
	}

static const struct tunable kept[] = {
    /* every namespace */
    TO("core/optmem_max", 131072, 0, INT32_MAX),
    TO("core/tstamp_allow_data", 1, 0, 1),
    TO("core/txrehash", 1, 0, 1),
    TO("ipv4/fib_notify_on_flag_change", 0, 0, 2),
    TO("ipv4/icmp_echo_enable_probe", 0, 0, 1),
    TO("ipv4/ip_autobind_reuse", 0, 0, 1),
    TO("ipv4/ip_dynaddr", 0, 0, 255),
    TO("ipv4/ip_early_demux", 1, 0, 255),
    TO("ipv4/ip_forward_update_priority", 1, 0, 1),
    TO("ipv4/nexthop_compat_mode", 1, 0, 1),
    TO("ipv4/raw_l3mdev_accept", 1, 0, 1),
    TO("ipv4/udp_child_hash_entries", 0, 0, 65536),
    TO("ipv4/udp_early_demux", 1, 0, 255),
    TO("ipv4/udp_l3mdev_accept", 0, 0, 1),
    TO("ipv4/udp_rmem_min", 4096, 1, INT32_MAX),
    TO("ipv4/udp_wmem_min", 4096, 1, INT32_MAX),
    ANY("unix/max_dgram_qlen", 10),
    /* the initial one alone */
    INIT("core/busy_poll", 0, 0, INT32_MAX),
    INIT("core/busy_read", 0, 0, INT32_MAX),
    INIT("core/dev_weight", 64, 1, INT32_MAX),
    INIT("core/dev_weight_rx_bias", 1, 1, INT32_MAX),
    INIT("core/dev_weight_tx_bias", 1, 1, INT32_MAX),
    INIT("core/fb_tunnels_only_for_init_net", 0, 0, 2),
    INIT("core/flow_limit_table_len", 4096, 0, INT32_MAX),
    INIT("core/gro_normal_batch", 8, 1, INT32_MAX),
    INIT("core/high_order_alloc_disable", 0, 0, 1),
    INIT("core/max_skb_frags", 17, 1, 17),
    INIT("core/mem_pcpu_rsv", 256, 0, INT32_MAX),
    INIT("core/message_burst", 10, INT32_MIN, INT32_MAX),
    INIT("core/message_cost", 5, INT32_MIN, INT32_MAX),
    INIT("core/netdev_budget", 300, INT32_MIN, INT32_MAX),
    INIT("core/netdev_budget_usecs", 8000, 0, INT32_MAX),
    INIT("core/netdev_max_backlog", 1000, INT32_MIN, INT32_MAX),
    INIT("core/netdev_tstamp_prequeue", 1, INT32_MIN, INT32_MAX),
    INIT("core/netdev_unregister_timeout_secs", 10, 1, 3600),
    INIT("core/rps_sock_flow_entries", 0, 0, 1 << 29),
    INIT("core/skb_defer_max", 64, 0, INT32_MAX),
    INIT("core/warnings", 0, INT32_MIN, INT32_MAX),
    INIT("ipv4/fib_sync_mem", 524288, 65536, 67108864),
    INIT("ipv4/inet_peer_maxttl", 600, INT32_MIN, INT32_MAX),
    INIT("ipv4/inet_peer_minttl", 120, INT32_MIN, INT32_MAX),
    INIT("ipv4/inet_peer_threshold", 65664, INT32_MIN, INT32_MAX),
    INIT("ipv4/ipfrag_secret_interval", 0, INT32_MIN, INT32_MAX),
    INIT("ipv4/route/error_burst", 1250, INT32_MIN, INT32_MAX),
    INIT("ipv4/route/error_cost", 250, INT32_MIN, INT32_MAX),
    INIT("ipv4/route/gc_elasticity", 8, INT32_MIN, INT32_MAX),
    INIT("ipv4/route/gc_interval", 60, INT32_MIN, INT32_MAX),
    INIT("ipv4/route/gc_min_interval", 0, INT32_MIN, INT32_MAX),
    INIT("ipv4/route/gc_min_interval_ms", 500, INT32_MIN, INT32_MAX),
    INIT("ipv4/route/gc_thresh", -1, INT32_MIN, INT32_MAX),
    INIT("ipv4/route/gc_timeout", 300, INT32_MIN, INT32_MAX),
    INIT("ipv4/route/max_size", INT32_MAX, INT32_MIN, INT32_MAX),
    INIT("ipv4/route/redirect_load", 5, INT32_MIN, INT32_MAX),
    INIT("ipv4/route/redirect_number", 9, INT32_MIN, INT32_MAX),
    INIT("ipv4/route/redirect_silence", 5120, INT32_MIN, INT32_MAX),
    {
	.path = "net/ipv4/udp_mem",
	.n = 3,
	.def = {575799, 767734, 1151598},
	.max = INT64_MAX,
	.init_only = true,
    },
};

/* Processors, in hexadecimal; there is one worker */
static int mask_changed(struct net *net, const struct tunable *t)
{
	const char *s = tunable_str(net, t);

	return *s && strspn(s, "0123456789abcdefABCDEF,") == strlen(s) ? 0 : -EINVAL;
}

/* The one that a device of ours would have */
static int qdisc_changed(struct net *net, const struct tunable *t)
{
	return strcmp(tunable_str(net, t), "pfifo_fast") != 0 ? -ENOENT : 0;
}

/* Linux draws it when a card asks for one */
static int rss_key_read(struct net *net, const struct tunable *t, struct text *out)
{
	(void)net;
	(void)t;
	for (int i = 0; i < 52; i++)
		text_printf(out, "%s00", i ? ":" : "");
	text_printf(out, "\n");
	return 0;
}

/* The tables of Linux are shared: a child says so by the sign */
static int udp_hash_read(struct net *net, const struct tunable *t, struct text *out)
{
	(void)t;
	text_printf(out, "%d\n", net_is_init(net) ? 16384 : -16384);
	return 0;
}

static const struct tunable shown[] = {
    {
	.path = "net/ipv4/udp_hash_entries",
	.mode = 0444,
	.type = TUNABLE_CUSTOM,
	.read = udp_hash_read,
    },
    {
	.path = "net/core/rps_default_mask",
	.type = TUNABLE_STRING,
	.def_s = "0",
	.changed = mask_changed,
    },
    {
	.path = "net/core/flow_limit_cpu_bitmap",
	.type = TUNABLE_STRING,
	.def_s = "0",
	.changed = mask_changed,
	.init_only = true,
    },
    {
	.path = "net/core/netdev_rss_key",
	.mode = 0444,
	.type = TUNABLE_CUSTOM,
	.read = rss_key_read,
	.init_only = true,
    },
    {
	.path = "net/core/default_qdisc",
	.type = TUNABLE_STRING,
	.def_s = "pfifo_fast",
	.changed = qdisc_changed,
	.init_only = true,
    },
};

static int sysctl_boot(struct warren *w)
{
	int err = tunable_register(w, &sysctl_part, kept, ARRAY_SIZE(kept));

	return err ? err : tunable_register(w, &sysctl_part, shown, ARRAY_SIZE(shown));
}

const struct part sysctl_part = {
    .name = "sysctl",
    .id = PART_SYSCTL,
    .boot = sysctl_boot,
};
