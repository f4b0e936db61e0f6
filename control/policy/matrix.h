/* Who may use whose routes: the one table behind announcements, FIB views and the gate (Azure's
 * branch-to-branch rules). It knows roles and the exchange switch; no route, no peer. Its word form
 * is what the RIB and the FIB take. */
#ifndef BASCULE_MATRIX_H
#define BASCULE_MATRIX_H

#include <stdbool.h>
#include <stdint.h>

#include "role.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Routes of one NVA for another NVA: as exchange says, whatever it says, or never. Numbered as the
 * configuration does. */
enum matrix_nva_to_nva { MATRIX_NVA_EXCHANGE, MATRIX_NVA_ALWAYS, MATRIX_NVA_NEVER };

struct matrix_mode {
	bool exchange; /* the switch, default off */
	enum matrix_nva_to_nva nva_to_nva;
};

/* May `to` learn routes that come from `from`, and send packets along them? */
bool matrix_allows(enum role from, enum role to, struct matrix_mode mode);

/* All of it in one word: bit (ingress * 8 + egress) says that packets from a port of role `ingress`
 * may follow routes of role `egress`, that is matrix_allows(egress, ingress). The layout of the
 * gate in shared memory and of rib_allows(). */
uint64_t matrix_gate(struct matrix_mode mode);

#ifdef __cplusplus
}
#endif
#endif
