/* What packets follow as rows: of each prefix its next hops, and the backup. */
#include "show_fib.h"

#include "forwarding_show.h"
#include "route_server.h"

bool show_fib_node(const struct routes *routes, struct page *page, uint32_t node)
{
	const struct route_server *rs = routes->rs;
	struct prefix prefix = rib_prefix(routes->rib, node);
	struct row_fib *row;

	if (!forwarding_has(rs->writer, page->view, prefix))
		return true;
	row = page_add(page, ROW_FIB, sizeof(*row));
	if (!row)
		return false;
	row->prefix = prefix;
	row->nb_next_hops = forwarding_hops(rs->fib, rs->writer, page->view, prefix, row->next_hop,
					    &row->nb_backup);
	return true;
}
