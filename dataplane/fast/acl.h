/* Access lists, compiled: librte_acl finds the first rule that a packet fits, for a burst at once.
 *
 * A list is of both families, and compiled once for each, into a context that looks at keys of that
 * family's headers. A rule without addresses is in both. Of IPv6 the protocol is the one behind the
 * extension headers; where those do not end within reach (ip6.h), nobody can judge the packet, and
 * it is refused whatever the rules say (RFC 7112).
 *
 * Fragments (RFC 1858, RFC 3128). The first part of a packet has its ports, the others have none.
 *   - What could hide or overwrite what a rule asks for is refused whatever the rules say: a first
 *     part of TCP with less than 16 octets of it, one that begins at octet 8, and what is too short
 *     for the header of UDP or ICMP.
 *   - Of IPv6, the first part has all extension headers (RFC 7112); the protocol of others is what
 *     their fragment headers say.
 *   - Other parts fit rules by addresses and protocol alone. A rule that permits fits them without
 *     its ports, types and flags: without the first part, which has to fit them all, they are
 *     nothing. A rule that denies and asks for such passes them over. */
#ifndef BASCULE_ACL_H
#define BASCULE_ACL_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_acl.h>

#include "config_acl.h"
#include "fib_prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Lcores only read it, but for their own hits. */
struct acl {
	struct config_acl config;	       /* owned: a copy */
	struct rte_acl_ctx *ctx[FIB_FAMILIES]; /* owned; NULL: there are no rules of that family */
	/* [0] what no rule fits, [1 + r] rule r */
	bool *deny;	/* owned */
	uint64_t *hits; /* owned; a row for each lcore, which alone writes it */
	uint32_t row;	/* words of a row: whole lines */
	uint16_t nb_lcores;
	uint32_t refs; /* of tables (filter.h); the main lcore's */
};

/* Of `some` of a burst, a bit for each. */
struct acl_verdict {
	uint64_t denied;
	/* whom nobody can judge; not among `denied` */
	uint64_t broken; /* fragments */
	uint64_t hidden; /* behind extension headers */
};

/* A copy of `config`, not compiled, one reference. NULL: no memory. */
struct acl *acl_new(const struct config_acl *config, uint16_t nb_lcores);
/* Any thread, once; may take its time. -ENOMEM or what librte_acl says. */
int acl_compile(struct acl *acl);
/* No reader may be inside when the last reference goes. */
void acl_put(struct acl *acl);

/* Judge good packets of `family`: `frame` of each, header and all that its length says behind the
 * Ethernet header. Counts hits of `lcore`; ACL_UNCOUNTED: none. */
enum { ACL_UNCOUNTED = UINT16_MAX };
struct acl_verdict acl_judge(const struct acl *acl, enum fib_family family, uint16_t lcore,
			     const uint8_t *const *frame, uint64_t some);

/* Of all lcores. `rule` as in struct acl. */
uint64_t acl_hits(const struct acl *acl, uint32_t rule);

#ifdef __cplusplus
}
#endif
#endif
