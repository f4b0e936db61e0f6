/* The role matrix: every pair of roles in every mode, as Azure Route Server's documents say it, and
 * its word form. */
#include <gtest/gtest.h>

#include "matrix.h"

namespace
{

enum when { NEVER, WHEN_ON, ALWAYS };

struct row {
	enum role from, to;
	enum when when; /* with nva_to_nva = "exchange" */
};

const row rows[] = {
	{ ROLE_EXPRESSROUTE, ROLE_EXPRESSROUTE, NEVER }, /* circuit to circuit is Global Reach's */
	{ ROLE_EXPRESSROUTE, ROLE_VPN, WHEN_ON },
	{ ROLE_EXPRESSROUTE, ROLE_NVA, WHEN_ON },
	{ ROLE_EXPRESSROUTE, ROLE_VNET, ALWAYS },
	{ ROLE_VPN, ROLE_EXPRESSROUTE, WHEN_ON },
	{ ROLE_VPN, ROLE_VPN, NEVER }, /* a VPN gateway joins its own sites */
	{ ROLE_VPN, ROLE_NVA, WHEN_ON },
	{ ROLE_VPN, ROLE_VNET, ALWAYS },
	{ ROLE_NVA, ROLE_EXPRESSROUTE, WHEN_ON },
	{ ROLE_NVA, ROLE_VPN, WHEN_ON },
	{ ROLE_NVA, ROLE_NVA, WHEN_ON },
	{ ROLE_NVA, ROLE_VNET, ALWAYS },
	{ ROLE_VNET, ROLE_EXPRESSROUTE, ALWAYS },
	{ ROLE_VNET, ROLE_VPN, ALWAYS },
	{ ROLE_VNET, ROLE_NVA, ALWAYS },
	{ ROLE_VNET, ROLE_VNET, ALWAYS },
};

TEST(matrix, every_pair_of_roles)
{
	ASSERT_EQ((size_t)ROLE_COUNT * ROLE_COUNT, sizeof(rows) / sizeof(rows[0]));
	for (const row &r : rows) {
		EXPECT_EQ(r.when == ALWAYS,
			  matrix_allows(r.from, r.to, { false, MATRIX_NVA_EXCHANGE }))
			<< role_name(r.from) << " to " << role_name(r.to) << ", off";
		EXPECT_EQ(r.when != NEVER,
			  matrix_allows(r.from, r.to, { true, MATRIX_NVA_EXCHANGE }))
			<< role_name(r.from) << " to " << role_name(r.to) << ", on";
	}
}

TEST(matrix, the_nva_knob_moves_nva_to_nva_alone)
{
	for (bool on : { false, true }) {
		EXPECT_TRUE(matrix_allows(ROLE_NVA, ROLE_NVA, { on, MATRIX_NVA_ALWAYS }));
		EXPECT_FALSE(matrix_allows(ROLE_NVA, ROLE_NVA, { on, MATRIX_NVA_NEVER }));
		for (const row &r : rows) {
			if (r.from == ROLE_NVA && r.to == ROLE_NVA)
				continue;
			for (enum matrix_nva_to_nva knob : { MATRIX_NVA_ALWAYS, MATRIX_NVA_NEVER })
				EXPECT_EQ(matrix_allows(r.from, r.to, { on, MATRIX_NVA_EXCHANGE }),
					  matrix_allows(r.from, r.to, { on, knob }));
		}
	}
}

TEST(matrix, the_gate_is_the_matrix_by_ingress_and_egress)
{
	for (bool on : { false, true }) {
		for (enum matrix_nva_to_nva knob :
		     { MATRIX_NVA_EXCHANGE, MATRIX_NVA_ALWAYS, MATRIX_NVA_NEVER }) {
			uint64_t gate = matrix_gate({ on, knob }), want = 0;

			for (const row &r : rows) {
				if (matrix_allows(r.from, r.to, { on, knob }))
					want |= UINT64_C(1) << (r.to * 8 + r.from);
			}
			EXPECT_EQ(want, gate);
		}
	}
	EXPECT_EQ(UINT64_C(0x0f080808), matrix_gate({ false, MATRIX_NVA_EXCHANGE }));
	EXPECT_EQ(UINT64_C(0x0f0f0d0e), matrix_gate({ true, MATRIX_NVA_EXCHANGE }));
}

} /* namespace */
