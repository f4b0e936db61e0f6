/* The choice among the variants of screening. */
#include "screen_variants.h"

const struct screen *const screens[] = {
	&screen_plain,
#ifdef SCREEN_X86
	&screen_sse4,  &screen_avx2, &screen_avx512,
#endif
	NULL,
};

const struct screen *screen_choose(void)
{
	const struct screen *best = &screen_plain;

	for (const struct screen *const *s = screens; *s; s++) {
		if ((*s)->usable())
			best = *s;
	}
	return best;
}
