/* SPDX-License-Identifier: MIT */
/*
 * host_unix.h - AF_UNIX sockets of programs, where the host has them
 *
 * The stack has no AF_UNIX of its own. Who runs programs knows which sockets of
 * the host are theirs, and of which namespace; sock_diag asks it.
 */
#ifndef WARREN_CORE_HOST_UNIX_H
#define WARREN_CORE_HOST_UNIX_H

#include "core/net.h"

struct unix_diag_req;

struct host_unix {
	/*
	 * Call @each for each socket of @net that @req asks for, or for the one of
	 * req->udiag_ino when @one. @msg: struct unix_diag_msg and its attributes.
	 * Return: 0, -ENOENT (@one), or what @each returned
	 */
	int (*diag)(void *arg, const struct net *net, const struct unix_diag_req *req,
		    bool one, int (*each)(void *to, const void *msg, u32 len),
		    void *to);
	void *arg;
};

#endif
