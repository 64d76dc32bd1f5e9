/* SPDX-License-Identifier: MIT */
/*
 * slab.c - pools of equal objects
 *
 * A page is one malloc of 16 to 64 KiB: a header, then objects. Free objects
 * are linked through their first word. Pages are given back when the pool is
 * empty and has many: a pool that fills and empties each turn should not go to
 * malloc each time.
 *
 * In debug builds a freed object is filled with POISON, and taking it again
 * checks that nobody wrote into it. Under AddressSanitizer every object is a
 * malloc of its own, so that a use after free is seen at once.
 */

#include "base/slab.h"

#include "base/bug.h"

#include <malloc.h>
#include <stdlib.h>

#ifdef WARREN_DEBUG
#define SLAB_POISONS 1
#else
#define SLAB_POISONS 0
#endif

enum {
	SLAB_ALIGN = 16,
	SLAB_PAGE_SMALL = 16 * 1024,
	SLAB_PAGE_BIG = 64 * 1024,
	SLAB_SMALL_OBJECT = 512,
	SLAB_KEEP = 32, /* pages */
	POISON = 0x6b,
};

struct slab_page {
	struct list node;
	_Alignas(SLAB_ALIGN) u8 objects[];
};

void slab_init(struct slab *s, const char *name, u32 size, struct mem *mem)
{
	u32 page = size <= SLAB_SMALL_OBJECT ? SLAB_PAGE_SMALL : SLAB_PAGE_BIG;

	BUG_ON(size > UINT32_MAX - SLAB_ALIGN);
	size = (max(size, (u32)sizeof(void *)) + SLAB_ALIGN - 1) & ~(SLAB_ALIGN - 1U);
	*s = (struct slab){.name = name, .mem = mem, .size = size};
	/* malloc's own header must fit as well */
	s->per_page =
	    max((page - (u32)sizeof(struct slab_page) - SLAB_ALIGN) / size, 1U);
	list_init(&s->pages_list);
}

static void free_pages(struct slab *s)
{
	while (!list_empty(&s->pages_list)) {
		struct slab_page *page =
		    list_entry(s->pages_list.next, struct slab_page, node);

		list_del(&page->node);
		mem_uncharge(s->mem, malloc_usable_size(page));
		free(page);
	}
	s->pages = 0;
	s->free = NULL;
}

void slab_fini(struct slab *s)
{
	BUG_ON(s->in_use);
	free_pages(s);
}

static void *charged_malloc(struct slab *s, size_t size)
{
	void *p = malloc(size);

	if (p && !mem_charge(s->mem, malloc_usable_size(p))) {
		free(p);
		return NULL;
	}
	return p;
}

static void poison(const struct slab *s, void *obj)
{
	if (SLAB_POISONS)
		memset((u8 *)obj + sizeof(void *), POISON, s->size - sizeof(void *));
}

static void check_poison(const struct slab *s, const void *obj)
{
	const u8 *b = obj;

	if (!SLAB_POISONS)
		return;
	for (u32 i = sizeof(void *); i < s->size; i++)
		BUG_ON(b[i] != POISON);
}

static bool add_page(struct slab *s)
{
	struct slab_page *page;

	page = charged_malloc(s, sizeof(*page) + (size_t)s->per_page * s->size);
	if (!page)
		return false;
	list_add(&s->pages_list, &page->node);
	s->pages++;
	for (u32 i = s->per_page; i-- > 0;) {
		void *obj = page->objects + (size_t)i * s->size;

		poison(s, obj);
		*(void **)obj = s->free;
		s->free = obj;
	}
	return true;
}

void *slab_get_raw(struct slab *s)
{
	void *obj;

	if (fault_hits(s->mem->fault))
		return NULL;
	if (SLAB_EACH_ITS_MALLOC) {
		obj = charged_malloc(s, s->size);
		if (obj)
			s->in_use++;
		return obj;
	}
	if (!s->free && !add_page(s))
		return NULL;
	obj = s->free;
	BUG_ON(!obj);
	s->free = *(void **)obj;
	check_poison(s, obj);
	s->in_use++;
	return obj;
}

void *slab_get(struct slab *s)
{
	void *obj = slab_get_raw(s);

	if (obj)
		memset(obj, 0, s->size);
	return obj;
}

void slab_put(struct slab *s, void *obj)
{
	BUG_ON(s->in_use == 0);
	s->in_use--;
	if (SLAB_EACH_ITS_MALLOC) {
		mem_uncharge(s->mem, malloc_usable_size(obj));
		free(obj);
		return;
	}
	poison(s, obj);
	*(void **)obj = s->free;
	s->free = obj;
	if (s->in_use == 0 && s->pages > SLAB_KEEP)
		free_pages(s);
}
