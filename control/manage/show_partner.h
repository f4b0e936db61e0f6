/* What the management thread's watch has seen of the partner, kept on the RIB lcore and shown. The
 * partner is asked by partner_watch.h. Thread: the RIB lcore. */
#ifndef BASCULE_SHOW_PARTNER_H
#define BASCULE_SHOW_PARTNER_H

#include "rows.h"

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;

/* PAGE_PARTNER_SEEN: keep the view, note what has become an alarm or is none any more, and say whom
 * to look at next. */
void partner_seen(struct route_server *rs, struct page *page);
/* PAGE_PARTNER: the peers of the last view, a page at a time. */
void show_partner(const struct route_server *rs, struct page *page);
void summary_partner(const struct route_server *rs, struct row_summary_partner *row);

#ifdef __cplusplus
}
#endif
#endif
