/* The columns that every table of routes has, in their order: routes look alike wherever they are
 * shown. A table puts its own in front and behind. */
#ifndef BASCULE_CLI_ROUTE_COLUMNS_H
#define BASCULE_CLI_ROUTE_COLUMNS_H

#include "table.h"

/* What the peer has sent. */
#define ROUTE_COLUMNS_PATH \
	{ "AS PATH", "as_path", cell_text }, \
	{ \
		"ORIGIN", "origin", cell_text \
	}
#define ROUTE_COLUMNS_REST \
	{ "MED", "med", cell_text, true }, \
	{ \
		"COMMUNITIES", "communities", cell_list \
	}

/* The same with the local preference that is ours. */
#define ROUTE_COLUMNS \
	ROUTE_COLUMNS_PATH, { "PREF", "local_pref", cell_text, true }, ROUTE_COLUMNS_REST

#endif
