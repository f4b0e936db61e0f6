/* Look-ups of one address. */
#include "route.h"

#include "trie6_lookup.h"

uint32_t route_path_list(const struct slowpath *s, const struct fib_generation *generation,
			 uint8_t role, const struct fib_addr *addr)
{
	const struct fib_view *view = &generation->view[role % FIB_VIEWS];
	uint32_t index = PATH_LIST_NONE, dst = fib_addr_to_ip4(addr);
	struct trie6_reader in = { .shared = view->trie6, .groups = s->trie6_groups };

	if (fib_addr_is_ip4(addr)) {
		fib_lookup_burst(view, s->tbl8_groups, &dst, &index, 1);
	} else if (view->trie6) {
		in.miss = __atomic_load_n(&view->default_path_list[FIB_IP6], __ATOMIC_RELAXED);
		trie6_plain.burst(&in, addr, &index, 1);
	}
	return index;
}
