/* SPDX-License-Identifier: MIT */
/*
 * warren.h - libwarren: a network stack with namespaces, inside your program
 *
 * A warren is one instance of the stack. It holds namespaces; a namespace is a
 * whole stack of its own: devices, addresses, routes, neighbours, sockets.
 * A process may hold any number of warrens; they share nothing.
 *
 *	struct warren *w;
 *	struct warren_ns *a, *b;
 *
 *	warren_open(&(struct warren_options){ .seed = 1, .virtual_time = true }, &w);
 *	warren_ns_new(w, "a", &a);
 *	warren_ns_new(w, "b", &b);
 *	warren_veth(a, "eth0", b, "eth0");
 *	warren_addr_add(a, "eth0", "10.0.0.1/24");
 *	warren_link_up(a, "eth0");
 *	...
 *	warren_run_until(w, warren_now(w) + 1000000000);
 *
 * Time. With virtual_time the clock stands still until warren_run_until() or
 * warren_run_next() move it, and the same calls with the same seed give the
 * same packets, bit for bit. Without, it is the host's monotonic clock, and
 * your loop calls warren_step() until it answers false and then sleeps at most
 * until warren_deadline(). Nothing in the library blocks, starts a thread or
 * catches a signal.
 *
 * Threads. A warren is used by one thread at a time.
 *
 * Results. Functions that can fail return 0 or a negative errno, the one Linux
 * gives. Results leave by the last parameter. Nothing is written on failure.
 *
 * Names of devices are looked up in the namespace given. Addresses are text:
 * "10.0.0.1", with a prefix length where one is meant: "10.0.0.1/24". Ports are
 * in host order.
 */
#ifndef WARREN_H
#define WARREN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct warren;
struct warren_ns;
struct warren_sock;
struct warren_capture;
struct warren_wire;

/* ---- the instance ---- */

struct warren_options {
	uint64_t seed;	       /* all chance is drawn from it; 0: taken from the host */
	bool virtual_time;     /* starts at 0 ns */
	uint64_t memory_limit; /* bytes, 0: none; beyond it calls fail with -ENOMEM */
	/* What the stack has to say, a line each, without newline; NULL: nothing.
	 * @level: 0 error, 1 warning, 2 information, 3 debug */
	void (*log)(void *arg, int level, const char *line);
	void *log_arg;
	int log_level; /* the most talkative level wanted */
};

/* @o: NULL for defaults (real time, a seed of the host's).
 * Return: 0, -ENOMEM. @out: end with warren_close() */
int warren_open(const struct warren_options *o, struct warren **out);
/* All sockets, captures and wires must have been closed; namespaces go with it. */
void warren_close(struct warren *w);
const char *warren_version(void); /* "0.1.0" */
uint64_t warren_seed(const struct warren *w);
/* Bytes of memory in use */
uint64_t warren_memory(const struct warren *w);

/* ---- time ---- */

uint64_t warren_now(const struct warren *w); /* ns, monotonic */
/* One bounded turn. Return: true when there is more to do at once */
bool warren_step(struct warren *w);
/* When something is due next, ns; UINT64_MAX: nothing is. */
uint64_t warren_deadline(struct warren *w);
/* Virtual time only: do all that happens until @ns, then it is @ns. */
void warren_run_until(struct warren *w, uint64_t ns);
/* Virtual time only: go to the next thing that is due and do it.
 * Return: false when nothing will ever happen by itself */
bool warren_run_next(struct warren *w);

/* ---- namespaces ---- */

/* @name: for people, at most 63 bytes are kept; "" is fine.
 * Return: 0, -ENOMEM. @out: end with warren_ns_free() */
int warren_ns_new(struct warren *w, const char *name, struct warren_ns **out);
/*
 * When nothing else holds it, it is gone on return, with all its devices and their far
 * ends; else with its last socket. Not from a callback that is called from inside the
 * stack.
 */
void warren_ns_free(struct warren_ns *ns);
/* The initial namespace; not to be freed */
struct warren_ns *warren_ns_initial(struct warren *w);

/*
 * A new namespace that is configured as @src is: devices, addresses, routes, rules,
 * permanent neighbours, sysctls. A wire that leads out of @src gets, with @wires, a new
 * far end in the namespace where the old one is ("NAME_0", "NAME_1", ...), else it is
 * left out with all that needs it. Hardware and the program's own wires are not cloned.
 * Return: 0, or an errno and there is no new namespace. @out: as warren_ns_new()
 */
int warren_ns_clone(struct warren_ns *src, const char *name, bool wires,
		    struct warren_ns **out);
/*
 * How @b is configured otherwise than @a, a line each: "- address eth0 10.0.0.1/24 ..."
 * is only in @a, "+ ..." only in @b. @write gets the text, borrowed; it may be NULL.
 * Return: 0 alike, 1 not, -ENOMEM
 */
int warren_ns_diff(struct warren_ns *a, struct warren_ns *b,
		   void (*write)(void *arg, const char *text, size_t len), void *arg);
/* All namespaces, devices, addresses, wires and gateways as a drawing in the DOT
 * language of graphviz. Return: 0, -ENOMEM */
int warren_graph(struct warren *w,
		 void (*write)(void *arg, const char *text, size_t len), void *arg);

/* Sysctls by their path below /proc/sys: "net/ipv4/ip_forward".
 * Return: 0, -ENOENT, -EINVAL, -EACCES */
int warren_sysctl_set(struct warren_ns *ns, const char *path, const char *value);
/* @buf: @size bytes, NUL-terminated, the trailing newline removed.
 * Return: length, -ENOENT, -ENOBUFS (does not fit) */
ssize_t warren_sysctl_get(struct warren_ns *ns, const char *path, char *buf,
			  size_t size);
/* How many packets were dropped for reason @i; 0, 1, ... until NULL.
 * Return: the reason in words, borrowed for ever; NULL: no such reason */
const char *warren_drops(const struct warren_ns *ns, unsigned i, uint64_t *count);

/*
 * How much of a kind of thing a namespace may have: "sockets", "devices" (lo too),
 * "routes", "neighbours", "queued" (bytes in the queues of sockets), "memory" (bytes).
 * A limit below what is there lets nothing new come until enough has gone. Beyond it:
 * sockets -ENOBUFS, devices -ENOSPC, routes and neighbours -ENOBUFS; queued: datagrams
 * -ENOBUFS, streams -EAGAIN, what arrives is dropped; memory -ENOMEM.
 * @limit: WARREN_UNLIMITED takes it away. Return: 0, -EINVAL (no such kind)
 */
#define WARREN_UNLIMITED UINT64_MAX
int warren_quota_set(struct warren_ns *ns, const char *kind, uint64_t limit);
struct warren_quota {
	const char *kind;
	uint64_t used, limit;
	uint64_t refused; /* how often something was not allowed */
};
/* @i: 0, 1, ... until -ENOENT */
int warren_quota_get(const struct warren_ns *ns, unsigned i, struct warren_quota *out);

/* ---- devices ---- */

/* A device that takes all and says nothing. Return: 0, -EEXIST, -EINVAL, -ENOMEM */
int warren_dummy(struct warren_ns *ns, const char *name);
/* Two devices joined by a wire; both down. Return: 0, -EEXIST (name), -EINVAL, -ENOMEM
 */
int warren_veth(struct warren_ns *a, const char *name_a, struct warren_ns *b,
		const char *name_b);
/* -ENODEV, -EOPNOTSUPP (lo) */
int warren_link_delete(struct warren_ns *ns, const char *dev);
int warren_link_up(struct warren_ns *ns, const char *dev);
int warren_link_down(struct warren_ns *ns, const char *dev);
int warren_link_mtu(struct warren_ns *ns, const char *dev, unsigned mtu);
/* To another namespace, as @name there (NULL: the same). It arrives down and without
 * addresses. -EEXIST, -EINVAL (cannot be moved) */
int warren_link_move(struct warren_ns *ns, const char *dev, struct warren_ns *to,
		     const char *name);
int warren_link_mac(struct warren_ns *ns, const char *dev,
		    uint8_t mac[6]); /* read it */

/*
 * An Ethernet device whose other end is your program: @output gets each frame that it
 * sends, borrowed until return, called from inside the stack: of all functions here
 * it may only call warren_wire_input(). @mac NULL: a random one.
 * Return: 0, -EEXIST, -EINVAL, -ENOMEM. @out: end with warren_wire_free(), which
 * deletes the device; when its namespace ends first, the wire stays until then and
 * sends nothing.
 */
int warren_wire_new(struct warren_ns *ns, const char *name, const uint8_t mac[6],
		    void (*output)(void *arg, const void *frame, size_t len), void *arg,
		    struct warren_wire **out);
/*
 * The same as a piece of hardware: no program can delete it, and when its namespace
 * ends it goes back to the initial one, down, as "dev<index>" (or as the first dev%d
 * that is free).
 */
int warren_phys_new(struct warren_ns *ns, const char *name, const uint8_t mac[6],
		    void (*output)(void *arg, const void *frame, size_t len), void *arg,
		    struct warren_wire **out);
/* Where it is now, and its name there; borrowed. -ENODEV: its namespace has ended */
int warren_wire_where(const struct warren_wire *wire, struct warren_ns **ns,
		      char name[16]);
void warren_wire_free(struct warren_wire *wire);
/* A frame arrives, header first, without checksum at the end; copied.
 * Return: 0, -EINVAL (shorter than a header, longer than 65535), -ENETDOWN, -ENOMEM */
int warren_wire_input(struct warren_wire *wire, const void *frame, size_t len);

/* ---- addresses and routes ---- */

/* -EINVAL, -ENODEV, -EEXIST */
int warren_addr_add(struct warren_ns *ns, const char *dev, const char *addr);
int warren_addr_del(struct warren_ns *ns, const char *dev, const char *addr);
/*
 * Into the main table. @dst: "10.0.0.0/8" or "default". @via, @dev: NULL for none.
 * -EEXIST, -ENETUNREACH (gateway not on a link), -ENETDOWN, -EINVAL
 */
int warren_route_add(struct warren_ns *ns, const char *dst, const char *via,
		     const char *dev);
int warren_route_del(struct warren_ns *ns, const char *dst, const char *via,
		     const char *dev);

/* ---- sockets ---- */

/*
 * As socket(2) with AF_INET: @type SOCK_STREAM, SOCK_DGRAM, SOCK_RAW. All rights of the
 * namespace's owner. Never blocks: -EAGAIN, and -EINPROGRESS from connect.
 * @out: end with warren_sock_close()
 */
int warren_socket(struct warren_ns *ns, int type, int protocol,
		  struct warren_sock **out);
/* As close(2): unsent data is still sent, the object is gone. */
void warren_sock_close(struct warren_sock *s);
/* @addr NULL: any; @port 0: one is chosen. -EADDRINUSE, -EADDRNOTAVAIL */
int warren_bind(struct warren_sock *s, const char *addr, uint16_t port);
int warren_connect(struct warren_sock *s, const char *addr, uint16_t port);
int warren_listen(struct warren_sock *s, int backlog);
/* -EAGAIN: none is waiting. @out: end with warren_sock_close() */
int warren_accept(struct warren_sock *s, struct warren_sock **out);
int warren_shutdown(struct warren_sock *s, int how); /* SHUT_RD, SHUT_WR, SHUT_RDWR */
/* @flags: MSG_PEEK, MSG_MORE, ... as send(2) and recv(2).
 * Return: bytes; 0 from recv: the peer has ended; a negative errno */
ssize_t warren_send(struct warren_sock *s, const void *buf, size_t len, int flags);
ssize_t warren_recv(struct warren_sock *s, void *buf, size_t len, int flags);
/* To and from an address; @addr of recvfrom: 46 bytes, both may be NULL */
ssize_t warren_sendto(struct warren_sock *s, const void *buf, size_t len, int flags,
		      const char *addr, uint16_t port);
ssize_t warren_recvfrom(struct warren_sock *s, void *buf, size_t len, int flags,
			char *addr, uint16_t *port);
/* Own (@peer false) or the peer's name; @addr: 46 bytes. -ENOTCONN */
int warren_sock_name(struct warren_sock *s, bool peer, char *addr, uint16_t *port);
int warren_setsockopt(struct warren_sock *s, int level, int name, const void *val,
		      size_t len);
int warren_getsockopt(struct warren_sock *s, int level, int name, void *val,
		      size_t *len);
/* POLLIN, POLLOUT, POLLERR, POLLHUP, POLLRDHUP as poll(2) would say now */
unsigned warren_poll(struct warren_sock *s);
/*
 * Call @fn when something happened to the socket, with poll(2)'s bits of now. It is
 * called at the end of a turn, outside of the stack: it may call everything here, also
 * close this socket. Once for many events. @fn NULL: no more.
 */
void warren_on_event(struct warren_sock *s,
		     void (*fn)(void *arg, struct warren_sock *s, unsigned events),
		     void *arg);

/* ---- captures ---- */

/*
 * All frames that the devices of @ns (NULL: of all namespaces) send and receive, as a
 * pcapng stream: @write gets it piece by piece, borrowed; called from inside the stack.
 * Return: 0, -ENOMEM. @out: end with warren_capture_end()
 */
int warren_capture_begin(struct warren *w, struct warren_ns *ns,
			 void (*write)(void *arg, const void *bytes, size_t len),
			 void *arg, struct warren_capture **out);
void warren_capture_end(struct warren_capture *c);

#ifdef __cplusplus
}
#endif

#endif
