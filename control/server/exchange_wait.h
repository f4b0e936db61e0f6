/* Commands that move the exchange switch, between the question and the answer. Meanwhile a thread
 * of the state file writes it (exchange.h), and the RIB lcore goes on.
 *
 *   on      The file is written first. Then tables, gate and announcements move, and the command is
 *           answered. If the file cannot be written, or not in time, nothing moves, and the file is
 *           to say "off" again.
 *   off     Everything moves at once. The answer waits for the file, and warns if that cannot be
 *           written.
 *   reload  If the new configuration turns the switch on, the file is written first, as for "on".
 *           All other reloads wait for no disk.
 *
 * A command that shuts a part of the gate is answered when every forwarding lcore has been
 * quiescent since then (forwarding_grace_over()), because an lcore may have been stopped between
 * its look at the gate and the end of its burst. So after the answer no packet leaves that the gate
 * forbids. If an lcore hangs, the answer comes after EXCHANGE_WAIT_MS and says that.
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

enum { EXCHANGE_WAIT_MS = 5000 }; /* a command waits so long for the disk or for lcores */

/* Take a page with the command PAGE_EXCHANGE_SET or PAGE_RELOAD. exchange_wait_turn() answers it,
 * in this turn or in a later one. */
void exchange_wait_begin(struct route_server *rs, struct page *page);
/* Answer the pages whose file has been written and for which all lcores have been quiescent, and
 * those that have waited for EXCHANGE_WAIT_MS. Returns how many were answered. */
unsigned int exchange_wait_turn(struct route_server *rs);
/* reload_turn() has returned the page: its configuration has been applied, or the page says why
 * not. `gate`: what the gate was before. */
void exchange_wait_reloaded(struct route_server *rs, struct page *page, uint64_t gate);
/* Note an event when the state file cannot be written any more, and when it can be again. To be
 * called about once a second. */
void exchange_wait_look(struct route_server *rs);

#ifdef __cplusplus
}
#endif
#endif
