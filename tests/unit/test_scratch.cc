/* The scratch: nobody is given what somebody else still holds. */
#include <gtest/gtest.h>

#include <memory>

#include "scratch.h"

TEST(scratch, what_is_held_is_not_given_to_another)
{
	std::unique_ptr<struct scratch> scratch(new struct scratch());
	struct route_map_result *held[SCRATCH_SLOTS];

	for (int i = 0; i < SCRATCH_SLOTS; i++) {
		enum scratch_slot slot = (enum scratch_slot)i;

		held[i] = scratch_take(scratch.get(), slot);
		for (int other = 0; other < i; other++)
			EXPECT_NE(held[other], held[i]);
		EXPECT_DEATH(scratch_take(scratch.get(), slot), "taken") << i;
	}
	for (int i = 0; i < SCRATCH_SLOTS; i++) {
		enum scratch_slot slot = (enum scratch_slot)i;

		scratch_give(scratch.get(), slot);
		EXPECT_DEATH(scratch_give(scratch.get(), slot), "taken") << i;
		EXPECT_EQ(held[i], scratch_take(scratch.get(), slot)) << "what was given back";
		scratch_give(scratch.get(), slot);
	}
}
