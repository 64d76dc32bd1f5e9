/* SPDX-License-Identifier: MIT */
/* tree_test.c - rules of red and black, order against a sorted array */

#include "base/tree.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NODES = 200, ROUNDS = 20000 };

struct item {
	struct tree_node node;
	u32 key;
	bool in;
};

/* How a caller walks down and links a node. */
static bool item_add(struct tree *t, struct item *it)
{
	struct tree_node **where = &t->root, *parent = NULL;

	while (*where) {
		u32 key = container_of(*where, struct item, node)->key;

		if (it->key == key)
			return false;
		parent = *where;
		where = it->key < key ? &parent->left : &parent->right;
	}
	tree_insert(t, &it->node, parent, where);
	return true;
}

/* Return: the number of black nodes on each way down */
static int check(const struct tree_node *n, const struct tree_node *parent)
{
	int left, right;

	if (!n)
		return 1;
	assert_ptr_equal(n->parent, parent);
	if (n->red)
		assert_false(parent->red);
	left = check(n->left, n);
	right = check(n->right, n);
	assert_int_equal(left, right);
	return left + !n->red;
}

static void check_order(const struct tree *t, const struct item *items)
{
	const struct tree_node *n = tree_first(t), *last = NULL;

	for (int i = 0; i < NODES; i++) {
		if (!items[i].in)
			continue;
		assert_ptr_equal(n, &items[i].node);
		assert_ptr_equal(tree_prev(n), last);
		last = n;
		n = tree_next(n);
	}
	assert_null(n);
	assert_ptr_equal(tree_last(t), last);
}

static void test_oracle(void **state)
{
	struct tree t = {0};
	struct item items[NODES] = {0}, twin;
	struct random rnd;

	(void)state;
	random_seed(&rnd, 7);
	for (int i = 0; i < NODES; i++)
		items[i].key = (u32)i * 3;
	for (int round = 0; round < ROUNDS; round++) {
		struct item *it = &items[random_below(&rnd, NODES)];

		if (it->in) {
			twin.key = it->key;
			assert_false(item_add(&t, &twin));
			tree_remove(&t, &it->node);
			it->in = false;
		} else {
			assert_true(item_add(&t, it));
			it->in = true;
		}
		if (t.root)
			assert_false(t.root->red);
		check(t.root, NULL);
		if (round % 100 == 0)
			check_order(&t, items);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_oracle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
