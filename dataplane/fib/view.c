/* See view.h. */
#include "view.h"

#include <errno.h>

bool view_step(struct view *view, uint32_t max)
{
	return view->table.ops->step(&view->table, max);
}

static int seeds_write(struct view *view, enum fib_family family, const struct fib *fib)
{
	for (uint32_t i = 0; i < fib->nb_seeds; i++) {
		const struct fib_prefix *prefix = &fib->seeds[i].prefix;
		int err;

		if (prefix->family != family)
			continue;
		err = view->table.ops->set(&view->table, prefix, i + 1);
		if (err)
			return err;
		while (!view_step(view, UINT32_MAX))
			;
		seeds_add(&view->seeds, prefix, i + 1);
		view->seeds_shown++;
	}
	return 0;
}

int view_init(struct view *view, struct fib_view *shared, enum fib_family family,
	      const struct fib *fib)
{
	void *table = family == FIB_IP4 ? (void *)shared->lpm : (void *)shared->trie6;
	uint32_t groups = family == FIB_IP4 ? fib->tbl8_groups : fib->trie6_groups;
	int err;

	*view = (struct view){ .default_list = &shared->default_path_list[family] };
	__atomic_store_n(view->default_list, PATH_LIST_NONE, __ATOMIC_RELEASE);
	err = seeds_init(&view->seeds, fib->nb_seeds);
	if (err)
		return err;
	err = fib_table_init(&view->table, fib_tables[family], table, groups, fib->qsbr);
	if (!err)
		err = seeds_write(view, family, fib);
	if (err)
		view_fini(view);
	return err;
}

void view_fini(struct view *view)
{
	seeds_fini(&view->seeds);
	if (view->table.ops)
		view->table.ops->fini(&view->table);
	view->table.ops = NULL;
}

static void default_set(struct view *view, bool has_default, uint32_t list)
{
	view->has_default = has_default;
	__atomic_store_n(view->default_list, list, __ATOMIC_RELEASE);
}

int view_set(struct view *view, const struct fib_prefix *prefix, uint32_t list)
{
	struct seed *seed;
	int err;

	if (prefix->len == 0) {
		default_set(view, true, list);
		return 0;
	}
	err = view->table.ops->set(&view->table, prefix, list);
	seed = err ? NULL : seeds_find(&view->seeds, prefix);
	if (seed && !seed->hidden) {
		seed->hidden = true;
		view->seeds_shown--;
	}
	return err;
}

int view_del(struct view *view, const struct fib_prefix *prefix)
{
	struct seed *seed;
	int err;

	if (prefix->len == 0) {
		if (!view->has_default)
			return -ENOENT;
		default_set(view, false, PATH_LIST_NONE);
		return 0;
	}
	seed = seeds_find(&view->seeds, prefix);
	if (!seed)
		return view->table.ops->del(&view->table, prefix);
	if (!seed->hidden)
		return -ENOENT;
	err = view->table.ops->set(&view->table, prefix, seed->list);
	if (!err) {
		seed->hidden = false;
		view->seeds_shown++;
	}
	return err;
}

int view_get(const struct view *view, const struct fib_prefix *prefix, uint32_t *list)
{
	const struct seed *seed;

	if (prefix->len == 0) {
		if (!view->has_default)
			return -ENOENT;
		*list = *view->default_list;
		return 0;
	}
	seed = seeds_find(&view->seeds, prefix);
	if (seed && !seed->hidden)
		return -ENOENT;
	return view->table.ops->get(&view->table, prefix, list);
}

void view_fetch(const struct view *view, const struct fib_prefix *prefix)
{
	if (prefix->len)
		view->table.ops->fetch(&view->table, prefix);
}

uint32_t view_routes(const struct view *view)
{
	return view->table.ops->rules(&view->table) - view->seeds_shown + view->has_default;
}
