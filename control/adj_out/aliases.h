/* The addresses that a peer goes by beside that of its session: the next hops that it names itself.
 * They are its own, as where it announces routes of another family than its session's; or it shares
 * them, as the virtual address of a pair. Told one of these as next hop, it would send packets to
 * itself (RFC 4271 5.1.3). Where it names that of a third party, it is told ours in its place, by
 * which packets arrive too. Thread: the RIB lcore. */
#ifndef BASCULE_ALIASES_H
#define BASCULE_ALIASES_H

#include <stdbool.h>
#include <stdint.h>

#include "adj_out.h"

#ifdef __cplusplus
extern "C" {
#endif

struct attrs;

/* It has announced routes with these attributes. True: by a next hop that it has not named before
 * in this session, which what it was told may name. Of more than ALIASES none is remembered, so
 * that this is so ALIASES times at most. */
bool aliases_note(struct out_session *session, const struct attrs *attrs);
/* Is the next hop, or one of the two, an address of its own? */
bool aliases_have(const struct out_session *session, const struct attrs *attrs);

#ifdef __cplusplus
}
#endif
#endif
