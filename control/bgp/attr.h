/* Path attributes on the wire. One const table says for each attribute what is well-formed and what
 * a fault costs (RFC 7606 7). attr_section_decode() turns the attributes of an UPDATE into
 * canonical form (attrs.h). Pure: whether a route is accepted is decided elsewhere. */
#ifndef BASCULE_ATTR_H
#define BASCULE_ATTR_H

#include "attrs.h"
#include "cursor.h"
#include "decoded.h"
#include "message.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All prefixes of an UPDATE. */
struct attr_nlri {
	struct nlri withdrawn[FAMILY_COUNT], announced[FAMILY_COUNT];
};
void attr_nlri_init(struct attr_nlri *nlri, bool allow_240);
/* Those that are to be seen to now (update_decode()): out->withdrawn, out->announced, out->family,
 * out->rest. */
void attr_nlri_choose(const struct attr_nlri *nlri, const struct update_ctx *ctx,
		      struct bgp_update *out);

/* Judge the path attributes of an UPDATE and find their NLRI.
 *   section   the path attributes field
 *   nlri      the message announces prefixes in its own field, so that attributes are mandatory
 *             even without MP_REACH
 *   found     the prefixes of the message's own fields; those of the MP attributes are added
 *   attrs     BGP_ATTRS_MAX octets for the canonical form
 * Chooses prefixes as attr_nlri_choose() does; sets keys, attrs_len, fault and notify. Returns the
 * worst verdict. */
enum bgp_verdict attr_section_decode(struct cursor section, bool nlri, const struct update_ctx *ctx,
				     struct attr_nlri *found, uint8_t *attrs,
				     struct bgp_update *out);

/* Canonical attributes as a peer without 4-octet AS numbers must get them (RFC 6793 4.2.2):
 * AS_TRANS in AS_PATH and AGGREGATOR, the truth in AS4_PATH and AS4_AGGREGATOR where it is needed.
 * Overflow: out->full. */
void attrs_downgrade(const uint8_t *attrs, uint16_t len, struct attr_writer *out);

#ifdef __cplusplus
}
#endif
#endif
