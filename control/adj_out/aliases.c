/* See aliases.h. */
#include "aliases.h"

#include "attrs.h"

bool aliases_have(const struct out_session *session, const struct attrs *attrs)
{
	if (attr_next_hop_names(attrs->wire, attrs->len, session->config->addr))
		return true;
	for (uint8_t i = 0; i < session->nb_aliases; i++)
		if (attr_next_hop_names(attrs->wire, attrs->len, session->alias[i]))
			return true;
	return false;
}

bool aliases_note(struct out_session *session, const struct attrs *attrs)
{
	struct addr addr = attr_next_hop(attrs->wire, attrs->len, 0).addr;

	if (session->nb_aliases == ALIASES || addr_unspecified(addr) ||
	    aliases_have(session, attrs))
		return false;
	session->alias[session->nb_aliases++] = addr;
	return true;
}
