/* Commands that move the exchange switch, from the question to the answer: between the two the
 * state file is written, by a thread of its own (exchange.h), and the RIB lcore goes on.
 *
 *   on      stored first; then tables, gate and announcements move, and the answer says so. What
 *           cannot be stored, or not in time, moves nothing, and the file is to say again what is
 *   off     moves at once; the answer waits for the file, and warns if it cannot be written
 *   reload  one that turns the switch on is stored first, likewise; all others wait for no disk
 *
 * What shuts a part of the gate is answered when every forwarding lcore has been quiescent since
 * (forwarding_grace_over()): one may have been stopped between its look at the gate and the end of
 * its burst. After the answer no packet leaves that the gate forbids; that an lcore hangs is said
 * in it.
 *
 * Thread: the RIB lcore. */
#ifndef BASCULE_EXCHANGE_WAIT_H
#define BASCULE_EXCHANGE_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "page.h"

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;

enum { EXCHANGE_WAIT_MS = 5000 }; /* a command waits no longer for the disk, or for readers */

/* PAGE_EXCHANGE_SET and PAGE_RELOAD. Kept, and answered by exchange_wait_turn(), at the earliest in
 * this turn. */
void exchange_wait_begin(struct route_server *rs, struct page *page);
/* Answer whose file has been written and whose readers have passed by, or not in time. Returns how
 * many. */
unsigned int exchange_wait_turn(struct route_server *rs);
/* The page's configuration has been applied, or the page says why not; `gate` is what it was
 * before. */
void exchange_wait_reloaded(struct route_server *rs, struct page *page, uint64_t gate);
/* Now and then: say when the file falls into trouble, and when that is over. */
void exchange_wait_look(struct route_server *rs);

#ifdef __cplusplus
}
#endif
#endif
