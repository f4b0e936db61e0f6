/* The role matrix and its word form. One table; nobody else decides who may use whose routes. */
#include "matrix.h"

enum rule { NEVER, EXCHANGE, ALWAYS, NVA_KNOB };

/* Rows: whose routes; columns: for whom. ExpressRoute circuits are joined by the provider, VPN
 * sites by their gateway. */
static const uint8_t matrix[ROLE_COUNT][ROLE_COUNT] = {
	/*		       expressroute  vpn       nva	 vnet */
	[ROLE_EXPRESSROUTE] = { NEVER, EXCHANGE, EXCHANGE, ALWAYS },
	[ROLE_VPN] = { EXCHANGE, NEVER, EXCHANGE, ALWAYS },
	[ROLE_NVA] = { EXCHANGE, EXCHANGE, NVA_KNOB, ALWAYS },
	[ROLE_VNET] = { ALWAYS, ALWAYS, ALWAYS, ALWAYS },
};

bool matrix_allows(enum role from, enum role to, struct matrix_mode mode)
{
	switch (matrix[from][to]) {
	case ALWAYS: return true;
	case EXCHANGE: return mode.exchange;
	case NVA_KNOB:
		return mode.nva_to_nva == MATRIX_NVA_ALWAYS ||
		       (mode.nva_to_nva == MATRIX_NVA_EXCHANGE && mode.exchange);
	default: return false;
	}
}

uint64_t matrix_gate(struct matrix_mode mode)
{
	uint64_t gate = 0;

	for (unsigned int ingress = 0; ingress < ROLE_COUNT; ingress++) {
		for (unsigned int egress = 0; egress < ROLE_COUNT; egress++) {
			if (matrix_allows((enum role)egress, (enum role)ingress, mode))
				gate |= UINT64_C(1) << (ingress * 8 + egress);
		}
	}
	return gate;
}
