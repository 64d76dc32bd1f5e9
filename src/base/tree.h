/* SPDX-License-Identifier: MIT */
/*
 * tree.h - intrusive red-black tree
 *
 * The caller walks down by its own comparison and links the node where it
 * fell off, as the example in tree_test.c shows.
 */
#ifndef WARREN_BASE_TREE_H
#define WARREN_BASE_TREE_H

#include "base/types.h"

struct tree_node {
	struct tree_node *parent, *left, *right;
	bool red;
};

struct tree {
	struct tree_node *root;
};

/* Link @n as the child that *@where is, under @parent, then rebalance. */
void tree_insert(struct tree *t, struct tree_node *n, struct tree_node *parent,
		 struct tree_node **where);
void tree_remove(struct tree *t, struct tree_node *n);
struct tree_node *tree_first(const struct tree *t);
struct tree_node *tree_last(const struct tree *t);
struct tree_node *tree_next(const struct tree_node *n);
struct tree_node *tree_prev(const struct tree_node *n);

#endif
