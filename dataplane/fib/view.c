/* See view.h. */
#include "view.h"

#include <errno.h>

static int seeds_write(struct view *view, const struct fib *fib)
{
	for (uint32_t i = 0; i < fib->nb_seeds; i++) {
		const struct fib_seed *seed = &fib->seeds[i];
		int err = lpm4_set(&view->lpm, seed->addr, seed->len, i + 1);
		uint64_t *slot;

		if (err)
			return err;
		slot = rules_reserve(&view->seeds, seed->addr, seed->len);
		if (!slot)
			return -ENOMEM;
		rules_put(&view->seeds, slot, seed->addr, seed->len, i + 1);
	}
	return 0;
}

int view_init(struct view *view, struct fib_view *shared, const struct fib *fib)
{
	int err;

	*view = (struct view){ .shared = shared };
	__atomic_store_n(&shared->default_path_list, PATH_LIST_NONE, __ATOMIC_RELEASE);
	err = lpm4_init(&view->lpm, shared->lpm, fib->tbl8_groups, fib->qsbr);
	if (!err)
		err = rules_init(&view->seeds);
	if (!err)
		err = rules_init(&view->hidden);
	if (!err)
		err = seeds_write(view, fib);
	if (err)
		view_fini(view);
	return err;
}

void view_fini(struct view *view)
{
	rules_fini(&view->hidden);
	rules_fini(&view->seeds);
	lpm4_fini(&view->lpm);
}

static void default_set(struct view *view, bool has_default, uint32_t list)
{
	view->has_default = has_default;
	__atomic_store_n(&view->shared->default_path_list, list, __ATOMIC_RELEASE);
}

int view_set(struct view *view, uint32_t addr, uint8_t len, uint32_t list)
{
	uint64_t *hidden = NULL;
	int err;

	if (len == 0) {
		default_set(view, true, list);
		return 0;
	}
	if (rules_find(&view->seeds, addr, len) && !rules_find(&view->hidden, addr, len)) {
		hidden = rules_reserve(&view->hidden, addr, len);
		if (!hidden)
			return -ENOMEM;
	}
	err = lpm4_set_begin(&view->lpm, addr, len, list);
	if (!err && hidden)
		rules_put(&view->hidden, hidden, addr, len, PATH_LIST_NONE);
	return err;
}

int view_del(struct view *view, uint32_t addr, uint8_t len)
{
	uint64_t *seed, *hidden;

	if (len == 0) {
		if (!view->has_default)
			return -ENOENT;
		default_set(view, false, PATH_LIST_NONE);
		return 0;
	}
	seed = rules_find(&view->seeds, addr, len);
	if (!seed)
		return lpm4_del_begin(&view->lpm, addr, len);
	hidden = rules_find(&view->hidden, addr, len);
	if (!hidden)
		return -ENOENT;
	rules_remove(&view->hidden, hidden);
	return lpm4_set_begin(&view->lpm, addr, len, rule_value(*seed));
}

bool view_step(struct view *view, uint32_t max)
{
	return lpm4_step(&view->lpm, max);
}

int view_get(const struct view *view, uint32_t addr, uint8_t len, uint32_t *list)
{
	if (len == 0) {
		if (!view->has_default)
			return -ENOENT;
		*list = view->shared->default_path_list;
		return 0;
	}
	if (rules_find(&view->seeds, addr, len) && !rules_find(&view->hidden, addr, len))
		return -ENOENT;
	return lpm4_get(&view->lpm, addr, len, list);
}

void view_fetch(const struct view *view, uint32_t addr, uint8_t len)
{
	if (len)
		lpm4_fetch(&view->lpm, addr, len);
}

uint32_t view_routes(const struct view *view)
{
	uint32_t seeds_shown = rules_count(&view->seeds) - rules_count(&view->hidden);

	return view->lpm.nb_rules - seeds_shown + view->has_default;
}
