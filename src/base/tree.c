/* SPDX-License-Identifier: MIT */
/*
 * tree.c - intrusive red-black tree
 *
 * The five rules: a node is red or black; the root is black; the NULL leaves
 * are black; a red node has black children; every way from a node down to a
 * leaf passes the same number of black nodes.
 */

#include "base/tree.h"

static bool is_red(const struct tree_node *n)
{
	return n && n->red;
}

/* Let @n's parent (or the root) point to @new instead. */
static void replace_child(struct tree *t, struct tree_node *n, struct tree_node *new)
{
	struct tree_node *parent = n->parent;

	if (!parent)
		t->root = new;
	else if (parent->left == n)
		parent->left = new;
	else
		parent->right = new;
	if (new)
		new->parent = parent;
}

/* n's right child becomes its parent. */
static void rotate_left(struct tree *t, struct tree_node *n)
{
	struct tree_node *up = n->right;

	n->right = up->left;
	if (up->left)
		up->left->parent = n;
	replace_child(t, n, up);
	up->left = n;
	n->parent = up;
}

static void rotate_right(struct tree *t, struct tree_node *n)
{
	struct tree_node *up = n->left;

	n->left = up->right;
	if (up->right)
		up->right->parent = n;
	replace_child(t, n, up);
	up->right = n;
	n->parent = up;
}

/* @n is red; its parent may be red as well, which breaks the fourth rule. */
static void fix_insert(struct tree *t, struct tree_node *n)
{
	while (is_red(n->parent)) {
		struct tree_node *parent = n->parent, *grand = parent->parent;
		bool left = parent == grand->left;
		struct tree_node *uncle = left ? grand->right : grand->left;

		if (is_red(uncle)) {
			parent->red = uncle->red = false;
			grand->red = true;
			n = grand;
			continue;
		}
		if (left && n == parent->right) {
			rotate_left(t, parent);
			parent = n;
		} else if (!left && n == parent->left) {
			rotate_right(t, parent);
			parent = n;
		}
		parent->red = false;
		grand->red = true;
		if (left)
			rotate_right(t, grand);
		else
			rotate_left(t, grand);
		break;
	}
	t->root->red = false;
}

void tree_insert(struct tree *t, struct tree_node *n, struct tree_node *parent,
		 struct tree_node **where)
{
	n->parent = parent;
	n->left = n->right = NULL;
	n->red = true;
	*where = n;
	fix_insert(t, n);
}

/*
 * The ways through @n (NULL: through the missing child of @parent) are short
 * of one black node.
 */
static void fix_remove(struct tree *t, struct tree_node *n, struct tree_node *parent)
{
	while (parent && !is_red(n)) {
		bool left = n == parent->left;
		struct tree_node *sib = left ? parent->right : parent->left;
		struct tree_node *near, *far;

		if (sib->red) {
			sib->red = false;
			parent->red = true;
			if (left)
				rotate_left(t, parent);
			else
				rotate_right(t, parent);
			sib = left ? parent->right : parent->left;
		}
		near = left ? sib->left : sib->right;
		far = left ? sib->right : sib->left;
		if (!is_red(near) && !is_red(far)) {
			sib->red = true;
			n = parent;
			parent = n->parent;
			continue;
		}
		if (!is_red(far)) {
			near->red = false;
			sib->red = true;
			if (left)
				rotate_right(t, sib);
			else
				rotate_left(t, sib);
			far = sib;
			sib = near;
		}
		sib->red = parent->red;
		parent->red = false;
		far->red = false;
		if (left)
			rotate_left(t, parent);
		else
			rotate_right(t, parent);
		n = t->root;
		break;
	}
	if (n)
		n->red = false;
}

/* Put @next, the node after @n, where @n is. @n has two children. */
static void take_place(struct tree *t, struct tree_node *n, struct tree_node *next)
{
	replace_child(t, n, next);
	next->red = n->red;
	next->left = n->left;
	next->left->parent = next;
	next->right = n->right;
	if (next->right)
		next->right->parent = next;
}

void tree_remove(struct tree *t, struct tree_node *n)
{
	struct tree_node *out = n, *child, *parent;
	bool black;

	if (n->left && n->right)
		out = tree_next(n);
	child = out->left ? out->left : out->right;
	parent = out->parent;
	black = !out->red;
	replace_child(t, out, child);
	if (out != n) {
		take_place(t, n, out);
		if (parent == n)
			parent = out;
	}
	if (black)
		fix_remove(t, child, parent);
	n->parent = n->left = n->right = NULL;
}

static struct tree_node *leftmost(struct tree_node *n)
{
	while (n && n->left)
		n = n->left;
	return n;
}

static struct tree_node *rightmost(struct tree_node *n)
{
	while (n && n->right)
		n = n->right;
	return n;
}

struct tree_node *tree_first(const struct tree *t)
{
	return leftmost(t->root);
}

struct tree_node *tree_last(const struct tree *t)
{
	return rightmost(t->root);
}

struct tree_node *tree_next(const struct tree_node *n)
{
	if (n->right)
		return leftmost(n->right);
	while (n->parent && n->parent->right == n)
		n = n->parent;
	return n->parent;
}

struct tree_node *tree_prev(const struct tree_node *n)
{
	if (n->left)
		return rightmost(n->left);
	while (n->parent && n->parent->left == n)
		n = n->parent;
	return n->parent;
}
