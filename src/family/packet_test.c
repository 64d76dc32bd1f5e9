/* SPDX-License-Identifier: MIT */
/* packet_test.c - packet sockets over a veth pair between two nets, in virtual time */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/dev.h"
#include "core/sock.h"
#include "core/worker.h"
#include "family/packet.h"
#include "link/veth.h"
#include "parts.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include <cmocka.h>

struct world {
	struct warren *w;
	struct net *a, *b;
	struct dev *v0, *v1;
};

static int setup(void **state)
{
	struct world *wd = calloc(1, sizeof(*wd));
	struct warren_config cfg = {
	    .parts = warren_parts, .seed = 3, .virtual_time = true};

	assert_int_equal(warren_new(&cfg, &wd->w), 0);
	wd->a = wd->w->init_net;
	net_get(wd->a);
	assert_int_equal(net_new(wd->w, "b", &wd->b), 0);
	assert_int_equal(veth_pair(wd->a, "v0", wd->b, "v1", &wd->v0, &wd->v1), 0);
	assert_int_equal(dev_open(wd->v0), 0);
	assert_int_equal(dev_open(wd->v1), 0);
	*state = wd;
	return 0;
}

static int teardown(void **state)
{
	struct world *wd = *state;

	net_put(wd->a);
	net_put(wd->b);
	warren_free(wd->w);
	free(wd);
	return 0;
}

static void settle(struct world *wd)
{
	worker_settle(wd->w->worker);
}

static struct sock *packet(struct net *net, int type, u16 proto)
{
	struct sock *sk;

	assert_int_equal(sock_create(net, NULL, AF_PACKET, type,
				     (__force u16)cpu_to_be16(proto), &sk),
			 0);
	return sk;
}

static int bind_to(struct sock *sk, s32 ifindex, u16 proto)
{
	struct sockaddr_ll ll = {
	    .sll_family = AF_PACKET,
	    .sll_ifindex = ifindex,
	    .sll_protocol = cpu_to_be16(proto),
	};

	return sk->ops->bind(sk, NULL, (struct sockaddr *)&ll, sizeof(ll));
}

static const u8 frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,   0,
			     0,	   0,	 0,    1,    0x88, 0xb5, 'h', 'i'};

static ssize_t send_to(struct sock *sk, const void *data, size_t len, s32 ifindex,
		       u16 proto, u8 mac_end)
{
	struct sockaddr_storage name = {0};
	struct sockaddr_ll *ll = (struct sockaddr_ll *)&name;
	struct iovec iov = {(void *)(uintptr_t)data, len};
	struct msg m = {.iov = &iov, .n_iov = 1};

	if (ifindex) {
		*ll = (struct sockaddr_ll){
		    .sll_family = AF_PACKET,
		    .sll_ifindex = ifindex,
		    .sll_protocol = cpu_to_be16(proto),
		    .sll_halen = 6,
		    .sll_addr = {2, 0, 0, 0, 0, mac_end},
		};
		m.name = &name;
		m.name_len = sizeof(*ll);
	}
	return sk->ops->send(sk, &m);
}

static ssize_t take(struct sock *sk, void *buf, size_t len, int flags,
		    struct sockaddr_ll *from)
{
	struct sockaddr_storage name = {0};
	struct iovec iov = {buf, len};
	struct msg m = {.iov = &iov, .n_iov = 1, .name = &name, .flags = flags};
	ssize_t n = sk->ops->recv(sk, &m);

	if (from)
		memcpy(from, &name, sizeof(*from));
	return n;
}

static int set_opt(struct sock *sk, int level, int name, const void *val, socklen_t len)
{
	return sock_set_opt(sk, NULL, level, name, val, len);
}

static void test_raw(void **state)
{
	struct world *wd = *state;
	struct sock *tx = packet(wd->a, SOCK_RAW, 0);
	struct sock *rx = packet(wd->b, SOCK_RAW, ETH_P_ALL);
	struct sock *near = packet(wd->a, SOCK_RAW, ETH_P_ALL);
	struct sockaddr_ll ll;
	u8 buf[100];

	assert_int_equal(send_to(tx, frame, sizeof(frame), 0, 0, 0), -ENXIO);
	assert_int_equal(send_to(tx, frame, 10, wd->v0->ifindex, 0, 0), -EINVAL);
	assert_int_equal(send_to(tx, frame, sizeof(frame), wd->v0->ifindex, 0, 0),
			 sizeof(frame));
	settle(wd);
	assert_int_equal(take(rx, buf, sizeof(buf), 0, &ll), sizeof(frame));
	assert_memory_equal(buf, frame, sizeof(frame));
	assert_int_equal(ll.sll_pkttype, PACKET_BROADCAST);
	assert_int_equal(ll.sll_ifindex, wd->v1->ifindex);
	assert_int_equal(be16_to_cpu(ll.sll_protocol), 0x88b5);
	assert_memory_equal(ll.sll_addr, frame + 6, 6);
	assert_int_equal(take(rx, buf, sizeof(buf), 0, NULL), -EAGAIN);
	/* another socket hears what goes out; the sender does not */
	assert_int_equal(take(near, buf, 20, MSG_TRUNC, &ll), sizeof(frame));
	assert_int_equal(ll.sll_pkttype, PACKET_OUTGOING);
	assert_int_equal(take(near, buf, 20, 0, &ll), -EAGAIN);
	assert_int_equal(bind_to(near, wd->v0->ifindex, ETH_P_ALL), 0);
	send_to(near, frame, sizeof(frame), 0, 0, 0);
	settle(wd);
	assert_int_equal(take(near, buf, 20, 0, &ll), -EAGAIN);
	sock_release(tx);
	sock_release(rx);
	sock_release(near);
}

static void test_dgram(void **state)
{
	struct world *wd = *state;
	struct sock *tx = packet(wd->a, SOCK_DGRAM, 0);
	struct sock *rx = packet(wd->b, SOCK_DGRAM, 0x88b5);
	struct sock *other = packet(wd->b, SOCK_DGRAM, 0x88b6);
	struct sockaddr_ll ll;
	u8 buf[100];

	assert_int_equal(send_to(tx, "hello", 5, wd->v0->ifindex, 0x88b5, 9), 5);
	settle(wd);
	assert_int_equal(take(rx, buf, sizeof(buf), 0, &ll), 5);
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(ll.sll_pkttype, PACKET_OTHERHOST);
	assert_memory_equal(ll.sll_addr, wd->v0->addr, 6);
	assert_int_equal(take(other, buf, sizeof(buf), 0, &ll), -EAGAIN);
	sock_release(tx);
	sock_release(rx);
	sock_release(other);
}

/* N3.16 */
static void test_device(void **state)
{
	struct world *wd = *state;
	struct sock *sk = packet(wd->a, SOCK_RAW, ETH_P_ALL);
	struct packet_mreq mr = {.mr_ifindex = wd->v0->ifindex,
				 .mr_type = PACKET_MR_PROMISC};
	struct sockaddr_storage name;
	struct packet_info pi;
	socklen_t len;
	u8 buf[8];

	assert_int_equal(bind_to(sk, 99, 0), -ENODEV);
	assert_int_equal(bind_to(sk, wd->v0->ifindex, 0), 0);
	assert_int_equal(
	    set_opt(sk, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mr, sizeof(mr)), 0);
	assert_int_equal(
	    set_opt(sk, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mr, sizeof(mr)), 0);
	assert_int_equal(wd->v0->promisc, 1);
	dev_close(wd->v0);
	assert_int_equal(take(sk, buf, sizeof(buf), 0, NULL), -ENETDOWN);
	assert_int_equal(send_to(sk, frame, sizeof(frame), 0, 0, 0), -ENETDOWN);
	packet_info(sk, &pi);
	assert_false(pi.running);
	assert_int_equal(dev_open(wd->v0), 0);
	packet_info(sk, &pi);
	assert_true(pi.running);
	assert_int_equal(dev_move(wd->v0, wd->b, NULL, 0, NULL), 0);
	assert_int_equal(wd->v0->promisc, 0);
	assert_int_equal(take(sk, buf, sizeof(buf), 0, NULL), -ENETDOWN);
	assert_int_equal(send_to(sk, frame, sizeof(frame), 0, 0, 0), -ENXIO);
	assert_int_equal(sk->ops->name(sk, false, &name, &len), 0);
	assert_int_equal(((struct sockaddr_ll *)&name)->sll_ifindex, -1);
	sock_release(sk);
}

static void test_filter(void **state)
{
	struct world *wd = *state;
	struct sock *tx = packet(wd->a, SOCK_RAW, 0);
	struct sock *rx = packet(wd->b, SOCK_RAW, ETH_P_ALL);
	struct sock_filter prog[] = {
	    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x88b5, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, 20),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog fp = {ARRAY_SIZE(prog), prog};
	struct sock_filter back[8];
	socklen_t len = 8;
	u8 other[60], buf[100];

	assert_int_equal(set_opt(rx, SOL_SOCKET, SO_ATTACH_FILTER, &fp, sizeof(fp)), 0);
	assert_int_equal(sock_get_opt(rx, SOL_SOCKET, SO_GET_FILTER, back, &len), 0);
	assert_int_equal(len, ARRAY_SIZE(prog));
	assert_memory_equal(back, prog, sizeof(prog));
	memcpy(other, frame, sizeof(frame));
	other[13] = 0xb6;
	send_to(tx, other, sizeof(other), wd->v0->ifindex, 0, 0);
	send_to(tx, frame, sizeof(frame), wd->v0->ifindex, 0, 0);
	settle(wd);
	assert_int_equal(take(rx, buf, sizeof(buf), MSG_TRUNC, NULL), 20);
	assert_int_equal(take(rx, buf, sizeof(buf), 0, NULL), -EAGAIN);
	prog[1].jt = 3;
	assert_int_equal(set_opt(rx, SOL_SOCKET, SO_ATTACH_FILTER, &fp, sizeof(fp)),
			 -EINVAL);
	assert_int_equal(
	    set_opt(rx, SOL_SOCKET, SO_LOCK_FILTER, &(int){1}, sizeof(int)), 0);
	assert_int_equal(
	    set_opt(rx, SOL_SOCKET, SO_DETACH_FILTER, &(int){0}, sizeof(int)), -EPERM);
	sock_release(tx);
	sock_release(rx);
}

static u8 *map(struct sock *sk, size_t size)
{
	int fd = -1;
	u8 *mem;

	assert_int_equal(sk->ops->map(sk, 0, size + 1, &fd), -EINVAL);
	assert_int_equal(sk->ops->map(sk, 0, size, &fd), 0);
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(mem != MAP_FAILED);
	return mem;
}

static struct tpacket_stats_v3 statistics(struct sock *sk)
{
	struct tpacket_stats_v3 st = {0};
	socklen_t len = sizeof(st);

	assert_int_equal(sock_get_opt(sk, SOL_PACKET, PACKET_STATISTICS, &st, &len), 0);
	return st;
}

static void test_ring2(void **state)
{
	struct world *wd = *state;
	struct sock *tx = packet(wd->a, SOCK_RAW, 0);
	struct sock *rx = packet(wd->b, SOCK_RAW, ETH_P_ALL);
	struct tpacket_req rq = {4096, 1, 2048, 2};
	struct tpacket2_hdr *h;
	u8 *mem;

	set_opt(rx, SOL_PACKET, PACKET_VERSION, &(int){TPACKET_V2}, sizeof(int));
	rq.tp_frame_nr = 3;
	assert_int_equal(set_opt(rx, SOL_PACKET, PACKET_RX_RING, &rq, sizeof(rq)),
			 -EINVAL);
	rq.tp_frame_nr = 2;
	assert_int_equal(set_opt(rx, SOL_PACKET, PACKET_RX_RING, &rq, sizeof(rq)), 0);
	assert_int_equal(set_opt(rx, SOL_PACKET, PACKET_RX_RING, &rq, sizeof(rq)),
			 -EBUSY);
	mem = map(rx, 4096);
	for (int i = 0; i < 3; i++)
		send_to(tx, frame, sizeof(frame), wd->v0->ifindex, 0, 0);
	settle(wd);
	for (int i = 0; i < 2; i++) {
		h = (void *)(mem + i * 2048);
		assert_true(h->tp_status & TP_STATUS_USER);
		assert_int_equal(h->tp_snaplen, sizeof(frame));
		assert_memory_equal((u8 *)h + h->tp_mac, frame, sizeof(frame));
		assert_int_equal(h->tp_net, h->tp_mac + 14);
	}
	assert_true(rx->ops->poll(rx) & POLLIN);
	assert_int_equal(statistics(rx).tp_drops, 1);
	assert_int_equal(statistics(rx).tp_packets, 0);
	((struct tpacket2_hdr *)(void *)mem)->tp_status = TP_STATUS_KERNEL;
	((struct tpacket2_hdr *)(void *)(mem + 2048))->tp_status = TP_STATUS_KERNEL;
	assert_false(rx->ops->poll(rx) & POLLIN);
	send_to(tx, frame, sizeof(frame), wd->v0->ifindex, 0, 0);
	settle(wd);
	assert_true(((struct tpacket2_hdr *)(void *)mem)->tp_status & TP_STATUS_USER);
	munmap(mem, 4096);
	sock_release(tx);
	sock_release(rx);
}

static void test_ring3(void **state)
{
	struct world *wd = *state;
	struct sock *tx = packet(wd->a, SOCK_RAW, 0);
	struct sock *rx = packet(wd->b, SOCK_RAW, ETH_P_ALL);
	struct tpacket_req3 rq = {4096, 2, 2048, 4, 10, 0, 0};
	struct tpacket_block_desc *bd;
	struct tpacket3_hdr *h;
	u32 sum = 0, n = 0;
	u8 *mem;

	set_opt(rx, SOL_PACKET, PACKET_VERSION, &(int){TPACKET_V3}, sizeof(int));
	assert_int_equal(set_opt(rx, SOL_PACKET, PACKET_RX_RING, &rq, sizeof(rq)), 0);
	mem = map(rx, 8192);
	bd = (void *)mem;
	send_to(tx, frame, sizeof(frame), wd->v0->ifindex, 0, 0);
	settle(wd);
	assert_int_equal(bd->hdr.bh1.block_status, TP_STATUS_KERNEL);
	for (int i = 0; i < 3; i++) { /* its time is over */
		clock_set(&wd->w->clock, clock_now(wd->w) + 11 * NS_PER_MS);
		settle(wd);
	}
	assert_int_equal(bd->hdr.bh1.block_status & ~TP_STATUS_LOSING,
			 TP_STATUS_USER | TP_STATUS_BLK_TMO);
	assert_int_equal(bd->hdr.bh1.num_pkts, 1);
	h = (void *)(mem + bd->hdr.bh1.offset_to_first_pkt);
	assert_memory_equal((u8 *)h + h->tp_mac, frame, sizeof(frame));
	/* the other block fills up, then nothing more fits */
	for (int i = 0; i < 60; i++)
		send_to(tx, frame, sizeof(frame), wd->v0->ifindex, 0, 0);
	settle(wd);
	bd = (void *)(mem + 4096);
	assert_true(bd->hdr.bh1.block_status & TP_STATUS_USER);
	h = (void *)(mem + 4096 + bd->hdr.bh1.offset_to_first_pkt);
	for (;; n++) {
		sum += h->tp_snaplen;
		assert_memory_equal((u8 *)h + h->tp_mac, frame, sizeof(frame));
		if (!h->tp_next_offset)
			break;
		h = (void *)((u8 *)h + h->tp_next_offset);
	}
	assert_int_equal(n + 1, bd->hdr.bh1.num_pkts);
	assert_int_equal(sum, bd->hdr.bh1.num_pkts * sizeof(frame));
	assert_int_equal(statistics(rx).tp_freeze_q_cnt, 1);
	munmap(mem, 8192);
	sock_release(tx);
	sock_release(rx);
}

static void test_fanout(void **state)
{
	struct world *wd = *state;
	struct sock *tx = packet(wd->a, SOCK_RAW, 0), *rx[3];
	int word = 7 | PACKET_FANOUT_LB << 16;
	u8 buf[100];

	for (int i = 0; i < 3; i++) {
		rx[i] = packet(wd->b, SOCK_RAW, ETH_P_ALL);
		assert_int_equal(
		    set_opt(rx[i], SOL_PACKET, PACKET_FANOUT, &word, sizeof(word)), 0);
	}
	assert_int_equal(set_opt(rx[0], SOL_PACKET, PACKET_FANOUT, &word, sizeof(word)),
			 -EALREADY);
	for (int i = 0; i < 6; i++)
		send_to(tx, frame, sizeof(frame), wd->v0->ifindex, 0, 0);
	settle(wd);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(take(rx[i], buf, sizeof(buf), 0, NULL), sizeof(frame));
		assert_int_equal(take(rx[i], buf, sizeof(buf), 0, NULL), sizeof(frame));
		assert_int_equal(take(rx[i], buf, sizeof(buf), 0, NULL), -EAGAIN);
	}
	sock_release(rx[0]);
	sock_release(rx[1]);
	send_to(tx, frame, sizeof(frame), wd->v0->ifindex, 0, 0);
	settle(wd);
	assert_int_equal(take(rx[2], buf, sizeof(buf), 0, NULL), sizeof(frame));
	sock_release(rx[2]);
	sock_release(tx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_raw, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_dgram, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_device, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_filter, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_ring2, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_ring3, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_fanout, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
