/* What packets follow as rows: of each prefix its next hops, and the backup. */
#include "show_fib.h"

#include <string.h>

#include "route_server.h"

/* The members of a path-list; returns how many. */
static uint16_t next_hops_of(const struct fib *fib, const struct fib_generation *generation,
			     uint32_t index, struct row_fib_next_hop *to)
{
	const struct path_list *list = &generation->path_lists[index];

	for (uint16_t i = 0; i < list->nb_members; i++) {
		const struct adjacency *adjacency = &generation->adjacencies[list->member[i]];
		const struct fib_port *port = fib_port_find(fib, adjacency->port);

		to[i].gateway = adjacency->gateway;
		to[i].action = __atomic_load_n(&adjacency->action, __ATOMIC_RELAXED);
		if (port)
			memcpy(to[i].port, port->name, sizeof(to[i].port));
	}
	return list->nb_members;
}

bool show_fib_node(const struct route_server *rs, struct page *page, uint32_t node)
{
	struct prefix prefix = rib_prefix(rs->rib, node);
	bool active = fib_published(rs->writer);
	const struct fib_generation *generation = &rs->fib->generation[rs->fib->active ^ !active];
	struct row_fib *row;
	uint32_t index;

	if (fib_get(rs->writer, page->view, prefix.addr, prefix.len, &index))
		return true;
	row = page_add(page, ROW_FIB, sizeof(*row));
	if (!row)
		return false;
	row->prefix = prefix;
	row->nb_next_hops = next_hops_of(rs->fib, generation, index, row->next_hop);
	row->nb_backup = next_hops_of(rs->fib, generation, generation->path_lists[index].backup,
				      row->next_hop + row->nb_next_hops);
	return true;
}

void show_fib_address(const struct route_server *rs, struct page *page)
{
	uint32_t node, index;

	for (int len = 32; len >= 0; len--) {
		struct prefix prefix = prefix_make(page->address, (uint8_t)len);

		if (fib_get(rs->writer, page->view, prefix.addr, prefix.len, &index))
			continue;
		node = rib_find(rs->rib, prefix);
		if (node != RIB_NONE)
			show_fib_node(rs, page, node);
		return;
	}
}
