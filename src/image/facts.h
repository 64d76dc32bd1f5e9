/* SPDX-License-Identifier: MIT */
/*
 * facts.h - what is configured in a namespace, a line each; the difference of two
 */
#ifndef WARREN_IMAGE_FACTS_H
#define WARREN_IMAGE_FACTS_H

#include "base/text.h"
#include "core/net.h"

/* A sorted array of lines: "address eth0 10.0.0.1/24" */
struct facts {
	struct text text; /* the lines, each with its NUL */
	char **line;
	size_t n;
};

/* Return: 0, -ENOMEM. End with facts_fini() */
int facts_of(struct net *net, struct facts *out);
void facts_fini(struct facts *f);

/*
 * What is in @a alone ("- address ...") and in @b alone ("+ ..."), in order of the kind
 * of thing. Return: 0 nothing, 1 something, -ENOMEM
 */
int facts_diff(struct net *a, struct net *b, struct text *out);

/* Each file below net/ of the tunables of @net */
void facts_sysctls(struct net *net, void (*each)(void *arg, const char *path),
		   void *arg);

#endif
