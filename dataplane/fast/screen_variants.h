/* The variants of screening, and the choice among them. */
#ifndef BASCULE_SCREEN_VARIANTS_H
#define BASCULE_SCREEN_VARIANTS_H

#include "screen.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef RTE_ARCH_X86_64
#define SCREEN_X86
extern const struct screen screen_sse4, screen_avx2, screen_avx512;
#endif

/* From the plain one to the widest, ended by NULL. */
extern const struct screen *const screens[];

/* The widest that this CPU can use. */
const struct screen *screen_choose(void);

#ifdef __cplusplus
}
#endif
#endif
